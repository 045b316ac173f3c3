/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/reply.h"

#include <stdarg.h>
#include <string.h>

#include "base/json.h"
#include "base/loop.h"
#include "base/utf8.h"
#include "cell/base64.h"
#include "cell/finding.h"
#include "cell/memfd.h"

/* The findings' JSON text together may be this many times the limit on output. */
#define FINDINGS_TIMES 4
#define ARTIFACTS_MOST 10000

#define PROGRESS_EVERY_US 50000

void reply_init(struct reply *r, struct cell_result *result, const struct limits *limits)
{
        *r = (struct reply){ .result = result, .limits = limits, .granted = -1 };
}

void reply_done(struct reply *r)
{
        closep(&r->granted);
        json_decref(TAKE(r->artifact_names));
        free(r->fault_text);
        r->fault_text = NULL;
        redact_lines_done(&r->spoken);
        redact_lines_done(&r->printed);
}

/* The last word on this cell: the first thing that was wrong. */
static int refuse(struct reply *r, enum verdict verdict, const char *format, ...) _printf_(3, 4);
static int refuse(struct reply *r, enum verdict verdict, const char *format, ...)
{
        char text[ERR_TEXT_MAX];
        va_list args;

        r->verdict = verdict;
        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return err_set(&r->why, -EPROTO, "%s", text);
}

static int refuse_limit(struct reply *r, enum limit limit)
{
        return refuse(r, limit_table[limit].verdict, "the agent passed the limit %s (%llu)",
                      limit_table[limit].name, (unsigned long long) r->limits->value[limit]);
}

/* Clean text of `length` raw bytes; the caller frees; NULL only when out of memory. */
static char *printable(const char *text, size_t length, bool is_lines)
{
        _cleanup_(buf_done) struct buf b = { 0 };

        if (utf8_clean(&b, text, length, is_lines) < 0)
                return NULL;
        return b.data ? buf_take(&b) : strdup("");
}

/* The same without secrets. */
static char *clean(struct reply *r, const char *text, size_t length, bool is_lines)
{
        _cleanup_(buf_done) struct buf b = { 0 };

        if (redact_text(r->redact, &b, text, length, &r->result->redacted) < 0)
                return NULL;
        return printable(buf_text(&b), b.length, is_lines);
}

static void line_tell(void *user, int level, const char *text, size_t length)
{
        struct reply *r = user;
        _cleanup_(freep) char *line = printable(text, length, false);

        if (line && r->on_log)
                r->on_log(r->user, level, line);
}

void reply_redact(struct reply *r, const struct redact *redact)
{
        r->redact = redact;
        r->spoken = (struct redact_lines){
                .redact = redact, .count = &r->result->redacted, .on_line = line_tell, .user = r
        };
        r->printed = r->spoken;
}

void reply_flush(struct reply *r)
{
        (void) redact_lines_flush(&r->spoken);
        (void) redact_lines_flush(&r->printed);
}

static int line_add(struct reply *r, struct redact_lines *lines, int level, const char *text,
                    size_t length)
{
        /* An empty line costs something too. */
        r->log_bytes += length + 1;
        if (r->log_bytes > r->limits->value[LIMIT_LOG])
                return refuse_limit(r, LIMIT_LOG);
        if (!r->redact)
                line_tell(r, level, text, length);
        else if (redact_lines_add(lines, level, text, length) < 0)
                return refuse(r, VERDICT_OUTPUT, "no memory for the agent's log");
        return 0;
}

int reply_print(struct reply *r, int level, const char *text, size_t length)
{
        return line_add(r, &r->printed, level, text, length);
}

static int frame_log(struct reply *r, const struct frame *frame)
{
        uint32_t level;

        memcpy(&level, frame->body, sizeof(level));
        if (level > 7)
                return refuse(r, VERDICT_PROTOCOL, "a log line of an unknown level");
        return line_add(r, &r->spoken, (int) level, frame->body + sizeof(level),
                        frame->header.length - sizeof(level));
}

static int frame_progress(struct reply *r, const struct frame *frame)
{
        _cleanup_(freep) char *note = NULL;
        struct proto_progress progress;
        uint64_t now = clock_us();

        /* The runtime drops what comes closer, but others may speak past it. */
        if (r->progress_us && now - r->progress_us < PROGRESS_EVERY_US)
                return 0;
        r->progress_us = now;
        memcpy(&progress, frame->body, sizeof(progress));
        note = clean(r, frame->body + sizeof(progress), frame->header.length - sizeof(progress),
                     false);
        if (note && r->on_progress)
                r->on_progress(r->user, progress.done, progress.total, note);
        return 0;
}

/* A parser quotes what it does not understand, and cuts it: that may be half a secret. */
static const char *fault_shown(const struct reply *r, const struct err *err)
{
        return r->redact ? "what is wrong is not shown, because the agent has secrets"
                         : err_text(err);
}

static int frame_findings(struct reply *r, const struct frame *frame)
{
        _cleanup_(json_decrefp) json_t *list = NULL;
        struct err err = { 0 };

        r->findings_bytes += frame->header.length;
        if (r->findings_bytes > r->limits->value[LIMIT_OUTPUT] * FINDINGS_TIMES)
                return refuse_limit(r, LIMIT_OUTPUT);
        if (json_text_load(&list, frame->body, frame->header.length, "findings", &err) < 0 ||
            !json_is_array(list))
                return refuse(r, VERDICT_PROTOCOL, "findings are not a JSON array: %s",
                              fault_shown(r, &err));
        if (redact_json(r->redact, &list, &r->result->redacted) < 0)
                return refuse(r, VERDICT_OUTPUT, "no memory for the agent's findings");
        for (size_t i = 0; i < json_array_size(list); i++) {
                json_t *finding = NULL;

                if (++r->n_findings > r->limits->value[LIMIT_FINDINGS])
                        return refuse_limit(r, LIMIT_FINDINGS);
                if (finding_read(&finding, json_array_get(list, i), &err) < 0)
                        return refuse(r, VERDICT_PROTOCOL, "%s", err_text(&err));
                if (json_array_append_new(r->result->findings, finding) < 0)
                        return refuse(r, VERDICT_OUTPUT, "no memory for the agent's findings");
        }
        return 0;
}

/* The child wants to hand over a large body: it gets memory of that size, once at a time. */
static int frame_need_memfd(struct reply *r, const struct frame *frame)
{
        uint64_t size,
                most = MAX_OF(r->limits->value[LIMIT_OUTPUT], r->limits->value[LIMIT_ARTIFACTS]);

        memcpy(&size, frame->body, sizeof(size));
        if (r->granted >= 0)
                return refuse(r, VERDICT_PROTOCOL,
                              "memory for a second body while the first one "
                              "was not sent");
        if (size == 0 || size > most)
                return refuse(r, VERDICT_OUTPUT, "the agent wanted to send a body of %llu bytes",
                              (unsigned long long) size);
        r->granted = memfd_sized("linhay-body", size);
        if (r->granted < 0)
                return refuse(r, VERDICT_OUTPUT, "no memory for a body of %llu bytes",
                              (unsigned long long) size);
        r->granted_size = size;
        return REPLY_MEMFD;
}

/* Copies the granted memory's bytes out: what is looked at later cannot change any more. */
static int body_fetch(struct reply *r, char **ret, uint64_t size)
{
        _cleanup_(closep) int fd = TAKE_FD(r->granted);
        _cleanup_(freep) char *bytes = NULL;

        if (fd < 0 || size != r->granted_size)
                return refuse(r, VERDICT_PROTOCOL, "a body in memory that was not granted");
        bytes = malloc(size);
        if (!bytes)
                return refuse(r, VERDICT_OUTPUT, "no memory for a body of %llu bytes",
                              (unsigned long long) size);
        for (uint64_t done = 0; done < size;) {
                ssize_t n = pread(fd, bytes + done, size - done, (off_t) done);

                if (n <= 0)
                        return refuse(r, VERDICT_PROTOCOL, "a body that cannot be read");
                done += (uint64_t) n;
        }
        *ret = TAKE(bytes);
        return 0;
}

static bool artifact_name_is_valid(const char *name, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-",
                            name[i]) ||
                    name[i] == '\0')
                        return false;
        return length >= 1 && length <= 128;
}

/* Each is a row of the record, whose name is its key; an empty one costs something too. */
static int artifact_note(struct reply *r, const char *name, size_t length)
{
        if (!r->artifact_names)
                r->artifact_names = json_object();
        if (json_object_getn(r->artifact_names, name, length))
                return refuse(r, VERDICT_PROTOCOL, "two artifacts of the name %.*s", (int) length,
                              name);
        if (json_object_size(r->artifact_names) >= ARTIFACTS_MOST)
                return refuse(r, VERDICT_OUTPUT, "more than %d artifacts", ARTIFACTS_MOST);
        return json_object_setn_new(r->artifact_names, name, length, json_true()) < 0
                       ? refuse(r, VERDICT_OUTPUT, "no memory for the agent's artifacts")
                       : 0;
}

static int artifact_keep(struct reply *r, const char *name, size_t name_length, const char *media,
                         const void *data, size_t size)
{
        _cleanup_(buf_done) struct buf bytes = { 0 };
        _cleanup_(freep) char *text = NULL;
        char sha256[SHA256_HEX];
        json_t *artifact;

        if (redact_finds(r->redact, data, size)) {
                if (redact_text(r->redact, &bytes, data, size, &r->result->redacted) < 0)
                        return refuse(r, VERDICT_OUTPUT, "no memory for the agent's artifacts");
                data = bytes.data;
                size = bytes.length;
        }
        if (redact_finds(r->redact, name, name_length)) {
                r->result->redacted++;
                name = "redacted";
                name_length = strlen(name);
        }
        if (artifact_note(r, name, name_length) < 0)
                return -EPROTO;
        text = base64_encode(data, size);
        sha256_hex(sha256, data, size);
        artifact = text ? json_pack("{s:s%, s:s, s:I, s:s, s:s}", "name", name, name_length,
                                    "media_type", media, "size", (json_int_t) size, "sha256",
                                    sha256, "data", text)
                        : NULL;
        if (!artifact || json_array_append_new(r->result->artifacts, artifact) < 0)
                return refuse(r, VERDICT_OUTPUT, "no memory for the agent's artifacts");
        return 0;
}

static int frame_artifact(struct reply *r, const struct frame *frame)
{
        _cleanup_(freep) char *media = NULL, *bytes = NULL;
        size_t rest = frame->header.length - sizeof(struct proto_artifact), names;
        const char *name = frame->body + sizeof(struct proto_artifact), *data;
        struct proto_artifact head;

        memcpy(&head, frame->body, sizeof(head));
        names = (size_t) head.name_length + head.media_length;
        if (names > rest || head.media_length > 255 ||
            !artifact_name_is_valid(name, head.name_length))
                return refuse(r, VERDICT_PROTOCOL, "an artifact with a wrong name or type");
        if (head.size > r->limits->value[LIMIT_ARTIFACTS] - r->artifact_bytes)
                return refuse_limit(r, LIMIT_ARTIFACTS);
        r->artifact_bytes += head.size;

        data = name + names;
        if (frame->header.flags & FRAME_IN_MEMFD) {
                int code = body_fetch(r, &bytes, head.size);

                if (code < 0)
                        return code;
                data = bytes;
        } else if (rest - names != head.size) {
                return refuse(r, VERDICT_PROTOCOL, "an artifact of another size than it says");
        }
        media = clean(r, name + head.name_length, head.media_length, false);
        if (!media)
                return refuse(r, VERDICT_OUTPUT, "no memory for the agent's artifacts");
        return artifact_keep(r, name, head.name_length, media, data, (size_t) head.size);
}

static int frame_spend(struct reply *r, const struct frame *frame)
{
        _cleanup_(freep) char *unit = clean(r, frame->body + 8, frame->header.length - 8, false);
        json_int_t sum;
        uint64_t amount;

        memcpy(&amount, frame->body, sizeof(amount));
        if (!unit || json_object_size(r->result->spent) >= 64)
                return refuse(r, VERDICT_OUTPUT, "the agent spends in too many units");
        sum = json_integer_value(json_object_get(r->result->spent, unit));
        if (amount > (uint64_t) (INT64_MAX - sum))
                amount = (uint64_t) (INT64_MAX - sum);
        (void) json_object_set_new(r->result->spent, unit, json_integer(sum + (json_int_t) amount));
        return 0;
}

/* "patch-rejected": what programs compare; anything else is just "failed". */
static bool code_is_valid(const char *code, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (!((code[i] >= 'a' && code[i] <= 'z') ||
                      (i && ((code[i] >= '0' && code[i] <= '9') || code[i] == '-'))))
                        return false;
        return length >= 1 && length <= 64;
}

static int frame_failed(struct reply *r, const struct frame *frame)
{
        size_t rest = frame->header.length - sizeof(struct proto_failed);
        const char *code = frame->body + sizeof(struct proto_failed);
        struct proto_failed head;

        memcpy(&head, frame->body, sizeof(head));
        if (head.code_length > rest || head.fail_class < 0 || head.fail_class > 3)
                return refuse(r, VERDICT_PROTOCOL, "a failure of an unknown class");
        r->has_failed = true;
        /* Of a cell whose zygote is gone: what the sandbox said of that stands. */
        if (r->result->trouble < 0)
                return 0;
        r->result->fail_class = head.fail_class;
        r->result->code = code_is_valid(code, head.code_length) &&
                                          !redact_finds(r->redact, code, head.code_length)
                                  ? strndup(code, head.code_length)
                                  : strdup("failed");
        r->result->message = clean(r, code + head.code_length, rest - head.code_length, true);
        return 0;
}

static int frame_fault(struct reply *r, const struct frame *frame)
{
        /* A child can accuse itself of these; what the host alone can know is not among them. */
        static const unsigned known = 1U << VERDICT_CPU | 1U << VERDICT_MEMORY |
                                      1U << VERDICT_FILES | 1U << VERDICT_DISK |
                                      1U << VERDICT_OUTPUT | 1U << VERDICT_PROCESSES |
                                      1U << VERDICT_LOAD | 1U << VERDICT_PROTOCOL |
                                      1U << VERDICT_SYSCALL | 1U << VERDICT_SIGNAL;

        memcpy(&r->fault, frame->body, sizeof(r->fault));
        if (r->fault.verdict >= VERDICTS_ || !(known & 1U << r->fault.verdict))
                return refuse(r, VERDICT_PROTOCOL, "a fault of an unknown kind");
        r->has_fault = true;
        r->fault_text = clean(r, frame->body + sizeof(r->fault),
                              frame->header.length - sizeof(r->fault), true);
        return 0;
}

static int frame_result(struct reply *r, const struct frame *frame)
{
        _cleanup_(freep) char *bytes = NULL;
        const char *text = frame->body;
        size_t length = frame->header.length;
        struct err err = { 0 };

        if (frame->header.flags & FRAME_IN_MEMFD) {
                int code = body_fetch(r, &bytes, r->granted_size);

                if (code < 0)
                        return code;
                text = bytes;
                length = (size_t) r->granted_size;
        }
        if (length > r->limits->value[LIMIT_OUTPUT])
                return refuse_limit(r, LIMIT_OUTPUT);
        if (json_text_load(&r->result->output, text, length, "the output", &err) < 0)
                return refuse(r, VERDICT_PROTOCOL, "the output is not JSON: %s",
                              fault_shown(r, &err));
        if (redact_json(r->redact, &r->result->output, &r->result->redacted) < 0)
                return refuse(r, VERDICT_OUTPUT, "no memory for the agent's output");
        r->has_result = true;
        return 0;
}

int reply_frame(struct reply *r, const struct frame *frame)
{
        static int (*const handlers[PROTO_TYPES_])(struct reply *, const struct frame *) = {
                [PROTO_LOG] = frame_log,           [PROTO_PROGRESS] = frame_progress,
                [PROTO_FINDINGS] = frame_findings, [PROTO_NEED_MEMFD] = frame_need_memfd,
                [PROTO_ARTIFACT] = frame_artifact, [PROTO_SPEND] = frame_spend,
                [PROTO_FAILED] = frame_failed,     [PROTO_FAULT] = frame_fault,
                [PROTO_RESULT] = frame_result,
        };
        const char *why;
        uint16_t type = frame->header.type;

        if (proto_step(&r->state, &frame->header, &why) < 0)
                return refuse(r, VERDICT_PROTOCOL, "%s: %s", proto_name(type), why);
        return handlers[type] ? handlers[type](r, frame) : 0;
}
