/* SPDX-License-Identifier: Apache-2.0 */
#include "fakecell.h"

#include "plug/elf.h"
#include "plug/manifest.h"

#include <string.h>

struct sandbox {
        struct loop *loop;
};

const char *tier_name(_unused_ enum tier t)
{
        return "fake";
}

int sandbox_new(struct sandbox **ret, struct loop *loop,
                _unused_ const struct sandbox_options *options, struct err *err)
{
        _cleanup_(freep) struct sandbox *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return err_set(err, -ENOMEM, "no memory for a sandbox");
        s->loop = loop;
        r = fakecell_kind.open ? fakecell_kind.open(loop) : 0;
        if (r < 0)
                return err_set(err, r, "cannot open the fake sandbox");
        *ret = TAKE(s);
        return 0;
}

struct sandbox *sandbox_free(struct sandbox *s)
{
        if (s && fakecell_kind.close)
                fakecell_kind.close();
        free(s);
        return NULL;
}

enum tier sandbox_tier(_unused_ const struct sandbox *s)
{
        return TIER_FULL;
}

json_t *sandbox_describe(_unused_ const struct sandbox *s)
{
        return json_array();
}

/* In this very process: the agents of these programs are their own. */
int sandbox_inspect(_unused_ struct sandbox *s, int fd, char **ret, size_t *ret_length,
                    struct err *err)
{
        struct elf_source source;
        int r = elf_source_fd(&source, fd, err);

        if (r < 0)
                return r;
        return elf_section_read(&source, MANIFEST_SECTION, MANIFEST_BYTES_MAX, ret, ret_length,
                                err);
}

static void cell_drop(struct cell *c)
{
        loop_remove(c->loop, &c->timer);
        if (fakecell_kind.drop)
                fakecell_kind.drop(c);
        free(c);
}

int cell_start(struct cell **ret, struct sandbox *s, const struct cell_spec *spec, struct err *err)
{
        struct cell *c = calloc(1, fakecell_kind.size);
        int r;

        if (!c)
                return err_set(err, -ENOMEM, "no memory for a cell");
        *c = (struct cell){ .loop = s->loop, .spec = *spec, .why = -1 };
        r = fakecell_kind.start ? fakecell_kind.start(c, err) : 0;
        if (r >= 0 && !spec->is_held)
                r = cell_go(c, err);
        if (r < 0) {
                cell_drop(c);
                return r;
        }
        *ret = c;
        return 0;
}

/* It may be about to end already. */
int cell_go(struct cell *c, struct err *err)
{
        if (c->why >= 0 || c->timer.is_active)
                return 0;
        c->has_gone = true;
        return fakecell_kind.go(c, err);
}

void cell_cancel(struct cell *c, enum verdict why, uint64_t grace_ms)
{
        if (c->why < 0)
                c->why = (int) why;
        fakecell_kind.cancel(c, grace_ms);
}

/* How it ended, in words, where the kind has none. */
static void result_explain(struct cell_result *r)
{
        if (r->verdict == VERDICT_OK)
                return;
        if (!r->code)
                r->code = strdup(verdict_name(r->verdict));
        if (!r->message)
                r->message = strdup("it ended so");
}

static void result_done(struct cell_result *r)
{
        free(r->code);
        free(r->message);
        json_decref(r->output);
        json_decref(r->findings);
        json_decref(r->artifacts);
        json_decref(r->spent);
        json_decref(r->unreadable);
        free(r->stderr_tail);
        closep(&r->upper_fd);
}

void fakecell_end(struct cell *c)
{
        struct cell_result r = {
                .verdict = c->why < 0 ? VERDICT_OK : (enum verdict) c->why,
                .fail_class = -1,
                .findings = json_array(),
                .artifacts = json_array(),
                .spent = json_object(),
                .unreadable = json_array(),
                .stderr_tail = strdup(""),
                .upper_fd = -1,
                .is_staged = true,
        };

        fakecell_kind.end(c, &r);
        result_explain(&r);
        c->spec.on_done(c->spec.user, &r);
        result_done(&r);
        cell_drop(c);
}

static int on_timer(struct loop_source *source, _unused_ uint32_t events)
{
        fakecell_end(source->owner);
        return 0;
}

void fakecell_end_in(struct cell *c, uint64_t delay_ms)
{
        loop_remove(c->loop, &c->timer);
        if (loop_add_timer(c->loop, &c->timer, delay_ms, on_timer, c) < 0)
                abort();
}
