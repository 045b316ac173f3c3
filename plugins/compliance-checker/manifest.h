/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Manifests
 *
 * Finds what a package says its licence is: package.json, composer.json, Cargo.toml,
 * pyproject.toml, setup.cfg, setup.py, pom.xml, *.gemspec, debian/copyright and their like.
 */

#include "scan/def.h"

/* Told of each licence: the text as it stands, and its offset. Anything but 0 stops. */
typedef int (*manifest_license)(void *owner, struct span license, size_t offset);

/* 0, also for files that are no manifest, or what the callback returned. */
int manifest_read(const char *path, struct span text, manifest_license found, void *owner);
