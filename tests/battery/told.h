/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a person could be shown of a cell that has a secret: is the secret in it?
 *
 * In any of the spellings of echo.c, over line ends of any kind, in texts, names of members and the
 * bytes of artifacts.
 */

#include "base/buf.h"

#include <jansson.h>

void told_text(struct buf *told, const char *text);
void told_json(struct buf *told, const json_t *value);

bool told_has_secret(const struct buf *told);
