/* SPDX-License-Identifier: Apache-2.0 */
#include "cells.h"

#include "plug/elf.h"
#include "plug/manifest.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linhay/agent.h>
#include <nettle/base64.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

struct fake_cells fake_cells;

struct sandbox {
        struct loop *loop;
};

struct cell {
        struct sandbox *sandbox;
        struct cell_spec spec;
        struct cell_who who;
        struct loop_source end;
        unsigned number; /* 0: it does not act yet */
        int why;         /* verdict of a cancelled cell, else -1 */
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

static void copy_path(const struct cell *c, char ret[PATH_MAX])
{
        (void) snprintf(ret, PATH_MAX, "%s/copy-%u", fake_cells.scratch, c->number);
}

static void copy_remove(const struct cell *c)
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

/* --- the sandbox --------------------------------------------------------------------------- */

const char *tier_name(_unused_ enum tier t)
{
        return "fake";
}

int sandbox_new(struct sandbox **ret, struct loop *loop,
                _unused_ const struct sandbox_options *options, struct err *err)
{
        struct sandbox *s = calloc(1, sizeof(*s));

        if (!s)
                return err_set(err, -ENOMEM, "no memory");
        s->loop = loop;
        *ret = s;
        return 0;
}

struct sandbox *sandbox_free(struct sandbox *s)
{
        free(s);
        return NULL;
}

enum tier sandbox_tier(_unused_ const struct sandbox *s)
{
        return TIER_FULL;
}

json_t *sandbox_describe(_unused_ const struct sandbox *s)
{
        return json_array();
}

int sandbox_inspect(_unused_ struct sandbox *s, int fd, char **ret, size_t *ret_length,
                    struct err *err)
{
        struct elf_source source;
        int r = elf_source_fd(&source, fd, err);

        if (r < 0)
                return r;
        return elf_section_read(&source, MANIFEST_SECTION, MANIFEST_BYTES_MAX, ret, ret_length,
                                err);
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

        r->verdict = VERDICT_OK;
        r->fail_class = -1;
        if (!chance_percent(&fake_cells.chance, fake_cells.failure))
                return;
        while (at >= ends[i].weight)
                at -= ends[i++].weight;
        r->verdict = ends[i].verdict;
        r->fail_class = ends[i].fail_class;
}

static void verdict_find(const struct cell *c, struct cell_result *r)
{
        r->fail_class = -1;
        if (c->why >= 0)
                r->verdict = (enum verdict) c->why;
        else if (c->is_over)
                r->verdict = VERDICT_TIMEOUT;
        else if (c->number == 0)
                r->verdict = VERDICT_SIGNAL;
        else
                end_choose(r);
        if (fake_cells.trouble_in && chance_below(&fake_cells.chance, fake_cells.trouble_in) == 0)
                r->trouble = -EIO;
}

static void result_done(struct cell_result *r)
{
        free(r->code);
        free(r->message);
        json_decref(r->output);
        json_decref(r->findings);
        json_decref(r->artifacts);
        json_decref(r->spent);
        json_decref(r->unreadable);
        free(r->stderr_tail);
        closep(&r->upper_fd);
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

static json_t *artifacts_of(unsigned number)
{
        char text[16], data[BASE64_ENCODE_RAW_LENGTH(sizeof(text)) + 1] = "";
        int n = snprintf(text, sizeof(text), "%u", number);

        if (number % 3 != 0)
                return json_array();
        base64_encode_raw(data, (size_t) n, (const uint8_t *) text);
        return json_pack("[{s:s, s:s, s:s}]", "name", "number", "media_type", "text/plain", "data",
                         data);
}

static int on_end(struct loop_source *source, _unused_ uint32_t events)
{
        struct cell *c = source->owner;
        struct cell_result r = { .upper_fd = -1, .is_staged = true };
        char path[PATH_MAX];

        verdict_find(c, &r);
        r.findings = json_array();
        r.artifacts = artifacts_of(c->number);
        r.spent = json_object();
        r.unreadable = json_array();
        r.stderr_tail = strdup("");
        if (r.verdict == VERDICT_OK)
                r.output = output_of(c->number);
        else
                r.code = strdup(r.fail_class == LINHAY_FAIL_INPUT ? CELLS_INPUT_FAULT
                                                                  : verdict_name(r.verdict));
        if (r.verdict != VERDICT_OK)
                r.message = strdup("it ended so");
        copy_path(c, path);
        if (c->number && c->spec.workspace == WORKSPACE_OVERLAY)
                r.upper_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (c->number && fake_cells.on_end)
                fake_cells.on_end(fake_cells.user, &c->who, c->number);
        c->spec.on_done(c->spec.user, &r);
        result_done(&r);
        copy_remove(c);
        free(c);
        return 0;
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

int cell_go(struct cell *c, struct err *err)
{
        uint64_t most = c->spec.limits.value[LIMIT_WALL], ms = duration_ms();
        char path[PATH_MAX];

        (void) err;
        if (c->why >= 0 || c->end.is_active)
                return 0;
        c->number = ++fake_cells.last;
        if (fake_cells.on_go)
                fake_cells.on_go(fake_cells.user, &c->who, c->number);
        copy_path(c, path);
        if (c->spec.workspace == WORKSPACE_OVERLAY)
                tree_make(path, c->number);
        c->is_over = ms >= most;
        return loop_add_timer(c->sandbox->loop, &c->end, MIN_OF(ms, most), on_end, c);
}

void cell_cancel(struct cell *c, enum verdict why, uint64_t grace_ms)
{
        if (c->why < 0)
                c->why = (int) why;
        if (c->number == 0)
                grace_ms = 0;
        loop_remove(c->sandbox->loop, &c->end);
        (void) loop_add_timer(c->sandbox->loop, &c->end,
                              chance_below(&fake_cells.chance, grace_ms + 1), on_end, c);
}

int cell_start(struct cell **ret, struct sandbox *s, const struct cell_spec *spec, struct err *err)
{
        struct cell *c;

        if (fake_cells.trouble_in && chance_below(&fake_cells.chance, fake_cells.trouble_in) == 0)
                return err_set(err, -EIO, "the fake sandbox starts no cell");
        c = calloc(1, sizeof(*c));
        if (!c)
                return err_set(err, -ENOMEM, "no memory");
        *c = (struct cell){ .sandbox = s, .spec = *spec, .why = -1 };
        who_find(&c->who, spec->input);
        *ret = c;
        if (!spec->is_held)
                return cell_go(c, err);
        /* Some die before they are let go. */
        if (chance_below(&fake_cells.chance, 50) == 0)
                return loop_add_timer(s->loop, &c->end, 1, on_end, c);
        return 0;
}
