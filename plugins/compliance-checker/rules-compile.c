/* SPDX-License-Identifier: Apache-2.0 */

/*
 * rules-compile PACK OUT
 *
 * Checks a pack of secret rules and writes what an agent embeds. Every rule must compile, find each
 * of its examples and none of its counter-examples; otherwise the build fails here.
 */

#include "scan/compile.h"

#include <stdio.h>

static void tell(void *owner, bool is_fault, const char *rule, const char *text)
{
        (void) fprintf(stderr, "%s: %s%s: %s\n", (const char *) owner,
                       is_fault ? "" : "note: ", rule, text);
}

static char *read_file(const char *path, size_t *ret_length)
{
        FILE *f = fopen(path, "r");
        char *text = NULL;
        size_t size = 0;
        ssize_t n = f ? getdelim(&text, &size, '\0', f) : -1;

        if (f)
                (void) fclose(f);
        if (n < 0) {
                free(text);
                return NULL;
        }
        *ret_length = (size_t) n;
        return text;
}

static int write_file(const char *path, const char *data, size_t length)
{
        FILE *f = fopen(path, "w");
        bool done = f && fwrite(data, 1, length, f) == length;

        return f && fclose(f) == 0 && done ? 0 : -EIO;
}

int main(int argc, char **argv)
{
        struct compile c = { .is_strict = true, .tell = tell };
        struct rule_pack pack;
        char error[512], *text, *data = NULL;
        size_t length;
        int r;

        if (argc != 3) {
                (void) fprintf(stderr, "usage: rules-compile PACK OUT\n");
                return 2;
        }
        c.owner = argv[1];
        text = read_file(argv[1], &length);
        if (!text) {
                (void) fprintf(stderr, "%s: cannot be read\n", argv[1]);
                return 1;
        }
        r = rule_pack_load(&pack, text, length, error, sizeof(error));
        free(text);
        if (r < 0) {
                (void) fprintf(stderr, "%s: %s\n", argv[1], error);
                return 1;
        }
        r = compile_try(&c, &pack);
        if (r >= 0)
                r = compile_write(&c, &pack, gate_best(), &data, &length);
        if (r >= 0)
                r = write_file(argv[2], data, length);
        if (r < 0 && !c.faults)
                (void) fprintf(stderr, "%s: cannot be written: %s\n", argv[2], strerror(-r));
        rule_pack_done(&pack);
        free(data);
        return r < 0;
}
