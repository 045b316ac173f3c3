/* SPDX-License-Identifier: Apache-2.0 */
#include "base/verdict.h"

#include <string.h>

static const char *const verdict_names[VERDICTS_] = {
        [VERDICT_OK] = "ok",
        [VERDICT_FAILED] = "failed",
        [VERDICT_CANCELLED] = "cancelled",
        [VERDICT_TIMEOUT] = "timeout",
        [VERDICT_CPU] = "cpu",
        [VERDICT_MEMORY] = "memory",
        [VERDICT_FILES] = "files",
        [VERDICT_DISK] = "disk",
        [VERDICT_OUTPUT] = "output",
        [VERDICT_PROCESSES] = "processes",
        [VERDICT_LOAD] = "load",
        [VERDICT_PROTOCOL] = "protocol",
        [VERDICT_SCHEMA] = "schema",
        [VERDICT_SYSCALL] = "syscall",
        [VERDICT_SIGNAL] = "signal",
};
static const char *const workspace_mode_names[WORKSPACE_MODES_] = {
        [WORKSPACE_NONE] = "none",
        [WORKSPACE_RO] = "ro",
        [WORKSPACE_OVERLAY] = "overlay",
};
static const char *const risk_names[RISKS_] = {
        [RISK_AUTO] = "auto",
        [RISK_APPROVAL] = "approval",
};
static const char *const severity_names[SEVERITIES_] = {
        [SEVERITY_INFO] = "info", [SEVERITY_LOW] = "low",           [SEVERITY_MEDIUM] = "medium",
        [SEVERITY_HIGH] = "high", [SEVERITY_CRITICAL] = "critical",
};

static int name_find(const char *const *names, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(names[i], name) == 0)
                        return (int) i;
        return -ENOENT;
}

const char *verdict_name(enum verdict v)
{
        return verdict_names[v];
}

int verdict_from_name(enum verdict *ret, const char *name)
{
        int i = name_find(verdict_names, VERDICTS_, name);

        if (i < 0)
                return i;
        *ret = (enum verdict) i;
        return 0;
}

const char *workspace_mode_name(enum workspace_mode m)
{
        return workspace_mode_names[m];
}

int workspace_mode_from_name(enum workspace_mode *ret, const char *name)
{
        int i = name_find(workspace_mode_names, WORKSPACE_MODES_, name);

        if (i < 0)
                return i;
        *ret = (enum workspace_mode) i;
        return 0;
}

const char *risk_name(enum risk r)
{
        return risk_names[r];
}

int risk_from_name(enum risk *ret, const char *name)
{
        int i = name_find(risk_names, RISKS_, name);

        if (i < 0)
                return i;
        *ret = (enum risk) i;
        return 0;
}

const char *severity_name(enum severity s)
{
        return severity_names[s];
}

int severity_from_name(enum severity *ret, const char *name)
{
        int i = name_find(severity_names, SEVERITIES_, name);

        if (i < 0)
                return i;
        *ret = (enum severity) i;
        return 0;
}
