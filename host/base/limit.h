/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Limits of one step
 *
 * One table names everything that an agent can make grow: its default, its unit, the verdict of who
 * passes it, and how it is enforced. A manifest may ask for other values (`"limits": {"memory":
 * "1GiB"}`); the admin's `limits.max.*` caps them. `limit_table` is what the documentation and
 * `linhay doctor` print.
 */

#include "base/err.h"
#include "base/verdict.h"

#include <jansson.h>

enum limit {
        LIMIT_MEMORY,    /* bytes of address space (data, stack, maps) */
        LIMIT_CPU,       /* ms of processor time */
        LIMIT_WALL,      /* ms on the clock */
        LIMIT_FILES,     /* open descriptors */
        LIMIT_FILE_SIZE, /* bytes of one written file */
        LIMIT_DISK,      /* bytes written below /work and /tmp, each */
        LIMIT_INODES,    /* files made below /work and /tmp, each */
        LIMIT_OUTPUT,    /* bytes of the output */
        LIMIT_FINDINGS,  /* number of findings */
        LIMIT_LOG,       /* bytes of log lines, stdout and stderr together */
        LIMIT_ARTIFACTS, /* bytes of all artifacts */
        LIMIT_PROCESSES, /* processes and threads besides the first */
        LIMITS_,
};

enum limit_unit { LIMIT_BYTES, LIMIT_MS, LIMIT_COUNT };

struct limit_row {
        const char *name;     /* key in a manifest */
        enum limit_unit unit; /* bytes and ms are strings with units in files */
        uint64_t standard;    /* value when nobody asks for another */
        enum verdict verdict; /* of an attempt that passes it */
        const char *enforced; /* by what, in words */
        uint64_t least;       /* a cell cannot even be made with less */
};

extern const struct limit_row limit_table[LIMITS_];

struct limits {
        uint64_t value[LIMITS_];
};

void limits_standard(struct limits *ret);

/*
 * Reads the `limits` object of a manifest over what is in `limits`. Strings with units or plain
 * numbers; unknown keys and values below the least are errors that name the key.
 */
int limits_read(struct limits *limits, const json_t *object, struct err *err);
