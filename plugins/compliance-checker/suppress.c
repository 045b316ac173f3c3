/* SPDX-License-Identifier: Apache-2.0 */
#include "suppress.h"

#include "check.h"

#include <ctype.h>
#include <time.h>

static int bad(struct check *c, const char *what)
{
        return linhay_fail(c->run, LINHAY_FAIL_INPUT, "bad-suppression", "%s", what);
}

/* "2027-01-31"? */
static bool is_day(const char *text)
{
        static const char form[] = "dddd-dd-dd";
        struct tm day = { 0 };
        int month, of_month;

        for (size_t i = 0; form[i]; i++)
                if (form[i] == 'd' ? !isdigit((unsigned char) text[i]) : text[i] != form[i])
                        return false;
        if (text[sizeof(form) - 1] != '\0')
                return false;
        /* A day that there is not becomes another one. */
        day.tm_year = atoi(text) - 1900;
        day.tm_mon = month = atoi(text + 5) - 1;
        day.tm_mday = of_month = atoi(text + 8);
        return timegm(&day) != -1 && day.tm_mon == month && day.tm_mday == of_month;
}

/* Reason and day, which both kinds of entries have. */
static int read_terms(struct check *c, const json_t *entry, struct suppression *s)
{
        const json_t *until = json_object_get(entry, "until");
        struct suppressions *all = &c->suppressions;

        s->reason = json_string_value(json_object_get(entry, "reason"));
        s->until = json_string_value(until);
        if (until && (!s->until || !is_day(s->until)))
                return bad(c, "a suppression's `until` must be a day like \"2027-01-31\"");
        if (!*all->today) {
                time_t now = time(NULL);
                struct tm day;

                (void) strftime(all->today, sizeof(all->today), "%Y-%m-%d", gmtime_r(&now, &day));
        }
        /* The day itself still counts. Days of this form are in order as texts are. */
        s->is_expired = s->until && strcmp(all->today, s->until) > 0;
        return 0;
}

static int add(struct check *c, const struct suppression *s)
{
        struct suppressions *all = &c->suppressions;
        int r = array_grow(&all->list, &all->size, all->n + 1, sizeof(*s));

        if (r >= 0)
                all->list[all->n++] = *s;
        return r;
}

/* The texts of the entries lie in the file that they came from. */
static int keep(struct check *c, const json_t *list)
{
        struct suppressions *all = &c->suppressions;

        if (!all->files)
                all->files = json_array();
        if (!all->by_finger)
                all->by_finger = json_object();
        return all->files && all->by_finger && json_array_append(all->files, (json_t *) list) == 0
                       ? 0
                       : -ENOMEM;
}

int suppress_load_baseline(struct check *c, const json_t *list)
{
        struct suppressions *all = &c->suppressions;
        json_t *entry;
        size_t i;
        int r = keep(c, list);

        if (json_array_size(list) > SUPPRESSIONS_MAX)
                return bad(c, "the baseline has more than 100,000 fingerprints");
        json_array_foreach (list, i, entry) {
                struct suppression s = { .fingerprint = json_string_value(
                                                 json_is_object(entry)
                                                         ? json_object_get(entry, "fingerprint")
                                                         : entry) };

                if (r >= 0)
                        r = read_terms(c, entry, &s);
                if (r >= 0 && s.fingerprint)
                        r = json_object_set_new(all->by_finger, s.fingerprint,
                                                json_integer((json_int_t) all->n)) < 0
                                    ? -ENOMEM
                                    : add(c, &s);
                if (r < 0)
                        return r;
        }
        return r;
}

static int read_rule(struct check *c, const json_t *entry, struct suppression *s)
{
        const char *path = json_string_value(json_object_get(entry, "path"));
        PCRE2_SIZE at;
        int number;

        s->rule = json_string_value(json_object_get(entry, "rule"));
        if (!s->rule && !path)
                return bad(c, "policy: an entry of `suppress` needs a `rule` or a `path`");
        if (!s->reason || !*s->reason)
                return bad(c, "policy: an entry of `suppress` needs a `reason`");
        if (!path)
                return 0;
        s->path = pcre2_compile((PCRE2_SPTR) path, PCRE2_ZERO_TERMINATED, PCRE2_NEVER_BACKSLASH_C,
                                &number, &at, NULL);
        return s->path ? 0 : bad(c, "policy: a `path` of `suppress` is no regular expression");
}

int suppress_load_policy(struct check *c, const json_t *list)
{
        json_t *entry;
        size_t i;
        int r;

        if (!list)
                return 0;
        if (!json_is_array(list) || json_array_size(list) > 1000)
                return bad(c, "policy: `suppress` must be a list of at most 1,000 entries");
        r = keep(c, list);
        json_array_foreach (list, i, entry) {
                struct suppression s = { 0 };

                if (r >= 0)
                        r = read_terms(c, entry, &s);
                if (r >= 0)
                        r = read_rule(c, entry, &s);
                if (r >= 0)
                        r = add(c, &s);
                if (r < 0) {
                        pcre2_code_free(s.path);
                        return r;
                }
        }
        return r;
}

/* "secrets" means every rule of that control. */
static bool is_meant(const struct check *c, const struct suppression *s, const char *rule)
{
        size_t n = s->rule ? strlen(s->rule) : 0;

        if (s->fingerprint || !c->path)
                return false;
        if (n && (strncmp(rule, s->rule, n) != 0 || (rule[n] != '\0' && rule[n] != '/')))
                return false;
        return !s->path || pcre2_match(s->path, (PCRE2_SPTR) c->path, strlen(c->path), 0, 0,
                                       c->matcher->match_data, c->matcher->limits) >= 0;
}

const struct suppression *suppress_find(struct check *c, const char *rule, const char *fingerprint)
{
        const struct suppressions *all = &c->suppressions;
        const json_t *index = json_object_get(all->by_finger, fingerprint);
        const struct suppression *found = NULL;

        if (index)
                found = &all->list[json_integer_value(index)];
        for (size_t i = 0; i < all->n && (!found || found->is_expired); i++)
                if (is_meant(c, &all->list[i], rule))
                        found = &all->list[i];
        return found;
}

void suppress_done(struct check *c)
{
        struct suppressions *all = &c->suppressions;

        for (size_t i = 0; i < all->n; i++)
                pcre2_code_free(all->list[i].path);
        free(all->list);
        json_decref(all->files);
        json_decref(all->by_finger);
        *all = (struct suppressions){ 0 };
}
