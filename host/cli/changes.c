/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/changes.h"

int changes_of_json(struct changeset **ret, const json_t *json, int blob_dirfd, struct err *err)
{
        _cleanup_(changeset_freep) struct changeset *c = NULL;
        int r;

        r = changeset_from_json(&c, json, err);
        if (r == 0)
                r = changeset_render(c, blob_dirfd, CHANGES_DIFF_BYTES_MAX, err);
        if (r < 0)
                return r;
        *ret = TAKE(c);
        return 0;
}
