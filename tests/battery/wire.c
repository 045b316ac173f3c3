/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes on the cell's socket, past the runtime that would have refused them
 *
 * Most faults are one frame, and lie in a table. The honest control of each sends a log line that
 * is right, and then goes on as any agent.
 */

#include "probe.h"

#include "cell/proto.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define CELL_SOCKET 3 /* what a stranger would find out quickly */

static struct {
        struct frame_header header;
        char body[70000];
} raw;

static void fill(uint16_t type, uint32_t flags, const void *body, size_t length)
{
        raw.header =
                (struct frame_header){ FRAME_MAGIC, FRAME_VERSION, type, flags, (uint32_t) length };
        if (body)
                memcpy(raw.body, body, length);
        else
                memset(raw.body, 'x', length);
}

static void send_raw(size_t length)
{
        (void) send(CELL_SOCKET, &raw, sizeof(raw.header) + length, MSG_NOSIGNAL);
}

static void send_frame(uint16_t type, uint32_t flags, const void *body, size_t length)
{
        fill(type, flags, body, length);
        send_raw(length);
}

_Noreturn static void wait_for_end(void)
{
        for (;;)
                (void) pause();
}

static void send_result(void)
{
        static const char text[] = "{\"errno\":0}";

        send_frame(PROTO_RESULT, 0, text, sizeof(text) - 1);
}

#define LOG_LEVEL "\6\0\0\0"

static void send_line(void)
{
        send_frame(PROTO_LOG, 0, LOG_LEVEL "x", 5);
}

/* one frame with a fault */

#define BODY(text) .body = (text), .length = sizeof(text) - 1

/* As they are laid out in cell/proto.h, in this machine's order. */
#define FAULT_OF(verdict) verdict "\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0"
#define FINDING(severity, more)                                                                    \
        "[{\"rule\":\"a/b\",\"severity\":\"" severity "\",\"message\":\"m\"" more "}]"
#define FINDING_REST                                                                               \
        ",\"column\":0,\"end_line\":0,\"end_column\":0,\"excerpt\":null,\"fingerprint\":null,"     \
        "\"cwe\":[],\"fix\":null,\"tags\":[]"

static const struct fault {
        const char *name;
        uint16_t type;
        uint32_t flags;
        const char *body; /* NULL = `length` times an x */
        size_t length;
        int lie;            /* what the header says too much */
        uint32_t magic;     /* what is wrong in it */
        uint16_t version;   /* the same */
        const char *before; /* a body for NEED_MEMFD that is sent first */
} faults[] = {
        { "wire/magic", PROTO_LOG, BODY(LOG_LEVEL), .magic = 1 },
        { "wire/version", PROTO_LOG, BODY(LOG_LEVEL), .version = 1 },
        { "wire/flags", PROTO_LOG, 0x80, BODY(LOG_LEVEL) },
        { "wire/flag-misplaced", PROTO_LOG, FRAME_IN_MEMFD, BODY(LOG_LEVEL) },
        { "wire/type-unknown", 99, BODY(LOG_LEVEL) },
        { "wire/type-zero", 0, BODY(LOG_LEVEL) },
        { "wire/type-request", PROTO_REQUEST, BODY("{\"action\":\"x\",\"files\":[]}") },
        { "wire/type-cancel", PROTO_CANCEL },
        { "wire/type-spawn", 65 /* what a zygote is told */, BODY(LOG_LEVEL) },
        { "wire/length-more", PROTO_LOG, BODY(LOG_LEVEL), .lie = 100 },
        { "wire/length-less", PROTO_LOG, BODY(LOG_LEVEL "abc"), .lie = -3 },
        { "wire/oversized", PROTO_LOG, .length = 66000 },
        { "wire/hello-again", PROTO_HELLO, BODY("\1\0\0\0\0\0\0\0") },
        { "wire/ready-again", PROTO_READY },
        { "wire/log-level", PROTO_LOG,
          BODY("\xff\xff\xff\xff"
               "x") },
        { "wire/log-short", PROTO_LOG, BODY("\6") },
        { "wire/log-long", PROTO_LOG, .length = 9000 },
        { "wire/progress-short", PROTO_PROGRESS, BODY("1234567") },
        { "wire/spend-nothing", PROTO_SPEND, BODY("12345678") },
        { "wire/memory-huge", PROTO_NEED_MEMFD, BODY("\0\0\0\0\0\0\0\x40") },
        { "wire/memory-none", PROTO_NEED_MEMFD, BODY("\0\0\0\0\0\0\0\0") },
        { "wire/memory-twice", PROTO_NEED_MEMFD, BODY("\0\1\0\0\0\0\0\0"),
          .before = "\0\1\0\0\0\0\0\0" },
        { "wire/memory-not-granted", PROTO_RESULT, FRAME_IN_MEMFD },
        { "wire/memory-other-size", PROTO_ARTIFACT, FRAME_IN_MEMFD,
          BODY("\0\2\0\0\0\0\0\0\1\0\0\0\0\0\0\0a"), .before = "\0\1\0\0\0\0\0\0" },
        { "wire/artifact-name", PROTO_ARTIFACT, BODY("\0\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0../x") },
        { "wire/artifact-lengths", PROTO_ARTIFACT,
          BODY("\0\0\0\0\0\0\0\0\xff\xff\xff\xff\0\0\0\0a") },
        { "wire/artifact-size", PROTO_ARTIFACT,
          BODY("\xff\xff\xff\xff\xff\xff\xff\xff\1\0\0\0\0\0\0\0a") },
        { "wire/fault-ok", PROTO_FAULT, BODY(FAULT_OF("\0\0\0\0")) },
        { "wire/fault-unknown", PROTO_FAULT, BODY(FAULT_OF("\xff\xff\xff\xff")) },
        { "wire/fault-cancelled", PROTO_FAULT, BODY(FAULT_OF("\2\0\0\0")) },
        { "wire/failed-class", PROTO_FAILED, BODY("\x63\0\0\0\0\0\0\0") },
        { "wire/failed-length", PROTO_FAILED,
          BODY("\0\0\0\0\xff\xff\xff\xff"
               "abc") },
        { "wire/findings-no-json", PROTO_FINDINGS, BODY("[{]") },
        { "wire/findings-no-array", PROTO_FINDINGS, BODY("{\"rule\":\"a/b\"}") },
        { "wire/finding-severity", PROTO_FINDINGS,
          BODY(FINDING("fatal", ",\"path\":null,\"line\":0" FINDING_REST)) },
        { "wire/finding-line", PROTO_FINDINGS,
          BODY(FINDING("low", ",\"path\":null,\"line\":-1" FINDING_REST)) },
        { "wire/finding-line-huge", PROTO_FINDINGS,
          BODY(FINDING("low", ",\"path\":null,\"line\":99999999999999" FINDING_REST)) },
        { "wire/finding-bare", PROTO_FINDINGS, BODY("[{}]") },
        { "wire/result-no-json", PROTO_RESULT, BODY("{not json") },
        { "wire/result-nothing", PROTO_RESULT },
        { "wire/result-more", PROTO_RESULT, BODY("{\"errno\":0}{}") },
        { "wire/result-utf8", PROTO_RESULT, BODY("\"\xff\xfe\"") },
        { "wire/result-same-keys", PROTO_RESULT, BODY("{\"errno\":1,\"errno\":0}") },
        { "wire/result-number", PROTO_RESULT, BODY("1e999999999") },
};

static const struct fault *fault_find(void)
{
        for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
                if (strcmp(faults[i].name, scene.probe) == 0)
                        return &faults[i];
        return NULL;
}

static int one_fault(struct linhay_run *r)
{
        const struct fault *f = fault_find();

        (void) r;
        if (scene.honest || !f) {
                send_line();
                return f ? 0 : ENOENT;
        }
        if (f->before)
                send_frame(PROTO_NEED_MEMFD, 0, f->before, 8);
        fill(f->type, f->flags, f->body, f->length);
        raw.header.magic ^= f->magic;
        raw.header.version ^= f->version;
        raw.header.length += (uint32_t) f->lie;
        send_raw(f->length);
        wait_for_end();
}

/* no frame at all */

static int short_header(struct linhay_run *r)
{
        (void) r;
        send_line();
        if (scene.honest)
                return 0;
        (void) send(CELL_SOCKET, &raw, 8, MSG_NOSIGNAL);
        wait_for_end();
}

static int empty_message(struct linhay_run *r)
{
        (void) r;
        if (scene.honest)
                return 0;
        (void) send(CELL_SOCKET, "", 0, MSG_NOSIGNAL);
        wait_for_end();
}

static int close_socket(struct linhay_run *r)
{
        (void) r;
        if (scene.honest)
                return 0;
        (void) close(CELL_SOCKET);
        wait_for_end();
}

static int half_close(struct linhay_run *r)
{
        (void) r;
        if (scene.honest)
                return 0;
        if (shutdown(CELL_SOCKET, SHUT_WR) < 0)
                return errno;
        wait_for_end();
}

/* The host's words, before the runtime has them. */
static int eat_request(struct linhay_run *r)
{
        (void) r;
        if (!scene.honest)
                (void) recv(CELL_SOCKET, &raw, sizeof(raw), 0);
        return 0;
}

/* order */

static int result_at_load(struct linhay_run *r)
{
        (void) r;
        if (scene.honest)
                return 0;
        send_result();
        wait_for_end();
}

/* Ready already, so that its own request comes while nothing was prepared. */
static int ready_at_load(struct linhay_run *r)
{
        (void) r;
        if (!scene.honest)
                send_frame(PROTO_READY, 0, "", 0);
        return 0;
}

static int two_results(struct linhay_run *r)
{
        (void) r;
        send_result();
        if (!scene.honest)
                send_result();
        _exit(0);
}

static int no_result(struct linhay_run *r)
{
        (void) r;
        if (scene.honest)
                send_result();
        _exit(0);
}

static int result_then_log(struct linhay_run *r)
{
        (void) r;
        send_result();
        if (!scene.honest)
                send_line();
        _exit(0);
}

static int result_then_status(struct linhay_run *r)
{
        (void) r;
        send_result();
        _exit(scene.honest ? 0 : 1);
}

static int result_then_stay(struct linhay_run *r)
{
        (void) r;
        send_result();
        if (scene.honest)
                _exit(0);
        wait_for_end();
}

static int result_then_crash(struct linhay_run *r)
{
        (void) r;
        send_result();
        if (!scene.honest)
                (void) raise(SIGSEGV);
        _exit(0);
}

static int failed_then_result(struct linhay_run *r)
{
        (void) r;
        if (!scene.honest)
                send_frame(PROTO_FAILED, 0, "\0\0\0\0\0\0\0\0", 8);
        send_result();
        _exit(0);
}

/* A name for a system call that it never made. */
static int fault_syscall(struct linhay_run *r)
{
        static const struct proto_fault fault = { .verdict = VERDICT_SYSCALL, .syscall = 99999 };

        (void) r;
        if (scene.honest)
                return 0;
        send_frame(PROTO_FAULT, 0, &fault, sizeof(fault));
        _exit(0);
}

/* descriptors and memory */

static int attach(size_t n)
{
        struct iovec part = { &raw, sizeof(raw.header) + 5 };
        static union {
                char bytes[CMSG_SPACE(253 * sizeof(int))];
                struct cmsghdr header;
        } control;
        struct msghdr message = { .msg_iov = &part,
                                  .msg_iovlen = 1,
                                  .msg_control = &control,
                                  .msg_controllen = CMSG_SPACE(n * sizeof(int)) };

        fill(PROTO_LOG, 0, LOG_LEVEL "x", 5);
        if (scene.honest)
                message.msg_control = NULL, message.msg_controllen = 0;
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(n * sizeof(int)); /* each of them is 0 */
        if (sendmsg(CELL_SOCKET, &message, MSG_NOSIGNAL) < 0)
                return errno;
        if (scene.honest)
                return 0;
        wait_for_end();
}

static int one_descriptor(struct linhay_run *r)
{
        (void) r;
        return attach(1);
}

static int many_descriptors(struct linhay_run *r)
{
        (void) r;
        return attach(253);
}

/* Asks for memory and takes it, as the runtime does. */
static int memory_get(uint64_t size)
{
        struct iovec part = { &raw, sizeof(raw) };
        union {
                char bytes[CMSG_SPACE(sizeof(int))];
                struct cmsghdr header;
        } control;
        struct msghdr message = { .msg_iov = &part,
                                  .msg_iovlen = 1,
                                  .msg_control = &control,
                                  .msg_controllen = sizeof(control) };
        int fd = -1;

        send_frame(PROTO_NEED_MEMFD, 0, &size, sizeof(size));
        if (recvmsg(CELL_SOCKET, &message, 0) < 0 || !CMSG_FIRSTHDR(&message))
                return -1;
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
        return fd;
}

static int shrink_memory(struct linhay_run *r)
{
        int fd = memory_get(8192);

        (void) r;
        return reached(fd >= 0 && (scene.honest || ftruncate(fd, 0) == 0));
}

static int grow_memory(struct linhay_run *r)
{
        int fd = memory_get(8192);

        (void) r;
        return reached(fd >= 0 && (scene.honest || ftruncate(fd, 1L << 20) == 0));
}

/* Bytes that cannot be written any more would be the host's to trip over. */
static int seal_memory(struct linhay_run *r)
{
        int fd = memory_get(8192);

        (void) r;
        return reached(fd >= 0 &&
                       (scene.honest || fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) == 0));
}

static char *lent;

static void *change_main(void *arg)
{
        for (;;) {
                memset(lent, '}', 4096);
                memset(lent, ' ', 4096);
                lent[0] = '{';
                lent[1] = '}';
        }
        return arg;
}

/* What is read twice is not the same twice. */
static int change_memory(struct linhay_run *r)
{
        int fd = memory_get(1 << 20);
        pthread_t thread;

        (void) r;
        lent = fd < 0 ? MAP_FAILED : mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (lent == MAP_FAILED)
                return errno;
        memset(lent, ' ', 1 << 20);
        lent[0] = '{';
        lent[1] = '}';
        if (pthread_create(&thread, NULL, change_main, NULL) != 0)
                return EAGAIN;
        send_frame(PROTO_RESULT, FRAME_IN_MEMFD, "", 0);
        _exit(0);
}

/* Answers pile up, and the host must not wait until there is room. */
static int never_read(struct linhay_run *r)
{
        static const uint64_t one = 1;

        (void) r;
        for (int i = 0; i < (scene.honest ? 3 : 100000); i++) {
                char artifact[22] = "\1\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0";

                (void) snprintf(artifact + 16, 6, "%05d", i);
                if (scene.honest)
                        (void) close(memory_get(one));
                else
                        send_frame(PROTO_NEED_MEMFD, 0, &one, sizeof(one));
                send_frame(PROTO_ARTIFACT, FRAME_IN_MEMFD, artifact, 21);
        }
        return 0;
}

/* floods, past the counts of the runtime */

static int flood(uint16_t type, const void *body, size_t length, int times)
{
        for (int i = 0; i < (scene.honest ? 2 : times); i++)
                send_frame(type, 0, body, length);
        return 0;
}

static int flood_log(struct linhay_run *r)
{
        (void) r;
        return flood(PROTO_LOG, LOG_LEVEL "again", 9, 100000);
}

static int flood_progress(struct linhay_run *r)
{
        (void) r;
        return flood(PROTO_PROGRESS, "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0again", 21, 20000);
}

static int flood_findings(struct linhay_run *r)
{
        static const char one[] = FINDING("low", ",\"path\":\"a\",\"line\":0" FINDING_REST);

        (void) r;
        return flood(PROTO_FINDINGS, one, sizeof(one) - 1, 100);
}

static int large_result(struct linhay_run *r)
{
        static char text[4000];

        (void) r;
        if (scene.honest)
                return 0;
        memset(text, '1', sizeof(text));
        send_frame(PROTO_RESULT, 0, text, sizeof(text));
        _exit(0);
}

/* A tree of arrays that costs more with each level of depth. */
static int deep_result(struct linhay_run *r)
{
        static char text[60000];
        size_t depth = scene.honest ? 500 : sizeof(text) / 2;

        (void) r;
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        send_frame(PROTO_RESULT, 0, text, 2 * depth);
        _exit(0);
}

/*
 * Words that are more than words to a terminal. The control prints them, and the same eyes look at
 * both (record.h); it is their finding that counts, so an attack alone comes to nothing.
 */

static int say(const char *text, size_t length)
{
        char body[256] = LOG_LEVEL;

        if (getpid() != 1) {
                (void) write(1, text, length);
        } else {
                memcpy(body + 4, text, length);
                send_frame(PROTO_LOG, 0, body, 4 + length);
        }
        return ENODATA;
}

#define SAY(name, text)                                                                            \
        static int name(struct linhay_run *r)                                                      \
        {                                                                                          \
                (void) r;                                                                          \
                return say(text, sizeof(text) - 1);                                                \
        }

SAY(say_escape, "\x1b[2J\x1b[31mall is well")
SAY(say_title, "\x1b]0;root\x07")
SAY(say_return, "refused\rallowed")
SAY(say_backspace, "refused\b\b\b\b\b\b\ballowed")
SAY(say_c1, "\xc2\x9b"
            "31mall is well")
SAY(say_overlong, "\xc0\x8a"
                  "a line of the host's")
SAY(say_surrogate, "\xed\xa0\x80\xed\xb0\x80")
SAY(say_cut, "cut \xe2\x82")
SAY(say_reorder, "\xe2\x80\xae"
                 "dewolla")
SAY(say_separator, "one\xe2\x80\xa8two")

/* A line of its own is what stdout is for; in one line of the log it would be another's. */
static int say_newline(struct linhay_run *r)
{
        (void) r;
        return say("one\n\x1b[31mtwo", 11);
}

/* findings of places that are none of the tree's */

static int finding_at(const char *path)
{
        char text[512];
        int n = snprintf(text, sizeof(text),
                         FINDING("low", ",\"path\":\"%s\",\"line\":1" FINDING_REST),
                         scene.honest ? "b/c" : path);

        send_frame(PROTO_FINDINGS, 0, text, (size_t) n);
        return 0;
}

static int finding_absolute(struct linhay_run *r)
{
        (void) r;
        return finding_at("/etc/passwd");
}

static int finding_dotdot(struct linhay_run *r)
{
        (void) r;
        return finding_at("b/../../../etc/passwd");
}

static int finding_empty(struct linhay_run *r)
{
        (void) r;
        return finding_at("");
}

/* secrets */

static int secret_names(struct linhay_run *r)
{
        static const char *const names[] = { "",          "token",    "../token", "*",
                                             "TOKEN\n",   "/secrets", "0",        "linhay",
                                             "DATABASE_", "%s%s%s%s" };

        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
                const void *data;
                size_t length;
                int code = linhay_secret(r, names[i], &data, &length);

                if (code != -ENOENT)
                        return code < 0 ? -code : 0;
        }
        return ENOENT;
}

#define BROKEN .control = CONTROL_HONEST, .limit = LIMIT_WALL, .value = 10000
#define ONE(what, technique)                                                                       \
        {                                                                                          \
                "wire/" what, technique, one_fault, "protocol", BROKEN                             \
        }
#define FORGED(what, technique, attack)                                                            \
        {                                                                                          \
                "wire/" what, technique, attack, "ENODATA"                                         \
        }

const struct probe wire_probes[] = {
        ONE("magic", "a frame that begins with another number"),
        ONE("version", "a frame of another version"),
        ONE("flags", "a frame with a flag that does not exist"),
        ONE("flag-misplaced", "a log line that claims to be in memory"),
        ONE("type-unknown", "a frame of a type that does not exist"),
        ONE("type-zero", "a frame of the type 0"),
        ONE("type-request", "the host's own request, sent back"),
        ONE("type-cancel", "the host's order to stop, sent back"),
        ONE("type-spawn", "an order for the zygote"),
        ONE("length-more", "a header that says more than there is"),
        ONE("length-less", "a header that says less than there is"),
        ONE("oversized", "a message larger than any frame"),
        ONE("hello-again", "the runtime's greeting, again"),
        { "wire/ready-again", "the word that it is ready, again", one_fault, "protocol",
          .at_load = "-", BROKEN },
        ONE("log-level", "a log line of a level that does not exist"),
        ONE("log-short", "a log line shorter than its level"),
        ONE("log-long", "a log line longer than any"),
        ONE("progress-short", "progress without its numbers"),
        ONE("spend-nothing", "an amount without a unit"),
        { "wire/memory-huge", "ask for 4 EiB to put an answer into", one_fault, "output",
          .at_load = "protocol", BROKEN },
        { "wire/memory-none", "ask for memory of no bytes", one_fault, "output",
          .at_load = "protocol", BROKEN },
        ONE("memory-twice", "ask for memory again before the first was used"),
        ONE("memory-not-granted", "an answer in memory that was never given"),
        ONE("memory-other-size", "an artifact of another size than its memory"),
        ONE("artifact-name", "an artifact with a path for its name"),
        ONE("artifact-lengths", "an artifact whose name ends behind the frame"),
        { "wire/artifact-size", "an artifact of 2^64 - 1 bytes", one_fault, "output",
          .at_load = "protocol", BROKEN },
        ONE("fault-ok", "a fault whose verdict is \"ok\""),
        ONE("fault-unknown", "a fault with a verdict that does not exist"),
        ONE("fault-cancelled", "a fault that says the host had cancelled"),
        ONE("failed-class", "a failure of a class that does not exist"),
        ONE("failed-length", "a failure whose code ends behind the frame"),
        ONE("findings-no-json", "findings that are no JSON"),
        ONE("findings-no-array", "findings that are no list"),
        ONE("finding-severity", "a finding of a severity that does not exist"),
        ONE("finding-line", "a finding in line -1"),
        ONE("finding-line-huge", "a finding in a line that no counter holds"),
        ONE("finding-bare", "a finding without a member"),
        ONE("result-no-json", "an answer that is no JSON"),
        ONE("result-nothing", "an answer of no bytes"),
        ONE("result-more", "an answer with another behind it"),
        ONE("result-utf8", "an answer that is no UTF-8"),
        ONE("result-same-keys", "an answer with one key twice"),
        ONE("result-number", "an answer with a number that no machine has"),

        { "wire/short", "a message shorter than a header", short_header, "protocol", BROKEN },
        { "wire/empty", "a message of no bytes, as if it were the end", empty_message, "protocol",
          BROKEN },
        { "wire/close", "close the socket and stay", close_socket, "protocol", BROKEN },
        { "wire/half-close", "close one direction of the socket", half_close, "syscall shutdown",
          .without_seccomp = "protocol", BROKEN },
        { "wire/eat-request", "read the request before the runtime does", eat_request, "timeout",
          .at_load = "-", .entry = ENTRY_CONSTRUCTOR, .control = CONTROL_HONEST,
          .limit = LIMIT_WALL, .value = 200, .is_slow = true },

        { "wire/result-at-load", "answer before anything was asked", result_at_load, "protocol",
          .at_load = "-", .entry = ENTRY_CONSTRUCTOR, BROKEN },
        { "wire/ready-at-load", "say that it is ready while it is loaded", ready_at_load,
          "protocol", .at_load = "-", .entry = ENTRY_CONSTRUCTOR, BROKEN },
        { "wire/two-results", "answer twice", two_results, "protocol", BROKEN },
        { "wire/no-result", "end well without an answer", no_result, "protocol", .at_load = "-",
          BROKEN },
        { "wire/result-then-log", "say more behind the answer", result_then_log, "protocol",
          BROKEN },
        { "wire/result-then-status", "answer, and end with a status that is not 0",
          result_then_status, "protocol", BROKEN },
        { "wire/result-then-stay", "answer, and do not end", result_then_stay, "timeout",
          .at_load = "protocol", .control = CONTROL_HONEST, .limit = LIMIT_WALL, .value = 200,
          .is_slow = true },
        { "wire/result-then-crash", "answer, and crash", result_then_crash, "protocol", BROKEN },
        { "wire/failed-then-result", "say that it failed, and answer", failed_then_result,
          "protocol", BROKEN },
        { "wire/fault-syscall", "name a system call that does not exist", fault_syscall,
          "syscall ?", BROKEN },

        { "wire/descriptor", "attach a descriptor to a frame", one_descriptor, "protocol", BROKEN },
        { "wire/descriptors", "attach 253 descriptors to a frame", many_descriptors, "protocol",
          BROKEN },
        { "wire/memory-shrink", "shrink the memory that the host will read", shrink_memory, "EPERM",
          .at_load = "-", BROKEN },
        { "wire/memory-grow", "let the memory grow that the host will read", grow_memory, "EPERM",
          .at_load = "-", BROKEN },
        { "wire/memory-seal", "seal the memory that the host will read", seal_memory, "EPERM",
          .at_load = "-", BROKEN },
        { "wire/memory-change", "change an answer while the host reads it", change_memory,
          "reached or protocol", .at_load = "-", .group = "threads", .limit = LIMIT_PROCESSES,
          .value = 2, .control = CONTROL_NONE,
          .reason = "the host copies it first: it is one answer or another, checked as a whole" },
        { "wire/never-read", "have the host send what nobody takes", never_read, "protocol",
          BROKEN },

        { "wire/log-flood", "log lines without end, not counted by the runtime", flood_log,
          "output", .limit = LIMIT_LOG, .value = 65536, .control = CONTROL_HONEST },
        { "wire/progress-flood", "progress twenty thousand times at once", flood_progress,
          "reached", .at_load = "protocol", .control = CONTROL_NONE,
          .reason = "what comes too fast is dropped: there is nothing to reach" },
        { "wire/findings-flood", "findings without end, not counted by the runtime", flood_findings,
          "output", .at_load = "protocol", .limit = LIMIT_FINDINGS, .value = 10,
          .control = CONTROL_HONEST },
        { "wire/result-large", "an answer past the limit, not counted by the runtime", large_result,
          "output", .at_load = "protocol", .limit = LIMIT_OUTPUT, .value = 1000,
          .control = CONTROL_HONEST },
        { "wire/result-deep", "an answer of 30,000 arrays, one in the other", deep_result,
          "protocol", BROKEN },

        FORGED("say-escape", "log what clears and colours a terminal", say_escape),
        FORGED("say-title", "log what renames a terminal's window", say_title),
        FORGED("say-return", "log a line that is written over itself", say_return),
        FORGED("say-backspace", "log a line that deletes its beginning", say_backspace),
        FORGED("say-newline", "log another's line behind its own", say_newline),
        FORGED("say-c1", "log a control sequence of one character", say_c1),
        FORGED("say-overlong", "log a line's end written in two bytes", say_overlong),
        FORGED("say-surrogate", "log halves of characters", say_surrogate),
        FORGED("say-cut", "log a character that is cut short", say_cut),
        FORGED("say-reorder", "log words that are shown from right to left", say_reorder),
        FORGED("say-separator", "log a line separator of Unicode's", say_separator),

        { "wire/finding-absolute", "find something in a file of the host's", finding_absolute,
          "a finding without a place", .at_load = "protocol", BROKEN },
        { "wire/finding-dotdot", "find something above the tree", finding_dotdot,
          "a finding without a place", .at_load = "protocol", BROKEN },
        { "wire/finding-empty", "find something in a file without a name", finding_empty,
          "a finding without a place", .at_load = "protocol", BROKEN },

        { "wire/secret-names", "ask for secrets by ten other names", secret_names, "ENOENT",
          .at_load = "-", .control = CONTROL_NONE,
          .reason = "it was given none, so there is none to be had" },
};
PROBES_END(wire)
