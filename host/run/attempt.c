/* SPDX-License-Identifier: Apache-2.0 */
#include "run/attempt.h"

#include "base/trouble.h"

#include "cell/collect.h"
#include "run/artifact.h"
#include "run/exec-grant.h"
#include "run/file-input.h"
#include "run/finding.h"
#include "run/secret-grant.h"
#include "run/syscall-grant.h"

#include <fcntl.h>
#include <linhay/agent.h>
#include <string.h>

#define FILES_MAX 32 /* inputs of format linhay-file that one action may have */

struct attempt {
        struct loop *loop;
        const struct manifest_action *action;
        int blob_dirfd;
        int workspace_fd;
        struct cell *cell;          /* NULL when the input did not fit */
        struct loop_source verdict; /* tells of an input that did not fit */
        char *misfit;
        struct secret_grant secrets;
        bool is_refused; /* not the input did not fit: the agent may not run */
        void (*on_log)(void *user, int level, const char *text);
        void (*on_progress)(void *user, uint64_t done, uint64_t total, const char *note);
        void (*on_done)(void *user, struct attempt_result *result);
        void *user;
};

static struct attempt *attempt_free(struct attempt *a)
{
        if (!a)
                return NULL;
        loop_remove(a->loop, &a->verdict);
        free(a->misfit);
        secret_grant_done(&a->secrets);
        free(a);
        return NULL;
}

DEFINE_FREEP(struct attempt, attempt_free);

static void result_done(struct attempt_result *r)
{
        free(r->code);
        free(r->message);
        json_decref(r->output);
        json_decref(r->findings);
        json_decref(r->artifacts);
        json_decref(r->spent);
        json_decref(r->unreadable);
        json_decref(r->trace);
        changeset_free(r->changeset);
        free(r->syscall);
        free(r->syscall_remedy);
        free(r->stderr_tail);
}

/* The result becomes a failure of the host's finding: what the agent gave does not count. */
static void result_fail(struct attempt_result *r, enum verdict verdict, const char *code,
                        const char *message)
{
        r->verdict = verdict;
        free(r->code);
        free(r->message);
        r->code = strdup(code);
        r->message = strdup(message);
        r->fail_class = -1;
        json_decref(TAKE(r->output));
        changeset_free(TAKE(r->changeset));
}

static void result_trouble(struct attempt_result *r, int code, const struct err *err)
{
        result_fail(r, VERDICT_FAILED, "host-trouble", err_text(err));
        r->trouble = code;
}

static void tell(struct attempt *a, struct attempt_result *r)
{
        a->on_done(a->user, r);
        result_done(r);
        attempt_free(a);
}

/* Takes over what the cell reported; texts and values change hands. */
static struct attempt_result result_of(struct cell_result *c)
{
        return (struct attempt_result){
                .trouble = c->trouble,
                .verdict = c->verdict,
                .code = TAKE(c->code),
                .message = TAKE(c->message),
                .fail_class = c->fail_class,
                .output = TAKE(c->output),
                .findings = c->findings ? TAKE(c->findings) : json_array(),
                .artifacts = c->artifacts ? TAKE(c->artifacts) : json_array(),
                .spent = c->spent ? TAKE(c->spent) : json_object(),
                .unreadable = c->unreadable ? TAKE(c->unreadable) : json_array(),
                .trace = TAKE(c->trace),
                .redacted = c->redacted,
                .usage = c->usage,
                .exit_status = c->exit_status,
                .signal = c->signal,
                .syscall = TAKE(c->syscall),
                .syscall_remedy = TAKE(c->syscall_remedy),
                .stderr_tail = c->stderr_tail ? TAKE(c->stderr_tail) : strdup(""),
        };
}

static void output_check(struct attempt *a, struct attempt_result *r)
{
        struct err err = { 0 };
        int code;

        if (!r->output)
                r->output = json_null();
        if (!a->action->output_schema)
                return;
        code = schema_require(a->action->output_schema, r->output, "the agent's output", &err);
        if (code < 0)
                result_fail(r, VERDICT_SCHEMA, "output-schema", err_text(&err));
}

/* The names in the text are the agent's. */
static void changes_refuse(struct attempt *a, struct attempt_result *r, const struct err *err)
{
        _cleanup_(buf_done) struct buf text = { 0 };

        if (redact_text(a->secrets.redact, &text, err_text(err), strlen(err_text(err)),
                        &r->redacted) < 0)
                buf_done(&text);
        result_fail(r, VERDICT_FAILED, "change-refused", buf_text(&text));
}

/* An agent that leaves what cannot or may not be taken over has failed. */
static void changes_collect(struct attempt *a, struct attempt_result *r,
                            const struct cell_result *c)
{
        const struct collect_limits limits = { .secrets = a->secrets.redact };
        struct err err = { 0 };
        int code;

        if (a->action->workspace != WORKSPACE_OVERLAY || c->upper_fd < 0)
                return;
        code = collect_changes(&r->changeset, a->workspace_fd, c->upper_fd, c->is_staged,
                               a->blob_dirfd, &limits, &err);
        if (code >= 0 && r->changeset)
                code = changeset_render(r->changeset, a->blob_dirfd, ATTEMPT_DIFF_MAX, &err);
        if (trouble_is_of_machine(code))
                result_trouble(r, code, &err);
        else if (code < 0)
                changes_refuse(a, r, &err);
}

static void on_cell_done(void *user, struct cell_result *c)
{
        struct attempt_result r = result_of(c);
        struct attempt *a = user;
        struct err err = { 0 };
        int code;

        a->cell = NULL;
        if (r.trouble == 0 && r.verdict == VERDICT_OK)
                output_check(a, &r);
        if (r.trouble == 0 && r.verdict == VERDICT_OK)
                changes_collect(a, &r, c);
        code = findings_normalise(r.findings);
        if (code < 0)
                (void) err_sys(&err, code, "cannot sort the findings");
        else
                code = artifacts_keep(r.artifacts, a->blob_dirfd, &err);
        if (code < 0 && r.trouble == 0)
                result_trouble(&r, code, &err);
        tell(a, &r);
}

static void on_cell_log(void *user, int level, const char *text)
{
        struct attempt *a = user;

        if (a->on_log)
                a->on_log(a->user, level, text);
}

static void on_cell_progress(void *user, uint64_t done, uint64_t total, const char *note)
{
        struct attempt *a = user;

        if (a->on_progress)
                a->on_progress(a->user, done, total, note);
}

static int on_misfit(struct loop_source *source, _unused_ uint32_t events)
{
        struct attempt *a = source->owner;
        struct attempt_result r = {
                .findings = json_array(),
                .artifacts = json_array(),
                .spent = json_object(),
                .unreadable = json_array(),
                .exit_status = -1,
                .stderr_tail = strdup(""),
        };

        if (a->is_refused)
                result_fail(&r, VERDICT_LOAD, "not-granted", a->misfit);
        else
                result_fail(&r, VERDICT_SCHEMA, "input-schema", a->misfit);
        tell(a, &r);
        return 0;
}

struct files {
        struct cell_file list[FILES_MAX];
        char *pointers[FILES_MAX];
        size_t n;
};

static void files_done(struct files *files)
{
        for (size_t i = 0; i < files->n; i++) {
                free(files->pointers[i]);
                closep(&files->list[i].fd);
        }
}

static int file_add(struct files *files, const char *name, const json_t *value, int blob_dirfd,
                    struct err *err)
{
        struct buf pointer = { 0 };
        int fd, r;

        if (files->n == FILES_MAX)
                return err_set(err, -E2BIG, "an action takes at most %d files", FILES_MAX);
        r = file_input_open(&fd, value, blob_dirfd, err);
        if (r < 0)
                return err_wrap(err, r, "input /%s", name);
        r = json_pointer_add(&pointer, name);
        if (r < 0) {
                buf_done(&pointer);
                (void) close(fd);
                return r;
        }
        files->pointers[files->n] = buf_take(&pointer);
        files->list[files->n] =
                (struct cell_file){ .pointer = files->pointers[files->n], .fd = fd };
        files->n++;
        return 0;
}

static int files_open(struct files *files, const struct attempt_spec *spec, json_t *input,
                      struct err *err)
{
        const char *name;
        json_t *value;
        int r;

        json_object_foreach (input, name, value) {
                if (!file_input_is_named(spec->action->input, name))
                        continue;
                r = file_add(files, name, value, spec->blob_dirfd, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Defaults in, then the check: what the agent will see is what was checked. */
static int input_check(const struct attempt_spec *spec, json_t *input, struct err *err)
{
        int r;

        if (!spec->action->input_schema)
                return 0;
        r = schema_default(spec->action->input_schema, input);
        if (r < 0)
                return err_sys(err, r, "cannot fill in the input's defaults");
        return schema_require(spec->action->input_schema, input, "the input", err);
}

static struct limits limits_granted(const struct attempt_spec *spec)
{
        struct limits limits = spec->agent->manifest->limits;

        if (spec->timeout_ms)
                limits.value[LIMIT_WALL] = spec->timeout_ms;
        for (unsigned i = 0; spec->grants.max && i < LIMITS_; i++)
                limits.value[i] = MIN_OF(limits.value[i], spec->grants.max->value[i]);
        return limits;
}

int attempt_groups(const char ***ret, const struct agent *agent, const struct grants *grants,
                   struct err *err)
{
        _cleanup_(exec_grant_done) struct exec_grant exec = { 0 };
        int r;

        if (!agent->manifest->exec.interpreter)
                return syscall_grant_make(ret, grants->syscalls, agent, err);
        r = exec_grant_make(&exec, grants->exec, agent, err);
        if (r < 0)
                return r;
        *ret = TAKE(exec.groups);
        return 0;
}

static int start_cell(struct attempt *a, const struct attempt_spec *spec, const json_t *input,
                      const struct files *files, const struct exec_grant *exec, struct err *err)
{
        _cleanup_(freep) const char **groups = NULL;
        char name[160];
        int r;

        r = syscall_grant_make(&groups, spec->grants.syscalls, spec->agent, err);
        if (r < 0)
                return r;
        (void) snprintf(name, sizeof(name), "%s/%s", spec->agent->manifest->name,
                        spec->action->name);
        return cell_start(&a->cell, spec->sandbox,
                          &(struct cell_spec){
                                  .name = name,
                                  .agent_fd = spec->agent->fd,
                                  .agent_sha256 = spec->agent->sha256,
                                  .action = spec->action->name,
                                  .input = input,
                                  .files = files->list,
                                  .n_files = files->n,
                                  .key = spec->key,
                                  .secrets = a->secrets.list,
                                  .n_secrets = a->secrets.n,
                                  .redact = a->secrets.redact,
                                  .workspace = spec->action->workspace,
                                  .workspace_fd = spec->action->workspace == WORKSPACE_NONE
                                                          ? -1
                                                          : spec->workspace_fd,
                                  .limits = limits_granted(spec),
                                  .program = exec->program.argv ? &exec->program : NULL,
                                  .syscall_groups = exec->groups ? exec->groups : groups,
                                  .is_traced = spec->is_traced,
                                  .is_held = spec->is_held,
                                  .on_log = on_cell_log,
                                  .on_progress = on_cell_progress,
                                  .on_done = on_cell_done,
                                  .user = a,
                          },
                          err);
}

/* What runs an exec agent, and the secrets; the admin's word decides. */
static int grants_take(struct attempt *a, const struct attempt_spec *spec, struct exec_grant *exec,
                       struct err *err)
{
        int r = 0;

        if (spec->agent->manifest->exec.interpreter)
                r = exec_grant_make(exec, spec->grants.exec, spec->agent, err);
        if (r == 0)
                r = secret_grant_make(&a->secrets, spec->grants.secrets, spec->agent, err);
        a->is_refused = r < 0;
        return r;
}

static int tell_misfit_later(struct attempt *a, const struct err *misfit)
{
        a->misfit = strdup(err_text(misfit));
        if (!a->misfit)
                return -ENOMEM;
        return loop_add_timer(a->loop, &a->verdict, 0, on_misfit, a);
}

static struct attempt *attempt_new(const struct attempt_spec *spec)
{
        struct attempt *a = calloc(1, sizeof(*a));

        if (a)
                *a = (struct attempt){
                        .loop = spec->loop,
                        .action = spec->action,
                        .blob_dirfd = spec->blob_dirfd,
                        .workspace_fd = spec->workspace_fd,
                        .on_log = spec->on_log,
                        .on_progress = spec->on_progress,
                        .on_done = spec->on_done,
                        .user = spec->user,
                };
        return a;
}

int attempt_start(struct attempt **ret, const struct attempt_spec *spec, struct err *err)
{
        _cleanup_(attempt_freep) struct attempt *a = attempt_new(spec);
        _cleanup_(json_decrefp) json_t *input = json_deep_copy(spec->input);
        _cleanup_(files_done) struct files files = { 0 };
        _cleanup_(exec_grant_done) struct exec_grant exec = { 0 };
        struct err fault = { 0 };
        int r;

        if (!a || !input)
                return err_set(err, -ENOMEM, "no memory to start %s", spec->action->name);
        if (spec->action->workspace != WORKSPACE_NONE && spec->workspace_fd < 0)
                return err_set(err, -EINVAL, "%s/%s works on a tree, and none was given",
                               spec->agent->manifest->name, spec->action->name);

        r = grants_take(a, spec, &exec, &fault);
        if (r >= 0)
                r = input_check(spec, input, &fault);
        if (r >= 0)
                r = files_open(&files, spec, input, &fault);
        if (r < 0 && trouble_is_of_machine(r))
                return err_set(err, r, "%s", err_text(&fault));
        r = r < 0 ? tell_misfit_later(a, &fault) : start_cell(a, spec, input, &files, &exec, err);
        if (r < 0)
                return r;
        secret_grant_close(&a->secrets);
        *ret = TAKE(a);
        return 0;
}

int attempt_go(struct attempt *a, struct err *err)
{
        return a->cell ? cell_go(a->cell, err) : 0;
}

bool attempt_blames_input(const struct attempt_result *result)
{
        return result->verdict == VERDICT_FAILED && result->fail_class == LINHAY_FAIL_INPUT;
}

void attempt_cancel(struct attempt *a, enum verdict why, uint64_t grace_ms)
{
        if (a->cell)
                cell_cancel(a->cell, why, grace_ms);
}

static json_t *error_json(const struct attempt_result *r)
{
        json_t *error;

        if (r->trouble == 0 && r->verdict == VERDICT_OK)
                return json_null();
        error = json_pack("{s:s, s:s}", "code", r->code ? r->code : verdict_name(r->verdict),
                          "message", r->message ? r->message : "");
        if (r->syscall)
                (void) json_object_set_new(error, "syscall", json_string(r->syscall));
        if (r->syscall_remedy)
                (void) json_object_set_new(error, "remedy", json_string(r->syscall_remedy));
        return error;
}

json_t *attempt_result_to_json(const struct attempt_result *r, const char *agent,
                               const char *action)
{
        return json_pack("{s:s, s:s, s:s, s:o, s:o, s:O, s:o, s:I, s:{s:I, s:I, s:I, s:b}}",
                         "agent", agent, "action", action, "verdict", verdict_name(r->verdict),
                         "error", error_json(r), "output",
                         r->output ? json_incref(r->output) : json_null(), "findings", r->findings,
                         "changeset", r->changeset ? changeset_to_json(r->changeset) : json_null(),
                         "redacted", (json_int_t) r->redacted, "usage", "wall_ms",
                         (json_int_t) r->usage.wall_ms, "cpu_ms", (json_int_t) r->usage.cpu_ms,
                         "memory_peak_bytes", (json_int_t) r->usage.memory_peak_bytes, "is_group",
                         r->usage.is_group);
}
