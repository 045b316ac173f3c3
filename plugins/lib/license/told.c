/* SPDX-License-Identifier: Apache-2.0 */
#include "license/told.h"

#include "license/version.h"

#define LEAD_MAX  14  /* words before a name in which a licence is told */
#define LEAD_WEAK 6   /* the same, before an everyday word */
#define LINE_MAX_ 256 /* bytes of a line that are looked at */

bool license_told_is_filler(const struct license_walk *w, uint32_t i)
{
        return IS_ANY(w, i, W_the, W_a, W_an, W_terms, W_term, W_conditions, W_of, W_either, W_both,
                      W_version, W_your, W_choice, W_following, W_s, W_same, W_standard, W_open,
                      W_source, W_free, W_permissive, W_as, W_or, W_and, W_one, W_two, W_three, W_1,
                      W_2, W_3, W_gnu, W_this, W_its, W_their, W_all, W_new, W_simplified,
                      W_revised, W_modified, W_name, W_url, W_available, W_dual, W_osi, W_approved,
                      W_expression, W_type, W_dually, W_below, W_provisions) ||
               license_version_is_number(license_walk_text(w, i));
}

/* "not under", "was under", "won't release under" before words[i], in the same paragraph. */
static bool is_denied(const struct license_walk *w, uint32_t i)
{
        size_t at = w->words[i].offset;

        for (uint32_t k = 1; k <= 4 && i >= w->from + k; k++) {
                size_t offset = w->words[i - k].offset;

                if (memmem(w->text.text + offset, at - offset, "\n\n", 2))
                        return false;
                if (IS_ANY(w, i - k, W_not, W_compatible, W_incompatible, W_unlike, W_neither,
                           W_was, W_were, W_t, W_never))
                        return true;
                if (IS_ANY(w, i - k, W_without) && !IS_ANY(w, i - k + 1, W_warranty))
                        return true;
        }
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

/* "under both the BSD license (found in the LICENSE file) and the GPLv2": far, but one sentence. */
static bool is_second_of_both(const struct license_walk *w, uint32_t start)
{
        enum { FURTHEST = 32 };
        uint32_t i = start;
        size_t at = w->words[start].offset, from;

        while (i > w->from && IS_ANY(w, i - 1, W_the, W_a))
                i--;
        if (i == w->from || !IS_ANY(w, i - 1, W_and, W_or))
                return false;
        for (uint32_t n = 0; i > w->from + 1 && n < FURTHEST; i--, n++) {
                bool leads = IS_ANY(w, i - 2, W_under, W_with) ||
                             (IS_ANY(w, i - 2, W_of) && IS_ANY(w, i - 3, W_terms));

                if (!leads || !IS_ANY(w, i - 1, W_both, W_either))
                        continue;
                from = w->words[i - 1].offset;
                return !memmem(w->text.text + from, at - from, ". ", 2) && !is_denied(w, i - 2);
        }
        return false;
}

bool license_told_as_choice(const struct license_walk *w, uint32_t start)
{
        uint32_t i = start;

        for (uint32_t n = 1; n <= 16 && start >= w->from + n; n++)
                if (IS_ANY(w, start - n, W_alternatively))
                        return true;
        while (i > w->from && IS_ANY(w, i - 1, W_the, W_a))
                i--;
        return i > w->from && IS_ANY(w, i - 1, W_or) && is_second_of_both(w, start);
}

/* Where the line of an offset begins; a longer one is cut. */
static size_t line_start(struct span text, size_t at)
{
        size_t before = MIN_OF(at, (size_t) LINE_MAX_);
        const char *newline = memrchr(text.text + at - before, '\n', before);

        return newline ? (size_t) (newline - text.text) + 1 : at - before;
}

/* "License (library): NAME": the line begins with the word, and a colon stands before the name. */
static bool is_labelled(const struct license_walk *w, uint32_t start)
{
        size_t at = w->words[start].offset, line = line_start(w->text, at);
        uint32_t i = start;

        while (at > line && (w->text.text[at - 1] == ' ' || w->text.text[at - 1] == '\t'))
                at--;
        if (at == line || w->text.text[at - 1] != ':')
                return false;
        while (i > w->from && w->words[i - 1].offset >= line && start - i < 8)
                i--;
        return i < start && IS_ANY(w, i, W_license, W_licenses);
}

enum lead { LEAD_ENDS, LEAD_GOES_ON, LEAD_DENIES, LEAD_TELLS };

static enum lead lead_if(bool tells)
{
        return tells ? LEAD_TELLS : LEAD_DENIES;
}

/* What the word before words[i] says of the name that follows; `is_next`: nothing is between. */
static enum lead lead_at(const struct license_walk *w, uint32_t i, bool is_next)
{
        if (IS_ANY(w, i - 1, W_under, W_licensed, W_licensing))
                return lead_if(!is_denied(w, i - 1));
        if (IS_ANY(w, i - 1, W_to) && i > w->from + 1)
                return lead_if(IS_ANY(w, i - 2, W_subject, W_according, W_pursuant));
        if (IS_ANY(w, i - 1, W_by) && i > w->from + 1)
                return lead_if(IS_ANY(w, i - 2, W_governed, W_covered, W_licensed, W_authorized));
        if (IS_ANY(w, i - 1, W_with) && i > w->from + 1)
                return lead_if(IS_ANY(w, i - 2, W_accordance, W_licensed, W_comply));
        if (IS_ANY(w, i - 1, W_is, W_are) && i > w->from + 1)
                return lead_if(IS_ANY(w, i - 2, W_license, W_licenses, W_software));
        if (IS_ANY(w, i - 1, W_license, W_licenses)) {
                /* "License: X" and "license (X)"; in "the license X of" it is a filler. */
                if (is_next || !IS_ANY(w, i, W_the, W_a, W_of, W_and, W_or))
                        return lead_if(!is_denied(w, i - 1));
                return LEAD_GOES_ON;
        }
        return license_told_is_filler(w, i - 1) ? LEAD_GOES_ON : LEAD_ENDS;
}

bool license_told_before(const struct license_walk *w, uint32_t start, bool weak)
{
        uint32_t most = weak ? LEAD_WEAK : LEAD_MAX;
        enum lead lead = LEAD_GOES_ON;

        for (uint32_t n = 0; lead == LEAD_GOES_ON && start > w->from + n && n < most; n++)
                lead = lead_at(w, start - n, n == 0);
        if (lead == LEAD_TELLS || is_labelled(w, start))
                return true;
        return lead != LEAD_DENIES && !weak && (is_joined(w, start) || is_second_of_both(w, start));
}

bool license_told_behind(const struct license_walk *w, uint32_t end)
{
        return IS_ANY(w, end, W_licensed);
}

bool license_told_as_value(const struct license_walk *w, uint32_t start, uint32_t end)
{
        size_t last = w->words[end - 1].offset;

        if (start == w->from || !IS_ANY(w, start - 1, W_license, W_licenses))
                return false;
        last += license_word_length(w->text, last);
        while (last < w->text.length && strchr(" \t\"'`)*/,;.}]\r", w->text.text[last]))
                last++;
        return last == w->text.length || w->text.text[last] == '\n';
}

bool license_told_in_banner(const struct license_walk *w, uint32_t start, uint32_t end)
{
        struct span text = w->text;
        size_t at = w->words[start].offset, line = line_start(text, at), last;

        while (at > line && text.text[at - 1] == ' ')
                at--;
        if (at == line || text.text[at - 1] != '|')
                return false;
        while (line < at && (text.text[line] == ' ' || text.text[line] == '\t'))
                line++;
        if (text.text[line] != '/' && text.text[line] != '*')
                return false;
        while (IS_ANY(w, end, W_license, W_licenses, W_licensed))
                end++;
        last = w->words[end - 1].offset + license_word_length(text, w->words[end - 1].offset);
        while (last < text.length && text.text[last] == ' ')
                last++;
        return last == text.length || memchr("|*\r\n", text.text[last], 4);
}

bool license_told_alone(const struct license_walk *w, uint32_t start, uint32_t end)
{
        struct span text = w->text;
        size_t at = w->words[start].offset, last;

        if (start > w->from && IS_ANY(w, start - 1, W_the))
                at = w->words[start - 1].offset;
        for (const char *p = text.text + line_start(text, at); p < text.text + at; p++)
                if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z'))
                        return false;
        while (IS_ANY(w, end, W_license)) /* "GPL v2 License" */
                end++;
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

bool license_told_as_kind(const struct license_walk *w, uint32_t end)
{
        if (IS_ANY(w, end, W_type, W_compatible))
                return true;
        if (!IS_ANY(w, end, W_style, W_like))
                return false;
        for (uint32_t i = end + 1; i < end + 8; i++)
                if (IS_ANY(w, i, W_found) && IS_ANY(w, i + 1, W_in))
                        return !IS_ANY(w, end + 1, W_license);
        return true;
}
