/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/ward.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/kernel.h"
#include "base/trouble.h"
#include "cell/attic.h"
#include "cell/late.h"
#include "cell/root.h"
#include "cell/stage.h"
#include "cell/tmpfs.h"
#include "cell/tree.h"

#define LOOK_MS 50

struct ward {
        struct ward *next;
        struct loop_source source;
        struct zygote *zygote;
        struct spawn_request request;
        struct frame_fds fds;
        pid_t pid;
        int pidfd;
        int sync;            /* eventfd between us and the child; -1 = none */
        int mounts;          /* of the child, kept until its end was told; -1 = not */
        struct group *group; /* of the child; NULL = none */
        enum verdict passed; /* the limit that the group was ended for */
        int staged;          /* mount or folder of the private copy; -1 = none */
        int report;          /* memfd: what the process that copies has to say */
        bool is_of_step;     /* what failed is what the step brought */
        bool is_staging;
        bool is_late;               /* it has got its tree late */
        struct stage_report *stage; /* read from `report` */
};

/* What the process that copies leaves behind. */
struct stage_report {
        struct err err;
        uint64_t unreadable_length;
        char unreadable[STAGE_LISTED_MAX];
};

/* Children are copies of us, freed memory included: what is known of a step ends with it. */
static void ward_wipe(struct ward *w)
{
        if (w->stage)
                explicit_bzero(w->stage, sizeof(*w->stage));
        explicit_bzero(&w->request, sizeof(w->request));
}

static struct ward *ward_free(struct ward *w)
{
        if (!w)
                return NULL;
        loop_remove(w->zygote->loop, &w->source);
        frame_fds_done(&w->fds);
        closep(&w->pidfd);
        closep(&w->sync);
        closep(&w->mounts);
        closep(&w->staged);
        closep(&w->report);
        w->group = group_put(&w->zygote->groups, w->group);
        ward_wipe(w);
        free(w->stage);
        free(w);
        return NULL;
}

static void ward_forget(struct ward *w)
{
        for (struct ward **at = &w->zygote->wards; *at; at = &(*at)->next)
                if (*at == w) {
                        *at = w->next;
                        break;
                }
        (void) ward_free(w);
}

/* May an overlay be tried, where one is wanted? */
static bool has_overlay(const struct ward *w)
{
        return w->request.cell.workspace != WORKSPACE_OVERLAY ||
               (w->zygote->hello.features & SPAWN_HAS_OVERLAY);
}

static uint64_t timeval_us(struct timeval t)
{
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_usec;
}

/* What its group says is of all its processes, also of those that nobody waited for. */
static void exited_add_group(const struct ward *w, struct spawn_exited *exited)
{
        struct group_usage u;

        if (!w->group || group_is_gone(w->group))
                return;
        group_usage_get(w->group, &u);
        exited->is_group = true;
        exited->user_us = u.user_us;
        exited->system_us = u.system_us;
        if (u.memory_peak_bytes)
                exited->memory_peak_bytes = u.memory_peak_bytes;
        exited->forks_refused = (uint32_t) MIN_OF(u.forks_refused, UINT32_MAX);
        exited->passed = w->passed ? w->passed : u.memory_kills ? VERDICT_MEMORY : VERDICT_OK;
}

static int exited_send(const struct ward *w, int status, const struct rusage *usage)
{
        struct spawn_exited exited = {
                .id = w->request.cell.id,
                .status = status,
                .user_us = timeval_us(usage->ru_utime),
                .system_us = timeval_us(usage->ru_stime),
                .memory_peak_bytes = (uint64_t) usage->ru_maxrss * 1024,
        };

        exited_add_group(w, &exited);
        return zygote_reply(SPAWN_EXITED, &exited, sizeof(exited), NULL, 0);
}

/* A cell that could not be made looks to the host like one that failed while it was set up. */
static int ward_refuse(struct ward *w, const struct err *err)
{
        struct spawn_setup setup = { .id = w->request.cell.id,
                                     .code = err->code ? err->code : -EIO,
                                     .is_of_step = w->is_of_step };
        const struct rusage usage = { 0 };
        char body[sizeof(setup) + ERR_TEXT_MAX];
        size_t length = strlen(err_text(err));
        int r;

        memcpy(body, &setup, sizeof(setup));
        memcpy(body + sizeof(setup), err_text(err), length);
        r = zygote_reply(SPAWN_SETUP, body, sizeof(setup) + length, NULL, 0);
        if (r == 0)
                r = exited_send(w, 1 << 8, &usage);
        ward_forget(w);
        return r;
}

/*
 * What a step brought cannot be used: its tree is gone or too large, its agent needs what is not to
 * be had here. No other step is to suffer for it. Who is out of room in a tmpfs of his own
 * (`is_bounded`) is so by his tree.
 */
static int step_fault(struct ward *w, int code, bool is_bounded)
{
        w->is_of_step = !trouble_is_of_machine(code) || (is_bounded && code == -ENOSPC);
        return code;
}

static int ward_ended(struct loop_source *source, uint32_t events);

static int ward_watch(struct ward *w, struct err *err)
{
        int r = loop_add_fd(w->zygote->loop, &w->source, w->pidfd, EPOLLIN, ward_ended, w);

        return r < 0 ? err_sys(err, r, "cannot watch a cell") : 0;
}

static void ward_end_process(struct ward *w)
{
        (void) kernel_pidfd_send_signal(w->pidfd, SIGKILL);
        (void) waitpid(w->pid, NULL, 0);
}

static void ward_unwatch(struct ward *w)
{
        loop_remove(w->zygote->loop, &w->source);
        closep(&w->pidfd);
        closep(&w->sync);
        closep(&w->mounts);
        w->group = group_put(&w->zygote->groups, w->group);
}

static bool is_tree(const struct ward *w)
{
        return w->group && (w->request.cell.flags & SPAWN_PROCESSES) && !w->is_staging;
}

/* One limit for all processes of a cell, where the kernel knows but one for each. */
static void ward_look(struct ward *w)
{
        if (w->passed)
                return;
        w->passed = group_look(w->group, &w->request.cell.limits);
        if (w->passed)
                group_kill(&w->zygote->groups, w->group);
}

static void wards_look_later(struct zygote *z);

/* Nothing tells when a group has taken too much of a processor, or of its own memory. */
static int wards_look(struct loop_source *source, uint32_t events)
{
        struct zygote *z = source->owner;

        (void) events;
        for (struct ward *w = z->wards; w; w = w->next)
                if (is_tree(w))
                        ward_look(w);
        wards_look_later(z);
        return 0;
}

/* As long as there is a tree to look at. */
static void wards_look_later(struct zygote *z)
{
        const struct ward *w = z->wards;

        while (w && !is_tree(w))
                w = w->next;
        if (w && !z->look.is_active)
                (void) loop_add_timer(z->loop, &z->look, LOOK_MS, wards_look, z);
}

static int cell_spawn(struct ward *w, int tree, struct err *err)
{
        struct zygote *z = w->zygote;
        struct blank_job job = { .cell = w->request.cell };
        struct spawn_started started = { .id = w->request.cell.id };
        struct blank_hand hand;
        int r;

        if (w->fds.count != SPAWN_FD_CONTROL)
                return err_set(err, -EBADMSG, "a request for a cell lacks descriptors");
        memcpy(job.fd, w->fds.fd, SPAWN_FD_CONTROL * sizeof(int));
        job.fd[SPAWN_FD_CONTROL] = SPAWN_SOCKET;
        job.fd[SPAWN_FD_TREE] = tree;
        job.cell.is_staged = w->staged >= 0;
        if (w->stage) {
                job.unreadable = w->stage->unreadable;
                job.unreadable_length = w->stage->unreadable_length;
        }
        r = blank_employ(&hand, z, &job, err);
        if (r < 0)
                return r;
        w->pid = hand.pid;
        w->pidfd = hand.pidfd;
        w->sync = hand.sync;
        w->mounts = hand.mounts;
        w->group = hand.group;
        wards_look_later(z);
        r = ward_watch(w, err);
        if (r < 0) {
                ward_end_process(w);
                return r;
        }
        started.pid = hand.pid;
        started.is_ahead = hand.is_ahead;
        return zygote_reply(SPAWN_STARTED, &started, sizeof(started), &w->pidfd, 1);
}

/* In a process of its own, which may take its time; it ends with what it had to say in `report`. */
_Noreturn static void stage_main(const struct ward *w, int from)
{
        struct stage_report report = { 0 };
        struct stage stage = { 0 };
        int r, to;

        to = openat(w->staged, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        r = stage_copy(&stage, from, to, zygote_has_userns(w->zygote) || geteuid() == 0,
                       &report.err);
        if (r == 0 && zygote_has_userns(w->zygote))
                r = tmpfs_limit(w->staged, stage.bytes + w->request.cell.limits.value[LIMIT_DISK],
                                stage.files + w->request.cell.limits.value[LIMIT_INODES],
                                &report.err);
        if (r == 0 && stage.unreadable.length) {
                report.unreadable_length = stage.unreadable.length;
                memcpy(report.unreadable, stage.unreadable.data, stage.unreadable.length);
        }
        _exit(pwrite(w->report, &report, sizeof(report), 0) == (ssize_t) sizeof(report) ? 0 : 1);
}

/* Starts the copy; ward_ended() then starts the cell. */
static int stage_spawn(struct ward *w, struct err *err)
{
        const struct spawn_request *request = &w->request;
        _cleanup_(closep) int from = -1;
        int r;

        from = root_tree_find(request->path, request->device, request->inode, err);
        if (from < 0)
                return step_fault(w, from, false);
        if (zygote_has_userns(w->zygote))
                r = tmpfs_make(&w->staged, STAGE_BYTES_MAX + (64 << 20), STAGE_FILES_MAX + 16,
                               MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
        else
                r = attic_make(&w->zygote->attic, &w->staged, err);
        if (r < 0)
                return r;
        w->report = memfd_create("linhay-stage", MFD_CLOEXEC);
        if (w->report < 0)
                return err_sys(err, -errno, "cannot make memory for a report");
        w->is_staging = true;
        w->pid = zygote_clone(w->zygote, false, NULL, &w->pidfd);
        if (w->pid < 0)
                return err_sys(err, -errno, "cannot make a process to copy the workspace");
        if (w->pid == 0)
                stage_main(w, from);
        r = ward_watch(w, err);
        if (r < 0)
                ward_end_process(w);
        return r;
}

/* The copy is there, or its maker says why not. */
static int stage_ended(struct ward *w, int status, struct err *err)
{
        w->is_staging = false;
        w->stage = calloc(1, sizeof(*w->stage));
        if (!w->stage)
                return err_set(err, -ENOMEM, "no memory for a report");
        if (status != 0 ||
            pread(w->report, w->stage, sizeof(*w->stage), 0) != (ssize_t) sizeof(*w->stage))
                return err_set(err, -EIO, "the process that copied the workspace ended early");
        closep(&w->report);
        if (w->stage->err.code < 0) {
                *err = w->stage->err;
                return step_fault(w, err->code, zygote_has_userns(w->zygote));
        }
        return cell_spawn(w, w->staged, err);
}

/* Did the child find that it needs a copy? Only trusted code ever held the descriptor. */
static bool child_asked_stage(const struct ward *w)
{
        uint64_t said = 0;

        if (w->sync < 0 || w->staged >= 0 || w->request.cell.workspace != WORKSPACE_OVERLAY)
                return false;
        return fcntl(w->sync, F_SETFL, O_NONBLOCK) == 0 &&
               read(w->sync, &said, sizeof(said)) == sizeof(said) && said == SYNC_STAGE;
}

/* A cell that waits for its tree, and may be given the same one. */
static bool is_tree_expected(const struct ward *w)
{
        const struct ward *other = w->is_late ? w->zygote->wards : NULL;

        while (other && !(other->request.cell.flags & SPAWN_LATE))
                other = other->next;
        return other != NULL;
}

static int ward_ended(struct loop_source *source, uint32_t events)
{
        struct ward *w = source->owner;
        struct zygote *z = w->zygote;
        struct err err = { 0 };
        struct rusage usage;
        int status, r;

        (void) events;
        if (wait4(w->pid, &status, WNOHANG, &usage) != w->pid)
                return 0;
        /* Without a pid namespace others may be left of its session. */
        if (!zygote_has_userns(z))
                (void) kill(-w->pid, SIGKILL);
        if (w->is_staging) {
                ward_unwatch(w);
                r = stage_ended(w, status, &err);
                return r < 0 ? ward_refuse(w, &err) : 0;
        }
        if (child_asked_stage(w)) {
                ward_unwatch(w);
                r = stage_spawn(w, &err);
                return r < 0 ? ward_refuse(w, &err) : 0;
        }
        r = exited_send(w, status, &usage);
        if (is_tree_expected(w))
                tree_clone_ahead(z, &w->request);
        leftovers_add(&z->leftovers, TAKE_FD(w->mounts));
        ward_forget(w);
        attic_sweep(&z->attic, false);
        /* If none was made beside the cell: now, when the host has what it waited for. */
        blanks_fill(z);
        return r;
}

static int ward_begin(struct ward *w, struct err *err)
{
        _cleanup_(closep) int tree = -1;

        if (!zygote_has_userns(w->zygote) && (w->request.cell.flags & SPAWN_PROCESSES))
                return step_fault(w,
                                  err_set(err, -EPERM,
                                          "the agent was granted threads or programs, but without "
                                          "user namespaces their number cannot be limited"),
                                  false);

        if (w->request.cell.workspace == WORKSPACE_NONE || (w->request.cell.flags & SPAWN_LATE))
                return cell_spawn(w, -1, err);
        if (!zygote_has_userns(w->zygote) || !has_overlay(w))
                return stage_spawn(w, err);
        tree = tree_clone(w->zygote, &w->request, err);
        return tree < 0 ? step_fault(w, tree, false) : cell_spawn(w, tree, err);
}

int ward_start(struct zygote *z, const struct spawn_request *request, struct frame_fds *fds)
{
        struct ward *w = calloc(1, sizeof(*w));
        struct err err = { 0 };
        int r;

        if (!w)
                return -ENOMEM;
        /* Not by way of the stack: nothing there is wiped. */
        w->zygote = z;
        w->request = *request;
        w->fds = *fds;
        w->pidfd = w->sync = w->mounts = w->staged = w->report = -1;
        fds->count = 0;
        w->next = z->wards;
        z->wards = w;
        r = ward_begin(w, &err);
        if (r < 0)
                return ward_refuse(w, &err);
        /* A cell that is made only now needs nothing of ours any more. */
        if (w->request.cell.workspace != WORKSPACE_OVERLAY && !w->is_staging)
                frame_fds_done(&w->fds);
        return 0;
}

static struct ward *ward_find(struct zygote *z, uint64_t id)
{
        struct ward *w = z->wards;

        while (w && w->request.cell.id != id)
                w = w->next;
        return w;
}

/* One tree for one cell, once. */
static int ward_furnish(struct ward *w, const struct spawn_request *request, int socket,
                        int *ret_upper, struct err *err)
{
        struct late_plan plan = { .mounts = w->mounts, .socket = socket, .cell = &w->request.cell };
        _cleanup_(closep) int tree = -1;

        if (w->mounts < 0 || socket < 0 || !(w->request.cell.flags & SPAWN_LATE))
                return err_set(err, -EINVAL, "the cell has its workspace already");
        w->request.cell.flags &= ~SPAWN_LATE;
        w->is_late = true;
        (void) snprintf(w->request.path, sizeof(w->request.path), "%s", request->path);
        w->request.device = request->device;
        w->request.inode = request->inode;
        plan.tree = tree = tree_clone(w->zygote, request, err);
        return tree < 0 ? tree : late_attach(ret_upper, w->zygote, &plan, err);
}

/* The cell has told by itself that it went well. */
static int attached_send(uint64_t id, int code, const char *text, int upper)
{
        struct spawn_setup setup = { .id = id, .code = code };
        char body[sizeof(setup) + ERR_TEXT_MAX];
        size_t length = strlen(text);

        if (code == 0 && upper < 0)
                return 0;
        memcpy(body, &setup, sizeof(setup));
        memcpy(body + sizeof(setup), text, length);
        return zygote_reply(SPAWN_ATTACHED, body, sizeof(setup) + length, &upper, upper >= 0);
}

int ward_attach(struct zygote *z, const struct spawn_request *request, struct frame_fds *fds)
{
        struct ward *w = ward_find(z, request->cell.id);
        _cleanup_(closep) int upper = -1;
        struct err err = { 0 };
        int code, r;

        /* It has ended, and the host was told. */
        if (!w)
                return 0;
        code = ward_furnish(w, request, fds->count ? fds->fd[0] : -1, &upper, &err);
        r = attached_send(request->cell.id, code, err.text, upper);
        late_tidy(z, &w->request.cell);
        return r;
}

void wards_wipe(struct zygote *z)
{
        for (struct ward *w = z->wards; w; w = w->next)
                ward_wipe(w);
}

void wards_kill(struct zygote *z)
{
        for (struct ward *w = z->wards; w; w = w->next) {
                if (w->pidfd < 0)
                        continue;
                (void) kernel_pidfd_send_signal(w->pidfd, SIGKILL);
                if (!zygote_has_userns(z))
                        (void) kill(-w->pid, SIGKILL);
        }
}
