/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Files that compose gives to services as their environment (`env_file`)
 *
 * What they declare counts as declared beside the compose file, and what looks like a secret in
 * them is told as in a .env file, whatever their names are; so they are looked at once more when
 * all files were seen.
 */

#include "check.h"

#define ENV_FILES_MAX 1000 /* of one tree */

/* Notes what the current file, if it is a compose file, names. 0 or a negative errno. */
int env_file_note(struct check *c);

/* Tells the secrets in the files that were noted, after all files. 0 or a negative errno. */
int env_file_finish(struct check *c);
