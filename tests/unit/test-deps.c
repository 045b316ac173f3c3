/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/def.h"
#include "deps/deps.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* "type name version scope direct", one a line, as deps_settle() leaves them. */
static char *list_write(const struct deps *deps)
{
        char *text = NULL;
        size_t size;
        FILE *to = open_memstream(&text, &size);

        assert_non_null(to);
        for (size_t i = 0; i < deps->n; i++) {
                const struct dep *d = &deps->list[i];

                (void) fprintf(to, "%s %s %s %s%s%s%s\n", dep_type_names[d->type], d->name,
                               d->version ? d->version : "-", dep_scope_names[d->scope],
                               d->is_direct ? " direct" : "", d->license ? " " : "",
                               d->license ? d->license : "");
        }
        (void) fclose(to);
        return text;
}

static void read_one(struct deps *deps, const char *path, const char *text)
{
        char error[256] = "";

        if (deps_read(deps, path, text, strlen(text), error, sizeof(error)) != 0)
                fail_msg("%s: %s", path, error);
}

/* One file, or two of one folder, and what they tell together. */
static const struct {
        const char *path, *text, *path2, *text2, *want;
} file_rows[] = {
        { "package.json",
          "{\"dependencies\":{\"a\":\"^1.0.0\"},\"devDependencies\":{\"@s/b\":\"2.0.0\"}}", NULL,
          NULL, "npm @s/b 2.0.0 dev direct\nnpm a ^1.0.0 runtime direct\n" },
        { "package-lock.json",
          "{\"lockfileVersion\":3,\"packages\":{\"\":{\"dependencies\":{\"a\":\"^1\"}},"
          "\"node_modules/a\":{\"version\":\"1.2.3\",\"license\":\"MIT\"},"
          "\"node_modules/a/node_modules/b\":{\"version\":\"2.0.0\",\"dev\":true},"
          "\"node_modules/own\":{\"link\":true},\"packages/own\":{\"version\":\"1.0.0\"}}}",
          "package.json", "{\"dependencies\":{\"a\":\"^1\"}}",
          "npm a 1.2.3 runtime direct MIT\nnpm b 2.0.0 dev\n" },
        { "x/package-lock.json",
          "{\"dependencies\":{\"a\":{\"version\":\"1.0.0\",\"dependencies\":"
          "{\"c\":{\"version\":\"3.0.0\"}}}}}",
          "x/package.json", "{\"devDependencies\":{\"a\":\"*\"}}",
          "npm a 1.0.0 dev direct\nnpm c 3.0.0 runtime\n" },
        { "yarn.lock",
          "# yarn lockfile v1\n\n\"@s/a@^1.0\", \"@s/a@^1.1\":\n  version \"1.1.0\"\n"
          "  dependencies:\n    b \"^2\"\n\nb@^2:\n  version \"2.0.1\"\n",
          NULL, NULL, "npm @s/a 1.1.0 runtime\nnpm b 2.0.1 runtime\n" },
        { "yarn.lock",
          "__metadata:\n  version: 6\n\n\"a@npm:^1.0\":\n  version: 1.0.5\n"
          "\"own@workspace:.\":\n  version: 0.0.0-use.local\n",
          NULL, NULL, "npm a 1.0.5 runtime\n" },
        { "pnpm-lock.yaml",
          "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n"
          "        specifier: ^1\n        version: 1.0.0(b@2.0.0)\npackages:\n"
          "  a@1.0.0:\n    resolution: {}\n  '@s/b@2.0.0':\n    resolution: {}\n",
          NULL, NULL, "npm @s/b 2.0.0 runtime\nnpm a 1.0.0 runtime direct\n" },
        { "requirements.txt",
          "# c\n-r other.txt\nDjango==4.2.1 ; python_version > '3'\nrequests[socks] "
          ">=2,<3\n"
          "https://example.org/x.whl\n./local\n",
          NULL, NULL, "pypi Django 4.2.1 runtime direct\npypi requests >=2,<3 runtime direct\n" },
        { "pyproject.toml",
          "[project]\ndependencies = [\"a>=1\"]\n[project.optional-dependencies]\nx = "
          "[\"b\"]\n"
          "[tool.poetry.group.test.dependencies]\nc = {version = \"^3\"}\n",
          "poetry.lock",
          "[[package]]\nname = \"a\"\nversion = \"1.5\"\n[[package]]\nname = \"d\"\n"
          "version = \"4\"\n",
          "pypi a 1.5 runtime direct\npypi b - optional direct\npypi c ^3 dev direct\n"
          "pypi d 4 runtime\n" },
        { "uv.lock",
          "[[package]]\nname = \"own\"\nsource = { virtual = \".\" }\n"
          "dependencies = [{ name = \"a\" }]\n[[package]]\nname = \"a\"\nversion = \"1\"\n"
          "[[package]]\nname = \"b\"\nversion = \"2\"\n",
          NULL, NULL, "pypi a 1 runtime direct\npypi b 2 runtime\n" },
        { "Pipfile.lock",
          "{\"default\":{\"a\":{\"version\":\"==1.0\",\"index\":\"pypi\"}},"
          "\"develop\":{\"b\":{\"version\":\"==2.0\"}}}",
          NULL, NULL, "pypi a 1.0 runtime direct\npypi b 2.0 dev\n" },
        { "Cargo.lock",
          "[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n \"a "
          "1.0.0\",\n]\n"
          "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n"
          "[[package]]\nname = \"b\"\nversion = \"2.0.0\"\nsource = \"registry+x\"\n",
          "Cargo.toml", "[dev-dependencies]\na = \"1\"\n",
          "cargo a 1.0.0 dev direct\ncargo b 2.0.0 runtime\n" },
        { "go.mod",
          "module x\ngo 1.22\nrequire github.com/a/b v1.2.3\nrequire (\n"
          "\tgolang.org/x/c v0.1.0 // indirect\n)\nreplace d v1 => e v2\n",
          NULL, NULL,
          "golang github.com/a/b v1.2.3 runtime direct\ngolang golang.org/x/c v0.1.0 "
          "runtime\n" },
        { "pom.xml",
          "<project><properties><v>1.5</v></properties><dependencyManagement><dependencies>"
          "<dependency><groupId>no</groupId><artifactId>no</artifactId></dependency>"
          "</dependencies></dependencyManagement><dependencies><dependency>"
          "<groupId>g</groupId><artifactId>a</artifactId><version>${v}</version>"
          "<exclusions><exclusion><groupId>x</groupId></exclusion></exclusions>"
          "</dependency><dependency><groupId>g</groupId><artifactId>t</artifactId>"
          "<version>2</version><scope>test</scope></dependency></dependencies></project>",
          NULL, NULL, "maven g:a 1.5 runtime direct\nmaven g:t 2 dev direct\n" },
        { "gradle.lockfile",
          "# c\ng:a:1.0=compileClasspath,runtimeClasspath\ng:t:2.0=testCompileClasspath\n"
          "empty=\n",
          NULL, NULL, "maven g:a 1.0 runtime\nmaven g:t 2.0 dev\n" },
        { "Gemfile.lock",
          "GEM\n  remote: https://rubygems.org/\n  specs:\n    a (1.0)\n      b (>= 1)\n"
          "    b (1.1)\n\nDEPENDENCIES\n  a (~> 1)\n",
          "Gemfile", "gem 'a', '~> 1'\ngroup :test do\n  gem \"t\"\nend\n",
          "gem a 1.0 runtime direct\ngem b 1.1 runtime\ngem t - dev direct\n" },
        { "composer.lock",
          "{\"packages\":[{\"name\":\"v/a\",\"version\":\"1.0\",\"license\":[\"MIT\"]}],"
          "\"packages-dev\":[{\"name\":\"v/b\",\"version\":\"2.0\"}]}",
          "composer.json", "{\"require\":{\"php\":\">=8\",\"v/a\":\"^1\"}}",
          "composer v/a 1.0 runtime direct MIT\ncomposer v/b 2.0 dev\n" },
        { "debian/control",
          "Source: x\nBuild-Depends: a (>= 1),\n b [amd64] <!nocheck>\n\nPackage: x\n"
          "Depends: ${shlibs:Depends}, c | d\n",
          NULL, NULL,
          "deb a - dev direct\ndeb b - dev direct\ndeb c - runtime direct\n"
          "deb d - runtime direct\n" },
        { "var/lib/dpkg/status",
          "Package: a\nStatus: install ok installed\nVersion: 1:2-3\n\n"
          "Package: b\nStatus: deinstall ok config-files\nVersion: 1\n",
          NULL, NULL, "deb a 1:2-3 runtime\n" },
        { "package-lock.json",
          "{\"packages\":{\"node_modules/a\":{\"version\":"
          "\"git+https://bob:Wz83nQpL0x@h.org/a.git#1\"}}}",
          NULL, NULL, "npm a git+https://h.org/a.git#1 runtime\n" },
        { "README.md", "a 1.0", NULL, NULL, "" },
};

static void files_tell_their_packages(void **state)
{
        (void) state;
        for (size_t i = 0; i < TEST_ROWS(file_rows); i++) {
                _cleanup_(freep) char *got = NULL;
                struct deps deps = { 0 };

                read_one(&deps, file_rows[i].path, file_rows[i].text);
                if (file_rows[i].path2)
                        read_one(&deps, file_rows[i].path2, file_rows[i].text2);
                assert_int_equal(deps_settle(&deps), 0);
                got = list_write(&deps);
                if (strcmp(got, file_rows[i].want) != 0)
                        fail_msg("%s: got\n%swant\n%s", file_rows[i].path, got, file_rows[i].want);
                deps_done(&deps);
        }
}

static int on_needed(void *owner, const struct dep *needed)
{
        (void) fprintf(owner, " %s@%s", needed->name, needed->version);
        return 0;
}

/* Who needs whom, as lockfiles say it. */
static void lockfiles_tell_who_needs_whom(void **state)
{
        (void) state;
        static const struct {
                const char *why, *path, *text, *want; /* "name@version: name@version...\n" */
        } rows[] = {
                { "the nearest place of Node's search", "package-lock.json",
                  "{\"lockfileVersion\":3,\"packages\":{\"\":{\"dependencies\":{\"a\":\"1\"}},"
                  "\"node_modules/a\":{\"version\":\"1.0.0\",\"dependencies\":{\"b\":\"*\"}},"
                  "\"node_modules/a/node_modules/b\":{\"version\":\"2.0.0\","
                  "\"dependencies\":{\"c\":\"*\"}},\"node_modules/b\":{\"version\":\"1.0.0\","
                  "\"peerDependencies\":{\"gone\":\"*\"}},"
                  "\"node_modules/c\":{\"version\":\"3.0.0\",\"dependencies\":{\"b\":\"1\"}}}}",
                  "a@1.0.0: b@2.0.0\nb@2.0.0: c@3.0.0\nc@3.0.0: b@1.0.0\n" },
                { "Cargo names a version where there are two", "Cargo.lock",
                  "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n"
                  "dependencies = [\"b 2.0.0\", \"c\"]\n"
                  "[[package]]\nname = \"b\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n"
                  "[[package]]\nname = \"b\"\nversion = \"2.0.0\"\nsource = \"registry+x\"\n"
                  "[[package]]\nname = \"c\"\nversion = \"3.0.0\"\nsource = \"registry+x\"\n",
                  "a@1.0.0: b@2.0.0 c@3.0.0\n" },
                { "Poetry, whose names may be spelled otherwise", "poetry.lock",
                  "[[package]]\nname = \"a\"\nversion = \"1\"\n[package.dependencies]\n"
                  "Typing_Extensions = \">=4\"\ngone = \"*\"\n"
                  "[[package]]\nname = \"typing-extensions\"\nversion = \"4.1\"\n",
                  "a@1: typing-extensions@4.1\n" },
                { "uv", "uv.lock",
                  "[[package]]\nname = \"a\"\nversion = \"1\"\n"
                  "dependencies = [{ name = \"b\", marker = \"x\" }]\n"
                  "[[package]]\nname = \"b\"\nversion = \"2\"\n",
                  "a@1: b@2\n" },
                { "Composer, without the platform", "composer.lock",
                  "{\"packages\":[{\"name\":\"v/a\",\"version\":\"1.0\","
                  "\"require\":{\"php\":\">=8\",\"v/b\":\"^2\"}},"
                  "{\"name\":\"v/b\",\"version\":\"2.0\"}]}",
                  "v/a@1.0: v/b@2.0\n" },
                { "yarn, where ranges lead to versions", "yarn.lock",
                  "# yarn lockfile v1\n\na@^1:\n  version \"1.0.0\"\n  dependencies:\n"
                  "    \"@s/c\" \"^3\"\n    b \"^2.0.0\"\n    gone \"*\"\n\n"
                  "\"@s/c@^3\", \"@s/c@3.x\":\n  version \"3.1.0\"\n  optionalDependencies:\n"
                  "    b \"^1 || >=1.5\"\n\n\"b@^1 || >=1.5\":\n  version \"1.0.0\"\n\n"
                  "b@^2.0.0, b@~2:\n  version \"2.0.0\"\n",
                  "@s/c@3.1.0: b@1.0.0\na@1.0.0: @s/c@3.1.0 b@2.0.0\n" },
                { "yarn's berry", "yarn.lock",
                  "__metadata:\n  version: 8\n\n\"a@npm:^1, a@npm:1.x\":\n  version: 1.0.0\n"
                  "  resolution: \"a@npm:1.0.0\"\n  dependencies:\n    \"@s/c\": \"npm:^3\"\n"
                  "    b: ^2\n  peerDependencies:\n    d: \"*\"\n\n\"@s/c@npm:^3\":\n"
                  "  version: 3.1.0\n\n\"b@npm:^1\":\n  version: 1.0.0\n\n\"b@npm:^2\":\n"
                  "  version: 2.0.0\n",
                  "a@1.0.0: @s/c@3.1.0 b@2.0.0\n" },
                { "pnpm 5", "pnpm-lock.yaml",
                  "lockfileVersion: 5.4\npackages:\n  /a/1.0.0_b@2.0.0:\n    dependencies:\n"
                  "      b: 2.0.0_x@1\n      alias: /c/3.0.0\n  /b/1.0.0: {}\n  /b/2.0.0: {}\n"
                  "  /c/3.0.0: {}\n",
                  "a@1.0.0: b@2.0.0 c@3.0.0\n" },
                { "pnpm 6", "pnpm-lock.yaml",
                  "lockfileVersion: '6.0'\npackages:\n  /a@1.0.0(b@2.0.0):\n    dependencies:\n"
                  "      b: 2.0.0(c@3.0.0)\n      '@s/c': /@s/d@3.0.0\n  /b@1.0.0: {}\n"
                  "  /b@2.0.0: {}\n  /@s/d@3.0.0: {}\n",
                  "a@1.0.0: b@2.0.0 @s/d@3.0.0\n" },
                { "pnpm 9, which tells it in snapshots", "pnpm-lock.yaml",
                  "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: {}\n  b@1.0.0: {}\n"
                  "  b@2.0.0: {}\nsnapshots:\n  a@1.0.0(b@2.0.0):\n    dependencies:\n"
                  "      b: 2.0.0\n  b@1.0.0: {}\n  b@2.0.0: {}\n",
                  "a@1.0.0: b@2.0.0\n" },
                { "Bundler", "Gemfile.lock",
                  "GEM\n  specs:\n    a (1.0)\n      b (>= 1)\n      c\n    b (1.1)\n    c (2)\n",
                  "a@1.0: b@1.1 c@2\n" },
        };

        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                _cleanup_(freep) char *got = NULL;
                struct deps_index *index;
                struct deps deps = { 0 };
                size_t size;
                FILE *to = open_memstream(&got, &size);

                assert_non_null(to);
                read_one(&deps, rows[i].path, rows[i].text);
                assert_int_equal(deps_settle(&deps), 0);
                assert_int_equal(deps_index_make(&index, &deps), 0);
                for (size_t k = 0; k < deps.n; k++) {
                        const struct dep *d = &deps.list[k];

                        if (!d->needs)
                                continue;
                        (void) fprintf(to, "%s@%s:", d->name, d->version);
                        assert_int_equal(deps_index_needs(index, d, on_needed, to), 0);
                        (void) fputc('\n', to);
                }
                (void) fclose(to);
                if (strcmp(got, rows[i].want) != 0)
                        fail_msg("%s: got\n%swant\n%s", rows[i].why, got, rows[i].want);
                deps_index_free(index);
                deps_done(&deps);
        }
}

/* Many versions of one name, locked and asked for: neither time nor memory grows with their square.
 */
static void many_of_one_name_cost_little(void **state)
{
        _cleanup_(freep) char *text = NULL;
        struct deps deps = { 0 };
        char error[256] = "";
        size_t size;
        FILE *to = open_memstream(&text, &size);

        (void) state;
        assert_non_null(to);
        for (int i = 0; i < DEPS_MAX + 10; i++)
                (void) fprintf(to, "a==%d\n", i);
        (void) fclose(to);
        assert_int_equal(deps_read(&deps, "requirements.txt", text, size, error, sizeof(error)), 0);
        assert_int_equal(deps.n, DEPS_MAX);
        assert_int_equal(deps.cut, 10);
        assert_int_equal(deps_settle(&deps), 0);
        assert_int_equal(deps.n, DEPS_MAX);
        deps_done(&deps);
}

static void broken_files_say_where(void **state)
{
        static const struct {
                const char *path, *text, *has;
        } rows[] = {
                { "package.json", "{\n\"a\": }", "line 2: it is no JSON object" },
                { "package-lock.json", "[]", "it is no JSON object" },
                { "Cargo.lock", "a = 1\na = 2\n", "line 2: the key \"a\" is given twice" },
                { "pnpm-lock.yaml", "a: [1\nb: 2\n", "line " },
                { "pom.xml", "<project>\n<a></b></project>", "line 2: mismatched tag" },
                { "composer.lock", "7", "it is no JSON object" },
                { "Pipfile.lock", "{\"a\": \"Wz83nQpL0x\" x", "line 1: it is no JSON object" },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                struct deps deps = { 0 };
                char error[256] = "";

                assert_int_equal(deps_read(&deps, rows[i].path, rows[i].text, strlen(rows[i].text),
                                           error, sizeof(error)),
                                 -EBADMSG);
                if (!strstr(error, rows[i].has) || strstr(error, "Wz83nQpL0x"))
                        fail_msg("%s: %s", rows[i].path, error);
                deps_done(&deps);
        }
}

/* Examples of the specification (github.com/package-url/purl-spec). */
static void purls_are_as_specified(void **state)
{
        static const struct {
                enum dep_type type;
                const char *name, *version, *want;
        } rows[] = {
                { DEP_NPM, "@angular/animation", "12.3.1", "pkg:npm/%40angular/animation@12.3.1" },
                { DEP_NPM, "foobar", "12.3.1", "pkg:npm/foobar@12.3.1" },
                { DEP_PYPI, "Django_allauth", "12.23", "pkg:pypi/django-allauth@12.23" },
                { DEP_GOLANG, "github.com/a/b", "v1.0.0+x",
                  "pkg:golang/github.com/a/b@v1.0.0%2Bx" },
                { DEP_MAVEN, "org.apache.xmlgraphics:batik-anim", "1.9.1",
                  "pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1" },
                { DEP_COMPOSER, "Guzzlehttp/Promises", "2.0.2",
                  "pkg:composer/guzzlehttp/promises@2.0.2" },
                { DEP_DEB, "curl", "7.50.3-1", "pkg:deb/debian/curl@7.50.3-1" },
                { DEP_CARGO, "rand", NULL, "pkg:cargo/rand" },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(rows); i++) {
                const struct dep d = { .type = rows[i].type,
                                       .name = (char *) rows[i].name,
                                       .version = (char *) rows[i].version,
                                       .is_exact = rows[i].version != NULL };
                _cleanup_(freep) char *got = NULL;

                assert_int_equal(dep_purl(&got, &d), 0);
                assert_string_equal(got, rows[i].want);
        }
}

static bool has_name(const struct deps *deps, const char *name)
{
        for (size_t i = 0; i < deps->n; i++)
                if (strcmp(deps->list[i].name, name) == 0)
                        return true;
        return false;
}

/* Of the platform, or of the build alone: no dependencies here. */
static bool is_other(const json_t *dep)
{
        static const char *const types[] = { "parent",          "build",
                                             "import",          "golang",
                                             "engines",         "packageManager",
                                             "requires-python", "build-system.requires",
                                             "toolchain",       "volta" };
        const char *type = json_string_value(json_object_get(dep, "type"));
        const char *name = json_string_value(json_object_get(dep, "name"));

        for (size_t i = 0; type && i < TEST_ROWS(types); i++)
                if (strcmp(type, types[i]) == 0)
                        return true;
        return !name || strcmp(name, "php") == 0 || strcmp(name, "ruby") == 0 ||
               strncmp(name, "ext-", 4) == 0;
}

static FILE *shared_open(char *path, size_t size, const char *name)
{
        const char *named = getenv("LINHAY_SHARED");

        if (named)
                (void) snprintf(path, size, "%s/%s", named, name);
        else
                (void) snprintf(path, size, "%s/../shared/%s", test_srcdir(), name);
        return fopen(path, "re");
}

/* What another tool finds in manifests of real projects. */
static void real_manifests_are_read(void **state)
{
        static const char *const managers[] = {
                "npm",   "cargo", "maven", "composer", "gomod", "bundler", "pip_requirements",
                "pep621"
        };
        char path[4096];
        FILE *from = shared_open(path, sizeof(path), "data/deps/extract.jsonl");
        size_t size = 0, found = 0, missed = 0;
        _cleanup_(freep) char *line = NULL;

        (void) state;
        if (!from) {
                print_message("# SKIP there is no shared/data/deps\n");
                skip();
        }
        while (getline(&line, &size, from) > 0) {
                json_t *row = json_loads(line, 0, NULL), *dep;
                const char *manager = json_string_value(json_object_get(row, "manager"));
                bool is_read = false;
                struct deps deps = { 0 };
                size_t i;

                for (size_t k = 0; k < TEST_ROWS(managers); k++)
                        is_read |= strcmp(manager, managers[k]) == 0;
                if (is_read)
                        read_one(&deps, json_string_value(json_object_get(row, "path")),
                                 json_string_value(json_object_get(row, "content")));
                json_array_foreach (json_object_get(row, "deps"), i, dep) {
                        const char *name = json_string_value(json_object_get(dep, "name"));

                        if (!is_read || is_other(dep))
                                continue;
                        if (has_name(&deps, name)) {
                                found++;
                        } else {
                                missed++;
                                print_message("# missed: %s %s in %s (%s)\n", manager, name,
                                              json_string_value(json_object_get(row, "path")),
                                              json_string_value(json_object_get(dep, "type")));
                        }
                }
                deps_done(&deps);
                json_decref(row);
        }
        (void) fclose(from);
        print_message("# %zu found, %zu missed\n", found, missed);
        assert_true(found > 300 && missed * 50 <= found);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(files_tell_their_packages),
                cmocka_unit_test(lockfiles_tell_who_needs_whom),
                cmocka_unit_test(many_of_one_name_cost_little),
                cmocka_unit_test(broken_files_say_where),
                cmocka_unit_test(purls_are_as_specified),
                cmocka_unit_test(real_manifests_are_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
