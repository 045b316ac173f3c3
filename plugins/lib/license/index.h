/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Index of licence texts and names
 *
 * Made when linhay is built (index-compile.c) and embedded as it is used: nothing is parsed or
 * allocated at run time, and only the pages that are looked at are read. All offsets count from the
 * start of the index; numbers are in the byte order of the machine that built it.
 *
 *     header | entries | words of all texts | slots | postings | ids | names | strings
 *
 * A seed is a row of LICENSE_SEED words. Of each text some are chosen (the least hash of every
 * LICENSE_WINDOW neighbours), and the slots tell in which texts, and where, a seed stands.
 */

#include "license/words.h"

#define LICENSE_MAGIC   0x33786c6cu
#define LICENSE_SEED    4
#define LICENSE_WINDOW  4
#define LICENSE_COMMON  255 /* a seed that stands in more places is left out */
#define LICENSE_NO_TEXT UINT16_MAX

enum license_kind {
        LICENSE_TEXT,      /* a licence in full */
        LICENSE_EXCEPTION, /* what stands behind WITH */
        LICENSE_NOTICE,    /* says which licence holds */
};

struct license_index_header {
        uint32_t magic, length;
        uint32_t n_entries, entries;
        uint32_t n_words, words;
        uint32_t n_slots, slots; /* a power of two */
        uint32_t n_postings, postings;
        uint32_t n_ids, ids; /* in order, without case */
        uint32_t n_names, names;
        uint32_t name_slots, n_name_slots; /* first word of a name -> its names */
        uint32_t strings;
};

struct license_entry {
        uint32_t id;    /* string */
        uint32_t first; /* its words */
        uint32_t n_words;
        uint32_t core_start; /* words before and behind are often left out: a title, how to apply */
        uint32_t core_end;
        uint32_t n_seeds;
        uint32_t kind;
        uint32_t is_common; /* OSI approved it: where two fit alike, it is this one */
};

struct license_slot {
        uint32_t seed;
        uint32_t place; /* first posting << 8 | how many; 0 = free */
};

struct license_posting {
        uint16_t entry, at; /* word of the text */
};

enum license_id_flags {
        LICENSE_ID_EXCEPTION = 1,
        LICENSE_ID_DEPRECATED = 2,
};

struct license_id {
        uint32_t id;      /* string, as SPDX spells it */
        uint32_t instead; /* string: the expression that replaced a deprecated one; 0 = none */
        uint32_t flags;
};

/* A name of a licence, in words; those with the same first word stand together. */
struct license_name {
        uint32_t first; /* its words, among those of the texts */
        uint16_t n_words;
        uint16_t flags; /* enum license_name_flags */
        uint32_t id;    /* string */
        uint32_t plain; /* string: what a family without a version means; "" = nothing */
};

enum license_name_flags {
        LICENSE_NAME_FAMILY = 1, /* a version follows, or stands before */
        LICENSE_NAME_WEAK = 2,   /* means the licence only where one is told: "License: MIT" */
        LICENSE_NAME_URL = 4,    /* an address, which needs no words around it */
        LICENSE_NAME_CASED = 8,  /* written as the identifier is, with its capitals */
        LICENSE_NAME_VALUE = 16, /* an everyday word: only as a whole value, "License: Ruby" */
};

struct license_index {
        const struct license_index_header *header;
        const struct license_entry *entries;
        const uint32_t *words;
        const struct license_slot *slots;
        const struct license_posting *postings;
        const struct license_id *ids;
        const struct license_name *names;
        const struct license_slot *name_slots; /* place = first name << 8 | how many */
        const char *base;
};

/* Looks at an index in memory, aligned to 8 bytes: 0, or -EBADMSG when it is none of this build. */
int license_index_open(struct license_index *x, struct span data);

/* The one that is embedded. */
const struct license_index *license_index_built_in(void);

const char *license_index_string(const struct license_index *x, uint32_t offset);

/* Hash of the seed that begins at words[0]. */
uint32_t license_seed(const uint32_t *words);

/* Where a seed or a name's first word stands in its table; NULL = nowhere. */
const struct license_slot *license_index_slot(const struct license_slot *slots, uint32_t n,
                                              uint32_t key);

/* The identifier as SPDX has it, found without case; NULL = none. */
const struct license_id *license_index_id(const struct license_index *x, struct span id,
                                          bool exception);
