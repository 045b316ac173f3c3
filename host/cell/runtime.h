/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Runtime: the trusted code that shares a process with the agent
 *
 * The cell is confined when this starts. It loads the object, checks its descriptor, lets it
 * prepare, closes the second stage of the filter, reads the request, runs the action, and answers.
 * It keeps the promises of <linhay/agent.h> toward honest agents; it promises the host nothing,
 * for hostile code may do with it what it likes.
 */

#include "base/limit.h"
#include "cell/exec.h"

#include <linux/filter.h>

struct runtime_plan {
        const char *object; /* path of the shared object */
        int object_fd;      /* to be closed when it is loaded; -1 = none */
        int socket;
        int workspace_fd; /* -1 = none */
        bool is_late;     /* it comes with the request: until then the folder is empty */
        const struct limits *limits;
        bool is_warm; /* there is time until the request */
        bool has_mdwe;
        uint32_t flags;                  /* SPAWN_*: the groups of system calls that were granted */
        struct exec_plan program;        /* of an exec agent; its `program` is NULL for any other */
        const struct sock_fprog *stage2; /* at SPAWN_STAGE2_ADDRESS; NULL = no second stage */
};

_Noreturn void runtime_main(const struct runtime_plan *plan);
