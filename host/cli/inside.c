/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/inside.h"

#include "base/json.h"
#include "cli/column.h"
#include "flow/flow.h"

#include <string.h>

static const char *state_of(const json_t *children, const char *run)
{
        json_t *child;
        size_t i;

        json_array_foreach (children, i, child)
                if (strcmp(column_text(child, "run"), run) == 0)
                        return column_text(child, "state");
        return "";
}

static int counts_add(json_t *counts, const json_t *more)
{
        const char *name;
        json_t *n;

        json_object_foreach ((json_t *) more, name, n) {
                json_int_t sum = json_integer_value(json_object_get(counts, name));

                if (json_object_set_new(counts, name, json_integer(sum + json_integer_value(n))) <
                    0)
                        return -ENOMEM;
        }
        return 0;
}

/* What one step of the inner run says goes to the row of the step that runs it. */
static int step_take(json_t *row, const char *run, const json_t *step)
{
        json_t *pending = json_object_get(row, "pending"), *item = json_object_get(step, "item"),
               *findings = json_object_get(row, "findings");
        const char *state = column_text(json_object_get(step, "approval"), "state");

        if (strcmp(state, "open") == 0 &&
            json_array_append_new(pending, json_pack("{s:s, s:s, s:O?}", "run", run, "step",
                                                     column_text(step, "id"), "item", item)) < 0)
                return -ENOMEM;
        if (json_array_extend(pending, json_object_get(step, "pending")) < 0 &&
            json_object_get(step, "pending"))
                return -ENOMEM;
        if (findings && json_object_get(step, "findings") &&
            json_array_extend(findings, json_object_get(step, "findings")) < 0)
                return -ENOMEM;
        return counts_add(json_object_get(row, "finding_counts"),
                          json_object_get(step, "finding_counts"));
}

static int add(json_t *document, struct store *store, unsigned flags, bool tells, int depth,
               struct err *err);

static int look(json_t *row, struct store *store, unsigned flags, int depth, struct err *err)
{
        _cleanup_(json_decrefp) json_t *inner = NULL;
        const char *run = column_text(row, "child");
        json_t *step;
        size_t i;
        int r;

        r = store_run_document(store, run, flags | STORE_DOC_BRIEF, &inner, err);
        if (r == -ENOENT)
                return 0; /* it goes with its parent: somebody prunes beside us */
        if (r == 0)
                r = add(inner, store, flags, false, depth + 1, err);
        if (r < 0)
                return r;
        r = json_object_set_new(row, "pending", json_array());
        if (r == 0 && flags & STORE_DOC_FINDINGS)
                r = json_object_set_new(row, "findings", json_array());
        json_array_foreach (json_object_get(inner, "steps"), i, step)
                if (r == 0)
                        r = step_take(row, run, step);
        return r < 0 ? err_set(err, -ENOMEM, "out of memory") : 0;
}

static int row_add(json_t *row, const char *state, bool tells)
{
        const char *run = column_text(row, "child"), *reason = column_text(row, "reason");
        char text[RUN_ID_SIZE + 64];

        if (json_object_set_new(row, "child_state", json_string(state)) < 0)
                return -ENOMEM;
        if (!tells || strncmp(reason, "run ", 4) != 0 || strcmp(reason + 4, run) != 0)
                return 0;
        (void) snprintf(text, sizeof(text), "run %s: %s", run, state);
        return json_object_set_new(row, "reason", json_string(text)) < 0 ? -ENOMEM : 0;
}

static int add(json_t *document, struct store *store, unsigned flags, bool tells, int depth,
               struct err *err)
{
        _cleanup_(json_decrefp) json_t *children = NULL;
        json_t *row;
        size_t i;
        int r = 0;

        json_array_foreach (json_object_get(document, "steps"), i, row) {
                if (!*column_text(row, "child") || depth > FLOW_DEPTH_MAX)
                        continue;
                if (!children)
                        r = store_children(store,
                                           (struct step_key){ .run = column_text(document, "run") },
                                           &children, err);
                if (r == 0 &&
                    row_add(row, state_of(children, column_text(row, "child")), tells) < 0)
                        r = err_set(err, -ENOMEM, "out of memory");
                if (r == 0 && strcmp(column_text(row, "state"), "running") == 0)
                        r = look(row, store, flags, depth, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

int inside_add(json_t *document, struct store *store, unsigned flags, bool tells, struct err *err)
{
        return add(document, store, flags & STORE_DOC_FINDINGS, tells, 1, err);
}
