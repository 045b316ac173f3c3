/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Import of a configuration of gitleaks
 *
 * Turns a gitleaks.toml into a JSON pack: rules with their expressions, entropies, groups, keywords
 * and paths; allow-lists of rules and of all rules with their targets, conditions and stop words;
 * rules that are switched off, and what is extended. `extend.useDefault` means our own built-in
 * pack. What has no counterpart is told, with its line, and left out.
 */

#include "scan/def.h"

#include <jansson.h>

struct gitleaks {
        /* Told of everything that is not carried over as it is; `line` 0 and NULL = of no one
         * place. */
        void (*tell)(void *owner, unsigned line, const char *rule, const char *text);
        /* Is it the id of a built-in rule? NULL = do not ask. */
        bool (*is_builtin)(void *owner, const char *id);
        void *owner;

        size_t rules, left_out; /* how many */
        bool in_base;           /* the error is in the file that is extended */
};

/*
 * `base` is the file that `extend.path` names, or empty. 0 and the pack, -ENOMEM, or -EBADMSG and
 * what is wrong, the line before it.
 */
int gitleaks_import(struct gitleaks *g, struct span text, struct span base, json_t **ret_pack,
                    char *error, size_t error_size);
