/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/blank.h"

#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/kernel.h"
#include "cell/maps.h"
#include "cell/ward.h"
#include "cell/zygote.h"

/* How many are kept ready. Each costs a process and its bare root, some hundred KiB. */
#define BLANKS_AHEAD 1

/* How often one is made again when somebody removed its control group meanwhile. */
#define TRIES 3

struct blank {
        struct blank *next;
        struct zygote *zygote;
        struct loop_source source; /* while it is nobody's: has it ended? */
        pid_t pid;
        int pidfd;
        int sync;            /* eventfd between us and the child */
        int socket;          /* our end; its job goes through it */
        int mounts;          /* its mount namespace; -1 = not held */
        struct group *group; /* NULL = none */
};

/* Its process belongs to somebody else now, or is gone. */
static struct blank *blank_free(struct blank *b)
{
        if (!b)
                return NULL;
        loop_remove(b->zygote->loop, &b->source);
        closep(&b->pidfd);
        closep(&b->sync);
        closep(&b->socket);
        closep(&b->mounts);
        b->group = group_put(&b->zygote->groups, b->group);
        free(b);
        return NULL;
}
DEFINE_FREEP(struct blank, blank_free);

static void blank_end(struct blank *b)
{
        (void) kernel_pidfd_send_signal(b->pidfd, SIGKILL);
        (void) waitpid(b->pid, NULL, 0);
        (void) blank_free(b);
}

/* Nothing of the steps that are under way goes with it. */
_Noreturn static void blank_main(const struct blank *b, bool is_ahead, int socket)
{
        struct zygote *z = b->zygote;
        const struct child_plan plan = {
                .socket = socket,
                .sync = b->sync,
                .group = b->group,
                .is_ahead = is_ahead,
                .landlock_abi = z->hello.landlock_abi,
                .features = z->hello.features,
                .has_userns = zygote_has_userns(z),
                .inspect = z->inspect,
        };

        wards_wipe(z);
        child_main(&plan);
}

/*
 * The last holder of a mount namespace takes it apart, and that takes longer than the rest of an
 * end. It shall not be the cell, whose end the host waits for. Later its files are not ours to
 * open.
 */
static int mounts_hold(const struct blank *b)
{
        int fd = kernel_pidfd_mounts(b->pidfd);
        char path[64];

        if (fd >= 0)
                return fd;
        (void) snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int) b->pid);
        return open(path, O_RDONLY | O_CLOEXEC);
}

/* A process that waits to be released. */
static int blank_make(struct blank **ret, struct zygote *z, bool is_ahead, struct err *err)
{
        _cleanup_(blank_freep) struct blank *b = calloc(1, sizeof(*b));
        _cleanup_(closep) int theirs = -1;
        int pair[2];

        if (!b)
                return err_set(err, -ENOMEM, "no memory for a cell's process");
        *b = (struct blank){ .zygote = z, .pidfd = -1, .socket = -1, .mounts = -1 };
        b->sync = eventfd(0, EFD_CLOEXEC);
        if (b->sync < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return err_sys(err, -errno, "cannot make a socket for a cell's process");
        b->socket = pair[0];
        theirs = pair[1];
        if (z->hello.features & SPAWN_HAS_CGROUP) {
                b->group = group_take(&z->groups, err);
                if (!b->group)
                        return err->code;
        }
        b->pid = zygote_clone(z, zygote_has_userns(z), b->group, &b->pidfd);
        if (b->pid < 0)
                return err_sys(err, -errno, "cannot make the cell's process");
        if (b->pid == 0)
                blank_main(b, is_ahead, theirs);
        if (zygote_has_userns(z))
                b->mounts = mounts_hold(b);
        *ret = TAKE(b);
        return 0;
}

/* The child waits on `sync` until it is somebody. */
static int blank_release(struct blank *b, struct err *err)
{
        const struct maps maps = { CELL_ID, CELL_ID, CELL_ID, CELL_ID };
        uint64_t go = 1;
        int r = 0;

        if (zygote_has_userns(b->zygote))
                r = maps_write(b->pid, maps, err);
        if (r == 0 && write(b->sync, &go, sizeof(go)) < 0)
                r = err_sys(err, -errno, "cannot let the cell go on");
        return r;
}

static int blank_tell(struct blank *b, const struct blank_job *job, struct err *err)
{
        char body[FRAME_BODY];
        struct stat object = { 0 };
        size_t n_fds = job->fd[SPAWN_FD_TREE] >= 0 ? SPAWN_FDS_ : SPAWN_FD_TREE;
        int r;

        (void) fstat(job->fd[SPAWN_FD_OBJECT], &object);
        r = b->group ? group_limit(b->group, &job->cell.limits, job->cell.program_bytes ? 2 : 1,
                                   (uint64_t) object.st_size, err)
                     : 0;
        if (r < 0)
                return r;
        memcpy(body, &job->cell, sizeof(job->cell));
        if (job->unreadable_length)
                memcpy(body + sizeof(job->cell), job->unreadable, job->unreadable_length);
        r = frame_send_fds(b->socket, SPAWN_EMPLOY, 0, body,
                           sizeof(job->cell) + job->unreadable_length, job->fd, n_fds,
                           MSG_DONTWAIT);
        return r < 0 ? err_sys(err, r, "cannot tell a cell's process what to do") : 0;
}

static void blank_unlink(struct blank *b)
{
        for (struct blank **at = &b->zygote->blanks; *at; at = &(*at)->next)
                if (*at == b) {
                        *at = b->next;
                        break;
                }
        loop_remove(b->zygote->loop, &b->source);
}

static void blank_hand_over(struct blank *b, struct blank_hand *ret, bool is_ahead)
{
        *ret = (struct blank_hand){
                .pid = b->pid,
                .pidfd = TAKE_FD(b->pidfd),
                .sync = TAKE_FD(b->sync),
                .mounts = TAKE_FD(b->mounts),
                .group = TAKE(b->group),
                .is_ahead = is_ahead,
        };
        (void) blank_free(b);
}

/* One that was made ahead and can still be told something. */
static bool employ_ready(struct blank_hand *ret, struct zygote *z, const struct blank_job *job)
{
        while (z->blanks) {
                struct blank *b = z->blanks;
                struct err ignored = { 0 };

                blank_unlink(b);
                if (blank_tell(b, job, &ignored) == 0) {
                        blank_hand_over(b, ret, true);
                        return true;
                }
                blank_end(b);
        }
        return false;
}

static int employ_new(struct blank_hand *ret, struct zygote *z, const struct blank_job *job,
                      struct err *err)
{
        struct blank *b;
        int r;

        r = blank_make(&b, z, false, err);
        if (r < 0)
                return r;
        /* Its job lies there before it looks: whatever fails in it, it has somebody to tell. */
        r = blank_tell(b, job, err);
        if (r == 0)
                r = blank_release(b, err);
        if (r < 0) {
                blank_end(b);
                return r;
        }
        blank_hand_over(b, ret, false);
        return 0;
}

int blank_employ(struct blank_hand *ret, struct zygote *z, const struct blank_job *job,
                 struct err *err)
{
        int r = -ENODEV;

        if (employ_ready(ret, z, job))
                return 0;
        for (int i = 0; i < TRIES && (r == -ENODEV || r == -ENOENT); i++)
                r = employ_new(ret, z, job, err);
        return r;
}

/* It died before it was anybody's. */
static int blank_ended(struct loop_source *source, uint32_t events)
{
        struct blank *b = source->owner;

        (void) events;
        blank_unlink(b);
        blank_end(b);
        return 0;
}

static int blank_keep(struct zygote *z)
{
        struct err ignored = { 0 };
        struct blank *b;
        int r;

        r = blank_make(&b, z, true, &ignored);
        if (r < 0)
                return r;
        r = blank_release(b, &ignored);
        if (r == 0)
                r = loop_add_fd(z->loop, &b->source, b->pidfd, EPOLLIN, blank_ended, b);
        if (r < 0) {
                blank_end(b);
                return r;
        }
        b->next = z->blanks;
        z->blanks = b;
        return 0;
}

void blanks_fill(struct zygote *z)
{
        size_t n = 0;

        if (!(z->hello.features & SPAWN_HAS_AHEAD))
                return;
        for (const struct blank *b = z->blanks; b; b = b->next)
                n++;
        while (n < BLANKS_AHEAD && blank_keep(z) == 0)
                n++;
}

void blanks_drain(struct zygote *z)
{
        while (z->blanks) {
                struct blank *b = z->blanks;

                blank_unlink(b);
                blank_end(b);
        }
}
