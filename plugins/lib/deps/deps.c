/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const dep_type_names[DEP_TYPES_] = {
        [DEP_NPM] = "npm",           [DEP_PYPI] = "pypi",   [DEP_CARGO] = "cargo",
        [DEP_GOLANG] = "golang",     [DEP_MAVEN] = "maven", [DEP_GEM] = "gem",
        [DEP_COMPOSER] = "composer", [DEP_DEB] = "deb",
};

const char *const dep_scope_names[DEP_SCOPES_] = {
        [DEP_RUNTIME] = "runtime",
        [DEP_OPTIONAL] = "optional",
        [DEP_DEV] = "dev",
};

static const struct kind {
        const char *pattern; /* of the last part of the path */
        const char *folder;  /* that it must stand in, or NULL */
        bool is_lock;
        dep_read read;
} kinds[] = {
        { "package.json", NULL, false, dep_npm_manifest },
        { "package-lock.json", NULL, true, dep_npm_lock },
        { "npm-shrinkwrap.json", NULL, true, dep_npm_lock },
        { "yarn.lock", NULL, true, dep_yarn_lock },
        { "pnpm-lock.yaml", NULL, true, dep_pnpm_lock },
        { "requirements*.txt", NULL, false, dep_pip_requirements },
        { "*requirements.txt", NULL, false, dep_pip_requirements },
        { "pyproject.toml", NULL, false, dep_pyproject },
        { "Pipfile.lock", NULL, true, dep_pipfile_lock },
        { "poetry.lock", NULL, true, dep_python_lock },
        { "pdm.lock", NULL, true, dep_python_lock },
        { "uv.lock", NULL, true, dep_python_lock },
        { "Cargo.toml", NULL, false, dep_cargo_manifest },
        { "Cargo.lock", NULL, true, dep_cargo_lock },
        { "go.mod", NULL, false, dep_go_mod },
        { "pom.xml", NULL, false, dep_pom },
        { "gradle.lockfile", NULL, true, dep_gradle_lock },
        { "Gemfile", NULL, false, dep_gemfile },
        { "gems.rb", NULL, false, dep_gemfile },
        { "*.gemspec", NULL, false, dep_gemfile },
        { "Gemfile.lock", NULL, true, dep_gemfile_lock },
        { "gems.locked", NULL, true, dep_gemfile_lock },
        { "composer.json", NULL, false, dep_composer_manifest },
        { "composer.lock", NULL, true, dep_composer_lock },
        { "control", "debian", false, dep_debian_control },
        { "status", "dpkg", true, dep_dpkg_status },
};

static const char *base_of(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

/* Does the file stand in a folder of this name? */
static bool is_in(const char *path, const char *folder)
{
        const char *base = base_of(path);
        size_t n = strlen(folder), before = (size_t) (base - path);

        return before > n && memcmp(base - n - 1, folder, n) == 0 &&
               (before == n + 1 || base[-(ssize_t) n - 2] == '/');
}

static const struct kind *kind_of(const char *path)
{
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (fnmatch(kinds[i].pattern, base_of(path), 0) == 0 &&
                    (!kinds[i].folder || is_in(path, kinds[i].folder)))
                        return &kinds[i];
        return NULL;
}

bool deps_is_file(const char *path)
{
        return kind_of(path) != NULL;
}

bool deps_is_lock(const char *path)
{
        const struct kind *kind = kind_of(path);

        return kind && kind->is_lock;
}

int deps_read(struct deps *deps, const char *path, const char *text, size_t length, char *error,
              size_t error_size)
{
        const struct kind *kind = kind_of(path);
        struct dep_reader r = { .deps = deps,
                                .path = path,
                                .text = text,
                                .length = length,
                                .error = error,
                                .error_size = error_size,
                                .cursor_line = 1 };

        if (!kind)
                return 0;
        if (length > DEPS_BYTES_MAX)
                return dep_fail(&r, 0, "it is larger than %d bytes", DEPS_BYTES_MAX);
        r.is_lock = kind->is_lock;
        return kind->read(&r);
}

int dep_fail(struct dep_reader *r, uint32_t line, const char *format, ...)
{
        size_t n = 0;
        va_list args;

        if (line)
                n = (size_t) snprintf(r->error, r->error_size, "line %u: ", line);
        va_start(args, format);
        if (n < r->error_size)
                (void) vsnprintf(r->error + n, r->error_size - n, format, args);
        va_end(args);
        return -EBADMSG;
}

json_t *dep_json(struct dep_reader *r)
{
        json_error_t fault;
        json_t *json = json_loadb(r->text, r->length, 0, &fault);
        char *near = json ? NULL : strstr(fault.text, " near '");

        if (json_is_object(json))
                return json;
        /* The text near the fault may hold a secret. */
        if (near)
                *near = '\0';
        (void) dep_fail(r, !json && fault.line > 0 ? (uint32_t) fault.line : 0,
                        "it is no JSON object%s%s", json ? "" : ": ", json ? "" : fault.text);
        json_decref(json);
        return NULL;
}

int dep_toml(struct dep_reader *r, struct toml_tree *ret)
{
        int e = toml_parse(ret, r->text, r->length);

        return e == -EBADMSG ? dep_fail(r, ret->error_line, "%s", ret->error) : e;
}

/* "git+https://user:password@host/x" -> "git+https://host/x": what lets in is not a version. */
static void userinfo_cut(char *text)
{
        char *at, *start = text;

        while (start && (start = strstr(start, "://"))) {
                start += 3;
                at = memrchr(start, '@', strcspn(start, "/?#"));
                if (at)
                        memmove(start, at + 1, strlen(at + 1) + 1);
        }
}

static void dep_done(struct dep *d)
{
        free(d->name);
        free(d->version);
        free(d->license);
        free(d->path);
        free(d->needs);
}

static bool is_text(const char *text)
{
        return text && *text && strlen(text) <= DEPS_TEXT_MAX;
}

void dep_need(struct dep_reader *r, struct dep_needs *needs, const char *name, size_t name_length,
              const char *version)
{
        size_t left = sizeof(needs->text) - needs->length;
        int n;

        if (!name_length || name_length > DEPS_TEXT_MAX || memchr(name, ' ', name_length) ||
            memchr(name, '\n', name_length) || (version && strpbrk(version, " \n")))
                return;
        if (r->deps->n_needs >= DEPS_NEEDS_MAX) {
                r->deps->cut++;
                return;
        }
        r->deps->n_needs++;
        n = snprintf(needs->text + needs->length, left, "%.*s%s%s\n", (int) name_length, name,
                     version ? " " : "", version ? version : "");
        if (n > 0 && (size_t) n < left)
                needs->length += (size_t) n;
        else {
                needs->text[needs->length] = '\0';
                r->deps->cut++;
        }
}

int dep_add(struct dep_reader *r, enum dep_type type, const struct dep_note *note)
{
        struct deps *deps = r->deps;
        struct dep d = { .type = type,
                         .scope = note->scope,
                         .line = note->line,
                         .is_exact = note->is_exact && is_text(note->version) &&
                                     !strstr(note->version, "://"),
                         .is_direct = note->is_direct,
                         .is_lock = r->is_lock };

        if (!is_text(note->name) || strstr(note->name, "://"))
                return 0;
        if (deps->n >= DEPS_MAX) {
                deps->cut++;
                return 0;
        }
        if (!ARRAY_ROOM(deps->list, deps->n))
                return -ENOMEM;
        d.name = strdup(note->name);
        d.path = strdup(r->path);
        d.version = is_text(note->version) ? strdup(note->version) : NULL;
        d.license = is_text(note->license) ? strdup(note->license) : NULL;
        d.needs = note->needs && *note->needs ? strdup(note->needs) : NULL;
        if (!d.name || !d.path || (note->needs && *note->needs && !d.needs) ||
            (is_text(note->version) && !d.version) || (is_text(note->license) && !d.license)) {
                dep_done(&d);
                return -ENOMEM;
        }
        if (d.version)
                userinfo_cut(d.version);
        if (d.license)
                userinfo_cut(d.license);
        deps->list[deps->n++] = d;
        return 0;
}

uint32_t dep_line_of(struct dep_reader *r, const char *word)
{
        size_t n = strlen(word);
        const char *at = r->text + r->cursor, *end = r->text + r->length;

        if (n > DEPS_TEXT_MAX)
                return 0;
        while (at < end && (at = memmem(at, (size_t) (end - at), word, n))) {
                if (at > r->text && at[-1] == '"' && at + n < end && at[n] == '"')
                        break;
                at++;
        }
        if (!at || at >= end)
                return 0;
        for (const char *p = r->text + r->cursor; p < at; p++)
                r->cursor_line += *p == '\n';
        r->cursor = (size_t) (at - r->text);
        return r->cursor_line;
}

bool dep_line_next(const struct dep_reader *r, size_t *at, struct dep_line *ret)
{
        const char *start = r->text + *at, *newline;

        if (*at >= r->length)
                return false;
        newline = memchr(start, '\n', r->length - *at);
        ret->text = start;
        ret->length = newline ? (size_t) (newline - start) : r->length - *at;
        *at += ret->length + 1;
        if (ret->length && start[ret->length - 1] == '\r')
                ret->length--;
        for (ret->indent = 0; ret->indent < ret->length &&
                              (start[ret->indent] == ' ' || start[ret->indent] == '\t');)
                ret->indent++;
        ret->number++;
        return true;
}

static size_t folder_length(const char *path)
{
        return (size_t) (base_of(path) - path);
}

static const char *version_of(const struct dep *d)
{
        return d->version ? d->version : "";
}

/* By type, name and folder, a lockfile's first: entries that settle together stand together. */
static int compare_places(const void *a, const void *b)
{
        const struct dep *x = a, *y = b;
        int d = (int) x->type - (int) y->type;

        if (d == 0)
                d = strcmp(x->name, y->name);
        if (d == 0) {
                size_t n = folder_length(x->path), m = folder_length(y->path);

                d = memcmp(x->path, y->path, MIN_OF(n, m));
                if (d == 0)
                        d = (n > m) - (n < m);
        }
        if (d == 0)
                d = (int) y->is_lock - (int) x->is_lock;
        if (d == 0)
                d = strcmp(version_of(x), version_of(y));
        return d ? d : (int) y->is_direct - (int) x->is_direct;
}

static bool is_same_place(const struct dep *x, const struct dep *y)
{
        size_t n = folder_length(x->path);

        return x->type == y->type && strcmp(x->name, y->name) == 0 && folder_length(y->path) == n &&
               memcmp(x->path, y->path, n) == 0;
}

static int compare_names(const void *a, const void *b)
{
        const struct dep *x = a, *y = b;
        int d = (int) x->type - (int) y->type;

        if (d == 0)
                d = strcmp(x->name, y->name);
        if (d == 0)
                d = strcmp(version_of(x), version_of(y));
        return d ? d : strcmp(x->path, y->path);
}

/* The same version again, as of a copy in another place of a lockfile: it stands beside the first.
 */
static bool is_copy(struct dep *kept, struct dep *d)
{
        if (kept->is_lock != d->is_lock || strcmp(version_of(kept), version_of(d)) != 0)
                return false;
        kept->scope = MIN_OF(kept->scope, d->scope);
        kept->is_direct |= d->is_direct;
        if (!kept->needs)
                kept->needs = TAKE(d->needs);
        return true;
}

/* What a manifest asks for, where the lockfile has it: its entries become direct, unless the
 * lockfile itself says which of several versions is. */
static void locked_join(struct dep *entries, size_t n, enum dep_scope scope)
{
        bool is_told = false;

        for (size_t i = 0; i < n; i++)
                is_told |= entries[i].is_direct;
        for (size_t i = 0; i < n; i++) {
                if (is_told && !entries[i].is_direct)
                        continue;
                entries[i].is_direct = true;
                entries[i].scope = scope;
        }
}

int deps_settle(struct deps *deps)
{
        struct dep *list = deps->list;
        size_t n = 0, first = 0;  /* where the entries of this package and folder begin */
        enum dep_scope scope = 0; /* that the last manifest gives it, */
        bool is_asked = false;    /* if one asks for it */

        if (deps->n == 0)
                return 0;
        qsort(list, deps->n, sizeof(*list), compare_places);
        for (size_t i = 0; i < deps->n; i++) {
                struct dep d = list[i];

                if (n > first && !is_same_place(&list[first], &d)) {
                        if (is_asked)
                                locked_join(list + first, n - first, scope);
                        is_asked = false;
                        first = n;
                }
                if (n > first && list[first].is_lock && !d.is_lock) {
                        is_asked = true;
                        scope = d.scope;
                        dep_done(&d);
                } else if (n > first && is_copy(&list[n - 1], &d)) {
                        dep_done(&d);
                } else {
                        list[n++] = d;
                }
        }
        if (is_asked)
                locked_join(list + first, n - first, scope);
        deps->n = n;
        qsort(list, deps->n, sizeof(*list), compare_names);
        return 0;
}

void deps_done(struct deps *deps)
{
        for (size_t i = 0; i < deps->n; i++)
                dep_done(&deps->list[i]);
        free(deps->list);
        *deps = (struct deps){ 0 };
}
