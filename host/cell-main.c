/* SPDX-License-Identifier: Apache-2.0 */

/*
 * linhay-cell: the process in which agents live
 *
 * Not for people: linhay starts it. It joins the layers that must not know each other: the cells,
 * and the reader of manifests that runs in one.
 */

#include <string.h>

#include "cell/zygote.h"
#include "plug/elf.h"
#include "plug/manifest.h"

/* Runs in the inspector, which may do little else. */
static int manifest_read(int fd, char **ret, size_t *ret_length, struct err *err)
{
        struct elf_source source;
        int r = elf_source_fd(&source, fd, err);

        return r < 0 ? r
                     : elf_section_read(&source, MANIFEST_SECTION, MANIFEST_BYTES_MAX, ret,
                                        ret_length, err);
}

int main(int argc, char *argv[])
{
        if (argc != 2 || strcmp(argv[1], "zygote") != 0) {
                (void) fprintf(stderr, "linhay-cell is started by linhay; there is nothing for a "
                                       "person to do with it\n");
                return 2;
        }
        return zygote_main(manifest_read);
}
