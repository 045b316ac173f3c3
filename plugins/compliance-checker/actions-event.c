/* SPDX-License-Identifier: Apache-2.0 */
#include "actions-event.h"

#include <ctype.h>

enum {
        EVENT,
        CRON,
        FILTERS,
        GLOB,
};

#define LOW LINHAY_SEVERITY_LOW

static const struct notice notices[] = {
        [EVENT] = { "config/actions-unknown-event", LOW, NULL,
                    "There is no such event, so nothing starts the workflow", "Mend the name.",
                    "actionlint:events" },
        [CRON] = { "config/actions-bad-cron", LOW, NULL, "This is no time that GitHub understands",
                   "Write five fields: '30 5 * * 1'.", "actionlint:events" },
        [FILTERS] = { "config/actions-filter-and-ignore", LOW, NULL,
                      "A filter and its opposite stand together: the workflow is refused",
                      "Use one of them; !PATTERN leaves out.", "actionlint:events" },
        [GLOB] = { "config/actions-bad-pattern", LOW, NULL,
                   "No branch, tag or path can match this pattern",
                   "Leave out ./ and ../, and signs that names of branches cannot have.",
                   "actionlint:glob" },
};

size_t actions_event_rules(void)
{
        return ARRAY_SIZE(notices);
}

static const char *const events[] = { "branch_protection_rule",
                                      "check_run",
                                      "check_suite",
                                      "create",
                                      "delete",
                                      "deployment",
                                      "deployment_status",
                                      "discussion",
                                      "discussion_comment",
                                      "fork",
                                      "gollum",
                                      "image_version",
                                      "issue_comment",
                                      "issues",
                                      "label",
                                      "merge_group",
                                      "milestone",
                                      "page_build",
                                      "project",
                                      "project_card",
                                      "project_column",
                                      "public",
                                      "pull_request",
                                      "pull_request_comment",
                                      "pull_request_review",
                                      "pull_request_review_comment",
                                      "pull_request_target",
                                      "push",
                                      "registry_package",
                                      "release",
                                      "repository_dispatch",
                                      "schedule",
                                      "status",
                                      "watch",
                                      "workflow_call",
                                      "workflow_dispatch",
                                      "workflow_run" };

static bool is_event(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(events); i++)
                if (!strcmp(name, events[i]))
                        return true;
        return false;
}

/* One field of cron: numbers, ranges, steps and names, with commas between. */
static bool is_field(const char *text, size_t n, unsigned low, unsigned high)
{
        static const char names[] = "jan feb mar apr may jun jul aug sep oct nov dec "
                                    "sun mon tue wed thu fri sat ";
        size_t at = 0;

        while (at < n) {
                if (text[at] == '*') {
                        at++;
                } else if (isdigit((unsigned char) text[at])) {
                        unsigned number = 0;

                        for (; at < n && isdigit((unsigned char) text[at]) && number < 1000; at++)
                                number = number * 10 + (unsigned) (text[at] - '0');
                        if (number < low || number > high)
                                return false;
                } else {
                        char name[5] = "    ";

                        for (size_t k = 0; k < 3; k++, at++)
                                name[k] = at < n ? (char) tolower((unsigned char) text[at]) : '?';
                        if (!strstr(names, name))
                                return false;
                }
                if (at < n && (!strchr(",-/", text[at]) || ++at == n))
                        return false;
        }
        return n > 0;
}

static bool is_cron(const char *text)
{
        static const unsigned limits[][2] = {
                { 0, 59 }, { 0, 23 }, { 1, 31 }, { 1, 12 }, { 0, 7 }
        };

        for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
                size_t n;

                text += strspn(text, " \t");
                n = strcspn(text, " \t");
                if (!is_field(text, n, limits[i][0], limits[i][1]))
                        return false;
                text += n;
        }
        return !text[strspn(text, " \t")];
}

static int look_at_schedule(struct actions *a, const struct yaml_node *list)
{
        size_t n = actions_count(a, list, YAML_SEQUENCE);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                const struct yaml_node *cron = yaml_get(list->items[i], "cron");

                if (*actions_text(cron) && !is_cron(actions_text(cron)))
                        r = actions_tell(a, &notices[CRON], cron);
        }
        return r;
}

static bool is_pattern(const char *text, bool is_path)
{
        size_t n = strlen(text);

        text += *text == '!';
        if (is_path)
                return *text && *text != ' ' && text[n ? strlen(text) - 1 : 0] != ' ' &&
                       strncmp(text, "./", 2) != 0 && strncmp(text, "../", 3) != 0 &&
                       !strstr(text, "/../");
        return *text && *text != '/' && !strpbrk(text, " ~^:") && !strstr(text, "..");
}

static int look_at_filters(struct actions *a, const struct yaml_node *event)
{
        static const struct {
                const char *take, *leave;
        } filters[] = {
                { "branches", "branches-ignore" },
                { "tags", "tags-ignore" },
                { "paths", "paths-ignore" },
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < 2 * ARRAY_SIZE(filters); i++) {
                const char *name = i % 2 ? filters[i / 2].leave : filters[i / 2].take;
                const struct yaml_node *list = yaml_get(event, name);
                size_t n = actions_count(a, list, YAML_SEQUENCE);

                if (i % 2 && list && yaml_get(event, filters[i / 2].take))
                        r = actions_tell(a, &notices[FILTERS], yaml_key(event, name));
                for (size_t k = 0; r >= 0 && k < n; k++)
                        if (yaml_text(list->items[k]) &&
                            !is_pattern(actions_text(list->items[k]), i / 2 == 2))
                                r = actions_tell(a, &notices[GLOB], list->items[k]);
        }
        return r;
}

static int look_at_event(struct actions *a, const struct yaml_node *name,
                         const struct yaml_node *event)
{
        const char *text = actions_text(name);
        int r = 0;

        if (*text && !is_event(text))
                r = actions_tell(a, &notices[EVENT], name);
        if (r >= 0 && !strcmp(text, "schedule"))
                r = look_at_schedule(a, event);
        return r < 0 ? r : look_at_filters(a, event);
}

int actions_events_look(struct actions *a)
{
        const struct yaml_node *on = yaml_get(a->root, "on");
        size_t items = actions_count(a, on, YAML_SEQUENCE);
        size_t pairs = actions_count(a, on, YAML_MAPPING);
        int r = *actions_text(on) ? look_at_event(a, on, NULL) : 0;

        for (size_t i = 0; r >= 0 && i < items; i++)
                r = look_at_event(a, on->items[i], NULL);
        for (size_t i = 0; r >= 0 && i < pairs; i++)
                r = look_at_event(a, on->keys[i], on->items[i]);
        return r;
}
