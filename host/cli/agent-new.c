/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/agent.h"

#include "cli/cli.h"
#include "plug/scaffold.h"

int agent_verb_new(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "agent new",
                .operands = "NAME",
                .least = 1,
                .most = 1,
                .summary = "Makes a folder NAME with a small agent that builds and runs.",
                .footer = "Then:\n  make -C NAME\n  linhay agent check NAME/NAME.so\n"
                          "  linhay agent run NAME/NAME.so greet -i name=you\n\n"
                          "With --exec=python or --exec=shell the agent is a program, with nothing "
                          "to build:\n  linhay agent run ./NAME greet -i name=you\n",
        };
        _cleanup_(freep) char *template_dir = NULL, *sdk_dir = NULL;
        const char *exec = NULL;
        const struct cli_option options[] = {
                { "exec", 0, CLI_TEXT, "LANGUAGE", "a program instead of a shared object", &exec },
                { 0 },
        };
        struct err err = { 0 };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        r = scaffold_places(&template_dir, &sdk_dir, &err);
        if (r == 0)
                r = scaffold_new(".", argv[1], exec, template_dir, sdk_dir, &err);
        if (r < 0)
                return cli_fail(r == -EINVAL || r == -EEXIST ? CLI_USAGE : CLI_TROUBLE, &err);
        if (exec)
                (void) printf("%s/ is an agent; run it with: linhay agent run ./%s greet\n",
                              argv[1], argv[1]);
        else
                (void) printf("%s/ is an agent; build it with: make -C %s\n", argv[1], argv[1]);
        return CLI_PASSED;
}

int agent_verb_cflags(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "agent cflags",
                .operands = "",
                .summary = "Prints the compiler's flags that find <linhay/agent.h>."
        };
        _cleanup_(freep) char *template_dir = NULL, *sdk_dir = NULL;
        const struct cli_option options[] = { { 0 } };
        struct err err = { 0 };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        r = scaffold_places(&template_dir, &sdk_dir, &err);
        if (r < 0)
                return cli_fail(CLI_TROUBLE, &err);
        (void) printf("-I%s\n", sdk_dir);
        return CLI_PASSED;
}
