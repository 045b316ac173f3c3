/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The daemon's log: one line each on stderr
 *
 * With "<3>" in front, as the journal wants its levels (sd-daemon(3)); on a terminal without.
 * What strangers wrote (names, messages) is cleaned: a line stays one line. What looks like a
 * secret is masked.
 */

#include "base/def.h"

enum say_level { SAY_ERROR = 3, SAY_WARNING = 4, SAY_NOTICE = 5, SAY_INFO = 6 };

void say(enum say_level level, const char *format, ...) _printf_(2, 3);
