/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "name.h"
#include "vendored.h"

#include <ctype.h>
#include <stdarg.h>

const char *const control_names[CONTROLS_] = {
        [CONTROL_SECRETS] = "secrets", [CONTROL_LICENSES] = "licenses",
        [CONTROL_HEADERS] = "headers", [CONTROL_CONFIG] = "config",
        [CONTROL_ENV] = "env",
};

static const char *const soundness_tags[SOUNDNESSES_] = {
        [SOUNDNESS_PARSED] = "soundness:parsed",
        [SOUNDNESS_PARTIAL] = "soundness:partial",
        [SOUNDNESS_HEURISTIC] = "soundness:heuristic",
};

const char *check_keep(struct check *c, const char *format, ...)
{
        va_list args;
        char *text;
        int n;

        if (array_grow(&c->kept, &c->kept_size, c->n_kept + 1, sizeof(*c->kept)) < 0)
                return NULL;
        va_start(args, format);
        n = vasprintf(&text, format, args);
        va_end(args);
        if (n < 0)
                return NULL;
        c->kept[c->n_kept++] = text;
        return text;
}

int check_report(struct check *c, const struct report *report)
{
        int r;

        if (!report->message || !report->rule)
                return -ENOMEM;
        r = array_grow(&c->reports, &c->reports_size, c->n_reports + 1, sizeof(*report));
        if (r >= 0)
                c->reports[c->n_reports++] = *report;
        return r;
}

/* A block that lives until the current file is done. */
static void *keep_block(struct check *c, size_t n, size_t size)
{
        void *block;

        if (array_grow(&c->kept, &c->kept_size, c->n_kept + 1, sizeof(*c->kept)) < 0)
                return NULL;
        block = calloc(n, size);
        if (block)
                c->kept[c->n_kept++] = block;
        return block;
}

/* "a b" -> { "a", "b", NULL }; lives until the current file is done. */
static const char *const *keep_words(struct check *c, const char *text)
{
        char *words = strdupa(text), *state = NULL;
        const char **list;
        size_t n = 1;

        for (const char *at = text; *at; at++)
                n += *at == ' ';
        list = keep_block(c, n + 1, sizeof(*list));
        n = 0;
        for (char *word = strtok_r(words, " ", &state); list && word;
             word = strtok_r(NULL, " ", &state)) {
                list[n] = check_keep(c, "%s", word);
                if (!list[n++])
                        return NULL;
        }
        return list;
}

int check_notice(struct check *c, enum control control, const struct notice *notice, size_t start,
                 size_t end)
{
        return check_notice_waived(c, control, notice, start, end, NULL);
}

int check_notice_waived(struct check *c, enum control control, const struct notice *notice,
                        size_t start, size_t end, const char *waiver)
{
        struct report report = { .control = control,
                                 .severity = notice->severity,
                                 .rule = notice->rule,
                                 .message = notice->message,
                                 .fix = notice->fix,
                                 .soundness = notice->soundness,
                                 .waiver = waiver,
                                 .start = start,
                                 .end = end };

        if (notice->cwe && !(report.cwe = keep_words(c, notice->cwe)))
                return -ENOMEM;
        if (notice->refs && !(report.tags = keep_words(c, notice->refs)))
                return -ENOMEM;
        return check_report(c, &report);
}

int check_hide(struct check *c, size_t start, size_t end, size_t keep)
{
        int r = array_grow(&c->masks, &c->masks_size, c->n_masks + 1, sizeof(*c->masks));

        if (r >= 0)
                c->masks[c->n_masks++] = (struct mask_secret){ start, end, keep };
        return r;
}

void check_concerns(struct check *c, enum control control)
{
        c->files_of[control]++;
}

int check_not_scanned(struct check *c, const char *path, const char *why)
{
        int r = array_grow(&c->not_scanned, &c->not_scanned_size, c->n_not_scanned + 1,
                           sizeof(*c->not_scanned));
        char *copy;

        if (r < 0)
                return r;
        copy = path == c->path ? strdup(path) : name_shown(c, path);
        if (!copy)
                return -ENOMEM;
        c->not_scanned[c->n_not_scanned++] = (struct not_scanned){ copy, why };
        return 0;
}

void check_begin(struct check *c, const char *path)
{
        c->path = path;
        c->has_context = false;
        c->line = 1;
        c->line_before = 0;
        c->line_start = c->line_offset = 0;
}

void check_part(struct check *c, const char *text, size_t length, size_t own_start, size_t own_end)
{
        c->text = text;
        c->length = length;
        c->own_start = own_start;
        c->own_end = own_end;
        c->is_scanned = false;
        c->n_masks = 0;
        /* Lines before `own_start` were counted with the part before. */
        c->line_offset = c->line_start = own_start;
}

/* Counts lines up to an offset that is not before the last one. */
static void count_lines(struct check *c, size_t offset)
{
        const char *at;

        while (c->line_offset < offset &&
               (at = memchr(c->text + c->line_offset, '\n', offset - c->line_offset))) {
                c->line++;
                c->line_offset = c->line_start = (size_t) (at - c->text) + 1;
                c->line_before = 0;
        }
        c->line_offset = MAX_OF(c->line_offset, offset);
}

static int compare_reports(const void *a, const void *b)
{
        const struct report *x = a, *y = b;

        if (x->start != y->start)
                return x->start < y->start ? -1 : 1;
        return strcmp(x->rule, y->rule);
}

static int compare_masks(const void *a, const void *b)
{
        const struct mask_secret *x = a, *y = b;

        return x->start < y->start ? -1 : x->start > y->start;
}

/* All that looks like a secret is hidden, whatever control shows the line. */
static int hide_secrets(struct check *c)
{
        int r = 0;

        if (!c->is_scanned)
                r = matcher_scan(c->matcher, c->path, c->text, c->length);
        c->is_scanned = true;
        for (size_t i = 0; r >= 0 && i < c->matcher->n_shapes; i++) {
                const struct match *m = &c->matcher->shapes[i];

                r = check_hide(c, m->start, m->end, MIN_OF(m->rule->keep, m->end - m->start));
        }
        if (c->n_masks)
                qsort(c->masks, c->n_masks, sizeof(*c->masks), compare_masks);
        return r;
}

/* How often this fingerprint was made before, for those that are made without the secret. */
static json_int_t times_seen(struct check *c, const char *fingerprint)
{
        json_int_t n = json_integer_value(json_object_get(c->seen, fingerprint));

        (void) json_object_set_new(c->seen, fingerprint, json_integer(n + 1));
        return n;
}

/* A secret without blanks and ends of lines: a key that is indented anew is the same key. */
static size_t normalise(struct span secret, char *ret)
{
        size_t n = 0;

        for (size_t i = 0; i < secret.length; i++) {
                if (isspace((unsigned char) secret.text[i]))
                        continue;
                if (secret.text[i] == '\\' && i + 1 < secret.length &&
                    strchr("nrt", secret.text[i + 1]))
                        i++;
                else
                        ret[n++] = secret.text[i];
        }
        return n;
}

/* Rule, secret and path: the same where lines moved. */
static int fingerprint_of_secret(struct check *c, const struct report *report,
                                 char ret[FINGERPRINT_HEX])
{
        char *room = malloc(report->secret.length);
        struct span parts[] = { { report->rule, strlen(report->rule) },
                                { room, 0 },
                                { c->path, strlen(c->path) } };

        if (!room)
                return -ENOMEM;
        parts[1].length = normalise(report->secret, room);
        fingerprint_make(ret, &c->key, parts, ARRAY_SIZE(parts));
        explicit_bzero(room, report->secret.length);
        free(room);
        return 0;
}

/* Rule, masked line and path, and which of equal ones it is: nothing of a secret goes in. */
static void fingerprint_of_line(struct check *c, const struct report *report, const char *excerpt,
                                char ret[FINGERPRINT_HEX])
{
        static const struct fingerprint_key none;
        struct span parts[] = { { report->rule, strlen(report->rule) },
                                { excerpt, strlen(excerpt) },
                                { c->path, strlen(c->path) },
                                { NULL, 0 } };
        char number[32];
        json_int_t before;

        fingerprint_make(ret, &none, parts, 3);
        before = times_seen(c, ret);
        if (before == 0)
                return;
        (void) snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, before);
        parts[3] = (struct span){ number, strlen(number) };
        fingerprint_make(ret, &none, parts, 4);
}

static void make_fingerprint(struct check *c, const struct report *report, const char *excerpt,
                             char ret[FINGERPRINT_HEX])
{
        if (!c->key.length || !report->secret.length || fingerprint_of_secret(c, report, ret) < 0)
                fingerprint_of_line(c, report, excerpt, ret);
}

/* Where the end of a place lies, which may be lines below its start. */
static void end_of(const struct check *c, const struct report *report, struct linhay_finding *f)
{
        size_t line_start = c->line_start, before = c->line_before;
        const char *at;

        f->end_line = c->line;
        for (size_t i = report->start;
             i < report->end && (at = memchr(c->text + i, '\n', report->end - i));) {
                f->end_line++;
                i = line_start = (size_t) (at - c->text) + 1;
                before = 0;
        }
        f->end_column = (uint32_t) (report->end - line_start + before + 1);
}

#define TAGS_MAX 32 /* the host takes 64 */

/* The rule's tags, and what is added for this place. */
struct tags {
        const char *list[TAGS_MAX + 1];
        size_t n;
};

static void add_tag(struct tags *tags, const char *tag)
{
        if (tag && tags->n < TAGS_MAX)
                tags->list[tags->n++] = tag;
}

enum context check_context(struct check *c)
{
        const struct context_tree tree = { vendored_is, c };

        if (!c->has_context)
                c->context = context_in(c->path, &tree);
        c->has_context = true;
        return c->context;
}

/*
 * Most files have no finding, so the path is read only for one. A licence is judged wherever it
 * stands: code from elsewhere is what it is about.
 */
static enum context context_for(struct check *c, const struct report *report)
{
        enum context context = check_context(c);

        return report->control == CONTROL_LICENSES && context == CONTEXT_VENDORED ? CONTEXT_NONE
                                                                                  : context;
}

/* A reason that holds a secret would show it. */
static bool shows_secret(const struct check *c, const char *reason)
{
        enum { SHORTEST = 4 };

        for (size_t i = 0; i < c->n_masks; i++) {
                size_t n = c->masks[i].end - c->masks[i].start;

                if (n >= SHORTEST && memmem(reason, strlen(reason), c->text + c->masks[i].start, n))
                        return true;
        }
        return false;
}

/* -E2BIG is told at the end of the run: it ends nothing. */
static int send(struct check *c, const struct linhay_finding *f)
{
        int r = linhay_finding(c->run, f);

        c->lost += r == -E2BIG;
        return r == -E2BIG ? 0 : r;
}

/* Something to say about a finding itself: a low one of the same control, at the same place. */
static int tell_about(struct check *c, const struct report *report,
                      const struct linhay_finding *about, const char *name, const char *message,
                      const char *fix)
{
        char rule[64], fingerprint[FINGERPRINT_HEX];
        struct linhay_finding f = *about;

        (void) snprintf(rule, sizeof(rule), "%s/%s", control_names[report->control], name);
        make_fingerprint(c, &(struct report){ .rule = rule }, about->excerpt, fingerprint);
        f.rule = rule;
        f.fingerprint = fingerprint;
        f.severity = LINHAY_SEVERITY_LOW;
        f.message = message;
        f.fix = fix;
        f.tags = (const char *const[]){ soundness_tags[SOUNDNESS_PARSED], NULL };
        f.cwe = NULL;
        c->counts[report->control][LINHAY_SEVERITY_LOW]++;
        return send(c, &f);
}

/* A waiver has to say why. */
static int tell_bare_waiver(struct check *c, const struct report *report,
                            const struct linhay_finding *waived)
{
        return tell_about(c, report, waived, "waiver-without-reason",
                          "a finding is waived here without saying why",
                          "Write the reason behind the brackets: linhay: ignore[RULE] REASON.");
}

static int tell_expired(struct check *c, const struct report *report,
                        const struct linhay_finding *told, const struct suppression *s)
{
        char message[CONTEXT_MESSAGE];
        const char *reason = s->reason && !shows_secret(c, s->reason) ? s->reason : NULL;

        (void) snprintf(message, sizeof(message), "the suppression of %s ended on %s%s%s",
                        report->rule, s->until, reason ? ": " : "", reason ? reason : "");
        return tell_about(c, report, told, "suppression-expired", message,
                          "Mend the finding, or look again and give the suppression a later day.");
}

/* Tells one finding with what its file's context and a waiver change about it. */
static int tell_judged(struct check *c, const struct report *report, struct linhay_finding *f)
{
        enum context context = context_for(c, report);
        char message[CONTEXT_MESSAGE], reason[sizeof(WAIVER_REASON) + WAIVER_MAX], commit[64];
        struct tags tags = { 0 };
        struct waiver waiver = { 0 };
        int r = 0;

        for (const char *const *tag = report->tags; tag && *tag; tag++)
                add_tag(&tags, *tag);
        for (const char *const *ref = report->refs; ref && *ref; ref++)
                add_tag(&tags, *ref);
        add_tag(&tags, soundness_tags[report->soundness]);
        add_tag(&tags, report->proof);
        add_tag(&tags, report->decoded);
        if (c->commit) {
                (void) snprintf(commit, sizeof(commit), "commit:%s", c->commit);
                add_tag(&tags, "history");
                add_tag(&tags, commit);
        }
        add_tag(&tags, context_tag(context));
        context_message(message, sizeof(message), context, f->severity, f->message);
        f->message = message;
        f->severity = context_severity(context, f->severity);
        f->tags = tags.list;
        if (report->waiver) {
                c->waived++;
                add_tag(&tags, WAIVER_TAG);
                (void) snprintf(reason, sizeof(reason), WAIVER_REASON "%s", report->waiver);
                add_tag(&tags, reason);
        } else if (!report->excerpt && c->text &&
                   waiver_find(c->text, c->length, report->start, report->rule, &waiver)) {
                c->waived++;
                add_tag(&tags, WAIVER_TAG);
                (void) snprintf(reason, sizeof(reason), WAIVER_REASON "%s",
                                shows_secret(c, waiver.reason) ? "(it holds a secret)"
                                                               : waiver.reason);
                if (*waiver.reason)
                        add_tag(&tags, reason);
                else
                        r = tell_bare_waiver(c, report, f);
        } else {
                c->counts[report->control][f->severity]++;
                c->in_context[context]++;
        }
        return r < 0 ? r : send(c, f);
}

/* Masks, fingerprints and tells one finding. */
static int tell(struct check *c, const struct report *report)
{
        char excerpt[MASK_EXCERPT + 1] = "", fingerprint[FINGERPRINT_HEX];
        struct linhay_finding f =
                LINHAY_FINDING(.severity = report->severity, .rule = report->rule,
                               .message = report->message, .path = c->path, .fix = report->fix,
                               .cwe = report->cwe, .excerpt = excerpt, .fingerprint = fingerprint);

        const struct suppression *suppression;
        int r;

        if (report->excerpt) {
                (void) snprintf(excerpt, sizeof(excerpt), "%s", report->excerpt);
                f.line = report->line;
        } else {
                count_lines(c, report->start);
                f.line = c->line;
                f.column = (uint32_t) (report->start - c->line_start + c->line_before + 1);
                end_of(c, report, &f);
                mask_excerpt(excerpt, c->text, c->length, report->start, c->masks, c->n_masks);
        }
        make_fingerprint(c, report, excerpt, fingerprint);
        suppression = suppress_find(c, report->rule, fingerprint);
        if (suppression && !suppression->is_expired) {
                c->suppressed++;
                return 0;
        }
        r = tell_judged(c, report, &f);
        return r < 0 || !suppression ? r : tell_expired(c, report, &f, suppression);
}

int check_flush(struct check *c)
{
        int r = c->n_reports && c->text ? hide_secrets(c) : 0;

        if (c->n_reports)
                qsort(c->reports, c->n_reports, sizeof(*c->reports), compare_reports);
        for (size_t i = 0; r >= 0 && i < c->n_reports; i++) {
                const struct report *report = &c->reports[i];

                if (report->excerpt ||
                    (report->start >= c->own_start && report->start < c->own_end))
                        r = tell(c, report);
        }
        c->n_reports = 0;
        for (size_t i = 0; i < c->n_kept; i++)
                free(c->kept[i]);
        c->n_kept = 0;
        /* For the part that follows, if one does. */
        if (c->text && c->own_end < c->length) {
                count_lines(c, c->own_end);
                c->line_before += c->own_end - MIN_OF(c->own_end, c->line_start);
        }
        return r;
}

void check_done(struct check *c)
{
        (void) check_flush(c);
        free(c->reports);
        free(c->masks);
        free(c->kept);
        for (size_t i = 0; i < c->n_not_scanned; i++)
                free(c->not_scanned[i].path);
        free(c->not_scanned);
        suppress_done(c);
        license_list_done(&c->licenses);
        deps_done(&c->packages);
        json_decref(c->license_folders);
        json_decref(c->kube_folders);
        json_decref(c->variables);
        json_decref(c->env_files);
        json_decref(c->servers);
        json_decref(c->vendored);
        json_decref(c->seen);
        idset_done(&c->told);
        free(c->shown);
}
