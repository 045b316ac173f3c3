/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where linhay-crash-test dies
 *
 * The program `linhay`, linked once more with these functions around those that they are named
 * after: no line of the host knows of them, and what is installed has none. LINHAY_CRASH is
 * POINT:COUNT:WHO; when the point is passed for the COUNTth time, that process is killed. WHO is
 * `engine`, `zygote` or `cell`. LINHAY_CRASH=list prints the points.
 */

#include "base/blob.h"
#include "cell/cell.h"
#include "store/apply.h"
#include "store/db.h"
#include "store/journal.h"
#include "store/store.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

/* Every point twice: before it and after it. */
#define POINTS(X)                                                                                  \
        X(BEGIN, "begin")       /* of a transaction; on the store's thread, as the next two */     \
        X(BLOBS, "blobs")       /* are synced */                                                   \
        X(COMMIT, "commit")     /* of a transaction */                                             \
        X(SUBMIT, "submit")     /* of a batch to the store */                                      \
        X(APPLY, "apply")       /* of a changeset, the whole of it */                              \
        X(INTENT, "intent")     /* of an apply is written */                                       \
        X(DECISION, "decision") /* of an apply is written */                                       \
        X(RENAME, "rename")     /* of a file: a blob, a journal, a part of an apply */             \
        X(END, "end")           /* of an apply: its journal goes */                                \
        X(CELL, "cell")         /* is confined */                                                  \
        X(GO, "go")             /* an action begins */

enum point {
#define X(id, name) BEFORE_##id, AFTER_##id,
        POINTS(X)
#undef X
                POINTS_,
};

static const char *const names[POINTS_] = {
#define X(id, name) [BEFORE_##id] = "before-" name, [AFTER_##id] = "after-" name,
        POINTS(X)
#undef X
};

static struct {
        int point; /* -1 = none */
        atomic_int left;
        char who[16];
} plan = { .point = -1 };

__attribute__((constructor)) static void plan_read(void)
{
        const char *text = getenv("LINHAY_CRASH");
        char name[32];
        int count;

        for (int i = 0; text && strcmp(text, "list") == 0 && i < POINTS_; i++)
                (void) puts(names[i]);
        if (text && strcmp(text, "list") == 0)
                exit(0);
        if (!text || sscanf(text, "%31[a-z-]:%d:%15s", name, &count, plan.who) != 3)
                return;
        for (int i = 0; i < POINTS_; i++)
                if (strcmp(name, names[i]) == 0)
                        plan.point = i;
        plan.left = count;
}

/* The first child of a process, 0 = it has none. */
static pid_t child_of(pid_t pid)
{
        char path[64], text[64] = "";
        int fd;

        (void) snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int) pid, (int) pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && read(fd, text, sizeof(text) - 1) < 0)
                text[0] = '\0';
        closep(&fd);
        return (pid_t) strtol(text, NULL, 10);
}

static void strike(void)
{
        pid_t pid = getpid();

        if (strcmp(plan.who, "engine") != 0)
                pid = child_of(pid);
        if (strcmp(plan.who, "cell") == 0 && pid > 0)
                pid = child_of(pid);
        if (pid > 0)
                (void) kill(pid, SIGKILL);
}

static void pass(enum point point)
{
        if ((int) point == plan.point && atomic_fetch_sub(&plan.left, 1) == 1)
                strike();
}

/* TYPE NAME(PARAMETERS), called with ARGUMENTS, is the point POINT. */
#define AROUND(type, point, name, parameters, arguments)                                           \
        type __real_##name parameters;                                                             \
        type __wrap_##name parameters;                                                             \
        type __wrap_##name parameters                                                              \
        {                                                                                          \
                type r;                                                                            \
                                                                                                   \
                pass(BEFORE_##point);                                                              \
                r = __real_##name arguments;                                                       \
                pass(AFTER_##point);                                                               \
                return r;                                                                          \
        }

AROUND(int, BEGIN, lite_begin, (struct db * db, struct err *err), (db, err))
AROUND(int, COMMIT, lite_commit, (struct db * db, struct err *err), (db, err))
AROUND(int, BLOBS, blob_sync, (int dirfd), (dirfd))
AROUND(int, SUBMIT, store_submit,
       (struct store * s, struct batch *batch, store_done done, void *user, struct err *err),
       (s, batch, done, user, err))
AROUND(int, APPLY, apply_changeset,
       (const struct changeset *c, int tree_fd, const char *tree_path, int blob_dirfd,
        int journal_dirfd, const char *id, struct err *err),
       (c, tree_fd, tree_path, blob_dirfd, journal_dirfd, id, err))
AROUND(int, INTENT, journal_begin,
       (int dirfd, const char *id, const char *tree_path, const struct changeset *c, json_t *tops,
        struct err *err),
       (dirfd, id, tree_path, c, tops, err))
AROUND(int, DECISION, journal_commit, (int dirfd, const char *id, struct err *err),
       (dirfd, id, err))
AROUND(int, END, journal_end, (int dirfd, const char *id, struct err *err), (dirfd, id, err))
AROUND(int, RENAME, renameat, (int from_fd, const char *from, int to_fd, const char *to),
       (from_fd, from, to_fd, to))
AROUND(int, CELL, cell_start,
       (struct cell * *ret, struct sandbox *s, const struct cell_spec *spec, struct err *err),
       (ret, s, spec, err))
AROUND(int, GO, cell_go, (struct cell * c, struct err *err), (c, err))

/* A name that must be free is the same point. */
int __real_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int __wrap_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int __wrap_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
        int r;

        pass(BEFORE_RENAME);
        r = __real_renameat2(from_fd, from, to_fd, to, flags);
        pass(AFTER_RENAME);
        return r;
}
