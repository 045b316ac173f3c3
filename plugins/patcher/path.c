/* SPDX-License-Identifier: Apache-2.0 */
#include "path.h"

#include <string.h>
#include <strings.h>

/* Code points that HFS+ leaves out when it compares names, as UTF-8. */
static const char *const ignorables[] = {
        "\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d",
        "\u202e", "\u206a", "\u206b", "\u206c", "\u206d", "\u206e", "\u206f", "\ufeff",
};

static size_t ignorable_length(const char *text, size_t length)
{
        for (size_t i = 0; i < ARRAY_SIZE(ignorables); i++)
                if (length >= 3 && memcmp(text, ignorables[i], 3) == 0)
                        return 3;
        return 0;
}

/* A component as HFS+ compares it; what does not fit `out` is no name we look for. */
static size_t component_fold(char *out, size_t size, const char *name, size_t length)
{
        size_t n = 0;

        for (size_t i = 0; i < length; n++) {
                size_t skip = ignorable_length(name + i, length - i);

                if (skip) {
                        i += skip;
                        n--;
                        continue;
                }
                if (n + 1 == size)
                        break;
                out[n] = name[i++];
        }
        out[n] = 0;
        return n;
}

/* "git~1" for "git~": what NTFS makes of a long name. */
static bool short_name(const char *name, const char *stem, size_t *ret_length)
{
        size_t n = strlen(stem);

        if (!*stem || strncasecmp(name, stem, n) != 0 || name[n] < '0' || name[n] > '9')
                return false;
        while (name[n] >= '0' && name[n] <= '9')
                n++;
        *ret_length = n;
        return true;
}

/* NTFS drops trailing dots and blanks, and keeps streams behind a colon. */
static bool is_ntfs_end(const char *rest)
{
        rest += strspn(rest, ". ");
        return !*rest || *rest == ':';
}

/* Would some file system take a component for `name`? `stems` are its short names, without number.
 */
static bool component_is(const char *component, size_t length, const char *name,
                         const char *const stems[2])
{
        char text[64];
        size_t n;

        (void) component_fold(text, sizeof(text), component, length);
        if (strncasecmp(text, name, strlen(name)) == 0 && is_ntfs_end(text + strlen(name)))
                return true;
        for (int i = 0; i < 2; i++)
                if (short_name(text, stems[i], &n) && is_ntfs_end(text + n))
                        return true;
        return false;
}

static bool component_is_git(const char *component, size_t length)
{
        static const char *const stems[2] = { "git~", "" };

        return component_is(component, length, ".git", stems);
}

static bool component_is_gitmodules(const char *component, size_t length)
{
        static const char *const stems[2] = { "gitmod~", "gi7eba~" };

        return component_is(component, length, ".gitmodules", stems);
}

/* A backslash parts names on NTFS: each part is looked at as well. */
static bool component_hides_git(const char *component, size_t length)
{
        const char *end = component + length, *part = component;

        for (const char *p = component; p <= end; p++)
                if (p == end || *p == '\\') {
                        if (component_is_git(part, (size_t) (p - part)))
                                return true;
                        part = p + 1;
                }
        return false;
}

static int unsafe(const char *path, const char *what, struct refusal *why)
{
        return refuse(why, REFUSAL_PATH, "the patch names \"%.1024s\": %s", path, what);
}

static int component_check(const char *path, const char *component, size_t length,
                           struct refusal *why)
{
        if (!length)
                return unsafe(path, "a path must be relative, without empty components", why);
        if (length > PATH_COMPONENT_MAX)
                return unsafe(path, "a component is longer than any file system allows", why);
        if (strspn(component, ".") >= length && length <= 2)
                return unsafe(path, "\".\" and \"..\" are not allowed in paths", why);
        if (component_hides_git(component, length))
                return unsafe(path, "git's own files are never touched", why);
        return 0;
}

int path_check(const char *path, struct refusal *why)
{
        const char *component = path;
        size_t length;

        if (strlen(path) > PATH_BYTES_MAX)
                return unsafe(path, "the path is too long", why);
        for (size_t depth = 0;; depth++) {
                if (depth > PATH_FOLDERS_MAX)
                        return unsafe(path, "the path has too many folders", why);
                length = strcspn(component, "/");
                if (component_check(path, component, length, why) < 0)
                        return -1;
                if (!component[length])
                        return 0;
                component += length + 1;
        }
}

static int unsafe_link(const char *path, const char *target, const char *what, struct refusal *why)
{
        return refuse(why, REFUSAL_LINK, "the symbolic link %s would point to \"%.512s\": %s", path,
                      target, what);
}

/* Follows the text of a target, `depth` folders below the top. */
static int target_check(const char *path, const char *target, size_t depth, struct refusal *why)
{
        bool is_inside = false;

        for (const char *component = target; *component;) {
                size_t length = strcspn(component, "/");

                if (length == 2 && memcmp(component, "..", 2) == 0) {
                        if (is_inside)
                                return unsafe_link(path, target,
                                                   "\"..\" behind a name may lead anywhere", why);
                        if (depth-- == 0)
                                return unsafe_link(path, target, "outside of the workspace", why);
                } else if (length && !(length == 1 && *component == '.')) {
                        if (component_hides_git(component, length))
                                return unsafe_link(path, target, "git's own files", why);
                        is_inside = true;
                }
                component += length + (component[length] == '/');
        }
        return 0;
}

int path_check_link(const char *path, const char *target, size_t length, struct refusal *why)
{
        const char *name = strrchr(path, '/');
        size_t depth = 0;

        name = name ? name + 1 : path;
        for (const char *p = path; *p; p++)
                depth += *p == '/';
        if (component_is_gitmodules(name, strlen(name)))
                return unsafe_link(path, target, ".gitmodules must be a file", why);
        if (!length || length > PATH_LINK_BYTES_MAX || memchr(target, 0, length))
                return unsafe_link(path, target, "not a target that a link can have", why);
        if (*target == '/')
                return unsafe_link(path, target, "an absolute path", why);
        return target_check(path, target, depth, why);
}
