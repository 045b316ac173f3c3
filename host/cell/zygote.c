/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/zygote.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/kernel.h"
#include "base/loop.h"
#include "cell/landlock.h"
#include "cell/root.h"

#define CELL_NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS)

/* One child that has not been reaped. */
struct ward {
        struct ward *next;
        struct loop_source source;
        struct zygote *zygote;
        uint64_t id;
        pid_t pid;
        int pidfd;
};

struct zygote {
        struct loop *loop;
        struct loop_source control;
        struct ward *wards;
        child_inspect inspect;
        struct spawn_hello hello;
        struct err why_degraded;
        struct frame frame;
};

static void map_write(pid_t pid, const char *file, const char *text, struct err *err)
{
        char path[64];
        _cleanup_(closep) int fd = -1;

        (void) snprintf(path, sizeof(path), "/proc/%d/%s", (int) pid, file);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, text, strlen(text)) < 0)
                (void) err_sys(err, -errno, "cannot write %s", path);
}

/* One user and one group: the cell's id inside, `uid` and `gid` outside. */
static int maps_write(pid_t pid, unsigned inside, unsigned uid, unsigned gid, struct err *err)
{
        struct err failed = { 0 };
        char text[64];

        map_write(pid, "setgroups", "deny", &failed);
        (void) snprintf(text, sizeof(text), "%u %u 1", inside, uid);
        map_write(pid, "uid_map", text, &failed);
        (void) snprintf(text, sizeof(text), "%u %u 1", inside, gid);
        map_write(pid, "gid_map", text, &failed);
        if (failed.code < 0)
                return err_set(err, failed.code, "%s", failed.text);
        return 0;
}

/*
 * An empty network namespace and a mount namespace of our own, once for all cells. Root has them
 * for the asking; anybody else needs a user namespace first, in which he is the cell's id.
 */
static int zygote_unshare(struct zygote *z, struct err *err)
{
        uid_t uid = geteuid();
        gid_t gid = getegid();

        if (uid == 0) {
                (void) setgroups(0, NULL);
                if (unshare(CLONE_NEWNS | CLONE_NEWNET) == 0) {
                        z->hello.features |= SPAWN_HAS_NETNS | SPAWN_HAS_IDMAP;
                        return 0;
                }
        }
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) < 0)
                return err_sys(err, -errno, "unshare() of user, mount and network namespaces");
        (void) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        z->hello.features |= SPAWN_HAS_NETNS;
        return maps_write(getpid(), CELL_ID, uid, gid, err);
}

static struct ward *ward_free(struct ward *w)
{
        if (!w)
                return NULL;
        loop_remove(w->zygote->loop, &w->source);
        closep(&w->pidfd);
        free(w);
        return NULL;
}
DEFINE_FREEP(struct ward, ward_free);

static void ward_forget(struct ward *w)
{
        for (struct ward **at = &w->zygote->wards; *at; at = &(*at)->next)
                if (*at == w) {
                        *at = w->next;
                        break;
                }
        (void) ward_free(w);
}

static int reply(uint16_t type, const void *body, size_t length, const int *fds, size_t n_fds)
{
        return frame_send_fds(SPAWN_SOCKET, type, 0, body, length, fds, n_fds, 0);
}

static uint64_t timeval_us(struct timeval t)
{
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_usec;
}

static int ward_ended(struct loop_source *source, uint32_t events)
{
        struct ward *w = source->owner;
        struct spawn_exited exited = { .id = w->id };
        struct rusage usage;
        int status;

        (void) events;
        if (wait4(w->pid, &status, WNOHANG, &usage) != w->pid)
                return 0;
        /* Without a pid namespace others may be left of its session. */
        if (!(w->zygote->hello.features & SPAWN_HAS_USERNS))
                (void) kill(-w->pid, SIGKILL);
        exited.status = status;
        exited.user_us = timeval_us(usage.ru_utime);
        exited.system_us = timeval_us(usage.ru_stime);
        exited.memory_peak_bytes = (uint64_t) usage.ru_maxrss * 1024;
        ward_forget(w);
        return reply(SPAWN_EXITED, &exited, sizeof(exited), NULL, 0);
}

static pid_t child_clone(const struct zygote *z, int *pidfd)
{
        pid_t pid;

        if (z->hello.features & SPAWN_HAS_USERNS)
                return kernel_clone(CELL_NAMESPACES, pidfd);
        pid = fork();
        if (pid > 0) {
                *pidfd = kernel_pidfd_open(pid);
                if (*pidfd < 0) {
                        (void) kill(pid, SIGKILL);
                        return -1;
                }
        }
        return pid;
}

/* The child waits on `sync` until it is somebody. */
static int child_spawn(struct zygote *z, struct child_plan *plan, pid_t *ret_pid, int *ret_pidfd,
                       struct err *err)
{
        _cleanup_(closep) int pidfd = -1, sync = eventfd(0, EFD_CLOEXEC);
        uint64_t go = 1;
        pid_t pid;
        int r = 0;

        if (sync < 0)
                return err_sys(err, -errno, "cannot make an eventfd");
        plan->sync = sync;
        pid = child_clone(z, &pidfd);
        if (pid < 0)
                return err_sys(err, -errno, "cannot make the cell's process");
        if (pid == 0)
                child_main(plan);
        if (plan->has_userns)
                r = maps_write(pid, CELL_ID, CELL_ID, CELL_ID, err);
        if (r == 0 && write(sync, &go, sizeof(go)) < 0)
                r = err_sys(err, -errno, "cannot let the cell go on");
        if (r < 0) {
                (void) kill(pid, SIGKILL);
                (void) waitpid(pid, NULL, 0);
                return r;
        }
        *ret_pid = pid;
        *ret_pidfd = TAKE_FD(pidfd);
        return 0;
}

static int workspace_open(struct zygote *z, const struct spawn_request *request, int *ret,
                          struct err *err)
{
        if (request->workspace == WORKSPACE_NONE || !(z->hello.features & SPAWN_HAS_USERNS))
                return 0;
        return root_tree_open(ret, request->path, request->device, request->inode, -1, err);
}

static int cell_spawn(struct zygote *z, const struct spawn_request *request, struct frame_fds *fds,
                      struct err *err)
{
        _cleanup_(ward_freep) struct ward *w = NULL;
        _cleanup_(closep) int tree = -1;
        struct child_plan plan = {
                .request = request,
                .landlock_abi = z->hello.landlock_abi,
                .has_userns = z->hello.features & SPAWN_HAS_USERNS,
                .inspect = z->inspect,
        };
        struct spawn_started started = { .id = request->id };
        int r;

        r = workspace_open(z, request, &tree, err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < SPAWN_FDS_; i++)
                plan.fd[i] = i < fds->count ? fds->fd[i] : -1;
        if (request->kind == SPAWN_INSPECTOR)
                plan.fd[SPAWN_FD_LOG] = -1;
        plan.tree = tree;

        w = calloc(1, sizeof(*w));
        if (!w)
                return err_set(err, -ENOMEM, "no memory for a cell");
        *w = (struct ward){ .zygote = z, .id = request->id, .pidfd = -1 };
        r = child_spawn(z, &plan, &w->pid, &w->pidfd, err);
        if (r == 0)
                r = loop_add_fd(z->loop, &w->source, w->pidfd, EPOLLIN, ward_ended, w);
        if (r < 0)
                return r;
        started.pid = w->pid;
        w->next = z->wards;
        z->wards = w;
        r = reply(SPAWN_STARTED, &started, sizeof(started), &w->pidfd, 1);
        w = NULL;
        return r;
}

/* A cell that could not be made looks to the host like one that failed while it was set up. */
static int spawn_refuse(uint64_t id, const struct err *err)
{
        struct spawn_setup setup = { .id = id, .code = err->code ? err->code : -EIO };
        struct spawn_exited exited = { .id = id, .status = 1 << 8 };
        char body[sizeof(setup) + ERR_TEXT_MAX];
        size_t length = strlen(err_text(err));
        int r;

        memcpy(body, &setup, sizeof(setup));
        memcpy(body + sizeof(setup), err_text(err), length);
        r = reply(SPAWN_SETUP, body, sizeof(setup) + length, NULL, 0);
        return r < 0 ? r : reply(SPAWN_EXITED, &exited, sizeof(exited), NULL, 0);
}

static int control_ready(struct loop_source *source, uint32_t events)
{
        struct zygote *z = source->owner;
        const struct spawn_request *request = (const struct spawn_request *) z->frame.body;
        struct frame_fds fds = { 0 };
        struct err err = { 0 };
        int r;

        (void) events;
        r = frame_receive(SPAWN_SOCKET, &z->frame, &fds, MSG_DONTWAIT);
        if (r == -EAGAIN)
                return 0;
        if (r <= 0 || z->frame.header.type != SPAWN_REQUEST ||
            z->frame.header.length != sizeof(*request)) {
                /* The host is gone, or is not our host. */
                frame_fds_done(&fds);
                return -EPIPE;
        }
        r = cell_spawn(z, request, &fds, &err);
        frame_fds_done(&fds);
        return r < 0 ? spawn_refuse(request->id, &err) : 0;
}

static void wards_kill(struct zygote *z)
{
        for (struct ward *w = z->wards; w; w = w->next) {
                (void) kernel_pidfd_send_signal(w->pidfd, SIGKILL);
                if (!(z->hello.features & SPAWN_HAS_USERNS))
                        (void) kill(-w->pid, SIGKILL);
        }
}

/* Makes one empty cell's root, to know and not to guess; the child says how it went. */
static int root_probe(struct zygote *z, struct err *err)
{
        struct root_plan plan = {
                .object_fd = -1,
                .workspace_tree = -1,
                .disk_bytes = 1 << 20,
                .inodes = 64,
        };
        _cleanup_(closep) int sync = eventfd(0, EFD_CLOEXEC), pidfd = -1, in = -1, out = -1;
        struct root root;
        uint64_t go = 1;
        int pipe_fds[2], r;
        pid_t pid;

        if (sync < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0)
                return err_sys(err, -errno, "cannot make a pipe");
        in = pipe_fds[0];
        out = pipe_fds[1];
        (void) z;
        pid = kernel_clone(CELL_NAMESPACES, &pidfd);
        if (pid < 0)
                return err_sys(err, -errno, "clone3() of user, mount, pid, ipc and uts namespaces");
        if (pid == 0) {
                struct err why = { 0 };

                if (read(sync, &go, sizeof(go)) == sizeof(go) &&
                    setresgid(CELL_ID, CELL_ID, CELL_ID) == 0 &&
                    setresuid(CELL_ID, CELL_ID, CELL_ID) == 0)
                        (void) root_build(&root, &plan, &why);
                else
                        (void) err_sys(&why, -errno, "cannot become the cell's user");
                _exit(write(out, &why, sizeof(why)) == sizeof(why) ? 0 : 1);
        }
        r = maps_write(pid, CELL_ID, CELL_ID, CELL_ID, err);
        if (r == 0) {
                struct err why = { 0 };

                closep(&out);
                if (write(sync, &go, sizeof(go)) < 0 || read(in, &why, sizeof(why)) != sizeof(why))
                        r = err_set(err, -EIO, "the first process in the namespaces ended early");
                else if (why.code < 0)
                        r = err_set(err, why.code, "%s", why.text);
        }
        (void) kernel_pidfd_send_signal(pidfd, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        return r;
}

static void zygote_probe(struct zygote *z, uint32_t mask)
{
        struct spawn_hello *h = &z->hello;
        struct err *why = &z->why_degraded;
        int r;

        r = mask & SPAWN_HAS_USERNS ? err_set(why, -EPERM, "masked for a test")
                                    : zygote_unshare(z, why);
        h->netns_errno = r < 0 ? -r : 0;
        if (r == 0)
                r = root_probe(z, why);
        h->userns_errno = r < 0 ? -r : 0;
        if (r == 0)
                h->features |= SPAWN_HAS_USERNS | SPAWN_HAS_OVERLAY;

        h->landlock_abi = landlock_abi();
        if (h->landlock_abi >= KERNEL_LANDLOCK_ABI_REQUIRED)
                h->features |= SPAWN_HAS_LANDLOCK;
        if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0)
                h->features |= SPAWN_HAS_SECCOMP;
        if (prctl(KERNEL_PR_GET_MDWE, 0, 0, 0, 0) >= 0)
                h->features |= SPAWN_HAS_MDWE;
        h->features &= ~mask;
}

static int hello_send(const struct zygote *z)
{
        char body[sizeof(z->hello) + ERR_TEXT_MAX];
        size_t length = strlen(z->why_degraded.text);

        memcpy(body, &z->hello, sizeof(z->hello));
        memcpy(body + sizeof(z->hello), z->why_degraded.text, length);
        return reply(SPAWN_HELLO, body, sizeof(z->hello) + length, NULL, 0);
}

int zygote_main(child_inspect inspect, uint32_t mask)
{
        static struct zygote z;
        int r;

        z.inspect = inspect;
        zygote_probe(&z, mask);
        r = loop_new(&z.loop);
        if (r == 0)
                r = hello_send(&z);
        if (r == 0)
                r = loop_add_fd(z.loop, &z.control, SPAWN_SOCKET, EPOLLIN, control_ready, &z);
        if (r < 0)
                return 1;
        (void) loop_run(z.loop);
        wards_kill(&z);
        return 0;
}
