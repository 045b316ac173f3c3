/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/package.h"

#include "base/buf.h"
#include "base/def.h"
#include "obs/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Packages while they are collected. */
struct finder {
        struct packages found;
        size_t size;
};

static const char *const scopes[PACKAGE_SCOPES_] = {
        [PACKAGE_RUNTIME] = "runtime",
        [PACKAGE_OPTIONAL] = "optional",
        [PACKAGE_DEV] = "dev",
};

static enum package_scope scope_of(const char *name)
{
        for (size_t i = 0; i < PACKAGE_SCOPES_; i++)
                if (strcmp(scopes[i], name) == 0)
                        return (enum package_scope) i;
        return PACKAGE_RUNTIME;
}

static bool purl_is_sound(const char *purl)
{
        if (strncmp(purl, "pkg:", 4) != 0 || !purl[4])
                return false;
        for (; *purl; purl++)
                if (*purl <= ' ' || *purl > '~')
                        return false;
        return true;
}

/* A scope's '@' is percent-encoded; of qualifiers and the subpath anything may be said. */
static bool purl_has_version(const char *purl)
{
        return memchr(purl, '@', strcspn(purl, "?#")) != NULL;
}

/* 1 when it was seen before. */
static int seen_before(struct finder *f, const struct package *p)
{
        _cleanup_(buf_done) struct buf key = { 0 };
        int r = buf_printf(&key, "%s %s", p->purl, p->path);

        if (r < 0)
                return r;
        if (json_object_get(f->found.places, buf_text(&key)))
                return 1;
        return json_object_set_new(f->found.places, buf_text(&key),
                                   json_integer((json_int_t) f->found.n)) < 0
                       ? -ENOMEM
                       : 0;
}

static int package_add(struct finder *f, const struct package *p)
{
        struct packages *found = &f->found;

        if (found->n == PACKAGES_MAX) {
                found->is_cut = true;
                return 0;
        }
        if (found->n == f->size) {
                size_t size = f->size ? 2 * f->size : 64;
                struct package *list = reallocarray(found->list, size, sizeof(*list));

                if (!list)
                        return -ENOMEM;
                found->list = list;
                f->size = size;
        }
        found->list[found->n++] = *p;
        return 0;
}

static int package_read(struct finder *f, const json_t *item)
{
        json_int_t line = json_integer_value(json_object_get(item, "line"));
        struct package p = {
                .purl = finding_text(item, "purl"),
                .name = finding_text(item, "name"),
                .version = finding_text(item, "version"),
                .license = finding_text(item, "license"),
                .path = finding_text(item, "path"),
                .line = MAX_OF(line, 0),
                .scope = scope_of(finding_text(item, "scope")),
                .is_direct = json_is_true(json_object_get(item, "direct")),
                .needs = json_object_get(item, "needs"),
        };
        int r;

        if (!purl_is_sound(p.purl) || !*p.name || f->found.is_cut)
                return 0;
        p.is_exact = purl_has_version(p.purl);
        r = seen_before(f, &p);
        return r == 0 ? package_add(f, &p) : MIN_OF(r, 0);
}

/* LICENSE, LICENSE-MIT, COPYING.LESSER, licence.md; at the root. */
static bool is_own_text(const char *path)
{
        static const char *const names[] = { "LICENSE", "LICENCE", "COPYING", "UNLICENSE" };
        size_t length = strcspn(path, ".-_");

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (length == strlen(names[i]) && strncasecmp(path, names[i], length) == 0)
                        return !strchr(path, '/');
        return false;
}

/* Does a manifest at the root say it? Those of other systems may say it too; the first counts. */
static bool is_own_manifest(const json_t *item)
{
        const char *path = finding_text(item, "path");
        const json_t *place;
        size_t i;

        json_array_foreach (json_object_get(item, "places"), i, place)
                if (strcmp(finding_text(place, "kind"), "manifest") == 0)
                        return *path && !strchr(path, '/');
        return false;
}

static void own_license_read(struct packages *found, const json_t *item)
{
        const char *path = finding_text(item, "path"), *text = finding_text(item, "expression");

        if (!*text)
                return;
        if (!*found->own_license && is_own_manifest(item))
                found->own_license = text;
        if (is_own_text(path) && !json_object_get(found->own_texts, path))
                (void) json_object_set_new(found->own_texts, path, json_string(text));
}

/* Where no manifest says it, and all texts are of the same licence, it is that. */
static void own_license_settle(struct packages *found)
{
        const char *path, *only = NULL;
        json_t *text;

        json_object_foreach (found->own_texts, path, text) {
                if (only && strcmp(only, json_string_value(text)) != 0)
                        return;
                only = json_string_value(text);
        }
        if (only && !*found->own_license)
                found->own_license = only;
}

static int output_read(struct finder *f, const json_t *output)
{
        json_t *item;
        size_t i;
        int r;

        json_array_foreach (json_object_get(output, "packages"), i, item) {
                r = package_read(f, item);
                if (r < 0)
                        return r;
        }
        json_array_foreach (json_object_get(output, "licenses"), i, item)
                own_license_read(&f->found, item);
        return 0;
}

int packages_find(struct packages *ret, const json_t *document)
{
        struct finder f = { .found.own_license = "",
                            .found.places = json_object(),
                            .found.own_texts = json_object() };
        int r = f.found.places && f.found.own_texts ? 0 : -ENOMEM;
        json_t *step;
        size_t i;

        json_array_foreach (json_object_get(document, "steps"), i, step)
                if (r == 0)
                        r = output_read(&f, json_object_get(step, "output"));
        own_license_settle(&f.found);
        if (r < 0)
                packages_done(&f.found);
        *ret = f.found;
        return r;
}

const struct package *packages_needed(const struct packages *all, const struct package *p,
                                      const char *purl)
{
        _cleanup_(buf_done) struct buf key = { 0 };
        const json_t *place;

        if (!purl || buf_printf(&key, "%s %s", purl, p->path) < 0)
                return NULL;
        place = json_object_get(all->places, buf_text(&key));
        /* Past the limit a place has a number that no package has. */
        return place && (size_t) json_integer_value(place) < all->n
                       ? &all->list[json_integer_value(place)]
                       : NULL;
}

void packages_done(struct packages *p)
{
        json_decref(p->places);
        json_decref(p->own_texts);
        free(p->list);
        *p = (struct packages){ 0 };
}
