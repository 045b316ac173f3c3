/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * "Did you mean …?"
 *
 * The name out of `names` (NULL-terminated) that a person most likely meant by `given`: smallest
 * edit distance with transpositions (optimal string alignment), at most a third of the longer word.
 * NULL when none is near. Names longer than 63 bytes are passed over.
 */
const char *suggest(const char *given, const char *const *names);
