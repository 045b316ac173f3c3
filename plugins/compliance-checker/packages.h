/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Control "licenses": what the tree is made of. Reads manifests and lockfiles (see deps/deps.h)
 * into one list of packages, which is told as `packages` of the output and is what a bill of
 * materials is written from.
 */

#include "check.h"

/* Reads the current file if it is a manifest or a lockfile: 0 or a negative errno. */
int packages_check(struct check *c);

/* Joins what the files said, and takes licences from packages that are in the tree themselves
 * (node_modules/NAME/package.json): 0 or a negative errno. */
int packages_finish(struct check *c);

/* [{purl, type, name, version, license, direct, scope, path, line}]; NULL = out of memory. */
json_t *packages_to_json(const struct check *c);
