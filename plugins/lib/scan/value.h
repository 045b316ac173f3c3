/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Values
 *
 * Judges the text that stands where a secret could stand: is it a stand-in that people write in
 * place of a secret, a reference to something else, or words rather than a secret? Pure functions
 * over bytes.
 */

#include "scan/def.h"

/* "xxxx", "<token>", "your_key", "AKIA...EXAMPLE": says itself that it is not a secret. */
bool value_is_placeholder(struct span value);

/* "changeme", "123456789", "secret_key_here": what people write where anything may stand. */
bool value_is_stand_in(struct span value);

/* Names another place: ${VAR}, {{ x }}, %(x)s, $(cmd), process.env.X, a path, a URL without login.
 */
bool value_is_reference(struct span value);

/* Looks like what a program or a person would call a thing: words, joined by - _ . or case. */
bool value_is_words(struct span value);

/* How many of lower, upper, digit and other bytes there are: 1 to 4. */
unsigned value_classes(struct span value);

/* Do the letters follow each other as in no language? Needs at least 5 of them to say yes. */
bool value_is_unpronounceable(struct span value);
