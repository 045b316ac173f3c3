/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Checking a workflow whole
 *
 * Everything that can be known to be wrong before a run, told at once with file and line: shape,
 * agents and actions, expressions, references to what does not exist or does not come before,
 * static inputs that do not fit the action's schema, steps that would get into each other's way.
 */

#include "base/schema.h"
#include "flow/flow.h"

/* What the check wants to know of an action; all of it stays the catalog's. */
struct flow_action {
        const struct schema *input;
        const struct schema *output;
        enum workspace_mode workspace;
        enum risk risk;
        bool is_idempotent;
};

/*
 * How agents are found, given by who knows of plugins: 0 and *ret filled; -ENOENT when there is no
 * such agent or action, with a sentence in `err` that also suggests ("no agent is called \"patchr\"
 * (did you mean \"patcher\"?)"). NULL instead of a catalog leaves agents unchecked.
 */
struct flow_catalog {
        int (*lookup)(void *user, const char *agent, const char *action, struct flow_action *ret,
                      struct err *err);
        void *user;
        /* Can that trigger be waited for? NULL: not asked. */
        int (*trigger)(const struct flow_trigger *trigger, struct err *err);
};

/* Adds what is wrong with a workflow that was read without errors. 0, or -ENOMEM. */
int flow_check(const struct flow *f, const struct flow_catalog *catalog, struct faults *faults);

/*
 * Reads and checks. 0: *ret is fit to run, `faults` may hold warnings. -EBADMSG: it is not;
 * `faults` holds everything found, `err` the first error. Another errno: the file could not be
 * read.
 */
int flow_check_file(struct flow **ret_flow, const char *path, const struct flow_catalog *catalog,
                    struct faults *faults, struct err *err);

/*
 * Checks a run's inputs against the workflow's schema, after defaults were filled into `inputs` (an
 * object). -EBADMSG with the first faults in `err`.
 */
int flow_check_inputs(const struct flow *f, json_t *inputs, struct err *err);
