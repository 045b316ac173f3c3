/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What an agent prints: lines for the log, and the last of it for whoever asks why it failed
 *
 * Fed with raw bytes of stdout and stderr, in pieces of any size. A line longer than the log takes
 * is told in pieces; the end keeps its last 4 KiB.
 */

#include "base/redact.h"

#define TAIL_KEPT     4096
#define TAIL_LINE_MAX 8192

struct tail {
        char line[TAIL_LINE_MAX];
        size_t line_length;
        char kept[TAIL_KEPT];                                         /* a ring */
        uint64_t total;                                               /* bytes ever fed */
        void (*on_line)(void *user, const char *text, size_t length); /* raw */
        void *user;
};

void tail_feed(struct tail *t, const char *data, size_t length);

/* Tells the last line, which nothing ended. */
void tail_flush(struct tail *t);

/* The last bytes as clean text without secrets; the caller frees; NULL only when out of memory. */
char *tail_text(const struct tail *t, const struct redact *redact);
