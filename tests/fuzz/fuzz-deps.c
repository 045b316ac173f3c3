/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as a manifest or lockfile: the first says of which kind
 *
 * Promises: what is told has a name; a fault has words; what settles has no entry twice; each
 * package has a URL.
 */
#include "fuzz.h"

#include "deps/deps.h"

#include <errno.h>

static const char *const paths[] = {
        "package.json",     "package-lock.json", "yarn.lock",    "pnpm-lock.yaml",
        "requirements.txt", "pyproject.toml",    "Pipfile.lock", "poetry.lock",
        "Cargo.toml",       "Cargo.lock",        "go.mod",       "pom.xml",
        "gradle.lockfile",  "Gemfile",           "Gemfile.lock", "composer.json",
        "composer.lock",    "debian/control",    "dpkg/status",
};

static void settled_check(const struct deps *deps)
{
        for (size_t i = 0; i < deps->n; i++) {
                const struct dep *d = &deps->list[i];
                char *purl;

                promise(*d->name && strlen(d->name) <= DEPS_TEXT_MAX, "a package has a name");
                promise(dep_purl(&purl, d) == 0 && strncmp(purl, "pkg:", 4) == 0, "and a URL");
                free(purl);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct deps deps = { 0 };
        char error[256] = "";
        size_t before;
        int r;

        if (size == 0)
                return 0;
        r = deps_read(&deps, paths[*data % (sizeof(paths) / sizeof(*paths))],
                      (const char *) data + 1, size - 1, error, sizeof(error));
        promise(r == 0 || r == -ENOMEM || (r == -EBADMSG && *error), "a fault has words");
        before = deps.n;
        promise(deps_settle(&deps) == 0 && deps.n <= before, "to settle adds nothing");
        settled_check(&deps);
        deps_done(&deps);
        return 0;
}
