/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Fake host
 *
 * Runs one action of an agent inside the test's own process, with services that keep the promises
 * of <linhay/agent.h> and record everything the agent says. There is no confinement, no schema
 * check and no filling in of defaults: a test gives the input exactly as the agent shall see it.
 *
 *     _cleanup_(fakehost_done) struct fakehost host;
 *
 *     fakehost_init(&host, "review", "{\"max\": 3}");
 *     host.workspace = dirfd;
 *     assert_int_equal(fakehost_run(&host, linhay_agent()), 0);
 *     assert_int_equal(json_array_size(host.findings), 1);
 *
 * A test program adds tests/fakehost.c and the agent's own sources to its SOURCES (then
 * linhay_agent() is linked in), or loads a built .so with fakehost_load(). Every fault of the test
 * itself (broken JSON, no memory) fails the test at once.
 */

#include "base/buf.h"
#include "base/json.h"

#include <linhay/agent.h>

struct fakehost_file {
        const char *pointer; /* "/patch_file" */
        int fd;              /* the test's; rewound before the run */
};

struct fakehost_artifact {
        char *name;
        char *media_type;
        struct buf data;
};

struct fakehost {
        struct linhay_run run; /* first: the services find their host by it */

        /* Given by the test after fakehost_init(). */
        const char *action;
        json_t *input;                     /* owned */
        const struct fakehost_file *files; /* inputs of format "linhay-file"; the test's */
        size_t n_files;
        int workspace;            /* folder, the test's; -1 = the action has none */
        json_t *secrets;          /* owned; object of name -> string, or NULL */
        const unsigned char *key; /* LINHAY_KEY bytes, the test's; NULL = there is no store */
        const char *granted;      /* a group of system calls; NULL = none */
        bool cancelled;           /* what linhay_cancelled() answers while running */
        size_t finding_limit;     /* -E2BIG past it; 0 = none */

        /* Recorded while the agent ran; all owned, all empty before. */
        json_t *output;   /* NULL until the agent set one */
        json_t *findings; /* array of objects in the shape that `--json` prints */
        struct fakehost_artifact *artifacts;
        size_t n_artifacts;
        struct buf logs;    /* "warning: text\n" for each line */
        json_t *spent;      /* object of unit -> sum */
        uint64_t progress;  /* the last `done` */
        bool failed;        /* linhay_fail() was called */
        int fail_class;     /* enum linhay_fail */
        char *fail_code;    /* NULL until then */
        char *fail_message; /* NULL until then */

        struct buf *texts; /* what linhay_input() handed out: the run keeps it */
        size_t n_texts;
        bool preparing;
};

/* `input` is JSON text; NULL = {}. */
void fakehost_init(struct fakehost *host, const char *action, const char *input);
void fakehost_done(struct fakehost *host);

/*
 * Checks the descriptor, calls prepare and run: what the failing one returned, else 0. As in the
 * real host a run that called linhay_fail() counts as failed: -1 if the agent itself returned 0.
 */
int fakehost_run(struct fakehost *host, const struct linhay_agent *agent);

/* The descriptor of a built agent, `path` relative to the build folder; it stays loaded. */
const struct linhay_agent *fakehost_load(const char *path);
