/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Faults of a definition
 *
 * Who writes a workflow is told everything that is wrong with it at once, each with its place. An
 * error keeps it from running, a warning does not. The list belongs to who initialised it ({ 0 })
 * and is emptied with faults_done(); it never holds more than FAULTS_MAX.
 */

#include "base/buf.h"
#include "base/err.h"

#define FAULTS_MAX 1000

struct fault {
        bool is_warning;
        char *file;    /* as it was named to us; "" where the definition came as JSON text */
        unsigned line; /* from 1; 0 = not known */
        char *message; /* one sentence without full stop */
};

struct faults {
        struct fault *list; /* in the order of file and line after faults_sort() */
        size_t count;
        size_t errors; /* how many of them are no warnings */
        bool is_cut;   /* there were more */
};

void faults_done(struct faults *faults);

/* 0 or -ENOMEM. */
int faults_add(struct faults *faults, bool is_warning, const char *file, unsigned line,
               const char *format, ...) _printf_(5, 6);

void faults_sort(struct faults *faults);

/* "review.flow:12: error: …" a line each. */
int faults_text(const struct faults *faults, struct buf *out);

/* Puts the first error and the number of the others into `err`; returns -EBADMSG. */
int faults_err(const struct faults *faults, struct err *err);
