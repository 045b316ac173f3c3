/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading of workflows that may be broken: for check.c, which wants to go on and find more
 */

#include "flow/flow.h"

/*
 * Like flow_load(), but 0 also when the definition has faults: then *ret has what could be made out
 * of it, with NULL for what is missing and `needs` that may lead in circles.
 */
int flow_read(struct flow **ret_flow, const char *path, struct faults *faults, struct err *err);
