/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Command line: verbs, options, exit status
 *
 * `linhay VERB …` looks VERB up in one table; each verb lives in host/cli/VERB.c as cmd_VERB().
 * Options of a verb are a table too: parser and --help are made from it, so they cannot disagree.
 * Results go to stdout, everything else to stderr. With --json stdout carries JSON and nothing
 * else.
 */

#include "base/err.h"

#include <jansson.h>

/* Exit status: an interface, documented in doc/cli.md and tested. */
enum cli_exit {
        CLI_PASSED = 0,
        CLI_FINDINGS = 1, /* findings at or above the workflow's threshold */
        CLI_USAGE = 2,    /* usage, or an error in a definition or an input */
        CLI_WAITING = 3,  /* a step waits for approval */
        CLI_FAILED = 4,   /* a step failed, or an agent refused */
        CLI_TROUBLE = 5,  /* store or sandbox trouble */
};

enum cli_kind {
        CLI_FLAG, /* bool *: set to true */
        CLI_TEXT, /* const char **: borrowed from argv, the last one counts */
        CLI_LIST, /* struct cli_list *: every one counts */
};

struct cli_list {
        const char **items; /* borrowed from argv; NULL, or NULL behind the last */
        size_t n;
};

struct cli_option {
        const char *name; /* "workspace": --workspace */
        char letter;      /* 'w': -w; 0 = none */
        enum cli_kind kind;
        const char *argument; /* what to print for its value: "DIR"; NULL for a flag */
        const char *help;     /* one line */
        void *target;
};

struct cli_verb {
        const char *name;     /* "agent run" */
        const char *operands; /* for the usage line: "AGENT ACTION" */
        size_t least, most;   /* number of operands allowed */
        const char *summary;  /* one sentence */
        const char *footer;   /* more for --help: examples; may be NULL */
        bool is_program;      /* the name is that of a program of its own, not of a verb */
};

/*
 * Parses argv[1…] by the table (it ends with a row whose name is NULL). Operands are moved to the
 * front of argv: argv[1…] and counted in *ret_n. "--" ends options; --name=value and --name value
 * are the same. Prints help (exit 0) or one line about what is wrong, with a suggestion (exit 2):
 * then returns -1 and *ret_exit is the status to return. `--help` need not be in the table.
 */
int cli_parse(const struct cli_verb *verb, const struct cli_option *options, int argc, char **argv,
              size_t *ret_n, int *ret_exit);

/* A verb of a verb: "linhay store prune". */
struct cli_subverb {
        const char *name;
        int (*run)(int argc, char **argv); /* argv[0] is its name; gives the exit status */
        const char *help;                  /* one line */
};

/* `linhay NOUN VERB …`: calls the one that argv[1] names, or says which there are. */
int cli_dispatch(const char *noun, const struct cli_subverb *verbs, size_t n, int argc,
                 char **argv);

void cli_list_done(struct cli_list *list);

/* Prints "linhay: TEXT" to stderr and returns `status`. */
int cli_fail(int status, const struct err *err);
int cli_usage(const char *format, ...) _printf_(1, 2);

/* What was said last: for a verb that must say it in JSON as well. */
extern char cli_last_message[ERR_TEXT_MAX];

/* One value and a line's end on stdout: 0 also where the reader has seen enough, or -EIO. */
int cli_print_json(const json_t *value, size_t flags);

/* Messages to people on stderr; `cli_quiet` silences them. */
extern bool cli_quiet;
void cli_say(const char *format, ...) _printf_(1, 2);

/* The verbs: argv[0] is the verb's own name; the return is the exit status. */
int cmd_agent(int argc, char **argv);
int cmd_approvals(int argc, char **argv);
int cmd_approve(int argc, char **argv);
int cmd_reject(int argc, char **argv);
int cmd_cancel(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_flow(int argc, char **argv);
int cmd_logs(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_retry(int argc, char **argv);
int cmd_rollback(int argc, char **argv);
int cmd_rules(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_runs(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_store(int argc, char **argv);
int cmd_submit(int argc, char **argv);
int cmd_trigger(int argc, char **argv);
