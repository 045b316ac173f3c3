/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rules about the headers nginx sends: which are missing, which are lost on the way from block to
 * block, what their values say, and TLS.
 */

#include "header-policy.h"
#include "nginx-vars.h"

#define CONTROL(rule) "headers/" rule

enum {
        LOST,
        LOST_PROXY,
        MULTILINE,
        CONTENT_TYPE,
        TOKENS_ON,
        TOKENS_DEFAULT,
        NOT_ALWAYS,
        MIXED_CASE,
};

static const struct notice notices[] = {
        [LOST] = { CONTROL("lost-inheritance"), LINHAY_SEVERITY_MEDIUM, "CWE-693",
                   "A block with an add_header of its own loses the security headers above it",
                   "Repeat the headers in this block, or move them into a file that each block "
                   "includes.",
                   "gixy:add_header_redefinition asvs:14.4.3", SOUNDNESS_PARSED },
        [LOST_PROXY] = { CONTROL("lost-proxy-header"), LINHAY_SEVERITY_LOW, "CWE-348",
                         "A block with a proxy_set_header of its own loses those above it",
                         "Repeat them in this block.", "gixy:proxy_set_header_redefinition",
                         SOUNDNESS_PARSED },
        [MULTILINE] = { CONTROL("multiline"), LINHAY_SEVERITY_LOW, "CWE-113",
                        "A header value runs over several lines, which HTTP no longer allows",
                        "Write the value on one line.", "gixy:add_header_multiline",
                        SOUNDNESS_PARSED },
        [CONTENT_TYPE] = { CONTROL("content-type-header"), LINHAY_SEVERITY_LOW, "CWE-436",
                           "add_header Content-Type adds a second Content-Type",
                           "Use default_type, or hide the upstream's with proxy_hide_header.",
                           "gixy:add_header_content_type", SOUNDNESS_PARSED },
        [TOKENS_ON] = { CONTROL("server-tokens"), LINHAY_SEVERITY_LOW, "CWE-200",
                        "server_tokens is on: every answer names the version of nginx",
                        "Set: server_tokens off;",
                        "gixy:version_disclosure cis-nginx:2.5.1 asvs:14.3.3", SOUNDNESS_PARSED },
        [TOKENS_DEFAULT] = { CONTROL("server-tokens"), LINHAY_SEVERITY_INFO, "CWE-200",
                             "server_tokens is not set: every answer names the version of nginx",
                             "Set: server_tokens off;",
                             "gixy:version_disclosure cis-nginx:2.5.1 asvs:14.3.3",
                             SOUNDNESS_PARSED },
        [NOT_ALWAYS] = { CONTROL("not-always"), LINHAY_SEVERITY_INFO, "CWE-693",
                         "Without always this header is missing from error pages",
                         "Add always behind the value.", NULL, SOUNDNESS_PARSED },
        [MIXED_CASE] = { CONTROL("mixed-case-variable"), LINHAY_SEVERITY_INFO, NULL,
                         "This variable is written with capital letters here and without "
                         "elsewhere; for "
                         "nginx it is the same",
                         "Write it in small letters everywhere.", "gixy:mixed_case_variable",
                         SOUNDNESS_PARSED },
};

static int notice(struct nginx_config *f, int which, const struct nginx_directive *d)
{
        return nginx_notice(f, &notices[which], d);
}

/* ---- Which headers are sent ---- */

/* Headers in force in a block: its own if it has any, else those of the block around it. */
static unsigned headers_in(const struct nginx_config *f, int block)
{
        while (block >= 0 && !(f->blocks[block + 1].flags & ADDS_HEADERS))
                block = f->n.list[block].parent;
        return f->blocks[block + 1].headers;
}

static int check_server(struct nginx_config *f, const struct nginx_directive *d)
{
        int server = nginx_index(f, d), r = 0;
        unsigned set = headers_in(f, server), flags = f->blocks[server + 1].flags;

        /* A server that only sends the client elsewhere, or away, shows no page; one in `stream`
         * none at all. */
        if (d->n_args || !d->is_block || nginx_around(f, d, "stream") ||
            nginx_around(f, d, "upstream") || ((flags & SENDS_ELSEWHERE) && !(flags & SHOWS_PAGES)))
                return 0;
        for (int i = 0; r >= 0 && i < POLICIES_MISSING_; i++)
                if (!(set >> i & 1) && (i != POLICY_NO_HSTS || nginx_inherits(f, server, HAS_TLS)))
                        r = nginx_notice(f, header_policy((enum policy_missing) i), d);
        if (r >= 0 && !nginx_inherits(f, server, SETS_TOKENS))
                r = notice(f, TOKENS_DEFAULT, d);
        return r;
}

/* ---- Inheritance ---- */

static bool matters(const struct nginx_config *f, struct span name)
{
        static const char *const names[] = {
                "strict-transport-security",
                "content-security-policy",
                "content-security-policy-report-only",
                "x-frame-options",
                "x-content-type-options",
                "permissions-policy",
                "referrer-policy",
                "cross-origin-embedder-policy",
                "cross-origin-opener-policy",
                "cross-origin-resource-policy",
                "x-xss-protection",
                "x-permitted-cross-domain-policies",
                "expect-ct",
                "cache-control",
                "pragma",
                "expires",
                "content-disposition",
        };

        for (size_t i = 0; i < f->options.n_headers; i++)
                if (span_same(name, f->options.headers[i]))
                        return true;
        for (size_t i = 0; !f->options.n_headers && i < ARRAY_SIZE(names); i++)
                if (span_is(name, names[i]))
                        return true;
        return false;
}

/* Does a block itself have a directive of this kind for this header? */
static bool sets_header(struct nginx_config *f, int block, const char *kind, struct span header)
{
        int last = block < 0 ? (int) f->n.n_list - 1 : f->n.list[block].last;

        for (int i = block + 1; i <= last && nginx_spend(f); i++) {
                const struct nginx_directive *d = &f->n.list[i];

                if (nginx_is(d, kind) && span_same(nginx_arg(&f->n, d, 0), header))
                        return true;
                i = MAX_OF(i, d->last);
        }
        return false;
}

/* The nearest block around that has such directives; -2 = none. */
static int nearest_with(const struct nginx_config *f, int block, unsigned flag)
{
        while (block >= 0) {
                block = f->n.list[block].parent;
                if (f->blocks[block + 1].flags & flag)
                        return block;
        }
        return -2;
}

/* Is a header of the block around, one of those that `wanted` picks, not set again? */
static bool loses(struct nginx_config *f, int block, const char *kind, unsigned flag,
                  bool (*wanted)(const struct nginx_config *f, struct span name))
{
        int around = nearest_with(f, block, flag), last;

        if (!(f->blocks[block + 1].flags & flag) || around == -2)
                return false;
        last = around < 0 ? (int) f->n.n_list - 1 : f->n.list[around].last;
        for (int i = around + 1; i <= last && nginx_spend(f); i++) {
                const struct nginx_directive *d = &f->n.list[i];

                if (nginx_is(d, kind) && wanted(f, nginx_arg(&f->n, d, 0)) &&
                    !sets_header(f, block, kind, nginx_arg(&f->n, d, 0)))
                        return true;
                i = MAX_OF(i, d->last);
        }
        return false;
}

static int check_inheritance(struct nginx_config *f, const struct nginx_directive *d)
{
        const struct nginx_directive *merge;
        int block = nginx_index(f, d), around;

        if (!loses(f, block, "add_header", ADDS_HEADERS, matters))
                return 0;
        merge = nginx_in_force(f, block, "add_header_inherit");
        if (merge && span_is(nginx_arg(&f->n, merge, 0), "merge"))
                return 0;
        /* A block of an included file that loses what this file sets is seen only here. */
        around = nearest_with(f, block, ADDS_HEADERS);
        if (d->is_included && (around < 0 || !f->n.list[around].is_included))
                return nginx_notice_here(f, &notices[LOST], d);
        return notice(f, LOST, d);
}

static bool any_header(const struct nginx_config *f, struct span name)
{
        (void) f;
        return name.length > 0;
}

static int check_proxy_inheritance(struct nginx_config *f, const struct nginx_directive *d)
{
        if (!nginx_is(d, "server") && !nginx_is(d, "location"))
                return 0;
        if (!loses(f, nginx_index(f, d), "proxy_set_header", SETS_PROXY_HEADERS, any_header))
                return 0;
        return notice(f, LOST_PROXY, d);
}

/* ---- Values ---- */

static struct header_place place_of(const struct nginx_config *f, const struct nginx_directive *d)
{
        return (struct header_place){ .c = f->c, .start = d->start, .end = d->end };
}

static int check_value(struct nginx_config *f, const struct nginx_directive *d)
{
        struct span name = nginx_arg(&f->n, d, 0), value = nginx_arg(&f->n, d, 1);
        struct header_place place = place_of(f, d);
        int r;

        if (d->is_included || span_has_char(value, '$'))
                return 0;
        r = header_check_value(&place, name, value);
        if (r >= 0 && span_is(name, "content-type"))
                r = notice(f, CONTENT_TYPE, d);
        if (r >= 0 && header_is_for_errors(name) && !span_is(nginx_arg(&f->n, d, 2), "always"))
                r = notice(f, NOT_ALWAYS, d);
        return r;
}

/* Access-Control-Allow-Credentials beside an open Access-Control-Allow-Origin. */
static int check_credentials(struct nginx_config *f, const struct nginx_directive *d)
{
        struct header_place place = place_of(f, d);
        int last;

        if (d->is_included ||
            !span_is(nginx_arg(&f->n, d, 0), "access-control-allow-credentials") ||
            !span_is(nginx_arg(&f->n, d, 1), "true"))
                return 0;
        last = d->parent < 0 ? (int) f->n.n_list - 1 : f->n.list[d->parent].last;
        for (int i = d->parent + 1; i <= last && nginx_spend(f); i++) {
                const struct nginx_directive *other = &f->n.list[i];

                if (other->parent == d->parent && nginx_is(other, "add_header") &&
                    span_is(nginx_arg(&f->n, other, 0), "access-control-allow-origin"))
                        return header_check_cors(&place, nginx_arg(&f->n, other, 1), true);
        }
        return 0;
}

/* A line break with blanks behind it, inside a header's value. */
static bool is_folded(struct span value)
{
        for (size_t i = 0; i + 1 < value.length; i++)
                if (value.text[i] == '\n' &&
                    (value.text[i + 1] == ' ' || value.text[i + 1] == '\t'))
                        return true;
        return false;
}

static int check_multiline(struct nginx_config *f, const struct nginx_directive *d)
{
        return is_folded(nginx_arg(&f->n, d, 1)) ? notice(f, MULTILINE, d) : 0;
}

static int check_more_multiline(struct nginx_config *f, const struct nginx_directive *d)
{
        for (size_t i = 0; i < d->n_args; i++) {
                struct span arg = nginx_arg(&f->n, d, i);

                /* A list of types or status codes is no header. */
                if (span_is(arg, "-t") || span_is(arg, "-s"))
                        i++;
                else if (is_folded(arg))
                        return notice(f, MULTILINE, d);
        }
        return 0;
}

static int check_tokens(struct nginx_config *f, const struct nginx_directive *d)
{
        struct span value = nginx_arg(&f->n, d, 0);

        return span_is(value, "on") || span_is(value, "build") || !value.length
                       ? notice(f, TOKENS_ON, d)
                       : 0;
}

/* ---- TLS and cookies ---- */

static int check_protocols(struct nginx_config *f, const struct nginx_directive *d)
{
        struct header_place place = place_of(f, d);
        int r = 0;

        for (size_t a = 0; !d->is_included && r == 0 && a < d->n_args; a++)
                r = header_check_protocol(&place, nginx_arg(&f->n, d, a));
        return MIN_OF(r, 0);
}

static int check_ciphers(struct nginx_config *f, const struct nginx_directive *d)
{
        struct header_place place = place_of(f, d);

        return d->is_included ? 0 : header_check_ciphers(&place, nginx_arg(&f->n, d, 0));
}

/* Is a variable written with other letters, big or small, in a text? */
static bool is_respelled(struct span text, struct span variable)
{
        struct span literal, name;

        while (nginx_piece(&text, &literal, &name))
                if (name.length && span_same(name, variable) &&
                    memcmp(name.text, variable.text, name.length) != 0)
                        return true;
        return false;
}

/* For nginx $Name and $name are one. */
static int check_set(struct nginx_config *f, const struct nginx_directive *d)
{
        struct span name = span_from(nginx_arg(&f->n, d, 0), 1);
        bool capital = false;

        for (size_t i = 0; i < name.length; i++)
                capital |= isupper((unsigned char) name.text[i]) != 0;
        for (size_t i = 0; capital && i < f->n.n_args && nginx_spend(f); i++)
                if (is_respelled(f->n.args[i], name))
                        return notice(f, MIXED_CASE, d);
        return 0;
}

const size_t nginx_policy_rules_n = ARRAY_SIZE(notices);

const struct nginx_rule nginx_policy_rules[] = {
        { NULL, check_inheritance },
        { NULL, check_proxy_inheritance },
        { "server", check_server },
        { "add_header", check_value },
        { "add_header", check_credentials },
        { "add_header", check_multiline },
        { "more_set_headers", check_more_multiline },
        { "server_tokens", check_tokens },
        { "ssl_protocols", check_protocols },
        { "proxy_ssl_protocols", check_protocols },
        { "ssl_ciphers", check_ciphers },
        { "set", check_set },
        { NULL, NULL },
};
