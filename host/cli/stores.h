/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Lists gathered from stores: of one folder, or of every store that is registered
 */

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>

struct store;

struct stores_options {
        const char *store;     /* --store's value or NULL */
        const char *workspace; /* --workspace's value or NULL */
        bool everywhere;       /* every registered store instead */
        bool newest_first;     /* the order of runs' ids; else oldest first */
};

typedef int (*stores_reader)(struct store *store, const void *user, json_t **ret, struct err *err);

/*
 * Appends what `read` gives for each store to *ret, a new array. A store that is not there yet is
 * empty; of many, one that cannot be read is told with cli_say() and left out.
 */
int stores_gather(json_t **ret, const struct stores_options *options, stores_reader read,
                  const void *user, struct err *err);

/* The options for a verb's table. */
#define STORES_OPTIONS(options)                                                                    \
        { "store", 0, CLI_TEXT, "DIR", "this store", &(options)->store },                          \
                { "workspace",                                                                     \
                  'w',                                                                             \
                  CLI_TEXT,                                                                        \
                  "DIR",                                                                           \
                  "the store of this tree (default: the current folder)",                          \
                  &(options)->workspace },                                                         \
        {                                                                                          \
                "everywhere", 0, CLI_FLAG, NULL, "every store of yours", &(options)->everywhere    \
        }
