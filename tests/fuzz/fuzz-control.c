/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes of a peer at the control socket, in pieces of any size
 *
 * The first byte says how requests are answered: at once, later, or with no memory for it; the
 * second how large the pieces are. The rest is what the peer sends. Promises: every line that is
 * one JSON object comes to the handler once, and one at a time; every line gets one line of JSON,
 * in order; what is no request gets a refusal with words; a peer that sends a line without end is
 * let go; and when it is gone, nothing of it is left.
 */
#include "fuzz-folder.h"

#include "base/json.h"
#include "store/control.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#define LINE_MOST (64U << 10) /* of a request, as store/control.c says */

struct scene {
        struct loop *loop;
        struct control *control;
        struct loop_source turn;
        uint8_t how;
        struct control_call *waits;
        unsigned requests, number;
        int fd;
        struct buf sent, heard;
        bool is_closed;
};

static void answer(struct scene *s, struct control_call *call)
{
        s->waits = NULL;
        control_reply(call, s->how & 2 ? NULL : json_pack("{s:i}", "number", (int) s->number++));
}

static void on_request(void *user, struct control_call *call, const struct control_peer *peer,
                       const json_t *request)
{
        struct scene *s = user;

        promise(!s->waits && json_is_object(request), "one request at a time");
        promise(peer->uid == geteuid() && peer->pid == getpid(), "the kernel says who it is");
        s->requests++;
        s->waits = call;
        if (!(s->how & 1))
                answer(s, call);
}

static int on_turn(struct loop_source *source, uint32_t events)
{
        struct scene *s = source->owner;

        (void) events;
        loop_stop(s->loop);
        return 0;
}

/* Lets the engine's side do what can be done now. */
static void turn(struct scene *s)
{
        promise(loop_add_timer(s->loop, &s->turn, 0, on_turn, s) == 0, "a timer");
        promise(loop_run(s->loop) == 0, "nothing of a peer's ends the loop");
        if (s->waits)
                answer(s, s->waits);
}

static void hear(struct scene *s)
{
        char bytes[4096];
        ssize_t n;

        while ((n = recv(s->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
                (void) buf_add(&s->heard, bytes, (size_t) n);
        s->is_closed |= n == 0 || (n < 0 && errno != EAGAIN);
}

static void scene_open(struct scene *s, int folder)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        struct err err = { 0 };

        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s/store/control",
                        fuzz_folder_path());
        promise(loop_new(&s->loop) == 0 &&
                        control_new(&s->control, s->loop, folder, on_request, s, &err) == 0,
                "a control socket");
        s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        promise(s->fd >= 0 && connect(s->fd, (struct sockaddr *) &address, sizeof(address)) == 0,
                "a peer");
}

static void scene_close(struct scene *s)
{
        closep(&s->fd);
        turn(s);
        turn(s);
        (void) control_free(s->control);
        loop_remove(s->loop, &s->turn);
        (void) loop_free(s->loop);
        buf_done(&s->sent);
        buf_done(&s->heard);
}

/* Sends a piece and waits until it is read, or the engine reads no more. */
static void piece_send(struct scene *s, const uint8_t *data, size_t size)
{
        int unread = 1;

        if (send(s->fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t) size) {
                s->is_closed = true;
                return;
        }
        (void) buf_add(&s->sent, data, size);
        for (int i = 0; i < 1000 && unread && !s->is_closed; i++) {
                turn(s);
                hear(s);
                if (ioctl(s->fd, TIOCOUTQ, &unread) < 0)
                        unread = 0;
        }
}

static const char *line_next(const struct buf *b, size_t *at, size_t *ret_length)
{
        const char *line = buf_text(b) + *at;
        const char *end = *at < b->length ? memchr(line, '\n', b->length - *at) : NULL;

        if (!end)
                return NULL;
        *ret_length = (size_t) (end - line);
        *at += *ret_length + 1;
        return line;
}

static bool is_refusal(const json_t *reply)
{
        const json_t *error = json_object_get(reply, "error");
        const char *message = json_string_value(json_object_get(error, "message"));

        return message && fuzz_has_words(message);
}

/* What was heard, line by line, beside what was sent. */
static void replies_try(const struct scene *s)
{
        size_t asked_at = 0, heard_at = 0, n, m;
        unsigned requests = 0, number = 0;
        const char *asked, *heard;

        while ((heard = line_next(&s->heard, &heard_at, &m))) {
                _cleanup_(json_decrefp) json_t *reply = NULL, *request = NULL;

                promise(json_text_load(&reply, heard, m, "reply", NULL) == 0, "a reply is JSON");
                asked = line_next(&s->sent, &asked_at, &n);
                if (!asked) {
                        promise(is_refusal(reply) && s->sent.length - asked_at >= LINE_MOST,
                                "what was not asked is not answered");
                        continue;
                }
                (void) json_text_load(&request, asked, n, "request", NULL);
                if (json_is_object(request))
                        requests++;
                promise(is_refusal(reply)
                                ? !json_is_object(request) || s->how & 2
                                : json_integer_value(json_object_get(reply, "number")) == number++,
                        "replies come in order");
        }
        promise(s->is_closed || !line_next(&s->sent, &asked_at, &n), "every line is answered");
        promise(requests == s->requests, "every request is heard once");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct fuzz_input in = { data, size };
        struct scene s = { .fd = -1, .how = fuzz_byte(&in) };
        size_t piece = 1 + (size_t) fuzz_byte(&in) * 17;
        int folder = fuzz_folder_make("store");

        scene_open(&s, folder);
        while (in.left > 0 && !s.is_closed) {
                size_t n;
                const uint8_t *bytes = fuzz_bytes(&in, piece, &n);

                piece_send(&s, bytes, n);
        }
        for (int i = 0; (i < 3 || s.waits) && !s.is_closed; i++) {
                turn(&s);
                hear(&s);
        }
        replies_try(&s);
        scene_close(&s);
        (void) close(folder);
        fuzz_folder_remove("store");
        return 0;
}
