/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How long does one confined step take?
 *
 *     bench-step cold|ready|chain OBJECT [COUNT [none|ro|overlay DIR]]
 *
 * Starts COUNT cells one after the other (spawn, confine, dlopen, run, JSON result, reap) and
 * prints {"tier", "count", "ahead", "p50_us", "p95_us", "result_p50_us", "result_p95_us",
 * "start_us"}: how many had a process that was made ahead, times until the process is reaped, until
 * its result was parsed, and what making the sandbox took.
 *
 * cold: nothing is made ahead. ready: a pause before each cell, in which the next process is made.
 * chain: no pause; what is made ahead is made while the cell before runs and ends.
 */

#include "cell/cell.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "cell/sandbox.h"

#define PAUSE_MS 5

struct bench {
        struct loop *loop;
        uint64_t began;
        uint64_t took;
        uint64_t result_us;
        size_t n_ahead;
        bool has_pause;
        char why[512];
};

static void on_done(void *user, struct cell_result *result)
{
        struct bench *b = user;

        b->took = clock_us() - b->began;
        b->result_us = result->usage.result_us;
        b->n_ahead += result->usage.is_ahead;
        if (result->trouble || result->verdict != VERDICT_OK)
                (void) snprintf(b->why, sizeof(b->why), "%s: %s",
                                result->trouble ? "trouble" : verdict_name(result->verdict),
                                result->message ? result->message : "");
        loop_stop(b->loop);
}

static int compare(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

        return x < y ? -1 : x > y;
}

static int bench_run(struct bench *b, struct sandbox *s, struct cell_spec *spec, size_t count,
                     uint64_t *times, uint64_t *results)
{
        for (size_t i = 0; i < count; i++) {
                struct err err = { 0 };
                struct cell *c;

                if (b->has_pause)
                        (void) nanosleep(&(struct timespec){ .tv_nsec = PAUSE_MS * 1000000 }, NULL);
                b->began = clock_us();
                if (cell_start(&c, s, spec, &err) < 0 || loop_run(b->loop) < 0) {
                        (void) fprintf(stderr, "bench-step: %s\n", err_text(&err));
                        return -1;
                }
                if (b->why[0]) {
                        (void) fprintf(stderr, "bench-step: %s\n", b->why);
                        return -1;
                }
                times[i] = b->took;
                results[i] = b->result_us;
        }
        return 0;
}

/* linhay-cell-test under the name that says that no process is made ahead. */
static const char *path_without_ahead(char *ret, size_t size)
{
        const char *cell = getenv("LINHAY_CELL");

        (void) snprintf(ret, size, "%s-without-ahead", cell ? cell : "./linhay-cell");
        return ret;
}

int main(int argc, char *argv[])
{
        size_t count = argc > 3 ? strtoul(argv[3], NULL, 10) : 200;
        struct sandbox_options options = {
                .cell_path = getenv("LINHAY_CELL"),
                .require = TIER_NO_USERNS,
        };
        struct cell_spec spec = { .name = "bench", .action = "run", .workspace_fd = -1 };
        _cleanup_(sandbox_freep) struct sandbox *s = NULL;
        _cleanup_(loop_freep) struct loop *loop = NULL;
        _cleanup_(freep) uint64_t *times = NULL, *results = NULL;
        char sha256[SHA256_HEX], path[PATH_MAX];
        struct bench bench = { 0 };
        struct err err = { 0 };
        uint64_t began = clock_us(), started;

        if (argc < 3 || (argc > 4 && argc != 6)) {
                (void) fprintf(stderr, "usage: bench-step cold|ready|chain OBJECT [COUNT "
                                       "[none|ro|overlay DIR]]\n");
                return 2;
        }
        if (strcmp(argv[1], "cold") == 0)
                options.cell_path = path_without_ahead(path, sizeof(path));
        bench.has_pause = strcmp(argv[1], "ready") == 0;
        count = MAX_OF(count, 1UL);
        times = calloc(count, sizeof(*times));
        results = calloc(count, sizeof(*results));
        spec.agent_fd = open(argv[2], O_RDONLY | O_CLOEXEC);
        if (!times || !results || spec.agent_fd < 0 || sha256_fd(sha256, spec.agent_fd) < 0 ||
            (argc > 4 && workspace_mode_from_name(&spec.workspace, argv[4]) < 0)) {
                (void) fprintf(stderr, "bench-step: cannot read %s\n", argv[2]);
                return 1;
        }
        if (argc > 4)
                spec.workspace_fd = open(argv[5], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        spec.agent_sha256 = sha256;
        spec.on_done = on_done;
        spec.user = &bench;
        limits_standard(&spec.limits);

        if (loop_new(&loop) < 0 || sandbox_new(&s, loop, &options, &err) < 0) {
                (void) fprintf(stderr, "bench-step: %s\n", err_text(&err));
                return 1;
        }
        started = clock_us() - began;
        bench.loop = loop;
        if (bench_run(&bench, s, &spec, count, times, results) < 0)
                return 1;
        qsort(times, count, sizeof(*times), compare);
        qsort(results, count, sizeof(*results), compare);
        (void) printf("{\"tier\": \"%s\", \"count\": %zu, \"ahead\": %zu, \"p50_us\": %llu, "
                      "\"p95_us\": %llu, "
                      "\"result_p50_us\": %llu, \"result_p95_us\": %llu, \"start_us\": %llu}\n",
                      tier_name(sandbox_tier(s)), count, bench.n_ahead,
                      (unsigned long long) times[count / 2],
                      (unsigned long long) times[count * 95 / 100],
                      (unsigned long long) results[count / 2],
                      (unsigned long long) results[count * 95 / 100], (unsigned long long) started);
        return 0;
}
