/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A service with what it extends
 *
 * The layers of one service: its own mapping first, then that of the service that it extends, of
 * the same file or another, and so on. Of a key with one value the first layer's holds, lists are
 * those of all layers, and the tags !reset and !override end what lies below, as compose has it.
 */

#include "compose-file.h"

#define COMPOSE_LAYERS_MAX 16
#define COMPOSE_ITEMS_MAX  200 /* of one list of one layer */

struct compose_layer {
        const struct compose_file *file;
        const struct yaml_node *node;
};

struct compose_service {
        struct compose_project *p;
        const struct yaml_node *name;    /* its key */
        const struct yaml_node *extends; /* its own; NULL = it extends none */
        struct compose_layer layers[COMPOSE_LAYERS_MAX];
        size_t n;
        bool is_partial; /* something that it extends is not there */
};

/* 0, or a negative errno. Nothing is to be freed. */
int compose_service_read(struct compose_service *s, struct compose_project *p,
                         const struct yaml_node *name, const struct yaml_node *node);

/* The value that holds for a key, and its layer; NULL = none. */
const struct yaml_node *compose_service_get(const struct compose_service *s, const char *key,
                                            size_t *ret_layer);

/* Calls `visit` for each item of a list, which may be one text alone, in all layers that count. */
int compose_service_each(const struct compose_service *s, const char *key,
                         int (*visit)(void *owner, size_t layer, const struct yaml_node *item),
                         void *owner);
