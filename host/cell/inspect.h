/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inspector: reads an agent's manifest where a fault in the reading can do no harm
 *
 * A child of the zygote that holds two descriptors, the object and its socket, with Landlock
 * denying every path and a filter of a dozen calls. It answers with the text in pieces, then the
 * end; or with one sentence of what is wrong.
 */

#include "cell/child.h"

enum inspect_type { INSPECT_TEXT = 32, INSPECT_END, INSPECT_ERROR };

/* In the child. */
_Noreturn void inspect_main(int socket, int object_fd, child_inspect inspect);
