/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Spawning: what the host and its zygote say to each other
 *
 * Both ends are trusted. The host asks for cells with a request and descriptors; the zygote answers
 * with the new process's pidfd and, later, with its end. The child itself reports over the same
 * socket how its confinement went, and sends the folder of an overlay; it has closed the socket
 * before the first byte of an agent is mapped.
 *
 * One frame (cell/frame.h) a message; types begin where a cell's end.
 */

#include "base/limit.h"
#include "cell/frame.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>

/* The id of agents inside a cell, and outside where root runs the host. */
#define CELL_ID 65533

/* Where every zygote and cell keeps its socket. */
#define SPAWN_SOCKET 3

/*
 * Stage 2 of the system call filter lies at this address in every cell: stage 1 allows to add just
 * one filter, the one there. It is far from where programs, libraries, stacks and sanitizers live.
 */
#define SPAWN_STAGE2_ADDRESS 0x2c0000000000ULL

/* And with these flags only: threads that the agent made while it was loaded are bound as well. */
#define SPAWN_STAGE2_FLAGS SECCOMP_FILTER_FLAG_TSYNC

enum spawn_type {
        SPAWN_HELLO = 64, /* zygote: struct spawn_hello, text: why there are no namespaces, NUL, why
                           * there are no control groups */
        SPAWN_REQUEST,    /* host: struct spawn_request, descriptors by enum spawn_fd */
        SPAWN_EMPLOY,   /* zygote to a blank: struct spawn_cell, text; the same descriptors, more */
        SPAWN_STARTED,  /* zygote: struct spawn_started; the pidfd */
        SPAWN_SETUP,    /* child: struct spawn_setup, text; maybe the upper folder. Not sent when
                         * there is nothing to say: PROTO_HELLO says that all went well */
        SPAWN_LISTENER, /* child: uint64_t id; the listener of its system calls, all or denied */
        SPAWN_EXITED,   /* zygote: struct spawn_exited; the last that is said of a cell */
        SPAWN_ATTACH,   /* host: struct spawn_request of a SPAWN_LATE cell; the host's end of its
                         * socket,   for PROTO_TREE */
        SPAWN_SOON,     /* host: no body. A cell works and will end; the next is likely to be wanted
                         * then */
        SPAWN_ATTACHED, /* zygote: struct spawn_setup, text; maybe the upper folder. Not sent when
                         * there is nothing to say: the cell goes on. Its code may be
                         * SPAWN_TOO_MUCH, and the host takes a cell that is made on the spot */
};

/* What the kernel gave when the zygote tried. */
enum spawn_feature {
        SPAWN_HAS_USERNS = 1U << 0, /* user, mount, pid, ipc and uts namespaces, and a root */
        SPAWN_HAS_NETNS = 1U << 1,
        SPAWN_HAS_LANDLOCK = 1U << 2, /* the ABI is high enough */
        SPAWN_HAS_SECCOMP = 1U << 3,
        SPAWN_HAS_MDWE = 1U << 4,
        SPAWN_HAS_IDMAP = 1U << 5,   /* may be tried: the zygote is root */
        SPAWN_HAS_OVERLAY = 1U << 6, /* may be tried */
        SPAWN_HAS_AHEAD = 1U << 7,   /* a blank is kept ready (cell/blank.h) */
        SPAWN_HAS_CGROUP = 1U << 8,  /* each cell has a control group (cell/group.h) */
};
#define SPAWN_FEATURES_ 9

struct spawn_hello {
        uint32_t features; /* enum spawn_feature */
        int32_t landlock_abi;
        int32_t userns_errno; /* why a layer is missing; 0 = it is there */
        int32_t netns_errno;
        uint32_t cgroup_version; /* 0 = there are none */
};

enum spawn_kind { SPAWN_CELL, SPAWN_INSPECTOR, SPAWN_SELFTEST };

enum spawn_fd {
        SPAWN_FD_SOCKET, /* the child's end */
        SPAWN_FD_LOG,    /* pipe for stdout and stderr */
        SPAWN_FD_FILTER, /* memfd: stage 1, then stage 2 */
        SPAWN_FD_OBJECT, /* sealed memfd of the shared object; or of a program, then its bundle */
        /* the zygote adds */
        SPAWN_FD_CONTROL, /* its socket, to say how it went */
        SPAWN_FD_TREE,    /* detached mount or private copy of the workspace, where there is one */
        SPAWN_FDS_,
};

#define SPAWN_JIT       (1U << 0) /* writable and executable pages were granted */
#define SPAWN_STAGE1    (1U << 1) /* no stage 2: the agent was granted other programs */
#define SPAWN_PROCESSES (1U << 2) /* threads or programs were granted */
#define SPAWN_LATE      (1U << 3) /* its workspace comes when the agent has prepared (cell/pool.h) */

#define SPAWN_WARM  (1U << 4) /* nobody waits for it yet (cell/pool.h) */
#define SPAWN_TRACE (1U << 5) /* every call that is allowed is told to the host as well */

/* Groups as such, for agents that ask which they have; the flag of "jit" is SPAWN_JIT. */
#define SPAWN_GROUP_THREADS  (1U << 6)
#define SPAWN_GROUP_SPAWN    (1U << 7)
#define SPAWN_GROUP_IDENTITY (1U << 8)

/* Nothing is wrong, but it would take longer than a new cell does. */
#define SPAWN_TOO_MUCH (-EBUSY)

/* What the process is told that becomes the cell. */
struct spawn_cell {
        uint64_t id;
        uint32_t kind;      /* enum spawn_kind */
        uint32_t workspace; /* enum workspace_mode */
        uint32_t flags;
        uint32_t stage1_bytes;
        uint32_t stage2_bytes;
        uint32_t is_staged;     /* set by the zygote: the workspace is a private copy */
        uint32_t program_bytes; /* of an exec agent: before the bundle in the object; else 0 */
        struct limits limits;
};

struct spawn_request {
        struct spawn_cell cell;
        uint64_t device; /* of the workspace folder, to know it again by its path */
        uint64_t inode;
        char path[PATH_MAX]; /* of the workspace folder as the host sees it; it is sent to its NUL
                              */
};

static inline size_t spawn_request_length(const struct spawn_request *request)
{
        return offsetof(struct spawn_request, path) + strlen(request->path) + 1;
}

/* Is a body of that length one? */
static inline bool spawn_request_is_whole(const void *body, size_t length)
{
        const struct spawn_request *request = body;
        size_t before = offsetof(struct spawn_request, path);

        return length > before && length <= sizeof(*request) &&
               strnlen(request->path, length - before) == length - before - 1;
}

struct spawn_started {
        uint64_t id;
        int32_t pid;       /* as the zygote sees it */
        uint32_t is_ahead; /* the process was made before it was asked for */
};

struct spawn_setup {
        uint64_t id;
        int32_t code; /* 0, or negative errno: the text says what failed */
        uint32_t is_staged;
        uint32_t is_of_step; /* what failed is what this step brought: its tree, what it needs */
};

struct spawn_exited {
        uint64_t id;
        int32_t status;  /* of wait4() */
        uint32_t passed; /* enum verdict: the limit that its processes passed together; 0 = none */
        uint32_t
                is_group; /* what follows is of its control group, not of its first process alone */
        uint32_t forks_refused;
        uint64_t user_us;
        uint64_t system_us;
        uint64_t memory_peak_bytes;
};
