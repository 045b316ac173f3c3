/* SPDX-License-Identifier: Apache-2.0 */
#include "feed.h"

#include "actions.h"
#include "compose.h"
#include "dockerfile.h"
#include "env-file.h"
#include "env.h"
#include "headers.h"
#include "kube.h"
#include "licenses.h"
#include "name.h"
#include "packages.h"
#include "scan/text.h"
#include "secrets.h"
#include "unit.h"
#include "unpack.h"
#include "variable.h"

/* One control's look at a text; `whole`: it is meant for whole files only. */
static const struct {
        enum control control;
        bool whole;
        int (*check)(struct check *c);
} looks[] = {
        { CONTROL_SECRETS, false, secrets_check },  { CONTROL_SECRETS, false, kube_check_secrets },
        { CONTROL_ENV, false, env_check },          { CONTROL_ENV, true, dockerfile_check_env },
        { CONTROL_ENV, true, variable_check },      { CONTROL_ENV, true, env_file_note },
        { CONTROL_HEADERS, true, headers_check },   { CONTROL_CONFIG, true, dockerfile_check },
        { CONTROL_CONFIG, true, compose_check },    { CONTROL_CONFIG, true, kube_check },
        { CONTROL_CONFIG, true, actions_check },    { CONTROL_CONFIG, true, headers_check_config },
        { CONTROL_CONFIG, true, unit_check },       { CONTROL_LICENSES, true, licenses_check },
        { CONTROL_LICENSES, true, packages_check },
};

/* Fills the buffer from `have` on: bytes in it now, or -1 when the source cannot be read. */
static ssize_t fill(struct feed *f, const struct feed_source *source, size_t have)
{
        while (have < FEED_PART) {
                ssize_t n = source->read(source->owner, f->data + have, FEED_PART - have);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -1;
                if (n == 0)
                        break;
                have += (size_t) n;
        }
        f->data[have] = '\0';
        return (ssize_t) have;
}

/* Is anything asked for that looks at whole files only? */
static bool wants_whole(const struct feed *f)
{
        for (size_t i = 0; i < ARRAY_SIZE(looks); i++)
                if (looks[i].whole && f->check->wanted[looks[i].control] && !f->secrets_only)
                        return true;
        return false;
}

static int look_at_part(struct feed *f, const char *text, size_t length, size_t own_start,
                        size_t own_end, bool whole)
{
        struct check *c = f->check;
        int r = 0;

        check_part(c, text, length, own_start, own_end);
        for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(looks); i++)
                if (c->wanted[looks[i].control] && (whole || !looks[i].whole) &&
                    (!f->secrets_only || looks[i].control == CONTROL_SECRETS))
                        r = looks[i].check(c);
        return r < 0 ? r : check_flush(c);
}

/* UTF-16 is turned into UTF-8 as far as the first part goes. */
static int look_at_utf16(struct feed *f, size_t length, bool big_endian)
{
        struct check *c = f->check;
        size_t n;
        int r;

        if (!f->utf8 && !(f->utf8 = malloc(FEED_PART / 2 * 3 + 4)))
                return -ENOMEM;
        n = text_from_utf16(f->utf8, f->data, length, big_endian);
        f->utf8[n] = '\0';
        c->bytes += length;
        r = look_at_part(f, f->utf8, n, 0, n, true);
        return r >= 0 && length == FEED_PART ? check_not_scanned(c, c->path, "too-large") : r;
}

/* The parts of a text, each beginning with some bytes of the one before it. */
static int look_at_bytes(struct feed *f, const struct feed_source *source, size_t length)
{
        struct check *c = f->check;
        size_t own_start = 0;
        uint64_t seen = length;
        bool first = true;
        int r;

        for (;;) {
                bool last = length < FEED_PART;
                size_t own_end = last ? length : length - FEED_OVERLAP, keep;
                ssize_t have;

                r = look_at_part(f, f->data, length, own_start, own_end, first && last);
                if (r >= 0 && first && !last && wants_whole(f))
                        r = check_not_scanned(c, c->path, "too-large-to-parse");
                first = false;
                if (r >= 0 && linhay_cancelled(c->run))
                        r = -ECANCELED;
                if (r < 0 || last)
                        break;
                if (seen >= FEED_LIMIT) {
                        r = check_not_scanned(c, c->path, "too-large");
                        break;
                }
                keep = length - (own_end - FEED_CONTEXT);
                memmove(f->data, f->data + own_end - FEED_CONTEXT, keep);
                own_start = FEED_CONTEXT;
                have = fill(f, source, keep);
                if (have < 0) {
                        r = check_not_scanned(c, c->path, "unreadable");
                        break;
                }
                seen += (size_t) have - keep;
                length = (size_t) have;
        }
        c->bytes += seen;
        return r;
}

static int look_at_text(struct feed *f, const struct feed_source *source, size_t have)
{
        switch (text_encoding_of(f->data, have)) {
        case TEXT_UTF16_LE:
                return look_at_utf16(f, have, false);
        case TEXT_UTF16_BE:
                return look_at_utf16(f, have, true);
        case TEXT_BINARY:
                return 1;
        case TEXT_BYTES:
                break;
        }
        return look_at_bytes(f, source, have);
}

int feed_look(struct feed *f, const char *path, const struct feed_source *source)
{
        struct check *c = f->check;
        ssize_t have;
        int r;

        if (!f->data && !(f->data = malloc(FEED_PART + 1)))
                return -ENOMEM;
        have = fill(f, source, 0);
        if (have < 0)
                return check_not_scanned(c, path, "unreadable");
        if (c->wanted[CONTROL_SECRETS] && unpack_is_archive(f->data, (size_t) have))
                return unpack_check(f, path, source, (size_t) have);
        r = name_begin(c, path);
        if (r >= 0)
                r = look_at_text(f, source, (size_t) have);
        c->files += r == 0;
        return r;
}

void feed_done(struct feed *f)
{
        free(f->data);
        free(f->utf8);
        *f = (struct feed){ 0 };
}
