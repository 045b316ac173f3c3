/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/flow.h"

#include "base/json.h"
#include "base/unit.h"
#include "conf/suggest.h"
#include "conf/tree.h"
#include "flow/flow-read.h"
#include "flow/order.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#define FAIL_ON_DEFAULT    SEVERITY_HIGH
#define RETRY_ATTEMPTS_MAX 100
#define COUNT_MAX          10000
#define SUGGEST_AMONG_MAX  200 /* ids that a suggestion is looked for in */

/* A definition on its way into the structs. */
struct reader {
        struct flow *flow;
        struct faults *faults;
        json_t *ids;     /* id -> index */
        size_t step;     /* the one being read, or NO_STEP */
        char prefix[96]; /* "step \"check\": " */
};

#define NO_STEP SIZE_MAX

struct key {
        const char *name;
        /* Reads `value` into `target`; NULL: nothing to do but to know the name. */
        int (*read)(struct reader *r, const char *pointer, const struct key *key,
                    const json_t *value, void *target);
        size_t offset;              /* of the target in its struct */
        const char *const *choices; /* for read_choice, in the order of the enum */
        bool is_required;
};

unsigned flow_line(const struct flow *f, const char *pointer)
{
        return f->tree ? tree_line(f->tree, pointer) : 0;
}

static int fault(struct reader *r, const char *pointer, const char *format, ...) _printf_(3, 4);
static int fault(struct reader *r, const char *pointer, const char *format, ...)
{
        char text[1024];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return faults_add(r->faults, false, r->flow->file, flow_line(r->flow, pointer), "%s%s",
                          r->prefix, text);
}

static bool is_id(const char *text)
{
        if (!text || !islower((unsigned char) *text) || strlen(text) > FLOW_NAME_MAX)
                return false;
        return text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

static int read_text(struct reader *r, const char *pointer, const struct key *key,
                     const json_t *value, void *target)
{
        const char *text = json_string_value(value);

        if (!text || !*text || strlen(text) != json_string_length(value))
                return fault(r, pointer, "%s must be a string, not empty", key->name);
        *(const char **) target = text;
        return 0;
}

static int read_id(struct reader *r, const char *pointer, const struct key *key,
                   const json_t *value, void *target)
{
        if (!is_id(json_string_value(value)))
                return fault(
                        r, pointer,
                        "%s must begin with a small letter and have only small letters, digits, "
                        "_ and -, %d at most",
                        key->name, FLOW_NAME_MAX);
        *(const char **) target = json_string_value(value);
        return 0;
}

static int read_object(struct reader *r, const char *pointer, const struct key *key,
                       const json_t *value, void *target)
{
        if (!json_is_object(value))
                return fault(r, pointer, "%s must be a group: { name = value; }", key->name);
        *(const json_t **) target = value;
        return 0;
}

static int read_items(struct reader *r, const char *pointer, const struct key *key,
                      const json_t *value, void *target)
{
        if (!json_is_array(value) && !json_is_string(value))
                return fault(r, pointer,
                             "%s must be a list, or a reference to one: \"${inputs.files}\"",
                             key->name);
        if (json_array_size(value) > FLOW_ITEMS_MAX)
                return fault(r, pointer, "%s has more than %d items", key->name, FLOW_ITEMS_MAX);
        *(const json_t **) target = value;
        return 0;
}

static int read_any(struct reader *r, const char *pointer, const struct key *key,
                    const json_t *value, void *target)
{
        (void) r;
        (void) pointer;
        (void) key;
        *(const json_t **) target = value;
        return 0;
}

static int read_duration(struct reader *r, const char *pointer, const struct key *key,
                         const json_t *value, void *target)
{
        struct err why = { 0 };

        if (!json_is_string(value))
                return fault(r, pointer, "%s must be a duration in quotes: \"90s\"", key->name);
        if (duration_parse(target, json_string_value(value), &why) < 0)
                return fault(r, pointer, "%s: %s", key->name, err_text(&why));
        return 0;
}

static int read_count(struct reader *r, const char *pointer, const struct key *key,
                      const json_t *value, void *target)
{
        if (!json_is_integer(value) || json_integer_value(value) < 1 ||
            json_integer_value(value) > COUNT_MAX)
                return fault(r, pointer, "%s must be a number from 1 to %d", key->name, COUNT_MAX);
        *(unsigned *) target = (unsigned) json_integer_value(value);
        return 0;
}

static int read_bool(struct reader *r, const char *pointer, const struct key *key,
                     const json_t *value, void *target)
{
        if (!json_is_boolean(value))
                return fault(r, pointer, "%s must be true or false", key->name);
        *(bool *) target = json_is_true(value);
        return 0;
}

/* "a, b or c (did you mean …?)" */
static void choices_text(char *ret, size_t size, const char *const *choices, const char *given)
{
        const char *near = given ? suggest(given, choices) : NULL;
        size_t n = 0;

        for (size_t i = 0; choices[i] && n < size; i++)
                n += (size_t) snprintf(ret + n, size - n, "%s%s",
                                       i == 0           ? ""
                                       : choices[i + 1] ? ", "
                                                        : " or ",
                                       choices[i]);
        if (near && n < size)
                (void) snprintf(ret + n, size - n, " (did you mean \"%s\"?)", near);
}

static int read_choice(struct reader *r, const char *pointer, const struct key *key,
                       const json_t *value, void *target)
{
        const char *word = json_string_value(value);
        char text[400];

        for (unsigned i = 0; word && key->choices[i]; i++)
                if (strcmp(key->choices[i], word) == 0) {
                        *(unsigned *) target = i;
                        return 0;
                }
        choices_text(text, sizeof(text), key->choices, word);
        return fault(r, pointer, "%s must be %s", key->name, text);
}

/* Verdicts that another attempt may change. */
static const char *const retry_verdicts[] = {
        "failed", "timeout",   "cpu",      "memory", "files", "disk",
        "output", "processes", "protocol", "signal", NULL,
};

static int read_verdicts(struct reader *r, const char *pointer, const struct key *key,
                         const json_t *value, void *target)
{
        const json_t *item;
        size_t i;

        if (!json_is_array(value) || json_array_size(value) == 0)
                return fault(r, pointer, "%s must be a list of verdicts: ( \"timeout\" )",
                             key->name);
        json_array_foreach (value, i, item) {
                const char *word = json_string_value(item);
                char text[400];
                enum verdict v;
                size_t k = 0;

                while (retry_verdicts[k] && (!word || strcmp(retry_verdicts[k], word) != 0))
                        k++;
                if (retry_verdicts[k] && verdict_from_name(&v, word) == 0) {
                        *(unsigned *) target |= 1U << v;
                        continue;
                }
                choices_text(text, sizeof(text), retry_verdicts, word);
                return fault(r, pointer, "%s: only %s can be tried again", key->name, text);
        }
        return 0;
}

static const char *name_of(const void *rows, size_t i)
{
        return ((const struct key *) rows)[i].name;
}

static int unknown_key(struct reader *r, const char *pointer, const struct key *keys, size_t count,
                       const char *given)
{
        const char *names[32] = { NULL }, *near;

        for (size_t i = 0; i < count && i < ARRAY_SIZE(names) - 1; i++)
                names[i] = name_of(keys, i);
        near = suggest(given, names);
        return near ? fault(r, pointer, "unknown key \"%s\" (did you mean \"%s\"?)", given, near)
                    : fault(r, pointer, "unknown key \"%s\"", given);
}

static const struct key *key_find(const struct key *keys, size_t count, const char *name)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(keys[i].name, name) == 0)
                        return &keys[i];
        return NULL;
}

/* Reads a group by its table of keys. */
static int keys_read(struct reader *r, const char *pointer, const struct key *keys, size_t count,
                     const json_t *object, void *target)
{
        const char *name;
        json_t *value;

        json_object_foreach ((json_t *) object, name, value) {
                const struct key *key = key_find(keys, count, name);
                _cleanup_(buf_done) struct buf at = { 0 };
                int e = buf_puts(&at, pointer);

                if (e == 0)
                        e = json_pointer_add(&at, name);
                if (e == 0 && !key)
                        e = unknown_key(r, at.data, keys, count, name);
                else if (e == 0 && key->read)
                        e = key->read(r, at.data, key, value, (char *) target + key->offset);
                if (e < 0)
                        return e;
        }
        for (size_t i = 0; i < count; i++)
                if (keys[i].is_required && !json_object_get(object, keys[i].name)) {
                        int e = fault(r, pointer, "%s is missing", keys[i].name);

                        if (e < 0)
                                return e;
                }
        return 0;
}

static const struct key retry_keys[] = {
        { "attempts", read_count, offsetof(struct flow_retry, attempts), NULL, true },
        { "backoff", read_duration, offsetof(struct flow_retry, backoff_ms), NULL, false },
        { "cap", read_duration, offsetof(struct flow_retry, cap_ms), NULL, false },
        { "jitter", read_bool, offsetof(struct flow_retry, jitter), NULL, false },
        { "on", read_verdicts, offsetof(struct flow_retry, on), NULL, false },
};

static int read_retry(struct reader *r, const char *pointer, const struct key *key,
                      const json_t *value, void *target)
{
        struct flow_retry *retry = target;
        int e;

        if (!json_is_object(value))
                return fault(r, pointer, "%s must be a group: { attempts = 3; }", key->name);
        e = keys_read(r, pointer, retry_keys, ARRAY_SIZE(retry_keys), value, retry);
        if (!json_object_get(value, "cap"))
                retry->cap_ms = MAX_OF(retry->cap_ms, retry->backoff_ms);
        if (e == 0 && retry->attempts > RETRY_ATTEMPTS_MAX)
                e = fault(r, pointer, "retry: at most %d attempts", RETRY_ATTEMPTS_MAX);
        return e;
}

static const char *const on_failure_words[] = { "fail", "continue", NULL };
static const char *const on_crash_words[] = { "retry", "hold", NULL };
static const char *const on_stale_words[] = { "fail", "rerun", NULL };

#define STEP(member) offsetof(struct flow_step, member)
static const struct key step_keys[] = {
        { "id", read_id, STEP(id), NULL, true },
        { "summary", NULL, 0, NULL, false },
        { "agent", read_text, STEP(agent), NULL, true },
        { "action", read_text, STEP(action), NULL, true },
        { "inputs", read_object, STEP(inputs), NULL, false },
        { "needs", NULL, 0, NULL, false }, /* when all ids are known */
        { "when", read_text, STEP(when), NULL, false },
        { "for_each", read_items, STEP(for_each), NULL, false },
        { "max_parallel", read_count, STEP(max_parallel), NULL, false },
        { "retry", read_retry, STEP(retry), NULL, false },
        { "timeout", read_duration, STEP(timeout_ms), NULL, false },
        { "on_failure", read_choice, STEP(on_failure), on_failure_words, false },
        { "on_crash", read_choice, STEP(on_crash), on_crash_words, false },
        { "on_stale", read_choice, STEP(on_stale), on_stale_words, false },
        { "always", read_bool, STEP(always), NULL, false },
        { "approval", read_bool, STEP(approval), NULL, false },
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
                               ? fault(r, pointer, "the id is already used in line %u",
                                       flow_line(r->flow, before))
                               : fault(r, pointer, "the id is used twice");
        }
        return json_object_set_new(r->ids, id, json_integer((json_int_t) i)) < 0 ? -ENOMEM : 0;
}

static int step_read(struct reader *r, const char *pointer, size_t i, const json_t *json)
{
        struct flow_step *step = &r->flow->steps[i];
        int e;

        *step = (struct flow_step){
                .retry = { .attempts = 1, .backoff_ms = 1000, .cap_ms = 60000, .jitter = true },
                .line = flow_line(r->flow, pointer),
        };
        if (is_id(json_string_value(json_object_get(json, "id"))))
                step->id = json_string_value(json_object_get(json, "id"));
        prefix_set(r, i);
        if (!json_is_object(json))
                return fault(r, pointer, "must be a group: { id = \"name\"; ... }");
        e = keys_read(r, pointer, step_keys, ARRAY_SIZE(step_keys), json, step);
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
        return near ? fault(r, pointer, "needs \"%s\", which is no step (did you mean \"%s\"?)", id,
                            near)
                    : fault(r, pointer, "needs \"%s\", which is no step", id);
}

/* Appends one need, once. */
static int need_read(struct reader *r, const char *pointer, const json_t *item, size_t *needs,
                     size_t *count)
{
        const char *id = json_string_value(item);
        const json_t *index = id ? json_object_get(r->ids, id) : NULL;

        if (!id)
                return fault(r, pointer, "needs must be a list of ids: ( \"check\" )");
        if (!index)
                return unknown_need(r, pointer, id);
        for (size_t i = 0; i < *count; i++)
                if (needs[i] == (size_t) json_integer_value(index))
                        return fault(r, pointer, "needs \"%s\" twice", id);
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
                return fault(r, pointer, "needs must be a list of ids: ( \"check\" )");
        if (json_array_size(list) > FLOW_NEEDS_MAX)
                return fault(r, pointer, "needs more than %d steps", FLOW_NEEDS_MAX);
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

static int read_steps(struct reader *r, const char *pointer, const struct key *key,
                      const json_t *value, void *target)
{
        const json_t *item;
        char at[64];
        size_t i;
        int e = 0;

        (void) target;
        if (!json_is_array(value) || json_array_size(value) == 0)
                return fault(r, pointer, "%s must be a list of groups: ( { id = \"a\"; ... } )",
                             key->name);
        if (json_array_size(value) > FLOW_STEPS_MAX)
                return fault(r, pointer, "more than %d steps", FLOW_STEPS_MAX);
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

/* In the order of enum severity, then "never". */
static const char *const fail_on_words[] = { "info",     "low",   "medium", "high",
                                             "critical", "never", NULL };

#define FLOW(member) offsetof(struct flow, member)
static const struct key flow_keys[] = {
        { "name", read_id, FLOW(name), NULL, false },
        { "summary", read_text, FLOW(summary), NULL, false },
        { "inputs", read_object, FLOW(inputs), NULL, false },
        { "timeout", read_duration, FLOW(timeout_ms), NULL, false },
        { "concurrency", read_count, FLOW(concurrency), NULL, false },
        { "fail_on", read_choice, FLOW(fail_on), fail_on_words, false },
        { "triggers", read_any, FLOW(triggers), NULL, false },
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
                return fault(r, "", "the definition has more than %d bytes", FLOW_BYTES_MAX);
        sha256_hex(r->flow->hash, text, strlen(text));
        return 0;
}

/* Fills `f`, which has its json; what is wrong goes to `faults`. */
static int flow_fill(struct flow *f, struct faults *faults)
{
        struct reader r = { .flow = f, .faults = faults, .step = NO_STEP, .ids = json_object() };
        int e = r.ids ? 0 : -ENOMEM;

        f->fail_on = FAIL_ON_DEFAULT;
        if (e == 0 && !json_is_object(f->json))
                e = fault(&r, "", "a workflow is an object with \"steps\"");
        else if (e == 0)
                e = name_default(f);
        if (e == 0 && json_is_object(f->json))
                e = keys_read(&r, "", flow_keys, ARRAY_SIZE(flow_keys), f->json, f);
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
        e = flow_fill(f, faults);
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
        _cleanup_(flow_freep) struct flow *f = calloc(1, sizeof(*f));
        _cleanup_(faults_done) struct faults faults = { 0 };
        int e;

        if (!f)
                return err_set(err, -ENOMEM, "out of memory");
        f->file = strdup("");
        f->json = json_deep_copy(json);
        if (!f->file || !f->json)
                return err_set(err, -ENOMEM, "out of memory");
        e = flow_fill(f, &faults);
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
