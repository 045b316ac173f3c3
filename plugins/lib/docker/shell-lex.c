/* SPDX-License-Identifier: Apache-2.0 */
#include "docker/shell-lex.h"

#include <ctype.h>

enum { HERE_MAX = 16, NEST_MAX = 32 };

static int word_add(struct shell_lexer *l, const char *text, size_t length)
{
        if (l->n_word + length + 1 > l->word_size) {
                size_t size = MAX_OF(2 * l->word_size, l->n_word + length + 64);
                char *grown = realloc(l->word, size);

                if (!grown)
                        return -ENOMEM;
                l->word = grown;
                l->word_size = size;
        }
        memcpy(l->word + l->n_word, text, length);
        l->n_word += length;
        return 0;
}

static void fault(struct shell_lexer *l, const char *why, size_t at)
{
        if (l->fault)
                return;
        l->fault = why;
        l->fault_at = at;
}

static char peek(const struct shell_lexer *l, size_t ahead)
{
        return l->at + ahead < l->length ? l->text[l->at + ahead] : '\0';
}

static bool is_name(char c)
{
        return isalnum((unsigned char) c) || c == '_';
}

/* The end of a text in single quotes that begins at `at`, which is the quote. */
static size_t skip_single(const struct shell_lexer *l, size_t at)
{
        const char *end =
                at + 1 < l->length ? memchr(l->text + at + 1, '\'', l->length - at - 1) : NULL;

        return end ? (size_t) (end - l->text) + 1 : l->length;
}

/*
 * The end of a bracket that begins at `at`, quotes and brackets within it skipped. One pass over
 * the text whatever is nested in what: a stack of what closes each.
 */
static size_t skip_nested(const struct shell_lexer *l, size_t at, char close)
{
        char stack[NEST_MAX];
        size_t n = 0;

        stack[n++] = close;
        for (at++; at < l->length && n > 0; at++) {
                char c = l->text[at], top = stack[n - 1];

                if (c == '\\') {
                        at++;
                        continue;
                }
                if (c == top) {
                        n--;
                        continue;
                }
                if (c == '\'' && top != '"') {
                        at = skip_single(l, at) - 1;
                        continue;
                }
                if (n == NEST_MAX)
                        continue;
                if ((c == '"' || c == '`') && top != '`')
                        stack[n++] = c;
                else if (c == '(' && (top == ')' || (at > 0 && l->text[at - 1] == '$')))
                        stack[n++] = ')';
                else if (c == '{' && at > 0 && l->text[at - 1] == '$')
                        stack[n++] = '}';
                else if (c == '#' && top == ')' && isspace((unsigned char) l->text[at - 1]))
                        while (at + 1 < l->length && l->text[at + 1] != '\n')
                                at++;
        }
        return MIN_OF(at, l->length);
}

static int note_inner(struct shell_lexer *l, size_t start, size_t end)
{
        if (l->n_inner == l->inner_size) {
                size_t size = l->inner_size ? 2 * l->inner_size : 8;
                struct shell_inner *grown = reallocarray(l->inner, size, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                l->inner = grown;
                l->inner_size = size;
        }
        l->inner[l->n_inner++] = (struct shell_inner){ start, end };
        return 0;
}

/* $X, ${…}, $(…), $((…)): kept as it is. */
static int lex_dollar(struct shell_lexer *l, struct shell_word *word)
{
        size_t start = l->at;
        char next = peek(l, 1);
        int r = 0;

        if (next == '(') {
                bool is_arithmetic = peek(l, 2) == '(';

                l->at = skip_nested(l, l->at + 1, ')');
                if (!is_arithmetic)
                        r = note_inner(l, start + 2, MAX_OF(l->at - 1, start + 2));
        } else if (next == '{') {
                l->at = skip_nested(l, l->at + 1, '}');
        } else if (is_name(next)) {
                for (l->at += 2; l->at < l->length && is_name(l->text[l->at]); l->at++)
                        ;
        } else if (next && strchr("@*#?$!-", next)) {
                l->at += 2;
        } else {
                l->at++;
                return word_add(l, "$", 1);
        }
        word->has_expansion = true;
        return r < 0 ? r : word_add(l, l->text + start, l->at - start);
}

static int lex_backquote(struct shell_lexer *l, struct shell_word *word)
{
        size_t start = l->at;
        int r;

        l->at = skip_nested(l, l->at, '`');
        word->has_expansion = true;
        r = note_inner(l, start + 1, MAX_OF(l->at - 1, start + 1));
        return r < 0 ? r : word_add(l, l->text + start, l->at - start);
}

static int lex_single(struct shell_lexer *l, struct shell_word *word)
{
        size_t start = l->at + 1, end = skip_single(l, l->at);
        bool is_closed = end > start && l->text[end - 1] == '\'';

        if (!is_closed)
                fault(l, "a single quote is not closed", l->at);
        word->is_quoted = true;
        l->at = end;
        return word_add(l, l->text + start, end - start - is_closed);
}

static int lex_double(struct shell_lexer *l, struct shell_word *word)
{
        size_t start = l->at++;
        int r = 0;

        word->is_quoted = true;
        while (r >= 0 && l->at < l->length && l->text[l->at] != '"') {
                char c = l->text[l->at];

                if (c == '$') {
                        r = lex_dollar(l, word);
                } else if (c == '`') {
                        r = lex_backquote(l, word);
                } else if (c == '\\' && peek(l, 1) && strchr("$`\"\\\n", peek(l, 1))) {
                        if (peek(l, 1) != '\n')
                                r = word_add(l, l->text + l->at + 1, 1);
                        l->at += 2;
                } else {
                        r = word_add(l, &c, 1);
                        l->at++;
                }
        }
        if (l->at >= l->length)
                fault(l, "a double quote is not closed", start);
        else
                l->at++;
        return r;
}

static int lex_escape(struct shell_lexer *l)
{
        char next = peek(l, 1);
        int r = 0;

        if (l->at + 1 >= l->length)
                r = word_add(l, "\\", 1);
        else if (next != '\n')
                r = word_add(l, &next, 1);
        l->at += 2;
        l->at = MIN_OF(l->at, l->length);
        return r;
}

static bool ends_word(char c)
{
        return c == '\0' || strchr(" \t\r\n;&|<>()", c) != NULL;
}

/* `<(…)` and `>(…)` are words. */
static bool is_process(const struct shell_lexer *l)
{
        return (peek(l, 0) == '<' || peek(l, 0) == '>') && peek(l, 1) == '(';
}

static int lex_process(struct shell_lexer *l, struct shell_word *word)
{
        size_t start = l->at;
        int r;

        l->at = skip_nested(l, l->at + 1, ')');
        word->has_expansion = true;
        r = note_inner(l, start + 2, MAX_OF(l->at - 1, start + 2));
        return r < 0 ? r : word_add(l, l->text + start, l->at - start);
}

static int lex_word(struct shell_lexer *l, struct shell_word *ret_word)
{
        struct shell_word word = { .start = l->at };
        int r = 0;

        l->n_word = 0;
        while (r >= 0 && l->at < l->length) {
                char c = l->text[l->at];

                if (is_process(l))
                        r = lex_process(l, &word);
                else if (ends_word(c) && c != '\0')
                        break;
                else if (c == '\'')
                        r = lex_single(l, &word);
                else if (c == '"')
                        r = lex_double(l, &word);
                else if (c == '\\')
                        r = lex_escape(l);
                else if (c == '$' && peek(l, 1) == '\'')
                        l->at++; /* the quote's own escapes are left as they are */
                else if (c == '$')
                        r = lex_dollar(l, &word);
                else if (c == '`')
                        r = lex_backquote(l, &word);
                else {
                        r = c ? word_add(l, &c, 1) : 0;
                        l->at++;
                }
        }
        if (r < 0)
                return r;
        word.end = l->at;
        word.text = block_text(l->blocks, l->n_word ? l->word : "", l->n_word);
        *ret_word = word;
        return word.text ? 0 : -ENOMEM;
}

/* Signs that are longer stand before those that they begin with. */
static const char *const operators[] = { ";;&", "&&", "||", "|&", ";;", ";&",
                                         "&",   ";",  "|",  "(",  ")" };
static const char *const redirections[] = { "&>>", "<<<", "<<-", "&>", "<<", ">>",
                                            "<&",  ">&",  "<>",  ">|", "<",  ">" };

static bool take_sign(struct shell_lexer *l, const char *const *signs, size_t n,
                      struct shell_token *token)
{
        for (size_t i = 0; i < n; i++) {
                size_t length = strlen(signs[i]);

                if (length > l->length - l->at || memcmp(l->text + l->at, signs[i], length) != 0)
                        continue;
                (void) strcpy(token->sign, signs[i]);
                l->at += length;
                return true;
        }
        return false;
}

/* The file descriptor before a redirection is a part of it. */
static size_t descriptor_length(const struct shell_lexer *l)
{
        size_t n = 0;

        while (n < 3 && isdigit((unsigned char) peek(l, n)))
                n++;
        return n && (peek(l, n) == '<' || peek(l, n) == '>') ? n : 0;
}

/* Skips the bodies of here-documents that were begun in the line before. */
static void skip_here(struct shell_lexer *l)
{
        for (size_t i = 0; i < l->n_here; i++) {
                size_t n = strlen(l->here[i].text);
                bool is_end = false;

                while (!is_end && l->at < l->length) {
                        const char *line = l->text + l->at;
                        const char *end = memchr(line, '\n', l->length - l->at);
                        size_t length = end ? (size_t) (end - line) : l->length - l->at;

                        l->at += length + (end != NULL);
                        while (length && *line == '\t') {
                                line++;
                                length--;
                        }
                        is_end = length == n && memcmp(line, l->here[i].text, n) == 0;
                }
        }
        l->n_here = 0;
}

static int note_here(struct shell_lexer *l)
{
        struct shell_lexer ahead = *l;
        struct shell_word word;
        int r;

        while (ahead.at < ahead.length && (peek(&ahead, 0) == ' ' || peek(&ahead, 0) == '\t'))
                ahead.at++;
        if (l->n_here == HERE_MAX)
                return 0;
        if (!l->here && !(l->here = calloc(HERE_MAX, sizeof(*l->here))))
                return -ENOMEM;
        ahead.here = l->here;
        r = lex_word(&ahead, &word);
        /* What it grew is the lexer's; where it stands is not: the word is read again. */
        l->word = ahead.word;
        l->word_size = ahead.word_size;
        l->inner = ahead.inner;
        l->inner_size = ahead.inner_size;
        if (r >= 0 && *word.text)
                l->here[l->n_here++] = word;
        return r;
}

static void skip_blanks(struct shell_lexer *l)
{
        for (; l->at < l->length; l->at++) {
                char c = l->text[l->at];

                if (c == '\\' && peek(l, 1) == '\n')
                        l->at++;
                else if (c != ' ' && c != '\t' && c != '\r' && c != '\0')
                        break;
        }
        if (peek(l, 0) == '#' && l->at < l->length)
                while (l->at < l->length && l->text[l->at] != '\n')
                        l->at++;
}

int shell_lex(struct shell_lexer *l, struct shell_token *ret_token)
{
        struct shell_token token = { 0 };
        size_t number;
        int r = 0;

        skip_blanks(l);
        token.start = l->at;
        number = descriptor_length(l);
        if (l->at >= l->length) {
                token.kind = SHELL_END;
        } else if (l->text[l->at] == '\n') {
                token.kind = SHELL_NEWLINE;
                l->at++;
                skip_here(l);
        } else if (!is_process(l) &&
                   (l->at += number,
                    take_sign(l, redirections, ARRAY_SIZE(redirections), &token))) {
                token.kind = SHELL_REDIRECT;
                if (strcmp(token.sign, "<<") == 0 || strcmp(token.sign, "<<-") == 0)
                        r = note_here(l);
        } else if (take_sign(l, operators, ARRAY_SIZE(operators), &token)) {
                token.kind = SHELL_OPERATOR;
        } else {
                token.kind = SHELL_WORD;
                r = lex_word(l, &token.word);
        }
        token.end = l->at;
        *ret_token = token;
        return r;
}

void shell_lexer_done(struct shell_lexer *l)
{
        free(l->word);
        free(l->inner);
        free(l->here);
}
