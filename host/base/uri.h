/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * URI references (RFC 3986)
 *
 * Just enough to resolve one reference against a base. Nothing is fetched, nothing is normalised
 * beyond the dot segments that resolving removes.
 */

#include "base/buf.h"

/*
 * Appends what `reference` means when it stands in a document at `base` (section 5.2). An empty
 * base leaves a relative reference relative.
 */
int uri_resolve(struct buf *out, const char *base, const char *reference);

/* Appends the bytes of `text` with %XX decoded; -EBADMSG on a broken escape or a NUL. */
int uri_decode(struct buf *out, const char *text);
