/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registry.h"

#include "cli/flow-catalog.h"

#include <dirent.h>
#include <string.h>

struct registry *registry_free(struct registry *r)
{
        if (!r)
                return NULL;
        for (size_t i = 0; i < r->n_flows; i++)
                flow_free(r->flows[i]);
        free(r->flows);
        free(r);
        return NULL;
}

const struct flow *registry_find(const struct registry *r, const char *name)
{
        for (size_t i = 0; r && i < r->n_flows; i++)
                if (strcmp(r->flows[i]->name, name) == 0)
                        return r->flows[i];
        return NULL;
}

static int is_flow(const struct dirent *entry)
{
        size_t n = strlen(entry->d_name);

        return entry->d_name[0] != '.' && n > 5 && strcmp(entry->d_name + n - 5, ".flow") == 0;
}

static int flow_add(struct registry *r, const char *path, struct catalog *catalog, struct err *err)
{
        struct flow_catalog agents = flow_catalog_of(catalog);
        _cleanup_(faults_done) struct faults faults = { 0 };
        _cleanup_(flow_freep) struct flow *flow = NULL;
        const struct flow *other;
        int e;

        e = flow_check_file(&flow, path, &agents, &faults, err);
        if (e < 0)
                return e;
        other = registry_find(r, flow->name);
        if (other)
                return err_set(err, -EEXIST, "%s: %s has the name \"%s\" as well", path,
                               other->file, flow->name);
        r->flows[r->n_flows++] = TAKE(flow);
        return 0;
}

static int flows_add(struct registry *r, const char *dir, struct dirent **entries, size_t n,
                     struct catalog *catalog, registry_fault on_fault, void *user, struct err *err)
{
        for (size_t i = 0; i < n; i++) {
                _cleanup_(freep) char *path = NULL;
                struct err fault = { 0 };
                int e;

                if (asprintf(&path, "%s/%s", dir, entries[i]->d_name) < 0) {
                        path = NULL;
                        return err_set(err, -ENOMEM, "out of memory");
                }
                e = flow_add(r, path, catalog, &fault);
                if (e < 0 && !on_fault)
                        return err_set(err, e, "%s", err_text(&fault));
                if (e < 0)
                        on_fault(user, err_text(&fault));
        }
        return 0;
}

static void entries_free(struct dirent **entries, int n)
{
        while (n-- > 0)
                free(entries[n]);
        free(entries);
}

int registry_load(struct registry **ret, const char *dir, struct catalog *catalog,
                  registry_fault on_fault, void *user, struct err *err)
{
        _cleanup_(registry_freep) struct registry *r = calloc(1, sizeof(*r));
        struct dirent **entries = NULL;
        int n, e = -ENOMEM;

        n = scandir(dir, &entries, is_flow, alphasort);
        if (n < 0 && errno != ENOENT)
                return err_sys(err, -errno, "cannot read the workflows in %s (workflows.dir)", dir);
        n = MAX_OF(n, 0);
        if (n > REGISTRY_FLOWS_MAX)
                e = err_set(err, -E2BIG, "%s holds more than %d workflows", dir,
                            REGISTRY_FLOWS_MAX);
        else if (r && (r->flows = calloc((size_t) n + 1, sizeof(struct flow *))))
                e = flows_add(r, dir, entries, (size_t) n, catalog, on_fault, user, err);
        else
                (void) err_set(err, e, "out of memory");
        entries_free(entries, n);
        if (e < 0)
                return e;
        *ret = TAKE(r);
        return 0;
}
