/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/program.h"

#include <string.h>

/* One word is a letter that says which list it belongs to, its text, and a NUL. */
static const char letters[] = "axr"; /* arguments, executed, read */

int program_write(struct buf *out, const struct cell_program *program)
{
        const char *const *lists[] = { program->argv, program->run, program->read };
        size_t before = out->length;

        for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
                for (size_t n = 0; lists[i] && lists[i][n]; n++) {
                        if (n == PROGRAM_WORDS_MAX)
                                return -E2BIG;
                        if (buf_putc(out, letters[i]) < 0 ||
                            buf_add(out, lists[i][n], strlen(lists[i][n]) + 1) < 0)
                                return -ENOMEM;
                }
        return out->length - before > PROGRAM_BYTES_MAX ? -E2BIG : 0;
}

int program_read(struct program *ret, int fd, size_t length)
{
        size_t n[ARRAY_SIZE(ret->lists)] = { 0 };

        if (length == 0 || length > sizeof(ret->bytes) ||
            pread(fd, ret->bytes, length, 0) != (ssize_t) length || ret->bytes[length - 1])
                return -EBADMSG;
        for (const char *p = ret->bytes; p < ret->bytes + length; p += strlen(p) + 1) {
                const char *letter = *p ? strchr(letters, *p) : NULL;
                size_t list = letter ? (size_t) (letter - letters) : 0;

                if (!letter || n[list] == PROGRAM_WORDS_MAX)
                        return -EBADMSG;
                ret->lists[list][n[list]++] = p + 1;
        }
        for (size_t i = 0; i < ARRAY_SIZE(n); i++)
                ret->lists[i][n[i]] = NULL;
        ret->words = (struct cell_program){ ret->lists[0], ret->lists[1], ret->lists[2] };
        return n[0] ? 0 : -EBADMSG;
}
