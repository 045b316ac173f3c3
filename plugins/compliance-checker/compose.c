/* SPDX-License-Identifier: Apache-2.0 */
#include "compose.h"

#include "def.h"
#include "docker/image.h"
#include "yaml/yaml.h"

#include <ctype.h>
#include <fnmatch.h>

enum { SERVICES_MAX = 1000, ITEMS_MAX = 200 };

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

/* One service. */
struct service {
        struct check *c;
        const struct yaml_node *name;
        const struct yaml_node *node;
};

static int tell(const struct service *s, enum compose_rule rule, const struct yaml_node *at)
{
        return check_notice(s->c, CONTROL_CONFIG, &notices[rule], at->start,
                            MAX_OF(at->end, at->start));
}

static const char *skip_blanks(const char *text)
{
        return text + strspn(text, " \t");
}

/* --- keys with one value -------------------------------------------------------------------------
 */

static int check_values(const struct service *s)
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
        const struct yaml_node *node;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(rows); i++)
                if (yaml_is(node = yaml_get(s->node, rows[i].key), rows[i].value))
                        r = tell(s, rows[i].rule, node);
        node = yaml_get(s->node, "privileged");
        if (r >= 0 && (yaml_is_true(node) || yaml_is(node, "true")))
                r = tell(s, PRIVILEGED, node);
        node = yaml_get(s->node, "user");
        if (r >= 0 && yaml_text(node) &&
            (fnmatch("root*", node->value, 0) == 0 || strcmp(node->value, "0") == 0 ||
             strncmp(node->value, "0:", 2) == 0))
                r = tell(s, ROOT_USER, node);
        node = yaml_get(s->node, "read_only");
        if (r >= 0 && !yaml_is_true(node) && !yaml_is(node, "true"))
                r = tell(s, WRITABLE_ROOT, node ? node : s->name);
        return r;
}

/* --- lists
 * ---------------------------------------------------------------------------------------- */

static int check_capability(const struct service *s, const struct yaml_node *item)
{
        static const char *const dangerous[] = {
                "ALL",       "SYS_ADMIN",    "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO",
                "SYS_BOOT",  "NET_ADMIN",    "BPF",        "PERFMON",    "DAC_READ_SEARCH",
                "MAC_ADMIN", "MAC_OVERRIDE", "SYSLOG",     "SYS_TIME",
        };
        const char *name = yaml_text(item);

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

/* "source:target:mode", or a mapping with source and read_only. */
static int check_volume(const struct service *s, const struct yaml_node *item)
{
        const char *text = yaml_text(item), *source = yaml_get_text(item, "source");
        char path[256];

        if (text) {
                size_t n = strcspn(text, ":");

                /* Without a colon it is a place in the service alone. */
                if (!text[n])
                        return 0;
                (void) snprintf(path, sizeof(path), "%.*s", (int) MIN_OF(n, 255u), text);
                source = path;
        }
        if (!source)
                return 0;
        if (fnmatch("*/docker.sock", source, 0) == 0 || fnmatch("*/podman.sock", source, 0) == 0 ||
            fnmatch("*/containerd.sock", source, 0) == 0)
                return tell(s, SOCKET, item);
        return is_system(source) ? tell(s, HOST_FOLDER, item) : 0;
}

static int check_device(const struct service *s, const struct yaml_node *item)
{
        return tell(s, DEVICE, item);
}

static int check_option(const struct service *s, const struct yaml_node *item)
{
        const char *text = yaml_text(item);

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

static int tell_port(const struct service *s, const struct yaml_node *at, unsigned long target,
                     bool is_published, bool is_open)
{
        if (target == 22 && is_published)
                return tell(s, SSH_PORT, at);
        return is_open && is_database(target) ? tell(s, OPEN_DATABASE, at) : 0;
}

/* "ADDRESS:HOST:CONTAINER/tcp", of which only the last must be there; or a mapping. */
static int check_port(const struct service *s, const struct yaml_node *item)
{
        const char *text = yaml_text(item), *address, *target, *colon;

        if (!text) {
                target = yaml_get_text(item, "target");
                address = yaml_get_text(item, "host_ip");
                if (!target)
                        return 0;
                return tell_port(s, item, strtoul(target, NULL, 10), yaml_get(item, "published"),
                                 yaml_get(item, "published") && (!address || !is_local(address)));
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

static int check_lists(const struct service *s)
{
        static const struct {
                const char *key;
                int (*check)(const struct service *s, const struct yaml_node *item);
        } lists[] = {
                { "cap_add", check_capability }, { "volumes", check_volume },
                { "devices", check_device },     { "security_opt", check_option },
                { "ports", check_port },
        };
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
                const struct yaml_node *list = yaml_get(s->node, lists[i].key);
                size_t n = yaml_count(list, YAML_SEQUENCE);

                for (size_t k = 0; r >= 0 && k < MIN_OF(n, (size_t) ITEMS_MAX); k++)
                        r = lists[i].check(s, list->items[k]);
        }
        return r;
}

static int check_new_privileges(const struct service *s)
{
        const struct yaml_node *list = yaml_get(s->node, "security_opt");

        for (size_t i = 0; i < yaml_count(list, YAML_SEQUENCE); i++) {
                const char *text = yaml_text(list->items[i]);

                if (text && strncmp(text, "no-new-privileges", 17) == 0 && !strstr(text, "false"))
                        return 0;
        }
        return tell(s, NO_NEW_PRIVILEGES, s->name);
}

/* A service that is built gives its image that name; it takes none. */
static int check_image(const struct service *s)
{
        const struct yaml_node *node = yaml_get(s->node, "image");
        struct image image;

        if (!yaml_text(node) || yaml_get(s->node, "build"))
                return 0;
        image = image_split(node->value);
        if (image.digest.length || !image.name.length)
                return 0;
        if (!image.tag.length)
                return memchr(image.name.text, '$', image.name.length) ? 0 : tell(s, NO_TAG, node);
        if (image_part_is(image.tag, "latest"))
                return tell(s, LATEST, node);
        return memchr(image.tag.text, '$', image.tag.length) ? 0 : tell(s, NO_DIGEST, node);
}

static int check_service(const struct service *s)
{
        static int (*const checks[])(const struct service *s) = {
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

static bool is_compose(const char *path)
{
        static const char *const names[] = { "docker-compose*.y*ml", "compose*.y*ml",
                                             "*.compose.y*ml", "podman-compose*.y*ml",
                                             "*-compose.y*ml" };
        const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

        if (!strcasestr(base, "compose"))
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (fnmatch(names[i], base, FNM_CASEFOLD) == 0)
                        return true;
        return false;
}

static int check_tree(struct check *c, const struct yaml_tree *tree)
{
        const struct yaml_node *root = tree->n_documents ? tree->documents[0] : NULL;
        const struct yaml_node *services = yaml_get(root, "services");
        size_t n = yaml_count(services, YAML_MAPPING);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < MIN_OF(n, (size_t) SERVICES_MAX); i++) {
                struct service s = { c, services->keys[i], services->items[i] };

                if (s.node->kind == YAML_MAPPING)
                        r = check_service(&s);
        }
        if (n == 0)
                return r;
        for (size_t i = 0; r >= 0 && i < tree->n_duplicates; i++) {
                const struct yaml_duplicate *twice = &tree->duplicates[i];
                const struct yaml_node *key = twice->mapping->keys[twice->second];

                r = check_notice(c, CONTROL_CONFIG, &notices[SERVICE_TWICE], key->start, key->end);
        }
        if (r >= 0 && n > SERVICES_MAX)
                r = check_not_scanned(c, c->path, "too-many-services");
        return r;
}

int compose_check(struct check *c)
{
        struct yaml_tree tree;
        int r;

        if (!is_compose(c->path))
                return 0;
        check_concerns(c, CONTROL_CONFIG);
        r = yaml_parse(&tree, c->text, c->length);
        if (r < 0)
                return r;
        r = check_tree(c, &tree);
        if (r >= 0 && tree.error)
                r = check_not_scanned(c, c->path, "not-yaml");
        yaml_done(&tree);
        return r;
}
