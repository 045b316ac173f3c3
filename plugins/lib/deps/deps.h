/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Dependencies: what a manifest or a lockfile says that a project is made of
 *
 * Reads package.json, package-lock.json, npm-shrinkwrap.json, yarn.lock, pnpm-lock.yaml;
 * requirements*.txt, pyproject.toml, Pipfile.lock, poetry.lock, pdm.lock, uv.lock; Cargo.toml,
 * Cargo.lock; go.mod; pom.xml, gradle.lockfile; Gemfile, Gemfile.lock, *.gemspec; composer.json,
 * composer.lock; debian/control and dpkg's status. Each dependency has its name as its system
 * writes it, what the file says of its version and licence, and whether the project asked for it
 * itself. Formats: the documentation of each system.
 *
 * A lockfile alone does not always tell direct dependencies from others; deps_settle() joins what
 * the files of one folder say.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEPS_MAX       20000  /* of one tree; what is past it is counted as cut */
#define DEPS_NEEDS_MAX 200000 /* the same of what these need themselves */
#define DEPS_TEXT_MAX  1024 /* bytes of a name, a version or a licence; longer ones are no names */
#define DEPS_BYTES_MAX (16 * 1024 * 1024) /* of one file */

/* Kinds of packages, by the names that purl gives them (package-url/purl-spec, PURL-TYPES). */
enum dep_type {
        DEP_NPM,
        DEP_PYPI,
        DEP_CARGO,
        DEP_GOLANG,
        DEP_MAVEN,
        DEP_GEM,
        DEP_COMPOSER,
        DEP_DEB,
        DEP_TYPES_,
};

enum dep_scope {
        DEP_RUNTIME,
        DEP_OPTIONAL, /* peers, extras and what may be absent */
        DEP_DEV,      /* tests, tools and builds only */
        DEP_SCOPES_,
};

struct dep {
        enum dep_type type;
        enum dep_scope scope;
        char *name;    /* "@scope/name", "group:artifact", "github.com/a/b" */
        char *version; /* "1.2.3" if it is exact, else what is asked for ("^1.2"), or NULL */
        char *license; /* as it stands in the file, or NULL */
        char *path;    /* of the file */
        char *needs;   /* what it needs itself, as a lockfile says: "NAME VERSION" or "NAME", each
                          with a newline behind it; NULL = nothing is said */
        uint32_t line; /* from 1; 0 = not known */
        bool is_exact; /* the version is one, not a range */
        bool is_direct;
        bool is_lock; /* from a lockfile */
};

struct deps {
        struct dep *list;
        size_t n, size;
        size_t n_needs;
        uint64_t cut; /* past DEPS_MAX */
};

/* Is it the path of a file that is read here? */
bool deps_is_file(const char *path);

/* And of a lockfile: what stands in it is about other packages. */
bool deps_is_lock(const char *path);

/*
 * Adds what a file says: 0, also for files of other kinds; -EBADMSG where the file is not what its
 * name says, with a sentence in `error` (its line in front where it is known); -ENOMEM.
 */
int deps_read(struct deps *deps, const char *path, const char *text, size_t length, char *error,
              size_t error_size);

/*
 * Of the same package in the same folder one entry is left: the lockfile's, direct if the manifest
 * names it, with the manifest's scope. Sorted by type, name, version and path.
 */
int deps_settle(struct deps *deps);

void deps_done(struct deps *deps);

/*
 * Calls `found` for each package of the same file that a package needs; the list must be settled.
 * What the file does not hold is left out. 0, -ENOMEM, or what `found` returned below 0.
 */
struct deps_index;
int deps_index_make(struct deps_index **ret, const struct deps *deps);
int deps_index_needs(const struct deps_index *index, const struct dep *d,
                     int (*found)(void *owner, const struct dep *needed), void *owner);
void deps_index_free(struct deps_index *index);

extern const char *const dep_type_names[DEP_TYPES_];   /* "npm" */
extern const char *const dep_scope_names[DEP_SCOPES_]; /* "runtime" */

/*
 * The package URL (purl-spec 1.0): "pkg:npm/%40a/b@1.0.0". The version only where it is exact.
 * Truncates never: -ENOMEM, or the text to be freed.
 */
int dep_purl(char **ret, const struct dep *dep);
