/* SPDX-License-Identifier: Apache-2.0 */
#include "run/file-input.h"

#include "base/blob.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

bool file_input_is_named(const json_t *schema, const char *name)
{
        const json_t *property = json_object_get(json_object_get(schema, "properties"), name);
        const char *format = json_string_value(json_object_get(property, "format"));

        return format && strcmp(format, "linhay-file") == 0;
}

const char *file_input_sha256(const char *text)
{
        static const size_t prefix = sizeof(FILE_INPUT_PREFIX) - 1;

        if (strncmp(text, FILE_INPUT_PREFIX, prefix) != 0 || !sha256_is_hex(text + prefix))
                return NULL;
        return text + prefix;
}

int file_input_keep(json_t **ret, int blob_dirfd, int fd, struct err *err)
{
        char sha256[SHA256_HEX];
        struct stat st;
        json_t *value;
        int r;

        if (fstat(fd, &st) < 0)
                return err_sys(err, -errno, "cannot look at the input file");
        if (!S_ISREG(st.st_mode))
                return err_set(err, -EINVAL, "it is not a regular file; give one that is");
        r = blob_put_fd(blob_dirfd, sha256, fd, FILE_INPUT_BYTES_MAX, false, err);
        if (r < 0)
                return r;
        value = json_sprintf(FILE_INPUT_PREFIX "%s", sha256);
        if (!value)
                return -ENOMEM;
        *ret = value;
        return 0;
}

static int copy_all(int to, int from, uint64_t length)
{
        while (length > 0) {
                ssize_t n = sendfile(to, from, NULL, MIN_OF(length, 1ULL << 30));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return -EIO; /* the blob is shorter than it says */
                length -= (uint64_t) n;
        }
        return 0;
}

static int memfd_of(int *ret_fd, int blob, struct err *err)
{
        _cleanup_(closep) int fd = -1;
        struct stat st;
        int r;

        fd = memfd_create("linhay-file", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd < 0 || fstat(blob, &st) < 0)
                return err_sys(err, -errno, "cannot make memory for an input file");
        r = copy_all(fd, blob, (uint64_t) st.st_size);
        if (r < 0)
                return err_sys(err, r, "cannot copy an input file into memory");
        if (lseek(fd, 0, SEEK_SET) < 0 ||
            fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
                return err_sys(err, -errno, "cannot seal an input file");
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int file_input_open(int *ret_fd, const json_t *value, int blob_dirfd, struct err *err)
{
        const char *text = json_string_value(value);
        const char *sha256 = text ? file_input_sha256(text) : NULL;
        _cleanup_(closep) int blob = -1;

        if (!sha256)
                return err_set(err, -EINVAL,
                               "it must be a file that the caller gave (-i NAME=PATH, or a "
                               "workflow input of format linhay-file)");
        blob = blob_open(blob_dirfd, sha256);
        if (blob < 0)
                return err_sys(err, blob, "the file's bytes are no longer in the store");
        return memfd_of(ret_fd, blob, err);
}
