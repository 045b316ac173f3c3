/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/json.h"
#include "obs/bom.h"
#include "obs/package.h"
#include "obs/report.h"
#include "obs/standard.h"
#include "obs/tally.h"

/* A first look, a second look at the same after a patch, and a reviewer whose texts are hostile. */
static const char document_text[] =
        "{\"run\":\"r1\",\"flow\":\"review\",\"workspace\":\"/"
        "tree\",\"state\":\"succeeded\",\"fail_on\":\"high\","
        "\"flow_json\":{\"steps\":[{\"id\":\"check\",\"inputs\":{\"a\":1}},"
        "{\"id\":\"recheck\",\"inputs\":{\"a\":1}},{\"id\":\"other\",\"inputs\":{\"a\":2}}]},"
        "\"started\":1000,\"ended\":3500,\"steps\":["
        "{\"id\":\"check\",\"agent\":\"c\",\"action\":\"check\",\"needs\":[],"
        "\"state\":\"done\","
        "\"attempts\":[{\"n\":1,\"usage\":{\"wall_ms\":400}}],\"findings\":["
        "{\"rule\":\"secrets/"
        "mended\",\"severity\":\"critical\",\"message\":\"m\",\"path\":\"a\",\"line\":1},"
        "{\"rule\":\"secrets/"
        "left\",\"severity\":\"low\",\"message\":\"m\",\"path\":\"a\",\"line\":2}]},"
        "{\"id\":\"patch\",\"agent\":\"p\",\"action\":\"apply\",\"needs\":[\"check\"],\"state\":"
        "\"done\","
        "\"attempts\":[]},"
        "{\"id\":\"recheck\",\"agent\":\"c\",\"action\":\"check\",\"needs\":["
        "\"patch\"],"
        "\"state\":\"%s\",\"attempts\":[],\"findings\":["
        "{\"rule\":\"secrets/"
        "left\",\"severity\":\"low\",\"message\":\"m\",\"path\":\"a\",\"line\":2}]},"
        "{\"id\":\"review\",\"agent\":\"r\",\"action\":\"review\",\"needs\":[],\"state\":\"done\","
        "\"attempts\":[],\"findings\":["
        "{\"rule\":\"x/<script>\",\"severity\":\"high\",\"message\":\"<img src=x> & `code` |\","
        "\"path\":\"a b/\\u00e9<.c\",\"line\":3,\"column\":2,\"excerpt\":\"``<b>\\n\",\"fix\":\"do "
        "*this*\","
        "\"cwe\":[\"CWE-79\"],\"fingerprint\":\"f\"}]}]}";

static json_t *document_make(const char *recheck_state)
{
        char text[sizeof(document_text) + 32];
        struct err err = { 0 };
        json_t *doc = NULL;
        int n = snprintf(text, sizeof(text), document_text, recheck_state);

        if (json_text_load(&doc, text, (size_t) n, "document", &err) < 0)
                fail_msg("%s", err.text);
        return doc;
}

static void test_second_look_replaces_the_first(void **state)
{
        (void) state;
        _cleanup_(json_decrefp) json_t *doc = document_make("done");
        struct tally t;

        assert_int_equal(tally_make(&t, doc, NULL), 0);
        assert_int_equal(t.by_severity[SEVERITY_CRITICAL], 0);
        assert_int_equal(t.by_severity[SEVERITY_LOW], 1);
        assert_int_equal(t.replaced, 2);
        assert_int_equal(tally_at_least(&t, SEVERITY_MEDIUM), 1);
        assert_string_equal(finding_text(t.findings[0], "rule"), "x/<script>");
        tally_done(&t);
}

static void test_skipped_second_look_replaces_nothing(void **state)
{
        (void) state;
        _cleanup_(json_decrefp) json_t *doc = document_make("skipped");
        struct tally t;

        assert_int_equal(tally_make(&t, doc, NULL), 0);
        assert_int_equal(t.by_severity[SEVERITY_CRITICAL], 1);
        assert_int_equal(t.replaced, 0);
        tally_done(&t);
}

/* Every format has the finding, and none lets an agent's text become markup. */
/* What a person reads who comes back to a run that stopped for him. */
static void test_waiting_since(void **state)
{
        _cleanup_(json_decrefp) json_t *doc = document_make("held");
        _cleanup_(buf_done) struct buf text = { 0 };
        const struct report_options o = { .places = 1 };
        json_t *step = json_array_get(json_object_get(doc, "steps"), 2);

        (void) state;
        (void) json_object_set_new(doc, "state", json_string("waiting_approval"));
        (void) json_object_set_new(doc, "started", json_integer(1000));
        (void) json_object_set_new(doc, "ended", json_null());
        (void) json_object_set_new(step, "ended", json_null());
        (void) json_object_set_new(step, "approval",
                                   json_pack("{s:s, s:i}", "state", "open", "requested_at", 61000));
        assert_int_equal(report_write(&text, doc, REPORT_TEXT, &o, NULL), 0);
        if (!strstr(buf_text(&text), "to approve its changes, since 1970-01-01 00:01:01 UTC") ||
            !strstr(buf_text(&text), " so far") || strstr(buf_text(&text), "took"))
                fail_msg("%s", buf_text(&text));
}

static void test_formats(void **state)
{
        (void) state;
        static const struct {
                enum report_format format;
                const char *has, *has_not;
        } rows[] = {
                { REPORT_TEXT, "a b/\xC3\xA9<.c:3:2", "\033[" },
                { REPORT_TEXT, "linhay report r1 --format html", "critical" },
                { REPORT_MARKDOWN, "&lt;img src=x> &amp; \\`code\\` \\|", "<img" },
                { REPORT_MARKDOWN, "``` ``<b>  ```", "<script>" },
                { REPORT_HTML, "x/&lt;script&gt;", "<script>" },
                { REPORT_HTML, "&lt;img src=x&gt; &amp; `code`", "<img" },
                { REPORT_JSON, "\"outcome\": \"findings\"", "secrets/never" },
                { REPORT_SARIF, "a%20b/%C3%A9%3C.c", "secrets/mended" },
                { REPORT_SARIF, "external/cwe/cwe-79", "CWE-79" },
        };
        _cleanup_(json_decrefp) json_t *doc = document_make("done");
        struct report_options o = { 0 };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf out = { 0 };

                assert_int_equal(report_write(&out, doc, rows[i].format, &o, NULL), 0);
                if (!strstr(buf_text(&out), rows[i].has))
                        fail_msg("row %zu: \"%s\" is not in:\n%s", i, rows[i].has, buf_text(&out));
                if (strstr(buf_text(&out), rows[i].has_not))
                        fail_msg("row %zu: \"%s\" is in:\n%s", i, rows[i].has_not, buf_text(&out));
        }
}

/* A report that finds nothing says over what: one line for people, each place for programs. */
static void test_gaps(void **state)
{
        (void) state;
        static const struct {
                const char *why;
                const char *unreadable, *output; /* of a step */
                enum report_format format;
                const char *has;
        } rows[] = {
                { "what the cell could not see", "[\"secret\"]", "{}", REPORT_TEXT,
                  "Not looked at  1: secret (unreadable)\n" },
                { "what the agent says, escaped", "[]",
                  "{\"not_looked_at\":[{\"path\":\"a\\u001b\",\"reason\":\"too-large\"}]}",
                  REPORT_TEXT, "Not looked at  1: a\\x1b (too-large)\n" },
                { "the same path by both is one; three are named, what is unreadable first",
                  "[\"z\"]",
                  "{\"not_looked_at\":[{\"path\":\"c\",\"reason\":\"binary\"},"
                  "{\"path\":\"b\",\"reason\":\"binary\"},{\"path\":\"z\",\"reason\":\"x\"},"
                  "{\"path\":\"a\",\"reason\":\"binary\"}],\"not_looked_at_count\":9}",
                  REPORT_TEXT, "Not looked at  9: z (unreadable), a (binary), b (binary), …\n" },
                { "members of another shape are no gaps", "[]",
                  "{\"not_looked_at\":7,\"not_looked_at_count\":\"x\"}", REPORT_JSON,
                  "\"not_looked_at_count\": 0" },
                { "an output that is no object", "[]", "[1]", REPORT_JSON,
                  "\"not_looked_at\": []" },
                { "in JSON with the step", "[\"secret\"]", "null", REPORT_JSON,
                  "\"step\": \"patch\"" },
                { "in Markdown", "[\"<b>\"]", "{}", REPORT_MARKDOWN,
                  "**Not looked at:** 1: &lt;b> (unreadable)" },
                { "in HTML", "[\"<b>\"]", "{}", REPORT_HTML,
                  "<span class=\"place\">&lt;b&gt;</span> unreadable" },
                { "in SARIF as a notification", "[\"a b\"]", "{}", REPORT_SARIF,
                  "\"uri\": \"a%20b\"" },
        };
        const struct report_options o = { 0 };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(json_decrefp) json_t *doc = document_make("done");
                _cleanup_(buf_done) struct buf out = { 0 };
                json_t *step = json_array_get(json_object_get(doc, "steps"), 1);

                (void) json_object_set_new(step, "attempts",
                                           json_pack("[{s:o}]", "unreadable",
                                                     json_loads(rows[i].unreadable, 0, NULL)));
                (void) json_object_set_new(step, "output",
                                           json_loads(rows[i].output, JSON_DECODE_ANY, NULL));
                assert_int_equal(report_write(&out, doc, rows[i].format, &o, NULL), 0);
                if (!strstr(buf_text(&out), rows[i].has))
                        fail_msg("%s: \"%s\" is not in:\n%s", rows[i].why, rows[i].has,
                                 buf_text(&out));
        }
}

/* What was looked for stands beside what was found; a rule counts once, however often it is found.
 */
static void test_controls(void **state)
{
        static const struct {
                const char *why;
                const char *output; /* of the step that finds x/<script>, high */
                enum report_format format;
                const char *has;
        } rows[] = {
                { "a control with a failed check",
                  "{\"controls\":[{\"name\":\"x\",\"checks\":5,\"files\":2}]}", REPORT_TEXT,
                  "✘ x              4 of 5 checks passed  1 high" },
                { "one without", "{\"controls\":[{\"name\":\"y\",\"checks\":5}]}", REPORT_TEXT,
                  "✔ y              5 of 5 checks passed\n" },
                { "one with nothing to look at",
                  "{\"controls\":[{\"name\":\"y\",\"checks\":5,\"files\":0}]}", REPORT_TEXT,
                  "– y                nothing to check\n" },
                { "another step saw files",
                  "{\"controls\":[{\"name\":\"y\",\"checks\":5,\"files\":0},"
                  "{\"name\":\"y\",\"checks\":4,\"files\":3}]}",
                  REPORT_TEXT, "✔ y              5 of 5 checks passed\n" },
                { "never more failed than there are",
                  "{\"controls\":[{\"name\":\"x\",\"checks\":0},{\"name\":\"x/\",\"checks\":1}]}",
                  REPORT_JSON, "\"failed_checks\": 0" },
                { "in JSON", "{\"controls\":[{\"name\":\"x\",\"checks\":5}]}", REPORT_JSON,
                  "\"passed_checks\": 4" },
                { "another shape", "{\"controls\":{\"x\":[7]}}", REPORT_JSON, "\"controls\": []" },
                { "in Markdown", "{\"controls\":[{\"name\":\"x\",\"checks\":5}]}", REPORT_MARKDOWN,
                  "| x | 4 | 1 | 1 | failed |" },
                { "in HTML, escaped", "{\"controls\":[{\"name\":\"<y>\",\"checks\":5}]}",
                  REPORT_HTML, "<b>&lt;y&gt;</b></td><td>5</td>" },
        };
        const struct report_options o = { 0 };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(json_decrefp) json_t *doc = document_make("done");
                _cleanup_(buf_done) struct buf out = { 0 };
                json_t *step = json_array_get(json_object_get(doc, "steps"), 1);

                (void) json_object_set_new(step, "output", json_loads(rows[i].output, 0, NULL));
                (void) json_object_set_new(doc, "fail_on", json_string("medium"));
                assert_int_equal(report_write(&out, doc, rows[i].format, &o, NULL), 0);
                if (!strstr(buf_text(&out), rows[i].has))
                        fail_msg("%s: \"%s\" is not in:\n%s", rows[i].why, rows[i].has,
                                 buf_text(&out));
        }
}

/* CWE and the standards that tags name; rules of other tools are none. */
static void test_standards(void **state)
{
        static const struct {
                const char *finding, *want;
        } rows[] = {
                { "{}", "" },
                { "{\"cwe\":[\"CWE-250\"],\"tags\":[\"hadolint:DL3002\",\"cis-docker:4.1\"]}",
                  "CWE-250, CIS Docker 4.1" },
                { "{\"cwe\":7,\"tags\":[1,\"asvs:2.10.4\",\"asvs\"]}", "OWASP ASVS 2.10.4" },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(json_decrefp) json_t *finding = json_loads(rows[i].finding, 0, NULL);
                _cleanup_(buf_done) struct buf text = { 0 };

                assert_int_equal(standards_write(&text, finding), 0);
                assert_string_equal(buf_text(&text), rows[i].want);
        }
}

/* No engine carries it: it is not alive, and what was decided is not asked again. */
static void test_stopped(void **state)
{
        _cleanup_(json_decrefp) json_t *doc = document_make("held");
        _cleanup_(buf_done) struct buf text = { 0 };
        const struct report_options o = { 0 };
        json_t *step = json_array_get(json_object_get(doc, "steps"), 2);

        (void) state;
        (void) json_object_set_new(doc, "state", json_string("running"));
        (void) json_object_set_new(doc, "stopped", json_true());
        (void) json_object_set_new(doc, "ended", json_null());
        (void) json_object_set_new(step, "reason", json_string("its changes wait for approval"));
        (void) json_object_set_new(step, "approval", json_pack("{s:s}", "state", "approved"));
        assert_int_equal(report_write(&text, doc, REPORT_TEXT, &o, NULL), 0);
        if (!strstr(buf_text(&text), "review  stopped  no engine") ||
            !strstr(buf_text(&text), "its changes are approved and not in the tree yet") ||
            !strstr(buf_text(&text), "linhay run --resume r1") ||
            strstr(buf_text(&text), "wait for approval"))
                fail_msg("%s", buf_text(&text));
}

/* What is wrong with a phrase is seen by reading it: one place is no places, a run that waits took
 * no time yet. */
static void test_phrases(void **state)
{
        (void) state;
        static const struct {
                const char *why;
                json_int_t ended, step_ended;
                size_t n; /* findings of one rule, of which one is shown */
                const char *text, *markdown;
        } rows[] = {
                { "an ended run took its time", 3500, 0, 1, ", took 2.5 s\n", "" },
                { "a waiting run: up to the last step", 0, 1031, 1, ", 31 ms so far\n", "" },
                { "no step has ended: nothing is said", 0, 0, 1, " UTC\n", "" },
                { "one more place", 3500, 0, 2, "… and 1 more place\n", "- … and 1 more place\n" },
                { "two more places", 3500, 0, 3, "… and 2 more places\n", "and 2 more places\n" },
        };
        const struct report_options o = { .places = 1 };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf text = { 0 }, markdown = { 0 };
                _cleanup_(json_decrefp) json_t *doc = document_make("done");
                json_t *step = json_array_get(json_object_get(doc, "steps"), 3);
                json_t *findings = json_object_get(step, "findings");

                (void) json_object_set_new(doc, "ended", json_integer(rows[i].ended));
                (void) json_object_set_new(step, "ended", json_integer(rows[i].step_ended));
                for (size_t n = json_array_size(findings); n < rows[i].n; n++) {
                        json_t *copy = json_deep_copy(json_array_get(findings, 0));

                        (void) json_object_set_new(copy, "line", json_integer(9 + (json_int_t) n));
                        (void) json_array_append_new(findings, copy);
                }
                assert_int_equal(report_write(&text, doc, REPORT_TEXT, &o, NULL), 0);
                assert_int_equal(report_write(&markdown, doc, REPORT_MARKDOWN, &o, NULL), 0);
                if (!strstr(buf_text(&text), rows[i].text) ||
                    !strstr(buf_text(&markdown), rows[i].markdown))
                        fail_msg("%s:\n%s\n%s", rows[i].why, buf_text(&text), buf_text(&markdown));
        }
}

/* A waived finding is told apart, counts for nothing, and is suppressed in SARIF. */
static void test_waived(void **state)
{
        (void) state;
        static const struct {
                enum report_format format;
                const char *has;
        } rows[] = {
                { REPORT_TEXT, "no finding reaches the threshold" },
                { REPORT_TEXT, "1 finding is waived by a comment in the source:\n" },
                { REPORT_TEXT, "x/<script>: it is public\n" },
                { REPORT_MARKDOWN, "1 finding is waived by a comment in the source." },
                { REPORT_HTML, "it is public" },
                { REPORT_JSON, "\"waived\": 1" },
                { REPORT_JSON, "\"waiver:it is public\"" },
                { REPORT_SARIF, "\"kind\": \"inSource\"" },
                { REPORT_SARIF, "\"justification\": \"it is public\"" },
        };
        _cleanup_(json_decrefp) json_t *doc = document_make("done");
        json_t *step = json_array_get(json_object_get(doc, "steps"), 3);
        json_t *finding = json_array_get(json_object_get(step, "findings"), 0);
        const struct report_options o = { .is_all = true };

        (void) json_object_set_new(finding, "tags",
                                   json_pack("[sss]", "security", "waived", "waiver:it is public"));
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf out = { 0 };

                assert_int_equal(report_write(&out, doc, rows[i].format, &o, NULL), 0);
                if (!strstr(buf_text(&out), rows[i].has))
                        fail_msg("row %zu: \"%s\" is not in:\n%s", i, rows[i].has, buf_text(&out));
        }
}

/* However many rules and places there are, the report stays short; with `is_all` it has them all.
 */
static void test_long(void **state)
{
        (void) state;
        _cleanup_(json_decrefp) json_t *doc = document_make("done");
        json_t *step = json_array_get(json_object_get(doc, "steps"), 3);
        json_t *findings = json_object_get(step, "findings");
        static const char *const severities[] = { "critical", "high", "medium", "low", "info" };
        const struct report_options all = { .is_all = true }, some = { 0 };
        _cleanup_(buf_done) struct buf short_text = { 0 }, long_text = { 0 };
        size_t lines = 0;

        for (int i = 0; i < 1000; i++) {
                char rule[32];

                (void) snprintf(rule, sizeof(rule), "x/rule-%d", i % 50);
                (void) json_array_append_new(findings,
                                             json_pack("{s:s, s:s, s:s, s:s, s:i}", "rule", rule,
                                                       "severity", severities[i % 5], "message",
                                                       "m", "path", "a.c", "line", i + 1));
        }
        assert_int_equal(report_write(&short_text, doc, REPORT_TEXT, &some, NULL), 0);
        assert_int_equal(report_write(&long_text, doc, REPORT_TEXT, &all, NULL), 0);
        for (const char *p = buf_text(&short_text); (p = strchr(p, '\n')); p++)
                lines++;
        if (lines > 45)
                fail_msg("%zu lines", lines);
        assert_non_null(strstr(buf_text(&short_text), "Look first at\n  1. a.c:1  critical: m\n"));
        assert_non_null(strstr(buf_text(&short_text), "  info     200 more: "));
        for (int i = 0; i < 1000; i++) {
                char place[32];

                (void) snprintf(place, sizeof(place), "a.c:%d\n", i + 1);
                if (!strstr(buf_text(&long_text), place))
                        fail_msg("%s is left out", place);
        }
}

/* What may stand where an SPDX licence expression may. */
static void test_expressions(void **state)
{
        static const struct {
                const char *text;
                bool is_expression;
        } rows[] = {
                { "MIT", true },
                { "GPL-2.0+", true },
                { "(MIT OR Apache-2.0) AND BSD-3-Clause", true },
                { "GPL-2.0-only WITH Classpath-exception-2.0", true },
                { "LicenseRef-ours", true },
                { "", false },
                { " ", false },
                { "NONE", false },
                { "NOASSERTION", false },
                { "Apache 2.0", false },
                { "MIT/Apache-2.0", false },
                { "MIT OR", false },
                { "OR MIT", false },
                { "(MIT", false },
                { "MIT)", false },
                { "()", false },
                { "MIT (ISC)", false },
                { "GPL+2", false },
                { "SEE LICENSE IN <file>", false },
                { "DocumentRef-a:LicenseRef-b", false },
                { "MIT\nOR ISC", false },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                if (bom_is_expression(rows[i].text) != rows[i].is_expression)
                        fail_msg("\"%s\"", rows[i].text);
}

/* Packages of all steps, once each; what is of another shape is none. */
static void test_bills(void **state)
{
        static const char output[] =
                "{\"packages\":["
                "{\"purl\":\"pkg:npm/a@1.0\",\"name\":\"a\",\"version\":\"1.0\",\"direct\":true,"
                "\"scope\":\"dev\",\"path\":\"x/lock\",\"line\":7,\"license\":\"do <what> you "
                "like\"},"
                "{\"purl\":\"pkg:npm/a@1.0\",\"name\":\"a again\",\"path\":\"x/lock\"},"
                "{\"purl\":\"pkg:npm/a@1.0\",\"name\":\"a\",\"path\":\"y/lock\",\"line\":-1},"
                "{\"purl\":\"pkg:pypi/b?x=@\",\"name\":\"b\\u00e9/_\",\"version\":\">=2\","
                "\"scope\":\"optional\",\"license\":\"MIT OR LicenseRef-b\",\"path\":3},"
                "{\"purl\":\"pkg:npm/bad "
                "one\",\"name\":\"bad\"},{\"purl\":\"http://bad\",\"name\":\"bad\"},"
                "{\"purl\":\"pkg:npm/bad\",\"name\":\"\"},{\"name\":\"bad\"},[],null,7],"
                "\"licenses\":[null,{\"path\":\"LICENSE-MIT\",\"expression\":\"MIT\"},"
                "{\"path\":\"a/LICENSE\",\"expression\":\"ISC\"},"
                "{\"path\":\"Licence.md\",\"expression\":\"Zlib\"}]}";
        static const struct {
                enum report_format format;
                const char *has, *has_not;
        } rows[] = {
                { REPORT_CYCLONEDX, "\"specVersion\": \"1.6\"", "bad" },
                { REPORT_CYCLONEDX, "\"bom-ref\": \"pkg:npm/a@1.0 y/lock\"", "a again" },
                { REPORT_CYCLONEDX, "\"scope\": \"excluded\"", "\"line\": -1" },
                { REPORT_CYCLONEDX, "\"name\": \"do <what> you like\"", "\"version\": \">=2\"" },
                { REPORT_CYCLONEDX, "\"name\": \"Zlib (Licence.md)\"", "ISC" },
                { REPORT_CYCLONEDX, "\"name\": \"MIT (LICENSE-MIT)\"", "\"expression\": \"MIT\"" },
                { REPORT_SPDX, "LICENSE-MIT: MIT; Licence.md: Zlib", "ISC" },
                { REPORT_CYCLONEDX, "\"timestamp\": \"1970-01-01T00:00:03Z\"", "SPDX" },
                { REPORT_CYCLONEDX, "\"name\": \"tree\"", "/tree" },
                { REPORT_SPDX, "\"SPDXRef-3-b----\"", "bad" },
                { REPORT_SPDX, "\"licenseDeclared\": \"MIT OR LicenseRef-b\"", "a again" },
                { REPORT_SPDX, "\"licenseId\": \"LicenseRef-b\"", "\"versionInfo\": \">=2\"" },
                { REPORT_SPDX, "\"extractedText\": \"do <what> you like\"", "\"ISC\"" },
                { REPORT_SPDX, "\"sourceInfo\": \"x/lock:7\"", "lock:-1" },
                { REPORT_SPDX, "\"OPTIONAL_DEPENDENCY_OF\"", "CONTAINS" },
        };
        _cleanup_(json_decrefp) json_t *doc = document_make("done");
        json_t *step, *value = NULL;
        struct packages packages;
        size_t i;

        (void) state;
        assert_int_equal(json_text_load(&value, output, strlen(output), "output", NULL), 0);
        json_array_foreach (json_object_get(doc, "steps"), i, step)
                (void) json_object_set(step, "output", value);
        json_decref(value);
        assert_int_equal(packages_find(&packages, doc), 0);
        assert_int_equal(packages.n, 3);
        packages_done(&packages);
        for (i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf out = { 0 };

                assert_int_equal(report_write(&out, doc, rows[i].format, NULL, NULL), 0);
                if (!strstr(buf_text(&out), rows[i].has) || strstr(buf_text(&out), rows[i].has_not))
                        fail_msg("row %zu: \"%s\", not \"%s\":\n%s", i, rows[i].has,
                                 rows[i].has_not, buf_text(&out));
        }
}

static void test_bad_input(void **state)
{
        (void) state;
        _cleanup_(json_decrefp) json_t *empty = json_object();
        _cleanup_(buf_done) struct buf out = { 0 };
        struct report_options o = { 0 };
        enum report_format format;
        struct err err = { 0 };

        assert_int_equal(report_write(&out, empty, REPORT_TEXT, &o, &err), -EINVAL);
        assert_non_null(strstr(err.text, "no steps"));
        assert_int_equal(report_format_from_name(&format, "pdf", &err), -ENOENT);
        assert_non_null(strstr(err.text, "sarif"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_second_look_replaces_the_first),
                cmocka_unit_test(test_skipped_second_look_replaces_nothing),
                cmocka_unit_test(test_waiting_since),
                cmocka_unit_test(test_formats),
                cmocka_unit_test(test_gaps),
                cmocka_unit_test(test_controls),
                cmocka_unit_test(test_standards),
                cmocka_unit_test(test_stopped),
                cmocka_unit_test(test_phrases),
                cmocka_unit_test(test_waived),
                cmocka_unit_test(test_long),
                cmocka_unit_test(test_expressions),
                cmocka_unit_test(test_bills),
                cmocka_unit_test(test_bad_input),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
