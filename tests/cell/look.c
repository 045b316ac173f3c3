/* SPDX-License-Identifier: Apache-2.0 */
#include "look.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/def.h"

#include "test.h"

#define WAIT_MS 2000
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
static char found[8][GROUP_PATH];
static size_t n_found;

static int folder_look(const char *path, const struct stat *st, int kind, struct FTW *at)
{
        (void) st;
        if (kind != FTW_D)
                return FTW_CONTINUE;
        if (strncmp(path + at->base, prefix_wanted, strlen(prefix_wanted)) == 0) {
                if (n_found < TEST_ROWS(found))
                        (void) snprintf(found[n_found++], GROUP_PATH, "%s", path);
                return FTW_SKIP_SUBTREE;
        }
        return FTW_CONTINUE;
}

/* A walk ends early where somebody else's group goes away under it: then once more. */
static void mount_look(const char *path)
{
        size_t before = n_found;

        for (int i = 0; i < WAIT_MS; i++) {
                n_found = before;
                if (nftw(path, folder_look, 16, FTW_PHYS | FTW_MOUNT | FTW_ACTIONRETVAL) == 0)
                        return;
        }
        fail_msg("%s cannot be walked: %s", path, strerror(errno));
}

size_t groups_of(pid_t zygote, char ret[GROUP_PATH])
{
        static char mounts[32][GROUP_PATH];
        size_t n = mounts_of_groups(mounts);

        (void) snprintf(prefix_wanted, sizeof(prefix_wanted), "linhay.%d.", zygote);
        n_found = 0;
        for (size_t i = 0; i < n; i++)
                mount_look(mounts[i]);
        if (n_found)
                (void) snprintf(ret, GROUP_PATH, "%s", found[0]);
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

static void text_write(const char *path, const char *text)
{
        _cleanup_(closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd >= 0)
                (void) !write(fd, text, strlen(text));
}

static void group_empty(const char *group, const char *folder, bool is_killed)
{
        char path[3 * GROUP_PATH], pid[32];
        FILE *f;

        (void) snprintf(path, sizeof(path), "%s/cgroup.procs", group);
        f = fopen(path, "re");
        (void) snprintf(path, sizeof(path), "%s/../cgroup.procs", folder);
        while (f && fscanf(f, "%31s", pid) == 1)
                if (is_killed)
                        (void) kill(atoi(pid), SIGKILL);
                else
                        text_write(path, pid);
        if (f)
                assert_int_equal(fclose(f), 0);
}

/* Is it away? */
static bool folder_take_away(const char *folder, bool is_killed)
{
        char path[2 * GROUP_PATH];
        DIR *dir = opendir(folder);

        for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
                if (strspn(e->d_name, "0123456789") != strlen(e->d_name))
                        continue;
                (void) snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
                group_empty(path, folder, is_killed);
                (void) rmdir(path);
        }
        if (dir)
                assert_int_equal(closedir(dir), 0);
        return rmdir(folder) == 0;
}

void groups_take_away(pid_t zygote, const char *controller, bool is_killed)
{
        char path[GROUP_PATH], part[64];
        size_t n = groups_of(zygote, path);

        (void) snprintf(part, sizeof(part), "/%s/", controller ? controller : "");
        for (size_t i = 0; i < n; i++) {
                bool is_away = controller && !strstr(found[i], part);

                /* What was killed takes a moment to be gone. */
                for (int k = 0; k < WAIT_MS && !is_away; k++) {
                        is_away = folder_take_away(found[i], is_killed);
                        if (!is_away)
                                assert_int_equal(poll(NULL, 0, 1), 0);
                }
                assert_true(is_away);
        }
}

/* Paths of new groups below ours, one for each controller that a zygote uses. */
static size_t groups_below(char ret[3][GROUP_PATH])
{
        char line[GROUP_PATH], controllers[64], own[1024];
        FILE *f = fopen("/proc/self/cgroup", "re");
        size_t n = 0;

        while (f && n < 3 && fgets(line, sizeof(line), f))
                if (sscanf(line, "%*d:%63[^:]:%1023s", controllers, own) == 2 &&
                    (strstr(controllers, "memory") || strstr(controllers, "pids") ||
                     strstr(controllers, "cpuacct")))
                        (void) snprintf(ret[n++], GROUP_PATH, "/sys/fs/cgroup/%s%s/test-linhay.%d",
                                        controllers, own, (int) getpid());
        if (f)
                assert_int_equal(fclose(f), 0);
        return n;
}

static int folder_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
        (void) st;
        (void) at;
        if (kind == FTW_DP)
                (void) rmdir(path);
        return 0;
}

int groups_apart(int (*tests)(void))
{
        static char groups[3][GROUP_PATH];
        size_t n = geteuid() == 0 ? groups_below(groups) : 0;
        int status = 0;
        pid_t pid;

        if (n == 0)
                return tests();
        pid = fork();
        if (pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (size_t i = 0; i < n; i++) {
                        char path[2 * GROUP_PATH];

                        (void) mkdir(groups[i], 0755);
                        (void) snprintf(path, sizeof(path), "%s/cgroup.procs", groups[i]);
                        text_write(path, "0");
                }
                exit(tests());
        }
        if (pid < 0 || waitpid(pid, &status, 0) != pid)
                return 1;
        for (size_t i = 0; i < n; i++)
                for (int k = 0; k < WAIT_MS && access(groups[i], F_OK) == 0; k++) {
                        (void) nftw(groups[i], folder_remove, 16, FTW_PHYS | FTW_DEPTH);
                        (void) poll(NULL, 0, 1);
                }
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
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
