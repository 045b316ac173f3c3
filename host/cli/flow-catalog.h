/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Lets the check of workflows look into the catalog of agents, which it may not include.
 */

#include "flow/check.h"
#include "plug/catalog.h"

struct flow_catalog flow_catalog_of(struct catalog *catalog);

/* The shipped workflow of that name, or the name itself where it is a file or there is no such one;
 * to be freed, NULL = out of memory. */
char *flow_path_find(const char *name);

/*
 * Reads and checks the workflow at `path`: a file, or the name of a shipped workflow ("review").
 * Prints every fault to stderr; `err` then counts them.
 */
int flow_open(struct flow **ret, const char *path, struct catalog *catalog, struct err *err);
