/* SPDX-License-Identifier: Apache-2.0 */
#include "kube-object.h"

#include <strings.h>

#define LISTS_DEEP 4 /* lists within lists */

/* Where each kind keeps the template of its pods. */
static const struct {
        const char *kind;
        const char *template; /* "" = the object is the pod itself */
        unsigned traits;
} kinds[] = {
        { "Pod", "", KUBE_RUNS_ON },
        { "PodTemplate", "template", KUBE_RUNS_ON },
        { "Deployment", "spec.template", KUBE_RUNS_ON | KUBE_HAS_REPLICAS | KUBE_HAS_SELECTOR },
        { "StatefulSet", "spec.template", KUBE_RUNS_ON | KUBE_HAS_REPLICAS | KUBE_HAS_SELECTOR },
        { "ReplicaSet", "spec.template", KUBE_RUNS_ON | KUBE_HAS_REPLICAS | KUBE_HAS_SELECTOR },
        { "DaemonSet", "spec.template", KUBE_RUNS_ON | KUBE_HAS_SELECTOR },
        { "Rollout", "spec.template", KUBE_RUNS_ON | KUBE_HAS_REPLICAS | KUBE_HAS_SELECTOR },
        { "ReplicationController", "spec.template", KUBE_RUNS_ON | KUBE_HAS_REPLICAS },
        { "DeploymentConfig", "spec.template", KUBE_RUNS_ON | KUBE_HAS_REPLICAS },
        { "Job", "spec.template", KUBE_IS_JOB },
        { "CronJob", "spec.jobTemplate.spec.template", KUBE_IS_JOB },
};

const char *kube_text(const struct yaml_node *node)
{
        const char *text = yaml_text(node);

        return text && !yaml_is_null(node) ? text : "";
}

bool kube_true(const struct yaml_node *node)
{
        return yaml_is_true(node) || yaml_is(node, "true");
}

size_t kube_count(struct kube *k, const struct yaml_node *node, enum yaml_kind kind)
{
        size_t n = MIN_OF(yaml_count(node, kind), k->steps);

        k->steps -= n;
        return n;
}

size_t kube_few(const struct yaml_node *node, enum yaml_kind kind)
{
        return MIN_OF(yaml_count(node, kind), KUBE_LIST_MAX);
}

bool kube_has(const struct yaml_node *list, const char *text)
{
        for (size_t i = 0; i < kube_few(list, YAML_SEQUENCE); i++)
                if (!strcasecmp(kube_text(list->items[i]), text))
                        return true;
        return false;
}

bool kube_number(const struct yaml_node *node, int64_t *ret)
{
        const char *text = kube_text(node);
        char *end;

        if (yaml_integer(node, ret))
                return true;
        if (!*text || strlen(text) > 18)
                return false;
        *ret = strtoll(text, &end, 10);
        return !*end;
}

bool kube_is(const struct kube_object *o, const char *kind)
{
        return !strcmp(o->kind, kind);
}

/* ---- Telling ---- */

/* A scalar is shown whole, a collection by its first line. */
static size_t end_of(const struct kube *k, const struct yaml_node *at)
{
        const char *text = k->c->text + at->start;
        size_t length = at->end > at->start ? at->end - at->start : 0;
        const char *newline = memchr(text, '\n', length);

        return newline ? at->start + (size_t) (newline - text) : at->end;
}

int kube_tell(struct kube *k, const struct notice *notice, const struct yaml_node *at)
{
        struct notice partial = *notice;

        if (!k->findings || at->start > k->c->length || at->end > k->c->length)
                return 0;
        k->findings--;
        if (k->is_template && partial.soundness == SOUNDNESS_PARSED)
                partial.soundness = SOUNDNESS_PARTIAL;
        return check_notice(k->c, CONTROL_CONFIG, &partial, at->start, end_of(k, at));
}

int kube_tell_missing(struct kube *k, const struct kube_object *o, const struct notice *notice,
                      const struct yaml_node *at)
{
        return o->is_partial || k->is_template ? 0 : kube_tell(k, notice, at);
}

/* ---- Containers ---- */

static const struct {
        const char *key;
        enum kube_container_kind kind;
} lists[] = {
        { "initContainers", KUBE_INIT },
        { "containers", KUBE_MAIN },
        { "ephemeralContainers", KUBE_EPHEMERAL },
};

int kube_each_container(struct kube *k, const struct kube_object *o,
                        int (*look)(struct kube *k, const struct kube_object *o,
                                    const struct kube_container *c))
{
        for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
                const struct yaml_node *list = yaml_get(o->pod, lists[i].key);
                size_t n_items = kube_count(k, list, YAML_SEQUENCE);

                for (size_t n = 0; n < n_items; n++) {
                        const struct yaml_node *name = yaml_get(list->items[n], "name");
                        const struct kube_container c = {
                                .node = list->items[n],
                                .place = name ? name : list->items[n],
                                .kind = lists[i].kind,
                                .image = kube_text(yaml_get(list->items[n], "image")),
                        };
                        int r = c.node->kind == YAML_MAPPING ? look(k, o, &c) : 0;

                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

/* ---- Objects ---- */

/* A patch of Kustomize names containers, but the image comes from the object that it patches. */
static bool names_no_image(const struct yaml_node *pod)
{
        const struct yaml_node *list = yaml_get(pod, "containers");

        for (size_t i = 0; i < kube_few(list, YAML_SEQUENCE); i++)
                if (yaml_get(list->items[i], "image"))
                        return false;
        return true;
}

static void find_pod(const struct kube *k, struct kube_object *o)
{
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                const struct yaml_node *template = o->root;

                if (!kube_is(o, kinds[i].kind))
                        continue;
                o->traits = kinds[i].traits;
                if (*kinds[i].template)
                        template = yaml_at(o->root, kinds[i].template);
                o->pod = yaml_get(template, "spec");
                o->pod_meta = yaml_get(template, "metadata");
                if (yaml_count(o->pod, YAML_MAPPING) == 0)
                        o->pod = NULL;
                o->is_partial = !yaml_count(yaml_get(o->pod, "containers"), YAML_SEQUENCE) ||
                                (k->is_kustomized && names_no_image(o->pod));
        }
}

struct visit {
        struct kube *k;
        int (*look)(struct kube *k, const struct kube_object *o);
        size_t left; /* objects that may still be looked at */
};

/* What an item of a PodList is, if it does not say so itself: as apiVersion and kind say, a Pod. */
struct list_of {
        const char *api, *kind; /* NULL = nothing is known */
};

static int look_at_node(struct visit *v, const struct yaml_node *root, const struct list_of *of,
                        unsigned depth);

static int look_at_items(struct visit *v, const struct kube_object *o, unsigned depth)
{
        static const char *const keys[] = { "items", "objects" };
        size_t n_kind = strlen(o->kind);
        struct list_of of = { .api = o->api };
        int r = 0;

        if (depth >= LISTS_DEEP)
                return 0;
        if (n_kind > 4 && !strcmp(o->kind + n_kind - 4, "List")) {
                of.kind = check_keep(v->k->c, "%.*s", (int) n_kind - 4, o->kind);
                if (!of.kind)
                        return -ENOMEM;
        }
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
                const struct yaml_node *list = yaml_get(o->root, keys[i]);

                for (size_t n = 0; r >= 0 && n < yaml_count(list, YAML_SEQUENCE); n++)
                        r = look_at_node(v, list->items[n], &of, depth + 1);
        }
        return r;
}

static int look_at_node(struct visit *v, const struct yaml_node *root, const struct list_of *of,
                        unsigned depth)
{
        const char *api = yaml_text(yaml_get(root, "apiVersion"));
        const char *kind = yaml_text(yaml_get(root, "kind"));
        const struct yaml_node *meta = yaml_get(root, "metadata"), *name = yaml_get(meta, "name");
        struct kube_object o = { .root = root,
                                 .api = api ? api : of->api,
                                 .kind = kind ? kind : of->kind,
                                 .name = kube_text(name),
                                 .namespace = kube_text(yaml_get(meta, "namespace")) };
        int r;

        if (!v->left || !o.api || !o.kind || root->kind != YAML_MAPPING)
                return 0;
        v->left--;
        o.place = name ? name : yaml_get(root, "kind");
        o.place = o.place ? o.place : root;
        r = look_at_items(v, &o, depth);
        if (r < 0)
                return r;
        find_pod(v->k, &o);
        return v->look(v->k, &o);
}

int kube_each_object(struct kube *k, const struct yaml_tree *tree,
                     int (*look)(struct kube *k, const struct kube_object *o))
{
        struct visit v = { k, look, KUBE_OBJECTS_MAX };
        const struct list_of of = { NULL, NULL };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < tree->n_documents; i++)
                r = look_at_node(&v, tree->documents[i], &of, 0);
        return r;
}
