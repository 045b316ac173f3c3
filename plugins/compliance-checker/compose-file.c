/* SPDX-License-Identifier: Apache-2.0 */
#include "compose-file.h"

#include "beside.h"
#include "compose-value.h"
#include "def.h"

#include <fnmatch.h>

bool compose_is_file(const char *path)
{
        static const char *const names[] = { "docker-compose*.y*ml", "compose*.y*ml",
                                             "*.compose.y*ml", "podman-compose*.y*ml",
                                             "*-compose.y*ml" };
        const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

        if (!strcasestr(base, "compose"))
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (fnmatch(names[i], base, FNM_CASEFOLD) == 0)
                        return true;
        return false;
}

static void file_free(struct compose_file *f)
{
        if (!f)
                return;
        yaml_done(&f->tree);
        free(f->text);
        free(f->path);
        free(f);
}

static int file_parse(struct compose_file *f, const char *text, size_t length)
{
        int r = yaml_parse(&f->tree, text, length);

        if (r >= 0 && f->tree.n_documents)
                f->services = yaml_get(f->tree.documents[0], "services");
        return r;
}

static struct compose_file *file_new(struct compose_project *p, char *path)
{
        struct compose_file *f = calloc(1, sizeof(*f));

        if (!f)
                return NULL;
        f->path = path;
        f->is_checked = compose_is_file(path);
        return p->files[p->n++] = f;
}

static int read_variables(struct compose_project *p)
{
        _cleanup_(freep) char *path = NULL, *text = NULL;
        size_t length;
        int r = beside_path(p->c->path, ".env", &path);

        if (r > 0)
                r = beside_read(linhay_workspace(p->c->run), path, BESIDE_BYTES_MAX, &text,
                                &length);
        if (r <= 0)
                return r;
        p->variables = compose_variables(text, length);
        return p->variables ? 0 : -ENOMEM;
}

int compose_project_read(struct compose_project *p, struct check *c)
{
        char *path = strdup(c->path);
        struct compose_file *f;

        *p = (struct compose_project){ .c = c };
        f = path ? file_new(p, path) : NULL;
        if (!f) {
                free(path);
                return -ENOMEM;
        }
        if (file_parse(f, c->text, c->length) < 0)
                return -ENOMEM;
        return read_variables(p);
}

void compose_project_done(struct compose_project *p)
{
        for (size_t i = 0; i < p->n; i++)
                file_free(p->files[i]);
        json_decref(p->variables);
        *p = (struct compose_project){ 0 };
}

static int note_gap(const struct compose_project *p, const char *path, const char *why)
{
        return p->is_quiet ? 0 : check_not_scanned(p->c, path, why);
}

/* A file that was not met before; it takes the path. */
static int file_open(struct compose_project *p, char *path, const struct compose_file **ret)
{
        struct compose_file *f;
        size_t length = 0;
        int r;

        if (p->n == COMPOSE_FILES_MAX) {
                free(path);
                return note_gap(p, p->c->path, "too-many-extended-files");
        }
        f = file_new(p, path);
        if (!f) {
                free(path);
                return -ENOMEM;
        }
        r = beside_read(linhay_workspace(p->c->run), path, BESIDE_BYTES_MAX, &f->text, &length);
        if (r > 0)
                r = file_parse(f, f->text, length);
        if (r >= 0 && !f->services)
                return note_gap(p, path, "extends-missing");
        *ret = f;
        return r < 0 ? r : 1;
}

int compose_file_find(struct compose_project *p, const struct compose_file *from, const char *name,
                      const struct compose_file **ret)
{
        char *path = NULL;
        int r = strchr(name, '$') ? 0 : beside_path(from->path, name, &path);

        if (r <= 0)
                return r < 0 ? r : note_gap(p, p->c->path, "extends-outside");
        for (size_t i = 0; i < p->n; i++)
                if (strcmp(p->files[i]->path, path) == 0) {
                        free(path);
                        *ret = p->files[i];
                        return p->files[i]->services != NULL;
                }
        return file_open(p, path, ret);
}

/* Is there room for another text? */
static bool is_room(struct compose_project *p, size_t length)
{
        bool was = p->n_put <= COMPOSE_PUT_MAX;

        p->n_put += was ? length : 0;
        if (was && p->n_put > COMPOSE_PUT_MAX)
                (void) note_gap(p, p->c->path, "too-many-variables");
        return p->n_put <= COMPOSE_PUT_MAX;
}

const char *compose_text(struct compose_project *p, const struct yaml_node *node, bool *ret_is_put)
{
        const char *text = yaml_text(node), *kept = NULL;
        char *put = NULL;
        int r = text ? compose_expand(p->variables, text, &put) : 0;

        *ret_is_put = r > 0;
        if (r <= 0)
                return r < 0 ? NULL : text;
        kept = is_room(p, strlen(put)) ? check_keep(p->c, "%s", put) : text;
        free(put);
        return kept;
}
