/* SPDX-License-Identifier: Apache-2.0 */

/*
 * usage: agent-run AGENT.so ACTION INPUT-JSON WORKSPACE [POINTER=FILE]...
 *
 * Runs a built agent in this process, without a cell, and prints {error, output, findings, ms}: for
 * the scripts that measure agents on many samples.
 */

#include "test.h"

#include "base/io.h"
#include "base/loop.h"
#include "fakehost.h"

#include <fcntl.h>

int main(int argc, char **argv)
{
        struct fakehost_file files[8];
        const struct linhay_agent *agent;
        struct fakehost host;
        uint64_t before;
        json_t *result;
        int r;

        if (argc < 5 || argc > 5 + (int) TEST_ROWS(files)) {
                (void) fprintf(stderr, "usage: %s AGENT.so ACTION INPUT WORKSPACE [POINTER=FILE]\n",
                               argv[0]);
                return 2;
        }
        agent = fakehost_load(argv[1]);
        fakehost_init(&host, argv[2], argv[3]);
        host.workspace = open(argv[4], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        host.files = files;
        for (int i = 5; i < argc; i++) {
                char *file = strchr(argv[i], '=');

                if (!file)
                        return 2;
                *file++ = '\0';
                files[host.n_files++] =
                        (struct fakehost_file){ argv[i], open(file, O_RDONLY | O_CLOEXEC) };
        }
        before = clock_us();
        r = fakehost_run(&host, agent);
        result = json_pack("{ss? so? sO sf}", "error", host.fail_message, "output",
                           host.output ? json_incref(host.output) : NULL, "findings", host.findings,
                           "ms", (double) (clock_us() - before) / 1000);
        (void) json_dumpf(result, stdout, JSON_INDENT(1));
        (void) putchar('\n');
        json_decref(result);
        fakehost_done(&host);
        return r == 0 ? 0 : 1;
}
