/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/cell.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/kernel.h"
#include "base/utf8.h"
#include "cell/end.h"
#include "cell/memfd.h"
#include "cell/reply.h"
#include "cell/sandbox.h"
#include "cell/tail.h"

#define FRAMES_A_TURN 64 /* then other cells have their turn */
#define LEVEL_PRINTED 6  /* what an agent prints is information */

struct cell {
        struct cell *next;
        struct sandbox *sandbox;
        struct cell_spec spec; /* strings and descriptors in it are ours */
        uint64_t id;
        int socket, log, pidfd;
        struct loop_source socket_source, log_source, deadline, grace;
        uint64_t started_us;
        uint64_t result_us; /* from then to the result; 0 = not yet */

        struct reply reply;
        struct tail tail;
        struct cell_result result;

        bool is_stopped; /* the first reason to stop it; the kill follows at once or after grace */
        enum verdict stopped;
        char *stopped_text;
        bool is_killed;
        bool has_hung_up;
        bool is_ahead; /* its process was made before it was asked for */
};

uint64_t cell_id(const struct cell *c)
{
        return c->id;
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
        reply_done(&c->reply);
        result_done(&c->result);
        free(c->stopped_text);
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
        if (!c->is_stopped) {
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

        request = json_pack("{s:s, s:o, s:O}", "action", c->spec.action, "files",
                            files_json(&c->spec), "input", c->spec.input);
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

static int frame_handle(struct cell *c, const struct frame *frame)
{
        int r = reply_frame(&c->reply, frame);

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

/* Takes frames until there is none; false when there will be none any more. */
static bool socket_drain(struct cell *c, int most)
{
        for (int i = 0; i < most; i++) {
                struct frame *frame = &c->sandbox->frame;
                int r = frame_receive(c->socket, frame, NULL, MSG_DONTWAIT);

                if (r == -EAGAIN)
                        return true;
                if (r == 0) {
                        /* Its process has ended, or else must. */
                        c->has_hung_up = true;
                        if (c->reply.state != PROTO_ENDED)
                                cell_kill(c);
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

        if (!c->is_killed && reply_log(&c->reply, LEVEL_PRINTED, text, length) < 0) {
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

static void usage_fill(struct cell *c, const struct spawn_exited *exited)
{
        c->result.usage = (struct cell_usage){
                .result_us = c->result_us,
                .wall_ms = (clock_us() - c->started_us + 500) / 1000,
                .cpu_ms = (exited->user_us + exited->system_us + 500) / 1000,
                .user_us = exited->user_us,
                .system_us = exited->system_us,
                .memory_peak_bytes = exited->memory_peak_bytes,
                .is_ahead = c->is_ahead,
        };
}

static void result_judge(struct cell *c, const struct spawn_exited *exited)
{
        struct cell_result *r = &c->result;
        const struct end_facts facts = {
                .is_stopped = c->is_stopped,
                .stopped = c->stopped,
                .stopped_text = c->stopped_text,
                .has_fault = c->reply.has_fault,
                .fault = c->reply.fault,
                .fault_text = c->reply.fault_text,
                .has_failed = c->reply.has_failed,
                .has_result = c->reply.has_result,
                .has_hung_up = c->has_hung_up,
                .state = c->reply.state,
                .status = exited->status,
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

/* Its process is gone, so all that it ever said is here. */
void cell_exited(struct cell *c, const struct spawn_exited *exited)
{
        usage_fill(c, exited);
        if (c->socket >= 0 && !(c->is_killed && c->is_stopped))
                (void) socket_drain(c, INT_MAX);
        (void) log_drain(c, 64);
        tail_flush(&c->tail);
        cell_ignore(c);

        result_judge(c, exited);
        c->result.stderr_tail = tail_text(&c->tail);
        for (struct cell **at = &c->sandbox->cells; *at; at = cell_next(*at))
                if (*at == c) {
                        *at = c->next;
                        break;
                }
        if (c->spec.on_done)
                c->spec.on_done(c->spec.user, &c->result);
        (void) cell_free(c);
}

/* Copies of all that is pointed at; a partial copy is freed by cell_free(). */
static int spec_copy(struct cell_spec *to, const struct cell_spec *from, struct err *err)
{
        struct cell_file *files = calloc(from->n_files + 1, sizeof(*files));

        *to = *from;
        to->files = files;
        to->n_files = 0;
        to->workspace_fd = -1;
        to->name = strdup(from->name ? from->name : "cell");
        to->action = strdup(from->action);
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
        return 0;
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
        r = loop_add_timer(c->sandbox->loop, &c->deadline, c->spec.limits.value[LIMIT_WALL],
                           deadline_over, c);
        if (r < 0)
                return err_sys(err, r, "cannot watch a cell");
        r = request_send(c);
        if (r < 0 && r != -EPIPE && r != -ECONNRESET)
                return err_sys(err, r, "cannot put the request into the cell's socket");
        return 0;
}

static int cell_request(struct cell *c, const struct cell_spec *spec, struct err *err)
{
        struct spawn_request request = {
                .cell.id = c->id,
                .cell.kind = SPAWN_CELL,
                .cell.workspace = spec->workspace,
                .cell.limits = spec->limits,
        };
        _cleanup_(closep) int socket = -1, log = -1;
        const struct filter *filter;
        int object, r;

        r = sandbox_filter(c->sandbox, spec->syscall_groups, &filter, err);
        if (r == 0)
                r = sandbox_object(c->sandbox, spec, &object, &request.cell.program_bytes, err);
        if (r == 0)
                r = request_workspace(&request, spec, err);
        if (r == 0)
                r = cell_connect(c, &socket, &log, err);
        if (r == 0 && !spec->is_held)
                r = cell_go(c, err);
        if (r < 0)
                return r;
        request.cell.flags = filter->flags;
        request.cell.stage1_bytes = filter->stage1_bytes;
        request.cell.stage2_bytes = filter->stage2_bytes;
        {
                const int fds[] = {
                        [SPAWN_FD_SOCKET] = socket,
                        [SPAWN_FD_LOG] = log,
                        [SPAWN_FD_FILTER] = filter->fd,
                        [SPAWN_FD_OBJECT] = object,
                };

                return sandbox_spawn(c->sandbox, &request, fds, ARRAY_SIZE(fds), err);
        }
}

int cell_start(struct cell **ret, struct sandbox *s, const struct cell_spec *spec, struct err *err)
{
        _cleanup_(cell_freep) struct cell *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return err_set(err, -ENOMEM, "no memory for a cell");
        c->sandbox = s;
        c->id = ++s->last_id;
        c->socket = c->log = c->pidfd = -1;
        c->started_us = clock_us();
        c->result = (struct cell_result){
                .fail_class = -1,
                .upper_fd = -1,
                .findings = json_array(),
                .artifacts = json_array(),
                .spent = json_object(),
                .unreadable = json_array(),
        };
        if (spec->n_files >= FRAME_FDS)
                return err_set(err, -E2BIG, "an input may name at most %d files", FRAME_FDS - 1);
        r = spec_copy(&c->spec, spec, err);
        if (r < 0)
                return r;
        reply_init(&c->reply, &c->result, &c->spec.limits);
        c->reply.on_log = spec->on_log;
        c->reply.on_progress = spec->on_progress;
        c->reply.user = spec->user;
        c->tail.on_line = line_printed;
        c->tail.user = c;
        r = cell_request(c, spec, err);
        if (r < 0)
                return r;
        c->next = s->cells;
        s->cells = c;
        *ret = TAKE(c);
        return 0;
}
