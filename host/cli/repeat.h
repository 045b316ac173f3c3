/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Repeating a run of a store that linhayd holds: the daemon does it, and keeps what was good by the
 * same rules as `linhay retry` does alone.
 */

#include "base/def.h"

#include <jansson.h>

struct repeat {
        const char *run;       /* as it was typed */
        const char *from;      /* a step, or NULL */
        const char *flow_name; /* of the new definition, or NULL */
        const char *store_option;
        const char *not_here; /* an option that was given and that only `linhay run` has, or NULL */
        bool wait, as_json;
};

/* True: a daemon holds the run's store, was asked, and *ret_exit is the exit status. */
bool repeat_by_daemon(const struct repeat *repeat, int *ret_exit);

/* Tells on stderr which steps of the new run will run, and why. */
void repeat_tell(const char *run, const char *old, const json_t *plan);

/* Exit status of what was refused. */
int repeat_exit(int r);
