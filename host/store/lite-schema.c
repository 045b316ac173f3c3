/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lite.h"

#include "base/loop.h"

/* One step up, whole or not at all; the version stands in the file's header. */
static int migrate(sqlite3 *db, const char *path, int64_t to, struct err *err)
{
        char note[256];
        int r;

        (void) snprintf(note, sizeof(note),
                        "INSERT INTO migrations VALUES (%lld, %llu);"
                        "PRAGMA application_id = %d; PRAGMA user_version = %lld;",
                        (long long) to, (unsigned long long) clock_wall_ms(), LITE_APPLICATION_ID,
                        (long long) to);
        r = lite_exec(db, path, "BEGIN IMMEDIATE", "prepare", err);
        if (r == 0)
                r = lite_exec(db, path, lite_migrations[to - 1], "prepare", err);
        if (r == 0)
                r = lite_exec(db, path, note, "prepare", err);
        if (r == 0)
                r = lite_exec(db, path, "COMMIT", "prepare", err);
        if (r < 0)
                (void) sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        return r;
}

/* A file with tables and without our mark is somebody else's. */
static int check_owner(sqlite3 *db, const char *path, int64_t version, struct err *err)
{
        int64_t id, tables;
        int r;

        r = lite_number(db, path, "PRAGMA application_id", &id, err);
        if (r < 0)
                return r;
        r = lite_number(db, path, "SELECT count(*) FROM sqlite_schema", &tables, err);
        if (r < 0)
                return r;
        if (id == LITE_APPLICATION_ID || (id == 0 && tables == 0 && version == 0))
                return 0;
        return err_set(err, -EBADMSG,
                       "%s is a database of another program: give another folder as --store", path);
}

int lite_schema_to(sqlite3 *db, const char *path, int64_t to, struct err *err)
{
        int64_t version;
        int r;

        r = lite_number(db, path, "PRAGMA user_version", &version, err);
        if (r < 0 || version >= MIN_OF(to, lite_newest))
                return r;
        /* A table that is made anew and takes the old one's name must not take its rows' children
         * with it. The switch does nothing inside of a transaction. */
        r = lite_exec(db, path, "PRAGMA foreign_keys = OFF", "prepare", err);
        while (r == 0 && version < MIN_OF(to, lite_newest))
                r = migrate(db, path, ++version, err);
        return r < 0 ? r : lite_exec(db, path, "PRAGMA foreign_keys = ON", "prepare", err);
}

int lite_schema(sqlite3 *db, const char *path, bool read_only, struct err *err)
{
        int64_t version;
        int r;

        r = lite_number(db, path, "PRAGMA user_version", &version, err);
        if (r < 0)
                return r;
        r = check_owner(db, path, version, err);
        if (r < 0)
                return r;
        if (version > lite_newest)
                return err_set(err, -EPROTO,
                               "%s was made by a newer linhay (its version is %lld, this program "
                               "knows %lld): use that one",
                               path, (long long) version, (long long) lite_newest);
        if (version < lite_newest && read_only)
                return err_set(err, -EPROTO,
                               "%s was made by an older linhay, or not finished: any `linhay run` "
                               "on this store upgrades it",
                               path);
        return read_only ? 0 : lite_schema_to(db, path, lite_newest, err);
}
