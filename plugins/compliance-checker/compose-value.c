/* SPDX-License-Identifier: Apache-2.0 */
#include "compose-value.h"

#include "def.h"

#include <ctype.h>
#include <string.h>

enum { NAME_MAX_ = 128, DEPTH_MAX = 8, VARIABLES_MAX = 5000 };

/* --- what is known -------------------------------------------------------------------------------
 */

static size_t name_length(const char *at, const char *end)
{
        size_t n = 0;

        while (at + n < end && (at[n] == '_' || isalpha((unsigned char) at[n]) ||
                                (n > 0 && isdigit((unsigned char) at[n]))))
                n++;
        return n < NAME_MAX_ ? n : 0;
}

/* The value behind the sign: in quotes, or up to a comment. */
static json_t *read_value(const char *at, const char *end)
{
        const char *stop = NULL;

        while (at < end && (*at == ' ' || *at == '\t'))
                at++;
        if (at < end && (*at == '"' || *at == '\''))
                stop = memchr(at + 1, *at, (size_t) (end - at - 1));
        if (stop)
                return json_stringn(at + 1, (size_t) (stop - at - 1));
        for (stop = at;
             stop < end && !(*stop == '#' && (stop == at || isspace((unsigned char) stop[-1])));
             stop++)
                ;
        while (stop > at && isspace((unsigned char) stop[-1]))
                stop--;
        return json_stringn(at, (size_t) (stop - at));
}

json_t *compose_variables(const char *text, size_t length)
{
        const char *end = text + length, *next;
        json_t *variables = json_object();

        for (const char *at = text; at < end; at = next) {
                const char *newline = memchr(at, '\n', (size_t) (end - at));
                const char *stop = newline ? newline : end;
                char name[NAME_MAX_];
                size_t n;

                next = newline ? newline + 1 : end;
                while (at < stop && isspace((unsigned char) *at))
                        at++;
                if (stop - at > 7 && memcmp(at, "export ", 7) == 0)
                        at += 7;
                n = name_length(at, stop);
                if (n == 0 || at + n >= stop || at[n] != '=' ||
                    json_object_size(variables) == VARIABLES_MAX)
                        continue;
                memcpy(name, at, n);
                name[n] = '\0';
                (void) json_object_set_new(variables, name, read_value(at + n + 1, stop));
        }
        return variables;
}

/* --- putting in ----------------------------------------------------------------------------------
 */

struct expansion {
        const json_t *variables;
        char out[COMPOSE_VALUE_MAX];
        size_t n;
        bool is_changed, is_full;
};

/* "${NAME:-word}" taken apart. */
struct reference {
        char name[NAME_MAX_];
        char sign;        /* - ? +, or 0 */
        bool wants_text;  /* with a colon: an empty value counts as none */
        const char *word; /* behind the sign */
        const char *word_end;
        const char *end; /* behind all of it */
};

static void put(struct expansion *e, const char *text, size_t n)
{
        if (n > COMPOSE_VALUE_MAX - e->n) {
                e->is_full = true;
                return;
        }
        memcpy(e->out + e->n, text, n);
        e->n += n;
}

/* The brace that closes, with those of references inside skipped; NULL = there is none. */
static const char *closing(const char *at, const char *end)
{
        for (unsigned depth = 1; at < end; at++) {
                if (*at == '$' && at + 1 < end && at[1] == '{')
                        depth++;
                if (*at == '}' && --depth == 0)
                        return at;
        }
        return NULL;
}

static bool read_reference(const char *at, const char *end, struct reference *ret)
{
        bool is_braced = at + 1 < end && at[1] == '{';
        const char *name = at + 1 + is_braced, *close;
        size_t n = name_length(name, end);

        *ret = (struct reference){ .end = name + n };
        if (n == 0)
                return false;
        memcpy(ret->name, name, n);
        if (!is_braced)
                return true;
        close = closing(name, end);
        if (!close)
                return false;
        ret->end = close + 1;
        at = name + n;
        if (at == close)
                return true;
        ret->wants_text = *at == ':';
        at += ret->wants_text;
        if (at == close || !strchr("-?+", *at))
                return false;
        ret->sign = *at;
        ret->word = at + 1;
        ret->word_end = close;
        return true;
}

static void expand(struct expansion *e, const char *at, const char *end, unsigned depth);

/* False where nothing is known. */
static bool put_reference(struct expansion *e, const struct reference *ref, unsigned depth)
{
        const char *value = json_string_value(json_object_get(e->variables, ref->name));

        if (value && ref->wants_text && !*value)
                value = NULL;
        if (ref->sign == '+' ? !value : !value && ref->sign != '-')
                return false;
        if (ref->sign == '+' || !value)
                expand(e, ref->word, ref->word_end, depth + 1);
        else
                put(e, value, strlen(value));
        e->is_changed = true;
        return true;
}

static void expand(struct expansion *e, const char *at, const char *end, unsigned depth)
{
        while (at < end && !e->is_full) {
                const char *dollar = memchr(at, '$', (size_t) (end - at));
                struct reference ref;

                put(e, at, (size_t) ((dollar ? dollar : end) - at));
                if (!dollar)
                        return;
                if (dollar + 1 < end && dollar[1] == '$') {
                        put(e, dollar, 2);
                        at = dollar + 2;
                } else if (depth < DEPTH_MAX && read_reference(dollar, end, &ref)) {
                        if (!put_reference(e, &ref, depth))
                                put(e, dollar, (size_t) (ref.end - dollar));
                        at = ref.end;
                } else {
                        put(e, dollar, 1);
                        at = dollar + 1;
                }
        }
}

int compose_expand(const json_t *variables, const char *text, char **ret)
{
        struct expansion e;
        size_t n = strlen(text);

        if (n > COMPOSE_VALUE_MAX || !memchr(text, '$', n))
                return 0;
        e.variables = variables;
        e.n = 0;
        e.is_changed = e.is_full = false;
        expand(&e, text, text + n, 0);
        if (!e.is_changed || e.is_full)
                return 0;
        *ret = strndup(e.out, e.n);
        return *ret ? 1 : -ENOMEM;
}
