/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd.h"

#include "header-policy.h"
#include "include.h"
#include "server/apache.h"
#include "server/span.h"

#include <fnmatch.h>

#define INFO   LINHAY_SEVERITY_INFO
#define LOW    LINHAY_SEVERITY_LOW
#define MEDIUM LINHAY_SEVERITY_MEDIUM
#define HIGH   LINHAY_SEVERITY_HIGH

enum {
        UNSET,
        NOT_ALWAYS,
        TOKENS,
        SIGNATURE,
        COMPRESSION,
        RENEGOTIATION,
        CIPHER_ORDER,
        PROXY_UNVERIFIED,
        FORGERY,
        REFLECTED,
        HEADERS_,
};

enum {
        TRACE,
        INDEXES,
        OVERRIDE,
        ROOT_OPEN,
        ROOT_USER,
        OPEN_PROXY,
        STATUS,
        ETAG,
        PHP_ERRORS,
        LIMIT,
        BODY_LIMIT,
        USER_DIRS,
        CONFIGS_,
};

static const struct notice headers_notices[HEADERS_] = {
        [UNSET] = { "headers/header-unset", MEDIUM, "CWE-693",
                    "A header that protects visitors is taken out", "Leave it in.", "asvs:14.4.3",
                    SOUNDNESS_PARSED },
        [NOT_ALWAYS] = { "headers/not-always", INFO, "CWE-693",
                         "Without always this header is missing from error pages",
                         "Write: Header always set ...", NULL, SOUNDNESS_PARSED },
        [TOKENS] = { "headers/server-tokens", LOW, "CWE-200",
                     "ServerTokens lets every answer name versions", "Set: ServerTokens Prod",
                     "cis-apache:8.1 asvs:14.3.3", SOUNDNESS_PARSED },
        [SIGNATURE] = { "headers/server-signature", LOW, "CWE-200",
                        "Error pages name the version of the server", "Set: ServerSignature Off",
                        "cis-apache:8.2 asvs:14.3.3", SOUNDNESS_PARSED },
        [COMPRESSION] = { "headers/tls-compression", MEDIUM, "CWE-310",
                          "Compression inside TLS gives away what is sent",
                          "Set: SSLCompression Off", "cis-apache:7.7 asvs:9.1.2",
                          SOUNDNESS_PARSED },
        [RENEGOTIATION] = { "headers/tls-renegotiation", HIGH, "CWE-310",
                            "Old clients may renegotiate in a way that lets others speak first",
                            "Set: SSLInsecureRenegotiation Off", "cis-apache:7.6 asvs:9.1.2",
                            SOUNDNESS_PARSED },
        [CIPHER_ORDER] = { "headers/tls-cipher-order", INFO, "CWE-327",
                           "The client's order of ciphers counts", "Set: SSLHonorCipherOrder On",
                           "asvs:9.1.2", SOUNDNESS_PARSED },
        [PROXY_UNVERIFIED] = { "headers/proxy-unverified", MEDIUM, "CWE-295",
                               "The certificate of the server behind is not checked",
                               "Set: SSLProxyVerify require, and leave the checks of the peer on",
                               "asvs:9.2.1", SOUNDNESS_PARSED },
        [FORGERY] = { "headers/request-forgery", HIGH, "CWE-918",
                      "The request chooses the host that the server connects to",
                      "Name the host in the rule.", "asvs:12.6.1", SOUNDNESS_PARSED },
        [REFLECTED] = { "headers/cors-reflected", HIGH, "CWE-942",
                        "Access-Control-Allow-Origin repeats the request's Origin",
                        "Set the variable only where an anchored expression fits.", "asvs:14.5.3",
                        SOUNDNESS_PARTIAL },
};

static const struct notice config_notices[CONFIGS_] = {
        [TRACE] = { "config/apache-trace", MEDIUM, "CWE-489",
                    "TRACE gives a request's headers back", "Set: TraceEnable Off",
                    "cis-apache:5.8 asvs:14.5.1", SOUNDNESS_PARSED },
        [INDEXES] = { "config/apache-indexes", LOW, "CWE-548",
                      "The names of all files of a folder are shown", "Set: Options -Indexes",
                      "cis-apache:5.2 asvs:4.3.2", SOUNDNESS_PARSED },
        [OVERRIDE] = { "config/apache-allow-override", LOW, "CWE-732",
                       "A file .htaccess may change every setting", "Set: AllowOverride None",
                       "cis-apache:4.4", SOUNDNESS_PARSED },
        [ROOT_OPEN] = { "config/apache-root-open", HIGH, "CWE-552",
                        "The root of the file system may be read",
                        "Set: Require all denied, in <Directory />", "cis-apache:4.1 asvs:4.1.1",
                        SOUNDNESS_PARSED },
        [ROOT_USER] = { "config/apache-root-user", HIGH, "CWE-250", "The server runs as root",
                        "Set User and Group to those of the server alone.", "cis-apache:3.1",
                        SOUNDNESS_PARSED },
        [OPEN_PROXY] = { "config/apache-open-proxy", HIGH, "CWE-441",
                         "Anybody may reach any host through this server", "Set: ProxyRequests Off",
                         "cis-apache:2.6", SOUNDNESS_PARSED },
        [STATUS] = { "config/apache-status-exposed", LOW, "CWE-200",
                     "Everybody may read the server's status or settings",
                     "Add: Require local, or the addresses that may.", "cis-apache:2.4 asvs:14.3.2",
                     SOUNDNESS_PARSED },
        [ETAG] = { "config/apache-etag-inode", INFO, "CWE-200",
                   "ETags give the numbers of files away", "Set: FileETag MTime Size",
                   "cis-apache:8.4", SOUNDNESS_PARSED },
        [PHP_ERRORS] = { "config/apache-php-errors", LOW, "CWE-209",
                         "PHP shows its errors to visitors", "Set: php_flag display_errors off",
                         "asvs:14.3.2", SOUNDNESS_PARSED },
        [LIMIT] = { "config/apache-limit-methods", MEDIUM, "CWE-650",
                    "Access is guarded for the named methods only",
                    "Move the rules out of <Limit>, or use <LimitExcept>.", "asvs:14.5.1",
                    SOUNDNESS_PARSED },
        [BODY_LIMIT] = { "config/apache-body-unlimited", INFO, "CWE-770",
                         "A request may be of any size", "Set LimitRequestBody to what is needed.",
                         "cis-apache:9.1", SOUNDNESS_PARSED },
        [USER_DIRS] = { "config/apache-user-dirs", LOW, "CWE-200",
                        "Addresses of the form /~name tell which users there are",
                        "Set: UserDir disabled", "cis-apache:2.7", SOUNDNESS_PARSED },
};

const size_t httpd_headers_rules = HEADERS_, httpd_config_rules = CONFIGS_;

struct httpd {
        struct check *c;
        enum control control;
        struct conf conf;
        struct includes includes;
        size_t budget; /* steps left for looking at what stands around a directive */
};

static bool spend(struct httpd *h)
{
        return h->budget && h->budget--;
}

static int tell(struct httpd *h, int which, const struct conf_directive *d)
{
        const struct notice *table =
                h->control == CONTROL_HEADERS ? headers_notices : config_notices;
        struct notice n = table[which];

        if (d->is_included)
                return 0;
        if (h->conf.is_partial && n.soundness == SOUNDNESS_PARSED)
                n.soundness = SOUNDNESS_PARTIAL;
        return check_notice(h->c, h->control, &n, d->start, d->end);
}

static bool arg_is(const struct httpd *h, const struct conf_directive *d, size_t i,
                   const char *text)
{
        return span_is(conf_arg(&h->conf, d, i), text);
}

/* ---- Header ---- */

/* Header [always|onsuccess] ACTION NAME [VALUE]. */
struct header_line {
        bool always;
        struct span action, name, value;
};

static struct header_line read_header(const struct httpd *h, const struct conf_directive *d)
{
        struct header_line line = { 0 };
        size_t i = 0;

        line.always = arg_is(h, d, 0, "always");
        i += line.always || arg_is(h, d, 0, "onsuccess");
        line.action = conf_arg(&h->conf, d, i);
        line.name = conf_arg(&h->conf, d, i + 1);
        line.value = conf_arg(&h->conf, d, i + 2);
        if (span_ends(line.name, ":"))
                line.name.length--;
        return line;
}

static bool sets(const struct header_line *line)
{
        return span_is(line->action, "set") || span_is(line->action, "append") ||
               span_is(line->action, "add") || span_is(line->action, "merge") ||
               span_is(line->action, "setifempty");
}

/* Beside which an open Access-Control-Allow-Origin lets everybody in. */
static bool allows_credentials(struct httpd *h, const struct conf_directive *d)
{
        int last = d->parent < 0 ? (int) h->conf.n_list - 1 : h->conf.list[d->parent].last;

        for (int i = d->parent + 1; i <= last && spend(h); i++) {
                const struct conf_directive *other = &h->conf.list[i];
                struct header_line line;

                if (other->parent != d->parent || !conf_is(other, "Header"))
                        continue;
                line = read_header(h, other);
                if (sets(&line) && span_is(line.name, "access-control-allow-credentials") &&
                    span_is(line.value, "true"))
                        return true;
        }
        return false;
}

static int check_header(struct httpd *h, const struct conf_directive *d)
{
        const struct header_place place = { .c = h->c, .start = d->start, .end = d->end };
        struct header_line line = read_header(h, d);
        int r = 0;

        if (d->is_included)
                return 0;
        if (span_is(line.action, "unset"))
                return header_makes_up(line.name, line.value) ? tell(h, UNSET, d) : 0;
        if (!sets(&line))
                return 0;
        if (span_is(line.name, "access-control-allow-origin")) {
                if (span_is(line.value, "*") && allows_credentials(h, d))
                        return header_check_cors(&place, line.value, true);
                if (span_starts(line.value, "%{") && span_has(line.value, "origin") &&
                    !span_starts(conf_arg(&h->conf, d, d->n_args - 1), "env=") &&
                    !conf_around(&h->conf, d, "If"))
                        return tell(h, REFLECTED, d);
        }
        if (!span_has_char(line.value, '%'))
                r = header_check_value(&place, line.name, line.value);
        if (r >= 0 && !line.always && header_is_for_errors(line.name))
                r = tell(h, NOT_ALWAYS, d);
        return r;
}

/* ---- Which headers are missing ---- */

struct site {
        unsigned set;
        bool tls, shows, moves;
};

static void note_directive(const struct httpd *h, const struct conf_directive *d, struct site *s)
{
        struct header_line line;

        if (conf_is(d, "Header")) {
                line = read_header(h, d);
                if (sets(&line) || span_is(line.action, "edit"))
                        s->set |= header_makes_up(line.name, line.value);
        }
        s->tls |= conf_is(d, "SSLEngine") && arg_is(h, d, 0, "on");
        s->shows |= conf_is(d, "DocumentRoot") || conf_is(d, "ProxyPass") ||
                    conf_is(d, "WSGIScriptAlias");
        s->moves |= conf_is(d, "Redirect") || conf_is(d, "RedirectMatch") ||
                    (conf_is(d, "RewriteRule") && span_has(conf_arg(&h->conf, d, 1), "https://"));
}

static int check_host(struct httpd *h, const struct conf_directive *d)
{
        struct site site = { 0 };
        int r = 0, block = (int) (d - h->conf.list);

        if (d->is_included)
                return 0;
        for (int i = 0; i < (int) h->conf.n_list && spend(h); i++) {
                const struct conf_directive *other = &h->conf.list[i];
                struct site all = { 0 };

                /* Of other hosts nothing holds here. */
                if (other != d && conf_is(other, "VirtualHost")) {
                        i = other->last;
                        continue;
                }
                note_directive(h, other, i >= block && i <= d->last ? &site : &all);
                site.set |= all.set;
        }
        for (size_t a = 0; a < d->n_args; a++)
                site.tls |= span_ends(conf_arg(&h->conf, d, a), ":443");
        if (site.moves && !site.shows)
                return 0;
        for (int i = 0; r >= 0 && i < POLICIES_MISSING_; i++)
                if (!(site.set >> i & 1) && (i != POLICY_NO_HSTS || site.tls))
                        r = check_notice(h->c, CONTROL_HEADERS,
                                         header_policy((enum policy_missing) i), d->start, d->end);
        return r;
}

/* ---- TLS ---- */

/* SSLProtocol all -SSLv3 +TLSv1.3: from left to right. */
static int check_protocol(struct httpd *h, const struct conf_directive *d)
{
        static const char *const names[] = { "SSLv2",   "SSLv3",   "TLSv1",
                                             "TLSv1.1", "TLSv1.2", "TLSv1.3" };
        enum { TLS_1 = 2, ALL = 0x3c };
        const struct header_place place = { .c = h->c, .start = d->start, .end = d->end };
        unsigned on = 0;
        int r = 0;

        if (d->is_included)
                return 0;
        for (size_t a = 0; a < d->n_args; a++) {
                struct span word = conf_arg(&h->conf, d, a);
                bool off = word.length && *word.text == '-';
                unsigned bits = 0;

                word = span_from(word, word.length && char_in("+-", *word.text));
                if (span_is(word, "all"))
                        bits = ALL;
                for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                        if (span_is(word, names[i]))
                                bits = 1u << i;
                on = off ? on & ~bits : on | bits;
        }
        for (size_t i = 0; r == 0 && i < TLS_1 + 2; i++)
                if (on >> i & 1)
                        r = header_check_protocol(&place, span_of(names[i]));
        return MIN_OF(r, 0);
}

static int check_ciphers(struct httpd *h, const struct conf_directive *d)
{
        const struct header_place place = { .c = h->c, .start = d->start, .end = d->end };

        /* A protocol may stand before the list. */
        return d->is_included || !d->n_args
                       ? 0
                       : header_check_ciphers(&place, conf_arg(&h->conf, d, d->n_args - 1));
}

/* Does the host of a proxied address come from the request? */
static int check_rewrite(struct httpd *h, const struct conf_directive *d)
{
        struct span to = conf_arg(&h->conf, d, 1), flags = conf_arg(&h->conf, d, 2), host;
        const char *slashes = memmem(to.text, to.length, "://", 3);

        if (!slashes ||
            !(span_has(flags, "[P") || span_has(flags, ",P]") || span_has(flags, ",P,")))
                return 0;
        to = span_from(to, (size_t) (slashes - to.text) + 3);
        if (!span_next(&to, '/', &host))
                return 0;
        if (span_has_char(host, '$') || span_has(host, "%{HTTP") || span_has(host, "%{QUERY") ||
            (span_has_char(host, '%') && !span_has(host, "%{")))
                return tell(h, FORGERY, d);
        return 0;
}

/* ---- Settings of one word ---- */

struct setting {
        const char *directive;
        const char *values[6]; /* any of these words, at any place */
        int which;
};

static const struct setting headers_settings[] = {
        { "ServerTokens", { "Full", "OS", "Minimal", "Minor", "Major" }, TOKENS },
        { "ServerSignature", { "On", "EMail" }, SIGNATURE },
        { "SSLCompression", { "on" }, COMPRESSION },
        { "SSLInsecureRenegotiation", { "on" }, RENEGOTIATION },
        { "SSLHonorCipherOrder", { "off" }, CIPHER_ORDER },
        { "SSLProxyVerify", { "none" }, PROXY_UNVERIFIED },
        { "SSLProxyCheckPeerCN", { "off" }, PROXY_UNVERIFIED },
        { "SSLProxyCheckPeerName", { "off" }, PROXY_UNVERIFIED },
};

static const struct setting config_settings[] = {
        { "TraceEnable", { "on", "extended" }, TRACE },
        { "Options", { "Indexes", "+Indexes", "All", "+All" }, INDEXES },
        { "AllowOverride", { "All" }, OVERRIDE },
        { "User", { "root", "#0" }, ROOT_USER },
        { "Group", { "root", "#0" }, ROOT_USER },
        { "ProxyRequests", { "On" }, OPEN_PROXY },
        { "FileETag", { "All", "INode", "+INode" }, ETAG },
        { "php_flag", { "display_errors" }, PHP_ERRORS },
        { "php_value", { "display_errors" }, PHP_ERRORS },
        { "php_admin_flag", { "display_errors" }, PHP_ERRORS },
        { "LimitRequestBody", { "0" }, BODY_LIMIT },
        { "UserDir", { "enabled" }, USER_DIRS },
};

static int check_settings(struct httpd *h, const struct conf_directive *d,
                          const struct setting *settings, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (!conf_is(d, settings[i].directive))
                        continue;
                for (size_t v = 0; v < ARRAY_SIZE(settings[i].values) && settings[i].values[v]; v++)
                        if (conf_has(&h->conf, d, settings[i].values[v]))
                                return tell(h, settings[i].which, d);
        }
        return 0;
}

/* ---- Blocks ---- */

/* Does a block itself hold such a directive, with this first argument if one is given? */
static bool block_has(struct httpd *h, const struct conf_directive *block, const char *name,
                      const char *arg)
{
        for (int i = (int) (block - h->conf.list) + 1; i <= block->last && spend(h); i++) {
                const struct conf_directive *d = &h->conf.list[i];

                if (conf_is(d, name) && (!arg || conf_has(&h->conf, d, arg)))
                        return true;
        }
        return false;
}

static int check_directory(struct httpd *h, const struct conf_directive *d)
{
        if (!arg_is(h, d, 0, "/"))
                return 0;
        if (!block_has(h, d, "Require", "granted") && !block_has(h, d, "Allow", "all"))
                return 0;
        return tell(h, ROOT_OPEN, d);
}

static int check_handler(struct httpd *h, const struct conf_directive *d)
{
        const struct conf_directive *in = d->parent < 0 ? NULL : &h->conf.list[d->parent];

        if (!arg_is(h, d, 0, "server-status") && !arg_is(h, d, 0, "server-info"))
                return 0;
        if (in && ((block_has(h, in, "Require", NULL) && !block_has(h, in, "Require", "granted")) ||
                   block_has(h, in, "Deny", NULL)))
                return 0;
        return tell(h, STATUS, d);
}

static int check_limit(struct httpd *h, const struct conf_directive *d)
{
        if (!block_has(h, d, "Require", NULL) && !block_has(h, d, "Deny", NULL))
                return 0;
        return tell(h, LIMIT, d);
}

static int check_php(struct httpd *h, const struct conf_directive *d)
{
        /* `display_errors off` is what one wants. */
        return arg_is(h, d, 1, "off") || arg_is(h, d, 1, "0");
}

static const struct {
        enum control control;
        const char *directive;
        int (*check)(struct httpd *h, const struct conf_directive *d);
} checks[] = {
        { CONTROL_HEADERS, "Header", check_header },
        { CONTROL_HEADERS, "VirtualHost", check_host },
        { CONTROL_HEADERS, "SSLProtocol", check_protocol },
        { CONTROL_HEADERS, "SSLProxyProtocol", check_protocol },
        { CONTROL_HEADERS, "SSLCipherSuite", check_ciphers },
        { CONTROL_HEADERS, "RewriteRule", check_rewrite },
        { CONTROL_CONFIG, "Directory", check_directory },
        { CONTROL_CONFIG, "SetHandler", check_handler },
        { CONTROL_CONFIG, "Limit", check_limit },
};

static int check_directive(struct httpd *h, const struct conf_directive *d)
{
        bool headers = h->control == CONTROL_HEADERS;
        int r = 0;

        for (size_t k = 0; r >= 0 && k < ARRAY_SIZE(checks); k++)
                if (checks[k].control == h->control && conf_is(d, checks[k].directive))
                        r = checks[k].check(h, d);
        if (r < 0 || (!headers && span_starts(d->name, "php_") && check_php(h, d)))
                return r;
        return headers ? check_settings(h, d, headers_settings, ARRAY_SIZE(headers_settings))
                       : check_settings(h, d, config_settings, ARRAY_SIZE(config_settings));
}

/* ---- The file ---- */

bool httpd_is_config(const struct check *c)
{
        static const char *const names[] = { "httpd.conf",   "apache.conf", "apache2.conf",
                                             ".htaccess",    "*.htaccess",  "httpd-*.conf",
                                             "apache*.conf", "htaccess" };
        static const char *const words[] = { "<VirtualHost", "<IfModule", "<Directory",
                                             "DocumentRoot", "SSLEngine", "RewriteEngine",
                                             "ServerTokens", "<Location" };
        const char *slash = strrchr(c->path, '/'), *base = slash ? slash + 1 : c->path;

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (!fnmatch(names[i], base, 0))
                        return true;
        if (fnmatch("*.conf", base, 0) != 0 && !strstr(c->path, "sites-available/") &&
            !strstr(c->path, "sites-enabled/"))
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (memmem(c->text, c->length, words[i], strlen(words[i])))
                        return true;
        return false;
}

static int check_file(struct check *c, enum control control)
{
        enum { STEPS = 20000000 };
        struct httpd h = { .c = c,
                           .control = control,
                           .budget = STEPS,
                           .includes = { .c = c, .prefix = "/etc/apache2/" } };
        int r = apache_parse(&h.conf, c->text, c->length, include_open, &h.includes);

        for (size_t i = 0; r >= 0 && i < h.conf.n_list; i++)
                r = check_directive(&h, &h.conf.list[i]);
        if (r >= 0 && !h.budget)
                r = check_not_scanned(c, c->path, "too-complex");
        conf_done(&h.conf);
        include_done(&h.includes);
        return r;
}

int httpd_check_headers(struct check *c)
{
        return check_file(c, CONTROL_HEADERS);
}

int httpd_check_config(struct check *c)
{
        return check_file(c, CONTROL_CONFIG);
}
