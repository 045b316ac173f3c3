/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reports of a run
 *
 * Pure functions from a run's document (the JSON that the store gives, with findings) to bytes: the
 * same document always gives the same report. Formats:
 *
 *   text      for a terminal: verdict, steps, findings by severity and rule, what to type next
 *   markdown  the same for a merge request
 *   html      one self-contained file, no script needed, graph as SVG
 *   json      the document with the tally's sums
 *   sarif     SARIF 2.1.0 (OASIS, 2020), one run with a rule for each rule seen
 *   cyclonedx CycloneDX 1.6 (ECMA-424, 2024) of the packages that steps name (see obs/package.h)
 *   spdx      SPDX 2.3 of the same, in JSON
 *
 * Texts from agents are taken as hostile: they were cleaned of control characters on their way in
 * and are escaped here for the format.
 */

#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>

enum report_format {
        REPORT_TEXT,
        REPORT_MARKDOWN,
        REPORT_HTML,
        REPORT_JSON,
        REPORT_SARIF,
        REPORT_CYCLONEDX,
        REPORT_SPDX,
        REPORTS_
};

/* 0, or -ENOENT: then `err` lists the formats. */
int report_format_from_name(enum report_format *ret, const char *name, struct err *err);

struct report_options {
        bool has_colour; /* text only */
        unsigned width;  /* text only: columns; 0 = 100 */
        size_t places; /* text and markdown: places shown of one rule; the rest is counted; 0 = some
                        */
        bool is_all;   /* text and markdown: every finding with all its places, waived ones too */
        const char *graph; /* html only: an <svg> element, or NULL */
        const char *store; /* text only: the folder that commands must name; NULL = none need to */
};

int report_write(struct buf *out, const json_t *document, enum report_format format,
                 const struct report_options *options, struct err *err);
