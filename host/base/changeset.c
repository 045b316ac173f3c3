/* SPDX-License-Identifier: Apache-2.0 */
#include "base/changeset.h"

#include "base/json.h"
#include "base/utf8.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define FILES_MAX 1000000 /* of a changeset that comes as JSON */

static const char *const op_names[] = {
        [CHANGE_ADD] = "add",
        [CHANGE_MODIFY] = "modify",
        [CHANGE_DELETE] = "delete",
};

static void change_done(struct change *c)
{
        free(c->path);
}

struct changeset *changeset_free(struct changeset *c)
{
        if (!c)
                return NULL;
        for (size_t i = 0; i < c->n_files; i++)
                change_done(&c->files[i]);
        free(c->files);
        free(c->diff);
        free(c);
        return NULL;
}

/* --- what a change may look like ----------------------------------------------------------- */

bool changeset_name_is_git(const char *name, size_t length)
{
        return length == 4 && strncasecmp(name, ".git", 4) == 0;
}

static bool component_is_good(const char *p, size_t n)
{
        if (n == 0 || n > 255)
                return false;
        if ((n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
                return false;
        return !changeset_name_is_git(p, n);
}

int changeset_path_check(const char *path, struct err *err)
{
        size_t length = strlen(path);

        if (!utf8_is_valid(path, length))
                return err_set(err, -EILSEQ, "path %s is not UTF-8", path);
        if (length > CHANGE_PATH_MAX)
                return err_set(err, -EINVAL, "path %.64s… is longer than %d bytes", path,
                               CHANGE_PATH_MAX);
        for (const char *p = path;; p++) {
                size_t n = strcspn(p, "/");

                if (!component_is_good(p, n))
                        return err_set(err, -EINVAL,
                                       "path %s has a part \"%.*s\", which no change may have",
                                       path, (int) n, p);
                p += n;
                if (!*p)
                        return 0;
        }
}

/* A file or a link has bytes, a folder has none, and nothing has no mode. */
static bool side_is_good(uint32_t mode, const char *sha256)
{
        switch (mode & S_IFMT) {
        case 0:
                return mode == 0 && sha256[0] == '\0';
        case S_IFREG:
                return (mode & 07000) == 0 && sha256_is_hex(sha256);
        case S_IFLNK:
                return mode == S_IFLNK && sha256_is_hex(sha256);
        case S_IFDIR:
                return (mode & 07000) == 0 && sha256[0] == '\0';
        default:
                return false;
        }
}

static int change_check(const struct change *c, struct err *err)
{
        bool before = c->mode_before != 0, after = c->mode_after != 0;
        int r;

        r = changeset_path_check(c->path, err);
        if (r < 0)
                return r;
        if (before != (c->op != CHANGE_ADD) || after != (c->op != CHANGE_DELETE) ||
            !side_is_good(c->mode_before, c->sha256_before) ||
            !side_is_good(c->mode_after, c->sha256_after))
                return err_set(err, -EINVAL, "the change of %s contradicts itself", c->path);
        return 0;
}

/* --- building ------------------------------------------------------------------------------ */

static int files_grow(struct changeset *c)
{
        struct change *files;

        /* The room is the next power of two: it is full when the count is one. */
        if (c->n_files & (c->n_files - 1))
                return 0;
        files = reallocarray(c->files, c->n_files ? 2 * c->n_files : 1, sizeof(*files));
        if (!files)
                return -ENOMEM;
        c->files = files;
        return 0;
}

int changeset_add(struct changeset *c, const struct change *change, struct err *err)
{
        _cleanup_(freep) char *path = NULL;
        int r;

        r = change_check(change, err);
        if (r < 0)
                return r;
        path = strdup(change->path);
        if (!path || files_grow(c) < 0)
                return err_set(err, -ENOMEM, "out of memory");

        c->files[c->n_files] = *change;
        c->files[c->n_files++].path = TAKE(path);
        return 0;
}

static int change_compare(const void *a, const void *b)
{
        return strcmp(((const struct change *) a)->path, ((const struct change *) b)->path);
}

static json_t *mode_json(uint32_t mode)
{
        char text[16];

        if (mode == 0)
                return json_null();
        (void) snprintf(text, sizeof(text), "%06o", mode);
        return json_string(text);
}

static json_t *sha256_json(const char *sha256)
{
        return sha256[0] ? json_string(sha256) : json_null();
}

static json_t *change_to_json(const struct change *c)
{
        return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "path", c->path, "op", op_names[c->op],
                         "mode_before", mode_json(c->mode_before), "mode_after",
                         mode_json(c->mode_after), "sha256_before", sha256_json(c->sha256_before),
                         "sha256_after", sha256_json(c->sha256_after));
}

static json_t *files_to_json(const struct changeset *c)
{
        json_t *list = json_array();

        for (size_t i = 0; list && i < c->n_files; i++)
                if (json_array_append_new(list, change_to_json(&c->files[i])) < 0) {
                        json_decref(list);
                        return NULL;
                }
        return list;
}

const struct change *changeset_find(const struct changeset *c, const char *path, size_t n)
{
        size_t low = 0, high = c->n_files;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                const char *at = c->files[middle].path;
                int order = strncmp(at, path, n);

                if (order == 0 && at[n] == '\0')
                        return &c->files[middle];
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}

/* What stands below a path must agree with what the path itself is before and after. */
static int nesting_check(const struct changeset *c, const struct change *f, struct err *err)
{
        for (const char *p = strchr(f->path, '/'); p; p = strchr(p + 1, '/')) {
                const struct change *a = changeset_find(c, f->path, (size_t) (p - f->path));

                if (a && ((f->mode_before && !S_ISDIR(a->mode_before)) ||
                          (f->mode_after && !S_ISDIR(a->mode_after))))
                        return err_set(err, -EINVAL, "the changes of %s and %s exclude each other",
                                       a->path, f->path);
        }
        return 0;
}

int changeset_seal(struct changeset *c, struct err *err)
{
        _cleanup_(json_decrefp) json_t *files = NULL;
        _cleanup_(freep) char *text = NULL;
        int r;

        if (c->n_files > 0)
                qsort(c->files, c->n_files, sizeof(*c->files), change_compare);
        for (size_t i = 0; i < c->n_files; i++) {
                if (i > 0 && strcmp(c->files[i].path, c->files[i - 1].path) == 0)
                        return err_set(err, -EINVAL, "%s is changed twice", c->files[i].path);
                r = nesting_check(c, &c->files[i], err);
                if (r < 0)
                        return r;
        }

        files = files_to_json(c);
        text = files ? json_canonical(files) : NULL;
        if (!text)
                return err_set(err, -ENOMEM, "out of memory");
        sha256_hex(c->sha256, text, strlen(text));
        return 0;
}

/* --- as JSON ------------------------------------------------------------------------------- */

json_t *changeset_to_json(const struct changeset *c)
{
        return json_pack("{s:s, s:o, s:s}", "sha256", c->sha256, "files", files_to_json(c), "diff",
                         c->diff ? c->diff : "");
}

static int op_read(enum change_op *ret, const json_t *json)
{
        const char *text = json_string_value(json);

        for (size_t i = 0; text && i < ARRAY_SIZE(op_names); i++)
                if (strcmp(op_names[i], text) == 0) {
                        *ret = (enum change_op) i;
                        return 0;
                }
        return -EINVAL;
}

static int mode_read(uint32_t *ret, const json_t *json)
{
        const char *text = json_string_value(json);
        unsigned long mode;
        char *end;

        *ret = 0;
        if (json_is_null(json))
                return 0;
        if (!text || strlen(text) != 6 || strspn(text, "01234567") != 6)
                return -EINVAL;
        mode = strtoul(text, &end, 8);
        *ret = (uint32_t) mode;
        return mode ? 0 : -EINVAL;
}

static int digest_read(char ret[SHA256_HEX], const json_t *json)
{
        ret[0] = '\0';
        if (json_is_null(json))
                return 0;
        if (!json_is_string(json) || !sha256_is_hex(json_string_value(json)))
                return -EINVAL;
        memcpy(ret, json_string_value(json), SHA256_HEX);
        return 0;
}

static int change_from_json(struct changeset *c, const json_t *json, size_t i, struct err *err)
{
        struct change change = { .path = (char *) json_string_value(
                                         json_object_get(json, "path")) };

        if (!change.path || op_read(&change.op, json_object_get(json, "op")) < 0 ||
            mode_read(&change.mode_before, json_object_get(json, "mode_before")) < 0 ||
            mode_read(&change.mode_after, json_object_get(json, "mode_after")) < 0 ||
            digest_read(change.sha256_before, json_object_get(json, "sha256_before")) < 0 ||
            digest_read(change.sha256_after, json_object_get(json, "sha256_after")) < 0)
                return err_set(err, -EBADMSG, "/files/%zu: not a change", i);
        return changeset_add(c, &change, err);
}

int changeset_from_json(struct changeset **ret, const json_t *json, struct err *err)
{
        _cleanup_(changeset_freep) struct changeset *c = calloc(1, sizeof(*c));
        const json_t *files = json_object_get(json, "files"), *file;
        const char *sha256 = json_string_value(json_object_get(json, "sha256")),
                   *diff = json_string_value(json_object_get(json, "diff"));
        size_t i;
        int r;

        if (!c)
                return err_set(err, -ENOMEM, "out of memory");
        if (!json_is_array(files) || json_array_size(files) > FILES_MAX || !sha256)
                return err_set(err, -EBADMSG, "not a changeset");
        json_array_foreach (files, i, file) {
                r = change_from_json(c, file, i, err);
                if (r < 0)
                        return r;
        }
        r = changeset_seal(c, err);
        if (r < 0)
                return r;
        if (strcmp(c->sha256, sha256) != 0)
                return err_set(err, -EBADMSG, "the changeset is not the one that was hashed (%s)",
                               sha256);
        c->diff = diff ? strdup(diff) : NULL;
        if (diff && !c->diff)
                return err_set(err, -ENOMEM, "out of memory");

        *ret = TAKE(c);
        return 0;
}

int changeset_reverse(struct changeset **ret, const struct changeset *c, struct err *err)
{
        static const enum change_op opposite[] = {
                [CHANGE_ADD] = CHANGE_DELETE,
                [CHANGE_MODIFY] = CHANGE_MODIFY,
                [CHANGE_DELETE] = CHANGE_ADD,
        };
        _cleanup_(changeset_freep) struct changeset *back = calloc(1, sizeof(*back));
        int r;

        if (!back)
                return err_set(err, -ENOMEM, "out of memory");
        for (size_t i = 0; i < c->n_files; i++) {
                const struct change *f = &c->files[i];
                struct change b = { .path = f->path,
                                    .op = opposite[f->op],
                                    .mode_before = f->mode_after,
                                    .mode_after = f->mode_before };

                memcpy(b.sha256_before, f->sha256_after, SHA256_HEX);
                memcpy(b.sha256_after, f->sha256_before, SHA256_HEX);
                r = changeset_add(back, &b, err);
                if (r < 0)
                        return r;
        }
        r = changeset_seal(back, err);
        if (r < 0)
                return r;

        *ret = TAKE(back);
        return 0;
}
