/* SPDX-License-Identifier: Apache-2.0 */
#include "store/apply.h"

#include "base/io.h"
#include "base/listing.h"
#include "store/journal.h"
#include "store/plan.h"
#include "store/roll.h"
#include "store/site.h"
#include "store/stage.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* --- checking ------------------------------------------------------------------------------ */

static bool has_rows_below(const struct changeset *c, const char *path)
{
        size_t n = strlen(path), low = 0, high = c->n_files;

        /* The first row that is not before "PATH/". */
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                const char *at = c->files[middle].path;
                int order = strncmp(at, path, n);

                if (order == 0)
                        order = (unsigned char) at[n] < '/' ? -1 : 0;
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < c->n_files && strncmp(c->files[low].path, path, n) == 0 &&
               c->files[low].path[n] == '/';
}

/* Nothing in a folder that goes away may be there that no row speaks of. */
static int gone_check(const struct changeset *c, int tree_fd, const char *folder, struct err *err)
{
        _cleanup_(listing_done) struct listing names = { 0 };
        _cleanup_(closep) int fd = open_beneath(tree_fd, folder, O_RDONLY | O_DIRECTORY, 0);
        int r = fd < 0 ? fd : listing_read(&names, fd);

        if (r < 0)
                return err_sys(err, r, "cannot list folder %s", folder);
        closep(&fd);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_(freep) char *path = NULL;

                if (asprintf(&path, "%s/%s", folder, names.names[i]) < 0)
                        return err_set(err, -ENOMEM, "out of memory");
                if (changeset_find(c, path, strlen(path)))
                        continue;
                if (!has_rows_below(c, path))
                        return err_set(err, -ESTALE,
                                       "%s came to be since the changes were made, and its folder "
                                       "would go; nothing was applied",
                                       path);
                r = gone_check(c, tree_fd, path, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Is a file replaced by a folder above this path? Then nothing can be there yet. */
static bool is_below_replaced(const struct changeset *c, const char *path)
{
        for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
                const struct change *f = changeset_find(c, path, (size_t) (p - path));

                if (f && f->mode_before && !S_ISDIR(f->mode_before))
                        return true;
        }
        return false;
}

static int row_check(const struct changeset *c, const struct change *f, int tree_fd,
                     struct err *err)
{
        int r;

        if (f->op == CHANGE_ADD && is_below_replaced(c, f->path))
                return 0;
        r = site_check(tree_fd, f->path, f->mode_before, f->sha256_before, NULL, err);
        if (r == 0 && S_ISDIR(f->mode_before) && !S_ISDIR(f->mode_after))
                r = gone_check(c, tree_fd, f->path, err);
        if (r == 0 && S_ISDIR(f->mode_before) && S_ISDIR(f->mode_after) &&
            f->mode_before != f->mode_after)
                r = site_owner_check(tree_fd, f->path, err);
        return r;
}

int apply_check(const struct changeset *c, int tree_fd, struct err *err)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < c->n_files; i++)
                r = row_check(c, &c->files[i], tree_fd, err);
        return r;
}

/* --- applying ------------------------------------------------------------------------------ */

int apply_changeset(const struct changeset *c, int tree_fd, const char *tree_path, int blob_dirfd,
                    int journal_dirfd, const char *id, struct err *err)
{
        _cleanup_(plan_done) struct plan p = { .c = c, .id = id, .tree = tree_fd };
        struct err cause = { 0 };
        int r;

        if (!journal_id_is_good(id))
                return err_set(err, -EINVAL, "\"%s\" is no id for an apply: [a-z0-9_-]{1,%d}", id,
                               PLAN_ID_MAX);
        r = apply_check(c, tree_fd, err);
        if (r < 0)
                return r;
        r = plan_find(&p, err);
        if (r < 0)
                return r;
        r = journal_begin(journal_dirfd, id, tree_path, c, plan_to_json(&p), err);
        if (r < 0)
                return r;

        r = stage_write(&p, blob_dirfd, err);
        if (r == 0)
                r = journal_commit(journal_dirfd, id, err);
        if (r == -EINPROGRESS)
                return r;
        if (r < 0) {
                if (stage_undo(&p, NULL) == 0) /* else recovery will try again */
                        (void) journal_end(journal_dirfd, id, NULL);
                return r;
        }

        /* Decided: from here on a failure leaves the journal, and recovery finishes. */
        r = roll_forward(&p, false, &cause);
        if (r < 0)
                return err_set(err, -EINPROGRESS,
                               "the change is begun and could not be finished: %s. Mend that, and "
                               "the next start finishes it",
                               err_text(&cause));
        return journal_end(journal_dirfd, id, err);
}

/* --- recovering ---------------------------------------------------------------------------- */

static int journal_recover(const struct journal *j, struct err *err)
{
        _cleanup_(closep) int tree = open(j->tree_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(plan_done) struct plan p = { .c = j->c, .id = j->id, .tree = tree };
        int r;

        if (tree < 0)
                return err_sys(err, -errno, "it cannot be opened");
        r = plan_from_json(&p, j->tops);
        if (r < 0)
                return err_sys(err, r, "the journal of apply %s is damaged", j->id);
        r = j->is_commit ? roll_forward(&p, true, err) : stage_undo(&p, err);
        return r;
}

static void stuck_tell(const struct apply_recovery *recovery, int journal_dirfd, const char *name,
                       const struct journal *j, const struct err *cause)
{
        char proc[64], folder[PATH_MAX];
        struct err why = { 0 };
        ssize_t n;

        (void) snprintf(proc, sizeof(proc), "/proc/self/fd/%d", journal_dirfd);
        n = readlink(proc, folder, sizeof(folder) - 1);
        folder[MAX_OF(n, (ssize_t) 0)] = '\0';
        (void) err_set(&why, cause->code,
                       "an interrupted change of %s can be neither finished nor undone: %s. Mend "
                       "that, and the next start finishes it; if that tree is gone for good, "
                       "delete %s/%s",
                       j->tree_path ? j->tree_path : "a tree", err_text(cause), folder, name);
        if (recovery->stuck)
                recovery->stuck(recovery->user, j->tree_path, &why);
}

static int name_recover(int journal_dirfd, const char *name, const struct apply_recovery *recovery,
                        struct err *err)
{
        _cleanup_(journal_done) struct journal j = { 0 };
        struct err cause = { 0 };
        int r = journal_load(&j, journal_dirfd, name, &cause);

        if (r == -ENOENT)
                return 0;
        if (r == 0)
                r = journal_recover(&j, &cause);
        if (r < 0) {
                stuck_tell(recovery, journal_dirfd, name, &j, &cause);
                return 0;
        }
        if (recovery->done) /* told before the journal goes: a crash in between tells it again */
                r = recovery->done(recovery->user, j.id, j.is_commit);
        if (r < 0)
                return err_set(err, r, "cannot record what became of the change %s", j.id);
        return journal_end(journal_dirfd, j.id, err);
}

int apply_recover(int journal_dirfd, const struct apply_recovery *recovery, struct err *err)
{
        _cleanup_(listing_done) struct listing names = { 0 };
        _cleanup_(closep) int fd = openat(journal_dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = fd < 0 ? -errno : listing_read(&names, fd), first = 0;

        if (r < 0)
                return err_sys(err, r, "cannot list the journals");
        for (size_t i = 0; i < names.count; i++) {
                struct err one = { 0 };

                r = name_recover(journal_dirfd, names.names[i], recovery, &one);
                if (r < 0 && first == 0) { /* the others are tried all the same */
                        first = r;
                        if (err)
                                *err = one;
                }
        }
        return first;
}

static bool is_at_or_below(const char *path, const char *tree)
{
        size_t n = strlen(tree);

        while (n > 0 && tree[n - 1] == '/')
                n--;
        return strncmp(path, tree, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

bool apply_trees_meet(const char *path, const char *other)
{
        return is_at_or_below(path, other) || is_at_or_below(other, path);
}

int apply_home_open(int *ret_dirfd, struct err *err)
{
        const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
        _cleanup_(closep) int fd = -1;
        char path[PATH_MAX];
        int r;

        if (state && state[0] == '/')
                (void) snprintf(path, sizeof(path), "%s/linhay/applies", state);
        else if (home && home[0] == '/')
                (void) snprintf(path, sizeof(path), "%s/.local/state/linhay/applies", home);
        else
                return err_set(err, -ENOENT,
                               "neither XDG_STATE_HOME nor HOME says where journals can be kept");
        r = dir_make(path, err);
        if (r < 0)
                return r;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return err_sys(err, -errno, "cannot open %s", path);
        *ret_dirfd = TAKE_FD(fd);
        return 0;
}
