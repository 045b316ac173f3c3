/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules about roles and their bindings (RBAC), as far as one object tells. What a binding and the
 * role that it names make together is for kube-link.h.
 */

#include "kube-object.h"

/*
 * What a rule of a role allows, as a question: one of the groups, and one of the resources, and one
 * of the verbs. Each is a list with blanks; a blank at its front is the core group "". "*" in the
 * role answers all, and NULL asks nothing.
 */
struct kube_access {
        const char *groups;
        const char *resources;
        const char *verbs;
};

/* Do the rules of a role, as JSON, give this access? */
bool kube_role_allows(const json_t *rules, const struct kube_access *access);

int kube_role_look(struct kube *k, const struct kube_object *o);

/* How many rules there are. */
size_t kube_role_rules(void);
