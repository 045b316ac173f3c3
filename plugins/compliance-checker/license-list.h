/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Licences that are told
 *
 * The entries of output.licenses, one for each file in which a licence was seen, kept as the text
 * that they become: a tree in which every file has one takes 320 bytes a file, where a tree of JSON
 * values takes 1,600. Those of manifests are looked at again when the whole tree is known.
 */

#include "scan/def.h"

#include <jansson.h>

#define LICENSE_LIST_BYTES (40U << 20)

struct license_list_place;

struct license_list {
        char *text; /* {"licenses":[ENTRY,ENTRY… */
        size_t length, size;
        struct license_list_place *manifests;
        size_t n_manifests, manifests_size;
        bool is_cut; /* there were more than LICENSE_LIST_BYTES */
};

/* Appends an entry: 0 or -ENOMEM. */
int license_list_add(struct license_list *l, const json_t *entry, bool is_manifest);

/* Entry `i` of those of manifests, in their order, as the caller's own; NULL = there are no more.
 */
json_t *license_list_manifest(const struct license_list *l, size_t i);

/*
 * The text of an object with the member "licenses" and those of `rest`, which must have some. Valid
 * until license_list_done(); nothing can be added any more. NULL when out of memory.
 */
const char *license_list_finish(struct license_list *l, const json_t *rest, size_t *ret_length);
void license_list_done(struct license_list *l);
