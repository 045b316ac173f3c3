/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "config.h"
#include "obs/bom.h"
#include "obs/package.h"

#include <string.h>

/*
 * CycloneDX 1.6 (ECMA-424, 1st edition). The subject is the tree; each package is a component whose
 * reference is its purl and the file that names it. The subject depends on what it asks for, and a
 * package on what its lockfile says; where none says so, nothing is said (no entry).
 */

#define SUBJECT "subject" /* packages' references begin with "pkg:" */

static const char *const scopes[PACKAGE_SCOPES_] = {
        [PACKAGE_RUNTIME] = "required",
        [PACKAGE_OPTIONAL] = "optional",
        [PACKAGE_DEV] = "excluded",
};

static json_t *reference_make(const struct package *p)
{
        return json_sprintf("%s %s", p->purl, p->path);
}

static void license_add(json_t *component, const char *license)
{
        if (!*license)
                return;
        (void) json_object_set_new(component, "licenses",
                                   bom_is_expression(license)
                                           ? json_pack("[{s:s}]", "expression", license)
                                           : json_pack("[{s:{s:s}}]", "license", "name", license));
}

/* The subject's: an expression where it is certain, else each text that was found. */
static void own_license_add(json_t *subject, const struct packages *packages)
{
        json_t *list, *text;
        const char *path;

        license_add(subject, packages->own_license);
        if (*packages->own_license || json_object_size(packages->own_texts) == 0)
                return;
        list = json_array();
        json_object_foreach (packages->own_texts, path, text)
                (void) json_array_append_new(
                        list, json_pack("{s:{s:o}}", "license", "name",
                                        json_sprintf("%s (%s)", json_string_value(text), path)));
        (void) json_object_set_new(subject, "licenses", list);
}

static json_t *occurrence_make(const struct package *p)
{
        json_t *occurrence = json_pack("{s:s}", "location", p->path);

        if (p->line > 0)
                (void) json_object_set_new(occurrence, "line", json_integer(p->line));
        return occurrence;
}

static json_t *component_make(const struct package *p)
{
        json_t *component = json_pack("{s:s, s:o, s:s}", "type", "library", "bom-ref",
                                      reference_make(p), "name", p->name);

        if (*p->version && p->is_exact)
                (void) json_object_set_new(component, "version", json_string(p->version));
        (void) json_object_set_new(component, "scope", json_string(scopes[p->scope]));
        license_add(component, p->license);
        (void) json_object_set_new(component, "purl", json_string(p->purl));
        if (*p->version && !p->is_exact)
                (void) json_object_set_new(component, "properties",
                                           json_pack("[{s:s, s:s}]", "name",
                                                     "linhay:version-asked-for", "value",
                                                     p->version));
        if (*p->path)
                (void) json_object_set_new(component, "evidence",
                                           json_pack("{s:[o]}", "occurrences", occurrence_make(p)));
        return component;
}

static json_t *components_make(const struct packages *packages)
{
        json_t *list = json_array();

        for (size_t i = 0; i < packages->n; i++)
                (void) json_array_append_new(list, component_make(&packages->list[i]));
        return list;
}

static json_t *needs_make(const struct packages *packages)
{
        json_t *list = json_array();

        for (size_t i = 0; i < packages->n; i++)
                if (packages->list[i].is_direct)
                        (void) json_array_append_new(list, reference_make(&packages->list[i]));
        return list;
}

/* An entry for the subject, and one for each package of which is known what it needs. */
static json_t *dependencies_make(const struct packages *packages)
{
        json_t *list = json_pack("[{s:s, s:o}]", "ref", SUBJECT, "dependsOn", needs_make(packages));

        for (size_t i = 0; list && i < packages->n; i++) {
                const struct package *p = &packages->list[i], *needed;
                _cleanup_(json_decrefp) json_t *seen = json_object();
                json_t *needs = json_array(), *purl;
                size_t k;

                json_array_foreach (p->needs, k, purl) {
                        needed = packages_needed(packages, p, json_string_value(purl));
                        if (needed && needed != p &&
                            !json_object_get(seen, json_string_value(purl)) &&
                            json_object_set_new(seen, json_string_value(purl), json_true()) == 0)
                                (void) json_array_append_new(needs, reference_make(needed));
                }
                if (json_array_size(needs))
                        (void) json_array_append_new(list, json_pack("{s:o, s:o}", "ref",
                                                                     reference_make(p), "dependsOn",
                                                                     needs));
                else
                        json_decref(needs);
        }
        return list;
}

static json_t *metadata_make(const struct view *v, const struct packages *packages)
{
        json_t *subject = json_pack("{s:s, s:s, s:s}", "type", "application", "bom-ref", SUBJECT,
                                    "name", bom_subject(v->document));
        char time[BOM_TIME];

        own_license_add(subject, packages);
        bom_time(time, v->document);
        return json_pack("{s:s, s:[{s:s}], s:{s:[{s:s, s:s, s:s}]}, s:o, s:[{s:s, s:s}]}",
                         "timestamp", time, "lifecycles", "phase", "pre-build", "tools",
                         "components", "type", "application", "name", "linhay", "version",
                         PACKAGE_VERSION, "component", subject, "properties", "name", "linhay:run",
                         "value", view_text(v->document, "run"));
}

int report_cyclonedx(struct buf *out, const struct view *v, const struct report_options *o)
{
        _cleanup_(packages_done) struct packages packages = { 0 };
        _cleanup_(json_decrefp) json_t *bom = NULL;
        _cleanup_(freep) char *text = NULL;
        char urn[BOM_URN];
        bool is_whole;
        int r;

        (void) o;
        r = packages_find(&packages, v->document);
        if (r == 0)
                r = bom_urn(urn, v->document, "cyclonedx");
        if (r < 0)
                return r;
        is_whole = !packages.is_cut && v->gaps.total == 0;
        bom = json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:[{s:s, s:[s]}]}", "$schema",
                        "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat", "CycloneDX",
                        "specVersion", "1.6", "serialNumber", urn, "version", 1, "metadata",
                        metadata_make(v, &packages), "components", components_make(&packages),
                        "dependencies", dependencies_make(&packages), "compositions", "aggregate",
                        is_whole ? "unknown" : "incomplete", "assemblies", SUBJECT);
        text = bom ? json_dumps(bom, JSON_INDENT(2)) : NULL;
        if (!text)
                return -ENOMEM;
        r = buf_puts(out, text);
        return r < 0 ? r : buf_putc(out, '\n');
}
