/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"

#include <string.h>

#include "run/syscall-grant.h"

static int inspect(void *user, int fd, char **ret, size_t *ret_length, struct err *err)
{
        return sandbox_inspect(user, fd, ret, ret_length, err);
}

/* In the order of the option's words. */
static const enum tier tiers[] = { TIER_FULL, TIER_NO_CGROUP, TIER_NO_USERNS };
static const char *const tier_words[] = { "full", "no-cgroup", "no-userns" };

static enum tier tier_required(const struct options *o)
{
        size_t i = 0;

        while (strcmp(tier_words[i], options_text(o, "sandbox.require")) != 0)
                i++;
        return tiers[i];
}

int session_degraded_check(const char *const *given, struct err *err)
{
        for (; given && *given; given++) {
                int r = option_word_check("sandbox.allow_degraded", *given, err);

                if (r < 0)
                        return err_wrap(err, r, "--allow-degraded");
        }
        return 0;
}

/* The layers that may be missing: the options' and the command line's together. */
static int degraded_join(struct session *s, const char *const *given, struct err *err)
{
        const json_t *list = options_list(s->options, "sandbox.allow_degraded"), *item;
        size_t n = 0, i;

        while (given && given[n])
                n++;
        if (n && options_bool(s->options, "sandbox.forbid_degraded"))
                return err_set(err, -EPERM,
                               "--allow-degraded is forbidden by sandbox.forbid_degraded (%s)",
                               options_origin(s->options, "sandbox.forbid_degraded"));
        s->allow_degraded = calloc(n + json_array_size(list) + 1, sizeof(*s->allow_degraded));
        if (!s->allow_degraded)
                return err_set(err, -ENOMEM, "out of memory");
        for (i = 0; i < n; i++)
                s->allow_degraded[i] = given[i];
        json_array_foreach (list, i, item)
                s->allow_degraded[n + i] = json_string_value(item);
        return 0;
}

/* A cap below what a cell itself takes would let no agent run, and not say so. */
static int limits_cap(struct session *s, struct err *err)
{
        for (size_t i = 0; i < LIMITS_; i++) {
                char path[64];

                (void) snprintf(path, sizeof(path), "limits.max.%s", limit_table[i].name);
                s->max.value[i] = options_number(s->options, path, UINT64_MAX);
                if (s->max.value[i] < limit_table[i].least)
                        return err_set(err, -EINVAL, "%s: %s must be at least %llu",
                                       options_origin(s->options, path), path,
                                       (unsigned long long) limit_table[i].least);
        }
        return 0;
}

/* "NAME=N" */
static int agent_slots_read(struct session *s, size_t i, const char *text, struct err *err)
{
        const char *equals = strrchr(text, '=');
        char *end = NULL;
        long n = equals ? strtol(equals + 1, &end, 10) : 0;
        char *name;

        if (!equals || equals == text || *end || n < 1 || n > 10000 ||
            strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != (size_t) (equals - text))
                return err_set(err, -EINVAL,
                               "%s: run.agents: write each as \"NAME=N\" with N from 1, not "
                               "\"%.64s\"",
                               options_origin(s->options, "run.agents"), text);
        name = strndup(text, (size_t) (equals - text));
        if (!name)
                return err_set(err, -ENOMEM, "out of memory");
        s->agent_slots[i] = (struct engine_agent_slots){ .agent = name, .slots = (unsigned) n };
        s->n_agent_slots = i + 1;
        return 0;
}

static int agent_slots_open(struct session *s, struct err *err)
{
        const json_t *list = options_list(s->options, "run.agents"), *item;
        size_t i;
        int r = 0;

        s->agent_slots = calloc(json_array_size(list) + 1, sizeof(*s->agent_slots));
        if (!s->agent_slots)
                return err_set(err, -ENOMEM, "out of memory");
        json_array_foreach (list, i, item) {
                r = agent_slots_read(s, i, json_string_value(item), err);
                if (r < 0)
                        break;
        }
        return r;
}

static int options_open(struct session *s, const char *const *allow_degraded, struct err *err)
{
        int r;

        r = options_load(&s->options, err);
        if (r < 0)
                return r;
        r = limits_cap(s, err);
        if (r < 0)
                return r;
        r = syscall_grants_check(options_list(s->options, "syscalls.grants"),
                                 options_origin(s->options, "syscalls.grants"), err);
        if (r < 0)
                return r;
        r = agent_slots_open(s, err);
        return r < 0 ? r : degraded_join(s, allow_degraded, err);
}

static struct sandbox_options sandbox_options_of(const struct session *s)
{
        return (struct sandbox_options){ .require = tier_required(s->options),
                                         .allow_degraded = s->allow_degraded,
                                         .pool = options_number(s->options, "sandbox.pool", 0) };
}

int session_catalog(const struct session *s, struct catalog **ret, struct err *err)
{
        int r = catalog_new(ret, inspect, s->sandbox);

        return r < 0 ? err_sys(err, r, "cannot make the catalog of agents") : 0;
}

static int sandbox_open(struct session *s, struct err *err)
{
        struct sandbox_options options = sandbox_options_of(s);
        int r;

        r = loop_new(&s->loop);
        if (r < 0)
                return err_sys(err, r, "cannot make the event loop");
        r = sandbox_new(&s->sandbox, s->loop, &options, err);
        if (r < 0)
                return r;
        return session_catalog(s, &s->catalog, err);
}

int session_open(struct session *s, const char *const *allow_degraded, struct err *err)
{
        int r;

        *s = (struct session){ 0 };
        r = options_open(s, allow_degraded, err);
        if (r == 0)
                r = sandbox_open(s, err);
        if (r < 0)
                session_done(s);
        return r;
}

int session_renew(struct session *ret, const struct session *s, struct err *err)
{
        _cleanup_(session_done) struct session renewed = { 0 };
        int r;

        r = options_open(&renewed, NULL, err);
        if (r < 0)
                return r;
        r = session_catalog(s, &renewed.catalog, err);
        if (r < 0)
                return r;
        *ret = renewed;
        renewed = (struct session){ 0 };
        return 0;
}

void session_adopt(struct session *s, struct session *renewed)
{
        struct session old = *s;

        s->options = renewed->options;
        s->allow_degraded = renewed->allow_degraded;
        s->max = renewed->max;
        s->agent_slots = renewed->agent_slots;
        s->n_agent_slots = renewed->n_agent_slots;
        s->catalog = renewed->catalog;
        old.loop = NULL;
        old.sandbox = NULL;
        session_done(&old);
        *renewed = (struct session){ 0 };
}

int session_look(json_t **ret, enum tier *ret_tier, struct err *ret_refusal, struct err *err)
{
        _cleanup_(session_done) struct session s = { 0 };
        struct sandbox_options options;
        int r;

        r = options_open(&s, NULL, err);
        if (r < 0)
                return r;
        options = sandbox_options_of(&s);
        return sandbox_look(ret, ret_tier, &options, ret_refusal, err);
}

struct grants session_grants(const struct session *s)
{
        return (struct grants){
                .max = &s->max,
                .syscalls = options_list(s->options, "syscalls.grants"),
                .exec = options_list(s->options, "exec.grants"),
                .secrets = options_list(s->options, "secrets.grants"),
        };
}

void session_limits(const struct session *s, struct engine_options *ret)
{
        const struct options *o = s->options;

        ret->slots = (unsigned) options_number(o, "run.concurrency", 0);
        ret->project_slots = (unsigned) options_number(o, "run.project_concurrency", 0);
        ret->agent_slots = s->agent_slots;
        ret->n_agent_slots = s->n_agent_slots;
        ret->runs_max = (unsigned) options_number(o, "run.runs", 0);
        ret->project_runs = (unsigned) options_number(o, "run.project_runs", 0);
}

void session_done(struct session *s)
{
        s->catalog = catalog_free(s->catalog);
        s->sandbox = sandbox_free(s->sandbox);
        s->loop = loop_free(s->loop);
        s->options = options_free(s->options);
        free(s->allow_degraded);
        s->allow_degraded = NULL;
        for (size_t i = 0; i < s->n_agent_slots; i++)
                free((char *) s->agent_slots[i].agent);
        free(s->agent_slots);
        s->agent_slots = NULL;
        s->n_agent_slots = 0;
}

struct store_limits session_store_limits(const struct options *options)
{
        return (struct store_limits){
                .age_ms = options_number(options, "store.keep_age", 0),
                .runs = options_number(options, "store.keep_runs", 0),
                .bytes = options_number(options, "store.max_bytes", 0),
        };
}
