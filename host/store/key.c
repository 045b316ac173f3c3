/* SPDX-License-Identifier: Apache-2.0 */
#include "store/key.h"

#include "base/io.h"

#include <limits.h>
#include <nettle/hmac.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define FILE_NAME "agents.key"

static int path_of(char ret[PATH_MAX], const char *dir, struct err *err)
{
        if ((size_t) snprintf(ret, PATH_MAX, "%s/" FILE_NAME, dir) >= PATH_MAX)
                return err_set(err, -ENAMETOOLONG, "the store's path is too long: %s", dir);
        return 0;
}

/* -ENOENT when there is none. */
static int read_key(unsigned char ret[STORE_KEY], const char *path, struct err *err)
{
        _cleanup_(buf_done) struct buf text = { .limit = STORE_KEY + 1 };
        int r = file_read(path, &text, err);

        if (r == -EFBIG || (r == 0 && text.length != STORE_KEY))
                return err_set(err, -EBADMSG,
                               "%s is damaged: it must hold %d bytes. Remove it, and a new one is "
                               "made; fingerprints of findings change then",
                               path, STORE_KEY);
        if (r < 0)
                return r;
        memcpy(ret, text.data, STORE_KEY);
        explicit_bzero(text.data, text.length);
        return 0;
}

int key_draw(unsigned char ret[STORE_KEY], struct err *err)
{
        if (getrandom(ret, STORE_KEY, 0) != STORE_KEY)
                return err_sys(err, -errno, "cannot draw a random key");
        return 0;
}

int key_load_file(unsigned char ret[STORE_KEY], const char *path, struct err *err)
{
        struct err why = { 0 };
        int r;

        r = read_key(ret, path, &why);
        if (r != -ENOENT)
                return r < 0 ? err_set(err, r, "%s", err_text(&why)) : 0;
        r = key_draw(ret, err);
        return r < 0 ? r : file_replace(path, ret, STORE_KEY, 0600, err);
}

int key_load(unsigned char ret[STORE_KEY], const char *dir, struct err *err)
{
        char path[PATH_MAX];
        int r;

        r = path_of(path, dir, err);
        return r < 0 ? r : key_load_file(ret, path, err);
}

int key_copy(const char *from, const char *to, struct err *err)
{
        unsigned char key[STORE_KEY];
        struct err why = { 0 };
        char path[PATH_MAX];
        int r;

        r = path_of(path, from, err);
        if (r == 0)
                r = read_key(key, path, &why);
        if (r < 0)
                return r == -ENOENT ? 0 : err_set(err, r, "%s", err_text(&why));
        r = path_of(path, to, err);
        if (r == 0)
                r = file_replace(path, key, STORE_KEY, 0600, err);
        explicit_bzero(key, sizeof(key));
        return r;
}

void key_derive(char ret[SHA256_HEX], const unsigned char key[STORE_KEY], const char *agent)
{
        unsigned char digest[SHA256_DIGEST_SIZE];
        struct hmac_sha256_ctx ctx;

        hmac_sha256_set_key(&ctx, STORE_KEY, key);
        hmac_sha256_update(&ctx, strlen(agent), (const uint8_t *) agent);
        hmac_sha256_digest(&ctx, sizeof(digest), digest);
        sha256_text(ret, digest);
        explicit_bzero(&ctx, sizeof(ctx));
}
