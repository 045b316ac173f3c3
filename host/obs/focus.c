/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/focus.h"

#include "obs/view.h"

#include <string.h>

static int compare_texts(const void *a, const void *b)
{
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* The paths of all findings in the program itself, sorted; returns how many. */
static size_t paths_collect(const struct tally *tally, const char **paths)
{
        size_t n = 0;

        for (size_t i = 0; i < tally->n; i++) {
                const char *path = finding_text(tally->findings[i], "path");

                if (*path && finding_severity(tally->findings[i]) > SEVERITY_INFO &&
                    !finding_has_context(tally->findings[i]))
                        paths[n++] = path;
        }
        if (n > 0)
                qsort(paths, n, sizeof(*paths), compare_texts);
        return n;
}

static int fullest_file(struct focus *f, const struct tally *tally)
{
        _cleanup_(freep) const char **paths = calloc(tally->n + 1, sizeof(*paths));
        size_t n, run = 0;

        if (!paths)
                return -ENOMEM;
        n = paths_collect(tally, paths);
        for (size_t i = 0; i < n; i++) {
                run = i > 0 && strcmp(paths[i - 1], paths[i]) == 0 ? run + 1 : 1;
                if (run > f->path_n) {
                        f->path_n = run;
                        f->path = paths[i];
                }
        }
        if (f->path_n < FOCUS_LEAST || f->path_n == tally->n)
                f->path = NULL;
        return 0;
}

/* Is there a finding on the same line already? */
static bool is_named(const struct focus *f, const json_t *finding)
{
        for (size_t i = 0; i < f->n; i++)
                if (strcmp(finding_text(f->findings[i], "path"), finding_text(finding, "path")) ==
                            0 &&
                    json_equal(json_object_get(f->findings[i], "line"),
                               json_object_get(finding, "line")))
                        return true;
        return false;
}

int focus_make(struct focus *ret, const struct tally *tally, const struct view_group *groups,
               size_t n_groups)
{
        struct focus f = { 0 };
        int r = fullest_file(&f, tally);

        for (size_t i = 0; i < n_groups && f.n < FOCUS_FINDINGS; i++)
                if (groups[i].severity >= SEVERITY_MEDIUM && !is_named(&f, groups[i].findings[0]))
                        f.findings[f.n++] = groups[i].findings[0];
        *ret = f;
        return r;
}
