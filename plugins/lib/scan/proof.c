/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/proof.h"

#include <ctype.h>
#include <jansson.h>

#define DECODED_MAX 4096
#define DIGITS_MAX  (DECODED_MAX / 3 * 4 + 4)

const char *const proof_names[PROOFS_] = {
        [PROOF_NONE] = "none", [PROOF_CRC] = "crc", [PROOF_AWS] = "aws",
        [PROOF_JWT] = "jwt",   [PROOF_PEM] = "pem", [PROOF_LUHN] = "luhn",
};

const char *const proof_means[PROOFS_] = {
        [PROOF_NONE] = "nothing in it can be checked",
        [PROOF_CRC] = "its last six bytes are a checksum of those before",
        [PROOF_AWS] = "an account number is written in it",
        [PROOF_JWT] = "header and payload must be JSON",
        [PROOF_PEM] = "what is inside must have a key's structure",
        [PROOF_LUHN] = "its last digit is a checksum",
};

static enum proof_result result_of(bool holds)
{
        return holds ? PROOF_HOLDS : PROOF_FAILS;
}

/* The polynomial of IEEE 802.3, reflected; bit by bit, for 30 bytes. */
static uint32_t crc32_of(const char *text, size_t n)
{
        uint32_t crc = UINT32_MAX;

        for (size_t i = 0; i < n; i++) {
                crc ^= (unsigned char) text[i];
                for (unsigned bit = 0; bit < 8; bit++)
                        crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
        }
        return ~crc;
}

static enum proof_result prove_crc(struct span s)
{
        enum { BODY = 30, SUM = 6 };
        static const char digits[] =
                "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        const char *body;
        uint32_t crc;

        if (s.length < BODY + SUM)
                return PROOF_UNKNOWN;
        body = s.text + s.length - BODY - SUM;
        crc = crc32_of(body, BODY);
        for (size_t i = SUM; i-- > 0; crc /= 62)
                if (body[BODY + i] != digits[crc % 62])
                        return PROOF_FAILS;
        return PROOF_HOLDS;
}

/* Five bits of each byte behind the prefix; 40 of the first 48 are the account, less its top bit.
 */
static enum proof_result prove_aws(struct span s)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        enum { PREFIX = 4, LENGTH = 20 };
        const uint64_t account_end = 1000000000000;
        uint64_t bits = 0;

        if (s.length != LENGTH)
                return PROOF_UNKNOWN;
        for (size_t i = PREFIX; i < LENGTH; i++) {
                const char *at = strchr(digits, s.text[i]);

                if (!at)
                        return PROOF_FAILS;
                if (i < PREFIX + 10)
                        bits = bits << 5 | (uint64_t) (at - digits);
        }
        /* 50 bits were read: drop the last two, the first, and the 7 below the account. */
        return result_of((bits >> 2 & 0x7FFFFFFFFF80) >> 7 < account_end);
}

static int base64_digit(char c)
{
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const char *at = c ? strchr(digits, c == '-' ? '+' : c == '_' ? '/' : c) : NULL;

        return at ? (int) (at - digits) : -1;
}

/* Decodes what it can of base64 or base64url, blanks between left out; returns the bytes. */
static size_t decode(struct span s, unsigned char room[DECODED_MAX])
{
        uint32_t bits = 0;
        unsigned have = 0;
        size_t n = 0;

        for (size_t i = 0; i < s.length && n < DECODED_MAX; i++) {
                int digit = base64_digit(s.text[i]);

                if (digit < 0)
                        continue;
                bits = bits << 6 | (uint32_t) digit;
                have += 6;
                if (have >= 8) {
                        have -= 8;
                        room[n++] = (unsigned char) (bits >> have);
                }
        }
        return n;
}

static bool is_object(struct span part, const char *member)
{
        unsigned char room[DECODED_MAX];
        size_t n = decode(part, room);
        json_t *json = json_loadb((const char *) room, n, 0, NULL);
        bool is = json_is_object(json) && (!member || json_object_get(json, member));

        json_decref(json);
        return is;
}

static enum proof_result prove_jwt(struct span s)
{
        const char *first = memchr(s.text, '.', s.length), *second;
        struct span header, payload;

        if (!first)
                return PROOF_FAILS;
        header = (struct span){ s.text, (size_t) (first - s.text) };
        payload.text = first + 1;
        payload.length = s.length - header.length - 1;
        second = memchr(payload.text, '.', payload.length);
        if (!second)
                return PROOF_FAILS;
        payload.length = (size_t) (second - payload.text);
        if (header.length > DECODED_MAX || payload.length > DECODED_MAX)
                return PROOF_UNKNOWN;
        return result_of(is_object(header, "alg") && is_object(payload, NULL));
}

/* DER: a sequence whose length fits what stands there. */
static bool is_sequence(const unsigned char *der, size_t n)
{
        size_t length, head;

        if (n < 4 || der[0] != 0x30)
                return false;
        if (der[1] < 0x80) {
                length = der[1];
                head = 2;
        } else if (der[1] == 0x81) {
                length = der[2];
                head = 3;
        } else if (der[1] == 0x82) {
                length = (size_t) der[2] << 8 | der[3];
                head = 4;
        } else
                return false;
        return length > 0 && (n == DECODED_MAX || head + length <= n);
}

static int hex_digit(char c)
{
        static const char digits[] = "0123456789abcdef";
        const char *at = c ? strchr(digits, tolower((unsigned char) c)) : NULL;

        return at ? (int) (at - digits) : -1;
}

/* Backslashes, however many, and what they escape: an end of a line, or a sign that stands for
 * itself. */
static size_t backslashes_at(struct span s, char *ret)
{
        size_t n = 0;

        while (n < s.length && s.text[n] == '\\')
                n++;
        if (n == s.length)
                return n;
        *ret = strchr("nrtu", s.text[n]) ? ' ' : s.text[n];
        return MIN_OF(s.length, n + (s.text[n] == 'u' ? 5 : 1));
}

/* What an escape at its front says, and its length: "\\n", "&#10;", "<br>", "%2B"; 0 = none. */
static size_t escape_at(struct span s, char *ret)
{
        enum { LONGEST = 8 };
        size_t n = 1;

        *ret = ' ';
        if (*s.text == '\\')
                return backslashes_at(s, ret);
        if (*s.text == '%' && s.length >= 3 && hex_digit(s.text[1]) >= 0 &&
            hex_digit(s.text[2]) >= 0) {
                *ret = (char) (hex_digit(s.text[1]) << 4 | hex_digit(s.text[2]));
                return 3;
        }
        if (*s.text != '&' && *s.text != '<')
                return 0;
        while (n < s.length && n < LONGEST && s.text[n] != (*s.text == '<' ? '>' : ';'))
                n++;
        return MIN_OF(n + 1, s.length);
}

/* A `+` that joins strings of a program, between a quote and what comes next, is no digit. */
static bool is_joint(struct span body, size_t at)
{
        static const char around[] = " \t\r\n\"'`";

        return body.text[at] == '+' && at > 0 && at + 1 < body.length && body.text[at - 1] &&
               strchr(around, body.text[at - 1]) && body.text[at + 1] &&
               strchr(around, body.text[at + 1]);
}

/* The body of a PEM as its digits only, however its lines are ended; returns their number. */
static size_t digits_of(struct span body, char room[DIGITS_MAX])
{
        size_t n = 0;

        for (size_t at = 0; at < body.length && n < DIGITS_MAX;) {
                char c;
                size_t length = escape_at((struct span){ body.text + at, body.length - at }, &c);

                if (length == 0)
                        c = body.text[at];
                if (base64_digit(c) >= 0 && (length > 0 || !is_joint(body, at)))
                        room[n++] = c;
                at += MAX_OF(length, (size_t) 1);
        }
        return n;
}

/* Between the lines of BEGIN and END; headers of old encrypted keys and PGP are not judged. */
static enum proof_result prove_pem(struct span s)
{
        static const char magic[] = "openssh-key-v1";
        unsigned char room[DECODED_MAX];
        char digits[DIGITS_MAX];
        const char *begin = memmem(s.text, s.length, "-----BEGIN", 10);
        const char *from, *to;
        struct span body;
        size_t n;

        if (!begin || memmem(s.text, s.length, "PGP", 3) ||
            memmem(s.text, s.length, "Proc-Type", 9))
                return PROOF_UNKNOWN;
        begin += 10;
        from = memmem(begin, s.length - (size_t) (begin - s.text), "-----", 5);
        if (!from)
                return PROOF_FAILS;
        from += 5;
        to = memmem(from, s.length - (size_t) (from - s.text), "-----END", 8);
        if (!to)
                return PROOF_FAILS;
        body = (struct span){ from, (size_t) (to - from) };
        n = decode((struct span){ digits, digits_of(body, digits) }, room);
        return result_of(is_sequence(room, n) ||
                         (n > sizeof(magic) && !memcmp(room, magic, sizeof(magic) - 1)));
}

static enum proof_result prove_luhn(struct span s)
{
        unsigned sum = 0, n = 0;

        for (size_t i = s.length; i-- > 0;) {
                unsigned digit = (unsigned) (s.text[i] - '0');

                if (!isdigit((unsigned char) s.text[i]))
                        continue;
                digit <<= n++ & 1;
                sum += digit > 9 ? digit - 9 : digit;
        }
        return result_of(n > 1 && sum % 10 == 0);
}

enum proof_result proof_of(enum proof proof, struct span secret)
{
        static enum proof_result (*const prove[PROOFS_])(struct span) = {
                [PROOF_CRC] = prove_crc, [PROOF_AWS] = prove_aws,   [PROOF_JWT] = prove_jwt,
                [PROOF_PEM] = prove_pem, [PROOF_LUHN] = prove_luhn,
        };

        return prove[proof] ? prove[proof](secret) : PROOF_UNKNOWN;
}
