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

/* An ordinary user may not be able to reach the build folder. */
static char *cell_copy(void)
{
        char folder[] = "/tmp/linhay-test-XXXXXX", from[4096], *to;
        _cleanup_(buf_done) struct buf program = { 0 };

        path_of(from, "linhay-cell");
        assert_int_equal(file_read(from, &program, NULL), 0);
        assert_non_null(mkdtemp(folder));
        assert_int_equal(chmod(folder, 0755), 0);
        assert_true(asprintf(&to, "%s/linhay-cell", folder) > 0);
        assert_int_equal(file_replace(to, program.data, program.length, 0755, NULL), 0);
        assert_int_equal(chmod(to, 0755), 0);
        return to;
}

static void become_user(void)
{
        assert_int_equal(setgroups(0, NULL), 0);
        assert_int_equal(setresgid(NOBODYS, NOBODYS, NOBODYS), 0);
        assert_int_equal(setresuid(NOBODYS, NOBODYS, NOBODYS), 0);
}

void drive_init(struct drive *d, bool as_user, const struct sandbox_options *given)
{
        struct sandbox_options options = { .require = TIER_NO_CGROUP };
        struct err err = { 0 };
        char path[4096];

        *d = (struct drive){ .probe_fd = -1, .result.upper_fd = -1 };
        path_of(path, "tests/cell/agent-probe.so");
        assert_int_equal(file_read(path, &d->probe, &err), 0);
        if (given)
                options = *given;
        d->cell_path = cell_copy();
        options.cell_path = d->cell_path;
        if (as_user && geteuid() == 0)
                become_user();
        assert_int_equal(loop_new(&d->loop), 0);
        if (sandbox_new(&d->sandbox, d->loop, &options, &err) < 0)
                fail_msg("%s", err_text(&err));
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
        json_decref(r->unreadable);
        closep(&r->upper_fd);
        *r = (struct cell_result){ .upper_fd = -1 };
}

void drive_done(struct drive *d)
{
        char *slash;

        result_drop(d);
        d->sandbox = sandbox_free(d->sandbox);
        d->loop = loop_free(d->loop);
        buf_done(&d->probe);
        buf_done(&d->logs);
        (void) unlink(d->cell_path);
        slash = strrchr(d->cell_path, '/');
        *slash = '\0';
        (void) rmdir(d->cell_path);
        free(d->cell_path);
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

void drive_run(struct drive *d, const struct drive_job *job)
{
        _cleanup_(closep) int object = object_make(d, job->at_load ? job->action : NULL);
        char sha256[SHA256_HEX];
        struct cell_spec spec = {
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
                .on_log = on_log,
                .on_progress = on_progress,
                .on_done = on_done,
                .user = d,
        };
        struct err err = { 0 };

        result_drop(d);
        buf_drop(&d->logs, d->logs.length);
        d->n_progress = 0;
        assert_int_equal(sha256_fd(sha256, object), 0);
        limits_standard(&spec.limits);
        spec.limits.value[LIMIT_WALL] = 20000;
        if (job->value)
                spec.limits.value[job->limit] = job->value;
        if (cell_start(&d->cell, d->sandbox, &spec, &err) < 0)
                fail_msg("%s: %s", job->action, err_text(&err));
        if (!job->no_wait)
                drive_wait(d);
}

void drive_wait(struct drive *d)
{
        while (d->cell)
                assert_int_equal(loop_run(d->loop), 0);
}
