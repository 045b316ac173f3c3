/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The workflows that the daemon knows by name
 *
 * Every *.flow in one folder, read and checked whole against the catalog: agents, schemas,
 * triggers. A registry never changes; a reload makes a new one.
 */

#include "flow/flow.h"
#include "plug/catalog.h"

#define REGISTRY_FLOWS_MAX 1000

struct registry {
        struct flow **flows; /* in order of their files' names */
        size_t n_flows;
};

/* Told of each file that is not fit to run. */
typedef void (*registry_fault)(void *user, const char *text);

/*
 * With `on_fault` a file with faults is left out and told; without it the first fault is the
 * result. A folder that does not exist holds nothing. Two workflows of one name are a fault of the
 * second.
 */
int registry_load(struct registry **ret, const char *dir, struct catalog *catalog,
                  registry_fault on_fault, void *user, struct err *err);
struct registry *registry_free(struct registry *r);
DEFINE_FREEP(struct registry, registry_free);

/* Borrowed; NULL = there is no such workflow. */
const struct flow *registry_find(const struct registry *r, const char *name);
