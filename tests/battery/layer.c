/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/layer.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

static char program[PATH_MAX];

/* While there is a /proc. */
__attribute__((constructor)) static void program_name(void)
{
        ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

        program[n < 0 ? 0 : n] = '\0';
}

bool layer_is_left_out(const char *layer)
{
        const char *at = strstr(program, "-without-");

        return at && strcmp(at + strlen("-without-"), layer) == 0;
}
