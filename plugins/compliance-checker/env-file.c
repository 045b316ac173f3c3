/* SPDX-License-Identifier: Apache-2.0 */
#include "env-file.h"

#include "beside.h"
#include "compose-service.h"
#include "def.h"
#include "env.h"
#include "name.h"
#include "variable.h"

/* Keeps a file for the end, unless the rules for .env files see it by its name. */
static int keep_file(struct check *c, const char *path)
{
        if (!c->env_files && !(c->env_files = json_object()))
                return -ENOMEM;
        if (json_object_size(c->env_files) >= ENV_FILES_MAX)
                return 0;
        /* A path that is no UTF-8 cannot be kept. */
        if (!variable_is_dotenv(path))
                (void) json_object_set_new(c->env_files, path, json_true());
        return 0;
}

/* A file that does not stand in the tree is made on the machine: nothing is said of it. */
static int take_file(struct check *c, const char *from, const char *name)
{
        _cleanup_(freep) char *path = NULL, *text = NULL;
        size_t length;
        int r = strchr(name, '$') ? 0 : beside_path(from, name, &path);

        if (r > 0)
                r = beside_read(linhay_workspace(c->run), path, BESIDE_BYTES_MAX, &text, &length);
        if (r > 0)
                r = variable_declare_text(c, text, length);
        return r < 0 || !text ? r : keep_file(c, path);
}

static int visit_file(void *owner, size_t layer, const struct yaml_node *item)
{
        struct compose_service *s = owner;
        const struct yaml_node *node = item->kind == YAML_MAPPING ? yaml_get(item, "path") : item;
        bool is_put;
        const char *name = compose_text(s->p, node, &is_put);

        return name ? take_file(s->p->c, s->layers[layer].file->path, name) : 0;
}

static int note_services(struct compose_project *p)
{
        const struct yaml_node *services = p->files[0]->services;
        size_t n = MIN_OF(yaml_count(services, YAML_MAPPING), (size_t) COMPOSE_SERVICES_MAX);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                struct compose_service s;

                r = compose_service_read(&s, p, services->keys[i], services->items[i]);
                if (r >= 0)
                        r = compose_service_each(&s, "env_file", visit_file, &s);
        }
        return r;
}

int env_file_note(struct check *c)
{
        struct compose_project p;
        int r;

        if (!compose_is_file(c->path) || !memmem(c->text, c->length, "env_file", 8))
                return 0;
        r = compose_project_read(&p, c);
        p.is_quiet = c->wanted[CONTROL_CONFIG];
        if (r >= 0)
                r = note_services(&p);
        compose_project_done(&p);
        return r;
}

/* The path may hold a secret of its own. */
static int look_at(struct check *c, const char *path, const char *text, size_t length)
{
        _cleanup_(freep) char *shown = name_shown(c, path);
        int r;

        if (!shown)
                return -ENOMEM;
        check_begin(c, shown);
        check_part(c, text, length, 0, length);
        r = env_check_dotenv(c);
        if (r >= 0)
                r = check_flush(c);
        check_part(c, NULL, 0, 0, 0);
        return r;
}

int env_file_finish(struct check *c)
{
        const char *path;
        json_t *value;
        int r = 0;

        json_object_foreach (c->env_files, path, value) {
                _cleanup_(freep) char *text = NULL;
                size_t length;

                r = beside_read(linhay_workspace(c->run), path, BESIDE_BYTES_MAX, &text, &length);
                if (r > 0)
                        r = look_at(c, path, text, length);
                if (r < 0)
                        break;
        }
        return MIN_OF(r, 0);
}
