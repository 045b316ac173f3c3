/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Intake: what other processes ask the daemon for, over the store's control socket
 *
 * Beside those of the engine itself (run/remote.h):
 *   {"do": "submit", "flow": {…}, "inputs": {…}, "workspace"?, "key"?, "priority"?, "project"?}
 *                                                 → {"run", "is_new"} when the run is on disk
 *   {"do": "retry", "run", "from"?, "flow"?}      → {"run", "is_new", "plan"} as engine_retry()
 * says
 *   {"do": "rollback", "run"}                     → {"undone": [{"run", "step", "files"}]}
 *   {"do": "workflow", "name"}                    → {"flow": {…}} one that is registered
 *   {"do": "wait", "run"}                         → {"state", "exit"} when it has ended, or waits
 *                                                   for a person
 *   {"do": "triggers"}                            → {"triggers": […]} as firing_list()
 *   {"do": "fire", "name"}                        → {"run"} when it is on disk, or {"run": null}
 *                                                   where it waits for the end of the last one
 *   {"do": "reload"}                              → {"state": "reloaded"}
 * A refusal is {"error": TEXT, "errno": N}. Requests that wait for an answer are bounded by the
 * socket's connections; half of them may be "wait".
 */

#include "run/engine.h"
#include "run/firing.h"
#include "store/control.h"

struct intake;

/* What the daemon does about requests; `user` is what intake_new() was given. */
struct intake_options {
        struct engine *engine;
        struct store *store;
        /* Agents of runs that are submitted now. */
        struct catalog *(*catalog)(void *user);
        const struct flow *(*workflow)(void *user, const char *name); /* NULL = none */
        int (*reload)(void *user, struct err *err);
        struct firing *firing;
        void *user;
};

int intake_new(struct intake **ret, const struct intake_options *options);
struct intake *intake_free(struct intake *in);
DEFINE_FREEP(struct intake, intake_free);

/* Of engine_options: false = the request is none of these. */
bool intake_request(struct intake *in, struct control_call *call, const struct control_peer *peer,
                    const json_t *request);

/* Every event of the engine: it may be what somebody waits for. */
void intake_event(struct intake *in, const json_t *event);
