/* SPDX-License-Identifier: Apache-2.0 */
#include "docker/dockerfile.h"

#include "docker/reader.h"

#include <ctype.h>
#include <fnmatch.h>

/* How the words behind an instruction's name are read. */
enum shape {
        SHAPE_WORDS, /* words, or a JSON list */
        SHAPE_TEXT,  /* a JSON list, or a text for a shell */
        SHAPE_PAIRS, /* NAME=value …, for ENV and LABEL also the old NAME value */
        SHAPE_CHECK, /* HEALTHCHECK */
};

static const struct {
        const char *name;
        enum shape shape;
        bool has_flags, has_heredocs;
} kinds[DOCKER_KINDS_] = {
        [DOCKER_ADD] = { "ADD", SHAPE_WORDS, true, true },
        [DOCKER_ARG] = { "ARG", SHAPE_PAIRS, false, false },
        [DOCKER_CMD] = { "CMD", SHAPE_TEXT, false, false },
        [DOCKER_COPY] = { "COPY", SHAPE_WORDS, true, true },
        [DOCKER_ENTRYPOINT] = { "ENTRYPOINT", SHAPE_TEXT, false, false },
        [DOCKER_ENV] = { "ENV", SHAPE_PAIRS, false, false },
        [DOCKER_EXPOSE] = { "EXPOSE", SHAPE_WORDS, false, false },
        [DOCKER_FROM] = { "FROM", SHAPE_WORDS, true, false },
        [DOCKER_HEALTHCHECK] = { "HEALTHCHECK", SHAPE_CHECK, true, false },
        [DOCKER_LABEL] = { "LABEL", SHAPE_PAIRS, false, false },
        [DOCKER_MAINTAINER] = { "MAINTAINER", SHAPE_WORDS, false, false },
        [DOCKER_ONBUILD] = { "ONBUILD", SHAPE_WORDS, false, false },
        [DOCKER_RUN] = { "RUN", SHAPE_TEXT, true, true },
        [DOCKER_SHELL] = { "SHELL", SHAPE_TEXT, false, false },
        [DOCKER_STOPSIGNAL] = { "STOPSIGNAL", SHAPE_WORDS, false, false },
        [DOCKER_USER] = { "USER", SHAPE_WORDS, false, false },
        [DOCKER_VOLUME] = { "VOLUME", SHAPE_WORDS, false, false },
        [DOCKER_WORKDIR] = { "WORKDIR", SHAPE_WORDS, false, false },
};

bool docker_is_dockerfile(const char *path)
{
        static const char *const names[] = {
                "Dockerfile",    "Dockerfile[._-]*",    "*.Dockerfile",    "dockerfile",
                "Containerfile", "Containerfile[._-]*", "*.Containerfile", "containerfile",
                "*.dockerfile",  "*.containerfile",
        };
        /* What is about Dockerfiles rather than one. */
        static const char *const others[] = { "*.md",     "*.txt",  "*.html", "*.sh",   "*.go",
                                              "*.py",     "*.js",   "*.ts",   "*.rs",   "*.java",
                                              "*.json",   "*.yaml", "*.yml",  "*.toml", "*.[ch]",
                                              "*.vim",    "*.xml",  "*.rb",   "*.rst",  "*.adoc",
                                              "*.*ignore" };
        const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

        /* Most files of a tree are none, and there are many. */
        if (!strstr(base, "ockerfile") && !strstr(base, "ontainerfile"))
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(others); i++)
                if (fnmatch(others[i], base, 0) == 0)
                        return false;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (fnmatch(names[i], base, 0) == 0)
                        return true;
        return false;
}

/* --- the words of an instruction ----------------------------------------------------------- */

static int read_flags(struct docker_reader *r, struct docker_instruction *i)
{
        _cleanup_(freep) struct docker_flag *flags = NULL;
        struct docker_flag flag;
        size_t n = 0;
        int result;

        while ((result = docker_line_flag(&r->joined, &flag)) > 0) {
                if (!ARRAY_ROOM(flags, n))
                        return -ENOMEM;
                flags[n++] = flag;
        }
        i->flags = block_copy(&r->file->blocks, flags, n, sizeof(*flags));
        i->n_flags = n;
        return result < 0 || !i->flags ? -ENOMEM : 0;
}

static int read_words(struct docker_reader *r, struct docker_instruction *i)
{
        _cleanup_(freep) struct docker_word *words = NULL;
        struct docker_word word;
        size_t n = 0;
        int result = docker_line_json(&r->joined, &words, &n);

        i->is_json = result > 0;
        while (result >= 0 && !i->is_json && (result = docker_line_word(&r->joined, &word)) > 0) {
                if (!ARRAY_ROOM(words, n))
                        return -ENOMEM;
                words[n++] = word;
        }
        i->words = block_copy(&r->file->blocks, words, n, sizeof(*words));
        i->n_words = n;
        return result < 0 || !i->words ? -ENOMEM : 0;
}

/* Is it `ENV NAME value` rather than NAME=value? */
static bool is_old_pair(const struct docker_line *l)
{
        size_t at = l->at;

        while (at < l->length && isspace((unsigned char) l->text[at]))
                at++;
        while (at < l->length && l->text[at] != '=' && !isspace((unsigned char) l->text[at]))
                at++;
        return at >= l->length || l->text[at] != '=';
}

/* "b c" as a whole is b c; quotes within are left as they are. */
static int unquote(struct docker_reader *r, struct docker_word *word)
{
        size_t n = word->text ? strlen(word->text) : 0;
        char quote = n >= 2 ? *word->text : '\0';

        if ((quote != '"' && quote != '\'') ||
            strchr(word->text + 1, quote) != word->text + n - 1 || memchr(word->text, '\\', n))
                return 0;
        word->text = block_text(&r->file->blocks, word->text + 1, n - 2);
        return word->text ? 0 : -ENOMEM;
}

static int read_pairs(struct docker_reader *r, struct docker_instruction *i)
{
        _cleanup_(freep) struct docker_pair *pairs = NULL;
        struct docker_pair pair = { 0 };
        bool is_old = i->kind != DOCKER_ARG && is_old_pair(&r->joined);
        size_t n = 0;
        int result;

        while ((result = docker_line_pair(&r->joined, &pair)) > 0) {
                if (is_old &&
                    (docker_line_rest(&r->joined, &pair.value) < 0 || unquote(r, &pair.value) < 0))
                        return -ENOMEM;
                if (!ARRAY_ROOM(pairs, n))
                        return -ENOMEM;
                pairs[n++] = pair;
        }
        i->pairs = block_copy(&r->file->blocks, pairs, n, sizeof(*pairs));
        i->n_pairs = n;
        return result < 0 || !i->pairs ? -ENOMEM : 0;
}

/* HEALTHCHECK NONE | CMD words: CMD is left out, NONE is a word. */
static int read_check(struct docker_reader *r, struct docker_instruction *i)
{
        struct docker_line *l = &r->joined;

        docker_line_blanks(l);
        if (l->length - l->at >= 4 && strncasecmp(l->text + l->at, "CMD", 3) == 0 &&
            isspace((unsigned char) l->text[l->at + 3]))
                l->at += 4;
        return read_words(r, i);
}

/* --- scripts ------------------------------------------------------------------------------- */

/* RUN <<EOF: the here-document is the script, unless its first line names another program. */
static bool is_script(const struct docker_reader *r, const struct docker_instruction *i)
{
        const char *text = i->text;
        size_t n = 0;

        if (i->n_heredocs != 1 || strncmp(text, "<<", 2) != 0)
                return false;
        while (n < i->length && !isspace((unsigned char) text[n]))
                n++;
        while (n < i->length && isspace((unsigned char) text[n]))
                n++;
        if (n < i->length)
                return false;
        text = r->text + i->heredocs[0].start;
        n = i->heredocs[0].end - i->heredocs[0].start;
        return n < 2 || memcmp(text, "#!", 2) != 0 || memmem(text, MIN_OF(n, 64u), "sh", 2);
}

/* The words of RUN [ "a", "b" ] stand in the file: their script has no map. */
static int script_of_words(struct docker_instruction *i)
{
        struct shell_word *words = calloc(i->n_words + 1, sizeof(*words));
        int result;

        if (!words)
                return -ENOMEM;
        for (size_t k = 0; k < i->n_words; k++)
                words[k] = (struct shell_word){ .text = i->words[k].text,
                                                .start = i->words[k].start,
                                                .end = i->words[k].end,
                                                .is_quoted = true };
        result = shell_from_words(&i->script, words, i->n_words);
        free(words);
        i->n_map = i->map_base = 0;
        return result;
}

static int read_script(const struct docker_reader *r, struct docker_instruction *i)
{
        if (i->is_json)
                return script_of_words(i);
        if (is_script(r, i)) {
                const struct docker_heredoc *doc = &i->heredocs[0];

                i->map_base = doc->start;
                i->n_map = 0;
                return shell_parse(&i->script, r->text + doc->start, doc->end - doc->start);
        }
        return shell_parse(&i->script, i->text, i->length);
}

size_t docker_place(const struct docker_instruction *i, size_t at)
{
        return i->n_map ? docker_line_place(i->map, i->n_map, i->map_base + at) : i->map_base + at;
}

/* --- instructions ---------------------------------------------------------------------------- */

static enum docker_kind kind_of(const char *name, size_t length)
{
        for (size_t i = 1; i < DOCKER_KINDS_; i++)
                if (strlen(kinds[i].name) == length &&
                    strncasecmp(kinds[i].name, name, length) == 0)
                        return (enum docker_kind) i;
        return DOCKER_UNKNOWN;
}

/* The instruction's name; behind ONBUILD there is another one. */
static int read_name(struct docker_reader *r, struct docker_instruction *i)
{
        struct docker_line *l = &r->joined;
        size_t start;

        docker_line_blanks(l);
        for (start = l->at; l->at < l->length && !isspace((unsigned char) l->text[l->at]);)
                l->at++;
        i->name = block_text(&r->file->blocks, l->text + start, l->at - start);
        i->kind = kind_of(l->text + start, l->at - start);
        if (!i->name)
                return -ENOMEM;
        if (i->kind != DOCKER_ONBUILD || i->is_onbuild)
                return 0;
        i->is_onbuild = true;
        return read_name(r, i);
}

static int read_arguments(struct docker_reader *r, struct docker_instruction *i)
{
        struct docker_line *l = &r->joined;
        int result = kinds[i->kind].has_flags ? read_flags(r, i) : 0;

        docker_line_blanks(l);
        i->length = l->length - l->at;
        i->text = block_text(&r->file->blocks, l->text + l->at, i->length);
        i->map = block_copy(&r->file->blocks, l->map, l->n_map, sizeof(*l->map));
        i->n_map = l->n_map;
        i->map_base = l->at;
        if (result < 0 || !i->text || !i->map)
                return -ENOMEM;
        if (kinds[i->kind].has_heredocs)
                result = docker_read_heredocs(r, i);
        if (result < 0)
                return result;
        switch (kinds[i->kind].shape) {
        case SHAPE_PAIRS:
                return read_pairs(r, i);
        case SHAPE_CHECK:
                return read_check(r, i);
        default:
                return read_words(r, i);
        }
}

static int read_stage(struct docker_file *f, const struct docker_instruction *i)
{
        const char *platform = docker_flag(i, "platform");
        struct docker_stage stage = { .from = f->n_instructions,
                                      .image = i->n_words ? i->words[0].text : "",
                                      .name = "",
                                      .platform = platform ? platform : "",
                                      .base = DOCKER_NO_STAGE,
                                      .first = f->n_instructions + 1,
                                      .last = f->n_instructions + 1 };

        if (f->n_stages == DOCKER_STAGES_MAX) {
                f->is_cut = true;
                return 0;
        }
        if (i->n_words >= 3 && strcasecmp(i->words[1].text, "as") == 0)
                stage.name = i->words[2].text;
        for (size_t k = f->n_stages; k-- > 0 && stage.base == DOCKER_NO_STAGE;)
                if (*stage.image && strcasecmp(f->stages[k].name, stage.image) == 0)
                        stage.base = k;
        if (!ARRAY_ROOM(f->stages, f->n_stages))
                return -ENOMEM;
        f->stages[f->n_stages++] = stage;
        return 0;
}

static int read_instruction(struct docker_reader *r)
{
        struct docker_file *f = r->file;
        struct docker_instruction i = { .start = docker_skip_blanks(r, r->at, r->length),
                                        .line = r->line,
                                        .stage = DOCKER_NO_STAGE };
        int result = docker_join_lines(r, &i.end);

        if (result >= 0)
                result = read_name(r, &i);
        if (result >= 0)
                result = read_arguments(r, &i);
        if (result >= 0 && i.n_heredocs)
                i.end = docker_trim_end(r, i.start, r->at);
        if (result >= 0 && i.kind == DOCKER_RUN)
                result = read_script(r, &i);
        if (result >= 0 && i.kind == DOCKER_FROM && !i.is_onbuild)
                result = read_stage(f, &i);
        if (f->n_stages) {
                i.stage = f->n_stages - 1;
                f->stages[i.stage].last = f->n_instructions + 1;
        }
        if (result >= 0 && !ARRAY_ROOM(f->instructions, f->n_instructions))
                result = -ENOMEM;
        if (result < 0) {
                shell_done(&i.script);
                return result;
        }
        f->instructions[f->n_instructions++] = i;
        return 0;
}

/* # escape=` and # syntax=…, only before anything else: true when the line is one. */
static bool read_directive(struct docker_file *f, const char *text)
{
        size_t n = strcspn(text, "= \t");
        const char *value = strchr(text, '=');

        if (!n || !value || strspn(text + n, " \t") != (size_t) (value - text) - n)
                return false;
        value += 1 + strspn(value + 1, " \t");
        if (n == 6 && strncasecmp(text, "escape", n) == 0)
                f->escape = *value == '`' ? '`' : '\\';
        else if (n == 6 && strncasecmp(text, "syntax", n) == 0)
                f->syntax = value;
        else
                return n == 5 && strncasecmp(text, "check", n) == 0;
        return true;
}

static int read_comment(struct docker_reader *r, size_t start, size_t end, bool *is_top)
{
        struct docker_file *f = r->file;
        struct docker_comment comment = { .start = start, .end = end, .next = f->n_instructions };
        size_t first = docker_skip_blanks(r, start + 1, end);

        comment.text = block_text(&f->blocks, r->text + first, end - first);
        if (!comment.text)
                return -ENOMEM;
        *is_top = *is_top && read_directive(f, comment.text);
        if (*is_top)
                return 0;
        if (!ARRAY_ROOM(f->comments, f->n_comments))
                return -ENOMEM;
        f->comments[f->n_comments++] = comment;
        return 0;
}

static int read_file(struct docker_reader *r)
{
        struct docker_file *f = r->file;
        bool is_top = true;
        int result = 0;

        while (result >= 0 && r->at < r->length) {
                size_t newline = docker_line_end(r, r->at),
                       end = docker_trim_end(r, r->at, newline);
                size_t first = docker_skip_blanks(r, r->at, end);

                if (first == end) {
                        docker_next_line(r, newline);
                } else if (r->text[first] == '#') {
                        result = read_comment(r, first, end, &is_top);
                        docker_next_line(r, newline);
                        continue;
                } else if (f->n_instructions == DOCKER_INSTRUCTIONS_MAX) {
                        f->is_cut = true;
                        return 0;
                } else {
                        result = read_instruction(r);
                }
                is_top = false;
        }
        return result;
}

int dockerfile_parse(struct docker_file *ret_file, const char *text, size_t length)
{
        struct docker_file file = { .escape = '\\', .syntax = "" };
        struct docker_reader r = { .file = &file, .text = text, .length = length, .line = 1 };
        int result;

        if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
                r.at = 3;
        r.joined.blocks = &file.blocks;
        r.joined.escape = '\\';
        result = read_file(&r);
        free(r.joined.text);
        free(r.joined.map);
        if (result < 0)
                dockerfile_done(&file);
        *ret_file = file;
        return result;
}

void dockerfile_done(struct docker_file *f)
{
        for (size_t i = 0; i < f->n_instructions; i++)
                shell_done(&f->instructions[i].script);
        free(f->instructions);
        free(f->stages);
        free(f->comments);
        block_done(&f->blocks);
        *f = (struct docker_file){ 0 };
}
