/* SPDX-License-Identifier: Apache-2.0 */

/* More than was granted: memory, time, files, words. Each attack is bounded, for its control. */

#include "probe.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB          (1UL << 20)
#define MEMORY       (192 * MIB) /* where the limit is less */
#define MEMORY_LIMIT (128 * MIB)
#define MANY         200 /* descriptors, files, where the limit is 64 */
#define TREE         8   /* processes */
#define DISK         (6 * MIB)
#define DISK_LIMIT   (4 * MIB)

/* memory */

static int by_malloc(struct linhay_run *r)
{
        (void) r;
        for (size_t had = 0; had < MEMORY; had += MIB) {
                char *p = malloc(MIB);

                if (!p)
                        return errno;
                memset(p, 1, MIB);
        }
        return 0;
}

static int by_mmap(struct linhay_run *r)
{
        (void) r;
        return reached(mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) != MAP_FAILED);
}

static int by_reserve(struct linhay_run *r)
{
        (void) r;
        return reached(mmap(NULL, 64UL << 30, PROT_NONE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED);
}

static int by_mremap(struct linhay_run *r)
{
        void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        (void) r;
        return reached(p != MAP_FAILED && mremap(p, 4096, MEMORY, MREMAP_MAYMOVE) != MAP_FAILED);
}

static int by_break(struct linhay_run *r)
{
        (void) r;
        return reached(sbrk((intptr_t) MEMORY) != (void *) -1);
}

static int by_shared(struct linhay_run *r)
{
        (void) r;
        return reached(mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                            0) != MAP_FAILED);
}

static __attribute__((noinline)) size_t stack_use(size_t left)
{
        volatile char frame[16384];

        frame[0] = frame[sizeof(frame) - 1] = (char) left;
        return left > sizeof(frame) ? stack_use(left - sizeof(frame)) + (size_t) frame[0] : 0;
}

/* Nobody's stack is without an end, so the control has to be content with less. */
static int by_stack(struct linhay_run *r)
{
        struct rlimit limit;

        (void) r;
        if (scene.honest)
                return (int) (stack_use(MIB) & 0);
        (void) getrlimit(RLIMIT_STACK, &limit);
        return (int) (stack_use(limit.rlim_cur == RLIM_INFINITY ? 1UL << 40 : limit.rlim_cur) & 0);
}

static int by_memfd(struct linhay_run *r)
{
        long fd = syscall(SYS_memfd_create, "linhay-battery", 0);

        (void) r;
        return reached(fd >= 0 && ftruncate((int) fd, (off_t) MEMORY) == 0);
}

static int lock_memory(struct linhay_run *r)
{
        void *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        (void) r;
        return reached(syscall(SYS_mlock, p, MIB) == 0);
}

/* From the warning to the kill there is a second, which it would like to have. */
static int raise_limit(struct linhay_run *r)
{
        struct rlimit limit;

        (void) r;
        if (getrlimit(RLIMIT_CPU, &limit) < 0)
                return errno;
        limit.rlim_cur = limit.rlim_max;
        return reached(setrlimit(RLIMIT_CPU, &limit) == 0);
}

/* time */

static bool has_used(long ms)
{
        struct timespec now;

        return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0 &&
               now.tv_sec * 1000 + now.tv_nsec / 1000000 >= ms;
}

static int spin(struct linhay_run *r)
{
        (void) r;
        while (!has_used(1100))
                ;
        return 0;
}

static int spin_deaf(struct linhay_run *r)
{
        sigset_t all;

        (void) sigfillset(&all);
        (void) signal(SIGXCPU, SIG_IGN);
        (void) sigprocmask(SIG_BLOCK, &all, NULL);
        (void) r;
        while (!has_used(2100))
                ;
        return 0;
}

static int sleep_long(struct linhay_run *r)
{
        static const struct timespec while_ = { .tv_nsec = 500000000 };

        (void) r;
        return reached(nanosleep(&while_, NULL) == 0);
}

static int wait_for_nobody(struct linhay_run *r)
{
        struct timespec while_ = { .tv_nsec = 500000000 };
        uint32_t word = 0;

        (void) r;
        (void) syscall(SYS_futex, &word, 0 /* FUTEX_WAIT */, 0, &while_, NULL, 0);
        return errno == ETIMEDOUT ? 0 : errno;
}

/* Ends of its own timers do not end it. */
static int deaf_to_term(struct linhay_run *r)
{
        (void) signal(SIGTERM, SIG_IGN);
        (void) signal(SIGALRM, SIG_IGN);
        (void) signal(SIGHUP, SIG_IGN);
        return sleep_long(r);
}

/* processes */

static void *thread_main(void *arg)
{
        (void) pause();
        return arg;
}

static int many_threads(struct linhay_run *r)
{
        static pthread_attr_t small;

        (void) r;
        (void) pthread_attr_init(&small);
        (void) pthread_attr_setstacksize(&small, 65536);
        for (int i = 0; i < 16; i++) {
                pthread_t thread;
                int code = pthread_create(&thread, &small, thread_main, NULL);

                if (code != 0)
                        return code;
        }
        return 0;
}

static int fork_bomb(struct linhay_run *r)
{
        (void) r;
        for (int i = 0; i < 16; i++) {
                pid_t pid = fork();

                if (pid < 0)
                        return errno;
                if (pid == 0)
                        for (;;)
                                (void) pause();
        }
        return 0;
}

/* Of each less than was granted, of all together more. */
static int many_each(void (*body)(void))
{
        pid_t pids[TREE];
        int status, code = 0;

        for (int i = 0; i < TREE; i++) {
                pids[i] = fork();
                if (pids[i] < 0)
                        return errno;
                if (pids[i] == 0) {
                        body();
                        _exit(0);
                }
        }
        for (int i = 0; i < TREE; i++)
                if (waitpid(pids[i], &status, 0) < 0 || status != 0)
                        code = EIO;
        return code;
}

/* Held for a while: what is there together is what counts. */
static void touch_and_hold(void)
{
        const struct timespec while_others_do = { .tv_sec = 2 };

        if (mmap(NULL, MEMORY / TREE, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) == MAP_FAILED)
                _exit(1);
        (void) nanosleep(&while_others_do, NULL);
}

static int tree_memory(struct linhay_run *r)
{
        (void) r;
        return many_each(touch_and_hold);
}

static void spin_less(void)
{
        while (!has_used(500))
                ;
}

static int tree_cpu(struct linhay_run *r)
{
        (void) r;
        return many_each(spin_less);
}

/* descriptors and files */

static int many_descriptors(int (*open_one)(void))
{
        for (int i = 0; i < MANY; i++)
                if (open_one() < 0)
                        return errno;
        return 0;
}

static int dup_one(void)
{
        return dup(0);
}

static int eventfd_one(void)
{
        return eventfd(0, 0);
}

static int timerfd_one(void)
{
        return (int) syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 0);
}

static int many_dups(struct linhay_run *r)
{
        (void) r;
        return many_descriptors(dup_one);
}

static int many_eventfds(struct linhay_run *r)
{
        (void) r;
        return many_descriptors(eventfd_one);
}

static int many_timerfds(struct linhay_run *r)
{
        (void) r;
        return many_descriptors(timerfd_one);
}

/* The kernel's memory behind pipes is nobody's address space. */
static int fill_pipes(struct linhay_run *r)
{
        static char bytes[65536];

        (void) r;
        for (int i = 0; i < MANY / 2; i++) {
                int ends[2];

                if (pipe2(ends, O_NONBLOCK) < 0)
                        return errno;
                (void) write(ends[1], bytes, sizeof(bytes));
        }
        return 0;
}

static int grow_pipe(struct linhay_run *r)
{
        int ends[2];

        (void) r;
        return reached(pipe(ends) == 0 && fcntl(ends[1], F_SETPIPE_SZ, (int) MIB) > 0);
}

static const char *place(void)
{
        static char path[160];

        if (getpid() == 1) /* in a cell */
                return "/tmp";
        (void) snprintf(path, sizeof(path), "%s/flood", scene.folder);
        (void) mkdir(path, 0777);
        return path;
}

static int fill(const char *folder)
{
        static char bytes[65536];

        for (size_t i = 0; i < DISK / sizeof(bytes); i++) {
                char path[200];
                int fd;

                (void) snprintf(path, sizeof(path), "%s/%zu", folder, i);
                fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
                if (fd < 0 || write(fd, bytes, sizeof(bytes)) != (ssize_t) sizeof(bytes))
                        return errno;
                (void) close(fd);
        }
        return 0;
}

static int fill_tmp(struct linhay_run *r)
{
        (void) r;
        return fill(place());
}

static int fill_work(struct linhay_run *r)
{
        (void) r;
        return fill(".");
}

/* Room that is not written to is taken all the same. */
static int allocate(struct linhay_run *r)
{
        char path[200];
        int fd;

        (void) r;
        (void) snprintf(path, sizeof(path), "%s/allocated", place());
        fd = open(path, O_RDWR | O_CREAT, 0600);
        return fd >= 0 && fallocate(fd, 0, 0, (off_t) DISK) == 0 ? 0 : errno;
}

/* A hole has no size on the disk until its pages are touched. */
static int fill_hole(struct linhay_run *r)
{
        char path[200], *at;
        int fd;

        (void) r;
        (void) snprintf(path, sizeof(path), "%s/hole", place());
        fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
        if (fd < 0 || ftruncate(fd, (off_t) DISK) < 0)
                return errno;
        at = mmap(NULL, DISK, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (at == MAP_FAILED)
                return errno;
        for (size_t i = 0; i < DISK; i += 4096)
                at[i] = 1;
        return 0;
}

/* Deleted and still open: not in any listing. */
static int fill_unlinked(struct linhay_run *r)
{
        static char bytes[65536];
        char path[200];
        int fd;

        (void) r;
        (void) snprintf(path, sizeof(path), "%s/unlinked", place());
        fd = open(path, O_WRONLY | O_CREAT, 0600);
        if (fd < 0 || unlink(path) < 0)
                return errno;
        for (size_t i = 0; i < DISK / sizeof(bytes); i++)
                if (write(fd, bytes, sizeof(bytes)) != (ssize_t) sizeof(bytes))
                        return errno;
        return 0;
}

static int many_files(int (*make)(const char *path))
{
        for (int i = 0; i < MANY; i++) {
                char path[200];

                (void) snprintf(path, sizeof(path), "%s/%d-%d", place(), getpid(), i);
                if (make(path) < 0)
                        return errno;
        }
        return 0;
}

static int make_folder(const char *path)
{
        return mkdir(path, 0700);
}

static int make_link(const char *path)
{
        return symlink("nowhere", path);
}

static int make_hard_link(const char *path)
{
        char first[200];
        int fd;

        (void) snprintf(first, sizeof(first), "%s/first", place());
        fd = open(first, O_WRONLY | O_CREAT, 0600);
        if (fd >= 0)
                (void) close(fd);
        return link(first, path);
}

static int many_folders(struct linhay_run *r)
{
        (void) r;
        return many_files(make_folder);
}

static int many_links(struct linhay_run *r)
{
        (void) r;
        return many_files(make_link);
}

static int many_hard_links(struct linhay_run *r)
{
        (void) r;
        return many_files(make_hard_link);
}

static int large_file(off_t at, bool is_hole)
{
        char path[200];
        int fd;

        (void) snprintf(path, sizeof(path), "%s/large", place());
        fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
        return reached(fd >= 0 && (is_hole ? ftruncate(fd, at) == 0 : pwrite(fd, "x", 1, at) == 1));
}

static int write_large(struct linhay_run *r)
{
        (void) r;
        return large_file(2 * (off_t) MIB, false);
}

static int truncate_large(struct linhay_run *r)
{
        (void) r;
        return large_file(1L << 40, true);
}

/* the kernel's own lists */

static int many_timers(struct linhay_run *r)
{
        struct sigevent none = { .sigev_notify = SIGEV_NONE };

        (void) r;
        for (int i = 0; i < MANY; i++) {
                timer_t timer;

                if (timer_create(CLOCK_MONOTONIC, &none, &timer) < 0)
                        return errno;
        }
        return 0;
}

static int queue_signals(struct linhay_run *r)
{
        sigset_t set;

        (void) r;
        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGRTMIN + 3);
        (void) sigprocmask(SIG_BLOCK, &set, NULL);
        for (int i = 0; i < MANY; i++)
                if (sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = i }) < 0)
                        return errno;
        return 0;
}

/* Kernel memory for every piece of a file that is locked, with no limit of its own. */
static int many_locks(struct linhay_run *r)
{
        char path[200];
        int fd;

        (void) r;
        (void) snprintf(path, sizeof(path), "%s/locked", place());
        fd = open(path, O_RDWR | O_CREAT, 0600);
        for (int i = 0; fd >= 0 && (getpid() == 1 || i < 5000); i++) {
                struct flock lock = { .l_type = F_WRLCK, .l_start = 2L * i, .l_len = 1 };

                if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
                        return errno;
        }
        return reached(fd >= 0);
}

/* words */

static int flood_stdout(struct linhay_run *r)
{
        static const char line[] = "again and again and again and again and again and again\n";

        (void) r;
        for (size_t n = 0; n < 2 * MIB && !(scene.honest && n > 1000); n += sizeof(line) - 1)
                if (write(1, line, sizeof(line) - 1) < 0)
                        return errno;
        return 0;
}

/* Lines without an end: each is cut, and all count. */
static int flood_one_line(struct linhay_run *r)
{
        static char bytes[4096];

        (void) r;
        memset(bytes, 'x', sizeof(bytes));
        for (size_t n = 0; n < 2 * MIB && !(scene.honest && n > 1000); n += sizeof(bytes))
                if (write(2, bytes, sizeof(bytes)) < 0)
                        return errno;
        return 0;
}

static int flood_log(struct linhay_run *r)
{
        for (int i = 0; i < (scene.honest ? 10 : 100000); i++)
                linhay_log(r, LINHAY_INFO, "again and again and again and again");
        return 0;
}

/* Nothing in a line, and a line for each nothing. */
static int flood_empty_log(struct linhay_run *r)
{
        for (int i = 0; i < (scene.honest ? 10 : 100000); i++)
                linhay_log(r, LINHAY_INFO, "%s", "");
        return 0;
}

static int flood_findings(struct linhay_run *r)
{
        struct linhay_finding f =
                LINHAY_FINDING(.rule = "test/flood", .message = "again", .path = "a");

        for (int i = 0; i < (scene.honest ? 10 : 1000); i++)
                if (linhay_finding(r, &f) < 0)
                        return 0; /* it does not care */
        return 0;
}

/* Few findings, each as large as a frame. */
static int flood_finding_text(struct linhay_run *r)
{
        static char text[8000];
        struct linhay_finding f = LINHAY_FINDING(.rule = "test/flood", .message = text,
                                                 .excerpt = text, .fix = text, .path = text);

        memset(text, 'x', sizeof(text) - 1);
        for (int i = 0; i < (scene.honest ? 2 : 400); i++)
                if (linhay_finding(r, &f) < 0)
                        return 0;
        return 0;
}

static int flood_output(struct linhay_run *r)
{
        size_t length = scene.honest ? 1000 : 2 * MIB;
        char *text = malloc(length);

        memset(text, '1', length);
        text[0] = text[length - 1] = '"';
        (void) linhay_output(r, text, length);
        return 0;
}

static int flood_artifact(struct linhay_run *r)
{
        char *bytes = calloc(1, 2 * MIB);

        return linhay_artifact(r, "large", NULL, bytes, scene.honest ? 1000 : 2 * MIB) == 0 ? 0 : 0;
}

static int flood_artifacts(struct linhay_run *r)
{
        char name[16], bytes[1000] = "";

        for (int i = 0; i < (scene.honest ? 10 : 2000); i++) {
                (void) snprintf(name, sizeof(name), "%d", i);
                (void) linhay_artifact(r, name, NULL, bytes, sizeof(bytes));
        }
        return 0;
}

/* Output that is refused is an errno of the service's. */
static int output(struct linhay_run *r, const char *text, size_t length)
{
        int code = linhay_output(r, text, length);

        return code < 0 ? -code : 0;
}

static int deep_output(struct linhay_run *r)
{
        static char text[200000];
        size_t depth = scene.honest ? 100 : sizeof(text) / 2;

        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        return output(r, text, 2 * depth);
}

static int huge_number(struct linhay_run *r)
{
        static const char *const numbers[] = { "1", "1e999999999" };

        return output(r, numbers[!scene.honest], strlen(numbers[!scene.honest]));
}

static int long_number(struct linhay_run *r)
{
        static char text[500000];
        size_t digits = scene.honest ? 10 : sizeof(text);

        memset(text, '9', digits);
        return output(r, text, digits);
}

static int same_keys(struct linhay_run *r)
{
        static char text[200000] = "{";
        size_t n = 1;

        for (int i = 0; i < (scene.honest ? 1 : 10000); i++)
                n += (size_t) snprintf(text + n, sizeof(text) - n, "%s\"key\":%d", i ? "," : "", i);
        text[n++] = '}';
        return output(r, text, n);
}

static int spend_much(struct linhay_run *r)
{
        for (int i = 0; i < 8; i++)
                if (linhay_spend(r, "tokens", i & 1 ? UINT64_MAX : INT64_MAX) < 0)
                        return EIO;
        return 0;
}

static int spend_in_many_units(struct linhay_run *r)
{
        for (int i = 0; i < (scene.honest ? 10 : 1000); i++) {
                char unit[16];

                (void) snprintf(unit, sizeof(unit), "unit-%d", i);
                if (linhay_spend(r, unit, 1) < 0)
                        return errno;
        }
        return 0;
}

#define GRANTED(what, much) .limit = LIMIT_##what, .value = (much)

const struct probe resource_probes[] = {
        /* The sanitizer's shadow is terabytes of address space, so that is not limited. */
        { "resource/malloc", "allocate and touch more memory than was granted", by_malloc, "ENOMEM",
          GRANTED(MEMORY, MEMORY_LIMIT), .is_unsanitized = true },
        { "resource/mmap", "map and populate more anonymous memory than was granted", by_mmap,
          "ENOMEM or EAGAIN", GRANTED(MEMORY, MEMORY_LIMIT), .is_unsanitized = true },
        { "resource/reserve", "reserve 64 GiB of addresses without using them", by_reserve,
          "ENOMEM", .is_unsanitized = true },
        { "resource/mremap", "let a page grow past the limit on memory", by_mremap, "ENOMEM",
          GRANTED(MEMORY, MEMORY_LIMIT), .is_unsanitized = true },
        { "resource/break", "move the program break past the limit on memory", by_break, "ENOMEM",
          GRANTED(MEMORY, MEMORY_LIMIT), .is_unsanitized = true },
        { "resource/shared-memory", "the same with memory that is shared and has no file",
          by_shared, "ENOMEM", GRANTED(MEMORY, MEMORY_LIMIT), .is_unsanitized = true },
        { "resource/stack", "call oneself until the stack has no end", by_stack, "signal",
          .control = CONTROL_HONEST },
        { "resource/memfd", "keep memory in a file without a name", by_memfd,
          "syscall memfd_create", .without_seccomp = "reached" },
        { "resource/mlock", "keep memory from being swapped out", lock_memory, "EPERM or ENOMEM" },
        { "resource/raise-limit", "put off the warning about processor time", raise_limit, "EPERM",
          .without_seccomp = "reached" },

        { "resource/cpu", "compute past the limit on processor time", spin, "cpu",
          GRANTED(CPU, 1000), .is_slow = true },
        { "resource/cpu-deaf", "the same with the warning ignored and every signal blocked",
          spin_deaf, "cpu", GRANTED(CPU, 1000), .is_slow = true },
        { "resource/sleep", "sleep past the limit on time", sleep_long, "timeout",
          GRANTED(WALL, 100) },
        { "resource/wait", "wait for a word that nobody will change", wait_for_nobody, "timeout",
          GRANTED(WALL, 100), .is_slow = true },
        { "resource/deaf", "ignore every signal that asks for an end, and sleep", deaf_to_term,
          "timeout", GRANTED(WALL, 100), .is_slow = true },

        { "resource/threads", "start more threads than were granted", many_threads, "EAGAIN",
          .group = "threads", GRANTED(PROCESSES, 4) },
        { "resource/fork-bomb", "start more processes than were granted", fork_bomb, "EAGAIN",
          .group = "spawn", GRANTED(PROCESSES, 4) },
        { "resource/tree-memory",
          "take more memory than was granted with eight processes, each of them less", tree_memory,
          "memory", .without_groups = "reached", .group = "spawn", GRANTED(MEMORY, MEMORY_LIMIT),
          .processes = TREE, .is_slow = true, .is_unsanitized = true },
        { "resource/tree-cpu", "compute past the limit with eight processes, each of them less",
          tree_cpu, "cpu", .without_groups = "reached", .group = "spawn", GRANTED(CPU, 1000),
          .processes = TREE, .is_slow = true },

        { "resource/descriptors", "copy a descriptor more often than was granted", many_dups,
          "EMFILE", GRANTED(FILES, 64) },
        { "resource/eventfds", "make more counters than descriptors were granted", many_eventfds,
          "EMFILE", GRANTED(FILES, 64) },
        { "resource/timerfds", "the same with timers that have descriptors", many_timerfds,
          "EMFILE", GRANTED(FILES, 64) },
        { "resource/pipes", "keep memory in pipes", fill_pipes, "EMFILE", GRANTED(FILES, 64) },
        { "resource/pipe-size", "let a pipe hold a megabyte", grow_pipe, "EPERM",
          .without_seccomp = "reached" },
        { "resource/disk-tmp", "write more to /tmp than was granted", fill_tmp, "ENOSPC",
          GRANTED(DISK, DISK_LIMIT) },
        { "resource/disk-work", "write more to an overlay than was granted", fill_work, "ENOSPC",
          GRANTED(DISK, DISK_LIMIT), .workspace = WORKSPACE_OVERLAY },
        { "resource/fallocate", "ask for room on the disk without writing", allocate, "ENOSPC",
          GRANTED(DISK, DISK_LIMIT) },
        { "resource/hole", "fill the holes of a sparse file through a mapping", fill_hole, "signal",
          .at_load = "load", GRANTED(DISK, DISK_LIMIT) },
        { "resource/unlinked", "write to a file that was deleted while it is open", fill_unlinked,
          "ENOSPC", GRANTED(DISK, DISK_LIMIT) },
        { "resource/inodes", "make more folders than files were granted", many_folders, "ENOSPC",
          GRANTED(INODES, 64) },
        { "resource/symlinks", "the same with symbolic links", many_links, "ENOSPC",
          GRANTED(INODES, 64) },
        { "resource/hard-links", "the same with more names for one file", many_hard_links, "ENOSPC",
          GRANTED(INODES, 64) },
        { "resource/file-size", "write behind the largest size of a file", write_large, "files",
          GRANTED(FILE_SIZE, MIB) },
        { "resource/sparse", "make a sparse file of 1 TiB", truncate_large, "files" },

        { "resource/timers", "make timers until the kernel has no memory", many_timers, "EAGAIN" },
        { "resource/signal-queue", "let signals wait in the kernel's memory", queue_signals,
          "syscall rt_sigqueueinfo", .without_seccomp = "EAGAIN" },
        { "resource/locks", "lock a file in ever more pieces, each one the kernel's memory",
          many_locks, "cpu", GRANTED(CPU, 1000), .is_slow = true },

        { "resource/print", "print more than logs may hold", flood_stdout, "output",
          GRANTED(LOG, MIB), .control = CONTROL_HONEST },
        { "resource/print-one-line", "the same in a line that never ends", flood_one_line, "output",
          GRANTED(LOG, MIB), .control = CONTROL_HONEST },
        { "resource/log", "log more lines than logs may hold", flood_log, "output", .at_load = "-",
          GRANTED(LOG, MIB), .control = CONTROL_HONEST },
        { "resource/log-empty", "the same with lines that are empty", flood_empty_log, "output",
          .at_load = "-", GRANTED(LOG, 65536), .control = CONTROL_HONEST },
        { "resource/findings", "report more findings than were granted", flood_findings, "output",
          .at_load = "-", GRANTED(FINDINGS, 100), .control = CONTROL_HONEST },
        { "resource/finding-text", "report few findings of 32 KiB each", flood_finding_text,
          "output", .at_load = "-", GRANTED(OUTPUT, MIB), .control = CONTROL_HONEST },
        { "resource/output", "answer with more than was granted", flood_output, "output",
          .at_load = "-", GRANTED(OUTPUT, MIB), .control = CONTROL_HONEST },
        { "resource/artifact", "keep a larger artifact than was granted", flood_artifact, "output",
          .at_load = "-", GRANTED(ARTIFACTS, MIB), .control = CONTROL_HONEST },
        { "resource/artifacts", "keep many artifacts that are small", flood_artifacts, "output",
          .at_load = "-", GRANTED(ARTIFACTS, MIB), .control = CONTROL_HONEST },
        { "resource/deep-json", "answer with 100,000 arrays, one in the other", deep_output,
          "EINVAL", .at_load = "-", .control = CONTROL_HONEST },
        { "resource/huge-number", "answer with a number that no machine has", huge_number, "EINVAL",
          .at_load = "-", .control = CONTROL_HONEST },
        { "resource/long-number", "answer with an integer of 500,000 digits", long_number, "EINVAL",
          .at_load = "-", .control = CONTROL_HONEST },
        { "resource/same-keys", "answer with one key ten thousand times", same_keys, "EINVAL",
          .at_load = "-", .control = CONTROL_HONEST },
        { "resource/spend-units", "spend in a thousand units", spend_in_many_units, "output",
          .at_load = "-", .control = CONTROL_HONEST },
        { "resource/spend", "spend until the sum is less than nothing", spend_much, "reached",
          .at_load = "-", .control = CONTROL_NONE,
          .reason = "sums stop at the largest number: whatever is spent, the record is right" },
};
PROBES_END(resource)
