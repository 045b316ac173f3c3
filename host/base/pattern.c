/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pattern.h"

#include "base/buf.h"

#include <ctype.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define MATCH_STEPS_MAX    1000000 /* and STEPS_PER_BYTE for each byte of the text */
#define STEPS_PER_BYTE     4
#define MATCH_DEPTH_MAX    10000
#define MATCH_HEAP_KIB_MAX 20480
#define GROUP_DEPTH_MAX    100
#define BYTES_PER_STEP     32 /* that a repeated item passes in the time of one step */

struct pattern {
        char *text;
        pcre2_code *code;
        pcre2_match_context *limits;
        uint64_t reach; /* steps that one item may hide: it repeats without a word in between */
};

/* A pattern on its way from one dialect to the other. */
struct translation {
        const char *start, *at, *end;
        struct buf out;
        struct err *err;
};

/* ECMA-262's long names of general categories, which PCRE2 knows by the short ones only. */
static const char *const categories[][2] = {
        { "Cased_Letter", "L&" },
        { "Close_Punctuation", "Pe" },
        { "Connector_Punctuation", "Pc" },
        { "Control", "Cc" },
        { "Currency_Symbol", "Sc" },
        { "Dash_Punctuation", "Pd" },
        { "Decimal_Number", "Nd" },
        { "Enclosing_Mark", "Me" },
        { "Final_Punctuation", "Pf" },
        { "Format", "Cf" },
        { "Initial_Punctuation", "Pi" },
        { "LC", "L&" },
        { "Letter", "L" },
        { "Letter_Number", "Nl" },
        { "Line_Separator", "Zl" },
        { "Lowercase_Letter", "Ll" },
        { "Mark", "M" },
        { "Math_Symbol", "Sm" },
        { "Modifier_Letter", "Lm" },
        { "Modifier_Symbol", "Sk" },
        { "Nonspacing_Mark", "Mn" },
        { "Number", "N" },
        { "Open_Punctuation", "Ps" },
        { "Other", "C" },
        { "Other_Letter", "Lo" },
        { "Other_Number", "No" },
        { "Other_Punctuation", "Po" },
        { "Other_Symbol", "So" },
        { "Paragraph_Separator", "Zp" },
        { "Private_Use", "Co" },
        { "Punctuation", "P" },
        { "Separator", "Z" },
        { "Space_Separator", "Zs" },
        { "Spacing_Mark", "Mc" },
        { "Surrogate", "Cs" },
        { "Symbol", "S" },
        { "Titlecase_Letter", "Lt" },
        { "Unassigned", "Cn" },
        { "Uppercase_Letter", "Lu" },
        { "digit", "Nd" },
        { "punct", "P" },
};

/* ECMA-262's white space and line terminators beyond PCRE2's own \s. */
#define MORE_SPACE                                                                                 \
        "\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{"     \
        "feff}"

/* Escapes that are written differently, outside a class and inside one. */
static const struct {
        char letter;
        const char *outside, *inside;
} escapes[] = {
        { 'd', "\\d", "\\d" },
        { 'D', "\\D", "\\D" },
        { 'w', "\\w", "\\w" },
        { 'W', "\\W", "\\W" },
        /* Inside a class the two must be each other's complement: [\s\S] is every character. */
        { 's', "[\\s" MORE_SPACE "]", "\\p{Xsp}\\x{feff}" },
        { 'S', "[^\\s" MORE_SPACE "]", "\\P{Xsp}" },
        { 'b', "\\b", "\\x08" },
        { 'B', "\\B", NULL },
        { 't', "\\t", "\\t" },
        { 'n', "\\n", "\\n" },
        { 'v', "\\x0b", "\\x0b" },
        { 'f', "\\f", "\\f" },
        { 'r', "\\r", "\\r" },
};

static int refuse(struct translation *t, const char *at, const char *why)
{
        return err_set(t->err, -EINVAL, "not an ECMA-262 pattern, at byte %zu: %s",
                       (size_t) (at - t->start) + 1, why);
}

/* Reads exactly `count` hex digits behind `p`; -1 when they are not there. */
static long hex_read(const struct translation *t, const char *p, size_t count)
{
        long value = 0;

        if ((size_t) (t->end - p) < count)
                return -1;
        for (size_t i = 0; i < count; i++) {
                if (!isxdigit((unsigned char) p[i]))
                        return -1;
                value = value * 16 +
                        (isdigit((unsigned char) p[i]) ? p[i] - '0' : (p[i] | 32) - 'a' + 10);
        }
        return value;
}

static int codepoint_add(struct translation *t, const char *at, long value)
{
        if (value < 0 || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
                return refuse(t, at, "this escape names no character");
        return buf_printf(&t->out, "\\x{%lx}", (unsigned long) value);
}

/* \u{1F432}, \u00e1 and the pair \ud83d\udc32; `t->at` stands behind the u. */
static int unicode_escape(struct translation *t, const char *at)
{
        long high, low;

        if (t->at < t->end && *t->at == '{') {
                size_t n = 0;

                while (t->at + 1 + n < t->end && isxdigit((unsigned char) t->at[1 + n]))
                        n++;
                if (n == 0 || n > 8 || t->at + 1 + n >= t->end || t->at[1 + n] != '}')
                        return refuse(t, at, "\\u{ needs hex digits and }");
                high = hex_read(t, t->at + 1, n);
                t->at += n + 2;
                return codepoint_add(t, at, high);
        }
        high = hex_read(t, t->at, 4);
        if (high < 0)
                return refuse(t, at, "\\u needs four hex digits");
        t->at += 4;
        if (high >= 0xd800 && high <= 0xdbff && t->end - t->at >= 6 && t->at[0] == '\\' &&
            t->at[1] == 'u') {
                low = hex_read(t, t->at + 2, 4);
                if (low >= 0xdc00 && low <= 0xdfff) {
                        t->at += 6;
                        high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                }
        }
        return codepoint_add(t, at, high);
}

/* \p{Letter}, \P{Script=Greek}; `t->at` stands behind the p. */
static int property_escape(struct translation *t, const char *at)
{
        const char *close = memchr(t->at, '}', (size_t) (t->end - t->at));
        char name[64];
        const char *value = name;

        if (!close || *t->at != '{' || close - t->at - 1 >= (long) sizeof(name))
                return refuse(t, at, "\\p needs a property in braces: \\p{Letter}");
        (void) snprintf(name, sizeof(name), "%.*s", (int) (close - t->at - 1), t->at + 1);
        t->at = close + 1;

        if (strncmp(name, "gc=", 3) == 0)
                value = name + 3;
        else if (strncmp(name, "General_Category=", 17) == 0)
                value = name + 17;
        for (size_t i = 0; i < ARRAY_SIZE(categories); i++)
                if (strcmp(categories[i][0], value) == 0)
                        value = categories[i][1];
        if (!*value || strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789_=&") != strlen(value))
                return refuse(t, at, "\\p names no property");
        return buf_printf(&t->out, "\\%c{%s}", at[1], value);
}

static int number_escape(struct translation *t, const char *at)
{
        unsigned group = 0;

        for (t->at--; t->at < t->end && isdigit((unsigned char) *t->at) && group < 10000; t->at++)
                group = group * 10 + (unsigned) (*t->at - '0');
        if (group == 0)
                return t->at - at == 2 ? buf_puts(&t->out, "\\x00")
                                       : refuse(t, at, "octal escapes do not exist");
        return buf_printf(&t->out, "\\g{%u}", group);
}

static int name_escape(struct translation *t, const char *at)
{
        const char *close = memchr(t->at, '>', (size_t) (t->end - t->at));

        if (!close || *t->at != '<')
                return refuse(t, at, "\\k needs the name of a group: \\k<year>");
        at = TAKE(t->at);
        t->at = close + 1;
        return buf_printf(&t->out, "\\k%.*s", (int) (close + 1 - at), at);
}

static int simple_escape(struct translation *t, const char *at, bool in_class)
{
        for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
                const char *text = in_class ? escapes[i].inside : escapes[i].outside;

                if (escapes[i].letter == at[1] && text)
                        return buf_puts(&t->out, text);
        }
        return refuse(t, at, "no such escape");
}

/* `t->at` stands on the backslash. */
static int escape(struct translation *t, bool in_class)
{
        const char *at = t->at;
        char c;

        if (t->end - at < 2)
                return refuse(t, at, "the pattern ends in a backslash");
        c = at[1];
        t->at = at + 2;
        if (c == 'u')
                return unicode_escape(t, at);
        if (c == 'p' || c == 'P')
                return property_escape(t, at);
        if (c == 'k' && !in_class)
                return name_escape(t, at);
        if (c == '0' || (isdigit((unsigned char) c) && !in_class))
                return number_escape(t, at);
        if (c == 'x') {
                t->at += 2;
                return codepoint_add(t, at, hex_read(t, at + 2, 2));
        }
        if (c == 'c' && t->at < t->end && isalpha((unsigned char) *t->at))
                return codepoint_add(t, at, *t->at++ & 31);
        if (isalnum((unsigned char) c))
                return simple_escape(t, at, in_class);
        if ((unsigned char) c >= 0x80) {
                t->at--;
                return 0;
        }
        return buf_printf(&t->out, "\\%c", c);
}

static int class(struct translation *t)
{
        const char *at = t->at;
        int r;

        t->at++;
        r = buf_putc(&t->out, '[');
        if (r == 0 && t->at < t->end && *t->at == '^')
                r = buf_putc(&t->out, *t->at++);
        while (r == 0 && t->at < t->end && *t->at != ']') {
                if (*t->at == '\\')
                        r = escape(t, true);
                else if (*t->at == '[')
                        r = buf_printf(&t->out, "\\%c", *t->at++); /* not a POSIX class */
                else
                        r = buf_putc(&t->out, *t->at++);
        }
        if (r == 0 && t->at >= t->end)
                return refuse(t, at, "this [ has no ]");
        t->at++;
        return r < 0 ? r : buf_putc(&t->out, ']');
}

static int group(struct translation *t)
{
        static const char *const kinds[] = { "?:", "?=", "?!", "?<=", "?<!" };
        const char *at = t->at++;
        size_t left = (size_t) (t->end - t->at);

        if (left && *t->at == '*')
                return refuse(t, at, "nothing to repeat behind (");
        if (left < 2 || *t->at != '?')
                return buf_putc(&t->out, '(');
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (left >= strlen(kinds[i]) && memcmp(t->at, kinds[i], strlen(kinds[i])) == 0) {
                        t->at += strlen(kinds[i]);
                        return buf_printf(&t->out, "(%s", kinds[i]);
                }
        if (t->at[1] != '<')
                return refuse(t, at, "no such kind of group");
        t->at += 2;
        return buf_puts(&t->out, "(?<");
}

/* Length of the quantifier at `t->at`, 0 when there is none: * + ? {2} {2,} {2,3}. */
static size_t quantifier_length(const struct translation *t)
{
        const char *p = t->at;

        if (strchr("*+?", *p))
                return 1;
        if (*p++ != '{' || p >= t->end || !isdigit((unsigned char) *p))
                return 0;
        while (p < t->end && isdigit((unsigned char) *p))
                p++;
        if (p < t->end && *p == ',')
                p++;
        while (p < t->end && isdigit((unsigned char) *p))
                p++;
        return p < t->end && *p == '}' ? (size_t) (p - t->at) + 1 : 0;
}

static int quantifier(struct translation *t, size_t length)
{
        int r = buf_add(&t->out, t->at, length);

        t->at += length;
        if (r == 0 && t->at < t->end && *t->at == '?')
                r = buf_putc(&t->out, *t->at++);
        if (r == 0 && t->at < t->end && quantifier_length(t))
                return refuse(t, t->at, "a quantifier behind a quantifier");
        return r;
}

static int translate(struct translation *t)
{
        int r = 0;

        while (r == 0 && t->at < t->end) {
                size_t n = *t->at ? quantifier_length(t) : 0;

                if (*t->at == '\\')
                        r = escape(t, false);
                else if (*t->at == '[')
                        r = class(t);
                else if (*t->at == '(')
                        r = group(t);
                else if (n)
                        r = quantifier(t, n);
                else if (*t->at == '.')
                        t->at++, r = buf_puts(&t->out, "[^\\n\\r\\x{2028}\\x{2029}]");
                else
                        r = buf_putc(&t->out, *t->at++);
        }
        return r;
}

static int pattern_compile(struct pattern *p, const struct buf *translated, struct err *err)
{
        const uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS |
                                 PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C |
                                 PCRE2_AUTO_CALLOUT;
        pcre2_compile_context *context = pcre2_compile_context_create(NULL);
        PCRE2_UCHAR text[256] = "";
        PCRE2_SIZE offset;
        int code;

        if (!context)
                return -ENOMEM;
        (void) pcre2_set_parens_nest_limit(context, GROUP_DEPTH_MAX);
        p->code = pcre2_compile((PCRE2_SPTR) buf_text(translated), translated->length, options,
                                &code, &offset, context);
        pcre2_compile_context_free(context);
        if (!p->code) {
                (void) pcre2_get_error_message(code, text, sizeof(text));
                return err_set(err, -EINVAL, "not a regular expression: %s", text);
        }
        p->limits = pcre2_match_context_create(NULL);
        if (!p->limits)
                return -ENOMEM;
        (void) pcre2_set_depth_limit(p->limits, MATCH_DEPTH_MAX);
        (void) pcre2_set_heap_limit(p->limits, MATCH_HEAP_KIB_MAX);
        return 0;
}

/* The largest number behind a '{', in units of a step. */
static uint64_t reach_of(const char *text)
{
        unsigned long most = 0;

        for (; (text = strchr(text, '{')); text++)
                most = MAX_OF(most, strtoul(text + 1, NULL, 10));
        return MIN_OF(most, 65535UL) / BYTES_PER_STEP;
}

int pattern_new(struct pattern **ret_pattern, const char *text, size_t length, struct err *err)
{
        _cleanup_(pattern_freep) struct pattern *p = calloc(1, sizeof(*p));
        struct translation t = { text, text, text + length, { 0 }, err };
        int r;

        if (!p)
                return -ENOMEM;
        if (length > PATTERN_LENGTH_MAX)
                return err_set(err, -EINVAL, "a pattern of %zu bytes is longer than %d", length,
                               PATTERN_LENGTH_MAX);
        p->text = strndup(text, length);
        if (!p->text)
                return -ENOMEM;
        r = translate(&t);
        if (r == 0)
                r = pattern_compile(p, &t.out, err);
        buf_done(&t.out);
        if (r < 0)
                return r;

        p->reach = reach_of(p->text);
        *ret_pattern = TAKE(p);
        return 0;
}

struct pattern *pattern_free(struct pattern *p)
{
        if (!p)
                return NULL;
        pcre2_match_context_free(p->limits);
        pcre2_code_free(p->code);
        free(p->text);
        free(p);
        return NULL;
}

const char *pattern_text(const struct pattern *p)
{
        return p->text;
}

/*
 * Counts the work of one match. PCRE2's own limit begins anew at every place of the text where a
 * match may start, so a long text multiplies it; a callout before every item of the pattern sees
 * all of it. The bytes passed since the last one are work as well.
 */
struct meter {
        uint64_t used, most, reach;
        size_t last; /* place in the text */
};

static int meter_count(pcre2_callout_block *block, void *user)
{
        struct meter *m = user;
        size_t at = block->current_position, passed = at > m->last ? at - m->last : m->last - at;

        m->used += 1 + m->reach + passed / BYTES_PER_STEP;
        m->last = at;
        return m->used <= m->most ? 0 : PCRE2_ERROR_MATCHLIMIT;
}

int pattern_match(const struct pattern *p, const char *text, size_t length, uint64_t *ret_steps,
                  struct err *err)
{
        struct meter meter = { .most = MATCH_STEPS_MAX + STEPS_PER_BYTE * (uint64_t) length,
                               .reach = p->reach };
        pcre2_match_data *data = pcre2_match_data_create(1, NULL);
        PCRE2_UCHAR words[256] = "";
        int r;

        if (!data)
                return -ENOMEM;
        (void) pcre2_set_callout(p->limits, meter_count, &meter);
        r = pcre2_match(p->code, (PCRE2_SPTR) text, length, 0, 0, data, p->limits);
        pcre2_match_data_free(data);
        *ret_steps = meter.used;
        if (r >= 0)
                return 1;
        if (r == PCRE2_ERROR_NOMATCH)
                return 0;
        (void) pcre2_get_error_message(r, words, sizeof(words));
        return err_set(err, -E2BIG,
                       "the pattern %.200s needs too much work on a text of %zu bytes "
                       "(%s); write it without nested repetitions",
                       p->text, length, words);
}
