/* SPDX-License-Identifier: Apache-2.0 */
#include "run/finding.h"

#include "base/json.h"
#include "base/sha256.h"
#include "obs/tally.h"

#include <string.h>

static const char *text_of(const json_t *finding, const char *key)
{
        const char *text = json_string_value(json_object_get(finding, key));

        return text ? text : "";
}

static int compare(const void *left, const void *right)
{
        static const struct {
                const char *key;
                bool is_text;
        } keys[] = { { "path", true },   { "line", false },   { "column", false },
                     { "rule", true },   { "message", true }, { "end_line", false },
                     { "excerpt", true } };
        const json_t *a = *(json_t *const *) left, *b = *(json_t *const *) right;

        for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
                json_int_t m, n;
                int r;

                if (keys[i].is_text) {
                        r = strcmp(text_of(a, keys[i].key), text_of(b, keys[i].key));
                        if (r)
                                return r;
                        continue;
                }
                m = json_integer_value(json_object_get(a, keys[i].key));
                n = json_integer_value(json_object_get(b, keys[i].key));
                if (m != n)
                        return m < n ? -1 : 1;
        }
        return 0;
}

static int sort(json_t *findings)
{
        size_t n = json_array_size(findings);
        _cleanup_(freep) json_t **list = NULL;
        int r = 0;

        if (n < 2)
                return 0;
        list = calloc(n, sizeof(*list));
        if (!list)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                list[i] = json_incref(json_array_get(findings, i));
        qsort(list, n, sizeof(*list), compare);
        for (size_t i = 0; i < n; i++)
                if (json_array_set_new(findings, i, list[i]) < 0)
                        r = -ENOMEM;
        return r;
}

/* The number of this one among those that agree in rule, path and excerpt, from 0. */
static int ordinal(json_t *seen, const char *key, json_int_t *ret)
{
        json_int_t n = json_integer_value(json_object_get(seen, key));

        if (json_object_set_new(seen, key, json_integer(n + 1)) < 0)
                return -ENOMEM;
        *ret = n;
        return 0;
}

static void digest_text(struct sha256_ctx *ctx, const char *text)
{
        /* The NUL goes in as well: "ab" "c" and "a" "bc" must differ. */
        sha256_update(ctx, strlen(text) + 1, (const uint8_t *) text);
}

static int fingerprint(json_t *finding, json_t *seen)
{
        const char *excerpt = text_of(finding, "excerpt");
        char text[SHA256_HEX + 24], sha256[SHA256_HEX];
        struct sha256_ctx ctx;
        json_int_t n = 0;
        int r;

        if (*text_of(finding, "fingerprint"))
                return 0;
        sha256_init(&ctx);
        digest_text(&ctx, text_of(finding, "rule"));
        digest_text(&ctx, text_of(finding, "path"));
        digest_text(&ctx, *excerpt ? excerpt : text_of(finding, "message"));
        sha256_finish(&ctx, sha256);

        r = ordinal(seen, sha256, &n);
        if (r < 0)
                return r;
        if (n > 0) {
                int length = snprintf(text, sizeof(text), "%s:%lld", sha256, (long long) n);

                sha256_hex(sha256, text, (size_t) length);
        }
        return json_object_set_new(finding, "fingerprint", json_string(sha256)) < 0 ? -ENOMEM : 0;
}

int findings_normalise(json_t *findings)
{
        _cleanup_(json_decrefp) json_t *seen = json_object();
        json_t *finding;
        size_t i;
        int r;

        if (!seen)
                return -ENOMEM;
        r = sort(findings);
        if (r < 0)
                return r;
        json_array_foreach (findings, i, finding) {
                r = fingerprint(finding, seen);
                if (r < 0)
                        return r;
        }
        return 0;
}

size_t findings_count(const json_t *findings, enum severity least)
{
        size_t i, n = 0;
        json_t *finding;

        json_array_foreach (findings, i, finding) {
                enum severity s;

                if (severity_from_name(&s, text_of(finding, "severity")) == 0 && s >= least &&
                    !finding_is_waived(finding, NULL))
                        n++;
        }
        return n;
}
