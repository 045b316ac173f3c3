/* SPDX-License-Identifier: Apache-2.0 */
#include "base/blob.h"
#include "base/buf.h"
#include "base/changeset.h"
#include "base/io.h"
#include "base/unit.h"
#include "base/utf8.h"

#include <git2.h>
#include <string.h>
#include <sys/stat.h>

#define NO_FILE "/dev/null"

/* A diff that is being written. */
struct page {
        int blobs;
        size_t limit; /* of `text` */
        struct buf text;
        struct err *err;
};

/* One side of one file. */
struct side {
        uint32_t mode; /* 0 = there is none */
        const char *sha256;
        struct buf bytes;
        uint64_t size;
        bool is_too_large; /* not read */
        char id[9];        /* what git would call it, cut as git cuts it */
};

static void side_done(struct side *s)
{
        buf_done(&s->bytes);
}

static int side_read(struct side *s, const struct page *page, const char *path)
{
        _cleanup_(closep) int fd = -1;
        struct stat st;
        git_oid id = { 0 };
        int r;

        (void) strcpy(s->id, "00000000");
        if (s->mode == 0)
                return 0;
        fd = blob_open(page->blobs, s->sha256);
        if (fd < 0)
                return err_sys(page->err, fd, "the store lost the bytes of %s", path);
        if (fstat(fd, &st) < 0)
                return err_sys(page->err, -errno, "cannot stat a blob");
        s->size = (uint64_t) st.st_size;
        s->is_too_large = s->size > page->limit;
        if (s->is_too_large)
                return 0;
        r = fd_read_all(fd, &s->bytes);
        if (r < 0)
                return err_sys(page->err, r, "cannot read the bytes of %s", path);
        if (git_odb_hash(&id, buf_text(&s->bytes), s->bytes.length, GIT_OBJECT_BLOB) == 0)
                (void) git_oid_tostr(s->id, sizeof(s->id), &id);
        return 0;
}

/* --- names as git writes them -------------------------------------------------------------- */

/* What reorders or hides what a person sees would have him approve another name. */
static bool name_is_plain(const char *path)
{
        _cleanup_(buf_done) struct buf clean = { 0 };

        return utf8_clean(&clean, path, strlen(path), false) == 0 &&
               strcmp(buf_text(&clean), path) == 0;
}

static bool name_needs_quotes(const char *path)
{
        for (const char *p = path; *p; p++)
                if ((unsigned char) *p < ' ' || *p == '"' || *p == '\\' || *p == 0x7f)
                        return true;
        return !name_is_plain(path);
}

static int name_add(struct buf *b, const char *prefix, const char *path)
{
        static const char letters[] = "\aa\bb\tt\nn\vv\ff\rr\"\"\\\\";
        int r;

        if (!name_needs_quotes(path))
                return buf_printf(b, "%s%s", prefix, path);

        r = buf_printf(b, "\"%s", prefix);
        for (const char *p = path; r == 0 && *p; p++) {
                const char *l = letters;

                while (*l && *l != *p)
                        l += 2;
                if (*l)
                        r = buf_printf(b, "\\%c", l[1]);
                else if ((unsigned char) *p < ' ' || (unsigned char) *p >= 0x7f)
                        r = buf_printf(b, "\\%03o", (unsigned char) *p);
                else
                        r = buf_putc(b, *p);
        }
        return r < 0 ? r : buf_putc(b, '"');
}

/* "--- a/name"; a tab ends a name with a blank in it, or readers take the rest for a date. */
static int label_add(struct buf *b, const char *mark, const char *prefix, const char *path,
                     uint32_t mode)
{
        int r = buf_puts(b, mark);

        if (r == 0)
                r = mode ? name_add(b, prefix, path) : buf_puts(b, NO_FILE);
        if (r == 0 && mode && strchr(path, ' ') && !name_needs_quotes(path))
                r = buf_putc(b, '\t');
        return r < 0 ? r : buf_putc(b, '\n');
}

static int header_add(struct buf *b, const char *path, const struct side *old,
                      const struct side *new)
{
        int r = buf_puts(b, "diff --git ");

        if (r == 0)
                r = name_add(b, "a/", path);
        if (r == 0)
                r = buf_putc(b, ' ');
        if (r == 0)
                r = name_add(b, "b/", path);
        if (r == 0)
                r = buf_putc(b, '\n');
        if (r == 0 && !old->mode)
                r = buf_printf(b, "new file mode %06o\n", new->mode);
        if (r == 0 && !new->mode)
                r = buf_printf(b, "deleted file mode %06o\n", old->mode);
        if (r == 0 && old->mode && new->mode && old->mode != new->mode)
                r = buf_printf(b, "old mode %06o\nnew mode %06o\n", old->mode, new->mode);
        if (r < 0 || strcmp(old->sha256, new->sha256) == 0)
                return r;
        if (old->is_too_large || new->is_too_large)
                return 0;
        return old->mode == new->mode
                       ? buf_printf(b, "index %s..%s %06o\n", old->id, new->id, new->mode)
                       : buf_printf(b, "index %s..%s\n", old->id, new->id);
}

/* --- bodies -------------------------------------------------------------------------------- */

static int too_large_add(struct buf *b, const struct side *old, const struct side *new)
{
        char before[32], after[32];

        bytes_format(before, sizeof(before), old->size);
        bytes_format(after, sizeof(after), new->size);
        return buf_printf(b, "# too large to show: %s before, %s after\n",
                          old->mode ? before : "nothing", new->mode ? after : "nothing");
}

static int line_add(const git_diff_delta *delta, const git_diff_hunk *hunk,
                    const git_diff_line *line, void *user)
{
        struct buf *b = user;
        int r = 0;

        (void) delta, (void) hunk;
        if (line->origin == GIT_DIFF_LINE_FILE_HDR || line->origin == GIT_DIFF_LINE_BINARY)
                return 0;
        if (line->origin == GIT_DIFF_LINE_CONTEXT || line->origin == GIT_DIFF_LINE_ADDITION ||
            line->origin == GIT_DIFF_LINE_DELETION)
                r = buf_putc(b, line->origin);
        if (r == 0)
                r = utf8_clean(b, line->content, line->content_len, true);
        return r;
}

static int hunks_add(struct buf *b, const struct side *old, const struct side *new)
{
        git_diff_options options = GIT_DIFF_OPTIONS_INIT;
        git_patch *patch = NULL;
        int r;

        r = git_patch_from_buffers(&patch, old->bytes.data, old->bytes.length, "a", new->bytes.data,
                                   new->bytes.length, "b", &options);
        if (r == 0)
                r = git_patch_print(patch, line_add, b);
        git_patch_free(patch);
        return r == -EMSGSIZE || r == -ENOMEM || r == 0 ? r : -EIO;
}

static bool is_binary(const struct side *s)
{
        /* As git decides it: a NUL among the first bytes. */
        return s->bytes.data && memchr(s->bytes.data, '\0', MIN_OF(s->bytes.length, (size_t) 8000));
}

static int body_add(struct buf *b, const char *path, const struct side *old, const struct side *new)
{
        int r;

        if (strcmp(old->sha256, new->sha256) == 0)
                return 0; /* only the mode */
        if (old->is_too_large || new->is_too_large)
                return too_large_add(b, old, new);
        if (old->bytes.length == 0 && new->bytes.length == 0)
                return 0;

        if (is_binary(old) || is_binary(new)) {
                r = buf_puts(b, "Binary files ");
                if (r == 0)
                        r = old->mode ? name_add(b, "a/", path) : buf_puts(b, NO_FILE);
                if (r == 0)
                        r = buf_puts(b, " and ");
                if (r == 0)
                        r = new->mode ? name_add(b, "b/", path) : buf_puts(b, NO_FILE);
                return r < 0 ? r : buf_puts(b, " differ\n");
        }

        r = label_add(b, "--- ", "a/", path, old->mode);
        if (r == 0)
                r = label_add(b, "+++ ", "b/", path, new->mode);
        return r < 0 ? r : hunks_add(b, old, new);
}

/* --- rows ---------------------------------------------------------------------------------- */

static int file_add(struct page *page, const char *path, uint32_t mode_before,
                    const char *sha256_before, uint32_t mode_after, const char *sha256_after)
{
        _cleanup_(side_done) struct side old = { .mode = mode_before, .sha256 = sha256_before };
        _cleanup_(side_done) struct side new = { .mode = mode_after, .sha256 = sha256_after };
        int r;

        r = side_read(&old, page, path);
        if (r < 0)
                return r;
        r = side_read(&new, page, path);
        if (r < 0)
                return r;
        r = header_add(&page->text, path, &old, &new);
        return r < 0 ? r : body_add(&page->text, path, &old, &new);
}

/* Git has no form for folders: a comment, which every reader of patches passes over. */
static int folder_add(struct page *page, const struct change *c)
{
        bool before = S_ISDIR(c->mode_before), after = S_ISDIR(c->mode_after);
        int r = buf_puts(&page->text, "# folder ");

        if (r == 0)
                r = name_add(&page->text, "", c->path);
        if (r < 0)
                return r;
        if (before && after && c->mode_before == c->mode_after)
                return buf_puts(&page->text, " stays, empty before or after\n");
        if (before && after)
                return buf_printf(&page->text, ": mode %06o becomes %06o\n", c->mode_before,
                                  c->mode_after);
        return buf_printf(&page->text, " is %s, mode %06o\n", after ? "made" : "removed",
                          after ? c->mode_after : c->mode_before);
}

static int change_add(struct page *page, const struct change *c)
{
        bool before = c->mode_before && !S_ISDIR(c->mode_before),
             after = c->mode_after && !S_ISDIR(c->mode_after);
        int r = 0;

        if (S_ISDIR(c->mode_before) || S_ISDIR(c->mode_after))
                r = folder_add(page, c);
        if (r < 0)
                return r;

        /* Another type is a deletion and an addition, as in git. */
        if (before && after && ((c->mode_before ^ c->mode_after) & S_IFMT) == 0)
                return file_add(page, c->path, c->mode_before, c->sha256_before, c->mode_after,
                                c->sha256_after);
        if (before)
                r = file_add(page, c->path, c->mode_before, c->sha256_before, 0, "");
        if (r == 0 && after)
                r = file_add(page, c->path, 0, "", c->mode_after, c->sha256_after);
        return r;
}

/* Ends the text at its last whole line and says what is not shown. */
static int page_cut(struct page *page, size_t left)
{
        char limit[32];
        char *end = page->text.data ? memrchr(page->text.data, '\n', page->text.length) : NULL;

        page->text.length = end ? (size_t) (end + 1 - page->text.data) : 0;
        page->text.limit = 0;
        bytes_format(limit, sizeof(limit), page->limit);
        return buf_printf(&page->text,
                          "# the diff is cut here, at %s; %zu more files change after this one\n",
                          limit, left);
}

int changeset_render(struct changeset *c, int blob_dirfd, size_t limit, struct err *err)
{
        struct page page = { .blobs = blob_dirfd, .limit = limit, .err = err };
        int r = 0;

        page.text.limit = limit;
        (void) git_libgit2_init();
        for (size_t i = 0; r == 0 && i < c->n_files; i++) {
                r = change_add(&page, &c->files[i]);
                if (r == -EMSGSIZE) {
                        r = page_cut(&page, c->n_files - i - 1);
                        break;
                }
        }
        (void) git_libgit2_shutdown();
        if (r == 0) {
                free(c->diff);
                c->diff = buf_take(&page.text);
        }
        buf_done(&page.text);
        if (r < 0 && (!err || err->code == 0))
                return err_sys(err, r, "cannot write the diff");
        return r;
}
