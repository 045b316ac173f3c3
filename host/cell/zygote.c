/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/zygote.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/kernel.h"
#include "cell/confine.h"
#include "cell/landlock.h"
#include "cell/layer.h"
#include "cell/maps.h"
#include "cell/root.h"
#include "cell/service.h"
#include "cell/ward.h"

#define PROBE_MS 5000

/* Is the cell's id anybody here? Root of a container's user namespace may be all there is. */
static bool id_is_mapped(const char *file)
{
        unsigned inside, outside, count;
        bool is_mapped = false;
        char path[32];
        FILE *f;

        (void) snprintf(path, sizeof(path), "/proc/self/%s", file);
        f = fopen(path, "re");
        while (f && fscanf(f, "%u %u %u", &inside, &outside, &count) == 3)
                if (CELL_ID >= inside && CELL_ID - inside < count)
                        is_mapped = true;
        if (f)
                (void) fclose(f);
        return is_mapped;
}

/*
 * An empty network namespace and a mount namespace of our own, once for all cells. Root has them
 * for the asking; anybody else needs a user namespace first, in which he is the cell's id.
 */
static int zygote_unshare(struct zygote *z, struct err *err)
{
        uid_t uid = geteuid();
        gid_t gid = getegid();

        if (uid == 0 && id_is_mapped("uid_map") && id_is_mapped("gid_map")) {
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
        return maps_write(getpid(), (struct maps){ CELL_ID, uid, CELL_ID, gid }, err);
}

int zygote_reply(uint16_t type, const void *body, size_t length, const int *fds, size_t n_fds)
{
        return frame_send_fds(SPAWN_SOCKET, type, 0, body, length, fds, n_fds, 0);
}

static bool control_is_known(const struct frame *frame)
{
        const struct frame_header *header = &frame->header;

        if (header->type == SPAWN_SOON)
                return header->length == 0;
        return (header->type == SPAWN_REQUEST || header->type == SPAWN_ATTACH) &&
               spawn_request_is_whole(frame->body, header->length);
}

/* A request is wiped: it names the workspace. */
static int control_do(struct zygote *z, struct frame_fds *fds)
{
        const struct spawn_request *request = (const struct spawn_request *) z->frame.body;
        int r;

        if (z->frame.header.type == SPAWN_SOON) {
                blanks_fill(z);
                return 0;
        }
        leftovers_stir(&z->leftovers);
        r = z->frame.header.type == SPAWN_REQUEST ? ward_start(z, request, fds)
                                                  : ward_attach(z, request, fds);
        explicit_bzero(&z->frame, sizeof(z->frame.header) + sizeof(*request));
        return r;
}

static int control_ready(struct loop_source *source, uint32_t events)
{
        struct zygote *z = source->owner;
        struct frame_fds fds = { 0 };
        int r;

        (void) events;
        r = frame_receive(SPAWN_SOCKET, &z->frame, &fds, MSG_DONTWAIT);
        if (r == -EAGAIN)
                return 0;
        if (r <= 0 || !control_is_known(&z->frame)) {
                /* The host is gone, or is not our host. */
                frame_fds_done(&fds);
                return -EPIPE;
        }
        r = control_do(z, &fds);
        frame_fds_done(&fds);
        return r;
}

/* The way back does not fail where the way there did not; nothing could be done without it. */
static pid_t pattern_clone(struct zygote *z, const struct group *group, int *ret_pidfd)
{
        pid_t pid;

        if (setns(z->pattern, CLONE_NEWNS) < 0)
                return -1;
        pid = kernel_clone(ZYGOTE_NAMESPACES, group ? group_into(group) : -1, ret_pidfd);
        if (pid != 0 && setns(z->home, CLONE_NEWNS) < 0)
                _exit(1);
        return pid;
}

pid_t zygote_clone(struct zygote *z, bool namespaces, const struct group *group, int *ret_pidfd)
{
        pid_t pid;

        if (namespaces)
                return pattern_clone(z, group, ret_pidfd);
        /* Where clone3() is not there, or not allowed. */
        pid = fork();
        if (pid > 0) {
                *ret_pidfd = kernel_pidfd_open(pid);
                if (*ret_pidfd < 0) {
                        (void) kill(pid, SIGKILL);
                        (void) waitpid(pid, NULL, 0);
                        return -1;
                }
        }
        return pid;
}

/* In the probe's child: an empty cell's root, and in words what was in the way. */
_Noreturn static void probe_main(const int sync[2], int out)
{
        const struct root_plan plan = {
                .object_fd = -1,
                .workspace_tree = -1,
                .disk_bytes = 1 << 20,
                .inodes = 64,
        };
        struct err why = { 0 };
        int own_fd, upper;
        char go;

        /* A zygote that was killed writes nothing, and must not be waited for. */
        (void) close(sync[1]);
        if (read(sync[0], &go, sizeof(go)) != sizeof(go))
                _exit(1);
        if (confine_identity(&why) == 0 && root_own(&own_fd, &why) == 0)
                (void) root_furnish(&upper, own_fd, &plan, &why);
        _exit(write(out, &why, sizeof(why)) == (ssize_t) sizeof(why) ? 0 : 1);
}

static int probe_hear(pid_t pid, int sync, int in, struct err *err)
{
        const struct maps maps = { CELL_ID, CELL_ID, CELL_ID, CELL_ID };
        struct err why = { 0 };
        const char go = 'g';
        int r;

        r = maps_write(pid, maps, err);
        if (r < 0)
                return r;
        if (write(sync, &go, sizeof(go)) < 0 ||
            read(in, &why, sizeof(why)) != (ssize_t) sizeof(why))
                return err_set(err, -EIO, "the first process in the namespaces ended early");
        return why.code < 0 ? err_set(err, why.code, "%s", why.text) : 0;
}

/* Makes one empty cell's root, to know and not to guess. */
static int root_probe(struct zygote *z, struct err *err)
{
        _cleanup_(closep) int pidfd = -1, in = -1, out = -1, wait = -1, go = -1;
        int ends[2], sync[2], r;
        pid_t pid;

        if (pipe2(sync, O_CLOEXEC) < 0)
                return err_sys(err, -errno, "cannot make a pipe");
        wait = sync[0];
        go = sync[1];
        if (pipe2(ends, O_CLOEXEC) < 0)
                return err_sys(err, -errno, "cannot make a pipe");
        in = ends[0];
        out = ends[1];
        pid = zygote_clone(z, true, NULL, &pidfd);
        if (pid < 0)
                return err_sys(err, -errno, "clone3() of user, mount, pid, ipc and uts namespaces");
        if (pid == 0)
                probe_main(sync, out);
        closep(&out);
        r = probe_hear(pid, go, in, err);
        (void) kernel_pidfd_send_signal(pidfd, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        return r;
}

/* In the probe's child: it may make no other process; then it waits for its end, or the zygote's.
 */
_Noreturn static void group_probe_main(const struct group *g, int in, int out)
{
        struct pollfd gone = { .fd = out };
        char answer = 'y';
        pid_t pid;

        (void) close(in);
        if (group_join(g) < 0)
                answer = 'j';
        pid = fork();
        if (pid == 0)
                _exit(0);
        if (pid > 0 || errno != EAGAIN)
                answer = 'f';
        if (write(out, &answer, 1) == 1)
                while (poll(&gone, 1, -1) < 0 && errno == EINTR)
                        ;
        _exit(1);
}

static int group_probe_hear(struct zygote *z, struct group *g, int in, struct err *err)
{
        struct pollfd p = { .fd = in, .events = POLLIN };
        char answer = 0;

        if (poll(&p, 1, PROBE_MS) <= 0 || read(in, &answer, 1) != 1)
                return err_set(err, -EIO, "the first process in a group ended early");
        if (answer == 'j')
                return err_set(err, -EPERM, "a process cannot enter a group");
        if (answer == 'f' || group_count(g) != 1)
                return err_set(err, -EPERM, "a group does not limit processes");
        group_kill(&z->groups, g);
        return 0;
}

/* Makes one group, and ends what is in it by the group alone. */
static int group_probe_run(struct zygote *z, struct group *g, struct err *err)
{
        static const struct limits limits = { .value = { [LIMIT_MEMORY] = 64 << 20 } };
        _cleanup_(closep) int pidfd = -1, in = -1, out = -1;
        struct pollfd ended = { .events = POLLIN };
        int ends[2], r;
        pid_t pid;

        r = group_limit(g, &limits, 1, 0, err);
        if (r < 0)
                return r;
        if (pipe2(ends, O_CLOEXEC) < 0)
                return err_sys(err, -errno, "cannot make a pipe");
        in = ends[0];
        out = ends[1];
        pid = zygote_clone(z, true, g, &pidfd);
        if (pid < 0)
                return err_sys(err, -errno, "cannot make a process in a group");
        if (pid == 0)
                group_probe_main(g, in, out);
        r = group_probe_hear(z, g, in, err);
        ended.fd = pidfd;
        if (r == 0 && poll(&ended, 1, PROBE_MS) <= 0)
                r = err_set(err, -EIO, "what is in a group cannot be ended by it");
        (void) kernel_pidfd_send_signal(pidfd, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        return r;
}

/* Cells of whom there is more than one process are all in namespaces. */
static void groups_probe(struct zygote *z)
{
        struct err *why = &z->why_no_groups;
        struct group *g;
        int r = -EPERM;

        if (z->groups.cgroup.version == 0)
                return;
        if (!zygote_has_userns(z)) {
                (void) err_set(why, -EPERM, "they are not used without namespaces");
        } else {
                g = group_take(&z->groups, why);
                if (g)
                        r = group_probe_run(z, g, why);
                g = group_put(&z->groups, g);
        }
        if (r < 0) {
                groups_close(&z->groups);
                return;
        }
        z->hello.features |= SPAWN_HAS_CGROUP;
        z->hello.cgroup_version = (uint32_t) z->groups.cgroup.version;
}

static void zygote_probe(struct zygote *z)
{
        struct spawn_hello *h = &z->hello;
        struct err *why = &z->why_degraded;
        int r;

        /* While we are in the host's namespaces, and may write what it may. */
        (void) cgroup_open(&z->groups.cgroup, &z->why_no_groups);
        r = layer_features_left_out() & SPAWN_HAS_USERNS ? err_set(why, -EPERM, "left out")
                                                         : zygote_unshare(z, why);
        h->netns_errno = r < 0 ? -r : 0;
        if (r == 0)
                r = root_pattern(&z->pattern, &z->home, why);
        if (r == 0)
                r = root_probe(z, why);
        h->userns_errno = r < 0 ? -r : 0;
        if (r == 0)
                h->features |= SPAWN_HAS_USERNS | SPAWN_HAS_OVERLAY | SPAWN_HAS_AHEAD;
        groups_probe(z);

        h->landlock_abi = landlock_abi();
        if (h->landlock_abi >= KERNEL_LANDLOCK_ABI_REQUIRED)
                h->features |= SPAWN_HAS_LANDLOCK;
        if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0)
                h->features |= SPAWN_HAS_SECCOMP;
        if (prctl(KERNEL_PR_GET_MDWE, 0, 0, 0, 0) >= 0)
                h->features |= SPAWN_HAS_MDWE;
        h->features &= ~layer_features_left_out();
}

static int hello_send(const struct zygote *z)
{
        char body[sizeof(z->hello) + 2 * ERR_TEXT_MAX];
        size_t first = strlen(z->why_degraded.text) + 1, second = strlen(z->why_no_groups.text);

        memcpy(body, &z->hello, sizeof(z->hello));
        memcpy(body + sizeof(z->hello), z->why_degraded.text, first);
        memcpy(body + sizeof(z->hello) + first, z->why_no_groups.text, second);
        return zygote_reply(SPAWN_HELLO, body, sizeof(z->hello) + first + second, NULL, 0);
}

/* Each cell takes some descriptors, and its own limit is set when it is made. */
static void descriptors_raise(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return;
        limit.rlim_cur = limit.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &limit);
}

/* The kernel leaves the program's path above the stack, where every cell could read it. */
static void path_wipe(void)
{
        char *path = (char *) getauxval(AT_EXECFN);

        if (path)
                explicit_bzero(path, strlen(path));
}

int zygote_main(child_inspect inspect)
{
        static struct zygote z;
        int r;

        path_wipe();
        (void) umask(0022);
        /* Of all cells: lines that were printed are there even when the agent crashes. */
        (void) setvbuf(stdout, NULL, _IOLBF, 0);
        descriptors_raise();
        /* For all cells: what is bound and seeded here is so in each. */
        service_rehearse();
        z.inspect = inspect;
        z.pattern = z.home = z.spare.tree = z.spare.mounts = -1;
        zygote_probe(&z);
        r = loop_new(&z.loop);
        z.leftovers.loop = z.loop;
        if (r == 0)
                r = hello_send(&z);
        if (r == 0)
                r = loop_add_fd(z.loop, &z.control, SPAWN_SOCKET, EPOLLIN, control_ready, &z);
        if (r < 0)
                return 1;
        blanks_fill(&z);
        (void) loop_run(z.loop);
        blanks_drain(&z);
        wards_kill(&z);
        groups_close(&z.groups);
        attic_sweep(&z.attic, true);
        return 0;
}
