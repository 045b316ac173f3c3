/* SPDX-License-Identifier: Apache-2.0 */
#include "plug/closure.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/listing.h"

#define HEADERS_MAX 64
#define LISTED_MAX  (1U << 20) /* bytes that the loader may print */
#define OBJECTS_MAX 512        /* looked into, in folders */
#define DEPTH_MAX   8

struct finder {
        json_t *run, *read;
        char loader[256]; /* "" = the program needs none */
        unsigned objects;
        struct err *err;
};

static int path_note(json_t *list, const char *path)
{
        json_t *item;
        size_t i;

        json_array_foreach (list, i, item) {
                if (strcmp(json_string_value(item), path) == 0)
                        return 0;
        }
        return json_array_append_new(list, json_string(path)) < 0 ? -ENOMEM : 0;
}

/* The path in the header PT_INTERP; none is no error: the program is static. */
static int loader_read(struct finder *f, int fd, const char *program)
{
        Elf64_Ehdr head;
        Elf64_Phdr part;

        if (pread(fd, &head, sizeof(head), 0) != (ssize_t) sizeof(head) ||
            memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
            head.e_phentsize != sizeof(part) || head.e_phnum > HEADERS_MAX)
                return err_set(
                        f->err, -ENOEXEC,
                        "%s is no program of this machine; if it is a script, name what runs "
                        "it",
                        program);
        for (unsigned i = 0; i < head.e_phnum; i++) {
                if (pread(fd, &part, sizeof(part), (off_t) (head.e_phoff + i * sizeof(part))) !=
                    (ssize_t) sizeof(part))
                        return err_set(f->err, -ENOEXEC, "%s is damaged", program);
                if (part.p_type != PT_INTERP)
                        continue;
                if (part.p_filesz == 0 || part.p_filesz >= sizeof(f->loader) ||
                    pread(fd, f->loader, part.p_filesz, (off_t) part.p_offset) !=
                            (ssize_t) part.p_filesz)
                        return err_set(f->err, -ENOEXEC, "%s is damaged", program);
                return strncmp(f->loader, "/lib", 4) == 0 || strncmp(f->loader, "/usr/lib", 8) == 0
                               ? 0
                               : err_set(f->err, -ENOEXEC,
                                         "%s wants the loader %.100s, which is not the system's",
                                         program, f->loader);
        }
        return 0;
}

static int loader_spawn(pid_t *ret, const char *loader, const char *object, int out)
{
        char *const argv[] = { (char *) loader, (char *) "--list", (char *) object, NULL };
        char *const environment[] = { NULL };
        posix_spawn_file_actions_t files;
        int r;

        if (posix_spawn_file_actions_init(&files))
                return -ENOMEM;
        r = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDWR, 0);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&files, out, 1);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&files, 0, 2);
        if (r == 0)
                r = posix_spawn(ret, loader, &files, NULL, argv, environment);
        (void) posix_spawn_file_actions_destroy(&files);
        return -r;
}

/* What the loader says that it would map for this program or library, as it prints it. */
static int loader_ask(struct finder *f, const char *object, struct buf *text)
{
        _cleanup_(closep) int out = -1, in = -1;
        int pair[2], status = 0, r;
        pid_t pid;

        if (pipe2(pair, O_CLOEXEC) < 0)
                return err_sys(f->err, -errno, "cannot make a pipe");
        out = pair[0];
        in = pair[1];
        r = loader_spawn(&pid, f->loader, object, in);
        if (r < 0)
                return err_sys(f->err, r, "cannot run %s", f->loader);
        closep(&in);
        r = fd_read_all(out, text);
        closep(&out);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        if (r == 0 && status != 0)
                return err_set(f->err, -ENOEXEC, "%s cannot tell what %s needs", f->loader, object);
        return r < 0 ? err_sys(f->err, r, "cannot read what %s needs", object) : 0;
}

/* "\tNAME => PATH (0xADDRESS)" or "\tPATH (0xADDRESS)"; the kernel's own has no path. */
static int libraries_note(struct finder *f, const char *object)
{
        _cleanup_(buf_done) struct buf text = BUF_LIMIT(LISTED_MAX);
        char *left, *line;
        int r = loader_ask(f, object, &text);

        left = text.data;
        while (r == 0 && (line = strsep(&left, "\n"))) {
                char *path = strchr(line, '/'), *end = path ? strstr(path, " (0x") : NULL;

                if (strstr(line, "=> not found"))
                        return err_set(f->err, -ENOENT, "%s needs a library that is not there:%s",
                                       object, line);
                if (!end)
                        continue;
                *end = '\0';
                if (strcmp(path, f->loader) != 0)
                        r = path_note(f->read, path);
        }
        return r;
}

static int folder_note(struct finder *f, const char *path, unsigned depth);

static int name_note(struct finder *f, const char *folder, const char *name, unsigned depth)
{
        char path[PATH_MAX];
        size_t n = strlen(name);
        struct stat st;
        int r;

        if ((size_t) snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path) ||
            lstat(path, &st) < 0)
                return 0;
        if (S_ISDIR(st.st_mode))
                return depth < DEPTH_MAX ? folder_note(f, path, depth + 1) : 0;
        if (!S_ISREG(st.st_mode) || n < 4 || strcmp(name + n - 3, ".so") != 0)
                return 0;
        if (++f->objects > OBJECTS_MAX)
                return err_set(f->err, -E2BIG, "%s has more than %d modules of machine code",
                               folder, OBJECTS_MAX);
        /* One that lacks a library cannot be loaded here by anybody; the others can. */
        r = libraries_note(f, path);
        return r == -ENOENT || r == -ENOEXEC ? 0 : r;
}

/* A module that can be mapped brings libraries of its own. */
static int folder_note(struct finder *f, const char *path, unsigned depth)
{
        _cleanup_(listing_done) struct listing names = { 0 };
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = fd < 0 ? -errno : listing_read(&names, fd);

        if (r < 0)
                return err_sys(f->err, r, "cannot list %s", path);
        closep(&fd);
        for (size_t i = 0; i < names.count && r == 0; i++)
                r = name_note(f, path, names.names[i], depth);
        return r;
}

static int more_note(struct finder *f, const char *path)
{
        struct stat st;
        int r;

        if (path[0] != '/' || stat(path, &st) < 0)
                return err_set(f->err, -ENOENT, "there is no %s; write the whole path", path);
        r = path_note(f->read, path);
        return r == 0 && f->loader[0] && S_ISDIR(st.st_mode) ? folder_note(f, path, 0) : r;
}

/* /usr/bin/python3 is python3.11, and that has /usr/lib/python3.11. */
static int own_folder_note(struct finder *f, const char *program)
{
        _cleanup_(freep) char *real = realpath(program, NULL);
        char path[PATH_MAX];
        struct stat st;

        if (!real)
                return err_sys(f->err, -errno, "cannot find %s", program);
        (void) snprintf(path, sizeof(path), "/usr/lib/%s", strrchr(real, '/') + 1);
        return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? more_note(f, path) : 0;
}

static int program_note(struct finder *f, const char *program)
{
        _cleanup_(closep) int fd = -1;
        int r;

        if (program[0] != '/')
                return err_set(f->err, -EINVAL, "%s is no whole path", program);
        fd = open(program, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
                return err_sys(f->err, -errno, "cannot open %s", program);
        r = loader_read(f, fd, program);
        if (r < 0 || !f->loader[0])
                return r;
        r = path_note(f->run, f->loader);
        return r == 0 ? libraries_note(f, program) : r;
}

int closure_find(json_t **ret, const char *program, const char *const *folders, struct err *err)
{
        _cleanup_(json_decrefp) json_t *run = json_array(), *read = json_array();
        struct finder f = { .run = run, .read = read, .err = err };
        int r;

        if (!run || !read)
                return err_set(err, -ENOMEM, "out of memory");
        r = program_note(&f, program);
        if (r == 0)
                r = own_folder_note(&f, program);
        for (size_t i = 0; folders && folders[i] && r == 0; i++)
                r = more_note(&f, folders[i]);
        if (r < 0)
                return r == -ENOMEM ? err_set(err, r, "out of memory") : r;
        *ret = json_pack("{s:s, s:O, s:O}", "interpreter", program, "run", run, "read", read);
        return *ret ? 0 : err_set(err, -ENOMEM, "out of memory");
}
