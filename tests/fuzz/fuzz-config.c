/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as a file of configuration: a name, a newline, and the file's text
 *
 * Promises: what is said of a Kubernetes object, a workflow or a unit has a rule of its control and
 * lies inside the text, as does what is hidden; no file is worth more than a few ten thousand
 * findings; an expression is a tree, or broken with words; an assignment of a unit lies inside the
 * text, and its value ends.
 */
#include "fuzz.h"

/* The library of the agent. */
#include "../../plugins/compliance-checker/actions-expr.h"
#include "../../plugins/compliance-checker/actions.h"
#include "../../plugins/compliance-checker/compose.h"
#include "../../plugins/compliance-checker/kube.h"
#include "../../plugins/compliance-checker/unit-file.h"
#include "../../plugins/compliance-checker/unit.h"

/* A host that offers nothing: there is no tree, only this file. */
static const struct linhay_services nothing;
static struct linhay_run run = { .size = sizeof(run), .services = &nothing };

static void check_try(int (*look)(struct check *c), const char *path, const char *text,
                      size_t length)
{
        struct check c = {
                .run = &run, .path = path, .text = text, .length = length, .own_end = length
        };

        promise(look(&c) == 0, "there is memory enough");
        promise(c.n_reports <= 30000, "findings have a limit");
        for (size_t i = 0; i < c.n_reports; i++) {
                const struct report *r = &c.reports[i];

                promise(!strncmp(r->rule, "config/", 7), "a rule is of its control");
                promise(r->control == CONTROL_CONFIG && *r->message, "a finding has words");
                promise(r->start <= r->end && r->end <= length, "a finding lies in the text");
        }
        for (size_t i = 0; i < c.n_masks; i++)
                promise(c.masks[i].start <= c.masks[i].end && c.masks[i].end <= length,
                        "what is hidden lies in the text");
        c.n_reports = 0;
        c.text = NULL;
        check_done(&c);
}

static int count_output(void *owner, const struct actions_expr_node *n)
{
        size_t *left = owner;

        promise(n->kind == EXPR_CONTEXT || n->kind == EXPR_CALL, "what comes out has a name");
        promise(*left > 0, "a tree is walked once");
        --*left;
        return 0;
}

static void expression_try(const char *text, size_t length)
{
        struct actions_expr e;
        size_t left = ACTIONS_EXPR_NODES;

        promise(actions_expr_parse(&e, (struct span){ text, length }) == 0, "there is memory");
        promise((e.root < 0) == (e.error != NULL), "a tree, or words");
        promise(e.n <= ACTIONS_EXPR_NODES && e.root < (int) e.n, "nodes have a limit");
        for (size_t i = 0; i < e.n; i++) {
                promise(e.nodes[i].child < (int) e.n && e.nodes[i].next < (int) e.n,
                        "children are nodes");
                promise(strlen(e.nodes[i].text) < ACTIONS_EXPR_PATH, "a path ends");
        }
        if (e.root >= 0)
                (void) actions_expr_outputs(&e, e.root, count_output, &left);
        actions_expr_done(&e);
}

static void unit_try(const char *text, size_t length)
{
        struct unit_file u;

        promise(unit_parse(&u, text, length) == 0, "there is memory enough");
        for (size_t i = 0; i < u.n; i++) {
                const struct unit_assignment *a = &u.list[i];

                promise(a->start < a->end && a->end <= length, "an assignment lies in the text");
                promise(a->value.text >= u.values &&
                                a->value.text + a->value.length < u.values + length + 2,
                        "a value lies in its place");
        }
        unit_done(&u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const uint8_t *newline = memchr(data, '\n', size);
        size_t head = newline ? (size_t) (newline - data) + 1 : 0, length = size - head;
        char path[64], *text = malloc(length + 1);

        if (!text)
                return 0;
        (void) snprintf(path, sizeof(path), "%.*s", (int) (head ? head - 1 : 0),
                        (const char *) data);
        memcpy(text, data + head, length);
        text[length] = '\0';
        check_try(kube_check, path, text, length);
        check_try(actions_check, path, text, length);
        check_try(unit_check, path, text, length);
        check_try(compose_check, path, text, length);
        expression_try(text, length);
        unit_try(text, length);
        free(text);
        return 0;
}
