/* SPDX-License-Identifier: Apache-2.0 */
#include "env.h"

/* OWASP ASVS 4.0.3: no passwords or keys in source code. */
static const char *const standards[] = { "asvs:2.10.4", NULL };

static int report_match(struct check *c, const struct match *m)
{
        struct report report = { .control = CONTROL_ENV,
                                 .severity = m->rule->severity,
                                 .rule = check_keep(c, "env/%s", m->rule->id),
                                 .message = m->rule->name,
                                 .fix = m->rule->fix,
                                 .cwe = m->rule->cwe,
                                 .tags = m->rule->tags,
                                 .refs = standards,
                                 .soundness = SOUNDNESS_HEURISTIC,
                                 .start = m->start,
                                 .end = m->end,
                                 .secret = { c->text + m->start, m->end - m->start } };
        int r = check_hide(c, m->start, m->end, 0);

        return r < 0 ? r : check_report(c, &report);
}

int env_check(struct check *c)
{
        int r = matcher_scan(c->env, c->path, c->text, c->length);

        for (size_t i = 0; r >= 0 && i < c->env->n_found; i++)
                r = report_match(c, &c->env->found[i]);
        return r;
}

int env_check_dotenv(struct check *c)
{
        int r = matcher_scan(c->env, ".env", c->text, c->length);

        /* What the rules for any file find was told with the file. */
        for (size_t i = 0; r >= 0 && i < c->env->n_found; i++)
                if (c->env->found[i].rule->path.text)
                        r = report_match(c, &c->env->found[i]);
        return r;
}
