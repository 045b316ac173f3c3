/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Fuzz target: any bytes as a patch, and as the file that it is for
 *
 * LLVMFuzzerTestOneInput() is the entry point of libFuzzer. Built plainly, the program replays the
 * files named in its arguments, or the corpus beside it, and prints TAP.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "image.h"
#include "patch.h"
#include "path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void file_try(const struct patch_file *f, const char *data, size_t size, bool is_reversed)
{
        struct image image = { 0 };
        struct refusal why = { 0 };
        int64_t offset;
        char *result = NULL;
        size_t length;

        (void) path_check(f->new_name ? f->new_name : f->old_name, &why);
        if (image_init(&image, "x", data, size, is_reversed, &why) == 0) {
                for (size_t i = 0; i < f->n_hunks; i++)
                        (void) image_apply(&image, &f->hunks[i], i + 1, &offset, &why);
                (void) image_result(&image, &result, &length, &why);
        }
        free(result);
        image_done(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *text = (const char *) data;

        for (unsigned strip = 0; strip < 3; strip++) {
                struct patch p = { .strip = strip };
                struct refusal why = { 0 };

                if (patch_parse(&p, text, size, &why) == 0)
                        for (int turn = 0; turn < 2; turn++, patch_reverse(&p))
                                for (size_t i = 0; i < p.n_files; i++)
                                        file_try(&p.files[i], text, size, p.is_reversed);
                patch_done(&p);
        }
        return 0;
}

#ifndef LINHAY_FUZZ
/* Each file as it is and cut at every fourth of it. */
static bool replay(const char *path)
{
        static uint8_t data[1 << 20];
        FILE *f = fopen(path, "r");
        size_t n;

        if (!f)
                return false;
        n = fread(data, 1, sizeof(data), f);
        (void) fclose(f);
        for (size_t part = 1; part <= 4; part++)
                (void) LLVMFuzzerTestOneInput(data, n * part / 4);
        return true;
}

static int replay_folder(const char *folder)
{
        struct dirent **names;
        int n = scandir(folder, &names, NULL, alphasort), tests = 0;
        bool ok = n > 2;

        for (int i = 0; i < n; i++) {
                _cleanup_(freep) char *path = NULL;

                if (names[i]->d_name[0] != '.' &&
                    asprintf(&path, "%s/%s", folder, names[i]->d_name) > 0)
                        printf("%s %d - %s\n", replay(path) ? "ok" : "not ok", ++tests,
                               names[i]->d_name);
                free(names[i]);
        }
        if (n >= 0)
                free(names);
        printf("1..%d\n", tests);
        return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
        const char *source = getenv("LINHAY_SRCDIR");
        char folder[4096];
        int bad = 0;

        for (int i = 1; i < argc; i++)
                bad += !replay(argv[i]);
        if (argc > 1)
                return bad != 0;
        (void) snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/patch",
                        source ? source : ".");
        return replay_folder(folder);
}
#endif
