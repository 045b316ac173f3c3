/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Unit files of systemd
 *
 * Sections with assignments, as systemd.syntax(7) has them: comments begin with # or ;, a backslash
 * at the end of a line joins the next one with a blank, and comments between joined lines are left
 * out. What cannot be an assignment is passed over. An assignment of nothing empties a list.
 */

#include "scan/def.h"

#define UNIT_ASSIGNMENTS 10000

struct unit_assignment {
        struct span section; /* "Service" */
        struct span key;
        struct span value; /* without blanks around it, lines joined; lies in `values` */
        size_t start;      /* of the key in the text */
        size_t end;        /* behind the value */
};

struct unit_file {
        struct unit_assignment *list;
        size_t n, size;
        char *values;
        bool is_cut; /* there were more than UNIT_ASSIGNMENTS */
};

/* Reads a text: 0 or -ENOMEM. Must be given to unit_done(). */
int unit_parse(struct unit_file *u, const char *text, size_t length);
void unit_done(struct unit_file *u);

bool unit_has_section(const struct unit_file *u, const char *section);

/* Is it this one, in any section? */
bool unit_is(const struct unit_assignment *a, const char *key);

/* The last assignment of a key, or NULL. */
const struct unit_assignment *unit_last(const struct unit_file *u, const char *key);

/* Is the last assignment a truth: 1 yes true on? */
bool unit_is_true(const struct unit_file *u, const char *key);

/* Is a word among those of a list, all assignments since it was last emptied? A `~` or `-` before
 * it counts as part of the word. */
bool unit_list_has(const struct unit_file *u, const char *key, const char *word);
