/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "config.h"
#include "obs/view.h"

#include <string.h>

/*
 * SARIF 2.1.0 (OASIS Standard, 2020-03-27). One run whose driver is linhay; each rule seen becomes
 * a reportingDescriptor, each finding a result. Sections named below are of that standard.
 */

static const struct {
        const char *level; /* 3.27.10 */
        const char *score; /* what code-scanning services rank by: 0.0 to 10.0 */
} levels[SEVERITIES_] = {
        [SEVERITY_INFO] = { "note", "0.0" },      [SEVERITY_LOW] = { "note", "3.0" },
        [SEVERITY_MEDIUM] = { "warning", "5.5" }, [SEVERITY_HIGH] = { "error", "8.0" },
        [SEVERITY_CRITICAL] = { "error", "9.5" },
};

/* A relative URI reference (RFC 3986): everything but unreserved characters and '/' is
 * percent-encoded. */
static json_t *uri_make(const char *path)
{
        static const char plain[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
        _cleanup_(buf_done) struct buf uri = { 0 };

        for (; *path; path++) {
                int r = strchr(plain, *path) ? buf_putc(&uri, *path)
                                             : buf_printf(&uri, "%%%02X", (unsigned char) *path);
                if (r < 0)
                        return NULL;
        }
        return json_string(buf_text(&uri));
}

/* Tags are a set (3.8.2). */
static void tag_add(json_t *tags, const char *text)
{
        json_t *tag;
        size_t i;

        json_array_foreach (tags, i, tag)
                if (strcmp(json_string_value(tag), text) == 0)
                        return;
        (void) json_array_append_new(tags, json_string(text));
}

/* What is said of one place, not of its rule. */
static bool is_of_place(const char *tag)
{
        static const char *const heads[] = { "context:", "waived", "waiver:" };

        for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
                if (strncmp(tag, heads[i], strlen(heads[i])) == 0)
                        return true;
        return false;
}

static json_t *rule_tags_make(const json_t *finding)
{
        json_t *tags = json_array(), *item;
        size_t i;

        json_array_foreach (json_object_get(finding, "cwe"), i, item) {
                char text[64];
                const char *cwe = json_string_value(item);

                if (!cwe || strncmp(cwe, "CWE-", 4) != 0)
                        continue;
                (void) snprintf(text, sizeof(text), "external/cwe/cwe-%.40s", cwe + 4);
                tag_add(tags, text);
        }
        json_array_foreach (json_object_get(finding, "tags"), i, item)
                if (json_is_string(item) && !is_of_place(json_string_value(item)))
                        tag_add(tags, json_string_value(item));
        return tags;
}

static json_t *place_tags_make(const json_t *finding)
{
        json_t *tags = json_array(), *item;
        size_t i;

        json_array_foreach (json_object_get(finding, "tags"), i, item)
                if (json_is_string(item) && is_of_place(json_string_value(item)))
                        tag_add(tags, json_string_value(item));
        return tags;
}

static json_t *rule_make(const json_t *first)
{
        enum severity severity = finding_severity(first);
        const char *fix = view_text(first, "fix");
        json_t *rule = json_pack(
                "{s:s, s:{s:s}, s:{s:s}, s:{s:o, s:s}}", "id", view_text(first, "rule"),
                "shortDescription", "text", view_text(first, "message"), "defaultConfiguration",
                "level", levels[severity].level, "properties", "tags", rule_tags_make(first),
                "security-severity", levels[severity].score);

        if (*fix)
                (void) json_object_set_new(rule, "help", json_pack("{s:s}", "text", fix));
        return rule;
}

/* 3.30: only what is known and positive. */
static json_t *region_make(const json_t *finding)
{
        static const struct {
                const char *from, *to;
        } members[] = {
                { "line", "startLine" },
                { "column", "startColumn" },
                { "end_line", "endLine" },
                { "end_column", "endColumn" },
        };
        json_t *region = json_object();

        for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
                uint64_t n = view_number(finding, members[i].from);

                if (n > 0)
                        (void) json_object_set_new(region, members[i].to,
                                                   json_integer((json_int_t) n));
        }
        if (*view_text(finding, "excerpt"))
                (void) json_object_set_new(
                        region, "snippet",
                        json_pack("{s:s}", "text", view_text(finding, "excerpt")));
        return region;
}

static json_t *locations_make(const json_t *finding)
{
        json_t *physical;

        if (!*view_text(finding, "path"))
                return json_array();
        physical = json_pack("{s:{s:o, s:s}}", "artifactLocation", "uri",
                             uri_make(view_text(finding, "path")), "uriBaseId", "SRCROOT");
        if (view_number(finding, "line") > 0)
                (void) json_object_set_new(physical, "region", region_make(finding));
        return json_pack("[{s:o}]", "physicalLocation", physical);
}

static json_t *result_make(const json_t *finding, size_t rule_index)
{
        json_t *result =
                json_pack("{s:s, s:I, s:s, s:{s:s}, s:o, s:{s:s}, s:{s:s, s:o}}", "ruleId",
                          view_text(finding, "rule"), "ruleIndex", (json_int_t) rule_index, "level",
                          levels[finding_severity(finding)].level, "message", "text",
                          view_text(finding, "message"), "locations", locations_make(finding),
                          "partialFingerprints", "linhay/v1", view_text(finding, "fingerprint"),
                          "properties", "severity", severity_name(finding_severity(finding)),
                          "tags", place_tags_make(finding));
        const char *reason;

        /* 3.27.23: a result that somebody has accepted. */
        if (result && finding_is_waived(finding, &reason)) {
                json_t *suppression = json_pack("{s:s}", "kind", "inSource");

                if (*reason)
                        (void) json_object_set_new(suppression, "justification",
                                                   json_string(reason));
                (void) json_object_set_new(result, "suppressions", json_pack("[o]", suppression));
        }
        return result;
}

/* The same rule may be seen at two severities: it is described once, by its worst. */
static size_t rule_find(json_t *rules, const json_t *finding)
{
        json_t *rule;
        size_t i;

        json_array_foreach (rules, i, rule)
                if (strcmp(view_text(rule, "id"), view_text(finding, "rule")) == 0)
                        return i;
        (void) json_array_append_new(rules, rule_make(finding));
        return json_array_size(rules) - 1;
}

static void results_add(json_t *results, json_t *rules, const json_t *const *findings, size_t n)
{
        for (size_t i = 0; i < n; i++)
                (void) json_array_append_new(
                        results, result_make(findings[i], rule_find(rules, findings[i])));
}

/* 3.20.21, 3.58: what the tool could not do says nothing about the tree. */
static json_t *notifications_make(const struct gaps *g)
{
        json_t *list = json_array();

        for (size_t i = 0; i < g->n; i++) {
                const struct gap *gap = &g->list[i];
                char text[256];

                (void) snprintf(text, sizeof(text), "not looked at: %.200s", gap->reason);
                (void) json_array_append_new(
                        list, json_pack("{s:s, s:{s:s}, s:[{s:{s:{s:o, s:s}}}], s:{s:s}}", "level",
                                        "warning", "message", "text", text, "locations",
                                        "physicalLocation", "artifactLocation", "uri",
                                        uri_make(gap->path), "uriBaseId", "SRCROOT", "properties",
                                        "step", gap->step));
        }
        return list;
}

static json_t *invocation_make(const struct view *v)
{
        bool is_whole = v->outcome == OUTCOME_PASSED || v->outcome == OUTCOME_FINDINGS;

        return json_pack("{s:b, s:o, s:{s:s, s:s, s:s, s:I}}", "executionSuccessful", is_whole,
                         "toolExecutionNotifications", notifications_make(&v->gaps), "properties",
                         "run", view_text(v->document, "run"), "outcome", v->word, "summary",
                         v->sentence, "notLookedAt", (json_int_t) v->gaps.total);
}

int report_sarif(struct buf *out, const struct view *v, const struct report_options *o)
{
        _cleanup_(json_decrefp) json_t *sarif = NULL;
        _cleanup_(freep) char *text = NULL;
        json_t *rules = json_array(), *results = json_array();
        int r;

        (void) o;
        results_add(results, rules, v->tally.findings, v->tally.n);
        results_add(results, rules, v->tally.waived, v->tally.n_waived);
        sarif = json_pack(
                "{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:[o], s:{s:{s:{s:s}}}, s:s, s:o}]}",
                "$schema",
                "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
                "sarif-schema-2.1.0.json",
                "version", "2.1.0", "runs", "tool", "driver", "name", "linhay", "version",
                PACKAGE_VERSION, "rules", rules, "invocations", invocation_make(v),
                "originalUriBaseIds", "SRCROOT", "description", "text",
                "the tree that was looked at", "columnKind", "unicodeCodePoints", "results",
                results);
        text = sarif ? json_dumps(sarif, JSON_INDENT(2)) : NULL;
        if (!text)
                return -ENOMEM;
        r = buf_puts(out, text);
        return r < 0 ? r : buf_putc(out, '\n');
}
