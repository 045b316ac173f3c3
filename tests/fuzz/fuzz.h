/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Fuzz targets
 *
 * A target is one file with one LLVMFuzzerTestOneInput(): strangers' bytes in, and promises that
 * hold whatever the bytes are. `scripts/fuzz` links it with libFuzzer and looks for new inputs;
 * everywhere else it is linked with replay.c, which runs the committed corpus through the same
 * function as a TAP test. A target keeps nothing from one input to the next.
 */

/* No header of the host's: plugins have their own def.h, with the same names in it. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must be true whatever the input: else the promise is printed and the program aborts. */
#define promise(claim, text) ((claim) ? (void) 0 : fuzz_broken(__FILE__, __LINE__, (text)))

_Noreturn static inline void fuzz_broken(const char *file, int line, const char *text)
{
        (void) fprintf(stderr, "%s:%d: a broken promise: %s\n", file, line, text);
        abort();
}

/* An input that is read from its front; at its end there are only zeros. */
struct fuzz_input {
        const uint8_t *at;
        size_t left;
};

static inline uint8_t fuzz_byte(struct fuzz_input *in)
{
        if (in->left == 0)
                return 0;
        in->left--;
        return *in->at++;
}

/* At most `most` bytes, borrowed; *ret_length says how many there were. */
static inline const uint8_t *fuzz_bytes(struct fuzz_input *in, size_t most, size_t *ret_length)
{
        const uint8_t *bytes = in->at;

        *ret_length = most < in->left ? most : in->left;
        in->at += *ret_length;
        in->left -= *ret_length;
        return bytes;
}

/* Is this text what cleaned text is: no control characters but (in many lines) newline and tab? */
static inline bool fuzz_is_clean(const char *text, bool is_lines)
{
        for (; *text; text++)
                if (((unsigned char) *text < 0x20 && !(is_lines && strchr("\n\t", *text))) ||
                    *text == 0x7f)
                        return false;
        return true;
}

/* Words for a person: there are some, and they may be printed. */
static inline bool fuzz_has_words(const char *text)
{
        return *text && fuzz_is_clean(text, true);
}
