/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Captured answers of a server
 *
 * Reads what `curl -sI`, `curl -sIL`, `curl -si` and `curl -v` write: one answer after the other,
 * each a status line, headers, and perhaps a body behind an empty line. Lines of `curl -v` that
 * tell of the request are read as well. Spans lie in the given text.
 */

#include "scan/def.h"

#define RESPONSES_MAX        16
#define RESPONSE_HEADERS_MAX 256

struct response_header {
        struct span name;
        struct span value; /* without what is folded onto further lines */
        size_t start, end; /* of the line in the text */
};

struct response {
        int status;
        size_t start, end; /* of the status line */
        struct response_header headers[RESPONSE_HEADERS_MAX];
        size_t n_headers;
        struct span body;
        struct span host;   /* of the request; empty where it was not captured */
        struct span origin; /* the same */
        bool is_tls;        /* it was seen to come over TLS */
        bool is_plain;      /* it was seen to come without */
};

struct capture {
        struct response list[RESPONSES_MAX];
        size_t n;
        bool is_cut; /* there are more answers or headers */
};

/* Does a text begin as captured answers do? */
bool capture_is_one(struct span text);

/* Reads all answers of a text. */
void capture_parse(struct capture *c, struct span text);

/* The first header of this name, or the one behind `after`; NULL = none. */
const struct response_header *response_header(const struct response *r, const char *name,
                                              const struct response_header *after);

/* The value of the first one; an empty span where there is none. */
struct span response_value(const struct response *r, const char *name);
