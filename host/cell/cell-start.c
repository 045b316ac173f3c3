/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/cell-impl.h"

#include "cell/pool.h"
#include "cell/spec.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define WARMING_MS 10000 /* to load and prepare while nobody waits */

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
                           cell_deadline_over, c);
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
        if (r == 0 && spec->is_traced &&
            trace_new(&c->trace, spec->syscall_groups, spec->program != NULL) < 0)
                r = err_set(err, -ENOMEM, "no memory for a trace");
        if (r == 0)
                r = sandbox_filter(s, spec->syscall_groups, &c->filter, err);
        if (r == 0)
                r = sandbox_object(s, spec, &c->object, &c->program_bytes, err);
        if (r == 0)
                *ret = TAKE(c);
        return r;
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
        r = loop_add_timer(s->loop, &c->deadline, WARMING_MS, cell_deadline_over, c);
        if (r < 0)
                return err_sys(err, r, "cannot watch a cell");
        r = cell_spawn(c, &request, err);
        if (r < 0)
                return r;
        cell_link(c);
        *ret = TAKE(c);
        return 0;
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

static void cell_trouble(struct cell *c, const struct err *err)
{
        const struct spawn_setup setup = { .id = c->id, .code = err->code };
        int none = -1;

        cell_setup(c, &setup, err->text, strlen(err->text), &none);
        cell_kill(c);
}

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
