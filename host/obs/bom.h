/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What all bills of materials have in common
 *
 * Nothing here is of the moment at which a bill is written: the same run gives the same bill.
 */

#include "obs/view.h"

#define BOM_TIME 32 /* bytes for a time */
#define BOM_URN  46 /* "urn:uuid:", 36 characters and a NUL */

/* "2026-01-31T12:34:56Z" of the run's end, else its start, else 1970. */
void bom_time(char ret[BOM_TIME], const json_t *document);

/* The name of a bill in one format: a UUID of version 8 (RFC 9562) out of the run's id by SHA-256.
 * 0 or -ENOMEM. */
int bom_urn(char ret[BOM_URN], const json_t *document, const char *format);

/* What the bill is of: the last part of the workspace's path, else the flow's name; borrowed. */
const char *bom_subject(const json_t *document);

/* Could it be an SPDX licence expression: identifiers with AND, OR, WITH and parentheses? Whether
 * SPDX has licences of these names is not looked at. NONE and NOASSERTION are none. */
bool bom_is_expression(const char *license);
