/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cell/confine.h"

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/kernel.h"
#include "cell/layer.h"
#include "cell/spawn.h"

/* Every bit that can be locked, locked: no set-uid magic, no ambient set, ever again. */
#define SECURE_BITS                                                                                \
        (SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |                           \
         SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |   \
         SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

/* The sanitizer's shadow is terabytes of address space. */
#ifdef LINHAY_SANITIZE
#define SHADOW_NEEDS_SPACE true
#else
#define SHADOW_NEEDS_SPACE false
#endif

int confine_identity(struct err *err)
{
        if (setresgid(CELL_ID, CELL_ID, CELL_ID) < 0 || setresuid(CELL_ID, CELL_ID, CELL_ID) < 0)
                return err_sys(err, -errno, "cannot become the cell's user");
        return 0;
}

int confine_parent(struct err *err)
{
        if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
                return err_sys(err, -errno, "cannot ask to die with the zygote");
        return 0;
}

/* Above the last capability the kernel answers EINVAL. */
static int bounding_clear(struct err *err)
{
        for (unsigned long cap = 0; cap <= 63; cap++)
                if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0) {
                        if (errno == EINVAL)
                                break;
                        return err_sys(err, -errno, "cannot empty the bounding set");
                }
        return 0;
}

int confine_capabilities(struct err *err)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct none[2] = { 0 };

        if (syscall(SYS_capset, &header, none) < 0)
                return err_sys(err, -errno, "cannot drop the capabilities");
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return err_sys(err, -errno, "cannot become undumpable");
        return 0;
}

/* Without CAP_SETPCAP (no user namespace, ordinary user) there is nothing in the sets to lose. */
static bool has_privilege(void)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct now[2] = { 0 };

        return syscall(SYS_capget, &header, now) < 0 || (now[0].effective & (1U << CAP_SETPCAP));
}

int confine_privileges(struct err *err)
{
        int r = 0;

        if (has_privilege()) {
                if (prctl(PR_SET_SECUREBITS, SECURE_BITS, 0, 0, 0) < 0)
                        return err_sys(err, -errno, "cannot lock the secure bits");
                r = bounding_clear(err);
        }
        if (r == 0 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                r = err_sys(err, -errno, "cannot empty the ambient set");
        if (r < 0)
                return r;
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return err_sys(err, -errno, "cannot set no_new_privs");
        return 0;
}

int confine_limits(const struct limits *limits, unsigned first, bool has_userns, bool is_counted,
                   struct err *err)
{
        const uint64_t *value = limits->value;
        /* Whole seconds, rounded up; one more until the kernel kills what ignores the warning. */
        rlim_t cpu = (value[LIMIT_CPU] + 999) / 1000;
        rlim_t space = is_counted || SHADOW_NEEDS_SPACE ? RLIM_INFINITY : value[LIMIT_MEMORY];
        rlim_t processes = has_userns ? value[LIMIT_PROCESSES] + first : RLIM_INFINITY;
        const struct {
                const char *name;
                int resource;
                rlim_t soft, hard;
        } rows[] = {
                { "CPU", RLIMIT_CPU, cpu, cpu + 1 },
                { "FSIZE", RLIMIT_FSIZE, value[LIMIT_FILE_SIZE], value[LIMIT_FILE_SIZE] },
                { "NOFILE", RLIMIT_NOFILE, value[LIMIT_FILES], value[LIMIT_FILES] },
                { "NPROC", RLIMIT_NPROC, processes, processes },
                { "CORE", RLIMIT_CORE, 0, 0 },
                { "MEMLOCK", RLIMIT_MEMLOCK, 0, 0 },
                { "MSGQUEUE", RLIMIT_MSGQUEUE, 0, 0 },
                { "RTPRIO", RLIMIT_RTPRIO, 0, 0 },
                { "SIGPENDING", RLIMIT_SIGPENDING, 64, 64 },
                { "AS", RLIMIT_AS, space, space },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct rlimit now, want = { .rlim_cur = rows[i].soft, .rlim_max = rows[i].hard };

                /* An inherited limit that is lower stays. */
                if (getrlimit((__rlimit_resource_t) rows[i].resource, &now) < 0)
                        return err_sys(err, -errno, "cannot read RLIMIT_%s", rows[i].name);
                want.rlim_max = MIN_OF(want.rlim_max, now.rlim_max);
                want.rlim_cur = MIN_OF(want.rlim_cur, want.rlim_max);
                if (setrlimit((__rlimit_resource_t) rows[i].resource, &want) < 0)
                        return err_sys(err, -errno, "cannot set RLIMIT_%s", rows[i].name);
        }
        return 0;
}

int confine_mdwe(void)
{
        return !layer_is_left_out("mdwe") &&
               prctl(KERNEL_PR_SET_MDWE, KERNEL_PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) == 0;
}

/* What the kernel says, or a negative errno. */
static int filter_set(const struct sock_filter *program, size_t n, unsigned long flags)
{
        struct sock_fprog prog = {
                .len = (unsigned short) n,
                .filter = (struct sock_filter *) program,
        };
        long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);

        return r < 0 ? -errno : (int) r;
}

int confine_filter(const struct sock_filter *program, size_t n, struct err *err)
{
        int r;

        if (n == 0 || n > BPF_MAXINSNS)
                return err_set(err, -EINVAL, "the system call filter has a wrong size");
        if (layer_is_left_out("seccomp"))
                return 0;
        r = filter_set(program, n, 0);
        return r < 0 ? err_sys(err, r, "cannot install the system call filter") : 0;
}

static void ends_replace(struct sock_filter *program, size_t n, uint32_t from, uint32_t to)
{
        for (size_t i = 0; i < n; i++)
                if (program[i].code == (BPF_RET | BPF_K) && program[i].k == from)
                        program[i].k = to;
}

int confine_filter_told(struct sock_filter *program, size_t n, int *ret_listener, struct err *err)
{
        int r = -EBUSY;

        *ret_listener = -1;
        if (n > 0 && n <= BPF_MAXINSNS && !layer_is_left_out("seccomp")) {
                ends_replace(program, n, SECCOMP_RET_TRAP, SECCOMP_RET_USER_NOTIF);
                r = filter_set(program, n,
                               SECCOMP_FILTER_FLAG_NEW_LISTENER | KERNEL_SECCOMP_WAIT_KILLABLE);
        }
        if (r >= 0) {
                *ret_listener = r;
                return 0;
        }
        /* There is one already: whoever started linhay listens. The signal it is, then. */
        ends_replace(program, n, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_TRAP);
        return confine_filter(program, n, err);
}

int confine_trace(int control, struct err *err)
{
        const struct sock_filter program[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendmsg, 1, 0),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t) control, 1, 0),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        int fd = filter_set(program, ARRAY_SIZE(program),
                            SECCOMP_FILTER_FLAG_NEW_LISTENER | KERNEL_SECCOMP_WAIT_KILLABLE);

        if (fd < 0)
                return err_sys(err, fd,
                               "cannot trace this cell (is linhay itself traced by "
                               "seccomp?)");
        return fd;
}

int confine_signals(struct err *err)
{
        const struct sock_filter program[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_kill, 3, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tkill, 2, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 1, 0),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t) getpid(), 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        };

        return confine_filter(program, ARRAY_SIZE(program), err);
}
