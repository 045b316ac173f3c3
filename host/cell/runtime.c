/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/runtime.h"

#include <dlfcn.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/statfs.h>

#include "base/kernel.h"
#include "cell/fault.h"
#include "cell/layer.h"
#include "cell/proto.h"
#include "cell/service.h"
#include "cell/spawn.h"

typedef const struct linhay_agent *(*agent_entry)(void);

_Noreturn static void fail_load(const char *format, const char *what)
{
        char text[1024];

        (void) snprintf(text, sizeof(text), format, what);
        fault_report(VERDICT_LOAD, 0, -1, 0, text);
}

static int hello_send(const struct runtime_plan *plan)
{
        struct proto_hello hello = {
                .abi = LINHAY_ABI,
                .features = plan->has_mdwe ? PROTO_HAS_MDWE : 0,
        };

        return frame_send(plan->socket, PROTO_HELLO, 0, &hello, sizeof(hello), 0);
}

/* The agent's constructors run inside dlopen(), under everything that confines. */
static const struct linhay_agent *agent_load(const char *object)
{
        const struct linhay_agent *agent;
        agent_entry entry = NULL;
        void *handle;

        fault_is_loading = true;
        handle = dlopen(object, RTLD_NOW | RTLD_LOCAL);
        fault_is_loading = false;
        if (!handle)
                fail_load("the agent cannot be loaded: %s", dlerror());
        *(void **) &entry = dlsym(handle, "linhay_agent");
        if (!entry)
                fail_load("%s", "the object does not export linhay_agent(): it is not an agent");
        agent = entry();
        if (!agent || agent->magic != LINHAY_MAGIC)
                fail_load("%s", "linhay_agent() does not return an agent's descriptor");
        if (agent->abi != LINHAY_ABI)
                fail_load("%s",
                          "the agent was built for another version of the interface; build it "
                          "again against this linhay's header");
        if (agent->size < offsetof(struct linhay_agent, run) + sizeof(agent->run) || !agent->run)
                fail_load("%s", "the agent's descriptor has no run()");
        return agent;
}

/* What did it run out of? Asked only when it failed without a reason of its own. */
static bool file_system_is_full(const char *path, bool *ret_inodes)
{
        struct statfs fs;

        if (statfs(path, &fs) < 0 || fs.f_blocks == 0)
                return false;
        *ret_inodes = fs.f_files && fs.f_ffree == 0;
        return *ret_inodes || fs.f_bavail == 0;
}

static void limits_blame(const struct service *s)
{
        static const char *const places[] = { "/work", "/tmp" };
        int fd;

        if (s->overflowed)
                fault_report(VERDICT_OUTPUT, 0, -1, 0, s->overflowed);
        if (s->has_failed)
                return;
        if (fault_saw_no_memory)
                fault_report(VERDICT_MEMORY, 0, -1, 0, NULL);
        if (fault_saw_no_processes)
                fault_report(VERDICT_PROCESSES, 0, -1, 0, NULL);
        fd = dup(s->socket);
        if (fd < 0 && errno == EMFILE)
                fault_report(VERDICT_FILES, 0, -1, 0, "too many open descriptors (limit files)");
        if (fd >= 0)
                (void) close(fd);
        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                bool no_inodes = false;

                if ((i > 0 || s->workspace_fd >= 0) && file_system_is_full(places[i], &no_inodes))
                        fault_report(no_inodes ? VERDICT_FILES : VERDICT_DISK, 0, -1, 0, places[i]);
        }
}

_Noreturn static void end_failed(struct service *s, const char *otherwise)
{
        (void) fflush(NULL);
        limits_blame(s);
        _exit(service_failed_send(s, otherwise) < 0 ? 1 : 0);
}

/* Any return but 0 leaves the first stage alone, and that is not what was promised. */
static void stage2_enter(const struct runtime_plan *plan)
{
        if (!plan->stage2 || layer_is_left_out("seccomp"))
                return;
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SPAWN_STAGE2_FLAGS, plan->stage2) != 0)
                fail_load("%s", "the second stage of the filter cannot be set");
}

/* What runs, ready to be asked; NULL where that is a program of its own. */
static const struct linhay_agent *agent_prepare(struct service *s, const struct runtime_plan *plan)
{
        const struct linhay_agent *agent;

        if (plan->program.program)
                return NULL;
        agent = agent_load(plan->object);
        if (plan->object_fd >= 0)
                (void) close(plan->object_fd);
        if (agent->prepare && (agent->prepare(&s->run) != 0 || s->has_failed))
                end_failed(s, "prepare() failed and did not say why");
        stage2_enter(plan);
        if (plan->is_warm)
                service_rehearse();
        return agent;
}

void runtime_main(const struct runtime_plan *plan)
{
        static struct service s;
        const struct linhay_agent *agent;
        const char *why = "run() failed and did not say why";
        int r;

        service_init(&s, plan->socket, plan->workspace_fd, plan->limits);
        s.flags = plan->flags;
        if (hello_send(plan) < 0)
                _exit(1);
        agent = agent_prepare(&s, plan);
        if (frame_send(s.socket, PROTO_READY, 0, NULL, 0, 0) < 0)
                _exit(1);
        r = service_request_receive(&s);
        if (r < 0)
                fail_load("the request could not be read: %s", strerror(-r));
        if (plan->is_late && plan->workspace_fd >= 0) {
                r = service_tree_enter(&s);
                if (r < 0)
                        fail_load("the workspace cannot be entered: %s", strerror(-r));
        }
        r = agent ? agent->run(&s.run) : exec_run(&s, &plan->program, &why);
        service_secrets_wipe(&s);
        if (r != 0 || s.has_failed)
                end_failed(&s, why);
        if (s.overflowed)
                limits_blame(&s);
        (void) fflush(NULL);
        if (service_result_send(&s) < 0)
                fault_report(fault_saw_no_memory ? VERDICT_MEMORY : VERDICT_OUTPUT, 0, -1, 0,
                             "the result could not be sent");
        _exit(0);
}
