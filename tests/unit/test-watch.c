/* SPDX-License-Identifier: Apache-2.0 */
#include "run/watch.h"
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static const struct {
        const char *pattern, *path;
        bool fits, below;
} patterns[] = {
        { "src", "src", true, true },
        { "src", "src/a/b", true, true },
        { "src", "srcs", false, false },
        { "src", "", false, true },
        { "src/a", "src", false, true },
        { "conf/*.conf", "conf/a.conf", true, true },
        { "conf/*.conf", "conf/b/a.conf", false, false },
        { "conf/*.conf", "conf", false, true },
        { "conf/*.conf", "other", false, false },
        { "**", "a/b", true, true },
        { "**", "", false, true },
        { "src/**", "src/a", true, true },
        { "src/**", "src", false, true },
        { "**/*.c", "a.c", true, true },
        { "**/*.c", "a/b/c.c", true, true },
        { "**/*.c", "a/b/c.h", false, true },
        { "a/**/b/**/c", "a/x/b/y/z/c", true, true },
        { "a/**/b/**/c", "a/b/c", true, true },
        { "a/**/b/**/c", "a/b/b", false, true },
        { "a/**/b/**/c", "b/a", false, false },
        { "?.[ch]", "x.h", true, true },
        { "*", ".hidden", true, true },
};

static void test_patterns(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(patterns); i++)
                if (watch_fits(patterns[i].pattern, patterns[i].path) != patterns[i].fits ||
                    watch_may_fit_below(patterns[i].pattern, patterns[i].path) != patterns[i].below)
                        fail_msg("\"%s\" and \"%s\"", patterns[i].pattern, patterns[i].path);
}

struct fixture {
        struct loop *loop;
        struct watch *watch;
        char folder[64], tree[128];
        unsigned n_changed, n_trouble;
        struct loop_source timer;
        bool is_late;
};

static void changed(void *user)
{
        struct fixture *f = user;

        f->n_changed++;
        loop_stop(f->loop);
}

static void trouble(void *user, const char *text)
{
        struct fixture *f = user;

        (void) text;
        f->n_trouble++;
}

static void shell(struct fixture *f, const char *command)
{
        char line[1024];

        (void) snprintf(line, sizeof(line), "cd %s/t && %s", f->folder, command);
        assert_int_equal(system(line), 0);
}

static void begin(struct fixture *f, const char *list, uint64_t debounce_ms)
{
        struct watch_options options = { .loop = f->loop,
                                         .folder = f->tree,
                                         .debounce_ms = debounce_ms,
                                         .changed = changed,
                                         .trouble = trouble,
                                         .user = f };
        char exclude[160];

        (void) snprintf(exclude, sizeof(exclude), "%s/store", f->tree);
        options.exclude = exclude;
        options.patterns = json_loads(list, 0, NULL);
        assert_int_equal(watch_new(&f->watch, &options, NULL), 0);
        json_decref((json_t *) options.patterns);
}

static int setup(void **state)
{
        struct fixture *f = calloc(1, sizeof(*f));

        assert_non_null(f);
        (void) snprintf(f->folder, sizeof(f->folder), "/tmp/linhay-watch-XXXXXX");
        assert_non_null(mkdtemp(f->folder));
        (void) snprintf(f->tree, sizeof(f->tree), "%s/t", f->folder);
        assert_int_equal(mkdir(f->tree, 0700), 0);
        assert_int_equal(loop_new(&f->loop), 0);
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *f = *state;
        char line[128];

        watch_free(f->watch);
        loop_remove(f->loop, &f->timer);
        loop_free(f->loop);
        (void) snprintf(line, sizeof(line), "rm -rf %s", f->folder);
        (void) !system(line);
        free(f);
        return 0;
}

static int on_late(struct loop_source *source, uint32_t events)
{
        struct fixture *f = source->owner;

        (void) events;
        f->is_late = true;
        loop_stop(f->loop);
        return 0;
}

/* Runs until a change is told, or until `ms` have passed without one. */
static bool is_told(struct fixture *f, uint64_t ms)
{
        f->is_late = false;
        assert_int_equal(loop_add_timer(f->loop, &f->timer, ms, on_late, f), 0);
        assert_int_equal(loop_run(f->loop), 0);
        loop_remove(f->loop, &f->timer);
        return !f->is_late;
}

/* All that happens in one row is told once, or not at all. */
static const struct {
        const char *why, *before, *list, *deed;
        bool told;
} deeds[] = {
        { "a file is written", "mkdir src", "[\"src\"]", "echo >src/a", true },
        { "a file is removed", "mkdir src; echo >src/a", "[\"src\"]", "rm src/a", true },
        { "a file is renamed", "mkdir src; echo >src/a", "[\"src\"]", "mv src/a src/b", true },
        { "a link is made", "mkdir src", "[\"src\"]", "ln -s x src/a", true },
        { "in a folder deep below", "mkdir -p src/a/b/c", "[\"src\"]", "echo >src/a/b/c/d", true },
        { "in a folder that is new", "mkdir src", "[\"src/**/*.c\"]",
          "mkdir -p src/a/b && echo >src/a/b/c.c", true },
        { "in a folder that was moved here", "mkdir -p src x/y; echo >x/y/a.c", "[\"src/**/*.c\"]",
          "mv x/y src/", true },
        { "in a folder that did not exist", "true", "[\"src\"]", "mkdir src", true },
        { "only read", "mkdir src; echo >src/a", "[\"src\"]", "cat src/a", false },
        { "another name", "mkdir src", "[\"src/*.c\"]", "echo >src/a.h", false },
        { "another folder", "mkdir src doc", "[\"src\"]", "echo >doc/a", false },
        { "git's own", "mkdir -p .git/x", "[\"**\"]", "echo >.git/x/a", false },
        { "the store", "mkdir store", "[\"**\"]", "echo >store/a", false },
        { "a folder that was moved away", "mkdir -p src/a x", "[\"src/*/*\"]",
          "mv src/a x/ && echo >x/a/b", false },
};

static void test_deeds(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(deeds); i++) {
                void *fresh = NULL;
                struct fixture *f;

                assert_int_equal(setup(&fresh), 0);
                f = fresh;
                shell(f, deeds[i].before);
                begin(f, deeds[i].list, 5);
                shell(f, deeds[i].deed);
                if (is_told(f, deeds[i].told ? 10000 : 60) != deeds[i].told)
                        fail_msg("%s", deeds[i].why);
                if (is_told(f, 30))
                        fail_msg("%s: told twice", deeds[i].why);
                assert_int_equal(f->n_trouble, 0);
                (void) teardown(&fresh);
        }
}

/* Many changes are one; a tree that never rests is told all the same. */
static int on_write(struct loop_source *source, uint32_t events)
{
        struct fixture *f = source->owner;
        char path[160];
        int fd;

        (void) events;
        (void) snprintf(path, sizeof(path), "%s/a", f->tree);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        (void) close(fd);
        return loop_add_timer(f->loop, source, 2, on_write, f);
}

#define DEBOUNCE_MS 250

static void test_debounce(void **state)
{
        struct loop_source writer = { 0 };
        struct fixture *f = *state;
        uint64_t start;

        /* Long beside the moments in which a busy machine lets the writer wait. */
        begin(f, "[\"**\"]", DEBOUNCE_MS);
        shell(f, "for i in $(seq 100); do echo >$i; done");
        assert_true(is_told(f, 10000));
        assert_false(is_told(f, 2 * DEBOUNCE_MS));
        assert_int_equal(f->n_changed, 1);

        start = clock_ms();
        assert_int_equal(loop_add_timer(f->loop, &writer, 0, on_write, f), 0);
        assert_true(is_told(f, 10000));
        assert_in_range(clock_ms() - start, DEBOUNCE_MS * WATCH_PATIENCE, 9000);
        loop_remove(f->loop, &writer);
}

static bool is_own(void *user, const char *path)
{
        return strcmp(path, user) == 0;
}

static void test_own(void **state)
{
        struct fixture *f = *state;

        begin(f, "[\"**\"]", 5);
        shell(f, "echo >ours");
        watch_look(f->watch, is_own, (char *) "ours");
        assert_false(is_told(f, 50));
        shell(f, "echo >ours; echo >theirs");
        watch_look(f->watch, is_own, (char *) "ours");
        assert_true(is_told(f, 10000));
        shell(f, "echo >ours");
        assert_true(is_told(f, 10000));
}

static void test_root_goes(void **state)
{
        struct fixture *f = *state;

        begin(f, "[\"**\"]", 5);
        shell(f, "cd .. && mv t u");
        assert_false(is_told(f, 50));
        assert_int_equal(f->n_trouble, 1);
}

/* The kernel's queue is finite; what it could not tell is a change, told once. */
static void test_overflow(void **state)
{
        struct fixture *f = *state;

        shell(f, "mkdir d");
        begin(f, "[\"**/*.c\"]", 20);
        shell(f, "n=$(cat /proc/sys/fs/inotify/max_queued_events); "
                 "python3 -c \"import sys\nfor i in range($n):\n open('d/' + str(i % 7), "
                 "'w').close()\"");
        assert_true(is_told(f, 20000));
        assert_false(is_told(f, 100));
        shell(f, "echo >d/x.c");
        assert_true(is_told(f, 10000));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_patterns),
                cmocka_unit_test(test_deeds),
                cmocka_unit_test_setup_teardown(test_debounce, setup, teardown),
                cmocka_unit_test_setup_teardown(test_own, setup, teardown),
                cmocka_unit_test_setup_teardown(test_root_goes, setup, teardown),
                cmocka_unit_test_setup_teardown(test_overflow, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
