/* SPDX-License-Identifier: Apache-2.0 */
#include "conf.h"

#include "span.h"

void conf_clear(struct conf *c)
{
        for (size_t i = 0; i < c->n_texts; i++)
                free(c->texts[i]);
        c->n_list = c->n_args = c->n_texts = 0;
        c->is_partial = false;
}

void conf_done(struct conf *c)
{
        conf_clear(c);
        free(c->list);
        free(c->args);
        free(c->texts);
        *c = (struct conf){ 0 };
}

bool conf_is(const struct conf_directive *d, const char *name)
{
        return span_is(d->name, name);
}

struct span conf_arg(const struct conf *c, const struct conf_directive *d, size_t i)
{
        return i < d->n_args ? c->args[d->first_arg + i] : (struct span){ "", 0 };
}

bool conf_has(const struct conf *c, const struct conf_directive *d, const char *word)
{
        for (size_t i = 0; i < d->n_args; i++)
                if (span_is(conf_arg(c, d, i), word))
                        return true;
        return false;
}

const struct conf_directive *conf_around(const struct conf *c, const struct conf_directive *d,
                                         const char *name)
{
        while (d && !conf_is(d, name))
                d = d->parent < 0 ? NULL : &c->list[d->parent];
        return d;
}

int conf_add(struct conf *c, const struct conf_place *p, struct conf_directive d)
{
        int r;

        if (c->n_list >= CONF_DIRECTIVES) {
                c->is_partial = true;
                return 0;
        }
        r = array_grow(&c->list, &c->list_size, c->n_list + 1, sizeof(d));
        if (r < 0)
                return r;
        d.n_args = c->n_args - d.first_arg;
        d.parent = p->parent;
        d.last = (int) c->n_list;
        if (p->included) {
                d.is_included = true;
                d.start = p->include_start;
                d.end = p->include_end;
        }
        c->list[c->n_list++] = d;
        return 0;
}

int conf_add_arg(struct conf *c, struct span text)
{
        int r = array_grow(&c->args, &c->args_size, c->n_args + 1, sizeof(text));

        if (r >= 0)
                c->args[c->n_args++] = text;
        return r;
}

char *conf_text(struct conf *c, size_t length)
{
        char *text;

        if (array_grow(&c->texts, &c->texts_size, c->n_texts + 1, sizeof(*c->texts)) < 0)
                return NULL;
        text = malloc(length + 1);
        if (text)
                c->texts[c->n_texts++] = text;
        return text;
}

void conf_enter(struct conf *c, struct conf_place *p)
{
        if (p->depth < CONF_DEPTH && c->n_list) {
                p->parent = (int) c->n_list - 1;
                p->depth++;
        } else
                c->is_partial = true;
}

void conf_leave(struct conf *c, struct conf_place *p)
{
        if (p->parent < 0)
                return;
        c->list[p->parent].last = (int) c->n_list - 1;
        p->parent = c->list[p->parent].parent;
        p->depth--;
}
