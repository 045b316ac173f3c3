/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limit.h"

#include "base/unit.h"

#include <string.h>

#define MIB (1ULL << 20)

#define FILES_LEAST 16 /* what a cell opens until its agent runs */

const struct limit_row limit_table[LIMITS_] = {
        [LIMIT_MEMORY] = { "memory", LIMIT_BYTES, 512 * MIB, VERDICT_MEMORY, "RLIMIT_AS", 1 },
        [LIMIT_CPU] = { "cpu", LIMIT_MS, 120000, VERDICT_CPU, "RLIMIT_CPU, in whole seconds", 1 },
        [LIMIT_WALL] = { "wall", LIMIT_MS, 300000, VERDICT_TIMEOUT, "timer of the host", 1 },
        [LIMIT_FILES] = { "files", LIMIT_COUNT, 256, VERDICT_FILES, "RLIMIT_NOFILE", FILES_LEAST },
        [LIMIT_FILE_SIZE] = { "file_size", LIMIT_BYTES, 256 * MIB, VERDICT_FILES, "RLIMIT_FSIZE",
                              1 },
        [LIMIT_DISK] = { "disk", LIMIT_BYTES, 256 * MIB, VERDICT_DISK, "size of the tmpfs", 1 },
        [LIMIT_INODES] = { "inodes", LIMIT_COUNT, 100000, VERDICT_FILES, "inodes of the tmpfs", 1 },
        [LIMIT_OUTPUT] = { "output", LIMIT_BYTES, 64 * MIB, VERDICT_OUTPUT, "count of the host",
                           1 },
        [LIMIT_FINDINGS] = { "findings", LIMIT_COUNT, 200000, VERDICT_OUTPUT, "count of the host",
                             1 },
        [LIMIT_LOG] = { "log", LIMIT_BYTES, 8 * MIB, VERDICT_OUTPUT, "count of the host", 1 },
        [LIMIT_ARTIFACTS] = { "artifacts", LIMIT_BYTES, 256 * MIB, VERDICT_OUTPUT,
                              "count of the host", 1 },
        [LIMIT_PROCESSES] = { "processes", LIMIT_COUNT, 0, VERDICT_PROCESSES,
                              "seccomp, RLIMIT_NPROC", 0 },
};

void limits_standard(struct limits *ret)
{
        for (size_t i = 0; i < LIMITS_; i++)
                ret->value[i] = limit_table[i].standard;
}

static int limit_find(const char *name)
{
        for (int i = 0; i < LIMITS_; i++)
                if (strcmp(limit_table[i].name, name) == 0)
                        return i;
        return -ENOENT;
}

static int value_read(uint64_t *ret, enum limit_unit unit, const json_t *value, struct err *err)
{
        if (json_is_string(value) && unit == LIMIT_BYTES)
                return bytes_parse(ret, json_string_value(value), err);
        if (json_is_string(value) && unit == LIMIT_MS)
                return duration_parse(ret, json_string_value(value), err);
        if (!json_is_integer(value) || unit == LIMIT_MS || json_integer_value(value) < 0)
                return err_set(err, -EINVAL, "write %s",
                               unit == LIMIT_MS      ? "a duration such as \"90s\""
                               : unit == LIMIT_BYTES ? "a size such as \"256MiB\""
                                                     : "a number");
        *ret = (uint64_t) json_integer_value(value);
        return 0;
}

int limits_read(struct limits *limits, const json_t *object, struct err *err)
{
        const char *key;
        json_t *value;

        if (object && !json_is_object(object))
                return err_set(err, -EINVAL, "/limits: must be an object");
        json_object_foreach ((json_t *) object, key, value) {
                int i = limit_find(key), r;
                uint64_t n = 0;

                if (i < 0)
                        return err_set(err, -EINVAL, "/limits/%s: there is no such limit", key);
                r = value_read(&n, limit_table[i].unit, value, err);
                if (r < 0)
                        return err_wrap(err, r, "/limits/%s", key);
                if (n < limit_table[i].least)
                        return err_set(err, -EINVAL, "/limits/%s: must be at least %llu", key,
                                       (unsigned long long) limit_table[i].least);
                limits->value[i] = n;
        }
        return 0;
}
