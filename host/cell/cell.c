/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/cell.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/kernel.h"
#include "base/utf8.h"
#include "cell/denial.h"
#include "cell/end.h"
#include "cell/memfd.h"
#include "cell/pool.h"
#include "cell/reply.h"
#include "cell/sandbox.h"
#include "cell/tail.h"
#include "cell/trace.h"

#define FRAMES_A_TURN 64    /* then other cells have their turn */
#define LEVEL_PRINTED 6     /* what an agent prints is information */
#define WARMING_MS    10000 /* to load and prepare while nobody waits */
#define DENIED_MS     10    /* for what was said before the call and is on its way */
#define HANGUP_MS     100   /* for a process that ends: its descriptors are closed first */

struct cell {
        struct cell *next;
        struct sandbox *sandbox;
        struct cell_spec spec; /* strings and descriptors in it are ours */
        uint64_t id;
        const struct filter *filter; /* the sandbox's */
        int object;                  /* as is this */
        uint32_t program_bytes;
        int socket, log, pidfd;
        struct loop_source socket_source, log_source, deadline, grace;
        uint64_t started_us;
        uint64_t result_us; /* from then to the result; 0 = not yet */

        struct trace *trace;  /* NULL = is not traced */
        struct denial denial; /* of exec agents */
        struct reply reply;
        struct tail tail;
        struct cell_result result;

        bool is_stopped; /* the first reason to stop it; the kill follows at once or after grace */
        enum verdict stopped;
        char *stopped_text;
        bool is_killed;
        bool is_denied;   /* what the denial says came before any other reason */
        bool has_hung_up; /* it closed its connection, and did not end */
        bool is_ahead;    /* its process was made before it was asked for */

        bool is_warm;               /* nobody's yet */
        bool was_warm;              /* until it was somebody's */
        bool is_going;              /* its action was to begin */
        struct spawn_request *late; /* asked for its tree; NULL = it has it, or needs none */
        struct buf early;           /* what it logged while it was nobody's: level, text, NUL */
};

uint64_t cell_id(const struct cell *c)
{
        return c->id;
}

int cell_object(const struct cell *c)
{
        return c->object;
}

struct cell **cell_next(struct cell *c)
{
        return &c->next;
}

static void spec_done(struct cell_spec *spec)
{
        for (size_t i = 0; i < spec->n_files; i++) {
                free((char *) spec->files[i].pointer);
                (void) close(spec->files[i].fd);
        }
        free((struct cell_file *) spec->files);
        for (size_t i = 0; i < spec->n_secrets; i++) {
                free((char *) spec->secrets[i].name);
                (void) close(spec->secrets[i].fd);
        }
        free((struct cell_secret *) spec->secrets);
        free((char *) spec->name);
        free((char *) spec->action);
        json_decref((json_t *) spec->input);
        if (spec->workspace_fd >= 0)
                (void) close(spec->workspace_fd);
}

static void result_done(struct cell_result *r)
{
        free(r->code);
        free(r->message);
        free(r->syscall);
        free(r->syscall_remedy);
        free(r->stderr_tail);
        json_decref(r->output);
        json_decref(r->findings);
        json_decref(r->artifacts);
        json_decref(r->spent);
        json_decref(r->trace);
        json_decref(r->unreadable);
        closep(&r->upper_fd);
}

static void cell_ignore(struct cell *c)
{
        struct loop *loop = c->sandbox->loop;

        loop_remove(loop, &c->socket_source);
        loop_remove(loop, &c->log_source);
        loop_remove(loop, &c->deadline);
        loop_remove(loop, &c->grace);
}

static struct cell *cell_free(struct cell *c)
{
        if (!c)
                return NULL;
        cell_ignore(c);
        closep(&c->socket);
        closep(&c->log);
        closep(&c->pidfd);
        spec_done(&c->spec);
        (void) trace_free(c->trace);
        denial_done(&c->denial);
        reply_done(&c->reply);
        result_done(&c->result);
        free(c->stopped_text);
        free(c->late);
        buf_done(&c->early);
        free(c);
        return NULL;
}
DEFINE_FREEP(struct cell, cell_free);

static void cell_kill(struct cell *c)
{
        c->is_killed = true;
        if (c->pidfd >= 0)
                (void) kernel_pidfd_send_signal(c->pidfd, SIGKILL);
}

/* The first reason stands: what happens to a cell that is being stopped is a consequence. */
static void cell_stop(struct cell *c, enum verdict why, const char *text)
{
        if (!c->is_stopped && !c->is_denied) {
                c->is_stopped = true;
                c->stopped = why;
                c->stopped_text = text ? strdup(text) : NULL;
        }
}

static int grace_over(struct loop_source *source, uint32_t events)
{
        (void) events;
        cell_kill(source->owner);
        return 0;
}

void cell_cancel(struct cell *c, enum verdict why, uint64_t grace_ms)
{
        /* It has said its last word; only its process is still ending. */
        if (!c->is_stopped && c->reply.state == PROTO_ENDED && !c->reply.has_fault)
                return;
        if (c->is_denied)
                return;
        cell_stop(c, why, NULL);
        if (c->socket >= 0)
                (void) frame_send(c->socket, PROTO_CANCEL, 0, NULL, 0, MSG_DONTWAIT);
        loop_remove(c->sandbox->loop, &c->grace);
        if (grace_ms == 0 ||
            loop_add_timer(c->sandbox->loop, &c->grace, grace_ms, grace_over, c) < 0)
                cell_kill(c);
}

static int deadline_over(struct loop_source *source, uint32_t events)
{
        struct cell *c = source->owner;

        (void) events;
        cell_stop(c, VERDICT_TIMEOUT, NULL);
        cell_kill(c);
        return 0;
}

static json_t *files_json(const struct cell_spec *spec)
{
        json_t *pointers = json_array();

        for (size_t i = 0; i < spec->n_files; i++)
                (void) json_array_append_new(pointers, json_string(spec->files[i].pointer));
        return pointers;
}

static json_t *secrets_json(const struct cell_spec *spec)
{
        json_t *names = json_array();

        for (size_t i = 0; i < spec->n_secrets; i++)
                (void) json_array_append_new(names, json_string(spec->secrets[i].name));
        return names;
}

/* Puts an input that does not fit a frame into sealed memory. */
static int request_outsource(const struct cell *c, json_t *request, int *ret_fd)
{
        _cleanup_(freep) char *input = json_dumps(c->spec.input, JSON_COMPACT | JSON_ENCODE_ANY);
        int fd;

        if (!input || json_object_del(request, "input") < 0 ||
            json_object_set_new(request, "input_length", json_integer((json_int_t) strlen(input))) <
                    0)
                return -ENOMEM;
        fd = memfd_of_bytes("linhay-input", input, strlen(input));
        if (fd < 0)
                return fd;
        *ret_fd = fd;
        return 0;
}

/*
 * Lies in the cell's socket before the cell exists, unless it is held, which saves a round trip.
 * The runtime reads it only when the agent is prepared and the second stage of the filter is in
 * force.
 */
static int request_send(struct cell *c)
{
        _cleanup_(json_decrefp) json_t *request = NULL;
        _cleanup_(freep) char *text = NULL;
        _cleanup_(closep) int input_fd = -1;
        int fds[FRAME_FDS];
        size_t n = 0;

        request = json_pack("{s:s, s:o, s:o, s:O}", "action", c->spec.action, "files",
                            files_json(&c->spec), "secrets", secrets_json(&c->spec), "input",
                            c->spec.input);
        text = request ? json_dumps(request, JSON_COMPACT) : NULL;
        if (text && strlen(text) > FRAME_BODY) {
                int r = request_outsource(c, request, &input_fd);

                if (r < 0)
                        return r;
                free(text);
                text = json_dumps(request, JSON_COMPACT);
                fds[n++] = input_fd;
        }
        if (!text)
                return -ENOMEM;
        for (size_t i = 0; i < c->spec.n_files; i++)
                fds[n++] = c->spec.files[i].fd;
        return frame_send_fds(c->socket, PROTO_REQUEST, input_fd >= 0 ? FRAME_IN_MEMFD : 0, text,
                              strlen(text), fds, n, MSG_DONTWAIT);
}

/*
 * Behind the request, and when the agent is loaded: nothing of a cell that is still being prepared,
 * or is nobody's yet, can have them.
 */
static int secrets_send(struct cell *c)
{
        int fds[REDACT_SECRETS], r;

        if (c->spec.n_secrets == 0 || !c->is_going || c->reply.state != PROTO_RUNNING)
                return 0;
        for (size_t i = 0; i < c->spec.n_secrets; i++)
                fds[i] = c->spec.secrets[i].fd;
        r = frame_send_fds(c->socket, PROTO_SECRETS, 0, NULL, 0, fds, c->spec.n_secrets,
                           MSG_DONTWAIT);
        return r == -EPIPE || r == -ECONNRESET ? 0 : r; /* it has ended, and its end says how */
}

/* Kept for whose cell it will be. The limit on logs holds already. */
static void early_keep(void *user, int level, const char *text)
{
        struct cell *c = user;
        size_t before = c->early.length;

        if (buf_add(&c->early, &level, sizeof(level)) < 0 ||
            buf_add(&c->early, text, strlen(text) + 1) < 0)
                buf_drop(&c->early, c->early.length - before);
}

static void early_tell(struct cell *c)
{
        const char *at = c->early.data, *end = at + c->early.length;

        if (c->is_warm || !at)
                return;
        while (c->spec.on_log && at < end) {
                int level;

                memcpy(&level, at, sizeof(level));
                at += sizeof(level);
                c->spec.on_log(c->spec.user, level, at);
                at += strlen(at) + 1;
        }
        buf_done(&c->early);
}

/* Nobody asked it anything: all it may do is to load, log and prepare. */
static int warm_frame(struct cell *c, uint16_t type)
{
        if (type == PROTO_READY) {
                loop_remove(c->sandbox->loop, &c->deadline);
                pool_prepared(c->sandbox->pool);
        }
        return type == PROTO_HELLO || type == PROTO_READY || type == PROTO_LOG ? 0 : -EPROTO;
}

/* The fault of one of several processes is the end of all. What the others still say is nothing. */
static bool is_tree(const struct cell *c)
{
        return c->filter->flags & SPAWN_PROCESSES;
}

static int frame_handle(struct cell *c, const struct frame *frame)
{
        int r;

        early_tell(c);
        if (c->reply.has_fault && is_tree(c))
                return 0;
        r = reply_frame(&c->reply, frame);
        if (r == 0 && c->reply.has_fault && is_tree(c))
                cell_kill(c);
        if (r == 0 && c->is_warm)
                return warm_frame(c, frame->header.type);
        if (r == 0 && frame->header.type == PROTO_READY && secrets_send(c) < 0) {
                cell_stop(c, VERDICT_PROTOCOL, "the agent does not take its secrets");
                return -EPROTO;
        }
        if (c->reply.has_result && c->result_us == 0)
                c->result_us = clock_us() - c->started_us;

        if (r == REPLY_MEMFD) {
                r = frame_send_fds(c->socket, PROTO_MEMFD, 0, NULL, 0, &c->reply.granted, 1,
                                   MSG_DONTWAIT);
                if (r < 0) {
                        cell_stop(c, VERDICT_PROTOCOL,
                                  "the agent asks for memory that it does "
                                  "not take");
                        return -EPROTO;
                }
        } else if (r < 0) {
                cell_stop(c, c->reply.verdict, c->reply.why.text);
        }
        return r;
}

static int hangup_over(struct loop_source *source, uint32_t events)
{
        struct cell *c = source->owner;

        (void) events;
        c->has_hung_up = true;
        cell_kill(c);
        return 0;
}

/*
 * The end of its stream comes when its process ends, and just before that can be seen. Who closes
 * the connection and goes on is ended; the others keep the status that they end with, which tells
 * a kill from outside from ours.
 */
static void stream_ended(struct cell *c)
{
        struct loop_source *grace = &c->grace;

        if (c->reply.state == PROTO_ENDED || c->is_killed)
                return;
        if (c->is_warm || c->is_stopped || c->is_denied ||
            (!grace->is_active &&
             loop_add_timer(c->sandbox->loop, grace, HANGUP_MS, hangup_over, c) < 0))
                cell_kill(c);
}

/* Takes frames until there is none; false when there will be none any more. */
static bool socket_drain(struct cell *c, int most)
{
        for (int i = 0; i < most; i++) {
                struct frame *frame = &c->sandbox->frame;
                int r = frame_receive(c->socket, frame, NULL, MSG_DONTWAIT);

                if (r == -EAGAIN)
                        return true;
                if (r == 0) {
                        stream_ended(c);
                        return false;
                }
                if (r < 0)
                        cell_stop(c, VERDICT_PROTOCOL,
                                  "a message that is no frame, or that carries a descriptor");
                if (r < 0 || frame_handle(c, frame) < 0) {
                        cell_kill(c);
                        return false;
                }
        }
        return true;
}

static int socket_ready(struct loop_source *source, uint32_t events)
{
        struct cell *c = source->owner;

        (void) events;
        if (!socket_drain(c, FRAMES_A_TURN)) {
                loop_remove(c->sandbox->loop, &c->socket_source);
                closep(&c->socket);
        }
        return 0;
}

static void line_printed(void *user, const char *text, size_t length)
{
        struct cell *c = user;

        early_tell(c);
        if (!c->is_killed && reply_print(&c->reply, LEVEL_PRINTED, text, length) < 0) {
                cell_stop(c, c->reply.verdict, c->reply.why.text);
                cell_kill(c);
        }
}

static bool log_drain(struct cell *c, int most)
{
        char data[16384];

        for (int i = 0; i < most; i++) {
                ssize_t n = read(c->log, data, sizeof(data));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN;
                if (n == 0)
                        return false;
                tail_feed(&c->tail, data, (size_t) n);
        }
        return true;
}

static int log_ready(struct loop_source *source, uint32_t events)
{
        struct cell *c = source->owner;

        (void) events;
        if (!log_drain(c, 4))
                loop_remove(c->sandbox->loop, &c->log_source);
        return 0;
}

void cell_started(struct cell *c, const struct spawn_started *started, int *pidfd)
{
        /* A second time where the first process found that a copy of the tree is needed. */
        closep(&c->pidfd);
        c->pidfd = TAKE_FD(*pidfd);
        c->is_ahead = started->is_ahead;
        if (c->is_killed)
                cell_kill(c);
}

/* The child lists paths with a NUL behind each. */
static json_t *paths_read(const char *text, size_t length)
{
        json_t *paths = json_array();

        while (length > 0) {
                size_t n = strnlen(text, length);
                _cleanup_(buf_done) struct buf clean = { 0 };

                if (n && utf8_clean(&clean, text, n, false) == 0)
                        (void) json_array_append_new(paths, json_string(buf_text(&clean)));
                n = MIN_OF(n + 1, length);
                text += n;
                length -= n;
        }
        return paths;
}

static int cell_tell(struct cell *c, struct err *err)
{
        int r = request_send(c);

        if (r == 0)
                r = secrets_send(c);
        return r < 0 && r != -EPIPE && r != -ECONNRESET
                       ? err_sys(err, r, "cannot put the request into the cell's socket")
                       : 0;
}

static void cell_trouble(struct cell *c, const struct err *err)
{
        const struct spawn_setup setup = { .id = c->id, .code = err->code };
        int none = -1;

        cell_setup(c, &setup, err->text, strlen(err->text), &none);
        cell_kill(c);
}

void cell_setup(struct cell *c, const struct spawn_setup *setup, const char *text, size_t length,
                int *upper_fd)
{
        struct cell_result *r = &c->result;

        if (setup->code < 0) {
                r->trouble = setup->code;
                free(r->message);
                r->message = strndup(text, length);
                return;
        }
        r->upper_fd = TAKE_FD(*upper_fd);
        r->is_staged = setup->is_staged;
        json_decref(r->unreadable);
        r->unreadable = paths_read(text, length);
}

static int cell_spawn(struct cell *c, struct spawn_request *request, struct err *err);
static void cell_listen(struct cell *c);

/* It could not be given its tree: the same step in a cell that is made on the spot. */
static int cell_again(struct cell *c, struct err *err)
{
        struct spawn_request *request = c->late;
        int r;

        loop_remove(c->sandbox->loop, &c->socket_source);
        loop_remove(c->sandbox->loop, &c->log_source);
        cell_kill(c);
        closep(&c->socket);
        closep(&c->log);
        closep(&c->pidfd);
        if (c->is_denied)
                loop_remove(c->sandbox->loop, &c->grace);
        denial_done(&c->denial);
        c->is_killed = c->is_denied = c->was_warm = c->is_ahead = false;
        buf_done(&c->early);
        reply_done(&c->reply);
        cell_listen(c);
        request->cell.id = c->id = ++c->sandbox->last_id;
        request->cell.flags &= ~SPAWN_LATE;
        r = cell_spawn(c, request, err);
        c->late = NULL;
        free(request);
        return r == 0 && c->is_going ? cell_tell(c, err) : r;
}

void cell_attached(struct cell *c, const struct spawn_setup *setup, int *upper_fd)
{
        struct err err = { 0 };
        int r = 0;

        if (c->is_killed || !c->late)
                return;
        if (setup->code < 0) {
                r = cell_again(c, &err);
        } else {
                c->result.upper_fd = TAKE_FD(*upper_fd);
                free(c->late);
                c->late = NULL;
        }
        if (r < 0)
                cell_trouble(c, &err);
}

/* Whoever made the call waits; the others are ended with it. */
static void call_denied(void *user)
{
        struct cell *c = user;
        struct loop *loop = c->sandbox->loop;

        c->is_denied = !c->is_stopped;
        loop_remove(loop, &c->grace);
        if (loop_add_timer(loop, &c->grace, DENIED_MS, grace_over, c) < 0)
                cell_kill(c);
}

void cell_listener(struct cell *c, int *listener)
{
        struct loop *loop = c->sandbox->loop;
        int r = c->trace ? trace_listen(c->trace, loop, listener)
                         : denial_listen(&c->denial, loop, listener, call_denied, c);

        if (r < 0) {
                cell_stop(c, VERDICT_PROTOCOL, "linhay cannot listen to the agent's system calls");
                cell_kill(c);
        }
}

/* With the call that ended it, if one did. */
static void trace_finish(struct cell *c)
{
        const struct proto_fault *fault = &c->reply.fault;

        if (!c->trace)
                return;
        if (c->reply.has_fault && fault->verdict == VERDICT_SYSCALL)
                trace_denied(c->trace, fault->arch, fault->syscall,
                             fault->has_args ? fault->args : NULL);
        c->result.trace = trace_result(c->trace);
}

static void usage_fill(struct cell *c, const struct spawn_exited *exited)
{
        c->result.usage = (struct cell_usage){
                .result_us = c->result_us,
                .wall_ms = (clock_us() - c->started_us + 500) / 1000,
                .cpu_ms = (exited->user_us + exited->system_us + 500) / 1000,
                .user_us = exited->user_us,
                .system_us = exited->system_us,
                .memory_peak_bytes = exited->memory_peak_bytes,
                .is_group = exited->is_group,
                .is_ahead = c->is_ahead,
                .is_warm = c->was_warm,
        };
}

static void result_judge(struct cell *c, const struct spawn_exited *exited)
{
        struct cell_result *r = &c->result;
        const struct end_facts facts = {
                .is_stopped = c->is_stopped,
                .stopped = c->stopped,
                .stopped_text = c->stopped_text,
                .has_fault = c->is_denied || c->reply.has_fault,
                .fault = c->is_denied ? c->denial.call : c->reply.fault,
                .fault_text = c->is_denied ? NULL : c->reply.fault_text,
                .has_failed = c->reply.has_failed,
                .has_result = c->reply.has_result,
                .has_hung_up = c->has_hung_up,
                .state = c->reply.state,
                .status = exited->status,
                .has_count = exited->is_group,
                .memory_peak_bytes = exited->memory_peak_bytes,
                .passed = exited->passed < VERDICTS_ ? (enum verdict) exited->passed : VERDICT_OK,
                .forks_refused = exited->forks_refused,
                .limits = &c->spec.limits,
                .cpu_ms = r->usage.cpu_ms,
        };

        if (r->trouble == 0 && end_judge(r, &facts) < 0)
                r->trouble = -ENOMEM;
        if (r->verdict != VERDICT_FAILED)
                r->fail_class = -1;
        if (r->verdict != VERDICT_OK || r->trouble < 0) {
                json_decref(r->output);
                r->output = NULL;
        }
}

static void cell_unlink(struct cell *c)
{
        for (struct cell **at = &c->sandbox->cells; *at; at = cell_next(*at))
                if (*at == c) {
                        *at = c->next;
                        break;
                }
}

/* Its process is gone, so all that it ever said is here. */
void cell_exited(struct cell *c, const struct spawn_exited *exited)
{
        if (c->is_warm) {
                cell_unlink(c);
                pool_lost(c->sandbox->pool, c);
                (void) cell_free(c);
                return;
        }
        early_tell(c);
        if (c->socket >= 0 && !(c->is_killed && c->is_stopped))
                (void) socket_drain(c, INT_MAX);
        (void) log_drain(c, 64);
        tail_flush(&c->tail);
        reply_flush(&c->reply);
        cell_ignore(c);

        usage_fill(c, exited);
        result_judge(c, exited);
        trace_finish(c);
        (void) redact_json(c->spec.redact, &c->result.trace, &c->result.redacted);
        c->result.stderr_tail = tail_text(&c->tail, c->spec.redact);
        cell_unlink(c);
        pool_stir(c->sandbox->pool);
        if (c->spec.on_done)
                c->spec.on_done(c->spec.user, &c->result);
        (void) cell_free(c);
}

static int secrets_copy(struct cell_spec *to, const struct cell_spec *from, struct err *err)
{
        struct cell_secret *secrets = calloc(from->n_secrets + 1, sizeof(*secrets));

        to->secrets = secrets;
        for (size_t i = 0; secrets && i < from->n_secrets; i++) {
                int fd = fcntl(from->secrets[i].fd, F_DUPFD_CLOEXEC, 0);

                if (fd < 0)
                        return err_sys(err, -errno, "cannot hand the secret %s to the agent",
                                       from->secrets[i].name);
                secrets[i] = (struct cell_secret){ strdup(from->secrets[i].name), fd };
                to->n_secrets++;
                if (!secrets[i].name)
                        return err_set(err, -ENOMEM, "no memory for a cell");
        }
        return secrets ? 0 : err_set(err, -ENOMEM, "no memory for a cell");
}

/* Copies of all that is pointed at; a partial copy is freed by cell_free(). */
static int spec_copy(struct cell_spec *to, const struct cell_spec *from, struct err *err)
{
        struct cell_file *files = calloc(from->n_files + 1, sizeof(*files));

        *to = *from;
        to->files = files;
        to->n_files = 0;
        to->secrets = NULL;
        to->n_secrets = 0;
        to->workspace_fd = -1;
        to->name = strdup(from->name ? from->name : "cell");
        to->action = strdup(from->action ? from->action : "");
        to->input = from->input ? json_incref((json_t *) from->input) : json_object();
        to->syscall_groups = NULL;
        to->program = NULL;
        if (!files || !to->name || !to->action || !to->input)
                return err_set(err, -ENOMEM, "no memory for a cell");
        for (size_t i = 0; i < from->n_files; i++) {
                /* With an offset of its own, and bytes that cannot change below the agent. */
                int fd = memfd_own("linhay-file", from->files[i].fd, UINT32_MAX);

                if (fd < 0)
                        return err_sys(err, fd, "cannot hand the file for %s to the agent",
                                       from->files[i].pointer);
                files[i].fd = fd;
                files[i].pointer = strdup(from->files[i].pointer);
                to->n_files++;
                if (!files[i].pointer)
                        return err_set(err, -ENOMEM, "no memory for a cell");
        }
        return secrets_copy(to, from, err);
}

static int request_workspace(struct spawn_request *request, const struct cell_spec *spec,
                             struct err *err)
{
        char link[64];
        struct stat st;
        ssize_t n;

        if (spec->workspace == WORKSPACE_NONE)
                return 0;
        if (fstat(spec->workspace_fd, &st) < 0 || !S_ISDIR(st.st_mode))
                return err_set(err, -ENOTDIR, "the workspace is not a folder");
        (void) snprintf(link, sizeof(link), "/proc/self/fd/%d", spec->workspace_fd);
        n = readlink(link, request->path, sizeof(request->path) - 1);
        if (n < 0)
                return err_sys(err, -errno, "cannot find the path of the workspace in /proc");
        request->path[n] = '\0';
        request->device = st.st_dev;
        request->inode = st.st_ino;
        return 0;
}

static int cell_connect(struct cell *c, int *ret_socket, int *ret_log, struct err *err)
{
        int pair[2];
        int r;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return err_sys(err, -errno, "cannot make a cell's socket");
        c->socket = pair[0];
        *ret_socket = pair[1];
        if (pipe2(pair, O_CLOEXEC) < 0)
                return err_sys(err, -errno, "cannot make a cell's pipe");
        c->log = pair[0];
        *ret_log = pair[1];
        if (fcntl(c->log, F_SETFL, O_NONBLOCK) < 0)
                return err_sys(err, -errno, "cannot make a cell's pipe");
        r = loop_add_fd(c->sandbox->loop, &c->socket_source, c->socket, EPOLLIN, socket_ready, c);
        if (r == 0)
                r = loop_add_fd(c->sandbox->loop, &c->log_source, c->log, EPOLLIN, log_ready, c);
        return r < 0 ? err_sys(err, r, "cannot watch a cell") : 0;
}

int cell_go(struct cell *c, struct err *err)
{
        int r;

        /* It has ended already, or is being killed. */
        if (c->socket < 0 || c->is_killed)
                return 0;
        c->is_going = true;
        r = cell_tell(c, err);
        if (r < 0)
                return r;
        r = loop_add_timer(c->sandbox->loop, &c->deadline, c->spec.limits.value[LIMIT_WALL],
                           deadline_over, c);
        if (r < 0)
                cell_kill(c);
        return r < 0 ? err_sys(err, r, "cannot watch a cell") : 0;
}

/* Asks for its process; nothing of the step is in the cell's socket yet. */
static int cell_spawn(struct cell *c, struct spawn_request *request, struct err *err)
{
        _cleanup_(closep) int socket = -1, log = -1;
        int r;

        r = cell_connect(c, &socket, &log, err);
        if (r == 0 && !c->spec.is_held && !c->is_going)
                r = cell_go(c, err);
        if (r < 0)
                return r;
        {
                const int fds[] = {
                        [SPAWN_FD_SOCKET] = socket,
                        [SPAWN_FD_LOG] = log,
                        [SPAWN_FD_FILTER] = c->filter->fd,
                        [SPAWN_FD_OBJECT] = c->object,
                };

                return sandbox_spawn(c->sandbox, request, fds, ARRAY_SIZE(fds), err);
        }
}

static void request_init(struct spawn_request *ret, const struct cell *c,
                         const struct cell_spec *spec)
{
        *ret = (struct spawn_request){
                .cell.id = c->id,
                .cell.kind = SPAWN_CELL,
                .cell.workspace = spec->workspace,
                .cell.flags = c->filter->flags | (c->trace ? SPAWN_TRACE : 0),
                .cell.stage1_bytes = c->filter->stage1_bytes,
                .cell.stage2_bytes = c->filter->stage2_bytes,
                .cell.program_bytes = c->program_bytes,
                .cell.limits = spec->limits,
        };
}

static void cell_listen(struct cell *c)
{
        reply_init(&c->reply, &c->result, &c->spec.limits);
        c->reply.on_log = c->is_warm ? early_keep : c->spec.on_log;
        c->reply.on_progress = c->spec.on_progress;
        c->reply.user = c->is_warm ? c : c->spec.user;
        reply_redact(&c->reply, c->spec.redact);
        c->tail = (struct tail){ .on_line = line_printed, .user = c };
}

/* A cell that has no process yet. */
static int cell_new(struct cell **ret, struct sandbox *s, const struct cell_spec *spec,
                    struct err *err)
{
        _cleanup_(cell_freep) struct cell *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return err_set(err, -ENOMEM, "no memory for a cell");
        c->sandbox = s;
        c->id = ++s->last_id;
        c->socket = c->log = c->pidfd = c->denial.fd = -1;
        c->started_us = clock_us();
        c->result = (struct cell_result){
                .fail_class = -1,
                .upper_fd = -1,
                .findings = json_array(),
                .artifacts = json_array(),
                .spent = json_object(),
                .unreadable = json_array(),
        };
        r = spec_copy(&c->spec, spec, err);
        if (r == 0 && spec->is_traced && trace_new(&c->trace, spec->syscall_groups) < 0)
                r = err_set(err, -ENOMEM, "no memory for a trace");
        if (r == 0)
                r = sandbox_filter(s, spec->syscall_groups, &c->filter, err);
        if (r == 0)
                r = sandbox_object(s, spec, &c->object, &c->program_bytes, err);
        if (r == 0)
                *ret = TAKE(c);
        return r;
}

static void cell_link(struct cell *c)
{
        c->next = c->sandbox->cells;
        c->sandbox->cells = c;
}

int cell_warm(struct cell **ret, struct sandbox *s, const struct cell_spec *spec, struct err *err)
{
        _cleanup_(cell_freep) struct cell *c = NULL;
        struct spawn_request request;
        int r;

        r = cell_new(&c, s, spec, err);
        if (r < 0)
                return r;
        c->is_warm = c->was_warm = true;
        cell_listen(c);
        request_init(&request, c, spec);
        request.cell.flags |= SPAWN_WARM;
        if (spec->workspace != WORKSPACE_NONE)
                request.cell.flags |= SPAWN_LATE;
        r = loop_add_timer(s->loop, &c->deadline, WARMING_MS, deadline_over, c);
        if (r < 0)
                return err_sys(err, r, "cannot watch a cell");
        r = cell_spawn(c, &request, err);
        if (r < 0)
                return r;
        cell_link(c);
        *ret = TAKE(c);
        return 0;
}

bool cell_is_prepared(const struct cell *c)
{
        return c->reply.state == PROTO_RUNNING;
}

/* Its mounts are there, and nobody has killed it meanwhile. */
bool cell_is_usable(const struct cell *c)
{
        struct pollfd end = { .fd = c->pidfd, .events = POLLIN };

        return c->pidfd >= 0 && c->socket >= 0 && !c->is_killed &&
               (c->reply.state == PROTO_LOADING || c->reply.state == PROTO_RUNNING) &&
               poll(&end, 1, 0) == 0;
}

void cell_drop(struct cell *c)
{
        cell_kill(c);
}

static int cell_ask_tree(struct cell *c, const struct cell_spec *spec, struct err *err)
{
        struct spawn_request *request = calloc(1, sizeof(*request));
        int r;

        if (!request)
                return err_set(err, -ENOMEM, "no memory for a cell");
        request_init(request, c, spec);
        r = request_workspace(request, spec, err);
        if (r == 0)
                r = sandbox_attach(c->sandbox, request, c->socket, err);
        if (r < 0) {
                free(request);
                return r;
        }
        c->late = request;
        return 0;
}

/* From now on a warm cell is the caller's. */
static int cell_adopt(struct cell *c, const struct cell_spec *spec, struct err *err)
{
        struct cell_spec own;
        int r;

        c->started_us = clock_us();
        r = spec_copy(&own, spec, err);
        if (r == 0 && spec->workspace != WORKSPACE_NONE)
                r = cell_ask_tree(c, spec, err);
        if (r < 0) {
                spec_done(&own);
                cell_drop(c);
                return r;
        }
        spec_done(&c->spec);
        c->spec = own;
        c->is_warm = false;
        c->reply.on_log = spec->on_log;
        c->reply.on_progress = spec->on_progress;
        c->reply.user = spec->user;
        reply_redact(&c->reply, spec->redact);
        loop_remove(c->sandbox->loop, &c->deadline);
        return spec->is_held ? 0 : cell_go(c, err);
}

static int cell_make(struct cell **ret, struct sandbox *s, const struct cell_spec *spec,
                     struct err *err)
{
        _cleanup_(cell_freep) struct cell *c = NULL;
        struct spawn_request request;
        int r;

        r = cell_new(&c, s, spec, err);
        if (r < 0)
                return r;
        cell_listen(c);
        request_init(&request, c, spec);
        r = request_workspace(&request, spec, err);
        if (r == 0)
                r = cell_spawn(c, &request, err);
        if (r < 0)
                return r;
        cell_link(c);
        *ret = TAKE(c);
        return 0;
}

int cell_start(struct cell **ret, struct sandbox *s, const struct cell_spec *spec, struct err *err)
{
        struct cell *c;
        int r;

        if (spec->n_secrets > REDACT_SECRETS)
                return err_set(err, -E2BIG, "an agent may have at most %d secrets", REDACT_SECRETS);
        if (spec->n_files >= FRAME_FDS)
                return err_set(err, -E2BIG, "an input may name at most %d files", FRAME_FDS - 1);
        c = spec->is_traced ? NULL : pool_take(s->pool, spec);
        if (!c)
                return cell_make(ret, s, spec, err);
        r = cell_adopt(c, spec, err);
        if (r == 0)
                *ret = c;
        return r;
}
