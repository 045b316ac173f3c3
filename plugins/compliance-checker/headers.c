/* SPDX-License-Identifier: Apache-2.0 */
#include "headers.h"

#include "captured.h"
#include "header-csp.h"
#include "nginx-config.h"

/* Each kind of file: how it is known, and what checks it. */
static const struct {
        bool (*is_one)(const struct check *c);
        int (*check)(struct check *c);
} kinds[] = {
        { captured_is_one, captured_check },
        { nginx_is_config, nginx_check },
};

size_t headers_rules(void)
{
        return captured_rules() + header_policy_rules + header_csp_rules + nginx_access_rules_n +
               nginx_inject_rules_n + nginx_match_rules_n + nginx_policy_rules_n;
}

int headers_check(struct check *c)
{
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                if (!kinds[i].is_one(c))
                        continue;
                check_concerns(c, CONTROL_HEADERS);
                return kinds[i].check(c);
        }
        return 0;
}
