/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/cell-impl.h"

#include "cell/memfd.h"
#include "cell/pool.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#define FRAMES_A_TURN 64  /* then other cells have their turn */
#define LEVEL_PRINTED 6   /* what an agent prints is information */
#define HANGUP_MS     100 /* for a process that ends: its descriptors are closed first */

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

        request = json_pack("{s:s, s:o, s:o, s:s*, s:O}", "action", c->spec.action, "files",
                            files_json(&c->spec), "secrets", secrets_json(&c->spec), "key",
                            c->spec.key, "input", c->spec.input);
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

void cell_tell_early(struct cell *c)
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

        cell_tell_early(c);
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
        if (r == 0 && frame->header.type == PROTO_READY)
                sandbox_soon(c->sandbox);
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

        cell_tell_early(c);
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

int cell_tell(struct cell *c, struct err *err)
{
        int r = request_send(c);

        if (r == 0)
                r = secrets_send(c);
        return r < 0 && r != -EPIPE && r != -ECONNRESET
                       ? err_sys(err, r, "cannot put the request into the cell's socket")
                       : 0;
}

void cell_listen(struct cell *c)
{
        reply_init(&c->reply, &c->result, &c->spec.limits);
        c->reply.on_log = c->is_warm ? early_keep : c->spec.on_log;
        c->reply.on_progress = c->spec.on_progress;
        c->reply.user = c->is_warm ? c : c->spec.user;
        reply_redact(&c->reply, c->spec.redact);
        c->tail = (struct tail){ .on_line = line_printed, .user = c };
}

int cell_connect(struct cell *c, int *ret_socket, int *ret_log, struct err *err)
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

void cell_hear_out(struct cell *c)
{
        cell_tell_early(c);
        if (c->socket >= 0 && !(c->is_killed && c->is_stopped))
                (void) socket_drain(c, INT_MAX);
        (void) log_drain(c, 64);
        tail_flush(&c->tail);
        reply_flush(&c->reply);
}
