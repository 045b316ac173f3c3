/* SPDX-License-Identifier: Apache-2.0 */

/* The least that an agent can be; what bench-step measures. */

#include <linhay/agent.h>

LINHAY_MANIFEST("agent-noop.json")

static int run(struct linhay_run *r)
{
        return linhay_output(r, "{\"ok\":true}", 11);
}

LINHAY_AGENT(.run = run)
