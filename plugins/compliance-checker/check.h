/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The state of one check
 *
 * What the controls share: the run, the rules, what the policy and the baseline say, and the file
 * that is looked at. A control gets the text of a file and calls check_report() for what it finds;
 * the findings of a file are kept until all controls have seen it, then masked, fingerprinted,
 * compared with the baseline, held against the file's context and the waivers in its comments, and
 * told, in order of their places.
 */

#include "deps/deps.h"
#include "scan/context.h"
#include "scan/fingerprint.h"
#include "scan/idset.h"
#include "scan/mask.h"
#include "scan/match.h"
#include "scan/waiver.h"

#include "license-list.h"
#include "suppress.h"

#include <linhay/agent.h>
#include <linhay/walk.h>

enum control {
        CONTROL_SECRETS,
        CONTROL_LICENSES,
        CONTROL_HEADERS,
        CONTROL_CONFIG,
        CONTROL_ENV,
        CONTROLS_,
};

extern const char *const control_names[CONTROLS_];

/* How a finding was come by; told as its tag `soundness:NAME`. */
enum soundness {
        SOUNDNESS_PARSED,  /* the file was parsed, and says so */
        SOUNDNESS_PARTIAL, /* parsed, but something it depends on was not seen or not understood */
        SOUNDNESS_HEURISTIC, /* a pattern in text that was not parsed */
        SOUNDNESSES_,
};

/* What a rule of a control other than secrets says; each control has a table of these. */
struct notice {
        const char *rule; /* "headers/missing-hsts": begins with the control's name */
        enum linhay_severity severity;
        const char *cwe; /* NULL = none */
        const char *message;
        const char *fix;
        const char *refs; /* tags with blanks between them, of the form SOURCE:NUMBER, such as
                             "asvs:14.4.5 cis-docker:4.1 hadolint:DL3002"; NULL = none */
        enum soundness soundness;
};

/* One finding of the current file. */
struct report {
        enum control control;
        enum linhay_severity severity;
        const char *rule; /* texts live until the file is done: static, or from check_keep() */
        const char *message;
        const char *fix;
        const char *const *cwe;
        const char *const *tags;
        const char *waiver; /* why it is waived already; NULL = it is not */
        const char *proof;  /* one more tag: what a secret's own check says; NULL = nothing */
        const char
                *decoded; /* one more: how the secret was hidden at its place; NULL = not at all */
        enum soundness soundness;
        size_t start; /* offset of the place in the text */
        size_t end;
        const char *const *refs; /* standards that the rule's tags do not name; NULL = none */
        struct span secret;      /* what the fingerprint is made of; empty = the masked line */
        const char *excerpt;     /* NULL = the masked line; else there is no place in the text, */
        uint32_t line;           /* but this line, or 0 */
};

/* What the policy file asks for. */
struct policy {
        json_t *json;         /* NULL = none given */
        json_t *licenses;     /* its part about licences (license/policy.h), or NULL */
        pcre2_code **paths;   /* secrets in these paths are not reported */
        pcre2_code **secrets; /* nor secrets that match these */
        size_t n_paths, n_secrets;
};

struct not_scanned {
        char *path;
        const char *why;
};

struct check {
        struct linhay_run *run;
        struct matcher *matcher; /* of secrets */
        struct matcher *env;     /* of defaults for environment variables */
        bool wanted[CONTROLS_];
        struct policy policy;
        struct suppressions suppressions; /* of baseline and policy */
        struct fingerprint_key key;

        /* The current file. */
        const char *path;
        char *shown;          /* the path, where it holds a secret and is told in another way */
        const char *commit;   /* that brought it in, 40 digits; NULL = the tree as it is now */
        enum context context; /* once a finding asked for it */
        bool has_context;
        const char *text; /* this part of it */
        size_t length;
        bool is_scanned;    /* the matcher has seen this part */
        uint32_t line;      /* number of the line that counting of lines has come to, */
        size_t line_start;  /* where it begins in this part, */
        size_t line_before; /* bytes of it that lie before this part, */
        size_t line_offset; /* and how far counting has come */
        size_t own_start;   /* findings outside are told with the part before */
        size_t own_end;     /* or behind this one */
        struct report *reports;
        size_t n_reports, reports_size;
        struct mask_secret *masks;
        size_t n_masks, masks_size;
        char **kept; /* texts of the current file's findings */
        size_t n_kept, kept_size;

        /* Sums for the output. */
        uint64_t counts[CONTROLS_][LINHAY_SEVERITY_CRITICAL + 1];
        uint64_t suppressed; /* by baseline and policy */
        uint64_t waived;     /* by a comment in the source */
        uint64_t in_context[CONTEXTS_];
        uint64_t files, bytes;
        uint64_t unpacked;            /* bytes that came out of archives */
        uint64_t files_of[CONTROLS_]; /* headers, config: files of their kinds */
        uint64_t lost;                /* findings past the host's limit */
        struct not_scanned *not_scanned;
        size_t n_not_scanned, not_scanned_size;
        struct license_list licenses; /* output.licenses */
        struct deps packages;         /* output.packages */
        json_t *license_folders; /* kind -> folder -> ids, and what else the whole tree tells */
        struct license_finder *license_finder;
        bool licenses_cut;         /* there were too many for the judgement of the whole tree */
        bool license_file_at_root; /* even one that is not recognised */
        json_t *kube_folders;      /* what objects of Kubernetes left in each folder */
        size_t kube_notes;
        json_t *variables; /* what files read and declare of the environment, see variable.h */
        size_t variable_names;
        json_t *env_files; /* that compose files name, see env-file.h */
        json_t *vendored;  /* folders that were looked into: path -> why, see vendored.h */
        json_t *servers;   /* programs of Express and what they load, see express-tree.h */
        struct docker_config *docker; /* .hadolint.yaml, once a Dockerfile was met */
        bool wants_history;
        struct idset told; /* secrets of the tree and of older commits, where history is wanted */
        json_t *seen;      /* fingerprints without a key: how often each was made */
};

/* Notes a finding of a control at text[start..end). Texts must live as long as the agent. */
int check_notice(struct check *c, enum control control, const struct notice *notice, size_t start,
                 size_t end);

/* The same for one that a comment or a file of another checker waives; `waiver` is the reason, or
 * NULL. */
int check_notice_waived(struct check *c, enum control control, const struct notice *notice,
                        size_t start, size_t end, const char *waiver);

/* The same with everything given; the structure is copied. */
int check_report(struct check *c, const struct report *report);

/* Says that the current file is of a kind that this control is about: a module of the controls
 * headers and config calls it once for each file that it parses. */
void check_concerns(struct check *c, enum control control);

/* Says that a file was not looked at, or not wholly. `why` is static. */
int check_not_scanned(struct check *c, const char *path, const char *why);

/* Makes a copy of a text that lives until the current file is done; NULL when out of memory. */
const char *check_keep(struct check *c, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* Hides text[start..end) in all excerpts of this file, `keep` bytes at its front excepted. */
int check_hide(struct check *c, size_t start, size_t end, size_t keep);

/* What the current file's path and the folders around it say of it; worked out when asked. */
enum context check_context(struct check *c);

/* Begins a file: line 1, nothing found. */
void check_begin(struct check *c, const char *path);

/* Gives the next part of the file to look at; of it, text[own_start..own_end) is new. */
void check_part(struct check *c, const char *text, size_t length, size_t own_start, size_t own_end);

/* Tells all findings of this part of the file, in order; then there are none. */
int check_flush(struct check *c);

/* Frees what the run allocated: for tests that run the agent many times. */
void check_done(struct check *c);
