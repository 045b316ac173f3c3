/* SPDX-License-Identifier: Apache-2.0 */
#include "store/care.h"

#include "base/blob.h"
#include "base/io.h"
#include "store/key.h"
#include "store/lite.h"
#include "store/store-impl.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Calls for every blob in the folder; what is no blob is passed over. */
typedef int (*blob_each)(void *user, const char *sha256, const struct stat *st, struct err *err);

static int shard_walk(DIR *dir, blob_each each, void *user, struct err *err)
{
        const struct dirent *entry;
        int r = 0;

        while (r == 0 && (entry = readdir(dir))) {
                struct stat st;

                if (sha256_is_hex(entry->d_name) &&
                    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
                        r = each(user, entry->d_name, &st, err);
        }
        return r;
}

static int blobs_walk(int blobs, blob_each each, void *user, struct err *err)
{
        int r = 0;

        for (unsigned shard = 0; blobs >= 0 && shard < 256 && r == 0; shard++) {
                char name[8];
                DIR *dir;
                int fd;

                (void) snprintf(name, sizeof(name), "%02x", shard);
                fd = openat(blobs, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                dir = fd < 0 ? NULL : fdopendir(fd);
                if (!dir)
                        continue;
                r = shard_walk(dir, each, user, err);
                (void) closedir(dir);
        }
        return r;
}

struct count {
        struct db *db; /* NULL: all; else those that no row names */
        uint64_t files;
        uint64_t bytes;
};

static int count_blob(void *user, const char *sha256, const struct stat *st, struct err *err)
{
        struct count *c = user;
        int named = c->db ? c->db->ops->is_named(c->db, sha256, err) : 0;

        if (named != 0)
                return named < 0 ? named : 0;
        c->files++;
        c->bytes += (uint64_t) st->st_size;
        return 0;
}

static uint64_t size_of(int dirfd, const char *name)
{
        struct stat st;

        return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : (uint64_t) st.st_size;
}

int care_survey(struct store *s, const struct store_limits *limits, json_t **ret, struct err *err)
{
        _cleanup_(json_decrefp) json_t *survey = NULL;
        struct count count = { 0 };
        int r;

        r = s->db->ops->survey(s->db, limits, &survey, err);
        if (r == 0)
                r = blobs_walk(s->blobs, count_blob, &count, err);
        if (r < 0)
                return r;
        if (json_object_set_new(survey, "path", json_string(s->dir)) < 0 ||
            json_object_set_new(survey, "blobs",
                                json_pack("{s:I, s:I}", "files", (json_int_t) count.files, "bytes",
                                          (json_int_t) count.bytes)) < 0 ||
            json_object_set_new(json_object_get(survey, "database"), "log",
                                json_integer((json_int_t) size_of(s->dirfd, LITE_FILE "-wal"))) < 0)
                return err_set(err, -ENOMEM, "out of memory");
        *ret = TAKE(survey);
        return 0;
}

struct check {
        struct store *store;
        json_t *faults;
};

static int add_text(json_t *list, struct err *err, const char *format, ...) _printf_(3, 4);
static int add_text(json_t *list, struct err *err, const char *format, ...)
{
        _cleanup_(freep) char *text = NULL;
        va_list args;
        int r;

        va_start(args, format);
        r = vasprintf(&text, format, args);
        va_end(args);
        if (r < 0 || json_array_append_new(list, json_string(text)) < 0)
                return err_set(err, -ENOMEM, "out of memory");
        return 0;
}

/* A blob that a row names. Retention may have taken both meanwhile. */
static int check_blob(void *user, const char *sha256, struct err *err)
{
        struct check *c = user;
        struct db *db = c->store->db;
        _cleanup_(closep) int fd = c->store->blobs < 0 ? -1 : blob_open(c->store->blobs, sha256);
        char found[SHA256_HEX];
        int r;

        if (fd < 0) {
                r = db->ops->is_named(db, sha256, err);
                return r <= 0 ? r : add_text(c->faults, err, "the blob %s is missing", sha256);
        }
        r = sha256_fd(found, fd);
        if (r < 0)
                return err_sys(err, r, "cannot read the blob %s", sha256);
        return strcmp(found, sha256) == 0
                       ? 0
                       : add_text(c->faults, err,
                                  "the blob %s is damaged: its bytes have the sha256 %s", sha256,
                                  found);
}

static int note_journal(struct store *s, json_t *notes, struct err *err)
{
        int fd = s->journal < 0 ? -1 : openat(s->journal, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *entry;
        int r = 0;

        while (dir && r == 0 && (entry = readdir(dir)))
                if (entry->d_name[0] != '.')
                        r = add_text(notes, err,
                                     "journal/%s: a change is being applied, or the next engine "
                                     "finishes or undoes it",
                                     entry->d_name);
        if (dir)
                (void) closedir(dir);
        return r;
}

static int note_orphans(struct store *s, json_t *notes, struct err *err)
{
        struct count count = { .db = s->db };
        int r = blobs_walk(s->blobs, count_blob, &count, err);

        if (r < 0 || count.files == 0)
                return r;
        return add_text(notes, err,
                        "%llu blob%s of %llu bytes that no row names: retention removes them",
                        (unsigned long long) count.files, count.files == 1 ? "" : "s",
                        (unsigned long long) count.bytes);
}

int care_check(struct store *s, json_t **ret, struct err *err)
{
        _cleanup_(json_decrefp) json_t *faults = json_array(), *notes = json_array();
        struct check check = { s, faults };
        int r;

        r = s->db->ops->damage(s->db, faults, err);
        if (r == 0)
                r = s->db->ops->named(s->db, check_blob, &check, err);
        if (r == 0)
                r = note_journal(s, notes, err);
        if (r == 0)
                r = note_orphans(s, notes, err);
        if (r < 0)
                return r;
        *ret = json_pack("{s:O, s:O}", "faults", faults, "notes", notes);
        return *ret ? 0 : err_set(err, -ENOMEM, "out of memory");
}

/* A copy on its way; it has another name until it is whole. */
struct copy {
        struct store *from;
        char *to;
        char *draft;
        char *file;   /* the database in the draft */
        int blobs;    /* of the draft */
        json_t *gone; /* blobs that went with their run after the database was copied */
        struct care_copied copied;
};

static int remove_below(int dirfd, const char *name)
{
        int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *entry;

        if (!dir) {
                closep(&fd);
                return unlinkat(dirfd, name, 0);
        }
        while ((entry = readdir(dir)))
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                        (void) remove_below(fd, entry->d_name);
        (void) closedir(dir);
        return unlinkat(dirfd, name, AT_REMOVEDIR);
}

static void copy_done(struct copy *c)
{
        closep(&c->blobs);
        json_decref(c->gone);
        if (c->draft)
                (void) remove_below(AT_FDCWD, c->draft);
        free(c->to);
        free(c->draft);
        free(c->file);
}

/* A folder that is there must be empty; rename() takes its place then. */
static int copy_begin(struct copy *c, const char *to, struct err *err)
{
        _cleanup_(freep) char *blobs = NULL;
        int r;

        r = dir_make(to, err);
        if (r < 0)
                return r;
        c->to = realpath(to, NULL);
        if (!c->to)
                return err_sys(err, -errno, "cannot make %s", to);
        if (rmdir(c->to) < 0)
                return errno == ENOTEMPTY || errno == EEXIST
                               ? err_set(err, -EEXIST,
                                         "%s is not empty: give a new or empty folder", c->to)
                               : err_sys(err, -errno, "cannot use %s", c->to);
        if (asprintf(&c->draft, "%s.part-%ld", c->to, (long) getpid()) < 0 ||
            asprintf(&c->file, "%s/" LITE_FILE, c->draft) < 0 ||
            asprintf(&blobs, "%s/blobs", c->draft) < 0)
                return err_set(err, -ENOMEM, "out of memory");
        r = dir_make(blobs, err);
        if (r < 0)
                return r;
        c->blobs = open(blobs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return c->blobs < 0 ? err_sys(err, -errno, "cannot open %s", blobs) : 0;
}

/* A blob of the copy. One that is gone was removed with its run, or the store is damaged. */
static int copy_blob(void *user, const char *sha256, struct err *err)
{
        struct copy *c = user;
        struct db *db = c->from->db;
        _cleanup_(closep) int fd = c->from->blobs < 0 ? -1 : blob_open(c->from->blobs, sha256);
        char found[SHA256_HEX];
        struct stat st;
        int r;

        if (fd < 0 || fstat(fd, &st) < 0) {
                r = db->ops->is_named(db, sha256, err);
                if (r > 0)
                        return err_set(err, -EBADMSG,
                                       "the store lacks the blob %s: `linhay store check` says "
                                       "what else",
                                       sha256);
                return r < 0 ? r : add_text(c->gone, err, "%s", sha256);
        }
        r = blob_put_fd(c->blobs, found, fd, UINT64_MAX, false, err);
        if (r < 0)
                return r;
        if (strcmp(found, sha256) != 0)
                return err_set(err, -EBADMSG,
                               "the blob %s is damaged: `linhay store check` says what else",
                               sha256);
        c->copied.blobs++;
        c->copied.bytes += (uint64_t) st.st_size;
        return 0;
}

/* The blobs that the copy names, whatever the store does meanwhile. */
static int copy_blobs(struct copy *c, struct err *err)
{
        _cleanup_(store_freep) struct store *copy = NULL;
        static const struct store_options options = { .flags = STORE_READ_ONLY };
        int r;

        r = store_open(&copy, c->draft, &options, err);
        return r < 0 ? r : copy->db->ops->named(copy->db, copy_blob, c, err);
}

static int forget_gone(struct copy *c, struct err *err)
{
        const json_t *sha256;
        size_t i;
        int r = 0;

        json_array_foreach (c->gone, i, sha256)
                if (r == 0)
                        r = c->from->db->ops->forget(c->from->db, c->file,
                                                     json_string_value(sha256), err);
        return r;
}

/* Everything is on disk, then it has its name. */
static int copy_end(struct copy *c, struct err *err)
{
        _cleanup_(freep) char *parent = strdup(c->to);
        _cleanup_(closep) int fd = -1;
        char *slash = parent ? strrchr(parent, '/') : NULL;

        if (!slash)
                return err_set(err, -ENOMEM, "out of memory");
        slash[slash == parent] = '\0';
        fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (blob_sync(c->blobs) < 0 || rename(c->draft, c->to) < 0 || fd < 0 || fsync(fd) < 0)
                return err_sys(err, -errno, "cannot finish %s", c->to);
        free(TAKE(c->draft));
        return 0;
}

int care_copy(struct store *s, const char *to, bool changes, struct care_copied *ret,
              struct err *err)
{
        _cleanup_(copy_done) struct copy c = { .from = s, .blobs = -1, .gone = json_array() };
        int r;

        r = copy_begin(&c, to, err);
        if (r == 0)
                r = s->db->ops->copy(s->db, c.file, changes, err);
        if (r == 0)
                r = copy_blobs(&c, err);
        if (r == 0)
                r = key_copy(store_dir(s), c.draft, err);
        if (r == 0)
                r = forget_gone(&c, err);
        if (r == 0)
                r = copy_end(&c, err);
        if (r == 0)
                *ret = c.copied;
        return r;
}
