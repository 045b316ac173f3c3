/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Exceptions by name
 *
 * "Apache License v2.0 with LLVM Exceptions", "GPL version 2 with the Classpath exception",
 * "GPL-2.0-or-later WITH Bison-exception-2.2": what stands behind a licence that is told. An
 * exception in full is a text of the index.
 */

#include "license/mention.h"
#include "license/walk.h"

/*
 * Adds the exception that words[i..] name to the expression of the licence before them. Returns
 * where its name ends, or `i` when there is none.
 */
uint32_t license_with_read(const struct license_walk *w, uint32_t i, char id[LICENSE_ID_SIZE]);
