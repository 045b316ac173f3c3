/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules
 *
 * A rule is data: a tree-sitter query with predicates, and what to say where it matches. The rule
 * files (rules/ *.scm) are embedded in the agent; rules/README.md is their format. A query is
 * compiled when the first file turns up that its language and keywords fit, for that language only:
 * compiling all of them would cost more than most reviews.
 */

#include "language.h"
#include "predicate.h"

#include <linhay/agent.h>

#define RULE_LISTS 8 /* most words in one list: cwe, tags */
#define RULE_WORDS 24

struct rule {
        char *id;
        enum linhay_severity severity;
        char *message; /* {name} stands for the text of the capture @name */
        char *fix;
        const char *cwe[RULE_LISTS + 1];
        const char *tags[RULE_LISTS + 1];
        const char *keywords[RULE_WORDS + 1]; /* one of them must be in the file; none = any file */
        uint32_t languages;                   /* bit per language_id */
        bool skips_tests;                     /* does not look at files of tests */
        const char *query;
        uint32_t query_length;
        uint32_t line; /* in its file, for errors */
        struct matcher *matchers[LANGUAGES_];
        bool is_off;
};

struct rules {
        struct rule *items;
        size_t n_items, size;
};

/* Adds the rules of one file's text, which must stay. 0, -ENOMEM or -EBADMSG with `ret_error`. */
int rules_parse(struct rules *rules, const char *name, const char *text, size_t length,
                char ret_error[256]);

/* The embedded files. */
int rules_load(struct rules *rules, char ret_error[256]);
void rules_done(struct rules *rules);

/* The compiled query for a language; 0, -ENOMEM, or -EBADMSG with `ret_error`. */
int rule_compile(struct rule *rule, const struct language *language, struct matcher **ret,
                 char ret_error[256]);
