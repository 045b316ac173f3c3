/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/flow-catalog.h"

#include "conf/suggest.h"
#include "run/firing.h"

#include <libgen.h>
#include <linux/limits.h>
#include <string.h>

static int action_unknown(const struct manifest *m, const char *action, struct err *err)
{
        const char *names[65] = { NULL }, *near;

        for (size_t i = 0; i < m->n_actions && i + 1 < ARRAY_SIZE(names); i++)
                names[i] = m->actions[i].name;
        near = suggest(action, names);
        if (near)
                return err_set(err, -ENOENT,
                               "agent \"%s\" has no action \"%s\" (did you mean \"%s\"?)", m->name,
                               action, near);
        return err_set(err, -ENOENT,
                       "agent \"%s\" has no action \"%s\" (linhay agent show %s lists them)",
                       m->name, action, m->name);
}

static int lookup(void *user, const char *agent, const char *action, struct flow_action *ret,
                  struct err *err)
{
        const struct manifest_action *a;
        const struct agent *found;
        int r;

        r = catalog_find(user, agent, &found, err);
        if (r < 0)
                return r;
        a = manifest_find(found->manifest, action);
        if (!a)
                return action_unknown(found->manifest, action, err);
        *ret = (struct flow_action){
                .input = a->input_schema,
                .output = a->output_schema,
                .workspace = a->workspace,
                .risk = a->risk,
                .is_idempotent = a->is_idempotent,
        };
        return 0;
}

struct flow_catalog flow_catalog_of(struct catalog *catalog)
{
        return (struct flow_catalog){ .lookup = lookup, .trigger = firing_check, .user = catalog };
}

/* The shipped workflows: beside this program while it stands in its build folder, else installed.
 */
static char *shipped_path(const char *name)
{
        char exe[PATH_MAX], *path;
        ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

        exe[MAX_OF(n, 0)] = '\0';
        if (asprintf(&path, "%s/share/workflows/%s.flow", dirname(exe), name) < 0)
                return NULL;
        if (access(path, R_OK) == 0)
                return path;
        free(path);
        return asprintf(&path, "%s/workflows/%s.flow", LINHAY_DATADIR, name) < 0 ? NULL : path;
}

char *flow_path_find(const char *name)
{
        _cleanup_(freep) char *path = NULL;

        if (strchr(name, '/') || access(name, F_OK) == 0)
                return strdup(name);
        path = shipped_path(name);
        if (path && access(path, R_OK) == 0)
                return TAKE(path);
        return strdup(name);
}

int flow_open(struct flow **ret, const char *path, struct catalog *catalog, struct err *err)
{
        struct flow_catalog agents = flow_catalog_of(catalog);
        _cleanup_(faults_done) struct faults faults = { 0 };
        _cleanup_(freep) char *found = flow_path_find(path);
        _cleanup_(buf_done) struct buf text = { 0 };
        int r;

        if (!found)
                return err_set(err, -ENOMEM, "out of memory");
        r = flow_check_file(ret, found, &agents, &faults, err);
        faults_sort(&faults);
        if (faults.count > 0 && faults_text(&faults, &text) == 0)
                (void) fputs(buf_text(&text), stderr);
        if (r < 0 && faults.errors > 0)
                return err_set(err, r, "%s has %zu error%s", found, faults.errors,
                               faults.errors == 1 ? "" : "s");
        return r;
}
