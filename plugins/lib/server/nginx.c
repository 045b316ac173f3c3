/* SPDX-License-Identifier: Apache-2.0 */
#include "nginx.h"

#include "span.h"

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

/* ---- Tokens ---- */

static void skip_line(struct parser *p)
{
        const char *end = memchr(p->text + p->at, '\n', p->length - p->at);

        p->at = end ? (size_t) (end - p->text) : p->length;
}

static void skip_space(struct parser *p)
{
        while (p->at < p->length) {
                if (p->text[p->at] == '#')
                        skip_line(p);
                else if (isspace((unsigned char) p->text[p->at]))
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

/* ---- Lua ---- */

/* [[, [==[: the number of signs between the brackets, or -1 when it is none. */
static int long_bracket(const struct parser *p, size_t at)
{
        size_t end = at + 1;

        if (at >= p->length || p->text[at] != '[')
                return -1;
        while (end < p->length && p->text[end] == '=')
                end++;
        return end < p->length && p->text[end] == '[' ? (int) (end - at - 1) : -1;
}

static void skip_long_bracket(struct parser *p, int signs)
{
        for (p->at += (size_t) signs + 2; p->at < p->length; p->at++) {
                size_t end = p->at + 1;

                if (p->text[p->at] != ']')
                        continue;
                while (end < p->length && p->text[end] == '=')
                        end++;
                if (end < p->length && p->text[end] == ']' && end - p->at - 1 == (size_t) signs) {
                        p->at = end + 1;
                        return;
                }
                /* What was read holds no other bracket. */
                p->at = end - 1;
        }
}

/* The body of a Lua block is no configuration: to the brace that closes it. */
static void skip_lua(struct parser *p)
{
        int depth = 1, signs;

        while (p->at < p->length && depth > 0) {
                char c = p->text[p->at];
                bool comment = c == '-' && p->at + 1 < p->length && p->text[p->at + 1] == '-';

                if (comment)
                        p->at += 2;
                signs = long_bracket(p, p->at);
                if (signs >= 0)
                        skip_long_bracket(p, signs);
                else if (comment)
                        skip_line(p);
                else if (c == '"' || c == '\'')
                        (void) quoted_word(p);
                else {
                        depth += c == '{';
                        depth -= c == '}';
                        p->at++;
                }
        }
}

/* ---- Directives ---- */

bool nginx_is(const struct nginx_directive *d, const char *name)
{
        return d->name.length == strlen(name) && !memcmp(d->name.text, name, d->name.length);
}

struct span nginx_arg(const struct nginx *n, const struct nginx_directive *d, size_t i)
{
        return i < d->n_args ? n->args[d->first_arg + i] : (struct span){ "", 0 };
}

bool nginx_holds(const struct nginx *n, int outer, int inner)
{
        return outer < 0 || (inner > outer && inner <= n->list[outer].last);
}

static int add_directive(struct parser *p, struct nginx_directive d)
{
        struct nginx *n = p->n;
        int r;

        if (n->n_list >= NGINX_DIRECTIVES) {
                n->is_partial = true;
                return 0;
        }
        r = array_grow(&n->list, &n->list_size, n->n_list + 1, sizeof(d));
        if (r < 0)
                return r;
        d.parent = p->parent;
        d.last = (int) n->n_list;
        if (p->included) {
                d.is_included = true;
                d.start = p->include_start;
                d.end = p->include_end;
        }
        n->list[n->n_list++] = d;
        return 0;
}

/* nginx undoes \" \' \\ \t \r \n and leaves other escapes, those of expressions, as they are. */
static int undo_escapes(struct nginx *n, struct span *text)
{
        static const char letters[] = "\"'\\trn", meant[] = "\"'\\\t\r\n";
        char *copy;
        size_t to = 0;
        int r;

        if (!span_has_char(*text, '\\'))
                return 0;
        r = array_grow(&n->texts, &n->texts_size, n->n_texts + 1, sizeof(*n->texts));
        copy = r < 0 ? NULL : malloc(text->length + 1);
        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < text->length; i++) {
                char c = text->text[i], next = i + 1 < text->length ? text->text[i + 1] : '\0';
                const char *found = next ? strchr(letters, next) : NULL;

                if (c == '\\' && found) {
                        c = meant[found - letters];
                        i++;
                }
                copy[to++] = c;
        }
        n->texts[n->n_texts++] = copy;
        *text = (struct span){ copy, to };
        return 0;
}

static int add_argument(struct parser *p, struct span text)
{
        int r = array_grow(&p->n->args, &p->n->args_size, p->n->n_args + 1, sizeof(text));

        if (r >= 0)
                r = undo_escapes(p->n, &text);
        if (r >= 0)
                p->n->args[p->n->n_args++] = text;
        return r;
}

static int parse(struct parser *p);

/* Parses a file that is included in place of the directive. */
static int parse_included(void *parser, struct span text)
{
        struct parser sub = *(struct parser *) parser;

        sub.text = text.text;
        sub.length = text.length;
        sub.at = 0;
        sub.files++;
        sub.included = true;
        return parse(&sub);
}

/* Files that come with nginx; what rules ask for does not stand in them. */
static bool is_shipped(struct span path)
{
        static const char *const names[] = { "mime.types",   "fastcgi_params", "fastcgi.conf",
                                             "uwsgi_params", "scgi_params",    "koi-utf",
                                             "koi-win",      "win-utf" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (span_ends(path, names[i]))
                        return true;
        return false;
}

static int include(struct parser *p, const struct nginx_directive *d)
{
        enum { FILES_DEEP = 8 };
        struct parser sub = *p;
        struct span path = nginx_arg(p->n, d, 0);
        size_t before = p->n->n_list;
        int r;

        if (p->open && p->files < FILES_DEEP) {
                if (!sub.included) {
                        sub.include_start = d->start;
                        sub.include_end = d->end;
                }
                r = p->open(p->owner, path, parse_included, &sub);
                if (r < 0)
                        return r;
        }
        p->n->is_partial |= p->n->n_list == before && !is_shipped(path);
        return 0;
}

static void close_block(struct parser *p)
{
        p->n->list[p->parent].last = (int) p->n->n_list - 1;
        p->parent = p->n->list[p->parent].parent;
        p->depth--;
}

/* `location ~^/x` is `location ~ ^/x`. */
static int split_modifier(struct parser *p, const struct nginx_directive *d)
{
        static const char *const modifiers[] = { "~*", "~", "^~", "=" };
        struct nginx *n = p->n;

        if (!nginx_is(d, "location") || n->n_args != d->first_arg + 1)
                return 0;
        for (size_t i = 0; i < ARRAY_SIZE(modifiers); i++) {
                struct span whole = n->args[d->first_arg];
                size_t length = strlen(modifiers[i]);
                int r;

                if (!span_starts(whole, modifiers[i]) || whole.length == length)
                        continue;
                r = array_grow(&n->args, &n->args_size, n->n_args + 1, sizeof(whole));
                if (r < 0)
                        return r;
                n->args[d->first_arg].length = length;
                n->args[n->n_args++] = span_from(whole, length);
                return 0;
        }
        return 0;
}

/* What follows the words of a directive. */
static int finish(struct parser *p, struct nginx_directive d, enum token_kind kind)
{
        size_t before = p->n->n_list;
        int r = split_modifier(p, &d);

        if (r < 0)
                return r;
        d.is_block = kind == TOKEN_OPEN;
        d.n_args = p->n->n_args - d.first_arg;
        r = add_directive(p, d);
        if (r < 0)
                return r;
        if (d.is_block && span_ends(d.name, "_by_lua_block"))
                skip_lua(p);
        else if (d.is_block && p->depth < NGINX_DEPTH && p->n->n_list > before) {
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
                        if (t.kind == TOKEN_CLOSE && p->parent != floor)
                                close_block(p);
                }
        }
        while (p->parent != floor)
                close_block(p);
        return r;
}

static void drop_texts(struct nginx *n)
{
        for (size_t i = 0; i < n->n_texts; i++)
                free(n->texts[i]);
        n->n_texts = 0;
}

int nginx_parse(struct nginx *n, const char *text, size_t length, nginx_open open, void *owner)
{
        struct parser p = {
                .n = n, .text = text, .length = length, .parent = -1, .open = open, .owner = owner
        };

        n->n_list = n->n_args = 0;
        n->is_partial = false;
        drop_texts(n);
        return parse(&p);
}

void nginx_done(struct nginx *n)
{
        drop_texts(n);
        free(n->list);
        free(n->args);
        free(n->texts);
        *n = (struct nginx){ 0 };
}

/* ---- Arguments ---- */

struct nginx_condition nginx_condition(const struct nginx *n, const struct nginx_directive *d)
{
        struct nginx_condition c = { 0 };
        struct span *parts[] = { &c.variable, &c.operator, & c.value };
        size_t last = d->n_args, k = 0;

        /* The closing bracket is a word of its own behind quotes or a blank. */
        if (last && span_is(nginx_arg(n, d, last - 1), ")"))
                last--;
        for (size_t i = 0; i < last && k < ARRAY_SIZE(parts); i++) {
                struct span arg = nginx_arg(n, d, i);

                if (i == 0 && arg.length && *arg.text == '(') {
                        arg = span_from(arg, 1);
                        if (!arg.length)
                                continue;
                }
                if (i + 1 == d->n_args && arg.length && arg.text[arg.length - 1] == ')')
                        arg.length--;
                *parts[k++] = arg;
        }
        return c;
}

static bool is_name(char c)
{
        return isalnum((unsigned char) c) || c == '_';
}

bool nginx_piece(struct span *rest, struct span *ret_literal, struct span *ret_name)
{
        bool braces;
        size_t n = 0;

        *ret_name = *ret_literal = (struct span){ "", 0 };
        if (!rest->length)
                return false;
        if (*rest->text == '$' && rest->length > 1) {
                braces = rest->text[1] == '{';
                n = 1 + braces;
                /* A number is one digit: $12 is $1 and then a 2. */
                if (n < rest->length && isdigit((unsigned char) rest->text[n]))
                        n++;
                else
                        while (n < rest->length && is_name(rest->text[n]))
                                n++;
                *ret_name = (struct span){ rest->text + 1 + braces, n - 1 - braces };
                if (ret_name->length) {
                        n += braces && n < rest->length && rest->text[n] == '}';
                        *rest = span_from(*rest, n);
                        return true;
                }
        }
        n = 1;
        while (n < rest->length && rest->text[n] != '$')
                n++;
        *ret_literal = (struct span){ rest->text, n };
        *rest = span_from(*rest, n);
        return true;
}
