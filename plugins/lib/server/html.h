/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The tags of a page
 *
 * A reader of tags and attributes as far as scripts and metas need it: comments and the insides of
 * scripts and styles are passed over. It builds no tree.
 */

#include "scan/def.h"

#define HTML_ATTRIBUTES 32

struct html_tag {
        struct span name;
        struct {
                struct span name, value;
        } attributes[HTML_ATTRIBUTES];
        size_t n_attributes;
};

/* Takes the next opening tag off a page: false at its end. */
bool html_next(struct span *page, struct html_tag *ret_tag);

/* The value of an attribute; false when the tag has none of this name. */
bool html_attribute(const struct html_tag *t, const char *name, struct span *ret_value);
