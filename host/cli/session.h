/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What most verbs need: a loop, a sandbox and the catalog of agents, opened together and in that
 * order (the zygote is exec'd before anything else is loaded).
 */

#include "base/err.h"
#include "base/loop.h"
#include "cell/cell.h"
#include "plug/catalog.h"

struct session {
        struct loop *loop;
        struct sandbox *sandbox;
        struct catalog *catalog;
};

/* `allow_degraded` names layers that may be missing; NULL-terminated or NULL. */
int session_open(struct session *s, const char *const *allow_degraded, struct err *err);
void session_done(struct session *s);
