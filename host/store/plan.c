/* SPDX-License-Identifier: Apache-2.0 */
#include "store/plan.h"

#include "store/site.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static bool is_at_or_below(const char *path, const char *folder)
{
        size_t n = strlen(folder);

        return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* The top whose path is the first `n` bytes of `path`, else -1. */
static ssize_t top_find(const struct plan *p, const char *path, size_t n)
{
        size_t low = 0, high = p->n_tops;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = strncmp(p->tops[middle], path, n);

                if (order == 0 && p->tops[middle][n] == '\0')
                        return (ssize_t) middle;
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return -1;
}

ssize_t plan_top(const struct plan *p, const char *path)
{
        for (size_t n = strcspn(path, "/");; n += 1 + strcspn(path + n + 1, "/")) {
                ssize_t top = top_find(p, path, n);

                if (top >= 0 || path[n] == '\0')
                        return top;
        }
}

static int top_add(struct plan *p, const char *path, size_t length)
{
        char **tops = reallocarray(p->tops, p->n_tops + 1, sizeof(*tops));
        char *copy = strndup(path, length);

        if (tops)
                p->tops = tops;
        if (!tops || !copy) {
                free(copy);
                return -ENOMEM;
        }
        tops[p->n_tops++] = copy;
        return 0;
}

/* 1 when a folder stands at the first `length` bytes of `path`, 0 when nothing does. */
static int folder_is_there(int tree, const char *path, size_t length, struct err *err)
{
        _cleanup_(freep) char *folder = strndup(path, length);
        _cleanup_(site_done) struct site s = SITE_NONE;
        struct stat st;
        int r;

        if (!folder)
                return err_set(err, -ENOMEM, "out of memory");
        r = site_open(&s, tree, folder);
        if (r < 0)
                return r == -ENOENT ? 0 : err_sys(err, r, "cannot open the folder of %s", folder);
        if (fstatat(s.dir, s.base, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : err_sys(err, -errno, "cannot stat %s", folder);
        if (!S_ISDIR(st.st_mode))
                return 0;
        return 1;
}

static int row_tops(struct plan *p, const struct change *f, struct err *err)
{
        const char *end = f->path;
        int r;

        if (p->n_tops > 0 && is_at_or_below(f->path, p->tops[p->n_tops - 1]))
                return 0;
        while ((end = strchr(end, '/'))) {
                r = folder_is_there(p->tree, f->path, (size_t) (end - f->path), err);
                if (r < 0)
                        return r;
                if (r == 0)
                        return top_add(p, f->path, (size_t) (end - f->path));
                end++;
        }
        if (S_ISDIR(f->mode_after) && !S_ISDIR(f->mode_before))
                return top_add(p, f->path, strlen(f->path));
        return 0;
}

static int text_compare(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

int plan_find(struct plan *p, struct err *err)
{
        for (size_t i = 0; i < p->c->n_files; i++) {
                int r = p->c->files[i].mode_after ? row_tops(p, &p->c->files[i], err) : 0;

                if (r < 0)
                        return r == -ENOMEM ? err_set(err, r, "out of memory") : r;
        }
        if (p->n_tops > 0)
                qsort(p->tops, p->n_tops, sizeof(*p->tops), text_compare);

        /* Rows in order of bytes leave and reach a folder again ("a", "a.c", "a/b"). */
        size_t kept = 0;

        for (size_t i = 0; i < p->n_tops; i++)
                if (kept > 0 && strcmp(p->tops[i], p->tops[kept - 1]) == 0)
                        free(p->tops[i]);
                else
                        p->tops[kept++] = p->tops[i];
        p->n_tops = kept;
        return 0;
}

json_t *plan_to_json(const struct plan *p)
{
        json_t *list = json_array();

        for (size_t i = 0; i < p->n_tops; i++)
                (void) json_array_append_new(list, json_string(p->tops[i]));
        return list;
}

int plan_from_json(struct plan *p, const json_t *tops)
{
        const json_t *top;
        size_t i;

        if (!json_is_array(tops))
                return -EBADMSG;
        json_array_foreach (tops, i, top) {
                const char *path = json_string_value(top);

                if (!path || changeset_path_check(path, NULL) < 0)
                        return -EBADMSG;
                if (top_add(p, path, strlen(path)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

void plan_done(struct plan *p)
{
        for (size_t i = 0; i < p->n_tops; i++)
                free(p->tops[i]);
        free(p->tops);
        p->tops = NULL;
        p->n_tops = 0;
}

static char *hidden(const struct plan *p, const char *path, char kind, size_t number,
                    const char *rest)
{
        const char *slash = strrchr(path, '/');
        char *text = NULL;

        if (asprintf(&text, "%.*s.linhay-%s-%c%zu%s", slash ? (int) (slash + 1 - path) : 0, path,
                     p->id, kind, number, rest) < 0)
                return NULL;
        return text;
}

char *plan_waits_top(const struct plan *p, size_t top, const char *rest)
{
        return hidden(p, p->tops[top], 'd', top, rest);
}

char *plan_waits(const struct plan *p, size_t i)
{
        const char *path = p->c->files[i].path;
        ssize_t top = plan_top(p, path);

        if (top >= 0)
                return plan_waits_top(p, (size_t) top, path + strlen(p->tops[top]));
        return hidden(p, path, 'f', i, "");
}
