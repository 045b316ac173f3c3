/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include "store/strand.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

/*
 * This program's own fdatasync(), fsync() and syncfs() stand before the C library's, so that the
 * tests count every sync of the database and of the blobs, hold one up, and let one fail.
 */

#define RUN_A "0abcdefghjkmnpqrstv0"

static atomic_int syncs;
static atomic_int blob_syncs, syncs_before_blobs;
static atomic_int sync_error; /* errno that the next syncs fail with; 0 = none */
static pthread_mutex_t sync_gate = PTHREAD_MUTEX_INITIALIZER; /* held: syncs wait */

static int sync_through(long number, int fd)
{
        int error;

        (void) pthread_mutex_lock(&sync_gate);
        (void) pthread_mutex_unlock(&sync_gate);
        syncs++;
        error = sync_error;
        if (error) {
                errno = error;
                return -1;
        }
        return (int) syscall(number, fd);
}

__attribute__((visibility("default"))) int fdatasync(int fd);
__attribute__((visibility("default"))) int fdatasync(int fd)
{
        return sync_through(SYS_fdatasync, fd);
}

__attribute__((visibility("default"))) int fsync(int fd);
__attribute__((visibility("default"))) int fsync(int fd)
{
        return sync_through(SYS_fsync, fd);
}

__attribute__((visibility("default"))) int syncfs(int fd);
__attribute__((visibility("default"))) int syncfs(int fd)
{
        blob_syncs++;
        syncs_before_blobs = (int) syncs;
        return (int) syscall(SYS_syncfs, fd);
}

struct fixture {
        char *folder;
        char *dir;
        struct store *store;
        struct loop *loop;
        int left;    /* completions until the loop stops */
        int failed;  /* completions with an error */
        int last;    /* result of the last one */
        int in_turn; /* completions that came in the order of submission */
        struct err err;
};

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        sync_error = 0;
        f->folder = helper_folder();
        f->dir = helper_path(f->folder, "s");
        f->store = helper_open(f->dir, 0);
        assert_int_equal(loop_new(&f->loop), 0);
        assert_int_equal(store_attach(f->store, f->loop), 0);
        helper_commit(f->store, helper_run(RUN_A, STEP_READY));
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;

        sync_error = 0;
        (void) store_free(f->store);
        (void) loop_free(f->loop);
        helper_remove(f->folder);
        free(f->dir);
        free(f);
        return 0;
}

static void on_done(void *user, int result, const struct err *err)
{
        struct fixture *f = user;

        f->last = result;
        f->failed += result < 0;
        if (result < 0)
                f->err = *err;
        if (--f->left == 0)
                loop_stop(f->loop);
}

static struct batch *event_batch(const char *type)
{
        struct batch *b = helper_batch();

        batch_event(b, RUN_A, type, NULL, 0);
        return b;
}

static void submit(struct fixture *f, const char *type)
{
        assert_int_equal(store_submit(f->store, event_batch(type), on_done, f, NULL), 0);
        f->left++;
}

static size_t count_events(struct fixture *f)
{
        json_t *events;
        size_t n;

        assert_int_equal(store_events(f->store, NULL, 0, 0, &events, NULL), 0);
        n = json_array_size(events);
        json_decref(events);
        return n;
}

static void test_a_crowd_shares_a_sync(void **state)
{
        struct fixture *f = *state;
        struct store_stats before, after;
        int syncs_before = syncs;

        store_stats(f->store, &before);
        for (int i = 0; i < 1000; i++)
                submit(f, "x");
        assert_int_equal(store_pending(f->store), 1000);
        assert_int_equal(loop_run(f->loop), 0);
        store_stats(f->store, &after);

        assert_int_equal(f->failed, 0);
        assert_int_equal(count_events(f), 1000);
        assert_int_equal(after.batches - before.batches, 1000);
        (void) printf("# 1000 batches: %d syncs, %d transactions\n", syncs - syncs_before,
                      (int) (after.commits - before.commits));
        assert_true(syncs > syncs_before);
        assert_true(syncs - syncs_before <= 100);
}

/* While the disk holds one sync up, 50 batches collect; all of them take one more sync. */
static void test_what_waits_for_a_sync_goes_together(void **state)
{
        struct fixture *f = *state;
        struct store_stats before, after;

        store_stats(f->store, &before);
        (void) pthread_mutex_lock(&sync_gate);
        for (int i = 0; i < 50; i++)
                submit(f, "x");
        (void) pthread_mutex_unlock(&sync_gate);
        assert_int_equal(loop_run(f->loop), 0);
        store_stats(f->store, &after);
        assert_true(after.commits - before.commits <= 3);
}

/* One at a time: each is synced by itself, at once; there is no timer to wait for. */
static void test_a_lone_batch_is_synced_at_once(void **state)
{
        struct fixture *f = *state;
        int before = syncs;

        for (int i = 0; i < 20; i++) {
                submit(f, "x");
                assert_int_equal(loop_run(f->loop), 0);
        }
        /* One or two more for room written ahead of the log. */
        assert_in_range(syncs - before, 20, 22);
}

/* A row never names bytes that a power cut can take away; one that names none waits for nothing. */
static void test_blobs_are_synced_before_their_row(void **state)
{
        struct fixture *f = *state;
        struct batch *b = helper_batch();
        int before = blob_syncs;

        helper_commit(f->store, event_batch("x"));
        assert_int_equal(blob_syncs, before);
        batch_run_file(b, RUN_A, "/patch_file", "fix.patch", HASH_B, 1);
        helper_commit(f->store, b);
        assert_int_equal(blob_syncs, before + 1);
        assert_true(syncs_before_blobs < syncs);
}

/* A large output becomes a blob on the way: the same holds for it. */
static void test_large_outputs_are_synced_before_their_row(void **state)
{
        struct fixture *f = *state;
        _cleanup_(freep) char *text = malloc(100001);
        _cleanup_(json_decrefp) json_t *output = NULL;
        struct batch *b = helper_batch();
        int before = blob_syncs;

        assert_non_null(text);
        memset(text, 'x', 100000);
        text[100000] = '\0';
        output = json_string(text);
        batch_output(b, STEP_KEY(RUN_A, "check"), output);
        helper_commit(f->store, b);
        assert_int_equal(blob_syncs, before + 1);
        assert_true(syncs_before_blobs < syncs);
}

static int on_timer(struct loop_source *source, uint32_t events)
{
        struct fixture *f = source->owner;

        (void) events;
        loop_stop(f->loop);
        return 0;
}

/* Nothing may be told before it is on disk. */
static void test_no_completion_before_the_sync(void **state)
{
        struct fixture *f = *state;
        struct loop_source soon = { 0 };

        (void) pthread_mutex_lock(&sync_gate);
        submit(f, "x");
        assert_int_equal(loop_add_timer(f->loop, &soon, 100, on_timer, f), 0);
        assert_int_equal(loop_run(f->loop), 0);
        assert_int_equal(f->left, 1);
        assert_int_equal(store_pending(f->store), 1);
        (void) pthread_mutex_unlock(&sync_gate);
        assert_int_equal(loop_run(f->loop), 0);
        assert_int_equal(f->last, 0);
        assert_int_equal(store_pending(f->store), 0);
}

/* Two ways to break a rule: a statement that finds nothing, and a trigger that undoes all. */
static void break_softly(struct batch *b)
{
        batch_step_state(b, STEP_KEY(RUN_A, "none"), STEP_READY, -1, NULL, 0);
}

static void break_hard(struct batch *b)
{
        batch_attempt_begin(b, STEP_KEY(RUN_A, "none"), 1, HASH_A, "full", 0);
}

static void submit_bad(struct fixture *f, void (*spoil)(struct batch *b))
{
        struct batch *bad = event_batch("must-not-stay");

        spoil(bad);
        assert_int_equal(store_submit(f->store, bad, on_done, f, NULL), 0);
        f->left++;
}

/* A batch that breaks a rule does not touch the others of its transaction. */
static void test_a_refused_batch_is_alone(void **state)
{
        struct fixture *f = *state;

        (void) pthread_mutex_lock(&sync_gate);
        submit(f, "x");
        submit(f, "x");
        submit_bad(f, break_softly);
        submit(f, "x");
        (void) pthread_mutex_unlock(&sync_gate);
        assert_int_equal(loop_run(f->loop), 0);
        assert_int_equal(f->failed, 1);
        assert_int_equal(f->err.code, -ENOENT);
        assert_int_equal(count_events(f), 3);
}

/* Nor does one whose refusal takes the whole transaction with it, nor several of them. */
static void test_a_batch_that_undoes_all_is_alone(void **state)
{
        struct fixture *f = *state;

        (void) pthread_mutex_lock(&sync_gate);
        submit(f, "x");
        submit_bad(f, break_softly);
        submit(f, "x");
        submit_bad(f, break_hard);
        submit_bad(f, break_hard);
        submit(f, "x");
        submit_bad(f, break_softly);
        submit_bad(f, break_hard);
        (void) pthread_mutex_unlock(&sync_gate);
        assert_int_equal(loop_run(f->loop), 0);
        assert_int_equal(f->failed, 5);
        assert_int_equal(f->err.code, -ENOENT);
        assert_int_equal(count_events(f), 3);
}

/* `spoil` NULL: a good one. */
static void submit_in(struct fixture *f, struct strand *strand, void (*spoil)(struct batch *b),
                      bool is_trial)
{
        struct batch *b = event_batch("in-a-strand");

        if (spoil)
                spoil(b);
        batch_strand(b, strand, is_trial);
        assert_int_equal(store_submit(f->store, b, on_done, f, NULL), 0);
        f->left++;
}

/* Nothing is written on top of what was refused, neither in its transaction nor in a later one. */
static void check_strands(struct fixture *f, void (*spoil)(struct batch *b))
{
        struct strand *one, *other;

        assert_int_equal(strand_new(&one), 0);
        assert_int_equal(strand_new(&other), 0);
        (void) pthread_mutex_lock(&sync_gate);
        submit(f, "x");
        submit_in(f, one, NULL, false);
        submit_in(f, one, spoil, true); /* a trial: its strand goes on */
        submit_in(f, one, NULL, false);
        submit_in(f, one, spoil, false); /* and here it ends */
        submit_in(f, other, NULL, false);
        submit_in(f, one, NULL, false);
        submit(f, "x");
        (void) pthread_mutex_unlock(&sync_gate);
        assert_int_equal(loop_run(f->loop), 0);
        assert_int_equal(f->failed, 3);
        assert_int_equal(f->err.code, -ECANCELED);
        assert_true(strand_is_cut(one));
        assert_false(strand_is_cut(other));
        submit_in(f, one, NULL, false);
        submit_in(f, other, NULL, false);
        assert_int_equal(loop_run(f->loop), 0);
        assert_int_equal(f->failed, 4);
        assert_int_equal(count_events(f), 6);
        strand_unref(one);
        strand_unref(other);
}

static void test_a_strand_ends_where_it_is_refused(void **state)
{
        check_strands(*state, break_softly);
}

static void test_a_strand_ends_where_it_undoes_all(void **state)
{
        check_strands(*state, break_hard);
}

static void test_a_failed_sync_is_told_to_all(void **state)
{
        struct fixture *f = *state;
        static const struct {
                const char *why;
                int error;
                int code;
                const char *words;
        } rows[] = {
                { "the disk is broken", EIO, -EIO, "disk I/O error" },
                { "the disk fills up at the last moment", ENOSPC, -EIO, "disk I/O error" },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct err err = { 0 };

                f->failed = 0;
                sync_error = rows[i].error;
                (void) pthread_mutex_lock(&sync_gate);
                submit(f, "x");
                submit(f, "x");
                (void) pthread_mutex_unlock(&sync_gate);
                assert_int_equal(loop_run(f->loop), 0);
                assert_int_equal(f->failed, 2);
                assert_int_equal(f->last, rows[i].code);
                if (!strstr(f->err.text, rows[i].words))
                        fail_msg("%s: %s", rows[i].why, f->err.text);

                /* The store takes no more, even when the disk is well again. */
                sync_error = 0;
                assert_int_equal(store_submit(f->store, event_batch("x"), on_done, f, &err),
                                 rows[i].code);
                assert_non_null(strstr(err.text, "no more writes"));

                /* Opened again it goes on; what had been told is there. */
                f->store = store_free(f->store);
                f->store = helper_open(f->dir, 0);
                assert_int_equal(store_attach(f->store, f->loop), 0);
                helper_commit(f->store, event_batch("again"));
                assert_true(count_events(f) >= i + 1);
        }
}

static void test_closing_writes_what_was_submitted(void **state)
{
        struct fixture *f = *state;

        for (int i = 0; i < 100; i++)
                assert_int_equal(store_submit(f->store, event_batch("x"), on_done, f, NULL), 0);
        f->left = 100;
        f->store = store_free(f->store);
        assert_int_equal(f->left, 100);
        f->store = helper_open(f->dir, STORE_READ_ONLY);
        assert_int_equal(count_events(f), 100);
}

/* The log is copied back into the file while the writer is idle, so it stays small. */
static void test_the_log_stays_bounded(void **state)
{
        struct fixture *f = *state;
        _cleanup_(freep) char *wal = helper_path(f->dir, "store.db-wal"), *text = malloc(65537);
        FILE *file;

        assert_non_null(text);
        memset(text, 'x', 65536);
        text[65536] = '\0';
        for (int i = 0; i < 400; i++) {
                struct batch *b = helper_batch();

                batch_log(b, STEP_KEY(RUN_A, "check"), 1, 1, text, 0);
                helper_commit(f->store, b);
        }
        file = fopen(wal, "re");
        assert_non_null(file);
        assert_int_equal(fseek(file, 0, SEEK_END), 0);
        (void) printf("# 26 MiB written, log of %ld KiB\n", ftell(file) / 1024);
        assert_true(ftell(file) < 12 << 20);
        (void) fclose(file);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
                TEST(test_a_crowd_shares_a_sync),
                TEST(test_what_waits_for_a_sync_goes_together),
                TEST(test_a_lone_batch_is_synced_at_once),
                TEST(test_blobs_are_synced_before_their_row),
                TEST(test_large_outputs_are_synced_before_their_row),
                TEST(test_no_completion_before_the_sync),
                TEST(test_a_refused_batch_is_alone),
                TEST(test_a_batch_that_undoes_all_is_alone),
                TEST(test_a_strand_ends_where_it_is_refused),
                TEST(test_a_strand_ends_where_it_undoes_all),
                TEST(test_a_failed_sync_is_told_to_all),
                TEST(test_closing_writes_what_was_submitted),
                TEST(test_the_log_stays_bounded),
        };

        return cmocka_run_group_tests_name("group", tests, NULL, NULL);
}
