/* SPDX-License-Identifier: Apache-2.0 */
#include "run/tree-hash.h"

#include "base/buf.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define ENTRY_COST 4096 /* what a name costs, in bytes of reading */
#define CHUNK      65536

struct folder {
        int fd;
        char **names; /* sorted by their bytes */
        size_t n_names, at;
        size_t path_length; /* of the folder, with the slash behind */
};

struct tree_hash {
        struct sha256_ctx whole;
        struct sha256_ctx file; /* of the one that is open */
        int file_fd;
        struct folder folders[TREE_HASH_DEPTH_MAX];
        size_t depth;
        struct buf path;
        uint64_t n_files, n_bytes;
};

static void folder_done(struct folder *f)
{
        for (size_t i = 0; i < f->n_names; i++)
                free(f->names[i]);
        free(f->names);
        closep(&f->fd);
        *f = (struct folder){ .fd = -1 };
}

struct tree_hash *tree_hash_free(struct tree_hash *h)
{
        if (!h)
                return NULL;
        while (h->depth > 0)
                folder_done(&h->folders[--h->depth]);
        closep(&h->file_fd);
        buf_done(&h->path);
        free(h);
        return NULL;
}

static int by_bytes(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static int name_add(struct tree_hash *h, struct folder *f, const char *name)
{
        char **grown;

        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                return 0;
        if (++h->n_files > TREE_HASH_FILES_MAX)
                return -EFBIG;
        if ((f->n_names & (f->n_names - 1)) == 0) {
                grown = reallocarray(f->names, f->n_names ? 2 * f->n_names : 8, sizeof(*grown));
                if (!grown)
                        return -ENOMEM;
                f->names = grown;
        }
        f->names[f->n_names] = strdup(name);
        if (!f->names[f->n_names])
                return -ENOMEM;
        f->n_names++;
        return 0;
}

static void closedirp(DIR **dir)
{
        if (*dir)
                (void) closedir(*dir);
}

static int names_read(struct tree_hash *h, struct folder *f)
{
        _cleanup_(closedirp) DIR *dir = NULL;
        int fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 0), r = 0;
        struct dirent *entry;

        dir = fd < 0 ? NULL : fdopendir(fd);
        if (!dir) {
                r = -errno;
                closep(&fd);
                return r;
        }
        rewinddir(dir);
        for (errno = 0; r == 0 && (entry = readdir(dir)); errno = 0)
                r = name_add(h, f, entry->d_name);
        if (r == 0 && errno)
                r = -errno;
        if (r == 0 && f->n_names)
                qsort(f->names, f->n_names, sizeof(*f->names), by_bytes);
        return r;
}

/* Takes `fd` over in any case. */
static int folder_push(struct tree_hash *h, int fd)
{
        struct folder *f = &h->folders[h->depth];

        if (h->depth == TREE_HASH_DEPTH_MAX) {
                closep(&fd);
                return -EFBIG;
        }
        *f = (struct folder){ .fd = fd, .path_length = h->path.length };
        h->depth++;
        return names_read(h, f);
}

int tree_hash_new(struct tree_hash **ret, int dirfd)
{
        _cleanup_(tree_hash_freep) struct tree_hash *h = calloc(1, sizeof(*h));
        int fd, r;

        if (!h)
                return -ENOMEM;
        h->file_fd = -1;
        sha256_init(&h->whole);
        fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = folder_push(h, fd);
        if (r < 0)
                return r;
        *ret = TAKE(h);
        return 0;
}

/* One entry: what it is, its path, and what is special of its kind. No field runs into the next. */
static void entry_add(struct tree_hash *h, char kind, const struct stat *st, const char *what,
                      size_t length)
{
        char head[64];
        int n = snprintf(head, sizeof(head), "%c %o %zu %zu ", kind, (unsigned) st->st_mode,
                         h->path.length, length);

        sha256_update(&h->whole, (size_t) n, (const uint8_t *) head);
        sha256_update(&h->whole, h->path.length, (const uint8_t *) buf_text(&h->path));
        sha256_update(&h->whole, length, (const uint8_t *) what);
}

static int link_add(struct tree_hash *h, int dirfd, const char *name, const struct stat *st)
{
        char target[4096];
        ssize_t n = readlinkat(dirfd, name, target, sizeof(target));

        if (n < 0)
                return -errno;
        entry_add(h, 'l', st, target, (size_t) n);
        return 0;
}

/* What nobody may read is told by its size alone: the agent cannot read it either. */
static int unreadable_add(struct tree_hash *h, const struct stat *st, int code)
{
        char size[32];
        int n = snprintf(size, sizeof(size), "%lld", (long long) st->st_size);

        if (code != -EACCES && code != -EPERM)
                return code;
        entry_add(h, 'u', st, size, (size_t) n);
        return 0;
}

static int folder_enter(struct tree_hash *h, int dirfd, const char *name, const struct stat *st)
{
        int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r;

        if (fd < 0)
                return unreadable_add(h, st, -errno);
        entry_add(h, 'd', st, "", 0);
        r = buf_putc(&h->path, '/');
        if (r < 0) {
                closep(&fd);
                return r;
        }
        return folder_push(h, fd);
}

static int file_enter(struct tree_hash *h, int dirfd, const char *name, const struct stat *st)
{
        h->file_fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (h->file_fd < 0)
                return unreadable_add(h, st, -errno);
        sha256_init(&h->file);
        return 0;
}

/* The next entry of the innermost folder. */
static int entry_enter(struct tree_hash *h)
{
        struct folder *f = &h->folders[h->depth - 1];
        const char *name = f->names[f->at++];
        struct stat st;
        int r;

        h->path.length = f->path_length;
        r = buf_puts(&h->path, name);
        if (r < 0)
                return r;
        if (fstatat(f->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode))
                return folder_enter(h, f->fd, name, &st);
        if (S_ISREG(st.st_mode))
                return file_enter(h, f->fd, name, &st);
        if (S_ISLNK(st.st_mode))
                return link_add(h, f->fd, name, &st);
        entry_add(h, 'o', &st, "", 0);
        return 0;
}

/* A piece of the file that is open; *left goes down. */
static int file_read_on(struct tree_hash *h, uint64_t *left)
{
        uint8_t chunk[CHUNK];
        char sha256[SHA256_HEX];
        struct stat st;
        ssize_t n;

        while (*left > 0) {
                n = read(h->file_fd, chunk, sizeof(chunk));
                if (n < 0)
                        return -errno;
                h->n_bytes += (uint64_t) n;
                if (h->n_bytes > TREE_HASH_BYTES_MAX)
                        return -EFBIG;
                *left -= MIN_OF(*left, (uint64_t) n);
                if (n > 0) {
                        sha256_update(&h->file, (size_t) n, chunk);
                        continue;
                }
                if (fstat(h->file_fd, &st) < 0)
                        return -errno;
                sha256_finish(&h->file, sha256);
                entry_add(h, 'f', &st, sha256, strlen(sha256));
                closep(&h->file_fd);
                return 0;
        }
        return 0;
}

int tree_hash_step(struct tree_hash *h, uint64_t bytes, char ret_sha256[SHA256_HEX])
{
        int r = 0;

        while (bytes > 0 && r == 0) {
                if (h->file_fd >= 0) {
                        r = file_read_on(h, &bytes);
                        continue;
                }
                while (h->depth > 0 &&
                       h->folders[h->depth - 1].at == h->folders[h->depth - 1].n_names)
                        folder_done(&h->folders[--h->depth]);
                if (h->depth == 0) {
                        sha256_finish(&h->whole, ret_sha256);
                        return 0;
                }
                bytes -= MIN_OF(bytes, (uint64_t) ENTRY_COST);
                r = entry_enter(h);
        }
        return r < 0 ? r : 1;
}
