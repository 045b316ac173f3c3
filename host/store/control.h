/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Control socket: how other processes reach a live engine
 *
 * A Unix stream socket `control` in the store's folder; one JSON object a line each way, one reply
 * to each request, in order. Only the store's owner and root are served: the kernel says who they
 * are. The number of connections, the length of a line and the time a peer may idle are bounded.
 *
 * Whoever cannot connect (-ECONNREFUSED: no engine) opens the store for writing and decides itself,
 * by the same compare-and-set.
 */

#include "base/err.h"
#include "base/loop.h"

#include <jansson.h>
#include <sys/types.h>

struct control;
struct control_call;

struct control_peer {
        uid_t uid;
        pid_t pid;
};

/*
 * One request. Answer with control_reply(), now or later, exactly once: the call may outlive the
 * peer, never the control.
 */
typedef void (*control_handler)(void *user, struct control_call *call,
                                const struct control_peer *peer, const json_t *request);

/* Listens; the caller holds the store's lock, so a socket found there is a dead engine's. */
int control_new(struct control **ret, struct loop *loop, int store_dirfd, control_handler handler,
                void *user, struct err *err);
struct control *control_free(struct control *c);
DEFINE_FREEP(struct control, control_free);

/* Sends `reply` (the reference is taken; NULL = {"error": "out of memory"}) and ends the call. */
void control_reply(struct control_call *call, json_t *reply);

/*
 * Client: sends one request, waits for its reply. -ECONNREFUSED when no engine listens there,
 * -ETIMEDOUT.
 */
int control_request(const char *store_dir, const json_t *request, uint64_t timeout_ms,
                    json_t **ret_reply, struct err *err);
