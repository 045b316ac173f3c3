/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A schema in the first line, a value in the others
 *
 * Promises: a schema or words; a verdict never depends on how it is asked for (all faults, the
 * first, as one error, as a value without unknown parts); every fault has a sentence and a pointer
 * that leads into the value; checking ends within the step limit, which is all the time that
 * libFuzzer's own limit leaves; filling in defaults twice is filling in once.
 */
#include "fuzz.h"

#include "base/schema.h"

#define FAULTS 8

static bool none_is_unknown(const json_t *value, void *user)
{
        (void) value;
        (void) user;
        return false;
}

static void faults_try(const struct schema_faults *faults, const json_t *value)
{
        promise(faults->count <= FAULTS, "faults are limited");
        for (size_t i = 0; i < faults->count; i++) {
                const struct schema_fault *f = &faults->list[i];

                promise(f->message && fuzz_has_words(f->message) && f->keyword,
                        "a fault has a sentence");
                promise(json_pointer_get(value, f->instance), "a fault points into the value");
        }
}

static void value_try(const struct schema *s, const json_t *value)
{
        _cleanup_(schema_faults_done) struct schema_faults faults = { .limit = FAULTS };
        struct err err = { 0 };
        int r = schema_check(s, value, &faults, &err), first;

        faults_try(&faults, value);
        if (r < 0) {
                promise(fuzz_has_words(err.text) && (r == -E2BIG || r == -ELOOP),
                        "a limit has words");
                return;
        }
        promise((r == SCHEMA_MISFIT) == (faults.count > 0), "faults exactly where it does not fit");

        /* The first fault ends the check, so it may be quicker than its limit, never otherwise. */
        first = schema_check(s, value, NULL, &err);
        promise(first == r, "the same verdict without faults");
        promise(schema_check_partial(s, value, none_is_unknown, NULL, &faults, &err) == r,
                "the same verdict where nothing is unknown");
        first = schema_require(s, value, "it", &err);
        promise(first == (r ? -EBADMSG : 0), "the same verdict as an error");
}

static void defaults_try(const struct schema *s, json_t *value)
{
        _cleanup_(json_decrefp) json_t *once = NULL;

        if (!json_is_object(value))
                return;
        promise(schema_default(s, value) == 0, "defaults are filled in");
        once = json_deep_copy(value);
        promise(schema_default(s, value) == 0 && json_equal(once, value), "and only once");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
        size_t n = newline ? (size_t) (newline - data) : size;
        _cleanup_(json_decrefp) json_t *json = NULL, *value = NULL;
        _cleanup_(schema_freep) struct schema *s = NULL;
        struct err err = { 0 };
        int r;

        if (json_text_load(&json, (const char *) data, n, "schema", &err) < 0) {
                promise(fuzz_has_words(err.text), "what is no JSON is told");
                return 0;
        }
        r = schema_new(&s, json, NULL, &err);
        promise((r == 0) == (s != NULL) && (r == 0 || fuzz_has_words(err.text)),
                "a schema or words");
        if (r < 0 || !newline)
                return 0;
        promise(json_equal(schema_json(s), json), "the schema is kept as it was given");
        if (json_text_load(&value, (const char *) newline + 1, size - n - 1, "value", &err) < 0)
                return 0;
        value_try(s, value);
        defaults_try(s, value);
        return 0;
}
