/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Ids of runs, and how people name what is inside one
 *
 * 20 characters of lower-case Crockford base32: 48 bits of milliseconds since 1970, then 52 random
 * bits. So ids sort by time, are unique across stores and machines, and read aloud well. Where a
 * person types one, upper case, the look-alikes (o, i, l) and any unique prefix are accepted;
 * store_run_find() resolves prefixes.
 */

#include "base/err.h"

#define RUN_ID_LENGTH 20
#define RUN_ID_SIZE   (RUN_ID_LENGTH + 1)
#define STEP_ID_SIZE  64 /* [a-z][a-z0-9_-]{0,62} and a NUL */

/* A new id for a run that starts at `now_ms`; -errno when the kernel has no random bytes to give.
 */
int id_new(char ret[RUN_ID_SIZE], uint64_t now_ms);

/* The same, and behind `last` ("" = none) whatever the clock says: so ids keep the order of runs.
 */
int id_next(char ret[RUN_ID_SIZE], const char *last, uint64_t now_ms);

/* Exactly a whole id, as id_new() writes it? */
bool id_is_valid(const char *text);

/* The milliseconds in an id; 0 when it is not one. */
uint64_t id_time_ms(const char *id);

/* One step of a run, or one item of a `for_each` step. */
struct step_key {
        const char *run;
        const char *step;
        int item; /* -1: the step itself */
};

#define STEP_KEY(r, s) ((struct step_key){ .run = (r), .step = (s), .item = -1 })

/* What a person typed: RUN, RUN/STEP or RUN/STEP/ITEM. */
struct id_ref {
        char run[RUN_ID_SIZE];   /* a prefix of at least 4 characters, normalised; "" never */
        char step[STEP_ID_SIZE]; /* "" when only a run was named */
        int item;                /* -1 when none was named */
};

/* -EINVAL says what is wrong and shows an example. */
int id_ref_parse(struct id_ref *ret, const char *text, struct err *err);
