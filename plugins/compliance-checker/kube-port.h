/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules about the ports of a container, and about the ports that its probes ask.
 */

#include "kube-object.h"

int kube_port_look(struct kube *k, const struct kube_object *o, const struct kube_container *c);

/* How many rules there are. */
size_t kube_port_rules(void);
