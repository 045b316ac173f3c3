/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The attack battery's driver: every probe in every way it can be tried, against what it states
 *
 *   battery [--table] [GROUP | GROUP/NAME]...     TAP, one test a probe; --table: rows for the
 *                                                 document
 *   battery --list                                their names
 *
 * Built twice: as whoever runs it, and (AS_USER) as a user who owns nothing. Four cells a probe:
 * while running, in a constructor, in the resolver of an indirect function, and with a layer taken
 * away (linhay-cell-test, which is never installed); and once outside of any cell.
 */

#include "config.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/json.h"
#include "base/redact.h"
#include "cell/cell.h"
#include "cell/memfd.h"
#include "plug/manifest.h"

#include "die.h"
#include "record.h"
#include "scene.h"
#include "script.h"
#include "told.h"
#include "tree.h"

#ifdef AS_USER
#define IS_USER true
#else
#define IS_USER false
#endif

#define NOBODYS  54321 /* an id that owns nothing */
#define PATIENCE 30    /* seconds for a control, or a cell that has no limit of its own */

/* Twenty a second, and some more. */
#define PROGRESS_MOST (PATIENCE * 20 + 10)

enum column { IN_RUN, IN_CONSTRUCTOR, IN_IFUNC, NO_SECCOMP, NO_LANDLOCK, UNCONFINED, COLUMNS_ };

static const struct {
        const char *title;
        const char *program; /* a name of linhay-cell-test says what it leaves out */
        enum entry entry;
} columns[COLUMNS_] = {
        [IN_RUN] = { "run", "linhay-cell", ENTRY_RUN },
        [IN_CONSTRUCTOR] = { "constructor", "linhay-cell", ENTRY_CONSTRUCTOR },
        [IN_IFUNC] = { "ifunc", "linhay-cell", ENTRY_IFUNC },
        [NO_SECCOMP] = { "without seccomp", "linhay-cell-without-seccomp-without-selftest",
                         ENTRY_RUN },
        [NO_LANDLOCK] = { "without Landlock", "linhay-cell-without-landlock-without-selftest",
                          ENTRY_RUN },
        [UNCONFINED] = { "unconfined", NULL, ENTRY_RUN },
};

typedef char outcome[64];

struct linhay_agent descriptor; /* an agent's; nobody asks the driver */

/* The hostile agent, and what it would like to have loaded with it. */
enum object { OBJECT_AGENT, OBJECT_LIBRARY, OBJECTS_ };

static const char *const object_paths[OBJECTS_] = {
        [OBJECT_AGENT] = "tests/battery/agent.so",
        [OBJECT_LIBRARY] = "tests/cell/agent-noop.so",
};
static struct buf objects[OBJECTS_];
static struct loop *loop;
static struct sandbox *sandboxes[COLUMNS_];
static struct cell *running;

/* One run in a cell: what is looked at when it has ended. */
struct attempt {
        const struct probe *probe;
        bool is_honest;
        int workspace; /* its tree on the host; -1 = none */
        char *outcome;
        struct record record;
        struct buf told; /* of a secret's probe: all that a person could be shown */
};

/* What a run came to, as probe.h names it. */
static void outcome_of(outcome ret, const struct cell_result *r)
{
        int code = (int) json_integer_value(json_object_get(r->output, "errno"));

        if (r->trouble)
                (void) snprintf(ret, sizeof(outcome), "trouble: %s", r->message);
        else if (r->verdict == VERDICT_SYSCALL)
                (void) snprintf(ret, sizeof(outcome), "syscall %s", r->syscall ? r->syscall : "?");
        else if (r->verdict != VERDICT_OK)
                (void) snprintf(ret, sizeof(outcome), "%s", verdict_name(r->verdict));
        else if (code == 0)
                (void) snprintf(ret, sizeof(outcome), "reached");
        else
                (void) snprintf(ret, sizeof(outcome), "%s",
                                strerrorname_np(code) ? strerrorname_np(code) : "?");
}

static void on_log(void *user, int level, const char *text)
{
        struct attempt *a = user;

        (void) level;
        record_log(&a->record, text);
        if (a->probe->secret)
                told_text(&a->told, text);
}

static void on_progress(void *user, uint64_t done, uint64_t total, const char *note)
{
        struct attempt *a = user;

        (void) done;
        (void) total;
        record_progress(&a->record, note);
        if (a->probe->secret)
                told_text(&a->told, note);
}

/* Twice, around the collecting: whoever could change it still would be alive. */
static void collect(struct attempt *a, const struct cell_result *r)
{
        char before[SHA256_HEX], after[SHA256_HEX];
        const char *said;

        tree_digest(before, r->upper_fd);
        said = tree_collect(a->workspace, r->upper_fd, r->is_staged);
        tree_digest(after, r->upper_fd);
        if (strcmp(before, after) != 0)
                said = "changed while it was collected";
        else if (a->is_honest && strcmp(said, "refused") != 0)
                said = "reached";
        (void) snprintf(a->outcome, sizeof(outcome), "%s", said);
}

/* A secret that anybody could see: whatever the agent says of its luck, it came through. */
static void secret_search(struct attempt *a, const struct cell_result *r)
{
        told_json(&a->told, r->output);
        told_json(&a->told, r->findings);
        told_json(&a->told, r->artifacts);
        told_json(&a->told, r->spent);
        told_text(&a->told, r->code);
        told_text(&a->told, r->message);
        told_text(&a->told, r->stderr_tail);
        if (told_has_secret(&a->told))
                (void) snprintf(a->outcome, sizeof(outcome), "reached");
        buf_done(&a->told);
}

static void on_done(void *user, struct cell_result *r)
{
        struct attempt *a = user;

        outcome_of(a->outcome, r);
        if (a->probe->times && !r->usage.is_warm)
                (void) snprintf(a->outcome, sizeof(outcome), "a cell that was not warm");
        if (a->probe->is_collected && r->upper_fd >= 0 && strcmp(a->outcome, "reached") == 0)
                collect(a, r);
        record_result(&a->record, r);
        if (a->probe->secret)
                secret_search(a, r);
        if (a->record.is_forged)
                (void) snprintf(a->outcome, sizeof(outcome), "a forged record");
        else if (a->record.n_progress > PROGRESS_MOST)
                (void) snprintf(a->outcome, sizeof(outcome), "a flood of progress");
        else if (a->record.is_placeless && strcmp(a->outcome, "reached") == 0)
                (void) snprintf(a->outcome, sizeof(outcome), "a finding without a place");
        running = NULL;
        loop_stop(loop);
}

/* The scene's bytes, wherever an object has them. */
static void scene_write(uint8_t *data, size_t length)
{
        void *at = memmem(data, length, scene.mark, sizeof(scene.mark));

        if (at)
                memcpy(at, &scene, sizeof(scene));
}

/* The object's bytes with the scene in them; `ret_sha256` is the digest that the host is told. */
static int object_fd(const struct probe *p, enum entry entry, bool honest,
                     char ret_sha256[SHA256_HEX])
{
        const struct buf *from = &objects[OBJECT_AGENT];
        size_t length = from->length, room = 4 << 20;
        _cleanup_(freep) uint8_t *data = malloc(length + room);
        int fd;

        if (!data)
                die("no memory");
        scene.entry = entry;
        scene.honest = honest;
        (void) snprintf(scene.probe, sizeof(scene.probe), "%s", p->name);
        memcpy(data, from->data, length);
        scene_write(data, length);
        sha256_hex(ret_sha256, data, length);
        if (p->forge && !honest && !p->forge(data, &length, room))
                die("%s: the object is not as it was thought to be", p->name);
        if (!p->is_swapped)
                sha256_hex(ret_sha256, data, length);
        fd = memfd_of_bytes("battery", data, length);
        if (fd < 0)
                die("cannot make the object");
        return fd;
}

/* No code of it runs: is it taken for an agent? */
static void inspect(outcome ret, const struct probe *p, enum column column, bool honest)
{
        char sha256[SHA256_HEX];
        _cleanup_(closep) int agent = object_fd(p, ENTRY_RUN, honest, sha256);
        _cleanup_(manifest_freep) struct manifest *manifest = NULL;
        _cleanup_(freep) char *text = NULL;
        struct err err = { 0 };
        size_t length;
        int r = sandbox_inspect(sandboxes[column], agent, &text, &length, &err);

        if (r == 0)
                r = manifest_parse(&manifest, text, length, p->name, &err);
        (void) snprintf(ret, sizeof(outcome), "%s", r < 0 ? "refused" : "reached");
}

static bool is_given(const struct attempt *a)
{
        return a->probe->secret == PROBE_SECRET ||
               (a->probe->secret && (a->is_honest || scene.is_before));
}

static int on_idle(struct loop_source *source, _unused_ uint32_t events)
{
        (void) source;
        loop_stop(loop);
        return 0;
}

/* Until the next such step takes a warm cell. */
static void pool_fill(enum column column, const struct cell_spec *spec)
{
        uint64_t until = clock_ms() + PATIENCE * 1000;
        struct err err = { 0 };

        if (sandbox_warm(sandboxes[column], spec, 1, &err) < 0)
                die("%s", err_text(&err));
        while (sandbox_n_warm(sandboxes[column]) == 0) {
                struct loop_source idle = { 0 };

                if (clock_ms() > until)
                        die("%s: no cell gets warm", spec->name);
                if (loop_add_timer(loop, &idle, 1, on_idle, NULL) < 0 || loop_run(loop) < 0)
                        die("the loop failed");
                loop_remove(loop, &idle);
        }
}

/* One cell; the object is the earlier one's where the scene says so. */
static void run_cell(struct attempt *a, enum column column, enum entry entry)
{
        const struct probe *p = a->probe;
        char sha256[SHA256_HEX];
        _cleanup_(closep) int agent = p->script ? script_bundle(p->script, a->is_honest, sha256)
                                                : object_fd(p, entry, a->is_honest, sha256);
        const char *const groups[] = { p->script ? "spawn" : p->group, NULL };
        struct cell_spec spec = {
                .name = p->name,
                .agent_fd = agent,
                .agent_sha256 = sha256,
                .action = "attack",
                .workspace = p->workspace,
                .workspace_fd = a->workspace,
                .program = p->script ? script_program() : NULL,
                .syscall_groups = groups[0] ? groups : NULL,
                .on_log = on_log,
                .on_progress = on_progress,
                .on_done = on_done,
                .user = a,
        };
        _cleanup_(redact_freep) struct redact *redact = NULL;
        struct cell_secret secret = { "TOKEN", -1 };
        struct err err = { 0 };

        if (is_given(a)) {
                secret.fd = memfd_of_bytes("secret", PROBE_SECRET_TEXT, strlen(PROBE_SECRET_TEXT));
                if (redact_new(&redact) < 0 ||
                    redact_add(redact, PROBE_SECRET_TEXT, strlen(PROBE_SECRET_TEXT)) < 0)
                        die("no memory");
                spec.secrets = &secret;
                spec.n_secrets = 1;
                spec.redact = a->is_honest ? NULL : redact;
        }
        limits_standard(&spec.limits);
        spec.limits.value[LIMIT_WALL] = (p->is_slow ? 4 : 1) * PATIENCE * 1000;
        if (p->value)
                spec.limits.value[p->limit] = p->value;
        if (p->processes)
                spec.limits.value[LIMIT_PROCESSES] = p->processes;
        if (p->times)
                pool_fill(column, &spec);
        if (cell_start(&running, sandboxes[column], &spec, &err) < 0)
                (void) snprintf(a->outcome, sizeof(outcome), "refused");
        while (running)
                if (loop_run(loop) < 0)
                        die("the loop failed");
        closep(&secret.fd);
}

static void run_in_cell(outcome ret, const struct probe *p, enum column column, bool honest)
{
        enum entry entry = columns[column].entry ? columns[column].entry : p->entry;
        _cleanup_(closep) int workspace = p->workspace ? scene_tree(NULL) : -1;
        struct attempt a = {
                .probe = p, .is_honest = honest, .workspace = workspace, .outcome = ret
        };
        char before[SHA256_HEX] = "", after[SHA256_HEX] = "";

        if (p->is_inspected) {
                inspect(ret, p, column, honest);
                return;
        }
        if (p->forge && !honest)
                scene_library(objects[OBJECT_LIBRARY].data, objects[OBJECT_LIBRARY].length);
        if (p->workspace)
                tree_digest(before, workspace);
        if (p->before) {
                scene.is_before = true;
                run_cell(&a, column, ENTRY_RUN);
                scene.is_before = false;
        }
        for (unsigned i = 0; i < MAX_OF(p->times, 1U); i++)
                run_cell(&a, column, entry);
        if (p->times)
                sandbox_drain(sandboxes[column]);
        if (p->workspace)
                tree_digest(after, workspace);
        if ((p->harmed && p->harmed()) || strcmp(before, after) != 0)
                (void) snprintf(ret, sizeof(outcome), "harm on the host");
}

/* The object itself, loaded as any program would. */
static int load_unconfined(const struct probe *p)
{
        char path[160], sha256[SHA256_HEX];
        _cleanup_(closep) int agent = object_fd(p, p->entry, false, sha256);
        _cleanup_(buf_done) struct buf bytes = { 0 };

        (void) snprintf(path, sizeof(path), "%s/object.so", scene.folder);
        if (fd_read_all(agent, &bytes) < 0 ||
            file_replace(path, bytes.data, bytes.length, 0755, NULL) < 0)
                return EIO;
        return dlopen(path, RTLD_NOW | RTLD_LOCAL) ? 0 : ENOEXEC;
}

/* A mount of root's must not stay on this machine. */
_Noreturn static void control_main(const struct probe *p, bool is_before, const char *tree)
{
        int code;

        (void) alarm(p->is_slow ? 4 * PATIENCE : PATIENCE);
        (void) setpgid(0, 0);
        if (geteuid() == 0 &&
            (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
                _exit(EIO);
        /* By its path: what was opened before is of another mount namespace. */
        if (p->workspace && chdir(tree) < 0)
                _exit(EIO);
        if (p->workspace)
                scene.workspace = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (p->script)
                script_exec(p->script);
        if (p->forge)
                code = load_unconfined(p);
        else
                code = is_before ? p->before(NULL) : p->attack(NULL);
        if (code == 0 && !is_before && p->later)
                code = p->later(NULL);
        _exit(code < 0 || code > 255 ? EIO : code);
}

/* What was printed is looked at with the same eyes as what a cell's host has kept. */
static bool printed_is_forged(int fd)
{
        _cleanup_(buf_done) struct buf text = { 0 };
        struct record record = { 0 };

        if (lseek(fd, 0, SEEK_SET) < 0 || fd_read_all(fd, &text) < 0)
                die("cannot read what a control printed");
        record_log(&record, buf_text(&text));
        return record.is_forged;
}

/* What it left behind is in its process group still. */
static pid_t control_run(outcome ret, const struct probe *p, bool is_before, const char *tree)
{
        _cleanup_(closep) int printed = memfd_create("printed", MFD_CLOEXEC);
        int status;
        pid_t pid;

        (void) fflush(NULL);
        pid = fork();
        if (pid < 0)
                die("cannot fork: %m");
        if (pid == 0 && dup2(printed, STDOUT_FILENO) == STDOUT_FILENO)
                control_main(p, is_before, tree);
        if (waitpid(pid, &status, 0) < 0)
                die("cannot wait: %m");
        if (printed_is_forged(printed))
                (void) snprintf(ret, sizeof(outcome), "reached");
        else if (WIFSIGNALED(status))
                (void) snprintf(ret, sizeof(outcome), "signal %d", WTERMSIG(status));
        else if (WEXITSTATUS(status))
                (void) snprintf(ret, sizeof(outcome), "%s", strerrorname_np(WEXITSTATUS(status)));
        else
                (void) snprintf(ret, sizeof(outcome), "reached");
        return pid;
}

static void run_unconfined(outcome ret, const struct probe *p)
{
        const char *tree = NULL;
        _cleanup_(closep) int workspace = p->workspace ? scene_tree(&tree) : -1;
        pid_t before = 0;

        if (p->forge)
                scene_library(objects[OBJECT_LIBRARY].data, objects[OBJECT_LIBRARY].length);
        if (p->before)
                before = control_run(ret, p, true, tree);
        (void) kill(-control_run(ret, p, false, tree), SIGKILL);
        if (before)
                (void) kill(-before, SIGKILL);
        scene_restore();
}

/* Is it one of "a or b or c"? */
static bool is_wanted(const char *got, const char *wanted)
{
        size_t length = strlen(got);

        for (const char *at = wanted; at; at = strstr(at, " or ")) {
                if (at != wanted)
                        at += 4;
                if (strncmp(at, got, length) == 0 &&
                    (at[length] == '\0' || strncmp(at + length, " or ", 4) == 0))
                        return true;
        }
        return false;
}

/* What the probe states for a column; NULL = it is not tried there. */
static const char *wanted_in(const struct probe *p, enum column column)
{
        const char *want = IS_USER && p->as_user ? p->as_user : p->want;
        const char *at_load;

        if (p->without_groups && sandbox_tier(sandboxes[IN_RUN]) != TIER_FULL)
                want = p->without_groups;
        at_load = p->at_load ? p->at_load : want;
        if (p->is_slow && column != IN_RUN && column != UNCONFINED)
                return NULL;
        switch (column) {
        case IN_CONSTRUCTOR:
                return strcmp(at_load, "-") == 0 ? NULL : at_load;
        case IN_IFUNC:
#ifdef LINHAY_SANITIZE
                return NULL;
#else
                return strcmp(at_load, "-") == 0 ? NULL : at_load;
#endif
        case NO_SECCOMP:
                return p->without_seccomp ? p->without_seccomp : want;
        case NO_LANDLOCK:
                return p->without_landlock ? p->without_landlock : want;
        case UNCONFINED:
                if (p->control == CONTROL_HONEST || p->control == CONTROL_UNCONFINED ||
                    (p->control == CONTROL_ROOT && !IS_USER))
                        return "reached";
                return NULL;
        default:
                return want;
        }
}

static void try(outcome ret, const struct probe *p, enum column column)
{
        if (column != UNCONFINED)
                run_in_cell(ret, p, column, false);
        else if (p->control == CONTROL_HONEST)
                run_in_cell(ret, p, IN_RUN, true);
        else
                run_unconfined(ret, p);
}

/* Nothing to attack here: the control found out that kernel or machine are without it. */
static bool target_lacks(const struct probe *p, const char *got)
{
        if (p->device && access(p->device, F_OK) < 0)
                return strcmp(got, "ENOENT") == 0;
        return is_wanted(got, "ENOSYS or EAFNOSUPPORT or EPROTONOSUPPORT or ESOCKTNOSUPPORT");
}

/*
 * A control by a layer's absence is stated in that layer's column. Where the probe comes through in
 * a cell as well, no control shows anything.
 */
static bool states_control(const struct probe *p)
{
        if (p->control != CONTROL_NONE && is_wanted("reached", p->want))
                return false;
        switch (p->control) {
        case CONTROL_NO_SECCOMP:
                return p->without_seccomp && strcmp(p->without_seccomp, "reached") == 0;
        case CONTROL_NO_LANDLOCK:
                return p->without_landlock && strcmp(p->without_landlock, "reached") == 0;
        case CONTROL_NONE:
                return p->reason != NULL;
        default:
                return true;
        }
}

static bool probe_test(const struct probe *p, unsigned number, bool as_table)
{
        outcome got[COLUMNS_] = { "" };
        bool is_ok = states_control(p), is_absent = false;

        /* The control is first: it may show that there is nothing to attack. */
        for (int i = COLUMNS_ - 1; i >= 0; i--) {
                enum column c = (enum column) i;
                const char *want = wanted_in(p, c);

                if (!want)
                        continue;
                try(got[c], p, c);
                if (c == UNCONFINED && target_lacks(p, got[c]))
                        is_absent = true;
                if (is_wanted(got[c], want) || (is_absent && target_lacks(p, got[c])))
                        continue;
                printf("# %s, %s: %s instead of %s\n", p->name, columns[c].title, got[c], want);
                is_ok = false;
        }
        if (as_table) {
                printf("%s\t%s", p->name, p->technique);
                for (enum column c = 0; c < COLUMNS_; c++)
                        printf("\t%s", *got[c] ? got[c] : "");
                printf("\t%s\n", p->control == CONTROL_NONE ? p->reason
                                 : is_absent                ? "there is none on this machine"
                                                            : "");
        } else {
                printf("%s %u - %s: %s%s\n", is_ok ? "ok" : "not ok", number, p->name,
                       states_control(p) ? p->technique : "states no control",
                       is_absent ? " # SKIP there is none on this machine" : "");
        }
        (void) fflush(stdout);
        return is_ok;
}

/* Programs where an ordinary user can reach them, named for what they leave out. */
static void programs_copy(const char *folder)
{
        static const char *const from[COLUMNS_] = { [IN_RUN] = "linhay-cell",
                                                    [NO_SECCOMP] = "linhay-cell-test",
                                                    [NO_LANDLOCK] = "linhay-cell-test" };
        const char *build = getenv("LINHAY_BUILDDIR");

        for (enum column c = 0; c < COLUMNS_; c++) {
                _cleanup_(buf_done) struct buf program = { 0 };
                char path[4096];

                if (!from[c])
                        continue;
                (void) snprintf(path, sizeof(path), "%s/%s", build ? build : ".", from[c]);
                if (file_read(path, &program, NULL) < 0)
                        die("cannot read %s", path);
                (void) snprintf(path, sizeof(path), "%s/%s", folder, columns[c].program);
                if (file_replace(path, program.data, program.length, 0755, NULL) < 0 ||
                    chmod(path, 0755) < 0)
                        die("cannot write %s", path);
        }
}

static void sandboxes_start(const char *folder)
{
        for (enum column c = 0; c < UNCONFINED; c++) {
                struct sandbox_options options = { .require = TIER_NO_CGROUP, .pool = 1 };
                struct err err = { 0 };
                char path[4096];

                if (c == IN_CONSTRUCTOR || c == IN_IFUNC) {
                        sandboxes[c] = sandboxes[IN_RUN];
                        continue;
                }
                (void) snprintf(path, sizeof(path), "%s/%s", folder, columns[c].program);
                options.cell_path = path;
                if (sandbox_new(&sandboxes[c], loop, &options, &err) < 0)
                        die("%s: %s", columns[c].program, err_text(&err));
                (void) unlink(path); /* it runs */
        }
}

/* Before anything is given up: they may lie where an ordinary user cannot reach them. */
static void objects_read(void)
{
        const char *build = getenv("LINHAY_BUILDDIR");
        char path[4096];

        for (enum object o = 0; o < OBJECTS_; o++) {
                (void) snprintf(path, sizeof(path), "%s/%s", build ? build : ".", object_paths[o]);
                if (file_read(path, &objects[o], NULL) < 0)
                        die("cannot read %s", path);
        }
        if (!memmem(objects[OBJECT_AGENT].data, objects[OBJECT_AGENT].length, scene.mark,
                    sizeof(scene.mark)))
                die("the agent has no scene");
}

static void stage_set(void)
{
        static char folder[] = "/tmp/linhay-cells-XXXXXX";

        objects_read();
        if (!mkdtemp(folder) || chmod(folder, 0755) < 0)
                die("cannot make %s: %m", folder);
        programs_copy(folder);
        if (IS_USER && geteuid() == 0 && chown(folder, NOBODYS, NOBODYS) < 0)
                die("cannot give %s away: %m", folder);
        if (IS_USER && geteuid() == 0 &&
            (setgroups(0, NULL) < 0 || setresgid(NOBODYS, NOBODYS, NOBODYS) < 0 ||
             setresuid(NOBODYS, NOBODYS, NOBODYS) < 0))
                die("cannot become a user: %m");
        (void) prctl(PR_SET_DUMPABLE, 1); /* lost with a change of user */
        scene_make();
        if (loop_new(&loop) < 0)
                die("no loop");
        sandboxes_start(folder);
        (void) rmdir(folder);
}

static void stage_clear(void)
{
        for (enum column c = 0; c < UNCONFINED; c++)
                if (c != IN_CONSTRUCTOR && c != IN_IFUNC)
                        sandboxes[c] = sandbox_free(sandboxes[c]);
        loop = loop_free(loop);
        for (enum object o = 0; o < OBJECTS_; o++)
                buf_done(&objects[o]);
        script_done();
        scene_remove();
}

static bool is_possible(const struct probe *p)
{
#ifdef LINHAY_SANITIZE
        return !p->is_unsanitized;
#else
        (void) p;
        return true;
#endif
}

/* LINHAY_TEST=before_ready: "secret/before-ready" alone. */
static bool is_named(const struct probe *p)
{
        const char *test = getenv("LINHAY_TEST"), *name = strchr(p->name, '/') + 1;

        for (; test && *name && (*name == '-' ? '_' : *name) == *test; name++)
                test++;
        return !test || (!*test && !*name);
}

static bool is_chosen(const struct probe *p, char *const names[])
{
        if (!is_named(p))
                return false;
        for (size_t i = 0; names[i]; i++) {
                size_t n = strlen(names[i]);

                if (strncmp(names[i], p->name, n) == 0 && (!p->name[n] || p->name[n] == '/'))
                        return true;
        }
        return !names[0];
}

static int list(void)
{
        const struct probe *p;

        for (size_t i = 0; (p = probe_at(i)); i++)
                puts(p->name);
        return 0;
}

int main(int argc, char *argv[])
{
        bool as_table = argc > 1 && strcmp(argv[1], "--table") == 0;
        unsigned number = 0, failed = 0;
        const struct probe *p;

        if (argc > 1 && strcmp(argv[1], "--list") == 0)
                return list();
        stage_set();
        for (size_t i = 0; (p = probe_at(i)); i++)
                if (is_possible(p) && is_chosen(p, argv + 1 + as_table))
                        failed += !probe_test(p, ++number, as_table);
        if (!as_table)
                printf("1..%u\n", number);
        stage_clear();
        return failed > 0;
}
