/* SPDX-License-Identifier: Apache-2.0 */
#include "look.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/mount.h>

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

static size_t mounts_of_groups(char ret[32][GROUP_PATH])
{
        char line[2 * GROUP_PATH];
        FILE *f = fopen("/proc/self/mountinfo", "re");
        size_t n = 0;

        assert_non_null(f);
        while (n < 32 && fgets(line, sizeof(line), f))
                if (strstr(line, " - cgroup") &&
                    sscanf(line, "%*s %*s %*s %*s %4095s", ret[n]) == 1)
                        n++;
        assert_int_equal(fclose(f), 0);
        return n;
}

static char prefix_wanted[32];
static char *path_found;
static size_t n_found;

static int folder_look(const char *path, const struct stat *st, int kind, struct FTW *at)
{
        (void) st;
        if (kind != FTW_D)
                return FTW_CONTINUE;
        if (strncmp(path + at->base, prefix_wanted, strlen(prefix_wanted)) == 0) {
                if (n_found++ == 0)
                        (void) snprintf(path_found, GROUP_PATH, "%s", path);
                return FTW_SKIP_SUBTREE;
        }
        return FTW_CONTINUE;
}

size_t groups_of(pid_t zygote, char ret[GROUP_PATH])
{
        static char mounts[32][GROUP_PATH];
        size_t n = mounts_of_groups(mounts);

        (void) snprintf(prefix_wanted, sizeof(prefix_wanted), "linhay.%d.", zygote);
        path_found = ret;
        n_found = 0;
        for (size_t i = 0; i < n; i++)
                (void) nftw(mounts[i], folder_look, 16, FTW_PHYS | FTW_MOUNT | FTW_ACTIONRETVAL);
        return n_found;
}

size_t groups_in(pid_t zygote, char *ret_path)
{
        static char path[GROUP_PATH];
        DIR *dir = groups_of(zygote, path) ? opendir(path) : NULL;
        size_t n = 0;

        for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
                if (strspn(e->d_name, "0123456789") != strlen(e->d_name))
                        continue;
                if (n++ == 0 && ret_path)
                        assert_true(snprintf(ret_path, GROUP_PATH, "%s/%s", path, e->d_name) <
                                    GROUP_PATH);
        }
        if (dir)
                assert_int_equal(closedir(dir), 0);
        return n;
}

int groups_read_only(void)
{
        static char mounts[32][GROUP_PATH];
        size_t n = mounts_of_groups(mounts);

        for (size_t i = 0; i < n; i++)
                if (mount(mounts[i], mounts[i], NULL, MS_BIND, NULL) < 0 ||
                    mount(NULL, mounts[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0)
                        return -errno;
        return 0;
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
