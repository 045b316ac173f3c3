/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/control.h"

#include "base/def.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct control *control_of(struct controls *c, const char *name, size_t length)
{
        for (size_t i = 0; i < c->n; i++)
                if (strlen(c->list[i].name) == length && memcmp(c->list[i].name, name, length) == 0)
                        return &c->list[i];
        return NULL;
}

static void said_read(struct controls *c, const json_t *item)
{
        const char *name = json_string_value(json_object_get(item, "name"));
        json_int_t checks = json_integer_value(json_object_get(item, "checks"));
        const json_t *files = json_object_get(item, "files");
        bool is_idle = json_is_integer(files) && json_integer_value(files) == 0;
        struct control *known;

        if (!name || !*name || checks <= 0)
                return;
        known = control_of(c, name, strlen(name));
        if (!known && c->n < CONTROLS_MAX) {
                known = &c->list[c->n++];
                *known = (struct control){ .name = name, .is_passed = true, .is_idle = true };
        }
        if (!known)
                return;
        known->checks = MAX_OF(known->checks, (uint64_t) checks);
        known->is_idle &= is_idle;
}

static int findings_count(struct controls *c, const struct tally *t, bool has_least,
                          enum severity least)
{
        _cleanup_(json_decrefp) json_t *seen = json_object();

        if (!seen)
                return -ENOMEM;
        for (size_t i = 0; i < t->n; i++) {
                const char *rule = finding_text(t->findings[i], "rule");
                enum severity severity = finding_severity(t->findings[i]);
                struct control *of = control_of(c, rule, strcspn(rule, "/"));

                if (!of)
                        continue;
                of->findings++;
                of->by_severity[severity]++;
                if (has_least && severity >= least)
                        of->is_passed = false;
                if (json_object_get(seen, rule))
                        continue;
                if (json_object_set_new(seen, rule, json_true()) < 0)
                        return -ENOMEM;
                of->failed = MIN_OF(of->failed + 1, of->checks);
        }
        return 0;
}

int controls_find(struct controls *ret, const json_t *document, const struct tally *tally)
{
        struct controls c = { .list = calloc(CONTROLS_MAX, sizeof(*c.list)) };
        enum severity least = SEVERITY_INFO;
        json_t *step, *item;
        bool has_least;
        size_t i, k;
        int r;

        if (!c.list)
                return -ENOMEM;
        json_array_foreach (json_object_get(document, "steps"), i, step)
                json_array_foreach (json_object_get(json_object_get(step, "output"), "controls"), k,
                                    item)
                        said_read(&c, item);
        has_least = severity_from_name(&least, finding_text(document, "fail_on")) == 0;
        r = findings_count(&c, tally, has_least, least);
        if (r < 0)
                controls_done(&c);
        *ret = c;
        return r;
}

void controls_done(struct controls *c)
{
        free(c->list);
        *c = (struct controls){ 0 };
}

const char *control_word(const struct control *c)
{
        return c->is_idle && c->findings == 0 ? "nothing to check"
               : c->is_passed                 ? "passed"
                                              : "failed";
}

json_t *controls_to_json(const struct controls *c)
{
        json_t *list = json_array();

        for (size_t i = 0; list && i < c->n; i++) {
                const struct control *of = &c->list[i];

                (void) json_array_append_new(
                        list,
                        json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:b}", "name", of->name,
                                  "applicable", !of->is_idle, "checks", (json_int_t) of->checks,
                                  "passed_checks", (json_int_t) (of->checks - of->failed),
                                  "failed_checks", (json_int_t) of->failed, "findings",
                                  (json_int_t) of->findings, "passed", of->is_passed));
        }
        return list;
}
