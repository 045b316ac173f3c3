/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bundle.h"
#include "base/io.h"
#include "plug/closure.h"

#include "die.h"

#define PYTHON    "/usr/bin/python3"
#define FILE_NAME "agent"
#define PATHS_MAX 500

static const char head[] = "import base64, errno, json, os, subprocess, sys\n"
                           "line = os.read(3, 65536)\n"
                           "start = json.loads(line)\n"
                           "def secret():\n"
                           "    return os.pread(start['secrets']['TOKEN'], 4096, 0)\n"
                           "def send(**message):\n"
                           "    os.write(3, json.dumps(message).encode() + b'\\n')\n"
                           "def end(code=errno.ENODATA):\n"
                           "    send(type='output', value={'errno': code})\n"
                           "    sys.stdout.flush()\n"
                           "    os._exit(0 if 'LINHAY_ACTION' in os.environ else code)\n"
                           "def last_words(kind, what, trace):\n"
                           "    end(what.errno if isinstance(what, OSError) else errno.EPROTO)\n"
                           "sys.excepthook = last_words\n";

static struct cell_program program;
static const char *argv[] = { PYTHON, CELL_FOLDER "/" FILE_NAME, NULL };
static char *paths[PATHS_MAX];
static size_t n_paths;

/* A list with a NULL behind it. */
static const char *const *paths_add(const char *first, const json_t *list)
{
        char **begin = &paths[n_paths];
        json_t *item;
        size_t i;

        if (n_paths + json_array_size(list) + 2 > PATHS_MAX)
                die("the closure of %s is too large", PYTHON);
        if (first)
                paths[n_paths++] = realpath(first, NULL);
        json_array_foreach (list, i, item)
                paths[n_paths++] = realpath(json_string_value(item), NULL);
        n_paths++;
        return (const char *const *) begin;
}

const struct cell_program *script_program(void)
{
        _cleanup_(json_decrefp) json_t *closure = NULL;
        struct err err = { 0 };

        if (program.argv)
                return &program;
        if (closure_find(&closure, PYTHON, NULL, &err) < 0)
                die("%s", err_text(&err));
        program = (struct cell_program){
                .argv = argv,
                .run = paths_add(PYTHON, json_object_get(closure, "run")),
                .read = paths_add(NULL, json_object_get(closure, "read")),
        };
        return &program;
}

void script_done(void)
{
        for (size_t i = 0; i < n_paths; i++)
                free(paths[i]);
}

static int text_make(struct buf *ret, const char *script, bool is_honest)
{
        return buf_printf(ret, "%shonest = %s\n%s", head, is_honest ? "True" : "False", script);
}

int script_bundle(const char *script, bool is_honest, char ret_sha256[SHA256_HEX])
{
        _cleanup_(buf_done) struct buf text = { 0 };
        _cleanup_(closep) int folder = -1;
        char path[128], name[160];
        struct err err = { 0 };
        int fd = memfd_create("bundle", MFD_CLOEXEC | MFD_ALLOW_SEALING);

        (void) snprintf(path, sizeof(path), "%s/script", scene.folder);
        (void) snprintf(name, sizeof(name), "%s/" FILE_NAME, path);
        if (fd < 0 || text_make(&text, script, is_honest) < 0 || dir_make(path, &err) < 0 ||
            file_replace(name, text.data, text.length, 0600, &err) < 0)
                die("cannot write %s: %s", name, err_text(&err));
        folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0 || bundle_pack(fd, folder, path, &err) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
            sha256_fd(ret_sha256, fd) < 0 || lseek(fd, 0, SEEK_SET) < 0)
                die("cannot bundle %s: %s", path, err_text(&err));
        return fd;
}

/* A file without a name becomes this descriptor, to be read from its beginning. */
static void file_make(int fd, const char *bytes)
{
        int made = memfd_create("script", 0);

        if (made < 0 || fd_write_all(made, bytes, strlen(bytes)) < 0 ||
            lseek(made, 0, SEEK_SET) < 0 || dup2(made, fd) < 0)
                _exit(EIO);
}

_Noreturn void script_exec(const char *script)
{
        static const char first[] = "{\"secrets\":{\"TOKEN\":4}}\n";
        char *const environment[] = { NULL };
        struct buf text = { 0 };

        if (text_make(&text, script, false) < 0)
                _exit(EIO);
        file_make(3, first);
        file_make(4, PROBE_SECRET_TEXT);
        (void) close_range(5, ~0U, 0);
        (void) execve(PYTHON, (char *[]){ (char *) PYTHON, (char *) "-c", text.data, NULL },
                      environment);
        _exit(EIO);
}
