/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules of the control "licenses", and how they are told.
 */

#include "check.h"

enum license_rule {
        RULE_DENIED,
        RULE_REVIEW,
        RULE_EXPIRED,
        RULE_QUESTION,
        RULE_CONFLICT,
        RULE_MISSING,
        RULE_UNKNOWN_TEXT,
        RULE_UNKNOWN_ID,
        RULE_DEPRECATED,
        RULE_INVALID,
        RULE_MISMATCH,
        RULE_NO_TEXT,
        RULE_UNUSED_TEXT,
        LICENSE_RULES_,
};

extern const struct notice license_notices[LICENSE_RULES_];

/* Tells a finding of the current file; texts as check_report() wants them. */
int license_report(struct check *c, enum license_rule which, const char *message,
                   const char *excerpt, uint32_t line);

/* Bytes of a path's folder; 0 = the root. */
size_t license_folder(const char *path);
