/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Control "config": Kubernetes
 *
 * YAML and JSON files with objects of Kubernetes or OpenShift: what the pods may do on their nodes,
 * what roles give away, how the parts of Kubernetes itself are started, and what makes services
 * fragile. Templates of Helm are read with their {{ }} blanked; what is missing in them is not
 * told.
 */

#include "check.h"

/* Checks the current file if it holds objects: 0 or a negative errno. */
int kube_check(struct check *c);

/* For the control "secrets", after it has looked at the text: the values of Secrets. */
int kube_check_secrets(struct check *c);

/* Checks what stands in several files, when all were seen. */
int kube_finish(struct check *c);

/* How many rules there are. */
size_t kube_rules(void);
