/* SPDX-License-Identifier: Apache-2.0 */
#include "dockerfile.h"

#include "scan/value.h"

#include <ctype.h>
#include <fnmatch.h>

#define STAGES 64

enum {
        ROOT_USER,
        NO_USER,
        LATEST,
        NO_TAG,
        ADD_REMOTE,
        ADD_LOCAL,
        SECRET,
        PIPE_SHELL,
        SUDO,
        WORLD_WRITABLE,
        BAD_PORT,
        NO_CHECK_TLS,
};

static const struct notice notices[] = {
        [ROOT_USER] = { "config/root-user", LINHAY_SEVERITY_MEDIUM, "CWE-250",
                        "The container runs as root", "End with USER and a user without rights." },
        [NO_USER] = { "config/no-user", LINHAY_SEVERITY_LOW, "CWE-250",
                      "No USER is set: the container runs as the user of its base image, mostly "
                      "root",
                      "Make a user and end with: USER name" },
        [LATEST] = { "config/latest-tag", LINHAY_SEVERITY_MEDIUM, "CWE-1357",
                     "The base image is :latest, which changes without notice",
                     "Name a version, better a digest." },
        [NO_TAG] = { "config/no-tag", LINHAY_SEVERITY_MEDIUM, "CWE-1357",
                     "The base image has no version, so it is :latest",
                     "Name a version, better a digest." },
        [ADD_REMOTE] = { "config/add-remote", LINHAY_SEVERITY_MEDIUM, "CWE-494",
                         "ADD of a URL puts a download into the image without a check",
                         "Use ADD --checksum=sha256:..., or RUN curl and compare the hash." },
        [ADD_LOCAL] = { "config/add-local", LINHAY_SEVERITY_INFO, NULL,
                        "ADD of a local file does more than COPY", "Use COPY." },
        [SECRET] = { "config/secret-in-image", LINHAY_SEVERITY_HIGH, "CWE-798",
                     "A secret is set with ENV or ARG: everybody who has the image can read it",
                     "Use RUN --mount=type=secret, or pass it when the container starts." },
        [PIPE_SHELL] = { "config/pipe-to-shell", LINHAY_SEVERITY_MEDIUM, "CWE-494",
                         "A download is run by a shell without a check",
                         "Save it, compare its hash, then run it." },
        [SUDO] = { "config/sudo", LINHAY_SEVERITY_LOW, "CWE-250",
                   "sudo is used while the image is built", "Use USER to change the user." },
        [WORLD_WRITABLE] = { "config/world-writable", LINHAY_SEVERITY_LOW, "CWE-732",
                             "Files are made writable for everybody",
                             "Give the rights to the one user who needs them." },
        [BAD_PORT] = { "config/bad-port", LINHAY_SEVERITY_LOW, NULL,
                       "EXPOSE names a port that cannot exist", "Use a port from 1 to 65535." },
        [NO_CHECK_TLS] = { "config/unchecked-download", LINHAY_SEVERITY_MEDIUM, "CWE-295",
                           "A download does not check the server's certificate",
                           "Leave out -k, --insecure and --no-check-certificate." },
};

size_t dockerfile_rules(void)
{
        return ARRAY_SIZE(notices);
}

/* One instruction: its word, and its arguments with continued lines in them. */
struct instruction {
        struct span word;
        struct span args;
        size_t start;
        size_t end;
};

struct dockerfile {
        struct check *c;
        struct span stages[STAGES];
        size_t n_stages;
        struct instruction from; /* the last one */
        struct instruction user; /* the last one of its stage; no word = none */
};

static int notice(struct dockerfile *d, int which, const struct instruction *i)
{
        return check_notice(d->c, CONTROL_CONFIG, &notices[which], i->start, i->end);
}

static bool same(struct span s, const char *text)
{
        return s.length == strlen(text) && !strncasecmp(s.text, text, s.length);
}

static bool has(struct span s, const char *part)
{
        return memmem(s.text, s.length, part, strlen(part)) != NULL;
}

/* Takes the next word off the front; an empty span at the end. */
static struct span next_word(struct span *s)
{
        struct span word;

        while (s->length && (isspace((unsigned char) *s->text) || *s->text == '\\'))
                *s = (struct span){ s->text + 1, s->length - 1 };
        word = (struct span){ s->text, 0 };
        while (word.length < s->length && !isspace((unsigned char) word.text[word.length]))
                word.length++;
        *s = (struct span){ s->text + word.length, s->length - word.length };
        return word;
}

/* The first word that is no --option. */
static struct span first_argument(struct span *args)
{
        struct span word;

        do
                word = next_word(args);
        while (word.length > 2 && !memcmp(word.text, "--", 2));
        return word;
}

static bool is_stage(const struct dockerfile *d, struct span name)
{
        for (size_t i = 0; i < d->n_stages; i++)
                if (d->stages[i].length == name.length &&
                    !strncasecmp(d->stages[i].text, name.text, name.length))
                        return true;
        return false;
}

static int check_from(struct dockerfile *d, const struct instruction *i)
{
        struct span args = i->args, image = first_argument(&args), as = next_word(&args);
        const char *slash = memrchr(image.text, '/', image.length);
        size_t base = slash ? (size_t) (slash - image.text) : 0;
        const char *colon = memchr(image.text + base, ':', image.length - base);
        bool known = is_stage(d, image) || same(image, "scratch") || !image.length ||
                     memchr(image.text, '$', image.length) || memchr(image.text, '@', image.length);

        d->from = *i;
        d->user = (struct instruction){ 0 };
        if (same(as, "as") && d->n_stages < STAGES)
                d->stages[d->n_stages++] = next_word(&args);
        if (known)
                return 0;
        if (!colon)
                return notice(d, NO_TAG, i);
        return same((struct span){ colon, image.length - (size_t) (colon - image.text) }, ":latest")
                       ? notice(d, LATEST, i)
                       : 0;
}

static int check_user(struct dockerfile *d, const struct instruction *i)
{
        d->user = *i;
        return 0;
}

static int check_add(struct dockerfile *d, const struct instruction *i)
{
        static const char *const archives[] = { ".tar", ".tgz", ".gz",   ".bz2", ".xz", ".txz",
                                                ".tbz", ".zst", ".lzma", ".tlz", ".Z",  "<<" };
        struct span args = i->args, source = first_argument(&args);

        if (has(i->args, "http://") || has(i->args, "https://"))
                return has(i->args, "--checksum") ? 0 : notice(d, ADD_REMOTE, i);
        if (has(source, "git@") || has(source, "$"))
                return 0;
        for (size_t k = 0; k < ARRAY_SIZE(archives); k++)
                if (has(i->args, archives[k]))
                        return 0;
        return notice(d, ADD_LOCAL, i);
}

/* Does the name of a variable say that its value is secret? */
static bool is_secret_name(struct span name)
{
        static const char *const ends[] = { "PASSWORD",   "PASSWD",      "PWD",
                                            "SECRET",     "TOKEN",       "API_KEY",
                                            "APIKEY",     "ACCESS_KEY",  "PRIVATE_KEY",
                                            "PASSPHRASE", "CREDENTIALS", "SECRET_KEY",
                                            "PASS" };

        for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
                size_t n = strlen(ends[i]);

                if (name.length >= n && !strncasecmp(name.text + name.length - n, ends[i], n) &&
                    !same(name, "PWD") && !same(name, "OLDPWD"))
                        return true;
        }
        return false;
}

static struct span unquoted(struct span s)
{
        if (s.length >= 2 && (*s.text == '"' || *s.text == '\'') && s.text[s.length - 1] == *s.text)
                return (struct span){ s.text + 1, s.length - 2 };
        return s;
}

static int check_pair(struct dockerfile *d, const struct instruction *i, struct span name,
                      struct span value)
{
        size_t start;
        int r;

        value = unquoted(value);
        if (!is_secret_name(name) || !value.length || value_is_reference(value))
                return 0;
        start = (size_t) (value.text - d->c->text);
        r = check_hide(d->c, start, start + value.length, 0);
        return r < 0 ? r : notice(d, SECRET, i);
}

/* NAME=value NAME=value, or for ENV the old NAME value. */
static int check_variables(struct dockerfile *d, const struct instruction *i)
{
        struct span args = i->args, word;
        int r = 0;

        while (r >= 0 && (word = next_word(&args)).length) {
                const char *sign = memchr(word.text, '=', word.length);
                size_t n = sign ? (size_t) (sign - word.text) : word.length;

                if (sign)
                        r = check_pair(d, i, (struct span){ word.text, n },
                                       (struct span){ sign + 1, word.length - n - 1 });
                else if (same(i->word, "ENV"))
                        return check_pair(d, i, word, next_word(&args));
        }
        return r;
}

/* Is a word used as a command or option? */
static bool has_word(struct span s, const char *word)
{
        const char *at = s.text;
        size_t n = strlen(word);

        while ((at = memmem(at, s.length - (size_t) (at - s.text), word, n))) {
                bool left = at == s.text || strchr(" \t\n;&|(\"'[", at[-1]);
                size_t end = (size_t) (at - s.text) + n;
                bool right = end == s.length || strchr(" \t\n;&|)\"',\\", s.text[end]);

                if (left && right)
                        return true;
                at++;
        }
        return false;
}

/* Is a word the first one of a command? */
static bool has_command(struct span s, const char *word)
{
        struct span rest = s, next;
        bool first = true;

        while ((next = next_word(&rest)).length) {
                if (first && same(next, word))
                        return true;
                first = next.text[next.length - 1] == ';' || same(next, "&&") || same(next, "||") ||
                        same(next, "|") || (first && *next.text == '-');
        }
        return false;
}

static bool pipes_to_shell(struct span s)
{
        static const char *const shells[] = { "sh", "bash", "zsh", "python", "python3", "sudo" };
        const char *at = s.text, *end = s.text + s.length;

        if (!has_word(s, "curl") && !has_word(s, "wget"))
                return false;
        while ((at = memchr(at, '|', (size_t) (end - at)))) {
                struct span rest = { at + 1, (size_t) (end - at) - 1 }, word;

                at++;
                word = next_word(&rest);
                for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
                        if (same(word, shells[i]))
                                return true;
        }
        return false;
}

static int check_run(struct dockerfile *d, const struct instruction *i)
{
        int r = 0;

        if (pipes_to_shell(i->args))
                r = notice(d, PIPE_SHELL, i);
        if (r >= 0 && has_command(i->args, "sudo"))
                r = notice(d, SUDO, i);
        if (r >= 0 && has_word(i->args, "chmod") &&
            (has_word(i->args, "777") || has_word(i->args, "a+rwx") || has_word(i->args, "0777")))
                r = notice(d, WORLD_WRITABLE, i);
        if (r >= 0 && ((has_word(i->args, "curl") &&
                        (has_word(i->args, "-k") || has_word(i->args, "--insecure"))) ||
                       has_word(i->args, "--no-check-certificate")))
                r = notice(d, NO_CHECK_TLS, i);
        return r;
}

static int check_expose(struct dockerfile *d, const struct instruction *i)
{
        struct span args = i->args, word;

        while ((word = next_word(&args)).length) {
                char number[32];

                (void) snprintf(number, sizeof(number), "%.*s", (int) MIN_OF(word.length, 31u),
                                word.text);
                for (const char *p = number; p && *p; p = strchr(p, '-')) {
                        p += *p == '-';
                        if (isdigit((unsigned char) *p) && strtoul(p, NULL, 10) > 65535)
                                return notice(d, BAD_PORT, i);
                }
        }
        return 0;
}

static const struct {
        const char *word;
        int (*check)(struct dockerfile *d, const struct instruction *i);
} checks[] = {
        { "FROM", check_from },     { "USER", check_user },     { "ADD", check_add },
        { "ENV", check_variables }, { "ARG", check_variables }, { "RUN", check_run },
        { "EXPOSE", check_expose },
};

/* What the last stage runs as. */
static int check_last_user(struct dockerfile *d)
{
        struct span args = d->user.args, name = next_word(&args);

        if (!d->from.word.length)
                return 0;
        if (!d->user.word.length)
                return notice(d, NO_USER, &d->from);
        if (same(name, "root") || same(name, "0") ||
            (name.length > 4 && !memcmp(name.text, "root:", 5)) ||
            (name.length > 1 && !memcmp(name.text, "0:", 2)))
                return notice(d, ROOT_USER, &d->user);
        return 0;
}

/* The end of an instruction that begins at `at`: a line whose last sign is no backslash. */
static size_t instruction_end(const char *text, size_t length, size_t at)
{
        while (at < length) {
                const char *newline = memchr(text + at, '\n', length - at);
                size_t end = newline ? (size_t) (newline - text) : length, last = end;

                while (last > at &&
                       (text[last - 1] == ' ' || text[last - 1] == '\t' || text[last - 1] == '\r'))
                        last--;
                if (last == at || text[last - 1] != '\\' || end == length)
                        return end;
                at = end + 1;
                /* Comments may stand between continued lines. */
                for (;;) {
                        size_t mark = at;

                        while (mark < length && (text[mark] == ' ' || text[mark] == '\t'))
                                mark++;
                        if (mark == length || text[mark] != '#')
                                break;
                        newline = memchr(text + mark, '\n', length - mark);
                        at = newline ? (size_t) (newline - text) + 1 : length;
                }
        }
        return at;
}

static int check_text(struct dockerfile *d)
{
        const char *text = d->c->text;
        size_t length = d->c->length;
        int r = 0;

        for (size_t at = 0; r >= 0 && at < length;) {
                size_t end = instruction_end(text, length, at);
                struct instruction i = { .end = end };

                i.args = (struct span){ text + at, end - at };
                i.word = next_word(&i.args);
                i.start = (size_t) (i.word.text - text);
                while (i.end > i.start && isspace((unsigned char) text[i.end - 1]))
                        i.end--;
                for (size_t k = 0; r >= 0 && k < ARRAY_SIZE(checks); k++)
                        if (same(i.word, checks[k].word))
                                r = checks[k].check(d, &i);
                at = end + 1;
        }
        return r < 0 ? r : check_last_user(d);
}

static bool is_dockerfile(const char *path)
{
        static const char *const names[] = { "Dockerfile",   "Dockerfile.*",  "*.Dockerfile",
                                             "*.dockerfile", "Containerfile", "Containerfile.*" };
        const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (!fnmatch(names[i], base, 0))
                        return true;
        return false;
}

int dockerfile_check(struct check *c)
{
        struct dockerfile d = { .c = c };

        if (!is_dockerfile(c->path))
                return 0;
        check_concerns(c, CONTROL_CONFIG);
        return check_text(&d);
}
