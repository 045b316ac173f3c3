/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/landlock.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/kernel.h"
#include "cell/layer.h"

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE                                                                                   \
        (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                           \
         LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |                            \
         LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER |    \
         KERNEL_LANDLOCK_FS_TRUNCATE)
/* What makes sense for something that is not a folder; the kernel refuses the rest. */
#define FS_FILE                                                                                    \
        (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |                              \
         LANDLOCK_ACCESS_FS_READ_FILE | KERNEL_LANDLOCK_FS_TRUNCATE |                              \
         KERNEL_LANDLOCK_FS_IOCTL_DEV)

static const uint64_t access_rights[] = {
        [LANDLOCK_READ] = FS_READ,
        [LANDLOCK_LOAD] = FS_READ | LANDLOCK_ACCESS_FS_EXECUTE,
        [LANDLOCK_WRITE] = FS_READ | FS_WRITE,
        [LANDLOCK_DEVICE] = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE,
};

int landlock_abi(void)
{
        int abi = kernel_landlock_create(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

        return abi < 0 ? 0 : abi;
}

/* Everything that this ABI can deny, and how large its structure is. */
static size_t ruleset_fill(struct kernel_landlock_ruleset *ret, int abi)
{
        /* ABI 1 knows bits 0 to 12; 2 adds REFER, 3 TRUNCATE, 5 IOCTL_DEV. */
        unsigned fs_bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;

        *ret = (struct kernel_landlock_ruleset){ .handled_access_fs = (1ULL << fs_bits) - 1 };
        if (abi >= 4)
                ret->handled_access_net =
                        KERNEL_LANDLOCK_NET_BIND_TCP | KERNEL_LANDLOCK_NET_CONNECT_TCP;
        if (abi >= 6)
                ret->scoped = KERNEL_LANDLOCK_SCOPE_UNIX | KERNEL_LANDLOCK_SCOPE_SIGNAL;
        return abi >= 6   ? sizeof(*ret)
               : abi >= 4 ? offsetof(struct kernel_landlock_ruleset, scoped)
                          : offsetof(struct kernel_landlock_ruleset, handled_access_net);
}

static int rule_add(int ruleset, uint64_t handled, const struct landlock_rule *rule,
                    struct err *err)
{
        struct landlock_path_beneath_attr attr = { 0 };
        const char *name = rule->path ? rule->path : "a folder";
        _cleanup_(closep) int opened = -1;
        struct stat st;
        int fd = rule->fd;

        if (rule->path) {
                fd = opened = open(rule->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
                if (fd < 0 && errno == ENOENT && rule->is_optional)
                        return 0;
                if (fd < 0)
                        return err_sys(err, -errno, "Landlock: cannot open %s", name);
        }
        if (fstat(fd, &st) < 0)
                return err_sys(err, -errno, "Landlock: cannot look at %s", name);
        /* A link leads to where another rule is; it has no rights of its own. */
        if (S_ISLNK(st.st_mode))
                return 0;
        attr.parent_fd = fd;
        attr.allowed_access = access_rights[rule->access] & handled;
        if (!S_ISDIR(st.st_mode))
                attr.allowed_access &= FS_FILE;
        if (kernel_landlock_add_path(ruleset, &attr) < 0)
                return err_sys(err, -errno, "Landlock: cannot add a rule for %s", name);
        return 0;
}

int landlock_new(int abi, struct err *err)
{
        struct kernel_landlock_ruleset attr;
        size_t size = ruleset_fill(&attr, abi);
        int ruleset = kernel_landlock_create(&attr, size, 0);

        return ruleset < 0 ? err_sys(err, -errno, "Landlock: cannot make a rule set") : ruleset;
}

int landlock_add(int ruleset, int abi, const struct landlock_rule *rules, size_t n, struct err *err)
{
        struct kernel_landlock_ruleset attr;

        (void) ruleset_fill(&attr, abi);
        for (size_t i = 0; i < n; i++) {
                int r = rule_add(ruleset, attr.handled_access_fs, &rules[i], err);

                if (r < 0)
                        return r;
        }
        return 0;
}

int landlock_enter(int ruleset, struct err *err)
{
        if (layer_is_left_out("landlock"))
                return 0;
        if (kernel_landlock_restrict_self(ruleset) < 0)
                return err_sys(err, -errno, "Landlock: cannot restrict the cell");
        return 0;
}
