/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Redaction: granted secrets do not stand in what an agent says
 *
 * Knows the secrets' bytes and finds them in texts as they are, made printable (base/utf8.h), as
 * they stand in JSON and in URLs, in hexadecimal and in base64 (both alphabets, at each of the
 * three alignments within something longer); line ends within them do not count. Long lines of a
 * secret of several lines are found on their own. What was found becomes REDACT_STARS, and is
 * counted.
 *
 * At the end of a text a secret's begin is one as well: 32 bytes of it, or the half. There somebody
 * had no more room.
 *
 * Whoever means to pass a secret on can: reversed, encrypted, in pieces. This keeps it out of logs
 * and stores where it came to by accident.
 *
 * The bytes and their forms lie in pages that are no part of a core dump or of a fork, and are
 * wiped by redact_free().
 */

#include "base/buf.h"

#include <jansson.h>

#define REDACT_STARS   "********"
#define REDACT_LEAST   8    /* bytes; anything shorter stands everywhere */
#define REDACT_MOST    4096 /* bytes of one secret */
#define REDACT_SECRETS 16
#define REDACT_HELD    128 /* lines of a log that may wait for how a secret goes on */

struct redact;

int redact_new(struct redact **ret);
struct redact *redact_free(struct redact *r);
DEFINE_FREEP(struct redact, redact_free);

/* -ERANGE for a length outside of REDACT_LEAST and REDACT_MOST, -E2BIG for too many. */
int redact_add(struct redact *r, const void *secret, size_t length);

/* For all that follows, r = NULL knows no secrets. `count` grows by what was found. */

/* Whole ones alone. */
bool redact_finds(const struct redact *r, const char *text, size_t length);

/* Appends the text to `out`. */
int redact_text(const struct redact *r, struct buf *out, const char *text, size_t length,
                uint64_t *count);

/* The same for the end of something longer, which may begin amid a secret. */
int redact_tail(const struct redact *r, struct buf *out, const char *text, size_t length,
                uint64_t *count);

/* In strings, numbers and names of members. A number that is a secret becomes a string. */
int redact_json(const struct redact *r, json_t **value, uint64_t *count);

/*
 * Lines of a log, as they come: a secret may be split over several. Lines that may be the begin of
 * one wait for the next ones; more than REDACT_HELD that do are masked whole.
 */
struct redact_lines {
        const struct redact *redact;
        uint64_t *count;
        void (*on_line)(void *user, int level, const char *text, size_t length);
        void *user;

        struct buf text; /* of the lines that wait, one behind the other */
        struct {
                size_t end;
                int level;
        } lines[REDACT_HELD];
        size_t n;
};

int redact_lines_add(struct redact_lines *l, int level, const char *text, size_t length);

/* Nothing follows: tells what still waits. */
int redact_lines_flush(struct redact_lines *l);
void redact_lines_done(struct redact_lines *l);
