/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * File names in the headers of patches
 *
 * Names may be quoted as in C, and may be followed by a tab and a time. `strip` leading components
 * are taken off, and runs of slashes become one. Lines are given without their newline. All
 * functions return 0 and an own copy, 0 and NULL where the line holds no such name, or refuse: a
 * name with a NUL, and an absolute one, which no strip makes right.
 */

#include "refusal.h"

/* The name in a line of a git header, up to a tab if `ends_at_tab`. */
int name_of_git(char **ret_name, const char *line, size_t length, unsigned strip, bool ends_at_tab,
                struct refusal *why);

/*
 * The name in a "---" or "+++" line of a plain diff. `other` is the name of the other side or NULL:
 * where this one is only that with more behind it ("file.orig"), the shorter one is meant.
 */
int name_of_plain(char **ret_name, const char *line, size_t length, unsigned strip,
                  const char *other, struct refusal *why);

/* The name that a "diff --git" line holds twice. `line` begins behind "diff --git ". */
int name_of_both(char **ret_name, const char *line, size_t length, unsigned strip,
                 struct refusal *why);

/* "/dev/null", alone or with something behind it? */
bool name_is_null(const char *line, size_t length);

/* Does the line end in a time that is the first second of 1970? Plain diffs say "no file" so. */
bool name_is_epoch(const char *line, size_t length);
