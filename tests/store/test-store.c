/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include "base/blob.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#define RUN_A "0abcdefghjkmnpqrstv0"
#define RUN_B "0abcdefghjkmnpqrstv1"
#define RUN_C "0b00000000000000000a"

struct fixture {
        char *folder;
        char *dir; /* of the store */
        struct store *store;
};

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        f->folder = helper_folder();
        f->dir = helper_path(f->folder, "store");
        f->store = helper_open(f->dir, 0);
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;

        (void) store_free(f->store);
        helper_remove(f->folder);
        free(f->dir);
        free(f);
        return 0;
}

static mode_t mode_of(const char *dir, const char *name)
{
        _cleanup_(freep) char *path = helper_path(dir, name);
        struct stat st;

        assert_int_equal(lstat(path, &st), 0);
        return st.st_mode & 07777;
}

static void test_layout(void **state)
{
        struct fixture *f = *state;
        static const struct {
                const char *name;
                mode_t mode;
        } rows[] = {
                { ".", 0700 },    { "blobs", 0700 },    { "journal", 0700 },
                { "lock", 0600 }, { "store.db", 0600 }, { "store.db-wal", 0600 },
        };

        helper_commit(f->store, helper_run(RUN_A, STEP_READY));
        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                assert_int_equal(mode_of(f->dir, rows[i].name), rows[i].mode);
        assert_string_equal(store_dir(f->store), f->dir);
        assert_true(store_blobs(f->store) >= 0 && store_journal(f->store) >= 0);
}

static void add_attempt(struct batch *b, struct step_key key, int n, int verdict)
{
        _cleanup_(json_decrefp) json_t *spent = json_pack("{s:i}", "tokens", 7);

        batch_attempt_begin(b, key, n, HASH_B, "full", 3000);
        batch_attempt_end(b, key, n,
                          &(struct batch_attempt){ .at_ms = 4000,
                                                   .verdict = verdict,
                                                   .code = verdict ? "patch-rejected" : NULL,
                                                   .message = verdict ? "hunk 1" : NULL,
                                                   .exit_status = verdict ? 1 : 0,
                                                   .stderr_tail = "bytes \xff\xfe",
                                                   .wall_ms = 12,
                                                   .memory_peak_bytes = UINT64_C(5) << 32,
                                                   .spent = spent });
}

static void add_results(struct batch *b, struct step_key key)
{
        _cleanup_(json_decrefp) json_t *findings =
                json_pack("[{s:s, s:s}, {s:s, s:s}]", "rule", "secrets/a", "severity", "high",
                          "rule", "secrets/b", "severity", "info");
        _cleanup_(json_decrefp) json_t *output = json_pack("{s:[i,n]}", "files", 3);
        _cleanup_(json_decrefp) json_t *changes =
                json_pack("{s:s, s:[{s:s, s:s}], s:s}", "sha256", HASH_A, "files", "path", "a.c",
                          "op", "add", "diff", "+the tree's own bytes");

        batch_output(b, key, output);
        batch_findings(b, key, findings);
        batch_changeset(b, key, 2, changes);
        batch_artifact(b, key, "report.txt", "text/plain", 9, HASH_B);
        batch_approval_open(b, key, HASH_A, 5000);
}

static void test_document(void **state)
{
        struct fixture *f = *state;
        struct step_key key = STEP_KEY(RUN_A, "check"), item = { RUN_A, "check", 0 };
        _cleanup_(json_decrefp) json_t *doc = NULL;
        struct batch *b = helper_run(RUN_A, STEP_READY);

        batch_run_file(b, RUN_A, "/patch_file", "fix.patch", HASH_B, 120);
        batch_step_state(b, key, STEP_RUNNING, -1, NULL, 3000);
        add_attempt(b, key, 1, VERDICT_FAILED);
        add_attempt(b, key, 2, VERDICT_OK);
        add_results(b, key);
        batch_step_state(b, key, STEP_HELD, VERDICT_OK, "waits for approval", 5000);
        batch_step(b, item, &(struct batch_step){ .agent = "a", .action = "b", .position = 1 });
        helper_commit(f->store, b);

        doc = helper_document(f->store, RUN_A,
                              STORE_DOC_FLOW | STORE_DOC_FINDINGS | STORE_DOC_FILES);
        helper_text(doc, "/run", RUN_A);
        helper_text(doc, "/flow_json/name", "review");
        helper_number(doc, "/inputs/depth", 3);
        helper_text(doc, "/state", "running");
        assert_true(json_is_null(helper_at(doc, "/exit")));
        helper_number(doc, "/created", 1000);
        helper_number(doc, "/started", 2000);
        assert_true(json_is_null(helper_at(doc, "/ended")));
        helper_text(doc, "/files/0/pointer", "/patch_file");
        assert_int_equal(json_array_size(helper_at(doc, "/steps")), 2);
        assert_true(json_is_null(helper_at(doc, "/steps/0/item")));
        helper_number(doc, "/steps/1/item", 0);
        helper_text(doc, "/steps/1/state", "waiting");
        helper_text(doc, "/steps/0/state", "held");
        helper_text(doc, "/steps/0/reason", "waits for approval");
        helper_number(doc, "/steps/0/started", 3000);
        helper_text(doc, "/steps/0/attempts/0/error/code", "patch-rejected");
        helper_number(doc, "/steps/0/attempts/0/exit", 1);
        assert_true(json_is_null(helper_at(doc, "/steps/0/attempts/1/error")));
        assert_true(json_is_null(helper_at(doc, "/steps/0/attempts/1/signal")));
        helper_number(doc, "/steps/0/attempts/1/spent/tokens", 7);
        helper_number(doc, "/steps/0/attempts/1/usage/memory_peak_bytes", (json_int_t) 5 << 32);
        helper_text(doc, "/steps/0/attempts/1/idempotency_key", RUN_A "/check");
        assert_true(json_is_null(helper_at(doc, "/steps/0/output/files/1")));
        helper_text(doc, "/steps/0/findings/1/rule", "secrets/b");
        helper_number(doc, "/steps/0/finding_counts/high", 1);
        helper_number(doc, "/steps/0/finding_counts/low", 0);
        helper_text(doc, "/steps/0/changeset/files/0/path", "a.c");
        helper_text(doc, "/steps/0/changeset/state", "proposed");
        assert_null(json_pointer_get(doc, "/steps/0/changeset/diff"));
        helper_text(doc, "/steps/0/approval/state", "open");
        helper_text(doc, "/steps/0/artifacts/0/name", "report.txt");
        assert_int_equal(json_array_size(helper_at(doc, "/steps/1/attempts")), 0);
}

static void test_document_is_brief_unless_asked(void **state)
{
        struct fixture *f = *state;
        _cleanup_(json_decrefp) json_t *doc = NULL;
        struct err err = { 0 };

        helper_commit(f->store, helper_run(RUN_A, STEP_READY));
        doc = helper_document(f->store, RUN_A, 0);
        assert_null(json_object_get(doc, "flow_json"));
        assert_null(json_object_get(doc, "files"));
        assert_null(json_pointer_get(doc, "/steps/0/findings"));
        helper_number(doc, "/steps/0/finding_counts/critical", 0);
        assert_int_equal(store_run_document(f->store, RUN_B, 0, &doc, &err), -ENOENT);
}

/* Each row is a batch that breaks a rule on a run whose step `check` is done. */
static void break_run_again(struct batch *b)
{
        batch_run(b, &(struct batch_run){
                             .id = RUN_A, .flow = "f", .flow_hash = HASH_A, .flow_json = "{}" });
}

static void break_attempt_end(struct batch *b)
{
        batch_attempt_end(b, STEP_KEY(RUN_A, "check"), 1,
                          &(struct batch_attempt){ .verdict = VERDICT_FAILED });
}

static void break_attempt_of_done(struct batch *b)
{
        batch_attempt_begin(b, STEP_KEY(RUN_A, "check"), 2, HASH_A, "full", 0);
}

static void break_two_live(struct batch *b)
{
        batch_attempt_begin(b, STEP_KEY(RUN_A, "other"), 1, HASH_A, "full", 0);
        batch_attempt_begin(b, STEP_KEY(RUN_A, "other"), 2, HASH_A, "full", 0);
}

static void break_output(struct batch *b)
{
        _cleanup_(json_decrefp) json_t *output = json_integer(2);

        batch_output(b, STEP_KEY(RUN_A, "check"), output);
}

static void break_final_step(struct batch *b)
{
        batch_step_state(b, STEP_KEY(RUN_A, "check"), STEP_RUNNING, -1, NULL, 0);
}

static void break_final_step_same(struct batch *b)
{
        batch_step_state(b, STEP_KEY(RUN_A, "check"), STEP_DONE, VERDICT_OK, NULL, 0);
}

static void break_no_step(struct batch *b)
{
        batch_step_state(b, STEP_KEY(RUN_A, "none"), STEP_RUNNING, -1, NULL, 0);
}

static void break_attempt_of_none(struct batch *b)
{
        batch_attempt_begin(b, STEP_KEY(RUN_A, "none"), 1, HASH_A, "full", 0);
}

static void break_no_approval(struct batch *b)
{
        batch_approval_decide(b, STEP_KEY(RUN_A, "other"), HASH_A,
                              &(struct batch_decision){ .state = APPROVAL_APPROVED });
}

static void break_approval_hash(struct batch *b)
{
        batch_approval_decide(b, STEP_KEY(RUN_A, "check"), HASH_B,
                              &(struct batch_decision){ .state = APPROVAL_APPROVED });
}

static void break_two_open(struct batch *b)
{
        batch_approval_open(b, STEP_KEY(RUN_A, "check"), HASH_B, 0);
}

static void test_rules(void **state)
{
        struct fixture *f = *state;
        struct step_key check = STEP_KEY(RUN_A, "check");
        _cleanup_(json_decrefp) json_t *before = NULL, *after = NULL, *one = json_integer(1);
        struct batch *b = helper_run(RUN_A, STEP_READY);
        static const struct {
                const char *why;
                void (*fill)(struct batch *b);
                int code;
                const char *words;
        } rows[] = {
                { "a run's id is used once", break_run_again, -EEXIST, "run " RUN_A },
                { "an attempt ends once", break_attempt_end, -EEXIST, "result is recorded" },
                { "no attempt of a step that is over", break_attempt_of_done, -EALREADY, "final" },
                { "at most one live attempt", break_two_live, -EEXIST, "live one" },
                { "a step has one output", break_output, -EEXIST, "output of " RUN_A "/check" },
                { "a final state does not move", break_final_step, -EALREADY, "final" },
                { "not even to itself", break_final_step_same, -EALREADY, "final" },
                { "a step must exist to move", break_no_step, -ENOENT, "no step" },
                { "and to be tried", break_attempt_of_none, -ENOENT, "no such" },
                { "an approval must exist", break_no_approval, -ENOENT, "no approval" },
                { "and be for what was shown", break_approval_hash, -ESTALE, "linhay diff" },
                { "one open approval a step", break_two_open, -EEXIST, "approval of" },
        };

        batch_step(b, STEP_KEY(RUN_A, "other"),
                   &(struct batch_step){ .agent = "a", .action = "b", .position = 2 });
        add_attempt(b, check, 1, VERDICT_OK);
        batch_output(b, check, one);
        batch_step_state(b, check, STEP_DONE, VERDICT_OK, NULL, 0);
        batch_approval_open(b, check, HASH_A, 0);
        helper_commit(f->store, b);
        before = helper_document(f->store, RUN_A, STORE_DOC_FINDINGS);

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                b = helper_batch();
                batch_event(b, RUN_A, "must-not-stay", NULL, 0);
                rows[i].fill(b);
                helper_refused(f->store, b, rows[i].code, rows[i].words);
        }
        after = helper_document(f->store, RUN_A, STORE_DOC_FINDINGS);
        assert_true(json_equal(before, after));
        json_decref(after);
        assert_int_equal(store_events(f->store, NULL, 0, 0, &after, NULL), 0);
        assert_int_equal(json_array_size(after), 0);
}

static void decide_of(struct store *s, const char *sha256, enum approval_state to, const char *by,
                      int code, const char *words)
{
        struct batch *b = helper_batch();

        batch_approval_decide(b, STEP_KEY(RUN_A, "check"), sha256,
                              &(struct batch_decision){ .state = to,
                                                        .uid = 7,
                                                        .by = by,
                                                        .how = "self-approved",
                                                        .reason = "looks right" });
        if (code)
                helper_refused(s, b, code, words);
        else
                helper_commit(s, b);
}

static void decide(struct store *s, enum approval_state to, const char *by, int code,
                   const char *words)
{
        decide_of(s, HASH_A, to, by, code, words);
}

static void test_approval_is_decided_once(void **state)
{
        struct fixture *f = *state;
        _cleanup_(json_decrefp) json_t *open = NULL, *all = NULL;
        struct batch *b = helper_run(RUN_A, STEP_HELD);

        batch_approval_open(b, STEP_KEY(RUN_A, "check"), HASH_A, 0);
        helper_commit(f->store, b);
        decide_of(f->store, HASH_B, APPROVAL_APPROVED, "bob", -ESTALE, "other changes");
        decide(f->store, APPROVAL_REJECTED, "ann", 0, NULL);
        decide(f->store, APPROVAL_APPROVED, "bob", -EALREADY, "already rejected by ann");

        assert_int_equal(store_approvals(f->store, NULL, false, &open, NULL), 0);
        assert_int_equal(json_array_size(open), 0);
        assert_int_equal(store_approvals(f->store, RUN_A, true, &all, NULL), 0);
        helper_text(all, "/0/state", "rejected");
        helper_text(all, "/0/decided_by", "ann");
        helper_text(all, "/0/how", "self-approved");
        helper_text(all, "/0/flow", "review");
}

/* A held step whose change went stale gives its result back; one that counts does not. */
static void test_withdraw(void **state)
{
        struct fixture *f = *state;
        struct step_key key = STEP_KEY(RUN_A, "check");
        _cleanup_(json_decrefp) json_t *doc = NULL, *two = json_integer(2);
        struct batch *b = helper_run(RUN_A, STEP_HELD);

        add_results(b, key);
        helper_commit(f->store, b);
        b = helper_batch();
        batch_withdraw(b, key);
        batch_step_state(b, key, STEP_READY, -1, NULL, 0);
        helper_commit(f->store, b);
        b = helper_batch();
        batch_withdraw(b, key);
        helper_refused(f->store, b, -ENOENT, "no held output");

        b = helper_batch();
        batch_output(b, key, two);
        batch_step_state(b, key, STEP_DONE, VERDICT_OK, NULL, 0);
        helper_commit(f->store, b);
        b = helper_batch();
        batch_withdraw(b, key);
        helper_refused(f->store, b, -ENOENT, "no held output");
        doc = helper_document(f->store, RUN_A, STORE_DOC_FINDINGS);
        helper_number(doc, "/steps/0/output", 2);
        assert_int_equal(json_array_size(helper_at(doc, "/steps/0/findings")), 0);
        assert_int_equal(json_array_size(helper_at(doc, "/steps/0/artifacts")), 0);
}

static void test_lists(void **state)
{
        struct fixture *f = *state;
        _cleanup_(json_decrefp) json_t *runs = NULL, *some = NULL, *logs = NULL, *events = NULL;
        struct batch *b = helper_run(RUN_B, STEP_READY);
        struct step_key item = { RUN_A, "check", 4 };
        char found[RUN_ID_SIZE];
        struct err err = { 0 };

        helper_commit(f->store, helper_run(RUN_A, STEP_READY));
        helper_commit(f->store, helper_run(RUN_C, STEP_READY));
        batch_run_state(b, RUN_B, RUN_SUCCEEDED, 1, 9000);
        batch_log(b, STEP_KEY(RUN_A, "check"), 1, 1, "one", 1);
        batch_log(b, item, 1, 2, "two", 2);
        batch_log(b, (struct step_key){ RUN_A, NULL, -1 }, 0, 3, "run's own", 3);
        batch_event(b, RUN_A, "started", NULL, 5);
        batch_event(b, RUN_B, "started", NULL, 6);
        helper_commit(f->store, b);

        assert_int_equal(store_runs(f->store, 0, 2, &runs, NULL), 0);
        assert_int_equal(json_array_size(runs), 2);
        helper_text(runs, "/0/run", RUN_C);
        assert_int_equal(store_runs(f->store, 1 << RUN_SUCCEEDED, 0, &some, NULL), 0);
        assert_int_equal(json_array_size(some), 1);
        helper_number(some, "/0/exit", 1);
        helper_number(some, "/0/ended", 9000);

        assert_int_equal(store_logs(f->store, item, 0, 0, &logs, NULL), 0);
        assert_int_equal(json_array_size(logs), 1);
        helper_text(logs, "/0/text", "two");
        json_decref(logs);
        assert_int_equal(store_logs(f->store, STEP_KEY(RUN_A, NULL), 1, 10, &logs, NULL), 0);
        assert_int_equal(json_array_size(logs), 2);
        assert_int_equal(store_events(f->store, RUN_B, 0, 0, &events, NULL), 0);
        assert_int_equal(json_array_size(events), 1);
        helper_number(events, "/0/at", 6);

        assert_int_equal(store_run_find(f->store, "0b00", found, NULL), 0);
        assert_string_equal(found, RUN_C);
        assert_int_equal(store_run_find(f->store, "0abc", found, &err), -ENOTUNIQ);
        assert_non_null(strstr(err.text, RUN_A));
        assert_int_equal(store_run_find(f->store, "zzzz", found, &err), -ENOENT);
}

static struct batch_run request_of(const char *id, const char *submit_key)
{
        return (struct batch_run){ .id = id,
                                   .flow = "f",
                                   .flow_hash = HASH_A,
                                   .flow_json = "{}",
                                   .uid = 1,
                                   .at_ms = 1000,
                                   .submit_key = submit_key };
}

static void submit(struct store *s, const struct batch_run *run, int code, const char *words)
{
        struct batch *b = helper_batch();

        batch_run(b, run);
        if (code)
                helper_refused(s, b, code, words);
        else
                helper_commit(s, b);
}

/* The same request twice is one run; another request under the same key is refused. */
static void test_submit_key(void **state)
{
        struct fixture *f = *state;
        _cleanup_(json_decrefp) json_t *inputs = json_pack("{s:i, s:i}", "b", 1, "a", 2);
        _cleanup_(json_decrefp) json_t *same = json_pack("{s:i, s:i}", "a", 2, "b", 1);
        struct batch_run first = request_of(RUN_A, "order-7"), again = request_of(RUN_B, "order-7");
        char found[RUN_ID_SIZE];

        first.inputs = inputs;
        again.inputs = same;
        submit(f->store, &first, 0, NULL);
        submit(f->store, &again, -EEXIST, "order-7 was used already: it is run " RUN_A);
        assert_int_equal(store_run_by_submit_key(f->store, "order-7", found, NULL), 0);
        assert_string_equal(found, RUN_A);
        again.priority = 1;
        submit(f->store, &again, -ENOTUNIQ, "another request, run " RUN_A);
        again.priority = 0;
        again.inputs = NULL;
        submit(f->store, &again, -ENOTUNIQ, "key of its own");
        again.submit_key = "order-8";
        submit(f->store, &again, 0, NULL);
        assert_int_equal(store_run_by_submit_key(f->store, "order-9", found, NULL), -ENOENT);
}

/* What decides when a run may go, and where it came from. */
static void test_origin_and_order(void **state)
{
        struct fixture *f = *state;
        _cleanup_(json_decrefp) json_t *trigger =
                json_pack("{s:s, s:i}", "name", "nightly", "due", 7);
        _cleanup_(json_decrefp) json_t *doc = NULL, *due = NULL, *children = NULL;
        struct batch_run old = request_of(RUN_A, NULL), high = request_of(RUN_B, NULL),
                         young = request_of(RUN_C, NULL);
        struct batch *b = helper_batch();

        high.priority = 5;
        high.project = "website";
        high.concurrency_key = "deploy";
        high.parent = (struct step_key){ RUN_A, "each", 3 };
        high.retry_of = RUN_A;
        high.trigger = trigger;
        high.at_ms = 3000;
        young.at_ms = 2000;
        submit(f->store, &old, 0, NULL);
        submit(f->store, &high, 0, NULL);
        submit(f->store, &young, 0, NULL);

        doc = helper_document(f->store, RUN_B, 0);
        helper_text(doc, "/project", "website");
        helper_number(doc, "/priority", 5);
        helper_text(doc, "/concurrency_key", "deploy");
        helper_text(doc, "/parent/step", "each");
        helper_number(doc, "/parent/item", 3);
        helper_text(doc, "/retry_of", RUN_A);
        helper_text(doc, "/trigger/name", "nightly");
        assert_int_equal(store_children(f->store, high.parent, &children, NULL), 0);
        assert_int_equal(json_array_size(children), 1);
        json_decref(TAKE(children));
        assert_int_equal(store_children(f->store, STEP_KEY(RUN_A, "each"), &children, NULL), 0);
        assert_int_equal(json_array_size(children), 0);
        json_decref(TAKE(children));
        assert_int_equal(store_children(f->store, STEP_KEY(RUN_A, NULL), &children, NULL), 0);
        helper_text(children, "/0/run", RUN_B);

        batch_run_state(b, RUN_A, RUN_CANCELLED, 4, 0);
        helper_commit(f->store, b);
        assert_int_equal(store_unended(f->store, 0, &due, NULL), 0);
        assert_int_equal(json_array_size(due), 2);
        helper_text(due, "/0/run", RUN_B);
        helper_text(due, "/1/run", RUN_C);
        assert_true(json_is_null(helper_at(due, "/1/parent")));
}

static void test_cache_and_triggers(void **state)
{
        struct fixture *f = *state;
        struct step_key key = STEP_KEY(RUN_A, "check");
        _cleanup_(json_decrefp) json_t *hit = NULL, *output = NULL, *triggers = NULL,
                                       *waiting = json_pack("[i, i]", 91, 92);
        struct batch *b = helper_run(RUN_A, STEP_HELD);

        add_results(b, key);
        batch_cache(b, HASH_A, key, 10);
        batch_cache_used(b, HASH_A, 20);
        batch_cache_used(b, "gone", 20);
        batch_trigger(b, &(struct batch_trigger){ .name = "nightly",
                                                  .last_due_ms = 100,
                                                  .fired_ms = 90,
                                                  .run = RUN_A,
                                                  .waiting = waiting });
        batch_trigger(b, &(struct batch_trigger){ .name = "weekly", .waiting = waiting });
        batch_trigger(b, &(struct batch_trigger){ .name = "nightly", .last_due_ms = 200 });
        helper_commit(f->store, b);
        assert_int_equal(store_cache(f->store, HASH_A, &hit, NULL), 0);
        helper_text(hit, "/run", RUN_A);
        helper_number(hit, "/at", 10);
        helper_number(hit, "/last_used", 20);
        assert_int_equal(store_output(f->store, key, &output, NULL), 0);
        helper_number(output, "/output/files/0", 3);
        helper_text(output, "/findings/1/rule", "secrets/b");
        helper_text(output, "/artifacts/0/name", "report.txt");
        assert_int_equal(store_triggers(f->store, &triggers, NULL), 0);
        helper_number(triggers, "/0/last_due", 200);
        helper_text(triggers, "/0/last_run", RUN_A);
        helper_number(triggers, "/0/fired", 90);
        assert_int_equal(json_array_size(helper_at(triggers, "/0/waiting")), 0);
        helper_number(triggers, "/1/waiting/1", 92);
        assert_true(json_is_null(helper_at(triggers, "/1/last_due")));

        /* An output that retention took meanwhile is no reason to refuse; the key goes with it. */
        b = helper_batch();
        batch_cache(b, HASH_B, STEP_KEY(RUN_A, "none"), 0);
        helper_commit(f->store, b);
        json_decref(TAKE(hit));
        assert_int_equal(store_cache(f->store, HASH_B, &hit, NULL), -ENOENT);
        b = helper_batch();
        batch_withdraw(b, key);
        helper_commit(f->store, b);
        assert_int_equal(store_cache(f->store, HASH_A, &hit, NULL), -ENOENT);
        assert_int_equal(store_output(f->store, key, &output, NULL), -ENOENT);
}

static int64_t count_of(struct fixture *f, const char *sql)
{
        _cleanup_(freep) char *path = helper_path(f->dir, "store.db");
        sqlite3_stmt *statement = NULL;
        int64_t n;
        sqlite3 *db;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        (void) sqlite3_busy_timeout(db, 5000);
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        n = sqlite3_column_int64(statement, 0);
        (void) sqlite3_finalize(statement);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        return n;
}

/* A large output is a file; whoever reads sees no difference. */
static void test_large_output(void **state)
{
        struct fixture *f = *state;
        struct step_key key = STEP_KEY(RUN_A, "check");
        _cleanup_(json_decrefp) json_t *doc = NULL, *output = NULL, *large = NULL, *small = NULL;
        _cleanup_(freep) char *text = malloc(300001);
        struct batch *b = helper_run(RUN_A, STEP_RUNNING);

        assert_non_null(text);
        memset(text, 'y', 300000);
        text[300000] = '\0';
        large = json_pack("{s:s}", "text", text);
        small = json_pack("{s:s#}", "text", text, 60000);
        batch_step(b, STEP_KEY(RUN_A, "other"), &(struct batch_step){ .position = 2 });
        batch_output(b, key, large);
        batch_output(b, STEP_KEY(RUN_A, "other"), small);
        helper_commit(f->store, b);
        assert_int_equal(count_of(f, "SELECT max(length(json)) < 65537 FROM outputs"), 1);
        assert_int_equal(count_of(f, "SELECT sum(size) FROM outputs"), 300000 + 11);
        doc = helper_document(f->store, RUN_A, 0);
        assert_true(json_equal(helper_at(doc, "/steps/0/output"), large));
        assert_true(json_equal(helper_at(doc, "/steps/1/output"), small));
        assert_int_equal(store_output(f->store, key, &output, NULL), 0);
        assert_true(json_equal(helper_at(output, "/output"), large));
}

/* A run of very many items is told by those that have something to say. */
static void test_brief_document(void **state)
{
        struct fixture *f = *state;
        _cleanup_(json_decrefp) json_t *brief = NULL, *whole = NULL, *one = NULL;
        _cleanup_(json_decrefp) json_t *findings =
                json_pack("[{s:s, s:s}]", "rule", "a", "severity", "high");
        struct batch *b = helper_run(RUN_A, STEP_RUNNING);

        for (int i = 0; i < STORE_DOC_STEPS + 10; i++) {
                struct step_key key = { RUN_A, "check", i };

                batch_step(b, key, &(struct batch_step){ .position = 1, .state = STEP_RUNNING });
                batch_attempt_begin(b, key, 1, HASH_A, "full", 1);
                batch_attempt_end(b, key, 1, &(struct batch_attempt){ .verdict = VERDICT_OK });
                if (i == 100)
                        batch_findings(b, key, findings);
                batch_step_state(b, key, i == 200 ? STEP_FAILED : STEP_DONE, VERDICT_OK, NULL, 0);
        }
        helper_commit(f->store, b);
        brief = helper_document(f->store, RUN_A, STORE_DOC_BRIEF);
        assert_int_equal(json_array_size(helper_at(brief, "/steps")), 3);
        helper_number(brief, "/steps/0/items", STORE_DOC_STEPS + 10);
        helper_number(brief, "/steps/1/item", 100);
        helper_number(brief, "/steps/1/finding_counts/high", 1);
        helper_text(brief, "/steps/2/state", "failed");
        whole = helper_document(f->store, RUN_A, 0);
        assert_int_equal(json_array_size(helper_at(whole, "/steps")), STORE_DOC_STEPS + 11);
        assert_int_equal(store_step_document(f->store, (struct step_key){ RUN_A, "check", 7 }, 0,
                                             &one, NULL),
                         0);
        assert_int_equal(json_array_size(helper_at(one, "/steps")), 1);
        helper_number(one, "/steps/0/item", 7);
        assert_int_equal(json_array_size(helper_at(one, "/steps/0/attempts")), 1);
}

/* All lines of the run and of one item, a few at a time. */
static void read_log(struct store *s, struct step_key key, int lines)
{
        int64_t last = 0;
        int n = 0;

        for (bool more = true; more;) {
                _cleanup_(json_decrefp) json_t *page = NULL;
                const json_t *line;
                size_t i;

                assert_int_equal(store_logs(s, key, last, 77, &page, NULL), 0);
                json_array_foreach (page, i, line) {
                        json_int_t seq = json_integer_value(json_object_get(line, "seq"));

                        assert_true(seq > last);
                        last = seq;
                        n++;
                }
                more = json_array_size(page) == 77;
        }
        assert_int_equal(n, lines);
}

/* Logs become files as they grow and when the run ends; every line is there, once, in order. */
static void test_logs_become_files(void **state)
{
        struct fixture *f = *state;
        struct step_key key = STEP_KEY(RUN_A, "check"), item = { RUN_A, "check", 3 };
        char text[1001];

        memset(text, 'z', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        helper_commit(f->store, helper_run(RUN_A, STEP_RUNNING));
        helper_commit(f->store, helper_run(RUN_B, STEP_RUNNING));
        for (int i = 0; i < 20; i++) {
                struct batch *b = helper_batch();

                for (int n = 0; n < 50; n++)
                        batch_log(b, n % 5 ? key : item, 1, 6, text, 0);
                batch_log(b, STEP_KEY(RUN_B, "check"), 1, 6, "short", 0);
                helper_commit(f->store, b);
                read_log(f->store, STEP_KEY(RUN_A, NULL), 50 * (i + 1));
                read_log(f->store, item, 10 * (i + 1));
        }
        assert_in_range(count_of(f, "SELECT count(*) FROM log_files"), 2, 5);
        for (int i = 0; i < 2; i++) {
                struct batch *b = helper_batch();

                batch_run_state(b, i ? RUN_B : RUN_A, RUN_FAILED, 4, 0);
                helper_commit(f->store, b);
        }
        f->store = store_free(f->store);
        f->store = helper_open(f->dir, 0);
        assert_int_equal(count_of(f, "SELECT count(*) FROM logs WHERE run = '" RUN_A "'"), 0);
        assert_int_equal(count_of(f, "SELECT count(*) FROM logs WHERE run = '" RUN_B "'"), 20);
        read_log(f->store, STEP_KEY(RUN_A, NULL), 1000);
        read_log(f->store, item, 200);
        read_log(f->store, STEP_KEY(RUN_B, NULL), 20);
}

/* One run cannot fill the disk with its log; that it was cut is in the log. */
static void test_log_of_a_run_is_bounded(void **state)
{
        struct fixture *f = *state;
        struct step_key key = STEP_KEY(RUN_A, "check");
        _cleanup_(json_decrefp) json_t *end = NULL;
        _cleanup_(freep) char *text = malloc(1000001);
        int64_t last;

        assert_non_null(text);
        memset(text, 'z', 1000000);
        text[1000000] = '\0';
        helper_commit(f->store, helper_run(RUN_A, STEP_RUNNING));
        for (int i = 0; i < 80; i++) {
                struct batch *b = helper_batch();

                batch_log(b, key, 1, 6, text, 0);
                helper_commit(f->store, b);
        }
        last = count_of(f, "SELECT max(last) FROM log_files");
        read_log(f->store, STEP_KEY(RUN_A, NULL), 68);
        assert_int_equal(store_logs(f->store, key, last - 1, 0, &end, NULL), 0);
        helper_text(end, "/0/text",
                    "the log of this run has more than 64 MiB: what follows is not kept");
        assert_int_equal(json_array_size(end), 1);
}

static void test_cancel_is_noted_once(void **state)
{
        struct fixture *f = *state;
        _cleanup_(json_decrefp) json_t *doc = NULL;
        struct batch *b = helper_run(RUN_A, STEP_READY);

        batch_run_cancel(b, RUN_A, "ann", 10);
        batch_run_cancel(b, RUN_A, "bob", 20);
        helper_commit(f->store, b);
        doc = helper_document(f->store, RUN_A, 0);
        helper_text(doc, "/cancel_by", "ann");
        helper_number(doc, "/cancel_requested", 10);
}

static void test_lost_attempt(void **state)
{
        struct fixture *f = *state;
        struct step_key key = STEP_KEY(RUN_A, "check");
        _cleanup_(json_decrefp) json_t *doc = NULL;
        struct batch *b = helper_run(RUN_A, STEP_READY);

        batch_attempt_begin(b, key, 1, HASH_A, "full", 10);
        batch_attempt_end(b, key, 1,
                          &(struct batch_attempt){ .verdict = -1,
                                                   .code = "host-lost",
                                                   .message = "the engine died",
                                                   .exit_status = -1 });
        batch_attempt_begin(b, key, 2, HASH_A, "full", 20);
        helper_commit(f->store, b);
        doc = helper_document(f->store, RUN_A, 0);
        assert_true(json_is_null(helper_at(doc, "/steps/0/attempts/0/verdict")));
        assert_true(json_is_null(helper_at(doc, "/steps/0/attempts/0/usage")));
        assert_true(json_is_null(helper_at(doc, "/steps/0/attempts/0/exit")));
        assert_true(json_is_null(helper_at(doc, "/steps/0/attempts/1/ended")));
}

static void test_reader_beside_writer(void **state)
{
        struct fixture *f = *state;
        _cleanup_(store_freep) struct store *reader = NULL;
        _cleanup_(json_decrefp) json_t *runs = NULL;
        struct err err = { 0 };

        reader = helper_open(f->dir, STORE_READ_ONLY);
        for (int i = 0; i < 20; i++) {
                char id[RUN_ID_SIZE];

                assert_int_equal(id_new(id, 1000), 0);
                helper_commit(f->store, helper_run(id, STEP_READY));
                assert_int_equal(store_runs(reader, 0, 0, &runs, NULL), 0);
                assert_int_equal(json_array_size(runs), (size_t) i + 1);
                json_decref(TAKE(runs));
        }
        assert_int_equal(store_commit(reader, helper_batch(), &err), -EROFS);
        assert_int_equal(store_submit(reader, helper_batch(), NULL, NULL, &err), -EROFS);
}

static void test_what_was_kept_is_there_again(void **state)
{
        struct fixture *f = *state;
        _cleanup_(json_decrefp) json_t *doc = NULL;

        helper_commit(f->store, helper_run(RUN_A, STEP_READY));
        f->store = store_free(f->store);

        /* No engine is alive: a reader still reads, and a writer goes on. */
        f->store = helper_open(f->dir, STORE_READ_ONLY);
        doc = helper_document(f->store, RUN_A, 0);
        helper_text(doc, "/state", "running");
        f->store = store_free(f->store);
        f->store = helper_open(f->dir, 0);
        helper_commit(f->store, helper_run(RUN_B, STEP_READY));
}

static void test_second_engine_is_refused(void **state)
{
        struct fixture *f = *state;
        struct store_options options = { .flags = STORE_NO_WAIT };
        struct store *second;
        struct err err = { 0 };
        char pid[32];

        (void) snprintf(pid, sizeof(pid), "pid %ld", (long) getpid());
        assert_int_equal(store_open(&second, f->dir, &options, &err), -EWOULDBLOCK);
        assert_non_null(strstr(err.text, pid));
}

static void test_bad_batches(void **state)
{
        struct fixture *f = *state;
        struct batch *b = helper_batch();

        batch_run(b, &(struct batch_run){ .id = RUN_A,
                                          .flow = "f",
                                          .flow_hash = HASH_A,
                                          .flow_json = "{}",
                                          .workspace = "/srv/\xff" });
        helper_refused(f->store, b, -EILSEQ, "not UTF-8");

        b = helper_batch();
        batch_run(b, &(struct batch_run){
                             .id = "short", .flow = "f", .flow_hash = HASH_A, .flow_json = "{}" });
        helper_refused(f->store, b, -EINVAL, "run short");
        assert_true(batch_is_empty(b = helper_batch()));
        helper_commit(f->store, b);
}

static void test_sql_rules_hold_without_our_code(void **state)
{
        struct fixture *f = *state;
        _cleanup_(freep) char *path = helper_path(f->dir, "store.db");
        static const struct {
                const char *why;
                const char *sql;
        } rows[] = {
                { "a definition never changes", "UPDATE flows SET json = '{}'" },
                { "a final step never moves", "UPDATE steps SET state = 'ready'" },
                { "states are the known ones", "UPDATE runs SET state = 'odd'" },
                { "an ended run has an end", "UPDATE runs SET ended = NULL, state = 'failed'" },
                { "an attempt that ended is fixed", "UPDATE attempts SET verdict = 'failed'" },
                { "an output is fixed", "UPDATE outputs SET json = '2'" },
                { "a step has one live attempt",
                  "INSERT INTO attempts (run, step, item, n, idempotency_key, started)"
                  " SELECT run, id, item, n, 'k', 1 FROM steps, (SELECT 1 n UNION SELECT 2)"
                  " WHERE state = 'running'" },
                { "an attempt is of a step that has not ended",
                  "INSERT INTO attempts (run, step, item, n, idempotency_key, started)"
                  " SELECT run, id, item, 2, 'k', 1 FROM steps WHERE state = 'done'" },
                { "attempts are counted from 1",
                  "INSERT INTO attempts (run, step, item, n, idempotency_key, started)"
                  " SELECT run, id, item, 2, 'k', 1 FROM steps WHERE state = 'running'" },
                { "an attempt is of a step that is there",
                  "INSERT INTO attempts (run, step, item, n, idempotency_key, started)"
                  " VALUES ('" RUN_A "', 'nobody', -1, 1, 'k', 1)" },
                { "states of steps are the known ones",
                  "UPDATE steps SET state = 'odd' WHERE state = 'running'" },
        };
        _cleanup_(json_decrefp) json_t *one = json_integer(1);
        struct step_key key = STEP_KEY(RUN_A, "check");
        struct batch *b = helper_run(RUN_A, STEP_READY);
        sqlite3_stmt *same;
        sqlite3 *db;

        add_attempt(b, key, 1, VERDICT_OK);
        batch_output(b, key, one);
        batch_step_state(b, key, STEP_DONE, VERDICT_OK, NULL, 0);
        helper_commit(f->store, b);
        helper_commit(f->store, helper_run(RUN_B, STEP_RUNNING));
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                if (sqlite3_exec(db, rows[i].sql, NULL, NULL, NULL) != SQLITE_CONSTRAINT)
                        fail_msg("%s", rows[i].why);
        /* Rules that look behind a change take it back. */
        if (sqlite3_prepare_v2(db,
                               "SELECT (SELECT count(*) FROM attempts WHERE verdict = 'ok') = 1"
                               " AND (SELECT group_concat(state) FROM steps) = 'done,running'",
                               -1, &same, NULL) != SQLITE_OK)
                fail_msg("%s", sqlite3_errmsg(db));
        assert_int_equal(sqlite3_step(same), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int(same, 0), 1);
        (void) sqlite3_finalize(same);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* A run goes as a whole, for retention. */
static void test_deleting_a_run_leaves_nothing(void **state)
{
        struct fixture *f = *state;
        _cleanup_(freep) char *path = helper_path(f->dir, "store.db");
        static const char *const tables[] = { "steps",     "attempts",   "outputs",   "findings",
                                              "artifacts", "changesets", "approvals", "events",
                                              "logs",      "run_files",  "blob_refs", "cache" };
        struct step_key key = STEP_KEY(RUN_A, "check");
        struct batch *b = helper_run(RUN_A, STEP_READY);
        sqlite3 *db;

        batch_run_file(b, RUN_A, "/f", "f", HASH_A, 1);
        add_attempt(b, key, 1, VERDICT_OK);
        add_results(b, key);
        batch_cache(b, HASH_A, key, 0);
        batch_event(b, RUN_A, "x", NULL, 0);
        batch_log(b, key, 1, 1, "x", 0);
        helper_commit(f->store, b);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(
                sqlite3_exec(db, "PRAGMA foreign_keys=ON; DELETE FROM runs", NULL, NULL, NULL),
                SQLITE_OK);
        for (size_t i = 0; i < TEST_ROWS(tables); i++) {
                sqlite3_stmt *count;
                char sql[64];

                (void) snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", tables[i]);
                assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &count, NULL), SQLITE_OK);
                assert_int_equal(sqlite3_step(count), SQLITE_ROW);
                assert_int_equal(sqlite3_column_int(count, 0), 0);
                (void) sqlite3_finalize(count);
        }
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
                TEST(test_layout),
                TEST(test_document),
                TEST(test_document_is_brief_unless_asked),
                TEST(test_rules),
                TEST(test_approval_is_decided_once),
                TEST(test_withdraw),
                TEST(test_lists),
                TEST(test_submit_key),
                TEST(test_origin_and_order),
                TEST(test_cache_and_triggers),
                TEST(test_large_output),
                TEST(test_brief_document),
                TEST(test_logs_become_files),
                TEST(test_log_of_a_run_is_bounded),
                TEST(test_cancel_is_noted_once),
                TEST(test_lost_attempt),
                TEST(test_reader_beside_writer),
                TEST(test_what_was_kept_is_there_again),
                TEST(test_second_engine_is_refused),
                TEST(test_bad_batches),
                TEST(test_sql_rules_hold_without_our_code),
                TEST(test_deleting_a_run_leaves_nothing),
        };

        return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
