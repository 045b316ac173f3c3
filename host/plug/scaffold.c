/* SPDX-License-Identifier: Apache-2.0 */
#include "plug/scaffold.h"

#include "base/buf.h"
#include "base/io.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_BYTES_MAX (256 * 1024)

#define FILES_MAX 5

/* What an agent is made of. */
static const struct form {
        const char *exec; /* of an exec agent; NULL = a shared object */
        struct {
                const char *from; /* in the template */
                const char *to;   /* in the new folder; %s is the agent's name */
        } files[FILES_MAX];
} forms[] = {
        { NULL,
          { { "agent.c", "%s.c" },
            { "agent.json", "agent.json" },
            { "Makefile", "Makefile" },
            { "README.md", "README.md" },
            { "gitignore", ".gitignore" } } },
        { "python",
          { { "python/agent.py", "agent.py" },
            { "python/agent.json", "agent.json" },
            { "python/linhay.py", "linhay.py" },
            { "python/README.md", "README.md" } } },
        { "shell",
          { { "shell/agent.sh", "agent.sh" },
            { "shell/agent.json", "agent.json" },
            { "shell/linhay.sh", "linhay.sh" },
            { "shell/README.md", "README.md" } } },
};

/* A folder that is being filled; taken away again unless it gets its name. */
struct draft {
        char path[PATH_MAX];
        const char *name;
        const struct form *form;
        bool is_made;
};

static void draft_done(struct draft *d)
{
        char path[PATH_MAX + 128];

        if (!d->is_made)
                return;
        for (size_t i = 0; i < FILES_MAX && d->form->files[i].from; i++) {
                int n = snprintf(path, sizeof(path), "%s/", d->path);

                (void) snprintf(path + n, sizeof(path) - (size_t) n, d->form->files[i].to, d->name);
                (void) unlink(path);
        }
        (void) rmdir(d->path);
}

static int name_check(const char *name, struct err *err)
{
        size_t n = strlen(name);

        if (n == 0 || n > 63 || name[0] < 'a' || name[0] > 'z' ||
            strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != n)
                return err_set(err, -EINVAL,
                               "\"%s\" is no name for an agent: a lower-case letter, then at most "
                               "62 of a-z, 0-9 and -",
                               name);
        return 0;
}

/* Copies the text with every @NAME@ and @SDK@ replaced. */
static int text_expand(struct buf *out, const char *text, const char *name, const char *sdk_dir)
{
        int r = 0;

        while (r == 0 && *text) {
                if (strncmp(text, "@NAME@", 6) == 0) {
                        r = buf_puts(out, name);
                        text += 6;
                } else if (strncmp(text, "@SDK@", 5) == 0) {
                        r = buf_puts(out, sdk_dir);
                        text += 5;
                } else {
                        r = buf_putc(out, *text++);
                }
        }
        return r;
}

static int file_make(const struct draft *d, size_t i, const char *template_dir, const char *sdk_dir,
                     struct err *err)
{
        _cleanup_(buf_done) struct buf text = BUF_LIMIT(FILE_BYTES_MAX), out = { 0 };
        char from[PATH_MAX], to[PATH_MAX + 128];
        int r, n;

        (void) snprintf(from, sizeof(from), "%s/%s", template_dir, d->form->files[i].from);
        r = file_read(from, &text, err);
        if (r < 0)
                return err_wrap(err, r, "the template of agents is not whole");
        r = text_expand(&out, buf_text(&text), d->name, sdk_dir);
        if (r < 0)
                return err_sys(err, r, "cannot fill in %s", from);

        n = snprintf(to, sizeof(to), "%s/", d->path);
        (void) snprintf(to + n, sizeof(to) - (size_t) n, d->form->files[i].to, d->name);
        return file_replace(to, buf_text(&out), out.length, 0644, err);
}

static const struct form *form_find(const char *exec, struct err *err)
{
        for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
                if (exec == forms[i].exec ||
                    (exec && forms[i].exec && !strcmp(exec, forms[i].exec)))
                        return &forms[i];
        (void) err_set(err, -EINVAL, "there is no template for \"%s\"; there are python and shell",
                       exec);
        return NULL;
}

int scaffold_new(const char *dir, const char *name, const char *exec, const char *template_dir,
                 const char *sdk_dir, struct err *err)
{
        _cleanup_(draft_done) struct draft d = { .name = name, .form = form_find(exec, err) };
        char path[PATH_MAX];
        int r;

        if (!d.form)
                return -EINVAL;
        r = name_check(name, err);
        if (r < 0)
                return r;
        if ((size_t) snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path) ||
            (size_t) snprintf(d.path, sizeof(d.path), "%s/.%s.new", dir, name) >= sizeof(d.path))
                return err_set(err, -ENAMETOOLONG, "the path of %s is too long", name);
        if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return err_set(err, -EEXIST, "%s is there already; choose another name", path);
        if (mkdir(d.path, 0755) < 0)
                return err_sys(err, -errno, "cannot make folder %s", d.path);
        d.is_made = true;

        for (size_t i = 0; i < FILES_MAX && d.form->files[i].from; i++) {
                r = file_make(&d, i, template_dir, sdk_dir, err);
                if (r < 0)
                        return r;
        }
        if (renameat2(AT_FDCWD, d.path, AT_FDCWD, path, RENAME_NOREPLACE) < 0)
                return err_sys(err, -errno, "cannot make folder %s", path);
        d.is_made = false;
        return 0;
}

int scaffold_places(char **ret_template_dir, char **ret_sdk_dir, struct err *err)
{
        char exe[PATH_MAX], mark[PATH_MAX + 32];
        _cleanup_(freep) char *template_dir = NULL, *sdk_dir = NULL;
        ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
        bool is_built_here;
        const char *dir;
        int r;

        if (n < 0)
                return err_sys(err, -errno, "cannot tell where this program is");
        exe[n] = '\0';
        dir = dirname(exe);
        (void) snprintf(mark, sizeof(mark), "%s/config.status", dir);
        is_built_here = access(mark, F_OK) == 0;
        r = is_built_here ? asprintf(&template_dir, "%s/share/template", dir)
                          : asprintf(&template_dir, "%s", LINHAY_DATADIR "/template");
        if (r >= 0)
                r = is_built_here ? asprintf(&sdk_dir, "%s/share/include", dir)
                                  : asprintf(&sdk_dir, "%s", LINHAY_INCLUDEDIR);
        if (r < 0)
                return err_set(err, -ENOMEM, "out of memory");
        *ret_template_dir = TAKE(template_dir);
        *ret_sdk_dir = TAKE(sdk_dir);
        return 0;
}
