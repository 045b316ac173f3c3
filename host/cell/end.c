/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/end.h"

#include <string.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/unit.h"
#include "cell/filter.h"
#include "cell/policy.h"

/* The sentence for each verdict when nobody knows more; %s is the limit where there is one. */
static const struct {
        enum limit limit; /* LIMITS_ = none */
        const char *format;
} sentences[VERDICTS_] = {
        [VERDICT_OK] = { LIMITS_, "" },
        [VERDICT_FAILED] = { LIMITS_, "the agent failed and did not say why" },
        [VERDICT_CANCELLED] = { LIMITS_, "the step was cancelled" },
        [VERDICT_TIMEOUT] = { LIMIT_WALL, "the step took longer than %s (limit wall)" },
        [VERDICT_CPU] = { LIMIT_CPU, "the agent used more than %s of processor time (limit cpu)" },
        [VERDICT_MEMORY] = { LIMIT_MEMORY,
                             "the agent needed more than %s of memory (limit memory)" },
        [VERDICT_FILES] = { LIMIT_FILES, "the agent passed a limit on files" },
        [VERDICT_DISK] = { LIMIT_DISK,
                           "the agent wrote more than %s to one file system (limit disk)" },
        [VERDICT_OUTPUT] = { LIMITS_, "the agent reported more than its limits allow" },
        [VERDICT_PROCESSES] = { LIMIT_PROCESSES,
                                "the agent wanted more than %s processes and threads besides the "
                                "first (limit processes)" },
        [VERDICT_LOAD] = { LIMITS_, "the agent could not be loaded" },
        [VERDICT_PROTOCOL] = { LIMITS_, "the agent's process ended without a result" },
        [VERDICT_SCHEMA] = { LIMITS_, "the data does not fit its schema" },
        [VERDICT_SYSCALL] = { LIMITS_, "the agent made a system call that it was not granted" },
        [VERDICT_SIGNAL] = { LIMITS_, "the agent crashed" },
};

static void limit_print(char *ret, size_t size, enum limit limit, uint64_t value)
{
        if (limit_table[limit].unit == LIMIT_BYTES)
                bytes_format(ret, size, value);
        else if (limit_table[limit].unit == LIMIT_MS)
                duration_format(ret, size, value);
        else
                (void) snprintf(ret, size, "%llu", (unsigned long long) value);
}

static char *sentence_make(enum verdict verdict, const struct limits *limits)
{
        enum limit limit = sentences[verdict].limit;
        _cleanup_(buf_done) struct buf text = { 0 };
        const char *format = sentences[verdict].format;
        const char *hole = strstr(format, "%s");
        char value[32];

        if (!hole)
                return strdup(format);
        limit_print(value, sizeof(value), limit, limits->value[limit]);
        if (buf_add(&text, format, (size_t) (hole - format)) < 0 || buf_puts(&text, value) < 0 ||
            buf_puts(&text, hole + 2) < 0)
                return NULL;
        return buf_take(&text);
}

static int conclude(struct cell_result *result, enum verdict verdict, char *message)
{
        result->verdict = verdict;
        free(result->code);
        free(result->message);
        result->code = strdup(verdict_name(verdict));
        result->message = message;
        return result->code && message ? 0 : -ENOMEM;
}

static char *join(const char *a, const char *b)
{
        char *text;

        return asprintf(&text, "%s%s%s", a, *b ? ": " : "", b) < 0 ? NULL : text;
}

static int judge_syscall(struct cell_result *result, const struct proto_fault *fault)
{
        const uint64_t *args = fault && fault->has_args ? fault->args : NULL;
        _cleanup_(buf_done) struct buf call = { 0 };
        const char *remedy;
        char *message;

        result->syscall = fault ? filter_syscall_name(fault->arch, fault->syscall) : NULL;
        if (!result->syscall)
                return conclude(result, VERDICT_SYSCALL,
                                strdup("the agent made a system call that it was not granted; it "
                                       "came with signals blocked or by another architecture's "
                                       "door, so its name is not known"));
        remedy = policy_remedy(result->syscall, args);
        result->syscall_remedy = strdup(remedy);
        if ((args ? call_print(&call, result->syscall, args) : buf_puts(&call, result->syscall)) <
                    0 ||
            asprintf(&message, "the agent made the system call %s, which it was not granted: %s",
                     buf_text(&call), remedy) < 0)
                message = NULL;
        return conclude(result, VERDICT_SYSCALL, message);
}

static int judge_signal(struct cell_result *result, int signal)
{
        char *message;

        result->signal = signal;
        if (asprintf(&message, "the agent was ended by signal %d (SIG%s)", signal,
                     sigabbrev_np(signal) ? sigabbrev_np(signal) : "?") < 0)
                message = NULL;
        return conclude(result, VERDICT_SIGNAL, message);
}

static int judge_fault(struct cell_result *result, const struct end_facts *facts)
{
        const struct proto_fault *fault = &facts->fault;
        enum verdict verdict =
                fault->verdict < VERDICTS_ ? (enum verdict) fault->verdict : VERDICT_PROTOCOL;
        const char *text = facts->fault_text ? facts->fault_text : "";
        _cleanup_(freep) char *sentence = NULL;

        result->signal = fault->signal;
        if (verdict == VERDICT_SYSCALL && (fault->syscall >= 0 || !*text))
                return judge_syscall(result, fault);
        if (verdict == VERDICT_SIGNAL)
                return judge_signal(result, fault->signal);
        if (*text &&
            (verdict == VERDICT_LOAD || verdict == VERDICT_PROTOCOL || verdict == VERDICT_SYSCALL))
                return conclude(result, verdict, strdup(text));
        sentence = sentence_make(verdict, facts->limits);
        return conclude(result, verdict, sentence ? join(sentence, text) : NULL);
}

/*
 * A SIGKILL that is not ours. Where the kernel counts those that it ends for want of memory, this
 * was none of them. Elsewhere it may have been, of a process that had nearly all it was granted;
 * its own limit would have refused it more, not ended it.
 */
static int judge_kill(struct cell_result *result, const struct end_facts *facts)
{
        uint64_t limit = facts->limits->value[LIMIT_MEMORY];

        if (!facts->has_count && facts->memory_peak_bytes >= limit - limit / 8)
                return conclude(result, VERDICT_MEMORY,
                                strdup("the agent was ended from outside, close to its limit "
                                       "memory: most likely the machine had no memory left"));
        return conclude(
                result, VERDICT_SIGNAL,
                strdup(facts->has_count
                               ? "the agent was ended from outside, by signal 9 (SIGKILL), "
                                 "and not for want of memory"
                               : "the agent was ended from outside, by signal 9 (SIGKILL)"));
}

static int judge_status(struct cell_result *result, const struct end_facts *facts)
{
        int signal = WIFSIGNALED(facts->status) ? WTERMSIG(facts->status) : 0;
        char *message;

        if (signal == SIGSYS)
                return judge_syscall(result, NULL);
        /* The hard limit's kill, when the warning was ignored. */
        if ((signal == SIGKILL && facts->cpu_ms >= facts->limits->value[LIMIT_CPU]) ||
            signal == SIGXCPU)
                return conclude(result, VERDICT_CPU, sentence_make(VERDICT_CPU, facts->limits));
        if (signal == SIGKILL && facts->has_hung_up)
                return conclude(result, VERDICT_PROTOCOL,
                                strdup("the agent closed its connection, or sent an empty "
                                       "message"));
        if (signal == SIGKILL)
                return judge_kill(result, facts);
        if (signal)
                return judge_signal(result, signal);
        if (asprintf(&message, "the agent's process ended with status %d %s, without a result",
                     WEXITSTATUS(facts->status),
                     facts->state == PROTO_RUNNING ? "while it ran" : "while it was loaded") < 0)
                message = NULL;
        return conclude(result, VERDICT_PROTOCOL, message);
}

/* Who says nothing of his own of what went wrong, and was refused a process, failed of that. */
static int judge_failed(struct cell_result *result, const struct end_facts *facts)
{
        result->verdict = VERDICT_FAILED;
        if (facts->forks_refused == 0 || !result->code || strcmp(result->code, "failed") != 0)
                return 0;
        return conclude(result, VERDICT_PROCESSES, sentence_make(VERDICT_PROCESSES, facts->limits));
}

int end_judge(struct cell_result *result, const struct end_facts *facts)
{
        bool exited = WIFEXITED(facts->status);

        result->exit_status = exited ? WEXITSTATUS(facts->status) : -1;
        result->signal = exited ? 0 : WTERMSIG(facts->status);
        if (facts->is_stopped)
                return conclude(result, facts->stopped,
                                facts->stopped_text ? strdup(facts->stopped_text)
                                                    : sentence_make(facts->stopped, facts->limits));
        if (facts->passed != VERDICT_OK)
                return conclude(result, facts->passed, sentence_make(facts->passed, facts->limits));
        if (facts->has_fault)
                return judge_fault(result, facts);
        if (facts->has_failed && exited && result->exit_status == 0)
                return judge_failed(result, facts);
        if (facts->has_result && exited && result->exit_status == 0) {
                result->verdict = VERDICT_OK;
                return 0;
        }
        return judge_status(result, facts);
}
