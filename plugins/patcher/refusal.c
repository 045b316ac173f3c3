/* SPDX-License-Identifier: Apache-2.0 */
#include "refusal.h"

#include <stdarg.h>
#include <stdio.h>

#include <linhay/agent.h>

static const struct {
        const char *code;
        enum linhay_fail fail_class;
} kinds[] = {
        [REFUSAL_NONE] = { "internal", LINHAY_FAIL_INTERNAL },
        [REFUSAL_INPUT] = { "input-invalid", LINHAY_FAIL_INPUT },
        [REFUSAL_EMPTY] = { "patch-empty", LINHAY_FAIL_INPUT },
        [REFUSAL_CORRUPT] = { "patch-corrupt", LINHAY_FAIL_INPUT },
        [REFUSAL_PATH] = { "path-unsafe", LINHAY_FAIL_INPUT },
        [REFUSAL_LINK] = { "link-unsafe", LINHAY_FAIL_INPUT },
        [REFUSAL_MODE] = { "mode-unsupported", LINHAY_FAIL_INPUT },
        [REFUSAL_MISSING] = { "file-missing", LINHAY_FAIL_INPUT },
        [REFUSAL_EXISTS] = { "file-exists", LINHAY_FAIL_INPUT },
        [REFUSAL_TYPE] = { "type-conflict", LINHAY_FAIL_INPUT },
        [REFUSAL_HUNK] = { "patch-rejected", LINHAY_FAIL_INPUT },
        [REFUSAL_LIMIT] = { "limit-reached", LINHAY_FAIL_LIMIT },
        [REFUSAL_INTERNAL] = { "workspace-failed", LINHAY_FAIL_INTERNAL },
};
_Static_assert(ARRAY_SIZE(kinds) == REFUSAL_KINDS_, "give every kind a code");

int refuse(struct refusal *why, enum refusal_kind kind, const char *format, ...)
{
        va_list args;

        why->kind = kind;
        va_start(args, format);
        (void) vsnprintf(why->text, sizeof(why->text), format, args);
        va_end(args);
        return -1;
}

int refuse_memory(struct refusal *why)
{
        return refuse(why, REFUSAL_INTERNAL,
                      "out of memory; raise the step's memory limit or split the patch");
}

const char *refusal_code(enum refusal_kind kind)
{
        return kinds[kind].code;
}

int refusal_class(enum refusal_kind kind)
{
        return kinds[kind].fail_class;
}
