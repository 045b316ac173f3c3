/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/secret.h"

#include <ctype.h>
#include <string.h>

#define NAME_MAX_BYTES 64 /* more of a name is not looked at */
#define BLANKS_MAX     8  /* between a name, its sign and its value */

enum charset { UPPER = 1, LOWER = 2, DIGIT = 4, DASH = 8, DOT = 16, SLASH = 32, COLON = 64 };

#define ALNUM  (UPPER | LOWER | DIGIT)
#define WORD   (ALNUM | DASH)         /* - and _ */
#define BASE64 (ALNUM | DASH | SLASH) /* both alphabets; = may follow */

/* Tokens with a prefix. What follows it is masked; the prefix says which token was there. */
static const struct token {
        const char *prefix;
        unsigned charset;
        size_t least, most; /* bytes behind the prefix; 0 = any number */
        bool needs_digit;   /* words of prose look alike */
} tokens[] = {
        { "AKIA", UPPER | DIGIT, 16, 16, false },
        { "ASIA", UPPER | DIGIT, 16, 16, false },
        { "ABIA", UPPER | DIGIT, 16, 16, false },
        { "ACCA", UPPER | DIGIT, 16, 16, false },
        { "ABSK", BASE64, 100, 0, true },
        { "AGE-SECRET-KEY-1", UPPER | DIGIT, 50, 0, false },
        { "AIza", WORD, 35, 0, false },
        { "Basic ", BASE64, 12, 0, true },
        { "Bearer ", BASE64 | DOT, 16, 0, true },
        { "GOCSPX-", WORD, 20, 0, false },
        { "PMAK-", WORD, 40, 0, false },
        { "SG.", WORD | DOT, 40, 0, false },
        { "basic ", BASE64, 12, 0, true },
        { "bearer ", BASE64 | DOT, 16, 0, true },
        { "dapi", LOWER | DIGIT, 32, 34, true },
        { "dckr_pat_", WORD, 20, 0, false },
        { "discord.com/api/webhooks/", WORD | SLASH, 40, 0, true },
        { "doo_v1_", LOWER | DIGIT, 40, 0, false },
        { "dop_v1_", LOWER | DIGIT, 40, 0, false },
        { "eyJ", WORD | DOT, 30, 0, true },
        { "figd_", WORD, 30, 0, false },
        { "ghp_", ALNUM, 30, 0, false },
        { "gho_", ALNUM, 30, 0, false },
        { "ghr_", ALNUM, 30, 0, false },
        { "ghs_", WORD | DOT, 30, 0, false },
        { "ghu_", ALNUM, 30, 0, false },
        { "github_pat_", WORD, 40, 0, false },
        { "glcbt-", WORD, 20, 0, false },
        { "gldt-", WORD, 20, 0, false },
        { "glpat-", WORD | DOT, 20, 0, false },
        { "glptt-", WORD, 20, 0, false },
        { "glrt-", WORD | DOT, 20, 0, false },
        { "glsa_", WORD, 32, 0, false },
        { "hf_", ALNUM, 30, 0, false },
        { "hooks.slack.com/services/", ALNUM | SLASH, 20, 0, false },
        { "hvb.", WORD, 24, 0, false },
        { "hvs.", WORD, 24, 0, false },
        { "key-", LOWER | DIGIT, 32, 32, true },
        { "lin_api_", ALNUM, 32, 0, false },
        { "npm_", ALNUM, 36, 0, false },
        { "pypi-", WORD, 50, 0, false },
        { "rk_live_", ALNUM, 16, 0, false },
        { "rk_test_", ALNUM, 16, 0, false },
        { "rubygems_", LOWER | DIGIT, 40, 0, false },
        { "shpat_", ALNUM, 32, 0, false },
        { "shpca_", ALNUM, 32, 0, false },
        { "shpss_", ALNUM, 32, 0, false },
        { "sk-", ALNUM, 32, 0, true },
        { "sk-ant-", WORD, 20, 0, false },
        { "sk-proj-", WORD, 20, 0, false },
        { "sk_live_", ALNUM, 16, 0, false },
        { "sk_test_", ALNUM, 16, 0, false },
        { "sntrys_", BASE64, 30, 0, false },
        { "whsec_", BASE64, 24, 0, false },
        { "xapp-", WORD, 20, 0, false },
        { "xoxa-", WORD, 10, 0, true },
        { "xoxb-", WORD, 10, 0, true },
        { "xoxp-", WORD, 10, 0, true },
        { "xoxr-", WORD, 10, 0, true },
        { "xoxs-", WORD, 10, 0, true },
        { "ya29.", WORD, 20, 0, false },
};

/* Ends of names, in lower case and without _ - and . between words. */
static const struct ending {
        const char *text;
        bool any; /* its values are secrets even where they are plain words */
} endings[] = {
        { "password", true },       { "passwd", true },      { "passphrase", true },
        { "passwort", true },       { "pwd", true },         { "secret", false },
        { "token", false },         { "apikey", false },     { "accesskey", false },
        { "secretkey", false },     { "privatekey", false }, { "authkey", false },
        { "accountkey", false },    { "signingkey", false }, { "encryptionkey", false },
        { "masterkey", false },     { "sharedkey", false },  { "secretkeybase", false },
        { "authorization", false }, { "credential", false }, { "credentials", false },
};

/* Words that make a whole setting a secret, and ends that say it is only about one. */
static const char *const setting_words[] = { "password", "passwd", "secret", "token", "apikey" };
static const char *const setting_ends[] = { "file",   "path",  "name",  "url",    "length",
                                            "ttl",    "type",  "field", "policy", "size",
                                            "expiry", "count", "limit", "timeout" };

static const char *const settings_paths[] = {
        ".env",   ".ini",    ".cfg",        ".cnf",    ".conf",    ".config",  ".properties",
        ".yml",   ".yaml",   ".toml",       ".tfvars", ".netrc",   ".npmrc",   ".pypirc",
        ".envrc", ".pgpass", "credentials", ".secret", ".secrets", ".service",
};

static const char *const nothing[] = { "true",    "false",  "null",     "none",      "nil",
                                       "yes",     "no",     "required", "undefined", "optional",
                                       "default", "string", "str",      "text",      "password" };

void secrets_done(struct secrets *s)
{
        free(s->items);
        *s = (struct secrets){ 0 };
}

int secrets_add(struct secrets *s, struct secret secret)
{
        if (secret.start >= secret.end)
                return 0;
        if (s->n == s->size) {
                size_t size = s->size ? 2 * s->size : 16;
                struct secret *items = reallocarray(s->items, size, sizeof(*items));

                if (!items)
                        return -ENOMEM;
                s->items = items;
                s->size = size;
        }
        s->items[s->n++] = secret;
        return 0;
}

/* --- tokens ---------------------------------------------------------------------------------- */

static bool is_in(unsigned char c, unsigned charset)
{
        return ((charset & UPPER) && c >= 'A' && c <= 'Z') ||
               ((charset & LOWER) && c >= 'a' && c <= 'z') ||
               ((charset & DIGIT) && c >= '0' && c <= '9') ||
               ((charset & DASH) && (c == '-' || c == '_')) || ((charset & DOT) && c == '.') ||
               ((charset & SLASH) && (c == '/' || c == '+')) || ((charset & COLON) && c == ':');
}

static bool has(const char *text, size_t length, unsigned charset)
{
        for (size_t i = 0; i < length; i++)
                if (is_in((unsigned char) text[i], charset))
                        return true;
        return false;
}

/* Bytes behind the prefix of the token that begins at `text`, or 0. */
static size_t token_match(const struct token *t, const char *text, size_t left, size_t *ret_prefix)
{
        size_t prefix = strlen(t->prefix), n = 0;

        if (left <= prefix || memcmp(text, t->prefix, prefix) != 0)
                return 0;
        text += prefix;
        left -= prefix;
        while (n < left && is_in((unsigned char) text[n], t->charset))
                n++;
        if (n < t->least || (t->most && n > t->most))
                return 0;
        if (t->needs_digit && !has(text, n, DIGIT))
                return 0;
        if (t->charset & SLASH)
                while (n < left && text[n] == '=')
                        n++;
        *ret_prefix = prefix;
        return n;
}

static int tokens_find(struct secrets *s, const char *text, size_t start, size_t end)
{
        for (size_t i = start; i < end; i++) {
                if (i > start && is_in((unsigned char) text[i - 1], ALNUM))
                        continue;
                for (size_t k = 0; k < ARRAY_SIZE(tokens); k++) {
                        size_t prefix = 0, n;
                        int r;

                        if (tokens[k].prefix[0] != text[i])
                                continue;
                        n = token_match(&tokens[k], text + i, end - i, &prefix);
                        if (n == 0)
                                continue;
                        r = secrets_add(s, (struct secret){ i + prefix, i + prefix + n, false });
                        if (r < 0)
                                return r;
                        i += prefix + n - 1;
                        break;
                }
        }
        return 0;
}

/* --- values ---------------------------------------------------------------------------------- */

static bool is_one_of(const char *const *list, size_t n, const char *text, size_t length)
{
        for (size_t i = 0; i < n; i++)
                if (strlen(list[i]) == length && strncasecmp(list[i], text, length) == 0)
                        return true;
        return false;
}

/* A reference to where the value really is: $NAME, ${NAME}, {{ name }}, <name>, %NAME%. */
static bool is_reference(const char *text, size_t length)
{
        size_t i = 1;

        if (text[0] == '{' || text[0] == '<' || text[0] == '%')
                return length >= 2 && strchr("}>%s", text[length - 1]);
        if (text[0] != '$' || length < 2 || text[1] == '(')
                return length >= 2 && text[0] == '$';
        if (text[i] == '{')
                i++;
        if (is_in((unsigned char) text[i], DIGIT))
                return false;
        while (i < length && is_in((unsigned char) text[i], WORD | DOT))
                i++;
        return i == length || (text[i] == '}' && i + 1 == length);
}

static bool is_one_byte(const char *text, size_t length)
{
        for (size_t i = 1; i < length; i++)
                if (text[i] != text[0])
                        return false;
        return true;
}

static bool is_worth(const char *text, size_t length)
{
        return length >= 4 && !is_reference(text, length) && !is_one_byte(text, length) &&
               !is_one_of(nothing, ARRAY_SIZE(nothing), text, length);
}

/* A literal that is not a word of prose; `any`: words count as well. */
static bool is_literal(const char *text, size_t length, bool any)
{
        if (!is_worth(text, length) || memchr(text, ' ', length))
                return false;
        if (any)
                return true;
        return length >= 8 && has(text, length, DIGIT) && has(text, length, UPPER | LOWER);
}

/* --- names ----------------------------------------------------------------------------------- */

struct name {
        char plain[NAME_MAX_BYTES + 1]; /* lower case, letters only at its end */
        size_t length;
        bool is_pass; /* the word "pass" on its own at the end */
};

static struct name name_of(const char *text, size_t length)
{
        struct name name = { .length = 0 };

        while (length > 0 && is_in((unsigned char) text[length - 1], DIGIT))
                length--;
        name.is_pass = length >= 4 && strncasecmp(text + length - 4, "pass", 4) == 0 &&
                       (length == 4 || !is_in((unsigned char) text[length - 5], ALNUM));
        if (length > NAME_MAX_BYTES) {
                text += length - NAME_MAX_BYTES;
                length = NAME_MAX_BYTES;
        }
        for (size_t i = 0; i < length; i++)
                if (is_in((unsigned char) text[i], ALNUM))
                        name.plain[name.length++] = (char) tolower((unsigned char) text[i]);
        return name;
}

static bool ends_with(const struct name *name, const char *end)
{
        size_t n = strlen(end);

        return name->length >= n && memcmp(name->plain + name->length - n, end, n) == 0;
}

static bool names_secret(const struct name *name, bool *ret_any)
{
        *ret_any = name->is_pass;
        for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
                if (ends_with(name, endings[i].text)) {
                        *ret_any = endings[i].any;
                        return true;
                }
        return name->is_pass;
}

static bool names_setting(const struct name *name)
{
        bool any;

        if (names_secret(name, &any))
                return true;
        for (size_t i = 0; i < ARRAY_SIZE(setting_ends); i++)
                if (ends_with(name, setting_ends[i]))
                        return false;
        for (size_t i = 0; i < ARRAY_SIZE(setting_words); i++)
                if (strstr(name->plain, setting_words[i]))
                        return true;
        return false;
}

bool secret_is_named(const char *name, const char *value)
{
        struct name n = name_of(name, strlen(name));
        bool any;

        return names_secret(&n, &any) && is_literal(value, strlen(value), any);
}

bool secret_path_is_settings(const char *path, size_t length)
{
        const char *base = memrchr(path, '/', length);
        size_t n = base ? length - (size_t) (base + 1 - path) : length;

        base = base ? base + 1 : path;
        if (n >= 4 && memcmp(base, ".env", 4) == 0)
                return true;
        for (size_t i = 0; i < ARRAY_SIZE(settings_paths); i++) {
                size_t k = strlen(settings_paths[i]);

                if (n >= k && strncasecmp(base + n - k, settings_paths[i], k) == 0)
                        return true;
        }
        return false;
}

/* --- what a name is given ----------------------------------------------------------------------
 */

/* Where the name ends that the sign at `at` gives a value to: past blanks, quotes and brackets. */
static size_t name_end(const char *text, size_t start, size_t at)
{
        size_t least = at > start + BLANKS_MAX ? at - BLANKS_MAX : start;

        while (at > least && strchr(" \t\"'`\\]!=:<>", text[at - 1]))
                at--;
        return at;
}

static size_t name_start(const char *text, size_t start, size_t end)
{
        while (end > start && is_in((unsigned char) text[end - 1], WORD | DOT))
                end--;
        return end;
}

static bool is_sign(const char *text, size_t start, size_t at)
{
        switch (text[at]) {
        case '=':
        case ':':
                return true;
        case ',': /* f("PASSWORD", "value") */
                return at > start && strchr("\"'", text[at - 1]);
        case '>': { /* <password>value</password> */
                size_t name = name_start(text, start, at);

                return name > start && text[name - 1] == '<';
        }
        default:
                return false;
        }
}

/* The first of a call's arguments, not a word of a list. */
static bool is_argument(const char *text, size_t start, size_t name)
{
        return name >= start + 2 && strchr("\"'", text[name - 1]) && text[name - 2] == '(';
}

/* Where the value begins: behind the rest of a sign like := or =>, and blanks. */
static size_t value_start(const char *text, size_t at, size_t end)
{
        size_t most = MIN_OF(end, at + 1 + BLANKS_MAX);

        at++;
        while (at < most && strchr(" \t=>:", text[at]))
                at++;
        return at;
}

/* The end of a quoted value, its closing quote not counted; `escaped` where the quotes are. */
static size_t quoted_end(const char *text, size_t at, size_t end, char quote, bool escaped)
{
        for (; at < end && text[at] != quote; at++)
                if (text[at] == '\\' && at + 1 < end) {
                        if (escaped && text[at + 1] == quote)
                                return at;
                        at++;
                }
        return MIN_OF(at, end);
}

/* In settings a value reaches to the end of its line. */
static size_t setting_end(const char *text, size_t at, size_t end)
{
        while (end > at && strchr(" \t\r,;", text[end - 1]))
                end--;
        return end;
}

static size_t bare_end(const char *text, size_t at, size_t end)
{
        while (at < end && !strchr(" \t\r\"'`;,|&()[]{}<>\\", text[at]))
                at++;
        return at;
}

/* Bare values of code are names of other things; those with a bracket behind them are calls. */
static bool is_bare_literal(const char *text, size_t at, size_t value_end, size_t end, bool any)
{
        if (value_end < end && strchr("([{", text[value_end]))
                return false;
        return is_literal(text + at, value_end - at, any);
}

/* NAME=value, as shells and .env have it: then the value is no name of something else. */
static bool is_environment(const char *text, size_t from, size_t at)
{
        if (text[at] != '=' || from == at)
                return false;
        for (size_t i = from; i < at; i++)
                if (!is_in((unsigned char) text[i], UPPER | DIGIT | DASH))
                        return false;
        return true;
}

/* How much a line says about the value of a secret's name. */
struct place {
        bool any;            /* plain words are secrets as well */
        bool is_environment; /* also without quotes */
        bool is_settings;    /* up to the end of the line */
};

static int value_find(struct secrets *s, const char *text, size_t at, size_t end,
                      struct place place)
{
        bool escaped = at + 1 < end && text[at] == '\\' && strchr("\"'", text[at + 1]);
        size_t value_end;

        at += escaped;
        if (at < end && strchr("\"'`", text[at])) {
                value_end = quoted_end(text, at + 1, end, text[at], escaped);
                at++;
                if (!is_literal(text + at, value_end - at, place.any || place.is_settings) &&
                    !(place.is_settings && is_worth(text + at, value_end - at)))
                        return 0;
        } else if (place.is_settings) {
                value_end = setting_end(text, at, end);
                if (!is_worth(text + at, value_end - at))
                        return 0;
        } else {
                value_end = bare_end(text, at, end);
                if (!is_bare_literal(text, at, value_end, end, place.any && place.is_environment))
                        return 0;
        }
        return secrets_add(s, (struct secret){ at, value_end, false });
}

static int values_find(struct secrets *s, const char *text, size_t start, size_t end,
                       bool is_settings)
{
        for (size_t at = start; at < end; at++) {
                size_t from, to;
                struct place place = { .is_settings = is_settings };
                struct name name;
                int r;

                if (!is_sign(text, start, at))
                        continue;
                to = name_end(text, start, at);
                from = name_start(text, start, to);
                if (from == to || (text[at] == ',' && !is_argument(text, start, from)))
                        continue;
                name = name_of(text + from, to - from);
                if (!names_secret(&name, &place.any) && !(is_settings && names_setting(&name)))
                        continue;
                place.is_environment = is_environment(text, from, at);
                r = value_find(s, text, value_start(text, at, end), end, place);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* --- scheme://user:password@host ---------------------------------------------------------------
 */

static int urls_find(struct secrets *s, const char *text, size_t start, size_t end)
{
        const char *p = text + start, *limit = text + end;

        while ((p = memmem(p, (size_t) (limit - p), "://", 3))) {
                const char *stop = p += 3, *at, *colon;
                int r = 0;

                while (stop < limit && !strchr(" \t\"'`<>/?#", *stop))
                        stop++;
                at = memrchr(p, '@', (size_t) (stop - p));
                colon = at ? memchr(p, ':', (size_t) (at - p)) : NULL;
                if (colon && is_worth(colon + 1, (size_t) (at - colon - 1)))
                        r = secrets_add(s, (struct secret){ (size_t) (colon + 1 - text),
                                                            (size_t) (at - text), false });
                if (r < 0)
                        return r;
                p = stop;
        }
        return 0;
}

int secret_find(struct secrets *s, const char *text, size_t start, size_t end, bool is_settings)
{
        int r = tokens_find(s, text, start, end);

        if (r == 0)
                r = urls_find(s, text, start, end);
        return r < 0 ? r : values_find(s, text, start, end, is_settings);
}
