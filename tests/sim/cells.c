/* SPDX-License-Identifier: Apache-2.0 */
#include "cells.h"

#include "fakecell.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linhay/agent.h>
#include <nettle/base64.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

struct fake_cells fake_cells;

struct chance_cell {
        struct cell cell;
        struct cell_who who;
        unsigned number; /* 0: it does not act yet */
        bool is_over;    /* it ends by its time */
};

/* --- trees --------------------------------------------------------------------------------- */

static const char *const always_there[] = { "a.txt", "d/b.txt", "d/e/c.txt" };
static const char *const when_odd[] = { "odd", "deep/er/odd", "d/odd" };

static void file_put(int dirfd, const char *name, unsigned mark)
{
        int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        char text[CELLS_MARK_MAX];
        int n = snprintf(text, sizeof(text), "%u\n", mark);

        if (fd < 0 || write(fd, text, (size_t) n) != n)
                abort();
        (void) close(fd);
}

static int file_mark(int dirfd, const char *name)
{
        int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
        char text[CELLS_MARK_MAX] = "", *end;
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
        long mark;

        if (fd >= 0)
                (void) close(fd);
        if (n <= 0)
                return -1;
        mark = strtol(text, &end, 10);
        return end == text || strcmp(end, "\n") != 0 ? -1 : (int) mark;
}

static void tree_write(int fd, unsigned mark)
{
        (void) mkdirat(fd, "d", 0755);
        (void) mkdirat(fd, "d/e", 0755);
        for (size_t i = 0; i < ARRAY_SIZE(always_there); i++)
                file_put(fd, always_there[i], mark);
        if (mark % 2) {
                (void) mkdirat(fd, "deep", 0755);
                (void) mkdirat(fd, "deep/er", 0755);
        }
        for (size_t i = 0; i < ARRAY_SIZE(when_odd); i++)
                if (mark % 2)
                        file_put(fd, when_odd[i], mark);
                else
                        (void) unlinkat(fd, when_odd[i], 0);
        if (mark % 2 == 0) {
                (void) unlinkat(fd, "deep/er", AT_REMOVEDIR);
                (void) unlinkat(fd, "deep", AT_REMOVEDIR);
        }
}

static void tree_make(const char *path, unsigned mark)
{
        int fd;

        if (mkdir(path, 0755) < 0)
                abort();
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        tree_write(fd, mark);
        (void) close(fd);
}

void tree_make_first(const char *path)
{
        tree_make(path, 0);
}

void tree_remark(const char *path, unsigned mark)
{
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        tree_write(fd, mark);
        (void) close(fd);
}

/* Names in a folder and below, but for those that belong there. */
static unsigned count_names(int dirfd, const char *name)
{
        int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        unsigned n = 0;

        for (struct dirent *e; dir && (e = readdir(dir));)
                if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
                        n += 1 + (e->d_type == DT_DIR ? count_names(fd, e->d_name) : 0);
        if (dir)
                (void) closedir(dir);
        return n;
}

static int tree_mark_fd(int fd, char ret_why[128])
{
        int mark = file_mark(fd, always_there[0]);
        unsigned names;

        for (size_t i = 0; i < ARRAY_SIZE(always_there); i++)
                if (mark < 0 || file_mark(fd, always_there[i]) != mark) {
                        (void) snprintf(ret_why, 128, "%s says %d, not %d", always_there[i],
                                        file_mark(fd, always_there[i]), mark);
                        return -1;
                }
        for (size_t i = 0; i < ARRAY_SIZE(when_odd); i++)
                if (file_mark(fd, when_odd[i]) != (mark % 2 ? mark : -1)) {
                        (void) snprintf(ret_why, 128, "%s says %d beside %d", when_odd[i],
                                        file_mark(fd, when_odd[i]), mark);
                        return -1;
                }
        names = count_names(fd, ".");
        if (names != (mark % 2 ? 10 : 5)) {
                (void) snprintf(ret_why, 128, "%u names beside mark %d", names, mark);
                return -1;
        }
        return mark;
}

int tree_mark(const char *path, char ret_why[128])
{
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), mark;

        (void) snprintf(ret_why, 128, "%s cannot be opened", path);
        mark = fd < 0 ? -1 : tree_mark_fd(fd, ret_why);
        if (fd >= 0)
                (void) close(fd);
        return mark;
}

static void copy_path(const struct chance_cell *c, char ret[PATH_MAX])
{
        (void) snprintf(ret, PATH_MAX, "%s/copy-%u", fake_cells.scratch, c->number);
}

static void copy_remove(const struct chance_cell *c)
{
        char path[PATH_MAX];
        int fd;

        copy_path(c, path);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return;
        tree_write(fd, 0);
        for (size_t i = 0; i < ARRAY_SIZE(always_there); i++)
                (void) unlinkat(fd, always_there[i], 0);
        (void) unlinkat(fd, "d/e", AT_REMOVEDIR);
        (void) unlinkat(fd, "d", AT_REMOVEDIR);
        (void) close(fd);
        (void) rmdir(path);
}

/* --- cells --------------------------------------------------------------------------------- */

/* How a cell ends that nobody stops. */
static const struct {
        unsigned weight;
        enum verdict verdict;
        int fail_class;
} ends[] = {
        { 40, VERDICT_FAILED, LINHAY_FAIL_TRANSIENT },
        { 20, VERDICT_FAILED, LINHAY_FAIL_INTERNAL },
        { 15, VERDICT_FAILED, LINHAY_FAIL_INPUT },
        { 15, VERDICT_SIGNAL, -1 },
        { 5, VERDICT_MEMORY, -1 },
        { 5, VERDICT_PROTOCOL, -1 },
};

static void end_choose(struct cell_result *r)
{
        unsigned at = (unsigned) chance_below(&fake_cells.chance, 100);
        size_t i = 0;

        if (!chance_percent(&fake_cells.chance, fake_cells.failure))
                return;
        while (at >= ends[i].weight)
                at -= ends[i++].weight;
        r->verdict = ends[i].verdict;
        r->fail_class = ends[i].fail_class;
}

static void verdict_find(const struct chance_cell *c, struct cell_result *r)
{
        if (c->cell.why < 0 && c->is_over)
                r->verdict = VERDICT_TIMEOUT;
        else if (c->cell.why < 0 && c->number == 0)
                r->verdict = VERDICT_SIGNAL;
        else if (c->cell.why < 0)
                end_choose(r);
        if (fake_cells.trouble_in && chance_below(&fake_cells.chance, fake_cells.trouble_in) == 0)
                r->trouble = -EIO;
}

static json_t *output_of(unsigned number)
{
        json_t *output = json_pack("{s:i}", "n", (int) number);
        char *text = cell_is_large(number) ? malloc(CELLS_LARGE) : NULL;

        if (!text)
                return output;
        memset(text, 'x', CELLS_LARGE);
        (void) json_object_set_new(output, "text", json_stringn(text, CELLS_LARGE));
        free(text);
        return output;
}

static void leave_artifact(json_t *artifacts, unsigned number)
{
        char text[16], data[BASE64_ENCODE_RAW_LENGTH(sizeof(text)) + 1] = "";
        int n = snprintf(text, sizeof(text), "%u", number);

        if (number % 3 != 0)
                return;
        base64_encode_raw(data, (size_t) n, (const uint8_t *) text);
        (void) json_array_append_new(artifacts,
                                     json_pack("{s:s, s:s, s:s}", "name", "number", "media_type",
                                               "text/plain", "data", data));
}

static void chance_end(struct cell *cell, struct cell_result *r)
{
        const struct chance_cell *c = (const struct chance_cell *) cell;
        char path[PATH_MAX];

        verdict_find(c, r);
        leave_artifact(r->artifacts, c->number);
        if (r->verdict == VERDICT_OK)
                r->output = output_of(c->number);
        else if (r->fail_class == LINHAY_FAIL_INPUT)
                r->code = strdup(CELLS_INPUT_FAULT);
        copy_path(c, path);
        if (c->number && cell->spec.workspace == WORKSPACE_OVERLAY)
                r->upper_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (c->number && fake_cells.on_end)
                fake_cells.on_end(fake_cells.user, &c->who, c->number);
}

static void chance_drop(struct cell *cell)
{
        copy_remove((const struct chance_cell *) cell);
}

static uint64_t duration_ms(void)
{
        unsigned kind = (unsigned) chance_below(&fake_cells.chance, 10);

        return chance_below(&fake_cells.chance, kind < 6 ? 20 : kind < 9 ? 500 : 30000);
}

static void who_find(struct cell_who *who, const json_t *input)
{
        const json_t *value = json_object_get(input, "value");
        const json_t *item = json_object_get(value, "item");
        const char *run = json_string_value(json_object_get(value, "run"));
        const char *step = json_string_value(json_object_get(value, "step"));

        (void) snprintf(who->run, sizeof(who->run), "%s", run ? run : "");
        (void) snprintf(who->step, sizeof(who->step), "%s", step ? step : "");
        who->item = json_is_integer(item) ? (int) json_integer_value(item) : -1;
}

static int chance_go(struct cell *cell, _unused_ struct err *err)
{
        struct chance_cell *c = (struct chance_cell *) cell;
        uint64_t most = cell->spec.limits.value[LIMIT_WALL], ms = duration_ms();
        char path[PATH_MAX];

        c->number = ++fake_cells.last;
        if (fake_cells.on_go)
                fake_cells.on_go(fake_cells.user, &c->who, c->number);
        copy_path(c, path);
        if (cell->spec.workspace == WORKSPACE_OVERLAY)
                tree_make(path, c->number);
        c->is_over = ms >= most;
        fakecell_end_in(cell, MIN_OF(ms, most));
        return 0;
}

static void chance_cancel(struct cell *cell, uint64_t grace_ms)
{
        uint64_t most = cell->has_gone ? grace_ms : 0;

        fakecell_end_in(cell, chance_below(&fake_cells.chance, most + 1));
}

static int chance_start(struct cell *cell, struct err *err)
{
        struct chance_cell *c = (struct chance_cell *) cell;

        if (fake_cells.trouble_in && chance_below(&fake_cells.chance, fake_cells.trouble_in) == 0)
                return err_set(err, -EIO, "the fake sandbox starts no cell");
        who_find(&c->who, cell->spec.input);
        /* Some die before they are let go. */
        if (cell->spec.is_held && chance_below(&fake_cells.chance, 50) == 0)
                fakecell_end_in(cell, 1);
        return 0;
}

const struct fakecell_kind fakecell_kind = {
        .size = sizeof(struct chance_cell),
        .start = chance_start,
        .drop = chance_drop,
        .go = chance_go,
        .cancel = chance_cancel,
        .end = chance_end,
};
