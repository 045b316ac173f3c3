/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How long does a command take, from spawn to reap?
 *
 *     time-peer COUNT COMMAND [ARGUMENT…]
 *     time-peer rate SECONDS AT_ONCE COMMAND [ARGUMENT…]
 *
 * Runs COMMAND COUNT times, one after the other, with posix_spawn and waitpid, output to /dev/null;
 * prints {"count", "p50_us", "p95_us"}. `rate` keeps AT_ONCE of it running for so long, and prints
 * {"runs_s"}: how many ended a second. What linhay's cells are held against in the same run.
 */

#include "base/loop.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

static int compare(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

        return (x > y) - (x < y);
}

static pid_t start(char **argv, const posix_spawn_file_actions_t *quiet)
{
        pid_t pid;

        return posix_spawnp(&pid, argv[0], quiet, NULL, argv, environ) == 0 ? pid : -1;
}

/* Waits for one of them; -1 when it did not succeed. */
static int reap(pid_t pid)
{
        int status;

        return waitpid(pid, &status, 0) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0
                                                                                             : -1;
}

static int time_runs(size_t count, char **argv, const posix_spawn_file_actions_t *quiet)
{
        _cleanup_(freep) uint64_t *times = calloc(count + 1, sizeof(*times));

        if (!times)
                return -1;
        for (size_t i = 0; i < count; i++) {
                uint64_t began = clock_us();
                pid_t pid = start(argv, quiet);

                if (pid < 0 || reap(pid) < 0)
                        return -1;
                times[i] = clock_us() - began;
        }
        qsort(times, count, sizeof(*times), compare);
        (void) printf("{\"count\": %zu, \"p50_us\": %llu, \"p95_us\": %llu}\n", count,
                      (unsigned long long) times[count / 2],
                      (unsigned long long) times[count * 95 / 100]);
        return 0;
}

static int count_runs(size_t seconds, size_t at_once, char **argv,
                      const posix_spawn_file_actions_t *quiet)
{
        uint64_t began = clock_us(), until = began + seconds * 1000000;
        size_t running = 0, ended = 0;

        do {
                while (running < at_once && clock_us() < until) {
                        if (start(argv, quiet) < 0)
                                return -1;
                        running++;
                }
                if (reap(-1) < 0)
                        return -1;
                running--;
                ended++;
        } while (running > 0);
        (void) printf("{\"runs_s\": %.1f}\n", (double) ended * 1e6 / (double) (clock_us() - began));
        return 0;
}

int main(int argc, char **argv)
{
        bool is_rate = argc > 4 && strcmp(argv[1], "rate") == 0;
        size_t count = argc > 2 ? strtoul(argv[1 + is_rate], NULL, 10) : 0;
        size_t at_once = is_rate ? strtoul(argv[3], NULL, 10) : 1;
        char **command = argv + (is_rate ? 4 : 2);
        posix_spawn_file_actions_t quiet;
        int r;

        if (count == 0 || at_once == 0) {
                (void) fprintf(stderr,
                               "usage: time-peer COUNT COMMAND [ARGUMENT…]\n"
                               "       time-peer rate SECONDS AT_ONCE COMMAND [ARGUMENT…]\n");
                return 2;
        }
        (void) posix_spawn_file_actions_init(&quiet);
        (void) posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
        (void) posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
        r = is_rate ? count_runs(count, at_once, command, &quiet)
                    : time_runs(count, command, &quiet);
        if (r < 0)
                (void) fprintf(stderr, "time-peer: %s did not succeed\n", command[0]);
        (void) posix_spawn_file_actions_destroy(&quiet);
        return r < 0;
}
