/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/finding.h"

#include <string.h>

#include "base/sha256.h"
#include "base/utf8.h"

#define LIST_MAX        64
#define FINGERPRINT_HEX 32 /* digits of a fingerprint that we make */

enum kind { NEEDED, TEXT, NUMBER, LIST, SEVERITY };

static const struct member {
        const char *name;
        enum kind kind;
        bool is_lines; /* may have more than one line */
} members[] = {
        { "rule", NEEDED },      { "severity", SEVERITY }, { "message", NEEDED, true },
        { "path", TEXT },        { "line", NUMBER },       { "column", NUMBER },
        { "end_line", NUMBER },  { "end_column", NUMBER }, { "excerpt", TEXT, true },
        { "fingerprint", TEXT }, { "cwe", LIST },          { "fix", TEXT, true },
        { "tags", LIST },
};

static json_t *text_read(const json_t *value, bool is_lines)
{
        _cleanup_(buf_done) struct buf clean = { 0 };

        if (!value || json_is_null(value))
                return json_null();
        if (!json_is_string(value) ||
            utf8_clean(&clean, json_string_value(value), json_string_length(value), is_lines) < 0)
                return NULL;
        return json_string(buf_text(&clean));
}

static json_t *list_read(const json_t *value)
{
        json_t *list = json_array();

        if (!json_is_array(value) || json_array_size(value) > LIST_MAX) {
                json_decref(list);
                return NULL;
        }
        for (size_t i = 0; i < json_array_size(value); i++) {
                json_t *text = text_read(json_array_get(value, i), false);

                if (!json_is_string(text) || json_array_append_new(list, text) < 0) {
                        json_decref(list);
                        return NULL;
                }
        }
        return list;
}

static json_t *severity_read(const json_t *value)
{
        static const char *const names[] = { "info", "low", "medium", "high", "critical" };
        const char *name = json_string_value(value);

        for (size_t i = 0; name && i < ARRAY_SIZE(names); i++)
                if (strcmp(name, names[i]) == 0)
                        return json_string(name);
        return NULL;
}

static json_t *member_read(const struct member *m, const json_t *value)
{
        switch (m->kind) {
        case NEEDED:
                return json_is_string(value) && json_string_length(value) > 0
                               ? text_read(value, m->is_lines)
                               : NULL;
        case TEXT:
                return text_read(value, m->is_lines);
        case NUMBER:
                return json_is_integer(value) && json_integer_value(value) >= 0 &&
                                       json_integer_value(value) <= UINT32_MAX
                               ? json_integer(json_integer_value(value))
                               : NULL;
        case LIST:
                return list_read(value);
        case SEVERITY:
                return severity_read(value);
        }
        return NULL;
}

/* A place in the tree is named from its top, downward; anything else is no place. */
static bool path_is_inside(const char *path)
{
        if (*path == '/' || *path == '\0')
                return false;
        while (*path) {
                size_t n = strcspn(path, "/");

                if (n == 2 && path[0] == '.' && path[1] == '.')
                        return false;
                path += n + (path[n] == '/');
        }
        return true;
}

/* What stays the same when lines move: the rule, the file, and what was found there. */
static int fingerprint_make(json_t *finding)
{
        static const char *const parts[] = { "rule", "path", "excerpt" };
        struct sha256_ctx ctx;
        char hex[SHA256_HEX];

        sha256_init(&ctx);
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
                const char *text = json_string_value(json_object_get(finding, parts[i]));

                if (!text && i == 2)
                        text = json_string_value(json_object_get(finding, "message"));
                if (!text)
                        text = "";
                sha256_update(&ctx, strlen(text) + 1, (const uint8_t *) text);
        }
        sha256_finish(&ctx, hex);
        hex[FINGERPRINT_HEX] = '\0';
        return json_object_set_new(finding, "fingerprint", json_string(hex));
}

int finding_read(json_t **ret, const json_t *value, struct err *err)
{
        json_t *finding = json_object();
        const char *path;
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(members) && r == 0; i++) {
                const char *name = members[i].name;
                json_t *member = member_read(&members[i], json_object_get(value, name));

                if (!member)
                        r = err_set(err, -EBADMSG, "a finding's \"%s\" is missing or wrong", name);
                else if (json_object_set_new(finding, name, member) < 0)
                        r = err_set(err, -ENOMEM, "no memory for a finding");
        }
        path = json_string_value(json_object_get(finding, "path"));
        if (r == 0 && path && !path_is_inside(path))
                (void) json_object_set_new(finding, "path", json_null());
        if (r == 0 && json_is_null(json_object_get(finding, "fingerprint")) &&
            fingerprint_make(finding) < 0)
                r = err_set(err, -ENOMEM, "no memory for a finding");
        if (r < 0) {
                json_decref(finding);
                return r;
        }
        *ret = finding;
        return 0;
}
