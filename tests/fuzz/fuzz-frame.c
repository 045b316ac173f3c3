/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a cell sends: any messages, in any order, and the verdict that they come to
 *
 * The input is a list of messages, each behind two bytes of length; a message behind a NEED_MEMFD
 * that was granted fills the memory first. Promises: only whole frames are taken; nothing is taken
 * after the end; a refusal is a verdict with words; the limits hold; every finding has the fixed
 * form (reading it again changes nothing); all text that leaves is clean; the result is `ok`
 * only when there is an output.
 */
#include "fuzz.h"

#include "base/json.h"
#include "base/utf8.h"
#include "cell/end.h"
#include "cell/finding.h"
#include "cell/frame.h"
#include "cell/reply.h"

#define FINDINGS  32
#define LOG_BYTES 2048

static void on_log(void *user, int level, const char *text)
{
        size_t *bytes = user;

        promise(level >= 0 && level <= 7 && fuzz_is_clean(text, false), "a log line is clean");
        *bytes += 1;
        promise(*bytes <= LOG_BYTES, "log lines are limited, empty ones too");
}

static void on_progress(void *user, uint64_t done, uint64_t total, const char *note)
{
        (void) user;
        (void) done;
        (void) total;
        promise(fuzz_is_clean(note, false), "a note is clean");
}

/* Gives one message as it would come from the socket, in memory of exactly its size. */
static int message_take(struct reply *r, const uint8_t *data, size_t size)
{
        enum proto_state before = r->state;
        struct frame *frame = NULL;
        int code;

        /* Exactly as much memory as was sent, so that the sanitizer sees every byte read behind it.
         */
        promise(posix_memalign((void **) &frame, 8, MAX_OF(size, sizeof(struct frame_header))) == 0,
                "memory");
        if (size)
                memcpy(frame, data, size);
        code = frame_check(frame, size);
        if (code == 0) {
                promise(frame->header.length == size - sizeof(struct frame_header), "whole frames");
                code = reply_frame(r, frame);
                promise(code >= 0 || (r->verdict != VERDICT_OK && fuzz_has_words(r->why.text)),
                        "a refusal is a verdict with words");
                promise(code < 0 || (r->state >= before && before != PROTO_ENDED),
                        "states go forward, and nothing comes behind the last");
        }
        free(frame);
        return code;
}

static void memory_fill(struct reply *r, struct fuzz_input *in)
{
        size_t n;
        const uint8_t *bytes = fuzz_bytes(in, fuzz_byte(in), &n);

        promise(r->granted >= 0, "what is granted is there");
        n = MIN_OF(n, (size_t) r->granted_size);
        promise(pwrite(r->granted, bytes, n, 0) == (ssize_t) n, "granted memory can be filled");
        promise(pwrite(r->granted, "x", 1, (off_t) r->granted_size) < 0, "and does not grow");
}

static void findings_try(const json_t *findings)
{
        struct err err = { 0 };
        const json_t *finding;
        size_t i;

        promise(json_array_size(findings) <= FINDINGS, "findings are limited");
        json_array_foreach (findings, i, finding) {
                _cleanup_(json_decrefp) json_t *again = NULL;

                promise(finding_read(&again, finding, &err) == 0, "a finding read is a finding");
                promise(json_same(finding, again), "and has its fixed form already");
        }
}

static void result_free(struct cell_result *result)
{
        free(result->code);
        free(result->message);
        free(result->syscall);
        free(result->syscall_remedy);
        free(result->stderr_tail);
        json_decref(result->output);
        json_decref(result->findings);
        json_decref(result->artifacts);
        json_decref(result->spent);
        json_decref(result->unreadable);
}

static void judge(struct reply *r, int code, uint8_t end)
{
        struct cell_result *result = r->result;
        struct end_facts facts = {
                .is_stopped = code < 0,
                .stopped = code < 0 && r->verdict != VERDICT_OK ? r->verdict : VERDICT_PROTOCOL,
                .stopped_text = code < 0 ? err_text(&r->why) : NULL,
                .has_fault = r->has_fault,
                .fault = r->fault,
                .fault_text = r->fault_text,
                .has_failed = r->has_failed,
                .has_result = r->has_result,
                .has_hung_up = end & 1,
                .state = r->state,
                .status = end & 2 ? end >> 2 & 0x3f : (end >> 2) << 8,
                .limits = r->limits,
        };

        (void) end_judge(result, &facts);
        promise(result->verdict < VERDICTS_, "a verdict of the table");
        promise(result->verdict != VERDICT_OK || result->output, "ok only when there is an output");
        promise((result->verdict == VERDICT_OK) == (result->code == NULL), "else a code");
        promise(!result->message || (fuzz_is_clean(result->message, true) &&
                                     utf8_is_valid(result->message, strlen(result->message))),
                "a message is clean");
        findings_try(result->findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct fuzz_input in = { data, size };
        _cleanup_(result_free) struct cell_result result = {
                .fail_class = -1,
                .upper_fd = -1,
                .findings = json_array(),
                .artifacts = json_array(),
                .spent = json_object(),
                .unreadable = json_array(),
        };
        struct limits limits;
        _cleanup_(reply_done) struct reply r = { .granted = -1 };
        size_t logged = 0;
        uint8_t end = fuzz_byte(&in);
        int code = 0;

        limits_standard(&limits);
        limits.value[LIMIT_FINDINGS] = FINDINGS;
        limits.value[LIMIT_LOG] = LOG_BYTES;
        limits.value[LIMIT_OUTPUT] = 4096;
        limits.value[LIMIT_ARTIFACTS] = 4096;
        reply_init(&r, &result, &limits);
        r.on_log = on_log;
        r.on_progress = on_progress;
        r.user = &logged;
        while (code >= 0 && in.left > 0) {
                size_t n = fuzz_byte(&in);
                const uint8_t *message;

                n |= (size_t) fuzz_byte(&in) << 8;
                message = fuzz_bytes(&in, n, &n);
                code = message_take(&r, message, n);
                if (code == REPLY_MEMFD)
                        memory_fill(&r, &in);
        }
        judge(&r, code, end);
        return 0;
}
