/* SPDX-License-Identifier: Apache-2.0 */
#include "license/mention.h"

#include "license/told.h"
#include "license/version.h"
#include "license/with.h"

#include <stdio.h>
#include <strings.h>

#define MENTIONS_MAX 256

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
        /* LaTeX's 1.3 is the last of those that have a letter. */
        (void) snprintf(longer, sizeof(longer), "%sc", v->text);
        if (known_id(m, family, longer, "", ret))
                return true;
        /* "2.0" of what SPDX calls "2", and "Lesser GPL 2.0", which was called Library then. */
        n = strlen(v->text);
        if (n > 2 && !strcmp(v->text + n - 2, ".0")) {
                (void) snprintf(longer, sizeof(longer), "%.*s", (int) (n - 2), v->text);
                return known_id(m, family, longer, tail, ret);
        }
        return false;
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
                         !license_told_is_filler(w, i))
                        return false;
        }
        return true;
}

/* ---- Names ---- */

/* `json:"license"` of a program are two words, and no name. */
static bool is_split(const struct license_walk *w, uint32_t i, const struct license_name *name)
{
        size_t at = w->words[i].offset;

        return name->n_words == 2 && !(name->flags & LICENSE_NAME_URL) &&
               memmem(w->text.text + at, w->words[i + 1].offset - at, ":\"", 2);
}

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
                        return is_split(w, i, name) ? NULL : name;
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

/* "version 2 as published by the Free Software Foundation" */
static bool is_published(const struct license_walk *w, uint32_t i)
{
        return IS_ANY(w, i, W_as) && IS_ANY(w, i + 1, W_published);
}

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
        mention->is_bare =
                *v->text && !v->later && !v->only && !v->formal && !is_published(w, f->end);
        if (*v->text)
                return family_id(w->m, f->id, v, mention->id);
        (void) snprintf(mention->id, sizeof(mention->id), "%s", f->plain);
        mention->strength = LICENSE_MENTION_PLAIN;
        return *f->plain;
}

/* Goes over "or", "and", "or (at your option) version", "or v": where the other version begins. */
static uint32_t skip_to_other(const struct license_walk *w, uint32_t at)
{
        if (!IS_ANY(w, at, W_or, W_and))
                return 0;
        at++;
        if (IS_ANY(w, at, W_at) && IS_ANY(w, at + 1, W_your) && IS_ANY(w, at + 2, W_option))
                at += 3;
        while (IS_ANY(w, at, W_the, W_version, W_v))
                at++;
        return at;
}

/* "GPL version 2 or 3", "v2 or v3": the other version, which one may choose. */
static int add_other_version(struct license_walk *w, struct found *f,
                             struct license_mention mention)
{
        struct license_version v = { 0 };
        uint32_t at = f->end, n;

        if (!(f->flags & LICENSE_NAME_FAMILY) || !*f->version.text || f->version.later)
                return 0;
        at = skip_to_other(w, license_version_skip_date(w, at));
        n = at ? license_version_number(w, at, &v) : 0;
        if (!n || !family_id(w->m, f->id, &v, mention.id))
                return 0;
        at = license_version_later(w, at + n, &v);
        if (!family_id(w->m, f->id, &v, mention.id))
                return 0;
        mention.start = f->end;
        mention.end = f->end = license_version_skip_date(w, at);
        mention.is_choice = true;
        return add(w, &mention);
}

/* An identifier of capitals ("DOC") is meant where it is written so. */
static bool is_case_wrong(const struct license_walk *w, const struct found *f)
{
        struct span s = license_walk_text(w, f->start);

        if (!(f->flags & LICENSE_NAME_CASED))
                return false;
        return s.length != strlen(f->id) || memcmp(s.text, f->id, s.length) != 0;
}

/* Does what stands around a name say that it holds? */
static bool is_told(const struct license_walk *w, const struct found *f,
                    struct license_mention *mention)
{
        bool weak = f->flags & LICENSE_NAME_WEAK;

        if (f->flags & LICENSE_NAME_VALUE)
                return license_told_as_value(w, f->start, f->end);
        return is_chained(w, f->start, &mention->is_choice) ||
               license_told_before(w, f->start, weak) || license_told_behind(w, f->end) ||
               license_told_in_banner(w, f->start, f->end);
}

/* Judges one name at its place, and adds it where it holds: 1, 0 where it does not, or -ENOMEM. */
static int judge(struct license_walk *w, struct found *f)
{
        struct license_mention mention = { 0 };
        int r;

        if (license_told_as_kind(w, f->end) || is_case_wrong(w, f) || !identify(w, f, &mention))
                return 0;
        mention.start = f->start;
        mention.end = f->end;
        mention.is_choice = license_told_as_choice(w, f->start);
        /* "the full text is in /usr/share/common-licenses/GPL-2" */
        if (IS_ANY(w, f->start - 1, W_licenses) && IS_ANY(w, f->start - 2, W_common)) {
                mention.strength = LICENSE_MENTION_ELSEWHERE;
                r = add(w, &mention);
                return r < 0 ? r : 1;
        }
        if (mention.strength == LICENSE_MENTION_ADDRESS || is_told(w, f, &mention)) {
                f->end = mention.end = license_with_read(w, f->end, mention.id);
                r = add(w, &mention);
                if (r == 0)
                        r = add_other_version(w, f, mention);
                return r < 0 ? r : 1;
        }
        if (f->flags & (LICENSE_NAME_WEAK | LICENSE_NAME_VALUE) ||
            mention.strength == LICENSE_MENTION_PLAIN || !license_told_alone(w, f->start, f->end))
                return 0;
        mention.strength = LICENSE_MENTION_TITLE;
        r = add(w, &mention);
        return r < 0 ? r : 1;
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
                /* "GPL+", as Fedora has it: any version. */
                if (!number.length && later && k != 1 && strstr(families[k], "GPL"))
                        number = k == 0 ? (struct span){ "2", 1 } : (struct span){ "1", 1 };
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

/* "the GNU General Public License, version 3 ("GPLv3")": the short name says what the long one did.
 */
static bool is_restated(const struct license_walk *w, const struct found *before,
                        const struct found *f)
{
        size_t at = w->words[f->start].offset, n = 0;

        if (!before->id || f->start > before->end + 2 || f->start < before->end ||
            strcmp(before->id, f->id) != 0)
                return false;
        while (n < at && n < 6 && !memchr("(\n", w->text.text[at - n - 1], 2))
                n++;
        return n < at && w->text.text[at - n - 1] == '(';
}

int license_mentions_find(struct license_mentions *m, struct span text, uint32_t from, uint32_t to)
{
        struct license_walk w = { m, m->words->list, from, to, m->known, text };
        struct found before = { 0 };
        int r = 0;

        for (uint32_t i = from; r >= 0 && i < to;) {
                struct found f;

                if (!find_name(&w, i, &f)) {
                        i++;
                        continue;
                }
                if (!is_restated(&w, &before, &f)) {
                        r = judge(&w, &f);
                        before = r == 0 ? f : (struct found){ 0 };
                }
                i = MAX_OF(i + 1, f.end);
        }
        return MIN_OF(r, 0);
}
