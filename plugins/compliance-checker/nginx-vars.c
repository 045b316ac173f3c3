/* SPDX-License-Identifier: Apache-2.0 */
#include "nginx-vars.h"

enum { STEPS_DEEP = 6 };

/* ---- Variables of nginx ---- */

enum class {
        CLASS_FIXED,  /* no client chooses it */
        CLASS_URI,    /* decoded: it can hold anything, a newline too */
        CLASS_RAW,    /* as it came: no blanks */
        CLASS_HEADER, /* of one line */
        CLASS_HOST,
        CLASS_BODY,
};

static const struct {
        const char *name; /* with _ at its end: all that begin with it */
        enum class class;
        bool slash;
} builtins[] = {
        { "uri", CLASS_URI, true },
        { "document_uri", CLASS_URI, true },
        { "request_filename", CLASS_URI, true },
        { "fastcgi_script_name", CLASS_URI, true },
        { "fastcgi_path_info", CLASS_URI, true },
        { "request_uri", CLASS_RAW, true },
        { "args", CLASS_RAW, false },
        { "query_string", CLASS_RAW, false },
        { "arg_", CLASS_RAW, false },
        { "http_", CLASS_HEADER, false },
        { "cookie_", CLASS_HEADER, false },
        { "content_type", CLASS_HEADER, false },
        { "upstream_http_", CLASS_HEADER, false },
        { "upstream_cookie_", CLASS_HEADER, false },
        { "proxy_add_x_forwarded_for", CLASS_HEADER, false },
        { "request", CLASS_HEADER, false },
        { "host", CLASS_HOST, false },
        { "request_body", CLASS_BODY, false },
};

static void add_range(struct regex_set *s, unsigned from, unsigned to)
{
        for (unsigned c = from; c <= to; c++)
                s->bits[c >> 6] |= 1ULL << (c & 63);
}

static struct regex_set class_set(enum class class)
{
        struct regex_set s = { 0 };

        switch (class) {
        case CLASS_URI:
        case CLASS_BODY:
                add_range(&s, 1, 255);
                break;
        case CLASS_RAW:
                add_range(&s, 0x21, 255);
                break;
        case CLASS_HEADER:
                add_range(&s, '\t', '\t');
                add_range(&s, 0x20, 255);
                break;
        case CLASS_HOST:
                add_range(&s, 0x21, '.');
                add_range(&s, '0', 255);
                break;
        default:
                break;
        }
        return s;
}

static bool builtin(struct span name, struct nginx_value *ret_value)
{
        for (size_t i = 0; i < ARRAY_SIZE(builtins); i++) {
                size_t n = strlen(builtins[i].name);
                bool family = builtins[i].name[n - 1] == '_';

                if (family ? !span_starts(name, builtins[i].name) || name.length == n
                           : !span_is(name, builtins[i].name))
                        continue;
                *ret_value = (struct nginx_value){ .can = class_set(builtins[i].class),
                                                   .starts_with_slash = builtins[i].slash,
                                                   .is_host = builtins[i].class == CLASS_HOST,
                                                   .is_known = true };
                return true;
        }
        return false;
}

/* ---- Where a variable gets its value ---- */

/* Was `earlier` run before `d` on the way to it? What stands in an `if` counts as run. */
static bool is_before(const struct nginx_config *f, const struct nginx_directive *earlier,
                      const struct nginx_directive *d)
{
        const struct nginx_directive *in = nginx_parent(f, earlier);

        while (in && nginx_is(in, "if") &&
               !nginx_holds(&f->n, nginx_index(f, in), nginx_index(f, d)))
                in = nginx_parent(f, in);
        return !in || nginx_holds(&f->n, nginx_index(f, in), nginx_index(f, d));
}

/* An expression that ran, with what it was held against. */
struct source {
        struct span regex;
        bool ignore_case;
        struct span subject; /* a text with variables; empty = the URI */
        bool is_host;        /* of a server_name */
        bool is_rewrite;
};

static bool location_source(const struct nginx_config *f, const struct nginx_directive *by,
                            const struct nginx_directive *d, struct source *s)
{
        return nginx_holds(&f->n, nginx_index(f, by), nginx_index(f, d)) &&
               nginx_location_regex(f, by, &s->regex, &s->ignore_case);
}

static bool if_source(const struct nginx_config *f, const struct nginx_directive *by,
                      const struct nginx_directive *d, struct source *s)
{
        struct nginx_condition c = nginx_condition(&f->n, by);

        if (!span_has_char(c.operator, '~') || *c.operator.text == '!')
                return false;
        if (!nginx_holds(&f->n, nginx_index(f, by), nginx_index(f, d)) && !is_before(f, by, d))
                return false;
        s->regex = c.value;
        s->ignore_case = span_has_char(c.operator, '*');
        s->subject = c.variable;
        return true;
}

static bool server_source(const struct nginx_config *f, const struct nginx_directive *by,
                          struct span name, struct source *s)
{
        for (size_t a = 0; a < by->n_args; a++) {
                struct span arg = nginx_arg(&f->n, by, a);

                if (!arg.length || *arg.text != '~')
                        continue;
                s->regex = span_from(arg, 1);
                s->ignore_case = true;
                s->is_host = true;
                if (!name.length || memmem(arg.text, arg.length, name.text, name.length))
                        return true;
        }
        return false;
}

/* Does a directive run an expression before `d`? Of a name, only one that holds this name. */
static bool source_of(const struct nginx_config *f, const struct nginx_directive *by,
                      const struct nginx_directive *d, struct span name, struct source *ret)
{
        struct source s = { 0 };
        bool found = false;

        if (nginx_is(by, "rewrite") && (by == d || is_before(f, by, d))) {
                s.regex = nginx_arg(&f->n, by, 0);
                s.is_rewrite = found = true;
        } else if (nginx_is(by, "location"))
                found = location_source(f, by, d, &s);
        else if (nginx_is(by, "if"))
                found = if_source(f, by, d, &s);
        else if (nginx_is(by, "server_name") && is_before(f, by, d))
                found = server_source(f, by, name, &s);
        if (!found ||
            (name.length && !memmem(s.regex.text, s.regex.length, name.text, name.length)))
                return false;
        *ret = s;
        return true;
}

bool nginx_regex_before(struct nginx_config *f, const struct nginx_directive *d,
                        struct span *ret_regex, bool *ret_ignore_case)
{
        struct source s;

        for (int i = nginx_index(f, d); i >= 0 && nginx_spend(f); i--)
                if (source_of(f, &f->n.list[i], d, (struct span){ "", 0 }, &s)) {
                        *ret_regex = s.regex;
                        *ret_ignore_case = s.ignore_case;
                        return true;
                }
        return false;
}

/* ---- Values ---- */

static struct nginx_value value_at(struct nginx_config *f, const struct nginx_directive *d,
                                   struct span name, int steps);

static void join(struct nginx_value *v, const struct nginx_value *other)
{
        for (size_t i = 0; i < 4; i++)
                v->can.bits[i] |= other->can.bits[i];
        v->is_host |= other->is_host;
        v->is_known |= other->is_known;
}

static struct nginx_value text_value(struct nginx_config *f, const struct nginx_directive *d,
                                     struct span text, int steps)
{
        struct nginx_value v = { .is_known = true }, one;
        struct span literal, name;
        bool first = true;

        while (nginx_piece(&text, &literal, &name)) {
                if (literal.length) {
                        if (first)
                                v.starts_with_slash = *literal.text == '/';
                } else {
                        one = value_at(f, d, name, steps - 1);
                        if (first)
                                v.starts_with_slash = one.starts_with_slash;
                        join(&v, &one);
                }
                first = false;
        }
        return v;
}

struct nginx_value nginx_text_value(struct nginx_config *f, const struct nginx_directive *d,
                                    struct span text)
{
        return text_value(f, d, text, STEPS_DEEP);
}

/* What a group of an expression holds: what it can match, of what its subject can be. */
static bool group_value(struct nginx_config *f, const struct nginx_directive *d,
                        const struct source *s, unsigned number, struct span name, int steps,
                        struct nginx_value *ret)
{
        struct nginx_value v = { .is_known = true }, subject;
        struct regex re = { 0 };
        struct regex_facts facts;
        struct regex_set limit;
        int node = -1;

        if (regex_parse(&re, s->regex, s->ignore_case) == 0)
                node = number == 0 && !name.length ? re.root : regex_group(&re, number, name);
        f->budget -= MIN_OF(f->budget, re.n_nodes + 1);
        if (node < 0) {
                regex_done(&re);
                return false;
        }
        facts = regex_facts(&re, node);
        regex_done(&re);
        if (s->subject.length) {
                subject = text_value(f, d, s->subject, steps - 1);
                limit = subject.can;
        } else
                limit = class_set(s->is_host ? CLASS_HOST : s->is_rewrite ? CLASS_RAW : CLASS_URI);
        for (size_t i = 0; i < 4; i++)
                v.can.bits[i] = facts.can.bits[i] & limit.bits[i];
        v.starts_with_slash = !facts.can_be_empty && regex_set_has(&facts.first, '/');
        for (size_t i = 0; i < 4; i++)
                v.starts_with_slash &= !(facts.first.bits[i] & ~(i == 0 ? 1ULL << '/' : 0));
        *ret = v;
        return true;
}

/* The line of a map whose value holds a group: the group is one of its own expression. */
static bool table_source(const struct nginx_config *f, const struct nginx_directive *d,
                         struct source *ret)
{
        const struct nginx_directive *in = nginx_parent(f, d);

        if (!in || !nginx_is(in, "map") || !d->name.length || *d->name.text != '~')
                return false;
        *ret = (struct source){ .subject = nginx_arg(&f->n, in, 0) };
        ret->ignore_case = span_starts(d->name, "~*");
        ret->regex = span_from(d->name, ret->ignore_case ? 2 : 1);
        return true;
}

static struct nginx_value numbered_value(struct nginx_config *f, const struct nginx_directive *d,
                                         unsigned number, int steps)
{
        struct nginx_value v = { 0 };
        struct span no_name = { "", 0 };
        struct source s;

        if (table_source(f, d, &s)) {
                (void) group_value(f, d, &s, number, no_name, steps, &v);
                return v;
        }
        for (int i = nginx_index(f, d); i >= 0 && nginx_spend(f); i--)
                if (source_of(f, &f->n.list[i], d, no_name, &s)) {
                        (void) group_value(f, d, &s, number, no_name, steps, &v);
                        break;
                }
        return v;
}

static bool is_name_of(struct span dollar, struct span name)
{
        return dollar.length > 1 && *dollar.text == '$' && span_same(span_from(dollar, 1), name);
}

/* Any of the values that a table may give. */
static struct nginx_value table_value(struct nginx_config *f, const struct nginx_directive *table,
                                      int steps)
{
        struct nginx_value v = { .is_known = true }, one;

        for (int i = nginx_index(f, table) + 1; i <= table->last && nginx_spend(f); i++) {
                const struct nginx_directive *line = &f->n.list[i];

                if (line->parent != nginx_index(f, table) || line->n_args == 0)
                        continue;
                one = text_value(f, line, nginx_arg(&f->n, line, 0), steps - 1);
                join(&v, &one);
        }
        return v;
}

static bool is_table_of(const struct nginx_config *f, const struct nginx_directive *d,
                        struct span name)
{
        return d->is_block && d->n_args && nginx_is_table(d) &&
               is_name_of(nginx_arg(&f->n, d, d->n_args - 1), name);
}

static bool is_set_of(const struct nginx_config *f, const struct nginx_directive *by,
                      const struct nginx_directive *d, struct span name)
{
        return by != d && nginx_is(by, "set") && by->n_args == 2 &&
               is_name_of(nginx_arg(&f->n, by, 0), name) && is_before(f, by, d);
}

/* From the directive backwards: what was set last counts, and what an `if` may have set. */
static struct nginx_value named_value(struct nginx_config *f, const struct nginx_directive *d,
                                      struct span name, int steps)
{
        struct nginx_value v = { 0 }, one;
        struct source s;

        if (table_source(f, d, &s) && group_value(f, d, &s, 0, name, steps, &v))
                return v;
        for (int i = nginx_index(f, d); i >= 0 && nginx_spend(f); i--) {
                const struct nginx_directive *by = &f->n.list[i], *in = nginx_parent(f, by);

                if (is_set_of(f, by, d, name)) {
                        one = text_value(f, by, nginx_arg(&f->n, by, 1), steps - 1);
                        one.starts_with_slash &= v.is_known ? v.starts_with_slash : true;
                        join(&v, &one);
                        v.starts_with_slash = one.starts_with_slash;
                        if (!in || !nginx_is(in, "if") || in == nginx_parent(f, d))
                                return v;
                } else if (source_of(f, by, d, name, &s) &&
                           group_value(f, d, &s, 0, name, steps, &one)) {
                        join(&v, &one);
                        v.starts_with_slash = one.starts_with_slash;
                        return v;
                }
        }
        for (size_t i = 0; i < f->n.n_list && nginx_spend(f); i++)
                if (is_table_of(f, &f->n.list[i], name)) {
                        one = table_value(f, &f->n.list[i], steps);
                        join(&v, &one);
                        return v;
                }
        if (!v.is_known)
                (void) builtin(name, &v);
        return v;
}

static struct nginx_value value_at(struct nginx_config *f, const struct nginx_directive *d,
                                   struct span name, int steps)
{
        if (steps <= 0 || f->budget == 0 || !name.length)
                return (struct nginx_value){ 0 };
        if (isdigit((unsigned char) *name.text))
                return numbered_value(f, d, (unsigned) span_number(name), steps);
        return named_value(f, d, name, steps);
}

struct nginx_value nginx_variable(struct nginx_config *f, const struct nginx_directive *d,
                                  struct span name)
{
        return value_at(f, d, name, STEPS_DEEP);
}

/* The only `set` that gives a variable its value; NULL when there are several ways, or none. */
static const struct nginx_directive *only_set(struct nginx_config *f,
                                              const struct nginx_directive *d, struct span name)
{
        for (int i = nginx_index(f, d) - 1; i >= 0 && nginx_spend(f); i--) {
                const struct nginx_directive *by = &f->n.list[i], *in = nginx_parent(f, by);

                if (is_set_of(f, by, d, name))
                        return in && nginx_is(in, "if") && in != nginx_parent(f, d) ? NULL : by;
        }
        return NULL;
}

static int expand(struct nginx_config *f, const struct nginx_directive *d, struct span text,
                  nginx_visit visit, void *owner, int steps)
{
        struct span literal, name;
        int r = 0;

        while (r == 0 && nginx_piece(&text, &literal, &name)) {
                const struct nginx_directive *set =
                        name.length && steps > 0 ? only_set(f, d, name) : NULL;
                struct nginx_value value;

                if (literal.length)
                        r = visit(owner, literal, NULL, name);
                else if (set)
                        r = expand(f, set, nginx_arg(&f->n, set, 1), visit, owner, steps - 1);
                else {
                        value = value_at(f, d, name, steps + 1);
                        r = visit(owner, literal, &value, name);
                }
        }
        return r;
}

int nginx_expand(struct nginx_config *f, const struct nginx_directive *d, struct span text,
                 nginx_visit visit, void *owner)
{
        return expand(f, d, text, visit, owner, STEPS_DEEP);
}
