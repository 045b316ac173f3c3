/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/buf.h"
#include "base/io.h"
#include "fakehost.h"

#include <fcntl.h>
#include <linhay/walk.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* The library of the agent, of which only these parts are tested alone. */
#include "../../plugins/compliance-checker/licenses.h"
#include "../../plugins/lib/license/spdx.h"

#define AGENT "plugins/compliance-checker/compliance-checker.so"

/* ---- Trees ---- */

struct tree {
        char path[64];
        int fd;
};

static void tree_make(struct tree *t)
{
        (void) strcpy(t->path, "/tmp/linhay-checker-XXXXXX");
        assert_non_null(mkdtemp(t->path));
        t->fd = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(t->fd >= 0);
}

static void tree_done(struct tree *t)
{
        char command[96];

        (void) close(t->fd);
        (void) snprintf(command, sizeof(command), "rm -rf %s", t->path);
        assert_int_equal(system(command), 0);
}

static void tree_put(const struct tree *t, const char *path, const void *data, size_t length)
{
        char folder[512];
        int fd;

        for (const char *s = strchr(path, '/'); s; s = strchr(s + 1, '/')) {
                (void) snprintf(folder, sizeof(folder), "%.*s", (int) (s - path), path);
                (void) mkdirat(t->fd, folder, 0755);
        }
        fd = openat(t->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(fd_write_all(fd, data, length), 0);
        assert_int_equal(close(fd), 0);
}

static void tree_puts(const struct tree *t, const char *path, const char *text)
{
        tree_put(t, path, text, strlen(text));
}

/* Runs the agent; the host is the caller's to look into and to end. */
static int check(struct fakehost *host, const struct tree *t, const char *input)
{
        fakehost_init(host, "check", input);
        host->workspace = t->fd;
        return fakehost_run(host, fakehost_load(AGENT));
}

static int text_fd(const char *text)
{
        int fd = memfd_create("test", MFD_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        return fd;
}

/* "path:line:rule " of each finding. */
static void list_findings(const struct fakehost *host, struct buf *list)
{
        json_t *f;
        size_t i;

        json_array_foreach (host->findings, i, f)
                (void) buf_printf(list, "%s:%d:%s ", json_string_value(json_object_get(f, "path")),
                                  (int) json_integer_value(json_object_get(f, "line")),
                                  json_string_value(json_object_get(f, "rule")));
}

static const char *finding_text(const struct fakehost *host, size_t i, const char *key)
{
        return json_string_value(json_object_get(json_array_get(host->findings, i), key));
}

/* One file, one control: what is found. */
static void expect_rules(const char *why, const char *control, const char *path, const char *text,
                         const char *want)
{
        _cleanup_(buf_done) struct buf list = { 0 };
        char input[64];
        struct fakehost host;
        struct tree t;

        tree_make(&t);
        tree_puts(&t, path, text);
        (void) snprintf(input, sizeof(input), "{\"controls\": [\"%s\"]}", control);
        assert_int_equal(check(&host, &t, input), 0);
        for (size_t i = 0; i < json_array_size(host.findings); i++)
                (void) buf_printf(&list, "%d:%s ",
                                  (int) json_integer_value(json_object_get(
                                          json_array_get(host.findings, i), "line")),
                                  strchr(finding_text(&host, i, "rule"), '/') + 1);
        if (strcmp(buf_text(&list), want) != 0)
                fail_msg("%s: got \"%s\", want \"%s\"", why, buf_text(&list), want);
        fakehost_done(&host);
        tree_done(&t);
}

/* Has the first finding of a file with a secret this tag? */
static void expect_tag(const char *why, const char *path, const char *text, const char *tag)
{
        struct fakehost host;
        bool has = false;
        struct tree t;
        json_t *one;
        size_t i;

        tree_make(&t);
        tree_puts(&t, path, text);
        assert_int_equal(check(&host, &t, "{\"controls\": [\"secrets\"]}"), 0);
        json_array_foreach (json_object_get(json_array_get(host.findings, 0), "tags"), i, one)
                has |= !strcmp(json_string_value(one), tag);
        if (!has)
                fail_msg("%s: no tag %s", why, tag);
        fakehost_done(&host);
        tree_done(&t);
}

/* What stands in a Secret is one, whatever it is called, unless it stands in for one. */
static void test_kube_secrets(void **state)
{
        (void) state;
#define SECRET "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n"
        static const struct {
                const char *why, *path, *text, *want;
        } rows[] = {
                { "any key", "a.yaml", SECRET "stringData:\n  blurb: Kq7-tRm2.xPw9\n",
                  "6:kubernetes-secret " },
                { "encoded", "a.yml",
                  SECRET "data:\n  one: S3E3LXRSbTIueFB3OQ==\n  two: cTJ2ZDh6\n",
                  "6:kubernetes-secret 7:kubernetes-secret " },
                { "many lines", "a.yaml",
                  SECRET "stringData:\n  conf: |\n    a = Kq7-tRm2\n    b = xPw9\n",
                  "6:kubernetes-secret " },
                { "JSON", "a.json",
                  "{\"apiVersion\": \"v1\", \"kind\": \"Secret\",\n"
                  "\"stringData\": {\"blurb\": \"Kq7-tRm2.xPw9\"}}\n",
                  "2:kubernetes-secret " },
                { "in a list, with quotes", "a.yaml",
                  "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n"
                  "  stringData: { blurb: \"Kq7-tRm2.xPw9\" }\n",
                  "6:kubernetes-secret " },
                { "a template", "a.yaml",
                  SECRET "data:\n  one: {{ .Values.one | b64enc | quote }}\n"
                         "  two: {{ printf \"%s\" \"Kq7-tRm2.xPw9\" | b64enc }}\n",
                  "" },
                { "a literal in a template", "a.yaml",
                  SECRET "stringData:\n  one: {{ .Values.one }}\n  two: Kq7-tRm2.xPw9\n",
                  "7:kubernetes-secret " },
                { "placeholders", "a.yaml",
                  SECRET "stringData:\n  a: <your key>\n  b: changeme\n  c: ${TOKEN}\n"
                         "  d: \"\"\n  e: \"on\"\n",
                  "" },
                { "encoded placeholders", "a.yaml",
                  SECRET "data:\n  a: Y2hhbmdlbWU=\n  b: PHlvdXIga2V5Pg==\n", "" },
                { "fetched or sealed by others", "a.yaml",
                  SECRET "stringData:\n  a: ENC[AES256_GCM,data:x2,iv:y]\n  b: ref+vault://a/b\n",
                  "" },
                { "another kind", "a.yaml",
                  "apiVersion: v1\nkind: SealedSecret\nspec: { encryptedData: { a: Kq7tRm2xPw9 } "
                  "}\n",
                  "" },
                { "what is known better", "a.yaml",
                  SECRET "stringData:\n  url: https://me:Kq7tRm2xPw9@db.acme.dev/x\n",
                  "6:url-credentials " },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++)
                expect_rules(rows[i].why, "secrets", rows[i].path, rows[i].text, rows[i].want);
}

/* Real keys in every shape that programs give them are told as keys, and as whole. */
static void test_private_keys(void **state)
{
        (void) state;
#define BODY1 "MC4CAQAwBQYDK2VwBCIEIKdPnVhzrDwWzDRcUTvFXWPKlEPVq08rjt7Q"
#define BODY2 "tZ2mVxgN"
#define BEGIN "-----BEGIN PRIVATE KEY-----"
#define END   "-----END PRIVATE KEY-----"
        static const struct {
                const char *why, *path, *text, *want;
                const char *tag; /* of the first finding */
        } rows[] = {
                { "lines", "a.pem", BEGIN "\n" BODY1 "\n" BODY2 "\n" END "\n", "1:private-key ",
                  "confidence:high" },
                { "ends of lines as escapes", "a.env",
                  "KEY=\"" BEGIN "\\n" BODY1 "\\n" BODY2 "\\n" END "\\n\"\n", "1:private-key ",
                  "confidence:high" },
                { "escaped twice", "a.env",
                  "KEY=" BEGIN "\\\\n" BODY1 "\\\\n" BODY2 "\\\\n" END "\n", "1:private-key ",
                  "confidence:high" },
                { "one line", "a.txt", BEGIN BODY1 BODY2 END "\n", "1:private-key ",
                  "confidence:high" },
                { "one line with blanks", "a.txt", BEGIN " " BODY1 " " BODY2 " " END "\n",
                  "1:private-key ", "confidence:high" },
                { "a service account", "a.json",
                  "{\"type\": \"service_account\",\n\"private_key\": \"" BEGIN "\\n" BODY1
                  "\\n" BODY2 "\\n" END "\\n\"}\n",
                  "2:private-key ", "confidence:high" },
                { "strings that are joined", "a.js",
                  "k = '" BEGIN "\\n' +\n '" BODY1 "\\n' +\n '" BODY2 "\\n' +\n '" END "';\n",
                  "1:private-key ", "confidence:high" },
                { "XML", "a.xml", "<k>" BEGIN "&#10;" BODY1 "&#xA;" BODY2 "&#10;" END "</k>\n",
                  "1:private-key ", "confidence:high" },
                { "a comment", "a.sh", "# " BEGIN "\n# " BODY1 "\n# " BODY2 "\n# " END "\n",
                  "1:private-key ", "confidence:high" },
                { "in an address", "a.txt",
                  "-----BEGIN%20PRIVATE%20KEY-----%0A" BODY1 "%0A" BODY2
                  "%0A-----END%20PRIVATE%20KEY-----\n",
                  "1:private-key ", "confidence:high" },
                { "damaged", "a.env", "KEY=" BEGIN "\\n" BODY1 "\\n" END "\n", "1:private-key ",
                  "confidence:low" },
                { "shortened by dots, with an end", "a.txt",
                  BEGIN "\nMC4CAQAwBQYDK2VwBCIE\n...\n" END "\n", "", NULL },
                { "shortened by dots, without", "a.txt", BEGIN "\nMC4CAQAwBQYDK2VwBC...\n", "",
                  NULL },
                { "a few digits, with an end", "a.txt", BEGIN "\nMC4CAQAwBQYDK2VwBC\n" END "\n", "",
                  NULL },
                { "a few digits, without", "a.txt", "see " BEGIN " MC4CAQAwBQ\n", "", NULL },
                { "cut off", "a.pem", BEGIN "\n" BODY1 "\n" BODY2 "\n", "1:private-key-open ",
                  NULL },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                expect_rules(rows[i].why, "secrets", rows[i].path, rows[i].text, rows[i].want);
                if (rows[i].tag)
                        expect_tag(rows[i].why, rows[i].path, rows[i].text, rows[i].tag);
        }
}

/* deps/ may be a part of the program: it is vendored where it holds packages, and that is told. */
static void test_vendored(void **state)
{
        (void) state;
        static const char pair[] =
                "aws = AKIAQYLPMN5HFIQR7XYA\nurl = https://me:Kq7tRm2xPw9@db.acme.dev\n";
        static const struct {
                const char *why, *mark, *path;
                bool is_vendored;
                const char *told; /* of the folder; NULL = it was not in question */
        } rows[] = {
                { "packages with licences", "deps/z/COPYING", "deps/y/a.conf", true, "deps" },
                { "packages with manifests", "a/deps/z/package.json", "a/deps/z/a.conf", true,
                  "a/deps" },
                { "the program's own", "deps/z/a.py", "deps/a.conf", false, "deps" },
                { "a licence of all", "external/LICENSE", "external/a.conf", false, "external" },
                { "vendor/ needs no proof", "x", "vendor/a.conf", true, NULL },
                { "another vendored folder inside", "x", "deps/vendor/a.conf", true, "deps" },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                bool is_vendored = false;
                struct fakehost host;
                json_t *folder, *f;
                struct tree t;
                size_t k;

                tree_make(&t);
                tree_puts(&t, rows[i].mark, "x\n");
                tree_puts(&t, rows[i].path, pair);
                assert_int_equal(check(&host, &t, "{\"controls\": [\"secrets\"]}"), 0);
                json_array_foreach (host.findings, k, f) {
                        char *text = json_dumps(json_object_get(f, "tags"), 0);

                        is_vendored |= strstr(text, "context:vendored") != NULL;
                        free(text);
                }
                assert_true(k > 0);
                if (is_vendored != rows[i].is_vendored)
                        fail_msg("%s: vendored %d", rows[i].why, is_vendored);
                folder = json_array_get(json_object_get(json_object_get(host.output, "summary"),
                                                        "vendored_folders"),
                                        0);
                if (!rows[i].told != !folder)
                        fail_msg("%s: %s", rows[i].why, folder ? "told" : "not told");
                if (folder)
                        assert_string_equal(json_string_value(json_object_get(folder, "path")),
                                            rows[i].told);
                fakehost_done(&host);
                tree_done(&t);
        }
}

/* More places than there is room for are counted, and the file is told. */
static void test_many_places(void **state)
{
        (void) state;
        _cleanup_(buf_done) struct buf text = { 0 };
        struct fakehost host;
        json_t *entry, *one, *all;
        struct tree t;

        for (int i = 0; i < 1500; i++)
                (void) buf_printf(&text, "// SPDX-License-Identifier: MIT\nint a%d;\n", i);
        tree_make(&t);
        tree_puts(&t, "a.c", buf_text(&text));
        assert_int_equal(check(&host, &t, "{\"controls\": [\"licenses\"]}"), 0);
        entry = json_array_get(json_object_get(host.output, "licenses"), 0);
        all = json_object_get(entry, "places_total");
        assert_true(json_integer_value(all) >= 1500 ||
                    (!all && json_array_size(json_object_get(entry, "places")) >= 1500));
        one = json_array_get(json_object_get(host.output, "not_looked_at"), 0);
        assert_string_equal(json_string_value(json_object_get(one, "reason")), "too-many-places");
        fakehost_done(&host);
        tree_done(&t);
}

/* ---- SPDX ---- */

static void test_spdx(void **state)
{
        (void) state;
        static const struct {
                const char *why, *text;
                int want; /* number of nodes, or -EBADMSG */
        } rows[] = {
                { "one licence", "MIT", 1 },
                { "OR", "MIT OR Apache-2.0", 3 },
                { "small letters", "MIT or Apache-2.0", 3 },
                { "WITH", "GPL-2.0-only WITH Classpath-exception-2.0", 1 },
                { "plus", "EPL-1.0+", 1 },
                { "parentheses", "(MIT AND (ISC OR Zlib))", 5 },
                { "a reference", "DocumentRef-x:LicenseRef-y", 1 },
                { "nothing", "", -EBADMSG },
                { "an operator alone", "AND", -EBADMSG },
                { "no right side", "MIT OR", -EBADMSG },
                { "two licences", "MIT Apache-2.0", -EBADMSG },
                { "an open parenthesis", "(MIT", -EBADMSG },
                { "a closed one", "MIT)", -EBADMSG },
                { "WITH without an exception", "GPL-2.0-only WITH", -EBADMSG },
                { "a sign that is none", "MIT, ISC", -EBADMSG },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct spdx s;
                int r = spdx_parse(&s, rows[i].text, strlen(rows[i].text));

                if ((r < 0 ? r : s.n_nodes) != rows[i].want)
                        fail_msg("%s: %s: %d %s", rows[i].why, rows[i].text, r, s.error);
        }
}

static void test_spdx_limits(void **state)
{
        (void) state;
        _cleanup_(buf_done) struct buf text = { 0 };
        struct spdx s;

        for (int i = 0; i < 1000; i++)
                (void) buf_putc(&text, '(');
        assert_int_equal(spdx_parse(&s, text.data, text.length), -EBADMSG);
        text.length = 0;
        for (int i = 0; i < 600; i++)
                (void) buf_puts(&text, "a or ");
        assert_int_equal(spdx_parse(&s, text.data, text.length), -EBADMSG);
}

/* ---- Environment ---- */

static void test_env(void **state)
{
        (void) state;
        expect_rules("a default in code", "env", "a.py",
                     "x = os.environ.get('DB_PASSWORD', 'hunter2')\n", "1:python-default ");
        expect_rules("a committed file", "env", "app/.env", "A=1\nAPI_TOKEN=abc\n",
                     "2:dotenv-in-tree 2:committed-dotenv ");
        expect_rules("a sample", "env", "app/.env.example", "API_TOKEN=abc\n", "");
}

/* What code reads against what the tree declares. */
static void test_variables(void **state)
{
        (void) state;
        static const struct {
                const char *path, *text;
        } files[] = {
                { "shop/.env.example", "A_DECLARED=1\n# B_OPTIONAL=\nexport C_EXPORTED=x\n" },
                { "shop/Dockerfile", "FROM a:1\nENV D_IMAGE=1\n" },
                { "shop/docker-compose.yml",
                  "services:\n  a:\n    environment:\n      - E_COMPOSE=1\n"
                  "    image: b:${A_DECLARED}${Z_COMPOSE:-1}$$NOTHING\n" },
                { "shop/a.js", "process.env.A_DECLARED + process.env['B_OPTIONAL'];\n"
                               "process.env.Z_DOT; process.env[\"Z_BRACKET\"]; process.env.lower;\n"
                               "import.meta.env.Z_META; process.env.HOME; process.env[name];\n" },
                { "shop/sub/a.py", "os.environ['C_EXPORTED'], os.environ.get(\"D_IMAGE\")\n"
                                   "os.getenv('Z_PYTHON', 'x'); os.environ[\"E_COMPOSE\"]\n" },
                { "shop/sub/b.py", "os.getenv('Z_PYTHON')\n" },
                { "shop/a.go", "os.Getenv(\"Z_GO\")\n" },
                { "shop/A.java", "System.getenv(\"Z_JAVA\"); System.getenv().get(\"Z_MAP\");\n" },
                { "shop/a.rb", "ENV['Z_RUBY'] || ENV.fetch('Z_FETCH')\n" },
                { "shop/a.rs", "std::env::var(\"Z_RUST\")\n" },
                { "shop/a.c", "getenv(\"Z_C\"); my_getenv(\"Z_OTHER\");\n" },
                { "shop/waived.js",
                  "// linhay: ignore[env] of the platform\nprocess.env.Z_WAIVED\n" },
                { "shop/tests/a.js", "process.env.Z_TEST\n" },
                { "other/a.js", "process.env.Z_NO_EXAMPLE\n" },
                { "shop/.env", "A_DECLARED=\n\nPORT=1\n" },
        };
        static const char *const want[] = {
                "shop/.env:3:env/dotenv-in-tree ",           "shop/docker-compose.yml:5:env/undecl",
                "shop/a.js:2:env/undeclared-variable ",      "shop/a.js:3:env/undeclared-variable ",
                "shop/sub/a.py:2:env/undeclared-variable",   "shop/a.go:1:env/undeclared-variable ",
                "shop/A.java:1:env/undeclared-variable ",    "shop/a.rb:1:env/undeclared-variable ",
                "shop/a.rs:1:env/undeclared-variable ",      "shop/a.c:1:env/undeclared-variable ",
                "shop/waived.js:2:env/undeclared-variable ",
        };
        _cleanup_(buf_done) struct buf list = { 0 };
        struct fakehost host;
        struct tree t;

        tree_make(&t);
        for (size_t i = 0; i < TEST_ROWS(files); i++)
                tree_puts(&t, files[i].path, files[i].text);
        assert_int_equal(check(&host, &t, "{\"controls\": [\"env\"]}"), 0);
        list_findings(&host, &list);
        for (size_t i = 0; i < TEST_ROWS(want); i++)
                if (!strstr(buf_text(&list), want[i]))
                        fail_msg("no %s in %s", want[i], buf_text(&list));
        /* Two in one line of Java and of Ruby, and the two of JavaScript's second line. */
        assert_int_equal(json_array_size(host.findings), TEST_ROWS(want) + 3);
        fakehost_done(&host);
        tree_done(&t);
}

/* ---- Licences ---- */

static const char mit[] =
        "MIT License\n\nCopyright (c) 2026 Somebody\n\n"
        "Permission is hereby granted, free of charge, to any person obtaining a copy\n"
        "of this software and associated documentation files (the \"Software\"), to deal\n"
        "in the Software.\n\nThe above copyright notice and this permission notice shall be\n"
        "included in all copies or substantial portions of the Software.\n";

static void test_licenses(void **state)
{
        (void) state;
        _cleanup_(buf_done) struct buf list = { 0 };
        int fd = text_fd("{\"licenses\": {\"allow\": [\"MIT\", \"Apache-2.0\"]}}");
        const struct fakehost_file files[] = { { "/policy", fd } };
        struct fakehost host;
        json_t *entry;
        struct tree t;
        size_t i;

        tree_make(&t);
        tree_puts(&t, "LICENSE", mit);
        tree_puts(&t, "package.json", "{\"name\": \"x\",\n\"license\": \"Apache-2.0\"}");
        tree_puts(&t, "a.c", "/* SPDX-License-Identifier: GPL-3.0-or-later OR MIT */\n");
        tree_puts(&t, "b.c", "// SPDX-License-Identifier: GPL-3.0-or-later\n");
        tree_puts(&t, "c/Cargo.toml", "[package]\nlicense = \"MIT/Apache-2.0\"\n");
        tree_puts(&t, "d/setup.cfg", "[metadata]\nlicense = Apache License 2.0\n");
        tree_puts(&t, "e/COPYING", "You may look at this on Sundays.\n");
        tree_puts(&t, "f/package.json", "{\"license\": \"MIT AND\"}");
        fakehost_init(&host, "check", "{\"controls\": [\"licenses\"]}");
        host.workspace = t.fd;
        host.files = files;
        host.n_files = 1;
        if (fakehost_run(&host, fakehost_load(AGENT)) < 0)
                fail_msg("%s", host.fail_message);
        list_findings(&host, &list);
        assert_string_equal(buf_text(&list), "b.c:1:licenses/denied e/COPYING:1:licenses/unknown "
                                             "f/package.json:1:licenses/invalid-expression "
                                             "package.json:2:licenses/mismatch "
                                             "b.c:1:licenses/incompatible ");
        list.length = 0;
        json_array_foreach (json_object_get(host.output, "licenses"), i, entry)
                (void) buf_printf(&list, "%s=%s; ",
                                  json_string_value(json_object_get(entry, "path")),
                                  json_string_value(json_object_get(entry, "expression")));
        assert_string_equal(buf_text(&list),
                            "LICENSE=MIT; a.c=GPL-3.0-or-later OR MIT; b.c=GPL-3.0-or-later; "
                            "c/Cargo.toml=MIT OR Apache-2.0; d/setup.cfg=Apache-2.0; "
                            "package.json=Apache-2.0; ");
        fakehost_done(&host);
        (void) close(fd);
        tree_done(&t);
        expect_rules("a name of Debian's", "licenses", "debian/copyright",
                     "License: public-domain\n This may be used by all.\n", "0:missing ");
        expect_rules("the same elsewhere", "licenses", "Cargo.toml",
                     "license = \"public-domain\"\n", "1:unknown-id ");
        expect_rules("no licence at all", "licenses", "a.c", "int a;\n", "0:missing ");
}

/* What manifests call a licence in their own way is told as SPDX does. */
static void test_license_manifests(void **state)
{
        (void) state;
        static const struct {
                const char *why, *path, *text, *want;
        } rows[] = {
                { "Debian's names", "debian/copyright", "License: GPL-2+ or Artistic\n",
                  "GPL-2.0-or-later OR Artistic-1.0-Perl" },
                { "an exception that Debian names, and a name of the file's own",
                  "debian/copyright",
                  "License: GPL-2+ with OpenSSL exception\n\nLicense: permissive-1\n",
                  "GPL-2.0-or-later" },
                { "R's", "DESCRIPTION", "Package: x\nLicense: GPL (>= 2) | file LICENSE\n",
                  "GPL-2.0-or-later" },
                { "Perl's", "META.yml", "name: x\nlicense: perl\n",
                  "Artistic-1.0-Perl OR GPL-1.0-or-later" },
                { "Perl's, in JSON", "META.json", "{\n  \"license\" : [\n    \"perl_5\"\n  ]\n}\n",
                  "Artistic-1.0-Perl OR GPL-1.0-or-later" },
                { "NuGet's", "x.nuspec", "<package><license type=\"expression\">MIT</license>\n",
                  "MIT" },
                { "a project's of .NET", "x.csproj",
                  "<PackageLicenseExpression>Apache-2.0</PackageLicenseExpression>\n",
                  "Apache-2.0" },
                { "a desktop program's", "org.x.metainfo.xml",
                  "<metadata_license>CC0-1.0</metadata_license>\n"
                  "<project_license>GPL-3.0+</project_license>\n",
                  "GPL-3.0-or-later" },
                { "ROS's", "package.xml", "<package><license>BSD</license></package>\n",
                  "BSD-3-Clause" },
                { "a list of changes tells what once was", "ChangeLog",
                  "1.0\n\n\n* Now under the GPL, version 2.\n", "" },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(buf_done) struct buf text = { 0 };
                const char *got = "";
                struct fakehost host;
                json_t *entry;
                struct tree t;

                /* More than the head of a list of changes. */
                for (int k = 0; *rows[i].want == '\0' && k < 400; k++)
                        (void) buf_puts(&text, "mended\n");
                (void) buf_puts(&text, rows[i].text);
                tree_make(&t);
                tree_puts(&t, rows[i].path, buf_text(&text));
                assert_int_equal(check(&host, &t, "{\"controls\": [\"licenses\"]}"), 0);
                entry = json_array_get(json_object_get(host.output, "licenses"), 0);
                if (entry)
                        got = json_string_value(json_object_get(entry, "expression"));
                if (strcmp(got, rows[i].want) != 0)
                        fail_msg("%s: got \"%s\", want \"%s\"", rows[i].why, got, rows[i].want);
                fakehost_done(&host);
                tree_done(&t);
        }
}

/* A tree as REUSE wants it, with a policy that has rules, exceptions and the project's licence. */
static void test_license_tree(void **state)
{
        (void) state;
        static const char policy[] =
                "{\"licenses\": {\"project\": \"MIT\", \"review\": [\"LGPL-*\"], \"deny\": "
                "[\"GPL-*\"],"
                " \"rules\": [{\"paths\": [\"tools\"], \"allow\": [\"GPL-3.0-only\"]}],"
                " \"exceptions\": [{\"licenses\": [\"GPL-2.0-only\"], \"reason\": \"asked\"},"
                "                  {\"licenses\": [\"GPL-1.0-or-later\"], \"reason\": \"asked\","
                "                   \"until\": \"2020-01-01\"}]}}";
        _cleanup_(buf_done) struct buf list = { 0 };
        int fd = text_fd(policy);
        const struct fakehost_file files[] = { { "/policy", fd } };
        struct fakehost host;
        json_t *entry;
        struct tree t;
        size_t i;

        tree_make(&t);
        tree_puts(&t, "LICENSES/MIT.txt", mit);
        tree_puts(&t, "LICENSES/Zlib.txt", "zlib License\n");
        tree_puts(&t, ".reuse/dep5", "Files: img/*\nCopyright: 2026 me\nLicense: CC-BY-4.0\n");
        tree_puts(&t, "a.c", "// SPDX-License-Identifier: MIT\n");
        tree_puts(&t, "b.c", "// SPDX-License-Identifier: LGPL-2.1\n");
        tree_puts(&t, "c.c", "// SPDX-License-Identifier: GPL-2.0-only\n");
        tree_puts(&t, "d.png.license", "SPDX-License-Identifier: GPL-1.0-or-later\n");
        tree_puts(&t, "tools/e.c", "// SPDX-License-Identifier: GPL-3.0-only\n");
        fakehost_init(&host, "check", "{\"controls\": [\"licenses\"]}");
        host.workspace = t.fd;
        host.files = files;
        host.n_files = 1;
        if (fakehost_run(&host, fakehost_load(AGENT)) < 0)
                fail_msg("%s", host.fail_message);
        list_findings(&host, &list);
        assert_string_equal(buf_text(&list),
                            "b.c:1:licenses/deprecated-id b.c:1:licenses/review "
                            "d.png.license:1:licenses/exception-expired "
                            "b.c:1:licenses/compatibility c.c:1:licenses/compatibility "
                            "d.png.license:1:licenses/compatibility "
                            "tools/e.c:1:licenses/compatibility "
                            "LICENSES:0:licenses/missing-text LICENSES:0:licenses/missing-text "
                            "LICENSES:0:licenses/missing-text LICENSES:0:licenses/missing-text "
                            "LICENSES:0:licenses/missing-text "
                            "LICENSES/Zlib.txt:0:licenses/unused-text ");
        json_array_foreach (json_object_get(host.output, "licenses"), i, entry)
                if (!strcmp(json_string_value(json_object_get(entry, "path")), ".reuse/dep5"))
                        assert_string_equal(json_string_value(json_object_get(entry, "expression")),
                                            "CC-BY-4.0");
        fakehost_done(&host);
        (void) close(fd);
        tree_done(&t);
}

/* What a lockfile says of a package is held against the policy by what the project needs it for. */
static void test_packages(void **state)
{
        (void) state;
        static const char policy[] = "{\"licenses\": {\"allow\": [\"MIT\"], \"rules\": "
                                     "[{\"kinds\": [\"dev\"], \"allow\": [\"GPL-3.0-only\"]}]}}";
        _cleanup_(buf_done) struct buf list = { 0 };
        int fd = text_fd(policy);
        const struct fakehost_file files[] = { { "/policy", fd } };
        struct fakehost host;
        const json_t *one;
        struct tree t;

        tree_make(&t);
        tree_puts(&t, "LICENSE", mit);
        tree_puts(&t, "package.json", "{\"dependencies\":{\"a\":\"^1\",\"d\":\"^1\"}}");
        tree_puts(&t, "package-lock.json",
                  "{\"lockfileVersion\":3,\"packages\":{\"\":{\"dependencies\":{\"a\":\"^1\"}},\n"
                  "\"node_modules/a\":{\"version\":\"1.2.3\",\"license\":\"MIT\"},\n"
                  "\"node_modules/b\":{\"version\":\"2.0.0\",\"dev\":true,"
                  "\"license\":\"GPL-3.0-only\"},\n"
                  "\"node_modules/c\":{\"version\":\"3.0.0\",\"license\":\"GPL-3.0-only\"},\n"
                  "\"node_modules/d\":{\"version\":\"4.0.0\"}}}");
        tree_puts(&t, "node_modules/d/package.json", "{\"name\":\"d\",\"license\":\"ISC\"}");
        tree_puts(&t, "pom.xml", "<project>");
        fakehost_init(&host, "check", "{\"controls\": [\"licenses\"]}");
        host.workspace = t.fd;
        host.files = files;
        host.n_files = 1;
        if (fakehost_run(&host, fakehost_load(AGENT)) < 0)
                fail_msg("%s", host.fail_message);
        list_findings(&host, &list);
        assert_string_equal(buf_text(&list), "node_modules/d/package.json:1:licenses/denied "
                                             "package-lock.json:4:licenses/denied "
                                             "package-lock.json:5:licenses/denied ");
        one = json_array_get(json_object_get(host.output, "packages"), 3);
        assert_string_equal(json_string_value(json_object_get(one, "purl")), "pkg:npm/d@4.0.0");
        assert_string_equal(json_string_value(json_object_get(one, "license")), "ISC");
        assert_true(json_is_true(json_object_get(one, "direct")));
        one = json_array_get(json_object_get(host.output, "not_looked_at"), 0);
        assert_string_equal(json_string_value(json_object_get(one, "path")), "pom.xml");
        assert_string_equal(json_string_value(json_object_get(one, "reason")), "not-parsed");
        fakehost_done(&host);
        (void) close(fd);
        tree_done(&t);
}

/* ---- Secrets ---- */

/* Put together here, so that the test itself holds nothing that looks like a live secret. */
#define GITHUB                                                                                     \
        "gh"                                                                                       \
        "p_"                                                                                       \
        "k4Zq9LmT7vB2nC5rY8wJ1hG3dS6aP0eUxXoQ"
#define STRIPE                                                                                     \
        "sk"                                                                                       \
        "_live_"                                                                                   \
        "9LmT7vB2nC5rY8wJ1hG3dS6a"
#define AWS                                                                                        \
        "kF4xZ9qLmT7vB2nC5rY8wJ1hG3dS6aP0eU"                                                       \
        "+iO/tX"
#define WORD  "tr0ub4dor&3x"
#define BASIC "YWRtaW46dHIwdWI0ZG9yJjN4"

/* No secret may be seen in anything that the agent says, whatever control says it. */
static void test_canary(void **state)
{
        (void) state;
        static const char *const secrets[] = { GITHUB, STRIPE, AWS, WORD, BASIC };
        struct fakehost host;
        struct tree t;

        tree_make(&t);
        tree_puts(&t, "a.py",
                  "t = '" GITHUB "'; s = \"" STRIPE "\"; u = '" GITHUB "'\n"
                  "aws_secret_access_key = " AWS "\n"
                  "url = 'https://me:" WORD "@host/x'\n"
                  "p = os.environ.get('DB_PASSWORD', '" WORD "')\n");
        tree_puts(&t, ".env", "DB_PASSWORD=" WORD "\nTOKEN=" GITHUB "\n");
        tree_puts(&t, "Dockerfile", "FROM a\nENV DB_PASSWORD=" WORD " X=" GITHUB "\nUSER root\n");
        tree_puts(&t, "nginx.conf",
                  "server {\n proxy_set_header Host $http_host; # " GITHUB "\n"
                  " add_header Authorization \"Basic " BASIC "\nx\";\n}\n");
        tree_puts(&t, "package.json", "{\"license\": \"" GITHUB "\"}");
        tree_puts(&t, "b.c", "/* SPDX-License-Identifier: " STRIPE " */\n");
        assert_int_equal(check(&host, &t, "{}"), 0);
        assert_true(json_array_size(host.findings) >= 12);

        char *findings = json_dumps(host.findings, 0), *output = json_dumps(host.output, 0);
        for (size_t i = 0; i < TEST_ROWS(secrets); i++) {
                if (strstr(findings, secrets[i]))
                        fail_msg("%s is in the findings: %s", secrets[i], findings);
                if (strstr(output, secrets[i]))
                        fail_msg("%s is in the output: %s", secrets[i], output);
                if (strstr(buf_text(&host.logs), secrets[i]))
                        fail_msg("%s is in the log", secrets[i]);
        }
        free(findings);
        free(output);
        fakehost_done(&host);
        tree_done(&t);
}

/* Runs with a baseline file; gives the first fingerprint and the number of findings. */
static size_t fingerprint_of(const struct tree *t, const char *baseline, char ret[64])
{
        int fd = baseline ? text_fd(baseline) : -1;
        const struct fakehost_file files[] = { { "/baseline", fd } };
        struct fakehost host;
        size_t n;

        fakehost_init(&host, "check", "{\"controls\": [\"secrets\"]}");
        host.workspace = t->fd;
        host.files = files;
        host.n_files = baseline ? 1 : 0;
        assert_int_equal(fakehost_run(&host, fakehost_load(AGENT)), 0);
        n = json_array_size(host.findings);
        if (n)
                (void) snprintf(ret, 64, "%s", finding_text(&host, 0, "fingerprint"));
        fakehost_done(&host);
        if (fd >= 0)
                (void) close(fd);
        return n;
}

static void test_fingerprints(void **state)
{
        (void) state;
        char first[64], moved[64], keyed[64], other[64], baseline[160];
        struct tree t;

        tree_make(&t);
        tree_puts(&t, "a", "t = '" GITHUB "'\n");
        assert_int_equal(fingerprint_of(&t, NULL, first), 1);
        tree_puts(&t, "a", "\n\n\nt = '" GITHUB "'\n");
        assert_int_equal(fingerprint_of(&t, NULL, moved), 1);
        assert_string_equal(first, moved);
        assert_int_equal(strlen(first), 32);

        (void) snprintf(baseline, sizeof(baseline), "{\"fingerprints\": [\"%s\"]}", first);
        assert_int_equal(fingerprint_of(&t, baseline, other), 0);

        /* With a key another secret in the same place is another finding. */
        assert_int_equal(
                fingerprint_of(&t, "{\"key\": \"0123456789\", \"fingerprints\": []}", keyed), 1);
        assert_string_not_equal(keyed, first);
        tree_puts(&t, "a",
                  "t = '"
                  "gh"
                  "p_"
                  "Q9LmT7vB2nC5rY8wJ1hG3dS6aP0eUxXoQk4Z"
                  "'\n");
        assert_int_equal(
                fingerprint_of(&t, "{\"key\": \"0123456789\", \"fingerprints\": []}", other), 1);
        assert_string_not_equal(keyed, other);
        tree_done(&t);
}

/* Both files may be NULL. Returns the number of findings; the last one's rule and the first one's
 * fingerprint. */
static size_t run_with(struct tree *t, const char *policy, const char *baseline,
                       const unsigned char *key, char fingerprint[64], char rule[64])
{
        struct fakehost_file files[2];
        struct fakehost host;
        size_t n;

        fakehost_init(&host, "check", "{\"controls\": [\"secrets\"]}");
        host.workspace = t->fd;
        host.key = key;
        host.files = files;
        if (policy)
                files[host.n_files++] = (struct fakehost_file){ "/policy", text_fd(policy) };
        if (baseline)
                files[host.n_files++] = (struct fakehost_file){ "/baseline", text_fd(baseline) };
        assert_int_equal(fakehost_run(&host, fakehost_load(AGENT)), 0);
        n = json_array_size(host.findings);
        *fingerprint = *rule = '\0';
        if (n > 0) {
                (void) snprintf(fingerprint, 64, "%s", finding_text(&host, 0, "fingerprint"));
                (void) snprintf(rule, 64, "%s", finding_text(&host, n - 1, "rule"));
        }
        for (size_t i = 0; i < host.n_files; i++)
                (void) close(files[i].fd);
        fakehost_done(&host);
        return n;
}

/* The key is the file's, else the store's; the secret goes in without blanks. */
static void test_keys(void **state)
{
        (void) state;
        static const unsigned char one[LINHAY_KEY] = { 1 }, two[LINHAY_KEY] = { 2 };
        static const char with_key[] = "{\"key\": \"0123456789\", \"fingerprints\": []}";
        char first[64], again[64], other[64], rule[64];
        struct tree t;

        tree_make(&t);
        tree_puts(&t, "a", "t = '" GITHUB "'\n");
        (void) run_with(&t, NULL, NULL, one, first, rule);
        (void) run_with(&t, NULL, NULL, two, other, rule);
        assert_string_not_equal(first, other);
        tree_puts(&t, "a", "# moved\n\n  token: " GITHUB "\n");
        (void) run_with(&t, NULL, NULL, one, again, rule);
        assert_string_equal(first, again);
        /* A baseline's key is the same on every machine. */
        (void) run_with(&t, NULL, with_key, one, first, rule);
        (void) run_with(&t, NULL, with_key, two, again, rule);
        assert_string_equal(first, again);
        (void) run_with(&t, "{\"fingerprint_key\": \"0123456789\"}", NULL, two, again, rule);
        assert_string_equal(first, again);
        tree_puts(&t, "a",
                  "-----BEGIN RSA PRIVATE "
                  "KEY-----\nTUlJRXBBSUJBQUtDQVFFQTk2VEpYbWRmZ0hqS2xQ\n"
                  "UXdFclR5VWlPcEFzRGZHaEprTHpYY1ZiTm05Nw==\n"
                  "-----END RSA PRIVATE KEY-----\n");
        assert_int_equal(run_with(&t, NULL, NULL, one, first, rule), 1);
        tree_puts(&t, "a",
                  "  -----BEGIN RSA PRIVATE "
                  "KEY-----\r\n  TUlJRXBBSUJBQUtDQVFFQTk2VEpYbWRmZ0hqS2xQ\r\n"
                  "  UXdFclR5VWlPcEFzRGZHaEprTHpYY1ZiTm05Nw==\r\n"
                  "  -----END RSA PRIVATE KEY-----\r\n");
        assert_int_equal(run_with(&t, NULL, NULL, one, again, rule), 1);
        assert_string_equal(first, again);
        tree_done(&t);
}

static void test_suppressions(void **state)
{
        (void) state;
        static const unsigned char key[LINHAY_KEY] = { 1 };
        /* %s in a baseline is the fingerprint. */
        static const struct {
                const char *why, *policy, *baseline;
                size_t want;
                const char *last;
        } rows[] = {
                { "none", NULL, NULL, 1, "secrets/github-pat" },
                { "a fingerprint alone", NULL, "{\"fingerprints\": [\"%s\"]}", 0, "" },
                { "with a reason and a day to come", NULL,
                  "{\"fingerprints\": [{\"fingerprint\": \"%s\", \"reason\": \"revoked\", "
                  "\"until\": \"9999-12-31\"}]}",
                  0, "" },
                { "a day that is over", NULL,
                  "{\"fingerprints\": [{\"fingerprint\": \"%s\", \"reason\": \"revoked\", "
                  "\"until\": \"2020-01-31\"}]}",
                  2, "secrets/suppression-expired" },
                { "a rule and a path",
                  "{\"suppress\": [{\"rule\": \"secrets/github-pat\", \"path\": \"^a$\", "
                  "\"reason\": \"the sandbox\"}]}",
                  NULL, 0, "" },
                { "a control", "{\"suppress\": [{\"rule\": \"secrets\", \"reason\": \"x\"}]}", NULL,
                  0, "" },
                { "another rule",
                  "{\"suppress\": [{\"rule\": \"secrets/github\", \"reason\": \"x\"}]}", NULL, 1,
                  "secrets/github-pat" },
                { "another path", "{\"suppress\": [{\"path\": \"^b$\", \"reason\": \"x\"}]}", NULL,
                  1, "secrets/github-pat" },
                { "one that is over, and one that is not",
                  "{\"suppress\": [{\"rule\": \"secrets\", \"reason\": \"x\", \"until\": "
                  "\"2020-01-31\"}, {\"path\": \"a\", \"reason\": \"x\"}]}",
                  NULL, 0, "" },
        };
        char fingerprint[64], rule[64];
        struct tree t;

        tree_make(&t);
        tree_puts(&t, "a", "t = '" GITHUB "'\n");
        (void) run_with(&t, NULL, NULL, key, fingerprint, rule);
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                char baseline[256], ignored[64];
                size_t n;

                if (rows[i].baseline) {
                        const char *at = strstr(rows[i].baseline, "%s");

                        (void) snprintf(baseline, sizeof(baseline), "%.*s%s%s",
                                        (int) (at - rows[i].baseline), rows[i].baseline,
                                        fingerprint, at + 2);
                }
                n = run_with(&t, rows[i].policy, rows[i].baseline ? baseline : NULL, key, ignored,
                             rule);
                if (n != rows[i].want || strcmp(rule, rows[i].last) != 0)
                        fail_msg("%s: %zu findings, the last %s", rows[i].why, n, rule);
        }
        tree_done(&t);
}

static void test_secret_policy(void **state)
{
        (void) state;
        static const struct {
                const char *why, *policy;
                size_t want;
        } rows[] = {
                { "nothing allowed", "{}", 2 },
                { "a path", "{\"secrets\": {\"allow_paths\": [\"^tests/\"]}}", 1 },
                { "a secret", "{\"secrets\": {\"allow_regexes\": [\"^ghp_k4Zq\"]}}", 0 },
        };
        struct tree t;

        tree_make(&t);
        tree_puts(&t, "tests/a", "t = '" GITHUB "'\n");
        tree_puts(&t, "b", "t = '" GITHUB "'\n");
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                int fd = text_fd(rows[i].policy);
                const struct fakehost_file files[] = { { "/policy", fd } };
                struct fakehost host;

                fakehost_init(&host, "check", "{\"controls\": [\"secrets\"]}");
                host.workspace = t.fd;
                host.files = files;
                host.n_files = 1;
                assert_int_equal(fakehost_run(&host, fakehost_load(AGENT)), 0);
                if (json_array_size(host.findings) != rows[i].want)
                        fail_msg("%s: %zu findings", rows[i].why, json_array_size(host.findings));
                fakehost_done(&host);
                (void) close(fd);
        }
        tree_done(&t);
}

/* ---- Context and waivers ---- */

#define TOKEN                                                                                      \
        "ghp_"                                                                                     \
        "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"
#define WRONG_TOKEN                                                                                \
        "ghp_"                                                                                     \
        "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUy"

static bool has_tag(const struct fakehost *host, size_t finding, const char *wanted)
{
        json_t *tag;
        size_t i;

        json_array_foreach (json_object_get(json_array_get(host->findings, finding), "tags"), i,
                            tag)
                if (strcmp(json_string_value(tag), wanted) == 0)
                        return true;
        return false;
}

static void test_judged(void **state)
{
        (void) state;
        static const struct {
                const char *why, *path, *text, *severity, *tag; /* of the last finding */
                size_t n;
                int waived;
        } rows[] = {
                { "the program", "src/a.py", "t = '" TOKEN "'\n", "critical", "vcs", 1, 0 },
                { "a checksum that holds", "a.py", "t = '" TOKEN "'\n", "critical",
                  "confidence:high", 1, 0 },
                { "a checksum that fails", "a.py", "t = '" WRONG_TOKEN "'\n", "high",
                  "confidence:low", 1, 0 },
                { "a test", "tests/a.py", "t = '" TOKEN "'\n", "medium", "context:test", 1, 0 },
                { "an example", ".env.example", "T=" TOKEN "\n", "medium", "context:example", 1,
                  0 },
                { "waived", "a.py", "t = '" TOKEN "'  # linhay: ignore[secrets] revoked\n",
                  "critical", "waiver:revoked", 1, 1 },
                { "waived before", "a.py",
                  "# linhay: ignore[secrets/github-pat] revoked\nt = '" TOKEN "'\n", "critical",
                  "waived", 1, 1 },
                { "the reason shows the secret", "a.py",
                  "t = '" TOKEN "'  # linhay: ignore[secrets] " TOKEN " is old\n", "critical",
                  "waiver:(it holds a secret)", 2, 2 },
                { "no reason", "a.py", "t = '" TOKEN "'  # linhay: ignore[secrets/github-pat]\n",
                  "critical", "waived", 2, 1 },
                { "in base64", "a.py",
                  "t = '"
                  "bG9naW4gZ2hwX3dXUHc1azRhWGNhVD"
                  "RmTlAwVWNuWndKVVZGazZMTzBwSU5VeAo="
                  "'\n",
                  "critical", "decoded:base64", 1, 0 },
                { "in hexadecimal", "a.py",
                  "x "
                  "6c6f67696e206768705f7757507735"
                  "6b34615863615434664e503055636e5a774a5556466b364c4f3070494e5578"
                  "\n",
                  "critical", "decoded:hex", 1, 0 },
                { "the guess about the run is taken back", "a.py",
                  "secret_key = '"
                  "bG9naW4gZ2hwX3dXUHc1azRhWGNhVD"
                  "RmTlAwVWNuWndKVVZGazZMTzBwSU5VeAo="
                  "'\n",
                  "critical", "confidence:high", 1, 0 },
                { "another control", "a.py", "t = '" TOKEN "'  # linhay: ignore[env] revoked\n",
                  "critical", "vcs", 1, 0 },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct fakehost host;
                struct tree t;
                size_t last;

                tree_make(&t);
                tree_puts(&t, rows[i].path, rows[i].text);
                assert_int_equal(check(&host, &t, "{\"controls\": [\"secrets\"]}"), 0);
                last = json_array_size(host.findings) - 1;
                if (last + 1 != rows[i].n)
                        fail_msg("%s: %zu findings", rows[i].why, last + 1);
                if (strcmp(finding_text(&host, last, "severity"), rows[i].severity) != 0)
                        fail_msg("%s: %s", rows[i].why, finding_text(&host, last, "severity"));
                if (!has_tag(&host, last, rows[i].tag))
                        fail_msg("%s: no tag %s", rows[i].why, rows[i].tag);
                if (strcmp(rows[i].why, "no reason") == 0)
                        assert_string_equal(finding_text(&host, 0, "rule"),
                                            "secrets/waiver-without-reason");
                assert_int_equal(json_integer_value(json_object_get(
                                         json_object_get(host.output, "summary"), "waived")),
                                 rows[i].waived);
                fakehost_done(&host);
                tree_done(&t);
        }
}

/* ---- Odd input ---- */

static void test_bad_files(void **state)
{
        (void) state;
        static const struct {
                const char *why, *pointer, *text, *code;
        } rows[] = {
                { "a policy that is no JSON", "/policy", "{", "not-json" },
                { "a fault behind a key, which stays hidden", "/policy",
                  "{\"fingerprint_key\": \"Wz83nQpL0x", "not-json" },
                { "a policy that is a list", "/policy", "[]", "bad-policy" },
                { "a day that there is not", "/baseline",
                  "{\"fingerprints\": [{\"fingerprint\": \"x\", \"until\": \"2026-02-31\"}]}",
                  "bad-suppression" },
                { "a broken expression", "/policy", "{\"secrets\": {\"allow_paths\": [\"(\"]}}",
                  "bad-policy" },
                { "a fault in the licences' part", "/policy",
                  "{\"licenses\": {\"allow\": [\"MIT OR\"]}}", "bad-policy" },
                { "a short key", "/policy", "{\"fingerprint_key\": \"x\"}", "bad-key" },
                { "a baseline without a list", "/baseline", "{}", "bad-baseline" },
        };
        struct tree t;

        tree_make(&t);
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                int fd = text_fd(rows[i].text);
                const struct fakehost_file files[] = { { rows[i].pointer, fd } };
                struct fakehost host;

                fakehost_init(&host, "check", "{}");
                host.workspace = t.fd;
                host.files = files;
                host.n_files = 1;
                assert_true(fakehost_run(&host, fakehost_load(AGENT)) < 0);
                assert_true(host.failed);
                assert_int_equal(host.fail_class, LINHAY_FAIL_INPUT);
                if (strcmp(host.fail_code, rows[i].code) != 0 ||
                    strstr(host.fail_message, "Wz83nQpL0x"))
                        fail_msg("%s: %s: %s", rows[i].why, host.fail_code, host.fail_message);
                fakehost_done(&host);
                (void) close(fd);
        }
        tree_done(&t);
}

/* A file too large to be parsed says so; for secrets alone it need not be parsed. */
static void test_large_file(void **state)
{
        (void) state;
        static const struct {
                const char *inputs;
                size_t want;
        } rows[] = {
                { "{\"controls\": [\"licenses\"]}", 1 },
                { "{\"controls\": [\"secrets\"]}", 0 },
        };
        enum { SIZE = 5 << 20 };
        _cleanup_(freep) char *text = malloc(SIZE);
        struct tree t;

        assert_non_null(text);
        memset(text, '\n', SIZE);
        tree_make(&t);
        tree_put(&t, "package-lock.json", text, SIZE);
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct fakehost host;
                json_t *list;

                fakehost_init(&host, "check", rows[i].inputs);
                host.workspace = t.fd;
                assert_int_equal(fakehost_run(&host, fakehost_load(AGENT)), 0);
                list = json_object_get(host.output, "not_looked_at");
                assert_int_equal(json_array_size(list), rows[i].want);
                if (rows[i].want)
                        assert_string_equal(json_string_value(json_object_get(
                                                    json_array_get(list, 0), "reason")),
                                            "too-large-to-parse");
                fakehost_done(&host);
        }
        tree_done(&t);
}

static void test_odd_files(void **state)
{
        (void) state;
        _cleanup_(buf_done) struct buf list = { 0 };
        static const char binary[] = "\x7F"
                                     "ELF\0\0 pwd = 'k7qZxw9p'";
        static const char utf16[] = "\xFF\xFE"
                                    "p\0w\0d\0=\0\"\0k\0"
                                    "7\0q\0Z\0x\0w\0"
                                    "9\0p\0\"\0";
        struct fakehost host;
        json_t *summary;
        struct tree t;

        tree_make(&t);
        tree_put(&t, "binary", binary, sizeof(binary) - 1);
        tree_puts(&t, "latin1", "pwd = 'k7qZxw9p' # caf\xE9\n");
        tree_put(&t, "utf16", utf16, sizeof(utf16) - 1);
        tree_put(&t, "nul", "pwd = 'k7qZxw9p'\n", 17);
        assert_int_equal(mkfifoat(t.fd, "fifo", 0644), 0);
        assert_int_equal(symlinkat(".", t.fd, "loop"), 0);
        assert_int_equal(check(&host, &t, "{\"controls\": [\"secrets\"]}"), 0);
        list_findings(&host, &list);
        assert_string_equal(buf_text(&list), "latin1:1:secrets/generic-password "
                                             "nul:1:secrets/generic-password "
                                             "utf16:1:secrets/generic-password ");
        assert_string_equal(finding_text(&host, 0, "excerpt"),
                            "pwd = '********' # caf\xEF\xBF\xBD");
        summary = json_object_get(host.output, "summary");
        assert_int_equal(json_integer_value(json_object_get(summary, "files_scanned")), 3);
        assert_int_equal(json_array_size(json_object_get(host.output, "not_looked_at")), 1);
        fakehost_done(&host);
        tree_done(&t);
}

/* A secret is found once and in its place wherever the border between two parts falls. */
static void test_parts(void **state)
{
        (void) state;
        enum { PART = 4 * 1024 * 1024, SIZE = 3 * PART };
        static const size_t places[] = { PART - 128 * 1024 - 8, PART - 8, PART + 100, 2 * PART - 20,
                                         SIZE - 60 };
        char *text = malloc(SIZE);
        struct fakehost host;
        struct tree t;

        assert_non_null(text);
        for (size_t i = 0; i < SIZE; i++)
                text[i] = i % 64 == 63 ? '\n' : '.';
        for (size_t i = 0; i < TEST_ROWS(places); i++)
                memcpy(text + places[i] - places[i] % 64, GITHUB, strlen(GITHUB));
        tree_make(&t);
        tree_put(&t, "big", text, SIZE);
        assert_int_equal(check(&host, &t, "{\"controls\": [\"secrets\"]}"), 0);
        assert_int_equal(json_array_size(host.findings), TEST_ROWS(places));
        for (size_t i = 0; i < TEST_ROWS(places); i++) {
                json_t *f = json_array_get(host.findings, i);

                assert_int_equal(json_integer_value(json_object_get(f, "line")),
                                 places[i] / 64 + 1);
                assert_int_equal(json_integer_value(json_object_get(f, "column")), 1);
        }
        fakehost_done(&host);
        tree_done(&t);
        free(text);
}

static void test_hostile_text(void **state)
{
        (void) state;
        enum { SIZE = 1024 * 1024 };
        static const char *const pieces[] = { "key=",
                                              "password: \"",
                                              "-----BEGIN RSA PRIVATE KEY-----",
                                              "://a:",
                                              "{",
                                              "kind: Secret ",
                                              "eyJ",
                                              "${A_KEY:" };
        char *text = malloc(SIZE);
        struct fakehost host;
        struct tree t;

        assert_non_null(text);
        tree_make(&t);
        for (size_t i = 0; i < TEST_ROWS(pieces); i++) {
                char path[32];
                size_t n = strlen(pieces[i]);

                for (size_t at = 0; at < SIZE; at++)
                        text[at] = pieces[i][at % n];
                (void) snprintf(path, sizeof(path), "%zu/nginx.conf", i);
                tree_put(&t, path, text, SIZE);
        }
        assert_int_equal(check(&host, &t, "{}"), 0);
        fakehost_done(&host);
        tree_done(&t);
        free(text);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kube_secrets),
                cmocka_unit_test(test_vendored),
                cmocka_unit_test(test_many_places),
                cmocka_unit_test(test_private_keys),
                cmocka_unit_test(test_spdx),
                cmocka_unit_test(test_spdx_limits),
                cmocka_unit_test(test_env),
                cmocka_unit_test(test_variables),
                cmocka_unit_test(test_licenses),
                cmocka_unit_test(test_license_tree),
                cmocka_unit_test(test_license_manifests),
                cmocka_unit_test(test_packages),
                cmocka_unit_test(test_canary),
                cmocka_unit_test(test_fingerprints),
                cmocka_unit_test(test_keys),
                cmocka_unit_test(test_suppressions),
                cmocka_unit_test(test_secret_policy),
                cmocka_unit_test(test_judged),
                cmocka_unit_test(test_bad_files),
                cmocka_unit_test(test_large_file),
                cmocka_unit_test(test_odd_files),
                cmocka_unit_test(test_parts),
                cmocka_unit_test(test_hostile_text),
        };

        return cmocka_run_group_tests_name("checker", tests, NULL, NULL);
}
