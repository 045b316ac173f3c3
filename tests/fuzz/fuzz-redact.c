/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Secrets, and texts in which they stand in their forms, cut into lines anywhere
 *
 * The input is one or two secrets and then pieces of a text: bytes of a stranger's, or a secret in
 * one of its forms, or the end of a line. Forms are made here once more, by other means than the
 * redaction's own. Promises: no form of a secret is in what is shown, in one text, in lines, in
 * JSON; nothing is counted where nothing is taken; and all bytes that can belong to no form are
 * shown as they came, in their order.
 *
 * Those bytes are the ones above 0x7f: secrets have none here. No secret and no text has a star.
 */
#include "fuzz.h"

#include "base/json.h"
#include "base/redact.h"

#define SECRETS     2
#define SECRET_MOST 24
#define LINES       400
#define FORM_MOST   (SECRET_MOST * 4 + 8)

struct scene {
        struct redact *redact;
        char secrets[SECRETS][SECRET_MOST + 1];
        size_t n_secrets;
        struct buf text;
        size_t ends[LINES]; /* of lines */
        size_t n;
};

/* --- forms, once more ------------------------------------------------------------------------ */

static size_t hex_print(char *to, const char *format, const char *s)
{
        size_t n = 0;

        for (; *s; s++)
                n += (size_t) sprintf(to + n, format, (unsigned char) *s);
        return n;
}

/* Of the text in base64, `before` bytes standing before the secret: the digits of nothing else. */
static size_t base64_print(char *to, const char *s, size_t before, bool is_url)
{
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        size_t bits = 8 * (before + strlen(s)), n = 0;

        for (size_t bit = 0; bit + 6 <= bits; bit += 6) {
                unsigned d = 0;

                for (size_t i = bit; i < bit + 6; i++)
                        d = d << 1 | (i < 8 * before ? 0U : s[i / 8 - before] >> (7 - i % 8) & 1U);
                if (bit >= 8 * before)
                        to[n++] = d < 62 ? digits[d] : (is_url ? "-_" : "+/")[d - 62];
        }
        return n;
}

static size_t url_print(char *to, const char *s, bool is_form)
{
        size_t n = 0;

        for (; *s; s++)
                if ((*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'z') ||
                    (*s >= 'A' && *s <= 'Z') || strchr("-._~", *s))
                        to[n++] = *s;
                else if (is_form && *s == ' ')
                        to[n++] = '+';
                else
                        n += (size_t) sprintf(to + n, "%%%02X", (unsigned char) *s);
        return n;
}

static size_t json_print(char *to, const char *s)
{
        _cleanup_(json_decrefp) json_t *value = json_string(s);
        _cleanup_(freep) char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

        promise(text && strlen(text) < FORM_MOST, "a secret as JSON");
        memcpy(to, text + 1, strlen(text) - 2);
        return strlen(text) - 2;
}

enum {
        FORM_PLAIN,
        FORM_JSON,
        FORM_URL,
        FORM_QUERY,
        FORM_HEX,
        FORM_HEX_UPPER,
        FORM_PERCENT,
        FORM_X,
        FORM_BASE64,
        FORM_BASE64_URL = FORM_BASE64 + 3,
        FORMS_ = FORM_BASE64_URL + 3
};

static size_t form_print(char to[FORM_MOST], const char *secret, unsigned form)
{
        size_t n;

        switch (form) {
        case FORM_PLAIN:
                n = (size_t) sprintf(to, "%s", secret);
                break;
        case FORM_JSON:
                n = json_print(to, secret);
                break;
        case FORM_URL:
        case FORM_QUERY:
                n = url_print(to, secret, form == FORM_QUERY);
                break;
        case FORM_HEX:
                n = hex_print(to, "%02x", secret);
                break;
        case FORM_HEX_UPPER:
                n = hex_print(to, "%02X", secret);
                break;
        case FORM_PERCENT:
                n = hex_print(to, "%%%02x", secret);
                break;
        case FORM_X:
                n = hex_print(to, "\\x%02x", secret);
                break;
        default:
                n = base64_print(to, secret, (form - FORM_BASE64) % 3, form >= FORM_BASE64_URL);
                break;
        }
        to[n] = '\0';
        return n;
}

/* --- the input ------------------------------------------------------------------------------- */

/* Printable, no star and no line end: those count for nothing in a form. */
static char secret_byte(uint8_t byte)
{
        char c = (char) (' ' + byte % 95);

        return c == '*' ? '+' : c;
}

static void secrets_read(struct scene *s, struct fuzz_input *in)
{
        size_t n = 1 + fuzz_byte(in) % SECRETS;

        while (s->n_secrets < n) {
                char *secret = s->secrets[s->n_secrets];
                size_t length = REDACT_LEAST + fuzz_byte(in) % (SECRET_MOST - REDACT_LEAST + 1);

                for (size_t i = 0; i < length; i++)
                        secret[i] = secret_byte(fuzz_byte(in));
                promise(redact_add(s->redact, secret, length) == 0, "a secret is known");
                s->n_secrets++;
        }
}

static void line_end(struct scene *s)
{
        if (s->n < LINES)
                s->ends[s->n++] = s->text.length;
}

/* A form, and within it the end of a line at each of the places that `cuts` says. */
static void form_add(struct scene *s, uint8_t which, uint8_t cuts)
{
        char form[FORM_MOST];
        size_t n = form_print(form, s->secrets[which / FORMS_ % s->n_secrets], which % FORMS_);

        for (size_t i = 0; i < n; i++) {
                if (i > 0 && cuts && i % cuts == 0)
                        line_end(s);
                (void) buf_putc(&s->text, form[i]);
        }
}

static void text_read(struct scene *s, struct fuzz_input *in)
{
        while (in->left > 0 && s->text.length < 4096) {
                uint8_t act = fuzz_byte(in);
                const uint8_t *bytes;
                size_t n;

                if (act % 4 == 0) {
                        line_end(s);
                } else if (act % 4 == 1) {
                        form_add(s, act / 4, fuzz_byte(in));
                } else {
                        bytes = fuzz_bytes(in, 1 + act / 4 % 16, &n);
                        for (size_t i = 0; i < n; i++)
                                (void) buf_putc(&s->text, bytes[i] == '*' || !bytes[i]
                                                                  ? '+'
                                                                  : (char) bytes[i]);
                }
        }
        line_end(s);
        s->text.length = s->ends[s->n - 1]; /* more lines than LINES */
}

/* --- promises -------------------------------------------------------------------------------- */

static void absent_try(const struct scene *s, const char *text, size_t length)
{
        char form[FORM_MOST];

        for (size_t i = 0; i < s->n_secrets; i++)
                for (unsigned f = 0; f < FORMS_; f++) {
                        size_t n = form_print(form, s->secrets[i], f);

                        promise(n < REDACT_LEAST || !memmem(text, length, form, n),
                                "no form of a secret is shown");
                }
}

/* The next byte that belongs to no form; -1 at the end. */
static int foreign_next(const char *text, size_t length, size_t *at)
{
        while (*at < length)
                if ((unsigned char) text[(*at)++] > 0x7f)
                        return (unsigned char) text[*at - 1];
        return -1;
}

static void kept_try(const char *from, size_t length, const char *to, size_t to_length)
{
        size_t at = 0, to_at = 0;
        int c;

        do {
                c = foreign_next(from, length, &at);
                promise(c == foreign_next(to, to_length, &to_at), "nothing else is changed");
        } while (c >= 0);
}

static void whole_try(const struct scene *s)
{
        _cleanup_(buf_done) struct buf out = { 0 }, tail = { 0 };
        const char *text = buf_text(&s->text);
        size_t length = s->text.length;
        uint64_t count = 0, cut = 0;

        promise(redact_text(s->redact, &out, text, length, &count) == 0, "a text");
        absent_try(s, buf_text(&out), out.length);
        kept_try(text, length, buf_text(&out), out.length);
        promise(redact_finds(s->redact, text, length) == (count > 0), "found is found");
        promise(count > 0 || (out.length == length && memcmp(buf_text(&out), text, length) == 0),
                "where nothing is found, nothing is changed");
        promise(redact_tail(s->redact, &tail, text, length, &cut) == 0 && cut >= (count > 0),
                "the end of a text");
        absent_try(s, buf_text(&tail), tail.length);
        kept_try(text, length, buf_text(&tail), tail.length);
}

/* The lines as one text: their ends do not count where a secret goes over them. */
static void joined_try(const struct scene *s)
{
        _cleanup_(buf_done) struct buf text = { 0 }, out = { 0 };
        uint64_t count = 0;
        size_t n = 0;

        for (size_t i = 0; i < s->n; i++) {
                size_t from = i ? s->ends[i - 1] : 0;

                (void) buf_add(&text, buf_text(&s->text) + from, s->ends[i] - from);
                (void) buf_puts(&text, i % 3 ? "\n" : "\r\n");
        }
        promise(redact_text(s->redact, &out, buf_text(&text), text.length, &count) == 0, "a text");
        kept_try(buf_text(&text), text.length, buf_text(&out), out.length);
        for (size_t i = 0; i < out.length; i++)
                if (!strchr("\r\n", out.data[i]))
                        out.data[n++] = out.data[i];
        absent_try(s, out.data, n);
}

struct shown {
        struct buf text;
        size_t n;
        const struct scene *scene;
};

static void line_show(void *user, int level, const char *text, size_t length)
{
        struct shown *shown = user;
        const struct scene *s = shown->scene;
        size_t from = shown->n ? s->ends[shown->n - 1] : 0;

        promise(shown->n < s->n && level == (int) (shown->n % 8), "lines come in their order");

        /* Of too many lines that wait, each is stars as a whole. */
        if (s->n <= REDACT_HELD || strcmp(text, REDACT_STARS) != 0)
                kept_try(buf_text(&s->text) + from, s->ends[shown->n] - from, text, length);
        (void) buf_add(&shown->text, text, length);
        shown->n++;
}

static void lines_try(const struct scene *s)
{
        struct shown shown = { .scene = s };
        uint64_t count = 0;
        struct redact_lines l = {
                .redact = s->redact, .count = &count, .on_line = line_show, .user = &shown
        };

        for (size_t i = 0; i < s->n; i++) {
                size_t from = i ? s->ends[i - 1] : 0;

                promise(redact_lines_add(&l, (int) (i % 8), buf_text(&s->text) + from,
                                         s->ends[i] - from) == 0,
                        "a line");
        }
        promise(redact_lines_flush(&l) == 0 && shown.n == s->n, "every line is shown");
        absent_try(s, buf_text(&shown.text), shown.text.length);
        redact_lines_done(&l);
        buf_done(&shown.text);
}

/* As a value, a name and an element; where the text is no UTF-8, there is nothing to do. */
static void json_try(const struct scene *s)
{
        json_t *text = json_stringn(buf_text(&s->text), s->text.length);
        _cleanup_(freep) char *shown = NULL;
        json_t *value, *list, *part;
        const char *key;
        uint64_t count = 0;

        if (!text)
                return;
        value = json_pack("{s:O, s:[O, i], s:{s:b}}", "a", text, "b", text, 5, "c",
                          json_string_value(text), 1);
        promise(redact_json(s->redact, &value, &count) == 0, "JSON");
        list = json_object_get(value, "b");
        shown = json_dumps(value, JSON_COMPACT);
        promise(shown && (count > 0 || json_equal(json_object_get(value, "a"), text)),
                "where nothing is found, nothing is changed");
        promise(json_integer_value(json_array_get(list, 1)) == 5, "a number stays");
        json_object_foreach (json_object_get(value, "c"), key, part)
                absent_try(s, key, strlen(key));
        for (size_t i = 0; i < 2; i++) {
                part = i ? json_array_get(list, 0) : json_object_get(value, "a");
                absent_try(s, json_string_value(part), json_string_length(part));
        }
        json_decref(value);
        json_decref(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct fuzz_input in = { data, size };
        struct scene s = { 0 };

        promise(redact_new(&s.redact) == 0, "memory");
        secrets_read(&s, &in);
        text_read(&s, &in);
        whole_try(&s);
        joined_try(&s);
        lines_try(&s);
        json_try(&s);
        buf_done(&s.text);
        (void) redact_free(s.redact);
        return 0;
}
