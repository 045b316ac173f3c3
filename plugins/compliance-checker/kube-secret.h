/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Values of Kubernetes Secrets
 *
 * Whatever its key is called, what stands in `data` or `stringData` of a Secret is meant to be
 * secret. Told are values that stand there as they are: no templates, references, placeholders,
 * what SOPS or others have sealed, nor certificates and public keys. Whether something better was
 * found at the same place is the caller's matcher to know.
 */

#include "kube-object.h"

/* Looks at an object: 0 or a negative errno. Tells as the rule secrets/kubernetes-secret. */
int kube_secret_look(struct kube *k, const struct kube_object *o);
