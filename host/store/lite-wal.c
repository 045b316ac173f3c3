/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lite.h"

#include "base/loop.h"

/*
 * Care for the write-ahead log, while nobody waits
 *
 * Checkpoints copy the log back into the file. And room is written ahead of the log's end: a sync
 * after writing into blocks that the file already has need not wait for the file system's own
 * journal, which every other program on the disk keeps busy (measured: half the time or less).
 * Zeros behind the last frame mean to SQLite what the end of the file means: its checksums end the
 * log.
 */

#define FRAME_BYTES (4096 + 24) /* a page and its header */
#define ROOM_BYTES  (2 << 20)   /* kept ahead of the last frame */

/*
 * Pages in the log from which it is copied back: when idle, and whatever is going on. After a crash
 * the next engine reads the log through before anything else: 8,000 pages take it some 20 ms.
 */
#define PAGES_IDLE 1000
#define PAGES_MAX  8000

/* Behind a transaction of so many pages more of them follow: the gap between two is no rest. */
#define PAGES_BUSY 100
#define BUSY_MS    50

static sqlite3_file *wal_file(struct lite *l)
{
        sqlite3_file *file = NULL;

        if (sqlite3_file_control(l->writer, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) !=
            SQLITE_OK)
                return NULL;
        return file && file->pMethods ? file : NULL;
}

static int write_zeros(sqlite3_file *file, sqlite3_int64 from, sqlite3_int64 to, bool sync)
{
        static const char zeros[65536];
        int r = SQLITE_OK;

        for (; from < to && r == SQLITE_OK; from += (sqlite3_int64) sizeof(zeros))
                r = file->pMethods->xWrite(file, zeros, (int) sizeof(zeros), from);
        if (r == SQLITE_OK && sync)
                r = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
        return r;
}

/*
 * A disk too full for the luxury gets its room back, and is not asked again. Where more follows at
 * once, the next commit's sync is that of the room as well.
 */
static void make_room(struct lite *l, bool sync)
{
        sqlite3_int64 used = (sqlite3_int64) l->wal_pages * FRAME_BYTES, size;
        sqlite3_file *file = wal_file(l);

        if (!file || file->pMethods->xFileSize(file, &size) != SQLITE_OK)
                return;
        if (size < used + ROOM_BYTES &&
            write_zeros(file, size, used + ROOM_BYTES, sync) != SQLITE_OK) {
                (void) file->pMethods->xTruncate(file, size);
                l->wal_room = INT64_MAX;
                return;
        }
        l->wal_room = MAX_OF(size, used + ROOM_BYTES);
}

void lite_tidy(struct db *db, bool idle)
{
        struct lite *l = (struct lite *) db;
        int64_t used = (int64_t) l->wal_pages * FRAME_BYTES;
        uint64_t now_ms = clock_ms();
        bool is_busy;

        if (l->wal_pages - l->tidied_pages >= PAGES_BUSY)
                l->busy_until_ms = now_ms + BUSY_MS;
        l->tidied_pages = l->wal_pages;
        is_busy = now_ms < l->busy_until_ms;
        idle = idle && !is_busy;
        if (l->wal_pages >= (idle ? PAGES_IDLE : PAGES_MAX)) {
                /* Failure costs only space: what was committed stays in the log. */
                (void) sqlite3_wal_checkpoint_v2(l->writer, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                                 NULL);
                l->wal_pages = l->tidied_pages = 0;
        } else if ((idle || is_busy) && l->wal_room < used + ROOM_BYTES / 2) {
                make_room(l, idle);
        }
}
