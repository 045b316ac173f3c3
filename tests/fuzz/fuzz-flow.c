/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as a workflow's file, libconfig or JSON
 *
 * Promises: a workflow or faults, each with file and line; the errors of a broken file begin with
 * file:line; what is fit to run is read again from its JSON and from its libconfig form with the
 * same hash, and can be drawn. Agents are known: `x` has the action `y`, which has a schema.
 */
#include "fuzz.h"

#include "flow/check.h"
#include "flow/graph.h"
#include "fuzz-file.h"

/* libconfig 1.5 itself loses a few bytes for each string that it cannot finish. */
const char *__lsan_default_suppressions(void) __attribute__((visibility("default")));
const char *__lsan_default_suppressions(void)
{
        return "leak:libconfig\n";
}

static int agent_lookup(void *user, const char *agent, const char *action, struct flow_action *ret,
                        struct err *err)
{
        const struct schema *const *schemas = user;

        if (strcmp(agent, "x") != 0 || strcmp(action, "y") != 0)
                return err_set(err, -ENOENT, "nobody knows it");
        *ret = (struct flow_action){ schemas[0], schemas[1], WORKSPACE_OVERLAY, RISK_APPROVAL,
                                     true };
        return 0;
}

static struct schema *schema_make(const char *text)
{
        _cleanup_(json_decrefp) json_t *json = json_loads(text, 0, NULL);
        struct schema *s = NULL;

        promise(schema_new(&s, json, NULL, NULL) == 0, "the action has a schema");
        return s;
}

static void faults_try(const struct faults *faults, const struct fuzz_file *file)
{
        for (size_t i = 0; i < faults->count; i++) {
                const struct fault *f = &faults->list[i];

                promise(strcmp(f->file, file->path) == 0 && f->line > 0, "a fault has a place");
                promise(f->message && fuzz_has_words(f->message), "and a sentence");
        }
}

static void conf_again(const struct flow *f)
{
        _cleanup_(fuzz_file_done) struct fuzz_file file = { .fd = -1 };
        _cleanup_(buf_done) struct buf out = { 0 };
        _cleanup_(flow_freep) struct flow *again = NULL;
        struct err err = { 0 };

        promise(flow_to_conf(f, &out) == 0, "it is written as libconfig");
        fuzz_file_make(&file, buf_text(&out), out.length);
        promise(flow_load(&again, file.path, NULL, &err) == 0, "and read again");
        promise(strcmp(f->hash, again->hash) == 0, "with the same hash");
}

static void flow_try(const struct flow *f)
{
        _cleanup_(freep) char *text = flow_to_json(f);
        _cleanup_(json_decrefp) json_t *json = NULL;
        _cleanup_(flow_freep) struct flow *again = NULL;
        _cleanup_(buf_done) struct buf out = { 0 };
        struct err err = { 0 };

        promise(text && json_text_load(&json, text, strlen(text), "own", &err) == 0, "it is JSON");
        promise(flow_from_json(&again, json, &err) == 0, "its JSON is read again");
        promise(strcmp(f->hash, again->hash) == 0 && f->step_count == again->step_count,
                "with the same hash");
        conf_again(f);
        promise(graph_text(&out, f, NULL) == 0 && graph_dot(&out, f, NULL) == 0 &&
                        graph_svg(&out, f, NULL) == 0,
                "it can be drawn");
        for (size_t i = 0; i < f->step_count; i++)
                promise(flow_find(f, f->steps[i].id) == (ssize_t) i, "a step is found by its id");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(schema_freep) struct schema *in = schema_make(
                                                      "{\"properties\": {\"n\": {\"type\": "
                                                      "\"integer\"}}, \"required\": [\"n\"]}"),
                                              *out = schema_make(
                                                      "{\"properties\": {\"list\": {}}}");
        const struct schema *schemas[] = { in, out };
        const struct flow_catalog catalog = { agent_lookup, schemas };
        _cleanup_(fuzz_file_done) struct fuzz_file file = { .fd = -1 };
        _cleanup_(faults_done) struct faults faults = { 0 };
        _cleanup_(flow_freep) struct flow *f = NULL;
        struct err err = { 0 };
        int r;

        fuzz_file_make(&file, data, size);
        r = flow_check_file(&f, file.path, &catalog, &faults, &err);
        promise(r == 0 || r == -EBADMSG, "a workflow or its faults");
        promise((r == 0) == (f != NULL) && (r < 0 || faults.errors == 0), "and not both");
        promise(r == 0 || fuzz_file_has_line(&file, err.text), "an error has file and line");
        faults_try(&faults, &file);
        if (r == 0)
                flow_try(f);
        return 0;
}
