/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

static int open_beneath(int root, const char *path, int flags)
{
        struct open_how how = {
                .flags = (unsigned) flags | O_CLOEXEC | O_NOFOLLOW,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        int fd;

        fd = (int) syscall(SYS_openat2, root, path, &how, sizeof(how));
        return fd < 0 ? -errno : fd;
}

/* The folder that holds the last component of `path`, and that component. */
static int open_parent(int root, const char *path, const char **ret_name)
{
        const char *slash = strrchr(path, '/');
        _cleanup_(freep) char *folder = NULL;

        *ret_name = slash ? slash + 1 : path;
        if (!slash)
                return open_beneath(root, ".", O_PATH | O_DIRECTORY);
        folder = strndup(path, (size_t) (slash - path));
        if (!folder)
                return -ENOMEM;
        return open_beneath(root, folder, O_PATH | O_DIRECTORY);
}

int tree_stat(int root, const char *path, struct stat *ret)
{
        _cleanup_(closep) int fd = open_beneath(root, path, O_PATH);

        if (fd < 0)
                return fd;
        return fstat(fd, ret) < 0 ? -errno : 0;
}

static int link_read(int fd, size_t limit, char **ret, size_t *ret_length)
{
        _cleanup_(freep) char *target = malloc(limit + 1);
        ssize_t n;

        if (!target)
                return -ENOMEM;
        n = readlinkat(fd, "", target, limit + 1);
        if (n < 0)
                return -errno;
        if ((size_t) n > limit)
                return -EFBIG;
        target[n] = 0;
        *ret = TAKE(target);
        *ret_length = (size_t) n;
        return 0;
}

/* Reads what is there, whatever fstat() said: 0, or -EFBIG where it grew past `size`. */
static int bytes_read(int fd, char *data, size_t size, size_t *ret_length)
{
        size_t length = 0;
        ssize_t n;

        while (length < size) {
                n = read(fd, data + length, size - length);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                length += (size_t) n;
        }
        if (length == size)
                return -EFBIG;
        data[length] = 0;
        *ret_length = length;
        return 0;
}

int tree_read(int root, const char *path, size_t limit, char **ret, size_t *ret_length)
{
        _cleanup_(closep) int entry = open_beneath(root, path, O_PATH);
        _cleanup_(closep) int fd = -1;
        _cleanup_(freep) char *data = NULL;
        struct stat st;
        int r;

        if (entry < 0)
                return entry;
        if (fstat(entry, &st) < 0)
                return -errno;
        if (S_ISLNK(st.st_mode))
                return link_read(entry, MIN_OF(limit, 4096u), ret, ret_length);
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        if ((uint64_t) st.st_size > limit)
                return -EFBIG;

        /* A FIFO that has taken the file's place meanwhile must not hold us up. */
        fd = open_beneath(root, path, O_RDONLY | O_NONBLOCK);
        if (fd < 0)
                return fd;
        data = malloc((size_t) st.st_size + 1);
        if (!data)
                return -ENOMEM;
        r = bytes_read(fd, data, (size_t) st.st_size + 1, ret_length);
        if (r < 0)
                return r;
        *ret = TAKE(data);
        return 0;
}

static void closedirp(DIR **dir)
{
        if (*dir)
                (void) closedir(*dir);
}

int tree_list(int root, const char *path, int (*each)(const char *name, void *user), void *user)
{
        _cleanup_(closep) int fd = open_beneath(root, path, O_RDONLY | O_DIRECTORY);
        _cleanup_(closedirp) DIR *dir = NULL;
        const struct dirent *entry;
        int r;

        if (fd < 0)
                return fd;
        dir = fdopendir(fd);
        if (!dir)
                return -errno;
        fd = -1;
        while ((errno = 0, entry = readdir(dir))) {
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                r = each(entry->d_name, user);
                if (r != 0)
                        return r;
        }
        return -errno;
}

int tree_remove(int root, const char *path)
{
        const char *name;
        _cleanup_(closep) int parent = open_parent(root, path, &name);

        if (parent < 0)
                return parent;
        return unlinkat(parent, name, 0) < 0 ? -errno : 0;
}

void tree_prune(int root, const char *path)
{
        _cleanup_(freep) char *folder = strdup(path);
        char *slash;

        while (folder && (slash = strrchr(folder, '/'))) {
                const char *name;
                _cleanup_(closep) int parent = -1;

                *slash = 0;
                parent = open_parent(root, folder, &name);
                if (parent < 0 || unlinkat(parent, name, AT_REMOVEDIR) < 0)
                        return;
        }
}

/* Makes the folders above `path` that are missing. */
static int parents_make(int root, const char *path)
{
        _cleanup_(freep) char *folder = strdup(path);

        if (!folder)
                return -ENOMEM;
        for (char *slash = strchr(folder, '/'); slash; slash = strchr(slash + 1, '/')) {
                const char *name;
                _cleanup_(closep) int parent = -1;

                *slash = 0;
                parent = open_parent(root, folder, &name);
                if (parent < 0)
                        return parent;
                if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
                        return -errno;
                *slash = '/';
        }
        return 0;
}

static int bytes_write(int fd, const char *data, size_t length)
{
        ssize_t n;

        while (length) {
                n = write(fd, data, length);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                data += n;
                length -= (size_t) n;
        }
        return 0;
}

static int file_make(int parent, const char *name, mode_t permissions, const char *data,
                     size_t length)
{
        _cleanup_(closep) int fd = -1;

        fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 || fchmod(fd, permissions) < 0)
                return -errno;
        return bytes_write(fd, data, length);
}

int tree_make(int root, const char *path, mode_t type, mode_t permissions, const char *data,
              size_t length)
{
        _cleanup_(closep) int parent = -1;
        const char *name;

        parent = open_parent(root, path, &name);
        if (parent == -ENOENT) {
                int r = parents_make(root, path);

                if (r < 0)
                        return r;
                parent = open_parent(root, path, &name);
        }
        if (parent < 0)
                return parent;

        /* Succeeds only on an empty folder; everything else is told by what comes next. */
        (void) unlinkat(parent, name, AT_REMOVEDIR);
        if (S_ISLNK(type))
                return symlinkat(data, parent, name) < 0 ? -errno : 0;
        return file_make(parent, name, permissions, data, length);
}
