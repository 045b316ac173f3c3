/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report-print.h"

#include "base/unit.h"
#include "cli/inside.h"
#include "cli/masked.h"
#include "cli/stopped.h"
#include "cli/term.h"
#include "flow/graph.h"
#include "store/place.h"

#include <inttypes.h>
#include <string.h>

/* What the graph's callbacks look steps up in. */
struct picture {
        const struct flow *flow;
        const json_t *steps; /* of the document */
        char note[64];
};

static const json_t *step_find(const struct picture *p, size_t index)
{
        const char *id = p->flow->steps[index].id;
        json_t *step;
        size_t i;

        json_array_foreach (p->steps, i, step) {
                const char *name = json_string_value(json_object_get(step, "id"));

                if (name && strcmp(name, id) == 0)
                        return step;
        }
        return NULL;
}

static const char *step_state(void *user, size_t index)
{
        return json_string_value(json_object_get(step_find(user, index), "state"));
}

static const char *step_note(void *user, size_t index)
{
        struct picture *p = user;
        const json_t *step = step_find(p, index);
        size_t n = json_array_size(json_object_get(step, "findings"));

        if (n == 0)
                return NULL;
        (void) snprintf(p->note, sizeof(p->note), "%zu finding%s", n, n == 1 ? "" : "s");
        return p->note;
}

/* The graph is an ornament: a report without one is better than none. */
static void graph_make(struct buf *out, const json_t *document)
{
        _cleanup_(flow_freep) struct flow *flow = NULL;
        struct picture picture = { .steps = json_object_get(document, "steps") };
        struct graph_options options = { .state = step_state, .note = step_note, .user = &picture };

        if (flow_from_json(&flow, json_object_get(document, "flow_json"), NULL) < 0)
                return;
        picture.flow = flow;
        if (graph_svg(out, flow, &options) < 0)
                buf_done(out);
}

/* A bill of materials names what a step found that has nothing else to say, too. */
static unsigned flags_of(enum report_format format)
{
        unsigned flags = STORE_DOC_FINDINGS | STORE_DOC_FLOW;

        return format == REPORT_CYCLONEDX || format == REPORT_SPDX ? flags
                                                                   : flags | STORE_DOC_BRIEF;
}

/* The store's folder, where it is not the one that is taken for the run's tree without a word. */
static const char *store_to_name(const struct store *store, const json_t *document)
{
        const char *tree = json_string_value(json_object_get(document, "workspace"));
        _cleanup_(freep) char *dir = NULL;
        struct err err = { 0 };

        if (tree && place_store_to_read(&dir, NULL, tree, &err) == 0 &&
            strcmp(dir, store_dir(store)) == 0)
                return NULL;
        return store_dir(store);
}

int report_print(struct store *store, const char *run, const struct report_print *how, FILE *f,
                 struct err *err)
{
        _cleanup_(json_decrefp) json_t *document = NULL;
        _cleanup_(buf_done) struct buf out = { 0 }, graph = { 0 };
        struct report_options options = { .has_colour = term_has_colour(f),
                                          .width = isatty(fileno(f)) ? term_width(f) : 120,
                                          .is_all = how->is_all };
        int r;

        r = store_run_document(store, run, flags_of(how->format), &document, err);
        if (r == 0)
                r = inside_add(document, store, STORE_DOC_FINDINGS, true, err);
        if (r < 0)
                return r;
        if (how->is_ended)
                stopped_mark_ended(document);
        else
                stopped_mark(document, store_dir(store));
        r = masked_document(document, false);
        if (r < 0)
                return err_set(err, r, "out of memory");
        options.store = store_to_name(store, document);
        if (how->format == REPORT_HTML) {
                graph_make(&graph, document);
                options.graph = graph.length ? buf_text(&graph) : NULL;
        }
        r = report_write(&out, document, how->format, &options, err);
        if (r < 0)
                return r;
        if (fwrite(buf_text(&out), 1, out.length, f) != out.length || fflush(f) != 0)
                return err_sys(err, -errno, "cannot write the report");
        return 0;
}
