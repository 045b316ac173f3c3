/* SPDX-License-Identifier: Apache-2.0 */
#include "docker/word.h"

#include <ctype.h>

size_t docker_line_place(const struct docker_piece *map, size_t n, size_t at)
{
        size_t low = 0, high = n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (map[middle].at <= at)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low ? map[low - 1].place + (at - map[low - 1].at) : at;
}

/* Where what ends at `at` ends in the file: behind its last byte, not before the next piece. */
static size_t place_of_end(const struct docker_line *l, size_t at)
{
        return at ? docker_line_place(l->map, l->n_map, at - 1) + 1
                  : docker_line_place(l->map, l->n_map, 0);
}

void docker_line_blanks(struct docker_line *l)
{
        while (l->at < l->length && isspace((unsigned char) l->text[l->at]))
                l->at++;
}

/* A backslash is taken off before a sign that means something; in C:\dir it stays. */
static bool is_escaped(const struct docker_line *l, size_t at, char quote)
{
        char next = at + 1 < l->length ? l->text[at + 1] : '\0';

        if (l->text[at] != l->escape || quote == '\'' || !next)
                return false;
        return next == l->escape || next == '"' || next == '$' ||
               (!quote && (next == '\'' || next == ' ' || next == '\t'));
}

/* Where a word ends that begins at l->at; its text without quotes goes to `text`, if any. */
static size_t cut_word(const struct docker_line *l, char stop, char *text, bool *ret_quoted)
{
        size_t at = l->at, n = 0;
        char quote = '\0';

        for (; at < l->length; at++) {
                char c = l->text[at];

                if (!quote && (isspace((unsigned char) c) || (stop && c == stop)))
                        break;
                if (c == quote) {
                        quote = '\0';
                        continue;
                }
                if (!quote && (c == '"' || c == '\'')) {
                        quote = c;
                        *ret_quoted = true;
                        continue;
                }
                if (is_escaped(l, at, quote)) {
                        /* $ stays escaped: it is no variable. */
                        if (text && l->text[at + 1] == '$')
                                text[n++] = c;
                        c = l->text[++at];
                }
                if (text)
                        text[n++] = c;
        }
        if (text)
                text[n] = '\0';
        return at;
}

/* Reads up to a blank, or to `stop` outside of quotes. */
static int read_until(struct docker_line *l, char stop, struct docker_word *ret)
{
        struct docker_word word = { .start = docker_line_place(l->map, l->n_map, l->at) };
        size_t end = cut_word(l, stop, NULL, &word.is_quoted);
        char *text = block_take(l->blocks, end - l->at + 1);

        if (!text)
                return -ENOMEM;
        l->at = cut_word(l, stop, text, &word.is_quoted);
        word.text = text;
        word.end = MAX_OF(place_of_end(l, l->at), word.start);
        *ret = word;
        return 0;
}

int docker_line_word(struct docker_line *l, struct docker_word *ret_word)
{
        int r;

        docker_line_blanks(l);
        if (l->at >= l->length)
                return 0;
        r = read_until(l, '\0', ret_word);
        return r < 0 ? r : 1;
}

int docker_line_flag(struct docker_line *l, struct docker_flag *ret_flag)
{
        struct docker_word word;
        const char *sign;
        int r;

        docker_line_blanks(l);
        if (l->length - l->at < 3 || memcmp(l->text + l->at, "--", 2) != 0 ||
            !isalpha((unsigned char) l->text[l->at + 2]))
                return 0;
        r = docker_line_word(l, &word);
        if (r <= 0)
                return r;
        sign = strchr(word.text, '=');
        *ret_flag = (struct docker_flag){ .value = sign ? sign + 1 : "",
                                          .start = word.start,
                                          .end = word.end };
        ret_flag->name = block_text(l->blocks, word.text + 2,
                                    sign ? (size_t) (sign - word.text) - 2 : strlen(word.text + 2));
        return ret_flag->name ? 1 : -ENOMEM;
}

int docker_line_pair(struct docker_line *l, struct docker_pair *ret_pair)
{
        struct docker_pair pair = { 0 };
        int r;

        docker_line_blanks(l);
        if (l->at >= l->length)
                return 0;
        r = read_until(l, '=', &pair.key);
        if (r >= 0 && l->at < l->length && l->text[l->at] == '=') {
                l->at++;
                r = read_until(l, '\0', &pair.value);
        }
        *ret_pair = pair;
        return r < 0 ? r : 1;
}

int docker_line_rest(struct docker_line *l, struct docker_word *ret_word)
{
        size_t start, end = l->length;

        docker_line_blanks(l);
        start = l->at;
        while (end > start && isspace((unsigned char) l->text[end - 1]))
                end--;
        l->at = l->length;
        if (start == end)
                return 0;
        *ret_word =
                (struct docker_word){ .text = block_text(l->blocks, l->text + start, end - start),
                                      .start = docker_line_place(l->map, l->n_map, start),
                                      .end = place_of_end(l, end) };
        return ret_word->text ? 1 : -ENOMEM;
}

/* One string of a JSON list; false = it is none. */
static bool read_string(struct docker_line *l, char *text)
{
        size_t n = 0;

        if (l->at >= l->length || l->text[l->at] != '"')
                return false;
        for (l->at++; l->at < l->length && l->text[l->at] != '"'; l->at++) {
                char c = l->text[l->at];

                if (c == '\\' && l->at + 1 < l->length) {
                        static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
                        const char *known = strchr(from, l->text[++l->at]);

                        c = known ? to[known - from] : l->text[l->at];
                }
                text[n++] = c;
        }
        text[n] = '\0';
        return l->at++ < l->length;
}

static int add_word(struct docker_word **words, size_t *n, struct docker_word word)
{
        if (!ARRAY_ROOM(*words, *n))
                return -ENOMEM;
        (*words)[(*n)++] = word;
        return 0;
}

/* Behind a string: true when another one follows; *ret_ok says whether it is a list at all. */
static bool read_comma(struct docker_line *l, bool *ret_ok)
{
        char c;

        docker_line_blanks(l);
        c = l->at < l->length ? l->text[l->at++] : '\0';
        *ret_ok = c == ',' || c == ']';
        return c == ',';
}

int docker_line_json(struct docker_line *l, struct docker_word **ret_words, size_t *ret_n)
{
        _cleanup_(freep) struct docker_word *words = NULL;
        size_t n = 0, before = l->at;
        bool ok = true, more = true;
        char *text;

        docker_line_blanks(l);
        if (l->at >= l->length || l->text[l->at] != '[')
                return 0;
        text = block_take(l->blocks, l->length - l->at + 1);
        if (!text)
                return -ENOMEM;
        l->at++;
        docker_line_blanks(l);
        if (l->at < l->length && l->text[l->at] == ']') {
                more = false;
                l->at++;
        }
        while (ok && more) {
                size_t start;

                docker_line_blanks(l);
                start = l->at;
                ok = read_string(l, text);
                if (!ok)
                        break;
                if (add_word(&words, &n,
                             (struct docker_word){
                                     .text = text,
                                     .start = docker_line_place(l->map, l->n_map, start),
                                     .end = place_of_end(l, l->at),
                                     .is_quoted = true }) < 0)
                        return -ENOMEM;
                text += strlen(text) + 1;
                more = read_comma(l, &ok);
        }
        docker_line_blanks(l);
        if (!ok || l->at < l->length) {
                l->at = before;
                return 0;
        }
        *ret_words = TAKE(words);
        *ret_n = n;
        return 1;
}
