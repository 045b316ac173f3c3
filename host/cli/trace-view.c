/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/trace-view.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/unit.h"

#define MIB              (1ULL << 20)
#define MEMORY_MIN       (64 * MIB)
#define LINE_MAX_COLUMNS 96
#define PATHS_SHOWN      40

/* Head-room: other inputs are larger, other machines slower, and tracing itself takes time. */
#define MEMORY_TIMES 2
#define CPU_TIMES    4
#define WALL_TIMES   8
#define CPU_MIN_MS   2000
#define WALL_MIN_MS  10000

struct count {
        const char *name;
        uint64_t n;
};

static int count_compare(const void *a, const void *b)
{
        const struct count *x = a, *y = b;

        if (x->n != y->n)
                return x->n < y->n ? 1 : -1;
        return strcmp(x->name, y->name);
}

static uint64_t number_of(const json_t *object, const char *member)
{
        return (uint64_t) json_integer_value(json_object_get(object, member));
}

static uint64_t power_above(uint64_t value)
{
        uint64_t power = MEMORY_MIN;

        while (power < value && power < (1ULL << 62))
                power *= 2;
        return power;
}

static json_t *duration_json(uint64_t ms)
{
        return json_sprintf("%llus", (unsigned long long) (ms + 999) / 1000);
}

json_t *trace_manifest(const json_t *trace, const struct cell_usage *usage)
{
        uint64_t peak = number_of(trace, "address_space_peak_bytes");
        uint64_t processes = number_of(trace, "processes");
        json_t *limits = json_object();

        if (peak)
                (void) json_object_set_new(
                        limits, "memory",
                        json_sprintf(
                                "%lluMiB",
                                (unsigned long long) (power_above(MEMORY_TIMES * peak) / MIB)));
        (void) json_object_set_new(
                limits, "cpu",
                duration_json(MAX_OF(CPU_TIMES * usage->cpu_ms, (uint64_t) CPU_MIN_MS)));
        (void) json_object_set_new(
                limits, "wall",
                duration_json(MAX_OF(WALL_TIMES * usage->wall_ms, (uint64_t) WALL_MIN_MS)));
        if (processes)
                (void) json_object_set_new(limits, "processes",
                                           json_integer((json_int_t) processes));
        return json_pack("{s:{s:O}, s:o}", "needs", "syscalls", json_object_get(trace, "groups"),
                         "limits", limits);
}

static void calls_show(FILE *f, const json_t *calls)
{
        size_t n = json_object_size(calls), i = 0, column = 0;
        struct count *counts = calloc(n + 1, sizeof(*counts));
        uint64_t total = 0;
        const char *name;
        json_t *value;

        if (!counts)
                return;
        json_object_foreach ((json_t *) calls, name, value) {
                counts[i++] = (struct count){ name, (uint64_t) json_integer_value(value) };
                total += (uint64_t) json_integer_value(value);
        }
        qsort(counts, n, sizeof(*counts), count_compare);
        (void) fprintf(f, "trace: %zu system calls were used, %llu times in all:\n", n,
                       (unsigned long long) total);
        for (i = 0; i < n; i++) {
                column += (size_t) fprintf(f, "%s%s %llu", column ? ", " : "  ", counts[i].name,
                                           (unsigned long long) counts[i].n);
                if (column > LINE_MAX_COLUMNS - 16 && i + 1 < n) {
                        (void) fputs(",\n", f);
                        column = 0;
                }
        }
        (void) fputc('\n', f);
        free(counts);
}

static void groups_show(FILE *f, const json_t *groups)
{
        const json_t *group;
        size_t i;

        (void) fprintf(f, "trace: groups needed:%s", json_array_size(groups) ? "" : " none");
        json_array_foreach (groups, i, group)
                (void) fprintf(f, "%s %s", i ? "," : "", json_string_value(group));
        (void) fputc('\n', f);
}

static void peaks_show(FILE *f, const json_t *trace, const struct cell_usage *usage,
                       const struct limits *limits)
{
        uint64_t peak = number_of(trace, "address_space_peak_bytes");
        char used[32], resident[32], may[32];

        bytes_format(used, sizeof(used), peak);
        bytes_format(resident, sizeof(resident), usage->memory_peak_bytes);
        bytes_format(may, sizeof(may), limits->value[LIMIT_MEMORY]);
        (void) fprintf(f,
                       "trace: memory: %s of address space at most, of %s that it may have; %s of "
                       "it resident\n",
                       peak ? used : "not known", may, resident);
        duration_format(may, sizeof(may), limits->value[LIMIT_CPU]);
        (void) fprintf(f, "trace: processor time: %llu ms of %s",
                       (unsigned long long) usage->cpu_ms, may);
        duration_format(may, sizeof(may), limits->value[LIMIT_WALL]);
        (void) fprintf(f, "; time: %llu ms of %s\n", (unsigned long long) usage->wall_ms, may);
        (void) fprintf(f, "trace: processes and threads besides the first: %llu of %llu\n",
                       (unsigned long long) number_of(trace, "processes"),
                       (unsigned long long) limits->value[LIMIT_PROCESSES]);
}

static void files_show(FILE *f, const json_t *files, enum workspace_mode workspace)
{
        uint64_t changed = number_of(files, "written") + number_of(files, "changed");

        (void) fprintf(f,
                       "trace: files: opened %llu times to read and %llu times to write; %llu "
                       "changes by path\n",
                       (unsigned long long) number_of(files, "read"),
                       (unsigned long long) number_of(files, "written"),
                       (unsigned long long) number_of(files, "changed"));
        if (workspace == WORKSPACE_OVERLAY && changed == 0)
                (void) fprintf(f, "trace: nothing was written: \"workspace\": \"ro\" would do\n");
}

static void paths_show(FILE *f, const json_t *paths, const char *how)
{
        size_t n = json_array_size(paths), i;
        json_t *path;

        if (n)
                (void) fprintf(f, "trace: asked for, to %s:\n", how);
        json_array_foreach (paths, i, path) {
                if (i == PATHS_SHOWN)
                        break;
                (void) fprintf(f, "  %s\n", json_string_value(path));
        }
        if (n > PATHS_SHOWN)
                (void) fprintf(f, "  and %zu more; --json has them all\n", n - PATHS_SHOWN);
}

static void opened_show(FILE *f, const json_t *opened)
{
        uint64_t unseen = number_of(opened, "unseen");

        paths_show(f, json_object_get(opened, "read"), "read");
        paths_show(f, json_object_get(opened, "write"), "write");
        paths_show(f, json_object_get(opened, "run"), "run");
        if (unseen)
                (void) fprintf(
                        f,
                        "trace: %llu paths could not be seen; the memory of a shared object's "
                        "cell, and of what starts a program, is open to root alone\n",
                        (unsigned long long) unseen);
}

void trace_show(FILE *f, const json_t *trace, const struct cell_usage *usage,
                const struct limits *limits, enum workspace_mode workspace)
{
        _cleanup_(json_decrefp) json_t *manifest = trace_manifest(trace, usage);
        _cleanup_(freep) char *text = manifest ? json_dumps(manifest, JSON_INDENT(2)) : NULL;

        calls_show(f, json_object_get(trace, "syscalls"));
        groups_show(f, json_object_get(trace, "groups"));
        files_show(f, json_object_get(trace, "files"), workspace);
        opened_show(f, json_object_get(trace, "opened"));
        peaks_show(f, trace, usage, limits);
        (void) fprintf(f, "trace: the smallest manifest for this input, with head-room:\n%s\n",
                       text ? text : "(out of memory)");
}
