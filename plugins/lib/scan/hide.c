/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/hide.h"

#include "scan/assign.h"
#include "scan/entropy.h"
#include "scan/value.h"

#include <ctype.h>

#define VALUE_LEAST 4  /* bytes of an assigned value */
#define TOKEN_LEAST 20 /* bytes of a text that stands for itself */
#define TOKEN_BITS  3.3

/* Words in the names of things that nobody should read. Lower case. */
static const char *const names[] = {
        "passw",   "passwd",  "passphrase", "pwd",     "secret", "token", "apikey",
        "api_key", "api-key", "credential", "private", "_key",   "auth",
};

struct places {
        struct mask_secret *list;
        size_t n;
};

static void add(struct places *p, size_t start, size_t end)
{
        if (p->n < HIDE_MAX)
                p->list[p->n++] = (struct mask_secret){ .start = start, .end = end };
}

static bool has_blank(struct span v)
{
        for (size_t i = 0; i < v.length; i++)
                if (isspace((unsigned char) v.text[i]))
                        return true;
        return false;
}

static bool begins_with_name(const char *text, size_t left, size_t *ret_length)
{
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                *ret_length = strlen(names[i]);
                if (*ret_length <= left && !strncasecmp(text, names[i], *ret_length))
                        return true;
        }
        return false;
}

/* password = "…" */
static void find_assigned(const char *text, size_t start, size_t end, struct places *p)
{
        size_t n;

        for (size_t i = start; i < end; i++) {
                struct assign a;

                if (!begins_with_name(text + i, end - i, &n) ||
                    !assign_read(text, end, i, i + n, &a))
                        continue;
                if (a.quoted && a.value.length >= VALUE_LEAST && !has_blank(a.value) &&
                    !value_is_reference(a.value))
                        add(p, (size_t) (a.value.text - text),
                            (size_t) (a.value.text - text) + a.value.length);
        }
}

static bool is_token_byte(char c)
{
        return isalnum((unsigned char) c) || (c && strchr("+/_=-", c));
}

static bool is_random(struct span v)
{
        bool has_digit = false;

        for (size_t i = 0; i < v.length; i++)
                has_digit = has_digit || isdigit((unsigned char) v.text[i]);
        return has_digit && !value_is_words(v) && entropy_bits(v.text, v.length) >= TOKEN_BITS;
}

static void find_tokens(const char *text, size_t start, size_t end, struct places *p)
{
        for (size_t i = start; i < end;) {
                size_t from = i;

                while (i < end && is_token_byte(text[i]))
                        i++;
                if (i - from >= TOKEN_LEAST && is_random((struct span){ text + from, i - from }))
                        add(p, from, i);
                i += i == from;
        }
}

/* scheme://user:password@ */
static void find_logins(const char *text, size_t start, size_t end, struct places *p)
{
        const char *at = text + start, *stop = text + end;

        while ((at = memmem(at, (size_t) (stop - at), "://", 3))) {
                const char *colon = NULL;

                for (at += 3; at < stop && *at && !strchr("/?#\"'` \t\r\n<>", *at) && *at != '@';
                     at++)
                        if (*at == ':' && !colon)
                                colon = at;
                if (colon && at < stop && *at == '@' && at > colon + 1)
                        add(p, (size_t) (colon + 1 - text), (size_t) (at - text));
        }
}

static int compare(const void *a, const void *b)
{
        const struct mask_secret *x = a, *y = b;

        return (x->start > y->start) - (x->start < y->start);
}

size_t hide_find(const char *text, size_t start, size_t end, struct mask_secret ret[HIDE_MAX])
{
        struct places p = { .list = ret };

        find_logins(text, start, end, &p);
        find_assigned(text, start, end, &p);
        find_tokens(text, start, end, &p);
        qsort(ret, p.n, sizeof(*ret), compare);
        return p.n;
}
