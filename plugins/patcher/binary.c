/* SPDX-License-Identifier: Apache-2.0 */
#include "binary.h"

#include <nettle/sha1.h>
#include <stdio.h>
#include <zlib.h>

#define LINE_BYTES_MAX 52 /* what one base-85 line holds at most */

static int corrupt(const struct text *t, const char *what, struct refusal *why)
{
        return refuse(why, REFUSAL_CORRUPT, "patch line %zu: broken binary data: %s", t->line,
                      what);
}

/* The value of a base-85 digit, or -1. */
static int digit_value(char c)
{
        static const char digits[] =
                "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                "!#$%&()*+-;<=>?@^_`{|}~";
        const char *found = c ? strchr(digits, c) : NULL;

        return found ? (int) (found - digits) : -1;
}

/* Five digits are four bytes. */
static bool group_decode(unsigned char bytes[4], const char *text)
{
        uint64_t value = 0;
        int digit;

        for (int i = 0; i < 5; i++) {
                digit = digit_value(text[i]);
                if (digit < 0)
                        return false;
                value = value * 85 + (uint64_t) digit;
        }
        if (value > UINT32_MAX)
                return false;
        for (int i = 0; i < 4; i++)
                bytes[i] = (unsigned char) (value >> (24 - 8 * i));
        return true;
}

/* How many bytes a line says that it holds; 0 = broken. */
static size_t line_bytes(const char *line, size_t length)
{
        size_t groups, n;

        if (length < 7 || (length - 2) % 5 || line[length - 1] != '\n')
                return 0;
        groups = (length - 2) / 5;
        n = *line >= 'A' && *line <= 'Z'   ? (size_t) (*line - 'A') + 1
            : *line >= 'a' && *line <= 'z' ? (size_t) (*line - 'a') + 27
                                           : 0;
        return n <= groups * 4 && n + 4 > groups * 4 ? n : 0;
}

/* One line into `out`, which has room for it; the count of bytes, or 0. */
static size_t line_decode(unsigned char *out, const char *line, size_t length)
{
        size_t n = line_bytes(line, length);
        unsigned char bytes[4];

        for (size_t i = 0; i < n; i += 4) {
                if (!group_decode(bytes, line + 1 + i / 4 * 5))
                        return 0;
                memcpy(out + i, bytes, MIN_OF(n - i, sizeof(bytes)));
        }
        return n;
}

/* Feeds the lines of a blob to `z`, up to and with the blank line that ends it. */
static int lines_inflate(struct text *t, z_stream *z, struct refusal *why)
{
        unsigned char bytes[LINE_BYTES_MAX + 4];
        int state = Z_OK;
        size_t length;

        for (;;) {
                length = text_line(t);
                if (length == 1 && *t->at == '\n')
                        break;
                z->next_in = bytes;
                z->avail_in = (unsigned) (length <= 2 + LINE_BYTES_MAX / 4 * 5
                                                  ? line_decode(bytes, t->at, length)
                                                  : 0);
                if (!z->avail_in)
                        return corrupt(t, "not a line of base-85 data", why);
                if (state == Z_OK || state == Z_BUF_ERROR)
                        state = inflate(z, Z_NO_FLUSH);
                if (state != Z_OK && state != Z_BUF_ERROR && state != Z_STREAM_END)
                        return corrupt(t, "it cannot be inflated", why);
                text_next(t, length);
        }
        if (state != Z_STREAM_END)
                return corrupt(t, "it is cut off, or larger than it says", why);
        text_next(t, length);
        return 0;
}

static int blob_inflate(struct text *t, struct patch_blob *blob, struct refusal *why)
{
        z_stream z = { 0 };
        int r;

        blob->data = malloc(blob->length + 1);
        if (!blob->data || inflateInit(&z) != Z_OK)
                return refuse_memory(why);
        z.next_out = (unsigned char *) blob->data;
        z.avail_out = (unsigned) blob->length;
        r = lines_inflate(t, &z, why);
        if (r == 0 && z.total_out != blob->length)
                r = corrupt(t, "it is smaller than it says", why);
        (void) inflateEnd(&z);
        blob->data[blob->length] = 0;
        return r;
}

/* The size behind "literal " or "delta ". */
static int size_read(const struct text *t, size_t skip, size_t *ret, struct refusal *why)
{
        size_t length = text_line(t), size = 0, i = skip;

        for (; i < length && text_is_digit(t->at[i]) && size <= PATCH_BINARY_MAX; i++)
                size = size * 10 + (size_t) (t->at[i] - '0');
        if (size > PATCH_BINARY_MAX)
                return refuse(why, REFUSAL_LIMIT,
                              "patch line %zu: more than %u MiB of binary data; split the patch",
                              t->line, PATCH_BINARY_MAX >> 20);
        if (i == skip || i == length || t->at[i] != '\n')
                return corrupt(t, "a size is missing", why);
        *ret = size;
        return 0;
}

/* 1 = read, 0 = no blob begins here. */
static int blob_read(struct text *t, struct patch_blob *blob, size_t *total, struct refusal *why)
{
        bool is_delta = text_starts(t, "delta ");

        if (!is_delta && !text_starts(t, "literal "))
                return 0;
        if (size_read(t, is_delta ? 6 : 8, &blob->length, why) < 0)
                return -1;
        *total += blob->length;
        if (*total > PATCH_BINARY_MAX)
                return refuse(why, REFUSAL_LIMIT,
                              "the patch holds more than %u MiB of binary data; split it",
                              PATCH_BINARY_MAX >> 20);
        text_next(t, text_line(t));
        blob->is_given = true;
        blob->is_delta = is_delta;
        return blob_inflate(t, blob, why) < 0 ? -1 : 1;
}

int binary_read(struct text *t, struct patch_file *f, size_t *total, struct refusal *why)
{
        int r;

        r = blob_read(t, &f->forward, total, why);
        if (r == 0)
                return corrupt(t, "neither \"literal\" nor \"delta\"", why);
        if (r < 0 || blob_read(t, &f->backward, total, why) < 0)
                return -1;
        return 0;
}

/* A delta: sizes, then commands that copy from the old content or bring new bytes. */
struct delta {
        const unsigned char *at, *end;
        const char *old;
        size_t old_length;
        char *out;
        size_t size, room;
};

/* A number of seven bits a byte, the lowest first. */
static bool delta_number(struct delta *d, size_t *ret)
{
        size_t value = 0;

        for (unsigned shift = 0; d->at < d->end && shift < 63; shift += 7) {
                unsigned char c = *d->at++;

                value |= (size_t) (c & 0x7f) << shift;
                if (!(c & 0x80)) {
                        *ret = value;
                        return true;
                }
        }
        return false;
}

/* The bytes of a number whose presence the bits of `mask` tell. */
static bool delta_bytes(struct delta *d, unsigned mask, size_t *ret)
{
        size_t value = 0;

        for (unsigned shift = 0; mask; mask >>= 1, shift += 8) {
                if (!(mask & 1))
                        continue;
                if (d->at == d->end)
                        return false;
                value |= (size_t) *d->at++ << shift;
        }
        *ret = value;
        return true;
}

/* One command; false where it leads outside of its bounds. */
static bool delta_step(struct delta *d)
{
        unsigned char command = *d->at++;
        const char *from;
        size_t offset, n;

        if (command & 0x80) {
                if (!delta_bytes(d, command & 0x0f, &offset) ||
                    !delta_bytes(d, (command >> 4) & 0x07, &n))
                        return false;
                n = n ? n : 0x10000;
                if (offset > d->old_length || n > d->old_length - offset)
                        return false;
                from = d->old + offset;
        } else {
                n = command;
                if (!n || n > (size_t) (d->end - d->at))
                        return false;
                from = (const char *) d->at;
                d->at += n;
        }
        if (n > d->room - d->size)
                return false;
        memcpy(d->out + d->size, from, n);
        d->size += n;
        return true;
}

static int delta_refuse(const char *name, struct refusal *why)
{
        return refuse(why, REFUSAL_HUNK,
                      "%s: the binary delta does not fit the file; make the patch again from this "
                      "tree",
                      name);
}

static int delta_apply(struct delta *d, const char *name, char **ret, size_t *ret_length,
                       struct refusal *why)
{
        _cleanup_(freep) char *out = NULL;
        size_t expected;

        if (!delta_number(d, &expected) || expected != d->old_length || !delta_number(d, &d->room))
                return delta_refuse(name, why);
        if (d->room > PATCH_BINARY_MAX)
                return refuse(why, REFUSAL_LIMIT, "%s: would become larger than %u MiB", name,
                              PATCH_BINARY_MAX >> 20);
        d->out = out = malloc(d->room + 1);
        if (!out)
                return refuse_memory(why);
        while (d->at < d->end)
                if (!delta_step(d))
                        return delta_refuse(name, why);
        if (d->size != d->room)
                return delta_refuse(name, why);
        out[d->size] = 0;
        *ret = TAKE(out);
        *ret_length = d->size;
        return 0;
}

int binary_apply(const struct patch_blob *blob, const char *name, const char *old,
                 size_t old_length, char **ret, size_t *ret_length, struct refusal *why)
{
        struct delta d = {
                .at = (const unsigned char *) blob->data,
                .end = (const unsigned char *) blob->data + blob->length,
                .old = old,
                .old_length = old_length,
        };
        char *copy;

        if (blob->is_delta)
                return delta_apply(&d, name, ret, ret_length, why);
        copy = malloc(blob->length + 1);
        if (!copy)
                return refuse_memory(why);
        memcpy(copy, blob->data, blob->length + 1);
        *ret = copy;
        *ret_length = blob->length;
        return 0;
}

void binary_id(char ret[PATCH_ID_LENGTH + 1], const char *data, size_t length)
{
        unsigned char digest[SHA1_DIGEST_SIZE];
        struct sha1_ctx ctx;
        char head[32];
        int n;

        n = snprintf(head, sizeof(head), "blob %zu", length);
        sha1_init(&ctx);
        sha1_update(&ctx, (size_t) n + 1, (const uint8_t *) head);
        sha1_update(&ctx, length, (const uint8_t *) data);
        sha1_digest(&ctx, sizeof(digest), digest);
        for (size_t i = 0; i < sizeof(digest); i++)
                (void) snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}
