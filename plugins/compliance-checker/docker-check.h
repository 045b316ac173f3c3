/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One Dockerfile while it is checked
 *
 * The groups of checks (docker-stage.c, docker-file.c, docker-run.c, docker-series.c,
 * docker-package.c, docker-label.c) get this
 * and tell what they find with docker_tell(), which knows what comments and .hadolint.yaml waive.
 */

#include "check.h"
#include "def.h"
#include "docker-config.h"
#include "docker-rule.h"
#include "docker/dockerfile.h"

struct docker_check {
        struct check *c;
        const struct docker_file *file;
        const struct docker_config *config;
};

/* Tells a rule for a place within an instruction; a waived one is told with the reason. */
int docker_tell(struct docker_check *d, enum dockerfile_rule rule,
                const struct docker_instruction *instruction, size_t start, size_t end);

/* The same for the whole instruction, and for a command of its script. */
int docker_tell_all(struct docker_check *d, enum dockerfile_rule rule,
                    const struct docker_instruction *instruction);
int docker_tell_command(struct docker_check *d, enum dockerfile_rule rule,
                        const struct docker_instruction *instruction,
                        const struct shell_command *command);

/* The groups: each looks at the whole file. 0 or a negative errno. */
int docker_check_stages(struct docker_check *d);
int docker_check_files(struct docker_check *d);
int docker_check_runs(struct docker_check *d);
int docker_check_series(struct docker_check *d);
int docker_check_packages(struct docker_check *d);
int docker_check_labels(struct docker_check *d);

/* What switches off the check of certificates or signatures: a command of RUN, ENV or ARG. */
int docker_check_trust(struct docker_check *d, const struct docker_instruction *run,
                       const struct shell_command *command);
int docker_check_trust_of(struct docker_check *d, const struct docker_instruction *instruction);

/* ARG and ENV that hold secrets; `is_env`: told as a finding of the control env. */
int docker_check_secrets(struct docker_check *d, bool is_env);

/* --- helpers ------------------------------------------------------------------------------ */

/* Is a word text one of a list that ends with NULL? */
bool docker_is_one_of(const char *text, const char *const *list);

/* Options of a program that take the next word as their value. */
struct docker_options {
        const char *letters;      /* "to": -t VALUE, -o VALUE */
        const char *const *names; /* "--target" */
};

/*
 * The words behind the name that are no options and no values of options; what stands behind "--"
 * is among them. At most `max`; returns how many.
 */
size_t docker_operands(const struct shell_command *command, const struct docker_options *options,
                       const struct shell_word **ret, size_t max);

/* Has it one of these options: "-y" (also within -yq), "--yes" (also --yes=…)? */
bool docker_has_option(const struct shell_command *command, const char *const *options);

/* The value of an option, whether it is the next word or follows "=" or the letter; or NULL. */
const char *docker_option_value(const struct shell_command *command, const char *const *options);

/* Is there a --mount=type=cache or tmpfs of RUN that holds this folder, or one whose name has it?
 */
bool docker_has_cache(const struct docker_instruction *run, const char *folder);
