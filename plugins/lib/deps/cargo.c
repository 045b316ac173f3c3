/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <string.h>

static const struct {
        const char *member;
        enum dep_scope scope;
} lists[] = {
        { "dependencies", DEP_RUNTIME },
        { "build-dependencies", DEP_DEV },
        { "dev-dependencies", DEP_DEV },
};

/* name = "1.0", or name = { version = "1.0", package = "other" }. */
static int list_read(struct dep_reader *r, const struct toml_tree *t, const struct toml_node *list,
                     enum dep_scope scope)
{
        int e = 0;

        if (!list || list->kind != TOML_TABLE)
                return 0;
        for (const struct toml_node *one = list->first; e == 0 && one; one = one->next) {
                const char *version = toml_text(one), *name = toml_get_text(t, one, "package");
                const struct toml_node *optional = toml_get(t, one, "optional");

                if (!version)
                        version = toml_get_text(t, one, "version");
                e = dep_add(r, DEP_CARGO,
                            &(struct dep_note){
                                    .name = name ? name : one->key,
                                    .version = version,
                                    .scope = optional && optional->integer ? DEP_OPTIONAL : scope,
                                    .line = one->line,
                                    .is_direct = true });
        }
        return e;
}

static int lists_read(struct dep_reader *r, const struct toml_tree *t, const struct toml_node *in)
{
        int e = 0;

        for (size_t i = 0; e == 0 && i < ARRAY_SIZE(lists); i++)
                e = list_read(r, t, toml_get(t, in, lists[i].member), lists[i].scope);
        return e;
}

int dep_cargo_manifest(struct dep_reader *r)
{
        const struct toml_node *targets;
        struct toml_tree t;
        int e = dep_toml(r, &t);

        if (e == 0)
                e = lists_read(r, &t, t.root);
        if (e == 0)
                e = lists_read(r, &t, toml_get(&t, t.root, "workspace"));
        targets = e == 0 ? toml_get(&t, t.root, "target") : NULL;
        for (const struct toml_node *one = targets ? targets->first : NULL; e == 0 && one;
             one = one->next)
                e = lists_read(r, &t, one);
        toml_done(&t);
        return e;
}

/* "serde", "serde 1.0.0", "serde 1.0.0 (registry+…)": who is asked for by a package of the
 * workspace. */
static int asked_read(struct dep_reader *r, const struct toml_tree *t,
                      const struct toml_node *package)
{
        const struct toml_node *list = toml_get(t, package, "dependencies");
        struct dep_reader manifest = *r;
        int e = 0;

        manifest.is_lock = false;
        if (!list || list->kind != TOML_ARRAY)
                return 0;
        for (const struct toml_node *one = list->first; e == 0 && one; one = one->next) {
                char name[DEPS_TEXT_MAX + 1];
                size_t n;

                if (!toml_text(one) || one->length > DEPS_TEXT_MAX)
                        continue;
                n = strcspn(one->text, " ");
                memcpy(name, one->text, n);
                name[n] = '\0';
                e = dep_add(
                        &manifest, DEP_CARGO,
                        &(struct dep_note){ .name = name, .line = one->line, .is_direct = true });
        }
        return e;
}

/* The same list of a package from elsewhere: who it asks for. */
static void needs_read(struct dep_reader *r, struct dep_needs *needs, const struct toml_tree *t,
                       const struct toml_node *package)
{
        const struct toml_node *list = toml_get(t, package, "dependencies");

        needs->length = 0;
        needs->text[0] = '\0';
        for (const struct toml_node *one = list && list->kind == TOML_ARRAY ? list->first : NULL;
             one; one = one->next) {
                const char *text = toml_text(one);
                char version[DEPS_TEXT_MAX + 1];
                size_t name, n;

                if (!text || one->length > DEPS_TEXT_MAX)
                        continue;
                name = strcspn(text, " ");
                n = strcspn(text + name + (text[name] == ' '), " ");
                (void) snprintf(version, sizeof(version), "%.*s", (int) n,
                                text + name + (text[name] == ' '));
                dep_need(r, needs, text, name, *version ? version : NULL);
        }
}

int dep_cargo_lock(struct dep_reader *r)
{
        struct dep_needs needs;
        const struct toml_node *packages;
        struct toml_tree t;
        int e = dep_toml(r, &t);

        packages = e == 0 ? toml_get(&t, t.root, "package") : NULL;
        if (!packages || packages->kind != TOML_ARRAY)
                packages = NULL;
        for (const struct toml_node *p = packages ? packages->first : NULL; e == 0 && p;
             p = p->next) {
                /* Without a source it is a package of this tree. */
                if (!toml_get(&t, p, "source"))
                        e = asked_read(r, &t, p);
                else {
                        needs_read(r, &needs, &t, p);
                        e = dep_add(r, DEP_CARGO,
                                    &(struct dep_note){ .name = toml_get_text(&t, p, "name"),
                                                        .version = toml_get_text(&t, p, "version"),
                                                        .needs = needs.text,
                                                        .line = p->line,
                                                        .is_exact = true });
                }
        }
        toml_done(&t);
        return e;
}
