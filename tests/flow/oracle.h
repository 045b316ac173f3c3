/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A second opinion on expressions
 *
 * As small as the manual's page, with nothing of the host in it: reads a text that is a sentence of
 * the grammar, works it out by plain recursion, and writes it down again in other words (every
 * operator in parentheses, blanks anywhere, the other kind of quotes).
 */

#include "base/buf.h"
#include "json-random.h"

struct oracle;

/* `text` must be a sentence of the grammar. */
struct oracle *oracle_read(const char *text);
struct oracle *oracle_free(struct oracle *o);
DEFINE_FREEP(struct oracle, oracle_free);

/* The value over {inputs, run, item, index, steps: {ID: {output…}}}: 0, -ENOENT or -EINVAL. */
int oracle_value(const struct oracle *o, const json_t *world, json_t **ret);

void oracle_write(const struct oracle *o, struct json_random *random, struct buf *out);
