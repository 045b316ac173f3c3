/* SPDX-License-Identifier: Apache-2.0 */
#include "docker/image.h"

#include <string.h>

static struct image_part part(const char *start, const char *end)
{
        return (struct image_part){ start, (size_t) (end - start) };
}

/* Up to the first slash it is a registry if it could be a host. */
static bool is_registry(struct image_part p)
{
        return memchr(p.text, '.', p.length) || memchr(p.text, ':', p.length) ||
               image_part_is(p, "localhost");
}

/* The colon before a tag: one that is in no ${X:-y}. */
static const char *find_colon(const char *text, const char *end)
{
        unsigned depth = 0;

        for (; text < end; text++) {
                if (*text == '{')
                        depth++;
                else if (*text == '}' && depth > 0)
                        depth--;
                else if (*text == ':' && depth == 0)
                        return text;
        }
        return NULL;
}

struct image image_split(const char *text)
{
        const char *end = text + strlen(text), *at = strchr(text, '@'), *slash, *colon;
        struct image image = { 0 };

        if (at) {
                image.digest = part(at + 1, end);
                end = at;
        }
        slash = memchr(text, '/', (size_t) (end - text));
        if (slash && is_registry(part(text, slash))) {
                image.registry = part(text, slash);
                text = slash + 1;
        }
        slash = memrchr(text, '/', (size_t) (end - text));
        colon = find_colon(slash ? slash + 1 : text, end);
        if (colon) {
                image.tag = part(colon + 1, end);
                end = colon;
        }
        image.name = part(text, end);
        return image;
}

bool image_part_is(struct image_part p, const char *text)
{
        return p.length == strlen(text) && memcmp(p.text, text, p.length) == 0;
}
