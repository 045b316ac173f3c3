/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/tree.h"

#include "base/io.h"
#include "conf/lexer.h"

#include <fcntl.h>
#include <libconfig.h>
#include <string.h>

#define LINE_SHOWN     80                 /* bytes of a line that is in error */
#define TREE_BYTES_MAX (32 * 1024 * 1024) /* of all `_file`s of one tree */

struct reader {
        struct tree *tree;
        struct buf pointer;
        size_t limit; /* of one file */
        size_t left;  /* of all `_file`s */
        const struct lexer_ear *ear;
        struct err *err;
};

static int refuse(struct reader *r, const config_setting_t *s, const char *text)
{
        return err_set(r->err, -EBADMSG, "%s:%u: %s", r->tree->file,
                       (unsigned) config_setting_source_line(s), text);
}

static int line_note(struct reader *r, unsigned line)
{
        return json_object_set_new(r->tree->lines, buf_text(&r->pointer), json_integer(line)) < 0
                       ? -ENOMEM
                       : 0;
}

static void pointer_cut(struct reader *r, size_t length)
{
        r->pointer.length = length;
        if (r->pointer.data)
                r->pointer.data[length] = '\0';
}

/* The name as it was written: the lexer put a '*' before '_'. */
static const char *name_of(const config_setting_t *s)
{
        const char *name = config_setting_name(s);

        return name && *name == '*' ? name + 1 : name;
}

static int value_read(struct reader *r, const config_setting_t *s, json_t **ret);

static int items_read(struct reader *r, const config_setting_t *s, json_t *array)
{
        for (int i = 0; i < config_setting_length(s); i++) {
                size_t length = r->pointer.length;
                char token[16];
                json_t *item;
                int e;

                (void) snprintf(token, sizeof(token), "%d", i);
                e = json_pointer_add(&r->pointer, token);
                if (e == 0)
                        e = value_read(r, config_setting_get_elem(s, (unsigned) i), &item);
                if (e == 0 && json_array_append_new(array, item) < 0)
                        e = -ENOMEM;
                if (e < 0)
                        return e;
                pointer_cut(r, length);
        }
        return 0;
}

static int members_read(struct reader *r, const config_setting_t *s, json_t *object)
{
        for (int i = 0; i < config_setting_length(s); i++) {
                const config_setting_t *member = config_setting_get_elem(s, (unsigned) i);
                size_t length = r->pointer.length;
                json_t *value;
                int e;

                e = json_pointer_add(&r->pointer, name_of(member));
                if (e == 0)
                        e = value_read(r, member, &value);
                if (e == 0 && json_object_set_new(object, name_of(member), value) < 0)
                        e = -ENOMEM;
                if (e < 0)
                        return e;
                pointer_cut(r, length);
        }
        return 0;
}

static int null_read(struct reader *r, const config_setting_t *s, json_t **ret)
{
        if (config_setting_type(s) != CONFIG_TYPE_BOOL || !config_setting_get_bool(s))
                return refuse(r, s, "_null takes only true");
        *ret = json_null();
        return 0;
}

static int json_read(struct reader *r, const config_setting_t *s, json_t **ret)
{
        const char *text = config_setting_get_string(s);
        struct err why = { 0 };
        char place[600];

        if (!text)
                return refuse(r, s, "_json takes a string");
        (void) snprintf(place, sizeof(place), "%.500s:%d: _json", r->tree->file,
                        config_setting_source_line(s));
        if (json_text_load(ret, text, strlen(text), place, &why) < 0)
                return err_set(r->err, -EBADMSG, "%s", err_text(&why));
        return 0;
}

/* Opens beneath the folder of the file itself, so that a workflow cannot read what is elsewhere. */
static int beside_open(const struct tree *t, const char *name)
{
        const char *slash = strrchr(t->file, '/');
        _cleanup_(freep) char *folder =
                slash ? strndup(t->file, (size_t) (slash - t->file) + 1) : strdup(".");
        _cleanup_(closep) int dirfd = -1;

        if (!folder)
                return -ENOMEM;
        dirfd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return dirfd < 0 ? -errno : open_beneath(dirfd, name, O_RDONLY | O_NONBLOCK, 0);
}

static int file_read_json(struct reader *r, const config_setting_t *s, json_t **ret)
{
        const char *name = config_setting_get_string(s);
        _cleanup_(buf_done) struct buf text = BUF_LIMIT(MIN_OF(r->limit, r->left));
        _cleanup_(closep) int fd = -1;
        struct err why = { 0 };
        char message[600];
        int e;

        if (!name)
                return refuse(r, s, "_file takes the name of a file");
        fd = beside_open(r->tree, name);
        e = fd < 0 ? fd : fd_read_all(fd, &text);
        if (e == -EXDEV || e == -ELOOP)
                (void) snprintf(message, sizeof(message),
                                "_file \"%.200s\" leads out of this file's folder, or over a link",
                                name);
        else if (e < 0)
                (void) snprintf(message, sizeof(message), "_file \"%.200s\" cannot be read: %s",
                                name,
                                e == -EMSGSIZE || e == -EFBIG ? "it is too large" : strerror(-e));
        if (e < 0)
                return refuse(r, s, message);
        r->left -= text.length;
        if (json_text_load(ret, buf_text(&text), text.length, name, &why) < 0) {
                (void) snprintf(message, sizeof(message), "_file %.500s", err_text(&why));
                return refuse(r, s, message);
        }
        return 0;
}

static const struct {
        const char *name;
        int (*read)(struct reader *r, const config_setting_t *s, json_t **ret);
} specials[] = {
        { "_null", null_read },
        { "_json", json_read },
        { "_file", file_read_json },
};

static bool is_special(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(specials); i++)
                if (strcmp(specials[i].name, name) == 0)
                        return true;
        return false;
}

static int group_read(struct reader *r, const config_setting_t *s, json_t **ret)
{
        _cleanup_(json_decrefp) json_t *object = NULL;
        int n = config_setting_length(s), e;

        for (int i = 0; i < n && !config_setting_is_root(s); i++) {
                const config_setting_t *member = config_setting_get_elem(s, (unsigned) i);

                if (!is_special(name_of(member)))
                        continue;
                if (n != 1)
                        return refuse(r, member, "_null, _json and _file stand alone in a group");
                for (size_t k = 0; k < ARRAY_SIZE(specials); k++)
                        if (strcmp(specials[k].name, name_of(member)) == 0)
                                return specials[k].read(r, member, ret);
        }
        object = json_object();
        e = object ? members_read(r, s, object) : -ENOMEM;
        if (e < 0)
                return e;
        *ret = TAKE(object);
        return 0;
}

static int list_read(struct reader *r, const config_setting_t *s, json_t **ret)
{
        _cleanup_(json_decrefp) json_t *array = json_array();
        int e = array ? items_read(r, s, array) : -ENOMEM;

        if (e < 0)
                return e;
        *ret = TAKE(array);
        return 0;
}

/* What is no number of JSON's. */
static int infinite_read(struct reader *r, const config_setting_t *s, json_t **ret)
{
        static const char text[] = "this number is out of range";
        int e;

        if (!r->ear)
                return refuse(r, s, text);
        e = r->ear->tell(r->ear->user, (unsigned) config_setting_source_line(s), text);
        if (e < 0)
                return e;
        *ret = json_real(0);
        return *ret ? 0 : -ENOMEM;
}

static int value_read(struct reader *r, const config_setting_t *s, json_t **ret)
{
        /* The root of an empty file has no line; the file begins at its first. */
        int e = line_note(r, MAX_OF(config_setting_source_line(s), 1));

        if (e < 0)
                return e;
        switch (config_setting_type(s)) {
        case CONFIG_TYPE_GROUP:
                return group_read(r, s, ret);
        case CONFIG_TYPE_LIST:
        case CONFIG_TYPE_ARRAY:
                return list_read(r, s, ret);
        case CONFIG_TYPE_INT:
        case CONFIG_TYPE_INT64:
                *ret = json_integer(config_setting_get_int64(s));
                break;
        case CONFIG_TYPE_FLOAT:
                *ret = json_real(config_setting_get_float(s));
                if (!*ret)
                        return infinite_read(r, s, ret);
                break;
        case CONFIG_TYPE_BOOL:
                *ret = json_boolean(config_setting_get_bool(s));
                break;
        default:
                *ret = json_string(config_setting_get_string(s));
                if (!*ret)
                        return refuse(r, s,
                                      "this string is not valid UTF-8 once its escapes are read");
        }
        return *ret ? 0 : -ENOMEM;
}

/* libconfig names the line where it could not go on, and nothing else; people want to see it. */
static int conf_refuse(struct reader *r, const struct buf *text, const config_t *config)
{
        const char *what = config_error_text(config), *line = buf_text(text);
        int at = MAX_OF(config_error_line(config), 1);
        size_t length;

        if (strcmp(what, "syntax error") != 0)
                return err_set(r->err, -EBADMSG, "%s:%d: %s", r->tree->file, at, what);
        for (int i = 1; i < at && strchr(line, '\n'); i++)
                line = strchr(line, '\n') + 1;
        line += strspn(line, " \t");
        length = strcspn(line, "\r\n");
        return err_set(r->err, -EBADMSG,
                       "%s:%d: syntax error at \"%.*s\": expected NAME = VALUE; with every quote, "
                       "comma and bracket, here and in the line before",
                       r->tree->file, at, (int) MIN_OF(length, (size_t) LINE_SHOWN), line);
}

static int conf_read(struct reader *r, const struct buf *text)
{
        _cleanup_(buf_done) struct buf passed = { 0 };
        config_t config;
        int e;

        e = lexer_pass(&passed, buf_text(text), text->length, r->tree->file, r->ear, r->err);
        if (e < 0)
                return e;
        config_init(&config);
        if (!config_read_string(&config, buf_text(&passed)))
                e = conf_refuse(r, text, &config);
        else
                e = value_read(r, config_root_setting(&config), &r->tree->json);
        config_destroy(&config);
        return e;
}

/* Notes the lines of a JSON text that jansson has already accepted; returns what follows the value.
 */
static const char *json_lines(struct reader *r, const char *p, unsigned *line);

static const char *json_blank(const char *p, unsigned *line)
{
        for (; *p == ' ' || *p == '\t' || *p == '\r' || *p == '\n' || *p == ',' || *p == ':'; p++)
                *line += *p == '\n';
        return p;
}

static const char *json_string_end(const char *p)
{
        for (p++; *p != '"'; p++)
                p += *p == '\\';
        return p + 1;
}

static const char *json_member_lines(struct reader *r, const char *p, unsigned *line)
{
        const char *end = json_string_end(p);
        json_t *key = json_loadb(p, (size_t) (end - p), JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        size_t length = r->pointer.length;

        (void) json_pointer_add(&r->pointer, json_string_value(key) ? json_string_value(key) : "");
        json_decref(key);
        p = json_lines(r, json_blank(end, line), line);
        pointer_cut(r, length);
        return json_blank(p, line);
}

static const char *json_item_lines(struct reader *r, const char *p, unsigned *line, size_t i)
{
        size_t length = r->pointer.length;
        char token[24];

        (void) snprintf(token, sizeof(token), "%zu", i);
        (void) json_pointer_add(&r->pointer, token);
        p = json_lines(r, p, line);
        pointer_cut(r, length);
        return json_blank(p, line);
}

static const char *json_lines(struct reader *r, const char *p, unsigned *line)
{
        p = json_blank(p, line);
        (void) line_note(r, *line);
        if (*p == '"')
                return json_string_end(p);
        if (*p == '{') {
                p = json_blank(p + 1, line);
                while (*p != '}')
                        p = json_member_lines(r, p, line);
                return p + 1;
        }
        if (*p == '[') {
                p = json_blank(p + 1, line);
                for (size_t i = 0; *p != ']'; i++)
                        p = json_item_lines(r, p, line, i);
                return p + 1;
        }
        return p + strcspn(p, ",]} \t\r\n");
}

static int json_text_read(struct reader *r, const struct buf *text)
{
        unsigned line = 1;
        int e;

        e = json_text_load(&r->tree->json, buf_text(text), text->length, r->tree->file, r->err);
        if (e == 0)
                (void) json_lines(r, buf_text(text), &line);
        return e;
}

int tree_load_on(struct tree **ret_tree, const char *path, size_t limit,
                 const struct lexer_ear *ear, struct err *err)
{
        _cleanup_(buf_done) struct buf text = BUF_LIMIT(limit);
        _cleanup_(tree_freep) struct tree *t = calloc(1, sizeof(*t));
        struct reader r = {
                .tree = t, .limit = limit, .left = TREE_BYTES_MAX, .ear = ear, .err = err
        };
        int e;

        if (!t)
                return err_set(err, -ENOMEM, "out of memory");
        t->file = strdup(path);
        t->lines = json_object();
        if (!t->file || !t->lines)
                return err_set(err, -ENOMEM, "out of memory");

        e = file_read(path, &text, err);
        if (e < 0)
                return e;
        if (buf_text(&text)[strspn(buf_text(&text), " \t\r\n")] == '{')
                e = json_text_read(&r, &text);
        else
                e = conf_read(&r, &text);
        buf_done(&r.pointer);
        if (e == -ENOMEM)
                return err_set(err, e, "%s: out of memory", path);
        if (e < 0)
                return e;

        *ret_tree = TAKE(t);
        return 0;
}

int tree_load(struct tree **ret_tree, const char *path, size_t limit, struct err *err)
{
        return tree_load_on(ret_tree, path, limit, NULL, err);
}

struct tree *tree_free(struct tree *t)
{
        if (!t)
                return NULL;
        json_decref(t->json);
        json_decref(t->lines);
        free(t->file);
        free(t);
        return NULL;
}

unsigned tree_line(const struct tree *t, const char *pointer)
{
        _cleanup_(freep) char *at = strdup(pointer);

        while (at) {
                const json_t *line = json_object_get(t->lines, at);
                char *slash = strrchr(at, '/');

                if (line)
                        return (unsigned) json_integer_value(line);
                if (!slash)
                        break;
                *slash = '\0';
        }
        return 0;
}
