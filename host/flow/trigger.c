/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/trigger.h"

#include "flow/reader.h"

#include <string.h>

static int read_words(struct reader *r, const char *pointer, const struct reader_key *key,
                      const json_t *value, void *target)
{
        int e = reader_text(r, pointer, key, value, target);

        if (e == 0 && json_is_string(value) && json_string_length(value) > TRIGGER_TEXT_MAX)
                e = reader_fault(r, pointer, "%s has more than %d bytes", key->name,
                                 TRIGGER_TEXT_MAX);
        return e;
}

/* The name of a file below the folder of zones; whether there is one is asked where it is used. */
static int read_zone(struct reader *r, const char *pointer, const struct reader_key *key,
                     const json_t *value, void *target)
{
        const char *text = reader_word(value);
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789_+-/";

        if (text && (text[0] == '/' || text[strspn(text, letters)] != '\0'))
                return reader_fault(r, pointer, "%s must be a zone's name: \"Europe/Berlin\"",
                                    key->name);
        return read_words(r, pointer, key, value, target);
}

static int read_path(struct reader *r, const char *pointer, const struct reader_key *key,
                     const json_t *value, void *target)
{
        if (json_is_string(value) && json_string_value(value)[0] != '/')
                return reader_fault(r, pointer, "%s must be an absolute path", key->name);
        return reader_text(r, pointer, key, value, target);
}

/* Below the workspace, and nowhere else? */
static bool is_inside(const char *pattern)
{
        if (!*pattern || *pattern == '/')
                return false;
        for (const char *p = pattern; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
                if (strcmp(p, "..") == 0 || strncmp(p, "../", 3) == 0)
                        return false;
        return true;
}

static int read_watch(struct reader *r, const char *pointer, const struct reader_key *key,
                      const json_t *value, void *target)
{
        const json_t *item;
        size_t i;

        if (!json_is_array(value) || json_array_size(value) == 0)
                return reader_fault(r, pointer, "%s must be a list of patterns: ( \"src/**\" )",
                                    key->name);
        if (json_array_size(value) > TRIGGER_WATCHES_MAX)
                return reader_fault(r, pointer, "%s has more than %d patterns", key->name,
                                    TRIGGER_WATCHES_MAX);
        json_array_foreach (value, i, item)
                if (!json_is_string(item) ||
                    strlen(json_string_value(item)) != json_string_length(item) ||
                    !is_inside(json_string_value(item)))
                        return reader_fault(r, pointer,
                                            "%s: each pattern is a path below the workspace, "
                                            "without .. and no / in front",
                                            key->name);
        *(const json_t **) target = value;
        return 0;
}

static int read_debounce(struct reader *r, const char *pointer, const struct reader_key *key,
                         const json_t *value, void *target)
{
        int e = reader_duration(r, pointer, key, value, target);

        if (e == 0 && *(uint64_t *) target > TRIGGER_DEBOUNCE_MAX_MS)
                e = reader_fault(r, pointer, "%s is at most 1 h", key->name);
        return e;
}

/* Said or left out; there is nothing that `false` could mean. */
static int read_manual(struct reader *r, const char *pointer, const struct reader_key *key,
                       const json_t *value, void *target)
{
        if (!json_is_true(value))
                return reader_fault(r, pointer, "%s is true, or left out", key->name);
        *(bool *) target = true;
        return 0;
}

static const char *const overlap_words[] = { "skip", "queue", "cancel", NULL };
static const char *const missed_words[] = { "skip", "once", "all", NULL };

#define TRIGGER(member) offsetof(struct flow_trigger, member)
static const struct reader_key trigger_keys[] = {
        { "name", NULL, 0, NULL, false }, /* kept as bytes, below */
        { "cron", read_words, TRIGGER(cron), NULL, false },
        { "time_zone", read_zone, TRIGGER(time_zone), NULL, false },
        { "missed", reader_choice, TRIGGER(missed), missed_words, false },
        { "watch", read_watch, TRIGGER(watch), NULL, false },
        { "debounce", read_debounce, TRIGGER(debounce_ms), NULL, false },
        { "manual", read_manual, TRIGGER(is_manual), NULL, false },
        { "overlap", reader_choice, TRIGGER(overlap), overlap_words, false },
        { "inputs", reader_object, TRIGGER(inputs), NULL, false },
        { "workspace", read_path, TRIGGER(workspace), NULL, false },
};
#undef TRIGGER

/* Every trigger has one of these keys. */
static const char *const kinds[] = { "cron", "watch", "manual" };

const char *trigger_kind(const struct flow_trigger *trigger)
{
        return trigger->cron ? kinds[0] : trigger->watch ? kinds[1] : kinds[2];
}

/* Of what was written, whether it could be read or not; NULL: of none, or of several. */
static const char *kind_of(const json_t *json)
{
        const char *kind = NULL;

        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
                if (!json_object_get(json, kinds[i]))
                        continue;
                if (kind)
                        return NULL;
                kind = kinds[i];
        }
        return kind;
}

/* Keys that only one kind has. */
static const struct {
        const char *key, *kind;
} kind_keys[] = {
        { "time_zone", "cron" },
        { "missed", "cron" },
        { "debounce", "watch" },
};

static int kind_check(struct reader *r, const char *pointer, const json_t *json)
{
        const char *kind = kind_of(json);
        int e = 0;

        if (!kind)
                return reader_fault(r, pointer,
                                    "a trigger has either cron = \"30 4 * * 1-5\", watch = ( "
                                    "\"src/**\" ) or manual = true");
        for (size_t i = 0; i < ARRAY_SIZE(kind_keys) && e == 0; i++)
                if (json_object_get(json, kind_keys[i].key) && strcmp(kind_keys[i].kind, kind) != 0)
                        e = reader_fault(r, pointer, "%s is only for %s", kind_keys[i].key,
                                         kind_keys[i].kind);
        if (e == 0 && json_object_get(json, "watch") && !json_object_get(json, "workspace"))
                e = reader_fault(r, pointer, "watch needs a workspace: the tree that it looks at");
        return e;
}

/* Its own, or made of kind and place; no two alike. */
static int name_read(struct reader *r, const char *pointer, const json_t *json, size_t i)
{
        struct flow_trigger *trigger = &r->flow->triggers[i];
        const json_t *given = json_object_get(json, "name");

        if (given && !reader_is_id(reader_word(given)))
                return reader_fault(r, pointer,
                                    "name must begin with a small letter and have only small "
                                    "letters, digits, _ and -, %d at most",
                                    FLOW_NAME_MAX);
        if (given)
                (void) snprintf(trigger->name, sizeof(trigger->name), "%s",
                                json_string_value(given));
        else
                (void) snprintf(trigger->name, sizeof(trigger->name), "%s-%zu", kind_of(json),
                                i + 1);
        for (size_t k = 0; k < i; k++)
                if (strcmp(r->flow->triggers[k].name, trigger->name) == 0)
                        return reader_fault(r, pointer, "another trigger has the name \"%s\" too",
                                            trigger->name);
        return 0;
}

static int trigger_read(struct reader *r, const char *pointer, const json_t *json, size_t i)
{
        struct flow_trigger *trigger = &r->flow->triggers[i];
        int e;

        *trigger = (struct flow_trigger){
                .debounce_ms = TRIGGER_DEBOUNCE_MS,
                .line = flow_line(r->flow, pointer),
        };
        (void) snprintf(r->prefix, sizeof(r->prefix), "trigger %zu: ", i + 1);
        if (!json_is_object(json))
                return reader_fault(r, pointer, "must be a group: { cron = \"30 4 * * 1-5\"; }");
        e = reader_keys(r, pointer, trigger_keys, ARRAY_SIZE(trigger_keys), json, trigger);
        if (e == 0)
                e = kind_check(r, pointer, json);
        return e < 0 ? e : name_read(r, pointer, json, i);
}

int triggers_read(struct reader *r, const char *pointer, const struct reader_key *key,
                  const json_t *value, void *target)
{
        struct flow *f = target;
        const json_t *item;
        char at[64];
        size_t i;
        int e = 0;

        if (!json_is_array(value))
                return reader_fault(r, pointer,
                                    "%s must be a list of groups: ( { cron = \"30 4 * "
                                    "* 1-5\"; } )",
                                    key->name);
        if (json_array_size(value) > TRIGGERS_MAX)
                return reader_fault(r, pointer, "more than %d triggers", TRIGGERS_MAX);
        f->triggers = calloc(json_array_size(value) + 1, sizeof(*f->triggers));
        if (!f->triggers)
                return -ENOMEM;
        json_array_foreach (value, i, item) {
                (void) snprintf(at, sizeof(at), "%s/%zu", pointer, i);
                f->trigger_count = i + 1;
                e = trigger_read(r, at, item, i);
                if (e < 0)
                        break;
        }
        r->prefix[0] = '\0';
        return e;
}
