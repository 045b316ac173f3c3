/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Data files that are embedded into the agent.
 */

#include "scan/def.h"

struct span pack_secrets(void); /* rules/secrets.json, as compiled */
struct span pack_env(void);     /* rules/env.json, as compiled */
