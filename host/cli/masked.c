/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/masked.h"

#include <string.h>

void masked_print(FILE *f, const char *text)
{
        _cleanup_(buf_done) struct buf out = { 0 };
        size_t n = 0;

        if (mask_text(&out, text, MASK_TEXT, &n) < 0)
                (void) fputs("(out of memory)", f);
        else
                (void) fputs(buf_text(&out), f);
}

void masked_tell(FILE *f, size_t n, const char *what_shows)
{
        if (n > 0)
                (void) fprintf(f, "%zu value%s masked; %s shows %s\n", n, n == 1 ? "" : "s",
                               what_shows, n == 1 ? "it" : "them");
}

char *masked_diff(const char *diff, bool reveal, size_t *masked)
{
        _cleanup_(buf_done) struct buf out = { 0 };

        if (!diff || reveal)
                return strdup(diff ? diff : "");
        if (mask_text(&out, diff, MASK_DIFF, masked) < 0)
                return NULL;
        return out.length ? buf_take(&out) : strdup("");
}

int masked_document(json_t *document, bool reveal)
{
        size_t n = 0;
        int r = reveal ? 0 : mask_json(document, &n);

        if (r < 0)
                return r;
        return json_object_set_new(document, "masked", json_integer((json_int_t) n)) < 0 ? -ENOMEM
                                                                                         : 0;
}
