/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/idmap.h"

#include <fcntl.h>
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

/* The namespace needs a process while its maps are written; a descriptor keeps it alive after. */
static int userns_make(uid_t uid, gid_t gid, int *ret_fd, struct err *err)
{
        _cleanup_(closep) int pidfd = -1;
        char path[64];
        pid_t pid;
        int r, fd = -1;

        pid = kernel_clone(CLONE_NEWUSER, -1, &pidfd);
        if (pid < 0)
                return err_sys(err, -errno, "cannot make a user namespace for a mount");
        if (pid == 0)
                for (;;)
                        (void) pause();
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
