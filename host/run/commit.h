/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Commits: changes of the record, with the effects that wait for them
 *
 * Within one turn of the loop all changes of one line go into one open batch; commits_flush() hands
 * these to the store, which writes them together, and when a batch is on disk its effects happen in
 * the order in which they were added: cells start, events are told. An effect never happens when
 * its batch did not reach the disk. So "recorded first" is not a habit of callers but the only way
 * to make anything happen. What no one can see from outside, such as making ready for an effect,
 * need not wait: see commits_meanwhile().
 *
 * A line is a run with the runs of its steps: changes that stand or fall together. A batch that the
 * store refuses (a rule of the record, a value that is too large) ends its line: nothing of it is
 * recorded any more and none of its effects happens, and whoever owns it is told. The other lines
 * go on. Line NULL is nobody's: what is refused there is trouble.
 */

#include "base/err.h"
#include "base/loop.h"
#include "store/store.h"
#include "store/strand.h"

struct commits;

/* `owner` must still be there when the commit is done; `what` is let go after the call. */
typedef void (*commit_effect)(void *owner, json_t *what);

struct line;

int line_new(struct line **ret, const char *id);
struct line *line_ref(struct line *l);
struct line *line_unref(struct line *l);
DEFINE_FREEP(struct line, line_unref);

const char *line_id(const struct line *l);
bool line_is_cut(const struct line *l);
size_t line_pending(const struct line *l); /* as commits_pending() */

struct commits_options {
        struct store *store;
        struct loop *loop;
        /* After each commit and its effects: the place to see what to do next. */
        void (*on_turn)(void *user);
        /* Nothing of that line will be recorded any more. Told once for each. */
        void (*on_refused)(void *user, struct line *line, const struct err *err);
        /* The store cannot keep what it was given: nothing more will be recorded. Told once. */
        void (*on_trouble)(void *user, int code, const struct err *err);
        void *user;
};

int commits_new(struct commits **ret, const struct commits_options *options);
struct commits *commits_free(struct commits *c);
DEFINE_FREEP(struct commits, commits_free);

/* The line's batch that is open, never NULL. What is added here must be flushed in this turn. */
struct batch *commits_batch(struct commits *c, struct line *line);

/* Adds an effect to that batch; takes the reference to `what`, which may be NULL. */
void commits_effect(struct commits *c, struct line *line, commit_effect effect, void *owner,
                    json_t *what);

/*
 * What is done while the open batch is on its way to disk, and shows nowhere: the time that a sync
 * takes is there to be used. It may be left out; it must not change the record.
 */
void commits_meanwhile(struct commits *c, struct line *line, commit_effect prepare, void *owner);

/* Submits what is open, if anything is. */
void commits_flush(struct commits *c);

/* As commits_flush(), within `delay_ms`: for what may wait for company. */
void commits_flush_soon(struct commits *c, uint64_t delay_ms);

/*
 * Submits a batch of its own, behind what is open, that the store may refuse without harm
 * (-EALREADY and the like): `done` is told, and the line goes on. A failure of the store itself is
 * trouble as well.
 */
int commits_try(struct commits *c, struct line *line, struct batch *batch, store_done done,
                void *user, struct err *err);

/* Submitted and not told yet. */
size_t commits_pending(const struct commits *c);
