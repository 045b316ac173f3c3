/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as a shell script
 *
 * Promises: commands, words and redirections lie in the script; the name is one of the words or
 * there is none; a command that is piped into another has its pipeline.
 */
#include "fuzz.h"

#include "docker/shell.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct shell_script script;

        if (shell_parse(&script, (const char *) data, size) < 0)
                return 0;
        promise(script.n_commands <= SHELL_COMMANDS_MAX, "commands are bounded");
        promise(!script.fault || (*script.fault && script.fault_at <= size), "a fault has words");
        for (size_t i = 0; i < script.n_commands; i++) {
                const struct shell_command *c = &script.commands[i];

                promise(c->start <= c->end && c->end <= size, "a command lies in the script");
                promise(c->first <= c->n_words && (c->first < c->n_words || !*c->name),
                        "the name is one of its words");
                promise(c->pipeline > 0, "it has a pipeline");
                for (size_t k = 0; k < c->n_words; k++)
                        promise(c->words[k].text && c->words[k].start <= c->words[k].end &&
                                        c->words[k].end <= size,
                                "a word lies in the script");
                for (size_t k = 0; k < c->n_redirects; k++)
                        promise(c->redirects[k].sign && c->redirects[k].target.text,
                                "a redirection has a sign and a target");
                promise(!shell_argument(c, c->n_words), "there is no argument past the last");
        }
        shell_done(&script);
        return 0;
}
