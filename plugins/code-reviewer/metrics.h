/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Metrics
 *
 * One walk over a syntax tree measures all its functions. What each figure means is defined in
 * doc/agents/code-reviewer.md; cyclomatic.h and cognitive.h say what a node adds. The walk is a
 * loop with its own stack, so no depth of nesting can overflow ours; deeper than METRICS_DEPTH it
 * does not look.
 */

#include "name.h"

#define METRICS_DEPTH     20000  /* levels of the tree that are looked at */
#define METRICS_FUNCTIONS 100000 /* rows of one file */

struct function_row {
        char *name; /* qualified */
        uint32_t start_byte;
        uint32_t line, end_line; /* from 1 */
        uint32_t column;         /* from 1, in bytes */
        uint32_t cyclomatic, cognitive, nloc, params, nesting;
};

struct metrics {
        struct function_row *rows; /* in the order of the file */
        size_t n_rows;
        uint32_t nloc;  /* of the whole file */
        bool truncated; /* a limit above was met */
};

/* 0 or -ENOMEM. */
int metrics_measure(struct metrics *ret, const struct source *s);
void metrics_done(struct metrics *m);

/* One node on the way from the root to where the walk stands. */
struct step {
        TSNode node;
        enum role role;
        enum field field; /* of the parent that holds it */
        uint32_t chain;   /* of a logical operation: where its chain of operands began */
        enum role last;   /* there: the operator seen last */
        bool is_logical;
        bool is_else_if;
        bool raised_nesting; /* undone when the walk leaves the node */
        bool raised_depth;
        bool opened_function;
        bool ignored;    /* an idiom that costs a reader nothing: an optional element of JSX */
        bool is_default; /* another: `x = a || 1`; what is inside still counts */
};

/* A function that the walk is inside of; frame 0 is the file itself. */
struct frame {
        struct function_name name;
        size_t row;          /* index of its row */
        uint32_t cognitive;  /* so far */
        uint32_t structural; /* how many of the increments also count nesting */
        uint32_t base;       /* nesting where the function began */
        uint32_t depth;      /* of control structures, now */
        bool is_recursive;
};

struct walk {
        const struct source *s;
        struct metrics *m;
        struct step *steps;
        size_t n_steps, steps_size;
        TSNode *path; /* the nodes of `steps`, for name.h */
        size_t path_size;
        struct frame *frames;
        size_t n_frames, frames_size;
        size_t rows_size;
        uint32_t nesting; /* of the file, functions that nest included */
        uint8_t *code;    /* by line: holds a token that is no comment */
        uint8_t *directive;
};

static inline struct frame *walk_frame(struct walk *w)
{
        return &w->frames[w->n_frames - 1];
}

static inline struct step *walk_step(struct walk *w)
{
        return &w->steps[w->n_steps - 1];
}

/* NULL at the root. */
static inline struct step *walk_parent(struct walk *w)
{
        return w->n_steps > 1 ? &w->steps[w->n_steps - 2] : NULL;
}
