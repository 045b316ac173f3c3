/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A shell script as its commands
 *
 * Reads POSIX shell and what bash adds to it as far as one has to in order to know each simple
 * command: its name, its arguments, its assignments and redirections, what joins it to the one
 * before, and which commands are piped together. Commands within `if`, loops, `case`, functions,
 * subshells, substitutions and `sh -c "…"` are commands like all others, in the order of the text.
 *
 * Nothing is expanded: a word keeps its `$X` as it was written, and says that it has one. A script
 * that is no shell at all still gives commands, and a fault.
 *
 * All memory belongs to the script.
 */

#include <stdbool.h>
#include <stddef.h>

#define SHELL_DEPTH_MAX    24    /* commands within commands */
#define SHELL_COMMANDS_MAX 20000 /* of one script */

struct shell_word {
        const char *text;  /* without its quotes */
        size_t start, end; /* where it stands in the script */
        bool is_quoted;    /* some of it */
        bool has_expansion;
};

struct shell_redirect {
        const char *sign; /* ">", ">>", "<", "<<", "<<<", ">&", "&>", … */
        struct shell_word target;
};

/* What stands before a command. */
enum shell_join {
        SHELL_FIRST, /* nothing, or the beginning of a block */
        SHELL_THEN,  /* ; & or a line's end */
        SHELL_AND,   /* && */
        SHELL_OR,    /* || */
        SHELL_PIPE,  /* | or |& */
};

struct shell_command {
        const char *name; /* of the program, without its folders; "" = assignments only */
        const struct shell_word *words;
        size_t n_words;
        size_t first; /* the word that is the name; those before are sudo, env, time and the like */
        const struct shell_word *assigns; /* NAME=value before the words, and those given to env */
        size_t n_assigns;
        const struct shell_redirect *redirects;
        size_t n_redirects;
        enum shell_join join;
        unsigned pipeline; /* commands that are piped together share its number */
        unsigned depth;    /* 0 = not in a subshell, substitution or block */
        bool is_quoted;    /* it stands in a text that is given to `sh -c` or `eval` */
        size_t start, end;
};

struct shell_script {
        const struct shell_command *commands;
        size_t n_commands;
        size_t n_pipes;    /* that are not within quotes of `sh -c` */
        const char *fault; /* NULL = all was understood */
        size_t fault_at;
        struct block *blocks; /* private */
};

/* 0 also for what is no shell (see `fault`), -ENOMEM. Must be given to shell_done(). */
int shell_parse(struct shell_script *ret_script, const char *text, size_t length);

/* The script of one command that is given as its words (RUN ["a", "b"]). */
int shell_from_words(struct shell_script *ret_script, const struct shell_word *words, size_t n);

void shell_done(struct shell_script *script);

/* The i-th word behind the name, or NULL. */
const struct shell_word *shell_argument(const struct shell_command *command, size_t i);

/* Is one of the words before the name this program ("sudo")? */
bool shell_runs_through(const struct shell_command *command, const char *program);
