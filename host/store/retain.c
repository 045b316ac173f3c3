/* SPDX-License-Identifier: Apache-2.0 */
#include "store/retain.h"

#include "base/blob.h"
#include "base/loop.h"
#include "base/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

/* Parts of `limits.bytes`, in percent. */
#define TAKE_FROM   80
#define HURRY_FROM  85
#define REFUSE_FROM 90

#define GRACE_MS   (10 * 60 * 1000)
#define REST_MS    (60 * 1000)      /* between two looks at what may go */
#define SWEEP_MS   (60 * 60 * 1000) /* between two walks through all blobs */
#define LOOK_MS    20               /* between two measurements of a busy store */
#define JUMP_MS    (30 * 1000)      /* a wall clock that moved so much was set */
#define RUNS_ONCE  64               /* hidden in one transaction */
#define FILES_ONCE 64               /* blobs looked at in one piece */
#define CAME_MOST  64               /* blobs of others that are known by name */
#define SHARDS     256
#define FOLDERS    (SHARDS + 1) /* the last one is that of drafts, and holds the others */

/* A walk through the folders of the blobs. */
struct sweep {
        int folder; /* FOLDERS: it is over */
        DIR *dir;   /* NULL = not opened yet */
        uint64_t bytes;
        uint64_t begun_ms; /* wall clock */
        uint64_t put;      /* bytes_put() then: what was put since is counted there */
};

struct retain {
        struct db *db;
        int blobs;
        int journal;
        struct store_limits limits;

        pthread_mutex_t lock; /* of what follows; all else is the writer's */
        char full[256];       /* why new runs are refused; "" = they are not */
        uint64_t bytes;       /* as last measured */
        uint64_t came;        /* bytes that others have put */
        struct {
                char sha256[CAME_MOST][SHA256_HEX]; /* the newest of these blobs */
                size_t n;
        } known;

        bool has_removed; /* runs whose rows are still there */
        struct db_freed freed;
        struct sweep sweep;
        uint64_t marked_ms; /* when it was last decided what may go; clock_ms(), 0 = never */
        uint64_t swept_ms;  /* wall clock, for it outlives the program */
        uint64_t looked_ms;
        bool is_urgent; /* a busy store is not spared */

        uint64_t blob_bytes;  /* as of the last walk */
        uint64_t blob_put;    /* bytes_put() then */
        uint64_t removed;     /* since */
        uint64_t saved_bytes; /* as the database knows it */

        int64_t wall_ahead_ms; /* wall clock less clock_ms() */
        uint64_t settled_ms;   /* blobs are not removed before: the wall clock had been set */
};

/* Into the folder: by this process, and what others have told. */
static uint64_t bytes_put(struct retain *r)
{
        uint64_t came;

        (void) pthread_mutex_lock(&r->lock);
        came = r->came;
        (void) pthread_mutex_unlock(&r->lock);
        return blob_bytes_put() + came;
}

static uint64_t blob_total(struct retain *r)
{
        uint64_t all = r->blob_bytes + bytes_put(r) - r->blob_put;

        return all - MIN_OF(all, r->removed);
}

static int total(struct retain *r, uint64_t *ret, struct err *err)
{
        struct db_usage usage;
        int n = r->db->ops->measure(r->db, &usage, err);

        if (n < 0)
                return n;
        *ret = usage.used + blob_total(r);
        return 0;
}

static bool is_beyond(const struct retain *r, uint64_t bytes, unsigned percent)
{
        return r->limits.bytes && bytes / 100 * 100 > r->limits.bytes / 100 * percent;
}

/* Under the lock: may new runs come? */
static void judge_fullness(struct retain *r)
{
        uint64_t bytes = r->bytes;
        char is[32], may[32], why[sizeof(r->full)] = "";

        bytes_format(is, sizeof(is), bytes);
        bytes_format(may, sizeof(may), r->limits.bytes);
        if (is_beyond(r, bytes, REFUSE_FROM))
                (void) snprintf(why, sizeof(why),
                                "the store is more than 90 %% full: it holds %s of at most %s "
                                "(store.max_bytes): make room "
                                "with `linhay store prune`, or allow more",
                                is, may);
        memcpy(r->full, why, sizeof(why));
}

static bool is_known(const struct retain *r, const char *sha256)
{
        for (size_t i = 0; i < MIN_OF(r->known.n, (size_t) CAME_MOST); i++)
                if (strcmp(r->known.sha256[i], sha256) == 0)
                        return true;
        return false;
}

void retain_came(struct retain *r, const char *sha256, uint64_t bytes)
{
        (void) pthread_mutex_lock(&r->lock);
        if (!is_known(r, sha256)) {
                memcpy(r->known.sha256[r->known.n++ % CAME_MOST], sha256, SHA256_HEX);
                r->came += bytes;
                r->bytes += bytes;
                judge_fullness(r);
        }
        (void) pthread_mutex_unlock(&r->lock);
}

int retain_room(struct retain *r, struct err *err)
{
        int code = 0;

        (void) pthread_mutex_lock(&r->lock);
        if (*r->full)
                code = err_set(err, -EDQUOT, "cannot take a new run: %s", r->full);
        (void) pthread_mutex_unlock(&r->lock);
        return code;
}

static bool look(struct retain *r)
{
        uint64_t bytes;

        r->looked_ms = clock_ms();
        if (!r->limits.bytes || total(r, &bytes, NULL) < 0)
                return false;
        (void) pthread_mutex_lock(&r->lock);
        r->bytes = bytes;
        judge_fullness(r);
        (void) pthread_mutex_unlock(&r->lock);
        r->is_urgent = is_beyond(r, bytes, HURRY_FROM);
        return is_beyond(r, bytes, TAKE_FROM);
}

bool retain_look(struct retain *r)
{
        return (r->is_urgent || clock_ms() - r->looked_ms >= LOOK_MS) && look(r);
}

/* A clock that was set makes young blobs look old: then all of them get their grace anew. */
static bool clock_is_steady(struct retain *r)
{
        int64_t ahead = (int64_t) clock_wall_ms() - (int64_t) clock_ms();
        int64_t moved = ahead - r->wall_ahead_ms;

        r->wall_ahead_ms = ahead;
        if (moved > JUMP_MS || moved < -JUMP_MS)
                r->settled_ms = clock_ms() + r->limits.grace_ms;
        return clock_ms() >= r->settled_ms;
}

/* Removes the blob if no row names it; what fails is found again by the next walk. */
static int release(struct retain *r, const char *sha256, uint64_t *ret_size, struct err *err)
{
        uint64_t size;
        int n;

        *ret_size = 0;
        n = r->db->ops->blob_is_named(r->db, sha256, err);
        if (n != 0)
                return n < 0 ? n : 0;
        if (clock_is_steady(r) &&
            blob_remove(r->blobs, sha256, clock_wall_ms() + 1 - r->limits.grace_ms, &size) == 1)
                *ret_size = size;
        return 0;
}

static int release_freed(struct retain *r, struct err *err)
{
        for (size_t left = FILES_ONCE; left > 0 && r->freed.n > 0; left--) {
                uint64_t size;
                int n = release(r, r->freed.sha256[--r->freed.n], &size, err);

                if (n < 0)
                        return n;
                r->removed += size;
        }
        return 0;
}

static uint64_t mtime_ms(const struct stat *st)
{
        return (uint64_t) st->st_mtim.tv_sec * 1000 + (uint64_t) st->st_mtim.tv_nsec / 1000000;
}

/* What was on its way out when its process died, or in: a draft that nobody writes to any more. */
static bool is_nobodys(struct retain *r, const char *name, const struct stat *st)
{
        if (strncmp(name, BLOB_GONE, strlen(BLOB_GONE)) == 0)
                return true;
        return strncmp(name, BLOB_DRAFT, strlen(BLOB_DRAFT)) == 0 && clock_is_steady(r) &&
               mtime_ms(st) + r->limits.grace_ms <= clock_wall_ms();
}

static int sweep_file(struct retain *r, const char *name, struct err *err)
{
        int fd = dirfd(r->sweep.dir);
        struct stat st;
        uint64_t size;
        int n;

        if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
                return 0;
        if (is_nobodys(r, name, &st))
                (void) unlinkat(fd, name, 0);
        if (!sha256_is_hex(name))
                return 0;
        n = release(r, name, &size, err);
        if (n == 0 && size == 0 && mtime_ms(&st) < r->sweep.begun_ms)
                r->sweep.bytes += (uint64_t) st.st_size;
        return n;
}

static DIR *folder_open(int blobs, int folder)
{
        char name[8] = ".";
        int fd;

        if (folder < SHARDS)
                (void) snprintf(name, sizeof(name), "%02x", (unsigned) folder);
        fd = openat(blobs, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? NULL : fdopendir(fd);
}

/* From the start, also when one is under way: rows are deleted before it and not meanwhile. */
static void sweep_begin(struct retain *r)
{
        if (r->sweep.dir)
                (void) closedir(r->sweep.dir);
        r->sweep = (struct sweep){ .begun_ms = clock_wall_ms(), .put = bytes_put(r) };
}

static int sweep_end(struct retain *r, struct err *err)
{
        r->blob_bytes = r->sweep.bytes;
        r->blob_put = r->sweep.put;
        r->removed = 0;
        r->swept_ms = clock_wall_ms();
        r->saved_bytes = blob_total(r);
        return r->db->ops->usage_save(r->db, r->saved_bytes, r->swept_ms, err);
}

static int sweep_some(struct retain *r, struct err *err)
{
        struct sweep *s = &r->sweep;
        const struct dirent *entry = NULL;
        int n = 0;

        if (!s->dir)
                s->dir = folder_open(r->blobs, s->folder);
        for (int left = FILES_ONCE; s->dir && left > 0 && n == 0; left--) {
                entry = readdir(s->dir);
                if (!entry)
                        break;
                n = sweep_file(r, entry->d_name, err);
        }
        if (n < 0 || entry)
                return n;
        if (s->dir)
                (void) closedir(TAKE(s->dir));
        return ++s->folder == FOLDERS ? sweep_end(r, err) : 0;
}

/* Names in the journal, as a JSON array: what they name is being applied. */
static char *journal_names(int journal)
{
        int fd = openat(journal, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        _cleanup_(json_decrefp) json_t *names = json_array();
        const struct dirent *entry;

        if (!dir) {
                closep(&fd);
                return NULL;
        }
        while ((entry = readdir(dir)))
                if (json_array_append_new(names, json_string(entry->d_name)) < 0)
                        break;
        (void) closedir(dir);
        return entry ? NULL : json_dumps(names, 0);
}

static int retire_by_limits(struct retain *r, const char *journal, struct err *err)
{
        uint64_t now = clock_wall_ms(), bytes;
        struct db_cut cut = { .ended_until_ms = UINT64_MAX, .journal = journal, .most = RUNS_ONCE };
        int n = 0;

        if (r->limits.age_ms && now > r->limits.age_ms) {
                cut.ended_until_ms = now - r->limits.age_ms;
                n = r->db->ops->retire(r->db, &cut, err);
                cut.ended_until_ms = UINT64_MAX;
        }
        if (n == 0 && r->limits.runs) {
                cut.beyond = (size_t) r->limits.runs;
                cut.spare_changes = true;
                n = r->db->ops->retire(r->db, &cut, err);
                cut.beyond = 0;
                cut.spare_changes = false;
        }
        if (n != 0 || !r->limits.bytes)
                return n;
        n = total(r, &bytes, err);
        if (n < 0 || !is_beyond(r, bytes, TAKE_FROM))
                return n;
        /* One at a time where it is little, the more the closer it is to refusing. */
        cut.most = is_beyond(r, bytes, HURRY_FROM) ? RUNS_ONCE : 1;
        return r->db->ops->retire(r->db, &cut, err);
}

/* Hides some runs that may go: how many. Unknown is what the journal holds: then none. */
static int retire_some(struct retain *r, struct err *err)
{
        _cleanup_(freep) char *journal = journal_names(r->journal);
        int n = journal ? retire_by_limits(r, journal, err) : 0;

        r->has_removed = r->has_removed || n > 0;
        if (n == 0)
                r->marked_ms = clock_ms();
        return n;
}

static bool retiring_is_due(struct retain *r)
{
        return r->marked_ms == 0 || clock_ms() - r->marked_ms >= REST_MS;
}

/* What the next engine begins with, until it has walked through the blobs itself. */
int retain_save(struct retain *r, struct err *err)
{
        uint64_t now = blob_total(r);
        uint64_t moved = now > r->saved_bytes ? now - r->saved_bytes : r->saved_bytes - now;

        if (moved <= r->saved_bytes / 64 + 65536)
                return 0;
        r->saved_bytes = now;
        return r->db->ops->usage_save(r->db, now, r->swept_ms, err);
}

/* Deletes something: 1, or 0 when nothing is left of the runs that were hidden. */
static int delete_some(struct retain *r, struct err *err)
{
        int n;

        if (r->freed.n > 0) {
                n = release_freed(r, err);
                return n < 0 ? n : 1;
        }
        if (!r->has_removed)
                return 0;
        n = r->db->ops->shrink(r->db, &r->freed, err);
        r->has_removed = n > 0;
        return n;
}

int64_t retain_piece(struct retain *r, struct err *err)
{
        int n = delete_some(r, err);

        if (n == 0 && r->sweep.folder < FOLDERS) {
                n = sweep_some(r, err);
                return n < 0 ? n : 0;
        }
        if (n == 0 && retiring_is_due(r)) {
                n = retire_some(r, err);
                if (n == 0 && clock_wall_ms() - r->swept_ms >= SWEEP_MS)
                        sweep_begin(r);
                if (n == 0 && r->sweep.folder < FOLDERS)
                        return 0;
        }
        if (n == 0)
                n = r->db->ops->compact(r->db, err);
        if (n == 0)
                n = retain_save(r, err);
        if (n == 0)
                (void) look(r);
        return n < 0 ? n : n > 0 ? 0 : REST_MS;
}

void retain_hurry(struct retain *r)
{
        r->marked_ms = 0;
        r->has_removed = true;
        sweep_begin(r);
}

int retain_new(struct retain **ret, struct db *db, int blobs, int journal,
               const struct store_limits *limits, struct err *err)
{
        _cleanup_(retain_freep) struct retain *r = calloc(1, sizeof(*r));
        int n;

        if (!r)
                return err_sys(err, -ENOMEM, "cannot begin retention");
        *r = (struct retain){ .db = db,
                              .blobs = blobs,
                              .journal = journal,
                              .limits = *limits,
                              .has_removed = true,
                              .sweep.folder = FOLDERS,
                              .blob_put = blob_bytes_put(),
                              .wall_ahead_ms = (int64_t) clock_wall_ms() - (int64_t) clock_ms() };
        (void) pthread_mutex_init(&r->lock, NULL);
        if (!r->limits.grace_ms)
                r->limits.grace_ms = GRACE_MS;
        n = db->ops->usage_load(db, &r->blob_bytes, &r->swept_ms, err);
        if (n < 0)
                return n;
        r->saved_bytes = r->blob_bytes;
        (void) look(r);
        *ret = TAKE(r);
        return 0;
}

struct retain *retain_free(struct retain *r)
{
        if (!r)
                return NULL;
        if (r->sweep.dir)
                (void) closedir(r->sweep.dir);
        (void) pthread_mutex_destroy(&r->lock);
        free(r);
        return NULL;
}
