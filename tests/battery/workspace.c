/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a cell leaves in its workspace for the host to trip over
 *
 * Each works in the folder that it finds itself in: a cell's overlay, or in the control the real
 * tree. What an overlay was left with is then collected as after any run.
 */

#include "probe.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static int write_file(const char *path, const char *text, mode_t mode)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
        int r = reached(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text));

        if (fd >= 0)
                (void) close(fd);
        return r;
}

/* an honest change, for controls */
static int change(void)
{
        return write_file("a", "changed\n", 0644);
}

/* files that are no files */

static int make_fifo(struct linhay_run *r)
{
        (void) r;
        return reached(mkfifo("fifo", 0644) == 0);
}

static int make_socket(struct linhay_run *r)
{
        (void) r;
        return reached(mknod("socket", S_IFSOCK | 0644, 0) == 0);
}

static int make_device(struct linhay_run *r)
{
        (void) r;
        return reached(mknod("zero", S_IFCHR | 0666, makedev(1, 5)) == 0);
}

static int make_whiteout(struct linhay_run *r)
{
        (void) r;
        return reached(mknod("a-whiteout", S_IFCHR, makedev(0, 0)) == 0);
}

/* A rename that leaves a whiteout in its place. */
static int rename_whiteout(struct linhay_run *r)
{
        (void) r;
        return reached(renameat2(AT_FDCWD, "a", AT_FDCWD, "moved", RENAME_WHITEOUT) == 0);
}

/* bits */

static int set_user_id(struct linhay_run *r)
{
        int code = write_file("tool", "#!/bin/sh\n", 0755);

        (void) r;
        if (code || scene.honest)
                return code;
        return reached(chmod("tool", 04755) == 0);
}

static int set_group_id(struct linhay_run *r)
{
        int code = write_file("tool", "#!/bin/sh\n", 0755);

        (void) r;
        if (code || scene.honest)
                return code;
        return reached(chmod("tool", 02755) == 0);
}

static int set_group_id_folder(struct linhay_run *r)
{
        (void) r;
        return reached(mkdir("shared", 0755) == 0 && chmod("shared", 02777) == 0 &&
                       write_file("shared/file", "x", 0644) == 0);
}

static int nobodys_file(struct linhay_run *r)
{
        int code = write_file("closed", "x", 0644);

        (void) r;
        if (code || scene.honest)
                return code;
        return reached(chmod("closed", 0) == 0);
}

static int nobodys_folder(struct linhay_run *r)
{
        (void) r;
        if (mkdir("closed", 0755) < 0 || write_file("closed/file", "x", 0644) != 0)
                return errno;
        return reached(scene.honest || chmod("closed", 0) == 0);
}

/* sizes and depths */

static int sparse_file(struct linhay_run *r)
{
        int fd = open("sparse", O_WRONLY | O_CREAT, 0644);

        (void) r;
        return reached(fd >= 0 && ftruncate(fd, scene.honest ? 4096 : 1L << 40) == 0);
}

/* One in the other, from here on down; the working folder is the last. */
static int folder_chain(const char *name, int length)
{
        int code = 0;

        for (int i = 0; code == 0 && i < length; i++) {
                code = reached(mkdir(name, 0755) == 0 && chdir(name) == 0);
                name = "d";
        }
        return code;
}

/*
 * As deep as it goes; no path leads there. From the bottom, in pieces: Landlock looks at every
 * folder above a new one, which makes one long chain the work of seconds.
 */
static int deep_folders(struct linhay_run *r)
{
        int top = open(".", O_RDONLY | O_DIRECTORY), code = 0;

        (void) r;
        for (int i = 0; code == 0 && i < (scene.honest ? 1 : 100); i++) {
                code = folder_chain("piece", scene.honest ? 10 : 100);
                if (code == 0 && i == 0)
                        code = write_file("file", "x", 0644);
                else if (code == 0)
                        code = reached(renameat(top, "d", AT_FDCWD, "d") == 0);
                if (code == 0)
                        code = reached(fchdir(top) == 0 && rename("piece", "d") == 0);
        }
        (void) fchdir(top);
        return code;
}

/* names */

static int name_newline(struct linhay_run *r)
{
        (void) r;
        return write_file("one\n+++ two", "x", 0644);
}

static int name_escape(struct linhay_run *r)
{
        (void) r;
        return write_file("\x1b[2Jclear", "x", 0644);
}

static int name_long(struct linhay_run *r)
{
        char name[256];

        (void) r;
        memset(name, 'n', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        return write_file(name, "x", 0644);
}

static int name_no_utf8(struct linhay_run *r)
{
        (void) r;
        return write_file(scene.honest ? "utf8" : "\xff\xfe", "x", 0644);
}

static int name_reorder(struct linhay_run *r)
{
        (void) r;
        return write_file("invoice\xe2\x80\xae"
                          "fdp.sh",
                          "x", 0755);
}

static int name_backslash(struct linhay_run *r)
{
        (void) r;
        return write_file("..\\..\\up", "x", 0644);
}

static int name_option(struct linhay_run *r)
{
        (void) r;
        return write_file("--output=x", "x", 0644);
}

/* links */

static int link_to(const char *target)
{
        return reached(symlink(scene.honest ? "a" : target, "to") == 0);
}

static int link_absolute(struct linhay_run *r)
{
        (void) r;
        return link_to(scene.file);
}

static int link_up(struct linhay_run *r)
{
        (void) r;
        return link_to("../file");
}

static int link_down_and_up(struct linhay_run *r)
{
        (void) r;
        return link_to("b/../../file");
}

static int link_proc(struct linhay_run *r)
{
        (void) r;
        return link_to("/proc/self/root/etc/passwd");
}

static int link_long(struct linhay_run *r)
{
        static char target[4095];

        (void) r;
        memset(target, '/', sizeof(target) - 1);
        memcpy(target, "b", 1);
        return link_to(target);
}

static int link_itself(struct linhay_run *r)
{
        (void) r;
        return link_to("to");
}

/* The folder that a file was in becomes a link; who goes by its path is elsewhere. */
static int link_for_folder(struct linhay_run *r)
{
        (void) r;
        return reached(unlink("b/c") == 0 && rmdir("b") == 0 &&
                       symlink(scene.honest ? "a" : scene.folder, "b") == 0);
}

/* The same inside of the tree, so that the link by itself is allowed. */
static int link_for_folder_inside(struct linhay_run *r)
{
        (void) r;
        return reached(mkdir("b2", 0755) == 0 && unlink("b/c") == 0 && rmdir("b") == 0 &&
                       symlink("b2", "b") == 0 &&
                       write_file("b/c", "through the link\n", 0644) == 0);
}

static int link_for_file(struct linhay_run *r)
{
        (void) r;
        return reached(unlink("a") == 0 && symlink(scene.honest ? "l" : scene.file, "a") == 0);
}

static int hard_link(struct linhay_run *r)
{
        (void) r;
        return reached(link("a", "b/a") == 0 && change() == 0);
}

static int hard_link_host(struct linhay_run *r)
{
        (void) r;
        return reached(link(scene.file, "linked") == 0);
}

static int hard_link_program(struct linhay_run *r)
{
        (void) r;
        if (getpid() != 1) { /* the control has nothing of its own in /usr */
                char path[200];

                (void) snprintf(path, sizeof(path), "%s/program", scene.folder);
                (void) unlink("linked");
                return write_file(path, "x", 0755) ? EIO : reached(link(path, "linked") == 0);
        }
        return reached(link("/usr/bin/true", "linked") == 0);
}

/* marks of the overlay's own */

static int mark(const char *path, const char *name, const char *value)
{
        return reached(setxattr(path, name, value, strlen(value), 0) == 0);
}

static int mark_opaque(struct linhay_run *r)
{
        (void) r;
        return mark("b", "user.overlay.opaque", "y");
}

static int mark_redirect(struct linhay_run *r)
{
        (void) r;
        return mark("b", "user.overlay.redirect", "/b");
}

static int mark_metacopy(struct linhay_run *r)
{
        (void) r;
        return mark("a", "user.overlay.metacopy", "");
}

static int mark_whiteout(struct linhay_run *r)
{
        (void) r;
        return mark("a", "user.overlay.whiteout", "y");
}

static int mark_capability(struct linhay_run *r)
{
        static const char full[20] = "\1\0\0\2\xff\xff\xff\xff";

        (void) r;
        return reached(setxattr("a", "security.capability", full, sizeof(full), 0) == 0);
}

static int mark_immutable(struct linhay_run *r)
{
        int fd = open("a", O_RDONLY), flags = FS_IMMUTABLE_FL, code;

        (void) r;
        code = reached(fd >= 0 && syscall(SYS_ioctl, fd, FS_IOC_SETFLAGS, &flags) == 0);
        flags = 0;
        if (code == 0)
                (void) syscall(SYS_ioctl, fd, FS_IOC_SETFLAGS, &flags);
        return code;
}

/* what git would run */

static int git_hook(const char *folder)
{
        char path[64];

        if (scene.honest)
                return change();
        (void) snprintf(path, sizeof(path), "%s/hooks", folder);
        if (mkdir(folder, 0755) < 0 || mkdir(path, 0755) < 0)
                return errno;
        (void) snprintf(path, sizeof(path), "%s/hooks/post-checkout", folder);
        return write_file(path, "#!/bin/sh\nid\n", 0755);
}

static int git_folder(struct linhay_run *r)
{
        (void) r;
        return git_hook(".git");
}

static int git_capitals(struct linhay_run *r)
{
        (void) r;
        return git_hook(".GiT");
}

static int git_below(struct linhay_run *r)
{
        (void) r;
        return git_hook("b/.git");
}

static int git_file(struct linhay_run *r)
{
        (void) r;
        return scene.honest ? change() : write_file(".git", "gitdir: /tmp/other\n", 0644);
}

static int git_link(struct linhay_run *r)
{
        (void) r;
        return scene.honest ? change() : reached(symlink("b", ".git") == 0);
}

/* changes that are none, and more of them than are told */

static int touch(struct linhay_run *r)
{
        static const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

        (void) r;
        return reached(utimensat(AT_FDCWD, "a", times, 0) == 0);
}

static int rename_over(struct linhay_run *r)
{
        (void) r;
        return reached(rename("a", "b/c") == 0);
}

static int folder_for_file(struct linhay_run *r)
{
        (void) r;
        return reached(unlink("a") == 0 && mkdir("a", 0755) == 0 &&
                       write_file("a/x", "x", 0644) == 0);
}

static int file_for_folder(struct linhay_run *r)
{
        (void) r;
        return reached(unlink("b/c") == 0 && rmdir("b") == 0 && write_file("b", "x", 0644) == 0);
}

static int delete_all(struct linhay_run *r)
{
        (void) r;
        return reached(unlink("a") == 0 && unlink("l") == 0 && unlink("b/c") == 0 &&
                       rmdir("b") == 0);
}

/* Somebody who stays to change things when the cell has ended. */
static int leave_changer(void (*step)(unsigned))
{
        pid_t pid = scene.honest ? 1 : fork();

        if (pid == 0)
                for (unsigned i = 0;; i++)
                        step(i);
        return pid < 0 ? errno : change();
}

static void swap_link(unsigned i)
{
        (void) unlink("swapped");
        (void) (i & 1 ? write_file("swapped", "x", 0644) : symlink(scene.file, "swapped"));
}

static void swap_folder(unsigned i)
{
        (void) (i & 1 ? rename("elsewhere", "b") : rename("b", "elsewhere"));
        (void) (i & 1 ? 0 : symlink("/tmp", "b"));
        if (i & 1)
                (void) unlink("b");
}

static void grow_file(unsigned i)
{
        int fd = open("growing", O_WRONLY | O_CREAT | O_APPEND, 0644);

        (void) i;
        (void) write(fd, "more", 4);
        (void) close(fd);
}

static int stay_swap_link(struct linhay_run *r)
{
        (void) r;
        return leave_changer(swap_link);
}

static int stay_swap_folder(struct linhay_run *r)
{
        (void) r;
        return leave_changer(swap_folder);
}

static int stay_grow(struct linhay_run *r)
{
        (void) r;
        return leave_changer(grow_file);
}

/* a tree that may be read */

static int ro_write(struct linhay_run *r)
{
        (void) r;
        return reached(open("a", O_WRONLY) >= 0);
}

static int ro_truncate(struct linhay_run *r)
{
        (void) r;
        return reached(open("a", O_RDONLY | O_TRUNC) >= 0);
}

static int ro_map(struct linhay_run *r)
{
        int fd = open("a", O_RDWR);
        char *at;

        (void) r;
        if (fd < 0)
                return errno;
        at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        return reached(at != MAP_FAILED);
}

static int ro_make(struct linhay_run *r)
{
        (void) r;
        return write_file("new", "x", 0644);
}

static int ro_without_name(struct linhay_run *r)
{
        (void) r;
        return reached(open(".", O_TMPFILE | O_WRONLY, 0644) >= 0);
}

static int ro_delete(struct linhay_run *r)
{
        (void) r;
        return reached(unlink("a") == 0);
}

static int ro_rename(struct linhay_run *r)
{
        (void) r;
        return reached(rename("a", "b/c") == 0);
}

static int ro_mode(struct linhay_run *r)
{
        (void) r;
        return reached(chmod("a", 0777) == 0);
}

static int ro_times(struct linhay_run *r)
{
        return touch(r);
}

static int ro_attribute(struct linhay_run *r)
{
        (void) r;
        return reached(setxattr("a", "user.mark", "x", 1, 0) == 0);
}

static int ro_link(struct linhay_run *r)
{
        (void) r;
        return reached(link("a", "/tmp/linhay-battery-a") == 0 &&
                       unlink("/tmp/linhay-battery-a") == 0);
}

static int ro_above(struct linhay_run *r)
{
        (void) r;
        return reached(open("../file", O_RDONLY) >= 0);
}

#define OVERLAY  .workspace = WORKSPACE_OVERLAY, .is_collected = true
#define ASKED    OVERLAY, .control = CONTROL_HONEST
#define READABLE .workspace = WORKSPACE_RO

const struct probe workspace_probes[] = {
        { "workspace/fifo", "leave a fifo, so that who reads it waits for ever", make_fifo, "EPERM",
          .without_seccomp = "EACCES", OVERLAY },
        { "workspace/socket", "leave a socket", make_socket, "EPERM", .without_seccomp = "EACCES",
          OVERLAY },
        { "workspace/device", "leave a device", make_device, "EPERM", .without_seccomp = "EACCES",
          OVERLAY, .control = CONTROL_ROOT },
        { "workspace/whiteout", "forge an overlay's mark of a deletion", make_whiteout, "EPERM",
          .without_seccomp = "EACCES", OVERLAY },
        { "workspace/rename-whiteout", "have a rename leave such a mark", rename_whiteout,
          "EINVAL or EPERM or collected", OVERLAY },

        { "workspace/set-user-id", "leave a program that runs as its owner", set_user_id, "refused",
          ASKED },
        { "workspace/set-group-id", "leave a program that runs as its group", set_group_id,
          "refused", ASKED },
        { "workspace/set-group-id-folder", "leave a folder whose files have its group",
          set_group_id_folder, "collected", OVERLAY },
        { "workspace/closed-file", "leave a file that nobody may read", nobodys_file, "collected",
          .as_user = "EACCES or refused or collected", ASKED },
        { "workspace/closed-folder", "leave a folder that nobody may look into", nobodys_folder,
          "collected", .as_user = "EACCES or refused or collected", ASKED },

        { "workspace/sparse", "leave a file of 1 TiB", sparse_file, "refused", ASKED,
          .limit = LIMIT_FILE_SIZE, .value = 1UL << 42 },
        { "workspace/deep", "leave ten thousand folders, one in the other", deep_folders, "refused",
          .is_slow = true, ASKED },
        { "workspace/name-newline", "leave a name that is two lines of a diff", name_newline,
          "collected", OVERLAY },
        { "workspace/name-escape", "leave a name that clears a terminal", name_escape, "collected",
          OVERLAY },
        { "workspace/name-long", "leave a name of 255 bytes", name_long, "collected", OVERLAY },
        { "workspace/name-no-utf8", "leave a name that is no UTF-8", name_no_utf8, "refused",
          ASKED },
        { "workspace/name-reorder", "leave a name that is shown from right to left", name_reorder,
          "collected", OVERLAY },
        { "workspace/name-backslash", "leave a name that is a path elsewhere", name_backslash,
          "collected", OVERLAY },
        { "workspace/name-option", "leave a name that is an option", name_option, "collected",
          OVERLAY },

        { "workspace/link-absolute", "leave a link to a file of the host's", link_absolute,
          "refused", ASKED },
        { "workspace/link-up", "leave a link that goes up", link_up, "refused", ASKED },
        { "workspace/link-down-and-up", "leave a link that goes down, and up twice",
          link_down_and_up, "refused", ASKED },
        { "workspace/link-proc", "leave a link into the reader's own /proc", link_proc, "refused",
          ASKED },
        { "workspace/link-long", "leave a link of 4,094 bytes", link_long, "collected", ASKED },
        { "workspace/link-itself", "leave a link to itself", link_itself, "collected", ASKED },
        { "workspace/link-for-folder", "replace a folder by a link to one of the host's",
          link_for_folder, "refused", ASKED },
        { "workspace/link-for-folder-inside",
          "replace a folder by a link to another, and write through it", link_for_folder_inside,
          "collected", OVERLAY },
        { "workspace/link-for-file", "replace a file by a link to one of the host's", link_for_file,
          "refused", ASKED },
        { "workspace/hard-link", "give a file of the tree a second name, and change it", hard_link,
          "collected", OVERLAY },
        { "workspace/hard-link-host", "take a file of the host's into the tree by a hard link",
          hard_link_host, "ENOENT", OVERLAY },
        { "workspace/hard-link-program", "the same with a program that the cell can see",
          hard_link_program, "EXDEV", .without_landlock = "EXDEV", OVERLAY },

        { "workspace/mark-opaque", "forge an overlay's mark of a replaced folder", mark_opaque,
          "EOPNOTSUPP", .without_seccomp = "EPERM or EOPNOTSUPP or unchanged or collected",
          OVERLAY },
        { "workspace/mark-redirect", "forge an overlay's mark of a moved folder", mark_redirect,
          "EOPNOTSUPP", .without_seccomp = "EPERM or EOPNOTSUPP or unchanged or refused", OVERLAY },
        { "workspace/mark-metacopy", "forge an overlay's mark of a file whose bytes are elsewhere",
          mark_metacopy, "EOPNOTSUPP",
          .without_seccomp = "EPERM or EOPNOTSUPP or unchanged or refused", OVERLAY },
        { "workspace/mark-whiteout", "forge the mark of a deletion that is an attribute",
          mark_whiteout, "EOPNOTSUPP",
          .without_seccomp = "EPERM or EOPNOTSUPP or unchanged or collected", OVERLAY },
        { "workspace/mark-capability", "give a program capabilities", mark_capability, "EOPNOTSUPP",
          .without_seccomp = "EPERM or EOPNOTSUPP or EINVAL or unchanged", OVERLAY,
          .control = CONTROL_ROOT },
        { "workspace/mark-immutable", "leave a file that cannot be deleted", mark_immutable,
          "syscall ioctl", .without_seccomp = "EPERM or ENOTTY or EOPNOTSUPP or EACCES", OVERLAY,
          .control = CONTROL_NONE, .reason = "whether it can be done is up to the file system" },

        { "workspace/git-hook", "leave a program that git would run", git_folder, "refused",
          ASKED },
        { "workspace/git-capitals", "the same for a file system that ignores case", git_capitals,
          "refused", ASKED },
        { "workspace/git-below", "the same in a folder below", git_below, "refused", ASKED },
        { "workspace/git-file", "lead git elsewhere by a file", git_file, "refused", ASKED },
        { "workspace/git-link", "lead git elsewhere by a link", git_link, "refused", ASKED },

        { "workspace/touch", "change nothing but a file's times", touch, "unchanged", OVERLAY },
        { "workspace/rename-over", "replace a file by renaming another", rename_over, "collected",
          OVERLAY },
        { "workspace/folder-for-file", "replace a file by a folder", folder_for_file, "collected",
          OVERLAY },
        { "workspace/file-for-folder", "replace a folder by a file", file_for_folder, "collected",
          OVERLAY },
        { "workspace/delete-all", "delete everything", delete_all, "collected", OVERLAY },

        { "workspace/stay-swap-link", "stay, and swap a file for a link while the host collects",
          stay_swap_link, "refused or collected", .group = "spawn", .limit = LIMIT_PROCESSES,
          .value = 2, ASKED },
        { "workspace/stay-swap-folder", "stay, and swap a folder for a link", stay_swap_folder,
          "refused or collected", .group = "spawn", .limit = LIMIT_PROCESSES, .value = 2, ASKED },
        { "workspace/stay-grow", "stay, and let a file grow", stay_grow, "collected",
          .group = "spawn", .limit = LIMIT_PROCESSES, .value = 2, ASKED },

        { "workspace/ro-write", "write to a file that may only be read", ro_write, "EROFS",
          READABLE },
        { "workspace/ro-truncate", "cut it short while it is opened to be read", ro_truncate,
          "EROFS", READABLE },
        { "workspace/ro-map", "write to it through shared memory", ro_map, "EROFS", READABLE },
        { "workspace/ro-make", "make a file beside it", ro_make, "EROFS", READABLE },
        { "workspace/ro-no-name", "make a file without a name there", ro_without_name, "EROFS",
          READABLE },
        { "workspace/ro-delete", "delete it", ro_delete, "EROFS", READABLE },
        { "workspace/ro-rename", "rename it over another", ro_rename, "EROFS", READABLE },
        { "workspace/ro-mode", "change its mode", ro_mode, "EROFS", READABLE },
        { "workspace/ro-times", "change its times", ro_times, "EROFS", READABLE },
        { "workspace/ro-attribute", "give it an attribute", ro_attribute, "EOPNOTSUPP",
          .without_seccomp = "EROFS", READABLE },
        { "workspace/ro-link", "give it a name where the cell may write", ro_link, "EXDEV",
          READABLE },
        { "workspace/ro-above", "open what lies beside the tree", ro_above, "ENOENT or EACCES",
          READABLE },
};
PROBES_END(workspace)
