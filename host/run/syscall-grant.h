/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Syscall grants: which agents get the groups of system calls that their manifests ask for
 *
 * The admin's option `syscalls.grants` is a list of groups {group, agents}: a name of
 * `linhay doctor --policy`, and the agents that may have it ("NAME" or "NAME@SHA256"; without a
 * list all that ask). What a manifest does not ask for is not given to it. Exec agents have their
 * groups by exec-grant.h.
 */

#include "plug/catalog.h"

#include <jansson.h>

/* -EINVAL: a grant names a group that there is not; the text says which there are, and `origin`
 * ("file:line") first. NULL is no grant. */
int syscall_grants_check(const json_t *grants, const char *origin, struct err *err);

/* *ret: names of both, NULL-terminated; the list is the caller's, its texts the manifest's. */
int syscall_grant_make(const char ***ret, const json_t *grants, const struct agent *agent,
                       struct err *err);
