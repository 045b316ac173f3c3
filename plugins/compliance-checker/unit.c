/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "scan/value.h"
#include "unit-exposure.h"
#include "unit-file.h"

#include <ctype.h>
#include <fnmatch.h>
#include <strings.h>

#define EXPOSED_HIGH                                                                               \
        80 /* tenths of 10, as `systemd-analyze security` calls it UNSAFE or EXPOSED               \
            */
#define EXPOSED_LOW 50

enum {
        EXPOSURE,
        WRITABLE_PROGRAM,
        FULL_RIGHTS,
        SECRET,
        SECRET_ARGUMENT,
        ROOT_NETWORK,
        NOBODY,
        OPEN_SOCKET,
        OPEN_FOLDER,
        OPEN_UMASK,
        STRONG_CAPABILITY,
        PIPE,
};

#define INFO   LINHAY_SEVERITY_INFO
#define LOW    LINHAY_SEVERITY_LOW
#define MEDIUM LINHAY_SEVERITY_MEDIUM
#define HIGH   LINHAY_SEVERITY_HIGH

static const struct notice notices[] = {
        [EXPOSURE] = { "config/systemd-exposure", LOW, "CWE-250",
                       "The service can reach much of the machine",
                       "Set what it can do without; systemd-analyze security UNIT explains each.",
                       "systemd-analyze:security" },
        [WRITABLE_PROGRAM] = { "config/systemd-writable-program", HIGH, "CWE-732",
                               "The program that is started lies where everybody can put another "
                               "one",
                               "Install it in /usr or /opt, owned by root." },
        [FULL_RIGHTS] = { "config/systemd-full-rights", LOW, "CWE-250",
                          "The command runs with all rights, whatever User= and the sandbox say "
                          "(+ or ! before it)",
                          "Leave out the sign, or do it in a unit of its own." },
        [SECRET] = { "config/systemd-secret-in-environment", HIGH, "CWE-798",
                     "A secret stands in Environment=, which every user can read by systemctl show",
                     "Use LoadCredential= or an EnvironmentFile= that only root can read." },
        [SECRET_ARGUMENT] = { "config/systemd-secret-in-arguments", MEDIUM, "CWE-214",
                              "A secret stands among the arguments, which every user can read in "
                              "the list of processes",
                              "Use LoadCredential= and give the program the file.", NULL,
                              SOUNDNESS_HEURISTIC },
        [ROOT_NETWORK] = { "config/systemd-root-network", LOW, "CWE-250",
                           "The service waits for the network and runs as root",
                           "Set User= or DynamicUser=yes; a low port needs only "
                           "AmbientCapabilities=CAP_NET_BIND_SERVICE or a socket unit.",
                           NULL, SOUNDNESS_HEURISTIC },
        [NOBODY] = { "config/systemd-user-nobody", LOW, "CWE-250",
                     "nobody is shared by all that have no user of their own, files of NFS too",
                     "Set DynamicUser=yes or make a user for the service." },
        [OPEN_SOCKET] = { "config/systemd-open-socket", INFO, "CWE-732",
                          "Every user may connect to the socket",
                          "Set SocketMode=0660 and "
                          "SocketGroup=." },
        [OPEN_FOLDER] = { "config/systemd-open-directory", MEDIUM, "CWE-732",
                          "Every user may write to the service's folder", "Use 0750 or 0755." },
        [OPEN_UMASK] = { "config/systemd-open-umask", LOW, "CWE-732",
                         "Files of the service can be written by everybody",
                         "Use UMask=0027 or 0077." },
        [STRONG_CAPABILITY] = { "config/systemd-strong-capability", MEDIUM, "CWE-250",
                                "The service is given a capability that is nearly all of root's "
                                "rights",
                                "Name only the capabilities that it needs." },
        [PIPE] = { "config/systemd-pipe-to-shell", MEDIUM, "CWE-494",
                   "A download is run by a shell without a check",
                   "Install what is needed beforehand.", NULL, SOUNDNESS_HEURISTIC },
};

size_t unit_rules(void)
{
        return ARRAY_SIZE(notices);
}

/* One unit while it is looked at. */
struct unit {
        struct check *c;
        struct unit_file file;
        bool is_whole; /* no drop-in */
        bool is_root;
        bool is_user; /* of a user's own manager, which is never root */
};

static int tell(struct unit *u, int which, const struct unit_assignment *a)
{
        const char *newline = memchr(u->c->text + a->start, '\n', a->end - a->start);

        return check_notice(u->c, CONTROL_CONFIG, &notices[which], a->start,
                            newline ? (size_t) (newline - u->c->text) : a->end);
}

static bool starts(struct span s, const char *text)
{
        return s.length >= strlen(text) && !memcmp(s.text, text, strlen(text));
}

static bool has(struct span s, const char *part)
{
        return memmem(s.text, s.length, part, strlen(part)) != NULL;
}

/* ---- Commands ---- */

static bool is_exec(const struct unit_assignment *a)
{
        static const char *const keys[] = { "ExecStart",     "ExecStartPre", "ExecStartPost",
                                            "ExecReload",    "ExecStop",     "ExecStopPost",
                                            "ExecCondition", "ExecStopPre" };

        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (unit_is(a, keys[i]))
                        return true;
        return false;
}

static bool is_writable_path(struct span program)
{
        static const char *const folders[] = { "/tmp/",      "/var/tmp/",  "/dev/shm/",
                                               "/run/user/", "/run/lock/", "/var/lock/",
                                               "/var/crash/" };

        for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
                if (starts(program, folders[i]))
                        return true;
        return false;
}

/* --password=x, --token x: an argument that says that its value is secret. */
static bool has_secret_argument(struct span command)
{
        static const char *const names[] = { "--password", "--passwd",  "--pass",  "--token",
                                             "--secret",   "--api-key", "--apikey" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                const char *at = memmem(command.text, command.length, names[i], strlen(names[i]));
                struct span value = { 0 };

                if (!at)
                        continue;
                value.text = at + strlen(names[i]);
                if (*value.text != '=' && *value.text != ' ')
                        continue;
                value.text++;
                while (value.text + value.length < command.text + command.length &&
                       !isspace((unsigned char) value.text[value.length]))
                        value.length++;
                if (value.length >= 4 && !memchr("$%/-@", *value.text, 5) &&
                    !value_is_placeholder(value) && !value_is_reference(value))
                        return true;
        }
        return false;
}

static int look_at_command(struct unit *u, const struct unit_assignment *a)
{
        struct span command = a->value, program;
        bool full = false;
        int r = 0;

        while (command.length && strchr("-@:+!|", *command.text)) {
                /* !! changes nothing where the kernel knows ambient capabilities. */
                if (starts(command, "!!"))
                        command = (struct span){ command.text + 1, command.length - 1 };
                else
                        full |= *command.text == '+' || *command.text == '!';
                command = (struct span){ command.text + 1, command.length - 1 };
        }
        program = command;
        if (program.length && (*program.text == '"' || *program.text == '\''))
                program = (struct span){ program.text + 1, program.length - 1 };
        if (is_writable_path(program))
                r = tell(u, WRITABLE_PROGRAM, a);
        if (r >= 0 && full && !u->is_root)
                r = tell(u, FULL_RIGHTS, a);
        if (r >= 0 && has_secret_argument(command)) {
                r = tell(u, SECRET_ARGUMENT, a);
                if (r >= 0)
                        r = check_hide(u->c, a->start + a->key.length + 1, a->end, 0);
        }
        if (r >= 0 && (has(command, "curl ") || has(command, "wget ")) &&
            (has(command, "| sh") || has(command, "|sh") || has(command, "| bash") ||
             has(command, "|bash")))
                r = tell(u, PIPE, a);
        return r;
}

/* ---- Variables ---- */

static bool is_secret_name(struct span name)
{
        static const char *const words[] = { "PASSWORD", "PASSWD", "SECRET",      "TOKEN",
                                             "API_KEY",  "APIKEY", "PRIVATE_KEY", "ACCESS_KEY" };

        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                for (size_t at = 0; at + strlen(words[i]) <= name.length; at++)
                        if (!strncasecmp(name.text + at, words[i], strlen(words[i])) &&
                            !(name.length >= 5 &&
                              !strncasecmp(name.text + name.length - 5, "_FILE", 5)))
                                return true;
        return false;
}

static bool is_secret(struct span word)
{
        const char *equals = memchr(word.text, '=', word.length);
        struct span name, value;

        if (!equals)
                return false;
        name = (struct span){ word.text, (size_t) (equals - word.text) };
        value = (struct span){ equals + 1, word.length - name.length - 1 };
        while (value.length && strchr("\"'", value.text[value.length - 1]))
                value.length--;
        return is_secret_name(name) && value.length && !memchr("%$/@", *value.text, 4) &&
               !value_is_placeholder(value) && !value_is_reference(value);
}

/* Words of Environment=, each of which may be quoted as a whole. */
static int look_at_environment(struct unit *u, const struct unit_assignment *a)
{
        struct span rest = a->value;

        while (rest.length) {
                struct span word = { rest.text, 0 };
                char quote = strchr("\"'", *rest.text) ? *rest.text : '\0';

                if (isspace((unsigned char) *rest.text)) {
                        rest = (struct span){ rest.text + 1, rest.length - 1 };
                        continue;
                }
                word.text += quote != '\0';
                while (word.text + word.length < rest.text + rest.length &&
                       (quote ? word.text[word.length] != quote
                              : !isspace((unsigned char) word.text[word.length])))
                        word.length++;
                if (is_secret(word)) {
                        int r = tell(u, SECRET, a);

                        return r < 0 ? r
                                     : check_hide(u->c, a->start + a->key.length + 1, a->end, 0);
                }
                word.length += (size_t) (word.text - rest.text);
                word.length = MIN_OF(word.length + (quote != '\0'), rest.length);
                rest = (struct span){ rest.text + word.length, rest.length - word.length };
        }
        return 0;
}

/* ---- Modes ---- */

/* Has an octal mode this bit for others? */
static bool opens_to_others(struct span mode, unsigned bit)
{
        char last = mode.length ? mode.text[mode.length - 1] : '0';

        return mode.length >= 3 && last >= '0' && last <= '7' && (unsigned) (last - '0') & bit;
}

static int look_at_mode(struct unit *u, const struct unit_assignment *a)
{
        static const char *const folders[] = { "RuntimeDirectoryMode",       "StateDirectoryMode",
                                               "CacheDirectoryMode",         "LogsDirectoryMode",
                                               "ConfigurationDirectoryMode", "DirectoryMode" };

        if (unit_is(a, "SocketMode") && opens_to_others(a->value, 2))
                return tell(u, OPEN_SOCKET, a);
        for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
                if (unit_is(a, folders[i]) && opens_to_others(a->value, 2))
                        return tell(u, OPEN_FOLDER, a);
        if (unit_is(a, "UMask") && a->value.length >= 1 && !opens_to_others(a->value, 2) &&
            strspn(a->value.text, "01234567") == a->value.length)
                return tell(u, OPEN_UMASK, a);
        return 0;
}

static int look_at_rights(struct unit *u, const struct unit_assignment *a)
{
        static const char *const strong[] = { "CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_SYS_RAWIO",
                                              "CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE" };

        if (unit_is(a, "User") && a->value.length == 6 && starts(a->value, "nobody"))
                return tell(u, NOBODY, a);
        for (size_t i = 0;
             unit_is(a, "AmbientCapabilities") && !starts(a->value, "~") && i < ARRAY_SIZE(strong);
             i++)
                if (has(a->value, strong[i]))
                        return tell(u, STRONG_CAPABILITY, a);
        return 0;
}

/* ---- The unit as a whole ---- */

static int look_at_exposure(struct unit *u, const struct unit_assignment *exec)
{
        const struct notice *n = &notices[EXPOSURE];
        static const char *const tags[] = { "systemd-analyze:security", NULL };
        static const char *const cwes[] = { "CWE-250", NULL };
        char missing[UNIT_MISSING_MAX];
        unsigned exposure = unit_exposure(&u->file, missing);
        struct report report = { .control = CONTROL_CONFIG,
                                 .severity = exposure >= EXPOSED_HIGH ? n->severity : INFO,
                                 .rule = n->rule,
                                 .fix = n->fix,
                                 .cwe = cwes,
                                 .tags = tags,
                                 .start = exec->start,
                                 .end = exec->start + exec->key.length };

        if (exposure < EXPOSED_LOW)
                return 0;
        report.message = check_keep(u->c, "Exposure %u.%u of 10. Not set: %s", exposure / 10,
                                    exposure % 10, missing);
        return check_report(u->c, &report);
}

static int look_at_whole(struct unit *u)
{
        const struct unit_assignment *exec = unit_last(&u->file, "ExecStart");
        const struct unit_assignment *after = unit_last(&u->file, "After");
        const struct unit_assignment *type = unit_last(&u->file, "Type");
        bool once = type && starts(type->value, "oneshot");
        int r = 0;

        if (!exec || !u->is_whole || u->is_user)
                return 0;
        if (u->is_root && !once && after && has(after->value, "network") &&
            !unit_last(&u->file, "CapabilityBoundingSet") &&
            !unit_is_true(&u->file, "PrivateNetwork"))
                r = tell(u, ROOT_NETWORK, exec);
        return r < 0 ? r : look_at_exposure(u, exec);
}

static int look_at_unit(struct unit *u)
{
        int r = 0;

        check_concerns(u->c, CONTROL_CONFIG);
        u->is_root = unit_is_root(&u->file);
        for (size_t i = 0; r >= 0 && i < u->file.n; i++) {
                const struct unit_assignment *a = &u->file.list[i];

                if (is_exec(a))
                        r = look_at_command(u, a);
                else if (unit_is(a, "Environment"))
                        r = look_at_environment(u, a);
                else
                        r = look_at_mode(u, a);
                if (r >= 0)
                        r = look_at_rights(u, a);
        }
        return r < 0 ? r : look_at_whole(u);
}

static bool matches(const char *path, const char *const *names, size_t n)
{
        const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

        for (size_t i = 0; i < n; i++)
                if (!fnmatch(names[i], strchr(names[i], '/') ? path : base, 0))
                        return true;
        return false;
}

int unit_check(struct check *c)
{
        static const char *const names[] = { "*.service", "*.socket",     "*.timer",
                                             "*.path",    "*.service.in", "*.socket.in" };
        static const char *const drop_ins[] = { "*.service.d/*.conf", "*.socket.d/*.conf" };
        struct unit u = { .c = c, .is_whole = matches(c->path, names, ARRAY_SIZE(names)) };
        int r;

        if (!u.is_whole && !matches(c->path, drop_ins, ARRAY_SIZE(drop_ins)))
                return 0;
        u.is_user = strstr(c->path, "systemd/user/") != NULL;
        r = unit_parse(&u.file, c->text, c->length);
        if (r >= 0 && (unit_has_section(&u.file, "Service") ||
                       unit_has_section(&u.file, "Socket") || unit_has_section(&u.file, "Unit")))
                r = look_at_unit(&u);
        if (r >= 0 && u.file.is_cut)
                r = check_not_scanned(c, c->path, "too-many-objects");
        unit_done(&u.file);
        return r;
}
