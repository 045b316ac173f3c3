/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/group.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/def.h"
#include "cell/layer.h"

#define FREE_MOST    64          /* more are removed */
#define TRIES        8           /* groups that are looked at before a new one is made */
#define CLEAN_BYTES  (4U << 20)  /* what a group may still hold of the one before */
#define SLACK_BYTES  (32U << 20) /* page tables, sockets, stacks of the kernel, CLEAN_BYTES */
#define INODE_BYTES  1024        /* of a file in a tmpfs */
#define FILE_SYSTEMS 2           /* that limits `disk` and `inodes` hold for, each */

/* Files of a group that are kept open: opening one takes longer than reading it. */
enum file {
        JOIN_MEMORY, /* version 1: the child writes 0 */
        JOIN_PIDS,
        JOIN_CPU,
        MEMORY_MAX,
        SWAP_MAX, /* version 1: of both together */
        MEMORY_NOW,
        MEMORY_PEAK,
        MEMORY_STAT,
        MEMORY_EVENTS,
        PIDS_MAX,
        PIDS_NOW,
        PIDS_EVENTS,
        CPU_ALL,
        CPU_USER, /* version 1 */
        CPU_SYSTEM,
        FILES_,
};

enum { MUST = 1, WRITES = 2, READS = 4 };

/* NULL = that version has none. */
static const struct file_row {
        enum cgroup_place place; /* in version 1 */
        int flags;
        const char *name[2]; /* by version */
} files[FILES_] = {
        [JOIN_MEMORY] = { CGROUP_MEMORY, MUST | WRITES, { "tasks", NULL } },
        [JOIN_PIDS] = { CGROUP_PIDS, MUST | WRITES, { "tasks", NULL } },
        [JOIN_CPU] = { CGROUP_CPU, MUST | WRITES, { "tasks", NULL } },
        [MEMORY_MAX] = { CGROUP_MEMORY, MUST | WRITES, { "memory.limit_in_bytes", "memory.max" } },
        [SWAP_MAX] = { CGROUP_MEMORY,
                       WRITES,
                       { "memory.memsw.limit_in_bytes", "memory.swap.max" } },
        [MEMORY_NOW] = { CGROUP_MEMORY,
                         MUST | READS,
                         { "memory.usage_in_bytes", "memory.current" } },
        [MEMORY_PEAK] = { CGROUP_MEMORY,
                          READS | WRITES,
                          { "memory.max_usage_in_bytes", "memory.peak" } },
        [MEMORY_STAT] = { CGROUP_MEMORY, MUST | READS, { "memory.stat", "memory.stat" } },
        [MEMORY_EVENTS] = { CGROUP_MEMORY,
                            MUST | READS,
                            { "memory.oom_control", "memory.events" } },
        [PIDS_MAX] = { CGROUP_PIDS, MUST | WRITES, { "pids.max", "pids.max" } },
        [PIDS_NOW] = { CGROUP_PIDS, MUST | READS, { "pids.current", "pids.current" } },
        [PIDS_EVENTS] = { CGROUP_PIDS, READS, { "pids.events", "pids.events" } },
        [CPU_ALL] = { CGROUP_CPU, MUST | READS, { "cpuacct.usage", "cpu.stat" } },
        [CPU_USER] = { CGROUP_CPU, MUST | READS, { "cpuacct.usage_user", NULL } },
        [CPU_SYSTEM] = { CGROUP_CPU, MUST | READS, { "cpuacct.usage_sys", NULL } },
};

/* From the beginning of a group. */
struct counters {
        uint64_t cpu_us;
        uint64_t user_us;
        uint64_t system_us;
        uint64_t memory_kills;
        uint64_t forks_refused;
};

struct group {
        struct group *next;
        int version;
        unsigned number;
        int folder; /* version 2; -1 = not needed */
        int fd[FILES_];
        struct counters before; /* when it was taken */
        uint64_t memory_before;
        bool is_spent; /* its peak cannot be set back */
};

/* --- files --------------------------------------------------------------------------------- */

static const char *file_text(const struct group *g, enum file file, char *text, size_t size)
{
        ssize_t n = g->fd[file] < 0 ? -1 : pread(g->fd[file], text, size - 1, 0);

        text[MAX_OF(n, 0)] = '\0';
        return text;
}

static uint64_t file_number(const struct group *g, enum file file)
{
        char text[32];

        return strtoull(file_text(g, file, text, sizeof(text)), NULL, 10);
}

/* The number behind a word, in a file of lines "word number"; 0 when it is not there. */
static uint64_t file_value(const struct group *g, enum file file, const char *word)
{
        size_t length = strlen(word);
        char text[8192];

        for (const char *line = file_text(g, file, text, sizeof(text)); line && *line;) {
                if (strncmp(line, word, length) == 0 && line[length] == ' ')
                        return strtoull(line + length + 1, NULL, 10);
                line = strchr(line, '\n');
                line += line != NULL;
        }
        return 0;
}

static int file_put(const struct group *g, enum file file, const char *text)
{
        if (g->fd[file] < 0)
                return -ENOENT;
        return pwrite(g->fd[file], text, strlen(text), 0) < 0 ? -errno : 0;
}

static int file_put_number(const struct group *g, enum file file, uint64_t value)
{
        char text[32];

        (void) snprintf(text, sizeof(text), "%llu", (unsigned long long) value);
        return file_put(g, file, text);
}

static int file_open(const struct groups *groups, struct group *g, enum file file)
{
        const struct file_row *row = &files[file];
        const char *name = row->name[g->version - 1];
        int dir = groups->cgroup.at[g->version == 1 ? row->place : CGROUP_MEMORY];
        int mode = row->flags & WRITES ? (row->flags & READS ? O_RDWR : O_WRONLY) : O_RDONLY;
        char path[64];

        if (!name)
                return 0;
        (void) snprintf(path, sizeof(path), "%u/%s", g->number, name);
        g->fd[file] = openat(dir, path, mode | O_CLOEXEC);
        /* What may be set back in newer kernels alone. */
        if (g->fd[file] < 0 && mode == O_RDWR)
                g->fd[file] = openat(dir, path, O_RDONLY | O_CLOEXEC);
        return g->fd[file] < 0 && (row->flags & MUST) ? -errno : 0;
}

/* --- one group ----------------------------------------------------------------------------- */

static int folders_make(const struct groups *groups, struct group *g)
{
        char name[16];

        (void) snprintf(name, sizeof(name), "%u", g->number);
        for (int i = 0; i < CGROUP_PLACES_; i++)
                if (groups->cgroup.at[i] >= 0 && mkdirat(groups->cgroup.at[i], name, 0755) < 0)
                        return -errno;
        if (g->version == 1)
                return 0;
        g->folder =
                openat(groups->cgroup.at[CGROUP_MEMORY], name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return g->folder < 0 ? -errno : 0;
}

/* Where something is still in it, it stays until the zygote ends. */
static struct group *group_free(const struct groups *groups, struct group *g)
{
        char name[16];

        if (!g)
                return NULL;
        for (int i = 0; i < FILES_; i++)
                closep(&g->fd[i]);
        closep(&g->folder);
        (void) snprintf(name, sizeof(name), "%u", g->number);
        for (int i = 0; i < CGROUP_PLACES_; i++)
                if (groups->cgroup.at[i] >= 0)
                        (void) unlinkat(groups->cgroup.at[i], name, AT_REMOVEDIR);
        free(g);
        return NULL;
}

static int group_open(const struct groups *groups, struct group *g)
{
        char path[64];
        int r = folders_make(groups, g);

        for (int i = 0; i < FILES_ && r == 0; i++)
                r = file_open(groups, g, (enum file) i);
        if (r == 0 && g->version == 2) {
                /* One is ended, all are. */
                (void) snprintf(path, sizeof(path), "%u/memory.oom.group", g->number);
                (void) cgroup_write(groups->cgroup.at[CGROUP_MEMORY], path, "1");
        }
        return r;
}

static struct group *group_new(struct groups *groups, struct err *err)
{
        struct group *g;
        int r;

        if (cgroup_mend(&groups->cgroup, err) < 0)
                return NULL;
        g = calloc(1, sizeof(*g));
        if (!g) {
                (void) err_set(err, -ENOMEM, "no memory for a control group");
                return NULL;
        }
        g->version = groups->cgroup.version;
        g->number = ++groups->last;
        g->folder = -1;
        for (int i = 0; i < FILES_; i++)
                g->fd[i] = -1;
        r = group_open(groups, g);
        if (r < 0) {
                (void) err_sys(err, r, "cannot make a control group for the cell");
                return group_free(groups, g);
        }
        return g;
}

/* Version 1 has three folders for one group. */
bool group_is_gone(const struct group *g)
{
        static const enum file looks[] = { PIDS_NOW, MEMORY_NOW, CPU_ALL };
        size_t n = g->version == 1 ? ARRAY_SIZE(looks) : 1;
        char byte;

        for (size_t i = 0; i < n; i++)
                if (pread(g->fd[looks[i]], &byte, 1, 0) < 0 && errno == ENODEV)
                        return true;
        return false;
}

static void counters_read(const struct group *g, struct counters *ret)
{
        if (g->version == 1) {
                ret->cpu_us = file_number(g, CPU_ALL) / 1000;
                ret->user_us = file_number(g, CPU_USER) / 1000;
                ret->system_us = file_number(g, CPU_SYSTEM) / 1000;
        } else {
                ret->cpu_us = file_value(g, CPU_ALL, "usage_usec");
                ret->user_us = file_value(g, CPU_ALL, "user_usec");
                ret->system_us = file_value(g, CPU_ALL, "system_usec");
        }
        ret->memory_kills = file_value(g, MEMORY_EVENTS, "oom_kill");
        ret->forks_refused = file_value(g, PIDS_EVENTS, "max");
}

/* Memory that is not given back by itself: without pages of files, which are there for everybody.
 */
static uint64_t memory_own(const struct group *g, bool with_files)
{
        uint64_t bytes = file_value(g, MEMORY_STAT, g->version == 1 ? "total_rss" : "anon");

        if (with_files)
                bytes += file_value(g, MEMORY_STAT, g->version == 1 ? "total_shmem" : "shmem");
        return bytes;
}

/* Files in a tmpfs that somebody still looks into count for who wrote them. */
static bool is_clean(const struct group *g)
{
        return !g->is_spent && group_count(g) == 0 &&
               (file_number(g, MEMORY_NOW) <= CLEAN_BYTES || memory_own(g, true) <= CLEAN_BYTES);
}

static void limits_lift(const struct group *g)
{
        const char *none = g->version == 1 ? "-1" : "max";

        (void) file_put(g, SWAP_MAX, none);
        (void) file_put(g, MEMORY_MAX, none);
        (void) file_put(g, PIDS_MAX, "max");
}

static struct group *group_begin(struct group *g)
{
        /* Since 6.12 version 2 can do that as well, for the descriptor that asks. */
        g->is_spent = file_put(g, MEMORY_PEAK, "0") < 0;
        g->memory_before = file_number(g, MEMORY_NOW);
        counters_read(g, &g->before);
        return g;
}

struct group *group_take(struct groups *groups, struct err *err)
{
        struct group **at = &groups->free, *g;

        for (int i = 0; *at && i < TRIES;) {
                bool is_gone = group_is_gone(*at);

                g = *at;
                if (!is_gone && !is_clean(g)) {
                        at = &g->next;
                        i++;
                        continue;
                }
                *at = g->next;
                groups->n_free--;
                if (!is_gone) {
                        limits_lift(g);
                        return group_begin(g);
                }
                (void) group_free(groups, g);
        }
        g = group_new(groups, err);
        return g ? group_begin(g) : NULL;
}

struct group *group_put(struct groups *groups, struct group *g)
{
        if (!g)
                return NULL;
        if (group_count(g) > 0)
                group_kill(groups, g);
        if (g->is_spent || groups->n_free == FREE_MOST)
                return group_free(groups, g);
        g->next = groups->free;
        groups->free = g;
        groups->n_free++;
        return NULL;
}

int group_into(const struct group *g)
{
        return g->folder;
}

int group_join(const struct group *g)
{
        for (int i = JOIN_MEMORY; i <= JOIN_CPU && g->version == 1; i++)
                if (file_put(g, (enum file) i, "0") < 0)
                        return -errno;
        return 0;
}

int group_limit(const struct group *g, const struct limits *limits, unsigned first,
                uint64_t object_bytes, struct err *err)
{
        const uint64_t *value = limits->value;
        const uint64_t parts[] = {
                value[LIMIT_MEMORY],
                value[LIMIT_DISK],
                value[LIMIT_DISK],
                value[LIMIT_INODES] > UINT64_MAX / INODE_BYTES / FILE_SYSTEMS
                        ? UINT64_MAX
                        : value[LIMIT_INODES] * INODE_BYTES * FILE_SYSTEMS,
                value[LIMIT_OUTPUT],
                value[LIMIT_ARTIFACTS],
                object_bytes,
                SLACK_BYTES,
        };
        uint64_t memory = 0;
        int r;

        if (layer_is_left_out("group-limits"))
                return 0;
        if (group_is_gone(g))
                return err_set(err, -ENODEV, "the cell's control group was removed");
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                memory = parts[i] > INT64_MAX - memory ? INT64_MAX : memory + parts[i];
        r = file_put_number(g, MEMORY_MAX, memory);
        /* A machine without swap has no such limit. */
        if (r == 0)
                (void) file_put_number(g, SWAP_MAX, g->version == 1 ? memory : 0);
        if (r == 0)
                r = file_put_number(g, PIDS_MAX,
                                    MIN_OF(value[LIMIT_PROCESSES], UINT32_MAX / 2) + first);
        return r < 0 ? err_sys(err, r, "cannot bound the cell's control group") : 0;
}

static uint64_t since(uint64_t now, uint64_t before)
{
        return now - MIN_OF(before, now);
}

/* Version 1 knows by sampling alone which part of the whole was the system's. */
static void cpu_divide(struct group_usage *ret, uint64_t all, uint64_t user, uint64_t system)
{
        ret->user_us =
                user + system ? (uint64_t) ((double) all * (double) user / (double) (user + system))
                              : all;
        ret->system_us = since(all, ret->user_us);
}

/* Without what the one before had left, and still has. What is_clean() lets pass may be gone before
 * the peak: to take it off could leave less than was taken. */
static uint64_t memory_peak(const struct group *g)
{
        uint64_t peak = file_number(g, MEMORY_PEAK);
        uint64_t now = file_number(g, MEMORY_NOW), others = MIN_OF(g->memory_before, now);

        return others > CLEAN_BYTES ? since(peak, others) : peak;
}

void group_usage_get(const struct group *g, struct group_usage *ret)
{
        const struct counters *before = &g->before;
        struct counters now;

        counters_read(g, &now);
        cpu_divide(ret, since(now.cpu_us, before->cpu_us), since(now.user_us, before->user_us),
                   since(now.system_us, before->system_us));
        ret->memory_kills = since(now.memory_kills, before->memory_kills);
        ret->forks_refused = since(now.forks_refused, before->forks_refused);
        ret->memory_peak_bytes = memory_peak(g);
}

enum verdict group_look(const struct group *g, const struct limits *limits)
{
        struct group_usage u;

        group_usage_get(g, &u);
        if (u.memory_kills || memory_own(g, false) > limits->value[LIMIT_MEMORY])
                return VERDICT_MEMORY;
        if ((u.user_us + u.system_us) / 1000 > limits->value[LIMIT_CPU])
                return VERDICT_CPU;
        return VERDICT_OK;
}

void group_kill(const struct groups *groups, const struct group *g)
{
        char name[16];

        (void) snprintf(name, sizeof(name), "%u", g->number);
        cgroup_kill(&groups->cgroup, name);
}

uint64_t group_count(const struct group *g)
{
        return file_number(g, PIDS_NOW);
}

void groups_close(struct groups *groups)
{
        while (groups->free) {
                struct group *g = groups->free;

                groups->free = g->next;
                (void) group_free(groups, g);
        }
        groups->n_free = 0;
        cgroup_close(&groups->cgroup);
}
