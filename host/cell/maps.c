/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/maps.h"

#include <fcntl.h>
#include <string.h>

static int map_write(pid_t pid, const char *file, const char *text, struct err *err)
{
        _cleanup_(closep) int fd = -1;
        char path[64];

        (void) snprintf(path, sizeof(path), "/proc/%d/%s", (int) pid, file);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, text, strlen(text)) < 0)
                return err_sys(err, -errno, "cannot write %s", path);
        return 0;
}

int maps_write(pid_t pid, struct maps maps, struct err *err)
{
        char text[64];
        int r;

        r = map_write(pid, "setgroups", "deny", err);
        (void) snprintf(text, sizeof(text), "%u %u 1", maps.uid_inside, maps.uid_outside);
        if (r == 0)
                r = map_write(pid, "uid_map", text, err);
        (void) snprintf(text, sizeof(text), "%u %u 1", maps.gid_inside, maps.gid_outside);
        return r < 0 ? r : map_write(pid, "gid_map", text, err);
}
