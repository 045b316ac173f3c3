/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/listing.h"
#include "base/utf8.h"
#include "cell/collect.h"

#include "die.h"

#define DEPTH_MAX 64

static void digest_text(struct sha256_ctx *ctx, const void *data, size_t length)
{
        sha256_update(ctx, length, data);
}

static void digest_file(struct sha256_ctx *ctx, int folder, const char *name)
{
        _cleanup_(closep) int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        char bytes[4096];
        ssize_t n;

        while (fd >= 0 && (n = read(fd, bytes, sizeof(bytes))) > 0)
                digest_text(ctx, bytes, (size_t) n);
}

static void digest_folder(struct sha256_ctx *ctx, int fd, unsigned depth);

static void digest_name(struct sha256_ctx *ctx, int folder, const char *name, unsigned depth)
{
        char target[4096];
        struct stat st;
        ssize_t n;
        int fd;

        digest_text(ctx, name, strlen(name) + 1);
        if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return;
        digest_text(ctx, &st.st_mode, sizeof(st.st_mode));
        digest_text(ctx, &st.st_size, sizeof(st.st_size));
        digest_text(ctx, &st.st_mtim, sizeof(st.st_mtim));
        if (S_ISLNK(st.st_mode) && (n = readlinkat(folder, name, target, sizeof(target))) > 0)
                digest_text(ctx, target, (size_t) n);
        if (S_ISREG(st.st_mode) && st.st_size < (1 << 20))
                digest_file(ctx, folder, name);
        if (!S_ISDIR(st.st_mode) || depth == 0)
                return;
        fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0)
                digest_folder(ctx, fd, depth - 1);
        closep(&fd);
}

static void digest_folder(struct sha256_ctx *ctx, int fd, unsigned depth)
{
        _cleanup_(listing_done) struct listing names = { 0 };

        if (listing_read(&names, fd) < 0)
                return;
        for (size_t i = 0; i < names.count; i++)
                digest_name(ctx, fd, names.names[i], depth);
}

void tree_digest(char ret[SHA256_HEX], int fd)
{
        _cleanup_(closep) int top = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct sha256_ctx ctx;

        sha256_init(&ctx);
        digest_folder(&ctx, top, DEPTH_MAX);
        sha256_finish(&ctx, ret);
}

static int blobs_open(void)
{
        char path[160];
        int fd;

        (void) snprintf(path, sizeof(path), "%s/blobs", scene.folder);
        (void) mkdir(path, 0700);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                die("cannot make %s: %m", path);
        return fd;
}

/* What a person is asked to approve. */
static bool is_clean(const char *text)
{
        _cleanup_(buf_done) struct buf clean = { 0 };

        return text && utf8_clean(&clean, text, strlen(text), true) == 0 &&
               strcmp(buf_text(&clean), text) == 0;
}

const char *tree_collect(int lower, int upper, bool is_staged)
{
        _cleanup_(closep) int blobs = blobs_open();
        _cleanup_(changeset_freep) struct changeset *changes = NULL;
        struct err err = { 0 };
        int r = collect_changes(&changes, lower, upper, is_staged, blobs, NULL, &err);

        if (r == 0 && changes)
                r = changeset_render(changes, blobs, 1 << 20, &err);
        if (r == -EPERM)
                return "refused";
        if (r < 0)
                return strerrorname_np(-r) ? strerrorname_np(-r) : "?";
        for (size_t i = 0; changes && i < changes->n_files; i++)
                if (changeset_path_check(changes->files[i].path, &err) < 0 ||
                    (changes->files[i].mode_after & 07000))
                        return "a change that may not be";
        if (changes && !is_clean(changes->diff))
                return "a diff for a terminal";
        return changes ? "collected" : "unchanged";
}
