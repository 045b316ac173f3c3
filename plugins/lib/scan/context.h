/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Context of a file
 *
 * A private key in tests/fixtures/ is seldom the key of anything. So what is found in tests,
 * fixtures, examples, vendored code and documents is told like everything else, but two levels
 * lower where it would be high or critical, with a tag and a sentence that say why. The context is
 * read from the path alone: from the words of its folders ("e2e-tests", "testData") and of the
 * file's name ("parser_test.go", ".env.example", "CHANGES").
 */

#include <stdbool.h>
#include <stddef.h>

enum context {
        CONTEXT_NONE, /* the program itself */
        CONTEXT_VENDORED,
        CONTEXT_FIXTURE,
        CONTEXT_TEST,
        CONTEXT_EXAMPLE,
        CONTEXT_DOCS,
        CONTEXTS_,
};

/* Of several that a path tells, the first in the order above. Relative path, '/' between folders.
 */
enum context context_of(const char *path);

/*
 * Who can look into the tree: does a folder, path[0..length), hold code from elsewhere? Asked only
 * where its name alone leaves that open, as that of deps/ and external/ does, which context_of()
 * takes for vendored.
 */
struct context_tree {
        bool (*is_foreign)(void *owner, const char *path, size_t length);
        void *owner;
};

enum context context_in(const char *path, const struct context_tree *tree);

/* "context:test"; NULL of CONTEXT_NONE. */
const char *context_tag(enum context context);

/* The severity of a finding there: 0 info to 4 critical, as in <linhay/agent.h>. */
unsigned context_severity(enum context context, unsigned severity);

/* Room for a message with what is added to it. */
#define CONTEXT_MESSAGE 640

/*
 * Writes the message, and behind it why the finding is lower than its rule says. Nothing is added
 * where nothing was lowered.
 */
void context_message(char *ret, size_t size, enum context context, unsigned severity,
                     const char *message);
