/* SPDX-License-Identifier: Apache-2.0 */
#include "forkcell.h"

#include "base/io.h"
#include "cell/spec.h"
#include "fakehost.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

struct forkcells forkcells;

struct forkcell {
        struct cell cell;
        pid_t pid;
        int fd; /* what the child says */
        int workspace;
        struct buf said;
        struct loop_source source;
        char *copy; /* the private copy of the tree, or NULL */
};

static void on_signal(int number);
static struct fakehost host;

static void on_signal(_unused_ int number)
{
        host.cancelled = true;
}

static json_t *result_of_host(int code)
{
        return json_pack("{s:b, s:i, s:s?, s:s?, s:O?, s:O?, s:s}", "ok", code == 0, "class",
                         host.failed ? host.fail_class : -1, "code", host.fail_code, "message",
                         host.fail_message, "output", host.output, "findings", host.findings,
                         "logs", buf_text(&host.logs));
}

/* The child: loads the agent, runs it, writes one JSON object, ends. */
static void child(const struct cell_spec *spec, int fd, int workspace)
{
        _cleanup_(freep) char *input = json_dumps(spec->input, JSON_COMPACT | JSON_ENCODE_ANY);
        struct fakehost_file files[8] = { 0 };
        const struct linhay_agent *(*get)(void);
        char path[64];
        void *object;
        char *text;

        for (size_t i = 0; i < spec->n_files && i < ARRAY_SIZE(files); i++)
                files[i] = (struct fakehost_file){ spec->files[i].pointer, spec->files[i].fd };
        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", spec->agent_fd);
        object = dlopen(path, RTLD_NOW);
        get = object ? (const struct linhay_agent *(*) (void) ) dlsym(object, "linhay_agent")
                     : NULL;
        if (!get)
                _exit(2);
        fakehost_init(&host, spec->action, input);
        host.files = files;
        host.n_files = spec->n_files;
        host.workspace = workspace;
        (void) signal(SIGUSR1, on_signal);
        text = json_dumps(result_of_host(fakehost_run(&host, get())), JSON_COMPACT);
        (void) fd_write_all(fd, text, strlen(text));
        _exit(0);
}

static int copy_tree(struct forkcell *c, const struct cell_spec *spec)
{
        char command[512], path[] = "/tmp/forkcell-XXXXXX";

        c->workspace = spec->workspace_fd;
        if (spec->workspace != WORKSPACE_OVERLAY)
                return 0;
        if (!mkdtemp(path))
                return -errno;
        c->copy = strdup(path);
        (void) snprintf(command, sizeof(command), "cp -a /proc/%d/fd/%d/. %s", getpid(),
                        spec->workspace_fd, path);
        if (system(command) != 0)
                return -EIO;
        c->workspace = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return c->workspace < 0 ? -errno : 0;
}

static void log_lines(const struct cell_spec *spec, const char *logs)
{
        _cleanup_(freep) char *copy = strdup(logs ? logs : "");
        char *line, *rest = copy;

        while ((line = strsep(&rest, "\n")))
                if (strstr(line, ": ") && spec->on_log)
                        spec->on_log(spec->user, 6, strstr(line, ": ") + 2);
}

static char *text_copy(const json_t *said, const char *key)
{
        const char *text = json_string_value(json_object_get(said, key));

        return text ? strdup(text) : NULL;
}

/* A child that said nothing was killed. */
static enum verdict verdict_of(const struct cell *c, const json_t *said)
{
        if (c->why >= 0)
                return (enum verdict) c->why;
        if (!said)
                return VERDICT_SIGNAL;
        return json_is_true(json_object_get(said, "ok")) ? VERDICT_OK : VERDICT_FAILED;
}

static void fork_end(struct cell *cell, struct cell_result *r)
{
        struct forkcell *c = (struct forkcell *) cell;
        _cleanup_(json_decrefp) json_t *said = json_loads(buf_text(&c->said), 0, NULL);
        int status = 0;

        if (c->pid > 0)
                (void) waitpid(c->pid, &status, 0);
        r->trouble = forkcells.trouble;
        r->verdict = verdict_of(cell, said);
        r->fail_class = said ? (int) json_integer_value(json_object_get(said, "class")) : -1;
        r->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        r->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        if (r->verdict == VERDICT_OK)
                r->output = json_incref(json_object_get(said, "output"));
        else
                r->code = text_copy(said, "code");
        if (r->trouble < 0)
                r->message = strdup("the fake sandbox is in trouble");
        else if (r->verdict != VERDICT_OK)
                r->message = text_copy(said, "message");
        json_array_extend(r->findings, json_object_get(said, "findings"));
        log_lines(&cell->spec, json_string_value(json_object_get(said, "logs")));
        if (c->copy)
                r->upper_fd = open(c->copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        forkcells.n_alive--;
}

static void fork_drop(struct cell *cell)
{
        struct forkcell *c = (struct forkcell *) cell;
        char command[256];

        loop_remove(cell->loop, &c->source);
        closep(&c->fd);
        spec_done(&cell->spec);
        buf_done(&c->said);
        if (!c->copy)
                return;
        closep(&c->workspace);
        (void) snprintf(command, sizeof(command), "rm -rf %s", c->copy);
        (void) !system(command);
        free(c->copy);
}

static int on_readable(struct loop_source *source, _unused_ uint32_t events)
{
        struct forkcell *c = source->owner;
        char bytes[65536];
        ssize_t n = read(c->fd, bytes, sizeof(bytes));

        if (n > 0)
                return buf_add(&c->said, bytes, (size_t) n);
        fakecell_end(&c->cell);
        return 0;
}

static int on_grace(struct loop_source *source, _unused_ uint32_t events)
{
        struct forkcell *c = source->owner;

        (void) kill(c->pid, SIGKILL);
        return 0;
}

static void fork_cancel(struct cell *cell, uint64_t grace_ms)
{
        struct forkcell *c = (struct forkcell *) cell;

        if (!cell->has_gone) {
                fakecell_end_in(cell, 0);
                return;
        }
        (void) kill(c->pid, grace_ms ? SIGUSR1 : SIGKILL);
        loop_remove(cell->loop, &cell->timer);
        (void) loop_add_timer(cell->loop, &cell->timer, grace_ms, on_grace, c);
}

static int on_wall(struct loop_source *source, _unused_ uint32_t events)
{
        cell_cancel(source->owner, VERDICT_TIMEOUT, 0);
        return 0;
}

static int fork_go(struct cell *cell, struct err *err)
{
        struct forkcell *c = (struct forkcell *) cell;
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return err_set(err, -errno, "no pipe");
        c->fd = fds[0];
        if (forkcells.on_start)
                forkcells.on_start(forkcells.user, &cell->spec);
        c->pid = fork();
        if (c->pid == 0)
                child(&cell->spec, fds[1], c->workspace);
        (void) close(fds[1]);
        (void) loop_add_timer(cell->loop, &cell->timer, cell->spec.limits.value[LIMIT_WALL],
                              on_wall, cell);
        return loop_add_fd(cell->loop, &c->source, c->fd, EPOLLIN, on_readable, c);
}

static int fork_start(struct cell *cell, struct err *err)
{
        struct forkcell *c = (struct forkcell *) cell;
        struct cell_spec given = cell->spec;
        int r;

        c->fd = c->workspace = -1;
        r = spec_copy(&cell->spec, &given, err);
        if (r < 0)
                return r;
        if (forkcells.start_error)
                return err_set(err, forkcells.start_error, "the fake sandbox does not start cells");
        r = copy_tree(c, &given);
        if (r < 0)
                return err_set(err, r, "cannot copy the tree");
        forkcells.n_started++;
        forkcells.n_alive++;
        forkcells.n_alive_most = MAX_OF(forkcells.n_alive, forkcells.n_alive_most);
        return 0;
}

const struct fakecell_kind fakecell_kind = {
        .size = sizeof(struct forkcell),
        .start = fork_start,
        .drop = fork_drop,
        .go = fork_go,
        .cancel = fork_cancel,
        .end = fork_end,
};
