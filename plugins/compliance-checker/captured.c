/* SPDX-License-Identifier: Apache-2.0 */
#include "captured.h"

#include "header-policy.h"
#include "server/observatory.h"
#include "server/span.h"

#include <fnmatch.h>

bool captured_is_one(const struct check *c)
{
        static const char *const names[] = { "*.http", "*.headers", "response*.txt",
                                             "headers*.txt" };
        const char *slash = strrchr(c->path, '/'), *base = slash ? slash + 1 : c->path;

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (!fnmatch(names[i], base, 0))
                        return capture_is_one((struct span){ c->text, c->length });
        return false;
}

/* ---- The score ---- */

static enum linhay_severity severity_of(int modifier)
{
        if (modifier <= -40)
                return LINHAY_SEVERITY_HIGH;
        return modifier <= -20 ? LINHAY_SEVERITY_MEDIUM : LINHAY_SEVERITY_LOW;
}

/* Where a test's header stands; the status line where there is none. */
static void place_of(const struct response *r, enum observatory_test test, size_t *ret_start,
                     size_t *ret_end)
{
        const char *name = observatory_headers[test];
        const struct response_header *h = name ? response_header(r, name, NULL) : NULL;

        *ret_start = h ? h->start : r->start;
        *ret_end = h ? h->end : r->end;
}

static int tell_deduction(struct check *c, const struct response *r, enum observatory_test test,
                          const struct observatory_row *row)
{
        struct notice n = { .severity = severity_of(row->modifier),
                            .cwe = "CWE-693",
                            .fix = "See the Observatory's page on this header.",
                            .soundness = SOUNDNESS_PARSED };
        size_t start, end;

        n.rule = check_keep(c, "headers/%s", row->name);
        n.refs = check_keep(c, "observatory:%s", row->name);
        n.message = check_keep(c, "%s (%d points)", row->text, row->modifier);
        if (!n.rule || !n.refs || !n.message)
                return -ENOMEM;
        place_of(r, test, &start, &end);
        return check_notice(c, CONTROL_HEADERS, &n, start, end);
}

/* All results with a modifier: "csp-not-implemented -25, ...". */
static const char *list_results(struct check *c, const struct observatory *o)
{
        const char *list = "";

        for (size_t i = 0; list && i < OBSERVATORY_TESTS_; i++) {
                const struct observatory_row *row = &observatory_rows[o->results[i]];

                if (row->modifier)
                        list = check_keep(c, "%s%s%s %+d", list, *list ? ", " : "", row->name,
                                          row->modifier);
        }
        return list;
}

static int tell_score(struct check *c, const struct response *r, const struct observatory *o)
{
        enum { GOOD = 70, FAIR = 40 };
        const char *list = list_results(c, o);
        struct notice n = { .rule = "headers/observatory-score",
                            .fix = "Mend the deductions; those above zero count from 90 on.",
                            .cwe = "CWE-693",
                            .soundness = SOUNDNESS_PARTIAL };

        n.severity = o->score >= GOOD   ? LINHAY_SEVERITY_INFO
                     : o->score >= FAIR ? LINHAY_SEVERITY_LOW
                                        : LINHAY_SEVERITY_MEDIUM;
        n.refs = check_keep(c, "observatory:score-%d observatory:grade-%s", o->score, o->grade);
        n.message = list ? check_keep(c, "HTTP Observatory: score %d, grade %s%s%s%s", o->score,
                                      o->grade, *list ? " (" : "", list, *list ? ")" : "")
                         : NULL;
        if (!n.refs || !n.message)
                return -ENOMEM;
        return check_notice(c, CONTROL_HEADERS, &n, r->start, r->end);
}

/* What the Observatory does not judge. */
static int check_others(struct check *c, const struct response *r)
{
        static const char *const names[] = { "Server",
                                             "X-Powered-By",
                                             "X-AspNet-Version",
                                             "X-AspNetMvc-Version",
                                             "Permissions-Policy",
                                             "Public-Key-Pins",
                                             "Expect-CT",
                                             "Feature-Policy",
                                             "X-XSS-Protection",
                                             "Content-Security-Policy",
                                             "X-Permitted-Cross-Domain-Policies" };
        int result = 0;

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                const struct response_header *h = NULL;

                while (result >= 0 && (h = response_header(r, names[i], h))) {
                        const struct header_place place = { .c = c,
                                                            .start = h->start,
                                                            .end = h->end };

                        result = header_check_value(&place, h->name, h->value);
                }
        }
        return result;
}

/* What a cookie holds may be somebody's session. */
static int hide_cookies(struct check *c, const struct response *r)
{
        const struct response_header *h = NULL;
        int result = 0;

        while (result >= 0 && (h = response_header(r, "set-cookie", h))) {
                const char *value = memchr(h->value.text, '=', h->value.length);
                const char *end = memchr(h->value.text, ';', h->value.length);

                if (!end)
                        end = h->value.text + h->value.length;
                if (value && value < end)
                        result = check_hide(c, (size_t) (value + 1 - c->text),
                                            (size_t) (end - c->text), 0);
        }
        return result;
}

static int check_capture(struct check *c, const struct capture *capture)
{
        const struct response *r = capture->n ? &capture->list[capture->n - 1] : NULL;
        struct observatory o;
        int result;

        if (!r)
                return 0;
        result = hide_cookies(c, r);
        if (result < 0)
                return result;
        result = observatory_score(&o, capture);
        if (result == -ENOENT)
                return check_others(c, r);
        if (result >= 0)
                result = tell_score(c, r, &o);
        for (size_t i = 0; result >= 0 && i < OBSERVATORY_TESTS_; i++) {
                const struct observatory_row *row = &observatory_rows[o.results[i]];

                if (row->modifier < 0)
                        result = tell_deduction(c, r, (enum observatory_test) i, row);
        }
        return result < 0 ? result : check_others(c, r);
}

int captured_check(struct check *c)
{
        struct capture *capture = calloc(1, sizeof(*capture));
        int r;

        if (!capture)
                return -ENOMEM;
        capture_parse(capture, (struct span){ c->text, c->length });
        r = check_capture(c, capture);
        free(capture);
        return r;
}

size_t captured_rules(void)
{
        size_t n = 1;

        for (size_t i = 0; i < OBSERVATORY_RESULTS_; i++)
                n += observatory_rows[i].modifier < 0;
        return n;
}
