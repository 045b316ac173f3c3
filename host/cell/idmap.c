/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/idmap.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include "base/kernel.h"
#include "cell/maps.h"
#include "cell/spawn.h"

struct idmap {
        struct idmap *next;
        uid_t uid;
        gid_t gid;
        int fd;
};

/*
 * Until it is killed, or the zygote is: only that one has the pipe's other end. Else it would keep
 * the zygote's connection open, and the host would never hear of its end.
 */
_Noreturn static void userns_hold(int in, int out)
{
        struct pollfd p = { .fd = out };

        (void) close(in);
        while (poll(&p, 1, -1) < 0 && errno == EINTR)
                ;
        _exit(0);
}

/* The namespace needs a process while its maps are written; a descriptor keeps it alive after. */
static int userns_make(uid_t uid, gid_t gid, int *ret_fd, struct err *err)
{
        _cleanup_(closep) int pidfd = -1, in = -1, out = -1;
        int r, ends[2], fd = -1;
        char path[64];
        pid_t pid;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return err_sys(err, -errno, "cannot make a pipe");
        in = ends[0];
        out = ends[1];
        pid = kernel_clone(CLONE_NEWUSER, -1, &pidfd);
        if (pid < 0)
                return err_sys(err, -errno, "cannot make a user namespace for a mount");
        if (pid == 0)
                userns_hold(in, out);
        r = maps_write(pid, (struct maps){ uid, CELL_ID, gid, CELL_ID }, err);
        if (r == 0) {
                (void) snprintf(path, sizeof(path), "/proc/%d/ns/user", (int) pid);
                fd = open(path, O_RDONLY | O_CLOEXEC);
                if (fd < 0)
                        r = err_sys(err, -errno, "cannot open %s", path);
        }
        (void) kernel_pidfd_send_signal(pidfd, SIGKILL);
        (void) waitpid(pid, NULL, 0);
        if (r == 0)
                *ret_fd = fd;
        return r;
}

int idmap_get(struct idmap **cache, uid_t uid, gid_t gid, int *ret_fd, struct err *err)
{
        struct idmap *map;
        int r;

        for (map = *cache; map; map = map->next)
                if (map->uid == uid && map->gid == gid) {
                        *ret_fd = map->fd;
                        return 0;
                }
        map = calloc(1, sizeof(*map));
        if (!map)
                return err_set(err, -ENOMEM, "no memory for an identity map");
        r = userns_make(uid, gid, &map->fd, err);
        if (r < 0) {
                free(map);
                return r;
        }
        map->uid = uid;
        map->gid = gid;
        map->next = *cache;
        *cache = map;
        *ret_fd = map->fd;
        return 0;
}
