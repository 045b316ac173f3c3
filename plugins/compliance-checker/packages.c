/* SPDX-License-Identifier: Apache-2.0 */
#include "packages.h"

#include "licenses.h"

#define MODULES "node_modules/"

int packages_check(struct check *c)
{
        char error[256] = "";
        int r;

        /* Of a package that lies in the tree only its own name counts, which its lockfile has. */
        if (!deps_is_file(c->path) || strstr(c->path, MODULES))
                return 0;
        r = deps_read(&c->packages, c->path, c->text, c->length, error, sizeof(error));
        if (r != -EBADMSG)
                return r;
        linhay_log(c->run, LINHAY_WARNING, "%s: %s", c->path, error);
        return check_not_scanned(c, c->path, "not-parsed");
}

/* The package that a manifest below node_modules is of: "a", "@s/a"; NULL = it is of none. */
static char *module_of(const char *path)
{
        const char *name = path, *next, *end;

        while ((next = strstr(name, MODULES)))
                name = next + strlen(MODULES);
        end = strstr(name, "/package.json");
        if (name == path || !end || end[strlen("/package.json")] != '\0' ||
            (size_t) (strchr(name, '/') - name) < (size_t) (*name == '@' ? 0 : end - name))
                return NULL;
        return strndup(name, (size_t) (end - name));
}

/* What the manifests of packages in the tree say: name -> expression. */
static json_t *modules_make(const struct check *c)
{
        json_t *modules = json_object(), *entry;

        for (size_t i = 0; (entry = license_list_manifest(&c->licenses, i)); i++) {
                const char *path = json_string_value(json_object_get(entry, "path"));
                char *name = path ? module_of(path) : NULL;

                if (name)
                        (void) json_object_set(modules, name, json_object_get(entry, "expression"));
                free(name);
                json_decref(entry);
        }
        return modules;
}

/* The licence that a package in the tree names, where its lockfile has none. */
static int license_take(struct dep *d, const json_t *modules)
{
        const char *license = json_string_value(json_object_get(modules, d->name));

        if (d->type != DEP_NPM || d->license || !license)
                return 0;
        d->license = strdup(license);
        return d->license ? 0 : -ENOMEM;
}

int packages_finish(struct check *c)
{
        json_t *modules;
        int r = deps_settle(&c->packages);

        if (r < 0)
                return r;
        if (c->packages.cut)
                r = check_not_scanned(c, "(packages past the limit)", "too-many");
        modules = modules_make(c);
        for (size_t i = 0; r >= 0 && i < c->packages.n; i++) {
                struct dep *d = &c->packages.list[i];

                r = license_take(d, modules);
                if (r >= 0 && d->license && c->policy.licenses)
                        r = licenses_judge_package(c, d);
        }
        json_decref(modules);
        return r;
}

static int on_need(void *owner, const struct dep *needed)
{
        char *purl = NULL;
        int r = dep_purl(&purl, needed);

        if (r == 0 && json_array_append_new(owner, json_string(purl)) < 0)
                r = -ENOMEM;
        free(purl);
        return r;
}

static int needs_put(json_t *json, const struct dep *d, const struct deps_index *index)
{
        json_t *needs = json_array();
        int r = needs ? deps_index_needs(index, d, on_need, needs) : -ENOMEM;

        if (r >= 0 && json_array_size(needs))
                (void) json_object_set(json, "needs", needs);
        json_decref(needs);
        return r;
}

/* A path that is not UTF-8 is left out: it could not be told. */
static json_t *package_json(const struct dep *d, const struct deps_index *index)
{
        char *purl = NULL;
        json_t *json = NULL;

        if (dep_purl(&purl, d) == 0)
                json = json_pack("{ss ss ss ss* ss* sb ss ss* si}", "purl", purl, "type",
                                 dep_type_names[d->type], "name", d->name, "version", d->version,
                                 "license", d->license, "direct", d->is_direct, "scope",
                                 dep_scope_names[d->scope], "path", d->path, "line", (int) d->line);
        free(purl);
        if (json && d->needs && index && needs_put(json, d, index) < 0) {
                json_decref(json);
                return NULL;
        }
        return json;
}

json_t *packages_to_json(const struct check *c)
{
        struct deps_index *index = NULL;
        json_t *list = deps_index_make(&index, &c->packages) < 0 ? NULL : json_array();

        for (size_t i = 0; list && i < c->packages.n; i++) {
                json_t *one = package_json(&c->packages.list[i], index);

                if (one)
                        (void) json_array_append_new(list, one);
        }
        deps_index_free(index);
        return list;
}
