/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/report.h"

#include "base/io.h"
#include "cli/cli.h"
#include "cli/record.h"
#include "cli/report-print.h"
#include "cli/term.h"

static const struct cli_verb verb = {
        .name = "report",
        .operands = "RUN",
        .least = 1,
        .most = 1,
        .summary = "Prints the report of a run.",
        .footer = "Formats: text, markdown, html (one self-contained file), json, sarif (2.1.0), "
                  "and as bills "
                  "of materials cyclonedx (1.6, JSON) and spdx (2.3, JSON).\n\n"
                  "  linhay report 01j9 --format sarif >linhay.sarif\n"
                  "  linhay report 01j9 --format cyclonedx >bom.cdx.json\n",
};

int cmd_report(int argc, char **argv)
{
        _cleanup_(record_done) struct record record = { 0 };
        const char *format_name = "text", *store = NULL;
        struct report_print how = { .format = REPORT_TEXT };
        const struct cli_option options[] = {
                { "format", 'f', CLI_TEXT, "FORMAT",
                  "text, markdown, html, json, sarif, cyclonedx or spdx", &format_name },
                { "all", 'a', CLI_FLAG, NULL,
                  "every finding with all its places (text and markdown; the others have them)",
                  &how.is_all },
                { "store", 0, CLI_TEXT, "DIR", "where the run is kept (default: found by its id)",
                  &store },
                { 0 },
        };
        struct err err = { 0 };
        size_t n;
        int r;

        if (cli_parse(&verb, options, argc, argv, &n, &r) < 0)
                return r;
        if (report_format_from_name(&how.format, format_name, &err) < 0)
                return cli_fail(CLI_USAGE, &err);
        r = record_open(&record, argv[1], store, &err);
        if (r < 0)
                return cli_fail(record_exit(r), &err);
        r = report_print(record.store, record.run, &how, stdout, &err);
        if (r == -EPIPE) /* whoever reads has seen enough */
                return CLI_PASSED;
        return r < 0 ? cli_fail(CLI_TROUBLE, &err) : CLI_PASSED;
}
