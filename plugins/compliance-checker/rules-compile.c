/* SPDX-License-Identifier: Apache-2.0 */

/*
 * rules-compile PACK OUT
 *
 * Checks a pack of secret rules and writes what an agent embeds. Every rule must compile, find each
 * of its examples and none of its counter-examples; otherwise the build fails here. The samples are
 * left out of what is written: they are half of a pack, and a cell would read them for nothing.
 */

#include "scan/sample.h"

#include <stdio.h>

static int check_rules(struct rule_pack *pack, const char *path)
{
        char error[512] = "out of memory";
        int faults = 0;

        for (size_t i = 0; i < pack->n_rules; i++) {
                struct rule *rule = &pack->rules[i];
                const char *why = NULL;

                if (!rule->fix || !rule->cwe[0] || !rule->tags[0])
                        why = "needs a fix, a cwe and a tag";
                else if (sample_try(rule, &gate_ac, error, sizeof(error)) < 0)
                        why = error;
                for (size_t k = 0; !why && k < i; k++)
                        if (!strcmp(pack->rules[k].id, rule->id))
                                why = "its id is taken";
                if (!why)
                        continue;
                (void) fprintf(stderr, "%s: %s: %s\n", path, rule->id, why);
                faults++;
        }
        return faults ? -EBADMSG : 0;
}

static int write_pack(struct rule_pack *pack, const char *path)
{
        for (size_t i = 0; i < pack->n_rules; i++) {
                (void) json_object_del(pack->rules[i].json, "examples");
                (void) json_object_del(pack->rules[i].json, "counters");
                (void) json_object_del(pack->rules[i].json, "example_path");
        }
        return json_dump_file(pack->root, path, JSON_COMPACT);
}

int main(int argc, char **argv)
{
        struct rule_pack pack;
        char error[512];
        json_t *json;
        char *text;
        int r;

        if (argc != 3) {
                (void) fprintf(stderr, "usage: rules-compile PACK OUT\n");
                return 2;
        }
        json = json_load_file(argv[1], JSON_REJECT_DUPLICATES, NULL);
        text = json ? json_dumps(json, JSON_COMPACT) : NULL;
        json_decref(json);
        if (!text) {
                (void) fprintf(stderr, "%s: cannot be read as JSON\n", argv[1]);
                return 1;
        }
        r = rule_pack_load(&pack, text, strlen(text), error, sizeof(error));
        free(text);
        if (r < 0) {
                (void) fprintf(stderr, "%s: %s\n", argv[1], error);
                return 1;
        }
        r = check_rules(&pack, argv[1]);
        if (r >= 0 && write_pack(&pack, argv[2]) < 0) {
                (void) fprintf(stderr, "%s: cannot be written\n", argv[2]);
                r = -EIO;
        }
        rule_pack_done(&pack);
        return r < 0;
}
