/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two trees made from bytes: what was there, and what a cell left behind
 *
 * The first byte chooses overlay or staged copy, the second how many acts make the tree; the others
 * are what the agent did. An act makes a file, a folder, a link, a whiteout, a mark of the overlay
 * or something that no agent may leave, at one of a few paths, honest and not.
 *
 * Promises: a changeset, none, or a refusal with words; its paths stay in the tree; it can be
 * applied as it is; once it is applied nothing differs any more; and its reverse brings back the
 * tree as it was.
 */
#include "fuzz-changeset.h"
#include "fuzz-folder.h"

#include "base/io.h"
#include "base/listing.h"
#include "cell/collect.h"
#include "store/apply.h"

#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define ACTS_MAX 48

enum folder { BEFORE, LOWER, UPPER, BLOBS, JOURNAL, FOLDERS_ };

static const char *const folder_names[FOLDERS_] = { "before", "lower", "upper", "blobs",
                                                    "journal" };

/* The trees of one input; all of them are gone before the next one. */
struct world {
        int fd[FOLDERS_];
        bool is_staged;
};

static void world_done(struct world *w)
{
        for (size_t i = 0; i < FOLDERS_; i++) {
                closep(&w->fd[i]);
                fuzz_folder_remove(folder_names[i]);
        }
}

static void world_make(struct world *w)
{
        for (size_t i = 0; i < FOLDERS_; i++)
                w->fd[i] = fuzz_folder_make(folder_names[i]);
}

/* --- acts ---------------------------------------------------------------------------------- */

/* What an act is about. All that fails is left undone: strangers' acts fail, too. */
struct act {
        uint8_t kind, detail;
        char path[64];
        char text[64]; /* content or target */
        size_t length;
};

static void path_read(struct act *a, struct fuzz_input *in)
{
        static const char *const names[] = { "a",     "b",    "c",     "\u00e9", "a b",   "e.txt",
                                             "git~1", ".git", "x\xff", ".GIT",   ".gitt", "\n" };
        unsigned choice = fuzz_byte(in);
        size_t n = 0;

        for (unsigned depth = 1 + choice % 3; depth; depth--) {
                uint8_t name = fuzz_byte(in);

                /* The first names are more likely, so that acts meet at one place. */
                name = name % 4 ? name % 3 : name / 4 % ARRAY_SIZE(names);
                n += (size_t) snprintf(a->path + n, sizeof(a->path) - n, "%s%s", n ? "/" : "",
                                       names[name]);
        }
}

static void act_read(struct act *a, struct fuzz_input *in)
{
        const uint8_t *text;

        *a = (struct act){ .kind = fuzz_byte(in), .detail = fuzz_byte(in) };
        path_read(a, in);
        text = fuzz_bytes(in, a->detail / 8 % sizeof(a->text), &a->length);
        if (a->length)
                memcpy(a->text, text, a->length);
}

static void do_file(int fd, const struct act *a)
{
        static const mode_t modes[] = { 0644, 0755, 0600, 0444, 0700, 0640, 04755, 02750 };
        _cleanup_(closep) int file =
                openat(fd, a->path,
                       O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
        struct stat st;

        if (file < 0 || fstat(file, &st) < 0 || !S_ISREG(st.st_mode))
                return;
        promise(write(file, a->text, a->length) == (ssize_t) a->length, "a file is written");
        (void) fchmod(file, modes[a->detail % ARRAY_SIZE(modes)]);
}

static void do_folder(int fd, const struct act *a)
{
        static const mode_t modes[] = { 0755, 0700, 0775, 02755 };
        _cleanup_(closep) int folder = -1;

        (void) mkdirat(fd, a->path, 0755);
        folder = open_beneath(fd, a->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
        if (folder >= 0)
                (void) fchmod(folder, modes[a->detail % ARRAY_SIZE(modes)]);
}

static void do_link(int fd, const struct act *a)
{
        if (memchr(a->text, '\0', a->length) == NULL)
                (void) symlinkat(a->text, fd, a->path);
}

static void do_delete(int fd, const struct act *a)
{
        if (unlinkat(fd, a->path, 0) < 0)
                (void) unlinkat(fd, a->path, AT_REMOVEDIR);
}

static void do_whiteout(int fd, const struct act *a)
{
        do_delete(fd, a);
        (void) mknodat(fd, a->path, S_IFCHR, makedev(0, 0));
}

static void do_mark(int fd, const struct act *a)
{
        static const char *const marks[] = { "opaque", "opaque", "opaque", "redirect", "metacopy" };
        _cleanup_(closep) int at = open_beneath(fd, a->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
        char name[64];

        for (unsigned i = 0; at >= 0 && i < 2; i++) {
                (void) snprintf(name, sizeof(name), "%s.overlay.%s", i ? "trusted" : "user",
                                marks[a->detail % ARRAY_SIZE(marks)]);
                (void) fsetxattr(at, name, a->detail & 0x40 ? "x" : "y", 1, 0);
        }
}

static void do_special(int fd, const struct act *a)
{
        static const mode_t kinds[] = { S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK };

        (void) mknodat(fd, a->path, kinds[a->detail % ARRAY_SIZE(kinds)] | 0600, makedev(1, 3));
}

/*
 * The folder that holds what an act is about, and its path becomes a name in it. A link that an
 * earlier act made may lead anywhere on this machine: none is followed.
 */
static int act_folder(int fd, struct act *a)
{
        char *slash = strrchr(a->path, '/');
        int folder;

        if (!slash)
                return fcntl(fd, F_DUPFD_CLOEXEC, 0);
        *slash = '\0';
        folder = open_beneath(fd, a->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
        memmove(a->path, slash + 1, strlen(slash + 1) + 1);
        return folder;
}

static void act_do(const struct world *w, const struct act *act_given, enum folder where)
{
        static void (*const acts[])(int fd, const struct act *a) = {
                do_file, do_file, do_folder, do_link, do_delete, do_whiteout, do_mark, do_special
        };
        struct act a = *act_given;
        void (*act)(int, const struct act *) = acts[a.kind % ARRAY_SIZE(acts)];
        _cleanup_(closep) int folder = act_folder(w->fd[where], &a);

        if (folder < 0)
                return;

        /* Only an upper folder has the overlay's whiteouts and marks, and only an agent's hand
         * leaves them. */
        if ((act == do_whiteout || act == do_mark) && (where != UPPER || w->is_staged))
                act = do_delete;
        act(folder, &a);
}

static void trees_make(const struct world *w, struct fuzz_input *in)
{
        unsigned firsts = fuzz_byte(in) % 16;

        for (unsigned i = 0; i < ACTS_MAX && in->left; i++) {
                struct act a;

                act_read(&a, in);
                if (i < firsts) {
                        act_do(w, &a, BEFORE);
                        act_do(w, &a, LOWER);
                }
                if (i >= firsts || w->is_staged)
                        act_do(w, &a, UPPER);
        }
}

/* --- promises ------------------------------------------------------------------------------ */

static int collect(const struct world *w, struct changeset **ret)
{
        static const struct collect_limits limits = { .files = 64, .bytes = 4096 };
        struct err err = { 0 };
        int r = collect_changes(ret, w->fd[LOWER], w->fd[UPPER], w->is_staged, w->fd[BLOBS],
                                &limits, &err);

        promise(r == 0 || (err.code == r && fuzz_has_words(err.text)), "a refusal has words");
        return r;
}

static void apply(const struct world *w, const struct changeset *c)
{
        struct err err = { 0 };
        char path[FUZZ_PATH];

        (void) snprintf(path, sizeof(path), "%s/%s", fuzz_folder_path(), folder_names[LOWER]);
        if (apply_changeset(c, w->fd[LOWER], path, w->fd[BLOBS], w->fd[JOURNAL], "x", &err) < 0)
                (void) fprintf(stderr, "%s\n", err_text(&err));
        promise(err.code == 0, "what was collected can be applied");
}

static bool bytes_same(int a, int b, const char *name)
{
        _cleanup_(closep) int x = openat(a, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC),
                              y = openat(b, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_(buf_done) struct buf one = { 0 }, other = { 0 };

        promise(x >= 0 && y >= 0 && fd_read_all(x, &one) == 0 && fd_read_all(y, &other) == 0,
                "a file is read");
        return one.length == other.length &&
               memcmp(buf_text(&one), buf_text(&other), one.length) == 0;
}

static bool links_same(int a, int b, const char *name)
{
        char x[128] = "", y[128] = "";

        return readlinkat(a, name, x, sizeof(x) - 1) == readlinkat(b, name, y, sizeof(y) - 1) &&
               strcmp(x, y) == 0;
}

/* Of folders a change tells nine bits of the mode; files that have more are left as they are. */
static mode_t known_bits(const struct stat *st)
{
        return S_ISDIR(st->st_mode) ? S_IFMT | 0777 : S_IFMT | 07777;
}

static void trees_same(int a, int b)
{
        _cleanup_(listing_done) struct listing names = { 0 }, others = { 0 };

        promise(listing_read(&names, a) == 0 && listing_read(&others, b) == 0 &&
                        names.count == others.count,
                "as many names in a folder");
        for (size_t i = 0; i < names.count; i++) {
                const char *name = names.names[i];
                struct stat x, y;

                promise(fstatat(a, name, &x, AT_SYMLINK_NOFOLLOW) == 0 &&
                                fstatat(b, name, &y, AT_SYMLINK_NOFOLLOW) == 0,
                        "the same names");
                promise((x.st_mode & known_bits(&x)) == (y.st_mode & known_bits(&x)),
                        "the same modes");
                promise(!S_ISREG(x.st_mode) || bytes_same(a, b, name), "the same bytes");
                promise(!S_ISLNK(x.st_mode) || links_same(a, b, name), "the same links");
                if (S_ISDIR(x.st_mode)) {
                        _cleanup_(closep) int from = openat(a, name, O_RDONLY | O_DIRECTORY),
                                              to = openat(b, name, O_RDONLY | O_DIRECTORY);

                        trees_same(from, to);
                }
        }
}

static void round_trip(const struct world *w, const struct changeset *c)
{
        _cleanup_(changeset_freep) struct changeset *rest = NULL, *reverse = NULL;
        struct err err = { 0 };

        apply(w, c);
        promise(collect(w, &rest) == 0 && !rest, "once applied, nothing differs");
        promise(changeset_reverse(&reverse, c, &err) == 0, "it has a reverse");
        apply(w, reverse);
        trees_same(w->fd[BEFORE], w->fd[LOWER]); /* which brings back the tree as it was */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct fuzz_input in = { data, size };
        _cleanup_(world_done) struct world w = { .is_staged = fuzz_byte(&in) & 1 };
        _cleanup_(changeset_freep) struct changeset *c = NULL;

        (void) umask(022);
        world_make(&w);
        trees_make(&w, &in);
        if (collect(&w, &c) < 0 || !c)
                return 0;
        fuzz_changeset_try(c);
        round_trip(&w, c);
        return 0;
}
