/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Gate
 *
 * Finds all occurrences of many literals in one pass, so that the costly matching is done only
 * where it can succeed. Two implementations give exactly the same hits: Hyperscan where it was
 * found at build time, else an Aho-Corasick automaton. Hyperscan takes 10 ms for some hundred
 * literals, so what it has made is saved when a pack is compiled and only loaded in a cell; our own
 * automaton takes less than a millisecond and is built each time.
 */

#include "scan/def.h"

struct gate;

struct gate_literal {
        const char *text; /* at least one byte, no NUL */
        bool cased;       /* false: A to Z and a to z are the same */
};

/* `end` is the offset behind the literal. Anything but 0 stops the scan. */
typedef int (*gate_hit)(void *owner, unsigned literal, size_t end);

struct gate_engine {
        const char *name;
        int (*new)(struct gate **ret_gate, const struct gate_literal *literals, size_t n);
        int (*scan)(struct gate *gate, const char *data, size_t length, gate_hit hit, void *owner);
        void (*free)(struct gate *gate);

        /* NULL where building anew is as quick. */
        int (*save)(const struct gate *gate, void **ret_data, size_t *ret_length);
        /* `ret_why`: a sentence why it is of no use here (another library, another processor). */
        int (*load)(struct gate **ret_gate, const void *data, size_t length, const char **ret_why);
        /* What a saved gate is bound to: the library's version, the processor's features it uses.
         */
        const char *(*key)(void);
        /* Why a gate of such a key is of no use here, as a sentence; NULL = it may be loaded. */
        const char *(*misfit)(const char *key);
};

extern const struct gate_engine gate_ac;
extern const struct gate_engine gate_hs; /* only with HAVE_HYPERSCAN */

/* The best one of this build. */
const struct gate_engine *gate_best(void);
