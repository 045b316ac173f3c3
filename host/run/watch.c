/* SPDX-License-Identifier: Apache-2.0 */
#include "run/watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#define CHANGES                                                                                    \
        (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |   \
         IN_MOVE_SELF)
#define FLAGS     (IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK)
#define DEPTH_MAX 128

struct folder {
        int wd;
        char *path; /* relative; "" = the root */
};

struct watch {
        struct watch_options options;
        char *root, *exclude;
        json_t *patterns;
        int fd; /* -1: the root is gone */
        struct loop_source source;
        struct loop_source timer; /* debounce, or the next look for the root */
        struct folder *folders;   /* by wd */
        size_t n_folders, n_allocated;
        uint64_t first_ms, last_ms; /* changes that were not told yet; 0 = none */
        bool is_full;               /* told that there are too many folders */
};

/* --- patterns ----------------------------------------------------------------------------------
 */

/* Cuts the first name off: its length; *rest is behind the '/', or NULL. */
static size_t name_cut(const char *path, const char **rest)
{
        size_t n = strcspn(path, "/");

        *rest = path[n] ? path + n + 1 : NULL;
        return n;
}

static bool name_fits(const char *pattern, size_t n, const char *name, size_t length)
{
        char p[NAME_MAX + 1], s[NAME_MAX + 1];

        if (n >= sizeof(p) || length >= sizeof(s))
                return false;
        memcpy(p, pattern, n);
        memcpy(s, name, length);
        p[n] = s[length] = '\0';
        return fnmatch(p, s, 0) == 0;
}

static bool is_any(const char *pattern, size_t n)
{
        return n == 2 && memcmp(pattern, "**", 2) == 0;
}

/*
 * Name by name, as one matches a `*` letter by letter: where it goes wrong, the last `**` takes one
 * name more. `partly`: is the path the beginning of something that fits?
 */
static bool fits(const char *pattern, const char *path, bool partly)
{
        const char *again_pattern = NULL, *again_path = NULL;

        if (!*path)
                path = NULL;
        for (;;) {
                const char *more_pattern = NULL, *more_path = NULL;
                size_t n = pattern ? name_cut(pattern, &more_pattern) : 0;

                if (!pattern)
                        return true; /* this name, or one above it, fits */
                if (is_any(pattern, n)) {
                        again_pattern = pattern = more_pattern;
                        again_path = path;
                        if (!pattern)
                                return path || partly;
                        continue;
                }
                if (!path)
                        return partly;
                if (name_fits(pattern, n, path, name_cut(path, &more_path))) {
                        pattern = more_pattern;
                        path = more_path;
                        continue;
                }
                if (!again_path)
                        return false;
                (void) name_cut(again_path, &again_path);
                path = again_path;
                pattern = again_pattern;
                if (!path)
                        return partly;
        }
}

bool watch_fits(const char *pattern, const char *path)
{
        return fits(pattern, path, false);
}

bool watch_may_fit_below(const char *pattern, const char *path)
{
        return fits(pattern, path, true);
}

static bool any_fits(const struct watch *w, const char *path, bool partly)
{
        const json_t *pattern;
        size_t i;

        json_array_foreach (w->patterns, i, pattern)
                if (fits(json_string_value(pattern), path, partly))
                        return true;
        return false;
}

/* --- folders -----------------------------------------------------------------------------------
 */

static void trouble(const struct watch *w, const char *format, ...) _printf_(2, 3);
static void trouble(const struct watch *w, const char *format, ...)
{
        char text[PATH_MAX + 256];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        w->options.trouble(w->options.user, text);
}

static struct folder *folder_find(const struct watch *w, int wd)
{
        size_t low = 0, high = w->n_folders;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (w->folders[middle].wd < wd)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < w->n_folders && w->folders[low].wd == wd ? &w->folders[low] : NULL;
}

static void folder_drop(struct watch *w, struct folder *f)
{
        size_t i = (size_t) (f - w->folders);

        free(f->path);
        memmove(f, f + 1, (w->n_folders - i - 1) * sizeof(*f));
        w->n_folders--;
}

/* The kernel counts upwards, so a new one goes to the end; the same folder keeps its number. */
static int folder_keep(struct watch *w, int wd, const char *path)
{
        struct folder *f = folder_find(w, wd);
        char *copy = strdup(path);

        if (!copy)
                return -ENOMEM;
        if (f) {
                free(f->path);
                f->path = copy;
                return 0;
        }
        if (w->n_folders == w->n_allocated) {
                size_t n = w->n_allocated ? w->n_allocated * 2 : 16;
                struct folder *more = reallocarray(w->folders, n, sizeof(*more));

                if (!more) {
                        free(copy);
                        return -ENOMEM;
                }
                w->folders = more;
                w->n_allocated = n;
        }
        w->folders[w->n_folders++] = (struct folder){ wd, copy };
        return 0;
}

static bool is_below(const char *path, const char *folder)
{
        size_t n = strlen(folder);

        return strncmp(path, folder, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

static void folders_forget(struct watch *w, const char *path)
{
        for (size_t i = w->n_folders; i > 0; i--) {
                struct folder *f = &w->folders[i - 1];

                if (!is_below(f->path, path))
                        continue;
                (void) inotify_rm_watch(w->fd, f->wd);
                folder_drop(w, f);
        }
}

/* Is the folder one of those that are never looked at? */
static bool is_closed(const struct watch *w, const char *path)
{
        const char *name = strrchr(path, '/');
        size_t n = strlen(w->root);

        if (strcmp(name ? name + 1 : path, ".git") == 0)
                return true;
        return w->exclude && is_below(w->exclude, w->root) && *path &&
               strcmp(w->exclude + n + (w->exclude[n] == '/'), path) == 0;
}

static void note(struct watch *w);

static int folder_add(struct watch *w, const char *path, bool is_new, unsigned depth);

/* Looks through one folder. In a new one, files were perhaps made before it was watched. */
static int folder_walk(struct watch *w, const char *full, const char *path, bool is_new,
                       unsigned depth)
{
        DIR *dir = opendir(full);
        const struct dirent *entry;
        int r = 0;

        while (dir && r == 0 && (entry = readdir(dir))) {
                char below[PATH_MAX];

                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                if (snprintf(below, sizeof(below), "%s%s%s", path, *path ? "/" : "",
                             entry->d_name) >= (int) sizeof(below))
                        continue;
                if (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN)
                        r = folder_add(w, below, is_new, depth + 1);
                if (is_new && entry->d_type != DT_DIR && any_fits(w, below, false))
                        note(w);
        }
        if (dir)
                (void) closedir(dir);
        return r;
}

/* Watches a folder and those below, as far as something there could fit. */
static int folder_add(struct watch *w, const char *path, bool is_new, unsigned depth)
{
        char full[PATH_MAX];
        int wd, r;

        if (is_closed(w, path) || depth > DEPTH_MAX || !any_fits(w, path, true))
                return 0;
        if (w->n_folders >= WATCH_FOLDERS_MAX) {
                if (!w->is_full)
                        trouble(w,
                                "there are more than %d folders below %s; changes in some of "
                                "them are not seen",
                                WATCH_FOLDERS_MAX, w->root);
                w->is_full = true;
                return 0;
        }
        if (snprintf(full, sizeof(full), "%s%s%s", w->root, *path ? "/" : "", path) >=
            (int) sizeof(full))
                return 0;
        wd = inotify_add_watch(w->fd, full, CHANGES | FLAGS);
        if (wd < 0 && errno == ENOSPC)
                return -ENOSPC;
        if (wd < 0)
                return 0; /* no folder, gone again, or not ours to read */
        r = folder_keep(w, wd, path);
        return r < 0 ? r : folder_walk(w, full, path, is_new, depth);
}

/* --- the root ----------------------------------------------------------------------------------
 */

static int on_ready(struct loop_source *source, uint32_t events);
static int on_retry(struct loop_source *source, uint32_t events);

static void close_all(struct watch *w)
{
        if (w->fd < 0)
                return;
        loop_remove(w->options.loop, &w->source);
        closep(&w->fd);
        while (w->n_folders > 0)
                free(w->folders[--w->n_folders].path);
}

static int open_all(struct watch *w)
{
        int r;

        w->is_full = false;
        w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (w->fd < 0)
                return -errno;
        r = loop_add_fd(w->options.loop, &w->source, w->fd, EPOLLIN, on_ready, w);
        if (r < 0) {
                closep(&w->fd);
                return r;
        }
        r = folder_add(w, "", false, 0);
        return r < 0 ? r : w->n_folders == 0 ? -ENOENT : 0;
}

static void retry_later(struct watch *w)
{
        loop_remove(w->options.loop, &w->timer);
        w->first_ms = 0;
        (void) loop_add_timer(w->options.loop, &w->timer, WATCH_RETRY_MS, on_retry, w);
}

static void begin(struct watch *w, bool is_first)
{
        int r = open_all(w);

        if (r == 0) {
                if (!is_first)
                        note(w);
                return;
        }
        close_all(w);
        if (is_first && r == -ENOSPC)
                trouble(w,
                        "cannot watch %s: the system's limit of watches is reached "
                        "(sysctl fs.inotify.max_user_watches)",
                        w->root);
        else if (is_first)
                trouble(w, "cannot watch %s: %s", w->root, strerror(-r));
        retry_later(w);
}

static int on_retry(struct loop_source *source, _unused_ uint32_t events)
{
        begin(source->owner, false);
        return 0;
}

static void root_is_gone(struct watch *w)
{
        trouble(w, "%s is gone; it is watched again when it is back", w->root);
        close_all(w);
        retry_later(w);
}

/* --- changes -----------------------------------------------------------------------------------
 */

static int on_quiet(struct loop_source *source, _unused_ uint32_t events)
{
        struct watch *w = source->owner;
        uint64_t now = clock_ms(), until = w->last_ms + w->options.debounce_ms;

        until = MIN_OF(until, w->first_ms + w->options.debounce_ms * WATCH_PATIENCE);
        if (now < until)
                return loop_add_timer(w->options.loop, &w->timer, until - now, on_quiet, w);
        w->first_ms = 0;
        w->options.changed(w->options.user);
        return 0;
}

/* A change that counts. */
static void note(struct watch *w)
{
        w->last_ms = clock_ms();
        if (w->first_ms)
                return;
        w->first_ms = w->last_ms;
        (void) loop_add_timer(w->options.loop, &w->timer, w->options.debounce_ms, on_quiet, w);
}

struct look {
        bool (*is_own)(void *user, const char *path);
        void *user;
};

static void change(struct watch *w, const struct inotify_event *e, const char *path,
                   const struct look *look)
{
        bool is_own = look->is_own && look->is_own(look->user, path);

        if (is_closed(w, path))
                return;
        if (e->mask & IN_ISDIR && e->mask & IN_MOVED_FROM)
                folders_forget(w, path);
        if (e->mask & IN_ISDIR && e->mask & (IN_CREATE | IN_MOVED_TO) &&
            folder_add(w, path, !is_own, 0) < 0)
                note(w); /* better once too often */
        if (!is_own && any_fits(w, path, false))
                note(w);
}

/* False: there is nothing left to look at. */
static bool event_take(struct watch *w, const struct inotify_event *e, const struct look *look)
{
        struct folder *f = folder_find(w, e->wd);
        char path[PATH_MAX];

        if (e->mask & IN_Q_OVERFLOW) {
                close_all(w);
                begin(w, false);
                return false;
        }
        if (!f)
                return true;
        if (!*f->path && e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) {
                root_is_gone(w);
                return false;
        }
        if (e->mask & IN_IGNORED) {
                folder_drop(w, f);
                return true;
        }
        if (e->len == 0)
                return true;
        if (snprintf(path, sizeof(path), "%s%s%s", f->path, *f->path ? "/" : "", e->name) <
            (int) sizeof(path))
                change(w, e, path, look);
        return true;
}

void watch_look(struct watch *w, bool (*is_own)(void *user, const char *path), void *user)
{
        const struct look look = { is_own, user };
        char bytes[16384] __attribute__((aligned(__alignof__(struct inotify_event))));

        while (w->fd >= 0) {
                ssize_t n = read(w->fd, bytes, sizeof(bytes));

                if (n <= 0)
                        return;
                for (ssize_t at = 0; at < n;) {
                        const struct inotify_event *e = (const void *) (bytes + at);

                        at += (ssize_t) (sizeof(*e) + e->len);
                        if (!event_take(w, e, &look))
                                break;
                }
        }
}

bool watch_is_pending(const struct watch *w)
{
        return w->first_ms > 0;
}

void watch_touch(struct watch *w)
{
        note(w);
}

static int on_ready(struct loop_source *source, _unused_ uint32_t events)
{
        watch_look(source->owner, NULL, NULL);
        return 0;
}

int watch_new(struct watch **ret, const struct watch_options *options, struct err *err)
{
        _cleanup_(watch_freep) struct watch *w = calloc(1, sizeof(*w));

        if (!w)
                return err_set(err, -ENOMEM, "no memory to watch %s", options->folder);
        w->options = *options;
        w->fd = -1;
        w->root = strdup(options->folder);
        w->exclude = options->exclude ? strdup(options->exclude) : NULL;
        w->patterns = json_deep_copy(options->patterns);
        if (!w->root || !w->patterns || (options->exclude && !w->exclude))
                return err_set(err, -ENOMEM, "no memory to watch %s", options->folder);
        begin(w, true);
        *ret = TAKE(w);
        return 0;
}

struct watch *watch_free(struct watch *w)
{
        if (!w)
                return NULL;
        loop_remove(w->options.loop, &w->timer);
        close_all(w);
        free(w->folders);
        free(w->root);
        free(w->exclude);
        json_decref(w->patterns);
        free(w);
        return NULL;
}
