/* SPDX-License-Identifier: Apache-2.0 */
#include "run/syscall-grant.h"

#include <string.h>

#include "base/buf.h"
#include "cell/policy.h"
#include "run/grant.h"

static bool group_is_known(const char *name)
{
        for (size_t i = 0; policy_group_name(i); i++)
                if (strcmp(policy_group_name(i), name) == 0)
                        return true;
        return false;
}

int syscall_grants_check(const json_t *grants, const char *origin, struct err *err)
{
        _cleanup_(buf_done) struct buf known = { 0 };
        json_t *grant;
        size_t i;

        json_array_foreach (grants, i, grant) {
                const char *name = json_string_value(json_object_get(grant, "group"));

                if (group_is_known(name))
                        continue;
                for (size_t g = 0; policy_group_name(g); g++)
                        (void) buf_printf(&known, "%s%s", g ? ", " : "", policy_group_name(g));
                return err_set(
                        err, -EINVAL,
                        "%s: syscalls.grants: there is no group \"%s\" of system calls; there "
                        "are %s",
                        origin, name, buf_text(&known));
        }
        return 0;
}

int syscall_grant_make(const char ***ret, const json_t *grants, const struct agent *agent,
                       struct err *err)
{
        const char *const *asked = (const char *const *) agent->manifest->syscall_groups;
        size_t n = 0, count = 0;
        const char **list;

        while (asked && asked[n])
                n++;
        list = calloc(n + 1, sizeof(*list));
        if (!list)
                return err_set(err, -ENOMEM, "out of memory");
        for (size_t i = 0; i < n; i++)
                if (grant_find(grants, "group", asked[i], agent, NULL))
                        list[count++] = asked[i];
        *ret = list;
        return 0;
}
