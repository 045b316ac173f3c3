/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The Observatory's test of Content-Security-Policy, over all policies of headers and metas
 */

#include "observatory.h"

/* The result, or -ENOMEM. `ret_frames`: a policy in a header has frame-ancestors. */
int observatory_csp(const struct response *r, bool *ret_frames);
