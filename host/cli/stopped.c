/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stopped.h"

#include "cli/column.h"
#include "run/remote.h"

#include <string.h>

static bool goes_on(const json_t *object)
{
        const char *state = column_text(object, "state");

        return strcmp(state, "running") == 0 || strcmp(state, "queued") == 0;
}

void stopped_mark_ended(json_t *object)
{
        if (goes_on(object))
                (void) json_object_set_new(object, "stopped", json_true());
}

void stopped_mark(json_t *object, const char *store_dir)
{
        if (goes_on(object) && !remote_carries(store_dir, column_text(object, "run")))
                stopped_mark_ended(object);
}

bool stopped_is(const json_t *object)
{
        return json_is_true(json_object_get(object, "stopped"));
}

const char *stopped_state(const json_t *object)
{
        return stopped_is(object) ? "stopped" : column_text(object, "state");
}
