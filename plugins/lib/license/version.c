/* SPDX-License-Identifier: Apache-2.0 */
#include "license/version.h"

#include <stdio.h>

bool license_version_is_number(struct span s)
{
        for (size_t i = 0; i < s.length; i++)
                if (s.text[i] < '0' || s.text[i] > '9')
                        return false;
        return s.length > 0 && s.length <= 2;
}

/* Do two words stand in one number, "2" and "0" of "2.0"? */
bool license_version_is_dotted(const struct license_walk *w, uint32_t i)
{
        struct span a = license_walk_text(w, i), b = license_walk_text(w, i + 1);

        return b.length && a.text + a.length + 1 == b.text && a.text[a.length] == '.';
}

/* A trailing "+" means "or later", as in "2.0+". */
struct span license_version_take_plus(struct span s, bool *later)
{
        while (s.length && s.text[s.length - 1] == '+') {
                s.length--;
                *later = true;
        }
        return s;
}

/* "2", "2.0", "2.0+", "v2": how many words, or 0. */
uint32_t license_version_number(const struct license_walk *w, uint32_t i, struct license_version *v)
{
        struct span s = license_walk_text(w, i), minor;
        bool later = false;

        if (s.length > 1 && (*s.text == 'v' || *s.text == 'V'))
                s = (struct span){ s.text + 1, s.length - 1 };
        s = license_version_take_plus(s, &later);
        if (!license_version_is_number(s))
                return 0;
        (void) snprintf(v->text, sizeof(v->text), "%.*s", (int) s.length, s.text);
        v->later |= later;
        if (later || !license_version_is_dotted(w, i))
                return 1;
        minor = license_version_take_plus(license_walk_text(w, i + 1), &later);
        /* "1.3c" of LaTeX's. */
        if (!minor.length || minor.length > 2 || *minor.text < '0' || *minor.text > '9')
                return 1;
        (void) snprintf(v->text, sizeof(v->text), "%.*s.%.*s", (int) s.length, s.text,
                        (int) minor.length, minor.text);
        v->later |= later;
        return 2;
}

/* "dated June, 1991", "dated 29 June, 2007" */
uint32_t license_version_skip_date(const struct license_walk *w, uint32_t i)
{
        uint32_t at = i;

        if (!IS_ANY(w, i, W_dated))
                return i;
        for (at++; at < i + 4; at++) {
                struct span s = license_walk_text(w, at);

                if (s.length == 4 && *s.text >= '1' && *s.text <= '2')
                        return at + 1;
        }
        return i;
}

/* "or (at your option) any later version", "or later", "or newer", "only": where it ends. */
uint32_t license_version_later(const struct license_walk *w, uint32_t i, struct license_version *v)
{
        uint32_t at = i;

        while (IS_ANY(w, at, W_of) && IS_ANY(w, at + 1, W_of))
                at++;
        if (IS_ANY(w, at, W_of) && IS_ANY(w, at + 1, W_the, W_this, W_that)) {
                v->formal = true;
                at += 2;
                while (IS_ANY(w, at, W_gnu, W_license, W_public, W_software))
                        at++;
        }
        while (IS_ANY(w, at, W_license))
                at++;
        at = license_version_skip_date(w, at);
        if (IS_ANY(w, at, W_only) && !IS_ANY(w, at + 1, W_if)) {
                v->only = true;
                return at + 1;
        }
        if (!IS_ANY(w, at, W_or, W_and))
                return i;
        at++;
        if (IS_ANY(w, at, W_at) && IS_ANY(w, at + 1, W_your) && IS_ANY(w, at + 2, W_option))
                at += 3;
        while (IS_ANY(w, at, W_any, W_the, W_version))
                at++;
        if (!IS_ANY(w, at, W_later, W_newer, W_greater, W_above, W_higher))
                return i;
        v->later = true;
        at++;
        if (IS_ANY(w, at, W_version, W_versions))
                at++;
        return at;
}

/* "GPL (>= 2)", as R has it. */
static bool is_at_least(const struct license_walk *w, uint32_t number)
{
        size_t at = w->words[number].offset;

        while (at > 0 && w->text.text[at - 1] == ' ')
                at--;
        return at > 1 && !memcmp(w->text.text + at - 2, ">=", 2);
}

/* A version behind a name: where it ends. */
uint32_t license_version_behind(const struct license_walk *w, uint32_t i, struct license_version *v)
{
        uint32_t at = i, n;

        for (int skipped = 0; skipped < 4 && IS_ANY(w, at, W_license, W_public, W_software, W_the);
             skipped++)
                at++;
        v->formal =
                IS_ANY(w, at, W_as) && IS_ANY(w, at + 1, W_published) && IS_ANY(w, at + 2, W_by);
        if (v->formal)
                for (at += 3; IS_ANY(w, at, W_the, W_free, W_software, W_foundation); at++)
                        ;
        while (IS_ANY(w, at, W_either, W_version, W_versions, W_v, W_ver, W_number, W_rev,
                      W_revision, W_international, W_unported, W_generic, W_universal, W_under,
                      W_the, W_terms, W_of))
                at++;
        n = license_version_number(w, at, v);
        if (!n)
                return i;
        v->later |= is_at_least(w, at);
        return license_version_later(w, at + n, v);
}

/* "version 2 of the" before a name: where it begins. */
uint32_t license_version_before(const struct license_walk *w, uint32_t start,
                                struct license_version *v)
{
        enum { FURTHEST = 14 };
        uint32_t at = start;

        while (at > w->from && IS_ANY(w, at - 1, W_the, W_of, W_terms, W_gnu))
                at--;
        for (uint32_t number = at; at < start && number > w->from && number + FURTHEST > at;
             number--) {
                uint32_t n;

                if (!IS_ANY(w, number - 1, W_version, W_v))
                        continue;
                n = license_version_number(w, number, v);
                if (n && license_version_later(w, number + n, v) >= at)
                        return number - 1;
                break;
        }
        *v = (struct license_version){ 0 };
        return start;
}
