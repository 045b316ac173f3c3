/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <stdio.h>
#include <string.h>

static const struct {
        const char *manifest, *lock;
        enum dep_scope scope;
} lists[] = {
        { "require", "packages", DEP_RUNTIME },
        { "require-dev", "packages-dev", DEP_DEV },
};

int dep_composer_manifest(struct dep_reader *r)
{
        json_t *json = dep_json(r), *version;
        const char *name;
        int e = 0;

        if (!json)
                return -EBADMSG;
        for (size_t i = 0; e == 0 && i < ARRAY_SIZE(lists); i++) {
                r->cursor = 0;
                r->cursor_line = 1;
                (void) dep_line_of(r, lists[i].manifest);
                /* "php" and "ext-json" are of the platform. */
                json_object_foreach (json_object_get(json, lists[i].manifest), name, version)
                        if (e == 0 && strchr(name, '/'))
                                e = dep_add(
                                        r, DEP_COMPOSER,
                                        &(struct dep_note){ .name = name,
                                                            .version = json_string_value(version),
                                                            .scope = lists[i].scope,
                                                            .line = dep_line_of(r, name),
                                                            .is_direct = true });
        }
        json_decref(json);
        return e;
}

/* Several in a list mean that one may choose (Composer's schema, `license`). */
static const char *license_of(const json_t *package, char *text, size_t size)
{
        json_t *list = json_object_get(package, "license"), *one;
        size_t i, n = 0;

        *text = '\0';
        json_array_foreach (list, i, one)
                if (json_is_string(one) && n < size)
                        n += (size_t) snprintf(text + n, size - n, "%s%s", n ? " OR " : "",
                                               json_string_value(one));
        return n && n < size ? text : json_string_value(list);
}

static void needs_read(struct dep_reader *r, struct dep_needs *needs, const json_t *package)
{
        const char *name;
        json_t *range;

        needs->length = 0;
        needs->text[0] = '\0';
        json_object_foreach (json_object_get(package, "require"), name, range)
                dep_need(r, needs, name, strlen(name), NULL);
}

int dep_composer_lock(struct dep_reader *r)
{
        struct dep_needs needs;
        json_t *json = dep_json(r), *package;
        size_t k;
        int e = 0;

        if (!json)
                return -EBADMSG;
        for (size_t i = 0; e == 0 && i < ARRAY_SIZE(lists); i++)
                json_array_foreach (json_object_get(json, lists[i].lock), k, package) {
                        const char *name = json_string_value(json_object_get(package, "name"));
                        char license[256];

                        needs_read(r, &needs, package);
                        if (e == 0 && name)
                                e = dep_add(r, DEP_COMPOSER,
                                            &(struct dep_note){
                                                    .name = name,
                                                    .needs = needs.text,
                                                    .version = json_string_value(
                                                            json_object_get(package, "version")),
                                                    .license = license_of(package, license,
                                                                          sizeof(license)),
                                                    .scope = lists[i].scope,
                                                    .line = dep_line_of(r, name),
                                                    .is_exact = true });
                }
        json_decref(json);
        return e;
}
