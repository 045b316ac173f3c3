/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pool: cells made ahead
 *
 * A warm cell is confined, has loaded its agent and let it prepare, and waits to be somebody's. It
 * was told nothing of any step: no action, no input, no file, no tree. It is given one request,
 * once; its tree comes just before (cell/late.h). Cells are kept by profile, which is all that is
 * fixed at confinement: the object's sha256, the groups, the workspace's mode, the limits. Exec
 * agents have none: their program begins with the request.
 *
 * A profile is kept warm when it was used twice, or when the caller says so: the first cell as soon
 * as a step has ended, the others when nothing has begun or ended for a moment, one after the
 * other. Its cells end when it is not used for a while, when another object of the same agent is
 * asked for, on pool_drain(), and with the zygote. What cannot be kept warm is started on the spot.
 */

#include "cell/cell.h"

struct pool;

/* `most`: cells for each profile. */
int pool_new(struct pool **ret, struct sandbox *s, size_t most);
struct pool *pool_free(struct pool *p);

/* A warm cell for such a step, the caller's now; NULL when there is none. The pool may be NULL. */
struct cell *pool_take(struct pool *p, const struct cell_spec *spec);

/* Keeps `n` of these from now on. */
int pool_want(struct pool *p, const struct cell_spec *spec, size_t n, struct err *err);

/* A step has ended. The pool may be NULL. */
void pool_stir(struct pool *p);

/* A warm cell has prepared its agent; it has ended, and is about to be freed. */
void pool_prepared(struct pool *p);
void pool_lost(struct pool *p, const struct cell *c);

/* Ends all of them. The pool may be NULL. */
void pool_drain(struct pool *p);

/* How many are prepared. */
size_t pool_count(const struct pool *p);

/* The row of sandbox_describe(). The pool may be NULL. */
json_t *pool_describe(const struct pool *p);
