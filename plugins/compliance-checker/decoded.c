/* SPDX-License-Identifier: Apache-2.0 */
#include "decoded.h"

#include "scan/encoded.h"
#include "secrets.h"

#define RUNS_MAX 1000 /* of a part of a file, that are decoded */

static const char *const tags[ENCODINGS_] = {
        [ENCODING_BASE64] = "decoded:base64",
        [ENCODING_HEX] = "decoded:hex",
};

/* Matches that lie on a run are forgotten, if they are guesses; any other one is an answer. */
static bool is_answered(struct matcher *m, const struct encoded *run, bool forget)
{
        size_t n = 0;
        bool is = false;

        for (size_t i = 0; i < m->n_found; i++) {
                const struct match *x = &m->found[i];
                bool touches = x->start < run->end && run->start < x->end;

                if (touches && x->rule->rank != RULE_GENERIC)
                        is = true;
                if (forget && touches && x->rule->rank == RULE_GENERIC)
                        continue;
                m->found[n++] = *x;
        }
        m->n_found = n;
        return is;
}

static int look_at_run(struct check *c, struct matcher *inner, const struct encoded *run,
                       char *room)
{
        size_t n = encoded_decode(c->text, run, room);
        bool first = true;
        int r = n ? matcher_scan(inner, c->path, room, n) : 0;

        for (size_t i = 0; n && r >= 0 && i < inner->n_found; i++) {
                const struct match *x = &inner->found[i];

                if (x->rule->rank == RULE_GENERIC)
                        continue;
                if (first && is_answered(c->matcher, run, true))
                        break;
                first = false;
                r = secrets_report_decoded(c, x, room, run->start, run->end, tags[run->encoding]);
        }
        return r;
}

int decoded_check(struct check *c)
{
        /* The same tables, and results of its own. */
        struct matcher inner = *c->matcher;
        struct encoded run;
        size_t size = 0;
        char *room = NULL;
        unsigned n = 0;
        int r = 0;

        inner.found = inner.shapes = NULL;
        inner.n_found = inner.found_size = inner.n_shapes = inner.shapes_size = 0;
        for (size_t at = 0; r >= 0 && encoded_find(c->text, c->length, at, &run); at = run.end) {
                if (++n > RUNS_MAX) {
                        r = check_not_scanned(c, c->path, "encoded-limit");
                        break;
                }
                r = array_grow(&room, &size, run.end - run.start + 1, 1);
                if (r >= 0)
                        r = look_at_run(c, &inner, &run, room);
        }
        free(room);
        free(inner.found);
        free(inner.shapes);
        return r;
}
