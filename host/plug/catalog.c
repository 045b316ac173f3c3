/* SPDX-License-Identifier: Apache-2.0 */
#include "plug/catalog.h"

#include "base/buf.h"
#include "base/bundle.h"
#include "base/io.h"
#include "conf/suggest.h"

#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define OBJECT_BYTES_MAX (256ULL << 20)
#define FOLDERS_MAX      64
#define ENTRIES_MAX      4096 /* names looked at in one folder */

struct catalog {
        catalog_inspect inspect;
        void *user;
        unsigned n_users;
        char *folders[FOLDERS_MAX + 1]; /* in order of search */
        size_t n_folders;
        struct kept { /* agents opened so far, by the word they were asked for with */
                char *word;
                struct agent *agent;
        } * kept;
        size_t n_kept;
};

/* --- one agent ----------------------------------------------------------------------------- */

struct agent *agent_free(struct agent *a)
{
        if (!a)
                return NULL;
        free(a->path);
        closep(&a->fd);
        (void) manifest_free(a->manifest);
        free(a);
        return NULL;
}

static int object_open(int *ret_fd, bool *ret_is_folder, const char *path, struct err *err)
{
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        struct stat st;

        if (fd < 0)
                return err_sys(err, -errno, "cannot open agent %s", path);
        if (fstat(fd, &st) < 0)
                return err_sys(err, -errno, "cannot stat agent %s", path);
        if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
                return err_set(err, -EINVAL, "agent %s is not a regular file", path);
        *ret_is_folder = S_ISDIR(st.st_mode);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* Copies `from` into `to` and hashes the very bytes that were copied. */
static int object_copy(int to, int from, char ret_sha256[SHA256_HEX], const char *path,
                       struct err *err)
{
        _cleanup_(freep) char *piece = malloc(65536);
        struct sha256_ctx hash;
        uint64_t total = 0;
        int r;

        if (!piece)
                return err_set(err, -ENOMEM, "out of memory");
        sha256_init(&hash);
        for (;;) {
                ssize_t n = read(from, piece, 65536);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return err_sys(err, -errno, "cannot read agent %s", path);
                if (n == 0)
                        break;
                total += (uint64_t) n;
                if (total > OBJECT_BYTES_MAX)
                        return err_set(err, -EFBIG, "agent %s is larger than %llu MiB", path,
                                       OBJECT_BYTES_MAX >> 20);
                sha256_update(&hash, (size_t) n, (const uint8_t *) piece);
                r = fd_write_all(to, piece, (size_t) n);
                if (r < 0)
                        return err_sys(err, r, "cannot copy agent %s to memory", path);
        }
        sha256_finish(&hash, ret_sha256);
        return 0;
}

/* A folder's files, one behind the other; their hash is the agent's. */
static int folder_copy(int to, int from, char ret_sha256[SHA256_HEX], const char *path,
                       struct err *err)
{
        int r = bundle_pack(to, from, path, err);

        if (r < 0)
                return r;
        r = lseek(to, 0, SEEK_SET) < 0 ? -errno : sha256_fd(ret_sha256, to);
        return r < 0 ? err_sys(err, r, "cannot read the copy of agent %s", path) : 0;
}

/* The object's or the folder's bytes in memory that nobody can change any more. */
static int object_seal(int *ret_fd, int from, bool is_folder, char ret_sha256[SHA256_HEX],
                       const char *path, struct err *err)
{
        _cleanup_(closep) int fd = memfd_create("linhay-agent", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        int r;

        if (fd < 0)
                return err_sys(err, -errno, "cannot make memory for agent %s", path);
        r = (is_folder ? folder_copy : object_copy)(fd, from, ret_sha256, path, err);
        if (r < 0)
                return r;
        if (lseek(fd, 0, SEEK_SET) < 0 ||
            fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
                return err_sys(err, -errno, "cannot seal the copy of agent %s", path);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* From the bundle, so that what is read is what was hashed. */
static int folder_inspect(int fd, char **ret, size_t *ret_length, struct err *err)
{
        struct bundle_file file;
        char *text;

        if (bundle_find(fd, "agent.json", &file) < 0)
                return err_set(err, -EINVAL,
                               "the folder has no agent.json: of an agent in C name the .so in it");
        if (file.size > MANIFEST_BYTES_MAX)
                return err_set(err, -EFBIG, "its agent.json is larger than %d bytes",
                               MANIFEST_BYTES_MAX);
        text = malloc((size_t) file.size + 1);
        if (!text)
                return err_set(err, -ENOMEM, "out of memory");
        if (pread(fd, text, (size_t) file.size, (off_t) file.at) != (ssize_t) file.size) {
                free(text);
                return err_set(err, -EIO, "its agent.json cannot be read");
        }
        text[file.size] = '\0';
        *ret = text;
        *ret_length = (size_t) file.size;
        return 0;
}

/* A manifest is for the form in which the agent came. */
static int form_check(const struct agent *a, bool is_folder, struct err *err)
{
        const struct manifest_exec *exec = &a->manifest->exec;
        struct bundle_file file;

        if (!is_folder && exec->interpreter)
                return err_set(err, -EINVAL,
                               "%s: the manifest is wrong: a shared object has no \"exec\"",
                               a->path);
        if (is_folder && !exec->interpreter)
                return err_set(
                        err, -EINVAL,
                        "%s: a folder is an agent when its agent.json has \"exec\"; this one "
                        "is of a shared object, which must be built",
                        a->path);
        if (is_folder && bundle_find(a->fd, exec->program, &file) < 0)
                return err_set(err, -EINVAL,
                               "%s: the manifest is wrong: /exec/program: there is no file %s in "
                               "the folder",
                               a->path, exec->program);
        return 0;
}

static int agent_open(struct agent **ret, const struct catalog *c, const char *path,
                      struct err *err)
{
        _cleanup_(agent_freep) struct agent *a = calloc(1, sizeof(*a));
        _cleanup_(closep) int file = -1;
        _cleanup_(freep) char *text = NULL;
        bool is_folder = false;
        size_t length = 0;
        int r;

        if (!a)
                return err_set(err, -ENOMEM, "out of memory");
        a->fd = -1;
        a->path = strdup(path);
        if (!a->path)
                return err_set(err, -ENOMEM, "out of memory");

        r = object_open(&file, &is_folder, path, err);
        if (r < 0)
                return r;
        r = object_seal(&a->fd, file, is_folder, a->sha256, path, err);
        if (r < 0)
                return r;
        r = is_folder ? folder_inspect(a->fd, &text, &length, err)
                      : c->inspect(c->user, a->fd, &text, &length, err);
        if (r < 0)
                return err_wrap(err, r, "%s is not an agent", path);
        r = manifest_parse(&a->manifest, text, length, path, err);
        if (r == 0)
                r = form_check(a, is_folder, err);
        if (r < 0)
                return r;

        *ret = TAKE(a);
        return 0;
}

/* --- where to look ------------------------------------------------------------------------- */

static int folder_add(struct catalog *c, const char *path)
{
        char *copy;

        if (path[0] == '\0' || c->n_folders == FOLDERS_MAX)
                return 0;
        copy = strdup(path);
        if (!copy)
                return -ENOMEM;
        c->folders[c->n_folders++] = copy;
        return 0;
}

static int folders_from_list(struct catalog *c, const char *list)
{
        _cleanup_(freep) char *copy = strdup(list ? list : "");
        char *left = copy, *part;
        int r;

        if (!copy)
                return -ENOMEM;
        while ((part = strsep(&left, ":"))) {
                r = folder_add(c, part);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* `plugins/` beside a program that still stands in its build folder. */
static int folder_of_build(struct catalog *c)
{
        char exe[PATH_MAX], path[PATH_MAX + 32];
        ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
        const char *dir;

        if (n <= 0)
                return 0;
        exe[n] = '\0';
        dir = dirname(exe);
        (void) snprintf(path, sizeof(path), "%s/config.status", dir);
        if (access(path, F_OK) < 0)
                return 0;
        (void) snprintf(path, sizeof(path), "%s/plugins", dir);
        return folder_add(c, path);
}

static int folder_of_user(struct catalog *c)
{
        const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
        char path[PATH_MAX];

        if (data && data[0] == '/')
                (void) snprintf(path, sizeof(path), "%s/linhay/agents", data);
        else if (home && home[0] == '/')
                (void) snprintf(path, sizeof(path), "%s/.local/share/linhay/agents", home);
        else
                return 0;
        return folder_add(c, path);
}

int catalog_new(struct catalog **ret, catalog_inspect inspect, void *user)
{
        _cleanup_(catalog_freep) struct catalog *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        c->n_users = 1;
        c->inspect = inspect;
        c->user = user;
        r = folders_from_list(c, getenv("LINHAY_AGENT_PATH"));
        if (r == 0)
                r = folder_of_build(c);
        if (r == 0)
                r = folder_of_user(c);
        if (r == 0)
                r = folder_add(c, LINHAY_AGENTDIR);
        if (r < 0)
                return r;

        *ret = TAKE(c);
        return 0;
}

struct catalog *catalog_ref(struct catalog *c)
{
        if (c)
                c->n_users++;
        return c;
}

struct catalog *catalog_free(struct catalog *c)
{
        if (!c || --c->n_users > 0)
                return NULL;
        for (size_t i = 0; i < c->n_folders; i++)
                free(c->folders[i]);
        for (size_t i = 0; i < c->n_kept; i++) {
                free(c->kept[i].word);
                (void) agent_free(c->kept[i].agent);
        }
        free(c->kept);
        free(c);
        return NULL;
}

const char *const *catalog_folders(const struct catalog *c)
{
        return (const char *const *) c->folders;
}

/* --- finding one --------------------------------------------------------------------------- */

/* FOLDER/NAME.so, FOLDER/NAME/NAME.so or the folder of an exec agent, whichever is there. */
static char *file_in_folder(const char *folder, const char *name)
{
        static const struct {
                const char *proof, *path;
        } forms[] = {
                { "%1$s/%2$s.so", "%1$s/%2$s.so" },
                { "%1$s/%2$s/%2$s.so", "%1$s/%2$s/%2$s.so" },
                { "%1$s/%2$s/agent.json", "%1$s/%2$s" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
                _cleanup_(freep) char *proof = NULL;
                char *path = NULL;

                if (asprintf(&proof, forms[i].proof, folder, name) < 0)
                        return NULL;
                if (access(proof, F_OK) == 0)
                        return asprintf(&path, forms[i].path, folder, name) < 0 ? NULL : path;
        }
        return NULL;
}

static bool word_is_file(const char *word)
{
        size_t n = strlen(word);

        return strchr(word, '/') || (n > 3 && strcmp(word + n - 3, ".so") == 0);
}

/* Calls `seen` with the name that each entry of a folder would answer to. */
static void folder_walk(const char *folder, void (*seen)(void *user, const char *name), void *user)
{
        DIR *dir = opendir(folder);
        const struct dirent *entry;
        unsigned left = ENTRIES_MAX;

        if (!dir)
                return;
        while (left-- > 0 && (entry = readdir(dir))) {
                char name[NAME_MAX + 1];
                size_t n;

                (void) snprintf(name, sizeof(name), "%s", entry->d_name);
                n = strlen(name);
                if (n > 3 && strcmp(name + n - 3, ".so") == 0)
                        name[n - 3] = '\0';
                _cleanup_(freep) char *path = name[0] == '.' ? NULL : file_in_folder(folder, name);

                if (path)
                        seen(user, name);
        }
        (void) closedir(dir);
}

struct names {
        char **list;
        size_t count;
        bool no_memory;
};

static void names_done(struct names *names)
{
        for (size_t i = 0; i < names->count; i++)
                free(names->list[i]);
        free(names->list);
}

static void names_add(void *user, const char *name)
{
        struct names *names = user;
        char **list = reallocarray(names->list, names->count + 1, sizeof(*list));

        if (list)
                names->list = list;
        if (list && (list[names->count] = name ? strdup(name) : NULL))
                names->count++;
        else if (!list || name)
                names->no_memory = true;
}

static int not_found(const struct catalog *c, const char *name, struct err *err)
{
        _cleanup_(names_done) struct names names = { 0 };
        _cleanup_(buf_done) struct buf where = { 0 };
        const char *meant;

        for (size_t i = 0; i < c->n_folders; i++) {
                folder_walk(c->folders[i], names_add, &names);
                (void) buf_printf(&where, "%s%s", i ? ", " : "", c->folders[i]);
        }
        names_add(&names, NULL); /* the end, for suggest() */
        meant = names.no_memory ? NULL : suggest(name, (const char *const *) names.list);
        if (!strchr(name, '/') && access(name, F_OK) == 0)
                return err_set(err, -ENOENT,
                               "there is no agent of the name \"%s\"; the one that is here is ./%s",
                               name, name);
        return err_set(err, -ENOENT, "there is no agent \"%s\"%s%s%s; looked in %s", name,
                       meant ? " (did you mean \"" : "", meant ? meant : "", meant ? "\"?)" : "",
                       buf_text(&where));
}

static int agent_path(const struct catalog *c, const char *word, char **ret, struct err *err)
{
        char *path = NULL;

        if (word_is_file(word))
                path = strdup(word);
        for (size_t i = 0; !word_is_file(word) && !path && i < c->n_folders; i++)
                path = file_in_folder(c->folders[i], word);
        if (!path && word_is_file(word))
                return err_set(err, -ENOMEM, "out of memory");
        if (!path)
                return not_found(c, word, err);
        *ret = path;
        return 0;
}

static int kept_add(struct catalog *c, const char *word, struct agent *a, struct err *err)
{
        struct kept *kept = reallocarray(c->kept, c->n_kept + 1, sizeof(*kept));
        char *copy = strdup(word);

        if (kept)
                c->kept = kept;
        if (!kept || !copy) {
                free(copy);
                return err_set(err, -ENOMEM, "out of memory");
        }
        c->kept[c->n_kept++] = (struct kept){ copy, a };
        return 0;
}

int catalog_find(struct catalog *c, const char *name, const struct agent **ret, struct err *err)
{
        _cleanup_(agent_freep) struct agent *a = NULL;
        _cleanup_(freep) char *path = NULL;
        int r;

        for (size_t i = 0; i < c->n_kept; i++)
                if (strcmp(c->kept[i].word, name) == 0) {
                        *ret = c->kept[i].agent;
                        return 0;
                }

        r = agent_path(c, name, &path, err);
        if (r < 0)
                return r;
        r = agent_open(&a, c, path, err);
        if (r < 0)
                return r;
        if (!word_is_file(name) && strcmp(a->manifest->name, name) != 0)
                return err_set(err, -EINVAL, "%s says that its name is \"%s\"; rename the file",
                               path, a->manifest->name);
        r = kept_add(c, name, a, err);
        if (r < 0)
                return r;

        *ret = TAKE(a);
        return 0;
}

/* --- listing ------------------------------------------------------------------------------- */

static json_t *actions_list(const struct manifest *m)
{
        json_t *list = json_array();

        for (size_t i = 0; i < m->n_actions; i++) {
                const struct manifest_action *a = &m->actions[i];

                (void) json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "name",
                                                             a->name, "summary", a->summary, "risk",
                                                             risk_name(a->risk), "workspace",
                                                             workspace_mode_name(a->workspace)));
        }
        return list;
}

static json_t *agent_row(struct catalog *c, const char *name)
{
        _cleanup_(freep) char *path = NULL;
        const struct agent *a;
        struct err err = { 0 };

        if (agent_path(c, name, &path, &err) < 0 || catalog_find(c, name, &a, &err) < 0)
                return json_pack("{s:s, s:s}", "path", path ? path : name, "error", err_text(&err));
        return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "name", a->manifest->name, "version",
                         a->manifest->version, "summary", a->manifest->summary, "path", a->path,
                         "sha256", a->sha256, "actions", actions_list(a->manifest));
}

static int name_compare(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

json_t *catalog_list(struct catalog *c)
{
        _cleanup_(names_done) struct names names = { 0 };
        json_t *list = json_array();

        for (size_t i = 0; i < c->n_folders; i++)
                folder_walk(c->folders[i], names_add, &names);
        if (names.count > 0)
                qsort(names.list, names.count, sizeof(*names.list), name_compare);

        for (size_t i = 0; i < names.count; i++)
                if (i == 0 || strcmp(names.list[i], names.list[i - 1]) != 0)
                        (void) json_array_append_new(list, agent_row(c, names.list[i]));
        return list;
}
