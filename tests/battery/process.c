/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Other processes: new ones, and those of the host
 *
 * The victim is a process of the same user as the control's, so that only the cell stands between.
 */

#include "probe.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

/* Zombies of the driver's own are no longer alive. */
static bool victim_is_dead(void)
{
        siginfo_t info = { 0 };

        return waitid(P_PID, (id_t) scene.victim, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
               info.si_pid != 0;
}

/* The end of every way to make a process: the child does nothing. */
static int made(long pid)
{
        if (pid == 0)
                _exit(0);
        if (pid > 0)
                (void) waitpid((pid_t) pid, NULL, __WALL);
        return reached(pid > 0);
}

static int child_ends(void *arg)
{
        (void) arg;
        (void) syscall(SYS_exit, 0);
        return 0;
}

static int clone_shared(unsigned long flags)
{
        static char stack[65536] __attribute__((aligned(16)));
        int pid = clone(child_ends, stack + sizeof(stack), (int) flags, NULL);

        if (pid > 0 && !(flags & CLONE_THREAD))
                (void) waitpid(pid, NULL, __WALL);
        return reached(pid > 0);
}

#ifdef SYS_fork
ATTACK(fork_old)
{
        return made(syscall(SYS_fork));
}
#endif

ATTACK(fork_by_clone)
{
        return made(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

ATTACK(fork_by_clone3)
{
        struct clone_args args = { .exit_signal = SIGCHLD };

        return made(syscall(SYS_clone3, &args, sizeof(args)));
}

ATTACK(fork_shared)
{
        return clone_shared(CLONE_VM | CLONE_VFORK | SIGCHLD);
}

ATTACK(thread)
{
        return clone_shared(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                            CLONE_SYSVSEM);
}

/* The new process is the brother of this one, and a child of whoever watches it. */
ATTACK(fork_brother)
{
        long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

        if (pid == 0)
                _exit(0);
        return reached(pid > 0);
}

/* A number that is free may be chosen, that of somebody who was known before. */
ATTACK(fork_numbered)
{
        pid_t number = 31999;
        struct clone_args args = {
                .exit_signal = SIGCHLD,
                .set_tid = (uint64_t) (uintptr_t) &number,
                .set_tid_size = 1,
        };
        long pid = syscall(SYS_clone3, &args, sizeof(args));

        return pid < 0 ? passed(pid, EEXIST) : made(pid);
}

ATTACK(daemon_left)
{
        int status;
        long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

        if (pid == 0)
                _exit(setsid() < 0);
        if (pid < 0 || waitpid((pid_t) pid, &status, 0) < 0)
                return errno;
        return status == 0 ? 0 : EPERM;
}

/* programs; those that run end well */

ATTACK(exec_program)
{
        char *const arguments[] = { (char *) (uintptr_t) "true", NULL };

        return reached(syscall(SYS_execve, "/usr/bin/true", arguments, NULL) == 0);
}

static int exec_copy(int to)
{
        char *const arguments[] = { (char *) (uintptr_t) "true", NULL };
        static char bytes[1 << 17];
        int from = open("/usr/bin/true", O_RDONLY | O_CLOEXEC);
        ssize_t n = read(from, bytes, sizeof(bytes));

        if (n <= 0 || to < 0 || write(to, bytes, (size_t) n) != n)
                return errno;
        return reached(syscall(SYS_execveat, to, "", arguments, NULL, AT_EMPTY_PATH) == 0);
}

ATTACK(exec_memory)
{
        return exec_copy((int) syscall(SYS_memfd_create, "x", MFD_CLOEXEC));
}

/* Of a file that is still open for writing the answer would be ETXTBSY. */
ATTACK(exec_own_file)
{
        char *const arguments[] = { (char *) (uintptr_t) "own", NULL };
        char path[128];
        int fd;

        scratch_path(path, "program");
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
        if (fd < 0 || write(fd, "#!/usr/bin/true\n", 16) != 16 || close(fd) < 0)
                return errno;
        return reached(syscall(SYS_execveat, AT_FDCWD, path, arguments, NULL, 0) == 0);
}

/* tracing */

ATTACK(trace_me)
{
        return reached(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
}

ATTACK(trace_victim)
{
        return reached(ptrace(PTRACE_SEIZE, scene.victim, NULL, NULL) == 0);
}

static int copy_victim(long call, char text[sizeof(scene.canary)])
{
        struct iovec here = { text, sizeof(scene.canary) };
        struct iovec there = { (void *) (uintptr_t) scene.victim_address, sizeof(scene.canary) };

        return reached(syscall(call, scene.victim, &here, 1, &there, 1, 0) > 0);
}

ATTACK(read_victim)
{
        char text[sizeof(scene.canary)] = { 0 };
        int code = copy_victim(SYS_process_vm_readv, text);

        return code ? code : memcmp(text, scene.canary, sizeof(text)) == 0 ? 0 : ENODATA;
}

ATTACK(write_victim)
{
        return copy_victim(SYS_process_vm_writev, scene.canary);
}

ATTACK(victim_memory_file)
{
        char path[64];

        (void) snprintf(path, sizeof(path), "/proc/%d/mem", scene.victim);
        return reached(open(path, O_RDWR | O_CLOEXEC) >= 0);
}

/* descriptors of processes; in a cell there is none to be had, and the call itself is tried */

static int victim_pidfd(void)
{
        return in_cell() ? CELL_SOCKET : (int) syscall(SYS_pidfd_open, scene.victim, 0);
}

ATTACK(pidfd_victim)
{
        return reached(syscall(SYS_pidfd_open, scene.victim, 0) >= 0);
}

ATTACK(pidfd_descriptor)
{
        return reached(syscall(SYS_pidfd_getfd, victim_pidfd(), 0, 0) >= 0);
}

ATTACK(pidfd_signal)
{
        return reached(syscall(SYS_pidfd_send_signal, victim_pidfd(), 0, NULL, 0) == 0);
}

/* signals */

ATTACK(kill_victim)
{
        return reached(kill(scene.victim, SIGKILL) == 0);
}

ATTACK(kill_group)
{
        return reached(kill(-scene.victim, SIGKILL) == 0);
}

ATTACK(kill_all)
{
        return reached(kill(-1, SIGKILL) == 0);
}

ATTACK(kill_thread)
{
        return reached(syscall(SYS_tgkill, scene.victim, scene.victim, SIGKILL) == 0);
}

ATTACK(queue_signal)
{
        siginfo_t info = { .si_signo = SIGKILL, .si_code = SI_QUEUE };

        return reached(syscall(SYS_rt_sigqueueinfo, scene.victim, SIGKILL, &info) == 0);
}

ATTACK(own_signals)
{
        int ends[2];

        return reached(pipe(ends) == 0 && fcntl(ends[0], F_SETOWN, scene.victim) == 0);
}

/* what others may be asked, and told */

ATTACK(compare_victim)
{
        return reached(syscall(SYS_kcmp, scene.victim, scene.victim, KCMP_VM, 0, 0) == 0);
}

ATTACK(robust_list_of_victim)
{
        void *head;
        size_t length;

        return reached(syscall(SYS_get_robust_list, scene.victim, &head, &length) == 0);
}

ATTACK(session_of_victim)
{
        return reached(getsid(scene.victim) >= 0);
}

/* The clock of another process counts what it works. */
ATTACK(clock_of_victim)
{
        clockid_t clock = (clockid_t) ((~(unsigned) scene.victim << 3) | 2);
        struct timespec ts;

        return reached(clock_gettime(clock, &ts) == 0);
}

ATTACK(priority_of_victim)
{
        return reached(setpriority(PRIO_PROCESS, (id_t) scene.victim, 19) == 0);
}

ATTACK(affinity_of_victim)
{
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET(0, &set);
        return reached(sched_setaffinity(scene.victim, sizeof(set), &set) == 0);
}

ATTACK(disk_priority_of_victim)
{
        return reached(syscall(SYS_ioprio_set, 1, scene.victim, 3 << 13 /* idle */) == 0);
}

ATTACK(limits_of_victim)
{
        struct rlimit none = { 0, 0 };

        return reached(prlimit(scene.victim, RLIMIT_CORE, &none, NULL) == 0);
}

ATTACK(pages_of_victim)
{
        return reached(syscall(SYS_move_pages, scene.victim, 0, NULL, NULL, NULL, 0) == 0);
}

ATTACK(realtime)
{
        struct sched_param param = { .sched_priority = 1 };

        return reached(sched_setscheduler(0, SCHED_FIFO, &param) == 0);
}

ATTACK(outlive_parent)
{
        return reached(prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) == 0);
}

ATTACK(adopt)
{
        return reached(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
}

/* One process may be had, and the cell is it. */
#define NO_MORE "EAGAIN"
/* No process of the host's has a number in here. */
#define NOBODY "ESRCH"
/* The program takes the cell's place; of a result nothing is known. */
#define REPLACED "protocol"

const struct probe process_probes[] = {
#ifdef SYS_fork
        { "process/fork", "fork by the oldest call for it", fork_old, "syscall fork",
          .without_seccomp = NO_MORE },
#endif
        { "process/clone", "fork by clone()", fork_by_clone, "syscall clone",
          .without_seccomp = NO_MORE },
        { "process/clone3", "fork by clone3()", fork_by_clone3, "syscall clone3",
          .without_seccomp = NO_MORE },
        { "process/vfork", "a process in the same memory", fork_shared, "syscall clone",
          .without_seccomp = NO_MORE },
        { "process/thread", "a thread", thread, "syscall clone", .without_seccomp = NO_MORE },
        { "process/clone-parent", "a process that is a child of the cell's parent", fork_brother,
          "syscall clone", .without_seccomp = "EINVAL" },
        { "process/clone-numbered", "a process with the number of one that is gone", fork_numbered,
          "syscall clone3", .without_seccomp = NO_MORE " or EPERM", .control = CONTROL_ROOT },
        { "process/daemon", "a process in a session of its own, to stay behind", daemon_left,
          "syscall clone", .without_seccomp = NO_MORE },
        { "process/execve", "run a program of /usr", exec_program, "syscall execve",
          .without_seccomp = REPLACED },
        { "process/exec-memfd", "run a program from memory, without a file", exec_memory,
          "syscall memfd_create", .without_seccomp = REPLACED },
        { "process/exec-own", "run a program that it wrote itself", exec_own_file,
          "syscall execveat", .without_seccomp = "EACCES" },
        { "process/trace-me", "have itself traced by its parent", trace_me, "syscall ptrace",
          .without_seccomp = "reached" },
        { "process/trace", "trace another process", trace_victim, "syscall ptrace",
          .without_seccomp = NOBODY },
        { "process/vm-readv", "read the memory of another process", read_victim,
          "syscall process_vm_readv", .without_seccomp = NOBODY },
        { "process/vm-writev", "write to the memory of another process", write_victim,
          "syscall process_vm_writev", .without_seccomp = NOBODY },
        { "process/proc-mem", "the same by /proc/PID/mem", victim_memory_file, "ENOENT" },
        { "process/pidfd-open", "a descriptor of another process", pidfd_victim,
          "syscall pidfd_open", .without_seccomp = NOBODY },
        { "process/pidfd-getfd", "a descriptor that another process has open", pidfd_descriptor,
          "syscall pidfd_getfd", .without_seccomp = "EBADF" },
        { "process/pidfd-signal", "a signal by such a descriptor", pidfd_signal,
          "syscall pidfd_send_signal", .without_seccomp = "EBADF" },
        { "process/kill", "end a process of the host's", kill_victim, NOBODY,
          .harmed = victim_is_dead },
        { "process/kill-group", "end a group of processes of the host's", kill_group, NOBODY,
          .harmed = victim_is_dead },
        { "process/kill-all", "end every process that it may", kill_all, NOBODY,
          .control = CONTROL_NONE, .reason = "it would end all processes of whoever runs the tests",
          .harmed = victim_is_dead },
        { "process/tgkill", "end a process of the host's by the number of its thread", kill_thread,
          NOBODY, .harmed = victim_is_dead },
        { "process/sigqueue", "end a process of the host's by a signal with a forged sender",
          queue_signal, "syscall rt_sigqueueinfo", .without_seccomp = NOBODY,
          .harmed = victim_is_dead },
        { "process/setown", "have the kernel send signals to a process of the host's", own_signals,
          "EPERM", .without_seccomp = NOBODY },
        { "process/kcmp", "compare the kernel's objects of other processes", compare_victim,
          "syscall kcmp", .without_seccomp = NOBODY },
        { "process/robust-list", "ask where another process has its locks", robust_list_of_victim,
          NOBODY },
        { "process/getsid", "ask which session another process belongs to", session_of_victim,
          NOBODY },
        { "process/cpu-clock", "read the processor time of another process, to time its work",
          clock_of_victim, "EINVAL" },
        { "process/setpriority", "slow another process down", priority_of_victim, "EPERM",
          .without_seccomp = NOBODY },
        { "process/setaffinity", "put another process on one processor", affinity_of_victim,
          "EPERM", .without_seccomp = NOBODY },
        { "process/ioprio", "take the disk away from another process", disk_priority_of_victim,
          "EPERM", .without_seccomp = NOBODY },
        { "process/prlimit", "lower a limit of another process", limits_of_victim, "EPERM",
          .without_seccomp = NOBODY },
        { "process/move-pages", "ask where the memory of another process lies", pages_of_victim,
          "syscall move_pages", .without_seccomp = NOBODY },
        { "process/realtime", "run before all other processes", realtime, "EPERM",
          .control = CONTROL_ROOT },
        { "process/pdeathsig", "live on when the zygote dies", outlive_parent, "EPERM",
          .without_seccomp = "reached" },
        { "process/subreaper", "become the parent of orphans", adopt, "syscall prctl",
          .without_seccomp = "reached" },
};
PROBES_END(process)
