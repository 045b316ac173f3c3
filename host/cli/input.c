/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/input.h"

#include "base/json.h"
#include "conf/suggest.h"
#include "run/file-input.h"

#include <fcntl.h>
#include <string.h>

#define REFERENCES_MAX 8

/* The property's own schema, local references followed; NULL where the schema does not say. */
static const json_t *property_schema(const json_t *schema, const char *key)
{
        const json_t *at = json_object_get(json_object_get(schema, "properties"), key);

        for (int i = 0; i < REFERENCES_MAX && at; i++) {
                const char *ref = json_string_value(json_object_get(at, "$ref"));

                if (!ref || ref[0] != '#')
                        break;
                at = json_pointer_get(schema, ref + 1);
        }
        return at;
}

static bool all_strings(const json_t *values)
{
        json_t *value;
        size_t i;

        json_array_foreach (values, i, value) {
                if (!json_is_string(value))
                        return false;
        }
        return json_array_size(values) > 0;
}

static bool takes_text(const json_t *property)
{
        const json_t *type = json_object_get(property, "type");
        json_t *item;
        size_t i;

        json_array_foreach (type, i, item) {
                if (strcmp(json_string_value(item) ? json_string_value(item) : "", "string") == 0)
                        return true;
        }
        if (json_is_string(type))
                return strcmp(json_string_value(type), "string") == 0;
        return !type && (all_strings(json_object_get(property, "enum")) ||
                         json_is_string(json_object_get(property, "const")));
}

/* O_NONBLOCK: a FIFO in the place of a file is refused, not waited for. */
static int path_read(json_t **ret, const char *key, const char *path, int blob_dirfd,
                     struct err *err)
{
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        int r;

        if (fd < 0)
                return err_sys(err, -errno, "input \"%s\": cannot open %s", key, path);
        r = file_input_keep(ret, blob_dirfd, fd, err);
        return r < 0 ? err_wrap(err, r, "input \"%s\": %s", key, path) : 0;
}

static int text_read(json_t **ret, const char *key, const char *text, struct err *err)
{
        *ret = json_string(text);
        if (!*ret)
                return err_set(err, -EILSEQ, "input \"%s\": the text is not UTF-8", key);
        return 0;
}

static int json_read(json_t **ret, const char *key, const char *text, struct err *err)
{
        int r;

        if (text[0] == '@')
                r = json_file_load(ret, text + 1, INPUT_JSON_BYTES_MAX, err);
        else
                r = json_text_load(ret, text, strlen(text), "value", err);
        return r < 0 ? err_wrap(err, r, "input \"%s\"", key) : 0;
}

/* A key that a closed schema does not have is a typing error worth a suggestion. */
static int key_check(const json_t *schema, const char *key, struct err *err)
{
        const json_t *properties = json_object_get(schema, "properties");
        const char *names[256] = { NULL }, *near, *name;
        json_t *value;
        size_t n = 0;

        if (!json_is_false(json_object_get(schema, "additionalProperties")) ||
            json_object_get(properties, key))
                return 0;
        json_object_foreach ((json_t *) properties, name, value) {
                if (n + 1 < ARRAY_SIZE(names))
                        names[n++] = name;
        }
        near = suggest(key, names);
        if (near)
                return err_set(err, -EINVAL, "there is no input \"%s\" (did you mean \"%s\"?)", key,
                               near);
        return err_set(err, -EINVAL, "there is no input \"%s\"", key);
}

static int value_read(json_t **ret, const char *key, const char *text, const json_t *schema,
                      int blob_dirfd, struct err *err)
{
        const json_t *property = property_schema(schema, key);
        const char *format = json_string_value(json_object_get(property, "format"));

        if (format && strcmp(format, "linhay-file") == 0)
                return path_read(ret, key, text, blob_dirfd, err);
        if (takes_text(property))
                return text_read(ret, key, text, err);
        return json_read(ret, key, text, err);
}

static int pair_read(json_t *input, const char *pair, const json_t *schema, int blob_dirfd,
                     struct err *err)
{
        const char *equals = strchr(pair, '=');
        _cleanup_(freep) char *key = NULL;
        json_t *value = NULL;
        int r;

        if (!equals || equals == pair)
                return err_set(err, -EINVAL, "-i %s: write it as key=value", pair);
        key = strndup(pair, (size_t) (equals - pair));
        if (!key)
                return err_set(err, -ENOMEM, "out of memory");
        if (json_object_get(input, key))
                return err_set(err, -EINVAL, "input \"%s\" is given twice", key);
        r = key_check(schema, key, err);
        if (r == 0)
                r = value_read(&value, key, equals + 1, schema, blob_dirfd, err);
        if (r < 0)
                return r;
        if (json_object_set_new(input, key, value) < 0)
                return err_set(err, -EILSEQ, "input \"%s\": the name is not UTF-8", key);
        return 0;
}

int input_read(json_t **ret, const struct cli_list *list, const json_t *schema, int blob_dirfd,
               struct err *err)
{
        _cleanup_(json_decrefp) json_t *input = json_object();
        int r = 0;

        for (size_t i = 0; i < list->n && r == 0; i++)
                r = pair_read(input, list->items[i], schema, blob_dirfd, err);
        if (r < 0)
                return r;
        *ret = TAKE(input);
        return 0;
}
