/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Packages: what a tree is made of
 *
 * An agent that reads manifests and lockfiles says what it found in members at the top of its
 * output, of which bills of materials are made (see obs/report.h):
 *
 *   "packages": [{"purl": "pkg:npm/a@1.0.0", "type": "npm", "name": "a", "version": "1.0.0",
 *                 "license": "MIT", "direct": true, "scope": "runtime",
 *                 "path": "package-lock.json", "line": 12, "needs": ["pkg:npm/b@2.0.0"]}]
 *   "licenses": [{"path": "LICENSE", "expression": "Apache-2.0", "ids": ["Apache-2.0"]}]
 *
 * `purl` is a package URL, all of it ASCII without blanks; it has a version where the exact one is
 * known, else `version` is what is asked for. `version` and `license` may be left out. `scope` is
 * runtime, optional or dev; another one is taken for runtime. `line` 0 = not known. The same purl
 * at the same path is one package, however many steps name it; the first one counts. A member
 * without a purl or a name is no package.
 *
 * The licence of the tree itself is what a manifest at its root says; else that of the only
 * LICENSE, LICENCE or COPYING there, with any suffix. Several of those (LICENSE-MIT beside
 * LICENSE-APACHE, COPYING beside COPYING.LESSER) do not say how they go together: then what was
 * found is listed.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define PACKAGES_MAX 50000 /* of a run; of further ones is only said that there are some */

enum package_scope { PACKAGE_RUNTIME, PACKAGE_OPTIONAL, PACKAGE_DEV, PACKAGE_SCOPES_ };

/* Texts are borrowed from the document. */
struct package {
        const char *purl, *name;
        const char *version; /* "" = not known */
        const char *license; /* "" = not known */
        const char *path;    /* that says so; "" = not known */
        json_int_t line;     /* 0 = not known */
        const json_t *needs; /* purls of packages of the same file; NULL = not known */
        enum package_scope scope;
        bool is_direct; /* the tree itself asks for it */
        bool is_exact;  /* `version` is the version, not a range */
};

struct packages {
        struct package *list; /* in the order in which they are named */
        size_t n;
        bool is_cut;             /* there are more */
        json_t *places;          /* "purl path" -> index in the list */
        const char *own_license; /* of the tree; "" = not known */
        json_t *own_texts;       /* path -> expression of licence texts at the root */
};

/* The package that `p` needs by its purl; NULL = there is none. */
const struct package *packages_needed(const struct packages *all, const struct package *p,
                                      const char *purl);

/* Of a run's document; -ENOMEM. */
int packages_find(struct packages *ret, const json_t *document);
void packages_done(struct packages *p);
