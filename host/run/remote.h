/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Decisions from another process
 *
 * `linhay approve` and `linhay reject` reach a live engine over the store's control socket. Where
 * no engine lives they open the store and decide there, by the same compare-and-set; what follows
 * from it happens when an engine takes the run up again.
 *
 * Requests on the socket, one object each:
 *   {"do": "ping", "run"?}                                        → {"pid", "carries"?,
 * "is_daemon"?}
 *   {"do": "decide", "run", "step", "item", "approve", "sha256"?, "reason"?}  → {"state"}
 *   {"do": "cancel", "run", "now"?}                                      → {"state"}
 * where `state` is "recorded" if this engine does not carry the run.
 * A refusal is {"error": TEXT, "errno": N}.
 */

#include "run/engine.h"
#include "store/control.h"

/* The engine's side: a control_handler whose `user` is the struct engine. */
void remote_handle(void *user, struct control_call *call, const struct control_peer *peer,
                   const json_t *request);

/* For who answers further requests: what a refusal looks like, and who asks, by the kernel. */
json_t *remote_refusal(int code, const struct err *err);
void remote_peer_name(char *ret, size_t size, uid_t uid);

/* Who asked for the run of that document; -1 = no local user, as of a run that a trigger started.
 */
int64_t remote_asker(const json_t *document);

/*
 * Asks the engine that lives on a store. Takes `request`; `ret_reply` may be NULL. A refusal is its
 * error; -ECONNREFUSED where no engine lives.
 */
int remote_ask(const char *store_dir, json_t *request, uint64_t timeout_ms, json_t **ret_reply,
               struct err *err);

/* Is it a daemon that lives there, who takes runs and does not go? -ENOENT. */
int remote_daemon(const char *store_dir, pid_t *ret_pid);

/*
 * Does an engine carry that run? Not where none lives on the store, or one that carries others.
 * One that lives and does not answer may.
 */
bool remote_carries(const char *store_dir, const char *run);

/*
 * Decides about a held step of the run in that store; `by.uid` must be the caller's own. *ret_live:
 * an engine carries it on; else `linhay run --resume` does. Errors as engine_decide()'s.
 */
int remote_decide(const char *store_dir, struct step_key key,
                  const struct engine_decision *decision, bool four_eyes, bool *ret_live,
                  struct err *err);

/*
 * Cancels a run. Without a live engine the wish is recorded, and the next `linhay run --resume`
 * ends the run in order. -ENOENT no such run, -EALREADY it has ended.
 */
int remote_cancel(const char *store_dir, const char *run, enum engine_cancel how, const char *by,
                  bool *ret_live, struct err *err);
