/* SPDX-License-Identifier: Apache-2.0 */
#include "license/mention.h"

#include "license/version.h"

#include <stdio.h>
#include <strings.h>

#define MENTIONS_MAX 256
#define LEAD_MAX     14 /* words before a name in which a licence is told */

int license_mentions_init(struct license_mentions *m, const struct license_index *index,
                          struct license_words *words)
{
        *m = (struct license_mentions){ .index = index,
                                        .words = words,
                                        .known = calloc(LICENSE_WALK_WORDS_, sizeof(*m->known)) };
        for (size_t i = 0; m->known && i < LICENSE_WALK_WORDS_; i++)
                m->known[i] = license_word_hash(words, license_walk_words[i],
                                                strlen(license_walk_words[i]));
        return m->known ? 0 : -ENOMEM;
}

void license_mentions_done(struct license_mentions *m)
{
        free(m->list);
        free(m->known);
        *m = (struct license_mentions){ 0 };
}

/* ---- Identifiers ---- */

static bool known_id(const struct license_mentions *m, const char *family, const char *version,
                     const char *tail, char ret[LICENSE_ID_SIZE])
{
        const struct license_id *id;
        char name[LICENSE_ID_SIZE];

        (void) snprintf(name, sizeof(name), "%s-%s%s", family, version, tail);
        id = license_index_id(m->index, (struct span){ name, strlen(name) }, false);
        if (!id)
                return false;
        (void) snprintf(ret, LICENSE_ID_SIZE, "%s",
                        license_index_string(m->index, id->instead ? id->instead : id->id));
        return true;
}

/* The identifier of a family's version: false when there is none of that version. */
static bool family_id(const struct license_mentions *m, const char *family,
                      const struct license_version *v, char ret[LICENSE_ID_SIZE])
{
        const char *tail = v->later ? "-or-later" : "";
        char longer[24];
        size_t n;

        if (known_id(m, family, v->text, tail, ret))
                return true;
        (void) snprintf(longer, sizeof(longer), "%s.0", v->text);
        if (known_id(m, family, longer, tail, ret))
                return true;
        if (v->later &&
            (known_id(m, family, v->text, "", ret) || known_id(m, family, longer, "", ret)))
                return true;
        /* "2.0" of what SPDX calls "2", and "Lesser GPL 2.0", which was called Library then. */
        n = strlen(v->text);
        if (n > 2 && !strcmp(v->text + n - 2, ".0")) {
                (void) snprintf(longer, sizeof(longer), "%.*s", (int) (n - 2), v->text);
                return known_id(m, family, longer, tail, ret);
        }
        return false;
}

/* ---- Does it hold here? ---- */

static bool is_filler(const struct license_walk *w, uint32_t i)
{
        return IS_ANY(w, i, W_the, W_a, W_an, W_terms, W_term, W_conditions, W_of, W_either, W_both,
                      W_version, W_your, W_choice, W_following, W_s, W_same, W_standard, W_open,
                      W_source, W_free, W_permissive, W_as, W_or, W_and, W_one, W_two, W_three, W_1,
                      W_2, W_3, W_gnu, W_this, W_its, W_their, W_all, W_new, W_simplified,
                      W_revised, W_modified, W_name, W_url, W_available, W_dual, W_osi, W_approved,
                      W_expression, W_type, W_dually, W_below) ||
               license_version_is_number(license_walk_text(w, i));
}

static bool is_denied(const struct license_walk *w, uint32_t i)
{
        for (uint32_t k = 1; k <= 4 && i >= w->from + k; k++)
                if (IS_ANY(w, i - k, W_not, W_compatible, W_incompatible, W_unlike, W_neither,
                           W_without, W_was, W_were))
                        return true;
        return false;
}

/* "under the Python license and the NAME", whatever the first one is. */
static bool is_joined(const struct license_walk *w, uint32_t start)
{
        uint32_t i = start;

        while (i > w->from && IS_ANY(w, i - 1, W_the, W_a))
                i--;
        if (i == w->from || !IS_ANY(w, i - 1, W_and, W_or))
                return false;
        for (uint32_t n = 0; i > w->from && n < 9; i--, n++)
                if (IS_ANY(w, i - 1, W_under, W_licensed))
                        return !is_denied(w, i - 1);
        return false;
}

/* "Alternatively, this file may be used under the terms of" before a name. */
static bool is_alternative(const struct license_walk *w, uint32_t start)
{
        for (uint32_t n = 1; n <= 16 && start >= w->from + n; n++)
                if (IS_ANY(w, start - n, W_alternatively))
                        return true;
        return false;
}

/* Do the words before a name say that it is the licence? `weak`: right before it. */
static bool is_told(const struct license_walk *w, uint32_t start, bool weak)
{
        uint32_t i = start, n = 0;

        for (; i > w->from && n < (weak ? 4u : LEAD_MAX); i--, n++) {
                if (IS_ANY(w, i - 1, W_under, W_licensed, W_licensing))
                        return !is_denied(w, i - 1);
                if (IS_ANY(w, i - 1, W_to) && i > w->from + 1)
                        return IS_ANY(w, i - 2, W_subject, W_according, W_pursuant);
                if (IS_ANY(w, i - 1, W_by) && i > w->from + 1)
                        return IS_ANY(w, i - 2, W_governed, W_covered, W_licensed);
                if (IS_ANY(w, i - 1, W_with) && i > w->from + 1)
                        return IS_ANY(w, i - 2, W_accordance, W_licensed);
                if (IS_ANY(w, i - 1, W_is, W_are) && i > w->from + 1)
                        return IS_ANY(w, i - 2, W_license, W_licenses, W_software);
                if (IS_ANY(w, i - 1, W_license, W_licenses)) {
                        /* "License: X" and "license (X)"; in "the license X of" it is a filler. */
                        if (n == 0 || !IS_ANY(w, i, W_the, W_a, W_of, W_and, W_or))
                                return !is_denied(w, i - 1);
                        continue;
                }
                if (!is_filler(w, i - 1))
                        break;
        }
        return !weak && is_joined(w, start);
}

/* "MIT licensed", "GPL-licensed". */
static bool is_told_behind(const struct license_walk *w, uint32_t end)
{
        return IS_ANY(w, end, W_licensed);
}

/* Is there nothing on the lines of words[start..end) but these, "the" and signs? */
static bool is_alone(const struct license_walk *w, uint32_t start, uint32_t end)
{
        struct span text = w->text;
        size_t at = w->words[start].offset, before, last;
        const char *newline;

        if (start > w->from && IS_ANY(w, start - 1, W_the))
                at = w->words[start - 1].offset;
        before = MIN_OF(at, (size_t) 256);
        newline = memrchr(text.text + at - before, '\n', before);
        for (const char *p = newline ? newline + 1 : text.text + at - before; p < text.text + at;
             p++)
                if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z'))
                        return false;
        last = w->words[end - 1].offset + license_word_length(text, w->words[end - 1].offset);
        for (size_t n = 0; last + n < text.length && text.text[last + n] != '\n'; n++) {
                unsigned char c = (unsigned char) text.text[last + n];

                /* "(MIT)", "(the "License");" and the like may follow. */
                if (n > 40 || (c >= '0' && c <= '9') ||
                    ((c | 0x20) >= 'a' && (c | 0x20) <= 'z' && text.text[last + 1] != '('))
                        return false;
        }
        return true;
}

/* "or the Apache License" behind a name that holds. */
static bool is_chained(const struct license_walk *w, uint32_t start, bool *ret_choice)
{
        const struct license_mentions *m = w->m;
        uint32_t end;

        if (!m->n || m->list[m->n - 1].start < w->from ||
            m->list[m->n - 1].strength <= LICENSE_MENTION_ADDRESS)
                return false;
        end = m->list[m->n - 1].end;
        if (end > start || start - end > 6)
                return false;
        for (uint32_t i = end; i < start; i++) {
                if (IS_ANY(w, i, W_or))
                        *ret_choice = true;
                else if (!IS_ANY(w, i, W_and, W_license, W_licenses, W_under, W_terms) &&
                         !is_filler(w, i))
                        return false;
        }
        return true;
}

/* ---- Names ---- */

static const struct license_name *name_at(const struct license_walk *w, uint32_t i)
{
        const struct license_index *x = w->m->index;
        const struct license_slot *slot =
                license_index_slot(x->name_slots, x->header->n_name_slots, w->words[i].hash);

        for (uint32_t k = 0; slot && k < (slot->place & 255); k++) {
                const struct license_name *name = &x->names[(slot->place >> 8) + k];
                const uint32_t *words = x->words + name->first;
                uint32_t n = 0;

                while (n < name->n_words && i + n < w->to && words[n] == w->words[i + n].hash)
                        n++;
                if (n == name->n_words)
                        return name;
        }
        return NULL;
}

static int add(struct license_walk *w, const struct license_mention *mention)
{
        struct license_mentions *m = w->m;
        struct license_mention *last = m->n ? &m->list[m->n - 1] : NULL;

        if (m->n >= MENTIONS_MAX) {
                m->n_cut++;
                return 0;
        }
        /* "version 2 or later (the "GPL")" */
        if (last && !strcmp(last->id, mention->id) && mention->start < last->end + 4) {
                last->end = MAX_OF(last->end, mention->end);
                return 0;
        }
        if (array_grow(&m->list, &m->size, m->n + 1, sizeof(*m->list)) < 0)
                return -ENOMEM;
        m->list[m->n++] = *mention;
        return 0;
}

/* A name that was found, with what it stands for. */
struct found {
        const char *id; /* or family */
        const char *plain;
        uint32_t flags, start, end;
        struct license_version version;
};

/* What a name and the version near it mean: false when that is nothing. Moves start and end. */
static bool identify(const struct license_walk *w, struct found *f, struct license_mention *mention)
{
        struct license_version *v = &f->version;

        mention->strength =
                f->flags & LICENSE_NAME_URL ? LICENSE_MENTION_ADDRESS : LICENSE_MENTION_TOLD;
        if (!(f->flags & LICENSE_NAME_FAMILY)) {
                (void) snprintf(mention->id, sizeof(mention->id), "%s", f->id);
                return true;
        }
        f->end = *v->text ? license_version_later(w, f->end, v)
                          : license_version_behind(w, f->end, v);
        if (!*v->text)
                f->start = license_version_before(w, f->start, v);
        if (*v->text)
                return family_id(w->m, f->id, v, mention->id);
        (void) snprintf(mention->id, sizeof(mention->id), "%s", f->plain);
        mention->strength = LICENSE_MENTION_PLAIN;
        return *f->plain;
}

/* "GPL version 2 or 3", "v2 or v3": the other version, which one may choose. */
static int add_other_version(struct license_walk *w, struct found *f,
                             struct license_mention mention)
{
        struct license_version v = { 0 };
        uint32_t at = f->end, n;

        if (!(f->flags & LICENSE_NAME_FAMILY) || !*f->version.text || f->version.later ||
            !IS_ANY(w, at, W_or, W_and))
                return 0;
        at++;
        if (IS_ANY(w, at, W_version, W_v))
                at++;
        n = license_version_number(w, at, &v);
        if (!n || !family_id(w->m, f->id, &v, mention.id))
                return 0;
        at = license_version_later(w, at + n, &v);
        if (!family_id(w->m, f->id, &v, mention.id))
                return 0;
        mention.start = f->end;
        mention.end = f->end = at;
        mention.is_choice = true;
        return add(w, &mention);
}

/* Judges one name at its place, and adds it where it holds. */
static int judge(struct license_walk *w, struct found *f)
{
        struct license_mention mention = { 0 };
        bool weak = f->flags & LICENSE_NAME_WEAK;

        if (IS_ANY(w, f->end, W_style, W_like, W_type, W_compatible) || !identify(w, f, &mention))
                return 0;
        mention.start = f->start;
        mention.end = f->end;
        mention.is_choice = is_alternative(w, f->start);
        /* "the full text is in /usr/share/common-licenses/GPL-2" */
        if (IS_ANY(w, f->start - 1, W_licenses) && IS_ANY(w, f->start - 2, W_common)) {
                mention.strength = LICENSE_MENTION_ELSEWHERE;
                return add(w, &mention);
        }
        if (mention.strength == LICENSE_MENTION_ADDRESS ||
            is_chained(w, f->start, &mention.is_choice) || is_told(w, f->start, weak) ||
            is_told_behind(w, f->end)) {
                int r = add(w, &mention);

                return r < 0 ? r : add_other_version(w, f, mention);
        }
        if (weak || mention.strength == LICENSE_MENTION_PLAIN || !is_alone(w, f->start, f->end))
                return 0;
        mention.strength = LICENSE_MENTION_TITLE;
        return add(w, &mention);
}

/* "GPLv2", "LGPLv2.1+", "GPL3": the family, and the version joined to it. */
static const char *joined_family(const struct license_walk *w, uint32_t i,
                                 struct license_version *v, uint32_t *ret_end)
{
        static const char *const families[] = { "LGPL", "AGPL", "GPL",    "MPL", "EPL",
                                                "CDDL", "EUPL", "Apache", "APL", "ASL",
                                                "AFL",  "OSL",  "CC0" };
        struct span s = license_walk_text(w, i);

        for (size_t k = 0; k < ARRAY_SIZE(families); k++) {
                size_t n = strlen(families[k]);
                struct span number;
                bool later = false;

                if (s.length <= n || strncasecmp(s.text, families[k], n) != 0)
                        continue;
                number = (struct span){ s.text + n, s.length - n };
                if (*number.text == 'v' || *number.text == 'V')
                        number = (struct span){ number.text + 1, number.length - 1 };
                number = license_version_take_plus(number, &later);
                if (!license_version_is_number(number))
                        return NULL;
                v->later = later;
                *ret_end = i + 1;
                (void) snprintf(v->text, sizeof(v->text), "%.*s", (int) number.length, number.text);
                if (!later && license_version_is_dotted(w, i)) {
                        struct span minor =
                                license_version_take_plus(license_walk_text(w, i + 1), &v->later);

                        if (license_version_is_number(minor)) {
                                (void) snprintf(v->text, sizeof(v->text), "%.*s.%.*s",
                                                (int) number.length, number.text,
                                                (int) minor.length, minor.text);
                                *ret_end = i + 2;
                        }
                }
                /* "LGPLv21" is written for 2.1. */
                if (number.length == 2 && !strchr(v->text, '.'))
                        (void) snprintf(v->text, sizeof(v->text), "%c.%c", number.text[0],
                                        number.text[1]);
                return !strcmp(families[k], "APL") || !strcmp(families[k], "ASL") ? "Apache"
                                                                                  : families[k];
        }
        return NULL;
}

/* A letter that a family's short name begins with. */
static bool may_be_joined(const struct license_walk *w, uint32_t i)
{
        unsigned char c = (unsigned char) w->text.text[w->words[i].offset] | 0x20;

        return c == 'l' || c == 'a' || c == 'g' || c == 'm' || c == 'e' || c == 'c' || c == 'o';
}

static bool find_name(struct license_walk *w, uint32_t i, struct found *f)
{
        const struct license_index *x = w->m->index;
        const struct license_name *name = name_at(w, i);

        *f = (struct found){ .start = i, .end = i + 1, .plain = "", .flags = LICENSE_NAME_FAMILY };
        if (name) {
                f->id = license_index_string(x, name->id);
                f->plain = license_index_string(x, name->plain);
                f->flags = name->flags;
                f->end = i + name->n_words;
                return true;
        }
        if (may_be_joined(w, i))
                f->id = joined_family(w, i, &f->version, &f->end);
        return f->id != NULL;
}

bool license_mentions_name(struct license_mentions *m, struct span name, uint32_t from, uint32_t to,
                           char ret[LICENSE_ID_SIZE])
{
        struct license_walk w = { m, m->words->list, from, to, m->known, name };
        struct license_mention mention = { 0 };
        struct found f;

        while (from < to && IS_ANY(&w, from, W_the))
                from++;
        if (from == to || !find_name(&w, from, &f) || !identify(&w, &f, &mention))
                return false;
        /* "GNU General Public License v3 (GPLv3)" says it twice. */
        while (f.end < to && IS_ANY(&w, f.end, W_the, W_license, W_licenses, W_public, W_software))
                f.end++;
        if (f.end < to) {
                struct license_mention other = { 0 };
                struct found again;

                if (!find_name(&w, f.end, &again) || !identify(&w, &again, &other) ||
                    again.end != to || strncmp(other.id, mention.id, strcspn(mention.id, "-")) != 0)
                        return false;
        }
        (void) snprintf(ret, LICENSE_ID_SIZE, "%s", mention.id);
        return true;
}

int license_mentions_find(struct license_mentions *m, struct span text, uint32_t from, uint32_t to)
{
        struct license_walk w = { m, m->words->list, from, to, m->known, text };
        int r = 0;

        for (uint32_t i = from; r == 0 && i < to;) {
                struct found f;

                if (!find_name(&w, i, &f)) {
                        i++;
                        continue;
                }
                r = judge(&w, &f);
                i = MAX_OF(i + 1, f.end);
        }
        return r;
}
