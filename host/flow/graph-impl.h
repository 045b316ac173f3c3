/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the pictures share: how a state looks, and a step's words
 */

#include "flow/graph.h"

struct graph_look {
        const char *state; /* NULL: any other, and none */
        const char *symbol, *ascii;
        const char *ansi;   /* "32" */
        const char *colour; /* reads on light and dark ground */
};

const struct graph_look *graph_look(const struct graph_options *o, size_t step);

/* "agent action", and what is special: "needs approval", "if EXPRESSION", "for each item". */
int graph_agent(struct buf *out, const struct flow_step *step);
int graph_marks(struct buf *out, const struct flow_step *step);
