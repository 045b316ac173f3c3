/* SPDX-License-Identifier: Apache-2.0 */

/* The go grammar as one object: its sources are fetched by scripts/fetch-grammars, not ours. */

#include "go/src/parser.c"
