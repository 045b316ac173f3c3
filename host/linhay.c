/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "base/def.h"
#include "cli/cli.h"
#include "conf/suggest.h"

#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
        const char *help;
} verbs[] = {
        { "run", cmd_run, "run a workflow over a tree, or carry on a run" },
        { "submit", cmd_submit, "give a run to linhayd" },
        { "retry", cmd_retry, "repeat a run that ended, and keep what was good" },
        { "report", cmd_report, "report of a run: text, html, sarif, cyclonedx and others" },
        { "runs", cmd_runs, "the runs of a store" },
        { "show", cmd_show, "the record of a run" },
        { "logs", cmd_logs, "what the agents of a run logged" },
        { "approvals", cmd_approvals, "the changes that wait for a person" },
        { "diff", cmd_diff, "what a run wants to change, or changed" },
        { "approve", cmd_approve, "approve exactly those changes" },
        { "reject", cmd_reject, "reject them: the step fails, nothing is written" },
        { "rollback", cmd_rollback, "undo what a run applied" },
        { "cancel", cmd_cancel, "ask the engine that carries a run to end it" },
        { "flow", cmd_flow, "check, draw and convert workflows" },
        { "trigger", cmd_trigger, "what starts workflows by itself: list, fire" },
        { "agent", cmd_agent, "make, check, run, list and show agents" },
        { "rules", cmd_rules, "list, explain, test, compile and import rules for secrets" },
        { "store", cmd_store, "count, prune, check, back up and restore a store" },
        { "doctor", cmd_doctor, "probe what confines agents on this machine" },
};

static int help_print(FILE *f, int status)
{
        (void) fprintf(f,
                       "linhay runs agents over source trees, each step in a confined process.\n\n"
                       "usage: linhay VERB [OPTION…] …\n\nverbs:\n");
        for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
                (void) fprintf(f, "  %-10s %s\n", verbs[i].name, verbs[i].help);
        (void) fprintf(f, "\nlinhay VERB --help says more. Start with: linhay run review\n");
        return status;
}

static int verb_run(int argc, char **argv)
{
        const char *names[ARRAY_SIZE(verbs) + 1] = { NULL }, *near;

        for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
                if (strcmp(argv[0], verbs[i].name) == 0)
                        return verbs[i].run(argc, argv);
                names[i] = verbs[i].name;
        }
        near = suggest(argv[0], names);
        if (near)
                return cli_usage("there is no verb \"%s\" (did you mean \"%s\"?)", argv[0], near);
        return cli_usage("there is no verb \"%s\" (linhay --help lists them)", argv[0]);
}

/* The errno of the write that failed may be long gone; the pipe itself still tells. */
static bool reader_has_left(void)
{
        struct pollfd out = { .fd = STDOUT_FILENO };

        return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

/* Output that was lost is a failure whatever the verb thought; a reader who left early is none. */
static int stdout_close(int status)
{
        bool is_lost = ferror(stdout) != 0, has_left = reader_has_left();

        errno = 0;
        if (fclose(stdout) != 0)
                is_lost = true;
        if (!is_lost || has_left || errno == EPIPE)
                return status;
        (void) fprintf(stderr, "linhay: the output could not be written whole: %s\n",
                       errno ? strerror(errno) : "an earlier write failed");
        return status == CLI_PASSED ? CLI_TROUBLE : status;
}

int main(int argc, char **argv)
{
        /* Numbers in JSON and in files are written with a point, whatever the user's language. */
        (void) setlocale(LC_CTYPE, "C.UTF-8");
        (void) signal(SIGPIPE, SIG_IGN);

        if (argc < 2)
                return help_print(stderr, CLI_USAGE);
        /* "linhay help flow check" is "linhay flow check --help". */
        if (strcmp(argv[1], "help") == 0 && argc > 2) {
                memmove(argv + 1, argv + 2, (size_t) (argc - 2) * sizeof(*argv));
                argv[argc - 1] = (char *) "--help";
                return stdout_close(verb_run(argc - 1, argv + 1));
        }
        if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
            strcmp(argv[1], "help") == 0)
                return help_print(stdout, CLI_PASSED);
        if (strcmp(argv[1], "--version") == 0) {
                (void) puts("linhay " PACKAGE_VERSION);
                return CLI_PASSED;
        }
        return stdout_close(verb_run(argc - 1, argv + 1));
}
