/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/call.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>

#include "base/kernel.h"

struct word {
        uint64_t value;
        const char *text;
};

#define WORD(name)                                                                                 \
        {                                                                                          \
                (uint64_t)(name), #name                                                            \
        }

static const struct word domains[] = {
        WORD(AF_UNSPEC),    WORD(AF_UNIX),   WORD(AF_INET), WORD(AF_INET6),
        WORD(AF_NETLINK),   WORD(AF_PACKET), WORD(AF_ALG),  WORD(AF_VSOCK),
        WORD(AF_BLUETOOTH), WORD(AF_CAN),    WORD(AF_KEY),  WORD(AF_RDS),
        WORD(AF_TIPC),      WORD(AF_NFC),    WORD(AF_XDP),  WORD(AF_IEEE802154),
};
static const struct word socket_types[] = {
        WORD(SOCK_STREAM), WORD(SOCK_DGRAM), WORD(SOCK_RAW), WORD(SOCK_RDM), WORD(SOCK_SEQPACKET),
};
static const struct word socket_flags[] = { WORD(SOCK_CLOEXEC), WORD(SOCK_NONBLOCK) };
static const struct word open_modes[] = { WORD(O_RDONLY), WORD(O_WRONLY), WORD(O_RDWR) };
static const struct word open_flags[] = {
        WORD(O_CREAT), WORD(O_EXCL),    WORD(O_TRUNC),     WORD(O_APPEND),   WORD(O_NONBLOCK),
        WORD(O_SYNC),  WORD(O_TMPFILE), WORD(O_DIRECTORY), WORD(O_NOFOLLOW), WORD(O_CLOEXEC),
        WORD(O_PATH),  WORD(O_NOCTTY),  WORD(O_DIRECT),    WORD(O_NOATIME),
};
static const struct word clone_flags[] = {
        WORD(CLONE_VM),
        WORD(CLONE_FS),
        WORD(CLONE_FILES),
        WORD(CLONE_SIGHAND),
        WORD(CLONE_PTRACE),
        WORD(CLONE_VFORK),
        WORD(CLONE_PARENT),
        WORD(CLONE_THREAD),
        WORD(CLONE_NEWNS),
        WORD(CLONE_SYSVSEM),
        WORD(CLONE_SETTLS),
        WORD(CLONE_PARENT_SETTID),
        WORD(CLONE_CHILD_CLEARTID),
        WORD(CLONE_UNTRACED),
        WORD(CLONE_CHILD_SETTID),
        WORD(CLONE_NEWCGROUP),
        WORD(CLONE_NEWUTS),
        WORD(CLONE_NEWIPC),
        WORD(CLONE_NEWUSER),
        WORD(CLONE_NEWPID),
        WORD(CLONE_NEWNET),
        WORD(CLONE_IO),
};
static const struct word protections[] = { WORD(PROT_READ), WORD(PROT_WRITE), WORD(PROT_EXEC) };
static const struct word map_flags[] = {
        WORD(MAP_PRIVATE),   WORD(MAP_SHARED),  WORD(MAP_FIXED),           WORD(MAP_ANONYMOUS),
        WORD(MAP_GROWSDOWN), WORD(MAP_LOCKED),  WORD(MAP_NORESERVE),       WORD(MAP_POPULATE),
        WORD(MAP_STACK),     WORD(MAP_HUGETLB), WORD(MAP_FIXED_NOREPLACE),
};
static const struct word fcntl_commands[] = {
        WORD(F_DUPFD),         WORD(F_GETFD),      WORD(F_SETFD),      WORD(F_GETFL),
        WORD(F_SETFL),         WORD(F_GETLK),      WORD(F_SETLK),      WORD(F_SETLKW),
        WORD(F_SETOWN),        WORD(F_GETOWN),     WORD(F_SETSIG),     WORD(F_GETSIG),
        WORD(F_SETOWN_EX),     WORD(F_GETOWN_EX),  WORD(F_OFD_GETLK),  WORD(F_OFD_SETLK),
        WORD(F_OFD_SETLKW),    WORD(F_SETLEASE),   WORD(F_GETLEASE),   WORD(F_NOTIFY),
        WORD(F_DUPFD_CLOEXEC), WORD(F_SETPIPE_SZ), WORD(F_GETPIPE_SZ), WORD(F_ADD_SEALS),
        WORD(F_GET_SEALS),
};
static const struct word ioctl_requests[] = {
        WORD(FIONREAD),        WORD(FIOCLEX),    WORD(FIONCLEX),     WORD(FIONBIO),
        WORD(FIOASYNC),        WORD(TCGETS),     WORD(TCSETS),       WORD(TCSETSW),
        WORD(TCSETSF),         WORD(TIOCGWINSZ), WORD(TIOCSWINSZ),   WORD(TIOCGPGRP),
        WORD(TIOCSPGRP),       WORD(TIOCSTI),    WORD(TIOCSCTTY),    WORD(TIOCNOTTY),
        WORD(TIOCLINUX),       WORD(TIOCGPTN),   WORD(TIOCSPTLCK),   WORD(FS_IOC_GETFLAGS),
        WORD(FS_IOC_SETFLAGS), WORD(FICLONE),    WORD(FICLONERANGE), WORD(FIDEDUPERANGE),
        WORD(BLKGETSIZE64),    WORD(FIFREEZE),   WORD(FITHAW),       WORD(FITRIM),
};
static const struct word prctl_options[] = {
        WORD(PR_SET_PDEATHSIG),
        WORD(PR_GET_PDEATHSIG),
        WORD(PR_GET_DUMPABLE),
        WORD(PR_SET_DUMPABLE),
        WORD(PR_GET_KEEPCAPS),
        WORD(PR_SET_KEEPCAPS),
        WORD(PR_SET_NAME),
        WORD(PR_GET_NAME),
        WORD(PR_GET_SECCOMP),
        WORD(PR_SET_SECCOMP),
        WORD(PR_CAPBSET_READ),
        WORD(PR_CAPBSET_DROP),
        WORD(PR_GET_SECUREBITS),
        WORD(PR_SET_SECUREBITS),
        WORD(PR_SET_TIMERSLACK),
        WORD(PR_GET_TIMERSLACK),
        WORD(PR_SET_MM),
        WORD(PR_SET_CHILD_SUBREAPER),
        WORD(PR_SET_NO_NEW_PRIVS),
        WORD(PR_GET_NO_NEW_PRIVS),
        WORD(PR_SET_THP_DISABLE),
        WORD(PR_GET_THP_DISABLE),
        WORD(PR_CAP_AMBIENT),
        WORD(PR_SET_PTRACER),
        WORD(PR_SET_VMA),
        WORD(PR_SET_SPECULATION_CTRL),
        WORD(PR_GET_SPECULATION_CTRL),
        WORD(PR_SET_IO_FLUSHER),
        WORD(PR_SCHED_CORE),
        WORD(PR_SET_SYSCALL_USER_DISPATCH),
        { KERNEL_PR_SET_MDWE, "PR_SET_MDWE" },
        { KERNEL_PR_GET_MDWE, "PR_GET_MDWE" },
};
static const struct word seccomp_operations[] = {
        WORD(SECCOMP_SET_MODE_STRICT),
        WORD(SECCOMP_SET_MODE_FILTER),
        WORD(SECCOMP_GET_ACTION_AVAIL),
        WORD(SECCOMP_GET_NOTIF_SIZES),
};
static const struct word seccomp_flags[] = {
        WORD(SECCOMP_FILTER_FLAG_TSYNC),       WORD(SECCOMP_FILTER_FLAG_LOG),
        WORD(SECCOMP_FILTER_FLAG_SPEC_ALLOW),  WORD(SECCOMP_FILTER_FLAG_NEW_LISTENER),
        WORD(SECCOMP_FILTER_FLAG_TSYNC_ESRCH),
};
static const struct word memfd_flags[] = { WORD(MFD_CLOEXEC), WORD(MFD_ALLOW_SEALING),
                                           WORD(MFD_HUGETLB) };
static const struct word mount_flags[] = {
        WORD(MS_RDONLY),  WORD(MS_NOSUID), WORD(MS_NODEV),  WORD(MS_NOEXEC),
        WORD(MS_REMOUNT), WORD(MS_BIND),   WORD(MS_MOVE),   WORD(MS_REC),
        WORD(MS_PRIVATE), WORD(MS_SLAVE),  WORD(MS_SHARED),
};
static const struct word unmount_flags[] = { WORD(MNT_FORCE), WORD(MNT_DETACH), WORD(MNT_EXPIRE) };
static const struct word resources[] = {
        WORD(RLIMIT_CPU),      WORD(RLIMIT_FSIZE), WORD(RLIMIT_DATA),   WORD(RLIMIT_STACK),
        WORD(RLIMIT_CORE),     WORD(RLIMIT_RSS),   WORD(RLIMIT_NPROC),  WORD(RLIMIT_NOFILE),
        WORD(RLIMIT_MEMLOCK),  WORD(RLIMIT_AS),    WORD(RLIMIT_LOCKS),  WORD(RLIMIT_SIGPENDING),
        WORD(RLIMIT_MSGQUEUE), WORD(RLIMIT_NICE),  WORD(RLIMIT_RTPRIO), WORD(RLIMIT_RTTIME),
};
static const struct word ptrace_requests[] = {
        WORD(PTRACE_TRACEME), WORD(PTRACE_PEEKTEXT),  WORD(PTRACE_PEEKDATA), WORD(PTRACE_POKEDATA),
        WORD(PTRACE_CONT),    WORD(PTRACE_KILL),      WORD(PTRACE_ATTACH),   WORD(PTRACE_DETACH),
        WORD(PTRACE_SEIZE),   WORD(PTRACE_INTERRUPT),
};
static const struct word keyctl_operations[] = {
        WORD(KEYCTL_GET_KEYRING_ID), WORD(KEYCTL_JOIN_SESSION_KEYRING),
        WORD(KEYCTL_UPDATE),         WORD(KEYCTL_REVOKE),
        WORD(KEYCTL_SETPERM),        WORD(KEYCTL_DESCRIBE),
        WORD(KEYCTL_CLEAR),          WORD(KEYCTL_LINK),
        WORD(KEYCTL_SEARCH),         WORD(KEYCTL_READ),
};
static const struct word bpf_commands[] = { WORD(BPF_MAP_CREATE),      WORD(BPF_MAP_LOOKUP_ELEM),
                                            WORD(BPF_MAP_UPDATE_ELEM), WORD(BPF_PROG_LOAD),
                                            WORD(BPF_OBJ_PIN),         WORD(BPF_OBJ_GET) };
static const struct word arch_codes[] = {
        { 0x1001, "ARCH_SET_GS" }, { 0x1002, "ARCH_SET_FS" },     { 0x1003, "ARCH_GET_FS" },
        { 0x1004, "ARCH_GET_GS" }, { 0x3001, "ARCH_CET_STATUS" },
};
static const struct word futex_operations[] = {
        WORD(FUTEX_WAIT),           WORD(FUTEX_WAKE),        WORD(FUTEX_FD),
        WORD(FUTEX_REQUEUE),        WORD(FUTEX_CMP_REQUEUE), WORD(FUTEX_WAKE_OP),
        WORD(FUTEX_LOCK_PI),        WORD(FUTEX_UNLOCK_PI),   WORD(FUTEX_TRYLOCK_PI),
        WORD(FUTEX_WAIT_BITSET),    WORD(FUTEX_WAKE_BITSET), WORD(FUTEX_WAIT_REQUEUE_PI),
        WORD(FUTEX_CMP_REQUEUE_PI), WORD(FUTEX_LOCK_PI2),
};
static const struct word futex_flags[] = { WORD(FUTEX_PRIVATE_FLAG), WORD(FUTEX_CLOCK_REALTIME) };
static const struct word advices[] = {
        WORD(MADV_NORMAL),     WORD(MADV_RANDOM),    WORD(MADV_SEQUENTIAL),  WORD(MADV_WILLNEED),
        WORD(MADV_DONTNEED),   WORD(MADV_FREE),      WORD(MADV_REMOVE),      WORD(MADV_DONTFORK),
        WORD(MADV_DOFORK),     WORD(MADV_MERGEABLE), WORD(MADV_UNMERGEABLE), WORD(MADV_HUGEPAGE),
        WORD(MADV_NOHUGEPAGE), WORD(MADV_DONTDUMP),  WORD(MADV_DODUMP),      WORD(MADV_WIPEONFORK),
        WORD(MADV_KEEPONFORK), WORD(MADV_COLD),      WORD(MADV_PAGEOUT),     WORD(MADV_HWPOISON),
};
static const struct word personas[] = { { 0xffffffff, "0xffffffff (to read it)" } };

/* What an argument is, and so how it reads. */
enum kind {
        NOTHING,
        POINTER,
        NUMBER,
        HEXADECIMAL,
        ANYTHING, /* a small number, or a pointer */
        DESCRIPTOR,
        FOLDER, /* a descriptor, or AT_FDCWD */
        MODE,
        SIGNAL,
        DOMAIN,
        SOCKET_TYPE,
        OPEN_FLAGS,
        CLONE_FLAGS,
        PROTECTION,
        MAP_FLAGS,
        FCNTL_COMMAND,
        IOCTL_REQUEST,
        PRCTL_OPTION,
        SECCOMP_OPERATION,
        SECCOMP_FLAGS,
        MEMFD_FLAGS,
        MOUNT_FLAGS,
        UNMOUNT_FLAGS,
        RESOURCE,
        PTRACE_REQUEST,
        KEYCTL_OPERATION,
        BPF_COMMAND,
        ARCH_CODE,
        PERSONA,
        FUTEX_OPERATION,
        ADVICE,
        KINDS_,
};

/* Kinds with words: `one` of them in the bits of `mask`, and any number of `flags`. */
static const struct words {
        uint64_t mask;
        const struct word *one;
        size_t n_one;
        const struct word *flags;
        size_t n_flags;
        uint64_t keep; /* bits that count; the kernel looks at an int here */
} words[KINDS_] = {
#define ONE(list)   ~0ULL, (list), ARRAY_SIZE(list), NULL, 0
#define FLAGS(list) 0, NULL, 0, (list), ARRAY_SIZE(list)
        [DOMAIN] = { ONE(domains), UINT32_MAX },
        [SOCKET_TYPE] = { 0xf, socket_types, ARRAY_SIZE(socket_types), socket_flags,
                          ARRAY_SIZE(socket_flags), UINT32_MAX },
        [OPEN_FLAGS] = { O_ACCMODE, open_modes, ARRAY_SIZE(open_modes), open_flags,
                         ARRAY_SIZE(open_flags), UINT32_MAX },
        [CLONE_FLAGS] = { FLAGS(clone_flags), UINT64_MAX },
        [PROTECTION] = { FLAGS(protections), UINT64_MAX },
        [MAP_FLAGS] = { FLAGS(map_flags), UINT64_MAX },
        [FCNTL_COMMAND] = { ONE(fcntl_commands), UINT32_MAX },
        [IOCTL_REQUEST] = { ONE(ioctl_requests), UINT32_MAX },
        [PRCTL_OPTION] = { ONE(prctl_options), UINT32_MAX },
        [SECCOMP_OPERATION] = { ONE(seccomp_operations), UINT32_MAX },
        [SECCOMP_FLAGS] = { FLAGS(seccomp_flags), UINT32_MAX },
        [MEMFD_FLAGS] = { FLAGS(memfd_flags), UINT32_MAX },
        [MOUNT_FLAGS] = { FLAGS(mount_flags), UINT64_MAX },
        [UNMOUNT_FLAGS] = { FLAGS(unmount_flags), UINT32_MAX },
        [RESOURCE] = { ONE(resources), UINT32_MAX },
        [PTRACE_REQUEST] = { ONE(ptrace_requests), UINT64_MAX },
        [KEYCTL_OPERATION] = { ONE(keyctl_operations), UINT32_MAX },
        [BPF_COMMAND] = { ONE(bpf_commands), UINT32_MAX },
        [ARCH_CODE] = { ONE(arch_codes), UINT32_MAX },
        [FUTEX_OPERATION] = { FUTEX_CMD_MASK & UINT32_MAX, futex_operations,
                              ARRAY_SIZE(futex_operations), futex_flags, ARRAY_SIZE(futex_flags),
                              UINT32_MAX },
        [ADVICE] = { ONE(advices), UINT32_MAX },
        [PERSONA] = { ONE(personas), UINT32_MAX },
};

struct argument {
        enum kind kind;
        const char *name;
};

/* Calls that somebody may have to explain; in the order of their names. */
static const struct signature {
        const char *name;
        struct argument args[CALL_ARGS];
} signatures[] = {
        { "accept", { { DESCRIPTOR, "fd" }, { POINTER, "address" }, { POINTER, "length" } } },
        { "accept4",
          { { DESCRIPTOR, "fd" },
            { POINTER, "address" },
            { POINTER, "length" },
            { SOCKET_TYPE, "flags" } } },
        { "add_key",
          { { POINTER, "type" },
            { POINTER, "description" },
            { POINTER, "payload" },
            { NUMBER, "length" },
            { NUMBER, "keyring" } } },
        { "arch_prctl", { { ARCH_CODE, "code" }, { POINTER, "address" } } },
        { "bind", { { DESCRIPTOR, "fd" }, { POINTER, "address" }, { NUMBER, "length" } } },
        { "bpf", { { BPF_COMMAND, "command" }, { POINTER, "attributes" }, { NUMBER, "size" } } },
        { "capset", { { POINTER, "header" }, { POINTER, "data" } } },
        { "chroot", { { POINTER, "path" } } },
        { "clone",
          { { CLONE_FLAGS, "flags" },
            { POINTER, "stack" },
            { POINTER, "parent_tid" },
            { POINTER, "child_tid" },
            { POINTER, "tls" } } },
        { "clone3", { { POINTER, "args" }, { NUMBER, "size" } } },
        { "connect", { { DESCRIPTOR, "fd" }, { POINTER, "address" }, { NUMBER, "length" } } },
        { "execve", { { POINTER, "path" }, { POINTER, "argv" }, { POINTER, "environment" } } },
        { "execveat",
          { { FOLDER, "folder" },
            { POINTER, "path" },
            { POINTER, "argv" },
            { POINTER, "environment" },
            { HEXADECIMAL, "flags" } } },
        { "fanotify_init", { { HEXADECIMAL, "flags" }, { OPEN_FLAGS, "event_flags" } } },
        { "fcntl", { { DESCRIPTOR, "fd" }, { FCNTL_COMMAND, "cmd" }, { ANYTHING, "argument" } } },
        { "finit_module",
          { { DESCRIPTOR, "fd" }, { POINTER, "parameters" }, { HEXADECIMAL, "flags" } } },
        { "futex",
          { { POINTER, "word" },
            { FUTEX_OPERATION, "operation" },
            { NUMBER, "value" },
            { POINTER, "4" },
            { POINTER, "other" },
            { NUMBER, "6" } } },
        { "init_module",
          { { POINTER, "image" }, { NUMBER, "length" }, { POINTER, "parameters" } } },
        { "io_uring_enter",
          { { DESCRIPTOR, "fd" }, { NUMBER, "submit" }, { NUMBER, "complete" } } },
        { "ioctl",
          { { DESCRIPTOR, "fd" }, { IOCTL_REQUEST, "request" }, { POINTER, "argument" } } },
        { "keyctl", { { KEYCTL_OPERATION, "operation" }, { ANYTHING, "2" }, { ANYTHING, "3" } } },
        { "kill", { { NUMBER, "pid" }, { SIGNAL, "signal" } } },
        { "listen", { { DESCRIPTOR, "fd" }, { NUMBER, "backlog" } } },
        { "madvise", { { POINTER, "address" }, { NUMBER, "length" }, { ADVICE, "advice" } } },
        { "memfd_create", { { POINTER, "name" }, { MEMFD_FLAGS, "flags" } } },
        { "mmap",
          { { POINTER, "address" },
            { NUMBER, "length" },
            { PROTECTION, "prot" },
            { MAP_FLAGS, "flags" },
            { DESCRIPTOR, "fd" },
            { HEXADECIMAL, "offset" } } },
        { "mount",
          { { POINTER, "source" },
            { POINTER, "target" },
            { POINTER, "type" },
            { MOUNT_FLAGS, "flags" },
            { POINTER, "data" } } },
        { "mprotect", { { POINTER, "address" }, { NUMBER, "length" }, { PROTECTION, "prot" } } },
        { "name_to_handle_at",
          { { FOLDER, "folder" }, { POINTER, "path" }, { POINTER, "handle" } } },
        { "open", { { POINTER, "path" }, { OPEN_FLAGS, "flags" }, { MODE, "mode" } } },
        { "openat",
          { { FOLDER, "folder" },
            { POINTER, "path" },
            { OPEN_FLAGS, "flags" },
            { MODE, "mode" } } },
        { "open_by_handle_at",
          { { DESCRIPTOR, "mount" }, { POINTER, "handle" }, { OPEN_FLAGS, "flags" } } },
        { "open_tree", { { FOLDER, "folder" }, { POINTER, "path" }, { HEXADECIMAL, "flags" } } },
        { "perf_event_open",
          { { POINTER, "attributes" },
            { NUMBER, "pid" },
            { NUMBER, "cpu" },
            { DESCRIPTOR, "group" },
            { HEXADECIMAL, "flags" } } },
        { "personality", { { PERSONA, "persona" } } },
        { "pidfd_getfd",
          { { DESCRIPTOR, "pidfd" }, { DESCRIPTOR, "target" }, { HEXADECIMAL, "flags" } } },
        { "pidfd_open", { { NUMBER, "pid" }, { HEXADECIMAL, "flags" } } },
        { "pivot_root", { { POINTER, "new" }, { POINTER, "old" } } },
        { "pkey_mprotect",
          { { POINTER, "address" },
            { NUMBER, "length" },
            { PROTECTION, "prot" },
            { NUMBER, "key" } } },
        { "prctl",
          { { PRCTL_OPTION, "option" },
            { ANYTHING, "2" },
            { ANYTHING, "3" },
            { ANYTHING, "4" },
            { ANYTHING, "5" } } },
        { "prlimit64",
          { { NUMBER, "pid" }, { RESOURCE, "resource" }, { POINTER, "new" }, { POINTER, "old" } } },
        { "process_vm_readv",
          { { NUMBER, "pid" },
            { POINTER, "local" },
            { NUMBER, "count" },
            { POINTER, "remote" },
            { NUMBER, "remote_count" },
            { HEXADECIMAL, "flags" } } },
        { "process_vm_writev",
          { { NUMBER, "pid" },
            { POINTER, "local" },
            { NUMBER, "count" },
            { POINTER, "remote" },
            { NUMBER, "remote_count" },
            { HEXADECIMAL, "flags" } } },
        { "ptrace",
          { { PTRACE_REQUEST, "request" },
            { NUMBER, "pid" },
            { POINTER, "address" },
            { POINTER, "data" } } },
        { "request_key",
          { { POINTER, "type" },
            { POINTER, "description" },
            { POINTER, "information" },
            { NUMBER, "keyring" } } },
        { "rt_sigaction", { { SIGNAL, "signal" }, { POINTER, "new" }, { POINTER, "old" } } },
        { "seccomp",
          { { SECCOMP_OPERATION, "operation" },
            { SECCOMP_FLAGS, "flags" },
            { HEXADECIMAL, "filter" } } },
        { "setgid", { { NUMBER, "gid" } } },
        { "setns", { { DESCRIPTOR, "fd" }, { CLONE_FLAGS, "type" } } },
        { "setresgid", { { NUMBER, "real" }, { NUMBER, "effective" }, { NUMBER, "saved" } } },
        { "setresuid", { { NUMBER, "real" }, { NUMBER, "effective" }, { NUMBER, "saved" } } },
        { "setuid", { { NUMBER, "uid" } } },
        { "shmget", { { HEXADECIMAL, "key" }, { NUMBER, "size" }, { HEXADECIMAL, "flags" } } },
        { "socket", { { DOMAIN, "domain" }, { SOCKET_TYPE, "type" }, { NUMBER, "protocol" } } },
        { "socketpair",
          { { DOMAIN, "domain" },
            { SOCKET_TYPE, "type" },
            { NUMBER, "protocol" },
            { POINTER, "pair" } } },
        { "tgkill", { { NUMBER, "pid" }, { NUMBER, "tid" }, { SIGNAL, "signal" } } },
        { "umount2", { { POINTER, "target" }, { UNMOUNT_FLAGS, "flags" } } },
        { "unshare", { { CLONE_FLAGS, "flags" } } },
        { "userfaultfd", { { OPEN_FLAGS, "flags" } } },
        { "waitid",
          { { NUMBER, "type" },
            { NUMBER, "id" },
            { POINTER, "information" },
            { HEXADECIMAL, "options" } } },
};

static const struct signature *signature_find(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(signatures); i++)
                if (strcmp(signatures[i].name, name) == 0)
                        return &signatures[i];
        return NULL;
}

static const char *word_find(const struct word *list, size_t n, uint64_t value)
{
        for (size_t i = 0; i < n; i++)
                if (list[i].value == value)
                        return list[i].text;
        return NULL;
}

static int piece_add(struct buf *ret, size_t *count, const char *text)
{
        return buf_printf(ret, "%s%s", (*count)++ ? "|" : "", text);
}

static int words_print(struct buf *ret, const struct words *w, uint64_t value)
{
        uint64_t left;
        size_t count = 0;
        int r = 0;

        value &= w->keep;
        left = value & ~w->mask;
        if (w->mask) {
                const char *one = word_find(w->one, w->n_one, value & w->mask);

                /* A mode of 0 that has no name says nothing beside flags. */
                if (one)
                        r = piece_add(ret, &count, one);
                else if (value & w->mask || w->mask == ~0ULL)
                        left |= value & w->mask;
        }
        for (size_t i = 0; i < w->n_flags && r == 0; i++) {
                uint64_t flag = w->flags[i].value;

                if ((left & flag) != flag)
                        continue;
                left &= ~flag;
                r = piece_add(ret, &count, w->flags[i].text);
        }
        if (r == 0 && (left || count == 0))
                r = buf_printf(ret, left > 9 ? "%s0x%llx" : "%s%llu", count ? "|" : "",
                               (unsigned long long) left);
        return r;
}

static int signal_print(struct buf *ret, uint64_t value)
{
        const char *name = value < 65 ? sigabbrev_np((int) value) : NULL;

        return name ? buf_printf(ret, "SIG%s", name)
                    : buf_printf(ret, "%d", (int) (uint32_t) value);
}

/* clone() keeps the signal of a child's end in the lowest byte of its flags. */
static int clone_print(struct buf *ret, uint64_t value)
{
        int r = 0;

        if (value & ~(uint64_t) CSIGNAL || (value & CSIGNAL) == 0)
                r = words_print(ret, &words[CLONE_FLAGS], value & ~(uint64_t) CSIGNAL);
        if (r == 0 && value & CSIGNAL) {
                if (value & ~(uint64_t) CSIGNAL)
                        r = buf_putc(ret, '|');
                if (r == 0)
                        r = signal_print(ret, value & CSIGNAL);
        }
        return r;
}

static int value_print(struct buf *ret, enum kind kind, uint64_t value)
{
        if (words[kind].keep)
                return kind == CLONE_FLAGS ? clone_print(ret, value)
                                           : words_print(ret, &words[kind], value);
        switch (kind) {
        case POINTER:
                return buf_puts(ret, value ? "…" : "NULL");
        case ANYTHING:
                if (value > UINT32_MAX)
                        return buf_puts(ret, "…");
                return buf_printf(ret, value > 9 ? "0x%llx" : "%llu", (unsigned long long) value);
        case FOLDER:
                if ((int) (uint32_t) value == AT_FDCWD)
                        return buf_puts(ret, "AT_FDCWD");
                return buf_printf(ret, "%d", (int) (uint32_t) value);
        case DESCRIPTOR:
                return buf_printf(ret, "%d", (int) (uint32_t) value);
        case MODE:
                return buf_printf(ret, "0%o", (unsigned) (value & 07777));
        case SIGNAL:
                return signal_print(ret, value);
        case NUMBER:
                /* An int that is a little below nothing fills half of its register. */
                if (value <= UINT32_MAX && value > UINT32_MAX - 4096)
                        return buf_printf(ret, "%d", (int) (uint32_t) value);
                return buf_printf(ret, "%lld", (long long) value);
        default:
                return buf_printf(ret, value > 9 ? "0x%llx" : "%llu", (unsigned long long) value);
        }
}

/* A mode that no file gets is not there: its register holds anything. */
static bool is_meant(const struct signature *s, unsigned i, const uint64_t args[CALL_ARGS])
{
        return s->args[i].kind != MODE ||
               (i > 0 && ((args[i - 1] & O_CREAT) || (args[i - 1] & O_TMPFILE) == O_TMPFILE));
}

int call_print(struct buf *ret, const char *name, const uint64_t args[CALL_ARGS])
{
        const struct signature *s = signature_find(name);
        int r = buf_printf(ret, "%s(", name);

        if (!s)
                return r < 0 ? r : buf_puts(ret, "…)");
        for (unsigned i = 0; i < CALL_ARGS && s->args[i].kind && r == 0; i++) {
                if (!is_meant(s, i, args))
                        continue;
                if (i > 0)
                        r = buf_puts(ret, ", ");
                if (r == 0)
                        r = value_print(ret, s->args[i].kind, args[i]);
        }
        return r < 0 ? r : buf_putc(ret, ')');
}

const char *call_argument(const char *name, unsigned argument)
{
        const struct signature *s = signature_find(name);

        return s && argument < CALL_ARGS ? s->args[argument].name : NULL;
}

bool call_is_flags(const char *name, unsigned argument)
{
        const struct signature *s = signature_find(name);

        return s && argument < CALL_ARGS && words[s->args[argument].kind].n_flags &&
               !words[s->args[argument].kind].mask;
}

int call_value(struct buf *ret, const char *name, unsigned argument, uint64_t value)
{
        const struct signature *s = signature_find(name);

        return value_print(ret, s && argument < CALL_ARGS ? s->args[argument].kind : HEXADECIMAL,
                           value);
}
