/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rules about who is let in, and about settings that do not do what they seem to.
 */

#include "nginx-config.h"

#define CONTROL(rule) "headers/" rule

enum {
        ALLOW_ALONE,
        RETURN_FIRST,
        STATUS_PAGE,
        RESOLVER,
        IF_EVIL,
        IF_GOES_ON,
        TRY_FILES,
        NO_DEFAULT,
        LOG_OFF,
        KEEPALIVE,
        FILES_LIMIT,
        NO_WORKERS,
        NO_DEFAULT_SERVER,
        MISDIRECTED,
        BUFFERING,
        STALE_NAMES,
        STAPLING,
        STAPLING_GONE,
        QUIC,
        CURVE,
        AUTOINDEX,
        MERGE_SLASHES,
};

#define INFO   LINHAY_SEVERITY_INFO
#define LOW    LINHAY_SEVERITY_LOW
#define MEDIUM LINHAY_SEVERITY_MEDIUM

static const struct notice notices[] = {
        [ALLOW_ALONE] = { CONTROL("allow-without-deny"), MEDIUM, "CWE-284",
                          "allow without deny lets everybody else in as well", "Add: deny all;",
                          "gixy:allow_without_deny asvs:4.1.1", SOUNDNESS_PARSED },
        [RETURN_FIRST] = { CONTROL("return-bypasses-access"), MEDIUM, "CWE-284",
                           "The answer is sent before allow and deny are looked at",
                           "Move it into a named location, reached by an error_page.",
                           "gixy:return_bypasses_allow_deny asvs:4.1.1", SOUNDNESS_PARSED },
        [STATUS_PAGE] = { CONTROL("status-page-exposed"), LOW, "CWE-200",
                          "Everybody may read the status page",
                          "Add allow for those who may, and deny all.",
                          "gixy:status_page_exposed asvs:14.3.2", SOUNDNESS_PARSED },
        [RESOLVER] = { CONTROL("external-resolver"), MEDIUM, "CWE-350",
                       "Names are resolved by a server outside, whose answers can be forged",
                       "Use a resolver on this machine or in this network.",
                       "gixy:resolver_external", SOUNDNESS_PARSED },
        [IF_EVIL] = { CONTROL("if-in-location"), LOW, NULL,
                      "In an if inside a location only return, rewrite and set work as expected",
                      "Use a map, try_files, or another location.", "gixy:if_is_evil",
                      SOUNDNESS_PARSED },
        [IF_GOES_ON] = { CONTROL("if-in-location"), INFO, NULL,
                         "A request that goes on inside an if leaves out what stands beside it",
                         "Use a map, or end the if with return.", "gixy:if_is_evil",
                         SOUNDNESS_PARSED },
        [TRY_FILES] = { CONTROL("try-files-uncached"), INFO, NULL,
                        "try_files without open_file_cache asks the file system at each request",
                        "Set open_file_cache.", "gixy:try_files_is_evil_too", SOUNDNESS_PARSED },
        [NO_DEFAULT] = { CONTROL("map-without-default"), INFO, "CWE-1188",
                         "The table says nothing of what is not listed: the variable is empty then",
                         "Add a default that lets nothing in.", "gixy:hash_without_default",
                         SOUNDNESS_PARSED },
        [LOG_OFF] = { CONTROL("error-log-off"), LOW, "CWE-778",
                      "error_log off writes the log to a file of the name off",
                      "Use: error_log /dev/null emerg;, or keep the log.",
                      "gixy:error_log_off asvs:7.1.3", SOUNDNESS_PARSED },
        [KEEPALIVE] = { CONTROL("low-keepalive-requests"), INFO, NULL,
                        "Connections are closed after few requests",
                        "Leave keepalive_requests at 1000 or more.", "gixy:low_keepalive_requests",
                        SOUNDNESS_PARSED },
        [FILES_LIMIT] = { CONTROL("worker-files-limit"), INFO, NULL,
                          "A worker may open fewer than two files for each connection",
                          "Set worker_rlimit_nofile to twice worker_connections at least.",
                          "gixy:worker_rlimit_nofile_vs_connections", SOUNDNESS_PARSED },
        [NO_WORKERS] = { CONTROL("worker-processes-unset"), INFO, NULL,
                         "One worker serves all requests", "Set: worker_processes auto;",
                         "gixy:missing_worker_processes", SOUNDNESS_PARSED },
        [NO_DEFAULT_SERVER] = { CONTROL("no-default-server"), LOW, "CWE-1188",
                                "Of the servers on this socket none is the default: the first one "
                                "answers for all foreign names",
                                "Mark one as default_server that refuses them.",
                                "gixy:default_server_flag", SOUNDNESS_PARSED },
        [MISDIRECTED] = { CONTROL("misdirected-request"), LOW, "CWE-444",
                          "Over HTTP/2 a request for a foreign name can reach this server though "
                          "the handshake is refused",
                          "Add: location / { return 421; }", "gixy:http2_misdirected_request",
                          SOUNDNESS_PARSED },
        [BUFFERING] = { CONTROL("proxy-buffering-off"), INFO, "CWE-400",
                        "A slow client keeps the upstream busy as long as it reads",
                        "Leave proxy_buffering on.", "gixy:proxy_buffering_off", SOUNDNESS_PARSED },
        [STALE_NAMES] = { CONTROL("stale-dns"), INFO, NULL,
                          "The upstream's name is resolved once, when nginx starts",
                          "Set a resolver and put the name into a variable, or use an upstream "
                          "with resolve.",
                          "gixy:stale_dns_cache gixy:missing_resolver", SOUNDNESS_PARSED },
        [STAPLING] = { CONTROL("stapling-without-resolver"), LOW, "CWE-299",
                       "OCSP stapling needs a resolver and does not work without one",
                       "Set a resolver, or leave out ssl_stapling.",
                       "gixy:ssl_stapling_without_resolver", SOUNDNESS_PARSED },
        [STAPLING_GONE] = { CONTROL("stapling-letsencrypt"), INFO, NULL,
                            "Let's Encrypt no longer answers OCSP: stapling does nothing",
                            "Leave out ssl_stapling.", "gixy:ssl_stapling_letsencrypt",
                            SOUNDNESS_PARSED },
        [QUIC] = { CONTROL("quic-reuseport"), LOW, NULL,
                   "quic_bpf with reuseport and several workers loses connections after a reload",
                   "Set: quic_bpf off;", "gixy:quic_bpf_reuseport", SOUNDNESS_PARSED },
        [CURVE] = { CONTROL("ecdh-curve-unknown"), LOW, NULL,
                    "OpenSSL before 3.5 does not know this group, and nginx does not start",
                    "Put a question mark before its name, or leave it out.", "gixy:ssl_ecdh_curve",
                    SOUNDNESS_PARSED },
        [AUTOINDEX] = { CONTROL("directory-listing"), LOW, "CWE-548",
                        "The names of all files of a folder are shown", "Set: autoindex off;",
                        "cis-nginx:2.5.1 asvs:4.3.2", SOUNDNESS_PARSED },
        [MERGE_SLASHES] = { CONTROL("slashes-kept"), LOW, "CWE-22",
                            "With merge_slashes off, //name passes by the locations that guard "
                            "/name",
                            "Set: merge_slashes on;", NULL, SOUNDNESS_PARSED },
};

static int notice(struct nginx_config *f, int which, const struct nginx_directive *d)
{
        return nginx_notice(f, &notices[which], d);
}

static bool arg_is(const struct nginx_config *f, const struct nginx_directive *d, size_t i,
                   const char *text)
{
        return span_is(nginx_arg(&f->n, d, i), text);
}

/* ---- allow and deny ---- */

static int check_allow(struct nginx_config *f, const struct nginx_directive *d)
{
        const struct nginx_directive *satisfy = nginx_in_force(f, d->parent, "satisfy");

        /*
         * The first of several speaks for all of them. A deny of the block around does not hold
         * here: a block with rules of its own inherits none.
         */
        if (nginx_find(f, d->parent, "allow") != d || arg_is(f, d, 0, "all") ||
            f->blocks[d->parent + 1].flags & HAS_DENY)
                return 0;
        if (satisfy && arg_is(f, satisfy, 0, "any") && nginx_inherits(f, d->parent, HAS_AUTH))
                return 0;
        return notice(f, ALLOW_ALONE, d);
}

static int check_bypass(struct nginx_config *f, const struct nginx_directive *d)
{
        struct span flag = nginx_arg(&f->n, d, 2), code = nginx_arg(&f->n, d, 0);
        bool moves =
                nginx_is(d, "return") || span_is(flag, "redirect") || span_is(flag, "permanent");

        if (!moves || !(f->blocks[d->parent + 1].flags & (HAS_ALLOW | HAS_DENY)))
                return 0;
        /* What is refused to everybody may be refused twice. */
        if (nginx_is(d, "return") && d->n_args == 1 && span_number(code) >= 400 &&
            !(f->blocks[d->parent + 1].flags & HAS_ALLOW))
                return 0;
        return notice(f, RETURN_FIRST, d);
}

static int check_status(struct nginx_config *f, const struct nginx_directive *d)
{
        const unsigned both = HAS_ALLOW | HAS_DENY;
        int block = d->parent;

        while (block >= 0 && !(f->blocks[block + 1].flags & both))
                block = f->n.list[block].parent;
        if ((f->blocks[block + 1].flags & both) == both || nginx_inherits(f, d->parent, HAS_AUTH))
                return 0;
        return notice(f, STATUS_PAGE, d);
}

/* ---- Names ---- */

/* An address on this machine or in a private network, or a name. */
static bool is_local(struct span a)
{
        static const char *const heads[] = { "127.", "10.", "192.168.", "169.254.", "[::1]",
                                             "::1",  "[fc", "[fd",      "[fe80",    "local=" };
        long second;

        for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
                if (span_starts(a, heads[i]))
                        return true;
        if (span_starts(a, "172.")) {
                second = span_number(span_from(a, 4));
                return second >= 16 && second <= 31;
        }
        if (span_starts(a, "100.")) {
                second = span_number(span_from(a, 4));
                return second >= 64 && second <= 127;
        }
        return !(a.length && (isdigit((unsigned char) *a.text) || *a.text == '['));
}

static int check_resolver(struct nginx_config *f, const struct nginx_directive *d)
{
        for (size_t a = 0; a < d->n_args; a++) {
                struct span arg = nginx_arg(&f->n, d, a);

                if (!span_has_char(arg, '=') && !span_has_char(arg, '$') && !is_local(arg))
                        return notice(f, RESOLVER, d);
        }
        return 0;
}

/* Is a name one of an `upstream` of this file? */
static bool is_upstream(struct nginx_config *f, struct span host)
{
        for (size_t i = 0; i < f->n.n_list && nginx_spend(f); i++)
                if (nginx_is(&f->n.list[i], "upstream") &&
                    span_same(nginx_arg(&f->n, &f->n.list[i], 0), host))
                        return true;
        return false;
}

static int check_stale(struct nginx_config *f, const struct nginx_directive *d)
{
        struct span url = nginx_arg(&f->n, d, 0), port = { "", 0 }, host = { "", 0 };
        const char *at = memmem(url.text, url.length, "://", 3);

        if (!at || span_has_char(url, '$'))
                return 0;
        url = span_from(url, (size_t) (at - url.text) + 3);
        (void) span_next(&url, '/', &port);
        (void) span_next(&port, ':', &host);
        /* A name of a private zone has no dot, or stays where it is. */
        if (!f->is_whole || !host.length || !span_has_char(host, '.') ||
            isdigit((unsigned char) host.text[host.length - 1]) || *host.text == '[' ||
            span_is(host, "unix") || span_ends(host, ".local") || span_ends(host, ".internal") ||
            is_upstream(f, host))
                return 0;
        return notice(f, STALE_NAMES, d);
}

/* ---- Blocks that do not do what they seem to ---- */

static int check_if(struct nginx_config *f, const struct nginx_directive *d)
{
        static const char *const safe[] = { "last", "redirect", "permanent" };
        const struct nginx_directive *in = nginx_parent(f, d);
        int r = 0;

        if (!in || !nginx_is(in, "location"))
                return 0;
        for (int i = nginx_index(f, d) + 1; r >= 0 && i <= d->last; i++) {
                const struct nginx_directive *inner = &f->n.list[i];
                bool fine = inner->parent != nginx_index(f, d) || nginx_is(inner, "return") ||
                            nginx_is(inner, "if");

                /* A rewrite that ends the request or begins it again leaves the `if`. */
                for (size_t k = 0; nginx_is(inner, "rewrite") && k < ARRAY_SIZE(safe); k++)
                        fine |= arg_is(f, inner, 2, safe[k]);
                if (!fine)
                        return notice(f,
                                      nginx_is(inner, "set") || nginx_is(inner, "break") ||
                                                      nginx_is(inner, "rewrite")
                                              ? IF_GOES_ON
                                              : IF_EVIL,
                                      inner);
        }
        return r;
}

static int check_try_files(struct nginx_config *f, const struct nginx_directive *d)
{
        const struct nginx_directive *cache = nginx_in_force(f, d->parent, "open_file_cache");

        return cache && !arg_is(f, cache, 0, "off") ? 0 : notice(f, TRY_FILES, d);
}

static int check_table(struct nginx_config *f, const struct nginx_directive *d)
{
        size_t lines = 0;

        for (int i = nginx_index(f, d) + 1; i <= d->last; i++) {
                const struct nginx_directive *line = &f->n.list[i];

                if (nginx_is(line, "default") || nginx_is(line, "include"))
                        return 0;
                lines += line->n_args > 0 && !nginx_is(line, "proxy") && !nginx_is(line, "delete");
        }
        /* One line alone is how a limit is put on a few requests only. */
        return lines > (nginx_is(d, "map") ? 1 : 0) ? notice(f, NO_DEFAULT, d) : 0;
}

/* ---- The whole server ---- */

static int check_error_log(struct nginx_config *f, const struct nginx_directive *d)
{
        return arg_is(f, d, 0, "off") ? notice(f, LOG_OFF, d) : 0;
}

static int check_keepalive(struct nginx_config *f, const struct nginx_directive *d)
{
        enum { DEFAULT = 1000 };
        long n = span_number(nginx_arg(&f->n, d, 0));

        /* To an upstream few are enough. */
        if (n < 0 || n >= DEFAULT || nginx_around(f, d, "upstream"))
                return 0;
        return notice(f, KEEPALIVE, d);
}

static int check_connections(struct nginx_config *f, const struct nginx_directive *d)
{
        const struct nginx_directive *limit = nginx_find(f, -1, "worker_rlimit_nofile");
        enum { USUAL = 1024 };
        long connections = span_number(nginx_arg(&f->n, d, 0)), files = USUAL;

        if (limit)
                files = span_number(nginx_arg(&f->n, limit, 0));
        return files / 2 < connections ? notice(f, FILES_LIMIT, d) : 0;
}

static int check_http(struct nginx_config *f, const struct nginx_directive *d)
{
        if (d->parent >= 0 || nginx_find(f, -1, "worker_processes"))
                return 0;
        return notice(f, NO_WORKERS, d);
}

static bool is_default(const struct nginx_config *f, const struct nginx_directive *listen)
{
        for (size_t a = 1; a < listen->n_args; a++)
                if (arg_is(f, listen, a, "default_server") || arg_is(f, listen, a, "default"))
                        return true;
        return false;
}

/* 80, *:80 and 0.0.0.0:80 are one socket. */
static struct span socket_of(const struct nginx_config *f, const struct nginx_directive *listen)
{
        struct span s = nginx_arg(&f->n, listen, 0);

        if (span_starts(s, "*:"))
                return span_from(s, 2);
        return span_starts(s, "0.0.0.0:") ? span_from(s, strlen("0.0.0.0:")) : s;
}

/* Looks at the first `listen` of each socket: is there another one, and is any the default? */
static int check_listen(struct nginx_config *f, const struct nginx_directive *d)
{
        struct span own = socket_of(f, d);
        size_t others = 0;

        if (!f->is_whole || !own.length || span_starts(own, "unix:") ||
            !nginx_around(f, d, "http") || is_default(f, d))
                return 0;
        for (size_t i = 0; i < f->n.n_list && nginx_spend(f); i++) {
                const struct nginx_directive *other = &f->n.list[i];

                if (!nginx_is(other, "listen") || !span_same(socket_of(f, other), own) ||
                    other->parent == d->parent)
                        continue;
                if (other < d || is_default(f, other))
                        return 0;
                others++;
        }
        return others ? notice(f, NO_DEFAULT_SERVER, d) : 0;
}

/* Does a server answer 421 to what reaches `location /`? */
static bool sends_away(struct nginx_config *f, int server)
{
        for (int i = server + 1; i <= f->n.list[server].last; i++) {
                const struct nginx_directive *d = &f->n.list[i], *answer;

                if (d->parent != server || !nginx_is(d, "location") ||
                    !arg_is(f, d, d->n_args ? d->n_args - 1 : 0, "/"))
                        continue;
                answer = nginx_find(f, i, "return");
                if (answer && arg_is(f, answer, 0, "421"))
                        return true;
        }
        return false;
}

static int check_reject(struct nginx_config *f, const struct nginx_directive *d)
{
        const struct nginx_directive *http2;
        bool by_default = false, two;

        if (d->parent < 0 || !arg_is(f, d, 0, "on") || sends_away(f, d->parent))
                return 0;
        http2 = nginx_in_force(f, d->parent, "http2");
        two = http2 && arg_is(f, http2, 0, "on");
        for (int i = d->parent + 1; i <= f->n.list[d->parent].last; i++) {
                const struct nginx_directive *listen = &f->n.list[i];

                if (!nginx_is(listen, "listen"))
                        continue;
                by_default |= is_default(f, listen);
                for (size_t a = 1; a < listen->n_args; a++)
                        two |= arg_is(f, listen, a, "http2");
        }
        return by_default && two ? notice(f, MISDIRECTED, d) : 0;
}

static int check_buffering(struct nginx_config *f, const struct nginx_directive *d)
{
        return arg_is(f, d, 0, "off") ? notice(f, BUFFERING, d) : 0;
}

static int check_stapling(struct nginx_config *f, const struct nginx_directive *d)
{
        const struct nginx_directive *certificate;

        if (!arg_is(f, d, 0, "on"))
                return 0;
        certificate = nginx_in_force(f, d->parent, "ssl_certificate");
        if (certificate && span_has(nginx_arg(&f->n, certificate, 0), "letsencrypt"))
                return notice(f, STAPLING_GONE, d);
        if (nginx_inherits(f, d->parent, HAS_RESOLVER) ||
            nginx_in_force(f, d->parent, "ssl_stapling_file"))
                return 0;
        return notice(f, STAPLING, d);
}

static int check_quic(struct nginx_config *f, const struct nginx_directive *d)
{
        const struct nginx_directive *workers = nginx_find(f, -1, "worker_processes");

        if (!arg_is(f, d, 0, "on") || !workers || arg_is(f, workers, 0, "1"))
                return 0;
        for (size_t i = 0; i < f->n.n_list; i++) {
                const struct nginx_directive *listen = &f->n.list[i];
                bool quic = false, reuse = false;

                for (size_t a = 1; nginx_is(listen, "listen") && a < listen->n_args; a++) {
                        quic |= arg_is(f, listen, a, "quic");
                        reuse |= arg_is(f, listen, a, "reuseport");
                }
                if (quic && reuse)
                        return notice(f, QUIC, d);
        }
        return 0;
}

static int check_curve(struct nginx_config *f, const struct nginx_directive *d)
{
        struct span rest = nginx_arg(&f->n, d, 0), curve;

        while (span_next(&rest, ':', &curve))
                if ((span_has(curve, "mlkem") || span_has(curve, "kyber")) && *curve.text != '?')
                        return notice(f, CURVE, d);
        return 0;
}

static int check_autoindex(struct nginx_config *f, const struct nginx_directive *d)
{
        return arg_is(f, d, 0, "on") ? notice(f, AUTOINDEX, d) : 0;
}

static int check_slashes(struct nginx_config *f, const struct nginx_directive *d)
{
        return arg_is(f, d, 0, "off") ? notice(f, MERGE_SLASHES, d) : 0;
}

const size_t nginx_access_rules_n = ARRAY_SIZE(notices);

const struct nginx_rule nginx_access_rules[] = {
        { "allow", check_allow },
        { "return", check_bypass },
        { "rewrite", check_bypass },
        { "stub_status", check_status },
        { "resolver", check_resolver },
        { "proxy_pass", check_stale },
        { "if", check_if },
        { "try_files", check_try_files },
        { "map", check_table },
        { "geo", check_table },
        { "error_log", check_error_log },
        { "keepalive_requests", check_keepalive },
        { "worker_connections", check_connections },
        { "http", check_http },
        { "listen", check_listen },
        { "ssl_reject_handshake", check_reject },
        { "proxy_buffering", check_buffering },
        { "ssl_stapling", check_stapling },
        { "quic_bpf", check_quic },
        { "ssl_ecdh_curve", check_curve },
        { "autoindex", check_autoindex },
        { "merge_slashes", check_slashes },
        { NULL, NULL },
};
