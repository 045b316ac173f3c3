/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as a configuration file
 *
 * Promises: what is refused is told with file and line, by the reader of trees and by the reader of
 * options alike; a tree is written as libconfig and read again as the same; of options that were
 * read each has a value of its kind and an origin.
 */
#include "fuzz.h"

#include "conf/options.h"
#include "conf/tree.h"
#include "fuzz-file.h"

/* libconfig 1.5 itself loses a few bytes for each string that it cannot finish. */
const char *__lsan_default_suppressions(void) __attribute__((visibility("default")));
const char *__lsan_default_suppressions(void)
{
        return "leak:libconfig\n";
}

#define BYTES_MAX (1 << 20)

static void tree_again(const struct tree *t)
{
        _cleanup_(fuzz_file_done) struct fuzz_file file = { .fd = -1 };
        _cleanup_(buf_done) struct buf out = { 0 };
        _cleanup_(tree_freep) struct tree *again = NULL;
        struct err err = { 0 };
        int r = tree_write(&out, t->json);

        promise(r == 0 || r == -EINVAL, "it is written, or a name cannot be");
        if (r < 0)
                return;
        fuzz_file_make(&file, buf_text(&out), out.length);
        promise(tree_load(&again, file.path, 0, &err) == 0, "what was written is read again");
        promise(json_equal(t->json, again->json), "as the same");
}

static void tree_try(const struct fuzz_file *file)
{
        _cleanup_(tree_freep) struct tree *t = NULL;
        struct err err = { 0 };
        int r = tree_load(&t, file->path, BYTES_MAX, &err);

        promise((r == 0) == (t != NULL), "a tree or an error");
        if (r < 0)
                promise(r != -EBADMSG || fuzz_file_has_line(file, err.text),
                        "an error has file and line");
        else if (json_is_object(t->json))
                tree_again(t);
}

static void option_try(const struct options *o, const struct option_row *row)
{
        promise(options_origin(o, row->path), "an option has an origin");
        switch (row->kind) {
        case OPTION_BOOL:
                (void) options_bool(o, row->path);
                break;
        case OPTION_COUNT:
        case OPTION_BYTES:
        case OPTION_DURATION:
                (void) options_number(o, row->path, 0);
                break;
        case OPTION_TEXT:
        case OPTION_CHOICE:
                promise(options_text(o, row->path) || !row->standard, "a text is there");
                break;
        case OPTION_LIST:
        case OPTION_GROUPS:
                promise(json_is_array(options_list(o, row->path)) || !row->standard,
                        "a list is there");
                break;
        }
}

static void options_try(const struct fuzz_file *file)
{
        _cleanup_(options_freep) struct options *o = NULL;
        struct err err = { 0 };
        int r = options_load_file(&o, file->path, &err);

        promise((r == 0) == (o != NULL), "options or an error");
        promise(r == 0 || fuzz_file_has_line(file, err.text), "an error has file and line");
        for (size_t i = 0; o && i < option_count; i++)
                option_try(o, &option_table[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(fuzz_file_done) struct fuzz_file file = { .fd = -1 };

        fuzz_file_make(&file, data, size);
        tree_try(&file);
        options_try(&file);
        return 0;
}
