/* SPDX-License-Identifier: Apache-2.0 */
#include "name.h"

#include "secrets.h"

#include <ctype.h>

#define TOKEN_LEAST 16 /* bytes of a token, and of a name that may hold one */
#define STARS       "********"

/* Is there a run of letters and digits, some of each, that a token would need? */
static bool may_hold_token(const char *path)
{
        size_t run = 0, digits = 0;

        for (const char *p = path; *p; p++) {
                bool joins = isalnum((unsigned char) *p) || *p == '_' || *p == '-';

                run = joins ? run + 1 : 0;
                digits = joins ? digits + (isdigit((unsigned char) *p) != 0) : 0;
                if (run >= TOKEN_LEAST && digits > 0)
                        return true;
        }
        return false;
}

/* The tokens of a name, in order, are moved to the front of what was found; returns how many. */
static size_t find_tokens(struct check *c, const char *path, int *ret_error)
{
        struct matcher *m = c->matcher;
        size_t n = 0;

        *ret_error = matcher_scan(m, NULL, path, strlen(path));
        for (size_t i = 0; *ret_error >= 0 && i < m->n_found; i++)
                if (m->found[i].rule->rank == RULE_PROVIDER && m->found[i].rule->kind == RULE_REGEX)
                        m->found[n++] = m->found[i];
        return n;
}

static char *with_stars(const struct match *found, size_t n, const char *path)
{
        size_t length = strlen(path), at = 0, out = 0;
        char *ret = malloc(length + n * sizeof(STARS) + 1);

        if (!ret)
                return NULL;
        for (size_t i = 0; i < n; i++) {
                size_t keep =
                        found[i].start + MIN_OF(found[i].rule->keep, found[i].end - found[i].start);

                memcpy(ret + out, path + at, keep - at);
                out += keep - at;
                memcpy(ret + out, STARS, sizeof(STARS) - 1);
                out += sizeof(STARS) - 1;
                at = found[i].end;
        }
        memcpy(ret + out, path + at, length - at + 1);
        return ret;
}

char *name_shown(struct check *c, const char *path)
{
        size_t n;
        int r;

        if (!may_hold_token(path))
                return strdup(path);
        n = find_tokens(c, path, &r);
        return r < 0 ? NULL : with_stars(c->matcher->found, n, path);
}

int name_begin(struct check *c, const char *path)
{
        char *shown;
        size_t n;
        int r;

        if (!may_hold_token(path)) {
                check_begin(c, path);
                return 0;
        }
        n = find_tokens(c, path, &r);
        if (r < 0 || n == 0) {
                check_begin(c, path);
                return r;
        }
        shown = with_stars(c->matcher->found, n, path);
        if (!shown)
                return -ENOMEM;
        free(c->shown);
        c->shown = shown;
        check_begin(c, shown);
        check_part(c, NULL, 0, 0, 0);
        for (size_t i = 0; c->wanted[CONTROL_SECRETS] && r >= 0 && i < n; i++)
                r = secrets_report_name(c, &c->matcher->found[i], path);
        return r < 0 ? r : check_flush(c);
}
