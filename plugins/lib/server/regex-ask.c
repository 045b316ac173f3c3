/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is true of every match of an expression, and how long it may take to find one.
 */

#include "regex-set.h"
#include "span.h"

int regex_group(const struct regex *r, unsigned number, struct span name)
{
        for (size_t i = 0; i < r->n_nodes; i++) {
                const struct regex_node *n = &r->nodes[i];

                if (n->kind == REGEX_GROUP && n->number &&
                    (name.length ? span_same(n->name, name) : n->number == number))
                        return (int) i;
        }
        return -1;
}

/* Puts the facts of one element behind those of what stands before it. */
static void facts_follow(struct regex_facts *f, const struct regex_facts *next)
{
        regex_set_join(&f->can, &next->can);
        regex_set_join(&f->literal, &next->literal);
        regex_set_join(&f->must, &next->must);
        if (f->can_be_empty)
                regex_set_join(&f->first, &next->first);
        f->can_be_empty &= next->can_be_empty;
}

static void facts_either(struct regex_facts *f, const struct regex_facts *other)
{
        regex_set_join(&f->can, &other->can);
        regex_set_join(&f->literal, &other->literal);
        regex_set_join(&f->first, &other->first);
        for (size_t i = 0; i < 4; i++)
                f->must.bits[i] &= other->must.bits[i];
        f->can_be_empty |= other->can_be_empty;
}

static struct regex_facts facts_of_set(const struct regex_node *n)
{
        struct regex_facts f = { .first = n->set };

        if (n->is_literal)
                f.literal = n->set;
        else
                f.can = n->set;
        if (regex_set_count(&n->set) == 1)
                f.must = n->set;
        return f;
}

struct regex_facts regex_facts(const struct regex *r, int node)
{
        const struct regex_node *n = &r->nodes[node];
        struct regex_facts f = { .can_be_empty = true }, one;

        switch (n->kind) {
        case REGEX_SET:
                return facts_of_set(n);
        case REGEX_SEQUENCE:
                for (int i = n->child; i >= 0; i = r->nodes[i].next) {
                        one = regex_facts(r, i);
                        facts_follow(&f, &one);
                }
                return f;
        case REGEX_CHOICE:
                f = regex_facts(r, n->child);
                for (int i = r->nodes[n->child].next; i >= 0; i = r->nodes[i].next) {
                        one = regex_facts(r, i);
                        facts_either(&f, &one);
                }
                return f;
        case REGEX_GROUP:
                return regex_facts(r, n->child);
        case REGEX_REPEAT:
                if (n->max == 0)
                        return f;
                f = regex_facts(r, n->child);
                if (n->min == 0) {
                        f.can_be_empty = true;
                        f.must = (struct regex_set){ 0 };
                }
                return f;
        case REGEX_BACK:
                /* It repeats what was captured; its characters are counted there. */
                return f;
        default:
                return f;
        }
}

/* Does every way through a node begin (or end) with an anchor of this kind? */
static bool is_held(const struct regex *r, int node, enum regex_kind anchor)
{
        const struct regex_node *n = &r->nodes[node];
        bool held = false;

        switch (n->kind) {
        case REGEX_CHOICE:
                for (int i = n->child; i >= 0; i = r->nodes[i].next)
                        if (!is_held(r, i, anchor))
                                return false;
                return true;
        case REGEX_SEQUENCE:
                for (int i = n->child; i >= 0; i = r->nodes[i].next) {
                        bool empty = r->nodes[i].kind == REGEX_EDGE ||
                                     r->nodes[i].kind == REGEX_LOOK ||
                                     r->nodes[i].kind == REGEX_NOTHING;

                        if (anchor == REGEX_END)
                                held = is_held(r, i, anchor) || (held && empty);
                        else if (is_held(r, i, anchor))
                                return true;
                        else if (!empty)
                                return false;
                }
                return held;
        case REGEX_GROUP:
                return is_held(r, n->child, anchor);
        case REGEX_REPEAT:
                return n->min > 0 && is_held(r, n->child, anchor);
        default:
                return n->kind == anchor;
        }
}

bool regex_is_anchored(const struct regex *r)
{
        return is_held(r, r->root, REGEX_START);
}

bool regex_is_end_anchored(const struct regex *r)
{
        return is_held(r, r->root, REGEX_END);
}

bool regex_is_exact(const struct regex *r)
{
        const struct regex_node *root = &r->nodes[r->root];
        bool any = false;

        if (root->kind != REGEX_SEQUENCE || !regex_is_anchored(r) || !regex_is_end_anchored(r))
                return false;
        for (int i = root->child; i >= 0; i = r->nodes[i].next) {
                const struct regex_node *n = &r->nodes[i];

                if (n->kind == REGEX_SET && n->is_literal && regex_set_count(&n->set) == 1)
                        any = true;
                else if (n->kind != REGEX_START && n->kind != REGEX_END)
                        return false;
        }
        return any;
}

static bool holds(const struct regex *r, int node, unsigned number)
{
        const struct regex_node *n = &r->nodes[node];

        if (n->kind == REGEX_GROUP && n->number == number)
                return true;
        for (int i = n->child; i >= 0; i = r->nodes[i].next)
                if (holds(r, i, number))
                        return true;
        return false;
}

unsigned regex_group_around(const struct regex *r, unsigned number)
{
        for (size_t i = 0; i < r->n_nodes; i++) {
                const struct regex_node *n = &r->nodes[i];

                if (n->kind == REGEX_GROUP && n->number && n->number != number && n->child >= 0 &&
                    holds(r, n->child, number))
                        return n->number;
        }
        return 0;
}

/* ---- Time ---- */

static bool sets_meet(const struct regex_set *a, const struct regex_set *b)
{
        for (size_t i = 0; i < 4; i++)
                if (a->bits[i] & b->bits[i])
                        return true;
        return false;
}

static bool is_endless(const struct regex_node *n)
{
        enum { MANY = 16 };

        return n->kind == REGEX_REPEAT && !n->is_atomic && n->max > MANY;
}

/* The node a chain of groups and sequences of one element comes down to. */
static int core_of(const struct regex *r, int node)
{
        while ((r->nodes[node].kind == REGEX_GROUP && !r->nodes[node].is_atomic) ||
               (r->nodes[node].kind == REGEX_SEQUENCE && r->nodes[node].child >= 0 &&
                r->nodes[r->nodes[node].child].next < 0))
                node = r->nodes[node].child;
        return node;
}

/* x+y? or .*, in a loop: what must stand there could also be part of the endless run. */
static bool is_run_on(const struct regex *r, const struct regex_node *sequence)
{
        struct regex_set run = { 0 };
        bool any = false;

        for (int i = sequence->child; i >= 0 && !any; i = r->nodes[i].next)
                if (is_endless(&r->nodes[core_of(r, i)])) {
                        run = regex_facts(r, i).first;
                        any = true;
                }
        for (int i = sequence->child; i >= 0 && any; i = r->nodes[i].next) {
                struct regex_facts f = regex_facts(r, i);

                if (!f.can_be_empty && !sets_meet(&f.first, &run))
                        return false;
        }
        return any;
}

static bool is_ambiguous(const struct regex *r, int node);

/* Can one of the choices loop by itself, or do two of one character take the same one? */
static bool is_double_choice(const struct regex *r, const struct regex_node *choice)
{
        struct regex_set seen = { 0 };

        for (int i = choice->child; i >= 0; i = r->nodes[i].next) {
                const struct regex_node *n = &r->nodes[core_of(r, i)];

                if (is_ambiguous(r, i))
                        return true;
                if (n->kind != REGEX_SET)
                        continue;
                if (sets_meet(&seen, &n->set))
                        return true;
                regex_set_join(&seen, &n->set);
        }
        return false;
}

/* Can one text be split among rounds of a loop over this node in more than one way? */
static bool is_ambiguous(const struct regex *r, int node)
{
        const struct regex_node *n = &r->nodes[node = core_of(r, node)];

        if (is_endless(n))
                return true;
        if (n->kind == REGEX_CHOICE)
                return is_double_choice(r, n);
        if (n->kind != REGEX_SEQUENCE)
                return false;
        return is_run_on(r, n);
}

bool regex_is_explosive(const struct regex *r)
{
        for (size_t i = 0; i < r->n_nodes; i++)
                if (is_endless(&r->nodes[i]) && is_ambiguous(r, r->nodes[i].child))
                        return true;
        return false;
}
