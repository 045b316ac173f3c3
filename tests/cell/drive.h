/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Driving cells from a test: one sandbox, one cell at a time, its result kept
 *
 * As root the tests run a second time as a user of nobody's (AS_USER): the same rows, the same
 * verdicts.
 */

#include "base/json.h"
#include "cell/cell.h"

#include "test.h"

struct drive {
        struct loop *loop;
        struct sandbox *sandbox;
        char *cell_copy; /* of the program, see drive_cell_copy(); NULL = the build folder's */
        int probe_fd;    /* the object agent-probe.so */
        struct buf probe;

        struct cell *cell; /* running */
        struct cell_result result;
        struct buf logs; /* "level text\n" */
        unsigned n_progress;
        void (*on_log)(struct drive *d, const char *text);
        uint64_t processes; /* limit of every cell where a job sets none; 0 = the standard */
        bool is_warm; /* cells are prepared before they are run, unless a constructor is the probe
                       */
};

/* Makes the sandbox; with `as_user`, after giving up root. Skips the test where that cannot be. */
void drive_init(struct drive *d, bool as_user, const struct sandbox_options *options);

/* With another program of the build folder, under another name. */
void drive_init_as(struct drive *d, const char *program, const char *name,
                   const struct sandbox_options *options);

/* The same, where it may fail: what sandbox_new() gives. drive_done() is due in any case. */
int drive_try_as(struct drive *d, const char *program, const char *name,
                 const struct sandbox_options *options, struct err *err);

/* With linhay-cell-test, which leaves out what is named: "overlay", "mdwe-without-netns". */
void drive_init_without(struct drive *d, const char *layers, const struct sandbox_options *options);
void drive_done(struct drive *d);

/* A copy of a program of the build folder under a name, in a folder of its own that everybody can
 * reach; drive_cell_remove() frees the path. */
char *drive_cell_copy(const char *program, const char *name);
void drive_cell_remove(char *path);

struct drive_job {
        const char *action;
        bool at_load; /* the probe runs in the object's constructor */
        enum workspace_mode workspace;
        int workspace_fd;
        const char *const *groups;
        json_t *input; /* borrowed */
        const struct cell_file *files;
        size_t n_files;
        enum limit limit; /* with `value` instead of its standard, where that is not 0 */
        uint64_t value;
        bool no_wait; /* drive_wait() is the caller's */
        bool is_traced;
        bool is_held;       /* and cell_go() */
        bool may_not_start; /* then result.trouble says why */
};

/* Runs a cell to its end; d->result is then the test's to look at until the next. */
void drive_run(struct drive *d, const struct drive_job *job);
void drive_wait(struct drive *d);

/* Lets the loop run for so long, with no cell of the test's. */
void drive_idle(struct drive *d, uint64_t ms);

/* Waits until exactly `n` cells are warm, all of what this job needs. The sandbox must have a pool.
 */
void drive_warm(struct drive *d, const struct drive_job *job, size_t n);

/* A tree of one owner in a new folder: files "changed", "private" (0600), "removed", "moved". */
char *drive_tree_make(void);
void drive_tree_remove(char *path);

/* Fail the test with all that is known of the cell's end. */
void drive_expect_verdict(const struct drive *d, const char *why, const char *probe,
                          enum verdict want);
void drive_expect_errno(const struct drive *d, const char *why, const char *probe, int want);
