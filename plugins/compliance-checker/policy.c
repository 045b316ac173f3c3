/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include "license/policy.h"

#include "handed.h"

#define PATTERNS_MAX 1000

/* Jansson's sentence without the text near the fault, which may be a key. */
static const char *without_text(char *sentence)
{
        char *near = strstr(sentence, " near '");

        if (near)
                *near = '\0';
        return sentence;
}

/* The whole of a handed-over file as JSON; NULL without an error when it was not given. */
static int read_json(struct check *c, const char *pointer, json_t **ret)
{
        char *data;
        size_t length;
        json_error_t at;
        int r = handed_read(c->run, pointer, &data, &length);

        if (r <= 0)
                return r;
        *ret = json_loadb(data, length, JSON_REJECT_DUPLICATES, &at);
        free(data);
        if (!*ret)
                return linhay_fail(c->run, LINHAY_FAIL_INPUT, "not-json",
                                   "%s is not valid JSON: line %d, column %d: %s", pointer + 1,
                                   at.line, at.column, without_text(at.text));
        return 0;
}

static int take_key(struct check *c, const json_t *json, const char *name)
{
        const json_t *key = json_object_get(json, name);
        size_t length = json_string_length(key);

        if (!key)
                return 0;
        if (!json_is_string(key) || length < 8 || length > FINGERPRINT_KEY)
                return linhay_fail(c->run, LINHAY_FAIL_INPUT, "bad-key",
                                   "%s must be a text of 8 to %d bytes", name, FINGERPRINT_KEY);
        memcpy(c->key.bytes, json_string_value(key), length);
        c->key.length = length;
        return 0;
}

static int compile_list(struct check *c, const json_t *list, const char *name, pcre2_code ***ret,
                        size_t *ret_n)
{
        PCRE2_UCHAR text[160];
        PCRE2_SIZE at;
        size_t i;
        json_t *item;
        int number;

        if (!list)
                return 0;
        if (!json_is_array(list) || json_array_size(list) > PATTERNS_MAX)
                return linhay_fail(c->run, LINHAY_FAIL_INPUT, "bad-policy",
                                   "policy: %s must be a list of at most %d expressions", name,
                                   PATTERNS_MAX);
        *ret = calloc(json_array_size(list) + 1, sizeof(**ret));
        if (!*ret)
                return -ENOMEM;
        json_array_foreach (list, i, item) {
                const char *pattern = json_string_value(item);
                pcre2_code *code =
                        pcre2_compile((PCRE2_SPTR) (pattern ? pattern : "("), PCRE2_ZERO_TERMINATED,
                                      PCRE2_NEVER_BACKSLASH_C, &number, &at, NULL);

                if (!code) {
                        (void) pcre2_get_error_message(number, text, sizeof(text));
                        return linhay_fail(
                                c->run, LINHAY_FAIL_INPUT, "bad-policy",
                                "policy: %s[%zu] is no regular expression: %s at byte %zu", name, i,
                                (const char *) text, at);
                }
                (*ret)[(*ret_n)++] = code;
        }
        return 0;
}

/* { "fingerprint_key": …, "licenses": { "allow", "deny" }, "secrets": { "allow_paths", … } } */
static int load_policy(struct check *c)
{
        struct policy *p = &c->policy;
        const json_t *secrets;
        char error[512] = "";
        int r = read_json(c, "/policy", &p->json);

        if (r < 0 || !p->json)
                return r;
        if (!json_is_object(p->json))
                return linhay_fail(c->run, LINHAY_FAIL_INPUT, "bad-policy",
                                   "policy: the file must hold one JSON object");
        secrets = json_object_get(p->json, "secrets");
        p->licenses = json_object_get(p->json, "licenses");
        if (license_policy_check(p->licenses, error, sizeof(error)) < 0)
                return linhay_fail(c->run, LINHAY_FAIL_INPUT, "bad-policy", "policy: /licenses%s%s",
                                   *error == '/' ? "" : ": ", error);
        r = take_key(c, p->json, "fingerprint_key");
        if (r >= 0)
                r = compile_list(c, json_object_get(secrets, "allow_paths"), "secrets.allow_paths",
                                 &p->paths, &p->n_paths);
        if (r >= 0)
                r = compile_list(c, json_object_get(secrets, "allow_regexes"),
                                 "secrets.allow_regexes", &p->secrets, &p->n_secrets);
        if (r >= 0)
                r = suppress_load_policy(c, json_object_get(p->json, "suppress"));
        return r;
}

/* { "key": …, "fingerprints": [ "…" or { "fingerprint", "reason", "until" } ] } */
static int load_baseline(struct check *c)
{
        json_t *json = NULL;
        const json_t *list;
        int r = read_json(c, "/baseline", &json);

        if (r < 0 || !json)
                return r;
        list = json_is_array(json) ? json : json_object_get(json, "fingerprints");
        if (!json_is_array(list)) {
                json_decref(json);
                return linhay_fail(c->run, LINHAY_FAIL_INPUT, "bad-baseline",
                                   "baseline: needs a list named fingerprints");
        }
        r = suppress_load_baseline(c, list);
        if (r >= 0)
                r = take_key(c, json, "key");
        json_decref(json);
        return r;
}

/* Where no file brings one along, the store's; where there is no store, none. */
static void take_key_of_store(struct check *c)
{
        if (!c->key.length && linhay_key(c->run, c->key.bytes) == 0)
                c->key.length = LINHAY_KEY;
}

int policy_load(struct check *c)
{
        int r = load_policy(c);

        if (r >= 0)
                r = load_baseline(c);
        if (r >= 0)
                take_key_of_store(c);
        return r;
}

void policy_done(struct check *c)
{
        for (size_t i = 0; i < c->policy.n_paths; i++)
                pcre2_code_free(c->policy.paths[i]);
        for (size_t i = 0; i < c->policy.n_secrets; i++)
                pcre2_code_free(c->policy.secrets[i]);
        free(c->policy.paths);
        free(c->policy.secrets);
        json_decref(c->policy.json);
        c->policy = (struct policy){ 0 };
}

static bool any_matches(const struct check *c, pcre2_code *const *codes, size_t n, struct span text)
{
        for (size_t i = 0; i < n; i++)
                if (pcre2_match(codes[i], (PCRE2_SPTR) text.text, text.length, 0, 0,
                                c->matcher->match_data, c->matcher->limits) >= 0)
                        return true;
        return false;
}

bool policy_allows_path(const struct check *c, const char *path)
{
        return any_matches(c, c->policy.paths, c->policy.n_paths,
                           (struct span){ path, strlen(path) });
}

bool policy_allows_secret(const struct check *c, struct span secret)
{
        return any_matches(c, c->policy.secrets, c->policy.n_secrets, secret);
}
