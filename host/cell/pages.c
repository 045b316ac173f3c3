/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/pages.h"

#include <link.h>
#include <sys/mman.h>

#include "base/def.h"

#define PAGE 4096UL /* where pages are larger the kernel rounds the end up and refuses a start */

/* Of larger ones (the C library's code) a cell needs a few pages, and all would be unmapped again.
 */
#define SEGMENT_MAX (256UL << 10)

static void range_populate(uintptr_t from, uintptr_t to, int advice)
{
        from &= ~(PAGE - 1);
        to = (to + PAGE - 1) & ~(PAGE - 1);
        if (to > from && to - from <= SEGMENT_MAX)
                (void) madvise((void *) from, to - from, advice);
}

/* Where data ends that the loader has made read-only. */
static uintptr_t relro_end(const struct dl_phdr_info *info)
{
        for (int i = 0; i < info->dlpi_phnum; i++) {
                const ElfW(Phdr) *p = &info->dlpi_phdr[i];

                if (p->p_type == PT_GNU_RELRO)
                        return info->dlpi_addr + p->p_vaddr + p->p_memsz;
        }
        return 0;
}

/* What is zero at start stays away: that is buffers, and few of them are used. */
static int object_populate(struct dl_phdr_info *info, size_t size, void *user)
{
        uintptr_t relro = relro_end(info);

        (void) size;
        (void) user;
        for (int i = 0; i < info->dlpi_phnum; i++) {
                const ElfW(Phdr) *p = &info->dlpi_phdr[i];
                uintptr_t from = info->dlpi_addr + p->p_vaddr, to = from + p->p_filesz;

                if (p->p_type != PT_LOAD)
                        continue;
                if (p->p_flags & PF_W)
                        range_populate(MAX_OF(from, relro), to, MADV_POPULATE_WRITE);
                else
                        range_populate(from, to, MADV_POPULATE_READ);
        }
        return 0;
}

void pages_populate(void)
{
        (void) dl_iterate_phdr(object_populate, NULL);
}
