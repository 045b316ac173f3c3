/* SPDX-License-Identifier: Apache-2.0 */
#include "plug/manifest.h"

#include "base/json.h"
#include "conf/suggest.h"

#include <linhay/agent.h>
#include <stdarg.h>
#include <string.h>

#define FAULTS_SHOWN   16
#define ACTIONS_MAX    64
#define EXAMPLES_MAX   32
#define NEEDS_MAX      64
#define ARGUMENTS_MAX  16
#define EXEC_TEXT_MAX  255
#define NAME_MAX_BYTES 63

/* A reading in progress: what is built, and all that is wrong. */
struct reader {
        struct manifest *m;
        struct buf faults; /* one line each: "/actions/check: summary is missing" */
        unsigned n_faults;
        bool no_memory;
};

static void reader_done(struct reader *rd)
{
        buf_done(&rd->faults);
}

/* Notes a fault that begins with its place. */
static void fault_line(struct reader *rd, const char *line)
{
        if (rd->n_faults++ >= FAULTS_SHOWN)
                return;
        if (buf_printf(&rd->faults, "\n  %s", line) < 0)
                rd->no_memory = true;
}

static void fault(struct reader *rd, const char *pointer, const char *format, ...) _printf_(3, 4);
static void fault(struct reader *rd, const char *pointer, const char *format, ...)
{
        char text[512], line[1024];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        (void) snprintf(line, sizeof(line), "%.500s: %s", pointer[0] ? pointer : "/", text);
        fault_line(rd, line);
}

/* "`parent`/`key`", escaped, for as long as `b` lives. */
static const char *below(struct reader *rd, struct buf *b, const char *parent, const char *key)
{
        if (buf_puts(b, parent) < 0 || json_pointer_add(b, key) < 0)
                rd->no_memory = true;
        return buf_text(b);
}

/* --- the shape of objects ------------------------------------------------------------------ */

enum kind { KIND_TEXT, KIND_INTEGER, KIND_BOOL, KIND_OBJECT, KIND_ARRAY, KIND_SCHEMA, KINDS_ };

static const char *const kind_words[KINDS_] = {
        [KIND_TEXT] = "a string that is not empty",
        [KIND_INTEGER] = "an integer",
        [KIND_BOOL] = "true or false",
        [KIND_OBJECT] = "an object",
        [KIND_ARRAY] = "an array",
        [KIND_SCHEMA] = "a JSON Schema (an object, true or false)",
};

#define KEYS_MAX 9 /* rows of the longest table below */

struct key {
        const char *name;
        enum kind kind;
        bool is_required;
};

static const struct key manifest_keys[] = {
        { "name", KIND_TEXT, true },     { "version", KIND_TEXT, true },
        { "summary", KIND_TEXT, true },  { "licence", KIND_TEXT, true },
        { "sdk", KIND_INTEGER, true },   { "actions", KIND_OBJECT, true },
        { "needs", KIND_OBJECT, false }, { "limits", KIND_OBJECT, false },
        { "exec", KIND_OBJECT, false },
};

static const struct key exec_keys[] = {
        { "interpreter", KIND_TEXT, true },
        { "program", KIND_TEXT, true },
        { "arguments", KIND_ARRAY, false },
};

static const struct key action_keys[] = {
        { "summary", KIND_TEXT, true },    { "risk", KIND_TEXT, false },
        { "workspace", KIND_TEXT, false }, { "idempotent", KIND_BOOL, false },
        { "input", KIND_OBJECT, true },    { "output", KIND_SCHEMA, true },
        { "examples", KIND_ARRAY, false },
};

static const struct key example_keys[] = {
        { "summary", KIND_TEXT, true },
        { "input", KIND_OBJECT, true },
};

static const struct key needs_keys[] = {
        { "hosts", KIND_ARRAY, false },
        { "secrets", KIND_ARRAY, false },
        { "syscalls", KIND_ARRAY, false },
};

static bool text_is_good(const json_t *value)
{
        size_t n = json_string_length(value);

        return json_is_string(value) && n > 0 && strlen(json_string_value(value)) == n;
}

static bool value_is(const json_t *value, enum kind kind)
{
        switch (kind) {
        case KIND_TEXT:
                return text_is_good(value);
        case KIND_INTEGER:
                return json_is_integer(value);
        case KIND_BOOL:
                return json_is_boolean(value);
        case KIND_OBJECT:
                return json_is_object(value);
        case KIND_ARRAY:
                return json_is_array(value);
        case KIND_SCHEMA:
                return json_is_object(value) || json_is_boolean(value);
        case KINDS_:
                break;
        }
        return false;
}

static void key_unknown(struct reader *rd, const char *pointer, const char *name,
                        const struct key *keys, size_t n_keys)
{
        _cleanup_(buf_done) struct buf at = { 0 };
        const char *names[KEYS_MAX + 1] = { NULL }, *meant;

        for (size_t i = 0; i < n_keys; i++)
                names[i] = keys[i].name;
        meant = suggest(name, names);
        fault(rd, below(rd, &at, pointer, name), "there is no such key%s%s%s",
              meant ? " (did you mean \"" : "", meant ? meant : "", meant ? "\"?)" : "");
}

/* Every key known, every value of its kind, nothing missing; true when the object may be read. */
static bool object_check(struct reader *rd, const char *pointer, const json_t *object,
                         const struct key *keys, size_t n_keys)
{
        unsigned before = rd->n_faults;
        const char *name;
        json_t *value;

        json_object_foreach ((json_t *) object, name, value) {
                size_t i = 0;

                while (i < n_keys && strcmp(keys[i].name, name) != 0)
                        i++;
                if (i == n_keys)
                        key_unknown(rd, pointer, name, keys, n_keys);
        }

        for (size_t i = 0; i < n_keys; i++) {
                _cleanup_(buf_done) struct buf at = { 0 };

                value = json_object_get(object, keys[i].name);
                if (!value && keys[i].is_required)
                        fault(rd, below(rd, &at, pointer, keys[i].name), "is missing: must be %s",
                              kind_words[keys[i].kind]);
                if (value && !value_is(value, keys[i].kind))
                        fault(rd, below(rd, &at, pointer, keys[i].name), "must be %s",
                              kind_words[keys[i].kind]);
        }
        return rd->n_faults == before;
}

/* --- words --------------------------------------------------------------------------------- */

static bool text_consists_of(const char *text, const char *letters)
{
        return strspn(text, letters) == strlen(text);
}

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool name_is_good(const char *name)
{
        return name[0] >= 'a' && name[0] <= 'z' && strlen(name) <= NAME_MAX_BYTES &&
               text_consists_of(name, LOWER DIGITS "-");
}

static void name_check(struct reader *rd, const char *pointer, const char *name)
{
        if (!name_is_good(name))
                fault(rd, pointer,
                      "a name is a lower-case letter, then at most 62 of a-z, 0-9 and -");
}

/* One line of text that a terminal can show. */
static void line_check(struct reader *rd, const char *pointer, const char *text)
{
        for (const char *p = text; *p; p++)
                if ((unsigned char) *p < ' ' || *p == 0x7f) {
                        fault(rd, pointer, "must be one line without control characters");
                        return;
                }
        if (strlen(text) > 500)
                fault(rd, pointer, "must not be longer than 500 bytes");
}

static const char *text_of(const json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key));
}

/* --- actions ------------------------------------------------------------------------------- */

static void schema_read(struct reader *rd, const char *pointer, const json_t *json,
                        struct schema **ret)
{
        struct err err = { 0 };
        int r;

        r = schema_new(ret, json, NULL, &err);
        if (r >= 0)
                return;
        if (err_text(&err)[0] == '/') { /* the place inside the schema goes on from ours */
                char line[ERR_TEXT_MAX + 512];

                (void) snprintf(line, sizeof(line), "%.500s%s", pointer, err_text(&err));
                fault_line(rd, line);
        } else {
                fault(rd, pointer, "%s", err_text(&err));
        }
}

static void example_check(struct reader *rd, const char *pointer, const json_t *example,
                          const struct schema *input_schema)
{
        struct err err = { 0 };

        if (!json_is_object(example)) {
                fault(rd, pointer, "must be an object");
                return;
        }
        if (!object_check(rd, pointer, example, example_keys, ARRAY_SIZE(example_keys)))
                return;
        if (input_schema && schema_require(input_schema, json_object_get(example, "input"),
                                           "the example", &err) < 0)
                fault(rd, pointer, "%s", err_text(&err));
}

static void examples_read(struct reader *rd, const char *pointer, const json_t *examples,
                          struct manifest_action *a)
{
        json_t *example;
        size_t i;

        a->examples = examples;
        if (json_array_size(examples) > EXAMPLES_MAX)
                fault(rd, pointer, "more than %d examples", EXAMPLES_MAX);
        json_array_foreach (examples, i, example) {
                char at[512];

                if (i >= EXAMPLES_MAX)
                        break;
                (void) snprintf(at, sizeof(at), "%s/examples/%zu", pointer, i);
                example_check(rd, at, example, a->input_schema);
        }
}

static void action_words(struct reader *rd, const char *pointer, const json_t *json,
                         struct manifest_action *a)
{
        const char *risk = text_of(json, "risk"), *workspace = text_of(json, "workspace");
        _cleanup_(buf_done) struct buf at = { 0 }, at2 = { 0 };

        a->risk = RISK_APPROVAL;
        a->workspace = WORKSPACE_NONE;
        if (risk && risk_from_name(&a->risk, risk) < 0)
                fault(rd, below(rd, &at, pointer, "risk"), "must be \"auto\" or \"approval\"");
        if (workspace && workspace_mode_from_name(&a->workspace, workspace) < 0)
                fault(rd, below(rd, &at2, pointer, "workspace"),
                      "must be \"none\", \"ro\" or \"overlay\"");
}

static void action_read(struct reader *rd, const char *name, const json_t *json)
{
        struct manifest_action *a = &rd->m->actions[rd->m->n_actions++];
        _cleanup_(buf_done) struct buf at = { 0 }, in = { 0 }, out = { 0 }, line = { 0 };
        const char *pointer = below(rd, &at, "/actions", name);

        a->name = name;
        name_check(rd, pointer, name);
        if (!json_is_object(json)) {
                fault(rd, pointer, "must be an object");
                return;
        }
        if (!object_check(rd, pointer, json, action_keys, ARRAY_SIZE(action_keys)))
                return;

        a->summary = text_of(json, "summary");
        line_check(rd, below(rd, &line, pointer, "summary"), a->summary);
        action_words(rd, pointer, json, a);
        a->is_idempotent = json_is_true(json_object_get(json, "idempotent"));
        a->input = json_object_get(json, "input");
        a->output = json_object_get(json, "output");
        schema_read(rd, below(rd, &in, pointer, "input"), a->input, &a->input_schema);
        schema_read(rd, below(rd, &out, pointer, "output"), a->output, &a->output_schema);
        examples_read(rd, pointer, json_object_get(json, "examples"), a);
}

static void actions_read(struct reader *rd, const json_t *actions)
{
        size_t n = json_object_size(actions);
        const char *name;
        json_t *json;

        if (!json_is_object(actions))
                return; /* told already */
        if (n == 0 || n > ACTIONS_MAX) {
                fault(rd, "/actions", "must name 1 to %d actions", ACTIONS_MAX);
                return;
        }
        rd->m->actions = calloc(n, sizeof(*rd->m->actions));
        if (!rd->m->actions) {
                rd->no_memory = true;
                return;
        }
        json_object_foreach ((json_t *) actions, name, json)
                action_read(rd, name, json);
}

/* --- needs and limits ---------------------------------------------------------------------- */

static void need_list_read(struct reader *rd, const json_t *needs, const char *key,
                           const char *letters, const char ***ret)
{
        const json_t *list = json_object_get(needs, key), *item;
        size_t n = json_array_size(list), i;
        char at[64];

        *ret = calloc(MIN_OF(n, (size_t) NEEDS_MAX) + 1, sizeof(**ret));
        if (!*ret) {
                rd->no_memory = true;
                return;
        }
        if (n > NEEDS_MAX)
                fault(rd, "/needs", "more than %d %s", NEEDS_MAX, key);
        json_array_foreach (list, i, item) {
                if (i >= NEEDS_MAX)
                        break;
                (void) snprintf(at, sizeof(at), "/needs/%s/%zu", key, i);
                if (!text_is_good(item) || json_string_length(item) > NAME_MAX_BYTES ||
                    !text_consists_of(json_string_value(item), letters))
                        fault(rd, at, "must be a name: at most %d of %s", NAME_MAX_BYTES, letters);
                (*ret)[i] = text_is_good(item) ? json_string_value(item) : "";
        }
}

static void needs_read(struct reader *rd, const json_t *needs)
{
        if (needs && (!json_is_object(needs) ||
                      !object_check(rd, "/needs", needs, needs_keys, ARRAY_SIZE(needs_keys))))
                return;
        if (json_array_size(json_object_get(needs, "hosts")) > 0)
                fault(rd, "/needs/hosts",
                      "agents cannot reach the network yet: this host has no broker. "
                      "Take the hosts out, or have a step before this one fetch what it needs");
        need_list_read(rd, needs, "secrets", LOWER UPPER DIGITS "_.-", &rd->m->secrets);
        need_list_read(rd, needs, "syscalls", LOWER DIGITS "_-", &rd->m->syscall_groups);
}

/* --- what runs it --------------------------------------------------------------------------- */

/* Plain names between the slashes: no way up, no way round. */
static bool path_is_plain(const char *path)
{
        for (;;) {
                size_t n = strcspn(path, "/");

                if (n == 0 || (n == 1 && path[0] == '.') || (n == 2 && strncmp(path, "..", 2) == 0))
                        return false;
                if (!path[n])
                        return true;
                path += n + 1;
        }
}

static void arguments_read(struct reader *rd, const json_t *list)
{
        size_t n = json_array_size(list), i;
        json_t *item;

        rd->m->exec.arguments = calloc(ARGUMENTS_MAX + 1, sizeof(*rd->m->exec.arguments));
        if (!rd->m->exec.arguments) {
                rd->no_memory = true;
                return;
        }
        if (n > ARGUMENTS_MAX)
                fault(rd, "/exec/arguments", "more than %d arguments", ARGUMENTS_MAX);
        json_array_foreach (list, i, item) {
                if (i >= ARGUMENTS_MAX)
                        break;
                if (!text_is_good(item) || json_string_length(item) > EXEC_TEXT_MAX)
                        fault(rd, "/exec/arguments", "must be strings of 1 to %d bytes",
                              EXEC_TEXT_MAX);
                rd->m->exec.arguments[i] = text_is_good(item) ? json_string_value(item) : "";
        }
}

static void exec_read(struct reader *rd, const json_t *exec)
{
        struct manifest_exec *e = &rd->m->exec;

        if (!exec || !json_is_object(exec) ||
            !object_check(rd, "/exec", exec, exec_keys, ARRAY_SIZE(exec_keys)))
                return;
        e->interpreter = text_of(exec, "interpreter");
        e->program = text_of(exec, "program");
        if (e->interpreter[0] != '/' || !path_is_plain(e->interpreter + 1) ||
            strlen(e->interpreter) > EXEC_TEXT_MAX)
                fault(rd, "/exec/interpreter", "must be an absolute path without \"..\"");
        if (!path_is_plain(e->program) || strlen(e->program) > EXEC_TEXT_MAX)
                fault(rd, "/exec/program", "must be the path of a file in the agent's folder");
        arguments_read(rd, json_object_get(exec, "arguments"));
}

static void limits_part(struct reader *rd, const json_t *limits)
{
        struct err err = { 0 };

        limits_standard(&rd->m->limits);
        if (json_is_object(limits) && limits_read(&rd->m->limits, limits, &err) < 0)
                fault_line(rd, err_text(&err));
}

/* --- the whole ----------------------------------------------------------------------------- */

static void head_read(struct reader *rd, const json_t *json)
{
        struct manifest *m = rd->m;
        json_int_t sdk = json_integer_value(json_object_get(json, "sdk"));

        m->name = text_of(json, "name");
        m->version = text_of(json, "version");
        m->summary = text_of(json, "summary");
        m->licence = text_of(json, "licence");
        name_check(rd, "/name", m->name);
        if (strlen(m->version) > NAME_MAX_BYTES ||
            !text_consists_of(m->version, LOWER UPPER DIGITS ".+~-"))
                fault(rd, "/version", "must be a version such as \"1.4.0\"");
        line_check(rd, "/summary", m->summary);
        line_check(rd, "/licence", m->licence);
        if (sdk != LINHAY_ABI)
                fault(rd, "/sdk", "is %lld, and this host runs agents built for SDK %d",
                      (long long) sdk, LINHAY_ABI);
        m->sdk = LINHAY_ABI;
}

static void manifest_read(struct reader *rd, const json_t *json)
{
        if (!json_is_object(json)) {
                fault(rd, "", "must be an object");
                return;
        }
        if (object_check(rd, "", json, manifest_keys, ARRAY_SIZE(manifest_keys)))
                head_read(rd, json);
        actions_read(rd, json_object_get(json, "actions"));
        needs_read(rd, json_object_get(json, "needs"));
        exec_read(rd, json_object_get(json, "exec"));
        limits_part(rd, json_object_get(json, "limits"));
}

struct manifest *manifest_free(struct manifest *m)
{
        if (!m)
                return NULL;
        for (size_t i = 0; i < m->n_actions; i++) {
                (void) schema_free(m->actions[i].input_schema);
                (void) schema_free(m->actions[i].output_schema);
        }
        free(m->actions);
        free(m->syscall_groups);
        free(m->secrets);
        free(m->exec.arguments);
        json_decref(m->json);
        free(m);
        return NULL;
}

static int faults_tell(const struct reader *rd, const char *name, struct err *err)
{
        const char *text = buf_text(&rd->faults);

        if (rd->n_faults == 1)
                return err_set(err, -EINVAL, "%s: the manifest is wrong: %s", name,
                               text + strspn(text, "\n "));
        if (rd->n_faults > FAULTS_SHOWN)
                return err_set(err, -EINVAL, "%s: the manifest has %u faults:%s\n  (and %u more)",
                               name, rd->n_faults, text, rd->n_faults - FAULTS_SHOWN);
        return err_set(err, -EINVAL, "%s: the manifest has %u faults:%s", name, rd->n_faults, text);
}

int manifest_parse(struct manifest **ret, const char *text, size_t length, const char *name,
                   struct err *err)
{
        _cleanup_(manifest_freep) struct manifest *m = calloc(1, sizeof(*m));
        _cleanup_(reader_done) struct reader rd = { .m = m };
        int r;

        if (!m)
                return err_set(err, -ENOMEM, "out of memory");
        if (length > MANIFEST_BYTES_MAX)
                return err_set(err, -EINVAL, "%s: the manifest has %zu bytes, more than %d", name,
                               length, MANIFEST_BYTES_MAX);
        r = json_text_load(&m->json, text, length, name, err);
        if (r < 0)
                return r;

        manifest_read(&rd, m->json);
        if (rd.no_memory)
                return err_set(err, -ENOMEM, "out of memory");
        if (rd.n_faults > 0)
                return faults_tell(&rd, name, err);

        *ret = TAKE(m);
        return 0;
}

const struct manifest_action *manifest_find(const struct manifest *m, const char *action)
{
        for (size_t i = 0; i < m->n_actions; i++)
                if (strcmp(m->actions[i].name, action) == 0)
                        return &m->actions[i];
        return NULL;
}
