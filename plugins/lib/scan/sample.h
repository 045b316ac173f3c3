/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Samples
 *
 * What a rule must find (`examples`) and must not find (`counters`) stands beside it in the pack.
 * `<alnum:36>` in a sample is a template for 36 random bytes of a class, `<uuid>` for a UUID, so
 * that no file holds a token that looks live. Used when a pack is built and in tests, never in a
 * cell.
 */

#include "scan/gate.h"
#include "scan/rule.h"

#define SAMPLES_LEAST 2 /* of each kind, for every rule */

/* Fills in a sample's templates; the same `state` gives the same text. Allocated, or NULL. */
char *sample_expand(const char *sample, uint64_t *state);

/*
 * Tries a rule, alone, on all of its samples, some times each: 0, -ENOMEM, or -EBADMSG with a
 * sentence in `error` that shows the sample and says what is wrong.
 */
int sample_try(struct rule *rule, const struct gate_engine *engine, char *error, size_t error_size);
