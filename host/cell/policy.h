/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Policies: which system calls an agent may make, as tables
 *
 * The one place that says so. A filter is built from a policy (filter.h); the same policy answers
 * what the filter would do with a call, prints itself, and knows which grant a denied call lacks.
 * What no row names ends the cell.
 */

#include "base/err.h"
#include "cell/call.h"

#include <jansson.h>
#include <seccomp.h>

/* The runtime's handler names the call and ends the cell; stage 1 keeps the handler in place. */
#define POLICY_END SCMP_ACT_TRAP

struct policy_row {
        const char *name;
        uint32_t action; /* SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(), POLICY_END */
        unsigned n_args;
        struct scmp_arg_cmp args[3];
};

/* A set of calls with one purpose: names without a condition, or rows. */
struct policy_set {
        const char *name;
        const char *purpose;
        const char *const *names;
        size_t n_names;
        const struct policy_row *rows;
        size_t n_rows;
};
#define POLICY_GROUPS 4
#define POLICY_SETS   10

/* For a set of granted groups. Sets of a group come first: libseccomp keeps the widest rule of an
 * action, and says so by -EEXIST. */
struct policy {
        const struct policy_set *stage1[POLICY_GROUPS + POLICY_SETS];
        size_t n_stage1;
        const struct policy_set *stage2[2];
        size_t n_stage2;
        uint32_t flags; /* SPAWN_* that follow from the groups */
};

/* `groups` as granted, NULL-terminated or NULL. -EINVAL names the group that does not exist. */
int policy_make(struct policy *ret, const char *const *groups, struct err *err);

/* One row a group, for documentation and doctor: name and one line; NULL past the last. */
const char *policy_group_name(size_t i);
const char *policy_group_summary(size_t i);

/* What is done with one call. */
enum policy_rule { POLICY_ALLOWS, POLICY_ANSWERS, POLICY_ENDS };

struct policy_decision {
        enum policy_rule rule;
        int error;       /* of POLICY_ANSWERS */
        const char *set; /* the set or group whose row it is; NULL = none has it */
};

/* `is_prepared`: stage 2 is in force as well. */
struct policy_decision policy_decide(const struct policy *p, bool is_prepared, const char *call,
                                     const uint64_t args[CALL_ARGS]);

/*
 * Which grant would allow that call, or that nothing does; one sentence. `args` as the process had
 * them, or NULL where they are not known.
 */
const char *policy_remedy(const char *call, const uint64_t *args);

/*
 * The whole policy: {"stage1": [{"set", "purpose", "calls": [{"call", "rule": "allow|errno|end",
 * "errno", "when"}]}], "stage2": the same, "otherwise"}; new reference, or NULL.
 */
json_t *policy_describe(const struct policy *p);
