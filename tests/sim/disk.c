/* SPDX-License-Identifier: Apache-2.0 */

/* The functions below have the very names that these switches would give to others. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE

#include "disk.h"

#include "random.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define SECTOR  512
#define BUCKETS 1024
#define HERE    __attribute__((visibility("default")))

/* Bytes; behind `n` of them zeros up to `size`. */
struct bytes {
        char *data;
        size_t n;
        size_t size;
};

struct edit {
        enum { EDIT_WRITE, EDIT_RESIZE } kind;
        char *data; /* NULL: zeros */
        size_t length;
        size_t at;
        bool is_lost; /* its sync failed: it will never be on disk */
};

struct entry {
        char *name;
        struct node *node;
};

struct names {
        struct entry *list;
        size_t n;
};

struct node {
        uint64_t ino;
        mode_t type; /* S_IFREG, S_IFDIR or S_IFLNK */
        mode_t mode; /* permission bits on disk */
        mode_t new_mode;
        bool is_volatile; /* never on an image */
        struct bytes safe;
        struct edit *edits;
        size_t n_edits;
        struct names names; /* of a folder, on disk */
        struct names later; /* the same on the image that is being made */
        char *target;       /* of a link */
        struct node *next;  /* in its bucket */
        struct node *older; /* of all */
};

/* A name that came (`to`), went (`from`) or moved, and is not synced. */
struct move {
        struct node *from, *to;
        char *old_name, *new_name;
        struct node *node;
};

static struct disk {
        bool is_on;
        bool is_cut;
        char path[PATH_MAX];
        char image[PATH_MAX];
        dev_t dev;
        struct node *root;
        struct node *buckets[BUCKETS];
        struct node *newest;
        struct move *moves;
        size_t n_moves;
        uint64_t acts;
        uint64_t cut_at, fail_at;
        enum disk_loss loss;
        struct chance chance;
        int error;
        bool is_short;
        bool is_others;
        char failed[64];
        uint64_t limit, used;
} disk;

static void *must(void *p)
{
        if (!p)
                abort();
        return p;
}

/* The kernel itself; `syscall` is wrapped, so that openat2() can fail as well. */
long __real_syscall(long number, ...);
#define raw(...) __real_syscall(__VA_ARGS__)

/* --- bytes --------------------------------------------------------------------------------- */

static bool is_zero(const char *data, size_t length)
{
        return length == 0 || (*data == 0 && memcmp(data, data + 1, length - 1) == 0);
}

static void bytes_write(struct bytes *b, const char *data, size_t length, size_t at)
{
        if (data && at + length > b->n) {
                b->data = must(realloc(b->data, at + length));
                if (at > b->n)
                        memset(b->data + b->n, 0, at - b->n);
                b->n = at + length;
        }
        if (data)
                memcpy(b->data + at, data, length);
        else if (at < b->n)
                memset(b->data + at, 0, MIN_OF(length, b->n - at));
        b->size = MAX_OF(b->size, at + length);
}

static void bytes_resize(struct bytes *b, size_t size)
{
        b->n = MIN_OF(b->n, size);
        b->size = size;
}

static void edit_apply(struct bytes *b, const struct edit *e)
{
        if (e->kind == EDIT_RESIZE)
                bytes_resize(b, e->at);
        else
                bytes_write(b, e->data, e->length, e->at);
}

/* --- names --------------------------------------------------------------------------------- */

static void names_remove(struct names *names, const char *name)
{
        for (size_t i = 0; i < names->n; i++)
                if (strcmp(names->list[i].name, name) == 0) {
                        free(names->list[i].name);
                        names->list[i] = names->list[--names->n];
                        return;
                }
}

static void names_add(struct names *names, const char *name, struct node *node)
{
        names_remove(names, name);
        names->list = must(reallocarray(names->list, names->n + 1, sizeof(*names->list)));
        names->list[names->n++] = (struct entry){ must(strdup(name)), node };
}

static const struct node *names_find(const struct names *names, const char *name)
{
        for (size_t i = 0; i < names->n; i++)
                if (strcmp(names->list[i].name, name) == 0)
                        return names->list[i].node;
        return NULL;
}

static void names_done(struct names *names)
{
        for (size_t i = 0; i < names->n; i++)
                free(names->list[i].name);
        free(names->list);
        *names = (struct names){ 0 };
}

/* --- nodes --------------------------------------------------------------------------------- */

static struct node *node_of_ino(uint64_t ino)
{
        struct node *node = disk.buckets[ino % BUCKETS];

        while (node && node->ino != ino)
                node = node->next;
        return node;
}

static struct node *node_of_fd(int fd)
{
        struct stat st;

        if (!disk.is_on || disk.is_cut || fd < 0 || fstat(fd, &st) < 0 || st.st_dev != disk.dev)
                return NULL;
        return node_of_ino(st.st_ino);
}

static struct node *node_add(const struct stat *st)
{
        struct node *node = must(calloc(1, sizeof(*node)));
        struct node **bucket = &disk.buckets[st->st_ino % BUCKETS];

        node->ino = st->st_ino;
        node->type = st->st_mode & S_IFMT;
        node->mode = node->new_mode = st->st_mode & 07777;
        node->next = *bucket;
        *bucket = node;
        node->older = disk.newest;
        disk.newest = node;
        return node;
}

static void edits_clear(struct node *node)
{
        for (size_t i = 0; i < node->n_edits; i++)
                free(node->edits[i].data);
        node->n_edits = 0;
}

static void node_free(struct node *node)
{
        edits_clear(node);
        names_done(&node->names);
        names_done(&node->later);
        free(node->edits);
        free(node->safe.data);
        free(node->target);
        free(node);
}

static void edit_add(struct node *node, struct edit edit)
{
        if (node->is_volatile)
                return;
        if ((node->n_edits & (node->n_edits - 1)) == 0)
                node->edits = must(reallocarray(node->edits, node->n_edits ? node->n_edits * 2 : 1,
                                                sizeof(edit)));
        if (edit.data)
                edit.data = is_zero(edit.data, edit.length)
                                    ? NULL
                                    : memcpy(must(malloc(edit.length)), edit.data, edit.length);
        node->edits[node->n_edits++] = edit;
}

static void node_sync(struct node *node, bool is_mode_too)
{
        for (size_t i = 0; i < node->n_edits; i++)
                if (!node->edits[i].is_lost)
                        edit_apply(&node->safe, &node->edits[i]);
        edits_clear(node);
        if (is_mode_too)
                node->mode = node->new_mode;
}

/* --- moves --------------------------------------------------------------------------------- */

static void move_add(struct move move)
{
        disk.moves = must(reallocarray(disk.moves, disk.n_moves + 1, sizeof(move)));
        disk.moves[disk.n_moves++] = move;
}

static void move_free(struct move *m)
{
        free(m->old_name);
        free(m->new_name);
}

static struct names *names_of(struct node *node, bool is_later)
{
        return is_later ? &node->later : &node->names;
}

static void move_apply(const struct move *m, bool is_later)
{
        if (m->from && names_find(names_of(m->from, is_later), m->old_name) == m->node)
                names_remove(names_of(m->from, is_later), m->old_name);
        if (m->to)
                names_add(names_of(m->to, is_later), m->new_name, m->node);
}

/* A move is as good as all that led to it: the name that it took is gone for good. */
static bool is_overtaken(const struct move *earlier, const struct move *m)
{
        return m->from && earlier->to == m->from && earlier->node == m->node &&
               strcmp(earlier->new_name, m->old_name) == 0;
}

static void moves_sync(const struct node *folder)
{
        size_t kept = 0;

        for (size_t i = 0; i < disk.n_moves; i++) {
                struct move *m = &disk.moves[i];

                if (folder && m->from != folder && m->to != folder) {
                        disk.moves[kept++] = *m;
                        continue;
                }
                for (size_t k = 0; k < kept; k++)
                        if (is_overtaken(&disk.moves[k], m))
                                disk.moves[k].to = NULL;
                move_apply(m, false);
                move_free(m);
        }
        disk.n_moves = kept;
}

/* --- the image ----------------------------------------------------------------------------- */

static bool is_kept(unsigned percent)
{
        return chance_percent(&disk.chance, percent);
}

/* Some of the sectors of a write. */
static void write_torn(struct bytes *b, const struct edit *e, unsigned percent)
{
        for (size_t done = 0; done < e->length;) {
                size_t n = MIN_OF(SECTOR - (e->at + done) % SECTOR, e->length - done);

                if (is_kept(percent))
                        bytes_write(b, e->data ? e->data + done : NULL, n, e->at + done);
                done += n;
        }
        /* Its size may be there without it. */
        if (is_kept(10))
                b->size = MAX_OF(b->size, e->at + e->length);
}

static struct bytes content_of(const struct node *node, unsigned percent)
{
        struct bytes b = { .size = node->safe.size };

        if (node->safe.n)
                bytes_write(&b, node->safe.data, node->safe.n, 0);
        for (size_t i = 0; i < node->n_edits; i++) {
                const struct edit *e = &node->edits[i];

                if (disk.loss == LOSS_NOTHING)
                        edit_apply(&b, e);
                else if (disk.loss == LOSS_ALL || e->is_lost)
                        continue;
                else if (e->kind == EDIT_WRITE && is_kept(30))
                        write_torn(&b, e, percent);
                else if (is_kept(percent))
                        edit_apply(&b, e);
        }
        return b;
}

static void file_write(const struct node *node, int dirfd, const char *name, unsigned percent)
{
        struct bytes b = content_of(node, percent);
        bool is_new = disk.loss == LOSS_NOTHING || (disk.loss != LOSS_ALL && is_kept(percent));
        int fd = (int) raw(SYS_openat, dirfd, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

        if (fd < 0 || (b.n && raw(SYS_write, fd, b.data, b.n) != (long) b.n) ||
            raw(SYS_ftruncate, fd, b.size) < 0 ||
            raw(SYS_fchmod, fd, is_new ? node->new_mode : node->mode) < 0)
                abort();
        (void) close(fd);
        free(b.data);
}

static void folder_write(struct node *node, int dirfd, const char *name, unsigned percent);

static void entry_write(const struct entry *e, int dirfd, unsigned percent)
{
        if (e->node->is_volatile)
                return;
        if (S_ISDIR(e->node->type))
                folder_write(e->node, dirfd, e->name, percent);
        else if (S_ISLNK(e->node->type))
                (void) raw(SYS_symlinkat, e->node->target, dirfd, e->name);
        else
                file_write(e->node, dirfd, e->name, percent);
}

static void folder_write(struct node *node, int dirfd, const char *name, unsigned percent)
{
        int fd;

        if (raw(SYS_mkdirat, dirfd, name, 0700) < 0)
                abort();
        fd = (int) raw(SYS_openat, dirfd, name, O_RDONLY | O_DIRECTORY);
        for (size_t i = 0; i < node->later.n; i++)
                entry_write(&node->later.list[i], fd, percent);
        (void) raw(SYS_fchmod, fd, node->new_mode);
        (void) close(fd);
}

/* Which of the names that are not synced are on the image. */
static void later_make(unsigned percent)
{
        size_t moment = chance_below(&disk.chance, disk.n_moves + 1);

        for (struct node *n = disk.newest; n; n = n->older) {
                names_done(&n->later);
                for (size_t i = 0; i < n->names.n; i++)
                        names_add(&n->later, n->names.list[i].name, n->names.list[i].node);
        }
        for (size_t i = 0; i < disk.n_moves; i++) {
                bool some = disk.loss == LOSS_SOME && is_kept(percent);

                if (disk.loss == LOSS_NOTHING || some || (disk.loss == LOSS_ORDERED && i < moment))
                        move_apply(&disk.moves[i], true);
        }
}

void disk_cut(enum disk_loss loss, uint64_t seed)
{
        static const unsigned percents[] = { 5, 50, 95 };
        unsigned percent;

        if (!disk.is_on || disk.is_cut)
                return;
        disk.loss = loss;
        disk.chance.state = seed;
        percent = percents[chance_below(&disk.chance, ARRAY_SIZE(percents))];
        later_make(percent);
        folder_write(disk.root, AT_FDCWD, disk.image, percent);
        disk.is_cut = true;
}

/* --- starting ------------------------------------------------------------------------------ */

static void file_scan(struct node *node, int dirfd, const char *name)
{
        int fd = (int) raw(SYS_openat, dirfd, name, O_RDONLY);
        off_t size = lseek(fd, 0, SEEK_END), end = 0;

        for (off_t data; end < size && (data = lseek(fd, end, SEEK_DATA)) >= 0;) {
                end = lseek(fd, data, SEEK_HOLE);
        }
        node->safe = (struct bytes){ must(malloc((size_t) end + 1)), (size_t) end, (size_t) size };
        if (raw(SYS_pread64, fd, node->safe.data, end, 0) != end)
                abort();
        (void) close(fd);
        disk.used += (uint64_t) size;
}

static bool name_is_volatile(const char *name)
{
        size_t n = strlen(name);

        return n > 4 && strcmp(name + n - 4, "-shm") == 0;
}

static struct node *scan(int dirfd, const char *name)
{
        struct stat st;
        struct node *node;
        char target[PATH_MAX];

        if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                abort();
        node = node_add(&st);
        if (S_ISDIR(st.st_mode)) {
                int fd = (int) raw(SYS_openat, dirfd, name, O_RDONLY | O_DIRECTORY);
                DIR *dir = must(fdopendir(fd));

                for (struct dirent *e; (e = readdir(dir));)
                        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
                                names_add(&node->names, e->d_name, scan(fd, e->d_name));
                (void) closedir(dir);
        } else if (S_ISLNK(st.st_mode)) {
                ssize_t n = readlinkat(dirfd, name, target, sizeof(target));

                node->target = must(strndup(target, (size_t) MAX_OF(n, (ssize_t) 0)));
        } else if (S_ISREG(st.st_mode)) {
                file_scan(node, dirfd, name);
        }
        node->is_volatile = name_is_volatile(name) || S_ISSOCK(st.st_mode);
        return node;
}

void disk_off(void)
{
        for (struct node *n = disk.newest, *older; n; n = older) {
                older = n->older;
                node_free(n);
        }
        for (size_t i = 0; i < disk.n_moves; i++)
                move_free(&disk.moves[i]);
        free(disk.moves);
        disk = (struct disk){ 0 };
}

void disk_boot(const char *path)
{
        struct stat st;

        disk_off();
        (void) snprintf(disk.path, sizeof(disk.path), "%s", path);
        (void) snprintf(disk.image, sizeof(disk.image), "%.4000s.image", path);
        if (stat(path, &st) < 0)
                abort();
        disk.dev = st.st_dev;
        disk.root = scan(AT_FDCWD, path);
        disk.is_on = true;
}

static void remove_all(int dirfd, const char *name)
{
        int fd = (int) raw(SYS_openat, dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);

        if (!dir) {
                (void) raw(SYS_unlinkat, dirfd, name, 0);
                return;
        }
        (void) raw(SYS_fchmod, fd, 0700);
        for (struct dirent *e; (e = readdir(dir));)
                if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
                        remove_all(fd, e->d_name);
        (void) closedir(dir);
        (void) raw(SYS_unlinkat, dirfd, name, AT_REMOVEDIR);
}

void disk_reboot(void)
{
        char path[PATH_MAX], image[PATH_MAX];

        assert(disk.is_cut);
        memcpy(path, disk.path, sizeof(path));
        memcpy(image, disk.image, sizeof(image));
        remove_all(AT_FDCWD, path);
        if (raw(SYS_renameat, AT_FDCWD, image, AT_FDCWD, path) < 0)
                abort();
        disk_boot(path);
}

void disk_discard(void)
{
        remove_all(AT_FDCWD, disk.path);
        remove_all(AT_FDCWD, disk.image);
        disk_off();
}

uint64_t disk_acts(void)
{
        return disk.acts;
}

void disk_cut_at(uint64_t at, enum disk_loss loss, uint64_t seed)
{
        disk.cut_at = at ? disk.acts + at : 0;
        disk.loss = loss;
        disk.chance.state = seed;
}

bool disk_is_cut(void)
{
        return disk.is_cut;
}

void disk_fail_at(uint64_t at, int error, bool is_short)
{
        disk.fail_at = at ? disk.acts + at : 0;
        disk.error = error;
        disk.is_short = is_short;
        disk.failed[0] = '\0';
}

const char *disk_failed(void)
{
        return *disk.failed ? disk.failed : NULL;
}

void disk_limit(uint64_t bytes)
{
        disk.limit = bytes;
}

void disk_sync(void)
{
        if (!disk.is_on || disk.is_cut)
                return;
        for (struct node *n = disk.newest; n; n = n->older)
                node_sync(n, true);
        moves_sync(NULL);
}

void disk_others(bool are_there)
{
        disk.is_others = are_there;
}

/* --- acts ---------------------------------------------------------------------------------- */

/* Counts an act; -1 and errno when it shall fail. */
static int act(const char *what)
{
        if (disk.is_others)
                return 0;
        disk.acts++;
        if (disk.acts == disk.cut_at)
                disk_cut(disk.loss, disk.chance.state);
        if (disk.acts != disk.fail_at)
                return 0;
        (void) snprintf(disk.failed, sizeof(disk.failed), "%s (act %llu)", what,
                        (unsigned long long) disk.acts);
        errno = disk.error;
        return -1;
}

/* Where a name is: its folder's node, NULL when that is not on the disk. */
struct place {
        int fd; /* of the folder; -1 = none */
        struct node *folder;
        const char *name;
};

static void place_done(struct place *p)
{
        if (p->fd >= 0)
                (void) raw(SYS_close, p->fd);
}

static struct place place_of(int dirfd, const char *path)
{
        const char *slash = strrchr(path, '/');
        struct place p = { .fd = -1, .name = slash ? slash + 1 : path };
        char folder[PATH_MAX] = ".";

        if (!disk.is_on || disk.is_cut ||
            (*path == '/' && strncmp(path, disk.path, strlen(disk.path)) != 0))
                return p;
        if (slash)
                (void) snprintf(folder, sizeof(folder), "%.*s", (int) (slash - path), path);
        if (slash == path)
                return p;
        p.fd = (int) raw(SYS_openat, dirfd, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        p.folder = node_of_fd(p.fd);
        return p;
}

static struct node *node_at(const struct place *p)
{
        struct stat st;

        if (!p->folder || fstatat(p->fd, p->name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            st.st_dev != disk.dev)
                return NULL;
        return node_of_ino(st.st_ino);
}

static void name_came(const struct place *p)
{
        struct node *node;
        struct stat st;

        if (disk.is_cut || fstatat(p->fd, p->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return;
        node = node_add(&st);
        node->is_volatile = name_is_volatile(p->name);
        move_add((struct move){ .to = p->folder, .new_name = must(strdup(p->name)), .node = node });
}

static void name_went(const struct place *p, struct node *node)
{
        if (!disk.is_cut && node)
                move_add((struct move){
                        .from = p->folder, .old_name = must(strdup(p->name)), .node = node });
}

static int open_any(int dirfd, const char *path, int flags, mode_t mode)
{
        _cleanup_(place_done) struct place p = place_of(dirfd, path);
        bool comes = p.folder && (flags & O_CREAT) && !node_at(&p);
        int fd;

        if (p.folder && !(flags & O_PATH) && act(comes ? "create" : "open") < 0)
                return -1;
        fd = (int) raw(SYS_openat, dirfd, path, flags, mode);
        if (fd >= 0 && comes)
                name_came(&p);
        else if (fd >= 0 && p.folder && (flags & O_TRUNC) && node_of_fd(fd))
                edit_add(node_of_fd(fd), (struct edit){ .kind = EDIT_RESIZE });
        return fd;
}

static mode_t mode_of(int flags, va_list args)
{
        return flags & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

#define OPEN_BODY(dirfd, last)                                                                     \
        va_list args;                                                                              \
        mode_t mode;                                                                               \
                                                                                                   \
        va_start(args, last);                                                                      \
        mode = mode_of(flags, args);                                                               \
        va_end(args);                                                                              \
        return open_any(dirfd, path, flags, mode)

HERE int open(const char *path, int flags, ...)
{
        OPEN_BODY(AT_FDCWD, flags);
}

HERE int open64(const char *path, int flags, ...)
{
        OPEN_BODY(AT_FDCWD, flags);
}

HERE int openat(int dirfd, const char *path, int flags, ...)
{
        OPEN_BODY(dirfd, flags);
}

HERE int openat64(int dirfd, const char *path, int flags, ...)
{
        OPEN_BODY(dirfd, flags);
}

/* openat2() opens what is there, and is what the tree is opened with. */
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f)
{
        if (number == SYS_openat2 && node_of_fd((int) a) && act("openat2") < 0)
                return -1;
        return raw(number, a, b, c, d, e, f);
}

static bool is_full(const struct node *node, int fd, size_t length, off_t at)
{
        struct stat st;
        uint64_t grown;

        if (!node || fstat(fd, &st) < 0)
                return false;
        grown = MAX_OF((uint64_t) at + length, (uint64_t) st.st_size) - (uint64_t) st.st_size;
        if (disk.limit && disk.used + grown > disk.limit)
                return true;
        disk.used += grown;
        return false;
}

static ssize_t write_any(int fd, const void *data, size_t length, off_t at, bool is_at)
{
        struct node *node = node_of_fd(fd);
        size_t whole = length;
        ssize_t n;

        if (!is_at && node)
                at = lseek(fd, 0, SEEK_CUR);
        if (node && act("write") < 0) {
                if (!disk.is_short || length < 2)
                        return -1;
                length /= 2;
        }
        if (is_full(node, fd, length, at)) {
                errno = ENOSPC;
                return -1;
        }
        n = is_at ? raw(SYS_pwrite64, fd, data, length, at) : raw(SYS_write, fd, data, length);
        if (node && n > 0 && !disk.is_cut)
                edit_add(node, (struct edit){ .kind = EDIT_WRITE,
                                              .data = (char *) data,
                                              .length = (size_t) n,
                                              .at = (size_t) at });
        /* The rest is what the next write fails with. */
        if (length < whole)
                disk.fail_at = disk.acts + 1, disk.is_short = false;
        return n;
}

HERE ssize_t write(int fd, const void *data, size_t length)
{
        return write_any(fd, data, length, 0, false);
}

HERE ssize_t pwrite(int fd, const void *data, size_t length, off_t at)
{
        return write_any(fd, data, length, at, true);
}

HERE ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at)
{
        return write_any(fd, data, length, at, true);
}

HERE int ftruncate(int fd, off_t size)
{
        struct node *node = node_of_fd(fd);
        struct stat st;
        int r;

        if (node && (act("truncate") < 0 || fstat(fd, &st) < 0))
                return -1;
        r = (int) raw(SYS_ftruncate, fd, size);
        if (node && r == 0 && !disk.is_cut) {
                edit_add(node, (struct edit){ .kind = EDIT_RESIZE, .at = (size_t) size });
                disk.used += (uint64_t) size - (uint64_t) st.st_size;
        }
        return r;
}

HERE int ftruncate64(int fd, off64_t size)
{
        return ftruncate(fd, size);
}

/* After a failed sync the kernel takes what was to be synced for clean: it never gets there. */
static int sync_failed(struct node *node)
{
        for (size_t i = 0; i < node->n_edits; i++)
                node->edits[i].is_lost = true;
        return -1;
}

static int sync_any(long number, int fd)
{
        struct node *node = node_of_fd(fd);

        if (!node)
                return (int) raw(number, fd);
        if (act("sync") < 0)
                return sync_failed(node);
        if (disk.is_cut)
                return 0;
        node_sync(node, number == SYS_fsync);
        if (S_ISDIR(node->type))
                moves_sync(node);
        return 0;
}

HERE int fsync(int fd)
{
        return sync_any(SYS_fsync, fd);
}

HERE int fdatasync(int fd)
{
        return sync_any(SYS_fdatasync, fd);
}

HERE int syncfs(int fd)
{
        if (!node_of_fd(fd))
                return disk.is_cut ? 0 : (int) raw(SYS_syncfs, fd);
        if (act("syncfs") < 0)
                return -1;
        disk_sync();
        return 0;
}

HERE int mkdirat(int dirfd, const char *path, mode_t mode)
{
        _cleanup_(place_done) struct place p = place_of(dirfd, path);
        int r;

        if (p.folder && act("mkdir") < 0)
                return -1;
        r = (int) raw(SYS_mkdirat, dirfd, path, mode);
        if (p.folder && r == 0)
                name_came(&p);
        return r;
}

HERE int mkdir(const char *path, mode_t mode)
{
        return mkdirat(AT_FDCWD, path, mode);
}

HERE int symlinkat(const char *target, int dirfd, const char *path)
{
        _cleanup_(place_done) struct place p = place_of(dirfd, path);
        int r;

        if (p.folder && act("symlink") < 0)
                return -1;
        r = (int) raw(SYS_symlinkat, target, dirfd, path);
        if (p.folder && r == 0) {
                name_came(&p);
                if (!disk.is_cut)
                        disk.newest->target = must(strdup(target));
        }
        return r;
}

HERE int unlinkat(int dirfd, const char *path, int flags)
{
        _cleanup_(place_done) struct place p = place_of(dirfd, path);
        struct node *node = node_at(&p);
        struct stat st;
        int r;

        if (node && act("unlink") < 0)
                return -1;
        if (node && S_ISREG(node->type) && fstatat(p.fd, p.name, &st, 0) == 0)
                disk.used -= (uint64_t) st.st_size;
        r = (int) raw(SYS_unlinkat, dirfd, path, flags);
        if (r == 0)
                name_went(&p, node);
        return r;
}

HERE int unlink(const char *path)
{
        return unlinkat(AT_FDCWD, path, 0);
}

static int rename_any(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
        _cleanup_(place_done) struct place old = place_of(from_fd, from);
        _cleanup_(place_done) struct place new = place_of(to_fd, to);
        struct node *node = node_at(&old);
        int r;

        if (node && act("rename") < 0)
                return -1;
        r = (int) raw(SYS_renameat2, from_fd, from, to_fd, to, flags);
        if (node && r == 0 && !disk.is_cut)
                move_add((struct move){ .from = old.folder,
                                        .old_name = must(strdup(old.name)),
                                        .to = new.folder,
                                        .new_name = must(strdup(new.name)),
                                        .node = node });
        return r;
}

HERE int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
        return rename_any(from_fd, from, to_fd, to, 0);
}

HERE int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
        return rename_any(from_fd, from, to_fd, to, flags);
}

HERE int rename(const char *from, const char *to)
{
        return rename_any(AT_FDCWD, from, AT_FDCWD, to, 0);
}

HERE int fchmod(int fd, mode_t mode)
{
        struct node *node = node_of_fd(fd);
        int r;

        if (node && act("chmod") < 0)
                return -1;
        r = (int) raw(SYS_fchmod, fd, mode);
        if (node && r == 0 && !disk.is_cut)
                node->new_mode = mode & 07777;
        return r;
}
