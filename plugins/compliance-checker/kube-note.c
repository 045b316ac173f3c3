/* SPDX-License-Identifier: Apache-2.0 */
#include "kube-note.h"

#include "kube-selector.h"

#define NOTE_STEPS_MAX 20000 /* of one note */

static void put(struct kube *k, json_t *note, const char *key, const struct yaml_node *node)
{
        if (node)
                (void) json_object_set_new(note, key, kube_json(k, node));
}

static void add_text(json_t *list, const struct yaml_node *node)
{
        if (*kube_text(node))
                (void) json_array_append_new(list, json_string(kube_text(node)));
}

static json_t *backends_of(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *rules = yaml_at(o->root, "spec.rules");
        json_t *list = json_array();

        add_text(list, yaml_at(o->root, "spec.defaultBackend.service.name"));
        add_text(list, yaml_at(o->root, "spec.backend.serviceName"));
        for (size_t i = 0, n_rules = kube_count(k, rules, YAML_SEQUENCE); i < n_rules; i++) {
                const struct yaml_node *paths = yaml_at(rules->items[i], "http.paths");

                size_t all = kube_count(k, paths, YAML_SEQUENCE);

                for (size_t n = 0; n < all; n++) {
                        add_text(list, yaml_at(paths->items[n], "backend.service.name"));
                        add_text(list, yaml_at(paths->items[n], "backend.serviceName"));
                }
        }
        return list;
}

/* Selectors of pods that the rules of a NetworkPolicy name without a namespace. */
static void add_peers(struct kube *k, json_t *list, const struct yaml_node *rules, const char *key)
{
        for (size_t i = 0; i < kube_few(rules, YAML_SEQUENCE); i++) {
                const struct yaml_node *peers = yaml_get(rules->items[i], key);

                for (size_t n = 0; n < kube_few(peers, YAML_SEQUENCE); n++) {
                        const struct yaml_node *pods = yaml_get(peers->items[n], "podSelector");

                        if (pods && !yaml_get(peers->items[n], "namespaceSelector"))
                                (void) json_array_append_new(list, kube_json(k, pods));
                }
        }
}

/* Secrets and ConfigMaps that variables are read from: "Secret/NAME/KEY". */
static void add_sources(struct kube *k, json_t *list, const struct yaml_node *containers)
{
        static const struct {
                const char *kind, *path;
        } refs[] = { { "Secret", "valueFrom.secretKeyRef" },
                     { "ConfigMap", "valueFrom.configMapKeyRef" } };

        for (size_t i = 0; i < kube_few(containers, YAML_SEQUENCE); i++) {
                const struct yaml_node *env = yaml_get(containers->items[i], "env");

                for (size_t n = 0, all = kube_count(k, env, YAML_SEQUENCE); n < all; n++)
                        for (size_t r = 0; r < ARRAY_SIZE(refs); r++) {
                                const struct yaml_node *ref = yaml_at(env->items[n], refs[r].path);

                                if (!ref || kube_true(yaml_get(ref, "optional")))
                                        continue;
                                (void) json_array_append_new(
                                        list, json_pack("{s:s, s:s, s:s}", "kind", refs[r].kind,
                                                        "name", kube_text(yaml_get(ref, "name")),
                                                        "key", kube_text(yaml_get(ref, "key"))));
                        }
        }
}

static void add_keys(struct kube *k, json_t *keys, const struct yaml_node *map)
{
        size_t n = kube_count(k, map, YAML_MAPPING);

        for (size_t i = 0; i < n; i++)
                (void) json_object_set_new(keys, kube_text(map->keys[i]), json_true());
}

static void note_pod(struct kube *k, json_t *note, const struct kube_object *o)
{
        const struct yaml_node *account = yaml_get(o->pod, "serviceAccountName");
        json_t *sources = json_array();

        (void) json_object_set_new(note, "pod", kube_json(k, yaml_get(o->pod_meta, "labels")));
        put(k, note, "account", account ? account : yaml_get(o->pod, "serviceAccount"));
        if (o->traits & KUBE_HAS_REPLICAS)
                put(k, note, "replicas", yaml_at(o->root, "spec.replicas"));
        put(k, note, "selector", yaml_at(o->root, "spec.selector"));
        add_sources(k, sources, yaml_get(o->pod, "initContainers"));
        add_sources(k, sources, yaml_get(o->pod, "containers"));
        (void) json_object_set_new(note, "sources", sources);
        (void) json_object_set_new(note, "partial", json_boolean(o->is_partial));
}

static void note_kind(struct kube *k, json_t *note, const struct kube_object *o)
{
        json_t *keys = json_object(), *peers = json_array();

        add_keys(k, keys, yaml_get(o->root, "data"));
        add_keys(k, keys, yaml_get(o->root, "stringData"));
        add_keys(k, keys, yaml_get(o->root, "binaryData"));
        add_peers(k, peers, yaml_at(o->root, "spec.ingress"), "from");
        add_peers(k, peers, yaml_at(o->root, "spec.egress"), "to");
        put(k, note, "labels", yaml_at(o->root, "metadata.labels"));
        put(k, note, "selector", yaml_at(o->root, "spec.selector"));
        put(k, note, "pod_selector", yaml_at(o->root, "spec.podSelector"));
        put(k, note, "pod_selector", yaml_at(o->root, "spec.endpointSelector")); /* Cilium's */
        put(k, note, "namespace_selector", yaml_at(o->root, "spec.namespaceSelector"));
        put(k, note, "type", yaml_at(o->root, "spec.type"));
        put(k, note, "target", yaml_at(o->root, "spec.scaleTargetRef"));
        put(k, note, "min", yaml_at(o->root, "spec.minAvailable"));
        put(k, note, "role", yaml_get(o->root, "roleRef"));
        put(k, note, "subjects", yaml_get(o->root, "subjects"));
        (void) json_object_set_new(note, "backends", backends_of(k, o));
        (void) json_object_set_new(note, "keys", keys);
        (void) json_object_set_new(note, "peers", peers);
}

static json_t *rules_of(struct kube *k, const struct kube_object *o)
{
        const struct yaml_node *list = yaml_get(o->root, "rules");
        size_t n = kube_count(k, list, YAML_SEQUENCE);
        json_t *rules = json_array();

        for (size_t i = 0; i < n; i++)
                (void) json_array_append_new(rules, kube_json(k, list->items[i]));
        return rules;
}

static bool is_noted(const struct kube_object *o)
{
        static const char *const kinds[] = {
                "Service",
                "Ingress",
                "NetworkPolicy",
                "ServiceMonitor",
                "ServiceAccount",
                "HorizontalPodAutoscaler",
                "Secret",
                "ConfigMap",
                "PodDisruptionBudget",
                "Role",
                "ClusterRole",
                "RoleBinding",
                "ClusterRoleBinding",
                "CiliumNetworkPolicy",
                "CiliumClusterwideNetworkPolicy",
        };

        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (kube_is(o, kinds[i]))
                        return true;
        return o->pod;
}

int kube_note_take(struct kube *k, const struct kube_object *o)
{
        size_t before = k->steps, left = MIN_OF(k->steps, (size_t) NOTE_STEPS_MAX);
        json_t *note, *list;

        if (!is_noted(o) || k->c->kube_notes >= KUBE_NOTES_MAX)
                return 0;
        if (!k->c->kube_folders && !(k->c->kube_folders = json_object()))
                return -ENOMEM;
        note = json_pack("{s:s, s:s, s:s, s:s, s:i, s:b}", "kind", o->kind, "name", o->name,
                         "namespace", *o->namespace ? o->namespace : "default", "path", k->c->path,
                         "line", (int) o->root->line, "template", k->is_template);
        if (!note)
                return 0; /* a path that is no UTF-8 */
        k->steps = left;
        if (o->pod)
                note_pod(k, note, o);
        else
                note_kind(k, note, o);
        if (kube_is(o, "Role") || kube_is(o, "ClusterRole"))
                (void) json_object_set_new(note, "rules", rules_of(k, o));
        left -= k->steps;
        k->steps = before - left;
        k->c->kube_notes += left + 1;
        list = json_object_get(k->c->kube_folders, k->folder);
        if (!list) {
                list = json_array();
                (void) json_object_set_new(k->c->kube_folders, k->folder, list);
        }
        return json_array_append_new(list, note) < 0 ? -ENOMEM : 0;
}
