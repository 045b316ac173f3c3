/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <string.h>

void buf_done(struct buf *b)
{
        free(b->data);
        *b = (struct buf){ .limit = b->limit };
}

int buf_reserve(struct buf *b, size_t n)
{
        size_t limit = b->limit ? b->limit : SIZE_MAX / 2, want, size;
        char *data;

        if (b->length > limit || n > limit - b->length)
                return -EMSGSIZE;

        want = b->length + n + 1;
        if (want <= b->size)
                return 0;

        size = MAX_OF(MAX_OF(want, b->size + b->size / 2), (size_t) 64);
        data = realloc(b->data, size);
        if (!data)
                return -ENOMEM;

        b->data = data;
        b->size = size;
        b->data[b->length] = '\0';
        return 0;
}

int buf_add(struct buf *b, const void *data, size_t length)
{
        int r = buf_reserve(b, length);

        if (r < 0)
                return r;
        if (length > 0)
                memcpy(b->data + b->length, data, length);
        b->length += length;
        b->data[b->length] = '\0';
        return 0;
}

int buf_puts(struct buf *b, const char *text)
{
        return buf_add(b, text, strlen(text));
}

int buf_putc(struct buf *b, char c)
{
        return buf_add(b, &c, 1);
}

int buf_printf(struct buf *b, const char *format, ...)
{
        va_list args;
        int n, r;

        va_start(args, format);
        n = vsnprintf(NULL, 0, format, args);
        va_end(args);
        if (n < 0)
                return -EINVAL;

        r = buf_reserve(b, (size_t) n);
        if (r < 0)
                return r;

        va_start(args, format);
        (void) vsnprintf(b->data + b->length, (size_t) n + 1, format, args);
        va_end(args);
        b->length += (size_t) n;
        return 0;
}

void buf_drop(struct buf *b, size_t n)
{
        n = MIN_OF(n, b->length);
        if (n == 0)
                return;
        memmove(b->data, b->data + n, b->length - n);
        b->length -= n;
        b->data[b->length] = '\0';
}

char *buf_take(struct buf *b)
{
        if (buf_reserve(b, 0) < 0)
                return NULL;
        char *data = b->data;

        *b = (struct buf){ .limit = b->limit };
        return data;
}
