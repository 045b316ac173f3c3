/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Why a patch is refused
 *
 * The first thing that is wrong ends the work: it is put into words where the most is known about
 * it, and nothing is written. Each kind has a code for programs and a class that tells the host
 * whether trying again could help.
 */

#include "def.h"

enum refusal_kind {
        REFUSAL_NONE,
        REFUSAL_INPUT,    /* the inputs of the action do not fit together */
        REFUSAL_EMPTY,    /* there is no patch in the input */
        REFUSAL_CORRUPT,  /* the patch is not well-formed */
        REFUSAL_PATH,     /* a name that leaves the tree or reaches git's own files */
        REFUSAL_LINK,     /* a symbolic link in the way, or one that would lead out */
        REFUSAL_MODE,     /* a file type that is never made: submodule, device */
        REFUSAL_MISSING,  /* the file to change is not there */
        REFUSAL_EXISTS,   /* the file to make is there already */
        REFUSAL_TYPE,     /* a folder where a file is meant, or the reverse */
        REFUSAL_HUNK,     /* the file does not hold what the patch expects */
        REFUSAL_LIMIT,    /* a limit of the agent */
        REFUSAL_INTERNAL, /* memory, input or output */
        REFUSAL_KINDS_
};

struct refusal {
        enum refusal_kind kind;
        char text[2048];
};

/* Keeps kind and text, and returns -1. */
int refuse(struct refusal *why, enum refusal_kind kind, const char *format, ...) _printf_(3, 4);

int refuse_memory(struct refusal *why);

/* "patch-rejected" and its like. */
const char *refusal_code(enum refusal_kind kind);

/* enum linhay_fail. */
int refusal_class(enum refusal_kind kind);
