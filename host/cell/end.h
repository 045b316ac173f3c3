/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The end of a cell: which verdict, and in which words
 *
 * Pure: facts in, verdict and message out. In order of what is to be believed: why the host itself
 * stopped it, what the runtime recorded, what the agent said, and last the wait status, which says
 * little for a process that is pid 1.
 */

#include "base/limit.h"
#include "cell/cell.h"
#include "cell/proto.h"

struct end_facts {
        bool is_stopped; /* by the host: `stopped` is the reason, `stopped_text` may be NULL */
        enum verdict stopped;
        const char *stopped_text;

        bool has_fault;
        struct proto_fault fault;
        const char *fault_text; /* cleaned; may be NULL */

        bool has_failed; /* the agent's own words are in the result already */
        bool has_result;
        bool has_hung_up; /* it closed its stream, went on, and was ended for that */
        enum proto_state state;
        int status;          /* of wait4() */
        enum verdict passed; /* the limit that its processes passed together; VERDICT_OK = none */
        uint32_t forks_refused;
        const struct limits *limits;
        uint64_t cpu_ms;
        bool has_count; /* the kernel counts whom it ends for want of memory: `passed` knows it */
        uint64_t memory_peak_bytes;
};

/* Fills verdict, code, message, exit status, signal, syscall and its remedy. */
int end_judge(struct cell_result *result, const struct end_facts *facts);
