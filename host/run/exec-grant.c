/* SPDX-License-Identifier: Apache-2.0 */
#include "run/exec-grant.h"

#include <limits.h>
#include <string.h>

#include "run/grant.h"

/* Only what a cell's root shows of the host; a path elsewhere would be another file there. */
static bool is_shown(const char *path)
{
        static const char *const roots[] = { "/usr/", "/lib/", "/lib64/", "/bin/" };

        for (size_t i = 0; i < ARRAY_SIZE(roots); i++)
                if (strncmp(path, roots[i], strlen(roots[i])) == 0)
                        return true;
        return false;
}

static int path_add(struct exec_grant *g, size_t *n, const char *path, struct err *err)
{
        char *real = realpath(path, NULL);

        if (!real)
                return err_sys(err, -errno, "exec.grants names %s", path);
        g->paths[(*n)++] = real;
        if (!is_shown(real))
                return err_set(err, -EINVAL,
                               "exec.grants names %s, and a cell sees nothing of the host but /usr",
                               path);
        return 0;
}

static int paths_add(struct exec_grant *g, size_t *n, const json_t *list, struct err *err)
{
        json_t *item;
        size_t i;
        int r = 0;

        json_array_foreach (list, i, item) {
                r = path_add(g, n, json_string_value(item), err);
                if (r < 0)
                        break;
        }
        return r;
}

/* interpreter, run, NULL, read, NULL: one array, of which the lists are parts. */
static int paths_make(struct exec_grant *g, const json_t *grant, struct err *err)
{
        const json_t *run = json_object_get(grant, "run"), *read = json_object_get(grant, "read");
        size_t n = 0;
        int r;

        g->paths = calloc(json_array_size(run) + json_array_size(read) + 3, sizeof(*g->paths));
        if (!g->paths)
                return err_set(err, -ENOMEM, "out of memory");
        r = path_add(g, &n, json_string_value(json_object_get(grant, "interpreter")), err);
        if (r == 0)
                r = paths_add(g, &n, run, err);
        g->program.run = (const char *const *) g->paths;
        n++;
        g->program.read = (const char *const *) g->paths + n;
        return r == 0 ? paths_add(g, &n, read, err) : r;
}

static int groups_make(struct exec_grant *g, const json_t *grant, const struct manifest *m,
                       struct err *err)
{
        const json_t *granted = json_object_get(grant, "syscalls");
        size_t n = 0, count = 0;

        while (m->syscall_groups && m->syscall_groups[n])
                n++;
        g->groups = calloc(n + 2, sizeof(*g->groups));
        if (!g->groups)
                return err_set(err, -ENOMEM, "out of memory");
        g->groups[count++] = "spawn";
        for (size_t i = 0; i < n; i++)
                if (grant_list_has(granted, m->syscall_groups[i]))
                        g->groups[count++] = m->syscall_groups[i];
        return 0;
}

static int argv_make(struct exec_grant *g, const struct manifest_exec *exec, struct err *err)
{
        size_t n = 0, count = 0;
        const char **argv;

        while (exec->arguments[n])
                n++;
        argv = calloc(n + 3, sizeof(*argv));
        if (!argv)
                return err_set(err, -ENOMEM, "out of memory");
        (void) snprintf(g->file, sizeof(g->file), CELL_FOLDER "/%s", exec->program);
        argv[count++] = exec->interpreter;
        for (size_t i = 0; i < n; i++)
                argv[count++] = exec->arguments[i];
        argv[count] = g->file;
        g->program.argv = argv;
        return 0;
}

static int refuse(const struct agent *agent, bool is_near, struct err *err)
{
        const char *interpreter = agent->manifest->exec.interpreter;

        if (is_near)
                return err_set(err, -EACCES,
                               "agent %s is run by %s, and the option exec.grants gives that to "
                               "other agents only; add \"%s\" to its list `agents`, or \"%s@%s\" "
                               "for just these bytes",
                               agent->manifest->name, interpreter, agent->manifest->name,
                               agent->manifest->name, agent->sha256);
        return err_set(
                err, -EACCES,
                "agent %s is run by %s, and no option exec.grants allows that; `linhay agent "
                "closure %s` prints the option to put into the configuration file "
                "($LINHAY_CONFIG or /etc/linhay/linhay.conf)",
                agent->manifest->name, interpreter, interpreter);
}

int exec_grant_make(struct exec_grant *ret, const json_t *grants, const struct agent *agent,
                    struct err *err)
{
        const struct manifest *m = agent->manifest;
        struct exec_grant *g = ret;
        const json_t *grant;
        bool is_near;
        int r;

        grant = grant_find(grants, "interpreter", m->exec.interpreter, agent, &is_near);
        if (!grant)
                return refuse(agent, is_near, err);
        r = paths_make(g, grant, err);
        if (r == 0)
                r = groups_make(g, grant, m, err);
        if (r == 0)
                r = argv_make(g, &m->exec, err);
        return r;
}

void exec_grant_done(struct exec_grant *g)
{
        /* Two lists, a NULL behind each. */
        for (size_t i = 0, ends = 0; g->paths && ends < 2; i++) {
                if (!g->paths[i])
                        ends++;
                free(g->paths[i]);
        }
        free(g->paths);
        free(g->groups);
        free((void *) g->program.argv);
        *g = (struct exec_grant){ 0 };
}
