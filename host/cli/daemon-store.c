/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/daemon-store.h"

#include "cli/cli.h"
#include "cli/flow-catalog.h"
#include "conf/options.h"
#include "run/remote.h"
#include "store/place.h"

#include <limits.h>
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

int daemon_store_flow(struct flow **ret, const char *dir, const char *name, struct err *err)
{
        _cleanup_(freep) char *path = flow_path_find(name);
        _cleanup_(json_decrefp) json_t *reply = NULL;
        int r;

        if (!path)
                return err_set(err, -ENOMEM, "out of memory");
        if (strchr(path, '/') || access(path, F_OK) == 0)
                return flow_load(ret, path, NULL, err);
        r = daemon_store_ask(dir, json_pack("{s:s, s:s}", "do", "workflow", "name", name),
                             DAEMON_REPLY_MS, &reply, err);
        if (r < 0)
                return r;
        return flow_from_json(ret, json_object_get(reply, "flow"), err);
}

static int wait_for(const char *dir, const char *run, bool as_json)
{
        _cleanup_(json_decrefp) json_t *reply = NULL;
        struct err err = { 0 };
        int r;

        r = daemon_store_ask(dir, json_pack("{s:s, s:s}", "do", "wait", "run", run), INT_MAX,
                             &reply, &err);
        if (r < 0) {
                (void) err_wrap(&err, r, "run %s is accepted and goes on, but cannot be waited for",
                                run);
                return cli_fail(CLI_TROUBLE, &err);
        }
        if (!as_json)
                cli_say("run %s: %s", run, json_string_value(json_object_get(reply, "state")));
        else
                (void) cli_print_json(reply, JSON_COMPACT);
        return (int) json_integer_value(json_object_get(reply, "exit"));
}

int daemon_store_accepted(const char *dir, const json_t *reply, bool wait, bool as_json,
                          struct err *err)
{
        const char *run = json_string_value(json_object_get(reply, "run"));

        if (!run)
                return err_set(err, -EPROTO, "linhayd's answer names no run");
        if (as_json)
                (void) cli_print_json(reply, JSON_COMPACT);
        else
                (void) puts(run);
        (void) fflush(stdout);
        return wait ? wait_for(dir, run, as_json) : CLI_PASSED;
}
