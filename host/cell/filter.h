/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * System call filter
 *
 * Built by libseccomp in the host, once for each set of granted groups, and handed to the cell as
 * BPF in a sealed memfd. Default-deny: what is in no table ends the cell with VERDICT_SYSCALL.
 * Stage 1 is in force before the agent's first byte is mapped; stage 2, added after it prepared,
 * takes executable mappings away.
 *
 * What honest libraries merely try gets an errno instead; the tables say which.
 */

#include "base/err.h"
#include "cell/call.h"

#include <jansson.h>
#include <stdbool.h>

struct filter {
        int fd; /* sealed memfd: stage 1, then stage 2; instructions of struct sock_filter */
        uint32_t stage1_bytes;
        uint32_t stage2_bytes;
        uint32_t flags; /* SPAWN_* that follow from the groups */
};

void filter_done(struct filter *f);

/* `groups` as granted, NULL-terminated or NULL. -EINVAL names the group that does not exist. */
int filter_build(struct filter *ret, const char *const *groups, struct err *err);

/* The filter of the inspector, which reads one file and answers. */
int filter_build_inspector(struct filter *ret, struct err *err);

/* One row a group, for documentation and doctor: name and one line; NULL past the last. */
const char *filter_group_name(size_t i);
const char *filter_group_summary(size_t i);

/*
 * The name of a system call, for a verdict: the caller frees it; NULL when the number means nothing
 * here. `arch` is AUDIT_ARCH_*.
 */
char *filter_syscall_name(uint32_t arch, int number);

/*
 * Which grant would allow that call, or that nothing does; one sentence. `args` as the process had
 * them, or NULL where they are not known.
 */
const char *filter_syscall_remedy(const char *name, const uint64_t *args);

/* What a filter does with one call, from the tables that it is built from. */
enum filter_rule { FILTER_ALLOWS, FILTER_ANSWERS, FILTER_ENDS };

struct filter_decision {
        enum filter_rule rule;
        int error;       /* of FILTER_ANSWERS */
        const char *set; /* the set or group whose row it is; NULL = none has it */
};

/* `is_prepared`: stage 2 is in force as well. */
int filter_decide(struct filter_decision *ret, const char *const *groups, bool is_prepared,
                  const char *call, const uint64_t args[CALL_ARGS], struct err *err);

/*
 * The whole policy for those groups: {"stage1": [{"set", "purpose", "calls": [{"call", "rule":
 * "allow|errno|end", "errno", "when"}]}], "stage2": the same, "otherwise"}; new reference, or NULL.
 */
json_t *filter_policy(const char *const *groups, struct err *err);
