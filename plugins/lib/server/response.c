/* SPDX-License-Identifier: Apache-2.0 */
#include "response.h"

#include "span.h"

/* ---- Lines ---- */

struct lines {
        const char *text;
        size_t length;
        size_t at;
};

struct line {
        struct span text;  /* without its end and without curl's mark */
        size_t start, end; /* in the whole text */
        char mark;         /* '<', '>' or '*' of curl -v, else 0 */
};

static bool next_line(struct lines *l, struct line *ret)
{
        const char *end;

        if (l->at >= l->length)
                return false;
        end = memchr(l->text + l->at, '\n', l->length - l->at);
        ret->start = l->at;
        ret->end = end ? (size_t) (end - l->text) : l->length;
        l->at = ret->end + (end ? 1 : 0);
        if (ret->end > ret->start && l->text[ret->end - 1] == '\r')
                ret->end--;
        ret->text = (struct span){ l->text + ret->start, ret->end - ret->start };
        ret->mark = '\0';
        if (ret->text.length && char_in("<>*", *ret->text.text) &&
            (ret->text.length == 1 || ret->text.text[1] == ' ')) {
                ret->mark = *ret->text.text;
                ret->text = span_from(ret->text, 2);
        }
        return true;
}

static bool is_status(struct span line)
{
        return span_starts(line, "HTTP/") && line.length > 8 &&
               isdigit((unsigned char) line.text[5]);
}

bool capture_is_one(struct span text)
{
        struct lines l = { text.text, MIN_OF(text.length, 4096), 0 };
        struct line line;

        while (next_line(&l, &line)) {
                if (is_status(line.text))
                        return true;
                /* Only what curl tells of itself may stand before it. */
                if (line.mark != '*' && line.mark != '>' && line.text.length)
                        return false;
        }
        return false;
}

/* ---- Answers ---- */

/* What curl -v told of the request that comes next. */
struct request {
        struct span host, origin;
        bool tls, plain;
};

static void read_note(struct request *r, const struct line *line)
{
        struct span rest = line->text, name;

        if (line->mark == '*') {
                r->tls |= span_starts(rest, "SSL connection using") || span_starts(rest, "TLSv1");
                r->plain |= span_has(rest, "port 80 ") || span_ends(rest, "port 80");
                return;
        }
        if (!span_next(&rest, ':', &name))
                return;
        if (span_is(name, "host"))
                r->host = span_trim(rest);
        if (span_is(name, "origin"))
                r->origin = span_trim(rest);
}

static struct response *begin(struct capture *c, const struct line *line, const struct request *q)
{
        struct span rest = line->text, word;
        struct response *r;

        if (c->n == RESPONSES_MAX) {
                c->is_cut = true;
                return NULL;
        }
        r = &c->list[c->n++];
        *r = (struct response){ .start = line->start,
                                .end = line->end,
                                .host = q->host,
                                .origin = q->origin,
                                .is_tls = q->tls,
                                .is_plain = q->plain && !q->tls };
        (void) span_word(&rest, &word);
        r->status = (int) MIN_OF(span_number(span_trim(rest)), 999);
        return r;
}

static void add_header(struct capture *c, struct response *r, const struct line *line)
{
        struct span rest = line->text, name;

        if (r->n_headers == RESPONSE_HEADERS_MAX) {
                c->is_cut = true;
                return;
        }
        if (!span_has_char(rest, ':') || !span_next(&rest, ':', &name))
                return;
        r->headers[r->n_headers++] = (struct response_header){
                .name = name, .value = span_trim(rest), .start = line->start, .end = line->end
        };
}

/* An answer to a CONNECT or a 100 Continue says nothing of the site. */
static bool is_interim(const struct response *r)
{
        return r->status >= 100 && r->status < 200;
}

void capture_parse(struct capture *c, struct span text)
{
        struct lines l = { text.text, text.length, 0 };
        struct request request = { 0 };
        struct response *r = NULL;
        bool in_body = false;
        struct line line;

        c->n = 0;
        c->is_cut = false;
        while (next_line(&l, &line)) {
                if (line.mark == '*' || line.mark == '>')
                        read_note(&request, &line);
                else if (is_status(line.text)) {
                        if (r && is_interim(r))
                                c->n--;
                        r = begin(c, &line, &request);
                        request = (struct request){ 0 };
                        in_body = false;
                        if (!r)
                                return;
                } else if (r && in_body) {
                        if (!r->body.length)
                                r->body.text = l.text + line.start;
                        r->body.length = (size_t) (l.text + line.end - r->body.text);
                } else if (r && !line.text.length)
                        in_body = true;
                else if (r)
                        add_header(c, r, &line);
        }
}

const struct response_header *response_header(const struct response *r, const char *name,
                                              const struct response_header *after)
{
        size_t i = after ? (size_t) (after - r->headers) + 1 : 0;

        for (; i < r->n_headers; i++)
                if (span_is(r->headers[i].name, name))
                        return &r->headers[i];
        return NULL;
}

struct span response_value(const struct response *r, const char *name)
{
        const struct response_header *h = response_header(r, name, NULL);

        return h ? h->value : (struct span){ "", 0 };
}
