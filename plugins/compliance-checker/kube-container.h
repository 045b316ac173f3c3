/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules about the containers of a pod: rights, resources, probes, mounts; image, ports and
 * variables have files of their own.
 */

#include "kube-object.h"

int kube_container_look(struct kube *k, const struct kube_object *o,
                        const struct kube_container *c);

/* How many rules there are. */
size_t kube_container_rules(void);
