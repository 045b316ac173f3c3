/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "run/run.h"
#include "run/tree-hash.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/*
 * Results that are taken from before
 *
 * A step with `cache = true` is looked up by a hash of all that its result depends on. Where it
 * reads the tree, the tree's own hash is part of that; it is made in slices on the loop, before the
 * attempt, to look, and again after it, to keep: only a tree that is the same then is one that the
 * agent has seen. Only what ended well and changed nothing is kept.
 */

#define SLICE_BYTES (1 << 20) /* of the tree between two looks at everything else */
#define SLICE_MS    1

/* A result that is kept once the tree turns out to be the one that was looked at. */
struct cache_keep {
        struct cache_keep *next;
        struct engine *engine;
        struct loop_source timer;
        struct tree_hash *hash;
        int tree_fd;
        char tree[SHA256_HEX], key[SHA256_HEX];
        char run[RUN_ID_SIZE], step[STEP_ID_SIZE];
        int item;
};

/* Of a step that is being looked up. */
struct cache_look {
        struct tree_hash *hash;
        char tree[SHA256_HEX]; /* "" = it reads none */
        char key[SHA256_HEX];  /* "" = it cannot be kept */
};

struct cache_look *cache_look_free(struct cache_look *l)
{
        if (l)
                tree_hash_free(l->hash);
        free(l);
        return NULL;
}

static struct cache_keep *keep_free(struct cache_keep *k)
{
        if (!k)
                return NULL;
        loop_remove(k->engine->loop, &k->timer);
        tree_hash_free(k->hash);
        closep(&k->tree_fd);
        free(k);
        return NULL;
}

void cache_done(struct engine *e)
{
        while (e->keeps) {
                struct cache_keep *k = e->keeps;

                e->keeps = k->next;
                keep_free(k);
        }
}

static void keep_drop(struct cache_keep *k)
{
        struct engine *e = k->engine;
        struct cache_keep **link = &e->keeps;

        while (*link != k)
                link = &(*link)->next;
        *link = k->next;
        keep_free(k);
        engine_poke(e);
}

static json_t *limits_of(const struct agent *agent, const struct grants *grants)
{
        json_t *limits = json_array();

        for (size_t i = 0; i < LIMITS_; i++) {
                uint64_t own = agent->manifest->limits.value[i],
                         most = grants->max ? grants->max->value[i] : own;

                (void) json_array_append_new(limits, json_integer((json_int_t) MIN_OF(own, most)));
        }
        return limits;
}

static json_t *groups_of(const struct agent *agent, const struct grants *grants)
{
        _cleanup_(freep) const char **groups = NULL;
        json_t *list = json_array();

        if (attempt_groups(&groups, agent, grants, NULL) < 0)
                return list;
        for (size_t i = 0; groups[i]; i++)
                (void) json_array_append_new(list, json_string(groups[i]));
        return list;
}

/* What reads an exec agent's program is not part of the agent: another one is another result. */
static json_t *interpreter_of(const struct agent *agent)
{
        const char *path = agent->manifest->exec.interpreter;
        struct stat st;

        if (!path || stat(path, &st) < 0)
                return path ? json_string(path) : json_null();
        return json_pack("[s, I, I, I, I]", path, (json_int_t) st.st_ino, (json_int_t) st.st_size,
                         (json_int_t) st.st_mtim.tv_sec, (json_int_t) st.st_mtim.tv_nsec);
}

static int key_make(struct step *step, struct cache_look *l)
{
        const struct agent *agent = step->agent;
        struct grants grants;
        enum risk risk;
        _cleanup_(json_decrefp) json_t *all = NULL;
        _cleanup_(freep) char *text = NULL;

        step_policy(step, &grants, &risk);
        all = json_pack("{s:i, s:s, s:s, s:i, s:O, s:s, s:o, s:o, s:o, s:O?, s:s}", "version", 1,
                        "agent", agent->sha256, "action", step->action->name, "abi",
                        (int) agent->manifest->sdk, "input", step->input, "tree", l->tree, "limits",
                        limits_of(agent, &grants), "groups", groups_of(agent, &grants),
                        "interpreter", interpreter_of(agent), "exec", grants.exec, "tier",
                        tier_name(sandbox_tier(step->run->engine->sandbox)));
        text = all ? json_canonical(all) : NULL;
        if (!text)
                return -ENOMEM;
        sha256_hex(l->key, text, strlen(text));
        return 0;
}

/* May a result of it stand for another? What secrets it has nobody may note, not even hashed. */
static bool may_keep(const struct step *step)
{
        const json_t *needs = json_object_get(step->agent->manifest->json, "needs");

        return step->action->is_idempotent && step->action->workspace != WORKSPACE_OVERLAY &&
               json_array_size(json_object_get(needs, "secrets")) == 0;
}

static void take(struct step *step, const struct cache_look *l, const json_t *row,
                 const json_t *result)
{
        struct batch *b = run_batch(step->run);
        _cleanup_(json_decrefp) json_t *from = json_pack(
                "{s:s, s:O, s:O, s:O, s:b, s:s}", "how", "cache", "run",
                json_object_get(row, "run"), "step", json_object_get(row, "step"), "item",
                json_object_get(row, "item"), "changed", 0, "agent_sha256", step->agent->sha256);
        struct step_key key = step_key_of(step);
        char reason[RUN_ID_SIZE + STEP_ID_SIZE + 32];

        batch_step_taken(b, key, from);
        batch_cache_used(b, l->key, 0);
        step_take_result(step, json_object_get(result, "output"),
                         json_object_get(result, "findings"), json_object_get(result, "artifacts"));
        (void) snprintf(reason, sizeof(reason), "cached from %s/%s",
                        json_string_value(json_object_get(row, "run")),
                        json_string_value(json_object_get(row, "step")));
        step_finish(step, STEP_DONE, VERDICT_OK, reason);
}

/* The tree is known, or none is needed: is there a result? */
static bool is_found(struct step *step)
{
        struct cache_look *l = step->look;
        struct store *store = step->run->engine->store;
        _cleanup_(json_decrefp) json_t *row = NULL, *result = NULL;
        const json_t *item;
        struct step_key key;

        if (key_make(step, l) < 0 || store_cache(store, l->key, &row, NULL) < 0)
                return false;
        item = json_object_get(row, "item");
        key = (struct step_key){
                .run = json_string_value(json_object_get(row, "run")),
                .step = json_string_value(json_object_get(row, "step")),
                .item = json_is_integer(item) ? (int) json_integer_value(item) : -1,
        };
        if (store_output(store, key, &result, NULL) < 0)
                return false;
        take(step, l, row, result);
        return true;
}

static int on_slice(struct loop_source *source, uint32_t events);

static void slice_soon(struct step *step)
{
        struct run *run = step->run;

        if (loop_add_timer(run->engine->loop, &step->retry, SLICE_MS, on_slice, step) < 0)
                slot_ask(step); /* it runs without */
        else
                run->n_retries++;
}

/* Not for ever: a tree that cannot be hashed is no reason not to run. */
static int on_slice(struct loop_source *source, _unused_ uint32_t events)
{
        struct step *step = source->owner;
        struct cache_look *l = step->look;
        struct engine *e = step->run->engine;
        int r = tree_hash_step(l->hash, SLICE_BYTES, l->tree);

        step->run->n_retries--;
        run_touch(step->run);
        if (r == 1) {
                slice_soon(step);
                return 0;
        }
        l->hash = tree_hash_free(l->hash);
        if (r < 0 || !is_found(step))
                slot_ask(step);
        engine_poke(e);
        return 0;
}

bool cache_begin(struct step *step)
{
        struct cache_look *l;

        if (!step->def->cache || step->look || !may_keep(step))
                return false;
        l = step->look = calloc(1, sizeof(*l));
        if (!l)
                return false;
        if (step->action->workspace == WORKSPACE_NONE)
                return is_found(step);
        if (tree_hash_new(&l->hash, step->run->workspace_fd) < 0)
                return false;
        slice_soon(step);
        return true;
}

static int on_keep(struct loop_source *source, _unused_ uint32_t events)
{
        struct cache_keep *k = source->owner;
        struct engine *e = k->engine;
        char tree[SHA256_HEX];
        int r = tree_hash_step(k->hash, SLICE_BYTES, tree);

        if (r == 1 && loop_add_timer(e->loop, &k->timer, SLICE_MS, on_keep, k) == 0)
                return 0;
        if (r == 0 && strcmp(tree, k->tree) == 0 && e->trouble == 0)
                batch_cache(commits_batch(e->commits, NULL), k->key,
                            (struct step_key){ k->run, k->step, k->item }, 0);
        keep_drop(k);
        return 0;
}

void cache_keep(struct step *step)
{
        struct engine *e = step->run->engine;
        const struct cache_look *l = step->look;
        struct cache_keep *k;

        if (!l || !*l->key)
                return;
        if (!*l->tree) {
                batch_cache(run_batch(step->run), l->key, step_key_of(step), 0);
                return;
        }
        k = calloc(1, sizeof(*k));
        if (!k)
                return;
        k->engine = e;
        k->item = step->item;
        k->tree_fd = fcntl(step->run->workspace_fd, F_DUPFD_CLOEXEC, 0);
        memcpy(k->tree, l->tree, sizeof(k->tree));
        memcpy(k->key, l->key, sizeof(k->key));
        memcpy(k->run, step->run->id, sizeof(k->run));
        (void) snprintf(k->step, sizeof(k->step), "%s", step->def->id);
        if (k->tree_fd < 0 || tree_hash_new(&k->hash, k->tree_fd) < 0 ||
            loop_add_timer(e->loop, &k->timer, SLICE_MS, on_keep, k) < 0) {
                keep_free(k);
                return;
        }
        k->next = e->keeps;
        e->keeps = k;
}
