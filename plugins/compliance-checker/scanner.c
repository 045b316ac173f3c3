/* SPDX-License-Identifier: Apache-2.0 */
#include "scanner.h"

#include "handed.h"
#include "scan/packfile.h"

#include <stdio.h>

static void tell_note(struct linhay_run *run, const struct matcher *m, const char *name)
{
        if (m->note)
                linhay_log(run, LINHAY_WARNING,
                           "%s: the gate that came with it is not used, because %s; the built-in "
                           "one is slower and finds the same",
                           name, m->note);
}

int scanner_init(struct linhay_run *run, struct scanner *s, struct span pack, const char *name)
{
        char error[256] = "out of memory";

        matcher_done(&s->matcher);
        rule_pack_done(&s->pack);
        if (packfile_read(&s->pack, pack.text, pack.length, false, error, sizeof(error)) < 0)
                return linhay_fail(run, LINHAY_FAIL_INTERNAL, "rule-pack", "%s: %s", name, error);
        if (matcher_init(&s->matcher, &s->pack, gate_best()) < 0)
                return linhay_fail(run, LINHAY_FAIL_INTERNAL, "rule-pack",
                                   "%s: the gate cannot be made", name);
        tell_note(run, &s->matcher, name);
        if (linhay_granted(run, "jit") && matcher_compile_code(&s->matcher) < 0)
                return linhay_fail(run, LINHAY_FAIL_INTERNAL, "rule-pack", "%s: %s", name,
                                   *s->matcher.error ? s->matcher.error : "out of memory");
        return 0;
}

int scanner_read(struct rule_pack *pack, const char *data, size_t length, char *error,
                 size_t error_size)
{
        int r;

        if (packfile_is(data, length))
                return packfile_read(pack, data, length, true, error, error_size);
        r = rule_pack_load(pack, data, length, error, error_size);
        for (size_t i = 0; r >= 0 && i < pack->n_rules; i++)
                r = rule_compile(&pack->rules[i], error, error_size);
        return r;
}

static int extend(struct scanner_extra *e, struct scanner *base, size_t length, char *error,
                  size_t error_size)
{
        int r = scanner_read(&e->own, e->data, length, error, error_size);

        if (r >= 0 && !e->own.alone)
                r = rule_pack_join(&e->joined, &base->pack, &e->own);
        if (r < 0)
                return r;
        r = matcher_init(&e->matcher, e->own.alone ? &e->own : &e->joined, gate_best());
        if (r < 0 && r != -ENOMEM)
                (void) snprintf(error, error_size, "its keywords are too many or too long");
        return r;
}

int scanner_extend(struct linhay_run *run, struct scanner_extra *e, struct scanner *base)
{
        char error[512] = "out of memory";
        size_t length;
        int r = handed_read(run, "/rules", &e->data, &length);

        if (r <= 0)
                return r;
        if (extend(e, base, length, error, sizeof(error)) < 0)
                return linhay_fail(run, LINHAY_FAIL_INPUT, "bad-rules", "rules: %s", error);
        tell_note(run, &e->matcher, "rules");
        return 1;
}

void scanner_extra_done(struct scanner_extra *e)
{
        matcher_done(&e->matcher);
        rule_pack_done(&e->joined);
        rule_pack_done(&e->own);
        free(e->data);
        *e = (struct scanner_extra){ 0 };
}
