/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/check.h"

#include "conf/suggest.h"
#include "flow/flow-read.h"
#include "flow/order.h"
#include "flow/template.h"

#include <stdarg.h>
#include <string.h>

#define SUGGEST_AMONG_MAX 200

struct checker {
        const struct flow *flow;
        const struct flow_catalog *catalog; /* NULL = agents are not looked at */
        struct faults *faults;
        json_t *ids;           /* id -> index */
        struct order *order;   /* NULL when the steps lead in circles */
        struct schema *inputs; /* of the run; NULL = takes none, or the schema is broken */
        bool *is_overlay;      /* of each step, as far as the catalog knows */
        size_t step;           /* the one that is looked at */
        const char *key;       /* its key that holds the references: "when" */
        json_t *guarded;       /* what its `when` asks about: "inputs.NAME", "steps.ID" */
};

static int tell(struct checker *c, bool is_warning, const char *pointer, const char *format, ...)
        _printf_(4, 5);
static int tell(struct checker *c, bool is_warning, const char *pointer, const char *format, ...)
{
        const struct flow_step *step =
                c->step < c->flow->step_count ? &c->flow->steps[c->step] : NULL;
        char text[1024];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return faults_add(c->faults, is_warning, c->flow->file, flow_line(c->flow, pointer),
                          "%s%s%s%s", step && step->id ? "step \"" : "",
                          step && step->id ? step->id : "", step && step->id ? "\": " : "", text);
}

/* "/steps/3/inputs" and what lies behind it, for the line. */
static void step_pointer(const struct checker *c, const char *key, const char *below, char *ret,
                         size_t size)
{
        (void) snprintf(ret, size, "/steps/%zu/%s%s", c->step, key, below);
}

static const char *step_suggest(const struct flow *f, const char *id)
{
        const char *names[SUGGEST_AMONG_MAX + 1] = { NULL };
        size_t n = 0;

        for (size_t i = 0; i < f->step_count && n < SUGGEST_AMONG_MAX; i++)
                if (f->steps[i].id)
                        names[n++] = f->steps[i].id;
        return suggest(id, names);
}

/* A `when` that asks about a value decides for the rest of its step whether that is there. */
static int guard_add(struct checker *c, const char *root, const char *name)
{
        char key[256];

        if (strcmp(c->key, "when") != 0)
                return 0;
        (void) snprintf(key, sizeof(key), "%s.%s", root, name);
        return json_object_set_new(c->guarded, key, json_true()) < 0 ? -ENOMEM : 0;
}

static bool is_guarded(const struct checker *c, const char *root, const char *name)
{
        char key[256];

        (void) snprintf(key, sizeof(key), "%s.%s", root, name);
        return json_object_get(c->guarded, key) != NULL;
}

/* Output and verdict of a step that may end without them. */
static int missing_check(struct checker *c, const char *pointer, const struct expr_ref *ref,
                         const struct flow_step *from)
{
        bool may_be_missing = from->when || from->on_failure == FLOW_FAILURE_CONTINUE ||
                              c->flow->steps[c->step].always;

        if (strcmp(ref->field, "output") != 0 && strcmp(ref->field, "verdict") != 0)
                return guard_add(c, "steps", ref->step);
        if (ref->has_default)
                return guard_add(c, "steps", ref->step);
        if (!may_be_missing || is_guarded(c, "steps", ref->step))
                return 0;
        return tell(c, true, pointer,
                    "%s may be missing, because \"%s\" may be skipped or fail: write default(%s, "
                    "...), or ask for its state in when",
                    ref->text, ref->step, ref->text);
}

static int step_ref_check(struct checker *c, const char *pointer, const struct expr_ref *ref)
{
        const json_t *index = json_object_get(c->ids, ref->step);
        size_t i = (size_t) json_integer_value(index);
        const char *near;

        if (!index) {
                near = c->faults->is_cut ? NULL : step_suggest(c->flow, ref->step);
                return tell(c, false, pointer, "%s: there is no step \"%s\"%s%s%s", ref->text,
                            ref->step, near ? " (did you mean \"" : "", near ? near : "",
                            near ? "\"?)" : "");
        }
        if (i == c->step)
                return tell(c, false, pointer, "%s: a step cannot refer to itself", ref->text);
        if (c->order && !order_is_before(c->order, i, c->step))
                return tell(
                        c, false, pointer,
                        "%s: \"%s\" does not come before; add it to needs, or to the needs of a "
                        "step that does",
                        ref->text, ref->step);
        return missing_check(c, pointer, ref, &c->flow->steps[i]);
}

static bool is_named(const json_t *list, const char *name)
{
        const json_t *item;
        size_t i;

        json_array_foreach (list, i, item)
                if (json_is_string(item) && strcmp(json_string_value(item), name) == 0)
                        return true;
        return false;
}

static const char *input_suggest(const json_t *properties, const char *given)
{
        const char *names[SUGGEST_AMONG_MAX + 1] = { NULL }, *key;
        json_t *value;
        size_t n = 0;

        json_object_foreach ((json_t *) properties, key, value)
                if (n < SUGGEST_AMONG_MAX)
                        names[n++] = key;
        return suggest(given, names);
}

/* May there be inputs that are not named? */
static bool is_open(const json_t *schema)
{
        const json_t *additional = json_object_get(schema, "additionalProperties");

        return !json_object_get(schema, "properties") ||
               json_object_get(schema, "patternProperties") ||
               (additional && !json_is_false(additional));
}

/* Inputs that the schema neither names nor lets in by another way are a slip of the finger. */
static int input_ref_check(struct checker *c, const char *pointer, const struct expr_ref *ref)
{
        const json_t *schema = c->flow->inputs;
        const json_t *properties = json_object_get(schema, "properties");
        const json_t *property = ref->first ? json_object_get(properties, ref->first) : NULL;
        const char *near;

        if (!ref->first)
                return 0;
        if (!schema)
                return tell(c, false, pointer, "%s: the workflow declares no inputs", ref->text);
        if (property) {
                if (ref->has_default)
                        return guard_add(c, "inputs", ref->first);
                if (is_guarded(c, "inputs", ref->first) || json_object_get(property, "default") ||
                    is_named(json_object_get(schema, "required"), ref->first))
                        return 0;
                return tell(c, true, pointer,
                            "%s may be missing: write default(%s, ...), or make the input required",
                            ref->text, ref->text);
        }
        if (is_open(schema))
                return 0;
        near = c->faults->is_cut ? NULL : input_suggest(properties, ref->first);
        return tell(c, false, pointer, "%s: the workflow has no input \"%s\"%s%s%s", ref->text,
                    ref->first, near ? " (did you mean \"" : "", near ? near : "",
                    near ? "\"?)" : "");
}

static int ref_check(struct checker *c, const char *pointer, const struct expr_ref *ref)
{
        const struct flow_step *step = &c->flow->steps[c->step];

        if (strcmp(ref->root, "steps") == 0)
                return step_ref_check(c, pointer, ref);
        if (strcmp(ref->root, "inputs") == 0)
                return input_ref_check(c, pointer, ref);
        if (strcmp(ref->root, "run") == 0) {
                if (ref->first && strcmp(ref->first, "id") == 0)
                        return 0;
                return tell(c, false, pointer, "%s: of a run there is only run.id", ref->text);
        }
        if (!step->for_each || strcmp(c->key, "inputs") != 0)
                return tell(c, false, pointer,
                            "%s: only the inputs of a step with for_each can refer to its item",
                            ref->text);
        return 0;
}

static int template_ref(void *user, const char *below, const struct expr_ref *ref)
{
        struct checker *c = user;
        char pointer[1024];

        step_pointer(c, c->key, below, pointer, sizeof(pointer));
        return ref_check(c, pointer, ref);
}

static int template_bad(void *user, const char *below, const struct err *why)
{
        struct checker *c = user;
        char pointer[1024];

        step_pointer(c, c->key, below, pointer, sizeof(pointer));
        return tell(c, false, pointer, "%s%s: %s", c->key, below, err_text(why));
}

static int expr_ref(void *user, const struct expr_ref *ref)
{
        return template_ref(user, "", ref);
}

static int when_check(struct checker *c, const struct flow_step *step)
{
        _cleanup_(expr_freep) struct expr *e = NULL;
        struct err why = { 0 };
        int r;

        if (!step->when)
                return 0;
        c->key = "when";
        r = expr_new(&e, step->when, strlen(step->when), NULL, &why);
        if (r == -EBADMSG)
                return template_bad(c, "", &why);
        return r < 0 ? r : expr_refs(e, expr_ref, c);
}

static int for_each_check(struct checker *c, const struct flow_step *step)
{
        char pointer[64];

        step_pointer(c, "max_parallel", "", pointer, sizeof(pointer));
        if (!step->for_each)
                return step->max_parallel ? tell(c, true, pointer,
                                                 "max_parallel does nothing without for_each")
                                          : 0;
        c->key = "for_each";
        step_pointer(c, "for_each", "", pointer, sizeof(pointer));
        if (json_is_string(step->for_each) && !template_has_refs(step->for_each))
                return tell(c, false, pointer,
                            "for_each must be a list, or a reference to one: \"${inputs.files}\"");
        return template_refs(step->for_each, template_ref, template_bad, c);
}

static bool is_reference(const json_t *value, void *user)
{
        (void) user;
        return json_is_string(value) && template_has_refs(value);
}

static int input_faults_tell(struct checker *c, const struct schema_faults *misfits)
{
        char pointer[1024];
        int r = 0;

        for (size_t i = 0; i < misfits->count && r == 0; i++) {
                const struct schema_fault *f = &misfits->list[i];

                step_pointer(c, "inputs", f->instance, pointer, sizeof(pointer));
                r = tell(c, false, pointer, "inputs%s %s", f->instance, f->message);
        }
        return r;
}

/* Inputs as far as they are known; a value that holds a reference fits for now. */
static int inputs_fit(struct checker *c, const struct flow_step *step, const struct schema *schema)
{
        _cleanup_(schema_faults_done) struct schema_faults misfits = { 0 };
        _cleanup_(json_decrefp) json_t *inputs =
                step->inputs ? json_deep_copy(step->inputs) : json_object();
        struct err why = { 0 };
        char pointer[64];
        int r;

        if (!inputs || schema_default(schema, inputs) < 0)
                return -ENOMEM;
        r = schema_check_partial(schema, inputs, is_reference, NULL, &misfits, &why);
        if (r == SCHEMA_MISFIT)
                return input_faults_tell(c, &misfits);
        if (r == -ENOMEM)
                return r;
        step_pointer(c, "inputs", "", pointer, sizeof(pointer));
        return r < 0 ? tell(c, false, pointer, "inputs cannot be checked: %s", err_text(&why)) : 0;
}

/* Only what gives the same for the same, and changes nothing, may be taken from before. */
static int cache_check(struct checker *c, const struct flow_step *step,
                       const struct flow_action *action)
{
        char pointer[64];

        step_pointer(c, "cache", "", pointer, sizeof(pointer));
        if (step->cache && action->workspace == WORKSPACE_OVERLAY)
                return tell(c, false, pointer,
                            "cache is for actions that change nothing, and %s %s has the workspace "
                            "\"%s\"",
                            step->agent, step->action, workspace_mode_name(action->workspace));
        if (step->cache && !action->is_idempotent)
                return tell(c, false, pointer,
                            "cache is for actions that their agent calls idempotent, and %s %s is "
                            "not",
                            step->agent, step->action);
        return 0;
}

static int unknown_workflow(struct checker *c, const struct flow_step *step)
{
        const char *names[SUGGEST_AMONG_MAX + 1] = { NULL }, *near;
        char pointer[64];

        for (size_t i = 0; i < c->flow->child_count && i < SUGGEST_AMONG_MAX; i++)
                names[i] = c->flow->children[i].name;
        near = suggest(step->workflow, names);
        step_pointer(c, "workflow", "", pointer, sizeof(pointer));
        return tell(
                c, false, pointer,
                "there is no workflow \"%s\": no file %s.flow beside this one, and none of that "
                "name in workflows%s%s%s",
                step->workflow, step->workflow, near ? " (did you mean \"" : "", near ? near : "",
                near ? "\"?)" : "");
}

/* The workflow that a step runs is checked by itself; here only what the step gives it. */
static int workflow_check(struct checker *c, const struct flow_step *step)
{
        const struct flow *child = flow_child(c->flow, step->workflow);
        _cleanup_(schema_freep) struct schema *schema = NULL;
        char pointer[64];

        if (!child)
                return flow_has_child(c->flow, step->workflow) ? 0 : unknown_workflow(c, step);
        step_pointer(c, "inputs", "", pointer, sizeof(pointer));
        if (!child->inputs && json_object_size(step->inputs) > 0)
                return tell(c, false, pointer, "the workflow \"%s\" takes no inputs",
                            step->workflow);
        if (!child->inputs || schema_new(&schema, child->inputs, NULL, NULL) < 0)
                return 0;
        return inputs_fit(c, step, schema);
}

static int agent_check(struct checker *c, const struct flow_step *step)
{
        struct flow_action action = { 0 };
        struct err why = { 0 };
        char pointer[64];
        int r;

        if (step->workflow)
                return workflow_check(c, step);
        if (!c->catalog || !step->agent || !step->action)
                return 0;
        r = c->catalog->lookup(c->catalog->user, step->agent, step->action, &action, &why);
        if (r == -ENOMEM)
                return r;
        step_pointer(c, "agent", "", pointer, sizeof(pointer));
        if (r < 0)
                return tell(c, false, pointer, "%s", err_text(&why));
        c->is_overlay[c->step] = action.workspace == WORKSPACE_OVERLAY;
        r = cache_check(c, step, &action);
        return r == 0 && action.input ? inputs_fit(c, step, action.input) : r;
}

static int step_check(struct checker *c, size_t i)
{
        const struct flow_step *step = &c->flow->steps[i];
        int r;

        c->step = i;
        (void) json_object_clear(c->guarded);
        r = agent_check(c, step);
        if (r == 0)
                r = when_check(c, step);
        if (r == 0)
                r = for_each_check(c, step);
        c->key = "inputs";
        if (r == 0 && step->inputs)
                r = template_refs(step->inputs, template_ref, template_bad, c);
        return r;
}

/* Two steps that change the tree at the same time may each make the other's changes stale. */
static int overlays_check(struct checker *c)
{
        for (size_t a = 0; a < c->flow->step_count && c->order; a++) {
                const struct flow_step *step = &c->flow->steps[a];
                char pointer[64];
                size_t b = a + 1;
                int r = 0;

                c->step = a;
                (void) snprintf(pointer, sizeof(pointer), "/steps/%zu", a);
                if (!c->is_overlay[a])
                        continue;
                while (b < c->flow->step_count &&
                       (!c->is_overlay[b] || order_is_before(c->order, a, b) ||
                        order_is_before(c->order, b, a)))
                        b++;
                if (b < c->flow->step_count)
                        r = tell(c, true, pointer,
                                 "may run at the same time as \"%s\", and both change the "
                                 "workspace: the later one may be stale; order them by needs",
                                 c->flow->steps[b].id);
                else if (step->for_each && step->max_parallel != 1)
                        r = tell(
                                c, true, pointer,
                                "its items change the workspace at the same time: set max_parallel "
                                "= 1");
                if (r < 0)
                        return r;
        }
        return 0;
}

static int inputs_check(struct checker *c)
{
        struct err why = { 0 };
        int r;

        if (!c->flow->inputs)
                return 0;
        r = schema_new(&c->inputs, c->flow->inputs, NULL, &why);
        if (r == -ENOMEM)
                return r;
        return r < 0 ? tell(c, false, "/inputs", "inputs is not a JSON Schema: %s", err_text(&why))
                     : 0;
}

static int key_ref(void *user, const char *below, const struct expr_ref *ref)
{
        struct checker *c = user;

        (void) below;
        if (strcmp(ref->root, "inputs") != 0)
                return tell(c, false, "/concurrency/key",
                            "%s: a key is made before the run begins, of its inputs alone",
                            ref->text);
        return input_ref_check(c, "/concurrency/key", ref);
}

static int key_bad(void *user, const char *below, const struct err *why)
{
        (void) below;
        return tell(user, false, "/concurrency/key", "key: %s", err_text(why));
}

static int key_check(struct checker *c)
{
        _cleanup_(json_decrefp) json_t *template = NULL;

        if (!c->flow->key)
                return 0;
        template = json_string(c->flow->key);
        c->key = "key";
        if (!template)
                return -ENOMEM;
        if (!template_has_refs(template))
                return tell(c, true, "/concurrency/key",
                            "key has no reference, so all runs have one key: write key = "
                            "\"${inputs.NAME}\", or say runs instead");
        return template_refs(template, key_ref, key_bad, c);
}

static int output_ref(void *user, const char *below, const struct expr_ref *ref)
{
        struct checker *c = user;
        char pointer[1024];

        (void) snprintf(pointer, sizeof(pointer), "/outputs%s", below);
        if (strcmp(ref->root, "inputs") == 0)
                return input_ref_check(c, pointer, ref);
        if (strcmp(ref->root, "run") == 0)
                return 0;
        if (strcmp(ref->root, "steps") != 0)
                return tell(c, false, pointer, "%s: outputs are made of inputs, steps and run.id",
                            ref->text);
        if (json_object_get(c->ids, ref->step))
                return 0;
        return tell(c, false, pointer, "%s: there is no step \"%s\"", ref->text, ref->step);
}

static int output_bad(void *user, const char *below, const struct err *why)
{
        struct checker *c = user;
        char pointer[1024];

        (void) snprintf(pointer, sizeof(pointer), "/outputs%s", below);
        return tell(c, false, pointer, "outputs%s: %s", below, err_text(why));
}

static int outputs_check(struct checker *c)
{
        c->key = "outputs";
        return c->flow->outputs ? template_refs(c->flow->outputs, output_ref, output_bad, c) : 0;
}

/* A step that works on a tree, also within workflows that are run; NULL = none does. */
static const struct flow_step *tree_wanted(const struct flow_catalog *catalog, const struct flow *f)
{
        struct flow_action action;
        struct err ignored = { 0 };

        for (size_t i = 0; i < f->step_count; i++)
                if (f->steps[i].agent && f->steps[i].action &&
                    catalog->lookup(catalog->user, f->steps[i].agent, f->steps[i].action, &action,
                                    &ignored) == 0 &&
                    action.workspace != WORKSPACE_NONE)
                        return &f->steps[i];
        for (size_t i = 0; i < f->child_count; i++) {
                const struct flow *child = f->children[i].flow;
                const struct flow_step *step = child ? tree_wanted(catalog, child) : NULL;

                if (step)
                        return step;
        }
        return NULL;
}

/* Without a tree it would be due and never start a run. */
static int trigger_tree_check(struct checker *c, size_t i)
{
        const struct flow_trigger *trigger = &c->flow->triggers[i];
        const struct flow_step *step;
        char pointer[64];

        /* What was read in part only, and a watch, which needs a tree anyway, are told elsewhere.
         */
        if (!c->catalog || trigger->workspace || (!trigger->cron && !trigger->is_manual))
                return 0;
        step = tree_wanted(c->catalog, c->flow);
        if (!step)
                return 0;
        (void) snprintf(pointer, sizeof(pointer), "/triggers/%zu", i);
        return tell(c, false, pointer,
                    "trigger \"%s\": step %s works on a tree, so it needs a workspace: the tree's "
                    "absolute path",
                    trigger->name, step->id);
}

/* What a trigger gives must do as inputs of a run. */
static int trigger_check(struct checker *c, size_t i)
{
        const struct flow_trigger *trigger = &c->flow->triggers[i];
        _cleanup_(schema_faults_done) struct schema_faults misfits = { 0 };
        _cleanup_(json_decrefp) json_t *inputs =
                trigger->inputs ? json_deep_copy(trigger->inputs) : json_object();
        struct err why = { 0 };
        char pointer[1024];
        int r;

        (void) snprintf(pointer, sizeof(pointer), "/triggers/%zu", i);
        r = c->catalog && c->catalog->trigger ? c->catalog->trigger(trigger, &why) : 0;
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                r = tell(c, false, pointer, "trigger \"%s\": %s", trigger->name, err_text(&why));
                if (r < 0)
                        return r;
        }
        (void) snprintf(pointer, sizeof(pointer), "/triggers/%zu/inputs", i);
        if (!inputs || (c->inputs && schema_default(c->inputs, inputs) < 0))
                return -ENOMEM;
        if (!c->flow->inputs && json_object_size(inputs) > 0)
                return tell(c, false, pointer, "trigger \"%s\": the workflow declares no inputs",
                            trigger->name);
        if (!c->inputs)
                return 0;
        r = schema_check(c->inputs, inputs, &misfits, &why);
        if (r < 0)
                return r == -ENOMEM ? r
                                    : tell(c, false, pointer, "trigger \"%s\": inputs: %s",
                                           trigger->name, err_text(&why));
        r = 0;
        for (size_t k = 0; k < misfits.count && r == 0; k++) {
                (void) snprintf(pointer, sizeof(pointer), "/triggers/%zu/inputs%s", i,
                                misfits.list[k].instance);
                r = tell(c, false, pointer, "trigger \"%s\": inputs%s %s", trigger->name,
                         misfits.list[k].instance, misfits.list[k].message);
        }
        return r;
}

static int ids_note(struct checker *c)
{
        c->ids = json_object();
        for (size_t i = 0; c->ids && i < c->flow->step_count; i++)
                if (c->flow->steps[i].id && json_object_set_new(c->ids, c->flow->steps[i].id,
                                                                json_integer((json_int_t) i)) < 0)
                        return -ENOMEM;
        return c->ids ? 0 : -ENOMEM;
}

static int check_run(struct checker *c)
{
        struct err why = { 0 };
        int r;

        c->is_overlay = calloc(c->flow->step_count + 1, sizeof(*c->is_overlay));
        c->guarded = json_object();
        if (!c->is_overlay || !c->guarded || ids_note(c) < 0)
                return -ENOMEM;
        if (order_new(&c->order, c->flow, NULL, &why) == -ENOMEM)
                return -ENOMEM;
        c->step = SIZE_MAX;
        r = inputs_check(c);
        if (r == 0)
                r = key_check(c);
        if (r == 0)
                r = outputs_check(c);
        for (size_t i = 0; i < c->flow->child_count && r == 0; i++)
                if (c->flow->children[i].flow)
                        r = flow_check(c->flow->children[i].flow, c->catalog, c->faults);
        for (size_t i = 0; i < c->flow->trigger_count && r == 0; i++)
                r = trigger_check(c, i);
        for (size_t i = 0; i < c->flow->trigger_count && r == 0; i++)
                r = trigger_tree_check(c, i);
        for (size_t i = 0; i < c->flow->step_count && r == 0; i++)
                r = step_check(c, i);
        return r < 0 ? r : overlays_check(c);
}

int flow_check(const struct flow *f, const struct flow_catalog *catalog, struct faults *faults)
{
        struct checker c = { .flow = f, .catalog = catalog, .faults = faults };
        int r = check_run(&c);

        free(c.is_overlay);
        json_decref(c.guarded);
        json_decref(c.ids);
        (void) order_free(c.order);
        (void) schema_free(c.inputs);
        faults_sort(faults);
        return r;
}

int flow_check_file(struct flow **ret_flow, const char *path, const struct flow_catalog *catalog,
                    struct faults *faults, struct err *err)
{
        _cleanup_(flow_freep) struct flow *f = NULL;
        int r;

        r = flow_read(&f, path, faults, err);
        if (r < 0)
                return r;
        r = flow_check(f, catalog, faults);
        if (r < 0)
                return err_set(err, r, "%s: out of memory", path);
        if (faults->errors)
                return faults_err(faults, err);

        *ret_flow = TAKE(f);
        return 0;
}

int flow_check_inputs(const struct flow *f, json_t *inputs, struct err *err)
{
        _cleanup_(schema_freep) struct schema *schema = NULL;
        const char *key;
        int r;

        if (!f->inputs) {
                key = json_object_iter_key(json_object_iter(inputs));
                return key ? err_set(err, -EBADMSG,
                                     "the workflow \"%s\" takes no inputs, and \"%s\" was given",
                                     f->name, key)
                           : 0;
        }
        r = schema_new(&schema, f->inputs, NULL, err);
        if (r < 0)
                return err_wrap(err, r, "the workflow's inputs");
        if (schema_default(schema, inputs) < 0)
                return err_set(err, -ENOMEM, "out of memory");
        return schema_require(schema, inputs, "the input of the workflow", err);
}
