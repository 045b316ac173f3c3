/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The verbs below `linhay agent`: new, check, run, list, show, cflags, closure. Each prints and
 * returns an exit status.
 */

int agent_verb_closure(int argc, char **argv);
int agent_verb_cflags(int argc, char **argv);
int agent_verb_check(int argc, char **argv);
int agent_verb_list(int argc, char **argv);
int agent_verb_new(int argc, char **argv);
int agent_verb_run(int argc, char **argv);
int agent_verb_show(int argc, char **argv);
