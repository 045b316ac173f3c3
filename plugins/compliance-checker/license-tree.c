/* SPDX-License-Identifier: Apache-2.0 */
#include "licenses.h"

#include "license-rules.h"
#include "license/compat.h"

/* Do two lists have a licence in common? -only and -or-later are the same text. */
static bool have_common(const json_t *a, const json_t *b)
{
        const json_t *x, *y;
        size_t i, j;

        json_array_foreach (a, i, x)
                json_array_foreach (b, j, y) {
                        const char *s = json_string_value(x), *t = json_string_value(y);
                        const char *only = strstr(s, "-o"), *other = strstr(t, "-o");
                        size_t n = only ? (size_t) (only - s) : strcspn(s, " ");
                        size_t m = other ? (size_t) (other - t) : strcspn(t, " ");

                        if (n == m && !strncasecmp(s, t, n))
                                return true;
                }
        return false;
}

/* Where a manifest tells its licence; NULL = the entry is none of a manifest. */
static const json_t *manifest_place(const json_t *entry)
{
        const json_t *place;
        size_t i;

        json_array_foreach (json_object_get(entry, "places"), i, place)
                if (!strcmp(json_string_value(json_object_get(place, "kind")), "manifest"))
                        return place;
        return NULL;
}

/* Does the manifest of an entry name another licence than the texts beside it? */
static int check_mismatch_of(struct check *c, const json_t *entry)
{
        const char *path = json_string_value(json_object_get(entry, "path"));
        const json_t *place = manifest_place(entry), *text;
        char *folder;
        int r;

        if (!path || !place)
                return 0;
        folder = strndup(path, license_folder(path));
        if (!folder)
                return -ENOMEM;
        text = json_object_get(json_object_get(c->license_folders, "text"), folder);
        free(folder);
        if (!text || have_common(json_object_get(entry, "ids"), text))
                return 0;
        check_begin(c, path);
        r = license_report(c, RULE_MISMATCH, license_notices[RULE_MISMATCH].message,
                           json_string_value(json_object_get(entry, "expression")),
                           (uint32_t) json_integer_value(json_object_get(place, "line")));
        return r < 0 ? r : check_flush(c);
}

static int check_mismatch(struct check *c)
{
        json_t *entry;
        int r = 0;

        for (size_t i = 0; r >= 0 && (entry = license_list_manifest(&c->licenses, i)); i++) {
                r = check_mismatch_of(c, entry);
                json_decref(entry);
        }
        return r;
}

/* The project's own licence: what the policy says, else what stands at the tree's root. */
static int project_license(struct check *c, struct spdx *ret, char *text, size_t size)
{
        const char *own = json_string_value(json_object_get(c->policy.licenses, "project"));
        static const char *const kinds[] = { "manifest", "text" };
        const json_t *id;
        size_t i, n = 0;

        *text = '\0';
        if (own)
                n = (size_t) snprintf(text, size, "%s", own);
        for (size_t k = 0; !n && k < ARRAY_SIZE(kinds); k++)
                json_array_foreach (
                        json_object_get(json_object_get(c->license_folders, kinds[k]), ""), i, id)
                        /* Several at the root: one may choose, or each is of a part. */
                        if (n < size)
                                n += (size_t) snprintf(text + n, size - n, "%s%s", n ? " OR " : "",
                                                       json_string_value(id));
        if (!n || n >= size || spdx_parse(ret, text, n) < 0)
                return -ENOENT;
        return 0;
}

/* Explains where licences of parts and of the whole need thought. */
static int check_compat(struct check *c)
{
        char project[512], why[1024];
        struct spdx whole, part;
        const char *text;
        json_t *one;
        int r = 0;

        if (project_license(c, &whole, project, sizeof(project)) < 0)
                return 0;
        json_object_foreach (json_object_get(c->license_folders, "seen"), text, one) {
                enum license_concern concern;
                json_int_t n = json_integer_value(json_object_get(one, "n"));
                const char *path = json_string_value(json_object_get(one, "path"));

                if (r < 0 || !path || spdx_parse(&part, text, strlen(text)) < 0)
                        continue;
                concern = license_compat(&part, &whole, why, sizeof(why));
                if (concern == LICENSE_FINE)
                        continue;
                check_begin(c, path);
                r = license_report(c, concern == LICENSE_QUESTION ? RULE_QUESTION : RULE_CONFLICT,
                                   check_keep(c, "%s (in %d places)", why, (int) n),
                                   check_keep(c, "%.120s", text),
                                   (uint32_t) json_integer_value(json_object_get(one, "line")));
                if (r >= 0)
                        r = check_flush(c);
        }
        return r;
}

/* "MIT" of LICENSES/MIT.txt; false when a path is none. */
static bool text_name(const char *path, char ret[SPDX_NAME])
{
        static const char folder[] = "LICENSES/";
        const char *dot = strrchr(path, '.');

        if (strncmp(path, folder, sizeof(folder) - 1) != 0 || !dot ||
            strchr(path + sizeof(folder) - 1, '/'))
                return false;
        path += sizeof(folder) - 1;
        (void) snprintf(ret, SPDX_NAME, "%.*s", (int) (dot - path), path);
        return true;
}

void licenses_note_texts(struct check *c, const json_t *ids)
{
        json_t *used = json_object_get(c->license_folders, "used");
        json_t *texts = json_object_get(c->license_folders, "texts");
        char name[SPDX_NAME];
        const json_t *id;
        size_t i;

        if (text_name(c->path, name)) {
                (void) json_object_set_new(texts, name, json_string(c->path));
                return;
        }
        json_array_foreach (ids, i, id) {
                const char *with = strstr(json_string_value(id), " WITH ");

                (void) json_object_setn_new(used, json_string_value(id),
                                            with ? (size_t) (with - json_string_value(id))
                                                 : json_string_length(id),
                                            json_true());
                if (with)
                        (void) json_object_set_new(used, with + 6, json_true());
        }
}

/* One of REUSE's rules: for each name of a list that the other has not. */
static int tell_texts(struct check *c, enum license_rule which, const json_t *names,
                      const json_t *others)
{
        const char *name;
        json_t *value;
        int r = 0;

        json_object_foreach ((json_t *) names, name, value) {
                if (r < 0 || json_object_get(others, name))
                        continue;
                check_begin(c, json_is_string(value) ? json_string_value(value) : "LICENSES");
                r = license_report(c, which,
                                   check_keep(c, "%.100s %s", name, license_notices[which].message),
                                   check_keep(c, "%.100s", name), 0);
                if (r >= 0)
                        r = check_flush(c);
        }
        return r;
}

/* Where there is a folder LICENSES/ it has what is used, and no more (REUSE). */
static int check_reuse(struct check *c)
{
        const json_t *used = json_object_get(c->license_folders, "used");
        const json_t *texts = json_object_get(c->license_folders, "texts");
        int r;

        if (!json_object_size(texts))
                return 0;
        r = tell_texts(c, RULE_NO_TEXT, used, texts);
        return r < 0 ? r : tell_texts(c, RULE_UNUSED_TEXT, texts, used);
}

int licenses_finish(struct check *c)
{
        static const char *const kinds[] = { "text", "manifest" };
        bool any = false;
        int r;

        check_part(c, NULL, 0, 0, 0);
        if (c->licenses_cut && (r = check_not_scanned(c, ".", "too-many-licenses")) < 0)
                return r;
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                any |= json_object_get(json_object_get(c->license_folders, kinds[i]), "") != NULL;
        if (!any && c->files && !c->license_file_at_root) {
                check_begin(c, ".");
                r = license_report(c, RULE_MISSING, license_notices[RULE_MISSING].message, "", 0);
                if (r < 0 || (r = check_flush(c)) < 0)
                        return r;
        }
        r = check_mismatch(c);
        if (r >= 0 && c->licenses.is_cut)
                r = check_not_scanned(c, "(licences past the limit)", "too-many");
        if (r >= 0)
                r = check_compat(c);
        return r < 0 ? r : check_reuse(c);
}
