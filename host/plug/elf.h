/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One section out of a stranger's ELF object
 *
 * Finds a section by name and copies its bytes; no byte of the object runs or is mapped. The object
 * must be a shared object that this machine can load: ELF64, little-endian, ET_DYN, our e_machine.
 * Every offset and size in it is taken for a lie until it is proven to lie inside the object. Work
 * and memory are bounded by the limits below, whatever the headers say.
 */

#include "base/err.h"

#define ELF_SECTIONS_MAX     4096          /* headers looked at */
#define ELF_SECTION_SIZE_MAX (1024 * 1024) /* of the name table and of the section */

/* Where the bytes come from. */
struct elf_source {
        uint64_t size; /* of the whole object; nothing is read beyond it */

        /* Reads exactly `length` bytes at `offset`: 0 or a negative errno. */
        int (*read)(const struct elf_source *source, uint64_t offset, void *ret, size_t length);
        const void *data; /* elf_source_memory() */
        int fd;           /* elf_source_fd() */
};

struct elf_source elf_source_memory(const void *data, size_t length);

/* `fd` is a regular file or a memfd, still the caller's; its offset is not moved. */
int elf_source_fd(struct elf_source *ret, int fd, struct err *err);

/*
 * Copies the bytes of the only section called `name`, at most `limit` (and ELF_SECTION_SIZE_MAX) of
 * them, with a NUL behind them that is not counted; the caller frees. -ENOEXEC: not an object of
 * this machine, or its headers lie; -ENOENT: no such section; -EFBIG: too large.
 */
int elf_section_read(const struct elf_source *source, const char *name, size_t limit, char **ret,
                     size_t *ret_length, struct err *err);
