/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Lines of a program that is an agent, the frames that they become, and what the host makes of them
 *
 * The first byte says whether the agent fails at the end; the others are the lines. Promises: a
 * line is taken or refused with words; it never makes a frame that the host would call a breach of
 * the protocol; an output counts once; and what the host is told at the end is what was said.
 *
 * A program's own files are named by path. Only paths of a few settled files are let through: what
 * else stands on this machine is none of a stranger's business.
 */
#include "fuzz.h"

#include "base/json.h"
#include "cell/reply.h"
#include "cell/speech.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BODY_MOST 4096 /* of output and artifacts: no larger memory is asked for then */

struct scene {
        int host, cell;
        struct limits limits;
        struct service service;
        struct speech speech;
        struct cell_result result;
        struct reply reply;
        int heard; /* what the host made of the frames so far */
};

static void say_nothing(void *user, int level, const char *text)
{
        (void) user;
        promise(level >= 0 && level <= 7 && fuzz_is_clean(text, false), "a log line is clean");
}

static void note_nothing(void *user, uint64_t done, uint64_t total, const char *note)
{
        (void) user;
        (void) done;
        (void) total;
        promise(fuzz_is_clean(note, false), "a note is clean");
}

static void scene_open(struct scene *s)
{
        int pair[2];

        promise(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0,
                "a pair of sockets");
        s->host = pair[0];
        s->cell = pair[1];
        limits_standard(&s->limits);
        s->limits.value[LIMIT_FINDINGS] = 32;
        s->limits.value[LIMIT_LOG] = 2048;
        s->limits.value[LIMIT_OUTPUT] = BODY_MOST;
        s->limits.value[LIMIT_ARTIFACTS] = BODY_MOST;
        service_init(&s->service, s->cell, -1, &s->limits);
        s->service.is_running = true;
        speech_init(&s->speech, &s->service);

        s->result = (struct cell_result){ .fail_class = -1,
                                          .upper_fd = -1,
                                          .findings = json_array(),
                                          .artifacts = json_array(),
                                          .spent = json_object(),
                                          .unreadable = json_array() };
        s->reply.granted = -1;
        reply_init(&s->reply, &s->result, &s->limits);
        s->reply.on_log = say_nothing;
        s->reply.on_progress = note_nothing;
        s->reply.state = PROTO_RUNNING;
        s->heard = 0;
}

static void scene_done(struct scene *s)
{
        reply_done(&s->reply);
        free(s->result.code);
        free(s->result.message);
        json_decref(s->result.output);
        json_decref(s->result.findings);
        json_decref(s->result.artifacts);
        json_decref(s->result.spent);
        json_decref(s->result.unreadable);
        buf_done(&s->service.findings);
        free(s->service.output);
        free(s->service.fail_code);
        free(s->service.fail_message);
        (void) close(s->host);
        (void) close(s->cell);
}

/* The host's side: a limit may end it, a breach of the protocol is never the trusted side's. */
static void scene_hear(struct scene *s)
{
        static struct frame frame;
        int r;

        while ((r = frame_receive(s->host, &frame, NULL, MSG_DONTWAIT)) > 0) {
                if (s->heard < 0)
                        continue;
                s->heard = reply_frame(&s->reply, &frame);
                promise(s->heard == 0 || (s->heard < 0 && fuzz_has_words(s->reply.why.text)),
                        "no memory is asked for, and a refusal has words");
                promise(s->heard == 0 || s->reply.verdict != VERDICT_PROTOCOL,
                        "the runtime keeps to the protocol");
        }
        promise(r == -EAGAIN, "a frame is a frame");
}

/* A path of a stranger's that is not to be opened? */
static bool names_a_file(const char *line, size_t length)
{
        static const char *const settled[] = { "/dev/null", "/dev/zero", "/nowhere", "/" };
        _cleanup_(json_decrefp) json_t *j = NULL;
        const char *path;

        if (json_text_load(&j, line, length, "line", NULL) < 0)
                return false;
        path = json_string_value(json_object_get(j, "path"));
        for (size_t i = 0; path && i < ARRAY_SIZE(settled); i++)
                if (strcmp(path, settled[i]) == 0)
                        return false;
        return path && !json_string_value(json_object_get(j, "rule"));
}

/* False when no line counts any more. */
static bool line_try(struct scene *s, const char *line, size_t length)
{
        const char *output = s->speech.has_output ? s->service.output : NULL;
        struct err err = { 0 };
        int r;

        if (names_a_file(line, length))
                return true;
        r = speech_take(&s->speech, line, length, &err);
        promise(r == 0 || (r < 0 && fuzz_has_words(err.text)), "a line is taken or refused");
        promise(!output || s->service.output == output, "the first output stays");
        scene_hear(s);
        return r == 0 && s->heard == 0;
}

/* At its end the runtime tells what became of the program. */
static void end_try(struct scene *s, bool fails)
{
        int r = fails ? service_failed_send(&s->service, "it ended with 1")
                      : service_result_send(&s->service);

        promise(r == 0, "the end can be told");
        scene_hear(s);
        if (s->heard < 0)
                return;
        promise(fails ? s->reply.has_failed : s->reply.has_result, "and is heard");
        promise(fails || !s->speech.has_output || s->result.output, "with the output");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct scene s; /* with the frame in it, it is too large for a stack */
        struct fuzz_input in = { data, size };
        bool fails = fuzz_byte(&in) & 1, goes_on = true;

        scene_open(&s);
        while (goes_on && in.left > 0) {
                const uint8_t *end = memchr(in.at, '\n', in.left);
                size_t n;
                const uint8_t *line = fuzz_bytes(&in, end ? (size_t) (end - in.at) : in.left, &n);

                goes_on = line_try(&s, (const char *) line, n);
                (void) fuzz_byte(&in);
        }
        if (goes_on)
                end_try(&s, fails);
        scene_done(&s);
        return 0;
}
