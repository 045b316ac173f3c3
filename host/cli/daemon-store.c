/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/daemon-store.h"

#include "conf/options.h"
#include "run/remote.h"
#include "store/place.h"

#include <string.h>

int daemon_store_find(char **ret, const char *option, struct err *err)
{
        _cleanup_(options_freep) struct options *options = NULL;
        const char *named = option ? option : getenv("LINHAY_STORE");
        int r;

        if (!named || !*named) {
                r = options_load(&options, err);
                if (r < 0)
                        return r;
                named = options_text(options, "store.dir");
        }
        *ret = realpath(named ? named : PLACE_DAEMON_STORE, NULL);
        if (*ret)
                return 0;
        return err_sys(err, -errno,
                       "cannot reach the store %s of linhayd (is it running? --store DIR names "
                       "another)",
                       named ? named : PLACE_DAEMON_STORE);
}

int daemon_store_ask(const char *dir, json_t *request, uint64_t timeout_ms, json_t **ret_reply,
                     struct err *err)
{
        int r = remote_ask(dir, request, timeout_ms, ret_reply, err);

        if (r == -ECONNREFUSED)
                return err_set(err, r,
                               "no linhayd is alive on the store %s: systemctl start linhayd, or "
                               "`linhay run` without one",
                               dir);
        if (r == -EACCES || r == -EPERM)
                return err_wrap(err, r, "only the store's owner and root may ask linhayd");
        return r;
}
