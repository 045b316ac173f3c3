/* SPDX-License-Identifier: Apache-2.0 */
#include "licenses.h"

#include "license-text.h"
#include "manifest.h"
#include "spdx.h"

#include <ctype.h>
#include <fnmatch.h>

#define ENTRIES_MAX 20000
#define TEXT_MAX    (512 * 1024)
#define HEAD        8192 /* tags and notices are looked for in the first bytes of a file */
#define NAME_SIZE   256

enum { DENIED, MISSING, UNKNOWN_TEXT, UNKNOWN_ID, INVALID, MISMATCH };

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

/* Names of the licences in an expression, each once. */
static json_t *ids_of(const struct spdx *s)
{
        json_t *ids = json_array(), *seen = json_object();

        for (int i = 0; i < s->n_nodes; i++) {
                char name[NAME_SIZE];

                if (s->nodes[i].kind != SPDX_LICENSE)
                        continue;
                spdx_name(&s->nodes[i], name, sizeof(name));
                if (json_object_get(seen, name))
                        continue;
                (void) json_object_set_new(seen, name, json_true());
                (void) json_array_append_new(ids, json_string(name));
        }
        json_decref(seen);
        return ids;
}

/* debian/copyright may call a licence anything, as long as its text follows. */
static bool takes_any_name(const char *path)
{
        static const char name[] = "debian/copyright";
        size_t n = strlen(path), m = sizeof(name) - 1;

        return n >= m && !strcmp(path + n - m, name) && (n == m || path[n - m - 1] == '/');
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
                if (!bad.length)
                        continue;
                r = report_at(c, UNKNOWN_ID,
                              check_keep(c, "\"%.*s\" %s", (int) MIN_OF(bad.length, 80u), bad.text,
                                         notices[UNKNOWN_ID].message),
                              check_keep(c, "%.*s", (int) MIN_OF(bad.length, 80u), bad.text), line);
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

/* Adds one statement to the output and compares it with the policy. */
static int add_statement(struct check *c, const char *expression, const char *kind, uint32_t line,
                         double confidence)
{
        struct spdx s;
        json_t *ids, *path;
        int r;

        if (looks_secret(c, expression))
                return report_at(c, INVALID,
                                 check_keep(c, "What is here %s", notices[INVALID].message),
                                 "********", line);
        if (spdx_parse(&s, expression, strlen(expression)) < 0)
                return report_at(c, INVALID,
                                 check_keep(c, "\"%.80s\" %s: %s", expression,
                                            notices[INVALID].message, s.error),
                                 check_keep(c, "%.80s", expression), line);
        ids = ids_of(&s);
        path = json_string(c->path);
        if (json_array_size(c->licenses) < ENTRIES_MAX)
                (void) json_array_append_new(
                        c->licenses,
                        json_pack("{so ss sO sf s[{si ss}]}", "path", path ? path : json_null(),
                                  "expression", expression, "ids", ids, "confidence", confidence,
                                  "places", "line", (int) line, "kind", kind));
        else
                json_decref(path);
        remember(c, ids, kind);
        json_decref(ids);
        r = check_ids(c, &s, line);
        if (r >= 0 && (c->policy.allow || c->policy.deny) &&
            !spdx_satisfies(&s, is_allowed, &c->policy))
                r = report_at(c, DENIED,
                              check_keep(c, "%.120s %s", expression, notices[DENIED].message),
                              check_keep(c, "%.120s", expression), line);
        return r;
}

/* ---- Licence files ---- */

static bool is_license_file(const char *path)
{
        static const char *const names[] = {
                "LICEN[CS]E",      "LICEN[CS]E[.-]*", "COPYING",       "COPYING[.-]*",
                "UNLICENSE*",      "*[-_]LICEN[CS]E", "*.LICEN[CS]E",  "MIT-LICENSE*",
                "LICEN[CS]ES.txt", "*LICEN[CS]E.txt", "*LICEN[CS]E.md"
        };
        static const char *const code[] = { "*.c",   "*.h",    "*.go",  "*.py",   "*.js",
                                            "*.ts",  "*.rs",   "*.rb",  "*.java", "*.json",
                                            "*.yml", "*.yaml", "*.xml", "*.html", "*.css",
                                            "*.php", "*.sh",   "*.tsx" };
        const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

        for (size_t i = 0; i < ARRAY_SIZE(code); i++)
                if (!fnmatch(code[i], base, FNM_CASEFOLD))
                        return false;
        if (!fnmatch("LICENSES/*.txt", path, 0))
                return true;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (!fnmatch(names[i], base, FNM_CASEFOLD))
                        return true;
        return false;
}

/* "A AND B" of the licences that were recognised. */
static const char *join_ids(struct check *c, const char *const *ids, int n)
{
        const char *text = ids[0];

        for (int i = 1; i < n && text; i++)
                text = check_keep(c, "%s AND %s", text, ids[i]);
        return text;
}

static int check_license_file(struct check *c)
{
        const char *ids[LICENSE_IDS], *expression;
        struct span text = { c->text, MIN_OF(c->length, (size_t) TEXT_MAX) };
        int n = license_find(c->license_index, text, false, ids);

        if (n < 0)
                return n;
        c->license_file_at_root |= !strchr(c->path, '/');
        if (n == 0)
                return check_notice(c, CONTROL_LICENSES, &notices[UNKNOWN_TEXT], 0, 0);
        expression = join_ids(c, ids, n);
        return expression ? add_statement(c, expression, "text", 1, n > 1 ? 0.8 : 1.0) : -ENOMEM;
}

/* ---- Tags and notices ---- */

/* The rest of a tag's line, without the end of a comment. */
static struct span tag_value(const char *at, const char *end)
{
        static const char *const closers[] = { "*/", "-->", "--", "#}", "%>", "\"", "'",
                                               ")",  "*)",  "]]", "|",  "*",  "=" };
        const char *newline = memchr(at, '\n', (size_t) (end - at));
        struct span s = { at, (size_t) ((newline ? newline : end) - at) };
        bool again = true;

        while (s.length && isspace((unsigned char) *s.text))
                s = (struct span){ s.text + 1, s.length - 1 };
        while (again) {
                again = false;
                while (s.length && isspace((unsigned char) s.text[s.length - 1]))
                        s.length--;
                for (size_t i = 0; i < ARRAY_SIZE(closers); i++) {
                        size_t n = strlen(closers[i]);

                        if (s.length >= n && !memcmp(s.text + s.length - n, closers[i], n) &&
                            !(n == 1 && *closers[i] == ')' && memchr(s.text, '(', s.length))) {
                                s.length -= n;
                                again = true;
                        }
                }
        }
        return s;
}

/* Goes over signs and blanks: what begins a comment in most languages. */
static const char *skip_signs(const char *p, const char *end)
{
        while (p < end && !isalnum((unsigned char) *p) && !strchr("\"'`", *p))
                p++;
        return p;
}

/* A tag stands at the head of a line or comment, not in the middle of a sentence or a string. */
static bool is_tag_place(const struct check *c, const char *at)
{
        const char *line = memrchr(c->text, '\n', (size_t) (at - c->text));
        const char *p = skip_signs(line ? line + 1 : c->text, at);

        /* Two languages begin comments with a word. */
        if (at - p > 3 && (!strncasecmp(p, "rem", 3) || !strncmp(p, "dnl", 3)))
                p = skip_signs(p + 3, at);
        return p == at;
}

static int check_tags(struct check *c, bool *ret_any)
{
        static const char tag[] = "SPDX-License-Identifier:";
        const char *at = c->text, *end = c->text + MIN_OF(c->length, (size_t) HEAD);
        int r = 0;

        *ret_any = false;
        while (r >= 0 && (at = memmem(at, (size_t) (end - at), tag, sizeof(tag) - 1))) {
                const char *value = at + sizeof(tag) - 1, *text;
                struct span expression = tag_value(value, end);

                if (is_tag_place(c, at) && expression.length && expression.length < 512) {
                        *ret_any = true;
                        text = check_keep(c, "%.*s", (int) expression.length, expression.text);
                        r = text ? add_statement(c, text, "tag",
                                                 line_of(c, (size_t) (at - c->text)), 1.0)
                                 : -ENOMEM;
                }
                at = value;
        }
        return r;
}

static int check_notices(struct check *c)
{
        struct span head = { c->text, MIN_OF(c->length, (size_t) HEAD) };
        const char *ids[LICENSE_IDS], *expression, *at;
        int n;

        at = memmem(head.text, head.length, "icense", 6);
        if (!at)
                return 0;
        n = license_find(c->license_index, head, true, ids);
        if (n <= 0)
                return n;
        expression = join_ids(c, ids, n);
        return expression ? add_statement(c, expression, "text",
                                          line_of(c, (size_t) (at - c->text)), 0.9)
                          : -ENOMEM;
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

static int on_manifest(void *owner, struct span license, size_t offset)
{
        struct check *c = owner;
        const char *named = license_named(c->license_index, license), *kept;
        char text[512];
        struct spdx s;

        if (license.length >= sizeof(text) / 2)
                return 0;
        spell(text, sizeof(text), license);
        /* What npm says of packages that are not for others. */
        if (!strcasecmp(text, "UNLICENSED") || !strncasecmp(text, "SEE LICENSE IN", 14))
                return 0;
        if (named &&
            (spdx_parse(&s, text, strlen(text)) < 0 || !spdx_is_known(s.nodes[s.root].id, false)))
                kept = named;
        else
                kept = check_keep(c, "%s", text);
        return kept ? add_statement(c, kept, "manifest", line_of(c, offset), named ? 0.9 : 1.0)
                    : -ENOMEM;
}

int licenses_check(struct check *c)
{
        bool tagged;
        int r;

        if (is_license_file(c->path))
                return check_license_file(c);
        r = check_tags(c, &tagged);
        if (r >= 0)
                r = manifest_read(c->path, (struct span){ c->text, c->length }, on_manifest, c);
        return r < 0 || tagged ? r : check_notices(c);
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

static int check_mismatch(struct check *c)
{
        json_t *texts = json_object_get(c->license_folders, "text");
        const json_t *entry, *place, *text;
        size_t i;
        int r = 0;

        json_array_foreach (c->licenses, i, entry) {
                const char *path = json_string_value(json_object_get(entry, "path"));
                char *folder;

                place = json_array_get(json_object_get(entry, "places"), 0);
                if (!path || strcmp(json_string_value(json_object_get(place, "kind")), "manifest"))
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
