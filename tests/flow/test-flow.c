/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/io.h"
#include "base/json.h"
#include "flow/check.h"
#include "flow/graph.h"
#include "flow/order.h"
#include "json-random.h"

static char folder[] = "/tmp/linhay-test-flow-XXXXXX";

/* A new file each time: writing over one makes some file systems wait for the disk. */
static char *put(const char *name, const char *text)
{
        static char path[512];
        FILE *f;

        (void) snprintf(path, sizeof(path), "%s/%s", folder, name);
        (void) unlink(path);
        f = fopen(path, "w");
        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
        return path;
}

/* Two agents: "lint" reads, "fix" changes; "fix" needs a whole number and may have a file. */
struct agents {
        struct schema *lint, *fix;
};

static int agents_lookup(void *user, const char *agent, const char *action, struct flow_action *ret,
                         struct err *err)
{
        const struct agents *agents = user;

        if (strcmp(agent, "lint") == 0 && strcmp(action, "run") == 0)
                *ret = (struct flow_action){ agents->lint, NULL, WORKSPACE_RO, RISK_AUTO, true };
        else if (strcmp(agent, "lint") == 0 && strcmp(action, "ask") == 0)
                *ret = (struct flow_action){ agents->lint, NULL, WORKSPACE_NONE, RISK_AUTO, false };
        else if (strcmp(agent, "fix") == 0 && strcmp(action, "run") == 0)
                *ret = (struct flow_action){ agents->fix, NULL, WORKSPACE_OVERLAY, RISK_APPROVAL,
                                             true };
        else if (strcmp(agent, "lint") == 0 || strcmp(agent, "fix") == 0)
                return err_set(err, -ENOENT, "the agent \"%s\" has no action \"%s\"", agent,
                               action);
        else
                return err_set(err, -ENOENT, "no agent is called \"%s\"", agent);
        return 0;
}

static int agents_make(void **state)
{
        static struct agents agents;
        _cleanup_(json_decrefp) json_t *lint = json_pack("{}");
        _cleanup_(json_decrefp) json_t *fix =
                json_pack("{s:{s:{s:s}, s:{s:s, s:i}, s:{s:s}}, s:[s], s:b}", "properties", "n",
                          "type", "integer", "m", "type", "integer", "default", 1, "file", "type",
                          "string", "required", "n", "additionalProperties", 0);

        if (schema_new(&agents.lint, lint, NULL, NULL) < 0 ||
            schema_new(&agents.fix, fix, NULL, NULL) < 0 || !mkdtemp(folder))
                return -1;
        *state = &agents;
        return 0;
}

static int agents_drop(void **state)
{
        struct agents *agents = *state;
        char command[300];

        (void) schema_free(agents->lint);
        (void) schema_free(agents->fix);
        (void) snprintf(command, sizeof(command), "rm -rf '%s'", folder);
        return system(command);
}

static const char whole[] =
        "name = \"all\"; summary = \"Everything at once.\";\n"
        "inputs = { type = \"object\"; properties = { n = { type = \"integer\"; default = 2; };\n"
        "  files = { type = \"array\"; }; }; required = ( \"files\" ); };\n"
        "timeout = \"1h\"; concurrency = 4; fail_on = \"critical\"; priority = -7;\n"
        "steps = (\n"
        "  { id = \"look\"; agent = \"lint\"; action = \"run\"; },\n"
        "  { id = \"fix\"; agent = \"fix\"; action = \"run\"; needs = ( \"look\" );\n"
        "    inputs = { n = \"${inputs.n}\"; }; when = \"steps.look.findings.total > 0\";\n"
        "    retry = { attempts = 3; backoff = \"2s\"; cap = \"10s\"; jitter = false;\n"
        "              on = ( \"timeout\", \"failed\" ); };\n"
        "    timeout = \"90s\"; on_failure = \"continue\"; on_crash = \"hold\"; on_stale = "
        "\"rerun\";\n"
        "    approval = true; },\n"
        "  { id = \"each\"; agent = \"lint\"; action = \"run\"; needs = ( \"fix\" );\n"
        "    for_each = \"${inputs.files}\"; max_parallel = 2; inputs = { path = \"${item}\"; };\n"
        "    always = true; cache = true; },\n"
        "  { id = \"sub\"; workflow = \"other\"; inputs = { n = \"${inputs.n}\"; }; }\n"
        ");\n"
        "outputs = { n = \"${steps.look.findings.total}\"; };\n"
        "workflows = { other = { inputs = { properties = { n = { }; }; };\n"
        "  steps = ( { id = \"a\"; agent = \"lint\"; action = \"run\"; } ); }; };\n"
        "triggers = (\n"
        "  { cron = \"30 4 * * 1-5\"; time_zone = \"Europe/Berlin\"; overlap = \"queue\";\n"
        "    missed = \"all\"; inputs = { files = ( \"${run.id}\" ); }; workspace = \"/\"; },\n"
        "  { name = \"sources\"; watch = ( \"src/**\" ); debounce = \"5s\"; workspace = \"/srv\";\n"
        "    inputs = { files = ( ); }; overlap = \"cancel\"; },\n"
        "  { manual = true; inputs = { files = ( ); }; workspace = \"/\"; }\n"
        ");\n";

static void everything_is_read(void **state)
{
        struct flow_catalog catalog = { agents_lookup, *state };
        _cleanup_(faults_done) struct faults faults = { 0 };
        _cleanup_(flow_freep) struct flow *f = NULL;
        const struct flow_step *s;
        struct err err = { 0 };

        if (flow_check_file(&f, put("x.flow", whole), &catalog, &faults, &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(faults.count, 0);
        assert_string_equal(f->name, "all");
        assert_string_equal(f->summary, "Everything at once.");
        assert_int_equal(f->timeout_ms, 3600000);
        assert_int_equal(f->concurrency, 4);
        assert_int_equal(f->fail_on, SEVERITY_CRITICAL);
        assert_int_equal(f->step_count, 4);
        assert_int_equal(f->priority, -7);
        assert_int_equal(f->runs, 0);
        assert_null(f->key);
        assert_int_equal(f->per_key, 0);

        s = &f->steps[0];
        assert_int_equal(s->line, 6);
        assert_int_equal(s->need_count, 0);
        assert_null(s->inputs);
        assert_null(s->when);
        assert_int_equal(s->retry.attempts, 1);
        assert_int_equal(s->timeout_ms, 0);
        assert_false(s->always || s->approval);

        s = &f->steps[1];
        assert_string_equal(s->id, "fix");
        assert_int_equal(s->need_count, 1);
        assert_int_equal(s->needs[0], 0);
        assert_string_equal(s->when, "steps.look.findings.total > 0");
        assert_int_equal(s->retry.attempts, 3);
        assert_int_equal(s->retry.backoff_ms, 2000);
        assert_int_equal(s->retry.cap_ms, 10000);
        assert_false(s->retry.jitter);
        assert_int_equal(s->retry.on, 1U << VERDICT_TIMEOUT | 1U << VERDICT_FAILED);
        assert_int_equal(s->timeout_ms, 90000);
        assert_int_equal(s->on_failure, FLOW_FAILURE_CONTINUE);
        assert_int_equal(s->on_crash, FLOW_CRASH_HOLD);
        assert_int_equal(s->on_stale, FLOW_STALE_RERUN);
        assert_true(s->approval);

        s = &f->steps[2];
        assert_string_equal(json_string_value(s->for_each), "${inputs.files}");
        assert_int_equal(s->max_parallel, 2);
        assert_true(s->always && s->cache);
        assert_int_equal(s->on_crash, FLOW_CRASH_AUTO);

        s = &f->steps[3];
        assert_string_equal(s->workflow, "other");
        assert_null(s->agent);
        assert_string_equal(flow_step_agent(s), "workflow");
        assert_string_equal(flow_step_action(s), "other");
        assert_string_equal(flow_child(f, "other")->name, "other");
        assert_non_null(f->outputs);
}

static void triggers_are_read(void **state)
{
        _cleanup_(flow_freep) struct flow *f = NULL;
        const struct flow_trigger *t;

        (void) state;
        assert_int_equal(flow_load(&f, put("x.flow", whole), NULL, NULL), 0);
        assert_int_equal(f->trigger_count, 3);
        t = &f->triggers[0];
        assert_string_equal(t->name, "cron-1");
        assert_string_equal(t->cron, "30 4 * * 1-5");
        assert_string_equal(t->time_zone, "Europe/Berlin");
        assert_int_equal(t->overlap, TRIGGER_OVERLAP_QUEUE);
        assert_int_equal(t->missed, TRIGGER_MISSED_ALL);
        assert_string_equal(
                json_string_value(json_array_get(json_object_get(t->inputs, "files"), 0)),
                "${run.id}");
        assert_string_equal(t->workspace, "/");
        assert_null(t->watch);

        t = &f->triggers[1];
        assert_string_equal(t->name, "sources");
        assert_null(t->cron);
        assert_int_equal(json_array_size(t->watch), 1);
        assert_int_equal(t->debounce_ms, 5000);
        assert_int_equal(t->overlap, TRIGGER_OVERLAP_CANCEL);
        assert_int_equal(t->missed, TRIGGER_MISSED_SKIP);
        assert_string_equal(t->workspace, "/srv");
        assert_false(t->is_manual);

        t = &f->triggers[2];
        assert_string_equal(t->name, "manual-3");
        assert_true(t->is_manual);
        assert_null(t->cron);
        assert_null(t->watch);
}

/* What a step names is found beside the file, goes into the definition, and into its hash. */
static void workflows_are_gathered(void **state)
{
        _cleanup_(flow_freep) struct flow *a = NULL, *b = NULL, *c = NULL;
        _cleanup_(freep) char *text = NULL;
        static const char inner[] =
                "steps = ( { id = \"a\"; agent = \"lint\"; action = \"%s\"; } );",
                          middle[] = "steps = ( { id = \"m\"; workflow = \"inner\"; } );",
                          outer[] = "steps = ( { id = \"o\"; workflow = \"middle\"; } );";
        char file[200];

        (void) state;
        (void) snprintf(file, sizeof(file), inner, "run");
        (void) put("inner.flow", file);
        (void) put("middle.flow", middle);
        assert_int_equal(flow_load(&a, put("outer.flow", outer), NULL, NULL), 0);
        assert_string_equal(flow_child(flow_child(a, "middle"), "inner")->steps[0].action, "run");
        text = flow_to_json(a);
        assert_int_equal(flow_load(&b, put("alone.json", text), NULL, NULL), 0);
        assert_string_equal(a->hash, b->hash);
        assert_string_equal(flow_child(flow_child(b, "middle"), "inner")->steps[0].action, "run");

        (void) snprintf(file, sizeof(file), inner, "ask");
        (void) put("inner.flow", file);
        assert_int_equal(flow_load(&c, put("outer.flow", outer), NULL, NULL), 0);
        assert_string_not_equal(a->hash, c->hash);
}

static void workflows_have_a_depth(void **state)
{
        struct flow_catalog catalog = { agents_lookup, *state };

        for (int levels = FLOW_DEPTH_MAX; levels <= FLOW_DEPTH_MAX + 1; levels++) {
                _cleanup_(faults_done) struct faults faults = { 0 };
                _cleanup_(flow_freep) struct flow *f = NULL;
                char name[32], text[200];
                struct err err = { 0 };

                for (int i = 2; i <= levels; i++) {
                        (void) snprintf(name, sizeof(name), "level%d.flow", i);
                        (void) snprintf(text, sizeof(text),
                                        i < levels ? "steps = ( { id = \"a\"; workflow = "
                                                     "\"level%d\"; } );"
                                                   : "steps = ( { id = \"a\"; agent = \"lint\"; "
                                                     "action = \"run\"; } );",
                                        i + 1);
                        (void) put(name, text);
                }
                assert_int_equal(
                        flow_check_file(&f,
                                        put("level1.flow",
                                            "steps = ( { id = \"a\"; workflow = \"level2\"; } );"),
                                        &catalog, &faults, &err),
                        levels > FLOW_DEPTH_MAX ? -EBADMSG : 0);
                if (levels > FLOW_DEPTH_MAX)
                        assert_non_null(strstr(err.text, "more than 8 levels"));
        }
}

/* Each file calls four others: what would be thousands of readings ends soon. */
static void workflows_do_not_explode(void **state)
{
        _cleanup_(faults_done) struct faults faults = { 0 };
        _cleanup_(flow_freep) struct flow *f = NULL;
        struct err err = { 0 };
        char name[32];

        (void) state;
        for (int level = 1; level < FLOW_DEPTH_MAX; level++)
                for (int which = 0; which < 4; which++) {
                        _cleanup_(buf_done) struct buf text = { 0 };

                        assert_int_equal(buf_puts(&text, "{\"steps\": ["), 0);
                        for (int k = 0; k < 4; k++)
                                assert_int_equal(buf_printf(&text,
                                                            level < FLOW_DEPTH_MAX - 1
                                                                    ? "%s{\"id\": \"s%d\", "
                                                                      "\"workflow\": \"w%d-%d\"}"
                                                                    : "%s{\"id\": \"s%d\", "
                                                                      "\"agent\": \"lint\", "
                                                                      "\"action\": \"run\"}",
                                                            k ? ", " : "", k, level + 1, k),
                                                 0);
                        assert_int_equal(buf_puts(&text, "]}"), 0);
                        (void) snprintf(name, sizeof(name), "w%d-%d.flow", level, which);
                        (void) put(name, text.data);
                }
        assert_int_equal(flow_check_file(&f,
                                         put("w.flow", "steps = ( { id = \"a\"; workflow = "
                                                       "\"w1-0\"; } );"),
                                         NULL, &faults, &err),
                         -EBADMSG);
        assert_non_null(strstr(err.text, "more than 256 files"));
}

static void keys_are_made_of_inputs(void **state)
{
        static const struct {
                const char *why, *key, *inputs, *want;
                int result;
        } rows[] = {
                { "text", "deploy-${inputs.env}", "{\"env\": \"live\"}", "deploy-live", 0 },
                { "a number", "${inputs.env}", "{\"env\": 7}", "7", 0 },
                { "more than a scalar", "${inputs.env}", "{\"env\": [1, {\"b\": 2}]}",
                  "[1,{\"b\":2}]", 0 },
                { "what looks like a reference stays text", "k-${inputs.env}",
                  "{\"env\": \"${inputs.env}\"}", "k-${inputs.env}", 0 },
                { "nothing", "${inputs.env}", "{\"env\": \"\"}", NULL, -EBADMSG },
                { "a NUL", "${inputs.env}", "{\"env\": \"a\\u0000b\"}", NULL, -EBADMSG },
                { "missing", "${inputs.env}", "{}", NULL, -EBADMSG },
                { "a default", "${default(inputs.env, 'none')}", "{}", "none", 0 },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(json_decrefp) json_t *inputs =
                        json_loads(rows[i].inputs, JSON_ALLOW_NUL, NULL);
                _cleanup_(json_decrefp) json_t *json = json_pack(
                        "{s:{s:s}, s:[{s:s, s:s, s:s}]}", "concurrency", "key", rows[i].key,
                        "steps", "id", "a", "agent", "lint", "action", "run");
                _cleanup_(flow_freep) struct flow *f = NULL;
                _cleanup_(freep) char *key = NULL;
                struct err err = { 0 };

                print_message("# %s\n", rows[i].why);
                assert_int_equal(flow_from_json(&f, json, &err), 0);
                assert_int_equal(f->per_key, 1);
                assert_int_equal(flow_key(&key, f, inputs, &err), rows[i].result);
                if (rows[i].want)
                        assert_string_equal(key, rows[i].want);
                else
                        assert_null(key);
        }
}

static void keys_have_a_limit(void **state)
{
        _cleanup_(flow_freep) struct flow *f = NULL;

        (void) state;
        assert_int_equal(
                flow_load(&f,
                          put("x.flow",
                              "concurrency = { key = \"${inputs.x}\"; }; "
                              "steps = ( { id = \"a\"; agent = \"lint\"; action = \"run\"; } );"),
                          NULL, NULL),
                0);
        for (size_t n = FLOW_KEY_MAX; n <= FLOW_KEY_MAX + 1; n++) {
                _cleanup_(json_decrefp) json_t *inputs = NULL;
                _cleanup_(freep) char *key = NULL;
                char text[FLOW_KEY_MAX + 2] = "";

                memset(text, 'x', n);
                text[n] = '\0';
                inputs = json_pack("{s:s}", "x", text);
                assert_int_equal(flow_key(&key, f, inputs, NULL), n > FLOW_KEY_MAX ? -EBADMSG : 0);
        }
}

static void the_name_comes_from_the_file(void **state)
{
        static const char text[] =
                "steps = ( { id = \"a\"; agent = \"lint\"; action = \"run\"; } );";
        static const struct {
                const char *file, *want;
        } rows[] = {
                { "review.flow", "review" },
                { "My Review 2.json", "my-review-2" },
                { "1-a.flow", "a" },
                { "123", "flow" },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(flow_freep) struct flow *f = NULL;
                struct err err = { 0 };

                assert_int_equal(flow_load(&f, put(rows[i].file, text), NULL, &err), 0);
                assert_string_equal(f->name, rows[i].want);
                assert_int_equal(f->fail_on, SEVERITY_HIGH);
        }
}

#define STEP(id, rest) "{ id = \"" id "\"; agent = \"lint\"; action = \"run\"; " rest " }"
#define ASK(id)        "{ id = \"" id "\"; agent = \"lint\"; action = \"ask\"; }"
#define FIX(id, rest)  "{ id = \"" id "\"; agent = \"fix\"; action = \"run\"; " rest " }"

/* One row for each kind of fault: the text and what `flow check` prints, without the folder. */
static const struct {
        const char *why, *text, *want;
} fault_rows[] = {
        { "no steps", "name = \"a\";", "x.flow:1: error: steps is missing\n" },
        { "steps that are none", "\nsteps = 3;",
          "x.flow:2: error: steps must be a list of groups: ( { id = \"a\"; ... } )\n" },
        { "an unknown key of the workflow", "\nstep = ();\nsteps = (" STEP("a", "") ");",
          "x.flow:2: error: unknown key \"step\" (did you mean \"steps\"?)\n" },
        { "an unknown key of a step", "steps = (\n" STEP("a", "\nagnet = \"b\";") ");",
          "x.flow:3: error: step \"a\": unknown key \"agnet\" (did you mean \"agent\"?)\n" },
        { "a step without an agent", "steps = ({ id = \"a\"; action = \"run\"; });",
          "x.flow:1: error: step \"a\": agent is missing\n" },
        { "a bad id", "steps = (" STEP("Check It", "") ");",
          "x.flow:1: error: step 1: id must begin with a small letter and have only small letters, "
          "digits, _ and -, 63 at most\n" },
        { "an id twice", "steps = (\n" STEP("a", "") ",\n" STEP("a", "") ");",
          "x.flow:3: error: step \"a\": the id is already used in line 2\n" },
        { "a type", "steps = (" STEP("a", "\nalways = 1;") ");",
          "x.flow:2: error: step \"a\": always must be true or false\n" },
        { "a duration", "steps = (" STEP("a", "\ntimeout = 90;") ");",
          "x.flow:2: error: step \"a\": timeout must be a duration in quotes: \"90s\"\n" },
        { "a choice", "steps = (" STEP("a", "on_crash = \"holt\";") ");",
          "x.flow:1: error: step \"a\": on_crash must be retry or hold (did you mean "
          "\"hold\"?)\n" },
        { "a threshold", "fail_on = \"hihg\"; steps = (" STEP("a", "") ");",
          "x.flow:1: error: fail_on must be info, low, medium, high, critical or never (did you "
          "mean "
          "\"high\"?)\n" },
        { "too many attempts", "steps = (" STEP("a", "retry = { attempts = 101; };") ");",
          "x.flow:1: error: step \"a\": retry: at most 100 attempts\n" },
        { "a retry without attempts", "steps = (" STEP("a", "retry = { backoff = \"1s\"; };") ");",
          "x.flow:1: error: step \"a\": attempts is missing\n" },
        { "a verdict that no retry mends",
          "steps = (" STEP("a", "retry = { attempts = 2; on = ( \"schema\" ); };") ");",
          "x.flow:1: error: step \"a\": on: only failed, timeout, cpu, memory, files, disk, "
          "output, "
          "processes, protocol or signal can be tried again\n" },
        { "a need that is no step",
          "steps = (" STEP("check", "") ",\n" STEP("b", "needs = ( \"chekc\" );") ");",
          "x.flow:2: error: step \"b\": needs \"chekc\", which is no step (did you mean "
          "\"check\"?)\n" },
        { "a need twice", "steps = (" STEP("a", "") "," STEP("b", "needs = ( \"a\", \"a\" );") ");",
          "x.flow:1: error: step \"b\": needs \"a\" twice\n" },
        { "a circle",
          "steps = (" STEP("a", "needs = ( \"c\" );") "," STEP("b", "needs = ( \"a\" );") "," STEP(
                  "c", "needs = ( \"b\" );") ");",
          "x.flow:1: error: the steps need each other in a circle: a -> c -> b -> a\n" },
        { "a circle behind other steps, told where it begins",
          "steps = (" STEP("z", "needs = ( \"c\" );") ",\n" STEP(
                  "b", "needs = ( \"c\" );") ",\n" STEP("c", "needs = ( \"b\" );") ");",
          "x.flow:2: error: the steps need each other in a circle: b -> c -> b\n" },
        { "a circle beside every other fault",
          "steps = (" STEP("a", "needs = ( \"b\" );") ",\n" STEP(
                  "b",
                  "needs = ( \"a\", \"nobody\" ); always = 1;") ",\n"
                                                                "{ id = \"c\"; agent = \"lnt\"; "
                                                                "action = \"run\"; when = "
                                                                "\"steps.x.changed\"; });",
          "x.flow:1: error: the steps need each other in a circle: a -> b -> a\n"
          "x.flow:2: error: step \"b\": always must be true or false\n"
          "x.flow:2: error: step \"b\": needs \"nobody\", which is no step\n"
          "x.flow:3: error: step \"c\": no agent is called \"lnt\"\n"
          "x.flow:3: error: step \"c\": steps.x.changed: there is no step \"x\"\n" },
        { "a circle of steps of which others have no name",
          "steps = ({ agent = \"lint\"; action = \"run\"; needs = ( \"b\" ); },\n" STEP(
                  "b", "needs = ( \"b\" );") ");",
          "x.flow:1: error: step 1: id is missing\n"
          "x.flow:2: error: the steps need each other in a circle: b -> b\n" },
        { "numbers that do not fit, beside a circle and an unknown agent",
          "timeout = 1e999;\nsteps = (" STEP("a", "needs = ( \"a\" );\ninputs = { x = 3000000000; "
                                                  "};") ",\n"
                                                        "{ id = \"c\"; agent = \"lnt\"; action = "
                                                        "\"run\"; inputs = { x = "
                                                        "99999999999999999999L; }; });",
          "x.flow:1: error: this number is out of range\n"
          "x.flow:1: error: timeout must be a duration in quotes: \"90s\"\n"
          "x.flow:2: error: the steps need each other in a circle: a -> a\n"
          "x.flow:3: error: 3000000000 does not fit into 32 bits: write it as 3000000000L\n"
          "x.flow:4: error: 99999999999999999999 does not fit into 64 bits\n"
          "x.flow:4: error: step \"c\": no agent is called \"lnt\"\n" },
        { "a number that does not fit, and a text that ends too early",
          "x = 3000000000;\nsteps = (",
          "x.flow:1: error: 3000000000 does not fit into 32 bits: write it as 3000000000L\n"
          "x.flow:2: error: syntax error at \"steps = (\": expected NAME = VALUE; with every "
          "quote, comma and bracket, here and in the line before\n" },
        { "a step that needs itself", "steps = (" STEP("a", "needs = ( \"a\" );") ");",
          "x.flow:1: error: the steps need each other in a circle: a -> a\n" },
        { "an unknown agent", "steps = ({ id = \"a\";\nagent = \"lnt\"; action = \"run\"; });",
          "x.flow:2: error: step \"a\": no agent is called \"lnt\"\n" },
        { "an unknown action", "steps = ({ id = \"a\"; agent = \"lint\"; action = \"walk\"; });",
          "x.flow:1: error: step \"a\": the agent \"lint\" has no action \"walk\"\n" },
        { "an expression", "steps = (" STEP("a", "\nwhen = \"1 = 1\";") ");",
          "x.flow:2: error: step \"a\": when: column 3: the expression should end here, or an "
          "operator "
          "follow\n" },
        { "a template", "steps = (" STEP("a", "inputs = {\nx = ( \"${\" ); };") ");",
          "x.flow:2: error: step \"a\": inputs/x/0: column 1: the expression ends where a value "
          "should "
          "stand\n" },
        { "a reference to no step",
          "steps = (" STEP("look", "") "," STEP(
                  "b", "needs = ( \"look\" ); when = \"steps.loo.changed\";") ");",
          "x.flow:1: error: step \"b\": steps.loo.changed: there is no step \"loo\" (did you mean "
          "\"look\"?)\n" },
        { "a reference to a step that does not come before",
          "steps = (" STEP("a", "") ",\n" STEP("b", "when = \"steps.a.changed\";") ");",
          "x.flow:2: error: step \"b\": steps.a.changed: \"a\" does not come before; add it to "
          "needs, "
          "or to the needs of a step that does\n" },
        { "a reference to itself", "steps = (" STEP("a", "when = \"steps.a.changed\";") ");",
          "x.flow:1: error: step \"a\": steps.a.changed: a step cannot refer to itself\n" },
        { "an input of a workflow without", "steps = (" STEP("a", "when = \"inputs.x\";") ");",
          "x.flow:1: error: step \"a\": inputs.x: the workflow declares no inputs\n" },
        { "an unknown input",
          "inputs = { properties = { files = { }; }; };\nsteps = (" STEP(
                  "a", "when = \"inputs.file\";") ");",
          "x.flow:2: error: step \"a\": inputs.file: the workflow has no input \"file\" (did you "
          "mean "
          "\"files\"?)\n" },
        { "an input that may be missing",
          "inputs = { properties = { x = { }; }; };\nsteps = (" STEP("a",
                                                                     "when = \"inputs.x\";") ");",
          "x.flow:2: warning: step \"a\": inputs.x may be missing: write default(inputs.x, ...), "
          "or make "
          "the input required\n" },
        { "one that `when` asks for",
          "inputs = { properties = { x = { }; }; };\nsteps = (" STEP(
                  "a",
                  "when = \"default(inputs.x, 0) != 0\"; inputs = { y = \"${inputs.x}\"; };") ");",
          "" },
        { "an output that may be missing",
          "steps = (" STEP("a", "when = \"run.id != ''\";") ",\n" STEP(
                  "b", "needs = ( \"a\" ); inputs = { x = \"${steps.a.output}\"; };") ");",
          "x.flow:2: warning: step \"b\": steps.a.output may be missing, because \"a\" may be "
          "skipped "
          "or fail: write default(steps.a.output, ...), or ask for its state in when\n" },
        { "not when its state is asked for",
          "steps = (" STEP("a", "on_failure = \"continue\";") ",\n" STEP(
                  "b", "needs = ( \"a\" ); when = \"steps.a.state == 'done'\"; inputs = { x = "
                       "\"${steps.a.output}\"; };") ");",
          "" },
        { "something else of a run", "steps = (" STEP("a", "when = \"run.name == 'x'\";") ");",
          "x.flow:1: error: step \"a\": run.name: of a run there is only run.id\n" },
        { "an item without a for_each",
          "steps = (" STEP("a", "inputs = { x = \"${item}\"; };") ");",
          "x.flow:1: error: step \"a\": item: only the inputs of a step with for_each can refer to "
          "its "
          "item\n" },
        { "a for_each that is text", "steps = (" STEP("a", "for_each = \"files\";") ");",
          "x.flow:1: error: step \"a\": for_each must be a list, or a reference to one: "
          "\"${inputs.files}\"\n" },
        { "max_parallel alone", "steps = (" STEP("a", "max_parallel = 2;") ");",
          "x.flow:1: warning: step \"a\": max_parallel does nothing without for_each\n" },
        { "an input that does not fit",
          "steps = (" FIX("a", "inputs = { n = 1;\nm = \"x\"; };") ");",
          "x.flow:2: error: step \"a\": inputs/m must be of type integer, but is a string\n" },
        { "an input that is missing", "steps = (" FIX("a", "") ");",
          "x.flow:1: error: step \"a\": inputs lacks the property \"n\"\n" },
        { "an input that is not known",
          "steps = (" FIX("a", "inputs = { n = 1;\n k = \"${run.id}\"; };") ");",
          "x.flow:2: error: step \"a\": inputs/k is not a property that is known here\n" },
        { "a reference fits any type",
          "steps = (" FIX("a", "inputs = { n = \"${run.id}\"; };") ");", "" },
        { "two that change the tree at once",
          "steps = (" FIX("a", "inputs = { n = 1; };") ",\n" FIX("b", "inputs = { n = 1; };") ");",
          "x.flow:1: warning: step \"a\": may run at the same time as \"b\", and both change the "
          "workspace: the later one may be stale; order them by needs\n" },
        { "one that changes the tree many times at once",
          "steps = (" FIX("a", "inputs = { n = 1; }; for_each = ( 1, 2 );") ");",
          "x.flow:1: warning: step \"a\": its items change the workspace at the same time: set "
          "max_parallel = 1\n" },
        { "in order they may",
          "steps = (" FIX("a", "inputs = { n = 1; };") ",\n" FIX(
                  "b", "needs = ( \"a\" ); inputs = { n = 1; };") ");",
          "" },
        { "inputs that are no schema",
          "\ninputs = { type = \"objekt\"; }; steps = (" STEP("a", "") ");",
          "x.flow:2: error: inputs is not a JSON Schema: /type: must be one or more of array, "
          "boolean, "
          "integer, null, number, object, string\n" },
        { "a priority", "priority = 101;\nsteps = (" STEP("a", "") ");",
          "x.flow:1: error: priority must be a number from -100 to 100\n" },
        { "a key of concurrency", "concurrency = {\nrnus = 2; };\nsteps = (" STEP("a", "") ");",
          "x.flow:2: error: unknown key \"rnus\" (did you mean \"runs\"?)\n" },
        { "concurrency that counts nothing",
          "concurrency = { per_key = 2;\non_busy = \"wait\"; };\nsteps = (" STEP("a", "") ");",
          "x.flow:1: error: per_key needs a key: key = \"${inputs.branch}\"\n"
          "x.flow:2: error: on_busy does nothing without runs or key\n"
          "x.flow:2: error: on_busy must be queue, refuse or cancel-running\n" },
        { "a key of more than inputs",
          "inputs = { properties = { env = { default = 1; }; }; };\n"
          "concurrency = { runs = 1;\nkey = \"${inputs.evn}-${run.id}\"; };\n"
          "steps = (" STEP("a", "") ");",
          "x.flow:3: error: inputs.evn: the workflow has no input \"evn\" (did you mean "
          "\"env\"?)\n"
          "x.flow:3: error: run.id: a key is made before the run begins, of its inputs alone\n" },
        { "a key that is no template",
          "concurrency = { key = \"${\"; };\nsteps = (" STEP("a", "") ");",
          "x.flow:1: error: key: column 1: the expression ends where a value should stand\n" },
        { "a key that is the same for all",
          "concurrency = { key = \"one\"; };\nsteps = (" STEP("a", "") ");",
          "x.flow:1: warning: key has no reference, so all runs have one key: write key = "
          "\"${inputs.NAME}\", or say runs instead\n" },
        { "a trigger of no kind, one of both, and keys of the other kind",
          "triggers = ( { },\n{ cron = \"* * * * *\"; watch = ( \"a\" ); },\n"
          "{ cron = \"* * * * *\"; debounce = \"1s\"; },\n{ watch = ( \"a\" ); missed = \"all\"; "
          "workspace = \"/a\"; },\n{ manual = false; },\n{ manual = true; cron = \"* * * * *\"; "
          "},\n"
          "{ manual = true; missed = \"all\"; } );\n"
          "steps = (" ASK("a") ");",
          "x.flow:1: error: trigger 1: a trigger has either cron = \"30 4 * * 1-5\", watch = ( "
          "\"src/**\" ) or manual = true\n"
          "x.flow:2: error: trigger 2: a trigger has either cron = \"30 4 * * 1-5\", watch = ( "
          "\"src/**\" ) or manual = true\n"
          "x.flow:3: error: trigger 3: debounce is only for watch\n"
          "x.flow:4: error: trigger 4: missed is only for cron\n"
          "x.flow:5: error: trigger 5: manual is true, or left out\n"
          "x.flow:6: error: trigger 6: a trigger has either cron = \"30 4 * * 1-5\", watch = ( "
          "\"src/**\" ) or manual = true\n"
          "x.flow:7: error: trigger 7: missed is only for cron\n" },
        { "what a trigger cannot be",
          "triggers = ( { cron = \"* * * * *\"; name = \"x\"; },\n"
          "{ corn = 1; cron = \"\"; name = \"x\";\ntime_zone = \"../etc/x y\"; },\n"
          "{ watch = ( \"../a\" ); workspace = \"a\"; debounce = \"2h\"; name = \"X\"; } );\n"
          "steps = (" ASK("a") ");",
          "x.flow:2: error: trigger 2: another trigger has the name \"x\" too\n"
          "x.flow:2: error: trigger 2: cron must be a string, not empty\n"
          "x.flow:2: error: trigger 2: unknown key \"corn\" (did you mean \"cron\"?)\n"
          "x.flow:3: error: trigger 2: time_zone must be a zone's name: \"Europe/Berlin\"\n"
          "x.flow:4: error: trigger 3: debounce is at most 1 h\n"
          "x.flow:4: error: trigger 3: name must begin with a small letter and have only small "
          "letters, digits, _ and -, 63 at most\n"
          "x.flow:4: error: trigger 3: watch: each pattern is a path below the workspace, without "
          ".. and no / in front\n"
          "x.flow:4: error: trigger 3: workspace must be an absolute path\n" },
        { "a watch without a tree",
          "triggers = ( { watch = ( \"a\" ); } );\nsteps = (" STEP("a", "") ");",
          "x.flow:1: error: trigger 1: watch needs a workspace: the tree that it looks at\n" },
        { "a trigger whose inputs do not fit",
          "inputs = { properties = { n = { type = \"integer\"; }; }; required = ( \"n\" ); };\n"
          "triggers = ( { cron = \"* * * * *\"; workspace = \"/a\"; },\n{ cron = \"* * * * *\";\n"
          "inputs = {\nn = \"${inputs.n}\"; }; workspace = \"/a\"; } );\n"
          "steps = (" STEP("a", "") ");",
          "x.flow:2: error: trigger \"cron-1\": inputs lacks the property \"n\"\n"
          "x.flow:5: error: trigger \"cron-2\": inputs/n must be of type integer, but is a "
          "string\n" },
        { "a trigger with inputs of which there are none",
          "triggers = ( { cron = \"* * * * *\"; inputs = { a = 1; }; workspace = \"/a\"; } );\n"
          "steps = (" STEP("a", "") ");",
          "x.flow:1: error: trigger \"cron-1\": the workflow declares no inputs\n" },
        { "a trigger without the tree that a step works on, here or further in",
          "triggers = ( { cron = \"* * * * *\"; },\n{ manual = true; workspace = \"/a\"; } );\n"
          "steps = ({ id = \"a\"; agent = \"lint\"; action = \"ask\"; }, { id = \"b\"; workflow = "
          "\"in\"; });\nworkflows = { in = { steps = (" STEP("deep", "") "); }; };",
          "x.flow:1: error: trigger \"cron-1\": step deep works on a tree, so it needs a "
          "workspace: the tree's absolute path\n" },
        { "times that would be no limit",
          "timeout = \"0s\";\nsteps = (" STEP("a", "timeout = \"0ms\";") ");",
          "x.flow:1: error: timeout must be more than 0; without it there is no limit\n"
          "x.flow:2: error: step \"a\": timeout must be more than 0; without it there is no "
          "limit\n" },
        { "names with a NUL, which would be cut",
          "{\"steps\": [{\"id\": \"a\\u0000b\", \"agent\": \"lint\", \"action\": \"run\"},\n"
          "{\"id\": \"b\", \"agent\": \"lint\\u0000\", \"action\": \"run\", \"needs\": "
          "[\"b\\u0000\"], \"on_stale\": \"fail\\u0000\"}]}",
          "x.flow:1: error: step 1: id must begin with a small letter and have only small letters, "
          "digits, _ and -, 63 at most\n"
          "x.flow:2: error: step \"b\": agent must be a string, not empty\n"
          "x.flow:2: error: step \"b\": needs must be a list of ids: ( \"check\" )\n"
          "x.flow:2: error: step \"b\": on_stale must be fail or rerun\n" },
        { "a workflow with what belongs to a cell",
          "steps = ({ id = \"a\"; workflow = \"b\";\nagent = \"lint\"; cache = true; approval = "
          "true;\non_crash = \"hold\"; });",
          "x.flow:1: error: step \"a\": there is no workflow \"b\": no file b.flow beside this "
          "one, and none of that name in workflows\n"
          "x.flow:2: error: step \"a\": agent does not go together with workflow\n"
          "x.flow:2: error: step \"a\": approval does not go together with workflow\n"
          "x.flow:2: error: step \"a\": cache does not go together with workflow\n"
          "x.flow:3: error: step \"a\": on_crash does not go together with workflow\n" },
        { "a workflow that is not there", "steps = ({ id = \"a\";\nworkflow = \"nobody\"; });",
          "x.flow:2: error: step \"a\": there is no workflow \"nobody\": no file nobody.flow "
          "beside "
          "this one, and none of that name in workflows\n" },
        { "a workflow that runs itself", "steps = ({ id = \"a\";\nworkflow = \"x\"; });",
          "x.flow:2: error: the workflows run each other in a circle: x -> x\n" },
        { "inputs that the other does not take",
          "workflows = { b = { steps = (" STEP(
                  "x",
                  "") "); };\nc = { inputs = { properties = { n = { "
                      "type = \"integer\"; }; }; }; steps = (" STEP(
                              "x",
                              "") "); }; };\n"
                                  "steps = ({ id = \"a\"; workflow = \"b\"; inputs = { n = 1; }; "
                                  "},\n"
                                  "{ id = \"d\"; workflow = \"c\"; inputs = { n = \"x\"; }; });",
          "x.flow:3: error: step \"a\": the workflow \"b\" takes no inputs\n"
          "x.flow:4: error: step \"d\": inputs/n must be of type integer, but is a string\n" },
        { "a fault in a workflow inside",
          "workflows = {\nb = { steps = ( ); }; };\nsteps = ({ id = \"a\"; workflow = \"b\"; });",
          "x.flow:2: error: workflow \"b\": steps must be a list of groups: ( { id = \"a\"; ... } "
          ")\n" },
        { "outputs of what is not there",
          "outputs = { a = \"${steps.b.output}\";\nb = \"${item}\"; };\nsteps = (" STEP("a",
                                                                                        "") ");",
          "x.flow:1: error: steps.b.output: there is no step \"b\"\n"
          "x.flow:2: error: item: outputs are made of inputs, steps and run.id\n" },
        { "a cache of what changes the tree",
          "steps = (" FIX("a", "inputs = { n = 1; };\ncache = true;") ");",
          "x.flow:2: error: step \"a\": cache is for actions that change nothing, and fix run has "
          "the workspace \"overlay\"\n" },
        { "a cache of what is not idempotent",
          "steps = ({ id = \"a\"; agent = \"lint\"; action = \"ask\";\ncache = true; });",
          "x.flow:2: error: step \"a\": cache is for actions that their agent calls idempotent, "
          "and "
          "lint ask is not\n" },
        { "a cache of what may be kept", "steps = (" STEP("a", "cache = true;") ");", "" },
        { "all at once, in the order of the file",
          "fail_no = 1;\nsteps = (\n" STEP("a", "when = \"!\";") ",\n" STEP(
                  "b", "needs = ( \"x\" );") ");",
          "x.flow:1: error: unknown key \"fail_no\" (did you mean \"fail_on\"?)\n"
          "x.flow:3: error: step \"a\": when: column 2: the expression ends where a value should "
          "stand\n"
          "x.flow:4: error: step \"b\": needs \"x\", which is no step\n" },
        { "JSON has lines as well",
          "{\"steps\": [\n{\"id\": \"a\",\n\"agent\": \"lint\",\n\"action\": 3}]}",
          "x.flow:4: error: step \"a\": action must be a string, not empty\n" },
};

static void faults_have_places(void **state)
{
        struct flow_catalog catalog = { agents_lookup, *state };

        for (size_t i = 0; i < TEST_ROWS(fault_rows); i++) {
                _cleanup_(faults_done) struct faults faults = { 0 };
                _cleanup_(buf_done) struct buf text = { 0 };
                _cleanup_(buf_done) struct buf want = { 0 };
                _cleanup_(flow_freep) struct flow *f = NULL;
                struct err err = { 0 };
                int r;

                print_message("# %s\n", fault_rows[i].why);
                r = flow_check_file(&f, put("x.flow", fault_rows[i].text), &catalog, &faults, &err);
                assert_int_equal(r, faults.errors ? -EBADMSG : 0);
                assert_int_equal(faults_text(&faults, &text), 0);
                for (const char *p = fault_rows[i].want; *p; p += strcspn(p, "\n") + 1)
                        assert_int_equal(
                                buf_printf(&want, "%s/%.*s\n", folder, (int) strcspn(p, "\n"), p),
                                0);
                assert_string_equal(buf_text(&text), buf_text(&want));
        }
}

static void too_many_steps_are_refused(void **state)
{
        struct flow_catalog catalog = { agents_lookup, *state };
        static const size_t counts[] = { FLOW_STEPS_MAX, FLOW_STEPS_MAX + 1 };

        for (size_t i = 0; i < TEST_ROWS(counts); i++) {
                _cleanup_(buf_done) struct buf text = { 0 };
                _cleanup_(faults_done) struct faults faults = { 0 };
                _cleanup_(flow_freep) struct flow *f = NULL;
                struct err err = { 0 };

                assert_int_equal(buf_puts(&text, "{\"steps\": ["), 0);
                for (size_t k = 0; k < counts[i]; k++) {
                        assert_int_equal(buf_printf(&text,
                                                    "%s{\"id\": \"s%zu\", \"agent\": \"lint\", "
                                                    "\"action\": \"run\"",
                                                    k ? "," : "", k),
                                         0);
                        if (k)
                                assert_int_equal(
                                        buf_printf(&text, ", \"needs\": [\"s%zu\"]", k - 1), 0);
                        assert_int_equal(buf_putc(&text, '}'), 0);
                }
                assert_int_equal(buf_puts(&text, "]}"), 0);
                assert_int_equal(
                        flow_check_file(&f, put("x.flow", text.data), &catalog, &faults, &err),
                        i ? -EBADMSG : 0);
        }
}

static void order_follows_needs(void **state)
{
        static const char text[] = "steps = (" STEP("d", "needs = ( \"b\", \"c\" );") "," STEP(
                "a", "") "," STEP("b", "needs = ( \"a\" );") "," STEP("c", "") ");";
        _cleanup_(flow_freep) struct flow *f = NULL;
        _cleanup_(order_freep) struct order *o = NULL;
        struct err err = { 0 };

        (void) state;
        assert_int_equal(flow_load(&f, put("x.flow", text), NULL, &err), 0);
        assert_int_equal(order_new(&o, f, NULL, &err), 0);
        assert_int_equal(o->rank_count, 3);
        assert_int_equal(o->rank[0], 2);
        assert_int_equal(o->rank[1], 0);
        assert_int_equal(o->rank[2], 1);
        assert_int_equal(o->rank[3], 0);
        assert_int_equal(o->sorted[0], 1);
        assert_int_equal(o->sorted[3], 0);
        assert_true(order_is_before(o, 1, 0));
        assert_true(order_is_before(o, 1, 2));
        assert_false(order_is_before(o, 3, 2));
        assert_false(order_is_before(o, 0, 1));
        assert_int_equal(flow_find(f, "b"), 2);
        assert_int_equal(flow_find(f, "x"), -ENOENT);
}

/* A workflow with random values wherever any may stand. */
static json_t *random_concurrency(struct json_random *r)
{
        if (json_random_below(r, 2))
                return json_integer((json_int_t) json_random_below(r, 9) + 1);
        return json_pack("{s:i, s:s, s:s}", "runs", (int) json_random_below(r, 9) + 1, "key",
                         "k-${inputs.x}", "on_busy",
                         json_random_below(r, 2) ? "refuse" : "cancel-running");
}

static json_t *random_triggers(struct json_random *r)
{
        return json_pack("[{s:s, s:s, s:{s:o}}, {s:[s], s:s, s:s}]", "cron", "0 4 * * *", "missed",
                         json_random_below(r, 2) ? "once" : "all", "inputs", "any",
                         json_random_value(r, 4), "watch", "src/**", "workspace", "/srv", "overlap",
                         json_random_below(r, 2) ? "queue" : "cancel");
}

static json_t *random_flow(struct json_random *r)
{
        static const char *const durations[] = { "1s", "250ms", "1h30m" };
        json_t *steps = json_array();
        size_t n = 1 + json_random_below(r, 6);

        for (size_t i = 0; i < n; i++) {
                json_t *step = json_pack("{s:o, s:s, s:s, s:{s:o}}", "id",
                                         json_sprintf("step-%zu", i), "agent", "lint", "action",
                                         "run", "inputs", "any", json_random_value(r, 5));

                if (i && json_random_below(r, 2))
                        (void) json_object_set_new(
                                step, "needs",
                                json_pack("[o]", json_sprintf("step-%zu",
                                                              (size_t) json_random_below(r, i))));
                if (json_random_below(r, 2))
                        (void) json_object_set_new(step, "timeout",
                                                   json_string(durations[json_random_below(r, 3)]));
                if (json_random_below(r, 2))
                        (void) json_object_set_new(step, "when",
                                                   json_string("run.id != \"\\\"x\\\"\""));
                if (json_random_below(r, 3) == 0)
                        (void) json_object_set_new(step, "for_each",
                                                   json_pack("[o, o]", json_random_value(r, 3),
                                                             json_random_value(r, 3)));
                (void) json_array_append_new(steps, step);
        }
        return json_pack(
                "{s:s, s:o*, s:{s:s}, s:i, s:o*, s:o*, s:{s:{s:o}}, s:o}", "name", "random",
                "workflows",
                json_random_below(r, 2)
                        ? json_pack("{s:{s:[{s:s, s:s, s:s}], s:o}}", "in", "steps", "id", "a",
                                    "agent", "lint", "action", "run", "outputs",
                                    json_pack("{s:o}", "x", json_random_value(r, 3)))
                        : NULL,
                "outputs", "y", "${run.id}", "priority", (int) json_random_below(r, 201) - 100,
                "concurrency", json_random_below(r, 2) ? random_concurrency(r) : NULL, "triggers",
                json_random_below(r, 2) ? random_triggers(r) : NULL, "inputs", "properties", "x",
                json_pack("{s:o}", "const", json_random_value(r, 4)), "steps", steps);
}

static void both_forms_have_one_hash(void **state)
{
        uint64_t seed = json_random_seed();
        struct json_random random = { seed | 1 };

        (void) state;
        print_message("# seed %llu\n", (unsigned long long) seed);
        for (int i = 0; i < 300; i++) {
                _cleanup_(json_decrefp) json_t *json = random_flow(&random);
                _cleanup_(flow_freep) struct flow *a = NULL, *b = NULL, *c = NULL;
                _cleanup_(buf_done) struct buf conf = { 0 };
                _cleanup_(freep) char *text = NULL;
                struct err err = { 0 };

                if (flow_from_json(&a, json, &err) < 0)
                        fail_msg("%s", err.text);
                assert_int_equal(flow_to_conf(a, &conf), 0);
                if (flow_load(&b, put("b.flow", conf.data), NULL, &err) < 0)
                        fail_msg("%s in\n%s", err.text, conf.data);
                text = flow_to_json(b);
                assert_non_null(text);
                assert_int_equal(flow_load(&c, put("c.json", text), NULL, &err), 0);
                assert_string_equal(b->hash, a->hash);
                assert_string_equal(c->hash, a->hash);
        }
}

static void the_hash_knows_every_change(void **state)
{
        static const char *const texts[] = {
                "name = \"a\"; steps = (" STEP("a", "") ");",
                "name = \"b\"; steps = (" STEP("a", "") ");",
                "name = \"a\"; steps = (" STEP("a", "approval = true;") ");",
        };
        char hashes[TEST_ROWS(texts)][SHA256_HEX];

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(texts); i++) {
                _cleanup_(flow_freep) struct flow *f = NULL;
                struct err err = { 0 };

                assert_int_equal(flow_load(&f, put("x.flow", texts[i]), NULL, &err), 0);
                assert_true(sha256_is_hex(f->hash));
                memcpy(hashes[i], f->hash, SHA256_HEX);
                for (size_t k = 0; k < i; k++)
                        assert_string_not_equal(hashes[i], hashes[k]);
        }
}

static void inputs_of_a_run_are_checked(void **state)
{
        static const struct {
                const char *why, *inputs;
                int want;
                const char *text;
        } rows[] = {
                { "they fit", "{\"files\": [1]}", 0, "" },
                { "one is missing", "{}", -EBADMSG,
                  "the input of the workflow does not fit its schema: lacks the property "
                  "\"files\"" },
                { "one has the wrong type", "{\"files\": [], \"n\": \"x\"}", -EBADMSG,
                  "the input of the workflow does not fit its schema: /n: must be of type integer, "
                  "but "
                  "is a string" },
        };
        _cleanup_(flow_freep) struct flow *f = NULL;
        struct err err = { 0 };

        (void) state;
        assert_int_equal(flow_load(&f, put("x.flow", whole), NULL, &err), 0);
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(json_decrefp) json_t *inputs = json_loads(rows[i].inputs, 0, NULL);

                print_message("# %s\n", rows[i].why);
                err = (struct err){ 0 };
                assert_int_equal(flow_check_inputs(f, inputs, &err), rows[i].want);
                assert_string_equal(err.text, rows[i].text);
                if (rows[i].want == 0)
                        assert_int_equal(json_integer_value(json_object_get(inputs, "n")), 2);
        }
}

static const char *state_of(void *user, size_t step)
{
        static const char *const states[] = { "done", "failed", "held" };

        (void) user;
        return states[step % 3];
}

static const char *note_of(void *user, size_t step)
{
        (void) user;
        return step == 1 ? "<3 findings & more>" : NULL;
}

static const char diamond[] = "steps = (" STEP("a", "") "," STEP(
        "b",
        "needs = ( \"a\" ); when = \"run.id != "
        "'x'\";") "," STEP("c", "needs = ( \"a\" );") "," STEP("d", "needs = ( \"b\", \"c\" ); "
                                                                    "approval = true;") ");";

static void pictures_are_drawn(void **state)
{
        static const struct {
                const char *why;
                struct graph_options options;
                const char *want;
        } rows[] = {
                { "lanes part and meet",
                  { 0 },
                  "●   a  lint run\n"
                  "├─╮\n"
                  "│ ● b  lint run  (if run.id != 'x')\n"
                  "● │ c  lint run\n"
                  "├─╯\n"
                  "●   d  lint run  (needs approval)\n" },
                { "also without box characters",
                  { .is_ascii = true },
                  "*   a  lint run\n"
                  "+-.\n"
                  "| * b  lint run  (if run.id != 'x')\n"
                  "* | c  lint run\n"
                  "+-'\n"
                  "*   d  lint run  (needs approval)\n" },
                { "with states and words",
                  { .state = state_of, .note = note_of },
                  "✓   a  lint run\n"
                  "├─╮\n"
                  "│ ✗ b  lint run  (if run.id != 'x')  <3 findings & more>\n"
                  "◆ │ c  lint run\n"
                  "├─╯\n"
                  "✓   d  lint run  (needs approval)\n" },
        };
        _cleanup_(flow_freep) struct flow *f = NULL;
        struct err err = { 0 };

        (void) state;
        assert_int_equal(flow_load(&f, put("x.flow", diamond), NULL, &err), 0);
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf out = { 0 };

                print_message("# %s\n", rows[i].why);
                assert_int_equal(graph_text(&out, f, &rows[i].options), 0);
                assert_string_equal(out.data, rows[i].want);
        }
}

static size_t times(const char *text, const char *part)
{
        size_t n = 0;

        for (; (text = strstr(text, part)); text += strlen(part))
                n++;
        return n;
}

static void pictures_are_well_formed(void **state)
{
        struct graph_options options = { .state = state_of, .note = note_of };
        _cleanup_(flow_freep) struct flow *f = NULL;
        _cleanup_(buf_done) struct buf dot = { 0 }, svg = { 0 };
        struct err err = { 0 };

        (void) state;
        assert_int_equal(flow_load(&f, put("x.flow", diamond), NULL, &err), 0);
        assert_int_equal(graph_dot(&dot, f, &options), 0);
        assert_int_equal(times(dot.data, " -> "), 4);
        assert_int_equal(times(dot.data, "[label="), 4);
        assert_int_equal(graph_svg(&svg, f, &options), 0);
        assert_int_equal(times(svg.data, "class=\"lf-edge\""), 4);
        assert_int_equal(times(svg.data, "<g>"), 4);
        assert_int_equal(times(svg.data, "</g>"), 4);
        assert_int_equal(times(svg.data, "&lt;3 findings &amp; more&gt;"), 1);
        assert_int_equal(times(svg.data, "<3"), 0);
        assert_int_equal(times(svg.data, "</svg>"), 1);
        assert_non_null(strstr(svg.data, "prefers-color-scheme:dark"));
        assert_int_equal(times(svg.data, "http"), 1); /* the name space: nothing is fetched */
}

/* A line to a later column has a place of its own in the columns that it passes. */
static void long_lines_keep_clear_of_boxes(void **state)
{
        static const char text[] = "steps = (" STEP("a", "") "," STEP(
                "b", "needs = ( \"a\" );") "," STEP("c", "needs = ( \"a\", \"b\" );") ");";
        _cleanup_(flow_freep) struct flow *f = NULL;
        _cleanup_(buf_done) struct buf svg = { 0 };
        double box_y, line_y, height;
        struct err err = { 0 };
        const char *at;

        (void) state;
        assert_int_equal(flow_load(&f, put("x.flow", text), NULL, &err), 0);
        assert_int_equal(graph_svg(&svg, f, NULL), 0);
        assert_int_equal(times(svg.data, "H"), 1);
        at = strchr(svg.data, 'H');
        while (*at != ' ')
                at--;
        line_y = strtod(at, NULL);
        at = strstr(svg.data, "<title>b</title>");
        assert_non_null(at);
        assert_int_equal(sscanf(strstr(at, " y="), " y=\"%lf\"", &box_y), 1);
        assert_int_equal(sscanf(strstr(at, " height="), " height=\"%lf\"", &height), 1);
        assert_true(line_y < box_y || line_y > box_y + height);
}

static void wide_pictures_become_lists(void **state)
{
        _cleanup_(buf_done) struct buf text = { 0 }, out = { 0 }, svg = { 0 };
        _cleanup_(flow_freep) struct flow *f = NULL;
        struct err err = { 0 };

        (void) state;
        assert_int_equal(buf_puts(&text, "{\"steps\": ["), 0);
        for (int i = 0; i < 100; i++)
                assert_int_equal(buf_printf(&text,
                                            "{\"id\": \"s%d\", \"agent\": \"a\", \"action\": "
                                            "\"b\"},",
                                            i),
                                 0);
        assert_int_equal(buf_puts(&text, "{\"id\": \"last\", \"agent\": \"a\", \"action\": \"b\", "
                                         "\"needs\": ["),
                         0);
        for (int i = 0; i < 100; i++)
                assert_int_equal(buf_printf(&text, "%s\"s%d\"", i ? "," : "", i), 0);
        assert_int_equal(buf_puts(&text, "]}]}"), 0);
        assert_int_equal(flow_load(&f, put("x.json", text.data), NULL, &err), 0);
        assert_int_equal(graph_text(&out, f, NULL), 0);
        assert_int_equal(times(out.data, "\n"), 101);
        assert_non_null(strstr(out.data, "last  a b  after s0, s1, s2"));
        assert_int_equal(graph_svg(&svg, f, NULL), 0);
        assert_int_equal(times(svg.data, "<g>"), 101);
}

static void shipped_workflows_are_right(void **state)
{
        static const char *const names[] = { "conf/workflows/review.flow" };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(names); i++) {
                _cleanup_(faults_done) struct faults faults = { 0 };
                _cleanup_(flow_freep) struct flow *f = NULL;
                struct err err = { 0 };
                char path[4096];

                (void) snprintf(path, sizeof(path), "%s/%s", test_srcdir(), names[i]);
                if (flow_check_file(&f, path, NULL, &faults, &err) < 0)
                        fail_msg("%s", err.text);
                assert_int_equal(faults.count, 0);
        }
}

/* Every block of the manual that is marked `flow` is a workflow without faults. */
static void the_manual_is_right(void **state)
{
        _cleanup_(buf_done) struct buf page = { 0 };
        struct err err = { 0 };
        char path[4096];
        size_t blocks = 0;

        (void) state;
        (void) snprintf(path, sizeof(path), "%s/doc/flow-format.md", test_srcdir());
        assert_int_equal(file_read(path, &page, &err), 0);
        for (char *at = page.data; (at = strstr(at, "\n```flow\n")); blocks++) {
                _cleanup_(faults_done) struct faults faults = { 0 };
                _cleanup_(buf_done) struct buf text = { 0 };
                _cleanup_(flow_freep) struct flow *f = NULL;
                char *end = strstr(at + 9, "\n```\n");

                *end = '\0';
                if (flow_check_file(&f, put("x.flow", at + 9), NULL, &faults, &err) < 0)
                        fail_msg("%s in%s", err.text, at);
                assert_int_equal(faults_text(&faults, &text), 0);
                assert_string_equal(buf_text(&text), "");
                at = end + 1;
        }
        assert_true(blocks >= 4);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(everything_is_read),
                cmocka_unit_test(triggers_are_read),
                cmocka_unit_test(workflows_are_gathered),
                cmocka_unit_test(workflows_have_a_depth),
                cmocka_unit_test(workflows_do_not_explode),
                cmocka_unit_test(keys_are_made_of_inputs),
                cmocka_unit_test(keys_have_a_limit),
                cmocka_unit_test(the_name_comes_from_the_file),
                cmocka_unit_test(faults_have_places),
                cmocka_unit_test(too_many_steps_are_refused),
                cmocka_unit_test(order_follows_needs),
                cmocka_unit_test(both_forms_have_one_hash),
                cmocka_unit_test(the_hash_knows_every_change),
                cmocka_unit_test(inputs_of_a_run_are_checked),
                cmocka_unit_test(pictures_are_drawn),
                cmocka_unit_test(pictures_are_well_formed),
                cmocka_unit_test(long_lines_keep_clear_of_boxes),
                cmocka_unit_test(wide_pictures_become_lists),
                cmocka_unit_test(shipped_workflows_are_right),
                cmocka_unit_test(the_manual_is_right),
        };

        return cmocka_run_group_tests(tests, agents_make, agents_drop);
}
