/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Zygote: whatever it was doing when it was killed, its host hears of it at once
 */
#include "drive.h"

#include <fcntl.h>

#define MOST       40
#define HEARD_MS   5000 /* on a busy machine; less than any time-out of the host's own */
#define DEATHS_MIN 2

static int on_late(struct loop_source *source, uint32_t events)
{
        (void) source;
        (void) events;
        fail_msg("the zygote is dead, and its host waits for it");
        return 0;
}

/* One step over a tree whose owner has to be mapped. True: the zygote died. */
static bool dies_in_a_step(struct drive *d, int tree)
{
        const struct drive_job job = { .action = "overlay",
                                       .workspace = WORKSPACE_OVERLAY,
                                       .workspace_fd = tree,
                                       .no_wait = true,
                                       .may_not_start = true };
        struct loop_source late = { 0 };

        drive_run(d, &job);
        assert_int_equal(loop_add_timer(d->loop, &late, HEARD_MS, on_late, NULL), 0);
        drive_wait(d);
        loop_remove(d->loop, &late);
        return d->result.trouble == -EPIPE;
}

/* True: it died, at its start or in a step. */
static bool dies(int n, const char *layers, int tree)
{
        const struct sandbox_options options = { .require = TIER_NO_USERNS };
        uint64_t began = clock_ms();
        struct err err = { 0 };
        struct drive d;
        char name[64];
        bool is_dead;

        (void) snprintf(name, sizeof(name), "linhay-cell-dies-%d%s", n, layers);
        is_dead = drive_try_as(&d, "linhay-cell-dies", name, &options, &err) < 0;
        if (is_dead && clock_ms() - began > HEARD_MS)
                fail_msg("killed at its process %d: %s", n, err_text(&err));
        if (!is_dead)
                is_dead = dies_in_a_step(&d, tree);
        drive_done(&d);
        return is_dead;
}

static void kill_at_each(const char *layers)
{
        char *tree = drive_tree_make();
        int fd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 1;

        assert_true(fd >= 0);
        while (n < MOST && dies(n, layers, fd))
                n++;
        (void) printf("# killed at each of %d processes that it makes for a step\n", n - 1);
        assert_in_range(n - 1, DEATHS_MIN, MOST - 2);
        assert_int_equal(close(fd), 0);
        drive_tree_remove(tree);
}

static void test_killed_before_the_maps(void **state)
{
        (void) state;
        kill_at_each("");
}

/* The process has its job already, and with that a connection to the host. */
static void test_killed_when_the_job_is_told(void **state)
{
        (void) state;
        kill_at_each("-without-ahead");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_killed_before_the_maps),
                cmocka_unit_test(test_killed_when_the_job_is_told),
        };

        return cmocka_run_group_tests_name("zygote", tests, NULL, NULL);
}
