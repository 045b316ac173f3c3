/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A sandbox whose cells end at once, well, and with nothing to say: what is left is the engine
 *
 * The calls of cell/cell.h for programs that measure. No process, no pipe; what a turn of the loop
 * let go ends in the next ones, as many together as the loop would hand out of real ones.
 */

#include "cell/cell.h"

#include "plug/elf.h"
#include "plug/manifest.h"

#include <string.h>
#include <sys/eventfd.h>

#define AT_ONCE 64

struct cell {
        struct cell *next;
        struct sandbox *sandbox;
        void (*on_done)(void *user, struct cell_result *result);
        void *user;
        int why; /* verdict of a cancelled cell, else -1 */
        bool is_ending;
};

struct sandbox {
        struct loop *loop;
        struct loop_source source;
        int event; /* readable while cells are ending */
        struct cell *first;
        struct cell **end;
};

const char *tier_name(_unused_ enum tier t)
{
        return "none";
}

static void cell_end(struct cell *c)
{
        struct cell_result r = {
                .verdict = c->why < 0 ? VERDICT_OK : (enum verdict) c->why,
                .fail_class = -1,
                .output = json_true(),
                .findings = json_array(),
                .artifacts = json_array(),
                .spent = json_object(),
                .unreadable = json_array(),
                .stderr_tail = strdup(""),
                .upper_fd = -1,
        };

        c->on_done(c->user, &r);
        json_decref(r.output);
        json_decref(r.findings);
        json_decref(r.artifacts);
        json_decref(r.spent);
        json_decref(r.unreadable);
        free(r.stderr_tail);
        free(c);
}

static int on_ending(struct loop_source *source, _unused_ uint32_t events)
{
        struct sandbox *s = source->owner;
        uint64_t count;

        for (size_t i = 0; i < AT_ONCE && s->first; i++) {
                struct cell *c = s->first;

                s->first = c->next;
                if (!s->first)
                        s->end = &s->first;
                cell_end(c);
        }
        if (!s->first)
                (void) !read(s->event, &count, sizeof(count));
        return 0;
}

int sandbox_new(struct sandbox **ret, struct loop *loop,
                _unused_ const struct sandbox_options *options, struct err *err)
{
        struct sandbox *s = calloc(1, sizeof(*s));

        if (!s)
                return err_set(err, -ENOMEM, "no memory");
        s->loop = loop;
        s->end = &s->first;
        s->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (s->event < 0 || loop_add_fd(loop, &s->source, s->event, EPOLLIN, on_ending, s) < 0) {
                free(s);
                return err_set(err, -EIO, "no event");
        }
        *ret = s;
        return 0;
}

struct sandbox *sandbox_free(struct sandbox *s)
{
        if (!s)
                return NULL;
        loop_remove(s->loop, &s->source);
        closep(&s->event);
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

static void end_soon(struct cell *c)
{
        static const uint64_t one = 1;
        struct sandbox *s = c->sandbox;

        if (c->is_ending)
                return;
        c->is_ending = true;
        if (!s->first)
                (void) !write(s->event, &one, sizeof(one));
        *s->end = c;
        s->end = &c->next;
}

int cell_go(struct cell *c, _unused_ struct err *err)
{
        end_soon(c);
        return 0;
}

void cell_cancel(struct cell *c, enum verdict why, _unused_ uint64_t grace_ms)
{
        if (c->why < 0 && !c->is_ending)
                c->why = (int) why;
        end_soon(c);
}

int cell_start(struct cell **ret, struct sandbox *s, const struct cell_spec *spec, struct err *err)
{
        struct cell *c = calloc(1, sizeof(*c));

        if (!c)
                return err_set(err, -ENOMEM, "no memory");
        *c = (struct cell){ .sandbox = s, .on_done = spec->on_done, .user = spec->user, .why = -1 };
        *ret = c;
        return spec->is_held ? 0 : cell_go(c, err);
}
