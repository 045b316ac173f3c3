/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/stage.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/changeset.h"
#include "cell/spawn.h"

static void closedirp(DIR **dir)
{
        if (*dir)
                (void) closedir(*dir);
}

static DIR *folder_open(int at, const char *name)
{
        int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);

        if (!dir && fd >= 0)
                (void) close(fd);
        return dir;
}

static bool is_dots(const char *name)
{
        return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int owner_walk(int at, const char *name, uid_t uid, gid_t gid, unsigned depth,
                      uint64_t *left)
{
        _cleanup_(closedirp) DIR *dir = folder_open(at, name);
        struct dirent *entry;
        struct stat st;

        if (!dir || depth > STAGE_DEPTH_MAX)
                return 1; /* what cannot be entered cannot be copied up either */
        while ((entry = readdir(dir))) {
                int r = 1;

                if (is_dots(entry->d_name))
                        continue;
                if ((*left)-- == 0)
                        return -E2BIG;
                if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        continue; /* gone meanwhile */
                if (st.st_uid != uid || st.st_gid != gid)
                        return 0;
                if (S_ISDIR(st.st_mode))
                        r = owner_walk(dirfd(dir), entry->d_name, uid, gid, depth + 1, left);
                if (r != 1)
                        return r;
        }
        return 1;
}

int stage_has_one_owner(int folder, uid_t uid, gid_t gid, uint64_t most)
{
        struct stat st;

        if (fstat(folder, &st) < 0)
                return -errno;
        if (st.st_uid != uid || st.st_gid != gid)
                return 0;
        return owner_walk(folder, ".", uid, gid, 0, &most);
}

struct copier {
        struct stage *stage;
        bool owner;
        char path[PATH_MAX]; /* of what is being copied, below the tree: CHANGE_PATH_MAX and a name
                              */
        struct err *err;
};

#define LEFT_OUT 1

static int unreadable_add(struct copier *c)
{
        struct buf *list = &c->stage->unreadable;

        if (list->length + strlen(c->path) + 1 > STAGE_LISTED_MAX)
                return LEFT_OUT;
        return buf_add(list, c->path, strlen(c->path) + 1) < 0
                       ? err_set(c->err, -ENOMEM, "no memory for a private copy of the tree")
                       : LEFT_OUT;
}

static int give_away(struct copier *c, int at, const char *name)
{
        if (c->owner && fchownat(at, name, CELL_ID, CELL_ID, AT_SYMLINK_NOFOLLOW) < 0)
                return err_sys(c->err, -errno, "cannot give the copy of %s to the cell", c->path);
        return 0;
}

/* Is it the tree's own business that something in it cannot be had? Else the machine is at fault,
 * and what is not in the copy would be taken for deleted. */
static bool is_private(int error)
{
        return error != EMFILE && error != ENFILE && error != ENOMEM;
}

/* How the copy fails when the place for it is full; everything else is the tree's business. */
static int failed(struct copier *c, const char *what)
{
        return err_sys(c->err, -errno, "cannot %s the copy of %s", what, c->path);
}

static int bytes_copy(struct copier *c, int from, int to)
{
        char bytes[65536];
        ssize_t n;

        while ((n = read(from, bytes, sizeof(bytes))) > 0) {
                c->stage->bytes += (uint64_t) n;
                if (c->stage->bytes > STAGE_BYTES_MAX)
                        return err_set(
                                c->err, -EFBIG,
                                "the tree is too large for a private copy (more than 4 GiB)");
                for (ssize_t done = 0; done < n;) {
                        ssize_t written = write(to, bytes + done, (size_t) (n - done));

                        if (written < 0)
                                return failed(c, "write");
                        done += written;
                }
        }
        return n < 0 ? unreadable_add(c) : 0;
}

/* In the copy it takes whole pages. */
static int file_fill(struct copier *c, int from, int to)
{
        uint64_t before = c->stage->bytes, page = (uint64_t) sysconf(_SC_PAGESIZE);
        int r = bytes_copy(c, from, to);

        c->stage->bytes = before + (c->stage->bytes - before + page - 1) / page * page;
        return r;
}

static int file_copy(struct copier *c, int from_at, int to_at, const char *name)
{
        _cleanup_(closep) int from = -1, to = -1;
        struct stat st;
        int r;

        from = openat(from_at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (from < 0 && !is_private(errno))
                return failed(c, "begin");
        if (from < 0 || fstat(from, &st) < 0 || !S_ISREG(st.st_mode))
                return unreadable_add(c);
        to = openat(to_at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (to < 0)
                return failed(c, "make");
        r = file_fill(c, from, to);
        if (r == 0 && fchmod(to, st.st_mode & 0777) < 0)
                r = failed(c, "finish");
        if (r == 0)
                (void) futimens(to, (struct timespec[]){ st.st_atim, st.st_mtim });
        if (r == LEFT_OUT)
                (void) unlinkat(to_at, name, 0);
        return r;
}

static int link_copy(struct copier *c, int from_at, int to_at, const char *name)
{
        char target[PATH_MAX];
        ssize_t n = readlinkat(from_at, name, target, sizeof(target) - 1);

        if (n < 0)
                return unreadable_add(c);
        target[n] = '\0';
        c->stage->bytes += (uint64_t) sysconf(_SC_PAGESIZE);
        return symlinkat(target, to_at, name) < 0 ? failed(c, "make") : 0;
}

static int folder_copy(struct copier *c, int from_at, int to_at, const char *name, unsigned depth);

static int entry_copy(struct copier *c, int from_at, int to_at, const char *name, unsigned depth)
{
        struct stat st;
        int r;

        if (fstatat(from_at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == EACCES ? unreadable_add(c) : 0; /* 0: gone meanwhile */
        if (++c->stage->files > STAGE_FILES_MAX)
                return err_set(c->err, -E2BIG, "the tree has too many files for a private copy");
        if (S_ISREG(st.st_mode)) {
                r = file_copy(c, from_at, to_at, name);
        } else if (S_ISLNK(st.st_mode)) {
                r = link_copy(c, from_at, to_at, name);
        } else if (S_ISDIR(st.st_mode)) {
                if (mkdirat(to_at, name, 0700) < 0)
                        return failed(c, "make");
                r = folder_copy(c, from_at, to_at, name, depth + 1);
                if (r == LEFT_OUT)
                        r = 0; /* listed, and empty */
                if (r == 0 && fchmodat(to_at, name, st.st_mode & 0777, 0) < 0)
                        r = failed(c, "finish");
        } else {
                return 0;
        }
        if (r != 0)
                return r < 0 ? r : 0;
        return give_away(c, to_at, name);
}

static int folder_copy(struct copier *c, int from_at, int to_at, const char *name, unsigned depth)
{
        _cleanup_(closedirp) DIR *dir = folder_open(from_at, name);
        _cleanup_(closep) int to = -1;
        size_t length = strlen(c->path);
        struct dirent *entry;
        int r = 0;

        if (!dir && !is_private(errno))
                return failed(c, "begin");
        if (!dir || depth > STAGE_DEPTH_MAX)
                return unreadable_add(c);
        to = openat(to_at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (to < 0)
                return failed(c, "open");
        while (r >= 0 && (entry = readdir(dir))) {
                if (is_dots(entry->d_name))
                        continue;
                (void) snprintf(c->path + length, sizeof(c->path) - length, "%s%s",
                                length ? "/" : "", entry->d_name);
                if (strlen(c->path) > CHANGE_PATH_MAX)
                        r = unreadable_add(c);
                else
                        r = entry_copy(c, dirfd(dir), to, entry->d_name, depth);
                c->path[length] = '\0';
        }
        return r < 0 ? r : 0;
}

int stage_copy(struct stage *ret, int from, int to, bool owner, struct err *err)
{
        struct copier copier = { .stage = ret, .owner = owner, .err = err };
        struct stat st;
        int r;

        *ret = (struct stage){ 0 };
        if (fstat(from, &st) < 0 || (owner && fchown(to, CELL_ID, CELL_ID) < 0) ||
            fchmod(to, st.st_mode & 0777) < 0)
                return err_sys(err, -errno, "cannot begin a private copy of the tree");
        r = folder_copy(&copier, from, to, ".", 0);
        return r < 0 ? r : 0;
}
