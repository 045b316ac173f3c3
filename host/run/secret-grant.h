/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Secret grants: which secrets an agent is given, and their bytes
 *
 * A manifest asks for secrets by name; the admin's option `secrets.grants` gives them, to the
 * agents that it names. The bytes are read when a step starts, from a file that nobody but its
 * owner can read, or from a credential of systemd. Each then lies in one sealed memory file, for
 * the cell, and in a `redact`, so that it is known again in what the agent says.
 */

#include "base/redact.h"
#include "cell/cell.h"
#include "plug/catalog.h"

#include <jansson.h>

struct secret_grant {
        struct cell_secret list[REDACT_SECRETS]; /* names are the manifest's */
        size_t n;
        struct redact *redact; /* NULL = the agent asks for none */
};

/*
 * `grants` as checked by conf/options.h, or NULL. -EACCES: one is not granted, or everybody can
 * read it; other errnos: it cannot be read. The text says what to write where.
 */
int secret_grant_make(struct secret_grant *ret, const json_t *grants, const struct agent *agent,
                      struct err *err);

/* Closes the memory files: the cell has its own. What knows the secrets again stays. */
void secret_grant_close(struct secret_grant *g);

/* Forgets all. */
void secret_grant_done(struct secret_grant *g);
