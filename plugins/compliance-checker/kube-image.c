/* SPDX-License-Identifier: Apache-2.0 */
#include "kube-image.h"

#define INFO   LINHAY_SEVERITY_INFO
#define MEDIUM LINHAY_SEVERITY_MEDIUM
#define HIGH   LINHAY_SEVERITY_HIGH

enum {
        LATEST,
        NO_DIGEST,
        PULL_POLICY,
        DASHBOARD,
        TILLER,
        TILLER_LISTENS,
};

static const struct notice notices[] = {
        [LATEST] = { "config/k8s-latest-tag", MEDIUM, "CWE-1357",
                     "The image is :latest or has no tag, so it changes without notice",
                     "Name a version, better a digest.",
                     "checkov:CKV_K8S_14 kube-linter:latest-tag" },
        [NO_DIGEST] = { "config/k8s-image-without-digest", INFO, "CWE-1357",
                        "The image is named by a tag, which can be moved to another image",
                        "Name it by digest: image@sha256:...",
                        "checkov:CKV_K8S_43 kube-linter:image-not-pinned-by-digest "
                        "kube-linter:image-sha" },
        [PULL_POLICY] = { "config/k8s-image-pull-policy", INFO, NULL,
                          "The image is not pulled each time, so a node may run an older one, and "
                          "pods without its pull secret may use it",
                          "Set imagePullPolicy: Always.", "checkov:CKV_K8S_15" },
        [DASHBOARD] = { "config/k8s-dashboard", MEDIUM, "CWE-668",
                        "The Kubernetes dashboard is deployed, which holds the rights of whoever "
                        "is logged in",
                        "Leave out the dashboard, or keep it behind authentication.",
                        "checkov:CKV_K8S_33" },
        [TILLER] = { "config/k8s-tiller", HIGH, "CWE-1104",
                     "Tiller, the server of Helm 2, has all rights in the cluster and is no longer "
                     "maintained",
                     "Use Helm 3, which needs no server.", "checkov:CKV_K8S_34" },
        [TILLER_LISTENS] = { "config/k8s-tiller-listens", HIGH, "CWE-306",
                             "Tiller takes orders from every pod of the cluster",
                             "Use Helm 3; until then start it with --listen=localhost:44134.",
                             "checkov:CKV_K8S_45" },
};

size_t kube_image_rules(void)
{
        return ARRAY_SIZE(notices);
}

/* The tag in an image's name, empty if it has none. A port stands before the last slash. */
static struct span tag_of(const char *image)
{
        size_t n = strcspn(image, "@");
        const char *slash = memrchr(image, '/', n), *end = image + n;
        const char *from = slash ? slash : image;
        const char *colon = memchr(from, ':', (size_t) (end - from));

        return colon ? (struct span){ colon + 1, (size_t) (end - colon) - 1 }
                     : (struct span){ end, 0 };
}

static int look_at_image(struct kube *k, const struct kube_object *o,
                         const struct kube_container *c)
{
        const struct yaml_node *image = yaml_get(c->node, "image");
        const struct yaml_node *policy = yaml_get(c->node, "imagePullPolicy");
        const char *name = c->image;
        struct span tag = tag_of(name);
        bool pinned = strchr(name, '@');
        bool moving = !tag.length || (tag.length == 6 && !memcmp(tag.text, "latest", 6));
        int r = 0;

        if (!*name)
                return 0;
        /* ${...} and $(...) are filled in by somebody else, like what a template leaves open. */
        if (!strchr(name, '$') && !pinned && moving && (tag.length || !k->is_template))
                r = kube_tell(k, &notices[LATEST], image);
        if (r >= 0 && !pinned)
                r = kube_tell_missing(k, o, &notices[NO_DIGEST], image);
        if (r < 0)
                return r;
        if (policy && strcmp(kube_text(policy), "Always") != 0)
                return kube_tell(k, &notices[PULL_POLICY], policy);
        if (!policy && !moving)
                return kube_tell_missing(k, o, &notices[PULL_POLICY], image);
        return 0;
}

/* What the image is, or what the pod's labels say that it is. */
static int look_for_programs(struct kube *k, const struct kube_object *o,
                             const struct kube_container *c)
{
        const struct yaml_node *labels = yaml_get(o->pod_meta, "labels");
        const struct yaml_node *args = yaml_get(c->node, "args");
        const char *app = kube_text(yaml_get(labels, "app"));
        const char *k8s_app = kube_text(yaml_get(labels, "k8s-app"));
        bool dashboard = strstr(c->image, "kubernetes-dashboard") ||
                         strstr(c->image, "kubernetesui") || !strcmp(app, "kubernetes-dashboard") ||
                         (!*app && !strcmp(k8s_app, "kubernetes-dashboard"));
        bool tiller = strstr(c->image, "tiller") || !strcmp(app, "helm") ||
                      (!*app && yaml_is(yaml_get(labels, "name"), "tiller"));
        int r = dashboard ? kube_tell(k, &notices[DASHBOARD], c->place) : 0;

        if (r < 0 || !tiller)
                return r;
        r = kube_tell(k, &notices[TILLER], c->place);
        for (size_t i = 0; i < kube_few(args, YAML_SEQUENCE); i++) {
                const char *arg = kube_text(args->items[i]);

                if (strstr(arg, "--listen") &&
                    (strstr(arg, "localhost") || strstr(arg, "127.0.0.1")))
                        return r;
        }
        return r < 0 ? r : kube_tell_missing(k, o, &notices[TILLER_LISTENS], c->place);
}

int kube_image_look(struct kube *k, const struct kube_object *o, const struct kube_container *c)
{
        int r = look_at_image(k, o, c);

        return r < 0 ? r : look_for_programs(k, o, c);
}
