/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/def.h"
#include "die.h"

static char tree[128];
static char victims_canary[sizeof(scene.canary)];
static int shared_fd = -1;

static int entry_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void) st;
        (void) type;
        (void) ftw;
        return remove(path);
}

static void folder_remove(const char *path)
{
        (void) nftw(path, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static void file_write(const char *path, const char *text, mode_t mode)
{
        _cleanup_(closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

        if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t) strlen(text) ||
            fchmod(fd, mode) < 0)
                die("cannot write %s: %m", path);
}

static int listen_at(int type, const void *address, size_t length)
{
        const struct sockaddr *to = address;
        int fd = socket(to->sa_family, type | SOCK_CLOEXEC, 0);

        if (fd < 0 || bind(fd, to, (socklen_t) length) < 0 ||
            (type == SOCK_STREAM && listen(fd, 64) < 0))
                die("cannot listen: %m");
        return fd;
}

static uint16_t listen_inet(int type)
{
        struct sockaddr_in in = { .sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t length = sizeof(in);
        int fd = listen_at(type, &in, sizeof(in));

        if (getsockname(fd, (struct sockaddr *) &in, &length) < 0)
                die("cannot ask for a port: %m");
        return ntohs(in.sin_port);
}

static void listen_unix(void)
{
        struct sockaddr_un un = { .sun_family = AF_UNIX };
        size_t length = strlen(scene.abstract);

        (void) snprintf(scene.socket_path, sizeof(scene.socket_path), "%s/socket", scene.folder);
        (void) snprintf(un.sun_path, sizeof(un.sun_path), "%s", scene.socket_path);
        (void) listen_at(SOCK_STREAM, &un, sizeof(un));
        if (chmod(scene.socket_path, 0777) < 0)
                die("cannot open %s to all: %m", scene.socket_path);
        memset(un.sun_path, 0, sizeof(un.sun_path));
        memcpy(un.sun_path + 1, scene.abstract, length);
        (void) listen_at(SOCK_STREAM, &un, offsetof(struct sockaddr_un, sun_path) + 1 + length);
}

static void share(void)
{
        void *at;

        (void) snprintf(scene.shared_name, sizeof(scene.shared_name), "/linhay-battery-%d",
                        getpid());
        shared_fd = shm_open(scene.shared_name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
        if (shared_fd < 0 || fchmod(shared_fd, 0666) < 0 || ftruncate(shared_fd, 4096) < 0)
                die("cannot share memory as %s: %m", scene.shared_name);
        scene.shared_id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0666);
        at = shmat(scene.shared_id, NULL, 0);
        if (scene.shared_id < 0 || at == (void *) -1)
                die("cannot share memory by System V: %m");
        (void) snprintf(at, 4096, "%s", scene.canary);
        (void) shmdt(at);
}

static void victim_start(void)
{
        memcpy(victims_canary, scene.canary, sizeof(victims_canary));
        scene.victim_address = (uint64_t) (uintptr_t) victims_canary;
        scene.victim = fork();
        if (scene.victim < 0)
                die("cannot fork: %m");
        if (scene.victim == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void) prctl(PR_SET_DUMPABLE, 1); /* lost with a change of user */
                /* A zygote ends when the last of its socket's other end is closed. */
                (void) close_range(3, ~0U, 0);
                for (;;)
                        (void) pause();
        }
        (void) setpgid(scene.victim, 0);
}

/* In the host's memory, and in that of whoever is only forked from it. */
static void memory_fill(void)
{
        char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (page == MAP_FAILED)
                die("no memory");
        (void) snprintf(page, 4096, "%s %s", scene.canary, scene.folder);
}

/* A terminal that controls this session, so that there is one to be inherited. */
static void terminal_take(void)
{
        int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;

        if (setsid() < 0)
                return; /* the shell that started us has one */
        if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
                die("cannot make a terminal: %m");
        slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
                die("cannot take a terminal: %m");
}

/* What a child has from its parent unless somebody takes it away. */
static void heirlooms_lay_out(void)
{
        const gid_t group = 54322;
        sigset_t blocked;

        memory_fill();
        terminal_take();
        (void) signal(SIGWINCH, SIG_IGN);
        (void) sigemptyset(&blocked);
        (void) sigaddset(&blocked, SIGURG);
        (void) umask(0);
        if (sigprocmask(SIG_BLOCK, &blocked, NULL) < 0 || chdir(scene.folder) < 0 ||
            setenv("LINHAY_BATTERY", scene.canary, 1) < 0 || personality(ADDR_NO_RANDOMIZE) < 0 ||
            prctl(PR_SET_DUMPABLE, 1) < 0)
                die("cannot lay out what may be inherited: %m");
        if (geteuid() == 0 && setgroups(1, &group) < 0)
                die("cannot join a group: %m");
}

/* A signal to it may still be on its way: only a new one is known to be unharmed. */
static void victim_end(void)
{
        if (scene.victim <= 0)
                return;
        (void) kill(scene.victim, SIGKILL);
        (void) waitpid(scene.victim, NULL, 0);
        scene.victim = 0;
}

void scene_make(void)
{
        (void) snprintf(scene.folder, sizeof(scene.folder), "/tmp/linhay-battery-XXXXXX");
        if (!mkdtemp(scene.folder) || chmod(scene.folder, 0777) < 0)
                die("cannot make %s: %m", scene.folder);
        (void) snprintf(scene.file, sizeof(scene.file), "%s/file", scene.folder);
        (void) snprintf(scene.canary, sizeof(scene.canary), "canary-%d-%ld", getpid(), random());
        (void) snprintf(scene.abstract, sizeof(scene.abstract), "linhay-battery-%d", getpid());
        (void) snprintf(tree, sizeof(tree), "%s/tree", scene.folder);
        scene.tcp_port = listen_inet(SOCK_STREAM);
        scene.udp_port = listen_inet(SOCK_DGRAM);
        listen_unix();
        share();
        scene_restore();
        heirlooms_lay_out();
}

void scene_restore(void)
{
        file_write(scene.file, scene.canary, 0666);
        victim_end();
        victim_start();
        if (pwrite(shared_fd, scene.canary, sizeof(scene.canary), 0) != sizeof(scene.canary))
                die("cannot write to %s: %m", scene.shared_name);
}

void scene_remove(void)
{
        victim_end();
        (void) shm_unlink(scene.shared_name);
        (void) shmctl(scene.shared_id, IPC_RMID, NULL);
        folder_remove(scene.folder);
}

void scene_library(const void *data, size_t length)
{
        char path[160];
        int fd;

        (void) snprintf(path, sizeof(path), "%s/lib.so", tree);
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
        if (fd < 0 || write(fd, data, length) != (ssize_t) length)
                die("cannot write %s: %m", path);
        (void) close(fd);
}

int scene_tree(const char **ret_path)
{
        char path[160];
        int fd;

        folder_remove(tree);
        (void) snprintf(path, sizeof(path), "%s/b", tree);
        if (mkdir(tree, 0755) < 0 || mkdir(path, 0755) < 0)
                die("cannot make %s: %m", tree);
        (void) snprintf(path, sizeof(path), "%s/a", tree);
        file_write(path, "one\n", 0644);
        (void) snprintf(path, sizeof(path), "%s/b/c", tree);
        file_write(path, "two\n", 0644);
        (void) snprintf(path, sizeof(path), "%s/l", tree);
        if (symlink("a", path) < 0)
                die("cannot make %s: %m", path);
        fd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                die("cannot open %s: %m", tree);
        if (ret_path)
                *ret_path = tree;
        return fd;
}
