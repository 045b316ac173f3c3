/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stores.h"

#include "cli/cli.h"
#include "store/place.h"
#include "store/store.h"

#include <string.h>

struct gather {
        json_t *all;
        stores_reader read;
        const void *user;
};

static int gather_from(struct gather *g, const char *dir, struct err *err)
{
        const struct store_options options = { .flags = STORE_READ_ONLY };
        _cleanup_(store_freep) struct store *store = NULL;
        _cleanup_(json_decrefp) json_t *some = NULL;
        int r;

        r = store_open(&store, dir, &options, err);
        if (r == -ENOENT)
                return 0;
        if (r == 0)
                r = g->read(store, g->user, &some, err);
        if (r == 0 && json_array_extend(g->all, some) < 0)
                r = err_sys(err, -ENOMEM, "cannot list what is in %s", dir);
        return r;
}

static int gather_each(void *user, const char *dir)
{
        struct err err = { 0 };

        if (gather_from(user, dir, &err) < 0)
                cli_say("%s", err_text(&err));
        return 0;
}

static int compare_runs(const void *a, const void *b)
{
        const json_t *const *x = a, *const *y = b;

        return strcmp(json_string_value(json_object_get(*x, "run")),
                      json_string_value(json_object_get(*y, "run")));
}

/* What came from many stores, in the order of the runs' ids, which is that of time. */
static int sort_by_run(json_t *all, bool newest_first)
{
        size_t n = json_array_size(all);
        _cleanup_(json_decrefp) json_t *old = json_copy(all);
        _cleanup_(freep) json_t **rows = calloc(n + 1, sizeof(json_t *));

        if (!old || !rows)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                rows[i] = json_array_get(old, i);
        qsort(rows, n, sizeof(json_t *), compare_runs);
        for (size_t i = 0; i < n; i++)
                if (json_array_set(all, newest_first ? n - 1 - i : i, rows[i]) < 0)
                        return -ENOMEM;
        return 0;
}

int stores_gather(json_t **ret, const struct stores_options *options, stores_reader read,
                  const void *user, struct err *err)
{
        _cleanup_(json_decrefp) json_t *all = json_array();
        struct gather g = { .all = all, .read = read, .user = user };
        _cleanup_(freep) char *dir = NULL;
        int r;

        if (!all)
                return err_sys(err, -ENOMEM, "cannot make a list");
        if (options->everywhere) {
                r = place_each(gather_each, &g);
                if (r == 0)
                        r = sort_by_run(all, options->newest_first);
                if (r < 0)
                        return err_sys(err, r, "cannot list your stores");
        } else {
                r = place_store_to_read(&dir, options->store, options->workspace, err);
                if (r == 0)
                        r = gather_from(&g, dir, err);
                if (r < 0)
                        return r;
        }
        *ret = TAKE(all);
        return 0;
}
