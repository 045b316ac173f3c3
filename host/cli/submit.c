/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/daemon-store.h"
#include "cli/input.h"
#include "flow/flow.h"
#include "run/engine.h"
#include "run/file-input.h"
#include "store/store.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Hands a run to the daemon that lives on a store. Here are read what the caller may read (the
 * workflow, files that inputs name); what is wrong with it is judged there. */

static const struct cli_verb verb = {
        .name = "submit",
        .operands = "FLOW",
        .least = 1,
        .most = 1,
        .summary = "Gives a run to linhayd, and prints its id when it is on disk.",
        .footer = "FLOW is a file, the name of a shipped workflow, or of one that linhayd knows "
                  "(workflows.dir).\n"
                  "The same --key again is the same run. With --wait the exit status is the "
                  "run's.\n\n"
                  "  linhay submit review --workspace /srv/project --wait\n",
};

struct call {
        const char *flow_name, *workspace, *store_option, *key, *project, *priority;
        struct cli_list inputs;
        bool wait, as_json;

        char *dir;
        struct store *store;
        struct flow *flow;
};

static void call_done(struct call *c)
{
        c->store = store_free(c->store);
        c->flow = flow_free(c->flow);
        free(c->dir);
        cli_list_done(&c->inputs);
}

/* What root put into a store of somebody else's must be his to read. */
static int blobs_hand_over(struct call *c, const json_t *inputs, struct err *err)
{
        struct stat owner;
        const char *name;
        json_t *value;

        if (fstat(store_dirfd(c->store), &owner) < 0 || owner.st_uid == geteuid())
                return 0;
        json_object_foreach ((json_t *) inputs, name, value) {
                const char *sha256 =
                        json_is_string(value) ? file_input_sha256(json_string_value(value)) : NULL;
                char path[SHA256_HEX + 8];

                if (!sha256 || !file_input_is_named(c->flow->inputs, name))
                        continue;
                (void) snprintf(path, sizeof(path), "%.2s", sha256);
                if (fchownat(store_blobs(c->store), path, owner.st_uid, owner.st_gid,
                             AT_SYMLINK_NOFOLLOW) < 0)
                        return err_sys(err, -errno, "cannot hand over the input /%s", name);
                (void) snprintf(path, sizeof(path), "%.2s/%s", sha256, sha256);
                if (fchownat(store_blobs(c->store), path, owner.st_uid, owner.st_gid,
                             AT_SYMLINK_NOFOLLOW) < 0)
                        return err_sys(err, -errno, "cannot hand over the input /%s", name);
        }
        return 0;
}

static int inputs_get(struct call *c, json_t **ret, struct err *err)
{
        static const struct store_options options = { .flags = STORE_READ_ONLY };
        _cleanup_(json_decrefp) json_t *inputs = NULL;
        int r;

        r = store_open(&c->store, c->dir, &options, err);
        if (r < 0)
                return r;
        r = input_read(&inputs, &c->inputs, c->flow->inputs, store_blobs(c->store), err);
        if (r == 0)
                r = blobs_hand_over(c, inputs, err);
        if (r < 0)
                return r;
        *ret = TAKE(inputs);
        return 0;
}

static int set_text(json_t *request, const char *key, const char *text, struct err *err)
{
        if (text && json_object_set_new(request, key, json_string(text)) < 0)
                return err_set(err, -EINVAL, "%s is not UTF-8", key);
        return 0;
}

static int set_priority(json_t *request, const char *text, struct err *err)
{
        char *end;
        long n;

        if (!text)
                return 0;
        n = strtol(text, &end, 10);
        if (!*text || *end || n < FLOW_PRIORITY_MIN || n > FLOW_PRIORITY_MAX)
                return err_set(err, -EINVAL, "--priority goes from %d to %d", FLOW_PRIORITY_MIN,
                               FLOW_PRIORITY_MAX);
        return json_object_set_new(request, "priority", json_integer(n));
}

static int request_make(struct call *c, json_t **ret, struct err *err)
{
        _cleanup_(json_decrefp) json_t *request = json_pack("{s:s}", "do", "submit");
        _cleanup_(freep) char *tree = c->workspace ? realpath(c->workspace, NULL) : NULL;
        json_t *inputs = NULL;
        int r;

        if (c->workspace && !tree)
                return err_sys(err, -errno, "cannot find the workspace %s", c->workspace);
        r = inputs_get(c, &inputs, err);
        if (r < 0)
                return r;
        if (json_object_set_new(request, "inputs", inputs) < 0 ||
            json_object_set(request, "flow", c->flow->json) < 0)
                return err_set(err, -ENOMEM, "out of memory");
        r = set_text(request, "workspace", tree, err);
        if (r == 0)
                r = set_text(request, "key", c->key, err);
        if (r == 0)
                r = set_text(request, "project", c->project, err);
        if (r == 0)
                r = set_priority(request, c->priority, err);
        if (r < 0)
                return r;
        *ret = TAKE(request);
        return 0;
}

/* Of errors that the daemon, or the reading before it, tells. */
static int exit_of(int r)
{
        switch (r) {
        case -EBADMSG:
        case -EINVAL:
        case -ENOENT:
        case -ENOTUNIQ:
                return CLI_USAGE;
        default:
                return CLI_TROUBLE;
        }
}

static int call_run(struct call *c, struct err *err)
{
        _cleanup_(json_decrefp) json_t *reply = NULL;
        json_t *request = NULL;
        int r;

        r = daemon_store_find(&c->dir, c->store_option, err);
        if (r == 0)
                r = daemon_store_flow(&c->flow, c->dir, c->flow_name, err);
        if (r == 0)
                r = request_make(c, &request, err);
        if (r == 0)
                r = daemon_store_ask(c->dir, request, DAEMON_REPLY_MS, &reply, err);
        if (r < 0)
                return r;
        return daemon_store_accepted(c->dir, reply, c->wait, c->as_json, err);
}

int cmd_submit(int argc, char **argv)
{
        _cleanup_(call_done) struct call c = { 0 };
        const struct cli_option options[] = {
                { "input", 'i', CLI_LIST, "K=V", "an input, typed by the workflow's schema",
                  &c.inputs },
                { "workspace", 'w', CLI_TEXT, "DIR", "the tree to work on (default: none)",
                  &c.workspace },
                { "store", 0, CLI_TEXT, "DIR", "the store of linhayd (default: store.dir)",
                  &c.store_option },
                { "key", 'k', CLI_TEXT, "KEY", "the same key again is the same run", &c.key },
                { "priority", 0, CLI_TEXT, "N", "the higher goes first (default: the workflow's)",
                  &c.priority },
                { "project", 0, CLI_TEXT, "P", "projects share fairly", &c.project },
                { "wait", 0, CLI_FLAG, NULL, "until it has ended, or waits for a person", &c.wait },
                { "json", 0, CLI_FLAG, NULL, "print objects", &c.as_json },
                { 0 },
        };
        struct err err = { 0 };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        c.flow_name = argv[1];
        r = call_run(&c, &err);
        return r < 0 ? cli_fail(exit_of(r), &err) : r;
}
