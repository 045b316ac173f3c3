/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One workflow or action while it is looked at: its triggers, where its texts lie, and telling.
 * Like any YAML it may name one node very often by aliases, so steps and bytes are counted.
 */

#include "check.h"

#include "yaml/yaml.h"

#define ACTIONS_STEPS_MAX    20000              /* steps, jobs and list items of one file */
#define ACTIONS_BYTES_MAX    (16 * 1024 * 1024) /* of texts in which expressions are looked for */
#define ACTIONS_FINDINGS_MAX 5000

/* What starts a workflow, as far as rules differ. */
enum actions_trigger {
        ON_PULL_REQUEST = 1,
        ON_TARGET = 2,       /* pull_request_target: a stranger's request, our rights */
        ON_WORKFLOW_RUN = 4, /* the same, after another workflow */
        ON_COMMENT = 8,      /* issue_comment: anybody may write one */
        ON_RELEASE = 16,
        ON_TAG = 32,
};

struct actions {
        struct check *c;
        const struct yaml_node *root;
        unsigned triggers;
        size_t steps, bytes, findings; /* that are left */
};

/* A step where it stands; job is NULL in an action. */
struct actions_step {
        const struct yaml_node *job;
        const struct yaml_node *node;
};

/* A node's text, "" unless it is a scalar. */
const char *actions_text(const struct yaml_node *node);

/* Where a node stands in the file, quotes and all; empty when the bytes are used up. */
struct span actions_source(struct actions *a, const struct yaml_node *node);

/* How many items of a list or mapping to look at; they are paid from the steps. */
size_t actions_count(struct actions *a, const struct yaml_node *node, enum yaml_kind kind);

/* The name in `uses: NAME@REF` without REF, in ret; false if there is none. */
bool actions_uses(const struct actions_step *s, char *ret, size_t size);

/* Is it this action, whatever the version? "owner/name" also means "owner/name/folder". */
bool actions_is(const struct actions_step *s, const char *name);

int actions_tell(struct actions *a, const struct notice *notice, const struct yaml_node *at);
int actions_tell_span(struct actions *a, const struct notice *notice, struct span at);
