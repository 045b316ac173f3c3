/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Memory that becomes code which nobody has verified, and the memory of those who guard
 *
 * A cell without seccomp has memory-deny-write-execute where the kernel has it (6.3).
 */

#include "probe.h"

#include "cell/spawn.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>

enum { PAGE = 4096, RW = PROT_READ | PROT_WRITE, RX = PROT_READ | PROT_EXEC, RWX = RW | PROT_EXEC };

/* A function that returns 42. */
#ifdef __x86_64__
static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
#else
static const unsigned char code[] = { 0x40, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6 };
#endif

/* A page of its own among the agent's code. */
extern char page_of_code[];
__asm__(".pushsection .text\n"
        ".balign 4096\n"
        ".hidden page_of_code\n"
        ".globl page_of_code\n"
        "page_of_code: ret\n"
        ".balign 4096\n"
        ".popsection\n");

static void *page_map(int protection)
{
        return mmap(NULL, PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* It came through when its own code runs. */
static int code_runs(const void *at)
{
        int (*function)(void);

        memcpy(&function, &at, sizeof(function));
        return function() == 42 ? 0 : EIO;
}

static int code_written(void *page)
{
        if (page == MAP_FAILED)
                return errno;
        memcpy(page, code, sizeof(code));
        __builtin___clear_cache(page, (char *) page + sizeof(code));
        return 0;
}

static int code_run(void *page)
{
        int r = code_written(page);

        return r ? r : code_runs(page);
}

ATTACK(map_all)
{
        return code_run(page_map(RWX));
}

ATTACK(map_code)
{
        return reached(page_map(RX) != MAP_FAILED);
}

ATTACK(protect_code)
{
        void *page = page_map(RW);
        int r_ = code_written(page);

        if (r_)
                return r_;
        return mprotect(page, PAGE, RX) < 0 ? errno : code_runs(page);
}

ATTACK(protect_code_by_key)
{
        void *page = page_map(RW);
        int r_ = code_written(page);

        if (r_)
                return r_;
        return syscall(SYS_pkey_mprotect, page, PAGE, RX, -1) < 0 ? errno : code_runs(page);
}

ATTACK(protect_stack)
{
        char here[2 * PAGE];
        uintptr_t page = ((uintptr_t) here + PAGE) & ~(uintptr_t) (PAGE - 1);

        return reached(mprotect((void *) page, PAGE, RWX) == 0);
}

static int patched(void *page)
{
        if (mprotect(page, PAGE, RW) < 0)
                return errno;
        memcpy(page, code, sizeof(code));
        return mprotect(page, PAGE, RX) < 0 ? errno : code_runs(page);
}

ATTACK(patch_own_code)
{
        return patched(page_of_code);
}

ATTACK(patch_by_proc)
{
        int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

        if (fd < 0 || pwrite(fd, code, sizeof(code), (off_t) (uintptr_t) page_of_code) < 0)
                return errno;
        return code_runs(page_of_code);
}

/* Every mapping that can be read could be executed, in a program for which this is set. */
ATTACK(read_implies_execute)
{
        long before = syscall(SYS_personality, READ_IMPLIES_EXEC);
        int came_to;

        if (before < 0)
                return errno;
        came_to = code_run(page_map(RW));
        /* Refused, it would be refused all other memory as well, and could not tell. */
        (void) syscall(SYS_personality, before);
        return came_to;
}

/* files as code */

static int file_run(int fd, int flags)
{
        void *page;

        if (fd < 0 || write(fd, code, sizeof(code)) != (ssize_t) sizeof(code))
                return errno;
        page = mmap(NULL, PAGE, RX, flags, fd, 0);
        return page == MAP_FAILED ? errno : code_runs(page);
}

static int file_make(const char *name)
{
        char path[128];

        scratch_path(path, name);
        return open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
}

ATTACK(map_own_file)
{
        return file_run(file_make("code"), MAP_PRIVATE);
}

/* The file is written to while it is code. */
ATTACK(map_own_file_shared)
{
        return file_run(file_make("shared"), MAP_SHARED);
}

ATTACK(map_workspace_file)
{
        return file_run(openat(workspace_fd(), "code", O_RDWR | O_CREAT | O_CLOEXEC, 0700),
                        MAP_PRIVATE);
}

ATTACK(map_memory_file)
{
        return file_run((int) syscall(SYS_memfd_create, "x", 0), MAP_SHARED);
}

/* What lies in /usr is code that the host trusts; an agent may have more of it while it loads. */
ATTACK(map_library)
{
        int fd = open("/usr/bin/env", O_RDONLY | O_CLOEXEC);

        return reached(fd >= 0 && mmap(NULL, PAGE, RX, MAP_PRIVATE, fd, 0) != MAP_FAILED);
}

ATTACK(attach_code)
{
        int id = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0700), r_;
        void *page;

        if (id < 0)
                return errno;
        page = shmat(id, NULL, SHM_EXEC);
        r_ = page == (void *) -1 ? errno : code_run(page);
        (void) shmctl(id, IPC_RMID, NULL);
        return r_;
}

/* doors that other calls have */

ATTACK(remap_pages)
{
        void *at = mmap(NULL, (size_t) 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        return reached(at != MAP_FAILED && syscall(SYS_remap_file_pages, at, PAGE, 0, 1, 0) == 0);
}

/* Inside there is no descriptor of a process; the call itself is tried. */
ATTACK(advise_by_descriptor)
{
        struct {
                void *at;
                size_t length;
        } part = { page_map(RW), PAGE };
        int fd = in_cell() ? CELL_SOCKET : (int) syscall(SYS_pidfd_open, getpid(), 0);

        return reached(syscall(SYS_process_madvise, fd, &part, 1, MADV_COLD, 0) >= 0);
}

ATTACK(map_zero)
{
        return reached(mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
                       MAP_FAILED);
}

/* Not by the library: a sanitizer takes these calls away. Its own memory is not to be filled. */
ATTACK(keep_in_memory)
{
        return reached(syscall(SYS_mlock, page_of_code, PAGE) == 0);
}

ATTACK(keep_all_in_memory)
{
        return reached(syscall(SYS_mlockall, MCL_CURRENT | MCL_ONFAULT) == 0);
}

ATTACK(lock_while_mapping)
{
        return reached(mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0) !=
                       MAP_FAILED);
}

/*
 * A page of the machine would be given up as broken; none is mapped there: EFAULT or ENOMEM. A
 * kernel that cannot do it does not know the advice.
 */
ATTACK(poison)
{
        void *page = page_map(PROT_NONE);

        if (page == MAP_FAILED || munmap(page, PAGE) < 0)
                return errno;
        if (madvise(page, PAGE, MADV_HWPOISON) == 0 || errno == EFAULT || errno == ENOMEM)
                return 0;
        return errno == EINVAL ? ENOSYS : errno;
}

/* Same pages of cells are merged, and writing to one tells by its time. */
ATTACK(merge)
{
        void *page = page_map(RW);

        return reached(page != MAP_FAILED && madvise(page, PAGE, MADV_MERGEABLE) == 0);
}

/*
 * The second stage lies at a fixed address, and the filter knows no more of it: put there a filter
 * that allows everything, set that, and write code. The first stage does not mind.
 */
ATTACK(replace_stage2)
{
        struct sock_filter let_all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
        struct {
                struct sock_fprog program;
                struct sock_filter filter;
        } *there = mmap((void *) SPAWN_STAGE2_ADDRESS, PAGE, RW,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

        if (there == MAP_FAILED)
                return errno;
        there->filter = let_all;
        there->program = (struct sock_fprog){ 1, &there->filter };
        if ((!in_cell() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) ||
            syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SPAWN_STAGE2_FLAGS, &there->program) < 0)
                return errno;
        return code_run(page_map(RWX));
}

/* Memory-deny-write-execute, where the kernel has it. */
#define NO_GAIN "EACCES"

const struct probe memory_probes[] = {
        { "memory/map-wx", "map memory that can be written and executed", map_all, "syscall mmap",
          .without_seccomp = NO_GAIN },
        { "memory/map-x", "map memory that can be executed and comes from no file", map_code,
          "syscall mmap", .without_seccomp = "reached" },
        { "memory/protect-x", "write code, then make it executable", protect_code,
          "syscall mprotect", .without_seccomp = NO_GAIN },
        { "memory/pkey-protect-x", "the same by the call for protection keys", protect_code_by_key,
          "syscall pkey_mprotect", .without_seccomp = NO_GAIN },
        { "memory/protect-stack", "make the stack executable", protect_stack, "syscall mprotect",
          .without_seccomp = NO_GAIN },
        { "memory/patch-text", "make its own code writable, change it, and change back",
          patch_own_code, "syscall mprotect", .without_seccomp = NO_GAIN },
        { "memory/proc-self-mem", "write to its own code by /proc/self/mem", patch_by_proc,
          "ENOENT" },
        { "memory/read-implies-exec", "have all memory that it can read executable",
          read_implies_execute, "syscall personality", .without_seccomp = NO_GAIN },
        { "memory/own-file", "write a file in /tmp and map it as code", map_own_file,
          "syscall mmap", .at_load = "EPERM", .without_seccomp = "EPERM" },
        { "memory/own-file-shared", "the same, to be written while it runs", map_own_file_shared,
          "syscall mmap", .at_load = "EPERM", .without_seccomp = "EPERM" },
        { "memory/workspace-file", "write a file in the workspace and map it as code",
          map_workspace_file, "syscall mmap", .at_load = "EPERM", .without_seccomp = "EPERM",
          .workspace = WORKSPACE_OVERLAY },
        { "memory/memfd", "write a file in memory and map it as code", map_memory_file,
          "syscall memfd_create", .without_seccomp = "reached" },
        { "memory/library", "map more code of /usr", map_library, "syscall mmap",
          .at_load = "reached", .without_seccomp = "reached" },
        { "memory/shm-exec", "attach shared memory as code", attach_code, "syscall shmget",
          .without_seccomp = NO_GAIN },
        { "memory/remap-file-pages", "move pages below a mapping", remap_pages,
          "syscall remap_file_pages", .without_seccomp = "reached" },
        { "memory/process-madvise", "page out the memory of another process", advise_by_descriptor,
          "syscall process_madvise", .without_seccomp = "EBADF" },
        { "memory/page-zero", "map what a null pointer of the kernel's points to", map_zero,
          "EPERM", .control = CONTROL_ROOT },
        { "memory/mlock", "keep memory from being swapped out", keep_in_memory, "EPERM" },
        { "memory/mlockall", "the same for all it has", keep_all_in_memory, "EPERM",
          .control = CONTROL_ROOT },
        { "memory/map-locked", "the same while mapping", lock_while_mapping, "EPERM" },
        { "memory/hwpoison", "tell the kernel that a page of the machine is broken", poison,
          "syscall madvise", .without_seccomp = "EPERM or ENOSYS", .control = CONTROL_ROOT },
        { "memory/merge", "have its pages merged with equal ones of others", merge, "EPERM",
          .without_seccomp = "reached" },
        { "memory/replace-stage2",
          "put a filter of its own where the second stage lies, set it, and write code",
          replace_stage2, "syscall seccomp", .at_load = "syscall mmap",
          .without_seccomp = NO_GAIN },
};
PROBES_END(memory)
