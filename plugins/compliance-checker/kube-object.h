/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Objects of Kubernetes
 *
 * Finds the objects in a YAML or JSON file: each document that has `apiVersion` and `kind`, the
 * items of lists (those of a PodList need not say what they are), and the objects of OpenShift
 * templates. Of an object that makes pods it finds the pod's specification and metadata, wherever
 * that kind keeps them. And it tells findings: those about something that is there, and those about
 * something that is missing. The latter are not told of a file that is only a part (a Helm
 * template; without images, a patch of Kustomize), for what is missing there may well come from
 * elsewhere.
 */

#include "check.h"

#include "yaml/yaml.h"

/*
 * A file may name the same node a million times by aliases, so what is looked at is counted: items
 * of lists, all in all, and those of single lists that are gone through again and again.
 */
#define KUBE_STEPS_MAX    500000
#define KUBE_FINDINGS_MAX 20000
#define KUBE_OBJECTS_MAX  4096
#define KUBE_LIST_MAX     ((size_t) 256)

/* What an object is, as far as rules differ; several may hold. */
enum kube_trait {
        KUBE_RUNS_ON = 1,      /* makes pods that are meant to go on: no Job */
        KUBE_IS_JOB = 2,       /* Job, CronJob */
        KUBE_HAS_REPLICAS = 4, /* spec.replicas */
        KUBE_HAS_SELECTOR = 8, /* spec.selector is a label selector */
};

struct kube_object {
        const struct yaml_node *root;
        const struct yaml_node *place; /* where findings about the whole object are shown */
        const char *api;               /* "apps/v1"; texts are never NULL */
        const char *kind;
        const char *name;
        const char *namespace;
        unsigned traits;
        const struct yaml_node *pod;      /* the pod's spec; NULL of other kinds */
        const struct yaml_node *pod_meta; /* the pod's metadata, may be NULL */
        bool is_partial;                  /* what is missing here may come from elsewhere */
};

enum kube_container_kind { KUBE_MAIN = 1, KUBE_INIT = 2, KUBE_EPHEMERAL = 4 };

struct kube_container {
        const struct yaml_node *node;
        const struct yaml_node *place; /* where findings about the whole container are shown */
        enum kube_container_kind kind;
        const char *image; /* "" if it has none */
};

/* One file while it is looked at. */
struct kube {
        struct check *c;
        const char *folder; /* of the file, "" = top */
        bool is_template;   /* has {{ }} of Helm, which were blanked */
        bool is_kustomized; /* it may be a patch of Kustomize */
        bool is_unsorted;   /* which was told; once for a file is enough */
        size_t objects;     /* that were seen */
        size_t steps;       /* items that may still be looked at */
        size_t findings;    /* that may still be told */
};

/* Calls `look` for each object of a parsed file; stops at the first negative result. */
int kube_each_object(struct kube *k, const struct yaml_tree *tree,
                     int (*look)(struct kube *k, const struct kube_object *o));

/* Calls `look` for each container of an object's pod. */
int kube_each_container(struct kube *k, const struct kube_object *o,
                        int (*look)(struct kube *k, const struct kube_object *o,
                                    const struct kube_container *c));

bool kube_is(const struct kube_object *o, const char *kind);

/* true, and "true" in quotes, which the API would refuse but people write. */
bool kube_true(const struct yaml_node *node);

/* A scalar's text, "" of anything else. */
const char *kube_text(const struct yaml_node *node);

/* How many items of a list, or pairs of a mapping, to look at; they are paid from the steps. */
size_t kube_count(struct kube *k, const struct yaml_node *node, enum yaml_kind kind);

/* The same for a short list, without paying: at most KUBE_LIST_MAX. */
size_t kube_few(const struct yaml_node *node, enum yaml_kind kind);

/* Is a text among the items of a sequence? Letters of either case are the same. */
bool kube_has(const struct yaml_node *list, const char *text);

/* A number that is written plainly or in quotes. */
bool kube_number(const struct yaml_node *node, int64_t *ret);

/* A finding about what stands at a node. */
int kube_tell(struct kube *k, const struct notice *notice, const struct yaml_node *at);

/* A finding about what is missing; not told of an object that is only a part. */
int kube_tell_missing(struct kube *k, const struct kube_object *o, const struct notice *notice,
                      const struct yaml_node *at);
