/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/overlay.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/kernel.h"
#include "cell/spawn.h"
#include "cell/stage.h"
#include "cell/tmpfs.h"

/*
 * Where the layers have names while the overlay is put together. In a cell the overlay is then
 * mounted over them, and no path leads there any more; taking them away would cost a grace period
 * of the kernel's, a tenth of the whole start. In the pattern they are let go.
 */
#define WORKSPACE     "/ws/work"
#define PATTERN_STORE "/cell"

static int store_make(int *ret_store, int *ret_upper, const struct root_plan *plan, struct err *err)
{
        _cleanup_(closep) int store = -1;
        struct stat st;
        int r, fd;

        /* One inode more for each folder of ours. */
        r = tmpfs_make(&store, plan->disk_bytes, plan->inodes + 5,
                       MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
        if (r < 0)
                return r;
        if (fstat(plan->workspace_tree, &st) < 0 || mkdirat(store, "upper", 0700) < 0 ||
            fchmodat(store, "upper", st.st_mode & 0777, 0) < 0 ||
            mkdirat(store, "work", 0700) < 0 || mkdirat(store, "lower", 0700) < 0)
                return err_sys(err, -errno, "cannot prepare the overlay's folders");
        fd = openat(store, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return err_sys(err, -errno, "cannot open the overlay's upper folder");
        *ret_store = TAKE_FD(store);
        *ret_upper = fd;
        return 0;
}

static int overlay_make(int *ret_fd, const char *store, struct err *err)
{
        static const char *const options[][2] = {
                { "lowerdir", "lower" },
                { "upperdir", "upper" },
                { "workdir", "work" },
        };
        _cleanup_(closep) int fs = -1;
        char path[32];
        int fd;

        fs = fsopen("overlay", FSOPEN_CLOEXEC);
        if (fs < 0)
                return err_sys(err, -errno, "cannot make an overlay");
        for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
                (void) snprintf(path, sizeof(path), "%s/%s", store, options[i][1]);
                if (fsconfig(fs, FSCONFIG_SET_STRING, options[i][0], path, 0) < 0)
                        return err_sys(err, -errno, "cannot set the overlay's %s", options[i][0]);
        }
        if (fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0 ||
            fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return err_sys(err, -errno, "cannot put the overlay together");
        fd = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
        if (fd < 0)
                return err_sys(err, -errno, "cannot mount the overlay");
        *ret_fd = fd;
        return 0;
}

/* The overlay keeps its layers alive by itself. One below the other, they are let go together. */
static int layers_attach(int lower, int store, const char *place, struct err *err)
{
        if (move_mount(store, "", AT_FDCWD, place, MOVE_MOUNT_F_EMPTY_PATH) < 0 ||
            move_mount(lower, "", store, "lower", MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return err_sys(err, -errno, "cannot place the overlay's layers");
        return 0;
}

/* What the cell wants to change must be its own, or the kernel will not copy it up (EOVERFLOW). */
static int overlay_is_possible(const struct root_plan *plan, int store, uint64_t most)
{
        /* Before 6.6 a tmpfs has no user xattrs, and folders could not be replaced. */
        if (fsetxattr(store, "user.linhay", "1", 1, 0) < 0)
                return 0;
        (void) fremovexattr(store, "user.linhay");
        return stage_has_one_owner(plan->workspace_tree, CELL_ID, CELL_ID, most);
}

int overlay_build(int *ret_upper, const struct root_plan *plan, struct err *err)
{
        _cleanup_(closep) int store = -1, upper = -1, merged = -1;
        struct err ignored = { 0 };
        int r;

        r = store_make(&store, &upper, plan, err);
        if (r < 0)
                return r;
        if (overlay_is_possible(plan, upper, STAGE_FILES_MAX) <= 0)
                return ROOT_NEEDS_STAGE;
        r = layers_attach(plan->workspace_tree, store, WORKSPACE, err);
        if (r < 0)
                return r;
        r = overlay_make(&merged, WORKSPACE, &ignored);
        if (r < 0)
                return ROOT_NEEDS_STAGE;
        if (move_mount(merged, "", AT_FDCWD, WORKSPACE, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return err_sys(err, -errno, "cannot mount the overlay as the workspace");
        *ret_upper = TAKE_FD(upper);
        return 0;
}

int overlay_build_apart(int *ret_merged, int *ret_upper, const struct root_plan *plan,
                        struct err *err)
{
        _cleanup_(closep) int store = -1, upper = -1;
        int r;

        r = store_make(&store, &upper, plan, err);
        if (r < 0)
                return r;
        r = overlay_is_possible(plan, upper, OVERLAY_APART_FILES_MAX);
        if (r <= 0)
                return err_set(err, SPAWN_TOO_MUCH,
                               r == 0 ? "no overlay can be had of this tree"
                                      : "the tree has many files");
        r = layers_attach(plan->workspace_tree, store, PATTERN_STORE, err);
        if (r == 0)
                r = overlay_make(ret_merged, PATTERN_STORE, err);
        if (r == 0)
                *ret_upper = TAKE_FD(upper);
        return r;
}

void overlay_tidy(void)
{
        (void) umount2(PATTERN_STORE, MNT_DETACH);
}
