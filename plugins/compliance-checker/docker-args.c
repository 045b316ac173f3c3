/* SPDX-License-Identifier: Apache-2.0 */

/* How the words of commands are read: the helpers of docker-check.h. */
#include "docker-check.h"

bool docker_is_one_of(const char *text, const char *const *list)
{
        for (; *list; list++)
                if (strcmp(text, *list) == 0)
                        return true;
        return false;
}

/* -t or --target, which take the next word; not --target=x nor -tx. */
static bool takes_next(const char *word, const struct docker_options *options)
{
        size_t n = strlen(word);

        if (!options || n < 2)
                return false;
        if (word[1] == '-')
                return options->names && docker_is_one_of(word, options->names);
        /* In -yt the last letter counts; in -tx, x is the value of -t. */
        for (size_t i = 1; options->letters && i < n; i++)
                if (strchr(options->letters, word[i]))
                        return i == n - 1;
        return false;
}

size_t docker_operands(const struct shell_command *c, const struct docker_options *options,
                       const struct shell_word **ret, size_t max)
{
        const struct shell_word *word;
        bool is_end = false;
        size_t n = 0;

        for (size_t i = 0; (word = shell_argument(c, i)) && n < max; i++) {
                if (is_end || *word->text != '-' || !word->text[1]) {
                        if (*word->text)
                                ret[n++] = word;
                } else if (strcmp(word->text, "--") == 0) {
                        is_end = true;
                } else if (takes_next(word->text, options)) {
                        i++;
                }
        }
        return n;
}

static bool is_option(const char *word, const char *option)
{
        size_t n = strlen(option);

        if (option[1] == '-' || n > 2)
                return strncmp(word, option, n) == 0 && (word[n] == '\0' || word[n] == '=');
        return *word == '-' && word[1] != '-' && strchr(word, option[1]);
}

bool docker_has_option(const struct shell_command *c, const char *const *options)
{
        const struct shell_word *word;

        for (size_t i = 0; (word = shell_argument(c, i)); i++) {
                if (strcmp(word->text, "--") == 0)
                        return false;
                for (const char *const *option = options; *option; option++)
                        if (is_option(word->text, *option))
                                return true;
        }
        return false;
}

const char *docker_option_value(const struct shell_command *c, const char *const *options)
{
        const struct shell_word *word;

        for (size_t i = 0; (word = shell_argument(c, i)); i++)
                for (const char *const *option = options; *option; option++) {
                        const struct shell_word *next = shell_argument(c, i + 1);
                        const char *text = word->text, *at;

                        if (!is_option(text, *option))
                                continue;
                        if ((*option)[1] == '-')
                                at = strchr(text, '=') ? strchr(text, '=') + 1 : "";
                        else
                                at = strchr(text, (*option)[1]) + 1;
                        return *at ? at : next ? next->text : NULL;
                }
        return NULL;
}

/* The value of a key in "type=cache,target=/x". */
static bool mount_value(const char *mount, const char *key, char *ret, size_t size)
{
        size_t n = strlen(key);

        while (*mount) {
                size_t length = strcspn(mount, ",");

                if (length > n && strncmp(mount, key, n) == 0 && mount[n] == '=') {
                        (void) snprintf(ret, size, "%.*s", (int) (length - n - 1), mount + n + 1);
                        return true;
                }
                mount += length + (mount[length] == ',');
        }
        return false;
}

/* Is `folder` in `target` (or the same), or its name within it? */
static bool is_within(const char *folder, char *target)
{
        size_t n = strlen(target);

        while (n > 1 && target[n - 1] == '/')
                target[--n] = '\0';
        if (strstr(target, folder))
                return true;
        return *folder == '/' && strncmp(folder, target, n) == 0 && folder[n] == '/';
}

bool docker_has_cache(const struct docker_instruction *run, const char *folder)
{
        char type[16], target[512];

        for (size_t i = 0; i < run->n_flags; i++) {
                const char *mount = run->flags[i].value;

                if (strcmp(run->flags[i].name, "mount") != 0 ||
                    !mount_value(mount, "type", type, sizeof(type)) ||
                    (strcmp(type, "cache") != 0 && strcmp(type, "tmpfs") != 0))
                        continue;
                if ((mount_value(mount, "target", target, sizeof(target)) ||
                     mount_value(mount, "dst", target, sizeof(target)) ||
                     mount_value(mount, "destination", target, sizeof(target))) &&
                    is_within(folder, target))
                        return true;
        }
        return false;
}
