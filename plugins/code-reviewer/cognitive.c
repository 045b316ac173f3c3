/* SPDX-License-Identifier: Apache-2.0 */
#include "cognitive.h"

#define RECURSION_FRAMES 8 /* enclosing functions whose name a call is compared with */

static void add_flat(struct walk *w)
{
        walk_frame(w)->cognitive++;
}

static void add_structural(struct walk *w)
{
        struct frame *f = walk_frame(w);

        f->cognitive += 1 + w->nesting - f->base;
        f->structural++;
}

static bool is_if_node(const struct step *step, TSNode node)
{
        (void) step;
        return !ts_node_is_null(node) && strcmp(ts_node_type(node), "if_statement") == 0;
}

/* C and JavaScript wrap what follows `else`; where that is an `if`, the pair is one `else if`. */
static bool wraps_if(const struct walk *w, const struct step *step)
{
        return w->s->language->family != FAMILY_PYTHON &&
               is_if_node(step, ts_node_named_child(step->node, 0));
}

static bool is_else_if(const struct step *step, const struct step *parent)
{
        if (!parent || step->role != ROLE_IF)
                return false;
        return parent->role == ROLE_ELSE ||
               (parent->role == ROLE_IF && step->field == FIELD_ALTERNATIVE); /* Go */
}

/* Is the node the part of its parent that is nested, rather than its condition or header? */
static bool is_nested(const struct walk *w, const struct step *step, const struct step *parent)
{
        switch (parent->role) {
        case ROLE_IF:
                return step->field == FIELD_CONSEQUENCE ||
                       (step->field == FIELD_ALTERNATIVE && step->role != ROLE_ELSE &&
                        step->role != ROLE_ELIF && step->role != ROLE_IF);
        case ROLE_ELIF:
                return step->field == FIELD_CONSEQUENCE;
        case ROLE_ELSE:
                return !step->is_else_if && ts_node_is_named(step->node);
        case ROLE_LOOP:
                return step->field == FIELD_BODY;
        case ROLE_SWITCH:
                return step->field == FIELD_BODY || step->role == ROLE_CASE;
        case ROLE_CATCH:
                return w->s->language->family == FAMILY_PYTHON ? ts_node_is_named(step->node)
                                                               : step->field == FIELD_BODY;
        case ROLE_TERNARY:
                return w->s->language->family == FAMILY_PYTHON
                               ? ts_node_is_named(step->node)
                               : step->field == FIELD_CONSEQUENCE ||
                                         step->field == FIELD_ALTERNATIVE;
        case ROLE_DIRECTIVE_IF:
        case ROLE_DIRECTIVE_ELIF:
        case ROLE_DIRECTIVE_ELSE:
                return step->field != FIELD_ALTERNATIVE && ts_node_is_named(step->node);
        default:
                return false;
        }
}

/* Only a jump to a label; `goto` always is one. */
static bool names_label(const struct step *step)
{
        return ts_node_named_child_count(step->node) > 0 &&
               strcmp(ts_node_type(ts_node_named_child(step->node, 0)), "comment") != 0;
}

/* `else` of Go has no node of its own: it is the block in the place of the alternative. */
static bool is_bare_else(const struct step *step, const struct step *parent)
{
        return parent && parent->role == ROLE_IF && step->field == FIELD_ALTERNATIVE &&
               step->role == ROLE_NONE;
}

/* An operator adds 1 where it differs from the one before it in the same chain. */
static void add_operator(struct walk *w)
{
        const struct step *parent = walk_parent(w);
        struct step *chain;

        if (!parent || !parent->is_logical)
                return;
        chain = &w->steps[parent->chain];
        if (!chain->ignored && !chain->is_default && chain->last != walk_step(w)->role)
                add_flat(w);
        chain->last = walk_step(w)->role;
}

/* Splits `this.name`, `self->name`, `name`: false where the callee is something else. */
static bool callee_parts(const struct source *s, TSNode callee, TSNode *ret_object,
                         TSNode *ret_name)
{
        static const struct {
                const char *node, *object, *name;
        } members[] = {
                { "member_expression", "object", "property" },
                { "attribute", "object", "attribute" },
                { "selector_expression", "operand", "field" },
                { "field_expression", "argument", "field" },
        };
        const char *type = ts_node_type(callee);

        (void) s;
        *ret_object = (TSNode){ 0 };
        *ret_name = callee;
        if (strcmp(type, "identifier") == 0)
                return true;
        for (size_t i = 0; i < ARRAY_SIZE(members); i++)
                if (strcmp(type, members[i].node) == 0) {
                        *ret_object = ts_node_child_by_field_name(
                                callee, members[i].object, (uint32_t) strlen(members[i].object));
                        *ret_name = ts_node_child_by_field_name(callee, members[i].name,
                                                                (uint32_t) strlen(members[i].name));
                        return !ts_node_is_null(*ret_object) && !ts_node_is_null(*ret_name);
                }
        return false;
}

static bool is_self(const struct source *s, const struct frame *f, TSNode object)
{
        if (f->name.receiver[0])
                return source_is(s, object, f->name.receiver);
        return source_is(s, object, "this") || source_is(s, object, "self") ||
               source_is(s, object, "cls");
}

/* In C++ a method calls itself by its bare name; elsewhere that would be another function. */
static bool calls_itself(const struct walk *w, const struct frame *f, TSNode object, TSNode name)
{
        const char *own = f->name.own, *colon = strrchr(own, ':');

        if (!source_is(w->s, name, colon ? colon + 1 : own))
                return false;
        if (ts_node_is_null(object))
                return !f->name.is_method || w->s->language->family == FAMILY_C;
        return (f->name.is_method || w->s->language->family == FAMILY_C) &&
               is_self(w->s, f, object);
}

static void find_recursion(struct walk *w)
{
        TSNode callee = ts_node_child_by_field_name(walk_step(w)->node, "function", 8), object,
               name;

        if (ts_node_is_null(callee) || !callee_parts(w->s, callee, &object, &name))
                return;
        for (size_t i = w->n_frames; i > 1 && w->n_frames - i < RECURSION_FRAMES; i--)
                if (calls_itself(w, &w->frames[i - 1], object, name))
                        w->frames[i - 1].is_recursive = true;
}

static void add_of_role(struct walk *w, const struct step *parent)
{
        struct step *step = walk_step(w);

        switch (step->role) {
        case ROLE_IF:
                if (step->is_else_if)
                        add_flat(w);
                else
                        add_structural(w);
                break;
        case ROLE_LOOP:
        case ROLE_SWITCH:
        case ROLE_CATCH:
        case ROLE_TERNARY:
        case ROLE_DIRECTIVE_IF:
                add_structural(w);
                break;
        case ROLE_ELSE:
                if (!wraps_if(w, step))
                        add_flat(w);
                break;
        case ROLE_ELIF:
        case ROLE_DIRECTIVE_ELIF:
        case ROLE_DIRECTIVE_ELSE:
                add_flat(w);
                break;
        case ROLE_JUMP:
                if (names_label(step))
                        add_flat(w);
                break;
        case ROLE_AND:
        case ROLE_OR:
        case ROLE_NULLISH:
                add_operator(w);
                break;
        case ROLE_CALL:
                find_recursion(w);
                break;
        default:
                if (is_bare_else(step, parent))
                        add_flat(w);
        }
}

void cognitive_enter(struct walk *w)
{
        struct step *step = walk_step(w);
        const struct step *parent = walk_parent(w);

        step->is_else_if = is_else_if(step, parent);
        if (parent && is_nested(w, step, parent)) {
                w->nesting++;
                step->raised_nesting = true;
        }
        add_of_role(w, parent);
}

void cognitive_merge(struct frame *outer, const struct frame *inner)
{
        outer->cognitive += inner->cognitive + inner->structural * (inner->base - outer->base);
        outer->structural += inner->structural;
}
