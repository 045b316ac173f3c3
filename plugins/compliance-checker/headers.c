/* SPDX-License-Identifier: Apache-2.0 */
#include "headers.h"

#include "caddyfile.h"
#include "captured.h"
#include "django.h"
#include "express.h"
#include "header-policy.h"
#include "httpd.h"
#include "nginx-config.h"
#include "spring.h"

/* Each kind of file: how it is known, and what checks it for each of the two controls. */
static const struct {
        bool (*is_one)(const struct check *c);
        int (*headers)(struct check *c);
        int (*config)(struct check *c);
} kinds[] = {
        { captured_is_one, captured_check, NULL },
        { caddyfile_is_one, caddyfile_check_headers, caddyfile_check_config },
        { nginx_is_config, nginx_check, NULL },
        { httpd_is_config, httpd_check_headers, httpd_check_config },
        { django_is_settings, django_check_headers, django_check_config },
        { express_is_one, express_check, NULL },
        { spring_is_settings, spring_check_headers, spring_check_config },
        { spring_is_source, spring_check_source, NULL },
};

size_t headers_rules(void)
{
        return captured_rules() + header_policy_rules + header_csp_rules + nginx_access_rules_n +
               nginx_inject_rules_n + nginx_match_rules_n + nginx_policy_rules_n +
               httpd_headers_rules + caddyfile_headers_rules + express_rules() +
               django_rules(CONTROL_HEADERS) + spring_rules(CONTROL_HEADERS);
}

size_t headers_config_rules(void)
{
        return httpd_config_rules + caddyfile_config_rules + django_rules(CONTROL_CONFIG) +
               spring_rules(CONTROL_CONFIG);
}

/* Most files are of none of these kinds, which their names' ends tell at once. */
static bool may_be_one(const struct check *c)
{
        static const char *const ends[] = {
                "conf",       "vhost",     "nginx", "nginxconf", "htaccess", "caddy",
                "caddyfile",  "Caddyfile", "http",  "headers",   "txt",      "js",
                "mjs",        "cjs",       "ts",    "mts",       "tsx",      "py",
                "properties", "yml",       "yaml",  "java",      "kt",
        };
        const char *slash = strrchr(c->path, '/'), *base = slash ? slash + 1 : c->path;
        const char *dot = strrchr(base, '.');

        if (!dot)
                return true;
        for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
                if (!strcmp(dot + 1, ends[i]))
                        return true;
        return strstr(base, ".conf") || strstr(base, "Caddyfile");
}

static int check_kind(struct check *c, enum control control)
{
        if (!may_be_one(c))
                return 0;
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                int (*check)(struct check * c) =
                        control == CONTROL_HEADERS ? kinds[i].headers : kinds[i].config;

                if (!kinds[i].is_one(c))
                        continue;
                if (!check)
                        return 0;
                check_concerns(c, control);
                return check(c);
        }
        return 0;
}

int headers_check(struct check *c)
{
        return check_kind(c, CONTROL_HEADERS);
}

int headers_check_config(struct check *c)
{
        return check_kind(c, CONTROL_CONFIG);
}
