/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include "env-file.h"
#include "express-tree.h"
#include "kube.h"
#include "licenses.h"
#include "packages.h"
#include "variable.h"

/* What the walk skipped and a person should know of. */
static void on_skip(void *owner, const char *path, enum linhay_walk_skip why, int error)
{
        struct tree *t = owner;

        (void) error;
        if (why != LINHAY_WALK_IGNORED && why != LINHAY_WALK_SYMLINK)
                (void) check_not_scanned(t->check, path, linhay_walk_skip_names[why]);
}

struct open_file {
        int fd;
        uint64_t size, seen; /* as it was when it was opened; 0 = not known */
};

/* A file that has given all that it had is not asked once more: most are read by one call. */
static ssize_t read_file(void *owner, char *data, size_t size)
{
        struct open_file *f = owner;
        ssize_t n;

        if (f->size > 0 && f->seen == f->size)
                return 0;
        n = read(f->fd, data, size);
        f->seen += n > 0 ? (uint64_t) n : 0;
        return n;
}

static int look_at_file(struct tree *t)
{
        struct open_file f = { .fd = linhay_walk_open(&t->walk) };
        struct feed_source source = { .read = read_file, .owner = &f };
        int r;

        if (f.fd < 0)
                return 0;
        f.size = (uint64_t) t->walk.st.st_size;
        r = feed_look(&t->feed, t->walk.path, &source);
        t->walk.skips[LINHAY_WALK_BINARY] += r > 0;
        (void) close(f.fd);
        return r;
}

int tree_check(struct tree *t, int dirfd)
{
        const struct linhay_walk_options options = { .skipped = on_skip, .owner = t };
        uint64_t n = 0;
        int r;

        t->feed.check = t->check;
        r = linhay_walk_init(&t->walk, dirfd, &options);
        while (r >= 0 && (r = linhay_walk_next(&t->walk)) > 0) {
                if (linhay_cancelled(t->check->run))
                        return -ECANCELED;
                r = look_at_file(t);
                if (r >= 0 && ++n % 256 == 0)
                        (void) linhay_progress(t->check->run, n, 0, "files");
        }
        if (r >= 0)
                r = kube_finish(t->check);
        if (r >= 0)
                r = variable_finish(t->check);
        if (r >= 0)
                r = env_file_finish(t->check);
        if (r >= 0)
                r = express_tree_finish(t->check);
        if (r >= 0 && t->check->wanted[CONTROL_LICENSES])
                r = licenses_finish(t->check);
        if (r >= 0 && t->check->wanted[CONTROL_LICENSES])
                r = packages_finish(t->check);
        return r;
}

void tree_done(struct tree *t)
{
        linhay_walk_done(&t->walk);
        feed_done(&t->feed);
}
