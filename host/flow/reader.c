/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/reader.h"

#include "base/json.h"
#include "base/unit.h"
#include "conf/suggest.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

int reader_fault(struct reader *r, const char *pointer, const char *format, ...)
{
        char text[1024];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return faults_add(r->faults, false, r->flow->file, flow_line(r->flow, pointer), "%s%s",
                          r->prefix, text);
}

const char *reader_word(const json_t *value)
{
        const char *text = json_string_value(value);

        return text && strlen(text) == json_string_length(value) ? text : NULL;
}

bool reader_is_id(const char *text)
{
        if (!text || !islower((unsigned char) *text) || strlen(text) > FLOW_NAME_MAX)
                return false;
        return text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

int reader_text(struct reader *r, const char *pointer, const struct reader_key *key,
                const json_t *value, void *target)
{
        const char *text = reader_word(value);

        if (!text || !*text)
                return reader_fault(r, pointer, "%s must be a string, not empty", key->name);
        *(const char **) target = text;
        return 0;
}

int reader_id(struct reader *r, const char *pointer, const struct reader_key *key,
              const json_t *value, void *target)
{
        if (!reader_is_id(reader_word(value)))
                return reader_fault(
                        r, pointer,
                        "%s must begin with a small letter and have only small letters, digits, "
                        "_ and -, %d at most",
                        key->name, FLOW_NAME_MAX);
        *(const char **) target = reader_word(value);
        return 0;
}

int reader_object(struct reader *r, const char *pointer, const struct reader_key *key,
                  const json_t *value, void *target)
{
        if (!json_is_object(value))
                return reader_fault(r, pointer, "%s must be a group: { name = value; }", key->name);
        *(const json_t **) target = value;
        return 0;
}

int reader_items(struct reader *r, const char *pointer, const struct reader_key *key,
                 const json_t *value, void *target)
{
        if (!json_is_array(value) && !json_is_string(value))
                return reader_fault(r, pointer,
                                    "%s must be a list, or a reference to one: \"${inputs.files}\"",
                                    key->name);
        if (json_array_size(value) > FLOW_ITEMS_MAX)
                return reader_fault(r, pointer, "%s has more than %d items", key->name,
                                    FLOW_ITEMS_MAX);
        *(const json_t **) target = value;
        return 0;
}

int reader_duration(struct reader *r, const char *pointer, const struct reader_key *key,
                    const json_t *value, void *target)
{
        struct err why = { 0 };

        if (!reader_word(value))
                return reader_fault(r, pointer, "%s must be a duration in quotes: \"90s\"",
                                    key->name);
        if (duration_parse(target, reader_word(value), &why) < 0)
                return reader_fault(r, pointer, "%s: %s", key->name, err_text(&why));
        return 0;
}

/* 0 would be no limit at all, which is not what it looks like. */
int reader_timeout(struct reader *r, const char *pointer, const struct reader_key *key,
                   const json_t *value, void *target)
{
        uint64_t ms = 1;
        int e = reader_duration(r, pointer, key, value, &ms);

        if (e == 0 && ms == 0)
                return reader_fault(r, pointer,
                                    "%s must be more than 0; without it there is no limit",
                                    key->name);
        *(uint64_t *) target = ms;
        return e;
}

int reader_count(struct reader *r, const char *pointer, const struct reader_key *key,
                 const json_t *value, void *target)
{
        if (!json_is_integer(value) || json_integer_value(value) < 1 ||
            json_integer_value(value) > READER_COUNT_MAX)
                return reader_fault(r, pointer, "%s must be a number from 1 to %d", key->name,
                                    READER_COUNT_MAX);
        *(unsigned *) target = (unsigned) json_integer_value(value);
        return 0;
}

int reader_bool(struct reader *r, const char *pointer, const struct reader_key *key,
                const json_t *value, void *target)
{
        if (!json_is_boolean(value))
                return reader_fault(r, pointer, "%s must be true or false", key->name);
        *(bool *) target = json_is_true(value);
        return 0;
}

/* "a, b or c (did you mean …?)" */
void reader_choices(char *ret, size_t size, const char *const *choices, const char *given)
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

int reader_choice(struct reader *r, const char *pointer, const struct reader_key *key,
                  const json_t *value, void *target)
{
        const char *word = reader_word(value);
        char text[400];

        for (unsigned i = 0; word && key->choices[i]; i++)
                if (strcmp(key->choices[i], word) == 0) {
                        *(unsigned *) target = i;
                        return 0;
                }
        reader_choices(text, sizeof(text), key->choices, word);
        return reader_fault(r, pointer, "%s must be %s", key->name, text);
}

static const char *name_of(const void *rows, size_t i)
{
        return ((const struct reader_key *) rows)[i].name;
}

static int unknown_key(struct reader *r, const char *pointer, const struct reader_key *keys,
                       size_t count, const char *given)
{
        const char *names[32] = { NULL }, *near;

        for (size_t i = 0; i < count && i < ARRAY_SIZE(names) - 1; i++)
                names[i] = name_of(keys, i);
        near = suggest(given, names);
        return near ? reader_fault(r, pointer, "unknown key \"%s\" (did you mean \"%s\"?)", given,
                                   near)
                    : reader_fault(r, pointer, "unknown key \"%s\"", given);
}

static const struct reader_key *key_find(const struct reader_key *keys, size_t count,
                                         const char *name)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(keys[i].name, name) == 0)
                        return &keys[i];
        return NULL;
}

/* Reads a group by its table of keys. */
int reader_keys(struct reader *r, const char *pointer, const struct reader_key *keys, size_t count,
                const json_t *object, void *target)
{
        const char *name;
        json_t *value;

        json_object_foreach ((json_t *) object, name, value) {
                const struct reader_key *key = key_find(keys, count, name);
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
                        int e = reader_fault(r, pointer, "%s is missing", keys[i].name);

                        if (e < 0)
                                return e;
                }
        return 0;
}
