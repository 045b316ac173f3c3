/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A run of 100,000 items, one list after the other: what has ended takes no memory
 */
#include "bench.h"

#include <malloc.h>

#define LISTS 10
#define ITEMS 10000
#define MAY   (48 * ITEMS) /* bytes that a list may leave: its output, and how each item ended */

static size_t used[LISTS];
static size_t n_used;

/* The large pieces are maps of their own. */
static size_t in_use(void)
{
        struct mallinfo2 info = mallinfo2();

        return info.uordblks + info.hblkhd;
}

static void on_event(struct bench *b, const json_t *event)
{
        const char *state = json_string_value(json_object_get(event, "state"));

        json_array_clear(b->events);
        if (state && strcmp(state, "done") == 0 && !json_object_get(event, "item") &&
            n_used < LISTS)
                used[n_used++] = in_use();
}

static json_t *list_of(size_t i)
{
        json_t *numbers = json_array();
        char id[16], before[16];

        for (int n = 0; n < ITEMS; n++)
                json_array_append_new(numbers, json_true());
        (void) snprintf(id, sizeof(id), "list%zu", i);
        (void) snprintf(before, sizeof(before), "list%zu", i - 1);
        return json_pack("{s:s, s:s, s:s, s:o, s:o}", "id", id, "agent", "tester", "action", "noop",
                         "for_each", numbers, "needs",
                         i == 0 ? json_array() : json_pack("[s]", before));
}

static void test_memory_is_flat(void **state)
{
        _cleanup_(freep) char *text = NULL;
        json_t *steps = json_array(), *flow;
        struct bench b;

        (void) state;
        bench_init(&b);
        b.options.slots = 320;
        b.on_event = on_event;
        bench_open(&b);
        for (size_t i = 0; i < LISTS; i++)
                json_array_append_new(steps, list_of(i));
        flow = json_pack("{s:s, s:o}", "name", "large", "steps", steps);
        text = json_dumps(flow, JSON_COMPACT);
        json_decref(flow);
        bench_submit(&b, text, NULL);
        assert_int_equal(engine_run_until_idle(b.engine, NULL), RUN_EXIT_OK);
        assert_int_equal(n_used, LISTS);
        (void) printf("# in use after the lists 2 to %d: %zu to %zu KiB\n", LISTS, used[1] >> 10,
                      used[LISTS - 1] >> 10);
        assert_true(used[LISTS - 1] < used[1] + (LISTS - 2) * MAY);
        bench_done(&b);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_memory_is_flat),
        };

        return cmocka_run_group_tests_name("large", tests, NULL, NULL);
}
