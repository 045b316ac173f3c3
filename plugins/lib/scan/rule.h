/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Secret rules
 *
 * A rule says how one kind of secret looks: the literals that must be near, a regular expression
 * (or the name of an assignment), how random it has to be, and what to tell a person. Rules are
 * data: a JSON pack (doc/agents/compliance-checker.md describes the fields) that is embedded into
 * the agent. The pack owns everything its rules point to.
 */

#include "scan/proof.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <jansson.h>
#include <pcre2.h>

/* How a rule looks at the text around one of its literals. */
enum rule_kind {
        RULE_REGEX,      /* a regular expression over a window */
        RULE_ASSIGNMENT, /* NAME = VALUE in any of the usual spellings, the literal in NAME */
};

/* Where two findings lie on the same bytes, the higher rank is kept. */
enum rule_rank { RULE_GENERIC, RULE_SHAPE, RULE_PROVIDER };

struct rule {
        const char *id;   /* "github-pat" */
        const char *name; /* "GitHub personal access token" */
        const char *fix;
        unsigned severity; /* 0 info to 4 critical, as in <linhay/agent.h> */
        enum rule_kind kind;
        enum rule_rank rank;

        const char *const *keywords; /* NULL-terminated, as are cwe and tags */
        const char *const *cwe;
        const char *const *tags;
        bool cased; /* the literals are compared as they are written */

        const char *regex; /* of the match, or of names that the assignment must have */
        const char *deny;  /* of names (assignment) or secrets (regex) that are none; NULL = none */
        const char *form;  /* of an assigned value that needs no other judging; NULL = none */
        enum proof proof;  /* what the secret can be checked by */
        unsigned group;    /* which capture is the secret */
        double entropy;    /* bits per byte that the secret has at least */
        size_t min_length; /* of the secret */
        size_t before;     /* bytes looked at before a literal, */
        size_t after;      /* and behind it */
        unsigned keep;     /* bytes of the secret that an excerpt may show: a public prefix */
        bool words;        /* plain words and stand-ins are taken as well */
        bool decode;       /* what base64 hides is judged as well */
        const char *path;  /* expression for the paths that the rule is meant for; NULL = all */

        pcre2_code *code; /* compiled when first needed */
        pcre2_code *deny_code;
        pcre2_code *path_code;
        pcre2_code *form_code;
        json_t *json; /* the rule as it was written, for tests */
};

struct rule_pack {
        json_t *root;
        struct rule *rules;
        size_t n_rules;
        const char **lists; /* what keywords, cwe and tags point into */
};

/*
 * Loads a pack: 0, -ENOMEM or -EBADMSG, with a sentence in `error` that names the rule and its
 * fault.
 */
int rule_pack_load(struct rule_pack *pack, const char *text, size_t length, char *error,
                   size_t error_size);
void rule_pack_done(struct rule_pack *pack);

/* Compiles the expressions of a rule, if it has not been done: 0, -EBADMSG, -ENOMEM. */
int rule_compile(struct rule *rule, char *error, size_t error_size);
