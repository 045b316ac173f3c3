/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/tree.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cell/root.h"
#include "cell/zygote.h"

/* A clone keeps the file system below it in use, so it is not kept for long. */
#define SPARE_MS 1000

static int key_find(struct tree_key *ret, int folder, const char *path)
{
        struct statx st;

        if (statx(folder, path, *path ? 0 : AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &st) <
            0)
                return -errno;
        if (!(st.stx_mask & STATX_MNT_ID))
                return -ENOTSUP;
        *ret = (struct tree_key){
                .device = makedev(st.stx_dev_major, st.stx_dev_minor),
                .inode = st.stx_ino,
                .mount = st.stx_mnt_id,
                .uid = st.stx_uid,
                .gid = st.stx_gid,
        };
        return 0;
}

static bool keys_are_equal(const struct tree_key *a, const struct tree_key *b)
{
        return a->device == b->device && a->inode == b->inode && a->mount == b->mount &&
               a->uid == b->uid && a->gid == b->gid;
}

/* Since it was last asked. */
static bool mounts_have_changed(const struct tree_spare *spare)
{
        struct pollfd p = { .fd = spare->mounts, .events = POLLPRI };

        return poll(&p, 1, 0) != 0;
}

static void spare_drop(struct zygote *z)
{
        loop_remove(z->loop, &z->spare.timer);
        leftovers_add(&z->leftovers, TAKE_FD(z->spare.tree));
}

/* Nobody came for it. */
static int spare_expired(struct loop_source *source, uint32_t events)
{
        (void) events;
        spare_drop(source->owner);
        return 0;
}

static int spare_take(struct zygote *z, const struct spawn_request *request)
{
        const struct tree_key *key = &z->spare.key;
        struct tree_key now;

        if (z->spare.tree < 0)
                return -ENOENT;
        if (key->device != request->device || key->inode != request->inode ||
            mounts_have_changed(&z->spare) || key_find(&now, AT_FDCWD, request->path) < 0 ||
            !keys_are_equal(key, &now)) {
                spare_drop(z);
                return -ESTALE;
        }
        loop_remove(z->loop, &z->spare.timer);
        return TAKE_FD(z->spare.tree);
}

static int clone_mapped(struct zygote *z, int folder)
{
        struct err ignored = { 0 };
        struct stat st;
        int map;

        if (!(z->hello.features & SPAWN_HAS_IDMAP) || fstat(folder, &st) < 0 ||
            idmap_get(&z->idmaps, st.st_uid, st.st_gid, &map, &ignored) < 0)
                return -ENOTSUP;
        return root_tree_clone(folder, map, &ignored);
}

static int clone_new(struct zygote *z, int folder, struct err *err)
{
        int tree = clone_mapped(z, folder);

        /* Not every file system can be mapped: then its files are what they are. */
        return tree >= 0 ? tree : root_tree_clone(folder, -1, err);
}

int tree_clone(struct zygote *z, const struct spawn_request *request, struct err *err)
{
        _cleanup_(closep) int folder = -1;
        int tree = spare_take(z, request);

        if (tree >= 0)
                return tree;
        folder = root_tree_find(request->path, request->device, request->inode, err);
        return folder < 0 ? folder : clone_new(z, folder, err);
}

void tree_clone_ahead(struct zygote *z, const struct spawn_request *request)
{
        struct tree_spare *spare = &z->spare;
        _cleanup_(closep) int folder = -1;
        struct err ignored = { 0 };

        if (spare->mounts < 0)
                spare->mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        if (spare->mounts < 0 || spare->tree >= 0)
                return;
        /* What changes from here on is seen when it is taken. */
        (void) mounts_have_changed(spare);
        folder = root_tree_find(request->path, request->device, request->inode, &ignored);
        if (folder < 0 || key_find(&spare->key, folder, "") < 0)
                return;
        spare->tree = clone_new(z, folder, &ignored);
        if (spare->tree >= 0 &&
            loop_add_timer(z->loop, &spare->timer, SPARE_MS, spare_expired, z) < 0)
                spare_drop(z);
}
