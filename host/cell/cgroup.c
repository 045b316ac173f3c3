/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/loop.h"
#include "cell/layer.h"

#define PREFIX       "linhay."
#define HOST         "host" /* where version 2 wants the processes that are no cell's */
#define CONTROLLERS  "+memory +pids"
#define READ_MOST    65536
#define REMOVE_MS    500 /* killed processes take a moment to be gone */
#define PROCESS_MOST 4096
#define NAMES_MOST   16

static const char *const controllers[CGROUP_PLACES_] = {
        [CGROUP_MEMORY] = "memory",
        [CGROUP_PIDS] = "pids",
        [CGROUP_CPU] = "cpuacct",
};

int cgroup_write(int dir, const char *file, const char *value)
{
        _cleanup_(closep) int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        return write(fd, value, strlen(value)) < 0 ? -errno : 0;
}

static int text_read(int dir, const char *file, struct buf *ret)
{
        _cleanup_(closep) int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);

        return fd < 0 ? -errno : fd_read_all(fd, ret);
}

/* Is the word one of a list that is separated by `between`? */
static bool list_has(const char *list, size_t length, const char *word, char between)
{
        size_t n = strlen(word);

        for (const char *at = list, *end = list + length; at < end;) {
                const char *stop = memchr(at, between, (size_t) (end - at));

                if (!stop)
                        stop = end;
                if ((size_t) (stop - at) == n && memcmp(at, word, n) == 0)
                        return true;
                at = stop + 1;
        }
        return false;
}

/* --- where we are -------------------------------------------------------------------------- */

/* The line of /proc/self/cgroup: "4:memory:/path", "0::/path" (controller NULL). */
static bool own_group(const char *text, const char *controller, char ret[PATH_MAX])
{
        for (const char *line = text, *next; *line; line = next) {
                size_t length = strcspn(line, "\n");
                const char *list = memchr(line, ':', length);
                const char *path =
                        list ? memchr(list + 1, ':', length - (size_t) (list + 1 - line)) : NULL;

                next = line + length + (line[length] == '\n');
                if (!path)
                        continue;
                list++;
                if (controller ? !list_has(list, (size_t) (path - list), controller, ',')
                               : path != list || strncmp(line, "0:", 2) != 0)
                        continue;
                (void) snprintf(ret, PATH_MAX, "%.*s", (int) (line + length - path - 1), path + 1);
                return true;
        }
        return false;
}

/* What a line of /proc/self/mountinfo says; it is taken apart in place. */
struct mount {
        const char *root; /* of the file system, that is shown */
        const char *point;
        const char *type;
        const char *options; /* of the file system */
};

static bool mount_parse(char *line, struct mount *ret)
{
        char *words[16], *rest = line;
        size_t n = 0, dash = 0;

        for (char *word; n < ARRAY_SIZE(words) && (word = strsep(&rest, " ")) != NULL; n++) {
                words[n] = word;
                if (dash == 0 && n > 5 && strcmp(word, "-") == 0)
                        dash = n;
        }
        if (dash == 0 || dash + 3 >= n)
                return false;
        *ret = (struct mount){ words[3], words[4], words[dash + 1], words[dash + 3] };
        return true;
}

/* The folder that shows the group `own` of a controller (NULL: version 2). */
static bool group_folder(char *mounts, const char *controller, const char *own, char ret[PATH_MAX])
{
        for (char *line; (line = strsep(&mounts, "\n")) != NULL;) {
                struct mount m;
                size_t root;

                if (!mount_parse(line, &m) ||
                    strcmp(m.type, controller ? "cgroup" : "cgroup2") != 0 ||
                    (controller && !list_has(m.options, strlen(m.options), controller, ',')))
                        continue;
                root = strcmp(m.root, "/") == 0 ? 0 : strlen(m.root);
                if (strncmp(own, m.root, root) != 0 || (own[root] != '/' && own[root] != '\0'))
                        continue;
                return snprintf(ret, PATH_MAX, "%s%s", m.point, own + root) < PATH_MAX;
        }
        return false;
}

/* Opens the folder of the group that we are in. */
static int own_folder(const char *controller, char ret_path[PATH_MAX])
{
        _cleanup_(buf_done) struct buf groups = BUF_LIMIT(READ_MOST);
        _cleanup_(buf_done) struct buf mounts = BUF_LIMIT(READ_MOST * 16);
        char own[PATH_MAX];
        int fd;

        if (text_read(AT_FDCWD, "/proc/self/cgroup", &groups) < 0 ||
            text_read(AT_FDCWD, "/proc/self/mountinfo", &mounts) < 0 || !mounts.data ||
            !own_group(buf_text(&groups), controller, own) ||
            !group_folder(mounts.data, controller, own, ret_path))
                return -ENOENT;
        fd = open(ret_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* --- ending and removing ------------------------------------------------------------------- */

/* Signals each process that is listed; how many there were. */
static size_t procs_kill(int dir, const char *file)
{
        _cleanup_(closep) int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
        _cleanup_(fclosep) FILE *f = fd < 0 ? NULL : fdopen(dup(fd), "re");
        size_t n = 0;
        long pid;

        /* 0 is who is not of our pid namespace; to kill() it would be ourselves. */
        while (f && n < PROCESS_MOST && fscanf(f, "%ld", &pid) == 1) {
                if (pid > 0)
                        (void) kill((pid_t) pid, SIGKILL);
                n++;
        }
        return n;
}

static void kill_at(int dir, const char *group, bool has_kill)
{
        char path[PATH_MAX];

        (void) snprintf(path, sizeof(path), "%s/cgroup.kill", group);
        if (has_kill && cgroup_write(dir, path, "1") == 0)
                return;
        /* Nobody can be made behind our back, where that can be had. */
        (void) snprintf(path, sizeof(path), "%s/pids.max", group);
        (void) cgroup_write(dir, path, "0");
        (void) snprintf(path, sizeof(path), "%s/cgroup.procs", group);
        (void) procs_kill(dir, path);
}

void cgroup_kill(const struct cgroup *c, const char *group)
{
        if (c->version == 2)
                kill_at(c->at[CGROUP_MEMORY], group, true);
        else if (c->version == 1)
                kill_at(c->at[CGROUP_PIDS], group, false);
}

/* The groups of cells have numbers for names. */
static bool is_number(const char *name)
{
        return *name && strspn(name, "0123456789") == strlen(name);
}

/* Is nothing left that only needs a moment? */
static bool groups_remove_once(int dir)
{
        DIR *d = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        bool is_done = true;

        for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
                if (!is_number(e->d_name))
                        continue;
                kill_at(dir, e->d_name, true);
                if (unlinkat(dir, e->d_name, AT_REMOVEDIR) < 0 && errno == EBUSY)
                        is_done = false;
        }
        if (d)
                (void) closedir(d);
        return is_done;
}

/* At the start and at the end, when nobody waits for this process; no descriptor tells when. */
static void groups_remove(int dir, uint64_t until)
{
        const struct timespec moment = { .tv_nsec = 2000000 };

        while (!groups_remove_once(dir) && clock_ms() < until)
                (void) nanosleep(&moment, NULL);
}

/* Those of zygotes that were killed: nobody holds their lock. One that is not empty stays. */
static void dead_remove(int own)
{
        DIR *d = fdopendir(openat(own, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        uint64_t until = clock_ms() + REMOVE_MS; /* for all of them */

        for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
                _cleanup_(closep) int dir = -1;

                if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) != 0)
                        continue;
                dir = openat(own, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (dir < 0 || flock(dir, LOCK_EX | LOCK_NB) < 0)
                        continue;
                groups_remove(dir, until);
                (void) unlinkat(dir, HOST, AT_REMOVEDIR);
                (void) unlinkat(own, e->d_name, AT_REMOVEDIR);
        }
        if (d)
                (void) closedir(d);
}

/* --- our folder ---------------------------------------------------------------------------- */

static bool folder_is_gone(int dir)
{
        return faccessat(dir, "cgroup.procs", F_OK, 0) < 0;
}

/* Nobody else may open it: he could lock it for ever. */
static int folder_lock(int own, const char *name, int *ret)
{
        _cleanup_(closep) int dir = -1;

        if (mkdirat(own, name, 0700) < 0)
                return -errno;
        dir = openat(own, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (dir < 0 || flock(dir, LOCK_EX | LOCK_NB) < 0)
                return -errno;
        if (folder_is_gone(dir))
                return -ENOENT;
        *ret = TAKE_FD(dir);
        return 0;
}

/*
 * Between its making and its lock somebody may take it for a dead one's. He removes it by its name,
 * and later than we see that; so the next is called otherwise.
 */
static int folder_make(struct cgroup *c, enum cgroup_place place, int own)
{
        char *name = c->name[place];
        int r = -EAGAIN;

        for (int i = 0; i < NAMES_MOST && (r == -EAGAIN || r == -ENOENT || r == -EEXIST); i++) {
                (void) snprintf(name, sizeof(c->name[place]), PREFIX "%d.%llx", (int) getpid(),
                                (unsigned long long) clock_us());
                r = folder_lock(own, name, &c->at[place]);
        }
        return r;
}

static void folder_remove(struct cgroup *c, enum cgroup_place place)
{
        int dir = c->at[place];
        char path[64];

        if (dir < 0)
                return;
        groups_remove(dir, clock_ms() + REMOVE_MS);
        (void) unlinkat(dir, HOST, AT_REMOVEDIR);
        (void) snprintf(path, sizeof(path), "../%s", c->name[place]);
        (void) unlinkat(dir, path, AT_REMOVEDIR);
        closep(&c->at[place]);
}

void cgroup_close(struct cgroup *c)
{
        for (int i = 0; i < CGROUP_PLACES_ && c->version; i++)
                folder_remove(c, (enum cgroup_place) i);
        c->version = 0;
}

static int explain(struct err *why, int code, const char *path)
{
        static const struct {
                int code;
                const char *text;
        } rows[] = {
                { -EROFS, "is mounted read-only, as in a container" },
                { -EACCES, "is not ours to write: nothing is delegated to this user" },
                { -EPERM, "is not ours to write: nothing is delegated to this user" },
                { -EBUSY, "holds other processes beside us, and version 2 then allows no groups "
                          "below it" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                if (rows[i].code == code)
                        return err_set(why, code, "%s %s", path, rows[i].text);
        return err_sys(why, code, "cannot make a group in %s", path);
}

/* --- version 1 ----------------------------------------------------------------------------- */

static int v1_place(struct cgroup *c, enum cgroup_place place, struct err *why)
{
        char path[PATH_MAX];
        _cleanup_(closep) int own = own_folder(controllers[place], path);
        int r;

        if (own < 0)
                return err_set(why, own, "there is no control group with the controller %s",
                               controllers[place]);
        dead_remove(own);
        r = folder_make(c, place, own);
        return r < 0 ? explain(why, r, path) : 0;
}

/* --- version 2 ----------------------------------------------------------------------------- */

static bool has_controllers(int dir)
{
        _cleanup_(buf_done) struct buf text = BUF_LIMIT(READ_MOST);
        size_t length;

        if (text_read(dir, "cgroup.controllers", &text) < 0)
                return false;
        length = strcspn(buf_text(&text), "\n");
        return list_has(buf_text(&text), length, "memory", ' ') &&
               list_has(buf_text(&text), length, "pids", ' ');
}

/* Does the system's manager say that what is in there is ours to arrange? */
static bool is_delegated(int dir)
{
        char value[8];

        return fgetxattr(dir, "trusted.delegate", value, sizeof(value)) > 0 ||
               fgetxattr(dir, "user.delegate", value, sizeof(value)) > 0;
}

/* Of a group that is not delegated only this process and the host that started it are moved. */
static void processes_move(int from, int to, bool all)
{
        _cleanup_(buf_done) struct buf text = BUF_LIMIT(READ_MOST);
        char *rest, *line;

        if (text_read(from, "cgroup.procs", &text) < 0 || !text.data)
                return;
        rest = text.data;
        while ((line = strsep(&rest, "\n")) != NULL) {
                long pid = strtol(line, NULL, 10);

                if (pid > 0 && (all || pid == getpid() || pid == getppid()))
                        (void) cgroup_write(to, "cgroup.procs", line);
        }
}

/* Hands the controllers on to what is below. */
static int controllers_hand_on(int own, int folder)
{
        _cleanup_(closep) int host = -1;
        int r = cgroup_write(own, "cgroup.subtree_control", CONTROLLERS);

        if (r == -EBUSY) {
                if (mkdirat(folder, HOST, 0755) < 0 && errno != EEXIST)
                        return -errno;
                host = openat(folder, HOST, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (host < 0)
                        return -errno;
                processes_move(own, host, is_delegated(own));
                r = cgroup_write(own, "cgroup.subtree_control", CONTROLLERS);
                if (r < 0)
                        processes_move(host, own, true);
        }
        return r < 0 ? r : cgroup_write(folder, "cgroup.subtree_control", CONTROLLERS);
}

/* Did another zygote of this host move us there? Then the group to work in is two above. */
static bool is_leaf_of_ours(const char *path)
{
        const char *last = strrchr(path, '/'), *before;

        if (!last || strcmp(last + 1, HOST) != 0)
                return false;
        before = memrchr(path, '/', (size_t) (last - path));
        return before && strncmp(before + 1, PREFIX, strlen(PREFIX)) == 0;
}

/*
 * The group to work in is ours; or the one above, where ours is the leaf for processes that the
 * system's manager made (DelegateSubgroup=).
 */
static int v2_find(char path[PATH_MAX], struct err *why)
{
        _cleanup_(closep) int own = own_folder(NULL, path);
        _cleanup_(closep) int dir = -1;

        if (own < 0)
                return err_set(why, -ENOENT, "there is no control group of version 2");
        dir = openat(own, is_leaf_of_ours(path) ? "../.." : ".",
                     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir >= 0 && has_controllers(dir))
                return TAKE_FD(dir);
        closep(&dir);
        dir = openat(own, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir >= 0 && has_controllers(dir) && is_delegated(dir))
                return TAKE_FD(dir);
        return err_set(why, -ENOENT, "%s has no controllers memory and pids", path);
}

static int v2_place(struct cgroup *c, struct err *why)
{
        char path[PATH_MAX];
        _cleanup_(closep) int own = v2_find(path, why);
        int r;

        if (own < 0)
                return own;
        dead_remove(own);
        r = folder_make(c, CGROUP_MEMORY, own);
        if (r == 0)
                r = controllers_hand_on(own, c->at[CGROUP_MEMORY]);
        if (r < 0) {
                folder_remove(c, CGROUP_MEMORY);
                return explain(why, r, path);
        }
        return 0;
}

/* --- both ---------------------------------------------------------------------------------- */

int cgroup_mend(struct cgroup *c, struct err *why)
{
        int r = 0;

        for (int i = 0; i < (c->version == 1 ? CGROUP_PLACES_ : c->version == 2) && r == 0; i++) {
                if (c->at[i] >= 0 && !folder_is_gone(c->at[i]))
                        continue;
                closep(&c->at[i]);
                r = c->version == 1 ? v1_place(c, (enum cgroup_place) i, why) : v2_place(c, why);
        }
        return r;
}

static int version_open(struct cgroup *c, int version, struct err *why)
{
        int r;

        c->version = version;
        r = cgroup_mend(c, why);
        if (r < 0)
                cgroup_close(c);
        return r;
}

int cgroup_open(struct cgroup *ret, struct err *why)
{
        struct err other = { 0 };

        *ret = (struct cgroup){ .at = { -1, -1, -1 } };
        if (layer_is_left_out("cgroup"))
                return err_set(why, -EPERM, "left out");
        if (version_open(ret, 2, why) == 0)
                return 0;
        if (version_open(ret, 1, &other) == 0)
                return 0;
        /* Whichever version is mounted says more than the absence of the other. */
        if (why->code == -ENOENT && other.code != -ENOENT)
                *why = other;
        else if (other.code != -ENOENT || why->code == -ENOENT)
                (void) err_wrap(why, why->code, "%s", other.text);
        return why->code;
}
