/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as a changeset's JSON, as it comes back from the store
 *
 * Promises: a changeset or words; what is taken has only paths that stay in the tree, sorted, each
 * found by its path; written and read again it is the same, its digest included; its reverse's
 * reverse is itself.
 */
#include "fuzz.h"

#include "base/json.h"
#include "fuzz-changeset.h"

static void round_trip(const struct changeset *c)
{
        _cleanup_(json_decrefp) json_t *json = changeset_to_json(c);
        _cleanup_(changeset_freep) struct changeset *again = NULL, *back = NULL, *forth = NULL;
        struct err err = { 0 };

        promise(json && changeset_from_json(&again, json, &err) == 0, "it is read again");
        promise(strcmp(c->sha256, again->sha256) == 0, "and is the same");
        promise(changeset_reverse(&back, c, &err) == 0 && back->n_files == c->n_files,
                "it has a reverse");
        fuzz_changeset_try(back);
        promise(changeset_reverse(&forth, back, &err) == 0 && strcmp(c->sha256, forth->sha256) == 0,
                "whose reverse it is");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(json_decrefp) json_t *json = NULL;
        _cleanup_(changeset_freep) struct changeset *c = NULL;
        struct err err = { 0 };
        int r;

        if (json_text_load(&json, (const char *) data, size, "changeset", &err) < 0)
                return 0;
        r = changeset_from_json(&c, json, &err);
        promise((r == 0) == (c != NULL) && (r == 0 || fuzz_has_words(err.text)),
                "a changeset or words");
        if (r < 0)
                return 0;
        fuzz_changeset_try(c);
        round_trip(c);
        return 0;
}
