/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Identity maps for mounts
 *
 * Where root runs the host, a tree's owner is made to appear as the cell's own id, so that files of
 * mode 0600 can be read and copied up just as when the owner himself runs the host. The kernel
 * takes such a map in the form of a user namespace; one for each owner is made and kept.
 */

#include "base/err.h"

#include <sys/types.h>

struct idmap;

/*
 * The user namespace that maps `uid` and `gid` to the cell's id; the descriptor is kept in
 * `*cache`. Only root of the initial user namespace can.
 */
int idmap_get(struct idmap **cache, uid_t uid, gid_t gid, int *ret_fd, struct err *err);
