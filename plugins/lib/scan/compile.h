/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Compiling packs
 *
 * What is done once, when a pack is made, so that a cell has only to load it: every expression is
 * compiled, every rule is tried on its samples, and the best gate of this build is held against our
 * own on all of these texts. Rules whose literals the two see differently are marked, and our gate
 * looks for them ever after.
 */

#include "scan/gate.h"
#include "scan/rule.h"

struct compile {
        bool is_strict; /* each rule needs a fix, a cwe, a tag and samples; else those are notes */

        /* Told of every fault and note: the rule's id or NULL, and a sentence. May be NULL. */
        void (*tell)(void *owner, bool is_fault, const char *rule, const char *text);
        void *owner;

        size_t faults, notes, tried; /* samples that were tried */
};

/* Tries all rules: 0, -EBADMSG when there was a fault, -ENOMEM. */
int compile_try(struct compile *c, struct rule_pack *pack);

/*
 * Makes the gate, compares it and writes the compiled pack; `engine` without a saved form gives a
 * pack without a gate. `*ret` is the caller's to free. 0 or a negative errno.
 */
int compile_write(struct compile *c, struct rule_pack *pack, const struct gate_engine *engine,
                  char **ret, size_t *ret_length);
