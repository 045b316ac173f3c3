/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inputs from the command line: `-i key=value`
 *
 * The schema decides how a value is read. A property of type string takes the text verbatim; every
 * other one is parsed as JSON ("strip=2", "reverse=true", "controls=[\"secrets\"]"), and
 * "key=@file.json" reads the JSON from a file. A string property with "format": "linhay-file" is a
 * path on the caller's side: it is opened here, with the caller's rights, and its bytes are kept as
 * a blob (run/file-input.h).
 */

#include "base/err.h"
#include "cli/cli.h"

#include <jansson.h>

#define INPUT_JSON_BYTES_MAX (64u << 20)

/*
 * Reads every "key=value" of `list` by `schema` (a JSON Schema document, may be NULL) into one
 * object, the caller's to release. Errors name the key. What the schema demands of the whole is
 * checked later, by whoever runs it.
 */
int input_read(json_t **ret, const struct cli_list *list, const json_t *schema, int blob_dirfd,
               struct err *err);
