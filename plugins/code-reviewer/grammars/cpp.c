/* SPDX-License-Identifier: Apache-2.0 */

/* The cpp grammar as one object: its sources are fetched by scripts/fetch-grammars, not ours. */

#include "cpp/src/parser.c"
#include "cpp/src/scanner.c"
