/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Scaffold: the files of a new agent
 *
 * Copies the template, which is a working agent, and puts the agent's name and the place of the SDK
 * where the template says @NAME@ and @SDK@. The folder is made whole under a hidden name and then
 * renamed: it is there with all its files, or it is not there.
 */

#include "base/err.h"

/*
 * Makes DIR/NAME with NAME.c, agent.json, Makefile, README.md and .gitignore out of `template_dir`.
 * `sdk_dir` is the folder that holds linhay/agent.h. With `exec` ("python" or "shell") the agent is
 * a program: agent.py or agent.sh, agent.json, the protocol's helper and README.md. -EINVAL: no
 * name for an agent; -EEXIST: there is something of that name already.
 */
int scaffold_new(const char *dir, const char *name, const char *exec, const char *template_dir,
                 const char *sdk_dir, struct err *err);

/*
 * Where this program finds the two: beside it while it stands in its build folder, else where they
 * are installed. The caller frees both.
 */
int scaffold_places(char **ret_template_dir, char **ret_sdk_dir, struct err *err);
