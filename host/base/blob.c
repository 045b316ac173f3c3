/* SPDX-License-Identifier: Apache-2.0 */
#include "base/blob.h"

#include "base/io.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#define PIECE_BYTES 65536

/* Room for "ab/", 64 digits and the NUL; and for ".new-PID-COUNT". */
#define NAME_BYTES 96

/* A blob that is being written: hidden until it has its name. */
struct draft {
        int dirfd;
        int fd;
        char name[NAME_BYTES];
        uint64_t length;
        struct sha256_ctx hash;
};

static atomic_uint_fast64_t bytes_put;

uint64_t blob_bytes_put(void)
{
        return bytes_put;
}

static void draft_done(struct draft *d)
{
        if (d->fd < 0)
                return;
        closep(&d->fd);
        (void) unlinkat(d->dirfd, d->name, 0); /* gone already when the blob got its name */
}

static int draft_open(struct draft *d, struct err *err)
{
        static atomic_uint count;

        (void) snprintf(d->name, sizeof(d->name), BLOB_DRAFT "%ld-%u", (long) getpid(), ++count);
        (void) unlinkat(d->dirfd, d->name, 0); /* of a dead process that had our number */
        d->fd = openat(d->dirfd, d->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                       0600);
        if (d->fd < 0)
                return err_sys(err, -errno, "cannot make a file in the store's blobs");
        sha256_init(&d->hash);
        return 0;
}

static int draft_write(struct draft *d, const void *data, size_t length, struct err *err)
{
        int r = fd_write_all(d->fd, data, length);

        if (r < 0)
                return err_sys(err, r, "cannot write to the store's blobs");
        sha256_update(&d->hash, length, data);
        d->length += length;
        return 0;
}

static int sync_folder(int dirfd, const char *name)
{
        _cleanup_(closep) int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static void blob_name(char ret[NAME_BYTES], const char *sha256)
{
        (void) snprintf(ret, NAME_BYTES, "%.2s/%.64s", sha256, sha256);
}

/* Gives the draft its name; harmless when a blob of that name is there: it holds the same bytes. */
static int draft_keep(struct draft *d, const char *sha256, bool sync, struct err *err)
{
        char name[NAME_BYTES], shard[3] = { sha256[0], sha256[1], '\0' };

        blob_name(name, sha256);
        if (sync && fsync(d->fd) < 0)
                return err_sys(err, -errno, "cannot sync a blob");
        if (mkdirat(d->dirfd, shard, 0700) < 0 && errno != EEXIST)
                return err_sys(err, -errno, "cannot make a folder in the store's blobs");
        if (renameat(d->dirfd, d->name, d->dirfd, name) < 0)
                return err_sys(err, -errno, "cannot name a blob");
        bytes_put += d->length;
        if (sync && (sync_folder(d->dirfd, shard) < 0 || sync_folder(d->dirfd, ".") < 0))
                return err_sys(err, -errno, "cannot sync the store's blobs");
        return 0;
}

/* Its time says that it is wanted again: see blob_remove(). */
int blob_want(int dirfd, const char *sha256)
{
        char name[NAME_BYTES];

        if (!sha256_is_hex(sha256))
                return -EINVAL;
        blob_name(name, sha256);
        return utimensat(dirfd, name, NULL, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int blob_put(int dirfd, char ret_sha256[SHA256_HEX], const void *data, size_t length, bool sync,
             struct err *err)
{
        _cleanup_(draft_done) struct draft d = { .dirfd = dirfd, .fd = -1 };
        char sha256[SHA256_HEX];
        int r;

        sha256_hex(sha256, data, length);
        if (sync || blob_want(dirfd, sha256) < 0) {
                r = draft_open(&d, err);
                if (r == 0)
                        r = draft_write(&d, data, length, err);
                if (r == 0)
                        r = draft_keep(&d, sha256, sync, err);
                if (r < 0)
                        return r;
        }
        memcpy(ret_sha256, sha256, SHA256_HEX);
        return 0;
}

int blob_put_fd(int dirfd, char ret_sha256[SHA256_HEX], int fd, uint64_t limit, bool sync,
                struct err *err)
{
        _cleanup_(draft_done) struct draft d = { .dirfd = dirfd, .fd = -1 };
        _cleanup_(freep) char *piece = malloc(PIECE_BYTES);
        char sha256[SHA256_HEX];
        uint64_t total = 0;
        int r;

        if (!piece)
                return err_set(err, -ENOMEM, "out of memory");
        r = draft_open(&d, err);
        if (r < 0)
                return r;

        for (;;) {
                ssize_t n = read(fd, piece, PIECE_BYTES);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return err_sys(err, -errno, "cannot read what is to be kept");
                if (n == 0)
                        break;
                total += (uint64_t) n;
                if (total > limit)
                        return err_set(err, -EFBIG, "larger than %llu bytes",
                                       (unsigned long long) limit);
                r = draft_write(&d, piece, (size_t) n, err);
                if (r < 0)
                        return r;
        }

        sha256_finish(&d.hash, sha256);
        if (sync || blob_want(dirfd, sha256) < 0) {
                r = draft_keep(&d, sha256, sync, err);
                if (r < 0)
                        return r;
        }
        memcpy(ret_sha256, sha256, SHA256_HEX);
        return 0;
}

int blob_open(int dirfd, const char *sha256)
{
        char name[NAME_BYTES];
        int fd;

        if (!sha256_is_hex(sha256))
                return -EINVAL;
        blob_name(name, sha256);
        fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static uint64_t mtime_ms(const struct stat *st)
{
        return (uint64_t) st->st_mtim.tv_sec * 1000 + (uint64_t) st->st_mtim.tv_nsec / 1000000;
}

/*
 * The name goes first, then the time is looked at again: whoever puts the blob meanwhile has either
 * changed the time before, and it comes back, or finds no blob, and writes one.
 */
int blob_remove(int dirfd, const char *sha256, uint64_t before_ms, uint64_t *ret_size)
{
        char name[NAME_BYTES], gone[NAME_BYTES];
        struct stat st;

        blob_name(name, sha256);
        (void) snprintf(gone, sizeof(gone), "%.2s/" BLOB_GONE "%.64s", sha256, sha256);
        if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (mtime_ms(&st) >= before_ms)
                return 0;
        if (renameat(dirfd, name, dirfd, gone) < 0 ||
            fstatat(dirfd, gone, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (mtime_ms(&st) >= before_ms) {
                /* Refused where it was written anew: then the old one may go. */
                if (renameat2(dirfd, gone, dirfd, name, RENAME_NOREPLACE) < 0)
                        (void) unlinkat(dirfd, gone, 0);
                return 0;
        }
        if (unlinkat(dirfd, gone, 0) < 0)
                return -errno;
        *ret_size = (uint64_t) st.st_size;
        return 1;
}

int blob_sync(int dirfd)
{
        return syncfs(dirfd) < 0 ? -errno : 0;
}
