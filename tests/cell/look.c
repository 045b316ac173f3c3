/* SPDX-License-Identifier: Apache-2.0 */
#include "look.h"

#include <fcntl.h>

#include "base/def.h"

#include "test.h"

#define MAP_MAX (64UL << 20) /* larger ones are a sanitizer's */

size_t children_of(pid_t parent, pid_t ret[CHILDREN_MAX])
{
        char path[64];
        size_t n = 0;
        FILE *f;

        (void) snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
        f = fopen(path, "re");
        assert_non_null(f);
        while (n < CHILDREN_MAX && fscanf(f, "%d", &ret[n]) == 1)
                n++;
        assert_int_equal(fclose(f), 0);
        return n;
}

bool memory_has(pid_t pid, const char *text)
{
        _cleanup_(closep) int mem = -1;
        char path[64], line[512], rights[8];
        unsigned long from, to;
        bool is_there = false;
        FILE *maps;

        (void) snprintf(path, sizeof(path), "/proc/%d/mem", pid);
        mem = open(path, O_RDONLY | O_CLOEXEC);
        (void) snprintf(path, sizeof(path), "/proc/%d/maps", pid);
        maps = fopen(path, "re");
        assert_true(mem >= 0 && maps);
        while (!is_there && fgets(line, sizeof(line), maps)) {
                _cleanup_(freep) char *bytes = NULL;
                ssize_t n;

                if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[1] != 'w' ||
                    to - from > MAP_MAX)
                        continue;
                bytes = malloc(to - from);
                assert_non_null(bytes);
                n = pread(mem, bytes, to - from, (off_t) from);
                is_there = n > 0 && memmem(bytes, (size_t) n, text, strlen(text));
        }
        assert_int_equal(fclose(maps), 0);
        return is_there;
}
