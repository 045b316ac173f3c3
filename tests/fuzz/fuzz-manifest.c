/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as an agent's manifest
 *
 * Promises: a manifest or a refusal with words; what is taken has a name, at least one action with
 * both schemas compiled, each found by its name, and no limit of zero; its canonical text is taken
 * again and is the same.
 */
#include "fuzz.h"

#include "base/json.h"
#include "plug/manifest.h"

static void action_try(const struct manifest *m, const struct manifest_action *a)
{
        promise(manifest_find(m, a->name) == a, "an action is found by its name, and only once");
        promise(a->input_schema && a->output_schema, "schemas are compiled");
        promise(a->summary && a->workspace < WORKSPACE_MODES_ && a->risk < RISKS_,
                "an action is whole");
        promise(!a->examples || json_is_array(a->examples), "examples are a list");
}

static void manifest_try(const struct manifest *m)
{
        promise(m->name && m->version && m->summary && m->licence && m->n_actions > 0,
                "what is taken is whole");
        for (size_t i = 0; i < m->n_actions; i++)
                action_try(m, &m->actions[i]);
        for (size_t i = 0; i < LIMITS_; i++)
                promise(m->limits.value[i] > 0 || i == LIMIT_PROCESSES, "no limit is zero");
        promise(m->syscall_groups && m->secrets, "lists are there when they are empty");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(manifest_freep) struct manifest *m = NULL, *again = NULL;
        _cleanup_(freep) char *text = NULL;
        struct err err = { 0 };
        int r = manifest_parse(&m, (const char *) data, size, "x.json", &err);

        promise((r == 0) == (m != NULL), "a manifest or a refusal");
        if (r < 0) {
                promise(fuzz_has_words(err.text) && err.code == r, "a refusal has words");
                return 0;
        }
        manifest_try(m);
        text = json_canonical(m->json);
        promise(text && manifest_parse(&again, text, strlen(text), "y.json", &err) == 0,
                "its canonical text is taken again");
        promise(json_same(m->json, again->json) && m->n_actions == again->n_actions,
                "and is the same");
        return 0;
}
