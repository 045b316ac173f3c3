/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

/*
 * kill -9 of an engine at random moments. The engine records steps, one batch for each with its
 * attempt, output and end, and says the number of every step whose completion came. Afterwards
 * every number said must be there, nothing may be there in part, and no result may be taken again.
 */

#define ROUNDS 60
#define STEPS  4000
#define BURST  16

struct engine {
        struct store *store;
        struct loop *loop;
        const char *run;
        int acks; /* pipe */
        int next; /* step to submit */
        int told; /* completions */
};

struct ticket {
        struct engine *engine;
        int step;
};

static struct ticket tickets[STEPS];

static void add_step(struct batch *b, const char *run, int n)
{
        _cleanup_(json_decrefp) json_t *output = json_integer(n);
        char id[STEP_ID_SIZE];
        struct step_key key = { run, id, -1 };

        (void) snprintf(id, sizeof(id), "s%d", n);
        batch_step(b, key,
                   &(struct batch_step){
                           .agent = "a", .action = "b", .position = n, .state = STEP_RUNNING });
        batch_attempt_begin(b, key, 1, HASH_A, "full", 0);
        batch_attempt_end(b, key, 1, &(struct batch_attempt){ .verdict = VERDICT_OK });
        batch_output(b, key, output);
        batch_step_state(b, key, STEP_DONE, VERDICT_OK, NULL, 0);
}

static void on_done(void *user, int result, const struct err *err);

static void submit_burst(struct engine *e)
{
        for (int i = 0; i < BURST && e->next < STEPS; i++) {
                struct ticket *t = &tickets[e->next];
                struct batch *b;

                *t = (struct ticket){ e, e->next };
                if (batch_new(&b) < 0)
                        _exit(1);
                add_step(b, e->run, e->next++);
                if (store_submit(e->store, b, on_done, t, NULL) < 0)
                        _exit(2);
        }
}

static void on_done(void *user, int result, const struct err *err)
{
        struct ticket *t = user;
        struct engine *e = t->engine;

        (void) err;
        if (result < 0 || write(e->acks, &t->step, sizeof(t->step)) != sizeof(t->step))
                _exit(3);
        if (++e->told == e->next)
                submit_burst(e);
}

static void engine_main(const char *dir, const char *run, int acks)
{
        struct engine e = { .run = run, .acks = acks };
        struct batch *b = helper_run(run, STEP_WAITING);

        if (store_open(&e.store, dir, NULL, NULL) < 0 || loop_new(&e.loop) < 0 ||
            store_attach(e.store, e.loop) < 0 || store_commit(e.store, b, NULL) < 0)
                _exit(4);
        submit_burst(&e);
        (void) loop_run(e.loop);
        _exit(5);
}

/* Kills it some time after its first word; returns the highest number it said, -1 = none. */
static int run_and_kill(const char *dir, const char *run, long delay_us)
{
        struct timespec delay = { .tv_nsec = delay_us * 1000 };
        int acks[2], step, last = -1, status;
        struct pollfd ready;
        pid_t pid;

        assert_int_equal(pipe2(acks, O_CLOEXEC), 0);
        assert_true(fcntl(acks[1], F_SETPIPE_SZ, 1 << 16) > 0);
        pid = fork();
        if (pid == 0)
                engine_main(dir, run, acks[1]);
        assert_true(pid > 0);
        (void) close(acks[1]);
        ready = (struct pollfd){ .fd = acks[0], .events = POLLIN };
        assert_int_equal(poll(&ready, 1, 20000), 1);
        (void) nanosleep(&delay, NULL);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        while (read(acks[0], &step, sizeof(step)) == sizeof(step)) {
                assert_int_equal(step, last + 1);
                last = step;
        }
        (void) close(acks[0]);
        return last;
}

/* Whole steps only, without a gap; returns how many. */
static int check_record(struct store *s, const char *run)
{
        _cleanup_(json_decrefp) json_t *document = helper_document(s, run, 0);
        json_t *steps = json_object_get(document, "steps"), *step;
        size_t i;
        int n = 0;

        json_array_foreach (steps, i, step) {
                if (strcmp(json_string_value(json_object_get(step, "id")), "check") == 0)
                        continue;
                helper_text(step, "/state", "done");
                helper_text(step, "/attempts/0/verdict", "ok");
                assert_int_equal(json_array_size(json_object_get(step, "attempts")), 1);
                helper_number(step, "/output", json_integer_value(json_object_get(step, "output")));
                n++;
        }
        return n;
}

static void check_once(struct store *s, const char *run, int last)
{
        struct batch *b = helper_batch();
        char id[STEP_ID_SIZE];

        if (last < 0) {
                (void) batch_free(b);
                return;
        }
        (void) snprintf(id, sizeof(id), "s%d", last);
        batch_attempt_begin(b, STEP_KEY(run, id), 2, HASH_A, "full", 0);
        helper_refused(s, b, -EALREADY, "final");
}

static void test_kill_at_random_moments(void **state)
{
        char *folder = helper_folder();
        _cleanup_(freep) char *dir = helper_path(folder, "s");
        int said = 0, kept = 0;

        (void) state;
        srand(20240607);
        for (int round = 0; round < ROUNDS; round++) {
                char run[RUN_ID_SIZE];
                struct store *s;
                int last, n;

                assert_int_equal(id_new(run, 1000), 0);
                last = run_and_kill(dir, run, rand() % 12000);
                s = helper_open(dir, 0);
                n = check_record(s, run);
                if (n < last + 1)
                        fail_msg("round %d: %d said, %d kept", round, last + 1, n);
                check_once(s, run, last);
                (void) store_free(s);
                said += last + 1;
                kept += n;
        }
        (void) printf("# %d kills: %d results acknowledged, %d kept, 0 lost, 0 in part\n", ROUNDS,
                      said, kept);
        helper_remove(folder);
}

/* Two people decide at the same moment, each by a process of their own. */
static int decide(const char *dir, const char *run, int go, enum approval_state to)
{
        struct store *s;
        struct batch *b;
        char c;
        int r;

        if (batch_new(&b) < 0 || read(go, &c, 1) != 0 || store_open(&s, dir, NULL, NULL) < 0)
                return 3;
        batch_approval_decide(b, STEP_KEY(run, "check"), HASH_A,
                              &(struct batch_decision){ .state = to, .by = "x" });
        r = store_commit(s, b, NULL);
        (void) store_free(s);
        return r == 0 ? 0 : r == -EALREADY ? 1 : 2;
}

static void test_one_decision_wins(void **state)
{
        static const enum approval_state states[] = { APPROVAL_APPROVED, APPROVAL_REJECTED };
        char *folder = helper_folder();
        _cleanup_(freep) char *dir = helper_path(folder, "s");
        int wins[2] = { 0 };

        (void) state;
        for (int round = 0; round < 20; round++) {
                struct store *s = helper_open(dir, 0);
                _cleanup_(json_decrefp) json_t *doc = NULL;
                char run[RUN_ID_SIZE];
                struct batch *b;
                int go[2], status[2];
                pid_t pids[2];

                assert_int_equal(id_new(run, 1000), 0);
                b = helper_run(run, STEP_HELD);
                batch_approval_open(b, STEP_KEY(run, "check"), HASH_A, 0);
                helper_commit(s, b);
                (void) store_free(s);

                assert_int_equal(pipe2(go, O_CLOEXEC), 0);
                for (int i = 0; i < 2; i++) {
                        pids[i] = fork();
                        if (pids[i] == 0) {
                                (void) close(go[1]);
                                _exit(decide(dir, run, go[0], states[i]));
                        }
                }
                (void) close(go[0]);
                (void) close(go[1]);
                for (int i = 0; i < 2; i++)
                        assert_int_equal(waitpid(pids[i], &status[i], 0), pids[i]);
                assert_int_equal(WEXITSTATUS(status[0]) + WEXITSTATUS(status[1]), 1);

                s = helper_open(dir, STORE_READ_ONLY);
                doc = helper_document(s, run, 0);
                for (int i = 0; i < 2; i++)
                        if (WEXITSTATUS(status[i]) == 0) {
                                helper_text(doc, "/steps/0/approval/state",
                                            approval_state_name(states[i]));
                                wins[i]++;
                        }
                (void) store_free(s);
        }
        (void) printf("# approved %d, rejected %d\n", wins[0], wins[1]);
        helper_remove(folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kill_at_random_moments),
                cmocka_unit_test(test_one_decision_wins),
        };

        return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
