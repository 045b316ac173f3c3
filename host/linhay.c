/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>

int main(void)
{
        (void) puts("linhay " PACKAGE_VERSION);
        return 0;
}
