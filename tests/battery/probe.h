/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The attack battery: one probe is one technique, stated together with what must come of it
 *
 * The same functions are compiled into a hostile agent (agent.c) that tries them in a cell, and
 * into the driver (battery.c), which tries them unconfined: a probe that fails even there shows
 * nothing. Add one: a function and a row in the file of its group; `scripts/battery` writes the
 * table again.
 */

#include <linhay/agent.h>

#include "base/limit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

/* When the probe runs in an agent. Whatever is safe in a constructor is safe later as well. */
enum entry { ENTRY_RUN, ENTRY_CONSTRUCTOR, ENTRY_IFUNC, ENTRIES_ };

/*
 * What there is to attack: made by the driver (scene.c), and written into the object's bytes, since
 * a constructor has nobody to ask. The paths are outside of every cell.
 */
struct scene {
        char mark[24]; /* what the driver looks for; all that follows is written over */
        char probe[56];
        uint32_t entry;  /* enum entry */
        uint32_t honest; /* the control of a probe of the protocol: everything but the fault */
        char folder[96]; /* everybody may write here */
        char file[112];  /* below it, 0666: holds `canary` */
        char socket_path[108]; /* a Unix socket that listens, 0777 */
        char abstract[32];     /* the same in the abstract name space, without the first NUL */
        char canary[40];
        char shared_name[40]; /* of a POSIX shared memory object, 0666 */
        uint16_t tcp_port;    /* on 127.0.0.1, both listen */
        uint16_t udp_port;
        int32_t shared_id;       /* of a System V segment, 0666 */
        int32_t victim;          /* a process of the same user, as the host counts */
        uint64_t victim_address; /* of the canary in its memory */
        int32_t workspace;       /* the descriptor of the tree in the control; a cell has it as 4 */
        uint32_t is_before;      /* it is the earlier cell: `before` is run */
};

extern struct scene scene;

/* What the agent answers; a probe may spoil it while it is loaded. */
extern struct linhay_agent descriptor;

/* How it is shown that the probe would do harm if nothing were in its way. */
enum control {
        CONTROL_UNCONFINED,  /* the driver's child does it: "reached" */
        CONTROL_ROOT,        /* the same, but an ordinary user could not do it anyway */
        CONTROL_NO_SECCOMP,  /* in a cell without that layer it comes through */
        CONTROL_NO_LANDLOCK, /* the same */
        CONTROL_HONEST,      /* without its fault (`scene.honest`) the cell ends with "reached" */
        CONTROL_NONE,        /* there is none: `reason` says why; not counted */
};

/*
 * Is a secret "TOKEN" given to the cell? PROBE_SECRET_HONEST: to the cell before and to the honest
 * control alone. In an honest control nothing is masked.
 */
enum probe_secret { PROBE_NO_SECRET, PROBE_SECRET, PROBE_SECRET_HONEST };

#define PROBE_SECRET_TEXT "mXq7-Lr2.Wz9_Tk4~Bn1" /* as it is given */

/* Returned by an attack that has set the output itself, "errno" in it. */
#define OUTPUT_GIVEN 255

/*
 * Outcomes are words: "reached" (the attack returned 0), the name of an errno that it returned,
 * "syscall NAME" (the cell was ended for that call), or another verdict's name. Several, separated
 * by " or ", are all right.
 */
struct probe {
        const char *name;      /* "group/what" */
        const char *technique; /* what is tried, one sentence without an end */
        int (*attack)(
                struct linhay_run *r); /* 0 = it reached its target; an errno; r may be NULL */
        const char *want;
        const char *at_load; /* in a constructor or resolver; NULL = the same, "-" = not tried */
        const char *as_user; /* of a host that is not root; NULL = the same */
        const char *without_seccomp;  /* what stands behind; NULL = the same */
        const char *without_landlock; /* the same */
        const char *without_groups;   /* where this host has no control groups; the same */
        enum control control;
        const char *reason;
        const char *device; /* the control needs it, and a container may lack it */
        const char *group;  /* one system call group that the agent has been granted */
        enum limit limit;   /* with `value`, where that is not 0 */
        uint64_t value;
        uint64_t processes;            /* granted as well */
        enum workspace_mode workspace; /* of a tree with files "a", "b/c" and the link "l" to "a" */
        bool (*harmed)(void); /* asked on the host after the run: true = the attack came through */
        enum entry entry;     /* of the columns that are not about it; ENTRY_RUN as a rule */
        bool is_unsanitized;  /* the sanitizers would be in the way, or in its place */
        bool is_slow;         /* only while running, and its control */
        /* What an earlier cell of the same tree does, for the attack to find what it left behind.
         */
        int (*before)(struct linhay_run *r);
        int (*later)(struct linhay_run *r); /* goes on, while running, with what began at load */
        /* The host collects what a successful attack left in its overlay: "collected", "unchanged",
         * "refused". Its control is reached when nothing is refused. */
        bool is_collected;
        /* Changes the object's bytes, with `room` behind them; not for an honest control. */
        bool (*forge)(uint8_t *data, size_t *length, size_t room);
        bool is_inspected; /* its manifest is read, nothing else: "reached" or "refused" */
        enum probe_secret secret;
        unsigned times; /* that many warm cells of one pool, one after the other; the last counts */
        const char *script; /* in place of `attack`: a program's text, see script.h */
        bool is_swapped;    /* the digest is of the bytes before they were changed */
};

#define PROBE_GROUPS(X)                                                                            \
        X(fs)                                                                                      \
        X(net)                                                                                     \
        X(process)                                                                                 \
        X(privilege)                                                                               \
        X(kernel)                                                                                  \
        X(memory)                                                                                  \
        X(resource)                                                                                \
        X(inherit)                                                                                 \
        X(wire)                                                                                    \
        X(secret)                                                                                  \
        X(echo)                                                                                    \
        X(exec)                                                                                    \
        X(workspace)                                                                               \
        X(loader)

#define X(group)                                                                                   \
        extern const struct probe group##_probes[];                                                \
        extern const size_t group##_n;
PROBE_GROUPS(X)
#undef X

/* Closes a group's file. */
#define PROBES_END(group) const size_t group##_n = sizeof(group##_probes) / sizeof(*group##_probes);

const struct probe *probe_find(const char *name);
/* Of all groups in their order, NULL behind the last. */
const struct probe *probe_at(size_t i);

/* Head of an attack that asks nothing of its run. */
#define ATTACK(name) static int name(__attribute__((unused)) struct linhay_run *r)

/* The first process of its pid namespace is a cell; a control never is. */
static inline bool in_cell(void)
{
        return getpid() == 1;
}

/* A descriptor that is open before the attack: the cell's socket, or what stands for it. */
enum { CELL_SOCKET = 3, CELL_WORKSPACE };

/* The workspace's descriptor. */
static inline int workspace_fd(void)
{
        return in_cell() ? CELL_WORKSPACE : scene.workspace;
}

/* Does any memory that can be read hold this, but for the attacker's own object? */
bool memory_holds(const char *what);

/* A name for a file where the attacker may write; what a control leaves there is removed. */
void scratch_path(char ret[128], const char *name);

/* The common end of an attack: what the call returned, as an outcome. */
static inline int reached(bool ok)
{
        return ok ? 0 : errno ? errno : EIO;
}

/*
 * For calls that would do lasting harm: the arguments are such that a kernel which has let the
 * caller through its check of permission ends with the errno `proof`, and has done nothing.
 */
static inline int passed(long result, int proof)
{
        return reached(result >= 0 || errno == proof);
}
