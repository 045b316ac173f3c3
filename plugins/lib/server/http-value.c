/* SPDX-License-Identifier: Apache-2.0 */
#include "http-value.h"

#include "span.h"

/* Takes `name=value` or `name` off a list separated by semicolons. */
static bool next_pair(struct span *rest, struct span *ret_name, struct span *ret_value)
{
        struct span part;

        if (!span_next(rest, ';', &part))
                return false;
        *ret_name = *ret_value = (struct span){ "", 0 };
        if (span_next(&part, '=', ret_name))
                *ret_value = span_trim(part);
        return true;
}

struct hsts hsts_parse(struct span value)
{
        struct hsts h = { .max_age = -1 };
        struct span name, text;
        bool seen = false;

        while (next_pair(&value, &name, &text)) {
                if (span_is(name, "max-age")) {
                        if (text.length > 1 && *text.text == '"')
                                text = span_from(text, 1);
                        h.is_duplicate |= seen;
                        h.max_age = span_number(text);
                        seen = true;
                } else if (span_is(name, "includeSubDomains"))
                        h.include_subdomains = true;
                else if (span_is(name, "preload"))
                        h.preload = true;
        }
        return h;
}

static enum same_site read_same_site(struct span text)
{
        if (span_is(text, "strict"))
                return SAME_SITE_STRICT;
        if (span_is(text, "lax"))
                return SAME_SITE_LAX;
        return span_is(text, "none") ? SAME_SITE_NONE : SAME_SITE_BAD;
}

struct cookie cookie_parse(struct span value)
{
        struct cookie c = { 0 };
        struct span name, text;

        if (next_pair(&value, &name, &text))
                c.name = name;
        while (next_pair(&value, &name, &text)) {
                c.secure |= span_is(name, "secure");
                c.http_only |= span_is(name, "httponly");
                c.partitioned |= span_is(name, "partitioned");
                c.has_domain |= span_is(name, "domain") && text.length;
                if (span_is(name, "path"))
                        c.path_is_root = span_is(text, "/");
                if (span_is(name, "samesite"))
                        c.same_site = read_same_site(text);
        }
        return c;
}

bool cookie_is_session(const struct cookie *c)
{
        return span_has(c->name, "sess") || span_has(c->name, "login");
}

bool cookie_is_csrf(const struct cookie *c)
{
        return span_has(c->name, "csrf");
}

enum referrer_policy referrer_policy(struct span value)
{
        static const struct {
                const char *name;
                enum referrer_policy policy;
        } rows[] = {
                { "no-referrer", REFERRER_PRIVATE },
                { "same-origin", REFERRER_PRIVATE },
                { "strict-origin", REFERRER_PRIVATE },
                { "strict-origin-when-cross-origin", REFERRER_PRIVATE },
                { "origin", REFERRER_UNSAFE },
                { "origin-when-cross-origin", REFERRER_UNSAFE },
                { "unsafe-url", REFERRER_UNSAFE },
                { "no-referrer-when-downgrade", REFERRER_UNSAFE },
        };
        enum referrer_policy found = REFERRER_UNKNOWN;
        struct span one;

        while (span_next(&value, ',', &one))
                for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                        if (span_is(one, rows[i].name))
                                found = rows[i].policy;
        return found;
}
