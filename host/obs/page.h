/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A page being written: a buffer that remembers its first failure, so that a page of prints needs
 * one check at its end. After a failure nothing more is written.
 */

#include "base/buf.h"

struct report_options;

struct page {
        struct buf *out;
        const struct report_options *o;
        int r; /* 0 or the first negative errno */
};

void page_printf(struct page *p, const char *format, ...) _printf_(2, 3);
void page_puts(struct page *p, const char *text);
void page_putc(struct page *p, char c);

/* Text for terminals, on one line: what is no plain character is escaped. */
void page_plain(struct page *p, const char *text);

/* Text for HTML, in elements and in double-quoted attributes alike. */
void page_html(struct page *p, const char *text);

/* Text that CommonMark shows as it is, on one line. */
void page_markdown(struct page *p, const char *text);

/* A CommonMark code span on one line. */
void page_code(struct page *p, const char *text);
