/* SPDX-License-Identifier: Apache-2.0 */

/* Checks of LABEL: keys, and values of the kind that a schema or the label's name asks for. */
#include "docker-check.h"

#include "license/spdx.h"

#include <ctype.h>

static bool is_reserved(const char *key)
{
        static const char *const spaces[] = { "com.docker.", "io.docker.", "org.dockerproject." };

        for (size_t i = 0; i < ARRAY_SIZE(spaces); i++)
                if (strncmp(key, spaces[i], strlen(spaces[i])) == 0)
                        return true;
        return false;
}

/* Begins with a letter, ends with a letter or digit, and has no two signs in a row. */
static bool is_valid_key(const char *key)
{
        size_t n = strlen(key);

        if (n == 0 || !islower((unsigned char) *key) ||
            !(islower((unsigned char) key[n - 1]) || isdigit((unsigned char) key[n - 1])))
                return false;
        for (size_t i = 0; i < n; i++) {
                bool is_sign = key[i] == '.' || key[i] == '-';

                if (!is_sign && !islower((unsigned char) key[i]) &&
                    !isdigit((unsigned char) key[i]))
                        return false;
                if (is_sign && key[i + 1] == key[i])
                        return false;
        }
        return true;
}

/* --- kinds of values
 * ------------------------------------------------------------------------------ */

static bool is_url(const char *value)
{
        const char *at = strstr(value, "://");

        if (!at || at == value || !isalpha((unsigned char) *value))
                return false;
        for (const char *s = value; s < at; s++)
                if (!isalnum((unsigned char) *s) && !strchr("+.-", *s))
                        return false;
        return at[3] && !strpbrk(at, " \t");
}

/* "d" stands for a digit; everything else for itself. */
static bool has_shape(const char **value, const char *shape)
{
        const char *at = *value;

        for (; *shape; shape++, at++)
                if (*shape == 'd' ? !isdigit((unsigned char) *at)
                                  : toupper((unsigned char) *at) != *shape)
                        return false;
        *value = at;
        return true;
}

static bool is_time(const char *value)
{
        if (!has_shape(&value, "dddd-dd-ddTdd:dd:dd") && !has_shape(&value, "dddd-dd-dd dd:dd:dd"))
                return false;
        if (*value == '.') {
                size_t n = strspn(value + 1, "0123456789");

                if (n == 0)
                        return false;
                value += n + 1;
        }
        if ((*value == 'Z' || *value == 'z') && !value[1])
                return true;
        return (*value == '+' || *value == '-') && (value++, has_shape(&value, "dd:dd")) && !*value;
}

static bool is_listed(const struct spdx_node *node)
{
        return spdx_is_known(node->id, false) ||
               (node->id.length > 11 && memcmp(node->id.text, "LicenseRef-", 11) == 0);
}

/* An expression whose licences are all on the list. */
static bool is_license(const char *value)
{
        struct spdx *s = malloc(sizeof(*s));
        bool is_known = s && spdx_parse(s, value, strlen(value)) >= 0;

        for (int i = 0; is_known && i < s->n_nodes; i++)
                is_known = s->nodes[i].kind != SPDX_LICENSE || is_listed(&s->nodes[i]);
        free(s);
        return is_known;
}

static bool is_hash(const char *value)
{
        size_t n = strlen(value);

        return strspn(value, "0123456789abcdef") == n && n >= 7 && (n <= 40 || n == 64);
}

static bool is_version(const char *value)
{
        for (unsigned i = 0; i < 3; i++) {
                size_t n = strspn(value, "0123456789");

                if (n == 0 || (n > 1 && *value == '0') || (i < 2 && value[n] != '.'))
                        return false;
                value += n + (i < 2);
        }
        if (*value == '-')
                value += 1 + strspn(value + 1, "0123456789abcdefghijklmnopqrstuvwxyz"
                                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ-.");
        if (*value == '+')
                value += 1 + strspn(value + 1, "0123456789abcdefghijklmnopqrstuvwxyz"
                                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ-.");
        return !*value;
}

static bool is_mail(const char *value)
{
        const char *angle = strchr(value, '<'), *at;

        value = angle ? angle + 1 : value;
        at = strchr(value, '@');
        return at && at > value && at[1] && strchr(at, '.') &&
               !memchr(value, ' ', (size_t) (at - value));
}

static bool is_any(const char *value)
{
        (void) value;
        return true;
}

/* The kinds that a schema names, and what a label is called that has one without a schema. */
static const struct kind {
        const char *name;
        bool (*is_valid)(const char *value);
        enum dockerfile_rule rule;
        const char *words[6];
} kinds[] = {
        { "text", is_any, DOCKERFILE_LABEL_EMPTY, { NULL } },
        { "url", is_url, DOCKERFILE_LABEL_URL, { "url", "homepage" } },
        { "rfc3339", is_time, DOCKERFILE_LABEL_TIME, { "created", "date", "timestamp" } },
        { "spdx",
          is_license,
          DOCKERFILE_LABEL_LICENSE,
          { "license", "licenses", "licence", "spdx" } },
        { "hash",
          is_hash,
          DOCKERFILE_LABEL_HASH,
          { "revision", "vcs-ref", "githash", "commit", "gitsha" } },
        { "semver", is_version, DOCKERFILE_LABEL_VERSION, { "semver" } },
        { "email", is_mail, DOCKERFILE_LABEL_MAIL, { "maintainer", "email", "mail" } },
};

/* "url", "urlbase", "docs-url" and "docs_url" are names of a URL; "curl" is none. */
static bool has_word(const char *name, const char *word)
{
        size_t n = strlen(name), m = strlen(word);

        return strncmp(name, word, m) == 0 ||
               (n > m && strcmp(name + n - m, word) == 0 && strchr("-_", name[n - m - 1]));
}

/* Of "org.opencontainers.image.url" the last part counts. */
static const struct kind *kind_by_name(const char *key)
{
        const char *dot = strrchr(key, '.'), *last = dot ? dot + 1 : key;

        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                for (const char *const *word = kinds[i].words; *word; word++)
                        if (has_word(last, *word))
                                return &kinds[i];
        return NULL;
}

static const struct kind *kind_by_schema(const struct docker_check *d, const char *key)
{
        const char *name = yaml_get_text(d->config->labels, key);

        for (size_t i = 0; name && i < ARRAY_SIZE(kinds); i++)
                if (strcmp(name, kinds[i].name) == 0)
                        return &kinds[i];
        return NULL;
}

static int check_value(struct docker_check *d, const struct docker_instruction *i,
                       const struct docker_pair *pair)
{
        const char *value = pair->value.text ? pair->value.text : "";
        const struct kind *kind = kind_by_schema(d, pair->key.text);

        if (!*value)
                return kind || !d->config->labels ? docker_tell(d, DOCKERFILE_LABEL_EMPTY, i,
                                                                pair->key.start, pair->key.end)
                                                  : 0;
        if (!kind && !d->config->labels)
                kind = kind_by_name(pair->key.text);
        if (!kind || strchr(value, '$') || kind->is_valid(value))
                return 0;
        return docker_tell(d, kind->rule, i, pair->key.start, pair->value.end);
}

static int check_pair(struct docker_check *d, const struct docker_instruction *i,
                      const struct docker_pair *pair)
{
        int r = 0;

        if (strchr(pair->key.text, '$') && strstr(pair->key.text, "${"))
                return 0;
        if (is_reserved(pair->key.text) || !is_valid_key(pair->key.text))
                r = docker_tell(d, DOCKERFILE_LABEL_KEY, i, pair->key.start, pair->key.end);
        if (r >= 0 && d->config->is_strict && d->config->labels &&
            !yaml_get(d->config->labels, pair->key.text))
                r = docker_tell(d, DOCKERFILE_LABEL_SUPERFLUOUS, i, pair->key.start, pair->key.end);
        return r < 0 ? r : check_value(d, i, pair);
}

/* Has a stage, or one that it is made of, this label (NULL = any)? */
static bool has_label(const struct docker_file *f, size_t stage, const char *key)
{
        for (; stage != DOCKER_NO_STAGE; stage = f->stages[stage].base)
                for (size_t i = f->stages[stage].first; i < f->stages[stage].last; i++)
                        for (size_t k = 0; k < f->instructions[i].n_pairs; k++)
                                if (f->instructions[i].kind == DOCKER_LABEL &&
                                    (!key ||
                                     strcmp(f->instructions[i].pairs[k].key.text, key) == 0))
                                        return true;
        return false;
}

/* The image must have the labels of the schema, or any at all. */
static int check_missing(struct docker_check *d)
{
        const struct docker_file *f = d->file;
        size_t last = f->n_stages - 1, n = yaml_count(d->config->labels, YAML_MAPPING);
        int r = 0;

        if (f->n_stages == 0)
                return 0;
        for (size_t i = 0; r >= 0 && i < MIN_OF(n, (size_t) 64); i++) {
                const char *key = yaml_text(d->config->labels->keys[i]);

                if (key && !has_label(f, last, key))
                        r = docker_tell_all(d, DOCKERFILE_LABEL_MISSING,
                                            &f->instructions[f->stages[last].from]);
        }
        if (n == 0 && !has_label(f, last, NULL))
                r = docker_tell_all(d, DOCKERFILE_LABEL_MISSING,
                                    &f->instructions[f->stages[last].from]);
        return r;
}

int docker_check_labels(struct docker_check *d)
{
        int r = 0;

        for (size_t k = 0; r >= 0 && k < d->file->n_instructions; k++) {
                const struct docker_instruction *i = &d->file->instructions[k];

                for (size_t n = 0; r >= 0 && i->kind == DOCKER_LABEL && n < i->n_pairs; n++)
                        r = check_pair(d, i, &i->pairs[n]);
        }
        return r < 0 ? r : check_missing(d);
}
