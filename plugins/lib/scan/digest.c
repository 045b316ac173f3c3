/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/digest.h"

#include <nettle/sha2.h>
#include <stdio.h>

void digest_hex(char ret[DIGEST_HEX], const void *data, size_t length)
{
        uint8_t digest[SHA256_DIGEST_SIZE];
        struct sha256_ctx ctx;

        sha256_init(&ctx);
        sha256_update(&ctx, length, data);
        sha256_digest(&ctx, sizeof(digest), digest);
        for (size_t i = 0; i < sizeof(digest); i++)
                (void) snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}
