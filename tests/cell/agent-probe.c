/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An agent that does whatever the test asks, honest or not
 *
 * The action's name is the probe. The same probe runs inside dlopen() when the test writes its name
 * into `at_load` in the object's bytes: what holds there holds against any hostile constructor. A
 * probe that comes back answers {"errno": N}: 0 = it was let through.
 */

#include <linhay/agent.h>

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

extern char **environ;

/* The test looks for the first bytes and writes a probe's name behind them. */
struct at_load {
        char mark[24];
        char probe[40];
};
__attribute__((used)) static volatile struct at_load at_load = { "linhay test: at load =", "" };

__attribute__((noreturn)) static void wait_for_end(void)
{
        for (;;)
                (void) pause();
}

static int cell_socket = 3; /* what a stranger would find out quickly */

static int outcome(bool ok)
{
        return ok ? 0 : errno;
}

static int open_path(const char *path, int flags)
{
        int fd = open(path, flags, 0600);

        return outcome(fd >= 0);
}

/* files */

static int probe_read_outside(struct linhay_run *r)
{
        (void) r;
        return open_path("/etc/passwd", O_RDONLY);
}

static int probe_read_proc(struct linhay_run *r)
{
        (void) r;
        return open_path("/proc/self/status", O_RDONLY);
}

static int probe_read_sys(struct linhay_run *r)
{
        (void) r;
        return open_path("/sys/kernel", O_RDONLY);
}

static int probe_write_root(struct linhay_run *r)
{
        (void) r;
        return open_path("/new", O_WRONLY | O_CREAT);
}

static int probe_write_usr(struct linhay_run *r)
{
        (void) r;
        return open_path("/usr/new", O_WRONLY | O_CREAT);
}

static int probe_write_object(struct linhay_run *r)
{
        (void) r;
        return open_path("/cell/agent.so", O_WRONLY);
}

static int probe_write_tmp(struct linhay_run *r)
{
        (void) r;
        return open_path("/tmp/new", O_WRONLY | O_CREAT);
}

static int probe_write_work(struct linhay_run *r)
{
        (void) r;
        return open_path("/work/new", O_WRONLY | O_CREAT);
}

/* What an overlay is made of, by every way down to its place: ENOENT. */
static int probe_layers(struct linhay_run *r)
{
        static const char *const paths[] = { "upper", "lower", "work", "../work/upper",
                                             "../work/lower" };
        int work = linhay_workspace(r), up = openat(work, "..", O_RDONLY | O_DIRECTORY);
        struct stat st;

        if (up < 0)
                return errno;
        for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
                if (fstatat(work, paths[i], &st, AT_NO_AUTOMOUNT) == 0)
                        return 0;
        return fstatat(up, "work/upper", &st, 0) == 0 || stat("/ws/work/lower", &st) == 0 ? 0
                                                                                          : errno;
}

static int probe_open_dev(struct linhay_run *r)
{
        (void) r;
        return open_path("/dev/zero", O_RDONLY);
}

static int probe_open_null(struct linhay_run *r)
{
        (void) r;
        return open_path("/dev/null", O_RDWR);
}

static int probe_dotdot(struct linhay_run *r)
{
        (void) r;
        return open_path("/work/../../../etc/shadow", O_RDONLY);
}

static int probe_list_root(struct linhay_run *r)
{
        (void) r;
        return open_path("/", O_RDONLY | O_DIRECTORY);
}

static int probe_chroot(struct linhay_run *r)
{
        (void) r;
        return outcome(chroot("/tmp") == 0);
}

static int probe_mknod(struct linhay_run *r)
{
        (void) r;
        return outcome(mknod("/tmp/dev", S_IFCHR | 0600, 0x0103) == 0);
}

static int probe_setxattr(struct linhay_run *r)
{
        (void) r;
        return outcome(syscall(SYS_setxattr, "/work", "user.overlay.opaque", "y", 1, 0) == 0);
}

/* An overlay's agent: changes, makes, removes, renames. */
static int probe_edit(struct linhay_run *r)
{
        int work = linhay_workspace(r), fd;

        fd = openat(work, "changed", O_WRONLY | O_TRUNC);
        if (fd < 0 || write(fd, "after\n", 6) != 6)
                return errno;
        fd = openat(work, "private", O_WRONLY | O_APPEND);
        if (fd < 0 || write(fd, "more\n", 5) != 5)
                return errno;
        fd = openat(work, "made", O_WRONLY | O_CREAT | O_EXCL, 0644);
        if (fd < 0 || write(fd, "new\n", 4) != 4)
                return errno;
        if (unlinkat(work, "removed", 0) < 0 || mkdirat(work, "folder", 0755) < 0 ||
            renameat(work, "moved", work, "folder/moved") < 0)
                return errno;
        return 0;
}

/* What a reader sees of a file that only its owner may read. */
static int probe_read_private(struct linhay_run *r)
{
        char bytes[16];
        int fd = openat(linhay_workspace(r), "private", O_RDONLY);

        return outcome(fd >= 0 && read(fd, bytes, sizeof(bytes)) > 0);
}

static int probe_fds(struct linhay_run *r)
{
        int expected = linhay_workspace(r) >= 0 ? 5 : 4;

        for (int fd = expected; fd < 1024; fd++)
                if (fcntl(fd, F_GETFD) >= 0)
                        return 1000 + fd;
        return 0;
}

static int probe_environment(struct linhay_run *r)
{
        (void) r;
        return environ && environ[0] ? 1 : 0;
}

static int probe_identity(struct linhay_run *r)
{
        (void) r;
        if (getuid() != 65533 || geteuid() != 65533 || getgid() != 65533)
                return 1;
        return prctl(PR_GET_DUMPABLE) == 0 && prctl(PR_CAPBSET_READ, 0) == 0 &&
                               prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1
                       ? 0
                       : 2;
}

/* The call itself is of the group `identity`. */
static int probe_capabilities(struct linhay_run *r)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct has[2];

        (void) r;
        if (syscall(SYS_capget, &header, has) != 0)
                return 1000;
        for (int i = 0; i < 2; i++)
                if (has[i].effective || has[i].permitted || has[i].inheritable)
                        return 1001 + i;
        return 0;
}

/* network */

static int probe_socket(struct linhay_run *r)
{
        (void) r;
        return outcome(socket(AF_INET, SOCK_STREAM, 0) >= 0);
}

static int probe_socket_netlink(struct linhay_run *r)
{
        (void) r;
        return outcome(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
}

static int probe_socket_unix(struct linhay_run *r)
{
        (void) r;
        return outcome(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
}

static int probe_connect(struct linhay_run *r)
{
        struct sockaddr_un to = { .sun_family = AF_UNIX };

        (void) r;
        return outcome(connect(cell_socket, (struct sockaddr *) &to, sizeof(to)) == 0);
}

static int probe_socketpair(struct linhay_run *r)
{
        int pair[2];

        (void) r;
        return outcome(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
}

/* processes */

static int probe_fork(struct linhay_run *r)
{
        (void) r;
        return outcome(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0);
}

static void *thread_main(void *arg)
{
        return arg;
}

static int probe_thread(struct linhay_run *r)
{
        pthread_t thread;
        int code = pthread_create(&thread, NULL, thread_main, NULL);

        (void) r;
        if (code == 0)
                (void) pthread_join(thread, NULL);
        return code;
}

static void *thread_wait(void *arg)
{
        (void) pause();
        return arg;
}

static int probe_thread_bomb(struct linhay_run *r)
{
        for (int i = 0; i < 100000; i++) {
                pthread_t thread;
                int code = pthread_create(&thread, NULL, thread_wait, NULL);

                if (code != 0)
                        return -code;
        }
        (void) r;
        return 0;
}

static int probe_fork_bomb(struct linhay_run *r)
{
        (void) r;
        for (int i = 0; i < 100000; i++) {
                pid_t pid = fork();

                if (pid < 0)
                        return -errno;
                if (pid == 0)
                        for (;;)
                                (void) pause();
        }
        return 0;
}

/* Past the C library, and not a word of why. */
static int probe_fork_silently(struct linhay_run *r)
{
        (void) r;
        for (;;) {
                long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

                if (pid < 0)
                        return -errno;
                if (pid == 0)
                        for (;;)
                                (void) pause();
        }
}

#define TREE_PROCESSES 4

static void tree_wait(void)
{
        while (wait(NULL) > 0)
                ;
}

/* Each keeps to the limit that holds for it alone; all together do not. */
static int probe_tree_memory(struct linhay_run *r)
{
        const size_t size = 40 << 20;

        (void) r;
        for (int i = 0; i < TREE_PROCESSES; i++) {
                char *p;

                if (fork() != 0)
                        continue;
                p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (p == MAP_FAILED)
                        _exit(1);
                memset(p, 'x', size);
                (void) usleep(700000);
                _exit(0);
        }
        tree_wait();
        return 0;
}

/* One after the other, and nobody waits for them by name: what they use is told to nobody. */
static int probe_tree_spin(struct linhay_run *r)
{
        (void) r;
        (void) signal(SIGCHLD, SIG_IGN);
        for (int i = 0; i < TREE_PROCESSES; i++) {
                if (fork() != 0) {
                        tree_wait();
                        continue;
                }
                while (clock() < CLOCKS_PER_SEC * 15 / 100)
                        ;
                _exit(0);
        }
        return 0;
}

static int probe_spawn(struct linhay_run *r)
{
        int status = 0;
        pid_t pid = fork();

        (void) r;
        if (pid == 0) {
                (void) execl("/usr/bin/true", "true", NULL);
                _exit(9);
        }
        return pid > 0 && waitpid(pid, &status, 0) == pid ? status : errno;
}

static int probe_execve(struct linhay_run *r)
{
        (void) r;
        return outcome(execl("/usr/bin/true", "true", NULL) == 0);
}

static int probe_ptrace(struct linhay_run *r)
{
        (void) r;
        return outcome(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
}

static int probe_process_read(struct linhay_run *r)
{
        char bytes[8];
        struct iovec part = { bytes, sizeof(bytes) };

        (void) r;
        return outcome(syscall(SYS_process_vm_readv, 1, &part, 1, &part, 1, 0) >= 0);
}

static int probe_unshare(struct linhay_run *r)
{
        (void) r;
        return outcome(unshare(CLONE_NEWUSER) == 0);
}

static int probe_setns(struct linhay_run *r)
{
        (void) r;
        return outcome(setns(3, 0) == 0);
}

static int probe_mount(struct linhay_run *r)
{
        (void) r;
        return outcome(mount("none", "/tmp", "tmpfs", 0, NULL) == 0);
}

static int probe_bpf(struct linhay_run *r)
{
        (void) r;
        return outcome(syscall(SYS_bpf, 0, NULL, 0) >= 0);
}

static int probe_keyctl(struct linhay_run *r)
{
        (void) r;
        return outcome(syscall(SYS_keyctl, 0, 0, 0, 0, 0) >= 0);
}

static int probe_userfaultfd(struct linhay_run *r)
{
        (void) r;
        return outcome(syscall(SYS_userfaultfd, 0) >= 0);
}

static int probe_io_uring(struct linhay_run *r)
{
        (void) r;
        return outcome(syscall(SYS_io_uring_setup, 1, NULL) >= 0);
}

/* memory that is code */

static int probe_mmap_wx(struct linhay_run *r)
{
        (void) r;
        return outcome(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

static int probe_mmap_x(struct linhay_run *r)
{
        (void) r;
        return outcome(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                            0) != MAP_FAILED);
}

static int probe_mprotect_x(struct linhay_run *r)
{
        void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        (void) r;
        return outcome(mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0);
}

/* A file of the agent's own, mapped as code: its file systems are noexec. */
static int probe_map_own_file(struct linhay_run *r)
{
        int fd = open("/tmp/code", O_RDWR | O_CREAT, 0700);

        (void) r;
        if (fd < 0 || write(fd, "\xc3", 1) != 1)
                return 1;
        return outcome(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) != MAP_FAILED);
}

/* After prepare(), not even what lies in /usr. */
static int probe_map_library(struct linhay_run *r)
{
        int fd = open("/usr/bin/true", O_RDONLY);

        (void) r;
        return outcome(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) != MAP_FAILED);
}

/* A thread of the constructor's, from before stage 2, that maps code when the agent runs. */
static pthread_t early;
static atomic_bool is_running;

static void *early_main(void *arg)
{
        while (!is_running)
                (void) sched_yield();
        return (void *) (intptr_t) probe_map_library(arg);
}

static int probe_early_thread(struct linhay_run *r)
{
        (void) r;
        return pthread_create(&early, NULL, early_main, NULL);
}

static int early_finish(void)
{
        void *code;

        is_running = true;
        return pthread_join(early, &code) == 0 ? (int) (intptr_t) code : -1;
}

static int probe_memfd(struct linhay_run *r)
{
        (void) r;
        return outcome(syscall(SYS_memfd_create, "x", 0) >= 0);
}

static int probe_personality(struct linhay_run *r)
{
        (void) r;
        return outcome(syscall(SYS_personality, 0x0400000) >= 0);
}

/* the filter itself */

static struct sock_filter let_all[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
static struct sock_fprog let_all_program = { 1, let_all };

static int probe_own_filter(struct linhay_run *r)
{
        (void) r;
        return outcome(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &let_all_program) == 0);
}

/* With the flag that the host's own second stage needs. */
static int probe_own_filter_for_all(struct linhay_run *r)
{
        (void) r;
        return outcome(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,
                               &let_all_program) == 0);
}

static int probe_own_filter_prctl(struct linhay_run *r)
{
        (void) r;
        return outcome(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &let_all_program) == 0);
}

static void ignore_signal(int signal)
{
        (void) signal;
}

static int probe_replace_handler(struct linhay_run *r)
{
        (void) r;
        return outcome(signal(SIGSYS, ignore_signal) != SIG_ERR);
}

/* Goes on after a call that was denied, if it can. */
static int probe_hide_denied(struct linhay_run *r)
{
        (void) signal(SIGSYS, ignore_signal);
        (void) syscall(SYS_keyctl, 0, 0, 0, 0, 0);
        (void) r;
        return 0;
}

/* In a program of its own, which no handler of the cell's is in. */
static int probe_hide_denied_below(struct linhay_run *r)
{
        int status = 0;
        pid_t pid = fork();

        if (pid == 0)
                _exit(probe_hide_denied(r));
        return pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? WTERMSIG(status)
                                                                                 : 0;
}

/* The one talks on while the other crashes. */
static int probe_crash_below(struct linhay_run *r)
{
        if (fork() == 0)
                abort();
        for (int i = 0; i < 100000; i++)
                linhay_log(r, LINHAY_INFO, "still here");
        return 0;
}

static int probe_blocked_sigsys(struct linhay_run *r)
{
        sigset_t all;

        (void) sigfillset(&all);
        (void) sigprocmask(SIG_BLOCK, &all, NULL);
        return probe_ptrace(r);
}

/* System calls by another door have no names here; the kernel ends it. */
static int probe_int80(struct linhay_run *r)
{
#ifdef __x86_64__
        long result;

        __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory"); /* getpid */
        (void) r;
        return (int) (result < 0 ? -result : 0);
#else
        return probe_ptrace(r);
#endif
}

static int probe_x32(struct linhay_run *r)
{
        (void) r;
        return outcome(syscall(0x40000000 | 39) >= 0);
}

static int probe_pdeathsig(struct linhay_run *r)
{
        (void) r;
        return outcome(prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) == 0);
}

static int probe_raise_limit(struct linhay_run *r)
{
        struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

        (void) r;
        return outcome(setrlimit(RLIMIT_AS, &limit) == 0);
}

/* what honest libraries do */

static int probe_innocent(struct linhay_run *r)
{
        struct termios terminal;
        struct winsize size;
        struct sysinfo info;
        struct rlimit limit;
        cpu_set_t set;
        char bytes[64];

        (void) r;
        if (isatty(1) || tcgetattr(0, &terminal) == 0 || ioctl(1, TIOCGWINSZ, &size) == 0)
                return 1;
        if (sysinfo(&info) < 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
            sched_getaffinity(0, sizeof(set), &set) < 0 || getrandom(bytes, sizeof(bytes), 0) < 0)
                return 2;
        if (prctl(PR_SET_NAME, "probe") < 0 || readlink("/lib", bytes, sizeof(bytes)) < 0)
                return 3;
        return syscall(SYS_getxattr, "/", "user.x", bytes, 1) < 0 && errno == EOPNOTSUPP ? 0 : 4;
}

/* how it may end */

static int probe_abort(struct linhay_run *r)
{
        (void) r;
        abort();
}

static int probe_crash(struct linhay_run *r)
{
        static volatile uintptr_t nowhere = 8;

        (void) r;
        return *(volatile int *) nowhere;
}

static volatile bool is_deep;

static int overflow(volatile char *above)
{
        volatile char here[4096];

        here[0] = above ? above[0] : 1;
        return is_deep ? 0 : overflow(here) + here[0];
}

static int probe_stack_overflow(struct linhay_run *r)
{
        (void) r;
        return overflow(NULL);
}

static int probe_exit(struct linhay_run *r)
{
        (void) r;
        _exit(0);
}

static int probe_terminate(struct linhay_run *r)
{
        (void) r;
        (void) raise(SIGTERM);
        return 0;
}

static int probe_loop(struct linhay_run *r)
{
        (void) r;
        wait_for_end();
}

static int probe_spin(struct linhay_run *r)
{
        (void) r;
        for (volatile unsigned long i = 0; i < ~0UL; i++)
                ;
        return 0;
}

/* Takes the warning away and goes on. */
static int probe_spin_deaf(struct linhay_run *r)
{
        (void) signal(SIGXCPU, SIG_IGN);
        return probe_spin(r);
}

static int probe_memory(struct linhay_run *r)
{
        (void) r;
        for (;;) {
                char *p = malloc(1 << 20);

                if (!p)
                        return -1;
                memset(p, 1, 1 << 20);
        }
}

static int probe_memory_abort(struct linhay_run *r)
{
        if (probe_memory(r) < 0)
                abort();
        return 0;
}

static int probe_descriptors(struct linhay_run *r)
{
        (void) r;
        while (dup(0) >= 0)
                ;
        return -1;
}

static int probe_disk(struct linhay_run *r)
{
        static char bytes[1 << 16];
        int fd = -1;

        (void) r;
        for (int i = 0;; i++) {
                char name[32];

                if (i % 16 == 0) {
                        (void) snprintf(name, sizeof(name), "/tmp/%d", i);
                        (void) close(fd);
                        fd = open(name, O_WRONLY | O_CREAT, 0600);
                }
                if (fd < 0 || write(fd, bytes, sizeof(bytes)) != (ssize_t) sizeof(bytes))
                        return -1;
        }
}

static int probe_inodes(struct linhay_run *r)
{
        (void) r;
        for (int i = 0;; i++) {
                char name[32];

                (void) snprintf(name, sizeof(name), "/tmp/%d", i);
                if (mkdir(name, 0700) < 0)
                        return -1;
        }
}

static int probe_file_size(struct linhay_run *r)
{
        int fd = open("/tmp/large", O_WRONLY | O_CREAT, 0600);

        (void) r;
        if (fd < 0) /* without namespaces there is a workspace at most */
                fd = open("large", O_WRONLY | O_CREAT, 0600);
        return outcome(pwrite(fd, "x", 1, 1 << 30) == 1);
}

static int probe_log_flood(struct linhay_run *r)
{
        for (int i = 0; i < 100000; i++)
                linhay_log(r, LINHAY_INFO, "again and again and again and again");
        return 0;
}

static int probe_print_flood(struct linhay_run *r)
{
        (void) r;
        for (int i = 0; i < 100000; i++)
                (void) puts("again and again and again and again");
        return 0;
}

static int probe_finding_flood(struct linhay_run *r)
{
        struct linhay_finding f = LINHAY_FINDING(.rule = "test/flood", .message = "again");

        for (int i = 0; i < 1000; i++)
                if (linhay_finding(r, &f) < 0)
                        return 0; /* an agent that does not care */
        return 0;
}

static int probe_output_flood(struct linhay_run *r)
{
        size_t length = 2 << 20;
        char *text = malloc(length);

        memset(text, '1', length);
        text[0] = text[length - 1] = '"';
        (void) linhay_output(r, text, length);
        return 0;
}

static int probe_artifact_flood(struct linhay_run *r)
{
        size_t length = 2 << 20;
        char *text = calloc(1, length);

        (void) linhay_artifact(r, "large", "text/plain", text, length);
        return 0;
}

/* on the wire; the layout is written down in host/cell/frame.h */

struct raw {
        uint32_t magic;
        uint16_t version, type;
        uint32_t flags, length;
        char body[70000];
};

static void raw_send(uint16_t type, uint32_t flags, uint32_t says, size_t length)
{
        static struct raw raw;

        raw.magic = 0x314c4e4cU;
        raw.version = 1;
        raw.type = type;
        raw.flags = flags;
        raw.length = says;
        (void) send(cell_socket, &raw, 16 + length, MSG_NOSIGNAL);
}

/* Past the runtime, which counts as well: the host must not rely on that. */
static int probe_wire_large_output(struct linhay_run *r)
{
        static struct raw raw = { 0x314c4e4cU, 1, 11, 0, 2000, "" };

        (void) r;
        memset(raw.body, '1', 2000);
        (void) send(cell_socket, &raw, 16 + 2000, MSG_NOSIGNAL);
        _exit(0);
}

static int probe_wire_many_findings(struct linhay_run *r)
{
        static const char one[] =
                "{\"rule\":\"a/b\",\"severity\":\"low\",\"message\":\"m\",\"path\":null,"
                "\"line\":0,\"column\":0,\"end_line\":0,\"end_column\":0,\"excerpt\":null,"
                "\"fingerprint\":null,\"cwe\":[],\"fix\":null,\"tags\":[]}";
        static struct raw raw = { 0x314c4e4cU, 1, 5, 0, 0, "" };

        (void) r;
        raw.length = (uint32_t) snprintf(raw.body, sizeof(raw.body), "[%s,%s,%s]", one, one, one);
        (void) send(cell_socket, &raw, 16 + raw.length, MSG_NOSIGNAL);
        return 0;
}

static int probe_wire_early_result(struct linhay_run *r)
{
        (void) r;
        raw_send(11, 0, 4, 4);
        wait_for_end();
}

static int probe_wire_two_results(struct linhay_run *r)
{
        static struct raw raw = { 0x314c4e4cU, 1, 11, 0, 4, "true" };

        (void) r;
        (void) send(cell_socket, &raw, 20, MSG_NOSIGNAL);
        (void) send(cell_socket, &raw, 20, MSG_NOSIGNAL);
        wait_for_end();
}

static int probe_wire_oversized(struct linhay_run *r)
{
        (void) r;
        raw_send(3, 0, 66000, 66000);
        wait_for_end();
}

static int probe_wire_lying_length(struct linhay_run *r)
{
        (void) r;
        raw_send(3, 0, 100, 50);
        wait_for_end();
}

static int probe_wire_bad_magic(struct linhay_run *r)
{
        (void) r;
        (void) send(cell_socket, "not a frame at all, is it?", 26, MSG_NOSIGNAL);
        wait_for_end();
}

static int probe_wire_empty(struct linhay_run *r)
{
        (void) r;
        (void) send(cell_socket, "", 0, MSG_NOSIGNAL);
        wait_for_end();
}

static int probe_wire_unknown_type(struct linhay_run *r)
{
        (void) r;
        raw_send(99, 0, 0, 0);
        wait_for_end();
}

static int probe_wire_host_frame(struct linhay_run *r)
{
        (void) r;
        raw_send(12, 0, 0, 0);
        wait_for_end();
}

static int probe_wire_bad_flags(struct linhay_run *r)
{
        (void) r;
        raw_send(3, 0x80, 10, 10);
        wait_for_end();
}

static int probe_wire_no_grant(struct linhay_run *r)
{
        (void) r;
        raw_send(11, 1, 0, 0);
        wait_for_end();
}

static int probe_wire_fault_ok(struct linhay_run *r)
{
        (void) r;
        raw_send(10, 0, 16, 16); /* a fault whose verdict is "ok" */
        wait_for_end();
}

static int probe_wire_descriptor(struct linhay_run *r)
{
        /* A log line without a fault, but for what comes along. */
        static struct raw raw = { 0x314c4e4cU, 1, 3, 0, 5, "\6\0\0\0x" };
        struct iovec part = { &raw, 16 + 5 };
        union {
                char bytes[CMSG_SPACE(sizeof(int))];
                struct cmsghdr header;
        } control = { 0 };
        struct msghdr message = { .msg_iov = &part,
                                  .msg_iovlen = 1,
                                  .msg_control = &control,
                                  .msg_controllen = sizeof(control) };

        (void) r;
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &(int){ 0 }, sizeof(int));
        (void) sendmsg(cell_socket, &message, MSG_NOSIGNAL);
        wait_for_end();
}

/* A well-formed result, then it lives on. */
static int probe_result_and_stay(struct linhay_run *r)
{
        static struct raw raw = { 0x314c4e4cU, 1, 11, 0, 4, "true" };

        (void) r;
        (void) send(cell_socket, &raw, 20, MSG_NOSIGNAL);
        wait_for_end();
}

/* honest work */

static int probe_services(struct linhay_run *r)
{
        struct linhay_finding f =
                LINHAY_FINDING(.rule = "test/one", .message = "seen", .path = "a/b", .line = 3,
                               .severity = LINHAY_SEVERITY_HIGH);
        const char *json;
        char bytes[8] = { 0 };
        size_t length;
        int fd = linhay_input_fd(r, "/file");

        if (linhay_input_int(r, "/number", 0) != 42 ||
            strcmp(linhay_input_string(r, "/text", ""), "h\xc3\xa9llo") != 0 ||
            !linhay_input_bool(r, "/yes", 0) || linhay_input_real(r, "/real", 0) != 1.5 ||
            linhay_input(r, "/list", &json, &length) < 0 || strcmp(json, "[1,2]") != 0)
                return 1;
        if (linhay_input(r, "/nothing", &json, &length) != -ENOENT)
                return 2;
        if (fd < 0 || read(fd, bytes, sizeof(bytes)) != 4 || memcmp(bytes, "\xff\x00zz", 4) != 0)
                return 3;
        if (write(fd, "x", 1) >= 0)
                return 4;
        linhay_log(r, LINHAY_WARNING, "line \x1b[31m%d", 1);
        (void) printf("printed\n");
        (void) fprintf(stderr, "forged\rline\n");
        if (linhay_progress(r, 1, 2, "half") < 0 || linhay_finding(r, &f) < 0 ||
            linhay_spend(r, "tokens", 5) < 0 || linhay_spend(r, "tokens", 6) < 0 ||
            linhay_artifact(r, "small.txt", "text/plain", "abc", 3) < 0)
                return 5;
        return linhay_secret(r, "none", (const void **) &json, &length) == -ENOENT ? 0 : 6;
}

static int probe_large(struct linhay_run *r)
{
        size_t length = 500000;
        char *text = malloc(length + 1);
        const char *json;

        memset(text, 'x', length);
        text[0] = text[length - 1] = '"';
        text[length] = '\0';
        if (linhay_artifact(r, "large.bin", NULL, text, length) < 0)
                return 1;
        if (linhay_input(r, "/large", &json, NULL) == 0 && strlen(json) < 200000)
                return 2;
        return linhay_output(r, text, length) < 0 ? 3 : -2; /* the output is set: keep it */
}

static int probe_findings(struct linhay_run *r)
{
        for (int i = 0; i < 5000; i++) {
                struct linhay_finding f =
                        LINHAY_FINDING(.rule = "test/many", .message = "a finding with some text",
                                       .path = "src/file.c", .line = (uint32_t) i);

                if (linhay_finding(r, &f) < 0)
                        return 1;
        }
        return 0;
}

static int probe_fail(struct linhay_run *r)
{
        return linhay_fail(r, LINHAY_FAIL_INPUT, "not-good", "The input is %s.", "bad");
}

static int probe_fail_silently(struct linhay_run *r)
{
        (void) r;
        return -1;
}

static int probe_cancel(struct linhay_run *r)
{
        static const struct timespec tick = { .tv_nsec = 1000000 };

        linhay_log(r, LINHAY_INFO, "ready");
        while (!linhay_cancelled(r))
                (void) nanosleep(&tick, NULL);
        return 0;
}

/* Two generations that hear no SIGTERM; half of them are stopped and hear nothing at all. */
static int probe_stubborn(struct linhay_run *r)
{
        (void) signal(SIGTERM, SIG_IGN);
        for (int i = 0; i < 3; i++) {
                pid_t child = fork();

                if (child < 0)
                        return -errno;
                if (child == 0) {
                        if (fork() < 0)
                                _exit(1);
                        (void) kill(getpid(), SIGSTOP);
                        for (;;)
                                (void) pause();
                }
                if (waitpid(child, NULL, WUNTRACED) != child)
                        return -errno;
                if (i % 2)
                        (void) kill(child, SIGCONT);
        }
        linhay_log(r, LINHAY_INFO, "ready");
        for (;;)
                (void) pause();
}

static int probe_ready_then_loop(struct linhay_run *r)
{
        linhay_log(r, LINHAY_INFO, "ready");
        return probe_loop(r);
}

static int probe_granted_jit(struct linhay_run *r)
{
        return linhay_granted(r, "jit") && !linhay_granted(r, "threads") && !linhay_granted(r, "")
                       ? 0
                       : EPERM;
}

static int probe_bad_output(struct linhay_run *r)
{
        return linhay_output(r, "{not json", 9) == -EINVAL ? 0 : 1;
}

#define PROBE(name)                                                                                \
        {                                                                                          \
#name, probe_##name                                                                \
        }

static const struct probe {
        const char *name;
        int (*run)(struct linhay_run *r);
} probes[] = {
        PROBE(abort),
        PROBE(artifact_flood),
        PROBE(granted_jit),
        PROBE(bad_output),
        PROBE(blocked_sigsys),
        PROBE(bpf),
        PROBE(cancel),
        PROBE(capabilities),
        PROBE(chroot),
        PROBE(connect),
        PROBE(crash),
        PROBE(descriptors),
        PROBE(disk),
        PROBE(dotdot),
        PROBE(early_thread),
        PROBE(edit),
        PROBE(environment),
        PROBE(execve),
        PROBE(exit),
        PROBE(fail),
        PROBE(fail_silently),
        PROBE(fds),
        PROBE(file_size),
        PROBE(finding_flood),
        PROBE(findings),
        PROBE(fork),
        PROBE(fork_bomb),
        PROBE(hide_denied),
        PROBE(hide_denied_below),
        PROBE(crash_below),
        PROBE(fork_silently),
        PROBE(layers),
        PROBE(tree_memory),
        PROBE(tree_spin),
        PROBE(identity),
        PROBE(innocent),
        PROBE(inodes),
        PROBE(int80),
        PROBE(io_uring),
        PROBE(keyctl),
        PROBE(large),
        PROBE(list_root),
        PROBE(log_flood),
        PROBE(loop),
        PROBE(map_library),
        PROBE(map_own_file),
        PROBE(memfd),
        PROBE(memory),
        PROBE(memory_abort),
        PROBE(mknod),
        PROBE(mmap_wx),
        PROBE(mmap_x),
        PROBE(mount),
        PROBE(mprotect_x),
        PROBE(open_dev),
        PROBE(open_null),
        PROBE(output_flood),
        PROBE(own_filter),
        PROBE(own_filter_for_all),
        PROBE(own_filter_prctl),
        PROBE(pdeathsig),
        PROBE(personality),
        PROBE(print_flood),
        PROBE(process_read),
        PROBE(ptrace),
        PROBE(raise_limit),
        PROBE(read_outside),
        PROBE(read_private),
        PROBE(read_proc),
        PROBE(read_sys),
        PROBE(ready_then_loop),
        PROBE(replace_handler),
        PROBE(result_and_stay),
        PROBE(services),
        PROBE(setns),
        PROBE(setxattr),
        PROBE(socket),
        PROBE(socket_netlink),
        PROBE(socket_unix),
        PROBE(socketpair),
        PROBE(spawn),
        PROBE(spin),
        PROBE(spin_deaf),
        PROBE(stack_overflow),
        PROBE(stubborn),
        PROBE(terminate),
        PROBE(thread),
        PROBE(thread_bomb),
        PROBE(unshare),
        PROBE(userfaultfd),
        PROBE(wire_bad_flags),
        PROBE(wire_bad_magic),
        PROBE(wire_descriptor),
        PROBE(wire_early_result),
        PROBE(wire_empty),
        PROBE(wire_fault_ok),
        PROBE(wire_host_frame),
        PROBE(wire_large_output),
        PROBE(wire_lying_length),
        PROBE(wire_many_findings),
        PROBE(wire_no_grant),
        PROBE(wire_oversized),
        PROBE(wire_two_results),
        PROBE(wire_unknown_type),
        PROBE(write_object),
        PROBE(write_root),
        PROBE(write_tmp),
        PROBE(write_usr),
        PROBE(write_work),
        PROBE(x32),
};

static const struct probe *probe_find(const char *name)
{
        for (size_t i = 0; i < sizeof(probes) / sizeof(*probes); i++)
                if (strcmp(probes[i].name, name) == 0)
                        return &probes[i];
        return NULL;
}

static int result_at_load = -1;

__attribute__((constructor)) static void load(void)
{
        const struct probe *p = probe_find((const char *) at_load.probe);

        if (p)
                result_at_load = p->run(NULL);
}

static int run(struct linhay_run *r)
{
        const struct probe *p = probe_find(r->action);
        int code;

        if (at_load.probe[0])
                return linhay_outputf(r, "{\"errno\":%d}", early ? early_finish() : result_at_load);
        if (!p)
                return linhay_fail(r, LINHAY_FAIL_INPUT, "no-probe", "no probe %s", r->action);
        code = p->run(r);
        if (code == -2)
                return 0;
        return code < 0 ? code : linhay_outputf(r, "{\"errno\":%d}", code);
}

LINHAY_AGENT(.run = run)
