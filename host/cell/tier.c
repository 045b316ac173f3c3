/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/tier.h"

#include <string.h>

#include "base/buf.h"
#include "base/kernel.h"

static const char *const tier_names[TIERS_] = {
        [TIER_FULL] = "full",
        [TIER_NO_CGROUP] = "no-cgroup",
        [TIER_NO_USERNS] = "no-userns",
        [TIER_REFUSED] = "refused",
};

/* One layer a row; `layer` is also the name that allow_degraded takes. */
static const struct layer {
        const char *layer;
        uint32_t needs; /* the feature */
        const char *on;
        const char *off;
        const char *remedy;
} layers[] = {
        { "seccomp", SPAWN_HAS_SECCOMP,
          "default-deny filter in two stages; a denied call ends the cell",
          "the kernel has no seccomp filters", "use a kernel with CONFIG_SECCOMP_FILTER" },
        { "landlock", SPAWN_HAS_LANDLOCK, "files, TCP and signals, as far as its ABI goes",
          "missing or older than ABI 2",
          "use Linux 6.1 or newer with landlock in the list of security modules (lsm=)" },
        { "userns", SPAWN_HAS_USERNS,
          "user, mount, pid, ipc and uts namespaces; a root of its own without /proc",
          "no namespaces: the workspace is a private copy, other files are kept away by Landlock "
          "alone",
          "allow user namespaces: kernel.unprivileged_userns_clone=1, user.max_user_namespaces "
          "above 0, kernel.apparmor_restrict_unprivileged_userns=0 or a profile for linhay-cell; "
          "in a container, a seccomp profile that allows unshare, mount and clone" },
        { "netns", SPAWN_HAS_NETNS, "an empty network namespace",
          "the host's network namespace; seccomp denies every socket", "as for userns" },
        { "mdwe", SPAWN_HAS_MDWE, "memory is never writable and executable",
          "missing; seccomp denies the calls", "use Linux 6.3 or newer" },
        { "overlay", SPAWN_HAS_OVERLAY, "changes go to a private upper layer",
          "changes go to a private copy of the whole tree", "as for userns" },
        { "ahead", SPAWN_HAS_AHEAD,
          "one blank is kept: a process with namespaces and a bare root, for one step",
          "a step's process is made when it is asked for", "as for userns" },
        { "cgroup", SPAWN_HAS_CGROUP,
          "a control group for each cell: memory, processes and processor time of all its "
          "processes together",
          "memory and processor time are limited for each process of a cell, not for all together",
          "start linhay as root, or in a group of its own: systemd-run --user --scope "
          "-p Delegate=yes linhay, or Delegate=yes in a unit; in a container, make "
          "/sys/fs/cgroup writable. Or allow its absence with --allow-degraded=cgroup, or "
          "sandbox.allow_degraded = [\"cgroup\"]" },
};

const char *tier_name(enum tier t)
{
        return t < TIERS_ ? tier_names[t] : "unknown";
}

enum tier tier_find(const struct spawn_hello *hello)
{
        const uint32_t least = SPAWN_HAS_SECCOMP | SPAWN_HAS_LANDLOCK;

        if ((hello->features & least) != least)
                return TIER_REFUSED;
        if (!(hello->features & SPAWN_HAS_USERNS))
                return TIER_NO_USERNS;
        return hello->features & SPAWN_HAS_CGROUP ? TIER_FULL : TIER_NO_CGROUP;
}

static bool is_allowed(const struct sandbox_options *options, const char *layer)
{
        for (size_t i = 0; options->allow_degraded && options->allow_degraded[i]; i++)
                if (strcmp(options->allow_degraded[i], layer) == 0)
                        return true;
        return false;
}

static const struct layer *layer_missing(const struct spawn_hello *hello)
{
        for (size_t i = 0; i < ARRAY_SIZE(layers); i++)
                if ((hello->features & layers[i].needs) != layers[i].needs)
                        return &layers[i];
        return NULL;
}

static const struct layer *layer_named(const char *name)
{
        const struct layer *l = layers;

        while (strcmp(l->layer, name) != 0)
                l++;
        return l;
}

int tier_require(enum tier tier, const struct spawn_hello *hello, const struct tier_causes *why,
                 const struct sandbox_options *options, struct err *err)
{
        const struct layer *missing = layer_missing(hello);

        if (tier == TIER_REFUSED)
                return err_set(err, -EPERM,
                               "agents cannot be confined here: %s is missing (%s). Remedy: %s",
                               missing->layer, missing->off, missing->remedy);
        if (tier <= options->require)
                return 0;
        if (tier == TIER_NO_CGROUP && is_allowed(options, "cgroup"))
                return 0;
        if (tier == TIER_NO_CGROUP)
                return err_set(err, -EPERM,
                               "the sandbox is required to be \"full\" but would be \"no-cgroup\": "
                               "the layer cgroup is missing (%s). Remedy: %s",
                               why->cgroup, layer_named("cgroup")->remedy);
        if (is_allowed(options, "userns") || is_allowed(options, "no-userns"))
                return 0;
        return err_set(err, -EPERM,
                       "the sandbox is required to be \"%s\" but would be \"%s\": the layer userns "
                       "is missing (%s). Remedy: %s. To run with less, say "
                       "--allow-degraded=userns, or sandbox.allow_degraded = [\"userns\"] in the "
                       "configuration",
                       tier_name(options->require), tier_name(tier), why->userns,
                       layer_named("userns")->remedy);
}

/* Landlock grows with the kernel: below ABI 6 signals and abstract sockets are not its business. */
static bool is_partial(const struct layer *l, const struct spawn_hello *hello)
{
        return strcmp(l->layer, "landlock") == 0 && hello->landlock_abi < 6;
}

static json_t *row_make(const struct layer *l, const struct spawn_hello *hello, const char *detail)
{
        bool is_on = (hello->features & l->needs) == l->needs;
        const char *state = !is_on ? "off" : is_partial(l, hello) ? "degraded" : "on";
        const char *remedy = !is_on                 ? l->remedy
                             : is_partial(l, hello) ? "Linux 6.12 or newer denies signals and "
                                                      "abstract sockets here too; namespaces and "
                                                      "seccomp do meanwhile"
                                                    : NULL;

        return json_pack("{s:s, s:s, s:s, s:s?}", "layer", l->layer, "state", state, "detail",
                         detail, "remedy", remedy);
}

/* What was found, why it is missing, and how it was tried. */
static int detail_make(struct buf *ret, const struct layer *l, const struct spawn_hello *hello,
                       const struct tier_causes *why, const struct selftest_result *tested)
{
        bool is_on = (hello->features & l->needs) == l->needs;
        unsigned tried = is_on ? tested->tried[__builtin_ctz(l->needs)] : 0;
        int r = buf_puts(ret, is_on ? l->on : l->off);

        if (r == 0 && strcmp(l->layer, "landlock") == 0)
                r = buf_printf(ret, " (ABI %d)", hello->landlock_abi);
        if (r == 0 && !is_on && strcmp(l->layer, "userns") == 0)
                r = buf_printf(ret, " (%s)", why->userns);
        if (r == 0 && !is_on && strcmp(l->layer, "cgroup") == 0)
                r = buf_printf(ret, " (%s)", why->cgroup);
        if (r == 0 && is_on && strcmp(l->layer, "cgroup") == 0)
                r = buf_printf(ret, " (version %u)", hello->cgroup_version);
        if (r == 0 && tried)
                r = buf_printf(ret, "; %u promise%s tried in a throw-away cell", tried,
                               tried == 1 ? "" : "s");
        return r;
}

json_t *tier_describe(const struct spawn_hello *hello, const struct tier_causes *why,
                      const struct selftest_result *tested)
{
        json_t *rows = json_array();

        for (size_t i = 0; i < ARRAY_SIZE(layers); i++) {
                _cleanup_(buf_done) struct buf detail = { 0 };

                if (detail_make(&detail, &layers[i], hello, why, tested) == 0)
                        (void) json_array_append_new(
                                rows, row_make(&layers[i], hello, buf_text(&detail)));
        }
        return rows;
}
