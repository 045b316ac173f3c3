/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The words of a shell script
 *
 * The lexer of shell.c: cuts a text into words, operators and line ends, knows quotes, expansions,
 * comments and here-documents. What stands in a substitution is left in its word, and its place is
 * noted for who wants to read it as a script of its own.
 */

#include "block.h"
#include "docker/shell.h"

enum shell_kind {
        SHELL_END,
        SHELL_NEWLINE,
        SHELL_WORD,
        SHELL_OPERATOR, /* && || | |& & ; ;; ;& ;;& ( ) */
        SHELL_REDIRECT,
};

struct shell_token {
        enum shell_kind kind;
        char sign[4];           /* of an operator or redirection */
        struct shell_word word; /* of a word */
        size_t start, end;
};

/* Text between $( ) or back-quotes. */
struct shell_inner {
        size_t start, end;
};

struct shell_lexer {
        const char *text;
        size_t length;
        size_t at;
        struct block **blocks;
        char *word; /* what the current word is made of */
        size_t n_word, word_size;
        struct shell_inner *inner; /* substitutions of the words read so far */
        size_t n_inner, inner_size;
        struct shell_word *here; /* here-documents whose bodies come at the next line's end */
        size_t n_here, here_size;
        const char *fault;
        size_t fault_at;
};

/* Reads the next token: 0, -ENOMEM. */
int shell_lex(struct shell_lexer *lexer, struct shell_token *ret_token);

void shell_lexer_done(struct shell_lexer *lexer);
