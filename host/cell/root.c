/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/root.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/bundle.h"
#include "base/kernel.h"
#include "cell/cell.h"
#include "cell/overlay.h"
#include "cell/tmpfs.h"

#define READ_ONLY (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

/* What is in a tmpfs before an agent runs: our names, and the rest of the object's last page. */
#define PATTERN_INODES 32
#define OWN_INODES     8
#define PAGE_MAX       65536

#define OWN_PLACE "cell"

/* Folders of the host's root that programs expect; a link stays a link. */
static const char *const system_names[] = { "lib", "lib64", "bin" };

static int tree_attach(int tree, int root_fd, const char *to, struct err *err)
{
        if (move_mount(tree, "", root_fd, to, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return err_sys(err, -errno, "cannot mount %s in the cell", to);
        return 0;
}

static int tree_protect(int tree, uint64_t attributes, const char *name, struct err *err)
{
        struct mount_attr attr = { .attr_set = attributes, .propagation = MS_PRIVATE };

        if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
                return err_sys(err, -errno, "cannot make %s read-only for the cell", name);
        return 0;
}

/* Shows a file or folder of the host read-only at the same place below the new root. */
static int bind_host(int root_fd, const char *name, uint64_t attributes, struct err *err)
{
        _cleanup_(closep) int tree = -1;
        char path[64];
        int r;

        (void) snprintf(path, sizeof(path), "/%s", name);
        tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
        if (tree < 0)
                return err_sys(err, -errno, "cannot take %s into the cell", path);
        r = tree_protect(tree, attributes, path, err);
        return r < 0 ? r : tree_attach(tree, root_fd, name, err);
}

static int make_file(int root_fd, const char *name, struct err *err)
{
        _cleanup_(closep) int fd = openat(root_fd, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

        return fd < 0 ? err_sys(err, -errno, "cannot make /%s in the cell", name) : 0;
}

static int make_folders(int root_fd, struct err *err)
{
        static const char *const names[] = {
                "usr", "etc", "dev", OWN_PLACE, "tmp", "ws", "ws/work"
        };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (mkdirat(root_fd, names[i], 0755) < 0)
                        return err_sys(err, -errno, "cannot make /%s in the cell", names[i]);
        if (symlinkat("ws/work", root_fd, "work") < 0)
                return err_sys(err, -errno, "cannot make /work in the cell");
        return 0;
}

/* /lib and its like: a link into /usr is made again, a real folder is shown. */
static int make_system(int root_fd, struct err *err)
{
        for (size_t i = 0; i < ARRAY_SIZE(system_names); i++) {
                const char *name = system_names[i];
                char path[16], target[256];
                ssize_t n;
                int r;

                (void) snprintf(path, sizeof(path), "/%s", name);
                n = readlink(path, target, sizeof(target) - 1);
                if (n >= 0) {
                        target[n] = '\0';
                        r = symlinkat(target, root_fd, name) < 0 ? -errno : 0;
                } else if (errno == EINVAL) {
                        r = mkdirat(root_fd, name, 0755) < 0 ? -errno : 0;
                        if (r == 0)
                                r = bind_host(root_fd, name, READ_ONLY, err);
                } else if (errno != ENOENT) {
                        return err_sys(err, -errno, "the cell's user cannot look up %s", path);
                } else {
                        r = 0;
                }
                if (r < 0)
                        return err && err->code
                                       ? r
                                       : err_sys(err, r, "cannot make %s in the cell", path);
        }
        return 0;
}

/* The loader's list of libraries, where there is one; without it the loader looks in folders. */
static int bind_loader_cache(int root_fd, struct err *err)
{
        int r;

        if (access("/etc/ld.so.cache", R_OK) < 0)
                return 0;
        r = make_file(root_fd, "etc/ld.so.cache", err);
        return r < 0 ? r
                     : bind_host(root_fd, "etc/ld.so.cache", READ_ONLY | MOUNT_ATTR_NOEXEC, err);
}

static int copy_object(int own_fd, int object_fd, struct err *err)
{
        _cleanup_(closep) int fd = -1;
        off_t at = 0;
        ssize_t n;

        fd = openat(own_fd, strrchr(ROOT_OBJECT, '/') + 1, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC,
                    0500);
        if (fd < 0)
                return err_sys(err, -errno, "cannot make " ROOT_OBJECT " in the cell");
        while ((n = sendfile(fd, object_fd, &at, 1 << 30)) > 0)
                ;
        return n < 0 ? err_sys(err, -errno, "cannot copy the agent into the cell") : 0;
}

static int unpack_bundle(int own_fd, const struct bundle *bundle, struct err *err)
{
        _cleanup_(closep) int folder = -1;
        const char *name = strrchr(CELL_FOLDER, '/') + 1;

        if (mkdirat(own_fd, name, 0755) < 0)
                return err_sys(err, -errno, "cannot make " CELL_FOLDER " in the cell");
        folder = openat(own_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0)
                return err_sys(err, -errno, "cannot open " CELL_FOLDER " in the cell");
        return bundle_unpack(bundle, folder, err);
}

/* A folder of the same tmpfs, mounted by itself: it stays writable when the rest no longer is. */
static int mount_tmp(int own_fd, struct err *err)
{
        struct mount_attr attr = {
                .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
        };
        _cleanup_(closep) int tree = -1;

        if (mkdirat(own_fd, "tmp", 0755) < 0)
                return err_sys(err, -errno, "cannot make the cell's /tmp");
        tree = open_tree(own_fd, "tmp", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
                return err_sys(err, -errno, "cannot make the cell's /tmp");
        return tree_attach(tree, AT_FDCWD, "/tmp", err);
}

/* The agent's limits, and room for what is put there before it runs. */
static int own_limit(int own_fd, const struct root_plan *plan, const struct bundle_head *head,
                     struct err *err)
{
        uint64_t pages = PAGE_MAX;
        struct stat st = { 0 };

        if (head->n_files)
                pages += (uint64_t) head->n_files * (uint64_t) sysconf(_SC_PAGESIZE);
        if (plan->object_fd >= 0 && fstat(plan->object_fd, &st) < 0)
                return err_sys(err, -errno, "cannot look at the agent's object");
        return tmpfs_limit(own_fd, plan->disk_bytes + (uint64_t) st.st_size + pages,
                           plan->inodes + OWN_INODES + head->n_files + head->n_folders, err);
}

/* The new tree becomes the root; the old one is let go. */
static int root_enter(int root_fd, struct err *err)
{
        if (fchdir(root_fd) < 0 || kernel_pivot_root(".", ".") < 0)
                return err_sys(err, -errno, "cannot change the root of the cell");
        if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
                return err_sys(err, -errno, "cannot let go of the host's root");
        return 0;
}

static int mount_freeze(int fd, uint64_t more, struct err *err)
{
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

        attr.attr_set |= more;
        if (mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
                return err_sys(err, -errno, "cannot make the cell's root read-only");
        return 0;
}

static int root_populate(int root_fd, struct err *err)
{
        int r;

        r = make_folders(root_fd, err);
        if (r == 0)
                r = make_system(root_fd, err);
        if (r == 0)
                r = bind_host(root_fd, "usr", READ_ONLY, err);
        if (r == 0)
                r = bind_loader_cache(root_fd, err);
        if (r == 0)
                r = make_file(root_fd, "dev/null", err);
        if (r == 0)
                r = bind_host(root_fd, "dev/null", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err);
        return r;
}

/* The private copy itself; nobody else sees it. */
static int staged_attach(int *ret_upper, const struct root_plan *plan, struct err *err)
{
        _cleanup_(closep) int upper = -1;
        int r;

        upper = openat(plan->workspace_tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (upper < 0)
                return err_sys(err, -errno, "cannot open the private copy of the workspace");
        r = tree_attach(plan->workspace_tree, AT_FDCWD, "/ws/work", err);
        if (r == 0)
                *ret_upper = TAKE_FD(upper);
        return r;
}

static int workspace_attach(int *ret_upper, const struct root_plan *plan, struct err *err)
{
        *ret_upper = -1;
        if (plan->workspace == WORKSPACE_NONE)
                return 0;
        if (plan->workspace == WORKSPACE_RO)
                return tree_attach(plan->workspace_tree, AT_FDCWD, "/ws/work", err);
        if (plan->is_staged)
                return staged_attach(ret_upper, plan, err);
        return overlay_build(ret_upper, plan, err);
}

/* In a namespace of our own, which may be changed. */
static int pattern_build(struct err *err)
{
        struct mount_attr attr = { .propagation = MS_PRIVATE };
        _cleanup_(closep) int root_fd = -1;
        int r;

        /* What is mounted here must not appear at the host's. */
        if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)) < 0)
                return err_sys(err, -errno, "cannot keep the cells' mounts to ourselves");
        r = tmpfs_make(&root_fd, PAGE_MAX, PATTERN_INODES, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
                       err);
        if (r < 0)
                return r;
        /* It needs a place before other mounts can hang below it; over the old root is as good as
         * any, and nothing there is touched. */
        if (move_mount(root_fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return err_sys(err, -errno, "cannot mount the cell's root");
        r = root_populate(root_fd, err);
        if (r == 0)
                r = root_enter(root_fd, err);
        return r < 0 ? r : mount_freeze(root_fd, 0, err);
}

static int namespace_open(int *ret_fd, struct err *err)
{
        *ret_fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        return *ret_fd < 0 ? err_sys(err, -errno, "cannot open the mount namespace in /proc") : 0;
}

int root_pattern(int *ret_pattern, int *ret_home, struct err *err)
{
        _cleanup_(closep) int pattern = -1, home = -1;
        int r;

        r = namespace_open(&home, err);
        if (r < 0)
                return r;
        if (unshare(CLONE_NEWNS) < 0)
                return err_sys(err, -errno, "unshare() of a mount namespace");
        r = namespace_open(&pattern, err);
        if (r == 0)
                r = pattern_build(err);
        if (setns(home, CLONE_NEWNS) < 0)
                return err_sys(err, -errno, "cannot return to the mount namespace");
        if (r < 0)
                return r;
        *ret_pattern = TAKE_FD(pattern);
        *ret_home = TAKE_FD(home);
        return 0;
}

int root_own(int *ret_fd, struct err *err)
{
        _cleanup_(closep) int own_fd = -1;
        int r;

        r = tmpfs_make(&own_fd, PAGE_MAX, OWN_INODES, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
        if (r == 0)
                r = tree_attach(own_fd, AT_FDCWD, "/" OWN_PLACE, err);
        if (r == 0)
                r = mount_tmp(own_fd, err);
        if (r == 0)
                *ret_fd = TAKE_FD(own_fd);
        return r;
}

int root_furnish(int *ret_upper, int own_fd, const struct root_plan *plan, struct err *err)
{
        _cleanup_(closep) int upper = -1;
        struct bundle bundle = { 0 };
        int r = 0;

        if (plan->is_bundle)
                r = bundle_open(&bundle, plan->object_fd, plan->bundle_at);
        if (r < 0)
                return err_set(err, r, "the bundle of the agent's folder is damaged");
        r = own_limit(own_fd, plan, &bundle.head, err);
        if (r == 0 && plan->is_bundle)
                r = unpack_bundle(own_fd, &bundle, err);
        else if (r == 0 && plan->object_fd >= 0)
                r = copy_object(own_fd, plan->object_fd, err);
        if (r == 0)
                r = workspace_attach(&upper, plan, err);
        if (r == 0)
                r = mount_freeze(own_fd, plan->is_bundle ? MOUNT_ATTR_NOEXEC : 0, err);
        if (r == 0)
                *ret_upper = TAKE_FD(upper);
        return r;
}

int root_tree_find(const char *path, uint64_t device, uint64_t inode, struct err *err)
{
        _cleanup_(closep) int fd = -1;
        struct stat st;

        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return err_sys(err, -errno, "cannot open the workspace %s for the cell", path);
        if (fstat(fd, &st) < 0)
                return err_sys(err, -errno, "cannot look at the workspace %s", path);
        if (st.st_dev != device || st.st_ino != inode)
                return err_set(err, -ESTALE,
                               "the workspace %s is not the folder that was opened: it was moved, "
                               "or something is mounted over it",
                               path);
        return TAKE_FD(fd);
}

int root_tree_clone(int folder, int userns_fd, struct err *err)
{
        struct mount_attr attr = {
                .attr_set = READ_ONLY | MOUNT_ATTR_NOEXEC,
                .propagation = MS_PRIVATE,
        };
        _cleanup_(closep) int tree = -1;

        tree = open_tree(folder, "",
                         OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
        if (tree < 0)
                return err_sys(err, -errno, "cannot take the workspace into a cell");
        if (userns_fd >= 0) {
                attr.attr_set |= MOUNT_ATTR_IDMAP;
                attr.userns_fd = (uint64_t) userns_fd;
        }
        if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
                return err_sys(err, -errno, "cannot make the workspace read-only for the cell");
        return TAKE_FD(tree);
}
