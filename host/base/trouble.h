/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Trouble: whose fault was it?
 *
 * What a stranger gave (an input, a tree, a change) fails in many ways, and each fails one step.
 * When this machine has no memory, room or descriptors left, or its disk fails, no step is to
 * blame: the run stops, and can be resumed when the cause is gone.
 */

#include "base/def.h"

/* Is this negative errno one that only the machine can have caused? */
static inline bool trouble_is_of_machine(int code)
{
        static const int codes[] = { ENOMEM, ENOSPC, EDQUOT, EIO, EMFILE, ENFILE };

        for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
                if (code == -codes[i])
                        return true;
        return false;
}
