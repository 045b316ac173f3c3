/* SPDX-License-Identifier: Apache-2.0 */
#include "secrets.h"

#include "decoded.h"
#include "policy.h"
#include "scan/uuid.h"

#define UUIDS_TOLD 10 /* of a file; a dump may hold any number */

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

/* What may well be none is told as low, whatever its rule says. */
static void doubt(struct check *c, struct report *report)
{
        const char *message = check_keep(c, "%s; the value is counted up, so it may be a stand-in",
                                         report->message);

        report->proof = "confidence:low";
        report->severity = MIN_OF(report->severity, LINHAY_SEVERITY_LOW);
        if (message)
                report->message = message;
}

/* OWASP ASVS 4.0.3: no passwords or keys in source code (2.10.4), but in a vault (6.4.1). */
static const char *const standards[] = { "asvs:2.10.4", "asvs:6.4.1", NULL };

/*
 * Was this secret told before, at the same path? Asked where the history is looked at, which holds
 * most secrets of the tree in most of its versions. 1, 0 or a negative errno.
 */
static int is_told(struct check *c, const struct report *report)
{
        const struct span parts[] = { { report->rule, strlen(report->rule) },
                                      report->secret,
                                      { c->path, strlen(c->path) } };
        unsigned char id[FINGERPRINT_BYTES];
        int r;

        if (!c->wants_history)
                return 0;
        fingerprint_bytes(id, &c->key, parts, ARRAY_SIZE(parts));
        r = idset_add(&c->told, id);
        if (r == -E2BIG)
                return 0;
        return r < 0 ? r : r == 0 && c->commit;
}

/* Fills in what the rule says; place and secret are the caller's. */
static int report_by_rule(struct check *c, const struct match *m, struct report *report)
{
        int r;

        report->control = CONTROL_SECRETS;
        report->severity = m->rule->severity;
        report->rule = check_keep(c, "secrets/%s", m->rule->id);
        report->message = m->rule->name;
        report->fix = m->rule->fix;
        report->cwe = m->rule->cwe;
        report->tags = m->rule->tags;
        report->refs = standards;
        report->soundness = SOUNDNESS_HEURISTIC;
        if (!report->rule)
                return -ENOMEM;
        if (c->policy.n_secrets && policy_allows_secret(c, report->secret))
                return 0;
        r = is_told(c, report);
        if (r != 0)
                return MIN_OF(r, 0);
        if (m->doubtful)
                doubt(c, report);
        else
                judge(c, report, m->rule->proof);
        if (c->commit)
                report->message = check_keep(c, "%s, brought in by commit %.12s of the history",
                                             report->message, c->commit);
        return check_report(c, report);
}

static int report_match(struct check *c, const struct match *m)
{
        struct report report = { .start = m->start,
                                 .end = m->end,
                                 .secret = { c->text + m->start, m->end - m->start } };

        return report_by_rule(c, m, &report);
}

int secrets_report_decoded(struct check *c, const struct match *m, const char *decoded,
                           size_t start, size_t end, const char *tag)
{
        size_t n = m->end - m->start;
        const char *secret = check_keep(c, "%.*s", (int) n, decoded + m->start);
        struct report report = {
                .start = start, .end = end, .secret = { secret, n }, .decoded = tag
        };
        int r = secret ? check_hide(c, start, end, 0) : -ENOMEM;

        return r < 0 ? r : report_by_rule(c, m, &report);
}

int secrets_report_name(struct check *c, const struct match *m, const char *path)
{
        struct report report = { .secret = { path + m->start, m->end - m->start },
                                 .excerpt = c->path };
        int r = report_by_rule(c, m, &report);

        if (r >= 0 && c->n_reports) {
                struct report *last = &c->reports[c->n_reports - 1];

                last->message = check_keep(c, "%s, in the name of the file", last->message);
                r = last->message ? r : -ENOMEM;
        }
        return r;
}

static int report_uuid(struct check *c, size_t at, bool is_last)
{
        static const char *const tags[] = { "generic", "identifier", NULL };
        static const char *const cwe[] = { "CWE-798", NULL };
        struct report report = {
                .control = CONTROL_SECRETS,
                .severity = LINHAY_SEVERITY_INFO,
                .rule = "secrets/uuid",
                .message = is_last ? "UUID; further ones of this file are not told" : "UUID",
                .fix = "Nothing, where it only names something. Where knowing it lets one in, "
                       "replace it and load it from a secret store.",
                .cwe = cwe,
                .tags = tags,
                .refs = standards,
                .soundness = SOUNDNESS_HEURISTIC,
                .proof = "confidence:low",
                .start = at,
                .end = at + UUID_LENGTH,
                .secret = { c->text + at, UUID_LENGTH },
        };

        return policy_allows_secret(c, report.secret) ? 0 : check_report(c, &report);
}

/* Identifiers: the first ones are told, all are hidden. */
static int look_for_uuids(struct check *c)
{
        const struct matcher *m = c->matcher;
        size_t next = 0; /* of what was found, in order, the first that may lie on the UUID */
        unsigned told = 0;
        int r = 0;

        if (uuid_names_parts(c->path))
                return 0;
        for (size_t at = 0; r >= 0 && (at = uuid_find(c->text, c->length, at)) != SIZE_MAX;
             at += UUID_LENGTH) {
                r = check_hide(c, at, at + UUID_LENGTH, 0);
                while (next < m->n_found && m->found[next].end <= at)
                        next++;
                if (next < m->n_found && m->found[next].start < at + UUID_LENGTH)
                        continue;
                if (r >= 0 && told < UUIDS_TOLD)
                        r = report_uuid(c, at, ++told == UUIDS_TOLD);
        }
        return r;
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
        r = decoded_check(c);
        for (size_t i = 0; r >= 0 && i < c->matcher->n_found; i++)
                r = report_match(c, &c->matcher->found[i]);
        return r < 0 || c->commit ? r : look_for_uuids(c);
}
