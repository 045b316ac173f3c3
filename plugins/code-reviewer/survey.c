/* SPDX-License-Identifier: Apache-2.0 */
#include "survey.h"

#include <linhay/walk.h>

/* ---- inputs ---- */

/* Without "./" at its front and "/" at its end; "." is all. */
static char *path_normal(const char *path)
{
        size_t n;

        while (path[0] == '.' && path[1] == '/')
                path += 2;
        if (strcmp(path, ".") == 0)
                path = "";
        n = strlen(path);
        while (n > 0 && path[n - 1] == '/')
                n--;
        return strndup(path, n);
}

static int read_paths(struct survey *v)
{
        const char *text;
        size_t length, i;
        json_t *list, *item;
        int r = 0;

        if (linhay_input(v->run, "/paths", &text, &length) < 0)
                return 0;
        list = json_loadb(text, length, 0, NULL);
        json_array_foreach (list, i, item) {
                if (i >= SURVEY_PATHS || !json_is_string(item))
                        break;
                v->paths[i] = path_normal(json_string_value(item));
                if (!v->paths[i])
                        r = -ENOMEM;
        }
        json_decref(list);
        return r;
}

int survey_open(struct survey *v, struct linhay_run *run)
{
        *v = (struct survey){
                .run = run,
                .max_file_bytes =
                        (uint64_t) linhay_input_int(run, "/max_file_bytes", SURVEY_FILE_BYTES),
                .takes_generated = linhay_input_bool(run, "/generated", 0),
                .not_looked_at = json_array(),
                .partly_parsed = json_array(),
        };
        if (!v->not_looked_at || !v->partly_parsed)
                return -ENOMEM;
        return read_paths(v);
}

void survey_close(struct survey *v)
{
        for (size_t i = 0; v->paths[i]; i++)
                free(v->paths[i]);
        json_decref(v->not_looked_at);
        json_decref(v->partly_parsed);
        *v = (struct survey){ 0 };
}

/* ---- what was left out ---- */

json_t *json_text(const char *text)
{
        size_t size = 3 * strlen(text) + 1;
        _cleanup_(freep) char *clean = malloc(size);

        if (!clean)
                return NULL;
        (void) text_clean(clean, size, text, strlen(text), true);
        return json_string(clean);
}

static void leave_out(struct survey *v, const char *path, const char *why)
{
        v->n_not_looked_at++;
        if (json_array_size(v->not_looked_at) < SURVEY_LISTED)
                (void) json_array_append_new(
                        v->not_looked_at,
                        json_pack("{so ss}", "path", json_text(path), "reason", why));
}

void survey_partly(struct survey *v, const char *path)
{
        if (json_array_size(v->partly_parsed) < SURVEY_LISTED)
                (void) json_array_append_new(v->partly_parsed, json_text(path));
}

static bool is_wanted(const struct survey *v, const char *path)
{
        if (!v->paths[0])
                return true;
        for (size_t i = 0; v->paths[i]; i++) {
                size_t n = strlen(v->paths[i]);

                if (n == 0 ||
                    (strncmp(path, v->paths[i], n) == 0 && (path[n] == '/' || path[n] == '\0')))
                        return true;
        }
        return false;
}

/* The walker tells what it skipped; ignored files and links are meant to be left out. */
static void skipped(void *owner, const char *path, enum linhay_walk_skip why, int error)
{
        struct survey *v = owner;
        bool is_folder =
                why == LINHAY_WALK_DEEP || why == LINHAY_WALK_MANY || why == LINHAY_WALK_UNREADABLE;

        (void) error;
        if (why == LINHAY_WALK_IGNORED || why == LINHAY_WALK_SYMLINK || !is_wanted(v, path))
                return;
        if (language_of_path(path) >= 0 || is_folder)
                leave_out(v, path, linhay_walk_skip_names[why]);
}

/* ---- one file ---- */

static const char *why_not(int error)
{
        return error == -ETIMEDOUT ? "parsing took too long"
               : error == -EPROTO  ? "no grammar"
                                   : "too-large";
}

static int look(struct survey *v, const struct source *s, survey_visit visit, void *owner)
{
        struct survey_language *l = &v->languages[s->language->id];
        struct metrics m;
        int r = metrics_measure(&m, s);

        if (r < 0)
                return r;
        v->files++;
        v->functions += m.n_rows;
        l->files++;
        l->functions += m.n_rows;
        l->nloc += m.nloc;
        if (s->has_errors || m.truncated)
                survey_partly(v, s->path);
        r = visit(owner, s, &m);
        metrics_done(&m);
        return r;
}

static int look_at(struct survey *v, struct linhay_walk *w, enum language_id id, survey_visit visit,
                   void *owner)
{
        const struct language *language = language_get(id);
        struct source s;
        const char *data, *unfit;
        size_t length;
        int r = linhay_walk_load(w, &data, &length);

        if (r <= 0)
                return r;
        unfit = v->takes_generated ? NULL : source_unfit(data, length);
        if (unfit) {
                leave_out(v, w->path, unfit);
                return 0;
        }
        r = language ? source_open(&s, language, w->path, data, length) : -EPROTO;
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                leave_out(v, w->path, why_not(r));
                return 0;
        }
        r = look(v, &s, visit, owner);
        source_close(&s);
        return r;
}

int survey_run(struct survey *v, survey_visit visit, void *owner)
{
        const struct linhay_walk_options options = {
                .max_file_bytes = v->max_file_bytes,
                .skipped = skipped,
                .owner = v,
        };
        struct linhay_walk w;
        int r = linhay_walk_init(&w, linhay_workspace(v->run), &options);

        if (r < 0)
                return r;
        while (r >= 0 && (r = linhay_walk_next(&w)) > 0) {
                int id = language_of_path(w.path);

                if (id < 0 || !is_wanted(v, w.path))
                        continue;
                if (linhay_cancelled(v->run))
                        r = -ECANCELED;
                else
                        r = look_at(v, &w, (enum language_id) id, visit, owner);
                (void) linhay_progress(v->run, v->files, 0, NULL);
        }
        linhay_walk_done(&w);
        return r;
}

/* ---- the report ---- */

/* tsx counts as TypeScript: one line for each name. */
static int add_language(json_t *languages, enum language_id id, const struct survey_language *l)
{
        const char *name = language_get(id)->name;
        json_t *have = json_object_get(languages, name);
        json_int_t files = json_integer_value(json_object_get(have, "files"));
        json_int_t functions = json_integer_value(json_object_get(have, "functions"));
        json_int_t nloc = json_integer_value(json_object_get(have, "nloc"));

        return json_object_set_new(languages, name,
                                   json_pack("{sI sI sI}", "files", files + (json_int_t) l->files,
                                             "functions", functions + (json_int_t) l->functions,
                                             "nloc", nloc + (json_int_t) l->nloc));
}

int survey_report(struct survey *v, json_t *output)
{
        json_t *languages = json_object();
        int r = 0;

        for (int id = 0; id < LANGUAGES_; id++)
                if (v->languages[id].files > 0)
                        r |= add_language(languages, (enum language_id) id, &v->languages[id]);
        r |= json_object_set_new(output, "languages", languages);
        r |= json_object_set(output, "not_looked_at", v->not_looked_at);
        r |= json_object_set_new(output, "not_looked_at_count",
                                 json_integer((json_int_t) v->n_not_looked_at));
        r |= json_object_set(output, "partly_parsed", v->partly_parsed);
        return r < 0 ? -ENOMEM : 0;
}
