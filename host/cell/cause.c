/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/cause.h"

#include <limits.h>
#include <string.h>

#include "base/io.h"

/* One likely cause a row: the file has this line. */
static const struct {
        const char *path;
        const char *line;
        const char *cause;
        const char *remedy;
} causes[] = {
        { "/proc/sys/kernel/unprivileged_userns_clone", "0",
          "kernel.unprivileged_userns_clone is 0", "sysctl kernel.unprivileged_userns_clone=1" },
        { "/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces is 0",
          "sysctl user.max_user_namespaces=16384" },
        { "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
          "AppArmor restricts unprivileged user namespaces",
          "install the profile conf/apparmor/linhay-cell" },
        { "/proc/self/status", "Seccomp:\t2",
          "a seccomp filter is in force, as a container engine sets one",
          "give the container a seccomp profile that allows unshare, mount, setns and clone with "
          "namespaces" },
};

static bool has_line(const char *text, const char *line)
{
        size_t length = strlen(line);

        for (; text; text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL)
                if (strncmp(text, line, length) == 0 &&
                    (text[length] == '\n' || text[length] == '\0'))
                        return true;
        return false;
}

int cause_find(struct buf *ret, const char *root)
{
        for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
                _cleanup_(buf_done) struct buf text = BUF_LIMIT(65536);
                char path[PATH_MAX];

                (void) snprintf(path, sizeof(path), "%s%s", root, causes[i].path);
                if (file_read(path, &text, NULL) < 0 || !has_line(buf_text(&text), causes[i].line))
                        continue;
                if (buf_printf(ret, "; %s: %s", causes[i].cause, causes[i].remedy) < 0)
                        return -ENOMEM;
        }
        return 0;
}
