/* SPDX-License-Identifier: Apache-2.0 */

/* The c grammar as one object: its sources are fetched by scripts/fetch-grammars, not ours. */

#include "c/src/parser.c"
