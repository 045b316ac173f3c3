/* SPDX-License-Identifier: Apache-2.0 */
#include "fakehost.h"

#include <dlfcn.h>

#include "base/utf8.h"

#include "test.h"

#define FINDING_HAS(f, member)                                                                     \
        ((f)->size >= offsetof(struct linhay_finding, member) + sizeof((f)->member))

static struct fakehost *host_of(struct linhay_run *r)
{
        return (struct fakehost *) r;
}

static void must(bool ok, const char *what)
{
        if (!ok)
                fail_msg("fake host: %s", what);
}

static char *copy_text(const char *text)
{
        char *copy = strdup(text ? text : "");

        must(copy, "out of memory");
        return copy;
}

/* A JSON string of bytes that need not be UTF-8; NULL becomes null. */
static json_t *json_clean(const char *text)
{
        _cleanup_(buf_done) struct buf b = { 0 };
        json_t *value;

        if (!text)
                return json_null();
        must(utf8_clean(&b, text, strlen(text), true) == 0, "out of memory");
        value = json_string(buf_text(&b));
        must(value, "utf8_clean() left invalid UTF-8");
        return value;
}

static json_t *json_list(const char *const *list)
{
        json_t *array = json_array();

        for (; list && *list; list++)
                (void) json_array_append_new(array, json_clean(*list));
        return array;
}

static void service_log(struct linhay_run *r, int level, const char *text, size_t length)
{
        static const char *const names[] = {
                [LINHAY_ERROR] = "error",
                [LINHAY_WARNING] = "warning",
                [LINHAY_INFO] = "info",
                [LINHAY_DEBUG] = "debug",
        };
        struct fakehost *host = host_of(r);
        const char *name = level >= 0 && (size_t) level < ARRAY_SIZE(names) ? names[level] : NULL;

        must(buf_printf(&host->logs, "%s: %.*s\n", name ? name : "?", (int) length, text) == 0,
             "out of memory");
}

static int service_progress(struct linhay_run *r, uint64_t done, uint64_t total, const char *note)
{
        (void) total;
        (void) note;
        if (host_of(r)->preparing)
                return -EPERM;
        host_of(r)->progress = done;
        return 0;
}

/* The value at a pointer: 0, -EPERM while preparing, -ENOENT. */
static int input_get(struct linhay_run *r, const char *pointer, json_t **ret)
{
        struct fakehost *host = host_of(r);
        json_t *value;

        if (host->preparing)
                return -EPERM;
        value = json_pointer_get(host->input, pointer);
        if (!value)
                return -ENOENT;
        *ret = value;
        return 0;
}

static int service_input(struct linhay_run *r, const char *pointer, const char **ret_json,
                         size_t *ret_length)
{
        struct fakehost *host = host_of(r);
        _cleanup_(freep) char *text = NULL;
        struct buf *texts, *kept;
        json_t *value;
        int code;

        code = input_get(r, pointer, &value);
        if (code < 0)
                return code;
        text = json_canonical(value);
        must(text != NULL, "out of memory");
        texts = reallocarray(host->texts, host->n_texts + 1, sizeof(*texts));
        must(texts != NULL, "out of memory");
        host->texts = texts;
        kept = &texts[host->n_texts++];
        *kept = (struct buf){ 0 };
        must(buf_puts(kept, text) == 0, "out of memory");

        *ret_json = kept->data;
        if (ret_length)
                *ret_length = kept->length;
        return 0;
}

static int service_input_string(struct linhay_run *r, const char *pointer, const char **ret_text,
                                size_t *ret_length)
{
        json_t *value;
        int code;

        code = input_get(r, pointer, &value);
        if (code < 0)
                return code;
        if (!json_is_string(value))
                return -EINVAL;
        *ret_text = json_string_value(value);
        if (ret_length)
                *ret_length = json_string_length(value);
        return 0;
}

static int service_input_int(struct linhay_run *r, const char *pointer, int64_t *ret)
{
        json_t *value;
        int code;

        code = input_get(r, pointer, &value);
        if (code < 0)
                return code;
        if (!json_is_integer(value))
                return -EINVAL;
        *ret = json_integer_value(value);
        return 0;
}

static int service_input_real(struct linhay_run *r, const char *pointer, double *ret)
{
        json_t *value;
        int code;

        code = input_get(r, pointer, &value);
        if (code < 0)
                return code;
        if (!json_is_number(value))
                return -EINVAL;
        *ret = json_number_value(value);
        return 0;
}

static int service_input_bool(struct linhay_run *r, const char *pointer, int *ret)
{
        json_t *value;
        int code;

        code = input_get(r, pointer, &value);
        if (code < 0)
                return code;
        if (!json_is_boolean(value))
                return -EINVAL;
        *ret = json_is_true(value);
        return 0;
}

static int service_input_fd(struct linhay_run *r, const char *pointer)
{
        struct fakehost *host = host_of(r);

        if (host->preparing)
                return -EPERM;
        for (size_t i = 0; i < host->n_files; i++)
                if (strcmp(host->files[i].pointer, pointer) == 0)
                        return host->files[i].fd;
        return -ENOENT;
}

static int service_output(struct linhay_run *r, const char *json, size_t length)
{
        struct fakehost *host = host_of(r);
        struct err err = { 0 };
        json_t *value;

        if (host->preparing)
                return -EPERM;
        if (json_text_load(&value, json, length, "output", &err) < 0)
                fail_msg("the agent's output is not JSON: %s", err_text(&err));
        json_decref(host->output);
        host->output = value;
        return 0;
}

static json_t *finding_json(const struct linhay_finding *f)
{
        static const char *const severities[] = { "info", "low", "medium", "high", "critical" };

        must(f->severity < ARRAY_SIZE(severities), "a finding of an unknown severity");
        return json_pack("{s:o, s:s, s:o, s:o, s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o}",
                         "rule", json_clean(f->rule), "severity", severities[f->severity],
                         "message", json_clean(f->message), "path", json_clean(f->path), "line",
                         (int) f->line, "column", (int) f->column, "end_line", (int) f->end_line,
                         "end_column", (int) f->end_column, "excerpt", json_clean(f->excerpt),
                         "fingerprint", json_clean(f->fingerprint), "fix", json_clean(f->fix),
                         "cwe", json_list(f->cwe), "tags", json_list(f->tags));
}

static int service_finding(struct linhay_run *r, const struct linhay_finding *finding)
{
        struct fakehost *host = host_of(r);
        json_t *value;

        if (host->preparing)
                return -EPERM;
        must(FINDING_HAS(finding, tags), "a finding without its size: use LINHAY_FINDING()");
        if (!finding->rule || !finding->message)
                return -EINVAL;
        if (host->finding_limit && json_array_size(host->findings) >= host->finding_limit)
                return -E2BIG;
        value = finding_json(finding);
        must(value && json_array_append_new(host->findings, value) == 0, "out of memory");
        return 0;
}

static bool artifact_name_is_valid(const char *name)
{
        size_t n =
                strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

        return n >= 1 && n <= 128 && !name[n];
}

static int service_artifact(struct linhay_run *r, const char *name, const char *media_type,
                            const void *data, size_t length)
{
        struct fakehost *host = host_of(r);
        struct fakehost_artifact *artifacts, *a;

        if (host->preparing)
                return -EPERM;
        if (!artifact_name_is_valid(name))
                return -EINVAL;
        artifacts = reallocarray(host->artifacts, host->n_artifacts + 1, sizeof(*artifacts));
        must(artifacts != NULL, "out of memory");
        host->artifacts = artifacts;
        a = &artifacts[host->n_artifacts++];
        *a = (struct fakehost_artifact){ .name = copy_text(name),
                                         .media_type = copy_text(media_type) };
        must(buf_add(&a->data, data, length) == 0, "out of memory");
        return 0;
}

static int service_workspace(struct linhay_run *r)
{
        struct fakehost *host = host_of(r);

        if (host->preparing)
                return -EPERM;
        return host->workspace >= 0 ? host->workspace : -ENOENT;
}

static int service_secret(struct linhay_run *r, const char *name, const void **ret_data,
                          size_t *ret_length)
{
        struct fakehost *host = host_of(r);
        json_t *value;

        if (host->preparing)
                return -EPERM;
        value = json_object_get(host->secrets, name);
        if (!value)
                return -ENOENT;
        *ret_data = json_string_value(value);
        *ret_length = json_string_length(value);
        return 0;
}

/* A truth value: nothing can be cancelled before it runs, and -EPERM would read as "yes". */
static int service_cancelled(struct linhay_run *r)
{
        struct fakehost *host = host_of(r);

        return !host->preparing && host->cancelled;
}

static int service_spend(struct linhay_run *r, const char *unit, uint64_t amount)
{
        struct fakehost *host = host_of(r);
        json_int_t sum;

        if (host->preparing)
                return -EPERM;
        sum = json_integer_value(json_object_get(host->spent, unit)) + (json_int_t) amount;
        must(json_object_set_new(host->spent, unit, json_integer(sum)) == 0, "out of memory");
        return 0;
}

static int service_fail(struct linhay_run *r, int fail_class, const char *code, const char *message)
{
        struct fakehost *host = host_of(r);

        free(host->fail_code);
        free(host->fail_message);
        host->failed = true;
        host->fail_class = fail_class;
        host->fail_code = copy_text(code);
        host->fail_message = copy_text(message);
        return 0;
}

static int service_key(struct linhay_run *r, unsigned char *ret)
{
        struct fakehost *host = host_of(r);

        if (host->preparing)
                return -EPERM;
        if (!host->key)
                return -ENOENT;
        memcpy(ret, host->key, LINHAY_KEY);
        return 0;
}

static int service_granted(struct linhay_run *r, const char *group)
{
        const struct fakehost *host = (const struct fakehost *) r;

        return host->granted && strcmp(host->granted, group) == 0;
}

static const struct linhay_services services = {
        .size = sizeof(services),
        .abi = LINHAY_ABI,
        .log = service_log,
        .progress = service_progress,
        .input = service_input,
        .input_string = service_input_string,
        .input_int = service_input_int,
        .input_real = service_input_real,
        .input_bool = service_input_bool,
        .input_fd = service_input_fd,
        .output = service_output,
        .finding = service_finding,
        .artifact = service_artifact,
        .workspace = service_workspace,
        .secret = service_secret,
        .cancelled = service_cancelled,
        .spend = service_spend,
        .fail = service_fail,
        .key = service_key,
        .granted = service_granted,
};

void fakehost_init(struct fakehost *host, const char *action, const char *input)
{
        const char *text = input ? input : "{}";
        struct err err = { 0 };

        *host = (struct fakehost){
                .run = { .size = sizeof(host->run), .services = &services },
                .action = action,
                .workspace = -1,
                .findings = json_array(),
                .spent = json_object(),
        };
        if (json_text_load(&host->input, text, strlen(text), "the test's input", &err) < 0)
                fail_msg("%s", err_text(&err));
}

void fakehost_done(struct fakehost *host)
{
        for (size_t i = 0; i < host->n_artifacts; i++) {
                free(host->artifacts[i].name);
                free(host->artifacts[i].media_type);
                buf_done(&host->artifacts[i].data);
        }
        for (size_t i = 0; i < host->n_texts; i++)
                buf_done(&host->texts[i]);
        free(host->artifacts);
        free(host->texts);
        free(host->fail_code);
        free(host->fail_message);
        buf_done(&host->logs);
        json_decref(host->input);
        json_decref(host->secrets);
        json_decref(host->output);
        json_decref(host->findings);
        json_decref(host->spent);
        *host = (struct fakehost){ .workspace = -1 };
}

static void agent_check(const struct linhay_agent *agent)
{
        must(agent, "no descriptor");
        must(agent->magic == LINHAY_MAGIC, "the descriptor has another magic");
        must(agent->abi == LINHAY_ABI, "the descriptor has another ABI");
        must(agent->size >= sizeof(*agent) && agent->run,
             "the descriptor is too short or has no run");
}

int fakehost_run(struct fakehost *host, const struct linhay_agent *agent)
{
        int code;

        agent_check(agent);
        if (agent->prepare) {
                host->preparing = true;
                host->run.action = NULL;
                code = agent->prepare(&host->run);
                host->preparing = false;
                if (code != 0 || host->failed)
                        return code != 0 ? code : -1;
        }
        for (size_t i = 0; i < host->n_files; i++)
                (void) lseek(host->files[i].fd, 0, SEEK_SET);

        host->run.action = host->action;
        code = agent->run(&host->run);
        return code == 0 && host->failed ? -1 : code;
}

const struct linhay_agent *fakehost_load(const char *path)
{
        const struct linhay_agent *(*get)(void);
        _cleanup_(freep) char *full = NULL;
        void *handle;

        must(asprintf(&full, "%s/%s", test_builddir(), path) >= 0, "out of memory");
        handle = dlopen(full, RTLD_NOW | RTLD_LOCAL);
        if (!handle)
                fail_msg("%s", dlerror());
        *(void **) &get = dlsym(handle, "linhay_agent");
        must(get, "the agent does not export linhay_agent");
        return get();
}
