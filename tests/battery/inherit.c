/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a process has from its parent, and what one cell leaves for the next
 *
 * The host of these probes keeps something of everything that is inherited: scene.c.
 */

#include "probe.h"

#include <fcntl.h>
#include <link.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define PAGE 4096UL

static int found(bool is)
{
        return is ? 0 : ENODATA;
}

/* memory */

/* A stretch of addresses to be read, wherever something is mapped in it. */
struct stretch {
        uintptr_t from, to;
};

/* The object of this very probe holds all that it looks for. */
static int own_object(struct dl_phdr_info *info, size_t size, void *arg)
{
        struct stretch *own = arg;
        struct stretch all = { UINTPTR_MAX, 0 };

        (void) size;
        for (int i = 0; i < info->dlpi_phnum; i++) {
                const ElfW(Phdr) *p = &info->dlpi_phdr[i];

                if (p->p_type != PT_LOAD)
                        continue;
                if (info->dlpi_addr + p->p_vaddr < all.from)
                        all.from = info->dlpi_addr + p->p_vaddr;
                if (info->dlpi_addr + p->p_vaddr + p->p_memsz > all.to)
                        all.to = info->dlpi_addr + p->p_vaddr + p->p_memsz;
        }
        if ((uintptr_t) &scene < all.from || (uintptr_t) &scene >= all.to)
                return 0;
        *own = (struct stretch){ all.from & ~(PAGE - 1), (all.to + PAGE - 1) & ~(PAGE - 1) };
        return 1;
}

/* The kernel reads for us, and says so where nothing can be read. */
static bool page_holds(const int ends[2], uintptr_t page, const char *what)
{
        char bytes[PAGE];
        ssize_t n = syscall(SYS_write, ends[1], page, PAGE);

        if (n <= 0)
                return false;
        n = read(ends[0], bytes, sizeof(bytes));
        return n > 0 && memmem(bytes, (size_t) n, what, strlen(what));
}

static bool stretch_holds(struct stretch s, const char *what)
{
        struct stretch own = { 0, 0 };
        bool holds = false;
        int ends[2];

        (void) dl_iterate_phdr(own_object, &own);
        if (pipe(ends) < 0)
                return false;
        for (uintptr_t at = s.from & ~(PAGE - 1); at < s.to && !holds; at += PAGE)
                if (at < own.from || at >= own.to)
                        holds = page_holds(ends, at, what);
        (void) close(ends[0]);
        (void) close(ends[1]);
        return holds;
}

/* Libraries and what is mapped beside them, the break's heap, the stack. */
bool memory_holds(const char *what)
{
        uintptr_t near = (uintptr_t) stdout & ~(PAGE - 1), end = (uintptr_t) sbrk(0),
                  stack = (uintptr_t) __builtin_frame_address(0) + PAGE;
        const uintptr_t around = 32UL << 20;

        return stretch_holds((struct stretch){ near - 2 * around, near + around }, what) ||
               stretch_holds((struct stretch){ end - (8UL << 20), end }, what) ||
               stretch_holds((struct stretch){ stack, stack + (1UL << 20) }, what);
}

static int memory(struct linhay_run *r)
{
        (void) r;
        return found(memory_holds(scene.canary));
}

static int memory_paths(struct linhay_run *r)
{
        (void) r;
        return found(memory_holds(scene.folder));
}

/* An earlier cell fills its heap, for pages that are given on without being wiped. */
static int memory_leave(struct linhay_run *r)
{
        (void) r;
        for (int i = 0; i < 1000; i++) {
                char *p = malloc(PAGE);

                if (p)
                        (void) snprintf(p, PAGE, "left-%s", scene.canary);
        }
        return 0;
}

static int memory_left(struct linhay_run *r)
{
        char *fresh = mmap(NULL, 16UL << 20, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

        (void) r;
        if (fresh == MAP_FAILED)
                return errno;
        return found(memmem(fresh, 16UL << 20, "left-canary", strlen("left-canary")));
}

/* what execve() hands over */

static int environment(struct linhay_run *r)
{
        (void) r;
        return found(environ && environ[0]);
}

static int variable(struct linhay_run *r)
{
        (void) r;
        return found(getenv("LINHAY_BATTERY"));
}

/* The program's own path, as the kernel leaves it above the stack. */
static int program_path(struct linhay_run *r)
{
        const char *path = (const char *) getauxval(AT_EXECFN);

        (void) r;
        return found(path && strchr(path, '/'));
}

/* descriptors, and what hangs on them */

static int descriptors(struct linhay_run *r)
{
        int first = 3 + 1 + (r && linhay_workspace(r) >= 0);

        for (int fd = first; fd < 1024; fd++)
                if (fcntl(fd, F_GETFD) >= 0)
                        return 0;
        return EBADF;
}

static int host_folder(struct linhay_run *r)
{
        int fd = open("file", O_RDONLY | O_CLOEXEC); /* of the folder that the host works in */

        (void) r;
        return reached(fd >= 0);
}

static int terminal(struct linhay_run *r)
{
        (void) r;
        return reached(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC) >= 0);
}

/* time and signals */

static int timer(struct linhay_run *r)
{
        struct itimerval left;

        (void) r;
        return found(getitimer(ITIMER_REAL, &left) == 0 && timerisset(&left.it_value));
}

static int blocked_signals(struct linhay_run *r)
{
        sigset_t now;

        (void) r;
        if (sigprocmask(SIG_BLOCK, NULL, &now) < 0)
                return errno;
        for (int i = 1; i < SIGRTMIN; i++)
                if (sigismember(&now, i) == 1)
                        return 0;
        return ENODATA;
}

static int ignored_signals(struct linhay_run *r)
{
        (void) r;
        for (int i = 1; i < SIGRTMIN; i++) {
                struct sigaction now;

                if (sigaction(i, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
                        return 0;
        }
        return ENODATA;
}

static int parent_death(struct linhay_run *r)
{
        (void) r;
        return reached(prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) == 0);
}

/* the process's own settings */

static int mask_of_modes(struct linhay_run *r)
{
        (void) r;
        return found(umask(022) != 022);
}

static int persona(struct linhay_run *r)
{
        int now = personality(0xffffffff);

        (void) r;
        return found(now > 0 && (now & (ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC)));
}

static int better_nice(struct linhay_run *r)
{
        (void) r;
        return reached(setpriority(PRIO_PROCESS, 0, -5) == 0);
}

static int groups(struct linhay_run *r)
{
        gid_t list[64];

        (void) r;
        return found(getgroups(64, list) > 0);
}

static int dumpable(struct linhay_run *r)
{
        (void) r;
        return found(prctl(PR_GET_DUMPABLE) != 0);
}

/* left by the cell before */

static key_t common_key(void)
{
        return (key_t) (0x4c000000 | (scene.tcp_port & 0xffff));
}

static int left_shm_leave(struct linhay_run *r)
{
        (void) r;
        return reached(shmget(common_key(), PAGE, IPC_CREAT | 0666) >= 0);
}

static int left_shm(struct linhay_run *r)
{
        int id = shmget(common_key(), PAGE, 0);

        (void) r;
        return reached(id >= 0 && shmctl(id, IPC_RMID, NULL) == 0);
}

static int left_semaphore_leave(struct linhay_run *r)
{
        (void) r;
        return reached(semget(common_key(), 1, IPC_CREAT | 0666) >= 0);
}

static int left_semaphore(struct linhay_run *r)
{
        int id = semget(common_key(), 1, 0);

        (void) r;
        return reached(id >= 0 && semctl(id, 0, IPC_RMID) == 0);
}

static int left_message_leave(struct linhay_run *r)
{
        static const struct {
                long type;
                char text[8];
        } message = { 1, "left" };
        int id = msgget(common_key(), IPC_CREAT | 0666);

        (void) r;
        return reached(id >= 0 && msgsnd(id, &message, sizeof(message.text), 0) == 0);
}

static int left_message(struct linhay_run *r)
{
        int id = msgget(common_key(), 0);

        (void) r;
        return reached(id >= 0 && msgctl(id, IPC_RMID, NULL) == 0);
}

static const char *common_name(const char *before)
{
        static char name[80];

        (void) snprintf(name, sizeof(name), "%slinhay-battery-left-%u", before, scene.tcp_port);
        return name;
}

static int left_queue_leave(struct linhay_run *r)
{
        (void) r;
        return reached(mq_open(common_name("/"), O_CREAT | O_RDWR, 0666, NULL) >= 0);
}

static int left_queue(struct linhay_run *r)
{
        (void) r;
        return reached(mq_open(common_name("/"), O_RDWR) >= 0 && mq_unlink(common_name("/")) == 0);
}

static int file_leave(const char *path)
{
        return reached(open(path, O_WRONLY | O_CREAT, 0666) >= 0);
}

static int file_left(const char *path)
{
        return reached(open(path, O_RDONLY) >= 0 && unlink(path) == 0);
}

static int left_shared_file_leave(struct linhay_run *r)
{
        (void) r;
        return file_leave(common_name("/dev/shm/"));
}

static int left_shared_file(struct linhay_run *r)
{
        (void) r;
        return file_left(common_name("/dev/shm/"));
}

static int left_in_tmp_leave(struct linhay_run *r)
{
        (void) r;
        return file_leave(common_name("/tmp/"));
}

static int left_in_tmp(struct linhay_run *r)
{
        (void) r;
        return file_left(common_name("/tmp/"));
}

static int left_in_work_leave(struct linhay_run *r)
{
        (void) r;
        return file_leave("left");
}

static int left_in_work(struct linhay_run *r)
{
        (void) r;
        return file_left("left");
}

#define USER_KEYRING (-4)
#define KEY_SEARCH   10

static int left_key_leave(struct linhay_run *r)
{
        (void) r;
        return reached(syscall(SYS_add_key, "user", common_name(""), "left", 4, USER_KEYRING) >= 0);
}

static int left_key(struct linhay_run *r)
{
        long key = syscall(SYS_keyctl, KEY_SEARCH, USER_KEYRING, "user", common_name(""), 0);

        (void) r;
        return reached(key >= 0 && syscall(SYS_keyctl, 9 /* unlink */, key, USER_KEYRING) == 0);
}

/* A lock on a file that both cells can open is a bit that they share, as long as it is held. */
static int left_lock_leave(struct linhay_run *r)
{
        int fd = open("a", O_RDONLY);
        pid_t pid;

        (void) r;
        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
                return errno;
        pid = fork();
        if (pid == 0)
                for (;;)
                        (void) pause();
        return reached(pid > 0);
}

/* Nobody's child, in a session of its own, and deaf: what would end the others does not end it. */
static int left_daemon_leave(struct linhay_run *r)
{
        const struct timespec beyond_the_step = { .tv_sec = 3 };
        int fd = open("a", O_RDONLY);
        int ready[2];
        pid_t pid;
        char byte;

        (void) r;
        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || pipe(ready) < 0)
                return errno;
        pid = fork();
        if (pid == 0) {
                (void) setsid();
                (void) signal(SIGTERM, SIG_IGN);
                (void) signal(SIGHUP, SIG_IGN);
                if (fork() != 0)
                        _exit(0);
                (void) !write(ready[1], "", 1);
                (void) nanosleep(&beyond_the_step, NULL);
                _exit(0);
        }
        (void) close(ready[1]);
        if (pid < 0 || waitpid(pid, NULL, 0) < 0)
                return errno;
        return read(ready[0], &byte, 1) == 1 ? 0 : EAGAIN;
}

static int left_lock(struct linhay_run *r)
{
        int fd = open("a", O_RDONLY);

        (void) r;
        if (fd < 0)
                return errno;
        return found(flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK);
}

const struct probe inherit_probes[] = {
        { "inherit/memory", "look through all memory for what the host's holds", memory,
          "ENODATA" },
        { "inherit/memory-paths", "look through all memory for the host's name of the workspace",
          memory_paths, "ENODATA", .at_load = "-", .workspace = WORKSPACE_OVERLAY },
        { "inherit/memory-left", "look for an earlier cell's data in fresh memory", memory_left,
          "ENODATA", .before = memory_leave, .control = CONTROL_NONE,
          .reason = "the kernel wipes pages for all processes alike" },

        { "inherit/environment", "look for any variable of the environment", environment,
          "ENODATA" },
        { "inherit/variable", "ask for a variable by its name", variable, "ENODATA" },
        { "inherit/program-path", "read the program's path that the kernel left on the stack",
          program_path, "ENODATA" },

        { "inherit/descriptors", "look for a descriptor besides the cell's own", descriptors,
          "EBADF", .at_load = "-" },
        { "inherit/folder", "open a file by its name in the host's working folder", host_folder,
          "ENOENT", .at_load = "ENOENT" },
        { "inherit/terminal", "open the terminal that controls the host's session", terminal,
          "ENOENT" },

        { "inherit/timer", "look for a timer that was running", timer, "ENODATA" },
        { "inherit/blocked-signals", "look for a signal that the host has blocked", blocked_signals,
          "ENODATA" },
        { "inherit/ignored-signals", "look for a signal that the host ignores", ignored_signals,
          "ENODATA" },
        { "inherit/parent-death", "live on when the host dies", parent_death, "EPERM",
          .without_seccomp = "reached" },

        { "inherit/umask", "look for the host's mask of modes", mask_of_modes, "ENODATA" },
        { "inherit/personality", "look for the host's switched-off address randomness", persona,
          "ENODATA" },
        { "inherit/nice", "take more of the processor than the host has", better_nice, "EPERM",
          .without_seccomp = "EACCES or EPERM", .control = CONTROL_ROOT },
        { "inherit/groups", "look for the host's further groups", groups, "ENODATA",
          .control = CONTROL_ROOT },
        { "inherit/dumpable", "look whether others may read this process", dumpable, "ENODATA" },

        { "inherit/left-shm", "find System V memory that the cell before made", left_shm,
          "syscall shmget", .before = left_shm_leave, .without_seccomp = "ENOENT" },
        { "inherit/left-semaphore", "find a System V semaphore of the cell before", left_semaphore,
          "syscall semget", .before = left_semaphore_leave, .without_seccomp = "ENOENT" },
        { "inherit/left-message", "find a System V message of the cell before", left_message,
          "syscall msgget", .before = left_message_leave, .without_seccomp = "ENOENT" },
        { "inherit/left-queue", "find a POSIX message queue of the cell before", left_queue,
          "syscall mq_open", .before = left_queue_leave, .without_seccomp = "ENOENT" },
        { "inherit/left-shared-file", "find POSIX shared memory of the cell before",
          left_shared_file, "ENOENT", .before = left_shared_file_leave },
        { "inherit/left-key", "find a key that the cell before put into the user's keyring",
          left_key, "syscall keyctl", .before = left_key_leave,
          .without_seccomp = "ENOKEY or reached" },
        { "inherit/left-tmp", "find a file of the cell before in /tmp", left_in_tmp, "ENOENT",
          .before = left_in_tmp_leave },
        { "inherit/left-work", "find a file of the cell before in an overlay of the same tree",
          left_in_work, "ENOENT", .before = left_in_work_leave, .workspace = WORKSPACE_OVERLAY },
        { "inherit/left-lock", "find a lock that a process of the cell before still holds",
          left_lock, "ENODATA", .before = left_lock_leave, .group = "spawn",
          .workspace = WORKSPACE_RO, .limit = LIMIT_PROCESSES, .value = 4 },
        { "inherit/left-daemon",
          "the same, held by a process that left the session and is nobody's child", left_lock,
          "ENODATA", .before = left_daemon_leave, .group = "spawn", .workspace = WORKSPACE_RO,
          .limit = LIMIT_PROCESSES, .value = 4 },
};
PROBES_END(inherit)
