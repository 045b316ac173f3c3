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

static json_int_t finding_number(const json_t *finding, const char *member)
{
        return json_integer_value(json_object_get(finding, member));
}

static int finding_order(const json_t *a, const json_t *b)
{
        static const char *const texts[] = { "rule", "path" }, *const numbers[] = { "line",
                                                                                    "column" };
        int d = (int) finding_severity(b) - (int) finding_severity(a);

        for (size_t i = 0; d == 0 && i < ARRAY_SIZE(texts); i++)
                d = strcmp(finding_text(a, texts[i]), finding_text(b, texts[i]));
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

static void sort_and_merge(struct tally *t)
{
        size_t kept = 0;

        if (t->n > 0)
                qsort(t->findings, t->n, sizeof(*t->findings), compare);
        for (size_t i = 0; i < t->n; i++)
                if (kept == 0 || compare(&t->findings[kept - 1], &t->findings[i]) != 0)
                        t->findings[kept++] = t->findings[i];
        t->n = kept;
        for (size_t i = 0; i < t->n; i++)
                t->by_severity[finding_severity(t->findings[i])]++;
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
        sort_and_merge(&t);
        *ret = t;
        return 0;
}

void tally_done(struct tally *t)
{
        free(t->findings);
        *t = (struct tally){ 0 };
}

size_t tally_at_least(const struct tally *t, enum severity least)
{
        size_t n = 0;

        for (size_t s = least; s < SEVERITIES_; s++)
                n += t->by_severity[s];
        return n;
}
