/* SPDX-License-Identifier: Apache-2.0 */
#include "kube.h"

#include "def.h"
#include "kube-component.h"
#include "kube-container.h"
#include "kube-env.h"
#include "kube-flag.h"
#include "kube-image.h"
#include "kube-kind.h"
#include "kube-link.h"
#include "kube-note.h"
#include "kube-pod.h"
#include "kube-port.h"
#include "kube-role.h"
#include "kube-schema.h"
#include "kube-secret.h"

#include "policy.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <unistd.h>

#define KUBE_SECRETS_MAX 1000 /* of one file; the place of each is held against all others */

static int look_at_container(struct kube *k, const struct kube_object *o,
                             const struct kube_container *c)
{
        int r = kube_container_look(k, o, c);

        if (r >= 0)
                r = kube_schema_look_at_container(k, o, c);
        return r < 0 ? r : kube_component_look(k, o, c);
}

static int look_at_object(struct kube *k, const struct kube_object *o)
{
        int r = kube_kind_look(k, o);

        k->objects++;
        if (r >= 0)
                r = kube_schema_look(k, o);
        if (r >= 0)
                r = kube_role_look(k, o);
        if (r >= 0 && o->pod)
                r = kube_pod_look(k, o);
        if (r >= 0 && o->pod)
                r = kube_each_container(k, o, look_at_container);
        return r < 0 ? r : kube_note_take(k, o);
}

/* ---- Templates ---- */

/* Does {{ begin an action of Helm's? Others use {{ }} as well, inside of quoted text. */
static bool is_action(const char *at)
{
        static const char *const words[] = { "if ",       "range ",    "with ",   "include ",
                                             "template ", "define ",   "end",     "else",
                                             "block ",    "toYaml ",   "tpl ",    "printf ",
                                             "default ",  "required ", "lookup ", ".",
                                             "/*",        "- ",        "quote ",  "(" };

        at += 2;
        at += strspn(at, "- \t");
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (!strncmp(at, words[i], strlen(words[i])))
                        return true;
        return false;
}

static bool has_actions(const struct check *c)
{
        const char *at = c->text, *end = c->text + c->length;

        for (; (at = memmem(at, (size_t) (end - at), "{{", 2)); at += 2)
                if (is_action(at))
                        return true;
        return false;
}

/* Overwrites text[start..end) but for its newlines. */
static void overwrite(char *text, size_t start, size_t end, char with)
{
        for (size_t i = start; i < end; i++)
                if (text[i] != '\n' && text[i] != '\r')
                        text[i] = with;
}

/*
 * Overwrites what stands in {{ }}, with blanks where it stands alone on its line, and with letters
 * where it is a part of a value. Every byte keeps its place.
 */
static void blank_actions(char *text, size_t length)
{
        bool bare = true; /* nothing but blanks on this line so far */

        for (size_t at = 0; at < length; at++) {
                char *close;
                size_t end;

                if (text[at] == '\n')
                        bare = true;
                else if (text[at] != ' ' && text[at] != '\t' && text[at] != '{')
                        bare = false;
                if (at + 1 == length || text[at] != '{' || text[at + 1] != '{') {
                        bare &= text[at] != '{';
                        continue;
                }
                close = memmem(text + at, length - at, "}}", 2);
                end = close ? (size_t) (close - text) + 2 : length;
                overwrite(text, at, end, bare ? ' ' : 'x');
                at = end - 1;
        }
}

/* ---- Files ---- */

static bool is_manifest(const struct check *c)
{
        static const char *const names[] = { "*.yaml", "*.yml", "*.json", "*.yaml.*", "*.yml.*" };
        const char *slash = strrchr(c->path, '/'), *base = slash ? slash + 1 : c->path;

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (!fnmatch(names[i], base, 0))
                        return memmem(c->text, c->length, "apiVersion", 10) &&
                               memmem(c->text, c->length, "kind", 4);
        return false;
}

/* Was a file that is not YAML, or too big, meant to hold objects? */
static bool is_meant(const struct kube *k)
{
        return k->objects || !strncmp(k->c->text, "apiVersion:", 11) ||
               memmem(k->c->text, k->c->length, "\napiVersion:", 12);
}

static int check_text(struct kube *k, const char *text)
{
        struct yaml_tree tree;
        int r = yaml_parse(&tree, text, k->c->length);

        if (r < 0)
                return r;
        if (is_meant(k))
                check_concerns(k->c, CONTROL_CONFIG);
        r = kube_each_object(k, &tree, look_at_object);
        if (r >= 0 && is_meant(k) && (tree.error || k->is_template))
                r = check_not_scanned(k->c, k->c->path, k->is_template ? "template" : "not-yaml");
        if (r >= 0 && (!k->steps || !k->findings))
                r = check_not_scanned(k->c, k->c->path, "too-many-objects");
        yaml_done(&tree);
        return r;
}

/* JSON may be indented with tabs, which YAML does not take. */
static bool is_json(const struct check *c)
{
        size_t blanks = strspn(c->text, " \t\r\n");

        return blanks < c->length && (c->text[blanks] == '{' || c->text[blanks] == '[') &&
               memchr(c->text, '\t', c->length);
}

/* The text as the parser can take it, every byte in its place; NULL = as it is. */
static int prepare(struct kube *k, char **ret)
{
        const struct check *c = k->c;
        bool json = is_json(c);

        *ret = NULL;
        k->is_template = !strstr(c->path, ".json") && has_actions(c);
        if (!k->is_template && !json)
                return 0;
        *ret = malloc(c->length + 1);
        if (!*ret)
                return -ENOMEM;
        memcpy(*ret, c->text, c->length);
        (*ret)[c->length] = '\0';
        if (k->is_template)
                blank_actions(*ret, c->length);
        for (size_t i = 0; json && i < c->length; i++)
                if ((*ret)[i] == '\t')
                        (*ret)[i] = ' ';
        return 0;
}

/* Is a file called a patch, or beside a kustomization? */
static bool is_kustomized(const struct kube *k)
{
        static const char *const files[] = { "kustomization.yaml", "kustomization.yml",
                                             "Kustomization" };
        char path[PATH_MAX];

        if (strcasestr(k->c->path, "patch") || strcasestr(k->c->path, "overlay"))
                return true;
        for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
                _cleanup_(closep) int fd = -1;

                (void) snprintf(path, sizeof(path), "%s%s%s", k->folder, *k->folder ? "/" : "",
                                files[i]);
                fd = openat(linhay_workspace(k->c->run), path,
                            O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
                if (fd >= 0)
                        return true;
        }
        return false;
}

size_t kube_rules(void)
{
        return kube_container_rules() + kube_env_rules() + kube_image_rules() + kube_kind_rules() +
               kube_link_rules() + kube_pod_rules() + kube_port_rules() + kube_role_rules() +
               kube_schema_rules() + kube_flag_rules_n;
}

int kube_check(struct check *c)
{
        const char *slash = strrchr(c->path, '/');
        struct kube k = { .c = c, .steps = KUBE_STEPS_MAX, .findings = KUBE_FINDINGS_MAX };
        char *copy;
        int r;

        if (!is_manifest(c))
                return 0;
        k.folder = slash ? check_keep(c, "%.*s", (int) (slash - c->path), c->path) : "";
        if (!k.folder)
                return -ENOMEM;
        k.is_kustomized = is_kustomized(&k);
        r = prepare(&k, &copy);
        if (r < 0)
                return r;
        r = check_text(&k, copy ? copy : c->text);
        free(copy);
        return r;
}

/* Part of a Secret that no parser saw is still looked through by the rules for text. */
static int look_at_secrets(struct kube *k, const char *text)
{
        struct yaml_tree tree;
        int r = yaml_parse(&tree, text, k->c->length);

        if (r < 0)
                return r;
        r = kube_each_object(k, &tree, kube_secret_look);
        if (r >= 0 && (!k->steps || !k->findings))
                r = check_not_scanned(k->c, k->c->path, "too-many-objects");
        yaml_done(&tree);
        return r;
}

int kube_check_secrets(struct check *c)
{
        struct kube k = { .c = c, .steps = KUBE_STEPS_MAX, .findings = KUBE_SECRETS_MAX };
        bool whole = c->own_start == 0 && c->own_end == c->length;
        char *copy;
        int r;

        if (!whole || !memmem(c->text, c->length, "Secret", 6) || !is_manifest(c) ||
            (c->policy.n_paths && policy_allows_path(c, c->path)))
                return 0;
        r = prepare(&k, &copy);
        if (r < 0)
                return r;
        r = look_at_secrets(&k, copy ? copy : c->text);
        free(copy);
        return r;
}

int kube_finish(struct check *c)
{
        return c->kube_folders ? kube_link_finish(c) : 0;
}
