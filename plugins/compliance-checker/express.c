/* SPDX-License-Identifier: Apache-2.0 */
#include "express.h"

#include "express-name.h"
#include "express-tree.h"
#include "header-csp.h"
#include "server/span.h"

#include <fnmatch.h>

enum {
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

size_t express_rules(void)
{
        return RULES_ + express_tree_rules;
}

struct express {
        struct check *c;
        struct express_names names;
        struct express_file file;
        struct span app; /* the name of the server that is made here */
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
static TSNode property(const struct express *e, const struct syntax *s, TSNode object,
                       const char *name)
{
        object = express_object(&e->names, s, object);
        for (uint32_t i = 0; syntax_is(object, "object") && i < ts_node_named_child_count(object);
             i++) {
                TSNode pair = ts_node_named_child(object, i);

                if (syntax_is(pair, "pair") && span_is(key_of(s, pair), name))
                        return express_bare(syntax_field(pair, "value"));
        }
        return (TSNode){ 0 };
}

static bool is_text(const struct syntax *s, TSNode node, const char *text)
{
        struct span own;

        return syntax_string(s, node, &own) && span_is(own, text);
}

/* ---- Calls ---- */

static int check_age(const struct express *e, const struct syntax *s, TSNode options)
{
        enum { HALF_YEAR = 15552000 };
        TSNode age = property(e, s, options, "maxAge");

        return syntax_is(age, "number") && span_number(syntax_text(s, age)) < HALF_YEAR
                       ? tell(e, HSTS_SHORT, ts_node_parent(age))
                       : 0;
}

static int check_helmet(const struct express *e, const struct syntax *s, TSNode options)
{
        static const char *const names[] = {
                "contentSecurityPolicy",   "hsts",
                "strictTransportSecurity", "frameguard",
                "xFrameOptions",           "noSniff",
                "xContentTypeOptions",     "referrerPolicy",
                "crossOriginOpenerPolicy", "crossOriginResourcePolicy",
        };
        /* These take a header out; false leaves it. */
        static const char *const hides[] = { "hidePoweredBy", "xPoweredBy" };
        TSNode value;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(names); i++) {
                value = property(e, s, options, names[i]);
                if (syntax_is(value, "false"))
                        r = tell(e, HELMET_OFF, ts_node_parent(value));
                if (r >= 0)
                        r = check_age(e, s, value);
        }
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(hides); i++) {
                value = property(e, s, options, hides[i]);
                if (syntax_is(value, "false"))
                        r = tell(e, POWERED_BY, ts_node_parent(value));
        }
        return r;
}

/* helmet.hsts({ maxAge: 60 }), hsts(options) */
static int check_part_of_helmet(const struct express *e, const struct syntax *s, struct span part,
                                TSNode options)
{
        return span_is(part, "hsts") || span_is(part, "strictTransportSecurity")
                       ? check_age(e, s, options)
                       : 0;
}

static int check_cookie(const struct express *e, const struct syntax *s, TSNode options)
{
        TSNode secure = property(e, s, options, "secure"),
               script = property(e, s, options, "httpOnly");
        TSNode site = property(e, s, options, "sameSite");
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
        TSNode origin = property(e, s, options, "origin");

        if (!syntax_is(property(e, s, options, "credentials"), "true"))
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

/* The name that what a call makes is given: `app`, `this.app`; "" = none. */
static struct span name_given(const struct syntax *s, TSNode call)
{
        TSNode parent = ts_node_parent(call);

        while (syntax_is(parent, "as_expression") || syntax_is(parent, "parenthesized_expression"))
                parent = ts_node_parent(parent);
        if (syntax_is(parent, "variable_declarator"))
                return syntax_text(s, syntax_field(parent, "name"));
        return syntax_is(parent, "assignment_expression")
                       ? syntax_text(s, syntax_field(parent, "left"))
                       : (struct span){ "", 0 };
}

static void note_made(struct express *e, const struct syntax *s, TSNode call)
{
        if (e->file.is_made)
                return;
        e->file.is_made = true;
        e->file.made_start = ts_node_start_byte(call);
        e->file.made_end = ts_node_end_byte(call);
        e->app = name_given(s, call);
}

/* What a method is called with, whatever it is a method of. */
static int check_method(struct express *e, const struct syntax *s, TSNode call, struct span name,
                        TSNode arguments)
{
        e->file.serves |= span_is(name, "listen") || span_is(name, "createServer");
        if (span_is(name, "cookie"))
                return check_cookie(e, s, ts_node_named_child(arguments, 2));
        if ((span_is(name, "enable") || span_is(name, "set")) &&
            is_text(s, ts_node_named_child(arguments, 0), "x-powered-by"))
                return check_powered(e, s, call, arguments);
        if (span_is(name, "setHeader") || span_is(name, "header") || span_is(name, "set") ||
            span_is(name, "append"))
                return check_header(e, s, call, arguments);
        return 0;
}

static int check_call(struct express *e, const struct syntax *s, TSNode call)
{
        TSNode function = syntax_field(call, "function"),
               arguments = syntax_field(call, "arguments"),
               first = ts_node_named_child(arguments, 0);
        struct span name = called(s, function), part;
        enum express_module module = express_module_of(&e->names, s, function, &part);

        if (ts_node_is_null(arguments))
                return 0;
        if (module == MODULE_EXPRESS)
                note_made(e, s, call);
        e->file.has_helmet |= module == MODULE_HELMET || module == MODULE_HELMET_PART;
        e->file.serves |= span_is(name, "createServer");
        if (module == MODULE_HELMET)
                return check_helmet(e, s, first);
        if (module == MODULE_HELMET_PART)
                return check_part_of_helmet(e, s, part, first);
        if (span_is(name, "cors"))
                return check_cors(e, s, first);
        return syntax_is(function, "member_expression") ? check_method(e, s, call, name, arguments)
                                                        : 0;
}

/* ---- Where the server goes ---- */

/* Is it the server that was made, by its name or as the call that makes it, or an object or a
 * list of exports with it? */
static bool is_app(const struct express *e, const struct syntax *s, TSNode node)
{
        struct span text = syntax_text(s, express_bare(node));
        bool is = false;

        if (ts_node_is_null(node) || !e->file.is_made)
                return false;
        if (syntax_is(node, "object") || syntax_is(node, "export_clause"))
                for (uint32_t i = 0; i < ts_node_named_child_count(node); i++) {
                        struct span one = syntax_text(s, ts_node_named_child(node, i));

                        is |= e->app.length && one.length >= e->app.length &&
                              !memcmp(one.text, e->app.text, e->app.length);
                }
        return is ||
               (e->app.length && text.length == e->app.length &&
                !memcmp(text.text, e->app.text, text.length)) ||
               (ts_node_start_byte(node) <= e->file.made_start &&
                ts_node_end_byte(node) >= e->file.made_end && !syntax_is(node, "arrow_function") &&
                !syntax_is(node, "function"));
}

/* Who gets a server that is returned or exported starts it. */
static bool hands_on(const struct express *e, const struct syntax *s, TSNode node)
{
        struct span left;

        if (syntax_is(node, "return_statement"))
                return is_app(e, s, ts_node_named_child(node, 0));
        if (syntax_is(node, "export_statement"))
                return is_app(e, s, syntax_field(node, "value")) ||
                       is_app(e, s, ts_node_named_child(node, 0));
        if (!syntax_is(node, "assignment_expression"))
                return false;
        left = syntax_text(s, syntax_field(node, "left"));
        return (span_starts(left, "module.exports") || span_starts(left, "exports.")) &&
               is_app(e, s, syntax_field(node, "right"));
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
        struct span path;
        int r = 0;

        express_names_learn(&e->names, s, node);
        if (express_loads(s, node, &path) && *path.text == '.')
                r = express_tree_loads(e->c, path);
        if (r >= 0 && syntax_is(node, "call_expression"))
                r = check_call(e, s, node);
        else if (r >= 0 && syntax_is(node, "pair"))
                r = check_pair(e, s, node);
        return MIN_OF(r, 0);
}

static int visit_ends(void *owner, const struct syntax *s, TSNode node)
{
        struct express *e = owner;

        e->file.serves |= hands_on(e, s, node);
        return 0;
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

        if (r == 0) {
                r = syntax_walk(&s, visit, &e);
                if (r >= 0 && e.file.is_made)
                        r = syntax_walk(&s, visit_ends, &e);
                if (r >= 0)
                        r = express_tree_note(c, &e.file);
        } else if (r != -ENOMEM)
                r = check_not_scanned(c, c->path, r == -E2BIG ? "too-large" : "not-parsed");
        syntax_done(&s);
        return r;
}
