/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/exec.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "cell/fault.h"
#include "cell/speech.h"

#define PIECE 65536
#define LAST_WORDS                                                                                 \
        (4U << 20) /* read after the program's end, from whoever holds its descriptor              \
                    */

/* What the runtime itself started, and what is between the two. */
struct exec {
        struct service *service;
        struct speech speech;
        int channel; /* -1 = the program let go of it */
        pid_t pid;
        bool has_ended;
        int status;
        struct buf in;  /* a line that is not whole yet */
        struct buf out; /* what the program has not taken yet */
        bool has_told_cancel;
};

static void on_child(int signal)
{
        (void) signal; /* it ends ppoll(), that is all */
}

_Noreturn static void break_off(const char *text)
{
        fault_report(VERDICT_PROTOCOL, 0, -1, 0, text);
}

/* --- start --------------------------------------------------------------------------------- */

/* Closed by exec, at `least` or above. */
static int fd_lift(int *fd, int least)
{
        int lifted = fcntl(*fd, F_DUPFD_CLOEXEC, least);

        if (lifted < 0)
                return -errno;
        *fd = lifted;
        return 0;
}

/*
 * The program's descriptors are 0 to 2, the protocol's, and behind it in a row its secrets and the
 * files of its input (speech_fd()). All are lifted out of the way before the first takes its place.
 */
static int program_descriptors(const struct service *s, int theirs, int *report)
{
        size_t n = 1 + s->n_secrets + s->n_files;
        int *list = calloc(n, sizeof(*list)), r = 0;

        if (!list)
                return -ENOMEM;
        list[0] = theirs;
        for (size_t i = 0; i < s->n_secrets; i++)
                list[1 + i] = s->secrets[i].fd;
        for (size_t i = 0; i < s->n_files; i++)
                list[1 + s->n_secrets + i] = s->files[i].fd;
        if (s->workspace_fd >= 0 && fcntl(s->workspace_fd, F_SETFD, FD_CLOEXEC) < 0)
                r = -errno;
        if (r == 0)
                r = fd_lift(report, SPEECH_FD + (int) n);
        for (size_t i = 0; i < n && r == 0; i++)
                r = fd_lift(&list[i], SPEECH_FD + (int) n);
        for (size_t i = 0; i < n && r == 0; i++)
                r = dup2(list[i], SPEECH_FD + (int) i) < 0 ? -errno : 0;
        free(list);
        return r;
}

_Noreturn static void program_main(const struct exec *e, const struct exec_plan *plan,
                                   const sigset_t *mask, int report)
{
        char *const *argv = (char *const *) plan->program->words.argv;
        char **environment = speech_environment(&e->speech);
        int r = environment ? program_descriptors(e->service, plan->theirs, &report) : -ENOMEM;

        (void) sigprocmask(SIG_SETMASK, mask, NULL);
        if (r == 0) {
                (void) execve(argv[0], argv, environment);
                r = -errno;
        }
        (void) !write(report, &r, sizeof(r));
        _exit(127);
}

/* Waits until the program's first byte runs, or until it is known why it does not. */
static void program_start(struct exec *e, const struct exec_plan *plan, const sigset_t *mask)
{
        char text[512];
        int report[2], r = 0;

        if (pipe2(report, O_CLOEXEC) < 0)
                fault_report(VERDICT_FILES, 0, -1, 0, "no descriptor to start the program with");
        e->pid = fork();
        if (e->pid < 0)
                fault_report(errno == ENOMEM ? VERDICT_MEMORY : VERDICT_PROCESSES, 0, -1, 0,
                             "the program cannot be started");
        if (e->pid == 0)
                program_main(e, plan, mask, report[1]);
        (void) close(report[1]);
        (void) close(plan->theirs);
        if (read(report[0], &r, sizeof(r)) == (ssize_t) sizeof(r)) {
                (void) snprintf(text, sizeof(text), "%s cannot be run in the cell: %s",
                                plan->program->words.argv[0], strerror(-r));
                fault_report(VERDICT_LOAD, 0, -1, 0, text);
        }
        (void) close(report[0]);
}

/* --- between program and host ---------------------------------------------------------------- */

/* A limit that was passed, or words that mean nothing, end the cell; no line after that counts. */
static void line_take(struct exec *e, const char *line, size_t length)
{
        struct err err = { 0 };
        int r = speech_take(&e->speech, line, length, &err);

        if (r == -ENOMEM)
                fault_report(VERDICT_MEMORY, 0, -1, 0, NULL);
        if (e->service->overflowed)
                fault_report(VERDICT_OUTPUT, 0, -1, 0, e->service->overflowed);
        if (r < 0)
                break_off(err_text(&err));
}

static void lines_take(struct exec *e)
{
        size_t begin = 0;
        char *end;

        while (begin < e->in.length &&
               (end = memchr(e->in.data + begin, '\n', e->in.length - begin))) {
                line_take(e, e->in.data + begin, (size_t) (end - e->in.data) - begin);
                begin = (size_t) (end - e->in.data) + 1;
        }
        buf_drop(&e->in, begin);
        if (e->in.length > SPEECH_LINE_MAX)
                break_off("the program sent a line that is longer than 1 MiB");
}

/* Takes what is there, at most `most` bytes; true when nothing more will come. */
static bool channel_take(struct exec *e, size_t most)
{
        char piece[PIECE];

        for (size_t done = 0; done < most;) {
                ssize_t n = recv(e->channel, piece, sizeof(piece), MSG_DONTWAIT);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno != EAGAIN;
                if (n == 0)
                        return true;
                if (buf_add(&e->in, piece, (size_t) n) < 0)
                        fault_report(VERDICT_MEMORY, 0, -1, 0, NULL);
                lines_take(e);
                done += (size_t) n;
        }
        return false;
}

/* A program need not read: what it does not take waits. */
static void channel_give(struct exec *e)
{
        ssize_t n = send(e->channel, buf_text(&e->out), e->out.length, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n > 0)
                buf_drop(&e->out, (size_t) n);
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
                buf_done(&e->out);
}

static void cancel_pass_on(struct exec *e, short events)
{
        if (events & (POLLHUP | POLLERR))
                _exit(1); /* nobody is left to tell */
        if (!linhay_cancelled(&e->service->run) || e->has_told_cancel)
                return;
        e->has_told_cancel = true;
        if (speech_cancel(&e->out) < 0)
                fault_report(VERDICT_MEMORY, 0, -1, 0, NULL);
}

/* As pid 1 we are the parent of all orphans; one end alone counts. */
static void children_reap(struct exec *e)
{
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
                if (pid == e->pid) {
                        e->has_ended = true;
                        e->status = status;
                }
}

static void program_serve(struct exec *e, const sigset_t *mask)
{
        while (!e->has_ended) {
                struct pollfd p[] = {
                        { .fd = e->service->socket, .events = POLLIN },
                        { .fd = e->channel, .events = POLLIN | (e->out.length ? POLLOUT : 0) },
                };
                int n = ppoll(p, ARRAY_SIZE(p), NULL, mask);

                if (n > 0 && p[0].revents)
                        cancel_pass_on(e, p[0].revents);
                if (n > 0 && (p[1].revents & POLLOUT))
                        channel_give(e);
                if (n > 0 && (p[1].revents & ~POLLOUT) && channel_take(e, PIECE))
                        closep(&e->channel);
                children_reap(e);
        }
        if (e->channel >= 0)
                (void) channel_take(e, LAST_WORDS);
}

/* --- end ------------------------------------------------------------------------------------ */

static bool cpu_is_spent(const struct service *s)
{
        struct rusage u = { 0 };

        (void) getrusage(RUSAGE_CHILDREN, &u);
        return (uint64_t) (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 >=
               s->limits->value[LIMIT_CPU];
}

_Noreturn static void killed_report(const struct exec *e, int signal)
{
        if (signal == SIGSYS)
                fault_report(VERDICT_SYSCALL, 0, -1, 0,
                             "the program made a system call that it was not granted; which one is "
                             "known without --trace, where nothing else listens to its calls");
        if (signal == SIGXCPU || (signal == SIGKILL && cpu_is_spent(e->service)))
                fault_report(VERDICT_CPU, 0, -1, 0, NULL);
        if (signal == SIGXFSZ)
                fault_report(VERDICT_FILES, 0, -1, 0, "a file grew past the limit file_size");
        fault_report(VERDICT_SIGNAL, signal, -1, 0, NULL);
}

static int end_judge(const struct exec *e, const char **ret_why)
{
        static char why[128];

        if (WIFSIGNALED(e->status))
                killed_report(e, WTERMSIG(e->status));
        if (WEXITSTATUS(e->status) != 0) {
                (void) snprintf(why, sizeof(why),
                                "the program ended with status %d; what it printed says more",
                                WEXITSTATUS(e->status));
                *ret_why = why;
                return -1;
        }
        if (e->service->has_failed)
                return -1;
        if (e->in.length)
                break_off("the program's last line has no end");
        if (!e->speech.has_output)
                break_off("the program ended with status 0 and gave no output");
        return 0;
}

int exec_run(struct service *s, const struct exec_plan *plan, const char **ret_why)
{
        const struct sigaction action = { .sa_handler = on_child, .sa_flags = SA_NOCLDSTOP };
        struct exec e = { .service = s, .channel = plan->ours };
        sigset_t child, mask;

        speech_init(&e.speech, s);
        if (speech_start(&e.speech, &e.out) < 0)
                fault_report(VERDICT_MEMORY, 0, -1, 0, NULL);
        (void) sigemptyset(&child);
        (void) sigaddset(&child, SIGCHLD);
        (void) sigprocmask(SIG_BLOCK, &child, &mask);
        (void) sigaction(SIGCHLD, &action, NULL);
        program_start(&e, plan, &mask);
        program_serve(&e, &mask);
        return end_judge(&e, ret_why);
}
