/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/options.h"

#include "base/unit.h"
#include "conf/suggest.h"
#include "conf/tree.h"

#include <assert.h>
#include <glob.h>
#include <stdarg.h>
#include <string.h>

#define MAIN_FILE         "/etc/linhay/linhay.conf"
#define OPTIONS_BYTES_MAX (1024 * 1024)
#define NAME_LETTERS      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

static const char *const tiers[] = { "full", "no-cgroup", "no-userns", NULL };
static const char *const grants[] = { "interpreter", "run", "read", "agents", "syscalls", NULL };
static const char *const syscall_grants[] = { "group", "agents", NULL };
static const char *const secret_grants[] = { "name", "from", "agents", NULL };
static const char *const secret_texts[] = { "from", NULL };
static const char *const layers[] = { "cgroup", "userns", NULL };

/* Where its bytes are, by name alone; whether they may be read is seen when a step needs them. */
static const char *secret_fault(const json_t *group)
{
        const char *name = json_string_value(json_object_get(group, "name"));
        const char *from = json_string_value(json_object_get(group, "from"));

        if (!*name || strspn(name, NAME_LETTERS) != strlen(name))
                return "a name has letters, digits, _ . and - only";
        if (!from)
                return "from is missing: \"/path/of/a/file\" or \"credential:NAME\"";
        if (strncmp(from, "credential:", 11) == 0) {
                if (!from[11] || from[11] == '.' ||
                    strspn(from + 11, NAME_LETTERS) != strlen(from + 11))
                        return "the name of a credential has letters, digits, _ . and - only";
        } else if (*from != '/') {
                return "from must be an absolute path or \"credential:NAME\"";
        }
        if (json_array_size(json_object_get(group, "agents")) == 0)
                return "agents is missing: which may have it? ( \"NAME\", \"NAME@SHA256\" )";
        return NULL;
}

static bool are_absolute(const json_t *paths)
{
        const json_t *path;
        size_t i;

        json_array_foreach (paths, i, path)
                if (json_string_value(path)[0] != '/')
                        return false;
        return true;
}

/* What is behind them is looked up when a step starts: packages come and go. */
static const char *grant_fault(const json_t *group)
{
        if (json_string_value(json_object_get(group, "interpreter"))[0] != '/')
                return "interpreter must be an absolute path, as manifests ask for it";
        if (!are_absolute(json_object_get(group, "run")) ||
            !are_absolute(json_object_get(group, "read")))
                return "run and read are lists of absolute paths";
        return NULL;
}

const struct option_row option_table[] = {
        { "sandbox.require", OPTION_CHOICE, "no-cgroup", tiers,
          "weakest tier of confinement in which anything runs", .at_start = true },
        { "sandbox.allow_degraded", OPTION_LIST, "", layers,
          "layers that may be missing all the same", .at_start = true },
        { "sandbox.forbid_degraded", OPTION_BOOL, "false", NULL,
          "refuse --allow-degraded on the command line" },
        { "sandbox.pool", OPTION_COUNT, "2", NULL,
          "cells prepared ahead for each agent that is used again, 64 at most; 0 = none",
          .at_start = true },

        { "exec.grants", OPTION_GROUPS, "", grants,
          "interpreters of exec agents, each with what comes with it", NULL, grant_fault },
        { "syscalls.grants", OPTION_GROUPS, "", syscall_grants,
          "groups of system calls, each with the agents that may have it" },

        { "secrets.grants", OPTION_GROUPS, "", secret_grants,
          "secrets, each with where it is and the agents that may have it", secret_texts,
          secret_fault },

        { "limits.max.memory", OPTION_BYTES, NULL, NULL, "most memory a manifest may ask for" },
        { "limits.max.cpu", OPTION_DURATION, NULL, NULL, "most processor time of one attempt" },
        { "limits.max.wall", OPTION_DURATION, NULL, NULL, "longest time of one attempt" },
        { "limits.max.files", OPTION_COUNT, NULL, NULL, "most open descriptors" },
        { "limits.max.file_size", OPTION_BYTES, NULL, NULL, "largest file an agent may write" },
        { "limits.max.disk", OPTION_BYTES, NULL, NULL, "most bytes below /work and /tmp, each" },
        { "limits.max.inodes", OPTION_COUNT, NULL, NULL, "most files below /work and /tmp, each" },
        { "limits.max.output", OPTION_BYTES, NULL, NULL, "largest output of a step" },
        { "limits.max.findings", OPTION_COUNT, NULL, NULL, "most findings of a step" },
        { "limits.max.log", OPTION_BYTES, NULL, NULL, "most log of a step" },
        { "limits.max.artifacts", OPTION_BYTES, NULL, NULL, "most bytes of a step's artifacts" },
        { "limits.max.processes", OPTION_COUNT, NULL, NULL, "most processes besides the first" },

        { "workflows.dir", OPTION_TEXT, "/etc/linhay/workflows", NULL,
          "workflows that linhayd knows by name, and whose triggers it minds" },
        { "store.dir", OPTION_TEXT, NULL, NULL, "where linhayd keeps its record (an absolute path)",
          .at_start = true },
        { "store.keep_age", OPTION_DURATION, "90d", NULL,
          "ended runs are removed when they are older; 0 = never", .at_start = true },
        { "store.keep_runs", OPTION_COUNT, "10000", NULL,
          "ended runs that are kept, the newest; 0 = all", .at_start = true },
        { "store.max_bytes", OPTION_BYTES, "4GiB", NULL,
          "most bytes of one store: the oldest ended runs make room; 0 = no limit",
          .at_start = true },

        { "run.concurrency", OPTION_COUNT, "0", NULL, "steps at once; 0 = two for each processor" },
        { "run.agents", OPTION_LIST, "", NULL,
          "cells of one agent at once, over all runs: ( \"NAME=N\" )", .at_start = true },
        { "run.project_concurrency", OPTION_COUNT, "0", NULL,
          "steps of one project at once; 0 = no limit" },
        { "run.runs", OPTION_COUNT, "100", NULL,
          "runs of linhayd at once, those that wait for a person not counted; 0 = no limit" },
        { "run.project_runs", OPTION_COUNT, "0", NULL, "of these for one project; 0 = no limit" },
        { "run.stop_grace", OPTION_DURATION, "20s", NULL,
          "how long steps may go on when linhayd is stopped; then they are killed" },
        { "approval.four_eyes", OPTION_BOOL, "false", NULL,
          "who started a run may not approve its changes" },
};

const size_t option_count = ARRAY_SIZE(option_table);

struct options {
        json_t *values;  /* object: path -> value, checked; sizes and durations as numbers */
        json_t *origins; /* object: path -> "file:line" */
};

struct options *options_free(struct options *o)
{
        if (!o)
                return NULL;
        json_decref(o->values);
        json_decref(o->origins);
        free(o);
        return NULL;
}

static const struct option_row *row_find(const char *path)
{
        for (size_t i = 0; i < option_count; i++)
                if (strcmp(option_table[i].path, path) == 0)
                        return &option_table[i];
        return NULL;
}

static bool is_group(const char *path)
{
        size_t n = strlen(path);

        for (size_t i = 0; i < option_count; i++)
                if (strncmp(option_table[i].path, path, n) == 0 && option_table[i].path[n] == '.')
                        return true;
        return n == 0;
}

/* One file on its way into the options. */
struct reader {
        struct options *options;
        const struct tree *tree;
        struct err *err;
};

static int refuse(const struct reader *r, const char *pointer, const char *format, ...)
        _printf_(3, 4);
static int refuse(const struct reader *r, const char *pointer, const char *format, ...)
{
        char text[1024];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return err_set(r->err, -EBADMSG, "%s:%u: %s", r->tree->file, tree_line(r->tree, pointer),
                       text);
}

static bool is_choice(const char *const *choices, const char *word)
{
        for (; *choices; choices++)
                if (strcmp(*choices, word) == 0)
                        return true;
        return false;
}

/* "…, must be one of full, no-cgroup (did you mean …?)" */
static void choice_explain(char *ret, size_t size, const char *const *choices, const char *word)
{
        const char *near = suggest(word, choices);
        size_t n = 0;

        for (size_t i = 0; choices[i] && n < size; i++)
                n += (size_t) snprintf(ret + n, size - n, "%s%s", i ? ", " : "", choices[i]);
        if (near && n < size)
                (void) snprintf(ret + n, size - n, " (did you mean \"%s\"?)", near);
}

int option_word_check(const char *path, const char *word, struct err *err)
{
        const struct option_row *row = row_find(path);
        char choices[400];

        if (is_choice(row->choices, word))
                return 0;
        choice_explain(choices, sizeof(choices), row->choices, word);
        return err_set(err, -EINVAL, "\"%s\" must be one of %s", word, choices);
}

static int words_check(const struct reader *r, const char *pointer, const struct option_row *row,
                       const json_t *list)
{
        char choices[400];
        const json_t *item;
        size_t i;

        json_array_foreach (list, i, item) {
                const char *word = json_string_value(item);

                if (!word)
                        return refuse(r, pointer, "%s must be a list of strings", row->path);
                if (!row->choices || is_choice(row->choices, word))
                        continue;
                choice_explain(choices, sizeof(choices), row->choices, word);
                return refuse(r, pointer, "%s: \"%s\" must be one of %s", row->path, word, choices);
        }
        return 0;
}

/* A size or a duration: text with a unit, or a number where that is clear. */
static int quantity_read(const struct reader *r, const char *pointer, const struct option_row *row,
                         const json_t *value, json_t **ret)
{
        const char *text = json_string_value(value);
        struct err why = { 0 };
        char number[32];
        uint64_t n;
        int e;

        if (json_is_integer(value))
                (void) snprintf(number, sizeof(number), "%lld",
                                (long long) json_integer_value(value));
        else if (!text)
                return refuse(r, pointer, "%s must be text with a unit", row->path);
        e = row->kind == OPTION_BYTES ? bytes_parse(&n, text ? text : number, &why)
                                      : duration_parse(&n, text ? text : number, &why);
        if (e < 0)
                return refuse(r, pointer, "%s: %s", row->path, err_text(&why));
        *ret = json_integer((json_int_t) MIN_OF(n, (uint64_t) INT64_MAX));
        return *ret ? 0 : -ENOMEM;
}

static bool is_count(const json_t *value)
{
        return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool is_bool(const json_t *value)
{
        return json_is_boolean(value);
}

static bool is_text(const json_t *value)
{
        return json_is_string(value);
}

static bool is_list(const json_t *value)
{
        return json_is_array(value);
}

/* What a value of each kind looks like; sizes and durations have readers of their own. */
static const struct {
        bool (*holds)(const json_t *value);
        const char *words;
        const char *example; /* as in a file */
        bool is_quoted;
} kinds[] = {
        [OPTION_BOOL] = { is_bool, "true or false", "true", false },
        [OPTION_COUNT] = { is_count, "a whole number, 0 or more", "100", false },
        [OPTION_BYTES] = { NULL, NULL, "\"1GiB\"", true },
        [OPTION_DURATION] = { NULL, NULL, "\"10m\"", true },
        [OPTION_TEXT] = { is_text, "a string", "\"...\"", true },
        [OPTION_CHOICE] = { is_text, "a string", "\"...\"", true },
        [OPTION_LIST] = { is_list, "a list: ( \"a\", \"b\" )", "( )", false },
        [OPTION_GROUPS] = { is_list, "a list of groups: ( { ... }, { ... } )", "( )", false },
};

/* One word, or every word of a list, must be among the row's choices. */
static int choices_check(const struct reader *r, const char *pointer, const struct option_row *row,
                         const json_t *value)
{
        _cleanup_(json_decrefp) json_t *one = NULL;

        if (json_is_array(value))
                return words_check(r, pointer, row, value);
        one = json_pack("[O]", value);
        return one ? words_check(r, pointer, row, one) : -ENOMEM;
}

/* Every member known and of its kind, the first one there. */
static int group_check(const struct reader *r, const char *pointer, const struct option_row *row,
                       const json_t *group)
{
        const struct option_row texts = { .path = row->path, .kind = OPTION_LIST };
        const char *name, *fault;
        json_t *value;

        if (!json_is_string(json_object_get(group, row->choices[0])))
                return refuse(r, pointer, "%s: each must be a group with %s = \"...\"", row->path,
                              row->choices[0]);
        json_object_foreach ((json_t *) group, name, value) {
                char choices[400];
                int e;

                if (strcmp(name, row->choices[0]) == 0)
                        continue;
                if (!is_choice(row->choices, name)) {
                        choice_explain(choices, sizeof(choices), row->choices, name);
                        return refuse(r, pointer, "%s: \"%s\" must be one of %s", row->path, name,
                                      choices);
                }
                if (row->texts && is_choice(row->texts, name)) {
                        if (!json_is_string(value))
                                return refuse(r, pointer, "%s: %s must be a text", row->path, name);
                        continue;
                }
                if (!json_is_array(value))
                        return refuse(r, pointer, "%s: %s must be a list of strings", row->path,
                                      name);
                e = words_check(r, pointer, &texts, value);
                if (e < 0)
                        return e;
        }
        fault = row->fault ? row->fault(group) : NULL;
        return fault ? refuse(r, pointer, "%s: %s", row->path, fault) : 0;
}

static int groups_check(const struct reader *r, const char *pointer, const struct option_row *row,
                        const json_t *list)
{
        json_t *group;
        size_t i;
        int e = 0;

        json_array_foreach (list, i, group) {
                _cleanup_(buf_done) struct buf at = { 0 };

                if (buf_printf(&at, "%s/%zu", pointer, i) < 0)
                        return -ENOMEM;
                e = group_check(r, buf_text(&at), row, group);
                if (e < 0)
                        break;
        }
        return e;
}

static int value_read(const struct reader *r, const char *pointer, const struct option_row *row,
                      const json_t *value, json_t **ret)
{
        int e = 0;

        if (!kinds[row->kind].holds)
                return quantity_read(r, pointer, row, value, ret);
        if (!kinds[row->kind].holds(value))
                return refuse(r, pointer, "%s must be %s", row->path, kinds[row->kind].words);
        if (row->kind == OPTION_LIST || row->kind == OPTION_CHOICE)
                e = choices_check(r, pointer, row, value);
        if (row->kind == OPTION_GROUPS)
                e = groups_check(r, pointer, row, value);
        if (e < 0)
                return e;
        *ret = json_incref((json_t *) value);
        return 0;
}

static int value_set(const struct reader *r, const char *pointer, const struct option_row *row,
                     const json_t *value)
{
        _cleanup_(freep) char *origin = NULL;
        json_t *checked;
        int e;

        e = value_read(r, pointer, row, value, &checked);
        if (e < 0)
                return e;
        if (json_object_set_new(r->options->values, row->path, checked) < 0)
                return -ENOMEM;
        if (asprintf(&origin, "%s:%u", r->tree->file, tree_line(r->tree, pointer)) < 0) {
                origin = NULL;
                return -ENOMEM;
        }
        return json_object_set_new(r->options->origins, row->path, json_string(origin)) < 0
                       ? -ENOMEM
                       : 0;
}

static int unknown(const struct reader *r, const char *pointer, const char *path)
{
        const char *paths[ARRAY_SIZE(option_table) + 1] = { NULL };
        const char *near;

        for (size_t i = 0; i < option_count; i++)
                paths[i] = option_table[i].path;
        near = suggest(path, paths);
        return near ? refuse(r, pointer, "unknown option \"%s\" (did you mean \"%s\"?)", path, near)
                    : refuse(r, pointer, "unknown option \"%s\"; doc/config.md lists all", path);
}

/* Groups in groups: their names, joined by dots, make the path. The table bounds the depth. */
static int group_read(const struct reader *r, const char *path, const char *pointer,
                      const json_t *group)
{
        const char *key;
        json_t *value;

        json_object_foreach ((json_t *) group, key, value) {
                _cleanup_(buf_done) struct buf below = { 0 }, at = { 0 };
                const struct option_row *row;
                int e;

                e = buf_printf(&below, "%s%s%s", path, *path ? "." : "", key);
                if (e == 0)
                        e = buf_puts(&at, pointer);
                if (e == 0)
                        e = json_pointer_add(&at, key);
                if (e < 0)
                        return e;
                row = row_find(below.data);
                if (row)
                        e = value_set(r, at.data, row, value);
                else if (json_is_object(value) && is_group(below.data))
                        e = group_read(r, below.data, at.data, value);
                else
                        e = unknown(r, at.data, below.data);
                if (e < 0)
                        return e;
        }
        return 0;
}

static int file_read_options(struct options *o, const char *path, struct err *err)
{
        _cleanup_(tree_freep) struct tree *tree = NULL;
        struct reader r = { .options = o, .err = err };
        int e;

        e = tree_load(&tree, path, OPTIONS_BYTES_MAX, err);
        if (e < 0)
                return e;
        r.tree = tree;
        if (!json_is_object(tree->json))
                return refuse(&r, "", "must be groups of options");
        return group_read(&r, "", "", tree->json);
}

/* conf.d beside the main file. */
static int folder_read(struct options *o, const char *path, struct err *err)
{
        const char *slash = strrchr(path, '/');
        _cleanup_(buf_done) struct buf pattern = { 0 };
        glob_t files = { 0 };
        int e = 0;

        for (const char *p = path; slash && p <= slash; p++)
                e = e < 0 ? e : buf_printf(&pattern, strchr("*?[\\", *p) ? "\\%c" : "%c", *p);
        if (e == 0)
                e = buf_puts(&pattern, "conf.d/*.conf");
        if (e < 0)
                return e;
        if (glob(pattern.data, 0, NULL, &files) == 0)
                for (size_t i = 0; i < files.gl_pathc && e == 0; i++)
                        e = file_read_options(o, files.gl_pathv[i], err);
        globfree(&files);
        return e;
}

/* The table's own defaults, as values of the right kind. */
static int standards_set(struct options *o)
{
        for (size_t i = 0; i < option_count; i++) {
                const struct option_row *row = &option_table[i];
                json_t *value = NULL;
                uint64_t n = 0;

                if (!row->standard)
                        continue;
                if (row->kind == OPTION_BOOL)
                        value = json_boolean(strcmp(row->standard, "true") == 0);
                else if (row->kind == OPTION_LIST || row->kind == OPTION_GROUPS)
                        value = json_array();
                else if (row->kind == OPTION_TEXT || row->kind == OPTION_CHOICE)
                        value = json_string(row->standard);
                else if (row->kind == OPTION_DURATION)
                        assert(duration_parse(&n, row->standard, NULL) == 0);
                else
                        assert(bytes_parse(&n, row->standard, NULL) == 0);
                if (!value)
                        value = json_integer((json_int_t) n);
                if (json_object_set_new(o->values, row->path, value) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int options_load_file(struct options **ret_options, const char *path, struct err *err)
{
        _cleanup_(options_freep) struct options *o = calloc(1, sizeof(*o));
        int e;

        if (!o)
                return err_set(err, -ENOMEM, "out of memory");
        o->values = json_object();
        o->origins = json_object();
        e = o->values && o->origins ? standards_set(o) : -ENOMEM;
        if (e == 0 && path)
                e = file_read_options(o, path, err);
        if (e == 0 && path)
                e = folder_read(o, path, err);
        if (e == -ENOMEM)
                return err_set(err, e, "out of memory");
        if (e < 0)
                return e;

        *ret_options = TAKE(o);
        return 0;
}

int options_load(struct options **ret_options, struct err *err)
{
        const char *named = getenv("LINHAY_CONFIG");

        if (named && *named)
                return options_load_file(ret_options, named, err);
        return options_load_file(ret_options, access(MAIN_FILE, F_OK) == 0 ? MAIN_FILE : NULL, err);
}

static const json_t *value_of(const struct options *o, const char *path)
{
        assert(row_find(path));
        return json_object_get(o->values, path);
}

bool options_bool(const struct options *o, const char *path)
{
        return json_is_true(value_of(o, path));
}

const char *options_text(const struct options *o, const char *path)
{
        return json_string_value(value_of(o, path));
}

uint64_t options_number(const struct options *o, const char *path, uint64_t otherwise)
{
        const json_t *value = value_of(o, path);

        return value ? (uint64_t) json_integer_value(value) : otherwise;
}

const json_t *options_list(const struct options *o, const char *path)
{
        return value_of(o, path);
}

bool options_same(const struct options *a, const struct options *b, const char *path)
{
        const json_t *one = value_of(a, path), *other = value_of(b, path);

        return one && other ? json_equal(one, other) : one == other;
}

const char *options_origin(const struct options *o, const char *path)
{
        const char *origin = json_string_value(json_object_get(o->origins, path));

        return origin ? origin : "default";
}

/* "sandbox.require" -> opens and closes groups until the row stands in its own. */
static int group_move(struct buf *out, char *at, size_t size, const char *path)
{
        size_t n = (size_t) (strrchr(path, '.') - path);
        int r = 0;

        if (strlen(at) == n && strncmp(at, path, n) == 0)
                return 0;
        for (const char *p = at; *p && r == 0; p++)
                if (*p == '.')
                        r = buf_puts(out, "} ");
        if (r == 0 && *at)
                r = buf_puts(out, "};\n\n");
        (void) snprintf(at, size, "%.*s", (int) n, path);
        for (char *p = at, *dot; r == 0 && *p; p = dot) {
                dot = strchrnul(p, '.');
                r = buf_printf(out, "%.*s = {%s", (int) (dot - p), p, *dot ? " " : "\n");
                dot += *dot == '.';
        }
        return r;
}

/* One option with its help; without a default it is a comment that shows how to write it. */
static int row_write(struct buf *out, const struct option_row *row)
{
        const char *name = strrchr(row->path, '.') + 1;
        const char *quote = kinds[row->kind].is_quoted ? "\"" : "";
        int r = buf_printf(out, "  # %s\n", row->help);

        if (r < 0)
                return r;
        if (row->kind == OPTION_LIST || row->kind == OPTION_GROUPS)
                return buf_printf(out, "  %s = %s;\n", name, kinds[row->kind].example);
        if (row->standard)
                return buf_printf(out, "  %s = %s%s%s;\n", name, quote, row->standard, quote);
        return buf_printf(out, "  # %s = %s;\n", name, kinds[row->kind].example);
}

int options_sample(struct buf *out)
{
        char at[64] = "";
        int r = 0;

        for (size_t i = 0; i < option_count && r == 0; i++) {
                r = group_move(out, at, sizeof(at), option_table[i].path);
                if (r == 0)
                        r = row_write(out, &option_table[i]);
        }
        for (const char *p = at; *p && r == 0; p++)
                if (*p == '.')
                        r = buf_puts(out, "} ");
        return r < 0 ? r : buf_puts(out, "};\n");
}
