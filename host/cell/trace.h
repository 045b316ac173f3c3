/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Traces: what an agent used, counted from outside while it is confined as ever
 *
 * A traced cell has one filter more: every system call is told to the host, which counts it and
 * lets it go on. Of several filters the kernel obeys the strictest, and telling is weaker than
 * every refusal, so what is denied stays denied, unseen here; the host never answers in place of
 * the kernel. Of the cell's memory it reads paths, where the kernel lets it (cell/opened.h). A call
 * costs some 10 µs more.
 */

#include "base/loop.h"
#include "cell/call.h"

#include <jansson.h>

struct trace;

/*
 * `groups` as granted. A program is started by the runtime, so the group "spawn" and one process
 * are none of its needs.
 */
int trace_new(struct trace **ret, const char *const *groups, bool is_program);
struct trace *trace_free(struct trace *t);
DEFINE_FREEP(struct trace, trace_free);

/* From then on calls are counted; `fd` is the listener, taken over. */
int trace_listen(struct trace *t, struct loop *loop, int *fd);

/* A call that was denied: which group would have allowed it? */
void trace_denied(struct trace *t, uint32_t arch, int number, const uint64_t *args);

/*
 * {"syscalls": {name: count}, "groups": [needed], "processes": made, "files": {"read", "written",
 * "changed"}, "opened": {"read": [path], "write": [path], "run": [path], "unseen": count},
 * "address_space_peak_bytes"}; new reference, or NULL. Files are counted by the flags
 * they were opened with; `changed` are calls that make, remove, rename or alter one by its path.
 */
json_t *trace_result(const struct trace *t);
