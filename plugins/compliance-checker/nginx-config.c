/* SPDX-License-Identifier: Apache-2.0 */
#include "nginx-config.h"

#include "header-policy.h"

#include <fnmatch.h>
#include <jansson.h>

/* ---- What rules ask ---- */

int nginx_notice_here(struct nginx_config *f, const struct notice *notice,
                      const struct nginx_directive *d)
{
        struct notice copy = *notice;

        if (f->n.is_partial && copy.soundness == SOUNDNESS_PARSED)
                copy.soundness = SOUNDNESS_PARTIAL;
        return check_notice(f->c, CONTROL_HEADERS, &copy, d->start, d->end);
}

int nginx_notice(struct nginx_config *f, const struct notice *notice,
                 const struct nginx_directive *d)
{
        return d->is_included ? 0 : nginx_notice_here(f, notice, d);
}

const struct nginx_directive *nginx_around(const struct nginx_config *f,
                                           const struct nginx_directive *d, const char *name)
{
        while (d && !nginx_is(d, name))
                d = nginx_parent(f, d);
        return d;
}

bool nginx_inherits(const struct nginx_config *f, int block, unsigned flag)
{
        while (block >= 0 && !(f->blocks[block + 1].flags & flag))
                block = f->n.list[block].parent;
        return f->blocks[block + 1].flags & flag;
}

const struct nginx_directive *nginx_find(struct nginx_config *f, int block, const char *name)
{
        int last = block < 0 ? (int) f->n.n_list - 1 : f->n.list[block].last;

        for (int i = block + 1; i <= last && nginx_spend(f); i++) {
                const struct nginx_directive *d = &f->n.list[i];

                if (nginx_is(d, name))
                        return d;
                /* What stands in inner blocks is not its own. */
                i = MAX_OF(i, d->last);
        }
        return NULL;
}

const struct nginx_directive *nginx_in_force(struct nginx_config *f, int block, const char *name)
{
        const struct nginx_directive *d = nginx_find(f, block, name);

        while (!d && block >= 0) {
                block = f->n.list[block].parent;
                d = nginx_find(f, block, name);
        }
        return d;
}

bool nginx_is_table(const struct nginx_directive *d)
{
        static const char *const names[] = { "map", "geo", "types", "split_clients",
                                             "charset_map" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (nginx_is(d, names[i]))
                        return true;
        return false;
}

bool nginx_location_regex(const struct nginx_config *f, const struct nginx_directive *location,
                          struct span *ret_regex, bool *ret_ignore_case)
{
        struct span sign = nginx_arg(&f->n, location, 0), regex = nginx_arg(&f->n, location, 1);

        if (!nginx_is(location, "location") || !sign.length || *sign.text != '~')
                return false;
        *ret_ignore_case = span_starts(sign, "~*");
        /* `location ~^/a` without a blank is one word. */
        if (location->n_args == 1)
                regex = span_from(sign, *ret_ignore_case ? 2 : 1);
        *ret_regex = regex;
        return regex.length > 0;
}

/* ---- What stands in each block ---- */

static void note_header(const struct nginx_config *f, const struct nginx_directive *d,
                        struct nginx_block *b)
{
        b->flags |= ADDS_HEADERS;
        b->headers |= header_makes_up(nginx_arg(&f->n, d, 0), nginx_arg(&f->n, d, 1));
}

/* more_set_headers 'Name: value'; it adds to what is inherited, so it hides nothing. */
static void note_more_headers(const struct nginx_config *f, const struct nginx_directive *d,
                              struct nginx_block *b)
{
        for (size_t a = 0; a < d->n_args; a++) {
                struct span value = nginx_arg(&f->n, d, a), name;

                if (span_next(&value, ':', &name))
                        b->headers |= header_makes_up(name, value);
        }
}

static bool listens_with_tls(const struct nginx_config *f, const struct nginx_directive *d)
{
        for (size_t a = 0; a < d->n_args; a++) {
                struct span arg = nginx_arg(&f->n, d, a);

                if (span_is(arg, "ssl") || span_is(arg, "quic") || span_is(arg, "443"))
                        return true;
        }
        return false;
}

/* One pass over all directives tells each block what stands in it. */
static void note_blocks(struct nginx_config *f)
{
        static const struct {
                const char *name;
                unsigned flag;
        } flags[] = {
                { "server_tokens", SETS_TOKENS },
                { "ssl_certificate", HAS_TLS },
                { "location", SHOWS_PAGES },
                { "root", SHOWS_PAGES },
                { "proxy_pass", SHOWS_PAGES },
                { "return", SENDS_ELSEWHERE },
                { "rewrite", SENDS_ELSEWHERE },
                { "ssl_reject_handshake", SENDS_ELSEWHERE },
                { "internal", IS_INTERNAL },
                { "allow", HAS_ALLOW },
                { "deny", HAS_DENY },
                { "proxy_set_header", SETS_PROXY_HEADERS },
                { "resolver", HAS_RESOLVER },
                { "open_file_cache", HAS_FILE_CACHE },
                { "auth_basic", HAS_AUTH },
                { "auth_request", HAS_AUTH },
                { "auth_jwt", HAS_AUTH },
        };

        for (size_t i = 0; i < f->n.n_list; i++) {
                const struct nginx_directive *d = &f->n.list[i];
                struct nginx_block *b = &f->blocks[d->parent + 1];

                if (nginx_is(d, "add_header"))
                        note_header(f, d, b);
                if (nginx_is(d, "more_set_headers"))
                        note_more_headers(f, d, b);
                if (nginx_is(d, "listen") && listens_with_tls(f, d))
                        b->flags |= HAS_TLS;
                for (size_t k = 0; k < ARRAY_SIZE(flags); k++)
                        if (nginx_is(d, flags[k].name))
                                b->flags |= flags[k].flag;
                f->is_whole |= d->is_block && nginx_is(d, "http");
        }
}

/* ---- Options ---- */

static size_t read_list(const json_t *list, struct span *items)
{
        size_t n = 0, index;
        const json_t *item;

        json_array_foreach (list, index, item)
                if (n < NGINX_OPTIONS && json_is_string(item))
                        items[n++] = span_of(json_string_value(item));
        return n;
}

/* The comment stands in the first lines of the file, before any directive. */
static void read_options(struct nginx_config *f)
{
        struct span rest = { f->c->text, f->c->length }, line, value;

        while (rest.length && span_next(&rest, '\n', &line) &&
               (!line.length || *line.text == '#')) {
                value = span_trim(span_from(line, 1));
                if (!span_starts(value, "Options:"))
                        continue;
                value = span_trim(span_from(value, strlen("Options:")));
                f->options.json = json_loadb(value.text, value.length, 0, NULL);
                break;
        }
        f->options.https_only = json_is_true(json_object_get(f->options.json, "https_only"));
        f->options.n_domains =
                read_list(json_object_get(f->options.json, "domains"), f->options.domains);
        f->options.n_headers =
                read_list(json_object_get(f->options.json, "headers"), f->options.headers);
        /* `*` stands for any domain. */
        if (f->options.n_domains && span_is(f->options.domains[0], "*"))
                f->options.n_domains = 0;
}

/* ---- The file ---- */

/* Does a line begin with a directive that only nginx has, and not with NAME = VALUE? */
static bool is_nginx_line(struct span line)
{
        static const char *const names[] = {
                "location",         "alias",
                "valid_referers",   "resolver",
                "upstream",         "server_name",
                "worker_processes", "keepalive_requests",
                "try_files",        "server_tokens",
                "more_set_headers", "worker_connections",
                "add_header",       "proxy_pass",
                "proxy_set_header", "proxy_buffering",
                "fastcgi_pass",     "uwsgi_pass",
                "scgi_pass",        "grpc_pass",
                "stub_status",      "ssl_protocols",
                "ssl_ciphers",      "ssl_certificate",
                "ssl_stapling",     "ssl_ecdh_curve",
                "autoindex",        "error_log",
                "rewrite",          "client_max_body_size",
        };
        static const char *const heads[] = { "if ($", "set $",     "map $",
                                             "geo $", "return 30", "return 40" };
        struct span rest;
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
                if (line.length >= strlen(heads[i]) &&
                    !memcmp(line.text, heads[i], strlen(heads[i])))
                        return true;
        while (n < line.length && (islower((unsigned char) line.text[n]) || line.text[n] == '_'))
                n++;
        rest = span_trim(span_from(line, n));
        if (!n || !rest.length || (rest.text == line.text + n && *rest.text != ';') ||
            *rest.text == '=')
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (n == strlen(names[i]) && !memcmp(line.text, names[i], n))
                        return true;
        return false;
}

bool nginx_is_config(const struct check *c)
{
        static const char *const names[] = { "nginx.conf",  "nginx*.conf",  "*.nginx",
                                             "*.nginxconf", "nginx.conf.*", "*.vhost" };
        static const char *const folders[] = { "sites-available/", "sites-enabled/", "nginx/" };
        const char *slash = strrchr(c->path, '/'), *base = slash ? slash + 1 : c->path;
        struct span rest = { c->text, c->length }, line;

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
        while (span_next(&rest, '\n', &line))
                if (line.length && is_nginx_line(line))
                        return true;
        return false;
}

static int run_rules(struct nginx_config *f, const struct nginx_rule *rules,
                     const struct nginx_directive *d)
{
        int r = 0;

        for (; r >= 0 && rules->check; rules++)
                if (rules->directive ? nginx_is(d, rules->directive) : d->is_block)
                        r = rules->check(f, d);
        return r;
}

static int check_config(struct nginx_config *f)
{
        static const struct nginx_rule *const tables[] = { nginx_access_rules, nginx_inject_rules,
                                                           nginx_match_rules, nginx_policy_rules };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < f->n.n_list; i++) {
                const struct nginx_directive *d = &f->n.list[i], *in = nginx_parent(f, d);

                if (in && nginx_is_table(in))
                        continue;
                for (size_t t = 0; r >= 0 && t < ARRAY_SIZE(tables); t++)
                        r = run_rules(f, tables[t], d);
        }
        return r;
}

int nginx_check(struct check *c)
{
        enum { STEPS = 20000000 };
        struct nginx_config f = { .c = c,
                                  .budget = STEPS,
                                  .includes = { .c = c, .prefix = "/etc/nginx/" } };
        int r = nginx_parse(&f.n, c->text, c->length, include_open, &f.includes);

        f.blocks = calloc(f.n.n_list + 1, sizeof(*f.blocks));
        if (r >= 0 && !f.blocks)
                r = -ENOMEM;
        if (r >= 0) {
                note_blocks(&f);
                read_options(&f);
                r = check_config(&f);
        }
        if (r >= 0 && !f.budget)
                r = check_not_scanned(c, c->path, "too-complex");
        free(f.blocks);
        nginx_done(&f.n);
        json_decref(f.options.json);
        include_done(&f.includes);
        return r;
}
