/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sha256.h"

#include <string.h>

void sha256_text(char ret[SHA256_HEX], const uint8_t digest[SHA256_DIGEST_SIZE])
{
        static const char digits[] = "0123456789abcdef";

        for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++) {
                ret[2 * i] = digits[digest[i] >> 4];
                ret[2 * i + 1] = digits[digest[i] & 15];
        }
        ret[SHA256_HEX - 1] = '\0';
}

void sha256_finish(struct sha256_ctx *ctx, char ret[SHA256_HEX])
{
        uint8_t digest[SHA256_DIGEST_SIZE];

        sha256_digest(ctx, sizeof(digest), digest);
        sha256_text(ret, digest);
}

void sha256_hex(char ret[SHA256_HEX], const void *data, size_t length)
{
        struct sha256_ctx ctx;

        sha256_init(&ctx);
        sha256_update(&ctx, length, data);
        sha256_finish(&ctx, ret);
}

int sha256_fd(char ret[SHA256_HEX], int fd)
{
        struct sha256_ctx ctx;
        uint8_t chunk[65536];

        sha256_init(&ctx);
        for (;;) {
                ssize_t n = read(fd, chunk, sizeof(chunk));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                sha256_update(&ctx, (size_t) n, chunk);
        }
        sha256_finish(&ctx, ret);
        return 0;
}

bool sha256_is_hex(const char *text)
{
        return strspn(text, "0123456789abcdef") == SHA256_HEX - 1 && text[SHA256_HEX - 1] == '\0';
}
