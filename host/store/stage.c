/* SPDX-License-Identifier: Apache-2.0 */
#include "store/stage.h"

#include "base/blob.h"
#include "base/buf.h"
#include "base/io.h"
#include "store/site.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define XATTR_BYTES_MAX 65536
#define PIECE_BYTES     65536
#define ACL_NAME        "system.posix_acl_access"

/* --- attributes ---------------------------------------------------------------------------- */

/* What a write to the file itself would drop as well, or what is sealed to its bytes. */
static bool xattr_is_dropped(const char *name)
{
        static const char *const dropped[] = { "security.capability", "security.ima",
                                               "security.evm" };

        for (size_t i = 0; i < ARRAY_SIZE(dropped); i++)
                if (strcmp(name, dropped[i]) == 0)
                        return true;
        return false;
}

static int xattr_copy(int from, int to, const char *name)
{
        _cleanup_(freep) char *value = malloc(XATTR_BYTES_MAX);
        ssize_t n;

        if (!value)
                return -ENOMEM;
        n = fgetxattr(from, name, value, XATTR_BYTES_MAX);
        if (n < 0)
                return errno == ENODATA ? 0 : -errno;
        if (fsetxattr(to, name, value, (size_t) n, 0) == 0)
                return 0;
        /* Labels are the security module's own business: it has labelled the new file already. */
        return strncmp(name, "security.", 9) == 0 ? 0 : -errno;
}

static int xattrs_copy(int from, int to)
{
        _cleanup_(freep) char *names = malloc(XATTR_BYTES_MAX);
        ssize_t n;

        if (!names)
                return -ENOMEM;
        /* The folder's default ACL came with the new file; the old one may never have had it. */
        if (fgetxattr(from, ACL_NAME, NULL, 0) < 0)
                (void) fremovexattr(to, ACL_NAME);
        n = flistxattr(from, names, XATTR_BYTES_MAX);
        if (n < 0)
                return errno == ENOTSUP ? 0 : -errno;
        for (const char *name = names; name < names + n; name += strlen(name) + 1) {
                int r = xattr_is_dropped(name) ? 0 : xattr_copy(from, to, name);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int owner_lost(struct err *err, int code, const char *path, const struct stat *st)
{
        return err_set(err, code,
                       "cannot keep the owner of %s (user %u, group %u): %s. Change its owner or "
                       "group to yours, or run linhay as root",
                       path, (unsigned) st->st_uid, (unsigned) st->st_gid, strerror(-code));
}

static int attributes_keep(int from, int to, const char *path, struct err *err)
{
        struct stat old, new;
        int r;

        if (fstat(from, &old) < 0 || fstat(to, &new) < 0)
                return err_sys(err, -errno, "cannot stat %s", path);
        if ((old.st_uid != new.st_uid || old.st_gid != new.st_gid) &&
            fchown(to, old.st_uid, old.st_gid) < 0)
                return owner_lost(err, -errno, path, &old);
        r = xattrs_copy(from, to);
        if (r < 0)
                return err_sys(err, r, "cannot keep the extended attributes of %s", path);
        return 0;
}

/* --- contents ------------------------------------------------------------------------------ */

static int bytes_copy(int to, int from, char ret_sha256[SHA256_HEX])
{
        _cleanup_(freep) char *piece = malloc(PIECE_BYTES);
        struct sha256_ctx hash;

        if (!piece)
                return -ENOMEM;
        sha256_init(&hash);
        for (;;) {
                ssize_t n = read(from, piece, PIECE_BYTES);
                int r;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                sha256_update(&hash, (size_t) n, (const uint8_t *) piece);
                r = fd_write_all(to, piece, (size_t) n);
                if (r < 0)
                        return r;
        }
        sha256_finish(&hash, ret_sha256);
        return 0;
}

static int content_write(int to, int blob_dirfd, const struct change *f, struct err *err)
{
        _cleanup_(closep) int blob = blob_open(blob_dirfd, f->sha256_after);
        char digest[SHA256_HEX];
        int r;

        if (blob < 0)
                return err_sys(err, blob, "the bytes of %s are not in the store", f->path);
        r = bytes_copy(to, blob, digest);
        if (r < 0)
                return err_sys(err, r, "cannot write the new %s", f->path);
        if (strcmp(digest, f->sha256_after) != 0)
                return err_set(err, -EIO, "the bytes of %s were damaged in the store", f->path);
        return 0;
}

static int file_stage(const struct site *s, const struct change *f, int before, int blob_dirfd,
                      struct err *err)
{
        _cleanup_(closep) int fd =
                openat(s->dir, s->base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        int r;

        if (fd < 0)
                return err_sys(err, -errno, "cannot write beside %s", f->path);
        r = content_write(fd, blob_dirfd, f, err);
        if (r == 0 && before >= 0)
                r = attributes_keep(before, fd, f->path, err);
        if (r < 0)
                return r;
        if (fchmod(fd, f->mode_after & 0777) < 0)
                return err_sys(err, -errno, "cannot set the mode of %s", f->path);
        if (fsync(fd) < 0)
                return err_sys(err, -errno, "cannot sync the new %s", f->path);
        return 0;
}

static int link_owner_keep(const struct plan *p, const struct site *s, const struct change *f)
{
        _cleanup_(site_done) struct site old = SITE_NONE;
        struct stat st, new;
        int r = site_open(&old, p->tree, f->path);

        if (r < 0)
                return r;
        if (fstatat(old.dir, old.base, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            fstatat(s->dir, s->base, &new, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (st.st_uid == new.st_uid && st.st_gid == new.st_gid)
                return 0;
        return fchownat(s->dir, s->base, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0 ? -errno
                                                                                        : 0;
}

static int link_stage(const struct plan *p, const struct site *s, const struct change *f,
                      int blob_dirfd, struct err *err)
{
        _cleanup_(closep) int blob = blob_open(blob_dirfd, f->sha256_after);
        _cleanup_(buf_done) struct buf target = BUF_LIMIT(PATH_MAX - 1);
        int r = blob < 0 ? blob : fd_read_all(blob, &target);
        char digest[SHA256_HEX];

        if (r < 0)
                return err_sys(err, r, "the target of link %s is not in the store", f->path);
        sha256_hex(digest, buf_text(&target), target.length);
        if (strcmp(digest, f->sha256_after) != 0)
                return err_set(err, -EIO, "the target of link %s was damaged in the store",
                               f->path);
        if (symlinkat(buf_text(&target), s->dir, s->base) < 0)
                return err_sys(err, -errno, "cannot make a link beside %s", f->path);
        r = S_ISLNK(f->mode_before) ? link_owner_keep(p, s, f) : 0;
        return r < 0 ? err_sys(err, r, "cannot keep the owner of link %s", f->path) : 0;
}

/* --- folders ------------------------------------------------------------------------------- */

/* Makes the folders on the way from a top's hidden sibling to `waits`, for us alone so far. */
static int way_make(const struct plan *p, const char *waits, size_t from, struct err *err)
{
        for (const char *end = waits + from;; end++) {
                _cleanup_(site_done) struct site s = SITE_NONE;
                _cleanup_(freep) char *folder = NULL;
                int r;

                end = strchrnul(end, '/');
                if (end == waits + strlen(waits))
                        return 0;
                folder = strndup(waits, (size_t) (end - waits));
                r = folder ? site_open(&s, p->tree, folder) : -ENOMEM;
                if (r == 0 && mkdirat(s.dir, s.base, 0700) < 0 && errno != EEXIST)
                        r = -errno;
                if (r < 0)
                        return err_sys(err, r, "cannot make folder %s", folder ? folder : "");
        }
}

static int folder_stage(const struct plan *p, const char *waits, const char *path, struct err *err)
{
        _cleanup_(site_done) struct site s = SITE_NONE;
        int r = site_open(&s, p->tree, waits);

        if (r == 0 && mkdirat(s.dir, s.base, 0700) < 0 && errno != EEXIST)
                r = -errno;
        return r < 0 ? err_sys(err, r, "cannot make folder %s", path) : 0;
}

/* Gives a finished new folder its mode and makes its names durable. */
static int folder_finish(const struct plan *p, const char *waits, uint32_t mode, struct err *err)
{
        _cleanup_(site_done) struct site s = SITE_NONE;
        _cleanup_(closep) int fd = -1;
        struct stat st;
        int r = site_open(&s, p->tree, waits);

        if (r == 0)
                fd = r = site_open_target(&s, O_RDONLY | O_DIRECTORY);
        if (r < 0)
                return err_sys(err, r, "cannot open new folder %s", waits);
        /* What the folder above hands down (set-group-id) stays. */
        if (fstat(fd, &st) < 0 || fchmod(fd, (st.st_mode & 07000) | (mode & 0777)) < 0 ||
            fsync(fd) < 0)
                return err_sys(err, -errno, "cannot finish new folder %s", waits);
        return 0;
}

static bool row_is_below(const struct plan *p, size_t i, const char *folder)
{
        size_t n = strlen(folder);
        const char *path = p->c->files[i].path;

        return strncmp(path, folder, n) == 0 && path[n] == '/';
}

/*
 * The folders above row `i`, up to and with its top, whose first row it is; those with a row of
 * their own come by it.
 */
static int ways_finish(const struct plan *p, size_t i, size_t top, struct err *err)
{
        const char *path = p->c->files[i].path;
        size_t top_length = strlen(p->tops[top]);
        _cleanup_(freep) char *folder = strdup(path);

        if (!folder)
                return err_set(err, -ENOMEM, "out of memory");
        if (S_ISDIR(p->c->files[i].mode_after)) {
                _cleanup_(freep) char *waits = plan_waits(p, i);
                int r = waits ? folder_finish(p, waits, p->c->files[i].mode_after, err) : -ENOMEM;

                if (r < 0)
                        return r;
        }
        for (char *slash; strlen(folder) > top_length && (slash = strrchr(folder, '/'));) {
                _cleanup_(freep) char *waits = NULL;
                int r;

                *slash = '\0';
                if (strlen(folder) < top_length || (i > 0 && row_is_below(p, i - 1, folder)))
                        break;
                if (changeset_find(p->c, folder, strlen(folder)))
                        continue;
                waits = plan_waits_top(p, top, folder + top_length);
                r = waits ? folder_finish(p, waits, 0755, err) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        return 0;
}

/* --- the whole ----------------------------------------------------------------------------- */

static int row_stage(const struct plan *p, size_t i, int blob_dirfd, struct err *err)
{
        const struct change *f = &p->c->files[i];
        _cleanup_(freep) char *waits = plan_waits(p, i);
        _cleanup_(site_done) struct site s = SITE_NONE;
        _cleanup_(closep) int before = -1;
        ssize_t top = plan_top(p, f->path);
        int r;

        if (!waits)
                return err_set(err, -ENOMEM, "out of memory");
        if (top >= 0) {
                size_t above = strlen(waits) - (strlen(f->path) - strlen(p->tops[top]));

                r = way_make(p, waits, above, err);
                if (r == 0 && S_ISDIR(f->mode_after))
                        r = folder_stage(p, waits, f->path, err);
                if (r < 0 || S_ISDIR(f->mode_after))
                        return r;
        }
        if (f->mode_before && (f->mode_before & S_IFMT) == (f->mode_after & S_IFMT)) {
                r = site_check(p->tree, f->path, f->mode_before, f->sha256_before, &before, err);
                if (r < 0)
                        return r;
        }
        r = site_open(&s, p->tree, waits);
        if (r < 0)
                return err_sys(err, r, "cannot open the folder of %s", f->path);
        return S_ISLNK(f->mode_after) ? link_stage(p, &s, f, blob_dirfd, err)
                                      : file_stage(&s, f, before, blob_dirfd, err);
}

static bool row_is_staged(const struct change *f)
{
        return f->mode_after && !(S_ISDIR(f->mode_before) && S_ISDIR(f->mode_after));
}

int stage_write(const struct plan *p, int blob_dirfd, struct err *err)
{
        _cleanup_(site_syncs_done) struct site_syncs syncs = { .tree = p->tree };
        int r;

        for (size_t i = 0; i < p->c->n_files; i++) {
                r = row_is_staged(&p->c->files[i]) ? row_stage(p, i, blob_dirfd, err) : 0;
                if (r < 0)
                        return r;
        }

        /* From the deepest: a folder's mode may forbid to write into it. */
        for (size_t i = p->c->n_files; i-- > 0;) {
                ssize_t top = plan_top(p, p->c->files[i].path);

                if (!row_is_staged(&p->c->files[i]))
                        continue;
                r = top >= 0 ? ways_finish(p, i, (size_t) top, err) : 0;
                if (r < 0)
                        return r;
                r = site_sync(&syncs, top >= 0 ? p->tops[top] : p->c->files[i].path);
                if (r < 0)
                        return err_sys(err, r, "cannot sync the folder of %s", p->c->files[i].path);
        }
        return 0;
}

/* --- undoing ------------------------------------------------------------------------------- */

static int waiting_remove(const struct plan *p, const char *waits, bool is_folder)
{
        _cleanup_(site_done) struct site s = SITE_NONE;
        int r = site_open(&s, p->tree, waits);

        if (r == 0 && unlinkat(s.dir, s.base, is_folder ? AT_REMOVEDIR : 0) < 0)
                r = -errno;
        return site_is_gone(r) || r == -ENOTEMPTY || r == -EEXIST ? 0 : r;
}

/* A finished folder may forbid its owner to empty it. */
static void folder_unlock(const struct plan *p, const char *waits)
{
        _cleanup_(site_done) struct site s = SITE_NONE;
        _cleanup_(closep) int fd = -1;

        if (site_open(&s, p->tree, waits) < 0)
                return;
        fd = site_open_target(&s, O_RDONLY | O_DIRECTORY);
        if (fd >= 0)
                (void) fchmod(fd, 0700);
}

static int row_undo(const struct plan *p, size_t i)
{
        const struct change *f = &p->c->files[i];
        _cleanup_(freep) char *waits = plan_waits(p, i);
        ssize_t top = plan_top(p, f->path);
        size_t above;
        int r;

        if (!waits)
                return -ENOMEM;
        r = waiting_remove(p, waits, S_ISDIR(f->mode_after));
        if (r < 0 || top < 0)
                return r;
        above = strlen(waits) - (strlen(f->path) - strlen(p->tops[top]));
        for (char *slash; strlen(waits) > above && (slash = strrchr(waits, '/'));) {
                *slash = '\0';
                r = waiting_remove(p, waits, true);
                if (r < 0)
                        return r;
        }
        return 0;
}

int stage_undo(const struct plan *p, struct err *err)
{
        _cleanup_(site_syncs_done) struct site_syncs syncs = { .tree = p->tree };

        for (size_t i = 0; i < p->c->n_files; i++)
                if (S_ISDIR(p->c->files[i].mode_after) && plan_top(p, p->c->files[i].path) >= 0) {
                        _cleanup_(freep) char *waits = plan_waits(p, i);

                        if (waits)
                                folder_unlock(p, waits);
                }
        for (size_t i = p->c->n_files; i-- > 0;) {
                int r = row_is_staged(&p->c->files[i]) ? row_undo(p, i) : 0;

                if (r < 0)
                        return err_sys(err, r, "cannot take away what was written beside %s",
                                       p->c->files[i].path);
        }
        for (size_t i = 0; i < p->c->n_files; i++)
                if (row_is_staged(&p->c->files[i]))
                        (void) site_sync(&syncs, p->c->files[i].path);
        return 0;
}
