/* SPDX-License-Identifier: Apache-2.0 */
#include "run/artifact.h"

#include "base/blob.h"

#include <nettle/base64.h>
#include <string.h>

static int decode(struct buf *out, const char *text, size_t length)
{
        struct base64_decode_ctx ctx;
        size_t n = BASE64_DECODE_LENGTH(length);
        int r = buf_reserve(out, n + 1);

        if (r < 0)
                return r;
        base64_decode_init(&ctx);
        if (!base64_decode_update(&ctx, &n, (uint8_t *) out->data, length, text) ||
            !base64_decode_final(&ctx))
                return -EBADMSG;
        out->length = n;
        out->data[n] = '\0';
        return 0;
}

static int keep(json_t *artifact, int blob_dirfd, struct err *err)
{
        const char *name = json_string_value(json_object_get(artifact, "name"));
        const json_t *data = json_object_get(artifact, "data");
        _cleanup_(buf_done) struct buf bytes = { 0 };
        char sha256[SHA256_HEX];
        int r;

        if (!data)
                return 0;
        r = decode(&bytes, json_string_value(data), json_string_length(data));
        if (r < 0)
                return err_set(err, r, "artifact %s: its bytes cannot be read", name);
        r = blob_put(blob_dirfd, sha256, buf_text(&bytes), bytes.length, false, err);
        if (r < 0)
                return err_wrap(err, r, "artifact %s", name);
        if (json_object_set_new(artifact, "sha256", json_string(sha256)) < 0 ||
            json_object_set_new(artifact, "size", json_integer((json_int_t) bytes.length)) < 0)
                return err_set(err, -ENOMEM, "no memory for artifact %s", name);
        (void) json_object_del(artifact, "data");
        return 0;
}

int artifacts_keep(json_t *artifacts, int blob_dirfd, struct err *err)
{
        json_t *artifact;
        size_t i;

        json_array_foreach (artifacts, i, artifact) {
                int r = keep(artifact, blob_dirfd, err);

                if (r < 0)
                        return r;
        }
        return 0;
}
