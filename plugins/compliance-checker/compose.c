/* SPDX-License-Identifier: Apache-2.0 */
#include "compose.h"

#include "compose-service.h"
#include "def.h"
#include "docker/image.h"

#include <ctype.h>
#include <fnmatch.h>

enum compose_rule {
        PRIVILEGED,
        CAPABILITY,
        HOST_NETWORK,
        HOST_PID,
        HOST_IPC,
        HOST_UTS,
        HOST_USERS,
        SOCKET,
        HOST_FOLDER,
        DEVICE,
        UNCONFINED,
        NO_NEW_PRIVILEGES,
        WRITABLE_ROOT,
        ROOT_USER,
        NO_TAG,
        LATEST,
        NO_DIGEST,
        OPEN_DATABASE,
        SSH_PORT,
        SERVICE_TWICE,
        RULES_,
};

static const struct notice notices[RULES_] = {
        [PRIVILEGED] = { "config/compose-privileged", LINHAY_SEVERITY_HIGH, "CWE-250",
                         "The service is privileged: it has all rights on the host",
                         "Leave it out; add the one capability or device that is needed.",
                         "cis-docker:5.5" },
        [CAPABILITY] = { "config/compose-capability", LINHAY_SEVERITY_HIGH, "CWE-250",
                         "The service has a capability that leads to rights on the host",
                         "Leave it out of cap_add.", "cis-docker:5.4" },
        [HOST_NETWORK] = { "config/compose-host-network", LINHAY_SEVERITY_MEDIUM, "CWE-668",
                           "The service is in the host's network",
                           "Use a network of compose and ports.", "cis-docker:5.10" },
        [HOST_PID] = { "config/compose-host-pid", LINHAY_SEVERITY_MEDIUM, "CWE-668",
                       "The service sees the host's processes", "Leave out pid: host.",
                       "cis-docker:5.16" },
        [HOST_IPC] = { "config/compose-host-ipc", LINHAY_SEVERITY_MEDIUM, "CWE-668",
                       "The service shares memory with the host's processes",
                       "Leave out ipc: host.", "cis-docker:5.17" },
        [HOST_UTS] = { "config/compose-host-uts", LINHAY_SEVERITY_LOW, "CWE-668",
                       "The service may change the host's name", "Leave out uts: host.",
                       "cis-docker:5.21" },
        [HOST_USERS] = { "config/compose-host-users", LINHAY_SEVERITY_MEDIUM, "CWE-250",
                         "Root of the service is root of the host", "Leave out userns_mode: host.",
                         "cis-docker:5.31" },
        [SOCKET] = { "config/compose-docker-socket", LINHAY_SEVERITY_HIGH, "CWE-250",
                     "The service has Docker's socket: it is root on the host, read-only or not",
                     "Leave it out, or put a proxy before it that lets little through.",
                     "cis-docker:5.32" },
        [HOST_FOLDER] = { "config/compose-host-folder", LINHAY_SEVERITY_HIGH, "CWE-668",
                          "The service has a folder of the host's system",
                          "Mount what is needed of it, with :ro.", "cis-docker:5.6" },
        [DEVICE] = { "config/compose-host-device", LINHAY_SEVERITY_LOW, "CWE-668",
                     "The service has a device of the host", "Leave it out if it is not needed.",
                     "cis-docker:5.18" },
        [UNCONFINED] = { "config/compose-unconfined", LINHAY_SEVERITY_MEDIUM, "CWE-693",
                         "A confinement of the service is switched off",
                         "Leave out unconfined and label:disable, or write a profile.",
                         "cis-docker:5.22 cis-docker:5.2 cis-docker:5.3" },
        [NO_NEW_PRIVILEGES] = { "config/compose-new-privileges", LINHAY_SEVERITY_INFO, "CWE-250",
                                "Programs of the service may gain rights (setuid)",
                                "Add security_opt: [no-new-privileges:true].", "cis-docker:5.26" },
        [WRITABLE_ROOT] = { "config/compose-writable-root", LINHAY_SEVERITY_INFO, "CWE-732",
                            "The service may change its own programs",
                            "Add read_only: true, and volumes or tmpfs for what is written.",
                            "cis-docker:5.13" },
        [ROOT_USER] = { "config/compose-root-user", LINHAY_SEVERITY_MEDIUM, "CWE-250",
                        "The service runs as root", "Name a user without rights.",
                        "cis-docker:4.1" },
        [NO_TAG] = { "config/compose-no-tag", LINHAY_SEVERITY_MEDIUM, "CWE-1357",
                     "The image has no version, so it is :latest",
                     "Name a version, better a digest.", "cis-docker:4.2" },
        [LATEST] = { "config/compose-latest-tag", LINHAY_SEVERITY_MEDIUM, "CWE-1357",
                     "The image is :latest, which changes without notice",
                     "Name a version, better a digest.", "cis-docker:4.2" },
        [NO_DIGEST] = { "config/compose-no-digest", LINHAY_SEVERITY_INFO, "CWE-1357",
                        "The image is named by a tag, which may be moved to another image",
                        "Add the digest: name:tag@sha256:...",
                        "cis-docker:4.2 scorecard:Pinned-Dependencies" },
        [OPEN_DATABASE] = { "config/compose-open-database", LINHAY_SEVERITY_MEDIUM, "CWE-668",
                            "The port of a database is open on all addresses of the host",
                            "Leave the port out, or bind it: 127.0.0.1:5432:5432",
                            "cis-docker:5.14" },
        [SSH_PORT] = { "config/compose-ssh-port", LINHAY_SEVERITY_LOW, "CWE-1327",
                       "The service takes SSH", "Use docker compose exec.", "cis-docker:5.7" },
        [SERVICE_TWICE] = { "config/compose-key-twice", LINHAY_SEVERITY_MEDIUM, "CWE-694",
                            "A key stands twice in a mapping; only one of them counts",
                            "Keep one." },
};

size_t compose_rules(void)
{
        return RULES_;
}

/* One service, and what was told of it already from services that it extends. */
struct service {
        struct compose_service s;
        bool is_told[RULES_];
        size_t n_compared; /* items by their targets */
};

/* A value or an item of a list, with its variables put in. */
struct value {
        const struct yaml_node *node;
        const char *text; /* NULL = it is no scalar */
        size_t layer;
        bool is_put;
};

static struct value value_of(struct service *s, size_t layer, const struct yaml_node *node)
{
        struct value v = { .node = node, .layer = layer };

        v.text = compose_text(s->s.p, node, &v.is_put);
        return v;
}

/* The value that holds for a key. */
static struct value get(struct service *s, const char *key)
{
        size_t layer = 0;
        const struct yaml_node *node = compose_service_get(&s->s, key, &layer);

        return value_of(s, layer, node);
}

/* A member of an item that is a mapping; of such, too, what a variable says is only likely. */
static const char *member(struct service *s, struct value *item, const char *key)
{
        bool is_put;
        const char *text = compose_text(s->s.p, yaml_get(item->node, key), &is_put);

        item->is_put |= is_put;
        return text;
}

static int tell_at(struct service *s, const struct notice *notice, const struct yaml_node *at)
{
        return check_notice(s->s.p->c, CONTROL_CONFIG, notice, at->start,
                            MAX_OF(at->end, at->start));
}

/* Something of the service's own, or of one that only here is told of. */
static bool is_news(const struct service *s, enum compose_rule rule, const struct value *v)
{
        return v->layer == 0 || (!s->s.layers[v->layer].file->is_checked && !s->is_told[rule]);
}

/*
 * What a service below says is told where it stands, if that file is checked; else once, where the
 * service is extended.
 */
static int tell(struct service *s, enum compose_rule rule, const struct value *v)
{
        struct notice notice = notices[rule];

        if (v->is_put)
                notice.soundness = SOUNDNESS_PARTIAL;
        if (v->layer == 0)
                return tell_at(s, &notice, v->node);
        if (!is_news(s, rule, v))
                return 0;
        s->is_told[rule] = true;
        notice.message = check_keep(s->s.p->c, "%s: so says a service that this one extends",
                                    notice.message);
        return notice.message ? tell_at(s, &notice, s->s.extends) : -ENOMEM;
}

/* That something is nowhere said, not in what can be seen of the services that it extends. */
static int tell_absent(struct service *s, enum compose_rule rule)
{
        struct notice notice = notices[rule];

        if (s->s.is_partial)
                notice.soundness = SOUNDNESS_PARTIAL;
        return tell_at(s, &notice, s->s.name);
}

static const char *skip_blanks(const char *text)
{
        return text + strspn(text, " \t");
}

/* --- keys with one value -------------------------------------------------------------------------
 */

static bool is_text(const struct value *v, const char *text)
{
        return v->text && strcmp(v->text, text) == 0;
}

static bool is_on(const struct value *v)
{
        return yaml_is_true(v->node) || is_text(v, "true");
}

static bool is_root(const struct value *v)
{
        return v->text && (fnmatch("root*", v->text, 0) == 0 || strcmp(v->text, "0") == 0 ||
                           strncmp(v->text, "0:", 2) == 0);
}

static int check_values(struct service *s)
{
        static const struct {
                const char *key, *value;
                enum compose_rule rule;
        } rows[] = {
                { "network_mode", "host", HOST_NETWORK },
                { "pid", "host", HOST_PID },
                { "ipc", "host", HOST_IPC },
                { "uts", "host", HOST_UTS },
                { "userns_mode", "host", HOST_USERS },
                { "net", "host", HOST_NETWORK },
        };
        struct value v;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(rows); i++) {
                v = get(s, rows[i].key);
                if (is_text(&v, rows[i].value))
                        r = tell(s, rows[i].rule, &v);
        }
        v = get(s, "privileged");
        if (r >= 0 && is_on(&v))
                r = tell(s, PRIVILEGED, &v);
        v = get(s, "user");
        if (r >= 0 && is_root(&v))
                r = tell(s, ROOT_USER, &v);
        v = get(s, "read_only");
        if (r >= 0 && !is_on(&v))
                r = v.node ? tell(s, WRITABLE_ROOT, &v) : tell_absent(s, WRITABLE_ROOT);
        return r;
}

/* --- lists
 * ---------------------------------------------------------------------------------------- */

static int check_capability(struct service *s, struct value *item)
{
        static const char *const dangerous[] = {
                "ALL",       "SYS_ADMIN",    "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO",
                "SYS_BOOT",  "NET_ADMIN",    "BPF",        "PERFMON",    "DAC_READ_SEARCH",
                "MAC_ADMIN", "MAC_OVERRIDE", "SYSLOG",     "SYS_TIME",
        };
        const char *name = item->text;

        if (name && strncasecmp(name, "CAP_", 4) == 0)
                name += 4;
        for (size_t i = 0; name && i < ARRAY_SIZE(dangerous); i++)
                if (strcasecmp(name, dangerous[i]) == 0)
                        return tell(s, CAPABILITY, item);
        return 0;
}

/* Folders of the system that a service has no business in. */
static bool is_system(const char *path)
{
        static const char *const folders[] = { "/boot",    "/dev", "/etc",           "/lib",
                                               "/proc",    "/sys", "/usr",           "/root",
                                               "/var/run", "/run", "/var/lib/docker" };
        size_t n = strlen(path);

        while (n > 1 && path[n - 1] == '/')
                n--;
        if (n == 1 && *path == '/')
                return true;
        for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
                if (n == strlen(folders[i]) && memcmp(path, folders[i], n) == 0)
                        return true;
        return false;
}

/* What stands before the first colon; without one it is a place in the service alone. */
static const char *source_of(const char *text, char *room, size_t size)
{
        size_t n = strcspn(text, ":");

        if (!text[n])
                return NULL;
        (void) snprintf(room, size, "%.*s", (int) MIN_OF(n, size - 1), text);
        return room;
}

/* Where in the service an item is: two with the same place are one, and the upper layer's holds. */
static struct span target_of(struct service *s, struct value *item)
{
        const char *text = item->text ? item->text : member(s, item, "target");
        const char *colon = text && item->text ? strchr(text, ':') : NULL;

        if (!text)
                return (struct span){ "", 0 };
        text = colon ? colon + 1 : text;
        return (struct span){ text, strcspn(text, ":") };
}

static bool is_replaced(struct service *s, const char *key, struct value *item)
{
        enum { COMPARED_MAX = 20000 };
        struct span target = item->layer ? target_of(s, item) : (struct span){ "", 0 };

        for (size_t i = 0; target.length && i < item->layer; i++) {
                const struct yaml_node *list = yaml_get(s->s.layers[i].node, key);
                size_t n = MIN_OF(yaml_count(list, YAML_SEQUENCE), (size_t) COMPOSE_ITEMS_MAX);

                for (size_t k = 0; k < n && s->n_compared < COMPARED_MAX; k++, s->n_compared++) {
                        struct value upper = value_of(s, i, list->items[k]);
                        struct span place = target_of(s, &upper);

                        if (place.length == target.length &&
                            memcmp(place.text, target.text, place.length) == 0)
                                return true;
                }
        }
        return false;
}

static int tell_mount(struct service *s, enum compose_rule rule, const char *key,
                      struct value *item)
{
        return is_news(s, rule, item) && !is_replaced(s, key, item) ? tell(s, rule, item) : 0;
}

/* "source:target:mode", or a mapping with source and read_only. */
static int check_volume(struct service *s, struct value *item)
{
        char path[256];
        const char *source =
                item->text ? source_of(item->text, path, sizeof(path)) : member(s, item, "source");

        if (!source)
                return 0;
        if (fnmatch("*/docker.sock", source, 0) == 0 || fnmatch("*/podman.sock", source, 0) == 0 ||
            fnmatch("*/containerd.sock", source, 0) == 0)
                return tell_mount(s, SOCKET, "volumes", item);
        return is_system(source) ? tell_mount(s, HOST_FOLDER, "volumes", item) : 0;
}

static int check_device(struct service *s, struct value *item)
{
        return tell_mount(s, DEVICE, "devices", item);
}

static int check_option(struct service *s, struct value *item)
{
        const char *text = item->text;

        if (text && (strstr(text, "unconfined") ||
                     (strncmp(text, "label", 5) == 0 && strstr(text, "disable"))))
                return tell(s, UNCONFINED, item);
        return 0;
}

/* --- ports
 * ----------------------------------------------------------------------------------------- */

static bool is_database(unsigned long port)
{
        static const unsigned short ports[] = { 1433, 1521, 2379,  3050,  3306,  5432, 5984,
                                                6379, 7000, 7474,  7687,  8086,  8529, 9042,
                                                9200, 9300, 11211, 26257, 27017, 50000 };

        for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
                if (ports[i] == port)
                        return true;
        return false;
}

static bool is_local(const char *address)
{
        return strncmp(address, "127.", 4) == 0 || strncmp(address, "[::1]", 5) == 0 ||
               strncmp(address, "localhost", 9) == 0 || strcmp(address, "::1") == 0;
}

static int tell_port(struct service *s, const struct value *at, unsigned long target,
                     bool is_published, bool is_open)
{
        if (target == 22 && is_published)
                return tell(s, SSH_PORT, at);
        return is_open && is_database(target) ? tell(s, OPEN_DATABASE, at) : 0;
}

/* "ADDRESS:HOST:CONTAINER/tcp", of which only the last must be there; or a mapping. */
static int check_port(struct service *s, struct value *item)
{
        const char *text = item->text, *address, *target, *colon;

        if (!text) {
                bool is_published = yaml_get(item->node, "published") != NULL;

                target = member(s, item, "target");
                address = member(s, item, "host_ip");
                if (!target)
                        return 0;
                return tell_port(s, item, strtoul(target, NULL, 10), is_published,
                                 is_published && (!address || !is_local(address)));
        }
        colon = strrchr(text, ':');
        target = colon ? colon + 1 : text;
        if (!isdigit((unsigned char) *skip_blanks(target)))
                return 0;
        /* With two colons an address stands before them; what a variable holds is not known. */
        return tell_port(s, item, strtoul(target, NULL, 10), colon != NULL,
                         colon && !is_local(text) &&
                                 !(*text == '$' && memchr(text, ':', (size_t) (colon - text))));
}

/* A list, what is asked of its items, and the service. */
struct list {
        const char *key;
        int (*check)(struct service *s, struct value *item);
        struct service *service;
};

static int visit_item(void *owner, size_t layer, const struct yaml_node *item)
{
        const struct list *list = owner;
        struct value v = value_of(list->service, layer, item);

        return list->check(list->service, &v);
}

static int check_lists(struct service *s)
{
        struct list lists[] = {
                { "cap_add", check_capability, s }, { "volumes", check_volume, s },
                { "devices", check_device, s },     { "security_opt", check_option, s },
                { "ports", check_port, s },
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(lists); i++)
                r = compose_service_each(&s->s, lists[i].key, visit_item, &lists[i]);
        return r;
}

static int is_new_privileges(void *owner, size_t layer, const struct yaml_node *item)
{
        const struct value v = value_of(owner, layer, item);

        /* Ends the walk: it was found. */
        return v.text && strncmp(v.text, "no-new-privileges", 17) == 0 && !strstr(v.text, "false")
                       ? -EEXIST
                       : 0;
}

static int check_new_privileges(struct service *s)
{
        int r = compose_service_each(&s->s, "security_opt", is_new_privileges, s);

        return r == -EEXIST ? 0 : tell_absent(s, NO_NEW_PRIVILEGES);
}

/* A service that is built gives its image that name; it takes none. */
static int check_image(struct service *s)
{
        const struct value v = get(s, "image"), build = get(s, "build");
        struct image image;

        if (!v.text || build.node)
                return 0;
        image = image_split(v.text);
        if (image.digest.length || !image.name.length)
                return 0;
        if (!image.tag.length)
                return memchr(image.name.text, '$', image.name.length) ? 0 : tell(s, NO_TAG, &v);
        if (image_part_is(image.tag, "latest"))
                return tell(s, LATEST, &v);
        /* A variable may bring the digest with it. */
        return v.is_put || memchr(image.tag.text, '$', image.tag.length) ? 0
                                                                         : tell(s, NO_DIGEST, &v);
}

static int check_service(struct service *s)
{
        static int (*const checks[])(struct service * s) = {
                check_values,
                check_lists,
                check_new_privileges,
                check_image,
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(checks); i++)
                r = checks[i](s);
        return r;
}

static int check_services(struct compose_project *p, const struct yaml_node *services)
{
        size_t n = yaml_count(services, YAML_MAPPING);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < MIN_OF(n, (size_t) COMPOSE_SERVICES_MAX); i++) {
                struct service s = { .is_told = { false } };

                if (services->items[i]->kind != YAML_MAPPING)
                        continue;
                r = compose_service_read(&s.s, p, services->keys[i], services->items[i]);
                if (r >= 0)
                        r = check_service(&s);
        }
        if (r >= 0 && n > COMPOSE_SERVICES_MAX)
                r = check_not_scanned(p->c, p->c->path, "too-many-services");
        return r;
}

static int check_twice(struct compose_project *p, const struct yaml_tree *tree)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < tree->n_duplicates; i++) {
                const struct yaml_duplicate *twice = &tree->duplicates[i];
                const struct yaml_node *key = twice->mapping->keys[twice->second];

                r = check_notice(p->c, CONTROL_CONFIG, &notices[SERVICE_TWICE], key->start,
                                 key->end);
        }
        return r;
}

int compose_check(struct check *c)
{
        struct compose_project p;
        const struct compose_file *own;
        int r;

        if (!compose_is_file(c->path))
                return 0;
        check_concerns(c, CONTROL_CONFIG);
        r = compose_project_read(&p, c);
        own = p.files[0];
        if (r >= 0)
                r = check_services(&p, own->services);
        if (r >= 0 && yaml_count(own->services, YAML_MAPPING))
                r = check_twice(&p, &own->tree);
        if (r >= 0 && own->tree.error)
                r = check_not_scanned(c, c->path, "not-yaml");
        compose_project_done(&p);
        return r;
}
