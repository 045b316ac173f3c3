/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What every changeset promises, wherever it came from
 */

#include "fuzz.h"

#include "base/changeset.h"

static inline void fuzz_changeset_try(const struct changeset *c)
{
        struct err err = { 0 };

        for (size_t i = 0; i < c->n_files; i++) {
                const struct change *f = &c->files[i];

                promise(changeset_path_check(f->path, &err) == 0, "a path stays in the tree");
                promise(i == 0 || strcmp(c->files[i - 1].path, f->path) < 0, "rows are sorted");
                promise(changeset_find(c, f->path, strlen(f->path)) == f, "a row is found");
                promise((f->op == CHANGE_ADD) == (f->mode_before == 0),
                        "only what is added is new");
                promise((f->op == CHANGE_DELETE) == (f->mode_after == 0),
                        "only what is deleted is gone");
        }
}
