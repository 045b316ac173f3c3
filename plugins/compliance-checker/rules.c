/* SPDX-License-Identifier: Apache-2.0 */
#include "rules.h"

#include "gitleaks.h"
#include "handed.h"
#include "scan/compile.h"
#include "scan/packfile.h"
#include "scan/sample.h"

#include <time.h>

#define FAULTS_TOLD 1000

/* One call of an action. */
struct call {
        struct linhay_run *run;
        const struct rules_builtin *builtin;
        size_t n_builtin;
        char *data; /* the file that was handed over, or NULL */
        size_t length;
        json_t *faults, *notes; /* texts, the first FAULTS_TOLD */
        struct rule_pack *pack; /* the one that is tried, to say where a rule stands in it */
};

static int put_output(struct call *c, json_t *output)
{
        char *text = output ? json_dumps(output, JSON_COMPACT) : NULL;
        int r = text ? linhay_output(c->run, text, strlen(text)) : -ENOMEM;

        free(text);
        json_decref(output);
        return r;
}

static json_t *list_json(const char *const *list)
{
        json_t *array = json_array();

        for (; *list; list++)
                (void) json_array_append_new(array, json_string(*list));
        return array;
}

/* What the field holds, or NULL where it says nothing. */
static json_t *field_json(const struct rule *rule, const struct rule_field *f)
{
        const void *at = (const char *) rule + f->offset;

        switch (f->kind) {
        case FIELD_TEXT:
                return *(const char *const *) at ? json_string(*(const char *const *) at) : NULL;
        case FIELD_NAME:
                return json_string(f->names[*(const unsigned *) at]);
        case FIELD_SIZE:
                return json_integer(*(const unsigned *) at);
        case FIELD_REAL:
                return *(const double *) at > 0 ? json_real(*(const double *) at) : NULL;
        case FIELD_FLAG:
                return *(const bool *) at ? json_true() : NULL;
        case FIELD_LIST:
                return list_json(*(const char *const *const *) at);
        }
        return NULL;
}

static void put_field(json_t *object, const struct rule *rule, const char *key)
{
        for (size_t i = 0; i < rule_fields_n; i++)
                if (!strcmp(rule_fields[i].key, key))
                        (void) json_object_set_new(object, key, field_json(rule, &rule_fields[i]));
}

/* ---- list ---- */

static void list_rules(json_t *rules, const char *control, const struct rule_pack *pack)
{
        static const char *const keys[] = { "id", "name", "severity", "kind", "rank", "keywords" };

        for (size_t i = 0; i < pack->n_rules; i++) {
                json_t *rule = json_pack("{ss}", "control", control);

                for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
                        put_field(rule, &pack->rules[i], keys[k]);
                (void) json_array_append_new(rules, rule);
        }
}

static void list_pack(json_t *packs, const char *control, const struct rule_pack *pack)
{
        const struct pack_gate *gate = &pack->gates[0];

        (void) json_array_append_new(packs,
                                     json_pack("{ss ss sI ss*}", "control", control, "sha256",
                                               pack->sha256, "rules", (json_int_t) pack->n_rules,
                                               "gate", gate->data.length ? gate->key : NULL));
}

/* Reads the file that was handed over: 1, 0 without one, or negative after linhay_fail(). */
static int read_pack(struct call *c, struct rule_pack *pack)
{
        char error[512];

        if (!c->data)
                return 0;
        if (scanner_read(pack, c->data, c->length, error, sizeof(error)) < 0)
                return linhay_fail(c->run, LINHAY_FAIL_INPUT, "bad-rules", "%s", error);
        return 1;
}

static int run_list(struct call *c)
{
        json_t *rules = json_array(), *packs = json_array();
        struct rule_pack given = { 0 };
        int r = read_pack(c, &given);

        if (r > 0) {
                list_rules(rules, "secrets", &given);
                list_pack(packs, "secrets", &given);
        }
        for (size_t i = 0; r == 0 && i < c->n_builtin; i++) {
                list_rules(rules, c->builtin[i].control, c->builtin[i].pack);
                list_pack(packs, c->builtin[i].control, c->builtin[i].pack);
        }
        rule_pack_done(&given);
        if (r < 0) {
                json_decref(rules);
                json_decref(packs);
                return r;
        }
        return put_output(c, json_pack("{so so}", "packs", packs, "rules", rules));
}

/* ---- explain ---- */

static const struct rule *find_rule(const struct rule_pack *pack, const char *id)
{
        for (size_t i = 0; i < pack->n_rules; i++)
                if (!strcmp(pack->rules[i].id, id))
                        return &pack->rules[i];
        return NULL;
}

/* `id` may have its control before it, as findings do. */
static const struct rule *find_builtin(const struct call *c, const char *id,
                                       const char **ret_control)
{
        for (size_t i = 0; i < c->n_builtin; i++) {
                const char *control = c->builtin[i].control;
                size_t n = strlen(control);
                bool named = !strncmp(id, control, n) && id[n] == '/';
                const struct rule *rule;

                if (!named && strchr(id, '/'))
                        continue;
                rule = find_rule(c->builtin[i].pack, named ? id + n + 1 : id);
                *ret_control = control;
                if (rule)
                        return rule;
        }
        return NULL;
}

static json_t *expand_samples(const char *const *list, uint64_t *state)
{
        json_t *texts = json_array();

        for (; *list; list++) {
                char *text = sample_expand(*list, state);

                (void) json_array_append_new(texts, json_string(text ? text : ""));
                free(text);
        }
        return texts;
}

static json_t *explain(const struct rule *rule, const char *control)
{
        static const char *const keys[] = { "id",    "name",     "severity",   "fix",   "kind",
                                            "rank",  "regex",    "group",      "form",  "keywords",
                                            "cased", "before",   "after",      "deny",  "path",
                                            "words", "entropy",  "min_length", "proof", "decode",
                                            "plain", "own_gate", "keep",       "cwe",   "tags" };
        json_t *output = json_pack("{ss}", "control", control);
        struct timespec now;
        uint64_t state;

        (void) clock_gettime(CLOCK_REALTIME, &now);
        state = (uint64_t) now.tv_sec * 1000003u + (uint64_t) now.tv_nsec;
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                put_field(output, rule, keys[i]);
        (void) json_object_set_new(output, "allowances", json_integer((json_int_t) rule->n_allow));
        (void) json_object_set_new(output, "proof_means", json_string(proof_means[rule->proof]));
        (void) json_object_set_new(output, "examples", expand_samples(rule->examples, &state));
        (void) json_object_set_new(output, "counters", expand_samples(rule->counters, &state));
        return output;
}

static int run_explain(struct call *c)
{
        const char *id = linhay_input_string(c->run, "/rule", ""), *control = "secrets";
        struct rule_pack given = { 0 };
        const struct rule *rule = NULL;
        json_t *output = NULL;
        int r = read_pack(c, &given);

        if (r > 0)
                rule = find_rule(&given, strncmp(id, "secrets/", 8) != 0 ? id : id + 8);
        else if (r == 0)
                rule = find_builtin(c, id, &control);
        if (rule)
                output = explain(rule, control);
        rule_pack_done(&given);
        if (r < 0)
                return r;
        if (!rule)
                return linhay_fail(c->run, LINHAY_FAIL_INPUT, "unknown-rule",
                                   "there is no rule \"%s\" (linhay rules list shows them)", id);
        return put_output(c, output);
}

/* ---- test, compile ---- */

static void tell(void *owner, bool is_fault, const char *rule, const char *text)
{
        struct call *c = owner;
        json_t *list = is_fault ? c->faults : c->notes;
        char where[64] = "";

        for (size_t i = 0; rule && i < c->pack->n_rules && !*where; i++)
                if (!strcmp(c->pack->rules[i].id, rule))
                        (void) snprintf(where, sizeof(where), "/rules/%zu", i);
        if (json_array_size(list) < FAULTS_TOLD)
                (void) json_array_append_new(list, json_pack("{ss ss ss}", "place", where, "rule",
                                                             rule ? rule : "", "text", text));
}

/* A pack that cannot be read is a fault of it, not of this action. */
static int load_source(struct call *c, struct rule_pack *pack)
{
        char error[512];
        int r;

        if (!c->data)
                return linhay_fail(c->run, LINHAY_FAIL_INPUT, "no-file", "there is no file");
        if (packfile_is(c->data, c->length))
                return linhay_fail(c->run, LINHAY_FAIL_INPUT, "compiled",
                                   "this pack is compiled already: give its JSON");
        r = rule_pack_load(pack, c->data, c->length, error, sizeof(error));
        if (r == -EBADMSG)
                (void) json_array_append_new(
                        c->faults, json_pack("{ss ss ss}", "place", "", "rule", "", "text", error));
        return r;
}

static json_t *tried(struct call *c, const struct compile *compile, const struct rule_pack *pack)
{
        return json_pack("{sI sI sI sI sO sO}", "rules", (json_int_t) pack->n_rules, "samples",
                         (json_int_t) compile->tried, "faults_count",
                         (json_int_t) MAX_OF(compile->faults, json_array_size(c->faults)),
                         "notes_count", (json_int_t) compile->notes, "faults", c->faults, "notes",
                         c->notes);
}

static int run_test(struct call *c)
{
        struct compile compile = { .tell = tell, .owner = c };
        struct rule_pack pack = { 0 };
        int r = load_source(c, &pack);

        c->pack = &pack;
        if (r >= 0)
                r = compile_try(&compile, &pack);
        if (r == 0 || r == -EBADMSG)
                r = put_output(c, tried(c, &compile, &pack));
        rule_pack_done(&pack);
        return r;
}

static int keep_compiled(struct call *c, struct compile *compile, struct rule_pack *pack)
{
        char *data = NULL;
        size_t length = 0;
        int r = compile_write(compile, pack, gate_best(), &data, &length);

        if (r >= 0)
                r = linhay_artifact(c->run, "rules.pack", "application/octet-stream", data, length);
        free(data);
        return r;
}

static int run_compile(struct call *c)
{
        struct compile compile = { .tell = tell, .owner = c };
        struct rule_pack pack = { 0 };
        int r = load_source(c, &pack);

        c->pack = &pack;
        if (r >= 0)
                r = compile_try(&compile, &pack);
        if (r >= 0)
                r = keep_compiled(c, &compile, &pack);
        if (r == 0 || r == -EBADMSG) {
                const struct gate_engine *gate = gate_best();
                json_t *output = tried(c, &compile, &pack);

                (void) json_object_set_new(output, "gate",
                                           json_string(gate->key ? gate->key() : gate->name));
                (void) json_object_set_new(output, "sha256", json_string(pack.sha256));
                r = put_output(c, output);
        }
        rule_pack_done(&pack);
        return r;
}

/* ---- import ---- */

static void tell_import(void *owner, unsigned line, const char *rule, const char *text)
{
        struct call *c = owner;
        char place[32] = "";

        if (line)
                (void) snprintf(place, sizeof(place), "%u", line);
        (void) json_array_append_new(c->notes, json_pack("{ss ss ss}", "place", place, "rule",
                                                         rule ? rule : "", "text", text));
}

static bool is_builtin(void *owner, const char *id)
{
        const struct call *c = owner;

        return find_rule(c->builtin[0].pack, id) != NULL;
}

static int keep_json(struct call *c, const json_t *pack)
{
        char *text = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&text, &length);
        int r = -ENOMEM;

        if (!out)
                return r;
        (void) json_dumpf(pack, out, JSON_INDENT(2));
        (void) fputc('\n', out);
        if (fclose(out) == 0)
                r = linhay_artifact(c->run, "rules.json", "application/json", text, length);
        free(text);
        return r;
}

static int run_import(struct call *c)
{
        struct gitleaks g = { .tell = tell_import, .is_builtin = is_builtin, .owner = c };
        char *base = NULL, error[512];
        size_t base_length = 0;
        json_t *pack = NULL;
        int r;

        if (!c->data)
                return linhay_fail(c->run, LINHAY_FAIL_INPUT, "no-file", "there is no file");
        r = handed_read(c->run, "/extend", &base, &base_length);
        if (r < 0)
                return r;
        r = gitleaks_import(&g, (struct span){ c->data, c->length },
                            (struct span){ base, base_length }, &pack, error, sizeof(error));
        free(base);
        if (r == -EBADMSG)
                return linhay_fail(c->run, LINHAY_FAIL_INPUT, g.in_base ? "bad-extend" : "bad-toml",
                                   "%s", error);
        if (r >= 0)
                r = keep_json(c, pack);
        if (r >= 0)
                r = put_output(c, json_pack("{sI sI sO}", "rules", (json_int_t) g.rules, "left_out",
                                            (json_int_t) g.left_out, "notes", c->notes));
        json_decref(pack);
        return r;
}

static const struct {
        const char *name;
        int (*run)(struct call *c);
} actions[] = {
        { "rules-list", run_list },     { "rules-explain", run_explain },
        { "rules-test", run_test },     { "rules-compile", run_compile },
        { "rules-import", run_import },
};

int rules_run(struct linhay_run *run, const struct rules_builtin *builtin, size_t n)
{
        struct call c = { .run = run, .builtin = builtin, .n_builtin = n };
        size_t i = 0;
        int r;

        while (i < ARRAY_SIZE(actions) && strcmp(actions[i].name, run->action) != 0)
                i++;
        if (i == ARRAY_SIZE(actions))
                return 1;
        r = handed_read(run, "/file", &c.data, &c.length);
        if (r < 0)
                return r;
        c.faults = json_array();
        c.notes = json_array();
        r = actions[i].run(&c);
        free(c.data);
        json_decref(c.faults);
        json_decref(c.notes);
        return r;
}
