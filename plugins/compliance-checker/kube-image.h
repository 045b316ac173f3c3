/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules about the image of a container: its tag, its digest, when it is pulled, and programs that
 * should not be there at all.
 */

#include "kube-object.h"

int kube_image_look(struct kube *k, const struct kube_object *o, const struct kube_container *c);

/* How many rules there are. */
size_t kube_image_rules(void);
