/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cell/selftest.h"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/buf.h"
#include "base/kernel.h"
#include "cell/layer.h"

static struct {
        uint32_t features;
        int landlock_abi;
        struct selftest_result result;
        char text[4096];
} selftest;

static volatile sig_atomic_t was_trapped;

static void on_trap(int signal)
{
        (void) signal;
        was_trapped = 1;
}

/* Was it refused, and for this reason? */
static bool refused(long result, int error)
{
        return result < 0 && errno == error;
}

#define PAGE 4096

/* namespaces */

static bool is_first(void)
{
        return getpid() == 1 && getppid() == 0;
}

static bool host_is_gone(void)
{
        return refused(access("/proc/self", F_OK), ENOENT) &&
               refused(access("/etc/passwd", F_OK), ENOENT) &&
               refused(access("/home", F_OK), ENOENT);
}

static bool root_is_closed(void)
{
        return refused(mkdir("/selftest", 0700), EROFS) &&
               refused(mkdir("/usr/selftest", 0700), EROFS) &&
               refused(mkdir("/cell/selftest", 0700), EROFS);
}

static bool has_no_mounts(void)
{
        return refused(mount("none", "/tmp", "tmpfs", 0, NULL), EPERM) &&
               refused(umount2("/usr", MNT_DETACH), EPERM) && refused(chroot("/tmp"), EPERM);
}

static bool has_no_users(void)
{
        return geteuid() == CELL_ID && setresuid(0, 0, 0) < 0 && setresgid(0, 0, 0) < 0;
}

/* Even its own loopback is down. */
static bool has_no_network(void)
{
        const struct sockaddr_in self = {
                .sin_family = AF_INET,
                .sin_port = htons(9),
                .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        };
        _cleanup_(closep) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        /* A kernel without networks has none to reach. */
        if (fd < 0)
                return errno == EAFNOSUPPORT;
        return refused(connect(fd, (const struct sockaddr *) &self, sizeof(self)), ENETUNREACH);
}

/* limits */

static bool memory_ends(void)
{
#ifdef LINHAY_SANITIZE
        return true; /* there is no such limit beside its shadow */
#else
        struct rlimit limit;

        return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_max != RLIM_INFINITY &&
               mmap(NULL, limit.rlim_max, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                    -1, 0) == MAP_FAILED &&
               errno == ENOMEM;
#endif
}

/* The limit of the group is lower than the process's own. */
static bool processes_end(void)
{
        pid_t pid = fork();

        if (pid == 0)
                _exit(0);
        return refused(pid, EAGAIN);
}

/* Landlock */

static bool folders_are_closed(void)
{
        return refused(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), EACCES);
}

static bool host_is_closed(void)
{
        return refused(open("/etc/passwd", O_RDONLY | O_CLOEXEC), EACCES) &&
               refused(open("/proc/self/status", O_RDONLY | O_CLOEXEC), EACCES) &&
               refused(open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC), EACCES);
}

static bool host_is_read_only(void)
{
        return refused(open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600), EACCES);
}

static bool tcp_is_closed(void)
{
        const struct sockaddr_in self = {
                .sin_family = AF_INET,
                .sin_port = htons(9),
                .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        };
        _cleanup_(closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return errno == EAFNOSUPPORT;
        return refused(connect(fd, (const struct sockaddr *) &self, sizeof(self)), EACCES);
}

/* W^X */

static bool is_refused_wx(void)
{
        void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        return p != MAP_FAILED && mprotect(p, PAGE, PROT_READ | PROT_EXEC) < 0 &&
               mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                    0) == MAP_FAILED;
}

/* The filter. Every call is harmless where it is let through. */

static bool is_trapped(long number, long a, long b, long c)
{
        was_trapped = 0;
        (void) syscall(number, a, b, c, 0, -1, 0);
        return was_trapped;
}

static bool sockets_are_trapped(void)
{
        return is_trapped(SYS_socket, AF_INET, SOCK_STREAM, 0) &&
               is_trapped(SYS_socket, AF_NETLINK, SOCK_RAW, 0) && is_trapped(SYS_connect, -1, 0, 0);
}

static bool processes_are_trapped(void)
{
        return is_trapped(SYS_execve, 0, 0, 0) && is_trapped(SYS_ptrace, PTRACE_PEEKDATA, 0, 0) &&
               is_trapped(SYS_clone3, 0, 0, 0);
}

static bool namespaces_are_trapped(void)
{
        return is_trapped(SYS_unshare, 0, 0, 0) && is_trapped(SYS_setns, -1, 0, 0) &&
               is_trapped(SYS_mount, 0, 0, 0);
}

static bool rare_doors_are_trapped(void)
{
        return is_trapped(SYS_keyctl, KEYCTL_GET_KEYRING_ID, 0, 0) &&
               is_trapped(SYS_bpf, -1, 0, 0) && is_trapped(SYS_perf_event_open, 0, 0, 0);
}

static bool code_is_trapped(void)
{
        return is_trapped(SYS_mmap, 0, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) &&
               is_trapped(SYS_memfd_create, 0, 0, 0);
}

static bool handler_stays(void)
{
        struct sigaction none = { .sa_handler = SIG_DFL };

        return refused(sigaction(SIGSYS, &none, NULL), EPERM);
}

static bool filters_are_over(void)
{
        return is_trapped(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SPAWN_STAGE2_FLAGS,
                          (long) SPAWN_STAGE2_ADDRESS);
}

/* What is promised, by which layer, and when to try it. */
static const struct promise {
        enum selftest_stage stage;
        uint32_t needs; /* the layer; a promise of one that is missing is not made */
        uint32_t without;
        int landlock_abi;
        const char *layer;
        const char *text;
        bool (*holds)(void);
} promises[] = {
        { SELFTEST_ROOT, SPAWN_HAS_USERNS, 0, 0, "userns", "a cell is alone among processes",
          is_first },
        { SELFTEST_ROOT, SPAWN_HAS_USERNS, 0, 0, "userns", "the host's files are not there",
          host_is_gone },
        { SELFTEST_ROOT, SPAWN_HAS_USERNS, 0, 0, "userns", "the root cannot be written",
          root_is_closed },
        { SELFTEST_ROOT, SPAWN_HAS_USERNS, 0, 0, "userns", "nothing can be mounted or unmounted",
          has_no_mounts },
        { SELFTEST_ROOT, SPAWN_HAS_USERNS, 0, 0, "userns", "nobody else can be become",
          has_no_users },
        { SELFTEST_ROOT, SPAWN_HAS_NETNS, 0, 0, "netns", "no network can be reached",
          has_no_network },
        { SELFTEST_ROOT, 0, 0, 0, "rlimits", "memory has a limit", memory_ends },
        { SELFTEST_ROOT, SPAWN_HAS_CGROUP, 0, 0, "cgroup", "processes have a limit",
          processes_end },
        { SELFTEST_LANDLOCK, SPAWN_HAS_LANDLOCK, 0, 0, "landlock",
          "a folder without a rule is closed", folders_are_closed },
        { SELFTEST_LANDLOCK, SPAWN_HAS_LANDLOCK, SPAWN_HAS_USERNS, 0, "landlock",
          "the host's files cannot be read", host_is_closed },
        { SELFTEST_LANDLOCK, SPAWN_HAS_LANDLOCK, SPAWN_HAS_USERNS, 0, "landlock",
          "the host's folders cannot be written", host_is_read_only },
        { SELFTEST_LANDLOCK, SPAWN_HAS_LANDLOCK, 0, 4, "landlock", "no TCP connection",
          tcp_is_closed },
        { SELFTEST_MDWE, SPAWN_HAS_MDWE, 0, 0, "mdwe", "no memory is writable and executable",
          is_refused_wx },
        { SELFTEST_SECCOMP, SPAWN_HAS_SECCOMP, 0, 0, "seccomp", "no socket can be made",
          sockets_are_trapped },
        { SELFTEST_SECCOMP, SPAWN_HAS_SECCOMP, 0, 0, "seccomp", "no process can be made or read",
          processes_are_trapped },
        { SELFTEST_SECCOMP, SPAWN_HAS_SECCOMP, 0, 0, "seccomp", "no namespace and no mount",
          namespaces_are_trapped },
        { SELFTEST_SECCOMP, SPAWN_HAS_SECCOMP, 0, 0, "seccomp", "rare doors of the kernel are shut",
          rare_doors_are_trapped },
        { SELFTEST_SECCOMP, SPAWN_HAS_SECCOMP, 0, 0, "seccomp", "no code can be made",
          code_is_trapped },
        { SELFTEST_SECCOMP, SPAWN_HAS_SECCOMP, 0, 0, "seccomp", "its handler cannot be replaced",
          handler_stays },
        { SELFTEST_STAGE2, SPAWN_HAS_SECCOMP, 0, 0, "seccomp", "no filter can follow the second",
          filters_are_over },
};

int selftest_begin(uint32_t features, int landlock_abi, struct err *err)
{
        const struct sigaction action = { .sa_handler = on_trap };

        selftest.features = features;
        selftest.landlock_abi = landlock_abi;
        if (sigaction(SIGSYS, &action, NULL) < 0)
                return err_sys(err, -errno, "cannot set the self-test's signal handler");
        return 0;
}

static void promise_broken(const struct promise *p)
{
        size_t used = strlen(selftest.text);

        (void) snprintf(selftest.text + used, sizeof(selftest.text) - used, "%s%s: %s",
                        used ? "; " : "", p->layer, p->text);
}

void selftest_try(enum selftest_stage stage)
{
        for (size_t i = 0; i < ARRAY_SIZE(promises); i++) {
                const struct promise *p = &promises[i];

                if (p->stage != stage || (selftest.features & p->needs) != p->needs ||
                    (selftest.features & p->without) || selftest.landlock_abi < p->landlock_abi ||
                    layer_is_left_out("selftest"))
                        continue;
                if (p->needs)
                        selftest.result.tried[__builtin_ctz(p->needs)]++;
                if (!p->holds())
                        promise_broken(p);
        }
}

void selftest_main(int socket, const struct sock_fprog *stage2)
{
        char body[sizeof(selftest.result) + sizeof(selftest.text)];
        size_t length;

        selftest_try(SELFTEST_SECCOMP);
        if (stage2 && !layer_is_left_out("seccomp") &&
            syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SPAWN_STAGE2_FLAGS, stage2) != 0)
                _exit(1);
        selftest_try(SELFTEST_STAGE2);
        length = strlen(selftest.text);
        memcpy(body, &selftest.result, sizeof(selftest.result));
        memcpy(body + sizeof(selftest.result), selftest.text, length);
        (void) frame_send(socket, SELFTEST_END, 0, body, sizeof(selftest.result) + length, 0);
        _exit(0);
}
