/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The hostile agent: does what its scene says, in a constructor, in the resolver of an indirect
 * function, or when it is run
 */

#include "config.h"

#include "probe.h"

LINHAY_MANIFEST("agent.json")

static int outcome_at_load = -1;

static void load(enum entry entry)
{
        const struct probe *p;

        if (scene.entry != entry)
                return;
        p = scene.is_before ? NULL : probe_find(scene.probe);
        if (p)
                outcome_at_load = p->attack(NULL);
}

__attribute__((constructor)) static void construct(void)
{
        load(ENTRY_CONSTRUCTOR);
}

#ifndef LINHAY_SANITIZE /* the loader calls it before the sanitizer is there */
static int resolved(void)
{
        return 0;
}

static int (*resolve(void))(void)
{
        load(ENTRY_IFUNC);
        return resolved;
}

static int indirect(void) __attribute__((ifunc("resolve")));
#else
static int indirect(void)
{
        return 0;
}
#endif

static int run(struct linhay_run *r)
{
        const struct probe *p = probe_find(scene.probe);
        int code = outcome_at_load;

        if (!p || indirect() != 0)
                return linhay_fail(r, LINHAY_FAIL_INPUT, "no-probe", "no probe %s", scene.probe);
        if (scene.is_before)
                code = p->before(r);
        else if (scene.entry == ENTRY_RUN)
                code = p->attack(r);
        else if (p->later)
                code = p->later(r);
        return code == OUTPUT_GIVEN ? 0 : linhay_outputf(r, "{\"errno\":%d}", code);
}

struct linhay_agent descriptor = {
        .magic = LINHAY_MAGIC,
        .abi = LINHAY_ABI,
        .size = sizeof(descriptor),
        .run = run,
};

const struct linhay_agent *linhay_agent(void)
{
        return &descriptor;
}
