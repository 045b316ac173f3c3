/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The control "headers" as the agent runs it: what it finds in small files, and how it does on the
 * labelled fixtures of public checkers.
 */
#include "test.h"

#include "base/io.h"
#include "fakehost.h"
#include "tree.h"

#include <fcntl.h>

#define AGENT "plugins/compliance-checker/compliance-checker.so"

/* Runs the agent over a tree; findings are in host->findings. */
static void check(struct fakehost *host, const struct tree *t)
{
        fakehost_init(host, "check", "{\"controls\": [\"headers\", \"config\"]}");
        host->workspace = t->fd;
        assert_int_equal(fakehost_run(host, fakehost_load(AGENT)), 0);
        (void) close(host->workspace);
}

static const char *text_of(const json_t *f, const char *key)
{
        const char *text = json_string_value(json_object_get(f, key));

        return text ? text : "";
}

static bool has_tag(const json_t *finding, const char *tag)
{
        const json_t *one;
        size_t i;

        json_array_foreach (json_object_get(finding, "tags"), i, one)
                if (!strcmp(json_string_value(one), tag))
                        return true;
        return false;
}

struct row {
        const char *why, *text, *want; /* "line:rule ", without headers/ */
};

/* Each row is one file of one tree; all are checked in one run. */
static void expect(const char *name, const struct row *rows, size_t n)
{
        struct fakehost host;
        struct tree t;

        tree_make(&t);
        for (size_t i = 0; i < n; i++) {
                char path[128];

                (void) snprintf(path, sizeof(path), "%03zu/%s", i, name);
                tree_file(t.fd, path, rows[i].text, 0644);
        }
        check(&host, &t);
        for (size_t i = 0; i < n; i++) {
                _cleanup_(buf_done) struct buf list = { 0 };
                json_t *f;
                size_t k;

                json_array_foreach (host.findings, k, f)
                        if ((size_t) atoi(text_of(f, "path")) == i)
                                (void) buf_printf(
                                        &list, "%d:%s ",
                                        (int) json_integer_value(json_object_get(f, "line")),
                                        strchr(text_of(f, "rule"), '/') + 1);
                if (strcmp(buf_text(&list), rows[i].want) != 0)
                        fail_msg("%s: got \"%s\", want \"%s\"", rows[i].why, buf_text(&list),
                                 rows[i].want);
        }
        fakehost_done(&host);
        tree_remove(&t);
}

#define EXPECT(name, rows) expect((name), (rows), TEST_ROWS(rows))

/* ---- nginx ---- */

#define ALL                                                                                        \
        "add_header Content-Security-Policy \"default-src 'self'; base-uri 'none'; "               \
        "frame-ancestors 'none'\" always; add_header X-Content-Type-Options nosniff always;"       \
        "add_header Referrer-Policy no-referrer; add_header Permissions-Policy \"usb=()\";"

static void test_policy(void **state)
{
        (void) state;
        static const struct row rows[] = {
                { "all is well", "server_tokens off; " ALL " server { listen 80; }", "" },
                { "headers come from above", "server_tokens off; " ALL " server { server_name a; }",
                  "" },
                { "nothing is set", "server { server_tokens off; }",
                  "1:missing-content-type-options 1:missing-csp 1:missing-frame-options "
                  "1:missing-permissions-policy 1:missing-referrer-policy " },
                { "TLS asks for HSTS", "server_tokens off; " ALL "\nserver { listen 443 ssl; }",
                  "2:missing-hsts " },
                { "a redirect needs none", "server { return 301 https://x$request_uri; }", "" },
                { "no server of pages", "stream { server { listen 53; proxy_pass a; } }", "" },
                { "more_set_headers counts",
                  "server_tokens off; more_set_headers 'Referrer-Policy: no-referrer' "
                  "'Permissions-Policy: usb=()' 'X-Content-Type-Options: nosniff' "
                  "'X-Frame-Options: DENY' \"Content-Security-Policy: default-src 'self'\"; "
                  "server { listen 80; }",
                  "" },
                { "one header of its own loses the others",
                  "server { server_tokens off; " ALL "\nlocation / { add_header X-A b; } }",
                  "2:lost-inheritance " },
                { "unless they are merged",
                  "server { server_tokens off; add_header_inherit merge; " ALL
                  "\nlocation / { add_header X-A b; } }",
                  "" },
                { "headers that protect nothing may be lost",
                  "add_header X-A b;\nlocation / { add_header X-B c; }", "" },
                { "options name the headers that may not",
                  "# Options: {\"headers\": [\"x-a\"]}\nadd_header X-A b;\n"
                  "location / { add_header X-B c; }",
                  "3:lost-inheritance " },
                { "proxied headers are lost alike",
                  "proxy_set_header A b;\nlocation / { proxy_set_header C d; }",
                  "2:lost-proxy-header " },
                { "a value of two lines", "add_header X-A \"b\n c\";", "1:multiline " },
                { "a newline by its escape", "add_header X-A \"b\\n c\";", "1:multiline " },
                { "types over two lines are none", "more_set_headers -t 'a\n b' 'X-A: b';", "" },
                { "broken versions", "ssl_protocols TLSv1.1 TLSv1.2;", "1:weak-tls " },
                { "good versions", "ssl_protocols TLSv1.2 TLSv1.3;", "" },
                { "broken ciphers", "ssl_ciphers HIGH:RC4-SHA;", "1:weak-ciphers " },
                { "excluded ciphers", "ssl_ciphers HIGH:!RC4:!aNULL;", "" },
                { "tokens on", "server_tokens on;", "1:server-tokens " },
                { "two spellings", "set $My_Var a;\nadd_header X-A $my_var;",
                  "1:mixed-case-variable " },
                { "one spelling", "set $My_Var a;\nadd_header X-A ${My_Var};", "" },
                { "a second content type", "add_header Content-Type text/plain;",
                  "1:content-type-header " },
                { "not on errors", "add_header X-Frame-Options DENY;", "1:not-always " },
                { "short HSTS", "add_header Strict-Transport-Security max-age=60 always;",
                  "1:weak-hsts " },
                { "everybody, with credentials",
                  "add_header Access-Control-Allow-Origin *;\n"
                  "add_header Access-Control-Allow-Credentials true;",
                  "2:cors-any-with-credentials " },
        };

        EXPECT("nginx.conf", rows);
}

static void test_csp(void **state)
{
        (void) state;
#define CSP(policy) "add_header Content-Security-Policy \"" policy "\" always;"
        static const struct row rows[] = {
                { "strict", CSP("default-src 'none'; script-src 'self'; base-uri 'none'"), "" },
                { "inline scripts", CSP("default-src 'self' 'unsafe-inline'; base-uri 'self'"),
                  "1:csp-unsafe-inline " },
                { "a hash takes inline away",
                  CSP("default-src 'self' 'unsafe-inline' 'sha256-AA='; base-uri 'self'"), "" },
                { "eval", CSP("default-src 'self' 'unsafe-eval'; base-uri 'self'"),
                  "1:csp-unsafe-eval " },
                { "any host", CSP("default-src *; base-uri 'self'"), "1:csp-wildcard " },
                { "any host for images only", CSP("default-src 'self'; img-src *; base-uri 'self'"),
                  "" },
                { "data: for scripts", CSP("default-src 'self'; script-src data:; base-uri 'self'"),
                  "1:csp-data " },
                { "no objects, no base", CSP("script-src 'self'"),
                  "1:csp-missing-base-uri 1:csp-missing-object-src " },
                { "no scripts", CSP("img-src 'self'; object-src 'none'"),
                  "1:csp-missing-script-src " },
                { "a host with JSONP",
                  CSP("default-src 'self' https://accounts.google.com; base-uri 'self'"),
                  "1:csp-bypass-host " },
                { "dynamic without a nonce", CSP("default-src 'strict-dynamic'; base-uri 'self'"),
                  "1:csp-dynamic-without-nonce " },
                { "a fixed nonce", CSP("default-src 'nonce-abc'; base-uri 'self'"),
                  "1:csp-short-nonce " },
                { "without TLS", CSP("default-src 'self' http://a.b; base-uri 'self'"),
                  "1:csp-http-source " },
                { "twice", CSP("default-src 'self'; default-src 'none'; base-uri 'self'"),
                  "1:csp-duplicate " },
                { "a colon", CSP("default-src: 'self'; default-src 'self'; base-uri 'self'"),
                  "1:csp-unknown-directive " },
                { "frames only", CSP("frame-ancestors 'none'"), "" },
        };

        EXPECT("nginx.conf", rows);
}

static void test_inject(void **state)
{
        (void) state;
        static const struct row rows[] = {
                { "a decoded path", "return 301 https://x$uri;", "1:response-splitting " },
                { "braces", "return 301 https://x${uri};", "1:response-splitting " },
                { "the raw path", "return 301 https://x$request_uri;", "" },
                { "a group that takes a newline",
                  "location ~ ^/a/([^/]+)$ { proxy_pass http://h/$1; }",
                  "1:proxy-path-decoded 1:response-splitting " },
                { "a group that takes none",
                  "location ~ ^/a/([^/\\s]+)$ { proxy_pass http://h/$1; }",
                  "1:proxy-path-decoded " },
                { "a carriage return reaches a client",
                  "location ~ ^/a/(.*)$ { return 301 https://h/$1; }", "1:response-splitting " },
                { "but no upstream", "location ~ ^/a/(.*)$ { proxy_pass http://h/$1; }",
                  "1:proxy-path-decoded " },
                { "through a set", "location ~ ^/(?<a>[^.]*)$ { set $b x$a; add_header X-A $b; }",
                  "1:response-splitting " },
                { "set again to something else",
                  "location / { set $b $uri; set $b c; add_header X-A $b; }", "" },
                { "set again in an if",
                  "location / { set $b $uri; if ($args) { set $b c; }\nadd_header X-A $b; }",
                  "1:if-in-location 2:response-splitting " },
                { "through a map", "map $uri $m { default a; ~^/(.*\\s)$ $1; }\nadd_header X-A $m;",
                  "2:response-splitting " },
                { "a map of fixed values", "map $uri $m { default a; /b b; }\nadd_header X-A $m;",
                  "" },
                { "a group of what holds no newline",
                  "if ($request_uri ~ ^/([^/]*)) { return 301 https://h/$1; }", "" },
                { "a rewrite encodes its groups", "rewrite ^/(\\W*)$ https://h/$1 permanent;", "" },
                { "a rewrite inside", "rewrite ^ /x$uri;", "" },
                { "a host from the request", "location / { proxy_pass http://$arg_h; }",
                  "1:request-forgery " },
                { "a scheme from the request", "location / { proxy_pass $http_x://h; }",
                  "1:request-forgery " },
                { "behind the host", "location / { proxy_pass http://h/$arg_h; }",
                  "1:proxy-path-decoded " },
                { "a path behind the host", "location / { proxy_pass http://h$request_uri; }", "" },
                { "a group that begins with a slash",
                  "location ~ ^/a(/.*)$ { proxy_pass http://h$1; }", "" },
                { "a group without dots", "location ~ ^/(a|b)$ { proxy_pass http://$1; }", "" },
                { "a group of fixed hosts", "location ~ ^/(a\\.b|c\\.d)$ { proxy_pass http://$1; }",
                  "" },
                { "internal", "location / { internal; proxy_pass http://$arg_h; }", "" },
                { "set to a whole address", "location / { set $u http://h/$arg_a; proxy_pass $u; }",
                  "" },
                { "set to a host", "location / { set $u http://$arg_a/; proxy_pass $u; }",
                  "1:request-forgery " },
                { "mapped to hosts",
                  "map $arg_a $h { default x.y; b z.y; }\n"
                  "location / { proxy_pass http://$h; }",
                  "" },
                { "the name that was asked for", "location / { proxy_pass http://$host; }",
                  "1:open-proxy " },
                { "the request's host", "proxy_set_header Host $http_host;", "1:host-spoofing " },
                { "nginx's host", "proxy_set_header Host $host;", "" },
                { "alias without slash", "location /i { alias /data/; }", "1:alias-traversal " },
                { "alias with slash", "location /i/ { alias /data/; }", "" },
                { "alias of one file", "location = /i { alias /data/i; }", "" },
                { "alias in an if", "location /i { if ($a) { alias /data/; } }",
                  "1:alias-traversal 1:if-in-location " },
                { "alias behind a slash", "location ~ ^/s/(.*)$ { alias /var/$1; }", "" },
                { "a modifier without a blank", "location ~^/s/(.*)$ { alias /var/$1; }", "" },
                { "another without a blank", "location ^~/s { alias /var/; }",
                  "1:alias-traversal " },
                { "one path, without a blank", "location =/s { alias /var/s; }", "" },
                { "alias with a group", "location ~ /site(.*) { alias /var/$1; }",
                  "1:regex-unanchored 1:alias-traversal " },
                { "all files", "root /;", "1:filesystem-root " },
                { "all files, written otherwise", "root /usr/..;", "1:filesystem-root " },
                { "no TLS", "return 301 http://a.b/;", "1:redirect-to-http " },
        };

        EXPECT("nginx.conf", rows);
}

static void test_origins(void **state)
{
        (void) state;
#define ORIGIN(regex)  "if ($http_origin !~ '" regex "') { return 403; }"
#define REFERER(regex) "if ($http_referer !~ '" regex "') { return 403; }"
        static const struct row rows[] = {
                { "good", ORIGIN("^https://example\\.com$"), "" },
                { "below it", ORIGIN("^https?://([a-z0-9-]+\\.)*example\\.com(:[0-9]+)?$"), "" },
                { "anything below it", REFERER("^https?://([^/]+\\.)?example\\.com/"), "" },
                { "two sites", ORIGIN("^https://(www\\.example\\.com|b\\.example\\.org)$"), "" },
                { "brackets for a dot", ORIGIN("^https://example[.]com$"), "" },
                { "no end", ORIGIN("^https://example\\.com"), "1:weak-origin-check " },
                { "no start", ORIGIN("example\\.com$"), "1:weak-origin-check " },
                { "any sign for the dot", ORIGIN("^https://a.example\\.com$"),
                  "1:weak-origin-check " },
                { "another name's end", ORIGIN("^https://[a-z]*example\\.com$"),
                  "1:weak-origin-check " },
                { "any top-level domain", ORIGIN("^https://example\\.[a-z]+$"),
                  "1:weak-origin-check " },
                { "one way without an anchor", ORIGIN("^https://a\\.com$|b\\.com$"),
                  "1:weak-origin-check " },
                { "a path before the name", REFERER("^https?://.*example\\.com/"),
                  "1:weak-origin-check " },
                { "a whole word in brackets",
                  "if ($http_origin ~* (^https://www\\.a\\.ru)|(^https://b\\.ru)$) { set $c 1; }",
                  "1:weak-origin-check " },
                { "https only",
                  "# Options: {\"https_only\": true}\n" ORIGIN("^https?://example\\.com$"),
                  "2:weak-origin-check " },
                { "our domains",
                  "# Options: {\"domains\": [\"example.com\"]}\n" ORIGIN(
                          "^https?://a\\.example\\.com$"),
                  "" },
                { "not our domains",
                  "# Options: {\"domains\": [\"example.com\"]}\n" ORIGIN(
                          "^https?://example\\.org$"),
                  "2:weak-origin-check " },
                { "a name that ends like ours",
                  "# Options: {\"domains\": [\"a.com\"]}\n" ORIGIN("^https?://ba\\.com$"),
                  "2:weak-origin-check " },
                { "in a map",
                  "map $http_origin $o { default '';\n~^https://a\\.com $http_origin; }",
                  "2:weak-origin-check " },
                { "a map's refusal", "map $http_origin $o { default 1;\n~bad 0; }", "" },
                { "a wrong name", "if ($http_referrer ~ a) { return 403; }", "1:referer-typo " },
                { "any origin", "add_header Access-Control-Allow-Origin $http_origin;",
                  "1:cors-reflected " },
                { "held against a list",
                  "if ($http_origin = https://a.b) { add_header Access-Control-Allow-Origin "
                  "$http_origin; }",
                  "" },
                { "none", "valid_referers none a.b;", "1:referer-none " },
                { "a name with none in it", "valid_referers none.a.b *.none.com;", "" },
        };

        EXPECT("nginx.conf", rows);
}

static void test_expressions(void **state)
{
        (void) state;
        static const struct row rows[] = {
                { "a loop in a loop", "location ~ ^/(a+)+$ { }", "1:regex-explosive " },
                { "two ways for one character", "location ~ ^/(a|[a-z])*$ { }",
                  "1:regex-explosive " },
                { "a separator keeps rounds apart", "location ~ ^/([a-z]+/)*$ { }", "" },
                { "a separator that is a part", "location ~ ^/(.+/)*$ { }", "1:regex-explosive " },
                { "possessive", "location ~ ^/(a++)+$ { }", "" },
                { "no anchor", "location ~ /v1/ { }", "1:regex-unanchored " },
                { "an end is enough", "location ~ \\.php$ { }", "" },
                { "one way without", "location ~ ^/a|/b { }", "1:regex-unanchored " },
                { "each with its own", "location ~ ^/a$|^/b$ { }", "" },
                { "one path", "location ~ ^/robots\\.txt$ { }", "1:regex-exact " },
                { "no such group", "rewrite ^/a /$1 break;", "1:regex-missing-group " },
                { "no capture", "rewrite \"(?i)/a\" /$1 break;", "1:regex-missing-group " },
                { "a group in an if", "if ($uri ~ ^/a) { set $b $1; }", "1:regex-missing-group " },
                { "a group nobody has", "location ~ ^/s/ { return 301 https://a/$1; }",
                  "1:regex-missing-group " },
                { "a group of the server's name",
                  "server { server_tokens off; server_name ~^(.+)\\.a$; "
                  "location ~ ^/s/ { return 301 https://b/$1; } }",
                  "1:missing-content-type-options 1:missing-csp 1:missing-frame-options "
                  "1:missing-permissions-policy 1:missing-referrer-policy " },
                { "a part of a file", "location /s/ { return 301 https://a/$1; }", "" },
                { "a map's line without", "map $uri $d { default a; ~^/o/ $1; }",
                  "1:regex-missing-group " },
                { "a map's line with", "map $uri $d { default a; ~^/o/(.*) $1; }", "" },
                { "no expression", "location ~ \"^/(a\" { }", "1:regex-invalid " },
                { "a group in a group", "rewrite ^/((.*))$ https://h/$1$2 redirect;",
                  "1:regex-overlapping-groups " },
                { "side by side", "rewrite ^/(.*)/(.*)$ https://h/$1$2 redirect;", "" },
                { "a number after arguments", "rewrite ^(.*) /n?c=1; set $a $1;",
                  "1:regex-number-after-arguments " },
                { "a name after arguments", "rewrite ^(?<b>.*) /n?c=1; set $a $b;", "" },
        };

        EXPECT("nginx.conf", rows);
}

static void test_access(void **state)
{
        (void) state;
        static const struct row rows[] = {
                { "allow alone", "location / { allow 10.0.0.0/8; }", "1:allow-without-deny " },
                { "with deny", "location / { allow 10.0.0.0/8; deny all; }", "" },
                { "deny above is not inherited", "deny all; location / { allow 10.0.0.0/8; }",
                  "1:allow-without-deny " },
                { "or a password", "location / { satisfy any; allow 10.0.0.0/8; auth_basic a; }",
                  "" },
                { "answered before", "location / { deny all; return 200 a; }",
                  "1:return-bypasses-access " },
                { "a rewrite inside", "location / { deny all; rewrite ^ /a last; }", "" },
                { "status", "location /s { stub_status; }", "1:status-page-exposed " },
                { "status for some", "location /s { stub_status; allow 10.0.0.1; deny all; }", "" },
                { "a resolver outside", "resolver 8.8.8.8;", "1:external-resolver " },
                { "resolvers inside", "resolver 127.0.0.1 [::1] 10.1.2.3 172.20.0.1:53 valid=1s;",
                  "" },
                { "an if with a header", "location / { if ($a) { add_header X-A b; } }",
                  "1:if-in-location " },
                { "an if with a return", "location / { if ($a) { return 403; } }", "" },
                { "a setting that goes on", "location / { if ($a) { set $b c; } }",
                  "1:if-in-location " },
                { "to an upstream", "upstream a { keepalive_requests 10; }", "" },
                { "files of a worker", "events { worker_connections 4096; }",
                  "1:worker-files-limit " },
                { "enough of them",
                  "worker_rlimit_nofile 8192; events { worker_connections 4096; }", "" },
                { "files without a cache", "location / { try_files $uri /a; }",
                  "1:try-files-uncached " },
                { "two lines, no default", "map $a $b { c 1; d 2; }", "1:map-without-default " },
                { "one line", "map $a $b { c 1; }", "" },
                { "geo", "geo $b { 10.0.0.0/8 1; }", "1:map-without-default " },
                { "log off", "error_log off;", "1:error-log-off " },
                { "few requests", "keepalive_requests 10;", "1:low-keepalive-requests " },
                { "no buffers", "proxy_buffering off;", "1:proxy-buffering-off " },
                { "stapling", "ssl_stapling on;", "1:stapling-without-resolver " },
                { "stapling with a resolver", "ssl_stapling on; resolver 127.0.0.1;", "" },
                { "a new group", "ssl_ecdh_curve X25519MLKEM768:X25519;", "1:ecdh-curve-unknown " },
                { "it is asked for", "ssl_ecdh_curve ?X25519MLKEM768:X25519;", "" },
                { "a list of files", "autoindex on;", "1:directory-listing " },
                { "lost connections",
                  "worker_processes auto; quic_bpf on; http { server_tokens off; " ALL
                  " server { listen 80 quic reuseport; } }",
                  "1:quic-reuseport 1:missing-hsts " },
                { "no default",
                  "worker_processes auto; http { server_tokens off; " ALL "\n"
                  "server { listen 80; server_name a; }\nserver { listen *:80; server_name b; } }",
                  "2:no-default-server " },
                { "misdirected",
                  "server_tokens off; " ALL "\nserver { listen 80 default_server; http2 on; "
                  "ssl_reject_handshake on; }",
                  "2:misdirected-request " },
        };

        EXPECT("nginx.conf", rows);
}

static void test_include(void **state)
{
        (void) state;
        struct fakehost host;
        struct tree t;

        tree_make(&t);
        tree_file(t.fd, "a/nginx.conf", "server { server_tokens off; include snippets/h.conf; }\n",
                  0644);
        tree_file(t.fd, "a/snippets/h.conf", ALL, 0644);
        /* A wildcard, from a file that is included itself, as in /etc/nginx. */
        tree_file(t.fd, "b/nginx.conf",
                  "worker_processes auto; http { server_tokens off; " ALL
                  " include /etc/nginx/sites-enabled/*; }\n",
                  0644);
        tree_file(t.fd, "b/sites-enabled/one", "server { include snippets/*.conf; }\n", 0644);
        tree_file(t.fd, "b/snippets/x.conf", "location /i { add_header X-A b; }\n", 0644);
        tree_file(t.fd, "c/nginx.conf", "include ../../etc/passwd; include /etc/shadow;\n", 0644);
        check(&host, &t);
        assert_int_equal(json_array_size(host.findings), 1);
        assert_string_equal(text_of(json_array_get(host.findings, 0), "path"), "b/nginx.conf");
        assert_string_equal(text_of(json_array_get(host.findings, 0), "rule"),
                            "headers/lost-inheritance");
        fakehost_done(&host);
        tree_remove(&t);
}

/* A .conf is nginx's if a line begins as only its lines do. */
static void test_known(void **state)
{
        (void) state;
        static const struct row rows[] = {
                { "a location", "# x\n  location /i { alias /a/; }\n", "2:alias-traversal " },
                { "referers", "valid_referers none;\n", "1:referer-none " },
                { "an if", "if ($http_origin ~ a.b) { return 403; }\n", "1:weak-origin-check " },
                { "of another program", "error_log = off\nalias=none\nlocations off;\n", "" },
                { "prose", "the location of an alias\n", "" },
                { "of Apache", "ServerTokens Full\n<VirtualHost *:80>\n</VirtualHost>\n",
                  "1:server-tokens 2:missing-content-type-options 2:missing-csp "
                  "2:missing-frame-options 2:missing-permissions-policy "
                  "2:missing-referrer-policy " },
        };

        EXPECT("site.conf", rows);
}

/* ---- Apache ---- */

static void test_apache(void **state)
{
        (void) state;
        static const struct row rows[] = {
                { "a good value", "Header always set X-Content-Type-Options nosniff\n", "" },
                { "a bad one", "Header always set X-Content-Type-Options sniff\n",
                  "1:weak-content-type-options " },
                { "over several lines",
                  "Header always set Content-Security-Policy \"default-src 'self'; \\\n"
                  "  script-src 'unsafe-inline'; base-uri 'self'\"\n",
                  "1:csp-unsafe-inline " },
                { "not on errors", "Header set X-Frame-Options DENY\n", "1:not-always " },
                { "taken out", "Header unset X-Frame-Options\n", "1:header-unset " },
                { "another header taken out", "Header unset ETag\n", "" },
                { "an environment's origin",
                  "Header set Access-Control-Allow-Origin %{HTTP_ORIGIN}e\n", "1:cors-reflected " },
                { "only where a variable is set",
                  "Header set Access-Control-Allow-Origin %{O}e env=O\n", "" },
                { "all, with credentials",
                  "Header set Access-Control-Allow-Origin *\n"
                  "Header set Access-Control-Allow-Credentials true\n",
                  "1:cors-any-with-credentials " },
                { "all but the oldest", "SSLProtocol all -SSLv3\n", "1:weak-tls " },
                { "the new ones", "SSLProtocol -all +TLSv1.2 +TLSv1.3\n", "" },
                { "all but the old ones", "SSLProtocol all -SSLv3 -TLSv1 -TLSv1.1\n", "" },
                { "ciphers", "SSLCipherSuite HIGH:RC4\n", "1:weak-ciphers " },
                { "ciphers of a version", "SSLCipherSuite TLSv1.3 TLS_AES_128_GCM_SHA256\n", "" },
                { "versions told", "ServerTokens OS\nServerSignature On\n",
                  "1:server-tokens 2:server-signature " },
                { "versions not told", "ServerTokens Prod\nServerSignature Off\n", "" },
                { "TRACE", "TraceEnable on\n", "1:apache-trace " },
                { "lists", "Options +Indexes FollowSymLinks\n", "1:apache-indexes " },
                { "no lists", "Options -Indexes\n", "" },
                { "everything may be overridden",
                  "<Directory /a>\nAllowOverride All\n</Directory>\n", "2:apache-allow-override " },
                { "the root is open", "<Directory \"/\">\nRequire all granted\n</Directory>\n",
                  "1:apache-root-open " },
                { "the root is shut", "<Directory />\nRequire all denied\n</Directory>\n", "" },
                { "status for all",
                  "<Location /s>\nSetHandler server-status\nRequire all granted\n</Location>\n",
                  "2:apache-status-exposed " },
                { "status for some",
                  "<Location /s>\nSetHandler server-status\nRequire local\n</Location>\n", "" },
                { "an open proxy", "ProxyRequests On\n", "1:apache-open-proxy " },
                { "some methods only", "<Limit GET POST>\nRequire valid-user\n</Limit>\n",
                  "1:apache-limit-methods " },
                { "a proxied host of the request", "RewriteRule ^/p/(.*)$ http://$1/ [P]\n",
                  "1:request-forgery " },
                { "a fixed one", "RewriteRule ^/p/(.*)$ http://a/$1 [P]\n", "" },
                { "PHP's errors", "php_flag display_errors on\n", "1:apache-php-errors " },
                { "none of them", "php_flag display_errors off\n", "" },
                { "a comment", "# ServerTokens Full \\\nTraceEnable on\n", "" },
                { "a site without headers",
                  "<VirtualHost *:443>\nDocumentRoot /a\n</VirtualHost>\n",
                  "1:missing-content-type-options 1:missing-csp 1:missing-frame-options "
                  "1:missing-hsts 1:missing-permissions-policy 1:missing-referrer-policy " },
                { "a site that leads elsewhere",
                  "<VirtualHost *:80>\nRedirect permanent / https://a/\n</VirtualHost>\n", "" },
        };

        EXPECT("httpd.conf", rows);
}

/* ---- Caddy ---- */

static void test_caddy(void **state)
{
        (void) state;
#define CADDY_ALL                                                                                  \
        "header {\n Strict-Transport-Security \"max-age=31536000; includeSubDomains\"\n"           \
        " Content-Security-Policy \"default-src 'self'; base-uri 'self'\"\n"                       \
        " X-Content-Type-Options nosniff\n X-Frame-Options DENY\n Referrer-Policy no-referrer\n"   \
        " Permissions-Policy usb=()\n -Server\n}\n"
        static const struct row rows[] = {
                { "all is well", "a.b {\n" CADDY_ALL "file_server\n}\n", "" },
                { "from a snippet", "(s) {\n" CADDY_ALL "}\na.b, c.d {\nimport s\nfile_server\n}\n",
                  "" },
                { "without braces", "a.b\n" CADDY_ALL "file_server\n", "" },
                { "nothing is set", "a.b {\nfile_server\n}\n",
                  "1:missing-content-type-options 1:missing-csp 1:missing-frame-options "
                  "1:missing-hsts 1:missing-permissions-policy 1:missing-referrer-policy " },
                { "a redirect", "a.b {\nredir https://c.d\n}\n", "" },
                { "no TLS", "http://a.b {\n" CADDY_ALL "file_server\n}\n", "1:no-tls " },
                { "a bad value", "a.b {\nheader /x X-Frame-Options maybe\n}\n",
                  "2:weak-frame-options " },
                { "taken out", "a.b {\nheader -X-Frame-Options\n}\n", "2:header-unset " },
                { "an old version", "a.b {\ntls {\nprotocols tls1.0 tls1.3\n}\n}\n",
                  "3:weak-tls " },
                { "not checked",
                  "a.b {\nreverse_proxy x {\ntransport http {\ntls_insecure_skip_verify\n}\n}\n"
                  "import headers.caddy\n}\n",
                  "4:proxy-unverified " },
                { "lists", "{\nadmin :2019\n}\na.b {\n" CADDY_ALL "file_server browse\n}\n",
                  "2:caddy-admin-exposed 14:caddy-browse " },
                { "a password", "a.b {\nbasic_auth {\nbob hunter2\n}\n}\n",
                  "3:caddy-plain-password " },
                { "a hash", "a.b {\nbasic_auth {\nbob $2a$14$abc\n}\n}\n", "" },
        };

        EXPECT("Caddyfile", rows);
}

/* ---- Captured answers ---- */

static void test_captured(void **state)
{
        (void) state;
        static const struct row rows[] = {
                { "nothing is set", "HTTP/2 200\nserver: nginx/1.18.0\n",
                  "1:csp-not-implemented 1:hsts-not-implemented 1:observatory-score "
                  "1:x-content-type-options-not-implemented 1:x-frame-options-not-implemented "
                  "2:server-version " },
                { "all is set",
                  "HTTP/2 200\ncontent-security-policy: default-src 'none'; frame-ancestors "
                  "'none'\n"
                  "strict-transport-security: max-age=31536000\nx-content-type-options: nosniff\n",
                  "1:observatory-score " },
                { "no page", "HTTP/2 404\n", "" },
                { "no answer", "GET / HTTP/1.1\nHost: a\n", "" },
        };
        struct fakehost host;
        struct tree t;
        json_t *f;

        EXPECT("a.headers", rows);
        tree_make(&t);
        tree_file(t.fd, "response-1.txt", "HTTP/2 200\nx-frame-options: deny\n", 0644);
        check(&host, &t);
        f = json_array_get(host.findings, 2);
        assert_string_equal(text_of(f, "rule"), "headers/observatory-score");
        assert_string_equal(text_of(f, "message"),
                            "HTTP Observatory: score 50, grade C (csp-not-implemented -25, "
                            "hsts-not-implemented -20, x-content-type-options-not-implemented -5)");
        assert_true(has_tag(f, "observatory:grade-C"));
        assert_true(has_tag(json_array_get(host.findings, 0), "observatory:csp-not-implemented"));
        fakehost_done(&host);
        tree_remove(&t);
}

/* ---- Programs ---- */

static void test_django(void **state)
{
        (void) state;
        static const struct row rows[] = {
                { "all is well",
                  "SECRET_KEY = os.environ['K']\nDEBUG = False\nALLOWED_HOSTS = ['a.b']\n"
                  "SESSION_COOKIE_SECURE = True\nSECURE_HSTS_SECONDS = 31536000\n",
                  "" },
                { "debug", "ALLOWED_HOSTS = []\nDEBUG = True\n", "2:django-debug " },
                { "any host", "ALLOWED_HOSTS = [\n  'a', '*',\n]\n", "1:django-any-host " },
                { "the key", "SECRET_KEY = 'django-insecure-abc'\n", "1:django-secret-key " },
                { "cookies",
                  "SECRET_KEY = k\nSESSION_COOKIE_SECURE = False\nCSRF_COOKIE_SECURE = False\n",
                  "2:django-session-insecure 3:django-csrf-insecure " },
                { "a short time", "SECRET_KEY = k\nSECURE_HSTS_SECONDS = 60\n", "2:django-hsts " },
                { "frames", "SECRET_KEY = k\nX_FRAME_OPTIONS = 'ALLOWALL'\n",
                  "2:django-frame-options " },
                { "a policy", "SECRET_KEY = k\nSECURE_REFERRER_POLICY = 'unsafe-url'\n",
                  "2:django-referrer-policy " },
                { "all origins", "SECRET_KEY = k\nCORS_ALLOW_ALL_ORIGINS = True\n",
                  "2:django-cors-all " },
                { "middleware", "MIDDLEWARE = ['django.middleware.security.SecurityMiddleware']\n",
                  "1:django-no-csrf-middleware 1:django-no-frame-middleware " },
                { "in a comment or a text",
                  "# DEBUG = True\nSECRET_KEY = k\nx = \"DEBUG = True\"\n", "" },
                { "from the environment", "SECRET_KEY = k\nDEBUG = env.bool('DEBUG')\n", "" },
        };

        EXPECT("settings.py", rows);
}

static void test_express(void **state)
{
        (void) state;
#define APP "const app = require('express')();\n"
        static const struct row rows[] = {
                { "no helmet",
                  "const express = require('express');\nconst app = express();\napp.listen(1);\n",
                  "2:express-no-helmet " },
                { "with helmet",
                  "const express = require('express');\nconst app = "
                  "express();\napp.use(helmet());\n"
                  "app.listen(1);\n",
                  "" },
                { "a part of helmet off",
                  APP "app.use(helmet({ contentSecurityPolicy: false }));\n",
                  "2:helmet-disabled " },
                { "the name of the program is left in",
                  APP "app.use(helmet({ xPoweredBy: false }));\n", "2:powered-by " },
                { "a short time", APP "app.use(helmet({ hsts: { maxAge: 60 } }));\n",
                  "2:weak-hsts " },
                { "a cookie", APP "res.cookie('a', b, { secure: false, httpOnly: false });\n",
                  "2:cookie-without-secure 2:cookie-without-httponly " },
                { "a session", APP "app.use(session({ cookie: { secure: false } }));\n",
                  "2:cookie-without-secure " },
                { "all origins", APP "app.use(cors({ origin: true, credentials: true }));\n",
                  "2:cors-any-with-credentials " },
                { "some origins",
                  APP "app.use(cors({ origin: 'https://a', credentials: true }));\n", "" },
                { "a header", APP "res.setHeader('X-Frame-Options', 'maybe');\n",
                  "2:weak-frame-options " },
                { "not checked", APP "https.get({ rejectUnauthorized: false });\n",
                  "2:proxy-unverified " },
                { "told", APP "app.enable('x-powered-by');\n", "2:powered-by " },
                { "in a comment", APP "// res.cookie('a', b, { secure: false });\n", "" },
        };

        static const struct row typed[] = {
                { "types around it",
                  "import express, { Application } from 'express';\n"
                  "const app = express() as Application;\napp.listen(1);\n",
                  "2:express-no-helmet " },
                { "as TypeScript loads modules of Node",
                  "import web = require('express');\nweb().listen(1);\n", "2:express-no-helmet " },
                { "in a class",
                  "import express from 'express';\nclass A {\n  app: express.Application;\n"
                  "  constructor() { this.app = express(); }\n"
                  "  get(): any { return this.app; }\n}\n",
                  "4:express-no-helmet " },
                { "options with a type",
                  "import helmet from 'helmet';\n"
                  "app.use(helmet({ hsts: false } as HelmetOptions));\n",
                  "2:helmet-disabled " },
        };

        EXPECT("app.js", rows);
        EXPECT("app.ts", rows);
        EXPECT("app.ts", typed);
}

/* However the program loads them and whatever it calls them. */
static void test_express_names(void **state)
{
        (void) state;
        static const struct row rows[] = {
                { "no name at all", "const app = require('express')();\napp.listen(1);\n",
                  "1:express-no-helmet " },
                { "nor for helmet",
                  "const app = require('express')();\napp.use(require('helmet')());\n"
                  "app.listen(1);\n",
                  "" },
                { "a default", "import express from 'express';\nexpress().listen(1);\n",
                  "2:express-no-helmet " },
                { "by another name",
                  "import web, { Router } from 'express';\nimport guard from 'helmet';\n"
                  "const app = web();\napp.use(guard({ xFrameOptions: false }));\n"
                  "app.listen(1);\n",
                  "4:helmet-disabled " },
                { "a namespace", "import * as web from \"express\";\nweb().listen(1);\n",
                  "2:express-no-helmet " },
                { "a router only", "import { Router } from 'express';\nRouter().listen(1);\n", "" },
                { "as a compiler writes it",
                  "const express_1 = __importDefault(require('express'));\n"
                  "const app = (0, express_1.default)();\nexports.app = app;\n",
                  "2:express-no-helmet " },
                { "parts of helmet",
                  "import express from 'express';\nimport { hsts as h } from 'helmet';\n"
                  "const app = express();\napp.use(h({ maxAge: 60 }));\napp.listen(1);\n",
                  "4:weak-hsts " },
                { "options with a name",
                  "const helmet = require('helmet');\nconst age = { maxAge: 60 };\n"
                  "const options = { hsts: age, noSniff: false };\napp.use(helmet(options));\n",
                  "2:weak-hsts 3:helmet-disabled " },
                { "handed on", "const app = require('express')();\nmodule.exports = { app };\n",
                  "1:express-no-helmet " },
                { "made by a function",
                  "import express from 'express';\nexport function make() {\n"
                  "  const app = express();\n  return app;\n}\n",
                  "3:express-no-helmet " },
                { "which another one protects",
                  "import express from 'express';\nimport helmet from 'helmet';\n"
                  "const guard = (app) => { app.use(helmet()); return app; };\n"
                  "export default guard(express());\n",
                  "" },
                { "for a test of its own", "const app = require('express')();\napp.get('/');\n",
                  "" },
                { "waived",
                  "// linhay: ignore[headers/express-no-helmet] behind a proxy\n"
                  "const app = require('express')();\napp.listen(1);\n",
                  "2:express-no-helmet " },
        };

        EXPECT("app.mjs", rows);
}

/* A server and its middleware in files of their own. */
static void test_express_files(void **state)
{
        (void) state;
        struct fakehost host;
        struct tree t;

        tree_make(&t);
        tree_file(t.fd, "a/app.ts",
                  "import express from 'express';\nexport const app = express();\n", 0644);
        tree_file(t.fd, "a/main.ts",
                  "import { app } from './app';\nimport helmet from 'helmet';\n"
                  "app.use(helmet());\napp.listen(1);\n",
                  0644);
        tree_file(t.fd, "b/app.js",
                  "const app = require('express')();\nrequire('./lib/guard')(app);\n"
                  "app.listen(1);\n",
                  0644);
        tree_file(t.fd, "b/lib/guard/index.js",
                  "module.exports = (app) => app.use(require('helmet')());\n", 0644);
        tree_file(t.fd, "c/app.js",
                  "const app = require('express')();\nrequire('../b/other')(app);\n"
                  "app.listen(1);\n",
                  0644);
        check(&host, &t);
        assert_int_equal(json_array_size(host.findings), 1);
        assert_string_equal(text_of(json_array_get(host.findings, 0), "path"), "c/app.js");
        fakehost_done(&host);
        tree_remove(&t);
}

static void test_spring(void **state)
{
        (void) state;
        static const struct row properties[] = {
                { "all is well", "server.ssl.enabled=true\n", "" },
                { "the actuator", "# a\nmanagement.endpoints.web.exposure.include = health, *\n",
                  "2:spring-actuator-exposed " },
                { "a cookie", "server.servlet.session.cookie.httpOnly=false\n",
                  "1:cookie-without-httponly " },
                { "the console", "spring.h2.console.enabled=true\n", "1:spring-h2-console " },
        };
        static const struct row yaml[] = {
                { "nested",
                  "management:\n  endpoints:\n    web:\n      exposure:\n        include: \"*\"\n",
                  "5:spring-actuator-exposed " },
                { "a list",
                  "server:\n  ssl:\n    enabled-protocols:\n      - TLSv1.1\n      - TLSv1.2\n",
                  "4:weak-tls " },
                { "with dots", "server.servlet.session.cookie:\n  secure: false\n",
                  "2:cookie-without-secure " },
                { "broken", "a: [\n", "" },
        };
        static const struct row java[] = {
                { "csrf", "import org.springframework.x;\nhttp\n  .csrf()\n  .disable();\n",
                  "3:spring-csrf-disabled " },
                { "by a lambda",
                  "import org.springframework.x;\nhttp.csrf(csrf -> csrf.disable());\n",
                  "2:spring-csrf-disabled " },
                { "headers", "import org.springframework.x;\nhttp.headers().disable();\n",
                  "2:spring-headers-disabled " },
                { "in comments",
                  "import org.springframework.x;\n// .csrf().disable()\n"
                  "/* .headers().disable() */\n",
                  "" },
                { "not Spring", "http.csrf().disable();\n", "" },
        };

        EXPECT("application.properties", properties);
        EXPECT("application.yml", yaml);
        EXPECT("Config.java", java);
}

/* No excerpt shows what a cookie, a key or a password is. */
static void test_nothing_shown(void **state)
{
        (void) state;
        static const struct {
                const char *path, *text;
        } rows[] = {
                { "a.headers", "HTTP/2 200\nSet-Cookie: sessionid=hunter2hunter; Path=/\n" },
                { "b/settings.py", "SECRET_KEY = 'hunter2hunter'\nDEBUG = True\n" },
                { "c/Caddyfile", "a.b {\nbasic_auth {\nbob hunter2hunter\n}\n}\n" },
        };
        struct fakehost host;
        size_t i, n = 0;
        struct tree t;
        json_t *f;

        tree_make(&t);
        for (i = 0; i < TEST_ROWS(rows); i++)
                tree_file(t.fd, rows[i].path, rows[i].text, 0644);
        check(&host, &t);
        json_array_foreach (host.findings, i, f) {
                assert_null(strstr(text_of(f, "excerpt"), "hunter"));
                assert_null(strstr(text_of(f, "message"), "hunter"));
                n += strstr(text_of(f, "excerpt"), "********") != NULL;
        }
        assert_true(n >= TEST_ROWS(rows));
        fakehost_done(&host);
        tree_remove(&t);
}

/* What would take the square of its length, or more, ends. */
static void test_hostile(void **state)
{
        (void) state;
        static const struct {
                const char *path, *head, *piece;
        } rows[] = {
                { "a/nginx.conf", "", "set $a $uri$a$a;\n" },
                { "b/nginx.conf", "", "map $a $b { c $d; }\nadd_header X $b;\n" },
                { "c/nginx.conf", "if ($http_origin ~ \"", "((((a?){4}){4}){4}){4}" },
                { "d/nginx.conf", "location ~ \"", "[[:" },
                { "e/nginx.conf", "", "a {" },
                { "f/httpd.conf", "", "Header set Access-Control-Allow-Origin *\n" },
                { "g/httpd.conf", "", "<A>\n" },
                { "h/Caddyfile", "(s) {\n", "import s\n" },
                { "i/a.headers", "HTTP/1.1 200\nContent-Security-Policy: default-src", " a" },
                { "j/a.headers", "HTTP/1.1 200\nContent-Type: text/html\n\n", "<script src=\"" },
                { "k/app.js", "require('express');", "((" },
                { "l/settings.py", "SECRET_KEY = k\nDEBUG = ", "[" },
                { "m/application.yml", "a:\n", " - [" },
        };
        enum { SIZE = 256 * 1024 };
        _cleanup_(freep) char *text = malloc(SIZE + 256);
        struct fakehost host;
        struct tree t;

        assert_non_null(text);
        tree_make(&t);
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                size_t n = strlen(rows[i].head), piece = strlen(rows[i].piece);

                memcpy(text, rows[i].head, n);
                for (; n < SIZE; n += piece)
                        memcpy(text + n, rows[i].piece, piece);
                text[n] = '\0';
                tree_file(t.fd, rows[i].path, text, 0644);
        }
        check(&host, &t);
        fakehost_done(&host);
        tree_remove(&t);
}

/* ---- The labelled fixtures ---- */

static FILE *open_corpus(void)
{
        const char *named = getenv("LINHAY_SHARED");
        char path[4096];

        if (named)
                (void) snprintf(path, sizeof(path), "%s/data/config/dev.jsonl", named);
        else
                (void) snprintf(path, sizeof(path), "%s/../shared/data/config/dev.jsonl",
                                test_srcdir());
        return fopen(path, "re");
}

struct tally {
        size_t found, missed, alarms, quiet;
};

static void count(struct tally *n, const json_t *row, bool got)
{
        bool want = !strcmp(text_of(row, "label"), "positive");

        n->found += want && got;
        n->missed += want && !got;
        n->alarms += !want && got;
        n->quiet += !want && !got;
        if (want != got)
                (void) printf("# %s %s: %.60s\n", want ? "missed" : "false alarm",
                              text_of(row, "rule"), text_of(row, "text"));
}

static void test_corpus(void **state)
{
        (void) state;
        _cleanup_(fclosep) FILE *f = open_corpus();
        _cleanup_(freep) char *line = NULL;
        struct tally n = { 0 };
        struct fakehost host;
        json_t *rows, *row, *finding;
        size_t size = 0, i, k;
        struct tree t;

        if (!f) {
                (void) printf("# SKIP the labelled fixtures are not here (LINHAY_SHARED)\n");
                skip();
        }
        tree_make(&t);
        rows = json_array();
        while (getline(&line, &size, f) > 0) {
                char path[64];

                row = json_loads(line, 0, NULL);
                if (!row || strcmp(text_of(row, "kind"), "nginx") != 0) {
                        json_decref(row);
                        continue;
                }
                (void) snprintf(path, sizeof(path), "%zu/nginx.conf", json_array_size(rows));
                tree_file(t.fd, path, text_of(row, "text"), 0644);
                assert_int_equal(json_array_append_new(rows, row), 0);
        }
        check(&host, &t);
        json_array_foreach (rows, i, row) {
                char ref[128];
                bool got = false;

                (void) snprintf(ref, sizeof(ref), "gixy:%s", text_of(row, "rule"));
                json_array_foreach (host.findings, k, finding)
                        got |= (size_t) atoi(text_of(finding, "path")) == i &&
                               has_tag(finding, ref);
                count(&n, row, got);
        }
        (void) printf("# nginx: found %zu of %zu, false alarms %zu of %zu\n", n.found,
                      n.found + n.missed, n.alarms, n.alarms + n.quiet);
        assert_true(n.found > 0);
        assert_int_equal(n.missed, 0);
        assert_true(n.alarms * 50 <= n.alarms + n.quiet);
        json_decref(rows);
        fakehost_done(&host);
        tree_remove(&t);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_policy),        cmocka_unit_test(test_csp),
                cmocka_unit_test(test_inject),        cmocka_unit_test(test_origins),
                cmocka_unit_test(test_expressions),   cmocka_unit_test(test_access),
                cmocka_unit_test(test_include),       cmocka_unit_test(test_captured),
                cmocka_unit_test(test_django),        cmocka_unit_test(test_express),
                cmocka_unit_test(test_express_names), cmocka_unit_test(test_express_files),
                cmocka_unit_test(test_spring),        cmocka_unit_test(test_known),
                cmocka_unit_test(test_apache),        cmocka_unit_test(test_caddy),
                cmocka_unit_test(test_nothing_shown), cmocka_unit_test(test_hostile),
                cmocka_unit_test(test_corpus),
        };

        return cmocka_run_group_tests_name("headers", tests, NULL, NULL);
}
