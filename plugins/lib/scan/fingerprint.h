/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Fingerprints of findings
 *
 * A fingerprint says "the same finding as last time" although lines moved. It stands in reports and
 * databases, so nothing about a secret may be learned from it:
 *
 * - With a key (from the policy or the baseline file) it is HMAC-SHA256(key, rule, secret, path):
 *   who does not have the key cannot try out guesses, and a changed secret is a new finding.
 * - Without a key the secret does not go in at all, because anybody could try a list of passwords
 *   against a hash that has no key: it is made of rule, path, the masked line, and how many equal
 *   ones came before.
 */

#include "scan/def.h"

#define FINGERPRINT_BYTES 16
#define FINGERPRINT_HEX   (2 * FINGERPRINT_BYTES + 1) /* 32 digits and a NUL */
#define FINGERPRINT_KEY   256

struct fingerprint_key {
        unsigned char bytes[FINGERPRINT_KEY];
        size_t length; /* 0 = no key */
};

/* Each part goes in with its length, so no two lists of parts give the same text. */
void fingerprint_make(char ret[FINGERPRINT_HEX], const struct fingerprint_key *key,
                      const struct span *parts, size_t n);

/* The same as bytes. */
void fingerprint_bytes(unsigned char ret[FINGERPRINT_BYTES], const struct fingerprint_key *key,
                       const struct span *parts, size_t n);
