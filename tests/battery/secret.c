/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Secrets: what others than the agent they are for could have of them, and what gets out of one
 * that has them
 *
 * The driver looks at all that it is told for the secret in the forms that are tried here; then the
 * outcome is "reached". The control of these is the same cell with nothing masked.
 */

#include "probe.h"

#include "cell/proto.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

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

/* echoes: ENODATA unless the driver is told */

static int echo(struct linhay_run *r, void (*tell)(struct linhay_run *r, const char *secret))
{
        const char *secret = secret_of(r, "TOKEN");

        if (!secret)
                return ENOENT;
        tell(r, secret);
        return ENODATA;
}

#define ECHO(name)                                                                                 \
        static void name##_tell(struct linhay_run *r, const char *secret);                         \
        static int name(struct linhay_run *r)                                                      \
        {                                                                                          \
                return echo(r, name##_tell);                                                       \
        }                                                                                          \
        static void name##_tell(struct linhay_run *r, const char *secret)

ECHO(echo_log)
{
        linhay_log(r, LINHAY_INFO, "it is %s, all of it", secret);
}

ECHO(echo_split)
{
        linhay_log(r, LINHAY_INFO, "%.10s", secret);
        linhay_log(r, LINHAY_ERROR, "%s", secret + 10);
}

ECHO(echo_letters)
{
        for (; *secret; secret++)
                linhay_log(r, LINHAY_INFO, "%c", *secret);
}

ECHO(echo_printed)
{
        (void) r;
        (void) !write(1, secret, 7);
        (void) poll(NULL, 0, 30);
        (void) !write(2, secret + 7, 9);
        (void) poll(NULL, 0, 30);
        (void) !write(1, secret + 16, strlen(secret + 16));
}

ECHO(echo_hex)
{
        char text[256] = "";

        for (size_t i = 0; secret[i]; i++)
                (void) snprintf(text + 2 * i, 3, "%02x", (unsigned char) secret[i]);
        linhay_log(r, LINHAY_INFO, "%s", text);
}

ECHO(echo_url)
{
        char text[256] = "";

        for (size_t i = 0; secret[i]; i++)
                (void) snprintf(text + 3 * i, 4, "%%%02X", (unsigned char) secret[i]);
        linhay_log(r, LINHAY_INFO, "https://example.org/?t=%s&x", text);
}

static void base64_log(struct linhay_run *r, const char *before, const char *secret)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789+/";
        char text[128] = "", out[256] = "";
        size_t n = (size_t) snprintf(text, sizeof(text), "%s%s", before, secret), k = 0;

        for (size_t i = 0; i < n; i += 3) {
                unsigned v = (unsigned) text[i] << 16 | (unsigned) text[i + 1] << 8 |
                             (unsigned) text[i + 2];

                for (int shift = 18; shift >= 0; shift -= 6)
                        out[k++] = digits[v >> shift & 63];
        }
        linhay_log(r, LINHAY_INFO, "Authorization: Basic %s", out);
}

ECHO(echo_base64)
{
        base64_log(r, "", secret);
}

ECHO(echo_base64_behind)
{
        base64_log(r, "joe:", secret);
}

ECHO(echo_progress)
{
        (void) linhay_progress(r, 1, 2, secret);
}

ECHO(echo_finding)
{
        (void) linhay_finding(r, &LINHAY_FINDING(.rule = "a/b", .message = secret,
                                                 .severity = LINHAY_SEVERITY_LOW, .path = "b/c",
                                                 .line = 1));
}

ECHO(echo_artifact)
{
        (void) linhay_artifact(r, "a", NULL, secret, strlen(secret));
}

ECHO(echo_reversed)
{
        char text[128] = "";

        for (size_t n = strlen(secret), i = 0; i < n && i < sizeof(text) - 1; i++)
                text[i] = secret[n - 1 - i];
        linhay_log(r, LINHAY_INFO, "%s", text);
}

static int echo_fail(struct linhay_run *r)
{
        return linhay_fail(r, LINHAY_FAIL_INPUT, "told", "cannot log in with %s",
                           secret_of(r, "TOKEN"));
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
        { "secret/echo-log", "log it", echo_log, "ENODATA", GIVEN },
        { "secret/echo-split", "log it in two lines of two levels", echo_split, "ENODATA", GIVEN },
        { "secret/echo-letters", "log it letter by letter", echo_letters, "ENODATA", GIVEN },
        { "secret/echo-printed", "print it in three pieces, to stdout and stderr", echo_printed,
          "ENODATA", GIVEN },
        { "secret/echo-hex", "log it in hexadecimal", echo_hex, "ENODATA", GIVEN },
        { "secret/echo-url", "log it as part of a URL, every byte escaped", echo_url, "ENODATA",
          GIVEN },
        { "secret/echo-base64", "log it in base64", echo_base64, "ENODATA", GIVEN },
        { "secret/echo-base64-behind", "log it in base64 behind a user's name", echo_base64_behind,
          "ENODATA", GIVEN },
        { "secret/echo-progress", "say it as progress", echo_progress, "ENODATA", GIVEN },
        { "secret/echo-finding", "find it", echo_finding, "ENODATA", GIVEN },
        { "secret/echo-artifact", "leave it as an artifact", echo_artifact, "ENODATA", GIVEN },
        { "secret/echo-fail", "fail with it in the message", echo_fail, "failed", GIVEN },
        { "secret/echo-reversed", "log it backwards", echo_reversed, "reached", .at_load = "-",
          .secret = PROBE_SECRET, .control = CONTROL_NONE,
          .reason = "not covered: who means to tell it can encode it in any way" },
};
PROBES_END(secret)
