/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rules about what a client can make nginx do: headers of its own choice in an answer, requests to
 * hosts of its own choice, files outside a folder.
 */

#include "nginx-vars.h"

#define CONTROL(rule) "headers/" rule

enum {
        SPLITTING,
        FORGERY,
        OPEN_PROXY,
        HOST_SPOOFING,
        ALIAS_ANY,
        ALIAS,
        ALIAS_REGEX,
        NORMALIZED,
        FILE_ROOT,
        TO_HTTP,
};

static const struct notice notices[] = {
        [SPLITTING] = { CONTROL("response-splitting"), LINHAY_SEVERITY_HIGH, "CWE-113",
                        "A part of the request that may hold a newline goes into a header",
                        "Use $request_uri instead of $uri, or a group that cannot match a newline, "
                        "such as [^/\\s]+.",
                        "gixy:http_splitting asvs:5.3.1", SOUNDNESS_PARSED },
        [FORGERY] = { CONTROL("request-forgery"), LINHAY_SEVERITY_HIGH, "CWE-918",
                      "The request chooses the host that nginx connects to",
                      "Name the hosts, mark the location internal, or map the value to a list.",
                      "gixy:ssrf asvs:12.6.1", SOUNDNESS_PARSED },
        [OPEN_PROXY] = { CONTROL("open-proxy"), LINHAY_SEVERITY_MEDIUM, "CWE-441",
                         "nginx connects to whatever host the request names",
                         "Name the upstream, or refuse names that are not yours with a "
                         "default_server.",
                         "asvs:12.6.1", SOUNDNESS_PARSED },
        [HOST_SPOOFING] = { CONTROL("host-spoofing"), LINHAY_SEVERITY_MEDIUM, "CWE-290",
                            "The Host that is passed on is taken from the request unchecked",
                            "Use: proxy_set_header Host $host;", "gixy:host_spoofing",
                            SOUNDNESS_PARSED },
        [ALIAS_ANY] = { CONTROL("alias-traversal"), LINHAY_SEVERITY_HIGH, "CWE-22",
                        "location without a slash at its end and alias let /name../ leave the "
                        "folder",
                        "End both the location and the alias with a slash.",
                        "gixy:alias_traversal asvs:12.3.1", SOUNDNESS_PARSED },
        [ALIAS] = { CONTROL("alias-traversal"), LINHAY_SEVERITY_MEDIUM, "CWE-22",
                    "location and alias without a slash at their ends also serve folders whose "
                    "names begin alike",
                    "End both the location and the alias with a slash.",
                    "gixy:alias_traversal asvs:12.3.1", SOUNDNESS_PARSED },
        [ALIAS_REGEX] = { CONTROL("alias-traversal"), LINHAY_SEVERITY_HIGH, "CWE-22",
                          "A group that may begin with .. is put behind the folder of an alias",
                          "Let the group begin behind a slash and hold no dot at its front.",
                          "gixy:alias_traversal asvs:12.3.1", SOUNDNESS_PARSED },
        [NORMALIZED] = { CONTROL("proxy-path-decoded"), LINHAY_SEVERITY_INFO, "CWE-436",
                         "proxy_pass with a path decodes and normalises the request's path",
                         "Leave out the path, or pass $request_uri on.",
                         "gixy:proxy_pass_normalized", SOUNDNESS_PARSED },
        [FILE_ROOT] = { CONTROL("filesystem-root"), LINHAY_SEVERITY_HIGH, "CWE-552",
                        "The root of the file system is served",
                        "Name the folder that holds the files to be published.",
                        "gixy:filesystem_root_exposure", SOUNDNESS_PARSED },
        [TO_HTTP] = { CONTROL("redirect-to-http"), LINHAY_SEVERITY_LOW, "CWE-319",
                      "Clients are sent to an address without TLS", "Send them to https://.",
                      "gixy:force_https asvs:9.1.1", SOUNDNESS_PARSED },
};

static int notice(struct nginx_config *f, int which, const struct nginx_directive *d)
{
        return nginx_notice(f, &notices[which], d);
}

/* ---- Splitting ---- */

static bool splits(struct nginx_config *f, const struct nginx_directive *d, struct span text,
                   bool upstream)
{
        struct span literal, name;
        struct nginx_value value;

        while (nginx_piece(&text, &literal, &name)) {
                if (!name.length)
                        continue;
                value = nginx_variable(f, d, name);
                /* A client's parser may end a line at a lone carriage return. */
                if (regex_set_has(&value.can, '\n') ||
                    (!upstream && regex_set_has(&value.can, '\r')))
                        return true;
        }
        return false;
}

static int check_proxied(struct nginx_config *f, const struct nginx_directive *d)
{
        struct span text = nginx_arg(&f->n, d, nginx_is(d, "proxy_pass") ? 0 : 1);

        return splits(f, d, text, true) ? notice(f, SPLITTING, d) : 0;
}

static int check_answered(struct nginx_config *f, const struct nginx_directive *d)
{
        struct span text = nginx_arg(&f->n, d, d->n_args > 1);

        return splits(f, d, text, false) ? notice(f, SPLITTING, d) : 0;
}

static int check_more_headers(struct nginx_config *f, const struct nginx_directive *d)
{
        for (size_t a = 0; a < d->n_args; a++)
                if (splits(f, d, nginx_arg(&f->n, d, a), false))
                        return notice(f, SPLITTING, d);
        return 0;
}

/* A rewrite that leads to another location reaches no client. */
static int check_rewrite(struct nginx_config *f, const struct nginx_directive *d)
{
        struct span to = nginx_arg(&f->n, d, 1), flag = nginx_arg(&f->n, d, 2);
        bool leaves = span_starts(to, "http://") || span_starts(to, "https://") ||
                      span_starts(to, "$scheme") || span_is(flag, "redirect") ||
                      span_is(flag, "permanent");
        int r = 0;

        if (leaves && splits(f, d, to, false))
                r = notice(f, SPLITTING, d);
        if (r >= 0 && span_starts(to, "http://"))
                r = notice(f, TO_HTTP, d);
        return r;
}

static int check_return(struct nginx_config *f, const struct nginx_directive *d)
{
        struct span code = nginx_arg(&f->n, d, 0);
        struct span to = d->n_args > 1 ? nginx_arg(&f->n, d, 1) : code;
        bool moves = span_number(code) >= 301 && span_number(code) <= 308;

        if (span_starts(to, "http://") && (moves || d->n_args == 1) &&
            !span_starts(to, "http://localhost") && !span_starts(to, "http://127."))
                return notice(f, TO_HTTP, d);
        return 0;
}

/* ---- Forged requests ---- */

enum part { PART_SCHEME, PART_HOST };
enum verdict { VERDICT_SAFE = 1, VERDICT_FORGED, VERDICT_OPEN };

struct address {
        enum part part;
        bool begun; /* there was text before: then what comes is no scheme */
};

/* Reads scheme and host; what stands behind them is no matter of ours. */
static int read_address(void *owner, struct span literal, const struct nginx_value *value,
                        struct span name)
{
        struct address *a = owner;
        const char *host;

        (void) name;
        if (value) {
                a->begun = true;
                if (value->starts_with_slash)
                        return VERDICT_SAFE;
                if (!regex_set_has(&value->can, '.'))
                        return 0;
                return value->is_host ? VERDICT_OPEN : VERDICT_FORGED;
        }
        host = memmem(literal.text, literal.length, "://", 3);
        if (host && a->part == PART_SCHEME) {
                literal = span_from(literal, (size_t) (host - literal.text) + 3);
                a->part = PART_HOST;
        }
        a->begun = true;
        for (size_t i = 0; i < literal.length; i++)
                if (char_in("/?#", literal.text[i]))
                        return VERDICT_SAFE;
        return 0;
}

static int check_forgery(struct nginx_config *f, const struct nginx_directive *d)
{
        struct address address = { 0 };
        int verdict;

        if (nginx_inherits(f, d->parent, IS_INTERNAL))
                return 0;
        verdict = nginx_expand(f, d, nginx_arg(&f->n, d, 0), read_address, &address);
        if (verdict == VERDICT_FORGED)
                return notice(f, FORGERY, d);
        return verdict == VERDICT_OPEN ? notice(f, OPEN_PROXY, d) : 0;
}

static int check_host(struct nginx_config *f, const struct nginx_directive *d)
{
        static const char *const heads[] = { "http_", "arg_", "cookie_" };
        struct span value = nginx_arg(&f->n, d, 1), literal, name;

        if (!span_is(nginx_arg(&f->n, d, 0), "host"))
                return 0;
        while (nginx_piece(&value, &literal, &name))
                for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
                        if (span_starts(name, heads[i]))
                                return notice(f, HOST_SPOOFING, d);
        return 0;
}

/* ---- Paths ---- */

/* Does the first variable of a text begin with a dot behind a slash? */
static bool may_climb(struct nginx_config *f, const struct nginx_directive *d, struct span path)
{
        struct span literal, name, regex;
        struct regex re = { 0 };
        bool ignore_case, climbs = false;
        int node;

        if (!nginx_piece(&path, &literal, &name) || !literal.length ||
            literal.text[literal.length - 1] != '/' || !nginx_piece(&path, &literal, &name) ||
            !name.length || !nginx_regex_before(f, d, &regex, &ignore_case))
                return false;
        if (regex_parse(&re, regex, ignore_case) == 0) {
                bool number = isdigit((unsigned char) *name.text);

                node = regex_group(&re, number ? (unsigned) span_number(name) : 0,
                                   number ? (struct span){ "", 0 } : name);
                if (node >= 0) {
                        struct regex_facts facts = regex_facts(&re, node);

                        climbs = regex_set_has(&facts.first, '.') && regex_set_has(&facts.can, '/');
                        /* Behind a slash of the location, nginx has taken .. out already. */
                        climbs &= !memmem(regex.text, regex.length, "/(", 2);
                }
        }
        regex_done(&re);
        return climbs;
}

static int check_alias(struct nginx_config *f, const struct nginx_directive *d)
{
        const struct nginx_directive *in = nginx_around(f, nginx_parent(f, d), "location");
        struct span sign, path, folder = nginx_arg(&f->n, d, 0);

        if (!in || in->n_args == 0)
                return 0;
        sign = in->n_args > 1 ? nginx_arg(&f->n, in, 0) : (struct span){ "", 0 };
        path = nginx_arg(&f->n, in, in->n_args - 1);
        if (sign.length && *sign.text == '~')
                return may_climb(f, d, folder) ? notice(f, ALIAS_REGEX, d) : 0;
        if ((sign.length && !span_is(sign, "^~")) || !path.length || *path.text == '@' ||
            path.text[path.length - 1] == '/')
                return 0;
        return notice(f, span_ends(folder, "/") ? ALIAS_ANY : ALIAS, d);
}

/* The path with // and /./ and /x/.. taken out is `/`. */
static bool is_file_root(struct span path)
{
        struct span part;
        long depth = 0;

        if (!path.length || *path.text != '/' || span_has_char(path, '$'))
                return false;
        while (span_next(&path, '/', &part)) {
                if (!part.length || span_is(part, "."))
                        continue;
                depth += span_is(part, "..") ? -1 : 1;
                depth = MAX_OF(depth, 0);
        }
        return depth == 0;
}

static int check_root(struct nginx_config *f, const struct nginx_directive *d)
{
        const struct nginx_directive *in = nginx_around(f, d, "location");
        struct span path = nginx_arg(&f->n, d, 0), sign;

        if (!is_file_root(path))
                return 0;
        if (nginx_is(d, "alias") && in) {
                sign = nginx_arg(&f->n, in, 0);
                if (span_is(sign, "=") || span_starts(sign, "~") || !span_ends(path, "/"))
                        return 0;
        }
        return notice(f, FILE_ROOT, d);
}

/* Is the path as it came put back in all cases, here or in a block around? */
static bool restores_raw_path(struct nginx_config *f, const struct nginx_directive *d)
{
        for (int block = d->parent;; block = f->n.list[block].parent) {
                int last = block < 0 ? (int) f->n.n_list - 1 : f->n.list[block].last;

                for (int i = block + 1; i <= last && nginx_spend(f); i++) {
                        const struct nginx_directive *by = &f->n.list[i];

                        if (by->parent == block && nginx_is(by, "rewrite") &&
                            span_is(nginx_arg(&f->n, by, 0), "^") &&
                            span_is(nginx_arg(&f->n, by, 1), "$request_uri"))
                                return true;
                }
                if (block < 0)
                        return false;
        }
}

/* Does a text hand the path on: $uri, or a group? */
static bool passes_path(struct span text)
{
        struct span literal, name;

        while (nginx_piece(&text, &literal, &name))
                if (span_is(name, "uri") || span_is(name, "document_uri") ||
                    (name.length && isdigit((unsigned char) *name.text)))
                        return true;
        return false;
}

/* The path behind the host of an address; behind a socket's second colon. */
static struct span path_of(struct span url)
{
        const char *host = memmem(url.text, url.length, "://", 3), *at;

        if (host)
                url = span_from(url, (size_t) (host - url.text) + 3);
        if (span_starts(url, "unix:"))
                at = memchr(url.text + 5, ':', url.length - 5);
        else
                at = memchr(url.text, '/', url.length);
        return at ? span_from(url, (size_t) (at - url.text)) : (struct span){ "", 0 };
}

static int check_normalized(struct nginx_config *f, const struct nginx_directive *d)
{
        const struct nginx_directive *in = nginx_parent(f, d);
        struct span url = nginx_arg(&f->n, d, 0), path = path_of(url);
        bool raw;

        if (in && (nginx_is(in, "if") || nginx_is(in, "limit_except")))
                in = nginx_parent(f, in);
        if (!in || !nginx_is(in, "location") || span_is(nginx_arg(&f->n, in, 0), "=") ||
            (url.length && *url.text == '$' && !path.length))
                return 0;
        raw = restores_raw_path(f, d);
        if (raw ? passes_path(path.length ? path : url) : !path.length)
                return 0;
        return notice(f, NORMALIZED, d);
}

const size_t nginx_inject_rules_n = ARRAY_SIZE(notices);

const struct nginx_rule nginx_inject_rules[] = {
        { "add_header", check_answered },
        { "add_trailer", check_answered },
        { "more_set_headers", check_more_headers },
        { "return", check_answered },
        { "return", check_return },
        { "rewrite", check_rewrite },
        { "proxy_pass", check_proxied },
        { "proxy_set_header", check_proxied },
        { "grpc_set_header", check_proxied },
        { "proxy_set_header", check_host },
        { "grpc_set_header", check_host },
        { "proxy_pass", check_forgery },
        { "fastcgi_pass", check_forgery },
        { "uwsgi_pass", check_forgery },
        { "scgi_pass", check_forgery },
        { "grpc_pass", check_forgery },
        { "alias", check_alias },
        { "alias", check_root },
        { "root", check_root },
        { "proxy_pass", check_normalized },
        { NULL, NULL },
};
