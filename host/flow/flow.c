/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/flow.h"

#include "base/json.h"
#include "conf/suggest.h"
#include "conf/tree.h"
#include "flow/flow-read.h"
#include "flow/order.h"
#include "flow/reader.h"
#include "flow/subflow.h"
#include "flow/template.h"

#include <ctype.h>
#include <string.h>

#define FAIL_ON_DEFAULT    SEVERITY_HIGH
#define RETRY_ATTEMPTS_MAX 100
#define NO_STEP            SIZE_MAX
#define SUGGEST_AMONG_MAX  200 /* ids that a suggestion is looked for in */

unsigned flow_line(const struct flow *f, const char *pointer)
{
        return f->tree ? tree_line(f->tree, pointer) : 0;
}

/* Verdicts that another attempt may change. */
static const char *const retry_verdicts[] = {
        "failed", "timeout",   "cpu",      "memory", "files", "disk",
        "output", "processes", "protocol", "signal", NULL,
};

static int read_verdicts(struct reader *r, const char *pointer, const struct reader_key *key,
                         const json_t *value, void *target)
{
        const json_t *item;
        size_t i;

        if (!json_is_array(value) || json_array_size(value) == 0)
                return reader_fault(r, pointer, "%s must be a list of verdicts: ( \"timeout\" )",
                                    key->name);
        json_array_foreach (value, i, item) {
                const char *word = reader_word(item);
                char text[400];
                enum verdict v;
                size_t k = 0;

                while (retry_verdicts[k] && (!word || strcmp(retry_verdicts[k], word) != 0))
                        k++;
                if (retry_verdicts[k] && verdict_from_name(&v, word) == 0) {
                        *(unsigned *) target |= 1U << v;
                        continue;
                }
                reader_choices(text, sizeof(text), retry_verdicts, word);
                return reader_fault(r, pointer, "%s: only %s can be tried again", key->name, text);
        }
        return 0;
}

static const struct reader_key retry_keys[] = {
        { "attempts", reader_count, offsetof(struct flow_retry, attempts), NULL, true },
        { "backoff", reader_duration, offsetof(struct flow_retry, backoff_ms), NULL, false },
        { "cap", reader_duration, offsetof(struct flow_retry, cap_ms), NULL, false },
        { "jitter", reader_bool, offsetof(struct flow_retry, jitter), NULL, false },
        { "on", read_verdicts, offsetof(struct flow_retry, on), NULL, false },
};

static int read_retry(struct reader *r, const char *pointer, const struct reader_key *key,
                      const json_t *value, void *target)
{
        struct flow_retry *retry = target;
        int e;

        if (!json_is_object(value))
                return reader_fault(r, pointer, "%s must be a group: { attempts = 3; }", key->name);
        e = reader_keys(r, pointer, retry_keys, ARRAY_SIZE(retry_keys), value, retry);
        if (!json_object_get(value, "cap"))
                retry->cap_ms = MAX_OF(retry->cap_ms, retry->backoff_ms);
        if (e == 0 && retry->attempts > RETRY_ATTEMPTS_MAX)
                e = reader_fault(r, pointer, "retry: at most %d attempts", RETRY_ATTEMPTS_MAX);
        return e;
}

static const char *const on_failure_words[] = { "fail", "continue", NULL };
static const char *const on_crash_words[] = { "retry", "hold", NULL };
static const char *const on_stale_words[] = { "fail", "rerun", NULL };

#define STEP(member) offsetof(struct flow_step, member)
static const struct reader_key step_keys[] = {
        { "id", reader_id, STEP(id), NULL, true },
        { "summary", NULL, 0, NULL, false },
        { "agent", reader_text, STEP(agent), NULL, false }, /* or a workflow */
        { "action", reader_text, STEP(action), NULL, false },
        { "workflow", reader_id, STEP(workflow), NULL, false },
        { "inputs", reader_object, STEP(inputs), NULL, false },
        { "needs", NULL, 0, NULL, false }, /* when all ids are known */
        { "when", reader_text, STEP(when), NULL, false },
        { "for_each", reader_items, STEP(for_each), NULL, false },
        { "max_parallel", reader_count, STEP(max_parallel), NULL, false },
        { "retry", read_retry, STEP(retry), NULL, false },
        { "timeout", reader_timeout, STEP(timeout_ms), NULL, false },
        { "on_failure", reader_choice, STEP(on_failure), on_failure_words, false },
        { "on_crash", reader_choice, STEP(on_crash), on_crash_words, false },
        { "on_stale", reader_choice, STEP(on_stale), on_stale_words, false },
        { "always", reader_bool, STEP(always), NULL, false },
        { "approval", reader_bool, STEP(approval), NULL, false },
        { "cache", reader_bool, STEP(cache), NULL, false },
};
#undef STEP

static void prefix_set(struct reader *r, size_t step)
{
        const char *id = step == NO_STEP ? NULL : r->flow->steps[step].id;

        r->step = step;
        if (step == NO_STEP)
                r->prefix[0] = '\0';
        else if (id)
                (void) snprintf(r->prefix, sizeof(r->prefix), "step \"%s\": ", id);
        else
                (void) snprintf(r->prefix, sizeof(r->prefix), "step %zu: ", step + 1);
}

static int id_note(struct reader *r, const char *pointer, size_t i)
{
        const char *id = r->flow->steps[i].id;
        const json_t *first = id ? json_object_get(r->ids, id) : NULL;
        char before[64];

        if (!id)
                return 0;
        if (first) {
                (void) snprintf(before, sizeof(before), "/steps/%lld",
                                (long long) json_integer_value(first));
                return flow_line(r->flow, before)
                               ? reader_fault(r, pointer, "the id is already used in line %u",
                                              flow_line(r->flow, before))
                               : reader_fault(r, pointer, "the id is used twice");
        }
        return json_object_set_new(r->ids, id, json_integer((json_int_t) i)) < 0 ? -ENOMEM : 0;
}

/* Keys that make no sense with a workflow: they speak of one attempt in a cell. */
static const char *const cell_keys[] = {
        "agent", "action", "approval", "cache", "on_crash", "on_stale",
};

/* A step runs an action of an agent, or a workflow. */
static int work_check(struct reader *r, const char *pointer, const json_t *json)
{
        char at[96];
        int e = 0;

        if (!json_object_get(json, "workflow")) {
                if (!json_object_get(json, "agent"))
                        e = reader_fault(r, pointer, "agent is missing");
                if (e == 0 && !json_object_get(json, "action"))
                        e = reader_fault(r, pointer, "action is missing");
                return e;
        }
        for (size_t i = 0; i < ARRAY_SIZE(cell_keys) && e == 0; i++) {
                (void) snprintf(at, sizeof(at), "%s/%s", pointer, cell_keys[i]);
                if (json_object_get(json, cell_keys[i]))
                        e = reader_fault(r, at, "%s does not go together with workflow",
                                         cell_keys[i]);
        }
        return e;
}

static int step_read(struct reader *r, const char *pointer, size_t i, const json_t *json)
{
        struct flow_step *step = &r->flow->steps[i];
        int e;

        *step = (struct flow_step){
                .retry = { .attempts = 1, .backoff_ms = 1000, .cap_ms = 60000, .jitter = true },
                .on_crash = FLOW_CRASH_AUTO,
                .line = flow_line(r->flow, pointer),
        };
        if (reader_is_id(reader_word(json_object_get(json, "id"))))
                step->id = reader_word(json_object_get(json, "id"));
        prefix_set(r, i);
        if (!json_is_object(json))
                return reader_fault(r, pointer, "must be a group: { id = \"name\"; ... }");
        e = reader_keys(r, pointer, step_keys, ARRAY_SIZE(step_keys), json, step);
        if (e == 0)
                e = work_check(r, pointer, json);
        return e < 0 ? e : id_note(r, pointer, i);
}

static int unknown_need(struct reader *r, const char *pointer, const char *id)
{
        const char *names[SUGGEST_AMONG_MAX + 1] = { NULL }, *near;
        size_t n = 0;

        for (size_t i = 0; i < r->flow->step_count && n < SUGGEST_AMONG_MAX; i++)
                if (r->flow->steps[i].id)
                        names[n++] = r->flow->steps[i].id;
        near = suggest(id, names);
        return near ? reader_fault(r, pointer,
                                   "needs \"%s\", which is no step (did you mean \"%s\"?)", id,
                                   near)
                    : reader_fault(r, pointer, "needs \"%s\", which is no step", id);
}

/* Appends one need, once. */
static int need_read(struct reader *r, const char *pointer, const json_t *item, size_t *needs,
                     size_t *count)
{
        const char *id = reader_word(item);
        const json_t *index = id ? json_object_get(r->ids, id) : NULL;

        if (!id)
                return reader_fault(r, pointer, "needs must be a list of ids: ( \"check\" )");
        if (!index)
                return unknown_need(r, pointer, id);
        for (size_t i = 0; i < *count; i++)
                if (needs[i] == (size_t) json_integer_value(index))
                        return reader_fault(r, pointer, "needs \"%s\" twice", id);
        needs[(*count)++] = (size_t) json_integer_value(index);
        return 0;
}

static int needs_read(struct reader *r, size_t i, const json_t *json)
{
        const json_t *list = json_object_get(json, "needs"), *item;
        struct flow_step *step = &r->flow->steps[i];
        size_t *needs, k;
        char pointer[64];
        int e = 0;

        prefix_set(r, i);
        (void) snprintf(pointer, sizeof(pointer), "/steps/%zu/needs", i);
        if (!list)
                return 0;
        if (!json_is_array(list))
                return reader_fault(r, pointer, "needs must be a list of ids: ( \"check\" )");
        if (json_array_size(list) > FLOW_NEEDS_MAX)
                return reader_fault(r, pointer, "needs more than %d steps", FLOW_NEEDS_MAX);
        needs = calloc(json_array_size(list) + 1, sizeof(*needs));
        if (!needs)
                return -ENOMEM;
        step->needs = needs;
        json_array_foreach (list, k, item) {
                e = need_read(r, pointer, item, needs, &step->need_count);
                if (e < 0)
                        break;
        }
        return e;
}

static int read_steps(struct reader *r, const char *pointer, const struct reader_key *key,
                      const json_t *value, void *target)
{
        const json_t *item;
        char at[64];
        size_t i;
        int e = 0;

        (void) target;
        if (!json_is_array(value) || json_array_size(value) == 0)
                return reader_fault(r, pointer,
                                    "%s must be a list of groups: ( { id = \"a\"; ... } )",
                                    key->name);
        if (json_array_size(value) > FLOW_STEPS_MAX)
                return reader_fault(r, pointer, "more than %d steps", FLOW_STEPS_MAX);
        r->flow->steps = calloc(json_array_size(value), sizeof(*r->flow->steps));
        if (!r->flow->steps)
                return -ENOMEM;
        json_array_foreach (value, i, item) {
                (void) snprintf(at, sizeof(at), "/steps/%zu", i);
                r->flow->step_count = i + 1;
                e = step_read(r, at, i, item);
                if (e < 0)
                        return e;
        }
        json_array_foreach (value, i, item) {
                e = needs_read(r, i, item);
                if (e < 0)
                        return e;
        }
        prefix_set(r, NO_STEP);
        return 0;
}

static int read_priority(struct reader *r, const char *pointer, const struct reader_key *key,
                         const json_t *value, void *target)
{
        json_int_t n = json_integer_value(value);

        if (!json_is_integer(value) || n < FLOW_PRIORITY_MIN || n > FLOW_PRIORITY_MAX)
                return reader_fault(r, pointer, "%s must be a number from %d to %d", key->name,
                                    FLOW_PRIORITY_MIN, FLOW_PRIORITY_MAX);
        *(int *) target = (int) n;
        return 0;
}

#define FLOW(member) offsetof(struct flow, member)
static const char *const on_busy_words[] = { "queue", "refuse", "cancel-running", NULL };

static const struct reader_key concurrency_keys[] = {
        { "steps", reader_count, FLOW(concurrency), NULL, false },
        { "runs", reader_count, FLOW(runs), NULL, false },
        { "key", reader_text, FLOW(key), NULL, false },
        { "per_key", reader_count, FLOW(per_key), NULL, false },
        { "on_busy", reader_choice, FLOW(on_busy), on_busy_words, false },
};

/* A number of steps, or a group that also says how many runs. */
static int read_concurrency(struct reader *r, const char *pointer, const struct reader_key *key,
                            const json_t *value, void *target)
{
        struct flow *f = target;
        char at[64];
        int e;

        if (!json_is_object(value))
                return reader_count(r, pointer, key, value, &f->concurrency);
        e = reader_keys(r, pointer, concurrency_keys, ARRAY_SIZE(concurrency_keys), value, f);
        (void) snprintf(at, sizeof(at), "%s/per_key", pointer);
        if (e == 0 && json_object_get(value, "per_key") && !json_object_get(value, "key"))
                e = reader_fault(r, at, "per_key needs a key: key = \"${inputs.branch}\"");
        (void) snprintf(at, sizeof(at), "%s/on_busy", pointer);
        if (e == 0 && json_object_get(value, "on_busy") && !json_object_get(value, "key") &&
            !json_object_get(value, "runs"))
                e = reader_fault(r, at, "on_busy does nothing without runs or key");
        if (f->key && !f->per_key)
                f->per_key = 1;
        return e;
}

/* In the order of enum severity, then "never". */
static const char *const fail_on_words[] = { "info",     "low",   "medium", "high",
                                             "critical", "never", NULL };

static const struct reader_key flow_keys[] = {
        { "name", reader_id, FLOW(name), NULL, false },
        { "summary", reader_text, FLOW(summary), NULL, false },
        { "inputs", reader_object, FLOW(inputs), NULL, false },
        { "timeout", reader_timeout, FLOW(timeout_ms), NULL, false },
        { "priority", read_priority, FLOW(priority), NULL, false },
        { "concurrency", read_concurrency, 0, NULL, false },
        { "fail_on", reader_choice, FLOW(fail_on), fail_on_words, false },
        { "triggers", triggers_read, 0, NULL, false },
        { "outputs", reader_object, FLOW(outputs), NULL, false },
        { "workflows", subflow_read, 0, NULL, false },
        { "steps", read_steps, 0, NULL, true },
};
#undef FLOW

_Static_assert(SEVERITY_INFO == 0 && SEVERITY_CRITICAL == 4 && SEVERITIES_ == 5,
               "fail_on_words follows enum severity");

/* A name out of "dir/My Review.flow": "my-review". */
static void name_from_file(char *ret, size_t size, const char *file)
{
        const char *base = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
        size_t n = 0;

        for (; *base && *base != '.' && n < size - 1; base++) {
                char c = (char) tolower((unsigned char) *base);

                if (n == 0 && !islower((unsigned char) c))
                        continue;
                ret[n++] = islower((unsigned char) c) || isdigit((unsigned char) c) || c == '_'
                                   ? c
                                   : '-';
        }
        ret[n] = '\0';
        if (n == 0)
                (void) snprintf(ret, size, "flow");
}

static int name_default(struct flow *f)
{
        char name[FLOW_NAME_MAX + 1];

        if (json_object_get(f->json, "name"))
                return 0;
        name_from_file(name, sizeof(name), f->file);
        if (json_object_set_new(f->json, "name", json_string(name)) < 0)
                return -ENOMEM;
        f->name = json_string_value(json_object_get(f->json, "name"));
        return 0;
}

static int hash_make(struct reader *r)
{
        _cleanup_(freep) char *text = json_canonical(r->flow->json);

        if (!text)
                return -ENOMEM;
        if (strlen(text) > FLOW_BYTES_MAX)
                return reader_fault(r, "", "the definition has more than %d bytes", FLOW_BYTES_MAX);
        sha256_hex(r->flow->hash, text, strlen(text));
        return 0;
}

/* Fills `f`, which has its json; what is wrong goes to `faults`. */
static int flow_fill(struct flow *f, const struct flow_nest *nest, struct faults *faults)
{
        struct reader r = {
                .flow = f,
                .faults = faults,
                .step = NO_STEP,
                .ids = json_object(),
                .nest = nest,
        };
        size_t n_files = 0;
        struct flow_nest self = { NULL, nest, &n_files };
        int e = r.ids ? 0 : -ENOMEM;

        f->fail_on = FAIL_ON_DEFAULT;
        if (e == 0 && !json_is_object(f->json))
                e = reader_fault(&r, "", "a workflow is an object with \"steps\"");
        else if (e == 0)
                e = name_default(f);
        if (!nest && json_is_object(f->json)) {
                self.name = reader_word(json_object_get(f->json, "name"));
                r.nest = self.name ? &self : NULL;
        }
        if (e == 0 && f->tree && json_is_object(f->json))
                e = subflow_gather(&r, f->file);
        if (e == 0 && json_is_object(f->json))
                e = reader_keys(&r, "", flow_keys, ARRAY_SIZE(flow_keys), f->json, f);
        if (e == 0)
                e = hash_make(&r);
        json_decref(r.ids);
        return e;
}

/* Also where there are other faults: the needs that were understood may lead in a circle. */
static int circles_find(const struct flow *f, struct faults *faults)
{
        _cleanup_(order_freep) struct order *order = NULL;
        struct err why = { 0 };
        char pointer[64];
        size_t step = 0;
        int e;

        e = order_new(&order, f, &step, &why);
        if (e != -ELOOP)
                return e;
        (void) snprintf(pointer, sizeof(pointer), "/steps/%zu/needs", step);
        return faults_add(faults, false, f->file, flow_line(f, pointer), "%s", err_text(&why));
}

/* What the lexer has to say of a number. */
static int number_fault(void *user, unsigned line, const char *text)
{
        const struct reader *r = user;

        return faults_add(r->faults, false, r->flow->file, line, "%s", text);
}

/* The fault that ended the reading, "file:line: text", beside those that did not. */
static int last_fault(const struct reader *r, const struct err *err)
{
        const char *text = err_text(err);
        size_t n = strlen(r->flow->file);
        unsigned line = 0;
        int used = 0;

        if (strncmp(text, r->flow->file, n) == 0 &&
            sscanf(text + n, ":%u: %n", &line, &used) == 1 && used > 0)
                text += n + (size_t) used;
        return faults_add(r->faults, false, r->flow->file, line, "%s", text);
}

static int flow_tree_load(struct flow *f, const char *path, struct faults *faults, struct err *err)
{
        struct reader r = { .flow = f, .faults = faults };
        const struct lexer_ear ear = { number_fault, &r };
        struct err why = { 0 };
        int e = tree_load_on(&f->tree, path, FLOW_BYTES_MAX, &ear, &why);

        if (e == -EBADMSG && faults->errors > 0) {
                if (last_fault(&r, &why) < 0)
                        return err_set(err, -ENOMEM, "%s: out of memory", path);
                return faults_err(faults, err);
        }
        return e < 0 ? err_set(err, e, "%s", err_text(&why)) : 0;
}

int flow_read(struct flow **ret_flow, const char *path, struct faults *faults, struct err *err)
{
        return flow_read_within(ret_flow, path, NULL, faults, err);
}

int flow_read_within(struct flow **ret_flow, const char *path, const struct flow_nest *nest,
                     struct faults *faults, struct err *err)
{
        _cleanup_(flow_freep) struct flow *f = calloc(1, sizeof(*f));
        int e;

        if (!f)
                return err_set(err, -ENOMEM, "out of memory");
        f->file = strdup(path);
        if (!f->file)
                return err_set(err, -ENOMEM, "out of memory");
        e = flow_tree_load(f, path, faults, err);
        if (e < 0)
                return e;
        f->json = json_incref(f->tree->json);
        e = flow_fill(f, nest, faults);
        if (e == 0)
                e = circles_find(f, faults);
        if (e < 0)
                return err_set(err, e, "%s: out of memory", path);

        *ret_flow = TAKE(f);
        return 0;
}

int flow_load(struct flow **ret_flow, const char *path, struct faults *faults, struct err *err)
{
        _cleanup_(flow_freep) struct flow *f = NULL;
        struct faults own = { 0 }, *list = faults ? faults : &own;
        int e;

        e = flow_read(&f, path, list, err);
        faults_sort(list);
        if (e == 0 && list->errors)
                e = faults_err(list, err);
        faults_done(&own);
        if (e < 0)
                return e;

        *ret_flow = TAKE(f);
        return 0;
}

int flow_from_json(struct flow **ret_flow, const json_t *json, struct err *err)
{
        return flow_from_json_within(ret_flow, json, "", NULL, err);
}

int flow_from_json_within(struct flow **ret_flow, const json_t *json, const char *name,
                          const struct flow_nest *nest, struct err *err)
{
        _cleanup_(flow_freep) struct flow *f = calloc(1, sizeof(*f));
        _cleanup_(faults_done) struct faults faults = { 0 };
        int e;

        if (!f)
                return err_set(err, -ENOMEM, "out of memory");
        f->file = strdup("");
        f->json = json_deep_copy(json);
        if (!f->file || !f->json)
                return err_set(err, -ENOMEM, "out of memory");
        if (*name && json_is_object(f->json) && !json_object_get(f->json, "name") &&
            json_object_set_new(f->json, "name", json_string(name)) < 0)
                return err_set(err, -ENOMEM, "out of memory");
        e = flow_fill(f, nest, &faults);
        if (e == 0)
                e = circles_find(f, &faults);
        if (e < 0)
                return err_set(err, e, "out of memory");
        if (faults.errors)
                return faults_err(&faults, err);

        *ret_flow = TAKE(f);
        return 0;
}

struct flow *flow_free(struct flow *f)
{
        if (!f)
                return NULL;
        for (size_t i = 0; i < f->step_count; i++)
                free((void *) f->steps[i].needs);
        free(f->steps);
        free(f->triggers);
        for (size_t i = 0; i < f->child_count; i++)
                flow_free(f->children[i].flow);
        free(f->children);
        free(f->file);
        json_decref(f->json);
        (void) tree_free(f->tree);
        free(f);
        return NULL;
}

char *flow_to_json(const struct flow *f)
{
        return json_canonical(f->json);
}

int flow_to_conf(const struct flow *f, struct buf *out)
{
        return tree_write(out, f->json);
}

ssize_t flow_find(const struct flow *f, const char *id)
{
        for (size_t i = 0; i < f->step_count; i++)
                if (f->steps[i].id && strcmp(f->steps[i].id, id) == 0)
                        return (ssize_t) i;
        return -ENOENT;
}

/* A key knows the inputs and nothing else. */
static int inputs_get(void *user, const char *root, const char *step, const char *field,
                      json_t **ret)
{
        (void) step;
        (void) field;
        if (strcmp(root, "inputs") != 0)
                return -ENOENT;
        *ret = json_incref(user);
        return 0;
}

int flow_key(char **ret, const struct flow *f, const json_t *inputs, struct err *err)
{
        _cleanup_(json_decrefp) json_t *template = f->key ? json_string(f->key) : NULL;
        _cleanup_(json_decrefp) json_t *value = NULL;
        const struct expr_scope scope = { inputs_get, (void *) inputs };
        size_t length;
        int r;

        *ret = NULL;
        if (!f->key)
                return 0;
        r = template ? template_resolve(template, &scope, &value, err) : -ENOMEM;
        if (r == -ENOMEM)
                return err_set(err, r, "out of memory");
        if (r < 0)
                return err_wrap(err, -EBADMSG, "the key of this run, \"%s\"", f->key);
        length = json_is_string(value) ? json_string_length(value) : 0;
        if (json_is_string(value) &&
            (length == 0 || length > FLOW_KEY_MAX || strlen(json_string_value(value)) != length))
                return err_set(err, -EBADMSG,
                               "the key of this run, \"%s\", becomes %zu bytes of text; it must "
                               "have from 1 to %d, and no NUL",
                               f->key, length, FLOW_KEY_MAX);
        *ret = json_is_string(value) ? strdup(json_string_value(value)) : json_canonical(value);
        if (*ret && strlen(*ret) <= FLOW_KEY_MAX)
                return 0;
        r = *ret ? -EBADMSG : -ENOMEM;
        free(TAKE(*ret));
        return err_set(err, r, "the key of this run, \"%s\", is longer than %d bytes", f->key,
                       FLOW_KEY_MAX);
}

const char *flow_step_agent(const struct flow_step *step)
{
        return step->workflow ? "workflow" : step->agent;
}

const char *flow_step_action(const struct flow_step *step)
{
        return step->workflow ? step->workflow : step->action;
}
