/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/bom.h"

#include "base/sha256.h"

#include <string.h>
#include <time.h>

#define LAST_SECOND 253402300799 /* of the year 9999 */

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

void bom_time(char ret[BOM_TIME], const json_t *document)
{
        uint64_t ended = view_number(document, "ended"), started = view_number(document, "started");
        time_t seconds = (time_t) MIN_OF((ended ? ended : started) / 1000, (uint64_t) LAST_SECOND);
        struct tm t;

        if (!gmtime_r(&seconds, &t) || strftime(ret, BOM_TIME, "%Y-%m-%dT%H:%M:%SZ", &t) == 0)
                (void) snprintf(ret, BOM_TIME, "1970-01-01T00:00:00Z");
}

int bom_urn(char ret[BOM_URN], const json_t *document, const char *format)
{
        _cleanup_(buf_done) struct buf name = { 0 };
        char hex[SHA256_HEX];
        int r = buf_printf(&name, "linhay %s %s", format, view_text(document, "run"));

        if (r < 0)
                return r;
        sha256_hex(hex, name.data, name.length);
        /* The digits of the version, and of the variant with two bits of the digest. */
        hex[12] = '8';
        hex[16] = "89ab"[hex[16] & 3];
        (void) snprintf(ret, BOM_URN, "urn:uuid:%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
                        hex + 16, hex + 20);
        return 0;
}

const char *bom_subject(const json_t *document)
{
        const char *workspace = view_text(document, "workspace"), *slash = strrchr(workspace, '/');
        const char *base = slash ? slash + 1 : workspace;

        return *base ? base : *view_text(document, "flow") ? view_text(document, "flow") : "tree";
}

static bool is_word(const char *word, size_t length, const char *wanted)
{
        return strlen(wanted) == length && memcmp(word, wanted, length) == 0;
}

static bool is_operator(const char *word, size_t length)
{
        return is_word(word, length, "AND") || is_word(word, length, "OR") ||
               is_word(word, length, "WITH");
}

/* A name, perhaps with "or later" behind it. */
static bool is_identifier(const char *word, size_t length)
{
        return *word != '+' && *word != '-' && *word != '.' && !is_operator(word, length) &&
               !is_word(word, length, "NONE") && !is_word(word, length, "NOASSERTION") &&
               (!memchr(word, '+', length) || memchr(word, '+', length) == word + length - 1);
}

bool bom_is_expression(const char *license)
{
        bool has_operand = false; /* to the left */
        size_t depth = 0;

        for (const char *p = license + strspn(license, " "); *p; p += strspn(p, " ")) {
                size_t length = strspn(p, LETTERS "0123456789.-+");

                if (*p == '(' && !has_operand) {
                        depth++;
                        length = 1;
                } else if (*p == ')' && has_operand && depth > 0) {
                        depth--;
                        length = 1;
                } else if (length == 0) {
                        return false;
                } else if (has_operand ? is_operator(p, length) : is_identifier(p, length)) {
                        has_operand = !has_operand;
                } else {
                        return false;
                }
                p += length;
        }
        return has_operand && depth == 0;
}
