/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the host was told by a cell, looked at as a person's terminal would see it
 *
 * Whatever the probe, nothing may be kept that drives a terminal, passes for another line, is no
 * UTF-8, or names a place outside of the tree.
 */

#include "cell/cell.h"

struct record {
        bool is_forged;      /* something was kept that must not be */
        bool is_placeless;   /* a finding's place was not believed */
        unsigned n_progress; /* told */
};

void record_log(struct record *r, const char *text);
void record_progress(struct record *r, const char *note);
void record_result(struct record *r, const struct cell_result *result);
