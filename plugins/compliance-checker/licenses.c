/* SPDX-License-Identifier: Apache-2.0 */
#include "licenses.h"

#include "license-parts.h"
#include "license-rules.h"
#include "license/file.h"
#include "license/policy.h"
#include "manifest.h"

#include <time.h>

#define PLACES_MAX    1000 /* of one file; how many there are is told beside them */
#define SEEN_MAX      500  /* different expressions that are judged together */
#define NAME_SIZE     SPDX_NAME
#define MANIFEST_TEXT 512 /* bytes of an expression in a manifest */

/* ---- What is found ---- */

/* Counts lines up to offsets that come in order. */
struct lines {
        size_t at;
        uint32_t line; /* newlines before it */
};

static uint32_t lines_to(const struct check *c, struct lines *l, size_t offset)
{
        const char *newline;

        offset = MIN_OF(offset, c->length);
        while (l->at < offset && (newline = memchr(c->text + l->at, '\n', offset - l->at))) {
                l->line++;
                l->at = (size_t) (newline - c->text) + 1;
        }
        l->at = MAX_OF(l->at, offset);
        return l->line + 1;
}

static uint32_t line_of(const struct check *c, size_t offset)
{
        struct lines lines = { 0 };

        return lines_to(c, &lines, offset);
}

/* Adds a name to a list, once. */
static void add_name(json_t *list, const char *name)
{
        const json_t *one;
        size_t i;

        json_array_foreach (list, i, one)
                if (!strcmp(json_string_value(one), name))
                        return;
        (void) json_array_append_new(list, json_string(name));
}

/* Adds the names of the licences in an expression. */
static void add_ids(const struct spdx *s, json_t *ids)
{
        for (int i = 0; i < s->n_nodes; i++) {
                char name[NAME_SIZE];

                if (s->nodes[i].kind != SPDX_LICENSE)
                        continue;
                spdx_name(&s->nodes[i], name, sizeof(name));
                add_name(ids, name);
        }
}

/* debian/copyright may call a licence anything, as long as its text follows. */
static bool takes_any_name(const char *path)
{
        static const char name[] = "debian/copyright";
        size_t n = strlen(path), m = sizeof(name) - 1;

        return n >= m && !strcmp(path + n - m, name) && (n == m || path[n - m - 1] == '/');
}

static int report_id(struct check *c, enum license_rule which, struct span id, const char *more,
                     uint32_t line)
{
        int n = (int) MIN_OF(id.length, 80u);

        return license_report(
                c, which,
                check_keep(c, "\"%.*s\" %s%s", n, id.text, license_notices[which].message, more),
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
                        r = report_id(c, RULE_UNKNOWN_ID, bad, "", line);
                else if (spdx_instead(node))
                        r = report_id(c, RULE_DEPRECATED, node->id,
                                      check_keep(c, ": now %s", spdx_instead(node)), line);
        }
        return r;
}

/* Remembers what texts and manifests of a folder say, for licenses_finish(). */
static void remember(struct check *c, json_t *ids, const char *kind)
{
        json_t *folders = json_object_get(c->license_folders, kind), *list;
        const json_t *id;
        size_t i;
        char *folder = strndup(c->path, license_folder(c->path));

        if (!folder)
                return;
        list = json_object_get(folders, folder);
        if (!list) {
                list = json_array();
                (void) json_object_set_new(folders, folder, list);
        }
        json_array_foreach (ids, i, id)
                add_name(list, json_string_value(id));
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
        size_t n_places;  /* also those past the limit */
        json_t *told;     /* expressions that were judged */
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
        e->n_places++;
        if (json_array_size(e->places) < PLACES_MAX)
                (void) json_array_append_new(
                        e->places, json_pack("{si si ss ss sf}", "line", (int) line, "end_line",
                                             (int) end_line, "kind", kind, "expression", expression,
                                             "confidence", confidence));
}

struct told {
        const char *expression;
        const char *kind;
        const char *use;     /* of a dependency, or "own" */
        const char *subject; /* the package that it is the licence of; NULL = the file */
        uint32_t line, end_line;
        double confidence;
        bool is_choice;
};

static void today(char ret[16])
{
        time_t now = time(NULL);
        struct tm tm;

        if (!gmtime_r(&now, &tm) || !strftime(ret, 16, "%Y-%m-%d", &tm))
                (void) strcpy(ret, "0000-00-00");
}

/* What the policy says to a statement. */
static int check_policy(struct check *c, const struct spdx *s, const struct told *told)
{
        static const enum license_rule which[] = {
                [LICENSE_REVIEW] = RULE_REVIEW, [LICENSE_DENIED] = RULE_DENIED
        };
        const struct license_use use = { .path = c->path, .kind = told->use };
        struct license_reason reason;
        enum license_verdict verdict;
        const char *what;
        char date[16];

        if (!c->policy.licenses)
                return 0;
        today(date);
        verdict = license_policy_judge(c->policy.licenses, s, &use, date, &reason);
        if (verdict < LICENSE_REVIEW)
                return 0;
        what = check_keep(c, "%.200s%s%.120s", told->subject ? told->subject : "",
                          told->subject ? ": " : "", told->expression);
        if (!what)
                return -ENOMEM;
        if (reason.expired)
                return license_report(c, RULE_EXPIRED,
                                      check_keep(c, "%s %s (until %s)", what,
                                                 license_notices[RULE_EXPIRED].message,
                                                 reason.expired),
                                      what, told->line);
        return license_report(c, which[verdict],
                              check_keep(c, "%s %s%s%s%s", what,
                                         license_notices[which[verdict]].message,
                                         *reason.pointer ? " (/licenses" : "", reason.pointer,
                                         *reason.pointer ? ")" : ""),
                              what, told->line);
}

int licenses_judge_package(struct check *c, const struct dep *package)
{
        const struct told told = { .expression = package->license,
                                   .subject = package->name,
                                   .use = package->scope == DEP_DEV ? "dev"
                                          : package->is_direct      ? "direct"
                                                                    : "transitive",
                                   .line = package->line };
        struct spdx s;
        int r;

        if (spdx_parse(&s, package->license, strlen(package->license)) < 0)
                return 0;
        check_begin(c, package->path);
        r = check_policy(c, &s, &told);
        return r < 0 ? r : check_flush(c);
}

/* Notes where an expression was seen first and how often, for the whole tree's judgement. */
static void note_seen(struct check *c, const char *text, const struct told *told)
{
        json_t *seen = json_object_get(c->license_folders, "seen"), *one;
        enum context context = check_context(c);

        /* A text in LICENSES/ is of no part by itself. */
        if ((context != CONTEXT_NONE && context != CONTEXT_VENDORED) ||
            !strncmp(c->path, "LICENSES/", strlen("LICENSES/")))
                return;
        one = json_object_get(seen, text);
        if (one)
                (void) json_object_set_new(
                        one, "n", json_integer(json_integer_value(json_object_get(one, "n")) + 1));
        else if (json_object_size(seen) >= SEEN_MAX)
                c->licenses_cut = true;
        else
                (void) json_object_set_new(seen, text,
                                           json_pack("{ss* si si}", "path", c->path, "line",
                                                     (int) told->line, "n", 1));
}

/* Adds one statement to the file's entry and compares it with the policy. */
static int add_statement(struct check *c, struct entry *e, const struct told *told)
{
        char text[SPDX_TEXT];
        struct spdx s;
        int r;

        if (looks_secret(c, told->expression))
                return license_report(
                        c, RULE_INVALID,
                        check_keep(c, "What is here %s", license_notices[RULE_INVALID].message),
                        "********", told->line);
        if (spdx_parse(&s, told->expression, strlen(told->expression)) < 0 ||
            spdx_print(&s, text, sizeof(text)) < 0)
                return license_report(c, RULE_INVALID,
                                      check_keep(c, "\"%.80s\" %s: %s", told->expression,
                                                 license_notices[RULE_INVALID].message, s.error),
                                      check_keep(c, "%.80s", told->expression), told->line);
        if (s.nodes[s.root].kind == SPDX_NOTHING)
                return 0;
        r = join(e, &s, text, told->is_choice);
        if (r < 0)
                return r;
        e->confidence = MIN_OF(e->confidence, told->confidence);
        add_place(e, text, told->kind, told->line, told->end_line, told->confidence);
        /* Said again in the same file it is no news. */
        if (json_object_get(e->told, text))
                return 0;
        (void) json_object_set_new(e->told, text, json_true());
        add_ids(&s, e->ids);
        remember(c, e->ids, !strcmp(told->kind, "manifest") ? "manifest" : "text");
        note_seen(c, text, told);
        r = check_ids(c, &s, told->line);
        return r < 0 ? r : check_policy(c, &s, told);
}

/* Puts the file's entry into the output, and tells where places have no room in it. */
static int write_entry(struct check *c, struct entry *e, bool is_manifest)
{
        size_t n = e->n_places;
        json_t *path, *entry;
        int r;

        if (!e->expression)
                return 0;
        n += c->license_finder->n_cut;
        path = json_string(c->path);
        entry = json_pack("{so ss sO sf sO}", "path", path ? path : json_null(), "expression",
                          e->expression, "ids", e->ids, "confidence", e->confidence, "places",
                          e->places);
        if (!entry)
                return -ENOMEM;
        if (n > json_array_size(e->places))
                (void) json_object_set_new(entry, "places_total", json_integer((json_int_t) n));
        licenses_note_texts(c, e->ids);
        r = license_list_add(&c->licenses, entry, is_manifest);
        json_decref(entry);
        return r < 0 || n == json_array_size(e->places)
                       ? r
                       : check_not_scanned(c, c->path, "too-many-places");
}

/* ---- Texts, notices and tags ---- */

static int check_text(struct check *c, struct entry *e, bool has_manifest)
{
        enum license_file_kind kind = license_file_kind_of(c->path);
        struct license_finder *f = c->license_finder;
        struct lines lines = { 0 }, end;
        int r = license_finder_look(f, (struct span){ c->text, c->length }, kind);

        if (kind == LICENSE_FILE_LICENSE)
                c->license_file_at_root |= !strchr(c->path, '/');
        for (size_t i = 0; r >= 0 && i < f->n_statements; i++) {
                const struct license_statement *s = &f->statements[i];
                bool is_sure = s->source == LICENSE_FROM_TEXT || s->source == LICENSE_FROM_TAG;
                struct told told = { .kind = license_source_names[s->source],
                                     .use = "own",
                                     .line = lines_to(c, &lines, s->start),
                                     .confidence = s->confidence,
                                     .is_choice = s->is_choice };

                end = lines; /* two may overlap */
                told.end_line = lines_to(c, &end, s->end);
                /* What a manifest says in its own way needs no reading between the lines. */
                if (has_manifest && !is_sure)
                        continue;
                told.expression = check_keep(c, "%s", s->expression);
                r = told.expression ? add_statement(c, e, &told) : -ENOMEM;
        }
        if (r >= 0 && kind == LICENSE_FILE_LICENSE && !f->n_statements && c->length &&
            !has_manifest)
                r = check_notice(c, CONTROL_LICENSES, &license_notices[RULE_UNKNOWN_TEXT], 0, 0);
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

/* Replaces what is no expression of SPDX's by what it means: 1, 0 when it is to be left out. */
static int name_license(struct check *c, struct span license, char text[MANIFEST_TEXT],
                        struct told *told)
{
        char named[MANIFEST_TEXT];
        struct spdx s;
        int r;

        told->expression = text;
        if (spdx_parse(&s, text, strlen(text)) == 0 && all_known(&s))
                return 1;
        r = license_finder_name(c->license_finder, license, named);
        if (r == 0)
                r = license_parts(c->license_finder, license, named, sizeof(named));
        if (r < 0)
                return r;
        if (r > 0 && strncmp(named, "LicenseRef-", 11) != 0) {
                memcpy(text, named, sizeof(named));
                told->confidence = 0.9;
                return 1;
        }
        /* A name that only this file explains, by the text behind it, is no identifier. */
        return !takes_any_name(c->path);
}

static int on_manifest(void *owner, struct span license, size_t offset)
{
        struct manifest *m = owner;
        struct check *c = m->check;
        char text[MANIFEST_TEXT];
        struct told told = { .kind = "manifest",
                             .use = "own",
                             .line = line_of(c, offset),
                             .end_line = line_of(c, offset),
                             .confidence = 1.0 };
        int r;

        m->is_one = true;
        if (license.length >= sizeof(text) / 2)
                return 0;
        spell(text, sizeof(text), license);
        /* What npm says of packages that are not for others. */
        if (!strcasecmp(text, "UNLICENSED") || !strncasecmp(text, "SEE LICENSE IN", 14))
                return 0;
        r = name_license(c, license, text, &told);
        if (r <= 0)
                return r;
        told.expression = check_keep(c, "%s", told.expression);
        return told.expression ? add_statement(c, m->entry, &told) : -ENOMEM;
}

static int look_at_text(struct check *c)
{
        struct entry e = { .ids = json_array(),
                           .places = json_array(),
                           .told = json_object(),
                           .confidence = 1.0 };
        struct manifest m = { c, &e, false };
        int r = manifest_read(c->path, (struct span){ c->text, c->length }, on_manifest, &m);

        if (r >= 0)
                r = check_text(c, &e, m.is_one);
        if (r >= 0)
                r = write_entry(c, &e, m.is_one || deps_is_file(c->path));
        json_decref(e.ids);
        json_decref(e.places);
        json_decref(e.told);
        free(e.expression);
        return r;
}

int licenses_check(struct check *c)
{
        /* What a lockfile says is about packages: see packages.c. */
        return deps_is_lock(c->path) ? 0 : look_at_text(c);
}
