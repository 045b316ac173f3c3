/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as a file that may speak of licences
 *
 * Promises: what is found lies in the file, in order; what is not a tag's own text is an expression
 * of SPDX; confidence is a share; a file that is read whole and one that is looked through give no
 * fault, and the same file gives the same answer twice.
 */
#include "fuzz.h"

#include "license/file.h"
#include "license/spdx.h"

static void statements_try(const struct license_finder *f, size_t length)
{
        for (size_t i = 0; i < f->n_statements; i++) {
                const struct license_statement *s = &f->statements[i];
                struct spdx parsed;

                promise(s->start < s->end && s->end <= length, "a place lies in the file");
                promise(i == 0 || s[-1].start <= s->start, "in order");
                promise(s->confidence > 0 && s->confidence <= 1, "confidence is a share");
                promise(s->source == LICENSE_FROM_TAG ||
                                spdx_parse(&parsed, s->expression, strlen(s->expression)) == 0,
                        "what is found is an expression");
        }
}

static void look(struct license_finder *f, struct span text, enum license_file_kind kind)
{
        char first[LICENSE_EXPRESSION_SIZE] = "";
        size_t n;

        promise(license_finder_look(f, text, kind) == 0, "a file is looked at");
        statements_try(f, text.length);
        n = f->n_statements;
        if (n)
                (void) snprintf(first, sizeof(first), "%s", f->statements[0].expression);
        promise(license_finder_look(f, text, kind) == 0, "and again");
        promise(f->n_statements == n && (!n || !strcmp(f->statements[0].expression, first)),
                "with the same answer");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char name[LICENSE_ID_SIZE] = "", *copy = malloc(size ? size : 1);
        struct license_finder f;
        struct span text;

        if (!copy)
                return 0;
        /* A copy of its own, so that a byte too many is seen. */
        if (size)
                memcpy(copy, data, size);
        text = (struct span){ copy, size };
        promise(license_finder_init(&f, license_index_built_in()) == 0, "the finder is made");
        look(&f, text, LICENSE_FILE_OTHER);
        look(&f, text, LICENSE_FILE_LICENSE);
        if (license_finder_name(&f, text, name) > 0)
                promise(*name, "a name that is known has an identifier");
        license_finder_done(&f);
        free(copy);
        return 0;
}
