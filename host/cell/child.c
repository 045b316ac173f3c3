/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/child.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/kernel.h"
#include "base/trouble.h"
#include "cell/confine.h"
#include "cell/fault.h"
#include "cell/group.h"
#include "cell/inspect.h"
#include "cell/landlock.h"
#include "cell/pages.h"
#include "cell/program.h"
#include "cell/root.h"
#include "cell/runtime.h"
#include "cell/selftest.h"

/*
 * Descriptors of a cell: 0 to 2, its socket, its workspace or the object to inspect, and without a
 * root the object to load. What is left of setting up is above.
 */
enum { CELL_SOCKET = SPAWN_SOCKET, CELL_EXTRA, CELL_OBJECT, CELL_FDS_, SETUP_FIRST = 32 };

/* Those of a blank, whose places are then taken. */
enum { BLANK_SOCKET = SPAWN_SOCKET, BLANK_SYNC, BLANK_FDS_ };

/* Without a root of its own, a cell's object is the sealed memory itself. */
#define BARE_OBJECT "/proc/self/fd/5"
_Static_assert(CELL_OBJECT == 5, "BARE_OBJECT names the descriptor");

struct child {
        const struct child_plan *plan;
        struct spawn_cell cell; /* whose it is, once it is somebody's */
        int fd[SPAWN_FDS_];     /* -1 = not given */
        const char *unreadable;
        size_t unreadable_length;
        int own;     /* tmpfs of its own, to be furnished; -1 = none */
        int ruleset; /* of Landlock, to be entered */
        int upper;   /* to be sent to the host; -1 = none */
        int control; /* the zygote's socket, to say how it went */
        bool has_mdwe;
        bool is_of_step; /* what fails now is what the step brought */
        int speech[2];   /* of an exec agent: ours and the program's */
        struct program *program;
        struct sock_filter *stage1;
        struct sock_fprog *stage2; /* at SPAWN_STAGE2_ADDRESS */
};

static int fd_lift(int *fd)
{
        int lifted = fcntl(*fd, F_DUPFD_CLOEXEC, SETUP_FIRST);

        if (lifted < 0)
                return -errno;
        *fd = lifted;
        return 0;
}

static void setup_send(const struct child *c, int code, const void *text, size_t length)
{
        struct spawn_setup setup = {
                .id = c->cell.id,
                .code = code,
                .is_staged = c->cell.is_staged,
                .is_of_step = c->is_of_step && !trouble_is_of_machine(code),
        };
        char body[sizeof(setup) + 60000];

        length = MIN_OF(length, sizeof(body) - sizeof(setup));
        memcpy(body, &setup, sizeof(setup));
        if (length)
                memcpy(body + sizeof(setup), text, length);
        (void) frame_send_fds(c->control, SPAWN_SETUP, 0, body, sizeof(setup) + length, &c->upper,
                              c->upper >= 0, 0);
}

/*
 * Until the zygote says so, or is there no more. What it has told the blank already holds its
 * connection to the host open, and that one would not hear of its end.
 */
static int sync_ready(void)
{
        struct pollfd p[] = { { .fd = BLANK_SYNC, .events = POLLIN }, { .fd = BLANK_SOCKET } };

        while (poll(p, ARRAY_SIZE(p), -1) < 0)
                if (errno != EINTR)
                        return -errno;
        return p[0].revents ? 0 : -EPIPE;
}

static int sync_wait(const struct child_plan *plan, struct err *err)
{
        uint64_t go = 0;
        int r = sync_ready();

        if (r < 0)
                return err_sys(err, r, "the zygote has ended");
        if (read(BLANK_SYNC, &go, sizeof(go)) != sizeof(go))
                return err_sys(err, -errno, "the zygote did not write the cell's maps");
        /* Without a user namespace an ordinary user can only stay who he is. */
        return plan->has_userns || geteuid() == 0 ? confine_identity(err) : 0;
}

/* Nothing of the zygote's is open in it from here on, nothing of any step. */
static int step_alone(const struct child_plan *plan, struct err *err)
{
        int r;

        (void) setsid();
        (void) umask(0022);
        /* What it takes from here on counts. */
        r = plan->group ? group_join(plan->group) : 0;
        if (r < 0)
                return err_sys(err, r, "cannot enter the cell's control group");
        if (dup2(plan->socket, BLANK_SOCKET) < 0 || dup2(plan->sync, BLANK_SYNC) < 0 ||
            kernel_close_range(BLANK_FDS_, ~0U) < 0)
                return err_sys(err, -errno, "cannot let go of the zygote's descriptors");
        return 0;
}

/* What a cell reaches in its own root; and, where it has none, of the host's. */
static const struct landlock_rule system_rules[] = {
        { .path = "/usr", .access = LANDLOCK_LOAD },
        { .path = "/lib", .access = LANDLOCK_LOAD, .is_optional = true },
        { .path = "/lib64", .access = LANDLOCK_LOAD, .is_optional = true },
        { .path = "/bin", .access = LANDLOCK_LOAD, .is_optional = true },
        { .path = "/etc/ld.so.cache", .access = LANDLOCK_READ, .is_optional = true },
        { .path = "/dev/null", .access = LANDLOCK_DEVICE },
};

/* The rules that all cells share; the descriptor is out of the way of a cell's. */
static int step_rules(struct child *c, struct err *err)
{
        static const struct landlock_rule tmp = { .path = "/tmp", .access = LANDLOCK_WRITE };
        int abi = c->plan->landlock_abi, r;

        c->ruleset = landlock_new(abi, err);
        if (c->ruleset < 0)
                return c->ruleset;
        r = landlock_add(c->ruleset, abi, system_rules, ARRAY_SIZE(system_rules), err);
        if (r == 0 && c->plan->has_userns)
                r = landlock_add(c->ruleset, abi, &tmp, 1, err);
        if (r == 0 && fd_lift(&c->ruleset) < 0)
                r = err_sys(err, -errno, "cannot put the descriptors in order");
        return r;
}

/* What all cells begin with. */
static int blank_setup(struct child *c, struct err *err)
{
        int r;

        r = step_alone(c->plan, err);
        if (r == 0)
                r = sync_wait(c->plan, err);
        if (r == 0)
                r = confine_parent(err);
        if (r == 0 && c->plan->has_userns)
                r = root_own(&c->own, err);
        if (r == 0)
                r = confine_privileges(err);
        if (r == 0)
                r = step_rules(c, err);
        if (r == 0 && c->plan->is_ahead)
                pages_populate();
        return r;
}

/* Waits to be somebody's. Nobody to be: the end. */
static void blank_wait(struct child *c, int flags)
{
        static struct frame frame;
        struct frame_fds fds = { 0 };

        if (frame_receive(BLANK_SOCKET, &frame, &fds, flags) <= 0 ||
            frame.header.type != SPAWN_EMPLOY || frame.header.length < sizeof(c->cell) ||
            fds.count < SPAWN_FD_TREE || fds.count > SPAWN_FDS_)
                _exit(1);
        memcpy(&c->cell, frame.body, sizeof(c->cell));
        c->unreadable = frame.body + sizeof(c->cell);
        c->unreadable_length = frame.header.length - sizeof(c->cell);
        for (size_t i = 0; i < SPAWN_FDS_; i++)
                c->fd[i] = frame_fds_take(&fds, i);
        c->control = c->fd[SPAWN_FD_CONTROL];
}

/*
 * No mount can be made: the workspace is a private folder, and Landlock keeps everything else away.
 * The host's lock on the folder says how long it is needed.
 */
static int step_bare(struct child *c, struct err *err)
{
        if (c->cell.workspace != WORKSPACE_OVERLAY)
                return 0;
        c->upper = openat(c->fd[SPAWN_FD_TREE], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (c->upper < 0 || flock(c->upper, LOCK_SH) < 0)
                return err_sys(err, -errno, "cannot open the private copy of the workspace");
        return 0;
}

static int step_root(struct child *c, struct err *err)
{
        const struct root_plan root = {
                .object_fd = c->fd[SPAWN_FD_OBJECT],
                .is_bundle = c->cell.program_bytes > 0,
                .bundle_at = c->cell.program_bytes,
                .workspace_tree = c->fd[SPAWN_FD_TREE],
                .is_staged = c->cell.is_staged,
                .workspace = c->cell.flags & SPAWN_LATE ? WORKSPACE_NONE
                                                        : (enum workspace_mode) c->cell.workspace,
                .disk_bytes = c->cell.limits.value[LIMIT_DISK],
                .inodes = c->cell.limits.value[LIMIT_INODES],
        };
        int r;

        if (c->cell.kind == SPAWN_INSPECTOR)
                return 0;
        if (!c->plan->has_userns)
                return step_bare(c, err);
        r = root_furnish(&c->upper, c->own, &root, err);
        if (r == ROOT_NEEDS_STAGE) {
                /* The zygote makes a private copy and another child. */
                uint64_t ask = SYNC_STAGE;

                _exit(write(BLANK_SYNC, &ask, sizeof(ask)) == sizeof(ask) ? 0 : 1);
        }
        return r;
}

/* What an exec agent is, from before its bundle. */
static int step_program(struct child *c, struct err *err)
{
        if (c->cell.program_bytes == 0)
                return 0;
        c->is_of_step = true;
        if (!c->plan->has_userns)
                return err_set(err, -EPERM, "exec agents need namespaces, and there are none here");
        c->program = malloc(sizeof(*c->program));
        if (!c->program)
                return err_set(err, -ENOMEM, "no memory for the agent's program");
        if (program_read(c->program, c->fd[SPAWN_FD_OBJECT], c->cell.program_bytes) < 0)
                return err_set(err, -EBADMSG, "the agent's program is damaged");
        c->is_of_step = false;
        return 0;
}

static int filter_read(int fd, void *to, size_t length, off_t at, struct err *err)
{
        ssize_t n = pread(fd, to, length, at);

        if (n != (ssize_t) length)
                return err_sys(err, n < 0 ? -errno : -EIO, "cannot read the system call filter");
        return 0;
}

/* The filters become this process's memory while it may still open and map what it likes. */
static int step_filter(struct child *c, struct err *err)
{
        const struct spawn_cell *cell = &c->cell;
        int fd = c->fd[SPAWN_FD_FILTER], r;
        size_t size = sizeof(*c->stage2) + cell->stage2_bytes;

        c->stage1 = malloc(cell->stage1_bytes);
        if (!c->stage1)
                return err_set(err, -ENOMEM, "no memory for the system call filter");
        r = filter_read(fd, c->stage1, cell->stage1_bytes, 0, err);
        if (r < 0 || cell->stage2_bytes == 0)
                return r;

        c->stage2 = mmap((void *) SPAWN_STAGE2_ADDRESS, size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        if (c->stage2 == MAP_FAILED)
                return err_sys(err, -errno, "cannot place the second stage of the filter");
        c->stage2->len = (unsigned short) (cell->stage2_bytes / sizeof(struct sock_filter));
        c->stage2->filter = (struct sock_filter *) (c->stage2 + 1);
        r = filter_read(fd, c->stage2 + 1, cell->stage2_bytes, cell->stage1_bytes, err);
        if (r == 0 && mprotect(c->stage2, size, PROT_READ) < 0)
                r = err_sys(err, -errno, "cannot protect the second stage of the filter");
        return r;
}

/* What the cell keeps besides its socket: its workspace, or the object to look into. */
static int extra_open(const struct child *c, int *ret, struct err *err)
{
        int fd;

        if (c->cell.kind == SPAWN_INSPECTOR) {
                *ret = c->fd[SPAWN_FD_OBJECT];
                return 0;
        }
        if (c->cell.workspace == WORKSPACE_NONE)
                return chdir("/") < 0 ? err_sys(err, -errno, "cannot enter the root") : 0;
        fd = c->plan->has_userns
                     ? open("/ws/work", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                     : openat(c->fd[SPAWN_FD_TREE], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || fchdir(fd) < 0)
                return err_sys(err, -errno, "cannot open the workspace in the cell");
        *ret = fd;
        return 0;
}

/* Leaves 0, 1, 2, the socket, the workspace, and what is still needed to report. */
static int step_descriptors(struct child *c, struct err *err)
{
        bool is_cell = c->cell.kind == SPAWN_CELL;
        int log = is_cell ? c->fd[SPAWN_FD_LOG] : STDIN_FILENO, extra = -1, object = -1, r;

        c->is_of_step = true;
        r = extra_open(c, &extra, err);
        if (r < 0)
                return r;
        c->is_of_step = false;
        if (!c->plan->has_userns && is_cell)
                object = c->fd[SPAWN_FD_OBJECT];
        r = fd_lift(&c->control);
        if (r == 0 && c->upper >= 0)
                r = fd_lift(&c->upper);
        if (r == 0 && object >= 0)
                r = fd_lift(&object);
        if (r < 0)
                return err_sys(err, r, "cannot put the descriptors in order");
        if (dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0 ||
            dup2(c->fd[SPAWN_FD_SOCKET], CELL_SOCKET) < 0 ||
            (extra >= 0 && dup2(extra, CELL_EXTRA) < 0) ||
            (object >= 0 && dup2(object, CELL_OBJECT) < 0) ||
            kernel_close_range(object >= 0 ? CELL_FDS_ : CELL_OBJECT, SETUP_FIRST - 1) < 0 ||
            kernel_close_range((unsigned) MAX_OF(c->ruleset, MAX_OF(c->control, c->upper)) + 1,
                               ~0U) < 0)
                return err_sys(err, -errno, "cannot put the descriptors in order");
        if (extra < 0)
                (void) close(CELL_EXTRA);
        /* No socket can be made any more once the filter is there. */
        if (c->program && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c->speech) < 0)
                return err_sys(err, -errno, "cannot make the program's socket");
        return 0;
}

/* Each path with the same rights. */
static int paths_add(struct child *c, const char *const *paths, int access, struct err *err)
{
        int r = 0;

        for (; *paths && r == 0; paths++) {
                struct landlock_rule rule = { .path = *paths };

                rule.access = access;
                r = landlock_add(c->ruleset, c->plan->landlock_abi, &rule, 1, err);
        }
        return r;
}

/*
 * An exec agent reaches of /usr what the admin granted, and nothing else; the set of rules that all
 * cells share would give it the whole. Its libraries are mapped, and that takes no right but to
 * read.
 */
static int program_rules(struct child *c, struct err *err)
{
        static const struct landlock_rule rules[] = {
                { .path = "/etc/ld.so.cache", .access = LANDLOCK_READ, .is_optional = true },
                { .path = "/dev/null", .access = LANDLOCK_DEVICE },
                { .path = "/tmp", .access = LANDLOCK_WRITE },
                { .path = CELL_FOLDER, .access = LANDLOCK_READ },
        };
        int r;

        (void) close(c->ruleset);
        c->ruleset = landlock_new(c->plan->landlock_abi, err);
        if (c->ruleset < 0)
                return c->ruleset;
        r = landlock_add(c->ruleset, c->plan->landlock_abi, rules, ARRAY_SIZE(rules), err);
        if (r < 0)
                return r;
        /* One of these may have gone since it was granted. */
        c->is_of_step = true;
        r = paths_add(c, c->program->words.run, LANDLOCK_LOAD, err);
        if (r == 0)
                r = paths_add(c, c->program->words.read, LANDLOCK_READ, err);
        c->is_of_step = r < 0;
        return r;
}

/* What only this cell reaches. */
static int step_landlock(struct child *c, struct err *err)
{
        int abi = c->plan->landlock_abi, r = 0;
        struct landlock_rule rules[2];
        size_t n = 0;

        if (c->cell.kind == SPAWN_INSPECTOR) {
                /* Nothing at all: a set without rules. */
                (void) close(c->ruleset);
                c->ruleset = landlock_new(abi, err);
                return c->ruleset < 0 ? c->ruleset : landlock_enter(c->ruleset, err);
        }
        if (c->program)
                r = program_rules(c, err);
        else if (c->plan->has_userns)
                rules[n++] = (struct landlock_rule){ .path = ROOT_OBJECT, .access = LANDLOCK_LOAD };
        if (r < 0)
                return r;
        /* In a root of its own the rule is on the parent: one on the mount point is lost once
         * something is mounted there. */
        if (c->cell.workspace != WORKSPACE_NONE)
                rules[n++] = (struct landlock_rule){
                        .path = c->plan->has_userns ? "/ws" : NULL,
                        .fd = CELL_EXTRA,
                        .access = c->cell.workspace == WORKSPACE_OVERLAY ? LANDLOCK_WRITE
                                                                         : LANDLOCK_READ,
                };
        r = landlock_add(c->ruleset, abi, rules, n, err);
        return r < 0 ? r : landlock_enter(c->ruleset, err);
}

/* What is in force by now must hold by itself, before the next layer hides it. */
static void self_try(const struct child *c, enum selftest_stage stage)
{
        if (c->cell.kind == SPAWN_SELFTEST)
                selftest_try(stage);
}

static int step_handlers(const struct child *c, struct err *err)
{
        int r;

        if (c->cell.kind != SPAWN_CELL)
                return 0;
        r = fault_install(CELL_SOCKET, c->cell.flags & SPAWN_PROCESSES);
        return r < 0 ? err_sys(err, r, "cannot set the cell's signal handlers") : 0;
}

static int listener_hand_over(const struct child *c, int listener, struct err *err)
{
        int r = frame_send_fds(c->control, SPAWN_LISTENER, 0, &c->cell.id, sizeof(c->cell.id),
                               &listener, 1, 0);

        (void) close(listener);
        return r < 0 ? err_sys(err, r, "cannot hand over the listener of system calls") : 0;
}

/* The host hears of every call from here on; the filter that refuses comes on top. */
static int step_trace(const struct child *c, struct err *err)
{
        int listener;

        if (!(c->cell.flags & SPAWN_TRACE))
                return 0;
        listener = confine_trace(c->control, err);
        return listener < 0 ? listener : listener_hand_over(c, listener, err);
}

/* A program has left our handlers behind; there can be one listener only. */
static int step_stage1(const struct child *c, struct err *err)
{
        size_t n = c->cell.stage1_bytes / sizeof(*c->stage1);
        int listener, r;

        if (!c->program || c->cell.flags & SPAWN_TRACE)
                return confine_filter(c->stage1, n, err);
        r = confine_filter_told(c->stage1, n, &listener, err);
        return r < 0 || listener < 0 ? r : listener_hand_over(c, listener, err);
}

/* Those that the limit does not count. The group's comes first, where there is one: it can tell. */
static unsigned processes_first(const struct child *c)
{
        return (c->program ? 2 : 1) + (c->plan->group ? 1 : 0);
}

/*
 * A program that is refused address space says nothing of it to us and ends as it likes. Where its
 * group counts what it really uses, that is the limit, and who passes it is ended and told of it.
 */
static bool is_counted(const struct child *c)
{
        return c->program && c->plan->group;
}

static int step_confine(struct child *c, struct err *err)
{
        const struct spawn_cell *cell = &c->cell;
        int r;

        r = confine_capabilities(err);
        if (r == 0)
                r = confine_limits(&cell->limits, processes_first(c), c->plan->has_userns,
                                   is_counted(c), err);
        if (r == 0 && cell->kind == SPAWN_SELFTEST)
                r = selftest_begin(c->plan->features, c->plan->landlock_abi, err);
        self_try(c, SELFTEST_ROOT);
        if (r == 0)
                r = step_landlock(c, err);
        if (r < 0)
                return r;
        self_try(c, SELFTEST_LANDLOCK);
        if (!(cell->flags & (SPAWN_JIT | SPAWN_STAGE1)))
                c->has_mdwe = confine_mdwe();
        self_try(c, SELFTEST_MDWE);
        r = step_handlers(c, err);
        if (r < 0)
                return r;
        if (!c->plan->has_userns) {
                r = confine_signals(err);
                if (r < 0)
                        return r;
        }
        r = step_trace(c, err);
        if (r < 0)
                return r;
        return step_stage1(c, err);
}

static int child_setup(struct child *c, struct err *err)
{
        int r;

        r = step_filter(c, err);
        if (r == 0)
                r = step_program(c, err);
        if (r == 0)
                r = step_root(c, err);
        if (r == 0)
                r = step_descriptors(c, err);
        if (r == 0)
                r = step_confine(c, err);
        return r;
}

void child_main(const struct child_plan *plan)
{
        struct child c = { .plan = plan, .own = -1, .ruleset = -1, .upper = -1, .control = -1 };
        struct runtime_plan runtime = {
                .object = plan->has_userns ? ROOT_OBJECT : BARE_OBJECT,
                .object_fd = plan->has_userns ? -1 : CELL_OBJECT,
                .socket = CELL_SOCKET,
                .workspace_fd = -1,
                .limits = &c.cell.limits,
        };
        struct err err = { 0 };
        int r;

        r = blank_setup(&c, &err);
        /* Who is made for somebody already can tell him. */
        blank_wait(&c, r < 0 && plan->is_ahead ? MSG_DONTWAIT : 0);
        if (r == 0)
                r = child_setup(&c, &err);
        if (r < 0) {
                setup_send(&c, r, err.text, strlen(err.text));
                _exit(1);
        }
        if (c.upper >= 0 || c.unreadable_length)
                setup_send(&c, 0, c.unreadable, c.unreadable_length);

        /* From here on nothing but the cell's own descriptors is open. */
        (void) close(c.control);
        (void) close(c.ruleset);
        if (c.upper >= 0)
                (void) close(c.upper);
        if (c.cell.kind == SPAWN_INSPECTOR)
                inspect_main(CELL_SOCKET, CELL_EXTRA, plan->inspect);
        if (c.cell.kind == SPAWN_SELFTEST)
                selftest_main(CELL_SOCKET, c.stage2);
        if (c.cell.workspace != WORKSPACE_NONE)
                runtime.workspace_fd = CELL_EXTRA;
        runtime.is_warm = c.cell.flags & SPAWN_WARM;
        runtime.is_late = c.cell.flags & SPAWN_LATE;
        runtime.has_mdwe = c.has_mdwe;
        runtime.flags = c.cell.flags;
        runtime.program = (struct exec_plan){ c.program, c.speech[0], c.speech[1] };
        if (!(c.cell.flags & SPAWN_STAGE1))
                runtime.stage2 = c.stage2;
        runtime_main(&runtime);
}
