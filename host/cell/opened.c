/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/opened.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "base/utf8.h"

#define PAGE 4096

enum how { HOW_READ, HOW_WRITE, HOW_RUN, HOWS_ };

static const char *const how_names[HOWS_] = {
        [HOW_READ] = "read",
        [HOW_WRITE] = "write",
        [HOW_RUN] = "run",
};

/* Where a call has its path: numbers of arguments, -1 = it has none. */
static const struct opener {
        int number;
        int folder, path, flags;
} openers[] = {
#ifdef __x86_64__
        { SYS_open, -1, 0, 1 },
#endif
        { SYS_openat, 0, 1, 2 },
        { SYS_execve, -1, 0, -1 },
};

static const struct opener *opener_find(int number)
{
        for (size_t i = 0; i < ARRAY_SIZE(openers); i++)
                if (openers[i].number == number)
                        return &openers[i];
        return NULL;
}

static enum how how_of(const struct opener *opener, const uint64_t args[6])
{
        uint64_t flags = opener->flags < 0 ? 0 : args[opener->flags];

        if (opener->flags < 0)
                return HOW_RUN;
        return (flags & O_ACCMODE) == O_RDONLY && !(flags & (O_CREAT | O_TRUNC)) ? HOW_READ
                                                                                 : HOW_WRITE;
}

/* Page by page: behind the text's end there may be nothing. */
static int text_read(pid_t pid, uint64_t at, char *ret, size_t size)
{
        for (size_t n = 0; n < size;) {
                size_t step = MIN_OF(size - n, PAGE - (at + n) % PAGE);
                struct iovec ours = { ret + n, step };
                struct iovec theirs = { (void *) (uintptr_t) (at + n), step };
                ssize_t got = process_vm_readv(pid, &ours, 1, &theirs, 1, 0);

                if (got <= 0)
                        return got < 0 ? -errno : -EFAULT;
                if (memchr(ret + n, '\0', (size_t) got))
                        return 0;
                n += (size_t) got;
        }
        return -ENAMETOOLONG;
}

/* Of what the path is relative to, as the cell sees it. */
static int folder_read(pid_t pid, int fd, char *ret, size_t size)
{
        char link[64];
        ssize_t n;

        if (fd == AT_FDCWD)
                (void) snprintf(link, sizeof(link), "/proc/%d/cwd", pid);
        else
                (void) snprintf(link, sizeof(link), "/proc/%d/fd/%d", pid, fd);
        n = readlink(link, ret, size - 1);
        if (n < 0)
                return -errno;
        ret[n] = '\0';
        return 0;
}

/* Clean text: the bytes are the agent's. */
static int path_read(struct buf *ret, pid_t pid, const struct opener *opener,
                     const uint64_t args[6])
{
        int fd = opener->folder < 0 ? AT_FDCWD : (int) args[opener->folder], r;
        char path[PATH_MAX], folder[PATH_MAX] = "";

        r = text_read(pid, args[opener->path], path, sizeof(path));
        if (r == 0 && *path != '/')
                r = folder_read(pid, fd, folder, sizeof(folder));
        if (r == 0)
                r = utf8_clean(ret, folder, strlen(folder), false);
        if (r == 0 && *folder)
                r = buf_putc(ret, '/');
        return r == 0 ? utf8_clean(ret, path, strlen(path), false) : r;
}

/* The strongest that was asked for counts. */
static int path_add(struct opened *o, const char *path, enum how how)
{
        const char *known;

        if (!o->paths)
                o->paths = json_object();
        known = json_string_value(json_object_get(o->paths, path));
        if (!known && json_object_size(o->paths) >= OPENED_PATHS_MAX)
                return -E2BIG;
        if (known && (how == HOW_READ || strcmp(known, how_names[HOW_RUN]) == 0))
                return 0;
        return json_object_set_new(o->paths, path, json_string(how_names[how])) < 0 ? -ENOMEM : 0;
}

void opened_note(struct opened *o, const struct seccomp_notif *call)
{
        const uint64_t *args = (const uint64_t *) call->data.args;
        const struct opener *opener = opener_find(call->data.nr);
        _cleanup_(buf_done) struct buf path = { 0 };
        enum how how;

        if (!opener)
                return;
        how = how_of(opener, args);
        o->n_read += how == HOW_READ;
        o->n_written += how == HOW_WRITE;
        if (path_read(&path, (pid_t) call->pid, opener, args) < 0 ||
            path_add(o, buf_text(&path), how) < 0)
                o->n_unseen++;
}

static int path_compare(const void *a, const void *b)
{
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

json_t *opened_json(const struct opened *o)
{
        size_t n = json_object_size(o->paths), count = 0;
        _cleanup_(freep) const char **sorted = calloc(n + 1, sizeof(*sorted));
        json_t *json =
                json_pack("{s:[], s:[], s:[], s:I}", how_names[HOW_READ], how_names[HOW_WRITE],
                          how_names[HOW_RUN], "unseen", (json_int_t) o->n_unseen);
        const char *path;
        json_t *how;

        json_object_foreach (o->paths, path, how)
                if (sorted)
                        sorted[count++] = path;
        if (count)
                qsort(sorted, count, sizeof(*sorted), path_compare);
        for (size_t i = 0; i < count; i++) {
                how = json_object_get(o->paths, sorted[i]);
                (void) json_array_append_new(json_object_get(json, json_string_value(how)),
                                             json_string(sorted[i]));
        }
        return json;
}

void opened_done(struct opened *o)
{
        json_decref(o->paths);
        *o = (struct opened){ 0 };
}
