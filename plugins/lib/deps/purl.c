/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Letters, digits and .-_~ stay, also : as the specification has it; the rest is percent-encoded.
 */
static void encode(FILE *to, const char *text, size_t length, bool is_lower)
{
        for (size_t i = 0; i < length; i++) {
                unsigned char c = (unsigned char) text[i];

                if (isalnum(c) || strchr(".-_~:", c))
                        (void) fputc(is_lower ? tolower(c) : c, to);
                else
                        (void) fprintf(to, "%%%02X", c);
        }
}

/* Parts of a name between slashes, which stay. */
static void encode_path(FILE *to, const char *name, bool is_lower)
{
        for (;;) {
                size_t n = strcspn(name, "/");

                encode(to, name, n, is_lower);
                name += n;
                if (!*name)
                        return;
                (void) fputc(*name++, to);
        }
}

/* PEP 503 without the dots: runs of - and _ are one -, and letters are small. */
static void encode_pypi(FILE *to, const char *name)
{
        for (; *name; name++) {
                if (*name == '_' || *name == '-') {
                        if (name[1] != '_' && name[1] != '-')
                                (void) fputc('-', to);
                } else {
                        encode(to, name, 1, true);
                }
        }
}

static void encode_maven(FILE *to, const char *name)
{
        size_t group = strcspn(name, ":");

        encode(to, name, group, false);
        if (name[group]) {
                (void) fputc('/', to);
                encode(to, name + group + 1, strlen(name + group + 1), false);
        }
}

int dep_purl(char **ret, const struct dep *dep)
{
        size_t size;
        FILE *to = open_memstream(ret, &size);

        if (!to)
                return -ENOMEM;
        (void) fprintf(to, "pkg:%s/", dep_type_names[dep->type]);
        if (dep->type == DEP_DEB)
                (void) fputs("debian/", to);
        if (dep->type == DEP_PYPI)
                encode_pypi(to, dep->name);
        else if (dep->type == DEP_MAVEN)
                encode_maven(to, dep->name);
        else
                encode_path(to, dep->name, dep->type == DEP_COMPOSER || dep->type == DEP_DEB);
        if (dep->is_exact) {
                (void) fputc('@', to);
                encode(to, dep->version, strlen(dep->version), false);
        }
        return fclose(to) == 0 ? 0 : -ENOMEM;
}
