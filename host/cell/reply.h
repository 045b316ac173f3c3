/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reply: what a cell said, gathered frame by frame
 *
 * Every frame goes through the protocol's table first, then through the limits, then is parsed and
 * cleaned. The first thing that is wrong ends the gathering with a verdict; the caller then kills
 * the cell. Nothing here blocks or allocates more than the limits allow.
 */

#include "base/redact.h"
#include "cell/cell.h"
#include "cell/proto.h"

struct reply {
        struct cell_result *result;
        const struct limits *limits;
        const struct redact *redact; /* the secrets that the agent was given; NULL = none */
        struct redact_lines spoken;  /* of its log */
        struct redact_lines printed; /* of stdout and stderr: no order holds between the two */
        enum proto_state state;

        uint64_t findings_bytes;
        uint64_t n_findings;
        uint64_t log_bytes; /* lines and what was printed, together */
        uint64_t artifact_bytes;
        json_t *artifact_names; /* object: those that were kept; NULL = none */
        uint64_t progress_us;   /* when it was last told of */
        int granted;            /* memfd that the child fills; -1 = none */
        uint64_t granted_size;

        bool has_result;
        bool has_failed;
        bool has_fault;
        struct proto_fault fault;
        char *fault_text;

        void (*on_log)(void *user, int level, const char *text);
        void (*on_progress)(void *user, uint64_t done, uint64_t total, const char *note);
        void *user;

        /* Why it ended, when reply_frame() failed. */
        enum verdict verdict;
        struct err why;
};

void reply_init(struct reply *r, struct cell_result *result, const struct limits *limits);
void reply_done(struct reply *r);

/* What the caller must send to the child before it takes the next frame. */
#define REPLY_MEMFD 1

/* 0, REPLY_MEMFD, or -EPROTO with `verdict` and `why`. */
int reply_frame(struct reply *r, const struct frame *frame);

/* A line that the agent printed; -EPROTO past the limit. */
int reply_print(struct reply *r, int level, const char *text, size_t length);

/* The agent has secrets; to be said before it is given them. */
void reply_redact(struct reply *r, const struct redact *redact);

/* No line comes any more: tells those that waited. */
void reply_flush(struct reply *r);
