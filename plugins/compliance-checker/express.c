/* SPDX-License-Identifier: Apache-2.0 */
#include "express.h"

#include "header-csp.h"
#include "server/span.h"
#include "syntax.h"

#include <fnmatch.h>

enum {
        NO_HELMET,
        HELMET_OFF,
        POWERED_BY,
        COOKIE_SECURE,
        COOKIE_SCRIPT,
        COOKIE_SITE,
        CORS_ALL,
        UNVERIFIED,
        HSTS_SHORT,
        RULES_,
};

static const struct notice notices[RULES_] = {
        [NO_HELMET] = { "headers/express-no-helmet", LINHAY_SEVERITY_LOW, "CWE-693",
                        "An Express server is made here without helmet: no header protects "
                        "visitors",
                        "Use: app.use(helmet()).", "asvs:14.4.3", SOUNDNESS_PARTIAL },
        [HELMET_OFF] = { "headers/helmet-disabled", LINHAY_SEVERITY_MEDIUM, "CWE-693",
                         "A header that helmet would send is turned off",
                         "Leave it on, or set it to what the pages need.", "asvs:14.4.3",
                         SOUNDNESS_PARSED },
        [POWERED_BY] = { "headers/powered-by", LINHAY_SEVERITY_LOW, "CWE-200",
                         "Every answer says that it comes from Express",
                         "Use: app.disable('x-powered-by').", "asvs:14.3.3", SOUNDNESS_PARSED },
        [COOKIE_SECURE] = { "headers/cookie-without-secure", LINHAY_SEVERITY_MEDIUM, "CWE-614",
                            "A cookie is also sent without TLS", "Set: secure: true.", "asvs:3.4.1",
                            SOUNDNESS_PARSED },
        [COOKIE_SCRIPT] = { "headers/cookie-without-httponly", LINHAY_SEVERITY_MEDIUM, "CWE-1004",
                            "Scripts can read a cookie", "Set: httpOnly: true.", "asvs:3.4.2",
                            SOUNDNESS_PARSED },
        [COOKIE_SITE] = { "headers/cookie-samesite-none", LINHAY_SEVERITY_LOW, "CWE-1275",
                          "Other sites' requests carry a cookie", "Set: sameSite: 'lax'.",
                          "asvs:3.4.3", SOUNDNESS_PARSED },
        [CORS_ALL] = { "headers/cors-any-with-credentials", LINHAY_SEVERITY_HIGH, "CWE-942",
                       "Every origin may read answers that belong to who is logged in",
                       "Name the origins in the option origin.", "asvs:14.5.3", SOUNDNESS_PARSED },
        [UNVERIFIED] = { "headers/proxy-unverified", LINHAY_SEVERITY_MEDIUM, "CWE-295",
                         "The certificate of the other server is not checked",
                         "Leave rejectUnauthorized on; give the authority with ca.", "asvs:9.2.1",
                         SOUNDNESS_PARSED },
        [HSTS_SHORT] = { "headers/weak-hsts", LINHAY_SEVERITY_LOW, "CWE-319",
                         "Strict-Transport-Security lasts less than half a year",
                         "Set: maxAge: 31536000.", "asvs:14.4.5", SOUNDNESS_PARSED },
};

const size_t express_rules = RULES_;

struct express {
        struct check *c;
        bool has_helmet;
        bool listens;
        bool is_made; /* express() is called */
        size_t made_start, made_end;
};

static int tell(const struct express *e, int which, TSNode node)
{
        return check_notice(e->c, CONTROL_HEADERS, &notices[which], ts_node_start_byte(node),
                            ts_node_end_byte(node));
}

/* ---- Objects ---- */

static struct span key_of(const struct syntax *s, TSNode pair)
{
        TSNode key = syntax_field(pair, "key");
        struct span text;

        return syntax_string(s, key, &text) ? text : syntax_text(s, key);
}

/* The value of a property; a null node where there is none. */
static TSNode property(const struct syntax *s, TSNode object, const char *name)
{
        for (uint32_t i = 0; syntax_is(object, "object") && i < ts_node_named_child_count(object);
             i++) {
                TSNode pair = ts_node_named_child(object, i);

                if (syntax_is(pair, "pair") && span_is(key_of(s, pair), name))
                        return syntax_field(pair, "value");
        }
        return (TSNode){ 0 };
}

static bool is_text(const struct syntax *s, TSNode node, const char *text)
{
        struct span own;

        return syntax_string(s, node, &own) && span_is(own, text);
}

/* ---- Calls ---- */

static int check_helmet(const struct express *e, const struct syntax *s, TSNode options)
{
        static const char *const names[] = {
                "contentSecurityPolicy",   "hsts",
                "strictTransportSecurity", "frameguard",
                "xFrameOptions",           "noSniff",
                "xContentTypeOptions",     "hidePoweredBy",
                "referrerPolicy",          "xPoweredBy",
                "crossOriginOpenerPolicy", "crossOriginResourcePolicy",
        };
        enum { HALF_YEAR = 15552000 };
        TSNode value;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(names); i++) {
                value = property(s, options, names[i]);
                if (syntax_is(value, "false"))
                        r = tell(e, HELMET_OFF, ts_node_parent(value));
                value = property(s, value, "maxAge");
                if (r >= 0 && syntax_is(value, "number") &&
                    span_number(syntax_text(s, value)) < HALF_YEAR)
                        r = tell(e, HSTS_SHORT, ts_node_parent(value));
        }
        return r;
}

static int check_cookie(const struct express *e, const struct syntax *s, TSNode options)
{
        TSNode secure = property(s, options, "secure"), script = property(s, options, "httpOnly");
        TSNode site = property(s, options, "sameSite");
        int r = 0;

        if (syntax_is(secure, "false"))
                r = tell(e, COOKIE_SECURE, ts_node_parent(secure));
        if (r >= 0 && syntax_is(script, "false"))
                r = tell(e, COOKIE_SCRIPT, ts_node_parent(script));
        if (r >= 0 && is_text(s, site, "none") && !syntax_is(secure, "true"))
                r = tell(e, COOKIE_SITE, ts_node_parent(site));
        return r;
}

static int check_cors(const struct express *e, const struct syntax *s, TSNode options)
{
        TSNode origin = property(s, options, "origin");

        if (!syntax_is(property(s, options, "credentials"), "true"))
                return 0;
        if (syntax_is(origin, "true") || is_text(s, origin, "*"))
                return tell(e, CORS_ALL, ts_node_parent(origin));
        return 0;
}

/* app.set('x-powered-by', true), app.enable('x-powered-by'). */
static int check_powered(const struct express *e, const struct syntax *s, TSNode call,
                         TSNode arguments)
{
        return is_text(s, ts_node_named_child(arguments, 0), "x-powered-by") &&
                               !syntax_is(ts_node_named_child(arguments, 1), "false")
                       ? tell(e, POWERED_BY, call)
                       : 0;
}

/* res.setHeader('X-Frame-Options', 'value') and its other spellings. */
static int check_header(const struct express *e, const struct syntax *s, TSNode call,
                        TSNode arguments)
{
        const struct header_place place = { .c = e->c,
                                            .start = ts_node_start_byte(call),
                                            .end = ts_node_end_byte(call) };
        struct span name, value;

        if (!syntax_string(s, ts_node_named_child(arguments, 0), &name) ||
            !syntax_string(s, ts_node_named_child(arguments, 1), &value))
                return 0;
        return header_check_value(&place, name, value);
}

/* The last part of what is called: `b` of `a.b(...)`. */
static struct span called(const struct syntax *s, TSNode function)
{
        return syntax_is(function, "member_expression")
                       ? syntax_text(s, syntax_field(function, "property"))
                       : syntax_text(s, function);
}

static int check_call(struct express *e, const struct syntax *s, TSNode call)
{
        TSNode function = syntax_field(call, "function"),
               arguments = syntax_field(call, "arguments");
        struct span name = called(s, function);
        bool method = syntax_is(function, "member_expression");

        if (ts_node_is_null(arguments))
                return 0;
        if (span_is(name, "express") && !method && !e->is_made) {
                e->is_made = true;
                e->made_start = ts_node_start_byte(call);
                e->made_end = ts_node_end_byte(call);
        }
        e->has_helmet |= span_is(syntax_text(s, function), "helmet") ||
                         span_starts(syntax_text(s, function), "helmet.");
        e->listens |= method && span_is(name, "listen");
        if (span_is(name, "helmet"))
                return check_helmet(e, s, ts_node_named_child(arguments, 0));
        if (span_is(name, "cors"))
                return check_cors(e, s, ts_node_named_child(arguments, 0));
        if (span_is(name, "cookie") && method)
                return check_cookie(e, s, ts_node_named_child(arguments, 2));
        if (method && (span_is(name, "enable") || span_is(name, "set")) &&
            is_text(s, ts_node_named_child(arguments, 0), "x-powered-by"))
                return check_powered(e, s, call, arguments);
        if (method && (span_is(name, "setHeader") || span_is(name, "header") ||
                       span_is(name, "set") || span_is(name, "append")))
                return check_header(e, s, call, arguments);
        return 0;
}

static int check_pair(const struct express *e, const struct syntax *s, TSNode pair)
{
        TSNode value = syntax_field(pair, "value");
        struct span key = key_of(s, pair);

        if (span_is(key, "rejectUnauthorized") && syntax_is(value, "false"))
                return tell(e, UNVERIFIED, pair);
        /* session({ cookie: { ... } }) */
        return span_is(key, "cookie") ? check_cookie(e, s, value) : 0;
}

static int visit(void *owner, const struct syntax *s, TSNode node)
{
        struct express *e = owner;
        int r = 0;

        if (syntax_is(node, "call_expression"))
                r = check_call(e, s, node);
        else if (syntax_is(node, "pair"))
                r = check_pair(e, s, node);
        return MIN_OF(r, 0);
}

/* ---- The file ---- */

bool express_is_one(const struct check *c)
{
        static const char *const names[] = { "*.js", "*.mjs", "*.cjs", "*.ts", "*.mts", "*.tsx" };
        static const char *const words[] = { "'express'",         "\"express\"",
                                             "'helmet'",          "\"helmet\"",
                                             "'express-session'", "\"express-session\"" };
        const char *slash = strrchr(c->path, '/'), *base = slash ? slash + 1 : c->path;
        bool fits = false;

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                fits |= !fnmatch(names[i], base, 0);
        for (size_t i = 0; fits && i < ARRAY_SIZE(words); i++)
                if (memmem(c->text, c->length, words[i], strlen(words[i])))
                        return true;
        return false;
}

int express_check(struct check *c)
{
        const char *dot = strrchr(c->path, '.');
        bool typed = dot && (!strcmp(dot, ".ts") || !strcmp(dot, ".mts") || !strcmp(dot, ".tsx"));
        struct express e = { .c = c };
        struct syntax s;
        int r = syntax_parse(&s, typed ? SYNTAX_TYPESCRIPT : SYNTAX_JAVASCRIPT,
                             (struct span){ c->text, c->length });

        if (r == 0)
                r = syntax_walk(&s, visit, &e);
        else if (r != -ENOMEM)
                r = check_not_scanned(c, c->path, r == -E2BIG ? "too-large" : "not-parsed");
        /* Where a server is made and started in one file, helmet would be there as well. */
        if (r >= 0 && e.is_made && e.listens && !e.has_helmet)
                r = check_notice(c, CONTROL_HEADERS, &notices[NO_HELMET], e.made_start, e.made_end);
        syntax_done(&s);
        return r;
}
