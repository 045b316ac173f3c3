/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/layer.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "cell/spawn.h"

#define WITHOUT "-without-"

static char program[PATH_MAX];

/* While there is a /proc. */
__attribute__((constructor)) static void program_name(void)
{
        ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

        program[n < 0 ? 0 : n] = '\0';
}

bool layer_is_left_out(const char *layer)
{
        size_t length = strlen(layer);

        for (const char *at = program; (at = strstr(at, WITHOUT)) != NULL;) {
                at += strlen(WITHOUT);
                if (strncmp(at, layer, length) == 0 &&
                    (at[length] == '\0' || strncmp(at + length, WITHOUT, strlen(WITHOUT)) == 0))
                        return true;
        }
        return false;
}

/* "landlock" and "seccomp" are not here: they are there and not entered, which has to be found out.
 */
uint32_t layer_features_left_out(void)
{
        static const struct {
                const char *layer;
                uint32_t feature;
        } rows[] = {
                { "userns", SPAWN_HAS_USERNS },   { "netns", SPAWN_HAS_NETNS },
                { "mdwe", SPAWN_HAS_MDWE },       { "idmap", SPAWN_HAS_IDMAP },
                { "overlay", SPAWN_HAS_OVERLAY }, { "ahead", SPAWN_HAS_AHEAD },
                { "cgroup", SPAWN_HAS_CGROUP },   { "landlock-abi", SPAWN_HAS_LANDLOCK },
        };
        uint32_t features = 0;

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                if (layer_is_left_out(rows[i].layer))
                        features |= rows[i].feature;
        return features;
}
