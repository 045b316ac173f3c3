/* SPDX-License-Identifier: Apache-2.0 */
#include "include.h"

#include "server/span.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>

struct search {
        struct includes *in;
        int (*found)(void *parser, struct span text);
        void *parser;
};

static int take_file(const struct search *s, int dirfd, const char *name)
{
        enum { LIMIT = 1 << 20 };
        struct includes *in = s->in;
        int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        struct stat st;
        char *data = NULL;
        ssize_t n = 0;

        if (fd < 0)
                return 0;
        if (in->n < INCLUDES_MAX && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
                data = malloc(LIMIT);
        if (data)
                n = read(fd, data, LIMIT);
        (void) close(fd);
        if (n <= 0 || !data) {
                free(data);
                return 0;
        }
        in->texts[in->n++] = data;
        return s->found(s->parser, (struct span){ data, (size_t) n });
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

/* All files of a folder that a pattern fits, in the order servers take them in. */
static int take_folder(const struct search *s, int dirfd, const char *pattern)
{
        char *names[INCLUDES_MAX];
        struct dirent *entry;
        size_t n = 0;
        int r = 0;
        DIR *dir;

        dir = fdopendir(dirfd);
        if (!dir)
                return close(dirfd);
        while (n < INCLUDES_MAX && (entry = readdir(dir)))
                if (!fnmatch(pattern, entry->d_name, FNM_PERIOD) &&
                    (names[n] = strdup(entry->d_name)))
                        n++;
        qsort(names, n, sizeof(*names), compare_names);
        for (size_t i = 0; i < n; i++) {
                if (r >= 0)
                        r = take_file(s, dirfd, names[i]);
                free(names[i]);
        }
        (void) closedir(dir);
        return r;
}

/* One place where a file of this name may lie: 1 when there was something. */
static int take_at(const struct search *s, const char *folder, size_t folder_length,
                   struct span path)
{
        size_t before = s->in->n;
        char name[1024], *slash;
        int workspace = linhay_workspace(s->in->c->run), dirfd, r;

        if (snprintf(name, sizeof(name), "%.*s%.*s", (int) folder_length, folder,
                     (int) MIN_OF(path.length, sizeof(name)), path.text) >= (int) sizeof(name))
                return 0;
        slash = strrchr(name, '/');
        if (!strpbrk(name, "*?["))
                r = take_file(s, workspace, name);
        else {
                if (slash)
                        *slash = '\0';
                dirfd = openat(workspace, slash ? name : ".",
                               O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                r = dirfd < 0 ? 0 : take_folder(s, dirfd, slash ? slash + 1 : name);
        }
        return r < 0 ? r : s->in->n > before;
}

int include_open(void *owner, struct span path, int (*found)(void *parser, struct span text),
                 void *parser)
{
        struct includes *in = owner;
        const struct search s = { in, found, parser };
        const char *own = in->c->path;
        const char *slash = strrchr(own, '/');
        size_t folder = slash ? (size_t) (slash - own) + 1 : 0;
        int r = 0;

        if (span_starts(path, in->prefix))
                path = span_from(path, strlen(in->prefix));
        if (!path.length || *path.text == '/' || memmem(path.text, path.length, "..", 2))
                return 0;
        /* sites-enabled/a includes what lies beside sites-enabled. */
        for (;;) {
                r = take_at(&s, own, folder, path);
                if (r != 0 || folder == 0)
                        break;
                for (folder--; folder > 0 && own[folder - 1] != '/';)
                        folder--;
        }
        return MIN_OF(r, 0);
}

void include_done(struct includes *in)
{
        for (size_t i = 0; i < in->n; i++)
                free(in->texts[i]);
        in->n = 0;
}
