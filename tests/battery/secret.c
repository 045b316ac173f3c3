/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Secrets: what others than the agent they are for could have of them, and where they must not be
 *
 * An honest control puts it where the attack looks for it. What gets out of who has them: echo.c.
 */

#include "probe.h"

#include "cell/proto.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char **environ;

static const char *secret_of(struct linhay_run *r, const char *name)
{
        const void *data;
        size_t length;

        return linhay_secret(r, name, &data, &length) < 0 ? NULL : data;
}

/* where it must not be */

static int in_environment(struct linhay_run *r)
{
        const char *secret = secret_of(r, "TOKEN");

        if (!secret)
                return ENOENT;
        if (scene.honest)
                (void) setenv("ANYTHING", secret, 1);
        for (char **at = environ; at && *at; at++)
                if (strstr(*at, secret))
                        return 0;
        return ENODATA;
}

static int of_another_name(struct linhay_run *r)
{
        return secret_of(r, scene.honest ? "TOKEN" : "OTHER") ? 0 : ENOENT;
}

static int of_nobody(struct linhay_run *r)
{
        return secret_of(r, "TOKEN") ? 0 : ENOENT;
}

/* Anything that comes with a descriptor, in a third of a second? */
static bool descriptor_comes(void)
{
        char body[sizeof(struct frame)], control[CMSG_SPACE(64 * sizeof(int))];

        for (;;) {
                struct iovec part = { body, sizeof(body) };
                struct msghdr message = { .msg_iov = &part,
                                          .msg_iovlen = 1,
                                          .msg_control = control,
                                          .msg_controllen = sizeof(control) };
                struct pollfd socket = { .fd = CELL_SOCKET, .events = POLLIN };

                if (poll(&socket, 1, 300) <= 0 || recvmsg(CELL_SOCKET, &message, 0) <= 0)
                        return false;
                if (message.msg_controllen > 0)
                        return true;
        }
}

static void say(uint16_t type, const char *text)
{
        struct frame frame = { .header = { .magic = FRAME_MAGIC,
                                           .version = FRAME_VERSION,
                                           .type = type,
                                           .length = (uint32_t) strlen(text) } };

        memcpy(frame.body, text, strlen(text));
        (void) send(CELL_SOCKET, &frame, sizeof(frame.header) + strlen(text), 0);
}

static int before_ready(struct linhay_run *r)
{
        bool comes;

        (void) r;
        if (scene.honest)
                say(PROTO_READY, "");
        comes = descriptor_comes();
        if (!scene.honest)
                say(PROTO_READY, "");
        say(PROTO_RESULT, comes ? "{\"errno\":0}" : "{\"errno\":61}");
        _exit(0);
}

/* its memory file; the control has one that nobody sealed */

static int memory_file(void)
{
        struct stat st;

        if (!in_cell()) {
                int fd = memfd_create("secret", MFD_ALLOW_SEALING);

                return ftruncate(fd, 32) == 0 ? fd : -1;
        }
        for (int fd = CELL_SOCKET + 1; fd < 64; fd++) {
                if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 0)
                        return fd;
        }
        return -1;
}

ATTACK(file_write)
{
        return reached(pwrite(memory_file(), "x", 1, 0) == 1);
}

ATTACK(file_shrink)
{
        return reached(ftruncate(memory_file(), 1) == 0);
}

ATTACK(file_grow)
{
        return reached(ftruncate(memory_file(), 4096) == 0);
}

ATTACK(file_seal)
{
        return reached(fcntl(memory_file(), F_ADD_SEALS, F_SEAL_GROW) == 0);
}

ATTACK(file_map)
{
        return reached(mmap(NULL, 32, PROT_READ | PROT_WRITE, MAP_SHARED, memory_file(), 0) !=
                       MAP_FAILED);
}

/* The highest addresses of the stack, where the kernel puts what execve() hands over. */
struct handed {
        char *from, *to;
};

static struct handed handed_over(void)
{
        uintptr_t last = (uintptr_t) getauxval(AT_EXECFN);

        return (struct handed){ program_invocation_name, (char *) ((last | 4095) + 1) };
}

static int in_arguments(struct linhay_run *r)
{
        const char *secret = secret_of(r, "TOKEN");
        struct handed h = handed_over();

        if (!secret || h.from >= h.to)
                return ENOENT;
        if (scene.honest && strlen(secret) < (size_t) (h.to - h.from))
                memcpy(h.from, secret, strlen(secret));
        return memmem(h.from, (size_t) (h.to - h.from), secret, strlen(secret)) ? 0 : ENODATA;
}

/* Values of the vector, and the bytes that some of them point to. */
static int in_auxiliary_vector(struct linhay_run *r)
{
        const char *secret = secret_of(r, "TOKEN");
        struct handed h = handed_over();

        if (!secret)
                return ENOENT;
        if (scene.honest)
                memcpy((char *) getauxval(AT_RANDOM), secret, 16);
        for (unsigned long type = 1; type < 64; type++) {
                unsigned long value = getauxval(type);
                const char *at = (const char *) value;
                bool is_near = at > (char *) &h && at < h.to - sizeof(value);

                if (value && (memmem(secret, strlen(secret), &value, sizeof(value)) ||
                              (is_near && memcmp(at, secret, sizeof(value)) == 0)))
                        return 0;
        }
        return ENODATA;
}

static int proc_read(const char *path)
{
        char bytes[64];
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        return reached(fd >= 0 && read(fd, bytes, sizeof(bytes)) >= 0);
}

ATTACK(proc_arguments)
{
        return proc_read("/proc/self/cmdline");
}

ATTACK(proc_environment)
{
        return proc_read("/proc/self/environ");
}

ATTACK(proc_vector)
{
        return proc_read("/proc/self/auxv");
}

ATTACK(proc_maps)
{
        return proc_read("/proc/self/smaps");
}

/* core dumps */

static int core_limit(void)
{
        const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

        return reached(setrlimit(RLIMIT_CORE, &all) == 0);
}

ATTACK(core_raise)
{
        return core_limit();
}

/* Whoever waits for a process is told whether it left a dump. */
ATTACK(core_dump)
{
        int status = 0;
        pid_t pid;

        if (!in_cell() && chdir(scene.folder) < 0)
                return errno;
        pid = fork();
        if (pid == 0) {
                (void) core_limit();
                (void) signal(SIGQUIT, SIG_DFL);
                (void) raise(SIGQUIT);
                _exit(1);
        }
        if (pid < 0 || waitpid(pid, &status, 0) < 0)
                return errno;
        if (!in_cell() && !WCOREDUMP(status))
                return ENOSYS;
        return WCOREDUMP(status) ? 0 : ENODATA;
}

/* what the cell before left */

static int leave(struct linhay_run *r)
{
        const char *secret = secret_of(r, "TOKEN");

        for (int i = 0; secret && i < 1000; i++) {
                char *copy = malloc(4096);

                if (copy)
                        (void) snprintf(copy, 4096, "%s", secret);
        }
        return secret ? 0 : ENOENT;
}

static int left_in_memory(struct linhay_run *r)
{
        if (scene.honest)
                (void) leave(r);
        return memory_holds(PROBE_SECRET_TEXT) ? 0 : ENODATA;
}

/* Which of several it is nobody tells it: each looks first, and leaves its own. */
static int left_in_pool(struct linhay_run *r)
{
        int found = left_in_memory(r);

        (void) leave(r);
        return found;
}

static int left_as_descriptor(struct linhay_run *r)
{
        (void) r;
        return memory_file() >= 0 ? 0 : EBADF;
}

#define GIVEN  .at_load = "-", .secret = PROBE_SECRET, .control = CONTROL_HONEST
#define SEALED .at_load = "-", .secret = PROBE_SECRET, .control = CONTROL_UNCONFINED

const struct probe secret_probes[] = {
        { "secret/environment", "look for it in the environment", in_environment, "ENODATA",
          GIVEN },
        { "secret/other-name", "ask for another secret than its own", of_another_name, "ENOENT",
          GIVEN },
        { "secret/not-granted", "ask for a secret that it was not given", of_nobody, "ENOENT",
          .at_load = "-", .secret = PROBE_SECRET_HONEST, .control = CONTROL_HONEST },
        { "secret/before-ready", "take it from the socket while being loaded", before_ready,
          "ENODATA", .entry = ENTRY_CONSTRUCTOR, .secret = PROBE_SECRET,
          .control = CONTROL_HONEST },
        { "secret/file-write", "write into its memory file", file_write, "EPERM", SEALED },
        { "secret/file-shrink", "make its memory file shorter", file_shrink, "EPERM or EINVAL",
          SEALED },
        { "secret/file-grow", "make its memory file longer", file_grow, "EPERM or EINVAL", SEALED },
        { "secret/file-seal", "seal its memory file anew", file_seal, "EPERM", SEALED },
        { "secret/file-map", "map its memory file for writing", file_map, "EPERM", SEALED },
        { "secret/arguments", "look for it in what execve() has left on the stack", in_arguments,
          "ENODATA", GIVEN },
        { "secret/auxv", "look for it in the auxiliary vector", in_auxiliary_vector, "ENODATA",
          GIVEN },
        { "secret/proc-cmdline", "read its own arguments from /proc", proc_arguments, "ENOENT" },
        { "secret/proc-environ", "read its own environment from /proc", proc_environment,
          "ENOENT" },
        { "secret/proc-auxv", "read its own auxiliary vector from /proc", proc_vector, "ENOENT" },
        { "secret/proc-smaps", "read from /proc which of its pages a dump would have", proc_maps,
          "ENOENT" },
        { "secret/core-limit", "allow itself core dumps", core_raise, "EPERM",
          .control = CONTROL_ROOT },
        { "secret/core-dump", "have a process of its own crash and leave a core dump", core_dump,
          "ENODATA", .at_load = "-", .group = "spawn", .limit = LIMIT_PROCESSES, .value = 4,
          .is_unsanitized = true },
        { "secret/left-memory", "look through all memory for that of the cell before",
          left_in_memory, "ENODATA", .before = leave, .at_load = "-", .secret = PROBE_SECRET_HONEST,
          .control = CONTROL_HONEST },
        { "secret/left-pool", "the same in warm cells of one pool, the third after two",
          left_in_pool, "ENODATA", .at_load = "-", .secret = PROBE_SECRET, .times = 3,
          .control = CONTROL_HONEST },
        { "secret/left-descriptor", "look for the memory file of the cell before",
          left_as_descriptor, "EBADF", .before = leave, .at_load = "-",
          .secret = PROBE_SECRET_HONEST, .control = CONTROL_HONEST },
};
PROBES_END(secret)
