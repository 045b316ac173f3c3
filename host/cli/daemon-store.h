/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The store on which linhayd lives: --store DIR, else $LINHAY_STORE, else the option store.dir,
 * else /var/lib/linhay/store.
 */

#include "flow/flow.h"

#include <jansson.h>

/* To be freed. */
int daemon_store_find(char **ret, const char *option, struct err *err);

/* remote_ask() of the daemon there; says what to do where none answers. Takes `request`. */
int daemon_store_ask(const char *dir, json_t *request, uint64_t timeout_ms, json_t **ret_reply,
                     struct err *err);

#define DAEMON_REPLY_MS 60000 /* of a request that makes a run */

/* A definition, not checked: of a file, a shipped one, or the daemon's own of that name. */
int daemon_store_flow(struct flow **ret, const char *dir, const char *name, struct err *err);

/* Prints the id of the run that was accepted, or the reply; with `wait`, its end. Exit status. */
int daemon_store_accepted(const char *dir, const json_t *reply, bool wait, bool as_json,
                          struct err *err);
