/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * System call filter
 *
 * Built by libseccomp in the host, once for each set of granted groups, and handed to the cell as
 * BPF in a sealed memfd. Default-deny: what the policy (policy.h) does not name ends the cell with
 * VERDICT_SYSCALL.
 * Stage 1 is in force before the agent's first byte is mapped; stage 2, added after it prepared,
 * takes executable mappings away.
 *
 * What honest libraries merely try gets an errno instead; the tables say which.
 */

#include "base/err.h"

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

/*
 * The name of a system call, for a verdict: the caller frees it; NULL when the number means nothing
 * here. `arch` is AUDIT_ARCH_*.
 */
char *filter_syscall_name(uint32_t arch, int number);
