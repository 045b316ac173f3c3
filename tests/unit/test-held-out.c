/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How the built-in rules do on texts that they were not made from: tokens of providers in their
 * documented forms in the surroundings of many languages and files, keys beside the names of
 * services, and lines that hold none. Random bytes stand for the secrets.
 */

#include "test.h"

#include "../../plugins/compliance-checker/pack.h"
#include "scan/match.h"
#include "scan/packfile.h"
#include "scan/sample.h"

#include <ctype.h>
#include <stdio.h>

/* @N stands for the name, @n for the same in small letters, @S for the secret. */
static const char *const files[] = {
        "@S\n",
        "@N=@S\n",
        "export @N=\"@S\"\n",
        "{\n  \"region\": \"eu\",\n  \"@n\": \"@S\"\n}\n",
        "service:\n  @n: @S\n  replicas: 2\n",
        "config:\n  @n: '@S'\n",
        "[service]\n@n = \"@S\"\n",
        "<settings>\n  <@n>@S</@n>\n</settings>\n",
        "<add key=\"@n\" value=\"@S\" />\n",
        "app.@n=@S\napp.mode=live\n",
        "FROM debian:12\nENV @N @S\nRUN make\n",
        "FROM debian:12\nENV @N=@S\n",
        "private static final String @N = \"@S\";\n",
        "public const string @n = \"@S\";\n",
        "const @n = \"@S\"\n",
        "cfg := Config{\n\tKey: \"@S\",\n}\n",
        "@n = \"@S\"\n",
        "client = Client('@S', timeout=3)\n",
        "os.environ.setdefault(\"@N\", \"@S\")\n",
        "ENV[\"@N\"] ||= \"@S\"\n",
        "define('@N', '@S');\n",
        "return ['@n' => '@S'];\n",
        "const @n = '@S';\n",
        "readonly @n: string = `@S`;\n",
        "GET https://api.host.net/v2/items?limit=5&@n=@S&sort=asc\n",
        "Authorization: Bearer @S\n",
        "X-Api-Key: @S\n",
        "curl -sS -H 'Authorization: Bearer @S' https://api.host.net/v1/me\n",
        "curl -u @S: https://api.host.net/v1/charges\n",
        "    env:\n      @N: @S\n",
        "variable \"@n\" {\n  default = \"@S\"\n}\n",
        "          env:\n            - name: @N\n              value: \"@S\"\n",
        "2026-11-01 12:00:01 DEBUG using @n=@S, retrying\n",
        "Run it with `@N=@S ./run`.\n",
        "7,svc,@S,active\n",
        "./deploy --token @S --env prod\n",
        "\"{\\\"@n\\\":\\\"@S\\\"}\"\n",
};

/* The same for a service: its name beside the secret, with and without a word for what it is. */
static const char *const services[] = {
        "@n_key = \"@S\"\n",
        "@N_TOKEN=@S\n",
        "@n: @S\n",
        "@n @S\n",
        "\"@n\": \"@S\"\n",
        "@nApiKey: '@S'\n",
        "// @n credentials\nconst key = \"@S\"\n",
        "@n api: @S\n",
        "https://api.@n.com/v1/x?key=@S\n",
        "curl -H 'x-@n: @S' https://host/\n",
        "[DEBUG] Using @n Key=@S\n",
        "@n.setKey(\"@S\")\n",
        "new @nClient(\"@S\")\n",
        "@n = '@S'\n",
        "@n_secret: \"@S\"\n",
        "@n.auth = '@S'\n",
        "[@n]\nurl = https://@n.com\nkey = @S\n",
        "# @n\nheaders = {\"Authorization\": \"Bearer @S\"}\n",
        "@n\t@S\n",
};

static const char *const shapes[] = {
        "<hex:32>", "<alnum:40>", "<uuid>",      "<lower:24>", "<hex:40>",
        "<hex:64>", "<alnum:20>", "<b64url:43>", "<alnum:32>", "<digit:8>-<alnum:24>",
};

struct trial {
        struct rule_pack pack;
        struct matcher matcher;
        uint64_t random;
        size_t found, tried;
};

static void trial_init(struct trial *t)
{
        struct span pack = pack_secrets();
        char error[256];

        *t = (struct trial){ .random = 1 };
        assert_return_code(
                packfile_read(&t->pack, pack.text, pack.length, false, error, sizeof(error)), 0);
        assert_return_code(matcher_init(&t->matcher, &t->pack, gate_best()), 0);
}

static void trial_done(struct trial *t)
{
        matcher_done(&t->matcher);
        rule_pack_done(&t->pack);
}

static char *fill(const char *file, const char *name, const char *secret)
{
        char *text = NULL;
        size_t length;
        FILE *out = open_memstream(&text, &length);

        assert_non_null(out);
        for (const char *p = file; *p; p++) {
                if (*p != '@') {
                        (void) fputc(*p, out);
                        continue;
                }
                p++;
                if (*p == 'S')
                        (void) fputs(secret, out);
                for (const char *c = name; *p != 'S' && *c; c++)
                        (void) fputc(*p == 'N' ? toupper((unsigned char) *c)
                                               : tolower((unsigned char) *c),
                                     out);
        }
        assert_int_equal(fclose(out), 0);
        return text;
}

/* Is a finding of `medium` or above in what the template stands for? */
static bool is_told(struct trial *t, const char *template)
{
        char *text = sample_expand(template, &t->random);
        bool told = false;

        assert_non_null(text);
        assert_return_code(matcher_scan(&t->matcher, "file", text, strlen(text)), 0);
        for (size_t i = 0; i < t->matcher.n_found; i++)
                told = told || t->matcher.found[i].rule->severity >= 2;
        t->tried++;
        t->found += told;
        free(text);
        return told;
}

static void try_files(struct trial *t, const char *const *list, size_t n, const char *name,
                      const char *secret)
{
        size_t before = t->found;

        for (size_t i = 0; i < n; i++) {
                char *text = fill(list[i], name, secret);

                (void) is_told(t, text);
                free(text);
        }
        if ((t->found - before) * 2 < n)
                print_message("# %s: %zu of %zu\n", name, t->found - before, n);
}

static FILE *open_cases(const char *name)
{
        char path[4096];
        FILE *f;

        (void) snprintf(path, sizeof(path), "%s/tests/unit/cases/%s", test_srcdir(), name);
        f = fopen(path, "re");
        assert_non_null(f);
        return f;
}

static void judge(const struct trial *t, const char *what, size_t least, size_t most)
{
        print_message("# %s: %zu of %zu (%.1f %%)\n", what, t->found, t->tried,
                      100.0 * (double) t->found / (double) t->tried);
        assert_in_range(t->found * 100, t->tried * least, t->tried * most);
}

static void test_tokens(void **state)
{
        (void) state;
        FILE *f = open_cases("tokens.tsv");
        char line[4096], name[64], secret[512];
        struct trial t;

        trial_init(&t);
        while (fgets(line, sizeof(line), f)) {
                assert_int_equal(sscanf(line, "%*63[^\t]\t%63[^\t]\t%511[^\n]", name, secret), 2);
                try_files(&t, files, TEST_ROWS(files), name, secret);
        }
        (void) fclose(f);
        judge(&t, "tokens in files", 95, 100);
        trial_done(&t);
}

static void test_services(void **state)
{
        (void) state;
        FILE *f = open_cases("services.txt");
        char name[64];
        struct trial t;
        size_t n = 0;

        trial_init(&t);
        while (fscanf(f, "%63s", name) == 1)
                try_files(&t, services, TEST_ROWS(services), name, shapes[n++ % TEST_ROWS(shapes)]);
        (void) fclose(f);
        judge(&t, "keys of services", 85, 100);
        trial_done(&t);
}

static void test_quiet(void **state)
{
        (void) state;
        FILE *f = open_cases("quiet.txt");
        char line[4096];
        struct trial t;

        trial_init(&t);
        while (fgets(line, sizeof(line), f))
                for (unsigned turn = 0; turn < 20; turn++)
                        if (is_told(&t, line))
                                print_message("# told: %s", line);
        (void) fclose(f);
        judge(&t, "lines without secrets", 0, 2);
        trial_done(&t);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_tokens),
                cmocka_unit_test(test_services),
                cmocka_unit_test(test_quiet),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
