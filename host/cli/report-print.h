/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Prints a run's report from its record: joins what the layers below keep apart, the store's
 * document, the workflow's graph and the report's writers.
 */

#include "base/err.h"
#include "obs/report.h"
#include "store/store.h"

/* `is_all`: text and markdown leave nothing out. */
int report_print(struct store *store, const char *run, enum report_format format, bool is_all,
                 FILE *f, struct err *err);
