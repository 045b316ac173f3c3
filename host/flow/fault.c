/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/fault.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <string.h>

void faults_done(struct faults *faults)
{
        for (size_t i = 0; i < faults->count; i++) {
                free(faults->list[i].file);
                free(faults->list[i].message);
        }
        free(faults->list);
        *faults = (struct faults){ 0 };
}

int faults_add(struct faults *faults, bool is_warning, const char *file, unsigned line,
               const char *format, ...)
{
        struct fault fault = { .is_warning = is_warning, .line = line }, *grown;
        va_list args;
        int n;

        faults->errors += !is_warning;
        if (faults->count >= FAULTS_MAX) {
                faults->is_cut = true;
                return 0;
        }
        grown = reallocarray(faults->list, faults->count + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        faults->list = grown;
        fault.file = strdup(file);
        va_start(args, format);
        n = vasprintf(&fault.message, format, args);
        va_end(args);
        if (n >= 0)
                utf8_settle(fault.message);
        if (n < 0 || !fault.file) {
                free(fault.file);
                if (n >= 0)
                        free(fault.message);
                return -ENOMEM;
        }
        faults->list[faults->count++] = fault;
        return 0;
}

static int fault_compare(const void *a, const void *b)
{
        const struct fault *x = a, *y = b;
        int r = strcmp(x->file, y->file);

        if (r == 0)
                r = (x->line > y->line) - (x->line < y->line);
        if (r == 0)
                r = x->is_warning - y->is_warning;
        return r ? r : strcmp(x->message, y->message);
}

void faults_sort(struct faults *faults)
{
        if (faults->count)
                qsort(faults->list, faults->count, sizeof(*faults->list), fault_compare);
}

/* "review.flow:12: " with what is known of it. */
static int place_text(const struct fault *f, struct buf *out)
{
        int r = buf_puts(out, f->file);

        if (r == 0 && *f->file && f->line)
                r = buf_printf(out, ":%u", f->line);
        return r < 0 || !*f->file ? r : buf_puts(out, ": ");
}

int faults_text(const struct faults *faults, struct buf *out)
{
        int r = 0;

        for (size_t i = 0; i < faults->count && r == 0; i++) {
                const struct fault *f = &faults->list[i];

                r = place_text(f, out);
                if (r == 0)
                        r = buf_printf(out, "%s: %s\n", f->is_warning ? "warning" : "error",
                                       f->message);
        }
        if (r == 0 && faults->is_cut)
                r = buf_puts(out, "and more of them\n");
        return r;
}

int faults_err(const struct faults *faults, struct err *err)
{
        _cleanup_(buf_done) struct buf place = { 0 };
        size_t i = 0;

        while (i < faults->count && faults->list[i].is_warning)
                i++;
        if (i == faults->count)
                return err_set(err, -EBADMSG, "the workflow has errors");
        if (place_text(&faults->list[i], &place) < 0)
                return err_set(err, -ENOMEM, "out of memory");
        if (faults->errors == 1)
                return err_set(err, -EBADMSG, "%s%s", buf_text(&place), faults->list[i].message);
        return err_set(err, -EBADMSG, "%s%s (and %zu more; `linhay flow check` shows all)",
                       buf_text(&place), faults->list[i].message, faults->errors - 1);
}
