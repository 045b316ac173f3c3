/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Prints a run's report from its record: joins what the layers below keep apart, the store's
 * document, the workflow's graph and the report's writers.
 */

#include "base/err.h"
#include "obs/report.h"
#include "store/store.h"

struct report_print {
        enum report_format format;
        bool is_all;   /* text and markdown leave nothing out */
        bool is_ended; /* the run's engine is the caller's and carries nothing any more */
};

int report_print(struct store *store, const char *run, const struct report_print *how, FILE *f,
                 struct err *err);
