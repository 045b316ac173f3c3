/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Triggers: what starts a workflow by itself, or by its name
 *
 * By the clock (`cron`), when files of the workspace change (`watch`), or only when somebody says
 * so (`manual`). Here they are read; who acts on them is the daemon, which also knows whether a
 * text is a cron expression. Their inputs are values, no templates. All of it belongs to the
 * workflow.
 */

#include "base/def.h"

#include <jansson.h>

#define TRIGGERS_MAX            100  /* of one workflow */
#define TRIGGER_TEXT_MAX        256  /* bytes of a cron expression, of a time zone */
#define TRIGGER_WATCHES_MAX     100  /* patterns */
#define TRIGGER_NAME_SIZE       64   /* with the NUL */
#define TRIGGER_DEBOUNCE_MS     2000 /* where nothing is said */
#define TRIGGER_DEBOUNCE_MAX_MS 3600000

/* It is time, and the run that it started before has not ended. */
enum trigger_overlap {
        TRIGGER_OVERLAP_SKIP,   /* nothing is started (default) */
        TRIGGER_OVERLAP_QUEUE,  /* one run waits for the end of that one */
        TRIGGER_OVERLAP_CANCEL, /* that one is cancelled, and one is started */
};

/* It was time while no daemon ran. */
enum trigger_missed {
        TRIGGER_MISSED_SKIP, /* is let go (default) */
        TRIGGER_MISSED_ONCE, /* one run for all of them */
        TRIGGER_MISSED_ALL,  /* a run for each, as many as the daemon lets */
};

struct flow_trigger {
        char name[TRIGGER_NAME_SIZE]; /* once in a workflow; "cron-1" by kind and place if none */
        const char *cron;             /* the expression, or NULL */
        const char *time_zone;        /* "Europe/Berlin"; NULL = the host's */
        const json_t *watch;          /* array of patterns of paths, or NULL */
        bool is_manual;               /* neither: `linhay trigger fire` alone starts it */
        uint64_t debounce_ms;         /* of a watch: how long all must be quiet */
        enum trigger_overlap overlap;
        enum trigger_missed missed; /* of cron */
        const json_t *inputs;       /* object of values; NULL = {} */
        const char *workspace;      /* absolute path; NULL = none. A watch has one */
        unsigned line;              /* where it begins; 0 = not known */
};

/* The key that makes it what it is: "cron", "watch" or "manual". */
const char *trigger_kind(const struct flow_trigger *trigger);

struct reader;
struct reader_key;

/* For the table of a workflow's keys (reader.h): `target` is the workflow. */
int triggers_read(struct reader *r, const char *pointer, const struct reader_key *key,
                  const json_t *value, void *target);
