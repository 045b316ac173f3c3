/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Cells, seen from inside: one child from its request to its result
 *
 *   cell/cell.c        its life: what its sandbox tells of it, why it is stopped, how it ended
 *   cell/cell-start.c  asking for it, cold or warm, and giving it to a step
 *   cell/cell-talk.c   what it is told, and what it says
 *
 * Only these include this header.
 */

#include "cell/denial.h"
#include "cell/reply.h"
#include "cell/sandbox.h"
#include "cell/tail.h"
#include "cell/trace.h"

struct cell {
        struct cell *next;
        struct sandbox *sandbox;
        struct cell_spec spec; /* strings and descriptors in it are ours */
        uint64_t id;
        const struct filter *filter; /* the sandbox's */
        int object;                  /* as is this */
        uint32_t program_bytes;
        int socket, log, pidfd;
        struct loop_source socket_source, log_source, deadline, grace;
        uint64_t started_us;
        uint64_t result_us; /* from then to the result; 0 = not yet */

        struct trace *trace;  /* NULL = is not traced */
        struct denial denial; /* of exec agents */
        struct reply reply;
        struct tail tail;
        struct cell_result result;

        bool is_stopped; /* the first reason to stop it; the kill follows at once or after grace */
        enum verdict stopped;
        char *stopped_text;
        bool is_killed;
        bool is_denied;   /* what the denial says came before any other reason */
        bool has_hung_up; /* it closed its connection, and did not end */
        bool is_ahead;    /* its process was made before it was asked for */

        bool is_warm;  /* nobody's yet */
        bool was_warm; /* until it was somebody's */
        bool is_going; /* its action was to begin */
        struct spawn_request
                *late;    /* asked for its tree, in case it cannot be had; NULL = needs none */
        struct buf early; /* what it logged while it was nobody's: level, text, NUL */
};

/* cell.c */
struct cell *cell_free(struct cell *c);
DEFINE_FREEP(struct cell, cell_free);

void cell_link(struct cell *c);   /* one of its sandbox's */
void cell_ignore(struct cell *c); /* nothing of it wakes the loop any more */

/* The first reason stands: what happens to a cell that is being stopped is a consequence. */
void cell_stop(struct cell *c, enum verdict why, const char *text);
void cell_kill(struct cell *c);
int cell_deadline_over(struct loop_source *source, uint32_t events);

/* cell-talk.c */

/* Makes both its ends; those for the child are the caller's. */
int cell_connect(struct cell *c, int *ret_socket, int *ret_log, struct err *err);
void cell_listen(struct cell *c); /* nothing was said so far */

/* Its request and its secrets: no fault, where it has ended meanwhile. */
int cell_tell(struct cell *c, struct err *err);

/* What it logged while it was nobody's, once it is somebody's. */
void cell_tell_early(struct cell *c);

/* Its process is gone: all that it said and nobody has read yet. */
void cell_hear_out(struct cell *c);
