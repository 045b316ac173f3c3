/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <expat.h>
#include <stdio.h>
#include <string.h>

/* Of a pom.xml: <project>/<dependencies>/<dependency> and its children's texts. */

enum { DEPTH_MAX = 64, PROPERTIES_MAX = 256, NAME = 256 };

struct property {
        char name[NAME], value[NAME];
};

struct pom {
        struct dep_reader *r;
        XML_Parser parser;
        char path[DEPTH_MAX][NAME]; /* names of the elements that are open */
        unsigned depth;
        char text[NAME];
        size_t n_text;
        char group[NAME], artifact[NAME], version[NAME], scope[NAME], optional[NAME];
        uint32_t line;
        struct property *properties; /* ${name} of versions */
        size_t n_properties;
        int error;
};

/* Names of the last `n` open elements, the innermost last. */
static bool is_at(const struct pom *p, unsigned n, const char *const *names)
{
        if (p->depth < n || p->depth > DEPTH_MAX)
                return false;
        for (unsigned i = 0; i < n; i++)
                if (strcmp(p->path[p->depth - n + i], names[i]) != 0)
                        return false;
        return true;
}

/* A dependency of the project or of a profile: not of a plugin, and not what is only managed. */
static bool is_dependency(const struct pom *p)
{
        static const char *const names[] = { "dependencies", "dependency" };

        if (!is_at(p, 2, names))
                return false;
        for (unsigned i = 0; i < p->depth; i++)
                if (strcmp(p->path[i], "plugin") == 0 ||
                    strcmp(p->path[i], "dependencyManagement") == 0)
                        return false;
        return true;
}

static void XMLCALL on_start(void *owner, const XML_Char *name, const XML_Char **attributes)
{
        struct pom *p = owner;

        (void) attributes;
        p->n_text = 0;
        if (p->depth++ < DEPTH_MAX)
                (void) snprintf(p->path[p->depth - 1], NAME, "%s", name);
        if (p->depth > DEPTH_MAX) {
                p->error = dep_fail(p->r, (uint32_t) XML_GetCurrentLineNumber(p->parser),
                                    "its elements stand more than %d deep", DEPTH_MAX);
                (void) XML_StopParser(p->parser, XML_FALSE);
        } else if (is_dependency(p)) {
                *p->group = *p->artifact = *p->version = *p->scope = *p->optional = '\0';
                p->line = (uint32_t) XML_GetCurrentLineNumber(p->parser);
        }
}

static void XMLCALL on_text(void *owner, const XML_Char *text, int length)
{
        struct pom *p = owner;

        for (int i = 0; i < length && p->n_text < NAME - 1; i++)
                if (p->n_text || !strchr(" \t\r\n", text[i]))
                        p->text[p->n_text++] = text[i];
}

static void property_set(struct pom *p, const char *name, const char *value)
{
        if (p->n_properties == PROPERTIES_MAX || !ARRAY_ROOM(p->properties, p->n_properties))
                return;
        (void) snprintf(p->properties[p->n_properties].name, NAME, "%s", name);
        (void) snprintf(p->properties[p->n_properties++].value, NAME, "%s", value);
}

/* "${a}" as a whole, once: Maven would go on, but a version is seldom deeper. */
static const char *resolve(const struct pom *p, const char *text)
{
        size_t n = strlen(text);

        if (n < 4 || text[0] != '$' || text[1] != '{' || text[n - 1] != '}')
                return text;
        for (size_t i = 0; i < p->n_properties; i++)
                if (strlen(p->properties[i].name) == n - 3 &&
                    memcmp(p->properties[i].name, text + 2, n - 3) == 0)
                        return p->properties[i].value;
        return text;
}

static void dependency_tell(struct pom *p)
{
        const char *version = resolve(p, p->version), *group = resolve(p, p->group);
        char name[2 * NAME + 1];

        if (!*group || !*p->artifact)
                return;
        (void) snprintf(name, sizeof(name), "%s:%s", group, p->artifact);
        p->error = dep_add(
                p->r, DEP_MAVEN,
                &(struct dep_note){ .name = name,
                                    .version = version,
                                    .scope = strcmp(p->scope, "test") == 0 ? DEP_DEV
                                             : strcmp(p->optional, "true") == 0 ||
                                                             strcmp(p->scope, "provided") == 0
                                                     ? DEP_OPTIONAL
                                                     : DEP_RUNTIME,
                                    .line = p->line,
                                    .is_exact = *version && !strpbrk(version, "[](),$"),
                                    .is_direct = true });
}

static void XMLCALL on_end(void *owner, const XML_Char *name)
{
        static const char *const properties[] = { "project", "properties" };
        struct pom *p = owner;
        const struct {
                const char *name;
                char *to;
        } parts[] = {
                { "groupId", p->group }, { "artifactId", p->artifact }, { "version", p->version },
                { "scope", p->scope },   { "optional", p->optional },
        };

        while (p->n_text && strchr(" \t\r\n", p->text[p->n_text - 1]))
                p->n_text--;
        p->text[p->n_text] = '\0';
        if (p->depth <= DEPTH_MAX && is_dependency(p))
                dependency_tell(p);
        p->depth--;
        if (is_at(p, 2, properties))
                property_set(p, name, p->text);
        for (size_t i = 0; is_dependency(p) && i < ARRAY_SIZE(parts); i++)
                if (strcmp(name, parts[i].name) == 0)
                        (void) snprintf(parts[i].to, NAME, "%s", p->text);
        p->n_text = 0;
        if (p->error < 0)
                (void) XML_StopParser(p->parser, XML_FALSE);
}

int dep_pom(struct dep_reader *r)
{
        struct pom *p = calloc(1, sizeof(*p));
        int e = 0;

        if (!p)
                return -ENOMEM;
        p->r = r;
        p->parser = XML_ParserCreate(NULL);
        if (!p->parser) {
                free(p);
                return -ENOMEM;
        }
        XML_SetUserData(p->parser, p);
        XML_SetElementHandler(p->parser, on_start, on_end);
        XML_SetCharacterDataHandler(p->parser, on_text);
        if (XML_Parse(p->parser, r->text, (int) r->length, 1) == XML_STATUS_ERROR)
                e = p->error < 0 ? p->error
                                 : dep_fail(r, (uint32_t) XML_GetCurrentLineNumber(p->parser), "%s",
                                            XML_ErrorString(XML_GetErrorCode(p->parser)));
        XML_ParserFree(p->parser);
        free(p->properties);
        free(p);
        return e;
}
