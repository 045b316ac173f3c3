/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as a text in which secrets may be hidden
 *
 * Promises: encoded runs and UUIDs lie in the text, behind each other; what a run hides is a text
 * and shorter than the run; UTF-16 needs no more room than was promised; a value is judged whatever
 * it is.
 */
#include "fuzz.h"

#include "scan/encoded.h"
#include "scan/text.h"
#include "scan/uuid.h"
#include "scan/value.h"
#include "scan/waiver.h"

static void try_runs(const char *text, size_t size)
{
        struct encoded run;
        char *room = malloc(size + 1);

        for (size_t at = 0; room && encoded_find(text, size, at, &run); at = run.end) {
                size_t n;

                promise(run.start >= at && run.end <= size, "a run lies in the text");
                promise(run.end - run.start >= ENCODED_LEAST, "it is long enough");
                n = encoded_decode(text, &run, room);
                promise(n < run.end - run.start, "it hides less than it takes");
                promise(room[n] == '\0' && !memchr(room, '\0', n), "what it hides is a text");
        }
        free(room);
}

static void try_uuids(const char *text, size_t size)
{
        for (size_t at = 0; (at = uuid_find(text, size, at)) != SIZE_MAX; at += UUID_LENGTH)
                promise(at + UUID_LENGTH <= size, "a UUID lies in the text");
}

static void try_utf16(const char *text, size_t size)
{
        char *room = malloc(size / 2 * 3 + 3);

        for (int big = 0; room && big < 2; big++)
                promise(text_from_utf16(room, text, size, big) <= size / 2 * 3 + 3,
                        "UTF-8 has the room it needs");
        free(room);
        (void) text_encoding_of(text, size);
}

static void try_value(const char *text, size_t size)
{
        struct span v = { text, size };
        struct waiver waiver;

        if (size == 0)
                return;
        (void) value_is_placeholder(v);
        (void) value_is_stand_in(v);
        (void) value_is_encoded_stand_in(v);
        (void) value_is_public_key(v);
        (void) value_is_counted(v);
        (void) value_is_gibberish(v);
        (void) value_is_plain_name(v);
        (void) value_is_reference(v);
        (void) value_is_words(v);
        (void) value_is_unpronounceable(v);
        (void) waiver_find(text, size, size / 2, "secrets/x", &waiver);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        /* A copy of exactly this size, so that a byte read too far is seen. */
        char *text = malloc(size ? size : 1);

        if (!text)
                return 0;
        if (size)
                memcpy(text, data, size);
        try_runs(text, size);
        try_uuids(text, size);
        try_utf16(text, size);
        try_value(text, size);
        free(text);
        return 0;
}
