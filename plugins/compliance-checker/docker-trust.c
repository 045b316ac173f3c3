/* SPDX-License-Identifier: Apache-2.0 */

/* Options, settings and variables that switch off the check of certificates or signatures. */
#include "docker-package.h"

#include <ctype.h>

/* --- Options ------------------------------------------------------------------------------------
 */

/* -k, also within -fsSLk, but not in what is the value of a letter before it. */
static bool has_curl_k(const struct shell_command *c)
{
        static const char with_value[] = "AbcCdDeEFhHKmoPQrtTuUwxXyYz";
        const struct shell_word *word;

        for (size_t i = 0; (word = shell_argument(c, i)); i++) {
                const char *at = word->text;

                if (*at != '-' || at[1] == '-')
                        continue;
                for (at++; *at && !strchr(with_value, *at); at++)
                        if (*at == 'k')
                                return true;
        }
        return false;
}

static int check_options(struct docker_check *d, const struct docker_instruction *run,
                         const struct shell_command *c)
{
        static const struct {
                const char *program;
                const char *options[5];
                enum dockerfile_rule rule;
        } rows[] = {
                { "curl", { "--insecure" }, DOCKERFILE_UNCHECKED_CURL },
                { "wget", { "--no-check-certificate" }, DOCKERFILE_UNCHECKED_WGET },
                { "pip", { "--trusted-host" }, DOCKERFILE_UNCHECKED_PIP },
                { "npm", { "--no-strict-ssl", "--strict-ssl=false" }, DOCKERFILE_UNCHECKED_NPM },
                { "apt-get", { "--allow-unauthenticated" }, DOCKERFILE_UNSIGNED_APT },
                { "apt-get", { "--force-yes" }, DOCKERFILE_FORCED_APT },
                { "apt", { "--allow-unauthenticated" }, DOCKERFILE_UNSIGNED_APT },
                { "apt", { "--force-yes" }, DOCKERFILE_FORCED_APT },
                { "apk", { "--allow-untrusted" }, DOCKERFILE_UNSIGNED_APK },
                { "yum", { "--nogpgcheck", "--no-gpgchecks" }, DOCKERFILE_UNSIGNED_YUM },
                { "dnf", { "--nogpgcheck", "--no-gpgchecks" }, DOCKERFILE_UNSIGNED_YUM },
                { "dnf5", { "--nogpgcheck", "--no-gpgchecks" }, DOCKERFILE_UNSIGNED_YUM },
                { "microdnf", { "--nogpgcheck", "--no-gpgchecks" }, DOCKERFILE_UNSIGNED_YUM },
                { "tdnf", { "--nogpgcheck", "--no-gpgchecks" }, DOCKERFILE_UNSIGNED_YUM },
                { "rpm",
                  { "--nosignature", "--nodigest", "--nofiledigest", "--noverify" },
                  DOCKERFILE_UNSIGNED_RPM },
                { "zypper", { "--no-gpg-checks" }, DOCKERFILE_UNSIGNED },
        };
        int r = 0;

        if (strcmp(c->name, "curl") == 0 && has_curl_k(c))
                return docker_tell_command(d, DOCKERFILE_UNCHECKED_CURL, run, c);
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(rows); i++)
                if (strcmp(c->name, rows[i].program) == 0 && docker_has_option(c, rows[i].options))
                        r = docker_tell_command(d, rows[i].rule, run, c);
        return r;
}

/* --- Settings -----------------------------------------------------------------------------------
 */

static const char *const off[] = { "0", "false", "no", "off", NULL };
static const char *const on[] = { "1", "true", "yes", "on", NULL };

/* A setting of a program, in a file of its own or by a command of its own; at most one is told of a
 * command, the first that fits. */
static const struct {
        const char *name;
        const char *const *values; /* NULL = any */
        enum dockerfile_rule rule;
} settings[] = {
        { "http.sslVerify", off, DOCKERFILE_UNCHECKED },
        { "sslverify", off, DOCKERFILE_UNCHECKED_YUM },
        { "strict-ssl", off, DOCKERFILE_UNCHECKED_NPM },
        { "enableStrictSsl", off, DOCKERFILE_UNCHECKED_NPM },
        { "trusted-host", NULL, DOCKERFILE_UNCHECKED_PIP },
        { "check_certificate", off, DOCKERFILE_UNCHECKED_WGET },
        { "APT::Get::AllowUnauthenticated", on, DOCKERFILE_UNSIGNED_APT },
        { "Acquire::AllowInsecureRepositories", on, DOCKERFILE_UNSIGNED_APT },
        { "[trusted", on, DOCKERFILE_UNSIGNED },
        { "gpgcheck", off, DOCKERFILE_UNSIGNED },
};

/* Does a value begin with one of these words? */
static bool begins_with(const char *value, const char *const *words)
{
        size_t n;

        value += strspn(value, " \t\"'");
        n = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
        if (!words)
                return n > 0;
        for (; *words; words++)
                if (strlen(*words) == n && strncasecmp(value, *words, n) == 0)
                        return true;
        return false;
}

/* NAME=value, NAME = value, somewhere within a word, or NAME value in two words; no --NAME. */
static bool sets(const struct shell_word *word, const struct shell_word *next, size_t setting)
{
        const char *at = strcasestr(word->text, settings[setting].name);

        if (!at || (at > word->text && (isalnum((unsigned char) at[-1]) || at[-1] == '-')))
                return false;
        at += strlen(settings[setting].name);
        at += strspn(at, " \t");
        if (*at == '=')
                return begins_with(at + 1, settings[setting].values);
        return !*at && *word->text != '-' && next &&
               begins_with(next->text, settings[setting].values);
}

static int check_settings(struct docker_check *d, const struct docker_instruction *run,
                          const struct shell_command *c)
{
        const struct shell_word *word;

        for (size_t i = 0; (word = shell_argument(c, i)); i++)
                for (size_t k = 0; k < ARRAY_SIZE(settings); k++)
                        if (sets(word, shell_argument(c, i + 1), k))
                                return docker_tell_command(d, settings[k].rule, run, c);
        return 0;
}

/* --- Variables ----------------------------------------------------------------------------------
 */

static const struct {
        const char *name;
        const char *const *values; /* NULL = any that does not say no */
        enum dockerfile_rule rule;
} variables[] = {
        { "NODE_TLS_REJECT_UNAUTHORIZED", off, DOCKERFILE_TLS_OFF_NODE },
        { "PYTHONHTTPSVERIFY", off, DOCKERFILE_TLS_OFF_PYTHON },
        { "GIT_SSL_NO_VERIFY", NULL, DOCKERFILE_TLS_OFF_GIT },
        { "NPM_CONFIG_STRICT_SSL", off, DOCKERFILE_TLS_OFF_NPM },
        { "YARN_ENABLE_STRICT_SSL", off, DOCKERFILE_TLS_OFF },
        { "PIP_TRUSTED_HOST", NULL, DOCKERFILE_TLS_OFF_PIP },
        { "CURL_INSECURE", NULL, DOCKERFILE_TLS_OFF },
};

/* The rule that a variable with this value breaks, or DOCKERFILE_RULES_. */
static enum dockerfile_rule rule_of(const char *name, size_t length, const char *value)
{
        for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
                if (strlen(variables[i].name) != length ||
                    strncasecmp(variables[i].name, name, length) != 0)
                        continue;
                if (variables[i].values ? begins_with(value, variables[i].values)
                                        : *value && !begins_with(value, off))
                        return variables[i].rule;
        }
        return DOCKERFILE_RULES_;
}

/* NAME=value among words. */
static int check_words(struct docker_check *d, const struct docker_instruction *run,
                       const struct shell_word *words, size_t n)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                const char *sign = strchr(words[i].text, '=');
                enum dockerfile_rule rule;

                if (!sign)
                        continue;
                rule = rule_of(words[i].text, (size_t) (sign - words[i].text), sign + 1);
                if (rule != DOCKERFILE_RULES_)
                        r = docker_tell(d, rule, run, docker_place(run, words[i].start),
                                        docker_place(run, words[i].end - 1) + 1);
        }
        return r;
}

static int check_variables(struct docker_check *d, const struct docker_instruction *run,
                           const struct shell_command *c)
{
        static const char *const setters[] = { "export", "declare", "typeset", "readonly", NULL };
        int r = check_words(d, run, c->assigns, c->n_assigns);

        if (r < 0)
                return r;
        /* Also in front of the name, behind `env`. */
        return check_words(d, run, c->words,
                           docker_is_one_of(c->name, setters) ? c->n_words : c->first);
}

int docker_check_trust(struct docker_check *d, const struct docker_instruction *run,
                       const struct shell_command *command)
{
        struct shell_command c = package_command(command);
        int r = check_options(d, run, &c);

        if (r >= 0)
                r = check_settings(d, run, &c);
        return r < 0 ? r : check_variables(d, run, command);
}

int docker_check_trust_of(struct docker_check *d, const struct docker_instruction *i)
{
        int r = 0;

        for (size_t k = 0; r >= 0 && k < i->n_pairs; k++) {
                const char *name = i->pairs[k].key.text, *value = i->pairs[k].value.text;
                enum dockerfile_rule rule =
                        value ? rule_of(name, strlen(name), value) : DOCKERFILE_RULES_;

                if (rule != DOCKERFILE_RULES_)
                        r = docker_tell(d, rule, i, i->pairs[k].key.start, i->pairs[k].value.end);
        }
        return r;
}
