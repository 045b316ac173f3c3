/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inputs that are files of the caller's
 *
 * Where an action's input schema says `"format": "linhay-file"`, a person gives a path. Who talks
 * to that person opens the file with that person's rights, keeps its bytes as a blob, and puts
 * "linhay-file:SHA256" into the JSON; from there on only the digest travels, through workflow
 * inputs and templates as any other string does. When an attempt starts, the blob becomes a sealed
 * memfd. Nothing here ever resolves a path.
 */

#include "base/err.h"
#include "base/json.h"

#define FILE_INPUT_PREFIX    "linhay-file:"
#define FILE_INPUT_BYTES_MAX (256ULL * 1024 * 1024)

/* Does `schema` (an object's) give its top-level property `name` the format linhay-file? */
bool file_input_is_named(const json_t *schema, const char *name);

/* The digest in a value of this form, borrowed; NULL where it is not of this form. */
const char *file_input_sha256(const char *text);

/* Keeps what is left to read of `fd`, a regular file, as a blob; *ret is the value for the JSON. */
int file_input_keep(json_t **ret, int blob_dirfd, int fd, struct err *err);

/*
 * Opens what `value` names, as a sealed memfd at offset 0. -EINVAL where it is not of this form,
 * -ENOENT where the blob is gone.
 */
int file_input_open(int *ret_fd, const json_t *value, int blob_dirfd, struct err *err);
