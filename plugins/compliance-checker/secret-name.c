/* SPDX-License-Identifier: Apache-2.0 */
#include "secret-name.h"

#include "def.h"

#include <ctype.h>
#include <string.h>

enum { WORDS_MAX = 12, WORD_MAX = 24 };

struct words {
        char list[WORDS_MAX][WORD_MAX];
        size_t n;
};

/* "dbPassword", "DB_PASSWORD" and "db-password" are the words db and password. */
static void cut(struct words *w, const char *name)
{
        size_t n = 0;
        char before = '\0';

        for (; *name && w->n < WORDS_MAX; before = *name++) {
                bool is_sign = !isalnum((unsigned char) *name);
                bool is_hump = isupper((unsigned char) *name) && islower((unsigned char) before);

                if ((is_sign || is_hump) && n > 0) {
                        w->n++;
                        n = 0;
                }
                if (is_sign || w->n == WORDS_MAX || n >= WORD_MAX - 1)
                        continue;
                w->list[w->n][n++] = (char) tolower((unsigned char) *name);
                w->list[w->n][n] = '\0';
        }
        if (n > 0 && w->n < WORDS_MAX)
                w->n++;
}

static bool is_one_of(const char *word, const char *const *list, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(word, list[i]) == 0)
                        return true;
        return false;
}

/* The word before "key" that makes it a secret one, whatever follows ("ACCESS_KEY_ID"). */
static bool is_secret_key(const char *before)
{
        static const char *const kinds[] = { "api",     "access",  "secret",     "private",
                                             "signing", "master",  "encryption", "auth",
                                             "deploy",  "account", "storage" };

        return is_one_of(before, kinds, ARRAY_SIZE(kinds));
}

/* Keys that are public, or keys of data. */
static bool is_other_key(const char *before)
{
        static const char *const kinds[] = {
                "gpg",       "pgp",    "public",   "pub",         "sort", "primary",
                "partition", "cache",  "index",    "map",         "row",  "foreign",
                "group",     "object", "routing",  "apt",         "repo", "hot",
                "host",      "site",   "registry", "translation", "by",   "idempotency"
        };

        return is_one_of(before, kinds, ARRAY_SIZE(kinds));
}

/* A name that ends in "auth" or "key" without being a switch or a key of something else. */
static bool ends_in_secret(const struct words *w)
{
        static const char *const switches[] = { "enable", "use", "require", "with",
                                                "has",    "is",  "skip",    "need" };

        if (w->n < 2 || is_one_of(w->list[0], switches, ARRAY_SIZE(switches)))
                return false;
        if (strcmp(w->list[w->n - 1], "auth") == 0)
                return true;
        return strcmp(w->list[w->n - 1], "key") == 0 && !is_other_key(w->list[w->n - 2]);
}

bool secret_name_is(const char *name)
{
        static const char *const secrets[] = {
                "password",  "passwd",     "passphrase",  "pword",      "pass",
                "pwd",       "psw",        "secret",      "secrets",    "token",
                "apikey",    "credential", "credentials", "privatekey", "accesskey",
                "secretkey", "passcode",   "authkey",     "passwords",
        };
        /* What is about a secret and is none. */
        static const char *const others[] = {
                "file",     "path",    "dir",     "url",      "uri",      "name",     "names",
                "type",     "length",  "ttl",     "expiry",   "public",   "header",   "prefix",
                "policy",   "enabled", "version", "count",    "max",      "min",      "endpoint",
                "host",     "port",    "issuer",  "hash",     "id_file",  "timeout",  "expiration",
                "arn",      "region",  "env",     "lifetime", "location", "required", "disable",
                "disabled", "no",      "allow",   "empty",    "random",
        };
        struct words w = { 0 };
        bool is_secret = false;

        cut(&w, name);
        if (w.n == 1 && (strcmp(w.list[0], "pwd") == 0 || strcmp(w.list[0], "oldpwd") == 0))
                return false;
        for (size_t i = 0; i < w.n; i++) {
                if (is_one_of(w.list[i], others, ARRAY_SIZE(others)))
                        return false;
                if (is_one_of(w.list[i], secrets, ARRAY_SIZE(secrets)) ||
                    (strcmp(w.list[i], "key") == 0 && i > 0 && is_secret_key(w.list[i - 1])))
                        is_secret = true;
        }
        return is_secret || ends_in_secret(&w);
}
