/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/fingerprint.h"

#include <nettle/hmac.h>
#include <stdio.h>

void fingerprint_bytes(unsigned char ret[FINGERPRINT_BYTES], const struct fingerprint_key *key,
                       const struct span *parts, size_t n)
{
        static const char public_key[] = "linhay compliance-checker: fingerprint without a key, 1";
        struct hmac_sha256_ctx ctx;

        if (key->length)
                hmac_sha256_set_key(&ctx, key->length, key->bytes);
        else
                hmac_sha256_set_key(&ctx, sizeof(public_key) - 1, (const uint8_t *) public_key);
        for (size_t i = 0; i < n; i++) {
                uint64_t length = parts[i].length;
                uint8_t bytes[8];

                for (size_t j = 0; j < sizeof(bytes); j++)
                        bytes[j] = (uint8_t) (length >> (8 * j));
                hmac_sha256_update(&ctx, sizeof(bytes), bytes);
                hmac_sha256_update(&ctx, parts[i].length, (const uint8_t *) parts[i].text);
        }
        hmac_sha256_digest(&ctx, FINGERPRINT_BYTES, ret);
}

void fingerprint_make(char ret[FINGERPRINT_HEX], const struct fingerprint_key *key,
                      const struct span *parts, size_t n)
{
        unsigned char digest[FINGERPRINT_BYTES];

        fingerprint_bytes(digest, key, parts, n);
        for (size_t i = 0; i < sizeof(digest); i++)
                (void) snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}
