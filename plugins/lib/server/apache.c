/* SPDX-License-Identifier: Apache-2.0 */
#include "apache.h"

#include "span.h"

struct parser {
        struct conf *c;
        const char *text;
        size_t length;
        size_t at;
        struct conf_place place;
        int files; /* of includes */
        conf_open open;
        void *owner;
};

/* Behind a backslash at the end of a line, or 0. */
static size_t carried_on(const struct parser *p, size_t at)
{
        if (at >= p->length || p->text[at] != '\\')
                return 0;
        if (at + 1 < p->length && p->text[at + 1] == '\n')
                return at + 2;
        return at + 2 < p->length && p->text[at + 1] == '\r' && p->text[at + 2] == '\n' ? at + 3
                                                                                        : 0;
}

static bool at_line_end(const struct parser *p)
{
        return p->at >= p->length || p->text[p->at] == '\n';
}

static void skip_blanks(struct parser *p)
{
        while (p->at < p->length) {
                size_t next = carried_on(p, p->at);

                if (next)
                        p->at = next;
                else if (p->text[p->at] != '\n' && isspace((unsigned char) p->text[p->at]))
                        p->at++;
                else
                        return;
        }
}

/* To the end of the logical line. */
static void skip_line(struct parser *p)
{
        while (!at_line_end(p)) {
                size_t next = carried_on(p, p->at);

                p->at = next ? next : p->at + 1;
        }
        p->at += p->at < p->length;
}

/* \" and a line that was carried on are undone; other escapes belong to expressions. */
static int add_text(struct parser *p, size_t start, size_t end)
{
        struct span s = { p->text + start, end - start };
        char *copy;
        size_t to = 0;

        if (!span_has_char(s, '\\'))
                return conf_add_arg(p->c, s);
        copy = conf_text(p->c, s.length);
        if (!copy)
                return -ENOMEM;
        for (size_t i = start; i < end;) {
                size_t next = carried_on(p, i);

                if (next) {
                        i = next;
                        continue;
                }
                if (p->text[i] == '\\' && i + 1 < end && char_in("\"'\\", p->text[i + 1]))
                        i++;
                copy[to++] = p->text[i++];
        }
        return conf_add_arg(p->c, (struct span){ copy, to });
}

static int add_quoted(struct parser *p)
{
        char quote = p->text[p->at++];
        size_t start = p->at;
        int r;

        while (!at_line_end(p) && p->text[p->at] != quote) {
                size_t next = carried_on(p, p->at);

                if (next)
                        p->at = next;
                else
                        p->at += p->text[p->at] == '\\' && p->at + 1 < p->length &&
                                                 p->text[p->at + 1] != '\n'
                                         ? 2
                                         : 1;
        }
        p->at = MIN_OF(p->at, p->length);
        r = add_text(p, start, p->at);
        p->at += p->at < p->length && p->text[p->at] == quote;
        return r;
}

/* A word ends at a blank; that of a section also at the bracket that ends its line. */
static int add_word(struct parser *p, bool section)
{
        size_t start = p->at, end;

        while (!at_line_end(p) && !isspace((unsigned char) p->text[p->at]) && !carried_on(p, p->at))
                p->at++;
        end = p->at;
        if (section && end > start && p->text[end - 1] == '>') {
                size_t next = end;

                while (next < p->length && p->text[next] != '\n' &&
                       isspace((unsigned char) p->text[next]))
                        next++;
                if (next >= p->length || p->text[next] == '\n')
                        end--;
        }
        return end > start ? add_text(p, start, end) : 0;
}

static struct span take_name(struct parser *p, bool section)
{
        struct span name = { p->text + p->at, 0 };

        while (!at_line_end(p) && !isspace((unsigned char) p->text[p->at]) &&
               !(section && p->text[p->at] == '>')) {
                p->at++;
                name.length++;
        }
        return name;
}

static int parse(struct parser *p);

static int parse_included(void *parser, struct span text)
{
        struct parser sub = *(struct parser *) parser;

        sub.text = text.text;
        sub.length = text.length;
        sub.at = 0;
        sub.files++;
        sub.place.included = true;
        return parse(&sub);
}

static int include(struct parser *p, const struct conf_directive *d)
{
        enum { FILES_DEEP = 8 };
        struct parser sub = *p;
        size_t before = p->c->n_list;
        int r = 0;

        if (!sub.place.included) {
                sub.place.include_start = d->start;
                sub.place.include_end = d->end;
        }
        if (p->open && p->files < FILES_DEEP && p->c->n_args > d->first_arg)
                r = p->open(p->owner, p->c->args[d->first_arg], parse_included, &sub);
        p->c->is_partial |= p->c->n_list == before;
        return r;
}

/* `</Section>` ends the nearest section of that name; with none it is passed over. */
static void end_section(struct parser *p, int floor)
{
        struct span name;
        int block = p->place.parent;

        p->at += 2;
        name = take_name(p, true);
        while (block != floor && !span_same(p->c->list[block].name, name))
                block = p->c->list[block].parent;
        if (block != floor)
                while (p->place.parent != p->c->list[block].parent)
                        conf_leave(p->c, &p->place);
        skip_line(p);
}

static int parse_directive(struct parser *p)
{
        bool section = p->text[p->at] == '<';
        struct conf_directive d = { .start = p->at,
                                    .first_arg = p->c->n_args,
                                    .is_block = section };
        size_t before = p->c->n_list;
        int r = 0;

        p->at += section;
        d.name = take_name(p, section);
        d.end = p->at;
        for (skip_blanks(p); r >= 0 && !at_line_end(p); skip_blanks(p)) {
                char c = p->text[p->at];

                if (section && c == '>')
                        p->at++;
                else
                        r = c == '"' || c == '\'' ? add_quoted(p) : add_word(p, section);
                d.end = p->at;
        }
        if (r >= 0)
                r = conf_add(p->c, &p->place, d);
        skip_line(p);
        if (r >= 0 && section && p->c->n_list > before)
                conf_enter(p->c, &p->place);
        if (r >= 0 && (conf_is(&d, "Include") || conf_is(&d, "IncludeOptional")))
                r = include(p, &d);
        return r;
}

static int parse(struct parser *p)
{
        const int floor = p->place.parent;
        int r = 0;

        while (r >= 0) {
                while (p->at < p->length && isspace((unsigned char) p->text[p->at]))
                        p->at++;
                if (p->at >= p->length)
                        break;
                if (p->text[p->at] == '#')
                        skip_line(p);
                else if (p->text[p->at] == '<' && p->at + 1 < p->length &&
                         p->text[p->at + 1] == '/')
                        end_section(p, floor);
                else
                        r = parse_directive(p);
        }
        while (p->place.parent != floor)
                conf_leave(p->c, &p->place);
        return r;
}

int apache_parse(struct conf *c, const char *text, size_t length, conf_open open, void *owner)
{
        struct parser p = { .c = c,
                            .text = text,
                            .length = length,
                            .place = { .parent = -1 },
                            .open = open,
                            .owner = owner };

        conf_clear(c);
        return parse(&p);
}
