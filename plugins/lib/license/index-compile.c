/* SPDX-License-Identifier: Apache-2.0 */

/*
 * usage: license-index SPDX-FULL.json spdx.txt names.txt extra.txt OUTPUT
 *
 * Makes the index that license/index.h describes: the texts of npm's spdx-license-list, the
 * identifiers with what replaced old ones, the names of licences, and texts of our own. Runs when
 * linhay is built.
 */

#include "license/index.h"

#include <ctype.h>
#include <err.h>
#include <jansson.h>
#include <stdio.h>
#include <strings.h>

struct text {
        char *id;
        uint32_t first, n, core_start, core_end, n_seeds;
        enum license_kind kind;
        bool is_common;
};

struct id {
        char *id, *instead;
        uint32_t flags;
};

struct name {
        uint32_t hash, first, n, flags;
        char *id, *plain;
};

struct seed {
        uint32_t seed;
        struct license_posting at;
};

static struct {
        struct license_words reader;
        uint32_t *words;
        struct text *texts;
        struct id *ids;
        struct name *names;
        struct seed *seeds;
        char *strings;
        char **kept; /* all copies of texts */
        size_t n_words, words_size, n_texts, texts_size, n_ids, ids_size, n_names, names_size;
        size_t n_seeds, seeds_size, n_strings, strings_size, n_kept, kept_size;
} b;

#define PUSH(list, value)                                                                          \
        do {                                                                                       \
                if (array_grow(&b.list, &b.list##_size, b.n_##list + 1, sizeof(*b.list)) < 0)      \
                        err(1, "out of memory");                                                   \
                b.list[b.n_##list++] = (value);                                                    \
        } while (0)

static char *copy(const char *text, size_t length)
{
        char *s = strndup(text, length);

        if (!s)
                err(1, "out of memory");
        PUSH(kept, s);
        return s;
}

static uint32_t string(const char *s)
{
        uint32_t at = (uint32_t) b.n_strings;

        do
                PUSH(strings, *s);
        while (*s++);
        return at;
}

/* Appends the words of a text to the common row: how many. */
static uint32_t add_words(const char *text, size_t length)
{
        b.reader.n = 0;
        if (license_words_read(&b.reader, (struct span){ text, length }, 0, length) < 0)
                err(1, "out of memory");
        for (size_t i = 0; i < b.reader.n; i++)
                PUSH(words, b.reader.list[i].hash);
        return (uint32_t) b.reader.n;
}

/* ---- Identifiers ---- */

static struct id *find_id(const char *id)
{
        for (size_t i = 0; i < b.n_ids; i++)
                if (!strcasecmp(b.ids[i].id, id))
                        return &b.ids[i];
        return NULL;
}

/* Lines "ID" and "OLD = EXPRESSION"; exceptions stand behind a line "exceptions". */
static void read_ids(FILE *f)
{
        char line[512];
        bool exceptions = false;

        while (fgets(line, sizeof(line), f)) {
                char *instead = strstr(line, " = ");
                struct id id = { 0 };

                line[strcspn(line, "\r\n")] = '\0';
                if (!*line || *line == '#')
                        continue;
                if (!strcmp(line, "exceptions")) {
                        exceptions = true;
                        continue;
                }
                if (instead) {
                        *instead = '\0';
                        id.instead = copy(instead + 3, strlen(instead + 3));
                        id.flags = LICENSE_ID_DEPRECATED;
                }
                id.id = copy(line, strlen(line));
                id.flags |= exceptions ? LICENSE_ID_EXCEPTION : 0;
                PUSH(ids, id);
        }
}

static int compare_ids(const void *a, const void *c)
{
        const struct id *x = a, *y = c;
        int r = strcasecmp(x->id, y->id);

        return r ? r : (int) x->flags - (int) y->flags;
}

/* ---- Texts ---- */

static bool same_words(const struct text *x, const struct text *y)
{
        return x->n == y->n && !memcmp(b.words + x->first, b.words + y->first, x->n * 4);
}

/* Of licences that have one text: -only before -or-later, and the plain name before others. */
static bool is_better(const char *id, const char *than)
{
        bool only = strstr(id, "-only") != NULL, other = strstr(than, "-only") != NULL;

        if (only != other)
                return only;
        return strlen(id) < strlen(than);
}

/* Where a phrase stands in a text's words, from one on: its index, or -1. */
static int64_t find_phrase(const struct text *t, const char *phrase, uint32_t from, size_t *ret_n)
{
        size_t first = b.n_words, n = add_words(phrase, strlen(phrase));

        b.n_words = first;
        *ret_n = n;
        for (size_t i = from; n && i + n <= t->n; i++)
                if (!memcmp(b.words + t->first + i, b.words + first, n * 4))
                        return (int64_t) i;
        return -1;
}

/* What stands before and behind the licence itself, and is often left out. */
static void find_core(struct text *t)
{
        static const char *const starts[] = {
                "TERMS AND CONDITIONS FOR COPYING, DISTRIBUTION AND MODIFICATION",
                "TERMS AND CONDITIONS 0 Definitions",
                "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION",
                "By exercising the Licensed Rights",
                "THE WORK (AS DEFINED BELOW) IS PROVIDED UNDER THE TERMS",
                "Statement of Purpose The laws of most jurisdictions",
                "Redistribution and use in source and binary forms",
                "Permission is hereby granted, free of charge, to any person",
                "Permission to use, copy, modify",
                "Permission to use, copy, and modify",
                "THE ACCOMPANYING PROGRAM IS PROVIDED UNDER THE TERMS",
        };
        static const struct {
                const char *phrase;
                bool anywhere; /* not only in the second half */
        } ends[] = {
                { "END OF TERMS AND CONDITIONS", false },
                { "APPENDIX How to apply", false },
                { "How to Apply These Terms to Your New Programs", false },
                { "How to use this License for your documents", false },
                { "Exhibit A", false },
                { "EXHIBIT A", false },
                { "Creative Commons is not a party to its", false },
                { "Creative Commons Notice", false },
                { "Appendix Attributes", false },
                { "GNU GENERAL PUBLIC LICENSE Version 3 29 June 2007 Copyright", true },
                { "GNU GENERAL PUBLIC LICENSE Version 3 29 June 2007 Everyone", true },
        };
        size_t n;

        t->core_end = t->n;
        for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
                int64_t at = find_phrase(t, starts[i], 0, &n);

                if (at > 0 && (uint64_t) at * 3 < t->n) {
                        t->core_start = (uint32_t) at;
                        break;
                }
        }
        for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
                uint32_t from = ends[i].anywhere ? t->core_start + 60 : t->n / 2;
                int64_t at = find_phrase(t, ends[i].phrase, from, &n);

                if (at > 0 && (uint64_t) at < t->core_end)
                        t->core_end = (uint32_t) at;
        }
}

static void add_text(const char *id, const char *text, enum license_kind kind, bool is_common)
{
        struct text t = { .id = copy(id, strlen(id)),
                          .first = (uint32_t) b.n_words,
                          .kind = kind,
                          .is_common = is_common };

        t.n = add_words(text, strlen(text));
        if (t.n < LICENSE_SEED || t.n > UINT16_MAX)
                errx(1, "%s: a text of %u words", id, t.n);
        for (size_t i = 0; i < b.n_texts; i++) {
                if (!same_words(&b.texts[i], &t))
                        continue;
                if (is_better(id, b.texts[i].id))
                        b.texts[i].id = t.id;
                b.texts[i].is_common |= is_common;
                b.n_words = t.first;
                return;
        }
        find_core(&t);
        PUSH(texts, t);
}

/* "insert GPL v2 license text here" stands for what everybody knows. */
static const char *skip_insertion(const char *text)
{
        while (isspace((unsigned char) *text))
                text++;
        if (!strncasecmp(text, "insert ", 7))
                text += strcspn(text, "\n");
        return text;
}

/* Old identifiers of a licence with an exception bring the exception's text. */
static void add_spdx(const char *id, const json_t *one)
{
        const char *text = json_string_value(json_object_get(one, "licenseText")), *with;
        const struct id *known = find_id(id);

        if (!text || !*text || !strcmp(id, "any-OSI"))
                return;
        if (!known) {
                struct id new = { .id = copy(id, strlen(id)) };

                PUSH(ids, new);
        } else if (known->instead) {
                with = strstr(known->instead, " WITH ");
                if (with && strstr(id, "-with-"))
                        add_text(with + 6, skip_insertion(text), LICENSE_EXCEPTION, false);
                else if (with)
                        add_text(known->instead, text, LICENSE_NOTICE, false);
                return;
        }
        add_text(id, text, LICENSE_TEXT, json_is_true(json_object_get(one, "osiApproved")));
}

/* "== KIND ID" and a text, over and over. */
static void read_extra(FILE *f)
{
        char line[4096], id[256] = "";
        enum license_kind kind = LICENSE_TEXT;
        char *text = NULL;
        size_t n = 0, size = 0;

        while (fgets(line, sizeof(line), f)) {
                if (!strncmp(line, "== ", 3)) {
                        char word[32];

                        if (n)
                                add_text(id, text, kind, false);
                        n = 0;
                        if (sscanf(line, "== %31s %255[^\n]", word, id) != 2)
                                errx(1, "extra texts: \"%s\" is no head", line);
                        kind = !strcmp(word, "exception") ? LICENSE_EXCEPTION
                               : !strcmp(word, "notice")  ? LICENSE_NOTICE
                                                          : LICENSE_TEXT;
                        continue;
                }
                if (!*id)
                        continue;
                if (array_grow(&text, &size, n + strlen(line) + 1, 1) < 0)
                        err(1, "out of memory");
                memcpy(text + n, line, strlen(line) + 1);
                n += strlen(line);
        }
        if (n)
                add_text(id, text, kind, false);
        free(text);
}

/* ---- Seeds ---- */

static void choose_seeds(struct text *t, uint16_t number)
{
        const uint32_t *words = b.words + t->first;
        uint32_t n = t->n - LICENSE_SEED + 1, last = UINT32_MAX;

        for (uint32_t i = 0; i < n; i++) {
                uint32_t best = i, least = UINT32_MAX;

                if (i + LICENSE_WINDOW > n && i > 0)
                        break;
                for (uint32_t k = i; k < n && k < i + LICENSE_WINDOW; k++) {
                        uint32_t seed = license_seed(words + k);

                        if (seed <= least) {
                                least = seed;
                                best = k;
                        }
                }
                if (best == last)
                        continue;
                last = best;
                PUSH(seeds, ((struct seed){ least, { number, (uint16_t) best } }));
        }
}

static int compare_seeds(const void *a, const void *c)
{
        const struct seed *x = a, *y = c;

        if (x->seed != y->seed)
                return x->seed < y->seed ? -1 : 1;
        if (x->at.entry != y->at.entry)
                return x->at.entry < y->at.entry ? -1 : 1;
        return (int) x->at.at - (int) y->at.at;
}

/* ---- Names ---- */

static void add_name(const char *id, const char *plain, const char *phrase, uint32_t flags)
{
        struct name name = { .id = copy(id, strlen(id)),
                             .plain = copy(plain, strlen(plain)),
                             .first = (uint32_t) b.n_words,
                             .flags = flags };

        name.n = add_words(phrase, strlen(phrase));
        if (name.n == 0)
                errx(1, "%s: \"%s\" has no words", id, phrase);
        name.hash = b.words[name.first];
        for (size_t i = 0; i < b.n_names; i++)
                if (b.names[i].n == name.n &&
                    !memcmp(b.words + b.names[i].first, b.words + name.first, name.n * 4)) {
                        b.n_words = name.first;
                        return;
                }
        PUSH(names, name);
}

/* "ID [family[=PLAIN]] [weak] [url] [value]: name | name | …" */
static void read_names(FILE *f)
{
        static const struct {
                const char *word;
                uint32_t flag;
        } flags[] = { { " family", LICENSE_NAME_FAMILY },
                      { " weak", LICENSE_NAME_WEAK },
                      { " url", LICENSE_NAME_URL },
                      { " value", LICENSE_NAME_VALUE } };
        char line[4096];

        while (fgets(line, sizeof(line), f)) {
                char *colon = strstr(line, ": "), *save = NULL, *equals;
                const char *plain = "";
                uint32_t mask = 0;

                line[strcspn(line, "\r\n")] = '\0';
                if (!*line || *line == '#')
                        continue;
                if (!colon)
                        errx(1, "names: \"%s\" has no colon", line);
                *colon = '\0';
                equals = strchr(line, '=');
                if (equals) {
                        *equals = '\0';
                        plain = equals + 1;
                }
                for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
                        char *at = strstr(line, flags[i].word);

                        if (at) {
                                mask |= flags[i].flag;
                                memmove(at, at + strlen(flags[i].word),
                                        strlen(at + strlen(flags[i].word)) + 1);
                        }
                }
                for (char *one = strtok_r(colon + 2, "|", &save); one;
                     one = strtok_r(NULL, "|", &save))
                        add_name(line, plain, one, mask);
        }
}

/* "NCSA", not "Fair": an identifier that is no everyday word. */
static bool is_capitals(const char *id)
{
        return strlen(id) > 2 && id[strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")] == '\0';
}

static size_t count_blanks(const char *s)
{
        size_t n = 0;

        for (; *s; s++)
                n += *s == ' ';
        return n;
}

/* An identifier counts where it cannot be read as something else. */
static void add_id_name(const char *id, const char *key)
{
        bool digit = strpbrk(id, "0123456789") != NULL, dash = strchr(id, '-') != NULL;
        uint32_t flags = LICENSE_NAME_CASED | LICENSE_NAME_VALUE;

        if (dash)
                flags = digit ? 0 : LICENSE_NAME_WEAK;
        else if (is_capitals(key))
                flags = LICENSE_NAME_CASED | LICENSE_NAME_WEAK;
        add_name(id, "", key, flags);
}

/* SPDX's own names, and the identifiers themselves. A name of many words is no everyday word. */
static void add_spdx_names(const json_t *list)
{
        const char *key;
        json_t *one;

        json_object_foreach ((json_t *) list, key, one) {
                const char *name = json_string_value(json_object_get(one, "name"));
                const struct id *known = find_id(key);
                const char *id = known && known->instead ? known->instead : key;
                bool plain;

                add_id_name(id, key);
                if (!name || !strchr(name, ' '))
                        continue;
                plain = strcasestr(name, "licen") || count_blanks(name) >= 3;
                add_name(id, "", name, plain ? 0 : LICENSE_NAME_WEAK);
        }
}

static int compare_names(const void *a, const void *c)
{
        const struct name *x = a, *y = c;

        if (x->hash != y->hash)
                return x->hash < y->hash ? -1 : 1;
        return (int) y->n - (int) x->n;
}

/* ---- Output ---- */

static uint32_t power_above(size_t n)
{
        uint32_t p = 16;

        while (p < n)
                p *= 2;
        return p;
}

static void put_slot(struct license_slot *slots, uint32_t n, uint32_t key, uint32_t place)
{
        uint32_t i = key & (n - 1);

        while (slots[i].place)
                i = (i + 1) & (n - 1);
        slots[i] = (struct license_slot){ key, place };
}

/* Rows of equal keys become one slot each. Postings begin at 1, so that no place is 0. */
static struct license_slot *make_slots(uint32_t *ret_n, struct license_posting **ret_postings,
                                       uint32_t *ret_n_postings)
{
        uint32_t n = power_above(b.n_seeds * 3 / 2), n_postings = 1;
        struct license_slot *slots = calloc(n, sizeof(*slots));
        struct license_posting *postings = calloc(b.n_seeds + 1, sizeof(*postings));

        if (!slots || !postings)
                err(1, "out of memory");
        for (size_t i = 0, end; i < b.n_seeds; i = end) {
                for (end = i; end < b.n_seeds && b.seeds[end].seed == b.seeds[i].seed; end++)
                        ;
                if (end - i > LICENSE_COMMON)
                        continue;
                put_slot(slots, n, b.seeds[i].seed, n_postings << 8 | (uint32_t) (end - i));
                for (size_t k = i; k < end; k++) {
                        postings[n_postings++] = b.seeds[k].at;
                        b.texts[b.seeds[k].at.entry].n_seeds++;
                }
        }
        *ret_n = n;
        *ret_postings = postings;
        *ret_n_postings = n_postings;
        return slots;
}

static FILE *output;
static uint32_t written;

static uint32_t put(const void *data, size_t n, size_t size)
{
        uint32_t at = written;
        static const char zeros[8];
        size_t pad;

        if (n && fwrite(data, size, n, output) != n)
                err(1, "cannot write the index");
        written += (uint32_t) (n * size);
        pad = -written & 3;
        if (pad && fwrite(zeros, 1, pad, output) != pad)
                err(1, "cannot write the index");
        written += (uint32_t) pad;
        return at;
}

static void put_texts(struct license_index_header *h)
{
        struct license_entry *list = calloc(b.n_texts, sizeof(*list));

        if (!list)
                err(1, "out of memory");
        for (size_t i = 0; i < b.n_texts; i++)
                list[i] = (struct license_entry){ .id = string(b.texts[i].id),
                                                  .first = b.texts[i].first,
                                                  .n_words = b.texts[i].n,
                                                  .core_start = b.texts[i].core_start,
                                                  .core_end = b.texts[i].core_end,
                                                  .n_seeds = b.texts[i].n_seeds,
                                                  .kind = b.texts[i].kind,
                                                  .is_common = b.texts[i].is_common };
        h->n_entries = (uint32_t) b.n_texts;
        h->entries = put(list, b.n_texts, sizeof(*list));
        free(list);
}

static void put_ids(struct license_index_header *h)
{
        struct license_id *list = calloc(b.n_ids, sizeof(*list));

        if (!list)
                err(1, "out of memory");
        qsort(b.ids, b.n_ids, sizeof(*b.ids), compare_ids);
        for (size_t i = 0; i < b.n_ids; i++)
                list[i] = (struct license_id){ string(b.ids[i].id),
                                               b.ids[i].instead ? string(b.ids[i].instead) : 0,
                                               b.ids[i].flags };
        h->n_ids = (uint32_t) b.n_ids;
        h->ids = put(list, b.n_ids, sizeof(*list));
        free(list);
}

static void put_names(struct license_index_header *h)
{
        uint32_t n = power_above(b.n_names * 2);
        struct license_name *list = calloc(b.n_names + 1, sizeof(*list));
        struct license_slot *slots = calloc(n, sizeof(*slots));

        if (!list || !slots)
                err(1, "out of memory");
        qsort(b.names, b.n_names, sizeof(*b.names), compare_names);
        for (size_t i = 0, end; i < b.n_names; i = end) {
                for (end = i; end < b.n_names && b.names[end].hash == b.names[i].hash; end++)
                        list[end + 1] = (struct license_name){ b.names[end].first,
                                                               (uint16_t) b.names[end].n,
                                                               (uint16_t) b.names[end].flags,
                                                               string(b.names[end].id),
                                                               string(b.names[end].plain) };
                if (end - i > 255)
                        errx(1, "%zu names begin with the same word", end - i);
                put_slot(slots, n, b.names[i].hash, (uint32_t) (i + 1) << 8 | (uint32_t) (end - i));
        }
        h->n_names = (uint32_t) b.n_names + 1;
        h->names = put(list, b.n_names + 1, sizeof(*list));
        h->n_name_slots = n;
        h->name_slots = put(slots, n, sizeof(*slots));
        free(list);
        free(slots);
}

static void write_index(void)
{
        struct license_index_header h = { .magic = LICENSE_MAGIC };
        struct license_posting *postings;
        struct license_slot *slots;

        for (size_t i = 0; i < b.n_texts; i++)
                choose_seeds(&b.texts[i], (uint16_t) i);
        qsort(b.seeds, b.n_seeds, sizeof(*b.seeds), compare_seeds);
        slots = make_slots(&h.n_slots, &postings, &h.n_postings);
        (void) put(&h, 1, sizeof(h));
        h.n_words = (uint32_t) b.n_words;
        h.words = put(b.words, b.n_words, sizeof(*b.words));
        h.slots = put(slots, h.n_slots, sizeof(*slots));
        h.postings = put(postings, h.n_postings, sizeof(*postings));
        put_texts(&h);
        put_ids(&h);
        put_names(&h);
        h.strings = put(b.strings, b.n_strings, 1);
        (void) put("", 1, 1);
        h.length = written;
        if (fseek(output, 0, SEEK_SET) < 0)
                err(1, "cannot write the index");
        (void) put(&h, 1, sizeof(h));
        if (fclose(output) != 0)
                err(1, "cannot write the index");
        free(slots);
        free(postings);
}

static FILE *open_file(const char *path, const char *mode)
{
        FILE *f = fopen(path, mode);

        if (!f)
                err(1, "%s", path);
        return f;
}

/* Reads a list of ours and closes it. */
static void read_list(const char *path, void (*read_it)(FILE *f))
{
        FILE *f = open_file(path, "r");

        read_it(f);
        (void) fclose(f);
}

static void free_all(void)
{
        for (size_t i = 0; i < b.n_kept; i++)
                free(b.kept[i]);
        free(b.kept);
        free(b.words);
        free(b.texts);
        free(b.ids);
        free(b.names);
        free(b.seeds);
        free(b.strings);
        license_words_done(&b.reader);
}

int main(int argc, char **argv)
{
        json_error_t at;
        const char *id;
        json_t *list, *one;

        if (argc != 6)
                errx(2, "usage: license-index SPDX-FULL.json spdx.txt names.txt extra.txt OUTPUT");
        list = json_load_file(argv[1], 0, &at);
        if (!list)
                errx(1, "%s:%d: %s", argv[1], at.line, at.text);
        license_words_init(&b.reader);
        (void) string("");
        read_list(argv[2], read_ids);
        json_object_foreach (list, id, one)
                add_spdx(id, one);
        read_list(argv[4], read_extra);
        read_list(argv[3], read_names);
        add_spdx_names(list);
        output = open_file(argv[5], "wb");
        write_index();
        json_decref(list);
        free_all();
        return 0;
}
