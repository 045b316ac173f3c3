/* SPDX-License-Identifier: Apache-2.0 */
#include "caddy.h"

#include "span.h"

enum token_kind { TOKEN_END, TOKEN_LINE, TOKEN_WORD, TOKEN_OPEN, TOKEN_CLOSE };

struct token {
        enum token_kind kind;
        struct span text;
        size_t start, end;
};

struct parser {
        struct conf *c;
        const char *text;
        size_t length;
        size_t at;
        struct conf_place place;
};

/* ---- Tokens ---- */

static bool is_blank(const struct parser *p, size_t at)
{
        return at < p->length && p->text[at] != '\n' && isspace((unsigned char) p->text[at]);
}

static void skip_blanks(struct parser *p)
{
        for (;;) {
                if (is_blank(p, p->at))
                        p->at++;
                else if (p->at + 1 < p->length && p->text[p->at] == '\\' &&
                         p->text[p->at + 1] == '\n')
                        p->at += 2;
                else if (p->at < p->length && p->text[p->at] == '#')
                        while (p->at < p->length && p->text[p->at] != '\n')
                                p->at++;
                else
                        return;
        }
}

static struct token quoted(struct parser *p)
{
        char quote = p->text[p->at];
        struct token t = { .kind = TOKEN_WORD, .start = p->at++ };

        while (p->at < p->length && p->text[p->at] != quote)
                p->at += quote == '"' && p->text[p->at] == '\\' && p->at + 1 < p->length ? 2 : 1;
        t.text = (struct span){ p->text + t.start + 1, p->at - t.start - 1 };
        p->at += p->at < p->length;
        t.end = p->at;
        return t;
}

/* <<MARK, lines, MARK alone on its line. */
static bool heredoc(struct parser *p, struct token *t)
{
        size_t mark = p->at + 2, end = mark, from;

        if (p->at + 2 >= p->length || p->text[p->at] != '<' || p->text[p->at + 1] != '<')
                return false;
        while (end < p->length && (isalnum((unsigned char) p->text[end]) || p->text[end] == '_'))
                end++;
        if (end == mark || end >= p->length || (p->text[end] != '\n' && p->text[end] != '\r'))
                return false;
        t->start = p->at;
        from = end + 1;
        for (p->at = from; p->at < p->length;) {
                const char *eol = memchr(p->text + p->at, '\n', p->length - p->at);
                struct span line = { p->text + p->at,
                                     (eol ? (size_t) (eol - p->text) : p->length) - p->at };

                line = span_trim(line);
                if (line.length == end - mark && !memcmp(line.text, p->text + mark, line.length)) {
                        t->text = (struct span){ p->text + from, p->at - from };
                        p->at = (size_t) (line.text - p->text) + line.length;
                        t->end = p->at;
                        return true;
                }
                p->at = eol ? (size_t) (eol - p->text) + 1 : p->length;
        }
        t->text = (struct span){ p->text + from, p->length - from };
        t->end = p->length;
        return true;
}

/* A word ends at white space; a brace that stands in it belongs to a placeholder. */
static struct token bare(struct parser *p)
{
        struct token t = { .kind = TOKEN_WORD, .start = p->at };

        while (p->at < p->length && !isspace((unsigned char) p->text[p->at]))
                p->at++;
        t.end = p->at;
        t.text = (struct span){ p->text + t.start, t.end - t.start };
        if (span_is(t.text, "{"))
                t.kind = TOKEN_OPEN;
        else if (span_is(t.text, "}"))
                t.kind = TOKEN_CLOSE;
        return t;
}

static struct token next_token(struct parser *p)
{
        struct token t = { .kind = TOKEN_WORD };

        skip_blanks(p);
        if (p->at >= p->length)
                return (struct token){ .kind = TOKEN_END, .start = p->at, .end = p->at };
        if (p->text[p->at] == '\n') {
                p->at++;
                return (struct token){ .kind = TOKEN_LINE, .start = p->at - 1, .end = p->at };
        }
        if (p->text[p->at] == '"' || p->text[p->at] == '`')
                return quoted(p);
        return heredoc(p, &t) ? t : bare(p);
}

/* ---- Directives ---- */

/* \" is undone in quotes. */
static int add_word(struct parser *p, const struct token *t)
{
        struct span text = t->text;
        char *copy;
        size_t to = 0;

        if (p->text[t->start] == '"' && span_has_char(text, '\\')) {
                copy = conf_text(p->c, text.length);
                if (!copy)
                        return -ENOMEM;
                for (size_t i = 0; i < text.length; i++) {
                        i += text.text[i] == '\\' && i + 1 < text.length && text.text[i + 1] == '"';
                        copy[to++] = text.text[i];
                }
                text = (struct span){ copy, to };
        }
        return conf_add_arg(p->c, text);
}

/* The first line of a file that is one site without braces: no block follows it. */
static bool is_bare_site(const struct parser *p, const struct conf_directive *d)
{
        return p->place.parent < 0 && p->c->n_list == 0 && !span_is(d->name, "import") &&
               (span_has_char(d->name, '.') || span_has_char(d->name, ':') ||
                span_is(d->name, "localhost"));
}

static int finish(struct parser *p, struct conf_directive *d, enum token_kind kind)
{
        size_t before = p->c->n_list;
        bool bare_site = kind == TOKEN_LINE && is_bare_site(p, d);
        int r;

        d->is_block = kind == TOKEN_OPEN || bare_site;
        r = conf_add(p->c, &p->place, *d);
        if (r >= 0 && d->is_block && p->c->n_list > before)
                conf_enter(p->c, &p->place);
        return r;
}

int caddy_parse(struct conf *c, const char *text, size_t length)
{
        struct parser p = { .c = c, .text = text, .length = length, .place = { .parent = -1 } };
        struct conf_directive d = { 0 };
        bool open = false, comma = false;
        int r = 0;

        conf_clear(c);
        while (r >= 0) {
                struct token t = next_token(&p);

                if (t.kind == TOKEN_WORD || (t.kind == TOKEN_OPEN && !open)) {
                        if (!open)
                                d = (struct conf_directive){
                                        .name = t.kind == TOKEN_OPEN ? (struct span){ "", 0 }
                                                                     : t.text,
                                        .start = t.start,
                                        .first_arg = c->n_args
                                };
                        else
                                r = add_word(&p, &t);
                        d.end = t.end;
                        open = true;
                        comma = span_ends(t.text, ",");
                        if (t.kind == TOKEN_WORD)
                                continue;
                }
                /* Addresses go on behind a comma. */
                if (t.kind == TOKEN_LINE && open && comma)
                        continue;
                if (open && r >= 0)
                        r = finish(&p, &d, t.kind);
                open = comma = false;
                if (t.kind == TOKEN_CLOSE)
                        conf_leave(c, &p.place);
                if (t.kind == TOKEN_END)
                        break;
        }
        while (p.place.parent >= 0)
                conf_leave(c, &p.place);
        return r;
}

const struct conf_directive *caddy_snippet(const struct conf *c, struct span name)
{
        for (size_t i = 0; i < c->n_list; i++) {
                struct span own = c->list[i].name;

                if (c->list[i].is_block && own.length == name.length + 2 && *own.text == '(' &&
                    !memcmp(own.text + 1, name.text, name.length))
                        return &c->list[i];
        }
        return NULL;
}

bool caddy_is_site(const struct conf *c, const struct conf_directive *d)
{
        (void) c;
        return d->is_block && d->parent < 0 && d->name.length && *d->name.text != '(' &&
               *d->name.text != '&';
}
