/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Closures: what of this machine an interpreter needs to run
 *
 * Found out for an admin, who reads it and grants it; never while an agent is started. The program,
 * its ELF loader, the libraries that the loader says it would map, and folders of modules with the
 * libraries of what can be mapped there. The loader is run in the way that only lists; no code of
 * the program itself runs. Nothing is asked of files that an agent brought.
 */

#include "base/err.h"

#include <jansson.h>

/*
 * {"interpreter": PATH, "run": [PATH], "read": [PATH]}, a new reference; `folders` are more files
 * and folders of the caller's, NULL-terminated. Where /usr/lib has a folder of the program's name
 * (/usr/lib/python3.11), that is one of them.
 */
int closure_find(json_t **ret, const char *program, const char *const *folders, struct err *err);
