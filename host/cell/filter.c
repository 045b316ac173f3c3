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
#include "cell/call.h"
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
static const char *const file_names[] = {
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
};

static const char *const wait_names[] = {
        "epoll_create",   "epoll_create1",   "epoll_ctl",
        "epoll_pwait",    "epoll_pwait2",    "epoll_wait",
        "eventfd",        "eventfd2",        "pause",
        "pipe",           "pipe2",           "poll",
        "ppoll",          "pselect6",        "select",
        "timerfd_create", "timerfd_gettime", "timerfd_settime",
};

static const char *const socket_names[] = {
        "recvfrom",
        "recvmsg",
        "sendmsg",
        "sendto",
};

static const char *const memory_names[] = {
        "brk", "membarrier", "mincore", "mlock", "mremap", "msync", "munlock", "munmap",
};

static const char *const process_names[] = {
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
};

static const char *const clock_names[] = {
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
};

static const char *const signal_names[] = {
        "kill",         "rt_sigpending", "rt_sigprocmask",
        "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
        "sigaltstack",  "tgkill",        "tkill",
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

};

/* Tried by libraries that do without. */
static const struct row answered_rows[] = {
        /* name services ask a daemon first; a socket to the world is another matter */
        { "socket", DENY(EACCES), 1, { IS(0, AF_UNIX) } },
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

/* Code is mapped from files that cannot be written, only; stage 2 takes this back. */
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
        /* execve() has taken our handler away, and programs reset every signal's; the call that it
         * would name is denied all the same */
        { "rt_sigaction", ALLOW, 0 },
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

/* Stage 2, after prepare(): no code that is not there yet, and no further filter. */
static const struct row sealed_rows[] = {
        { "seccomp", END, 0 },
};
static const struct row sealed_code_rows[] = {
        { "mmap", END, 1, { MASKED(2, PROT_EXEC, PROT_EXEC) } },
        { "mprotect", END, 1, { MASKED(2, PROT_EXEC, PROT_EXEC) } },
};

/* A set of calls with one purpose: names without a condition, or rows. */
struct set {
        const char *name;
        const char *purpose;
        const char *const *names;
        size_t n_names;
        const struct row *rows;
        size_t n_rows;
};
#define NAMES(list) (list), ARRAY_SIZE(list), NULL, 0
#define ROWS(list)  NULL, 0, (list), ARRAY_SIZE(list)

/* What every agent has. */
static const struct set base_sets[] = {
        { "files", "files, below what mounts and Landlock leave", NAMES(file_names) },
        { "waiting", "waiting for descriptors and time", NAMES(wait_names) },
        { "socket", "the cell's own socket; no other can be made", NAMES(socket_names) },
        { "memory", "memory of its own, up to the limit", NAMES(memory_names) },
        { "process", "the process itself: who it is, how it ends", NAMES(process_names) },
        { "clocks", "scheduling and clocks, to look at", NAMES(clock_names) },
        { "signals", "signals; it is alone in its pid namespace", NAMES(signal_names) },
        { "arguments", "calls that do many things: by argument", ROWS(base_rows) },
        { "answered", "what libraries try and do without: answered with an error",
          ROWS(answered_rows) },
        { "loading", "code from the system's libraries, until prepare() has returned; and stage 2",
          ROWS(load_rows) },
};

/* What is granted by name. */
static const struct group {
        struct set set;
        uint32_t flags;
        const char *remedy; /* where the arguments fit; NULL in front: they are not known */
        const char *remedy_by_name;
} groups[] = {
        { { "threads", "threads, as many as limits.processes says", ROWS(threads_rows) },
          SPAWN_PROCESSES,
          "the group \"threads\" in needs.syscalls would allow it",
          "the group \"threads\" in needs.syscalls would allow it for threads, \"spawn\" for "
          "other programs" },
        { { "spawn", "other programs of /usr, in the same cell; no stage 2", ROWS(spawn_rows) },
          SPAWN_PROCESSES | SPAWN_STAGE1,
          "the group \"spawn\" in needs.syscalls would allow it",
          NULL },
        { { "jit", "memory that is writable and executable", ROWS(jit_rows) },
          SPAWN_JIT,
          "the group \"jit\" in needs.syscalls would allow it",
          NULL },
        { { "identity", "asking for another user or group is refused instead of fatal",
            ROWS(identity_rows) },
          0,
          "the group \"identity\" in needs.syscalls would let it fail instead",
          NULL },
};

const char *filter_group_name(size_t i)
{
        return i < ARRAY_SIZE(groups) ? groups[i].set.name : NULL;
}

const char *filter_group_summary(size_t i)
{
        return i < ARRAY_SIZE(groups) ? groups[i].set.purpose : NULL;
}

/*
 * What stage 1 is made of, for a filter and for everybody who asks what it does. Sets of a group
 * come first: libseccomp keeps the widest rule of an action, and says so by -EEXIST.
 */
struct policy {
        const struct set *stage1[ARRAY_SIZE(groups) + ARRAY_SIZE(base_sets)];
        size_t n_stage1, n_granted;
        struct set stage2[2];
        size_t n_stage2;
        uint32_t flags; /* SPAWN_* */
};

void filter_done(struct filter *f)
{
        closep(&f->fd);
}

static const struct group *group_find(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
                if (strcmp(groups[i].set.name, name) == 0)
                        return &groups[i];
        return NULL;
}

static bool policy_has(const struct policy *p, const struct set *set)
{
        for (size_t i = 0; i < p->n_stage1; i++)
                if (p->stage1[i] == set)
                        return true;
        return false;
}

static int policy_make(struct policy *p, const char *const *names, struct err *err)
{
        *p = (struct policy){ 0 };
        for (; names && *names; names++) {
                const struct group *g = group_find(*names);

                if (!g)
                        return err_set(err, -EINVAL,
                                       "there is no group of system calls called \"%s\"; there are "
                                       "threads, spawn, jit and identity",
                                       *names);
                p->flags |= g->flags;
                if (!policy_has(p, &g->set))
                        p->stage1[p->n_stage1++] = &g->set;
        }
        p->n_granted = p->n_stage1;
        for (size_t i = 0; i < ARRAY_SIZE(base_sets); i++)
                p->stage1[p->n_stage1++] = &base_sets[i];
        if (p->flags & SPAWN_STAGE1)
                return 0;
        p->stage2[p->n_stage2++] = (struct set){ "sealed", "no further filter", ROWS(sealed_rows) };
        if (!(p->flags & SPAWN_JIT))
                p->stage2[p->n_stage2++] =
                        (struct set){ "sealed code", "no code that is not there yet",
                                      ROWS(sealed_code_rows) };
        return 0;
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

static int set_add(scmp_filter_ctx ctx, const struct set *set, struct err *err)
{
        int r = names_add(ctx, set->names, set->n_names, err);

        return r < 0 ? r : rows_add(ctx, set->rows, set->n_rows, err);
}

static int stage1_build(struct buf *program, const struct policy *p, struct err *err)
{
        _cleanup_(filter_releasep) scmp_filter_ctx ctx = filter_new(END);
        int r = 0;

        if (!ctx)
                return err_set(err, -ENOMEM, "cannot make a system call filter");
        for (size_t i = 0; i < p->n_stage1 && r == 0; i++)
                r = set_add(ctx, p->stage1[i], err);
        return r < 0 ? r : filter_export(ctx, program, err);
}

static int stage2_build(struct buf *program, const struct policy *p, struct err *err)
{
        _cleanup_(filter_releasep) scmp_filter_ctx ctx = filter_new(ALLOW);
        int r = 0;

        if (!ctx)
                return err_set(err, -ENOMEM, "cannot make a system call filter");
        for (size_t i = 0; i < p->n_stage2 && r == 0; i++)
                r = set_add(ctx, &p->stage2[i], err);
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
        struct policy policy;
        int r;

        r = policy_make(&policy, names, err);
        if (r == 0)
                r = stage1_build(&stage1, &policy, err);
        if (r == 0)
                r = stage2_build(&stage2, &policy, err);
        return r < 0 ? r : filter_store(ret, &stage1, &stage2, policy.flags, err);
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

static bool arg_fits(const struct scmp_arg_cmp *c, const uint64_t args[CALL_ARGS])
{
        uint64_t value = args[c->arg];

        switch (c->op) {
        case SCMP_CMP_EQ:
                return value == c->datum_a;
        case SCMP_CMP_NE:
                return value != c->datum_a;
        case SCMP_CMP_LT:
                return value < c->datum_a;
        case SCMP_CMP_MASKED_EQ:
                return (value & c->datum_a) == c->datum_b;
        default:
                return false;
        }
}

/* The first row that fits; `args` may be NULL: any row of that name. */
static const struct row *rows_find(const struct row *rows, size_t n, const char *name,
                                   const uint64_t *args)
{
        for (size_t i = 0; i < n; i++) {
                bool fits = strcmp(rows[i].name, name) == 0;

                for (unsigned j = 0; fits && args && j < rows[i].n_args; j++)
                        fits = arg_fits(&rows[i].args[j], args);
                if (fits)
                        return &rows[i];
        }
        return NULL;
}

static bool set_decide(const struct set *set, const char *name, const uint64_t *args,
                       uint32_t *ret_action)
{
        const struct row *row = rows_find(set->rows, set->n_rows, name, args);

        for (size_t i = 0; i < set->n_names; i++)
                if (strcmp(set->names[i], name) == 0) {
                        *ret_action = ALLOW;
                        return true;
                }
        if (row)
                *ret_action = row->action;
        return row != NULL;
}

static struct filter_decision decision_of(uint32_t action, const char *set)
{
        return (struct filter_decision){
                .rule = action == ALLOW ? FILTER_ALLOWS
                        : action == END ? FILTER_ENDS
                                        : FILTER_ANSWERS,
                .error = action == ALLOW || action == END ? 0 : (int) (action & 0xffff),
                .set = set,
        };
}

int filter_decide(struct filter_decision *ret, const char *const *names, bool is_prepared,
                  const char *call, const uint64_t args[CALL_ARGS], struct err *err)
{
        struct policy policy;
        uint32_t action;
        int r;

        r = policy_make(&policy, names, err);
        if (r < 0)
                return r;
        for (size_t i = 0; is_prepared && i < policy.n_stage2; i++)
                if (set_decide(&policy.stage2[i], call, args, &action)) {
                        *ret = decision_of(action, policy.stage2[i].name);
                        return 0;
                }
        for (size_t i = 0; i < policy.n_stage1; i++)
                if (set_decide(policy.stage1[i], call, args, &action)) {
                        *ret = decision_of(action, policy.stage1[i]->name);
                        return 0;
                }
        *ret = decision_of(END, NULL);
        return 0;
}

/* Until prepare() has returned it would have been allowed. */
static bool is_late(const char *name, const uint64_t *args)
{
        return args && rows_find(load_rows, 1, name, args);
}

const char *filter_syscall_remedy(const char *name, const uint64_t *args)
{
        if (is_late(name, args))
                return "it is allowed until prepare() has returned: load libraries there; "
                       "afterwards only the group \"jit\" in needs.syscalls would allow it";
        for (size_t i = 0; name && i < ARRAY_SIZE(groups); i++)
                if (rows_find(groups[i].set.rows, groups[i].set.n_rows, name, args))
                        return !args && groups[i].remedy_by_name ? groups[i].remedy_by_name
                                                                 : groups[i].remedy;
        return "nothing grants it";
}

/* "prot without PROT_EXEC": of flags, those that must be there and those that must not. */
static int flags_print(struct buf *ret, const char *call, const struct scmp_arg_cmp *c)
{
        uint64_t without = c->datum_a & ~c->datum_b;
        int r = 0;

        if (c->datum_b) {
                r = buf_puts(ret, " with ");
                if (r == 0)
                        r = call_value(ret, call, c->arg, c->datum_b);
        }
        if (r == 0 && without) {
                r = buf_puts(ret, c->datum_b ? " and without " : " without ");
                if (r == 0)
                        r = call_value(ret, call, c->arg, without);
        }
        return r;
}

/* Of all bits but the lowest: a range. Of other bits: a value, flags beside it aside. */
static int masked_print(struct buf *ret, const char *call, const struct scmp_arg_cmp *c)
{
        uint64_t below = ~c->datum_a;
        int r;

        if (call_is_flags(call, c->arg))
                return flags_print(ret, call, c);
        if (below && (below & (below + 1)) == 0)
                return buf_printf(ret, " from %llu to %llu", (unsigned long long) c->datum_b,
                                  (unsigned long long) (c->datum_b | below));
        r = buf_puts(ret, " = ");
        return r < 0 ? r : call_value(ret, call, c->arg, c->datum_b);
}

/* "prot without PROT_EXEC", "cmd = F_DUPFD" */
static int condition_print(struct buf *ret, const char *call, const struct scmp_arg_cmp *c)
{
        const char *name = call_argument(call, c->arg);
        int r;

        r = name ? buf_puts(ret, name) : buf_printf(ret, "argument %u", c->arg + 1);
        if (r == 0 && c->op == SCMP_CMP_MASKED_EQ)
                return masked_print(ret, call, c);
        if (r == 0)
                r = buf_puts(ret, c->op == SCMP_CMP_EQ   ? " = "
                                  : c->op == SCMP_CMP_LT ? " below "
                                                         : " is not ");
        return r < 0 ? r : call_value(ret, call, c->arg, c->datum_a);
}

static const char *action_word(uint32_t action)
{
        return action == ALLOW ? "allow" : action == END ? "end" : "errno";
}

static json_t *row_describe(const struct row *row)
{
        _cleanup_(buf_done) struct buf when = { 0 };
        bool is_errno = row->action != ALLOW && row->action != END;

        for (unsigned i = 0; i < row->n_args; i++)
                if ((i > 0 && buf_puts(&when, ", ") < 0) ||
                    condition_print(&when, row->name, &row->args[i]) < 0)
                        return NULL;
        return json_pack("{s:s, s:s, s:s*, s:s*}", "call", row->name, "rule",
                         action_word(row->action), "errno",
                         is_errno ? strerrorname_np((int) (row->action & 0xffff)) : NULL, "when",
                         row->n_args ? buf_text(&when) : NULL);
}

/* Calls that this machine does not know are in no filter either. */
static json_t *set_describe(const struct set *set)
{
        json_t *calls = json_array();

        for (size_t i = 0; i < set->n_names; i++)
                if (seccomp_syscall_resolve_name(set->names[i]) >= 0)
                        (void) json_array_append_new(
                                calls, row_describe(&(struct row){ .name = set->names[i],
                                                                   .action = ALLOW }));
        for (size_t i = 0; i < set->n_rows; i++)
                if (seccomp_syscall_resolve_name(set->rows[i].name) >= 0)
                        (void) json_array_append_new(calls, row_describe(&set->rows[i]));
        return json_pack("{s:s, s:s, s:o}", "set", set->name, "purpose", set->purpose, "calls",
                         calls);
}

json_t *filter_policy(const char *const *names, struct err *err)
{
        json_t *stage1 = json_array(), *stage2 = json_array();
        struct policy policy;

        if (policy_make(&policy, names, err) < 0) {
                json_decref(stage1);
                json_decref(stage2);
                return NULL;
        }
        for (size_t i = 0; i < policy.n_stage1; i++)
                (void) json_array_append_new(stage1, set_describe(policy.stage1[i]));
        for (size_t i = 0; i < policy.n_stage2; i++)
                (void) json_array_append_new(stage2, set_describe(&policy.stage2[i]));
        return json_pack("{s:o, s:o, s:s}", "stage1", stage1, "stage2", stage2, "otherwise",
                         "ends the cell with verdict syscall");
}
