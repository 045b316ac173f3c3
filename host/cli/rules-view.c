/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "cli/column.h"
#include "cli/rules.h"
#include "cli/term.h"

#include <ctype.h>
#include <string.h>

static void join(struct buf *out, const json_t *list)
{
        json_t *item;
        size_t i;

        json_array_foreach (list, i, item)
                (void) buf_printf(out, "%s%s", i ? ", " : "", json_string_value(item));
}

int rules_list_print(const json_t *output)
{
        static const char *const headings[] = { "rule", "severity", "name", "keywords" };
        _cleanup_(table_freep) struct table *table = NULL;
        json_t *rule, *pack;
        size_t i;

        if (table_new(&table, ARRAY_SIZE(headings), headings) < 0)
                return -ENOMEM;
        json_array_foreach (json_object_get(output, "rules"), i, rule) {
                _cleanup_(buf_done) struct buf keywords = { 0 }, id = { 0 };
                const char *cells[] = { NULL, column_text(rule, "severity"),
                                        column_text(rule, "name"), NULL };

                join(&keywords, json_object_get(rule, "keywords"));
                (void) buf_printf(&id, "%s/%s", column_text(rule, "control"),
                                  column_text(rule, "id"));
                cells[0] = buf_text(&id);
                cells[3] = buf_text(&keywords);
                if (table_add(table, cells) < 0)
                        return -ENOMEM;
                table_style_last(table, 0, STYLE_BOLD);
        }
        table_print(table, stdout);
        json_array_foreach (json_object_get(output, "packs"), i, pack)
                (void) printf("%s%s: %lld rules, sha256 %.16s…, %s%s\n", i ? "" : "\n",
                              column_text(pack, "control"),
                              (long long) json_integer_value(json_object_get(pack, "rules")),
                              column_text(pack, "sha256"),
                              *column_text(pack, "gate") ? "compiled for Hyperscan "
                                                         : "no compiled gate",
                              column_text(pack, "gate"));
        return 0;
}

/* What is shown of a rule, in this order; a list stands one item a line. */
static const struct {
        const char *member, *label;
        bool is_list;
} lines[] = {
        { "severity", "severity", false },
        { "kind", "kind", false },
        { "rank", "rank", false },
        { "keywords", "keywords", false },
        { "regex", "regex", false },
        { "form", "form", false },
        { "group", "secret is group", false },
        { "deny", "not if", false },
        { "path", "only in paths", false },
        { "before", "bytes before a keyword", false },
        { "after", "and behind it", false },
        { "entropy", "least entropy", false },
        { "min_length", "least length", false },
        { "allowances", "allow-lists", false },
        { "proof", "proof", false },
        { "proof_means", "which means", false },
        { "cwe", "cwe", false },
        { "tags", "tags", false },
        { "examples", "finds (made anew)", true },
        { "counters", "does not find", true },
        { "fix", "what to do", false },
};

static void value_print(const json_t *value)
{
        _cleanup_(freep) char *text = NULL;

        if (json_is_string(value)) {
                (void) fputs(json_string_value(value), stdout);
                return;
        }
        if (json_is_array(value)) {
                _cleanup_(buf_done) struct buf joined = { 0 };

                join(&joined, value);
                (void) fputs(buf_text(&joined), stdout);
                return;
        }
        if (json_is_real(value)) {
                (void) printf("%g", json_real_value(value));
                return;
        }
        text = json_dumps(value, JSON_ENCODE_ANY);
        (void) fputs(text ? text : "", stdout);
}

/* A sample may have lines of its own. */
static void sample_print(const char *text)
{
        (void) fputs("    ", stdout);
        for (; *text; text++)
                (void) (*text == '\n' ? fputs("\n    ", stdout) : putchar(*text));
        (void) putchar('\n');
}

void rules_explain_print(const json_t *output)
{
        bool colour = term_has_colour(stdout);

        (void) printf("%s%s/%s%s: %s\n", term_style(colour, STYLE_BOLD),
                      column_text(output, "control"), column_text(output, "id"),
                      term_style(colour, STYLE_PLAIN), column_text(output, "name"));
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                const json_t *value = json_object_get(output, lines[i].member);
                json_t *item;
                size_t k;

                if (!value || (json_is_array(value) && !json_array_size(value)))
                        continue;
                if (!lines[i].is_list) {
                        (void) printf("  %-22s  ", lines[i].label);
                        value_print(value);
                        (void) putchar('\n');
                        continue;
                }
                (void) printf("  %s:\n", lines[i].label);
                json_array_foreach (value, k, item)
                        sample_print(json_string_value(item));
        }
}

void rules_place_print(FILE *f, const char *file, const char *text)
{
        (void) fprintf(f, "%s:%s%s\n", file, isdigit((unsigned char) *text) ? "" : " ", text);
}

void rules_said_print(FILE *f, const char *file, const json_t *list, const char *before)
{
        json_t *one;
        size_t i;

        json_array_foreach (list, i, one) {
                _cleanup_(buf_done) struct buf text = { 0 };
                const char *place = column_text(one, "place"), *rule = column_text(one, "rule");

                (void) buf_printf(&text, "%s%s%s%s%s%s", place, *place ? ": " : "", before, rule,
                                  *rule ? ": " : "", column_text(one, "text"));
                rules_place_print(f, file, buf_text(&text));
        }
}
