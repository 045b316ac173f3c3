/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How long does a command take, from spawn to reap?
 *
 *     time-peer COUNT COMMAND [ARGUMENT…]
 *
 * Runs COMMAND COUNT times, one after the other, with posix_spawn and waitpid, output to /dev/null;
 * prints
 * {"count", "p50_us", "p95_us"}. What linhay's cells are held against in the same run.
 */

#include "base/loop.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

static int compare(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

        return (x > y) - (x < y);
}

static int run_once(char **argv, posix_spawn_file_actions_t *quiet, uint64_t *ret_us)
{
        uint64_t began = clock_us();
        int status;
        pid_t pid;

        if (posix_spawnp(&pid, argv[0], quiet, NULL, argv, environ) != 0)
                return -1;
        if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
                return -1;
        *ret_us = clock_us() - began;
        return 0;
}

int main(int argc, char **argv)
{
        size_t count = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
        _cleanup_(freep) uint64_t *times = calloc(count + 1, sizeof(*times));
        posix_spawn_file_actions_t quiet;

        if (count == 0 || !times) {
                (void) fprintf(stderr, "usage: time-peer COUNT COMMAND [ARGUMENT…]\n");
                return 2;
        }
        (void) posix_spawn_file_actions_init(&quiet);
        (void) posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
        (void) posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
        for (size_t i = 0; i < count; i++) {
                if (run_once(argv + 2, &quiet, &times[i]) < 0) {
                        (void) fprintf(stderr, "time-peer: %s did not succeed\n", argv[2]);
                        return 1;
                }
        }
        qsort(times, count, sizeof(*times), compare);
        (void) printf("{\"count\": %zu, \"p50_us\": %llu, \"p95_us\": %llu}\n", count,
                      (unsigned long long) times[count / 2],
                      (unsigned long long) times[count * 95 / 100]);
        (void) posix_spawn_file_actions_destroy(&quiet);
        return 0;
}
