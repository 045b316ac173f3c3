/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include "base/blob.h"
#include "base/io.h"
#include "store/lite.h"
#include "store/lock.h"
#include "store/place.h"
#include "store/store-impl.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static struct db *db_close(struct db *db)
{
        return db ? db->ops->close(db) : NULL;
}

struct store *store_free(struct store *s)
{
        if (!s)
                return NULL;
        (void) writer_free(s->writer);
        (void) retain_free(s->retain);
        (void) db_close(s->db);
        closep(&s->journal);
        closep(&s->blobs);
        closep(&s->dirfd);
        /* Last: who waits for the lock finds everything written. */
        lock_release(&s->lock);
        free(s->dir);
        free(s);
        return NULL;
}

/* What a store is made of first: after a power cut any of it may be there without the rest. */
static bool is_beginning(const char *name)
{
        static const char *const names[] = { ".", "..", LOCK_FILE, "blobs", "journal" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (strcmp(name, names[i]) == 0)
                        return true;
        return strncmp(name, LITE_DRAFT, strlen(LITE_DRAFT)) == 0;
}

/* 1 when the folder holds nothing but the beginning of a store, 0 when it does. */
static int dir_is_empty(int dirfd)
{
        int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *entry;
        int empty = 1;

        if (!dir) {
                closep(&fd);
                return -errno;
        }
        while (empty && (entry = readdir(dir)))
                empty = is_beginning(entry->d_name);
        (void) closedir(dir);
        return empty;
}

/* A folder of somebody's files must not become a store because an option was mistyped. */
static int check_folder(struct store *s, struct err *err)
{
        int empty;

        /* In this order: the lock is a new store's first file, so no folder that another linhay is
         * making just now looks foreign. */
        empty = dir_is_empty(s->dirfd);
        if (empty < 0)
                return err_sys(err, empty, "cannot read the folder %s", s->dir);
        if (empty || faccessat(s->dirfd, LOCK_FILE, F_OK, 0) == 0 ||
            faccessat(s->dirfd, LITE_FILE, F_OK, 0) == 0)
                return 0;
        return err_set(err, -ENOTEMPTY,
                       "%s is not a store and not empty: give an empty or new folder as --store",
                       s->dir);
}

static int open_folder(struct store *s, const char *dir, bool read_only, struct err *err)
{
        int r;

        r = read_only ? 0 : dir_make(dir, err);
        if (r < 0)
                return err_wrap(err, r, "cannot make the store");
        s->dir = realpath(dir, NULL);
        if (!s->dir && errno == ENOENT)
                return err_set(err, -ENOENT, "there is no store in %s: nothing was run with it yet",
                               dir);
        if (!s->dir)
                return err_sys(err, -errno, "cannot open the store %s", dir);
        if (strlen(s->dir) > 400)
                return err_set(err, -ENAMETOOLONG,
                               "cannot open the store %s: its path is longer than 400 bytes", dir);
        s->dirfd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (s->dirfd < 0)
                return err_sys(err, -errno, "cannot open the store %s", s->dir);
        return read_only ? 0 : check_folder(s, err);
}

/* Opens a folder of the store; makes it first when `make`. Reading, it may be absent: -1. */
static int open_part(struct store *s, const char *name, bool make, int *ret, struct err *err)
{
        if (make && mkdirat(s->dirfd, name, 0700) < 0 && errno != EEXIST)
                return err_sys(err, -errno, "cannot make %s/%s", s->dir, name);
        *ret = openat(s->dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (*ret < 0 && (make || errno != ENOENT))
                return err_sys(err, -errno, "cannot open %s/%s", s->dir, name);
        return 0;
}

/* A link there could make us write to anything. */
static int check_file(struct store *s, struct err *err)
{
        struct stat st;

        if (fstatat(s->dirfd, LITE_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT
                               ? err_set(err, -ENOENT,
                                         "there is no store in %s: nothing was run with it yet",
                                         s->dir)
                               : err_sys(err, -errno, "cannot look at %s/" LITE_FILE, s->dir);
        if (!S_ISREG(st.st_mode))
                return err_set(err, -ELOOP,
                               "%s/" LITE_FILE " is not a regular file: move it away, or give "
                               "another folder as --store",
                               s->dir);
        return 0;
}

/* The draft is made here, so that its mode is ours; SQLite gives the log the same. */
static int make_draft(struct store *s, struct err *err)
{
        _cleanup_(freep) char *path = NULL;
        _cleanup_(closep) int fd = -1;

        if (asprintf(&path, "%s/" LITE_DRAFT, s->dir) < 0)
                return err_sys(err, -ENOMEM, "cannot make %s/" LITE_FILE, s->dir);
        /* Of an engine that died here. */
        (void) unlinkat(s->dirfd, LITE_DRAFT "-wal", 0);
        (void) unlinkat(s->dirfd, LITE_DRAFT "-shm", 0);
        (void) unlinkat(s->dirfd, LITE_DRAFT, 0);
        fd = openat(s->dirfd, LITE_DRAFT, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return err_sys(err, -errno, "cannot make %s", path);
        return lite_make(path, err);
}

/* A power cut leaves the whole database file or none, never one that is damaged. */
static int make_file(struct store *s, struct err *err)
{
        _cleanup_(closep) int parent = -1;
        int r;

        if (faccessat(s->dirfd, LITE_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
                return check_file(s, err);
        r = make_draft(s, err);
        if (r < 0)
                return r;
        if (renameat(s->dirfd, LITE_DRAFT, s->dirfd, LITE_FILE) < 0)
                return err_sys(err, -errno, "cannot make %s/" LITE_FILE, s->dir);
        parent = openat(s->dirfd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fsync(s->dirfd) < 0 || (parent >= 0 && fsync(parent) < 0))
                return err_sys(err, -errno, "cannot make %s durable", s->dir);
        return 0;
}

static int open_parts(struct store *s, bool read_only, struct err *err)
{
        int r;

        r = open_part(s, "blobs", !read_only, &s->blobs, err);
        if (r == 0)
                r = open_part(s, "journal", !read_only, &s->journal, err);
        if (r == 0 && !read_only)
                r = make_file(s, err);
        return r;
}

static int open_to_write(struct store *s, const struct store_options *options, struct err *err)
{
        int r;

        r = lock_take(&s->lock, s->dirfd, s->dir, options, err);
        if (r < 0)
                return r;
        if (fchmod(s->dirfd, 0700) < 0)
                return err_sys(err, -errno, "cannot make the store %s yours alone", s->dir);
        r = open_parts(s, false, err);
        if (r < 0)
                return r;
        r = lite_open(&s->db, s->dir, s->blobs, false, err);
        if (r < 0)
                return r;
        if (options->limits)
                r = retain_new(&s->retain, s->db, s->blobs, s->journal, options->limits, err);
        if (r < 0)
                return r;
        r = writer_new(&s->writer, s->db, s->blobs, s->retain, err);
        if (r < 0)
                return r;
        place_register(s->dir);
        return 0;
}

static int open_to_read(struct store *s, struct err *err)
{
        int r;

        r = check_file(s, err);
        if (r < 0)
                return r;
        r = open_parts(s, true, err);
        if (r < 0)
                return r;
        return lite_open(&s->db, s->dir, s->blobs, true, err);
}

int store_open(struct store **ret, const char *dir, const struct store_options *options,
               struct err *err)
{
        static const struct store_options standard = { 0 };
        _cleanup_(store_freep) struct store *s = NULL;
        bool read_only;
        int r;

        s = calloc(1, sizeof(*s));
        if (!s)
                return err_sys(err, -ENOMEM, "cannot open the store %s", dir);
        s->dirfd = s->blobs = s->journal = s->lock = -1;
        if (!options)
                options = &standard;
        read_only = options->flags & STORE_READ_ONLY;

        r = open_folder(s, dir, read_only, err);
        if (r < 0)
                return r;
        r = read_only ? open_to_read(s, err) : open_to_write(s, options, err);
        if (r < 0)
                return r;

        *ret = TAKE(s);
        return 0;
}

const char *store_dir(const struct store *s)
{
        return s->dir;
}

int store_dirfd(const struct store *s)
{
        return s->dirfd;
}

int store_blobs(const struct store *s)
{
        return s->blobs;
}

int store_journal(const struct store *s)
{
        return s->journal;
}

int store_attach(struct store *s, struct loop *loop)
{
        return s->writer ? writer_attach(s->writer, loop) : -EROFS;
}

void store_detach(struct store *s)
{
        if (s->writer)
                writer_detach(s->writer);
}

/* A reader's mistake is caught here, and the batch is taken all the same. */
static int refuse_batch(struct store *s, struct batch *batch, struct err *err)
{
        (void) batch_free(batch);
        return err_set(err, -EROFS, "the store %s was opened to read only", s->dir);
}

int store_submit(struct store *s, struct batch *batch, store_done done, void *user, struct err *err)
{
        if (!s->writer)
                return refuse_batch(s, batch, err);
        return writer_submit(s->writer, batch, done, user, err);
}

int store_commit(struct store *s, struct batch *batch, struct err *err)
{
        if (!s->writer)
                return refuse_batch(s, batch, err);
        return writer_commit(s->writer, batch, err);
}

int store_room(struct store *s, struct err *err)
{
        return s->retain ? retain_room(s->retain, err) : 0;
}

void store_blob_came(struct store *s, const char *sha256)
{
        _cleanup_(closep) int fd = s->retain ? blob_open(s->blobs, sha256) : -1;
        struct stat st;

        /* What a row names has been counted. */
        if (fd >= 0 && fstat(fd, &st) == 0 && s->db->ops->is_named(s->db, sha256, NULL) == 0)
                retain_came(s->retain, sha256, (uint64_t) st.st_size);
}

int store_settle(struct store *s, struct err *err)
{
        return s->writer ? writer_settle(s->writer, err) : 0;
}

size_t store_pending(const struct store *s)
{
        return s->writer ? writer_pending(s->writer) : 0;
}

void store_stats(const struct store *s, struct store_stats *ret)
{
        *ret = (struct store_stats){ 0 };
        if (s->writer)
                writer_stats(s->writer, ret);
}

int store_run_document(struct store *s, const char *run, unsigned flags, json_t **ret,
                       struct err *err)
{
        return s->db->ops->run_document(s->db, STEP_KEY(run, NULL), flags, ret, err);
}

int store_step_document(struct store *s, struct step_key key, unsigned flags, json_t **ret,
                        struct err *err)
{
        return s->db->ops->run_document(s->db, key, flags, ret, err);
}

int store_run_find(struct store *s, const char *prefix, char ret[RUN_ID_SIZE], struct err *err)
{
        return s->db->ops->run_find(s->db, prefix, ret, err);
}

int store_runs(struct store *s, unsigned states, size_t limit, json_t **ret, struct err *err)
{
        return s->db->ops->runs(s->db, states, limit, ret, err);
}

int store_unended(struct store *s, size_t limit, json_t **ret, struct err *err)
{
        return s->db->ops->unended(s->db, limit, ret, err);
}

int store_children(struct store *s, struct step_key parent, json_t **ret, struct err *err)
{
        return s->db->ops->children(s->db, parent, ret, err);
}

int store_run_by_submit_key(struct store *s, const char *key, char ret[RUN_ID_SIZE],
                            struct err *err)
{
        return s->db->ops->run_by_submit_key(s->db, key, ret, err);
}

int store_cache(struct store *s, const char *key, json_t **ret, struct err *err)
{
        return s->db->ops->cache(s->db, key, ret, err);
}

int store_output(struct store *s, struct step_key key, json_t **ret, struct err *err)
{
        return s->db->ops->output(s->db, key, ret, err);
}

int store_triggers(struct store *s, json_t **ret, struct err *err)
{
        return s->db->ops->triggers(s->db, ret, err);
}

int store_approvals(struct store *s, const char *run, bool all, json_t **ret, struct err *err)
{
        return s->db->ops->approvals(s->db, run, all, ret, err);
}

int store_logs(struct store *s, struct step_key key, int64_t after, size_t limit, json_t **ret,
               struct err *err)
{
        return s->db->ops->logs(s->db, key, after, limit, ret, err);
}

int store_events(struct store *s, const char *run, int64_t after, size_t limit, json_t **ret,
                 struct err *err)
{
        return s->db->ops->events(s->db, run, after, limit, ret, err);
}
