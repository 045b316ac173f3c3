/* SPDX-License-Identifier: Apache-2.0 */

/* A small, whole agent for the tests that read objects. */

#include <linhay/agent.h>

LINHAY_MANIFEST("tiny.json")

static int run(struct linhay_run *r)
{
        return linhay_output(r, "{}", 2);
}

LINHAY_AGENT(.run = run)
