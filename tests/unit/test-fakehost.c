/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "fakehost.h"

static int prepare(struct linhay_run *r)
{
        const char *json;
        int user = 0;

        linhay_log(r, LINHAY_INFO, "preparing");
        user += linhay_workspace(r) == -EPERM;
        user += linhay_input(r, "", &json, NULL) == -EPERM;
        user += linhay_input_int(r, "/n", 7) == 7;
        user += linhay_output(r, "1", 1) == -EPERM;
        user += linhay_cancelled(r) == 0;
        user += r->action == NULL;
        r->user = (void *) (intptr_t) user;
        return 0;
}

static int run(struct linhay_run *r)
{
        static const char *const cwe[] = { "CWE-1", NULL };
        const char *json;
        size_t length;

        if (linhay_input_bool(r, "/refuse", 0))
                return linhay_fail(r, LINHAY_FAIL_INPUT, "refused", "because of %s", "reasons");
        assert_int_equal(linhay_input(r, "/list", &json, &length), 0);
        assert_string_equal(json, "[1,2]");
        assert_int_equal(linhay_input(r, "/none", &json, &length), -ENOENT);
        assert_string_equal(linhay_input_string(r, "/s", ""), "text");
        assert_int_equal(linhay_input_fd(r, "/f"), 5);
        assert_int_equal(linhay_input_fd(r, "/g"), -ENOENT);
        assert_int_equal(linhay_workspace(r), -ENOENT);
        assert_int_equal(linhay_finding(r, &LINHAY_FINDING(.rule = "a/b")), -EINVAL);
        assert_int_equal(linhay_finding(r, &LINHAY_FINDING(.rule = "a/b", .message = "caf\xe9",
                                                           .severity = LINHAY_SEVERITY_HIGH,
                                                           .line = 3, .cwe = cwe)),
                         0);
        assert_int_equal(linhay_artifact(r, "../x", "text/plain", "x", 1), -EINVAL);
        assert_int_equal(linhay_artifact(r, "x", "text/plain", "x\0y", 3), 0);
        assert_int_equal(linhay_spend(r, "tokens", 2), 0);
        assert_int_equal(linhay_spend(r, "tokens", 3), 0);
        return linhay_outputf(r, "{\"prepared\": %d}", (int) (intptr_t) r->user);
}

static const struct linhay_agent agent = {
        .magic = LINHAY_MAGIC,
        .abi = LINHAY_ABI,
        .size = sizeof(agent),
        .prepare = prepare,
        .run = run,
};

static void test_record(void **state)
{
        static const struct fakehost_file files[] = { { "/f", 5 } };
        _cleanup_(fakehost_done) struct fakehost host;
        json_t *f;

        (void) state;
        fakehost_init(&host, "x", "{\"list\": [1, 2], \"s\": \"text\", \"f\": \"name\"}");
        host.files = files;
        host.n_files = 1;
        assert_int_equal(fakehost_run(&host, &agent), 0);
        assert_int_equal(json_integer_value(json_object_get(host.output, "prepared")), 6);
        f = json_array_get(host.findings, 0);
        assert_string_equal(json_string_value(json_object_get(f, "severity")), "high");
        assert_string_equal(json_string_value(json_object_get(f, "message")), "caf\xef\xbf\xbd");
        assert_true(json_is_null(json_object_get(f, "fix")));
        assert_int_equal(json_array_size(json_object_get(f, "cwe")), 1);
        assert_int_equal(host.artifacts[0].data.length, 3);
        assert_int_equal(json_integer_value(json_object_get(host.spent, "tokens")), 5);
        assert_string_equal(buf_text(&host.logs), "info: preparing\n");
}

static void test_refusal(void **state)
{
        _cleanup_(fakehost_done) struct fakehost host;

        (void) state;
        fakehost_init(&host, "x", "{\"refuse\": true}");
        assert_int_equal(fakehost_run(&host, &agent), -1);
        assert_true(host.failed);
        assert_int_equal(host.fail_class, LINHAY_FAIL_INPUT);
        assert_string_equal(host.fail_code, "refused");
        assert_string_equal(host.fail_message, "because of reasons");
        assert_null(host.output);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_record),
                cmocka_unit_test(test_refusal),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
