/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include "base/buf.h"
#include "base/loop.h"
#include "store/lite.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

/*
 * Stores of every earlier version, with something in every table, are upgraded: nothing may be
 * lost or changed by that, whenever the program is killed, and a large store must not take long.
 */

#define RUN_A "0abcdefghjkmnpqrstv0"

/* What each version brings into its new tables, and into those that were there. */
static const char *const contents[] = {
        "INSERT INTO flows VALUES ('" HASH_A "', 'review', '{}');"
        "INSERT INTO runs (id, flow_hash, flow, inputs, state, created, ended, exit)"
        " VALUES ('" RUN_A "', '" HASH_A "', 'review', '{\"a\":1}', 'failed', 1, 9, 4);"
        "INSERT INTO run_files VALUES ('" RUN_A "', '/f', 'f', '" HASH_A "', 1);"
        "INSERT INTO steps VALUES ('" RUN_A "', 's', -1, 1, 'a', 'b', '[]', 'running', NULL, NULL,"
        " 1, 2, NULL);"
        "INSERT INTO attempts (run, step, item, n, idempotency_key, started, ended, spent)"
        " VALUES ('" RUN_A "', 's', -1, 1, 'k', 2, 3, '{}'), ('" RUN_A "', 's', -1, 2, 'k', 4,"
        " NULL, NULL);"
        "INSERT INTO outputs (run, step, item, json) VALUES ('" RUN_A "', 's', -1, '[1]');"
        "INSERT INTO findings VALUES ('" RUN_A "', 's', -1, 0, 'high', 'r', 'f', '{}');"
        "INSERT INTO artifacts VALUES ('" RUN_A "', 's', -1, 'x', 'text/plain', 3, '" HASH_B "');"
        "INSERT INTO changesets VALUES ('" RUN_A "', 's', -1, 1, '" HASH_A "',"
        " '[{\"path\":\"a\",\"sha256_before\":null,\"sha256_after\":\"" HASH_A "\"},"
        "{\"path\":\"b\",\"sha256_before\":\"" HASH_B "\",\"sha256_after\":\"" HASH_A "\"}]',"
        " 'applied', 5);"
        "INSERT INTO approvals (run, step, item, sha256, requested_at)"
        " VALUES ('" RUN_A "', 's', -1, '" HASH_A "', 5);"
        "INSERT INTO events (run, type, at, data) VALUES ('" RUN_A "', 'x', 6, '{}');"
        "INSERT INTO logs (run, step, item, attempt, level, text, at)"
        " VALUES ('" RUN_A "', 's', -1, 1, 2, 'line', 7);",
        "INSERT INTO log_files VALUES ('" RUN_A "', 1, 2, 2, 9, '" HASH_A "');"
        "INSERT INTO cache VALUES ('k', '" RUN_A "', 's', -1, 1, 2);"
        "INSERT INTO trigger_state VALUES ('t', 1, '" RUN_A "', 2, NULL);"
        "INSERT INTO usage VALUES ('blobs', 3, 4);",
};

static sqlite3 *file_open(const char *path)
{
        sqlite3 *db;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON",
                                      NULL, NULL, NULL),
                         SQLITE_OK);
        return db;
}

static void run_sql(sqlite3 *db, const char *sql)
{
        char *why = NULL;

        if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
                fail_msg("%s", why);
}

static void make_version(sqlite3 *db, const char *path, int64_t version)
{
        struct err err = { 0 };

        for (int64_t v = 1; v <= version; v++) {
                if (lite_schema_to(db, path, v, &err) < 0)
                        fail_msg("%s", err_text(&err));
                if (v <= (int64_t) ARRAY_SIZE(contents))
                        run_sql(db, contents[v - 1]);
        }
}

static int add_text(void *user, int n, char **values, char **names)
{
        (void) names;
        for (int i = 0; i < n; i++)
                if (buf_printf(user, "%s\n", values[i] ? values[i] : "NULL") < 0)
                        return 1;
        return 0;
}

static char *texts_of(sqlite3 *db, const char *sql)
{
        struct buf text = { 0 };
        char *why = NULL;

        if (sqlite3_exec(db, sql, add_text, &text, &why) != SQLITE_OK)
                fail_msg("%s: %s", sql, why);
        return buf_take(&text);
}

/* One statement a table, that reads the columns which it has now. */
static char *readers_of(sqlite3 *db)
{
        return texts_of(db, "SELECT 'SELECT ''' || t.name || ''', ' || "
                            " (SELECT group_concat('quote(' || c.name || ')', ', ')"
                            "  FROM pragma_table_info(t.name) AS c) || ' FROM ' || t.name"
                            " FROM sqlite_schema AS t WHERE t.type = 'table'"
                            " AND t.name NOT LIKE 'sqlite%' AND t.name <> 'migrations'"
                            " ORDER BY t.name");
}

/* All rows of all tables, as these statements read them; every table must have one. */
static char *contents_of(sqlite3 *db, const char *readers)
{
        _cleanup_(freep) char *copy = strdup(readers);
        struct buf text = { 0 };
        char *rest = NULL;

        for (char *sql = strtok_r(copy, "\n", &rest); sql; sql = strtok_r(NULL, "\n", &rest)) {
                _cleanup_(freep) char *rows = texts_of(db, sql);

                if (!rows || !*rows)
                        fail_msg("nothing from \"%s\"", sql);
                assert_int_equal(buf_puts(&text, rows), 0);
        }
        return buf_take(&text);
}

/* Opens it as an engine and as a reader does, and reads the run. */
static void read_whole(const char *dir)
{
        struct store *s = helper_open(dir, 0);
        _cleanup_(json_decrefp) json_t *doc = NULL, *runs = NULL;

        doc = helper_document(s, RUN_A, STORE_DOC_FINDINGS | STORE_DOC_FILES | STORE_DOC_FLOW);
        helper_number(doc, "/steps/0/output/0", 1);
        helper_text(doc, "/steps/0/changeset/state", "applied");
        helper_number(doc, "/priority", 0);
        assert_int_equal(store_runs(s, 0, 0, &runs, NULL), 0);
        assert_int_equal(json_array_size(runs), 1);
        (void) store_free(s);
        s = helper_open(dir, STORE_READ_ONLY);
        (void) store_free(s);
}

static void test_every_earlier_version(void **state)
{
        (void) state;
        assert_int_equal(lite_newest, 3);
        for (int64_t version = 1; version < lite_newest; version++) {
                char *folder = helper_folder();
                _cleanup_(freep) char *path = helper_path(folder, "store.db");
                _cleanup_(freep) char *readers = NULL, *before = NULL, *after = NULL;
                sqlite3 *db = file_open(path);

                make_version(db, path, version);
                readers = readers_of(db);
                before = contents_of(db, readers);
                assert_int_equal(sqlite3_close(db), SQLITE_OK);
                read_whole(folder);
                db = file_open(path);
                after = contents_of(db, readers);
                assert_string_equal(before, after);
                free(after);
                after = texts_of(db, "SELECT sha256 FROM blob_refs ORDER BY sha256");
                assert_string_equal(after, HASH_A "\n" HASH_B "\n");
                free(after);
                after = texts_of(db, "SELECT version FROM migrations ORDER BY version");
                assert_string_equal(after, "1\n2\n3\n");
                free(after);
                after = texts_of(db, "PRAGMA foreign_key_check");
                assert_string_equal(after, "");
                assert_int_equal(sqlite3_close(db), SQLITE_OK);
                helper_remove(folder);
        }
}

struct executioner {
        int left; /* calls until it kills */
};

static int kill_some_time(void *user)
{
        struct executioner *e = user;

        if (e->left-- == 0)
                (void) kill(getpid(), SIGKILL);
        return 0;
}

/* Upgrades in a child that is killed after `steps` calls; true when it lived to the end. */
static bool upgrade_killed(const char *path, int steps)
{
        struct executioner e = { .left = steps };
        int status;
        pid_t pid = fork();

        if (pid == 0) {
                sqlite3 *db;

                if (sqlite3_open(path, &db) != SQLITE_OK)
                        _exit(1);
                sqlite3_progress_handler(db, 20, kill_some_time, &e);
                _exit(lite_schema_to(db, path, lite_newest, NULL) < 0 ? 2 : 0);
        }
        assert_true(pid > 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
        return WIFEXITED(status);
}

/* Of the newest version everything is there, of an older one nothing that came later. */
static void check_whole(const char *path, int64_t from)
{
        sqlite3 *db = file_open(path);
        int64_t version, tables, rows;

        assert_int_equal(lite_number(db, path, "PRAGMA user_version", &version, NULL), 0);
        assert_int_equal(lite_number(db, path, "SELECT max(version) FROM migrations", &rows, NULL),
                         0);
        assert_int_equal(rows, version);
        assert_int_equal(lite_number(db, path,
                                     "SELECT count(*) FROM sqlite_schema WHERE name IN ('usage',"
                                     " 'runs_by_parent', 'blob_refs', 'trigger_state')",
                                     &tables, NULL),
                         0);
        assert_true(version >= from);
        assert_int_equal(tables, version >= 2 ? 4 : 0);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_killed_on_the_way(void **state)
{
        int kills = 0;
        bool lived = false;

        (void) state;
        for (int steps = 0; !lived; steps += 1 + steps / 8) {
                char *folder = helper_folder();
                _cleanup_(freep) char *path = helper_path(folder, "store.db");
                sqlite3 *db = file_open(path);

                make_version(db, path, 1);
                assert_int_equal(sqlite3_close(db), SQLITE_OK);
                lived = upgrade_killed(path, steps);
                kills += !lived;
                check_whole(path, 1);
                read_whole(folder);
                helper_remove(folder);
        }
        (void) printf("# %d kills\n", kills);
        assert_true(kills > 20);
}

static const char fill_sql[] =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        " INSERT INTO steps SELECT '" RUN_A "', 'many', i, 1, 'a', 'b', '[]', 'running', NULL,"
        " NULL, 1, 2, NULL FROM n;"
        "INSERT INTO outputs (run, step, item, json) SELECT run, id, item,"
        " '\"' || hex(zeroblob(4900)) || '\"' FROM steps WHERE item >= 0;"
        "INSERT INTO attempts (run, step, item, n, idempotency_key, started, ended)"
        " SELECT run, id, item, 1, 'k', 2, 3 FROM steps WHERE item >= 0";

/* New columns are noted, not written into every row. */
static void test_large_store(void **state)
{
        char *folder = helper_folder();
        _cleanup_(freep) char *path = helper_path(folder, "store.db");
        sqlite3 *db = file_open(path);
        struct stat before, after;
        uint64_t begun;
        int64_t memory;

        (void) state;
        make_version(db, path, 1);
        run_sql(db, fill_sql);
        run_sql(db, "PRAGMA wal_checkpoint(TRUNCATE)");
        assert_int_equal(stat(path, &before), 0);
        assert_true(before.st_size > 190 << 20);

        (void) sqlite3_memory_highwater(1);
        begun = clock_ms();
        assert_int_equal(lite_schema_to(db, path, lite_newest, NULL), 0);
        begun = clock_ms() - begun;
        memory = sqlite3_memory_highwater(0);
        run_sql(db, "PRAGMA wal_checkpoint(TRUNCATE)");
        assert_int_equal(stat(path, &after), 0);
        (void) printf("# %lld MiB in %llu ms, %lld KiB more, %lld KiB of memory\n",
                      (long long) before.st_size >> 20, (unsigned long long) begun,
                      (long long) (after.st_size - before.st_size) >> 10, (long long) memory >> 10);
        assert_true(begun < 20000);
        assert_true(after.st_size - before.st_size < 4 << 20);
        assert_true(memory < 16 << 20);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        helper_remove(folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_earlier_version),
                cmocka_unit_test(test_killed_on_the_way),
                cmocka_unit_test(test_large_store),
        };

        return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
