/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Secret rules
 *
 * A rule says how one kind of secret looks: the literals that must be near, a regular expression
 * (or the name of an assignment), how random it has to be, and what to tell a person. Rules are
 * data: a JSON pack (doc/agents/compliance-checker.md describes the fields), or what packfile.h
 * makes of one. The pack owns everything its rules point to.
 */

#include "scan/proof.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <jansson.h>
#include <pcre2.h>

#define RULES_MAX        4096 /* of one pack */
#define RULE_GROUPS      16   /* captures of an expression, the whole match included */
#define RULE_KEYWORD_MAX 256  /* bytes */

/* How a rule looks at the text around one of its literals. */
enum rule_kind {
        RULE_REGEX,      /* a regular expression over a window */
        RULE_ASSIGNMENT, /* NAME = VALUE in any of the usual spellings, the literal in NAME */
        RULE_ANCHORED,   /* a regular expression that begins at the literal */
};

/* Where two findings lie on the same bytes, the higher rank is kept. */
enum rule_rank { RULE_GENERIC, RULE_SHAPE, RULE_PROVIDER };

/* An expression with its code, compiled when it is first needed: most never are. */
struct expression {
        const char *text; /* NULL = none */
        pcre2_code *code;
};

/* What an allowance's expressions are held against. */
enum allow_target { ALLOW_SECRET, ALLOW_MATCH, ALLOW_LINE };

/* Findings that are none: of one rule, or of all rules of a pack. */
struct allowance {
        struct expression *regexes; /* each list ends in a NULL text */
        struct expression *paths;
        const char *const *words; /* parts of the secret, compared without case */
        const char *const *rules; /* of a pack: ids of the rules it is for; empty = all */
        enum allow_target target;
        bool all; /* each of the three that is given must hold; else one is enough */
};

struct rule {
        const char *id;   /* "github-pat" */
        const char *name; /* "GitHub personal access token" */
        const char *fix;
        unsigned severity; /* 0 info to 4 critical, as in <linhay/agent.h> */
        unsigned kind;     /* enum rule_kind */
        unsigned rank;     /* enum rule_rank */

        const char *const *keywords; /* NULL-terminated, as are all lists */
        const char *const *cwe;
        const char *const *tags;
        bool cased; /* the literals are compared as they are written */

        struct expression regex; /* of the match, or of names that the assignment must have */
        struct expression deny;  /* of names (assignment) or secrets (regex) that are none */
        struct expression form;  /* of an assigned value that needs no other judging */
        struct expression path;  /* for the paths that the rule is meant for */
        unsigned proof;          /* enum proof: what the secret can be checked by */
        unsigned group;          /* which capture is the secret */
        double entropy;          /* bits per byte that the secret has at least */
        unsigned min_length;     /* of the secret */
        unsigned before;         /* bytes looked at before a literal, */
        unsigned after;          /* and behind it */
        unsigned keep;           /* bytes of the secret that an excerpt may show: a public prefix */
        bool words;              /* plain words and stand-ins are taken as well */
        bool decode;             /* what base64 hides is judged as well */
        bool plain;              /* only its own filters judge a match: of an imported rule */
        bool own_gate;           /* Hyperscan was seen to miss its literals: never let it look */

        struct allowance *allow; /* n_allow of them */
        size_t n_allow;

        /* What the rule must find and must not find (sample.h). */
        const char *const *examples;
        const char *const *counters;
        const char *example_path;

        /* Of packs that were joined: */
        unsigned part; /* which of them it came with */
        bool off;      /* switched off, or replaced by one of the same id */
};

/* How a field of a rule is written, in JSON and in a compiled pack. */
enum rule_field_kind { FIELD_TEXT, FIELD_LIST, FIELD_NAME, FIELD_SIZE, FIELD_FLAG, FIELD_REAL };

struct rule_field {
        const char *key;
        enum rule_field_kind kind;
        size_t offset;            /* in struct rule */
        const char *const *names; /* FIELD_NAME: of the values, in order */
        unsigned n;               /* how many names; FIELD_SIZE: the largest value */
        unsigned otherwise;       /* where it is not given */
};

#define RULE_FIELDS_MAX 32

extern const struct rule_field rule_fields[];
extern const size_t rule_fields_n;

#define PACK_PARTS 2

/* The literals of a compiled pack, as an engine (gate.h) has saved them. */
struct pack_gate {
        struct span data; /* empty = none */
        const char *key;
};

struct rule_pack {
        json_t *root; /* of a pack that was loaded from JSON */
        struct rule *rules;
        size_t n_rules;
        struct allowance *allow; /* for all rules */
        size_t n_allow;
        const char **lists; /* what the rules' lists point into */
        struct expression *expressions;
        struct allowance *allowances;
        size_t n_expressions;

        struct pack_gate gates[PACK_PARTS]; /* of the part that a rule is of */
        unsigned n_parts;                   /* 1, but of packs that were joined */
        const char *const *disable;         /* rules that it switches off in what it is joined to */
        bool alone;                         /* it is not to be joined to any */
        char sha256[64 + 1];                /* of the JSON it was made from */
};

/*
 * Loads a JSON pack: 0, -ENOMEM or -EBADMSG, with a sentence in `error` that says where (a line, or
 * a JSON pointer) and what is wrong.
 */
int rule_pack_load(struct rule_pack *pack, const char *text, size_t length, char *error,
                   size_t error_size);
void rule_pack_done(struct rule_pack *pack);

/*
 * Moves the rules of `base` and of `more` into one pack; both must stay until it is done. Rules of
 * `more` replace those with the same id, it may disable others, and what it allows counts for all.
 * 0 or -ENOMEM.
 */
int rule_pack_join(struct rule_pack *joined, struct rule_pack *base, struct rule_pack *more);

/* Compiles an expression, if it has not been done: 0, -EBADMSG. One without a text is fine. */
int expression_compile(struct expression *e, char *error, size_t error_size);

/* All expressions of a rule; the error names the rule. */
int rule_compile(struct rule *rule, char *error, size_t error_size);

/* Makes machine code of them, too, where this is possible; what cannot be is interpreted. */
int rule_compile_code(struct rule *rule, char *error, size_t error_size);
