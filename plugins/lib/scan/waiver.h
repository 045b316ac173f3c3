/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Waivers in the source
 *
 * A person looked at a finding and says in a comment, on the same line or alone on the line before,
 * why it may stay:
 *
 *     key = "..."  # linhay: ignore[secrets/generic-api-key] public key of the sandbox
 *
 * In the brackets stand rules, or controls ("secrets"), with commas between them; without brackets
 * all rules are meant. A waived finding is told with the tag "waived" and the reason in another
 * one, "waiver:REASON"; who counts findings leaves it out. A waiver without a reason works as well,
 * but is a finding itself.
 */

#include "scan/def.h"

#define WAIVER_TAG    "waived"
#define WAIVER_REASON "waiver:"
#define WAIVER_MAX    200 /* bytes that are kept of a reason */

struct waiver {
        bool is_line_before;
        struct span mark;            /* from "linhay:" to the end of the reason */
        char reason[WAIVER_MAX + 1]; /* "" = none given */
};

/* Is the rule waived for the line that holds text[place]? */
bool waiver_find(const char *text, size_t length, size_t place, const char *rule,
                 struct waiver *ret);
