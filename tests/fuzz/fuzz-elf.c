/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as a shared object, up to the manifest in it
 *
 * Promises: nothing is read outside the object, and not more than the headers and the two sections
 * that are needed; a section that is found is not above the limit and has a NUL behind it; every
 * refusal is one of the three documented and has words. The manifest found is parsed as well.
 */
#include "fuzz.h"

#include "plug/elf.h"
#include "plug/manifest.h"

#define SECTION_LIMIT 65536

static uint64_t bytes_read;

static int read_watched(const struct elf_source *source, uint64_t offset, void *ret, size_t length)
{
        promise(offset <= source->size && length <= source->size - offset,
                "nothing is read outside the object");
        bytes_read += length;
        if (length)
                memcpy(ret, (const char *) source->data + offset, length);
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct elf_source source = elf_source_memory(data, size);
        _cleanup_(freep) char *section = NULL;
        _cleanup_(manifest_freep) struct manifest *m = NULL;
        struct err err = { 0 };
        size_t length = 0;
        int r;

        bytes_read = 0;
        source.read = read_watched;
        r = elf_section_read(&source, MANIFEST_SECTION, SECTION_LIMIT, &section, &length, &err);
        promise(bytes_read <= 64 + ELF_SECTIONS_MAX * 64 + 2 * ELF_SECTION_SIZE_MAX,
                "work is bounded by the limits");
        if (r < 0) {
                promise(r == -ENOEXEC || r == -ENOENT || r == -EFBIG, "a refusal is documented");
                promise(fuzz_has_words(err.text) && err.code == r, "a refusal has words");
                return 0;
        }
        promise(length <= SECTION_LIMIT && section[length] == '\0', "the section is as asked");
        r = manifest_parse(&m, section, length, "object", &err);
        promise((r == 0) == (m != NULL) && (r == 0 || fuzz_has_words(err.text)),
                "a manifest or words");
        return 0;
}
