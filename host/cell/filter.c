/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/filter.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>

#include "base/buf.h"
#include "base/io.h"
#include "cell/memfd.h"
#include "cell/spawn.h"

#define ALLOW       SCMP_ACT_ALLOW
#define DENY(error) SCMP_ACT_ERRNO(error)
/* The runtime's handler names the call and ends the cell; stage 1 keeps the handler in place. */
#define END SCMP_ACT_TRAP

#define IS(n, value)           SCMP_CMP64(n, SCMP_CMP_EQ, (value))
#define MASKED(n, mask, value) SCMP_CMP64(n, SCMP_CMP_MASKED_EQ, (mask), (value))
#define FUTEX(command)         MASKED(1, (uint32_t) FUTEX_CMD_MASK, (command))
#define NEW_NAMESPACES                                                                             \
        (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
         CLONE_NEWPID | CLONE_NEWNET)

struct row {
        const char *name;
        uint32_t action;
        unsigned n_args;
        struct scmp_arg_cmp args[3];
};

/* Allowed whatever the arguments: they act on what the cell already has. */
static const char *const base_names[] = {
        /* files, below what mounts and Landlock leave */
        "access",
        "chdir",
        "chmod",
        "close",
        "close_range",
        "copy_file_range",
        "creat",
        "dup",
        "dup2",
        "dup3",
        "faccessat",
        "faccessat2",
        "fadvise64",
        "fallocate",
        "fchdir",
        "fchmod",
        "fchmodat",
        "fdatasync",
        "flock",
        "fstat",
        "fstatfs",
        "fsync",
        "ftruncate",
        "futimesat",
        "getcwd",
        "getdents",
        "getdents64",
        "link",
        "linkat",
        "lseek",
        "newfstatat",
        "lstat",
        "mkdir",
        "mkdirat",
        "newfstatat",
        "open",
        "openat",
        "openat2",
        "pread64",
        "preadv",
        "preadv2",
        "pwrite64",
        "pwritev",
        "pwritev2",
        "read",
        "readahead",
        "readlink",
        "readlinkat",
        "readv",
        "rename",
        "renameat",
        "renameat2",
        "rmdir",
        "sendfile",
        "stat",
        "statfs",
        "statx",
        "symlink",
        "symlinkat",
        "sync_file_range",
        "truncate",
        "umask",
        "unlink",
        "unlinkat",
        "utime",
        "utimensat",
        "utimes",
        "write",
        "writev",
        /* waiting */
        "epoll_create",
        "epoll_create1",
        "epoll_ctl",
        "epoll_pwait",
        "epoll_pwait2",
        "epoll_wait",
        "eventfd",
        "eventfd2",
        "pause",
        "pipe",
        "pipe2",
        "poll",
        "ppoll",
        "pselect6",
        "select",
        "timerfd_create",
        "timerfd_gettime",
        "timerfd_settime",
        /* the cell's own socket; no other can be made */
        "recvfrom",
        "recvmsg",
        "sendmsg",
        "sendto",
        /* memory */
        "brk",
        "membarrier",
        "mincore",
        "mlock",
        "mremap",
        "msync",
        "munlock",
        "munmap",
        /* the process itself */
        "alarm",
        "exit",
        "exit_group",
        "futex_waitv",
        "get_robust_list",
        "getegid",
        "geteuid",
        "getgid",
        "getgroups",
        "getitimer",
        "getpgid",
        "getpgrp",
        "getpid",
        "getppid",
        "getpriority",
        "getrandom",
        "getresgid",
        "getresuid",
        "getrlimit",
        "getrusage",
        "getsid",
        "gettid",
        "getuid",
        "restart_syscall",
        "rseq",
        "set_robust_list",
        "set_tid_address",
        "setitimer",
        "sysinfo",
        "times",
        "uname",
        /* scheduling and clocks, to look at */
        "clock_getres",
        "clock_gettime",
        "clock_nanosleep",
        "getcpu",
        "gettimeofday",
        "nanosleep",
        "sched_get_priority_max",
        "sched_get_priority_min",
        "sched_getaffinity",
        "sched_getattr",
        "sched_getparam",
        "sched_getscheduler",
        "sched_rr_get_interval",
        "sched_yield",
        "time",
        "timer_create",
        "timer_delete",
        "timer_getoverrun",
        "timer_gettime",
        "timer_settime",
        /* signals; the cell is alone in its pid namespace, or a filter of its own sees to it */
        "kill",
        "rt_sigpending",
        "rt_sigprocmask",
        "rt_sigreturn",
        "rt_sigsuspend",
        "rt_sigtimedwait",
        "sigaltstack",
        "tgkill",
        "tkill",
};

/* Allowed or refused by argument; what fits no row ends the cell. */
static const struct row base_rows[] = {
        { "mmap", ALLOW, 1, { MASKED(2, PROT_EXEC, 0) } },
        { "mprotect", ALLOW, 1, { MASKED(2, PROT_EXEC, 0) } },
        { "pkey_mprotect", ALLOW, 1, { MASKED(2, PROT_EXEC, 0) } },

        /* not: pages merged with those of others, pages given up as broken */
        { "madvise", ALLOW, 1, { SCMP_CMP64(2, SCMP_CMP_LT, MADV_MERGEABLE) } },
        { "madvise", ALLOW, 1, { IS(2, MADV_HUGEPAGE) } },
        { "madvise", ALLOW, 1, { IS(2, MADV_NOHUGEPAGE) } },
        { "madvise", ALLOW, 1, { MASKED(2, ~15ULL, 16) } },
        { "madvise", DENY(EPERM), 1, { IS(2, MADV_MERGEABLE) } },

        /*
         * The handler that names a denied call stays where it is. Not "all but SIGSYS": the kernel
         * looks at the lower half of a number only, and the filter at all of it.
         */
        { "rt_sigaction", ALLOW, 1, { SCMP_CMP64(0, SCMP_CMP_LT, SIGSYS) } },
        { "rt_sigaction", ALLOW, 1, { MASKED(0, ~31ULL, 32) } },
        { "rt_sigaction", ALLOW, 1, { IS(0, 64) } },
        { "rt_sigaction", DENY(EPERM), 1, { IS(0, SIGSYS) } },

        { "futex", ALLOW, 1, { FUTEX(FUTEX_WAIT) } },
        { "futex", ALLOW, 1, { FUTEX(FUTEX_WAKE) } },
        { "futex", ALLOW, 1, { FUTEX(FUTEX_REQUEUE) } },
        { "futex", ALLOW, 1, { FUTEX(FUTEX_CMP_REQUEUE) } },
        { "futex", ALLOW, 1, { FUTEX(FUTEX_WAKE_OP) } },
        { "futex", ALLOW, 1, { FUTEX(FUTEX_WAIT_BITSET) } },
        { "futex", ALLOW, 1, { FUTEX(FUTEX_WAKE_BITSET) } },
        /* locks that lend their priority, where most of its flaws were */
        { "futex", DENY(ENOSYS), 1, { FUTEX(FUTEX_LOCK_PI) } },
        { "futex", DENY(ENOSYS), 1, { FUTEX(FUTEX_UNLOCK_PI) } },
        { "futex", DENY(ENOSYS), 1, { FUTEX(FUTEX_TRYLOCK_PI) } },
        { "futex", DENY(ENOSYS), 1, { FUTEX(FUTEX_WAIT_REQUEUE_PI) } },
        { "futex", DENY(ENOSYS), 1, { FUTEX(FUTEX_CMP_REQUEUE_PI) } },
        { "futex", DENY(ENOSYS), 1, { FUTEX(FUTEX_LOCK_PI2) } },

        { "fcntl", ALLOW, 1, { IS(1, F_DUPFD) } },
        { "fcntl", ALLOW, 1, { IS(1, F_DUPFD_CLOEXEC) } },
        { "fcntl", ALLOW, 1, { IS(1, F_GETFD) } },
        { "fcntl", ALLOW, 1, { IS(1, F_SETFD) } },
        { "fcntl", ALLOW, 1, { IS(1, F_GETFL) } },
        { "fcntl", ALLOW, 1, { IS(1, F_SETFL) } },
        { "fcntl", ALLOW, 1, { IS(1, F_GETLK) } },
        { "fcntl", ALLOW, 1, { IS(1, F_SETLK) } },
        { "fcntl", ALLOW, 1, { IS(1, F_SETLKW) } },
        { "fcntl", ALLOW, 1, { IS(1, F_OFD_GETLK) } },
        { "fcntl", ALLOW, 1, { IS(1, F_OFD_SETLK) } },
        { "fcntl", ALLOW, 1, { IS(1, F_OFD_SETLKW) } },
        { "fcntl", ALLOW, 1, { IS(1, F_GETPIPE_SZ) } },
        { "fcntl", ALLOW, 1, { IS(1, F_GET_SEALS) } },
        { "fcntl", DENY(EPERM), 1, { IS(1, F_SETPIPE_SZ) } },
        { "fcntl", DENY(EPERM), 1, { IS(1, F_ADD_SEALS) } },
        { "fcntl", DENY(EPERM), 1, { IS(1, F_SETOWN) } },

        { "ioctl", ALLOW, 1, { IS(1, FIONREAD) } },
        { "ioctl", ALLOW, 1, { IS(1, FIOCLEX) } },
        { "ioctl", ALLOW, 1, { IS(1, FIONCLEX) } },
        { "ioctl", ALLOW, 1, { IS(1, FIONBIO) } },
        { "ioctl", DENY(ENOTTY), 1, { IS(1, TCGETS) } },
        { "ioctl", DENY(ENOTTY), 1, { IS(1, TIOCGWINSZ) } },
        { "ioctl", DENY(ENOTTY), 1, { IS(1, TIOCGPGRP) } },
        { "ioctl", DENY(ENOTTY), 1, { IS(1, FS_IOC_GETFLAGS) } },
        { "ioctl", DENY(EOPNOTSUPP), 1, { IS(1, FICLONE) } },
        { "ioctl", DENY(EOPNOTSUPP), 1, { IS(1, FICLONERANGE) } },
        { "ioctl", DENY(ENOTTY), 1, { IS(1, BLKGETSIZE64) } },

        { "prctl", ALLOW, 1, { IS(0, PR_SET_NAME) } },
        { "prctl", ALLOW, 1, { IS(0, PR_GET_NAME) } },
        { "prctl", ALLOW, 1, { IS(0, PR_GET_DUMPABLE) } },
        { "prctl", ALLOW, 1, { IS(0, PR_GET_SECCOMP) } },
        { "prctl", ALLOW, 1, { IS(0, PR_GET_NO_NEW_PRIVS) } },
        { "prctl", ALLOW, 1, { IS(0, PR_CAPBSET_READ) } },
        { "prctl", ALLOW, 1, { IS(0, PR_SET_VMA) } },
        { "prctl", DENY(EPERM), 1, { IS(0, PR_SET_DUMPABLE) } },
        { "prctl", DENY(EPERM), 1, { IS(0, PR_SET_PDEATHSIG) } },
        { "prctl", DENY(EPERM), 1, { IS(0, PR_SET_TIMERSLACK) } },
        { "prctl", DENY(EPERM), 1, { IS(0, PR_SET_THP_DISABLE) } },
        { "prctl", DENY(EPERM), 1, { IS(0, PR_SET_PTRACER) } },

        /* a limit may be read */
        { "prlimit64", ALLOW, 1, { IS(2, 0) } },
        { "prlimit64", DENY(EPERM), 1, { SCMP_CMP64(2, SCMP_CMP_NE, 0) } },
        { "personality", ALLOW, 1, { IS(0, 0xffffffff) } },

        /* name services ask a daemon first; a socket to the world is another matter */
        { "socket", DENY(EACCES), 1, { IS(0, AF_UNIX) } },

        /* tried by libraries that do without */
        { "setrlimit", DENY(EPERM), 0 },
        { "setpriority", DENY(EPERM), 0 },
        { "sched_setaffinity", DENY(EPERM), 0 },
        { "sched_setattr", DENY(EPERM), 0 },
        { "sched_setparam", DENY(EPERM), 0 },
        { "sched_setscheduler", DENY(EPERM), 0 },
        { "ioprio_get", DENY(EPERM), 0 },
        { "ioprio_set", DENY(EPERM), 0 },
        { "chown", DENY(EPERM), 0 },
        { "fchown", DENY(EPERM), 0 },
        { "fchownat", DENY(EPERM), 0 },
        { "lchown", DENY(EPERM), 0 },
        { "mknod", DENY(EPERM), 0 },
        { "mknodat", DENY(EPERM), 0 },
        { "getxattr", DENY(EOPNOTSUPP), 0 },
        { "fgetxattr", DENY(EOPNOTSUPP), 0 },
        { "lgetxattr", DENY(EOPNOTSUPP), 0 },
        { "listxattr", DENY(EOPNOTSUPP), 0 },
        { "flistxattr", DENY(EOPNOTSUPP), 0 },
        { "llistxattr", DENY(EOPNOTSUPP), 0 },
        { "setxattr", DENY(EOPNOTSUPP), 0 },
        { "fsetxattr", DENY(EOPNOTSUPP), 0 },
        { "lsetxattr", DENY(EOPNOTSUPP), 0 },
        { "removexattr", DENY(EOPNOTSUPP), 0 },
        { "fremovexattr", DENY(EOPNOTSUPP), 0 },
        { "lremovexattr", DENY(EOPNOTSUPP), 0 },
        { "mlock2", DENY(EPERM), 0 },
        { "mlockall", DENY(EPERM), 0 },
        { "munlockall", DENY(EPERM), 0 },
        { "mbind", DENY(EPERM), 0 },
        { "get_mempolicy", DENY(EPERM), 0 },
        { "set_mempolicy", DENY(EPERM), 0 },
        { "io_uring_setup", DENY(ENOSYS), 0 },
        { "inotify_init", DENY(ENOSYS), 0 },
        { "inotify_init1", DENY(ENOSYS), 0 },
#ifdef __x86_64__
        { "arch_prctl", DENY(EINVAL), 1, { IS(0, 0x3001) } }, /* ARCH_CET_STATUS */
#endif
};

/* Stage 1 without the group `jit`: code is mapped from files that cannot be written, only. */
static const struct row load_rows[] = {
        { "mmap",
          ALLOW,
          2,
          { MASKED(2, PROT_EXEC | PROT_WRITE, PROT_EXEC), MASKED(3, MAP_ANONYMOUS, 0) } },
        /* and our own stage 2, known by its address */
        { "seccomp",
          ALLOW,
          3,
          { IS(0, SECCOMP_SET_MODE_FILTER), IS(1, SPAWN_STAGE2_FLAGS),
            IS(2, SPAWN_STAGE2_ADDRESS) } },
};

static const struct row threads_rows[] = {
        { "clone", ALLOW, 1, { MASKED(0, CLONE_THREAD | NEW_NAMESPACES, CLONE_THREAD) } },
        /* its flags are behind a pointer; the C library then takes clone() */
        { "clone3", DENY(ENOSYS), 0 },
        { "sched_setaffinity", DENY(EPERM), 0 },
};

static const struct row spawn_rows[] = {
        { "clone", ALLOW, 1, { MASKED(0, NEW_NAMESPACES, 0) } },
        { "clone3", DENY(ENOSYS), 0 },
        { "fork", ALLOW, 0 },
        { "vfork", ALLOW, 0 },
        { "execve", ALLOW, 0 },
#ifdef __x86_64__
        { "arch_prctl", ALLOW, 1, { IS(0, 0x1002) } }, /* ARCH_SET_FS */
#endif
        { "wait4", ALLOW, 0 },
        { "waitid", ALLOW, 0 },
};

static const struct row jit_rows[] = {
        { "mmap", ALLOW, 0 },       { "mprotect", ALLOW, 0 },  { "pkey_mprotect", ALLOW, 0 },
        { "pkey_alloc", ALLOW, 0 }, { "pkey_free", ALLOW, 0 },
};

static const struct row identity_rows[] = {
        { "setuid", DENY(EPERM), 0 },    { "setgid", DENY(EPERM), 0 },
        { "setreuid", DENY(EPERM), 0 },  { "setregid", DENY(EPERM), 0 },
        { "setresuid", DENY(EPERM), 0 }, { "setresgid", DENY(EPERM), 0 },
        { "setgroups", DENY(EPERM), 0 }, { "setsid", DENY(EPERM), 0 },
        { "setpgid", DENY(EPERM), 0 },   { "capget", ALLOW, 0 },
        { "capset", DENY(EPERM), 0 },
};

static const struct group {
        const char *name;
        const char *summary;
        const struct row *rows;
        size_t n_rows;
        uint32_t flags;
} groups[] = {
        { "threads", "threads, as many as limits.processes says", threads_rows,
          ARRAY_SIZE(threads_rows), SPAWN_PROCESSES },
        { "spawn", "other programs of /usr, in the same cell; no stage 2", spawn_rows,
          ARRAY_SIZE(spawn_rows), SPAWN_PROCESSES | SPAWN_STAGE1 },
        { "jit", "memory that is writable and executable", jit_rows, ARRAY_SIZE(jit_rows),
          SPAWN_JIT },
        { "identity", "asking for another user or group is refused instead of fatal", identity_rows,
          ARRAY_SIZE(identity_rows), 0 },
};

const char *filter_group_name(size_t i)
{
        return i < ARRAY_SIZE(groups) ? groups[i].name : NULL;
}

const char *filter_group_summary(size_t i)
{
        return i < ARRAY_SIZE(groups) ? groups[i].summary : NULL;
}

void filter_done(struct filter *f)
{
        closep(&f->fd);
}

static const struct group *group_find(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
                if (strcmp(groups[i].name, name) == 0)
                        return &groups[i];
        return NULL;
}

static void filter_releasep(scmp_filter_ctx *ctx)
{
        if (*ctx)
                seccomp_release(*ctx);
}

/* A name that this machine or this library does not know cannot be called either. */
static int row_add(scmp_filter_ctx ctx, const struct row *row, struct err *err)
{
        int number = seccomp_syscall_resolve_name(row->name), r;

        if (number < 0)
                return 0;
        r = seccomp_rule_add_array(ctx, row->action, number, row->n_args, row->args);
        /* The same row may come with two groups. */
        if (r < 0 && r != -EEXIST)
                return err_sys(err, r, "cannot add %s to the system call filter", row->name);
        return 0;
}

static int rows_add(scmp_filter_ctx ctx, const struct row *rows, size_t n, struct err *err)
{
        for (size_t i = 0; i < n; i++) {
                int r = row_add(ctx, &rows[i], err);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int names_add(scmp_filter_ctx ctx, const char *const *names, size_t n, struct err *err)
{
        for (size_t i = 0; i < n; i++) {
                int r = row_add(ctx, &(struct row){ .name = names[i], .action = ALLOW }, err);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* Another architecture's entry has other numbers: no name to give, the kernel kills. */
static scmp_filter_ctx filter_new(uint32_t otherwise)
{
        scmp_filter_ctx ctx = seccomp_init(otherwise);

        if (!ctx)
                return NULL;
        if (seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) < 0 ||
            seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0) {
                seccomp_release(ctx);
                return NULL;
        }
        return ctx;
}

/* libseccomp writes to a descriptor only; a memfd takes it. */
static int filter_export(scmp_filter_ctx ctx, struct buf *program, struct err *err)
{
        _cleanup_(closep) int fd = memfd_create("linhay-filter", MFD_CLOEXEC);
        int r;

        if (fd < 0)
                return err_sys(err, -errno, "cannot make memory for the system call filter");
        r = seccomp_export_bpf(ctx, fd);
        if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
                r = -errno;
        if (r == 0)
                r = fd_read_all(fd, program);
        return r < 0 ? err_sys(err, r, "cannot write the system call filter") : 0;
}

/* Rows of a group come first: libseccomp keeps the widest rule of an action, and says so by
 * -EEXIST. */
static int stage1_build(struct buf *program, const struct group *const *granted, size_t n_granted,
                        struct err *err)
{
        _cleanup_(filter_releasep) scmp_filter_ctx ctx = filter_new(END);
        int r = 0;

        if (!ctx)
                return err_set(err, -ENOMEM, "cannot make a system call filter");
        for (size_t i = 0; i < n_granted && r == 0; i++)
                r = rows_add(ctx, granted[i]->rows, granted[i]->n_rows, err);
        if (r == 0)
                r = names_add(ctx, base_names, ARRAY_SIZE(base_names), err);
        if (r == 0)
                r = rows_add(ctx, base_rows, ARRAY_SIZE(base_rows), err);
        if (r == 0)
                r = rows_add(ctx, load_rows, ARRAY_SIZE(load_rows), err);
        return r < 0 ? r : filter_export(ctx, program, err);
}

/* After prepare(): no code that is not there yet, and no further filter. */
static int stage2_build(struct buf *program, uint32_t flags, struct err *err)
{
        static const struct row rows[] = {
                { "mmap", END, 1, { MASKED(2, PROT_EXEC, PROT_EXEC) } },
                { "mprotect", END, 1, { MASKED(2, PROT_EXEC, PROT_EXEC) } },
        };
        static const struct row always[] = { { "seccomp", END, 0 } };
        _cleanup_(filter_releasep) scmp_filter_ctx ctx = filter_new(ALLOW);
        int r;

        if (!ctx)
                return err_set(err, -ENOMEM, "cannot make a system call filter");
        r = rows_add(ctx, always, ARRAY_SIZE(always), err);
        if (r == 0 && !(flags & SPAWN_JIT))
                r = rows_add(ctx, rows, ARRAY_SIZE(rows), err);
        return r < 0 ? r : filter_export(ctx, program, err);
}

static int filter_store(struct filter *ret, const struct buf *stage1, const struct buf *stage2,
                        uint32_t flags, struct err *err)
{
        _cleanup_(buf_done) struct buf both = { 0 };
        int fd;

        if (buf_add(&both, stage1->data, stage1->length) < 0 ||
            buf_add(&both, stage2->data, stage2->length) < 0)
                return err_set(err, -ENOMEM, "no memory for the system call filter");
        fd = memfd_of_bytes("linhay-filter", both.data, both.length);
        if (fd < 0)
                return err_sys(err, fd, "cannot seal the system call filter");
        *ret = (struct filter){
                .fd = fd,
                .stage1_bytes = (uint32_t) stage1->length,
                .stage2_bytes = (uint32_t) stage2->length,
                .flags = flags,
        };
        return 0;
}

int filter_build(struct filter *ret, const char *const *names, struct err *err)
{
        _cleanup_(buf_done) struct buf stage1 = { 0 }, stage2 = { 0 };
        const struct group *granted[ARRAY_SIZE(groups)];
        size_t n = 0;
        uint32_t flags = 0;
        int r;

        for (; names && *names; names++) {
                const struct group *g = group_find(*names);

                if (!g)
                        return err_set(err, -EINVAL,
                                       "there is no group of system calls called \"%s\"; there are "
                                       "threads, spawn, jit and identity",
                                       *names);
                flags |= g->flags;
                for (size_t i = 0; i < n; i++)
                        if (granted[i] == g)
                                g = NULL;
                if (g)
                        granted[n++] = g;
        }
        r = stage1_build(&stage1, granted, n, err);
        if (r == 0)
                r = stage2_build(&stage2, flags, err);
        return r < 0 ? r : filter_store(ret, &stage1, &stage2, flags, err);
}

int filter_build_inspector(struct filter *ret, struct err *err)
{
        static const char *const names[] = {
                "brk",     "close",        "exit",       "exit_group",  "fstat",
                "futex",   "lseek",        "newfstatat", "madvise",     "munmap",
                "pread64", "rt_sigreturn", "sendmsg",    "sigaltstack",
        };
        static const struct row rows[] = { { "mmap", ALLOW, 1, { MASKED(2, PROT_EXEC, 0) } } };
        _cleanup_(filter_releasep) scmp_filter_ctx ctx = filter_new(SCMP_ACT_KILL_PROCESS);
        _cleanup_(buf_done) struct buf program = { 0 }, none = { 0 };
        int r;

        if (!ctx)
                return err_set(err, -ENOMEM, "cannot make a system call filter");
        r = names_add(ctx, names, ARRAY_SIZE(names), err);
        if (r == 0)
                r = rows_add(ctx, rows, ARRAY_SIZE(rows), err);
        if (r == 0)
                r = filter_export(ctx, &program, err);
        return r < 0 ? r : filter_store(ret, &program, &none, 0, err);
}

char *filter_syscall_name(uint32_t arch, int number)
{
        uint32_t token = arch == AUDIT_ARCH_X86_64    ? SCMP_ARCH_X86_64
                         : arch == AUDIT_ARCH_AARCH64 ? SCMP_ARCH_AARCH64
                                                      : 0;

        return token && number >= 0 ? seccomp_syscall_resolve_num_arch(token, number) : NULL;
}

static bool rows_grant(const struct group *g, const char *name)
{
        for (size_t i = 0; i < g->n_rows; i++)
                if (strcmp(g->rows[i].name, name) == 0)
                        return true;
        return false;
}

const char *filter_syscall_remedy(const char *name)
{
        static const char *const sentences[] = {
                "the group \"threads\" in needs.syscalls would allow it for threads, \"spawn\" for "
                "other programs",
                "the group \"spawn\" in needs.syscalls would allow it",
                "the group \"jit\" in needs.syscalls would allow it",
                "the group \"identity\" in needs.syscalls would let it fail instead",
        };

        _Static_assert(ARRAY_SIZE(sentences) == ARRAY_SIZE(groups), "a sentence for each group");
        for (size_t i = 0; name && i < ARRAY_SIZE(groups); i++)
                if (rows_grant(&groups[i], name))
                        return sentences[i];
        return "nothing grants it";
}
