/* SPDX-License-Identifier: Apache-2.0 */
#include "run/commit.h"

#include <string.h>

struct effect {
        commit_effect happen;
        void *owner;
        json_t *what;
        bool is_early; /* happens while the batch is on its way */
};

/* One batch on its way, with its effects or with somebody who wants to know. */
struct commit {
        struct commits *commits;
        struct batch *batch; /* until it is submitted */
        struct effect *effects;
        size_t n_effects;
        size_t n_allocated;
        store_done done; /* of commits_try() */
        void *user;
        struct commit *next;
        struct commit **link;
};

struct commits {
        struct commits_options options;
        struct commit *open;
        struct commit *on_the_way;
        size_t n_pending;
        struct loop_source soon;
        bool is_troubled;
};

static struct commit *commit_free(struct commit *c)
{
        if (!c)
                return NULL;
        batch_free(c->batch);
        for (size_t i = 0; i < c->n_effects; i++)
                json_decref(c->effects[i].what);
        free(c->effects);
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
}

static void commit_unlink(struct commit *c)
{
        *c->link = c->next;
        if (c->next)
                c->next->link = c->link;
        c->commits->n_pending--;
}

int commits_new(struct commits **ret, const struct commits_options *options)
{
        _cleanup_(commits_freep) struct commits *c = calloc(1, sizeof(*c));

        if (!c)
                return -ENOMEM;
        c->options = *options;
        c->open = commit_new(c);
        if (!c->open)
                return -ENOMEM;
        *ret = TAKE(c);
        return 0;
}

struct commits *commits_free(struct commits *c)
{
        if (!c)
                return NULL;
        loop_remove(c->options.loop, &c->soon);
        commit_free(c->open);
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

struct batch *commits_batch(struct commits *c)
{
        return c->open->batch;
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

void commits_meanwhile(struct commits *c, commit_effect prepare, void *owner)
{
        if (effects_reserve(c->open) == 0)
                c->open->effects[c->open->n_effects++] =
                        (struct effect){ .happen = prepare, .owner = owner, .is_early = true };
}

void commits_effect(struct commits *c, commit_effect effect, void *owner, json_t *what)
{
        struct err err = { 0 };

        if (effects_reserve(c->open) < 0) {
                (void) err_set(&err, -ENOMEM, "no memory to go on; the run can be resumed");
                trouble(c, -ENOMEM, &err);
                json_decref(what);
                return;
        }
        c->open->effects[c->open->n_effects++] =
                (struct effect){ .happen = effect, .owner = owner, .what = what };
}

static void effects_happen(struct commit *c, bool early)
{
        for (size_t i = 0; i < c->n_effects; i++)
                if (c->effects[i].is_early == early)
                        c->effects[i].happen(c->effects[i].owner, c->effects[i].what);
}

static void on_commit(void *user, int result, const struct err *err)
{
        _cleanup_(commit_freep) struct commit *c = user;
        struct commits *commits = c->commits;

        commit_unlink(c);
        /* Nobody may be told of what is not on disk, not even after other batches got there. */
        if (result < 0 && !c->done)
                trouble(commits, result, err);
        if (result >= 0)
                effects_happen(c, false);
        if (c->done)
                c->done(c->user, result, err);
        commits->options.on_turn(commits->options.user);
}

static int submit(struct commits *commits, struct commit *c, struct err *err)
{
        int r = store_submit(commits->options.store, TAKE(c->batch), on_commit, c, err);

        if (r < 0) {
                commit_free(c);
                return r;
        }
        commit_link(commits, c);
        return 0;
}

void commits_flush(struct commits *c)
{
        struct commit *open = c->open, *fresh;
        struct err err = { 0 };
        int r;

        loop_remove(c->options.loop, &c->soon);
        if (c->is_troubled || (batch_is_empty(open->batch) && open->n_effects == 0))
                return;
        fresh = commit_new(c);
        if (!fresh) {
                (void) err_set(&err, -ENOMEM, "no memory to go on; the run can be resumed");
                trouble(c, -ENOMEM, &err);
                return;
        }
        c->open = fresh;
        r = submit(c, open, &err);
        if (r < 0)
                trouble(c, r, &err);
        else
                effects_happen(open, true);
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

int commits_try(struct commits *c, struct batch *batch, store_done done, void *user,
                struct err *err)
{
        struct commit *own = calloc(1, sizeof(*own));

        if (!own) {
                batch_free(batch);
                return err_set(err, -ENOMEM, "no memory to go on");
        }
        *own = (struct commit){ .commits = c, .batch = batch, .done = done, .user = user };
        commits_flush(c);
        return submit(c, own, err);
}

size_t commits_pending(const struct commits *c)
{
        return c->n_pending;
}
