/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

static void text_check(struct record *r, const char *text, bool may_have_lines)
{
        _cleanup_(buf_done) struct buf clean = { 0 };

        if (utf8_clean(&clean, text, strlen(text), may_have_lines) < 0 ||
            strcmp(buf_text(&clean), text) != 0)
                r->is_forged = true;
}

void record_log(struct record *r, const char *text)
{
        text_check(r, text, false);
}

void record_progress(struct record *r, const char *note)
{
        r->n_progress++;
        text_check(r, note, false);
}

/* A string with a NUL inside would be longer for some readers than for others. */
static void json_check(struct record *r, const json_t *value)
{
        const json_t *item;
        const char *key;
        size_t i;

        if (json_is_string(value)) {
                text_check(r, json_string_value(value), true);
                if (strlen(json_string_value(value)) != json_string_length(value))
                        r->is_forged = true;
        } else if (json_is_array(value)) {
                json_array_foreach (value, i, item)
                        json_check(r, item);
        } else if (json_is_object(value)) {
                json_object_foreach ((json_t *) value, key, item) {
                        text_check(r, key, false);
                        json_check(r, item);
                }
        } else if (json_is_integer(value) && json_integer_value(value) < 0) {
                r->is_forged = true;
        }
}

static void path_check(struct record *r, const char *path)
{
        if (!path)
                return;
        text_check(r, path, false);
        if (path[0] == '/' || strcmp(path, "..") == 0 || strncmp(path, "../", 3) == 0 ||
            strstr(path, "/../") || strchr(path, '\n'))
                r->is_forged = true;
}

void record_result(struct record *r, const struct cell_result *result)
{
        const json_t *finding;
        size_t i;

        json_check(r, result->findings);
        json_check(r, result->artifacts);
        json_check(r, result->spent);
        json_array_foreach (result->findings, i, finding) {
                const char *path = json_string_value(json_object_get(finding, "path"));

                path_check(r, path);
                r->is_placeless = r->is_placeless || !path;
        }
        text_check(r, result->stderr_tail ? result->stderr_tail : "", true);
        text_check(r, result->message ? result->message : "", true);
        text_check(r, result->code ? result->code : "", false);
        text_check(r, result->syscall ? result->syscall : "", false);
}
