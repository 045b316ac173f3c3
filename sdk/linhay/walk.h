/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Source-tree walker
 *
 * Goes over the regular files below a folder, in the bytewise order of their paths, as git would
 * list them: .gitignore files are honoured, .git is never entered. Nothing in the tree can stop it:
 * what cannot or should not be read is skipped, counted and, if asked, told by path and reason. One
 * header, nothing to link; compile with -D_GNU_SOURCE.
 *
 *     struct linhay_walk w;
 *     const char *text;
 *     size_t length;
 *     int n = linhay_walk_init(&w, linhay_workspace(r), &(struct linhay_walk_options){ 0 });
 *
 *     while (n >= 0 && (n = linhay_walk_next(&w)) > 0)
 *             if (linhay_walk_load(&w, &text, &length) > 0)
 *                     look_at(w.path, text, length);
 *     linhay_walk_done(&w);
 *
 * Rules it keeps:
 * - symbolic links are never followed, neither to files nor to folders;
 * - FIFOs, devices and sockets are never opened for reading;
 * - a file that vanishes, may not be read, or changes its kind while we look is a skip, no error;
 * - at most LINHAY_WALK_OPEN descriptors of folders are open, however deep the tree is;
 * - names are bytes: what is not UTF-8 stays as it is;
 * - no allocation per file: all buffers belong to the walk and are used again.
 *
 * .gitignore: the rules of gitignore(5), nested files, negation, anchoring, folders only, `**`,
 * brackets, escapes, trailing blanks; without the index, so an ignored file that was committed is
 * skipped too. A .gitignore that is a symbolic link or larger than 1 MiB is not used.
 */

#ifndef _GNU_SOURCE
#error "linhay/walk.h needs getdents64() and qsort_r(): compile with -D_GNU_SOURCE"
#endif

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINHAY_WALK_OPEN         32                /* descriptors of folders kept open */
#define LINHAY_WALK_DEPTH        512               /* default of max_depth */
#define LINHAY_WALK_DEPTH_MAX    16384             /* and its limit */
#define LINHAY_WALK_FILE_BYTES   (8 * 1024 * 1024) /* default of max_file_bytes */
#define LINHAY_WALK_ENTRIES      8000000           /* default of max_entries */
#define LINHAY_WALK_SNIFF        8192              /* bytes looked at for a NUL */
#define LINHAY_WALK_IGNORE_BYTES (1024 * 1024)     /* one .gitignore */
#define LINHAY_WALK_IGNORE_TOTAL (4 * 1024 * 1024) /* all .gitignore files of one path */

/* Why something was not given to the caller. */
enum linhay_walk_skip {
        LINHAY_WALK_IGNORED,    /* by a .gitignore; a folder counts once */
        LINHAY_WALK_SYMLINK,    /* never followed */
        LINHAY_WALK_SPECIAL,    /* FIFO, device, socket */
        LINHAY_WALK_UNREADABLE, /* no permission, I/O error */
        LINHAY_WALK_VANISHED,   /* gone, or something else, by the time it was opened */
        LINHAY_WALK_LARGE,      /* more than max_file_bytes (by load only) */
        LINHAY_WALK_BINARY,     /* a NUL in the first 8 KiB (by load only) */
        LINHAY_WALK_DEEP,       /* a folder below max_depth */
        LINHAY_WALK_MANY,       /* the rest of a folder, past max_entries */
        LINHAY_WALK_SKIPS_,
};

static const char *const linhay_walk_skip_names[LINHAY_WALK_SKIPS_] __attribute__((unused)) = {
        [LINHAY_WALK_IGNORED] = "ignored",       [LINHAY_WALK_SYMLINK] = "symlink",
        [LINHAY_WALK_SPECIAL] = "special",       [LINHAY_WALK_UNREADABLE] = "unreadable",
        [LINHAY_WALK_VANISHED] = "vanished",     [LINHAY_WALK_LARGE] = "too-large",
        [LINHAY_WALK_BINARY] = "binary",         [LINHAY_WALK_DEEP] = "too-deep",
        [LINHAY_WALK_MANY] = "too-many-entries",
};

/* All zero = the defaults. */
struct linhay_walk_options {
        uint64_t max_file_bytes; /* linhay_walk_load() takes no more than this */
        uint64_t max_entries;    /* names looked at in the whole walk */
        unsigned max_depth;      /* folders below the first one */
        bool no_ignore;          /* do not read .gitignore files */
        bool keep_binary;        /* load files with NUL bytes too */

        /* Told of every skip; `error` is an errno or 0; `path` is valid during the call. */
        void (*skipped)(void *owner, const char *path, enum linhay_walk_skip why, int error);
        void *owner;
};

/* One name in a folder that is being walked; `name` is an offset into the arena. */
struct linhay_walk_name {
        size_t name;
        uint32_t length;
        unsigned char type; /* DT_* */
};

/* One line of a .gitignore; the text lies in its own arena. */
struct linhay_walk_pattern {
        size_t text;
        size_t base; /* length of the path prefix, '/' included, that the pattern is relative to */
        uint32_t length;
        bool negated;
        bool only_folders;
        bool basename; /* has no slash: compared with the last part of the path */
        bool literal;  /* has no wildcard */
};

/* One open folder. */
struct linhay_walk_folder {
        int fd;    /* -1 while it is closed to save descriptors */
        dev_t dev; /* which folder it was, for opening it again */
        ino_t ino;
        size_t path;  /* length of its path, '/' at the end included; 0 for the first */
        size_t first; /* its first name, */
        size_t next;  /* the next one to look at, */
        size_t end;   /* and the one behind its last */
        size_t arena; /* where the arenas ended before it */
        size_t patterns;
        size_t texts;
};

struct linhay_walk {
        /* For the caller to read, after linhay_walk_next() said 1: */
        const char *path; /* relative to the workspace, NUL-terminated */
        size_t path_length;
        const char *name; /* its last part */
        struct stat st;   /* filled by linhay_walk_open() and linhay_walk_load() */
        uint64_t skips[LINHAY_WALK_SKIPS_];
        uint64_t files; /* given to the caller so far */

        /* Nobody else's: */
        struct linhay_walk_options options;
        struct linhay_walk_folder *folders;
        size_t folders_size, depth;
        struct linhay_walk_name *names;
        size_t names_size;
        char *arena;
        size_t arena_length, arena_size;
        struct linhay_walk_pattern *patterns;
        size_t patterns_length, patterns_size;
        char *texts;
        size_t texts_length, texts_size;
        char *path_data;
        size_t path_size;
        char *data;
        size_t data_size;
        char *listing; /* what getdents64() fills */
        uint64_t entries;
};

/* Starts a walk below `dirfd`, which stays the caller's. 0, -ENOMEM or why it cannot be opened. */
static inline int linhay_walk_init(struct linhay_walk *w, int dirfd,
                                   const struct linhay_walk_options *options);

/* Goes to the next regular file: 1, 0 at the end, -ENOMEM. */
static inline int linhay_walk_next(struct linhay_walk *w);

/* Opens the current file; the descriptor is the caller's. A negative errno was counted as a skip.
 */
static inline int linhay_walk_open(struct linhay_walk *w);

/*
 * Reads the current file whole: 1, 0 when it was skipped (and counted), -ENOMEM. The bytes belong
 * to the walk and live until its next call; one NUL that is not counted follows them.
 */
static inline int linhay_walk_load(struct linhay_walk *w, const char **ret_data,
                                   size_t *ret_length);

/* A NUL among the first 8 KiB? */
static inline bool linhay_walk_is_binary(const void *data, size_t length);

/* Does a pattern match a path, by gitignore's rules for patterns with a slash? Both end in NUL. */
static inline bool linhay_walk_match(const char *pattern, const char *path);

static inline void linhay_walk_done(struct linhay_walk *w);

/* ---- The rest of this file is how it is done. ---------------------------------------------- */

/* Makes `*data` hold at least `need` items of `item` bytes. */
static inline int linhay_walk_grow_(void *data, size_t *size, size_t need, size_t item)
{
        void **p = (void **) data;
        size_t n = *size ? *size : 64;
        void *bigger;

        if (need <= *size)
                return 0;
        while (n < need)
                n *= 2;
        bigger = realloc(*p, n * item);
        if (!bigger)
                return -ENOMEM;
        *p = bigger;
        *size = n;
        return 0;
}

static inline void linhay_walk_skip_(struct linhay_walk *w, const char *path,
                                     enum linhay_walk_skip why, int error)
{
        w->skips[why]++;
        if (w->options.skipped)
                w->options.skipped(w->options.owner, path, why, error);
}

/* The kind of skip that an errno of open() stands for. */
static inline enum linhay_walk_skip linhay_walk_why_(int error)
{
        switch (error) {
        case ENOENT:
        case ENOTDIR:
        case ELOOP:
        case ESTALE:
                return LINHAY_WALK_VANISHED;
        case ENXIO:
        case ENODEV:
                return LINHAY_WALK_SPECIAL;
        default:
                return LINHAY_WALK_UNREADABLE;
        }
}

/* Sets the path to the folder's own path and a name behind it. */
static inline int linhay_walk_path_(struct linhay_walk *w, size_t prefix, const char *name,
                                    size_t length)
{
        int r = linhay_walk_grow_(&w->path_data, &w->path_size, prefix + length + 2, 1);

        if (r < 0)
                return r;
        memcpy(w->path_data + prefix, name, length);
        w->path_data[prefix + length] = '\0';
        w->path = w->path_data;
        w->path_length = prefix + length;
        w->name = w->path_data + prefix;
        return 0;
}

/* ---- Patterns ---- */

static inline bool linhay_walk_class_(const char *name, size_t length, unsigned char c)
{
        static const struct {
                const char *name;
                int (*is)(int);
        } classes[] = {
                { "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank },
                { "cntrl", iscntrl }, { "digit", isdigit }, { "graph", isgraph },
                { "lower", islower }, { "print", isprint }, { "punct", ispunct },
                { "space", isspace }, { "upper", isupper }, { "xdigit", isxdigit },
        };

        for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++)
                if (strlen(classes[i].name) == length && !memcmp(classes[i].name, name, length))
                        return classes[i].is(c) != 0;
        return false;
}

/*
 * Matches one character against the bracket expression behind `p` ('[' already read): the end of
 * the expression, with `*ret_hit` set, or NULL where it never ends.
 */
static inline const char *linhay_walk_bracket_(const char *p, unsigned char c, bool *ret_hit)
{
        bool negated = *p == '!' || *p == '^';
        bool hit = false;
        const char *end;

        if (negated)
                p++;
        for (bool first = true; first || *p != ']'; first = false) {
                unsigned char low, high;

                if (!*p)
                        return NULL;
                if (p[0] == '[' && p[1] == ':' && (end = strstr(p + 2, ":]"))) {
                        hit |= linhay_walk_class_(p + 2, (size_t) (end - p) - 2, c);
                        p = end + 2;
                        continue;
                }
                if (*p == '\\' && !*++p)
                        return NULL;
                low = high = (unsigned char) *p++;
                if (p[0] == '-' && p[1] && p[1] != ']') {
                        p++;
                        if (*p == '\\' && !*++p)
                                return NULL;
                        high = (unsigned char) *p++;
                }
                hit |= c >= low && c <= high;
        }
        *ret_hit = hit != negated;
        return p + 1;
}

/* One character of the path against the head of the pattern: what follows in the pattern, or NULL.
 */
static inline const char *linhay_walk_one_(const char *p, char c)
{
        bool hit;

        switch (*p) {
        case '\0':
                return NULL;
        case '?':
                return c != '/' ? p + 1 : NULL;
        case '[':
                p = linhay_walk_bracket_(p + 1, (unsigned char) c, &hit);
                return p && hit && c != '/' ? p : NULL;
        case '\\':
                p++;
                return *p && *p == c ? p + 1 : NULL;
        default:
                return *p == c ? p + 1 : NULL;
        }
}

/*
 * Remembers only the last `*` of the current part and the last `**`: an earlier one never has to be
 * tried again, so no pattern takes more than (pattern × path) steps for each folder of the path.
 */
static inline bool linhay_walk_match(const char *pattern, const char *path)
{
        const char *p = pattern, *t = path;
        const char *star_p = NULL, *star_t = NULL; /* last `*`: never runs over a '/' */
        const char *many_p = NULL, *many_t = NULL; /* last `**`+'/': takes whole folders */

        for (;;) {
                const char *next;

                if (*p == '*') {
                        const char *head = p;

                        while (*p == '*')
                                p++;
                        if (p - head >= 2 && (head == pattern || head[-1] == '/')) {
                                if (!*p)
                                        return true;
                                if (*p == '/') {
                                        many_p = ++p;
                                        many_t = t;
                                        star_p = NULL;
                                        continue;
                                }
                        }
                        star_p = p;
                        star_t = t;
                        continue;
                }
                if (!*t && !*p)
                        return true;
                next = *t ? linhay_walk_one_(p, *t) : NULL;
                if (next) {
                        if (*t == '/')
                                star_p = NULL;
                        p = next;
                        t++;
                } else if (star_p && *star_t && *star_t != '/') {
                        p = star_p;
                        t = ++star_t;
                } else if (many_p && (many_t = strchr(many_t, '/'))) {
                        p = many_p;
                        t = ++many_t;
                        star_p = NULL;
                } else
                        return false;
        }
}

/* Cuts the blanks at the end that no backslash protects. */
static inline size_t linhay_walk_trim_(const char *line, size_t length)
{
        size_t keep = 0;

        for (size_t i = 0; i < length; i++) {
                if (line[i] == '\\' && i + 1 < length)
                        keep = ++i + 1;
                else if (line[i] != ' ')
                        keep = i + 1;
        }
        return keep;
}

/* Adds one line of a .gitignore that lies in a folder with a path of `base` bytes. */
static inline int linhay_walk_line_(struct linhay_walk *w, const char *line, size_t length,
                                    size_t base)
{
        struct linhay_walk_pattern p = { .base = base, .text = w->texts_length };
        int r;

        if (length && line[length - 1] == '\r')
                length--;
        if (!length || *line == '#')
                return 0;
        length = linhay_walk_trim_(line, length);
        if (length && *line == '!') {
                p.negated = true;
                line++;
                length--;
        }
        if (length && line[length - 1] == '/') {
                p.only_folders = true;
                length--;
        }
        p.basename = !memchr(line, '/', length);
        if (length && *line == '/') {
                line++;
                length--;
        }
        if (!length || length > UINT16_MAX || memchr(line, '\0', length))
                return 0;

        r = linhay_walk_grow_(&w->texts, &w->texts_size, w->texts_length + length + 1, 1);
        if (r >= 0)
                r = linhay_walk_grow_(&w->patterns, &w->patterns_size, w->patterns_length + 1,
                                      sizeof(p));
        if (r < 0)
                return r;
        memcpy(w->texts + p.text, line, length);
        w->texts[p.text + length] = '\0';
        w->texts_length += length + 1;
        p.length = (uint32_t) length;
        p.literal = !strpbrk(w->texts + p.text, "*?[\\");
        w->patterns[w->patterns_length++] = p;
        return 0;
}

/* Reads a whole descriptor of at most `limit` bytes into the walk's buffer. */
static inline int linhay_walk_slurp_(struct linhay_walk *w, int fd, uint64_t limit, size_t expect,
                                     size_t *ret_length)
{
        size_t length = 0;
        int r = linhay_walk_grow_(&w->data, &w->data_size, expect + 2, 1);

        while (r >= 0) {
                ssize_t n = read(fd, w->data + length, w->data_size - length - 1);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                length += (size_t) n;
                if (length > limit)
                        return -EFBIG;
                if (n == 0) {
                        w->data[length] = '\0';
                        *ret_length = length;
                        return 0;
                }
                if (w->data_size - length < 2)
                        r = linhay_walk_grow_(&w->data, &w->data_size, w->data_size + 1, 1);
        }
        return r;
}

/* Opens a regular file without waiting for it and without following a link. */
static inline int linhay_walk_regular_(int dirfd, const char *name, struct stat *st)
{
        int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        int error;

        if (fd < 0)
                return -errno;
        if (fstat(fd, st) < 0)
                error = errno;
        else if (S_ISREG(st->st_mode))
                return fd;
        else
                error = S_ISDIR(st->st_mode) ? ENOTDIR : ENODEV;
        (void) close(fd);
        return -error;
}

/* Adds the patterns of the folder's own .gitignore, if it has one. */
static inline int linhay_walk_ignore_(struct linhay_walk *w, const struct linhay_walk_folder *f)
{
        struct stat st;
        size_t length = 0, start = 0;
        int fd, r;

        fd = linhay_walk_regular_(f->fd, ".gitignore", &st);
        if (fd < 0)
                return 0;
        r = st.st_size > LINHAY_WALK_IGNORE_BYTES
                    ? -EFBIG
                    : linhay_walk_slurp_(w, fd, LINHAY_WALK_IGNORE_BYTES, (size_t) st.st_size,
                                         &length);
        (void) close(fd);
        if (r == -ENOMEM)
                return r;
        if (r < 0 || w->texts_length + length > LINHAY_WALK_IGNORE_TOTAL) {
                r = linhay_walk_path_(w, f->path, ".gitignore", strlen(".gitignore"));
                if (r >= 0)
                        linhay_walk_skip_(w, w->path, LINHAY_WALK_LARGE, EFBIG);
                return r;
        }
        if (length >= 3 && !memcmp(w->data, "\xEF\xBB\xBF", 3))
                start = 3;
        while (r >= 0 && start < length) {
                const char *line = w->data + start;
                const char *end = (const char *) memchr(line, '\n', length - start);
                size_t n = end ? (size_t) (end - line) : length - start;

                r = linhay_walk_line_(w, line, n, f->path);
                start += n + 1;
        }
        return r;
}

static inline bool linhay_walk_matches_(const struct linhay_walk *w,
                                        const struct linhay_walk_pattern *p)
{
        const char *text = w->texts + p->text;
        const char *subject = p->basename ? w->name : w->path + p->base;

        if (!p->literal)
                return linhay_walk_match(text, subject);
        return w->path_length - (size_t) (subject - w->path) == p->length &&
               !memcmp(text, subject, p->length);
}

/* Is the current path ignored? The last pattern that matches decides. */
static inline bool linhay_walk_ignored_(const struct linhay_walk *w, bool is_folder)
{
        for (size_t i = w->patterns_length; i > 0; i--) {
                const struct linhay_walk_pattern *p = &w->patterns[i - 1];

                if ((!p->only_folders || is_folder) && linhay_walk_matches_(w, p))
                        return !p->negated;
        }
        return false;
}

/* ---- Folders ---- */

/* Asks what a name is where the file system did not say. */
static inline unsigned char linhay_walk_type_(int fd, const char *name)
{
        struct stat st;

        if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return DT_REG; /* vanished: opening it will say so */
        return IFTODT(st.st_mode);
}

static inline int linhay_walk_name_(struct linhay_walk *w, struct linhay_walk_folder *f,
                                    const struct dirent64 *d)
{
        size_t length = strlen(d->d_name);
        struct linhay_walk_name *n;
        int r;

        if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..") || !strcmp(d->d_name, ".git"))
                return 0;
        if (w->entries >= w->options.max_entries)
                return 1;
        r = linhay_walk_grow_(&w->arena, &w->arena_size, w->arena_length + length + 1, 1);
        if (r >= 0)
                r = linhay_walk_grow_(&w->names, &w->names_size, f->end + 1, sizeof(*w->names));
        if (r < 0)
                return r;
        n = &w->names[f->end++];
        n->name = w->arena_length;
        n->length = (uint32_t) length;
        n->type = d->d_type == DT_UNKNOWN ? linhay_walk_type_(f->fd, d->d_name) : d->d_type;
        memcpy(w->arena + w->arena_length, d->d_name, length + 1);
        w->arena_length += length + 1;
        w->entries++;
        return 0;
}

/* Order of whole paths: a folder's name sorts as if its '/' were part of it. */
static inline int linhay_walk_compare_(const void *a, const void *b, void *arena)
{
        const struct linhay_walk_name *x = (const struct linhay_walk_name *) a;
        const struct linhay_walk_name *y = (const struct linhay_walk_name *) b;
        const char *s = (const char *) arena + x->name, *t = (const char *) arena + y->name;
        size_t common = x->length < y->length ? x->length : y->length;
        int r = memcmp(s, t, common);
        unsigned char c, d;

        if (r != 0)
                return r;
        c = (unsigned char) (s[common] ? s[common] : x->type == DT_DIR ? '/' : 0);
        d = (unsigned char) (t[common] ? t[common] : y->type == DT_DIR ? '/' : 0);
        return (int) c - (int) d;
}

/* Reads and sorts the names of a folder. */
static inline int linhay_walk_list_(struct linhay_walk *w, struct linhay_walk_folder *f)
{
        enum { LISTING = 64 * 1024 };
        int r = 0;

        if (!w->listing && !(w->listing = (char *) malloc(LISTING)))
                return -ENOMEM;
        while (r == 0) {
                ssize_t n = getdents64(f->fd, w->listing, LISTING);

                if (n <= 0) {
                        if (n < 0)
                                linhay_walk_skip_(w, w->path, LINHAY_WALK_UNREADABLE, errno);
                        break;
                }
                for (ssize_t i = 0; r == 0 && i < n;) {
                        const struct dirent64 *d = (const struct dirent64 *) (w->listing + i);

                        r = linhay_walk_name_(w, f, d);
                        i += d->d_reclen;
                }
        }
        if (r < 0)
                return r;
        if (r > 0)
                linhay_walk_skip_(w, w->path, LINHAY_WALK_MANY, 0);
        if (f->end == f->first)
                return 0;
        qsort_r(w->names + f->first, f->end - f->first, sizeof(*w->names), linhay_walk_compare_,
                w->arena);
        return 0;
}

/* Takes the descriptor of a folder onto the stack; the current path is the folder's. */
static inline int linhay_walk_push_(struct linhay_walk *w, int fd)
{
        struct linhay_walk_folder f = { .fd = fd,
                                        .arena = w->arena_length,
                                        .patterns = w->patterns_length,
                                        .texts = w->texts_length };
        struct stat st;
        int r;

        r = linhay_walk_grow_(&w->folders, &w->folders_size, w->depth + 1, sizeof(f));
        if (r < 0 || fstat(fd, &st) < 0) {
                (void) close(fd);
                return r;
        }
        if (w->depth) {
                f.path = w->path_length + 1;
                f.first = w->folders[w->depth - 1].end;
        }
        f.next = f.end = f.first;
        f.dev = st.st_dev;
        f.ino = st.st_ino;
        r = linhay_walk_list_(w, &f);
        if (r >= 0 && f.path) {
                w->path_data[f.path - 1] = '/';
                w->path_data[f.path] = '\0';
        }
        if (r >= 0 && !w->options.no_ignore)
                r = linhay_walk_ignore_(w, &f);
        w->folders[w->depth++] = f;
        if (w->depth > LINHAY_WALK_OPEN) {
                /* The first one stays open: all paths begin there. */
                struct linhay_walk_folder *old = &w->folders[w->depth - LINHAY_WALK_OPEN];

                if (old->fd >= 0)
                        (void) close(old->fd);
                old->fd = -1;
        }
        return r;
}

static inline void linhay_walk_pop_(struct linhay_walk *w)
{
        struct linhay_walk_folder *f = &w->folders[--w->depth];

        if (f->fd >= 0)
                (void) close(f->fd);
        w->arena_length = f->arena;
        w->patterns_length = f->patterns;
        w->texts_length = f->texts;
}

static inline int linhay_walk_folder_open_(int dirfd, const char *name)
{
        int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

/*
 * Opens the topmost folder again after it was closed to save descriptors: from the first folder,
 * part by part, so that no link is followed; every one must still be the folder that we listed.
 */
static inline int linhay_walk_reopen_(struct linhay_walk *w)
{
        int up = w->folders[0].fd;

        for (size_t i = 1; i < w->depth; i++) {
                struct linhay_walk_folder *f = &w->folders[i];
                size_t start = w->folders[i - 1].path;
                struct stat st;

                if (f->fd < 0) {
                        w->path_data[f->path - 1] = '\0';
                        f->fd = linhay_walk_folder_open_(up, w->path_data + start);
                        w->path_data[f->path - 1] = '/';
                        if (f->fd < 0)
                                return -ENOENT;
                        if (fstat(f->fd, &st) < 0 || st.st_dev != f->dev || st.st_ino != f->ino)
                                return -ENOENT;
                }
                if (i > 1 && w->depth - i >= LINHAY_WALK_OPEN - 1) {
                        (void) close(up);
                        w->folders[i - 1].fd = -1;
                }
                up = f->fd;
        }
        return 0;
}

/* A folder: goes into it, unless it is too deep or cannot be opened. */
static inline int linhay_walk_enter_(struct linhay_walk *w, int dirfd)
{
        int fd;

        if (w->depth > w->options.max_depth) {
                linhay_walk_skip_(w, w->path, LINHAY_WALK_DEEP, 0);
                return 0;
        }
        fd = linhay_walk_folder_open_(dirfd, w->name);
        if (fd < 0) {
                linhay_walk_skip_(w, w->path, linhay_walk_why_(-fd), -fd);
                return 0;
        }
        return linhay_walk_push_(w, fd);
}

/* Looks at one name: 1 when it is a file for the caller. */
static inline int linhay_walk_visit_(struct linhay_walk *w, struct linhay_walk_folder *f,
                                     const struct linhay_walk_name *n)
{
        int r = linhay_walk_path_(w, f->path, w->arena + n->name, n->length);

        if (r < 0)
                return r;
        if (linhay_walk_ignored_(w, n->type == DT_DIR)) {
                linhay_walk_skip_(w, w->path, LINHAY_WALK_IGNORED, 0);
                return 0;
        }
        switch (n->type) {
        case DT_REG:
                w->files++;
                return 1;
        case DT_DIR:
                return linhay_walk_enter_(w, f->fd);
        case DT_LNK:
                linhay_walk_skip_(w, w->path, LINHAY_WALK_SYMLINK, 0);
                return 0;
        default:
                linhay_walk_skip_(w, w->path, LINHAY_WALK_SPECIAL, 0);
                return 0;
        }
}

static inline int linhay_walk_init(struct linhay_walk *w, int dirfd,
                                   const struct linhay_walk_options *options)
{
        int fd, r;

        *w = (struct linhay_walk){ .options = *options };
        if (!w->options.max_file_bytes)
                w->options.max_file_bytes = LINHAY_WALK_FILE_BYTES;
        if (!w->options.max_entries)
                w->options.max_entries = LINHAY_WALK_ENTRIES;
        if (!w->options.max_depth)
                w->options.max_depth = LINHAY_WALK_DEPTH;
        if (w->options.max_depth > LINHAY_WALK_DEPTH_MAX)
                w->options.max_depth = LINHAY_WALK_DEPTH_MAX;

        fd = linhay_walk_folder_open_(dirfd, ".");
        if (fd < 0)
                return fd;
        r = linhay_walk_path_(w, 0, "", 0);
        if (r < 0) {
                (void) close(fd);
                return r;
        }
        r = linhay_walk_push_(w, fd);
        return r < 0 ? r : w->depth ? 0 : -EIO;
}

static inline int linhay_walk_next(struct linhay_walk *w)
{
        while (w->depth) {
                struct linhay_walk_folder *f = &w->folders[w->depth - 1];
                struct linhay_walk_name n;
                int r;

                if (f->next == f->end) {
                        linhay_walk_pop_(w);
                        continue;
                }
                if (f->fd < 0 && linhay_walk_reopen_(w) < 0) {
                        w->path_data[f->path] = '\0';
                        linhay_walk_skip_(w, w->path_data, LINHAY_WALK_VANISHED, ENOENT);
                        linhay_walk_pop_(w);
                        continue;
                }
                n = w->names[f->next++];
                r = linhay_walk_visit_(w, f, &n);
                if (r != 0)
                        return r;
        }
        return 0;
}

static inline int linhay_walk_open(struct linhay_walk *w)
{
        int fd = w->depth ? linhay_walk_regular_(w->folders[w->depth - 1].fd, w->name, &w->st)
                          : -ENOENT;

        if (fd < 0)
                linhay_walk_skip_(w, w->path, linhay_walk_why_(-fd), -fd);
        return fd;
}

static inline bool linhay_walk_is_binary(const void *data, size_t length)
{
        return length && memchr(data, 0, length < LINHAY_WALK_SNIFF ? length : LINHAY_WALK_SNIFF);
}

static inline int linhay_walk_load(struct linhay_walk *w, const char **ret_data, size_t *ret_length)
{
        size_t length = 0;
        int fd = linhay_walk_open(w);
        int r;

        if (fd < 0)
                return 0;
        if ((uint64_t) w->st.st_size > w->options.max_file_bytes)
                r = -EFBIG;
        else
                r = linhay_walk_slurp_(w, fd, w->options.max_file_bytes, (size_t) w->st.st_size,
                                       &length);
        (void) close(fd);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                linhay_walk_skip_(w, w->path,
                                  r == -EFBIG ? LINHAY_WALK_LARGE : LINHAY_WALK_UNREADABLE, -r);
                return 0;
        }
        if (!w->options.keep_binary && linhay_walk_is_binary(w->data, length)) {
                linhay_walk_skip_(w, w->path, LINHAY_WALK_BINARY, 0);
                return 0;
        }
        *ret_data = w->data;
        *ret_length = length;
        return 1;
}

static inline void linhay_walk_done(struct linhay_walk *w)
{
        while (w->depth)
                linhay_walk_pop_(w);
        free(w->folders);
        free(w->names);
        free(w->arena);
        free(w->patterns);
        free(w->texts);
        free(w->path_data);
        free(w->data);
        free(w->listing);
        *w = (struct linhay_walk){ 0 };
}
