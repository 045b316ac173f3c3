/* An agent: one action that answers, one that reads the workspace. See README.md beside this file.
 */

#include <linhay/agent.h>
#include <linhay/walk.h>

#include <inttypes.h>

LINHAY_MANIFEST("agent.json")

/* The input was checked against the schema in agent.json, and defaults are filled in. */
static int greet(struct linhay_run *r)
{
        const char *name;
        size_t length;
        int n;

        n = linhay_input(r, "/name", &name, &length); /* as JSON: quoted and escaped already */
        if (n < 0)
                return linhay_fail(r, LINHAY_FAIL_INPUT, "no-name", "there is nobody to greet");
        linhay_log(r, LINHAY_INFO, "greeting %s", name);
        return linhay_outputf(r, "{\"greeting\": \"Hello\", \"name\": %s}", name);
}

/* One file: counts its lines and reports those that are too long to be read. */
static uint64_t look_at(struct linhay_run *r, const char *path, const char *text, size_t length,
                        int64_t longest)
{
        const char *end = text + length;
        uint64_t lines = 0;

        while (text < end) {
                const char *newline = memchr(text, '\n', (size_t) (end - text));
                const char *stop = newline ? newline : end;

                lines++;
                if (stop - text > longest)
                        (void) linhay_finding(
                                r, &LINHAY_FINDING(.rule = "style/long-line",
                                                   .severity = LINHAY_SEVERITY_INFO,
                                                   .message = "The line is too long to be read",
                                                   .path = path, .line = (uint32_t) lines,
                                                   .fix = "Break it where a thought ends"));
                text = stop + 1;
        }
        return lines;
}

static int count(struct linhay_run *r)
{
        int64_t longest = linhay_input_int(r, "/longest", 120);
        struct linhay_walk_options options = { 0 };
        struct linhay_walk w;
        uint64_t lines = 0;
        const char *text;
        size_t length;
        int n;

        n = linhay_walk_init(&w, linhay_workspace(r), &options);
        while (n >= 0 && !linhay_cancelled(r) && (n = linhay_walk_next(&w)) > 0)
                if (linhay_walk_load(&w, &text, &length) > 0)
                        lines += look_at(r, w.path, text, length, longest);
        if (n < 0)
                return linhay_fail(r, LINHAY_FAIL_INTERNAL, "walk", "cannot read the workspace");
        return linhay_outputf(r, "{\"files\": %" PRIu64 ", \"lines\": %" PRIu64 "}", w.files,
                              lines);
}

static int run(struct linhay_run *r)
{
        if (strcmp(r->action, "greet") == 0)
                return greet(r);
        if (strcmp(r->action, "count") == 0)
                return count(r);
        return linhay_fail(r, LINHAY_FAIL_INTERNAL, "no-action", "there is no action %s",
                           r->action);
}

LINHAY_AGENT(.run = run)
