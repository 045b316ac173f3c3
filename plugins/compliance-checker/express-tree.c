/* SPDX-License-Identifier: Apache-2.0 */
#include "express-tree.h"

#define FILES_MAX 20000 /* that are noted; past it the tree is told as not looked at wholly */
#define LOADS_MAX 256   /* of one file */

static const struct notice no_helmet = {
        "headers/express-no-helmet",
        LINHAY_SEVERITY_LOW,
        "CWE-693",
        "An Express server is made here without helmet: no header protects visitors",
        "Use: app.use(helmet()).",
        "asvs:14.4.3",
        SOUNDNESS_PARTIAL
};

const size_t express_tree_rules = 1;

/* ---- Notes ---- */

/*
 * The notes: path without its suffix -> { "helmet": true, "made": [path, line, waiver],
 * "loads": [path...] }, each only where there is one.
 */
static json_t *note_of(struct check *c)
{
        const char *slash = strrchr(c->path, '/'), *dot = strrchr(c->path, '.');
        size_t n = dot && (!slash || dot > slash) ? (size_t) (dot - c->path) : strlen(c->path);
        json_t *note;

        if (!c->servers)
                c->servers = json_object();
        note = json_object_getn(c->servers, c->path, n);
        if (note || json_object_size(c->servers) >= FILES_MAX)
                return note;
        note = json_object();
        (void) json_object_setn_new(c->servers, c->path, n, note);
        return json_object_getn(c->servers, c->path, n);
}

/* "a/b/c.js" that loads "../d.js" loads "a/d": false when that is outside the tree. */
static bool resolve(const char *from, struct span path, char *ret, size_t size)
{
        static const char *const suffixes[] = { ".js", ".ts", ".mjs", ".cjs", ".jsx", ".tsx" };
        const char *slash = strrchr(from, '/');
        size_t n = slash ? (size_t) (slash - from) : 0;

        if (n + path.length + 2 > size)
                return false;
        memcpy(ret, from, n);
        while (path.length) {
                const char *end = memchr(path.text, '/', path.length);
                size_t length = end ? (size_t) (end - path.text) : path.length;

                if (length == 2 && !memcmp(path.text, "..", 2)) {
                        if (n == 0)
                                return false;
                        while (n > 0 && ret[--n] != '/')
                                ;
                } else if (length && !(length == 1 && *path.text == '.')) {
                        if (n)
                                ret[n++] = '/';
                        memcpy(ret + n, path.text, length);
                        n += length;
                }
                path.text += length + (end != NULL);
                path.length -= length + (end != NULL);
        }
        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
                size_t m = strlen(suffixes[i]);

                if (n > m && !memcmp(ret + n - m, suffixes[i], m)) {
                        n -= m;
                        break;
                }
        }
        ret[n] = '\0';
        return n > 0;
}

int express_tree_loads(struct check *c, struct span path)
{
        json_t *note = note_of(c), *loads;
        char whole[1024];

        if (!note || !resolve(c->path, path, whole, sizeof(whole)))
                return 0;
        loads = json_object_get(note, "loads");
        if (!loads) {
                loads = json_array();
                (void) json_object_set_new(note, "loads", loads);
        }
        if (json_array_size(loads) < LOADS_MAX)
                (void) json_array_append_new(loads, json_string(whole));
        return 0;
}

static int line_at(const struct check *c, size_t offset)
{
        int line = 1;

        for (size_t i = 0; i < offset; i++)
                line += c->text[i] == '\n';
        return line;
}

int express_tree_note(struct check *c, const struct express_file *file)
{
        json_t *note = note_of(c), *made;
        struct waiver waiver = { 0 };

        /* A path that is no UTF-8 cannot be kept. */
        if (!note)
                return 0;
        if (file->has_helmet)
                (void) json_object_set_new(note, "helmet", json_true());
        if (!file->is_made || !file->serves)
                return 0;
        made = json_pack("[s i]", c->path, line_at(c, file->made_start));
        if (made && waiver_find(c->text, c->length, file->made_start, no_helmet.rule, &waiver))
                (void) json_array_append_new(
                        made, json_string(*waiver.reason ? waiver.reason : "no reason given"));
        (void) json_object_set_new(note, "made", made ? made : json_null());
        return 0;
}

/* ---- At the end ---- */

/* What a file loads: the file itself, or the index of a folder. */
static json_t *loaded(const struct check *c, const char *path)
{
        json_t *note = json_object_get(c->servers, path);
        char *index;

        if (note || asprintf(&index, "%s/index", path) < 0)
                return note;
        note = json_object_get(c->servers, index);
        free(index);
        return note;
}

/* Helmet of a file serves the files that it loads, and those that load it. */
static void spread(const struct check *c)
{
        const char *path;
        json_t *note, *one;
        size_t i;

        json_object_foreach (c->servers, path, note) {
                json_array_foreach (json_object_get(note, "loads"), i, one) {
                        json_t *other = loaded(c, json_string_value(one));

                        if (json_object_get(note, "helmet") && other)
                                (void) json_object_set_new(other, "reached", json_true());
                        if (other && json_object_get(other, "helmet"))
                                (void) json_object_set_new(note, "reached", json_true());
                }
        }
}

static int tell(struct check *c, const json_t *made)
{
        static const char *const cwe[] = { "CWE-693", NULL };
        static const char *const tags[] = { "asvs:14.4.3", NULL };
        const struct report report = {
                .control = CONTROL_HEADERS,
                .severity = no_helmet.severity,
                .rule = no_helmet.rule,
                .message = no_helmet.message,
                .fix = no_helmet.fix,
                .cwe = cwe,
                .tags = tags,
                .soundness = no_helmet.soundness,
                .waiver = json_string_value(json_array_get(made, 2)),
                .excerpt = "express()",
                .line = (uint32_t) json_integer_value(json_array_get(made, 1)),
        };
        int r;

        check_begin(c, json_string_value(json_array_get(made, 0)));
        r = check_report(c, &report);
        return r < 0 ? r : check_flush(c);
}

int express_tree_finish(struct check *c)
{
        const char *path;
        json_t *note;
        int r = 0;

        if (!c->servers)
                return 0;
        check_part(c, NULL, 0, 0, 0);
        spread(c);
        json_object_foreach (c->servers, path, note)
                if (r >= 0 && json_is_array(json_object_get(note, "made")) &&
                    !json_object_get(note, "helmet") && !json_object_get(note, "reached"))
                        r = tell(c, json_object_get(note, "made"));
        if (r >= 0 && json_object_size(c->servers) >= FILES_MAX) {
                check_begin(c, ".");
                r = check_not_scanned(c, ".", "too-many-programs");
        }
        return r;
}
