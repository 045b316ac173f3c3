/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a cell may say, and what it comes to: frames, states, findings, verdicts, printed lines
 *
 * No process is started here; these are the tables that every byte of a stranger goes through.
 */

#include "cell/end.h"
#include "cell/finding.h"
#include "cell/frame.h"
#include "cell/reply.h"
#include "cell/tail.h"

#include "test.h"

#include <linux/audit.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define HEADER sizeof(struct frame_header)

static void test_frame_check(void **state)
{
        static const struct {
                const char *why;
                struct frame_header header;
                size_t size;
                int want;
        } rows[] = {
                { "an empty body is a frame", { FRAME_MAGIC, 1, 1, 0, 0 }, HEADER, 0 },
                { "so is a full one",
                  { FRAME_MAGIC, 1, 1, 0, FRAME_BODY },
                  HEADER + FRAME_BODY,
                  0 },
                { "less than a header is none", { FRAME_MAGIC, 1, 1, 0, 0 }, HEADER - 1, -EBADMSG },
                { "another magic", { 1, 1, 1, 0, 0 }, HEADER, -EBADMSG },
                { "another version", { FRAME_MAGIC, 2, 1, 0, 0 }, HEADER, -EBADMSG },
                { "a flag nobody knows", { FRAME_MAGIC, 1, 1, 2, 0 }, HEADER, -EBADMSG },
                { "it says more than there is", { FRAME_MAGIC, 1, 1, 0, 5 }, HEADER + 4, -EBADMSG },
                { "it says less", { FRAME_MAGIC, 1, 1, 0, 3 }, HEADER + 4, -EBADMSG },
                { "a length that wraps", { FRAME_MAGIC, 1, 1, 0, UINT32_MAX }, HEADER, -EBADMSG },
        };
        struct frame *frame = calloc(1, sizeof(*frame));

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                frame->header = rows[i].header;
                if (frame_check(frame, rows[i].size) != rows[i].want)
                        fail_msg("%s", rows[i].why);
        }
        free(frame);
}

static void test_frame_travels(void **state)
{
        struct frame *frame = calloc(1, sizeof(*frame));
        struct frame_fds fds = { 0 };
        int pair[2], sent = 0;

        (void) state;
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
        assert_int_equal(frame_receive(pair[1], frame, NULL, MSG_DONTWAIT), -EAGAIN);
        assert_int_equal(frame_send(pair[0], 7, 0, "hello", 5, 0), 0);
        assert_int_equal(frame_receive(pair[1], frame, NULL, 0), 1);
        assert_int_equal(frame->header.type, 7);
        assert_memory_equal(frame->body, "hello", 5);
        assert_int_equal(frame_send(pair[0], 7, 0, frame->body, FRAME_BODY + 1, 0), -EMSGSIZE);

        /* A descriptor is taken where it is asked for, and is a fault anywhere else. */
        assert_int_equal(frame_send_fds(pair[0], 7, 0, NULL, 0, &sent, 1, 0), 0);
        assert_int_equal(frame_receive(pair[1], frame, &fds, 0), 1);
        assert_int_equal(fds.count, 1);
        frame_fds_done(&fds);
        assert_int_equal(frame_send_fds(pair[0], 7, 0, NULL, 0, &sent, 1, 0), 0);
        assert_int_equal(frame_receive(pair[1], frame, NULL, 0), -EBADMSG);

        /* The last words of a peer that did not read what it was sent are not lost. */
        assert_int_equal(frame_send(pair[1], 7, 0, "unread", 6, 0), 0);
        assert_int_equal(frame_send(pair[0], 8, 0, "last", 4, 0), 0);
        assert_int_equal(close(pair[0]), 0);
        assert_int_equal(frame_receive(pair[1], frame, NULL, 0), 1);
        assert_int_equal(frame->header.type, 8);
        assert_int_equal(frame_receive(pair[1], frame, NULL, 0), 0);
        assert_int_equal(frame_send(pair[1], 7, 0, NULL, 0, 0), -EPIPE);
        assert_int_equal(close(pair[1]), 0);
        free(frame);
}

/* Every type in every state: what is not listed here is refused. */
static void test_proto_table(void **state)
{
        static const struct {
                enum proto_state from;
                enum proto_type type;
                enum proto_state to;
                uint32_t length;
        } allowed[] = {
                { PROTO_STARTING, PROTO_HELLO, PROTO_LOADING, 8 },
                { PROTO_STARTING, PROTO_FAULT, PROTO_ENDED, sizeof(struct proto_fault) },
                { PROTO_LOADING, PROTO_READY, PROTO_RUNNING, 0 },
                { PROTO_LOADING, PROTO_LOG, PROTO_LOADING, 4 },
                { PROTO_LOADING, PROTO_FAILED, PROTO_ENDED, 8 },
                { PROTO_LOADING, PROTO_FAULT, PROTO_ENDED, sizeof(struct proto_fault) },
                { PROTO_RUNNING, PROTO_LOG, PROTO_RUNNING, 4 },
                { PROTO_RUNNING, PROTO_PROGRESS, PROTO_RUNNING, 16 },
                { PROTO_RUNNING, PROTO_FINDINGS, PROTO_RUNNING, 2 },
                { PROTO_RUNNING, PROTO_NEED_MEMFD, PROTO_RUNNING, 8 },
                { PROTO_RUNNING, PROTO_ARTIFACT, PROTO_RUNNING, 17 },
                { PROTO_RUNNING, PROTO_SPEND, PROTO_RUNNING, 9 },
                { PROTO_RUNNING, PROTO_FAILED, PROTO_ENDED, 8 },
                { PROTO_RUNNING, PROTO_FAULT, PROTO_ENDED, sizeof(struct proto_fault) },
                { PROTO_RUNNING, PROTO_RESULT, PROTO_ENDED, 0 },
        };
        const char *why;

        (void) state;
        for (unsigned from = 0; from < PROTO_STATES_; from++)
                for (uint16_t type = 0; type < PROTO_TYPES_ + 3; type++) {
                        enum proto_state now = from;
                        struct frame_header h = { .type = type };
                        size_t row;

                        for (row = 0; row < TEST_ROWS(allowed); row++)
                                if (allowed[row].from == from && allowed[row].type == type)
                                        break;
                        h.length = row < TEST_ROWS(allowed) ? allowed[row].length : 8;
                        if (row < TEST_ROWS(allowed)) {
                                assert_int_equal(proto_step(&now, &h, &why), 0);
                                assert_int_equal(now, allowed[row].to);
                                continue;
                        }
                        if (proto_step(&now, &h, &why) != -EPROTO || now != from)
                                fail_msg("type %u in state %u was let through", type, from);
                }
}

static void test_findings(void **state)
{
        static const struct {
                const char *why;
                const char *json;
                int want;
        } rows[] = {
                { "the fixed form",
                  "{\"rule\":\"a/"
                  "b\",\"severity\":\"low\",\"message\":\"m\",\"path\":\"x\",\"line\":1,"
                  "\"column\":0,\"end_line\":0,\"end_column\":0,\"excerpt\":null,\"fingerprint\":"
                  "null,"
                  "\"cwe\":[\"CWE-1\"],\"fix\":null,\"tags\":[]}",
                  0 },
                { "no object", "[]", -EBADMSG },
                { "no rule",
                  "{\"severity\":\"low\",\"message\":\"m\",\"line\":1,\"column\":0,\"end_line\":0,"
                  "\"end_column\":0,\"cwe\":[],\"tags\":[]}",
                  -EBADMSG },
                { "a severity that is none",
                  "{\"rule\":\"a\",\"severity\":\"bad\",\"message\":\"m\",\"line\":1,\"column\":0,"
                  "\"end_line\":0,\"end_column\":0,\"cwe\":[],\"tags\":[]}",
                  -EBADMSG },
                { "a line below zero",
                  "{\"rule\":\"a\",\"severity\":\"low\",\"message\":\"m\",\"line\":-1,\"column\":0,"
                  "\"end_line\":0,\"end_column\":0,\"cwe\":[],\"tags\":[]}",
                  -EBADMSG },
                { "tags that are not texts",
                  "{\"rule\":\"a\",\"severity\":\"low\",\"message\":\"m\",\"line\":1,\"column\":0,"
                  "\"end_line\":0,\"end_column\":0,\"cwe\":[],\"tags\":[1]}",
                  -EBADMSG },
        };
        struct err err = { 0 };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                json_t *value = json_loads(rows[i].json, 0, NULL), *finding = NULL;

                assert_non_null(value);
                if (finding_read(&finding, value, &err) != rows[i].want)
                        fail_msg("%s: %s", rows[i].why, err_text(&err));
                json_decref(finding);
                json_decref(value);
        }
}

static json_t *finding_at(const char *path, int line)
{
        json_t *value = json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:s, s:[], s:[]}",
                                  "rule", "a/b", "severity", "high", "message", "m\x01", "path",
                                  path, "line", line, "column", 1, "end_line", 1, "end_column", 2,
                                  "excerpt", "x = 1", "cwe", "tags");
        json_t *finding = NULL;

        assert_int_equal(finding_read(&finding, value, NULL), 0);
        json_decref(value);
        return finding;
}

static const char *text_at(const json_t *finding, const char *name)
{
        return json_string_value(json_object_get(finding, name));
}

static void test_finding_cleaned(void **state)
{
        json_t *a = finding_at("src/a.c", 1), *b = finding_at("src/a.c", 900);
        json_t *c = finding_at("../../etc/passwd", 1), *d = finding_at("/etc/passwd", 1);

        (void) state;
        assert_string_equal(text_at(a, "message"), "m\\x01");
        assert_string_equal(text_at(a, "fingerprint"), text_at(b, "fingerprint"));
        assert_string_not_equal(text_at(a, "fingerprint"), text_at(c, "fingerprint"));
        assert_true(json_is_null(json_object_get(c, "path")));
        assert_true(json_is_null(json_object_get(d, "path")));
        json_decref(a);
        json_decref(b);
        json_decref(c);
        json_decref(d);
}

/* What is believed when several things are known of an end. */
static void test_judge(void **state)
{
        static const struct {
                const char *why;
                struct end_facts facts;
                enum verdict want;
                const char *word; /* in the message */
        } rows[] = {
                { "a result and a quiet end", { .has_result = true }, VERDICT_OK, NULL },
                { "a result, then a crash",
                  { .has_result = true, .status = 11 },
                  VERDICT_SIGNAL,
                  "SEGV" },
                { "a result, then another exit",
                  { .has_result = true, .status = 3 << 8 },
                  VERDICT_PROTOCOL,
                  "status 3" },
                { "the host's own reason comes first",
                  { .is_stopped = true, .stopped = VERDICT_TIMEOUT, .has_result = true },
                  VERDICT_TIMEOUT,
                  "limit wall" },
                { "and its words",
                  { .is_stopped = true, .stopped = VERDICT_PROTOCOL, .stopped_text = "so" },
                  VERDICT_PROTOCOL,
                  "so" },
                { "what the runtime recorded, then",
                  { .has_fault = true, .fault = { .verdict = VERDICT_MEMORY }, .status = 1 << 8 },
                  VERDICT_MEMORY,
                  "limit memory" },
                { "a denied call by its name",
                  { .has_fault = true,
                    .fault = { VERDICT_SYSCALL, 0, SYS_ptrace, AUDIT_ARCH_X86_64 } },
                  VERDICT_SYSCALL,
                  "ptrace" },
                { "no name for another architecture's",
                  { .has_fault = true, .fault = { VERDICT_SYSCALL, 0, 26, AUDIT_ARCH_I386 } },
                  VERDICT_SYSCALL,
                  "not known" },
                { "SIGSYS alone", { .status = SIGSYS }, VERDICT_SYSCALL, "not known" },
                { "the hard limit's kill",
                  { .status = SIGKILL, .cpu_ms = 121000 },
                  VERDICT_CPU,
                  "limit cpu" },
                { "a kill from outside",
                  { .status = SIGKILL, .memory_peak_bytes = 8 << 20 },
                  VERDICT_SIGNAL,
                  "SIGKILL" },
                { "one of a process that had nearly all memory it may have",
                  { .status = SIGKILL, .memory_peak_bytes = 500 << 20 },
                  VERDICT_MEMORY,
                  "limit memory" },
                { "the same, where the kernel would have counted it",
                  { .status = SIGKILL, .memory_peak_bytes = 500 << 20, .has_count = true },
                  VERDICT_SIGNAL,
                  "not for want of memory" },
                { "and where it did",
                  { .status = SIGKILL, .passed = VERDICT_MEMORY, .has_count = true },
                  VERDICT_MEMORY,
                  "limit memory" },
                { "a closed connection",
                  { .status = SIGKILL, .has_hung_up = true },
                  VERDICT_PROTOCOL,
                  "closed" },
                { "an exit while loading",
                  { .state = PROTO_LOADING },
                  VERDICT_PROTOCOL,
                  "while it was loaded" },
        };
        struct limits limits;

        (void) state;
        limits_standard(&limits);
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct cell_result result = { 0 };
                struct end_facts facts = rows[i].facts;

                facts.limits = &limits;
                assert_int_equal(end_judge(&result, &facts), 0);
                if (result.verdict != rows[i].want)
                        fail_msg("%s: %s", rows[i].why, verdict_name(result.verdict));
                if (rows[i].word && !strstr(result.message, rows[i].word))
                        fail_msg("%s: \"%s\"", rows[i].why, result.message);
                free(result.code);
                free(result.message);
                free(result.syscall);
                free(result.syscall_remedy);
        }
}

static void line_keep(void *user, const char *text, size_t length)
{
        struct buf *b = user;

        assert_int_equal(buf_add(b, text, length), 0);
        assert_int_equal(buf_putc(b, '|'), 0);
}

static void test_tail(void **state)
{
        struct tail *t = calloc(1, sizeof(*t));
        struct buf lines = { 0 };
        char *text, long_line[10000];

        (void) state;
        t->on_line = line_keep;
        t->user = &lines;
        tail_feed(t, "one\ntw", 6);
        tail_feed(t, "o\n\nthree", 8);
        tail_flush(t);
        assert_string_equal(lines.data, "one|two|three|");
        memset(long_line, 'x', sizeof(long_line));
        tail_feed(t, long_line, sizeof(long_line));
        assert_int_equal(lines.length, 14 + TAIL_LINE_MAX + 1);
        tail_feed(t, "\x1b\xff end", 6);
        text = tail_text(t, NULL);
        assert_non_null(strstr(text, "x\\x1b\xef\xbf\xbd end"));
        free(text);
        buf_done(&lines);
        free(t);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_frame_check),
                cmocka_unit_test(test_frame_travels),
                cmocka_unit_test(test_proto_table),
                cmocka_unit_test(test_findings),
                cmocka_unit_test(test_finding_cleaned),
                cmocka_unit_test(test_judge),
                cmocka_unit_test(test_tail),
        };

        return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
