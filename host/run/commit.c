/* SPDX-License-Identifier: Apache-2.0 */
#include "run/commit.h"

#include "base/trouble.h"

#include <string.h>

struct effect {
        commit_effect happen;
        void *owner;
        json_t *what;
        bool is_early; /* happens while the batch is on its way */
};

struct line {
        unsigned references;
        char id[RUN_ID_SIZE];
        struct strand *strand;
        struct commit *open; /* NULL = there is none */
        size_t n_pending;
        bool is_cut;
};

/* One batch on its way, with its effects or with somebody who wants to know. */
struct commit {
        struct commits *commits;
        struct line *line;   /* NULL = nobody's */
        struct batch *batch; /* until it is submitted */
        struct effect *effects;
        size_t n_effects;
        size_t n_allocated;
        store_done done; /* of commits_try() */
        void *user;
        struct commit *next_open;
        struct commit *next;
        struct commit **link;
};

struct commits {
        struct commits_options options;
        struct commit *open; /* in the order in which they were opened */
        struct commit **open_end;
        struct commit *nobodys; /* of these, the one without a line */
        struct commit *spare;   /* takes what comes when there is no memory for another */
        struct commit *on_the_way;
        size_t n_pending;
        struct loop_source soon;
        bool is_troubled;
};

int line_new(struct line **ret, const char *id)
{
        _cleanup_(line_unrefp) struct line *l = calloc(1, sizeof(*l));

        if (!l)
                return -ENOMEM;
        l->references = 1;
        (void) snprintf(l->id, sizeof(l->id), "%s", id);
        if (strand_new(&l->strand) < 0)
                return -ENOMEM;
        *ret = TAKE(l);
        return 0;
}

struct line *line_ref(struct line *l)
{
        if (l)
                l->references++;
        return l;
}

struct line *line_unref(struct line *l)
{
        if (!l || --l->references > 0)
                return NULL;
        strand_unref(l->strand);
        free(l);
        return NULL;
}

const char *line_id(const struct line *l)
{
        return l->id;
}

bool line_is_cut(const struct line *l)
{
        return l->is_cut;
}

size_t line_pending(const struct line *l)
{
        return l->n_pending;
}

static struct commit *commit_free(struct commit *c)
{
        if (!c)
                return NULL;
        batch_free(c->batch);
        for (size_t i = 0; i < c->n_effects; i++)
                json_decref(c->effects[i].what);
        free(c->effects);
        line_unref(c->line);
        free(c);
        return NULL;
}

DEFINE_FREEP(struct commit, commit_free);

static struct commit *commit_new(struct commits *commits)
{
        _cleanup_(commit_freep) struct commit *c = calloc(1, sizeof(*c));

        if (!c || batch_new(&c->batch) < 0)
                return NULL;
        c->commits = commits;
        return TAKE(c);
}

static void commit_link(struct commits *commits, struct commit *c)
{
        c->next = commits->on_the_way;
        if (c->next)
                c->next->link = &c->next;
        c->link = &commits->on_the_way;
        commits->on_the_way = c;
        commits->n_pending++;
        if (c->line)
                c->line->n_pending++;
}

static void commit_unlink(struct commit *c)
{
        *c->link = c->next;
        if (c->next)
                c->next->link = c->link;
        c->commits->n_pending--;
        if (c->line)
                c->line->n_pending--;
}

/* It is open no more: what comes next goes into another one. */
static void open_forget(struct commit *c)
{
        if (c->line)
                c->line->open = NULL;
        else
                c->commits->nobodys = NULL;
}

int commits_new(struct commits **ret, const struct commits_options *options)
{
        _cleanup_(commits_freep) struct commits *c = calloc(1, sizeof(*c));

        if (!c)
                return -ENOMEM;
        c->options = *options;
        c->open_end = &c->open;
        c->spare = commit_new(c);
        if (!c->spare)
                return -ENOMEM;
        *ret = TAKE(c);
        return 0;
}

struct commits *commits_free(struct commits *c)
{
        if (!c)
                return NULL;
        loop_remove(c->options.loop, &c->soon);
        commit_free(c->spare);
        for (struct commit *open = c->open, *next; open; open = next) {
                next = open->next_open;
                open_forget(open);
                commit_free(open);
        }
        while (c->on_the_way) {
                struct commit *first = c->on_the_way;

                commit_unlink(first);
                commit_free(first);
        }
        free(c);
        return NULL;
}

static void trouble(struct commits *c, int code, const struct err *err)
{
        if (c->is_troubled)
                return;
        c->is_troubled = true;
        c->options.on_trouble(c->options.user, code, err);
}

static void no_memory(struct commits *c)
{
        struct err err = { 0 };

        (void) err_set(&err, -ENOMEM, "no memory to go on; the run can be resumed");
        trouble(c, -ENOMEM, &err);
}

static struct commit *commit_open(struct commits *commits, struct line *line)
{
        struct commit **open = line ? &line->open : &commits->nobodys;

        if (*open)
                return *open;
        *open = commit_new(commits);
        if (!*open) {
                no_memory(commits);
                return commits->spare;
        }
        (*open)->line = line_ref(line);
        *commits->open_end = *open;
        commits->open_end = &(*open)->next_open;
        return *open;
}

struct batch *commits_batch(struct commits *c, struct line *line)
{
        return commit_open(c, line)->batch;
}

static int effects_reserve(struct commit *c)
{
        size_t n = c->n_allocated ? c->n_allocated * 2 : 8;
        struct effect *effects;

        if (c->n_effects < c->n_allocated)
                return 0;
        effects = reallocarray(c->effects, n, sizeof(*effects));
        if (!effects)
                return -ENOMEM;
        c->effects = effects;
        c->n_allocated = n;
        return 0;
}

void commits_meanwhile(struct commits *c, struct line *line, commit_effect prepare, void *owner)
{
        struct commit *open = commit_open(c, line);

        if (effects_reserve(open) == 0)
                open->effects[open->n_effects++] =
                        (struct effect){ .happen = prepare, .owner = owner, .is_early = true };
}

void commits_effect(struct commits *c, struct line *line, commit_effect effect, void *owner,
                    json_t *what)
{
        struct commit *open = commit_open(c, line);

        if (effects_reserve(open) < 0) {
                no_memory(c);
                json_decref(what);
                return;
        }
        open->effects[open->n_effects++] =
                (struct effect){ .happen = effect, .owner = owner, .what = what };
}

static void effects_happen(struct commit *c, bool early)
{
        for (size_t i = 0; i < c->n_effects; i++)
                if (c->effects[i].is_early == early)
                        c->effects[i].happen(c->effects[i].owner, c->effects[i].what);
}

static void refuse(struct commits *c, struct line *line, const struct err *err)
{
        if (line->is_cut)
                return;
        line->is_cut = true;
        strand_cut(line->strand);
        c->options.on_refused(c->options.user, line, err);
}

/* Nobody may be told of what is not on disk, not even after other batches got there. */
static void not_recorded(struct commit *c, int result, const struct err *err)
{
        if (c->line && strand_is_cut(c->line->strand))
                refuse(c->commits, c->line, err);
        else if (!c->done)
                trouble(c->commits, result, err);
}

static void on_commit(void *user, int result, const struct err *err)
{
        _cleanup_(commit_freep) struct commit *c = user;
        struct commits *commits = c->commits;

        commit_unlink(c);
        if (result < 0)
                not_recorded(c, result, err);
        else
                effects_happen(c, false);
        if (c->done)
                c->done(c->user, result, err);
        commits->options.on_turn(commits->options.user);
}

static int submit(struct commits *commits, struct commit *c, struct err *err)
{
        int r;

        if (c->line)
                batch_strand(c->batch, c->line->strand, c->done);
        r = store_submit(commits->options.store, TAKE(c->batch), on_commit, c, err);
        if (r < 0)
                return r;
        commit_link(commits, c);
        return 0;
}

/* A run gave what no batch can hold. */
static bool is_unfit(const struct commit *c)
{
        int r = batch_error(c->batch);

        return c->line && r < 0 && !trouble_is_of_machine(r);
}

/* Hands one to the store; false: it could not take it, or there was nothing, and it is gone. */
static bool flush_one(struct commits *commits, struct commit *c)
{
        bool is_unfit_batch = is_unfit(c);
        struct line *line = c->line;
        struct err err = { 0 };
        int r;

        if ((batch_is_empty(c->batch) && c->n_effects == 0 && !is_unfit_batch) ||
            (line && line->is_cut) || commits->is_troubled) {
                commit_free(c);
                return false;
        }
        r = submit(commits, c, &err);
        if (r == 0)
                return true;
        if (is_unfit_batch)
                refuse(commits, line, &err);
        else
                trouble(commits, r, &err);
        commit_free(c);
        return false;
}

void commits_flush(struct commits *c)
{
        struct commit *open = c->open, *next, *gone = NULL, **gone_end = &gone;

        loop_remove(c->options.loop, &c->soon);
        if (c->is_troubled)
                return;
        c->open = NULL;
        c->open_end = &c->open;
        for (struct commit *one = open; one; one = one->next_open)
                open_forget(one);
        for (; open; open = next) {
                next = open->next_open;
                open->next_open = NULL;
                if (!flush_one(c, open))
                        continue;
                *gone_end = open;
                gone_end = &open->next_open;
        }
        /* All are on their way before anything is done meanwhile. */
        for (; gone; gone = gone->next_open)
                effects_happen(gone, true);
}

static int on_soon(struct loop_source *source, _unused_ uint32_t events)
{
        commits_flush(source->owner);
        return 0;
}

void commits_flush_soon(struct commits *c, uint64_t delay_ms)
{
        if (c->soon.is_active)
                return;
        if (loop_add_timer(c->options.loop, &c->soon, delay_ms, on_soon, c) < 0)
                commits_flush(c);
}

int commits_try(struct commits *c, struct line *line, struct batch *batch, store_done done,
                void *user, struct err *err)
{
        struct commit *own = calloc(1, sizeof(*own));
        int r;

        if (!own) {
                batch_free(batch);
                return err_set(err, -ENOMEM, "no memory to go on");
        }
        *own = (struct commit){ .commits = c, .batch = batch, .done = done, .user = user };
        own->line = line_ref(line);
        commits_flush(c);
        r = submit(c, own, err);
        if (r < 0)
                commit_free(own);
        return r;
}

size_t commits_pending(const struct commits *c)
{
        return c->n_pending;
}
