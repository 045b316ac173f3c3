/* SPDX-License-Identifier: Apache-2.0 */
#include "actions-file.h"

#include <strings.h>

const char *actions_text(const struct yaml_node *node)
{
        const char *text = yaml_text(node);

        return text ? text : "";
}

struct span actions_source(struct actions *a, const struct yaml_node *node)
{
        size_t length;

        if (!node || node->start > node->end || node->end > a->c->length)
                return (struct span){ a->c->text, 0 };
        length = MIN_OF(node->end - node->start, a->bytes);
        a->bytes -= length;
        return (struct span){ a->c->text + node->start, length };
}

size_t actions_count(struct actions *a, const struct yaml_node *node, enum yaml_kind kind)
{
        size_t n = MIN_OF(yaml_count(node, kind), a->steps);

        a->steps -= n;
        return n;
}

bool actions_uses(const struct actions_step *s, char *ret, size_t size)
{
        const char *uses = actions_text(yaml_get(s->node, "uses"));
        size_t n = strcspn(uses, "@");

        if (!n || n >= size)
                return false;
        memcpy(ret, uses, n);
        ret[n] = '\0';
        return true;
}

bool actions_is(const struct actions_step *s, const char *name)
{
        const char *uses = actions_text(yaml_get(s->node, "uses"));
        size_t n = strlen(name);

        return !strncasecmp(uses, name, n) && (!uses[n] || uses[n] == '@' || uses[n] == '/');
}

int actions_tell_span(struct actions *a, const struct notice *notice, struct span at)
{
        size_t start = (size_t) (at.text - a->c->text);
        const char *newline = memchr(at.text, '\n', at.length);

        if (!a->findings)
                return 0;
        a->findings--;
        return check_notice(a->c, CONTROL_CONFIG, notice, start,
                            newline ? (size_t) (newline - a->c->text) : start + at.length);
}

int actions_tell(struct actions *a, const struct notice *notice, const struct yaml_node *at)
{
        if (at->start > at->end || at->end > a->c->length)
                return 0;
        return actions_tell_span(a, notice,
                                 (struct span){ a->c->text + at->start, at->end - at->start });
}
