/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules about one field
 *
 * Most rules of Kubernetes ask one thing of one field: is it there, is it true, has it this value?
 * Those are rows of a table; what needs more than that is a function of its own.
 */

#include "kube-object.h"

enum kube_test {
        KUBE_TRUE,     /* bad if true */
        KUBE_NOT_TRUE, /* bad if it is there and not true */
        KUBE_ABSENT,   /* bad if it is not there */
        KUBE_PRESENT,  /* bad if it is there and not empty */
        KUBE_VALUE,    /* bad if it has this value; letters of either case are the same */
        KUBE_OTHER,    /* bad if it is there and has another value */
};

struct kube_field {
        const char *path; /* for yaml_at() */
        enum kube_test test;
        const char *value;
        const struct notice *notice;
        unsigned on; /* what it holds for, as the table's owner says; 0 = all */
};

/*
 * Looks at a field below `base`. What is missing is told at `place`. `on` are the bits that hold
 * for this object: a row with bits is for those objects that have one of them.
 */
int kube_look_at_fields(struct kube *k, const struct kube_object *o, const struct yaml_node *base,
                        const struct yaml_node *place, unsigned on, const struct kube_field *fields,
                        size_t n_fields);
