/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The name of an image, in its parts
 *
 *     registry.example:5000/team/app:1.2@sha256:0123…
 *     `------ registry ----' `-name-' tag  digest
 *
 * The parts lie in the text that was given; an absent one is empty.
 */

#include <stdbool.h>
#include <stddef.h>

struct image_part {
        const char *text;
        size_t length;
};

struct image {
        struct image_part registry; /* host and port; empty = Docker Hub */
        struct image_part name;     /* without registry, tag and digest */
        struct image_part tag;
        struct image_part digest; /* "sha256:…" */
};

struct image image_split(const char *text);

bool image_part_is(struct image_part part, const char *text);
