/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Replay: a fuzz target without libFuzzer
 *
 * Runs the files named in the arguments, or the target's corpus, through the target, and prints
 * TAP. Each file is given whole and cut at every fourth of it: a reader that trusts the end of its
 * input shows itself by that. The bytes are copied to memory of exactly their size, so that the
 * address sanitizer sees every byte read behind them.
 */
#include "fuzz.h"

#include "base/buf.h"
#include "base/io.h"

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

static void replay_part(const char *data, size_t size)
{
        _cleanup_(freep) uint8_t *copy = malloc(size ? size : 1);

        if (!copy)
                abort();
        if (size)
                memcpy(copy, data, size);
        (void) LLVMFuzzerTestOneInput(copy, size);
}

static bool replay(const char *path)
{
        _cleanup_(buf_done) struct buf b = { 0 };
        struct err err = { 0 };

        if (file_read(path, &b, &err) < 0) {
                printf("# %s\n", err_text(&err));
                return false;
        }
        for (size_t part = 1; part <= 4; part++)
                replay_part(buf_text(&b), b.length * part / 4);
        return true;
}

/* The line of the input that is being replayed, should a promise break. */
static char broken[NAME_MAX + 32];

static void on_abort(int signal)
{
        (void) signal;
        (void) !write(STDOUT_FILENO, broken, strlen(broken));
        _exit(EXIT_FAILURE);
}

static bool replay_test(int number, const char *path, const char *name)
{
        (void) snprintf(broken, sizeof(broken), "not ok %d - %s\n", number, name);
        (void) fflush(stdout);
        return replay(path);
}

static int replay_folder(const char *folder)
{
        struct dirent **names;
        int n = scandir(folder, &names, NULL, alphasort), tests = 0;

        (void) signal(SIGABRT, on_abort);
        replay_part("", 0);
        for (int i = 0; i < n; i++) {
                _cleanup_(freep) char *path = NULL;

                if (names[i]->d_name[0] != '.' &&
                    asprintf(&path, "%s/%s", folder, names[i]->d_name) > 0) {
                        bool is_ok = replay_test(++tests, path, names[i]->d_name);

                        printf("%s %d - %s\n", is_ok ? "ok" : "not ok", tests, names[i]->d_name);
                }
                free(names[i]);
        }
        if (n >= 0)
                free(names);
        if (tests == 0)
                printf("not ok %d - %s holds a corpus\n", ++tests, folder);
        printf("1..%d\n", tests);
        return 0;
}

int main(int argc, char **argv)
{
        const char *source = getenv("LINHAY_SRCDIR"), *name = strrchr(argv[0], '/');
        char folder[PATH_MAX];
        int bad = 0;

        for (int i = 1; i < argc; i++)
                bad += !replay(argv[i]);
        if (argc > 1)
                return bad != 0;

        /* The program is fuzz-NAME, or lt-fuzz-NAME; its corpus is corpus/NAME. */
        name = strstr(name ? name : argv[0], "fuzz-");
        if (!name)
                return 2;
        (void) snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", source ? source : ".",
                        name + strlen("fuzz-"));
        return replay_folder(folder);
}
