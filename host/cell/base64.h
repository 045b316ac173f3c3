/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Base64 (RFC 4648, with padding): bytes as text. The caller frees; NULL only when out of memory.
 */

#include "base/def.h"

char *base64_encode(const void *data, size_t length);
