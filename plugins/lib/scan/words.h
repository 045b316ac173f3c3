/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Words
 *
 * How much do the letters of a text look like words? Counts its triples of letters, and those of
 * them that words seldom have: of 100 triples in names of programs about 3 are rare, of 100 in
 * random letters about 68. Where a capital follows a small letter a new word begins.
 */

#include "scan/def.h"

struct words {
        unsigned pairs;   /* of letters that follow each other in one word */
        unsigned triples; /* the same of three */
        unsigned rare;    /* triples that are in few words */
};

struct words words_count(struct span text);
