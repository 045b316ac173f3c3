/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Bytes as the journal of an apply that was interrupted, and the recovery from it
 *
 * The first byte says whether it was decided, and how the tree stands that it speaks of. Whatever
 * tree the journal names, recovery is given ours in its place. Promises: a journal or words; what
 * is read is a good id, an absolute path and a changeset whose paths stay in the tree; recovery
 * says of each journal that it is done or stuck, and why; it changes nothing beside the tree; and
 * once it is done, doing it again finds nothing to do.
 */
#include "fuzz-changeset.h"
#include "fuzz-folder.h"

#include "base/io.h"
#include "base/json.h"
#include "store/apply.h"
#include "store/journal.h"
#include "store/plan.h"

#define BESIDE "nobody may write here"

static const char *const names[] = { "a.intent", "a.commit" };

struct outcome {
        unsigned done, stuck;
};

static int on_done(void *user, const char *id, bool applied)
{
        struct outcome *o = user;

        (void) applied;
        promise(journal_id_is_good(id), "an id is good");
        o->done++;
        return 0;
}

static void on_stuck(void *user, const char *tree_path, const struct err *why)
{
        struct outcome *o = user;

        promise(fuzz_has_words(why->text) && (!tree_path || *tree_path == '/'),
                "what is stuck says why");
        o->stuck++;
}

static void write_file(int folder, const char *name, const char *text, size_t length)
{
        _cleanup_(closep) int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

        promise(fd >= 0 && write(fd, text, length) == (ssize_t) length, "a file");
}

/* As an apply may have left it: some files of before, some that wait, links that lead out. */
static void tree_make(int tree, uint8_t how)
{
        write_file(tree, "a", "one\n", 4);
        promise(mkdirat(tree, "b", 0755) == 0, "a folder");
        if (how & 2)
                write_file(tree, "b/c", "two\n", 4);
        if (how & 4)
                write_file(tree, ".linhay-a-f0", "new\n", 4);
        if (how & 8)
                promise(mkdirat(tree, ".linhay-a-d0", 0755) == 0, "a folder");
        if (how & 16)
                promise(symlinkat("../beside", tree, "out") == 0, "a link");
        if (how & 32)
                promise(symlinkat("../beside/file", tree, "link") == 0, "a link");
}

static void beside_try(int beside)
{
        _cleanup_(closep) int fd = openat(beside, "file", O_RDONLY | O_NOFOLLOW);
        char text[sizeof(BESIDE)] = "";
        struct stat st;

        promise(fd >= 0 && read(fd, text, sizeof(text)) == sizeof(BESIDE) - 1 &&
                        strcmp(text, BESIDE) == 0,
                "nothing beside the tree is changed");
        promise(fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0644 && st.st_nlink == 1 &&
                        fstat(beside, &st) == 0 && (st.st_mode & 07777) == 0755 && st.st_nlink == 2,
                "nor its mode");
}

/* The journal with our tree in it, as a text; NULL when it is no object. */
static char *journal_rewrite(const char *text, size_t length)
{
        _cleanup_(json_decrefp) json_t *json = NULL;
        char path[FUZZ_PATH];

        if (json_text_load(&json, text, length, "journal", NULL) < 0 || !json_is_object(json))
                return NULL;
        (void) snprintf(path, sizeof(path), "%s/tree", fuzz_folder_path());
        (void) json_object_set_new(json, "tree", json_string(path));
        return json_dumps(json, JSON_COMPACT);
}

/* The tops of a journal that recovery would go by. */
static void tops_try(const struct journal *j)
{
        _cleanup_(plan_done) struct plan p = { .c = j->c, .id = j->id, .tree = -1 };
        int r = plan_from_json(&p, j->tops);

        promise(r == 0 || r == -EBADMSG, "tops or damage");
        for (size_t i = 0; r == 0 && i < p.n_tops; i++)
                promise(changeset_path_check(p.tops[i], NULL) == 0, "a top stays in the tree");
}

static void load_try(int folder, const char *name)
{
        _cleanup_(journal_done) struct journal j = { 0 };
        struct err err = { 0 };
        int r = journal_load(&j, folder, name, &err);

        promise(r == 0 || fuzz_has_words(err.text), "a journal or words");
        if (r < 0)
                return;
        promise(journal_id_is_good(j.id) && *j.tree_path == '/', "an id and a place");
        fuzz_changeset_try(j.c);
        tops_try(&j);
}

static void recover_try(int folder, int beside)
{
        struct outcome first = { 0 }, second = { 0 };
        struct apply_recovery recovery = { .done = on_done, .stuck = on_stuck, .user = &first };
        struct err err = { 0 };

        promise(apply_recover(folder, &recovery, &err) == 0, "recovery ends");
        promise(first.done + first.stuck == 1, "a journal is done or stuck");
        beside_try(beside);
        recovery.user = &second;
        promise(apply_recover(folder, &recovery, &err) == 0, "and again");
        promise(second.done == 0 || first.done == 0, "what is done stays done");
        beside_try(beside);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct fuzz_input in = { data, size };
        uint8_t how = fuzz_byte(&in);
        const char *name = names[how & 1];
        int journals = fuzz_folder_make("journals"), tree = fuzz_folder_make("tree"),
            beside = fuzz_folder_make("beside");
        char *text;

        (void) umask(022);
        write_file(beside, "file", BESIDE, strlen(BESIDE));
        tree_make(tree, how);
        write_file(journals, name, (const char *) in.at, in.left);
        load_try(journals, name);
        text = journal_rewrite((const char *) in.at, in.left);
        if (text) {
                write_file(journals, name, text, strlen(text));
                recover_try(journals, beside);
        }
        free(text);
        (void) close(journals);
        (void) close(tree);
        (void) close(beside);
        fuzz_folder_remove("journals");
        fuzz_folder_remove("tree");
        fuzz_folder_remove("beside");
        return 0;
}
