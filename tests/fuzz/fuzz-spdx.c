/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as an SPDX expression, and as a policy's
 *
 * Promises: what does not parse is told with its column, and the column lies in the text; what
 * parses is printed, the print parses, prints as itself and allows the same; judging it against a
 * policy and against itself ends.
 */
#include "fuzz.h"

#include "license/compat.h"
#include "license/policy.h"
#include "license/spdx.h"

static bool has_even_name(void *owner, const struct spdx_node *node)
{
        char name[SPDX_TEXT];

        (void) owner;
        spdx_name(node, name, sizeof(name));
        return strlen(name) % 2 == 0;
}

static void print_try(const struct spdx *s)
{
        static char once[8 * SPDX_TEXT], twice[8 * SPDX_TEXT];
        static struct spdx again;

        promise(spdx_print(s, once, sizeof(once)) > 0, "what parses is printed");
        if (strlen(once) > SPDX_TEXT || spdx_parse(&again, once, strlen(once)) < 0) {
                /* What replaced an old identifier may be longer than the limits allow. */
                promise(strlen(once) > SPDX_TEXT || strstr(again.error, "too long"),
                        "the print parses");
                return;
        }
        promise(spdx_print(&again, twice, sizeof(twice)) > 0 && !strcmp(once, twice),
                "and prints as itself");
}

static void policy_try(const struct spdx *s)
{
        json_t *policy = json_pack("{s[ss] s[s] s[s]}", "allow", "MIT", "GPL-3.0-only OR ISC",
                                   "deny", "AGPL-*", "review", "LGPL-2.1");
        const struct license_use use = { "a/b", "own" };
        struct license_reason reason;
        char why[512] = "";

        promise(policy && license_policy_check(policy, why, sizeof(why)) == 0, "a policy");
        promise(license_policy_judge(policy, s, &use, "2026-01-31", &reason) <= LICENSE_DENIED,
                "a verdict");
        (void) license_compat(s, s, why, sizeof(why));
        json_decref(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = malloc(size ? size : 1);
        static struct spdx s;

        if (!text)
                return 0;
        if (size)
                memcpy(text, data, size);
        if (spdx_parse(&s, text, size) < 0)
                promise(s.column >= 1 && s.column <= size + 1 && *s.error, "a column in the text");
        else {
                print_try(&s);
                (void) spdx_satisfies(&s, has_even_name, NULL);
                if (s.n_nodes < 40)
                        policy_try(&s);
        }
        free(text);
        return 0;
}
