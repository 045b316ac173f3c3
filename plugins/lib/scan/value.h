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

/* "foo:bar" or "the sample nonce" in base64: says so when it is decoded. */
bool value_is_encoded_stand_in(struct span value);

/* The base64 of a public key or a certificate: in DER, or as ssh writes it. */
bool value_is_public_key(struct span value);

/* 00010203…, 0011223344…, abcdefgh: counted up rather than drawn. */
bool value_is_ramp(struct span value);

/* Letters and digits in their order for two places of five: 12345678-ABCD-ABCD-…, at least 16
 * bytes.
 */
bool value_is_counted(struct span value);

/* Lower-case words joined by signs, as names are: "fastcgi_pass", "urllib2". */
bool value_is_plain_name(struct span value);

/* Names another place: ${VAR}, {{ x }}, %(x)s, $(cmd), process.env.X, a path, a URL without login.
 */
bool value_is_reference(struct span value);

/* Looks like what a program or a person would call a thing: words, joined by - _ . or case. */
bool value_is_words(struct span value);

/* "^1.2.0", ">=3.1", "1.0.0-rc.1": which versions of a package will do. */
bool value_is_version(struct span value);

/* "application/json": what a file or a message is. */
bool value_is_media_type(struct span value);

/* "KAFKA_KEY_PASSWORD", "lib.aws_kms.CfnKey", "app/Keys#first": words without digits of their own,
 * joined as names of variables and members are.
 */
bool value_is_member(struct span value);

/* Letters of another script or with marks, as a translation has: no digits, or mostly such letters.
 */
bool value_is_foreign_text(struct span value);

/* `,s);return}try{`: what stands between the end of one string of a program and the next. */
bool value_is_between_strings(struct span value);

/* How many of lower, upper, digit and other bytes there are: 1 to 4. */
unsigned value_classes(struct span value);

/* At least 8 bytes, and four kinds of signs that no name has: "x{r(o)p$[y". */
bool value_is_gibberish(struct span value);

/* Do the letters follow each other as in no language? Needs at least 5 of them to say yes. */
bool value_is_unpronounceable(struct span value);
