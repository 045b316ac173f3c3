/* SPDX-License-Identifier: Apache-2.0 */
#include "license-text.h"

#include <ctype.h>

int license_index_load(struct license_index *x, struct span text)
{
        *x = (struct license_index){ .json = json_loadb(text.text, text.length, 0, NULL) };
        return json_is_array(json_object_get(x->json, "licenses")) ? 0 : -EBADMSG;
}

void license_index_done(struct license_index *x)
{
        json_decref(x->json);
        free(x->words);
        *x = (struct license_index){ 0 };
}

/*
 * Letters and digits in lower case, all else as one blank, with a blank at both ends. Marks at the
 * head of comment lines vanish by the same rule. A "+" stays: "GPL-2+" is not "GPL-2".
 */
static int normalise(struct license_index *x, struct span text)
{
        size_t n = 0;

        if (array_grow(&x->words, &x->words_size, text.length + 3, 1) < 0)
                return -ENOMEM;
        x->words[n++] = ' ';
        for (size_t i = 0; i < text.length; i++) {
                unsigned char c = (unsigned char) text.text[i];

                if (isalnum(c) || c == '+')
                        x->words[n++] = (char) tolower(c);
                else if (c < 0x80 && x->words[n - 1] != ' ')
                        x->words[n++] = ' ';
        }
        if (x->words[n - 1] != ' ')
                x->words[n++] = ' ';
        x->words[n] = '\0';
        return 0;
}

/* Whole words only: there is a blank at both ends of the text. */
static bool has_phrase(const char *words, const char *phrase)
{
        size_t n = strlen(phrase);

        for (const char *at = words; (at = strstr(at, phrase)); at++)
                if (at > words && at[-1] == ' ' && at[n] == ' ')
                        return true;
        return false;
}

static bool any_in(const char *words, const json_t *phrases)
{
        const json_t *phrase;
        size_t i;

        json_array_foreach (phrases, i, phrase)
                if (has_phrase(words, json_string_value(phrase)))
                        return true;
        return false;
}

static bool all_in(const char *words, const json_t *phrases)
{
        const json_t *phrase;
        size_t i;

        json_array_foreach (phrases, i, phrase)
                if (!has_phrase(words, json_string_value(phrase)))
                        return false;
        return json_array_size(phrases) > 0;
}

static bool is_listed(const char *const *list, int n, const char *id)
{
        for (int i = 0; i < n; i++)
                if (!strcmp(list[i], id))
                        return true;
        return false;
}

int license_find(struct license_index *x, struct span text, bool notice,
                 const char *ret[LICENSE_IDS])
{
        const json_t *one;
        size_t i;
        int n = 0;

        if (normalise(x, text) < 0)
                return -ENOMEM;
        json_array_foreach (json_object_get(x->json, "licenses"), i, one) {
                const char *id = json_string_value(json_object_get(one, "id"));
                const char *kind = json_string_value(json_object_get(one, "kind"));

                if (notice && strcmp(kind, "notice") != 0)
                        continue;
                if (n < LICENSE_IDS && all_in(x->words, json_object_get(one, "all")) &&
                    !any_in(x->words, json_object_get(one, "none")) && !is_listed(ret, n, id))
                        ret[n++] = id;
        }
        return n;
}

const char *license_named(struct license_index *x, struct span name)
{
        const char *id;
        json_t *names;

        if (name.length > 256 || normalise(x, name) < 0)
                return NULL;
        x->words[strlen(x->words) - 1] = '\0';
        json_object_foreach (json_object_get(x->json, "names"), id, names) {
                const json_t *one;
                size_t i;

                json_array_foreach (names, i, one) {
                        char plain[128] = " ";
                        size_t n = 1;

                        for (const char *s = json_string_value(one); *s && n < sizeof(plain) - 1;
                             s++)
                                plain[n++] =
                                        (char) (isalnum((unsigned char) *s) || *s == '+' ? *s
                                                                                         : ' ');
                        plain[n] = '\0';
                        if (!strcmp(plain, x->words))
                                return id;
                }
        }
        return NULL;
}
