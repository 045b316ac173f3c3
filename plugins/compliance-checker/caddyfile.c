/* SPDX-License-Identifier: Apache-2.0 */
#include "caddyfile.h"

#include "header-policy.h"
#include "server/caddy.h"
#include "server/span.h"

#include <fnmatch.h>

enum {
        UNSET,
        UNVERIFIED,
        NO_TLS,
        HOST_SPOOFING,
        REFLECTED,
        HEADERS_,
};

enum {
        BROWSE,
        ADMIN,
        DEBUG,
        PLAIN_PASSWORD,
        ALL_FILES,
        CONFIGS_,
};

static const struct notice headers_notices[HEADERS_] = {
        [UNSET] = { "headers/header-unset", LINHAY_SEVERITY_MEDIUM, "CWE-693",
                    "A header that protects visitors is taken out", "Leave it in.", "asvs:14.4.3",
                    SOUNDNESS_PARSED },
        [UNVERIFIED] = { "headers/proxy-unverified", LINHAY_SEVERITY_MEDIUM, "CWE-295",
                         "The certificate of the server behind is not checked",
                         "Use tls_trust_pool with the authority that signed it.", "asvs:9.2.1",
                         SOUNDNESS_PARSED },
        [NO_TLS] = { "headers/no-tls", LINHAY_SEVERITY_LOW, "CWE-319",
                     "The site is served without TLS",
                     "Leave http:// and :80 out: Caddy gets a certificate by itself.", "asvs:9.1.1",
                     SOUNDNESS_PARSED },
        [HOST_SPOOFING] = { "headers/host-spoofing", LINHAY_SEVERITY_MEDIUM, "CWE-290",
                            "The Host that is passed on is taken from another header of the "
                            "request",
                            "Use {host} or the name of the upstream.", NULL, SOUNDNESS_PARSED },
        [REFLECTED] = { "headers/cors-reflected", LINHAY_SEVERITY_HIGH, "CWE-942",
                        "Access-Control-Allow-Origin repeats the request's Origin",
                        "Use a matcher of the origins that may.", "asvs:14.5.3", SOUNDNESS_PARSED },
};

static const struct notice config_notices[CONFIGS_] = {
        [BROWSE] = { "config/caddy-browse", LINHAY_SEVERITY_LOW, "CWE-548",
                     "The names of all files of a folder are shown", "Leave browse out.",
                     "asvs:4.3.2", SOUNDNESS_PARSED },
        [ADMIN] = { "config/caddy-admin-exposed", LINHAY_SEVERITY_HIGH, "CWE-749",
                    "The administration of the server listens on all addresses",
                    "Use: admin off, or admin localhost:2019.", "asvs:14.3.2", SOUNDNESS_PARSED },
        [DEBUG] = { "config/caddy-debug", LINHAY_SEVERITY_INFO, "CWE-489",
                    "debug writes requests with all their headers into the log", "Leave debug out.",
                    "asvs:7.1.1", SOUNDNESS_PARSED },
        [PLAIN_PASSWORD] = { "config/caddy-plain-password", LINHAY_SEVERITY_HIGH, "CWE-256",
                             "A password is not hashed", "Use what caddy hash-password prints.",
                             "asvs:2.4.1", SOUNDNESS_PARSED },
        [ALL_FILES] = { "config/caddy-filesystem-root", LINHAY_SEVERITY_HIGH, "CWE-552",
                        "The root of the file system is served",
                        "Name the folder that holds the files to be published.", "asvs:12.3.1",
                        SOUNDNESS_PARSED },
};

const size_t caddyfile_headers_rules = HEADERS_, caddyfile_config_rules = CONFIGS_;

struct caddyfile {
        struct check *c;
        enum control control;
        struct conf conf;
        size_t budget; /* steps left for following imports */
};

static bool spend(struct caddyfile *f)
{
        return f->budget && f->budget--;
}

static int tell(struct caddyfile *f, int which, const struct conf_directive *d)
{
        const struct notice *table =
                f->control == CONTROL_HEADERS ? headers_notices : config_notices;

        return check_notice(f->c, f->control, &table[which], d->start, d->end);
}

static const struct conf_directive *parent_of(const struct caddyfile *f,
                                              const struct conf_directive *d)
{
        return d->parent < 0 ? NULL : &f->conf.list[d->parent];
}

/* ---- header ---- */

/* `header [MATCHER] [+-?>]NAME VALUE`, or a line of its block. */
struct field {
        bool removes;
        struct span name, value;
};

static struct field read_field(struct span name, struct span value)
{
        struct field field = { .name = name, .value = value };

        if (name.length && char_in("+-?>", *name.text)) {
                field.removes = *name.text == '-';
                field.name = span_from(name, 1);
        }
        return field;
}

/* A matcher is *, /path or @name. */
static bool is_matcher(struct span arg)
{
        return arg.length && char_in("*/@", *arg.text);
}

/* The field a directive sets or takes out; false when it does neither. */
static bool field_of(const struct caddyfile *f, const struct conf_directive *d, struct field *ret)
{
        const struct conf_directive *in = parent_of(f, d);
        size_t i;

        if (in && in->is_block && conf_is(in, "header")) {
                if (conf_is(d, "defer") || conf_is(d, "match"))
                        return false;
                *ret = read_field(d->name, conf_arg(&f->conf, d, 0));
                return true;
        }
        if (!conf_is(d, "header") || d->is_block)
                return false;
        i = is_matcher(conf_arg(&f->conf, d, 0));
        *ret = read_field(conf_arg(&f->conf, d, i), conf_arg(&f->conf, d, i + 1));
        return ret->name.length > 0;
}

static int check_field(struct caddyfile *f, const struct conf_directive *d)
{
        const struct header_place place = { .c = f->c, .start = d->start, .end = d->end };
        struct field field;

        if (!field_of(f, d, &field))
                return 0;
        if (field.removes)
                return header_makes_up(field.name, field.value) ? tell(f, UNSET, d) : 0;
        if (span_is(field.name, "access-control-allow-origin") &&
            span_is(field.value, "{http.request.header.Origin}"))
                return tell(f, REFLECTED, d);
        if (span_has_char(field.value, '{'))
                return 0;
        return header_check_value(&place, field.name, field.value);
}

/* ---- Sites ---- */

struct site {
        unsigned set;
        bool shows, moves;
};

static void note_block(struct caddyfile *f, const struct conf_directive *block, struct site *site,
                       int deep)
{
        enum { IMPORTS_DEEP = 4 };

        for (int i = (int) (block - f->conf.list) + 1; i <= block->last && spend(f); i++) {
                const struct conf_directive *d = &f->conf.list[i], *snippet;
                struct field field;

                if (field_of(f, d, &field) && !field.removes)
                        site->set |= header_makes_up(field.name, field.value);
                site->shows |= conf_is(d, "file_server") || conf_is(d, "reverse_proxy") ||
                               conf_is(d, "respond") || conf_is(d, "php_fastcgi") ||
                               conf_is(d, "root");
                site->moves |= conf_is(d, "redir");
                if (!conf_is(d, "import") || deep >= IMPORTS_DEEP)
                        continue;
                f->budget -= MIN_OF(f->budget, f->conf.n_list);
                snippet = caddy_snippet(&f->conf, conf_arg(&f->conf, d, 0));
                if (snippet)
                        note_block(f, snippet, site, deep + 1);
                else
                        /* A file of its own may hold anything. */
                        site->set = ~0u;
        }
}

/* Is every address one without TLS? */
static bool is_plain(const struct caddyfile *f, const struct conf_directive *d)
{
        for (size_t i = 0; i <= d->n_args; i++) {
                struct span address = i == 0 ? d->name : conf_arg(&f->conf, d, i - 1);

                if (span_ends(address, ","))
                        address.length--;
                if (!span_starts(address, "http://") && !span_ends(address, ":80"))
                        return false;
        }
        return true;
}

static bool is_on_this_machine(struct span address)
{
        return span_has(address, "localhost") || span_has(address, "127.0.0.1");
}

static int check_site(struct caddyfile *f, const struct conf_directive *d)
{
        struct site site = { 0 };
        bool plain = is_plain(f, d);
        int r = 0;

        if (!caddy_is_site(&f->conf, d))
                return 0;
        note_block(f, d, &site, 0);
        if (!site.shows)
                return 0;
        for (int i = 0; r >= 0 && i < POLICIES_MISSING_; i++)
                if (!(site.set >> i & 1) && (i != POLICY_NO_HSTS || !plain))
                        r = check_notice(f->c, CONTROL_HEADERS,
                                         header_policy((enum policy_missing) i), d->start, d->end);
        if (r >= 0 && plain && !is_on_this_machine(d->name))
                r = tell(f, NO_TLS, d);
        return r;
}

/* ---- TLS and upstreams ---- */

static int check_protocols(struct caddyfile *f, const struct conf_directive *d)
{
        const struct header_place place = { .c = f->c, .start = d->start, .end = d->end };
        int r = header_check_protocol(&place, conf_arg(&f->conf, d, 0));

        return MIN_OF(r, 0);
}

static int check_unverified(struct caddyfile *f, const struct conf_directive *d)
{
        return tell(f, UNVERIFIED, d);
}

static int check_header_up(struct caddyfile *f, const struct conf_directive *d)
{
        struct span name = conf_arg(&f->conf, d, 0), value = conf_arg(&f->conf, d, 1);

        if (!span_is(name, "Host") || !span_starts(value, "{http.request.header.") ||
            span_is(value, "{http.request.header.Host}"))
                return 0;
        return tell(f, HOST_SPOOFING, d);
}

/* ---- Other settings ---- */

static int check_file_server(struct caddyfile *f, const struct conf_directive *d)
{
        bool browse = conf_has(&f->conf, d, "browse");

        for (int i = (int) (d - f->conf.list) + 1; i <= d->last && spend(f); i++)
                browse |= conf_is(&f->conf.list[i], "browse");
        return browse ? tell(f, BROWSE, d) : 0;
}

static int check_admin(struct caddyfile *f, const struct conf_directive *d)
{
        struct span address = conf_arg(&f->conf, d, 0);

        if (span_starts(address, ":") || span_starts(address, "0.0.0.0") ||
            span_starts(address, "[::]"))
                return tell(f, ADMIN, d);
        return 0;
}

static int check_debug(struct caddyfile *f, const struct conf_directive *d)
{
        const struct conf_directive *in = parent_of(f, d);

        /* A word of the global options, which have no name. */
        return in && !in->name.length && !d->n_args ? tell(f, DEBUG, d) : 0;
}

/* NAME HASH: a bcrypt or argon2 hash, its base64, or a placeholder. */
static int check_account(struct caddyfile *f, const struct conf_directive *d)
{
        enum { HASH = 40 };
        const struct conf_directive *in = parent_of(f, d);
        struct span hash = conf_arg(&f->conf, d, 0);

        if (!in || !(conf_is(in, "basic_auth") || conf_is(in, "basicauth")) || !hash.length)
                return 0;
        if (*hash.text == '$' || *hash.text == '{' || hash.length >= HASH)
                return 0;
        (void) check_hide(f->c, d->start, d->end, 0);
        return tell(f, PLAIN_PASSWORD, d);
}

static int check_root(struct caddyfile *f, const struct conf_directive *d)
{
        struct span path = conf_arg(&f->conf, d, d->n_args ? d->n_args - 1 : 0);

        return d->n_args == 2 && span_is(path, "/") ? tell(f, ALL_FILES, d) : 0;
}

static const struct {
        enum control control;
        const char *directive; /* NULL = all */
        int (*check)(struct caddyfile *f, const struct conf_directive *d);
} checks[] = {
        { CONTROL_HEADERS, NULL, check_field },
        { CONTROL_HEADERS, NULL, check_site },
        { CONTROL_HEADERS, "protocols", check_protocols },
        { CONTROL_HEADERS, "tls_insecure_skip_verify", check_unverified },
        { CONTROL_HEADERS, "header_up", check_header_up },
        { CONTROL_CONFIG, "file_server", check_file_server },
        { CONTROL_CONFIG, "admin", check_admin },
        { CONTROL_CONFIG, "debug", check_debug },
        { CONTROL_CONFIG, "root", check_root },
        { CONTROL_CONFIG, NULL, check_account },
};

bool caddyfile_is_one(const struct check *c)
{
        static const char *const names[] = { "Caddyfile", "Caddyfile.*", "*.Caddyfile",
                                             "*.caddyfile", "*.caddy" };
        const char *slash = strrchr(c->path, '/'), *base = slash ? slash + 1 : c->path;

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (!fnmatch(names[i], base, 0))
                        return true;
        return false;
}

static int check_file(struct check *c, enum control control)
{
        enum { STEPS = 20000000 };
        struct caddyfile f = { .c = c, .control = control, .budget = STEPS };
        int r = caddy_parse(&f.conf, c->text, c->length);

        for (size_t i = 0; r >= 0 && i < f.conf.n_list; i++)
                for (size_t k = 0; r >= 0 && k < ARRAY_SIZE(checks); k++)
                        if (checks[k].control == control &&
                            (!checks[k].directive || conf_is(&f.conf.list[i], checks[k].directive)))
                                r = checks[k].check(&f, &f.conf.list[i]);
        if (r >= 0 && !f.budget)
                r = check_not_scanned(c, c->path, "too-complex");
        conf_done(&f.conf);
        return r;
}

int caddyfile_check_headers(struct check *c)
{
        return check_file(c, CONTROL_HEADERS);
}

int caddyfile_check_config(struct check *c)
{
        return check_file(c, CONTROL_CONFIG);
}
