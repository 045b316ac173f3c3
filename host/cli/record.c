/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/record.h"

#include "cli/cli.h"
#include "store/place.h"

int record_open(struct record *ret, const char *typed, const char *option, struct err *err)
{
        const struct store_options options = { .flags = STORE_READ_ONLY };
        _cleanup_(record_done) struct record record = { 0 };
        int r;

        r = id_ref_parse(&record.ref, typed, err);
        if (r < 0)
                return r;
        r = place_find_run(&record.dir, record.run, option, record.ref.run, err);
        if (r < 0)
                return r;
        r = store_open(&record.store, record.dir, &options, err);
        if (r < 0)
                return r;

        *ret = record;
        record = (struct record){ 0 };
        return 0;
}

void record_done(struct record *r)
{
        r->store = store_free(r->store);
        free(r->dir);
        r->dir = NULL;
}

int record_exit(int r)
{
        return r == -ENOENT || r == -ENOTUNIQ || r == -EINVAL ? CLI_USAGE : CLI_TROUBLE;
}
