/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The cell from outside: what an agent can do, what it cannot, and how each end is called
 *
 * Built twice: as whoever runs the test, and (AS_USER) as a user who owns nothing.
 */

#include "config.h"

#include "drive.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/kernel.h"

#ifdef AS_USER
#define IS_USER true
#else
#define IS_USER false
#endif

#ifdef PREPARED_AHEAD
#define IS_WARM true
#else
#define IS_WARM false
#endif

#define LET_THROUGH 0
#define MIB         (1ULL << 20)

/* Every answer and every end is the same in a constructor, and while calls are counted. */
enum { AT_LOAD = 1, TRACED = 2 };

static struct drive drive;
static const struct sandbox_options warm = { .require = TIER_NO_CGROUP, .pool = 1 };

static const char *const threads[] = { "threads", NULL };
static const char *const spawn[] = { "spawn", NULL };
static const char *const identity[] = { "identity", NULL };
static const char *const jit[] = { "jit", NULL };

static int set_up(void **state)
{
        (void) state;
        drive_init(&drive, IS_USER, IS_WARM ? &warm : NULL);
        drive.is_warm = IS_WARM;
        return 0;
}

static int tear_down(void **state)
{
        (void) state;
        drive_done(&drive);
        return 0;
}

/* Probes that are answered: with an errno, or let through. The same at load and while running. */
static void test_answered(void **state)
{
        static const struct {
                const char *why;
                const char *probe;
                int want;
        } rows[] = {
                { "the host's files are not there", "read_outside", ENOENT },
                { "there is no /proc", "read_proc", ENOENT },
                { "there is no /sys", "read_sys", ENOENT },
                { "nothing above the root", "dotdot", ENOENT },
                { "a folder without a rule is closed", "list_root", EACCES },
                { "the root cannot be written", "write_root", EROFS },
                { "nor /usr", "write_usr", EROFS },
                { "nor the object itself", "write_object", EACCES },
                { "/tmp can", "write_tmp", LET_THROUGH },
                { "there is no workspace unless asked for", "write_work", EROFS },
                { "no devices", "open_dev", ENOENT },
                { "but null", "open_null", LET_THROUGH },
                { "none can be made", "mknod", EPERM },
                { "no attribute that an overlay reads", "setxattr", EOPNOTSUPP },
                { "no descriptor is inherited", "fds", 0 },
                { "the environment is empty", "environment", 0 },
                { "never root; no capability; not dumpable", "identity", 0 },
                { "a name service is told no", "socket_unix", EACCES },
                { "the ring is not there", "io_uring", ENOSYS },
                { "the handler of denied calls stays", "replace_handler", EPERM },
                { "it dies with its zygote", "pdeathsig", EPERM },
                { "limits stay", "raise_limit", EPERM },
                { "what honest libraries try is answered", "innocent", 0 },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                for (int how = 0; how <= (AT_LOAD | TRACED); how++) {
                        if (how & AT_LOAD && strcmp(rows[i].probe, "fds") == 0)
                                continue; /* it asks for its workspace */
                        drive_run(&drive, &(struct drive_job){ .action = rows[i].probe,
                                                               .at_load = how & AT_LOAD,
                                                               .is_traced = how & TRACED });
                        drive_expect_errno(&drive, rows[i].why, rows[i].probe, rows[i].want);
                }
}

/* Probes that end the cell; the verdict names the call. The same at load and while running. */
static void test_denied(void **state)
{
        static const struct {
                const char *why;
                const char *probe;
                const char *syscall;
                const char *remedy; /* a word of it */
        } rows[] = {
                { "no network", "socket", "socket", "nothing" },
                { "no netlink either", "socket_netlink", "socket", "nothing" },
                { "no connection", "connect", "connect", "nothing" },
                { "no socket of its own", "socketpair", "socketpair", "nothing" },
                { "no process", "fork", "clone", "spawn" },
                { "no thread", "thread", "clone3", "threads" },
                { "no program", "execve", "execve", "spawn" },
                { "no debugging", "ptrace", "ptrace", "nothing" },
                { "no reading of processes", "process_read", "process_vm_readv", "nothing" },
                { "no namespace", "unshare", "unshare", "nothing" },
                { "nor another one", "setns", "setns", "nothing" },
                { "no mount", "mount", "mount", "nothing" },
                { "no other root", "chroot", "chroot", "nothing" },
                { "no programs in the kernel", "bpf", "bpf", "nothing" },
                { "no keys", "keyctl", "keyctl", "nothing" },
                { "no page faults of its own", "userfaultfd", "userfaultfd", "nothing" },
                { "no writable code", "mmap_wx", "mmap", "jit" },
                { "no code from nowhere", "mmap_x", "mmap", "jit" },
                { "no data that becomes code", "mprotect_x", "mprotect", "jit" },
                { "no files without a name", "memfd", "memfd_create", "nothing" },
                { "no other personality", "personality", "personality", "nothing" },
                { "no filter of its own", "own_filter", "seccomp", "nothing" },
                { "nor with our flag", "own_filter_for_all", "seccomp", "nothing" },
                { "nor by the old door", "own_filter_prctl", "prctl", "nothing" },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                for (int how = 0; how <= (AT_LOAD | TRACED); how++) {
                        drive_run(&drive, &(struct drive_job){ .action = rows[i].probe,
                                                               .at_load = how & AT_LOAD,
                                                               .is_traced = how & TRACED });
                        drive_expect_verdict(&drive, rows[i].why, rows[i].probe, VERDICT_SYSCALL);
                        if (!drive.result.syscall)
                                fail_msg("%s: the call has no name", rows[i].probe);
                        assert_string_equal(drive.result.syscall, rows[i].syscall);
                        if (!strstr(drive.result.syscall_remedy, rows[i].remedy))
                                fail_msg("%s: \"%s\"", rows[i].probe, drive.result.syscall_remedy);
                }
}

/* The message says what was asked for, as far as registers tell. */
static void test_explained(void **state)
{
        static const struct {
                const char *probe;
                const char *words;
        } rows[] = {
                { "socket", "the system call socket(AF_INET, SOCK_STREAM" },
                { "socket_netlink", "socket(AF_NETLINK, SOCK_RAW" },
                { "mmap_wx", "PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)" },
                { "mprotect_x", "4096, PROT_READ|PROT_EXEC), which" },
                { "unshare", "unshare(CLONE_NEW" },
                { "own_filter_prctl", "prctl(PR_SET_SECCOMP, 2, " },
                { "execve", "execve(…, " },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                for (int at_load = 0; at_load <= 1; at_load++) {
                        drive_run(&drive, &(struct drive_job){ .action = rows[i].probe,
                                                               .at_load = at_load });
                        drive_expect_verdict(&drive, "explained", rows[i].probe, VERDICT_SYSCALL);
                        if (!strstr(drive.result.message, rows[i].words))
                                fail_msg("%s: \"%s\" is not in: %s", rows[i].probe, rows[i].words,
                                         drive.result.message);
                        /* No address is told. */
                        assert_null(strstr(drive.result.message, "0x7f"));
                }
}

/* Ends that have a verdict of their own. */
static void test_ends(void **state)
{
        static const struct {
                const char *why;
                const char *probe;
                enum verdict want;
                enum limit limit;
                uint64_t value;
                bool not_at_load;
        } rows[] = {
                { "the kernel's old door has no name", "int80", VERDICT_SYSCALL },
                { "nor has its third one", "x32", VERDICT_SYSCALL },
                { "a blocked signal changes nothing", "blocked_sigsys", VERDICT_SYSCALL },
                { "abort() is a signal", "abort", VERDICT_SIGNAL },
                { "a crash is one", "crash", VERDICT_SIGNAL },
                { "so is a stack without end", "stack_overflow", VERDICT_SIGNAL },
                { "and SIGTERM, though pid 1 does not feel it", "terminate", VERDICT_SIGNAL },
                { "an exit is no result", "exit", VERDICT_PROTOCOL },
                { "waiting for ever", "loop", VERDICT_TIMEOUT, LIMIT_WALL, 300 },
                { "working for ever", "spin", VERDICT_CPU, LIMIT_CPU, 1000 },
                { "the same, deaf to the warning", "spin_deaf", VERDICT_CPU, LIMIT_CPU, 1000 },
#ifndef LINHAY_SANITIZE
                { "an allocation that failed", "memory", VERDICT_MEMORY, LIMIT_MEMORY, 128 * MIB,
                  true },
                { "the same, with an abort()", "memory_abort", VERDICT_MEMORY, LIMIT_MEMORY,
                  128 * MIB },
#endif
                { "too many descriptors", "descriptors", VERDICT_FILES, LIMIT_FILES, 64, true },
                { "too much written", "disk", VERDICT_DISK, LIMIT_DISK, 4 * MIB, true },
                { "too many files", "inodes", VERDICT_FILES, LIMIT_INODES, 64, true },
                { "too large a file", "file_size", VERDICT_FILES, LIMIT_FILE_SIZE, MIB },
                { "too many log lines", "log_flood", VERDICT_OUTPUT, LIMIT_LOG, MIB, true },
                { "too much printed", "print_flood", VERDICT_OUTPUT, LIMIT_LOG, MIB },
                { "too many findings", "finding_flood", VERDICT_OUTPUT, LIMIT_FINDINGS, 100, true },
                { "too large an output", "output_flood", VERDICT_OUTPUT, LIMIT_OUTPUT, MIB, true },
                { "too large an output, past the runtime", "wire_large_output", VERDICT_OUTPUT,
                  LIMIT_OUTPUT, 1000, true },
                { "too many findings, past the runtime", "wire_many_findings", VERDICT_OUTPUT,
                  LIMIT_FINDINGS, 2, true },
                { "too large an artifact", "artifact_flood", VERDICT_OUTPUT, LIMIT_ARTIFACTS, MIB,
                  true },
                { "no reason given", "fail_silently", VERDICT_FAILED, 0, 0, true },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                for (int at_load = 0; at_load <= !rows[i].not_at_load; at_load++) {
                        drive_run(&drive, &(struct drive_job){ .action = rows[i].probe,
                                                               .at_load = at_load,
                                                               .limit = rows[i].limit,
                                                               .value = rows[i].value });
                        drive_expect_verdict(&drive, rows[i].why, rows[i].probe, rows[i].want);
                        if (rows[i].limit == LIMIT_WALL)
                                assert_in_range(drive.result.usage.wall_ms, rows[i].value, 5000);
                }
}

/* Bytes on the wire that the table of states does not know. */
static void test_wire(void **state)
{
        static const struct {
                const char *probe;
                bool at_load;
        } rows[] = {
                { "wire_early_result", true },
                { "wire_two_results" },
                { "wire_oversized" },
                { "wire_lying_length" },
                { "wire_bad_magic" },
                { "wire_bad_magic", true },
                { "wire_empty" },
                { "wire_unknown_type" },
                { "wire_host_frame" },
                { "wire_bad_flags" },
                { "wire_no_grant" },
                { "wire_fault_ok" },
                { "wire_descriptor" },
                { "wire_descriptor", true },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                drive_run(&drive, &(struct drive_job){ .action = rows[i].probe,
                                                       .at_load = rows[i].at_load,
                                                       .limit = LIMIT_WALL,
                                                       .value = 3000 });
                drive_expect_verdict(&drive, "a broken protocol", rows[i].probe, VERDICT_PROTOCOL);
        }
        drive_run(&drive, &(struct drive_job){
                                  .action = "result_and_stay", .limit = LIMIT_WALL, .value = 300 });
        drive_expect_verdict(&drive, "a result is worth nothing before the end", "result_and_stay",
                             VERDICT_TIMEOUT);
        assert_null(drive.result.output);
}

static void test_groups(void **state)
{
        const struct drive_job thread = {
                .action = "thread", .groups = threads, .limit = LIMIT_PROCESSES, .value = 4
        };

        (void) state;
        drive_run(&drive, &thread);
        drive_expect_errno(&drive, "a thread that was granted", "thread", 0);
        drive_run(&drive, &(struct drive_job){ .action = "fork", .groups = threads });
        drive_expect_verdict(&drive, "threads are not processes", "fork", VERDICT_SYSCALL);
        drive_run(&drive, &(struct drive_job){ .action = "thread_bomb",
                                               .groups = threads,
                                               .limit = LIMIT_PROCESSES,
                                               .value = 10 });
        drive_expect_verdict(&drive, "more threads than granted", "thread_bomb", VERDICT_PROCESSES);
        drive_run(&drive, &(struct drive_job){ .action = "spawn",
                                               .groups = spawn,
                                               .limit = LIMIT_PROCESSES,
                                               .value = 4 });
        drive_expect_errno(&drive, "a program that was granted", "spawn", 0);
        drive_run(&drive, &(struct drive_job){ .action = "fork_bomb",
                                               .groups = spawn,
                                               .limit = LIMIT_PROCESSES,
                                               .value = 10 });
        drive_expect_verdict(&drive, "more processes than granted", "fork_bomb", VERDICT_PROCESSES);
        for (int is_traced = 0; is_traced <= 1; is_traced++) {
                drive_run(&drive, &(struct drive_job){ .action = "hide_denied",
                                                       .groups = spawn,
                                                       .is_traced = is_traced });
                drive_expect_verdict(&drive, "a handler of its own hides nothing", "hide_denied",
                                     VERDICT_SYSCALL);
                assert_string_equal(drive.result.syscall, "keyctl");
                drive_run(&drive, &(struct drive_job){ .action = "hide_denied_below",
                                                       .groups = spawn,
                                                       .is_traced = is_traced,
                                                       .limit = LIMIT_PROCESSES,
                                                       .value = 4 });
                drive_expect_verdict(&drive, "nor in a process below", "hide_denied_below",
                                     VERDICT_SYSCALL);
                assert_string_equal(drive.result.syscall, "keyctl");
        }
        drive_run(&drive, &(struct drive_job){ .action = "crash_below",
                                               .groups = spawn,
                                               .limit = LIMIT_PROCESSES,
                                               .value = 4 });
        drive_expect_verdict(&drive, "the fault of one is the end of all", "crash_below",
                             VERDICT_SIGNAL);
        drive_run(&drive, &(struct drive_job){ .action = "unshare", .groups = spawn });
        drive_expect_verdict(&drive, "no namespaces with it", "unshare", VERDICT_SYSCALL);
        drive_run(&drive, &(struct drive_job){ .action = "mprotect_x", .groups = jit });
        drive_expect_errno(&drive, "code at run time that was granted", "mprotect_x", 0);
        drive_run(&drive, &(struct drive_job){ .action = "granted_jit", .groups = jit });
        drive_expect_errno(&drive, "and the agent may know", "granted_jit", 0);
        drive_run(&drive, &(struct drive_job){ .action = "granted_jit", .groups = threads });
        drive_expect_errno(&drive, "what it was not granted", "granted_jit", EPERM);
        drive_run(&drive, &(struct drive_job){ .action = "socket", .groups = jit });
        drive_expect_verdict(&drive, "and nothing else", "socket", VERDICT_SYSCALL);
        for (int at_load = 0; at_load <= 1; at_load++) {
                drive_run(&drive, &(struct drive_job){ .action = "capabilities",
                                                       .groups = identity,
                                                       .at_load = at_load });
                drive_expect_errno(&drive, "no set holds a capability", "capabilities", 0);
        }
}

static void test_unknown_group(void **state)
{
        static const char *const groups[] = { "everything", NULL };
        struct cell_spec spec = {
                .action = "x", .syscall_groups = groups, .agent_fd = -1, .workspace_fd = -1
        };
        struct err err = { 0 };
        struct cell *c;

        (void) state;
        limits_standard(&spec.limits);
        assert_int_equal(cell_start(&c, drive.sandbox, &spec, &err), -EINVAL);
        assert_non_null(strstr(err.text, "everything"));
}

/* The bytes that run are those whose digest was given, or none. */
static void test_other_bytes(void **state)
{
        char sha256[SHA256_HEX];
        struct cell_spec spec = { .action = "x", .agent_sha256 = sha256, .workspace_fd = -1 };
        struct err err = { 0 };
        struct cell *c;
        FILE *f = tmpfile();

        (void) state;
        assert_true(fwrite("other bytes", 1, 11, f) == 11 && fflush(f) == 0);
        spec.agent_fd = fileno(f);
        sha256_hex(sha256, "the bytes", 9);
        limits_standard(&spec.limits);
        assert_int_equal(cell_start(&c, drive.sandbox, &spec, &err), -EBADMSG);
        assert_non_null(strstr(err.text, sha256));
        (void) fclose(f);
}

/* After prepare() not even /usr is mapped as code. */
static void test_stage2(void **state)
{
        (void) state;
        drive_run(&drive, &(struct drive_job){ .action = "map_own_file", .at_load = true });
        drive_expect_errno(&drive, "files of its own are no code at any time", "map_own_file",
                           EPERM);
        drive_run(&drive, &(struct drive_job){ .action = "map_library" });
        drive_expect_verdict(&drive, "no new code while running", "map_library", VERDICT_SYSCALL);
        drive_run(&drive, &(struct drive_job){ .action = "map_library", .at_load = true });
        drive_expect_errno(&drive, "libraries while loading", "map_library", 0);
        drive_run(&drive, &(struct drive_job){ .action = "early_thread",
                                               .at_load = true,
                                               .groups = threads,
                                               .limit = LIMIT_PROCESSES,
                                               .value = 4 });
        drive_expect_verdict(&drive, "nor by a thread from before", "early_thread",
                             VERDICT_SYSCALL);
}

static void test_services(void **state)
{
        _cleanup_(json_decrefp) json_t *input =
                json_pack("{s:i, s:s, s:b, s:f, s:[i,i]}", "number", 42, "text", "h\xc3\xa9llo",
                          "yes", 1, "real", 1.5, "list", 1, 2);
        const struct cell_result *r = &drive.result;
        struct cell_file file = { .pointer = "/file" };
        FILE *f = tmpfile();

        (void) state;
        assert_true(fwrite("\xff\x00zz", 1, 4, f) == 4 && fflush(f) == 0);
        file.fd = fileno(f);
        drive_run(&drive,
                  &(struct drive_job){
                          .action = "services", .input = input, .files = &file, .n_files = 1 });
        drive_expect_errno(&drive, "every service", "services", 0);
        (void) fclose(f);
        assert_int_equal(json_integer_value(json_object_get(r->spent, "tokens")), 11);
        assert_int_equal(drive.n_progress, 1);
        assert_int_equal(json_array_size(r->findings), 1);
        assert_string_equal(
                json_string_value(json_object_get(json_array_get(r->findings, 0), "severity")),
                "high");
        assert_int_equal(
                json_string_length(json_object_get(json_array_get(r->findings, 0), "fingerprint")),
                32);
        assert_string_equal(
                json_string_value(json_object_get(json_array_get(r->artifacts, 0), "data")),
                "YWJj");
        assert_non_null(strstr(drive.logs.data, "4 line \\x1b[31m1\n"));
        assert_non_null(strstr(drive.logs.data, "6 printed\n"));
        assert_non_null(strstr(drive.logs.data, "forged\\x0dline\n"));
        assert_non_null(strstr(r->stderr_tail, "printed\n"));
        assert_true(r->usage.memory_peak_bytes > 0);
        assert_int_equal(r->exit_status, 0);
}

static void test_large_bodies(void **state)
{
        _cleanup_(freep) char *text = malloc(300001);
        _cleanup_(json_decrefp) json_t *input = NULL;

        (void) state;
        memset(text, 'y', 300000);
        text[300000] = '\0';
        input = json_pack("{s:s}", "large", text);
        drive_run(&drive, &(struct drive_job){ .action = "large", .input = input });
        drive_expect_verdict(&drive, "bodies that fit no frame", "large", VERDICT_OK);
        assert_int_equal(json_string_length(drive.result.output), 499998);
        assert_int_equal(json_array_size(drive.result.artifacts), 1);
        drive_run(&drive, &(struct drive_job){ .action = "findings" });
        drive_expect_errno(&drive, "many findings", "findings", 0);
        assert_int_equal(json_array_size(drive.result.findings), 5000);
}

static void test_failures(void **state)
{
        (void) state;
        drive_run(&drive, &(struct drive_job){ .action = "fail" });
        drive_expect_verdict(&drive, "its own words", "fail", VERDICT_FAILED);
        assert_string_equal(drive.result.code, "not-good");
        assert_string_equal(drive.result.message, "The input is bad.");
        assert_int_equal(drive.result.fail_class, 1);
        drive_run(&drive, &(struct drive_job){ .action = "bad_output" });
        drive_expect_errno(&drive, "an output that is not JSON", "bad_output", 0);
}

static void test_not_an_agent(void **state)
{
        static const struct {
                const char *why;
                const char *bytes;
                size_t length;
        } rows[] = {
                { "not ELF", "#!/bin/sh\n", 10 },
                { "empty", "", 0 },
                { "cut short", NULL, 4096 },
        };

        (void) state;
        drive.is_warm = false; /* it never gets so far */
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct buf whole = drive.probe;

                drive.probe = (struct buf){ 0 };
                assert_int_equal(buf_add(&drive.probe, rows[i].bytes ? rows[i].bytes : whole.data,
                                         rows[i].length),
                                 0);
                drive_run(&drive, &(struct drive_job){ .action = "fds" });
                drive_expect_verdict(&drive, rows[i].why, "object", VERDICT_LOAD);
                buf_done(&drive.probe);
                drive.probe = whole;
        }
        drive.is_warm = IS_WARM;
}

static void cancel_softly(struct drive *d, const char *text)
{
        if (strcmp(text, "ready") == 0)
                cell_cancel(d->cell, VERDICT_CANCELLED, 5000);
}

static void cancel_hard(struct drive *d, const char *text)
{
        if (strcmp(text, "ready") == 0)
                cell_cancel(d->cell, VERDICT_CANCELLED, 50);
}

static void test_cancel(void **state)
{
        (void) state;
        drive.on_log = cancel_softly;
        drive_run(&drive, &(struct drive_job){ .action = "cancel" });
        drive_expect_verdict(&drive, "asked to stop, stops", "cancel", VERDICT_CANCELLED);
        assert_int_equal(drive.result.exit_status, 0);
        drive.on_log = cancel_hard;
        drive_run(&drive, &(struct drive_job){ .action = "ready_then_loop" });
        drive_expect_verdict(&drive, "asked to stop, does not", "ready_then_loop",
                             VERDICT_CANCELLED);
        assert_int_equal(drive.result.signal, SIGKILL);
        drive.on_log = NULL;
        drive_run(&drive, &(struct drive_job){ .action = "loop", .no_wait = true });
        cell_cancel(drive.cell, VERDICT_TIMEOUT, 0);
        drive_wait(&drive);
        drive_expect_verdict(&drive, "stopped before it began", "loop", VERDICT_TIMEOUT);
}

/* Whatever it does while it is held, the action is not among it. */
static void test_held(void **state)
{
        struct err err = { 0 };

        (void) state;
        drive_run(&drive, &(struct drive_job){ .action = "services", .is_held = true });
        cell_cancel(drive.cell, VERDICT_CANCELLED, 50);
        drive_wait(&drive);
        drive_expect_verdict(&drive, "held, never let go", "services", VERDICT_CANCELLED);
        assert_null(drive.result.output);
        assert_int_equal(drive.n_progress, 0);

        drive_run(&drive, &(struct drive_job){ .action = "map_library", .is_held = true });
        assert_int_equal(cell_go(drive.cell, &err), 0);
        drive_wait(&drive);
        drive_expect_verdict(&drive, "held, let go", "map_library", VERDICT_SYSCALL);

        drive_run(&drive, &(struct drive_job){ .action = "map_library", .is_held = true });
        cell_cancel(drive.cell, VERDICT_CANCELLED, 0);
        assert_int_equal(cell_go(drive.cell, &err), 0);
        drive_wait(&drive);
        drive_expect_verdict(&drive, "killed before it was let go", "map_library",
                             VERDICT_CANCELLED);
}

static bool upper_has(const char *name)
{
        struct stat st;

        return fstatat(drive.result.upper_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void test_workspace(void **state)
{
        char *path = drive_tree_make();
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct drive_job job = { .workspace = WORKSPACE_RO, .workspace_fd = fd };

        (void) state;
        job.action = "read_private";
        drive_run(&drive, &job);
        drive_expect_errno(&drive, "what only the owner may read is read", "read_private", 0);
        job.action = "write_work";
        drive_run(&drive, &job);
        drive_expect_errno(&drive, "a tree that is shown cannot be written", "write_work", EROFS);
        job.action = "fds";
        drive_run(&drive, &job);
        drive_expect_errno(&drive, "one descriptor more: the workspace", "fds", 0);
        assert_int_equal(drive.result.upper_fd, -1);

        job.workspace = WORKSPACE_OVERLAY;
        job.action = "layers";
        drive_run(&drive, &job);
        drive_expect_errno(&drive, "no path leads to what it is made of", "layers", ENOENT);
        job.action = "edit";
        drive_run(&drive, &job);
        drive_expect_errno(&drive, "a private view can be changed", "edit", 0);
        assert_true(drive.result.upper_fd >= 0);
        assert_false(drive.result.is_staged);
        assert_true(upper_has("changed") && upper_has("private") && upper_has("made") &&
                    upper_has("folder/moved"));
        assert_int_equal(json_array_size(drive.result.unreadable), 0);
        job.action = "read_private";
        drive_run(&drive, &job);
        drive_expect_errno(&drive, "and the tree is as it was", "read_private", 0);
        drive_tree_remove(path);
}

/* Files of two owners: no overlay can copy both up, so the agent works on a copy. */
static void test_staged(void **state)
{
        char *path;
        _cleanup_(closep) int fd = -1;
        struct drive_job job = { .workspace = WORKSPACE_OVERLAY, .action = "edit" };

        (void) state;
        path = drive_tree_make();
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fchownat(fd, "private", 1234, 1234, 0) < 0) {
                print_message("# SKIP a tree of two owners needs root to be made\n");
                drive_tree_remove(path);
                return;
        }
        job.workspace_fd = fd;
        drive_run(&drive, &job);
        drive_expect_errno(&drive, "a private copy can be changed", "edit", 0);
        assert_true(drive.result.is_staged);
        assert_true(upper_has("changed") && upper_has("private") && upper_has("made") &&
                    upper_has("folder/moved") && !upper_has("removed") && !upper_has("moved"));
        drive_tree_remove(path);
}

static void test_many_at_once(void **state)
{
        (void) state;
        for (int i = 0; i < 20; i++) {
                drive_run(&drive, &(struct drive_job){ .action = "environment" });
                drive_expect_errno(&drive, "one after the other", "environment", 0);
        }
}

static void test_inspect(void **state)
{
        char path[4096], *text = NULL;
        struct err err = { 0 };
        size_t length;
        FILE *f = tmpfile();
        int fd;

        (void) state;
        assert_true(fwrite("no object", 1, 9, f) == 9 && fflush(f) == 0);
        assert_true(sandbox_inspect(drive.sandbox, fileno(f), &text, &length, &err) < 0);
        assert_true(err.text[0]);
        (void) fclose(f);
        (void) snprintf(path, sizeof(path), "%s/tests/cell/agent-noop.so", test_builddir());
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return;
        if (sandbox_inspect(drive.sandbox, fd, &text, &length, &err) < 0)
                fail_msg("%s", err_text(&err));
        assert_non_null(strstr(text, "\"noop\""));
        free(text);
        assert_int_equal(close(fd), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_services),     cmocka_unit_test(test_workspace),
                cmocka_unit_test(test_staged),       cmocka_unit_test(test_answered),
                cmocka_unit_test(test_denied),       cmocka_unit_test(test_explained),
                cmocka_unit_test(test_ends),         cmocka_unit_test(test_wire),
                cmocka_unit_test(test_groups),       cmocka_unit_test(test_unknown_group),
                cmocka_unit_test(test_other_bytes),  cmocka_unit_test(test_stage2),
                cmocka_unit_test(test_large_bodies), cmocka_unit_test(test_failures),
                cmocka_unit_test(test_not_an_agent), cmocka_unit_test(test_cancel),
                cmocka_unit_test(test_held),         cmocka_unit_test(test_many_at_once),
                cmocka_unit_test(test_inspect),
        };

        return cmocka_run_group_tests_name(IS_USER   ? "cell, as a user"
                                           : IS_WARM ? "cell, warm"
                                                     : "cell",
                                           tests, set_up, tear_down);
}
