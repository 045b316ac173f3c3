/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bundle.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/listing.h"

static const char magic[8] = "LNbundl1";

/* Before each file's path and bytes. */
struct entry {
        uint64_t size;
        uint32_t path_length;
        uint32_t reserved;
};

struct packer {
        int to;
        const char *name;
        struct bundle_head head;
        uint64_t bytes;
        unsigned folders; /* looked into; those that hold a file are counted in the head */
        char path[BUNDLE_PATH_MAX + 1]; /* of the folder that is being packed */
        struct err *err;
};

static bool is_left_out(const char *name)
{
        return strcmp(name, ".git") == 0 || strcmp(name, "__pycache__") == 0;
}

static int file_pack(struct packer *p, int fd)
{
        _cleanup_(buf_done) struct buf bytes = BUF_LIMIT(BUNDLE_BYTES_MAX - p->bytes + 1);
        struct entry entry = { .path_length = (uint32_t) strlen(p->path) };
        int r = fd_read_all(fd, &bytes);

        if (r == -EFBIG || bytes.length > BUNDLE_BYTES_MAX - p->bytes)
                return err_set(p->err, -EFBIG, "the files of %s have more than %llu MiB together",
                               p->name, BUNDLE_BYTES_MAX >> 20);
        if (r < 0)
                return err_sys(p->err, r, "cannot read %s/%s", p->name, p->path);
        if (++p->head.n_files > BUNDLE_FILES_MAX)
                return err_set(p->err, -E2BIG, "%s has more than %d files", p->name,
                               BUNDLE_FILES_MAX);
        entry.size = bytes.length;
        p->bytes += bytes.length;
        r = fd_write_all(p->to, &entry, sizeof(entry));
        if (r == 0)
                r = fd_write_all(p->to, p->path, entry.path_length);
        if (r == 0)
                r = fd_write_all(p->to, bytes.data, bytes.length);
        return r < 0 ? err_sys(p->err, r, "cannot copy %s/%s to memory", p->name, p->path) : 0;
}

static int folder_pack(struct packer *p, int folder, unsigned depth);

static int name_pack(struct packer *p, int folder, const char *name, unsigned depth)
{
        _cleanup_(closep) int fd = -1;
        size_t before = strlen(p->path);
        struct stat st;
        int r, n;

        n = snprintf(p->path + before, sizeof(p->path) - before, "%s%s", before ? "/" : "", name);
        if ((size_t) n >= sizeof(p->path) - before)
                return err_set(p->err, -ENAMETOOLONG, "%s: a path in it is longer than %d bytes",
                               p->name, BUNDLE_PATH_MAX);
        fd = open_beneath(folder, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        if (fd < 0 && fd != -ELOOP && fd != -ENXIO)
                return err_sys(p->err, fd, "cannot open %s/%s", p->name, p->path);
        if (fd >= 0 && fstat(fd, &st) < 0)
                return err_sys(p->err, -errno, "cannot look at %s/%s", p->name, p->path);
        if (fd >= 0 && S_ISDIR(st.st_mode))
                r = folder_pack(p, fd, depth + 1);
        else if (fd >= 0 && S_ISREG(st.st_mode))
                r = file_pack(p, fd);
        else
                r = err_set(p->err, -EINVAL,
                            "%s/%s is neither a file nor a folder; an agent's folder has no links "
                            "and no special files",
                            p->name, p->path);
        p->path[before] = '\0';
        return r;
}

static int folder_pack(struct packer *p, int folder, unsigned depth)
{
        _cleanup_(listing_done) struct listing names = { 0 };
        uint32_t before = p->head.n_files;
        int r;

        if (depth > BUNDLE_DEPTH_MAX || ++p->folders > BUNDLE_FILES_MAX)
                return err_set(p->err, -E2BIG, "%s has more folders than %d, or deeper than %d",
                               p->name, BUNDLE_FILES_MAX, BUNDLE_DEPTH_MAX);
        r = listing_read(&names, folder);
        if (r < 0)
                return err_sys(p->err, r, "cannot list %s/%s", p->name, p->path);
        for (size_t i = 0; i < names.count && r == 0; i++)
                if (!is_left_out(names.names[i]))
                        r = name_pack(p, folder, names.names[i], depth);
        p->head.n_folders += p->head.n_files > before;
        return r;
}

int bundle_pack(int to, int folder, const char *name, struct err *err)
{
        struct packer p = { .to = to, .name = name, .err = err };
        int r;

        memcpy(p.head.magic, magic, sizeof(magic));
        r = fd_write_all(to, &p.head, sizeof(p.head));
        if (r < 0)
                return err_sys(err, r, "cannot copy %s to memory", name);
        r = folder_pack(&p, folder, 0);
        if (r < 0)
                return r;
        if (pwrite(to, &p.head, sizeof(p.head), 0) != (ssize_t) sizeof(p.head))
                return err_set(err, -EIO, "cannot copy %s to memory", name);
        return 0;
}

static bool read_at(int fd, void *to, size_t length, uint64_t at)
{
        return pread(fd, to, length, (off_t) at) == (ssize_t) length;
}

int bundle_open(struct bundle *ret, int fd, uint64_t at)
{
        struct bundle b = { .fd = fd, .at = at + sizeof(b.head) };

        if (!read_at(fd, &b.head, sizeof(b.head), at) ||
            memcmp(b.head.magic, magic, sizeof(magic)) != 0 || b.head.n_files > BUNDLE_FILES_MAX ||
            b.head.n_folders > BUNDLE_FILES_MAX)
                return -EBADMSG;
        b.left = b.head.n_files;
        *ret = b;
        return 0;
}

/* No way up and nothing empty between two slashes. */
static bool path_is_good(const char *path)
{
        for (;;) {
                size_t n = strcspn(path, "/");

                if (n == 0 || (n == 1 && path[0] == '.') || (n == 2 && memcmp(path, "..", 2) == 0))
                        return false;
                if (!path[n])
                        return true;
                path += n + 1;
        }
}

int bundle_next(struct bundle *b, struct bundle_file *ret)
{
        struct entry entry;

        if (b->left == 0)
                return 0;
        if (!read_at(b->fd, &entry, sizeof(entry), b->at) || entry.path_length == 0 ||
            entry.path_length > BUNDLE_PATH_MAX || entry.size > BUNDLE_BYTES_MAX ||
            !read_at(b->fd, ret->path, entry.path_length, b->at + sizeof(entry)))
                return -EBADMSG;
        ret->path[entry.path_length] = '\0';
        if (strlen(ret->path) != entry.path_length || !path_is_good(ret->path))
                return -EBADMSG;
        ret->size = entry.size;
        ret->at = b->at + sizeof(entry) + entry.path_length;
        b->at = ret->at + entry.size;
        b->left--;
        return 1;
}

int bundle_find(int fd, const char *path, struct bundle_file *ret)
{
        struct bundle b;
        int r = bundle_open(&b, fd, 0);

        if (r < 0)
                return r;
        while ((r = bundle_next(&b, ret)) > 0)
                if (strcmp(ret->path, path) == 0)
                        return 0;
        return r < 0 ? r : -ENOENT;
}

static int folders_make(int to, const char *path)
{
        char part[BUNDLE_PATH_MAX + 1];

        for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
                (void) snprintf(part, sizeof(part), "%.*s", (int) (slash - path), path);
                if (mkdirat(to, part, 0755) < 0 && errno != EEXIST)
                        return -errno;
        }
        return 0;
}

static int file_unpack(int from, int to, const struct bundle_file *file)
{
        _cleanup_(closep) int fd = -1;
        uint64_t left = file->size;
        off_t at = (off_t) file->at;
        int r = folders_make(to, file->path);

        if (r < 0)
                return r;
        fd = openat(to, file->path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0400);
        if (fd < 0)
                return -errno;
        while (left > 0) {
                ssize_t n = sendfile(fd, from, &at, left);

                if (n <= 0)
                        return n < 0 ? -errno : -EBADMSG;
                left -= (uint64_t) n;
        }
        return 0;
}

int bundle_unpack(const struct bundle *bundle, int to, struct err *err)
{
        struct bundle b = *bundle;
        struct bundle_file file;
        int r;

        while ((r = bundle_next(&b, &file)) > 0) {
                r = file_unpack(b.fd, to, &file);
                if (r < 0)
                        return err_sys(err, r, "cannot write %s of the agent's folder", file.path);
        }
        return r < 0 ? err_set(err, r, "the bundle of the agent's folder is damaged") : 0;
}
