/* SPDX-License-Identifier: Apache-2.0 */

/* The python grammar as one object: its sources are fetched by scripts/fetch-grammars, not ours. */

#include "python/src/parser.c"
#include "python/src/scanner.c"
