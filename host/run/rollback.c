/* SPDX-License-Identifier: Apache-2.0 */
#include "run/rollback.h"

#include "base/changeset.h"
#include "flow/flow.h"
#include "store/apply.h"
#include "store/batch.h"

#include <fcntl.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *member)
{
        const char *text = json_string_value(json_object_get(object, member));

        return text ? text : "";
}

static json_int_t when_of(const json_t *step)
{
        return json_integer_value(json_object_get(json_object_get(step, "changeset"), "at"));
}

/* The applied changeset that was applied last and is not undone yet; step NULL: there is none. */
struct newest {
        json_t *document; /* of its run */
        const json_t *step;
};

static void newest_done(struct newest *n)
{
        json_decref(n->document);
}

static void newest_in(struct newest *n, json_t *document)
{
        json_t *step;
        size_t i;

        json_array_foreach (json_object_get(document, "steps"), i, step) {
                if (strcmp(text_of(json_object_get(step, "changeset"), "state"), "applied") != 0)
                        continue;
                if (n->step && when_of(step) < when_of(n->step))
                        continue;
                json_incref(document);
                json_decref(n->document);
                *n = (struct newest){ document, step };
        }
}

/* In the run, and in those that its steps ran. */
static int newest_find(struct newest *n, struct store *store, const char *run, int depth,
                       struct err *err)
{
        _cleanup_(json_decrefp) json_t *document = NULL, *children = NULL;
        json_t *child;
        size_t i;
        int r;

        r = store_run_document(store, run, 0, &document, err);
        if (r == 0)
                r = store_children(store, (struct step_key){ .run = run }, &children, err);
        if (r < 0)
                return r;
        newest_in(n, document);
        json_array_foreach (children, i, child) {
                if (depth < FLOW_DEPTH_MAX)
                        r = newest_find(n, store, text_of(child, "run"), depth + 1, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int record_revert(struct store *store, const char *run, const json_t *step,
                         const char *sha256, struct err *err)
{
        const json_t *item = json_object_get(step, "item");
        struct step_key key = { run, text_of(step, "id"),
                                json_is_integer(item) ? (int) json_integer_value(item) : -1 };
        struct batch *batch;
        int r;

        r = batch_new(&batch);
        if (r < 0)
                return err_set(err, r, "out of memory");
        batch_changeset_state(batch, key, sha256, CHANGESET_REVERTED, 0);
        return store_commit(store, batch, err);
}

static int step_undo(struct store *store, const char *run, const char *tree, const json_t *step,
                     size_t *ret_files, struct err *err)
{
        _cleanup_(changeset_freep) struct changeset *c = NULL, *reverse = NULL;
        _cleanup_(closep) int tree_fd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char id[160];
        int r;

        if (tree_fd < 0)
                return err_sys(err, -errno, "cannot open the tree %s", tree);
        r = changeset_from_json(&c, json_object_get(step, "changeset"), err);
        if (r == 0)
                r = changeset_reverse(&reverse, c, err);
        if (r < 0)
                return r;
        (void) snprintf(id, sizeof(id), "rollback-%s-%s", run, text_of(step, "id"));
        r = apply_changeset(reverse, tree_fd, tree, store_blobs(store), store_journal(store), id,
                            err);
        if (r == -ESTALE)
                return err_set(err, r,
                               "cannot undo step %s: %s. Bring that path back to what the run left "
                               "(linhay diff %s/%s shows it) and roll back again, or undo by hand",
                               text_of(step, "id"), strdupa(err_text(err)), run,
                               text_of(step, "id"));
        if (r < 0)
                return err_wrap(err, r, "cannot undo step %s", text_of(step, "id"));
        r = record_revert(store, run, step, c->sha256, err);
        if (r == 0)
                *ret_files = c->n_files;
        return r;
}

int rollback_run(struct store *store, const char *run, rollback_undone undone, void *user,
                 struct err *err)
{
        for (int n = 0;; n++) {
                _cleanup_(newest_done) struct newest newest = { 0 };
                const char *of;
                size_t n_files;
                int r;

                r = newest_find(&newest, store, run, 1, err);
                if (r < 0)
                        return r;
                if (!newest.step)
                        return n;
                of = text_of(newest.document, "run");
                r = step_undo(store, of, text_of(newest.document, "workspace"), newest.step,
                              &n_files, err);
                if (r == 0)
                        r = undone(user, of, text_of(newest.step, "id"), n_files);
                if (r < 0)
                        return r;
        }
}
