/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules about the parts of Kubernetes itself: the arguments of kube-apiserver, the controller
 * manager, the scheduler, etcd and the kubelet in the manifests that start them, as the CIS
 * benchmark wants them.
 */

#include "kube-object.h"

int kube_component_look(struct kube *k, const struct kube_object *o,
                        const struct kube_container *c);
