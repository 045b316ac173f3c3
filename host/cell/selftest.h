/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Self-test: does what confines really confine?
 *
 * That a call to set up a layer succeeded says little: a security module, an emulator or a mistake
 * of ours may make it a no-op. So the first cell of every zygote is a throw-away one. It is made
 * like all others, from the namespaces to the second stage of the filter, and after each layer, but
 * before the next would hide the answer, it tries what that layer promises to deny. No agent is
 * ever in it. The host refuses to run agents when one promise does not hold.
 */

#include "base/err.h"
#include "cell/spawn.h"

#include <linux/filter.h>

/* The one frame of a self-test: its result, then the promises that did not hold; none is well. */
#define SELFTEST_END 1

struct selftest_result {
        uint8_t tried[SPAWN_FEATURES_]; /* promises tried, by the bit of their feature */
};

/* After which layer? */
enum selftest_stage {
        SELFTEST_ROOT, /* namespaces, root, capabilities, limits */
        SELFTEST_LANDLOCK,
        SELFTEST_MDWE,
        SELFTEST_SECCOMP,
        SELFTEST_STAGE2,
};

/* To be called before the filter: its promises are seen by their signal. */
int selftest_begin(uint32_t features, int landlock_abi, struct err *err);

void selftest_try(enum selftest_stage stage);

/* Tries the rest, tells the host and ends the process. `stage2` may be NULL. */
_Noreturn void selftest_main(int socket, const struct sock_fprog *stage2);
