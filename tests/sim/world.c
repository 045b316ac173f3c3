/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "base/blob.h"
#include "base/json.h"
#include "cells.h"
#include "clock.h"
#include "run/engine.h"
#include "run/remote.h"
#include "store/apply.h"
#include "store/roll.h"
#include "store/store.h"
#include "turns.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define RUNS_MAX    3
#define FACTS_MAX   256
#define CHANGES_MAX 4096
#define LIVES_MAX   400
#define WAIT_MAX_MS (5 * 60 * 1000) /* nothing here has a reason to wait longer */
#define TRACE_LINES 60

/* What was told of a step or an item, and what it did. */
struct fact {
        struct cell_who who;
        unsigned acted;    /* in all lives */
        unsigned alive;    /* in this one */
        unsigned mark;     /* of the last one that acted */
        unsigned approved; /* times that a person said yes */
        char state[16];    /* its end, as told; "" = none was */
        size_t attempts;   /* at its end */
        char sha256[72];   /* of the last decision that was told */
        char decision[16];
        bool is_asked; /* an approval is open, as far as was told */
};

struct run_fact {
        char id[RUN_ID_SIZE]; /* "": not submitted, or nobody knows */
        bool is_told;         /* accepted, or seen in the record */
        char state[24];       /* its end, as told */
};

static struct {
        char folder[PATH_MAX];
        struct catalog *catalog;
} all;

static struct world {
        const struct world_options *options;
        struct world_counts *counts;
        struct chance chance;
        char path[PATH_MAX]; /* the disk */
        char tree[PATH_MAX + 8];
        char store_dir[PATH_MAX + 8];
        struct sketch sketches[RUNS_MAX];
        size_t n_sketches;
        struct run_fact runs[RUNS_MAX];
        bool has_limits; /* what has ended may be taken by retention */
        unsigned runs_max;
        struct fact facts[FACTS_MAX];
        size_t n_facts;
        unsigned mark; /* of the tree, as of the last apply that returned */
        unsigned lives, deaths_left;
        uint64_t random; /* for ids */
        bool is_faulty;  /* something was made to fail: trouble is to be expected */
        struct loop *loop;
        struct store *store;
        struct sandbox *sandbox;
        struct engine *engine;
        bool is_over; /* this life is: what happens now is not seen by anybody */
        char fault[320];
} w;

static char trace[TRACE_LINES][200];
static unsigned n_trace;

_printf_(1, 2) static void note(const char *format, ...)
{
        char *line = trace[n_trace++ % TRACE_LINES];
        va_list args;
        int n;

        n = snprintf(line, sizeof(*trace), "%8.3f ", (double) fake_clock.now_us / 1e6);
        va_start(args, format);
        (void) vsnprintf(line + n, sizeof(*trace) - (size_t) n, format, args);
        va_end(args);
        if (w.options && w.options->is_loud)
                (void) printf("# %s\n", line);
}

void world_trace(void)
{
        for (unsigned i = n_trace > TRACE_LINES ? n_trace - TRACE_LINES : 0; i < n_trace; i++)
                (void) printf("# %s\n", trace[i % TRACE_LINES]);
}

/* The first one is told. */
_printf_(1, 2) static void broken(const char *format, ...)
{
        va_list args;

        if (*w.fault)
                return;
        va_start(args, format);
        (void) vsnprintf(w.fault, sizeof(w.fault), format, args);
        va_end(args);
        note("BROKEN: %s", w.fault);
}

static bool is_unseen(void)
{
        return w.is_over || disk_is_cut();
}

/* --- what is shared ------------------------------------------------------------------------ */

static int inspect(_unused_ void *user, int fd, char **ret, size_t *ret_length, struct err *err)
{
        return sandbox_inspect(NULL, fd, ret, ret_length, err);
}

void world_open(const char *folder)
{
        (void) snprintf(all.folder, sizeof(all.folder), "%s", folder);
        if (catalog_new(&all.catalog, inspect, NULL) < 0)
                abort();
}

void world_close(void)
{
        (void) catalog_free(all.catalog);
        disk_off();
}

/* Ids and salts are chance too, and the same again for the same seed. */
ssize_t __wrap_getrandom(void *data, size_t length, unsigned flags);
ssize_t __wrap_getrandom(void *data, size_t length, unsigned flags)
{
        struct chance c = { w.random };
        char *p = data;

        (void) flags;
        for (size_t i = 0; i < length; i++)
                p[i] = (char) chance_next(&c);
        w.random = c.state;
        return (ssize_t) length;
}

/* --- facts --------------------------------------------------------------------------------- */

static struct fact *fact_of(const struct cell_who *who)
{
        for (size_t i = 0; i < w.n_facts; i++)
                if (strcmp(w.facts[i].who.run, who->run) == 0 &&
                    strcmp(w.facts[i].who.step, who->step) == 0 && w.facts[i].who.item == who->item)
                        return &w.facts[i];
        if (w.n_facts == FACTS_MAX)
                abort();
        w.facts[w.n_facts] = (struct fact){ .who = *who };
        return &w.facts[w.n_facts++];
}

static const char *text(const json_t *json, const char *key)
{
        const char *value = json_string_value(json_object_get(json, key));

        return value ? value : "";
}

static struct fact *fact_of_json(const json_t *json, const char *run, const char *step)
{
        const json_t *item = json_object_get(json, "item");
        struct cell_who who = { .item = json_is_integer(item) ? (int) json_integer_value(item)
                                                              : -1 };

        (void) snprintf(who.run, sizeof(who.run), "%s", run);
        (void) snprintf(who.step, sizeof(who.step), "%s", step);
        return fact_of(&who);
}

static struct run_fact *run_fact_of(const char *id)
{
        for (size_t i = 0; i < w.n_sketches; i++)
                if (*id && strcmp(w.runs[i].id, id) == 0)
                        return &w.runs[i];
        return NULL;
}

static const char *name_of(const struct cell_who *who)
{
        static char name[64];

        (void) snprintf(name, sizeof(name), "%.4s/%s/%d", who->run + RUN_ID_LENGTH - 4, who->step,
                        who->item);
        return name;
}

static void on_go(_unused_ void *user, const struct cell_who *who, unsigned number)
{
        struct fact *f;

        if (is_unseen())
                return;
        f = fact_of(who);
        note("cell %u acts for %s", number, name_of(who));
        w.counts->actions++;
        f->acted++;
        f->mark = number;
        if (f->alive++ > 0)
                broken("two live attempts of %s", name_of(who));
        if (*f->state)
                broken("%s acts again after it was told to be %s", name_of(who), f->state);
}

static void on_end(_unused_ void *user, const struct cell_who *who, unsigned number)
{
        if (is_unseen())
                return;
        note("cell %u of %s ends", number, name_of(who));
        fact_of(who)->alive--;
}

static enum disk_loss loss_choose(void)
{
        static const enum disk_loss often[] = { LOSS_NOTHING, LOSS_ALL, LOSS_ORDERED, LOSS_SOME,
                                                LOSS_SOME };

        return w.options->is_gentle ? LOSS_NOTHING
                                    : often[chance_below(&w.chance, ARRAY_SIZE(often))];
}

/* As tree_mark(), by somebody who has no part in it. */
static int mark_now(char ret_why[128])
{
        int mark;

        disk_others(true);
        mark = tree_mark(w.tree, ret_why);
        disk_others(false);
        return mark;
}

/* Short and seldom, and where most can go wrong: every other one does not get to its end. */
static void cut_within(unsigned acts)
{
        if (!is_unseen() && w.deaths_left > 0 && chance_percent(&w.chance, 50))
                disk_cut_at(1 + chance_below(&w.chance, acts), loss_choose(),
                            chance_next(&w.chance));
}

int __real_roll_forward(const struct plan *p, bool again, struct err *err);
int __wrap_roll_forward(const struct plan *p, bool again, struct err *err);
int __wrap_roll_forward(const struct plan *p, bool again, struct err *err)
{
        cut_within(24);
        return __real_roll_forward(p, again, err);
}

/* What apply_changeset() did stands in the tree from then on, whatever happens. */
int __real_apply_changeset(const struct changeset *c, int tree_fd, const char *tree_path,
                           int blob_dirfd, int journal_dirfd, const char *id, struct err *err);
int __wrap_apply_changeset(const struct changeset *c, int tree_fd, const char *tree_path,
                           int blob_dirfd, int journal_dirfd, const char *id, struct err *err);
int __wrap_apply_changeset(const struct changeset *c, int tree_fd, const char *tree_path,
                           int blob_dirfd, int journal_dirfd, const char *id, struct err *err)
{
        bool was_unseen = is_unseen();
        char why[128];
        int r;

        cut_within(80);
        r = __real_apply_changeset(c, tree_fd, tree_path, blob_dirfd, journal_dirfd, id, err);
        if (was_unseen || is_unseen())
                return r;
        note("apply %s: %d %s", id, r, r < 0 ? err_text(err) : "");
        if (r == 0) {
                int mark = mark_now(why);

                if (mark < 0)
                        broken("the tree is torn after an apply: %s", why);
                w.mark = (unsigned) mark;
                w.counts->applies++;
        }
        return r;
}

static void told_step(const json_t *event)
{
        struct fact *f = fact_of_json(event, text(event, "run"), text(event, "step"));
        const char *state = text(event, "state");

        note("told: %s is %s %s", name_of(&f->who), state, text(event, "reason"));
        if (strcmp(state, "done") != 0 && strcmp(state, "failed") != 0 &&
            strcmp(state, "skipped") != 0 && strcmp(state, "cancelled") != 0)
                return;
        if (*f->state)
                broken("%s ended twice: %s, then %s", name_of(&f->who), f->state, state);
        (void) snprintf(f->state, sizeof(f->state), "%s", state);
        f->attempts = (size_t) json_integer_value(json_object_get(event, "attempt"));
        f->is_asked = false;
}

static void told_approval(const json_t *event)
{
        struct fact *f = fact_of_json(event, text(event, "run"), text(event, "step"));
        const char *state = text(event, "state");

        note("told: approval of %s is %s by %s", name_of(&f->who), state, text(event, "by"));
        f->is_asked = strcmp(state, "open") == 0;
        if (f->is_asked || strcmp(state, "cancelled") == 0)
                return;
        if (strcmp(f->sha256, text(event, "sha256")) == 0 && strcmp(f->decision, state) != 0)
                broken("%s was %s, then %s", name_of(&f->who), f->decision, state);
        (void) snprintf(f->sha256, sizeof(f->sha256), "%s", text(event, "sha256"));
        (void) snprintf(f->decision, sizeof(f->decision), "%s", state);
}

static void on_event(_unused_ void *user, const json_t *event)
{
        const char *name = text(event, "event");
        struct run_fact *run = run_fact_of(text(event, "run"));

        if (is_unseen())
                return;
        if (strcmp(name, "step") == 0)
                told_step(event);
        else if (strcmp(name, "approval") == 0)
                told_approval(event);
        else if (strcmp(name, "run") == 0 && run)
                run->is_told = true;
        else if (strcmp(name, "state") == 0 && run) {
                const char *state = text(event, "state");

                note("told: run %.4s is %s", run->id + RUN_ID_LENGTH - 4, state);
                if (*run->state)
                        broken("a run was %s, then %s", run->state, state);
                if (strcmp(state, "succeeded") == 0 || strcmp(state, "failed") == 0 ||
                    strcmp(state, "cancelled") == 0)
                        (void) snprintf(run->state, sizeof(run->state), "%s", state);
        }
}

/* --- looking at the record ----------------------------------------------------------------- */

static const json_t *row_of(const json_t *document, const struct cell_who *who)
{
        const json_t *row, *item;
        size_t i;

        json_array_foreach (json_object_get(document, "steps"), i, row) {
                item = json_object_get(row, "item");
                if (strcmp(text(row, "id"), who->step) == 0 &&
                    (json_is_integer(item) ? (int) json_integer_value(item) : -1) == who->item)
                        return row;
        }
        return NULL;
}

static void check_attempts(const struct fact *f, const json_t *row)
{
        const json_t *attempts = json_object_get(row, "attempts"), *attempt;
        char key[96];
        size_t i;

        if (json_array_size(attempts) < f->acted)
                broken("%s acted %u times, the record has %zu attempts", name_of(&f->who), f->acted,
                       json_array_size(attempts));
        if (f->who.item < 0)
                (void) snprintf(key, sizeof(key), "%s/%s", f->who.run, f->who.step);
        else
                (void) snprintf(key, sizeof(key), "%s/%s/%d", f->who.run, f->who.step, f->who.item);
        json_array_foreach ((json_t *) attempts, i, attempt)
                if (strcmp(text(attempt, "idempotency_key"), key) != 0)
                        broken("an attempt of %s has the key %s", key,
                               text(attempt, "idempotency_key"));
}

static void check_fact(const struct fact *f, const json_t *row)
{
        const json_t *approval = json_object_get(row, "approval");

        if (!row) {
                broken("%s is not in the record", name_of(&f->who));
                return;
        }
        check_attempts(f, row);
        if (*f->state && strcmp(text(row, "state"), f->state) != 0)
                broken("%s was told to be %s, the record says %s", name_of(&f->who), f->state,
                       text(row, "state"));
        if (*f->state && json_array_size(json_object_get(row, "attempts")) != f->attempts &&
            f->attempts > 0)
                broken("%s had %zu attempts, the record says %zu", name_of(&f->who), f->attempts,
                       json_array_size(json_object_get(row, "attempts")));
        if (*f->decision && strcmp(text(approval, "sha256"), f->sha256) == 0 &&
            strcmp(text(approval, "state"), f->decision) != 0)
                broken("%s was %s, the record says %s", name_of(&f->who), f->decision,
                       text(approval, "state"));
}

/* What `on_crash = "hold"` is for: who may have acted does so again only if a person says so. */
static void check_held(const struct sketch *sketch, const struct fact *f, const json_t *row)
{
        const json_t *attempts = json_object_get(row, "attempts"), *attempt;
        size_t step = strtoul(f->who.step + 1, NULL, 10), i;
        unsigned known = 0;

        if (!sketch->steps[step].is_held)
                return;
        /* Each action but the first had a known end before it, or a person's word. The end of the
         * last was before none. */
        json_array_foreach ((json_t *) attempts, i, attempt)
                known += i + 1 < json_array_size(attempts) &&
                         !json_is_null(json_object_get(attempt, "verdict"));
        if (f->acted > known + f->approved + 1)
                broken("%s acted %u times, the end of %u is known, a person let it go on %u times",
                       name_of(&f->who), f->acted, known, f->approved);
}

/* What a step gave is there, also what is too large for the record itself. */
static void check_kept(const struct fact *f, const json_t *row)
{
        const json_t *output = json_object_get(row, "output"), *artifact;
        unsigned n = (unsigned) json_integer_value(json_object_get(output, "n"));
        size_t length = json_string_length(json_object_get(output, "text")), i;

        if (strcmp(text(row, "state"), "done") != 0)
                return;
        if (n > 0 && length != (cell_is_large(n) ? CELLS_LARGE : 0))
                broken("%s has an output of %zu bytes", name_of(&f->who), length);
        json_array_foreach (json_object_get(row, "artifacts"), i, artifact) {
                _cleanup_(closep) int fd = -1;
                struct stat st;

                disk_others(true);
                fd = blob_open(store_blobs(w.store), text(artifact, "sha256"));
                disk_others(false);
                if (fd < 0 || fstat(fd, &st) < 0 ||
                    st.st_size != json_integer_value(json_object_get(artifact, "size")))
                        broken("an artifact of %s is not there", name_of(&f->who));
        }
}

static json_t *document_of(const char *id)
{
        json_t *document = NULL;
        int r;

        disk_others(true);
        r = store_run_document(w.store, id, 0, &document, NULL);
        disk_others(false);
        return r < 0 ? NULL : document;
}

static const struct sketch *sketch_of(const json_t *document)
{
        for (size_t i = 0; i < w.n_sketches; i++)
                if (strcmp(w.sketches[i].name, text(document, "flow")) == 0)
                        return &w.sketches[i];
        return NULL;
}

static void check_run(const struct run_fact *run)
{
        _cleanup_(json_decrefp) json_t *document = document_of(run->id);

        if (disk_is_cut())
                return;
        if (!document) {
                if (run->is_told && !w.has_limits)
                        broken("an accepted run is lost");
                return;
        }
        if (*run->state && strcmp(text(document, "state"), run->state) != 0)
                broken("a run was told to be %s, the record says %s", run->state,
                       text(document, "state"));
        for (size_t i = 0; i < w.n_facts; i++) {
                const struct fact *f = &w.facts[i];
                const json_t *row;

                if (strcmp(f->who.run, run->id) != 0)
                        continue;
                row = row_of(document, &f->who);
                check_fact(f, row);
                check_kept(f, row);
                if (row && sketch_of(document))
                        check_held(sketch_of(document), f, row);
        }
}

/* The same of steps in runs that other runs made. */
static void check_children(void)
{
        for (size_t i = 0; i < w.n_facts && !w.has_limits; i++) {
                const struct fact *f = &w.facts[i];
                _cleanup_(json_decrefp) json_t *document =
                        run_fact_of(f->who.run) ? NULL : document_of(f->who.run);

                if (disk_is_cut() || run_fact_of(f->who.run))
                        continue;
                if (!document) {
                        broken("the run of %s is lost", name_of(&f->who));
                        continue;
                }
                check_fact(f, row_of(document, &f->who));
                check_kept(f, row_of(document, &f->who));
        }
}

/* A change stands in the tree whose apply had not returned when its engine died. */
static void check_mark(unsigned mark)
{
        _cleanup_(json_decrefp) json_t *document = NULL;
        const struct fact *f = NULL;
        const char *state, *approval;
        const json_t *row;

        for (size_t i = 0; i < w.n_facts && !f; i++)
                if (w.facts[i].mark == mark && mark > 0)
                        f = &w.facts[i];
        document = f ? document_of(f->who.run) : NULL;
        if (disk_is_cut())
                return;
        if (!document) {
                broken("the tree has mark %u, and must have %u", mark, w.mark);
                return;
        }
        row = row_of(document, &f->who);
        state = text(row, "state");
        approval = text(json_object_get(row, "approval"), "state");
        if (strcmp(state, "done") != 0 && strcmp(approval, "approved") != 0)
                broken("the tree has the change of %s, which is %s", name_of(&f->who), state);
        if (strcmp(f->state, "done") == 0)
                broken("the tree went back to the change of %s", name_of(&f->who));
        note("the tree has the change of %s", name_of(&f->who));
        w.mark = mark;
}

/* After an engine's start: whole, and by the last change that was applied or the one after it. */
static void check_tree(void)
{
        char why[128];
        int mark = mark_now(why);

        if (disk_is_cut())
                return;
        if (mark < 0)
                broken("the tree is torn: %s", why);
        else if ((unsigned) mark != w.mark)
                check_mark((unsigned) mark);
}

static void check_start(void)
{
        check_tree();
        for (size_t i = 0; i < w.n_sketches; i++)
                if (*w.runs[i].id)
                        check_run(&w.runs[i]);
        check_children();
}

/* In place of a child's id its own record, for the model. */
static void children_fill(json_t *document)
{
        json_t *row;
        size_t i;

        json_array_foreach (json_object_get(document, "steps"), i, row) {
                const char *child = json_string_value(json_object_get(row, "child"));

                if (child)
                        (void) json_object_set_new(row, "child", document_of(child));
        }
}

static void check_end(void)
{
        check_start();
        for (size_t i = 0; i < w.n_sketches && !*w.fault; i++) {
                _cleanup_(json_decrefp) json_t *document = document_of(w.runs[i].id);
                const char *why;

                if (!document && !w.has_limits)
                        broken("a run is not in the record");
                if (!document)
                        continue;
                children_fill(document);
                why = sketch_check(sketch_of(document), document);
                if (why)
                        broken("run %.4s: %s", w.runs[i].id + RUN_ID_LENGTH - 4, why);
                w.counts->runs++;
        }
}

/* --- what persons do ----------------------------------------------------------------------- */

static struct fact *asked(void)
{
        size_t first = chance_below(&w.chance, w.n_facts);

        for (size_t i = 0; i < w.n_facts; i++) {
                struct fact *f = &w.facts[(first + i) % w.n_facts];

                if (f->is_asked && !*f->state)
                        return f;
        }
        return NULL;
}

static void on_decided(void *user, int result, _unused_ const struct err *err)
{
        struct fact *f = user;

        if (!is_unseen())
                note("decision on %s: %d", name_of(&f->who), result);
}

static struct engine_decision decision_make(struct fact *f)
{
        struct engine_decision decision = { .approve = !chance_percent(&w.chance, 20),
                                            .by = { 0, "root" } };

        f->approved += decision.approve;
        note("%s %s", decision.approve ? "approve" : "reject", name_of(&f->who));
        return decision;
}

static void decide(struct fact *f)
{
        struct engine_decision decision = decision_make(f);
        struct step_key key = { f->who.run, f->who.step, f->who.item };
        struct err err = { 0 };
        int r = engine_decide(w.engine, key, &decision, on_decided, f, &err);

        f->is_asked = false;
        if (r < 0)
                note("refused: %s", err_text(&err));
}

/* Where no engine lives: the next one carries it out. */
static void decide_alone(struct fact *f)
{
        struct engine_decision decision = decision_make(f);
        struct step_key key = { f->who.run, f->who.step, f->who.item };
        struct err err = { 0 };
        bool is_live;
        int r;

        decision.by.uid = getuid();
        r = remote_decide(w.store_dir, key, &decision, false, &is_live, &err);
        if (r < 0)
                note("refused: %s", err_text(&err));
}

/* The next sketch whose run nobody has heard of; after a death that may be one again. */
static struct run_fact *unsubmitted(void)
{
        for (size_t i = 0; i < w.n_sketches; i++)
                if (!*w.runs[i].id)
                        return &w.runs[i];
        return NULL;
}

static void submit_failed(struct flow *flow, const struct err *err)
{
        flow_free(flow);
        if (!is_unseen() && !w.is_faulty && !*engine_trouble(w.engine))
                broken("a run is not accepted: %s", err_text(err));
}

/* With the key that it had before, so that there is one run however often it is asked for. */
static void submit(void)
{
        struct run_fact *run = unsubmitted();
        const struct sketch *sketch = &w.sketches[run - w.runs];
        struct engine_request request = { .workspace = w.tree, .submit_key = sketch->name };
        json_t *json = sketch_to_json(sketch);
        struct err err = { 0 };
        char id[RUN_ID_SIZE];

        if (flow_from_json(&request.flow, json, &err) < 0)
                broken("a sketch is no workflow: %s", err_text(&err));
        else if (engine_submit(w.engine, &request, id, &err) < 0)
                submit_failed(request.flow, &err);
        else
                memcpy(run->id, id, sizeof(id));
        note("submit: %s", err.code < 0 ? err_text(&err) : run->id);
        json_decref(json);
}

static void cancel(void)
{
        struct run_fact *run = &w.runs[chance_below(&w.chance, w.n_sketches)];

        if (!*run->id)
                return;
        note("cancel %.4s", run->id + RUN_ID_LENGTH - 4);
        (void) engine_cancel(w.engine, run->id,
                             chance_percent(&w.chance, 30) ? CANCEL_NOW : CANCEL_ORDERLY, "root",
                             NULL);
}

/* Somebody else's work: at once, and on disk. */
static void move_tree(void)
{
        char why[128];

        if (mark_now(why) < 0)
                return; /* an apply could not be finished, and waits for the next start */
        w.mark = ++fake_cells.last;
        note("the tree moves to %u", w.mark);
        disk_others(true);
        tree_remark(w.tree, w.mark);
        disk_sync();
        disk_others(false);
}

/* Somebody sets the wall clock. */
static void clock_jump(void)
{
        fake_clock.wall_us += (chance_percent(&w.chance, 50) ? 3600 : -3600) * INT64_C(1000000);
}

static int on_turn(_unused_ void *user)
{
        unsigned what;

        if (w.is_over)
                return 0;
        if (disk_is_cut() || *w.fault)
                return -ECANCELED;
        what = (unsigned) chance_below(&w.chance, 1000);
        if (what < 30 && asked())
                decide(asked());
        else if (what < 40 && unsubmitted())
                submit();
        else if (what < 42 && !w.options->is_quiet)
                cancel();
        else if (what < 44 && !w.options->is_quiet)
                move_tree();
        else if (what < 48)
                clock_jump();
        else if (what < 52 && w.deaths_left > 0 && !w.is_faulty)
                disk_cut(loss_choose(), chance_next(&w.chance));
        return disk_is_cut() ? -ECANCELED : 0;
}

/* --- lives --------------------------------------------------------------------------------- */

static void death_plan(void)
{
        static const unsigned spans[] = { 20, 60, 60, 200, 1200 };

        if (w.options->fail_at && w.lives == 0)
                disk_fail_at(w.options->fail_at, w.options->fail_error, w.options->fail_is_short);
        if (w.deaths_left > 0)
                disk_cut_at(1 + chance_below(&w.chance,
                                             spans[chance_below(&w.chance, ARRAY_SIZE(spans))]),
                            loss_choose(), chance_next(&w.chance));
}

/* Refused in words because something was made to fail, or seen by nobody: else it is a fault. */
static bool life_fails(const char *what, const struct err *err)
{
        note("%s: %s", what, err_text(err));
        if (!is_unseen() && !w.is_faulty && !disk_failed())
                broken("%s: %s", what, err_text(err));
        w.counts->troubles += !is_unseen();
        return false;
}

static bool life_begin(void)
{
        struct engine_options options = { .seed = chance_next(&w.chance) | 1,
                                          .identity = { 0, "root" },
                                          .slots = 1 + (unsigned) chance_below(&w.chance, 4),
                                          .runs_max = w.runs_max,
                                          .on_event = on_event };
        static const struct store_limits limits = { .runs = 1, .bytes = 1 << 30, .grace_ms = 1 };
        struct store_options plain = { .limits = w.has_limits ? &limits : NULL };
        struct err err = { 0 };

        w.is_over = false;
        if (chance_percent(&w.chance, 30))
                clock_jump();
        for (size_t i = 0; i < w.n_facts; i++) {
                w.facts[i].alive = 0;
                w.facts[i].is_asked = false;
        }
        for (size_t i = 0; i < w.n_sketches; i++)
                if (!w.runs[i].is_told)
                        w.runs[i].id[0] = '\0';
        (void) sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, (int) chance_next(&w.chance), NULL);
        if (loop_new(&w.loop) < 0 || sandbox_new(&w.sandbox, w.loop, NULL, &err) < 0)
                abort();
        if (store_open(&w.store, w.store_dir, &plain, &err) < 0)
                return life_fails("the store does not open", &err);
        if (store_attach(w.store, w.loop) < 0)
                abort();
        if (engine_new(&w.engine, w.loop, w.store, w.sandbox, all.catalog, &options, &err) < 0)
                return life_fails("the engine does not start", &err);
        return true;
}

static void life_end(void)
{
        w.is_over = true;
        w.engine = engine_free(w.engine);
        w.store = store_free(w.store);
        w.sandbox = sandbox_free(w.sandbox);
        w.loop = loop_free(w.loop);
}

/* It is on disk, whether anybody was told or not. */
static void run_found(const char *id, const char *name)
{
        for (size_t i = 0; i < w.n_sketches; i++) {
                struct run_fact *run = &w.runs[i];

                if (strcmp(w.sketches[i].name, name) != 0)
                        continue;
                if (run->is_told && strcmp(run->id, id) != 0)
                        broken("%s was asked for once, and runs twice", name);
                (void) snprintf(run->id, sizeof(run->id), "%s", id);
                run->is_told = true;
        }
}

static bool life_resume(void)
{
        json_t *others = NULL, *other;
        struct err err = { 0 };
        size_t i;

        if (engine_others(w.engine, &others, &err) < 0)
                return life_fails("the runs cannot be listed", &err);
        json_array_foreach (others, i, other) {
                const char *id = text(other, "run");

                run_found(id, text(other, "flow"));
                if (engine_resume(w.engine, id, &err) < 0 && !is_unseen()) {
                        json_decref(others);
                        return life_fails("a run cannot be resumed", &err);
                }
        }
        json_decref(others);
        return true;
}

static bool all_ended(void)
{
        json_t *others = NULL;
        bool ended;

        if (unsubmitted())
                return false;
        if (store_runs(w.store, 1U << RUN_QUEUED | 1U << RUN_RUNNING | 1U << RUN_WAITING_APPROVAL,
                       0, &others, NULL) < 0)
                return false;
        ended = json_array_size(others) == 0;
        json_decref(others);
        return ended;
}

/* 1: all has ended. 0: this life is over. */
static int life_go_on(void)
{
        struct err err = { 0 };

        while (!*w.fault && !disk_is_cut()) {
                int r = engine_run_until_idle(w.engine, &err);

                if (disk_is_cut() || *w.fault)
                        return 0;
                if (r < 0) {
                        broken("stuck: %s", err_text(&err));
                        return 0;
                }
                if (r == RUN_EXIT_TROUBLE) {
                        note("trouble: %s", engine_trouble(w.engine));
                        if (!w.is_faulty && !fake_cells.trouble_in)
                                broken("trouble without a cause: %s", engine_trouble(w.engine));
                        w.counts->troubles++;
                        return 0;
                }
                if (unsubmitted())
                        submit();
                else if (asked() && chance_percent(&w.chance, 80))
                        decide(asked());
                else
                        return all_ended();
        }
        return 0;
}

/* One life of an engine: 1 when there is nothing left to do. */
static int life(void)
{
        struct fact *f;
        int r = 0;

        death_plan();
        if (life_begin() && !disk_is_cut()) {
                check_start();
                if (life_resume())
                        r = life_go_on();
        }
        if (r == 1 && !disk_is_cut())
                check_end();
        f = r == 0 && !is_unseen() ? asked() : NULL;
        life_end();
        if (f && !disk_is_cut() && !w.is_faulty)
                decide_alone(f);
        w.counts->acts = w.lives == 0 ? disk_acts() : w.counts->acts;
        w.counts->lives++;
        w.lives++;
        return disk_is_cut() ? 0 : r;
}

static void rise(void)
{
        if (disk_failed())
                note("failed: %s", disk_failed());
        /* A disk that failed is replaced by what it kept. */
        if (w.is_faulty && !disk_is_cut())
                disk_cut(w.options->is_gentle ? LOSS_NOTHING : LOSS_SOME, w.options->seed);
        w.is_faulty = false;
        disk_limit(0);
        if (!disk_is_cut())
                return;
        note("a new life");
        w.counts->deaths++;
        w.deaths_left -= w.deaths_left > 0;
        disk_reboot();
}

static void world_make(const struct world_options *options, struct world_counts *counts)
{
        struct chance seed = { options->seed };

        w = (struct world){ .options = options, .counts = counts };
        w.chance.state = chance_next(&seed);
        w.random = chance_next(&seed);
        fake_clock = (struct fake_clock){ .chance = { chance_next(&seed) },
                                          .now_us = 1000000000,
                                          .wall_us = INT64_C(1700000000) * 1000000,
                                          .on_turn = on_turn };
        fake_cells = (struct fake_cells){ .chance = { chance_next(&seed) },
                                          .scratch = all.folder,
                                          .failure = (unsigned) chance_below(&w.chance, 40),
                                          .on_go = on_go,
                                          .on_end = on_end };
        if (!options->is_quiet && chance_percent(&w.chance, 20))
                fake_cells.trouble_in = 30;
        w.deaths_left = options->deaths;
        w.is_faulty = options->fail_at > 0 || options->limit > 0;
        w.has_limits = chance_percent(&w.chance, 20);
        w.runs_max = (unsigned) chance_below(&w.chance, 3);
        w.n_sketches = 1 + chance_below(&w.chance, RUNS_MAX);
        for (size_t i = 0; i < w.n_sketches; i++) {
                char name[SKETCH_NAME];

                (void) snprintf(name, sizeof(name), "flow-%zu", i);
                sketch_make(&w.sketches[i], name, &w.chance);
        }
        (void) snprintf(w.path, sizeof(w.path), "%.4000s/disk", all.folder);
        (void) snprintf(w.tree, sizeof(w.tree), "%s/tree", w.path);
        (void) snprintf(w.store_dir, sizeof(w.store_dir), "%s/store", w.path);
}

const char *world_run(const struct world_options *options, struct world_counts *counts)
{
        n_trace = 0;
        world_make(options, counts);
        if (mkdir(w.path, 0700) < 0)
                abort();
        tree_make_first(w.tree);
        disk_boot(w.path);
        disk_limit(options->limit);
        while (!*w.fault) {
                int r = life();

                if (*w.fault || r == 1)
                        break;
                if (w.lives > LIVES_MAX)
                        broken("stuck: no end after %d lives", LIVES_MAX);
                rise();
        }
        if (fake_clock.most_us > WAIT_MAX_MS * UINT64_C(1000))
                broken("stuck: nothing happened for %llu s",
                       (unsigned long long) (fake_clock.most_us / 1000000));
        counts->turns += fake_clock.turns;
        counts->most_wait_ms = MAX_OF(counts->most_wait_ms, fake_clock.most_us / 1000);
        disk_discard();
        return *w.fault ? w.fault : NULL;
}
