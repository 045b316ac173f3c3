/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as nginx configuration
 *
 * Promises: each directive lies in the text and in an earlier block, a block ends behind all it
 * holds, arguments belong to one directive; a text with variables is taken apart to its end.
 */
#include "fuzz.h"

#include "server/nginx.h"

/* Every include is the same text again, a few times in all. */
struct again {
        struct span text;
        int left;
};

static int open_again(void *owner, struct span path, int (*found)(void *parser, struct span text),
                      void *parser)
{
        struct again *a = owner;

        (void) path;
        return a->left-- > 0 ? found(parser, a->text) : 0;
}

static void pieces_try(struct span text)
{
        struct span literal, name;
        size_t left = text.length;

        while (nginx_piece(&text, &literal, &name)) {
                promise(literal.length > 0 || name.length > 0, "a piece is not empty");
                promise(text.length < left, "and takes something off");
                left = text.length;
        }
        promise(text.length == 0, "all of it");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct again again = { { (const char *) data, size }, 3 };
        struct nginx n = { 0 };

        if (nginx_parse(&n, (const char *) data, size, open_again, &again) < 0)
                return 0;
        for (size_t i = 0; i < n.n_list; i++) {
                const struct nginx_directive *d = &n.list[i];

                promise(d->parent < (int) i, "a block stands before what it holds");
                promise(d->parent < 0 || n.list[d->parent].last >= (int) i, "and ends behind it");
                promise(d->last >= (int) i && d->last < (int) n.n_list, "it ends in the list");
                promise(d->start <= d->end && d->end <= size, "it lies in the text");
                promise(d->first_arg + d->n_args <= n.n_args, "its arguments are in the list");
                promise(nginx_holds(&n, d->parent, (int) i), "its block holds it");
                (void) nginx_condition(&n, d);
                for (size_t a = 0; a < d->n_args; a++)
                        pieces_try(nginx_arg(&n, d, a));
        }
        nginx_done(&n);
        return 0;
}
