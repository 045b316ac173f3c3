/* SPDX-License-Identifier: Apache-2.0 */
#include "variable.h"

#include "def.h"

#include <ctype.h>
#include <fnmatch.h>

enum {
        NAMES_MAX = 10000,  /* that are kept of a tree, read or declared */
        PLACES_MAX = 32,    /* of one name: one of each folder */
        PER_FILE_MAX = 256, /* reads that are taken of a file, by one word */
        LINES_MAX = 20000,  /* that are looked at for declarations */
        NAME_MAX_ = 96,
};

enum { UNDECLARED, DOTENV, RULES_ };

static const struct notice notices[RULES_] = {
        [UNDECLARED] = { "env/undeclared-variable", LINHAY_SEVERITY_LOW, NULL, NULL,
                         "Add it to the example, without its value if it is secret.", NULL,
                         SOUNDNESS_HEURISTIC },
        [DOTENV] = { "env/dotenv-in-tree", LINHAY_SEVERITY_LOW, "CWE-538",
                     "A file with the variables of one machine is in the tree",
                     "Add it to .gitignore, and keep a .env.example without values.", NULL },
};

size_t variable_rules(void)
{
        return RULES_;
}

/* --- what is kept ------------------------------------------------------------------------------
 */

/*
 * c->variables: { "read": { NAME: [ [path, line, waiver?], … ] },
 *                 "declared": { FOLDER: { NAME: true } }, "examples": { FOLDER: PATH } }
 */
static json_t *part(struct check *c, const char *name)
{
        if (!c->variables)
                c->variables = json_pack("{s{} s{} s{}}", "read", "declared", "examples");
        return json_object_get(c->variables, name);
}

static size_t folder_length(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? (size_t) (slash - path) : 0;
}

static bool is_room(struct check *c)
{
        return c->variable_names < NAMES_MAX;
}

int variable_declare(struct check *c, const char *name)
{
        json_t *folders = part(c, "declared"), *names;
        char *folder;

        if (!folders)
                return -ENOMEM;
        if (!is_room(c))
                return 0;
        folder = strndup(c->path, folder_length(c->path));
        if (!folder)
                return -ENOMEM;
        names = json_object_get(folders, folder);
        if (!names) {
                names = json_object();
                (void) json_object_set_new(folders, folder, names);
        }
        free(folder);
        if (!json_object_get(names, name)) {
                c->variable_names++;
                (void) json_object_set_new(names, name, json_true());
        }
        return 0;
}

/* Variables that the system, a shell or a platform sets. */
static bool is_of_system(const char *name)
{
        static const char *const names[] = {
                "PATH",         "HOME",        "USER",         "LOGNAME",   "SHELL",
                "PWD",          "OLDPWD",      "TERM",         "LANG",      "LANGUAGE",
                "TZ",           "TMPDIR",      "TMP",          "TEMP",      "EDITOR",
                "VISUAL",       "PAGER",       "DISPLAY",      "HOSTNAME",  "CI",
                "NODE_ENV",     "COLUMNS",     "LINES",        "NO_COLOR",  "FORCE_COLOR",
                "COLORTERM",    "USERNAME",    "USERPROFILE",  "APPDATA",   "LOCALAPPDATA",
                "HOMEPATH",     "HOMEDRIVE",   "SYSTEMROOT",   "WINDIR",    "COMSPEC",
                "PROGRAMFILES", "PYTHONPATH",  "VIRTUAL_ENV",  "GOPATH",    "GOROOT",
                "CARGO_HOME",   "JAVA_HOME",   "NODE_OPTIONS", "NODE_PATH", "DEBUG",
                "MODE",         "DEV",         "PROD",         "SSR",       "BASE_URL",
                "HTTP_PROXY",   "HTTPS_PROXY", "NO_PROXY",     "OUT_DIR",   "PROFILE",
                "TARGET",       "RAILS_ENV",   "RACK_ENV",     "APP_ENV",   "JEST_WORKER_ID",
                "INIT_CWD",     "SHLVL",
        };
        static const char *const families[] = {
                "LC_*",     "XDG_*",      "GITHUB_*",      "GITLAB_*",     "CI_*",
                "CARGO_*",  "npm_*",      "NPM_*",         "VERCEL_*",     "KUBERNETES_*",
                "SSH_*",    "SYSTEMD_*",  "JENKINS_*",     "CIRCLE*",      "TRAVIS*",
                "NETLIFY*", "HEROKU_*",   "DYNO",          "AWS_LAMBDA_*", "LD_*",
                "RUNNER_*", "BUILDKITE*", "NOTIFY_SOCKET", "LISTEN_*",     "WATCHDOG_*"
        };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (strcmp(names[i], name) == 0)
                        return true;
        for (size_t i = 0; i < ARRAY_SIZE(families); i++)
                if (fnmatch(families[i], name, 0) == 0)
                        return true;
        return false;
}

/* Keeps one read for each folder. */
static int note_read(struct check *c, const char *name, size_t at, uint32_t line)
{
        json_t *reads = part(c, "read"), *places, *last;
        struct waiver waiver = { 0 };
        const char *path;

        if (!reads)
                return -ENOMEM;
        if (!is_room(c) || is_of_system(name) || check_context(c) != CONTEXT_NONE)
                return 0;
        places = json_object_get(reads, name);
        if (!places) {
                places = json_array();
                (void) json_object_set_new(reads, name, places);
        }
        last = json_array_get(places, json_array_size(places) - 1);
        path = json_string_value(json_array_get(last, 0));
        if (json_array_size(places) == PLACES_MAX ||
            (path && folder_length(path) == folder_length(c->path) &&
             strncmp(path, c->path, folder_length(path)) == 0))
                return 0;
        c->variable_names++;
        last = json_pack("[s i]", c->path, (int) line);
        if (last && waiver_find(c->text, c->length, at, notices[UNDECLARED].rule, &waiver))
                (void) json_array_append_new(
                        last, json_string(*waiver.reason ? waiver.reason : "no reason given"));
        /* A path that is no UTF-8 cannot be kept. */
        if (last)
                (void) json_array_append_new(places, last);
        return 0;
}

/* --- names in text -----------------------------------------------------------------------------
 */

/* Copies the name in capitals that begins at `at`; its length, 0 = there is none. */
static size_t read_name(const char *at, const char *end, char ret[NAME_MAX_])
{
        size_t n = 0;

        while (at + n < end && n < NAME_MAX_ &&
               (isupper((unsigned char) at[n]) || at[n] == '_' ||
                (n > 0 && isdigit((unsigned char) at[n]))))
                n++;
        if (n < 2 || n == NAME_MAX_ || (at + n < end && islower((unsigned char) at[n])))
                return 0;
        memcpy(ret, at, n);
        ret[n] = '\0';
        return n;
}

static const char *skip_blanks(const char *at, const char *end)
{
        while (at < end && isspace((unsigned char) *at))
                at++;
        return at;
}

/* .X, ["X"] or ("X") behind a word that reads the environment. */
static bool read_behind(const char *at, const char *end, bool has_dot, char ret[NAME_MAX_])
{
        at = skip_blanks(at, end);
        if (has_dot && at < end && *at == '?')
                at++;
        if (has_dot && at < end && *at == '.' && read_name(at + 1, end, ret))
                return true;
        if (at < end && *at == '.' && has_dot)
                at++;
        if (at >= end || (*at != '[' && *at != '('))
                return false;
        at = skip_blanks(at + 1, end);
        if (at < end && strchr("\"'`", *at)) {
                size_t n = read_name(at + 1, end, ret);

                return n > 0 && at + 1 + n < end && at[1 + n] == *at;
        }
        return false;
}

/* --- languages -----------------------------------------------------------------------------------
 */

static const struct language {
        const char *ends[10];
        const char *words[10];
        bool has_dot; /* the name may follow as .X */
} languages[] = {
        { { ".js", ".ts", ".jsx", ".tsx", ".mjs", ".cjs", ".mts", ".vue", ".svelte" },
          { "process.env", "import.meta.env", "Bun.env", "Deno.env.get" },
          true },
        { { ".py", ".pyw" }, { "os.environ", "environ.get", "getenv" }, false },
        { { ".go" }, { "os.Getenv", "os.LookupEnv" }, false },
        { { ".rs" }, { "env::var", "env::var_os", "env!", "option_env!" }, false },
        { { ".java", ".kt", ".kts", ".scala", ".groovy" },
          { "System.getenv", "System.getenv().get" },
          false },
        { { ".rb", ".erb", ".rake" }, { "ENV", "ENV.fetch" }, false },
        { { ".php" }, { "getenv", "$_ENV", "env" }, false },
        { { ".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".hh" },
          { "getenv", "secure_getenv" },
          false },
        { { ".cs", ".fs", ".vb" }, { "GetEnvironmentVariable" }, false },
        { { ".ex", ".exs" }, { "System.get_env", "System.fetch_env!", "System.fetch_env" }, false },
};

static bool ends_with(const char *path, const char *end)
{
        size_t n = strlen(path), m = strlen(end);

        return n > m && strcmp(path + n - m, end) == 0;
}

static const struct language *language_of(const char *path)
{
        for (size_t i = 0; i < ARRAY_SIZE(languages); i++)
                for (const char *const *end = languages[i].ends; *end; end++)
                        if (ends_with(path, *end))
                                return &languages[i];
        return NULL;
}

/* Counts lines as the places go up. */
struct lines {
        size_t at;
        uint32_t line;
};

static uint32_t line_at(const struct check *c, struct lines *l, size_t place)
{
        const char *newline;

        while (l->at < place && (newline = memchr(c->text + l->at, '\n', place - l->at))) {
                l->line++;
                l->at = (size_t) (newline - c->text) + 1;
        }
        l->at = MAX_OF(l->at, place);
        return l->line;
}

static bool is_word(char c)
{
        return isalnum((unsigned char) c) || c == '_' || c == '$';
}

/* All reads by one of the words of a language. */
static int find_reads(struct check *c, const char *word, bool has_dot)
{
        const char *end = c->text + c->length, *at = c->text;
        struct lines lines = { 0, 1 };
        size_t n = strlen(word);
        unsigned taken = 0;
        int r = 0;

        while (r >= 0 && taken < PER_FILE_MAX && (at = memmem(at, (size_t) (end - at), word, n))) {
                char name[NAME_MAX_];
                size_t place = (size_t) (at - c->text);
                bool is_part = at > c->text && is_word(at[-1]);

                at += n;
                if (is_part || !read_behind(at, end, has_dot, name))
                        continue;
                taken++;
                r = note_read(c, name, place, line_at(c, &lines, place));
        }
        return r;
}

/* ${X}, ${X:-y} and $X of compose; $$ is a dollar. */
static int find_references(struct check *c)
{
        const char *end = c->text + c->length, *at = c->text;
        struct lines lines = { 0, 1 };
        unsigned taken = 0;
        int r = 0;

        while (r >= 0 && taken < PER_FILE_MAX && (at = memchr(at, '$', (size_t) (end - at)))) {
                char name[NAME_MAX_];
                const char *start = at + 1 + (at + 1 < end && at[1] == '{');
                size_t place = (size_t) (at - c->text);

                at += 1 + (at + 1 < end && at[1] == '$');
                if (start >= end || *start == '$' || !read_name(start, end, name))
                        continue;
                taken++;
                r = note_read(c, name, place, line_at(c, &lines, place));
        }
        return r;
}

/* --- declarations --------------------------------------------------------------------------------
 */

static const char *base_name(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

/* All patterns have `part` in them: what has not is no file of that kind, as most are. */
static bool matches(const char *name, const char *part, const char *const *patterns, size_t n)
{
        if (!strcasestr(name, part))
                return false;
        for (size_t i = 0; i < n; i++)
                if (fnmatch(patterns[i], name, FNM_CASEFOLD) == 0)
                        return true;
        return false;
}

static bool is_example(const char *base)
{
        static const char *const names[] = { ".env.example", ".env.sample",    ".env.template",
                                             ".env.dist",    "env.example",    "env.sample",
                                             ".env-example", ".env-sample",    "example.env",
                                             "sample.env",   ".env.*.example", "env.template",
                                             ".env.defaults" };

        return matches(base, "env", names, ARRAY_SIZE(names));
}

static bool is_dotenv(const char *base)
{
        static const char *const names[] = { ".env", ".env.*", "*.env", ".envrc", ".flaskenv" };

        return matches(base, "env", names, ARRAY_SIZE(names));
}

/* The file of one machine, which belongs into no repository. */
static bool is_private(const char *base)
{
        static const char *const names[] = { ".env", ".env.local", ".env.*.local" };

        return matches(base, "env", names, ARRAY_SIZE(names));
}

static bool is_compose(const char *base)
{
        static const char *const names[] = { "docker-compose*.y*ml", "compose*.y*ml" };

        return matches(base, "compose", names, ARRAY_SIZE(names));
}

/*
 * NAME=, "export NAME=", "- NAME=" and "NAME:" at the beginning of lines, commented out or not.
 * *ret_first is where the first value that is not empty stands.
 */
static int find_declarations(struct check *c, struct span text, bool is_yaml, size_t *ret_first)
{
        const char *end = text.text + text.length;
        unsigned left = LINES_MAX;
        int r = 0;

        *ret_first = SIZE_MAX;
        for (const char *line = text.text, *next; r >= 0 && line < end && left-- > 0; line = next) {
                const char *newline = memchr(line, '\n', (size_t) (end - line)), *at = line;
                const char *stop = newline ? newline : end;
                bool is_comment;
                char name[NAME_MAX_];
                size_t n;

                next = newline ? newline + 1 : end;
                while (at < stop && strchr(" \t#-\"'", *at))
                        at++;
                is_comment = memchr(line, '#', (size_t) (at - line)) != NULL;
                if (stop - at > 7 && memcmp(at, "export ", 7) == 0)
                        at = skip_blanks(at + 7, stop);
                n = read_name(at, stop, name);
                if (n == 0)
                        continue;
                at += n;
                while (at < stop && strchr(" \t\"'", *at))
                        at++;
                if (at < stop && *at != '=' && !(is_yaml && *at == ':'))
                        continue;
                if (at == stop && !is_yaml)
                        continue;
                r = variable_declare(c, name);
                if (!is_comment && *ret_first == SIZE_MAX && at < stop &&
                    skip_blanks(at + 1, stop) < stop)
                        *ret_first = (size_t) (line - text.text);
        }
        return r;
}

int variable_declare_text(struct check *c, const char *text, size_t length)
{
        size_t first;

        return find_declarations(c, (struct span){ text, length }, false, &first);
}

bool variable_is_dotenv(const char *path)
{
        return is_dotenv(base_name(path));
}

/* The current file's. */
static int find_own(struct check *c, bool is_yaml, size_t *ret_first)
{
        return find_declarations(c, (struct span){ c->text, c->length }, is_yaml, ret_first);
}

static int check_dotenv(struct check *c, const char *base)
{
        size_t first;
        int r = find_own(c, false, &first);

        if (r >= 0 && is_example(base)) {
                char *folder = strndup(c->path, folder_length(c->path));

                if (!folder)
                        return -ENOMEM;
                if (part(c, "examples") && is_room(c))
                        (void) json_object_set_new(part(c, "examples"), folder,
                                                   json_string(c->path));
                c->variable_names++;
                free(folder);
        } else if (r >= 0 && is_private(base) && first != SIZE_MAX) {
                r = check_notice(c, CONTROL_ENV, &notices[DOTENV], first, first);
        }
        return r;
}

int variable_check(struct check *c)
{
        const char *base = base_name(c->path);
        const struct language *language;
        size_t first;
        int r = 0;

        if (is_dotenv(base) || is_example(base))
                return check_dotenv(c, base);
        if (is_compose(base)) {
                r = find_own(c, true, &first);
                return r < 0 ? r : find_references(c);
        }
        language = language_of(c->path);
        if (!language)
                return 0;
        for (const char *const *word = language->words; r >= 0 && *word; word++)
                r = find_reads(c, *word, language->has_dot);
        return r;
}

/* --- at the end ----------------------------------------------------------------------------------
 */

/* Is one folder the other one, or within it? Both without a slash at the end; "" is the tree. */
static bool is_within(const char *inner, size_t inner_length, const char *outer)
{
        size_t n = strlen(outer);

        return n == 0 || (inner_length >= n && strncmp(inner, outer, n) == 0 &&
                          (inner_length == n || inner[n] == '/'));
}

/* The nearest example above a file: its folder. */
static const char *example_of(json_t *examples, const char *path)
{
        const char *folder, *nearest = NULL;
        json_t *example;

        json_object_foreach (examples, folder, example)
                if (is_within(path, folder_length(path), folder) &&
                    (!nearest || strlen(folder) > strlen(nearest)))
                        nearest = folder;
        return nearest;
}

/* Is a name declared around or within the folder of an example? */
static bool is_declared(json_t *declared, const char *scope, const char *name)
{
        const char *folder;
        json_t *names;

        json_object_foreach (declared, folder, names)
                if ((is_within(folder, strlen(folder), scope) ||
                     is_within(scope, strlen(scope), folder)) &&
                    json_object_get(names, name))
                        return true;
        return false;
}

static int tell_undeclared(struct check *c, const char *name, json_t *place, const char *example)
{
        const char *reason = json_string_value(json_array_get(place, 2));
        struct report report = { .control = CONTROL_ENV,
                                 .severity = notices[UNDECLARED].severity,
                                 .rule = notices[UNDECLARED].rule,
                                 .fix = notices[UNDECLARED].fix,
                                 .soundness = notices[UNDECLARED].soundness,
                                 .waiver = reason,
                                 .excerpt = name,
                                 .line = (uint32_t) json_integer_value(json_array_get(place, 1)) };

        check_begin(c, json_string_value(json_array_get(place, 0)));
        report.message = check_keep(c, "%s is read here and declared nowhere, not in %s either",
                                    name, example);
        if (check_report(c, &report) < 0)
                return -ENOMEM;
        return check_flush(c);
}

/* Of a name's reads each is told that no example covers; one for each example. */
static int check_name(struct check *c, const char *name, json_t *places)
{
        json_t *examples = part(c, "examples"), *told = json_object(), *place;
        size_t i;
        int r = 0;

        json_array_foreach (places, i, place) {
                const char *path = json_string_value(json_array_get(place, 0));
                const char *scope = example_of(examples, path);

                if (r < 0 || !scope || json_object_get(told, scope) ||
                    is_declared(part(c, "declared"), scope, name))
                        continue;
                (void) json_object_set_new(told, scope, json_true());
                r = tell_undeclared(c, name, place,
                                    json_string_value(json_object_get(examples, scope)));
        }
        json_decref(told);
        return r;
}

int variable_finish(struct check *c)
{
        const char *name;
        json_t *places;
        int r = 0;

        if (!c->variables || json_object_size(part(c, "examples")) == 0)
                return 0;
        check_part(c, NULL, 0, 0, 0);
        json_object_foreach (part(c, "read"), name, places)
                if (r >= 0)
                        r = check_name(c, name, places);
        if (r >= 0 && !is_room(c)) {
                check_begin(c, ".");
                r = check_not_scanned(c, ".", "too-many-variables");
        }
        return r;
}
