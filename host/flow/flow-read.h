/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading of workflows that may be broken: for check.c, which wants to go on and find more
 */

#include "flow/flow.h"

/*
 * Like flow_load(), but 0 also when the definition has faults: then *ret has what could be made out
 * of it, with NULL for what is missing and `needs` that may lead in circles.
 */
int flow_read(struct flow **ret_flow, const char *path, struct faults *faults, struct err *err);

/* A workflow that is being read, and the one whose step runs it. */
struct flow_nest {
        const char *name;
        const struct flow_nest *outer;
        size_t *n_files; /* read so far for the outermost one */
};

/* The same for one that a step of another names. */
int flow_read_within(struct flow **ret, const char *path, const struct flow_nest *nest,
                     struct faults *faults, struct err *err);
int flow_from_json_within(struct flow **ret, const json_t *json, const char *name,
                          const struct flow_nest *nest, struct err *err);
