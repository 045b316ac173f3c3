/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cell/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/utf8.h"
#include "cell/cause.h"
#include "cell/inspect.h"
#include "cell/memfd.h"
#include "cell/pool.h"
#include "cell/program.h"
#include "cell/tier.h"

#define HELLO_TIMEOUT_MS   10000
#define INSPECT_TIMEOUT_MS 10000
#define INSPECT_BYTES_MAX  (1U << 20)
#define OBJECT_BYTES_MAX   (256ULL << 20)

/* A filter that was built, under the names it was built for: "jit\nthreads\n". */
struct filter_slot {
        struct filter_slot *next;
        struct filter filter;
        char key[];
};

struct object_slot {
        struct object_slot *next;
        char sha256[SHA256_HEX];
        char program[SHA256_HEX]; /* of the program before it */
        int fd;
};

enum tier sandbox_tier(const struct sandbox *s)
{
        return s->tier;
}

int sandbox_filter(struct sandbox *s, const char *const *groups, const struct filter **ret,
                   struct err *err)
{
        _cleanup_(buf_done) struct buf key = { 0 };
        struct filter_slot *slot;
        int r;

        for (size_t i = 0; groups && groups[i]; i++)
                if (buf_puts(&key, groups[i]) < 0 || buf_putc(&key, '\n') < 0)
                        return err_set(err, -ENOMEM, "no memory for a system call filter");
        for (slot = s->filters; slot; slot = slot->next)
                if (strcmp(slot->key, buf_text(&key)) == 0) {
                        *ret = &slot->filter;
                        return 0;
                }
        slot = calloc(1, sizeof(*slot) + key.length + 1);
        if (!slot)
                return err_set(err, -ENOMEM, "no memory for a system call filter");
        r = filter_build(&slot->filter, groups, err);
        if (r < 0) {
                free(slot);
                return r;
        }
        memcpy(slot->key, buf_text(&key), key.length + 1);
        slot->next = s->filters;
        s->filters = slot;
        *ret = &slot->filter;
        return 0;
}

static int object_keep(struct sandbox *s, const char *sha256, const char *program, int *fd,
                       struct err *err)
{
        struct object_slot *slot = calloc(1, sizeof(*slot));

        if (!slot)
                return err_set(err, -ENOMEM, "no memory for the agent's object");
        (void) snprintf(slot->sha256, sizeof(slot->sha256), "%s", sha256);
        (void) snprintf(slot->program, sizeof(slot->program), "%s", program);
        slot->fd = TAKE_FD(*fd);
        slot->next = s->objects;
        s->objects = slot;
        return slot->fd;
}

/* The bytes that were hashed are those that are kept: a copy first, then the look at it. */
static int object_copy(int *ret_fd, const struct cell_spec *spec, const struct buf *program,
                       struct err *err)
{
        _cleanup_(closep) int copy = -1;
        char found[SHA256_HEX];
        int r;

        copy = memfd_of_fd("linhay-object", program->data, program->length, spec->agent_fd,
                           OBJECT_BYTES_MAX);
        if (copy < 0)
                return err_sys(err, copy, "cannot copy the agent's object");
        r = lseek(copy, (off_t) program->length, SEEK_SET) < 0 ? -errno : sha256_fd(found, copy);
        if (r < 0)
                return err_sys(err, r, "cannot read the agent's object");
        if (strcmp(found, spec->agent_sha256) != 0)
                return err_set(err, -EBADMSG,
                               "the agent's object is not the one that was checked: its sha256 is "
                               "%s, not %s",
                               found, spec->agent_sha256);
        *ret_fd = TAKE_FD(copy);
        return 0;
}

int sandbox_object(struct sandbox *s, const struct cell_spec *spec, int *ret, uint32_t *ret_program,
                   struct err *err)
{
        _cleanup_(buf_done) struct buf program = { 0 };
        _cleanup_(closep) int copy = -1;
        char key[SHA256_HEX];
        int r = spec->program ? program_write(&program, spec->program) : 0;

        if (r < 0)
                return err_sys(err, r, "the program of the agent and its grant are too long");
        sha256_hex(key, buf_text(&program), program.length);
        *ret_program = (uint32_t) program.length;
        for (struct object_slot *slot = s->objects; slot; slot = slot->next)
                if (strcmp(slot->sha256, spec->agent_sha256) == 0 &&
                    strcmp(slot->program, key) == 0) {
                        *ret = slot->fd;
                        return 0;
                }
        r = object_copy(&copy, spec, &program, err);
        if (r == 0)
                r = object_keep(s, spec->agent_sha256, key, &copy, err);
        if (r < 0)
                return r;
        *ret = r;
        return 0;
}

int sandbox_spawn(struct sandbox *s, const struct spawn_request *request, const int *fds,
                  size_t n_fds, struct err *err)
{
        int r;

        if (s->is_lost)
                return err_set(err, -EPIPE, "linhay-cell is gone; start linhay again");
        r = frame_send_fds(s->socket, SPAWN_REQUEST, 0, request, spawn_request_length(request), fds,
                           n_fds, 0);
        return r < 0 ? err_sys(err, r, "cannot ask linhay-cell for a cell") : 0;
}

int sandbox_attach(struct sandbox *s, const struct spawn_request *request, int socket,
                   struct err *err)
{
        int r;

        if (s->is_lost)
                return err_set(err, -EPIPE, "linhay-cell is gone; start linhay again");
        r = frame_send_fds(s->socket, SPAWN_ATTACH, 0, request, spawn_request_length(request),
                           &socket, 1, 0);
        return r < 0 ? err_sys(err, r, "cannot ask linhay-cell for a workspace") : 0;
}

void sandbox_soon(struct sandbox *s)
{
        if (!s->is_lost && s->cells && !*cell_next(s->cells))
                (void) frame_send(s->socket, SPAWN_SOON, 0, NULL, 0, MSG_DONTWAIT);
}

int sandbox_warm(struct sandbox *s, const struct cell_spec *spec, size_t n, struct err *err)
{
        if (!s->pool)
                return err_set(err, -EOPNOTSUPP, "no cells are kept warm here");
        return pool_want(s->pool, spec, n, err);
}

size_t sandbox_n_warm(const struct sandbox *s)
{
        return s->pool ? pool_count(s->pool) : 0;
}

static bool object_is_needed(struct sandbox *s, const struct object_slot *slot)
{
        struct cell *c = s->cells;

        while (c && cell_object(c) != slot->fd)
                c = *cell_next(c);
        return c != NULL;
}

static void object_free(struct object_slot *slot)
{
        closep(&slot->fd);
        free(slot);
}

void sandbox_drain(struct sandbox *s)
{
        pool_drain(s->pool);
        for (struct object_slot **at = &s->objects, *slot; (slot = *at) != NULL;)
                if (object_is_needed(s, slot)) {
                        at = &slot->next;
                } else {
                        *at = slot->next;
                        object_free(slot);
                }
}

static struct cell *cell_find(struct sandbox *s, uint64_t id)
{
        struct cell *c = s->cells;

        while (c && cell_id(c) != id)
                c = *cell_next(c);
        return c;
}

static void message_attached(struct sandbox *s, struct frame_fds *fds)
{
        struct spawn_setup setup;
        struct cell *c;
        int upper = frame_fds_take(fds, 0);

        memcpy(&setup, s->frame.body, sizeof(setup));
        c = cell_find(s, setup.id);
        if (c)
                cell_attached(c, &setup, &upper);
        closep(&upper);
}

static void message_setup(struct sandbox *s, struct frame_fds *fds)
{
        struct spawn_setup setup;
        struct cell *c;
        int upper = frame_fds_take(fds, 0);

        memcpy(&setup, s->frame.body, sizeof(setup));
        c = cell_find(s, setup.id);
        if (c)
                cell_setup(c, &setup, s->frame.body + sizeof(setup),
                           s->frame.header.length - sizeof(setup), &upper);
        closep(&upper);
}

static void message_listener(struct sandbox *s, struct frame_fds *fds)
{
        int listener = frame_fds_take(fds, 0);
        struct cell *c;
        uint64_t id;

        memcpy(&id, s->frame.body, sizeof(id));
        c = cell_find(s, id);
        if (c && listener >= 0)
                cell_listener(c, &listener);
        closep(&listener);
}

/* From a trusted process; a length that is wrong is a fault of our own and ends the connection. */
static int message_dispatch(struct sandbox *s, struct frame_fds *fds)
{
        const struct frame_header *h = &s->frame.header;

        if (h->type == SPAWN_STARTED && h->length == sizeof(struct spawn_started)) {
                struct spawn_started started;
                struct cell *c;
                int pidfd = frame_fds_take(fds, 0);

                memcpy(&started, s->frame.body, sizeof(started));
                c = cell_find(s, started.id);
                if (c)
                        cell_started(c, &started, &pidfd);
                closep(&pidfd);
                return 0;
        }
        if (h->type == SPAWN_SETUP && h->length >= sizeof(struct spawn_setup)) {
                message_setup(s, fds);
                return 0;
        }
        if (h->type == SPAWN_ATTACHED && h->length >= sizeof(struct spawn_setup)) {
                message_attached(s, fds);
                return 0;
        }
        if (h->type == SPAWN_LISTENER && h->length == sizeof(uint64_t)) {
                message_listener(s, fds);
                return 0;
        }
        if (h->type == SPAWN_EXITED && h->length == sizeof(struct spawn_exited)) {
                struct spawn_exited exited;
                struct cell *c;

                memcpy(&exited, s->frame.body, sizeof(exited));
                c = cell_find(s, exited.id);
                if (c)
                        cell_exited(c, &exited);
                return 0;
        }
        return -EBADMSG;
}

/* Every cell ends with trouble; its process dies with the zygote. */
static void sandbox_lose(struct sandbox *s)
{
        s->is_lost = true;
        loop_remove(s->loop, &s->control);
        while (s->cells) {
                struct cell *c = s->cells;
                const struct spawn_setup setup = { .id = cell_id(c), .code = -EPIPE };
                const struct spawn_exited exited = { .id = cell_id(c), .status = SIGKILL };
                static const char text[] = "linhay-cell ended unexpectedly";
                int none = -1;

                cell_setup(c, &setup, text, strlen(text), &none);
                cell_exited(c, &exited);
        }
}

static int control_ready(struct loop_source *source, uint32_t events)
{
        struct sandbox *s = source->owner;

        (void) events;
        for (int i = 0; i < 64; i++) {
                struct frame_fds fds = { 0 };
                int r = frame_receive(s->socket, &s->frame, &fds, MSG_DONTWAIT);

                if (r == -EAGAIN)
                        return 0;
                if (r > 0)
                        r = message_dispatch(s, &fds) < 0 ? -EBADMSG : 1;
                frame_fds_done(&fds);
                if (r <= 0) {
                        sandbox_lose(s);
                        return 0;
                }
        }
        return 0;
}

/* Beside the running program, as in a build folder, else where it was installed. */
static int cell_path_find(char *ret, size_t size, const char *given)
{
        char self[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        char *slash;

        if (given)
                return snprintf(ret, size, "%s", given) < (int) size ? 0 : -ENAMETOOLONG;
        if (n > 0) {
                self[n] = '\0';
                slash = strrchr(self, '/');
                if (slash)
                        *slash = '\0';
                if (slash && snprintf(ret, size, "%s/linhay-cell", self) < (int) size &&
                    access(ret, X_OK) == 0)
                        return 0;
        }
        (void) snprintf(ret, size, "%s/linhay-cell", LINHAY_LIBEXECDIR);
        return access(ret, X_OK) == 0 ? 0 : -errno;
}

static int spawn_prepare(posix_spawn_file_actions_t *files, posix_spawnattr_t *attr, int socket)
{
        sigset_t none, all;

        (void) sigemptyset(&none);
        (void) sigfillset(&all);
        if (posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                   POSIX_SPAWN_SETSIGDEF) ||
            posix_spawnattr_setsigmask(attr, &none) || posix_spawnattr_setsigdefault(attr, &all) ||
            posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDWR, 0) ||
            posix_spawn_file_actions_adddup2(files, 0, 1) ||
            posix_spawn_file_actions_adddup2(files, socket, SPAWN_SOCKET) ||
#ifndef LINHAY_SANITIZE /* its reports are worth a descriptor */
            posix_spawn_file_actions_adddup2(files, 0, 2) ||
#endif
            posix_spawn_file_actions_addclosefrom_np(files, SPAWN_SOCKET + 1))
                return -ENOMEM;
        return 0;
}

/* A host that is looked at by a debugger has no random addresses; its cells shall have them. */
static int spawn_with_random_addresses(struct sandbox *s, const char *path,
                                       const posix_spawn_file_actions_t *files,
                                       const posix_spawnattr_t *attr, char *const argv[])
{
        static char *const environment[] = { NULL };
        int persona = personality(0xffffffff), r;

        if (persona > 0)
                (void) personality(PER_LINUX);
        r = -posix_spawn(&s->pid, path, files, attr, argv, environment);
        if (persona > 0)
                (void) personality((unsigned long) persona);
        return r;
}

/* No environment, no descriptor but the socket, a session of its own (Ctrl-C is the host's). */
static int zygote_exec(struct sandbox *s, const char *path, int socket, struct err *err)
{
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attr;
        char *argv[] = { (char *) "linhay-cell", (char *) "zygote", NULL };
        int r;

        if (posix_spawn_file_actions_init(&files) || posix_spawnattr_init(&attr))
                return err_set(err, -ENOMEM, "no memory to start linhay-cell");
        r = spawn_prepare(&files, &attr, socket);
        if (r == 0)
                r = spawn_with_random_addresses(s, path, &files, &attr, argv);
        (void) posix_spawn_file_actions_destroy(&files);
        (void) posix_spawnattr_destroy(&attr);
        if (r < 0) {
                s->pid = -1;
                return err_sys(err, r, "cannot start %s", path);
        }
        return 0;
}

static int hello_receive(struct sandbox *s, struct err *err)
{
        struct pollfd p = { .fd = s->socket, .events = POLLIN };
        size_t text, first;
        int r;

        do
                r = poll(&p, 1, HELLO_TIMEOUT_MS);
        while (r < 0 && errno == EINTR);
        if (r <= 0)
                return err_set(err, -ETIMEDOUT, "linhay-cell did not answer in %d s",
                               HELLO_TIMEOUT_MS / 1000);
        r = frame_receive(s->socket, &s->frame, NULL, MSG_DONTWAIT);
        if (r <= 0 || s->frame.header.type != SPAWN_HELLO ||
            s->frame.header.length < sizeof(s->hello))
                return err_set(err, -EIO, "linhay-cell ended while it was starting");
        memcpy(&s->hello, s->frame.body, sizeof(s->hello));
        text = s->frame.header.length - sizeof(s->hello);
        first = strnlen(s->frame.body + sizeof(s->hello), text);
        (void) snprintf(s->why_degraded, sizeof(s->why_degraded), "%.*s", (int) first,
                        s->frame.body + sizeof(s->hello));
        if (first < text)
                (void) snprintf(s->why_no_cgroup, sizeof(s->why_no_cgroup), "%.*s",
                                (int) (text - first - 1),
                                s->frame.body + sizeof(s->hello) + first + 1);
        return 0;
}

/* The zygote says what the kernel answered; what may stand behind it is added here. */
static void why_degraded_explain(struct sandbox *s)
{
        _cleanup_(buf_done) struct buf causes = { 0 };
        size_t used = strlen(s->why_degraded);

        if (!(s->hello.features & SPAWN_HAS_USERNS) && cause_find(&causes, "") == 0)
                (void) snprintf(s->why_degraded + used, sizeof(s->why_degraded) - used, "%s",
                                buf_text(&causes));
}

/* Waits for one frame until the deadline: 1, 0 at the end of the stream, or a negative errno. */
static int frame_wait(int socket, struct frame *frame, uint64_t deadline)
{
        for (;;) {
                struct pollfd p = { .fd = socket, .events = POLLIN };
                uint64_t now = clock_ms();
                int r = poll(&p, 1, now < deadline ? (int) (deadline - now) : 0);
                struct frame_fds fds = { 0 };

                if (r < 0 && errno == EINTR)
                        continue;
                if (r <= 0)
                        return r < 0 ? -errno : -ETIMEDOUT;
                r = frame_receive(socket, frame, &fds, MSG_DONTWAIT);
                frame_fds_done(&fds); /* the pidfd of a cell that nobody waits for */
                return r;
        }
}

/* The first cell of this zygote said nothing of its own: what does the zygote say of it? */
static int selftest_blame(struct sandbox *s, uint64_t deadline, struct err *err)
{
        while (frame_wait(s->socket, &s->frame, deadline) > 0) {
                const struct frame_header *h = &s->frame.header;

                if (h->type == SPAWN_SETUP && h->length > sizeof(struct spawn_setup))
                        return err_set(err, -EPERM,
                                       "agents cannot be confined here: a cell cannot be made: "
                                       "%.*s",
                                       (int) (h->length - sizeof(struct spawn_setup)),
                                       s->frame.body + sizeof(struct spawn_setup));
                if (h->type == SPAWN_EXITED)
                        break;
        }
        return err_set(err, -EPERM,
                       "agents cannot be confined here: the self-test's cell ended early");
}

static int selftest_hear(struct sandbox *s, int socket, struct err *err)
{
        uint64_t deadline = clock_ms() + HELLO_TIMEOUT_MS;
        size_t length;
        int r;

        r = frame_wait(socket, &s->frame, deadline);
        if (r <= 0 || s->frame.header.type != SELFTEST_END ||
            s->frame.header.length < sizeof(s->tested))
                return selftest_blame(s, deadline, err);
        memcpy(&s->tested, s->frame.body, sizeof(s->tested));
        length = s->frame.header.length - sizeof(s->tested);
        if (length == 0)
                return 0;
        return err_set(err, -EPERM,
                       "agents cannot be confined here: a throw-away cell could do what it must "
                       "not. What does not hold: %.*s. Nothing runs until it does; no option "
                       "changes that",
                       (int) length, s->frame.body + sizeof(s->tested));
}

/* A throw-away cell tries what must not be possible, before the first real one. */
static int sandbox_selftest(struct sandbox *s, struct err *err)
{
        _cleanup_(closep) int ours = -1, theirs = -1;
        struct spawn_request request = { .cell.id = ++s->last_id, .cell.kind = SPAWN_SELFTEST };
        const struct filter *filter;
        int fds[SPAWN_FDS_], pair[2], r;

        r = sandbox_filter(s, NULL, &filter, err);
        if (r < 0)
                return r;
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return err_sys(err, -errno, "cannot make a socket for the self-test");
        ours = pair[0];
        theirs = pair[1];
        limits_standard(&request.cell.limits);
        request.cell.stage1_bytes = filter->stage1_bytes;
        request.cell.stage2_bytes = filter->stage2_bytes;
        fds[SPAWN_FD_SOCKET] = theirs;
        fds[SPAWN_FD_LOG] = theirs; /* not used by a self-test */
        fds[SPAWN_FD_FILTER] = filter->fd;
        fds[SPAWN_FD_OBJECT] = filter->fd; /* any bytes; nothing loads them */
        r = sandbox_spawn(s, &request, fds, SPAWN_FD_OBJECT + 1, err);
        if (r < 0)
                return r;
        closep(&theirs);
        return selftest_hear(s, ours, err);
}

/* The zygote runs and has said what it found. */
static int sandbox_begin(struct sandbox *s, const struct sandbox_options *options, struct err *err)
{
        _cleanup_(closep) int theirs = -1;
        char path[PATH_MAX];
        int pair[2], r;

        s->socket = s->pid = s->inspector.fd = -1;
        r = cell_path_find(path, sizeof(path), options->cell_path);
        if (r < 0)
                return err_sys(err, r,
                               "cannot find the program linhay-cell: it is neither beside "
                               "this program nor in " LINHAY_LIBEXECDIR);
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return err_sys(err, -errno, "cannot make a socket for linhay-cell");
        s->socket = pair[0];
        theirs = pair[1];
        r = zygote_exec(s, path, theirs, err);
        if (r < 0)
                return r;
        closep(&theirs);
        r = hello_receive(s, err);
        if (r < 0)
                return r;
        why_degraded_explain(s);
        s->tier = tier_find(&s->hello);
        return 0;
}

/* May agents run? */
static int sandbox_judge(struct sandbox *s, const struct sandbox_options *options, struct err *err)
{
        const struct tier_causes why = { s->why_degraded, s->why_no_cgroup };
        int r = tier_require(s->tier, &s->hello, &why, options, err);

        return r < 0 ? r : sandbox_selftest(s, err);
}

static int sandbox_pool(struct sandbox *s, const struct sandbox_options *options, struct err *err)
{
        int r;

        if (!options->pool || !(s->hello.features & SPAWN_HAS_AHEAD))
                return 0;
        r = pool_new(&s->pool, s, options->pool);
        return r < 0 ? err_sys(err, r, "cannot make the pool of cells") : 0;
}

int sandbox_new(struct sandbox **ret, struct loop *loop, const struct sandbox_options *options,
                struct err *err)
{
        _cleanup_(sandbox_freep) struct sandbox *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return err_set(err, -ENOMEM, "no memory for the sandbox");
        s->loop = loop;
        r = sandbox_begin(s, options, err);
        if (r == 0)
                r = sandbox_judge(s, options, err);
        if (r < 0)
                return r;
        r = loop_add_fd(loop, &s->control, s->socket, EPOLLIN, control_ready, s);
        if (r < 0)
                return err_sys(err, r, "cannot watch linhay-cell");
        r = sandbox_pool(s, options, err);
        if (r < 0)
                return r;
        *ret = TAKE(s);
        return 0;
}

int sandbox_look(json_t **ret, enum tier *ret_tier, const struct sandbox_options *options,
                 struct err *ret_refusal, struct err *err)
{
        _cleanup_(sandbox_freep) struct sandbox *s = calloc(1, sizeof(*s));
        _cleanup_(loop_freep) struct loop *loop = NULL;
        int r;

        if (!s)
                return err_set(err, -ENOMEM, "no memory for the sandbox");
        r = loop_new(&loop);
        if (r < 0)
                return err_sys(err, r, "cannot make the event loop");
        s->loop = loop;
        r = sandbox_begin(s, options, err);
        if (r < 0)
                return r;
        *ret_refusal = (struct err){ 0 };
        (void) sandbox_judge(s, options, ret_refusal);
        r = sandbox_pool(s, options, err);
        if (r < 0)
                return r;
        *ret = sandbox_describe(s);
        *ret_tier = s->tier;
        s = sandbox_free(s);
        return 0;
}

static void filters_free(struct sandbox *s)
{
        while (s->filters) {
                struct filter_slot *slot = s->filters;

                s->filters = slot->next;
                filter_done(&slot->filter);
                free(slot);
        }
        filter_done(&s->inspector);
}

static void objects_free(struct sandbox *s)
{
        while (s->objects) {
                struct object_slot *slot = s->objects;

                s->objects = slot->next;
                object_free(slot);
        }
}

struct sandbox *sandbox_free(struct sandbox *s)
{
        if (!s)
                return NULL;
        if (s->cells)
                sandbox_lose(s);
        loop_remove(s->loop, &s->control);
        /* The zygote sees the end of its socket, kills what runs, and exits. */
        closep(&s->socket);
        if (s->pid > 0)
                while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
                        ;
        s->pool = pool_free(s->pool);
        filters_free(s);
        objects_free(s);
        free(s);
        return NULL;
}

json_t *sandbox_describe(const struct sandbox *s)
{
        const struct tier_causes why = { s->why_degraded, s->why_no_cgroup };
        json_t *rows = tier_describe(&s->hello, &why, &s->tested);

        (void) json_array_append_new(rows, pool_describe(s->pool));
        return rows;
}

/* Gathers the inspector's pieces until its end or the deadline. */
static int inspect_gather(int socket, struct frame *frame, struct buf *text, struct err *err)
{
        uint64_t deadline = clock_ms() + INSPECT_TIMEOUT_MS;

        for (;;) {
                struct pollfd p = { .fd = socket, .events = POLLIN };
                uint64_t now = clock_ms();
                int r = poll(&p, 1, now < deadline ? (int) (deadline - now) : 0);

                if (r < 0 && errno == EINTR)
                        continue;
                if (r <= 0)
                        return err_set(err, -ETIMEDOUT, "reading the manifest took too long");
                r = frame_receive(socket, frame, NULL, MSG_DONTWAIT);
                if (r <= 0)
                        return err_set(err, -EIO,
                                       "the manifest's reader ended early: the object "
                                       "is damaged");
                if (frame->header.type == INSPECT_END)
                        return 0;
                if (frame->header.type == INSPECT_ERROR) {
                        _cleanup_(buf_done) struct buf clean = { 0 };

                        (void) utf8_clean(&clean, frame->body, frame->header.length, false);
                        return err_set(err, -ENOEXEC, "%s", buf_text(&clean));
                }
                if (frame->header.type != INSPECT_TEXT ||
                    buf_add(text, frame->body, frame->header.length) < 0)
                        return err_set(err, -EFBIG, "the manifest is too large");
        }
}

int sandbox_inspect(struct sandbox *s, int fd, char **ret, size_t *ret_length, struct err *err)
{
        _cleanup_(closep) int ours = -1, theirs = -1, object = -1;
        _cleanup_(buf_done) struct buf text = BUF_LIMIT(INSPECT_BYTES_MAX);
        struct spawn_request request = { .cell.id = ++s->last_id, .cell.kind = SPAWN_INSPECTOR };
        int fds[SPAWN_FDS_], pair[2], r;

        if (s->inspector.fd < 0) {
                r = filter_build_inspector(&s->inspector, err);
                if (r < 0)
                        return r;
        }
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return err_sys(err, -errno, "cannot make a socket for the manifest's reader");
        ours = pair[0];
        theirs = pair[1];
        object = memfd_own("linhay-object", fd, OBJECT_BYTES_MAX);
        if (object < 0)
                return err_sys(err, object, "cannot read the object");

        limits_standard(&request.cell.limits);
        request.cell.limits.value[LIMIT_CPU] = 5000;
        request.cell.stage1_bytes = s->inspector.stage1_bytes;
        fds[SPAWN_FD_SOCKET] = theirs;
        fds[SPAWN_FD_LOG] = theirs; /* not used by an inspector */
        fds[SPAWN_FD_FILTER] = s->inspector.fd;
        fds[SPAWN_FD_OBJECT] = object;
        r = sandbox_spawn(s, &request, fds, SPAWN_FD_OBJECT + 1, err);
        if (r < 0)
                return r;
        closep(&theirs);
        r = inspect_gather(ours, &s->frame, &text, err);
        if (r < 0)
                return r;
        *ret_length = text.length;
        *ret = text.data ? buf_take(&text) : strdup("");
        return *ret ? 0 : err_set(err, -ENOMEM, "no memory for the manifest");
}
