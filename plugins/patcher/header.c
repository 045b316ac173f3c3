/* SPDX-License-Identifier: Apache-2.0 */
#include "header.h"

#include "name.h"

struct header {
        struct patch_file *file;
        char *both; /* the name that the "diff --git" line holds twice, or NULL */
        unsigned strip;
        size_t line;
        struct refusal *why;
};

/* A line of an extended header, behind its first words and without its newline. */
typedef int (*header_reader)(struct header *h, const char *rest, size_t length);

static int name_take(struct header *h, char **name, const char *rest, size_t length, unsigned strip,
                     bool ends_at_tab)
{
        char *found;
        int r;

        r = name_of_git(&found, rest, length, strip, ends_at_tab, h->why);
        if (r < 0)
                return r;
        free(*name);
        *name = found;
        return 0;
}

/* The name in "---" or "+++": must agree with what the header has said before. */
static int name_verify(struct header *h, char **name, bool is_absent, const char *rest,
                       size_t length)
{
        _cleanup_(freep) char *found = NULL;
        int r;

        if (is_absent && !*name)
                return name_is_null(rest, length)
                               ? 0
                               : refuse(h->why, REFUSAL_CORRUPT,
                                        "patch line %zu: the header says that there is no such "
                                        "file, so /dev/null must stand here",
                                        h->line);
        if (is_absent)
                return refuse(h->why, REFUSAL_CORRUPT,
                              "patch line %zu: a name where the header says that there is no file",
                              h->line);
        r = name_of_git(&found, rest, length, h->strip, true, h->why);
        if (r < 0)
                return r;
        if (*name && (!found || strcmp(found, *name) != 0))
                return refuse(h->why, REFUSAL_CORRUPT,
                              "patch line %zu: the name is not the one that the header gave "
                              "before (\"%s\")",
                              h->line, *name);
        if (!*name)
                *name = TAKE(found);
        return 0;
}

static int read_old_name(struct header *h, const char *rest, size_t length)
{
        return name_verify(h, &h->file->old_name, h->file->is_new == PATCH_YES, rest, length);
}

static int read_new_name(struct header *h, const char *rest, size_t length)
{
        return name_verify(h, &h->file->new_name, h->file->is_delete == PATCH_YES, rest, length);
}

/* An octal mode at the front of `rest`, blanks before it passed over. */
static int mode_read(struct header *h, unsigned *mode, const char *rest, size_t length)
{
        unsigned value = 0;
        size_t n = 0;

        for (; length && text_is_blank(*rest); length--)
                rest++;
        while (n < length && rest[n] >= '0' && rest[n] <= '7' && n < 8)
                value = value * 8 + (unsigned) (rest[n++] - '0');
        if (n == 0 || (n < length && !text_is_blank(rest[n])))
                return refuse(h->why, REFUSAL_CORRUPT,
                              "patch line %zu: \"%.*s\" is not a file mode such as 100644", h->line,
                              (int) MIN_OF(length, 40u), rest);
        *mode = value;
        return 0;
}

static int read_old_mode(struct header *h, const char *rest, size_t length)
{
        return mode_read(h, &h->file->old_mode, rest, length);
}

static int read_new_mode(struct header *h, const char *rest, size_t length)
{
        return mode_read(h, &h->file->new_mode, rest, length);
}

/* Sets a name to a copy of the default one. */
static int name_default(struct header *h, char **name)
{
        char *copy = NULL;

        if (h->both) {
                copy = strdup(h->both);
                if (!copy)
                        return refuse_memory(h->why);
        }
        free(*name);
        *name = copy;
        return 0;
}

static int read_deleted(struct header *h, const char *rest, size_t length)
{
        h->file->is_delete = PATCH_YES;
        if (name_default(h, &h->file->old_name) < 0)
                return -1;
        return mode_read(h, &h->file->old_mode, rest, length);
}

static int read_new_file(struct header *h, const char *rest, size_t length)
{
        h->file->is_new = PATCH_YES;
        if (name_default(h, &h->file->new_name) < 0)
                return -1;
        return mode_read(h, &h->file->new_mode, rest, length);
}

/* Names in rename and copy lines have no "a/" and "b/" before them. */
static int moved_read(struct header *h, bool *kind, char **name, const char *rest, size_t length)
{
        *kind = true;
        return name_take(h, name, rest, length, h->strip ? h->strip - 1 : 0, false);
}

static int read_rename_from(struct header *h, const char *rest, size_t length)
{
        return moved_read(h, &h->file->is_rename, &h->file->old_name, rest, length);
}

static int read_rename_to(struct header *h, const char *rest, size_t length)
{
        return moved_read(h, &h->file->is_rename, &h->file->new_name, rest, length);
}

static int read_copy_from(struct header *h, const char *rest, size_t length)
{
        return moved_read(h, &h->file->is_copy, &h->file->old_name, rest, length);
}

static int read_copy_to(struct header *h, const char *rest, size_t length)
{
        return moved_read(h, &h->file->is_copy, &h->file->new_name, rest, length);
}

static int read_nothing(struct header *h, const char *rest, size_t length)
{
        (void) h;
        (void) rest;
        (void) length;
        return 0;
}

static void id_take(char *id, const char *text, size_t length)
{
        memcpy(id, text, length);
        id[length] = 0;
}

/* "old..new" and perhaps a mode. What does not look like it is passed over. */
static int read_index(struct header *h, const char *rest, size_t length)
{
        const char *dots = memmem(rest, length, "..", 2), *end = rest + length, *id, *blank;

        if (!dots || dots - rest > PATCH_ID_LENGTH)
                return 0;
        id = dots + 2;
        blank = memchr(id, ' ', (size_t) (end - id));
        if ((blank ? blank : end) - id > PATCH_ID_LENGTH)
                return 0;
        id_take(h->file->old_id, rest, (size_t) (dots - rest));
        id_take(h->file->new_id, id, (size_t) ((blank ? blank : end) - id));
        if (!blank)
                return 0;
        return mode_read(h, &h->file->old_mode, blank + 1, (size_t) (end - blank - 1));
}

static const struct {
        const char *words;
        header_reader read;
} readers[] = {
        { "--- ", read_old_name },
        { "+++ ", read_new_name },
        { "old mode ", read_old_mode },
        { "new mode ", read_new_mode },
        { "deleted file mode ", read_deleted },
        { "new file mode ", read_new_file },
        { "copy from ", read_copy_from },
        { "copy to ", read_copy_to },
        { "rename old ", read_rename_from },
        { "rename new ", read_rename_to },
        { "rename from ", read_rename_from },
        { "rename to ", read_rename_to },
        { "similarity index ", read_nothing },
        { "dissimilarity index ", read_nothing },
        { "index ", read_index },
};

static header_reader reader_find(const struct text *t, size_t *ret_words)
{
        for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
                if (text_starts(t, readers[i].words)) {
                        *ret_words = strlen(readers[i].words);
                        return readers[i].read;
                }
        return NULL;
}

/* A change is at most one of new, deleted, renamed and copied. */
static int kinds_check(const struct header *h)
{
        const struct patch_file *f = h->file;
        int n = (f->is_new == PATCH_YES) + (f->is_delete == PATCH_YES) + f->is_rename + f->is_copy;

        if (n > 1)
                return refuse(h->why, REFUSAL_CORRUPT,
                              "patch line %zu: a file cannot be new, deleted, renamed and copied "
                              "at once",
                              h->line);
        return 0;
}

/* The lines below "diff --git". Returns how many of them belong to the header. */
static int extended_read(struct header *h, struct text *t)
{
        header_reader read;
        size_t length, words;
        int n = 0;

        for (;; n++) {
                length = text_line(t);
                if (!length || t->at[length - 1] != '\n')
                        return n;
                read = reader_find(t, &words);
                if (!read)
                        return n;
                h->line = t->line;
                if (read(h, t->at + words, length - words - 1) < 0 || kinds_check(h) < 0)
                        return -1;
                text_next(t, length);
        }
}

/* Every side that exists needs a name in the end, and no other. */
static int names_complete(struct header *h)
{
        struct patch_file *f = h->file;

        if (!f->old_name && !f->new_name && h->both)
                if (name_default(h, &f->old_name) < 0 || name_default(h, &f->new_name) < 0)
                        return -1;
        if ((!f->new_name && f->is_delete != PATCH_YES) || (!f->old_name && f->is_new != PATCH_YES))
                return refuse(h->why, REFUSAL_CORRUPT,
                              "patch line %zu: no file name is left after taking off %u leading "
                              "folder(s); give another `strip`",
                              f->line, h->strip);
        if ((f->old_name && f->is_new == PATCH_YES) || (f->new_name && f->is_delete == PATCH_YES))
                return refuse(h->why, REFUSAL_CORRUPT,
                              "patch line %zu: the header names a file that it says does not exist",
                              f->line);
        return 0;
}

/* 1 = `t` is behind the header; 0 = it is a lone "diff --git" line, which changes nothing. */
static int git_read(struct text *t, size_t length, unsigned strip, struct patch_file *f,
                    struct refusal *why)
{
        static const char words[] = "diff --git ";
        _cleanup_(freep) char *both = NULL;
        struct header h = { .file = f, .strip = strip, .why = why };
        size_t skip = sizeof(words) - 1;
        int n;

        f->is_new = PATCH_NO;
        f->is_delete = PATCH_NO;
        f->line = t->line;
        if (t->at[length - 1] == '\n' &&
            name_of_both(&both, t->at + skip, length - skip - 1, strip, why) < 0)
                return -1;
        h.both = both;
        text_next(t, length);
        n = extended_read(&h, t);
        if (n < 0 || names_complete(&h) < 0)
                return -1;
        if (n > 0)
                return 1;
        patch_file_done(f);
        return 0;
}

/* Both names of a plain diff: "--- a" and "+++ b", without their first four bytes. */
static int plain_names(struct patch_file *f, const char *first, size_t first_length,
                       const char *second, size_t second_length, unsigned strip,
                       struct refusal *why)
{
        _cleanup_(freep) char *old = NULL, *name = NULL;

        f->is_new = f->is_delete = PATCH_MAYBE;
        if (!name_is_null(first, first_length) &&
            name_of_plain(&old, first, first_length, strip, NULL, why) < 0)
                return -1;
        if (name_is_null(second, second_length))
                name = TAKE(old);
        else if (name_of_plain(&name, second, second_length, strip, old, why) < 0)
                return -1;
        if (!name)
                return refuse(why, REFUSAL_CORRUPT,
                              "patch line %zu: no file name is left after taking off %u leading "
                              "folder(s); give another `strip`",
                              f->line, strip);

        if (name_is_null(first, first_length) ||
            (!name_is_null(second, second_length) && name_is_epoch(first, first_length))) {
                f->is_new = PATCH_YES;
                f->is_delete = PATCH_NO;
        } else if (name_is_null(second, second_length) || name_is_epoch(second, second_length)) {
                f->is_new = PATCH_NO;
                f->is_delete = PATCH_YES;
        }
        if (f->is_new != PATCH_YES) {
                f->old_name = strdup(name);
                if (!f->old_name)
                        return refuse_memory(why);
        }
        if (f->is_delete != PATCH_YES)
                f->new_name = TAKE(name);
        return 0;
}

/* 1 = `t` is behind the two lines; 0 = these are not the names of a plain diff. */
static int plain_read(struct text *t, unsigned strip, struct patch_file *f, struct refusal *why)
{
        struct text second = *t, hunk;
        size_t length = text_line(t), next;

        if (!text_starts(t, "--- "))
                return 0;
        text_next(&second, length);
        if (!text_starts(&second, "+++ "))
                return 0;
        hunk = second;
        next = text_line(&second);
        text_next(&hunk, next);
        if (!text_starts(&hunk, "@@ -"))
                return 0;
        f->line = t->line;
        if (plain_names(f, t->at + 4, length - 5, second.at + 4, next - 5, strip, why) < 0)
                return -1;
        *t = hunk;
        return 1;
}

int header_find(struct text *t, unsigned strip, struct patch_file *f, struct refusal *why)
{
        struct patch_hunk hunk;
        size_t length;
        int r;

        for (;;) {
                length = text_line(t);
                if (!length)
                        return 0;
                if (text_starts(t, "@@ -") && header_of_hunk(t->at, length, &hunk))
                        return refuse(why, REFUSAL_CORRUPT,
                                      "patch line %zu: a hunk without a file; the lines that name "
                                      "it are missing or broken",
                                      t->line);
                /* What follows is too short to be a change. */
                if (text_left(t) < length + 6)
                        return 0;
                if (text_starts(t, "diff --git ")) {
                        r = git_read(t, length, strip, f, why);
                        if (r != 0)
                                return r;
                        continue;
                }
                r = plain_read(t, strip, f, why);
                if (r != 0)
                        return r;
                text_next(t, length);
        }
}

/* Digits as a number; more than the largest one stays the largest one. */
static bool number_read(struct text *t, uint64_t *ret)
{
        uint64_t value = 0;

        if (!text_left(t) || !text_is_digit(*t->at))
                return false;
        for (; text_left(t) && text_is_digit(*t->at); t->at++)
                value = value > (UINT64_MAX - 9) / 10 ? UINT64_MAX
                                                      : value * 10 + (uint64_t) (*t->at - '0');
        *ret = value;
        return true;
}

/* "start,count" or "start", and then `expect`. */
static bool range_read(struct text *t, const char *expect, uint64_t *ret_start, uint64_t *ret_count)
{
        if (!number_read(t, ret_start))
                return false;
        *ret_count = 1;
        if (text_starts(t, ",")) {
                t->at++;
                if (!number_read(t, ret_count))
                        return false;
        }
        if (!text_starts(t, expect))
                return false;
        t->at += strlen(expect);
        return true;
}

bool header_of_hunk(const char *line, size_t length, struct patch_hunk *h)
{
        struct text t = { .at = line, .end = line + length };

        if (!text_starts(&t, "@@ -") || line[length - 1] != '\n')
                return false;
        t.at += 4;
        return range_read(&t, " +", &h->old_start, &h->old_count) &&
               range_read(&t, " @@", &h->new_start, &h->new_count);
}
