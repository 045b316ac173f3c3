/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Policies: what is printed and explained is what the kernel does
 *
 * The filters are run here, instruction by instruction, over every system call and many arguments,
 * and compared with what the tables say. Then the words: arguments, remedies, the printed policy.
 */

#include "test.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "cell/call.h"
#include "cell/filter.h"
#include "cell/policy.h"
#include "cell/spawn.h"

#define CALLS_MAX 500

static uint32_t load(const struct seccomp_data *data, uint32_t at)
{
        uint32_t word;

        assert_true(at + sizeof(word) <= sizeof(*data));
        memcpy(&word, (const char *) data + at, sizeof(word));
        return word;
}

/* The part of BPF that libseccomp writes. */
static uint32_t bpf_run(const struct sock_filter *program, size_t n,
                        const struct seccomp_data *data)
{
        uint32_t a = 0;

        for (size_t pc = 0; pc < n; pc++) {
                const struct sock_filter *i = &program[pc];

                switch (i->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        a = load(data, i->k);
                        break;
                case BPF_ALU | BPF_AND | BPF_K:
                        a &= i->k;
                        break;
                case BPF_JMP | BPF_JA:
                        pc += i->k;
                        break;
                case BPF_JMP | BPF_JEQ | BPF_K:
                        pc += a == i->k ? i->jt : i->jf;
                        break;
                case BPF_JMP | BPF_JGT | BPF_K:
                        pc += a > i->k ? i->jt : i->jf;
                        break;
                case BPF_JMP | BPF_JGE | BPF_K:
                        pc += a >= i->k ? i->jt : i->jf;
                        break;
                case BPF_RET | BPF_K:
                        return i->k;
                default:
                        fail_msg("instruction 0x%x is not known here", i->code);
                }
        }
        fail_msg("the filter does not end");
        return 0;
}

/* Stage 1, and with `is_prepared` stage 2: the stricter answer counts. */
struct programs {
        struct sock_filter *stage1, *stage2;
        size_t n1, n2;
};

static uint32_t severity(uint32_t action)
{
        switch (action & SECCOMP_RET_ACTION_FULL) {
        case SECCOMP_RET_ALLOW:
                return 0;
        case SECCOMP_RET_ERRNO:
                return 1;
        case SECCOMP_RET_TRAP:
                return 2;
        default:
                return 3;
        }
}

static uint32_t kernel_decides(const struct programs *p, bool is_prepared,
                               const struct seccomp_data *data)
{
        uint32_t first = bpf_run(p->stage1, p->n1, data);
        uint32_t second =
                is_prepared && p->n2 ? bpf_run(p->stage2, p->n2, data) : SECCOMP_RET_ALLOW;

        return severity(second) > severity(first) ? second : first;
}

static void programs_read(struct programs *p, const struct filter *f)
{
        p->n1 = f->stage1_bytes / sizeof(struct sock_filter);
        p->n2 = f->flags & SPAWN_STAGE1 ? 0 : f->stage2_bytes / sizeof(struct sock_filter);
        p->stage1 = malloc(f->stage1_bytes + f->stage2_bytes);
        assert_non_null(p->stage1);
        assert_int_equal(pread(f->fd, p->stage1, f->stage1_bytes + f->stage2_bytes, 0),
                         f->stage1_bytes + f->stage2_bytes);
        p->stage2 = p->stage1 + p->n1;
}

static const uint64_t values[] = {
        0,
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        15,
        16,
        31,
        1030,
        1031,
        1032,
        1033,
        1034,
        AF_UNIX,
        AF_INET,
        SIGSYS,
        FIONREAD,
        FIOCLEX,
        FIONCLEX,
        FIONBIO,
        TCGETS,
        TIOCGWINSZ,
        TIOCSTI,
        PR_SET_NAME,
        PR_GET_NAME,
        PR_GET_SECCOMP,
        PR_SET_SECCOMP,
        PR_SET_DUMPABLE,
        PR_SET_PTRACER,
        PR_SET_VMA,
        CLONE_THREAD,
        CLONE_NEWUSER,
        CLONE_THREAD | CLONE_NEWNET,
        CLONE_VM | CLONE_VFORK | SIGCHLD,
        MAP_PRIVATE,
        MAP_ANONYMOUS | MAP_PRIVATE,
        0xffffffff,
        0x100000000ULL,
        0x10000001fULL,
        SPAWN_STAGE2_ADDRESS,
        SPAWN_STAGE2_ADDRESS + 1,
        UINT64_MAX,
};

static uint64_t next_random(uint64_t *state)
{
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

static void compare(const struct programs *p, const struct policy *policy, const char *name,
                    const struct seccomp_data *data, bool is_prepared)
{
        uint32_t kernel = kernel_decides(p, is_prepared, data), want;
        struct policy_decision said;

        said = policy_decide(policy, is_prepared, name, (const uint64_t *) data->args);
        want = said.rule == POLICY_ALLOWS    ? SECCOMP_RET_ALLOW
               : said.rule == POLICY_ANSWERS ? SECCOMP_RET_ERRNO | (uint32_t) said.error
                                             : SECCOMP_RET_TRAP;
        if (kernel != want)
                fail_msg("%s(0x%llx, 0x%llx, 0x%llx, 0x%llx): the kernel does 0x%x, the tables "
                         "say 0x%x (%s)",
                         name, data->args[0], data->args[1], data->args[2], data->args[3], kernel,
                         want, said.set ? said.set : "-");
}

static const char *const combinations[][5] = {
        { NULL },           { "threads" },          { "spawn" },
        { "jit" },          { "identity" },         { "threads", "jit" },
        { "spawn", "jit" }, { "spawn", "threads" }, { "threads", "spawn", "jit", "identity" },
};

static void test_same_as_kernel(void **state)
{
        uint64_t random = 88172645463325252ULL;

        (void) state;
        for (size_t g = 0; g < TEST_ROWS(combinations); g++) {
                struct programs p;
                struct policy policy;
                struct filter f;
                struct err err = { 0 };

                assert_int_equal(filter_build(&f, combinations[g], &err), 0);
                assert_int_equal(policy_make(&policy, combinations[g], &err), 0);
                programs_read(&p, &f);
                for (int number = 0; number < CALLS_MAX; number++) {
                        struct seccomp_data data = { .nr = number };
                        char *name;

#ifdef __aarch64__
                        data.arch = AUDIT_ARCH_AARCH64;
#else
                        data.arch = AUDIT_ARCH_X86_64;
#endif
                        name = filter_syscall_name(data.arch, number);
                        for (size_t i = 0; name && i < 60; i++) {
                                for (size_t j = 0; j < 6; j++)
                                        data.args[j] =
                                                values[next_random(&random) % TEST_ROWS(values)];
                                compare(&p, &policy, name, &data, false);
                                compare(&p, &policy, name, &data, true);
                        }
                        free(name);
                }
                free(p.stage1);
                filter_done(&f);
        }
}

static void test_arguments(void **state)
{
        static const struct {
                const char *why;
                const char *name;
                uint64_t args[CALL_ARGS];
                const char *want;
        } rows[] = {
                { "families and types",
                  "socket",
                  { AF_INET, SOCK_STREAM, 0 },
                  "socket(AF_INET, SOCK_STREAM, 0)" },
                { "a type has flags",
                  "socket",
                  { AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 15 },
                  "socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, 15)" },
                { "what is not known is a number", "socket", { 77, 9, 0 }, "socket(0x4d, 9, 0)" },
                { "the kernel sees an int",
                  "socket",
                  { 0xdead00000002, 1, 0 },
                  "socket(AF_INET, SOCK_STREAM, 0)" },
                { "what is behind a pointer is not looked at",
                  "openat",
                  { (uint64_t) AT_FDCWD, 0xdeadbeef, O_RDONLY | O_CLOEXEC, 0777 },
                  "openat(AT_FDCWD, …, O_RDONLY|O_CLOEXEC)" },
                { "a mode where one is meant",
                  "openat",
                  { 5, 1, O_WRONLY | O_CREAT | O_TRUNC, 0640 },
                  "openat(5, …, O_WRONLY|O_CREAT|O_TRUNC, 0640)" },
                { "a folder needs none",
                  "openat",
                  { 5, 1, O_DIRECTORY, 0640 },
                  "openat(5, …, O_RDONLY|O_DIRECTORY)" },
                { "a file without a name does",
                  "openat",
                  { 5, 1, O_TMPFILE | O_RDWR, 0600 },
                  "openat(5, …, O_RDWR|O_TMPFILE, 0600)" },
                { "protections",
                  "mmap",
                  { 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                    (uint64_t) -1, 0 },
                  "mmap(NULL, 4096, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, "
                  "0)" },
                { "no protection at all", "mprotect", { 0x1000, 4096, 0 }, "mprotect(…, 4096, 0)" },
                { "a process",
                  "clone",
                  { SIGCHLD, 0, 0, 0, 0 },
                  "clone(SIGCHLD, NULL, NULL, NULL, NULL)" },
                { "a thread",
                  "clone",
                  { CLONE_VM | CLONE_THREAD, 1, 0, 0, 0 },
                  "clone(CLONE_VM|CLONE_THREAD, …, NULL, NULL, NULL)" },
                { "namespaces",
                  "unshare",
                  { CLONE_NEWUSER | CLONE_NEWNS },
                  "unshare(CLONE_NEWNS|CLONE_NEWUSER)" },
                { "both",
                  "clone",
                  { CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0 },
                  "clone(CLONE_NEWPID|SIGCHLD, NULL, NULL, NULL, NULL)" },
                { "options",
                  "prctl",
                  { PR_SET_SECCOMP, 2, 0, 0, 0 },
                  "prctl(PR_SET_SECCOMP, 2, 0, 0, 0)" },
                { "requests", "ioctl", { 1, TIOCSTI, 0x7ffc00 }, "ioctl(1, TIOCSTI, …)" },
                { "requests that nobody named",
                  "ioctl",
                  { 1, 0xabcd, 0 },
                  "ioctl(1, 0xabcd, NULL)" },
                { "commands", "fcntl", { 3, F_SETLEASE, 1 }, "fcntl(3, F_SETLEASE, 1)" },
                { "signals", "kill", { 0xffffffff, SIGKILL }, "kill(-1, SIGKILL)" },
                { "large values do no harm", "kill", { UINT64_MAX, UINT64_MAX }, "kill(-1, -1)" },
                { "a call whose arguments nobody described", "reboot", { 1, 2, 3 }, "reboot(…)" },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf text = { 0 };

                assert_int_equal(call_print(&text, rows[i].name, rows[i].args), 0);
                if (strcmp(buf_text(&text), rows[i].want) != 0)
                        fail_msg("%s: %s instead of %s", rows[i].why, buf_text(&text),
                                 rows[i].want);
        }
}

static void test_remedies(void **state)
{
        static const struct {
                const char *why;
                const char *name;
                bool has_args;
                uint64_t args[CALL_ARGS];
                const char *word;
        } rows[] = {
                { "by its name both may be meant", "clone", false, { 0 }, "\"threads\"" },
                { "by its flags it is a thread",
                  "clone",
                  true,
                  { CLONE_VM | CLONE_THREAD },
                  "\"threads\" would allow it, if the manifest asks for it (needs.syscalls)" },
                { "by its flags it is a process", "clone", true, { SIGCHLD }, "\"spawn\"" },
                { "a namespace is never granted",
                  "clone",
                  true,
                  { CLONE_NEWUSER | SIGCHLD },
                  "nothing" },
                { "written code",
                  "mmap",
                  true,
                  { 0, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS },
                  "\"jit\"" },
                { "a library that comes late",
                  "mmap",
                  true,
                  { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE },
                  "prepare()" },
                { "the admin has the last word", "fork", true, { 0 }, "syscalls.grants" },
                { "identity fails instead", "setuid", true, { 0 }, "fail instead" },
                { "no network", "socket", true, { AF_INET }, "nothing" },
                { "nobody knows it", "nonsense", true, { 0 }, "nothing" },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                const char *text =
                        policy_remedy(rows[i].name, rows[i].has_args ? rows[i].args : NULL);

                if (!strstr(text, rows[i].word))
                        fail_msg("%s: %s", rows[i].why, text);
        }
}

/* Is there such a row in the printed policy? */
static bool policy_says(const json_t *stage, const char *set, const char *call, const char *rule,
                        const char *when)
{
        const json_t *s, *c;
        size_t i, j;

        json_array_foreach (stage, i, s) {
                if (strcmp(json_string_value(json_object_get(s, "set")), set) != 0)
                        continue;
                assert_true(strlen(json_string_value(json_object_get(s, "purpose"))) > 5);
                json_array_foreach (json_object_get(s, "calls"), j, c) {
                        const char *w = json_string_value(json_object_get(c, "when"));

                        if (strcmp(json_string_value(json_object_get(c, "call")), call) == 0 &&
                            strcmp(json_string_value(json_object_get(c, "rule")), rule) == 0 &&
                            (when ? w && strcmp(w, when) == 0 : !w))
                                return true;
                }
        }
        return false;
}

static void test_printed(void **state)
{
        static const char *const threads[] = { "threads", NULL },
                                 *const spawn[] = { "spawn", NULL }, *const none[] = { NULL },
                                 *const wrong[] = { "network", NULL };
        static const struct {
                const char *why;
                const char *const *groups;
                const char *stage, *set, *call, *rule, *when;
                bool is_there;
        } rows[] = {
                { "always", none, "stage1", "files", "openat", "allow", NULL, true },
                { "by argument", none, "stage1", "arguments", "mmap", "allow",
                  "prot without PROT_EXEC", true },
                { "by a value", none, "stage1", "arguments", "fcntl", "allow", "cmd = F_DUPFD",
                  true },
                { "answered", none, "stage1", "answered", "socket", "errno", "domain = AF_UNIX",
                  true },
                { "two conditions", none, "stage1", "loading", "mmap", "allow",
                  "prot with PROT_EXEC and without PROT_WRITE, flags without MAP_ANONYMOUS", true },
                { "the second stage", none, "stage2", "sealed code", "mmap", "end",
                  "prot with PROT_EXEC", true },
                { "no thread", none, "stage1", "threads", "clone3", "errno", NULL, false },
                { "but when granted", threads, "stage1", "threads", "clone3", "errno", NULL, true },
                { "no second stage for programs", spawn, "stage2", "sealed", "seccomp", "end", NULL,
                  false },
        };
        struct policy unknown;
        struct err err = { 0 };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct policy made;
                json_t *policy;

                assert_int_equal(policy_make(&made, rows[i].groups, &err), 0);
                policy = policy_describe(&made);
                assert_non_null(policy);
                if (policy_says(json_object_get(policy, rows[i].stage), rows[i].set, rows[i].call,
                                rows[i].rule, rows[i].when) != rows[i].is_there)
                        fail_msg("%s: %s %s", rows[i].why, rows[i].set, rows[i].call);
                json_decref(policy);
        }
        assert_int_equal(policy_make(&unknown, wrong, &err), -EINVAL);
        assert_non_null(strstr(err.text, "network"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_same_as_kernel),
                cmocka_unit_test(test_arguments),
                cmocka_unit_test(test_remedies),
                cmocka_unit_test(test_printed),
        };

        return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
