/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as a patch, and as the file that it is for
 *
 * Promises: a patch or a refusal of a kind with words; a path is judged alike whoever asks; a hunk
 * lies inside the patch's bytes, and the counts in its header are those of its lines; what comes
 * out of a file has as many lines as the hunks say; a patch turned round twice is itself.
 */
#include "fuzz.h"

#include "image.h"
#include "patch.h"
#include "path.h"

struct text_piece {
        const char *data;
        size_t size;
};

static void refusal_try(const struct refusal *why)
{
        promise(why->kind > REFUSAL_NONE && why->kind < REFUSAL_KINDS_ && *why->text,
                "a refusal has a kind and text");
        promise(refusal_code(why->kind), "and a code");
}

static void hunk_try(const struct patch_hunk *h, const struct text_piece *all)
{
        uint64_t old_lines = 0, new_lines = 0;
        const char *at = h->body, *end = h->body + h->length;

        promise(at >= all->data && h->length <= all->size - (size_t) (at - all->data),
                "a hunk lies in the patch");
        while (at < end) {
                const char *newline = memchr(at, '\n', (size_t) (end - at));

                old_lines += *at != '+' && *at != '\\';
                new_lines += *at != '-' && *at != '\\';
                at = newline ? newline + 1 : end;
        }
        promise(old_lines == h->old_count && new_lines == h->new_count,
                "a hunk has the lines that its header counts");
}

static size_t lines_of(const char *text, size_t length)
{
        size_t n = 0;

        for (size_t i = 0; i < length; i++)
                n += text[i] == '\n';
        return n + (length > 0 && text[length - 1] != '\n');
}

static void result_try(const struct image *image)
{
        struct refusal why = { 0 };
        char *result = NULL;
        int64_t shift = 0;
        size_t length;

        if (image_result(image, &result, &length, &why) < 0) {
                refusal_try(&why);
                return;
        }
        for (size_t i = 0; i < image->n_edits; i++)
                shift += (int64_t) image->edits[i].added - (int64_t) image->edits[i].removed;
        promise(result[length] == '\0', "a NUL stands behind the result");
        promise((int64_t) lines_of(result, length) == (int64_t) image->n_lines + shift,
                "the result has the lines that the hunks say");
        free(result);
}

static void file_try(const struct patch_file *f, const struct text_piece *all, bool is_reversed)
{
        struct image image = { 0 };
        struct refusal why = { 0 };
        int64_t offset;
        bool applied = true;

        promise(f->old_name || f->new_name, "a change is of a file");
        if (path_check(f->new_name ? f->new_name : f->old_name, &why) < 0)
                refusal_try(&why);
        if (image_init(&image, "x", all->data, all->size, is_reversed, &why) == 0) {
                for (size_t i = 0; i < f->n_hunks && applied; i++)
                        applied = image_apply(&image, &f->hunks[i], i + 1, &offset, &why) == 0;
                if (applied)
                        result_try(&image);
                else
                        refusal_try(&why);
        }
        image_done(&image);
}

static void patch_try(struct patch *p, const struct text_piece *all)
{
        for (int turn = 0; turn < 2; turn++, patch_reverse(p))
                for (size_t i = 0; i < p->n_files; i++)
                        file_try(&p->files[i], all, p->is_reversed);
        promise(!p->is_reversed, "turned round twice it is itself");
        for (size_t i = 0; i < p->n_files; i++)
                for (size_t j = 0; j < p->files[i].n_hunks; j++)
                        hunk_try(&p->files[i].hunks[j], all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct text_piece all = { size ? (const char *) data : "", size };

        for (unsigned strip = 0; strip < 3; strip++) {
                struct patch p = { .strip = strip };
                struct refusal why = { 0 };

                if (patch_parse(&p, all.data, all.size, &why) == 0)
                        patch_try(&p, &all);
                else
                        refusal_try(&why);
                patch_done(&p);
        }
        return 0;
}
