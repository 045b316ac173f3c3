/* SPDX-License-Identifier: Apache-2.0 */

/*
 * More rights than the cell was given: other identities, capabilities, namespaces, keys, and the
 * filter itself
 */

#include "probe.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>

/* identities */

ATTACK(run_set_uid)
{
        char *const arguments[] = { (char *) (uintptr_t) "su", (char *) (uintptr_t) "--version",
                                    NULL };

        return reached(execve("/usr/bin/su", arguments, NULL) == 0);
}

ATTACK(become_root)
{
        return reached(syscall(SYS_setuid, 0) == 0);
}

ATTACK(become_root_group)
{
        return reached(syscall(SYS_setresgid, 0, 0, 0) == 0);
}

ATTACK(join_groups)
{
        const gid_t root = 0;

        return reached(syscall(SYS_setgroups, 1, &root) == 0);
}

/* It says who one was before, whatever it did. */
ATTACK(become_root_for_files)
{
        (void) setfsuid(0);
        return setfsuid((uid_t) -1) == 0 ? 0 : EPERM;
}

/* capabilities */

static int capabilities_set(uint32_t effective, uint32_t inheritable)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct want[2] = { { effective, effective, inheritable } };

        return (int) syscall(SYS_capset, &header, want);
}

ATTACK(take_capability)
{
        return reached(capabilities_set(1U << CAP_SYS_ADMIN, 0) == 0);
}

/* The control puts it where it may be raised from. */
ATTACK(raise_ambient)
{
        if (!in_cell() && capabilities_set(1U << CAP_SYS_ADMIN, 1U << CAP_SYS_ADMIN) < 0)
                return errno;
        return reached(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0) == 0);
}

ATTACK(unlock_secure_bits)
{
        return reached(prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS) == 0);
}

ATTACK(keep_capabilities)
{
        return reached(prctl(PR_SET_KEEPCAPS, 1) == 0);
}

/* A program of its own that has every capability. */
ATTACK(give_file_capability)
{
        const struct vfs_cap_data all = {
                .magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
                .data = { { ~0U, 0 }, { ~0U, 0 } },
        };
        char path[128];
        int fd;

        scratch_path(path, "capable");
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
        return reached(fd >= 0 && setxattr(path, "security.capability", &all, sizeof(all), 0) == 0);
}

ATTACK(be_dumpable)
{
        return reached(prctl(PR_SET_DUMPABLE, 1) == 0);
}

ATTACK(be_faster)
{
        return reached(setpriority(PRIO_PROCESS, 0, -20) == 0);
}

/* namespaces */

ATTACK(unshare_user)
{
        return reached(unshare(CLONE_NEWUSER) == 0);
}

/* In a namespace of its own it has every capability, and mounts. */
ATTACK(unshare_and_mount)
{
        return reached(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
                       mount("none", "/tmp", "tmpfs", 0, NULL) == 0);
}

static int gone(long pid)
{
        if (pid == 0)
                _exit(0);
        if (pid > 0)
                (void) waitpid((pid_t) pid, NULL, __WALL);
        return reached(pid > 0);
}

ATTACK(clone_user)
{
        return gone(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
}

ATTACK(clone3_user)
{
        struct clone_args args = { .flags = CLONE_NEWUSER | CLONE_NEWNET, .exit_signal = SIGCHLD };

        return gone(syscall(SYS_clone3, &args, sizeof(args)));
}

/* Inside there is no descriptor of a process; the call itself is tried. */
ATTACK(enter_victims_mounts)
{
        int fd = in_cell() ? CELL_SOCKET : (int) syscall(SYS_pidfd_open, scene.victim, 0);

        return reached(setns(fd, CLONE_NEWNS) == 0);
}

ATTACK(enter_by_proc)
{
        char path[64];
        int fd;

        (void) snprintf(path, sizeof(path), "/proc/%d/ns/net", scene.victim);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        return reached(fd >= 0 && setns(fd, CLONE_NEWNET) == 0);
}

ATTACK(change_root)
{
        return reached(chroot("/tmp") == 0);
}

/* keys */

ATTACK(key_add)
{
        return reached(syscall(SYS_add_key, "user", "linhay", "x", 1, KEY_SPEC_PROCESS_KEYRING) >=
                       0);
}

ATTACK(key_request) /* there is no such key: ENOKEY */
{
        return passed(syscall(SYS_request_key, "user", "linhay-none", NULL, 0), ENOKEY);
}

ATTACK(key_ring)
{
        return reached(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1) >= 0);
}

/* the filter */

static struct sock_filter let_all[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
static struct sock_fprog let_all_program = { 1, let_all };

/* The control needs what a cell has already. */
static long filter_set(unsigned flags)
{
        if (!in_cell() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -1;
        return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &let_all_program);
}

ATTACK(filter_own)
{
        return reached(filter_set(0) == 0);
}

ATTACK(filter_for_all)
{
        return reached(filter_set(SECCOMP_FILTER_FLAG_TSYNC) == 0);
}

/* Whoever listens may answer the calls of others, among them a thread's that is trusted. */
ATTACK(filter_listener)
{
        return reached(filter_set(SECCOMP_FILTER_FLAG_NEW_LISTENER) >= 0);
}

ATTACK(filter_by_prctl)
{
        if (!in_cell() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return errno;
        return reached(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &let_all_program) == 0);
}

/* The kernel asks a byte in memory, before any filter, where a call shall go. */
ATTACK(dispatch_own_calls)
{
        static char selector; /* 0 = allow */

        return reached(prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector) ==
                       0);
}

ATTACK(landlock_own)
{
        struct landlock_ruleset_attr attr = { .handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE };

        return reached(syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0) >= 0);
}

/* the handler that names a denied call and ends the cell; trace_me() stands for any such call */

static int trace_me(void)
{
        return reached(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
}

static void go_on(int number)
{
        (void) number;
}

ATTACK(handler_replaced)
{
        struct sigaction action = { .sa_handler = go_on };

        return sigaction(SIGSYS, &action, NULL) < 0 ? errno : trace_me();
}

/* The number has bits that a filter sees and the kernel does not. */
ATTACK(handler_replaced_by_high_bits)
{
        struct {
                void (*handler)(int);
                unsigned long flags;
                void (*restorer)(void);
                uint64_t mask;
        } action = { .handler = SIG_IGN };

        if (syscall(SYS_rt_sigaction, (1UL << 32) | SIGSYS, &action, NULL, 8) < 0)
                return errno;
        return trace_me();
}

ATTACK(handler_blocked)
{
        sigset_t all;

        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, NULL);
        return trace_me();
}

/* A handler without a stack cannot run. */
ATTACK(handler_without_stack)
{
        stack_t nowhere = { .ss_sp = (void *) 4096, .ss_size = 65536 };

        if (sigaltstack(&nowhere, NULL) < 0)
                return errno;
        return trace_me();
}

/* It runs, and the host does not hear it. */
ATTACK(handler_muted)
{
        if (dup2(0, CELL_SOCKET) < 0)
                return errno;
        return trace_me();
}

const struct probe privilege_probes[] = {
        { "privilege/set-uid-program", "run a set-uid program of /usr", run_set_uid,
          "syscall execve", .control = CONTROL_NONE, .without_seccomp = "protocol or ENOENT",
          .reason = "such a program is never root in a cell; whether it would be cannot be asked" },
        { "privilege/setuid", "become root", become_root, "syscall setuid",
          .without_seccomp = "EINVAL", .control = CONTROL_ROOT },
        { "privilege/setresgid", "become root's group", become_root_group, "syscall setresgid",
          .without_seccomp = "EINVAL", .control = CONTROL_ROOT },
        { "privilege/setgroups", "join root's group", join_groups, "syscall setgroups",
          .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "privilege/setfsuid", "become root for files only", become_root_for_files,
          "syscall setfsuid", .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "privilege/capset", "take a capability", take_capability, "syscall capset",
          .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "privilege/ambient", "raise a capability for programs that it starts", raise_ambient,
          "syscall prctl", .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "privilege/secure-bits", "unlock the secure bits", unlock_secure_bits, "syscall prctl",
          .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "privilege/keep-caps", "keep capabilities over a change of user", keep_capabilities,
          "syscall prctl", .without_seccomp = "EPERM" },
        { "privilege/file-capability", "write a program that has every capability",
          give_file_capability, "EOPNOTSUPP", .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "privilege/dumpable", "let others of its user look into it, and leave a core",
          be_dumpable, "EPERM", .without_seccomp = "reached" },
        { "privilege/nice", "run before others", be_faster, "EPERM", .without_seccomp = "EACCES",
          .control = CONTROL_ROOT },
        { "privilege/unshare-user", "a user namespace, with every capability in it", unshare_user,
          "syscall unshare", .without_seccomp = "reached" },
        { "privilege/unshare-mount", "the same, and mount there", unshare_and_mount,
          "syscall unshare", .without_seccomp = "EPERM" },
        { "privilege/clone-user", "a process in a user namespace by clone()", clone_user,
          "syscall clone", .without_seccomp = "EAGAIN" },
        { "privilege/clone3-user", "the same by clone3(), where no filter sees the flags",
          clone3_user, "syscall clone3", .without_seccomp = "EAGAIN" },
        { "privilege/setns", "enter the mount namespace of another process", enter_victims_mounts,
          "syscall setns", .without_seccomp = "EINVAL", .control = CONTROL_ROOT },
        { "privilege/setns-proc", "enter the host's network by /proc/PID/ns", enter_by_proc,
          "ENOENT", .control = CONTROL_ROOT },
        { "privilege/chroot", "change the root folder", change_root, "syscall chroot",
          .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "privilege/add-key", "leave a key with the kernel", key_add, "syscall add_key",
          .without_seccomp = "reached" },
        { "privilege/request-key", "ask for a key, which starts a program of root's on the host",
          key_request, "syscall request_key", .without_seccomp = "reached" },
        { "privilege/keyctl", "open the key ring of its user", key_ring, "syscall keyctl",
          .without_seccomp = "reached" },
        { "privilege/own-filter", "put a filter that allows everything over the cell's", filter_own,
          "syscall seccomp", .without_seccomp = "reached" },
        { "privilege/own-filter-all", "the same for all threads, as the host's second stage is",
          filter_for_all, "syscall seccomp", .without_seccomp = "reached" },
        { "privilege/own-listener", "a filter that lets it answer system calls itself",
          filter_listener, "syscall seccomp", .without_seccomp = "reached" },
        { "privilege/own-filter-prctl", "a filter by the older call", filter_by_prctl,
          "syscall prctl", .without_seccomp = "reached" },
        { "privilege/dispatch", "have system calls sent to itself before any filter",
          dispatch_own_calls, "syscall prctl", .without_seccomp = "reached" },
        { "privilege/landlock", "make Landlock rules of its own", landlock_own,
          "syscall landlock_create_ruleset", .without_seccomp = "reached" },
        { "privilege/handler-replaced", "put another handler for denied calls, and make one",
          handler_replaced, "EPERM", .without_seccomp = "reached" },
        { "privilege/handler-high-bits", "the same, with bits above the 32nd in the signal",
          handler_replaced_by_high_bits, "syscall rt_sigaction", .without_seccomp = "reached" },
        { "privilege/handler-blocked", "block the signal of denied calls, and make one",
          handler_blocked, "syscall ?", .without_seccomp = "reached" },
        { "privilege/handler-no-stack", "take the handler's stack away, and make a denied call",
          handler_without_stack, "signal", .without_seccomp = "reached" },
        { "privilege/handler-muted", "close the socket that the handler reports to, and make one",
          handler_muted, "protocol", .without_seccomp = "protocol" },
};
PROBES_END(privilege)
