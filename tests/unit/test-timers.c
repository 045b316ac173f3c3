/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Timers: the next is the one that is due first, and those of a loop fire in that order
 */

#include "base/timers.h"

#include "test.h"

#define MANY 500

/* The same numbers at every run. */
static uint32_t next_number(uint32_t *seed)
{
        *seed = *seed * 1664525 + 1013904223;
        return *seed >> 8;
}

/* In any order in, and some off again: out in the order of their times. */
static void test_order(void **state)
{
        static struct loop_source sources[MANY];
        struct timers t = { 0 };
        uint32_t seed = 7;
        uint64_t last = 0;
        size_t n = 0;

        (void) state;
        for (size_t i = 0; i < MANY; i++)
                assert_int_equal(timers_add(&t, &sources[i], next_number(&seed) % 100), 0);
        for (size_t i = 0; i < MANY; i += 3) {
                timers_remove(&t, &sources[i]);
                sources[i].due_us = UINT64_MAX;
        }
        for (struct loop_source *s; (s = timers_first(&t)) != NULL; n++) {
                assert_true(s->due_us >= last && s->due_us < 100);
                last = s->due_us;
                timers_remove(&t, s);
        }
        assert_int_equal(n, MANY - (MANY + 2) / 3);
        timers_done(&t);
}

/* Of one time, in the order in which they were added. */
static void test_same_time(void **state)
{
        struct loop_source sources[32] = { 0 };
        struct timers t = { 0 };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(sources); i++)
                assert_int_equal(timers_add(&t, &sources[i], 5), 0);
        for (size_t i = 0; i < TEST_ROWS(sources); i++) {
                assert_ptr_equal(timers_first(&t), &sources[i]);
                timers_remove(&t, &sources[i]);
        }
        assert_null(timers_first(&t));
        timers_done(&t);
}

struct fired {
        struct loop *loop;
        struct loop_source first, second, third, reader;
        int pipe[2];
        char order[16];
};

static int on_timer(struct loop_source *source, uint32_t events)
{
        struct fired *f = source->owner;

        assert_int_equal(events, 0);
        assert_false(source->is_active);
        strcat(f->order, source == &f->first ? "1" : source == &f->second ? "2" : "3");
        if (source == &f->third)
                loop_stop(f->loop);
        if (source == &f->second && strlen(f->order) < 6)
                return loop_add_timer(f->loop, source, 0, on_timer, f);
        return 0;
}

static int on_reader(struct loop_source *source, _unused_ uint32_t events)
{
        struct fired *f = source->owner;

        strcat(f->order, "r");
        return strlen(f->order) < 6 ? 0 : loop_watch(f->loop, source, 0);
}

/* One that comes again at once holds up neither descriptors nor the others. */
static void test_fire(void **state)
{
        struct fired f = { 0 };

        (void) state;
        assert_int_equal(loop_new(&f.loop), 0);
        assert_int_equal(pipe(f.pipe), 0);
        assert_int_equal(write(f.pipe[1], "x", 1), 1);
        assert_int_equal(loop_add_fd(f.loop, &f.reader, f.pipe[0], EPOLLIN, on_reader, &f), 0);
        assert_int_equal(loop_add_timer(f.loop, &f.third, 5, on_timer, &f), 0);
        assert_int_equal(loop_add_timer(f.loop, &f.second, 0, on_timer, &f), 0);
        assert_int_equal(loop_add_timer(f.loop, &f.first, 3600000, on_timer, &f), 0);
        assert_int_equal(loop_add_timer(f.loop, &f.first, 0, on_timer, &f), 0); /* set anew */
        assert_int_equal(loop_run(f.loop), 0);
        assert_string_equal(f.order, "r21r2r23");
        loop_remove(f.loop, &f.reader);
        (void) close(f.pipe[0]);
        (void) close(f.pipe[1]);
        (void) loop_free(f.loop);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_order),
                cmocka_unit_test(test_same_time),
                cmocka_unit_test(test_fire),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
