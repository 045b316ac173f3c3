/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The figures of code-reviewer, worked out by hand. A row holds one file; `want` lists its
 * functions in order as "name@line cyclomatic cognitive nloc params nesting".
 */

#include "test.h"

#include "metrics.h"

#include <stdio.h>

struct row {
        const char *why;
        const char *path; /* decides the language */
        const char *code;
        const char *want;
};

static void describe(char *out, size_t size, const struct metrics *m)
{
        size_t used = 0;

        out[0] = '\0';
        for (size_t i = 0; i < m->n_rows && used < size; i++) {
                const struct function_row *f = &m->rows[i];

                used += (size_t) snprintf(out + used, size - used, "%s%s@%u %u %u %u %u %u",
                                          i ? "; " : "", f->name, f->line, f->cyclomatic,
                                          f->cognitive, f->nloc, f->params, f->nesting);
        }
}

static void measure(char *out, size_t size, const char *path, const char *code, size_t length)
{
        int id = language_of_path(path);
        struct source s;
        struct metrics m;

        assert_true(id >= 0);
        assert_int_equal(source_open(&s, language_get((enum language_id) id), path, code, length),
                         0);
        assert_int_equal(metrics_measure(&m, &s), 0);
        describe(out, size, &m);
        metrics_done(&m);
        source_close(&s);
}

static void check(const struct row *rows, size_t n)
{
        unsigned faults = 0;

        for (size_t i = 0; i < n; i++) {
                char have[2048];

                measure(have, sizeof(have), rows[i].path, rows[i].code, strlen(rows[i].code));
                if (strcmp(have, rows[i].want) != 0) {
                        print_error("%s:\n  have %s\n  want %s\n", rows[i].why, have, rows[i].want);
                        faults++;
                }
        }
        assert_int_equal(faults, 0);
}

static const struct row c_rows[] = {
        { "a straight function is 1 and costs a reader nothing", "a.c",
          "int f(void) { return 1; }\n", "f@1 1 0 1 0 0" },
        { "if, else if, else: two decisions; 1 each to read", "a.c",
          "int f(int a)\n{\n if (a) return 1;\n else if (a > 1) return 2;\n else return 3;\n}\n",
          "f@1 3 3 6 1 1" },
        { "an if in a loop in a loop: 1 + 2 + 3", "a.c",
          "void f(int a)\n{\n while (a)\n  for (;;)\n   if (a) g();\n}\n", "f@1 4 6 6 1 3" },
        { "do-while is one decision", "a.c", "void f(int a) { do { g(); } while (a); }\n",
          "f@1 2 1 1 1 1" },
        { "a switch costs a reader 1, each case is a decision, default is none", "a.c",
          "int f(int a)\n{\n switch (a) {\n case 1:\n case 2: return 1;\n default: return 0;\n "
          "}\n}\n",
          "f@1 3 1 8 1 1" },
        { "a ternary in a ternary is nested", "a.c",
          "int f(int a, int b) { return a ? b ? 1 : 2 : 3; }\n", "f@1 3 3 1 2 0" },
        { "a && b && c is one sequence, two decisions", "a.c",
          "int f(int a, int b, int c) { return a && b && c; }\n", "f@1 3 1 1 3 0" },
        { "a && b || c && d changes the operator twice", "a.c",
          "int f(int a, int b, int c, int d) { return a && b || c && d; }\n", "f@1 4 3 1 4 0" },
        { "parentheses of the same operator do not begin a new sequence", "a.c",
          "int f(int a, int b, int c) { return a && (b && c); }\n", "f@1 3 1 1 3 0" },
        { "a negation does", "a.c", "int f(int a, int b, int c) { return a && !(b && c); }\n",
          "f@1 3 2 1 3 0" },
        { "an argument's own sequence stands alone", "a.c",
          "int f(int a, int b) { return a && g(b && a) && b; }\n", "f@1 4 2 1 2 0" },
        { "goto costs 1, plain break and return nothing", "a.c",
          "void f(int a)\n{\n for (;;) break;\n goto out;\nout:\n return;\n}\n", "f@1 2 2 7 1 1" },
        { "recursion costs 1, however often", "a.c",
          "int fib(int n) { return fib(n - 1) + fib(n - 2); }\n", "fib@1 1 1 1 1 0" },
        { "#if is a decision and breaks the flow; #else breaks it once more", "a.c",
          "void f(void)\n{\n#if A && B\n g();\n#else\n h();\n#endif\n}\n", "f@1 2 2 5 0 0" },
        { "a guard of an #ifndef is no decision", "a.c",
          "void f(void)\n{\n#ifndef A\n g();\n#endif\n}\n", "f@1 1 1 4 0 0" },
        { "comments and blank lines are no code; the preprocessor's lines neither", "a.c",
          "void f(void)\n{\n /* a\n    b */\n\n#define X \\\n  1\n g(); // c\n}\n",
          "f@1 1 0 4 0 0" },
        { "a comment in front of code leaves a line of code", "a.c",
          "void f(void)\n{\n /* a */ g();\n}\n", "f@1 1 0 4 0 0" },
        { "the line of the name is the first, not that of the type", "a.c",
          "static int\nf(int a)\n{\n return a;\n}\n", "f@2 1 0 4 1 0" },
        { "K&R parameters", "a.c", "int f(a, b) int a; char *b;\n{\n if (a) g();\n}\n",
          "f@1 2 1 4 2 1" },
        { "a function that returns a pointer to a function counts its own parameters", "a.c",
          "void (*f(int a, char *b))(double) { }\n", "f@1 1 0 1 2 0" },
        { "... is a parameter", "a.c", "void f(const char *a, ...) { }\n", "f@1 1 0 1 2 0" },
        { "a prototype is no function", "a.c", "int f(int a);\nint g(void) { return f(1); }\n",
          "g@2 1 0 1 0 0" },
        { "a macro that makes a function gets its macro's name", "a.cc",
          "TEST(A, b) { if (x) y(); }\n", "TEST@1 2 1 1 2 1" },
        { "statements around a fault are still counted", "a.c",
          "int f(int a) { if (a) { g( ; } return 1; }\nint h(int b) { return b ? 1 : 2; }\n",
          "f@1 2 1 1 1 1; h@2 2 1 1 1 0" },
        { "a string over lines is code on each of them", "a.c",
          "const char *f(void)\n{\n return \"a\\\n\\\nb\";\n}\n", "f@1 1 0 6 0 0" },
};

static const struct row cpp_rows[] = {
        { "a method in a class in a namespace", "a.cc",
          "namespace n { class C { int m() { return 1; } }; }\n", "n::C::m@1 1 0 1 0 0" },
        { "a method outside its class; the initialisers are its own", "a.cpp",
          "C::C(int a) : b(a ? 1 : 2), c{3} { }\n", "C::C@1 2 1 1 1 0" },
        { "operators, conversions and destructors have names", "a.hpp",
          "struct S {\n bool operator==(const S& o) const { return o.a; }\n operator int() const { "
          "return 1; }\n ~S() { }\n};\n",
          "S::operator==@2 1 0 1 1 0; S::operator int@3 1 0 1 0 0; S::~S@4 1 0 1 0 0" },
        { "= default and = delete have no body", "a.h",
          "struct S { S() = default; S(const S&) = delete; void f() { } };\n", "S::f@1 1 0 1 0 0" },
        { "a template's && is a reference, not a decision", "a.h",
          "template <class T>\nvoid f(T&& a, int b = 1) { g(a && b); }\n", "f@2 2 1 1 2 0" },
        { "`and` is &&", "a.cc", "bool f(bool a, bool b) { return a and b; }\n", "f@1 2 1 1 2 0" },
        { "catch costs like an if, try nothing; range-for is a loop", "a.cc",
          "void f()\n{\n try {\n  for (auto& a : b) g(a);\n } catch (...) {\n  h();\n }\n}\n",
          "f@1 3 2 8 0 2" },
        { "a lambda belongs to its function and nests", "a.cc",
          "void f() { auto g = [](int a) { if (a) h(); }; }\n", "f@1 2 2 1 0 1" },
        { "a lambda outside every function has a row", "a.cc",
          "auto g = [](int a) { return a ? 1 : 2; };\n", "(anonymous)@1 2 1 1 1 0" },
        { "an anonymous namespace lends no name", "a.cc", "namespace { void f() { } }\n",
          "f@1 1 0 1 0 0" },
        { "a function that is its try block", "a.cc",
          "void f() try { g(); } catch (int a) { h(); }\n", "f@1 2 1 1 0 1" },
        { "a method that calls itself", "a.cc", "int C::f(int n) { return f(n - 1); }\n",
          "C::f@1 1 1 1 1 0" },
};

static const struct row script_rows[] = {
        { "functions take the names that they are given", "a.js",
          "function a() {}\nconst b = () => 1;\nc.d = function () {};\nvar e = { f() {}, g: x => x "
          "};\n",
          "a@1 1 0 1 0 0; b@2 1 0 1 0 0; c.d@3 1 0 1 0 0; f@4 1 0 1 0 0; g@4 1 0 1 1 0" },
        { "methods, accessors, fields and generators of a class", "a.mjs",
          "class A {\n constructor(a) {}\n get b() { return 1; }\n static async *c() {}\n #d = () "
          "=> 1;\n"
          " 'e f'() {}\n}\n",
          "A.constructor@2 1 0 1 1 0; A.b@3 1 0 1 0 0; A.c@4 1 0 1 0 0; A.#d@5 1 0 1 0 0; A.e "
          "f@6 1 0 1 0 0" },
        { "a class that is assigned lends its variable's name", "a.js",
          "const A = class { b() {} };\n", "A.b@1 1 0 1 0 0" },
        { "a callback is its own function; its if is not the outer one's", "a.js",
          "function f(a) {\n a.forEach(function (x) {\n  if (x) g();\n });\n}\n",
          "f@1 1 0 5 1 0; (anonymous)@2 2 1 3 1 1" },
        { "parameters: patterns, defaults and the rest are one each", "a.js",
          "function f({ a, b }, [c] = [], ...d) {}\n", "f@1 1 0 1 3 0" },
        { "?? decides, ?. does not; ||= decides", "a.js",
          "function f(a, b) { a ||= 1; return a?.b ?? b; }\n", "f@1 3 1 1 2 0" },
        { "break to a label costs 1", "a.js",
          "function f() { a: for (;;) { for (;;) { break a; } } }\n", "f@1 3 4 1 0 2" },
        { "catch costs, finally does not", "a.js",
          "function f() { try { a(); } catch (e) { b(); } finally { c(); } }\n", "f@1 2 1 1 0 1" },
        { "a default by || costs a reader nothing", "a.js",
          "function f(a) { const b = a || {}; return b; }\n", "f@1 2 0 1 1 0" },
        { "what the default stands behind still counts", "a.js",
          "function f(a) { const b = a && a.c || {}; return b; }\n", "f@1 3 1 1 1 0" },
        { "nor does an element behind &&", "a.jsx", "const f = (a) => <p>{a && <b/>}</p>;\n",
          "f@1 2 0 1 1 0" },
        { "a switch", "a.cjs",
          "function f(a) { switch (a) { case 1: return 1; case 2: return 2; default: return 3; } "
          "}\n",
          "f@1 3 1 1 1 1" },
        { "recursion of a method through this", "a.js",
          "class A { f(n) { return this.f(n - 1); } }\n", "A.f@1 1 1 1 1 0" },
        { "types, overloads and abstract methods are no functions", "a.ts",
          "function f(a: string): void;\nfunction f(a: any) { return a as string; }\n"
          "abstract class A { abstract g(): void; h<T>(x: T): T { return x; } }\ndeclare function "
          "d(): "
          "void;\n",
          "f@2 1 0 1 1 0; A.h@3 1 0 1 1 0" },
        { "parameter properties and optional parameters", "a.ts",
          "class A { constructor(private a: string, b?: number) {} }\n",
          "A.constructor@1 1 0 1 2 0" },
        { "generic arrow functions", "a.ts", "const f = <T,>(a: T, b: T) => a && b;\n",
          "f@1 2 1 1 2 0" },
        { "conditional types decide nothing", "a.ts",
          "function f<T>(a: T extends string ? 1 : 2) { return a; }\n", "f@1 1 0 1 1 0" },
        { "elements in TypeScript", "a.tsx",
          "export const F = ({ a }: P) => { if (a) { return <p/>; } return null; };\n",
          "F@1 2 1 1 1 1" },
        { "a template over lines", "a.js", "function f(a) {\n return `x\n\n${a ? 1 : 2}`;\n}\n",
          "f@1 2 1 5 1 0" },
};

static const struct row python_rows[] = {
        { "elif and else; the docstring is no code", "a.py",
          "def f(a):\n    \"\"\"Says\n    much.\"\"\"\n    if a:\n        return 1\n    elif b:\n"
          "        return 2\n    else:\n        return 3\n",
          "f@1 3 3 7 1 1" },
        { "decorators stand before the first line", "a.py",
          "@a\n@b(1)\nasync def f():\n    await g()\n", "f@3 1 0 2 0 0" },
        { "self, *args and **kwargs count; the bare * and / do not", "a.py",
          "class A:\n    def f(self, a, /, b=1, *args, c: int = 2, **kw):\n        pass\n"
          "    def g(self, *, a):\n        pass\n",
          "A.f@2 1 0 2 6 0; A.g@4 1 0 2 2 0" },
        { "except and finally are decisions; reading finally is free", "a.py",
          "def f():\n    try:\n        a()\n    except E:\n        b()\n    finally:\n        "
          "c()\n",
          "f@1 3 1 7 0 1" },
        { "for and if of a comprehension are decisions, and free to read", "a.py",
          "def f(a):\n    return [x for x in a if x]\n", "f@1 3 0 2 1 0" },
        { "while-else", "a.py", "def f(a):\n    while a:\n        b()\n    else:\n        c()\n",
          "f@1 2 2 5 1 1" },
        { "and, or, not", "a.py", "def f(a, b, c):\n    return a and b or not c\n",
          "f@1 3 2 2 3 0" },
        { "a conditional expression", "a.py", "def f(a):\n    return 1 if a else 2\n",
          "f@1 2 1 2 1 0" },
        { "match: each case a decision, 1 to read", "a.py",
          "def f(a):\n    match a:\n        case 1:\n            return 1\n        case _:\n"
          "            return 2\n",
          "f@1 3 1 6 1 1" },
        { "a function inside burdens the outer one, deeper by one", "a.py",
          "def f(a):\n    def g():\n        if a:\n            b()\n    g()\n    return 1\n",
          "f@1 1 2 6 1 0; f.g@2 2 1 3 0 1" },
        { "a decorator's inner function is not nested", "a.py",
          "def f(a):\n    def g():\n        if a:\n            b()\n    return g\n",
          "f@1 1 1 5 1 0; f.g@2 2 1 3 0 1" },
        { "with costs nothing", "a.py", "def f(a):\n    with a as b:\n        b()\n",
          "f@1 1 0 3 1 0" },
        { "a lambda belongs to its function and nests", "a.py",
          "def f(a):\n    return lambda x: 1 if x else 2\n", "f@1 2 2 2 1 0" },
        { "code outside functions has no row", "a.py", "if a:\n    b()\n", "" },
        { "f-strings hold code", "a.py", "def f(a):\n    return f\"{1 if a else 2}\"\n",
          "f@1 2 1 2 1 0" },
};

static const struct row go_rows[] = {
        { "a method carries the type of its receiver", "a.go",
          "package p\nfunc (r *R[T]) m(a, b int, c ...string) (int, error) { return 1, nil }\n",
          "R.m@2 1 0 1 3 0" },
        { "if with an initialiser, else if, else", "a.go",
          "package p\nfunc f() {\n if a := b(); a {\n } else if c && d {\n } else {\n }\n}\n",
          "f@2 4 4 6 0 1" },
        { "for, range, and continue to a label", "a.go",
          "package p\nfunc f() {\nL:\n for {\n  for range a {\n   continue L\n  }\n }\n}\n",
          "f@2 3 4 8 0 2" },
        { "switch, type switch, select: cases decide, default does not", "a.go",
          "package p\nfunc f(a any) {\n switch a {\n case 1, 2:\n default:\n }\n switch a.(type) "
          "{\n case "
          "int:\n }\n select {\n case <-c:\n }\n}\n",
          "f@2 4 3 12 1 1" },
        { "a closure belongs to its function and nests", "a.go",
          "package p\nfunc f() {\n go func() {\n  if a {\n   b()\n  }\n }()\n}\n",
          "f@2 2 2 7 0 1" },
        { "a closure at file level has a row", "a.go", "package p\nvar h = func(int, string) {}\n",
          "h@2 1 0 1 2 0" },
        { "recursion through the receiver", "a.go", "package p\nfunc (r R) f() { r.f() }\n",
          "R.f@2 1 1 1 0 0" },
        { "a function without a body is written in assembly", "a.go",
          "package p\nfunc f(a int) int\n", "" },
        { "generics", "a.go", "package p\nfunc f[T any](a T) T { return a }\n", "f@2 1 0 1 1 0" },
};

static void test_c(void **state)
{
        (void) state;
        check(c_rows, TEST_ROWS(c_rows));
}

static void test_cpp(void **state)
{
        (void) state;
        check(cpp_rows, TEST_ROWS(cpp_rows));
}

static void test_script(void **state)
{
        (void) state;
        check(script_rows, TEST_ROWS(script_rows));
}

static void test_python(void **state)
{
        (void) state;
        check(python_rows, TEST_ROWS(python_rows));
}

static void test_go(void **state)
{
        (void) state;
        check(go_rows, TEST_ROWS(go_rows));
}

/* Files that nobody wrote in good faith: no crash, no end of the stack, no hang. */
static void test_hostile(void **state)
{
        static const struct {
                const char *why, *path, *piece;
                size_t times;
        } hostile[] = {
                { "parentheses", "a.c", "(", 200000 },
                { "a function in parentheses", "a.c", "int f(void) { return (((((((((", 20000 },
                { "blocks", "a.c", "{", 100000 },
                { "functions in functions", "a.js", "function f(){", 20000 },
                { "arrows in arrows", "a.ts", "a=>", 50000 },
                { "else if", "a.c", "if (a) b; else ", 50000 },
                { "lists in lists", "a.py", "[", 100000 },
                { "deeper and deeper", "a.py", "if a:\n ", 2000 },
                { "operators", "a.go", "a && ", 100000 },
                { "templates", "a.cc", "A<", 50000 },
                { "elements", "a.tsx", "<a>", 50000 },
                { "text that never ends", "a.js", "`${", 20000 },
                { "bytes that are no UTF-8", "a.c", "\xff\xfe\x80 int \xe9;\n", 20000 },
                { "nothing", "a.go", "", 0 },
        };

        (void) state;
        for (size_t i = 0; i < TEST_ROWS(hostile); i++) {
                size_t n = strlen(hostile[i].piece), length = n * hostile[i].times;
                char *code = malloc(length + 1);
                struct source s;
                struct metrics m;
                int r;

                assert_non_null(code);
                for (size_t k = 0; k < hostile[i].times; k++)
                        memcpy(code + k * n, hostile[i].piece, n);
                r = source_open(&s,
                                language_get((enum language_id) language_of_path(hostile[i].path)),
                                hostile[i].path, code, length);
                if (r >= 0) {
                        if (metrics_measure(&m, &s) < 0)
                                fail_msg("%s", hostile[i].why);
                        metrics_done(&m);
                        source_close(&s);
                } else if (r != -ETIMEDOUT && r != -EOVERFLOW) {
                        fail_msg("%s: %d", hostile[i].why, r);
                }
                free(code);
        }
}

static void test_unfit(void **state)
{
        char minified[8192];

        (void) state;
        memset(minified, 'a', sizeof(minified));
        assert_string_equal(source_unfit(minified, sizeof(minified)), "minified");
        assert_string_equal(source_unfit("// Code generated by x. DO NOT EDIT.\n", 38),
                            "generated");
        assert_null(source_unfit("int a;\n", 7));
        assert_null(source_unfit("", 0));
}

/* What a report shows of a line. */
static void test_excerpt(void **state)
{
        static const char code[] = "  int a;\t\n\tchar *b = \"\xe9\x1b[31m\";\r\nlast";
        char excerpt[SOURCE_EXCERPT_MAX + 1], *minified;
        struct source s;

        (void) state;
        assert_int_equal(source_open(&s, language_get(LANGUAGE_C), "a.c", code, sizeof(code) - 1),
                         0);
        source_excerpt(&s, (TSPoint){ 0, 2 }, (TSPoint){ 0, 2 }, excerpt);
        assert_string_equal(excerpt, "int a;");
        source_excerpt(&s, (TSPoint){ 1, 1 }, (TSPoint){ 2, 1 }, excerpt);
        assert_string_equal(excerpt, "char *b = \"\xef\xbf\xbd [31m\";\nlast");
        source_close(&s);

        /* Of a long line the surroundings of the place, and no secrets. */
        assert_true(asprintf(&minified, "%01000d;apiKey=\"%s\";gets(b);%01000d;", 1,
                             "q7Rt2Lx9Zp4Kd8Wm", 1) > 0);
        assert_int_equal(
                source_open(&s, language_get(LANGUAGE_C), "a.c", minified, strlen(minified)), 0);
        source_excerpt(&s, (TSPoint){ 0, 1027 }, (TSPoint){ 0, 1034 }, excerpt);
        assert_non_null(strstr(excerpt, "gets(b);"));
        assert_non_null(strstr(excerpt, "apiKey=\"********\""));
        assert_true(strlen(excerpt) <= SOURCE_EXCERPT_MAX);
        source_close(&s);
        free(minified);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_c),      cmocka_unit_test(test_cpp),
                cmocka_unit_test(test_script), cmocka_unit_test(test_python),
                cmocka_unit_test(test_go),     cmocka_unit_test(test_hostile),
                cmocka_unit_test(test_unfit),  cmocka_unit_test(test_excerpt),
        };

        return cmocka_run_group_tests_name("reviewer metrics", tests, NULL, NULL);
}
