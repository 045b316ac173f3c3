/* SPDX-License-Identifier: Apache-2.0 */
#include "license/words.h"

#include <strings.h>

#define TAG_MAX       300 /* bytes of an HTML tag */
#define COPYRIGHT_MAX 160 /* bytes of a copyright line that are left out at most */

/* Words that SPDX's guidelines, or everyday spelling, take for one. */
static const char *const spellings[][2] = {
        { "acknowledgement", "acknowledgment" },
        { "acknowledgements", "acknowledgments" },
        { "analogue", "analog" },
        { "analyse", "analyze" },
        { "artefact", "artifact" },
        { "artefacts", "artifacts" },
        { "authorisation", "authorization" },
        { "authorised", "authorized" },
        { "calibre", "caliber" },
        { "cancelled", "canceled" },
        { "catalogue", "catalog" },
        { "centre", "center" },
        { "emphasised", "emphasized" },
        { "favour", "favor" },
        { "favourite", "favorite" },
        { "fulfil", "fulfill" },
        { "fulfilment", "fulfillment" },
        { "https", "http" },
        { "initialise", "initialize" },
        { "judgement", "judgment" },
        { "labelling", "labeling" },
        { "labour", "labor" },
        { "licence", "license" },
        { "licences", "licenses" },
        { "licenced", "licensed" },
        { "maximise", "maximize" },
        { "modelled", "modeled" },
        { "modelling", "modeling" },
        { "offence", "offense" },
        { "optimise", "optimize" },
        { "organisation", "organization" },
        { "organisations", "organizations" },
        { "organise", "organize" },
        { "practise", "practice" },
        { "programme", "program" },
        { "realise", "realize" },
        { "recognise", "recognize" },
        { "signalling", "signaling" },
        { "sublicence", "sublicense" },
        { "utilisation", "utilization" },
        { "whilst", "while" },
        { "wilful", "willful" },
        { "wilfull", "willful" },
};

/* Whoever gives a licence is one word: "the copyright holders and contributors", "the author". */
static const char *const holders[] = { "author",    "authors",    "contributor", "contributors",
                                       "holder",    "holders",    "owner",       "owners",
                                       "developer", "developers", "regents" };

/* What stands behind "copyright" where that is a word of a sentence. */
static const char *const copyright_nouns[] = {
        "notice",     "notices",     "holder",     "holders",  "owner",      "owners",    "law",
        "laws",       "license",     "licence",    "act",      "interest",   "right",     "rights",
        "and",        "or",          "in",         "of",       "is",         "the",       "to",
        "disclaimer", "statement",   "protection", "material", "as",         "for",       "on",
        "treaties",   "information", "file",       "patent",   "permission", "ownership", "work",
        "works",      "message",     "messages",   "line",     "attribution"
};

enum byte { OTHER, LETTER, NEWLINE, TAG, ESCAPE, HIGH, ENTITY, BRACKET };

static const unsigned char classes[256] = {
        ['0' ... '9'] = LETTER,
        ['a' ... 'z'] = LETTER,
        ['A' ... 'Z'] = LETTER,
        ['\n'] = NEWLINE,
        ['<'] = TAG,
        ['\\'] = ESCAPE,
        [0x80 ... 0xff] = HIGH,
        ['&'] = ENTITY,
        [']'] = BRACKET,
};

static unsigned char lower(unsigned char c)
{
        return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

#define HASH_START      2166136261u
#define HASH_STEP(h, c) (((h) ^ (c)) * 16777619u)

static uint32_t finish(uint32_t h)
{
        h ^= h >> 15;
        h *= 0x2c1b3c6du;
        return h ^ h >> 13;
}

/* The other spelling of a word that has one. */
static uint32_t respell(const struct license_words *w, uint32_t hash)
{
        for (size_t i = hash % LICENSE_SPELLINGS; w->spellings[i].hash;
             i = (i + 1) % LICENSE_SPELLINGS)
                if (w->spellings[i].hash == hash)
                        return w->spellings[i].instead;
        return hash;
}

static uint32_t plain_hash(const char *word, size_t length)
{
        uint32_t h = HASH_START;

        for (size_t i = 0; i < length; i++)
                h = HASH_STEP(h, lower((unsigned char) word[i]));
        return finish(h);
}

static void add_spelling(struct license_words *w, const char *word, uint32_t instead)
{
        uint32_t hash = plain_hash(word, strlen(word));
        size_t at = hash % LICENSE_SPELLINGS;

        while (w->spellings[at].hash)
                at = (at + 1) % LICENSE_SPELLINGS;
        w->spellings[at].hash = hash;
        w->spellings[at].instead = instead;
}

void license_words_init(struct license_words *w)
{
        *w = (struct license_words){ .the = plain_hash("the", 3),
                                     .and = plain_hash("and", 3),
                                     .or = plain_hash("or", 2),
                                     .copyright = plain_hash("copyright", 9),
                                     .holder = plain_hash("holder", 6) };
        for (size_t i = 0; i < ARRAY_SIZE(spellings); i++)
                add_spelling(w, spellings[i][0],
                             plain_hash(spellings[i][1], strlen(spellings[i][1])));
        for (size_t i = 0; i < ARRAY_SIZE(holders); i++)
                add_spelling(w, holders[i], w->holder);
}

void license_words_done(struct license_words *w)
{
        free(w->list);
        *w = (struct license_words){ 0 };
}

uint32_t license_word_hash(const struct license_words *w, const char *word, size_t length)
{
        return respell(w, plain_hash(word, length));
}

/* The reader's place in a text. */
struct reader {
        struct license_words *words;
        const unsigned char *text;
        size_t at, end;
        bool line_start; /* nothing but signs since the line began */
};

static unsigned char byte_at(const struct reader *r, size_t at)
{
        return at < r->end ? r->text[at] : '\0';
}

static bool is_letter(unsigned char c)
{
        return classes[c] == LETTER;
}

static bool is_digit(unsigned char c)
{
        return c >= '0' && c <= '9';
}

static bool is_space(unsigned char c)
{
        return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

/* An HTML tag, a placeholder or an address in angle brackets: how many bytes, or 0. */
static size_t tag_length(const struct reader *r)
{
        size_t last = MIN_OF(r->end, r->at + TAG_MAX);
        unsigned char first = byte_at(r, r->at + 1);

        if (!is_letter(first) && first != '/' && first != '!')
                return 0;
        /* A comment is what a person wrote. */
        if (first == '!' && byte_at(r, r->at + 2) == '-')
                return MIN_OF((size_t) 4, r->end - r->at);
        for (size_t i = r->at + 1; i < last; i++) {
                if (r->text[i] == '>')
                        return i + 1 - r->at;
                if (r->text[i] == '<' || (r->text[i] == '\n' && byte_at(r, i + 1) == '\n'))
                        return 0;
        }
        return 0;
}

/* "L<Artistic License|http://…>" of Perl's documentation: what the brackets hold is text. */
static bool is_pod(const struct reader *r, size_t letter)
{
        unsigned char c = byte_at(r, letter), before = letter ? r->text[letter - 1] : ' ';

        return c >= 'A' && c <= 'Z' && byte_at(r, letter + 1) == '<' && !is_letter(before);
}

/* "\\fB", "\\s-1" and "\\s0" of manual pages: how many bytes, or 0. */
static size_t roff_length(const struct reader *r)
{
        unsigned char c = byte_at(r, r->at + 1), next = byte_at(r, r->at + 2);
        size_t n = 2;

        if (c == 'f' && next && strchr("BIRP", next) && !is_digit(byte_at(r, r->at + 3)))
                return 3;
        if (c != 's')
                return 0;
        n += next == '-' || next == '+';
        return is_digit(byte_at(r, r->at + n)) ? n + 1 : 0;
}

/* ".B" and ".BR" at the head of a line of a manual page: how many bytes, or 0. */
static size_t macro_length(const struct reader *r)
{
        size_t n = 1;

        if (r->text[r->at] != '.' || (r->at && r->text[r->at - 1] != '\n'))
                return 0;
        while (n < 3 && byte_at(r, r->at + n) >= 'A' && byte_at(r, r->at + n) <= 'Z')
                n++;
        return n > 1 && byte_at(r, r->at + n) == ' ' ? n : 0;
}

/* "\\n" and the like in strings, and roff's: how many bytes, or 0. */
static size_t escape_length(const struct reader *r)
{
        unsigned char c = byte_at(r, r->at + 1);

        return c && strchr("ntr", c) ? 2 : roff_length(r);
}

/* The address of a licence is read, also where it is a link's. */
static bool is_license_link(const struct reader *r, size_t length)
{
        static const char *const marks[] = { "/licenses/", "/publicdomain/", "/license/",
                                             "/unlicense", "/MPL/" };

        for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
                if (memmem(r->text + r->at, length, marks[i], strlen(marks[i])))
                        return true;
        return false;
}

/* "&quot;", "&#8220;": how many bytes, or 0. */
static size_t entity_length(const struct reader *r)
{
        size_t i = r->at + 1;

        if (byte_at(r, i) == '#')
                i++;
        while (i < r->at + 10 && is_letter(byte_at(r, i)))
                i++;
        return byte_at(r, i) == ';' && i > r->at + 2 ? i + 1 - r->at : 0;
}

/* "](https://…)" of a Markdown link: how many bytes, or 0. */
static size_t link_length(const struct reader *r)
{
        size_t last = MIN_OF(r->end, r->at + TAG_MAX);

        if (byte_at(r, r->at + 1) != '(')
                return 0;
        for (size_t i = r->at + 2; i < last && !is_space(r->text[i]); i++)
                if (r->text[i] == ')')
                        return i + 1 - r->at;
        return 0;
}

/*
 * A byte that is not ASCII. Accents are left out of their word, so that UTF-8 and Latin-1 give the
 * same; signs end it; of scripts without blanks each character is a word.
 */
static size_t high_length(const struct reader *r, bool *ret_sign, bool *ret_word)
{
        unsigned char c = r->text[r->at], next = byte_at(r, r->at + 1);

        *ret_sign = *ret_word = false;
        if (next < 0x80 || next >= 0xc0)
                return 1;
        if (c == 0xc2 || (c == 0xe2 && r->at + 2 < r->end) || (c == 0xe3 && next == 0x80) ||
            c == 0xef)
                *ret_sign = true;
        else if (c >= 0xe3 && c <= 0xed && r->at + 2 < r->end)
                *ret_word = true;
        return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

static bool is_one_of(const char *word, size_t length, const char *const *list, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (strlen(list[i]) == length && !strncasecmp(word, list[i], length))
                        return true;
        return false;
}

static bool has_word(const struct reader *r, size_t at, const char *word)
{
        size_t n = strlen(word);

        return at + n <= r->end && !strncasecmp((const char *) r->text + at, word, n);
}

/* Does "copyright" at this place begin a statement of whose it is, not a sentence? */
static bool begins_statement(const struct reader *r, size_t at)
{
        size_t n = 0;
        unsigned char c;

        while (at < r->end && (r->text[at] == ' ' || r->text[at] == '\t' || r->text[at] == ':'))
                at++;
        c = byte_at(r, at);
        if (c == '(' && lower(byte_at(r, at + 1)) == 'c' && byte_at(r, at + 2) == ')')
                return true;
        if (is_digit(c) || c == '<' || c == '[' || c == '{' || c == 0xc2 || c == 0xa9 || c == '&')
                return true;
        while (is_letter(byte_at(r, at + n)))
                n++;
        if (is_one_of((const char *) r->text + at, n, copyright_nouns, ARRAY_SIZE(copyright_nouns)))
                return false;
        return n > 0 && (c < 'a' || has_word(r, at, "by "));
}

/* Does another sentence begin here that says something of the licence? */
static bool ends_statement(const struct reader *r, size_t at)
{
        static const char *const heads[] = { ". Licensed ",   ". Distributed ",    ". Released ",
                                             ". Permission ", ". Redistribution ", ". Use of ",
                                             ". This " };

        if (r->text[at] != '.' || byte_at(r, at + 1) != ' ')
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
                if (has_word(r, at, heads[i]))
                        return true;
        return false;
}

/* A copyright line, or "All rights reserved": how many bytes to leave out, or 0. */
static size_t statement_length(const struct reader *r)
{
        size_t i = r->at, last = MIN_OF(r->end, r->at + COPYRIGHT_MAX);

        if (has_word(r, i, "all rights reserved"))
                return strlen("all rights reserved");
        if (has_word(r, i, "portions copyright"))
                i += strlen("portions ");
        if (has_word(r, i, "c) ") && i > 0 && r->text[i - 1] == '(') {
                if (!is_digit(byte_at(r, i + 3)) && !has_word(r, i + 3, "copyright"))
                        return 0;
        } else if (!has_word(r, i, "copyright") || is_letter(byte_at(r, i + strlen("copyright"))) ||
                   !begins_statement(r, i + strlen("copyright")))
                return 0;
        while (i < last && r->text[i] != '\n' && !ends_statement(r, i))
                i++;
        /* A line that holds the whole text: only its first sentence. */
        if (i == last && i < r->end)
                for (i = r->at; i < last && r->text[i] != '.'; i++)
                        ;
        return i - r->at;
}

/* "(a)" anywhere, "1." or "b)" at the head of a line: bytes of the word to leave out, or 0. */
static size_t enumerator_length(const struct reader *r, size_t length)
{
        unsigned char after = byte_at(r, r->at + length);
        unsigned char before = r->at ? r->text[r->at - 1] : '\0';
        bool roman = true;

        if (length > 4)
                return 0;
        for (size_t i = 0; i < length; i++)
                roman &= strchr("ivxIVX", r->text[r->at + i]) != NULL;
        if (length > 1 && !roman && !is_digit(r->text[r->at]))
                return 0;
        if (before == '(' && after == ')')
                return length;
        if (r->line_start && (after == '.' || after == ')') &&
            is_space(byte_at(r, r->at + length + 1)))
                return length;
        return 0;
}

/* Takes back the words that lead to a holder: "the copyright", and "HOLDER and". */
static size_t unread_holder(struct license_words *w, size_t offset)
{
        while (w->n) {
                uint32_t last = w->list[w->n - 1].hash;
                bool joins = (last == w->and || last == w->or) && w->n > 1 &&
                             w->list[w->n - 2].hash == w->holder;

                if (last != w->the && last != w->copyright && last != w->holder && !joins)
                        break;
                offset = w->list[--w->n].offset;
        }
        return offset;
}

static int add_word(struct reader *r, uint32_t hash, size_t offset)
{
        struct license_words *w = r->words;

        hash = respell(w, finish(hash));
        if (hash == w->holder)
                offset = unread_holder(w, offset);
        if (w->n == w->size && array_grow(&w->list, &w->size, w->n + 1, sizeof(*w->list)) < 0)
                return -ENOMEM;
        w->list[w->n++] = (struct license_word){ hash, (uint32_t) offset };
        return 0;
}

/* Reads the word that begins here, with the marks above letters that are not ASCII left out. */
static int read_word(struct reader *r)
{
        uint32_t h = HASH_START;
        size_t start = r->at, at = r->at, n;
        bool sign, word;

        while (at < r->end) {
                unsigned char c = r->text[at];

                if (is_letter(c) || (c == '+' && at > start)) {
                        h = HASH_STEP(h, lower(c));
                        at++;
                        continue;
                }
                if (classes[c] != HIGH)
                        break;
                r->at = at;
                n = high_length(r, &sign, &word);
                if (sign || word)
                        break;
                at = MIN_OF(at + n, r->end);
        }
        r->at = start;
        n = enumerator_length(r, at - start);
        if (!n && r->line_start && at - start == 3 &&
            (has_word(r, start, "rem ") || has_word(r, start, "dnl ")))
                n = 3;
        if (at - start == 1 && is_pod(r, start))
                n = 1;
        r->at = at;
        r->line_start = false;
        return n ? 0 : add_word(r, h, start);
}

static int read_high(struct reader *r)
{
        bool sign, word;
        size_t n = high_length(r, &sign, &word);
        uint32_t h = HASH_START;
        int result = 0;

        if (word) {
                for (size_t i = 0; i < n; i++)
                        h = HASH_STEP(h, r->text[r->at + i]);
                result = add_word(r, h, r->at);
        }
        r->at = MIN_OF(r->at + n, r->end);
        return result;
}

int license_words_read(struct license_words *w, struct span text, size_t start, size_t end)
{
        struct reader r = { .words = w,
                            .text = (const unsigned char *) text.text,
                            .at = start,
                            .end = MIN_OF(end, text.length),
                            .line_start = true };
        int result = 0;
        size_t n = 0;

        while (result == 0 && r.at < r.end) {
                switch (classes[r.text[r.at]]) {
                case LETTER:
                        n = r.line_start ? statement_length(&r) : 0;
                        if (n)
                                r.at += n;
                        else
                                result = read_word(&r);
                        continue;
                case NEWLINE:
                        r.line_start = true;
                        n = 0;
                        break;
                case TAG:
                        n = r.at > start && is_pod(&r, r.at - 1) ? 0 : tag_length(&r);
                        n = is_license_link(&r, n) ? 0 : n;
                        break;
                case ESCAPE:
                        n = escape_length(&r);
                        break;
                case ENTITY:
                        n = entity_length(&r);
                        break;
                case BRACKET:
                        n = link_length(&r);
                        n = is_license_link(&r, n) ? 0 : n;
                        break;
                case HIGH:
                        result = read_high(&r);
                        continue;
                default:
                        n = r.line_start ? macro_length(&r) : 0;
                        break;
                }
                r.at += n ? n : 1;
        }
        return result;
}

size_t license_word_length(struct span text, size_t offset)
{
        size_t at = offset;

        while (at < text.length &&
               (is_letter((unsigned char) text.text[at]) || (text.text[at] == '+' && at > offset)))
                at++;
        return at - offset;
}
