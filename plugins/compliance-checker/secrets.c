/* SPDX-License-Identifier: Apache-2.0 */
#include "secrets.h"

#include "policy.h"

/* What the secret's own check says about it changes how sure the finding is, and never drops it. */
static void judge(struct check *c, struct report *report, enum proof proof)
{
        enum proof_result result = proof_of(proof, report->secret);
        const char *message;

        if (result == PROOF_UNKNOWN)
                return;
        report->proof = result == PROOF_HOLDS ? "confidence:high" : "confidence:low";
        if (result == PROOF_HOLDS || report->severity == LINHAY_SEVERITY_INFO)
                return;
        report->severity--;
        message = check_keep(c, "%s; its built-in check fails, so it may be a stand-in or damaged",
                             report->message);
        if (message)
                report->message = message;
}

/* OWASP ASVS 4.0.3: no passwords or keys in source code (2.10.4), but in a vault (6.4.1). */
static const char *const standards[] = { "asvs:2.10.4", "asvs:6.4.1", NULL };

static int report_match(struct check *c, const struct match *m)
{
        struct report report = { .control = CONTROL_SECRETS,
                                 .severity = m->rule->severity,
                                 .rule = check_keep(c, "secrets/%s", m->rule->id),
                                 .message = m->rule->name,
                                 .fix = m->rule->fix,
                                 .cwe = m->rule->cwe,
                                 .tags = m->rule->tags,
                                 .refs = standards,
                                 .soundness = SOUNDNESS_HEURISTIC,
                                 .start = m->start,
                                 .end = m->end,
                                 .secret = { c->text + m->start, m->end - m->start } };

        if (c->policy.n_secrets && policy_allows_secret(c, report.secret))
                return 0;
        judge(c, &report, m->rule->proof);
        return check_report(c, &report);
}

int secrets_check(struct check *c)
{
        int r = matcher_scan(c->matcher, c->path, c->text, c->length);

        c->is_scanned = true;
        if (r < 0)
                return r;
        if (c->matcher->is_cut) {
                r = check_not_scanned(c, c->path, "match-limit");
                if (r < 0)
                        return r;
        }
        if (c->policy.n_paths && policy_allows_path(c, c->path))
                return 0;
        for (size_t i = 0; r >= 0 && i < c->matcher->n_found; i++)
                r = report_match(c, &c->matcher->found[i]);
        return r;
}
