/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kernel interfaces that are newer than Debian 12's headers (6.1) or that its libc does not wrap
 *
 * Constants are the kernel's ABI and never change. Whether the running kernel knows them is found
 * by calling it, never by #ifdef: a missing header must not drop a layer of confinement.
 */

#include "base/def.h"

#include <linux/landlock.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/types.h>

/* Landlock: TRUNCATE is ABI 3 (6.2), network 4 (6.7), IOCTL_DEV 5 (6.10), scopes 6 (6.12). */
#define KERNEL_LANDLOCK_FS_TRUNCATE     (1ULL << 14)
#define KERNEL_LANDLOCK_FS_IOCTL_DEV    (1ULL << 15)
#define KERNEL_LANDLOCK_NET_BIND_TCP    (1ULL << 0)
#define KERNEL_LANDLOCK_NET_CONNECT_TCP (1ULL << 1)
#define KERNEL_LANDLOCK_SCOPE_UNIX      (1ULL << 0)
#define KERNEL_LANDLOCK_SCOPE_SIGNAL    (1ULL << 1)
#define KERNEL_LANDLOCK_ABI_REQUIRED    2 /* 6.1: REFER, or no rename between folders */

/* struct landlock_ruleset_attr as it has grown; older kernels are given a shorter size. */
struct kernel_landlock_ruleset {
        uint64_t handled_access_fs;
        uint64_t handled_access_net;
        uint64_t scoped;
};

/* Memory-deny-write-execute (6.3). */
#define KERNEL_SECCOMP_WAIT_KILLABLE                                                               \
        (1UL << 5) /* since 5.19; signals do not interrupt what is told */
#define KERNEL_SECCOMP_NOTIF_SET_FLAGS  _IOW('!', 4, uint64_t) /* since 6.6 */
#define KERNEL_SECCOMP_NOTIF_SYNC       1UL
#define KERNEL_PR_SET_MDWE              65
#define KERNEL_PR_GET_MDWE              66
#define KERNEL_PR_MDWE_REFUSE_EXEC_GAIN (1UL << 0)

static inline int kernel_landlock_create(const struct kernel_landlock_ruleset *attr, size_t size,
                                         uint32_t flags)
{
        return (int) syscall(SYS_landlock_create_ruleset, attr, size, flags);
}

static inline int kernel_landlock_add_path(int ruleset,
                                           const struct landlock_path_beneath_attr *attr)
{
        return (int) syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, attr, 0);
}

static inline int kernel_landlock_restrict_self(int ruleset)
{
        return (int) syscall(SYS_landlock_restrict_self, ruleset, 0);
}

static inline int kernel_pidfd_send_signal(int pidfd, int signal)
{
        return (int) syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

static inline int kernel_pidfd_open(pid_t pid)
{
        return (int) syscall(SYS_pidfd_open, pid, 0);
}

/* The process's mount namespace, without a look into /proc (6.11; -1 before). */
static inline int kernel_pidfd_mounts(int pidfd)
{
        return ioctl(pidfd, _IO(0xff, 3));
}

static inline int kernel_pivot_root(const char *new_root, const char *put_old)
{
        return (int) syscall(SYS_pivot_root, new_root, put_old);
}

static inline int kernel_close_range(unsigned first, unsigned last)
{
        return (int) syscall(SYS_close_range, first, last, 0);
}

/* A fork with clone3()'s flags, into a control group of version 2 (-1: into ours): the child's pid,
 * 0 in the child, or -1. */
static inline pid_t kernel_clone(uint64_t flags, int cgroup, int *pidfd)
{
        struct clone_args args = {
                .flags = flags | CLONE_PIDFD | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
                .cgroup = cgroup >= 0 ? (uint64_t) cgroup : 0,
                .pidfd = (uint64_t) (uintptr_t) pidfd,
                .exit_signal = SIGCHLD,
        };

        return (pid_t) syscall(SYS_clone3, &args, sizeof(args));
}
