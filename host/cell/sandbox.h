/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sandbox, seen from inside the layer: the zygote's other end
 *
 * Keeps what is made once and used by many cells: the connection, the filters, the sealed copies of
 * objects. Messages of the zygote are handed to the cell they are about.
 */

#include "cell/cell.h"
#include "cell/filter.h"
#include "cell/selftest.h"
#include "cell/spawn.h"

struct sandbox {
        struct loop *loop;
        struct loop_source control;
        int socket;
        pid_t pid; /* of the zygote */
        bool is_lost;
        struct spawn_hello hello;
        char why_degraded[ERR_TEXT_MAX]; /* why there are no namespaces */
        char why_no_cgroup[ERR_TEXT_MAX];
        struct selftest_result tested;
        enum tier tier;
        uint64_t last_id;
        struct cell *cells;
        struct filter_slot *filters;
        struct filter inspector; /* fd -1 until needed */
        struct object_slot *objects;
        struct pool *pool; /* NULL = nothing is kept warm */
        struct frame frame;
};

/* The filter for a set of groups, built at first use; borrowed. */
int sandbox_filter(struct sandbox *s, const char *const *groups, const struct filter **ret,
                   struct err *err);

/*
 * A sealed memfd with the agent's program, if it is an exec agent, and then the bytes of the digest
 * that the spec asks for; borrowed. Copied at first use, kept until sandbox_drain(). *ret_program:
 * how many bytes of it are the program.
 */
int sandbox_object(struct sandbox *s, const struct cell_spec *spec, int *ret, uint32_t *ret_program,
                   struct err *err);

/* Asks the zygote for a child; `fds` by enum spawn_fd. */
int sandbox_spawn(struct sandbox *s, const struct spawn_request *request, const int *fds,
                  size_t n_fds, struct err *err);

/* Asks the zygote to give a SPAWN_LATE cell its tree, and to say so on the cell's socket. */
int sandbox_attach(struct sandbox *s, const struct spawn_request *request, int socket,
                   struct err *err);

/*
 * An agent is loaded and works. Where its cell is the only one, the zygote makes a blank meanwhile:
 * when the cell's end is told, the request for the next is on its way already.
 */
void sandbox_soon(struct sandbox *s);

/* What a cell is told by its sandbox. `setup` comes at most once, `exited` is the last. */
void cell_started(struct cell *c, const struct spawn_started *started, int *pidfd);
void cell_setup(struct cell *c, const struct spawn_setup *setup, const char *text, size_t length,
                int *upper_fd);
void cell_attached(struct cell *c, const struct spawn_setup *setup, int *upper_fd);
void cell_listener(struct cell *c, int *listener);
void cell_exited(struct cell *c, const struct spawn_exited *exited);

/* For the pool: starts a cell that is nobody's. It may end any time: then pool_lost() is told. */
int cell_warm(struct cell **ret, struct sandbox *s, const struct cell_spec *spec, struct err *err);
bool cell_is_prepared(const struct cell *c);
bool cell_is_usable(const struct cell *c);
void cell_drop(struct cell *c);

uint64_t cell_id(const struct cell *c);
int cell_object(const struct cell *c); /* of sandbox_object() */
struct cell **cell_next(struct cell *c);
