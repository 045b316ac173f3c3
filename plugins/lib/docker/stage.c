/* SPDX-License-Identifier: Apache-2.0 */

/* What dockerfile.h says about a finished tree: flags, stages, variables. */
#include "block.h"
#include "docker/dockerfile.h"

#include <ctype.h>

enum { EXPAND_DEPTH = 8, EXPAND_STEPS = 256 };

const char *docker_flag(const struct docker_instruction *i, const char *name)
{
        for (size_t k = 0; k < i->n_flags; k++)
                if (strcasecmp(i->flags[k].name, name) == 0)
                        return i->flags[k].value;
        return NULL;
}

size_t dockerfile_stage(const struct docker_file *f, const char *name, size_t before)
{
        char *end;
        unsigned long number;
        size_t n = 0;

        while (n < f->n_stages && f->stages[n].from < before)
                n++;
        for (size_t i = n; i-- > 0;)
                if (*name && strcasecmp(f->stages[i].name, name) == 0)
                        return i;
        number = strtoul(name, &end, 10);
        return isdigit((unsigned char) *name) && !*end && number < n ? number : DOCKER_NO_STAGE;
}

bool dockerfile_is_in_last(const struct docker_file *f, size_t stage)
{
        size_t at = f->n_stages ? f->n_stages - 1 : DOCKER_NO_STAGE;

        /* A stage begins with an earlier one, so this ends. */
        while (at != DOCKER_NO_STAGE && at != stage)
                at = f->stages[at].base;
        return at == stage;
}

struct expansion {
        const struct docker_file *file;
        char *to;
        size_t n, size;
        unsigned steps; /* look-ups that may still be done */
        bool is_known;
};

static void expand(struct expansion *e, size_t at, const char *text, size_t length, unsigned depth);

/* The pair that gives a variable its value before instruction `at`, and where it stands. */
static const struct docker_pair *find_pair(const struct docker_file *f, size_t *at,
                                           const char *name, size_t length)
{
        size_t stage = *at < f->n_instructions ? f->instructions[*at].stage : DOCKER_NO_STAGE;
        size_t i = *at;

        for (;;) {
                size_t first = stage == DOCKER_NO_STAGE ? 0 : f->stages[stage].first;

                while (i-- > first)
                        for (size_t k = f->instructions[i].n_pairs; k-- > 0;) {
                                const struct docker_pair *pair = &f->instructions[i].pairs[k];

                                if (f->instructions[i].kind == DOCKER_LABEL ||
                                    strlen(pair->key.text) != length ||
                                    memcmp(pair->key.text, name, length) != 0)
                                        continue;
                                *at = i;
                                return pair;
                        }
                if (stage == DOCKER_NO_STAGE || f->stages[stage].base == DOCKER_NO_STAGE)
                        return NULL;
                stage = f->stages[stage].base;
                i = f->stages[stage].last;
        }
}

static void put(struct expansion *e, const char *text, size_t length)
{
        length = MIN_OF(length, e->size - 1 - e->n);
        memcpy(e->to + e->n, text, length);
        e->n += length;
}

/* An ARG that names a global one has that one's value. */
static const struct docker_pair *global_pair(const struct docker_file *f, size_t *at,
                                             const char *name, size_t length)
{
        *at = f->n_stages ? f->stages[0].from : f->n_instructions;
        for (size_t i = *at; i-- > 0;)
                for (size_t k = 0; k < f->instructions[i].n_pairs; k++) {
                        const struct docker_pair *pair = &f->instructions[i].pairs[k];

                        if (strlen(pair->key.text) == length &&
                            memcmp(pair->key.text, name, length) == 0) {
                                *at = i;
                                return pair;
                        }
                }
        return NULL;
}

/* True when the variable is known; its value is written. */
static bool put_variable(struct expansion *e, size_t at, const char *name, size_t length,
                         unsigned depth)
{
        const struct docker_pair *pair;

        if (e->steps == 0 || depth == EXPAND_DEPTH)
                return false;
        e->steps--;
        /* FROM sees only what stands before the first one. */
        if (at < e->file->n_instructions && e->file->instructions[at].kind == DOCKER_FROM)
                pair = global_pair(e->file, &at, name, length);
        else
                pair = find_pair(e->file, &at, name, length);
        if (pair && !pair->value.text)
                pair = global_pair(e->file, &at, name, length);
        if (!pair || !pair->value.text)
                return false;
        expand(e, at, pair->value.text, strlen(pair->value.text), depth + 1);
        return true;
}

/* ${…}: `text` is what stands between the braces. */
static void expand_braces(struct expansion *e, size_t at, const char *text, size_t length,
                          unsigned depth)
{
        size_t n = 0, word, before = e->n;
        bool is_set;
        char how;

        while (n < length && (isalnum((unsigned char) text[n]) || text[n] == '_'))
                n++;
        if (n == length) {
                if (!put_variable(e, at, text, n, depth))
                        e->is_known = false;
                return;
        }
        word = n + (text[n] == ':');
        how = word < length ? text[word] : '\0';
        is_set = put_variable(e, at, text, n, depth) && (text[n] != ':' || e->n > before);
        if (how == '-' && !is_set) {
                e->n = before;
                expand(e, at, text + word + 1, length - word - 1, depth + 1);
        } else if (how == '+') {
                e->n = before;
                if (is_set)
                        expand(e, at, text + word + 1, length - word - 1, depth + 1);
        } else if (how != '-') {
                e->is_known = false;
        }
}

static size_t brace_end(const char *text, size_t at, size_t length)
{
        unsigned depth = 0;

        for (; at < length; at++) {
                depth += text[at] == '{';
                depth -= text[at] == '}';
                if (depth == 0)
                        return at;
        }
        return length;
}

static void expand(struct expansion *e, size_t at, const char *text, size_t length, unsigned depth)
{
        for (size_t i = 0; i < length && depth <= EXPAND_DEPTH;) {
                size_t n = 0;

                if (text[i] == '\\' && i + 1 < length && text[i + 1] == '$') {
                        put(e, text + i + 1, 1);
                        i += 2;
                } else if (text[i] == '$' && i + 1 < length && text[i + 1] == '{') {
                        size_t end = brace_end(text, i + 1, length);

                        if (e->steps > 0)
                                expand_braces(e, at, text + i + 2, end - MIN_OF(end, i + 2), depth);
                        else
                                e->is_known = false;
                        i = end + 1;
                } else if (text[i] == '$') {
                        while (i + 1 + n < length &&
                               (isalnum((unsigned char) text[i + 1 + n]) || text[i + 1 + n] == '_'))
                                n++;
                        if (n == 0)
                                put(e, text + i, 1);
                        else if (!put_variable(e, at, text + i + 1, n, depth))
                                e->is_known = false;
                        i += n + 1;
                } else {
                        put(e, text + i, 1);
                        i++;
                }
        }
        if (depth > EXPAND_DEPTH)
                e->is_known = false;
}

bool dockerfile_expand(const struct docker_file *file, size_t at, const char *text, char *ret,
                       size_t size)
{
        struct expansion e = {
                .file = file, .to = ret, .size = size, .steps = EXPAND_STEPS, .is_known = true
        };

        expand(&e, at, text, strlen(text), 0);
        ret[e.n] = '\0';
        return e.is_known;
}
