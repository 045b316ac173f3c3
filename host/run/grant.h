/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Grants: the admin's lists of what agents may have
 *
 * A grant is a group of the configuration: what it gives stands under a key of its own
 * ("interpreter", "group", "name"), and whom it is for in the list `agents`, where "NAME" means any
 * agent of that name and "NAME@SHA256" just those bytes. Without that list it is for every agent.
 * Groups and lists are as conf/options.h has checked them; NULL is an empty one.
 */

#include "plug/catalog.h"

#include <jansson.h>

/* Does the list of texts have this one? */
bool grant_list_has(const json_t *list, const char *text);

/*
 * The first grant whose `key` is `value` and that is for this agent, or NULL. `ret_near`, unless it
 * is NULL, says whether some were passed over that are for other agents only.
 */
const json_t *grant_find(const json_t *grants, const char *key, const char *value,
                         const struct agent *agent, bool *ret_near);
