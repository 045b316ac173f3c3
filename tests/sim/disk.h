/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A disk that forgets, and fails
 *
 * The program's own open(), write(), rename(), fsync() and their like stand before the C library's,
 * for the database's library as well. Below one folder, the disk, they do what they shall (what
 * programs see is the page cache) and note what a power cut may take: the writes of each file since
 * it was synced, and the names of each folder since that was.
 *
 * At a cut an image of the disk is made beside it, of what was synced and any part of the rest:
 * writes left out, torn at sectors of 512 bytes, names in any order. From then on the disk itself
 * is a dead one: what still happens there is not noted, and disk_boot() throws it away.
 *
 * For one disk at a time, and for one thread at a time. The folder must be on tmpfs: there no inode
 * number is given twice. Shared memory of the database (`-shm`) and sockets are never on the image.
 */

#include "base/def.h"

enum disk_loss {
        LOSS_NOTHING, /* of a kill -9: the page cache stays */
        LOSS_ALL,     /* of what was not synced */
        LOSS_ORDERED, /* names are kept up to some moment, writes by chance */
        LOSS_SOME,    /* each name and each sector by chance */
};

/* Uses what is in the folder, all of it synced. */
void disk_boot(const char *path);
void disk_off(void);

/* Throws the disk away and goes on with the image of the last cut. */
void disk_reboot(void);

/* Throws the disk away, for good. */
void disk_discard(void);

/* Everything that happened since disk_boot(). */
uint64_t disk_acts(void);

/* Cuts now, or before act number `at` of those to come (the first is 1); 0 = never. */
void disk_cut(enum disk_loss loss, uint64_t seed);
void disk_cut_at(uint64_t at, enum disk_loss loss, uint64_t seed);
bool disk_is_cut(void);

/*
 * Act number `at` of those to come fails once with `error`; 0 = none. A write may do its first half
 * before that (`is_short`). disk_failed() names what failed, NULL = nothing did.
 */
void disk_fail_at(uint64_t at, int error, bool is_short);
const char *disk_failed(void);

/* Regular files hold this many bytes at most, all together: ENOSPC; 0 = no limit. */
void disk_limit(uint64_t bytes);

/* What others than the program do is not counted, so that nothing happens meanwhile. */
void disk_others(bool are_there);
void disk_sync(void);
