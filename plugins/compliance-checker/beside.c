/* SPDX-License-Identifier: Apache-2.0 */
#include "beside.h"

#include "def.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Adds one part of a path to those before: false where it leads out of the tree. */
static bool add_part(char *path, size_t *length, const char *part, size_t n)
{
        if (n == 0 || (n == 1 && *part == '.'))
                return true;
        if (n == 2 && part[0] == '.' && part[1] == '.') {
                if (*length == 0)
                        return false;
                while (*length > 0 && path[*length - 1] != '/')
                        --*length;
                *length -= *length > 0;
                return true;
        }
        if (*length > 0)
                path[(*length)++] = '/';
        memmove(path + *length, part, n);
        *length += n;
        return true;
}

int beside_path(const char *from, const char *name, char **ret)
{
        const char *slash = strrchr(from, '/');
        size_t length = slash ? (size_t) (slash - from) : 0;
        _cleanup_(freep) char *path = NULL;

        if (!*name || *name == '/' || *name == '~')
                return 0;
        path = malloc(length + strlen(name) + 2);
        if (!path)
                return -ENOMEM;
        memcpy(path, from, length);
        for (;;) {
                size_t n = strcspn(name, "/");

                if (!add_part(path, &length, name, n))
                        return 0;
                if (!name[n])
                        break;
                name += n + 1;
        }
        if (length == 0)
                return 0;
        path[length] = '\0';
        *ret = TAKE(path);
        return 1;
}

int beside_read(int dirfd, const char *path, size_t length_max, char **ret_text, size_t *ret_length)
{
        _cleanup_(closep) int fd =
                openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        _cleanup_(freep) char *text = NULL;
        struct stat st;
        ssize_t n;

        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
            (size_t) st.st_size > MIN_OF(length_max, (size_t) BESIDE_BYTES_MAX))
                return 0;
        text = malloc((size_t) st.st_size + 1);
        if (!text)
                return -ENOMEM;
        n = read(fd, text, (size_t) st.st_size);
        if (n < 0)
                return 0;
        text[n] = '\0';
        *ret_text = TAKE(text);
        *ret_length = (size_t) n;
        return 1;
}
