/* SPDX-License-Identifier: Apache-2.0 */
#include "nginx.h"

#include <ctype.h>

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_SEMICOLON, TOKEN_OPEN, TOKEN_CLOSE };

struct token {
        enum token_kind kind;
        struct span text;
        size_t start;
        size_t end;
};

struct parser {
        struct nginx *n;
        const char *text;
        size_t length;
        size_t at;
        int parent;
        int depth; /* of blocks */
        int files; /* of includes */
        bool included;
        size_t include_start, include_end; /* of the include in the first file */
        nginx_open open;
        void *owner;
};

static void skip_space(struct parser *p)
{
        while (p->at < p->length) {
                if (p->text[p->at] == '#') {
                        const char *end = memchr(p->text + p->at, '\n', p->length - p->at);

                        p->at = end ? (size_t) (end - p->text) : p->length;
                } else if (isspace((unsigned char) p->text[p->at]))
                        p->at++;
                else
                        break;
        }
}

static struct token quoted_word(struct parser *p)
{
        char quote = p->text[p->at];
        struct token t = { .kind = TOKEN_WORD, .start = p->at++ };

        while (p->at < p->length && p->text[p->at] != quote)
                p->at += p->text[p->at] == '\\' && p->at + 1 < p->length ? 2 : 1;
        t.text = (struct span){ p->text + t.start + 1, p->at - t.start - 1 };
        p->at += p->at < p->length;
        t.end = p->at;
        return t;
}

static struct token bare_word(struct parser *p)
{
        struct token t = { .kind = TOKEN_WORD, .start = p->at };

        while (p->at < p->length) {
                char c = p->text[p->at];

                if (isspace((unsigned char) c) || c == ';')
                        break;
                if (c == '{' && (p->at == t.start || p->text[p->at - 1] != '$'))
                        break;
                p->at += c == '\\' && p->at + 1 < p->length ? 2 : 1;
        }
        t.text = (struct span){ p->text + t.start, p->at - t.start };
        t.end = p->at;
        return t;
}

static struct token next_token(struct parser *p)
{
        static const char signs[] = ";{}";
        static const enum token_kind kinds[] = { TOKEN_SEMICOLON, TOKEN_OPEN, TOKEN_CLOSE };
        const char *sign;
        char c;

        skip_space(p);
        if (p->at >= p->length)
                return (struct token){ .kind = TOKEN_END, .start = p->at, .end = p->at };
        c = p->text[p->at];
        sign = c ? strchr(signs, c) : NULL;
        if (sign) {
                p->at++;
                return (struct token){ .kind = kinds[sign - signs],
                                       .start = p->at - 1,
                                       .end = p->at };
        }
        return c == '"' || c == '\'' ? quoted_word(p) : bare_word(p);
}

/* The body of a Lua block is no configuration: to the brace that closes it. */
static void skip_code(struct parser *p)
{
        int depth = 1;

        while (p->at < p->length && depth > 0) {
                depth += p->text[p->at] == '{';
                depth -= p->text[p->at] == '}';
                p->at++;
        }
}

static bool ends_with(struct span s, const char *tail)
{
        size_t n = strlen(tail);

        return s.length >= n && !memcmp(s.text + s.length - n, tail, n);
}

bool nginx_is(const struct nginx_directive *d, const char *name)
{
        return d->name.length == strlen(name) && !strncasecmp(d->name.text, name, d->name.length);
}

struct span nginx_arg(const struct nginx *n, const struct nginx_directive *d, size_t i)
{
        return i < d->n_args ? n->args[d->first_arg + i] : (struct span){ "", 0 };
}

static int add_directive(struct parser *p, struct nginx_directive d)
{
        struct nginx *n = p->n;
        int r;

        if (n->n_list >= NGINX_DIRECTIVES)
                return 0;
        r = array_grow(&n->list, &n->list_size, n->n_list + 1, sizeof(d));
        if (r < 0)
                return r;
        d.parent = p->parent;
        if (p->included) {
                d.is_included = true;
                d.start = p->include_start;
                d.end = p->include_end;
        }
        n->list[n->n_list++] = d;
        return 0;
}

static int add_argument(struct parser *p, struct span text)
{
        int r = array_grow(&p->n->args, &p->n->args_size, p->n->n_args + 1, sizeof(text));

        if (r >= 0)
                p->n->args[p->n->n_args++] = text;
        return r;
}

static int parse(struct parser *p);

/* Reads an included file in place of the directive. */
static int include(struct parser *p, const struct nginx_directive *d)
{
        enum { FILES_DEEP = 8 };
        struct parser sub = *p;
        struct span text;

        if (!p->open || p->files >= FILES_DEEP || !p->open(p->owner, nginx_arg(p->n, d, 0), &text))
                return 0;
        sub.text = text.text;
        sub.length = text.length;
        sub.at = 0;
        sub.files++;
        if (!sub.included) {
                sub.include_start = d->start;
                sub.include_end = d->end;
        }
        sub.included = true;
        return parse(&sub);
}

/* What follows the words of a directive. */
static int finish(struct parser *p, struct nginx_directive d, enum token_kind kind)
{
        int r;

        d.is_block = kind == TOKEN_OPEN;
        d.n_args = p->n->n_args - d.first_arg;
        r = add_directive(p, d);
        if (r < 0)
                return r;
        if (d.is_block && ends_with(d.name, "_by_lua_block"))
                skip_code(p);
        else if (d.is_block && p->depth < NGINX_DEPTH) {
                p->parent = (int) p->n->n_list - 1;
                p->depth++;
        } else if (!d.is_block && nginx_is(&d, "include"))
                return include(p, &d);
        return 0;
}

static int parse(struct parser *p)
{
        struct nginx_directive d = { 0 };
        const int floor = p->parent;
        bool open = false;
        int r = 0;

        while (r >= 0) {
                struct token t = next_token(p);

                if (t.kind == TOKEN_WORD && !open) {
                        d = (struct nginx_directive){ .name = t.text,
                                                      .start = t.start,
                                                      .end = t.end,
                                                      .first_arg = p->n->n_args };
                        open = true;
                } else if (t.kind == TOKEN_WORD) {
                        d.end = t.end;
                        r = add_argument(p, t.text);
                } else {
                        if (open)
                                r = finish(p, d, t.kind);
                        open = false;
                        if (t.kind == TOKEN_END)
                                break;
                        if (t.kind == TOKEN_CLOSE && p->parent != floor) {
                                p->parent = p->n->list[p->parent].parent;
                                p->depth--;
                        }
                }
        }
        return r;
}

int nginx_parse(struct nginx *n, const char *text, size_t length, nginx_open open, void *owner)
{
        struct parser p = {
                .n = n, .text = text, .length = length, .parent = -1, .open = open, .owner = owner
        };

        n->n_list = n->n_args = 0;
        return parse(&p);
}

void nginx_done(struct nginx *n)
{
        free(n->list);
        free(n->args);
        *n = (struct nginx){ 0 };
}
