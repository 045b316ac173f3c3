/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pictures of a workflow
 *
 * As text for a terminal, as DOT for Graphviz, as one self-contained SVG element that reads well on
 * light and dark ground. With states, each step shows how it stands.
 */

#include "base/buf.h"
#include "flow/flow.h"

struct graph_options {
        /* State of a step by name ("done", "failed"…), or NULL = not known; may be NULL. */
        const char *(*state)(void *user, size_t step);
        /* A few words below a step ("3 findings", "1.2 s"), or NULL; may be NULL. */
        const char *(*note)(void *user, size_t step);
        void *user;
        bool is_coloured; /* text only: ANSI colours */
        bool is_ascii;    /* text only: no box-drawing characters */
};

/* `o` may be NULL. 0, -ENOMEM, or -ELOOP. */
int graph_text(struct buf *out, const struct flow *f, const struct graph_options *o);
int graph_dot(struct buf *out, const struct flow *f, const struct graph_options *o);
int graph_svg(struct buf *out, const struct flow *f, const struct graph_options *o);
