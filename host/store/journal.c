/* SPDX-License-Identifier: Apache-2.0 */
#include "store/journal.h"

#include "base/buf.h"
#include "base/io.h"
#include "base/json.h"
#include "store/plan.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define INTENT ".intent"
#define COMMIT ".commit"
#define DRAFT  ".draft"

bool journal_id_is_good(const char *id)
{
        size_t n = strlen(id);

        return n > 0 && n <= PLAN_ID_MAX &&
               strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

static void name_make(char ret[NAME_MAX + 1], const char *id, const char *suffix)
{
        (void) snprintf(ret, NAME_MAX + 1, "%s%s", id, suffix);
}

static int draft_write(int dirfd, const char *name, const char *text)
{
        _cleanup_(closep) int fd =
                openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        int r;

        if (fd < 0)
                return -errno;
        r = fd_write_all(fd, text, strlen(text));
        return r < 0 ? r : fsync(fd) < 0 ? -errno : 0;
}

int journal_begin(int dirfd, const char *id, const char *tree_path, const struct changeset *c,
                  json_t *tops, struct err *err)
{
        _cleanup_(json_decrefp) json_t *json = NULL, *changes = changeset_to_json(c);
        char draft[NAME_MAX + 1], intent[NAME_MAX + 1], commit[NAME_MAX + 1];
        _cleanup_(freep) char *text = NULL;
        int r;

        (void) json_object_del(changes, "diff"); /* not needed, and it can be large */
        json = json_pack("{s:i, s:s, s:O, s:o}", "format", 1, "tree", tree_path, "changeset",
                         changes, "tops", tops);
        text = json ? json_canonical(json) : NULL;
        if (!text)
                return err_set(err, -ENOMEM, "out of memory, or the path of the tree is not UTF-8");

        name_make(draft, id, DRAFT);
        name_make(intent, id, INTENT);
        name_make(commit, id, COMMIT);
        if (faccessat(dirfd, intent, F_OK, 0) == 0 || faccessat(dirfd, commit, F_OK, 0) == 0)
                return err_set(err, -EEXIST, "an apply called %s is not finished yet", id);
        r = draft_write(dirfd, draft, text);
        if (r == 0 && renameat(dirfd, draft, dirfd, intent) < 0)
                r = -errno;
        if (r == 0 && fsync(dirfd) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlinkat(dirfd, draft, 0);
                (void) unlinkat(dirfd, intent, 0);
                return err_sys(err, r, "cannot write the journal of the apply");
        }
        return 0;
}

int journal_commit(int dirfd, const char *id, struct err *err)
{
        char intent[NAME_MAX + 1], commit[NAME_MAX + 1];
        int r;

        name_make(intent, id, INTENT);
        name_make(commit, id, COMMIT);
        if (renameat(dirfd, intent, dirfd, commit) < 0)
                return err_sys(err, -errno, "cannot commit the journal of the apply");
        if (fsync(dirfd) == 0)
                return 0;

        /* The disk may have either name. Only when it surely has the old one may the caller undo:
         * recovery after a crash would finish, with nothing left to finish from. */
        r = -errno;
        if (renameat(dirfd, commit, dirfd, intent) == 0 && fsync(dirfd) == 0)
                return err_sys(err, r, "cannot commit the journal of the apply");
        return err_set(err, -EINPROGRESS,
                       "the change is begun, and the disk does not say whether it is decided: %s. "
                       "Mend the disk, and the next start finishes or undoes it",
                       strerror(-r));
}

int journal_end(int dirfd, const char *id, struct err *err)
{
        static const char *const suffixes[] = { INTENT, COMMIT };
        char name[NAME_MAX + 1];

        for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
                name_make(name, id, suffixes[i]);
                if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
                        return err_sys(err, -errno, "cannot take the journal away");
        }
        if (fsync(dirfd) < 0)
                return err_sys(err, -errno, "cannot sync the journals");
        return 0;
}

void journal_done(struct journal *j)
{
        free(j->id);
        free(j->tree_path);
        (void) changeset_free(j->c);
        json_decref(j->tops);
        *j = (struct journal){ 0 };
}

static bool has_suffix(const char *name, const char *suffix)
{
        size_t n = strlen(name), m = strlen(suffix);

        return n > m && strcmp(name + n - m, suffix) == 0;
}

static int json_read(json_t **ret, int dirfd, const char *name, struct err *err)
{
        _cleanup_(closep) int fd = open_beneath(dirfd, name, O_RDONLY | O_NOFOLLOW, 0);
        _cleanup_(buf_done) struct buf text = BUF_LIMIT(JOURNAL_BYTES_MAX);
        int r = fd < 0 ? fd : fd_read_all(fd, &text);

        if (r < 0)
                return err_sys(err, r, "cannot read journal %s", name);
        return json_text_load(ret, buf_text(&text), text.length, name, err);
}

int journal_load(struct journal *ret, int dirfd, const char *name, struct err *err)
{
        _cleanup_(journal_done) struct journal j = { .is_commit = has_suffix(name, COMMIT) };
        _cleanup_(json_decrefp) json_t *json = NULL;
        const char *tree;
        int r;

        if (has_suffix(name, DRAFT))
                (void) unlinkat(dirfd, name, 0);
        if (!j.is_commit && !has_suffix(name, INTENT))
                return -ENOENT;

        r = json_read(&json, dirfd, name, err);
        if (r < 0)
                return r;
        tree = json_string_value(json_object_get(json, "tree"));
        if (json_integer_value(json_object_get(json, "format")) != 1 || !tree || tree[0] != '/')
                return err_set(err, -EBADMSG, "journal %s is not one of this linhay", name);
        r = changeset_from_json(&j.c, json_object_get(json, "changeset"), err);
        if (r < 0)
                return err_wrap(err, r, "journal %s", name);
        j.tops = json_incref(json_object_get(json, "tops"));
        j.tree_path = strdup(tree);
        j.id = strndup(name, strlen(name) - strlen(COMMIT));
        if (!j.tree_path || !j.id)
                return err_set(err, -ENOMEM, "out of memory");
        if (!journal_id_is_good(j.id))
                return err_set(err, -EBADMSG, "journal %s has a name that is none", name);

        *ret = j;
        j = (struct journal){ 0 };
        return 0;
}
