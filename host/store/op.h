/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Operations: what a batch is made of, for the back ends
 *
 * An operation is a kind and the values that its statement binds, in order; each back end has one
 * table from kinds to statements. Only host/store includes this header.
 */

#include "base/buf.h"
#include "base/err.h"
#include "store/batch.h"
#include "store/strand.h"

enum op_kind {
        OP_FLOW,
        OP_RUN,
        OP_RUN_FILE,
        OP_RUN_STATE,
        OP_RUN_TIER,
        OP_RUN_CANCEL,
        OP_BREAK_ATTEMPTS,
        OP_BREAK_APPROVALS,
        OP_BREAK_STEPS,
        OP_BREAK_RUNS,
        OP_STEP,
        OP_ITEMS,
        OP_STEP_STATE,
        OP_STEP_READY_AT,
        OP_STEP_TAKEN,
        OP_ATTEMPT_BEGIN,
        OP_ATTEMPT_END,
        OP_OUTPUT,
        OP_FINDING,
        OP_ARTIFACT,
        OP_WITHDRAW_OUTPUT,
        OP_WITHDRAW_FINDINGS,
        OP_WITHDRAW_ARTIFACTS,
        OP_CHANGESET,
        OP_CHANGESET_STATE,
        OP_APPROVAL_OPEN,
        OP_APPROVAL_DECIDE,
        OP_BLOB_REF,
        OP_CACHE,
        OP_CACHE_USED,
        OP_TRIGGER,
        OP_EVENT,
        OP_LOG,
        OPS_,
};

/* Text when `text` is set, else a number, else (is_null) nothing. */
struct op_value {
        const char *text;
        size_t length;
        int64_t number;
        bool is_null;
};

struct op {
        struct op *next;
        enum op_kind kind;
        unsigned n_values;
        struct op_value values[];
};

struct chunk;

/* Outputs that are larger are kept as blobs; their row has the sha256. */
#define OUTPUT_ROW_MAX ((size_t) 64 << 10)

struct batch {
        struct op *first;
        struct op *last;
        struct chunk *chunks; /* all memory of the operations */
        struct op_value run;  /* the last keys that were copied: most operations share them */
        struct op_value step;
        struct buf text;       /* of a value that is being copied */
        int error;             /* of the first function that failed; 0 */
        bool has_blobs;        /* names blobs, which must be synced first */
        bool has_large;        /* an output for batch_spill() */
        struct strand *strand; /* NULL = it stands alone */
        bool is_trial;
};

/* Puts large values into the folder of blobs; for the writer, before the batch is written. */
int batch_spill(struct batch *b, int blobs, struct err *err);
