/* SPDX-License-Identifier: Apache-2.0 */
#include "run/secret-grant.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "cell/memfd.h"
#include "run/grant.h"

#define CREDENTIAL "credential:"

static int refuse(const struct agent *agent, const char *name, bool is_near, struct err *err)
{
        const char *who = agent->manifest->name;

        if (is_near)
                return err_set(err, -EACCES,
                               "agent %s needs the secret %s, and the option secrets.grants gives "
                               "that to other agents only; add \"%s\" to its list `agents`, or "
                               "\"%s@%s\" for just these bytes",
                               who, name, who, who, agent->sha256);
        return err_set(err, -EACCES,
                       "agent %s needs the secret %s, and no option secrets.grants gives it; if "
                       "you trust the agent with it, put { name = \"%s\"; from = \"/path\"; agents "
                       "= ( \"%s\" ); } into secrets.grants of the configuration file "
                       "($LINHAY_CONFIG or /etc/linhay/linhay.conf)",
                       who, name, name, who);
}

/* "credential:NAME" -> its file, in the folder that systemd made for this service. */
static int path_find(char *ret, size_t size, const char *from, struct err *err)
{
        const char *folder = getenv("CREDENTIALS_DIRECTORY");
        int n;

        if (strncmp(from, CREDENTIAL, strlen(CREDENTIAL)) != 0) {
                n = snprintf(ret, size, "%s", from);
        } else {
                from += strlen(CREDENTIAL);
                if (!folder || *folder != '/')
                        return err_set(err, -ENOENT,
                                       "there are no credentials: $CREDENTIALS_DIRECTORY is not "
                                       "set; add LoadCredential=%s:/path to the systemd unit",
                                       from);
                n = snprintf(ret, size, "%s/%s", folder, from);
        }
        return n < 0 || (size_t) n >= size
                       ? err_set(err, -ENAMETOOLONG, "its path is too long: %s", from)
                       : 0;
}

/* systemd lets one more user in by an access list, which shows as bits of the group. */
static int mode_check(const char *path, const struct stat *st, bool is_credential, struct err *err)
{
        unsigned open = st->st_mode & (is_credential ? 0007 : 0077);

        if (!S_ISREG(st->st_mode))
                return err_set(err, -EINVAL, "%s is no regular file", path);
        if (open)
                return err_set(err, -EACCES,
                               "%s can be reached by others than its owner (mode %04o); chmod 0600 "
                               "%s, and take it for known",
                               path, (unsigned) (st->st_mode & 07777), path);
        if (st->st_uid != 0 && st->st_uid != geteuid())
                return err_set(err, -EACCES,
                               "%s belongs to user %u, who could read and change it; chown it to "
                               "the user that runs linhay",
                               path, (unsigned) st->st_uid);
        return 0;
}

static int bytes_read(int fd, char *bytes, size_t size, size_t *ret)
{
        size_t n = 0;

        while (n < size) {
                ssize_t got = read(fd, bytes + n, size - n);

                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return -errno;
                if (got == 0)
                        break;
                n += (size_t) got;
        }
        *ret = n;
        return 0;
}

/* Text files end with a newline that is not meant. */
static size_t without_end(const char *bytes, size_t n)
{
        if (n == 0 || bytes[n - 1] != '\n' || memchr(bytes, '\0', n))
                return n;
        return n >= 2 && bytes[n - 2] == '\r' ? n - 2 : n - 1;
}

static int bytes_take(struct secret_grant *g, const char *name, const char *path, const char *bytes,
                      size_t n, struct err *err)
{
        int fd, r = redact_add(g->redact, bytes, n);

        if (r == -ERANGE)
                return err_set(err, -EINVAL,
                               "%s has %s bytes; a secret has %d to %d, so that it can be masked "
                               "where it is shown",
                               path, n < REDACT_LEAST ? "too few" : "too many", REDACT_LEAST,
                               REDACT_MOST);
        if (r < 0)
                return err_sys(err, r, "cannot keep it");
        fd = memfd_of_bytes("linhay-secret", bytes, n);
        if (fd < 0)
                return err_sys(err, fd, "cannot make memory for it");
        g->list[g->n++] = (struct cell_secret){ .name = name, .fd = fd };
        return 0;
}

static int secret_read(struct secret_grant *g, const char *name, const char *from, struct err *err)
{
        bool is_credential = strncmp(from, CREDENTIAL, strlen(CREDENTIAL)) == 0;
        char path[PATH_MAX], bytes[REDACT_MOST + 3];
        _cleanup_(closep) int fd = -1;
        struct stat st;
        size_t n = 0;
        int r;

        r = path_find(path, sizeof(path), from, err);
        if (r < 0)
                return r;
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &st) < 0)
                return err_sys(err, -errno, "cannot read %s", path);
        r = mode_check(path, &st, is_credential, err);
        if (r < 0)
                return r;
        r = bytes_read(fd, bytes, sizeof(bytes), &n);
        if (r < 0)
                r = err_sys(err, r, "cannot read %s", path);
        else
                r = bytes_take(g, name, path, bytes, without_end(bytes, n), err);
        explicit_bzero(bytes, sizeof(bytes));
        return r;
}

int secret_grant_make(struct secret_grant *g, const json_t *grants, const struct agent *agent,
                      struct err *err)
{
        const struct manifest *m = agent->manifest;
        int r;

        if (!m->secrets || !m->secrets[0])
                return 0;
        r = redact_new(&g->redact);
        if (r < 0)
                return err_set(err, r, "out of memory");
        for (size_t i = 0; m->secrets[i]; i++) {
                bool is_near;
                const json_t *grant = grant_find(grants, "name", m->secrets[i], agent, &is_near);

                if (!grant)
                        return refuse(agent, m->secrets[i], is_near, err);
                if (i == REDACT_SECRETS)
                        return err_set(err, -E2BIG, "agent %s needs more than %d secrets", m->name,
                                       REDACT_SECRETS);
                r = secret_read(g, m->secrets[i], json_string_value(json_object_get(grant, "from")),
                                err);
                if (r < 0)
                        return err_wrap(err, r, "the secret %s of agent %s (option secrets.grants)",
                                        m->secrets[i], m->name);
        }
        return 0;
}

void secret_grant_close(struct secret_grant *g)
{
        for (size_t i = 0; i < g->n; i++)
                closep(&g->list[i].fd);
        g->n = 0;
}

void secret_grant_done(struct secret_grant *g)
{
        secret_grant_close(g);
        g->redact = redact_free(g->redact);
}
