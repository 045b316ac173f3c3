/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include <ftw.h>
#include <sys/stat.h>

char *helper_folder(void)
{
        const char *tmp = getenv("TMPDIR");
        char *folder;

        assert_true(asprintf(&folder, "%s/linhay-store-XXXXXX", tmp ? tmp : "/tmp") > 0);
        assert_non_null(mkdtemp(folder));
        assert_int_equal(setenv("XDG_STATE_HOME", folder, 1), 0);
        assert_int_equal(unsetenv("LINHAY_STORE"), 0);
        return folder;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
        (void) st;
        (void) type;
        (void) ftw;
        return remove(path);
}

void helper_remove(char *folder)
{
        (void) nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        free(folder);
}

char *helper_path(const char *folder, const char *name)
{
        char *path;

        assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
        return path;
}

struct store *helper_open_limited(const char *dir, const struct store_limits *limits)
{
        struct store_options options = { .limits = limits };
        struct store *s = NULL;
        struct err err = { 0 };

        if (store_open(&s, dir, &options, &err) < 0)
                fail_msg("%s", err_text(&err));
        return s;
}

struct store *helper_open(const char *dir, unsigned flags)
{
        struct store_options options = { .flags = flags };
        struct store *s = NULL;
        struct err err = { 0 };

        if (store_open(&s, dir, &options, &err) < 0)
                fail_msg("%s", err_text(&err));
        return s;
}

struct batch *helper_batch(void)
{
        struct batch *b;

        assert_int_equal(batch_new(&b), 0);
        return b;
}

struct batch *helper_run(const char *id, enum step_state state)
{
        _cleanup_(json_decrefp) json_t *inputs = json_pack("{s:i}", "depth", 3);
        struct batch *b = helper_batch();

        batch_run(b, &(struct batch_run){ .id = id,
                                          .flow = "review",
                                          .flow_hash = HASH_A,
                                          .flow_json = "{\"name\":\"review\"}",
                                          .workspace = "/srv/tree",
                                          .inputs = inputs,
                                          .fail_on = "high",
                                          .tier = "full",
                                          .uid = 1000,
                                          .requested_by = "ann",
                                          .at_ms = 1000 });
        batch_step(b, STEP_KEY(id, "check"),
                   &(struct batch_step){ .agent = "compliance-checker",
                                         .action = "check",
                                         .position = 1,
                                         .state = state });
        batch_run_state(b, id, RUN_RUNNING, -1, 2000);
        return b;
}

void helper_commit(struct store *s, struct batch *b)
{
        struct err err = { 0 };

        if (store_commit(s, b, &err) < 0)
                fail_msg("%s", err_text(&err));
}

void helper_refused(struct store *s, struct batch *b, int code, const char *words)
{
        struct err err = { 0 };

        assert_int_equal(store_commit(s, b, &err), code);
        if (!strstr(err.text, words))
                fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

json_t *helper_document(struct store *s, const char *id, unsigned flags)
{
        struct err err = { 0 };
        json_t *document = NULL;

        if (store_run_document(s, id, flags, &document, &err) < 0)
                fail_msg("%s", err_text(&err));
        return document;
}

json_t *helper_at(json_t *document, const char *pointer)
{
        json_t *value = json_pointer_get(document, pointer);

        if (!value)
                fail_msg("nothing at %s", pointer);
        return value;
}

void helper_text(json_t *document, const char *pointer, const char *text)
{
        const char *found = json_string_value(helper_at(document, pointer));

        if (!found || strcmp(found, text) != 0)
                fail_msg("%s is \"%s\", not \"%s\"", pointer, found ? found : "(no text)", text);
}

void helper_number(json_t *document, const char *pointer, json_int_t number)
{
        json_t *value = helper_at(document, pointer);

        if (!json_is_integer(value) || json_integer_value(value) != number)
                fail_msg("%s is not %lld", pointer, (long long) number);
}
