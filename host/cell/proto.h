/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Protocol between the host and one cell
 *
 * One table says which frame a child may send in which state, where that leads, and how many bytes
 * it may carry. Whatever is not in the table is VERDICT_PROTOCOL. The child's own view (what the
 * host may send, and when) is the second half: REQUEST first and once, SECRETS once behind it and
 * never before the child's READY, MEMFD in answer to NEED_MEMFD, CANCEL at any time, TREE before or
 * after the REQUEST of a warm cell.
 */

#include "base/verdict.h"
#include "cell/frame.h"

enum proto_type {
        /* child to host */
        PROTO_HELLO = 1,  /* confined, the trusted runtime runs; struct proto_hello */
        PROTO_READY,      /* loaded and prepared */
        PROTO_LOG,        /* uint32_t level, then text */
        PROTO_PROGRESS,   /* struct proto_progress, then note */
        PROTO_FINDINGS,   /* JSON array of findings */
        PROTO_NEED_MEMFD, /* uint64_t: bytes of a body that is too large for a frame */
        PROTO_ARTIFACT,   /* struct proto_artifact, then name, media type, bytes unless in memfd */
        PROTO_SPEND,      /* uint64_t amount, then unit */
        PROTO_FAILED,     /* struct proto_failed, then code and message: the agent failed itself */
        PROTO_FAULT,      /* struct proto_fault, then text: the runtime saw the agent fail */
        PROTO_RESULT,     /* the output's JSON text unless in memfd */
        /* host to child */
        PROTO_REQUEST, /* JSON {action, files: [pointer], secrets: [name], key}; memfd of input,
                          files */
        PROTO_SECRETS, /* one sealed memfd for each name, when the request has any */
        PROTO_MEMFD,   /* one descriptor, sized as asked */
        PROTO_CANCEL,
        PROTO_TREE, /* the zygote, to a warm cell: its workspace is there */
        PROTO_TYPES_,
};

enum proto_state {
        PROTO_STARTING, /* nothing heard yet */
        PROTO_LOADING,  /* dlopen and prepare: strangers' code may run from here on */
        PROTO_RUNNING,
        PROTO_ENDED,
        PROTO_STATES_,
};

struct proto_hello {
        uint32_t abi;
        uint32_t features; /* PROTO_HAS_* */
};
#define PROTO_HAS_MDWE (1U << 0)

struct proto_progress {
        uint64_t done;
        uint64_t total;
};

struct proto_artifact {
        uint64_t size;
        uint16_t name_length;
        uint16_t media_length;
        uint32_t reserved;
};

struct proto_failed {
        int32_t fail_class; /* enum linhay_fail */
        uint32_t code_length;
};

/* What the runtime recorded. Hostile code may send this too: it can only accuse itself. */
struct proto_fault {
        uint32_t verdict; /* enum verdict; never VERDICT_OK */
        int32_t signal;
        int32_t syscall; /* number, or -1 */
        uint32_t arch;   /* AUDIT_ARCH_* of that number */
        uint32_t has_args;
        uint32_t reserved;
        uint64_t args[6]; /* its registers; nothing behind a pointer is looked at */
};

/*
 * May a child send this frame now? 0 and the state after it, or -EPROTO. `ret_why` is a sentence
 * for the verdict's message.
 */
int proto_step(enum proto_state *state, const struct frame_header *header, const char **ret_why);

/* "RESULT"; for messages. */
const char *proto_name(uint16_t type);
