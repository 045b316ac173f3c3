/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/repeat.h"

#include "cli/cli.h"
#include "cli/daemon-store.h"
#include "run/remote.h"
#include "store/place.h"

int repeat_exit(int r)
{
        switch (r) {
        case -EALREADY:
        case -EBADMSG:
        case -EBUSY:
        case -EINVAL:
        case -ENOENT:
                return CLI_USAGE;
        default:
                return CLI_TROUBLE;
        }
}

void repeat_tell(const char *run, const char *old, const json_t *plan)
{
        size_t i, n_kept = 0;
        json_t *step;

        json_array_foreach (plan, i, step) {
                const char *why = json_string_value(json_object_get(step, "why"));

                n_kept += json_is_true(json_object_get(step, "kept"));
                if (why)
                        cli_say("step %s runs again: %s",
                                json_string_value(json_object_get(step, "step")), why);
        }
        cli_say("run %s repeats %s and keeps %zu of %zu steps", run, old, n_kept,
                json_array_size(plan));
}

static int ask(const struct repeat *repeat, const char *dir, const char *run, json_t **ret,
               struct err *err)
{
        _cleanup_(flow_freep) struct flow *flow = NULL;
        int r = 0;

        if (repeat->not_here)
                return err_set(err, -EINVAL,
                               "linhayd holds the store %s and repeats the run; %s is not for it",
                               dir, repeat->not_here);
        if (repeat->flow_name)
                r = daemon_store_flow(&flow, dir, repeat->flow_name, err);
        if (r < 0)
                return r;
        return daemon_store_ask(dir,
                                json_pack("{s:s, s:s, s:s*, s:O*}", "do", "retry", "run", run,
                                          "from", repeat->from, "flow", flow ? flow->json : NULL),
                                DAEMON_REPLY_MS, ret, err);
}

bool repeat_by_daemon(const struct repeat *repeat, int *ret_exit)
{
        _cleanup_(json_decrefp) json_t *reply = NULL;
        _cleanup_(freep) char *dir = NULL;
        char run[RUN_ID_SIZE];
        struct err err = { 0 };
        struct id_ref ref;
        pid_t pid;
        int r;

        if (id_ref_parse(&ref, repeat->run, NULL) < 0 ||
            place_find_run(&dir, run, repeat->store_option, ref.run, NULL) < 0 ||
            remote_daemon(dir, &pid) < 0)
                return false;
        r = ask(repeat, dir, run, &reply, &err);
        if (r < 0) {
                *ret_exit = cli_fail(repeat_exit(r), &err);
                return true;
        }
        if (!repeat->as_json && !cli_quiet)
                repeat_tell(json_string_value(json_object_get(reply, "run")), run,
                            json_object_get(reply, "plan"));
        r = daemon_store_accepted(dir, reply, repeat->wait, repeat->as_json, &err);
        *ret_exit = r < 0 ? cli_fail(CLI_TROUBLE, &err) : r;
        return true;
}
