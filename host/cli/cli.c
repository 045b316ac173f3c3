/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "conf/suggest.h"

#include <stdarg.h>
#include <string.h>

bool cli_quiet;
char cli_last_message[ERR_TEXT_MAX];

static void print_message(const char *format, va_list args)
{
        (void) vsnprintf(cli_last_message, sizeof(cli_last_message), format, args);
        (void) fprintf(stderr, "linhay: %s\n", cli_last_message);
}

int cli_print_json(const json_t *value, size_t flags)
{
        errno = 0;
        if (json_dumpf(value, stdout, flags) < 0 || putchar('\n') < 0)
                return errno == EPIPE ? 0 : -EIO;
        return 0;
}

void cli_say(const char *format, ...)
{
        va_list args;

        if (cli_quiet)
                return;
        va_start(args, format);
        print_message(format, args);
        va_end(args);
}

int cli_usage(const char *format, ...)
{
        va_list args;

        va_start(args, format);
        print_message(format, args);
        va_end(args);
        return CLI_USAGE;
}

int cli_fail(int status, const struct err *err)
{
        (void) fprintf(stderr, "linhay: %s\n", err_text(err));
        return status;
}

void cli_list_done(struct cli_list *list)
{
        free(list->items);
        *list = (struct cli_list){ 0 };
}

static void option_print(const struct cli_option *o)
{
        char left[64];

        (void) snprintf(left, sizeof(left), "%c%c%s--%s%s%s", o->letter ? '-' : ' ',
                        o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name,
                        o->argument ? " " : "", o->argument ? o->argument : "");
        (void) printf("  %-30s  %s\n", left, o->help);
}

static void help_print(const struct cli_verb *verb, const struct cli_option *options)
{
        (void) printf("usage: %s%s%s%s%s\n\n%s\n", verb->is_program ? "" : "linhay ", verb->name,
                      options->name ? " [OPTION…]" : "", verb->operands[0] ? " " : "",
                      verb->operands, verb->summary);
        if (options->name)
                (void) printf("\noptions:\n");
        for (; options->name; options++)
                option_print(options);
        if (verb->footer)
                (void) printf("\n%s", verb->footer);
}

static const struct cli_option *option_find(const struct cli_option *options, const char *name,
                                            size_t length)
{
        for (; options->name; options++)
                if (strlen(options->name) == length && memcmp(options->name, name, length) == 0)
                        return options;
        return NULL;
}

static int option_unknown(const struct cli_verb *verb, const struct cli_option *options,
                          const char *given)
{
        const char *names[64] = { NULL }, *near;
        size_t n = 0;

        for (; options->name && n + 1 < ARRAY_SIZE(names); options++)
                names[n++] = options->name;
        near = suggest(given, names);
        if (near)
                return cli_usage("%s: unknown option --%s (did you mean --%s?)", verb->name, given,
                                 near);
        return cli_usage("%s: unknown option --%s (linhay %s --help lists them)", verb->name, given,
                         verb->name);
}

static int option_store(const struct cli_option *o, const char *value)
{
        struct cli_list *list = o->target;
        const char **items;

        switch (o->kind) {
        case CLI_FLAG:
                *(bool *) o->target = true;
                return 0;
        case CLI_TEXT:
                *(const char **) o->target = value;
                return 0;
        case CLI_LIST:
                items = realloc(list->items, (list->n + 2) * sizeof(*items));
                if (!items)
                        return -ENOMEM;
                list->items = items;
                list->items[list->n++] = value;
                list->items[list->n] = NULL;
                return 0;
        }
        return -EINVAL;
}

struct parse {
        const struct cli_verb *verb;
        const struct cli_option *options;
        int argc, at;
        char **argv;
};

/* Takes the value of `o` from `inline_value` or the next argument and stores it. */
static int option_take(struct parse *p, const struct cli_option *o, const char *inline_value)
{
        const char *value = inline_value;

        if (o->kind == CLI_FLAG && inline_value)
                return cli_usage("%s: --%s takes no value", p->verb->name, o->name);
        if (o->kind != CLI_FLAG && !value) {
                if (p->at + 1 >= p->argc)
                        return cli_usage("%s: --%s needs a value: --%s %s", p->verb->name, o->name,
                                         o->name, o->argument);
                value = p->argv[++p->at];
        }
        if (option_store(o, value) < 0)
                return cli_usage("out of memory");
        return 0;
}

static int long_parse(struct parse *p, const char *arg)
{
        const char *equals = strchr(arg, '=');
        size_t length = equals ? (size_t) (equals - arg) : strlen(arg);
        const struct cli_option *o = option_find(p->options, arg, length);
        char name[128];

        if (o)
                return option_take(p, o, equals ? equals + 1 : NULL);
        (void) snprintf(name, sizeof(name), "%.*s", (int) MIN_OF(length, sizeof(name) - 1), arg);
        return option_unknown(p->verb, p->options, name);
}

/* "-qv" is "-q -v"; a letter that takes a value takes the rest ("-ik=v") or the next argument. */
static int letters_parse(struct parse *p, const char *arg)
{
        for (; *arg; arg++) {
                const struct cli_option *o = p->options;
                int r;

                while (o->name && o->letter != *arg)
                        o++;
                if (!o->name)
                        return cli_usage("%s: unknown option -%c (linhay %s --help lists them)",
                                         p->verb->name, *arg, p->verb->name);
                if (o->kind == CLI_FLAG) {
                        (void) option_store(o, NULL);
                        continue;
                }
                r = option_take(p, o, arg[1] ? arg + 1 : NULL);
                return r;
        }
        return 0;
}

static int count_check(const struct cli_verb *verb, size_t n, char **argv)
{
        if (n < verb->least)
                return cli_usage("%s: too few arguments: linhay %s %s", verb->name, verb->name,
                                 verb->operands);
        if (n > verb->most)
                return cli_usage("%s: unexpected argument \"%s\": linhay %s %s", verb->name,
                                 argv[verb->most + 1], verb->name, verb->operands);
        return 0;
}

int cli_parse(const struct cli_verb *verb, const struct cli_option *options, int argc, char **argv,
              size_t *ret_n, int *ret_exit)
{
        struct parse p = { .verb = verb, .options = options, .argc = argc, .argv = argv };
        bool options_over = false;
        size_t n = 0;
        int r = 0;

        for (p.at = 1; p.at < argc && r == 0; p.at++) {
                char *arg = argv[p.at];

                if (options_over || arg[0] != '-' || arg[1] == '\0') {
                        argv[++n] = arg;
                } else if (strcmp(arg, "--") == 0) {
                        options_over = true;
                } else if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
                        help_print(verb, options);
                        *ret_exit = CLI_PASSED;
                        return -1;
                } else {
                        r = arg[1] == '-' ? long_parse(&p, arg + 2) : letters_parse(&p, arg + 1);
                }
        }
        if (r == 0)
                r = count_check(verb, n, argv);
        if (r != 0) {
                *ret_exit = r;
                return -1;
        }
        *ret_n = n;
        return 0;
}

static int verbs_print(FILE *f, const char *noun, const struct cli_subverb *verbs, size_t n,
                       int status)
{
        (void) fprintf(f, "usage: linhay %s VERB …\n\nverbs:\n", noun);
        for (size_t i = 0; i < n; i++)
                (void) fprintf(f, "  %-8s %s\n", verbs[i].name, verbs[i].help);
        return status;
}

int cli_dispatch(const char *noun, const struct cli_subverb *verbs, size_t n, int argc, char **argv)
{
        _cleanup_(freep) const char **names = calloc(n + 1, sizeof(*names));
        const char *near;

        if (argc < 2)
                return verbs_print(stderr, noun, verbs, n, CLI_USAGE);
        if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
                return verbs_print(stdout, noun, verbs, n, CLI_PASSED);
        for (size_t i = 0; i < n; i++) {
                if (strcmp(argv[1], verbs[i].name) == 0)
                        return verbs[i].run(argc - 1, argv + 1);
                if (names)
                        names[i] = verbs[i].name;
        }
        near = names ? suggest(argv[1], names) : NULL;
        if (near)
                return cli_usage("%s: there is no verb \"%s\" (did you mean \"%s\"?)", noun,
                                 argv[1], near);
        return cli_usage("%s: there is no verb \"%s\" (linhay %s --help lists them)", noun, argv[1],
                         noun);
}
