/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/waits.h"

#include "cli/column.h"

#include <string.h>

#define EVENTS_FIRST 8 /* a run that never began has told no more */

void waits_mark(json_t *object, struct store *store)
{
        _cleanup_(json_decrefp) json_t *events = NULL;
        const json_t *event;
        size_t i;

        if (strcmp(column_text(object, "state"), "queued") != 0 ||
            store_events(store, column_text(object, "run"), 0, EVENTS_FIRST, &events, NULL) < 0)
                return;
        json_array_foreach (events, i, event) {
                json_t *reason = json_object_get(json_object_get(event, "data"), "reason");

                if (strcmp(column_text(event, "type"), "state") == 0 && json_is_string(reason))
                        (void) json_object_set(object, "waits_for", reason);
        }
}

const char *waits_for(const json_t *object)
{
        return column_text(object, "waits_for");
}
