/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/tally.h"

#include "base/json.h"

#include <string.h>

enum severity finding_severity(const json_t *finding)
{
        enum severity s = SEVERITY_INFO;

        (void) severity_from_name(&s, finding_text(finding, "severity"));
        return s;
}

const char *finding_text(const json_t *finding, const char *member)
{
        const char *text = json_string_value(json_object_get(finding, member));

        return text ? text : "";
}

/* What stands behind `head` in a tag that begins so; NULL where there is none. */
static const char *tag_behind(const json_t *finding, const char *head)
{
        json_t *tag;
        size_t i;

        json_array_foreach (json_object_get(finding, "tags"), i, tag) {
                const char *text = json_string_value(tag);

                if (text && strncmp(text, head, strlen(head)) == 0)
                        return text + strlen(head);
        }
        return NULL;
}

bool finding_is_waived(const json_t *finding, const char **ret_reason)
{
        const char *rest = tag_behind(finding, "waived"), *reason = tag_behind(finding, "waiver:");

        if (ret_reason)
                *ret_reason = reason ? reason : "";
        return rest && *rest == '\0';
}

bool finding_has_context(const json_t *finding)
{
        return tag_behind(finding, "context:") != NULL;
}

static json_int_t finding_number(const json_t *finding, const char *member)
{
        return json_integer_value(json_object_get(finding, member));
}

static int finding_order(const json_t *a, const json_t *b)
{
        static const char *const numbers[] = { "line", "column" };
        int d = (int) finding_severity(b) - (int) finding_severity(a);

        if (d == 0)
                d = strcmp(finding_text(a, "rule"), finding_text(b, "rule"));
        if (d == 0)
                d = finding_has_context(a) - finding_has_context(b);
        if (d == 0)
                d = strcmp(finding_text(a, "path"), finding_text(b, "path"));
        for (size_t i = 0; d == 0 && i < ARRAY_SIZE(numbers); i++) {
                json_int_t x = finding_number(a, numbers[i]), y = finding_number(b, numbers[i]);

                d = (x > y) - (x < y);
        }
        return d;
}

static int compare(const void *a, const void *b)
{
        const json_t *const *x = a, *const *y = b;
        int d = finding_order(*x, *y);

        return d ? d : strcmp(finding_text(*x, "message"), finding_text(*y, "message"));
}

static bool is_same_member(const json_t *a, const json_t *b, const char *member)
{
        const json_t *x = json_object_get(a, member), *y = json_object_get(b, member);

        if ((!x || json_is_null(x)) && (!y || json_is_null(y)))
                return true;
        return x && y && json_same(x, y);
}

static const json_t *step_named(const json_t *steps, const char *id)
{
        json_t *step;
        size_t i;

        json_array_foreach (steps, i, step) {
                if (strcmp(finding_text(step, "id"), id) == 0)
                        return step;
        }
        return NULL;
}

/* The inputs are those of the definition: what they resolve to is not part of the record. */
static bool is_same_work(const json_t *definition, const json_t *a, const json_t *b)
{
        return is_same_member(a, b, "agent") && is_same_member(a, b, "action") &&
               is_same_member(a, b, "item") &&
               is_same_member(step_named(definition, finding_text(a, "id")),
                              step_named(definition, finding_text(b, "id")), "inputs");
}

/* Does `step` come after the step `id`? `fuel` bounds the walk of a graph that someone may have
 * forged. */
static bool comes_after(const json_t *steps, const json_t *step, const char *id, size_t *fuel)
{
        json_t *need;
        size_t i;

        if (!step || *fuel == 0)
                return false;
        (*fuel)--;
        json_array_foreach (json_object_get(step, "needs"), i, need) {
                const char *name = json_string_value(need);

                if (!name)
                        continue;
                if (strcmp(name, id) == 0 || comes_after(steps, step_named(steps, name), id, fuel))
                        return true;
        }
        return false;
}

static bool is_replaced(const json_t *document, const json_t *step)
{
        const json_t *steps = json_object_get(document, "steps"),
                     *definition = json_object_get(json_object_get(document, "flow_json"), "steps");
        const char *id = finding_text(step, "id");
        json_t *later;
        size_t i;

        json_array_foreach (steps, i, later) {
                size_t fuel = 100000;

                if (later == step || strcmp(finding_text(later, "state"), "done") != 0)
                        continue;
                if (is_same_work(definition, step, later) && comes_after(steps, later, id, &fuel))
                        return true;
        }
        return false;
}

static int findings_add(struct tally *t, const json_t *findings)
{
        size_t n = json_array_size(findings), i;
        const json_t **more;
        json_t *finding;

        if (n == 0)
                return 0;
        more = realloc(t->findings, (t->n + n) * sizeof(*more));
        if (!more)
                return -ENOMEM;
        t->findings = more;
        json_array_foreach (findings, i, finding)
                t->findings[t->n++] = finding;
        return 0;
}

/* Sorts and leaves one of each; returns how many there are then. */
static size_t sort_and_merge(const json_t **findings, size_t n)
{
        size_t kept = 0;

        if (n > 0)
                qsort(findings, n, sizeof(*findings), compare);
        for (size_t i = 0; i < n; i++)
                if (kept == 0 || compare(&findings[kept - 1], &findings[i]) != 0)
                        findings[kept++] = findings[i];
        return kept;
}

/* Takes the waived ones out of the list. */
static int part(struct tally *t)
{
        size_t kept = 0;

        t->waived = calloc(t->n + 1, sizeof(*t->waived));
        if (!t->waived)
                return -ENOMEM;
        for (size_t i = 0; i < t->n; i++)
                if (finding_is_waived(t->findings[i], NULL))
                        t->waived[t->n_waived++] = t->findings[i];
                else
                        t->findings[kept++] = t->findings[i];
        t->n = sort_and_merge(t->findings, kept);
        t->n_waived = sort_and_merge(t->waived, t->n_waived);
        for (size_t i = 0; i < t->n; i++)
                t->by_severity[finding_severity(t->findings[i])]++;
        return 0;
}

int tally_make(struct tally *ret, const json_t *document, struct err *err)
{
        const json_t *steps = json_object_get(document, "steps");
        struct tally t = { 0 };
        json_t *step;
        size_t i;

        if (!json_is_array(steps))
                return err_set(err, -EINVAL, "this is not the record of a run: it has no steps");

        json_array_foreach (steps, i, step) {
                const json_t *findings = json_object_get(step, "findings");

                if (is_replaced(document, step)) {
                        t.replaced += json_array_size(findings);
                        continue;
                }
                if (findings_add(&t, findings) < 0) {
                        tally_done(&t);
                        return err_set(err, -ENOMEM, "out of memory");
                }
        }
        if (part(&t) < 0) {
                tally_done(&t);
                return err_set(err, -ENOMEM, "out of memory");
        }
        *ret = t;
        return 0;
}

void tally_done(struct tally *t)
{
        free(t->findings);
        free(t->waived);
        *t = (struct tally){ 0 };
}

size_t tally_at_least(const struct tally *t, enum severity least)
{
        size_t n = 0;

        for (size_t s = least; s < SEVERITIES_; s++)
                n += t->by_severity[s];
        return n;
}
