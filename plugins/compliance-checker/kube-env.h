/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules about the variables of a container: secrets in them, and those that are set twice.
 */

#include "kube-object.h"

int kube_env_look(struct kube *k, const struct kube_container *c);

/* How many rules there are. */
size_t kube_env_rules(void);
