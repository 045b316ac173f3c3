/* SPDX-License-Identifier: Apache-2.0 */
#include "run/grant.h"

#include <string.h>

bool grant_list_has(const json_t *list, const char *text)
{
        json_t *item;
        size_t i;

        json_array_foreach (list, i, item) {
                if (strcmp(json_string_value(item), text) == 0)
                        return true;
        }
        return false;
}

static bool is_for(const json_t *grant, const struct agent *agent)
{
        const json_t *agents = json_object_get(grant, "agents");
        char pinned[256];

        (void) snprintf(pinned, sizeof(pinned), "%s@%s", agent->manifest->name, agent->sha256);
        return !agents || grant_list_has(agents, agent->manifest->name) ||
               grant_list_has(agents, pinned);
}

const json_t *grant_find(const json_t *grants, const char *key, const char *value,
                         const struct agent *agent, bool *ret_near)
{
        bool is_near = false;
        const json_t *found = NULL;
        json_t *grant;
        size_t i;

        json_array_foreach (grants, i, grant) {
                if (strcmp(json_string_value(json_object_get(grant, key)), value) != 0)
                        continue;
                if (is_for(grant, agent)) {
                        found = grant;
                        break;
                }
                is_near = true;
        }
        if (ret_near)
                *ret_near = is_near;
        return found;
}
