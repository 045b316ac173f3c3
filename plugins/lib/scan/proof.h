/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Proofs
 *
 * Some secrets carry a check of their own: a checksum, or a structure that random text does not
 * have. What holds makes a finding surer; what fails makes it less sure, and never hides it: a
 * truncated or mistyped secret still tells most of the true one. Offline, and without allocation
 * but for the JSON of a token.
 */

#include "scan/def.h"

enum proof {
        PROOF_NONE, /* nothing to check */
        PROOF_CRC,  /* the last 6 bytes are the CRC-32 of the 30 before, in base 62 */
        PROOF_AWS,  /* base32 behind 4 bytes, an account number of at most 12 digits in it */
        PROOF_JWT,  /* header with "alg" and a payload, both JSON in base64url */
        PROOF_PEM,  /* the same label at both ends, and DER or OpenSSH's format inside */
        PROOF_LUHN, /* the last digit makes the sum of digits a multiple of ten */
        PROOFS_,
};

enum proof_result { PROOF_UNKNOWN, PROOF_HOLDS, PROOF_FAILS };

extern const char *const proof_names[PROOFS_]; /* as packs spell them */
extern const char *const proof_means[PROOFS_]; /* for people */

enum proof_result proof_of(enum proof proof, struct span secret);
