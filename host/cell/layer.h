/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Is a layer of confinement left out? Never, in any program that is installed.
 *
 * linhay-cell-test, which only the tests build, defines LINHAY_CELL_TEST: there the program's own
 * file name says it (linhay-cell-without-seccomp, or several: …-without-overlay-without-mdwe), so
 * that the attack battery can show what each layer is worth and the tests what happens where the
 * kernel lacks one. In linhay-cell both questions are constants: no switch, argument, environment
 * variable or name is left in its code, at any optimisation.
 */

#include <stdbool.h>

#ifdef LINHAY_CELL_TEST
#include <stdint.h>

bool layer_is_left_out(const char *layer);

/* Those of enum spawn_feature that are treated as if the kernel lacked them. */
uint32_t layer_features_left_out(void);
#else
#define layer_is_left_out(layer)  false
#define layer_features_left_out() 0U
#endif
