/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An agent that is given a secret and leaves nothing undone to get it into a store.
 */

#include <linhay/agent.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

LINHAY_MANIFEST("keeper.json")

static int run_use(struct linhay_run *r, const char *secret, size_t length)
{
        unsigned sum = 0;
        const void *data;
        size_t n;

        for (size_t i = 0; i < length; i++)
                sum = sum * 31 + (unsigned char) secret[i];
        return linhay_outputf(r,
                              "{\"length\": %zu, \"sum\": %u, \"other\": %d, \"none\": %d, "
                              "\"end\": %d}",
                              length, sum, linhay_secret(r, "OTHER", &data, &n),
                              linhay_secret(r, NULL, &data, &n), secret[length]);
}

static void hex(char *to, const char *secret, size_t length)
{
        for (size_t i = 0; i < length; i++)
                (void) snprintf(to + 2 * i, 3, "%02X", (unsigned char) secret[i]);
}

static void base64(char *to, const char *text, size_t length)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789+/";

        for (size_t i = 0; i < length; i += 3) {
                unsigned a = (unsigned char) text[i],
                         b = i + 1 < length ? (unsigned char) text[i + 1] : 0,
                         c = i + 2 < length ? (unsigned char) text[i + 2] : 0,
                         v = a << 16 | b << 8 | c;

                for (unsigned k = 0; k < 4; k++)
                        *to++ = i + k > length ? '=' : digits[v >> (18 - 6 * k) & 63];
        }
        *to = '\0';
}

static void url(char *to, const char *secret, size_t length)
{
        for (size_t i = 0; i < length; i++)
                to += sprintf(to, "%%%02x", (unsigned char) secret[i]);
}

static int run_tell(struct linhay_run *r, const char *secret, size_t length)
{
        char form[1200], line[1500];

        linhay_log(r, LINHAY_INFO, "exact %s", secret);
        linhay_log(r, LINHAY_INFO, "split %.5s", secret);
        linhay_log(r, LINHAY_INFO, "%s of it", secret + 5);
        hex(form, secret, length);
        linhay_log(r, LINHAY_WARNING, "hex %s", form);
        base64(form, secret, length);
        linhay_log(r, LINHAY_WARNING, "base64 %s", form);
        (void) snprintf(line, sizeof(line), "joe:%s", secret);
        base64(form, line, strlen(line));
        linhay_log(r, LINHAY_WARNING, "Authorization: Basic %s", form);
        url(form, secret, length);
        linhay_log(r, LINHAY_WARNING, "https://host/?t=%s", form);
        printf("printed %s\n", secret);
        printf("in two %.4s", secret);
        (void) fflush(stdout);
        (void) usleep(20000);
        printf("%s\n", secret + 4);
        (void) linhay_progress(r, 1, 2, secret);
        (void) linhay_finding(r, &LINHAY_FINDING(.rule = "test/keeper", .message = secret,
                                                 .severity = LINHAY_SEVERITY_HIGH, .path = "a",
                                                 .line = 1, .excerpt = secret, .fix = secret));
        (void) snprintf(line, sizeof(line), "bytes %s and more", secret);
        (void) linhay_artifact(r, "a.txt", "text/plain", line, strlen(line));
        (void) linhay_spend(r, secret, 1);
        /* Enough behind it that the kept end begins amid the secret. */
        fprintf(stderr, "%s", secret);
        for (int i = 0; i < 4096 - 12; i++)
                (void) fputc(i % 64 ? '.' : '\n', stderr);
        if (linhay_input_bool(r, "/fail", 0))
                return linhay_fail(r, LINHAY_FAIL_INTERNAL, "told", "cannot log in with %s",
                                   secret);
        return linhay_outputf(r, "{\"said\": \"%s\", \"%s\": [\"%s\"]}", secret, secret, form);
}

static int run_write(struct linhay_run *r, const char *secret, size_t length)
{
        const char *as = linhay_input_string(r, "/as", "text");
        int fd;

        if (strcmp(as, "name") == 0)
                fd = openat(linhay_workspace(r), secret, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        else if (strcmp(as, "link") == 0)
                return symlinkat(secret, linhay_workspace(r), "link") < 0 ? -errno : 0;
        else
                fd = openat(linhay_workspace(r), "config", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        if (fd < 0)
                return -errno;
        if (strcmp(as, "text") == 0 && write(fd, secret, length) < 0)
                return -errno;
        return close(fd);
}

static int run(struct linhay_run *r)
{
        const void *secret;
        size_t length;
        int code = linhay_secret(r, "TOKEN", &secret, &length);

        if (code < 0)
                return linhay_fail(r, LINHAY_FAIL_INTERNAL, "no-secret", "%s", strerror(-code));
        if (strcmp(r->action, "use") == 0)
                return run_use(r, secret, length);
        return strcmp(r->action, "tell") == 0 ? run_tell(r, secret, length)
                                              : run_write(r, secret, length);
}

LINHAY_AGENT(.run = run)
