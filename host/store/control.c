/* SPDX-License-Identifier: Apache-2.0 */
#include "store/control.h"

#include "base/io.h"
#include "base/json.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define SOCKET_NAME "control"
#define PEERS_MAX   64
#define REQUEST_MAX ((size_t) 12 << 20) /* a definition of 8 MiB, and what goes with it */
#define REPLY_MAX   ((size_t) 16 << 20)
#define IDLE_MS     30000
#define LARGE       ((size_t) 64 << 10) /* a request longer than that … */
#define LARGE_MAX   4                   /* … is read from so many peers at once */

struct peer {
        struct control *control; /* NULL: the slot is free */
        int fd;
        struct loop_source source;
        struct loop_source idle;
        struct control_peer who;
        struct buf in;
        size_t n_looked; /* bytes of `in` in which there is no end of a line */
        struct buf out;
        struct control_call *call; /* the request that is being answered; nothing is read then */
        bool is_turning;           /* in peer_turn(): a reply from inside only queues */
        bool is_ending;            /* goes when `out` is sent */
};

struct control_call {
        struct control *control;
        struct peer *peer; /* NULL when it left */
        struct control_call *next;
};

struct control {
        struct loop *loop;
        int dirfd;
        int fd;
        struct loop_source source;
        control_handler handler;
        void *user;
        struct peer peers[PEERS_MAX];
        struct control_call *calls;
};

/* The socket by way of the folder's descriptor: sun_path holds 107 bytes, a store's path may have
 * more. */
static struct sockaddr_un socket_address(int dirfd)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        (void) snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" SOCKET_NAME,
                        dirfd);
        return address;
}

static void peer_close(struct peer *p)
{
        loop_remove(p->control->loop, &p->source);
        loop_remove(p->control->loop, &p->idle);
        if (p->call)
                p->call->peer = NULL;
        closep(&p->fd);
        buf_done(&p->in);
        buf_done(&p->out);
        *p = (struct peer){ .fd = -1 };
}

static int peer_idle(struct loop_source *source, uint32_t events)
{
        (void) events;
        peer_close(source->owner);
        return 0;
}

static int peer_queue(struct peer *p, const json_t *reply)
{
        _cleanup_(freep) char *text = json_dumps(reply, JSON_COMPACT);
        int r = text ? buf_puts(&p->out, text) : -ENOMEM;

        return r < 0 ? r : buf_putc(&p->out, '\n');
}

static void peer_refuse(struct peer *p, const char *code, const char *message)
{
        _cleanup_(json_decrefp) json_t *reply =
                json_pack("{s:{s:s, s:s}}", "error", "code", code, "message", message);

        if (!reply || peer_queue(p, reply) < 0)
                p->is_ending = true;
}

static void call_free(struct control_call *call)
{
        struct control_call **at = &call->control->calls;

        while (*at != call)
                at = &(*at)->next;
        *at = call->next;
        free(call);
}

/* One line is one request. */
static void peer_request(struct peer *p, const char *line, size_t length)
{
        _cleanup_(json_decrefp) json_t *request = NULL;
        struct control *c = p->control;
        struct err err = { 0 };

        if (json_text_load(&request, line, length, "request", &err) < 0) {
                peer_refuse(p, "bad-request", err.text);
                return;
        }
        if (!json_is_object(request)) {
                peer_refuse(p, "bad-request", "a request is one JSON object on one line");
                return;
        }
        p->call = calloc(1, sizeof(*p->call));
        if (!p->call) {
                p->is_ending = true;
                return;
        }
        *p->call = (struct control_call){ .control = c, .peer = p, .next = c->calls };
        c->calls = p->call;
        c->handler(c->user, p->call, &p->who, request);
}

static void peer_requests(struct peer *p)
{
        while (!p->call && !p->is_ending) {
                size_t unseen = p->in.length - p->n_looked;
                char *end = unseen ? memchr(p->in.data + p->n_looked, '\n', unseen) : NULL;
                size_t length = end ? (size_t) (end - p->in.data) : 0;

                p->n_looked = end ? 0 : p->in.length;

                if (!end && p->in.length >= REQUEST_MAX) {
                        peer_refuse(p, "too-long", "a request is one line of at most 12 MiB");
                        p->is_ending = true;
                }
                if (!end)
                        return;
                peer_request(p, p->in.data, length);
                buf_drop(&p->in, length + 1);
        }
}

/* So that peers together cannot make us hold more than a few large requests. */
static bool is_one_too_many(const struct peer *p)
{
        size_t n = 0;

        if (p->in.length <= LARGE || p->is_ending)
                return false;
        for (size_t i = 0; i < PEERS_MAX; i++)
                n += p->control->peers[i].control && p->control->peers[i].in.length > LARGE;
        return n > LARGE_MAX;
}

static int peer_send(struct peer *p)
{
        while (p->out.length > 0) {
                ssize_t n = send(p->fd, p->out.data, p->out.length, MSG_NOSIGNAL | MSG_DONTWAIT);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN ? 0 : -errno;
                buf_drop(&p->out, (size_t) n);
        }
        return 0;
}

/* What a peer waits for next; a peer that we wait for has a limited time. */
static int peer_watch(struct peer *p)
{
        uint32_t events = (p->out.length > 0 ? (uint32_t) EPOLLOUT : 0) |
                          (p->call || p->is_ending ? 0 : (uint32_t) EPOLLIN);

        loop_remove(p->control->loop, &p->idle);
        if (loop_watch(p->control->loop, &p->source, events) < 0)
                return -EIO;
        if (p->call)
                return 0;
        return loop_add_timer(p->control->loop, &p->idle, IDLE_MS, peer_idle, p);
}

/* The one place that goes on with a peer, and the one that lets it go. */
static void peer_turn(struct peer *p)
{
        int r;

        p->is_turning = true;
        if (is_one_too_many(p)) {
                peer_refuse(p, "busy", "other large requests are being read; try again");
                buf_done(&p->in);
                p->is_ending = true;
        }
        peer_requests(p);
        r = peer_send(p);
        p->is_turning = false;
        if (r < 0 || (p->is_ending && p->out.length == 0) || peer_watch(p) < 0)
                peer_close(p);
}

/* Reads what is there, at most to the limit of a request. */
static int peer_read(struct peer *p)
{
        char bytes[65536];
        ssize_t n =
                recv(p->fd, bytes, MIN_OF(sizeof(bytes), REQUEST_MAX - p->in.length), MSG_DONTWAIT);

        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        return n == 0 ? -EPIPE : buf_add(&p->in, bytes, (size_t) n);
}

static int peer_ready(struct loop_source *source, uint32_t events)
{
        struct peer *p = source->owner;

        if ((events & (EPOLLHUP | EPOLLERR)) && !(events & EPOLLIN)) {
                peer_close(p);
                return 0;
        }
        if ((events & EPOLLIN) && !p->call && peer_read(p) < 0) {
                peer_close(p);
                return 0;
        }
        peer_turn(p);
        return 0;
}

/* The store's owner and root; the folder's mode says the same, this does not depend on it. */
static int peer_identify(int fd, struct control_peer *ret)
{
        struct ucred who;
        socklen_t length = sizeof(who);

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &length) < 0)
                return -errno;
        if (who.uid != 0 && who.uid != geteuid())
                return -EPERM;
        *ret = (struct control_peer){ .uid = who.uid, .pid = who.pid };
        return 0;
}

static int accept_peer(struct loop_source *source, uint32_t events)
{
        struct control *c = source->owner;
        _cleanup_(closep) int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        struct peer *p = NULL;

        (void) events;
        for (size_t i = 0; i < PEERS_MAX && !p; i++)
                if (!c->peers[i].control)
                        p = &c->peers[i];
        if (fd < 0 || !p || peer_identify(fd, &p->who) < 0)
                return 0;
        p->control = c;
        p->in = BUF_LIMIT(REQUEST_MAX);
        p->out = BUF_LIMIT(REPLY_MAX);
        p->fd = TAKE_FD(fd);
        if (loop_add_fd(c->loop, &p->source, p->fd, EPOLLIN, peer_ready, p) < 0 ||
            peer_watch(p) < 0)
                peer_close(p);
        return 0;
}

static int listen_socket(struct control *c, struct err *err)
{
        struct sockaddr_un address = socket_address(c->dirfd);

        c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (c->fd < 0)
                return err_sys(err, -errno, "cannot make the control socket");
        if (unlinkat(c->dirfd, SOCKET_NAME, 0) < 0 && errno != ENOENT)
                return err_sys(err, -errno, "cannot remove the control socket of a dead engine");
        if (bind(c->fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
            fchmodat(c->dirfd, SOCKET_NAME, 0600, 0) < 0 || listen(c->fd, PEERS_MAX) < 0)
                return err_sys(err, -errno, "cannot listen on the control socket of the store");
        return 0;
}

int control_new(struct control **ret, struct loop *loop, int store_dirfd, control_handler handler,
                void *user, struct err *err)
{
        _cleanup_(control_freep) struct control *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return err_sys(err, -ENOMEM, "cannot make the control socket");
        c->loop = loop;
        c->handler = handler;
        c->user = user;
        c->fd = -1;
        c->dirfd = fcntl(store_dirfd, F_DUPFD_CLOEXEC, 3);
        if (c->dirfd < 0)
                return err_sys(err, -errno, "cannot make the control socket");
        r = listen_socket(c, err);
        if (r < 0)
                return r;
        r = loop_add_fd(loop, &c->source, c->fd, EPOLLIN, accept_peer, c);
        if (r < 0)
                return err_sys(err, r, "cannot watch the control socket");

        *ret = TAKE(c);
        return 0;
}

struct control *control_free(struct control *c)
{
        if (!c)
                return NULL;
        for (size_t i = 0; i < PEERS_MAX; i++)
                if (c->peers[i].control)
                        peer_close(&c->peers[i]);
        while (c->calls)
                call_free(c->calls);
        if (c->fd >= 0) {
                loop_remove(c->loop, &c->source);
                (void) unlinkat(c->dirfd, SOCKET_NAME, 0);
        }
        closep(&c->fd);
        closep(&c->dirfd);
        free(c);
        return NULL;
}

void control_reply(struct control_call *call, json_t *reply)
{
        _cleanup_(json_decrefp) json_t *owned = reply;
        struct peer *p = call->peer;

        call_free(call);
        if (!p)
                return;
        p->call = NULL;
        if (!reply)
                peer_refuse(p, "no-memory", "out of memory");
        else if (peer_queue(p, reply) < 0)
                p->is_ending = true;
        if (!p->is_turning)
                peer_turn(p);
}

static int connect_engine(int *ret, const char *store_dir, uint64_t timeout_ms, struct err *err)
{
        struct timeval timeout = { .tv_sec = (time_t) (timeout_ms / 1000),
                                   .tv_usec = (suseconds_t) (timeout_ms % 1000 * 1000) };
        _cleanup_(closep) int dirfd = open(store_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(closep) int fd = -1;
        struct sockaddr_un address;

        if (dirfd < 0)
                return err_sys(err, -errno, "cannot open the store %s", store_dir);
        address = socket_address(dirfd);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0)
                return err_sys(err, -errno, "cannot make a socket");
        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
                if (errno == ENOENT || errno == ECONNREFUSED)
                        return err_set(err, -ECONNREFUSED, "no engine is alive on the store %s",
                                       store_dir);
                return err_sys(err, errno == EAGAIN ? -ETIMEDOUT : -errno,
                               "cannot reach the engine on the store %s", store_dir);
        }
        *ret = TAKE_FD(fd);
        return 0;
}

static int send_request(int fd, const json_t *request)
{
        _cleanup_(freep) char *text = json_dumps(request, JSON_COMPACT);
        size_t length = text ? strlen(text) : 0, sent = 0;

        if (!text)
                return -ENOMEM;
        text[length++] = '\n'; /* over its NUL: sent by length */
        while (sent < length) {
                ssize_t n = send(fd, text + sent, length - sent, MSG_NOSIGNAL);

                if (n < 0 && errno != EINTR)
                        return errno == EAGAIN ? -ETIMEDOUT : -errno;
                sent += n < 0 ? 0 : (size_t) n;
        }
        return 0;
}

/* Reads one line, without its end. */
static int receive_line(int fd, uint64_t deadline_ms, struct buf *line)
{
        struct pollfd ready = { .fd = fd, .events = POLLIN };
        char bytes[4096];

        for (;;) {
                uint64_t now = clock_ms();
                int r = poll(&ready, 1, now < deadline_ms ? (int) (deadline_ms - now) : 0);
                ssize_t n;

                if (r < 0 && errno == EINTR)
                        continue;
                if (r <= 0)
                        return r < 0 ? -errno : -ETIMEDOUT;
                n = recv(fd, bytes, sizeof(bytes), 0);
                if (n <= 0)
                        return n < 0 ? -errno : -ECONNRESET;
                r = buf_add(line, bytes, (size_t) n);
                if (r < 0)
                        return r;
                if (bytes[n - 1] == '\n') {
                        line->data[--line->length] = '\0';
                        return 0;
                }
        }
}

int control_request(const char *store_dir, const json_t *request, uint64_t timeout_ms,
                    json_t **ret_reply, struct err *err)
{
        _cleanup_(buf_done) struct buf line = BUF_LIMIT(REPLY_MAX);
        uint64_t deadline = clock_ms() + timeout_ms;
        _cleanup_(closep) int fd = -1;
        int r;

        r = connect_engine(&fd, store_dir, timeout_ms, err);
        if (r < 0)
                return r;
        r = send_request(fd, request);
        if (r == 0)
                r = receive_line(fd, deadline, &line);
        if (r < 0)
                return err_sys(err, r, "the engine on the store %s did not answer", store_dir);
        return json_text_load(ret_reply, buf_text(&line), line.length, "the engine's reply", err);
}
