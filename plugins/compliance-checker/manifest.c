/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest.h"

#include <ctype.h>
#include <fnmatch.h>
#include <jansson.h>

struct reader {
        struct span text;
        manifest_license found;
        void *owner;
};

static size_t offset_of(const struct reader *m, const char *word)
{
        const char *at = memmem(m->text.text, m->text.length, word, strlen(word));

        return at ? (size_t) (at - m->text.text) : 0;
}

/* A string, or an object with "type", as npm once had it. */
static const char *license_text(const json_t *json)
{
        return json_string_value(json_is_object(json) ? json_object_get(json, "type") : json);
}

/* Several licences in a list mean that one may choose. */
static int tell_list(const struct reader *m, const json_t *list, size_t offset)
{
        char text[1024] = "";
        size_t i, n = 0;
        const json_t *one;

        json_array_foreach (list, i, one) {
                const char *id = license_text(one);
                int more =
                        id ? snprintf(text + n, sizeof(text) - n, "%s%s", n ? " OR " : "", id) : 0;

                if (more < 0 || (size_t) more >= sizeof(text) - n)
                        break;
                n += (size_t) more;
        }
        return n ? m->found(m->owner, (struct span){ text, n }, offset) : 0;
}

static int read_json(const struct reader *m, const char *key)
{
        json_t *json = json_loadb(m->text.text, m->text.length, 0, NULL);
        const json_t *one = json_object_get(json, "license");
        const json_t *many = json_object_get(json, "licenses");
        size_t offset = offset_of(m, "\"license");
        const char *text = license_text(one);
        int r = 0;

        (void) key;
        if (text)
                r = m->found(m->owner, (struct span){ text, strlen(text) }, offset);
        else if (json_is_array(one) || json_is_array(many))
                r = tell_list(m, json_is_array(one) ? one : many, offset);
        json_decref(json);
        return r;
}

static struct span trim(struct span s)
{
        while (s.length && isspace((unsigned char) *s.text))
                s = (struct span){ s.text + 1, s.length - 1 };
        while (s.length && isspace((unsigned char) s.text[s.length - 1]))
                s.length--;
        return s;
}

/* The first quoted text; for { text = "MIT" } and ["MIT", "Ruby"] that is the one wanted. */
static struct span quoted(struct span s)
{
        for (size_t i = 0; i < s.length; i++)
                if (s.text[i] == '"' || s.text[i] == '\'') {
                        const char *end = memchr(s.text + i + 1, s.text[i], s.length - i - 1);

                        if (end)
                                return (struct span){ s.text + i + 1,
                                                      (size_t) (end - s.text) - i - 1 };
                        break;
                }
        return (struct span){ s.text, 0 };
}

/* KEY = value, KEY: value; the value quoted, or bare to the end of its line. */
static int read_lines(const struct reader *m, const char *key)
{
        const char *at = m->text.text, *end = at + m->text.length;
        size_t n = strlen(key);
        int r = 0;

        while (r == 0 && at < end) {
                const char *newline = memchr(at, '\n', (size_t) (end - at));
                struct span line =
                        trim((struct span){ at, (size_t) ((newline ? newline : end) - at) });
                const char *word = memmem(line.text, line.length, key, n);
                struct span rest, value;

                at = newline ? newline + 1 : end;
                /* At the head of the line, or a member as in `spec.license`. */
                if (!word || (word != line.text && word[-1] != '.' && *line.text != 'l'))
                        continue;
                rest = trim(
                        (struct span){ word + n, line.length - (size_t) (word + n - line.text) });
                if (rest.length && (*rest.text == 's' || *rest.text == '"'))
                        rest = trim((struct span){ rest.text + 1, rest.length - 1 });
                if (!rest.length || (*rest.text != '=' && *rest.text != ':'))
                        continue;
                rest = trim((struct span){ rest.text + 1, rest.length - 1 });
                value = quoted(rest);
                if (!value.length && !memchr(rest.text, '{', rest.length) &&
                    !memchr(rest.text, '[', rest.length))
                        value = rest;
                if (memmem(rest.text, rest.length, "file", 4) && *rest.text == '{')
                        continue;
                if (value.length)
                        r = m->found(m->owner, value, (size_t) (value.text - m->text.text));
        }
        return r;
}

/* "License :: OSI Approved :: MIT License" among the classifiers of a Python package. */
static int read_classifiers(const struct reader *m, const char *key)
{
        const char *at = m->text.text, *end = at + m->text.length;
        int r = 0;

        while (r == 0 && (at = memmem(at, (size_t) (end - at), key, strlen(key)))) {
                const char *tail = at;

                while (tail < end && !strchr("\"'\r\n", *tail))
                        tail++;
                for (const char *p = at; p + 2 < tail; p++)
                        if (!memcmp(p, "::", 2))
                                at = p + 2;
                r = m->found(m->owner, trim((struct span){ at, (size_t) (tail - at) }),
                             (size_t) (at - m->text.text));
                at = tail;
        }
        return r;
}

static int read_python(const struct reader *m, const char *key)
{
        int r = read_lines(m, key);

        return r == 0 ? read_classifiers(m, "License :: OSI Approved ::") : r;
}

/* <license><name>…</name>, in a pom.xml. */
static int read_xml(const struct reader *m, const char *key)
{
        const char *at = m->text.text, *end = at + m->text.length;
        int r = 0;

        while (r == 0 && (at = memmem(at, (size_t) (end - at), key, strlen(key)))) {
                const char *name = memmem(at, (size_t) (end - at), "<name>", 6), *tail;

                at += strlen(key);
                tail = name ? memchr(name + 6, '<', (size_t) (end - name) - 6) : NULL;
                if (!tail)
                        break;
                r = m->found(m->owner, trim((struct span){ name + 6, (size_t) (tail - name) - 6 }),
                             (size_t) (name + 6 - m->text.text));
        }
        return r;
}

/* <KEY …>value</KEY>, as often as it stands there. */
static int read_element(const struct reader *m, const char *key)
{
        const char *at = m->text.text, *end = at + m->text.length;
        size_t n = strlen(key);
        int r = 0;

        while (r == 0 && (at = memmem(at, (size_t) (end - at), key, n))) {
                const char *head = at - 1, *value, *tail;

                at += n;
                if (head < m->text.text || *head != '<' || at == end || !strchr(" >", *at))
                        continue;
                value = memchr(at, '>', (size_t) (end - at));
                tail = value ? memchr(value, '<', (size_t) (end - value)) : NULL;
                if (!tail)
                        break;
                r = m->found(m->owner,
                             trim((struct span){ value + 1, (size_t) (tail - value) - 1 }),
                             (size_t) (value + 1 - m->text.text));
        }
        return r;
}

static const struct {
        const char *pattern; /* of the last part of the path */
        const char *folder;  /* that it must stand in, or NULL */
        int (*read)(const struct reader *m, const char *key);
        const char *key;
} manifests[] = {
        { "package.json", NULL, read_json, NULL },
        { "composer.json", NULL, read_json, NULL },
        { "bower.json", NULL, read_json, NULL },
        { "Cargo.toml", NULL, read_lines, "license" },
        { "pyproject.toml", NULL, read_python, "license" },
        { "setup.cfg", NULL, read_python, "license" },
        { "setup.py", NULL, read_python, "license" },
        { "PKG-INFO", NULL, read_lines, "License" },
        { "*.gemspec", NULL, read_lines, "license" },
        { "*.podspec", NULL, read_lines, "license" },
        { "*.cabal", NULL, read_lines, "license" },
        { "DESCRIPTION", NULL, read_lines, "License" },
        { "pom.xml", NULL, read_xml, "<license>" },
        { "package.xml", NULL, read_element, "license" },
        { "*.nuspec", NULL, read_element, "license" },
        { "*.[cfv][sb]proj", NULL, read_element, "PackageLicenseExpression" },
        { "*.metainfo.xml*", NULL, read_element, "project_license" },
        { "*.appdata.xml*", NULL, read_element, "project_license" },
        { "copyright", "debian", read_lines, "License" },
        { "dep5", ".reuse", read_lines, "License" },
        { "REUSE.toml", NULL, read_lines, "SPDX-License-Identifier" },
};

int manifest_read(const char *path, struct span text, manifest_license found, void *owner)
{
        const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
        const struct reader m = { .text = text, .found = found, .owner = owner };
        int r = 0;

        for (size_t i = 0; r == 0 && i < ARRAY_SIZE(manifests); i++) {
                size_t n = manifests[i].folder ? strlen(manifests[i].folder) : 0;

                if (fnmatch(manifests[i].pattern, base, 0) != 0)
                        continue;
                if (n && (!slash || (size_t) (slash - path) < n ||
                          memcmp(slash - n, manifests[i].folder, n) != 0))
                        continue;
                r = manifests[i].read(&m, manifests[i].key);
        }
        return r;
}
