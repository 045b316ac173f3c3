/* SPDX-License-Identifier: Apache-2.0 */
#include "handed.h"

#include "scan/def.h"

#include <unistd.h>

int handed_read(struct linhay_run *run, const char *pointer, char **ret, size_t *ret_length)
{
        int fd = linhay_input_fd(run, pointer);
        size_t length = 0, size = 0;
        char *data = NULL;
        ssize_t n = 1;

        if (fd == -ENOENT || fd == -ENOSYS)
                return 0;
        while (fd >= 0 && n > 0 && length < HANDED_LIMIT) {
                if (array_grow(&data, &size, length + 65536, 1) < 0) {
                        free(data);
                        return -ENOMEM;
                }
                n = read(fd, data + length, size - length - 1);
                length += n > 0 ? (size_t) n : 0;
        }
        if (fd < 0 || n < 0 || length >= HANDED_LIMIT) {
                free(data);
                return linhay_fail(run, LINHAY_FAIL_INPUT, "unreadable-file",
                                   "%s cannot be read, or is larger than 32 MiB", pointer + 1);
        }
        data[length] = '\0';
        *ret = data;
        *ret_length = length;
        return 1;
}
