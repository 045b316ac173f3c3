/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Is a layer of confinement left out? Never, in any program that is installed.
 *
 * linhay-cell-test, which only the tests build, defines LINHAY_CELL_TEST: there the program's own
 * file name says it (linhay-cell-without-seccomp), so that the attack battery can show what each
 * layer is worth. In linhay-cell the question is a constant, and no switch, argument or environment
 * variable is left in its code.
 */

#include <stdbool.h>

#ifdef LINHAY_CELL_TEST
bool layer_is_left_out(const char *layer);
#else
static inline bool layer_is_left_out(const char *layer)
{
        (void) layer;
        return false;
}
#endif
