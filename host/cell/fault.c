/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/fault.h"

#include <linux/audit.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "cell/proto.h"

#ifdef __aarch64__
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#endif

/*
 * What runs on the signal stack is not instrumented: before a call that does not return, the
 * sanitizer would look for the stack's bounds in /proc, which no cell has.
 */
#define ON_SIGNAL_STACK __attribute__((no_sanitize_address))

static int fault_socket = -1;
static bool fault_has_processes;

atomic_bool fault_is_loading;
static char fault_stack[32768] __attribute__((aligned(16)));

ON_SIGNAL_STACK void fault_report(enum verdict verdict, int signal, int syscall, uint32_t arch,
                                  const char *text)
{
        struct proto_fault fault = {
                .verdict = verdict,
                .signal = signal,
                .syscall = syscall,
                .arch = arch,
        };
        char body[sizeof(fault) + 2048];
        size_t length = text ? strnlen(text, sizeof(body) - sizeof(fault)) : 0;

        memcpy(body, &fault, sizeof(fault));
        if (length)
                memcpy(body + sizeof(fault), text, length);
        (void) frame_send(fault_socket, PROTO_FAULT, 0, body, sizeof(fault) + length, 0);
        _exit(1);
}

/* The registers of the call that was refused. What they point to may change or not be there. */
ON_SIGNAL_STACK static void fault_args(struct proto_fault *fault, const void *context)
{
        const ucontext_t *at = context;

#if defined(__x86_64__)
        static const int registers[] = { REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8, REG_R9 };

        for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
                fault->args[i] = (uint64_t) at->uc_mcontext.gregs[registers[i]];
        fault->has_args = fault->arch == NATIVE_ARCH;
#elif defined(__aarch64__)
        for (size_t i = 0; i < ARRAY_SIZE(fault->args); i++)
                fault->args[i] = at->uc_mcontext.regs[i];
        fault->has_args = fault->arch == NATIVE_ARCH;
#else
        (void) at;
        (void) fault;
#endif
}

ON_SIGNAL_STACK static void on_denied(const siginfo_t *info, const void *context)
{
        struct proto_fault fault = {
                .verdict = VERDICT_SYSCALL,
                .syscall = info->si_syscall,
                .arch = info->si_arch,
        };

        fault_args(&fault, context);
        (void) frame_send(fault_socket, PROTO_FAULT, 0, &fault, sizeof(fault), 0);
        _exit(1);
}

ON_SIGNAL_STACK static void on_signal(int signal, siginfo_t *info, void *context)
{
        if (signal == SIGSYS)
                on_denied(info, context);
        if (signal == SIGXCPU)
                fault_report(VERDICT_CPU, 0, -1, 0, NULL);
        if (signal == SIGXFSZ)
                fault_report(VERDICT_FILES, 0, -1, 0, "a file grew past the limit file_size");
        if (signal == SIGBUS && fault_is_loading)
                fault_report(VERDICT_LOAD, 0, -1, 0,
                             "the object is damaged: it is shorter than it "
                             "says");
        if (fault_saw_no_memory)
                fault_report(VERDICT_MEMORY, signal, -1, 0, NULL);
        if (fault_saw_no_processes)
                fault_report(VERDICT_PROCESSES, signal, -1, 0, NULL);
        fault_report(VERDICT_SIGNAL, signal, -1, 0, NULL);
}

void fault_forbid_process(void)
{
        if (fault_socket >= 0 && !fault_has_processes)
                fault_report(VERDICT_SYSCALL, 0, SYS_clone3, NATIVE_ARCH, NULL);
}

int fault_install(int socket, bool has_processes)
{
        static const int signals[] = { SIGSYS,  SIGABRT, SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
                                       SIGTRAP, SIGTERM, SIGXCPU, SIGXFSZ, SIGINT, SIGHUP,
                                       SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2 };
        struct sigaction action = {
                .sa_sigaction = on_signal,
                .sa_flags = SA_SIGINFO | SA_ONSTACK,
        };
        stack_t stack = { .ss_sp = fault_stack, .ss_size = sizeof(fault_stack) };

        fault_socket = socket;
        fault_has_processes = has_processes;
        if (sigaltstack(&stack, NULL) < 0)
                return -errno;
        (void) sigfillset(&action.sa_mask);
        for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
                if (sigaction(signals[i], &action, NULL) < 0)
                        return -errno;
        return 0;
}
