/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules about the form of pods: fields that the API does not know where they stand (a typing error,
 * or a right that was meant for the container and stands in the pod), values of a wrong type, and
 * the order of keys. It is no schema of all of Kubernetes.
 */

#include "kube-object.h"

int kube_schema_look(struct kube *k, const struct kube_object *o);
int kube_schema_look_at_container(struct kube *k, const struct kube_object *o,
                                  const struct kube_container *c);

/* How many rules there are. */
size_t kube_schema_rules(void);
