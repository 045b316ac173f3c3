/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* For a test program: a sentence and the end. TAP readers know the first two words. */

#include <stdio.h>
#include <stdlib.h>

#define die(...)                                                                                   \
        do {                                                                                       \
                (void) fprintf(stdout, "Bail out! " __VA_ARGS__);                                  \
                (void) fputc('\n', stdout);                                                        \
                exit(1);                                                                           \
        } while (0)
