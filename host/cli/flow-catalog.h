/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Lets the check of workflows look into the catalog of agents, which it may not include.
 */

#include "flow/check.h"
#include "plug/catalog.h"

struct flow_catalog flow_catalog_of(struct catalog *catalog);

/*
 * Reads and checks the workflow at `path`: a file, or the name of a shipped workflow ("review").
 * Prints every fault to stderr; `err` then counts them.
 */
int flow_open(struct flow **ret, const char *path, struct catalog *catalog, struct err *err);
