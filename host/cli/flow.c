/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/flow-catalog.h"
#include "cli/session.h"
#include "cli/term.h"
#include "flow/graph.h"

#include <string.h>

static int graph_text_plain(struct buf *out, const struct flow *f)
{
        struct graph_options options = { .is_coloured = term_has_colour(stdout) };

        return graph_text(out, f, &options);
}

static int graph_dot_plain(struct buf *out, const struct flow *f)
{
        return graph_dot(out, f, NULL);
}

static int graph_svg_plain(struct buf *out, const struct flow *f)
{
        return graph_svg(out, f, NULL);
}

static const struct {
        const char *name;
        int (*draw)(struct buf *out, const struct flow *f);
} drawings[] = {
        { "text", graph_text_plain },
        { "dot", graph_dot_plain },
        { "svg", graph_svg_plain },
};

static int verb_check(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "flow check",
                .operands = "FLOW",
                .least = 1,
                .most = 1,
                .summary = "Checks a workflow whole: every fault at once, with file and line.",
                .footer = "Exit status 0: fit to run (warnings may be printed); 2: it is not.\n",
        };
        _cleanup_(session_done) struct session s = { 0 };
        _cleanup_(flow_freep) struct flow *flow = NULL;
        const struct cli_option options[] = { { 0 } };
        struct err err = { 0 };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        if (session_open(&s, NULL, &err) < 0)
                return cli_fail(CLI_TROUBLE, &err);
        r = flow_open(&flow, argv[1], s.catalog, &err);
        if (r < 0)
                return cli_fail(CLI_USAGE, &err);
        (void) printf("%s: workflow \"%s\" is sound: %zu step%s, hash %s\n", argv[1], flow->name,
                      flow->step_count, flow->step_count == 1 ? "" : "s", flow->hash);
        return CLI_PASSED;
}

/* Loads without a catalog: a picture needs no agents. */
static int flow_read(struct flow **ret, const char *path)
{
        _cleanup_(freep) char *found = flow_path_find(path);
        struct err err = { 0 };

        if (!found)
                return cli_usage("flow: out of memory");
        return flow_load(ret, found, NULL, &err) < 0 ? cli_fail(CLI_USAGE, &err) : CLI_PASSED;
}

static int verb_graph(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "flow graph",
                .operands = "FLOW",
                .least = 1,
                .most = 1,
                .summary = "Draws a workflow: as text, as DOT for Graphviz, or as SVG.",
                .footer = "  linhay flow graph review.flow --format svg >review.svg\n",
        };
        _cleanup_(flow_freep) struct flow *flow = NULL;
        _cleanup_(buf_done) struct buf out = { 0 };
        const char *format = "text";
        const struct cli_option options[] = {
                { "format", 'f', CLI_TEXT, "FORMAT", "text, dot or svg", &format },
                { 0 },
        };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        r = flow_read(&flow, argv[1]);
        if (r != CLI_PASSED)
                return r;
        for (size_t i = 0; i < ARRAY_SIZE(drawings); i++) {
                if (strcmp(drawings[i].name, format) != 0)
                        continue;
                if (drawings[i].draw(&out, flow) < 0)
                        return cli_usage("flow graph: out of memory");
                (void) fwrite(buf_text(&out), 1, out.length, stdout);
                return CLI_PASSED;
        }
        return cli_usage("flow graph: there is no format \"%s\" (choose text, dot or svg)", format);
}

static int verb_show(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "flow show",
                .operands = "FLOW",
                .least = 1,
                .most = 1,
                .summary = "Prints a workflow in its other form: libconfig, or JSON with --json.",
        };
        _cleanup_(flow_freep) struct flow *flow = NULL;
        _cleanup_(buf_done) struct buf out = { 0 };
        bool as_json = false;
        const struct cli_option options[] = {
                { "json", 0, CLI_FLAG, NULL, "print JSON", &as_json },
                { 0 },
        };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        r = flow_read(&flow, argv[1]);
        if (r != CLI_PASSED)
                return r;
        if (as_json) {
                (void) json_dumpf(flow->json, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);
                (void) putchar('\n');
                return CLI_PASSED;
        }
        if (flow_to_conf(flow, &out) < 0)
                return cli_usage("flow show: out of memory");
        (void) fwrite(buf_text(&out), 1, out.length, stdout);
        return CLI_PASSED;
}

static const struct cli_subverb verbs[] = {
        { "check", verb_check, "check a workflow whole" },
        { "graph", verb_graph, "draw it as text, DOT or SVG" },
        { "show", verb_show, "print it as libconfig or JSON" },
};

int cmd_flow(int argc, char **argv)
{
        return cli_dispatch("flow", verbs, ARRAY_SIZE(verbs), argc, argv);
}
