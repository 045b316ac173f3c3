/* SPDX-License-Identifier: Apache-2.0 */
#include "fakecell.h"

#include "base/io.h"
#include "fakehost.h"
#include "plug/elf.h"
#include "plug/manifest.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

struct fakecell fakecell;

struct sandbox {
        struct loop *loop;
};

struct cell {
        struct sandbox *sandbox;
        struct cell_spec spec;
        pid_t pid;
        int fd; /* what the child says */
        int workspace;
        struct buf said;
        struct loop_source source;
        struct loop_source grace;
        char *copy; /* the private copy of the tree, or NULL */
        int why;    /* verdict of a cancelled cell, else -1 */
};

const char *tier_name(_unused_ enum tier t)
{
        return "fake";
}

int sandbox_new(struct sandbox **ret, struct loop *loop,
                _unused_ const struct sandbox_options *options, struct err *err)
{
        struct sandbox *s = calloc(1, sizeof(*s));

        if (!s)
                return err_set(err, -ENOMEM, "no memory");
        s->loop = loop;
        *ret = s;
        return 0;
}

struct sandbox *sandbox_free(struct sandbox *s)
{
        free(s);
        return NULL;
}

enum tier sandbox_tier(_unused_ const struct sandbox *s)
{
        return TIER_FULL;
}

json_t *sandbox_describe(_unused_ const struct sandbox *s)
{
        return json_array();
}

int sandbox_inspect(_unused_ struct sandbox *s, int fd, char **ret, size_t *ret_length,
                    struct err *err)
{
        struct elf_source source;
        int r = elf_source_fd(&source, fd, err);

        if (r < 0)
                return r;
        return elf_section_read(&source, MANIFEST_SECTION, MANIFEST_BYTES_MAX, ret, ret_length,
                                err);
}

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
static void child(const struct cell *c, int fd, int workspace)
{
        _cleanup_(freep) char *input = json_dumps(c->spec.input, JSON_COMPACT | JSON_ENCODE_ANY);
        struct fakehost_file files[8] = { 0 };
        const struct linhay_agent *(*get)(void);
        char path[64];
        void *object;
        char *text;

        for (size_t i = 0; i < c->spec.n_files && i < ARRAY_SIZE(files); i++)
                files[i] = (struct fakehost_file){ c->spec.files[i].pointer, c->spec.files[i].fd };
        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", c->spec.agent_fd);
        object = dlopen(path, RTLD_NOW);
        get = object ? (const struct linhay_agent *(*) (void) ) dlsym(object, "linhay_agent")
                     : NULL;
        if (!get)
                _exit(2);
        fakehost_init(&host, c->spec.action, input);
        host.files = files;
        host.n_files = c->spec.n_files;
        host.workspace = workspace;
        (void) signal(SIGUSR1, on_signal);
        text = json_dumps(result_of_host(fakehost_run(&host, get())), JSON_COMPACT);
        (void) fd_write_all(fd, text, strlen(text));
        _exit(0);
}

static int copy_tree(struct cell *c, int *ret_fd)
{
        char command[512], path[] = "/tmp/fakecell-XXXXXX";

        if (c->spec.workspace != WORKSPACE_OVERLAY) {
                *ret_fd = c->spec.workspace_fd;
                return 0;
        }
        if (!mkdtemp(path))
                return -errno;
        c->copy = strdup(path);
        (void) snprintf(command, sizeof(command), "cp -a /proc/%d/fd/%d/. %s", getpid(),
                        c->spec.workspace_fd, path);
        if (system(command) != 0)
                return -EIO;
        *ret_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return *ret_fd < 0 ? -errno : 0;
}

static void log_lines(struct cell *c, const char *logs)
{
        _cleanup_(freep) char *copy = strdup(logs ? logs : "");
        char *line, *rest = copy;

        while ((line = strsep(&rest, "\n")))
                if (strstr(line, ": ") && c->spec.on_log)
                        c->spec.on_log(c->spec.user, 6, strstr(line, ": ") + 2);
}

static char *text_copy(const json_t *said, const char *key, const char *otherwise)
{
        const char *text = json_string_value(json_object_get(said, key));

        return strdup(text ? text : otherwise);
}

static void result_fill(struct cell *c, struct cell_result *r, int status)
{
        _cleanup_(json_decrefp) json_t *said = json_loads(buf_text(&c->said), 0, NULL);
        bool ok = json_is_true(json_object_get(said, "ok"));

        r->verdict = c->why >= 0 ? (enum verdict) c->why
                     : !said     ? VERDICT_SIGNAL
                     : ok        ? VERDICT_OK
                                 : VERDICT_FAILED;
        r->fail_class = said ? (int) json_integer_value(json_object_get(said, "class")) : -1;
        r->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        r->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        r->findings = json_array();
        r->artifacts = json_array();
        r->spent = json_object();
        r->unreadable = json_array();
        r->stderr_tail = strdup("");
        if (r->verdict == VERDICT_OK)
                r->output = json_deep_copy(json_object_get(said, "output"));
        else
                r->code = text_copy(said, "code", verdict_name(r->verdict));
        if (r->verdict != VERDICT_OK)
                r->message = text_copy(said, "message", "it failed");
        json_array_extend(r->findings, json_object_get(said, "findings"));
        log_lines(c, json_string_value(json_object_get(said, "logs")));
}

static void result_free(struct cell_result *r)
{
        free(r->code);
        free(r->message);
        json_decref(r->output);
        json_decref(r->findings);
        json_decref(r->artifacts);
        json_decref(r->spent);
        json_decref(r->unreadable);
        free(r->stderr_tail);
        closep(&r->upper_fd);
}

static void cell_end(struct cell *c, int status)
{
        struct cell_result r = { .trouble = fakecell.trouble, .upper_fd = -1, .is_staged = true };

        result_fill(c, &r, status);
        if (r.trouble < 0) {
                free(r.message);
                r.message = strdup("the fake sandbox is in trouble");
        }
        if (c->copy)
                r.upper_fd = open(c->copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        fakecell.n_alive--;
        c->spec.on_done(c->spec.user, &r);
        result_free(&r);
}

/* What a held cell still needs when the caller's copy is gone. */
static void spec_keep(struct cell_spec *spec)
{
        struct cell_file *files = calloc(spec->n_files + 1, sizeof(*files));

        spec->action = strdup(spec->action);
        spec->input = json_deep_copy(spec->input);
        for (size_t i = 0; i < spec->n_files; i++)
                files[i] = (struct cell_file){ strdup(spec->files[i].pointer),
                                               dup(spec->files[i].fd) };
        spec->files = files;
}

static void spec_drop(struct cell_spec *spec)
{
        for (size_t i = 0; i < spec->n_files; i++) {
                free((char *) spec->files[i].pointer);
                (void) close(spec->files[i].fd);
        }
        free((struct cell_file *) spec->files);
        free((char *) spec->action);
        json_decref((json_t *) spec->input);
}

static void cell_drop(struct cell *c)
{
        char command[256];

        loop_remove(c->sandbox->loop, &c->source);
        loop_remove(c->sandbox->loop, &c->grace);
        closep(&c->fd);
        spec_drop(&c->spec);
        buf_done(&c->said);
        if (c->copy) {
                (void) snprintf(command, sizeof(command), "rm -rf %s", c->copy);
                (void) !system(command);
        }
        free(c->copy);
        free(c);
}

static int on_readable(struct loop_source *source, _unused_ uint32_t events)
{
        struct cell *c = source->owner;
        char bytes[65536];
        ssize_t n = read(c->fd, bytes, sizeof(bytes));
        int status = 0;

        if (n > 0)
                return buf_add(&c->said, bytes, (size_t) n);
        loop_remove(c->sandbox->loop, &c->source);
        if (c->pid > 0)
                (void) waitpid(c->pid, &status, 0);
        cell_end(c, status);
        cell_drop(c);
        return 0;
}

/* It was held, and nobody let it go. */
static int on_never_ran(struct loop_source *source, _unused_ uint32_t events)
{
        struct cell *c = source->owner;

        cell_end(c, 0);
        cell_drop(c);
        return 0;
}

static int on_grace(struct loop_source *source, _unused_ uint32_t events)
{
        struct cell *c = source->owner;

        (void) kill(c->pid, SIGKILL);
        return 0;
}

void cell_cancel(struct cell *c, enum verdict why, uint64_t grace_ms)
{
        if (c->why < 0)
                c->why = (int) why;
        loop_remove(c->sandbox->loop, &c->grace);
        if (c->pid == 0) {
                (void) loop_add_timer(c->sandbox->loop, &c->grace, 0, on_never_ran, c);
                return;
        }
        (void) kill(c->pid, grace_ms ? SIGUSR1 : SIGKILL);
        (void) loop_add_timer(c->sandbox->loop, &c->grace, grace_ms, on_grace, c);
}

static int on_wall(struct loop_source *source, _unused_ uint32_t events)
{
        cell_cancel(source->owner, VERDICT_TIMEOUT, 0);
        return 0;
}

int cell_go(struct cell *c, struct err *err)
{
        int fds[2];

        if (c->why >= 0)
                return 0;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return err_set(err, -errno, "no pipe");
        c->fd = fds[0];
        if (fakecell.on_start)
                fakecell.on_start(fakecell.user, &c->spec);
        c->pid = fork();
        if (c->pid == 0)
                child(c, fds[1], c->workspace);
        (void) close(fds[1]);
        if (c->copy)
                (void) close(c->workspace);
        (void) loop_add_timer(c->sandbox->loop, &c->grace, c->spec.limits.value[LIMIT_WALL],
                              on_wall, c);
        (void) loop_add_fd(c->sandbox->loop, &c->source, c->fd, EPOLLIN, on_readable, c);
        return 0;
}

int cell_start(struct cell **ret, struct sandbox *s, const struct cell_spec *spec, struct err *err)
{
        struct cell *c;

        if (fakecell.start_error)
                return err_set(err, fakecell.start_error, "the fake sandbox does not start cells");
        c = calloc(1, sizeof(*c));
        if (!c)
                return err_set(err, -ENOMEM, "no memory");
        *c = (struct cell){ .sandbox = s, .spec = *spec, .why = -1, .fd = -1 };
        spec_keep(&c->spec);
        if (copy_tree(c, &c->workspace) < 0)
                return err_set(err, -EIO, "cannot copy the tree");
        fakecell.n_started++;
        fakecell.n_alive++;
        fakecell.n_alive_most = MAX_OF(fakecell.n_alive, fakecell.n_alive_most);
        *ret = c;
        return spec->is_held ? 0 : cell_go(c, err);
}
