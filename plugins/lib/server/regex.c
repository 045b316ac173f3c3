/* SPDX-License-Identifier: Apache-2.0 */
#include "regex.h"

#include "regex-set.h"
#include "span.h"

enum { FOLD = 1, DOT_ALL = 2, EXTENDED = 4 };

struct parser {
        struct regex *r;
        struct span text;
        size_t at;
        unsigned flags;
        int error;
        bool quoting; /* between \Q and \E */
};

/* ---- Sets ---- */

static void set_range(struct regex_set *s, unsigned from, unsigned to)
{
        for (unsigned c = from; c <= to && c < 256; c++)
                regex_set_add(s, (unsigned char) c);
}

static void set_invert(struct regex_set *s)
{
        for (size_t i = 0; i < 4; i++)
                s->bits[i] = ~s->bits[i];
}

static void set_fold(struct regex_set *s)
{
        for (int c = 'a'; c <= 'z'; c++)
                if (regex_set_has(s, (unsigned char) c) ||
                    regex_set_has(s, (unsigned char) toupper(c))) {
                        regex_set_add(s, (unsigned char) c);
                        regex_set_add(s, (unsigned char) toupper(c));
                }
}

/* The set of an escape such as \d; false when the letter is none. */
static bool set_escape(struct regex_set *s, char letter)
{
        static const struct {
                char letter;
                const char *members; /* pairs: from, to */
        } rows[] = {
                { 'd', "09" },     { 'w', "09AZaz__" }, { 's', "\t\r  " },
                { 'h', "\t\t  " }, { 'v', "\n\r" },     { 'p', "09AZaz\x80\xff" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct regex_set own = { 0 };

                if (tolower((unsigned char) letter) != rows[i].letter)
                        continue;
                for (const char *p = rows[i].members; *p; p += 2)
                        set_range(&own, (unsigned char) p[0], (unsigned char) p[1]);
                if (isupper((unsigned char) letter))
                        set_invert(&own);
                regex_set_join(s, &own);
                return true;
        }
        return false;
}

static bool set_named(struct regex_set *s, struct span name)
{
        static const struct {
                const char *name;
                int (*test)(int c);
        } rows[] = {
                { "alpha", isalpha }, { "digit", isdigit },   { "alnum", isalnum },
                { "upper", isupper }, { "lower", islower },   { "space", isspace },
                { "punct", ispunct }, { "xdigit", isxdigit }, { "print", isprint },
                { "graph", isgraph }, { "cntrl", iscntrl },   { "blank", isblank },
        };
        bool negative = name.length && *name.text == '^';

        name = span_from(name, negative);
        if (span_is(name, "word")) {
                (void) set_escape(s, negative ? 'W' : 'w');
                return true;
        }
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                if (!span_is(name, rows[i].name))
                        continue;
                for (int c = 0; c < 128; c++)
                        if (!rows[i].test(c) == negative)
                                regex_set_add(s, (unsigned char) c);
                return true;
        }
        return false;
}

/* ---- Parsing ---- */

static bool more(const struct parser *p)
{
        return p->at < p->text.length && !p->error;
}

static char peek(const struct parser *p, size_t ahead)
{
        return p->at + ahead < p->text.length ? p->text.text[p->at + ahead] : '\0';
}

static bool take(struct parser *p, const char *what)
{
        size_t n = strlen(what);

        if (p->text.length - p->at < n || memcmp(p->text.text + p->at, what, n) != 0)
                return false;
        p->at += n;
        return true;
}

/* A new node; -1 and p->error when there is no room. */
static int add_node(struct parser *p, enum regex_kind kind)
{
        struct regex *r = p->r;

        if (r->n_nodes >= REGEX_NODES)
                p->error = -EINVAL;
        else if (array_grow(&r->nodes, &r->nodes_size, r->n_nodes + 1, sizeof(*r->nodes)) < 0)
                p->error = -ENOMEM;
        if (p->error)
                return -1;
        r->nodes[r->n_nodes] = (struct regex_node){ .kind = kind, .child = -1, .next = -1 };
        return (int) r->n_nodes++;
}

static int add_set(struct parser *p, struct regex_set set, bool literal)
{
        int node = add_node(p, REGEX_SET);

        if (node < 0)
                return -1;
        if (p->flags & FOLD)
                set_fold(&set);
        p->r->nodes[node].set = set;
        p->r->nodes[node].is_literal = literal;
        return node;
}

static int add_char(struct parser *p, unsigned char c)
{
        struct regex_set set = { 0 };

        regex_set_add(&set, c);
        return add_set(p, set, true);
}

/* A number in hexadecimal or octal of at most `digits`. */
static unsigned take_number(struct parser *p, unsigned base, unsigned digits)
{
        unsigned n = 0;

        for (; digits && more(p); digits--, p->at++) {
                char c = peek(p, 0);
                unsigned digit = isdigit((unsigned char) c)
                                         ? (unsigned) (c - '0')
                                         : (unsigned) (tolower((unsigned char) c) - 'a') + 10;

                if (!isxdigit((unsigned char) c) || digit >= base)
                        break;
                n = n * base + digit;
        }
        return n;
}

/* The character of an escape whose letter was read: \n, \x2e, \cA; others are themselves. */
static unsigned char escaped_char(struct parser *p, char letter)
{
        static const char letters[] = "nrtfea", meant[] = "\n\r\t\f\x1b\a";
        int found = char_index(letters, letter);
        unsigned n;

        if (found >= 0)
                return (unsigned char) meant[found];
        if (letter == 'x') {
                bool braces = take(p, "{");

                n = take_number(p, 16, braces ? 6 : 2);
                if (braces)
                        (void) take(p, "}");
                return n > 255 ? 255 : (unsigned char) n;
        }
        if (letter == '0')
                return (unsigned char) take_number(p, 8, 2);
        if (letter == 'c' && more(p))
                return (unsigned char) (toupper((unsigned char) p->text.text[p->at++]) ^ 64);
        return (unsigned char) letter;
}

/* {Name} or one letter behind \p. */
static void skip_property(struct parser *p)
{
        if (!take(p, "{")) {
                p->at += more(p);
                return;
        }
        while (more(p) && peek(p, 0) != '}')
                p->at++;
        p->at += more(p);
}

/* The name between two signs; p->at is behind the first. */
static struct span take_name(struct parser *p, char end)
{
        struct span name = { p->text.text + p->at, 0 };

        while (more(p) && peek(p, 0) != end) {
                p->at++;
                name.length++;
        }
        if (!more(p))
                p->error = -EINVAL;
        p->at += more(p);
        return name;
}

static int add_back(struct parser *p, unsigned number, struct span name)
{
        int node = add_node(p, REGEX_BACK);

        if (node < 0)
                return -1;
        p->r->nodes[node].number = number;
        p->r->nodes[node].name = name;
        return node;
}

/* \k<name>, \k'name', \k{name}, \g{2}, \g2 */
static int parse_reference(struct parser *p)
{
        static const char open[] = "<'{", shut[] = ">'}";
        int sign = char_index(open, peek(p, 0));
        bool call = p->text.text[p->at - 1] == 'g' && sign >= 0 && open[sign] != '{';
        struct span name;

        /* \g<n> calls the group again; \g-1 counts back. */
        p->r->is_partial |= call || peek(p, 0) == '-' || peek(p, 0) == '+';
        if (sign < 0)
                return add_back(p, take_number(p, 10, 2), (struct span){ "", 0 });
        p->at++;
        name = take_name(p, shut[sign]);
        return span_number(name) >= 0
                       ? add_back(p, (unsigned) span_number(name), (struct span){ "", 0 })
                       : add_back(p, 0, name);
}

static int parse_escape(struct parser *p)
{
        struct regex_set set = { 0 };
        char letter;

        p->at++;
        if (!more(p)) {
                p->error = -EINVAL;
                return -1;
        }
        letter = p->text.text[p->at++];
        if (char_in("bBGK", letter))
                return add_node(p, REGEX_EDGE);
        if (letter == 'A')
                return add_node(p, REGEX_START);
        if (letter == 'z' || letter == 'Z')
                return add_node(p, REGEX_END);
        if (letter == 'k' || letter == 'g')
                return parse_reference(p);
        if (letter >= '1' && letter <= '9') {
                /* Of two digits it may be a number in octal. */
                p->r->is_partial |= isdigit((unsigned char) peek(p, 0));
                p->at--;
                return add_back(p, take_number(p, 10, 2), (struct span){ "", 0 });
        }
        /* A whole cluster, a byte of one, a character by name or in octal. */
        p->r->is_partial |= char_in("XCo", letter) || (letter == 'N' && peek(p, 0) == '{');
        if (letter == 'N') {
                regex_set_add(&set, '\n');
                set_invert(&set);
                return add_set(p, set, false);
        }
        if (letter == 'R' || letter == 'X')
                letter = letter == 'R' ? 'v' : 'p';
        else if (letter == 'p' || letter == 'P')
                skip_property(p);
        if (set_escape(&set, letter))
                return add_set(p, set, false);
        return add_char(p, escaped_char(p, letter));
}

/* One character of a class, or a whole set, for which -1 comes back. */
static int class_member(struct parser *p, struct regex_set *set)
{
        unsigned char c = (unsigned char) p->text.text[p->at++];
        char letter;

        if (c == '[' && (peek(p, 0) == ':' || peek(p, 0) == '.' || peek(p, 0) == '=')) {
                enum { LONGEST = 16 }; /* "^xdigit" and its signs */
                const char *end = memmem(p->text.text + p->at,
                                         MIN_OF(p->text.length - p->at, LONGEST), ":]", 2);
                struct span name;

                if (!end)
                        return c;
                name = (struct span){ p->text.text + p->at + 1,
                                      (size_t) (end - p->text.text) - p->at - 1 };
                if (end == p->text.text + p->at || !set_named(set, name))
                        return c;
                p->at = (size_t) (end - p->text.text) + 2;
                return -1;
        }
        if (c != '\\' || !more(p))
                return c;
        letter = p->text.text[p->at++];
        p->r->is_partial |= char_in("QEo", letter);
        if (letter == 'b')
                return '\b';
        if (letter == 'p' || letter == 'P')
                skip_property(p);
        if (letter != 'R' && letter != 'X' && set_escape(set, letter))
                return -1;
        if (letter >= '1' && letter <= '7') {
                p->at--;
                return (int) (take_number(p, 8, 3) & 255);
        }
        return escaped_char(p, letter);
}

static int parse_class(struct parser *p)
{
        struct regex_set set = { 0 };
        bool negative, first = true;

        p->at++;
        negative = take(p, "^");
        for (; more(p) && (first || peek(p, 0) != ']'); first = false) {
                int from = class_member(p, &set), to = from;

                if (from >= 0 && peek(p, 0) == '-' && peek(p, 1) && peek(p, 1) != ']') {
                        p->at++;
                        to = class_member(p, &set);
                        if (to < 0) {
                                regex_set_add(&set, '-');
                                to = from;
                        }
                }
                if (from >= 0)
                        set_range(&set, (unsigned) from, (unsigned) MAX_OF(from, to));
        }
        if (!more(p))
                p->error = p->error ? p->error : -EINVAL;
        p->at += more(p);
        if (p->flags & FOLD)
                set_fold(&set);
        if (negative)
                set_invert(&set);
        return add_set(p, set, !negative && regex_set_count(&set) == 1);
}

static int parse_choice(struct parser *p, int depth);

/* (?i), (?s-i:...): the flags hold until the group around them ends. */
static bool parse_flags(struct parser *p)
{
        static const char letters[] = "isx";
        static const unsigned bits[] = { FOLD, DOT_ALL, EXTENDED };
        bool on = true;

        for (; more(p) && peek(p, 0) != ')' && peek(p, 0) != ':'; p->at++) {
                char c = peek(p, 0);
                int found = char_index(letters, c);

                if (c == '-')
                        on = false;
                else if (found >= 0)
                        p->flags = on ? p->flags | bits[found] : p->flags & ~bits[found];
                else if (!char_in("mUJa", c))
                        return false;
        }
        return more(p);
}

enum head { HEAD_CAPTURE, HEAD_PLAIN, HEAD_LOOK, HEAD_ATOMIC, HEAD_NONE };

/* What stands behind the opening bracket of a group. */
static enum head parse_head(struct parser *p, struct span *ret_name)
{
        static const char *const looks[] = { "?=",  "?!",    "?<=",   "?<!",   "?*",
                                             "?<*", "*pla:", "*nla:", "*plb:", "*nlb:" };

        if (take(p, "?:") || take(p, "?|"))
                return HEAD_PLAIN;
        if (take(p, "?>"))
                return HEAD_ATOMIC;
        for (size_t i = 0; i < ARRAY_SIZE(looks); i++)
                if (take(p, looks[i]))
                        return HEAD_LOOK;
        if (take(p, "?P<") || take(p, "?<")) {
                *ret_name = take_name(p, '>');
                return HEAD_CAPTURE;
        }
        if (take(p, "?'")) {
                *ret_name = take_name(p, '\'');
                return HEAD_CAPTURE;
        }
        if (peek(p, 0) != '?' && peek(p, 0) != '*')
                return HEAD_CAPTURE;
        if (peek(p, 0) == '?') {
                p->at++;
                if (parse_flags(p)) {
                        if (take(p, ":"))
                                return HEAD_PLAIN;
                        p->at++;
                        return HEAD_NONE;
                }
        }
        /* A verb, a condition, a recursion: it is skipped. */
        p->r->is_partial = true;
        (void) take_name(p, ')');
        return HEAD_NONE;
}

static int parse_group(struct parser *p, int depth)
{
        unsigned flags = p->flags, number = 0;
        struct span name = { "", 0 };
        enum head head;
        int node, child;

        p->at++;
        head = parse_head(p, &name);
        if (head == HEAD_NONE)
                return add_node(p, REGEX_NOTHING);
        if (head == HEAD_CAPTURE)
                number = ++p->r->n_groups;
        node = add_node(p, head == HEAD_LOOK ? REGEX_LOOK : REGEX_GROUP);
        child = parse_choice(p, depth + 1);
        p->flags = flags;
        if (node < 0 || child < 0)
                return -1;
        if (!take(p, ")"))
                p->error = -EINVAL;
        p->r->has_look |= head == HEAD_LOOK;
        p->r->nodes[node].child = child;
        p->r->nodes[node].number = number;
        p->r->nodes[node].name = name;
        p->r->nodes[node].is_atomic = head == HEAD_ATOMIC;
        return node;
}

static int parse_atom(struct parser *p, int depth)
{
        struct regex_set set = { 0 };
        char c = peek(p, 0);

        if (p->quoting) {
                p->at++;
                return add_char(p, (unsigned char) c);
        }
        switch (c) {
        case '(':
                return parse_group(p, depth);
        case '[':
                return parse_class(p);
        case '\\':
                return parse_escape(p);
        case '^':
                p->at++;
                return add_node(p, REGEX_START);
        case '$':
                p->at++;
                return add_node(p, REGEX_END);
        case '.':
                p->at++;
                if (!(p->flags & DOT_ALL))
                        regex_set_add(&set, '\n');
                set_invert(&set);
                return add_set(p, set, false);
        case '*':
        case '+':
        case '?':
                p->error = -EINVAL;
                return -1;
        default:
                p->at++;
                return add_char(p, (unsigned char) c);
        }
}

/* {2}, {2,}, {2,3}: false when the brace is an ordinary character. */
static bool parse_braces(struct parser *p, uint32_t *ret_min, uint32_t *ret_max)
{
        size_t start = p->at;
        bool digits;

        p->at++;
        digits = isdigit((unsigned char) peek(p, 0));
        *ret_min = *ret_max = take_number(p, 10, 5);
        if (digits && take(p, ","))
                *ret_max =
                        isdigit((unsigned char) peek(p, 0)) ? take_number(p, 10, 5) : REGEX_ENDLESS;
        if (digits && take(p, "}"))
                return true;
        p->at = start;
        return false;
}

static bool parse_quantifier(struct parser *p, uint32_t *ret_min, uint32_t *ret_max)
{
        *ret_min = 0;
        *ret_max = REGEX_ENDLESS;
        switch (peek(p, 0)) {
        case '*':
                p->at++;
                return true;
        case '+':
                p->at++;
                *ret_min = 1;
                return true;
        case '?':
                p->at++;
                *ret_max = 1;
                return true;
        case '{':
                return parse_braces(p, ret_min, ret_max);
        default:
                return false;
        }
}

/* What counts for nothing: (?#comments), the edges of quotes, and white space where (?x) holds. */
static bool skip_one(struct parser *p)
{
        if (p->quoting) {
                p->quoting = !take(p, "\\E");
                return !p->quoting;
        }
        if (take(p, "\\Q"))
                return p->quoting = true;
        if (take(p, "\\E"))
                return true;
        if (take(p, "(?#")) {
                (void) take_name(p, ')');
                return true;
        }
        if (!(p->flags & EXTENDED) || !more(p))
                return false;
        if (peek(p, 0) == '#')
                while (more(p) && peek(p, 0) != '\n')
                        p->at++;
        else if (isspace((unsigned char) peek(p, 0)))
                p->at++;
        else
                return false;
        return true;
}

static void skip_blank(struct parser *p)
{
        while (skip_one(p))
                ;
}

static int parse_item(struct parser *p, int depth)
{
        enum { STACKED = 3 };
        int atom = parse_atom(p, depth), node, n = 0;
        uint32_t min, max;

        for (; atom >= 0; atom = node) {
                bool atomic;

                skip_blank(p);
                if (p->quoting || !more(p) || !parse_quantifier(p, &min, &max))
                        break;
                atomic = take(p, "+");

                if (!atomic)
                        (void) take(p, "?");
                node = add_node(p, REGEX_REPEAT);
                if (node < 0)
                        return -1;
                p->r->nodes[node].child = atom;
                p->r->nodes[node].min = min;
                p->r->nodes[node].max = max;
                p->r->nodes[node].is_atomic = atomic;
                if (++n > STACKED || peek(p, 0) == '*' || peek(p, 0) == '+')
                        p->error = -EINVAL;
        }
        return p->error ? -1 : atom;
}

static int parse_sequence(struct parser *p, int depth)
{
        int node = add_node(p, REGEX_SEQUENCE), last = -1;

        for (;;) {
                int item;

                skip_blank(p);
                if (!more(p) || (!p->quoting && (peek(p, 0) == '|' || peek(p, 0) == ')')))
                        break;
                item = parse_item(p, depth);
                if (item < 0)
                        return -1;
                if (last < 0)
                        p->r->nodes[node].child = item;
                else
                        p->r->nodes[last].next = item;
                last = item;
        }
        return p->error ? -1 : node;
}

static int parse_choice(struct parser *p, int depth)
{
        int node, last;

        if (depth > REGEX_DEPTH) {
                p->error = -EINVAL;
                return -1;
        }
        last = parse_sequence(p, depth);
        if (last < 0 || peek(p, 0) != '|' || !more(p))
                return last;
        node = add_node(p, REGEX_CHOICE);
        if (node < 0)
                return -1;
        p->r->nodes[node].child = last;
        while (take(p, "|")) {
                int other = parse_sequence(p, depth);

                if (other < 0)
                        return -1;
                p->r->nodes[last].next = other;
                last = other;
        }
        return node;
}

int regex_parse(struct regex *r, struct span text, bool ignore_case)
{
        struct parser p = { .r = r, .text = text, .flags = ignore_case ? FOLD : 0 };

        r->n_nodes = 0;
        r->n_groups = 0;
        r->is_partial = r->has_look = false;
        r->root = parse_choice(&p, 0);
        if (!p.error && (r->root < 0 || p.at < text.length))
                p.error = -EINVAL;
        return p.error;
}

void regex_done(struct regex *r)
{
        free(r->nodes);
        *r = (struct regex){ 0 };
}
