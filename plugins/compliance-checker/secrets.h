/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Control "secrets": what the matcher finds, less what the policy allows.
 */

#include "check.h"

/*
 * Reports a match in what a run of digits, text[start..end) of the file, hides; `decoded` is that
 * text, `tag` says how it was hidden.
 */
int secrets_report_decoded(struct check *c, const struct match *m, const char *decoded,
                           size_t start, size_t end, const char *tag);

/* Reports a match in the name of the file, which is shown as c->path. */
int secrets_report_name(struct check *c, const struct match *m, const char *path);

/* Scans this part of the file: 0 or a negative errno. */
int secrets_check(struct check *c);
