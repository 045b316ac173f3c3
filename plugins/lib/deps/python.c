/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* A requirement as PEP 508 writes it: "name[extra] >=1,<2 ; marker", "name==1.0". */
static int requirement_add(struct dep_reader *r, const char *text, size_t length,
                           enum dep_scope scope, uint32_t line)
{
        char name[DEPS_TEXT_MAX + 1], version[DEPS_TEXT_MAX + 1];
        size_t n = 0, at, m = 0;
        bool is_exact;

        length = MIN_OF(length, (size_t) DEPS_TEXT_MAX);
        while (n < length && (isalnum((unsigned char) text[n]) || strchr("-_.", text[n])) &&
               text[n])
                n++;
        if (n == 0 || !isalnum((unsigned char) *text))
                return 0;
        memcpy(name, text, n);
        name[n] = '\0';
        at = n;
        while (at < length && isspace((unsigned char) text[at]))
                at++;
        if (at < length && text[at] == '[') {
                const char *end = memchr(text + at, ']', length - at);

                at = end ? (size_t) (end - text) + 1 : length;
        }
        for (; at < length && text[at] != ';' && text[at] != '#'; at++)
                if (!isspace((unsigned char) text[at]) && text[at] != '(' && text[at] != ')')
                        version[m++] = text[at];
        version[m] = '\0';
        is_exact = m > 2 && memcmp(version, "==", 2) == 0 && !strpbrk(version, ",*");
        return dep_add(r, DEP_PYPI,
                       &(struct dep_note){ .name = name,
                                           .version = is_exact ? version + 2 + (version[2] == '=')
                                                               : version,
                                           .scope = scope,
                                           .line = line,
                                           .is_exact = is_exact,
                                           .is_direct = true });
}

int dep_pip_requirements(struct dep_reader *r)
{
        bool is_dev = strstr(r->path, "dev") || strstr(r->path, "test") || strstr(r->path, "doc");
        struct dep_line line = { 0 };
        size_t at = 0;
        int e = 0;

        while (e == 0 && dep_line_next(r, &at, &line)) {
                const char *text = line.text + line.indent;
                size_t n = line.length - line.indent;

                /* Options, comments, folders and addresses are no names. */
                if (n == 0 || strchr("#-./", *text) || memmem(text, n, "://", 3))
                        continue;
                e = requirement_add(r, text, n, is_dev ? DEP_DEV : DEP_RUNTIME, line.number);
        }
        return e;
}

static int list_read(struct dep_reader *r, const struct toml_node *list, enum dep_scope scope)
{
        int e = 0;

        if (!list || list->kind != TOML_ARRAY)
                return 0;
        for (const struct toml_node *item = list->first; e == 0 && item; item = item->next)
                if (toml_text(item))
                        e = requirement_add(r, item->text, item->length, scope, item->line);
        return e;
}

/* Groups of lists, as [project.optional-dependencies] and [dependency-groups] are. */
static int lists_read(struct dep_reader *r, const struct toml_node *table, enum dep_scope scope)
{
        int e = 0;

        if (!table || table->kind != TOML_TABLE)
                return 0;
        for (const struct toml_node *list = table->first; e == 0 && list; list = list->next)
                e = list_read(r, list, scope);
        return e;
}

/* Poetry's own: name = "^1.0" or name = { version = "^1.0" }. */
static int poetry_read(struct dep_reader *r, const struct toml_tree *t,
                       const struct toml_node *table, enum dep_scope scope)
{
        int e = 0;

        if (!table || table->kind != TOML_TABLE)
                return 0;
        for (const struct toml_node *one = table->first; e == 0 && one; one = one->next) {
                const char *version = toml_text(one);

                if (strcmp(one->key, "python") == 0)
                        continue;
                if (!version)
                        version = toml_get_text(t, one, "version");
                e = dep_add(r, DEP_PYPI,
                            &(struct dep_note){ .name = one->key,
                                                .version = version,
                                                .scope = scope,
                                                .line = one->line,
                                                .is_direct = true });
        }
        return e;
}

int dep_pyproject(struct dep_reader *r)
{
        const struct toml_node *project, *poetry, *groups;
        struct toml_tree t;
        int e = dep_toml(r, &t);

        if (e == 0) {
                project = toml_get(&t, t.root, "project");
                e = list_read(r, toml_get(&t, project, "dependencies"), DEP_RUNTIME);
        }
        if (e == 0)
                e = lists_read(r, toml_get(&t, project, "optional-dependencies"), DEP_OPTIONAL);
        if (e == 0)
                e = lists_read(r, toml_get(&t, t.root, "dependency-groups"), DEP_DEV);
        if (e == 0) {
                poetry = toml_get(&t, toml_get(&t, t.root, "tool"), "poetry");
                e = poetry_read(r, &t, toml_get(&t, poetry, "dependencies"), DEP_RUNTIME);
        }
        if (e == 0)
                e = poetry_read(r, &t, toml_get(&t, poetry, "dev-dependencies"), DEP_DEV);
        groups = e == 0 ? toml_get(&t, poetry, "group") : NULL;
        for (const struct toml_node *g = groups ? groups->first : NULL; e == 0 && g; g = g->next)
                e = poetry_read(r, &t, toml_get(&t, g, "dependencies"), DEP_DEV);
        toml_done(&t);
        return e;
}

/* The project itself stands in uv's lockfile too. */
static bool is_own(const struct toml_tree *t, const struct toml_node *package)
{
        const struct toml_node *source = toml_get(t, package, "source");

        return toml_get(t, source, "editable") || toml_get(t, source, "virtual") ||
               toml_get(t, source, "workspace");
}

/* Whom the project itself asks for, in uv's lockfile. */
static int own_read(struct dep_reader *r, const struct toml_tree *t, const struct toml_node *list,
                    enum dep_scope scope)
{
        int e = 0;

        if (!list || list->kind != TOML_ARRAY)
                return 0;
        for (const struct toml_node *one = list->first; e == 0 && one; one = one->next) {
                struct dep_reader manifest = *r;

                manifest.is_lock = false;
                e = dep_add(&manifest, DEP_PYPI,
                            &(struct dep_note){ .name = toml_get_text(t, one, "name"),
                                                .scope = scope,
                                                .line = one->line,
                                                .is_direct = true });
        }
        return e;
}

/* uv's and pdm's lists (of tables, or of requirements), and Poetry's table of names. */
static void needs_read(struct dep_reader *r, struct dep_needs *needs, const struct toml_tree *t,
                       const struct toml_node *package)
{
        const struct toml_node *list = toml_get(t, package, "dependencies");

        needs->length = 0;
        needs->text[0] = '\0';
        for (const struct toml_node *one = list ? list->first : NULL; one; one = one->next) {
                const char *name = one->key ? one->key : toml_text(one);

                if (!one->key && one->kind == TOML_TABLE)
                        name = toml_get_text(t, one, "name");
                if (name)
                        dep_need(r, needs, name, strcspn(name, " [<>=!~;(@"),
                                 one->key ? NULL : toml_get_text(t, one, "version"));
        }
}

int dep_python_lock(struct dep_reader *r)
{
        struct dep_needs needs;
        const struct toml_node *packages, *groups;
        struct toml_tree t;
        int e = dep_toml(r, &t);

        packages = e == 0 ? toml_get(&t, t.root, "package") : NULL;
        if (!packages || packages->kind != TOML_ARRAY)
                packages = NULL;
        for (const struct toml_node *p = packages ? packages->first : NULL; e == 0 && p;
             p = p->next) {
                const char *category = toml_get_text(&t, p, "category");

                if (is_own(&t, p)) {
                        e = own_read(r, &t, toml_get(&t, p, "dependencies"), DEP_RUNTIME);
                        groups = toml_get(&t, p, "dev-dependencies");
                        for (const struct toml_node *g =
                                     groups && groups->kind == TOML_TABLE ? groups->first : NULL;
                             e == 0 && g; g = g->next)
                                e = own_read(r, &t, g, DEP_DEV);
                        continue;
                }
                needs_read(r, &needs, &t, p);
                e = dep_add(r, DEP_PYPI,
                            &(struct dep_note){ .name = toml_get_text(&t, p, "name"),
                                                .version = toml_get_text(&t, p, "version"),
                                                .needs = needs.text,
                                                .scope = category && strcmp(category, "dev") == 0
                                                                 ? DEP_DEV
                                                                 : DEP_RUNTIME,
                                                .line = p->line,
                                                .is_exact = true });
        }
        toml_done(&t);
        return e;
}

int dep_pipfile_lock(struct dep_reader *r)
{
        static const struct {
                const char *member;
                enum dep_scope scope;
        } lists[] = { { "default", DEP_RUNTIME }, { "develop", DEP_DEV } };
        json_t *json = dep_json(r), *entry;
        const char *name;
        int e = json ? 0 : -EBADMSG;

        for (size_t i = 0; e == 0 && i < ARRAY_SIZE(lists); i++)
                json_object_foreach (json_object_get(json, lists[i].member), name, entry) {
                        const char *version = json_string_value(json_object_get(entry, "version"));

                        if (version && strncmp(version, "==", 2) == 0)
                                version += 2;
                        if (e == 0)
                                e = dep_add(r, DEP_PYPI,
                                            &(struct dep_note){
                                                    .name = name,
                                                    .version = version,
                                                    .scope = lists[i].scope,
                                                    .line = dep_line_of(r, name),
                                                    .is_exact = true,
                                                    /* Only Pipfile, which `index` comes from. */
                                                    .is_direct = json_object_get(entry, "index") !=
                                                                 NULL });
                }
        json_decref(json);
        return e;
}
