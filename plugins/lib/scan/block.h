/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Blocks of bytes
 *
 * Sixteen bytes that are looked at in one step, whatever processor it is: the compiler makes what
 * it can of it. A run of 31 bytes of a kind holds a whole block of them, wherever it begins, so
 * most of a text is passed over without a branch for each of its bytes.
 */

#include "scan/def.h"

#define BLOCK_LENGTH 16

typedef unsigned char block __attribute__((vector_size(BLOCK_LENGTH)));

static inline block block_load(const char *text)
{
        block b;

        memcpy(&b, text, sizeof(b));
        return b;
}

/* 0xff where a byte is one of `n` that follow each other from `first` on. */
static inline block block_between(block b, unsigned char first, unsigned char n)
{
        return (block) ((b - first) < n);
}

static inline bool block_is_full(block mask)
{
        uint64_t halves[2];

        memcpy(halves, &mask, sizeof(halves));
        return (halves[0] & halves[1]) == UINT64_MAX;
}
