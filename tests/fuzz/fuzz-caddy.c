/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as a Caddyfile
 *
 * Promises: each directive lies in the text and in an earlier block, a block ends behind all it
 * holds, arguments belong to one directive.
 */
#include "fuzz.h"

#include "server/caddy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct conf c = { 0 };

        if (caddy_parse(&c, (const char *) data, size) < 0)
                return 0;
        for (size_t i = 0; i < c.n_list; i++) {
                const struct conf_directive *d = &c.list[i];

                promise(d->parent < (int) i, "a block stands before what it holds");
                promise(d->parent < 0 || c.list[d->parent].last >= (int) i, "and ends behind it");
                promise(d->last >= (int) i && d->last < (int) c.n_list, "it ends in the list");
                promise(d->start <= d->end && d->end <= size, "it lies in the text");
                promise(d->first_arg + d->n_args <= c.n_args, "its arguments are in the list");
                (void) caddy_snippet(&c, d->name);
        }
        conf_done(&c);
        return 0;
}
