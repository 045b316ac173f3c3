/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/pool.h"

#include <string.h>

#include "cell/sandbox.h"

#define PROFILES_MOST 8  /* the one that was not used for longest makes room */
#define CELLS_MOST    64 /* of one profile */
#define QUIET_MS      5  /* since a step began or ended: an idle moment */
#define UNUSED_MS     30000
#define LOST_MOST     3 /* in a row: this agent does not prepare, somebody shall see why */

struct profile {
        struct profile *next; /* in the order of use, the last used first */
        char sha256[SHA256_HEX];
        char *agent;   /* name of the agent, as in "NAME/action" */
        char **groups; /* NULL-terminated */
        enum workspace_mode workspace;
        struct limits limits;

        struct cell *cells[CELLS_MOST]; /* in the order they were made */
        size_t n_cells;
        size_t wanted; /* by the caller */
        size_t n_used;
        size_t n_lost;
        uint64_t used_ms;
};

struct pool {
        struct sandbox *sandbox;
        struct profile *profiles;
        size_t n_profiles;
        size_t most;
        uint64_t stirred_ms;
        struct loop_source refill, expiry;
};

static size_t groups_count(const char *const *groups)
{
        size_t n = 0;

        while (groups && groups[n])
                n++;
        return n;
}

static void groups_free(char **groups)
{
        for (size_t i = 0; groups && groups[i]; i++)
                free(groups[i]);
        free(groups);
}

static char **groups_copy(const char *const *groups)
{
        size_t n = groups_count(groups);
        char **copy = calloc(n + 1, sizeof(*copy));

        for (size_t i = 0; copy && i < n; i++) {
                copy[i] = strdup(groups[i]);
                if (!copy[i]) {
                        groups_free(copy);
                        return NULL;
                }
        }
        return copy;
}

static bool groups_are_equal(char *const *a, const char *const *b)
{
        size_t n = groups_count(b);

        if (groups_count((const char *const *) a) != n)
                return false;
        for (size_t i = 0; i < n; i++)
                if (strcmp(a[i], b[i]) != 0)
                        return false;
        return true;
}

static struct profile *profile_free(struct profile *f)
{
        if (!f)
                return NULL;
        free(f->agent);
        groups_free(f->groups);
        free(f);
        return NULL;
}
DEFINE_FREEP(struct profile, profile_free);

/* The time that a step may take counts from its request; it is not the process's business. */
static struct limits limits_fixed(const struct limits *limits)
{
        struct limits fixed = *limits;

        fixed.value[LIMIT_WALL] = 0;
        return fixed;
}

static size_t agent_length(const char *name)
{
        return name ? strcspn(name, "/") : 0;
}

static int profile_new(struct profile **ret, const struct cell_spec *spec)
{
        _cleanup_(profile_freep) struct profile *f = calloc(1, sizeof(*f));

        if (!f)
                return -ENOMEM;
        (void) snprintf(f->sha256, sizeof(f->sha256), "%s", spec->agent_sha256);
        f->agent = strndup(spec->name ? spec->name : "", agent_length(spec->name));
        f->groups = groups_copy(spec->syscall_groups);
        f->workspace = spec->workspace;
        f->limits = limits_fixed(&spec->limits);
        if (!f->agent || !f->groups)
                return -ENOMEM;
        *ret = TAKE(f);
        return 0;
}

static bool profile_fits(const struct profile *f, const struct cell_spec *spec)
{
        struct limits limits = limits_fixed(&spec->limits);

        return f->workspace == spec->workspace && strcmp(f->sha256, spec->agent_sha256) == 0 &&
               memcmp(&f->limits, &limits, sizeof(limits)) == 0 &&
               groups_are_equal(f->groups, spec->syscall_groups);
}

static void profile_drain(struct profile *f)
{
        /* pool_lost() will not find them: they are to end. */
        for (size_t i = 0; i < f->n_cells; i++)
                cell_drop(f->cells[i]);
        f->n_cells = f->wanted = f->n_used = 0;
}

/* Another object under the same name: the agent was installed anew. */
static bool profile_is_outdated(const struct profile *f, const struct cell_spec *spec)
{
        size_t n = agent_length(spec->name);

        return n && strlen(f->agent) == n && memcmp(f->agent, spec->name, n) == 0 &&
               strcmp(f->sha256, spec->agent_sha256) != 0;
}

static void profile_remove(struct pool *p, struct profile **at)
{
        struct profile *f = *at;

        profile_drain(f);
        *at = f->next;
        p->n_profiles--;
        (void) profile_free(f);
}

static void outdated_remove(struct pool *p, const struct cell_spec *spec)
{
        for (struct profile **at = &p->profiles; *at;)
                if (profile_is_outdated(*at, spec))
                        profile_remove(p, at);
                else
                        at = &(*at)->next;
}

static void oldest_remove(struct pool *p)
{
        struct profile **at = &p->profiles;

        while (*at && (*at)->next)
                at = &(*at)->next;
        if (*at)
                profile_remove(p, at);
}

/* Takes it out of the list, or makes it; NULL without memory. */
static struct profile *profile_find(struct pool *p, const struct cell_spec *spec)
{
        struct profile *f;

        for (struct profile **at = &p->profiles; *at; at = &(*at)->next)
                if (profile_fits(*at, spec)) {
                        f = *at;
                        *at = f->next;
                        return f;
                }
        if (p->n_profiles >= PROFILES_MOST)
                oldest_remove(p);
        if (profile_new(&f, spec) < 0)
                return NULL;
        p->n_profiles++;
        return f;
}

static struct profile *profile_use(struct pool *p, const struct cell_spec *spec)
{
        struct profile *f;

        outdated_remove(p, spec);
        f = profile_find(p, spec);
        if (!f)
                return NULL;
        f->next = p->profiles;
        p->profiles = f;
        f->used_ms = clock_ms();
        return f;
}

static size_t profile_goal(const struct pool *p, const struct profile *f)
{
        if (f->n_lost >= LOST_MOST)
                return 0;
        return MAX_OF(f->wanted, f->n_used >= 2 ? p->most : 0);
}

static bool profile_is_preparing(const struct profile *f)
{
        for (size_t i = 0; i < f->n_cells; i++)
                if (!cell_is_prepared(f->cells[i]))
                        return true;
        return false;
}

/* At most one is under way: the machine is for the steps that somebody waits for. */
static bool pool_is_preparing(const struct pool *p)
{
        for (const struct profile *f = p->profiles; f; f = f->next)
                if (profile_is_preparing(f))
                        return true;
        return false;
}

/* The profile that lacks cells; one that has none first. */
static struct profile *pool_neediest(const struct pool *p)
{
        struct profile *found = NULL;

        for (struct profile *f = p->profiles; f; f = f->next)
                if (f->n_cells < profile_goal(p, f) && (!found || f->n_cells == 0)) {
                        found = f;
                        if (f->n_cells == 0)
                                break;
                }
        return found;
}

static int profile_add(struct pool *p, struct profile *f)
{
        const struct cell_spec spec = {
                .name = f->agent,
                .agent_fd = -1, /* the sandbox has its bytes */
                .agent_sha256 = f->sha256,
                .workspace = f->workspace,
                .workspace_fd = -1,
                .limits = f->limits,
                .syscall_groups = (const char *const *) f->groups,
                .is_held = true,
        };
        struct err ignored = { 0 };
        int r;

        r = cell_warm(&f->cells[f->n_cells], p->sandbox, &spec, &ignored);
        if (r == 0)
                f->n_cells++;
        else
                f->n_lost++;
        return r;
}

static int refill_now(struct loop_source *source, uint32_t events);

static void refill_after(struct pool *p, uint64_t delay_ms)
{
        if (!p->refill.is_active || delay_ms == 0)
                (void) loop_add_timer(p->sandbox->loop, &p->refill, delay_ms, refill_now, p);
}

static int refill_now(struct loop_source *source, uint32_t events)
{
        struct pool *p = source->owner;
        struct profile *f = pool_neediest(p);
        uint64_t quiet_ms = clock_ms() - p->stirred_ms;

        (void) events;
        if (!f || pool_is_preparing(p))
                return 0;
        if (f->n_cells > 0 && quiet_ms < QUIET_MS)
                refill_after(p, QUIET_MS - quiet_ms);
        else
                (void) profile_add(p, f);
        return 0;
}

static int expire_now(struct loop_source *source, uint32_t events)
{
        struct pool *p = source->owner;
        uint64_t now = clock_ms();

        (void) events;
        for (struct profile **at = &p->profiles; *at;)
                if (now - (*at)->used_ms >= UNUSED_MS)
                        profile_remove(p, at);
                else
                        at = &(*at)->next;
        if (p->profiles)
                (void) loop_add_timer(p->sandbox->loop, &p->expiry, UNUSED_MS / 4, expire_now, p);
        return 0;
}

static void expiry_start(struct pool *p)
{
        if (!p->expiry.is_active)
                (void) loop_add_timer(p->sandbox->loop, &p->expiry, UNUSED_MS, expire_now, p);
}

int pool_new(struct pool **ret, struct sandbox *s, size_t most)
{
        struct pool *p = calloc(1, sizeof(*p));

        if (!p)
                return -ENOMEM;
        p->sandbox = s;
        p->most = MIN_OF(most, (size_t) CELLS_MOST);
        *ret = p;
        return 0;
}

struct pool *pool_free(struct pool *p)
{
        if (!p)
                return NULL;
        loop_remove(p->sandbox->loop, &p->refill);
        loop_remove(p->sandbox->loop, &p->expiry);
        while (p->profiles) {
                struct profile *f = p->profiles;

                p->profiles = f->next;
                (void) profile_free(f);
        }
        free(p);
        return NULL;
}

static struct cell *cell_remove(struct profile *f, size_t i)
{
        struct cell *c = f->cells[i];

        f->n_cells--;
        memmove(&f->cells[i], &f->cells[i + 1], (f->n_cells - i) * sizeof(*f->cells));
        return c;
}

struct cell *pool_take(struct pool *p, const struct cell_spec *spec)
{
        struct profile *f;

        /* A program starts with its request; there is nothing to prepare. */
        if (!p || spec->program || !spec->agent_sha256)
                return NULL;
        p->stirred_ms = clock_ms();
        f = profile_use(p, spec);
        if (!f)
                return NULL;
        f->n_used++;
        expiry_start(p);
        for (size_t i = 0; i < f->n_cells; i++)
                if (cell_is_usable(f->cells[i]))
                        return cell_remove(f, i);
        return NULL;
}

int pool_want(struct pool *p, const struct cell_spec *spec, size_t n, struct err *err)
{
        struct profile *f;
        uint32_t ignored;
        int object, r;

        if (spec->program)
                return err_set(err, -EOPNOTSUPP, "a program cannot be prepared ahead");
        r = sandbox_object(p->sandbox, spec, &object, &ignored, err);
        if (r < 0)
                return r;
        f = profile_use(p, spec);
        if (!f)
                return err_set(err, -ENOMEM, "no memory for a pool of cells");
        f->wanted = MIN_OF(n, (size_t) CELLS_MOST);
        expiry_start(p);
        refill_after(p, 0);
        return 0;
}

void pool_stir(struct pool *p)
{
        struct profile *f;

        if (!p)
                return;
        p->stirred_ms = clock_ms();
        f = pool_neediest(p);
        if (f)
                refill_after(p, f->n_cells ? QUIET_MS : 0);
}

void pool_prepared(struct pool *p)
{
        for (struct profile *f = p->profiles; f; f = f->next)
                if (f->n_cells && !profile_is_preparing(f))
                        f->n_lost = 0;
        refill_after(p, 0);
}

void pool_lost(struct pool *p, const struct cell *c)
{
        if (!p)
                return;
        for (struct profile *f = p->profiles; f; f = f->next)
                for (size_t i = 0; i < f->n_cells; i++)
                        if (f->cells[i] == c) {
                                (void) cell_remove(f, i);
                                f->n_lost++;
                                refill_after(p, QUIET_MS);
                                return;
                        }
}

void pool_drain(struct pool *p)
{
        if (!p)
                return;
        while (p->profiles)
                profile_remove(p, &p->profiles);
        loop_remove(p->sandbox->loop, &p->refill);
        loop_remove(p->sandbox->loop, &p->expiry);
}

size_t pool_count(const struct pool *p)
{
        size_t n = 0;

        for (const struct profile *f = p->profiles; f; f = f->next)
                for (size_t i = 0; i < f->n_cells; i++)
                        n += cell_is_prepared(f->cells[i]) && cell_is_usable(f->cells[i]);
        return n;
}

json_t *pool_describe(const struct pool *p)
{
        char detail[256];

        if (!p)
                return json_pack("{s:s, s:s, s:s, s:s}", "layer", "pool", "state", "off", "detail",
                                 "no cell is prepared before it is asked for", "remedy",
                                 "set sandbox.pool above 0; it needs the layer ahead");
        (void) snprintf(detail, sizeof(detail),
                        "up to %zu prepared cells for each agent that is used again; %zu now, "
                        "about half a MiB each, for one step each",
                        p->most, pool_count(p));
        return json_pack("{s:s, s:s, s:s, s:n}", "layer", "pool", "state", "on", "detail", detail,
                         "remedy");
}
