/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/report.h"

#include "base/json.h"
#include "obs/view.h"

#include <string.h>

static const struct {
        const char *name;
        int (*write)(struct buf *out, const struct view *v, const struct report_options *o);
} formats[REPORTS_] = {
        [REPORT_TEXT] = { "text", report_text },
        [REPORT_MARKDOWN] = { "markdown", report_markdown },
        [REPORT_HTML] = { "html", report_html },
        [REPORT_JSON] = { "json", report_json },
        [REPORT_SARIF] = { "sarif", report_sarif },
        [REPORT_CYCLONEDX] = { "cyclonedx", report_cyclonedx },
        [REPORT_SPDX] = { "spdx", report_spdx },
};

int report_format_from_name(enum report_format *ret, const char *name, struct err *err)
{
        for (size_t i = 0; i < REPORTS_; i++) {
                if (strcmp(formats[i].name, name) != 0)
                        continue;
                *ret = (enum report_format) i;
                return 0;
        }
        return err_set(
                err, -ENOENT,
                "there is no report format \"%s\" (choose text, markdown, html, json, sarif, "
                "cyclonedx or spdx)",
                name);
}

int report_write(struct buf *out, const json_t *document, enum report_format format,
                 const struct report_options *options, struct err *err)
{
        _cleanup_(view_done) struct view v = { 0 };
        int r;

        r = view_make(&v, document, options ? options->store : NULL, err);
        if (r < 0)
                return r;
        r = formats[format].write(out, &v, options);
        return r < 0 ? err_sys(err, r, "cannot write the report") : 0;
}

static json_t *sums_make(const struct tally *t)
{
        json_t *sums = json_object();

        for (size_t s = SEVERITIES_; s-- > 0;)
                (void) json_object_set_new(sums, severity_name((enum severity) s),
                                           json_integer((json_int_t) t->by_severity[s]));
        return sums;
}

int report_json(struct buf *out, const struct view *v, const struct report_options *o)
{
        _cleanup_(json_decrefp) json_t *copy = json_copy((json_t *) v->document);
        _cleanup_(freep) char *text = NULL;
        int r;

        (void) o;
        (void) json_object_set_new(copy, "outcome", json_string(v->word));
        (void) json_object_set_new(copy, "summary", json_string(v->sentence));
        (void) json_object_set_new(copy, "counts", sums_make(&v->tally));
        (void) json_object_set_new(copy, "controls", controls_to_json(&v->controls));
        (void) json_object_set_new(copy, "not_looked_at", gaps_to_json(&v->gaps));
        (void) json_object_set_new(copy, "not_looked_at_count",
                                   json_integer((json_int_t) v->gaps.total));
        (void) json_object_set_new(copy, "waived", json_integer((json_int_t) v->tally.n_waived));
        text = json_dumps(copy, JSON_INDENT(2));
        if (!text)
                return -ENOMEM;
        r = buf_puts(out, text);
        return r < 0 ? r : buf_putc(out, '\n');
}
