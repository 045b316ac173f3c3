/* SPDX-License-Identifier: Apache-2.0 */
#include "probe.h"

#include <stdio.h>
#include <string.h>

struct scene scene = { .mark = "linhay battery: scene =" };

static const struct {
        const struct probe *probes;
        const size_t *n;
} groups[] = {
#define X(group) { group##_probes, &group##_n },
        PROBE_GROUPS(X)
#undef X
};

const struct probe *probe_at(size_t i)
{
        for (size_t g = 0; g < sizeof(groups) / sizeof(*groups); g++) {
                if (i < *groups[g].n)
                        return &groups[g].probes[i];
                i -= *groups[g].n;
        }
        return NULL;
}

const struct probe *probe_find(const char *name)
{
        const struct probe *p;

        for (size_t i = 0; (p = probe_at(i)); i++)
                if (strcmp(p->name, name) == 0)
                        return p;
        return NULL;
}

void scratch_path(char ret[128], const char *name)
{
        (void) snprintf(ret, 128, "%s/%s", in_cell() ? "/tmp" : scene.folder, name);
}
