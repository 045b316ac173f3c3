/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The kernel's own surface: calls that an agent has no business with
 *
 * A control runs as root on a machine that others use. Where the call would do what it is made
 * for, its arguments are wrong behind the check of permission, and the comment names the errno that
 * shows that the check was passed.
 */

#include "probe.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>

ATTACK(user_faults)
{
        return reached(syscall(SYS_userfaultfd, 1 /* user mode only */) >= 0);
}

/* rings; inside there is none, and the calls are tried on what is there */

static int ring(void)
{
        static uint8_t params[120];

        return (int) syscall(SYS_io_uring_setup, 1, params);
}

ATTACK(ring_setup)
{
        return reached(ring() >= 0);
}

ATTACK(ring_enter)
{
        int fd = in_cell() ? CELL_SOCKET : ring();

        return reached(syscall(SYS_io_uring_enter, fd, 0, 0, 0, NULL, 0) >= 0);
}

ATTACK(ring_register)
{
        static uint8_t probe[16 + 8 * 8];
        int fd = in_cell() ? CELL_SOCKET : ring();

        return reached(syscall(SYS_io_uring_register, fd, 8 /* PROBE */, probe, 8) >= 0);
}

/* programs in the kernel */

ATTACK(bpf_map)
{
        union bpf_attr attr = {
                .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
        };

        return reached(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)) >= 0);
}

ATTACK(bpf_program)
{
        static const struct bpf_insn program[] = {
                { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
                { .code = BPF_JMP | BPF_EXIT },
        };
        union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
                                .insn_cnt = 2,
                                .insns = (uint64_t) (uintptr_t) program,
                                .license = (uint64_t) (uintptr_t) "GPL" };

        return reached(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)) >= 0);
}

ATTACK(perf_event)
{
        struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
                                        .size = sizeof(attr),
                                        .config = PERF_COUNT_SW_TASK_CLOCK,
                                        .exclude_kernel = 1,
                                        .exclude_hv = 1 };

        return reached(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0) >= 0);
}

ATTACK(module_load) /* an image of no bytes: ENOEXEC */
{
        return passed(syscall(SYS_init_module, NULL, 0, ""), ENOEXEC);
}

ATTACK(module_load_file) /* no descriptor: EBADF */
{
        return passed(syscall(SYS_finit_module, -1, "", 0), EBADF);
}

ATTACK(module_remove) /* there is no such module: ENOENT */
{
        return passed(syscall(SYS_delete_module, "linhay_none", O_NONBLOCK), ENOENT);
}

ATTACK(kexec) /* more segments than there may be: EINVAL */
{
        return passed(syscall(SYS_kexec_load, 0, 1 << 20, NULL, 0), EINVAL);
}

#ifdef SYS_kexec_file_load
ATTACK(kexec_file) /* flags that do not exist: EINVAL */
{
        return passed(syscall(SYS_kexec_file_load, -1, -1, 0, NULL, ~0UL), EINVAL);
}
#endif

/* the machine as a whole */

ATTACK(reboot_machine) /* without the magic number: EINVAL */
{
        return passed(syscall(SYS_reboot, 1, 1, 0, NULL), EINVAL);
}

/* The permission is asked even when no time is given. */
ATTACK(set_time)
{
        return reached(syscall(SYS_settimeofday, NULL, NULL) == 0);
}

ATTACK(set_clock)
{
        struct timespec now;

        return reached(clock_gettime(CLOCK_REALTIME, &now) == 0 &&
                       clock_settime(CLOCK_REALTIME, &now) == 0);
}

ATTACK(bend_clock) /* a tick of 0 µs: EINVAL */
{
        struct timex timex = { .modes = ADJ_TICK };

        return passed(syscall(SYS_adjtimex, &timex), EINVAL);
}

ATTACK(bend_clock_by_id) /* the same */
{
        struct timex timex = { .modes = ADJ_TICK };

        return passed(clock_adjtime(CLOCK_REALTIME, &timex), EINVAL);
}

/* A control's name is that of a namespace that ends with it. */
ATTACK(set_host_name)
{
        if (!in_cell() && unshare(CLONE_NEWUTS) < 0)
                return errno;
        return reached(sethostname("linhay", 6) == 0);
}

ATTACK(set_domain_name)
{
        if (!in_cell() && unshare(CLONE_NEWUTS) < 0)
                return errno;
        return reached(setdomainname("linhay", 6) == 0);
}

ATTACK(read_log)
{
        char text[64];

        return reached(klogctl(3 /* read all */, text, sizeof(text)) >= 0);
}

/* terminals */

ATTACK(hang_up)
{
        return reached(vhangup() == 0);
}

/* Keys that whoever looks at the terminal seems to have pressed. In a cell 0 is no terminal. */
ATTACK(type_keys)
{
        int fd = 0;

        if (!in_cell()) {
                fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
                if (fd < 0 || grantpt(fd) < 0 || unlockpt(fd) < 0)
                        return errno;
        }
        return reached(ioctl(fd, TIOCSTI, "x") == 0);
}

/* the processor */

ATTACK(change_personality)
{
        return reached(syscall(SYS_personality, ADDR_NO_RANDOMIZE) >= 0);
}

#ifdef __x86_64__
/* In this table 20 is getpid(); the filter knows other numbers. */
ATTACK(call_32_bit)
{
        long result;

        __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
        errno = result < 0 ? (int) -result : 0;
        return reached(result >= 0);
}

ATTACK(call_x32)
{
        return reached(syscall(0x40000000 | SYS_getpid) >= 0);
}

ATTACK(descriptor_table)
{
        char table[64];

        return reached(syscall(SYS_modify_ldt, 0, table, sizeof(table)) >= 0);
}

ATTACK(segment_base)
{
        return reached(syscall(SYS_arch_prctl, 0x1001 /* ARCH_SET_GS */, 0) == 0);
}

ATTACK(ports_level)
{
        return reached(syscall(SYS_iopl, 3) == 0);
}

ATTACK(ports_range)
{
        return reached(syscall(SYS_ioperm, 0x80, 1, 1) == 0);
}

ATTACK(file_system_types)
{
        return reached(syscall(SYS_sysfs, 3) >= 0);
}
#endif

/* The kernel takes the lower half only. */
ATTACK(call_number_with_high_bits)
{
        return reached(syscall((long) (0x100000000UL | SYS_ptrace), PTRACE_TRACEME, 0, 0, 0) == 0);
}

ATTACK(call_unknown)
{
        return reached(syscall(600) >= 0);
}

ATTACK(call_negative)
{
        return reached(syscall(-2) >= 0);
}

/* memory and what moves it */

ATTACK(memory_file)
{
        return reached(syscall(SYS_memfd_create, "x", 0) >= 0);
}

ATTACK(memory_secret)
{
        return reached(syscall(SYS_memfd_secret, 0) >= 0);
}

static int splice_pipes(long call)
{
        int from[2], to[2];

        if (pipe2(from, O_NONBLOCK) < 0 || pipe2(to, O_NONBLOCK) < 0 || write(from[1], "x", 1) != 1)
                return errno;
        if (call == SYS_tee)
                return reached(syscall(SYS_tee, from[0], to[1], 1, 0) == 1);
        return reached(syscall(SYS_splice, from[0], NULL, to[1], NULL, 1, 0) == 1);
}

ATTACK(splice_pages)
{
        return splice_pipes(SYS_splice);
}

ATTACK(tee_pages)
{
        return splice_pipes(SYS_tee);
}

ATTACK(splice_memory)
{
        struct {
                const void *at;
                size_t length;
        } part = { "x", 1 };
        int ends[2];

        if (pipe(ends) < 0)
                return errno;
        return reached(syscall(SYS_vmsplice, ends[1], &part, 1, 0) == 1);
}

ATTACK(place_memory)
{
        return reached(syscall(SYS_set_mempolicy, 0, NULL, 0) == 0);
}

/* Which pages of a file others have read lately (6.5). Who does not own the file may not ask. */
ATTACK(cache_state)
{
        uint64_t range[2] = { 0, 4096 }, state[5];
        int fd = open("/usr/bin/env", O_RDONLY | O_CLOEXEC);

        return reached(syscall(451 /* cachestat */, fd, range, state, 0) == 0);
}

ATTACK(barrier)
{
        return reached(syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0);
}

/* waiting */

/* Locks that lend their priority have had most of the flaws of this call. */
ATTACK(futex_lending)
{
        static uint32_t word;

        return reached(syscall(SYS_futex, &word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0);
}

ATTACK(futex_requeue)
{
        static uint32_t words[2];

        return reached(syscall(SYS_futex, &words[0], FUTEX_CMP_REQUEUE_PI, 1, 0, &words[1], 0) >=
                       0);
}

ATTACK(signals_as_file)
{
        sigset_t all;

        (void) sigfillset(&all);
        return reached(syscall(SYS_signalfd4, -1, &all, 8, 0) >= 0);
}

ATTACK(message_queue)
{
        return reached(syscall(SYS_mq_open, "linhay", O_RDONLY | O_CREAT, 0600, NULL) >= 0 &&
                       syscall(SYS_mq_unlink, "linhay") == 0);
}

#define NO_SUCH_KERNEL .control = CONTROL_NONE, .reason = "no kernel has such a call"

const struct probe kernel_probes[] = {
        { "kernel/userfaultfd", "handle page faults in user space", user_faults,
          "syscall userfaultfd", .without_seccomp = "reached" },
        { "kernel/io-uring", "set up a ring for system calls that no filter sees", ring_setup,
          "ENOSYS", .without_seccomp = "ENOMEM" },
        { "kernel/io-uring-enter", "hand a ring over", ring_enter, "syscall io_uring_enter",
          .without_seccomp = "EOPNOTSUPP" },
        { "kernel/io-uring-register", "ask what a ring can do", ring_register,
          "syscall io_uring_register", .without_seccomp = "EOPNOTSUPP" },
        { "kernel/bpf-map", "memory that the kernel shares with a program in it", bpf_map,
          "syscall bpf", .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "kernel/bpf-program", "a program in the kernel", bpf_program, "syscall bpf",
          .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "kernel/perf", "count events of the processor", perf_event, "syscall perf_event_open",
          .without_seccomp = "reached or EACCES", .control = CONTROL_ROOT },
        { "kernel/module", "load a module from memory", module_load, "syscall init_module",
          .without_seccomp = "EPERM or ENOSYS", .control = CONTROL_ROOT },
        { "kernel/module-file", "load a module from a file", module_load_file,
          "syscall finit_module", .without_seccomp = "EPERM or ENOSYS", .control = CONTROL_ROOT },
        { "kernel/module-remove", "remove a module", module_remove, "syscall delete_module",
          .without_seccomp = "EPERM or ENOSYS", .control = CONTROL_ROOT },
        { "kernel/kexec", "put another kernel in the place of this one", kexec,
          "syscall kexec_load", .without_seccomp = "EPERM or ENOSYS", .control = CONTROL_ROOT },
#ifdef SYS_kexec_file_load
        { "kernel/kexec-file", "the same from a file", kexec_file, "syscall kexec_file_load",
          .without_seccomp = "EPERM or ENOSYS", .control = CONTROL_ROOT },
#endif
        { "kernel/reboot", "stop the machine", reboot_machine, "syscall reboot",
          .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "kernel/settimeofday", "set the machine's time", set_time, "syscall settimeofday",
          .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "kernel/clock-settime", "set the machine's clock", set_clock, "syscall clock_settime",
          .without_seccomp = "EPERM", .control = CONTROL_NONE,
          .reason = "it would set the clock of the machine that runs the tests" },
        { "kernel/adjtimex", "let the machine's clock run wrong", bend_clock, "syscall adjtimex",
          .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "kernel/clock-adjtime", "the same by the number of a clock", bend_clock_by_id,
          "syscall clock_adjtime", .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "kernel/sethostname", "name the machine", set_host_name, "syscall sethostname",
          .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "kernel/setdomainname", "name the machine's domain", set_domain_name,
          "syscall setdomainname", .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "kernel/syslog", "read the kernel's log", read_log, "syscall syslog",
          .without_seccomp = "reached or EPERM", .control = CONTROL_ROOT },
        { "kernel/vhangup", "hang up the terminal", hang_up, "syscall vhangup",
          .without_seccomp = "EPERM", .control = CONTROL_NONE,
          .reason = "it would hang up the terminal of whoever runs the tests" },
        { "kernel/tiocsti", "press keys on the host's terminal", type_keys, "syscall ioctl",
          .without_seccomp = "ENOTTY", .control = CONTROL_ROOT },
        { "kernel/personality", "turn address randomisation off", change_personality,
          "syscall personality", .without_seccomp = "reached" },
#ifdef __x86_64__
        { "kernel/int80", "a system call by the entry for 32-bit programs", call_32_bit,
          "syscall ?", .without_seccomp = "reached" },
        { "kernel/x32", "a system call by the numbers of the x32 interface", call_x32, "syscall ?",
          .without_seccomp = "reached" },
        { "kernel/modify-ldt", "a segment table of its own", descriptor_table, "syscall modify_ldt",
          .without_seccomp = "reached" },
        { "kernel/arch-prctl", "another base for a segment register", segment_base,
          "syscall arch_prctl", .without_seccomp = "reached" },
        { "kernel/iopl", "all ports of the machine's devices", ports_level, "syscall iopl",
          .without_seccomp = "EPERM or ENOSYS", .control = CONTROL_ROOT },
        { "kernel/ioperm", "one port of the machine's devices", ports_range, "syscall ioperm",
          .without_seccomp = "EPERM or ENOSYS", .control = CONTROL_ROOT },
        { "kernel/sysfs", "a call that has had no use for twenty years", file_system_types,
          "syscall sysfs", .without_seccomp = "reached" },
#endif
        { "kernel/high-bits", "a denied call whose number has bits above the 32nd",
          call_number_with_high_bits, "syscall ptrace", .without_seccomp = "reached" },
        { "kernel/unknown", "a number behind the last call", call_unknown, "syscall ?",
          .without_seccomp = "ENOSYS", NO_SUCH_KERNEL },
        { "kernel/negative", "a number below the first call", call_negative, "syscall ?",
          .without_seccomp = "ENOSYS", NO_SUCH_KERNEL },
        { "kernel/memfd", "a file in memory, which no disk limit counts", memory_file,
          "syscall memfd_create", .without_seccomp = "reached" },
        { "kernel/memfd-secret", "memory that the kernel itself does not map", memory_secret,
          "syscall memfd_secret", .without_seccomp = "reached" },
        { "kernel/splice", "move pages between pipes", splice_pages, "syscall splice",
          .without_seccomp = "reached" },
        { "kernel/tee", "share pages between pipes", tee_pages, "syscall tee",
          .without_seccomp = "reached" },
        { "kernel/vmsplice", "give its memory's pages to a pipe", splice_memory, "syscall vmsplice",
          .without_seccomp = "reached" },
        { "kernel/set-mempolicy", "choose where memory lies", place_memory, "EPERM",
          .without_seccomp = "reached" },
        { "kernel/cachestat", "ask which pages of a library others use", cache_state,
          "syscall cachestat or syscall ?", .without_seccomp = "EPERM", .control = CONTROL_ROOT },
        { "kernel/membarrier", "hold up every processor until all of them have passed a barrier",
          barrier, "EINVAL", .without_seccomp = "reached" },
        { "kernel/futex-pi", "a lock that lends its priority", futex_lending, "ENOSYS",
          .without_seccomp = "reached" },
        { "kernel/futex-requeue-pi", "move waiters to such a lock", futex_requeue, "ENOSYS",
          .without_seccomp = "reached" },
        { "kernel/signalfd", "signals as a file, past the runtime's handlers", signals_as_file,
          "syscall signalfd4", .without_seccomp = "reached" },
        { "kernel/mq", "a message queue", message_queue, "syscall mq_open",
          .without_seccomp = "EMFILE" },
};
PROBES_END(kernel)
