/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Catalog: the agents that can be found by name
 *
 * Searched in order: the folders of $LINHAY_AGENT_PATH (colon-separated), `plugins/` of the build
 * folder when linhay runs from one, ${XDG_DATA_HOME:-~/.local/share}/linhay/agents, the installed
 * folder: for NAME.so, NAME/NAME.so, or the folder NAME with an agent.json. A name with a '/' or
 * ending in ".so" is a file or a folder. An agent's file is opened once, a folder is read once;
 * what was inspected, hashed and copied into the cell are the same bytes (a copy in a sealed
 * memfd).
 */

#include "base/err.h"
#include "base/sha256.h"
#include "plug/manifest.h"

/* How the manifest's text is got out of an object; the cell layer's confined inspector, given by
 * the main. */
typedef int (*catalog_inspect)(void *user, int fd, char **ret, size_t *ret_length, struct err *err);

struct agent {
        char *path;
        int fd; /* sealed memfd with the object's bytes, or with the bundle of an exec agent's
                 * folder (base/bundle.h) */
        char sha256[SHA256_HEX];
        struct manifest *manifest;
};

struct agent *agent_free(struct agent *a);
DEFINE_FREEP(struct agent, agent_free);

struct catalog;

int catalog_new(struct catalog **ret, catalog_inspect inspect, void *user);

/* Whoever keeps an agent keeps its catalog: shared, and let go by catalog_free(). */
struct catalog *catalog_ref(struct catalog *c);
struct catalog *catalog_free(struct catalog *c);
DEFINE_FREEP(struct catalog, catalog_free);

/*
 * The agent of that name or file, borrowed: opened, hashed, inspected and parsed at the first call,
 * kept after. -ENOENT says where was looked and which name is near.
 */
int catalog_find(struct catalog *c, const char *name, const struct agent **ret, struct err *err);

/* The folders that are searched, in order, NULL-terminated; borrowed. */
const char *const *catalog_folders(const struct catalog *c);

/*
 * Every agent in the search path, in order of name: {name, version, summary, path, sha256,
 * actions[]} each, or {path, error} for a file that is not an agent. New reference.
 */
json_t *catalog_list(struct catalog *c);
