/* SPDX-License-Identifier: Apache-2.0 */
#include "store/place.h"

#include "base/io.h"
#include "base/sha256.h"
#include "store/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#define NAME_DIGITS 16   /* of a sha256: names of default stores and of links */
#define PLACES_MAX  1000 /* links looked at */

static int out_of_memory(struct err *err)
{
        return err_sys(err, -ENOMEM, "cannot find the store");
}

static const char *home_dir(void)
{
        const char *home = getenv("HOME");
        const struct passwd *user;

        if (home && home[0] == '/')
                return home;
        user = getpwuid(geteuid());
        return user && user->pw_dir && user->pw_dir[0] == '/' ? user->pw_dir : NULL;
}

/* ${XDG_STATE_HOME:-~/.local/state}/linhay/TAIL; a relative XDG_STATE_HOME is ignored, as its
 * specification asks. */
static int state_path(char **ret, const char *tail, struct err *err)
{
        const char *state = getenv("XDG_STATE_HOME");
        const char *home = home_dir();
        int n;

        if (state && state[0] == '/')
                n = asprintf(ret, "%s/linhay/%s", state, tail);
        else if (home)
                n = asprintf(ret, "%s/.local/state/linhay/%s", home, tail);
        else
                return err_set(err, -ENOENT,
                               "there is no home folder to keep the record of runs in: give one "
                               "with --store DIR");
        return n < 0 ? out_of_memory(err) : 0;
}

static void name_of(char ret[SHA256_HEX], const char *path)
{
        sha256_hex(ret, path, strlen(path));
        ret[NAME_DIGITS] = '\0';
}

/* The real path of what may not exist yet: its nearest existing ancestor's, and the rest. */
static int resolve(char **ret, const char *path, struct err *err)
{
        _cleanup_(freep) char *head = NULL, *real = NULL;
        const char *rest;
        size_t length;

        if (asprintf(&head, "%s%s", path[0] == '/' ? "" : "./", path) < 0)
                return out_of_memory(err);
        length = strlen(head);
        while (!(real = realpath(*head ? head : "/", NULL))) {
                char *slash = strrchr(head, '/');

                if (errno != ENOENT || !slash)
                        break;
                *slash = '\0';
        }
        if (!real)
                return err_set(err, -errno,
                               "cannot resolve the store %s: %s. Give a folder that you can reach "
                               "with --store DIR",
                               path, strerror(errno));
        rest = strlen(head) < length ? path + strlen(path) - (length - strlen(head) - 1) : "";
        if (strstr(rest, ".."))
                return err_set(err, -EINVAL, "cannot resolve %s: \"..\" behind what is not there",
                               path);
        if (asprintf(ret, "%s%s%s", strcmp(real, "/") == 0 ? "" : real, *rest ? "/" : "", rest) < 0)
                return out_of_memory(err);
        return 0;
}

static bool is_within(const char *path, const char *folder)
{
        size_t n = strcmp(folder, "/") == 0 ? 0 : strlen(folder);

        return strncmp(path, folder, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static int choose(char **ret, const char *option, const char *workspace, struct err *err)
{
        const char *named = option ? option : getenv("LINHAY_STORE");
        char name[SHA256_HEX];

        if (named && *named)
                return resolve(ret, named, err);
        if (option)
                return err_set(err, -EINVAL, "--store needs the name of a folder");
        name_of(name, workspace);
        return state_path(ret, name, err);
}

/* The chosen folder and the tree that it was chosen for, both resolved. */
static int locate(char **ret_dir, char **ret_tree, const char *option, const char *workspace,
                  struct err *err)
{
        _cleanup_(freep) char *tree = NULL, *chosen = NULL;
        int r;

        tree = realpath(workspace ? workspace : ".", NULL);
        if (!tree)
                return err_sys(err, -errno, "cannot open the workspace %s",
                               workspace ? workspace : "(the current folder)");
        r = choose(&chosen, option, tree, err);
        if (r == 0)
                r = resolve(ret_dir, chosen, err);
        if (r < 0)
                return r;
        *ret_tree = TAKE(tree);
        return 0;
}

int place_check(const char *store_dir, const char *workspace, struct err *err)
{
        if (!is_within(store_dir, workspace))
                return 0;
        return err_set(err, -EINVAL,
                       "the store %s would be inside the workspace %s, where agents could see it: "
                       "give a folder outside with --store DIR, or another tree with --workspace",
                       store_dir, workspace);
}

int place_store(char **ret, const char *option, const char *workspace, struct err *err)
{
        _cleanup_(freep) char *tree = NULL, *dir = NULL;
        int r;

        r = locate(&dir, &tree, option, workspace, err);
        if (r < 0)
                return r;
        r = place_check(dir, tree, err);
        if (r < 0)
                return r;
        *ret = TAKE(dir);
        return 0;
}

int place_store_to_read(char **ret, const char *option, const char *workspace, struct err *err)
{
        _cleanup_(freep) char *tree = NULL;

        return locate(ret, &tree, option, workspace, err);
}

void place_register(const char *store_dir)
{
        _cleanup_(freep) char *stores = NULL, *link = NULL;
        char name[SHA256_HEX];

        if (state_path(&stores, "stores", NULL) < 0 || dir_make(stores, NULL) < 0)
                return;
        name_of(name, store_dir);
        if (asprintf(&link, "%s/%s", stores, name) < 0)
                return;
        (void) !symlink(store_dir, link);
}

int place_each(int (*each)(void *user, const char *dir), void *user)
{
        _cleanup_(freep) char *stores = NULL;
        const struct dirent *entry;
        DIR *dir;
        int r;

        r = state_path(&stores, "stores", NULL);
        if (r < 0)
                return r;
        dir = opendir(stores);
        if (!dir)
                return errno == ENOENT ? 0 : -errno;
        for (int n = 0; r >= 0 && n < PLACES_MAX && (entry = readdir(dir));) {
                _cleanup_(freep) char *link = NULL, *real = NULL;

                if (entry->d_name[0] == '.')
                        continue;
                n++;
                if (asprintf(&link, "%s/%s", stores, entry->d_name) < 0)
                        r = -ENOMEM;
                else if ((real = realpath(link, NULL)))
                        r = each(user, real);
        }
        (void) closedir(dir);
        return r;
}

/* One look for a run through many stores. */
struct search {
        const char *prefix;
        char *dir; /* of the match */
        char run[RUN_ID_SIZE];
        char other[RUN_ID_SIZE]; /* a second match, elsewhere */
        struct err trouble;      /* a store that could not be read */
        struct err ambiguous;    /* what a store with several matches said */
};

static void search_done(struct search *s)
{
        free(s->dir);
}

static int search_found(struct search *s, const char *dir, const char *run)
{
        if (s->dir && strcmp(s->run, run) != 0) {
                (void) snprintf(s->other, sizeof(s->other), "%s", run);
                return 0;
        }
        if (s->dir)
                return 0;
        s->dir = strdup(dir);
        if (!s->dir)
                return -ENOMEM;
        (void) snprintf(s->run, sizeof(s->run), "%s", run);
        return 0;
}

static int search_store(void *user, const char *dir)
{
        static const struct store_options options = { .flags = STORE_READ_ONLY };
        _cleanup_(store_freep) struct store *store = NULL;
        struct search *s = user;
        char run[RUN_ID_SIZE];
        struct err err = { 0 };
        int r;

        /* A whole id is found once. */
        if (s->dir && strlen(s->prefix) == RUN_ID_LENGTH)
                return 0;
        r = store_open(&store, dir, &options, &err);
        if (r == 0)
                r = store_run_find(store, s->prefix, run, &err);
        if (r == 0)
                return search_found(s, dir, run);
        if (r == -ENOTUNIQ && s->ambiguous.code == 0)
                s->ambiguous = err;
        else if (r != -ENOENT && s->trouble.code == 0)
                s->trouble = err;
        return 0;
}

static int search_result(struct search *s, char **ret_dir, char ret_run[RUN_ID_SIZE],
                         struct err *err)
{
        if (s->ambiguous.code < 0)
                return err_set(err, s->ambiguous.code, "%s", s->ambiguous.text);
        if (s->other[0])
                return err_set(err, -ENOTUNIQ, "more than one run begins with %s: %s, %s",
                               s->prefix, s->run, s->other);
        if (!s->dir && s->trouble.code < 0)
                return err_set(err, -ENOENT,
                               "there is no run %s in the stores that could be read (%s)",
                               s->prefix, s->trouble.text);
        if (!s->dir)
                return err_set(err, -ENOENT,
                               "there is no run %s: `linhay runs` lists those of this folder, "
                               "--store DIR names another store",
                               s->prefix);
        (void) snprintf(ret_run, RUN_ID_SIZE, "%s", s->run);
        *ret_dir = TAKE(s->dir);
        return 0;
}

/* Only the store that the option names. */
static int find_in(const char *option, struct search *s, struct err *err)
{
        static const struct store_options options = { .flags = STORE_READ_ONLY };
        _cleanup_(store_freep) struct store *store = NULL;
        int r;

        r = store_open(&store, option, &options, err);
        if (r == 0)
                r = store_run_find(store, s->prefix, s->run, err);
        if (r < 0)
                return r;
        s->dir = strdup(store_dir(store));
        return s->dir ? 0 : out_of_memory(err);
}

int place_find_run(char **ret_dir, char ret_run[RUN_ID_SIZE], const char *option,
                   const char *prefix, struct err *err)
{
        _cleanup_(search_done) struct search s = { .prefix = prefix };
        _cleanup_(freep) char *here = NULL;
        int r = 0;

        if (option) {
                r = find_in(option, &s, err);
                return r < 0 ? r : search_result(&s, ret_dir, ret_run, err);
        }
        /* $LINHAY_STORE, or the current folder's own; then the daemon's. */
        if (place_store(&here, NULL, NULL, NULL) == 0)
                r = search_store(&s, here);
        if (r == 0 && access(PLACE_DAEMON_STORE, R_OK | X_OK) == 0)
                r = search_store(&s, PLACE_DAEMON_STORE);
        if (r == 0)
                r = place_each(search_store, &s);
        if (r < 0)
                return err_sys(err, r, "cannot look for the run %s", prefix);
        return search_result(&s, ret_dir, ret_run, err);
}
