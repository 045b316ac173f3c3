/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/speech.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/json.h"

#define LIST_MAX    64
#define MEMBERS_MAX 14

#define ENVIRONMENT_INPUTS_MAX 64
#define ENVIRONMENT_VALUE_MAX  8192 /* bytes of one; longer ones are in the first line only */

enum kind { KIND_TEXT, KIND_COUNT, KIND_LIST, KIND_ANY };

static const char *const kind_words[] = { "a string", "a whole number, 0 or more",
                                          "a list of strings", "a value" };

struct member {
        const char *name;
        enum kind kind;
        bool is_required;
};

struct message {
        const char *type;
        int (*take)(struct speech *sp, const json_t *j, struct err *err);
        struct member members[MEMBERS_MAX];
};

/* --- words ---------------------------------------------------------------------------------- */

static const char *text_of(const json_t *j, const char *name)
{
        return json_string_value(json_object_get(j, name));
}

static uint64_t count_of(const json_t *j, const char *name)
{
        return (uint64_t) json_integer_value(json_object_get(j, name));
}

static uint32_t place_of(const json_t *j, const char *name)
{
        return (uint32_t) MIN_OF(count_of(j, name), (uint64_t) UINT32_MAX);
}

struct word {
        const char *name;
        int value;
};

static int word_find(const struct word *words, size_t n, const char *member, const char *text,
                     int *ret, struct err *err)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(words[i].name, text) == 0) {
                        *ret = words[i].value;
                        return 0;
                }
        return err_set(err, -EPROTO, "\"%.40s\" is no %s", text, member);
}

static int refused(int r, const char *what, struct err *err)
{
        if (r >= 0)
                return 0;
        return r == -ENOMEM ? r : err_sys(err, r, "%s is refused", what);
}

/* --- messages ------------------------------------------------------------------------------- */

static int take_log(struct speech *sp, const json_t *j, struct err *err)
{
        static const struct word levels[] = { { "debug", LINHAY_DEBUG },
                                              { "info", LINHAY_INFO },
                                              { "warning", LINHAY_WARNING },
                                              { "error", LINHAY_ERROR } };
        const char *name = text_of(j, "level"), *text = text_of(j, "text");
        int level = LINHAY_INFO, r = 0;

        if (name)
                r = word_find(levels, ARRAY_SIZE(levels), "level", name, &level, err);
        if (r == 0)
                linhay_log(&sp->service->run, (enum linhay_level) level, "%s", text);
        return r;
}

static int take_progress(struct speech *sp, const json_t *j, struct err *err)
{
        int r = linhay_progress(&sp->service->run, count_of(j, "done"), count_of(j, "total"),
                                text_of(j, "note"));

        return refused(r, "progress", err);
}

static void list_fill(const char *ret[LIST_MAX + 1], const json_t *list)
{
        size_t n = MIN_OF(json_array_size(list), (size_t) LIST_MAX);

        for (size_t i = 0; i < n; i++)
                ret[i] = json_string_value(json_array_get(list, i));
        ret[n] = NULL;
}

static int take_finding(struct speech *sp, const json_t *j, struct err *err)
{
        static const struct word severities[] = { { "info", LINHAY_SEVERITY_INFO },
                                                  { "low", LINHAY_SEVERITY_LOW },
                                                  { "medium", LINHAY_SEVERITY_MEDIUM },
                                                  { "high", LINHAY_SEVERITY_HIGH },
                                                  { "critical", LINHAY_SEVERITY_CRITICAL } };
        const char *cwe[LIST_MAX + 1], *tags[LIST_MAX + 1];
        int severity = LINHAY_SEVERITY_INFO, r;

        list_fill(cwe, json_object_get(j, "cwe"));
        list_fill(tags, json_object_get(j, "tags"));
        r = word_find(severities, ARRAY_SIZE(severities), "severity", text_of(j, "severity"),
                      &severity, err);
        if (r < 0)
                return r;
        r = linhay_finding(
                &sp->service->run,
                &LINHAY_FINDING(.rule = text_of(j, "rule"), .severity = (uint32_t) severity,
                                .message = text_of(j, "message"), .path = text_of(j, "path"),
                                .line = place_of(j, "line"), .column = place_of(j, "column"),
                                .end_line = place_of(j, "end_line"),
                                .end_column = place_of(j, "end_column"),
                                .excerpt = text_of(j, "excerpt"),
                                .fingerprint = text_of(j, "fingerprint"), .fix = text_of(j, "fix"),
                                .cwe = cwe, .tags = tags));
        return r == -EINVAL ? err_set(err, -EPROTO, "its \"rule\" or its \"message\" is empty")
                            : refused(r, "the finding", err);
}

/* A file of the program's, too large for a line; it is opened with the program's own rights. */
static int file_take(const struct speech *sp, struct buf *ret, const char *path, enum limit limit,
                     struct err *err)
{
        struct service *s = sp->service;
        int r;

        *ret = BUF_LIMIT((size_t) MIN_OF(s->limits->value[limit], (uint64_t) SIZE_MAX / 4));
        r = file_read(path, ret, err);
        if (r == -EFBIG)
                s->overflowed = limit_table[limit].name;
        return r == -ENOMEM || r >= 0 ? r : err_wrap(err, r, "the file of a message");
}

static int take_artifact(struct speech *sp, const json_t *j, struct err *err)
{
        struct service *s = sp->service;
        const char *text = text_of(j, "text"), *path = text_of(j, "path");
        _cleanup_(buf_done) struct buf file = { 0 };
        int r = 0;

        if (!text == !path)
                return err_set(err, -EPROTO, "an artifact has either \"text\" or \"path\"");
        if (path)
                r = file_take(sp, &file, path, LIMIT_ARTIFACTS, err);
        if (r < 0)
                return r;
        r = linhay_artifact(&s->run, text_of(j, "name"), text_of(j, "media_type"),
                            path ? buf_text(&file) : text,
                            path ? file.length : json_string_length(json_object_get(j, "text")));
        return r == -EINVAL ? err_set(err, -EPROTO,
                                      "its \"name\" must be 1 to 128 of A-Z a-z 0-9 . _ -, and its "
                                      "\"media_type\" no longer than 255 bytes")
                            : refused(r, "the artifact", err);
}

static int take_spend(struct speech *sp, const json_t *j, struct err *err)
{
        int r = linhay_spend(&sp->service->run, text_of(j, "unit"), count_of(j, "amount"));

        return refused(r, "the cost", err);
}

static int output_set(struct speech *sp, const char *text, size_t length, struct err *err)
{
        return refused(linhay_output(&sp->service->run, text, length), "the output", err);
}

static int take_output(struct speech *sp, const json_t *j, struct err *err)
{
        const json_t *value = json_object_get(j, "value");
        const char *path = text_of(j, "path");
        _cleanup_(buf_done) struct buf file = { 0 };
        _cleanup_(freep) char *text = NULL;
        int r;

        if (!value == !path)
                return err_set(err, -EPROTO, "an output has either \"value\" or \"path\"");
        if (sp->has_output)
                return err_set(err, -EPROTO, "there is an output already");
        sp->has_output = true;
        if (path) {
                r = file_take(sp, &file, path, LIMIT_OUTPUT, err);
                return r < 0 ? r : output_set(sp, buf_text(&file), file.length, err);
        }
        text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
        return text ? output_set(sp, text, strlen(text), err) : -ENOMEM;
}

static int take_fail(struct speech *sp, const json_t *j, struct err *err)
{
        static const struct word classes[] = { { "internal", LINHAY_FAIL_INTERNAL },
                                               { "input", LINHAY_FAIL_INPUT },
                                               { "transient", LINHAY_FAIL_TRANSIENT },
                                               { "limit", LINHAY_FAIL_LIMIT } };
        const char *name = text_of(j, "class");
        int fail_class = LINHAY_FAIL_INTERNAL, r = 0;

        if (name)
                r = word_find(classes, ARRAY_SIZE(classes), "class", name, &fail_class, err);
        if (r == 0)
                (void) linhay_fail(&sp->service->run, (enum linhay_fail) fail_class,
                                   text_of(j, "code"), "%s", text_of(j, "message"));
        return r;
}

static const struct message messages[] = {
        { "log", take_log, { { "text", KIND_TEXT, true }, { "level", KIND_TEXT, false } } },
        { "progress",
          take_progress,
          { { "done", KIND_COUNT, true },
            { "total", KIND_COUNT, false },
            { "note", KIND_TEXT, false } } },
        { "finding",
          take_finding,
          { { "rule", KIND_TEXT, true },
            { "severity", KIND_TEXT, true },
            { "message", KIND_TEXT, true },
            { "path", KIND_TEXT, false },
            { "line", KIND_COUNT, false },
            { "column", KIND_COUNT, false },
            { "end_line", KIND_COUNT, false },
            { "end_column", KIND_COUNT, false },
            { "excerpt", KIND_TEXT, false },
            { "fingerprint", KIND_TEXT, false },
            { "fix", KIND_TEXT, false },
            { "cwe", KIND_LIST, false },
            { "tags", KIND_LIST, false } } },
        { "artifact",
          take_artifact,
          { { "name", KIND_TEXT, true },
            { "media_type", KIND_TEXT, false },
            { "text", KIND_TEXT, false },
            { "path", KIND_TEXT, false } } },
        { "spend", take_spend, { { "unit", KIND_TEXT, true }, { "amount", KIND_COUNT, true } } },
        { "output", take_output, { { "value", KIND_ANY, false }, { "path", KIND_TEXT, false } } },
        { "fail",
          take_fail,
          { { "message", KIND_TEXT, true },
            { "code", KIND_TEXT, true },
            { "class", KIND_TEXT, false } } },
};

/* --- the table -------------------------------------------------------------------------------- */

static bool is_list_of_text(const json_t *value)
{
        json_t *item;
        size_t i;

        json_array_foreach (value, i, item) {
                if (!json_is_string(item))
                        return false;
        }
        return json_is_array(value) && i <= LIST_MAX;
}

static bool value_is(const json_t *value, enum kind kind)
{
        switch (kind) {
        case KIND_TEXT:
                return json_is_string(value);
        case KIND_COUNT:
                return json_is_integer(value) && json_integer_value(value) >= 0;
        case KIND_LIST:
                return is_list_of_text(value);
        case KIND_ANY:
                break;
        }
        return true;
}

static const struct member *member_find(const struct message *m, const char *name)
{
        for (size_t i = 0; i < MEMBERS_MAX && m->members[i].name; i++)
                if (strcmp(m->members[i].name, name) == 0)
                        return &m->members[i];
        return NULL;
}

static int members_check(const struct message *m, const json_t *j, struct err *err)
{
        const char *name;
        json_t *value;

        json_object_foreach ((json_t *) j, name, value) {
                const struct member *known = member_find(m, name);

                if (strcmp(name, "type") == 0)
                        continue;
                if (!known)
                        return err_set(err, -EPROTO, "it has a member \"%.40s\"", name);
                if (!value_is(value, known->kind))
                        return err_set(err, -EPROTO, "its \"%s\" is not %s", name,
                                       kind_words[known->kind]);
        }
        for (size_t i = 0; i < MEMBERS_MAX && m->members[i].name; i++)
                if (m->members[i].is_required && !json_object_get(j, m->members[i].name))
                        return err_set(err, -EPROTO, "it has no \"%s\"", m->members[i].name);
        return 0;
}

static int message_take(struct speech *sp, const char *line, size_t length, struct err *err)
{
        _cleanup_(json_decrefp) json_t *j = NULL;
        const char *type;
        int r;

        if (length > SPEECH_LINE_MAX)
                return err_set(err, -EPROTO, "the program sent a line that is longer than 1 MiB");
        r = json_text_load(&j, line, length, "a line of the program", err);
        if (r < 0)
                return r;
        type = json_is_object(j) ? text_of(j, "type") : NULL;
        if (!type)
                return err_set(err, -EPROTO, "the program sent a line that is no message");
        for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
                if (strcmp(messages[i].type, type) == 0) {
                        r = members_check(&messages[i], j, err);
                        if (r == 0)
                                r = messages[i].take(sp, j, err);
                        return r < 0 ? err_wrap(err, r, "the program's message \"%s\"", type) : 0;
                }
        return err_set(err, -EPROTO, "there is no message of type \"%.40s\"", type);
}

int speech_take(struct speech *sp, const char *line, size_t length, struct err *err)
{
        int r = message_take(sp, line, length, err);

        if (r < 0 && r != -ENOMEM && sp->service->n_secrets)
                return err_set(err, r,
                               "the program sent a message that is refused; what is wrong is not "
                               "shown, because the agent has secrets");
        return r;
}

/* --- to the program --------------------------------------------------------------------------- */

void speech_init(struct speech *sp, struct service *s)
{
        *sp = (struct speech){ .service = s };
}

static int line_add(struct buf *out, const json_t *j)
{
        _cleanup_(freep) char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;

        if (!text || buf_puts(out, text) < 0)
                return -ENOMEM;
        return buf_putc(out, '\n');
}

int speech_secret_fd(size_t i)
{
        return SPEECH_FD + 1 + (int) i;
}

int speech_file_fd(const struct service *s, size_t i)
{
        return speech_secret_fd(s->n_secrets + i);
}

int speech_start(const struct speech *sp, struct buf *out)
{
        const struct service *s = sp->service;
        _cleanup_(json_decrefp) json_t *j = NULL;
        json_t *files = json_object(), *secrets = json_object();

        for (size_t i = 0; i < s->n_files; i++)
                (void) json_object_set_new(files, s->files[i].pointer,
                                           json_integer(speech_file_fd(s, i)));
        for (size_t i = 0; i < s->n_secrets; i++)
                (void) json_object_set_new(secrets, s->secrets[i].name,
                                           json_integer(speech_secret_fd(i)));
        j = json_pack("{s:s, s:i, s:s, s:O, s:s?, s:o, s:o}", "type", "start", "protocol",
                      SPEECH_PROTOCOL, "action", s->action, "input", s->input, "workspace",
                      s->workspace_fd >= 0 ? "/work" : NULL, "files", files, "secrets", secrets);
        return line_add(out, j);
}

int speech_cancel(struct buf *out)
{
        return buf_puts(out, "{\"type\":\"cancel\"}\n");
}

/* --- environment -------------------------------------------------------------------------------
 */

static bool name_is_plain(const char *name)
{
        static const char letters[] =
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

        return strspn(name, letters) == strlen(name);
}

/* "LINHAY_INPUT_name=value"; *ret is NULL where the value is not plain. */
static int value_print(char **ret, const char *name, const json_t *value)
{
        _cleanup_(freep) char *text = NULL;

        *ret = NULL;
        if (!name_is_plain(name) || json_is_object(value) || json_is_array(value) ||
            json_is_null(value) || json_string_length(value) > ENVIRONMENT_VALUE_MAX)
                return 0;
        text = json_is_string(value) ? strdup(json_string_value(value))
                                     : json_dumps(value, JSON_ENCODE_ANY);
        if (!text || asprintf(ret, "LINHAY_INPUT_%s=%s", name, text) < 0)
                return -ENOMEM;
        return 0;
}

/* "LINHAY_SECRETS=TOKEN:4 OTHER:5": names hold neither blanks nor colons. */
static char *secrets_print(const struct service *s)
{
        _cleanup_(buf_done) struct buf text = { 0 };
        int r = buf_puts(&text, "LINHAY_SECRETS=");

        for (size_t i = 0; i < s->n_secrets && r == 0; i++)
                r = buf_printf(&text, "%s%s:%d", i ? " " : "", s->secrets[i].name,
                               speech_secret_fd(i));
        return r < 0 ? NULL : buf_take(&text);
}

char **speech_environment(const struct speech *sp)
{
        static const char *const settled[] = { "PATH=/usr/bin:/bin", "HOME=/tmp", "TMPDIR=/tmp" };
        const struct service *s = sp->service;
        size_t n = 0, most = ARRAY_SIZE(settled) + ENVIRONMENT_INPUTS_MAX + 3;
        char **list = calloc(most + 1, sizeof(*list));
        const char *name;
        json_t *value;

        if (!list)
                return NULL;
        for (size_t i = 0; i < ARRAY_SIZE(settled); i++)
                list[n++] = (char *) settled[i];
        if (asprintf(&list[n++], "LINHAY_ACTION=%s", s->action) < 0 ||
            asprintf(&list[n++], "LINHAY_WORKSPACE=%s", s->workspace_fd >= 0 ? "/work" : "") < 0)
                return NULL;
        list[n++] = secrets_print(s);
        if (!list[n - 1])
                return NULL;
        json_object_foreach (s->input, name, value) {
                if (n == most)
                        break;
                if (value_print(&list[n], name, value) < 0)
                        return NULL;
                n += list[n] != NULL;
        }
        return list;
}
