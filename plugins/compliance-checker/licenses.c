/* SPDX-License-Identifier: Apache-2.0 */
#include "licenses.h"

#include "license/file.h"
#include "license/spdx.h"
#include "manifest.h"

#include <fnmatch.h>

#define ENTRIES_MAX 20000
#define PLACES_MAX  256 /* of one file */
#define NAME_SIZE   SPDX_NAME

enum { DENIED, MISSING, UNKNOWN_TEXT, UNKNOWN_ID, DEPRECATED, INVALID, MISMATCH };

static const struct notice notices[] = {
        [DENIED] = { "licenses/denied", LINHAY_SEVERITY_HIGH, NULL, "is not allowed by the policy",
                     "Replace the component, or ask for an exception and add it to the policy." },
        [MISSING] = { "licenses/missing", LINHAY_SEVERITY_LOW, NULL,
                      "The tree has no licence file and no manifest that names a licence",
                      "Add a LICENSE file with the text of the licence." },
        [UNKNOWN_TEXT] = { "licenses/unknown", LINHAY_SEVERITY_LOW, NULL,
                           "The licence in this file is not recognised",
                           "Have it read by a person, and name it in the policy." },
        [UNKNOWN_ID] = { "licenses/unknown-id", LINHAY_SEVERITY_LOW, NULL,
                         "is not an identifier of SPDX",
                         "Use an identifier from spdx.org/licenses, or LicenseRef-NAME." },
        [DEPRECATED] = { "licenses/deprecated-id", LINHAY_SEVERITY_INFO, NULL,
                         "is an identifier that SPDX replaced",
                         "Write what replaced it, which says the same more exactly." },
        [INVALID] = { "licenses/invalid-expression", LINHAY_SEVERITY_LOW, NULL,
                      "is no SPDX licence expression",
                      "Write identifiers joined with AND, OR and WITH." },
        [MISMATCH] = { "licenses/mismatch", LINHAY_SEVERITY_MEDIUM, NULL,
                       "The manifest names another licence than the licence file beside it",
                       "Make both say the same." },
};

size_t licenses_rules(void)
{
        return ARRAY_SIZE(notices);
}

/* ---- Policy ---- */

/* "GPL-2.0" in a policy means both -only and -or-later; "AGPL-*" all that begin so. */
static bool entry_matches(const char *entry, const char *name)
{
        char pattern[NAME_SIZE + 16];
        size_t n = strlen(entry);

        if (strchr(entry, '*'))
                return !fnmatch(entry, name, FNM_CASEFOLD);
        if (!strcasecmp(entry, name))
                return true;
        if (strncasecmp(name, entry, n) != 0)
                return false;
        (void) snprintf(pattern, sizeof(pattern), "%s", name + n);
        return !strcasecmp(pattern, "-only") || !strcasecmp(pattern, "-or-later") ||
               !strcasecmp(pattern, "+");
}

/* Is a name in a list of the policy? An entry with OR stands for each of its licences. */
static bool is_listed(const json_t *list, const char *name)
{
        const json_t *item;
        size_t i;

        json_array_foreach (list, i, item) {
                const char *entry = json_string_value(item);
                char one[NAME_SIZE];
                struct spdx s;

                if (!entry)
                        continue;
                if (entry_matches(entry, name))
                        return true;
                if (spdx_parse(&s, entry, strlen(entry)) < 0)
                        continue;
                for (int k = 0; k < s.n_nodes; k++) {
                        if (s.nodes[k].kind == SPDX_AND)
                                break;
                        if (s.nodes[k].kind == SPDX_OR)
                                continue;
                        spdx_name(&s.nodes[k], one, sizeof(one));
                        if (!strcasecmp(one, name))
                                return true;
                }
        }
        return false;
}

/* Versions that "or later" reaches, of the families that have them. */
static const struct {
        const char *family;
        const char *versions[4];
} families[] = {
        { "GPL", { "1.0", "2.0", "3.0", NULL } },
        { "LGPL", { "2.0", "2.1", "3.0", NULL } },
        { "AGPL", { "1.0", "3.0", NULL } },
        { "GFDL", { "1.1", "1.2", "1.3", NULL } },
};

static bool later_is_allowed(const struct policy *p, const char *name)
{
        const char *dash = strchr(name, '-'), *tail = strstr(name, "-or-later");

        for (size_t i = 0; dash && tail && i < ARRAY_SIZE(families); i++) {
                bool reached = false;

                if (strlen(families[i].family) != (size_t) (dash - name) ||
                    strncasecmp(families[i].family, name, (size_t) (dash - name)) != 0)
                        continue;
                for (const char *const *v = families[i].versions; *v; v++) {
                        char only[64];

                        reached |= !strncmp(dash + 1, *v, strlen(*v));
                        (void) snprintf(only, sizeof(only), "%s-%s-only", families[i].family, *v);
                        if (reached && is_listed(p->allow, only) && !is_listed(p->deny, only))
                                return true;
                }
        }
        return false;
}

static bool is_allowed(void *owner, const struct spdx_node *node)
{
        const struct policy *p = owner;
        struct spdx_node bare = *node;
        char whole[NAME_SIZE], base[NAME_SIZE];

        bare.exception = (struct span){ 0 };
        spdx_name(node, whole, sizeof(whole));
        spdx_name(&bare, base, sizeof(base));
        if (is_listed(p->deny, whole))
                return false;
        /* An exception only adds permissions, so what holds for the licence holds for both. */
        if (node->exception.length && is_listed(p->allow, whole))
                return true;
        if (is_listed(p->deny, base))
                return false;
        return !p->allow || is_listed(p->allow, base) || later_is_allowed(p, base);
}

int licenses_allowed(const struct policy *policy, const char *expression)
{
        struct spdx s;

        if (spdx_parse(&s, expression, strlen(expression)) < 0)
                return -EBADMSG;
        return spdx_satisfies(&s, is_allowed, (void *) policy);
}

/* ---- What is found ---- */

static size_t folder_length(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? (size_t) (slash - path) : 0;
}

static uint32_t line_of(const struct check *c, size_t offset)
{
        uint32_t line = 1;

        for (size_t i = 0; i < offset && i < c->length; i++)
                line += c->text[i] == '\n';
        return line;
}

static int report_at(struct check *c, int which, const char *message, const char *excerpt,
                     uint32_t line)
{
        const struct report report = { .control = CONTROL_LICENSES,
                                       .severity = notices[which].severity,
                                       .rule = notices[which].rule,
                                       .message = message,
                                       .fix = notices[which].fix,
                                       .excerpt = excerpt,
                                       .line = line };

        return check_report(c, &report);
}

/* Adds the names of the licences in an expression to a list, each once. */
static void add_ids(const struct spdx *s, json_t *ids)
{
        for (int i = 0; i < s->n_nodes; i++) {
                char name[NAME_SIZE];
                const json_t *one;
                bool is_there = false;
                size_t k;

                if (s->nodes[i].kind != SPDX_LICENSE)
                        continue;
                spdx_name(&s->nodes[i], name, sizeof(name));
                json_array_foreach (ids, k, one)
                        is_there |= !strcmp(json_string_value(one), name);
                if (!is_there)
                        (void) json_array_append_new(ids, json_string(name));
        }
}

/* debian/copyright may call a licence anything, as long as its text follows. */
static bool takes_any_name(const char *path)
{
        static const char name[] = "debian/copyright";
        size_t n = strlen(path), m = sizeof(name) - 1;

        return n >= m && !strcmp(path + n - m, name) && (n == m || path[n - m - 1] == '/');
}

static int report_id(struct check *c, int which, struct span id, const char *more, uint32_t line)
{
        int n = (int) MIN_OF(id.length, 80u);

        return report_at(c, which,
                         check_keep(c, "\"%.*s\" %s%s", n, id.text, notices[which].message, more),
                         check_keep(c, "%.*s", n, id.text), line);
}

static int check_ids(struct check *c, const struct spdx *s, uint32_t line)
{
        int r = 0;

        if (takes_any_name(c->path))
                return 0;
        for (int i = 0; r >= 0 && i < s->n_nodes; i++) {
                const struct spdx_node *node = &s->nodes[i];
                struct span bad = { 0 };

                if (node->kind != SPDX_LICENSE)
                        continue;
                if (!spdx_is_known(node->id, false))
                        bad = node->id;
                else if (node->exception.length && !spdx_is_known(node->exception, true))
                        bad = node->exception;
                if (bad.length)
                        r = report_id(c, UNKNOWN_ID, bad, "", line);
                else if (spdx_instead(node))
                        r = report_id(c, DEPRECATED, node->id,
                                      check_keep(c, ": now %s", spdx_instead(node)), line);
        }
        return r;
}

/* Remembers what texts and manifests of a folder say, for licenses_finish(). */
static void remember(struct check *c, json_t *ids, const char *kind)
{
        json_t *folders = json_object_get(c->license_folders, kind), *list;
        char *folder = strndup(c->path, folder_length(c->path));

        if (!folder)
                return;
        list = json_object_get(folders, folder);
        if (!list) {
                list = json_array();
                (void) json_object_set_new(folders, folder, list);
        }
        (void) json_array_extend(list, ids);
        free(folder);
}

/* What stands where a licence is expected may be anything, also what must not be shown. */
static bool looks_secret(struct check *c, const char *text)
{
        c->is_scanned = false;
        return matcher_scan(c->matcher, NULL, text, strlen(text)) < 0 || c->matcher->n_found > 0;
}

/* What one file says, put together. */
struct entry {
        json_t *ids, *places;
        char *expression; /* allocated; NULL = nothing yet */
        double confidence;
};

/* Joins what a file says in several places; what it says again is not joined. */
static int join(struct entry *e, const struct spdx *s, const char *text, bool is_choice)
{
        bool wrap = s->nodes[s->root].kind == SPDX_OR;
        char *joined;

        if (!e->expression)
                return (e->expression = strdup(text)) ? 0 : -ENOMEM;
        if (strstr(e->expression, text))
                return 0;
        if (asprintf(&joined, "%s %s %s%s%s", e->expression, is_choice ? "OR" : "AND",
                     wrap ? "(" : "", text, wrap ? ")" : "") < 0)
                return -ENOMEM;
        free(e->expression);
        e->expression = joined;
        return 0;
}

static void add_place(struct entry *e, const char *expression, const char *kind, uint32_t line,
                      uint32_t end_line, double confidence)
{
        if (json_array_size(e->places) < PLACES_MAX)
                (void) json_array_append_new(
                        e->places, json_pack("{si si ss ss sf}", "line", (int) line, "end_line",
                                             (int) end_line, "kind", kind, "expression", expression,
                                             "confidence", confidence));
}

struct told {
        const char *expression;
        const char *kind;
        uint32_t line, end_line;
        double confidence;
        bool is_choice;
};

/* Adds one statement to the file's entry and compares it with the policy. */
static int add_statement(struct check *c, struct entry *e, const struct told *told)
{
        char text[SPDX_TEXT];
        struct spdx s;
        int r;

        if (looks_secret(c, told->expression))
                return report_at(c, INVALID,
                                 check_keep(c, "What is here %s", notices[INVALID].message),
                                 "********", told->line);
        if (spdx_parse(&s, told->expression, strlen(told->expression)) < 0 ||
            spdx_print(&s, text, sizeof(text)) < 0)
                return report_at(c, INVALID,
                                 check_keep(c, "\"%.80s\" %s: %s", told->expression,
                                            notices[INVALID].message, s.error),
                                 check_keep(c, "%.80s", told->expression), told->line);
        if (s.nodes[s.root].kind == SPDX_NOTHING)
                return 0;
        r = join(e, &s, text, told->is_choice);
        if (r < 0)
                return r;
        e->confidence = MIN_OF(e->confidence, told->confidence);
        add_ids(&s, e->ids);
        add_place(e, text, told->kind, told->line, told->end_line, told->confidence);
        remember(c, e->ids, !strcmp(told->kind, "manifest") ? "manifest" : "text");
        r = check_ids(c, &s, told->line);
        if (r >= 0 && (c->policy.allow || c->policy.deny) &&
            !spdx_satisfies(&s, is_allowed, &c->policy))
                r = report_at(c, DENIED,
                              check_keep(c, "%.120s %s", told->expression, notices[DENIED].message),
                              check_keep(c, "%.120s", told->expression), told->line);
        return r;
}

/* Puts the file's entry into the output. */
static void write_entry(struct check *c, struct entry *e)
{
        json_t *path = json_string(c->path);

        if (e->expression && json_array_size(c->licenses) < ENTRIES_MAX)
                (void) json_array_append_new(c->licenses,
                                             json_pack("{so ss sO sf sO}", "path",
                                                       path ? path : json_null(), "expression",
                                                       e->expression, "ids", e->ids, "confidence",
                                                       e->confidence, "places", e->places));
        else
                json_decref(path);
}

/* ---- Texts, notices and tags ---- */

static int check_text(struct check *c, struct entry *e, bool has_manifest)
{
        enum license_file_kind kind = license_file_kind_of(c->path);
        struct license_finder *f = c->license_finder;
        int r = license_finder_look(f, (struct span){ c->text, c->length }, kind);

        if (kind == LICENSE_FILE_LICENSE)
                c->license_file_at_root |= !strchr(c->path, '/');
        for (size_t i = 0; r >= 0 && i < f->n_statements; i++) {
                const struct license_statement *s = &f->statements[i];
                bool is_sure = s->source == LICENSE_FROM_TEXT || s->source == LICENSE_FROM_TAG;
                struct told told = { .kind = license_source_names[s->source],
                                     .line = line_of(c, s->start),
                                     .end_line = line_of(c, s->end),
                                     .confidence = s->confidence,
                                     .is_choice = s->is_choice };

                /* What a manifest says in its own way needs no reading between the lines. */
                if (has_manifest && !is_sure)
                        continue;
                told.expression = check_keep(c, "%s", s->expression);
                r = told.expression ? add_statement(c, e, &told) : -ENOMEM;
        }
        if (r >= 0 && kind == LICENSE_FILE_LICENSE && !f->n_statements && c->length &&
            !has_manifest)
                r = check_notice(c, CONTROL_LICENSES, &notices[UNKNOWN_TEXT], 0, 0);
        return r;
}

/* ---- Manifests ---- */

/* "MIT/Apache-2.0", as Cargo once had it, means OR. */
static void spell(char *ret, size_t size, struct span text)
{
        size_t n = 0;

        for (size_t i = 0; i < text.length && n + 5 < size; i++) {
                if (text.text[i] == '/') {
                        memcpy(ret + n, " OR ", 4);
                        n += 4;
                } else
                        ret[n++] = text.text[i];
        }
        ret[n] = '\0';
}

struct manifest {
        struct check *check;
        struct entry *entry;
        bool is_one; /* it tells something */
};

static bool all_known(const struct spdx *s)
{
        for (int i = 0; i < s->n_nodes; i++)
                if (s->nodes[i].kind == SPDX_LICENSE && !spdx_is_known(s->nodes[i].id, false))
                        return false;
        return true;
}

static int on_manifest(void *owner, struct span license, size_t offset)
{
        struct manifest *m = owner;
        struct check *c = m->check;
        char text[512], named[LICENSE_ID_SIZE];
        struct told told = { .kind = "manifest",
                             .line = line_of(c, offset),
                             .end_line = line_of(c, offset),
                             .confidence = 1.0 };
        struct spdx s;
        int r;

        m->is_one = true;
        if (license.length >= sizeof(text) / 2)
                return 0;
        spell(text, sizeof(text), license);
        /* What npm says of packages that are not for others. */
        if (!strcasecmp(text, "UNLICENSED") || !strncasecmp(text, "SEE LICENSE IN", 14))
                return 0;
        told.expression = text;
        if (spdx_parse(&s, text, strlen(text)) < 0 || !all_known(&s)) {
                r = license_finder_name(c->license_finder, license, named);
                if (r < 0)
                        return r;
                if (r > 0 && strncmp(named, "LicenseRef-", 11) != 0) {
                        told.expression = named;
                        told.confidence = 0.9;
                }
        }
        told.expression = check_keep(c, "%s", told.expression);
        return told.expression ? add_statement(c, m->entry, &told) : -ENOMEM;
}

int licenses_check(struct check *c)
{
        struct entry e = { .ids = json_array(), .places = json_array(), .confidence = 1.0 };
        struct manifest m = { c, &e, false };
        int r = manifest_read(c->path, (struct span){ c->text, c->length }, on_manifest, &m);

        if (r >= 0)
                r = check_text(c, &e, m.is_one);
        if (r >= 0)
                write_entry(c, &e);
        json_decref(e.ids);
        json_decref(e.places);
        free(e.expression);
        return r;
}

/* ---- The tree ---- */

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

static int check_mismatch(struct check *c)
{
        json_t *texts = json_object_get(c->license_folders, "text");
        const json_t *entry, *place, *text;
        size_t i;
        int r = 0;

        json_array_foreach (c->licenses, i, entry) {
                const char *path = json_string_value(json_object_get(entry, "path"));
                char *folder;

                place = manifest_place(entry);
                if (!path || !place)
                        continue;
                folder = strndup(path, folder_length(path));
                if (!folder)
                        return -ENOMEM;
                text = json_object_get(texts, folder);
                free(folder);
                if (!text || have_common(json_object_get(entry, "ids"), text))
                        continue;
                check_begin(c, path);
                r = report_at(c, MISMATCH, notices[MISMATCH].message,
                              json_string_value(json_object_get(entry, "expression")),
                              (uint32_t) json_integer_value(json_object_get(place, "line")));
                if (r >= 0)
                        r = check_flush(c);
                if (r < 0)
                        return r;
        }
        return r;
}

int licenses_finish(struct check *c)
{
        static const char *const kinds[] = { "text", "manifest" };
        bool any = false;
        int r;

        check_part(c, NULL, 0, 0, 0);
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                any |= json_object_get(json_object_get(c->license_folders, kinds[i]), "") != NULL;
        if (!any && c->files && !c->license_file_at_root) {
                check_begin(c, ".");
                r = report_at(c, MISSING, notices[MISSING].message, "", 0);
                if (r < 0 || (r = check_flush(c)) < 0)
                        return r;
        }
        return check_mismatch(c);
}
