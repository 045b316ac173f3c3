/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Speech: the JSON lines of doc/exec-protocol.md, turned into the services of <linhay/agent.h>
 *
 * One line is one message, an object with a "type". Strict both ways: a type, a member or a kind of
 * value that is not in the table is an error, and so is a second output. What the services refuse
 * (a limit that was passed, a name that is none) is an error as well.
 */

#include "base/buf.h"
#include "base/err.h"
#include "cell/service.h"

#define SPEECH_PROTOCOL 1
#define SPEECH_FD       3          /* of the program */
#define SPEECH_LINE_MAX (1U << 20) /* bytes of a line that the program sends */

struct speech {
        struct service *service;
        bool has_output;
};

void speech_init(struct speech *sp, struct service *s);

/*
 * What the program has besides the protocol: its secrets first, in the manifest's order, so that a
 * shell, which knows descriptors of one digit only, has them; then the files of its input.
 */
int speech_secret_fd(size_t i);
int speech_file_fd(const struct service *s, size_t i);

/* Appends the first line for the program: what is to be done. Of a secret its descriptor alone. */
int speech_start(const struct speech *sp, struct buf *out);

/*
 * The program's environment: a few settled variables, and for programs that cannot read JSON
 * LINHAY_ACTION, LINHAY_WORKSPACE, each plain value of the input's top level, LINHAY_INPUT_name,
 * and where the secrets are, LINHAY_SECRETS: "NAME:DESCRIPTOR NAME:DESCRIPTOR". NULL only when out
 * of memory; the process keeps it.
 */
char **speech_environment(const struct speech *sp);

/* Appends the line that asks the program to stop. */
int speech_cancel(struct buf *out);

/*
 * One line of the program, without its end. -ENOMEM, or why it is refused; of a program that has
 * secrets not in its own words, since a part of one would not be known again.
 */
int speech_take(struct speech *sp, const char *line, size_t length, struct err *err);
