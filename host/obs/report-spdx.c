/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/sha256.h"
#include "config.h"
#include "obs/bom.h"
#include "obs/package.h"

#include <string.h>

/*
 * SPDX 2.3 (ISO/IEC 5962 is its 2.2.1). The document describes one package, the tree, which depends
 * on those that it asks for itself, and these on what their lockfile says. Clauses named below are
 * of that specification.
 */

#define SUBJECT     "SPDXRef-Subject" /* packages' identifiers have a number behind the dash */
#define NOBODY_SAYS "NOASSERTION"
#define LICENSE_REF "LicenseRef-"

#define ID_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-"

#define ID_SIZE 96

/* What a package of that scope is to the tree (11.1); DEPENDS_ON says the rest. */
static const char *const kinds[PACKAGE_SCOPES_] = {
        [PACKAGE_OPTIONAL] = "OPTIONAL_DEPENDENCY_OF",
        [PACKAGE_DEV] = "DEV_DEPENDENCY_OF",
};

/* Licences that SPDX's list has not (10): identifier -> text. */
struct spdx {
        json_t *texts;
        json_t *packages, *relationships;
};

/* 7.2: letters, digits, '.' and '-'; the number makes it unique. */
static void id_make(char ret[ID_SIZE], const struct packages *packages, size_t i)
{
        int n = snprintf(ret, ID_SIZE, "SPDXRef-%zu-%.60s", i + 1, packages->list[i].name);

        for (char *p = ret; n > 0 && *p; p++)
                if (!strchr(ID_CHARS, *p))
                        *p = '-';
}

/* 10.1: each LicenseRef- in an expression is told of. */
static void references_add(struct spdx *s, const char *expression)
{
        const char *p = expression;

        while ((p = strstr(p, LICENSE_REF))) {
                size_t length = strspn(p, ID_CHARS);
                json_t *id = json_stringn(p, length);

                (void) json_object_set_new(s->texts, json_string_value(id),
                                           json_string("named in an expression, without a text"));
                json_decref(id);
                p += length;
        }
}

/* 7.15: an expression; a free text under a name of its own. */
static json_t *license_make(struct spdx *s, const char *license)
{
        char hex[SHA256_HEX], id[64];

        if (!*license)
                return json_string(NOBODY_SAYS);
        if (bom_is_expression(license)) {
                references_add(s, license);
                return json_string(license);
        }
        sha256_hex(hex, license, strlen(license));
        (void) snprintf(id, sizeof(id), LICENSE_REF "linhay-%.16s", hex);
        (void) json_object_set_new(s->texts, id, json_string(license));
        return json_string(id);
}

static json_t *package_make(struct spdx *s, const char *id, const char *name, const char *license,
                            const char *purpose)
{
        return json_pack("{s:s, s:s, s:s, s:b, s:s, s:o, s:s, s:s}", "SPDXID", id, "name", name,
                         "downloadLocation", NOBODY_SAYS, "filesAnalyzed", false,
                         "licenseConcluded", NOBODY_SAYS, "licenseDeclared",
                         license_make(s, license), "copyrightText", NOBODY_SAYS,
                         "primaryPackagePurpose", purpose);
}

static void relate(struct spdx *s, const char *from, const char *kind, const char *to)
{
        (void) json_array_append_new(s->relationships,
                                     json_pack("{s:s, s:s, s:s}", "spdxElementId", from,
                                               "relationshipType", kind, "relatedSpdxElement", to));
}

static json_t *source_make(const struct package *p)
{
        return p->line > 0 ? json_sprintf("%s:%" JSON_INTEGER_FORMAT, p->path, p->line)
                           : json_string(p->path);
}

static void package_add(struct spdx *s, const struct packages *packages, size_t i)
{
        const struct package *p = &packages->list[i];
        char id[ID_SIZE];
        json_t *package;

        id_make(id, packages, i);
        package = package_make(s, id, p->name, p->license, "LIBRARY");
        if (*p->version && p->is_exact)
                (void) json_object_set_new(package, "versionInfo", json_string(p->version));
        else if (*p->version)
                (void) json_object_set_new(package, "comment",
                                           json_sprintf("version asked for: %s", p->version));
        if (*p->path)
                (void) json_object_set_new(package, "sourceInfo", source_make(p));
        (void) json_object_set_new(package, "externalRefs",
                                   json_pack("[{s:s, s:s, s:s}]", "referenceCategory",
                                             "PACKAGE-MANAGER", "referenceType", "purl",
                                             "referenceLocator", p->purl));
        (void) json_array_append_new(s->packages, package);
        if (p->is_direct)
                relate(s, SUBJECT, "DEPENDS_ON", id);
        if (kinds[p->scope])
                relate(s, id, kinds[p->scope], SUBJECT);
}

/* What packages need themselves, as far as a lockfile says so. */
static void needs_add(struct spdx *s, const struct packages *packages, size_t i)
{
        const struct package *p = &packages->list[i];
        _cleanup_(json_decrefp) json_t *seen = json_object();
        char from[ID_SIZE], to[ID_SIZE];
        json_t *purl;
        size_t k;

        id_make(from, packages, i);
        json_array_foreach (p->needs, k, purl) {
                const struct package *needed =
                        packages_needed(packages, p, json_string_value(purl));

                if (!needed || needed == p || json_object_get(seen, json_string_value(purl)) ||
                    json_object_set_new(seen, json_string_value(purl), json_true()) < 0)
                        continue;
                id_make(to, packages, (size_t) (needed - packages->list));
                relate(s, from, "DEPENDS_ON", to);
        }
}

static json_t *texts_make(const struct spdx *s)
{
        json_t *list = json_array(), *text;
        const char *id;

        json_object_foreach (s->texts, id, text)
                (void) json_array_append_new(list,
                                             json_pack("{s:s, s:O, s:s}", "licenseId", id,
                                                       "extractedText", text, "name", NOBODY_SAYS));
        return list;
}

/* 7.16: where texts at the root do not say how they go together, what they are. */
static json_t *subject_make(struct spdx *s, const char *name, const struct packages *packages)
{
        json_t *subject = package_make(s, SUBJECT, name, packages->own_license, "APPLICATION");
        _cleanup_(buf_done) struct buf list = { 0 };
        const char *path;
        json_t *text;

        if (*packages->own_license || json_object_size(packages->own_texts) == 0)
                return subject;
        json_object_foreach (packages->own_texts, path, text)
                (void) buf_printf(&list, "%s%s: %s", list.length ? "; " : "", path,
                                  json_string_value(text));
        (void) json_object_set_new(subject, "licenseComments",
                                   json_sprintf("texts at the root: %s", buf_text(&list)));
        return subject;
}

static json_t *document_make(const struct view *v, const struct packages *packages, const char *urn)
{
        _cleanup_(json_decrefp) json_t *texts = json_object();
        struct spdx s = { texts, json_array(), json_array() };
        const char *subject = bom_subject(v->document);
        bool is_whole = !packages->is_cut && v->gaps.total == 0;
        char time[BOM_TIME];

        bom_time(time, v->document);
        (void) json_array_append_new(s.packages, subject_make(&s, subject, packages));
        relate(&s, "SPDXRef-DOCUMENT", "DESCRIBES", SUBJECT);
        for (size_t i = 0; i < packages->n; i++)
                package_add(&s, packages, i);
        for (size_t i = 0; i < packages->n; i++)
                needs_add(&s, packages, i);
        return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:[s]}, s:o, s:o, s:o}",
                         "spdxVersion", "SPDX-2.3", "dataLicense", "CC0-1.0", "SPDXID",
                         "SPDXRef-DOCUMENT", "name", subject, "documentNamespace", urn, "comment",
                         is_whole ? "of the manifests and lockfiles of the tree"
                                  : "incomplete: not all of the tree was looked at",
                         "creationInfo", "created", time, "creators",
                         "Tool: linhay-" PACKAGE_VERSION, "packages", s.packages,
                         "hasExtractedLicensingInfos", texts_make(&s), "relationships",
                         s.relationships);
}

int report_spdx(struct buf *out, const struct view *v, const struct report_options *o)
{
        _cleanup_(packages_done) struct packages packages = { 0 };
        _cleanup_(json_decrefp) json_t *document = NULL;
        _cleanup_(freep) char *text = NULL;
        char urn[BOM_URN];
        int r;

        (void) o;
        r = packages_find(&packages, v->document);
        if (r == 0)
                r = bom_urn(urn, v->document, "spdx");
        if (r < 0)
                return r;
        document = document_make(v, &packages, urn);
        text = document ? json_dumps(document, JSON_INDENT(2)) : NULL;
        if (!text)
                return -ENOMEM;
        r = buf_puts(out, text);
        return r < 0 ? r : buf_putc(out, '\n');
}
