/* SPDX-License-Identifier: Apache-2.0 */
#include "django.h"

#include "server/http-value.h"
#include "server/span.h"
#include "syntax.h"

#include <fnmatch.h>

#define INFO   LINHAY_SEVERITY_INFO
#define LOW    LINHAY_SEVERITY_LOW
#define MEDIUM LINHAY_SEVERITY_MEDIUM
#define HIGH   LINHAY_SEVERITY_HIGH

/* What a value must not be. */
enum test {
        IS_FALSE,
        IS_TRUE,
        IS_SHORT,    /* a number of seconds below half a year */
        IS_STAR,     /* a list that holds '*' */
        IS_TEXT,     /* a text that stands there */
        NOT_FRAMES,  /* neither DENY nor SAMEORIGIN */
        NOT_PRIVATE, /* no private Referrer-Policy */
        IS_NONE,     /* None, 'None' or False */
        LACKS,       /* a list without the word of `detail` */
};

struct setting {
        enum control control;
        const char *name;
        enum test test;
        const char *detail;
        struct notice notice;
};

#define HEADERS CONTROL_HEADERS
#define CONFIG  CONTROL_CONFIG

static const struct setting settings[] = {
        { HEADERS,
          "SECURE_HSTS_SECONDS",
          IS_SHORT,
          NULL,
          { "headers/django-hsts", LOW, "CWE-319",
            "Strict-Transport-Security lasts less than half a year, or is not sent",
            "Set: SECURE_HSTS_SECONDS = 31536000", "django:security.W004 asvs:14.4.5",
            SOUNDNESS_PARSED } },
        { HEADERS,
          "SECURE_HSTS_INCLUDE_SUBDOMAINS",
          IS_FALSE,
          NULL,
          { "headers/django-hsts-subdomains", INFO, "CWE-319",
            "Strict-Transport-Security leaves out the domains below this one",
            "Set: SECURE_HSTS_INCLUDE_SUBDOMAINS = True", "django:security.W005 asvs:14.4.5",
            SOUNDNESS_PARSED } },
        { HEADERS,
          "SECURE_CONTENT_TYPE_NOSNIFF",
          IS_FALSE,
          NULL,
          { "headers/django-nosniff", LOW, "CWE-693", "X-Content-Type-Options is not sent",
            "Set: SECURE_CONTENT_TYPE_NOSNIFF = True", "django:security.W006 asvs:14.4.4",
            SOUNDNESS_PARSED } },
        { HEADERS,
          "SECURE_SSL_REDIRECT",
          IS_FALSE,
          NULL,
          { "headers/django-no-redirect", LOW, "CWE-319",
            "Requests without TLS are answered without it", "Set: SECURE_SSL_REDIRECT = True",
            "django:security.W008 asvs:9.1.1", SOUNDNESS_PARSED } },
        { HEADERS,
          "SESSION_COOKIE_SECURE",
          IS_FALSE,
          NULL,
          { "headers/django-session-insecure", MEDIUM, "CWE-614",
            "The session's cookie is also sent without TLS", "Set: SESSION_COOKIE_SECURE = True",
            "django:security.W012 asvs:3.4.1", SOUNDNESS_PARSED } },
        { HEADERS,
          "SESSION_COOKIE_HTTPONLY",
          IS_FALSE,
          NULL,
          { "headers/django-session-script", MEDIUM, "CWE-1004",
            "Scripts can read the session's cookie", "Set: SESSION_COOKIE_HTTPONLY = True",
            "django:security.W015 asvs:3.4.2", SOUNDNESS_PARSED } },
        { HEADERS,
          "SESSION_COOKIE_SAMESITE",
          IS_NONE,
          NULL,
          { "headers/django-session-samesite", LOW, "CWE-1275",
            "Other sites' requests carry the session's cookie",
            "Set: SESSION_COOKIE_SAMESITE = 'Lax'", "asvs:3.4.3", SOUNDNESS_PARSED } },
        { HEADERS,
          "CSRF_COOKIE_SECURE",
          IS_FALSE,
          NULL,
          { "headers/django-csrf-insecure", MEDIUM, "CWE-614",
            "The cookie against forged requests is also sent without TLS",
            "Set: CSRF_COOKIE_SECURE = True", "django:security.W016 asvs:3.4.1",
            SOUNDNESS_PARSED } },
        { HEADERS,
          "X_FRAME_OPTIONS",
          NOT_FRAMES,
          NULL,
          { "headers/django-frame-options", LOW, "CWE-1021",
            "X-Frame-Options has a value that browsers ignore", "Set: X_FRAME_OPTIONS = 'DENY'",
            "django:security.W019 asvs:14.4.7", SOUNDNESS_PARSED } },
        { HEADERS,
          "SECURE_REFERRER_POLICY",
          NOT_PRIVATE,
          NULL,
          { "headers/django-referrer-policy", LOW, "CWE-200",
            "Referrer-Policy tells other sites where a visitor came from",
            "Set: SECURE_REFERRER_POLICY = 'same-origin'", "django:security.W023 asvs:14.4.6",
            SOUNDNESS_PARSED } },
        { HEADERS,
          "CORS_ALLOW_ALL_ORIGINS",
          IS_TRUE,
          NULL,
          { "headers/django-cors-all", MEDIUM, "CWE-942", "Every origin may read answers",
            "Name them in CORS_ALLOWED_ORIGINS", "asvs:14.5.3", SOUNDNESS_PARSED } },
        { HEADERS,
          "CORS_ORIGIN_ALLOW_ALL",
          IS_TRUE,
          NULL,
          { "headers/django-cors-all", MEDIUM, "CWE-942", "Every origin may read answers",
            "Name them in CORS_ALLOWED_ORIGINS", "asvs:14.5.3", SOUNDNESS_PARSED } },
        { HEADERS,
          "MIDDLEWARE",
          LACKS,
          "SecurityMiddleware",
          { "headers/django-no-security-middleware", MEDIUM, "CWE-693",
            "Without SecurityMiddleware the settings SECURE_... do nothing",
            "Put django.middleware.security.SecurityMiddleware first in MIDDLEWARE",
            "django:security.W001 asvs:14.4.3", SOUNDNESS_PARSED } },
        { HEADERS,
          "MIDDLEWARE",
          LACKS,
          "XFrameOptionsMiddleware",
          { "headers/django-no-frame-middleware", LOW, "CWE-1021",
            "Without XFrameOptionsMiddleware any site may show the pages in a frame",
            "Add django.middleware.clickjacking.XFrameOptionsMiddleware",
            "django:security.W002 asvs:14.4.7", SOUNDNESS_PARSED } },
        { CONFIG,
          "MIDDLEWARE",
          LACKS,
          "CsrfViewMiddleware",
          { "config/django-no-csrf-middleware", MEDIUM, "CWE-352",
            "Forms are not guarded against forged requests",
            "Add django.middleware.csrf.CsrfViewMiddleware", "django:security.W003 asvs:4.2.2",
            SOUNDNESS_PARSED } },
        { CONFIG,
          "DEBUG",
          IS_TRUE,
          NULL,
          { "config/django-debug", MEDIUM, "CWE-489",
            "DEBUG shows settings and code to visitors when something fails",
            "Set: DEBUG = False, or read it from the environment",
            "django:security.W018 bandit:B201 asvs:14.3.2", SOUNDNESS_PARSED } },
        { CONFIG,
          "ALLOWED_HOSTS",
          IS_STAR,
          NULL,
          { "config/django-any-host", MEDIUM, "CWE-290", "Requests for any name are answered",
            "Name the site's hosts in ALLOWED_HOSTS", "django:security.W020", SOUNDNESS_PARSED } },
        { CONFIG,
          "SECRET_KEY",
          IS_TEXT,
          NULL,
          { "config/django-secret-key", HIGH, "CWE-798",
            "The key that signs sessions stands in the source",
            "Read it from the environment or a file outside the tree",
            "django:security.W009 asvs:2.10.4", SOUNDNESS_PARSED } },
};

size_t django_rules(enum control control)
{
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
                n += settings[i].control == control;
        return n;
}

/* ---- Values ---- */

static bool list_has(const struct syntax *s, TSNode list, const char *word, bool whole)
{
        for (uint32_t i = 0; i < ts_node_named_child_count(list); i++) {
                struct span text;

                if (syntax_string(s, ts_node_named_child(list, i), &text) &&
                    (whole ? span_is(text, word) : span_has(text, word)))
                        return true;
        }
        return false;
}

static bool is_list(TSNode node)
{
        return syntax_is(node, "list") || syntax_is(node, "tuple");
}

static bool is_short(struct span text)
{
        enum { HALF_YEAR = 15552000 };
        long n = span_number(text);

        /* 60 * 60 and the like are not worked out. */
        return n >= 0 && n < HALF_YEAR;
}

static bool fails(const struct syntax *s, const struct setting *setting, TSNode value)
{
        struct span text = { "", 0 };
        bool is_text = syntax_string(s, value, &text);

        switch (setting->test) {
        case IS_FALSE:
                return syntax_is(value, "false");
        case IS_TRUE:
                return syntax_is(value, "true");
        case IS_SHORT:
                return syntax_is(value, "integer") && is_short(syntax_text(s, value));
        case IS_STAR:
                return is_list(value) && list_has(s, value, "*", true);
        case IS_TEXT:
                return is_text && text.length > 0;
        case NOT_FRAMES:
                return is_text && !span_is(text, "DENY") && !span_is(text, "SAMEORIGIN");
        case NOT_PRIVATE:
                return is_text && referrer_policy(text) != REFERRER_PRIVATE;
        case IS_NONE:
                return syntax_is(value, "none") || syntax_is(value, "false") ||
                       (is_text && span_is(text, "None"));
        case LACKS:
                return is_list(value) && ts_node_named_child_count(value) > 0 &&
                       !list_has(s, value, setting->detail, false);
        }
        return false;
}

struct django {
        struct check *c;
        enum control control;
};

static int visit(void *owner, const struct syntax *s, TSNode node)
{
        struct django *d = owner;
        TSNode value = syntax_field(node, "right");
        struct span name = syntax_text(s, syntax_field(node, "left"));
        int r = 0;

        if (!syntax_is(node, "assignment") || ts_node_is_null(value))
                return 0;
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(settings); i++) {
                const struct setting *setting = &settings[i];

                if (setting->control != d->control || !span_is(name, setting->name) ||
                    !fails(s, setting, value))
                        continue;
                if (setting->test == IS_TEXT)
                        r = check_hide(d->c, ts_node_start_byte(value), ts_node_end_byte(value), 0);
                if (r >= 0)
                        r = check_notice(d->c, d->control, &setting->notice,
                                         ts_node_start_byte(node), ts_node_end_byte(node));
        }
        return MIN_OF(r, 0);
}

bool django_is_settings(const struct check *c)
{
        static const char *const words[] = { "INSTALLED_APPS", "MIDDLEWARE", "django",
                                             "DJANGO",         "SECRET_KEY", "ALLOWED_HOSTS" };
        static const char *const others[] = { "*dev*.py", "*local*.py", "*test*.py" };
        const char *slash = strrchr(c->path, '/'), *base = slash ? slash + 1 : c->path;

        if (fnmatch("*settings*.py", base, 0) != 0 &&
            !(strstr(c->path, "settings/") && !fnmatch("*.py", base, 0)))
                return false;
        /* Settings to develop and to test with are none of a site. */
        for (size_t i = 0; i < ARRAY_SIZE(others); i++)
                if (!fnmatch(others[i], base, 0))
                        return false;
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (memmem(c->text, c->length, words[i], strlen(words[i])))
                        return true;
        return false;
}

static int check_file(struct check *c, enum control control)
{
        struct django d = { c, control };
        struct syntax s;
        int r = syntax_parse(&s, SYNTAX_PYTHON, (struct span){ c->text, c->length });

        if (r == 0)
                r = syntax_walk(&s, visit, &d);
        else if (r != -ENOMEM)
                r = check_not_scanned(c, c->path, r == -E2BIG ? "too-large" : "not-parsed");
        syntax_done(&s);
        return r;
}

int django_check_headers(struct check *c)
{
        return check_file(c, CONTROL_HEADERS);
}

int django_check_config(struct check *c)
{
        return check_file(c, CONTROL_CONFIG);
}
