/* SPDX-License-Identifier: Apache-2.0 */
#include "apply.h"

#include <search.h>
#include <stdio.h>

#include "binary.h"
#include "image.h"
#include "path.h"
#include "tree.h"

enum slot_state {
        SLOT_TREE,   /* no part of the patch so far has changed it */
        SLOT_LEAVES, /* a later part will delete it or rename it away */
        SLOT_GONE,   /* an earlier part has */
        SLOT_MADE,   /* an earlier part has made or changed it: see `made` */
};

enum slot_folder {
        FOLDER_UNKNOWN, /* nobody has needed a folder at the path yet */
        FOLDER_THERE,   /* the tree has one */
        FOLDER_FRESH,   /* one will be made where nothing is, or where a file goes away */
};

/* What is known of one path. */
struct slot {
        char *path; /* first: slots are compared by it */
        enum slot_state state;
        struct apply_result *made;  /* the newest content, SLOT_MADE */
        struct apply_result *final; /* what will be written in the end, or NULL */
        bool is_removed;            /* what the tree has at the path is removed first */
        enum slot_folder folder;
};

static int slot_compare(const void *a, const void *b)
{
        return strcmp(((const struct slot *) a)->path, ((const struct slot *) b)->path);
}

static struct slot *slot_find(const struct apply *a, const char *path)
{
        struct slot key = { .path = (char *) path };
        void *root = a->slots;
        struct slot **found = tfind(&key, &root, slot_compare);

        return found ? *found : NULL;
}

static void slot_free(void *p)
{
        struct slot *slot = p;

        free(slot->path);
        free(slot);
}

/* The slot of a path, made on first use; NULL when out of memory. */
static struct slot *slot_get(struct apply *a, const char *path)
{
        struct slot *slot = slot_find(a, path);
        void *root = a->slots;

        if (slot)
                return slot;
        slot = calloc(1, sizeof(*slot));
        if (!slot)
                return NULL;
        slot->path = strdup(path);
        if (!slot->path || !tsearch(slot, &root, slot_compare)) {
                slot_free(slot);
                return NULL;
        }
        a->slots = root;
        return slot;
}

static int io_refuse(const char *path, const char *what, int code, struct refusal *why)
{
        const char *slash = strrchr(path, '/');

        switch (-code) {
        case ENOENT:
                return refuse(why, REFUSAL_MISSING,
                              "%s: there is no such file; check `strip` and `reverse`, or whether "
                              "the patch was applied before",
                              path);
        case ENOTDIR:
                return refuse(why, REFUSAL_TYPE, "%s: a part of the path is not a folder", path);
        case ELOOP:
        case EXDEV:
                return refuse(why, REFUSAL_LINK,
                              "%s: is beyond a symbolic link; patches may not go through links",
                              path);
        case EFBIG:
                return refuse(why, REFUSAL_LIMIT, "%s: the file is too large to be patched", path);
        case EINVAL:
                return refuse(why, REFUSAL_TYPE,
                              "%s: is neither a file nor a symbolic link (a folder, a FIFO or a "
                              "device); it cannot be patched",
                              path);
        case ENOMEM:
                return refuse_memory(why);
        case EACCES:
                return refuse(why, REFUSAL_INTERNAL,
                              "%s: cannot be %s: the folder %.*s is not writable", path, what,
                              slash ? (int) (slash - path) : 1, slash ? path : ".");
        default:
                return refuse(why, REFUSAL_INTERNAL, "%s: cannot be %s: %s", path, what,
                              strerror(-code));
        }
}

/* Only files and links are ever made. A mode without a type is that of a file. */
static int mode_check(const char *path, unsigned mode, struct refusal *why)
{
        mode_t type = mode & S_IFMT;

        if (type == 0 || type == S_IFREG || type == S_IFLNK)
                return 0;
        if (type == 0160000)
                return refuse(why, REFUSAL_MODE,
                              "%s: mode %o is a submodule; submodules are not patched, take this "
                              "part out of the patch",
                              path, mode);
        return refuse(why, REFUSAL_MODE,
                      "%s: mode %o is neither a file nor a symbolic link; nothing else is made",
                      path, mode);
}

/* Checks names and modes, and notes what will leave the tree. */
static int file_announce(struct apply *a, const struct patch_file *f, struct refusal *why)
{
        const char *name = f->new_name ? f->new_name : f->old_name;
        struct slot *slot;

        if ((f->old_name && path_check(f->old_name, why) < 0) ||
            (f->new_name && path_check(f->new_name, why) < 0) ||
            mode_check(name, f->old_mode, why) < 0 || mode_check(name, f->new_mode, why) < 0)
                return -1;
        if (f->new_name && !f->is_rename)
                return 0;
        slot = slot_get(a, f->old_name);
        if (!slot)
                return refuse_memory(why);
        slot->state = SLOT_LEAVES;
        return 0;
}

/* What a change starts from. */
struct source {
        const struct apply_result *made; /* an earlier part's result, or NULL: the tree */
        char *data;                      /* read from the tree; owned */
        const char *bytes;               /* of either */
        size_t length;
        mode_t mode;        /* as git counts modes; 0 = there is nothing */
        mode_t permissions; /* of a file in the tree */
};

static void source_done(struct source *s)
{
        free(s->data);
}

/* git knows two permissions: 644 and 755. */
static mode_t mode_of_stat(const struct stat *st)
{
        if (S_ISLNK(st->st_mode))
                return S_IFLNK;
        return S_IFREG | (st->st_mode & S_IXUSR ? 0755 : 0644);
}

/* 1 = there is no such file, and a plain patch may mean to make it. */
static int source_of_tree(struct apply *a, const struct patch_file *f, struct source *s,
                          struct refusal *why)
{
        struct stat st;
        int r;

        r = tree_stat(a->root, f->old_name, &st);
        if (r == -ENOENT && f->is_new == PATCH_MAYBE)
                return 1;
        if (r < 0)
                return io_refuse(f->old_name, "looked at", r, why);
        if (S_ISREG(st.st_mode) && (uint64_t) st.st_size > IMAGE_BYTES_MAX)
                return io_refuse(f->old_name, "read", -EFBIG, why);
        r = tree_read(a->root, f->old_name, IMAGE_BYTES_MAX, &s->data, &s->length);
        if (r < 0)
                return io_refuse(f->old_name, "read", r, why);
        s->bytes = s->data;
        s->mode = mode_of_stat(&st);
        s->permissions = st.st_mode & 0777;
        return 0;
}

/* Renames and copies do not depend on the order: they start from the tree. */
static int source_find(struct apply *a, const struct patch_file *f, struct source *s,
                       struct refusal *why)
{
        const struct slot *slot;

        if (!f->old_name)
                return 1;
        slot = f->is_rename || f->is_copy ? NULL : slot_find(a, f->old_name);
        if (slot && slot->state == SLOT_GONE)
                return refuse(why, REFUSAL_MISSING,
                              "%s: an earlier part of the patch has deleted or renamed it",
                              f->old_name);
        if (!slot || slot->state != SLOT_MADE)
                return source_of_tree(a, f, s, why);
        s->made = slot->made;
        s->bytes = slot->made->data;
        s->length = slot->made->length;
        s->mode = slot->made->mode;
        s->permissions = slot->made->permissions;
        return 0;
}

/* May `path` be created? What an earlier or later part takes away is not in the way. */
static int room_check(const struct apply *a, const char *path, struct refusal *why)
{
        const struct slot *slot = slot_find(a, path);
        struct stat st;
        int r;

        if (slot && (slot->state == SLOT_GONE || slot->state == SLOT_LEAVES))
                return 0;
        r = tree_stat(a->root, path, &st);
        /* What is wrong above it is told when the whole result is known. */
        if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP)
                return 0;
        if (r < 0)
                return io_refuse(path, "looked at", r, why);
        if (S_ISDIR(st.st_mode))
                return 0;
        return refuse(why, REFUSAL_EXISTS,
                      "%s: exists already, and the patch wants to create it; perhaps the patch was "
                      "applied before",
                      path);
}

/* The modes on both sides, from the patch or else from the file. */
static int modes_settle(const struct patch_file *f, const struct source *s,
                        struct apply_result *res, struct refusal *why)
{
        mode_t old = f->old_mode ? f->old_mode : s->mode, new = f->new_mode;

        if (s->mode && ((old ^ s->mode) & S_IFMT))
                return refuse(why, REFUSAL_TYPE, "%s: is %s in the workspace and not in the patch",
                              f->old_name, S_ISLNK(s->mode) ? "a symbolic link" : "a file");
        if (!new)
                new = s->mode ? s->mode : S_IFREG | 0644;
        if (s->mode && f->new_name && ((old ^ new) & S_IFMT))
                return refuse(why, REFUSAL_TYPE,
                              "%s: a change cannot turn a file into a link or back; delete it and "
                              "create it anew",
                              f->new_name);
        res->old_mode = s->mode;
        res->mode = S_ISLNK(new) ? S_IFLNK : S_IFREG | (new &S_IXUSR ? 0755 : 0644);
        return 0;
}

/* Permissions that the file has stay; only "executable" is the patch's to say. */
static mode_t permissions_settle(const struct source *s, mode_t mode)
{
        mode_t p = s->permissions;

        if (!S_ISREG(s->mode))
                return mode & 0777;
        if ((mode ^ s->mode) & S_IXUSR)
                p = mode & S_IXUSR ? p | (p & 0444) >> 2 : p & ~(mode_t) 0111;
        return p;
}

static int ids_check(const struct patch_file *f, const struct source *s, const char *name,
                     struct refusal *why)
{
        static const char hex[] = "0123456789abcdefABCDEF";
        char id[PATCH_ID_LENGTH + 1];

        if (strspn(f->old_id, hex) != PATCH_ID_LENGTH || strspn(f->new_id, hex) != PATCH_ID_LENGTH)
                return refuse(
                        why, REFUSAL_CORRUPT,
                        "%s: a binary change needs an \"index\" line with whole ids; make the "
                        "patch with git diff --binary",
                        name);
        if (!f->old_name) {
                if (s->length)
                        return refuse(why, REFUSAL_HUNK, "%s: should be empty and is not", name);
                return 0;
        }
        binary_id(id, s->bytes, s->length);
        if (strcasecmp(id, f->old_id) != 0)
                return refuse(why, REFUSAL_HUNK,
                              "%s: its content is not the one that the binary change was made for",
                              name);
        return 0;
}

static int binary_change(const struct patch_file *f, const struct source *s,
                         struct apply_result *res, struct refusal *why)
{
        const char *name = f->old_name ? f->old_name : f->new_name;
        char id[PATCH_ID_LENGTH + 1];

        if (ids_check(f, s, name, why) < 0)
                return -1;
        if (strspn(f->new_id, "0") == PATCH_ID_LENGTH) {
                res->data = calloc(1, 1);
                return res->data ? 0 : refuse_memory(why);
        }
        if (!f->forward.is_given)
                return refuse(
                        why, REFUSAL_CORRUPT,
                        "%s: the patch does not hold the data of this binary change%s; make it "
                        "with git diff --binary",
                        name, f->backward.is_given ? " in this direction" : "");
        if (binary_apply(&f->forward, name, s->bytes, s->length, &res->data, &res->length, why) < 0)
                return -1;
        binary_id(id, res->data, res->length);
        if (strcasecmp(id, f->new_id) != 0)
                return refuse(why, REFUSAL_HUNK,
                              "%s: the binary change does not lead to the content that the patch "
                              "announces",
                              name);
        return 0;
}

static void image_donep(struct image *image)
{
        image_done(image);
}

static int text_change(const struct apply *a, const struct patch_file *f, const struct source *s,
                       struct apply_result *res, struct refusal *why)
{
        const char *name = f->old_name ? f->old_name : f->new_name;
        _cleanup_(image_donep) struct image image = { 0 };

        res->offsets = calloc(f->n_hunks + 1, sizeof(*res->offsets));
        if (!res->offsets)
                return refuse_memory(why);
        if (image_init(&image, name, s->bytes ? s->bytes : "", s->length, a->patch->is_reversed,
                       why) < 0)
                return -1;
        for (size_t i = 0; i < f->n_hunks; i++) {
                if (image_apply(&image, &f->hunks[i], i + 1, &res->offsets[i], why) < 0)
                        return -1;
                res->off += res->offsets[i] != 0;
        }
        return image_result(&image, &res->data, &res->length, why);
}

static int slots_update(struct apply *a, const struct patch_file *f, const struct source *s,
                        struct apply_result *res, struct refusal *why)
{
        struct slot *old = NULL, *new = NULL;

        if (f->old_name && !(old = slot_get(a, f->old_name)))
                return refuse_memory(why);
        if (f->new_name && f->is_delete != PATCH_YES && !(new = slot_get(a, f->new_name)))
                return refuse_memory(why);
        if (new) {
                new->state = SLOT_MADE;
                new->made = new->final = res;
        }
        if (old && !res->is_new && !f->is_copy)
                old->is_removed = true;
        if (old && (!new || f->is_rename))
                old->state = SLOT_GONE;
        /* A deletion of what the patch itself has made takes that back. */
        if (old && !new && s->made)
                old->final = NULL;
        return 0;
}

static int result_check(struct apply *a, const struct patch_file *f, struct apply_result *res,
                        struct refusal *why)
{
        if (f->is_delete == PATCH_YES && res->length)
                return refuse(why, REFUSAL_HUNK,
                              "%s: would be deleted, but it holds more than the patch knows of; "
                              "make the patch again from this tree",
                              f->old_name);
        if (f->is_delete != PATCH_YES && S_ISLNK(res->mode))
                return path_check_link(f->new_name, res->data, res->length, why);
        a->bytes += res->length;
        if (a->bytes > APPLY_RESULT_BYTES_MAX)
                return refuse(why, REFUSAL_LIMIT,
                              "the changed files are more than %llu MiB together; split the patch",
                              APPLY_RESULT_BYTES_MAX >> 20);
        return 0;
}

static int file_check(struct apply *a, const struct patch_file *f, struct refusal *why)
{
        _cleanup_(source_done) struct source s = { 0 };
        struct apply_result *res = &a->results[a->n_results++];
        int r;

        r = source_find(a, f, &s, why);
        if (r < 0)
                return r;
        *res = (struct apply_result){
                .file = f,
                .path = f->is_delete == PATCH_YES ? f->old_name : f->new_name,
                .is_new = r > 0,
        };
        if (f->new_name && (res->is_new || f->is_rename || f->is_copy) &&
            room_check(a, f->new_name, why) < 0)
                return -1;
        if (modes_settle(f, &s, res, why) < 0)
                return -1;
        res->permissions = permissions_settle(&s, res->mode);
        r = f->is_binary ? binary_change(f, &s, res, why) : text_change(a, f, &s, res, why);
        if (r < 0 || result_check(a, f, res, why) < 0)
                return -1;
        return slots_update(a, f, &s, res, why);
}

/* Looks into a folder that must vanish for a file to take its place. */
struct emptying {
        const struct apply *a;
        const char *path;
        bool is_top;
        size_t n;
};

static int entry_vanishes(const char *name, void *user);

/* 0 = all in it will be removed, and it with them; 1 = something stays. */
static int folder_vanishes(const struct apply *a, const char *path, bool is_top)
{
        struct emptying e = { .a = a, .path = path, .is_top = is_top };
        int r;

        r = tree_list(a->root, path, entry_vanishes, &e);
        if (r != 0)
                return r;
        /* A folder that was empty before is not cleared away, unless it is in the way itself. */
        return !e.n && !is_top;
}

static int entry_vanishes(const char *name, void *user)
{
        struct emptying *e = user;
        _cleanup_(freep) char *path = NULL;
        const struct slot *slot;
        struct stat st;
        size_t size = strlen(e->path) + strlen(name) + 2;
        int r;

        e->n++;
        path = malloc(size);
        if (!path)
                return -ENOMEM;
        (void) snprintf(path, size, "%s/%s", e->path, name);
        r = tree_stat(e->a->root, path, &st);
        if (r < 0)
                return r;
        if (S_ISDIR(st.st_mode))
                return folder_vanishes(e->a, path, false);
        slot = slot_find(e->a, path);
        return !slot || !slot->is_removed || slot->final;
}

/* Whatever the tree has at the place of a result must be gone by then. */
static int place_check(const struct apply *a, const struct slot *slot, struct refusal *why)
{
        struct stat st;
        int r;

        r = tree_stat(a->root, slot->path, &st);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return io_refuse(slot->path, "looked at", r, why);
        if (S_ISDIR(st.st_mode)) {
                r = folder_vanishes(a, slot->path, true);
                if (r < 0)
                        return io_refuse(slot->path, "listed", r, why);
                if (r > 0)
                        return refuse(why, REFUSAL_TYPE,
                                      "%s: a folder with files in it is where the patch wants a "
                                      "file",
                                      slot->path);
        }
        return 0;
}

static int parent_refuse(const char *path, const char *parent, bool is_link, struct refusal *why)
{
        if (is_link)
                return refuse(why, REFUSAL_LINK,
                              "%s: is beyond the symbolic link %s; patches may not go through "
                              "links",
                              path, parent);
        return refuse(why, REFUSAL_TYPE, "%s: %s is a file, and a folder is needed", path, parent);
}

/* What a folder above a result is, in the tree or by the patch; what can be none is refused. */
static int parent_check(struct apply *a, const char *path, struct slot *parent, struct refusal *why)
{
        struct stat st;
        int r;

        if (parent->final)
                return parent_refuse(path, parent->path, S_ISLNK(parent->final->mode), why);
        if (parent->folder != FOLDER_UNKNOWN)
                return 0;
        parent->folder = FOLDER_FRESH;
        if (parent->is_removed)
                return 0;
        r = tree_stat(a->root, parent->path, &st);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return io_refuse(path, "looked at", r, why);
        if (!S_ISDIR(st.st_mode))
                return parent_refuse(path, parent->path, S_ISLNK(st.st_mode), why);
        parent->folder = FOLDER_THERE;
        return 0;
}

/* The result's folders from the top down, then its own place. Below a fresh folder is nothing. */
static int final_check(struct apply *a, const char *path, struct refusal *why)
{
        _cleanup_(freep) char *parent = strdup(path);
        bool is_fresh = false;
        struct slot *slot;

        if (!parent)
                return refuse_memory(why);
        for (char *slash = strchr(parent, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = 0;
                slot = slot_get(a, parent);
                *slash = '/';
                if (!slot)
                        return refuse_memory(why);
                if (is_fresh)
                        slot->folder = FOLDER_FRESH;
                if (parent_check(a, path, slot, why) < 0)
                        return -1;
                is_fresh = slot->folder == FOLDER_FRESH;
        }
        return is_fresh ? 0 : place_check(a, slot_find(a, path), why);
}

/* The tree as it will be: no file where a folder is needed, nothing behind a link. */
static int finals_check(struct apply *a, struct refusal *why)
{
        for (size_t i = 0; i < a->n_results; i++) {
                struct apply_result *res = &a->results[i];
                const struct slot *slot = slot_find(a, res->path);

                res->is_dropped = !slot || slot->final != res;
                if (!res->is_dropped && final_check(a, res->path, why) < 0)
                        return -1;
        }
        return 0;
}

int apply_check(struct apply *a, int root, const struct patch *patch, struct refusal *why)
{
        *a = (struct apply){ .root = root, .patch = patch };
        a->results = calloc(patch->n_files + 1, sizeof(*a->results));
        if (!a->results)
                return refuse_memory(why);
        for (size_t i = 0; i < patch->n_files; i++)
                if (file_announce(a, &patch->files[i], why) < 0)
                        return -1;
        for (size_t i = 0; i < patch->n_files; i++)
                if (file_check(a, &patch->files[i], why) < 0)
                        return -1;
        return finals_check(a, why);
}

static int old_remove(struct apply *a, const struct apply_result *res, struct refusal *why)
{
        const struct patch_file *f = res->file;
        int r;

        if (res->is_new || f->is_copy || !f->old_name)
                return 0;
        r = tree_remove(a->root, f->old_name);
        if (r < 0 && r != -ENOENT)
                return io_refuse(f->old_name,
                                 f->is_delete == PATCH_YES ? "removed"
                                 : f->is_rename            ? "moved"
                                                           : "modified",
                                 r, why);
        if (f->is_rename || f->is_delete == PATCH_YES)
                tree_prune(a->root, f->old_name);
        return 0;
}

static int new_make(struct apply *a, const struct apply_result *res, struct refusal *why)
{
        int r;

        if (res->is_dropped)
                return 0;
        r = tree_make(a->root, res->path, res->mode & S_IFMT, res->permissions, res->data,
                      res->length);
        return r < 0 ? io_refuse(res->path, "written", r, why) : 0;
}

int apply_write(struct apply *a, struct refusal *why)
{
        for (size_t i = 0; i < a->n_results; i++)
                if (old_remove(a, &a->results[i], why) < 0)
                        return -1;
        for (size_t i = 0; i < a->n_results; i++)
                if (new_make(a, &a->results[i], why) < 0)
                        return -1;
        return 0;
}

void apply_done(struct apply *a)
{
        for (size_t i = 0; i < a->n_results; i++) {
                free(a->results[i].offsets);
                free(a->results[i].data);
        }
        free(a->results);
        tdestroy(a->slots, slot_free);
        *a = (struct apply){ 0 };
}
