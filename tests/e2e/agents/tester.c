/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The agent of the engine's tests: each action does one thing that an engine must cope with.
 */

#include <dirent.h>
#include <fcntl.h>
#include <linhay/agent.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

LINHAY_MANIFEST("tester.json")

static int run_noop(struct linhay_run *r)
{
        return linhay_outputf(r, "null");
}

static int give_value(struct linhay_run *r)
{
        const char *json;
        size_t length;

        if (linhay_input(r, "/value", &json, &length) < 0)
                return linhay_outputf(r, "null");
        return linhay_output(r, json, length);
}

static int run_echo(struct linhay_run *r)
{
        const char *say = linhay_input_string(r, "/say", NULL);

        if (say)
                linhay_log(r, LINHAY_INFO, "%s", say);
        return give_value(r);
}

static int run_count(struct linhay_run *r)
{
        int fd = linhay_input_fd(r, "/file");
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return linhay_fail(r, LINHAY_FAIL_INPUT, "no-file", "the file is not there");
        return linhay_outputf(r, "%lld", (long long) st.st_size);
}

static int run_fail(struct linhay_run *r)
{
        static const struct {
                const char *how;
                enum linhay_fail fail_class;
        } rows[] = { { "internal", LINHAY_FAIL_INTERNAL },
                     { "input", LINHAY_FAIL_INPUT },
                     { "transient", LINHAY_FAIL_TRANSIENT },
                     { "limit", LINHAY_FAIL_LIMIT } };
        const char *how = linhay_input_string(r, "/how", "internal");

        if (strcmp(how, "abort") == 0)
                abort();
        if (strcmp(how, "schema") == 0)
                return linhay_outputf(r, "\"not an integer\"");
        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
                if (strcmp(how, rows[i].how) == 0)
                        return linhay_fail(r, rows[i].fail_class, "on-demand", "asked to fail (%s)",
                                           how);
        return -1;
}

static void wait_ms(struct linhay_run *r, long ms, int is_deaf)
{
        const struct timespec step = { .tv_nsec = 2000000 };

        for (; ms > 0 && (is_deaf || !linhay_cancelled(r)); ms -= 2)
                (void) nanosleep(&step, NULL);
}

static int run_sleep(struct linhay_run *r)
{
        linhay_log(r, LINHAY_INFO, "asleep");
        wait_ms(r, (long) linhay_input_int(r, "/ms", 10), linhay_input_bool(r, "/deaf", 0));
        return give_value(r);
}

static int run_until(struct linhay_run *r)
{
        const char *path = linhay_input_string(r, "/path", "");
        struct stat st;

        if (fstatat(linhay_workspace(r), path, &st, 0) < 0)
                return linhay_fail(r, LINHAY_FAIL_TRANSIENT, "not-yet", "%s is not there", path);
        return linhay_outputf(r, "null");
}

/* Two tries of three fail, whatever else has happened. */
static int run_chance(struct linhay_run *r)
{
        struct timespec now;

        if (clock_gettime(CLOCK_MONOTONIC, &now) < 0 || now.tv_nsec / 1000 % 3 != 0)
                return linhay_fail(r, LINHAY_FAIL_TRANSIENT, "not-yet", "no luck");
        return linhay_outputf(r, "null");
}

static int run_read(struct linhay_run *r)
{
        const char *path = linhay_input_string(r, "/path", "");
        int fd = openat(linhay_workspace(r), path, O_RDONLY | O_CLOEXEC);
        char text[4096], json[2 * sizeof(text) + 3];
        size_t n = 0;
        ssize_t length;

        if (fd < 0)
                return linhay_outputf(r, "null");
        length = read(fd, text, sizeof(text));
        json[n++] = '"';
        for (ssize_t i = 0; i < length; i++) {
                if (text[i] == '\n' || text[i] == '"' || text[i] == '\\')
                        json[n++] = '\\';
                json[n++] = text[i] == '\n' ? 'n' : text[i];
        }
        json[n++] = '"';
        return linhay_output(r, json, n);
}

static int run_findings(struct linhay_run *r)
{
        static const char *const names[] = { "info", "low", "medium", "high", "critical" };
        const char *severity = linhay_input_string(r, "/severity", "high");
        int64_t n = linhay_input_int(r, "/n", 1);
        uint32_t level = 0;

        while (level < 4 && strcmp(severity, names[level]) != 0)
                level++;
        for (int64_t i = n; i > 0; i--)
                (void) linhay_finding(
                        r, &LINHAY_FINDING(.rule = "test/finding", .message = "a thing was found",
                                           .severity = level, .path = "a.c", .line = (uint32_t) i));
        return linhay_outputf(r, "null");
}

static int run_search(struct linhay_run *r)
{
        const char *path = linhay_input_string(r, "/path", "");
        int fd = openat(linhay_workspace(r), path, O_RDONLY | O_CLOEXEC);
        char text[4096];
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

        if (n < 0)
                return linhay_fail(r, LINHAY_FAIL_INPUT, "no-file", "%s cannot be read", path);
        text[n] = '\0';
        if (strstr(text, linhay_input_string(r, "/word", "")))
                (void) linhay_finding(r, &LINHAY_FINDING(.rule = "test/word",
                                                         .message = "the word is there",
                                                         .severity = LINHAY_SEVERITY_HIGH,
                                                         .path = path, .line = 1));
        return linhay_outputf(r, "null");
}

static int write_file(int dir, const char *path, const char *text)
{
        int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        ssize_t n;

        if (fd < 0)
                return -errno;
        n = write(fd, text, strlen(text));
        (void) close(fd);
        return n < 0 ? -errno : 0;
}

static int run_edit(struct linhay_run *r)
{
        const char *path = linhay_input_string(r, "/path", "edited.txt");
        const char *text = linhay_input_string(r, "/text", "edited\n");
        int64_t copies = linhay_input_int(r, "/copies", 0);
        char name[512];
        int e = write_file(linhay_workspace(r), path, text);

        for (int64_t i = 0; e == 0 && i < copies; i++) {
                (void) snprintf(name, sizeof(name), "%s.%lld", path, (long long) i);
                e = write_file(linhay_workspace(r), name, text);
        }
        if (e < 0)
                return linhay_fail(r, LINHAY_FAIL_INTERNAL, "write", "cannot write %s: %s", path,
                                   strerror(-e));
        wait_ms(r, (long) linhay_input_int(r, "/ms", 0), 0);
        return linhay_outputf(r, "null");
}

static int insert_line(int dir, const char *name, const char *text)
{
        const char *middle = strchr(text + strlen(text) / 2, '\n');
        char changed[8192];

        if (!middle)
                return 0;
        (void) snprintf(changed, sizeof(changed), "%.*s\nchanged here%s", (int) (middle - text),
                        text, middle);
        return write_file(dir, name, changed);
}

/* What an agent says that keeps nothing for itself. */
static void tell_all(struct linhay_run *r, const char *name, char *text)
{
        uint32_t line = 1;
        char *rest;

        linhay_log(r, LINHAY_INFO, "%s", text);
        linhay_progress(r, 1, 2, text);
        (void) fprintf(stderr, "%s", text);
        for (char *at = strtok_r(text, "\n", &rest); at; at = strtok_r(NULL, "\n", &rest))
                (void) linhay_finding(r, &LINHAY_FINDING(.rule = "test/spill", .message = at,
                                                         .severity = LINHAY_SEVERITY_HIGH,
                                                         .path = name, .line = line++,
                                                         .excerpt = at, .fix = at));
}

static int spill_file(struct linhay_run *r, const char *name, char text[4096])
{
        int fd = openat(linhay_workspace(r), name, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, 4095);

        if (n < 0)
                return -errno;
        (void) close(fd);
        text[n] = '\0';
        return insert_line(linhay_workspace(r), name, text);
}

static int run_spill(struct linhay_run *r)
{
        int fd = openat(linhay_workspace(r), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        struct dirent *entry;
        char text[4096], first[4096] = "";

        while (dir && (entry = readdir(dir))) {
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                    spill_file(r, entry->d_name, text) < 0)
                        continue;
                if (!*first || strstr(entry->d_name, ".env"))
                        (void) snprintf(first, sizeof(first), "%.*s", (int) strcspn(text, "\n"),
                                        text);
                tell_all(r, entry->d_name, text);
        }
        if (dir)
                (void) closedir(dir);
        if (linhay_input_bool(r, "/fail", 0))
                return linhay_fail(r, LINHAY_FAIL_INTERNAL, "spilt", "%s", first);
        return linhay_outputf(r, "{\"said\": \"%s\"}", first);
}

static const struct {
        const char *action;
        int (*run)(struct linhay_run *r);
} actions[] = {
        { "noop", run_noop },         { "echo", run_echo },     { "count", run_count },
        { "fail", run_fail },         { "sleep", run_sleep },   { "until", run_until },
        { "read", run_read },         { "edit", run_edit },     { "edit-auto", run_edit },
        { "findings", run_findings }, { "search", run_search }, { "spill", run_spill },
        { "charge", run_noop },       { "chance", run_chance },
};

static int run(struct linhay_run *r)
{
        for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
                if (strcmp(r->action, actions[i].action) == 0)
                        return actions[i].run(r);
        return linhay_fail(r, LINHAY_FAIL_INTERNAL, "no-action", "no action %s", r->action);
}

LINHAY_AGENT(.run = run)
