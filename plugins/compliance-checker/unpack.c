/* SPDX-License-Identifier: Apache-2.0 */
#include "unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>

#define NAME_BYTES 1024 /* of a member's name that are shown */

/* One archive that is open. */
struct opened {
        struct feed *feed; /* whose buffer the packed bytes go through */
        const struct feed_source *source;
        size_t have;    /* bytes in the buffer that libarchive was not given yet */
        bool is_broken; /* the source cannot be read */
        struct archive *archive;
        uint64_t packed, unpacked;
        const char *why; /* it was cut; NULL = not yet */
};

bool unpack_is_archive(const char *data, size_t length)
{
        static const struct {
                size_t at;
                struct span magic;
        } kinds[] = {
                { 0, SPAN("PK\3\4") },
                { 0, SPAN("PK\5\6") },
                { 0, SPAN("\x1f\x8b\x08") },
                { 0, SPAN("BZh") },
                { 0, SPAN("\xfd"
                          "7zXZ\0") },
                { 257, SPAN("ustar") },
        };

        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                struct span magic = kinds[i].magic;

                if (kinds[i].at + magic.length <= length &&
                    !memcmp(data + kinds[i].at, magic.text, magic.length))
                        /* "BZh" may as well be a word: its first block says more. */
                        return magic.text[0] != 'B' ||
                               (length >= 10 && !memcmp(data + 4, "1AY&SY", 6));
        }
        return false;
}

/* libarchive's view of the source: what is in the buffer, then what is read into it. */
static la_ssize_t give(struct archive *a, void *owner, const void **ret)
{
        struct opened *o = owner;
        ssize_t n = (ssize_t) o->have;

        o->have = 0;
        if (n == 0)
                n = o->source->read(o->source->owner, o->feed->data, FEED_PART);
        if (n < 0) {
                o->is_broken = true;
                archive_set_error(a, EIO, "cannot be read");
                return -1;
        }
        o->packed += (uint64_t) n;
        *ret = o->feed->data;
        return n;
}

/* One member as a source; stops at the limits. */
static ssize_t read_member(void *owner, char *data, size_t size)
{
        struct opened *o = owner;
        struct check *c = o->feed->check;
        la_ssize_t n = archive_read_data(o->archive, data, size);

        if (n < 0)
                return -1;
        o->unpacked += (uint64_t) n;
        c->unpacked += (uint64_t) n;
        if (o->unpacked > UNPACK_BYTES || c->unpacked > UNPACK_TOTAL)
                o->why = "archive-too-large";
        else if (o->unpacked > UNPACK_FREE && o->unpacked / UNPACK_RATIO > o->packed)
                o->why = "archive-bomb";
        return o->why ? 0 : (ssize_t) n;
}

static int open_source(struct opened *o)
{
        struct archive *a = o->archive = archive_read_new();

        if (!a)
                return -ENOMEM;
        (void) archive_read_support_filter_gzip(a);
        (void) archive_read_support_filter_bzip2(a);
        (void) archive_read_support_filter_xz(a);
        (void) archive_read_support_format_tar(a);
        (void) archive_read_support_format_zip_streamable(a);
        (void) archive_read_support_format_raw(a);
        if (archive_read_open(a, o, NULL, give, NULL) == ARCHIVE_OK)
                return 0;
        o->why = o->is_broken ? "unreadable" : "archive-broken";
        return 0;
}

/* What one packed file alone is called: its own name without the last suffix. */
static void name_alone(char ret[NAME_BYTES], const char *path)
{
        const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
        const char *dot = strrchr(base, '.');
        int n = dot && dot > base ? (int) (dot - base) : (int) strlen(base);

        (void) snprintf(ret, NAME_BYTES, "%.*s", MIN_OF(n, NAME_BYTES - 1), base);
}

/* "a.zip!/inner/file"; NULL when out of memory. */
static char *member_path(struct opened *o, const char *path, struct archive_entry *entry)
{
        const char *name = archive_entry_pathname(entry);
        char room[NAME_BYTES], *ret;

        if (archive_format(o->archive) == ARCHIVE_FORMAT_RAW)
                name_alone(room, path);
        else
                (void) snprintf(room, sizeof(room), "%s", name ? name : "?");
        for (char *p = room; *p; p++)
                if ((unsigned char) *p < 0x20 || *p == 0x7f)
                        *p = '?';
        return asprintf(&ret, "%s!/%s", path, room) < 0 ? NULL : ret;
}

static int look_at_member(struct opened *o, struct feed *inner, const char *path,
                          struct archive_entry *entry)
{
        struct feed_source source = { .read = read_member, .owner = o };
        struct check *c = o->feed->check;
        char *name;
        int r;

        if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
                return 0;
        name = member_path(o, path, entry);
        if (!name)
                return -ENOMEM;
        if (archive_entry_is_encrypted(entry) > 0)
                r = check_not_scanned(c, name, "encrypted");
        else
                r = feed_look(inner, name, &source);
        free(name);
        return r < 0 ? r : 0;
}

static int look_at_members(struct opened *o, struct feed *inner, const char *path)
{
        struct archive_entry *entry;
        unsigned n = 0;
        int r = 0;

        while (r >= 0 && !o->why) {
                int got = archive_read_next_header(o->archive, &entry);

                if (got == ARCHIVE_EOF)
                        break;
                if (got < ARCHIVE_WARN)
                        o->why = o->is_broken ? "unreadable" : "archive-broken";
                else if (++n > UNPACK_ENTRIES)
                        o->why = "archive-too-many-files";
                else
                        r = look_at_member(o, inner, path, entry);
        }
        return r;
}

int unpack_check(struct feed *f, const char *path, const struct feed_source *source, size_t have)
{
        struct feed inner = { .check = f->check, .depth = f->depth + 1, .secrets_only = true };
        struct opened o = { .feed = f, .source = source, .have = have };
        int r;

        if (f->depth >= FEED_DEPTH)
                return check_not_scanned(f->check, path, "archive-too-deep");
        r = open_source(&o);
        if (r >= 0 && !o.why)
                r = look_at_members(&o, &inner, path);
        if (r >= 0 && o.why)
                r = check_not_scanned(f->check, path, o.why);
        (void) archive_read_free(o.archive);
        feed_done(&inner);
        return r;
}
