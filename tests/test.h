/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What every unit test includes: cmocka with the headers that it forgets to include itself, and the
 * two folders a test may look into. Tests are tables of rows with a sentence each.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* LINHAY_TEST=NAME runs the tests of that name alone; `*` and `?` stand for what they do in a
 * shell. */
__attribute__((constructor)) static void test_choose(void)
{
        cmocka_set_test_filter(getenv("LINHAY_TEST"));
}

#define TEST_ROWS(rows) (sizeof(rows) / sizeof(*(rows)))

/* The source tree; `make check` says where it is. */
static inline const char *test_srcdir(void)
{
        const char *dir = getenv("LINHAY_SRCDIR");

        return dir ? dir : ".";
}

static inline const char *test_builddir(void)
{
        const char *dir = getenv("LINHAY_BUILDDIR");

        return dir ? dir : ".";
}
