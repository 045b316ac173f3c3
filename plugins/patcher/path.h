/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which paths a patch may name
 *
 * Stricter than the file system and as strict as git: relative, no empty, "." or ".." component,
 * nothing that any file system would take for ".git" (other case, HFS+ ignorable characters, NTFS
 * short names, streams and trailing dots or blanks). Pure: nothing here looks at a tree.
 */

#include "refusal.h"

#define PATH_BYTES_MAX      4095
#define PATH_COMPONENT_MAX  255
#define PATH_FOLDERS_MAX    256 /* above a file */
#define PATH_LINK_BYTES_MAX 4095

int path_check(const char *path, struct refusal *why);

/*
 * May the symbolic link `path` point to `target`? Only to places in the tree, and only if that can
 * be seen from the text: ".." stands at the front and never climbs above the top. `.gitmodules`
 * cannot be a link.
 */
int path_check_link(const char *path, const char *target, size_t length, struct refusal *why);
