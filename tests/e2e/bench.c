/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include "base/io.h"
#include "flow/flow.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

static char *below(const char *dir, const char *name)
{
        char *path;

        assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
        return path;
}

void bench_init(struct bench *b)
{
        const char *tmp = getenv("TMPDIR");
        char *agents;

        *b = (struct bench){ 0 };
        assert_true(asprintf(&b->dir, "%s/linhay-bench-XXXXXX", tmp ? tmp : "/tmp") > 0);
        assert_non_null(mkdtemp(b->dir));
        b->store_dir = below(b->dir, "store");
        b->tree = below(b->dir, "tree");
        assert_int_equal(mkdir(b->tree, 0755), 0);
        bench_write(b, "a.txt", "one\n");
        agents = below(test_builddir(), "tests/e2e/agents");
        assert_int_equal(setenv("LINHAY_AGENT_PATH", agents, 1), 0);
        assert_int_equal(setenv("XDG_STATE_HOME", b->dir, 1), 0);
        free(agents);
        b->options = (struct engine_options){ .identity = { 1000, "ada" }, .seed = 1 };
        b->events = json_array();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void) st;
        (void) type;
        (void) ftw;
        return remove(path);
}

void bench_done(struct bench *b)
{
        bench_close(b);
        (void) nftw(b->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        json_decref(b->events);
        json_decref(b->document);
        free(b->tree);
        free(b->store_dir);
        free(b->dir);
}

static int inspect(void *user, int fd, char **ret, size_t *ret_length, struct err *err)
{
        return sandbox_inspect(user, fd, ret, ret_length, err);
}

static void on_event(void *user, const json_t *event)
{
        struct bench *b = user;

        json_array_append(b->events, (json_t *) event);
        if (b->on_event)
                b->on_event(b, event);
}

#define assert_ok(call, err)                                                                       \
        do {                                                                                       \
                if ((call) < 0)                                                                    \
                        fail_msg("%s: %s", #call, err_text(&(err)));                               \
        } while (0)

void bench_open(struct bench *b)
{
        struct store_options options = { 0 };
        _cleanup_(freep) char *program = below(test_builddir(), "linhay-cell");
        struct sandbox_options sandbox = { .cell_path = program, .require = TIER_NO_USERNS };
        struct err err = { 0 };

        assert_int_equal(loop_new(&b->loop), 0);
        assert_ok(sandbox_new(&b->sandbox, b->loop, &sandbox, &err), err);
        assert_ok(store_open(&b->store, b->store_dir, &options, &err), err);
        assert_int_equal(store_attach(b->store, b->loop), 0);
        assert_int_equal(catalog_new(&b->catalog, inspect, b->sandbox), 0);
        b->options.on_event = on_event;
        b->options.user = b;
        assert_ok(engine_new(&b->engine, b->loop, b->store, b->sandbox, b->catalog, &b->options,
                             &err),
                  err);
}

void bench_close(struct bench *b)
{
        b->engine = engine_free(b->engine);
        b->catalog = catalog_free(b->catalog);
        b->store = store_free(b->store);
        b->sandbox = sandbox_free(b->sandbox);
        b->loop = loop_free(b->loop);
}

static json_t *json_of(const char *text)
{
        char *copy = strdup(text);
        struct err err = { 0 };
        json_t *json = NULL;

        for (char *p = copy; *p; p++)
                if (*p == '\'')
                        *p = '"';
        assert_ok(json_text_load(&json, copy, strlen(copy), "test", &err), err);
        free(copy);
        return json;
}

void bench_submit(struct bench *b, const char *flow, const char *inputs)
{
        struct engine_request request = { .workspace = b->tree };
        json_t *definition = json_of(flow), *values = inputs ? json_of(inputs) : NULL;
        struct err err = { 0 };

        assert_ok(flow_from_json(&request.flow, definition, &err), err);
        request.inputs = values;
        assert_ok(engine_submit(b->engine, &request, b->run, &err), err);
        json_decref(definition);
        json_decref(values);
}

void bench_look(struct bench *b)
{
        struct err err = { 0 };

        json_decref(b->document);
        b->document = NULL;
        assert_ok(store_run_document(b->store, b->run, STORE_DOC_FINDINGS, &b->document, &err),
                  err);
}

int bench_carry(struct bench *b)
{
        struct err err = { 0 };
        int status = engine_run_until_idle(b->engine, &err);

        assert_ok(status, err);
        bench_look(b);
        return status;
}

int bench_run(struct bench *b, const char *flow, const char *inputs)
{
        bench_submit(b, flow, inputs);
        return bench_carry(b);
}

json_t *bench_row(struct bench *b, const char *step, int item)
{
        json_t *row;
        size_t i;

        json_array_foreach (json_object_get(b->document, "steps"), i, row) {
                const json_t *number = json_object_get(row, "item");
                int n = json_is_integer(number) ? (int) json_integer_value(number) : -1;

                if (n == item && strcmp(json_string_value(json_object_get(row, "id")), step) == 0)
                        return row;
        }
        fail_msg("no row for %s (%d)", step, item);
        return NULL;
}

const char *bench_text(struct bench *b, const char *step, const char *key)
{
        const char *text = json_string_value(json_object_get(bench_row(b, step, -1), key));

        return text ? text : "";
}

void bench_state(struct bench *b, const char *step, const char *state)
{
        if (strcmp(bench_text(b, step, "state"), state) != 0)
                fail_msg("step %s is %s (%s), not %s", step, bench_text(b, step, "state"),
                         bench_text(b, step, "reason"), state);
}

void bench_run_state(struct bench *b, const char *state)
{
        assert_string_equal(json_string_value(json_object_get(b->document, "state")), state);
}

void bench_output(struct bench *b, const char *step, const char *json)
{
        json_t *output = json_object_get(bench_row(b, step, -1), "output");
        char *text = json_dumps(output, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);

        assert_string_equal(text, json);
        free(text);
}

size_t bench_attempts(struct bench *b, const char *step)
{
        return json_array_size(json_object_get(bench_row(b, step, -1), "attempts"));
}

const char *bench_file(struct bench *b, const char *name)
{
        static char text[65536];
        char *path = below(b->tree, name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

        free(path);
        closep(&fd);
        if (n < 0)
                return NULL;
        text[n] = '\0';
        return text;
}

void bench_write(struct bench *b, const char *name, const char *text)
{
        char *path = below(b->tree, name);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        assert_true(fd >= 0);
        assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
        closep(&fd);
        free(path);
}

size_t bench_events(struct bench *b, const char *type, const char *key, const char *value)
{
        json_t *event;
        size_t i, n = 0;

        json_array_foreach (b->events, i, event) {
                const char *text = key ? json_string_value(json_object_get(event, key)) : NULL;

                if (strcmp(json_string_value(json_object_get(event, "event")), type) == 0 &&
                    (!key || (text && strcmp(text, value) == 0)))
                        n++;
        }
        return n;
}
