/* SPDX-License-Identifier: Apache-2.0 */
#include "vendored.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>

#define FOLDERS_MAX 1000 /* that are remembered; more are taken for the program's own */
#define ENTRIES_MAX 1000 /* of a folder that are looked at */

/* What a package has at its root. */
static bool is_of_package(const char *name)
{
        static const char *const patterns[] = { "LICEN[SC]E*",  "COPYING*",     "COPYRIGHT*",
                                                "licen[sc]e*",  "copying*",     "package.json",
                                                "Cargo.toml",   "go.mod",       "pyproject.toml",
                                                "setup.py",     "*.gemspec",    "composer.json",
                                                "mix.exs",      "rebar.config", "pom.xml",
                                                "configure.ac", "conanfile.py", "*.podspec" };

        for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
                if (fnmatch(patterns[i], name, 0) == 0)
                        return true;
        return false;
}

/* The first entry of a folder that `fits`; allocated, or NULL. */
static char *entry_find(int parent, const char *name,
                        char *(*fits)(int folder, const struct dirent *entry))
{
        int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *entry;
        char *found = NULL;

        if (!dir) {
                if (fd >= 0)
                        (void) close(fd);
                return NULL;
        }
        for (unsigned n = 0; !found && n < ENTRIES_MAX && (entry = readdir(dir)); n++)
                if (*entry->d_name != '.')
                        found = fits(dirfd(dir), entry);
        (void) closedir(dir);
        return found;
}

static char *marks_package(int folder, const struct dirent *entry)
{
        (void) folder;
        return is_of_package(entry->d_name) ? strdup(entry->d_name) : NULL;
}

static char *is_package(int folder, const struct dirent *entry)
{
        char *mark = entry_find(folder, entry->d_name, marks_package), *path = NULL;

        if (mark && asprintf(&path, "%s/%s", entry->d_name, mark) < 0)
                path = NULL;
        free(mark);
        return path;
}

bool vendored_is(void *owner, const char *path, size_t length)
{
        struct check *c = owner;
        const json_t *known;
        char *name, *because;

        if (!c->vendored)
                c->vendored = json_object();
        known = json_object_getn(c->vendored, path, length);
        if (known)
                return json_is_string(known);
        if (json_object_size(c->vendored) >= FOLDERS_MAX || !(name = strndup(path, length)))
                return false;
        because = entry_find(linhay_workspace(c->run), name, is_package);
        (void) json_object_set_new(c->vendored, name, because ? json_string(because) : json_null());
        known = json_object_get(c->vendored, name);
        free(because);
        free(name);
        return json_is_string(known);
}

json_t *vendored_to_json(const struct check *c)
{
        json_t *list = json_array(), *because;
        const char *path;

        json_object_foreach (c->vendored, path, because)
                (void) json_array_append_new(list,
                                             json_pack("{ss sb ss*}", "path", path, "vendored",
                                                       json_is_string(because), "because",
                                                       json_string_value(because)));
        return list;
}
