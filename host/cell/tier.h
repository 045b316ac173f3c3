/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tiers: how much confines, in one word
 *
 * Pure: what the zygote found goes in, tier, refusal and the rows of `linhay doctor` come out.
 */

#include "cell/cell.h"
#include "cell/selftest.h"
#include "cell/spawn.h"

/* Why a layer is missing, as the zygote found; "" = it is there. */
struct tier_causes {
        const char *userns;
        const char *cgroup;
};

enum tier tier_find(const struct spawn_hello *hello);

/* 0, or -EPERM with the layer, the cause and the remedies. Landlock and seccomp are never optional.
 */
int tier_require(enum tier tier, const struct spawn_hello *hello, const struct tier_causes *why,
                 const struct sandbox_options *options, struct err *err);

/* The rows of doctor. */
json_t *tier_describe(const struct spawn_hello *hello, const struct tier_causes *why,
                      const struct selftest_result *tested);
