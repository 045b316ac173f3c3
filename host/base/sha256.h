/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * SHA-256 (FIPS 180-4), by nettle
 *
 * Digests are carried as 64 lower-case hex digits with a NUL behind them: what people compare,
 * files are named by and rows hold.
 */

#include "base/def.h"

#include <nettle/sha2.h>

#define SHA256_HEX 65 /* 64 digits and a NUL */

void sha256_hex(char ret[SHA256_HEX], const void *data, size_t length);

/* A digest that is there already, as text. */
void sha256_text(char ret[SHA256_HEX], const uint8_t digest[SHA256_DIGEST_SIZE]);

/* For data that comes in pieces: sha256_init() and sha256_update() are nettle's. */
void sha256_finish(struct sha256_ctx *ctx, char ret[SHA256_HEX]);

/* Reads `fd` from its offset to its end; 0 or -errno. */
int sha256_fd(char ret[SHA256_HEX], int fd);

/* 64 lower-case hex digits and nothing else? */
bool sha256_is_hex(const char *text);
