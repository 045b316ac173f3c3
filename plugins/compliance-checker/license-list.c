/* SPDX-License-Identifier: Apache-2.0 */
#include "license-list.h"

#define HEAD "{\"licenses\":["
#define TEXT (JSON_COMPACT | JSON_REAL_PRECISION(5)) /* a confidence is no 0.90000000000000002 */

struct license_list_place {
        size_t start, end;
};

/* Appends the text of a value, without a copy in between. */
static int put_json(struct license_list *l, const json_t *value)
{
        size_t n =
                json_dumpb(value, l->text ? l->text + l->length : NULL, l->size - l->length, TEXT);
        int r = n ? 0 : -ENOMEM;

        if (r == 0 && n > l->size - l->length) {
                r = array_grow(&l->text, &l->size, l->length + n, 1);
                if (r == 0)
                        (void) json_dumpb(value, l->text + l->length, n, TEXT);
        }
        if (r == 0)
                l->length += n;
        return r;
}

static int put_text(struct license_list *l, const char *text)
{
        size_t n = strlen(text);
        int r = array_grow(&l->text, &l->size, l->length + n, 1);

        if (r == 0) {
                memcpy(l->text + l->length, text, n);
                l->length += n;
        }
        return r;
}

int license_list_add(struct license_list *l, const json_t *entry, bool is_manifest)
{
        size_t start;
        int r;

        if (l->length > LICENSE_LIST_BYTES) {
                l->is_cut = true;
                return 0;
        }
        r = put_text(l, l->length ? "," : HEAD);
        start = l->length;
        if (r == 0)
                r = put_json(l, entry);
        if (r < 0 || !is_manifest)
                return r;
        r = array_grow(&l->manifests, &l->manifests_size, l->n_manifests + 1,
                       sizeof(*l->manifests));
        if (r == 0)
                l->manifests[l->n_manifests++] = (struct license_list_place){ start, l->length };
        return r;
}

json_t *license_list_manifest(const struct license_list *l, size_t i)
{
        if (i >= l->n_manifests)
                return NULL;
        return json_loadb(l->text + l->manifests[i].start,
                          l->manifests[i].end - l->manifests[i].start, 0, NULL);
}

const char *license_list_finish(struct license_list *l, const json_t *rest, size_t *ret_length)
{
        size_t joint;

        if (!rest || (!l->length && put_text(l, HEAD) < 0) || put_text(l, "]") < 0)
                return NULL;
        joint = l->length;
        if (put_json(l, rest) < 0)
                return NULL;
        l->text[joint] = ','; /* where the rest had its brace */
        *ret_length = l->length;
        return l->text;
}

void license_list_done(struct license_list *l)
{
        free(l->text);
        free(l->manifests);
        *l = (struct license_list){ 0 };
}
