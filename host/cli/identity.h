/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who is calling: the process's real uid and its name, for the record of decisions.
 */

#include "run/engine.h"

/* The name stays valid until the next call. */
struct identity identity_of_caller(void);
