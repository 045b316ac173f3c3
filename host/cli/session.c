/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/session.h"

static int inspect(void *user, int fd, char **ret, size_t *ret_length, struct err *err)
{
        return sandbox_inspect(user, fd, ret, ret_length, err);
}

int session_open(struct session *s, const char *const *allow_degraded, struct err *err)
{
        struct sandbox_options options = { .require = TIER_NO_CGROUP,
                                           .allow_degraded = allow_degraded };
        int r;

        *s = (struct session){ 0 };
        r = loop_new(&s->loop);
        if (r < 0)
                return err_sys(err, r, "cannot make the event loop");
        r = sandbox_new(&s->sandbox, s->loop, &options, err);
        if (r == 0) {
                r = catalog_new(&s->catalog, inspect, s->sandbox);
                if (r < 0)
                        (void) err_sys(err, r, "cannot make the catalog of agents");
        }
        if (r < 0)
                session_done(s);
        return r;
}

void session_done(struct session *s)
{
        s->catalog = catalog_free(s->catalog);
        s->sandbox = sandbox_free(s->sandbox);
        s->loop = loop_free(s->loop);
}
