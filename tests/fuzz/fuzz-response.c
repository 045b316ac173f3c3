/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as captured answers, and each header as a Content-Security-Policy
 *
 * Promises: headers lie in the text; a score is never below zero and has the grade of its range;
 * each test has one of its own results; a policy's sources lie in it.
 */
#include "fuzz.h"

#include "server/csp.h"
#include "server/http-value.h"
#include "server/observatory.h"

static void policy_try(struct span value)
{
        const char *end = value.text + value.length;
        struct span policy;
        struct csp csp;

        while (csp_next(&value, &policy)) {
                csp_parse(&csp, policy);
                for (size_t i = 0; i < csp.n; i++) {
                        const struct csp_directive *d = &csp.list[i];

                        promise(d->name.length > 0, "a directive has a name");
                        promise(d->sources.text + d->sources.length <= end, "and ends in the text");
                        (void) csp_is_bypass_host(d->sources);
                }
        }
}

static void answer_try(const struct response *r, const char *start, const char *end)
{
        promise(r->status >= -1 && r->status <= 999, "a status has three digits");
        promise(!r->body.length || (r->body.text >= start && r->body.text + r->body.length <= end),
                "a body lies in the text");
        for (size_t i = 0; i < r->n_headers; i++) {
                const struct response_header *h = &r->headers[i];

                promise(h->start <= h->end && h->end <= (size_t) (end - start), "so does a header");
                policy_try(h->value);
                (void) hsts_parse(h->value);
                (void) cookie_parse(h->value);
                (void) referrer_policy(h->value);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct capture *c = calloc(1, sizeof(*c));
        const char *text = (const char *) data;
        struct observatory o;

        if (!c)
                return 0;
        capture_parse(c, (struct span){ text, size });
        for (size_t i = 0; i < c->n; i++)
                answer_try(&c->list[i], text, text + size);
        if (observatory_score(&o, c) == 0) {
                promise(o.score >= 0 && o.score <= 200, "a score is in its range");
                promise(o.grade && (o.score < 100) == (strcmp(o.grade, "A+") != 0),
                        "and its grade");
                for (size_t t = 0; t < OBSERVATORY_TESTS_; t++)
                        promise(o.results[t] < OBSERVATORY_RESULTS_, "each test has a result");
        }
        free(c);
        return 0;
}
