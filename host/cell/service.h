/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Services: what <linhay/agent.h> promises, seen from inside the cell
 *
 * One table of functions over one `struct service`, whose first member is the run that the agent is
 * given. Everything goes to the host as frames; large bodies through memory that the host makes.
 */

#include "base/buf.h"
#include "base/limit.h"
#include "cell/frame.h"

#include <jansson.h>
#include <linhay/agent.h>

struct service_file {
        char *pointer;
        int fd;
};

/* Its bytes come into memory when the agent asks for them, and are wiped when the run has ended. */
struct service_secret {
        char *name;
        int fd;
        char *bytes; /* pages of their own; NULL = not asked for */
        size_t length, size;
};

struct service_text {
        struct service_text *next;
        char text[];
};

struct service {
        struct linhay_run run; /* first: services find the rest by it */
        int socket;
        int workspace_fd;
        const struct limits *limits;
        uint32_t flags;  /* SPAWN_*, for the groups of system calls that were granted */
        bool is_running; /* else preparing: only log, fail and granted */
        bool is_cancelled;
        bool has_tree; /* of a warm cell: its workspace was mounted */

        char *action;
        json_t *input;
        struct service_file *files;
        size_t n_files;
        struct service_secret *secrets;
        size_t n_secrets;
        unsigned char key[LINHAY_KEY];
        bool has_key;
        struct service_text *texts; /* handed out by input() */

        char *output; /* JSON text; NULL = none yet */
        size_t output_length;
        struct buf findings; /* the frame being filled: "[{…},{…}" */
        uint64_t n_findings;
        uint64_t artifact_bytes;
        uint64_t progress_us;   /* when the last was sent */
        const char *overflowed; /* name of the limit of results that was passed */
        bool has_failed;        /* the agent said why; fail_* hold it */
        int fail_class;
        char *fail_code;
        char *fail_message;
        struct frame frame; /* last: what was received last */
};

/* Fills in the table; the run is the agent's from now on. */
void service_init(struct service *s, int socket, int workspace_fd, const struct limits *limits);

/* Does what a request takes, with nothing in it: pages are there then and calls are bound. */
void service_rehearse(void);

/* Waits for the request and reads it: 0, or -errno for a host that broke its own protocol. */
int service_request_receive(struct service *s);

/* A warm cell's workspace: waits for it, and makes it the descriptor's and the working folder. */
int service_tree_enter(struct service *s);

/* The agent has had its turn: nothing of its secrets stays in memory. */
void service_secrets_wipe(struct service *s);

/* Sends what is still buffered, then the result. */
int service_result_send(struct service *s);

/* Sends why the agent failed, in its own words or in ours. */
int service_failed_send(struct service *s, const char *otherwise);
