/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/subflow.h"

#include "base/json.h"
#include "flow/flow-read.h"

#include <limits.h>
#include <string.h>

const struct flow *flow_child(const struct flow *f, const char *name)
{
        for (size_t i = 0; i < f->child_count; i++)
                if (strcmp(f->children[i].name, name) == 0)
                        return f->children[i].flow;
        return NULL;
}

bool flow_has_child(const struct flow *f, const char *name)
{
        for (size_t i = 0; i < f->child_count; i++)
                if (strcmp(f->children[i].name, name) == 0)
                        return true;
        return false;
}

/* Takes `flow` over in any case; NULL = it is told already why there is none. */
static int child_add(struct flow *f, const char *name, struct flow *flow)
{
        struct flow_child *grown =
                reallocarray(f->children, f->child_count + 1, sizeof(*f->children));

        if (!grown) {
                flow_free(flow);
                return -ENOMEM;
        }
        f->children = grown;
        f->children[f->child_count++] = (struct flow_child){ name, flow };
        return 0;
}

/* "a -> b -> a", from where the circle begins. */
static void circle_text(const struct reader *r, const char *name, char *ret, size_t size)
{
        const char *names[FLOW_DEPTH_MAX + 1];
        size_t n = 0, used = 0;

        for (const struct flow_nest *at = r->nest; at && n <= FLOW_DEPTH_MAX; at = at->outer) {
                names[n++] = at->name;
                if (strcmp(at->name, name) == 0)
                        break;
        }
        while (n-- > 0 && used < size)
                used += (size_t) snprintf(ret + used, size - used, "%s -> ", names[n]);
        if (used < size)
                (void) snprintf(ret + used, size - used, "%s", name);
}

/* Is it one of those that are being read? */
static bool is_around(const struct reader *r, const char *name)
{
        for (const struct flow_nest *at = r->nest; at; at = at->outer)
                if (strcmp(at->name, name) == 0)
                        return true;
        return false;
}

static size_t depth_of(const struct reader *r)
{
        size_t depth = 0;

        for (const struct flow_nest *at = r->nest; at; at = at->outer)
                depth++;
        return depth;
}

/* The file NAME.flow beside the one at `path`. */
static int beside(char *ret, size_t size, const char *path, const char *name)
{
        const char *slash = strrchr(path, '/');
        int n = snprintf(ret, size, "%.*s%s.flow", slash ? (int) (slash - path) + 1 : 0, path,
                         name);

        return n < 0 || (size_t) n >= size ? -ENAMETOOLONG : 0;
}

static int file_take(struct reader *r, const char *pointer, const char *path, const char *name)
{
        const struct flow_nest nest = { name, r->nest, r->nest ? r->nest->n_files : NULL };
        json_t *all = json_object_get(r->flow->json, "workflows");
        char file[PATH_MAX], circle[FLOW_DEPTH_MAX * (FLOW_NAME_MAX + 8)];
        struct flow *child = NULL;
        struct err why = { 0 };
        int e;

        if (is_around(r, name)) {
                circle_text(r, name, circle, sizeof(circle));
                e = reader_fault(r, pointer, "the workflows run each other in a circle: %s",
                                 circle);
                return e < 0 ? e : child_add(r->flow, name, NULL);
        }
        if (depth_of(r) >= FLOW_DEPTH_MAX) {
                e = reader_fault(r, pointer, "workflows within workflows: more than %d levels",
                                 FLOW_DEPTH_MAX);
                return e < 0 ? e : child_add(r->flow, name, NULL);
        }
        if (beside(file, sizeof(file), path, name) < 0 || access(file, F_OK) < 0)
                return 0; /* told by the check */
        if (nest.n_files && ++*nest.n_files > FLOW_FILES_MAX) {
                e = *nest.n_files > FLOW_FILES_MAX + 1
                            ? 0
                            : reader_fault(r, pointer,
                                           "more than %d files with workflows are called",
                                           FLOW_FILES_MAX);
                return e < 0 ? e : child_add(r->flow, name, NULL);
        }
        e = flow_read_within(&child, file, &nest, r->faults, &why);
        if (e == -ENOMEM)
                return e;
        if (e < 0 && !r->faults->errors && reader_fault(r, pointer, "%s", err_text(&why)) < 0)
                return -ENOMEM;
        if (e < 0)
                return child_add(r->flow, name, NULL);
        if (!all) {
                all = json_object();
                if (json_object_set_new(r->flow->json, "workflows", all) < 0) {
                        flow_free(child);
                        return -ENOMEM;
                }
        }
        if (json_object_set(all, name, child->json) < 0) {
                flow_free(child);
                return -ENOMEM;
        }
        return child_add(r->flow, json_object_iter_key(json_object_iter_at(all, name)), child);
}

int subflow_gather(struct reader *r, const char *path)
{
        const json_t *steps = json_object_get(r->flow->json, "steps"), *step;
        char pointer[64];
        size_t i;

        json_array_foreach (steps, i, step) {
                const char *name = reader_word(json_object_get(step, "workflow"));
                int e;

                if (!reader_is_id(name) || flow_has_child(r->flow, name) ||
                    json_object_get(json_object_get(r->flow->json, "workflows"), name))
                        continue;
                (void) snprintf(pointer, sizeof(pointer), "/steps/%zu/workflow", i);
                e = file_take(r, pointer, path, name);
                if (e < 0)
                        return e;
        }
        return 0;
}

static int child_read(struct reader *r, const char *pointer, const char *name, const json_t *value)
{
        const struct flow_nest nest = { name, r->nest, r->nest ? r->nest->n_files : NULL };
        struct flow *child = NULL;
        struct err why = { 0 };
        int e;

        if (!reader_is_id(name) || !json_is_object(value))
                return reader_fault(r, pointer,
                                    "workflows has names with definitions: { name = { "
                                    "steps = ( ... ); }; }");
        if (depth_of(r) >= FLOW_DEPTH_MAX)
                return reader_fault(r, pointer, "workflows within workflows: more than %d levels",
                                    FLOW_DEPTH_MAX);
        e = flow_from_json_within(&child, value, name, &nest, &why);
        if (e == -ENOMEM)
                return e;
        if (e < 0 && reader_fault(r, pointer, "workflow \"%s\": %s", name, err_text(&why)) < 0)
                return -ENOMEM;
        return child_add(r->flow, name, child);
}

int subflow_read(struct reader *r, const char *pointer, const struct reader_key *key,
                 const json_t *value, void *target)
{
        const char *name;
        json_t *item;

        (void) target;
        if (!json_is_object(value))
                return reader_fault(r, pointer,
                                    "%s must be a group: { name = { steps = ( ... ); "
                                    "}; }",
                                    key->name);
        json_object_foreach ((json_t *) value, name, item) {
                _cleanup_(buf_done) struct buf at = { 0 };
                int e;

                if (flow_has_child(r->flow, name))
                        continue; /* read from its file */
                e = buf_puts(&at, pointer);
                if (e == 0)
                        e = json_pointer_add(&at, name);
                if (e == 0)
                        e = child_read(r, at.data, name, item);
                if (e < 0)
                        return e;
        }
        return 0;
}
