/* SPDX-License-Identifier: Apache-2.0 */
#include "docker/reader.h"

#include <ctype.h>

enum {
        HEREDOCS_MAX = 16,
        LOOK_AHEAD_MAX = 16 * 1024 * 1024, /* bytes looked through for ends that are not there */
};

size_t docker_line_end(const struct docker_reader *r, size_t at)
{
        const char *end = memchr(r->text + at, '\n', r->length - at);

        return end ? (size_t) (end - r->text) : r->length;
}

size_t docker_skip_blanks(const struct docker_reader *r, size_t at, size_t end)
{
        while (at < end && isspace((unsigned char) r->text[at]))
                at++;
        return at;
}

size_t docker_trim_end(const struct docker_reader *r, size_t start, size_t end)
{
        while (end > start && isspace((unsigned char) r->text[end - 1]))
                end--;
        return end;
}

void docker_next_line(struct docker_reader *r, size_t end)
{
        r->at = end < r->length ? end + 1 : end;
        r->line++;
}

static int join(struct docker_reader *r, size_t start, size_t end)
{
        struct docker_line *l = &r->joined;

        if (l->length + (end - start) + 1 > l->size) {
                size_t size = MAX_OF(2 * l->size, l->length + (end - start) + 256);
                char *grown = realloc(l->text, size);

                if (!grown)
                        return -ENOMEM;
                l->text = grown;
                l->size = size;
        }
        if (l->n_map == r->map_size) {
                size_t size = r->map_size ? 2 * r->map_size : 16;
                struct docker_piece *grown = reallocarray(l->map, size, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                l->map = grown;
                r->map_size = size;
        }
        l->map[l->n_map++] = (struct docker_piece){ l->length, start };
        memcpy(l->text + l->length, r->text + start, end - start);
        l->length += end - start;
        l->text[l->length] = '\0';
        return 0;
}

int docker_join_lines(struct docker_reader *r, size_t *ret_end)
{
        bool is_first = true, is_open = true;
        int result = 0;

        r->joined.length = r->joined.n_map = r->joined.at = 0;
        while (result >= 0 && is_open && r->at < r->length) {
                size_t start = r->at, newline = docker_line_end(r, start);
                size_t end = docker_trim_end(r, start, newline),
                       first = docker_skip_blanks(r, start, end);

                docker_next_line(r, newline);
                if (!is_first && (first == end || r->text[first] == '#'))
                        continue;
                is_open = end > first && r->text[end - 1] == r->file->escape;
                result = join(r, is_first ? first : start, end - is_open);
                *ret_end = end;
                is_first = false;
        }
        return result;
}

/* <<NAME, <<-"NAME": the name at text[at], which is behind `<<`; *ret_end is where it ends. */
static bool find_heredoc(const struct docker_instruction *i, size_t *at, size_t *ret_end)
{
        const char *text = i->text;
        char quote = '\0';
        size_t end;

        *at += text[*at] == '-';
        if (*at < i->length && (text[*at] == '"' || text[*at] == '\''))
                quote = text[(*at)++];
        for (end = *at;
             end < i->length && (isalnum((unsigned char) text[end]) || text[end] == '_' ||
                                 text[end] == '.' || text[end] == '-');)
                end++;
        *ret_end = end;
        return end > *at && (!quote || (end < i->length && text[end] == quote));
}

/* Looks for the line that ends a here-document which begins at r->at: true, and r is behind it. */
static bool read_body(struct docker_reader *r, struct docker_heredoc *doc)
{
        size_t length = strlen(doc->name), at = r->at;
        uint32_t line = r->line;

        doc->start = at;
        while (at < r->length && r->looked_ahead < LOOK_AHEAD_MAX) {
                size_t end = docker_line_end(r, at), first = at, last = docker_trim_end(r, at, end);

                while (first < last && r->text[first] == '\t')
                        first++;
                doc->end = at;
                r->looked_ahead += end - at + 1;
                at = end < r->length ? end + 1 : end;
                line++;
                if (last - first != length || memcmp(r->text + first, doc->name, length) != 0)
                        continue;
                r->looked_ahead -= end - doc->start + 1;
                r->at = at;
                r->line = line;
                return true;
        }
        return false;
}

/* The bodies stand in the lines behind the instruction; without its end it is none: `1 << 2`. */
int docker_read_heredocs(struct docker_reader *r, struct docker_instruction *i)
{
        struct docker_heredoc docs[HEREDOCS_MAX];
        size_t n = 0, end;

        for (size_t at = 0; at + 2 < i->length && n < HEREDOCS_MAX; at++) {
                size_t start = at + 2;

                if (memcmp(i->text + at, "<<", 2) != 0 || (at > 0 && i->text[at - 1] == '<') ||
                    !find_heredoc(i, &start, &end))
                        continue;
                docs[n].name = block_text(&r->file->blocks, i->text + start, end - start);
                if (!docs[n].name)
                        return -ENOMEM;
                if (!read_body(r, &docs[n]))
                        break;
                n++;
                at = end - 1;
        }
        i->heredocs = block_copy(&r->file->blocks, docs, n, sizeof(*docs));
        i->n_heredocs = n;
        return i->heredocs ? 0 : -ENOMEM;
}
