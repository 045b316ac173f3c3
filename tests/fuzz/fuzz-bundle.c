/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes as the bundle of an agent's folder
 *
 * Promises: a bundle's files end, and each lies at a relative path with no way up; what is not one
 * is refused; unpacking fills one folder and nothing beside it, or refuses with words; and what was
 * unpacked, packed again, is the same files with the same bytes, and the same bundle every time.
 */
#include "fuzz-file.h"
#include "fuzz-folder.h"

#include "base/bundle.h"
#include "base/io.h"

#include <dirent.h>

static void path_try(const char *path)
{
        size_t n = strlen(path);

        promise(n > 0 && n <= BUNDLE_PATH_MAX && path[0] != '/', "a path is relative");
        for (const char *part = path; part; part = strchr(part, '/')) {
                part += part > path;
                n = strcspn(part, "/");
                promise(n > 0 && !(n <= 2 && strncmp(part, "..", n) == 0), "and leads down only");
        }
}

/* Counts the files; -1 when the bundle is damaged. */
static int files_try(struct bundle b)
{
        struct bundle_file file;
        int r, n = 0;

        while ((r = bundle_next(&b, &file)) > 0) {
                path_try(file.path);
                promise(file.size <= BUNDLE_BYTES_MAX && ++n <= BUNDLE_FILES_MAX, "limits hold");
        }
        promise(r == 0 || r == -EBADMSG, "an end or a damage");
        return r < 0 ? -1 : n;
}

static bool bytes_are_same(int fd, const struct bundle_file *a, int other,
                           const struct bundle_file *b)
{
        char x[256], y[256];

        if (a->size != b->size)
                return false;
        for (uint64_t at = 0; at < a->size; at += sizeof(x)) {
                size_t n = (size_t) MIN_OF(a->size - at, (uint64_t) sizeof(x));

                if (pread(fd, x, n, (off_t) (a->at + at)) != (ssize_t) n ||
                    pread(other, y, n, (off_t) (b->at + at)) != (ssize_t) n || memcmp(x, y, n) != 0)
                        return false;
        }
        return true;
}

/* Everything in `packed` is in the bundle that it was unpacked from. */
static void again_try(int fd, int folder)
{
        _cleanup_(fuzz_file_done) struct fuzz_file packed, twice;
        struct bundle_file file, from;
        struct err err = { 0 };
        struct bundle b, c;

        fuzz_file_make(&packed, "", 0);
        fuzz_file_make(&twice, "", 0);
        if (bundle_pack(packed.fd, folder, "it", &err) < 0) {
                promise(fuzz_has_words(err.text), "what cannot be packed is told");
                return;
        }
        promise(bundle_pack(twice.fd, folder, "it", &err) == 0, "it can be packed twice");
        promise(bundle_open(&b, packed.fd, 0) == 0 && bundle_open(&c, twice.fd, 0) == 0,
                "what was packed is a bundle");
        promise(files_try(b) >= 0, "and a whole one");
        while (bundle_next(&b, &file) > 0) {
                promise(bundle_find(fd, file.path, &from) == 0 &&
                                bytes_are_same(fd, &from, packed.fd, &file),
                        "the same bytes under the same name");
                promise(bundle_next(&c, &from) > 0 && strcmp(file.path, from.path) == 0,
                        "in the same order every time");
        }
}

static void beside_try(void)
{
        DIR *dir = opendir(fuzz_folder_path());
        const struct dirent *entry;

        promise(dir, "the folder is there");
        while ((entry = readdir(dir)))
                promise(entry->d_name[0] == '.' || strcmp(entry->d_name, "to") == 0,
                        "nothing is made beside the folder");
        (void) closedir(dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(fuzz_file_done) struct fuzz_file f;
        _cleanup_(closep) int folder = -1;
        struct err err = { 0 };
        struct bundle b;
        int n, r;

        fuzz_file_make(&f, data, size);
        r = bundle_open(&b, f.fd, 0);
        promise(r == 0 || r == -EBADMSG, "a bundle or none");
        if (r < 0)
                return 0;
        n = files_try(b);
        folder = fuzz_folder_make("to");
        r = bundle_unpack(&b, folder, &err);
        promise(r == 0 || fuzz_has_words(err.text), "what cannot be unpacked is told");
        promise(r < 0 || n >= 0, "no damaged bundle is unpacked whole");
        beside_try();
        if (r == 0)
                again_try(f.fd, folder);
        fuzz_folder_remove("to");
        return 0;
}
