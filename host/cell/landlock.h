/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Landlock: the second fence around files, and the first around what namespaces do not cover
 *
 * Every right that the running kernel knows is handled, so whatever is not granted here is denied:
 * files by path, TCP, signals and abstract Unix sockets out of the cell. Rules are for the cell's
 * own tree (cell/root.h), or for a few folders of the host's where no namespace could be had.
 */

#include "base/err.h"
#include "base/verdict.h"

/* The ABI of the running kernel, or 0. */
int landlock_abi(void);

/* One path that stays reachable; a missing one is skipped where `is_optional`. */
struct landlock_rule {
        const char *path;
        int fd; /* instead of `path`, when that is NULL */
        enum { LANDLOCK_READ, LANDLOCK_LOAD, LANDLOCK_WRITE, LANDLOCK_DEVICE } access;
        bool is_optional;
};

/*
 * A set of rules, to be added to and then entered. Its descriptor, or -errno. Everything that this
 * ABI can deny and no rule allows is denied.
 */
int landlock_new(int abi, struct err *err);
int landlock_add(int ruleset, int abi, const struct landlock_rule *rules, size_t n,
                 struct err *err);

/* Restricts the calling process for good. no_new_privs must be set. */
int landlock_enter(int ruleset, struct err *err);
