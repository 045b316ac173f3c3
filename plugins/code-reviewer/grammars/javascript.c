/* SPDX-License-Identifier: Apache-2.0 */

/* The javascript grammar as one object: its sources are fetched by scripts/fetch-grammars, not
 * ours. */

#include "javascript/src/parser.c"
#include "javascript/src/scanner.c"
