/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sketches: workflows by chance, and how they have to end
 *
 * A sketch is a workflow as this test knows it. sketch_check() is the reference model: it knows the
 * rules of doc/engine.md and nothing of the engine, and finds in the record of a run that has ended
 * whatever they do not allow.
 */

#include "random.h"

#include <jansson.h>

#define SKETCH_STEPS 9
#define SKETCH_NAME  32
#define SKETCH_ID    24

enum sketch_work { WORK_ECHO, WORK_EDIT, WORK_EDIT_AUTO, WORKS_ };
enum sketch_when { WHEN_ALWAYS, WHEN_DONE, WHEN_HIGH, WHEN_HIGH_OR_MISSING, WHENS_ };
enum sketch_reference { REFERENCE_NONE, REFERENCE_STRICT, REFERENCE_DEFAULT, REFERENCES_ };

#define SKETCH_HIGH 20 /* outputs above it are high */

struct sketch_step {
        enum sketch_work work;
        size_t needs[3];
        size_t n_needs;
        enum sketch_when when; /* about the first need */
        enum sketch_reference reference;
        bool is_workflow; /* it runs one in place of an action */
        unsigned items;   /* 0: no for_each */
        unsigned max_parallel;
        unsigned tries;
        bool continues; /* on_failure */
        bool is_always;
        bool is_held;  /* on_crash */
        bool is_rerun; /* on_stale */
        bool is_asked; /* approval */
        bool has_timeout;
};

struct sketch {
        char name[SKETCH_NAME];
        struct sketch_step steps[SKETCH_STEPS];
        size_t n_steps;
        unsigned concurrency;
        bool has_key; /* of concurrency: all that have it take turns */
        bool has_timeout;
};

void sketch_make(struct sketch *ret, const char *name, struct chance *chance);

/* The definition: what flow_from_json() reads. */
json_t *sketch_to_json(const struct sketch *p);

void sketch_step_id(char ret[SKETCH_ID], size_t i);

/* The final record of a run: NULL, or what is wrong with it (static text). */
const char *sketch_check(const struct sketch *p, const json_t *document);
