/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/identity.h"

#include <pwd.h>
#include <string.h>

struct identity identity_of_caller(void)
{
        static char name[64];
        const struct passwd *pw = getpwuid(getuid());

        if (pw)
                (void) snprintf(name, sizeof(name), "%s", pw->pw_name);
        else
                (void) snprintf(name, sizeof(name), "uid-%u", (unsigned) getuid());
        return (struct identity){ .uid = (int64_t) getuid(), .name = name };
}
