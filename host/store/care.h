/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Care of a store: counting, checking, copying
 *
 * All of it only reads the store, which may have been opened STORE_READ_ONLY, and works beside a
 * live engine: the database is read in one snapshot, blobs are looked up after it. What retention
 * takes away meanwhile is no fault.
 */

#include "store/store.h"

/*
 * {path, database: {bytes, free, log}, blobs: {files, bytes}, rows: {TABLE: count}, runs: {ended,
 * unended, removed}, oldest, newest (created, ms, or null), bytes, max_bytes, removable}.
 * `removable` is how many runs these limits would take by age and number.
 */
int care_survey(struct store *s, const struct store_limits *limits, json_t **ret, struct err *err);

/*
 * {faults: [text], notes: [text]}: the database's structure and references, every blob that a row
 * names (is it there, has it its sha256?); notes are blobs that nothing names, and applies that are
 * not over. Reads everything: as long as that takes.
 */
int care_check(struct store *s, json_t **ret, struct err *err);

struct care_copied {
        uint64_t blobs;
        uint64_t bytes;
};

/*
 * Copies the record into the folder `to`, which is made (-EEXIST: it is there and not empty): a
 * store by itself. All or nothing: it has its name when everything is in it and on disk. What only
 * changesets need may hold secrets, and is left out unless `changes`: in the copy such changes can
 * be neither shown, applied nor rolled back. Every blob's sha256 is looked at on the way.
 */
int care_copy(struct store *s, const char *to, bool changes, struct care_copied *ret,
              struct err *err);
