/* SPDX-License-Identifier: Apache-2.0 */
#include "scan/vector.h"

#include "scan/assign.h"

#include <ctype.h>

#define AROUND       400
#define RESULT_LEAST 8 /* bytes of what a cipher or a hash gives, as it is written */

/* Names of what goes in and of what comes out. Lower case. */
static const struct span inputs[] = { SPAN("plain"), SPAN("plaintext"), SPAN("plain_text"),
                                      SPAN("pt"),    SPAN("msg"),       SPAN("message"),
                                      SPAN("input"), SPAN("text"),      SPAN("data"),
                                      SPAN("in") };
static const struct span results[] = { SPAN("ct"),          SPAN("cipher"),    SPAN("ciphertext"),
                                       SPAN("cipher_text"), SPAN("expected"),  SPAN("digest"),
                                       SPAN("mac"),         SPAN("tag"),       SPAN("output"),
                                       SPAN("result"),      SPAN("hash"),      SPAN("okm"),
                                       SPAN("derived"),     SPAN("signature"), SPAN("out") };

static bool is_one_of(struct span name, const struct span *list, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (list[i].length == name.length &&
                    !strncasecmp(list[i].text, name.text, name.length))
                        return true;
        return false;
}

/* Written as hexadecimal digits or base64? */
static bool is_encoded(struct span v)
{
        for (size_t i = 0; i < v.length; i++)
                if (!isalnum((unsigned char) v.text[i]) && !strchr("+/=_-", v.text[i]))
                        return false;
        return v.length >= RESULT_LEAST;
}

bool vector_holds(const char *text, size_t length, size_t start, size_t end)
{
        size_t low = start > AROUND ? start - AROUND : 0, high = MIN_OF(length, end + AROUND);
        bool has_input = false, has_result = false;

        for (size_t i = low; i < high && !(has_input && has_result);) {
                size_t from = i;
                struct assign a;
                struct span name;

                while (i < high && (isalnum((unsigned char) text[i]) || text[i] == '_'))
                        i++;
                name = (struct span){ text + from, i - from };
                i += i == from;
                if (!is_one_of(name, inputs, ARRAY_SIZE(inputs)) &&
                    !is_one_of(name, results, ARRAY_SIZE(results)))
                        continue;
                if (!assign_read(text, length, from, from + name.length, &a) || !a.quoted ||
                    a.name.length != name.length)
                        continue;
                has_input = has_input || is_one_of(name, inputs, ARRAY_SIZE(inputs));
                has_result = has_result ||
                             (is_one_of(name, results, ARRAY_SIZE(results)) && is_encoded(a.value));
        }
        return has_input && has_result;
}
