/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How fast are cells that are prepared ahead, and how many cells are there a second?
 *
 *     bench-cell burst OBJECT POOL none|ro|overlay DIR
 *     bench-cell crowd OBJECT POOL none|ro|overlay DIR
 *     bench-cell rate OBJECT POOL none|ro|overlay DIR SECONDS AT_ONCE
 *
 * burst: fills a pool of POOL cells, then sends POOL requests, each when the cell before has ended.
 * crowd: the same, all at once. Both print {"warm", "p50_us", "p95_us", "fill_ms"}: how many found
 * a prepared cell, and the time from the request to the parsed result.
 * rate: AT_ONCE cells at any time for so long; POOL 0 = none is prepared ahead. Prints {"cells_s",
 * "warm_s"}: cells that ended a second, and those of them that were prepared ahead, which is the
 * rate at which the pool was refilled.
 */

#include "cell/cell.h"

#include <fcntl.h>
#include <string.h>

#define COUNT_MOST 64
#define FILL_MS    20000

enum kind { BURST, CROWD, RATE };

struct bench {
        enum kind kind;
        struct loop *loop;
        struct sandbox *sandbox;
        struct cell_spec spec;
        struct loop_source watch;
        size_t pool;
        size_t n_done, n_warm, n_running;
        uint64_t until_us, fill_us;
        uint64_t times[COUNT_MOST];
        const char *why;
};

static int compare(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

        return x < y ? -1 : x > y;
}

static void bench_start(struct bench *b)
{
        struct err err = { 0 };
        struct cell *c;

        if (cell_start(&c, b->sandbox, &b->spec, &err) < 0) {
                (void) fprintf(stderr, "bench-cell: %s\n", err_text(&err));
                exit(1);
        }
        b->n_running++;
}

static bool bench_goes_on(const struct bench *b)
{
        if (b->kind == RATE)
                return clock_us() < b->until_us;
        return b->kind == BURST && b->n_done < b->pool;
}

static void on_done(void *user, struct cell_result *result)
{
        struct bench *b = user;

        if (result->trouble || result->verdict != VERDICT_OK) {
                (void) fprintf(stderr, "bench-cell: %s\n", result->message ? result->message : "");
                exit(1);
        }
        if (b->kind != RATE)
                b->times[b->n_done] = result->usage.result_us;
        b->n_done++;
        b->n_warm += result->usage.is_warm;
        b->n_running--;
        if (bench_goes_on(b))
                bench_start(b);
        else if (b->n_running == 0)
                loop_stop(b->loop);
}

/* The pool says nothing when it is full. */
static int look(struct loop_source *source, uint32_t events)
{
        struct bench *b = source->owner;

        (void) events;
        if (sandbox_n_warm(b->sandbox) >= b->pool || clock_us() > b->until_us) {
                loop_stop(b->loop);
                return 0;
        }
        return loop_add_timer(b->loop, &b->watch, 1, look, b);
}

static int fill(struct bench *b)
{
        uint64_t began = clock_us();
        struct err err = { 0 };

        b->until_us = began + FILL_MS * 1000ULL;
        if (sandbox_warm(b->sandbox, &b->spec, b->pool, &err) < 0 ||
            loop_add_timer(b->loop, &b->watch, 0, look, b) < 0 || loop_run(b->loop) < 0 ||
            sandbox_n_warm(b->sandbox) < b->pool) {
                (void) fprintf(stderr, "bench-cell: the pool does not fill: %s\n", err_text(&err));
                return -1;
        }
        b->fill_us = clock_us() - began;
        return 0;
}

static void burst(struct bench *b)
{
        size_t n = b->kind == CROWD ? b->pool : 1;

        for (size_t i = 0; i < n; i++)
                bench_start(b);
        (void) loop_run(b->loop);
        qsort(b->times, b->n_done, sizeof(*b->times), compare);
        (void) printf("{\"warm\": %zu, \"p50_us\": %llu, \"p95_us\": %llu, \"fill_ms\": %llu}\n",
                      b->n_warm, (unsigned long long) b->times[b->n_done / 2],
                      (unsigned long long) b->times[b->n_done * 95 / 100],
                      (unsigned long long) b->fill_us / 1000);
}

static void rate(struct bench *b, double seconds, size_t at_once)
{
        uint64_t began = clock_us();
        double took;

        b->until_us = began + (uint64_t) (seconds * 1e6);
        for (size_t i = 0; i < at_once; i++)
                bench_start(b);
        (void) loop_run(b->loop);
        took = (double) (clock_us() - began) / 1e6;
        (void) printf("{\"cells_s\": %.0f, \"warm_s\": %.0f}\n", (double) b->n_done / took,
                      (double) b->n_warm / took);
}

static int bench_open(struct bench *b, char *argv[], char sha256[SHA256_HEX])
{
        struct sandbox_options options = {
                .cell_path = getenv("LINHAY_CELL"),
                .require = TIER_NO_CGROUP,
                .pool = b->pool,
        };
        struct err err = { 0 };

        b->spec = (struct cell_spec){
                .name = "bench/run",
                .action = "run",
                .agent_fd = open(argv[2], O_RDONLY | O_CLOEXEC),
                .agent_sha256 = sha256,
                .on_done = on_done,
                .user = b,
        };
        limits_standard(&b->spec.limits);
        if (b->spec.agent_fd < 0 || sha256_fd(sha256, b->spec.agent_fd) < 0 ||
            workspace_mode_from_name(&b->spec.workspace, argv[4]) < 0) {
                (void) fprintf(stderr, "bench-cell: cannot read %s\n", argv[2]);
                return -1;
        }
        b->spec.workspace_fd = b->spec.workspace == WORKSPACE_NONE
                                       ? -1
                                       : open(argv[5], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (loop_new(&b->loop) < 0 || sandbox_new(&b->sandbox, b->loop, &options, &err) < 0) {
                (void) fprintf(stderr, "bench-cell: %s\n", err_text(&err));
                return -1;
        }
        return 0;
}

int main(int argc, char *argv[])
{
        static const char *const kinds[] = {
                [BURST] = "burst", [CROWD] = "crowd", [RATE] = "rate"
        };
        static struct bench b;
        char sha256[SHA256_HEX];

        for (b.kind = BURST; argc >= 6 && b.kind <= RATE; b.kind++)
                if (strcmp(argv[1], kinds[b.kind]) == 0)
                        break;
        if (argc != (b.kind == RATE ? 8 : 6) || b.kind > RATE) {
                (void) fprintf(stderr, "usage: bench-cell burst|crowd|rate OBJECT POOL "
                                       "none|ro|overlay DIR [SECONDS AT_ONCE]\n");
                return 2;
        }
        b.pool = MIN_OF(strtoul(argv[3], NULL, 10), (unsigned long) COUNT_MOST);
        if (bench_open(&b, argv, sha256) < 0 || (b.pool && fill(&b) < 0))
                return 1;
        if (b.kind == RATE)
                rate(&b, strtod(argv[6], NULL), strtoul(argv[7], NULL, 10));
        else
                burst(&b);
        b.sandbox = sandbox_free(b.sandbox);
        b.loop = loop_free(b.loop);
        return 0;
}
