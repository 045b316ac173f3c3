/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/agent.h"

#include "cli/cli.h"
#include "conf/tree.h"
#include "plug/closure.h"

int agent_verb_closure(int argc, char **argv)
{
        static const struct cli_verb verb = {
                .name = "agent closure",
                .operands = "INTERPRETER [PATH...]",
                .least = 1,
                .most = 32,
                .summary = "Prints the option that grants an interpreter to exec agents.",
                .footer = "Found are its loader, its libraries and its folder below /usr/lib; name "
                          "others as PATH.\nRead it, and put it into the configuration file:\n\n"
                          "  linhay agent closure /usr/bin/python3 > "
                          "/etc/linhay/conf.d/python.conf\n",
        };
        _cleanup_(json_decrefp) json_t *closure = NULL, *file = NULL;
        _cleanup_(buf_done) struct buf text = { 0 };
        bool as_json = false;
        const struct cli_option options[] = {
                { "json", 0, CLI_FLAG, NULL, "print the group alone, as JSON", &as_json },
                { 0 },
        };
        const char *folders[32] = { NULL };
        struct err err = { 0 };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        for (size_t i = 1; i < n && i < ARRAY_SIZE(folders); i++)
                folders[i - 1] = argv[i + 1];
        r = closure_find(&closure, argv[1], folders, &err);
        if (r < 0)
                return cli_fail(CLI_USAGE, &err);
        if (as_json) {
                (void) json_dumpf(closure, stdout, JSON_INDENT(2));
                (void) putchar('\n');
                return CLI_PASSED;
        }
        file = json_pack("{s:{s:[O]}}", "exec", "grants", closure);
        r = file ? tree_write(&text, file) : -ENOMEM;
        if (r < 0)
                return cli_fail(CLI_TROUBLE, &(struct err){ .code = r });
        (void) fputs(buf_text(&text), stdout);
        return CLI_PASSED;
}
