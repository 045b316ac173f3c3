/* SPDX-License-Identifier: Apache-2.0 */
#include "license/text.h"

#define PLACES_MAX   8192              /* of one part */
#define WORK_MAX     (6 * 1000 * 1000) /* diagonals of alignments in one part */
#define COMMON_BONUS 6                 /* words that a common licence is ahead of others */
#define FEW_EDITS    3     /* fewer than these, and it is that licence whatever its name */
#define PEAKS_MAX    160   /* of one text in a row */
#define MEMORY_MAX   64    /* matches of a row that is remembered */
#define PART         16384 /* words that are looked at together, */
#define OVERLAP      8192 /* and of them those that the next part sees again: the longest text fits */
#define HITS_MAX     (768 * 1024) /* places in texts of one part's seeds */

/* A seed of the row that stands in the index. */
struct license_hit {
        uint32_t at; /* word of the row */
        uint32_t place;
};

/* Where a text may stand. */
struct license_place {
        uint16_t entry;
        uint32_t first, last; /* its first word is expected here */
        double promise;       /* how many words it probably explains */
        double rank;          /* that, less what it probably leaves over: the best is tried first */
};

void license_texts_done(struct license_texts *t)
{
        for (size_t i = 0; t->memories && i < LICENSE_MEMORIES; i++)
                free(t->memories[i].matches);
        free(t->memories);
        license_aligner_done(&t->aligner);
        free(t->hits);
        free(t->places);
        free(t->matches);
        free(t->counts);
        free(t->diagonals);
        *t = (struct license_texts){ .index = t->index };
}

/* Looks up all seeds of the row and counts them by text. */
static int find_hits(struct license_texts *t, const struct license_word *words, uint32_t n)
{
        const struct license_index_header *h = t->index->header;
        size_t total = 0;

        t->n_hits = 0;
        for (uint32_t i = 0; i + LICENSE_SEED <= n && total < HITS_MAX; i++) {
                uint32_t seed[LICENSE_SEED];
                const struct license_slot *slot;

                for (uint32_t k = 0; k < LICENSE_SEED; k++)
                        seed[k] = words[i + k].hash;
                slot = license_index_slot(t->index->slots, h->n_slots, license_seed(seed));
                if (!slot)
                        continue;
                if (array_grow(&t->hits, &t->hits_size, t->n_hits + 1, sizeof(*t->hits)) < 0)
                        return -ENOMEM;
                t->hits[t->n_hits++] = (struct license_hit){ i, slot->place };
                for (uint32_t k = 0; k < (slot->place & 255); k++)
                        t->counts[t->index->postings[(slot->place >> 8) + k].entry]++;
                total += slot->place & 255;
        }
        return 0;
}

/* Seeds that a text must have in common with the row to be looked at closer. */
static uint32_t seeds_needed(const struct license_entry *entry)
{
        uint32_t core = entry->core_end - entry->core_start;

        return MAX_OF(1u, entry->n_seeds * 2 / 5 * core / entry->n_words);
}

static int compare_diagonals(const void *a, const void *b)
{
        int64_t x = *(const int64_t *) a, y = *(const int64_t *) b;

        return x < y ? -1 : x > y;
}

static int compare_places(const void *a, const void *b)
{
        const struct license_place *x = a, *y = b;

        return x->rank > y->rank ? -1 : x->rank < y->rank;
}

/* A diagonal and the word of the text in one number, in order of the diagonal. */
static int64_t pack(int64_t diagonal, uint16_t at)
{
        return diagonal * 65536 + at;
}

/* Makes a place of the hits diagonals[from..to). */
static int add_place(struct license_texts *t, uint16_t number, size_t from, size_t to)
{
        const struct license_entry *entry = &t->index->entries[number];
        uint32_t slack = 8 + MIN_OF(entry->n_words / 64, 24u), head = UINT32_MAX;
        double core = entry->core_end - entry->core_start;
        double promise = (double) MIN_OF(to - from, (size_t) entry->n_seeds) / entry->n_seeds *
                         entry->n_words;
        int64_t start = 0;

        if (array_grow(&t->places, &t->places_size, t->n_places + 1, sizeof(*t->places)) < 0)
                return -ENOMEM;
        for (size_t i = from; i < to; i++) {
                uint32_t at = (uint32_t) (t->diagonals[i] & 65535);

                if (at < head) {
                        head = at;
                        start = t->diagonals[i] >> 16;
                }
        }
        /* The further from the head the first hit is, the less is known of where that is. */
        slack += MIN_OF(head / 4, 64u);
        t->places[t->n_places++] = (struct license_place){
                .entry = number,
                .first = start > slack ? (uint32_t) (start - slack) : 0,
                .last = start + slack > 0 ? (uint32_t) (start + slack) : 0,
                .promise = promise,
                .rank = promise - MAX_OF(core - promise, 0.0),
        };
        return 0;
}

/* Finds where hits of one text gather: rows of neighbouring diagonals with many of them. */
static int find_peaks(struct license_texts *t, uint16_t number, size_t n)
{
        const struct license_entry *entry = &t->index->entries[number];
        int64_t width = (24 + (int64_t) entry->n_words / 4) * 65536;
        size_t need = seeds_needed(entry);

        qsort(t->diagonals, n, sizeof(*t->diagonals), compare_diagonals);
        for (size_t from = 0, peaks = 0; from < n && peaks < PEAKS_MAX;) {
                size_t best_from = from, best = 0, to = from;

                /* The fullest window that begins within one width of here. */
                for (size_t i = from; i < n && t->diagonals[i] - t->diagonals[from] <= width; i++) {
                        while (to < n && t->diagonals[to] - t->diagonals[i] <= width)
                                to++;
                        if (to - i > best) {
                                best = to - i;
                                best_from = i;
                        }
                }
                if (best >= need) {
                        if (t->n_places >= PLACES_MAX)
                                return 0;
                        if (add_place(t, number, best_from, best_from + best) < 0)
                                return -ENOMEM;
                        peaks++;
                }
                from = best_from + best;
        }
        return 0;
}

static int find_places(struct license_texts *t)
{
        const struct license_index *x = t->index;
        uint32_t n_entries = x->header->n_entries, total = 0;
        uint32_t *counts = t->counts, *starts = counts + n_entries;

        t->n_places = 0;
        for (uint32_t i = 0; i < n_entries; i++) {
                starts[i] = total;
                if (counts[i] < seeds_needed(&x->entries[i]))
                        counts[i] = 0;
                total += counts[i];
        }
        if (!total)
                return 0;
        if (array_grow(&t->diagonals, &t->diagonals_size, total, sizeof(*t->diagonals)) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < t->n_hits; i++) {
                const struct license_posting *p = &x->postings[t->hits[i].place >> 8];

                for (uint32_t k = 0; k < (t->hits[i].place & 255); k++)
                        if (counts[p[k].entry])
                                t->diagonals[starts[p[k].entry]++] =
                                        pack((int64_t) t->hits[i].at - p[k].at, p[k].at);
        }
        /* find_peaks() works at the front of the array: the entries are packed one behind another.
         */
        int64_t *all = t->diagonals;
        int r = 0;
        for (uint32_t i = 0; r == 0 && i < n_entries; i++)
                if (counts[i]) {
                        t->diagonals = all + starts[i] - counts[i];
                        r = find_peaks(t, (uint16_t) i, counts[i]);
                }
        t->diagonals = all;
        if (t->n_places)
                qsort(t->places, t->n_places, sizeof(*t->places), compare_places);
        return r;
}

/* How alike a text must be to be named: one that is short, or so long that changes mean much. */
static double likeness_needed(uint32_t n_words)
{
        static const struct {
                uint32_t words;
                double likeness;
        } rows[] = { { 24, 0.90 }, { 1000, 0.87 } };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                if (n_words < rows[i].words)
                        return rows[i].likeness;
        return 0.92;
}

static uint32_t overlap(const struct license_fit *a, const struct license_fit *b)
{
        uint32_t start = MAX_OF(a->start, b->start), end = MIN_OF(a->end, b->end);

        return end > start ? end - start : 0;
}

/* Where two fit about as well, a licence that many use is more likely than its rare variant. */
static int64_t bonus(const struct license_texts *t, uint16_t entry, uint32_t edits)
{
        return t->index->entries[entry].is_common || edits < FEW_EDITS ? COMMON_BONUS : 0;
}

static int64_t worth(const struct license_texts *t, const struct license_match *m)
{
        return license_fit_score(&m->fit) + bonus(t, m->entry, m->fit.edits);
}

/* What was found where a place is, is worth this much there; 0 = nothing was. */
static int64_t worth_there(const struct license_texts *t, const struct license_place *place)
{
        uint32_t n = t->index->entries[place->entry].n_words;
        struct license_fit there = { place->first, place->first + n, 0, 0 };
        int64_t best = 0;

        for (size_t i = t->first_match; i < t->n_matches; i++) {
                const struct license_match *m = &t->matches[i];
                uint32_t common = overlap(&m->fit, &there), length = m->fit.end - m->fit.start;

                /* Of a longer one only its part counts: two short ones may be worth more. */
                if (common * 2 > n)
                        best = MAX_OF(best, worth(t, m) * MIN_OF(length, n * 5 / 4) / length);
        }
        return best;
}

/* How many edits a place may need and still win, or be worth naming at all. */
static uint32_t edits_allowed(const struct license_texts *t, const struct license_place *place,
                              uint32_t n_text)
{
        const struct license_entry *entry = &t->index->entries[place->entry];
        double needed = likeness_needed(entry->n_words), n = entry->n_words;
        int64_t there = worth_there(t, place), most = (int64_t) (n * 2 * (1 - needed) / needed) + 4;
        int64_t core = entry->core_end - entry->core_start, gain;
        double missing = entry->n_seeds * (1 - place->promise / n);

        /* One edit spoils two seeds or so. A core alone misses what is left out of it. */
        missing -= entry->n_seeds * (1 - (double) core / n);
        if (missing / 2 > (double) most)
                return 0;
        if (!there)
                return (uint32_t) most;
        /* It explains no more words than there are, and none that the text has not. */
        gain = MIN_OF((int64_t) n, (int64_t) n_text - place->first) - there;
        most = MIN_OF(most, MAX_OF(gain + bonus(t, place->entry, FEW_EDITS),
                                   MIN_OF(gain + COMMON_BONUS, FEW_EDITS - 1)));
        return most > 0 && missing / 2 <= (double) most ? (uint32_t) most : 0;
}

static int judge(struct license_texts *t, const struct license_place *place,
                 const struct license_word *words, uint32_t n)
{
        const struct license_entry *entry = &t->index->entries[place->entry];
        const uint32_t *text = t->index->words + entry->first;
        uint32_t edits = edits_allowed(t, place, n);
        struct license_fit best = { 0 };
        double likeness;

        for (uint32_t skip = 0; edits; skip = entry->core_start) {
                struct license_template shape = { text + skip, entry->n_words - skip,
                                                  entry->core_end - skip };
                struct license_fit fit;
                int r = license_align(&t->aligner, &shape, words, n, place->first + skip,
                                      place->last + skip, edits, &fit);

                if (r < 0)
                        return r;
                if (r > 0 && license_fit_score(&fit) > license_fit_score(&best))
                        best = fit;
                if (skip == entry->core_start || (r > 0 && fit.edits == 0))
                        break;
        }
        likeness = 2.0 * best.matched / (2.0 * best.matched + best.edits);
        if (!best.matched || likeness < likeness_needed(best.matched))
                return 0;
        if (array_grow(&t->matches, &t->matches_size, t->n_matches + 1, sizeof(*t->matches)) < 0)
                return -ENOMEM;
        t->matches[t->n_matches++] = (struct license_match){ place->entry, best, likeness, 0, 0 };
        return 0;
}

static int compare_ends(const void *a, const void *b)
{
        const struct license_match *x = a, *y = b;

        if (x->fit.end != y->fit.end)
                return x->fit.end < y->fit.end ? -1 : 1;
        if (x->fit.start != y->fit.start)
                return x->fit.start < y->fit.start ? -1 : 1;
        return (int) x->entry - (int) y->entry;
}

/* Matches that end early enough to stand beside one: a fifth of its words may be of both. */
static size_t matches_before(const struct license_texts *t, size_t i)
{
        const struct license_fit *fit = &t->matches[i].fit;
        uint32_t limit = fit->start + (fit->end - fit->start) / 5;
        size_t low = 0, high = i;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (t->matches[middle].fit.end <= limit)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/*
 * Keeps those that together are worth most and do not overlap. `best` of a match is what it and
 * those that end before it are worth at most.
 */
static void resolve(struct license_texts *t)
{
        struct license_match *m = t->matches;
        size_t n = t->n_matches, kept = n;

        qsort(m, n, sizeof(*m), compare_ends);
        for (size_t i = 0; i < n; i++) {
                size_t before = matches_before(t, i);
                int64_t with = worth(t, &m[i]) + (before ? m[before - 1].best : 0);
                int64_t without = i ? m[i - 1].best : 0;

                m[i].is_best = with > without;
                m[i].best = MAX_OF(with, without);
        }
        for (size_t i = n; i > 0;) {
                if (!m[i - 1].is_best) {
                        i--;
                        continue;
                }
                size_t before = matches_before(t, i - 1);

                m[--kept] = m[i - 1];
                i = before;
        }
        memmove(m, m + kept, (n - kept) * sizeof(*m));
        t->n_matches = n - kept;
}

static uint64_t row_key(const struct license_word *words, uint32_t n)
{
        uint64_t key = n;

        for (uint32_t i = 0; i < n; i++)
                key = (key ^ words[i].hash) * 0x9e3779b97f4a7c15u + (key >> 29);
        return key ? key : 1;
}

/* Gives what was found in this row before: 1, 0 when it is new, or -ENOMEM. */
static int recall(struct license_texts *t, const struct license_memory *memory, uint64_t key)
{
        if (memory->key != key)
                return 0;
        if (array_grow(&t->matches, &t->matches_size, memory->n, sizeof(*t->matches)) < 0)
                return -ENOMEM;
        if (memory->n)
                memcpy(t->matches, memory->matches, memory->n * sizeof(*t->matches));
        t->n_matches = memory->n;
        return 1;
}

static void remember(const struct license_texts *t, struct license_memory *memory, uint64_t key)
{
        struct license_match *copy = NULL;

        if (t->n_matches > MEMORY_MAX)
                return;
        if (t->n_matches && !(copy = malloc(t->n_matches * sizeof(*copy))))
                return;
        if (copy)
                memcpy(copy, t->matches, t->n_matches * sizeof(*copy));
        free(memory->matches);
        *memory = (struct license_memory){ key, copy, t->n_matches };
}

/* Looks at one part of a row; what is found is added, with its place in the row. */
static int find_in_part(struct license_texts *t, const struct license_word *words, uint32_t n,
                        uint32_t offset)
{
        size_t n_entries = t->index->header->n_entries, before = t->n_matches;
        uint64_t work = t->aligner.work;
        int r;

        memset(t->counts, 0, 2 * n_entries * sizeof(*t->counts));
        r = find_hits(t, words, n);
        if (r < 0 || !t->n_hits)
                return r;
        r = find_places(t);
        for (size_t i = 0; r == 0 && i < t->n_places && t->aligner.work - work < WORK_MAX; i++)
                r = judge(t, &t->places[i], words, n);
        for (size_t i = before; i < t->n_matches; i++) {
                t->matches[i].fit.start += offset;
                t->matches[i].fit.end += offset;
        }
        return r;
}

static int find(struct license_texts *t, const struct license_word *words, uint32_t n)
{
        size_t n_entries = t->index->header->n_entries, kept = 0;
        int r = 0;

        t->n_matches = 0;
        if (array_grow(&t->counts, &t->counts_size, 2 * n_entries, sizeof(*t->counts)) < 0)
                return -ENOMEM;
        for (uint32_t from = 0; r == 0; from += PART - OVERLAP) {
                uint32_t length = MIN_OF(n - from, (uint32_t) PART);

                t->first_match = kept;
                r = find_in_part(t, words + from, length, from);
                kept = t->n_matches;
                if (from + length == n)
                        break;
        }
        if (r == 0 && t->n_matches)
                resolve(t);
        return r;
}

int license_texts_find(struct license_texts *t, const struct license_word *words, uint32_t n)
{
        uint64_t key = row_key(words, n);
        struct license_memory *memory;
        int r;

        if (!t->memories && !(t->memories = calloc(LICENSE_MEMORIES, sizeof(*t->memories))))
                return -ENOMEM;
        memory = &t->memories[(key >> 32) % LICENSE_MEMORIES];
        r = recall(t, memory, key);
        if (r)
                return r < 0 ? r : 0;
        r = find(t, words, n);
        if (r == 0)
                remember(t, memory, key);
        return r;
}
