/* SPDX-License-Identifier: Apache-2.0 */
#include "told.h"

#include <nettle/base64.h>
#include <string.h>

#include "die.h"
#include "probe.h"

/* As it is, in hexadecimal, as in a URL, in base64 with 0 and with 4 bytes before it, backwards. */
static const char *const spellings[] = {
        PROBE_SECRET_TEXT,
        "6d5871372d4c72322e577a395f546b347e426e31",
        "%6D%58%71%37%2D%4C%72%32%2E%57%7A%39%5F%54%6B%34%7E%42%6E%31",
        "bVhxNy1McjIuV3o5X1RrNH5CbjE",
        "Om1YcTctTHIyLld6OV9UazR+Qm4x",
        "1nB~4kT_9zW.2rL-7qXm",
};

void told_text(struct buf *told, const char *text)
{
        if (text && buf_puts(told, text) < 0)
                die("no memory");
}

static void told_bytes(struct buf *told, const char *text)
{
        size_t n = BASE64_DECODE_LENGTH(strlen(text));
        struct base64_decode_ctx ctx;

        base64_decode_init(&ctx);
        if (buf_reserve(told, n) < 0)
                die("no memory");
        if (base64_decode_update(&ctx, &n, (uint8_t *) told->data + told->length, strlen(text),
                                 text))
                told->length += n;
        told->data[told->length] = '\0';
}

void told_json(struct buf *told, const json_t *value)
{
        const char *name;
        json_t *item;
        size_t i;

        told_text(told, json_string_value(value));
        json_array_foreach (value, i, item)
                told_json(told, item);
        json_object_foreach ((json_t *) value, name, item) {
                told_text(told, name);
                told_json(told, item);
                if (strcmp(name, "data") == 0 && json_is_string(item))
                        told_bytes(told, json_string_value(item));
        }
}

/* Bytes of a line's end at `at`, as it is or as it is escaped for people. */
static size_t line_end(const char *at)
{
        static const char *const ends[] = { "\n", "\r", "\\x0a", "\\x0d" };

        for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
                if (strncmp(at, ends[i], strlen(ends[i])) == 0)
                        return strlen(ends[i]);
        return 0;
}

bool told_has_secret(const struct buf *told)
{
        _cleanup_(buf_done) struct buf flat = { 0 };

        for (size_t i = 0; i < told->length;) {
                size_t n = line_end(told->data + i);

                if (!n && told->data[i] && buf_putc(&flat, told->data[i]) < 0)
                        die("no memory");
                i += n ? n : 1;
        }
        for (size_t i = 0; i < ARRAY_SIZE(spellings); i++)
                if (strstr(buf_text(&flat), spellings[i]))
                        return true;
        return false;
}
