/* SPDX-License-Identifier: Apache-2.0 */
#include "spring.h"

#include "server/span.h"
#include "yaml/yaml.h"

#include <fnmatch.h>

#define LOW    LINHAY_SEVERITY_LOW
#define MEDIUM LINHAY_SEVERITY_MEDIUM
#define HIGH   LINHAY_SEVERITY_HIGH

struct setting {
        enum control control;
        const char *key;
        const char *bad; /* the value, or one of a list with commas */
        struct notice notice;
};

#define HEADERS CONTROL_HEADERS
#define CONFIG  CONTROL_CONFIG

static const struct setting settings[] = {
        { HEADERS,
          "server.servlet.session.cookie.secure",
          "false",
          { "headers/cookie-without-secure", MEDIUM, "CWE-614",
            "The session's cookie is also sent without TLS",
            "Set: server.servlet.session.cookie.secure=true", "asvs:3.4.1", SOUNDNESS_PARSED } },
        { HEADERS,
          "server.servlet.session.cookie.http-only",
          "false",
          { "headers/cookie-without-httponly", MEDIUM, "CWE-1004",
            "Scripts can read the session's cookie",
            "Set: server.servlet.session.cookie.http-only=true", "asvs:3.4.2", SOUNDNESS_PARSED } },
        { HEADERS,
          "server.servlet.session.cookie.same-site",
          "none",
          { "headers/cookie-samesite-none", LOW, "CWE-1275",
            "Other sites' requests carry the session's cookie",
            "Set: server.servlet.session.cookie.same-site=lax", "asvs:3.4.3", SOUNDNESS_PARSED } },
        { HEADERS,
          "server.ssl.enabled",
          "false",
          { "headers/no-tls", LOW, "CWE-319", "The server answers without TLS",
            "Set: server.ssl.enabled=true, or put a proxy with TLS before it", "asvs:9.1.1",
            SOUNDNESS_PARSED } },
        { HEADERS,
          "server.ssl.enabled-protocols",
          "TLSv1",
          { "headers/weak-tls", HIGH, "CWE-326", "A version of TLS is allowed that is broken",
            "Allow TLSv1.2 and TLSv1.3 only.", "asvs:9.1.3", SOUNDNESS_PARSED } },
        { HEADERS,
          "server.ssl.enabled-protocols",
          "TLSv1.1",
          { "headers/weak-tls", HIGH, "CWE-326", "A version of TLS is allowed that is broken",
            "Allow TLSv1.2 and TLSv1.3 only.", "asvs:9.1.3", SOUNDNESS_PARSED } },
        { HEADERS,
          "management.endpoints.web.cors.allowed-origins",
          "*",
          { "headers/cors-all", MEDIUM, "CWE-942", "Every origin may read the actuator's answers",
            "Name the origins that may.", "asvs:14.5.3", SOUNDNESS_PARSED } },
        { CONFIG,
          "management.endpoints.web.exposure.include",
          "*",
          { "config/spring-actuator-exposed", HIGH, "CWE-200",
            "All of the actuator is reachable, memory and environment with it",
            "Name those that are needed: health,info", "asvs:14.3.2", SOUNDNESS_PARSED } },
        { CONFIG,
          "management.endpoint.health.show-details",
          "always",
          { "config/spring-health-details", LOW, "CWE-200",
            "Everybody may read which services stand behind this one",
            "Set: management.endpoint.health.show-details=when-authorized", "asvs:14.3.2",
            SOUNDNESS_PARSED } },
        { CONFIG,
          "management.security.enabled",
          "false",
          { "config/spring-actuator-exposed", HIGH, "CWE-306", "The actuator asks nobody who he is",
            "Leave it on.", "asvs:4.1.1", SOUNDNESS_PARSED } },
        { CONFIG,
          "server.error.include-stacktrace",
          "always",
          { "config/spring-stack-trace", LOW, "CWE-209",
            "Error pages show where in the program it failed",
            "Set: server.error.include-stacktrace=never", "asvs:7.4.1", SOUNDNESS_PARSED } },
        { CONFIG,
          "spring.h2.console.enabled",
          "true",
          { "config/spring-h2-console", HIGH, "CWE-489",
            "The database's console is reachable, and runs any code", "Leave it off.",
            "asvs:14.3.2", SOUNDNESS_PARSED } },
        { CONFIG,
          "spring.devtools.restart.enabled",
          "true",
          { "config/spring-devtools", LOW, "CWE-489", "Tools of developers are on",
            "Leave them off where visitors come.", "asvs:14.3.2", SOUNDNESS_PARSED } },
        { CONFIG,
          "spring.jpa.show-sql",
          "true",
          { "config/spring-show-sql", LINHAY_SEVERITY_INFO, "CWE-532",
            "Every query is written into the log", "Leave it off.", "asvs:7.1.1",
            SOUNDNESS_PARSED } },
};

/* Calls in sources: white space in them does not count. */
static const struct {
        const char *call;
        struct notice notice;
} calls[] = {
        { ".csrf().disable()",
          { "headers/spring-csrf-disabled", MEDIUM, "CWE-352",
            "Forms are not guarded against forged requests",
            "Leave csrf on unless nobody is logged in by a cookie.", "asvs:4.2.2",
            SOUNDNESS_HEURISTIC } },
        { "csrf(AbstractHttpConfigurer::disable)",
          { "headers/spring-csrf-disabled", MEDIUM, "CWE-352",
            "Forms are not guarded against forged requests",
            "Leave csrf on unless nobody is logged in by a cookie.", "asvs:4.2.2",
            SOUNDNESS_HEURISTIC } },
        { "csrf(CsrfConfigurer::disable)",
          { "headers/spring-csrf-disabled", MEDIUM, "CWE-352",
            "Forms are not guarded against forged requests",
            "Leave csrf on unless nobody is logged in by a cookie.", "asvs:4.2.2",
            SOUNDNESS_HEURISTIC } },
        { "csrf->csrf.disable()",
          { "headers/spring-csrf-disabled", MEDIUM, "CWE-352",
            "Forms are not guarded against forged requests",
            "Leave csrf on unless nobody is logged in by a cookie.", "asvs:4.2.2",
            SOUNDNESS_HEURISTIC } },
        { ".headers().disable()",
          { "headers/spring-headers-disabled", MEDIUM, "CWE-693",
            "All headers that protect visitors are turned off", "Leave them on.", "asvs:14.4.3",
            SOUNDNESS_HEURISTIC } },
        { "headers->headers.disable()",
          { "headers/spring-headers-disabled", MEDIUM, "CWE-693",
            "All headers that protect visitors are turned off", "Leave them on.", "asvs:14.4.3",
            SOUNDNESS_HEURISTIC } },
        { "frameOptions().disable()",
          { "headers/spring-frame-options-disabled", LOW, "CWE-1021",
            "Any site may show the pages in a frame", "Use: frameOptions().sameOrigin()",
            "asvs:14.4.7", SOUNDNESS_HEURISTIC } },
        { "frameOptions(FrameOptionsConfig::disable)",
          { "headers/spring-frame-options-disabled", LOW, "CWE-1021",
            "Any site may show the pages in a frame", "Use: frameOptions().sameOrigin()",
            "asvs:14.4.7", SOUNDNESS_HEURISTIC } },
        { "contentTypeOptions().disable()",
          { "headers/spring-nosniff-disabled", LOW, "CWE-693", "X-Content-Type-Options is not sent",
            "Leave it on.", "asvs:14.4.4", SOUNDNESS_HEURISTIC } },
        { "httpStrictTransportSecurity().disable()",
          { "headers/spring-hsts-disabled", MEDIUM, "CWE-319",
            "Strict-Transport-Security is not sent", "Leave it on.", "asvs:14.4.5",
            SOUNDNESS_HEURISTIC } },
        { "@CrossOrigin(origins=\"*\"",
          { "headers/cors-all", LOW, "CWE-942", "Every origin may read answers",
            "Name the origins that may.", "asvs:14.5.3", SOUNDNESS_HEURISTIC } },
};

size_t spring_rules(enum control control)
{
        size_t n = control == CONTROL_HEADERS ? ARRAY_SIZE(calls) : 0;

        for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
                n += settings[i].control == control;
        return n;
}

/* ---- Settings ---- */

/* session.cookie.httpOnly, http_only and http-only are one name. */
static bool same_key(struct span key, const char *name)
{
        size_t i = 0;

        for (; *name; name++) {
                if (*name == '-') {
                        i += i < key.length && (key.text[i] == '-' || key.text[i] == '_');
                        continue;
                }
                if (i >= key.length || tolower((unsigned char) key.text[i]) != *name)
                        return false;
                i++;
        }
        return i == key.length;
}

static int check_value(struct check *c, enum control control, struct span key, struct span value,
                       size_t start, size_t end)
{
        struct span one;
        int r = 0;

        while (r >= 0 && span_next(&value, ',', &one))
                for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(settings); i++)
                        if (settings[i].control == control && span_is(one, settings[i].bad) &&
                            same_key(key, settings[i].key))
                                r = check_notice(c, control, &settings[i].notice, start, end);
        return r;
}

static int check_properties(struct check *c, enum control control)
{
        struct span rest = { c->text, c->length }, line, key;
        int r = 0;

        while (r >= 0 && span_next(&rest, '\n', &line)) {
                size_t start = (size_t) (line.text - c->text), end = start + line.length;

                if (!line.length || *line.text == '#' || *line.text == '!' ||
                    !span_has_char(line, '='))
                        continue;
                (void) span_next(&line, '=', &key);
                r = check_value(c, control, key, span_trim(line), start, end);
        }
        return r;
}

enum { KEY_LONGEST = 256, DEEP = 16 };

static int check_node(struct check *c, enum control control, const struct yaml_node *node,
                      char key[KEY_LONGEST], size_t length, int depth)
{
        int r = 0;

        if (node->kind == YAML_SCALAR)
                return check_value(c, control, (struct span){ key, length },
                                   (struct span){ node->value, node->length }, node->start,
                                   node->end);
        for (size_t i = 0; r >= 0 && i < node->n && depth < DEEP; i++) {
                const struct yaml_node *name = node->kind == YAML_MAPPING ? node->keys[i] : NULL;
                size_t n = length;

                /* What an anchor stands for was seen where it is written. */
                if (node->items[i]->parent != node)
                        continue;
                if (name && name->kind == YAML_SCALAR) {
                        if (length + name->length + 2 > KEY_LONGEST)
                                continue;
                        if (n)
                                key[n++] = '.';
                        memcpy(key + n, name->value, name->length);
                        n += name->length;
                }
                r = check_node(c, control, node->items[i], key, n, depth + 1);
        }
        return r;
}

static int check_yaml(struct check *c, enum control control)
{
        struct yaml_tree tree;
        char key[KEY_LONGEST];
        int r = yaml_parse(&tree, c->text, c->length);

        if (r < 0)
                return r;
        for (size_t i = 0; r >= 0 && i < tree.n_documents; i++)
                r = check_node(c, control, tree.documents[i], key, 0, 0);
        yaml_done(&tree);
        return r;
}

static const char *base_of(const struct check *c)
{
        const char *slash = strrchr(c->path, '/');

        return slash ? slash + 1 : c->path;
}

static bool is_yaml(const struct check *c)
{
        return !fnmatch("*.y*ml", base_of(c), 0);
}

bool spring_is_settings(const struct check *c)
{
        static const char *const names[] = { "application*.properties", "application*.yml",
                                             "application*.yaml", "bootstrap*.properties",
                                             "bootstrap*.yml" };
        static const char *const others[] = { "*-dev.*", "*-local.*", "*-test.*" };

        for (size_t i = 0; i < ARRAY_SIZE(others); i++)
                if (!fnmatch(others[i], base_of(c), 0))
                        return false;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (!fnmatch(names[i], base_of(c), 0))
                        return true;
        return false;
}

int spring_check_headers(struct check *c)
{
        return is_yaml(c) ? check_yaml(c, CONTROL_HEADERS) : check_properties(c, CONTROL_HEADERS);
}

int spring_check_config(struct check *c)
{
        return is_yaml(c) ? check_yaml(c, CONTROL_CONFIG) : check_properties(c, CONTROL_CONFIG);
}

/* ---- Sources ---- */

bool spring_is_source(const struct check *c)
{
        static const char spring[] = "org.springframework";

        return (!fnmatch("*.java", base_of(c), 0) || !fnmatch("*.kt", base_of(c), 0)) &&
               memmem(c->text, c->length, spring, strlen(spring));
}

/* Behind a comment that begins here; `at` where there is none. */
static size_t skip_comment(const struct check *c, size_t at)
{
        const char *text = c->text + at, *end;

        if (c->length - at < 2 || *text != '/')
                return at;
        if (text[1] == '/')
                end = memchr(text, '\n', c->length - at);
        else if (text[1] == '*') {
                end = memmem(text + 2, c->length - at - 2, "*/", 2);
                end = end ? end + 2 : NULL;
        } else
                return at;
        return end ? (size_t) (end - c->text) : c->length;
}

/* Where a call that begins here ends; 0 when it is another one. */
static size_t match_call(const struct check *c, size_t at, const char *call)
{
        for (; *call; call++, at++) {
                while (at < c->length && isspace((unsigned char) c->text[at]))
                        at++;
                if (at >= c->length || c->text[at] != *call)
                        return 0;
        }
        return at;
}

int spring_check_source(struct check *c)
{
        int r = 0;

        for (size_t at = 0; r >= 0 && at < c->length; at++) {
                size_t next = skip_comment(c, at), end;

                if (next != at) {
                        at = next - 1;
                        continue;
                }
                if (isspace((unsigned char) c->text[at]))
                        continue;
                for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(calls); i++) {
                        end = match_call(c, at, calls[i].call);
                        if (end)
                                r = check_notice(c, CONTROL_HEADERS, &calls[i].notice, at, end);
                }
        }
        return r;
}
