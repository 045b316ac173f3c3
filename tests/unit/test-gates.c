/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The built-in rules with the best gate of this build and with our own: the same findings, on the
 * labelled texts and on a real tree, this source's. Where the build has no Hyperscan both are our
 * own, and nothing is shown.
 */

#include "test.h"

#include "base/buf.h"
#include "base/io.h"
#include "base/json.h"

#include "scan/match.h"

#include "config.h"

#include <linhay/walk.h>

#include <fcntl.h>

static struct rule_pack pack, other;
static struct matcher ours, best;

static void load(struct rule_pack *ret, const char *name)
{
        _cleanup_(buf_done) struct buf text = { 0 };
        char path[512], error[256];
        struct err err = { 0 };

        (void) snprintf(path, sizeof(path), "%s/plugins/compliance-checker/rules/%s", test_srcdir(),
                        name);
        if (file_read(path, &text, &err) < 0)
                fail_msg("%s", err_text(&err));
        if (rule_pack_load(ret, text.data, text.length, error, sizeof(error)) < 0)
                fail_msg("%s", error);
}

static int set_up(void **state)
{
        (void) state;
        load(&pack, "secrets.json");
        load(&other, "secrets.json");
        assert_int_equal(matcher_init(&ours, &pack, &gate_ac), 0);
        assert_int_equal(matcher_init(&best, &other, gate_best()), 0);
        return 0;
}

static int tear_down(void **state)
{
        (void) state;
        matcher_done(&ours);
        matcher_done(&best);
        rule_pack_done(&pack);
        rule_pack_done(&other);
        return 0;
}

static bool is_same(const struct match *x, const struct match *y)
{
        return !strcmp(x->rule->id, y->rule->id) && x->start == y->start && x->end == y->end &&
               x->name == y->name;
}

/* Scans a text with both; returns how much was found. */
static size_t compare(const char *path, const char *text, size_t length)
{
        assert_int_equal(matcher_scan(&ours, path, text, length), 0);
        assert_int_equal(matcher_scan(&best, path, text, length), 0);
        if (ours.n_found != best.n_found || ours.n_shapes != best.n_shapes)
                fail_msg("%s: %zu and %zu found, %zu and %zu shapes", path, ours.n_found,
                         best.n_found, ours.n_shapes, best.n_shapes);
        for (size_t i = 0; i < ours.n_found; i++)
                if (!is_same(&ours.found[i], &best.found[i]))
                        fail_msg("%s: %s and %s", path, ours.found[i].rule->id,
                                 best.found[i].rule->id);
        for (size_t i = 0; i < ours.n_shapes; i++)
                assert_true(is_same(&ours.shapes[i], &best.shapes[i]));
        assert_int_equal(ours.is_cut, best.is_cut);
        return ours.n_found;
}

/* The labelled data: LINHAY_SHARED, or `shared` beside this source. NULL where it is not. */
static FILE *shared_open(const char *name)
{
        const char *shared = getenv("LINHAY_SHARED");
        char path[1024];

        if (shared)
                (void) snprintf(path, sizeof(path), "%s/%s", shared, name);
        else
                (void) snprintf(path, sizeof(path), "%s/../shared/%s", test_srcdir(), name);
        return fopen(path, "re");
}

static void test_vectors(void **state)
{
        (void) state;
        size_t texts = 0, found = 0, room = 0;
        char *line = NULL;
        FILE *f = shared_open("data/secrets/vectors.jsonl");

        if (!f) {
                print_message("# SKIP: the labelled texts are not here (LINHAY_SHARED)\n");
                skip();
        }
        while (getline(&line, &room, f) > 0) {
                _cleanup_(json_decrefp) json_t *row = json_loads(line, 0, NULL);
                const char *text = json_string_value(json_object_get(row, "text"));

                if (!text)
                        continue;
                found += compare("a.txt", text, strlen(text));
                texts++;
        }
        free(line);
        (void) fclose(f);
        print_message("# %zu texts, %zu found\n", texts, found);
        assert_true(texts > 1000 && found > 1000);
}

static void test_tree(void **state)
{
        (void) state;
        enum { FILES_MAX = 4000 };
        struct linhay_walk w;
        const char *text;
        size_t length, files = 0, found = 0;
        int n, dirfd = open(test_srcdir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_true(dirfd >= 0);
        n = linhay_walk_init(&w, dirfd, &(struct linhay_walk_options){ 0 });
        while (n >= 0 && files < FILES_MAX && (n = linhay_walk_next(&w)) > 0) {
                if (linhay_walk_load(&w, &text, &length) <= 0)
                        continue;
                found += compare(w.path, text, length);
                files++;
        }
        linhay_walk_done(&w);
        (void) close(dirfd);
        print_message("# %zu files, %zu found\n", files, found);
        assert_true(files > 100);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_vectors),
                cmocka_unit_test(test_tree),
        };

        return cmocka_run_group_tests_name("gates", tests, set_up, tear_down);
}
