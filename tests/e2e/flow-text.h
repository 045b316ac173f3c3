/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Workflows as text, for tests: JSON with ' for ", as bench_run() reads it
 *
 * Everything here is a string literal, so that a table can hold it. `more` is further members of
 * the object, each with its comma before it: ", 'needs': ['a']".
 */

/* Up to twelve literals with commas between them. */
#define TEXT_LIST(...)                                                                             \
        TEXT_PICK(__VA_ARGS__, TEXT_12, TEXT_11, TEXT_10, TEXT_9, TEXT_8, TEXT_7, TEXT_6, TEXT_5,  \
                  TEXT_4, TEXT_3, TEXT_2, TEXT_1)                                                  \
        (__VA_ARGS__)
#define TEXT_PICK(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, pick, ...) pick
#define TEXT_1(a)                                                               a
#define TEXT_2(a, ...)                                                          a ", " TEXT_1(__VA_ARGS__)
#define TEXT_3(a, ...)                                                          a ", " TEXT_2(__VA_ARGS__)
#define TEXT_4(a, ...)                                                          a ", " TEXT_3(__VA_ARGS__)
#define TEXT_5(a, ...)                                                          a ", " TEXT_4(__VA_ARGS__)
#define TEXT_6(a, ...)                                                          a ", " TEXT_5(__VA_ARGS__)
#define TEXT_7(a, ...)                                                          a ", " TEXT_6(__VA_ARGS__)
#define TEXT_8(a, ...)                                                          a ", " TEXT_7(__VA_ARGS__)
#define TEXT_9(a, ...)                                                          a ", " TEXT_8(__VA_ARGS__)
#define TEXT_10(a, ...)                                                         a ", " TEXT_9(__VA_ARGS__)
#define TEXT_11(a, ...)                                                         a ", " TEXT_10(__VA_ARGS__)
#define TEXT_12(a, ...)                                                         a ", " TEXT_11(__VA_ARGS__)

/* A step of the agent `tester`; one that calls a workflow; steps[]. */
#define STEP(id, action, more) "{'id': '" id "', 'agent': 'tester', 'action': '" action "'" more "}"
#define CALL(id, name, more)   "{'id': '" id "', 'workflow': '" name "'" more "}"
#define STEPS(...)             "'steps': [" TEXT_LIST(__VA_ARGS__) "]"

/* A workflow; one with further members before its steps. */
#define FLOW(...)            "{'name': 'test', " STEPS(__VA_ARGS__) "}"
#define FLOW_WITH(more, ...) "{'name': 'test', " more ", " STEPS(__VA_ARGS__) "}"

/* A workflow with workflows of its own, each CHILD(), with commas between them. */
#define CHILD_WITH(name, more, ...) "'" name "': {" more ", " STEPS(__VA_ARGS__) "}"
#define CHILD(name, ...)            "'" name "': {" STEPS(__VA_ARGS__) "}"
#define PARENT(children, ...)       FLOW_WITH("'workflows': {" children "}", __VA_ARGS__)
