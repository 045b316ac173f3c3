/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/trace.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "base/kernel.h"
#include "cell/filter.h"
#include "cell/opened.h"
#include "cell/policy.h"
#include "cell/spawn.h"

#define CALLS_MAX 1024 /* numbers that are counted; the kernel has below 500 */
#define PROC_MAX  4096

struct trace {
        struct loop *loop;
        struct loop_source source;
        int fd; /* the listener; -1 = none yet */
        uint32_t arch;
        const char *const *given; /* without asking: what starts a program */
        bool has_groups;
        bool is_counting; /* the runtime said hello: what comes is loading, the agent, its end */
        bool is_prepared;
        uint64_t counts[CALLS_MAX];
        uint64_t processes;
        struct opened opened;
        uint64_t address_peak;
        bool needs[POLICY_GROUPS]; /* by the group's number */
};

int trace_new(struct trace **ret, const char *const *groups, bool is_program)
{
        static const char *const spawn[] = { "spawn", NULL };
        struct trace *t = calloc(1, sizeof(*t));

        if (!t)
                return -ENOMEM;
        t->fd = -1;
        t->given = is_program ? spawn : NULL;
        t->has_groups = groups && *groups;
        *ret = t;
        return 0;
}

struct trace *trace_free(struct trace *t)
{
        if (!t)
                return NULL;
        if (t->loop)
                loop_remove(t->loop, &t->source);
        closep(&t->fd);
        opened_done(&t->opened);
        free(t);
        return NULL;
}

/* The file is everybody's to read; nothing in the cell's memory is. */
static uint64_t address_space_peak(uint32_t pid)
{
        char path[64], text[PROC_MAX];
        unsigned long long kib = 0;
        const char *at;
        size_t n;
        FILE *f;

        (void) snprintf(path, sizeof(path), "/proc/%u/status", pid);
        f = fopen(path, "re");
        if (!f)
                return 0;
        n = fread(text, 1, sizeof(text) - 1, f);
        (void) fclose(f);
        text[n] = '\0';
        at = strstr(text, "\nVmPeak:");
        return at && sscanf(at, "\nVmPeak: %llu kB", &kib) == 1 ? kib * 1024 : 0;
}

static bool is_ended(const struct trace *t, const char *const *groups, const char *name,
                     const uint64_t *args)
{
        struct err ignored = { 0 };
        struct policy policy;

        return policy_make(&policy, groups, &ignored) < 0 ||
               policy_decide(&policy, t->is_prepared, name, args).rule == POLICY_ENDS;
}

/* Allowed without asking? Else the first group that allows it is needed. */
static void groups_find(struct trace *t, const char *name, const uint64_t *args)
{
        if (!is_ended(t, t->given, name, args))
                return;
        for (size_t i = 0; i < POLICY_GROUPS; i++) {
                const char *const group[] = { policy_group_name(i), NULL };

                if (!is_ended(t, group, name, args)) {
                        t->needs[i] = true;
                        return;
                }
        }
}

void trace_denied(struct trace *t, uint32_t arch, int number, const uint64_t *args)
{
        _cleanup_(freep) char *name = filter_syscall_name(arch, number);

        if (name && args)
                groups_find(t, name, args);
}

static bool is_process(int number)
{
#ifdef __x86_64__
        if (number == SYS_fork || number == SYS_vfork)
                return true;
#endif
        return number == SYS_clone;
}

static void call_count(struct trace *t, const struct seccomp_notif *call)
{
        const struct seccomp_data *data = &call->data;
        bool is_said = data->nr == SYS_sendmsg && data->args[0] == SPAWN_SOCKET;

        if (is_said || data->nr == SYS_exit_group)
                t->address_peak = MAX_OF(t->address_peak, address_space_peak(call->pid));
        if (!t->is_counting) {
                t->is_counting = is_said;
                t->arch = data->arch;
                return;
        }
        if (data->nr < 0 || data->nr >= CALLS_MAX || data->arch != t->arch)
                return;
        t->counts[data->nr]++;
        t->processes += is_process(data->nr);
        opened_note(&t->opened, call);
        if (t->has_groups)
                trace_denied(t, data->arch, data->nr, (const uint64_t *) data->args);
        if (data->nr == SYS_seccomp && data->args[2] == SPAWN_STAGE2_ADDRESS)
                t->is_prepared = true;
}

static int listener_ready(struct loop_source *source, uint32_t events)
{
        struct trace *t = source->owner;
        struct seccomp_notif call = { 0 };
        struct seccomp_notif_resp answer = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };

        if (!(events & EPOLLIN)) {
                /* No process is left to tell anything. */
                loop_remove(t->loop, &t->source);
                closep(&t->fd);
                return 0;
        }
        /* A process that died meanwhile has nothing to wait for. */
        if (ioctl(t->fd, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
                return 0;
        call_count(t, &call);
        answer.id = call.id;
        (void) ioctl(t->fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
        return 0;
}

int trace_listen(struct trace *t, struct loop *loop, int *fd)
{
        if (t->fd >= 0)
                return -EEXIST;
        t->fd = TAKE_FD(*fd);
        t->loop = loop;
        /* Since 6.6: the cell and we take turns on one processor, which is faster. */
        (void) ioctl(t->fd, KERNEL_SECCOMP_NOTIF_SET_FLAGS, KERNEL_SECCOMP_NOTIF_SYNC);
        return loop_add_fd(loop, &t->source, t->fd, EPOLLIN, listener_ready, t);
}

static json_t *counts_json(const struct trace *t)
{
        json_t *counts = json_object();

        for (int i = 0; i < CALLS_MAX; i++) {
                _cleanup_(freep) char *name = t->counts[i] ? filter_syscall_name(t->arch, i) : NULL;

                if (name)
                        (void) json_object_set_new(counts, name,
                                                   json_integer((json_int_t) t->counts[i]));
        }
        return counts;
}

static json_t *files_json(const struct trace *t, const json_t *counts)
{
        static const char *const changing[] = {
                "creat",     "mkdir",    "mkdirat",   "rmdir",    "unlink",    "unlinkat",
                "rename",    "renameat", "renameat2", "link",     "linkat",    "symlink",
                "symlinkat", "chmod",    "fchmodat",  "truncate", "utimensat",
        };
        json_int_t changed = 0;

        for (size_t i = 0; i < ARRAY_SIZE(changing); i++)
                changed += json_integer_value(json_object_get(counts, changing[i]));
        return json_pack("{s:I, s:I, s:I}", "read", (json_int_t) t->opened.n_read, "written",
                         (json_int_t) t->opened.n_written, "changed", changed);
}

/* The program itself is none of those that its manifest asks for. */
static uint64_t processes_asked(const struct trace *t)
{
        return t->given && t->processes ? t->processes - 1 : t->processes;
}

json_t *trace_result(const struct trace *t)
{
        json_t *groups = json_array(), *counts = counts_json(t);

        for (size_t i = 0; i < POLICY_GROUPS; i++)
                if (t->needs[i])
                        (void) json_array_append_new(groups, json_string(policy_group_name(i)));
        return json_pack("{s:o, s:o, s:o, s:o, s:I, s:I}", "files", files_json(t, counts), "opened",
                         opened_json(&t->opened), "syscalls", counts, "groups", groups, "processes",
                         (json_int_t) processes_asked(t), "address_space_peak_bytes",
                         (json_int_t) t->address_peak);
}
