/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Compiled packs
 *
 * A pack of rules as tables of offsets, so that it is used where it lies: no text is parsed and no
 * string is copied when a cell loads one. The pack's literals come along as a gate that is saved
 * (gate.h), bound to the library's version and to the features of the processor that it uses.
 * Tables are in the order of bytes of this machine, and a file of another order or version is
 * refused.
 *
 * Reading checks every offset, so a damaged or hostile file is an error. What a saved gate holds is
 * the library's own and can be checked only by its checksum: take compiled packs from where you
 * would take an agent.
 */

#include "scan/gate.h"
#include "scan/rule.h"

/* Does it begin as a compiled pack does? */
bool packfile_is(const void *data, size_t length);

/* Where a saved gate came from. */
struct packfile_gate {
        const void *data; /* NULL = none */
        size_t length;
        const char *key; /* gate_engine.key() */
};

/* Writes a pack; `*ret` is the caller's to free. 0, -ENOMEM, -E2BIG. */
int packfile_write(char **ret, size_t *ret_length, const struct rule_pack *pack,
                   const struct packfile_gate *gate);

/*
 * Makes `pack` point into `data`, which must be aligned to 8 bytes and stay as it is until
 * rule_pack_done(). `verify`: the whole is held against its checksum first, which takes some
 * milliseconds; not needed for what is part of this program. 0, -ENOMEM, or -EBADMSG with a
 * sentence in `error`.
 */
int packfile_read(struct rule_pack *pack, const void *data, size_t length, bool verify, char *error,
                  size_t error_size);
