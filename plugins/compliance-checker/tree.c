/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include "actions.h"
#include "dockerfile.h"
#include "env.h"
#include "headers.h"
#include "kube.h"
#include "licenses.h"
#include "scan/text.h"
#include "secrets.h"
#include "unit.h"

/* One control's look at a text; `whole`: it is meant for whole files only. */
static const struct {
        enum control control;
        bool whole;
        int (*check)(struct check *c);
} looks[] = {
        { CONTROL_SECRETS, false, secrets_check },   { CONTROL_ENV, false, env_check },
        { CONTROL_ENV, true, dockerfile_check_env }, { CONTROL_HEADERS, true, headers_check },
        { CONTROL_CONFIG, true, dockerfile_check },  { CONTROL_CONFIG, true, kube_check },
        { CONTROL_CONFIG, true, actions_check },     { CONTROL_CONFIG, true, headers_check_config },
        { CONTROL_CONFIG, true, unit_check },        { CONTROL_LICENSES, true, licenses_check },
};

/* What the walk skipped and a person should know of. */
static void on_skip(void *owner, const char *path, enum linhay_walk_skip why, int error)
{
        struct tree *t = owner;

        (void) error;
        if (why != LINHAY_WALK_IGNORED && why != LINHAY_WALK_SYMLINK)
                (void) check_not_scanned(t->check, path, linhay_walk_skip_names[why]);
}

/* Fills the buffer from `have` on: bytes in it now, or -1 when the file cannot be read. */
static ssize_t fill(struct tree *t, int fd, size_t have)
{
        while (have < TREE_PART) {
                ssize_t n = read(fd, t->data + have, TREE_PART - have);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -1;
                if (n == 0)
                        break;
                have += (size_t) n;
        }
        t->data[have] = '\0';
        return (ssize_t) have;
}

static int look_at_part(struct tree *t, const char *text, size_t length, size_t own_start,
                        size_t own_end, bool whole)
{
        struct check *c = t->check;
        int r = 0;

        check_part(c, text, length, own_start, own_end);
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(looks); i++)
                if (c->wanted[looks[i].control] && (whole || !looks[i].whole))
                        r = looks[i].check(c);
        return r < 0 ? r : check_flush(c);
}

/* UTF-16 is turned into UTF-8 as far as the first part goes. */
static int look_at_utf16(struct tree *t, size_t length, bool big_endian)
{
        size_t n;

        if (!t->utf8 && !(t->utf8 = malloc(TREE_PART / 2 * 3 + 4)))
                return -ENOMEM;
        n = text_from_utf16(t->utf8, t->data, length, big_endian);
        t->utf8[n] = '\0';
        t->check->bytes += length;
        return look_at_part(t, t->utf8, n, 0, n, true);
}

/* The parts of a file, each beginning with some bytes of the one before it. */
static int look_at_bytes(struct tree *t, int fd, ssize_t have)
{
        size_t own_start = 0, length = (size_t) have;
        uint64_t seen = length;
        bool first = true;
        int r;

        for (;;) {
                bool last = length < TREE_PART;
                size_t own_end = last ? length : length - TREE_OVERLAP, keep;

                r = look_at_part(t, t->data, length, own_start, own_end, first && last);
                first = false;
                if (r >= 0 && linhay_cancelled(t->check->run))
                        r = -ECANCELED;
                if (r < 0 || last)
                        break;
                if (seen >= TREE_FILE_LIMIT) {
                        r = check_not_scanned(t->check, t->walk.path, "too-large");
                        break;
                }
                keep = length - (own_end - TREE_CONTEXT);
                memmove(t->data, t->data + own_end - TREE_CONTEXT, keep);
                own_start = TREE_CONTEXT;
                have = fill(t, fd, keep);
                if (have < 0) {
                        r = check_not_scanned(t->check, t->walk.path, "unreadable");
                        break;
                }
                seen += (size_t) have - keep;
                length = (size_t) have;
        }
        t->check->bytes += seen;
        return r;
}

static int look_at_file(struct tree *t)
{
        int fd = linhay_walk_open(&t->walk), r = 0;
        enum text_encoding encoding;
        ssize_t have;

        if (fd < 0)
                return 0;
        have = fill(t, fd, 0);
        if (have < 0) {
                (void) close(fd);
                return check_not_scanned(t->check, t->walk.path, "unreadable");
        }
        encoding = text_encoding_of(t->data, (size_t) have);
        check_begin(t->check, t->walk.path);
        if (encoding == TEXT_BINARY)
                t->walk.skips[LINHAY_WALK_BINARY]++;
        else if (encoding == TEXT_BYTES)
                r = look_at_bytes(t, fd, have);
        else {
                r = look_at_utf16(t, (size_t) have, encoding == TEXT_UTF16_BE);
                if (r >= 0 && have == TREE_PART)
                        r = check_not_scanned(t->check, t->walk.path, "too-large");
        }
        t->check->files += encoding != TEXT_BINARY;
        (void) close(fd);
        return r;
}

int tree_check(struct tree *t, int dirfd)
{
        const struct linhay_walk_options options = { .skipped = on_skip, .owner = t };
        uint64_t n = 0;
        int r;

        t->data = malloc(TREE_PART + 1);
        if (!t->data)
                return -ENOMEM;
        r = linhay_walk_init(&t->walk, dirfd, &options);
        while (r >= 0 && (r = linhay_walk_next(&t->walk)) > 0) {
                if (linhay_cancelled(t->check->run))
                        return -ECANCELED;
                r = look_at_file(t);
                if (++n % 256 == 0)
                        (void) linhay_progress(t->check->run, n, 0, "files");
        }
        if (r >= 0)
                r = kube_finish(t->check);
        if (r >= 0 && t->check->wanted[CONTROL_LICENSES])
                r = licenses_finish(t->check);
        return r;
}

void tree_done(struct tree *t)
{
        linhay_walk_done(&t->walk);
        free(t->data);
        free(t->utf8);
}
