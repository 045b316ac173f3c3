/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * May a part be under one licence and the whole under another?
 *
 * Facts from the licences' own documentation (the FSF's list of licences, Apache's, Mozilla's,
 * Eclipse's and Creative Commons' pages), in words for a person who has to decide. It knows what is
 * well known, and says nothing of the rest. Nobody's lawyer.
 */

#include "license/spdx.h"

enum license_concern {
        LICENSE_FINE,     /* nothing known against it */
        LICENSE_QUESTION, /* it asks for something of the whole */
        LICENSE_CONFLICT, /* both ask for what the other forbids */
};

/* How a part's licence and the whole's go together; `ret` says why, "" when it is fine. */
enum license_concern license_compat(const struct spdx *part, const struct spdx *whole, char *ret,
                                    size_t size);
