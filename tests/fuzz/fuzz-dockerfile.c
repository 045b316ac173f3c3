/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Any bytes as a Dockerfile
 *
 * Promises: instructions follow each other inside the text; stages begin with earlier ones; words,
 * flags and comments lie in the file; the places of a script's commands too; what variables hold
 * ends with the room for it.
 */
#include "fuzz.h"

#include "docker/dockerfile.h"
#include "docker/image.h"

static void word_try(const struct docker_word *w, size_t size)
{
        promise(w->text && w->start <= w->end && w->end <= size, "a word lies in the file");
}

static void script_try(const struct docker_instruction *i, size_t size)
{
        for (size_t k = 0; k < i->script.n_commands; k++) {
                const struct shell_command *c = &i->script.commands[k];

                promise(c->name && c->start <= c->end, "a command has a name and a place");
                promise(docker_place(i, c->start) <= size, "it begins in the file");
                promise(c->first <= c->n_words, "the name is one of its words");
        }
}

static void instruction_try(const struct docker_file *f, size_t at, size_t size)
{
        const struct docker_instruction *i = &f->instructions[at];
        struct image image;
        char text[64];

        promise(i->start <= i->end && i->end <= size, "an instruction lies in the file");
        promise(at == 0 || i->start >= f->instructions[at - 1].end, "behind the one before");
        promise(i->stage == DOCKER_NO_STAGE || i->stage < f->n_stages, "in a stage that exists");
        for (size_t k = 0; k < i->n_words; k++) {
                word_try(&i->words[k], size);
                (void) dockerfile_expand(f, at, i->words[k].text, text, sizeof(text));
                promise(strlen(text) < sizeof(text), "what it expands to ends");
                image = image_split(i->words[k].text);
                promise(image.name.length <= strlen(i->words[k].text), "a name is a part");
        }
        for (size_t k = 0; k < i->n_pairs; k++)
                word_try(&i->pairs[k].key, size);
        for (size_t k = 0; k < i->n_flags; k++)
                promise(i->flags[k].end <= size && *i->flags[k].name, "a flag has a name");
        for (size_t k = 0; k < i->n_heredocs; k++)
                promise(i->heredocs[k].start <= i->heredocs[k].end && i->heredocs[k].end <= size,
                        "a here-document lies in the file");
        script_try(i, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct docker_file file;

        if (dockerfile_parse(&file, (const char *) data, size) < 0)
                return 0;
        for (size_t i = 0; i < file.n_instructions; i++)
                instruction_try(&file, i, size);
        for (size_t i = 0; i < file.n_stages; i++) {
                promise(file.stages[i].base == DOCKER_NO_STAGE || file.stages[i].base < i,
                        "a stage begins with an earlier one");
                (void) dockerfile_is_in_last(&file, i);
        }
        for (size_t i = 0; i < file.n_comments; i++)
                promise(file.comments[i].start < file.comments[i].end &&
                                file.comments[i].end <= size,
                        "a comment lies in the file");
        dockerfile_done(&file);
        return 0;
}
