/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules about pods as a whole, and about the objects that make them: the host's namespaces and
 * paths, the account, seccomp, replicas and where they run.
 */

#include "kube-object.h"

int kube_pod_look(struct kube *k, const struct kube_object *o);

/* How many rules there are. */
size_t kube_pod_rules(void);
