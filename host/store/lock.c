/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lock.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>

/* The pid that the holder wrote; 0 when it has not yet. */
static long lock_holder(int lock)
{
        char text[32] = "";

        if (pread(lock, text, sizeof(text) - 1, 0) <= 0)
                return 0;
        return strtol(text, NULL, 10);
}

static int lock_wait(int lock, const char *dir, const struct store_options *options,
                     struct err *err)
{
        char message[PATH_MAX + 128], who[32];
        long pid = lock_holder(lock);

        (void) snprintf(who, sizeof(who), pid > 0 ? "pid %ld" : "pid unknown", pid);
        if (options->flags & STORE_NO_WAIT)
                return err_set(err, -EWOULDBLOCK,
                               "another linhay (%s) is working on the store %s: wait for it, or "
                               "leave --no-wait out",
                               who, dir);
        (void) snprintf(message, sizeof(message),
                        "waiting for another linhay (%s) that is working on the store %s", who,
                        dir);
        if (options->on_wait)
                options->on_wait(options->user, message);
        if (flock(lock, LOCK_EX) < 0)
                return err_sys(err, -errno, "stopped waiting for the store %s", dir);
        return 0;
}

/* For messages only, so a full disk does not matter here. */
static void lock_sign(int lock)
{
        char pid[32];
        int n = snprintf(pid, sizeof(pid), "%ld\n", (long) getpid());

        if (ftruncate(lock, 0) == 0)
                (void) !pwrite(lock, pid, (size_t) n, 0);
}

int lock_take(int *ret, int dirfd, const char *dir, const struct store_options *options,
              struct err *err)
{
        _cleanup_(closep) int fd =
                openat(dirfd, LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        int r = 0;

        if (fd < 0)
                return err_sys(err, -errno, "cannot write to the store %s", dir);
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                r = errno == EWOULDBLOCK ? lock_wait(fd, dir, options, err)
                                         : err_sys(err, -errno, "cannot lock the store %s", dir);
        if (r < 0)
                return r;
        lock_sign(fd);
        *ret = TAKE_FD(fd);
        return 0;
}

void lock_release(int *fd)
{
        /* Said aloud, because a child that was just forked may hold the descriptor a moment longer.
         */
        if (*fd >= 0)
                (void) flock(*fd, LOCK_UN);
        closep(fd);
}
