/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/policy.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
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

#define IS(n, value)           SCMP_CMP64(n, SCMP_CMP_EQ, (value))
#define MASKED(n, mask, value) SCMP_CMP64(n, SCMP_CMP_MASKED_EQ, (mask), (value))
#define FUTEX(command)         MASKED(1, (uint32_t) FUTEX_CMD_MASK, (command))
#define NEW_NAMESPACES                                                                             \
        (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
         CLONE_NEWPID | CLONE_NEWNET)

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
        "brk", "mincore", "mlock", "mremap", "msync", "munlock", "munmap",
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
static const struct policy_row base_rows[] = {
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

        /* barriers among its own threads; the others interrupt every processor */
        { "membarrier", ALLOW, 1, { IS(0, MEMBARRIER_CMD_QUERY) } },
        { "membarrier", ALLOW, 1, { IS(0, MEMBARRIER_CMD_PRIVATE_EXPEDITED) } },
        { "membarrier", ALLOW, 1, { IS(0, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) } },
        { "membarrier", ALLOW, 1, { IS(0, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE) } },
        { "membarrier", ALLOW, 1, { IS(0, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE) } },
        { "membarrier", DENY(EINVAL), 1, { IS(0, MEMBARRIER_CMD_GLOBAL) } },
        { "membarrier", DENY(EINVAL), 1, { IS(0, MEMBARRIER_CMD_GLOBAL_EXPEDITED) } },
        { "membarrier", DENY(EINVAL), 1, { IS(0, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) } },

        /* a limit may be read */
        { "prlimit64", ALLOW, 1, { IS(2, 0) } },
        { "prlimit64", DENY(EPERM), 1, { SCMP_CMP64(2, SCMP_CMP_NE, 0) } },
        { "personality", ALLOW, 1, { IS(0, 0xffffffff) } },

};

/* Tried by libraries that do without. */
static const struct policy_row answered_rows[] = {
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
static const struct policy_row load_rows[] = {
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

static const struct policy_row threads_rows[] = {
        { "clone", ALLOW, 1, { MASKED(0, CLONE_THREAD | NEW_NAMESPACES, CLONE_THREAD) } },
        /* its flags are behind a pointer; the C library then takes clone() */
        { "clone3", DENY(ENOSYS), 0 },
        { "sched_setaffinity", DENY(EPERM), 0 },
};

static const struct policy_row spawn_rows[] = {
        { "clone", ALLOW, 1, { MASKED(0, NEW_NAMESPACES, 0) } },
        { "clone3", DENY(ENOSYS), 0 },
        { "fork", ALLOW, 0 },
        { "vfork", ALLOW, 0 },
        { "execve", ALLOW, 0 },
        /*
         * Programs reset every signal's handler, and some take a no for a reason to end. Here they
         * are told yes, and nothing happens: who could set one for SIGSYS would go on after a call
         * that was denied, and try the next, with nobody hearing of it.
         */
        { "rt_sigaction", DENY(0), 1, { IS(0, SIGSYS) } },
#ifdef __x86_64__
        { "arch_prctl", ALLOW, 1, { IS(0, 0x1002) } }, /* ARCH_SET_FS */
#endif
        { "wait4", ALLOW, 0 },
        { "waitid", ALLOW, 0 },
};

static const struct policy_row jit_rows[] = {
        { "mmap", ALLOW, 0 },       { "mprotect", ALLOW, 0 },  { "pkey_mprotect", ALLOW, 0 },
        { "pkey_alloc", ALLOW, 0 }, { "pkey_free", ALLOW, 0 },
};

static const struct policy_row identity_rows[] = {
        { "setuid", DENY(EPERM), 0 },    { "setgid", DENY(EPERM), 0 },
        { "setreuid", DENY(EPERM), 0 },  { "setregid", DENY(EPERM), 0 },
        { "setresuid", DENY(EPERM), 0 }, { "setresgid", DENY(EPERM), 0 },
        { "setgroups", DENY(EPERM), 0 }, { "setsid", DENY(EPERM), 0 },
        { "setpgid", DENY(EPERM), 0 },   { "capget", ALLOW, 0 },
        { "capset", DENY(EPERM), 0 },
};

/* Stage 2, after prepare(): no code that is not there yet, and no further filter. */
static const struct policy_row sealed_rows[] = {
        { "seccomp", POLICY_END, 0 },
};
static const struct policy_row sealed_code_rows[] = {
        { "mmap", POLICY_END, 1, { MASKED(2, PROT_EXEC, PROT_EXEC) } },
        { "mprotect", POLICY_END, 1, { MASKED(2, PROT_EXEC, PROT_EXEC) } },
};

#define NAMES(list) (list), ARRAY_SIZE(list), NULL, 0
#define ROWS(list)  NULL, 0, (list), ARRAY_SIZE(list)

/* What every agent has. */
static const struct policy_set base_sets[] = {
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

/* Stage 2. */
static const struct policy_set sealed_set = { "sealed", "no further filter", ROWS(sealed_rows) };
static const struct policy_set sealed_code_set = { "sealed code", "no code that is not there yet",
                                                   ROWS(sealed_code_rows) };

/* Asking is the author's, granting the admin's: neither is enough. */
#define IF_GRANTED                                                                                 \
        ", if the manifest asks for it (needs.syscalls) and the configuration grants it "          \
        "(syscalls.grants; to a program exec.grants)"
#define ALLOWED_BY(group) "the group \"" group "\" would allow it" IF_GRANTED

/* What is granted by name. */
static const struct group {
        struct policy_set set;
        uint32_t flags;
        const char *remedy; /* where the arguments fit; NULL in front: they are not known */
        const char *remedy_by_name;
} groups[] = {
        { { "threads", "threads, as many as limits.processes says", ROWS(threads_rows) },
          SPAWN_PROCESSES | SPAWN_GROUP_THREADS,
          ALLOWED_BY("threads"),
          "the group \"threads\" would allow it for threads, \"spawn\" for other "
          "programs" IF_GRANTED },
        { { "spawn", "other programs of /usr, in the same cell; no stage 2", ROWS(spawn_rows) },
          SPAWN_PROCESSES | SPAWN_STAGE1 | SPAWN_GROUP_SPAWN,
          ALLOWED_BY("spawn"),
          NULL },
        { { "jit", "memory that is writable and executable", ROWS(jit_rows) },
          SPAWN_JIT,
          ALLOWED_BY("jit"),
          NULL },
        { { "identity", "asking for another user or group is refused instead of fatal",
            ROWS(identity_rows) },
          SPAWN_GROUP_IDENTITY,
          "the group \"identity\" would let it fail instead" IF_GRANTED,
          NULL },
};

const char *policy_group_name(size_t i)
{
        return i < ARRAY_SIZE(groups) ? groups[i].set.name : NULL;
}

const char *policy_group_summary(size_t i)
{
        return i < ARRAY_SIZE(groups) ? groups[i].set.purpose : NULL;
}

static const struct group *group_find(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
                if (strcmp(groups[i].set.name, name) == 0)
                        return &groups[i];
        return NULL;
}

static bool policy_has(const struct policy *p, const struct policy_set *set)
{
        for (size_t i = 0; i < p->n_stage1; i++)
                if (p->stage1[i] == set)
                        return true;
        return false;
}

int policy_make(struct policy *p, const char *const *names, struct err *err)
{
        _Static_assert(ARRAY_SIZE(groups) == POLICY_GROUPS, "room for every group");
        _Static_assert(ARRAY_SIZE(base_sets) == POLICY_SETS, "room for every set");

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
        for (size_t i = 0; i < ARRAY_SIZE(base_sets); i++)
                p->stage1[p->n_stage1++] = &base_sets[i];
        if (p->flags & SPAWN_STAGE1)
                return 0;
        p->stage2[p->n_stage2++] = &sealed_set;
        if (!(p->flags & SPAWN_JIT))
                p->stage2[p->n_stage2++] = &sealed_code_set;
        return 0;
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
static const struct policy_row *rows_find(const struct policy_row *rows, size_t n, const char *name,
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

static bool set_decide(const struct policy_set *set, const char *name, const uint64_t *args,
                       uint32_t *ret_action)
{
        const struct policy_row *row = rows_find(set->rows, set->n_rows, name, args);

        for (size_t i = 0; i < set->n_names; i++)
                if (strcmp(set->names[i], name) == 0) {
                        *ret_action = ALLOW;
                        return true;
                }
        if (row)
                *ret_action = row->action;
        return row != NULL;
}

static struct policy_decision decision_of(uint32_t action, const char *set)
{
        return (struct policy_decision){
                .rule = action == ALLOW        ? POLICY_ALLOWS
                        : action == POLICY_END ? POLICY_ENDS
                                               : POLICY_ANSWERS,
                .error = action == ALLOW || action == POLICY_END ? 0 : (int) (action & 0xffff),
                .set = set,
        };
}

struct policy_decision policy_decide(const struct policy *p, bool is_prepared, const char *call,
                                     const uint64_t args[CALL_ARGS])
{
        uint32_t action;

        for (size_t i = 0; is_prepared && i < p->n_stage2; i++)
                if (set_decide(p->stage2[i], call, args, &action))
                        return decision_of(action, p->stage2[i]->name);
        for (size_t i = 0; i < p->n_stage1; i++)
                if (set_decide(p->stage1[i], call, args, &action))
                        return decision_of(action, p->stage1[i]->name);
        return decision_of(POLICY_END, NULL);
}

/* Until prepare() has returned it would have been allowed. */
static bool is_late(const char *name, const uint64_t *args)
{
        return args && rows_find(load_rows, 1, name, args);
}

const char *policy_remedy(const char *name, const uint64_t *args)
{
        if (is_late(name, args))
                return "it is allowed until prepare() has returned: load libraries there; "
                       "afterwards only " ALLOWED_BY("jit");
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
        return action == ALLOW ? "allow" : action == POLICY_END ? "end" : "errno";
}

static json_t *row_describe(const struct policy_row *row)
{
        _cleanup_(buf_done) struct buf when = { 0 };
        bool is_errno = row->action != ALLOW && row->action != POLICY_END;

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
static json_t *set_describe(const struct policy_set *set)
{
        json_t *calls = json_array();

        for (size_t i = 0; i < set->n_names; i++)
                if (seccomp_syscall_resolve_name(set->names[i]) >= 0)
                        (void) json_array_append_new(
                                calls, row_describe(&(struct policy_row){ .name = set->names[i],
                                                                          .action = ALLOW }));
        for (size_t i = 0; i < set->n_rows; i++)
                if (seccomp_syscall_resolve_name(set->rows[i].name) >= 0)
                        (void) json_array_append_new(calls, row_describe(&set->rows[i]));
        return json_pack("{s:s, s:s, s:o}", "set", set->name, "purpose", set->purpose, "calls",
                         calls);
}

json_t *policy_describe(const struct policy *p)
{
        json_t *stage1 = json_array(), *stage2 = json_array();

        for (size_t i = 0; i < p->n_stage1; i++)
                (void) json_array_append_new(stage1, set_describe(p->stage1[i]));
        for (size_t i = 0; i < p->n_stage2; i++)
                (void) json_array_append_new(stage2, set_describe(p->stage2[i]));
        return json_pack("{s:o, s:o, s:s}", "stage1", stage1, "stage2", stage2, "otherwise",
                         "ends the cell with verdict syscall");
}
