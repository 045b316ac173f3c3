/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Live progress of a run, from the engine's events
 *
 * On a terminal: one line a step, redrawn in place, with a spinner, elapsed time and counts; what
 * agents log at warning or worse scrolls by above. Elsewhere: one plain line for each change of
 * state. Quiet: nothing. It only writes to stderr; stdout is for results.
 */

#include "base/loop.h"

#include <jansson.h>

enum progress_mode { PROGRESS_QUIET, PROGRESS_PLAIN, PROGRESS_LIVE };

struct progress;

/* The mode that suits stderr. */
enum progress_mode progress_mode_for(bool is_quiet);

int progress_new(struct progress **ret, struct loop *loop, enum progress_mode mode);
struct progress *progress_free(struct progress *p);
DEFINE_FREEP(struct progress, progress_free);

/* Adds a step's line before it starts, so that the whole plan can be seen. */
int progress_step(struct progress *p, const char *id, const char *work);

/* Takes any event of run/engine.h. */
void progress_event(struct progress *p, const json_t *event);

/* Draws the last picture and leaves it standing; then other text may be written. */
void progress_stop(struct progress *p);

/* Takes the terminal again after progress_stop(). */
void progress_start(struct progress *p);
