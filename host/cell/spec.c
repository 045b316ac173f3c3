/* SPDX-License-Identifier: Apache-2.0 */
#include "cell/spec.h"

#include "cell/memfd.h"

#include <fcntl.h>
#include <string.h>

void spec_done(struct cell_spec *spec)
{
        for (size_t i = 0; i < spec->n_files; i++) {
                free((char *) spec->files[i].pointer);
                (void) close(spec->files[i].fd);
        }
        free((struct cell_file *) spec->files);
        for (size_t i = 0; i < spec->n_secrets; i++) {
                free((char *) spec->secrets[i].name);
                (void) close(spec->secrets[i].fd);
        }
        free((struct cell_secret *) spec->secrets);
        free((char *) spec->name);
        free((char *) spec->action);
        free((char *) spec->key);
        json_decref((json_t *) spec->input);
        if (spec->workspace_fd >= 0)
                (void) close(spec->workspace_fd);
}

static int secrets_copy(struct cell_spec *to, const struct cell_spec *from, struct err *err)
{
        struct cell_secret *secrets = calloc(from->n_secrets + 1, sizeof(*secrets));

        to->secrets = secrets;
        for (size_t i = 0; secrets && i < from->n_secrets; i++) {
                int fd = fcntl(from->secrets[i].fd, F_DUPFD_CLOEXEC, 0);

                if (fd < 0)
                        return err_sys(err, -errno, "cannot hand the secret %s to the agent",
                                       from->secrets[i].name);
                secrets[i] = (struct cell_secret){ strdup(from->secrets[i].name), fd };
                to->n_secrets++;
                if (!secrets[i].name)
                        return err_set(err, -ENOMEM, "no memory for a cell");
        }
        return secrets ? 0 : err_set(err, -ENOMEM, "no memory for a cell");
}

int spec_copy(struct cell_spec *to, const struct cell_spec *from, struct err *err)
{
        struct cell_file *files = calloc(from->n_files + 1, sizeof(*files));

        *to = *from;
        to->files = files;
        to->n_files = 0;
        to->secrets = NULL;
        to->n_secrets = 0;
        to->workspace_fd = -1;
        to->name = strdup(from->name ? from->name : "cell");
        to->action = strdup(from->action ? from->action : "");
        to->input = from->input ? json_incref((json_t *) from->input) : json_object();
        to->key = from->key ? strdup(from->key) : NULL;
        to->syscall_groups = NULL;
        to->program = NULL;
        if (!files || !to->name || !to->action || !to->input || (from->key && !to->key))
                return err_set(err, -ENOMEM, "no memory for a cell");
        for (size_t i = 0; i < from->n_files; i++) {
                /* With an offset of its own, and bytes that cannot change below the agent. */
                int fd = memfd_own("linhay-file", from->files[i].fd, UINT32_MAX);

                if (fd < 0)
                        return err_sys(err, fd, "cannot hand the file for %s to the agent",
                                       from->files[i].pointer);
                files[i].fd = fd;
                files[i].pointer = strdup(from->files[i].pointer);
                to->n_files++;
                if (!files[i].pointer)
                        return err_set(err, -ENOMEM, "no memory for a cell");
        }
        return secrets_copy(to, from, err);
}
