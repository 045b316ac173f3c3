/* SPDX-License-Identifier: Apache-2.0 */
#include "store/roll.h"

#include "store/site.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static bool is_file(uint32_t mode)
{
        return mode && !S_ISDIR(mode);
}

/* --- what goes away ------------------------------------------------------------------------ */

static int file_delete(const struct plan *p, const struct change *f, bool again, struct err *err)
{
        _cleanup_(site_done) struct site s = SITE_NONE;
        struct stat st;
        int r = site_open(&s, p->tree, f->path);

        if (r < 0)
                return site_is_gone(r) ? 0
                                       : err_sys(err, r, "cannot open the folder of %s", f->path);
        if (fstatat(s.dir, s.base, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : err_sys(err, -errno, "cannot look at %s", f->path);
        if (S_ISDIR(st.st_mode) && S_ISDIR(f->mode_after))
                return 0; /* the folder that takes its place is there already */
        if (again) {
                r = site_check(p->tree, f->path, f->mode_before, f->sha256_before, NULL, err);
                if (r < 0)
                        return r;
        }
        if (unlinkat(s.dir, s.base, 0) < 0 && errno != ENOENT)
                return err_sys(err, -errno, "cannot delete %s", f->path);
        return 0;
}

/* Removes a folder when it is empty and no row keeps it. */
static int folder_remove(const struct plan *p, const char *path, struct err *err)
{
        const struct change *f = changeset_find(p->c, path, strlen(path));
        _cleanup_(site_done) struct site s = SITE_NONE;
        int r;

        if (f && f->mode_after)
                if (S_ISDIR(f->mode_after))
                        return 0;
        r = site_open(&s, p->tree, path);
        if (r == 0 && unlinkat(s.dir, s.base, AT_REMOVEDIR) < 0)
                r = -errno;
        if (site_is_gone(r) || r == -ENOTEMPTY || r == -EEXIST)
                return 0;
        return r < 0 ? err_sys(err, r, "cannot remove folder %s", path) : 0;
}

static bool is_below(const char *path, const char *folder)
{
        size_t n = strlen(folder);

        return strncmp(path, folder, n) == 0 && path[n] == '/';
}

/* Row `i` went away: so do the folders above it that hold nothing else. Called from the last row.
 */
static int folders_remove(const struct plan *p, size_t i, struct err *err)
{
        const struct change *f = &p->c->files[i];
        _cleanup_(freep) char *folder = strdup(f->path);
        int r = 0;

        if (!folder)
                return err_set(err, -ENOMEM, "out of memory");
        if (S_ISDIR(f->mode_before))
                r = folder_remove(p, folder, err);
        for (char *slash; r == 0 && (slash = strrchr(folder, '/'));) {
                *slash = '\0';
                /* The rows before this one may be in it as well; then it is theirs to remove. */
                if (i > 0 && is_below(p->c->files[i - 1].path, folder) &&
                    !p->c->files[i - 1].mode_after)
                        break;
                r = folder_remove(p, folder, err);
        }
        return r;
}

static int deletions(const struct plan *p, bool again, struct err *err)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < p->c->n_files; i++) {
                const struct change *f = &p->c->files[i];

                if (is_file(f->mode_before) && !is_file(f->mode_after))
                        r = file_delete(p, f, again, err);
        }
        for (size_t i = p->c->n_files; r == 0 && i-- > 0;) {
                const struct change *f = &p->c->files[i];

                if (!f->mode_after || (S_ISDIR(f->mode_before) && !S_ISDIR(f->mode_after)))
                        r = folders_remove(p, i, err);
        }
        return r;
}

/* --- what comes ---------------------------------------------------------------------------- */

/* Was `path` made what it shall be before the crash? Only asked when nothing waits for it. */
static int arrived_check(const struct plan *p, const struct change *f, const char *path,
                         struct err *err)
{
        int r;

        if (f)
                r = site_check(p->tree, path, f->mode_after, f->sha256_after, NULL, err);
        else {
                _cleanup_(site_done) struct site s = SITE_NONE;
                struct stat st;

                r = site_open(&s, p->tree, path);
                if (r == 0 &&
                    (fstatat(s.dir, s.base, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode)))
                        r = -ESTALE;
        }
        return r < 0 ? err_set(err, -ESTALE,
                               "%s was changed while its apply was interrupted; put it back as it "
                               "was, or move it away, then start again",
                               path)
                     : 0;
}

static int rename_into(const struct site *from, const struct site *to, bool replaces)
{
        if (!replaces && renameat2(from->dir, from->base, to->dir, to->base, RENAME_NOREPLACE) == 0)
                return 0;
        if (!replaces && errno != EINVAL && errno != ENOSYS)
                return -errno;
        return renameat(from->dir, from->base, to->dir, to->base) < 0 ? -errno : 0;
}

/* Renames what waits to `path`; `f` may be NULL for a folder without a row. */
static int put(const struct plan *p, const char *waits, const char *path, const struct change *f,
               bool again, struct err *err)
{
        _cleanup_(site_done) struct site from = SITE_NONE, to = SITE_NONE;
        bool replaces = f && is_file(f->mode_before) && is_file(f->mode_after);
        struct stat st;
        int r;

        r = site_open(&from, p->tree, waits);
        if (r == 0)
                r = site_open(&to, p->tree, path);
        if (r < 0 && !(again && r == -ENOENT))
                return err_sys(err, r, "cannot open the folder of %s", path);
        if (r < 0 || (fstatat(from.dir, from.base, &st, AT_SYMLINK_NOFOLLOW) < 0 && again))
                return arrived_check(p, f, path, err);

        if (again && replaces) {
                r = site_check(p->tree, path, f->mode_before, f->sha256_before, NULL, err);
                if (r < 0)
                        return r;
        }
        r = rename_into(&from, &to, replaces);
        return r < 0 ? err_sys(err, r, "cannot put %s in its place", path) : 0;
}

static int arrivals(const struct plan *p, bool again, struct err *err)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < p->c->n_files; i++) {
                const struct change *f = &p->c->files[i];
                _cleanup_(freep) char *waits = NULL;

                if (!is_file(f->mode_after) || plan_top(p, f->path) >= 0)
                        continue;
                waits = plan_waits(p, i);
                r = waits ? put(p, waits, f->path, f, again, err) : -ENOMEM;
        }
        for (size_t i = 0; r == 0 && i < p->n_tops; i++) {
                const char *path = p->tops[i];
                _cleanup_(freep) char *waits = plan_waits_top(p, i, "");

                r = waits ? put(p, waits, path, changeset_find(p->c, path, strlen(path)), again,
                                err)
                          : -ENOMEM;
        }
        return r;
}

/* --- folders that stay --------------------------------------------------------------------- */

static int folder_mode(const struct plan *p, const struct change *f, struct err *err)
{
        _cleanup_(site_done) struct site s = SITE_NONE;
        _cleanup_(closep) int fd = -1;
        struct stat st;
        int r = site_open(&s, p->tree, f->path);

        if (r == 0)
                fd = r = site_open_target(&s, O_RDONLY | O_DIRECTORY);
        if (r < 0)
                return err_sys(err, r, "cannot open folder %s", f->path);
        if (fstat(fd, &st) < 0 || fchmod(fd, (st.st_mode & 07000) | (f->mode_after & 0777)) < 0 ||
            fsync(fd) < 0)
                return err_sys(err, -errno, "cannot set the mode of folder %s", f->path);
        return 0;
}

static int folder_modes(const struct plan *p, struct err *err)
{
        int r = 0;

        for (size_t i = p->c->n_files; r == 0 && i-- > 0;) {
                const struct change *f = &p->c->files[i];

                if (S_ISDIR(f->mode_before) && S_ISDIR(f->mode_after) &&
                    f->mode_before != f->mode_after)
                        r = folder_mode(p, f, err);
        }
        return r;
}

static int folders_sync(const struct plan *p, struct err *err)
{
        _cleanup_(site_syncs_done) struct site_syncs syncs = { .tree = p->tree };
        int r = 0;

        for (size_t i = 0; r == 0 && i < p->c->n_files; i++) {
                const char *path = p->c->files[i].path;
                ssize_t top = p->c->files[i].mode_after ? plan_top(p, path) : -1;

                r = site_sync(&syncs, top >= 0 ? p->tops[top] : path);
        }
        return r < 0 ? err_sys(err, r, "cannot sync the tree's folders") : 0;
}

int roll_forward(const struct plan *p, bool again, struct err *err)
{
        int r = deletions(p, again, err);

        if (r == 0)
                r = arrivals(p, again, err);
        if (r == 0)
                r = folders_sync(p, err); /* before modes that may forbid to open a folder */
        if (r == 0)
                r = folder_modes(p, err);
        return r;
}
