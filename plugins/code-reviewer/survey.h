/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Survey of a workspace
 *
 * Goes over all files of our languages, parses and measures each once, and hands it to the action.
 * Keeps count of what was seen and a list of what could not be parsed, and why; nothing in the tree
 * ends a survey.
 */

#include "metrics.h"

#include <jansson.h>
#include <linhay/agent.h>

#define SURVEY_LISTED     1000 /* files listed by name, of each list */
#define SURVEY_PATHS      256  /* of the input `paths` */
#define SURVEY_FILE_BYTES 2097152

struct survey_language {
        uint64_t files, functions, nloc;
};

struct survey {
        struct linhay_run *run;
        char *paths[SURVEY_PATHS + 1]; /* empty = all */
        uint64_t max_file_bytes;
        bool takes_generated;

        /* Counted: */
        uint64_t files, functions;
        struct survey_language languages[LANGUAGES_];
        json_t *not_looked_at;
        uint64_t n_not_looked_at;
        json_t *partly_parsed;
};

/* Looks at one file; a negative return ends the survey with it. */
typedef int (*survey_visit)(void *owner, const struct source *s, const struct metrics *m);

/* Reads the inputs that all actions share. */
int survey_open(struct survey *v, struct linhay_run *run);
void survey_close(struct survey *v);

/* 0, or a negative errno: -ECANCELED when the run was cancelled. */
int survey_run(struct survey *v, survey_visit visit, void *owner);

/* A file that the action itself could not finish. */
void survey_partly(struct survey *v, const char *path);

/* Adds languages, not_looked_at and the rest to an output. */
int survey_report(struct survey *v, json_t *output);

/* A JSON string of bytes that need not be UTF-8. */
json_t *json_text(const char *text);
