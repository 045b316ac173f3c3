/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Kill: a step that is cancelled leaves nothing, however deaf its processes are
 *
 * LINHAY_KILL_ROUNDS says how often (200). How long it took from the end of the grace to the reap
 * is printed, not judged: machines are busy.
 */

#include "config.h"

#include "drive.h"
#include "look.h"

#include <signal.h>

#include "cell/sandbox.h"

#define ROUNDS_MOST 10000
#define GRACE_MS    5
#define PROCESSES   7 /* of the probe "stubborn" */

static struct drive drive;
static uint64_t cancelled_us;
static pid_t tree[CHILDREN_MAX];
static size_t n_tree;

static int set_up(void **state)
{
        (void) state;
        drive_init(&drive, false, NULL);
        return 0;
}

static int tear_down(void **state)
{
        (void) state;
        drive_done(&drive);
        return 0;
}

/* All that is below a process, itself included. */
static void tree_add(pid_t pid)
{
        pid_t pids[CHILDREN_MAX];
        size_t n = children_of(pid, pids);

        assert_true(n_tree < CHILDREN_MAX);
        tree[n_tree++] = pid;
        for (size_t i = 0; i < n; i++)
                tree_add(pids[i]);
}

/* The cell is the only child of the zygote that has children. */
static void tree_find(void)
{
        pid_t pids[CHILDREN_MAX], below[CHILDREN_MAX];
        size_t n = children_of(drive.sandbox->pid, pids);

        n_tree = 0;
        for (size_t i = 0; i < n; i++)
                if (children_of(pids[i], below) > 0)
                        tree_add(pids[i]);
}

static void on_ready(struct drive *d, const char *text)
{
        if (strcmp(text, "ready") != 0)
                return;
        tree_find();
        cancelled_us = clock_us();
        cell_cancel(d->cell, VERDICT_CANCELLED, GRACE_MS);
}

static int compare(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

        return x < y ? -1 : x > y;
}

static void test_whole_tree(void **state)
{
        static const char *const groups[] = { "spawn", NULL };
        static uint64_t took[ROUNDS_MOST];
        const char *asked = getenv("LINHAY_KILL_ROUNDS");
        size_t rounds = asked ? strtoul(asked, NULL, 10) : 200;

        (void) state;
        rounds = MAX_OF(MIN_OF(rounds, (size_t) ROUNDS_MOST), (size_t) 1);
        drive.on_log = on_ready;
        for (size_t i = 0; i < rounds; i++) {
                uint64_t since;

                drive_run(&drive, &(struct drive_job){ .action = "stubborn",
                                                       .groups = groups,
                                                       .limit = LIMIT_PROCESSES,
                                                       .value = 16 });
                since = clock_us() - cancelled_us;
                took[i] = since > GRACE_MS * 1000 ? since - GRACE_MS * 1000 : 0;
                drive_expect_verdict(&drive, "deaf to all but SIGKILL", "stubborn",
                                     VERDICT_CANCELLED);
                assert_int_equal(drive.result.signal, SIGKILL);
                assert_int_equal(n_tree, PROCESSES);
                for (size_t j = 0; j < n_tree; j++)
                        if (kill(tree[j], 0) == 0 || errno != ESRCH)
                                fail_msg("process %d of %zu outlived its step", tree[j], n_tree);
        }
        qsort(took, rounds, sizeof(*took), compare);
        print_message("# killed %zu of %zu trees of %d processes; after the grace p50 %.2f ms, p99 "
                      "%.2f ms, at most %.2f ms\n",
                      rounds, rounds, PROCESSES, (double) took[rounds / 2] / 1000,
                      (double) took[rounds * 99 / 100] / 1000, (double) took[rounds - 1] / 1000);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_whole_tree),
        };

        return cmocka_run_group_tests_name("kill", tests, set_up, tear_down);
}
