/* SPDX-License-Identifier: Apache-2.0 */
#include "license/index.h"

/* The assembler finds the file by -Wa,-I. */
__asm__(".pushsection .rodata\n"
        ".hidden license_index_start\n.hidden license_index_end\n"
        ".globl license_index_start\n.balign 64\nlicense_index_start:\n"
        ".incbin \"licenses.index\"\n"
        ".globl license_index_end\nlicense_index_end:\n"
        ".byte 0\n.popsection\n");
extern const char license_index_start[] __attribute__((visibility("hidden")));
extern const char license_index_end[] __attribute__((visibility("hidden")));

const struct license_index *license_index_built_in(void)
{
        static struct license_index index;

        if (!index.header &&
            license_index_open(&index, (struct span){ license_index_start,
                                                      (size_t) (license_index_end -
                                                                license_index_start) }) < 0)
                abort(); /* our own build made it */
        return &index;
}
