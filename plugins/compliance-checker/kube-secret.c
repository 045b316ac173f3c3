/* SPDX-License-Identifier: Apache-2.0 */
#include "kube-secret.h"

#include "scan/encoded.h"
#include "scan/value.h"
#include "secrets.h"
#include "server/span.h"

#define RULE      "kubernetes-secret"
#define SHORTEST  4    /* bytes of a value; a shorter one is a switch or a port */
#define VALUE_MAX 8192 /* bytes that are judged; a longer value is told without a look into it */

/* The rule, unless the run's own pack has turned it off. */
static const struct rule *rule_of(const struct matcher *m)
{
        for (size_t i = 0; i < m->pack->n_rules; i++)
                if (!strcmp(m->pack->rules[i].id, RULE))
                        return &m->pack->rules[i];
        return NULL;
}

/* What other programs put in the place of a value that they fetch or open later. */
static bool is_sealed(struct span value)
{
        static const char *const heads[] = { "ENC[",   "ref+",   "vault:",  "vault+",
                                             "op://",  "$",      "secret:", "AgA",
                                             "gcpsm:", "awssm:", "arn:",    "projects/" };
        for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
                if (value.length > strlen(heads[i]) &&
                    !memcmp(value.text, heads[i], strlen(heads[i])))
                        return true;
        return false;
}

/* Public halves, which Secrets of TLS hold beside the key. */
static bool is_public(struct span value)
{
        static const char *const heads[] = { "-----BEGIN CERTIFICATE",
                                             "-----BEGIN PUBLIC KEY",
                                             "-----BEGIN TRUSTED CERT",
                                             "-----BEGIN RSA PUBLIC",
                                             "-----BEGIN DH PARAM",
                                             "ssh-rsa ",
                                             "ssh-ed25519 " };

        for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
                if (span_starts(value, heads[i]) &&
                    !memmem(value.text, value.length, "PRIVATE KEY", 11))
                        return true;
        return value_is_public_key(value);
}

/* A whole file of configuration may hold what would say of a word that it is none. */
static bool is_none(struct span value)
{
        enum { LONGEST = 200 };

        if (value.length < SHORTEST || is_sealed(value) || is_public(value))
                return true;
        return value.length <= LONGEST &&
               (value_is_placeholder(value) || value_is_stand_in(value) ||
                value_is_reference(value) || value_is_encoded_stand_in(value));
}

/* A value of `data` is judged by what it encodes, where that is text. */
static bool is_literal(struct span value, bool is_encoded)
{
        struct encoded run = { .start = 0, .end = value.length, .encoding = ENCODING_BASE64 };
        char room[VALUE_MAX + 1];
        size_t n;

        if (value.length > VALUE_MAX)
                return true;
        if (is_none(value))
                return false;
        if (!is_encoded)
                return true;
        while (run.end > 0 && value.text[run.end - 1] == '=')
                run.end--;
        n = encoded_decode(value.text, &run, room);
        return n == 0 || !is_none((struct span){ room, n });
}

/* Names of accounts, places and switches, which stand in Secrets beside what is secret. */
static bool is_beside(const char *key)
{
        static const char *const words[] = { "user",      "login",    "host",     "port",
                                             "url",       "uri",      "endpoint", "region",
                                             "name",      "database", "dbname",   "email",
                                             "enabled",   "issuer",   "type",     "client-id",
                                             "client_id", "clientid", "namespace" };
        struct span name = span_of(key);

        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (span_ends(name, words[i]) || span_is(name, words[i]))
                        return true;
        return false;
}

/* Was something told at this place that says more? */
static bool is_told(const struct check *c, const struct yaml_node *value)
{
        for (size_t i = 0; i < c->n_reports; i++)
                if (c->reports[i].control == CONTROL_SECRETS && c->reports[i].start < value->end &&
                    value->start < c->reports[i].end)
                        return true;
        return false;
}

/* The action of a template that stands in the text is blanked in the tree. */
static bool is_template(const struct kube *k, const struct yaml_node *value)
{
        return memmem(k->c->text + value->start, value->end - value->start, "{{", 2) != NULL;
}

static int tell(struct kube *k, const struct rule *rule, const struct yaml_node *key,
                const struct yaml_node *value)
{
        const struct match match = { .rule = rule, .end = value->length };
        struct check *c = k->c;
        size_t n = c->n_reports;
        int r = secrets_report_decoded(c, &match, value->value, value->start, value->end, NULL);

        if (r < 0 || c->n_reports == n)
                return r;
        c->reports[n].soundness = SOUNDNESS_PARSED;
        if (is_beside(kube_text(key)))
                c->reports[n].severity = LINHAY_SEVERITY_LOW;
        k->findings--;
        return 0;
}

static int look_at_map(struct kube *k, const struct rule *rule, const struct yaml_node *map,
                       bool is_encoded)
{
        size_t n = kube_count(k, map, YAML_MAPPING);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n && k->findings; i++) {
                const struct yaml_node *value = map->items[i];
                struct match match = { .rule = rule, .start = value->start, .end = value->end };
                bool allowed = false;

                if (value->kind != YAML_SCALAR || value->start >= value->end ||
                    value->end > k->c->length || is_template(k, value) ||
                    !is_literal((struct span){ value->value, value->length }, is_encoded) ||
                    is_told(k->c, value))
                        continue;
                match.name = match.start;
                match.whole_end = match.end;
                r = matcher_allows(k->c->matcher, &match, &allowed);
                if (r >= 0 && !allowed)
                        r = tell(k, rule, map->keys[i], value);
        }
        return r;
}

int kube_secret_look(struct kube *k, const struct kube_object *o)
{
        const struct rule *rule = rule_of(k->c->matcher);
        int r;

        /* What SOPS has encrypted says so beside it. */
        if (!rule || !kube_is(o, "Secret") || yaml_get(o->root, "sops"))
                return 0;
        r = look_at_map(k, rule, yaml_get(o->root, "data"), true);
        return r < 0 ? r : look_at_map(k, rule, yaml_get(o->root, "stringData"), false);
}
