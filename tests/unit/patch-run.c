/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs the patcher's action on a folder, in this process and without a cell: for tests that compare
 * it with git on many trees.
 *
 *     patch-run INPUT.json PATCH-FILE|- FOLDER
 *
 * Prints the output and exits 0, or prints "code: message" and exits 1. With `-` alone, reads
 * such lines of three words from standard input and answers each with a line "0 ..." or "1 ...".
 */
#include <fcntl.h>
#include <stdio.h>

#include "fakehost.h"

#include "test.h"

static int answer(const char *input, const char *patch, const char *folder)
{
        _cleanup_(fakehost_done) struct fakehost host;
        _cleanup_(closep) int fd = open(patch, O_RDONLY | O_CLOEXEC);
        _cleanup_(closep) int root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct fakehost_file file = { "/patch_file", fd };
        char *text;
        int code;

        fakehost_init(&host, "apply-patch", input);
        host.workspace = root;
        host.files = &file;
        host.n_files = fd >= 0;
        code = fakehost_run(&host, linhay_agent());
        if (code != 0) {
                printf("1 %s: %s\n", host.fail_code ? host.fail_code : "?",
                       host.fail_message ? host.fail_message : "?");
        } else {
                text = json_canonical(host.output);
                printf("0 %s\n", text ? text : "?");
                free(text);
        }
        (void) fflush(stdout);
        return code != 0;
}

static int serve(void)
{
        char line[3 * 4096], *input, *patch, *folder, *rest;

        while (fgets(line, sizeof(line), stdin)) {
                input = strtok_r(line, " \n", &rest);
                patch = strtok_r(NULL, " \n", &rest);
                folder = strtok_r(NULL, " \n", &rest);
                if (!folder)
                        return 2;
                (void) answer(input, patch, folder);
        }
        return 0;
}

int main(int argc, char **argv)
{
        if (argc == 2 && strcmp(argv[1], "-") == 0)
                return serve();
        if (argc != 4) {
                fprintf(stderr, "usage: patch-run INPUT.json PATCH-FILE FOLDER\n");
                return 2;
        }
        return answer(argv[1], argv[2], argv[3]);
}
