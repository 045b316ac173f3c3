/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The store on which linhayd lives: --store DIR, else $LINHAY_STORE, else the option store.dir,
 * else /var/lib/linhay/store.
 */

#include "base/err.h"

#include <jansson.h>

/* To be freed. */
int daemon_store_find(char **ret, const char *option, struct err *err);

/* remote_ask() of the daemon there; says what to do where none answers. Takes `request`. */
int daemon_store_ask(const char *dir, json_t *request, uint64_t timeout_ms, json_t **ret_reply,
                     struct err *err);
