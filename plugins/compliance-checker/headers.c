/* SPDX-License-Identifier: Apache-2.0 */
#include "headers.h"

#include "nginx.h"

#include <ctype.h>
#include <fnmatch.h>

#define CWE_HEADERS "CWE-693"

enum {
        NO_HSTS,
        NO_CSP,
        NO_NOSNIFF,
        NO_FRAME_OPTIONS,
        NO_REFERRER_POLICY,
        WEAK_HSTS,
        WEAK_CSP,
        WEAK_NOSNIFF,
        WEAK_FRAME_OPTIONS,
        LOST,
        MULTILINE,
        TOKENS_ON,
        TOKENS_DEFAULT,
        WEAK_TLS,
        WEAK_CIPHERS,
        HOST_SPOOFING,
        SPLITTING,
        ALIAS,
        FORGERY,
        REFERER_NONE,
        WEAK_ORIGIN,
};

static const struct notice notices[] = {
        [NO_HSTS] = { "headers/missing-hsts", LINHAY_SEVERITY_MEDIUM, "CWE-319",
                      "A server with TLS does not send Strict-Transport-Security",
                      "Add: add_header Strict-Transport-Security \"max-age=31536000; "
                      "includeSubDomains\" always;" },
        [NO_CSP] = { "headers/missing-csp", LINHAY_SEVERITY_MEDIUM, CWE_HEADERS,
                     "A server does not send Content-Security-Policy",
                     "Add: add_header Content-Security-Policy \"default-src 'self'\" always; and "
                     "widen it as needed." },
        [NO_NOSNIFF] = { "headers/missing-content-type-options", LINHAY_SEVERITY_MEDIUM,
                         CWE_HEADERS, "A server does not send X-Content-Type-Options",
                         "Add: add_header X-Content-Type-Options nosniff always;" },
        [NO_FRAME_OPTIONS] = { "headers/missing-frame-options", LINHAY_SEVERITY_MEDIUM, "CWE-1021",
                               "A server does not say who may show it in a frame",
                               "Add frame-ancestors to Content-Security-Policy, or: add_header "
                               "X-Frame-Options DENY always;" },
        [NO_REFERRER_POLICY] = { "headers/missing-referrer-policy", LINHAY_SEVERITY_LOW, "CWE-200",
                                 "A server does not send Referrer-Policy",
                                 "Add: add_header Referrer-Policy strict-origin-when-cross-origin "
                                 "always;" },
        [WEAK_HSTS] = { "headers/weak-hsts", LINHAY_SEVERITY_LOW, "CWE-319",
                        "Strict-Transport-Security lasts less than half a year",
                        "Use max-age=31536000." },
        [WEAK_CSP] = { "headers/weak-csp", LINHAY_SEVERITY_LOW, CWE_HEADERS,
                       "Content-Security-Policy allows unsafe-inline, unsafe-eval or any source",
                       "Use nonces or hashes, and name the sources." },
        [WEAK_NOSNIFF] = { "headers/weak-content-type-options", LINHAY_SEVERITY_LOW, CWE_HEADERS,
                           "X-Content-Type-Options knows only the value nosniff",
                           "Use: add_header X-Content-Type-Options nosniff always;" },
        [WEAK_FRAME_OPTIONS] = { "headers/weak-frame-options", LINHAY_SEVERITY_LOW, "CWE-1021",
                                 "X-Frame-Options has a value that browsers ignore",
                                 "Use DENY or SAMEORIGIN, or frame-ancestors for single sites." },
        [LOST] = { "headers/lost-inheritance", LINHAY_SEVERITY_MEDIUM, CWE_HEADERS,
                   "A block with an add_header of its own loses the security headers above it",
                   "Repeat the headers in this block, or move them into a file that each block "
                   "includes." },
        [MULTILINE] = { "headers/multiline", LINHAY_SEVERITY_LOW, "CWE-113",
                        "A header value runs over several lines, which HTTP no longer allows",
                        "Write the value on one line." },
        [TOKENS_ON] = { "headers/server-tokens", LINHAY_SEVERITY_LOW, "CWE-200",
                        "server_tokens is on: every answer names the version of nginx",
                        "Set: server_tokens off;" },
        [TOKENS_DEFAULT] = { "headers/server-tokens", LINHAY_SEVERITY_INFO, "CWE-200",
                             "server_tokens is not set: every answer names the version of nginx",
                             "Set: server_tokens off;" },
        [WEAK_TLS] = { "headers/weak-tls", LINHAY_SEVERITY_HIGH, "CWE-326",
                       "ssl_protocols allows a version of SSL or TLS that is broken",
                       "Set: ssl_protocols TLSv1.2 TLSv1.3;" },
        [WEAK_CIPHERS] = { "headers/weak-ciphers", LINHAY_SEVERITY_HIGH, "CWE-327",
                           "ssl_ciphers allows ciphers that are broken",
                           "Use a current list, for instance HIGH:!aNULL:!MD5:!3DES:!RC4." },
        [HOST_SPOOFING] = { "headers/host-spoofing", LINHAY_SEVERITY_MEDIUM, "CWE-290",
                            "The Host that is passed on is taken from the request unchecked",
                            "Use: proxy_set_header Host $host;" },
        [SPLITTING] = { "headers/response-splitting", LINHAY_SEVERITY_HIGH, "CWE-113",
                        "A decoded part of the URL, which may hold a newline, goes into a header",
                        "Use $request_uri, or a capture that cannot match a newline." },
        [ALIAS] = { "headers/alias-traversal", LINHAY_SEVERITY_HIGH, "CWE-22",
                    "location without a slash at its end and alias let /name../ leave the folder",
                    "End both the location and the alias with a slash." },
        [FORGERY] = { "headers/request-forgery", LINHAY_SEVERITY_HIGH, "CWE-918",
                      "The request chooses the host that nginx connects to",
                      "Name the hosts, mark the location internal, or map the value to a list." },
        [REFERER_NONE] = { "headers/referer-none", LINHAY_SEVERITY_LOW, "CWE-293",
                           "valid_referers none accepts every request without a Referer",
                           "Leave out none." },
        [WEAK_ORIGIN] = { "headers/weak-origin-check", LINHAY_SEVERITY_MEDIUM, "CWE-346",
                          "The expression for Origin or Referer also matches foreign hosts",
                          "Anchor it with ^, escape the dots, and end the host with a slash." },
};

size_t headers_rules(void)
{
        return ARRAY_SIZE(notices);
}

enum header { HSTS, CSP, NOSNIFF, FRAME_OPTIONS, REFERRER_POLICY, HEADERS_ };

static const struct {
        const char *name;
        int missing;
} headers[HEADERS_] = {
        [HSTS] = { "Strict-Transport-Security", NO_HSTS },
        [CSP] = { "Content-Security-Policy", NO_CSP },
        [NOSNIFF] = { "X-Content-Type-Options", NO_NOSNIFF },
        [FRAME_OPTIONS] = { "X-Frame-Options", NO_FRAME_OPTIONS },
        [REFERRER_POLICY] = { "Referrer-Policy", NO_REFERRER_POLICY },
};

enum block_flag {
        ADDS_HEADERS = 1,
        SETS_TOKENS = 2,
        HAS_TLS = 4,
        SHOWS_PAGES = 8,
        SENDS_ELSEWHERE = 16,
        IS_INTERNAL = 32,
};

/* What stands in a block itself. */
struct block {
        unsigned headers; /* one bit for each of `headers` */
        unsigned flags;
};

/* One file while it is checked. */
struct config {
        struct check *c;
        struct nginx n;
        struct block *blocks; /* [0] is the top level, [i + 1] belongs to directive i */
        size_t budget;        /* steps left for following variables */
        char *included[64];   /* texts of included files */
        size_t n_included;
};

/* ---- Small helpers ---- */

static bool same(struct span s, const char *text)
{
        return s.length == strlen(text) && !strncasecmp(s.text, text, s.length);
}

static bool has(struct span s, const char *part)
{
        size_t n = strlen(part);

        for (size_t i = 0; i + n <= s.length; i++)
                if (!strncasecmp(s.text + i, part, n))
                        return true;
        return false;
}

/* Is a variable used, $name or ${name}? */
static bool uses(struct span s, struct span name)
{
        for (size_t i = 0; i + name.length < s.length; i++) {
                size_t at = i + 1;

                if (s.text[i] != '$')
                        continue;
                at += s.text[at] == '{';
                if (at + name.length <= s.length && !memcmp(s.text + at, name.text, name.length) &&
                    (at + name.length == s.length ||
                     (!isalnum((unsigned char) s.text[at + name.length]) &&
                      s.text[at + name.length] != '_')))
                        return true;
        }
        return false;
}

static bool uses_text(struct span s, const char *name)
{
        return uses(s, (struct span){ name, strlen(name) });
}

static int notice(struct config *f, int which, const struct nginx_directive *d)
{
        if (d->is_included)
                return 0;
        return check_notice(f->c, CONTROL_HEADERS, &notices[which], d->start, d->end);
}

static const struct nginx_directive *parent_of(const struct config *f,
                                               const struct nginx_directive *d)
{
        return d->parent < 0 ? NULL : &f->n.list[d->parent];
}

/* ---- Which headers are sent ---- */

static int header_index(struct span name)
{
        for (int i = 0; i < HEADERS_; i++)
                if (same(name, headers[i].name))
                        return i;
        return -1;
}

static bool listens_with_tls(const struct config *f, const struct nginx_directive *d)
{
        for (size_t a = 0; a < d->n_args; a++) {
                struct span arg = nginx_arg(&f->n, d, a);

                if (same(arg, "ssl") || same(arg, "quic") || same(arg, "443"))
                        return true;
        }
        return false;
}

static void note_header(const struct config *f, const struct nginx_directive *d, struct block *b)
{
        int header = header_index(nginx_arg(&f->n, d, 0));

        b->flags |= ADDS_HEADERS;
        if (header >= 0)
                b->headers |= 1u << header;
        if (header == CSP && has(nginx_arg(&f->n, d, 1), "frame-ancestors"))
                b->headers |= 1u << FRAME_OPTIONS;
}

/* One pass over all directives tells each block what stands in it. */
static void note_blocks(struct config *f)
{
        static const struct {
                const char *name;
                unsigned flag;
        } flags[] = {
                { "server_tokens", SETS_TOKENS }, { "ssl_certificate", HAS_TLS },
                { "location", SHOWS_PAGES },      { "root", SHOWS_PAGES },
                { "proxy_pass", SHOWS_PAGES },    { "return", SENDS_ELSEWHERE },
                { "rewrite", SENDS_ELSEWHERE },   { "internal", IS_INTERNAL },
        };

        for (size_t i = 0; i < f->n.n_list; i++) {
                const struct nginx_directive *d = &f->n.list[i];
                struct block *b = &f->blocks[d->parent + 1];

                if (nginx_is(d, "add_header"))
                        note_header(f, d, b);
                if (nginx_is(d, "listen") && listens_with_tls(f, d))
                        b->flags |= HAS_TLS;
                for (size_t k = 0; k < ARRAY_SIZE(flags); k++)
                        if (nginx_is(d, flags[k].name))
                                b->flags |= flags[k].flag;
        }
}

/* Headers in force in a block: its own if it has any, else those of the block around it. */
static unsigned headers_in(const struct config *f, int block)
{
        while (block >= 0 && !(f->blocks[block + 1].flags & ADDS_HEADERS))
                block = f->n.list[block].parent;
        return f->blocks[block + 1].headers;
}

/* Has a block, or one around it, this flag? */
static bool inherits(const struct config *f, int block, unsigned flag)
{
        while (block >= 0 && !(f->blocks[block + 1].flags & flag))
                block = f->n.list[block].parent;
        return f->blocks[block + 1].flags & flag;
}

static int check_server(struct config *f, int server)
{
        const struct nginx_directive *d = &f->n.list[server];
        unsigned set = headers_in(f, server), flags = f->blocks[server + 1].flags;
        int r = 0;

        /* A server that only sends the client elsewhere shows no page. */
        if ((flags & SENDS_ELSEWHERE) && !(flags & SHOWS_PAGES))
                return 0;
        for (int i = 0; r >= 0 && i < HEADERS_; i++)
                if (!(set >> i & 1) && (i != HSTS || inherits(f, server, HAS_TLS)))
                        r = notice(f, headers[i].missing, d);
        if (r >= 0 && !inherits(f, server, SETS_TOKENS))
                r = notice(f, TOKENS_DEFAULT, d);
        return r;
}

/* A block below others with an add_header of its own, which does not repeat what they set. */
static int check_inheritance(struct config *f, int block)
{
        const struct nginx_directive *d = &f->n.list[block];
        const struct block *b = &f->blocks[block + 1];

        if (!(b->flags & ADDS_HEADERS) || !(headers_in(f, d->parent) & ~b->headers))
                return 0;
        return notice(f, LOST, d);
}

/* ---- Single directives ---- */

static int check_value(struct config *f, const struct nginx_directive *d)
{
        struct span value = nginx_arg(&f->n, d, 1);
        const char *age;

        switch (header_index(nginx_arg(&f->n, d, 0))) {
        case HSTS:
                age = memmem(value.text, value.length, "max-age=", 8);
                if (age && strtoul(age + 8, NULL, 10) < 15552000)
                        return notice(f, WEAK_HSTS, d);
                return 0;
        case CSP:
                if (has(value, "unsafe-inline") || has(value, "unsafe-eval") ||
                    has(value, "default-src *") || has(value, "script-src *"))
                        return notice(f, WEAK_CSP, d);
                return 0;
        case NOSNIFF:
                return same(value, "nosniff") ? 0 : notice(f, WEAK_NOSNIFF, d);
        case FRAME_OPTIONS:
                return same(value, "deny") || same(value, "sameorigin")
                               ? 0
                               : notice(f, WEAK_FRAME_OPTIONS, d);
        default:
                return 0;
        }
}

static int check_multiline(struct config *f, const struct nginx_directive *d)
{
        for (size_t i = 0; i < d->n_args; i++) {
                struct span arg = nginx_arg(&f->n, d, i),
                            before = i ? nginx_arg(&f->n, d, i - 1) : (struct span){ "", 0 };

                /* A list of types or status codes is no header. */
                if (same(before, "-t") || same(before, "-s"))
                        continue;
                if (memchr(arg.text, '\n', arg.length))
                        return notice(f, MULTILINE, d);
        }
        return 0;
}

/* Can a capture group of a location match a newline? `[^/]`, `\W` and `\s` can, `.` cannot. */
static bool may_match_newline(struct span group)
{
        for (size_t i = 0; i + 1 < group.length; i++) {
                const char *p = group.text + i;

                if (p[0] == '[' && p[1] == '^') {
                        const char *end = memchr(p, ']', group.length - i);
                        struct span class = { p, end ? (size_t) (end - p) : group.length - i };

                        return !has(class, "\\s") && !has(class, "\\n");
                }
                if (p[0] == '\\' && (p[1] == 'W' || p[1] == 's' || p[1] == 'D' || p[1] == 'S'))
                        return p[1] != 'S';
        }
        return false;
}

/* Finds the nth capture (from 1) of an expression, or the one of that name. */
static bool capture_of(struct span regex, unsigned number, struct span name, struct span *ret)
{
        unsigned n = 0;

        for (size_t i = 0; i < regex.length; i++) {
                const char *p = regex.text + i;
                size_t left = regex.length - i, end;
                int depth = 0;
                struct span label = { 0 };

                if (*p == '\\') {
                        i++;
                        continue;
                }
                if (*p != '(' || (left > 2 && p[1] == '?' && p[2] != '<' && p[2] != 'P'))
                        continue;
                n++;
                if (left > 3 && p[1] == '?') {
                        const char *open = memchr(p, '<', left), *close = memchr(p, '>', left);

                        if (open && close && close > open)
                                label = (struct span){ open + 1, (size_t) (close - open) - 1 };
                }
                for (end = 0; end < left; end++) {
                        depth += p[end] == '(';
                        depth -= p[end] == ')';
                        if (depth == 0)
                                break;
                }
                if ((number && n == number) || (name.length && label.length == name.length &&
                                                !memcmp(label.text, name.text, name.length))) {
                        *ret = (struct span){ p, end };
                        return true;
                }
        }
        return false;
}

/* The expression of the nearest location, or of the rewrite itself. */
static struct span regex_around(const struct config *f, const struct nginx_directive *d)
{
        if (nginx_is(d, "rewrite"))
                return nginx_arg(&f->n, d, 0);
        for (d = parent_of(f, d); d; d = parent_of(f, d))
                if (nginx_is(d, "location") && nginx_arg(&f->n, d, 0).length &&
                    *nginx_arg(&f->n, d, 0).text == '~')
                        return nginx_arg(&f->n, d, 1);
        return (struct span){ "", 0 };
}

typedef bool (*variable_test)(const struct config *f, const struct nginx_directive *d,
                              struct span name);

/* Does any variable of a text pass a test? `set` is followed, some steps deep. */
static bool any_variable(struct config *f, const struct nginx_directive *d, struct span text,
                         variable_test test, int steps)
{
        for (size_t i = 0; i + 1 < text.length; i++) {
                struct span name = { text.text + i + 1, 0 };

                if (text.text[i] != '$')
                        continue;
                if (*name.text == '{')
                        name.text++;
                while (name.text + name.length < text.text + text.length &&
                       (isalnum((unsigned char) name.text[name.length]) ||
                        name.text[name.length] == '_'))
                        name.length++;
                if (test(f, d, name))
                        return true;
                for (size_t s = 0; steps > 0 && s < f->n.n_list && f->budget > 0;
                     s++, f->budget--) {
                        const struct nginx_directive *set = &f->n.list[s];
                        struct span to = nginx_arg(&f->n, set, 0);

                        if (nginx_is(set, "set") && set->parent == d->parent && to.length > 1 &&
                            to.length - 1 == name.length &&
                            !memcmp(to.text + 1, name.text, name.length) &&
                            any_variable(f, set, nginx_arg(&f->n, set, 1), test, steps - 1))
                                return true;
                }
        }
        return false;
}

static bool is_decoded(const struct config *f, const struct nginx_directive *d, struct span name)
{
        struct span group;
        unsigned number = name.length && isdigit((unsigned char) *name.text)
                                  ? (unsigned) strtoul(name.text, NULL, 10)
                                  : 0;

        if (same(name, "uri") || same(name, "document_uri"))
                return true;
        return capture_of(regex_around(f, d), number, number ? (struct span){ 0 } : name, &group) &&
               may_match_newline(group);
}

static bool is_from_request(const struct config *f, const struct nginx_directive *d,
                            struct span name)
{
        static const char *const heads[] = { "arg_", "http_", "cookie_" };
        struct span group;
        unsigned number = name.length && isdigit((unsigned char) *name.text)
                                  ? (unsigned) strtoul(name.text, NULL, 10)
                                  : 0;

        for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
                if (name.length > strlen(heads[i]) &&
                    !strncasecmp(name.text, heads[i], strlen(heads[i])))
                        return true;
        return same(name, "args") || same(name, "query_string") ||
               (capture_of(regex_around(f, d), number, number ? (struct span){ 0 } : name,
                           &group) &&
                memchr(group.text, '.', group.length));
}

static int check_splitting(struct config *f, const struct nginx_directive *d)
{
        size_t last = d->n_args ? d->n_args - 1 : 0;

        if (nginx_is(d, "rewrite"))
                last = 1;
        for (size_t i = nginx_is(d, "proxy_pass") || nginx_is(d, "return") ? 0 : 1; i <= last;
             i++) {
                struct span arg = nginx_arg(&f->n, d, i);

                /* An internal rewrite leads to another location, not to the client. */
                if (nginx_is(d, "rewrite") && !has(arg, "://") && *arg.text != '$')
                        continue;
                if (any_variable(f, d, arg, is_decoded, 3))
                        return notice(f, SPLITTING, d);
        }
        return 0;
}

/* The part of a URL that names scheme and host; all of it where there is no path. */
static struct span host_part(struct span url)
{
        const char *host = memmem(url.text, url.length, "://", 3);
        size_t from = host ? (size_t) (host - url.text) + 3 : 0;
        const char *slash = memchr(url.text + from, '/', url.length - from);

        return (struct span){ url.text, slash ? (size_t) (slash - url.text) : url.length };
}

/* A variable that holds a whole URL gives the host as well, unless the part before a '/' is fixed.
 */
static int check_forgery(struct config *f, const struct nginx_directive *d)
{
        struct span host = host_part(nginx_arg(&f->n, d, 0));

        if (inherits(f, d->parent, IS_INTERNAL))
                return 0;
        return any_variable(f, d, host, is_from_request, 3) ? notice(f, FORGERY, d) : 0;
}

static int check_host(struct config *f, const struct nginx_directive *d)
{
        struct span value = nginx_arg(&f->n, d, 1);

        if (!same(nginx_arg(&f->n, d, 0), "host"))
                return 0;
        return uses_text(value, "http_host") || has(value, "$arg_") ? notice(f, HOST_SPOOFING, d)
                                                                    : 0;
}

static int check_alias(struct config *f, const struct nginx_directive *d)
{
        const struct nginx_directive *in = parent_of(f, d);
        struct span path;

        if (!in || !nginx_is(in, "location") || in->n_args == 0)
                return 0;
        path = nginx_arg(&f->n, in, in->n_args - 1);
        if (in->n_args > 1 && !same(nginx_arg(&f->n, in, 0), "^~"))
                return 0;
        return path.length && path.text[path.length - 1] != '/' ? notice(f, ALIAS, d) : 0;
}

static int check_tls(struct config *f, const struct nginx_directive *d)
{
        static const char *const broken[] = { "SSLv2", "SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1" };

        for (size_t a = 0; a < d->n_args; a++)
                for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
                        if (same(nginx_arg(&f->n, d, a), broken[i]))
                                return notice(f, WEAK_TLS, d);
        return 0;
}

static int check_ciphers(struct config *f, const struct nginx_directive *d)
{
        static const char *const broken[] = { "RC4", "DES", "MD5", "NULL", "EXP", "aNULL", "LOW" };
        struct span list = nginx_arg(&f->n, d, 0);

        for (size_t at = 0; at < list.length;) {
                const char *end = memchr(list.text + at, ':', list.length - at);
                struct span one = { list.text + at,
                                    (end ? (size_t) (end - list.text) : list.length) - at };

                for (size_t i = 0;
                     one.length && *one.text != '!' && *one.text != '-' && i < ARRAY_SIZE(broken);
                     i++)
                        if (has(one, broken[i]))
                                return notice(f, WEAK_CIPHERS, d);
                at += one.length + 1;
        }
        return 0;
}

static int check_tokens(struct config *f, const struct nginx_directive *d)
{
        return same(nginx_arg(&f->n, d, 0), "off") ? 0 : notice(f, TOKENS_ON, d);
}

static int check_referers(struct config *f, const struct nginx_directive *d)
{
        for (size_t a = 0; a < d->n_args; a++)
                if (same(nginx_arg(&f->n, d, a), "none"))
                        return notice(f, REFERER_NONE, d);
        return 0;
}

/* Each way through the expression must begin at ^, have no bare dot, and end the host with '/'. */
static bool is_weak_origin(struct span regex)
{
        bool slash = false;
        int depth = 0;

        if (!regex.length || *regex.text != '^')
                return true;
        for (size_t i = 0; i < regex.length; i++) {
                const char *p = regex.text + i;

                depth += *p == '(';
                depth -= *p == ')';
                if (*p == '|' && depth == 0)
                        return true;
                if (*p == '\\') {
                        slash |= i + 1 < regex.length && p[1] == '/' && i > 10;
                        i++;
                } else if (*p == '.')
                        return true;
                else if (*p == '/' && i > 10)
                        slash = true;
        }
        return !slash && regex.text[regex.length - 1] != '$';
}

static int check_origin(struct config *f, const struct nginx_directive *d)
{
        struct span variable = nginx_arg(&f->n, d, 0), sign = nginx_arg(&f->n, d, 1);
        struct span regex = nginx_arg(&f->n, d, 2);

        if (!has(variable, "$http_origin") && !has(variable, "$http_referer"))
                return 0;
        if (!sign.length || !memchr(sign.text, '~', sign.length))
                return 0;
        if (regex.length && regex.text[regex.length - 1] == ')' && *variable.text == '(' &&
            regex.text[-1] != '"' && regex.text[-1] != '\'')
                regex.length--;
        return is_weak_origin(regex) ? notice(f, WEAK_ORIGIN, d) : 0;
}

static const struct {
        const char *name;
        int (*check)(struct config *f, const struct nginx_directive *d);
} checks[] = {
        { "add_header", check_value },
        { "add_header", check_multiline },
        { "more_set_headers", check_multiline },
        { "add_header", check_splitting },
        { "return", check_splitting },
        { "rewrite", check_splitting },
        { "proxy_pass", check_splitting },
        { "proxy_set_header", check_splitting },
        { "proxy_set_header", check_host },
        { "proxy_pass", check_forgery },
        { "alias", check_alias },
        { "ssl_protocols", check_tls },
        { "proxy_ssl_protocols", check_tls },
        { "ssl_ciphers", check_ciphers },
        { "server_tokens", check_tokens },
        { "valid_referers", check_referers },
        { "if", check_origin },
};

/* ---- The file ---- */

static int check_config(struct config *f)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < f->n.n_list; i++) {
                const struct nginx_directive *d = &f->n.list[i];

                for (size_t k = 0; r >= 0 && k < ARRAY_SIZE(checks); k++)
                        if (nginx_is(d, checks[k].name))
                                r = checks[k].check(f, d);
                if (r >= 0 && d->is_block)
                        r = check_inheritance(f, (int) i);
                if (r >= 0 && d->is_block && d->n_args == 0 && nginx_is(d, "server"))
                        r = check_server(f, (int) i);
        }
        return r;
}

/* A file below the folder of this one, or named as in /etc/nginx. Nothing outside the tree. */
static bool open_include(void *owner, struct span path, struct span *ret_text)
{
        enum { LIMIT = 1 << 20 };
        struct config *f = owner;
        const char *slash = strrchr(f->c->path, '/');
        char name[1024], *data;
        ssize_t n = 0;
        int fd;

        if (path.length > 11 && !memcmp(path.text, "/etc/nginx/", 11))
                path = (struct span){ path.text + 11, path.length - 11 };
        if (f->n_included == ARRAY_SIZE(f->included) || !path.length || *path.text == '/' ||
            memmem(path.text, path.length, "..", 2) || memchr(path.text, '*', path.length))
                return false;
        if (snprintf(name, sizeof(name), "%.*s%.*s", slash ? (int) (slash - f->c->path) + 1 : 0,
                     f->c->path, (int) path.length, path.text) >= (int) sizeof(name))
                return false;
        fd = openat(linhay_workspace(f->c->run), name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        data = fd >= 0 ? malloc(LIMIT) : NULL;
        if (data)
                n = read(fd, data, LIMIT);
        if (fd >= 0)
                (void) close(fd);
        if (!data || n <= 0) {
                free(data);
                return false;
        }
        f->included[f->n_included++] = data;
        *ret_text = (struct span){ data, (size_t) n };
        return true;
}

/* By its name, or a .conf whose text speaks of what only nginx has. */
static bool is_nginx(const struct check *c)
{
        static const char *const names[] = { "nginx.conf",  "nginx*.conf",  "*.nginx",
                                             "*.nginxconf", "nginx.conf.*", "*.vhost" };
        static const char *const folders[] = { "sites-available/", "sites-enabled/", "nginx/" };
        static const char *const words[] = { "add_header",   "proxy_pass",      "server_name",
                                             "fastcgi_pass", "ssl_certificate", "proxy_set_header",
                                             "server_tokens" };
        const char *slash = strrchr(c->path, '/'), *base = slash ? slash + 1 : c->path;

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (!fnmatch(names[i], base, 0))
                        return true;
        if (fnmatch("*.conf*", base, 0) != 0) {
                bool inside = false;

                for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
                        inside |= strstr(c->path, folders[i]) != NULL;
                if (!inside || strchr(base, '.'))
                        return false;
        }
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (memmem(c->text, c->length, words[i], strlen(words[i])))
                        return true;
        return false;
}

int headers_check(struct check *c)
{
        enum { STEPS = 20000000 };
        struct config f = { .c = c, .budget = STEPS };
        int r;

        if (!is_nginx(c))
                return 0;
        check_concerns(c, CONTROL_HEADERS);
        r = nginx_parse(&f.n, c->text, c->length, open_include, &f);
        f.blocks = calloc(f.n.n_list + 1, sizeof(*f.blocks));
        if (r >= 0 && !f.blocks)
                r = -ENOMEM;
        if (r >= 0) {
                note_blocks(&f);
                r = check_config(&f);
        }
        free(f.blocks);
        nginx_done(&f.n);
        for (size_t i = 0; i < f.n_included; i++)
                free(f.included[i]);
        return r;
}
