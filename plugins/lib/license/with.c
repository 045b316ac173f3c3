/* SPDX-License-Identifier: Apache-2.0 */
#include "license/with.h"

#include <ctype.h>
#include <stdio.h>

#define WORDS_MAX 4 /* of a name */

/* Names in words, without "exception", and the licence that each is for. */
static const struct {
        const char *name, *license, *exception;
} names[] = {
        { "llvm", "Apache-2.0", "LLVM-exception" },
        { "runtime library", "Apache-2.0", "Swift-exception" },
        { "runtime library", "GPL-3.0", "GCC-exception-3.1" },
        { "gcc runtime library", "GPL-3.0", "GCC-exception-3.1" },
        { "gnu classpath", "GPL-", "Classpath-exception-2.0" },
        { "classpath", "GPL-", "Classpath-exception-2.0" },
        { "bison", "GPL-", "Bison-exception-2.2" },
        { "font", "GPL-", "Font-exception-2.0" },
        { "libtool", "GPL-", "Libtool-exception" },
        { "autoconf", "GPL-2.0", "Autoconf-exception-2.0" },
        { "autoconf", "GPL-3.0", "Autoconf-exception-3.0" },
        { "ocaml linking", "LGPL-", "OCaml-LGPL-linking-exception" },
        { "linux syscall note", "GPL-2.0", "Linux-syscall-note" },
};

/* How many words a name has where it stands at words[i]; 0 = it does not. */
static uint32_t match_name(const struct license_walk *w, uint32_t i, const char *name)
{
        uint32_t n = 0;

        while (*name) {
                size_t length = strcspn(name, " ");

                if (i + n >= w->to || n >= WORDS_MAX ||
                    w->words[i + n].hash != license_word_hash(w->m->words, name, length))
                        return 0;
                n++;
                name += length;
                name += *name == ' ';
        }
        return n;
}

/* "Bison-exception-2.2", as SPDX spells it; NULL = none. */
static const struct license_id *exact_id(const struct license_walk *w, uint32_t i)
{
        struct span s = license_walk_text(w, i);
        const char *end = w->text.text + w->text.length;

        if (!s.length)
                return NULL;
        while (s.text + s.length < end && s.length < LICENSE_ID_SIZE &&
               (isalnum((unsigned char) s.text[s.length]) || strchr("-.", s.text[s.length])))
                s.length++;
        while (s.length && s.text[s.length - 1] == '.')
                s.length--;
        return license_index_id(w->m->index, s, true);
}

static void append(char id[LICENSE_ID_SIZE], const char *exception)
{
        size_t n = strlen(id);

        if (n + strlen(exception) + 7 < LICENSE_ID_SIZE)
                (void) snprintf(id + n, LICENSE_ID_SIZE - n, " WITH %s", exception);
}

uint32_t license_with_read(const struct license_walk *w, uint32_t i, char id[LICENSE_ID_SIZE])
{
        const struct license_id *exact;
        uint32_t at = i;

        if (!IS_ANY(w, at, W_with) || strchr(id, ' '))
                return i;
        at++;
        exact = exact_id(w, at);
        if (exact) {
                append(id, license_index_string(w->m->index, exact->id));
                return at + 1;
        }
        while (IS_ANY(w, at, W_the, W_a))
                at++;
        for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
                uint32_t n = match_name(w, at, names[k].name);

                if (!n || !strstr(id, names[k].license) ||
                    !IS_ANY(w, at + n, W_exception, W_exceptions))
                        continue;
                append(id, names[k].exception);
                return at + n + 1;
        }
        return i;
}
