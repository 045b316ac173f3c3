/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rules about expressions: which origins they trust, what they leave open at their ends, how long
 * they may take, and groups that are not there.
 */

#include "nginx-vars.h"

#define CONTROL(rule) "headers/" rule

enum {
        ORIGIN,
        REFERER,
        REFERER_TYPO,
        REFLECTED,
        REFERER_NONE,
        REFERER_BLOCKED,
        EXPLOSIVE,
        UNANCHORED,
        EXACT,
        NO_GROUP,
        INVALID,
        OVERLAP,
        UNNAMED,
};

static const struct notice notices[] = {
        [ORIGIN] = { CONTROL("weak-origin-check"), LINHAY_SEVERITY_HIGH, "CWE-346",
                     "The expression for Origin also matches foreign sites",
                     "Anchor it with ^ and $, escape the dots, and end the host.",
                     "gixy:origins asvs:14.5.3", SOUNDNESS_PARSED },
        [REFERER] = { CONTROL("weak-origin-check"), LINHAY_SEVERITY_MEDIUM, "CWE-346",
                      "The expression for Referer also matches foreign sites",
                      "Anchor it with ^, escape the dots, and end the host with a slash.",
                      "gixy:origins asvs:14.5.3", SOUNDNESS_PARSED },
        [REFERER_TYPO] = { CONTROL("referer-typo"), LINHAY_SEVERITY_HIGH, "CWE-346",
                           "$http_referrer is always empty: the header is spelled Referer",
                           "Use $http_referer.", "gixy-next:origins", SOUNDNESS_PARSED },
        [REFLECTED] = { CONTROL("cors-reflected"), LINHAY_SEVERITY_HIGH, "CWE-942",
                        "Every origin is let in: Access-Control-Allow-Origin repeats the request's",
                        "Map $http_origin to the origins that are yours, with an empty default.",
                        "gixy-next:origins asvs:14.5.3", SOUNDNESS_PARSED },
        [REFERER_NONE] = { CONTROL("referer-none"), LINHAY_SEVERITY_LOW, "CWE-293",
                           "valid_referers none accepts every request without a Referer",
                           "Leave out none.", "gixy:valid_referers", SOUNDNESS_PARSED },
        [REFERER_BLOCKED] = { CONTROL("referer-blocked"), LINHAY_SEVERITY_INFO, "CWE-293",
                              "valid_referers blocked accepts every Referer without a scheme",
                              "Leave out blocked.", "gixy-next:valid_referers", SOUNDNESS_PARSED },
        [EXPLOSIVE] = { CONTROL("regex-explosive"), LINHAY_SEVERITY_MEDIUM, "CWE-1333",
                        "The time this expression takes can grow exponentially with the request",
                        "Leave no repetition inside a repetition that takes the same characters.",
                        "gixy:regex_redos", SOUNDNESS_PARSED },
        [UNANCHORED] = { CONTROL("regex-unanchored"), LINHAY_SEVERITY_INFO, "CWE-777",
                         "The location's expression is anchored on neither side: it matches in "
                         "the middle of any path",
                         "Begin it with ^ or end it with $.", "gixy:unanchored_regex",
                         SOUNDNESS_PARSED },
        [EXACT] = { CONTROL("regex-exact"), LINHAY_SEVERITY_INFO, NULL,
                    "The location's expression matches one path only",
                    "Use location = with that path.", "gixy:regex_exact_match", SOUNDNESS_PARSED },
        [NO_GROUP] = { CONTROL("regex-missing-group"), LINHAY_SEVERITY_LOW, "CWE-628",
                       "A group is used that the expression does not have: it is always empty",
                       "Put brackets around what is meant, or leave out the number.",
                       "gixy:invalid_regex", SOUNDNESS_PARSED },
        [INVALID] = { CONTROL("regex-invalid"), LINHAY_SEVERITY_LOW, "CWE-185",
                      "This is no regular expression", "Close its brackets; escape what is meant.",
                      "gixy:invalid_regex", SOUNDNESS_PARSED },
        [OVERLAP] = { CONTROL("regex-overlapping-groups"), LINHAY_SEVERITY_INFO, "CWE-122",
                      "A rewrite uses a group and one inside it, which old versions of nginx write "
                      "past their buffer for",
                      "Update nginx, or name the groups and use the names.",
                      "gixy:overlapping_captures", SOUNDNESS_PARSED },
        [UNNAMED] = { CONTROL("regex-number-after-arguments"), LINHAY_SEVERITY_INFO, "CWE-122",
                      "A set with a numbered group follows a rewrite with ?, which old versions of "
                      "nginx write past their buffer for",
                      "Update nginx, or name the group and use the name.", "gixy:unnamed_groups",
                      SOUNDNESS_PARSED },
};

static int notice(struct nginx_config *f, int which, const struct nginx_directive *d)
{
        return nginx_notice(f, &notices[which], d);
}

/* ---- Origins ---- */

static bool trusts_strangers(struct nginx_config *f, struct span regex, bool ignore_case)
{
        const struct regex_sites sites = { f->options.domains, f->options.n_domains,
                                           f->options.https_only };
        struct regex re = { 0 };
        bool yes = regex_parse(&re, regex, ignore_case) == 0 &&
                   regex_trusts_strangers(&re, &sites, &f->budget);

        regex_done(&re);
        return yes;
}

static int check_condition(struct nginx_config *f, const struct nginx_directive *d)
{
        struct nginx_condition c = nginx_condition(&f->n, d);
        bool origin = span_is(c.variable, "$http_origin");
        int r = 0;

        if (span_is(c.variable, "$http_referrer"))
                r = notice(f, REFERER_TYPO, d);
        if (r < 0 || (!origin && !span_is(c.variable, "$http_referer")) ||
            !span_has_char(c.operator, '~'))
                return r;
        if (!trusts_strangers(f, c.value, span_has_char(c.operator, '*')))
                return r;
        return notice(f, origin ? ORIGIN : REFERER, d);
}

/* A map of the origin to what is answered: each line with an expression is an `if`. */
static int check_map(struct nginx_config *f, const struct nginx_directive *d)
{
        bool origin = span_is(nginx_arg(&f->n, d, 0), "$http_origin");
        int r = 0;

        if (!origin && !span_is(nginx_arg(&f->n, d, 0), "$http_referer"))
                return 0;
        for (int i = nginx_index(f, d) + 1; r >= 0 && i <= d->last; i++) {
                const struct nginx_directive *line = &f->n.list[i];
                bool ignore_case = span_starts(line->name, "~*");
                struct span value = nginx_arg(&f->n, line, 0);

                /* An empty value or a zero refuses. */
                if (!line->name.length || *line->name.text != '~' || !value.length ||
                    span_is(value, "0"))
                        continue;
                if (trusts_strangers(f, span_from(line->name, ignore_case ? 2 : 1), ignore_case))
                        r = notice(f, origin ? ORIGIN : REFERER, line);
        }
        return r;
}

static int see_origin(void *owner, struct span literal, const struct nginx_value *value,
                      struct span name)
{
        (void) owner;
        (void) literal;
        return value && span_is(name, "http_origin");
}

static const struct nginx_directive *map_of(struct nginx_config *f, struct span variable)
{
        for (size_t i = 0; i < f->n.n_list && nginx_spend(f); i++) {
                const struct nginx_directive *d = &f->n.list[i];

                if (d->is_block && nginx_is(d, "map") &&
                    span_same(nginx_arg(&f->n, d, 1), variable))
                        return d;
        }
        return NULL;
}

/* Does a map answer the origin itself where no line fits? */
static bool reflects_by_default(const struct nginx_config *f, const struct nginx_directive *map)
{
        for (int i = nginx_index(f, map) + 1; i <= map->last; i++)
                if (nginx_is(&f->n.list[i], "default") &&
                    span_is(nginx_arg(&f->n, &f->n.list[i], 0), "$http_origin"))
                        return true;
        return false;
}

static int check_allow_origin(struct nginx_config *f, const struct nginx_directive *d)
{
        struct span value = nginx_arg(&f->n, d, 1);
        const struct nginx_directive *in, *map;

        if (!span_is(nginx_arg(&f->n, d, 0), "access-control-allow-origin"))
                return 0;
        /* What stands in an `if` is held against the origin there. */
        for (in = nginx_parent(f, d); in && nginx_is(in, "if"); in = nginx_parent(f, in))
                if (span_has(nginx_condition(&f->n, in).variable, "origin"))
                        return 0;
        map = map_of(f, value);
        if (map ? reflects_by_default(f, map) : nginx_expand(f, d, value, see_origin, NULL) > 0)
                return notice(f, REFLECTED, d);
        return 0;
}

static int check_referers(struct nginx_config *f, const struct nginx_directive *d)
{
        int r = 0;

        for (size_t a = 0; r >= 0 && a < d->n_args; a++) {
                if (span_is(nginx_arg(&f->n, d, a), "none"))
                        r = notice(f, REFERER_NONE, d);
                if (span_is(nginx_arg(&f->n, d, a), "blocked"))
                        r = notice(f, REFERER_BLOCKED, d);
        }
        return r;
}

/* ---- Each expression ---- */

static int check_expression(struct nginx_config *f, const struct nginx_directive *d,
                            struct span regex, bool ignore_case)
{
        struct regex re = { 0 };
        int r = regex_parse(&re, regex, ignore_case), result = 0;

        if (r == -EINVAL && !re.is_partial && re.n_nodes < REGEX_NODES)
                result = notice(f, INVALID, d);
        else if (r == 0 && regex_is_explosive(&re))
                result = notice(f, EXPLOSIVE, d);
        regex_done(&re);
        return result;
}

static int check_location(struct nginx_config *f, const struct nginx_directive *d)
{
        struct regex re = { 0 };
        bool ignore_case;
        struct span regex;
        int r;

        if (!nginx_location_regex(f, d, &regex, &ignore_case))
                return 0;
        r = check_expression(f, d, regex, ignore_case);
        if (r >= 0 && regex_parse(&re, regex, ignore_case) == 0) {
                if (!regex_is_anchored(&re) && !regex_is_end_anchored(&re))
                        r = notice(f, UNANCHORED, d);
                else if (!ignore_case && regex_is_exact(&re))
                        r = notice(f, EXACT, d);
        }
        regex_done(&re);
        return r;
}

static int check_if(struct nginx_config *f, const struct nginx_directive *d)
{
        struct nginx_condition c = nginx_condition(&f->n, d);

        if (!span_has_char(c.operator, '~'))
                return 0;
        return check_expression(f, d, c.value, span_has_char(c.operator, '*'));
}

static int check_names(struct nginx_config *f, const struct nginx_directive *d)
{
        int r = 0;

        for (size_t a = 0; r >= 0 && a < d->n_args; a++) {
                struct span name = nginx_arg(&f->n, d, a);

                if (name.length && *name.text == '~')
                        r = check_expression(f, d, span_from(name, 1), true);
        }
        return r;
}

static int check_map_lines(struct nginx_config *f, const struct nginx_directive *d)
{
        int r = 0;

        for (int i = nginx_index(f, d) + 1; r >= 0 && i <= d->last; i++) {
                const struct nginx_directive *line = &f->n.list[i];
                bool ignore_case = span_starts(line->name, "~*");

                if (line->name.length && *line->name.text == '~')
                        r = check_expression(f, line, span_from(line->name, ignore_case ? 2 : 1),
                                             ignore_case);
        }
        return r;
}

/* ---- Groups ---- */

/* The numbers of the groups a text uses, one bit for each; a repeated one sets bit 0. */
static unsigned groups_used(struct span text, bool *ret_other)
{
        struct span literal, name;
        unsigned used = 0;

        *ret_other = false;
        while (nginx_piece(&text, &literal, &name)) {
                if (!name.length)
                        continue;
                if (isdigit((unsigned char) *name.text)) {
                        unsigned bit = 1u << (*name.text - '0');

                        used |= used & bit ? 1 : bit;
                } else
                        *ret_other = true;
        }
        return used;
}

static unsigned behind_question(struct span text)
{
        const char *sign = memchr(text.text, '?', text.length);
        bool other;

        if (!sign || sign + 1 == text.text + text.length)
                return 0;
        return groups_used(span_from(text, (size_t) (sign - text.text)), &other);
}

static bool overlaps(const struct regex *re, unsigned used)
{
        for (unsigned g = 1; g < 10; g++) {
                unsigned around = used >> g & 1 ? regex_group_around(re, g) : 0;

                if (around && around < 10 && used >> around & 1)
                        return true;
        }
        return false;
}

static int check_groups(struct nginx_config *f, const struct nginx_directive *d)
{
        struct span to = nginx_arg(&f->n, d, 1), flag = nginx_arg(&f->n, d, 2);
        bool leaves = span_starts(to, "http://") || span_starts(to, "https://") ||
                      span_is(flag, "redirect") || span_is(flag, "permanent");
        struct regex re = { 0 };
        bool other;
        unsigned used = groups_used(to, &other);
        int r = check_expression(f, d, nginx_arg(&f->n, d, 0), false);

        if (r >= 0 && regex_parse(&re, nginx_arg(&f->n, d, 0), false) == 0) {
                if (used >> (re.n_groups + 1) && re.n_groups < 9)
                        r = notice(f, NO_GROUP, d);
                else if (!other && !(used & 1) &&
                         overlaps(&re, leaves ? used : behind_question(to)))
                        r = notice(f, OVERLAP, d);
        }
        regex_done(&re);
        return r;
}

/* Could any expression that runs for this directive have such a group? */
static bool has_group(struct nginx_config *f, const struct nginx_directive *d, unsigned number)
{
        struct span regex;
        struct regex re = { 0 };
        bool ignore_case, yes = true;

        if (!nginx_regex_before(f, d, &regex, &ignore_case))
                return true; /* a part of a file: it may stand elsewhere */
        if (regex_parse(&re, regex, ignore_case) == 0 && !re.is_partial)
                yes = re.n_groups >= number;
        regex_done(&re);
        return yes;
}

static int check_set(struct nginx_config *f, const struct nginx_directive *d)
{
        const struct nginx_directive *in = nginx_parent(f, d);
        bool other;
        unsigned used = groups_used(nginx_arg(&f->n, d, 1), &other);

        if (!(used & ~1u))
                return 0;
        for (int i = nginx_index(f, d) - 1; i > d->parent && nginx_spend(f); i--) {
                const struct nginx_directive *by = &f->n.list[i];

                if (by->parent == d->parent && nginx_is(by, "rewrite") &&
                    span_has_char(nginx_arg(&f->n, by, 1), '?'))
                        return notice(f, UNNAMED, d);
        }
        /* Right inside an `if` with an expression it is clear which one is meant. */
        if (!in || !nginx_is(in, "if") || !span_has_char(nginx_condition(&f->n, in).operator, '~'))
                return 0;
        for (unsigned g = 1; g < 10; g++)
                if (used >> g & 1 && !has_group(f, d, g))
                        return notice(f, NO_GROUP, d);
        return 0;
}

enum { GROUPS_MOST = 9 };

static unsigned groups_in(struct nginx_config *f, struct span regex, bool ignore_case)
{
        struct regex re = { 0 };
        unsigned n = GROUPS_MOST;

        /* What is not understood may have any group. */
        if (regex_parse(&re, regex, ignore_case) == 0 && !re.is_partial)
                n = MIN_OF(re.n_groups, GROUPS_MOST);
        f->budget -= MIN_OF(f->budget, re.n_nodes + 1);
        regex_done(&re);
        return n;
}

/* How many groups the expressions have that a directive runs; of a line of a map, its own. */
static unsigned groups_of(struct nginx_config *f, const struct nginx_directive *by)
{
        const struct nginx_directive *in = nginx_parent(f, by);
        struct nginx_condition c;
        struct span regex;
        bool ignore_case;
        unsigned n = 0;

        if (in && nginx_is_table(in))
                return by->name.length && *by->name.text == '~'
                               ? groups_in(f, span_from(by->name, 1), false)
                               : 0;
        if (nginx_is(by, "rewrite"))
                return groups_in(f, nginx_arg(&f->n, by, 0), false);
        if (nginx_location_regex(f, by, &regex, &ignore_case))
                return groups_in(f, regex, ignore_case);
        if (nginx_is(by, "if")) {
                c = nginx_condition(&f->n, by);
                return span_has_char(c.operator, '~') ? groups_in(f, c.value, false) : 0;
        }
        for (size_t a = 0; nginx_is(by, "server_name") && a < by->n_args; a++) {
                regex = nginx_arg(&f->n, by, a);
                if (regex.length && *regex.text == '~')
                        n = MAX_OF(n, groups_in(f, span_from(regex, 1), true));
        }
        return n;
}

/* Is there a block around whose expression could be meant? A part of a file may stand elsewhere. */
static bool is_in_scope(const struct nginx_config *f, const struct nginx_directive *d)
{
        struct span regex;
        bool ignore_case;

        if (f->n.is_partial)
                return false;
        for (const struct nginx_directive *in = nginx_parent(f, d); in; in = nginx_parent(f, in))
                if (nginx_is(in, "server") || nginx_location_regex(f, in, &regex, &ignore_case))
                        return true;
        return false;
}

/* A number is empty for sure where no expression of the server, and no map, has that group. */
static int check_numbers(struct nginx_config *f, const struct nginx_directive *d)
{
        const struct nginx_directive *server = nginx_around(f, d, "server");
        int scope = server ? nginx_index(f, server) : -1;
        unsigned used = 0, highest = 0, groups = 0;
        bool other;

        for (size_t a = 0; a < d->n_args; a++)
                used |= groups_used(nginx_arg(&f->n, d, a), &other);
        for (unsigned g = 1; g <= GROUPS_MOST; g++)
                highest = used >> g & 1 ? g : highest;
        if (!highest || !is_in_scope(f, d))
                return 0;
        for (int i = 0; i < (int) f->n.n_list && groups < highest; i++) {
                const struct nginx_directive *by = &f->n.list[i], *in = nginx_parent(f, by);

                if (!nginx_spend(f))
                        return 0;
                if (nginx_holds(&f->n, scope, i) || (in && nginx_is_table(in)))
                        groups = MAX_OF(groups, groups_of(f, by));
        }
        return groups < highest ? notice(f, NO_GROUP, d) : 0;
}

/* The value of a line of a map knows only the groups of its own expression. */
static int check_map_numbers(struct nginx_config *f, const struct nginx_directive *d)
{
        int r = 0;

        for (int i = nginx_index(f, d) + 1; r >= 0 && i <= d->last; i++) {
                const struct nginx_directive *line = &f->n.list[i];
                bool other;
                unsigned used = groups_used(nginx_arg(&f->n, line, 0), &other);
                unsigned groups = used & ~1u && line->name.length && *line->name.text == '~'
                                          ? groups_of(f, line)
                                          : GROUPS_MOST;

                if (used >> (groups + 1))
                        r = notice(f, NO_GROUP, line);
        }
        return r;
}

const size_t nginx_match_rules_n = ARRAY_SIZE(notices);

const struct nginx_rule nginx_match_rules[] = {
        { "if", check_condition },
        { "if", check_if },
        { "map", check_map },
        { "map", check_map_lines },
        { "add_header", check_allow_origin },
        { "valid_referers", check_referers },
        { "location", check_location },
        { "server_name", check_names },
        { "rewrite", check_groups },
        { "set", check_set },
        { "map", check_map_numbers },
        { "return", check_numbers },
        { "proxy_pass", check_numbers },
        { "add_header", check_numbers },
        { "more_set_headers", check_numbers },
        { "try_files", check_numbers },
        { NULL, NULL },
};
