/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Memory of one syntax tree
 *
 * tree-sitter 0.20.7 keeps the number of a node's children in 16 bits: an error node with more of
 * them, which 65,536 open brackets make, is freed at a wrong address. So what the library allocates
 * while it parses comes from an arena, where a free() does nothing and all goes at once when the
 * file is done. It also gives parsing a limit of memory: the library has no way to report that
 * there is no more, but it can be left with a longjmp(), because nothing of it remains.
 *
 * The library's allocator is one for the process, and so is the arena. Outside arena_begin() and
 * arena_end() the library allocates as ever.
 */

#include "common.h"

#include <setjmp.h>

#define ARENA_LIMIT (512UL * 1024 * 1024) /* bytes one file may take */

/* Installs the allocator; harmless when called again. */
void arena_install(void);

/* From here on the library allocates in the arena. Past the limit it is left by longjmp(*escape).
 */
void arena_begin(jmp_buf *escape);
void arena_end(void);

/* Gives all back; nothing made between begin and end may be used any more. */
void arena_reset(void);
