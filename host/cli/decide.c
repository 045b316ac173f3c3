/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/identity.h"
#include "cli/record.h"
#include "conf/options.h"
#include "run/remote.h"

#include <string.h>

/* approve, reject and cancel: a live engine is asked, else the record is written (run/remote.h). */

#define STORE_OPTION(target)                                                                       \
        {                                                                                          \
                "store", 0, CLI_TEXT, "DIR", "where the run is kept (default: found by its id)",   \
                        (target)                                                                   \
        }

static int decision_exit(int r)
{
        switch (r) {
        case -ENOENT:
        case -EINVAL:
                return CLI_USAGE;
        case -EALREADY:
        case -ESTALE:
        case -EPERM:
                return CLI_FAILED;
        default:
                return CLI_TROUBLE;
        }
}

static int decide(const struct record *record, const char *verb,
                  const struct engine_decision *decision, struct err *err)
{
        struct step_key key = { record->run, record->ref.step, record->ref.item };
        _cleanup_(options_freep) struct options *options = NULL;
        bool live = false;
        int r;

        r = options_load(&options, err);
        if (r < 0)
                return r;
        if (!record->ref.step[0])
                return err_set(err, -EINVAL, "name the step as well: linhay %s %s/STEP", verb,
                               record->run);
        r = remote_decide(record->dir, key, decision, options_bool(options, "approval.four_eyes"),
                          &live, err);
        if (r < 0)
                return r;
        (void) printf("%s %s/%s\n", decision->approve ? "approved" : "rejected", record->run,
                      record->ref.step);
        if (!live)
                cli_say("recorded; linhay run --resume %s carries on", record->run);
        return 0;
}

static int decide_verb(const struct cli_verb *verb, bool approve, int argc, char **argv)
{
        struct engine_decision decision = { .approve = approve, .by = identity_of_caller() };
        _cleanup_(buf_done) struct buf reason = { 0 }; /* it will stand on others' terminals */
        _cleanup_(record_done) struct record record = { 0 };
        const char *store = NULL;
        const struct cli_option options[] = {
                { "reason", 'r', CLI_TEXT, "TEXT", "why; kept with the decision",
                  &decision.reason },
                { "sha256", 0, CLI_TEXT, "HEX", "decide only about exactly these changes",
                  &decision.sha256 },
                STORE_OPTION(&store),
                { 0 },
        };
        struct err err = { 0 };
        size_t n;
        int r;

        if (cli_parse(verb, options, argc, argv, &n, &r) < 0)
                return r;
        if (decision.reason &&
            utf8_clean(&reason, decision.reason, strlen(decision.reason), true) < 0)
                return cli_fail(CLI_TROUBLE, &(struct err){ .code = -ENOMEM });
        if (decision.reason)
                decision.reason = buf_text(&reason);
        r = record_open(&record, argv[1], store, &err);
        if (r < 0)
                return cli_fail(record_exit(r), &err);
        r = decide(&record, verb->name, &decision, &err);
        return r < 0 ? cli_fail(decision_exit(r), &err) : CLI_PASSED;
}

int cmd_approve(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "approve",
                .operands = "RUN/STEP",
                .least = 1,
                .most = 1,
                .summary = "Approves the changes that a step asks for: exactly those, by their "
                           "sha256.",
                .footer =
                        "Look at them first: linhay diff RUN/STEP. The first decision is final.\n",
        };

        return decide_verb(&verb, true, argc, argv);
}

int cmd_reject(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "reject",
                .operands = "RUN/STEP",
                .least = 1,
                .most = 1,
                .summary = "Rejects the changes that a step asks for: the step fails, nothing is "
                           "written.",
        };

        return decide_verb(&verb, false, argc, argv);
}

int cmd_cancel(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "cancel",
                .operands = "RUN",
                .least = 1,
                .most = 1,
                .summary =
                        "Ends a run: at once where an engine carries it, else when it is resumed.",
        };
        _cleanup_(record_done) struct record record = { 0 };
        const char *store = NULL;
        bool now = false;
        const struct cli_option options[] = {
                { "now", 0, CLI_FLAG, NULL, "kill what runs, instead of ending in order", &now },
                STORE_OPTION(&store),
                { 0 },
        };
        struct err err = { 0 };
        bool is_live;
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        r = record_open(&record, argv[1], store, &err);
        if (r < 0)
                return cli_fail(record_exit(r), &err);
        r = remote_cancel(record.dir, record.run, now ? CANCEL_NOW : CANCEL_ORDERLY,
                          identity_of_caller().name, &is_live, &err);
        if (r < 0)
                return cli_fail(CLI_FAILED, &err);
        if (is_live)
                (void) printf("cancelling %s\n", record.run);
        else
                (void) printf("noted; no engine is working on it now, so end it with: "
                              "linhay run --resume %s\n",
                              record.run);
        return CLI_PASSED;
}
