/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules about objects that make no pods: services, ingresses, budgets, policies, accounts, and what
 * holds for any object, its namespace and its API version.
 */

#include "kube-object.h"

int kube_kind_look(struct kube *k, const struct kube_object *o);

/* How many rules there are. */
size_t kube_kind_rules(void);
