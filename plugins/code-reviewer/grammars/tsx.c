/* SPDX-License-Identifier: Apache-2.0 */

/* The tsx grammar as one object: its sources are fetched by scripts/fetch-grammars, not ours. */

#include "typescript/tsx/src/parser.c"
#include "typescript/tsx/src/scanner.c"
