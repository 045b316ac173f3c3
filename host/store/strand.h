/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Strand: batches of which each builds on those before it
 *
 * When a batch of a strand is refused, nothing that comes behind it in the same strand is recorded
 * any more: it is refused with -ECANCELED, and what was submitted beside it is not touched. A batch
 * that has no strand stands alone. A batch that is a `trial` may be refused without an end of its
 * strand, as a decision that came second.
 *
 * References are for one thread, the loop's; whether it is cut may be asked by any.
 */

#include "base/def.h"

struct batch;
struct strand;

int strand_new(struct strand **ret);
struct strand *strand_ref(struct strand *s);
struct strand *strand_unref(struct strand *s);
DEFINE_FREEP(struct strand, strand_unref);

void strand_cut(struct strand *s);
bool strand_is_cut(const struct strand *s);

/* Before it is submitted; keeps a reference. */
void batch_strand(struct batch *b, struct strand *strand, bool is_trial);
