/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask.h"

#include "base/json.h"
#include "cli/changes.h"
#include "cli/cli.h"
#include "cli/diff-view.h"
#include "cli/identity.h"
#include "cli/masked.h"
#include "cli/term.h"

#include <string.h>

enum answer { ANSWER_LATER, ANSWER_YES, ANSWER_NO };

bool ask_is_possible(void)
{
        return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static enum answer answer_read(const char *question)
{
        char line[64];

        for (;;) {
                (void) printf("%s%s%s [y]es, [n]o, [l]ater: ",
                              term_style(term_has_colour(stdout), STYLE_BOLD), question,
                              term_style(term_has_colour(stdout), STYLE_PLAIN));
                (void) fflush(stdout);
                if (!fgets(line, sizeof(line), stdin))
                        return ANSWER_LATER;
                line[strcspn(line, "\n")] = '\0';
                if (strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0)
                        return ANSWER_YES;
                if (strcasecmp(line, "n") == 0 || strcasecmp(line, "no") == 0)
                        return ANSWER_NO;
                if (strcasecmp(line, "l") == 0 || strcasecmp(line, "later") == 0)
                        return ANSWER_LATER;
        }
}

static bool decide(struct engine *engine, struct step_key key, const char *sha256,
                   enum answer answer)
{
        struct engine_decision decision = {
                .approve = answer == ANSWER_YES,
                .sha256 = sha256,
                .by = identity_of_caller(),
                .reason = answer == ANSWER_NO ? "rejected at the terminal" : NULL,
        };
        struct err err = { 0 };

        if (engine_decide(engine, key, &decision, NULL, NULL, &err) == 0)
                return true;
        (void) cli_fail(CLI_FAILED, &err);
        return false;
}

/* What is approved are the exact bytes; they need not stand on the screen for that. */
static int changes_show(const struct changeset *changes, const char *run, const char *step)
{
        _cleanup_(freep) char *diff = NULL;
        char command[128];
        size_t masked = 0;

        diff = masked_diff(changes->diff, false, &masked);
        if (!diff)
                return -ENOMEM;
        diff_show(diff);
        (void) snprintf(command, sizeof(command), "linhay diff %s/%s --reveal", run, step);
        masked_tell(stdout, masked, command);
        (void) printf("sha256 %s\n", changes->sha256);
        return 0;
}

/* The changes themselves are on the screen then. */
static enum answer ask_changes(struct engine *engine, struct store *store, struct step_key key)
{
        _cleanup_(json_decrefp) json_t *json = NULL;
        _cleanup_(changeset_freep) struct changeset *changes = NULL;
        struct err err = { 0 };
        char question[256];

        if (engine_changeset(engine, key, &json, &err) < 0 ||
            changes_of_json(&changes, json, store_blobs(store), &err) < 0) {
                (void) cli_fail(CLI_FAILED, &err);
                return ANSWER_LATER;
        }
        if (changes_show(changes, key.run, key.step) < 0)
                return ANSWER_LATER;
        (void) snprintf(question, sizeof(question), "Apply these changes of step %s to %zu file%s?",
                        key.step, changes->n_files, changes->n_files == 1 ? "" : "s");
        return answer_read(question);
}

/* What it did before its host died nobody knows. */
static enum answer ask_again(struct step_key key)
{
        char question[256];

        (void) snprintf(question, sizeof(question),
                        "The host died while step %s ran, which may have done its work. Run it "
                        "again?",
                        key.step);
        return answer_read(question);
}

static bool ask_one(struct engine *engine, struct store *store, const char *run, const json_t *row)
{
        const char *step = json_string_value(json_object_get(row, "step")),
                   *sha256 = json_string_value(json_object_get(row, "sha256")),
                   *about = json_string_value(json_object_get(row, "about"));
        const json_t *item = json_object_get(row, "item");
        struct step_key key = { .run = run,
                                .step = step,
                                .item = json_is_integer(item) ? (int) json_integer_value(item)
                                                              : -1 };
        enum answer answer;

        if (!step || !about)
                return false;
        answer = strcmp(about, "crash") == 0 ? ask_again(key) : ask_changes(engine, store, key);
        return answer != ANSWER_LATER && decide(engine, key, sha256, answer);
}

bool ask_approvals(struct engine *engine, struct store *store, const char *run)
{
        _cleanup_(json_decrefp) json_t *rows = NULL, *children = NULL;
        struct err err = { 0 };
        bool decided = false;
        json_t *row;
        size_t i;

        if (store_approvals(store, run, false, &rows, &err) < 0) {
                (void) cli_fail(CLI_TROUBLE, &err);
                return false;
        }
        json_array_foreach (rows, i, row)
                decided |= ask_one(engine, store, run, row);
        if (store_children(store, (struct step_key){ .run = run }, &children, &err) < 0)
                return decided;
        json_array_foreach (children, i, row)
                if (json_is_null(json_object_get(row, "ended")))
                        decided |= ask_approvals(engine, store,
                                                 json_string_value(json_object_get(row, "run")));
        return decided;
}
