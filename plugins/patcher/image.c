/* SPDX-License-Identifier: Apache-2.0 */
#include "image.h"

#define HASH_BASE 0x9e3779b97f4a7c15ull

/* One side of a hunk's line: content with its newline, unless the patch says that it has none. */
struct side {
        const char *at;
        size_t length;
};

/* The old side of a hunk. */
struct window {
        struct side *lines;
        size_t n;
        size_t added;    /* lines of the new side */
        bool is_trimmed; /* the file's last line may have blanks behind what the hunk shows of it */
};

static bool line_is_complete(const struct side *line)
{
        return line->length && line->at[line->length - 1] == '\n';
}

/*
 * The next line of a hunk that is on the wanted side: old ('-') or new ('+'), context on both. A
 * bare newline is an empty context line whose blank was eaten on the way. An empty line without
 * newline is no line.
 */
static bool side_next(struct text *t, char wanted, struct side *ret)
{
        while (text_left(t)) {
                size_t length = text_line(t);
                const char *line = t->at;
                bool is_bare = *line == '\n', is_cut;

                text_next(t, length);
                is_cut = text_starts(t, "\\");
                if (*line != ' ' && !is_bare && *line != wanted)
                        continue;
                *ret = (struct side){ line + !is_bare, length - !is_bare - is_cut };
                if (ret->length)
                        return true;
        }
        return false;
}

static struct text hunk_text(const struct patch_hunk *hunk)
{
        return (struct text){ .at = hunk->body, .end = hunk->body + hunk->length };
}

static char old_sign(const struct image *image)
{
        return image->is_reversed ? '+' : '-';
}

static char new_sign(const struct image *image)
{
        return image->is_reversed ? '-' : '+';
}

/* Memory is bounded by the hunk's bytes, so a lying count cannot ask for more. */
static int window_read(const struct image *image, const struct patch_hunk *hunk, struct window *w,
                       struct refusal *why)
{
        struct text t = hunk_text(hunk);
        struct side line;

        w->is_trimmed = hunk->trailing > 0;
        while (side_next(&t, new_sign(image), &line))
                w->added++;
        t = hunk_text(hunk);
        while (side_next(&t, old_sign(image), &line)) {
                if (!ARRAY_ROOM(w->lines, w->n))
                        return refuse_memory(why);
                w->lines[w->n++] = line;
        }
        return 0;
}

static void window_done(struct window *w)
{
        free(w->lines);
}

int image_init(struct image *image, const char *name, const char *data, size_t length,
               bool is_reversed, struct refusal *why)
{
        struct text t = { .at = data, .end = data + length };
        size_t n = 0, line;

        *image = (struct image){
                .name = name, .data = data, .length = length, .is_reversed = is_reversed
        };
        if (length > IMAGE_BYTES_MAX)
                return refuse(why, REFUSAL_LIMIT, "%s is larger than %u MiB", name,
                              IMAGE_BYTES_MAX >> 20);
        while ((line = text_line(&t))) {
                text_next(&t, line);
                n++;
        }
        image->n_lines = n;
        image->starts = malloc((n + 1) * sizeof(*image->starts));
        if (!image->starts)
                return refuse_memory(why);
        t.at = data;
        for (size_t i = 0; i <= n; i++) {
                image->starts[i] = (uint32_t) (t.at - data);
                text_next(&t, text_line(&t));
        }
        return 0;
}

void image_done(struct image *image)
{
        free(image->starts);
        free(image->edits);
        free(image->sums);
        free(image->buckets);
        free(image->order);
        *image = (struct image){ 0 };
}

static struct side image_line(const struct image *image, size_t line)
{
        return (struct side){ image->data + image->starts[line],
                              image->starts[line + 1] - image->starts[line] };
}

/* Edits that begin at or before a line; the last one of them decides what the line has become. */
static size_t edits_before(const struct image *image, size_t line)
{
        size_t low = 0, high = image->n_edits;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (image->edits[middle].start <= line)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Where a line of the file stands after the edits so far; a removed one: where the next one is. */
static int64_t line_now(const struct image *image, size_t line)
{
        size_t n = edits_before(image, line);
        const struct image_edit *last = n ? &image->edits[n - 1] : NULL;

        return last ? (int64_t) MAX_OF(line, last->start + last->removed) + last->shift
                    : (int64_t) line;
}

/* Are `n` lines from `line` on in the file, whole and untouched? */
static bool lines_are_free(const struct image *image, size_t line, size_t n)
{
        const struct image_edit *last;
        size_t before;

        if (n > image->n_lines || line > image->n_lines - n)
                return false;
        before = n ? edits_before(image, line + n - 1) : edits_before(image, line);
        last = before ? &image->edits[before - 1] : NULL;
        return !last || last->start + last->removed <= line;
}

/* Bytes that the file has more than an unterminated last line of a hunk may only be blanks. */
static bool rest_is_blank(const struct side *have, size_t from)
{
        for (size_t i = from; i < have->length; i++)
                if (!text_is_blank(have->at[i]))
                        return false;
        return true;
}

static bool window_matches(struct image *image, const struct window *w, size_t line)
{
        for (size_t i = 0; i < w->n; i++) {
                const struct side *want = &w->lines[i];
                struct side have = image_line(image, line + i);

                image->work++;
                if (have.length < want->length || memcmp(have.at, want->at, want->length) != 0)
                        return false;
                if (have.length > want->length &&
                    (!w->is_trimmed || i + 1 < w->n || !rest_is_blank(&have, want->length)))
                        return false;
        }
        return true;
}

/* The only place for a hunk that must begin the file as it is now, or SIZE_MAX. */
static size_t place_first(const struct image *image)
{
        size_t line = 0;

        for (size_t i = 0; i < image->n_edits && image->edits[i].start == line; i++) {
                if (image->edits[i].added)
                        return SIZE_MAX;
                line += image->edits[i].removed;
        }
        return line;
}

/* Does a window of `n` lines at `line` reach the end of the file as it is now? */
static bool place_is_last(const struct image *image, size_t line, size_t n)
{
        const struct image_edit *last = image->n_edits ? &image->edits[image->n_edits - 1] : NULL;

        if (line + n != image->n_lines)
                return false;
        return n == 0 || !last || last->start < image->n_lines || !last->added;
}

/* A hunk bound to the beginning or the end: its place, or SIZE_MAX. */
static size_t place_bound(struct image *image, const struct window *w, bool is_first, bool is_last)
{
        size_t line;

        if (w->n > image->n_lines)
                return SIZE_MAX;
        line = is_first ? place_first(image) : image->n_lines - w->n;
        if (line == SIZE_MAX || !lines_are_free(image, line, w->n) ||
            (is_last && !place_is_last(image, line, w->n)) ||
            (is_first && line_now(image, line) != 0))
                return SIZE_MAX;
        return window_matches(image, w, line) ? line : SIZE_MAX;
}

static uint64_t line_hash(const struct side *line)
{
        uint64_t hash = line->length, word;

        for (size_t i = 0; i < line->length; i += sizeof(word)) {
                word = 0;
                memcpy(&word, line->at + i, MIN_OF(sizeof(word), line->length - i));
                hash = (hash ^ word) * HASH_BASE;
                hash ^= hash >> 29;
        }
        return hash;
}

/* Groups all lines by hash, and keeps sums from which the hash of any range is a subtraction. */
static int index_make(struct image *image, struct refusal *why)
{
        size_t n = image->n_lines;
        uint32_t *counts;

        for (image->n_buckets = 1; image->n_buckets < n; image->n_buckets *= 2)
                ;
        image->sums = malloc((n + 1) * sizeof(*image->sums));
        image->order = malloc((n + 1) * sizeof(*image->order));
        image->buckets = calloc(image->n_buckets + 2, sizeof(*image->buckets));
        if (!image->sums || !image->order || !image->buckets)
                return refuse_memory(why);

        /* Counted two places up, so that filling in leaves each bucket's start in its own place. */
        counts = image->buckets + 2;
        image->sums[0] = 0;
        for (size_t i = 0; i < n; i++) {
                struct side line = image_line(image, i);
                uint64_t hash = line_hash(&line);

                image->sums[i + 1] = image->sums[i] * HASH_BASE + hash;
                counts[hash & (image->n_buckets - 1)]++;
        }
        for (size_t b = 2; b < image->n_buckets + 2; b++)
                image->buckets[b] += image->buckets[b - 1];
        for (size_t i = 0; i < n; i++) {
                uint64_t hash = image->sums[i + 1] - image->sums[i] * HASH_BASE;

                image->order[image->buckets[(hash & (image->n_buckets - 1)) + 1]++] = (uint32_t) i;
        }
        return 0;
}

/* Lines of the file that may be equal to one line of the window. */
struct anchor {
        const uint32_t *lines;
        size_t n;
        size_t at; /* of the line in the window */
};

/* The window's line that the file has least often. */
static struct anchor anchor_find(const struct image *image, const struct window *w)
{
        struct anchor best = { .n = SIZE_MAX };

        for (size_t i = 0; i < w->n && best.n; i++) {
                uint64_t b = line_hash(&w->lines[i]) & (image->n_buckets - 1);
                size_t n = image->buckets[b + 1] - image->buckets[b];

                if (n < best.n)
                        best = (struct anchor){ image->order + image->buckets[b], n, i };
        }
        return best;
}

static uint64_t base_power(size_t n)
{
        uint64_t result = 1;

        for (uint64_t base = HASH_BASE; n; n >>= 1, base *= base)
                if (n & 1)
                        result *= base;
        return result;
}

struct search {
        struct image *image;
        const struct window *window;
        struct anchor anchor;
        uint64_t hash, power; /* of the window; HASH_BASE to the number of its lines */
        int64_t expected;     /* line of the file as it is now */
};

static int64_t candidate_now(const struct search *s, size_t i)
{
        return line_now(s->image, s->anchor.lines[i]) - (int64_t) s->anchor.at;
}

/* Does the window match where candidate `i` would put it? */
static bool candidate_matches(struct search *s, size_t i)
{
        struct image *image = s->image;
        size_t n = s->window->n, line = s->anchor.lines[i];

        image->work++;
        if (line < s->anchor.at || !lines_are_free(image, line - s->anchor.at, n))
                return false;
        line -= s->anchor.at;
        return image->sums[line + n] - image->sums[line] * s->power == s->hash &&
               window_matches(image, s->window, line);
}

/* The first candidate that is not before the expected line. */
static size_t candidate_first(const struct search *s)
{
        size_t low = 0, high = s->anchor.n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (candidate_now(s, middle) < s->expected)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Goes outwards from the expected line; of two places equally near the later one comes first. */
static size_t search_outwards(struct search *s)
{
        size_t up = candidate_first(s), down = up;

        while ((down > 0 || up < s->anchor.n) && s->image->work < IMAGE_WORK_MAX) {
                bool is_up = up < s->anchor.n &&
                             (down == 0 || candidate_now(s, up) - s->expected <=
                                                   s->expected - candidate_now(s, down - 1));
                size_t i = is_up ? up++ : --down;

                if (candidate_matches(s, i))
                        return s->anchor.lines[i] - s->anchor.at;
        }
        return SIZE_MAX;
}

/* The line of the file that stands at `now`, or SIZE_MAX where it came from a hunk. */
static size_t line_at(const struct image *image, int64_t now)
{
        size_t low = 0, high = image->n_edits;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                const struct image_edit *e = &image->edits[middle];
                int64_t end = (int64_t) (e->start + e->removed) + e->shift;

                if (end <= now)
                        low = middle + 1;
                else
                        high = middle;
        }
        now -= low ? image->edits[low - 1].shift : 0;
        if (low < image->n_edits && now >= (int64_t) image->edits[low].start)
                return SIZE_MAX;
        return (size_t) now;
}

/* A hunk that may be anywhere: at its place in nearly all patches, else by the index. */
static int place_nearest(struct image *image, const struct window *w, int64_t expected, size_t *ret,
                         struct refusal *why)
{
        struct search s = { .image = image, .window = w, .expected = expected };
        size_t line = line_at(image, expected);

        if (line != SIZE_MAX && lines_are_free(image, line, w->n) &&
            window_matches(image, w, line)) {
                *ret = line;
                return 0;
        }
        if (!image->sums && index_make(image, why) < 0)
                return -1;
        s.anchor = anchor_find(image, w);
        s.power = base_power(w->n);
        for (size_t i = 0; i < w->n; i++)
                s.hash = s.hash * HASH_BASE + line_hash(&w->lines[i]);
        *ret = search_outwards(&s);
        return 0;
}

/* Lines in the file as it is now. */
static int64_t lines_now(const struct image *image)
{
        return (int64_t) image->n_lines +
               (image->n_edits ? image->edits[image->n_edits - 1].shift : 0);
}

/* The line, counted from 0, at which the patch expects a hunk, within the file. */
static int64_t place_expected(const struct image *image, const struct patch_hunk *hunk)
{
        uint64_t line = hunk->new_start ? hunk->new_start - 1 : 0;

        return (int64_t) MIN_OF(line, (uint64_t) lines_now(image));
}

static int edit_add(struct image *image, const struct patch_hunk *hunk, const struct window *w,
                    size_t line, struct refusal *why)
{
        size_t at = edits_before(image, line);
        int64_t gain = (int64_t) w->added - (int64_t) w->n;
        struct image_edit *e;

        if (!ARRAY_ROOM(image->edits, image->n_edits))
                return refuse_memory(why);
        e = &image->edits[at];
        memmove(e + 1, e, (image->n_edits - at) * sizeof(*e));
        *e = (struct image_edit){ .start = line,
                                  .removed = w->n,
                                  .added = w->added,
                                  .shift = at ? e[-1].shift : 0,
                                  .hunk = hunk };
        image->n_edits++;
        for (size_t i = at; i < image->n_edits; i++)
                image->edits[i].shift += gain;
        image->work += (image->n_edits - at) / 16; /* a step that costs next to nothing */
        return 0;
}

static int hunk_refuse(const struct image *image, const struct patch_hunk *hunk, size_t number,
                       struct refusal *why)
{
        if (image->work >= IMAGE_WORK_MAX)
                return refuse(why, REFUSAL_LIMIT,
                              "%s: hunk %zu (patch line %zu): too many places to look at; make "
                              "the patch again from this tree",
                              image->name, number, hunk->line);
        return refuse(why, REFUSAL_HUNK,
                      "%s: hunk %zu (patch line %zu): the lines it changes, expected at line %llu, "
                      "are not in the file; make the patch again from this tree, or check `strip` "
                      "and `reverse`",
                      image->name, number, hunk->line, (unsigned long long) hunk->old_start);
}

/* Only the last line of a side can lack its newline. */
static bool window_is_sound(const struct window *w)
{
        for (size_t i = 0; i + 1 < w->n; i++)
                if (!line_is_complete(&w->lines[i]))
                        return false;
        return true;
}

static int place_find(struct image *image, const struct patch_hunk *hunk, const struct window *w,
                      size_t *ret, struct refusal *why)
{
        bool is_first = hunk->old_start <= 1, is_last = !hunk->trailing;

        *ret = SIZE_MAX;
        if (!window_is_sound(w))
                return 0;
        /* A line without newline can only be the file's last one. */
        if (w->n && !line_is_complete(&w->lines[w->n - 1]))
                is_last = true;
        if (!is_first && !is_last)
                return place_nearest(image, w, place_expected(image, hunk), ret, why);
        *ret = place_bound(image, w, is_first, is_last);
        return 0;
}

int image_apply(struct image *image, const struct patch_hunk *hunk, size_t number,
                int64_t *ret_offset, struct refusal *why)
{
        _cleanup_(window_done) struct window w = { 0 };
        int64_t expected;
        size_t line;

        if (window_read(image, hunk, &w, why) < 0 || place_find(image, hunk, &w, &line, why) < 0)
                return -1;
        if (line == SIZE_MAX)
                return hunk_refuse(image, hunk, number, why);
        expected =
                hunk->new_start ? (int64_t) MIN_OF(hunk->new_start - 1, (uint64_t) INT64_MAX) : 0;
        *ret_offset = line_now(image, line) - expected;
        return edit_add(image, hunk, &w, line, why);
}

/* Result bytes, first counted and then written. */
struct sink {
        char *out; /* NULL while counting */
        size_t length;
        bool is_open; /* the last line has no newline, so nothing may follow */
        bool is_torn; /* something did */
};

static void sink_put(struct sink *s, const char *data, size_t length)
{
        if (!length)
                return;
        if (s->is_open)
                s->is_torn = true;
        if (s->out)
                memcpy(s->out + s->length, data, length);
        s->length += length;
        s->is_open = data[length - 1] != '\n';
}

static void image_write(const struct image *image, struct sink *s)
{
        const uint32_t *starts = image->starts;
        size_t line = 0;

        for (size_t i = 0; i < image->n_edits; i++) {
                const struct image_edit *e = &image->edits[i];
                struct text t = hunk_text(e->hunk);
                struct side side;

                sink_put(s, image->data + starts[line], starts[e->start] - starts[line]);
                while (side_next(&t, new_sign(image), &side))
                        sink_put(s, side.at, side.length);
                line = e->start + e->removed;
        }
        sink_put(s, image->data + starts[line], starts[image->n_lines] - starts[line]);
}

int image_result(const struct image *image, char **ret, size_t *ret_length, struct refusal *why)
{
        struct sink s = { 0 };

        image_write(image, &s);
        if (s.is_torn)
                return refuse(why, REFUSAL_HUNK,
                              "%s: the patch says \"no newline at end of file\" for a line that is "
                              "not the last one",
                              image->name);
        s = (struct sink){ .out = malloc(s.length + 1) };
        if (!s.out)
                return refuse_memory(why);
        image_write(image, &s);
        s.out[s.length] = 0;
        *ret = s.out;
        *ret_length = s.length;
        return 0;
}
