/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/diff-view.h"

#include "cli/term.h"

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>

static const struct {
        const char *prefix;
        enum style style;
} line_styles[] = {
        { "diff --git ", STYLE_BOLD }, { "+++ ", STYLE_BOLD },    { "--- ", STYLE_BOLD },
        { "@@ ", STYLE_CYAN },         { "+", STYLE_GREEN },      { "-", STYLE_RED },
        { "index ", STYLE_DIM },       { "new file", STYLE_DIM }, { "deleted file", STYLE_DIM },
};

static enum style line_style(const char *line)
{
        for (size_t i = 0; i < ARRAY_SIZE(line_styles); i++)
                if (strncmp(line, line_styles[i].prefix, strlen(line_styles[i].prefix)) == 0)
                        return line_styles[i].style;
        return STYLE_PLAIN;
}

void diff_print(const char *diff, FILE *f, bool colour)
{
        while (diff && *diff) {
                size_t n = strcspn(diff, "\n");
                enum style style = line_style(diff);

                if (style != STYLE_PLAIN && colour)
                        (void) fprintf(f, "%s%.*s%s\n", term_style(true, style), (int) n, diff,
                                       term_style(true, STYLE_PLAIN));
                else
                        (void) fprintf(f, "%.*s\n", (int) n, diff);
                diff += n + (diff[n] == '\n');
        }
}

static size_t count_lines(const char *text)
{
        size_t n = 0;

        for (; (text = strchr(text, '\n')); text++)
                n++;
        return n;
}

static bool is_long(const char *diff)
{
        struct winsize w;

        if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) < 0)
                return false;
        return count_lines(diff) + 2 > w.ws_row;
}

void diff_show(const char *diff)
{
        const char *pager = getenv("PAGER");
        FILE *f = NULL;

        if (!diff)
                return;
        if (is_long(diff) && (!pager || *pager))
                /* linhay: ignore[security/c-shell-command] the person's own $PAGER, as in git */
                f = popen(pager ? pager : "less -R", "we");
        if (!f) {
                diff_print(diff, stdout, term_has_colour(stdout));
                return;
        }

        /* A person who leaves the pager early closes the pipe; that is no reason to die. */
        sighandler_t before = signal(SIGPIPE, SIG_IGN);
        diff_print(diff, f, term_has_colour(stdout));
        if (pclose(f) == 127 << 8)
                diff_print(diff, stdout, term_has_colour(stdout));
        (void) signal(SIGPIPE, before);
}
