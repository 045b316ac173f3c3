/* SPDX-License-Identifier: Apache-2.0 */
#include "store/batch.h"

#include "base/blob.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/utf8.h"
#include "store/op.h"

#include <string.h>

#define CHUNK_SIZE ((size_t) 16000)

/* Memory in a row: a batch of thousands of small values is freed by a few calls. */
struct chunk {
        struct chunk *next;
        size_t used;
        size_t size;
        _Alignas(8) char data[];
};

int batch_new(struct batch **ret)
{
        struct batch *b = calloc(1, sizeof(*b));

        if (!b)
                return -ENOMEM;
        *ret = b;
        return 0;
}

struct batch *batch_free(struct batch *b)
{
        if (!b)
                return NULL;
        while (b->chunks) {
                struct chunk *next = b->chunks->next;

                free(b->chunks);
                b->chunks = next;
        }
        strand_unref(b->strand);
        buf_done(&b->text);
        free(b);
        return NULL;
}

int batch_error(const struct batch *b)
{
        return b->error;
}

bool batch_is_empty(const struct batch *b)
{
        return !b->first;
}

static void batch_fail(struct batch *b, int error)
{
        if (b->error == 0)
                b->error = error;
}

static void *batch_alloc(struct batch *b, size_t length)
{
        struct chunk *c = b->chunks;
        void *p;

        length = (length + 7) & ~(size_t) 7;
        if (!c || c->size - c->used < length) {
                size_t size = MAX_OF(length, CHUNK_SIZE);

                c = malloc(sizeof(*c) + size);
                if (!c) {
                        batch_fail(b, -ENOMEM);
                        return NULL;
                }
                *c = (struct chunk){ .next = b->chunks, .size = size };
                b->chunks = c;
        }
        p = c->data + c->used;
        c->used += length;
        return p;
}

static void value_number(struct op_value *v, int64_t number)
{
        *v = (struct op_value){ .number = number };
}

/* Numbers below 0 stand for "none". */
static void value_natural(struct op_value *v, int64_t number)
{
        *v = (struct op_value){ .number = number, .is_null = number < 0 };
}

static void value_unsigned(struct op_value *v, uint64_t number)
{
        value_number(v, number > INT64_MAX ? INT64_MAX : (int64_t) number);
}

static void value_time(struct op_value *v, uint64_t at_ms)
{
        value_unsigned(v, at_ms ? at_ms : clock_wall_ms());
}

static void value_bytes(struct batch *b, struct op_value *v, const char *text, size_t length)
{
        char *copy = batch_alloc(b, length + 1);

        if (!copy)
                return;
        memcpy(copy, text, length);
        copy[length] = '\0';
        *v = (struct op_value){ .text = copy, .length = length };
}

/* Rows hold UTF-8 only, or the documents made of them could not be read. */
static void value_text(struct batch *b, struct op_value *v, const char *text)
{
        _cleanup_(buf_done) struct buf clean = { 0 };
        size_t length = text ? strlen(text) : 0;
        int r;

        *v = (struct op_value){ .is_null = true };
        if (!text)
                return;
        if (utf8_is_valid(text, length)) {
                value_bytes(b, v, text, length);
                return;
        }
        r = utf8_clean(&clean, text, length, true);
        if (r < 0)
                batch_fail(b, r);
        else
                value_bytes(b, v, buf_text(&clean), clean.length);
}

static void value_json(struct batch *b, struct op_value *v, const json_t *json)
{
        int r;

        *v = (struct op_value){ .is_null = true };
        if (!json)
                return;
        b->text.length = 0;
        r = json_write(&b->text, json);
        if (r == 0)
                value_bytes(b, v, buf_text(&b->text), b->text.length);
        else
                batch_fail(b, r);
}

/* The same, where nothing in it is nothing. */
static void value_some(struct batch *b, struct op_value *v, const json_t *json)
{
        bool is_empty = json_object_size(json) == 0 && json_array_size(json) == 0;

        value_json(b, v, is_empty ? NULL : json);
}

/* Appends an operation; its values are the caller's to fill, NULL when the batch has failed. */
static struct op_value *batch_add(struct batch *b, enum op_kind kind, unsigned n_values)
{
        struct op *op;

        if (b->error < 0)
                return NULL;
        op = batch_alloc(b, sizeof(*op) + n_values * sizeof(*op->values));
        if (!op)
                return NULL;
        *op = (struct op){ .kind = kind, .n_values = n_values };
        for (unsigned i = 0; i < n_values; i++)
                op->values[i] = (struct op_value){ .is_null = true };
        if (b->last)
                b->last->next = op;
        else
                b->first = op;
        b->last = op;
        return op->values;
}

/* A text that is likely the same as that of the operation before. */
static void value_key(struct batch *b, struct op_value *v, struct op_value *last, const char *text)
{
        if (!text || !last->text || strcmp(text, last->text) != 0)
                value_text(b, last, text);
        *v = *last;
}

/* The same for what belongs to a step: the first three values are its key. */
static struct op_value *batch_add_keyed(struct batch *b, enum op_kind kind, unsigned n_values,
                                        struct step_key key)
{
        struct op_value *v = batch_add(b, kind, n_values);

        if (!v)
                return NULL;
        value_key(b, &v[0], &b->run, key.run);
        value_key(b, &v[1], &b->step, key.step);
        value_number(&v[2], key.item);
        return v;
}

static void batch_flow(struct batch *b, const struct batch_run *run)
{
        struct op_value *v = batch_add(b, OP_FLOW, 3);

        if (!v)
                return;
        value_text(b, &v[0], run->flow_hash);
        value_text(b, &v[1], run->flow);
        value_text(b, &v[2], run->flow_json);
}

/* What must be the same for a submit key to mean the same request. */
static void value_submit_hash(struct batch *b, struct op_value *v, const struct batch_run *run)
{
        _cleanup_(json_decrefp) json_t *request = NULL;
        _cleanup_(freep) char *text = NULL;
        char hash[SHA256_HEX];

        *v = (struct op_value){ .is_null = true };
        if (!run->submit_key)
                return;
        request =
                json_pack("[s, s?, O?, s?, i, s?, s?]", run->flow_hash, run->workspace, run->inputs,
                          run->project, run->priority, run->concurrency_key, run->fail_on);
        text = request ? json_canonical(request) : NULL;
        if (!text) {
                batch_fail(b, -ENOMEM);
                return;
        }
        sha256_hex(hash, text, strlen(text));
        value_text(b, v, hash);
}

/* Where the run comes from, and when it may go: values 11 and on. */
static void batch_run_origin(struct batch *b, struct op_value *v, const struct batch_run *run)
{
        value_text(b, &v[11], run->project);
        value_number(&v[12], run->priority);
        value_text(b, &v[13], run->concurrency_key);
        value_text(b, &v[14], run->submit_key);
        value_submit_hash(b, &v[15], run);
        value_text(b, &v[19], run->retry_of);
        value_json(b, &v[20], run->trigger);
        if (!run->parent.run)
                return;
        value_text(b, &v[16], run->parent.run);
        value_text(b, &v[17], run->parent.step);
        value_number(&v[18], run->parent.item);
}

void batch_run(struct batch *b, const struct batch_run *run)
{
        struct op_value *v;

        /* Resuming opens this path again, so it may not be cleaned like other texts. */
        if (run->workspace && !utf8_is_valid(run->workspace, strlen(run->workspace)))
                batch_fail(b, -EILSEQ);
        batch_flow(b, run);
        v = batch_add(b, OP_RUN, 21);
        if (!v)
                return;
        value_text(b, &v[0], run->id);
        value_text(b, &v[1], run->flow_hash);
        value_text(b, &v[2], run->flow);
        value_text(b, &v[3], run->workspace);
        value_json(b, &v[4], run->inputs);
        value_text(b, &v[5], run_state_name(RUN_QUEUED));
        value_text(b, &v[6], run->fail_on);
        value_text(b, &v[7], run->tier);
        value_natural(&v[8], run->uid);
        value_text(b, &v[9], run->requested_by);
        value_time(&v[10], run->at_ms);
        batch_run_origin(b, v, run);
}

void batch_run_file(struct batch *b, const char *run, const char *pointer, const char *path,
                    const char *sha256, uint64_t size)
{
        struct op_value *v = batch_add(b, OP_RUN_FILE, 5);

        if (!v)
                return;
        value_text(b, &v[0], run);
        value_text(b, &v[1], pointer);
        value_text(b, &v[2], path);
        value_text(b, &v[3], sha256);
        value_unsigned(&v[4], size);
        b->has_blobs = true;
}

void batch_run_state(struct batch *b, const char *run, enum run_state state, int exit_status,
                     uint64_t at_ms)
{
        struct op_value *v = batch_add(b, OP_RUN_STATE, 5);

        if (!v)
                return;
        value_text(b, &v[0], run);
        value_text(b, &v[1], run_state_name(state));
        value_number(&v[2], run_state_is_final(state));
        value_natural(&v[3], exit_status);
        value_time(&v[4], at_ms);
}

void batch_run_tier(struct batch *b, const char *run, const char *tier)
{
        struct op_value *v = batch_add(b, OP_RUN_TIER, 2);

        if (!v)
                return;
        value_text(b, &v[0], run);
        value_text(b, &v[1], tier);
}

void batch_run_cancel(struct batch *b, const char *run, const char *by, uint64_t at_ms)
{
        struct op_value *v = batch_add(b, OP_RUN_CANCEL, 3);

        if (!v)
                return;
        value_text(b, &v[0], run);
        value_text(b, &v[1], by);
        value_time(&v[2], at_ms);
}

void batch_run_break(struct batch *b, const char *run, const char *reason, uint64_t at_ms)
{
        for (enum op_kind kind = OP_BREAK_ATTEMPTS; kind <= OP_BREAK_RUNS; kind++) {
                struct op_value *v = batch_add(b, kind, 3);

                if (!v)
                        return;
                value_text(b, &v[0], run);
                value_text(b, &v[1], reason);
                value_time(&v[2], at_ms);
        }
}

void batch_step(struct batch *b, struct step_key key, const struct batch_step *step)
{
        struct op_value *v = batch_add_keyed(b, OP_STEP, 9, key);

        if (!v)
                return;
        value_text(b, &v[3], step->agent);
        value_text(b, &v[4], step->action);
        value_json(b, &v[5], step->needs);
        value_number(&v[6], step->position);
        value_text(b, &v[7], step_state_name(step->state));
        if (step->state == STEP_READY)
                value_time(&v[8], step->at_ms);
}

void batch_items(struct batch *b, const char *run, const char *id, size_t n,
                 const struct batch_step *item)
{
        struct step_key key = { .run = run, .step = id, .item = (int) n };
        struct op_value *v = n > 0 ? batch_add_keyed(b, OP_ITEMS, 7, key) : NULL;

        if (!v)
                return;
        value_text(b, &v[3], item->agent);
        value_text(b, &v[4], item->action);
        value_number(&v[5], item->position);
        value_text(b, &v[6], step_state_name(item->state));
}

void batch_step_state(struct batch *b, struct step_key key, enum step_state state, int verdict,
                      const char *reason, uint64_t at_ms)
{
        struct op_value *v = batch_add_keyed(b, OP_STEP_STATE, 8, key);

        if (!v)
                return;
        value_text(b, &v[3], step_state_name(state));
        value_number(&v[4], step_state_is_final(state));
        value_text(b, &v[5], verdict < 0 ? NULL : verdict_name((enum verdict) verdict));
        value_text(b, &v[6], reason);
        value_time(&v[7], at_ms);
}

void batch_step_ready_at(struct batch *b, struct step_key key, uint64_t at_ms)
{
        struct op_value *v = batch_add_keyed(b, OP_STEP_READY_AT, 4, key);

        if (v)
                value_time(&v[3], at_ms);
}

void batch_step_taken(struct batch *b, struct step_key key, const json_t *from)
{
        struct op_value *v = batch_add_keyed(b, OP_STEP_TAKEN, 4, key);

        if (v)
                value_json(b, &v[3], from);
}

void batch_attempt_begin(struct batch *b, struct step_key key, int n, const char *agent_sha256,
                         const char *tier, uint64_t at_ms)
{
        struct op_value *v = batch_add_keyed(b, OP_ATTEMPT_BEGIN, 7, key);

        if (!v)
                return;
        value_number(&v[3], n);
        value_text(b, &v[4], agent_sha256);
        value_text(b, &v[5], tier);
        value_time(&v[6], at_ms);
}

void batch_attempt_end(struct batch *b, struct step_key key, int n,
                       const struct batch_attempt *attempt)
{
        struct op_value *v = batch_add_keyed(b, OP_ATTEMPT_END, 21, key);

        if (!v)
                return;
        value_number(&v[3], n);
        value_time(&v[4], attempt->at_ms);
        value_text(b, &v[5],
                   attempt->verdict < 0 ? NULL : verdict_name((enum verdict) attempt->verdict));
        value_text(b, &v[6], attempt->code);
        value_text(b, &v[7], attempt->message);
        value_natural(&v[8], attempt->exit_status);
        value_natural(&v[9], attempt->signal ? attempt->signal : -1);
        value_text(b, &v[10], attempt->syscall);
        value_text(b, &v[11], attempt->syscall_remedy);
        value_text(b, &v[12],
                   attempt->stderr_tail && *attempt->stderr_tail ? attempt->stderr_tail : NULL);
        value_unsigned(&v[13], attempt->wall_ms);
        value_unsigned(&v[14], attempt->cpu_ms);
        value_unsigned(&v[15], attempt->user_us);
        value_unsigned(&v[16], attempt->system_us);
        value_unsigned(&v[17], attempt->memory_peak_bytes);
        value_some(b, &v[18], attempt->spent);
        value_some(b, &v[19], attempt->unreadable);
        value_unsigned(&v[20], attempt->redacted);
}

void batch_output(struct batch *b, struct step_key key, const json_t *output)
{
        struct op_value *v = output ? batch_add_keyed(b, OP_OUTPUT, 6, key) : NULL;

        if (!v)
                return;
        value_json(b, &v[3], output);
        b->has_large = b->has_large || v[3].length > OUTPUT_ROW_MAX;
}

static void batch_finding(struct batch *b, struct step_key key, size_t n, const json_t *finding)
{
        struct op_value *v = batch_add_keyed(b, OP_FINDING, 8, key);

        if (!v)
                return;
        value_unsigned(&v[3], n);
        value_text(b, &v[4], json_string_value(json_object_get(finding, "severity")));
        value_text(b, &v[5], json_string_value(json_object_get(finding, "rule")));
        value_text(b, &v[6], json_string_value(json_object_get(finding, "fingerprint")));
        value_json(b, &v[7], finding);
}

int batch_spill(struct batch *b, int blobs, struct err *err)
{
        for (struct op *op = b->has_large ? b->first : NULL; op; op = op->next) {
                struct op_value *v = op->values;
                char sha256[SHA256_HEX];
                int r;

                if (op->kind != OP_OUTPUT || v[3].length <= OUTPUT_ROW_MAX)
                        continue;
                r = blob_put(blobs, sha256, v[3].text, v[3].length, false, err);
                if (r < 0)
                        return r;
                value_unsigned(&v[5], v[3].length);
                value_text(b, &v[4], sha256);
                value_text(b, &v[3], "null");
                b->has_blobs = true;
        }
        return b->error;
}

void batch_findings(struct batch *b, struct step_key key, const json_t *findings)
{
        const json_t *finding;
        size_t i;

        json_array_foreach (findings, i, finding)
                batch_finding(b, key, i, finding);
}

void batch_artifact(struct batch *b, struct step_key key, const char *name, const char *media_type,
                    uint64_t size, const char *sha256)
{
        struct op_value *v = batch_add_keyed(b, OP_ARTIFACT, 7, key);

        if (!v)
                return;
        value_text(b, &v[3], name);
        value_text(b, &v[4], media_type);
        value_unsigned(&v[5], size);
        value_text(b, &v[6], sha256);
        b->has_blobs = true;
}

void batch_withdraw(struct batch *b, struct step_key key)
{
        (void) batch_add_keyed(b, OP_WITHDRAW_OUTPUT, 3, key);
        (void) batch_add_keyed(b, OP_WITHDRAW_FINDINGS, 3, key);
        (void) batch_add_keyed(b, OP_WITHDRAW_ARTIFACTS, 3, key);
}

static void batch_blob_ref(struct batch *b, const char *run, const json_t *sha256)
{
        struct op_value *v = json_is_string(sha256) ? batch_add(b, OP_BLOB_REF, 2) : NULL;

        if (!v)
                return;
        value_text(b, &v[0], run);
        value_text(b, &v[1], json_string_value(sha256));
}

void batch_changeset(struct batch *b, struct step_key key, int n, const json_t *changeset)
{
        struct op_value *v = batch_add_keyed(b, OP_CHANGESET, 7, key);
        const json_t *file;
        size_t i;

        if (!v)
                return;
        value_number(&v[3], n);
        value_text(b, &v[4], json_string_value(json_object_get(changeset, "sha256")));
        value_json(b, &v[5], json_object_get(changeset, "files"));
        value_time(&v[6], 0);
        json_array_foreach (json_object_get(changeset, "files"), i, file) {
                batch_blob_ref(b, key.run, json_object_get(file, "sha256_before"));
                batch_blob_ref(b, key.run, json_object_get(file, "sha256_after"));
        }
        b->has_blobs = true;
}

void batch_changeset_state(struct batch *b, struct step_key key, const char *sha256,
                           enum changeset_state state, uint64_t at_ms)
{
        struct op_value *v = batch_add_keyed(b, OP_CHANGESET_STATE, 6, key);

        if (!v)
                return;
        value_text(b, &v[3], sha256);
        value_text(b, &v[4], changeset_state_name(state));
        value_time(&v[5], at_ms);
}

void batch_approval_open(struct batch *b, struct step_key key, const char *sha256, uint64_t at_ms)
{
        struct op_value *v = batch_add_keyed(b, OP_APPROVAL_OPEN, 5, key);

        if (!v)
                return;
        value_text(b, &v[3], sha256);
        value_time(&v[4], at_ms);
}

void batch_approval_decide(struct batch *b, struct step_key key, const char *sha256,
                           const struct batch_decision *decision)
{
        struct op_value *v = batch_add_keyed(b, OP_APPROVAL_DECIDE, 10, key);

        if (!v)
                return;
        value_text(b, &v[3], sha256);
        value_text(b, &v[4], approval_state_name(decision->state));
        value_time(&v[5], decision->at_ms);
        value_text(b, &v[6], decision->by);
        value_natural(&v[7], decision->uid);
        value_text(b, &v[8], decision->how);
        value_text(b, &v[9], decision->reason);
}

void batch_event(struct batch *b, const char *run, const char *type, const json_t *data,
                 uint64_t at_ms)
{
        struct op_value *v = batch_add(b, OP_EVENT, 4);

        if (!v)
                return;
        value_key(b, &v[0], &b->run, run);
        value_text(b, &v[1], type);
        value_time(&v[2], at_ms);
        value_json(b, &v[3], data);
}

void batch_log(struct batch *b, struct step_key key, int attempt, int level, const char *text,
               uint64_t at_ms)
{
        struct op_value *v = batch_add_keyed(b, OP_LOG, 7, key);

        if (!v)
                return;
        value_number(&v[3], attempt);
        value_number(&v[4], level);
        value_text(b, &v[5], text);
        value_time(&v[6], at_ms);
}

void batch_cache(struct batch *b, const char *key, struct step_key output, uint64_t at_ms)
{
        struct op_value *v = batch_add_keyed(b, OP_CACHE, 5, output);

        if (!v)
                return;
        value_text(b, &v[3], key);
        value_time(&v[4], at_ms);
}

void batch_cache_used(struct batch *b, const char *key, uint64_t at_ms)
{
        struct op_value *v = batch_add(b, OP_CACHE_USED, 2);

        if (!v)
                return;
        value_text(b, &v[0], key);
        value_time(&v[1], at_ms);
}

/* 0 stands for "none". */
static void value_moment(struct op_value *v, uint64_t at_ms)
{
        value_unsigned(v, at_ms);
        v->is_null = at_ms == 0;
}

void batch_trigger(struct batch *b, const struct batch_trigger *trigger)
{
        struct op_value *v = batch_add(b, OP_TRIGGER, 5);

        if (!v)
                return;
        value_text(b, &v[0], trigger->name);
        value_moment(&v[1], trigger->last_due_ms);
        value_text(b, &v[2], trigger->run);
        value_moment(&v[3], trigger->fired_ms);
        value_json(b, &v[4], json_array_size(trigger->waiting) ? trigger->waiting : NULL);
}
