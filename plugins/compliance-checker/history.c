/* SPDX-License-Identifier: Apache-2.0 */
#include "history.h"

#include "scan/idset.h"

#include <fcntl.h>
#include <git2.h>
#include <stdio.h>
#include <sys/stat.h>

#define PATH_BYTES 4096
#define NAME       ".git" /* what is told where something was not scanned */

struct history {
        struct check *check;
        struct feed feed;
        git_repository *repository;
        git_odb *objects;
        struct idset seen; /* trees and blobs */
        uint64_t bytes;
        const char *why; /* it was cut; NULL = not yet */
        char path[PATH_BYTES];
};

/* A blob as a source. */
struct blob {
        const char *data;
        size_t left;
};

static ssize_t read_blob(void *owner, char *data, size_t size)
{
        struct blob *b = owner;
        size_t n = MIN_OF(size, b->left);

        if (n)
                memcpy(data, b->data, n);
        b->data += n;
        b->left -= n;
        return (ssize_t) n;
}

/* 1 for what was not seen before. */
static int is_new(struct history *h, const git_oid *id)
{
        int r = idset_add(&h->seen, id->id);

        if (r == -E2BIG)
                h->why = "history-too-large";
        return r == -E2BIG ? 0 : r;
}

/* Broken and missing objects are no reason to stop: the others are still of interest. */
static int skip(struct history *h, const char *why)
{
        return check_not_scanned(h->check, h->path, why);
}

static int look_at_blob(struct history *h, const git_oid *id)
{
        struct feed_source source = { .read = read_blob };
        git_odb_object *object;
        git_object_t type;
        struct blob blob;
        size_t size;
        int r;

        if (git_odb_read_header(&size, &type, h->objects, id) < 0 || type != GIT_OBJECT_BLOB)
                return skip(h, "history-broken");
        if (size > HISTORY_BLOB)
                return skip(h, "history-too-large");
        if ((h->bytes += size) > HISTORY_BYTES) {
                h->why = "history-too-large";
                return 0;
        }
        if (git_odb_read(&object, h->objects, id) < 0)
                return skip(h, "history-broken");
        blob = (struct blob){ git_odb_object_data(object), git_odb_object_size(object) };
        source.owner = &blob;
        r = feed_look(&h->feed, h->path, &source);
        git_odb_object_free(object);
        return r < 0 ? r : 0;
}

static int look_at_tree(struct history *h, const git_oid *id, size_t length, unsigned depth);

static int look_at_entry(struct history *h, const git_tree_entry *entry, size_t length,
                         unsigned depth)
{
        const git_oid *id = git_tree_entry_id(entry);
        git_object_t type = git_tree_entry_type(entry);
        int n, r;

        if (type != GIT_OBJECT_TREE && type != GIT_OBJECT_BLOB)
                return 0;
        r = is_new(h, id);
        if (r <= 0)
                return r;
        n = snprintf(h->path + length, PATH_BYTES - length, "%s%s", length ? "/" : "",
                     git_tree_entry_name(entry));
        if (n < 0 || (size_t) n >= PATH_BYTES - length)
                return 0;
        if (type == GIT_OBJECT_BLOB)
                return look_at_blob(h, id);
        return look_at_tree(h, id, length + (size_t) n, depth + 1);
}

/* `length` bytes of h->path name the tree's folder. */
static int look_at_tree(struct history *h, const git_oid *id, size_t length, unsigned depth)
{
        git_tree *tree;
        int r = 0;

        if (depth > HISTORY_DEPTH)
                return skip(h, "too-deep");
        if (git_tree_lookup(&tree, h->repository, id) < 0)
                return skip(h, "history-broken");
        for (size_t i = 0; r >= 0 && !h->why && i < git_tree_entrycount(tree); i++) {
                if (linhay_cancelled(h->check->run))
                        r = -ECANCELED;
                else
                        r = look_at_entry(h, git_tree_entry_byindex(tree, i), length, depth);
                h->path[length] = '\0';
        }
        git_tree_free(tree);
        return r;
}

static int look_at_commit(struct history *h, const git_oid *id)
{
        git_commit *commit;
        char name[GIT_OID_HEXSZ + 1];
        int r = 0;

        (void) snprintf(h->path, PATH_BYTES, NAME);
        if (git_commit_lookup(&commit, h->repository, id) < 0)
                return skip(h, "history-broken");
        (void) git_oid_tostr(name, sizeof(name), id);
        h->check->commit = name;
        h->path[0] = '\0';
        if (is_new(h, git_commit_tree_id(commit)) > 0)
                r = look_at_tree(h, git_commit_tree_id(commit), 0, 0);
        h->check->commit = NULL;
        git_commit_free(commit);
        return r;
}

/* All commits of all references, parents before their children. */
static int look_at_commits(struct history *h)
{
        git_revwalk *walk;
        git_oid id;
        uint64_t n = 0;
        int r = 0;

        if (git_revwalk_new(&walk, h->repository) < 0)
                return -ENOMEM;
        (void) git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL | GIT_SORT_REVERSE);
        (void) git_revwalk_push_glob(walk, "*");
        (void) git_revwalk_push_head(walk);
        while (r >= 0 && !h->why && git_revwalk_next(&id, walk) == 0) {
                if (++n > HISTORY_COMMITS)
                        h->why = "history-too-large";
                else
                        r = look_at_commit(h, &id);
                if (n % 256 == 0)
                        (void) linhay_progress(h->check->run, n, 0, "commits");
        }
        git_revwalk_free(walk);
        return r;
}

/*
 * Is the repository a folder here, or a file that names one here? Links and files that lead out of
 * the workspace are not followed. NULL, or why it is not looked at.
 */
static const char *refuse(int dirfd, bool *ret_none)
{
        char text[PATH_BYTES];
        struct stat st;
        ssize_t n;
        int fd;

        *ret_none = fstatat(dirfd, NAME, &st, AT_SYMLINK_NOFOLLOW) < 0;
        if (*ret_none || S_ISDIR(st.st_mode))
                return NULL;
        if (!S_ISREG(st.st_mode))
                return "history-outside";
        fd = openat(dirfd, NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
        if (fd >= 0)
                (void) close(fd);
        if (n < 0)
                return "unreadable";
        text[n] = '\0';
        if (strncmp(text, "gitdir: ", 8) != 0)
                return "history-broken";
        return text[8] == '/' || strstr(text, "..") ? "history-outside" : NULL;
}

/* No file of a user or of the system is read, and little is kept in memory. */
static void set_up_library(void)
{
        static const git_config_level_t levels[] = { GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
                                                     GIT_CONFIG_LEVEL_GLOBAL,
                                                     GIT_CONFIG_LEVEL_PROGRAMDATA };

        (void) git_libgit2_init();
        for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
                (void) git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
        /* In a cell the files belong to another user than the one who looks at them. */
        (void) git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
        (void) git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
        (void) git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, (size_t) 1 << 20);
        (void) git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, (size_t) 8 << 20);
}

static int look(struct history *h)
{
        int r;

        (void) snprintf(h->path, PATH_BYTES, NAME);
        if (git_repository_open_ext(&h->repository, ".", GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) < 0 ||
            git_repository_odb(&h->objects, h->repository) < 0) {
                const git_error *e = git_error_last();

                linhay_log(h->check->run, LINHAY_WARNING, "the repository cannot be opened: %s",
                           e ? e->message : "for no reason given");
                r = skip(h, "history-broken");
        } else {
                r = look_at_commits(h);
                (void) snprintf(h->path, PATH_BYTES, NAME);
                if (r >= 0 && h->why)
                        r = skip(h, h->why);
        }
        git_odb_free(h->objects);
        git_repository_free(h->repository);
        return r;
}

int history_check(struct check *c, int dirfd)
{
        struct history h = { .check = c, .feed = { .check = c, .secrets_only = true } };
        bool is_none;
        const char *why = refuse(dirfd, &is_none);
        int before, r;

        if (is_none || why)
                return why ? check_not_scanned(c, NAME, why) : 0;
        /* libgit2 takes paths only. */
        before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fchdir(dirfd) < 0) {
                if (before >= 0)
                        (void) close(before);
                return check_not_scanned(c, NAME, "unreadable");
        }
        set_up_library();
        r = look(&h);
        (void) git_libgit2_shutdown();
        if (before >= 0) {
                (void) fchdir(before);
                (void) close(before);
        }
        feed_done(&h.feed);
        idset_done(&h.seen);
        return r;
}
