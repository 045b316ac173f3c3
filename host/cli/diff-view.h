/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A unified diff for people: coloured where the stream wants it, paged when it is longer than the
 * terminal.
 */

#include "base/def.h"

/* Prints `diff` line by line, with colours if `colour`. */
void diff_print(const char *diff, FILE *f, bool colour);

/*
 * Prints to stdout, through $PAGER (else `less -R`, where there is one) when stdout is a terminal
 * and the diff is longer than it is high.
 */
void diff_show(const char *diff);
