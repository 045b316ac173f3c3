/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * .hadolint.yaml
 *
 * What a tree says already about the rules for its Dockerfiles, in the file of hadolint: which
 * rules are ignored, which registries are trusted, and the schema of labels. Read from the top of
 * the workspace, once in a run.
 */

#include "yaml/yaml.h"

struct docker_config {
        struct yaml_tree tree;
        const struct yaml_node *ignored;    /* list of rules, or NULL */
        const struct yaml_node *registries; /* list of patterns, or NULL = all are trusted */
        const struct yaml_node *labels;     /* name -> kind, or NULL */
        bool is_strict;                     /* labels that the schema does not name are faults */
        char *text;
};

/* Reads the file below `dirfd`; without one all is empty. 0, -ENOMEM. */
int docker_config_load(struct docker_config *config, int dirfd);
void docker_config_done(struct docker_config *config);

/* Is this rule ("DL3008") ignored in all files? */
bool docker_config_ignores(const struct docker_config *config, const char *rule);

/* Is a registry ("docker.io") one of the trusted ones? */
bool docker_config_trusts(const struct docker_config *config, const char *registry);
