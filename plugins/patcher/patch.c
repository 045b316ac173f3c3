/* SPDX-License-Identifier: Apache-2.0 */
#include "patch.h"

#include "binary.h"
#include "header.h"

/* How many lines of a hunk are still to come, and what has been seen of it. */
struct tally {
        uint64_t old_left, new_left;
        size_t leading, trailing, changed;
};

/* Counts one line of a hunk; false where it cannot belong to it. */
static bool tally_line(struct tally *c, const char *line, size_t length)
{
        bool is_old = *line == ' ' || *line == '\n' || *line == '-';
        bool is_new = *line == ' ' || *line == '\n' || *line == '+';

        /* Whatever its language, "\ No newline at end of file" is at least this long. */
        if (*line == '\\')
                return length >= 12 && line[1] == ' ';
        if ((!is_old && !is_new) || (is_old && !c->old_left) || (is_new && !c->new_left))
                return false;
        c->old_left -= is_old;
        c->new_left -= is_new;
        if (is_old != is_new) {
                c->changed++;
                c->trailing = 0;
                return true;
        }
        c->leading += !c->changed;
        c->trailing++;
        return true;
}

static int hunk_corrupt(const struct text *t, const struct patch_hunk *h, struct refusal *why)
{
        if (!text_left(t))
                return refuse(why, REFUSAL_CORRUPT,
                              "patch line %zu: the patch ends inside the hunk of line %zu; it was "
                              "cut off or its line counts are wrong",
                              t->line, h->line);
        return refuse(why, REFUSAL_CORRUPT,
                      "patch line %zu: the hunk of line %zu is broken here: the line does not "
                      "belong to a hunk, or the counts in the @@ line are wrong",
                      t->line, h->line);
}

/* One hunk, `t` at its "@@" line and then behind its last line. */
static int hunk_read(struct text *t, struct patch_hunk *h, struct refusal *why)
{
        size_t length = text_line(t);
        struct tally c;

        *h = (struct patch_hunk){ .line = t->line };
        if (!header_of_hunk(t->at, length, h))
                return refuse(why, REFUSAL_CORRUPT,
                              "patch line %zu: the @@ line is broken; it looks like "
                              "\"@@ -12,7 +12,8 @@\"",
                              t->line);
        text_next(t, length);
        c = (struct tally){ .old_left = h->old_count, .new_left = h->new_count };
        h->body = t->at;
        while (c.old_left || c.new_left) {
                length = text_line(t);
                if (!length || t->at[length - 1] != '\n' || !tally_line(&c, t->at, length))
                        return hunk_corrupt(t, h, why);
                text_next(t, length);
        }
        if (!c.changed)
                return refuse(why, REFUSAL_CORRUPT,
                              "patch line %zu: the hunk changes nothing; its line counts are wrong",
                              h->line);
        if (text_left(t) > 12 && text_starts(t, "\\ "))
                text_next(t, text_line(t));
        h->length = (size_t) (t->at - h->body);
        h->leading = c.leading;
        h->trailing = c.trailing;
        return 0;
}

static int hunks_read(struct patch *p, struct patch_file *f, struct text *t, struct refusal *why)
{
        while (text_starts(t, "@@ -")) {
                if (p->n_hunks >= PATCH_HUNKS_MAX)
                        return refuse(why, REFUSAL_LIMIT,
                                      "the patch has more than %u hunks; split it",
                                      PATCH_HUNKS_MAX);
                if (!ARRAY_ROOM(f->hunks, f->n_hunks))
                        return refuse_memory(why);
                if (hunk_read(t, &f->hunks[f->n_hunks], why) < 0)
                        return -1;
                f->n_hunks++;
                p->n_hunks++;
        }
        return 0;
}

/*
 * What the hunks say about the kinds that the header left open: old lines rule out a new file, new
 * lines a deleted one, and more than one hunk rules out both.
 */
static int kinds_settle(struct patch_file *f, struct refusal *why)
{
        uint64_t old_lines = 0, new_lines = 0;

        for (size_t i = 0; i < f->n_hunks; i++) {
                old_lines |= f->hunks[i].old_count;
                new_lines |= f->hunks[i].new_count;
        }
        if (f->is_new == PATCH_MAYBE && (old_lines || f->n_hunks > 1))
                f->is_new = PATCH_NO;
        if (f->is_delete == PATCH_MAYBE && (new_lines || f->n_hunks > 1))
                f->is_delete = PATCH_NO;
        if (f->is_new == PATCH_YES && old_lines)
                return refuse(why, REFUSAL_CORRUPT,
                              "patch line %zu: %s is a new file, yet its hunks change old lines",
                              f->line, f->new_name);
        if (f->is_delete == PATCH_YES && new_lines)
                return refuse(why, REFUSAL_CORRUPT,
                              "patch line %zu: %s is deleted, yet its hunks leave lines in it",
                              f->line, f->old_name);
        return 0;
}

/* "Binary files a/x and b/x differ": the change without its data. */
static bool differ_line(const struct text *t, size_t length)
{
        static const char tail[] = " differ\n";
        size_t n = sizeof(tail) - 1;

        return length >= n && memcmp(t->at + length - n, tail, n) == 0 &&
               (text_starts(t, "Binary files ") || text_starts(t, "Files "));
}

static bool metadata_changes(const struct patch_file *f)
{
        return f->is_rename || f->is_copy || f->is_new == PATCH_YES || f->is_delete != PATCH_NO ||
               (f->old_mode && f->new_mode && f->old_mode != f->new_mode);
}

/* What may stand in the place of hunks. */
static int other_read(struct patch *p, struct patch_file *f, struct text *t, struct refusal *why)
{
        static const char words[] = "GIT binary patch\n";
        size_t length = text_line(t);

        if (length == sizeof(words) - 1 && text_starts(t, words)) {
                text_next(t, length);
                f->is_binary = true;
                return binary_read(t, f, &p->binary_bytes, why);
        }
        if (differ_line(t, length)) {
                text_next(t, length);
                f->is_binary = true;
                return 0;
        }
        if (!metadata_changes(f))
                return refuse(why, REFUSAL_CORRUPT,
                              "patch line %zu: the header is followed by no hunk and changes "
                              "nothing by itself",
                              f->line);
        return 0;
}

static int file_read(struct patch *p, struct patch_file *f, struct text *t, struct refusal *why)
{
        if (hunks_read(p, f, t, why) < 0 || kinds_settle(f, why) < 0)
                return -1;
        return f->n_hunks ? 0 : other_read(p, f, t, why);
}

int patch_parse(struct patch *p, const char *data, size_t length, struct refusal *why)
{
        struct text t = { .at = data, .end = data + length, .line = 1 };
        struct patch_file *f;
        int r;

        for (;;) {
                if (p->n_files >= PATCH_FILES_MAX)
                        return refuse(why, REFUSAL_LIMIT,
                                      "the patch changes more than %u files; split it",
                                      PATCH_FILES_MAX);
                if (!ARRAY_ROOM(p->files, p->n_files))
                        return refuse_memory(why);
                f = &p->files[p->n_files];
                *f = (struct patch_file){ 0 };
                r = header_find(&t, p->strip, f, why);
                if (r == 0)
                        break;
                p->n_files++;
                if (r < 0 || file_read(p, f, &t, why) < 0)
                        return -1;
        }
        if (!p->n_files)
                return refuse(why, REFUSAL_EMPTY,
                              "there is no patch in the input; a unified diff (diff -u, git diff) "
                              "is needed");
        return 0;
}

#define SWAP(a, b)                                                                                 \
        do {                                                                                       \
                __typeof__(a) swap_ = (a);                                                         \
                (a) = (b);                                                                         \
                (b) = swap_;                                                                       \
        } while (0)

static void file_reverse(struct patch_file *f)
{
        char id[PATCH_ID_LENGTH + 1];

        /* A lone old mode is that of a deleted file, or it stands for both sides ("index" line). */
        if (f->new_mode || f->is_delete == PATCH_YES)
                SWAP(f->old_mode, f->new_mode);
        SWAP(f->old_name, f->new_name);
        SWAP(f->is_new, f->is_delete);
        SWAP(f->forward, f->backward);
        memcpy(id, f->old_id, sizeof(id));
        memcpy(f->old_id, f->new_id, sizeof(id));
        memcpy(f->new_id, id, sizeof(id));
        for (size_t i = 0; i < f->n_hunks; i++) {
                SWAP(f->hunks[i].old_start, f->hunks[i].new_start);
                SWAP(f->hunks[i].old_count, f->hunks[i].new_count);
        }
}

void patch_reverse(struct patch *p)
{
        p->is_reversed = !p->is_reversed;
        for (size_t i = 0; i < p->n_files; i++)
                file_reverse(&p->files[i]);
        for (size_t i = 0, j = p->n_files; i + 1 < j; i++, j--)
                SWAP(p->files[i], p->files[j - 1]);
}

void patch_file_done(struct patch_file *f)
{
        free(f->old_name);
        free(f->new_name);
        free(f->hunks);
        free(f->forward.data);
        free(f->backward.data);
        *f = (struct patch_file){ 0 };
}

void patch_done(struct patch *p)
{
        for (size_t i = 0; i < p->n_files; i++)
                patch_file_done(&p->files[i]);
        free(p->files);
        *p = (struct patch){ 0 };
}
