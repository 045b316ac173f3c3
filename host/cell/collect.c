/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/collect.h"

#include "base/blob.h"
#include "base/buf.h"
#include "base/io.h"
#include "base/listing.h"
#include "base/utf8.h"
#include "cell/stage.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define SEARCH_BYTES   (1U << 20) /* of a file, looked at together */
#define SEARCH_OVERLAP (1U << 16) /* longer than every form of a secret */
#define FILES_STANDARD 100000
#define BYTES_STANDARD (1ULL << 30)
#define FOLDER_MODE    0755 /* what a folder has that files alone tell of */
#define PIECE_BYTES    65536

/* A folder that waits to be looked into. The list is our stack: a stranger chooses the depth. */
struct folder {
        char *path;           /* "" is the tree */
        bool in_lower;        /* a folder there too */
        bool in_upper;        /* false: it was deleted with all that is below */
        bool is_opaque;       /* it, or one above, hides the lower one: all there is, is in upper */
        bool is_told;         /* has a row already: it replaces a file, or a file replaces it */
        uint32_t mode_before; /* 0 unless in_lower */
        uint32_t mode_after;  /* 0 unless in_upper */
};

struct collector {
        int lower, upper, blobs;
        bool is_staged;
        dev_t device;       /* of the tree: what is mounted below is no part of it */
        uint64_t rows_left; /* what the limits leave */
        uint64_t before_left, after_left;
        uint64_t compare_max; /* bytes of one file */
        bool in_opaque;       /* of the folder being compared, for those found in it */
        const struct redact *secrets;
        struct changeset *changes;
        struct folder *todo;
        size_t n_todo, size_todo;
        struct err *err;
};

/* One name on one side. */
struct entry {
        int dirfd;
        const char *name;
        struct stat st; /* st_mode 0 = it is not there */
        bool is_hidden; /* it is, and the caller may not look at it */
};

/* --- refusing ------------------------------------------------------------------------------ */

static int refuse(struct collector *k, const char *path, const char *format, ...) _printf_(3, 4);
static int refuse(struct collector *k, const char *path, const char *format, ...)
{
        _cleanup_(buf_done) struct buf clean = { 0 };
        char why[512];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(why, sizeof(why), format, args);
        va_end(args);
        (void) utf8_clean(&clean, path, MIN_OF(strlen(path), (size_t) 512), false);
        return err_set(k->err, -EPERM, "the changes are refused, nothing is kept: %s %s",
                       buf_text(&clean), why);
}

/* An agent may take every right away from what it made: that is no fault of the host's. */
static int refuse_closed(struct collector *k, const char *path)
{
        return refuse(k, path, "has a mode that keeps the caller from reading it");
}

static const char *kind_of(mode_t mode)
{
        return S_ISFIFO(mode)   ? "is a fifo"
               : S_ISSOCK(mode) ? "is a socket"
               : S_ISCHR(mode)  ? "is a character device"
               : S_ISBLK(mode)  ? "is a block device"
                                : "is of an unknown kind";
}

static bool path_is_git(const char *path)
{
        for (const char *p = path; *p;) {
                size_t n = strcspn(p, "/");

                if (changeset_name_is_git(p, n))
                        return true;
                p += n + (p[n] == '/');
        }
        return false;
}

/*
 * Where a link leads: only leading ".." can be counted without following other links, so a ".."
 * behind a name is refused as well.
 */
static bool target_leaves(const char *path, const char *target)
{
        unsigned depth = 0;
        bool named = false;

        for (const char *p = path; *p; p++)
                depth += *p == '/';
        if (*target == '/' || *target == '\0')
                return true;
        while (*target) {
                size_t n = strcspn(target, "/");

                if (n == 2 && memcmp(target, "..", 2) == 0) {
                        if (named || depth == 0)
                                return true;
                        depth--;
                } else if (n > 0 && !(n == 1 && *target == '.')) {
                        named = true;
                }
                target += n;
                target += *target == '/';
        }
        return false;
}

/* What a changeset tells of a mode, and all that a staged copy is given of it. */
static uint32_t mode_of(const struct stat *st)
{
        return S_ISLNK(st->st_mode) ? S_IFLNK : st->st_mode & (S_IFMT | 0777);
}

/* --- bytes --------------------------------------------------------------------------------- */

static int charge(struct collector *k, const char *path, uint64_t *left, uint64_t bytes)
{
        if (bytes > *left)
                return refuse(k, path, "is too large: the contents may have %llu more bytes",
                              (unsigned long long) *left);
        *left -= bytes;
        return 0;
}

/* The blobs stay, and diffs are made from them: what is not to be shown must not get there. */
static int secret_refuse(struct collector *k, const char *path)
{
        if (redact_finds(k->secrets, path, strlen(path)))
                path = "a path";
        return refuse(k, path, "holds a secret that was granted to the agent");
}

static int file_search(struct collector *k, int fd, const char *path)
{
        _cleanup_(freep) char *bytes = k->secrets ? malloc(SEARCH_BYTES) : NULL;
        size_t kept = 0;

        if (!k->secrets)
                return 0;
        if (!bytes)
                return err_set(k->err, -ENOMEM, "out of memory");
        for (off_t at = 0;;) {
                ssize_t n = pread(fd, bytes + kept, SEARCH_BYTES - kept, at);

                if (n < 0)
                        return err_sys(k->err, -errno, "cannot read %s", path);
                if (n == 0)
                        return 0;
                if (redact_finds(k->secrets, bytes, kept + (size_t) n))
                        return secret_refuse(k, path);
                at += n;
                n += (ssize_t) kept;
                kept = MIN_OF((size_t) n, (size_t) SEARCH_OVERLAP);
                memmove(bytes, bytes + n - kept, kept);
        }
}

static int link_keep(struct collector *k, const struct entry *e, const char *path, bool is_after,
                     char ret[SHA256_HEX])
{
        char target[PATH_MAX];
        ssize_t n = readlinkat(e->dirfd, e->name, target, sizeof(target) - 1);
        int r;

        if (n < 0)
                return err_sys(k->err, -errno, "cannot read link %s", path);
        target[n] = '\0';
        if (is_after && redact_finds(k->secrets, target, (size_t) n))
                return secret_refuse(k, path);
        if (is_after && target_leaves(path, target))
                return refuse(k, path, "is a link that leaves the tree");
        r = charge(k, path, is_after ? &k->after_left : &k->before_left, (uint64_t) n);
        return r < 0 ? r : blob_put(k->blobs, ret, target, (size_t) n, false, k->err);
}

/* Overlay's own marks on what looks like a file: then the bytes are elsewhere. */
static bool is_marked(int fd, const char *mark)
{
        static const char *const spaces[] = { "user", "trusted" };
        char name[64], value[8];

        for (size_t i = 0; i < ARRAY_SIZE(spaces); i++) {
                (void) snprintf(name, sizeof(name), "%s.overlay.%s", spaces[i], mark);
                if (fgetxattr(fd, name, value, sizeof(value)) >= 0 || errno == ERANGE)
                        return true;
        }
        return false;
}

static int entry_open(struct collector *k, const struct entry *e, const char *path, int *ret_fd)
{
        _cleanup_(closep) int fd =
                open_beneath(e->dirfd, e->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
        struct stat st;

        if (fd == -EACCES)
                return refuse_closed(k, path);
        if (fd < 0)
                return err_sys(k->err, fd, "cannot open %s to compare it", path);
        if (fstat(fd, &st) < 0)
                return err_sys(k->err, -errno, "cannot stat %s", path);
        if ((st.st_mode & S_IFMT) != (e->st.st_mode & S_IFMT))
                return refuse(k, path, "became another kind of file while it was looked at");
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int file_keep(struct collector *k, const struct entry *e, const char *path, bool is_after,
                     char ret[SHA256_HEX])
{
        uint64_t *left = is_after ? &k->after_left : &k->before_left;
        _cleanup_(closep) int fd = -1;
        int r;

        r = entry_open(k, e, path, &fd);
        if (r < 0)
                return r;
        if (is_after && !k->is_staged && (is_marked(fd, "metacopy") || is_marked(fd, "redirect")))
                return refuse(k, path, "carries overlay marks that linhay does not use");
        if ((uint64_t) e->st.st_size > *left)
                return charge(k, path, left, (uint64_t) e->st.st_size);
        r = is_after ? file_search(k, fd, path) : 0;
        if (r < 0)
                return r;
        r = blob_put_fd(k->blobs, ret, fd, *left, false, k->err);
        if (r == -EFBIG)
                return charge(k, path, left, UINT64_MAX);
        if (r < 0)
                return err_wrap(k->err, r, "%s", path);
        return charge(k, path, left, (uint64_t) lseek(fd, 0, SEEK_CUR));
}

static int bytes_keep(struct collector *k, const struct entry *e, const char *path, bool is_after,
                      char ret[SHA256_HEX])
{
        return S_ISLNK(e->st.st_mode) ? link_keep(k, e, path, is_after, ret)
                                      : file_keep(k, e, path, is_after, ret);
}

static ssize_t piece_read(int fd, char *piece)
{
        size_t have = 0;

        while (have < PIECE_BYTES) {
                ssize_t n = read(fd, piece + have, PIECE_BYTES - have);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                have += (size_t) n;
        }
        return (ssize_t) have;
}

/* 1 when both files hold the same bytes, 0 when not. */
static int files_same(struct collector *k, const struct entry *a, const struct entry *b,
                      const char *path)
{
        _cleanup_(closep) int fd_a = -1, fd_b = -1;
        _cleanup_(freep) char *pieces = malloc(2UL * PIECE_BYTES);
        int r;

        if (!pieces)
                return err_set(k->err, -ENOMEM, "out of memory");
        r = entry_open(k, a, path, &fd_a);
        if (r == 0)
                r = entry_open(k, b, path, &fd_b);
        if (r < 0)
                return r;
        for (;;) {
                ssize_t n_a = piece_read(fd_a, pieces),
                        n_b = piece_read(fd_b, pieces + PIECE_BYTES);

                if (n_a < 0 || n_b < 0)
                        return err_sys(k->err, (int) MIN_OF(n_a, n_b), "cannot read %s", path);
                if (n_a != n_b || memcmp(pieces, pieces + PIECE_BYTES, (size_t) n_a) != 0)
                        return 0;
                if (n_a == 0)
                        return 1;
        }
}

static int links_same(const struct entry *a, const struct entry *b)
{
        char target_a[PATH_MAX], target_b[PATH_MAX];
        ssize_t n_a = readlinkat(a->dirfd, a->name, target_a, sizeof(target_a)),
                n_b = readlinkat(b->dirfd, b->name, target_b, sizeof(target_b));

        return n_a >= 0 && n_a == n_b && memcmp(target_a, target_b, (size_t) n_a) == 0;
}

static int entries_same(struct collector *k, const struct entry *a, const struct entry *b,
                        const char *path)
{
        if ((a->st.st_mode & S_IFMT) != (b->st.st_mode & S_IFMT))
                return 0;
        if (S_ISLNK(a->st.st_mode))
                return links_same(a, b);
        if ((k->is_staged ? mode_of(&a->st) : a->st.st_mode) != b->st.st_mode ||
            a->st.st_size != b->st.st_size)
                return 0;
        if ((uint64_t) a->st.st_size > k->compare_max)
                return refuse(k, path, "is too large to be compared");
        return files_same(k, a, b, path);
}

/* --- rows ---------------------------------------------------------------------------------- */

/* What no changeset may hold, whatever its bytes. */
static int row_check(struct collector *k, const char *path, const struct entry *before,
                     const struct entry *after)
{
        const struct stat *sides[] = { before ? &before->st : NULL, after ? &after->st : NULL };

        if (path_is_git(path))
                return refuse(k, path, "belongs to git");
        for (size_t i = 0; i < ARRAY_SIZE(sides); i++)
                if (sides[i] && S_ISREG(sides[i]->st_mode) && (sides[i]->st_mode & 06000))
                        return refuse(k, path, "%s set-user-id or set-group-id",
                                      i == 0 ? "was" : "is");
        if (redact_finds(k->secrets, path, strlen(path)))
                return secret_refuse(k, path);
        if (k->rows_left == 0)
                return refuse(k, path, "is one change more than a changeset may have");
        k->rows_left--;
        return 0;
}

static int row_finish(struct collector *k, struct change *row)
{
        int r;

        row->op = !row->mode_before ? CHANGE_ADD : !row->mode_after ? CHANGE_DELETE : CHANGE_MODIFY;
        r = changeset_add(k->changes, row, k->err);
        if (r == -EILSEQ || r == -EINVAL)
                return refuse(k, row->path,
                              "has a name that is not UTF-8, or that no change may have");
        return r;
}

/* The change of one path from `before` to `after`; NULL = not there on that side. */
static int row_add(struct collector *k, const char *path, const struct entry *before,
                   const struct entry *after)
{
        struct change row = { .path = (char *) path };
        int r;

        r = row_check(k, path, before, after);
        if (r < 0)
                return r;
        if (before) {
                row.mode_before = mode_of(&before->st);
                if (!S_ISDIR(before->st.st_mode))
                        r = bytes_keep(k, before, path, false, row.sha256_before);
        }
        if (r == 0 && after) {
                row.mode_after = mode_of(&after->st);
                if (!S_ISDIR(after->st.st_mode))
                        r = bytes_keep(k, after, path, true, row.sha256_after);
        }
        if (r < 0)
                return r;
        if (row.mode_before == row.mode_after && strcmp(row.sha256_before, row.sha256_after) == 0)
                return 0; /* the lower one moved to the same bytes meanwhile */
        return row_finish(k, &row);
}

static int folder_row(struct collector *k, const struct folder *f)
{
        struct change row = { .path = f->path,
                              .mode_before = f->mode_before,
                              .mode_after = f->mode_after };
        int r = row_check(k, f->path, NULL, NULL);

        return r < 0 ? r : row_finish(k, &row);
}

/* --- folders to look into ------------------------------------------------------------------ */

static int folder_push(struct collector *k, const struct folder *folder)
{
        struct folder *todo = k->todo;
        char *path;

        if (strlen(folder->path) > CHANGE_PATH_MAX)
                return refuse(k, folder->path, "… is a path of more than %d bytes",
                              CHANGE_PATH_MAX);
        if (k->n_todo == k->size_todo) {
                size_t size = MAX_OF(2 * k->size_todo, (size_t) 64);

                todo = reallocarray(k->todo, size, sizeof(*todo));
                if (!todo)
                        return err_set(k->err, -ENOMEM, "out of memory");
                k->todo = todo;
                k->size_todo = size;
        }
        path = strdup(folder->path);
        if (!path)
                return err_set(k->err, -ENOMEM, "out of memory");
        todo[k->n_todo] = *folder;
        todo[k->n_todo++].path = path;
        return 0;
}

static int push(struct collector *k, const char *path, const struct entry *before,
                const struct entry *after, bool is_told)
{
        struct folder f = { .path = (char *) path, .is_opaque = k->in_opaque, .is_told = is_told };

        if (before && S_ISDIR(before->st.st_mode)) {
                f.in_lower = true;
                f.mode_before = mode_of(&before->st);
        }
        if (after && S_ISDIR(after->st.st_mode)) {
                f.in_upper = true;
                f.mode_after = mode_of(&after->st);
        }
        return folder_push(k, &f);
}

/* --- one name ------------------------------------------------------------------------------ */

static bool is_ordinary(const struct entry *e)
{
        return S_ISREG(e->st.st_mode) || S_ISDIR(e->st.st_mode) || S_ISLNK(e->st.st_mode);
}

/*
 * A staged copy holds no special files, nothing of git's or of other mounts, nothing with too long
 * a path, and nothing that the caller may not read: that these are not there does not mean that the
 * agent deleted them. 1 = never; -errno where it cannot be known.
 */
static int is_never_staged(const struct collector *k, const struct entry *e, const char *path)
{
        _cleanup_(closep) int fd = -1;

        if (!is_ordinary(e) || strlen(path) > CHANGE_PATH_MAX || e->st.st_dev != k->device ||
            changeset_name_is_git(e->name, strlen(e->name)))
                return 1;
        if (S_ISLNK(e->st.st_mode))
                return 0;
        fd = open_beneath(e->dirfd, e->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
        if (fd < 0 && errno != EACCES && errno != EPERM)
                return err_sys(k->err, -errno, "cannot look whether %s was there to change", path);
        return fd < 0;
}

static int deleted(struct collector *k, const char *path, const struct entry *before)
{
        if (S_ISDIR(before->st.st_mode))
                return push(k, path, before, NULL, false);
        if (!is_ordinary(before))
                return refuse(k, path, "%s that was deleted; it could not be brought back",
                              kind_of(before->st.st_mode));
        return row_add(k, path, before, NULL);
}

/* `after` is there; `before` may be NULL. */
static int present(struct collector *k, const char *path, const struct entry *before,
                   const struct entry *after)
{
        bool was_folder = before && S_ISDIR(before->st.st_mode),
             is_folder = S_ISDIR(after->st.st_mode);
        int r;

        if (!is_ordinary(after)) {
                if (before && before->st.st_mode == after->st.st_mode &&
                    before->st.st_rdev == after->st.st_rdev)
                        return 0; /* it was there, and was left alone */
                return refuse(k, path, "%s", kind_of(after->st.st_mode));
        }
        if (before && !is_ordinary(before))
                return refuse(k, path, "%s, and was replaced; it could not be brought back",
                              kind_of(before->st.st_mode));
        if (is_folder && (!before || was_folder))
                return push(k, path, before, after, false);

        if (before && !is_folder && !was_folder) {
                r = entries_same(k, before, after, path);
                if (r != 0)
                        return r < 0 ? r : 0;
        }
        r = row_add(k, path, before, after);
        if (r == 0 && (is_folder || was_folder))
                r = push(k, path, was_folder ? before : NULL, is_folder ? after : NULL, true);
        return r;
}

/* --- one folder ---------------------------------------------------------------------------- */

/* A folder being compared: both sides' names, and how many things it holds. */
struct pair {
        int lower, upper; /* -1 = not there */
        struct listing before, after;
        size_t n_before, n_after;
};

static void pair_done(struct pair *p)
{
        closep(&p->lower);
        closep(&p->upper);
        listing_done(&p->before);
        listing_done(&p->after);
}

static int folder_open(struct collector *k, int root, const char *path, int *ret_fd,
                       struct listing *ret)
{
        _cleanup_(closep) int fd =
                open_beneath(root, path[0] ? path : ".", O_RDONLY | O_DIRECTORY, 0);
        int r;

        if (fd == -EACCES)
                return refuse_closed(k, path[0] ? path : ".");
        if (fd < 0)
                return err_sys(k->err, fd, "cannot open folder %s", path[0] ? path : ".");
        r = listing_read(ret, fd);
        if (r < 0)
                return err_sys(k->err, r, "cannot list folder %s", path[0] ? path : ".");
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static bool is_opaque(int fd)
{
        static const char *const names[] = { "user.overlay.opaque", "trusted.overlay.opaque" };
        char value;

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (fgetxattr(fd, names[i], &value, 1) == 1 && value == 'y')
                        return true;
        return false;
}

static int pair_open(struct collector *k, struct pair *p, struct folder *f)
{
        int r = 0;

        if (f->in_lower)
                r = folder_open(k, k->lower, f->path, &p->lower, &p->before);
        if (r == 0 && f->in_upper)
                r = folder_open(k, k->upper, f->path, &p->upper, &p->after);
        if (r < 0)
                return r;
        if (f->in_upper && !k->is_staged && is_marked(p->upper, "redirect"))
                return refuse(k, f->path, "carries overlay marks that linhay does not use");
        f->is_opaque = f->is_opaque || !f->in_upper || k->is_staged || is_opaque(p->upper);
        return 0;
}

static int entry_stat(struct collector *k, struct entry *e, const char *path)
{
        if (fstatat(e->dirfd, e->name, &e->st, AT_SYMLINK_NOFOLLOW) == 0)
                return 0;
        e->is_hidden = errno == EACCES;
        if (errno != ENOENT && !e->is_hidden)
                return err_sys(k->err, -errno, "cannot stat %s", path);
        e->st.st_mode = 0; /* the lower tree is alive: gone since it was listed */
        return 0;
}

/* It was there and may not be looked at: good where nothing is known to have happened to it. */
static int hidden(struct collector *k, struct pair *p, const struct folder *f, const char *path,
                  const struct entry *after)
{
        if (after->st.st_mode || after->is_hidden ||
            (f->is_opaque && !(k->is_staged && f->in_upper)))
                return refuse(k, path, "changed, and the caller may not look at what was there");
        p->n_before++;
        p->n_after++;
        return 0;
}

static int name_compare(struct collector *k, struct pair *p, const struct folder *f,
                        const char *name, bool in_before, bool in_after)
{
        _cleanup_(freep) char *path = NULL;
        struct entry before = { .dirfd = p->lower, .name = name },
                     after = { .dirfd = p->upper, .name = name };
        int r = 0;

        if (asprintf(&path, "%s%s%s", f->path, f->path[0] ? "/" : "", name) < 0)
                return err_set(k->err, -ENOMEM, "out of memory");
        if (in_before)
                r = entry_stat(k, &before, path);
        if (r == 0 && in_after)
                r = entry_stat(k, &after, path);
        if (r < 0)
                return r;
        if (before.is_hidden || after.is_hidden)
                return hidden(k, p, f, path, &after);

        in_before = before.st.st_mode != 0;
        p->n_before += in_before;
        if (!k->is_staged && S_ISCHR(after.st.st_mode) && after.st.st_rdev == makedev(0, 0))
                return in_before ? deleted(k, path, &before) : 0;
        if (after.st.st_mode) {
                p->n_after++;
                return present(k, path, in_before ? &before : NULL, &after);
        }
        if (!in_before)
                return 0;
        if (f->is_opaque && k->is_staged && f->in_upper)
                r = is_never_staged(k, &before, path);
        if (r < 0)
                return r;
        if (!f->is_opaque || r > 0) {
                p->n_after++;
                return 0;
        }
        return deleted(k, path, &before);
}

/* Walks both sorted lists as one. */
static int names_compare(struct collector *k, struct pair *p, const struct folder *f)
{
        size_t i = 0, j = 0;
        int r = 0;

        while (r == 0 && (i < p->before.count || j < p->after.count)) {
                const char *a = i < p->before.count ? p->before.names[i] : NULL,
                           *b = j < p->after.count ? p->after.names[j] : NULL;
                int order = !a ? 1 : !b ? -1 : strcmp(a, b);

                r = name_compare(k, p, f, order <= 0 ? a : b, order <= 0, order >= 0);
                i += order <= 0;
                j += order >= 0;
        }
        return r;
}

/* Do the rows of the files in it tell all about the folder? */
static bool folder_needs_row(const struct folder *f, const struct pair *p)
{
        if (f->path[0] == '\0' || f->is_told)
                return false;
        if (f->in_lower && f->in_upper)
                return f->mode_before != f->mode_after || (p->n_before == 0) != (p->n_after == 0);
        if (f->in_upper)
                return p->n_after == 0 || (f->mode_after & 0777) != FOLDER_MODE;
        return p->n_before == 0 || (f->mode_before & 0777) != FOLDER_MODE;
}

/* The copy has the folder without what is in it (cell/stage.h). */
static bool is_left_out(const struct collector *k, const struct folder *f)
{
        _cleanup_(closep) int fd = -1;
        unsigned depth = 1;

        if (!k->is_staged || !f->in_lower || !f->in_upper || f->path[0] == '\0')
                return false;
        for (const char *p = f->path; *p; p++)
                depth += *p == '/';
        if (depth > STAGE_DEPTH_MAX)
                return true;
        fd = open_beneath(k->lower, f->path, O_RDONLY | O_DIRECTORY, 0);
        return fd == -EACCES || fd == -EPERM;
}

/* Such a folder has not changed as long as the agent left it alone. */
static int left_out_compare(struct collector *k, const struct folder *f)
{
        _cleanup_(listing_done) struct listing after = { 0 };
        _cleanup_(closep) int fd = open_beneath(k->upper, f->path, O_RDONLY | O_DIRECTORY, 0);
        int r = 0;

        if (fd >= 0)
                r = listing_read(&after, fd);
        else if (fd != -EACCES) /* a folder that is closed to its owner as well has a closed copy */
                r = fd;
        if (r < 0)
                return err_sys(k->err, r, "cannot list folder %s", f->path);
        if (after.count > 0 || f->mode_before != f->mode_after)
                return refuse(k, f->path, "changed, and the caller may not look at what was there");
        return 0;
}

static int folder_compare(struct collector *k, struct folder *f)
{
        _cleanup_(pair_done) struct pair p = { .lower = -1, .upper = -1 };
        int r;

        if (is_left_out(k, f))
                return left_out_compare(k, f);
        r = pair_open(k, &p, f);
        if (r < 0)
                return r;
        k->in_opaque = f->is_opaque;
        r = names_compare(k, &p, f);
        if (r < 0)
                return r;
        return folder_needs_row(f, &p) ? folder_row(k, f) : 0;
}

/* --- the whole ----------------------------------------------------------------------------- */

static void collector_done(struct collector *k)
{
        for (size_t i = 0; i < k->n_todo; i++)
                free(k->todo[i].path);
        free(k->todo);
        (void) changeset_free(k->changes);
}

static int trees_compare(struct collector *k)
{
        const struct folder top = { .path = (char *) "", .in_lower = true, .in_upper = true };
        int r = folder_push(k, &top);

        while (r == 0 && k->n_todo > 0) {
                struct folder f = k->todo[--k->n_todo];

                r = folder_compare(k, &f);
                free(f.path);
        }
        return r;
}

int collect_changes(struct changeset **ret, int lower_fd, int upper_fd, bool is_staged,
                    int blob_dirfd, const struct collect_limits *limits, struct err *err)
{
        _cleanup_(collector_done) struct collector k = {
                .lower = lower_fd,
                .upper = upper_fd,
                .blobs = blob_dirfd,
                .is_staged = is_staged,
                .secrets = limits ? limits->secrets : NULL,
                .rows_left = limits && limits->files ? limits->files : FILES_STANDARD,
                .err = err,
        };
        struct stat st;
        int r;

        k.compare_max = k.before_left = k.after_left =
                limits && limits->bytes ? limits->bytes : BYTES_STANDARD;
        if (is_staged) /* every file is compared, also where the limits are for changes */
                k.compare_max = MAX_OF(k.compare_max, (uint64_t) STAGE_BYTES_MAX);
        k.changes = calloc(1, sizeof(*k.changes));
        if (!k.changes)
                return err_set(err, -ENOMEM, "out of memory");
        if (fstat(lower_fd, &st) < 0)
                return err_sys(err, -errno, "cannot stat the workspace");
        k.device = st.st_dev;

        r = trees_compare(&k);
        if (r < 0)
                return r;
        if (k.changes->n_files == 0) {
                *ret = NULL;
                return 0;
        }
        r = changeset_seal(k.changes, err);
        if (r < 0)
                return r;
        *ret = TAKE(k.changes);
        return 0;
}
