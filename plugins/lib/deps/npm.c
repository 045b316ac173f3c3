/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"
#include "yaml/yaml.h"

#include <stdio.h>
#include <string.h>

#define STEPS_MAX 2000000 /* folders that a lockfile's names are looked for in */

/* Lists of package.json and of the root of a lockfile. */
static const struct {
        const char *member;
        enum dep_scope scope;
} lists[] = {
        { "dependencies", DEP_RUNTIME },
        { "optionalDependencies", DEP_OPTIONAL },
        { "peerDependencies", DEP_OPTIONAL },
        { "devDependencies", DEP_DEV },
};

static bool is_exact(const char *version)
{
        return version && *version >= '0' && *version <= '9' && !strpbrk(version, " xX*|<>=~^") &&
               strchr(version, '.');
}

int dep_npm_manifest(struct dep_reader *r)
{
        json_t *json = dep_json(r), *version;
        const char *name;
        int e = json ? 0 : -EBADMSG;

        for (size_t i = 0; e == 0 && i < ARRAY_SIZE(lists); i++) {
                (void) dep_line_of(r, lists[i].member);
                json_object_foreach (json_object_get(json, lists[i].member), name, version)
                        if (e == 0)
                                e = dep_add(
                                        r, DEP_NPM,
                                        &(struct dep_note){
                                                .name = name,
                                                .version = json_string_value(version),
                                                .scope = lists[i].scope,
                                                .is_exact = is_exact(json_string_value(version)),
                                                .line = dep_line_of(r, name),
                                                .is_direct = true });
                r->cursor = 0;
                r->cursor_line = 1;
        }
        json_decref(json);
        return e;
}

/* A text, {type}, or a list of those. */
static const char *license_of(const json_t *entry, char *text, size_t size)
{
        const json_t *license = json_object_get(entry, "license");
        json_t *item;
        size_t i, n = 0;

        if (!license)
                license = json_object_get(entry, "licenses");
        if (json_is_object(license))
                license = json_object_get(license, "type");
        if (!json_is_array(license))
                return json_string_value(license);
        *text = '\0';
        json_array_foreach (license, i, item) {
                const char *one = json_string_value(
                        json_is_object(item) ? json_object_get(item, "type") : item);

                if (one && n < size)
                        n += (size_t) snprintf(text + n, size - n, "%s%s", n ? " OR " : "", one);
        }
        return n && n < size ? text : NULL;
}

static enum dep_scope scope_of(const json_t *entry)
{
        return json_is_true(json_object_get(entry, "dev")) ? DEP_DEV
               : json_is_true(json_object_get(entry, "optional")) ||
                               json_is_true(json_object_get(entry, "devOptional"))
                       ? DEP_OPTIONAL
                       : DEP_RUNTIME;
}

/* Does the root ask for it? */
static bool is_asked_for(const json_t *root, const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
                if (json_object_get(json_object_get(root, lists[i].member), name))
                        return true;
        return false;
}

/* The package that Node finds by a name from a place: the nearest one above it. `steps` are paid
 * for each folder that is looked into. */
static const json_t *resolve(const json_t *packages, const char *place, const char *name,
                             size_t *steps)
{
        char path[2 * DEPS_TEXT_MAX];
        size_t n = strlen(place);

        while (n <= DEPS_TEXT_MAX && *steps) {
                const json_t *entry = NULL;
                size_t above = 0;

                --*steps;
                if (snprintf(path, sizeof(path), "%.*s%snode_modules/%s", (int) n, place,
                             n ? "/" : "", name) < (int) sizeof(path))
                        entry = json_object_get(packages, path);
                if (entry || n == 0)
                        return entry;
                /* Up to what stands before the last node_modules. */
                for (const char *at = place; (at = strstr(at, "node_modules/")) && at < place + n;
                     at++)
                        above = (size_t) (at - place);
                n = above ? above - 1 : 0;
        }
        return NULL;
}

/* What a package needs to run, in the versions that the lockfile has put where it finds them. */
static void needs_read(struct dep_reader *r, struct dep_needs *needs, const json_t *packages,
                       const char *place, const json_t *entry, size_t *steps)
{
        static const char *const members[] = { "dependencies", "optionalDependencies",
                                               "peerDependencies" };
        const char *name;
        json_t *range;

        needs->length = 0;
        needs->text[0] = '\0';
        for (size_t i = 0; i < ARRAY_SIZE(members); i++)
                json_object_foreach (json_object_get(entry, members[i]), name, range) {
                        const json_t *needed = resolve(packages, place, name, steps);

                        if (needed)
                                dep_need(r, needs, name, strlen(name),
                                         json_string_value(json_object_get(needed, "version")));
                }
}

/* Versions 2 and 3: "node_modules/a/node_modules/b" -> b. */
static int packages_read(struct dep_reader *r, const json_t *packages)
{
        const json_t *root = json_object_get(packages, "");
        size_t steps = STEPS_MAX;
        const char *place;
        json_t *entry;
        int e = 0;

        json_object_foreach ((json_t *) packages, place, entry) {
                const char *name = place, *next;
                struct dep_needs needs;
                char license[256];
                uint32_t line;
                bool is_top;

                while ((next = strstr(name, "node_modules/")))
                        name = next + strlen("node_modules/");
                if (e < 0 || !*place || name == place ||
                    json_is_true(json_object_get(entry, "link")))
                        continue;
                line = dep_line_of(r, place);
                is_top = name == place + strlen("node_modules/");
                needs_read(r, &needs, packages, place, entry, &steps);
                e = dep_add(r, DEP_NPM,
                            &(struct dep_note){
                                    .name = name,
                                    .needs = needs.text,
                                    .version = json_string_value(json_object_get(entry, "version")),
                                    .license = license_of(entry, license, sizeof(license)),
                                    .scope = scope_of(entry),
                                    .line = line,
                                    .is_exact = true,
                                    .is_direct = is_top && is_asked_for(root, name) });
        }
        r->deps->cut += steps == 0;
        return e;
}

/* Version 1: a tree of dependencies; who asked for what only package.json tells. */
static int tree_read(struct dep_reader *r, const json_t *dependencies, unsigned depth)
{
        enum { DEPTH = 64 };
        const char *name;
        json_t *entry;
        int e = 0;

        if (depth > DEPTH)
                return dep_fail(r, 0, "its dependencies stand more than %d deep", DEPTH);
        json_object_foreach ((json_t *) dependencies, name, entry) {
                if (e == 0)
                        e = dep_add(r, DEP_NPM,
                                    &(struct dep_note){ .name = name,
                                                        .version = json_string_value(
                                                                json_object_get(entry, "version")),
                                                        .scope = scope_of(entry),
                                                        .line = dep_line_of(r, name),
                                                        .is_exact = true });
                if (e == 0)
                        e = tree_read(r, json_object_get(entry, "dependencies"), depth + 1);
        }
        return e;
}

int dep_npm_lock(struct dep_reader *r)
{
        json_t *json = dep_json(r);
        const json_t *packages;
        int e;

        if (!json)
                return -EBADMSG;
        packages = json_object_get(json, "packages");
        e = json_is_object(packages) ? packages_read(r, packages)
                                     : tree_read(r, json_object_get(json, "dependencies"), 0);
        json_decref(json);
        return e;
}

/* pnpm's key: "/a@1.0.0(b@2)", "a@1.0.0", or in old files "/a/1.0.0"; "/@s/a@1". */
static bool pnpm_key_split(char *key, char **ret_name, char **ret_version)
{
        char *name = key + (*key == '/'), *version, *slash, *at;

        name[strcspn(name, "(")] = '\0';
        slash = *name == '@' ? strchr(name, '/') : NULL;
        at = strchr(slash ? slash + 1 : name, '@');
        slash = strchr(slash ? slash + 1 : name, '/');
        version = at;
        /* The old form; an @ behind it is of a peer. */
        if (slash && (!at || slash < at)) {
                version = memrchr(name, '/', at ? (size_t) (at - name) : strlen(name));
                version[1 + strcspn(version + 1, "_")] = '\0';
        }
        if (!version || version == name)
                return false;
        *version++ = '\0';
        *ret_name = name;
        *ret_version = version;
        return *version != '\0';
}

static int pnpm_importer_read(struct dep_reader *r, const struct yaml_node *importer)
{
        int e = 0;

        for (size_t k = 0; k < ARRAY_SIZE(lists); k++) {
                const struct yaml_node *list = yaml_get(importer, lists[k].member);

                for (size_t i = 0; e == 0 && i < yaml_count(list, YAML_MAPPING); i++) {
                        const char *version = yaml_get_text(list->items[i], "version");
                        char text[DEPS_TEXT_MAX + 1];

                        if (!version)
                                version = yaml_text(list->items[i]);
                        if (!version || strstr(version, "link:") || strlen(version) > DEPS_TEXT_MAX)
                                continue;
                        (void) snprintf(text, sizeof(text), "%s", version);
                        text[strcspn(text, "(_")] = '\0';
                        e = dep_add(r, DEP_NPM,
                                    &(struct dep_note){ .name = list->keys[i]->value,
                                                        .version = text,
                                                        .scope = lists[k].scope,
                                                        .line = list->keys[i]->line,
                                                        .is_exact = true,
                                                        .is_direct = true });
                }
        }
        return e;
}

/* Versions stand as "2.0.0", "2.0.0(peer@1)", "2.0.0_peer", or as a key of an alias. */
static void pnpm_needs_read(struct dep_reader *r, struct dep_needs *needs,
                            const struct yaml_node *entry)
{
        static const char *const members[] = { "dependencies", "optionalDependencies" };

        needs->length = 0;
        needs->text[0] = '\0';
        for (size_t k = 0; k < ARRAY_SIZE(members); k++) {
                const struct yaml_node *list = yaml_get(entry, members[k]);

                for (size_t i = 0; i < yaml_count(list, YAML_MAPPING); i++) {
                        const char *name = yaml_text(list->keys[i]);
                        const char *version = yaml_text(list->items[i]);
                        char text[DEPS_TEXT_MAX + 1], *real, *exact;

                        if (!name || !version || strlen(version) > DEPS_TEXT_MAX)
                                continue;
                        (void) snprintf(text, sizeof(text), "%s", version);
                        text[strcspn(text, "(")] = '\0';
                        if ((*text < '0' || *text > '9') && pnpm_key_split(text, &real, &exact)) {
                                dep_need(r, needs, real, strlen(real), exact);
                                continue;
                        }
                        text[strcspn(text, "_")] = '\0';
                        dep_need(r, needs, name, strlen(name), text);
                }
        }
}

/* Version 9 tells needs apart from packages, once for each choice of peers: of these the first. */
static json_t *pnpm_snapshots(const struct yaml_node *snapshots)
{
        json_t *first = json_object();

        for (size_t i = 0; i < yaml_count(snapshots, YAML_MAPPING); i++) {
                char key[DEPS_TEXT_MAX + 1];

                (void) snprintf(key, sizeof(key), "%s", snapshots->keys[i]->value);
                key[strcspn(key, "(")] = '\0';
                if (!json_object_get(first, key))
                        (void) json_object_set_new(first, key, json_integer((json_int_t) i));
        }
        return first;
}

static const struct yaml_node *pnpm_snapshot(const struct yaml_node *snapshots, const json_t *first,
                                             const char *key)
{
        const json_t *place = json_object_get(first, key);

        return place ? snapshots->items[json_integer_value(place)] : NULL;
}

int dep_pnpm_lock(struct dep_reader *r)
{
        const struct yaml_node *root, *packages, *importers, *snapshots;
        struct dep_needs needs;
        struct yaml_tree tree;
        json_t *first;
        int e = yaml_parse(&tree, r->text, r->length);

        if (e == 0 && tree.error)
                e = dep_fail(r, tree.error_line, "%s", tree.error);
        root = e == 0 && tree.n_documents ? tree.documents[0] : NULL;
        importers = yaml_get(root, "importers");
        if (e == 0 && !importers)
                e = pnpm_importer_read(r, root);
        for (size_t i = 0; e == 0 && i < yaml_count(importers, YAML_MAPPING); i++)
                e = pnpm_importer_read(r, importers->items[i]);
        packages = yaml_get(root, "packages");
        snapshots = yaml_get(root, "snapshots");
        first = pnpm_snapshots(snapshots);
        for (size_t i = 0; e == 0 && i < yaml_count(packages, YAML_MAPPING); i++) {
                const struct yaml_node *entry = packages->items[i];
                char key[DEPS_TEXT_MAX + 1], *name, *version;

                (void) snprintf(key, sizeof(key), "%s", packages->keys[i]->value);
                pnpm_needs_read(r, &needs,
                                snapshots ? pnpm_snapshot(snapshots, first, key) : entry);
                if (pnpm_key_split(key, &name, &version))
                        e = dep_add(r, DEP_NPM,
                                    &(struct dep_note){
                                            .name = name,
                                            .version = version,
                                            .needs = needs.text,
                                            .scope = yaml_is_true(yaml_get(entry, "dev")) ? DEP_DEV
                                                     : yaml_is_true(yaml_get(entry, "optional"))
                                                             ? DEP_OPTIONAL
                                                             : DEP_RUNTIME,
                                            .line = packages->keys[i]->line,
                                            .is_exact = true });
        }
        json_decref(first);
        yaml_done(&tree);
        return e;
}
