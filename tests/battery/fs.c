/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Files outside of the cell: to be read, written, or only to be known of; and the mounts that make
 * them so
 */

#include "probe.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/acct.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static bool file_is_changed(void)
{
        char text[sizeof(scene.canary) + 1] = { 0 };
        int fd = open(scene.file, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
        struct stat st;

        if (fd >= 0)
                (void) close(fd);
        return n < 0 || strcmp(text, scene.canary) != 0 || stat(scene.file, &st) < 0 ||
               (st.st_mode & 07777) != 0666;
}

/* Where an attack makes something beside the file, and whether it is there. */
static const char *beside(void)
{
        static char path[128];

        (void) snprintf(path, sizeof(path), "%s/made", scene.folder);
        return path;
}

static bool beside_is_there(void)
{
        struct stat st;

        return lstat(beside(), &st) == 0;
}

/* Reads the canary: to open something is not yet to have it. */
static int read_canary(int fd)
{
        char text[sizeof(scene.canary)] = { 0 };
        int r = reached(fd >= 0 && read(fd, text, sizeof(text) - 1) >= 0);

        if (fd >= 0)
                (void) close(fd);
        return r ? r : strcmp(text, scene.canary) == 0 ? 0 : ENODATA;
}

/* reading */

ATTACK(read_absolute)
{
        return read_canary(open(scene.file, O_RDONLY | O_CLOEXEC));
}

ATTACK(read_relative)
{
        if (chdir("/") < 0)
                return errno;
        return read_canary(open(scene.file + 1, O_RDONLY | O_CLOEXEC));
}

ATTACK(read_dotdot)
{
        char path[256];

        (void) snprintf(path, sizeof(path), "../../../../../../../../../..%s", scene.file);
        return read_canary(open(path, O_RDONLY | O_CLOEXEC));
}

ATTACK(read_by_link)
{
        char path[128];
        int code;

        scratch_path(path, "link");
        if (symlink(scene.file, path) < 0)
                return errno;
        code = read_canary(open(path, O_RDONLY | O_CLOEXEC));
        (void) unlink(path);
        return code;
}

ATTACK(read_by_hard_link)
{
        char path[128];
        int code;

        scratch_path(path, "hard");
        if (link(scene.file, path) < 0)
                return errno;
        code = read_canary(open(path, O_RDONLY | O_CLOEXEC));
        (void) unlink(path);
        return code;
}

ATTACK(read_above_workspace)
{
        return read_canary(openat(workspace_fd(), "../file", O_RDONLY | O_CLOEXEC));
}

/* The last errno of a folder's, so that "no such file" is not hidden by "not a folder". */
ATTACK(read_by_every_descriptor)
{
        char path[256];
        int last = EBADF;

        (void) snprintf(path, sizeof(path), "../../../../../../../../../..%s", scene.file);
        for (int fd = 0; fd < 1024; fd++) {
                int code = read_canary(openat(fd, path, O_RDONLY | O_CLOEXEC));

                if (code == 0)
                        return 0;
                if (code != EBADF && code != ENOTDIR)
                        last = code;
        }
        return last;
}

ATTACK(read_by_proc_root)
{
        char path[256];

        (void) snprintf(path, sizeof(path), "/proc/%d/root%s", scene.victim, scene.file);
        return read_canary(open(path, O_RDONLY | O_CLOEXEC));
}

ATTACK(read_by_proc_fd)
{
        char path[64];

        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d/../file", workspace_fd());
        return read_canary(open(path, O_RDONLY | O_CLOEXEC));
}

ATTACK(read_proc_exe)
{
        char path[256];

        return reached(readlink("/proc/self/exe", path, sizeof(path)) > 0);
}

ATTACK(read_environment_of_victim)
{
        char path[64];
        int fd;

        (void) snprintf(path, sizeof(path), "/proc/%d/environ", scene.victim);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        return reached(fd >= 0 && read(fd, path, sizeof(path)) >= 0);
}

ATTACK(read_sys)
{
        return reached(open("/sys/kernel", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0);
}

ATTACK(read_kernel_log)
{
        return reached(open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC) >= 0);
}

ATTACK(open_terminal)
{
        return reached(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC) >= 0);
}

/* knowing */

ATTACK(stat_host)
{
        struct stat st;

        return reached(stat(scene.file, &st) == 0);
}

ATTACK(access_host)
{
        return reached(access(scene.file, F_OK) == 0);
}

ATTACK(list_host)
{
        DIR *folder = opendir(scene.folder);

        return reached(folder && readdir(folder));
}

ATTACK(statfs_host)
{
        struct statfs fs;

        return reached(statfs(scene.folder, &fs) == 0);
}

ATTACK(handle_of_host)
{
        struct {
                struct file_handle head;
                char bytes[128];
        } handle = { .head.handle_bytes = sizeof(handle.bytes) };
        int mount;

        return reached(name_to_handle_at(AT_FDCWD, scene.file, &handle.head, &mount, 0) == 0);
}

/*
 * The root folder of the file system that /usr lies on, by its number: so far above /usr that no
 * path leads there. A file system that has other handles answers ESTALE, behind the permission.
 */
ATTACK(open_by_handle)
{
        struct {
                struct file_handle head;
                uint32_t inode, generation;
        } handle = { { .handle_bytes = 8, .handle_type = 1 }, .inode = 2 };
        int at = open("/usr", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return passed(open_by_handle_at(at, &handle.head, O_RDONLY | O_CLOEXEC), ESTALE);
}

ATTACK(watch_by_inotify)
{
        int fd = inotify_init1(IN_CLOEXEC);

        return reached(fd >= 0 && inotify_add_watch(fd, scene.folder, IN_OPEN) >= 0);
}

ATTACK(watch_by_fanotify)
{
        int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID | FAN_CLOEXEC, O_RDONLY);

        return reached(fd >= 0 && fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN | FAN_EVENT_ON_CHILD,
                                                AT_FDCWD, scene.folder) == 0);
}

ATTACK(watch_by_dnotify)
{
        int fd = open("/usr", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return reached(fcntl(fd, F_NOTIFY, DN_CREATE) == 0);
}

/* The blocks of the disk that a file lies on. */
ATTACK(map_of_blocks)
{
        uint64_t request[8] = { 0, ~0ULL };
        int fd = open("/usr/bin/env", O_RDONLY | O_CLOEXEC);

        return reached(ioctl(fd, _IOWR('f', 11, uint64_t[4]) /* FS_IOC_FIEMAP */, request) == 0);
}

#ifdef SYS_ustat
/* Asks by the number of a device, where there is no path. */
ATTACK(statfs_by_device)
{
        char info[64];
        struct stat st;

        if (stat("/usr", &st) < 0)
                return errno;
        return reached(syscall(SYS_ustat, makedev(major(st.st_dev), minor(st.st_dev)), info) == 0);
}
#endif

/* The list of all mounts (6.8), of this name space or any whose number is guessed. */
ATTACK(list_mounts)
{
        struct {
                uint32_t size, spare;
                uint64_t mount, after;
        } request = { .size = sizeof(request), .mount = ~0ULL /* from the root */ };
        uint64_t ids[16];

        return reached(syscall(458 /* listmount */, &request, ids, 16, 0) >= 0);
}

/* writing */

ATTACK(write_absolute)
{
        int fd = open(scene.file, O_WRONLY | O_CLOEXEC);

        return reached(fd >= 0 && write(fd, "x", 1) == 1);
}

ATTACK(write_truncated)
{
        return reached(truncate(scene.file, 0) == 0);
}

ATTACK(write_mode)
{
        return reached(chmod(scene.file, 04777) == 0);
}

ATTACK(write_owner)
{
        return reached(chown(scene.file, (uid_t) -1, getegid()) == 0);
}

ATTACK(write_times)
{
        return reached(utimensat(AT_FDCWD, scene.file, NULL, 0) == 0);
}

ATTACK(write_attribute)
{
        return reached(setxattr(scene.file, "user.linhay", "x", 1, 0) == 0);
}

ATTACK(remove_file)
{
        return reached(unlink(scene.file) == 0);
}

ATTACK(rename_out)
{
        char path[128];
        int fd;

        scratch_path(path, "mine");
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        return reached(fd >= 0 && rename(path, scene.file) == 0);
}

ATTACK(make_file)
{
        return reached(open(beside(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0 &&
                       unlink(beside()) == 0);
}

ATTACK(make_nameless)
{
        return reached(open(scene.folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) >= 0);
}

ATTACK(make_folder)
{
        return reached(mkdir(beside(), 0700) == 0 && rmdir(beside()) == 0);
}

ATTACK(make_link)
{
        return reached(symlink("/", beside()) == 0 && unlink(beside()) == 0);
}

/* What all cells and the host share. A file without a name leaves nothing in a control. */
ATTACK(write_usr)
{
        return reached(open("/usr", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) >= 0);
}

ATTACK(write_root)
{
        return reached(open("/", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) >= 0);
}

ATTACK(make_device)
{
        char path[128];

        scratch_path(path, "device");
        return reached(mknod(path, S_IFCHR | 0666, makedev(1, 11)) == 0 && unlink(path) == 0);
}

/* mounts; where a control may not be let do it, the arguments are wrong behind the permission */

ATTACK(mount_new)
{
        return reached(mount("none", "/tmp", "tmpfs", 0, NULL) == 0);
}

ATTACK(mount_again)
{
        return reached(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL) == 0);
}

ATTACK(mount_writable)
{
        struct mount_attr attr = { .attr_clr = MOUNT_ATTR_RDONLY };

        return reached(syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &attr, sizeof(attr)) == 0);
}

ATTACK(mount_file_system)
{
        return reached(syscall(SYS_fsopen, "tmpfs", 0) >= 0);
}

ATTACK(mount_picked)
{
        return reached(syscall(SYS_fspick, AT_FDCWD, "/", 0) >= 0);
}

ATTACK(mount_cloned)
{
        return reached(syscall(SYS_open_tree, AT_FDCWD, "/usr", OPEN_TREE_CLONE) >= 0);
}

ATTACK(mount_moved) /* from what is not mounted: EINVAL */
{
        return passed(syscall(SYS_move_mount, AT_FDCWD, scene.folder, AT_FDCWD, "/tmp", 0), EINVAL);
}

ATTACK(unmount) /* in the control nothing is mounted there: EINVAL */
{
        return passed(umount2(in_cell() ? "/tmp" : scene.folder, MNT_DETACH), EINVAL);
}

ATTACK(pivot_root) /* both are on the mount that is the root already: EBUSY */
{
        return passed(syscall(SYS_pivot_root, ".", "."), EBUSY);
}

/* the machine's disks */

ATTACK(swap_on) /* it is no swap space: EINVAL */
{
        return passed(swapon(in_cell() ? "/agent.so" : scene.file, 0), EINVAL);
}

ATTACK(swap_off) /* it is no swap space: EINVAL */
{
        return passed(swapoff(in_cell() ? "/agent.so" : scene.file), EINVAL);
}

ATTACK(quota_sync)
{
        return reached(syscall(SYS_quotactl, 0x80000100U /* Q_SYNC */, NULL, 0, NULL) == 0);
}

ATTACK(account) /* there is no such file */
{
        return passed(acct("/nowhere/linhay"), ENOENT);
}

const struct probe fs_probes[] = {
        { "fs/read-absolute", "open a file of the host's by its path and read it", read_absolute,
          "ENOENT" },
        { "fs/read-relative", "the same by the path from the root folder", read_relative,
          "ENOENT" },
        { "fs/read-dotdot", "the same by ten times .. from the working folder", read_dotdot,
          "ENOENT" },
        { "fs/read-symlink", "the same through a symbolic link made in /tmp", read_by_link,
          "ENOENT" },
        { "fs/read-hard-link", "the same through a hard link made in /tmp", read_by_hard_link,
          "ENOENT" },
        { "fs/read-above-workspace", "a file beside the workspace, by its descriptor and ..",
          read_above_workspace, "ENOENT", .workspace = WORKSPACE_RO },
        { "fs/read-every-descriptor", "the same from every descriptor that is open",
          read_by_every_descriptor, "ENOENT", .workspace = WORKSPACE_RO },
        { "fs/read-proc-root", "a file of the host's through /proc/PID/root of another process",
          read_by_proc_root, "ENOENT" },
        { "fs/read-proc-fd", "a file beside the workspace through /proc/self/fd", read_by_proc_fd,
          "ENOENT", .workspace = WORKSPACE_RO },
        { "fs/read-proc-exe", "where on the host the program lies, from /proc/self/exe",
          read_proc_exe, "ENOENT" },
        { "fs/read-environ", "the environment of another process, from /proc",
          read_environment_of_victim, "ENOENT" },
        { "fs/read-sys", "the kernel's objects, from /sys", read_sys, "ENOENT" },
        { "fs/read-kmsg", "the kernel's log, from /dev/kmsg", read_kernel_log, "ENOENT",
          .control = CONTROL_ROOT, .device = "/dev/kmsg" },
        { "fs/open-ptmx", "a new terminal, from /dev/ptmx", open_terminal, "ENOENT" },
        { "fs/stat", "ask for the size and times of a file of the host's", stat_host, "ENOENT" },
        { "fs/access", "ask whether a file of the host's is there", access_host, "ENOENT" },
        { "fs/list", "list a folder of the host's", list_host, "ENOENT" },
        { "fs/statfs", "ask how full a disk of the host's is", statfs_host, "ENOENT" },
        { "fs/name-to-handle", "a handle of a file of the host's, to be opened later",
          handle_of_host, "syscall name_to_handle_at", .without_seccomp = "ENOENT" },
        { "fs/open-by-handle", "open the root of the disk below /usr by a guessed handle",
          open_by_handle, "syscall open_by_handle_at", .without_seccomp = "EPERM",
          .control = CONTROL_ROOT },
        { "fs/inotify", "be told who opens files of the host's", watch_by_inotify, "ENOSYS",
          .without_seccomp = "ENOENT" },
        { "fs/fanotify", "the same by fanotify, which ordinary users may use for folders",
          watch_by_fanotify, "syscall fanotify_init", .without_seccomp = "ENOENT" },
        { "fs/dnotify", "be told by signals what others make in /usr", watch_by_dnotify,
          "syscall fcntl", .without_seccomp = "reached" },
        { "fs/fiemap", "ask which blocks of the host's disk a library lies on", map_of_blocks,
          "syscall ioctl", .without_seccomp = "reached" },
#ifdef SYS_ustat
        { "fs/ustat", "ask how full a disk is by its device number", statfs_by_device,
          "syscall ustat", .without_seccomp = "reached" },
#endif
        { "fs/listmount", "list the mounts of the name space without /proc", list_mounts,
          "syscall listmount or syscall ?", .without_seccomp = "reached" },
        { "fs/write-absolute", "open a file of the host's by its path and write to it",
          write_absolute, "ENOENT", .harmed = file_is_changed },
        { "fs/truncate", "cut a file of the host's to nothing", write_truncated, "ENOENT",
          .harmed = file_is_changed },
        { "fs/chmod", "make a file of the host's a set-uid program", write_mode, "ENOENT",
          .harmed = file_is_changed },
        { "fs/chown", "give a file of the host's away", write_owner, "EPERM",
          .without_seccomp = "ENOENT" },
        { "fs/utimes", "change the times of a file of the host's", write_times, "ENOENT" },
        { "fs/setxattr", "put an attribute on a file of the host's", write_attribute, "EOPNOTSUPP",
          .without_seccomp = "ENOENT" },
        { "fs/unlink", "remove a file of the host's", remove_file, "ENOENT",
          .harmed = file_is_changed },
        { "fs/rename", "put a file of its own in the place of one of the host's", rename_out,
          "ENOENT", .harmed = file_is_changed },
        { "fs/create", "make a file in a folder of the host's", make_file, "ENOENT",
          .harmed = beside_is_there },
        { "fs/tmpfile", "make a file without a name on a disk of the host's", make_nameless,
          "ENOENT" },
        { "fs/mkdir", "make a folder in a folder of the host's", make_folder, "ENOENT",
          .harmed = beside_is_there },
        { "fs/symlink", "make a symbolic link in a folder of the host's", make_link, "ENOENT",
          .harmed = beside_is_there },
        { "fs/write-usr", "make a file in /usr, which all cells share with the host", write_usr,
          "EROFS", .control = CONTROL_ROOT },
        { "fs/write-root", "make a file in the root folder", write_root, "EROFS",
          .control = CONTROL_ROOT },
        { "fs/mknod", "make the device of the kernel's log in /tmp", make_device, "EPERM",
          .without_seccomp = "EACCES", .control = CONTROL_ROOT },
        { "fs/mount", "mount a file system over /tmp", mount_new, "syscall mount",
          .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "fs/remount", "mount the root folder again, to be written", mount_again, "syscall mount",
          .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "fs/mount-setattr", "take read-only away from the root's mount", mount_writable,
          "syscall mount_setattr", .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "fs/fsopen", "make a file system that is not mounted yet", mount_file_system,
          "syscall fsopen", .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "fs/fspick", "take the root's file system to change its options", mount_picked,
          "syscall fspick", .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "fs/open-tree", "take a copy of /usr's mount", mount_cloned, "syscall open_tree",
          .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "fs/move-mount", "put a mount of the host's in the place of /tmp", mount_moved,
          "syscall move_mount", .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "fs/umount", "take a mount away, to see what it covers", unmount, "syscall umount2",
          .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "fs/pivot-root", "change the root of the mount name space", pivot_root,
          "syscall pivot_root", .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "fs/swapon", "have the kernel swap to a file", swap_on, "syscall swapon",
          .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "fs/swapoff", "take swap space away from the machine", swap_off, "syscall swapoff",
          .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "fs/quotactl", "have the quotas of all disks written", quota_sync, "syscall quotactl",
          .without_seccomp = "reached" },
        { "fs/acct", "have every process of the machine recorded", account, "syscall acct",
          .without_seccomp = "EPERM", .control = CONTROL_ROOT },
};
PROBES_END(fs)
