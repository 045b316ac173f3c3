/* SPDX-License-Identifier: Apache-2.0 */
#include "syntax.h"

#include "server/span.h"

const TSLanguage *tree_sitter_javascript(void);
const TSLanguage *tree_sitter_python(void);
const TSLanguage *tree_sitter_tsx(void);

int syntax_parse(struct syntax *s, enum syntax_language language, struct span text)
{
        enum { LONGEST_US = 500000 };
        const TSLanguage *(*const languages[SYNTAX_LANGUAGES_])(void) = {
                [SYNTAX_JAVASCRIPT] = tree_sitter_javascript,
                [SYNTAX_TYPESCRIPT] = tree_sitter_tsx,
                [SYNTAX_PYTHON] = tree_sitter_python,
        };
        TSParser *parser;

        *s = (struct syntax){ .text = text };
        if (text.length > SYNTAX_BYTES)
                return -E2BIG;
        parser = ts_parser_new();
        if (!parser || !ts_parser_set_language(parser, languages[language]())) {
                ts_parser_delete(parser);
                return -ENOMEM;
        }
        ts_parser_set_timeout_micros(parser, LONGEST_US);
        s->tree = ts_parser_parse_string(parser, NULL, text.text, (uint32_t) text.length);
        ts_parser_delete(parser);
        return s->tree ? 0 : -ETIMEDOUT;
}

void syntax_done(struct syntax *s)
{
        if (s->tree)
                ts_tree_delete(s->tree);
        s->tree = NULL;
}

/* To the node that follows in the order of the text; false at the end. */
static bool go_on(TSTreeCursor *cursor)
{
        if (ts_tree_cursor_goto_first_child(cursor))
                return true;
        while (!ts_tree_cursor_goto_next_sibling(cursor))
                if (!ts_tree_cursor_goto_parent(cursor))
                        return false;
        return true;
}

int syntax_walk(const struct syntax *s,
                int (*visit)(void *owner, const struct syntax *s, TSNode node), void *owner)
{
        TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(s->tree));
        int r = 0;

        do {
                TSNode node = ts_tree_cursor_current_node(&cursor);

                if (ts_node_is_named(node))
                        r = visit(owner, s, node);
        } while (r == 0 && go_on(&cursor));
        ts_tree_cursor_delete(&cursor);
        return r;
}

bool syntax_is(TSNode node, const char *type)
{
        return !ts_node_is_null(node) && !strcmp(ts_node_type(node), type);
}

struct span syntax_text(const struct syntax *s, TSNode node)
{
        uint32_t start, end;

        if (ts_node_is_null(node))
                return (struct span){ "", 0 };
        start = ts_node_start_byte(node);
        end = ts_node_end_byte(node);
        return (struct span){ s->text.text + start, end - start };
}

TSNode syntax_field(TSNode node, const char *field)
{
        return ts_node_is_null(node)
                       ? node
                       : ts_node_child_by_field_name(node, field, (uint32_t) strlen(field));
}

bool syntax_string(const struct syntax *s, TSNode node, struct span *ret)
{
        struct span text = syntax_text(s, node);
        char quote;

        if (!syntax_is(node, "string"))
                return false;
        /* Python's prefixes: r'', b"". */
        while (text.length && isalpha((unsigned char) *text.text))
                text = span_from(text, 1);
        if (text.length < 2)
                return false;
        quote = *text.text;
        while (text.length >= 2 && *text.text == quote && text.text[text.length - 1] == quote) {
                text = span_from(text, 1);
                text.length--;
        }
        *ret = text;
        return true;
}
