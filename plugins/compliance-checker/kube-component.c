/* SPDX-License-Identifier: Apache-2.0 */
#include "kube-component.h"

#include "kube-flag.h"

#include <ctype.h>

#define FLAGS_MAX 256

static const char *const programs[COMPONENTS_] = {
        [API] = "kube-apiserver",       [MANAGER] = "kube-controller-manager",
        [SCHEDULER] = "kube-scheduler", [ETCD] = "etcd",
        [KUBELET] = "kubelet",
};

/* A flag of a command line: --NAME=VALUE, --NAME VALUE or --NAME. */
struct flag {
        const struct yaml_node *node;
        const char *name; /* behind the dashes */
        size_t length;
        const char *value; /* "" if it has none */
};

struct flags {
        struct flag list[FLAGS_MAX];
        size_t n;
};

static bool runs(const char *word, const char *program)
{
        const char *slash = strrchr(word, '/');

        return !strcmp(slash ? slash + 1 : word, program);
}

static int component_of(const struct yaml_node *command, const struct yaml_node *args)
{
        for (int i = 0; i < COMPONENTS_; i++) {
                for (size_t n = 0; n < kube_few(command, YAML_SEQUENCE); n++)
                        if (runs(kube_text(command->items[n]), programs[i]))
                                return i;
                if (kube_few(args, YAML_SEQUENCE) && runs(kube_text(args->items[0]), programs[i]))
                        return i;
        }
        return -1;
}

static void read_flags(struct flags *f, const struct yaml_node *words)
{
        for (size_t i = 0; f->n < FLAGS_MAX && i < kube_few(words, YAML_SEQUENCE); i++) {
                const char *word = kube_text(words->items[i]), *next = "", *equals;

                if (strncmp(word, "--", 2) != 0)
                        continue;
                equals = strchr(word, '=');
                if (i + 1 < words->n)
                        next = kube_text(words->items[i + 1]);
                f->list[f->n++] = (struct flag){
                        .node = words->items[i],
                        .name = word + 2,
                        .length = equals ? (size_t) (equals - word) - 2 : strlen(word + 2),
                        .value = equals         ? equals + 1
                                 : *next == '-' ? ""
                                                : next,
                };
        }
}

/* The last one holds, as for the programs themselves. */
static const struct flag *find_flag(const struct flags *f, const char *name)
{
        for (size_t i = f->n; name && i > 0; i--)
                if (f->list[i - 1].length == strlen(name) &&
                    !memcmp(f->list[i - 1].name, name, strlen(name)))
                        return &f->list[i - 1];
        return NULL;
}

/* Calls `test` for each item of a list with commas: is it true of one? */
static bool any_item(const char *list,
                     bool (*test)(const char *item, size_t length, const char *value),
                     const char *value)
{
        while (*list) {
                size_t n = strcspn(list, ", ");

                if (n && test(list, n, value))
                        return true;
                list += n + (list[n] != '\0');
        }
        return false;
}

static bool is_item(const char *item, size_t length, const char *value)
{
        return length == strlen(value) && !memcmp(item, value, length);
}

static bool has_item(const char *list, const char *value)
{
        return any_item(list, is_item, value);
}

/* Is an item of the list `value` this one? */
static bool is_wanted(const char *item, size_t length, const char *list)
{
        char name[64];

        if (length >= sizeof(name))
                return false;
        memcpy(name, item, length);
        name[length] = '\0';
        return has_item(list, name);
}

static bool is_gate_off(const char *item, size_t length, const char *gate)
{
        size_t n = strlen(gate);

        return length == n + 6 && !memcmp(item, gate, n) && !memcmp(item + n, "=false", 6);
}

static bool is_weak_cipher(const char *item, size_t length, const char *unused)
{
        static const char *const strong[] = {
                "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
                "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
                "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                "TLS_RSA_WITH_AES_256_GCM_SHA384",
                "TLS_RSA_WITH_AES_128_GCM_SHA256",
                "TLS_AES_128_GCM_SHA256",
                "TLS_AES_256_GCM_SHA384",
                "TLS_CHACHA20_POLY1305_SHA256",
        };

        (void) unused;
        for (size_t i = 0; i < ARRAY_SIZE(strong); i++)
                if (is_item(item, length, strong[i]))
                        return false;
        return true;
}

/* "1h", "5m30s", "300s": numbers of one or more digits, each with a unit, from big to small. */
static bool is_duration(const char *text)
{
        const char *units = "hms";

        if (!*text)
                return false;
        while (*text) {
                const char *digits = text, *unit;

                while (isdigit((unsigned char) *text))
                        text++;
                unit = *text ? strchr(units, *text) : NULL;
                if (text == digits || !unit)
                        return false;
                units = unit + 1;
                text++;
        }
        return true;
}

static bool is_key_file(const char *path)
{
        static const char *const ends[] = { ".pem", ".key", ".pub", ".crt", ".cert", ".cer" };
        const char *dot = strrchr(path, '.');

        for (size_t i = 0; dot && i < ARRAY_SIZE(ends); i++)
                if (!strcmp(dot, ends[i]))
                        return true;
        return false;
}

static bool is_number(const struct flag *f, long long *ret)
{
        char *end;

        *ret = f ? strtoll(f->value, &end, 10) : 0;
        return f && *f->value && !*end;
}

static bool is_bad(const struct kube_flag_rule *rule, const struct flag *f,
                   const struct flag *second)
{
        long long number;

        switch (rule->test) {
        case MUST_BE:
                return !f || strcmp(f->value, rule->value) != 0;
        case MUST_NOT_BE:
                return f && !strcmp(f->value, rule->value);
        case MUST_SET:
                return !f || (rule->second && !second);
        case EITHER:
                return !f && !second;
        case UNWANTED:
                return f;
        case LIST_WITH:
                return !f || !has_item(f->value, rule->value);
        case LIST_WITHOUT:
                return f && has_item(f->value, rule->value);
        case PLUGIN:
                return (f && !any_item(f->value, is_wanted, rule->value)) ||
                       (second && any_item(second->value, is_wanted, rule->value));
        case AT_LEAST:
                return !is_number(f, &number) || number < strtoll(rule->value, NULL, 10);
        case AT_MOST:
                return is_number(f, &number) && number > strtoll(rule->value, NULL, 10);
        case DURATION:
                return f && !is_duration(f->value);
        case KEY_FILE:
                return (f && !is_key_file(f->value)) || (second && !is_key_file(second->value));
        case GATE_OFF:
                return f && any_item(f->value, is_gate_off, rule->value);
        case CIPHERS:
                return f && any_item(f->value, is_weak_cipher, NULL);
        }
        return false;
}

int kube_component_look(struct kube *k, const struct kube_object *o, const struct kube_container *c)
{
        const struct yaml_node *command = yaml_get(c->node, "command");
        const struct yaml_node *args = yaml_get(c->node, "args");
        int component = component_of(command, args), r = 0;
        struct flags flags = { 0 };

        read_flags(&flags, command);
        read_flags(&flags, args);
        for (int i = 0; component < 0 && flags.n && i < COMPONENTS_; i++)
                if (!strcmp(o->name, programs[i]) || yaml_is(c->place, programs[i]))
                        component = i; /* the image starts it by itself */
        if (component < 0)
                return 0;
        for (size_t i = 0; r >= 0 && i < kube_flag_rules_n; i++) {
                const struct kube_flag_rule *rule = &kube_flag_rules[i];
                const struct flag *f = find_flag(&flags, rule->flag);
                const struct flag *second = find_flag(&flags, rule->second);

                if ((int) rule->component != component || !is_bad(rule, f, second))
                        continue;
                /* A patch replaces a command as a whole, so what is missing in it is missing. */
                if (f || second)
                        r = kube_tell(k, &rule->notice, (f ? f : second)->node);
                else if (!k->is_template)
                        r = kube_tell(k, &rule->notice, c->place);
        }
        return r;
}
