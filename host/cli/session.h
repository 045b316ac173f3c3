/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What most verbs need: the admin's options, a loop, a sandbox and the catalog of agents, opened
 * together and in that order (the zygote is exec'd before anything of a run is loaded).
 */

#include "base/err.h"
#include "base/loop.h"
#include "cell/cell.h"
#include "conf/options.h"
#include "plug/catalog.h"
#include "run/attempt.h"
#include "run/engine.h"
#include "store/store.h"

struct session {
        struct options *options;
        const char **allow_degraded;            /* of the options and of the command line */
        struct limits max;                      /* the options' limits.max */
        struct engine_agent_slots *agent_slots; /* run.agents */
        size_t n_agent_slots;
        struct loop *loop;
        struct sandbox *sandbox;
        struct catalog *catalog;
};

/* --allow-degraded as it was given (NULL-terminated, or NULL): -EINVAL for what is no layer. */
int session_degraded_check(const char *const *given, struct err *err);

/* `allow_degraded` names layers that may be missing; NULL-terminated or NULL. */
int session_open(struct session *s, const char *const *allow_degraded, struct err *err);
void session_done(struct session *s);

/*
 * Everything that a reload may change, read anew and checked: options, limits, and a catalog that
 * knows no agent yet. Loop and sandbox stay with `s`. Then session_adopt() swaps it in whole, or
 * session_done() lets it go and nothing has changed.
 */
int session_renew(struct session *ret, const struct session *s, struct err *err);
void session_adopt(struct session *s, struct session *renewed);

/* A catalog alone that knows no agent yet, to be let go by catalog_free(). */
int session_catalog(const struct session *s, struct catalog **ret, struct err *err);

/* What confines here, without a session: see sandbox_look(). */
int session_look(json_t **ret, enum tier *ret_tier, struct err *ret_refusal, struct err *err);

/* How long a store keeps what it holds, as the admin's files say. */
struct store_limits session_store_limits(const struct options *options);

/* How many steps and runs an engine may have at once, as the options say; what it points to stays
 * the session's. */
void session_limits(const struct session *s, struct engine_options *ret);

/* What the admin's files grant to every agent; what it points to stays the session's. */
struct grants session_grants(const struct session *s);
