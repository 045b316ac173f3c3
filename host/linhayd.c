/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "cli/cli.h"
#include "daemon/daemon.h"

#include <locale.h>
#include <signal.h>
#include <string.h>

static const struct cli_verb verb = {
        .name = "linhayd",
        .operands = "",
        .least = 0,
        .most = 0,
        .summary = "Carries runs of workflows, and starts them by their triggers.",
        .is_program = true,
        .footer = "SIGHUP reads configuration, agents and workflows anew; SIGTERM stops. See "
                  "linhayd(8).\n",
};

int main(int argc, char **argv)
{
        const char *config = NULL;
        bool version = false;
        const struct cli_option options[] = {
                { "config", 'c', CLI_TEXT, "FILE",
                  "instead of $LINHAY_CONFIG or /etc/linhay/linhay.conf", &config },
                { "version", 0, CLI_FLAG, NULL, "print the version and end", &version },
                { 0 },
        };
        size_t n;
        int r;

        (void) setlocale(LC_CTYPE, "C.UTF-8");
        (void) signal(SIGPIPE, SIG_IGN);
        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        if (version) {
                (void) puts("linhayd " PACKAGE_VERSION);
                return CLI_PASSED;
        }
        /* Before there are threads; a reload reads it again. */
        if (config && setenv("LINHAY_CONFIG", config, 1) < 0)
                return CLI_TROUBLE;
        return daemon_run();
}
