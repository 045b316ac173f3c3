/* SPDX-License-Identifier: Apache-2.0 */

/* Which groups of system calls an agent has: what it asks for, and is granted, and nothing else. */

#include "test.h"

#include "conf/options.h"
#include "run/syscall-grant.h"

#define SHA   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct agent *counter(void)
{
        static const char *asked[] = { "threads", "jit", NULL };
        static struct manifest manifest = { .name = (char *) "counter" };
        static struct agent agent = { .manifest = &manifest, .sha256 = SHA };

        manifest.syscall_groups = asked;
        return &agent;
}

static void test_granted(void **state)
{
        static const struct {
                const char *why, *grants, *want;
        } rows[] = {
                { "nothing without a grant", "[]", "" },
                { "by name", "[{'group': 'threads', 'agents': ['counter']}]", "threads " },
                { "for all", "[{'group': 'jit'}]", "jit " },
                { "each by its own",
                  "[{'group': 'jit'}, {'group': 'threads', 'agents': ['other', 'counter']}]",
                  "threads jit " },
                { "for these bytes", "[{'group': 'jit', 'agents': ['counter@" SHA "']}]", "jit " },
                { "not for others", "[{'group': 'jit', 'agents': ['counter@" OTHER "']}]", "" },
                { "not for another name", "[{'group': 'jit', 'agents': ['counte']}]", "" },
                { "for nobody", "[{'group': 'jit', 'agents': []}]", "" },
                { "not what nobody asked for", "[{'group': 'spawn'}]", "" },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                char text[512], got[128] = "";
                const char **list = NULL;
                json_t *grants;

                (void) snprintf(text, sizeof(text), "%s", rows[i].grants);
                for (char *at = text; (at = strchr(at, '\''));)
                        *at = '"';
                grants = json_loads(text, 0, NULL);
                assert_non_null(grants);
                assert_int_equal(syscall_grant_make(&list, grants, counter(), NULL), 0);
                for (size_t n = 0; list[n]; n++)
                        (void) snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s ",
                                        list[n]);
                if (strcmp(got, rows[i].want) != 0)
                        fail_msg("%s: \"%s\"", rows[i].why, got);
                free(list);
                json_decref(grants);
        }
}

/* A typing error would otherwise be a grant that does nothing. */
static void test_unknown(void **state)
{
        json_t *grants = json_pack("[{s:s}]", "group", "thread");
        struct err err = { 0 };

        (void) state;
        assert_int_equal(syscall_grants_check(grants, "linhay.conf:3", &err), -EINVAL);
        assert_non_null(strstr(err.text, "linhay.conf:3: "));
        assert_non_null(strstr(err.text, "\"thread\""));
        assert_non_null(strstr(err.text, "threads"));
        assert_int_equal(
                json_string_set(json_object_get(json_array_get(grants, 0), "group"), "threads"), 0);
        assert_int_equal(syscall_grants_check(grants, "linhay.conf:3", &err), 0);
        assert_int_equal(syscall_grants_check(NULL, "default", &err), 0);
        json_decref(grants);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_granted),
                cmocka_unit_test(test_unknown),
        };

        return cmocka_run_group_tests_name("syscall grants", tests, NULL, NULL);
}
