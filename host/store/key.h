/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The key of a store
 *
 * 32 random bytes, made with the store and kept in its folder for its owner alone. Each agent is
 * given bytes that are made from them and from its name: so what it signs or names by them is the
 * same in every run on this store, and nobody who has only its output can try out what went in.
 */

#include "base/err.h"
#include "base/sha256.h"

#define STORE_KEY 32

/* Reads the key of the store in `dir`; makes it first where there is none. */
int key_load(unsigned char ret[STORE_KEY], const char *dir, struct err *err);

/* The same for a key in a file of its own, such as the key of a store elsewhere. */
int key_load_file(unsigned char ret[STORE_KEY], const char *path, struct err *err);

/* A key for once. */
int key_draw(unsigned char ret[STORE_KEY], struct err *err);

/* Puts the key into a copy of the store, if there is one. */
int key_copy(const char *from, const char *to, struct err *err);

/* What an agent is given, as hexadecimal digits. */
void key_derive(char ret[SHA256_HEX], const unsigned char key[STORE_KEY], const char *agent);
