/* SPDX-License-Identifier: Apache-2.0 */
#include "license-parts.h"

#include "license/spdx.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

static const struct joint {
        const char *text;
        const char *operator;
} joints[] = {
        { " or ", "OR" }, { " and ", "AND" }, { " and/or ", "OR" }, { "|", "OR" },
        { ",", "AND" },   { " + ", "AND" },   { " & ", "AND" },
};

/* Where the next joint stands, or the end of the text. */
static size_t find_joint(struct span text, const struct joint **ret_joint)
{
        for (size_t i = 0; i < text.length; i++)
                for (size_t k = 0; k < ARRAY_SIZE(joints); k++) {
                        size_t n = strlen(joints[k].text);

                        if (text.length - i >= n &&
                            !strncasecmp(text.text + i, joints[k].text, n)) {
                                *ret_joint = &joints[k];
                                return i;
                        }
                }
        *ret_joint = NULL;
        return text.length;
}

/* Without blanks and parentheses around it, and without the name of an exception. */
static struct span trim_part(struct span s)
{
        for (size_t i = 0; i + 6 < s.length; i++)
                if (!strncasecmp(s.text + i, " with ", 6))
                        s.length = i;
        while (s.length && (isspace((unsigned char) *s.text) || *s.text == '('))
                s = (struct span){ s.text + 1, s.length - 1 };
        while (s.length && isspace((unsigned char) s.text[s.length - 1]))
                s.length--;
        if (s.length && s.text[s.length - 1] == ')' && !memchr(s.text, '(', s.length))
                s.length--;
        return s;
}

/* What one part means: 1, 0 when it is not known, or -ENOMEM. */
static int name_part(struct license_finder *f, struct span part, char ret[LICENSE_ID_SIZE])
{
        struct spdx s;

        if (part.length >= LICENSE_ID_SIZE)
                return 0;
        if (spdx_is_known(part, false) && spdx_parse(&s, part.text, part.length) == 0) {
                spdx_name(&s.nodes[s.root], ret, LICENSE_ID_SIZE);
                return 1;
        }
        return license_finder_name(f, part, ret);
}

int license_parts(struct license_finder *f, struct span text, char *ret, size_t size)
{
        const char *operator= NULL;
        size_t n = 0;

        *ret = '\0';
        while (text.length) {
                const struct joint *joint;
                size_t at = find_joint(text, &joint), end;
                char name[LICENSE_ID_SIZE];
                int r = name_part(f, trim_part((struct span){ text.text, at }), name);

                if (r < 0)
                        return r;
                if (r > 0 && strncmp(name, "LicenseRef-", 11) != 0) {
                        bool wrap = strchr(name, ' ') != NULL;

                        n += (size_t) snprintf(ret + n, size - n, "%s%s%s%s%s%s", n ? " " : "",
                                               n ? operator: "", n ? " " : "", wrap ? "(" : "",
                                               name, wrap ? ")" : "");
                        if (n >= size)
                                return 0;
                }
                if (!joint)
                        break;
                operator= joint->operator;
                end = at + strlen(joint->text);
                text = (struct span){ text.text + end, text.length - end };
        }
        return n > 0;
}
