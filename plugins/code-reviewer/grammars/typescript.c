/* SPDX-License-Identifier: Apache-2.0 */

/* The typescript grammar as one object: its sources are fetched by scripts/fetch-grammars, not
 * ours. */

#include "typescript/typescript/src/parser.c"
#include "typescript/typescript/src/scanner.c"
