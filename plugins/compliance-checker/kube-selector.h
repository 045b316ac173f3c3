/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Label selectors
 *
 * Which pods a selector means. Selectors and labels are kept as JSON, for they are compared with
 * those of other files long after the file that they came from is gone.
 */

#include "kube-object.h"

/* A node as JSON, every scalar a string, as far as a label selector or labels can go; the rest of a
 * bigger one is left out, and it is paid from the steps. Never NULL for lack of memory alone: an
 * empty object then. */
json_t *kube_json(struct kube *k, const struct yaml_node *node);

/* Do labels have all of `wanted` (an object of strings)? Nothing wanted: yes. */
bool kube_labels_match(const json_t *wanted, const json_t *labels);

/* Does a selector with matchLabels and matchExpressions mean these labels? */
bool kube_selector_matches(const json_t *selector, const json_t *labels);

/* Says nothing at all: has neither labels nor expressions. */
bool kube_selector_is_empty(const json_t *selector);
