/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/late.h"

#include <linux/capability.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/socket.h>

#include "base/kernel.h"
#include "cell/overlay.h"
#include "cell/proto.h"

/* An overlay acts on files with the rights of its maker. */
struct rights {
        struct __user_cap_data_struct caps[2];
        int uid, gid;
};

static int caps_set(const struct __user_cap_data_struct caps[2])
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

        return syscall(SYS_capset, &header, caps) < 0 ? -errno : 0;
}

/*
 * May mount, and is else who the cell is. That much an overlay needs for a folder of its own, which
 * nobody may enter; what an agent does is checked with the agent's rights before.
 */
static int rights_lower(struct rights *ret)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct less[2];

        if (syscall(SYS_capget, &header, ret->caps) < 0)
                return -errno;
        less[0] = ret->caps[0];
        less[1] = ret->caps[1];
        less[0].effective &= 1U << CAP_SYS_ADMIN | 1U << CAP_DAC_OVERRIDE;
        less[1].effective = 0;
        ret->gid = setfsgid(CELL_ID);
        ret->uid = setfsuid(CELL_ID);
        return caps_set(less);
}

/* The way back: permitted all along. Nothing could be done without it. */
static void rights_restore(const struct rights *rights)
{
        (void) setfsuid((uid_t) rights->uid);
        (void) setfsgid((gid_t) rights->gid);
        if (caps_set(rights->caps) < 0)
                _exit(1);
}

static int overlay_build_lowered(int *ret_merged, int *ret_upper, const struct root_plan *plan,
                                 struct err *err)
{
        struct rights rights;
        int r;

        if (rights_lower(&rights) < 0)
                _exit(1);
        r = overlay_build_apart(ret_merged, ret_upper, plan, err);
        rights_restore(&rights);
        return r;
}

/* The cell is told first: somebody waits for it. */
static int tree_place(const struct late_plan *plan, int tree, struct err *err)
{
        if (setns(plan->mounts, CLONE_NEWNS) < 0)
                return err_sys(err, -errno, "cannot enter the cell's mounts");
        if (move_mount(tree, "", AT_FDCWD, "/ws/work", MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return err_sys(err, -errno, "cannot mount the workspace in the cell");
        (void) frame_send(plan->socket, PROTO_TREE, 0, NULL, 0, MSG_DONTWAIT);
        return 0;
}

static int overlay_attach(int *ret_upper, struct zygote *z, const struct late_plan *plan,
                          struct err *err)
{
        const struct root_plan root = {
                .object_fd = -1,
                .workspace_tree = plan->tree,
                .workspace = WORKSPACE_OVERLAY,
                .disk_bytes = plan->cell->limits.value[LIMIT_DISK],
                .inodes = plan->cell->limits.value[LIMIT_INODES],
        };
        _cleanup_(closep) int merged = -1, upper = -1;
        int r;

        if (setns(z->pattern, CLONE_NEWNS) < 0)
                return err_sys(err, -errno, "cannot enter the pattern's mounts");
        r = overlay_build_lowered(&merged, &upper, &root, err);
        if (r == 0)
                r = tree_place(plan, merged, err);
        if (r == 0)
                *ret_upper = TAKE_FD(upper);
        return r;
}

int late_attach(int *ret_upper, struct zygote *z, const struct late_plan *plan, struct err *err)
{
        int r = plan->cell->workspace == WORKSPACE_OVERLAY ? overlay_attach(ret_upper, z, plan, err)
                                                           : tree_place(plan, plan->tree, err);

        if (setns(z->home, CLONE_NEWNS) < 0)
                _exit(1);
        return r;
}

void late_tidy(struct zygote *z, const struct spawn_cell *cell)
{
        if (cell->workspace != WORKSPACE_OVERLAY)
                return;
        if (setns(z->pattern, CLONE_NEWNS) == 0)
                overlay_tidy();
        if (setns(z->home, CLONE_NEWNS) < 0)
                _exit(1);
}
