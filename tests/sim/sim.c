/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The engine's promises under faults, simulated
 *
 *   sim [CAMPAIGN [SEED [COUNT]]]
 *
 * Without arguments the short form of every campaign, as TAP. With a seed alone that one world,
 * told as it happens: what a failure prints to be run again.
 */

#include "world.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct campaign {
        const char *name;
        const char *what;
        uint64_t count;    /* of the short form */
        uint64_t first[4]; /* the short form begins with these seeds: they find what is rare */
        const char *(*run)(const struct campaign *c, uint64_t seed, uint64_t count);
        struct world_options options;
};

static struct world_counts counts;
static uint64_t last_seed;
static char again[160]; /* what repeats the last world */

static double now(void)
{
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static const char *world(const struct campaign *c, const struct world_options *options)
{
        last_seed = options->seed;
        (void) snprintf(again, sizeof(again), "%s %llu", c->name,
                        (unsigned long long) options->seed);
        return world_run(options, &counts);
}

/* Worlds until the engine has died `count` times. */
static const char *deaths(const struct campaign *c, uint64_t seed, uint64_t count)
{
        const char *fault = NULL;

        while (!fault && counts.deaths < count) {
                struct world_options options = c->options;

                options.seed = seed++;
                fault = world(c, &options);
        }
        return fault;
}

/* Seeds that turned red by a line of scripts/sabotages that others seldom find. */
static const char *first_deaths(const struct campaign *c)
{
        const char *fault = NULL;

        for (size_t i = 0; !fault && i < ARRAY_SIZE(c->first) && c->first[i]; i++) {
                struct world_options options = c->options;

                options.seed = c->first[i];
                fault = world(c, &options);
        }
        return fault;
}

static const char *kills(const struct campaign *c, uint64_t seed, uint64_t count)
{
        return deaths(c, seed, count);
}

static const char *cuts(const struct campaign *c, uint64_t seed, uint64_t count)
{
        return deaths(c, seed, count);
}

static const struct {
        int error;
        bool is_short;
} ways[] = { { ENOSPC, false }, { EIO, false }, { ENOSPC, true } };

static const char *error_at(const struct campaign *c, uint64_t seed, uint64_t act, size_t way)
{
        struct world_options options = c->options;
        const char *fault;

        options.seed = seed;
        options.fail_at = act;
        options.fail_error = ways[way].error;
        options.fail_is_short = ways[way].is_short;
        counts.faults++;
        fault = world(c, &options);
        (void) snprintf(again, sizeof(again), "%s %llu act %llu %zu", c->name,
                        (unsigned long long) seed, (unsigned long long) act, way);
        return fault;
}

/* Acts of the first life of a world fail once each, in each way: `count` of them, evenly. */
static const char *errors(const struct campaign *c, uint64_t seed, uint64_t count)
{
        struct world_options options = c->options;
        const char *fault;
        uint64_t all;

        options.seed = seed;
        fault = world(c, &options);
        all = counts.acts * ARRAY_SIZE(ways);
        for (uint64_t i = 0; !fault && i < MIN_OF(count, all); i++) {
                uint64_t k = count < all ? i * all / count : i;

                fault = error_at(c, seed, k / ARRAY_SIZE(ways) + 1, k % ARRAY_SIZE(ways));
        }
        return fault;
}

/* The disk is full at some size or other, and later it is not. */
static const char *full(const struct campaign *c, uint64_t seed, uint64_t count)
{
        const char *fault = NULL;

        for (uint64_t last = seed + count; !fault && seed < last; seed++) {
                struct world_options options = c->options;

                options.seed = seed;
                options.limit = (seed % 60 + 1) * 8192;
                counts.faults++;
                fault = world(c, &options);
        }
        return fault;
}

static const struct campaign campaigns[] = {
        { "kills",
          "the engine is killed at any moment",
          300,
          { 69, 206, 507 },
          kills,
          { .deaths = 12, .is_gentle = true } },
        { "cuts",
          "the power fails: what was not synced is lost, torn, or in another order",
          300,
          { 78 },
          cuts,
          { .deaths = 12 } },
        { "errors",
          "every open, write, sync and name fails once",
          150,
          { 0 },
          errors,
          { .is_quiet = true } },
        { "full", "the disk is full", 30, { 0 }, full, { .is_quiet = true } },
};

static bool tell(const struct campaign *c, unsigned number, uint64_t seed, const char *fault,
                 double seconds)
{
        (void) printf("# %s: seeds %llu to %llu, %.1f s: %llu runs, %llu lives, %llu deaths, %llu "
                      "faults, %llu ends in trouble, %llu actions, %llu changes applied, longest "
                      "wait %.1f s\n",
                      c->name, (unsigned long long) seed, (unsigned long long) last_seed, seconds,
                      (unsigned long long) counts.runs, (unsigned long long) counts.lives,
                      (unsigned long long) counts.deaths, (unsigned long long) counts.faults,
                      (unsigned long long) counts.troubles, (unsigned long long) counts.actions,
                      (unsigned long long) counts.applies, (double) counts.most_wait_ms / 1000);
        if (fault) {
                world_trace();
                (void) printf("# broken: %s\n# again: tests/sim/sim %s\n", fault, again);
        }
        (void) printf("%sok %u - %s: %s\n", fault ? "not " : "", number, c->name, c->what);
        (void) fflush(stdout);
        return !fault;
}

static bool campaign_run(const struct campaign *c, unsigned number, uint64_t seed, uint64_t count)
{
        double start = now();
        const char *fault;

        counts = (struct world_counts){ 0 };
        fault = count ? NULL : first_deaths(c);
        if (!fault)
                fault = c->run(c, seed, count ? count : c->count);
        return tell(c, number, seed, fault, now() - start);
}

/* One world alone, told as it happens: `sim CAMPAIGN SEED` or `sim errors SEED act ACT WAY`. */
static bool world_alone(const struct campaign *c, int argc, char **argv)
{
        uint64_t seed = strtoull(argv[2], NULL, 10);
        struct campaign one = *c;

        one.options.is_loud = true;
        if (argc < 6)
                return campaign_run(&one, 1, seed, 1);
        return !error_at(&one, seed, strtoull(argv[4], NULL, 10),
                         strtoull(argv[5], NULL, 10) % ARRAY_SIZE(ways));
}

static const struct campaign *campaign_find(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(campaigns); i++)
                if (strcmp(campaigns[i].name, name) == 0)
                        return &campaigns[i];
        (void) fprintf(stderr, "sim: there is no campaign \"%s\"\n", name);
        exit(2);
}

static bool choose(int argc, char **argv)
{
        const char *only = argc > 1 ? argv[1] : getenv("LINHAY_TEST");
        uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
        bool is_right = true;

        if (argc == 3 || argc == 6)
                return world_alone(campaign_find(only), argc, argv);
        if (only) {
                (void) printf("1..1\n");
                return campaign_run(campaign_find(only), 1, seed,
                                    argc > 3 ? strtoull(argv[3], NULL, 10) : 0);
        }
        (void) printf("1..%zu\n", ARRAY_SIZE(campaigns));
        for (unsigned i = 0; i < ARRAY_SIZE(campaigns); i++)
                is_right &= campaign_run(&campaigns[i], i + 1, seed, 0);
        return is_right;
}

int main(int argc, char **argv)
{
        const char *build = getenv("LINHAY_BUILDDIR"), *shared = "/dev/shm";
        char folder[64], agents[4096], command[96];
        bool is_right;

        (void) snprintf(folder, sizeof(folder), "%s/linhay-sim-XXXXXX",
                        access(shared, W_OK) == 0 ? shared : "/tmp");
        (void) snprintf(agents, sizeof(agents), "%s/tests/e2e/agents", build ? build : ".");
        if (!mkdtemp(folder) || setenv("LINHAY_AGENT_PATH", agents, 1) < 0 ||
            setenv("XDG_STATE_HOME", folder, 1) < 0)
                return 2;
        world_open(folder);
        is_right = choose(argc, argv);
        world_close();
        (void) snprintf(command, sizeof(command), "rm -rf %s", folder);
        return system(command) == 0 && is_right ? 0 : 1;
}
