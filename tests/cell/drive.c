/* SPDX-License-Identifier: Apache-2.0 */
#include "drive.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>

#include "base/io.h"
#include "cell/memfd.h"

#define NOBODYS 54321 /* an id that owns nothing */

static void path_of(char ret[4096], const char *name)
{
        (void) snprintf(ret, 4096, "%s/%s", test_builddir(), name);
}

char *drive_cell_copy(const char *program, const char *name)
{
        char folder[] = "/tmp/linhay-test-XXXXXX", from[4096], *to;
        _cleanup_(buf_done) struct buf bytes = { 0 };

        path_of(from, program);
        assert_int_equal(file_read(from, &bytes, NULL), 0);
        assert_non_null(mkdtemp(folder));
        assert_int_equal(chmod(folder, 0755), 0);
        if (geteuid() == 0)
                assert_int_equal(chown(folder, NOBODYS, NOBODYS), 0);
        assert_true(asprintf(&to, "%s/%s", folder, name) > 0);
        assert_int_equal(file_replace(to, bytes.data, bytes.length, 0755, NULL), 0);
        assert_int_equal(chmod(to, 0755), 0);
        return to;
}

void drive_cell_remove(char *path)
{
        (void) unlink(path);
        *strrchr(path, '/') = '\0';
        (void) rmdir(path);
        free(path);
}

static void become_user(void)
{
        assert_int_equal(setgroups(0, NULL), 0);
        assert_int_equal(setresgid(NOBODYS, NOBODYS, NOBODYS), 0);
        assert_int_equal(setresuid(NOBODYS, NOBODYS, NOBODYS), 0);
}

static int sandbox_try(struct drive *d, const struct sandbox_options *given, struct err *err)
{
        struct sandbox_options options = { .require = TIER_NO_CGROUP };
        char path[4096];

        if (given)
                options = *given;
        path_of(path, "linhay-cell");
        options.cell_path = d->cell_copy ? d->cell_copy : path;
        assert_int_equal(loop_new(&d->loop), 0);
        return sandbox_new(&d->sandbox, d->loop, &options, err);
}

static void sandbox_start(struct drive *d, const struct sandbox_options *options)
{
        struct err err = { 0 };

        if (sandbox_try(d, options, &err) < 0)
                fail_msg("%s", err_text(&err));
}

static void drive_begin(struct drive *d)
{
        struct err err = { 0 };
        char path[4096];

        *d = (struct drive){ .probe_fd = -1, .result.upper_fd = -1 };
        path_of(path, "tests/cell/agent-probe.so");
        assert_int_equal(file_read(path, &d->probe, &err), 0);
}

void drive_init(struct drive *d, bool as_user, const struct sandbox_options *options)
{
        drive_begin(d);
        if (as_user && geteuid() == 0) {
                d->cell_copy = drive_cell_copy("linhay-cell", "linhay-cell");
                become_user();
        }
        sandbox_start(d, options);
}

int drive_try_as(struct drive *d, const char *program, const char *name,
                 const struct sandbox_options *options, struct err *err)
{
        drive_begin(d);
        d->cell_copy = drive_cell_copy(program, name);
        return sandbox_try(d, options, err);
}

void drive_init_as(struct drive *d, const char *program, const char *name,
                   const struct sandbox_options *options)
{
        drive_begin(d);
        d->cell_copy = drive_cell_copy(program, name);
        sandbox_start(d, options);
}

void drive_init_without(struct drive *d, const char *layers, const struct sandbox_options *options)
{
        char name[256];

        (void) snprintf(name, sizeof(name), "linhay-cell-without-%s", layers);
        drive_init_as(d, "linhay-cell-test", name, options);
}

static void result_drop(struct drive *d)
{
        struct cell_result *r = &d->result;

        free(r->code);
        free(r->message);
        free(r->syscall);
        free(r->syscall_remedy);
        free(r->stderr_tail);
        json_decref(r->output);
        json_decref(r->findings);
        json_decref(r->artifacts);
        json_decref(r->spent);
        json_decref(r->trace);
        json_decref(r->unreadable);
        closep(&r->upper_fd);
        *r = (struct cell_result){ .upper_fd = -1 };
}

void drive_done(struct drive *d)
{
        /* A cell that still runs has its result now. */
        d->sandbox = sandbox_free(d->sandbox);
        result_drop(d);
        d->loop = loop_free(d->loop);
        buf_done(&d->probe);
        buf_done(&d->logs);
        if (d->cell_copy)
                drive_cell_remove(TAKE(d->cell_copy));
}

static void on_log(void *user, int level, const char *text)
{
        struct drive *d = user;

        assert_int_equal(buf_printf(&d->logs, "%d %s\n", level, text), 0);
        if (d->on_log)
                d->on_log(d, text);
}

static void on_progress(void *user, uint64_t done, uint64_t total, const char *note)
{
        struct drive *d = user;

        (void) done;
        (void) total;
        (void) note;
        d->n_progress++;
}

static void on_done(void *user, struct cell_result *result)
{
        struct drive *d = user;

        d->result = *result;
        *result = (struct cell_result){ .upper_fd = -1 };
        d->cell = NULL;
        loop_stop(d->loop);
}

/* The object's bytes, with the probe's name written behind its mark. */
static int object_make(const struct drive *d, const char *probe)
{
        static const char mark[] = "linhay test: at load =";
        _cleanup_(buf_done) struct buf bytes = { 0 };
        int fd;

        assert_int_equal(buf_add(&bytes, d->probe.data, d->probe.length), 0);
        if (probe) {
                char *at = memmem(bytes.data, bytes.length, mark, sizeof(mark));

                assert_non_null(at);
                memcpy(at + 24, probe, strlen(probe) + 1);
        }
        fd = memfd_of_bytes("object", bytes.data, bytes.length);
        assert_true(fd >= 0);
        return fd;
}

static void spec_fill(struct cell_spec *ret, struct drive *d, const struct drive_job *job,
                      int object, char sha256[SHA256_HEX])
{
        *ret = (struct cell_spec){
                .name = "test",
                .agent_fd = object,
                .agent_sha256 = sha256,
                .action = job->action,
                .input = job->input,
                .files = job->files,
                .n_files = job->n_files,
                .workspace = job->workspace,
                .workspace_fd = job->workspace == WORKSPACE_NONE ? -1 : job->workspace_fd,
                .syscall_groups = job->groups,
                .is_traced = job->is_traced,
                .is_held = job->is_held,
                .on_log = on_log,
                .on_progress = on_progress,
                .on_done = on_done,
                .user = d,
        };
        assert_int_equal(sha256_fd(sha256, object), 0);
        limits_standard(&ret->limits);
        ret->limits.value[LIMIT_WALL] = 60000; /* past any moment in which a busy machine waits */
        if (d->processes)
                ret->limits.value[LIMIT_PROCESSES] = d->processes;
        if (job->value)
                ret->limits.value[job->limit] = job->value;
}

static int idle_over(struct loop_source *source, uint32_t events)
{
        (void) events;
        loop_stop(source->owner);
        return 0;
}

void drive_idle(struct drive *d, uint64_t ms)
{
        struct loop_source timer = { 0 };

        assert_int_equal(loop_add_timer(d->loop, &timer, ms, idle_over, d->loop), 0);
        assert_int_equal(loop_run(d->loop), 0);
        loop_remove(d->loop, &timer);
}

void drive_warm(struct drive *d, const struct drive_job *job, size_t n)
{
        _cleanup_(closep) int object = object_make(d, job->at_load ? job->action : NULL);
        uint64_t until = clock_ms() + 20000;
        char sha256[SHA256_HEX];
        struct cell_spec spec;
        struct err err = { 0 };

        sandbox_drain(d->sandbox);
        spec_fill(&spec, d, job, object, sha256);
        if (sandbox_warm(d->sandbox, &spec, n, &err) < 0)
                fail_msg("%s", err_text(&err));
        while (sandbox_n_warm(d->sandbox) != n) {
                if (clock_ms() > until)
                        fail_msg("%zu cells are warm, not %zu", sandbox_n_warm(d->sandbox), n);
                drive_idle(d, 1);
        }
}

void drive_run(struct drive *d, const struct drive_job *job)
{
        _cleanup_(closep) int object = object_make(d, job->at_load ? job->action : NULL);
        char sha256[SHA256_HEX];
        struct cell_spec spec;
        struct err err = { 0 };

        if (d->is_warm && !job->at_load) {
                sandbox_drain(d->sandbox);
                drive_warm(d, job, 1);
        }
        result_drop(d);
        buf_drop(&d->logs, d->logs.length);
        d->n_progress = 0;
        spec_fill(&spec, d, job, object, sha256);
        if (cell_start(&d->cell, d->sandbox, &spec, &err) < 0) {
                if (!job->may_not_start)
                        fail_msg("%s: %s", job->action, err_text(&err));
                d->result.trouble = err.code;
                return;
        }
        if (!job->no_wait && !job->is_held)
                drive_wait(d);
}

void drive_wait(struct drive *d)
{
        while (d->cell)
                assert_int_equal(loop_run(d->loop), 0);
}

char *drive_tree_make(void)
{
        char folder[] = "/tmp/linhay-tree-XXXXXX", *path;
        static const struct {
                const char *name;
                const char *text;
                mode_t mode;
        } files[] = {
                { "changed", "before\n", 0644 },
                { "private", "for my owner\n", 0600 },
                { "removed", "gone\n", 0644 },
                { "moved", "elsewhere\n", 0755 },
        };

        assert_non_null(mkdtemp(folder));
        path = strdup(folder);
        for (size_t i = 0; i < TEST_ROWS(files); i++) {
                char name[128];
                int fd;

                (void) snprintf(name, sizeof(name), "%s/%s", folder, files[i].name);
                fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, files[i].mode);
                assert_true(fd >= 0);
                assert_true(write(fd, files[i].text, strlen(files[i].text)) > 0);
                assert_int_equal(close(fd), 0);
        }
        return path;
}

void drive_tree_remove(char *path)
{
        static const char *const names[] = { "changed", "private", "removed", "moved", "folder" };
        char name[128];

        for (size_t i = 0; i < TEST_ROWS(names); i++) {
                (void) snprintf(name, sizeof(name), "%s/%s", path, names[i]);
                (void) remove(name);
        }
        assert_int_equal(rmdir(path), 0);
        free(path);
}

/* Says which row was wrong and all that is known of its end. */
void drive_expect_verdict(const struct drive *d, const char *why, const char *probe,
                          enum verdict want)
{
        const struct cell_result *r = &d->result;

        if (r->trouble)
                fail_msg("%s (%s): trouble: %s", why, probe, r->message);
        if (r->verdict != want)
                fail_msg("%s (%s): %s instead of %s: %s\n%s%.400s", why, probe,
                         verdict_name(r->verdict), verdict_name(want), r->message ? r->message : "",
                         r->stderr_tail, buf_text(&d->logs));
        if (want == VERDICT_OK)
                assert_null(r->message);
        else
                assert_non_null(r->message);
}

void drive_expect_errno(const struct drive *d, const char *why, const char *probe, int want)
{
        json_int_t got = json_integer_value(json_object_get(d->result.output, "errno"));

        drive_expect_verdict(d, why, probe, VERDICT_OK);
        if (got != want)
                fail_msg("%s (%s): %d instead of %d", why, probe, (int) got, want);
}
