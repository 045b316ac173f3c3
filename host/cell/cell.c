/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/cell-impl.h"

#include "base/kernel.h"
#include "base/utf8.h"
#include "cell/end.h"
#include "cell/pool.h"
#include "cell/spec.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define DENIED_MS 10 /* for what was said before the call and is on its way */

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

void cell_link(struct cell *c)
{
        c->next = c->sandbox->cells;
        c->sandbox->cells = c;
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

void cell_ignore(struct cell *c)
{
        struct loop *loop = c->sandbox->loop;

        loop_remove(loop, &c->socket_source);
        loop_remove(loop, &c->log_source);
        loop_remove(loop, &c->deadline);
        loop_remove(loop, &c->grace);
}

/* What follows is the next step's business, and shall not wait for the end of this one. */
static void cell_disconnect(struct cell *c)
{
        cell_ignore(c);
        closep(&c->socket);
        closep(&c->log);
        closep(&c->pidfd);
}

struct cell *cell_free(struct cell *c)
{
        if (!c)
                return NULL;
        cell_disconnect(c);
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
void cell_kill(struct cell *c)
{
        c->is_killed = true;
        if (c->pidfd >= 0)
                (void) kernel_pidfd_send_signal(c->pidfd, SIGKILL);
}

void cell_stop(struct cell *c, enum verdict why, const char *text)
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

int cell_deadline_over(struct loop_source *source, uint32_t events)
{
        struct cell *c = source->owner;

        (void) events;
        cell_stop(c, VERDICT_TIMEOUT, NULL);
        cell_kill(c);
        return 0;
}

void cell_drop(struct cell *c)
{
        cell_kill(c);
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

void cell_setup(struct cell *c, const struct spawn_setup *setup, const char *text, size_t length,
                int *upper_fd)
{
        struct cell_result *r = &c->result;

        if (setup->code < 0 && setup->is_of_step) {
                _cleanup_(freep) char *why = strndup(text, length);

                cell_stop(c, VERDICT_LOAD, why);
                return;
        }
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
        cell_hear_out(c);
        cell_disconnect(c);

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
