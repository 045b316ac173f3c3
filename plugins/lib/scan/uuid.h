/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * UUIDs
 *
 * 8-4-4-4-12 hexadecimal digits that look drawn: an identifier, and in some systems a key to what
 * it names. No literal leads to them, so they are found by their bytes.
 */

#include "scan/def.h"

#define UUID_LENGTH 36

/* The next UUID at or behind `from`: its offset, or SIZE_MAX. */
size_t uuid_find(const char *text, size_t length, size_t from);

/* Does the file name interfaces and projects by their UUIDs: *.idl, *.sln, *.csproj? */
bool uuid_names_parts(const char *path);
