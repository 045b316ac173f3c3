/* SPDX-License-Identifier: Apache-2.0 */
#include "license/tag.h"

#include <ctype.h>
#include <strings.h>

#define VALUE_MAX 1024 /* bytes of an expression */
#define HEAD_MAX  512  /* bytes of a line before its tag */

/* The rest of a tag's line, without the end of a comment. */
static struct span tag_value(const char *at, const char *end)
{
        static const char *const closers[] = { "*/", "-->", "--", "#}", "%>", "\"", "'",
                                               ")",  "*)",  "]]", "|",  "*",  "=",  "\\n",
                                               ",",  ";",   "</", "}}", ".",  "`",  "?>" };
        size_t most = MIN_OF((size_t) (end - at), (size_t) VALUE_MAX);
        const char *newline = memchr(at, '\n', most);
        struct span s = { at, newline ? (size_t) (newline - at) : most };
        bool again = true;

        while (s.length && isspace((unsigned char) *s.text))
                s = (struct span){ s.text + 1, s.length - 1 };
        while (again) {
                again = false;
                while (s.length && isspace((unsigned char) s.text[s.length - 1]))
                        s.length--;
                for (size_t i = 0; i < ARRAY_SIZE(closers); i++) {
                        size_t n = strlen(closers[i]);

                        if (s.length >= n && !memcmp(s.text + s.length - n, closers[i], n) &&
                            !(n == 1 && *closers[i] == ')' && memchr(s.text, '(', s.length))) {
                                s.length -= n;
                                again = true;
                        }
                }
        }
        return s;
}

/* Goes over signs and blanks: what begins a comment in most languages. */
static const char *skip_signs(const char *p, const char *end)
{
        while (p < end && !isalnum((unsigned char) *p) && !strchr("\"'`", *p))
                p++;
        return p;
}

/* A tag stands at the head of a line or comment, not in the middle of a sentence or a string. */
static bool is_tag_place(struct span text, const char *at)
{
        static const char *const words[] = { "rem", "dnl", "comment" };
        size_t most = MIN_OF((size_t) (at - text.text), (size_t) HEAD_MAX);
        const char *line = memrchr(at - most, '\n', most);
        const char *head = line ? line + 1 : at - most, *p = skip_signs(head, at);

        for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
                size_t n = strlen(words[i]);

                if ((size_t) (at - p) > n && !strncasecmp(p, words[i], n))
                        p = skip_signs(p + n, at);
        }
        /* A comment behind code: "int a; // SPDX-License-Identifier: MIT" */
        return p == at ||
               (at - head >= 3 && (!memcmp(at - 3, "// ", 3) || !memcmp(at - 3, "/* ", 3)));
}

int license_tags_find(struct span text, license_tag found, void *owner)
{
        static const char tag[] = "SPDX-License-Identifier:";
        const char *at = text.text, *end = at + text.length;
        int r = 0;

        while (r == 0 && (at = memmem(at, (size_t) (end - at), tag, sizeof(tag) - 1))) {
                const char *value = at + sizeof(tag) - 1;
                struct span expression = tag_value(value, end);

                if (expression.length && is_tag_place(text, at))
                        r = found(owner, expression, (size_t) (expression.text - text.text));
                at = value;
        }
        return r;
}
