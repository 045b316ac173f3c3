/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Verdicts, workspace modes, risks and severities
 *
 * The words that every layer shares: how an attempt ended, what it saw of the tree, and whether a
 * person must look before its changes count. Names are part of files, rows and JSON; they never
 * change.
 */

#include "base/def.h"

/* How one attempt ended. Everything but `ok` is a failure of the step. */
enum verdict {
        VERDICT_OK,
        VERDICT_FAILED,    /* the agent said so: run() did not return 0 */
        VERDICT_CANCELLED, /* a person or the end of the run stopped it */
        VERDICT_TIMEOUT,   /* wall time */
        VERDICT_CPU,
        VERDICT_MEMORY,
        VERDICT_FILES,     /* open descriptors, size of one file or inodes */
        VERDICT_DISK,      /* bytes written to the workspace or /tmp */
        VERDICT_OUTPUT,    /* output, findings, logs or artifacts grew past their limits */
        VERDICT_PROCESSES, /* processes or threads */
        VERDICT_LOAD,      /* the shared object could not be loaded or is not an agent */
        VERDICT_PROTOCOL,  /* bytes on the wire that the state machine does not allow, or no result
                            */
        VERDICT_SCHEMA,    /* input or output does not fit the manifest */
        VERDICT_SYSCALL,   /* a system call that was not granted */
        VERDICT_SIGNAL,    /* any other signal: SIGSEGV, abort() */
        VERDICTS_,
};

const char *verdict_name(enum verdict v);

/* 0 or -ENOENT. */
int verdict_from_name(enum verdict *ret, const char *name);

enum workspace_mode {
        WORKSPACE_NONE,    /* the agent sees no tree */
        WORKSPACE_RO,      /* the real tree, read-only */
        WORKSPACE_OVERLAY, /* a private view; the host computes what changed */
        WORKSPACE_MODES_,
};

const char *workspace_mode_name(enum workspace_mode m);
int workspace_mode_from_name(enum workspace_mode *ret, const char *name);

/* Ordered: the risk of a step is the highest that manifest, workflow or admin asks for. */
enum risk {
        RISK_AUTO,     /* changes are applied at once, recorded `by policy` */
        RISK_APPROVAL, /* changes wait for a person */
        RISKS_,
};

const char *risk_name(enum risk r);
int risk_from_name(enum risk *ret, const char *name);

/* Of a finding; the same numbers as in the SDK. */
enum severity {
        SEVERITY_INFO,
        SEVERITY_LOW,
        SEVERITY_MEDIUM,
        SEVERITY_HIGH,
        SEVERITY_CRITICAL,
        SEVERITIES_,
};

const char *severity_name(enum severity s);
int severity_from_name(enum severity *ret, const char *name);
