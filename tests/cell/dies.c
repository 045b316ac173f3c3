/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes of linhay-cell a program whose zygote is killed at the moment when it is about to write the
 * maps of its Nth process: by its file's name, "linhay-cell-dies-3". That process waits for the
 * maps just then, and must not wait for ever.
 */
#include "cell/maps.h"

#include <limits.h>
#include <signal.h>
#include <string.h>

#define DIES "-dies-"

static int left;

/* While there is a /proc. */
__attribute__((constructor)) static void number_read(void)
{
        char program[PATH_MAX], *at;
        ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

        program[n < 0 ? 0 : n] = '\0';
        at = strstr(program, DIES);
        left = at ? atoi(at + strlen(DIES)) : 0;
}

int __real_maps_write(pid_t pid, struct maps maps, struct err *err);
int __wrap_maps_write(pid_t pid, struct maps maps, struct err *err);

int __wrap_maps_write(pid_t pid, struct maps maps, struct err *err)
{
        if (--left == 0)
                (void) kill(getpid(), SIGKILL);
        return __real_maps_write(pid, maps, err);
}
