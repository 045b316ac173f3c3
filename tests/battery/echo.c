/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Echoes: an agent tells the secret that it was given, in every way there is to tell something
 *
 * Each way with each spelling that is known again. The outcome is ENODATA (or that of a failure)
 * unless the driver finds the secret in what it was told; the control is the same cell with nothing
 * masked.
 */

#include "probe.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define ROOM 256

/* spellings */

static void spell_plain(char out[ROOM], const char *s)
{
        (void) snprintf(out, ROOM, "%s", s);
}

static void spell_lines(char out[ROOM], const char *s)
{
        (void) snprintf(out, ROOM, "%.7s\n%.8s\r\n%s", s, s + 7, s + 15);
}

static void spell_hex(char out[ROOM], const char *s)
{
        for (size_t i = 0; s[i]; i++)
                (void) snprintf(out + 2 * i, 3, "%02x", (unsigned char) s[i]);
}

static void spell_url(char out[ROOM], const char *s)
{
        for (size_t i = 0; s[i]; i++)
                (void) snprintf(out + 3 * i, 4, "%%%02X", (unsigned char) s[i]);
}

static void spell_base64(char out[ROOM], const char *s)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789+/";
        size_t n = strlen(s), k = 0;

        for (size_t i = 0; i < n; i += 3) {
                unsigned v = (unsigned) s[i] << 16 | (i + 1 < n ? (unsigned) s[i + 1] << 8 : 0) |
                             (i + 2 < n ? (unsigned) s[i + 2] : 0);

                for (int shift = 18; shift >= 0; shift -= 6)
                        out[k++] = digits[v >> shift & 63];
        }
        out[k] = '\0';
}

/* As a password behind a user's name: none of its digits is where it would be alone. */
static void spell_behind(char out[ROOM], const char *s)
{
        char both[ROOM];

        (void) snprintf(both, sizeof(both), "joe:%s", s);
        spell_base64(out, both);
}

/* ways to tell; what the attack comes to is returned */

static int say_log(struct linhay_run *r, const char *text)
{
        linhay_log(r, LINHAY_INFO, "it is %s, all of it", text);
        return ENODATA;
}

static int say_print(struct linhay_run *r, const char *text)
{
        (void) r;
        (void) printf("it is %s\n", text);
        return ENODATA;
}

static int say_progress(struct linhay_run *r, const char *text)
{
        (void) linhay_progress(r, 1, 2, text);
        return ENODATA;
}

static int say_finding(struct linhay_run *r, const char *text)
{
        (void) linhay_finding(r, &LINHAY_FINDING(.rule = "a/b", .message = text,
                                                 .severity = LINHAY_SEVERITY_LOW, .path = "b/c",
                                                 .line = 1));
        return ENODATA;
}

static int say_artifact(struct linhay_run *r, const char *text)
{
        (void) linhay_artifact(r, "a", NULL, text, strlen(text));
        return ENODATA;
}

static int say_spend(struct linhay_run *r, const char *text)
{
        (void) linhay_spend(r, text, 1);
        return ENODATA;
}

/* JSON has no line ends in its strings. */
static int say_output(struct linhay_run *r, const char *text)
{
        char json[2 * ROOM] = "";
        size_t n = 0;

        for (; *text; text++) {
                if (*text == '\n' || *text == '\r')
                        json[n++] = '\\';
                json[n++] = *text == '\n' ? 'n' : *text == '\r' ? 'r' : *text;
        }
        (void) linhay_outputf(r, "{\"errno\":%d,\"a\":[{\"b\":\"%s\"}]}", ENODATA, json);
        return OUTPUT_GIVEN;
}

static int say_fail(struct linhay_run *r, const char *text)
{
        return linhay_fail(r, LINHAY_FAIL_INPUT, "told", "cannot log in with %s", text);
}

static int echo(struct linhay_run *r, int (*say)(struct linhay_run *r, const char *text),
                void (*spell)(char out[ROOM], const char *s))
{
        char text[ROOM] = "";
        const void *secret;
        size_t length;

        if (linhay_secret(r, "TOKEN", &secret, &length) < 0)
                return ENOENT;
        spell(text, secret);
        return say(r, text);
}

#define ECHO(way, spelling)                                                                        \
        static int way##_##spelling(struct linhay_run *r)                                          \
        {                                                                                          \
                return echo(r, say_##way, spell_##spelling);                                       \
        }

#define ECHOES(way)                                                                                \
        ECHO(way, plain)                                                                           \
        ECHO(way, lines) ECHO(way, hex) ECHO(way, url) ECHO(way, base64) ECHO(way, behind)

ECHOES(log)
ECHOES(print)
ECHOES(progress)
ECHOES(finding)
ECHOES(artifact)
ECHOES(spend)
ECHOES(output)
ECHOES(fail)

/* in parts */

static int say_log_split(struct linhay_run *r, const char *text)
{
        linhay_log(r, LINHAY_INFO, "%.10s", text);
        linhay_log(r, LINHAY_ERROR, "%s", text + 10);
        return ENODATA;
}

static int say_log_letters(struct linhay_run *r, const char *text)
{
        for (; *text; text++)
                linhay_log(r, LINHAY_INFO, "%c", *text);
        return ENODATA;
}

static int say_print_pieces(struct linhay_run *r, const char *text)
{
        (void) r;
        (void) !write(1, text, 7);
        (void) poll(NULL, 0, 30);
        (void) !write(2, text + 7, 9);
        (void) poll(NULL, 0, 30);
        (void) !write(1, text + 16, strlen(text + 16));
        return ENODATA;
}

ECHO(log_split, plain)
ECHO(log_split, hex)
ECHO(log_split, base64)
ECHO(log_letters, plain)
ECHO(print_pieces, plain)
ECHO(print_pieces, hex)

/* where nobody looks */

static int say_excerpt(struct linhay_run *r, const char *text)
{
        const char *const tags[] = { text, NULL };

        (void) linhay_finding(r, &LINHAY_FINDING(.rule = "a/b", .message = "found",
                                                 .severity = LINHAY_SEVERITY_LOW, .path = "b/c",
                                                 .line = 1, .excerpt = text, .tags = tags));
        return ENODATA;
}

static int say_place(struct linhay_run *r, const char *text)
{
        (void) linhay_finding(r, &LINHAY_FINDING(.rule = "a/b", .message = "found",
                                                 .severity = LINHAY_SEVERITY_LOW, .path = text));
        return ENODATA;
}

static int say_name(struct linhay_run *r, const char *text)
{
        (void) linhay_artifact(r, text, NULL, "a", 1);
        return ENODATA;
}

static int say_type(struct linhay_run *r, const char *text)
{
        (void) linhay_artifact(r, "a", text, "a", 1);
        return ENODATA;
}

static int say_member(struct linhay_run *r, const char *text)
{
        (void) linhay_outputf(r, "{\"errno\":%d,\"%s\":1}", ENODATA, text);
        return OUTPUT_GIVEN;
}

static int say_crash(struct linhay_run *r, const char *text)
{
        (void) r;
        (void) fprintf(stderr, "assertion \"password == %s\" failed\n", text);
        __builtin_trap();
}

ECHO(excerpt, plain)
ECHO(place, plain)
ECHO(name, hex)
ECHO(type, plain)
ECHO(member, plain)
ECHO(crash, plain)

static void spell_reversed(char out[ROOM], const char *s)
{
        size_t n = strlen(s);

        for (size_t i = 0; i < n; i++)
                out[i] = s[n - 1 - i];
        out[n] = '\0';
}

ECHO(log, reversed)

#define GIVEN .at_load = "-", .secret = PROBE_SECRET, .control = CONTROL_HONEST

#define ROWS(way, how, want)                                                                       \
        { "echo/" #way, how " as it is", way##_plain, want, GIVEN },                               \
                { "echo/" #way "-lines", how " on three lines", way##_lines, want, GIVEN },        \
                { "echo/" #way "-hex", how " in hexadecimal", way##_hex, want, GIVEN },            \
                { "echo/" #way "-url", how " as in a URL, every byte escaped", way##_url, want,    \
                  GIVEN },                                                                         \
                { "echo/" #way "-base64", how " in base64", way##_base64, want, GIVEN },           \
        {                                                                                          \
                "echo/" #way "-base64-behind", how " in base64 behind a user's name",              \
                        way##_behind, want, GIVEN                                                  \
        }

const struct probe echo_probes[] = {
        ROWS(log, "log it", "ENODATA"),
        ROWS(print, "print it", "ENODATA"),
        ROWS(progress, "say it as progress,", "ENODATA"),
        ROWS(finding, "find it,", "ENODATA"),
        ROWS(artifact, "leave it as an artifact,", "ENODATA"),
        ROWS(spend, "spend it as a unit,", "ENODATA"),
        ROWS(output, "give it as output,", "ENODATA"),
        ROWS(fail, "fail with it in the message,", "failed"),

        { "echo/log-split", "log it in two lines of two levels", log_split_plain, "ENODATA",
          GIVEN },
        { "echo/log-split-hex", "the same in hexadecimal", log_split_hex, "ENODATA", GIVEN },
        { "echo/log-split-base64", "the same in base64", log_split_base64, "ENODATA", GIVEN },
        { "echo/log-letters", "log it letter by letter", log_letters_plain, "ENODATA", GIVEN },
        { "echo/print-pieces", "print it in three pieces, to stdout and stderr", print_pieces_plain,
          "ENODATA", GIVEN },
        { "echo/print-pieces-hex", "the same in hexadecimal", print_pieces_hex, "ENODATA", GIVEN },

        { "echo/finding-excerpt", "put it into a finding's excerpt and tags", excerpt_plain,
          "ENODATA", GIVEN },
        { "echo/finding-path", "find something in a file of its name", place_plain, "ENODATA",
          GIVEN },
        { "echo/artifact-name", "name an artifact after it", name_hex, "ENODATA", GIVEN },
        { "echo/artifact-type", "make it an artifact's media type", type_plain, "ENODATA", GIVEN },
        { "echo/output-member", "give an output with a member of its name", member_plain, "ENODATA",
          GIVEN },
        { "echo/crash", "crash with it as the last words", crash_plain, "signal", GIVEN },

        { "echo/log-reversed", "log it backwards", log_reversed, "reached", .at_load = "-",
          .secret = PROBE_SECRET, .control = CONTROL_NONE,
          .reason = "not covered: who means to tell it can encode it in any way" },
};
PROBES_END(echo)
